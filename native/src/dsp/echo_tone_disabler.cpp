// SPDX-License-Identifier: GPL-2.0-or-later
// A look is the correlation of 10 ms with the tone, whose phase stands still from look to look but for an offset of its
// frequency: that advances it by the same angle each look, at 21 Hz by 76°. A reversal may lie within a look and spoil
// it, so a look is held against the one before the last, turned on by twice the advance seen before.
#include "dsp/echo_tone_disabler.hpp"

namespace cordboard::dsp {
namespace {

constexpr float kHalf = kEchoToneHalf;

/// Energy of 10 ms of a sine of full scale (+3.14 dBm0), times what a level is below that.
constexpr float energy_below_full_scale(float ratio) { return kHalf / 2 * 32768.0F * 32768.0F * ratio; }

constexpr float kMinToneEnergy = energy_below_full_scale(2.76e-4F);  // -32.45 dBm0: between -31 and -36
constexpr float kQuietEnergy = energy_below_full_scale(1.22e-4F);    // -36 dBm0

// Of the energy of a look: what the tone must hold. At 21 Hz off its own frequency it holds 0.86 of it.
constexpr float kMinShare = 0.70F;
// |correlation|² for a share of one, per energy: (40 scale A)² / (40 A²).
constexpr float kToneScale = kHalf / 2 * kEchoToneScale * kEchoToneScale;

constexpr uint8_t kMaxGap = 3;
constexpr uint16_t kSteadyLooks = 30;  // of a tone without reversals: 0.3 s
constexpr uint16_t kMinPeriod = 41;    // looks from reversal to reversal: 450 ± 25 ms and a look of doubt on each side
constexpr uint16_t kMaxPeriod = 49;
constexpr uint16_t kSpread = 10;  // a reversal is seen in several looks in a row
constexpr float kAdvanceShare = 0.1F;
constexpr uint16_t kQuietLooks = 25;
// Cosine of the least turn taken for a reversal, 135°, squared: between 110° and 155°.
constexpr float kReversalCosine2 = 0.5F;

/// Counts looks that hold a tone, forgiving short gaps.
void count(uint16_t& looks, uint8_t& gap, bool present) {
  if (present) {
    gap = 0;
    if (looks < UINT16_MAX) ++looks;
  } else if (looks != 0 && ++gap > kMaxGap) {
    looks = 0;
    gap = 0;
  }
}

}  // namespace

void EchoToneDisabler::look(Listener& side, const int16_t* samples, float energy, const EchoKernels& set) {
  EchoToneSums sums{};
  const bool loud = energy >= kMinToneEnergy;
  if (loud) set.tone_sums(samples, &sums);
  const Phasor now{static_cast<float>(sums.ans_cosine), static_cast<float>(sums.ans_sine)};
  const Phasor cng{static_cast<float>(sums.cng_cosine), static_cast<float>(sums.cng_sine)};
  const float wanted = kMinShare * kToneScale * energy;
  const bool answer = loud && now.re * now.re + now.im * now.im >= wanted;
  count(side.answer_looks, side.answer_gap, answer);
  count(side.calling_looks, side.calling_gap, loud && cng.re * cng.re + cng.im * cng.im >= wanted);

  if (side.since_reversal < UINT16_MAX) ++side.since_reversal;
  if (side.answer_looks == 0) side.reversals = 0, side.advance = {};
  const auto present = [](Phasor p) { return p.re != 0 || p.im != 0; };
  // Of now against another look; scaled to keep powers within float's range.
  const auto against = [now](Phasor p) {
    return Phasor{(now.re * p.re + now.im * p.im) * 1e-12F, (now.im * p.re - now.re * p.im) * 1e-12F};
  };
  if (answer && present(side.last[1]) && present(side.advance)) {
    const Phasor d = side.advance;
    const Phasor twice{d.re * d.re - d.im * d.im, 2 * d.re * d.im};
    const Phasor turned = against(side.last[1]);
    const float cosine = turned.re * twice.re + turned.im * twice.im;
    const float sine = turned.im * twice.re - turned.re * twice.im;
    const bool reversed = cosine < 0 && cosine * cosine > kReversalCosine2 * (cosine * cosine + sine * sine);
    if (reversed && side.since_reversal > kSpread) {
      const bool in_step = side.since_reversal >= kMinPeriod && side.since_reversal <= kMaxPeriod;
      side.reversals = in_step && side.reversals != 0 ? 2 : 1;
      side.since_reversal = 0;
    }
  }
  if (answer && present(side.last[0])) {
    const Phasor step = against(side.last[0]);
    const float share = present(side.advance) ? kAdvanceShare : 1;
    side.advance.re += share * (step.re - side.advance.re);
    side.advance.im += share * (step.im - side.advance.im);
  }
  side.last[1] = side.last[0];
  side.last[0] = answer ? now : Phasor{};
}

EchoCall EchoToneDisabler::process(const int16_t* reference, const int16_t* near_end, const Kernels& set,
                                   const EchoKernels& echo_set) {
  const int16_t* const blocks[2] = {reference, near_end};
  for (std::size_t at = 0; at < kBlock; at += kEchoToneHalf) {
    bool quiet = true;
    for (int s = 0; s < 2; ++s) {
      const auto energy = static_cast<float>(set.power(blocks[s] + at, kEchoToneHalf));
      quiet = quiet && energy < kQuietEnergy;
      Listener& side = sides_[s];
      look(side, blocks[s] + at, energy, echo_set);
      const bool steady = side.answer_looks >= kSteadyLooks || side.calling_looks >= kSteadyLooks;
      if (side.reversals == 2) call_ = EchoCall::kDataModem;
      if (steady && call_ == EchoCall::kSpeech) call_ = EchoCall::kFax;
    }
    quiet_looks_ = quiet ? static_cast<uint16_t>(quiet_looks_ + (quiet_looks_ < kQuietLooks)) : 0;
    if (quiet_looks_ == kQuietLooks) call_ = EchoCall::kSpeech;
  }
  return call_;
}

}  // namespace cordboard::dsp
