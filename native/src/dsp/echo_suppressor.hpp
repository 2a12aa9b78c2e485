// SPDX-License-Identifier: GPL-2.0-or-later
// The non-linear processor after the echo canceller's filter: takes out what the filter leaves of the echo while only
// the far end talks, and puts noise like the line's own in its place (ITU-T G.168 clauses 6.5 and 6.6, G.169).
//
//   estimate ── level, every 4 ms ──> residual to expect ──┐ more than that and than noise: the near end talks
//   error ───── level, every 4 ms ─────────────────────────┴──> gain ── faded over 4 … 8 ms ──┐
//     │                                                                                       v
//     └── minimum of 1 … 2 s, first correlation ──> noise of that level and slope ── √(1 - gain²) ── + ──> out
//
// The residual to expect is a share of the echo estimate that is learnt while the line converges, at most -15 dB of it:
// a canceller that has not converged suppresses nothing, rather than chop the near end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/echo_kernels.hpp"
#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

struct EchoSuppressorSettings {
  bool suppress = true;
  bool comfort_noise = true;  // otherwise silence where something is suppressed
};

/// Plain data: constructed anew for each call.
class EchoSuppressor {
 public:
  explicit EchoSuppressor(const EchoSuppressorSettings& settings = {}) : settings_(settings) {}

  /// One block: `estimate` is the echo estimate, `signal` the line less the estimate, changed in place. `allowed` is
  /// false while a fax machine is heard. `learning` is false where the share must not be learnt (narrow-band signals),
  /// `converging` true while there may be more echo in the signal than can be told from the estimate.
  void process(const int16_t* estimate, int16_t* signal, bool allowed, bool learning, bool converging,
               const Kernels& set = kernels(), const EchoKernels& echo_set = echo_kernels());

  /// Power of the near end's background noise, per sample.
  float noise_power() const { return noise_; }
  /// What the filter leaves of the echo, as a share of the power of its estimate.
  float residual_share() const { return share_; }
  bool suppressing() const { return gain_ < 1; }

  static constexpr std::size_t kStep = 32;
  static constexpr std::size_t kSteps = kBlock / kStep;

 private:
  void follow_noise(const int16_t* signal, float power, bool echo, const EchoKernels& set);
  void learn_share(float estimate, float power);
  void fade(int16_t* signal, const float* targets);

  EchoSuppressorSettings settings_;
  float share_ = 0.03F;
  float tail_ = 0;         // power of the estimate, held a little
  float gain_ = 1;         // at the end of the block before
  float noise_ = 0;        // power per sample
  float slope_ = 0;        // first correlation of the noise
  float smooth_ = 0;       // power over some blocks
  float minimum_[2] = {};  // of this second and the one before; 0: none yet
  uint16_t blocks_ = 0;    // of this second
  uint16_t hang_ = 0;      // steps for which the near end is still taken to talk
  uint16_t near_steps_ = 0;
  uint32_t random_ = 1;
};

}  // namespace cordboard::dsp
