// SPDX-License-Identifier: GPL-2.0-or-later
// How long a jitter buffer wants to wait, and the splices by which the wait is changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "rtp/delay_estimator.hpp"
#include "rtp/splice.hpp"

namespace cordboard::rtp {
namespace {

TEST(RtpDelayEstimator, FindsTheFastestAndWhatMostNeed) {
  std::mt19937 random(2);
  std::exponential_distribution<double> wait(1.0 / 200);  // 25 ms
  DelayEstimator estimator;
  for (const int64_t zero : {int64_t{0}, int64_t{-9'000'000'000}, int64_t{123'456'789'012}}) {
    estimator.reset();
    std::vector<double> all;
    for (int i = 0; i < 400; ++i) {
      all.push_back(wait(random));
      estimator.add(zero + static_cast<int64_t>(all.back()));
    }
    std::sort(all.begin(), all.end());
    EXPECT_NEAR(static_cast<double>(estimator.low() - zero), all[8], 80);
    EXPECT_NEAR(static_cast<double>(estimator.high() - zero), all[388], 160);
  }
}

TEST(RtpDelayEstimator, FollowsDriftBothWays) {
  for (const double ppm : {200.0, -200.0, 2000.0, -2000.0}) {
    DelayEstimator estimator;
    double transit = 0;
    for (int i = 0; i < 50'000; ++i) {
      transit += 160 * ppm * 1e-6;
      estimator.add(static_cast<int64_t>(transit) + (i % 10) * 16);
    }
    // What is twenty seconds old still counts.
    const double old = std::abs(1000 * 160 * ppm * 1e-6);
    EXPECT_NEAR(static_cast<double>(estimator.low()), transit, 80 + old) << ppm;
    EXPECT_NEAR(static_cast<double>(estimator.high()), transit + 144, 80 + old) << ppm;
  }
}

TEST(RtpDelayEstimator, ForgetsWhatWasHeldUpAtTheBeginning) {
  DelayEstimator estimator;
  for (int i = 0; i < 20; ++i) estimator.add(3200 - 160 * i);
  for (int i = 0; i < 20; ++i) estimator.add(0);
  EXPECT_NEAR(static_cast<double>(estimator.low()), 0, 40);
  EXPECT_LE(estimator.high(), 600) << "but for the last few";
  // Later it is jitter, which is to be remembered.
  for (int i = 0; i < 200; ++i) estimator.add(1000);
  for (int i = 0; i < 20; ++i) estimator.add(0);
  EXPECT_GE(estimator.high(), 1000);
}

TEST(RtpDelayEstimator, ForgetsASpikeAndMovesWithTheWay) {
  DelayEstimator estimator;
  for (int i = 0; i < 1000; ++i) estimator.add(1000);
  EXPECT_LE(estimator.high() - estimator.low(), DelayEstimator::kStep);
  for (int i = 0; i < 30; ++i) estimator.add(4000);
  EXPECT_GE(estimator.high(), 4000) << "6 % of the last packets";
  for (int i = 0; i < 600; ++i) estimator.add(1000);
  EXPECT_LT(estimator.high(), 1100);
  // The way has become longer by a second, more than the histogram holds.
  for (int i = 0; i < 5000; ++i) estimator.add(9000);
  EXPECT_NEAR(static_cast<double>(estimator.low()), 9000, 50);
  EXPECT_NEAR(static_cast<double>(estimator.high()), 9000, 50);
  for (int i = 0; i < 5000; ++i) estimator.add(-9000);
  EXPECT_NEAR(static_cast<double>(estimator.low()), -9000, 50);
  EXPECT_NEAR(static_cast<double>(estimator.high()), -9000, 50);
}

// ------------------------------------------------------------------------------------------------------------- splicing

TEST(RtpSplice, TakesAVowelApartAtItsPitch) {
  for (double pitch = 85; pitch < 200; pitch += 13) {
    std::vector<int16_t> x(640);
    for (std::size_t i = 0; i < x.size(); ++i) {
      double sample = 0;
      for (int k = 1; k < 6; ++k)
        sample += 3000.0 / k * std::cos(2 * std::numbers::pi * k * pitch * static_cast<double>(i) / 8000 + k);
      x[i] = static_cast<int16_t>(sample);
    }
    for (const bool forwards : {true, false}) {
      EXPECT_GE(find_splice(&x[160], 110, 160, forwards).lag, 110);
      const auto point = find_splice(&x[160], kMinLag, 160, forwards);
      EXPECT_GT(point.likeness, 0.99F) << pitch;
      const double periods = point.lag * pitch / 8000;
      EXPECT_NEAR(periods, std::round(periods), 0.03) << pitch;
      int16_t out[160];
      const int offset = forwards ? point.lag : -point.lag;
      splice(&x[160], offset, out);
      // It begins as if nothing happened and ends so that what comes next fits on.
      EXPECT_NEAR(out[0], x[160], 40);
      EXPECT_NEAR(out[159], x[static_cast<std::size_t>(160 + 159 + offset)], 40);
      for (int i = 1; i < 160; ++i) ASSERT_LT(std::abs(out[i] - out[i - 1]), 4500);
    }
  }
}

TEST(RtpSplice, FindsNothingInNoiseAndAnythingInSilence) {
  std::mt19937 random(6);
  std::vector<int16_t> x(480);
  for (auto& sample : x) sample = static_cast<int16_t>(static_cast<int>(random() % 16'000) - 8000);
  EXPECT_LT(find_splice(&x[160], kMinLag, 160, true).likeness, 0.5F);
  for (auto& sample : x) sample = static_cast<int16_t>(sample / 200);
  EXPECT_EQ(find_splice(&x[160], kMinLag, 160, true).lag, 160);
  EXPECT_EQ(find_splice(&x[160], kMinLag, 100, false).lag, 100);
  EXPECT_EQ(find_splice(&x[160], kMinLag, 100, false).likeness, 1);
  EXPECT_EQ(find_splice(&x[160], 120, 119, true).lag, 0);
  EXPECT_EQ(find_splice(&x[160], 1, 39, true).lag, 0) << "less than a period of any voice";
}

}  // namespace
}  // namespace cordboard::rtp
