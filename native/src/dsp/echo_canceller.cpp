// SPDX-License-Identifier: GPL-2.0-or-later
// The filters of the echo canceller and which of the two is heard.
//
// The background filter takes a step every 16 samples, from 16 errors made with the same coefficients (block LMS): that
// is what vectors need, and with whitened signals, whose successive vectors are nearly orthogonal, it converges as fast
// as a step each sample. The whole span of the reference is whitened anew each block, so that errors and reference have
// passed the same filter.
#include "dsp/echo_canceller.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cordboard::dsp {
namespace {

constexpr float kScale = 1 << kEchoQ;

// Power per sample, -50 dBm0: below it the reference teaches nothing.
constexpr float kMinReference = 2600;
// Twice the power of A-law's idle code: the echo of that is nothing.
constexpr float kIdle = 128;
// Below this the line's error is quantisation: nothing is compared.
constexpr float kMinCompared = 100;

// The predictor. What is added to the signal's power keeps it well-conditioned; a smaller error than kNarrow of the
// power, -26 dB, is that of tones.
constexpr float kWhiteShare = 3e-4F;
constexpr float kWhiteFloor = 20;
constexpr float kNarrow = 2.5e-3F;

// Steps of the adaptation; 1 would be the fastest without noise.
constexpr float kFastStep = 0.6F;
constexpr float kUncertainStep = 0.4F;
constexpr float kFineStep = 0.1F;
// The fine step is taken when the fast one has brought nothing for a block per so many taps.
constexpr std::size_t kTapsPerSteadyBlock = 5;
// Added to the whitened reference's power per sample: the line's quantisation noise, whitened.
constexpr float kStepFloor = 100;

// When the background filter is taken over: this share of the foreground's error for so many blocks in a row.
constexpr float kBetter = 0.8F;
constexpr uint16_t kBetterBlocks = 3;
// Or a smaller one over a longer time, which is what can be had while the near end talks too.
constexpr float kSlightlyBetter = 0.93F;
constexpr float kSlightLead = 0.03F;
constexpr uint16_t kSlightlyBetterBlocks = 20;
// And when it is given up.
constexpr float kWorse = 2;
constexpr uint16_t kWorseBlocks = 3;
// An estimate that adds to the line's power instead of taking from it, for so many blocks, is dropped; if it has the
// size of an echo, -27 dB of the reference, and is not what a long filter leaves of a sentence just over.
constexpr float kLouder = 1.5F;
constexpr float kLouderShare = 2e-3F;
constexpr uint16_t kLouderBlocks = 2;

constexpr float kSumMemory = 0.6F;
constexpr float kLongMemory = 0.95F;

std::size_t taps_of(const EchoCancellerSettings& settings) {
  return std::clamp<std::size_t>((std::min(settings.taps, kMaxEchoTaps) + 63) / 64 * 64, 64, kMaxEchoTaps);
}

int16_t saturated(int32_t value) { return static_cast<int16_t>(std::clamp(value, -32768, 32767)); }

/// The echo estimate from a filter's sum.
int32_t rounded(int32_t sum) { return ((sum >> (kEchoQ - 1)) + 1) >> 1; }

float per_sample(uint64_t energy, std::size_t samples) {
  return static_cast<float>(energy) / static_cast<float>(samples);
}

}  // namespace

EchoCanceller::EchoCanceller(const EchoCancellerSettings& settings, const Kernels& set, const EchoKernels& echo_set)
    : set_(set),
      echo_set_(echo_set),
      settings_(settings),
      taps_(taps_of(settings)),
      delay_(std::min(settings.bulk_delay_samples, kMaxEchoDelay)),
      steady_limit_(static_cast<uint16_t>(taps_ / kTapsPerSteadyBlock)),
      history_(delay_ + taps_ + kBlock),
      reference_(kEchoOrder + taps_ + kBlock),
      whitened_(taps_ + kBlock),
      energy_(whitened_.size() / kEchoStep),
      foreground_(taps_),
      background_(taps_),
      foreground_exact_(taps_),
      background_exact_(taps_) {
  reset();
}

