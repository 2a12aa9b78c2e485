// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/comfort_noise.hpp"

#include <cmath>

#include "dsp/decibels.hpp"

namespace cordboard::dsp {
namespace {

/// One step of Levinson and Durbin: a predictor of order m from that of order m - 1 and the reflection coefficient k.
void lengthen(float* a, std::size_t m, float k) {
  for (std::size_t i = 1; i <= m / 2; ++i) {
    const float low = a[i], high = a[m - i];
    a[i] = low + k * high;
    a[m - i] = high + k * low;
  }
  a[m] = k;
}

constexpr float kStepOfOctet = 258.0F / 32768;
constexpr float kMaxReflection = 127 * kStepOfOctet;  // 0.99994
constexpr uint32_t kMemoryBlocks = 16;
// The sharpest filter that is made: an error of at least a thousandth of the power keeps hum from ringing for seconds.
constexpr float kLeastError = 0.001F;
// White noise added for the analysis, of the power: 40 dB below. Without it a pure tone would be a filter that never
// dies away.
constexpr float kWhitening = 1.0001F;

float bounded(float value, float low, float high) { return value > high ? high : value > low ? value : low; }

}  // namespace

std::size_t write_noise_payload(const NoiseShape& shape, uint8_t* out) {
  out[0] = static_cast<uint8_t>(bounded(kFullScaleDbm0 - shape.level_dbm0, 0, 127) + 0.5F);
  const std::size_t order = shape.order < kMaxNoiseOrder ? shape.order : kMaxNoiseOrder;
  for (std::size_t i = 0; i < order; ++i) {
    const float steps = bounded(shape.reflection[i] / kStepOfOctet, -127, 127);
    out[1 + i] = static_cast<uint8_t>(127 + steps + 0.5F);
  }
  return 1 + order;
}

bool read_noise_payload(const uint8_t* payload, std::size_t n, NoiseShape& shape) {
  if (n == 0) return false;
  shape = {};
  shape.level_dbm0 = kFullScaleDbm0 - static_cast<float>(payload[0] & 0x7F);
  const std::size_t order = n - 1 < kMaxNoiseOrder ? n - 1 : kMaxNoiseOrder;
  shape.order = static_cast<uint8_t>(order);
  for (std::size_t i = 0; i < order; ++i) {
    const int octet = payload[1 + i] < 254 ? payload[1 + i] : 254;
    shape.reflection[i] = kStepOfOctet * static_cast<float>(octet - 127);
  }
  return true;
}

void NoiseAnalysis::process(const int16_t* block) {
  // A triangular window: without one the edges of the block would fill the spectrum's valleys.
  float x[kBlock + kMaxNoiseOrder + 1] = {};
  float power = 0;
  for (std::size_t i = 0; i < kBlock; ++i) power += static_cast<float>(block[i]) * static_cast<float>(block[i]);
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    const float weight = (static_cast<float>(i) + 0.5F) / (kBlock / 2);
    x[i] = weight * static_cast<float>(block[i]);
    x[kBlock - 1 - i] = weight * static_cast<float>(block[kBlock - 1 - i]);
  }
  // One more lag than needed: twelve make whole vectors, each lag a lane.
  float sums[kMaxNoiseOrder + 2] = {};
  for (std::size_t i = 0; i < kBlock; ++i) {
    for (std::size_t lag = 0; lag < kMaxNoiseOrder + 2; ++lag) sums[lag] += x[i] * x[i + lag];
  }
  blocks_ += blocks_ < kMemoryBlocks ? 1 : 0;
  const float share = 1 / static_cast<float>(blocks_);
  for (std::size_t lag = 0; lag <= kMaxNoiseOrder; ++lag) correlation_[lag] += share * (sums[lag] - correlation_[lag]);
  mean_square_ += share * (power / kBlock - mean_square_);
}

NoiseShape NoiseAnalysis::shape(std::size_t order) const {
  NoiseShape shape;
  const float* const r = correlation_;
  constexpr float kLeast = kFullScaleDbm0 - 127;
  shape.level_dbm0 = mean_square_ > 1e-3F ? bounded(dbm0_of_mean_square(mean_square_), kLeast, kFullScaleDbm0) : kLeast;
  shape.order = static_cast<uint8_t>(order < kMaxNoiseOrder ? order : kMaxNoiseOrder);
  if (!(r[0] > 1e-3F)) return shape;
  const float whole = r[0] * kWhitening;
  float error = whole;
  float a[kMaxNoiseOrder + 1] = {1};
  for (std::size_t m = 1; m <= shape.order; ++m) {
    float sum = 0;
    for (std::size_t i = 0; i < m; ++i) sum += a[i] * r[m - i];
    const float k = -sum / error;
    if (!(k > -kMaxReflection && k < kMaxReflection) || error * (1 - k * k) < kLeastError * whole) break;
    lengthen(a, m, k);
    error *= 1 - k * k;
    shape.reflection[m - 1] = k;
  }
  return shape;
}

void ComfortNoise::set(const NoiseShape& shape) {
  order_ = shape.order < kMaxNoiseOrder ? shape.order : kMaxNoiseOrder;
  float a[kMaxNoiseOrder + 1] = {1};
  float error = 1;
  for (std::size_t m = 1; m <= order_; ++m) {
    float k = bounded(shape.reflection[m - 1], -kMaxReflection, kMaxReflection);
    if (error * (1 - k * k) < kLeastError) k = 0;
    lengthen(a, m, k);
    error *= 1 - k * k;
  }
  for (std::size_t i = 0; i < kMaxNoiseOrder; ++i) predictor_[i] = i < order_ ? a[i + 1] : 0;
  // The filter amplifies power by 1/error. A number evenly spread over −1 … 1 has a third.
  const float level = bounded(shape.level_dbm0, kNothingDbm0, kFullScaleDbm0);
  scale_ = level <= kFullScaleDbm0 - 126.5F ? 0 : std::sqrt(3 * error * mean_square_of_dbm0(level));
}

void ComfortNoise::process(int16_t* block) {
  float line[kMaxNoiseOrder + kBlock];  // memory, oldest first, and what is made behind it
  for (std::size_t m = 0; m < kMaxNoiseOrder; ++m) line[m] = memory_[m];
  for (std::size_t i = 0; i < kBlock; ++i) {
    // Marsaglia's xorshift: period 2^32 − 1, six days of one channel.
    random_ ^= random_ << 13;
    random_ ^= random_ >> 17;
    random_ ^= random_ << 5;
    const float white = static_cast<float>(static_cast<int32_t>(random_)) * (1.0F / 2147483648.0F);
    float* const now = line + kMaxNoiseOrder + i;
    float y = white * scale_;
    // The latest last: all but that product is done by the time it is known.
    for (std::size_t m = order_; m > 0; --m) y -= predictor_[m - 1] * *(now - m);
    // A change of shape may ring up what the old one left; and no rest is kept that is too small for a normal number.
    y = bounded(y, -131072, 131072);
    *now = y > -1e-6F && y < 1e-6F ? 0 : y;
    const float sample = bounded(y, -32768, 32767);
    block[i] = static_cast<int16_t>(sample < 0 ? sample - 0.49F : sample + 0.49F);
  }
  for (std::size_t m = 0; m < kMaxNoiseOrder; ++m) memory_[m] = line[kBlock + m];
}

}  // namespace cordboard::dsp
