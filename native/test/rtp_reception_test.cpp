// SPDX-License-Identifier: GPL-2.0-or-later
// What a receiver knows of its source: RFC 3550 A.1, A.3, A.8, against a plain account of the same packets.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "rtp/reception.hpp"

namespace cordboard::rtp {
namespace {

constexpr int64_t kMs = 1'000'000;
using Verdict = Reception::Verdict;

Reception::Packet packet(uint16_t sequence, uint32_t ssrc = 1, uint32_t timestamp = 0) {
  return {.ssrc = ssrc, .sequence = sequence, .timestamp = timestamp};
}

TEST(RtpReception, CountsLossDuplicatesAndOrderAcrossWraps) {
  std::mt19937 random(4);
  Reception reception;
  std::set<uint32_t> came;
  uint32_t duplicated = 0, reordered = 0, highest = 0;
  const uint32_t first = 65'000;
  for (uint32_t n = first; n < first + 200'000; ++n) {
    const auto add = [&](uint32_t number) {
      const auto verdict = reception.add(packet(static_cast<uint16_t>(number)), 0);
      if (!came.insert(number).second) {
        ++duplicated;
        ASSERT_EQ(verdict, Verdict::kDuplicate) << number;
      } else if (number < highest) {
        ++reordered;
        ASSERT_EQ(verdict, Verdict::kReordered) << number;
      } else {
        highest = number;
        ASSERT_EQ(verdict, Verdict::kTaken) << number;
      }
    };
    const auto chance = random() % 100;
    if (chance < 5 && n > first) continue;                           // lost, or later
    if (chance == 5) n += 50 + random() % (n % 97 == 0 ? 2900 : 9);  // a long silence of the network
    add(n);
    if (chance == 6) add(n);                                    // twice
    if (chance == 7 && n > first + 90) add(n - random() % 90);  // old: again, or at last
  }
  EXPECT_EQ(reception.highest() - reception.expected() + 1, first);
  EXPECT_EQ(reception.highest(), highest);
  EXPECT_EQ(reception.received(), came.size());
  EXPECT_EQ(reception.lost(), static_cast<int64_t>(highest - first + 1 - came.size()));
  EXPECT_EQ(reception.lost_in_all(), highest - first + 1 - came.size());
  EXPECT_EQ(reception.duplicated(), duplicated);
  EXPECT_EQ(reception.reordered(), reordered);
  EXPECT_EQ(reception.restarts(), 0U);
  EXPECT_GT(duplicated, 1000U);
  EXPECT_GT(reordered, 100U);
}

TEST(RtpReception, HearsTheFirstAtOnceAndAnotherOnProbation) {
  Reception reception;
  EXPECT_EQ(reception.add(packet(100, 7), 0), Verdict::kTaken);
  EXPECT_EQ(reception.add(packet(101, 7), 0), Verdict::kTaken);
  EXPECT_EQ(reception.add(packet(500, 8), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(102, 7), 0), Verdict::kTaken) << "the old one goes on";
  // A packet now and then, with another in between, is no source.
  EXPECT_EQ(reception.add(packet(501, 8), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(700, 9), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(502, 8), 0), Verdict::kProbation);
  EXPECT_EQ(reception.ssrc(), 7U);
  EXPECT_EQ(reception.add(packet(503, 8), 0), Verdict::kRestart);
  EXPECT_EQ(reception.ssrc(), 8U);
  EXPECT_EQ(reception.highest(), 503U);
  EXPECT_EQ(reception.received(), 1U);
  EXPECT_EQ(reception.restarts(), 1U);
  EXPECT_EQ(reception.add(packet(103, 7), 0), Verdict::kProbation) << "and the old one is a stranger";
}

TEST(RtpReception, TakesAJumpForARestartWhenItGoesOn) {
  Reception reception;
  reception.add(packet(10), 0);
  reception.add(packet(13), 0);
  EXPECT_EQ(reception.lost_in_all(), 2U);
  EXPECT_EQ(reception.add(packet(10 + 3000 + 3), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(14), 0), Verdict::kTaken);
  EXPECT_EQ(reception.add(packet(30'000), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(30'001), 0), Verdict::kRestart);
  EXPECT_EQ(reception.lost(), 0);
  EXPECT_EQ(reception.lost_in_all(), 2U) << "what was lost before stays lost";
  // Back by 100 is a restart too.
  EXPECT_EQ(reception.add(packet(29'902), 0), Verdict::kReordered) << "99 back is only late";
  EXPECT_EQ(reception.add(packet(29'901), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(29'902), 0), Verdict::kDuplicate);
  EXPECT_EQ(reception.add(packet(29'800), 0), Verdict::kProbation);
  EXPECT_EQ(reception.add(packet(29'801), 0), Verdict::kRestart);
}

TEST(RtpReception, TellsTheShareLostSinceTheReportBefore) {
  Reception reception;
  for (uint16_t n = 0; n < 100; ++n) {
    if (n % 4 != 3) reception.add(packet(n), 0);
  }
  EXPECT_EQ(reception.take_fraction_lost(), 24 * 256 / 99);
  for (uint16_t n = 100; n < 200; ++n) reception.add(packet(n), 0);
  EXPECT_EQ(reception.take_fraction_lost(), 256 / 101) << "number 99 is missed now";
  EXPECT_EQ(reception.take_fraction_lost(), 0) << "nothing was expected";
  // More came than was expected: RFC 3550 A.3 says 0.
  reception.add(packet(99), 0);
  reception.add(packet(95), 0);
  EXPECT_EQ(reception.take_fraction_lost(), 0);
}

/// The estimator of A.8 in its plain form.
double plain_jitter(const std::vector<int64_t>& arrivals_ns, uint32_t clock_hz) {
  double jitter = 0;
  for (std::size_t i = 1; i < arrivals_ns.size(); ++i) {
    const double d = static_cast<double>(arrivals_ns[i] - arrivals_ns[i - 1]) / 1e9 * clock_hz - 0.02 * clock_hz;
    jitter += (std::fabs(d) - jitter) / 16;
  }
  return jitter;
}

TEST(RtpReception, MeasuresJitterAsRfc3550DoesAtAnyHourAndClock) {
  std::mt19937 random(9);
  std::exponential_distribution<double> wait(1.0 / 8);
  for (const uint32_t clock_hz : {8000U, 48'000U}) {
    // Also after a year without a restart of the machine, when nanoseconds times the clock do not fit any more.
    for (const int64_t begin_ns : {int64_t{0}, int64_t{1'000'000'000} * 86'400 * 365}) {
      Reception reception;
      std::vector<int64_t> arrivals;
      for (uint32_t n = 0; n < 2000; ++n) {
        arrivals.push_back(begin_ns + n * 20 * kMs + static_cast<int64_t>(wait(random) * 1e6));
        reception.add({.ssrc = 1,
                       .sequence = static_cast<uint16_t>(n),
                       .timestamp = 0xFFFF0000 + n * clock_hz / 50,
                       .clock_hz = clock_hz},
                      arrivals.back());
      }
      const double expected = plain_jitter(arrivals, clock_hz);
      EXPECT_NEAR(reception.jitter(), expected, expected / 50 + 2) << clock_hz;
      EXPECT_NEAR(reception.jitter_ms(), expected * 1000 / clock_hz, 0.3);
    }
  }
}

TEST(RtpReception, TakesNoJumpOfTimestampsAndNoEventForJitter) {
  Reception reception;
  int64_t now = 0;
  uint16_t sequence = 0;
  uint32_t timestamp = 1000;
  const auto add = [&](bool timed) {
    reception.add({.ssrc = 1, .sequence = sequence++, .timestamp = timestamp, .timed = timed}, now += 20 * kMs);
  };
  for (int i = 0; i < 50; ++i, timestamp += 160) add(true);
  EXPECT_EQ(reception.jitter(), 0U);
  timestamp += 123'456'789;
  for (int i = 0; i < 50; ++i, timestamp += 160) add(true);
  EXPECT_EQ(reception.jitter(), 0U);
  // An event's packets all have the timestamp of its begin (RFC 4733 2.2).
  for (int i = 0; i < 50; ++i) add(false);
  timestamp += 50 * 160;
  for (int i = 0; i < 50; ++i, timestamp += 160) add(true);
  EXPECT_EQ(reception.jitter(), 0U);
}

}  // namespace
}  // namespace cordboard::rtp
