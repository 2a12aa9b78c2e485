// SPDX-License-Identifier: GPL-2.0-or-later
// The suppressor's decisions. The whole block is at hand when its first sample goes out, so a gain that has to be back
// at 1 when the near end sets in opens a step before, unless that lies in the block already sent.
#include "dsp/echo_suppressor.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr float kMaxShare = 0.03F;  // -15 dB
constexpr float kMinShare = 3e-5F;  // -45 dB: below what A-law leaves

// Above the residual to expect, which is an average: speech varies about it.
constexpr float kNearOverResidual = 8;
constexpr float kNearOverNoise = 4;
// Two of A-law's smallest steps: the least that is taken for the near end.
constexpr float kNearFloor = 16 * 16;

constexpr float kEchoFloor = 1000;  // -54 dBm0: an echo below that is left to the noise
constexpr float kTailDecay = 0.7F;  // per step

// The near end is still taken to talk for so many steps: after a sound, and after speech.
constexpr uint16_t kShortHang = 12;
constexpr uint16_t kLongHang = 40;
constexpr uint16_t kSpeechSteps = 5;

constexpr uint16_t kMinimumBlocks = 50;
constexpr float kQuietNoise = 64;  // A-law's idle code

constexpr float kMaxNoise = 4e6F;  // -18 dBm0: louder than that it is no noise

constexpr std::size_t kNoiseTable = 1024;

/// Noise of unit power, long enough to be begun anywhere for a block and its predecessor.
constexpr auto kNoise = [] {
  std::array<float, kNoiseTable + kBlock + 1> table{};
  uint32_t random = 12345;
  double values[kNoiseTable] = {};
  double power = 0, mean = 0;
  for (double& value : values) {
    for (int i = 0; i < 4; ++i) {  // near enough to a normal distribution
      random = random * 1664525 + 1013904223;
      value += static_cast<double>(random >> 8) / 8388608.0 - 1;
    }
    mean += value / kNoiseTable;
  }
  for (const double value : values) power += (value - mean) * (value - mean) / kNoiseTable;
  double root = 1;
  for (int i = 0; i < 30; ++i) root = (root + power / root) / 2;
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<float>((values[i % kNoiseTable] - mean) / root);
  }
  return table;
}();

/// To the nearest, of a value that fits.
inline int16_t to_sample(float value) { return static_cast<int16_t>(static_cast<int32_t>(value + 32768.5F) - 32768); }

}  // namespace

void EchoSuppressor::follow_noise(const int16_t* signal, float power, bool echo, const EchoKernels& set) {
  if (echo) return;
  smooth_ = smooth_ == 0 ? power : smooth_ + 0.4F * (power - smooth_);
  const float lowest = std::max(smooth_, 1.0F);
  minimum_[0] = minimum_[0] == 0 ? lowest : std::min(minimum_[0], lowest);
  if (++blocks_ >= kMinimumBlocks) {
    minimum_[1] = minimum_[0];
    minimum_[0] = lowest;
    blocks_ = 0;
  }
  const float minimum = minimum_[1] == 0 ? minimum_[0] : std::min(minimum_[0], minimum_[1]);
  if (power > 2.5F * minimum) return;
  // Blocks that are noise by the minimum, averaged: the minimum alone would be too low.
  noise_ = noise_ == 0 ? power : noise_ + 0.08F * (power - noise_);
  if (noise_ > 3 * minimum) noise_ = minimum;
  int32_t lags[16];
  set.fir(signal, signal, kBlock - 16, lags, 16);
  // 144 products; louder noise than this leaves 32 bits and keeps the slope it had.
  if (power < 1e7F && lags[0] > 0) {
    const float first = std::clamp(static_cast<float>(lags[1]) / static_cast<float>(lags[0]), -0.45F, 0.45F);
    slope_ += 0.08F * (first - slope_);
  }
}

