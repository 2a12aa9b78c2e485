// SPDX-License-Identifier: GPL-2.0-or-later
// Levels, frequencies, delays and clocks that are known are measured as what they are.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

#include "dsp/g711.hpp"
#include "dsp/line_measure.hpp"

namespace cordboard::dsp {
namespace {

std::vector<uint8_t> tone(double hz, double dbm0, std::size_t samples, double noise_dbm0 = -99) {
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 32768 / std::numbers::sqrt2 * std::pow(10, (noise_dbm0 - 3.14) / 20));
  const double amplitude = 32768 * std::pow(10, (dbm0 - 3.14) / 20);
  std::vector<uint8_t> octets(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const double sample = amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000 + 0.3);
    octets[i] = linear_to_alaw(static_cast<int16_t>(std::lround(sample + (noise_dbm0 > -90 ? noise(random) : 0))));
  }
  return octets;
}

TEST(LineMeasure, ToneHasItsLevelAndFrequency) {
  for (const double hz : {300.0, 404.0, 1020.0, 2804.0, 3400.0}) {
    for (const double dbm0 : {0.0, -10.0, -30.0}) {
      const auto reading = measure_tone(tone(hz, dbm0, 2000), hz);
      EXPECT_NEAR(dbm0, reading.level_dbm0, 0.05) << hz;
      EXPECT_NEAR(hz, reading.hz, 0.01) << dbm0;
      // What A-law adds is 33 dB below at least (G.712).
      EXPECT_LT(reading.residual_dbm0, dbm0 - 33);
    }
  }
}

TEST(LineMeasure, FrequencyThatIsOffIsFound) {
  EXPECT_NEAR(1021.2, measure_tone(tone(1021.2, -10, 2000), 1020).hz, 0.02);
  EXPECT_NEAR(1018.9, measure_tone(tone(1018.9, -10, 2000), 1020).hz, 0.02);
}

TEST(LineMeasure, NoiseBesideTheToneAndAlone) {
  const auto beside = measure_tone(tone(1020, -10, 4000, -30), 1020);
  EXPECT_NEAR(-30, beside.residual_dbm0, 0.3);
  EXPECT_NEAR(-10, beside.level_dbm0, 0.05);
  const auto alone = measure_tone(tone(0, -99, 4000, -40), 0);
  EXPECT_NEAR(-40, alone.level_dbm0, 0.3);
  const auto silence = measure_tone(std::vector<uint8_t>(4000, kAlawSilence), 0);
  EXPECT_LT(silence.level_dbm0, -65);
}

TEST(LineMeasure, StepsAreWhatWasAskedFor) {
  const std::vector<TestTone> tones{{1020, -10}, {0, 0}, {404, -20}};
  const auto octets = render_steps(tones, 4000);
  ASSERT_EQ(12000U, octets.size());
  const std::span<const uint8_t> all(octets);
  EXPECT_NEAR(-10, measure_tone(all.subspan(0, 4000), 1020).level_dbm0, 0.05);
  EXPECT_LT(measure_tone(all.subspan(4000, 4000), 0).level_dbm0, -60);
  EXPECT_NEAR(-20, measure_tone(all.subspan(8000, 4000), 404).level_dbm0, 0.05);
}

TEST(LineMeasure, DelayIsFoundLouderSofterReversedAndInNoise) {
  const auto marker = render_marker();
  for (const std::size_t delay : {0U, 160U, 1234U}) {
    for (const double gain : {1.0, 0.1, -0.5}) {
      std::mt19937 random(5);
      std::normal_distribution<double> noise(0, 60);
      std::vector<uint8_t> heard(4000);
      for (std::size_t i = 0; i < heard.size(); ++i) {
        const bool in = i >= delay && i < delay + marker.size();
        const double sample = (in ? gain * alaw_to_linear(marker[i - delay]) : 0) + noise(random);
        heard[i] = linear_to_alaw(static_cast<int16_t>(std::lround(sample)));
      }
      const auto found = find_delay(heard);
      EXPECT_GT(found.similarity, 0.9) << gain;
      EXPECT_NEAR(static_cast<double>(delay), found.samples, 0.3) << gain;
    }
  }
  EXPECT_LT(find_delay(tone(1020, -10, 4000)).similarity, 0.5);
  EXPECT_LT(find_delay(std::vector<uint8_t>(4000, kAlawSilence)).similarity, 0.5);
}

TEST(LineMeasure, ClockIsAsFastAsItIs) {
  for (const double ppm : {0.0, 4.6, -50.0, 300.0}) {
    std::mt19937 random(9);
    std::exponential_distribution<double> late(1.0 / 80'000);  // ns
    std::vector<int64_t> at;
    for (int i = 0; i < 500; ++i) {
      at.push_back(static_cast<int64_t>(i * 20e6 / (1 + ppm * 1e-6) + late(random)));
    }
    EXPECT_NEAR(ppm, clock_offset_ppm(at, 20'000'000), 3) << ppm;
  }
}

}  // namespace
}  // namespace cordboard::dsp
