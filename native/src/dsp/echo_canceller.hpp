// SPDX-License-Identifier: GPL-2.0-or-later
// Line echo canceller for the hybrids of analogue and E1 lines (ITU-T G.168).
//
//   reference ── bulk delay ──┬──────────────── foreground filter ──> estimate
//   (sent to the line)        │                        ^                 │-
//   near_end ─────────────────│──┬─────────────────────│──────────────── + ── suppressor ──> near_end, cleaned
//   (came from the line)      │  │                     │ copied when demonstrably better
//                             │  │  + ──> error ───────┤
//                             │  └──> │-               │
//                             └── background filter ───┘ copied back when the near end's speech has spoilt it
//                                     ^
//                                     └── whitened error × whitened reference, every 16 samples
//
// Two filters instead of a detector of double talk: only the background filter adapts, and only what has done better
// over some blocks reaches the caller's ear. Whatever fools the adaptation fools no listener. Nothing is to be tuned to
// the line's loss, as a level detector (Geigel) would need.
//
// Adaptation is normalised LMS on signals whitened by an 8th-order predictor of the reference, taken anew every block,
// as speech is far from the white noise that plain NLMS needs. Narrow-band reference signals (tones, DTMF) show by the
// predictor's gain, and do not adapt anything. Once converged, a quarter of the steps is taken until the line changes.
//
//   taps                 64 … 512 (8 … 64 ms)
//   delay of its output  none beyond the block
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dsp/echo_kernels.hpp"
#include "dsp/echo_suppressor.hpp"
#include "dsp/echo_tone_disabler.hpp"
#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

struct EchoCancellerSettings {
  std::size_t taps = 128;              // of 125 us; rounded up to a multiple of 64, at most 512
  std::size_t bulk_delay_samples = 0;  // before the first tap; at most kMaxEchoDelay
  bool suppress = true;                // non-linear processor
  bool comfort_noise = true;           // in what it takes out
  bool tone_disabler = true;           // G.168 clause 7
};

inline constexpr std::size_t kMaxEchoTaps = 512;
inline constexpr std::size_t kMaxEchoDelay = 8000;

struct EchoStatus {
  EchoCall call;     // what the tone disabler heard
  bool cancelling;   // false: disabled, samples pass untouched
  bool suppressing;  // at the end of the latest block
  uint32_t adopted;  // times the background filter was taken over
  float erle_db;     // what the filter takes off, of late, while the far end talks; 0 before it has converged
  float noise_dbm0;  // the near end's background noise
};

class EchoCanceller {
 public:
  explicit EchoCanceller(const EchoCancellerSettings& settings = {}, const Kernels& set = kernels(),
                         const EchoKernels& echo_set = echo_kernels());

  /// One block of 160 samples: `near_end` is cleaned in place. `reference` is what went to the line in the same block,
  /// or as many whole blocks before as the hardware takes for the way out and back. Allocates nothing.
  void process(const int16_t* reference, int16_t* near_end);

  /// As constructed, for the next call. Allocates nothing.
  void reset();

  /// Stops and resumes cancelling by hand, e.g. for a modem call known from its service; the filter is kept.
  void disable() { disabled_ = true; }
  void enable() { disabled_ = false; }

  /// Stops and resumes adapting, as the tests of G.168 ask for.
  void freeze(bool frozen) { frozen_ = frozen; }

  EchoStatus status() const;

 private:
  void take_reference(const int16_t* reference);
  bool predict();
  float step_size(float foreground) const;
  void adapt(const int16_t* line, const int16_t* foreground_error, float step, std::size_t stride);
  void choose(float line, float foreground, float background);
  void copy_to_foreground();
  void copy_to_background();

  const Kernels& set_;
  const EchoKernels& echo_set_;
  const EchoCancellerSettings settings_;
  const std::size_t taps_;
  const std::size_t delay_;
  const uint16_t steady_limit_;  // of steady_blocks_

  // Oldest first; the block is at the end.
  std::vector<int16_t> history_;  // delay, taps, block
  std::vector<float> reference_;  // predictor, taps, block
  std::vector<float> whitened_;   // taps, block
  std::vector<float> energy_;     // of every 16 of those
  // The coefficient of the greatest delay first.
  std::vector<int16_t> foreground_;
  std::vector<int16_t> background_;
  std::vector<float> foreground_exact_;  // Q13 with a fraction
  std::vector<float> background_exact_;

  float correlation_[kEchoOrder + 1];
  float predictor_[kEchoOrder + 1];
  float error_[kEchoOrder + kBlock];  // of the background filter
  int16_t background_error_[kBlock];

  // Powers of line, foreground error and background error, summed over some blocks with a short memory.
  float line_sum_, foreground_sum_, background_sum_;
  float foreground_long_, background_long_;  // with a long memory
  float lead_;                // the background's lead per block, in parts of both powers, with a long memory
  float converged_share_;     // error of the foreground filter, as a share of the line's power, where it did best
  uint16_t better_blocks_;    // the background filter has been ahead
  uint16_t compared_blocks_;  // in the long sums
  uint16_t worse_blocks_;
  uint16_t louder_blocks_;  // the error has had more power than the line
  uint16_t steady_blocks_;  // of learning since the background filter has last been much better
  uint32_t adopted_;
  bool rested_ = false;  // the background filter has left out the latest block
  bool disabled_ = false;
  bool frozen_ = false;
  EchoToneDisabler tones_;
  EchoSuppressor suppressor_;
};

}  // namespace cordboard::dsp
