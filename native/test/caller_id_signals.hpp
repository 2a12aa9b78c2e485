// SPDX-License-Identifier: GPL-2.0-or-later
// Caller identification as a line may deliver it. This modulator shares nothing with the one under test: it follows the
// phase by summing up the frequency of small steps, and adds what lines do: twist, clock error, noise, hum and A-law.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "dsp/caller_id.hpp"
#include "dsp_signals.hpp"

namespace cordboard::dsp {

struct FskLine {
  FskKind kind = FskKind::kBell202;
  double level_dbm0 = -15;  // of the stronger tone
  double twist_db = 0;      // of space against mark
  double clock_error = 0;   // of bit rate and tones alike
  int seizure_bits = 300;
  int mark_bits = 180;
  int gap_bits = 0;     // of mark between characters
  double snr_db = 200;  // noise in 4 kHz against the mean power of the tones
  double hum_dbm0 = -200;  // 50 Hz
  int lead = 800;    // samples of silence before it
  uint32_t seed = 1;
};

inline std::vector<bool> line_bits(const std::vector<uint8_t>& octets, const FskLine& line) {
  std::vector<bool> bits;
  for (int i = 0; i < line.seizure_bits; ++i) bits.push_back(i % 2 == 1);
  bits.insert(bits.end(), static_cast<std::size_t>(line.mark_bits), true);
  for (const uint8_t octet : octets) {
    bits.push_back(false);
    for (int i = 0; i < 8; ++i) bits.push_back(((octet >> i) & 1) != 0);
    bits.insert(bits.end(), static_cast<std::size_t>(1 + line.gap_bits), true);
  }
  bits.insert(bits.end(), 4, true);
  return bits;
}

inline void add_noise(std::vector<double>& samples, double sigma, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise;
  for (double& sample : samples) sample += sigma * noise(random);
}

inline std::vector<double> modulated(const std::vector<uint8_t>& octets, const FskLine& line) {
  const double hz[2] = {line.kind == FskKind::kV23 ? 2100.0 : 2200.0, line.kind == FskKind::kV23 ? 1300.0 : 1200.0};
  const double amplitude[2] = {amplitude_of(line.level_dbm0 + std::min(0.0, line.twist_db)),
                               amplitude_of(line.level_dbm0 - std::max(0.0, line.twist_db))};
  const std::vector<bool> bits = line_bits(octets, line);
  constexpr int kSteps = 16;  // a sample
  std::vector<double> samples(static_cast<std::size_t>(line.lead), 0.0);
  double phase = line.seed * 0.7, at = 0;
  for (;;) {
    const auto now = static_cast<std::size_t>(at);
    if (now >= bits.size()) break;
    samples.push_back(amplitude[bits[now] ? 1 : 0] * std::sin(phase));
    for (int i = 0; i < kSteps; ++i) {
      const auto bit = std::min(bits.size() - 1, static_cast<std::size_t>(at));
      phase += 2 * std::numbers::pi * hz[bits[bit] ? 1 : 0] * (1 + line.clock_error) / (8000.0 * kSteps);
      at += 1200 * (1 + line.clock_error) / (8000.0 * kSteps);
    }
  }
  samples.insert(samples.end(), 800, 0.0);
  if (line.snr_db < 100) {
    const double power = (amplitude[0] * amplitude[0] + amplitude[1] * amplitude[1]) / 4;
    add_noise(samples, std::sqrt(power * std::pow(10.0, -line.snr_db / 10)), line.seed);
  }
  for (std::size_t i = 0; line.hum_dbm0 > -100 && i < samples.size(); ++i) {
    samples[i] += amplitude_of(line.hum_dbm0) * std::sin(2 * std::numbers::pi * 50 * static_cast<double>(i) / 8000);
  }
  return samples;
}

/// A call of random number, date and name (printable ASCII), in each way that they can be missing.
inline CallerIdMessage random_call(std::mt19937& random) {
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random() % n); };
  CallerIdMessage message;
  const uint32_t kind = below(8);
  message.presentation = kind == 0   ? Presentation::kPrivate
                         : kind == 1 ? Presentation::kUnavailable
                                     : Presentation::kAllowed;
  if (kind > 1) {
    for (uint32_t n = 3 + below(18); n > 0; --n) message.number.push(static_cast<char>('0' + below(10)));
  }
  const uint32_t name = below(4);
  message.name_presentation = static_cast<Presentation>(name);
  if (message.name_presentation == Presentation::kAllowed) {
    for (uint32_t n = 1 + below(50); n > 0; --n) message.name.push(static_cast<char>('!' + below(94)));
  }
  for (const uint32_t part : {1 + below(12), 1 + below(31), below(24), below(60)}) {
    message.date_time.push(static_cast<char>('0' + part / 10));
    message.date_time.push(static_cast<char>('0' + part % 10));
  }
  return message;
}

/// The result for a whole signal of samples as they come from the line, the digits found by the DTMF receiver.
inline CallerIdResult identify(const std::vector<int16_t>& blocks, const CallerIdReceiverSettings& settings = {}) {
  CallerIdReceiver receiver(settings);
  DtmfState state{};
  DtmfState* const states[4] = {&state, nullptr, nullptr, nullptr};
  for (std::size_t i = 0; i + kBlock <= blocks.size(); i += kBlock) {
    const int16_t* const block[4] = {&blocks[i], nullptr, nullptr, nullptr};
    DtmfEvent events[kMaxDtmfEvents];
    const int count = settings.digits ? dtmf_process4(states, block, events) : 0;
    const auto* const result = receiver.process(&blocks[i], {events, static_cast<std::size_t>(count)});
    if (result != nullptr) return *result;
  }
  return receiver.finish();
}

inline CallerIdResult identify(const std::vector<double>& samples, const CallerIdReceiverSettings& settings = {}) {
  return identify(received(samples), settings);
}

}  // namespace cordboard::dsp
