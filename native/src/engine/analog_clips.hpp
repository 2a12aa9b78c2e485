// SPDX-License-Identifier: GPL-2.0-or-later
// What a telephone on the hook is told by tones, as A-law.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/api.hpp"

namespace cordboard::engine {

/// Who calls; empty when nothing is to be told. Allocates.
std::vector<uint8_t> caller_id_clip(CallerIdMode mode, const LegSeize& command);

/// Whether messages wait, without a ring (EN 300 659-3 5.3.2, GR-30); by V.23 where callers are told by it, else by Bell 202. Allocates.
std::vector<uint8_t> lamp_clip(CallerIdMode mode, bool on);

}  // namespace cordboard::engine
