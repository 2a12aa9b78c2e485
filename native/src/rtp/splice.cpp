// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/splice.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

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

/// The same samples with eleven bits and their sign, as loud as those allow: products of a block fit 32 bits, which the compiler
/// makes eight of at a time.
class Scaled {
 public:
  /// Of x[0 … n); n ≤ 2 · kBlock.
  Scaled(const int16_t* x, int32_t n) {
    int32_t most = 0;
    for (int32_t i = 0; i < n; ++i) most = std::max(most, std::abs(static_cast<int32_t>(x[i])));
    int shift = 0;
    while ((most >> shift) > kMost) ++shift;
    for (int32_t i = 0; i < n; ++i) {
      samples_[i] = static_cast<int16_t>(x[i] >> shift);
      squares_[i + 1] = squares_[i] + samples_[i] * samples_[i];
    }
  }

  /// How alike the blocks at these places are: 1, the same.
  float likeness(int32_t here, int32_t there) const {
    int32_t product = 0;
    for (int32_t i = 0; i < kBlock; ++i) product += samples_[here + i] * samples_[there + i];
    return static_cast<float>(product) / std::sqrt(power(here) * power(there));
  }

 private:
  static constexpr int32_t kMost = 2047;

  float power(int32_t at) const { return static_cast<float>(1 + squares_[at + kBlock] - squares_[at]); }

  int16_t samples_[2 * kBlock];
  int32_t squares_[2 * kBlock + 1]{};  // sums of those before
};

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
  const int32_t here = forwards ? 0 : most;
  const Scaled scaled(x - here, kBlock + most);
  SplicePoint best{0, 0};
  const auto consider = [&](int32_t lag) {
    const float like = scaled.likeness(here, here + sign * lag);
    if (like > best.likeness) best = {lag, like};
  };
  for (int32_t lag = least; lag <= most; lag += kCoarse) consider(lag);
  const int32_t coarse = best.lag;
  if (coarse == 0) return best;
  best.likeness = 0;
  for (int32_t lag = std::max(least, coarse - kCoarse + 1); lag <= std::min(most, coarse + kCoarse - 1); ++lag) {
    consider(lag);
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
