// SPDX-License-Identifier: GPL-2.0-or-later
// Makes speech a little shorter or longer without anybody hearing it: it passes into itself, a pitch period further on or
// further back, over 20 ms.
//
//   shorter by lag   out = x[0 … 160) fading into x[lag … lag + 160), then on from x[lag + 160]
//   longer by lag    out = x[0 … 160) fading into x[−lag … 160 − lag), then on from x[160 − lag]
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::rtp {

/// The shortest is the highest pitch, 200 Hz: what is shorter finds likeness in anything smooth.
inline constexpr int32_t kMinLag = 40;
inline constexpr int32_t kMaxLag = static_cast<int32_t>(dsp::kBlock);

struct SplicePoint {
  int32_t lag;     // 0: none
  float likeness;  // 1: nothing will be heard, 0: nothing in common; 1 in silence
};

/// The best lag of `least` … `most`, within kMinLag … kMaxLag, forwards or backwards, for a splice of the block at `x`. Looks
/// at x[0 … 160 + most) forwards, at x[−most … 160) backwards. Silence (below −45 dBm0) takes `most`. 2 us at most.
SplicePoint find_splice(const int16_t* x, int32_t least, int32_t most, bool forwards);

/// Writes a block of x fading into what lies `offset` samples from it. `out` must not overlap.
void splice(const int16_t* x, int32_t offset, int16_t* out);

}  // namespace cordboard::rtp
