// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/voice_activity.hpp"

#include "dsp/decibels.hpp"

namespace cordboard::dsp {
namespace {

constexpr uint32_t kBlockMs = 20;

// What a line is taken to be until it has been heard.
constexpr float kFirstFloorDbm0 = -60;
// The 160 samples of white noise vary by 0.5 dB (one sigma) from block to block, those of noise with a tilted spectrum
// by 1 dB; 25 blocks of either stay within 5 dB, and half a second of speech does not. Music does at times; but then it
// is well predictable, which few noises are, and those have to last for longer.
constexpr float kSteadyRangeDb = 5;
constexpr uint32_t kSteadyBlocks = 25;
constexpr uint32_t kSteadyBlocksIfPredictable = 95;
constexpr uint32_t kMostSteadyBlocks = 100;
constexpr float kPredictable = 0.2F;
// How fast the floor follows, per block: towards quieter blocks, towards the mean of noise, and upwards while something
// sounds. The last finds new noise behind speech without a pause; speech's own valleys hold it down.
constexpr float kFallShare = 0.2F;
constexpr float kNoiseShare = 0.2F;
constexpr float kMeanShare = 0.05F;
constexpr float kCreepDb = 0.0F;
// Above the threshold: an onset that needs no second block as a witness.
constexpr float kClearOnsetDb = 4;

// A tone holds its level better still: to 2 dB, with the beat of two frequencies in it.
constexpr float kToneRangeDb = 2;
constexpr uint32_t kToneBlocks = 10;  // steady before it is looked at, and then every half of that
constexpr int kToneOrder = 4;         // two frequencies
// Of the power: what a tone leaves unpredicted. Noise of a tilted spectrum leaves a tenth.
constexpr float kToneResidual = 0.03F;
constexpr float kNoToneResidual = 0.3F;  // once it is one

/// Share of a block's power that prediction from the last four samples leaves, by Levinson's recursion. The
/// autocorrelation is not tapered, so that for one or two sines the share is near 0, at times below.
float unpredicted(const int16_t* block, uint64_t power) {
  // Every partial sum of products is at most the power (Cauchy and Schwarz); 30 bits leave room.
  int shift = 0;
  while ((power >> (2 * shift)) >= (uint64_t{1} << 30)) ++shift;
  int16_t x[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i) x[i] = static_cast<int16_t>(block[i] >> shift);
  float r[kToneOrder + 1];
  for (std::size_t lag = 0; lag <= kToneOrder; ++lag) {
    int32_t sum = 0;
    for (std::size_t i = 0; i + lag < kBlock; ++i) sum += x[i] * x[i + lag];
    r[lag] = static_cast<float>(sum) / static_cast<float>(kBlock - lag);
  }
  if (!(r[0] > 0)) return 1;
  float error = r[0];
  float a[kToneOrder + 1] = {1};
  for (int m = 1; m <= kToneOrder; ++m) {
    float sum = 0;
    for (int i = 0; i < m; ++i) sum += a[i] * r[m - i];
    const float k = -sum / error;
    for (int i = 1; i <= m / 2; ++i) {
      const float low = a[i], high = a[m - i];
      a[i] = low + k * high;
      a[m - i] = high + k * low;
    }
    a[m] = k;
    error *= 1 - k * k;
    if (error <= kToneResidual * r[0]) return 0;
  }
  return error / r[0];
}

}  // namespace

VoiceActivity::VoiceActivity(const VoiceActivitySettings& settings)
    : settings_(settings), hangover_blocks_((settings.hangover_ms < 60000 ? settings.hangover_ms : 60000) / kBlockMs) {
  reset();
}

void VoiceActivity::reset() {
  floor_ = kFirstFloorDbm0;
  steady_min_ = steady_max_ = steady_sum_ = 0;
  steady_blocks_ = 0;
  remaining_ = 0;
  was_loud_ = false;
  tonal_ = predictable_ = false;
}

void VoiceActivity::follow_floor(float level) {
  if (steady_blocks_ >= (predictable_ ? kSteadyBlocksIfPredictable : kSteadyBlocks) && !tonal_) {
    floor_ += kNoiseShare * (steady_sum_ / static_cast<float>(steady_blocks_) - floor_);
  } else if (level < floor_) {
    floor_ += kFallShare * (level - floor_);
  } else if (remaining_ == 0) {
    floor_ += kMeanShare * (level - floor_);
  } else if (!tonal_) {
    floor_ += kCreepDb;
  }
}

Activity VoiceActivity::process(const int16_t* block, const Kernels& set) {
  const uint64_t power = set.power(block, kBlock);
  const float level = level_dbm0(power, kBlock);

  steady_min_ = level < steady_min_ ? level : steady_min_;
  steady_max_ = level > steady_max_ ? level : steady_max_;
  // Two seconds are long enough to know the mean; then half of it is forgotten, to follow slow changes.
  if (steady_blocks_ == 0 || steady_max_ - steady_min_ > kSteadyRangeDb) {
    steady_min_ = steady_max_ = level;
    steady_sum_ = 0;
    steady_blocks_ = 0;
    tonal_ = predictable_ = false;
  } else if (steady_blocks_ == kMostSteadyBlocks) {
    steady_sum_ *= 0.5F;
    steady_blocks_ /= 2;
  }
  steady_sum_ += level;
  ++steady_blocks_;

  const float threshold =
      floor_ + settings_.margin_db > settings_.min_level_dbm0 ? floor_ + settings_.margin_db : settings_.min_level_dbm0;
  const bool loud = level > threshold;
  if (loud && steady_blocks_ >= kToneBlocks && steady_blocks_ % (kToneBlocks / 2) == 0) {
    const float rest = unpredicted(block, power);
    const bool tone = rest <= (tonal_ ? kNoToneResidual : kToneResidual);
    tonal_ = tone && steady_max_ - steady_min_ <= kToneRangeDb;
    predictable_ = rest <= kPredictable;
    if (tone && !tonal_) steady_blocks_ = 0;  // it began within something else: look at it alone
  }

  const bool before = remaining_ > 0;
  if (loud && (before || was_loud_ || level > threshold + kClearOnsetDb)) {
    remaining_ = hangover_blocks_ + 1;
  } else if (remaining_ > 0) {
    --remaining_;
  }
  was_loud_ = loud;
  follow_floor(level);
  const bool speaking = remaining_ > 0;
  return {.speaking = speaking,
          .began = speaking && !before,
          .ended = before && !speaking,
          .loud = loud,
          .tonal = speaking && tonal_,
          .level_dbm0 = level,
          .floor_dbm0 = floor_};
}

}  // namespace cordboard::dsp
