// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/level_meter.hpp"

#include "dsp/decibels.hpp"

namespace cordboard::dsp {
namespace {

constexpr float kBlockMs = 20;

/// Share of a block in a mean of the given time constant: 1 − e^(−20 ms/t), and all of it for none.
float share_of(uint32_t time_ms) {
  return time_ms == 0 ? 1.0F : 1.0F - exp2_of(-1.44269504F * kBlockMs / static_cast<float>(time_ms));
}

}  // namespace

LevelMeter::LevelMeter(const LevelMeterSettings& settings)
    : clip_at_(settings.clip_at),
      level_share_(share_of(settings.integration_ms)),
      dc_share_(share_of(settings.dc_integration_ms)),
      peak_fall_(gain_of_db(-settings.peak_fall_db_per_s * kBlockMs / 1000)) {}

void LevelMeter::reset() {
  mean_square_ = peak_ = dc_ = 0;
  clipped_ = samples_ = 0;
}

void LevelMeter::process(const int16_t* block, const Kernels& set) {
  int32_t sum = 0;
  int16_t low = block[0], high = block[0];
  for (std::size_t i = 0; i < kBlock; ++i) {
    sum += block[i];
    low = block[i] < low ? block[i] : low;
    high = block[i] > high ? block[i] : high;
  }
  const int32_t largest = -low > high ? -low : high;
  if (largest >= clip_at_) {
    for (std::size_t i = 0; i < kBlock; ++i) clipped_ += block[i] >= clip_at_ || -block[i] >= clip_at_ ? 1 : 0;
  }
  samples_ += kBlock;
  constexpr float kSamples = kBlock;
  mean_square_ += level_share_ * (static_cast<float>(set.power(block, kBlock)) / kSamples - mean_square_);
  dc_ += dc_share_ * (static_cast<float>(sum) / kSamples - dc_);
  peak_ *= peak_fall_;
  peak_ = static_cast<float>(largest) > peak_ ? static_cast<float>(largest) : peak_;
}

LevelReading LevelMeter::reading() const {
  return {.level_dbm0 = dbm0_of_mean_square(mean_square_),
          .peak_dbm0 = dbm0_of_mean_square(peak_ * peak_ / 2),
          .dc_offset = dc_,
          .clipped = clipped_,
          .samples = samples_};
}

}  // namespace cordboard::dsp
