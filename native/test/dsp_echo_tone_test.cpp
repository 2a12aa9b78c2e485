// SPDX-License-Identifier: GPL-2.0-or-later
// The tone disabler against ITU-T G.168 clause 7: answer tones with and without phase reversals, on either side.
#include <gtest/gtest.h>

#include "dsp/echo_tone_disabler.hpp"
#include "echo_lines.hpp"

namespace cordboard::dsp {
namespace {

struct AnswerTone {
  double hz = 2100;
  double dbm0 = -12;
  double turn_degrees = 180;
  double period_s = 0.45;
  double modulation = 0;  // at 15 Hz (V.8: 0.2)
  double seconds = 2;
  double start_s = 0;  // into the first period
};

Signal sound(const AnswerTone& tone) {
  Signal signal(samples_of(tone.seconds));
  for (std::size_t i = 0; i < signal.size(); ++i) {
    const double t = static_cast<double>(i) / 8000;
    const double turns = tone.period_s > 0 ? std::floor((t + tone.start_s) / tone.period_s) : 0;
    const double phase = 2 * std::numbers::pi * (tone.hz * t + turns * tone.turn_degrees / 360);
    signal[i] =
        amplitude_of(tone.dbm0) * (1 + tone.modulation * std::sin(2 * std::numbers::pi * 15 * t)) * std::sin(phase);
  }
  return signal;
}

/// When the disabler first says `call` (s after the signal began), or -1.
double when(EchoCall call, const Signal& signal, bool near_end, EchoToneDisabler* keep = nullptr) {
  EchoToneDisabler own;
  EchoToneDisabler& disabler = keep != nullptr ? *keep : own;
  for (std::size_t at = 0; at + kBlock <= signal.size(); at += kBlock) {
    int16_t block[kBlock], idle[kBlock];
    for (std::size_t i = 0; i < kBlock; ++i) block[i] = through_alaw(signal[at + i]), idle[i] = 8;
    const EchoCall heard = near_end ? disabler.process(idle, block) : disabler.process(block, idle);
    if (heard == call) return static_cast<double>(at + kBlock) / 8000;
  }
  return -1;
}

TEST(DspEchoTone, DisablesWithinASecondOfReversalsFromEitherSide) {
  for (const bool near_end : {false, true}) {
    for (const double hz : {2079.0, 2100.0, 2121.0}) {
      for (const double turn : {155.0, 180.0, 205.0}) {
        for (const double period : {0.426, 0.45, 0.474}) {
          for (const double start : {0.0, 0.013, 0.2}) {
            const double at =
                when(EchoCall::kDataModem,
                     sound({.hz = hz, .turn_degrees = turn, .period_s = period, .start_s = start}), near_end);
            ASSERT_GT(at, 0) << hz << " Hz, " << turn << " degrees, " << period << " s, " << start;
            ASSERT_LE(at, 1.0) << hz << " Hz, " << turn << " degrees, " << period << " s, " << start;
          }
        }
      }
    }
  }
}

TEST(DspEchoTone, TakesLevelsFromMinusThirtyOneAndTheModulationOfV8) {
  for (const double dbm0 : {-31.0, -20.0, -6.0, 0.0}) {
    for (const double modulation : {0.0, 0.2}) {
      const AnswerTone tone{.dbm0 = dbm0, .modulation = modulation};
      EXPECT_GT(when(EchoCall::kDataModem, sound(tone), true), 0) << dbm0 << " " << modulation;
    }
  }
  const double noisy = when(EchoCall::kDataModem, sound({.dbm0 = -20}) + noise(2, -31, 8), false);
  EXPECT_GT(noisy, 0);
  EXPECT_LE(noisy, 1.0);
}

TEST(DspEchoTone, RefusesWhatIsNoPhaseReversal) {
  EXPECT_LT(when(EchoCall::kDataModem, sound({.turn_degrees = 0}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.turn_degrees = 110, .seconds = 5}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.period_s = 0.3, .seconds = 5}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.period_s = 0.7, .seconds = 5}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.dbm0 = -37}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.hz = 1900}), false), 0);
  EXPECT_LT(when(EchoCall::kDataModem, sound({.hz = 2350}), false), 0);
}

TEST(DspEchoTone, TellsAFaxMachineByItsPlainTones) {
  for (const bool near_end : {false, true}) {
    EXPECT_NEAR(0.3, when(EchoCall::kFax, sound({.period_s = 0}), near_end), 0.05);
    EXPECT_NEAR(0.3, when(EchoCall::kFax, sound({.hz = 1100, .period_s = 0, .seconds = 0.5}), near_end), 0.05);
  }
}

TEST(DspEchoTone, HearsNothingInSpeechLikeSignals) {
  for (const EchoCall call : {EchoCall::kFax, EchoCall::kDataModem}) {
    EXPECT_LT(when(call, css(30, -10), false), 0);
    EXPECT_LT(when(call, double_talk_css(30, -10), true), 0);
    EXPECT_LT(when(call, noise(30, -10, 3, 0.9), false), 0);
    EXPECT_LT(when(call, tones(5, -10, {1336, 770}), false), 0);
    EXPECT_LT(when(call, tones(5, -10, {425}), false), 0);
  }
}

TEST(DspEchoTone, HoldsThroughShortGapsAndReleasesAfterLongOnes) {
  EchoToneDisabler disabler;
  ASSERT_GT(when(EchoCall::kDataModem, sound({}), false, &disabler), 0);
  // G.168 clause 7.5: data keep it off; a gap of 100 ms must not release it, one of 400 ms must.
  EXPECT_LT(when(EchoCall::kSpeech, noise(3, -25, 4), true, &disabler), 0);
  EXPECT_LT(when(EchoCall::kSpeech, silence(0.1), true, &disabler), 0);
  EXPECT_LT(when(EchoCall::kSpeech, noise(1, -30, 5), false, &disabler), 0);
  const double released = when(EchoCall::kSpeech, silence(1), false, &disabler);
  EXPECT_GE(released, 0.1);
  EXPECT_LE(released, 0.4);
}

}  // namespace
}  // namespace cordboard::dsp
