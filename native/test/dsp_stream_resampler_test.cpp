// SPDX-License-Identifier: GPL-2.0-or-later
// The streaming resampler, measured with sines: pass band, stop band, delay; and that cutting the stream otherwise or
// loading it with the worst input changes nothing it promises.
#include <gtest/gtest.h>

#include <cstdio>
#include <numbers>

#include "dsp/stream_resampler.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

constexpr uint32_t kRates[] = {16000, 24000, 32000, 44100, 48000};

std::vector<int16_t> converted(const std::vector<int16_t>& in, uint32_t from, uint32_t to, std::size_t ms = 20) {
  StreamResampler resampler(from, to);
  std::vector<int16_t> out;
  const std::size_t n = from / 1000 * ms + (from == 44100 ? ms / 10 : 0);
  for (std::size_t i = 0; i + n <= in.size(); i += n) {
    int16_t block[kMaxResampledBlock];
    const std::size_t made = resampler.process(&in[i], n, block);
    out.insert(out.end(), block, block + made);
  }
  return out;
}

std::vector<int16_t> sine_at(double hz, uint32_t rate, double amplitude, double seconds = 0.6) {
  std::vector<int16_t> samples(static_cast<std::size_t>(rate * seconds));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
    samples[i] = static_cast<int16_t>(std::lround(amplitude * std::sin(angle)));
  }
  return samples;
}

struct Component {
  double amplitude, phase;  // of sin
};

/// One frequency of a signal's last half second.
Component component(const std::vector<int16_t>& samples, double hz, uint32_t rate) {
  const std::size_t from = samples.size() - rate / 2;
  double re = 0, im = 0;
  for (std::size_t i = from; i < samples.size(); ++i) {
    const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
    re += samples[i] * std::cos(angle);
    im += samples[i] * std::sin(angle);
  }
  const double scale = 2.0 / (rate / 2);
  return {std::hypot(re, im) * scale, std::atan2(re, im)};
}

TEST(DspStreamResampler, PassesSpeechsBandUnchangedWithTwoMillisecondsOfDelay) {
  for (const uint32_t rate : kRates) {
    for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, rate}, {rate, 8000}}) {
      double worst = 0;
      for (double hz = 50; hz <= 3400; hz += 134) {
        const auto c = component(converted(sine_at(hz, from, 12000), from, to), hz, to);
        const double db = 20 * std::log10(c.amplitude / 12000);
        worst = std::max(worst, std::fabs(db));
        ASSERT_LT(std::fabs(db), 0.1) << from << " to " << to << " at " << hz;
        const double expected = -2 * std::numbers::pi * hz * 0.002;
        ASSERT_NEAR(0, std::remainder(c.phase - expected, 2 * std::numbers::pi), 0.01) << hz;
      }
      std::printf("%5u to %5u Hz: pass band within %.3f dB\n", from, to, worst);
    }
  }
}

TEST(DspStreamResampler, KeepsImagesAndAliasesDown) {
  for (const uint32_t rate : kRates) {
    double image = -200, alias = -200;
    for (const double hz : {100.0, 500.0, 1004.0, 1800.0, 2700.0, 3100.0, 3400.0}) {
      const auto up = converted(sine_at(hz, 8000, 30000), 8000, rate);
      for (double around = 8000; around - hz < rate / 2.0; around += 8000) {
        for (const double at : {around - hz, around + hz}) {
          if (at < rate / 2.0) image = std::max(image, 20 * std::log10(component(up, at, rate).amplitude / 30000));
        }
      }
    }
    for (double hz = 4600; hz < rate / 2.0; hz += 370) {
      const auto down = converted(sine_at(hz, rate, 30000), rate, 8000);
      alias = std::max(alias, level_of({down.begin() + 800, down.end()}) - level_of([&] {
                                const auto in = sine_at(hz, rate, 30000);
                                return std::vector<double>(in.begin(), in.end());
                              }()));
    }
    std::printf("%5u Hz: images %.1f dB, aliases %.1f dB\n", rate, image, alias);
    EXPECT_LT(image, -65);
    EXPECT_LT(alias, -65);
  }
}

TEST(DspStreamResampler, MakesAsManyMillisecondsAsItTakes) {
  for (const uint32_t rate : kRates) {
    int16_t in[960] = {}, out[kMaxResampledBlock];
    StreamResampler up(8000, rate), down(rate, 8000);
    EXPECT_EQ(rate / 50, up.process(in, 160, out));
    EXPECT_EQ(rate / 100, up.process(in, 80, out));
    EXPECT_EQ(160U, down.process(in, rate / 50, out));
    EXPECT_EQ(80U, down.process(in, rate / 100, out));
    for (const std::size_t odd : {0U, 1U, 79U, 81U, 159U, 161U, 240U}) EXPECT_EQ(0U, up.process(in, odd, out));
  }
}

TEST(DspStreamResampler, GivesTheSameInBlocksOfTenAndTwenty) {
  std::mt19937 random(5);
  for (const uint32_t rate : kRates) {
    for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, rate}, {rate, 8000}}) {
      std::vector<int16_t> in(from);
      for (auto& x : in) x = static_cast<int16_t>(random());
      EXPECT_EQ(converted(in, from, to, 20), converted(in, from, to, 10)) << from << " to " << to;
    }
  }
}