void EchoCanceller::reset() {
  const auto clear = [](auto& values) { std::fill(values.begin(), values.end(), 0); };
  clear(history_), clear(reference_), clear(whitened_), clear(energy_);
  clear(foreground_), clear(background_), clear(foreground_exact_), clear(background_exact_);
  std::fill_n(correlation_, kEchoOrder + 1, 0.0F);
  std::fill_n(predictor_, kEchoOrder + 1, 0.0F);
  std::fill_n(error_, kEchoOrder + kBlock, 0.0F);
  std::fill_n(background_error_, kBlock, int16_t{0});
  line_sum_ = foreground_sum_ = background_sum_ = 0;
  foreground_long_ = background_long_ = lead_ = 0;
  converged_share_ = 1;
  better_blocks_ = worse_blocks_ = louder_blocks_ = compared_blocks_ = 0;
  steady_blocks_ = 0;
  adopted_ = 0;
  rested_ = disabled_ = frozen_ = false;
  tones_ = {};
  suppressor_ = EchoSuppressor({.suppress = settings_.suppress, .comfort_noise = settings_.comfort_noise});
}

EchoStatus EchoCanceller::status() const {
  const float ratio = foreground_sum_ > 0 && adopted_ > 0 ? line_sum_ / foreground_sum_ : 1;
  constexpr float kFullScalePower = 32768.0F * 32768.0F / 2;
  const float noise = std::max(suppressor_.noise_power(), 1.0F);
  return {.call = tones_.call(),
          .cancelling = !disabled_ && tones_.call() != EchoCall::kDataModem,
          .suppressing = suppressor_.suppressing(),
          .adopted = adopted_,
          .erle_db = 10 * std::log10(std::max(ratio, 1e-3F)),
          .noise_dbm0 = static_cast<float>(kFullScaleSineDbm0) + 10 * std::log10(noise / kFullScalePower)};
}

void EchoCanceller::take_reference(const int16_t* reference) {
  std::memmove(history_.data(), history_.data() + kBlock, (delay_ + taps_) * sizeof(int16_t));
  std::memcpy(history_.data() + delay_ + taps_, reference, kBlock * sizeof(int16_t));
  std::memmove(reference_.data(), reference_.data() + kBlock, (kEchoOrder + taps_) * sizeof(float));
  const int16_t* delayed = history_.data() + taps_;
  float* out = reference_.data() + kEchoOrder + taps_;
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = delayed[i];
}

/// Makes the whitening filter for this block (Levinson and Durbin). False if the reference is a few tones.
bool EchoCanceller::predict() {
  float latest[kEchoOrder + 1];
  echo_set_.autocorrelate(reference_.data() + kEchoOrder + taps_, latest, kBlock);
  // The span to be whitened is a block and the taps.
  const float memory = static_cast<float>(taps_) / static_cast<float>(taps_ + 2 * kBlock);
  for (std::size_t k = 0; k <= kEchoOrder; ++k) correlation_[k] = memory * correlation_[k] + latest[k];

  float a[kEchoOrder + 1] = {1};
  const float power = correlation_[0] * (1 + kWhiteShare) + kWhiteFloor * kBlock;
  float error = power;
  for (std::size_t m = 1; m <= kEchoOrder; ++m) {
    float sum = correlation_[m];
    for (std::size_t j = 1; j < m; ++j) sum += a[j] * correlation_[m - j];
    const float reflection = -sum / error;
    if (!(reflection > -1 && reflection < 1)) break;  // by rounding
    float next[kEchoOrder + 1];
    for (std::size_t j = 1; j < m; ++j) next[j] = a[j] + reflection * a[m - j];
    std::copy_n(next + 1, m - 1, a + 1);
    a[m] = reflection;
    error *= 1 - reflection * reflection;
  }
  std::copy_n(a, kEchoOrder + 1, predictor_);
  return error > kNarrow * power;
}

