// SPDX-License-Identifier: GPL-2.0-or-later
// Monotonic time. Protocol and signal-processing cores never call this: the threads do and pass the time in.
#pragma once

#include <cstdint>

namespace cordboard {

/// Milliseconds of the monotonic clock.
using Millis = int64_t;

/// No deadline.
constexpr Millis kNever = INT64_MAX;

int64_t monotonic_ns();
inline Millis monotonic_ms() { return monotonic_ns() / 1000000; }

}  // namespace cordboard
