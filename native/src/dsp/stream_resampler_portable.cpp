// SPDX-License-Identifier: GPL-2.0-or-later
// The resampler's inner loop for every processor. Four outputs are made together: their sums are gathered by one
// transposition instead of four, and leave as one store.
#include "dsp/stream_resampler_internal.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace cordboard::dsp {
namespace {

inline int16_t one_output(const int16_t* x, const int16_t* row, std::size_t taps, int shift) {
  int32_t sum = 1 << (shift - 1);
  for (std::size_t k = 0; k < taps; ++k) sum += x[k] * row[k];
  const int32_t sample = sum >> shift;
  return static_cast<int16_t>(sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample);
}

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

template <std::size_t kTaps>  // 0: known at run time
inline void ten_ms(const PolyphaseView& filter, const int16_t* x, int16_t* out) {
  const std::size_t taps = kTaps != 0 ? kTaps : filter.taps;
  std::size_t j = 0;
  for (; j + 4 <= filter.outputs; j += 4) {
    const int16_t* const from[4] = {x + filter.first[j], x + filter.first[j + 1], x + filter.first[j + 2],
                                    x + filter.first[j + 3]};
    const int16_t* const row[4] = {filter.rows + filter.row[j], filter.rows + filter.row[j + 1],
                                   filter.rows + filter.row[j + 2], filter.rows + filter.row[j + 3]};
    four_outputs(from, row, taps, filter.shift, out + j);
  }
  for (; j < filter.outputs; ++j) {
    out[j] = one_output(x + filter.first[j], filter.rows + filter.row[j], taps, filter.shift);
  }
}

}  // namespace

void polyphase_10ms_portable(const PolyphaseView& filter, const int16_t* x, int16_t* out) {
  filter.taps == 32 ? ten_ms<32>(filter, x, out) : ten_ms<0>(filter, x, out);
}

}  // namespace cordboard::dsp