float EchoCanceller::step_size(float foreground) const {
  if (background_sum_ < 0.5F * foreground_sum_) return kFastStep;
  if (steady_blocks_ < steady_limit_) return kFastStep;
  // At its best, the filter is refined; with more error than that, either the near end talks or the line has changed.
  const bool settled = foreground < 4 * converged_share_ * line_sum_;
  return settled ? kFineStep : kUncertainStep;
}

/// `stride` 2 leaves out every second step; there the foreground's error stands in for the background's.
void EchoCanceller::adapt(const int16_t* line, const int16_t* foreground_error, float step, std::size_t stride) {
  const int16_t* delayed = history_.data();
  echo_set_.whiten(reference_.data() + kEchoOrder, predictor_, whitened_.data(), energy_.data(), whitened_.size());
  std::memmove(error_, error_ + kBlock, kEchoOrder * sizeof(float));
  const std::size_t groups = taps_ / kEchoStep;
  float energy = 0;
  for (std::size_t g = 0; g < groups; ++g) energy += energy_[g];
  const float floor = kStepFloor * static_cast<float>(taps_);
  for (std::size_t at = 0; at < kBlock; at += kEchoStep) {
    float* error = error_ + kEchoOrder + at;
    energy += energy_[groups + at / kEchoStep];
    const float factor = step * kScale / (energy + floor);
    energy = std::max(energy - energy_[at / kEchoStep], 0.0F);
    if (stride == 2 && at % (2 * kEchoStep) == 0) {
      for (std::size_t k = 0; k < kEchoStep; ++k) error[k] = background_error_[at + k] = foreground_error[at + k];
      continue;
    }
    int32_t estimate[kEchoStep];
    echo_set_.fir(delayed + at + 1, background_.data(), taps_, estimate, kEchoStep);
    for (std::size_t k = 0; k < kEchoStep; ++k) {
      const int16_t e = saturated(line[at + k] - rounded(estimate[k]));
      background_error_[at + k] = e;
      error[k] = e;
    }
    float g[kEchoStep];
    float unused;
    echo_set_.whiten(error, predictor_, g, &unused, kEchoStep);
    for (float& value : g) value *= factor;
    echo_set_.adapt(background_exact_.data(), background_.data(), whitened_.data() + at + 1, g, taps_);
  }
}

void EchoCanceller::copy_to_foreground() {
  foreground_ = background_;
  foreground_exact_ = background_exact_;
  better_blocks_ = worse_blocks_ = compared_blocks_ = 0;
  foreground_long_ = background_long_ = lead_ = 0;
  ++adopted_;
}

void EchoCanceller::copy_to_background() {
  background_ = foreground_;
  background_exact_ = foreground_exact_;
  better_blocks_ = worse_blocks_ = compared_blocks_ = 0;
  foreground_long_ = background_long_ = lead_ = 0;
}

