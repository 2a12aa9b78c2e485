// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel set for every processor, 128-bit vectors where the compiler has them (SSE2, NEON). G.711 goes through
// tables: 512 octets to decode; 4 KiB to encode, as the four lowest bits of a sample never matter.
#include "dsp/g711.hpp"
#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

#define CORDBOARD_KERNEL_LANES 4
#include "dsp/kernels_vector.inc"

struct G711Tables {
  int16_t decode[256];
  uint8_t encode[4096];
};

constexpr G711Tables kG711 = [] {
  G711Tables tables{};
  for (int i = 0; i < 256; ++i) tables.decode[i] = alaw_to_linear(static_cast<uint8_t>(i));
  for (int i = 0; i < 4096; ++i) tables.encode[i] = linear_to_alaw(static_cast<int16_t>((i - 2048) * 16));
  return tables;
}();

void alaw_decode_portable(const uint8_t* __restrict in, int16_t* __restrict out, std::size_t n) {
  // Eight at a time in one store: whoever reads the samples next does so in vectors, and would have to wait until
  // single samples have left the store buffer.
  const int16_t* t = kG711.decode;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const uint8_t* x = in + i;
    const EightShorts eight{t[x[0]], t[x[1]], t[x[2]], t[x[3]], t[x[4]], t[x[5]], t[x[6]], t[x[7]]};
    __builtin_memcpy(out + i, &eight, sizeof eight);
  }
  for (; i < n; ++i) out[i] = t[in[i]];
}

void alaw_encode_portable(const int16_t* __restrict in, uint8_t* __restrict out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = kG711.encode[(in[i] >> 4) + 2048];
}

inline int32_t saturated(int32_t value) { return value > 32767 ? 32767 : value < -32768 ? -32768 : value; }

void mix_minus_encode_portable(const int32_t* __restrict sum, const int16_t* __restrict own, int32_t gain_q12,
                               uint8_t* __restrict out, std::size_t n) {
  // Subtraction and saturation become vectors when the table look-ups have a loop of their own.
  constexpr std::size_t kChunk = 32;
  int16_t mixed[kChunk];
  for (std::size_t begin = 0; begin < n; begin += kChunk) {
    const std::size_t count = n - begin < kChunk ? n - begin : kChunk;
    const int32_t* __restrict from = sum + begin;
    if (own == nullptr) {
      for (std::size_t i = 0; i < count; ++i) mixed[i] = static_cast<int16_t>(saturated(from[i]));
    } else if (gain_q12 == kUnityGainQ12) {
      for (std::size_t i = 0; i < count; ++i) mixed[i] = static_cast<int16_t>(saturated(from[i] - own[begin + i]));
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        mixed[i] = static_cast<int16_t>(saturated(from[i] - scaled(own[begin + i], gain_q12)));
      }
    }
    alaw_encode_portable(mixed, out + begin, count);
  }
}

uint64_t power_portable(const int16_t* __restrict in, std::size_t n) {
  uint64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<uint32_t>(in[i] * in[i]);
  return sum;
}

void interleave_portable(const uint8_t* __restrict left, const uint8_t* __restrict right, uint8_t* __restrict out,
                         std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    out[2 * i] = left[i];
    out[2 * i + 1] = right[i];
  }
}

// Ordinary writes, which the release store that follows them orders.
void stream_fence_portable() {}

}  // namespace

const Kernels kPortableKernels{.name = "portable",
                               .alaw_decode = alaw_decode_portable,
                               .alaw_encode = alaw_encode_portable,
                               .mix_add = mix_add,
                               .mix_minus_encode = mix_minus_encode_portable,
                               .power = power_portable,
                               .interleave = interleave_portable,
                               .interleave_stream = interleave_portable,
                               .stream_fence = stream_fence_portable,
                               .dtmf_half4 = dtmf_half4,
                               .tone_fold = tone_fold,
                               .tone_lanes = tone_lanes};

}  // namespace cordboard::dsp
