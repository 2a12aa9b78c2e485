// SPDX-License-Identifier: GPL-2.0-or-later
// What the driver tells of itself, and boards that are pulled out.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "conformance/heard.hpp"
#include "driver_bed.hpp"
#include "program.hpp"

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

TEST(AnalogLamp, OfABoardThatHasNoneIsRefusedByTheDriverAndTold) {
  for (const auto kind : {MessageLamp::kNeon, MessageLamp::kPolarity}) {
    auto config = bed().analogs(1);
    config.analogs[0].station.lamp = kind;
    Box box(config);
    const auto refused = box.refused(StationLamp{kStations, true});
    std::printf("    %s\n", refused.text.c_str());
    EXPECT_EQ(ErrorCode::kUnavailable, refused.code);
  }
}

/// What the kernel does when a board is pulled out and put back: for every board of the driver, in order.
void for_boards(const char* choice) {
  std::vector<std::filesystem::path> boards;
  for (const auto& board : std::filesystem::directory_iterator("/sys/bus/dahdi_devices/devices")) {
    boards.push_back(board.path());
  }
  std::sort(boards.begin(), boards.end());
  EXPECT_EQ(2U, boards.size());
  for (const auto& board : boards) {
    std::ofstream file(board / choice);
    file << "1" << std::flush;
    EXPECT_TRUE(file.good()) << board << " " << choice;
  }
}

TEST(PriDriver, ClearsCallsOfABoardThatIsPulledOutAndUsesItAgainWhenItIsBack) {
  Box box(bed().spans());
  const auto expect_up = [&box] {
    for (const auto span : {kNear, kFar}) {
      const auto up = [span](const SpanDchannel& event) { return event.span == span && event.up; };
      EXPECT_TRUE(expect_event<SpanDchannel>(box, up)) << "span " << span;
    }
  };
  expect_up();
  const auto talks = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, talks.size());
  const auto begun = std::chrono::steady_clock::now();
  for_boards("unassign_span");
  for (const auto& talk : talks) {
    for (const auto leg : {talk.leg, talk.far_leg}) {
      const auto released = expect_leg<LegReleased>(box, leg);
      ASSERT_TRUE(released) << "timeslot " << talk.timeslot;
      EXPECT_EQ(38U, released->cause) << "network out of order (Q.850)";
    }
  }
  figure("all calls cleared after",
         std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count(), "ms");
  const auto gone = box.snapshot();
  for (const auto& span : gone.spans) {
    ASSERT_EQ(1U, span.alarms.size());
    EXPECT_EQ(AlarmKind::kLos, span.alarms[0]);
  }
  // The kernel tells of it a second before it happens: a span may have been opened once more meanwhile.
  EXPECT_GE(counter(gone, "board_removals"), 2);
  EXPECT_TRUE(box.ask<Boards>(BoardsGet{}).spans.empty());

  for_boards("auto_assign");
  EXPECT_EQ(0, Program({setting("TOOLS") + "/dahdi_cfg", "-c", "/run/used.conf"}).wait());
  expect_up();
  bed().settle(box, 500);
  const auto again = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, again.size());
  expect_heard(speak(box, again, 1000));
}

}  // namespace
}  // namespace cordboard::engine
