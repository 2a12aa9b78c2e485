// SPDX-License-Identifier: GPL-2.0-or-later
// Decibels for the media tick: levels of blocks, and gains. Written out in plain arithmetic, as the C library's log and
// exp may differ in the last bit from one machine to the next, and what a detector decides must not.
//
//   sum of squares ── level_dbm0 ──> dBm0          dB ── gain_of_db ──> factor for samples
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

/// What stands for "nothing at all": half a unit in every sample has −93 dBm0, A-law silence −66 dBm0.
inline constexpr float kNothingDbm0 = -100;

/// Logarithm to base 2 of a normal number above 0, to 3e-7: log2 m = ½ + 2/ln 2 · artanh((m − √2)/(m + √2)), 1 ≤ m < 2.
constexpr float log2_of(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const int exponent = static_cast<int>(bits >> 23) - 127;
  const float m = std::bit_cast<float>((bits & 0x7FFFFFU) | 0x3F800000U);
  const float s = (m - 1.41421356F) / (m + 1.41421356F);
  const float s2 = s * s;
  const float series = s * (1.0F + s2 * (0.333333333F + s2 * (0.2F + s2 * 0.142857143F)));
  return static_cast<float>(exponent) + 0.5F + 2.88539008F * series;
}

/// 2^x for −100 … 100 (limited to that), to 3e-7 of the value.
constexpr float exp2_of(float x) {
  const float bounded = x > 100 ? 100 : x > -100 ? x : -100;
  const int whole = static_cast<int>(bounded + (bounded < 0 ? -0.5F : 0.5F));
  const float y = (bounded - static_cast<float>(whole)) * 0.693147181F;
  const float power =
      1 + y * (1 + y * (0.5F + y * (0.166666667F + y * (0.0416666667F + y * (0.00833333333F + y * 0.00138888889F)))));
  return power * std::bit_cast<float>(static_cast<uint32_t>(whole + 127) << 23);
}

/// Level of a mean square. A sine of amplitude 32768 has 2^29, which is +3.14 dBm0.
constexpr float dbm0_of_mean_square(float mean_square) {
  constexpr float kDbPerDoubling = 3.01029996F;
  if (!(mean_square > 1e-8F)) return kNothingDbm0;
  const float level = kDbPerDoubling * (log2_of(mean_square) - 29) + static_cast<float>(kFullScaleSineDbm0);
  return level > kNothingDbm0 ? level : kNothingDbm0;
}

/// Level of n samples by the sum of their squares (kernel `power`).
constexpr float level_dbm0(uint64_t sum_of_squares, std::size_t n) {
  return n == 0 ? kNothingDbm0 : dbm0_of_mean_square(static_cast<float>(sum_of_squares) / static_cast<float>(n));
}

/// 10^(dB/20), the factor for samples.
constexpr float gain_of_db(float db) { return exp2_of(db * 0.166096405F); }

/// 10^(dB/10), the factor for powers.
constexpr float ratio_of_db_power(float db) { return exp2_of(db * 0.332192809F); }

/// Mean square of a level.
constexpr float mean_square_of_dbm0(float dbm0) {
  return ratio_of_db_power(dbm0 - static_cast<float>(kFullScaleSineDbm0)) * 536870912.0F;
}

}  // namespace cordboard::dsp
