// SPDX-License-Identifier: GPL-2.0-or-later
// The echo canceller against the tests of ITU-T G.168 clause 6.4, with the hybrids of its annex D and its composite
// source signals, both directions through A-law. Levels are over the whole time named, pauses of the signal included.
// What is reached is kept as properties of each case (--gtest_output=json).
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "dsp/echo_canceller.hpp"
#include "echo_lines.hpp"

namespace cordboard::dsp {
namespace {

const EchoCancellerSettings kFilterOnly{.suppress = false};
constexpr double kIdleDbm0 = -66;  // A-law's smallest value all the time

const EchoPathModel& model(std::size_t d) { return echo_path_models()[d - 2]; }

/// Keeps the worst figure of a case.
class Worst {
 public:
  Worst(std::string name, bool low_is_bad) : name_(std::move(name)), low_is_bad_(low_is_bad) {}
  ~Worst() { testing::Test::RecordProperty(name_, std::to_string(value_)); }
  double operator()(double value) {
    if (!any_ || (low_is_bad_ ? value < value_ : value > value_)) value_ = value;
    any_ = true;
    return value;
  }

 private:
  std::string name_;
  bool low_is_bad_, any_ = false;
  double value_ = 0;
};

/// A line whose canceller has converged on 5 s of composite source signal.
EchoLine converged(const EchoCancellerSettings& settings, std::size_t d = 4, double loss_db = 6, double dbm0 = -15) {
  EchoLine line(settings);
  line.connect(model(d), loss_db);
  line.run(css(5, dbm0));
  return line;
}

/// ERLE of the filter as it stands.
double frozen_erle(EchoLine& line, double dbm0 = -15) {
  line.canceller.freeze(true);
  line.run(css(2.1, dbm0, 9));
  line.canceller.freeze(false);
  return line.erle(0.35, 2.1);
}

class DspEchoPaths : public testing::TestWithParam<std::size_t> {};

TEST_P(DspEchoPaths, Test2bConvergesWithTheSuppressorOff) {
  // Within 1 s a combined loss (ERL + ERLE) of 20 dB; here 26 dB and more of ERLE alone after 0.35 s at -10 and -20 dBm0.
  Worst early("erle_db_second_signal_period", true), late("erle_db_steady", true),
      residual("residual_dbm0_at_-10", false);
  for (const double loss : {6.0, 10.0}) {
    for (const double dbm0 : {-10.0, -20.0, -30.0}) {
      EchoLine line(kFilterOnly);
      line.connect(model(GetParam()), loss);
      line.run(css(4.2, dbm0));
      EXPECT_GE(early(line.erle(0.35, 0.7)), dbm0 == -30 ? 18 : 26) << "loss " << loss << " at " << dbm0;
      EXPECT_GE(loss + line.erle(0.7, 1.05), 20);
      EXPECT_GE(late(line.erle(2.8, 4.2)), dbm0 == -30 ? 19 : 31) << "loss " << loss << " at " << dbm0;
      if (dbm0 == -10) {
        EXPECT_LE(residual(line.out_level(2.8, 4.2)), -48);
      }
    }
  }
}

TEST_P(DspEchoPaths, Test2aLeavesNoEchoWithTheSuppressorOn) {
  // Steady state at most -65 dBm0 over A-law's own idle noise.
  Worst worst("residual_dbm0", false);
  for (const double dbm0 : {-10.0, -20.0, -30.0}) {
    EchoLine line;
    line.connect(model(GetParam()), 6);
    line.run(css(4.2, dbm0));
    EXPECT_LE(worst(line.out_level(1.05, 4.2)), -65) << dbm0;
  }
}

INSTANTIATE_TEST_SUITE_P(Annex, DspEchoPaths, testing::Range<std::size_t>(2, 10),
                         [](const auto& kind) { return "D" + std::to_string(kind.param); });

TEST(DspEcho, Test2aAnd2bConvergeAnewOnAnotherPath) {
  // A transferred call: no more than a signal period later all is as before.
  Worst erle("combined_loss_db_second_signal_period", true), suppressed("residual_dbm0_suppressed", false);
  for (std::size_t d = 2; d <= 9; ++d) {
    EchoLine line = converged(kFilterOnly, d);
    line.connect(model(d == 9 ? 2 : d + 1), 10);
    line.run(css(2.1, -15, 3));
    EXPECT_GE(erle(10 + line.erle(0.35, 0.7)), 20) << d;  // combined loss; G.168: within 1 s
    EXPECT_GE(line.erle(1.05, 2.1), 30) << d;
    EchoLine whole = converged({}, d);
    whole.connect(model(d == 9 ? 2 : d + 1), 10);
    whole.run(css(3.15, -15, 3));
    EXPECT_LE(suppressed(whole.out_level(1.05, 3.15)), -65) << d;
  }
}

TEST(DspEcho, Test2cConvergesInBackgroundNoise) {
  // The residual echo stays below the noise it was learnt in.
  Worst worst("residual_over_noise_db", false);
  for (const double hoth : {-40.0, -50.0}) {
    for (const std::size_t d : {2, 4, 8}) {
      EchoLine line(kFilterOnly);
      line.connect(model(d), 6);
      line.run(css(5, -15), hoth_noise(5, hoth, 3));
      line.canceller.freeze(true);
      line.run(css(2.1, -15, 9));
      EXPECT_LE(worst(line.out_level(0, 2.1) - hoth), 0) << hoth << " D." << d;
    }
  }
}

TEST(DspEcho, Test3aConvergesWhileAQuietNearEndTalks) {
  // Near end 15 and more dB below the far end: the residual echo ends up below the near end's level.
  Worst worst("residual_over_near_end_db", false);
  for (const double near : {-30.0, -36.0}) {
    EchoLine line(kFilterOnly);
    line.connect(model(4), 6);
    line.run(css(5, -15), double_talk_css(5, near));
    line.canceller.freeze(true);
    line.run(css(2.1, -15, 9));
    EXPECT_LE(worst(line.out_level(0, 2.1) - near), 0) << near;
  }
}

TEST(DspEcho, Test3bIsNotSpoiltByDoubleTalk) {
  // G.168 allows 10 dB of rise after double talk; there is none.
  Worst fall("erle_db_lost", false);
  for (const double near : {-5.0, -10.0, -15.0, -25.0, -35.0}) {
    for (const uint32_t seed : {2U, 3U, 4U}) {
      EchoLine line = converged(kFilterOnly);
      const double before = line.erle(3, 5);
      line.run(css(5, -15, seed + 5), double_talk_css(5, near, seed));
      EXPECT_LE(fall(before - frozen_erle(line)), 2) << near;
    }
  }
  // And with signals that never pause, so that there is nothing but double talk for 5 s.
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    EchoLine line = converged(kFilterOnly);
    const double before = line.erle(3, 5);
    line.run(noise(5, -15, seed + 10, 0.9), noise(5, seed % 2 == 0 ? -10 : -20, seed + 30, 0.9));
    EXPECT_LE(fall(before - frozen_erle(line)), 2) << "seed " << seed;
  }
}

TEST(DspEcho, Test3cLeavesTheNearEndAsItIsInAConversation) {
  // With everything on: what is heard in double talk is the near end, with as little else as the filter leaves.
  EchoLine line = converged({});
  const Signal near = double_talk_css(5, -15);
  line.run(css(5, -18, 6), near);
  Signal difference;
  for (std::size_t i = samples_of(0.4); i < samples_of(5); ++i) {
    // Where the near end speaks; in its pauses the suppressor may do what it likes.
    if (near[i] != 0) difference.push_back(line.out[i] - near[i]);
  }
  const double distortion = level_of(difference) - -15;
  testing::Test::RecordProperty("distortion_db", std::to_string(distortion));
  EXPECT_LE(distortion, -28);
  // And alone, with the far end silent: nothing but A-law.
  line.run(silence(3), double_talk_css(3, -20));
  difference.clear();
  for (std::size_t i = samples_of(0.1); i < line.out.size(); ++i) difference.push_back(line.out[i] - line.line[i]);
  EXPECT_LE(level_of(difference), -75);
}

TEST(DspEcho, NeverChopsTheBeginningOfTheNearEndsSpeech) {
  // Sounds of 300 ms at any phase against blocks, while the far end talks on: power lost in the first 20 ms.
  Worst worst("onset_lost_db", false);
  EchoLine line = converged({});
  for (int round = 0; round < 12; ++round) {
    Signal near = silence(1);
    const std::size_t begin = samples_of(0.5) + static_cast<std::size_t>(round) * 53;
    const Signal speech = noise(0.3, -25, 40 + static_cast<uint32_t>(round), 0.8);
    std::copy(speech.begin(), speech.end(), near.begin() + static_cast<std::ptrdiff_t>(begin));
    line.run(noise(1, -20, 60 + static_cast<uint32_t>(round), 0.8), near);
    const auto power = [&](const Signal& s, std::size_t from, std::size_t to) {
      return level_of(
          Signal(s.begin() + static_cast<std::ptrdiff_t>(from), s.begin() + static_cast<std::ptrdiff_t>(to)));
    };
    EXPECT_LE(worst(power(near, begin, begin + 160) - power(line.out, begin, begin + 160)), 2) << round;
    EXPECT_NEAR(0, power(near, begin + 160, begin + 2400) - power(line.out, begin + 160, begin + 2400), 0.7) << round;
  }
}

TEST(DspEcho, Test4DoesNotLeakInTwoMinutesOfSilence) {
  // G.168 allows 10 dB. Idle code does not teach anything, so half a minute shows what two would.
  EchoLine line = converged(kFilterOnly);
  const double before = frozen_erle(line);
  line.run(silence(30));
  EXPECT_EQ(before, frozen_erle(line));
  line.run(noise(30, -55, 5), noise(30, -55, 6));
  EXPECT_GE(frozen_erle(line), before - 1);
}

TEST(DspEcho, Test5MakesNoEchoOfItsOwnWhenTheLineIsOpened) {
  // Infinite return loss: the combined loss reaches 37 dB within 1 s (G.168), here after two blocks.
  for (const std::size_t d : {2, 5, 8}) {
    EchoLine line = converged(kFilterOnly, d);
    line.open();
    line.run(css(3, -15));
    EXPECT_LE(line.out_level(0.06, 3), kIdleDbm0 + 1) << d;
  }
}

TEST(DspEcho, Test6DoesNotDivergeOnNarrowBandSignals) {
  // G.168 allows 10 dB of rise after tones; keypad digits, dial and ringing tones, modem and signalling tones.
  Worst fall("erle_db_lost", false);
  const std::vector<std::vector<double>> kTones{{697, 1209}, {941, 1633},  {852, 1336}, {425},
                                                {350, 440},  {1000},       {1400},      {2130, 2750},
                                                {2280},      {2400, 2600}, {3400},      {304, 1004}};
  for (const auto& hz : kTones) {
    EchoLine line = converged(kFilterOnly);
    const double before = line.erle(3, 5);
    line.run(tones(2, -10, hz));
    EXPECT_GE(line.erle(0, 2), 25) << hz[0];
    EXPECT_LE(fall(before - frozen_erle(line)), 2) << hz[0];
  }
}

TEST(DspEcho, Test7IsStableOnAToneFromTheStart) {
  // Nothing converged and nothing to learn from: the echo comes back no louder than it was.
  for (const double hz : {300.0, 1000.0, 3000.0}) {
    EchoLine line(kFilterOnly);
    line.connect(model(4), 6);
    line.run(tones(10, -10, {hz}));
    for (int t = 0; t < 10; ++t) ASSERT_GE(line.erle(t, t + 1), -0.5) << hz << " at " << t;
  }
}

TEST(DspEcho, Test8DoesNotTakeSignallingForEcho) {
  // The same tone from both ends (No 5, 6 and 7 in-band signalling): what the near end sends has to pass.
  EchoLine line(kFilterOnly);
  Signal pulses = tones(3, -12, {2400});
  for (std::size_t i = 0; i < pulses.size(); ++i) {
    if (i % 1200 >= 800) pulses[i] = 0;
  }
  line.run(tones(3, -12, {2400}), pulses);
  EXPECT_NEAR(0, line.erle(0, 3), 1);
}

TEST(DspEcho, Test9PutsComfortNoiseOfTheLinesLevelAndSlope) {
  // G.168 clause 6.5: within 2 dB (of what passes while nobody talks).
  Worst worst("off_by_db", false);
  for (const double hoth : {-40.0, -50.0, -60.0}) {
    EchoLine line;
    line.connect(model(4), 10);
    line.run(silence(3), hoth_noise(3, hoth, 4));
    const double silent = line.out_level(1, 3);
    line.run(css(4.2, -15), hoth_noise(4.2, hoth, 5));
    EXPECT_LE(worst(std::fabs(line.out_level(1.4, 4.2) - silent)), 2) << hoth;
    EXPECT_TRUE(std::fabs(line.canceller.status().noise_dbm0 - static_cast<float>(silent)) < 1.5F) << hoth;
    double power = 0, first = 0;
    for (std::size_t i = samples_of(1.4) + 1; i < line.out.size(); ++i) {
      power += line.out[i] * line.out[i];
      first += line.out[i] * line.out[i - 1];
    }
    EXPECT_GE(first / power, 0.3) << hoth;  // the noise itself: 0.6; white: 0
  }
}

TEST(DspEcho, SuppressesToSilenceWithoutComfortNoise) {
  EchoLine line = converged({.comfort_noise = false});
  line.run(css(3.15, -15));
  double loudest = 0;
  for (std::size_t i = samples_of(0.1); i < samples_of(0.2); ++i) loudest = std::max(loudest, std::fabs(line.out[i]));
  EXPECT_EQ(0, loudest);
}

TEST(DspEcho, LongPathsConvergeToo) {
  Worst early("erle_db_third_signal_period", true);
  for (const std::size_t d : {2, 5, 8}) {
    EchoLine line({.taps = 512, .suppress = false});
    line.connect(model(d), 6, 350);
    line.run(css(4.2, -15));
    EXPECT_GE(early(line.erle(0.7, 1.05)), 20) << d;
    EXPECT_GE(line.erle(2.8, 4.2), 30) << d;
  }
}

TEST(DspEcho, BulkDelayPutsTheTapsWhereTheEchoIs) {
  EchoLine line({.bulk_delay_samples = 777, .suppress = false});
  line.connect(model(3), 6, 790);
  line.run(css(2.1, -15));
  EXPECT_GE(line.erle(1.05, 2.1), 30);
}

TEST(DspEcho, LeavesADataModemsSamplesUntouched) {
  EchoLine line = converged({});
  Signal answer = tones(1.4, -12, {2100});
  for (std::size_t i = 0; i < answer.size(); ++i) answer[i] *= i / 3600 % 2 == 0 ? 1 : -1;
  line.run(silence(1.4), answer);
  ASSERT_EQ(EchoCall::kDataModem, line.canceller.status().call);
  EXPECT_FALSE(line.canceller.status().cancelling);
  line.run(noise(2, -15, 3), noise(2, -20, 4));
  EXPECT_EQ(line.line, line.out);
  line.run(silence(0.6));
  EXPECT_TRUE(line.canceller.status().cancelling);
  EXPECT_GE(frozen_erle(line), 30);  // as it was before
}

TEST(DspEcho, CancelsButDoesNotSuppressForAFaxMachine) {
  EchoLine line = converged({});
  line.run(tones(0.5, -12, {1100}));
  ASSERT_EQ(EchoCall::kFax, line.canceller.status().call);
  line.run(noise(1.4, -12, 8));
  EXPECT_FALSE(line.canceller.status().suppressing);
  EXPECT_GE(line.erle(0, 1.4), 30);
  EXPECT_GE(line.out_level(0, 1.4), kIdleDbm0 + 6);  // no suppressor would leave that
}

TEST(DspEcho, StopsAndResumesByHandAndForgetsWhenReset) {
  EchoLine line = converged(kFilterOnly);
  line.canceller.disable();
  line.run(css(1.05, -15));
  EXPECT_EQ(line.line, line.out);
  line.canceller.enable();
  EXPECT_GE(frozen_erle(line), 30);
  line.canceller.reset();
  EXPECT_EQ(0U, line.canceller.status().adopted);
  EXPECT_EQ(0, frozen_erle(line));
}

TEST(DspEcho, ComesThroughHostileSignals) {
  // Full scale, direct current, squares, steps and noise on either side: whatever comes out, the state stays sane, and
  // the next call converges as ever.
  std::mt19937 random(21);
  for (const std::size_t taps : {0, 64, 100, 512, 100000}) {
    EchoLine line({.taps = taps, .bulk_delay_samples = taps * 1000, .tone_disabler = false});
    for (int round = 0; round < 30; ++round) {
      const auto wild = [&](uint32_t kind) {
        Signal s(samples_of(0.2));
        for (std::size_t i = 0; i < s.size(); ++i) {
          s[i] = kind == 0   ? -32768
                 : kind == 1 ? (i / 7 % 2 == 0 ? 32767 : -32768)
                 : kind == 2 ? static_cast<int16_t>(random())
                 : kind == 3 ? (random() % 500 == 0 ? 32767 : 0)
                             : 0;
        }
        return s;
      };
      line.run(wild(random() % 5), wild(random() % 5));
    }
    const EchoStatus status = line.canceller.status();
    EXPECT_TRUE(std::isfinite(status.erle_db) && std::isfinite(status.noise_dbm0));
  }
  EchoLine line(kFilterOnly);
  line.connect(model(4), 6);
  line.run(noise(2, 3, 5), noise(2, 3, 6));  // overdriven
  line.run(css(2.1, -15));
  EXPECT_GE(line.erle(1.05, 2.1), 30);
}

TEST(DspEcho, GivesTheSameSamplesWithEveryKernelSet) {
  for (const std::size_t taps : {128, 512}) {
    EchoCanceller portable({.taps = taps}, portable_kernels(), portable_echo_kernels());
    EchoCanceller chosen({.taps = taps});
    const Signal far = css(1.4, -12), near = double_talk_css(1.4, -22);
    for (std::size_t at = 0; at + kBlock <= far.size(); at += kBlock) {
      int16_t reference[kBlock], a[kBlock], b[kBlock];
      for (std::size_t i = 0; i < kBlock; ++i) {
        reference[i] = through_alaw(far[at + i]);
        a[i] = b[i] = through_alaw(near[at + i] + (at + i >= 20 ? 0.4 * far[at + i - 20] : 0));
      }
      portable.process(reference, a);
      chosen.process(reference, b);
      ASSERT_EQ(0, std::memcmp(a, b, sizeof a)) << "block " << at / kBlock;
    }
  }
}

}  // namespace
}  // namespace cordboard::dsp