/// Powers of this block decide which filter is the better one.
void EchoCanceller::choose(float line, float foreground, float background) {
  line_sum_ = kSumMemory * line_sum_ + line;
  foreground_sum_ = kSumMemory * foreground_sum_ + foreground;
  background_sum_ = kSumMemory * background_sum_ + background;
  if (adopted_ > 0 && foreground_sum_ < line_sum_) {
    const float share = foreground_sum_ / line_sum_;
    converged_share_ = share < converged_share_ ? converged_share_ + 0.2F * (share - converged_share_)
                                                : std::min(converged_share_ * 1.003F, 1.0F);
  }
  if (foreground < kMinCompared && background < kMinCompared) return;
  const auto in_a_row = [](uint16_t& blocks, bool so) {
    blocks = so ? static_cast<uint16_t>(std::min(blocks + 1, 1000)) : uint16_t{0};
    return blocks;
  };
  if (steady_blocks_ < steady_limit_) ++steady_blocks_;
  const bool useful = background < line;
  in_a_row(better_blocks_, useful && background < kBetter * foreground && background_sum_ < kBetter * foreground_sum_);
  foreground_long_ = kLongMemory * foreground_long_ + foreground;
  background_long_ = kLongMemory * background_long_ + background;
  compared_blocks_ = static_cast<uint16_t>(std::min(compared_blocks_ + 1, 1000));
  // By the blocks' ratios too, or one loud block would outvote all the others.
  lead_ = kLongMemory * lead_ + (1 - kLongMemory) * (foreground - background) / (foreground + background);
  const bool slightly_better = useful && lead_ > kSlightLead && compared_blocks_ >= kSlightlyBetterBlocks &&
                               background_long_ < kSlightlyBetter * foreground_long_;
  in_a_row(worse_blocks_, background > kWorse * foreground);
  const bool ahead = better_blocks_ >= kBetterBlocks;
  if (ahead || (slightly_better && background_long_ < kBetter * foreground_long_)) steady_blocks_ = 0;
  if (ahead || slightly_better) {
    copy_to_foreground();
    foreground_sum_ = background_sum_;
  } else if (worse_blocks_ >= kWorseBlocks) {
    copy_to_background();
    background_sum_ = foreground_sum_;
  }
}

void EchoCanceller::process(const int16_t* reference, int16_t* near_end) {
  const EchoCall call =
      settings_.tone_disabler ? tones_.process(reference, near_end, set_, echo_set_) : EchoCall::kSpeech;
  take_reference(reference);
  if (disabled_ || call == EchoCall::kDataModem) return;

  int16_t line[kBlock];
  std::memcpy(line, near_end, sizeof line);
  const float spoken = per_sample(set_.power(history_.data(), taps_ + kBlock), taps_ + kBlock);
  int16_t estimate[kBlock] = {};
  if (spoken > kIdle) {
    int32_t sums[kBlock];
    echo_set_.fir(history_.data() + 1, foreground_.data(), taps_, sums, kBlock);
    for (std::size_t i = 0; i < kBlock; ++i) {
      const int32_t echo = rounded(sums[i]);
      estimate[i] = saturated(echo);
      near_end[i] = saturated(line[i] - echo);
    }
  }

  const float line_power = per_sample(set_.power(line, kBlock), kBlock);
  const float foreground = per_sample(set_.power(near_end, kBlock), kBlock);
  const float step = step_size(foreground_sum_);
  // Where there is little to gain the background filter takes every second block, and of that every second step.
  rested_ = step == kFineStep && !rested_;
  const bool learning = !rested_ && !frozen_ && spoken > kMinReference && predict();
  if (!learning) {
    for (std::size_t i = 0; i < kEchoOrder; ++i) error_[kBlock + i] = near_end[kBlock - kEchoOrder + i];
  } else {
    adapt(line, near_end, step, step == kFastStep ? 1 : 2);
    choose(line_power, foreground, per_sample(set_.power(background_error_, kBlock), kBlock));
  }
  // An echo that is no longer there (the line opened, or went to another place).
  const bool louder = foreground > std::max(kLouder * line_power + kMinCompared, kLouderShare * spoken);
  louder_blocks_ = louder && !frozen_ ? static_cast<uint16_t>(louder_blocks_ + 1) : uint16_t{0};
  if (louder_blocks_ >= kLouderBlocks) {
    louder_blocks_ = 0;
    std::fill(foreground_.begin(), foreground_.end(), int16_t{0});
    std::fill(foreground_exact_.begin(), foreground_exact_.end(), 0.0F);
    std::memcpy(near_end, line, sizeof line);
    std::fill_n(estimate, kBlock, int16_t{0});
    foreground_sum_ = line_sum_;
    converged_share_ = 1;
    steady_blocks_ = 0;
  }
  const bool converging = spoken > kMinReference && steady_blocks_ < steady_limit_ && !frozen_;
  suppressor_.process(estimate, near_end, call == EchoCall::kSpeech, learning, converging, set_, echo_set_);
}

}  // namespace cordboard::dsp
