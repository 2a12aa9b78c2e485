// SPDX-License-Identifier: GPL-2.0-or-later
// Audio of any rate to the bus's 8 kHz, mono, a whole buffer at a time. For the thread that loads files: it allocates
// and takes its time. What lies above 4 kHz is filtered out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cordboard::dsp {

inline constexpr int kMinRateHz = 1000;
inline constexpr int kMaxRateHz = 192000;

/// Samples of any scale, none of them infinite or NaN. Sample 0 stays sample 0, and the length is that of the input
/// times 8000 / rate_hz, at most one sample off. Empty if the rate is outside kMinRateHz … kMaxRateHz.
std::vector<float> resample_to_8k(std::span<const float> samples, int rate_hz);

/// The same for whole samples, rounded and saturated.
std::vector<int16_t> resample_to_8k(std::span<const int16_t> samples, int rate_hz);

}  // namespace cordboard::dsp
