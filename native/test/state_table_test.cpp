// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/state_table.hpp"

#include <gtest/gtest.h>

#include <string>

enum class Door : uint8_t { kShut, kOpen, kLocked };
enum class Act : uint8_t { kPull, kPush, kTurn };

namespace cordboard {
template <>
struct EnumNames<Door> {
  static constexpr std::array<std::string_view, 3> names{"shut", "open", "locked"};
};
template <>
struct EnumNames<Act> {
  static constexpr std::array<std::string_view, 3> names{"pull", "push", "turn"};
};

namespace {

constexpr Transition<Door, Act> kDoorTable[] = {{Door::kShut, Act::kPull, Door::kOpen},
                                                {Door::kOpen, Act::kPush, Door::kShut},
                                                {Door::kOpen, Act::kPull, Door::kOpen},
                                                {Door::kShut, Act::kTurn, Door::kLocked},
                                                {Door::kLocked, Act::kTurn, Door::kShut}};
static_assert(is_unambiguous(kDoorTable));
constexpr Transition<Door, Act> kTwoWays[] = {{Door::kShut, Act::kPull, Door::kOpen},
                                              {Door::kShut, Act::kPull, Door::kLocked}};
static_assert(!is_unambiguous(kTwoWays));

struct Machine : StateMachine<Door, Act> {
  explicit constexpr Machine(Door initial) : StateMachine(kDoorTable, initial) {}
};

TEST(StateTable, MovesByTheTable) {
  Machine door(Door::kShut);
  EXPECT_TRUE(door.can(Act::kPull));
  EXPECT_TRUE(door.step(Act::kPull, 5));
  EXPECT_EQ(door.state(), Door::kOpen);
  EXPECT_TRUE(door.step(Act::kPull, 6));
  EXPECT_EQ(door.state(), Door::kOpen);
  EXPECT_TRUE(door.step(Act::kPush, 7));
  EXPECT_EQ(door.state(), Door::kShut);
  EXPECT_EQ(door.steps(), 3u);
  EXPECT_EQ(door.refused(), 0u);
}

TEST(StateTable, RefusesAndCountsWhatIsNotInTheTable) {
  Machine door(Door::kLocked);
  EXPECT_FALSE(door.can(Act::kPull));
  EXPECT_FALSE(door.step(Act::kPull, 1));
  EXPECT_FALSE(door.step(Act::kPush, 2));
  EXPECT_EQ(door.state(), Door::kLocked);
  EXPECT_EQ(door.refused(), 2u);
  EXPECT_EQ(door.steps(), 0u);
  EXPECT_EQ(door.history_size(), 0u);
  EXPECT_TRUE(door.step(Act::kTurn, 3));
  EXPECT_EQ(door.refused(), 2u);
}

TEST(StateTable, KeepsTheLastSixteenSteps) {
  Machine door(Door::kShut);
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(door.step(n % 2 == 0 ? Act::kPull : Act::kPush, n));
  ASSERT_EQ(door.history_size(), 16u);
  for (std::size_t n = 0; n < 16; ++n) EXPECT_EQ(door.history(n).at_ms, static_cast<int64_t>(n) + 4);
  EXPECT_EQ(door.history(0).from, Door::kShut);
  EXPECT_EQ(door.history(0).event, Act::kPull);
  EXPECT_EQ(door.history(15).to, Door::kShut);
}

TEST(StateTable, DumpsWholeLinesOnly) {
  Machine door(Door::kShut);
  door.step(Act::kTurn, 12);
  door.step(Act::kTurn, -3);
  std::array<char, 256> room;
  EXPECT_EQ(door.dump(room), "12 shut --turn--> locked\n-3 locked --turn--> shut\n");
  EXPECT_EQ(door.dump(std::span(room).first(30)), "12 shut --turn--> locked\n");
  EXPECT_EQ(door.dump(std::span(room).first(3)), "");
}

TEST(StateTable, WorksAtCompileTime) {
  constexpr bool opened = [] {
    Machine door(Door::kLocked);
    return door.step(Act::kTurn, 0) && door.step(Act::kPull, 0) && door.state() == Door::kOpen;
  }();
  static_assert(opened);
}

}  // namespace
}  // namespace cordboard
