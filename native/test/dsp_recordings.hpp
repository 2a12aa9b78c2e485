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

inline constexpr const char* kPromptFolder = "/usr/share/asterisk/sounds/en_US_f_Allison";
inline constexpr const char* kMusicFolder = "/usr/share/asterisk/moh";

/// A whole file, empty if there is none.
inline std::string bytes_of(const std::filesystem::path& path) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(path, missing);
  if (missing) return {};
  std::string bytes(size, 0);
  std::ifstream file(path, std::ios::binary);
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

struct WavSamples {
  std::vector<int16_t> samples;
  uint32_t rate_hz = 8000;
};

/// Samples of a mono 16-bit PCM RIFF WAVE file; else none. The length of a stream written to a pipe is not known to its
/// header: such a file goes on to its end.
inline WavSamples wav_samples(const std::filesystem::path& path) {
  const std::string bytes = bytes_of(path);
  const auto number = [&](std::size_t at, std::size_t size) {
    uint32_t value = 0;
    if (at + size <= bytes.size()) std::memcpy(&value, bytes.data() + at, size);
    return value;
  };
  if (bytes.size() < 12 || bytes.compare(0, 4, "RIFF") != 0 || bytes.compare(8, 4, "WAVE") != 0) return {};
  uint32_t rate_hz = 0;
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    const std::string id = bytes.substr(at, 4);
    const std::size_t size = std::min<std::size_t>(number(at + 4, 4), bytes.size() - at - 8);
    if (id == "fmt " && number(at + 8, 2) == 1 && number(at + 10, 2) == 1 && number(at + 22, 2) == 16) {
      rate_hz = std::clamp<uint32_t>(number(at + 12, 4), 4000, 96000);
    } else if (id == "data" && rate_hz != 0) {
      std::vector<int16_t> samples(size / 2);
      std::memcpy(samples.data(), bytes.data() + at + 8, samples.size() * 2);
      return {samples, rate_hz};
    }
    at += 8 + size + size % 2;
  }
  return {};
}

/// Every 8 kHz file below a folder, in the order of their names. None if the folder is missing.
inline std::vector<std::filesystem::path> wav_files(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code missing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
    if (entry.path().extension() == ".wav") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Calls hear(blocks, name) for every recording there is, its samples through A-law in whole blocks, `gain` times as
/// loud, with a second of silence before and after it. Returns the seconds of it all; 0 if there is none.
template <class Hear>
double hear_recordings(double gain, std::size_t offset, Hear&& hear) {
  std::size_t heard = 0;
  for (const char* folder : {kPromptFolder, kMusicFolder}) {
    for (const auto& path : wav_files(folder)) {
      const auto [samples, rate_hz] = wav_samples(path);
      if (rate_hz != 8000 || samples.size() <= offset) continue;
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
