// SPDX-License-Identifier: GPL-2.0-or-later
// Threads that may take their time.
#pragma once

#include <sys/resource.h>

#include <algorithm>

namespace cordboard {

/// Puts the calling thread by so many steps (of nice, at most up to 19) behind those of its kind. Never refused by the system.
inline void stand_back(int steps) {
  // Linux has a priority per thread, and takes 0 for the one that asks.
  setpriority(PRIO_PROCESS, 0, std::min(getpriority(PRIO_PROCESS, 0) + steps, 19));
}

}  // namespace cordboard
