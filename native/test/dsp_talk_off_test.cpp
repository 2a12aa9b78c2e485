// SPDX-License-Identifier: GPL-2.0-or-later
// Talk-off: no digit may be heard in speech or music. Every prompt and every piece of music of Debian's Asterisk
// packages is listened to, on four channels that differ in where their blocks begin and in level.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "dsp/dtmf.hpp"
#include "dsp/g711.hpp"

namespace cordboard::dsp {
namespace {

/// Samples of a RIFF WAVE file if it is 8 kHz, mono, 16-bit PCM; else none.
std::vector<int16_t> read_wav(const std::filesystem::path& path) {
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
      const bool pcm16 = number(at + 8, 2) == 1 && number(at + 22, 2) == 16;
      fits = pcm16 && number(at + 10, 2) == 1 && number(at + 12, 4) == 8000;
    } else if (id == "data" && fits) {
      std::vector<int16_t> samples(size / 2);
      std::memcpy(samples.data(), bytes.data() + at + 8, samples.size() * 2);
      return samples;
    }
    at += 8 + size + size % 2;
  }
  return {};
}

/// Digits heard in a file's samples, none if all is well.
std::string heard_in(const std::vector<int16_t>& samples) {
  struct Listener {
    std::size_t offset;
    double gain;
  };
  constexpr std::array<Listener, 4> kListeners{{{0, 1}, {20, 2}, {40, 1}, {60, 0.5}}};
  std::array<std::vector<int16_t>, 4> blocks;
  const std::size_t count = samples.size() / kBlock + 1;
  for (std::size_t c = 0; c < 4; ++c) {
    blocks[c].assign(count * kBlock, 0);
    const std::size_t end = std::min(samples.size(), kListeners[c].offset + blocks[c].size());
    for (std::size_t i = kListeners[c].offset; i < end; ++i) {
      const double sample = std::clamp(samples[i] * kListeners[c].gain, -32768.0, 32767.0);
      blocks[c][i - kListeners[c].offset] = static_cast<int16_t>(sample);
    }
    std::vector<uint8_t> octets(blocks[c].size());
    alaw_encode(blocks[c].data(), octets.data(), octets.size());
    alaw_decode(octets.data(), blocks[c].data(), octets.size());
  }
  DtmfState state[4]{};
  DtmfState* const states[4] = {&state[0], &state[1], &state[2], &state[3]};
  std::string heard;
  for (std::size_t i = 0; i < count * kBlock; i += kBlock) {
    const int16_t* const block[4] = {&blocks[0][i], &blocks[1][i], &blocks[2][i], &blocks[3][i]};
    DtmfEvent events[kMaxDtmfEvents];
    const int found = dtmf_process4(states, block, events);
    for (int e = 0; e < found; ++e) {
      if (events[e].begin) heard += events[e].digit;
    }
  }
  return heard;
}

void expect_no_digit_in(const std::string& folder, const std::string& package) {
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "TALK-OFF NOT TESTED: " << folder << " is missing; install " << package;
  }
  std::size_t files = 0, samples = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".wav") continue;
    const auto audio = read_wav(entry.path());
    if (audio.empty()) continue;
    ++files;
    samples += audio.size();
    EXPECT_EQ("", heard_in(audio)) << entry.path();
  }
  ASSERT_GT(files, 0U) << folder << " holds no 8 kHz mono 16-bit WAV";
  testing::Test::RecordProperty("files", static_cast<int>(files));
  testing::Test::RecordProperty("seconds", static_cast<int>(samples / 8000));
}

TEST(DspTalkOff, HearsNoDigitInPrompts) {
  expect_no_digit_in("/usr/share/asterisk/sounds/en_US_f_Allison", "asterisk-core-sounds-en-wav");
}

TEST(DspTalkOff, HearsNoDigitInMusic) { expect_no_digit_in("/usr/share/asterisk/moh", "asterisk-moh-opsound-wav"); }

}  // namespace
}  // namespace cordboard::dsp
