// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/tone_clip.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

std::vector<double> part(const std::vector<double>& samples, std::size_t from_ms, std::size_t to_ms) {
  return {samples.begin() + static_cast<std::ptrdiff_t>(from_ms * 8),
          samples.begin() + static_cast<std::ptrdiff_t>(to_ms * 8)};
}

bool silent(const std::vector<uint8_t>& clip, std::size_t from_ms, std::size_t to_ms) {
  return std::all_of(clip.begin() + static_cast<std::ptrdiff_t>(from_ms * 8),
                     clip.begin() + static_cast<std::ptrdiff_t>(to_ms * 8),
                     [](uint8_t octet) { return octet == kAlawSilence; });
}

TEST(DspToneClip, MakesAContinuousToneOfOneSecondThatLoopsWithoutAClick) {
  const TonePart dial{.frequencies_hz = {350, 440}, .level_dbm0 = -13};
  std::size_t loop = 1;
  const auto clip = render_tone({&dial, 1}, false, &loop);
  ASSERT_EQ(8000U, clip.size());
  EXPECT_EQ(0U, loop);
  const auto samples = decoded(clip);
  EXPECT_NEAR(-13, level_at(samples, 350), 0.1);
  EXPECT_NEAR(-13, level_at(samples, 440), 0.1);
  EXPECT_NEAR(-10, level_of(samples), 0.1);
  // Around the seam the signal is what it would have been without one: the same as at 1/10 s, a common period.
  for (std::size_t i = 0; i < 800; ++i) ASSERT_EQ(clip[(7600 + i) % 8000], clip[400 + i]) << i;
}

TEST(DspToneClip, FindsALoopForFractionsOfAHertz) {
  const auto length = [](double hz) {
    const TonePart tone{.frequencies_hz = {hz}};
    return render_tone({&tone, 1}).size();
  };
  EXPECT_EQ(8000U, length(425));
  EXPECT_EQ(16000U, length(425.5));
  EXPECT_EQ(40000U, length(425.2));
  EXPECT_EQ(80000U, length(425.1));
}

TEST(DspToneClip, KeepsTheCadence) {
  const TonePart parts[] = {{.frequencies_hz = {450}, .level_dbm0 = -10, .on_ms = 350, .off_ms = 350},
                            {.frequencies_hz = {950}, .level_dbm0 = -20, .on_ms = 100, .off_ms = 30}};
  std::size_t loop = 1;
  const auto clip = render_tone(parts, true, &loop);
  ASSERT_EQ(830U * 8, clip.size());
  EXPECT_EQ(0U, loop);
  const auto samples = decoded(clip);
  EXPECT_NEAR(-10, level_of(part(samples, 0, 340)), 0.1);
  EXPECT_TRUE(silent(clip, 350, 700));
  EXPECT_NEAR(-20, level_at(part(samples, 700, 800), 950), 0.1);
  EXPECT_TRUE(silent(clip, 800, 830));
  render_tone(parts, false, &loop);
  EXPECT_EQ(kNoLoop, loop);
}

TEST(DspToneClip, LoopsOnlyTheEndlessPartThatFollowsACadence) {
  const TonePart parts[] = {{.frequencies_hz = {350}, .on_ms = 100, .off_ms = 100}, {.frequencies_hz = {350}}};
  std::size_t loop = 1;
  const auto clip = render_tone(parts, true, &loop);
  EXPECT_EQ(1600U, loop);
  EXPECT_EQ(9600U, clip.size());
}

TEST(DspToneClip, TakesNoFrequencyAsSilence) {
  const TonePart pause{.on_ms = 200, .off_ms = 100};
  const auto clip = render_tone({&pause, 1});
  ASSERT_EQ(2400U, clip.size());
  EXPECT_TRUE(silent(clip, 0, 300));
}

TEST(DspToneClip, RefusesWhatCannotBePlayed) {
  EXPECT_TRUE(render_tone({}).empty());
  for (const double hz : {0.0, -400.0, 4000.0, 48000.0}) {
    const TonePart bad{.frequencies_hz = {hz}, .on_ms = 100};
    EXPECT_TRUE(render_tone({&bad, 1}).empty()) << hz;
  }
  const TonePart endless{.frequencies_hz = {400}, .on_ms = 4'000'000'000, .off_ms = 0};
  EXPECT_TRUE(render_tone({&endless, 1}).empty());
  const TonePart nothing{};
  EXPECT_TRUE(render_tone({&nothing, 1}).empty());
}

TEST(DspToneClip, SaturatesWhatIsTooLoud) {
  const TonePart loud{.frequencies_hz = {400, 500, 600}, .level_dbm0 = 3};
  const auto samples = decoded(render_tone({&loud, 1}));
  EXPECT_EQ(32256, *std::max_element(samples.begin(), samples.end()));
  EXPECT_EQ(-32256, *std::min_element(samples.begin(), samples.end()));
}

TEST(DspToneClip, WritesDigitsTheReceiverReads) {
  const std::string digits(kKeypad);
  EXPECT_EQ(digits, detected(decoded(render_digits(digits, 50, 50, -9))));
  EXPECT_EQ(digits, detected(decoded(render_digits(digits, 40, 40, -25))));
  EXPECT_EQ("0012", detected(decoded(render_digits("0,01,,2", 100, 100, -9))));
}

TEST(DspToneClip, GivesDigitsTheLevelAndLengthAskedFor) {
  const auto clip = render_digits("5,", 100, 60, -9);
  ASSERT_EQ((100U + 60 + 500) * 8, clip.size());
  const auto samples = decoded(clip);
  EXPECT_NEAR(-9, level_at(part(samples, 0, 100), 770), 0.15);
  EXPECT_NEAR(-9, level_at(part(samples, 0, 100), 1336), 0.15);
  EXPECT_TRUE(silent(clip, 100, 660));
}

TEST(DspToneClip, RefusesOtherCharacters) {
  for (const char* digits : {"", "12x", "a", "1 2", "5;", "\xC3\xA9"}) {
    EXPECT_TRUE(render_digits(digits, 100, 100, -9).empty()) << digits;
  }
}

}  // namespace
}  // namespace cordboard::dsp
