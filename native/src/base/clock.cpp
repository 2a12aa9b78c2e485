// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/clock.hpp"

#include <ctime>

namespace cordboard {

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

}  // namespace cordboard
