// SPDX-License-Identifier: GPL-2.0-or-later
// Speech and music of Debian's Asterisk packages, for tests that no detector answers to them.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

/// Samples of a RIFF WAVE file if it is 8 kHz, mono, 16-bit PCM; else none.
inline std::vector<int16_t> recording(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto number = [&](std::size_t at, std::size_t size) {
    uint32_t value = 0;
    if (at + size <= bytes.size()) std::memcpy(&value, bytes.data() + at, size);
    return value;
  };
  if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) return {};
  bool fits = false;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string id = bytes.substr(at, 4);
    const std::size_t size = std::min<std::size_t>(number(at + 4, 4), bytes.size() - at - 8);
    if (id == "fmt ") {
      fits =
          number(at + 8, 2) == 1 && number(at + 22, 2) == 16 && number(at + 10, 2) == 1 && number(at + 12, 4) == 8000;
    } else if (id == "data" && fits) {
      std::vector<int16_t> samples(size / 2);
      std::memcpy(samples.data(), bytes.data() + at + 8, samples.size() * 2);
      return samples;
    }
    at += 8 + size + size % 2;
  }
  return {};
}

/// Calls hear(blocks, name) for every recording there is, its samples through A-law in whole blocks, `gain` times as
/// loud, with a second of silence before and after it. Returns the seconds of it all; 0 if there is none.
template <class Hear>
double hear_recordings(double gain, std::size_t offset, Hear&& hear) {
  std::size_t heard = 0;
  for (const char* folder : {"/usr/share/asterisk/sounds/en_US_f_Allison", "/usr/share/asterisk/moh"}) {
    if (!std::filesystem::is_directory(folder)) continue;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".wav") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      const auto samples = recording(path);
      if (samples.size() <= offset) continue;
      std::vector<int16_t> blocks((samples.size() - offset + 16000 + kBlock - 1) / kBlock * kBlock);
      for (std::size_t i = offset; i < samples.size(); ++i) {
        blocks[8000 + i - offset] = static_cast<int16_t>(std::clamp(samples[i] * gain, -32768.0, 32767.0));
      }
      std::vector<uint8_t> octets(blocks.size());
      alaw_encode(blocks.data(), octets.data(), octets.size());
      alaw_decode(octets.data(), blocks.data(), octets.size());
      heard += samples.size();
      hear(blocks, path.string());
    }
  }
  return static_cast<double>(heard) / 8000;
}

}  // namespace cordboard::dsp
