// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "conformance/bed.hpp"

namespace cordboard::engine {

/// The near E1 alone, for cases whose other end is somebody else's program.
EngineConfig near_span();

}  // namespace cordboard::engine
