// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/g711.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "dsp_signals.hpp"

#if __has_include(<sndfile.h>)
#include <sndfile.h>
#define CORDBOARD_TEST_SNDFILE
#endif

namespace cordboard::dsp {
namespace {

std::vector<int16_t> every_sample() {
  std::vector<int16_t> samples;
  for (int x = -32768; x <= 32767; ++x) samples.push_back(static_cast<int16_t>(x));
  return samples;
}

std::vector<uint8_t> every_octet() {
  std::vector<uint8_t> octets;
  for (int i = 0; i < 256; ++i) octets.push_back(static_cast<uint8_t>(i));
  return octets;
}

/// Decision values of table 1a or 2a (intervals double in width from one segment to the next), scaled to 16 bits.
std::vector<int> decision_values(int first, int step, int intervals_of_first_step) {
  std::vector<int> values{0};
  for (int next = first, n = 1; values.size() < 128; next += step, ++n) {
    values.push_back(next);
    if (n >= intervals_of_first_step && (n - intervals_of_first_step) % 16 == 0) step *= 2;
  }
  return values;
}

int interval_of(int16_t sample, const std::vector<int>& decisions) {
  const int magnitude = sample < 0 ? ~sample : sample;
  return static_cast<int>(std::upper_bound(decisions.begin(), decisions.end(), magnitude) - decisions.begin()) - 1;
}

TEST(DspG711, KeepsEveryAlawOctetThroughDecodingAndEncoding) {
  const auto octets = every_octet();
  std::vector<int16_t> samples(256);
  std::vector<uint8_t> again(256);
  alaw_decode(octets.data(), samples.data(), 256);
  alaw_encode(samples.data(), again.data(), 256);
  EXPECT_EQ(octets, again);
}

TEST(DspG711, KeepsEveryUlawOctetButNegativeZero) {
  auto octets = every_octet();
  std::vector<int16_t> samples(256);
  std::vector<uint8_t> again(256);
  ulaw_decode(octets.data(), samples.data(), 256);
  ulaw_encode(samples.data(), again.data(), 256);
  EXPECT_EQ(0, samples[0x7F]);
  octets[0x7F] = 0xFF;
  EXPECT_EQ(octets, again);
}

TEST(DspG711, DecodesTheEndsOfTheScale) {
  EXPECT_EQ(8, alaw_to_linear(kAlawSilence));
  EXPECT_EQ(-8, alaw_to_linear(0x55));
  EXPECT_EQ(32256, alaw_to_linear(0xAA));
  EXPECT_EQ(-32256, alaw_to_linear(0x2A));
  EXPECT_EQ(0, ulaw_to_linear(kUlawSilence));
  EXPECT_EQ(32124, ulaw_to_linear(0x80));
  EXPECT_EQ(-32124, ulaw_to_linear(0x00));
}

TEST(DspG711, EncodesEverySampleByTheDecisionValuesOfTheRecommendation) {
  const auto samples = every_sample();
  std::vector<uint8_t> alaw(samples.size()), ulaw(samples.size());
  alaw_encode(samples.data(), alaw.data(), samples.size());
  ulaw_encode(samples.data(), ulaw.data(), samples.size());
  const auto alaw_decisions = decision_values(16, 16, 32);
  const auto ulaw_decisions = decision_values(4, 8, 16);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const int sign = samples[i] < 0 ? 0 : 0x80;
    ASSERT_EQ((interval_of(samples[i], alaw_decisions) | sign) ^ 0x55, alaw[i]) << samples[i];
    ASSERT_EQ((interval_of(samples[i], ulaw_decisions) ^ 0x7F) | sign, ulaw[i]) << samples[i];
    ASSERT_EQ(linear_to_alaw(samples[i]), alaw[i]) << samples[i];
    ASSERT_EQ(linear_to_ulaw(samples[i]), ulaw[i]) << samples[i];
  }
}

TEST(DspG711, HearsTheDigitalMilliwattAtZeroDbm0) {
  // Table 5: 1 kHz at 0 dBm0 in A-law.
  const std::vector<uint8_t> alaw{0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4};
  EXPECT_NEAR(0, level_of(decoded(alaw)), 0.01);
}

#ifdef CORDBOARD_TEST_SNDFILE
struct Memory {
  std::vector<uint8_t> bytes;
  sf_count_t at = 0;
};

/// A headerless file of octets in memory, as libsndfile reads and writes it.
SNDFILE* open_raw(Memory& memory, int mode, int format) {
  static SF_VIRTUAL_IO io{
      [](void* m) { return static_cast<sf_count_t>(static_cast<Memory*>(m)->bytes.size()); },
      [](sf_count_t offset, int whence, void* m) {
        auto& file = *static_cast<Memory*>(m);
        const auto size = static_cast<sf_count_t>(file.bytes.size());
        return file.at = offset + (whence == SEEK_CUR ? file.at : whence == SEEK_END ? size : 0);
      },
      [](void* to, sf_count_t count, void* m) {
        auto& file = *static_cast<Memory*>(m);
        count = std::min(count, static_cast<sf_count_t>(file.bytes.size()) - file.at);
        std::memcpy(to, file.bytes.data() + file.at, static_cast<std::size_t>(count));
        file.at += count;
        return count;
      },
      [](const void* from, sf_count_t count, void* m) {
        auto& file = *static_cast<Memory*>(m);
        file.bytes.resize(std::max(file.bytes.size(), static_cast<std::size_t>(file.at + count)));
        std::memcpy(file.bytes.data() + file.at, from, static_cast<std::size_t>(count));
        file.at += count;
        return count;
      },
      [](void* m) { return static_cast<Memory*>(m)->at; }};
  SF_INFO info{};
  info.samplerate = 8000;
  info.channels = 1;
  info.format = SF_FORMAT_RAW | format;
  return sf_open_virtual(&io, mode, &info, &memory);
}

TEST(DspG711, DecodesAsLibsndfileDoes) {
  for (const int format : {SF_FORMAT_ALAW, SF_FORMAT_ULAW}) {
    Memory memory{every_octet()};
    SNDFILE* file = open_raw(memory, SFM_READ, format);
    ASSERT_NE(nullptr, file);
    std::vector<int16_t> theirs(256), ours(256);
    ASSERT_EQ(256, sf_read_short(file, theirs.data(), 256));
    sf_close(file);
    (format == SF_FORMAT_ALAW ? alaw_decode : ulaw_decode)(memory.bytes.data(), ours.data(), 256);
    EXPECT_EQ(theirs, ours);
  }
}

TEST(DspG711, EncodesAsLibsndfileDoesButForTiesOfNegativeSamples) {
  const auto samples = every_sample();
  Memory memory;
  SNDFILE* file = open_raw(memory, SFM_WRITE, SF_FORMAT_ALAW);
  ASSERT_NE(nullptr, file);
  // Its table has no entry for -32768.
  sf_write_short(file, samples.data() + 1, static_cast<sf_count_t>(samples.size()) - 1);
  sf_close(file);
  ASSERT_EQ(samples.size() - 1, memory.bytes.size());
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const uint8_t theirs = memory.bytes[i - 1];
    const int apart = std::abs((linear_to_alaw(samples[i]) ^ 0x55) - (theirs ^ 0x55));
    // It negates where G.191 complements: a negative sample on a decision value falls on the other side of it.
    const bool tie = samples[i] <= 0 && samples[i] % 16 == 0;
    ASSERT_LE(apart, tie ? 1 : 0) << samples[i];
  }
}
#endif

}  // namespace
}  // namespace cordboard::dsp
