// SPDX-License-Identifier: GPL-2.0-or-later
// Every kernel set against plain arithmetic, and against each other where rounding is concerned.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <vector>

#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {
namespace {

// Whole blocks, and lengths that leave every kind of remainder.
constexpr std::size_t kLengths[] = {0, 1, 7, 15, 31, 32, 33, 63, 80, 95, 160, 321};

class DspKernels : public testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& set() const { return *GetParam(); }
  std::mt19937 random_{7};

  std::vector<int16_t> samples(std::size_t n) {
    std::vector<int16_t> result(n);
    for (auto& x : result) x = static_cast<int16_t>(random_());
    // The extremes, where saturation and overflow are.
    if (n > 2) result[0] = -32768, result[1] = 32767, result[2] = 0;
    return result;
  }

  std::vector<uint8_t> octets(std::size_t n) {
    std::vector<uint8_t> result(n);
    for (auto& x : result) x = static_cast<uint8_t>(random_());
    return result;
  }
};

int32_t scaled(int16_t sample, int32_t gain) { return (sample * gain + 2048) >> 12; }

TEST_P(DspKernels, DecodeAndEncodeAlaw) {
  for (const std::size_t n : kLengths) {
    const auto in = octets(n);
    std::vector<int16_t> linear(n + 1, 99);
    set().alaw_decode(in.data(), linear.data(), n);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(alaw_to_linear(in[i]), linear[i]);
    EXPECT_EQ(99, linear[n]);
    const auto from = samples(n);
    std::vector<uint8_t> out(n + 1, 99);
    set().alaw_encode(from.data(), out.data(), n);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(linear_to_alaw(from[i]), out[i]) << from[i];
    EXPECT_EQ(99, out[n]);
  }
  std::vector<int16_t> every(65536);
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<int16_t>(i);
  std::vector<uint8_t> out(every.size());
  set().alaw_encode(every.data(), out.data(), every.size());
  for (std::size_t i = 0; i < every.size(); ++i) ASSERT_EQ(linear_to_alaw(every[i]), out[i]) << every[i];
}

TEST_P(DspKernels, MixAndTakeTheOwnShareOut) {
  for (const std::size_t n : kLengths) {
    for (const int32_t gain : {kUnityGainQ12, 0, 130, 1000, 16306, 65536}) {
      const auto mine = samples(n), other = samples(n);
      std::vector<int32_t> sum(n + 1, 5);
      set().mix_add(sum.data(), mine.data(), gain, n);
      set().mix_add(sum.data(), other.data(), kUnityGainQ12, n);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(5 + scaled(mine[i], gain) + other[i], sum[i]);
      EXPECT_EQ(5, sum[n]);

      std::vector<uint8_t> heard(n + 1, 99), all(n + 1, 99);
      set().mix_minus_encode(sum.data(), mine.data(), gain, heard.data(), n);
      set().mix_minus_encode(sum.data(), nullptr, gain, all.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        const auto saturated = [](int32_t x) { return static_cast<int16_t>(std::clamp(x, -32768, 32767)); };
        ASSERT_EQ(linear_to_alaw(saturated(5 + other[i])), heard[i]);
        ASSERT_EQ(linear_to_alaw(saturated(sum[i])), all[i]);
      }
      EXPECT_EQ(99, heard[n]);
      EXPECT_EQ(99, all[n]);
    }
  }
}

TEST_P(DspKernels, SumSquares) {
  for (const std::size_t n : kLengths) {
    const auto in = samples(n);
    uint64_t expected = 0;
    for (const int16_t x : in) expected += static_cast<uint64_t>(int64_t{x} * x);
    EXPECT_EQ(expected, set().power(in.data(), n));
  }
  const std::vector<int16_t> loudest(kBlock, -32768);
  EXPECT_EQ(kBlock << 30, set().power(loudest.data(), kBlock));
}

TEST_P(DspKernels, InterleaveAtAnyAlignment) {
  for (const std::size_t n : kLengths) {
    for (std::size_t shift = 0; shift < 64; shift += 13) {
      const auto left = octets(n), right = octets(n);
      alignas(64) uint8_t plain[800], streamed[800];
      std::memset(plain, 99, sizeof plain);
      std::memset(streamed, 99, sizeof streamed);
      set().interleave(left.data(), right.data(), plain + shift, n);
      set().interleave_stream(left.data(), right.data(), streamed + shift, n);
      set().stream_fence();
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(left[i], plain[shift + 2 * i]);
        ASSERT_EQ(right[i], plain[shift + 2 * i + 1]);
      }
      EXPECT_EQ(99, plain[shift + 2 * n]);
      EXPECT_EQ(0, std::memcmp(plain, streamed, sizeof plain));
    }
  }
}

