// SPDX-License-Identifier: GPL-2.0-or-later
// The echo canceller's kernels against plain arithmetic, and both sets bit for bit against each other.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <vector>

#include "dsp/echo_kernels.hpp"

namespace cordboard::dsp {
namespace {

class DspEchoKernels : public testing::TestWithParam<const EchoKernels*> {
 protected:
  const EchoKernels& set() const { return *GetParam(); }
  std::mt19937 random_{11};

  std::vector<int16_t> samples(std::size_t n) {
    std::vector<int16_t> result(n);
    for (auto& x : result) x = static_cast<int16_t>(random_());
    std::fill_n(result.begin(), n / 4, int16_t{-32768});  // where pairs of products overflow
    return result;
  }
  std::vector<float> floats(std::size_t n, float size) {
    std::uniform_real_distribution<float> even(-size, size);
    std::vector<float> result(n);
    for (auto& x : result) x = even(random_);
    return result;
  }
};

TEST_P(DspEchoKernels, FilterCountsModuloTwoToThe32) {
  for (const std::size_t taps : {64, 128, 512}) {
    for (const std::size_t n : {16, 160}) {
      const auto x = samples(taps + n), c = samples(taps);
      std::vector<int32_t> out(n + 1, 77);
      set().fir(x.data(), c.data(), taps, out.data(), n);
      for (std::size_t t = 0; t < n; ++t) {
        uint32_t sum = 0;
        for (std::size_t i = 0; i < taps; ++i) sum += static_cast<uint32_t>(x[t + i] * c[i]);
        ASSERT_EQ(static_cast<int32_t>(sum), out[t]) << taps << " taps, output " << t;
      }
      EXPECT_EQ(77, out[n]);
    }
  }
}

TEST_P(DspEchoKernels, AdaptationStepsAndRoundsAndIsBounded) {
  for (const std::size_t taps : {64, 128, 512}) {
    const auto x = floats(taps + kEchoStep, 3000), g = floats(kEchoStep, 0.05F);
    auto w = floats(taps, 20000);
    w[3] = 32767;
    w[5] = -32767;
    const auto before = w;
    std::vector<int16_t> coefficients(taps + 1, 77);
    set().adapt(w.data(), coefficients.data(), x.data(), g.data(), taps);
    for (std::size_t i = 0; i < taps; ++i) {
      double sum = before[i];
      for (std::size_t k = 0; k < kEchoStep; ++k) sum += static_cast<double>(g[k]) * x[i + k];
      ASSERT_NEAR(std::clamp(sum, -32767.0, 32767.0), w[i], 0.02) << i;
      ASSERT_EQ(std::lrint(w[i]), coefficients[i]) << i;
    }
    EXPECT_EQ(77, coefficients[taps]);
  }
}

TEST_P(DspEchoKernels, WhitensAndCorrelates) {
  const std::size_t n = 288;
  const auto x = floats(n + 8, 3000), a = floats(9, 1);
  std::vector<float> out(n), energy(n / 16), r(9);
  set().whiten(x.data() + 8, a.data(), out.data(), energy.data(), n);
  set().autocorrelate(x.data() + 8, r.data(), n);
  double sum = 0;
  for (std::size_t t = 0; t < n; ++t) {
    double expected = x[t + 8];
    for (std::size_t j = 1; j <= 8; ++j) expected += static_cast<double>(a[j]) * x[t + 8 - j];
    ASSERT_NEAR(expected, out[t], 0.02);
    sum += static_cast<double>(out[t]) * out[t];
    if (t % 16 == 15) {
      ASSERT_NEAR(1, energy[t / 16] / sum, 1e-5);
      sum = 0;
    }
  }
  for (std::size_t k = 0; k <= 8; ++k) {
    double expected = 0;
    for (std::size_t t = 0; t < n; ++t) expected += static_cast<double>(x[t + 8]) * x[t + 8 - k];
    ASSERT_NEAR(expected, r[k], 5e3) << "lag " << k;  // of 9e8 at lag 0
  }
}

TEST_P(DspEchoKernels, CorrelatesWithTheTones) {
  for (const double hz : {2100.0, 1100.0, 1600.0}) {
    std::vector<int16_t> x(kEchoToneHalf);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<int16_t>(
          std::lround(20000 * std::cos(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000 + 0.7)));
    }
    EchoToneSums sums{};
    set().tone_sums(x.data(), &sums);
    const double full = 40.0 * kEchoToneScale * 20000;
    EXPECT_NEAR(hz == 2100 ? full : 0, std::hypot(sums.ans_cosine, sums.ans_sine), full / 1000) << hz;
    EXPECT_NEAR(hz == 1100 ? full : 0, std::hypot(sums.cng_cosine, sums.cng_sine), full / 1000) << hz;
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, DspEchoKernels, testing::Values(&portable_echo_kernels(), &echo_kernels()),
                         [](const auto& kind) { return std::string(kind.index == 0 ? "portable" : "chosen"); });

TEST(DspEchoKernelSets, GiveTheSameFloatsBitForBit) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0, 3000);
  std::vector<float> x(512 + 160 + 8), a(9), g(kEchoStep);
  for (int round = 0; round < 20; ++round) {
    for (auto& v : x) v = normal(random);
    for (auto& v : a) v = normal(random) / 5000;
    for (auto& v : g) v = normal(random) / 50000;
    struct Results {
      std::vector<float> w = std::vector<float>(512, 1.5F), white = std::vector<float>(512), energy = white,
                         r = std::vector<float>(9);
      std::vector<int16_t> coefficients = std::vector<int16_t>(512);
    } results[2];
    const EchoKernels* const sets[2] = {&portable_echo_kernels(), &echo_kernels()};
    for (int s = 0; s < 2; ++s) {
      Results& into = results[s];
      sets[s]->adapt(into.w.data(), into.coefficients.data(), x.data(), g.data(), 512);
      sets[s]->whiten(x.data() + 8, a.data(), into.white.data(), into.energy.data(), 512);
      sets[s]->autocorrelate(x.data() + 8, into.r.data(), 160);
    }
    EXPECT_EQ(results[0].coefficients, results[1].coefficients);
    const auto same = [](const auto& p, const auto& q) { return std::memcmp(p.data(), q.data(), p.size() * 4) == 0; };
    EXPECT_TRUE(same(results[0].w, results[1].w));
    EXPECT_TRUE(same(results[0].white, results[1].white));
    EXPECT_TRUE(same(results[0].energy, results[1].energy));
    EXPECT_TRUE(same(results[0].r, results[1].r));
  }
}

}  // namespace
}  // namespace cordboard::dsp
