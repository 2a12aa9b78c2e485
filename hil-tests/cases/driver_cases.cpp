// SPDX-License-Identifier: GPL-2.0-or-later
// What the driver tells of itself.
#include "driver_bed.hpp"

namespace cordboard::engine {
namespace {

TEST(PriDriver, TellsOfItsSpansAndChannels) {
  Box box(bed().spans());
  const auto boards = box.ask<Boards>(BoardsGet{});
  std::printf("    driver %s\n", boards.driver.c_str());
  ASSERT_EQ(2U, boards.spans.size());
  for (const auto& span : boards.spans) {
    std::printf("    span %u: %s, %s, %s, at %s\n", span.device, span.name.c_str(), span.description.c_str(),
                span.type.c_str(), span.location.c_str());
    EXPECT_EQ(span.device == 1 ? kNear : kFar, span.span);
    EXPECT_EQ("E1", span.type);
    EXPECT_TRUE(span.alarms.empty());
    ASSERT_EQ(31U, span.channels.size());
    for (const auto& channel : span.channels) {
      EXPECT_EQ(channel.position == 16 ? ChannelUse::kFrames : ChannelUse::kSpeech, channel.use) << channel.position;
    }
  }
}

}  // namespace
}  // namespace cordboard::engine
