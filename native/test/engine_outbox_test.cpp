// SPDX-License-Identifier: GPL-2.0-or-later
// When what goes to the host goes, and in which order.
#include <gtest/gtest.h>

#include "engine/outbox.hpp"

namespace cordboard::engine {
namespace {

class EngineOutbox : public testing::Test {
 protected:
  static AnyEvent event(uint32_t leg) { return LegAnswered{leg}; }
  std::vector<std::vector<uint64_t>> take() { return std::exchange(delivered_, {}); }

  std::vector<std::vector<uint64_t>> delivered_;  // ids; 0 of an event
  Outbox outbox_{[this](Batch batch) {
    auto& ids = delivered_.emplace_back();
    for (const auto& message : batch) ids.push_back(message.re);
  }};
};

using Batches = std::vector<std::vector<uint64_t>>;

TEST_F(EngineOutbox, AnswersAtOnceHoweverOftenItIsAsked) {
  for (uint64_t id = 1; id < 100; ++id) {
    outbox_.reply(id, Empty{});
    outbox_.flush(1000);
    EXPECT_EQ((Batches{{id}}), take());
  }
}

TEST_F(EngineOutbox, TellsTheFirstEventAtOnceAndOthersSpaced) {
  outbox_.event(event(1));
  EXPECT_LE(outbox_.due(), 1000);
  outbox_.flush(1000);
  EXPECT_EQ((Batches{{0}}), take());
  EXPECT_EQ(kNever, outbox_.due());
  outbox_.event(event(2));
  EXPECT_EQ(1002, outbox_.due());
  outbox_.flush(1000);
  outbox_.event(event(3));
  outbox_.flush(1001);
  EXPECT_TRUE(take().empty());
  outbox_.flush(1002);
  EXPECT_EQ((Batches{{0, 0}}), take());
  outbox_.flush(1010);
  EXPECT_TRUE(take().empty()) << "nothing waits";
}

TEST_F(EngineOutbox, WakesTheHostAtMostFiveHundredTimesASecondByItself) {
  for (Millis now = 0; now < 1000; ++now) {
    for (int i = 0; i < 20; ++i) {
      outbox_.event(event(1));
      outbox_.flush(now);
    }
  }
  EXPECT_LE(take().size(), 501U);
}

TEST_F(EngineOutbox, KeepsEveryReplyBeforeItsEventsAndBehindThoseThatWere) {
  outbox_.event(event(1));
  outbox_.flush(1000);
  take();
  outbox_.event(event(1));
  const auto mark = outbox_.mark();
  outbox_.event(event(2));
  outbox_.reply(7, Empty{}, mark);
  EXPECT_LE(outbox_.due(), 1001);
  outbox_.flush(1001);
  EXPECT_EQ((Batches{{0, 7, 0}}), take()) << "events that waited go with it";
}

}  // namespace
}  // namespace cordboard::engine
