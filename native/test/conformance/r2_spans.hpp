// SPDX-License-Identifier: GPL-2.0-or-later
// E1 that are signalled by the R2 of China.
#pragma once

#include <algorithm>
#include <thread>

#include "conformance/bed.hpp"
#include "r2_engine.hpp"

namespace cordboard::engine {

/// Both ends without alarm, and no timeslot blocked by the far end.
inline void expect_free(Box& box) {
  const auto free = [&box] {
    const auto now = box.snapshot();
    return std::all_of(now.spans.begin(), now.spans.end(), [](const SnapshotSpan& span) {
      return span.alarms.empty() && span.dchannelUp &&
             std::none_of(span.timeslots.begin(), span.timeslots.end(),
                          [](const SnapshotTimeslot& at) { return at.blockedThere; });
    });
  };
  const auto until = std::chrono::steady_clock::now() + bed().patience();
  while (!free() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(free());
}

}  // namespace cordboard::engine
