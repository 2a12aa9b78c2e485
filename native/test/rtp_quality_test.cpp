// SPDX-License-Identifier: GPL-2.0-or-later
// The E-model against values that ITU-T has printed.
#include <gtest/gtest.h>

#include "rtp/quality.hpp"

namespace cordboard::rtp {
namespace {

TEST(RtpQuality, GivesTheAnnexsMosForItsRatings) {
  // G.107 (2015) Annex B: R 90, 80, 70, 60, 50 are the lower limits of 4.34, 4.03, 3.60, 3.10, 2.58 (table B.1).
  for (const auto& [rating, mos] : {std::pair{90.0, 4.34}, {80.0, 4.03}, {70.0, 3.60}, {60.0, 3.10}, {50.0, 2.58}}) {
    EXPECT_NEAR(mos_of_rating(rating), mos, 0.01) << rating;
  }
  EXPECT_NEAR(mos_of_rating(93.2), 4.41, 0.005);
  EXPECT_EQ(mos_of_rating(0), 1);
  EXPECT_EQ(mos_of_rating(-20), 1);
  EXPECT_EQ(mos_of_rating(3), 1) << "the formula says less than 1";
  EXPECT_EQ(mos_of_rating(100), 4.5);
  EXPECT_EQ(mos_of_rating(140), 4.5);
  EXPECT_EQ(mos_of_rating(0.0 / 0.0), 1);
}

TEST(RtpQuality, FallsWithDelayAsClause74Says) {
  EXPECT_NEAR(transmission_rating({}), 93.2, 1e-9);
  EXPECT_NEAR(transmission_rating({.delay_ms = 100}), 93.2, 1e-9);
  // Idd by hand: X = log2(Ta / 100).
  EXPECT_NEAR(transmission_rating({.delay_ms = 200}), 93.2 - 3.044, 0.001);   // X = 1
  EXPECT_NEAR(transmission_rating({.delay_ms = 400}), 93.2 - 24.070, 0.001);  // X = 2
  double last = 100;
  for (double ms = 0; ms < 3000; ms += 10) {
    const double rating = transmission_rating({.delay_ms = ms});
    EXPECT_LE(rating, last);
    last = rating;
  }
}

TEST(RtpQuality, FallsWithLossAsClause75Says) {
  // G.711 with concealment: Ie,eff = 95 Ppl / (Ppl + 25.1).
  EXPECT_NEAR(transmission_rating({.loss_share = 0.01}), 93.2 - 95 * 1 / 26.1, 1e-9);
  EXPECT_NEAR(transmission_rating({.loss_share = 0.05}), 93.2 - 95 * 5 / 30.1, 1e-9);
  EXPECT_NEAR(transmission_rating({.loss_share = 0.20}), 93.2 - 95 * 20 / 45.1, 1e-9);
  // Bursts of twice the length of random ones.
  EXPECT_NEAR(transmission_rating({.loss_share = 0.05, .burst_ratio = 2}), 93.2 - 95 * 5 / (2.5 + 25.1), 1e-9);
  EXPECT_LT(mos_of({.loss_share = 0.05, .burst_ratio = 4}), mos_of({.loss_share = 0.05}));
  EXPECT_GT(mos_of({.codec = Encoding::kPcmu}), mos_of({.codec = Encoding::kOpus}));
  EXPECT_GT(mos_of({.codec = Encoding::kOpus}), 4.2);
}

TEST(RtpQuality, BoundsWhatItIsTold) {
  for (const double loss : {-1.0, 0.0, 0.5, 1.0, 7.0}) {
    for (const double delay : {-100.0, 0.0, 1e9}) {
      for (const double burst : {-1.0, 0.0, 1e9}) {
        const double rating = transmission_rating({delay, loss, burst, Encoding::kG722});
        EXPECT_GE(rating, 0);
        EXPECT_LE(rating, 93.2);
        EXPECT_GE(mos_of_rating(rating), 1);
      }
    }
  }
}

}  // namespace
}  // namespace cordboard::rtp
