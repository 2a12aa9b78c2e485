// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/automatic_gain.hpp"

#include <bit>
#include <cmath>

#include "dsp/decibels.hpp"

namespace cordboard::dsp {
namespace {

constexpr float kBlockSeconds = 0.02F;
// The mean of all speech so far becomes one with a time constant of 1 s: right soon after the first word, and able to
// follow another talker.
constexpr uint32_t kFullMemory = 50;
constexpr float kBoundedGainDb = 24;  // 32768 × 16 stays far from the end of an int32
constexpr float kBoundedLossDb = 60;

// Limiter: a ≤ knee passes; above it, knee + d/(1 + bend d) with d = a − knee, which leaves the knee with slope 1. The
// bend is chosen so that the largest sample there is, times the gain, comes out as 32767.
constexpr float kKnee = 23197;
constexpr float kRoom = 32767 - kKnee;

float bend_of(float gain) {
  const float beyond = 32768 * gain - kKnee;
  return beyond > kRoom ? 1 / kRoom - 1 / beyond : 0;
}

float bounded(float value, float low, float high) { return value > high ? high : value > low ? value : low; }

int32_t peak_of(const int16_t* block) {
  int16_t low = 0, high = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    low = block[i] < low ? block[i] : low;
    high = block[i] > high ? block[i] : high;
  }
  return -low > high ? -low : high;
}

/// To the nearest whole number, for |sample| < 2^21: beside 1.5 × 2^23 a float has no fraction, and the low half of its
/// bits is the number. Unlike a conversion it leaves room for vectors in plain code.
inline int16_t rounded(float sample) {
  return static_cast<int16_t>(std::bit_cast<uint32_t>(sample + 12582912.0F) & 0xFFFFU);
}

/// x if above 0, else 0, without a branch that would keep a loop from becoming vectors.
inline float positive_part(float x) { return 0.5F * (x + std::fabs(x)); }

/// Gain (and bend) of sample i is its end less what is still to come, so that the last one has exactly the end's.
constexpr float kStep = 1.0F / kBlock;

void amplify(int16_t* block, float gain, float change) {
  for (int32_t i = 0; i < static_cast<int32_t>(kBlock); ++i) {
    const float factor = gain - change * static_cast<float>(static_cast<int32_t>(kBlock) - 1 - i);
    block[i] = rounded(static_cast<float>(block[i]) * factor);
  }
}

void amplify_and_limit(int16_t* block, float gain, float change, float bend, float bend_change) {
  for (int32_t i = 0; i < static_cast<int32_t>(kBlock); ++i) {
    const auto left = static_cast<float>(static_cast<int32_t>(kBlock) - 1 - i);
    const float sample = static_cast<float>(block[i]) * (gain - change * left);
    const float magnitude = std::fabs(sample);
    const float beyond = positive_part(magnitude - kKnee);
    const float bent = magnitude - beyond + beyond / (1 + (bend - bend_change * left) * beyond);
    block[i] = rounded(std::copysign(bent - positive_part(bent - 32767), sample));
  }
}

}  // namespace

AutomaticGain::AutomaticGain(const AutomaticGainSettings& settings) : settings_(settings) {
  settings_.max_gain_db = bounded(settings.max_gain_db, 0, kBoundedGainDb);
  settings_.max_loss_db = bounded(settings.max_loss_db, 0, kBoundedLossDb);
  reset();
}

void AutomaticGain::reset() {
  gain_db_ = 0;
  gain_ = 1;
  bend_ = bend_of(1);
  speech_power_ = 0;
  speech_blocks_ = 0;
}

float AutomaticGain::speech_dbm0() const { return dbm0_of_mean_square(speech_power_); }

void AutomaticGain::choose_gain(const Activity& activity) {
  const bool speech = activity.speaking && activity.loud && !activity.tonal;
  // What noise allows; a gain below 0 dB needs no leave.
  const float room_db = settings_.max_noise_dbm0 - activity.floor_dbm0;
  const float most_db = bounded(room_db, 0, settings_.max_gain_db);
  float wanted_db = gain_db_ < most_db ? gain_db_ : most_db;
  if (speech) {
    speech_blocks_ += speech_blocks_ < kFullMemory ? 1 : 0;
    const float power = mean_square_of_dbm0(activity.level_dbm0);
    speech_power_ += (power - speech_power_) / static_cast<float>(speech_blocks_);
    wanted_db = bounded(settings_.target_dbm0 - speech_dbm0(), -settings_.max_loss_db, most_db);
  }
  const float step_db =
      bounded(wanted_db - gain_db_, -settings_.fall_db_per_s * kBlockSeconds, settings_.rise_db_per_s * kBlockSeconds);
  gain_db_ += step_db;
}

void AutomaticGain::process(int16_t* block, const Activity& activity) {
  const float gain_before = gain_, bend_before = bend_, gain_before_db = gain_db_;
  choose_gain(activity);
  if (gain_db_ == 0 && gain_ == 1) return;
  if (gain_db_ != gain_before_db) {
    gain_ = gain_db_ == 0 ? 1 : gain_of_db(gain_db_);
    bend_ = bend_of(gain_);
  }
  const float change = (gain_ - gain_before) * kStep;
  const float largest = static_cast<float>(peak_of(block)) * (gain_ > gain_before ? gain_ : gain_before);
  if (largest <= kKnee) {
    amplify(block, gain_, change);
  } else {
    amplify_and_limit(block, gain_, change, bend_, (bend_ - bend_before) * kStep);
  }
}

}  // namespace cordboard::dsp
