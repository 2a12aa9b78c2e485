// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked of an E1 whatever its signalling.
#pragma once

#include "engine_box.hpp"

namespace cordboard::engine {

/// A loss of signal clears the calls of span 1 with cause 38, nothing is seized meanwhile, and calls come back with the line. `CallBox`:
/// gives a call that is answered at both ends.
template <typename CallBox>
void expect_alarm_clears(CallBox& box) {
  const auto call = box.answered();
  box.ask(VirtualAlarm{1, AlarmKind::kLos, true});
  const auto released = box.template wait_leg<LegReleased>(call.in.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(38U, released->cause);
  EXPECT_EQ(ReleasedBy::kFault, released->by);
  EXPECT_TRUE(box.template wait_leg<LegReleased>(call.out.leg));
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = 1, .calledNumber = "95001"}).code);
  box.ask(VirtualAlarm{1, AlarmKind::kLos, false});
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  EXPECT_NE(0U, box.answered().in.leg);
}

}  // namespace cordboard::engine
