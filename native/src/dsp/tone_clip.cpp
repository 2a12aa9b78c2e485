// SPDX-License-Identifier: GPL-2.0-or-later
// Sines summed in double precision and encoded sample by sample. Every part begins at phase zero, so that it begins
// without a click; a continuous one also ends where it began, as its length is a whole number of all its periods.
#include "dsp/tone_clip.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/g711.hpp"
#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr std::size_t kSamplesPerMs = kSampleRateHz / 1000;
constexpr uint32_t kPauseMs = 500;
constexpr uint64_t kMaxMs = 3600 * 1000;

double amplitude_of(double level_dbm0) { return 32768 * std::pow(10.0, (level_dbm0 - kFullScaleSineDbm0) / 20); }

void append_silence(std::vector<uint8_t>& clip, std::size_t samples) {
  clip.insert(clip.end(), samples, kAlawSilence);
}

void append_tone(std::vector<uint8_t>& clip, std::span<const double> frequencies_hz, double level_dbm0,
                 std::size_t samples) {
  const double amplitude = amplitude_of(level_dbm0);
  for (std::size_t i = 0; i < samples; ++i) {
    double sum = 0;
    for (const double hz : frequencies_hz) {
      // The angle within its period: exact for whole frequencies however long the tone.
      const double turns = hz * static_cast<double>(i) / kSampleRateHz;
      sum += std::sin(2 * kPi * (turns - std::floor(turns)));
    }
    const double sample = std::clamp(std::round(amplitude * sum), -32768.0, 32767.0);
    clip.push_back(frequencies_hz.empty() ? kAlawSilence : linear_to_alaw(static_cast<int16_t>(sample)));
  }
}

/// Seconds that hold whole periods of all the frequencies, given in tenths of a hertz.
std::size_t loop_seconds(std::span<const double> tenths) {
  for (const std::size_t seconds : {1U, 2U, 5U}) {
    const auto whole = [&](double f) { return std::fmod(f * static_cast<double>(seconds), 10) == 0; };
    if (std::all_of(tenths.begin(), tenths.end(), whole)) return seconds;
  }
  return 10;
}

void append_loop(std::vector<uint8_t>& clip, const TonePart& part) {
  std::vector<double> frequencies;
  for (const double hz : part.frequencies_hz) frequencies.push_back(std::round(hz * 10));
  const std::size_t seconds = loop_seconds(frequencies);
  for (double& hz : frequencies) hz /= 10;
  append_tone(clip, frequencies, part.level_dbm0, seconds * kSampleRateHz);
}

}  // namespace

std::vector<uint8_t> render_tone(std::span<const TonePart> parts, bool repeat, std::size_t* loop_from) {
  if (loop_from != nullptr) *loop_from = kNoLoop;
  uint64_t length_ms = 0;
  for (const TonePart& part : parts) {
    const auto audible = [](double hz) { return hz > 0 && hz < 4000; };
    if (!std::all_of(part.frequencies_hz.begin(), part.frequencies_hz.end(), audible)) return {};
    length_ms += uint64_t{part.on_ms} + part.off_ms;
  }
  if (length_ms > kMaxMs) return {};
  std::vector<uint8_t> clip;
  std::size_t loop = repeat ? 0 : kNoLoop;
  for (const TonePart& part : parts) {
    if (part.on_ms == 0 && !part.frequencies_hz.empty()) {
      loop = clip.size();
      append_loop(clip, part);
      break;
    }
    append_tone(clip, part.frequencies_hz, part.level_dbm0, part.on_ms * kSamplesPerMs);
    append_silence(clip, part.off_ms * kSamplesPerMs);
  }
  if (loop_from != nullptr && !clip.empty()) *loop_from = loop;
  return clip;
}

std::vector<uint8_t> render_digits(std::string_view digits, uint32_t on_ms, uint32_t off_ms, double level_dbm0) {
  constexpr std::string_view kKeypad = "123A456B789C*0#D";
  std::vector<uint8_t> clip;
  if (digits.size() * (uint64_t{on_ms} + off_ms + kPauseMs) > kMaxMs) return clip;
  for (const char digit : digits) {
    if (digit == ',') {
      append_silence(clip, kPauseMs * kSamplesPerMs);
      continue;
    }
    const std::size_t key = kKeypad.find(digit);
    if (key == std::string_view::npos) return {};
    const double frequencies[] = {kDtmfHz[key / 4], kDtmfHz[4 + key % 4]};
    append_tone(clip, frequencies, level_dbm0, on_ms * kSamplesPerMs);
    append_silence(clip, off_ms * kSamplesPerMs);
  }
  return clip;
}

}  // namespace cordboard::dsp
