// SPDX-License-Identifier: GPL-2.0-or-later
// The R2 receiver against the limits of Q.455.
#include <gtest/gtest.h>

#include "dsp/mf_r2.hpp"
#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

constexpr double kHz[2][6] = {{1380, 1500, 1620, 1740, 1860, 1980}, {1140, 1020, 900, 780, 660, 540}};
// Q.441 table 5, written out: the frequencies of signals 1-15.
constexpr int kPairs[15][2] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {1, 3}, {2, 3}, {0, 4}, {1, 4},
                               {2, 4}, {3, 4}, {0, 5}, {1, 5}, {2, 5}, {3, 5}, {4, 5}};

struct R2Signal {
  double first_dbm0 = -11.5, second_dbm0 = -11.5;
  double first_offset = 0, second_offset = 0;
  double on_ms = 100, off_ms = 100, lead_ms = 50;
  double gap_ms = 0;  // an interruption in the middle
  double snr_db = 200;
  double other_dbm0 = -99;  // a signal of the other direction, all the time
  double phase = 0;
  uint32_t seed = 1;
};

using Signal = std::vector<double>;

Signal r2(int direction, const std::vector<int>& signals, const R2Signal& s) {
  Signal samples(static_cast<std::size_t>(s.lead_ms * 8), 0.0);
  const double a = amplitude_of(s.first_dbm0), b = amplitude_of(s.second_dbm0);
  const double turn = 2 * std::numbers::pi / 8000;
  for (const int signal : signals) {
    const double f = kHz[direction][kPairs[signal - 1][0]] + s.first_offset;
    const double g = kHz[direction][kPairs[signal - 1][1]] + s.second_offset;
    const double middle = s.on_ms * 4;
    for (int n = 0; n < static_cast<int>(s.on_ms * 8); ++n) {
      const bool gap = std::abs(n - middle) < s.gap_ms * 4;
      samples.push_back(gap ? 0 : a * std::sin(turn * f * n + s.phase) + b * std::sin(turn * g * n + 2 * s.phase));
    }
    samples.insert(samples.end(), static_cast<std::size_t>(s.off_ms * 8), 0.0);
  }
  const double c = amplitude_of(s.other_dbm0);
  std::mt19937 random(s.seed);
  std::normal_distribution<double> noise(0, std::sqrt((a * a + b * b) / 2 * std::pow(10.0, -s.snr_db / 10)));
  for (std::size_t n = 0; n < samples.size(); ++n) {
    const double at = turn * static_cast<double>(n);
    // The pair that comes nearest: 1140 and 1020 Hz, or 1380 and 1500 Hz.
    if (s.other_dbm0 > -90)
      samples[n] += c * (std::sin(at * kHz[1 - direction][0]) + std::sin(at * kHz[1 - direction][1]));
    if (s.snr_db < 100) samples[n] += noise(random);
  }
  return samples;
}

/// "1+1-" for signal 1 begun and over, in order.
std::string heard(int direction, const Signal& samples, std::vector<double>* times_ms = nullptr) {
  const MfR2Receiver receiver(direction == 0 ? MfR2Direction::kForward : MfR2Direction::kBackward);
  MfR2State state{};
  const auto blocks = received(samples);
  std::string text;
  for (std::size_t i = 0; i < blocks.size(); i += kBlock) {
    MfR2Event events[kMaxMfR2Events];
    const int count = receiver.process(state, &blocks[i], events);
    for (int e = 0; e < count; ++e) {
      text += std::to_string(events[e].signal) + (events[e].begin ? "+" : "-");
      if (times_ms != nullptr) times_ms->push_back(static_cast<double>(i + kBlock) / 8);
    }
  }
  return text;
}

