// SPDX-License-Identifier: GPL-2.0-or-later
// In windows of 5 ms the two tones are three widths of the main lobe apart, so they hardly disturb each other. The
// phase of a tone advances by a known angle per window; the rest, summed over the run, gives its frequency to a few
// hertz. The windows at the ends are filled in part: the energy in them says how far.
#include "dsp/alert_tone.hpp"

#include <array>
#include <cmath>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr double kHz[2] = {2130, 2750};
constexpr std::size_t kSamples = 40;
constexpr double kWindowMs = 5;
constexpr uint32_t kLongestRun = 1000;  // of windows: all beyond is too long anyhow

constexpr double cosine(double angle) { return table_sine(angle + kPi / 2); }

struct Row {
  float cosine[2], sine[2];
};

constexpr auto kTable = [] {
  std::array<Row, kSamples> table{};
  for (std::size_t n = 0; n < kSamples; ++n) {
    for (std::size_t t = 0; t < 2; ++t) {
      const double angle = 2 * kPi * kHz[t] * (static_cast<double>(n) - 19.5) / kSampleRateHz;
      table[n].cosine[t] = static_cast<float>(cosine(angle));
      table[n].sine[t] = static_cast<float>(table_sine(angle));
    }
  }
  return table;
}();

/// Of the phase in a window.
constexpr double nominal_advance(std::size_t tone) { return 2 * kPi * kHz[tone] * kSamples / kSampleRateHz; }

float ratio_of_db(double db) { return static_cast<float>(std::pow(10.0, db / 10)); }

}  // namespace

AlertToneDetector::AlertToneDetector(const AlertToneSettings& settings)
    // (40 A / 2)² for a tone of amplitude A, with 1 dB to spare.
    : min_power_(ratio_of_db(settings.min_level_dbm0 - 1 - kFullScaleSineDbm0) *
                 static_cast<float>(32768.0 * 32768.0 * kSamples * kSamples / 4)),
      max_ratio_(ratio_of_db(settings.max_twist_db)),
      min_share_(static_cast<float>(settings.min_share)),
      min_windows_(static_cast<float>(settings.min_ms / kWindowMs)),
      max_windows_(static_cast<float>(settings.max_ms / kWindowMs)) {
  static_assert(kSamples == kWindow);
  const double error = settings.max_frequency_error < 0.03 ? settings.max_frequency_error : 0.03;
  for (std::size_t t = 0; t < 2; ++t) min_cosine_[t] = static_cast<float>(cosine(nominal_advance(t) * error));
}

bool AlertToneDetector::process(const int16_t* block) {
  bool alerted = false;
  for (std::size_t i = 0; i < kBlock; i += kWindow) alerted |= take(transform(block + i));
  return alerted;
}

AlertToneDetector::Window AlertToneDetector::transform(const int16_t* samples) {
  float cosine0 = 0, cosine1 = 0, sine0 = 0, sine1 = 0, energy = 0;
  for (std::size_t n = 0; n < kWindow; ++n) {
    const auto x = static_cast<float>(samples[n]);
    cosine0 += x * kTable[n].cosine[0];
    cosine1 += x * kTable[n].cosine[1];
    sine0 += x * kTable[n].sine[0];
    sine1 += x * kTable[n].sine[1];
    energy += x * x;
  }
  return {{{cosine0, sine0}, {cosine1, sine1}}, energy};
}

bool AlertToneDetector::is_both_tones(const Window& window) const {
  const float a = window.tone[0].power(), b = window.tone[1].power();
  if (a < min_power_ || b < min_power_ || a > max_ratio_ * b || b > max_ratio_ * a) return false;
  // A²/2 for each of the samples, out of (40 A / 2)².
  return (a + b) * (2.0F / kWindow) >= min_share_ * window.energy;
}

bool AlertToneDetector::take(const Window& window) {
  bool alerted = false;
  if (is_both_tones(window)) {
    if (run_ == 0) {
      energy_before_ = last_.energy;
      energy_ = 0;
      edge_energy_ = window.energy;
      advance_[0] = advance_[1] = {};
    } else {
      for (std::size_t t = 0; t < 2; ++t) {
        const Phasor a = last_.tone[t], b = window.tone[t];
        advance_[t].cosine += a.cosine * b.cosine + a.sine * b.sine;
        advance_[t].sine += a.cosine * b.sine - a.sine * b.cosine;
      }
    }
    energy_ += window.energy;
    if (run_ < kLongestRun) ++run_;
  } else if (run_ != 0) {
    alerted = ends_well(window.energy);
    run_ = 0;
  }
  last_ = window;
  return alerted;
}

bool AlertToneDetector::ends_well(float energy_after) const {
  if (run_ < 4) return false;
  const float full = (energy_ - edge_energy_ - last_.energy) / static_cast<float>(run_ - 2);
  const auto part = [&](float energy) { return energy < full ? energy : 0; };
  const float windows = (energy_ + part(energy_before_) + part(energy_after)) / full;
  if (!(windows >= min_windows_ && windows <= max_windows_)) return false;
  for (std::size_t t = 0; t < 2; ++t) {
    // The sine parts have the sign of the phase here, and the advance is counted from each window's own middle.
    const double nominal = nominal_advance(t);
    const auto c = static_cast<float>(cosine(nominal)), s = static_cast<float>(table_sine(nominal));
    const Phasor sum = advance_[t];
    const float real = sum.cosine * c - sum.sine * s;
    const float imaginary = sum.sine * c + sum.cosine * s;
    if (real < min_cosine_[t] * std::sqrt(real * real + imaginary * imaginary)) return false;
  }
  return true;
}

}  // namespace cordboard::dsp
