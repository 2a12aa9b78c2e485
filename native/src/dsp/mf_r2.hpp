// SPDX-License-Identifier: GPL-2.0-or-later
// Interregister signals of System R2 (ITU-T Q.440 … Q.458): two of six frequencies, 15 signals each way.
//
//   block ── windows of 20 ms, every 10 ms, under a Hann window ── six levels
//                │ two well above the other four, alike in level: a signal          two windows agree, phases too ─> begin
//                v                                          12 dB down, or one of them twice ─> end
//
// forward   1380 1500 1620 1740 1860 1980 Hz          backward   1140 1020 900 780 660 540 Hz
//
// What is taken and what is not (Q.455), levels per frequency:
//   level             −35 … −5 dBm0 and louder; below −42 dBm0 refused
//   difference        up to 7 dB (Q.455: 5 dB between neighbours, else 7 dB); from 13 dB refused (Q.455: 20 dB)
//   frequency         within 10 Hz taken, from 25 Hz refused
//   time              taken and released within 80 ms together; a signal or an interruption of up to 7 ms does nothing
//   one frequency     nothing, nor three
//   other direction   200 Hz and more away, where the window leaves less than −50 dB of it
//
// Signals are compelled: each is held until the other end answers it, so both begin and end are reported.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dsp/tone_bank.hpp"

namespace cordboard::dsp {

enum class MfR2Direction : uint8_t { kForward, kBackward };

inline constexpr int kMfR2Signals = 15;

struct MfR2Settings {
  double min_level_dbm0 = -35;
  double max_difference_db = 7;
};

/// What is kept of one channel. All zero is idle: `state = {}` resets it.
struct MfR2State {
  int16_t tail[kBlock / 2];  // the second half of the block before
  uint8_t signal;            // sounding and reported, 1-15; 0: none
  uint8_t candidate;         // of the latest window
  uint8_t weak;              // windows in a row in which one of its frequencies was missing
  float reference[2];        // the loudest that its two frequencies have been
  float even[6], odd[6];     // correlations of the latest window
};

struct MfR2Event {
  uint8_t signal;  // 1-15 (Q.441 table 5)
  bool begin;      // otherwise it is over
};

/// A signal can end and another begin in each of the two windows of a block.
inline constexpr std::size_t kMaxMfR2Events = 4;

/// Made at configuration, then only read, by all channels of a direction.
class MfR2Receiver {
 public:
  /// `heard`: the direction of the signals that are listened for.
  explicit MfR2Receiver(MfR2Direction heard, const MfR2Settings& settings = {});

  /// Looks at one block of 160 samples. Writes what happened to `out` (kMaxMfR2Events entries), in order, and returns
  /// how many.
  int process(MfR2State& state, const int16_t* block, MfR2Event* out) const;

 private:
  static constexpr std::size_t kFrequencies = 6;
  uint8_t signal_of(const float power[kFrequencies]) const;
  bool in_tune(const MfR2State& state, const ToneMeasure& measured, std::size_t frequency) const;

  ToneBank bank_;
  float min_power_, max_ratio_;
  float advance_[kFrequencies][2];  // of the phase in 10 ms, as cosine and sine
};

/// A signal as A-law octets: on_ms long, or for 0 one second that can be repeated without a click. Q.454 sends
/// −11.5 ± 1 dBm0 of each frequency. Empty if there is no such signal.
std::vector<uint8_t> render_mf_r2(MfR2Direction direction, int signal, uint32_t on_ms = 0, double level_dbm0 = -11.5);

}  // namespace cordboard::dsp