const std::vector<int> kAll{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

std::string once_each(const std::vector<int>& signals) {
  std::string text;
  for (const int signal : signals) text += std::to_string(signal) + "+" + std::to_string(signal) + "-";
  return text;
}

void expect_all(const R2Signal& signal, const std::string& note) {
  for (const int direction : {0, 1}) {
    EXPECT_EQ(once_each(kAll), heard(direction, r2(direction, kAll, signal))) << direction << " " << note;
  }
}

TEST(DspMfR2, HearsAllSignalsOfBothDirections) {
  for (double lead = 50; lead < 70; lead += 1.375) expect_all({.lead_ms = lead, .phase = lead}, std::to_string(lead));
}

TEST(DspMfR2, HearsItsOwnClips) {
  for (const auto direction : {MfR2Direction::kForward, MfR2Direction::kBackward}) {
    Signal all;
    for (const int signal : kAll) {
      const Signal clip = decoded(render_mf_r2(direction, signal, 100));
      EXPECT_EQ(800U, clip.size());
      EXPECT_NEAR(-8.5, level_of(clip), 0.2);
      all.insert(all.end(), clip.begin(), clip.end());
      all.insert(all.end(), 800, 0.0);
    }
    EXPECT_EQ(once_each(kAll), heard(static_cast<int>(direction), all));
    EXPECT_EQ("", heard(1 - static_cast<int>(direction), all));
  }
  EXPECT_EQ(8000U, render_mf_r2(MfR2Direction::kForward, 1).size());
  for (const int none : {0, -1, 16, 99}) EXPECT_TRUE(render_mf_r2(MfR2Direction::kForward, none).empty());
}

TEST(DspMfR2, TakesLevelsAndDifferencesOfQ455) {
  for (const double level : {-35.0, -30.0, -20.0, -5.0, -3.0}) {
    expect_all({.first_dbm0 = level, .second_dbm0 = level, .lead_ms = 53}, std::to_string(level));
  }
  for (const double difference : {-7.0, -5.0, 5.0, 7.0}) {
    for (const double level : {-5.0, -20.0, -28.0}) {
      const double less = difference < 0 ? level : level - difference,
                   more = difference < 0 ? level + difference : level;
      expect_all({.first_dbm0 = less, .second_dbm0 = more, .lead_ms = 57}, std::to_string(difference));
    }
  }
  for (const int direction : {0, 1}) {
    EXPECT_EQ("", heard(direction, r2(direction, kAll, {.first_dbm0 = -42, .second_dbm0 = -42})));
    EXPECT_EQ("", heard(direction, r2(direction, kAll, {.first_dbm0 = -5, .second_dbm0 = -25})));
    EXPECT_EQ("", heard(direction, r2(direction, kAll, {.first_dbm0 = -25, .second_dbm0 = -5})));
  }
}

TEST(DspMfR2, TakesFrequenciesTenHertzOffWithDifferenceAndNoise) {
  for (const double one : {-10.0, 10.0}) {
    for (const double other : {-10.0, 10.0}) {
      for (const double difference : {-5.0, 0.0, 5.0}) {
        expect_all({.first_dbm0 = -15,
                    .second_dbm0 = -15 + difference,
                    .first_offset = one,
                    .second_offset = other,
                    .lead_ms = 51,
                    .snr_db = 20},
                   std::to_string(one));
      }
    }
  }
}

TEST(DspMfR2, IsQuickAndTakesNoNoticeOfSevenMilliseconds) {
  double slowest = 0;
  for (const int direction : {0, 1}) {
    for (const int signal : {1, 6, 8, 11, 15}) {
      for (double lead = 50; lead < 70; lead += 0.625) {
        for (const double level : {-5.0, -35.0}) {
          const R2Signal s{.first_dbm0 = level, .second_dbm0 = level, .lead_ms = lead, .phase = lead};
          std::vector<double> times;
          ASSERT_EQ(once_each({signal}), heard(direction, r2(direction, {signal}, s), &times));
          // Operate and release time together.
          slowest = std::max(slowest, (times[0] - lead) + (times[1] - lead - s.on_ms));
          R2Signal gap = s, brief = s;
          gap.gap_ms = 7;
          ASSERT_EQ(once_each({signal}), heard(direction, r2(direction, {signal}, gap))) << lead;
          brief.on_ms = 7;
          ASSERT_EQ("", heard(direction, r2(direction, {signal}, brief))) << lead;
        }
      }
    }
  }
  EXPECT_LE(slowest, 80);
  std::printf("operate and release time together: at most %.1f ms\n", slowest);
}

TEST(DspMfR2, IgnoresOneToneThreeTonesNoiseAndTheOtherDirection) {
  for (const int direction : {0, 1}) {
    for (double hz = 300; hz < 3400; hz += 5) {
      Signal tone(2400);
      for (std::size_t n = 0; n < tone.size(); ++n) {
        tone[n] = 15000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(n) / 8000);
      }
      ASSERT_EQ("", heard(direction, tone)) << hz;
    }
    for (int third = 2; third < 6; ++third) {
      Signal three = r2(direction, {1}, {.on_ms = 300});
      for (std::size_t n = 400; n < 2800; ++n) {
        three[n] +=
            amplitude_of(-14) * std::sin(2 * std::numbers::pi * kHz[direction][third] * static_cast<double>(n) / 8000);
      }
      const std::string text = heard(direction, three);
      EXPECT_EQ("", text) << third;
    }
    EXPECT_EQ("", heard(direction, r2(1 - direction, kAll, {.first_dbm0 = -5, .second_dbm0 = -5})));
    // The own signal comes back 15 dB louder than the other end's.
    expect_all({.first_dbm0 = -30, .second_dbm0 = -30, .other_dbm0 = -15}, "other direction");
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0, 3000);
    Signal noise(8000 * 20);
    for (double& sample : noise) sample = normal(random);
    EXPECT_EQ("", heard(direction, noise));
  }
}

TEST(DspMfR2, FollowsSignalsWithoutAPause) { EXPECT_EQ("1+1-15+15-3+3-", heard(0, r2(0, {1, 15, 3}, {.off_ms = 0}))); }

}  // namespace
}  // namespace cordboard::dsp
