// SPDX-License-Identifier: GPL-2.0-or-later
// Test patterns and G.821: every error that was made is counted, and nothing else.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dsp/bit_pattern.hpp"
#include "dsp/error_performance.hpp"

namespace cordboard::dsp {
namespace {

std::vector<uint8_t> pattern(BitPattern which, std::size_t octets) {
  std::vector<uint8_t> made(octets);
  BitSource(which).fill(made.data(), octets);
  return made;
}

bool bit_of(const std::vector<uint8_t>& octets, std::size_t bit) { return (octets[bit / 8] >> (7 - bit % 8) & 1) != 0; }

TEST(BitPattern, IsTheSequenceOfO150) {
  // Every bit is the sum of those 14 and 15 (9 and 11) before it; of 2^15-1 the inverted sequence goes out.
  for (const auto& [which, a, b, period, inverted] :
       {std::tuple{BitPattern::k15, 14U, 15U, 32767U, true}, std::tuple{BitPattern::k11, 9U, 11U, 2047U, false}}) {
    const auto octets = pattern(which, 3 * period / 8);
    std::size_t longest = 0, run = 0, ones = 0;
    for (std::size_t i = 0; i < octets.size() * 8; ++i) {
      const bool bit = bit_of(octets, i) != inverted;
      if (i >= b) {
        ASSERT_EQ(bit, (bit_of(octets, i - a) != inverted) != (bit_of(octets, i - b) != inverted)) << i;
      }
      if (i >= period) {
        ASSERT_EQ(bit_of(octets, i), bit_of(octets, i - period)) << i;
      }
      if (i < period && bit_of(octets, i)) ++ones;
      run = bit ? 0 : run + 1;
      longest = std::max(longest, run);
    }
    EXPECT_EQ(b - 1, longest);  // one zero less than the degree, before the inversion
    EXPECT_EQ(inverted ? period / 2 : period / 2 + 1, ones);
  }
}

TEST(BitPattern, CountsExactlyTheErrorsThatWereMade) {
  for (const auto which : {BitPattern::k15, BitPattern::k11}) {
    for (const std::size_t wanted : {0U, 1U, 7U, 1000U}) {
      auto octets = pattern(which, 80'000);  // 10 s
      std::mt19937 random(7);
      for (std::size_t i = 0; i < wanted; ++i) octets[1000 + i * 70] ^= static_cast<uint8_t>(1U << (random() % 8));
      BitSink sink(which);
      sink.take(octets.data(), octets.size());
      EXPECT_TRUE(sink.counts().in_step);
      EXPECT_EQ(wanted, sink.counts().errors);
      EXPECT_EQ(0U, sink.counts().losses);
      EXPECT_NEAR(80'000.0 * 8, static_cast<double>(sink.counts().bits), 200);
    }
  }
}

TEST(BitPattern, FindsNothingInSilenceNoiseOrTheOtherPattern) {
  std::mt19937 random(3);
  std::vector<uint8_t> noise(80'000);
  for (auto& octet : noise) octet = static_cast<uint8_t>(random());
  for (const auto& octets : {std::vector<uint8_t>(80'000, 0xFF), std::vector<uint8_t>(80'000, 0x00),
                             std::vector<uint8_t>(80'000, 0xD5), noise, pattern(BitPattern::k11, 80'000)}) {
    BitSink sink(BitPattern::k15);
    sink.take(octets.data(), octets.size());
    EXPECT_FALSE(sink.counts().in_step);
    EXPECT_EQ(0U, sink.counts().bits);
  }
}

TEST(BitPattern, TellsSlipsAndTheirLength) {
  for (const int shift : {1, 160, 320, -1, -160}) {
    const auto octets = pattern(BitPattern::k15, 40'000);
    std::vector<uint8_t> slipped(octets.begin(), octets.begin() + 20'000);
    slipped.insert(slipped.end(), octets.begin() + 20'000 + shift, octets.end());
    BitSink sink(BitPattern::k15);
    sink.take(slipped.data(), slipped.size());
    EXPECT_EQ(1U, sink.counts().slips) << shift;
    EXPECT_EQ(shift, sink.counts().slip_octets);
    EXPECT_EQ(1U, sink.counts().losses);
    EXPECT_TRUE(sink.counts().in_step);
    EXPECT_LE(sink.counts().errors, 52U);  // until it was noticed
  }
}

TEST(BitPattern, ACutIsALossAndNoErrors) {
  auto octets = pattern(BitPattern::k15, 40'000);
  std::fill(octets.begin() + 16'000, octets.begin() + 24'000, 0xD5);
  BitSink sink(BitPattern::k15);
  sink.take(octets.data(), octets.size());
  EXPECT_EQ(1U, sink.counts().losses);
  EXPECT_EQ(0U, sink.counts().slips);
  EXPECT_TRUE(sink.counts().in_step);
  EXPECT_NEAR(32'000.0 * 8, static_cast<double>(sink.counts().bits), 600);
}

TEST(ErrorPerformance, SortsSecondsAsG821Does) {
  ErrorPerformance performance;
  constexpr uint64_t kBits = 64'000;
  for (int i = 0; i < 50; ++i) performance.second(kBits, 0, true);
  performance.second(kBits, 1, true);
  performance.second(kBits, 64, true);  // exactly 10^-3 is not severe
  performance.second(kBits, 65, true);
  performance.second(kBits, 0, false);
  auto totals = performance.totals();
  EXPECT_EQ(54U, totals.seconds);
  EXPECT_EQ(54U, totals.available);
  EXPECT_EQ(4U, totals.errored);
  EXPECT_EQ(2U, totals.severely_errored);
  EXPECT_EQ(0U, totals.unavailable);
  // Nine more would not be unavailable, ten in a row are, all of them.
  for (int i = 0; i < 7; ++i) performance.second(kBits, 0, false);
  EXPECT_EQ(0U, performance.totals().unavailable);
  EXPECT_EQ(9U, performance.totals().severely_errored);
  performance.second(kBits, 0, false);
  totals = performance.totals();
  EXPECT_EQ(10U, totals.unavailable);
  EXPECT_EQ(0U, totals.severely_errored);
  EXPECT_EQ(52U, totals.available);
  // Nine good seconds do not end it, ten do and are available.
  for (int i = 0; i < 9; ++i) performance.second(kBits, 0, true);
  EXPECT_EQ(19U, performance.totals().unavailable);
  performance.second(kBits, 0, true);
  totals = performance.totals();
  EXPECT_EQ(10U, totals.unavailable);
  EXPECT_EQ(62U, totals.available);
  // A minute of 60 x 64000 bits is degraded from four errors on.
  EXPECT_EQ(1U, totals.minutes);
  EXPECT_EQ(1U, totals.degraded_minutes);
  for (int i = 0; i < 60; ++i) performance.second(kBits, i < 3 ? 1 : 0, true);
  EXPECT_EQ(2U, performance.totals().minutes);
  EXPECT_EQ(1U, performance.totals().degraded_minutes);
}

}  // namespace
}  // namespace cordboard::dsp
