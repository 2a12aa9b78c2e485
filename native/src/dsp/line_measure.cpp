// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/line_measure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "dsp/decibels.hpp"
#include "dsp/g711.hpp"

namespace cordboard::dsp {

namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr std::size_t kLeast = 80;
constexpr std::size_t kMarker = 320;

double dbm0_of(double mean_square) { return dbm0_of_mean_square(static_cast<float>(mean_square)); }

double amplitude_of(double dbm0) { return 32768 * std::pow(10.0, (dbm0 - kFullScaleSineDbm0) / 20); }

std::vector<double> linear_of(std::span<const uint8_t> alaw) {
  std::vector<double> samples(alaw.size());
  std::transform(alaw.begin(), alaw.end(), samples.begin(), [](uint8_t octet) { return alaw_to_linear(octet); });
  return samples;
}

uint8_t octet_of(double sample) {
  return linear_to_alaw(static_cast<int16_t>(std::lround(std::clamp(sample, -32768.0, 32767.0))));
}

/// x ≈ dc + a cos(w n) + b sin(w n), n from `first`.
struct Fit {
  double dc{}, a{}, b{};
  std::complex<double> phasor() const { return {a, -b}; }
};

Fit fit(std::span<const double> x, double w, std::size_t first) {
  // Normal equations, three unknowns, by Cramer's rule in the order dc, a, b.
  std::array<std::array<double, 4>, 3> m{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double n = static_cast<double>(first + i);
    const std::array<double, 3> base{1, std::cos(w * n), std::sin(w * n)};
    for (std::size_t row = 0; row < 3; ++row) {
      for (std::size_t column = 0; column < 3; ++column) m[row][column] += base[row] * base[column];
      m[row][3] += base[row] * x[i];
    }
  }
  for (std::size_t pivot = 0; pivot < 3; ++pivot) {
    std::size_t best = pivot;
    for (std::size_t row = pivot + 1; row < 3; ++row) {
      if (std::abs(m[row][pivot]) > std::abs(m[best][pivot])) best = row;
    }
    std::swap(m[pivot], m[best]);
    if (std::abs(m[pivot][pivot]) < 1e-9) return {};
    for (std::size_t row = 0; row < 3; ++row) {
      if (row == pivot) continue;
      const double factor = m[row][pivot] / m[pivot][pivot];
      for (std::size_t column = pivot; column < 4; ++column) m[row][column] -= factor * m[pivot][column];
    }
  }
  return {m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2]};
}

const std::vector<double>& marker() {
  static const std::vector<double> made = [] {
    // Noise between 500 and 2500 Hz of equal steps and phases from a small generator: the same on every machine.
    std::vector<double> samples(kMarker);
    uint32_t seed = 12345;
    for (double hz = 500; hz <= 2500; hz += 25) {
      seed = seed * 1664525 + 1013904223;
      const double phase = kTwoPi * (seed >> 8) / 16777216.0;
      for (std::size_t i = 0; i < kMarker; ++i) {
        samples[i] += std::cos(kTwoPi * hz * static_cast<double>(i) / kSampleRateHz + phase);
      }
    }
    double power = 0;
    for (const double sample : samples) power += sample * sample;
    const double gain = amplitude_of(-10) / std::numbers::sqrt2 / std::sqrt(power / kMarker);
    for (double& sample : samples) sample *= gain;
    return samples;
  }();
  return made;
}

}  // namespace

std::vector<uint8_t> render_steps(std::span<const TestTone> tones, std::size_t step) {
  std::vector<uint8_t> octets;
  octets.reserve(tones.size() * step);
  double phase = 0;
  for (const auto& tone : tones) {
    const double amplitude = amplitude_of(tone.dbm0);
    for (std::size_t i = 0; i < step; ++i) {
      octets.push_back(tone.hz > 0 ? octet_of(amplitude * std::sin(phase)) : kAlawSilence);
      phase = std::fmod(phase + kTwoPi * tone.hz / kSampleRateHz, kTwoPi);
    }
  }
  return octets;
}

