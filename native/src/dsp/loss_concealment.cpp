// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/loss_concealment.hpp"

#include <cmath>
#include <cstring>
#include <initializer_list>

namespace cordboard::dsp {
namespace {

// What is compared with itself one period earlier. Appendix I takes 20 ms; 12.5 ms follow a voice that glides better
// (1 dB of signal to noise in what is filled in), and still hold most of the longest period.
constexpr std::size_t kWindow = 100;
constexpr uint32_t kSilentAfterUnits = 6;
constexpr float kFadePerSample = 0.2F / 80;

/// How loud sample i of a loss is.
constexpr float fade(std::size_t i) {
  if (i < SpokenLoss::kUnit) return 1;
  const float gain = 1 - kFadePerSample * static_cast<float>(i - SpokenLoss::kUnit);
  return gain > 0 ? gain : 0;
}

int16_t rounded(float sample) {
  const auto whole = static_cast<int32_t>(sample + (sample < 0 ? -0.5F : 0.5F));
  return static_cast<int16_t>(whole > 32767 ? 32767 : whole < -32768 ? -32768 : whole);
}

/// Likeness of the last window before `end` and the one `lag` earlier, looking at every `step`-th sample.
double likeness(const int16_t* end, std::size_t lag, std::size_t step) {
  int64_t product = 0, energy = 0;
  for (const int16_t* x = end - kWindow; x < end; x += step) {
    const int32_t earlier = x[-static_cast<std::ptrdiff_t>(lag)];
    product += int64_t{*x} * earlier;
    energy += int64_t{earlier} * earlier;
  }
  // Correlation over the root of the energy; a period of silence is like nothing.
  constexpr double kLeastEnergy = 200;
  const auto bounded = static_cast<double>(energy);
  return static_cast<double>(product) / std::sqrt(bounded > kLeastEnergy ? bounded : kLeastEnergy);
}

}  // namespace

void SpokenLoss::begin(const int16_t* heard) {
  std::memcpy(heard_, heard, sizeof heard_);
  const int16_t* const end = heard_ + kHistory;
  std::size_t best = kMaxPitch;
  double most = likeness(end, best, 2);
  for (std::size_t lag = kMaxPitch - 2; lag >= kMinPitch; lag -= 2) {
    const double like = likeness(end, lag, 2);
    if (like > most) most = like, best = lag;
  }
  const std::size_t coarse = best;
  most = likeness(end, coarse, 1);
  for (const std::size_t lag : {coarse - 1, coarse + 1}) {
    if (lag < kMinPitch || lag > kMaxPitch) continue;
    const double like = likeness(end, lag, 1);
    if (like > most) most = like, best = lag;
  }
  pitch_ = static_cast<uint32_t>(best);
  at_ = 0;
  periods_ = 1;
  lost_units_ = 0;
}

/// The last periods as a ring: their last quarter of a period becomes what came before their beginning.
void SpokenLoss::repeat(float* out, std::size_t n) {
  const uint32_t length = periods_ * pitch_;
  const uint32_t quarter = pitch_ / 4;
  const int16_t* const ring = heard_ + kHistory - length;
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = ring[at_];
    if (at_ + quarter >= length) {
      const float in = static_cast<float>(at_ + quarter - length + 1) / static_cast<float>(quarter + 1);
      out[i] += in * (static_cast<float>(ring[static_cast<std::ptrdiff_t>(at_) - length]) - out[i]);
    }
    at_ = at_ + 1 == length ? 0 : at_ + 1;
  }
}

void SpokenLoss::speak(int16_t* out) {
  if (lost_units_ >= kSilentAfterUnits) {
    std::memset(out, 0, kUnit * sizeof *out);
    return;
  }
  float spoken[kUnit];
  const std::size_t quarter = pitch_ / 4;
  if (lost_units_ == 0) {
    repeat(spoken, kUnit);
    // What speech was ahead of its repetition at the seam, mirrored.
    for (std::size_t i = 0; i < quarter; ++i) {
      const float out_share = 1 - static_cast<float>(i + 1) / static_cast<float>(quarter + 1);
      const std::size_t mirrored = kHistory - 1 - i;
      spoken[i] += out_share * static_cast<float>(heard_[mirrored] - heard_[mirrored - pitch_]);
    }
  } else if (lost_units_ < 3) {
    // One period alone would soon be a buzz: take one more, from the same point of the oldest.
    float before[kMaxPitch / 4];
    const uint32_t at = at_;
    repeat(before, quarter);
    at_ = at % pitch_;
    periods_ = lost_units_ + 1;
    repeat(spoken, kUnit);
    for (std::size_t i = 0; i < quarter; ++i) {
      const float in = static_cast<float>(i + 1) / static_cast<float>(quarter + 1);
      spoken[i] = before[i] + in * (spoken[i] - before[i]);
    }
  } else {
    repeat(spoken, kUnit);
  }
  for (std::size_t i = 0; i < kUnit; ++i) out[i] = rounded(spoken[i] * fade(lost_units_ * kUnit + i));
  ++lost_units_;
}

void SpokenLoss::lead_over(int16_t* samples) {
  if (lost_units_ == 0) return;
  const std::size_t wanted = pitch_ / 4 + 32 * (lost_units_ - 1);
  const std::size_t overlap = wanted < kUnit ? wanted : kUnit;
  float spoken[kUnit];
  repeat(spoken, overlap);
  for (std::size_t i = 0; i < overlap; ++i) {
    const float in = static_cast<float>(i + 1) / static_cast<float>(overlap + 1);
    const float out = spoken[i] * fade(lost_units_ * kUnit + i);
    samples[i] = rounded(out + in * (static_cast<float>(samples[i]) - out));
  }
  lost_units_ = 0;
}

void LossConcealment::remember(const int16_t* unit) {
  std::memmove(history_, history_ + kUnit, (kHistory - kUnit) * sizeof *history_);
  std::memcpy(history_ + kHistory - kUnit, unit, kUnit * sizeof *history_);
}

void LossConcealment::lost(int16_t* samples, std::size_t n) {
  std::size_t done = 0;
  for (; done + kUnit <= n; done += kUnit) {
    if (!loss_.lost()) loss_.begin(history_);
    loss_.speak(samples + done);
    remember(samples + done);
  }
  if (done < n) std::memset(samples + done, 0, (n - done) * sizeof *samples);
}

void LossConcealment::good(int16_t* samples, std::size_t n) {
  if (n < kUnit) return;
  loss_.lead_over(samples);
  // Only the end of a long frame is ever needed.
  const std::size_t units = n / kUnit;
  constexpr std::size_t kUnitsOfHistory = kHistory / kUnit + 1;
  for (std::size_t u = units > kUnitsOfHistory ? units - kUnitsOfHistory : 0; u < units; ++u) {
    remember(samples + u * kUnit);
  }
}

}  // namespace cordboard::dsp
