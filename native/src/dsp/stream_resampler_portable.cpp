// SPDX-License-Identifier: GPL-2.0-or-later
// The resampler's inner loop for every processor.
#include "dsp/stream_resampler_internal.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace cordboard::dsp {
namespace {

#include "dsp/stream_resampler_loop.inc"

#ifdef __SSE2__
/// Sums of the products of eight samples, two and two.
inline __m128i products(const int16_t* x, const int16_t* row) {
  return _mm_madd_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x)),
                        _mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
}

inline void four_outputs(const int16_t* const x[4], const int16_t* const row[4], std::size_t taps, int shift,
                         int16_t* out) {
  __m128i sum[4];
  for (int o = 0; o < 4; ++o) sum[o] = products(x[o], row[o]);
  for (std::size_t k = 8; k < taps; k += 8) {
    for (int o = 0; o < 4; ++o) sum[o] = _mm_add_epi32(sum[o], products(x[o] + k, row[o] + k));
  }
  const __m128i both01 = _mm_add_epi32(_mm_unpacklo_epi32(sum[0], sum[1]), _mm_unpackhi_epi32(sum[0], sum[1]));
  const __m128i both23 = _mm_add_epi32(_mm_unpacklo_epi32(sum[2], sum[3]), _mm_unpackhi_epi32(sum[2], sum[3]));
  const __m128i all = _mm_add_epi32(_mm_unpacklo_epi64(both01, both23), _mm_unpackhi_epi64(both01, both23));
  const __m128i half = _mm_set1_epi32(1 << (shift - 1));
  const __m128i samples = _mm_sra_epi32(_mm_add_epi32(all, half), _mm_cvtsi32_si128(shift));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packs_epi32(samples, samples));
}
#else
inline void four_outputs(const int16_t* const x[4], const int16_t* const row[4], std::size_t taps, int shift,
                         int16_t* out) {
  for (int o = 0; o < 4; ++o) out[o] = one_output(x[o], row[o], taps, shift);
}
#endif

}  // namespace

void polyphase_10ms_portable(const PolyphaseView& filter, const int16_t* x, int16_t* out) {
  filter.taps == 32 ? ten_ms<32>(filter, x, out) : ten_ms<0>(filter, x, out);
}

}  // namespace cordboard::dsp