ToneReading measure_tone(std::span<const uint8_t> alaw, double hz) {
  ToneReading reading{kNothingDbm0, kNothingDbm0, kNothingDbm0, 0, 0};
  if (alaw.size() < kLeast) return reading;
  const auto samples = linear_of(alaw);
  const auto count = static_cast<double>(samples.size());
  double sum = 0, squares = 0;
  for (const double sample : samples) sum += sample, squares += sample * sample;
  reading.dc = sum / count;
  reading.total_dbm0 = dbm0_of(squares / count - reading.dc * reading.dc);
  if (hz <= 0) {
    reading.level_dbm0 = reading.residual_dbm0 = reading.total_dbm0;
    return reading;
  }
  // The phase moves between the two halves by as much as the frequency is off; twice, as the first look is the coarser.
  double w = kTwoPi * hz / kSampleRateHz;
  const std::size_t half = samples.size() / 2;
  const std::span<const double> all(samples);
  for (int round = 0; round < 2; ++round) {
    const auto before = fit(all.first(half), w, 0).phasor();
    const auto after = fit(all.last(half), w, samples.size() - half).phasor();
    if (std::abs(before) < 1 || std::abs(after) < 1) break;
    w += std::arg(after / before) / static_cast<double>(samples.size() - half);
  }
  const auto found = fit(all, w, 0);
  double residual = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double n = static_cast<double>(i);
    const double rest = samples[i] - found.dc - found.a * std::cos(w * n) - found.b * std::sin(w * n);
    residual += rest * rest;
  }
  reading.level_dbm0 = dbm0_of((found.a * found.a + found.b * found.b) / 2);
  reading.residual_dbm0 = dbm0_of(residual / count);
  reading.hz = w * kSampleRateHz / kTwoPi;
  return reading;
}

std::vector<uint8_t> render_marker() {
  std::vector<uint8_t> octets(kMarker);
  std::transform(marker().begin(), marker().end(), octets.begin(), octet_of);
  return octets;
}

Delay find_delay(std::span<const uint8_t> alaw) {
  if (alaw.size() < kMarker) return {};
  const auto samples = linear_of(alaw);
  const auto& wanted = marker();
  double own = 0;
  for (const double sample : wanted) own += sample * sample;
  const std::size_t places = samples.size() - kMarker + 1;
  std::vector<double> likeness(places);
  std::size_t best = 0;
  for (std::size_t at = 0; at < places; ++at) {
    double sum = 0, power = 0;
    for (std::size_t i = 0; i < kMarker; ++i) {
      sum += samples[at + i] * wanted[i];
      power += samples[at + i] * samples[at + i];
    }
    // Quieter than -50 dBm0 nothing is looked for: noise is like anything now and then. A reversed pair is like it, too.
    constexpr double kQuiet = 60.0 * 60.0;
    likeness[at] = power < kQuiet * kMarker ? 0 : std::abs(sum) / std::sqrt(power * own);
    if (likeness[at] > likeness[best]) best = at;
  }
  Delay delay{static_cast<double>(best), likeness[best]};
  if (best > 0 && best + 1 < places) {
    const double before = likeness[best - 1], after = likeness[best + 1];
    const double curve = before - 2 * likeness[best] + after;
    if (curve < 0) delay.samples += 0.5 * (before - after) / curve;
  }
  return delay;
}

double clock_offset_ppm(std::span<const int64_t> at_ns, int64_t tick_ns) {
  constexpr std::size_t kParts = 10;
  if (at_ns.size() < kParts * kParts) return 0;
  const std::size_t part = at_ns.size() / kParts;
  std::array<double, kParts> tick{}, late{};
  for (std::size_t i = 0; i < kParts; ++i) {
    for (std::size_t k = i * part; k < (i + 1) * part; ++k) {
      const auto behind = static_cast<double>(at_ns[k] - at_ns[0] - static_cast<int64_t>(k) * tick_ns);
      if (k > i * part && behind >= late[i]) continue;
      tick[i] = static_cast<double>(k);
      late[i] = behind;
    }
  }
  // The middle one of all slopes between two parts: one in which every tick came late does not bend it.
  std::vector<double> slopes;
  for (std::size_t i = 0; i < kParts; ++i) {
    for (std::size_t k = i + 1; k < kParts; ++k) slopes.push_back((late[k] - late[i]) / (tick[k] - tick[i]));
  }
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  // `slope` ns a tick more each time is a slow clock.
  return -*middle / static_cast<double>(tick_ns) * 1e6;
}

}  // namespace cordboard::dsp
