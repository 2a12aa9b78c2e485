// SPDX-License-Identifier: GPL-2.0-or-later
// Automatic gain on recorded speech: where it arrives, what it leaves alone, and that nobody hears it move.
#include <gtest/gtest.h>

#include <cstdio>

#include "dsp/automatic_gain.hpp"
#include "dsp/decibels.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

struct Channel {
  VoiceActivity voice{};
  AutomaticGain gain{};
  std::vector<double> gains{};  // after each block

  std::vector<double> operator()(std::vector<int16_t> blocks) {
    for (std::size_t i = 0; i + kBlock <= blocks.size(); i += kBlock) {
      const Activity activity = voice.process(&blocks[i]);
      gain.process(&blocks[i], activity);
      gains.push_back(gain.gain_db());
    }
    return {blocks.begin(), blocks.end()};
  }
};

std::vector<double> tail(const std::vector<double>& samples, double seconds) {
  return {samples.end() - static_cast<std::ptrdiff_t>(seconds * 8000), samples.end()};
}

TEST(DspAutomaticGain, BringsSpeechOfAnyLevelToTheTarget) {
  CORDBOARD_NEED_PROMPTS(speech, 40);
  for (const double dbm0 : {-40.0, -35.0, -30.0, -25.0, -20.0, -15.0, -10.0, -5.0}) {
    const auto in = received(at_active_level(speech, dbm0));
    const double before = active_dbm0(tail({in.begin(), in.end()}, 20));
    Channel channel;
    const auto out = channel(in);
    const double after = active_dbm0(tail(out, 20));
    std::printf("speech %5.1f dBm0 -> %5.1f dBm0 (gain %.1f dB)\n", before, after, channel.gains.back());
    const double wanted = std::clamp(-20.0, before - 15, before + 15);
    EXPECT_NEAR(wanted, after, 2) << dbm0;
  }
}

TEST(DspAutomaticGain, NeverRaisesSilenceNorNoise) {
  for (const auto& quiet : {silence(30), noise(-65, 30, 1), noise(-45, 30, 2), noise(-35, 30, 3, 0.8)}) {
    Channel channel;
    channel(received(quiet));
    for (std::size_t i = 150; i < channel.gains.size(); ++i) ASSERT_LE(channel.gains[i], channel.gains[150]);
  }
  CORDBOARD_NEED_PROMPTS(speech, 20);
  // In the pause behind quiet speech the gain stays where it is.
  Channel channel;
  const auto in = joined(at_active_level(speech, -33), silence(20));
  channel(received(sum_of(in, noise(-70, 40, 4))));
  EXPECT_GT(channel.gains[999], 8);
  EXPECT_NEAR(channel.gains[1030], channel.gains.back(), 1e-6);
}

TEST(DspAutomaticGain, LeavesNoiseBelowItsLimitHoweverQuietTheSpeech) {
  CORDBOARD_NEED_PROMPTS(speech, 30);
  const auto pause = joined(joined(silence(2), at_active_level(speech, -38)), silence(5));
  Channel channel;
  const auto out = channel(received(sum_of(pause, noise(-55, 37, 5))));
  EXPECT_LT(level_of(tail(out, 4)), -49);
  EXPECT_GT(channel.gains.back(), 3);
  // And noise that rises later takes the gain back.
  Channel later;
  const auto in = joined(at_active_level(speech, -38), noise(-40, 10, 6));
  const auto noisy = later(received(in));
  EXPECT_GT(later.gains[1490], 10);
  EXPECT_NEAR(0, later.gains.back(), 0.2);
}

TEST(DspAutomaticGain, FollowsAnotherTalkerDownInASecondAndUpInAFew) {
  CORDBOARD_NEED_PROMPTS(speech, 15);
  const auto quiet = at_active_level(speech, -32);
  const auto loud = at_active_level(speech, -10);
  Channel channel;
  const auto out = channel(received(joined(joined(quiet, loud), quiet)));
  const auto part = [&](double from, double to) {
    return active_dbm0({out.begin() + static_cast<int>(from * 8000), out.begin() + static_cast<int>(to * 8000)});
  };
  EXPECT_NEAR(-20, part(8, 15), 2.5);
  EXPECT_NEAR(-20, part(17, 30), 2.5);
  EXPECT_NEAR(-20, part(38, 45), 2.5);
  // No faster than it may.
  for (std::size_t i = 1; i < channel.gains.size(); ++i) {
    ASSERT_LE(channel.gains[i] - channel.gains[i - 1], 6 * 0.02 + 1e-4);
    ASSERT_GE(channel.gains[i] - channel.gains[i - 1], -30 * 0.02 - 1e-4);
  }
}

