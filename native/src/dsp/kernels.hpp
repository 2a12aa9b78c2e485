// SPDX-License-Identifier: GPL-2.0-or-later
// The inner loops of the media tick, in one set per kind of processor. Both sets give the same results bit for bit, so
// that a test on one machine holds on another: integers are exact, and the float kernel keeps one order of operations
// and one rounding per operation (no fused multiply-add).
//
//   timeslot ── alaw_decode ──┬── dtmf_half4 ──> dtmf.hpp
//                             ├── tone_fold ── tone_lanes ──> tone_bank.hpp
//                             ├── power
//                             └── mix_add ──> sum ── mix_minus_encode ──> timeslot
//   two timeslots ── interleave ──> recording
//
// None of them allocates, and any n is allowed: blocks of 160 run fastest. Pointers need no alignment. Input and output
// must not overlap.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordboard::dsp {

/// Gains are in Q12: 4096 is unity (0 dB), 0 is mute. At most 16 times (24 dB), which still fits 32 bits.
inline constexpr int32_t kUnityGainQ12 = 4096;

/// Half a block, the step in which DTMF is looked for: 10 ms.
inline constexpr std::size_t kDtmfHalf = 80;

/// What DTMF detection keeps of half a block: the Fourier transform at 697, 770, 852, 941, 1209, 1336, 1477 and
/// 1633 Hz, with the phase counted from the middle of the half, between samples 39 and 40.
struct DtmfHalf {
  float even[8];   // sum of x cos(w m), m = -39.5 … 39.5
  float odd[8];    // sum of x sin(w m)
  float power[8];  // even² + odd²: (80 A / 2)² for a sine of amplitude A
  float energy;    // sum of x²: 80 A² / 2 for a sine of amplitude A
};

struct Kernels {
  const char* name;
  void (*alaw_decode)(const uint8_t* in, int16_t* out, std::size_t n);
  void (*alaw_encode)(const int16_t* in, uint8_t* out, std::size_t n);
  /// sum += in * gain, rounded to the nearest. The sum has room for 4,096 parties at 24 dB.
  void (*mix_add)(int32_t* sum, const int16_t* in, int32_t gain_q12, std::size_t n);
  /// What one seat hears: the sum less its own share (added with the same gain), saturated, as A-law.
  /// `own` may be null for a seat that added nothing.
  void (*mix_minus_encode)(const int32_t* sum, const int16_t* own, int32_t gain_q12, uint8_t* out, std::size_t n);
  /// Sum of squares.
  uint64_t (*power)(const int16_t* in, std::size_t n);
  /// LRLR… of n octets each: 2n octets of a stereo A-law recording.
  void (*interleave)(const uint8_t* left, const uint8_t* right, uint8_t* out, std::size_t n);
  /// The same past the caches, for a recording buffer that another thread reads much later: half the cost when the
  /// buffers are many megabytes, and only if `out` is a multiple of 64 (else as interleave). After the last of a tick
  /// and before another thread is told, `stream_fence` has to be called: no release store orders these writes.
  void (*interleave_stream)(const uint8_t* left, const uint8_t* right, uint8_t* out, std::size_t n);
  void (*stream_fence)();
  /// Transforms of four channels at once, 80 samples each; no pointer may be null.
  void (*dtmf_half4)(const int16_t* const in[4], DtmfHalf* const out[4]);
  /// 160 samples folded about their middle: even[n] = x[159-n] + x[n], odd[n] = x[159-n] - x[n], n = 0 … 79. Returns the
  /// sum of squares of the samples.
  float (*tone_fold)(const int16_t* in, float even[80], float odd[80]);
  /// Correlations of a folded block with eight even and eight odd templates a group, which lie in the table as eight even
  /// and eight odd values for each of the 80 pairs.
  void (*tone_lanes)(const float even[80], const float odd[80], const float* table, std::size_t groups,
                     float* even_lanes, float* odd_lanes);
};

/// The fastest set this processor can run, chosen at the first call.
const Kernels& kernels();

/// The set that runs everywhere.
const Kernels& portable_kernels();

}  // namespace cordboard::dsp
