// SPDX-License-Identifier: GPL-2.0-or-later
// Audio of any rate to the bus's 8 kHz, mono, a whole buffer at a time. For the thread that loads files: it allocates and
// takes its time. What lies above 4 kHz is filtered out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace cordboard::dsp {

inline constexpr uint32_t kMinRateHz = 1000;
inline constexpr uint32_t kMaxRateHz = 192000;

/// Samples from −1 to 1. Fails with kInvalid outside kMinRateHz … kMaxRateHz.
Result<std::vector<float>> resample_to_8k(std::span<const float> samples, uint32_t rate_hz);

/// Whole samples, rounded and saturated.
Result<std::vector<int16_t>> resample_to_8k(std::span<const int16_t> samples, uint32_t rate_hz);

}  // namespace cordboard::dsp
