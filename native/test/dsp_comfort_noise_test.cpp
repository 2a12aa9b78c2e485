// SPDX-License-Identifier: GPL-2.0-or-later
// Comfort noise: octets as the RFC has them, level and colour from analysis to generator, and every possible payload.
#include <gtest/gtest.h>

#include "dsp/comfort_noise.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

std::vector<double> made(ComfortNoise& generator, double seconds) {
  std::vector<double> samples;
  for (int b = 0; b < seconds * 50; ++b) {
    int16_t block[kBlock];
    generator.process(block);
    samples.insert(samples.end(), block, block + kBlock);
  }
  return samples;
}

NoiseShape analysed(const std::vector<int16_t>& blocks) {
  NoiseAnalysis analysis;
  for (std::size_t i = 0; i + kBlock <= blocks.size(); i += kBlock) analysis.process(&blocks[i]);
  return analysis.shape();
}

/// Level in a band, dBm0, as the sum of many narrow ones.
double band(const std::vector<double>& samples, double from_hz, double to_hz) {
  double power = 0;
  int count = 0;
  for (double hz = from_hz; hz < to_hz; hz += 11) power += std::pow(10, level_at(samples, hz) / 10), ++count;
  return 10 * std::log10(power / count);
}

TEST(DspComfortNoise, WritesAndReadsTheOctetsOfTheRfc) {
  NoiseShape shape{.level_dbm0 = kFullScaleDbm0 - 61, .order = 4, .reflection = {0, 1, -0.5F, 0.4F}};
  uint8_t octets[kMaxNoisePayload];
  ASSERT_EQ(5U, write_noise_payload(shape, octets));
  EXPECT_EQ(61, octets[0]);
  EXPECT_EQ(127, octets[1]);
  EXPECT_EQ(254, octets[2]);
  EXPECT_EQ(63, octets[3]);   // −0.5 is −63.5 steps
  EXPECT_EQ(178, octets[4]);  // 0.4 is 50.8
  NoiseShape read;
  ASSERT_TRUE(read_noise_payload(octets, 5, read));
  EXPECT_FLOAT_EQ(shape.level_dbm0, read.level_dbm0);
  EXPECT_EQ(4, read.order);
  EXPECT_FLOAT_EQ(0, read.reflection[0]);
  EXPECT_FLOAT_EQ(258.0F * 127 / 32768, read.reflection[1]);
  EXPECT_FALSE(read_noise_payload(octets, 0, read));
  EXPECT_EQ(1U, write_noise_payload({.level_dbm0 = -500}, octets));
  EXPECT_EQ(127, octets[0]);
  write_noise_payload({.level_dbm0 = 90}, octets);
  EXPECT_EQ(0, octets[0]);
}

TEST(DspComfortNoise, HasTheLevelAskedFor) {
  for (const float dbm0 : {-70.0F, -60.0F, -50.0F, -35.0F, -20.0F}) {
    for (const NoiseShape& shape :
         {NoiseShape{.level_dbm0 = dbm0}, NoiseShape{.level_dbm0 = dbm0, .order = 1, .reflection = {-0.8F}},
          NoiseShape{.level_dbm0 = dbm0, .order = 3, .reflection = {-0.7F, 0.6F, 0.3F}}}) {
      ComfortNoise generator;
      generator.set(shape);
      EXPECT_NEAR(dbm0, level_of(made(generator, 10)), dbm0 < -65 ? 1.0 : 0.5);
    }
  }
  ComfortNoise silent;
  EXPECT_EQ(std::vector<double>(8000), made(silent, 1));
  silent.set({.level_dbm0 = kFullScaleDbm0 - 127});
  EXPECT_EQ(std::vector<double>(8000), made(silent, 1));
}

TEST(DspComfortNoise, SoundsLikeTheNoiseItWasToldOf) {
  for (const double colour : {0.0, 0.6, 0.9, -0.5}) {
    const auto heard = noise(-45, 5, 7, colour);
    uint8_t octets[kMaxNoisePayload];
    auto blocks = received(heard);
    blocks.resize(heard.size());  // without the silence behind
    const std::size_t n = write_noise_payload(analysed(blocks), octets);
    NoiseShape shape;
    ASSERT_TRUE(read_noise_payload(octets, n, shape));
    ComfortNoise generator(99);
    generator.set(shape);
    const auto again = made(generator, 5);
    EXPECT_NEAR(level_of(heard), level_of(again), 1.5) << colour;
    const std::vector<double> a(heard.end() - 8000, heard.end()), b(again.end() - 8000, again.end());
    for (double hz = 100; hz < 3800; hz += 600) {
      EXPECT_NEAR(band(a, hz, hz + 600), band(b, hz, hz + 600), 3.5) << colour << " at " << hz;
    }
  }
}

TEST(DspComfortNoise, MeasuresNothingAndHumWithoutLosingItsFooting) {
  const NoiseShape nothing = analysed(std::vector<int16_t>(8000));
  EXPECT_FLOAT_EQ(kFullScaleDbm0 - 127, nothing.level_dbm0);
  EXPECT_FLOAT_EQ(kFullScaleDbm0 - 127, NoiseAnalysis{}.shape().level_dbm0);
  const NoiseShape hum = analysed(received(sine(100, -40, 2)));
  EXPECT_NEAR(-40, hum.level_dbm0, 2);
  ComfortNoise generator;
  generator.set(hum);
  EXPECT_NEAR(-40, level_of(made(generator, 20)), 4);
  std::vector<int16_t> full(8000, -32768);
  EXPECT_NEAR(kFullScaleDbm0, analysed(full).level_dbm0, 0.5);
}

TEST(DspComfortNoise, StaysFiniteForEveryPayload) {
  std::mt19937 random(2);
  ComfortNoise generator;
  int16_t block[kBlock];
  for (int round = 0; round < 3000; ++round) {
    uint8_t octets[20];
    for (auto& octet : octets) octet = static_cast<uint8_t>(random() % 3 == 0 ? (random() % 2) * 255 : random());
    NoiseShape shape;
    if (!read_noise_payload(octets, random() % sizeof octets, shape)) continue;
    ASSERT_LE(shape.order, kMaxNoiseOrder);
    generator.set(shape);
    generator.process(block);
    generator.process(block);
  }
  // And comes down to what is asked in the end.
  generator.set({.level_dbm0 = -60});
  made(generator, 1);
  EXPECT_NEAR(-60, level_of(made(generator, 5)), 0.5);
}

TEST(DspComfortNoise, DiffersBySeedAndRepeatsByIt) {
  ComfortNoise a(1), b(1), c(2), zero(0);
  for (ComfortNoise* generator : {&a, &b, &c, &zero}) generator->set({.level_dbm0 = -40});
  const auto first = made(a, 1);
  EXPECT_EQ(first, made(b, 1));
  EXPECT_NE(first, made(c, 1));
  EXPECT_NEAR(-40, level_of(made(zero, 2)), 0.5);
}

}  // namespace
}  // namespace cordboard::dsp
