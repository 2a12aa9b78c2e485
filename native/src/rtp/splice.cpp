// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/splice.hpp"

#include <algorithm>
#include <cmath>

namespace cordboard::rtp {

namespace {

constexpr int32_t kBlock = static_cast<int32_t>(dsp::kBlock);
constexpr int32_t kCoarse = 4;
// Mean square at −45 dBm0.
constexpr float kSilence = 8.2e3F;

float energy(const int16_t* x, int32_t n) {
  float sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += static_cast<float>(x[i]) * static_cast<float>(x[i]);
  return sum;
}

float likeness_at(const int16_t* x, const int16_t* y, int32_t step) {
  float product = 0, power_x = 1, power_y = 1;
  for (int32_t i = 0; i < kBlock; i += step) {
    const auto a = static_cast<float>(x[i]);
    const auto b = static_cast<float>(y[i]);
    product += a * b;
    power_x += a * a;
    power_y += b * b;
  }
  return product / std::sqrt(power_x * power_y);
}

}  // namespace

SplicePoint find_splice(const int16_t* x, int32_t least, int32_t most, bool forwards) {
  least = std::max(least, kMinLag);
  most = std::min(most, kMaxLag);
  if (most < least) return {0, 0};
  const int32_t sign = forwards ? 1 : -1;
  const int16_t* const other = forwards ? x + kBlock : x - most;
  if (energy(x, kBlock) < kSilence * static_cast<float>(kBlock) &&
      energy(other, most) < kSilence * static_cast<float>(most)) {
    return {most, 1};
  }
  SplicePoint best{0, 0};
  const auto consider = [&](int32_t lag, int32_t step) {
    const float like = likeness_at(x, x + sign * lag, step);
    if (like > best.likeness) best = {lag, like};
  };
  for (int32_t lag = least; lag <= most; lag += kCoarse) consider(lag, 2);
  const int32_t coarse = best.lag;
  if (coarse == 0) return best;
  best.likeness = 0;
  for (int32_t lag = std::max(least, coarse - kCoarse + 1); lag <= std::min(most, coarse + kCoarse - 1); ++lag) {
    consider(lag, 1);
  }
  return best;
}

void splice(const int16_t* x, int32_t offset, int16_t* out) {
  for (int32_t i = 0; i < kBlock; ++i) {
    const int32_t here = x[i];
    const int32_t there = x[offset + i];
    // Weights of 2 … 320 of 322: neither end repeats a sample that has gone out or comes next.
    out[i] = static_cast<int16_t>(here + ((there - here) * (2 * i + 2)) / (2 * kBlock + 2));
  }
}

}  // namespace cordboard::rtp