TEST(DspAutomaticGain, MovesWithoutAnyStepBetweenSamples) {
  // A slow sine is no speech to it; so it is told that it is, loud and quiet in turn, and the gain travels all the way.
  const auto in = rounded(sine(37, -6, 40));
  AutomaticGain gain;
  double last_ratio = 1, largest_step = 0, largest_jump = 0, travelled = 0, last_gain = 0;
  std::vector<int16_t> out = in;
  for (std::size_t i = 0; i + kBlock <= in.size(); i += kBlock) {
    const float level = i / 80000 % 2 == 0 ? -40 : -1;
    gain.process(&out[i], {.speaking = true, .loud = true, .level_dbm0 = level, .floor_dbm0 = -90});
    travelled += std::fabs(gain.gain_db() - last_gain);
    last_gain = gain.gain_db();
  }
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i > 0) largest_jump = std::max(largest_jump, std::fabs(double(out[i]) - out[i - 1]));
    if (std::abs(in[i]) < 3000 || std::abs(out[i]) > 20000) {
      last_ratio = 0;
      continue;
    }
    const double ratio = double(out[i]) / in[i];
    if (last_ratio > 0) largest_step = std::max(largest_step, std::fabs(ratio / last_ratio - 1));
    last_ratio = ratio;
  }
  EXPECT_GT(travelled, 60);
  // 0.6 dB (7 %) in 160 steps, and the rounding of samples of at least 700.
  EXPECT_LT(largest_step, 0.07 / 160 + 2.0 / 700);
  // The slope of a sine of 37 Hz that would reach 5.6 times what it may: the limiter only makes it flatter.
  EXPECT_LT(largest_jump, amplitude_of(-6 + 15) * 2 * std::numbers::pi * 37 / 8000 * 1.05);
}

TEST(DspAutomaticGain, BendsPeaksInsteadOfClippingThem) {
  // +15 dB on a sine that would then reach +6 dBm0 and more.
  for (const double dbm0 : {-14.0, -9.0, -4.0, 3.1}) {
    const auto in = rounded(sine(313, dbm0, 20));
    auto out = in;
    AutomaticGain gain;
    for (std::size_t i = 0; i + kBlock <= in.size(); i += kBlock) {
      gain.process(&out[i], {.speaking = true, .loud = true, .level_dbm0 = -40, .floor_dbm0 = -90});
    }
    ASSERT_NEAR(15, gain.gain_db(), 0.01);
    int flat = 0, longest = 0, rises_again = 0;
    for (std::size_t i = in.size() - 8000; i < in.size(); ++i) {
      flat = std::abs(out[i]) >= 32767 ? flat + 1 : 0;
      longest = std::max(longest, flat);
      // What is larger before is not smaller after.
      if (std::abs(in[i]) > std::abs(in[i - 1]) && std::abs(out[i]) < std::abs(out[i - 1])) ++rises_again;
      ASSERT_EQ(in[i] > 0, out[i] > 0);
    }
    EXPECT_LE(longest, dbm0 > 3 ? 2 : 0) << dbm0;
    EXPECT_EQ(0, rises_again) << dbm0;
  }
}

TEST(DspAutomaticGain, IsNotThereAtZeroDecibels) {
  std::mt19937 random(8);
  std::vector<int16_t> block(kBlock);
  AutomaticGain gain;
  for (int i = 0; i < 100; ++i) {
    for (auto& x : block) x = static_cast<int16_t>(random());
    const auto before = block;
    gain.process(block.data(), {.level_dbm0 = -30, .floor_dbm0 = -60});
    ASSERT_EQ(before, block);
  }
}

TEST(DspAutomaticGain, HoldsThroughTones) {
  CORDBOARD_NEED_PROMPTS(speech, 15);
  Channel channel;
  channel(received(joined(at_active_level(speech, -30), sine(1100, -38, 10))));
  EXPECT_NEAR(channel.gains[760], channel.gains.back(), 1.3);
}

TEST(DspAutomaticGain, SurvivesEveryInputAndSetting) {
  std::mt19937 random(3);
  AutomaticGain wild({.target_dbm0 = 1e30F,
                      .max_gain_db = 1e9F,
                      .max_loss_db = 1e9F,
                      .rise_db_per_s = 1e9F,
                      .fall_db_per_s = 1e9F,
                      .max_noise_dbm0 = 1e9F});
  std::vector<int16_t> block(kBlock);
  for (int i = 0; i < 3000; ++i) {
    for (auto& x : block) x = i % 3 == 0 ? int16_t{-32768} : static_cast<int16_t>(random());
    const float level = i % 5 == 0 ? -100.0F : 6.15F;
    wild.process(block.data(), {.speaking = i % 2 == 0, .loud = true, .level_dbm0 = level, .floor_dbm0 = -100});
    ASSERT_LE(std::fabs(wild.gain_db()), 60.01F);
  }
}

}  // namespace
}  // namespace cordboard::dsp
