// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel set for x86-64 with AVX2: 32 octets or 16 samples a step. Every 256-bit unpack and pack works within the
// two 128-bit halves, so octets are put in the order 0-7 16-23 | 8-15 24-31 first (or last) and come out straight.
#include <immintrin.h>

#include "dsp/g711.hpp"
#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

#define CORDBOARD_KERNEL_LANES 8
#include "dsp/kernels_vector.inc"

inline __m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
inline void store(void* to, __m256i value) { _mm256_storeu_si256(static_cast<__m256i*>(to), value); }

// A 16-entry table of octets, the same in both halves of the register.
inline __m256i lookup_table(const int8_t (&octets)[16]) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(octets)));
}

void alaw_decode_avx2(const uint8_t* __restrict in, int16_t* __restrict out, std::size_t n) {
  // By the upper four bits (sign and segment) of the octet after inversion. With step = 4 (2 mantissa + 1 + 32 if the
  // segment is not the first), the sample is ±2 · 2^max(segment - 1, 0) · step: the sum of twice the same product,
  // which is what multiply-add of unsigned by signed octets gives.
  static constexpr int8_t kFactor[16] = {-1, -1, -2, -4, -8, -16, -32, -64, 1, 1, 2, 4, 8, 16, 32, 64};
  static constexpr int8_t kBase[16] = {4, -124, -124, -124, -124, -124, -124, -124,
                                       4, -124, -124, -124, -124, -124, -124, -124};
  const __m256i factors = lookup_table(kFactor);
  const __m256i bases = lookup_table(kBase);
  const __m256i inversion = _mm256_set1_epi8(0x55);
  const __m256i nibble = _mm256_set1_epi8(0x0F);
  const __m256i mantissa_mask = _mm256_set1_epi8(0x78);
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i code = _mm256_permute4x64_epi64(_mm256_xor_si256(load(in + i), inversion), 0xD8);
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(code, 4), nibble);
    const __m256i mantissa = _mm256_and_si256(_mm256_slli_epi16(code, 3), mantissa_mask);
    const __m256i step = _mm256_add_epi8(mantissa, _mm256_shuffle_epi8(bases, upper));
    const __m256i factor = _mm256_shuffle_epi8(factors, upper);
    store(out + i, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(step, step), _mm256_unpacklo_epi8(factor, factor)));
    store(out + i + 16, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(step, step), _mm256_unpackhi_epi8(factor, factor)));
  }
  for (; i < n; ++i) out[i] = alaw_to_linear(in[i]);
}

/// Encodes two runs of 16 samples to 32 octets. The sample's one's-complement magnitude is shifted up until its highest
/// bit is bit 14 (by a multiplication, at most 6 places), so that the four bits after it are always bits 13-10.
class AlawEncoder {
 public:
  __m256i operator()(__m256i a, __m256i b) const {
    const __m256i negative_a = _mm256_srai_epi16(a, 15);
    const __m256i negative_b = _mm256_srai_epi16(b, 15);
    const __m256i magnitude_a = _mm256_xor_si256(a, negative_a);
    const __m256i magnitude_b = _mm256_xor_si256(b, negative_b);
    const __m256i high = _mm256_packus_epi16(_mm256_srli_epi16(magnitude_a, 8), _mm256_srli_epi16(magnitude_b, 8));
    const __m256i low_nibble = _mm256_and_si256(high, nibble_);
    const __m256i high_nibble = _mm256_and_si256(_mm256_srli_epi16(high, 4), nibble_);
    const __m256i factor =
        _mm256_min_epu8(_mm256_shuffle_epi8(factor_low_, low_nibble), _mm256_shuffle_epi8(factor_high_, high_nibble));
    const __m256i segment =
        _mm256_max_epu8(_mm256_shuffle_epi8(segment_low_, low_nibble), _mm256_shuffle_epi8(segment_high_, high_nibble));
    const __m256i zero = _mm256_setzero_si256();
    const __m256i top_a = _mm256_mullo_epi16(magnitude_a, _mm256_unpacklo_epi8(factor, zero));
    const __m256i top_b = _mm256_mullo_epi16(magnitude_b, _mm256_unpackhi_epi8(factor, zero));
    const __m256i step = _mm256_packus_epi16(_mm256_srli_epi16(top_a, 10), _mm256_srli_epi16(top_b, 10));
    const __m256i sign = _mm256_and_si256(_mm256_packs_epi16(negative_a, negative_b), sign_bit_);
    const __m256i code = _mm256_xor_si256(_mm256_add_epi8(step, segment), _mm256_xor_si256(sign, inversion_));
    return _mm256_permute4x64_epi64(code, 0xD8);
  }

 private:
  // The step keeps the leading bit from segment 1 on, so the segment's part of the octet is 16 (segment - 1).
  static constexpr int8_t kFactorLow[16] = {64, 64, 32, 32, 16, 16, 16, 16, 8, 8, 8, 8, 8, 8, 8, 8};
  static constexpr int8_t kFactorHigh[16] = {64, 4, 2, 2, 1, 1, 1, 1};
  static constexpr int8_t kSegmentLow[16] = {0, 0, 16, 16, 32, 32, 32, 32, 48, 48, 48, 48, 48, 48, 48, 48};
  static constexpr int8_t kSegmentHigh[16] = {0, 64, 80, 80, 96, 96, 96, 96};
  __m256i factor_low_ = lookup_table(kFactorLow);
  __m256i factor_high_ = lookup_table(kFactorHigh);
  __m256i segment_low_ = lookup_table(kSegmentLow);
  __m256i segment_high_ = lookup_table(kSegmentHigh);
  __m256i nibble_ = _mm256_set1_epi8(0x0F);
  __m256i sign_bit_ = _mm256_set1_epi8(static_cast<char>(0x80));
  __m256i inversion_ = _mm256_set1_epi8(static_cast<char>(0xD5));
};

