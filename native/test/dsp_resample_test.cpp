// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/resample.hpp"

#include <gtest/gtest.h>

#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

std::vector<float> sine(double hz, int rate_hz, double seconds, double amplitude) {
  std::vector<float> samples(static_cast<std::size_t>(rate_hz * seconds));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz));
  }
  return samples;
}

/// Without the 50 ms at either end, where the filter still sees the silence around.
std::vector<double> middle(const std::vector<float>& samples) {
  return {samples.begin() + 400, samples.end() - 400};
}

TEST(DspResample, KeepsPitchLevelAndLength) {
  for (const int rate : {1000 * 11, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000}) {
    const auto out = resample_to_8k(sine(1000, rate, 1, 16384), rate);
    ASSERT_NEAR(8000, static_cast<double>(out.size()), 1) << rate;
    EXPECT_NEAR(3.14 - 6.02, level_at(middle(out), 1000), 0.2) << rate;
    EXPECT_NEAR(3.14 - 6.02, level_of(middle(out)), 0.2) << rate;
  }
  const auto up = resample_to_8k(sine(300, 1000, 1, 16384), 1000);
  ASSERT_NEAR(8000, static_cast<double>(up.size()), 1);
  EXPECT_NEAR(3.14 - 6.02, level_at(middle(up), 300), 0.2);
}

TEST(DspResample, LeavesNoDelay) {
  const auto out = resample_to_8k(sine(1000, 44100, 1, 16384), 44100);
  for (std::size_t i = 400; i < 7000; ++i) {
    ASSERT_NEAR(16384 * std::sin(2 * std::numbers::pi * static_cast<double>(i) / 8), out[i], 50) << i;
  }
}

TEST(DspResample, SuppressesWhatEightKilohertzCannotCarry) {
  for (const int rate : {16000, 44100, 48000, 192000}) {
    const auto out = resample_to_8k(sine(6000, rate, 1, 16384), rate);
    EXPECT_LT(level_of(middle(out)), 3.14 - 6.02 - 60) << rate;
  }
}

TEST(DspResample, RoundsAndSaturatesWholeSamples) {
  std::vector<int16_t> square(44100);
  for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / 50 % 2 == 0 ? 32767 : -32768;
  const auto out = resample_to_8k(std::span<const int16_t>(square), 44100);
  ASSERT_NEAR(8000, static_cast<double>(out.size()), 1);
  EXPECT_EQ(32767, *std::max_element(out.begin(), out.end()));
  EXPECT_EQ(-32768, *std::min_element(out.begin(), out.end()));
}

TEST(DspResample, LeavesEightKilohertzAloneAndRefusesOtherRates) {
  const std::vector<int16_t> in{1, -2, 32767, -32768};
  EXPECT_EQ(in, resample_to_8k(std::span<const int16_t>(in), 8000));
  for (const int rate : {-1, 0, 999, 192001}) {
    EXPECT_TRUE(resample_to_8k(std::vector<float>(100), rate).empty()) << rate;
    EXPECT_TRUE(resample_to_8k(std::vector<int16_t>(100), rate).empty()) << rate;
  }
  EXPECT_TRUE(resample_to_8k(std::vector<float>{}, 44100).empty());
}

}  // namespace
}  // namespace cordboard::dsp
