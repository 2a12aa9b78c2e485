// SPDX-License-Identifier: GPL-2.0-or-later
// The echo canceller's kernels for every processor. The integer loops are what compilers turn into multiply-adds of
// pairs; they count modulo 2³² as the vector instructions do.
#include "dsp/echo_kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

#define CORDBOARD_KERNEL_LANES 4
#include "dsp/echo_kernels_vector.inc"

inline int32_t dot(const int16_t* __restrict a, const int16_t* __restrict b, std::size_t n) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(a[i] * b[i]);
  return static_cast<int32_t>(sum);
}

void fir_portable(const int16_t* x, const int16_t* coefficients, std::size_t taps, int32_t* out, std::size_t n) {
  for (std::size_t t = 0; t < n; ++t) out[t] = dot(x + t, coefficients, taps);
}

void tone_sums_portable(const int16_t* x, EchoToneSums* out) {
  out->ans_cosine = dot(x, kEchoToneTable.wave[0], kEchoToneHalf);
  out->ans_sine = dot(x, kEchoToneTable.wave[1], kEchoToneHalf);
  out->cng_cosine = dot(x, kEchoToneTable.wave[2], kEchoToneHalf);
  out->cng_sine = dot(x, kEchoToneTable.wave[3], kEchoToneHalf);
}

}  // namespace

const EchoKernels kPortableEchoKernels{.name = "portable",
                                       .fir = fir_portable,
                                       .adapt = adapt,
                                       .whiten = whiten,
                                       .autocorrelate = autocorrelate,
                                       .tone_sums = tone_sums_portable};

}  // namespace cordboard::dsp
