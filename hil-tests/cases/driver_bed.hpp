// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "conformance/bed.hpp"

namespace cordboard::engine {

/// The near E1 alone, for cases whose other end is somebody else's program.
EngineConfig near_span();

/// Takes the far E1 out of the driver, which it does only while nobody uses it, and makes it anew, configured as it was.
void remove_far_span();
void make_far_span();

}  // namespace cordboard::engine