TEST(DspStreamResampler, GivesTheSameOnEveryProcessor) {
  std::mt19937 random(6);
  for (const uint32_t rate : kRates) {
    for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, rate}, {rate, 8000}}) {
      StreamResampler fast(from, to), portable(from, to, false);
      for (int round = 0; round < 20; ++round) {
        int16_t in[960], a[kMaxResampledBlock], b[kMaxResampledBlock];
        for (auto& x : in) x = static_cast<int16_t>(round % 4 == 0 ? (random() % 2 == 0 ? -32768 : 32767) : random());
        ASSERT_EQ(to / 50, fast.process(in, from / 50, a));
        ASSERT_EQ(to / 50, portable.process(in, from / 50, b));
        ASSERT_EQ(0, std::memcmp(a, b, to / 50 * sizeof *a)) << from << " to " << to;
      }
    }
  }
}

TEST(DspStreamResampler, NeverOverflowsAndKeepsAConstantExact) {
  for (const uint32_t rate : kRates) {
    for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, rate}, {rate, 8000}}) {
      const auto constant = converted(std::vector<int16_t>(from / 5, 20000), from, to);
      for (std::size_t i = constant.size() / 2; i < constant.size(); ++i) ASSERT_NEAR(20000, constant[i], 12);
      for (const std::size_t period : {1U, 2U, 3U, 7U, 12U, 40U}) {
        std::vector<int16_t> square(from / 5);
        for (std::size_t i = 0; i < square.size(); ++i) square[i] = i / period % 2 == 0 ? 32767 : -32768;
        const auto out = converted(square, from, to);
        // Saturates where it has to, and never turns the sign: between neighbours no jump across all of the range
        // that the band does not allow.
        if (period < 7 || to == 8000) continue;
        for (std::size_t i = 1; i < out.size(); ++i) ASSERT_LT(std::abs(out[i] - out[i - 1]), 60000);
      }
    }
  }
}

TEST(DspStreamResampler, SaturatesOnTheWorstInputThereIs) {
  // The coefficients behind one output, found with impulses, and the input that has the sign of each of them.
  for (const uint32_t rate : kRates) {
    for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, rate}, {rate, 8000}}) {
      const std::size_t n = from / 50, taps = 192;
      const std::size_t blocks = (taps + n - 1) / n + 1;
      for (const std::size_t at : {0U, 1U, 3U, 7U}) {
        std::vector<int16_t> worst(blocks * n, 0);
        for (std::size_t back = 0; back < taps + 8; ++back) {
          const std::size_t i = (blocks - 1) * n + 8 - back;
          if (i >= worst.size()) continue;
          std::vector<int16_t> impulse(worst.size(), 0);
          impulse[i] = 32767;
          const int16_t heard = converted(impulse, from, to)[(blocks - 1) * (to / 50) + at];
          worst[i] = heard > 0 ? 32767 : heard < 0 ? -32768 : 0;
        }
        ASSERT_EQ(32767, converted(worst, from, to)[(blocks - 1) * (to / 50) + at]) << from << " to " << to;
        for (auto& x : worst) x = static_cast<int16_t>(~x);
        ASSERT_EQ(-32768, converted(worst, from, to)[(blocks - 1) * (to / 50) + at]) << from << " to " << to;
      }
    }
  }
}

TEST(DspStreamResampler, BringsSpeechBackFromAnyRate) {
  CORDBOARD_NEED_PROMPTS(speech, 5);
  const auto in = received(speech);
  for (const uint32_t rate : kRates) {
    const auto back = converted(converted(in, 8000, rate), rate, 8000);
    double error = 0, power = 0;
    for (std::size_t i = 32; i < back.size(); ++i) {
      error += std::pow(back[i] - in[i - 32], 2);
      power += std::pow(in[i - 32], 2);
    }
    // What is lost lies above 3.4 kHz.
    EXPECT_GT(10 * std::log10(power / error), 20) << rate;
  }
}

TEST(DspStreamResampler, CopiesAtTheSameRateAndRefusesOthers) {
  const auto in = sine_at(900, 8000, 9000);
  EXPECT_EQ(in, converted(in, 8000, 8000));
  int16_t block[kMaxResampledBlock] = {};
  for (const auto& [from, to] : {std::pair<uint32_t, uint32_t>{8000, 11025}, {16000, 48000}, {0, 8000}, {8000, 0}}) {
    StreamResampler resampler(from, to);
    EXPECT_FALSE(resampler.works());
    EXPECT_EQ(0U, resampler.process(block, 160, block));
  }
}

TEST(DspStreamResampler, ForgetsTheStreamWhenReset) {
  StreamResampler used(8000, 48000), fresh(8000, 48000);
  const auto in = sine_at(700, 8000, 9000);
  int16_t a[kMaxResampledBlock], b[kMaxResampledBlock];
  used.process(&in[0], 160, a);
  used.reset();
  used.process(&in[160], 160, a);
  fresh.process(&in[160], 160, b);
  EXPECT_EQ(0, std::memcmp(a, b, sizeof a));
}

}  // namespace
}  // namespace cordboard::dsp