void EchoSuppressor::learn_share(float estimate, float power) {
  const float share = power / estimate;
  if (share < 10 * share_) {
    share_ += 0.05F * (share - share_);
  } else {
    share_ *= 1.002F;  // the near end talks, or the line has changed: 0.4 dB a second
  }
  share_ = std::clamp(share_, kMinShare, kMaxShare);
}

void EchoSuppressor::process(const int16_t* estimate, int16_t* signal, bool allowed, bool learning, bool converging,
                             const Kernels& set, const EchoKernels& echo_set) {
  float targets[kSteps];
  float echo_power = 0, power = 0;
  const float noise = std::max(noise_, kQuietNoise);
  for (std::size_t s = 0; s < kSteps; ++s) {
    const float echo = static_cast<float>(set.power(estimate + s * kStep, kStep)) / kStep;
    const float here = static_cast<float>(set.power(signal + s * kStep, kStep)) / kStep;
    echo_power += echo / kSteps;
    power += here / kSteps;
    tail_ = std::max(echo, kTailDecay * tail_);
    if (here > kNearOverResidual * share_ * tail_ + kNearOverNoise * noise + kNearFloor) {
      near_steps_ = std::min<uint16_t>(near_steps_ + 1, kSpeechSteps);
      hang_ = std::max(hang_, near_steps_ >= kSpeechSteps ? kLongHang : kShortHang);
    } else {
      near_steps_ = 0;
      if (hang_ > 0) --hang_;
    }
    targets[s] = hang_ == 0 && tail_ > kEchoFloor ? 0.0F : 1.0F;
  }
  const bool echo = converging || (tail_ > kEchoFloor && share_ * echo_power > 0.1F * noise);
  follow_noise(signal, power, echo, echo_set);
  if (learning && echo_power > 10 * kEchoFloor) learn_share(echo_power, power);
  if (!allowed || !settings_.suppress) {
    gain_ = 1;
    return;
  }
  for (std::size_t s = 0; s + 1 < kSteps; ++s) targets[s] = std::max(targets[s], targets[s + 1]);
  fade(signal, targets);
}

void EchoSuppressor::fade(int16_t* signal, const float* targets) {
  random_ = random_ * 1664525 + 1013904223;
  const float* source = kNoise.data() + (random_ >> 22);
  // White noise through b0 + b1 z⁻¹ has the first correlation b0 b1 when b0² + b1² = 1.
  const float plus = std::sqrt(1 + 2 * slope_), minus = std::sqrt(1 - 2 * slope_);
  const float level = settings_.comfort_noise ? std::sqrt(std::min(noise_, kMaxNoise)) * 0.5F : 0.0F;
  const float b0 = level * (plus + minus), b1 = level * (plus - minus);
  for (std::size_t s = 0; s < kSteps; ++s, signal += kStep, source += kStep) {
    const float from = gain_;
    // Opened within a step; closed in two.
    const float to = targets[s] > from ? targets[s] : std::max(targets[s], from - 0.5F);
    gain_ = to;
    if (from == 1 && to == 1) continue;
    if (from == 0 && to == 0) {  // the usual case by far, and the cheapest
      for (std::size_t i = 0; i < kStep; ++i) signal[i] = to_sample(b0 * source[i + 1] + b1 * source[i]);
      continue;
    }
    const float gain_step = (to - from) / kStep;
    const float noise_from = std::sqrt(1 - from * from);
    const float noise_step = (std::sqrt(1 - to * to) - noise_from) / kStep;
    for (int i = 0; i < static_cast<int>(kStep); ++i) {
      const auto at = static_cast<float>(i);
      const float filler = (b0 * source[i + 1] + b1 * source[i]) * (noise_from + noise_step * at);
      const float value = static_cast<float>(signal[i]) * (from + gain_step * at) + filler;
      signal[i] = to_sample(std::min(std::max(value, -32767.0F), 32767.0F));
    }
  }
}

}  // namespace cordboard::dsp
