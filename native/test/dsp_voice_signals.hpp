// SPDX-License-Identifier: GPL-2.0-or-later
// Speech and noise for the tests of voice processing: Asterisk's prompts, at a wanted active level, and through A-law
// as from a line.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "dsp/g711.hpp"
#include "dsp_recordings.hpp"
#include "dsp_signals.hpp"

// Other tests have signals of the same names in the same program.
namespace cordboard::dsp::voice_signals {

/// Samples of the 8 kHz files of a folder in the order of their names, until there are enough. Empty if it is missing.
inline std::vector<double> recorded(const std::string& folder, double seconds) {
  const auto wanted = static_cast<std::size_t>(seconds * 8000);
  std::vector<double> samples;
  for (const auto& path : wav_files(folder)) {
    const auto file = wav_samples(path);
    if (file.rate_hz != 8000) continue;
    const auto count = std::min(file.samples.size(), wanted - samples.size());
    samples.insert(samples.end(), file.samples.begin(), file.samples.begin() + static_cast<std::ptrdiff_t>(count));
    if (samples.size() >= wanted) break;
  }
  return samples;
}

/// Mean square of each block.
inline std::vector<double> block_powers(const std::vector<double>& samples) {
  std::vector<double> powers;
  for (std::size_t i = 0; i + kBlock <= samples.size(); i += kBlock) {
    double power = 0;
    for (std::size_t j = i; j < i + kBlock; ++j) power += samples[j] * samples[j];
    powers.push_back(power / kBlock);
  }
  return powers;
}

/// Active speech level after P.56's idea: the mean over the blocks no more than 15.9 dB below that mean.
inline double active_dbm0(const std::vector<double>& samples) {
  const std::vector<double> powers = block_powers(samples);
  double mean = 0;
  for (int pass = 0; pass < 20; ++pass) {
    double sum = 0;
    int count = 0;
    for (const double power : powers) {
      if (power > mean * std::pow(10, -1.59)) sum += power, ++count;
    }
    mean = count > 0 ? sum / count : 0;
  }
  return 3.14 + 10 * std::log10(mean / 536870912.0 + 1e-12);
}

inline std::vector<double> scaled_by_db(std::vector<double> samples, double db) {
  for (double& x : samples) x *= std::pow(10, db / 20);
  return samples;
}

inline std::vector<double> at_active_level(const std::vector<double>& samples, double dbm0) {
  return scaled_by_db(samples, dbm0 - active_dbm0(samples));
}

/// Gaussian noise of a level; `colour` is the pole of its low-pass, 0 for white.
inline std::vector<double> noise(double dbm0, double seconds, uint32_t seed, double colour = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> samples(static_cast<std::size_t>(seconds * 8000));
  const double sigma = amplitude_of(dbm0) / std::sqrt(2) * std::sqrt(1 - colour * colour);
  double last = 0;
  for (double& x : samples) x = last = colour * last + sigma * normal(random);
  return samples;
}

inline std::vector<double> sine(double hz, double dbm0, double seconds, double phase = 0) {
  std::vector<double> samples(static_cast<std::size_t>(seconds * 8000));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = amplitude_of(dbm0) * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000 + phase);
  }
  return samples;
}

inline std::vector<double> sum_of(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) a[i] += b[i];
  return a;
}

inline std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline std::vector<double> silence(double seconds) {
  return std::vector<double>(static_cast<std::size_t>(seconds * 8000), 0.0);
}

/// Whole blocks, rounded and saturated, not through A-law.
inline std::vector<int16_t> rounded(const std::vector<double>& samples) {
  std::vector<int16_t> blocks((samples.size() + kBlock - 1) / kBlock * kBlock);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    blocks[i] = static_cast<int16_t>(std::clamp(std::round(samples[i]), -32768.0, 32767.0));
  }
  return blocks;
}

/// Speech of the prompts; a test without them says so and is skipped.
#define CORDBOARD_NEED_PROMPTS(name, seconds)                        \
  const std::vector<double> name = recorded(kPromptFolder, seconds); \
  if (name.empty())                                                  \
  GTEST_SKIP() << "NOT TESTED WITH SPEECH: " << kPromptFolder << " is missing; install asterisk-core-sounds-en-wav"

}  // namespace cordboard::dsp::voice_signals

namespace cordboard::dsp {
using namespace voice_signals;
}  // namespace cordboard::dsp