void alaw_encode_avx2(const int16_t* __restrict in, uint8_t* __restrict out, std::size_t n) {
  const AlawEncoder encode;
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) store(out + i, encode(load(in + i), load(in + i + 16)));
  for (; i < n; ++i) out[i] = linear_to_alaw(in[i]);
}

inline int32_t saturated(int32_t value) { return value > 32767 ? 32767 : value < -32768 ? -32768 : value; }

enum class Own { kNone, kUnity, kScaled };

template <Own kOwn>
inline __m256i less_own(const int32_t* sum, const int16_t* own, std::size_t at, __m256i gain) {
  const __m256i total = load(sum + at);
  if constexpr (kOwn == Own::kNone) {
    return total;
  } else {
    __m256i share = _mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(own + at)));
    if constexpr (kOwn == Own::kScaled) {
      share = _mm256_srai_epi32(_mm256_add_epi32(_mm256_mullo_epi32(share, gain), _mm256_set1_epi32(2048)), 12);
    }
    return _mm256_sub_epi32(total, share);
  }
}

template <Own kOwn>
inline void mix_minus_encode_as(const int32_t* __restrict sum, const int16_t* __restrict own, int32_t gain_q12,
                                uint8_t* __restrict out, std::size_t n) {
  const AlawEncoder encode;
  const __m256i gain = _mm256_set1_epi32(gain_q12);
  const auto sixteen = [&](std::size_t at) {
    const __m256i packed =
        _mm256_packs_epi32(less_own<kOwn>(sum, own, at, gain), less_own<kOwn>(sum, own, at + 8, gain));
    return _mm256_permute4x64_epi64(packed, 0xD8);
  };
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) store(out + i, encode(sixteen(i), sixteen(i + 16)));
  for (; i < n; ++i) {
    const int32_t share = kOwn == Own::kNone ? 0 : kOwn == Own::kUnity ? own[i] : scaled(own[i], gain_q12);
    out[i] = linear_to_alaw(static_cast<int16_t>(saturated(sum[i] - share)));
  }
}

void mix_minus_encode_avx2(const int32_t* sum, const int16_t* own, int32_t gain_q12, uint8_t* out, std::size_t n) {
  if (own == nullptr) {
    mix_minus_encode_as<Own::kNone>(sum, nullptr, gain_q12, out, n);
  } else if (gain_q12 == kUnityGainQ12) {
    mix_minus_encode_as<Own::kUnity>(sum, own, gain_q12, out, n);
  } else {
    mix_minus_encode_as<Own::kScaled>(sum, own, gain_q12, out, n);
  }
}

uint64_t power_avx2(const int16_t* __restrict in, std::size_t n) {
  // A pair of squares is at most 2^31: right as an unsigned 32-bit number, so it is widened before it is added.
  const __m256i low_word = _mm256_set1_epi64x(0xFFFFFFFF);
  __m256i sum_low = _mm256_setzero_si256();
  __m256i sum_high = _mm256_setzero_si256();
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i x = load(in + i);
    const __m256i pairs = _mm256_madd_epi16(x, x);
    sum_low = _mm256_add_epi64(sum_low, _mm256_and_si256(pairs, low_word));
    sum_high = _mm256_add_epi64(sum_high, _mm256_srli_epi64(pairs, 32));
  }
  alignas(32) uint64_t parts[4];
  store(parts, _mm256_add_epi64(sum_low, sum_high));
  uint64_t sum = (parts[0] + parts[1]) + (parts[2] + parts[3]);
  for (; i < n; ++i) sum += static_cast<uint32_t>(in[i] * in[i]);
  return sum;
}

inline void stream(void* to, __m256i value) { _mm256_stream_si256(static_cast<__m256i*>(to), value); }

template <void (*kStore)(void*, __m256i)>
inline void interleave_with(const uint8_t* __restrict left, const uint8_t* __restrict right, uint8_t* __restrict out,
                            std::size_t n) {
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i l = _mm256_permute4x64_epi64(load(left + i), 0xD8);
    const __m256i r = _mm256_permute4x64_epi64(load(right + i), 0xD8);
    kStore(out + 2 * i, _mm256_unpacklo_epi8(l, r));
    kStore(out + 2 * i + 32, _mm256_unpackhi_epi8(l, r));
  }
  for (; i < n; ++i) {
    out[2 * i] = left[i];
    out[2 * i + 1] = right[i];
  }
}

void interleave_avx2(const uint8_t* left, const uint8_t* right, uint8_t* out, std::size_t n) {
  interleave_with<store>(left, right, out, n);
}

void interleave_stream_avx2(const uint8_t* left, const uint8_t* right, uint8_t* out, std::size_t n) {
  if (reinterpret_cast<uintptr_t>(out) % 64 == 0) {
    interleave_with<stream>(left, right, out, n);
  } else {
    interleave_with<store>(left, right, out, n);
  }
}

void stream_fence_avx2() { _mm_sfence(); }

}  // namespace

const Kernels kAvx2Kernels{.name = "avx2",
                           .alaw_decode = alaw_decode_avx2,
                           .alaw_encode = alaw_encode_avx2,
                           .mix_add = mix_add,
                           .mix_minus_encode = mix_minus_encode_avx2,
                           .power = power_avx2,
                           .interleave = interleave_avx2,
                           .interleave_stream = interleave_stream_avx2,
                           .stream_fence = stream_fence_avx2,
                           .dtmf_half4 = dtmf_half4,
                           .tone_fold = tone_fold,
                           .tone_lanes = tone_lanes};

}  // namespace cordboard::dsp
