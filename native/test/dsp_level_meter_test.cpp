// SPDX-License-Identifier: GPL-2.0-or-later
// The level meter against signals whose level is known.
#include <gtest/gtest.h>

#include "dsp/level_meter.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

LevelReading read_after(const std::vector<int16_t>& blocks, LevelMeter meter = LevelMeter{}) {
  for (std::size_t i = 0; i + kBlock <= blocks.size(); i += kBlock) meter.process(&blocks[i]);
  return meter.reading();
}

TEST(DspLevelMeter, ReadsTheLevelOfASineAndItsPeakAlike) {
  for (const double dbm0 : {-60.0, -40.0, -20.0, -10.0, 0.0, 3.0}) {
    const LevelReading reading = read_after(rounded(sine(1004, dbm0, 4)));
    EXPECT_NEAR(dbm0, reading.level_dbm0, dbm0 < -50 ? 0.1 : 0.02);
    EXPECT_NEAR(dbm0, reading.peak_dbm0, dbm0 < -50 ? 0.4 : 0.1);
    EXPECT_NEAR(0, reading.dc_offset, 0.6 + amplitude_of(dbm0) * 2e-4);  // a block holds no whole periods of 1004 Hz
    EXPECT_EQ(32000U, reading.samples);
  }
}

TEST(DspLevelMeter, FollowsWithTheTimeConstantAsked) {
  for (const uint32_t time_ms : {100U, 300U, 1000U}) {
    // After one time constant, 1 − 1/e of the power: −1.99 dB; after as long a silence 1/e of that.
    const auto on = sine(1000, -10, time_ms / 1000.0);
    EXPECT_NEAR(-11.99, read_after(rounded(on), LevelMeter({.integration_ms = time_ms})).level_dbm0, 0.05);
    const auto gone = joined(on, silence(time_ms / 1000.0));
    EXPECT_NEAR(-16.33, read_after(rounded(gone), LevelMeter({.integration_ms = time_ms})).level_dbm0, 0.05);
  }
  EXPECT_NEAR(-10, read_after(rounded(sine(1000, -10, 0.02)), LevelMeter({.integration_ms = 0})).level_dbm0, 0.05);
}

TEST(DspLevelMeter, LetsThePeakFallAtItsPace) {
  const auto samples = joined(sine(1000, -10, 0.1), silence(1.5));
  EXPECT_NEAR(-10 - 12 * 1.5, read_after(rounded(samples)).peak_dbm0, 0.1);
}

TEST(DspLevelMeter, CountsClippedSamplesAndNoOthers) {
  EXPECT_EQ(0U, read_after(received(sine(1004, 2.5, 2))).clipped);
  auto samples = rounded(silence(1));
  samples[100] = 32767;
  samples[300] = -32768;
  samples[301] = 32256;
  samples[302] = 32255;
  samples[303] = -32256;
  EXPECT_EQ(4U, read_after(samples).clipped);
  EXPECT_GT(read_after(received(sine(1004, 9, 1))).clipped, 4000U);
}

TEST(DspLevelMeter, FindsADirectCurrent) {
  for (const double dc : {-500.0, -20.0, 3.0, 4000.0}) {
    auto samples = noise(-40, 10, 3);
    for (double& x : samples) x += dc;
    EXPECT_NEAR(dc, read_after(rounded(samples)).dc_offset, 3);
  }
}

TEST(DspLevelMeter, ReadsNothingFromNothing) {
  LevelMeter meter;
  EXPECT_FLOAT_EQ(-100, meter.reading().level_dbm0);
  EXPECT_FLOAT_EQ(-100, meter.reading().peak_dbm0);
  const std::vector<int16_t> full(kBlock, -32768);
  for (int i = 0; i < 2000; ++i) meter.process(full.data());
  EXPECT_NEAR(3.14 + 3.01, meter.reading().level_dbm0, 0.01);
  EXPECT_NEAR(-32768, meter.reading().dc_offset, 1);
  EXPECT_EQ(2000U * kBlock, meter.reading().clipped);
  meter.reset();
  EXPECT_EQ(0U, meter.reading().clipped + meter.reading().samples);
  EXPECT_FLOAT_EQ(-100, meter.reading().level_dbm0);
}

}  // namespace
}  // namespace cordboard::dsp
