// SPDX-License-Identifier: GPL-2.0-or-later
// The echo canceller's kernels for x86-64 with AVX2: 16 products of 16 bits a multiply-add.
#include <immintrin.h>

#include "dsp/echo_kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

#define CORDBOARD_KERNEL_LANES 8
#include "dsp/echo_kernels_vector.inc"

inline __m256i load(const int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }

/// The sums of eight vectors' lanes, in order.
inline __m256i sums_of_eight(const __m256i* s) {
  const __m256i s01 = _mm256_hadd_epi32(s[0], s[1]);
  const __m256i s23 = _mm256_hadd_epi32(s[2], s[3]);
  const __m256i s45 = _mm256_hadd_epi32(s[4], s[5]);
  const __m256i s67 = _mm256_hadd_epi32(s[6], s[7]);
  const __m256i s0123 = _mm256_hadd_epi32(s01, s23);
  const __m256i s4567 = _mm256_hadd_epi32(s45, s67);
  // The lower and the upper half of each sum.
  return _mm256_add_epi32(_mm256_permute2x128_si256(s0123, s4567, 0x20), _mm256_permute2x128_si256(s0123, s4567, 0x31));
}

/// Eight outputs from `t` on.
inline void eight_outputs(const int16_t* x, const int16_t* coefficients, std::size_t taps, int32_t* out) {
  __m256i sum[8];
#pragma GCC unroll 8
  for (__m256i& s : sum) s = _mm256_setzero_si256();
  for (std::size_t i = 0; i < taps; i += 16) {
    const __m256i c = load(coefficients + i);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < 8; ++k) sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(load(x + i + k), c));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), sums_of_eight(sum));
}

void fir_avx2(const int16_t* __restrict x, const int16_t* __restrict coefficients, std::size_t taps,
              int32_t* __restrict out, std::size_t n) {
  for (std::size_t t = 0; t < n; t += 8) eight_outputs(x + t, coefficients, taps, out + t);
}

void tone_sums_avx2(const int16_t* __restrict x, EchoToneSums* out) {
  __m256i sum[8];
#pragma GCC unroll 8
  for (__m256i& s : sum) s = _mm256_setzero_si256();
#pragma GCC unroll 5
  for (std::size_t i = 0; i < kEchoToneHalf; i += 16) {
    const __m256i samples = load(x + i);
#pragma GCC unroll 4
    for (std::size_t k = 0; k < 4; ++k) {
      sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(samples, load(kEchoToneTable.wave[k] + i)));
    }
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(sums_of_eight(sum)));
}

}  // namespace

const EchoKernels kAvx2EchoKernels{.name = "avx2",
                                   .fir = fir_avx2,
                                   .adapt = adapt,
                                   .whiten = whiten,
                                   .autocorrelate = autocorrelate,
                                   .tone_sums = tone_sums_avx2};

}  // namespace cordboard::dsp