TEST_P(DspKernels, TransformHalvesAboutTheirMiddle) {
  constexpr double kHz[] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
  std::vector<int16_t> in[4];
  const int16_t* pointers[4];
  DtmfHalf halves[4];
  DtmfHalf* out[4];
  for (int c = 0; c < 4; ++c) {
    in[c] = samples(kDtmfHalf);
    pointers[c] = in[c].data();
    out[c] = &halves[c];
  }
  set().dtmf_half4(pointers, out);
  for (int c = 0; c < 4; ++c) {
    double energy = 0;
    for (const int16_t x : in[c]) energy += static_cast<double>(x) * x;
    EXPECT_NEAR(1, halves[c].energy / energy, 1e-6);
    for (int f = 0; f < 8; ++f) {
      double even = 0, odd = 0;
      for (int n = 0; n < 80; ++n) {
        const double angle = 2 * std::numbers::pi * kHz[f] * (n - 39.5) / 8000;
        even += in[c][static_cast<std::size_t>(n)] * std::cos(angle);
        odd += in[c][static_cast<std::size_t>(n)] * std::sin(angle);
      }
      EXPECT_NEAR(even, halves[c].even[f], 0.5);
      EXPECT_NEAR(odd, halves[c].odd[f], 0.5);
      EXPECT_NEAR(1, halves[c].power[f] / (even * even + odd * odd), 1e-4);
    }
  }
}

TEST_P(DspKernels, TransformHalvesBitForBitAlike) {
  for (int round = 0; round < 200; ++round) {
    std::vector<int16_t> in[4];
    const int16_t* pointers[4];
    DtmfHalf ours[4], theirs[4];
    DtmfHalf *to_ours[4], *to_theirs[4];
    for (int c = 0; c < 4; ++c) {
      in[c] = samples(kDtmfHalf);
      pointers[c] = in[c].data();
      to_ours[c] = &ours[c];
      to_theirs[c] = &theirs[c];
    }
    set().dtmf_half4(pointers, to_ours);
    portable_kernels().dtmf_half4(pointers, to_theirs);
    ASSERT_EQ(0, std::memcmp(ours, theirs, sizeof ours));
  }
}

TEST_P(DspKernels, FoldBlocksAndCorrelateThem) {
  for (int round = 0; round < 50; ++round) {
    const auto in = samples(kBlock);
    float even[80], odd[80], other_even[80], other_odd[80];
    const float energy = set().tone_fold(in.data(), even, odd);
    double squares = 0;
    for (const int16_t x : in) squares += static_cast<double>(x) * x;
    EXPECT_NEAR(1, energy / squares, 1e-6);
    for (std::size_t n = 0; n < 80; ++n) {
      ASSERT_EQ(static_cast<float>(in[159 - n] + in[n]), even[n]);
      ASSERT_EQ(static_cast<float>(in[159 - n] - in[n]), odd[n]);
    }
    constexpr std::size_t kGroups = 3;
    std::vector<float> table(kGroups * 16 * 80);
    for (float& value : table) value = static_cast<float>(static_cast<double>(random_()) / 2147483648.0 - 1);
    float ours[2][kGroups * 8], theirs[2][kGroups * 8];
    set().tone_lanes(even, odd, table.data(), kGroups, ours[0], ours[1]);
    for (std::size_t lane = 0; lane < kGroups * 8; ++lane) {
      double sum[2] = {};
      for (std::size_t n = 0; n < 80; ++n) {
        const float* const at = &table[lane / 8 * 1280 + n * 16 + lane % 8];
        sum[0] += static_cast<double>(even[n]) * static_cast<double>(at[0]);
        sum[1] += static_cast<double>(odd[n]) * static_cast<double>(at[8]);
      }
      EXPECT_NEAR(sum[0], ours[0][lane], 1);
      EXPECT_NEAR(sum[1], ours[1][lane], 1);
    }
    EXPECT_EQ(energy, portable_kernels().tone_fold(in.data(), other_even, other_odd));
    portable_kernels().tone_lanes(even, odd, table.data(), kGroups, theirs[0], theirs[1]);
    ASSERT_EQ(0, std::memcmp(ours, theirs, sizeof ours));
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, DspKernels, testing::Values(&portable_kernels(), &kernels()),
                         [](const auto& set) { return std::to_string(set.index) + "_" + set.param->name; });

}  // namespace
}  // namespace cordboard::dsp
