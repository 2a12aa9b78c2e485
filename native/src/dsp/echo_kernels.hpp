// SPDX-License-Identifier: GPL-2.0-or-later
// The inner loops of the echo canceller, in one set per kind of processor, the same results bit for bit (see
// kernels.hpp, where the rules for such sets are given).
//
//   reference ──┬── fir ──> echo estimate (integers, modulo 2³²)
//               └── whiten ──> whitened reference ──┐
//                                                   v
//   error ───────── whiten ──> whitened error ── adapt ──> coefficients
//
// Filters run in integers because a multiply-add of 16-bit pairs does twice the work of a float multiplication and an
// addition together, and is exact everywhere. Coefficients are adapted in float and rounded to Q13 for the filter.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordboard::dsp {

/// Coefficients are in Q13: ±4 with 1/8192, -68 dB of rounding noise in 128 taps.
inline constexpr int kEchoQ = 13;

/// Errors that go into one adaptation of the coefficients.
inline constexpr std::size_t kEchoStep = 16;

/// Taps of the whitening filter after the first, which is 1.
inline constexpr std::size_t kEchoOrder = 8;

/// Samples of one look at the answer tone: 10 ms, a whole number of cycles of 2100 and of 1100 Hz.
inline constexpr std::size_t kEchoToneHalf = 80;

/// Correlations of 80 samples with cosine and sine of the answer tone (2100 Hz) and the fax calling tone (1100 Hz).
/// A sine of amplitude A has a correlation of magnitude 40 kEchoToneScale A.
struct EchoToneSums {
  int32_t ans_cosine, ans_sine, cng_cosine, cng_sine;
};

/// 80 products with a 16-bit sample still fit 32 bits.
inline constexpr int kEchoToneScale = 800;

struct EchoKernels {
  const char* name;
  /// out[t] = sum of coefficients[i] x[t + i] for i < taps, t < n, modulo 2³². `taps` and `n` are multiples of 16; the
  /// coefficient of the greatest delay comes first.
  void (*fir)(const int16_t* x, const int16_t* coefficients, std::size_t taps, int32_t* out, std::size_t n);
  /// w[i] += sum of g[k] x[i + k] for k < kEchoStep, kept within ±32767; coefficients[i] is w[i] rounded. `taps` is a
  /// multiple of 64, and no g[k] x[i + k] may be infinite.
  void (*adapt)(float* w, int16_t* coefficients, const float* x, const float* g, std::size_t taps);
  /// out[t] = x[t] + sum of a[j] x[t - j] for 1 <= j <= 8 (a[0] is not read), t < n; x[-8] is the first read. For each
  /// 16 outputs the sum of their squares in `energy`. `n` is a multiple of 16.
  void (*whiten)(const float* x, const float* a, float* out, float* energy, std::size_t n);
  /// r[k] = sum of x[t] x[t - k] for k <= 8, t < n; x[-8] is the first read. `n` is a multiple of 16.
  void (*autocorrelate)(const float* x, float* r, std::size_t n);
  void (*tone_sums)(const int16_t* x, EchoToneSums* out);
};

/// The set that belongs to kernels().
const EchoKernels& echo_kernels();

/// The set that runs everywhere.
const EchoKernels& portable_echo_kernels();

}  // namespace cordboard::dsp
