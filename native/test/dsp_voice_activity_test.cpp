// SPDX-License-Identifier: GPL-2.0-or-later
// Voice activity on recorded speech at every level, in noise, and on what is no speech.
#include <gtest/gtest.h>

#include <cstdio>

#include "dsp/decibels.hpp"
#include "dsp/voice_activity.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

std::vector<Activity> heard(const std::vector<int16_t>& blocks, VoiceActivity voice = VoiceActivity{},
                            const Kernels& set = kernels()) {
  std::vector<Activity> activities;
  for (std::size_t i = 0; i + kBlock <= blocks.size(); i += kBlock) {
    activities.push_back(voice.process(&blocks[i], set));
  }
  return activities;
}

double share_speaking(const std::vector<Activity>& activities, std::size_t from, std::size_t to) {
  double count = 0;
  for (std::size_t i = from; i < to && i < activities.size(); ++i) count += activities[i].speaking ? 1 : 0;
  return count / static_cast<double>(to - from);
}

/// Of the energy of clean speech: what lay in blocks not taken for speech, per cent.
double missed_percent(const std::vector<double>& clean, const std::vector<Activity>& activities, std::size_t from) {
  const std::vector<double> powers = block_powers(clean);
  double all = 0, missed = 0;
  for (std::size_t i = from; i < powers.size() && i < activities.size(); ++i) {
    all += powers[i];
    if (!activities[i].speaking) missed += powers[i];
  }
  return 100 * missed / all;
}

TEST(DspDecibels, AreRightToAThousandth) {
  for (float db = -35; db < 60; db += 0.37F) {
    ASSERT_NEAR(std::pow(10, db / 20), gain_of_db(db), 2e-6 * std::pow(10, db / 20)) << db;
    ASSERT_NEAR(db - 60, dbm0_of_mean_square(mean_square_of_dbm0(db - 60)), 0.001) << db;
  }
  for (double x = 0.001; x < 1e12; x *= 1.37) ASSERT_NEAR(std::log2(x), log2_of(static_cast<float>(x)), 1e-5);
  EXPECT_NEAR(3.14, level_dbm0(uint64_t{160} << 29, 160), 1e-3);
  EXPECT_EQ(kNothingDbm0, level_dbm0(0, 160));
  EXPECT_EQ(kNothingDbm0, level_dbm0(5, 0));
}

TEST(DspVoiceActivity, MissesLittleOfSpeechAtAnyLevel) {
  CORDBOARD_NEED_PROMPTS(speech, 60);
  for (const double dbm0 : {-40.0, -30.0, -20.0, -10.0, 0.0}) {
    const auto clean = at_active_level(speech, dbm0);
    const double missed = missed_percent(clean, heard(received(clean)), 0);
    std::printf("speech %.0f dBm0: %.3f %% of the energy missed\n", dbm0, missed);
    EXPECT_LT(missed, dbm0 < -35 ? 1.0 : 0.5) << dbm0;
  }
}

TEST(DspVoiceActivity, MissesLittleOfSpeechInNoiseAndTakesTheNoiseForNone) {
  CORDBOARD_NEED_PROMPTS(speech, 30);
  for (const double colour : {0.0, 0.8}) {
    for (const double dbm0 : {-35.0, -20.0, -5.0}) {
      for (const double snr : {10.0, 15.0, 25.0}) {
        // Noise alone for 2 s, speech for 30 s, noise alone for 10 s.
        const auto clean = joined(joined(silence(2), at_active_level(speech, dbm0)), silence(10));
        const auto noisy = sum_of(clean, noise(dbm0 - snr, 42, 5, colour));
        const auto activities = heard(received(noisy));
        const double missed = missed_percent(clean, activities, 100);
        const double before = share_speaking(activities, 50, 100);
        const double after = share_speaking(activities, 1650, 2100);
        std::printf(
            "speech %3.0f dBm0, %s noise %2.0f dB below: %5.2f %% missed, active in noise %.1f %% and %.1f %%\n", dbm0,
            colour > 0 ? "dull " : "white", snr, missed, 100 * before, 100 * after);
        EXPECT_LT(missed, snr < 12 ? 5 : 2);
        EXPECT_EQ(0, before);
        EXPECT_LT(after, 0.01);
      }
    }
  }
}

TEST(DspVoiceActivity, LearnsNewNoiseInHalfASecond) {
  const auto rising = joined(joined(noise(-55, 5, 1), noise(-30, 10, 2)), noise(-50, 10, 3));
  const auto activities = heard(received(rising));
  EXPECT_EQ(0, share_speaking(activities, 0, 250));
  EXPECT_TRUE(activities[251].speaking);  // what jumps up is activity at first
  EXPECT_EQ(0, share_speaking(activities, 250 + 60, 750));
  EXPECT_EQ(0, share_speaking(activities, 750, 1250));
  EXPECT_NEAR(-30, activities[740].floor_dbm0, 1.5);
  EXPECT_NEAR(-50, activities[1240].floor_dbm0, 1.5);
}

