// SPDX-License-Identifier: GPL-2.0-or-later
// Signals for the tests of signal processing: sines, push-button digits with every fault Q.24 speaks of, and levels.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/dtmf.hpp"
#include "dsp/g711.hpp"

namespace cordboard::dsp {

inline constexpr std::string_view kKeypad = "123A456B789C*0#D";

/// Amplitude of a sine at a level, and the level of a signal by its power.
inline double amplitude_of(double dbm0) { return 32768 * std::pow(10.0, (dbm0 - 3.14) / 20); }
inline double level_of(const std::vector<double>& samples) {
  double power = 0;
  for (const double x : samples) power += x * x;
  return 3.14 + 10 * std::log10(power / static_cast<double>(samples.size()) / (32768.0 * 32768.0 / 2));
}

/// Level of one frequency, by correlation over the whole signal.
inline double level_at(const std::vector<double>& samples, double hz) {
  double re = 0, im = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / 8000;
    re += samples[i] * std::cos(angle);
    im += samples[i] * std::sin(angle);
  }
  const double amplitude = 2 * std::hypot(re, im) / static_cast<double>(samples.size());
  return 3.14 + 20 * std::log10(amplitude / 32768 + 1e-12);
}

inline std::vector<double> decoded(const std::vector<uint8_t>& octets) {
  std::vector<double> samples;
  for (const uint8_t octet : octets) samples.push_back(alaw_to_linear(octet));
  return samples;
}

struct DigitSignal {
  double row_dbm0 = -10;
  double column_dbm0 = -10;
  double row_offset = 0;  // of the nominal frequency
  double column_offset = 0;
  double on_ms = 40;
  double off_ms = 40;
  double snr_db = 200;
  int lead = 0;  // samples of silence before the first
  double phase = 0;
  uint32_t seed = 1;
};

inline std::vector<double> sound(std::string_view digits, const DigitSignal& signal) {
  constexpr double kRows[] = {697, 770, 852, 941};
  constexpr double kColumns[] = {1209, 1336, 1477, 1633};
  std::vector<double> samples(static_cast<std::size_t>(signal.lead), 0.0);
  const double row_amplitude = amplitude_of(signal.row_dbm0);
  const double column_amplitude = amplitude_of(signal.column_dbm0);
  for (const char digit : digits) {
    const std::size_t key = kKeypad.find(digit);
    const double row = 2 * std::numbers::pi * kRows[key / 4] * (1 + signal.row_offset) / 8000;
    const double column = 2 * std::numbers::pi * kColumns[key % 4] * (1 + signal.column_offset) / 8000;
    for (int i = 0; i < std::lround(signal.on_ms * 8); ++i) {
      samples.push_back(row_amplitude * std::sin(row * i + signal.phase) +
                        column_amplitude * std::sin(column * i + 2.3 * signal.phase));
    }
    samples.insert(samples.end(), static_cast<std::size_t>(std::lround(signal.off_ms * 8)), 0.0);
  }
  const double power = (row_amplitude * row_amplitude + column_amplitude * column_amplitude) / 2;
  const double sigma = std::sqrt(power * std::pow(10.0, -signal.snr_db / 10));
  std::mt19937 random(signal.seed);
  std::normal_distribution<double> noise;
  if (signal.snr_db < 100) {
    for (double& sample : samples) sample += sigma * noise(random);
  }
  return samples;
}

/// As it arrives from a timeslot: through A-law, in whole blocks, with 100 ms of silence after it.
inline std::vector<int16_t> received(const std::vector<double>& samples) {
  std::vector<int16_t> blocks((samples.size() + 800 + kBlock - 1) / kBlock * kBlock, alaw_to_linear(kAlawSilence));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double clipped = std::fmin(32767, std::fmax(-32768, std::round(samples[i])));
    blocks[i] = alaw_to_linear(linear_to_alaw(static_cast<int16_t>(clipped)));
  }
  return blocks;
}

/// Digits recognised in a signal on one channel: a letter where each begins, '.' where it ends if `ends` is set.
inline std::string detected(const std::vector<double>& samples, bool ends = false, const Kernels& set = kernels()) {
  const std::vector<int16_t> blocks = received(samples);
  DtmfState state{};
  DtmfState* const states[4] = {nullptr, nullptr, &state, nullptr};
  std::string found;
  for (std::size_t i = 0; i < blocks.size(); i += kBlock) {
    const int16_t* const block[4] = {nullptr, nullptr, &blocks[i], nullptr};
    DtmfEvent events[kMaxDtmfEvents];
    const int count = dtmf_process4(states, block, events, set);
    for (int e = 0; e < count; ++e) {
      if (events[e].begin) found += events[e].digit;
      if (!events[e].begin && ends) found += '.';
    }
  }
  return found;
}

inline std::string detected(std::string_view digits, const DigitSignal& signal) {
  return detected(sound(digits, signal));
}

}  // namespace cordboard::dsp