TEST(DspVoiceActivity, ReportsBeginAndEndOnceWithTheHangoverAsked) {
  for (const uint32_t hangover_ms : {0U, 100U, 240U, 1000U}) {
    const auto burst = joined(joined(silence(1), sine(700, -20, 0.4)), silence(2));
    const auto activities = heard(received(burst), VoiceActivity({.hangover_ms = hangover_ms}));
    std::vector<std::size_t> began, ended;
    for (std::size_t i = 0; i < activities.size(); ++i) {
      if (activities[i].began) began.push_back(i);
      if (activities[i].ended) ended.push_back(i);
      ASSERT_FALSE(activities[i].began && !activities[i].speaking);
      ASSERT_FALSE(activities[i].ended && activities[i].speaking);
    }
    EXPECT_EQ(std::vector<std::size_t>{50}, began);
    EXPECT_EQ(std::vector<std::size_t>{70 + hangover_ms / 20}, ended);
  }
}

TEST(DspVoiceActivity, IsNotWokenByAClick) {
  auto samples = noise(-60, 4, 4);
  samples[16000] += 800;  // its block has -48 dBm0
  EXPECT_EQ(0, share_speaking(heard(received(samples)), 0, 200));
}

TEST(DspVoiceActivity, KeepsTonesActiveAndCallsThemTonal) {
  const std::vector<std::vector<double>> tones{sine(425, -10, 20),
                                               sine(1004, -13, 20),
                                               sine(2100, -12, 20),
                                               sine(1100, -30, 20),
                                               sum_of(sine(350, -16, 20), sine(440, -16, 20)),
                                               sum_of(sine(770, -10, 20), sine(1336, -8, 20)),
                                               sum_of(sine(697, -10, 20), sine(1633, -12, 20))};
  for (std::size_t t = 0; t < tones.size(); ++t) {
    const auto activities = heard(received(tones[t]));
    EXPECT_EQ(1, share_speaking(activities, 1, 1000)) << t;
    for (std::size_t i = 10; i < 1000; ++i) ASSERT_TRUE(activities[i].tonal) << "tone " << t << " block " << i;
  }
}

TEST(DspVoiceActivity, SeldomCallsSpeechTonalAndNeverNoise) {
  for (const double colour : {0.0, 0.8}) {
    for (const Activity& a : heard(received(noise(-20, 20, 9, colour)))) ASSERT_FALSE(a.tonal);
  }
  CORDBOARD_NEED_PROMPTS(speech, 120);
  double tonal = 0, speaking = 0;
  for (const Activity& a : heard(received(speech))) tonal += a.tonal, speaking += a.speaking;
  std::printf("speech called tonal: %.2f %%\n", 100 * tonal / speaking);
  EXPECT_LT(tonal, 0.02 * speaking);
}

TEST(DspVoiceActivity, KeepsMusicActive) {
  const auto music = recorded(kMusicFolder, 60);
  if (music.empty()) GTEST_SKIP() << "NOT TESTED WITH MUSIC: install asterisk-moh-opsound-wav";
  const auto activities = heard(received(at_active_level(music, -15)));
  const double active = share_speaking(activities, 250, 3000);
  std::printf("music active: %.1f %%\n", 100 * active);
  EXPECT_GT(active, 0.9);
}

TEST(DspVoiceActivity, IsQuietOnAnIdleLineWhateverItsFloor) {
  const std::vector<int16_t> idle(8000, alaw_to_linear(kAlawSilence));
  EXPECT_EQ(0, share_speaking(heard(idle), 0, 50));
  // Below the least level, whatever it is.
  EXPECT_EQ(0, share_speaking(heard(received(sine(800, -53, 10))), 0, 500));
}

TEST(DspVoiceActivity, SurvivesEveryInputAndSettingAlike) {
  std::mt19937 random(11);
  std::vector<int16_t> blocks(kBlock * 400);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::size_t kind = i / kBlock % 8;
    blocks[i] = kind == 0   ? static_cast<int16_t>(random())
                : kind == 1 ? int16_t{-32768}
                : kind < 4  ? int16_t{0}
                            : static_cast<int16_t>(i % 2 == 0 ? 32767 : -32768);
  }
  const auto fast = heard(blocks);
  const auto portable = heard(blocks, VoiceActivity{}, portable_kernels());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    ASSERT_TRUE(std::isfinite(fast[i].floor_dbm0) && fast[i].floor_dbm0 < 7 && fast[i].floor_dbm0 >= kNothingDbm0);
    ASSERT_EQ(fast[i].floor_dbm0, portable[i].floor_dbm0);
    ASSERT_EQ(fast[i].speaking, portable[i].speaking);
  }
  heard(blocks, VoiceActivity({.hangover_ms = 0xFFFFFFFF}));
}

TEST(DspVoiceActivity, ForgetsEverythingWhenReset) {
  VoiceActivity voice;
  const auto loud = rounded(noise(-10, 3, 1));
  for (std::size_t i = 0; i < loud.size(); i += kBlock) voice.process(&loud[i]);
  voice.reset();
  const Activity fresh = VoiceActivity{}.process(loud.data());
  const Activity again = voice.process(loud.data());
  EXPECT_EQ(fresh.floor_dbm0, again.floor_dbm0);
  EXPECT_EQ(fresh.speaking, again.speaking);
  EXPECT_EQ(fresh.began, again.began);
}

}  // namespace
}  // namespace cordboard::dsp
