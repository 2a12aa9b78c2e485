// SPDX-License-Identifier: GPL-2.0-or-later
// MFC/R2 between two E1 that are ours, on virtual cables and on the driver alike.
#include <algorithm>
#include <chrono>
#include <thread>

#include "conformance/heard.hpp"
#include "conformance/r2_spans.hpp"
#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

/// Both ends, every timeslot of theirs free.
class R2Bed : public Box {
 public:
  R2Bed() : Box(china_spans(bed().spans())) { expect_free(*this); }
};

TEST(R2Calls, CarriesThirtyAtOnceWithNumbersAndSpeech) {
  R2Bed box;
  const auto begun = Clock::now();
  const auto talks = talk(box, kFar, kNear, 30);
  ASSERT_EQ(30U, talks.size());
  figure("thirty calls answered after", ms_since(begun), "ms");
  expect_heard(speak(box, talks, bed().speech_ms()));
  hang_up(box, talks);
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(R2Calls, TellsWhoCallsAndIsAnsweredInBothDirections) {
  R2Bed box;
  const auto begun = Clock::now();
  const auto seize = [&box](uint32_t from) {
    return box.ask<LegSeized>(LegSeize{.span = from, .calledNumber = "95001", .callingNumber = "13800138000"});
  };
  for (const auto& [seized, to] : {std::pair{seize(kNear), kFar}, std::pair{seize(kFar), kNear}}) {
    const auto offered = expect_event<LegOffered>(box, [to = to](const LegOffered& at) { return at.span == to; });
    ASSERT_TRUE(offered) << log_of(box);
    figure("offered after 5 and 11 digits", ms_since(begun), "ms");
    EXPECT_EQ("95001", offered->calledNumber);
    EXPECT_EQ("13800138000", offered->callingNumber);
    EXPECT_EQ(CallingCategory::kOrdinary, offered->category);
    box.ask(LegAlert{{offered->leg}});
    EXPECT_TRUE(expect_event<LegProgressed>(
        box, [&](const LegProgressed& at) { return at.leg == seized.leg && at.progress == LegProgress::kAlerting; }));
    box.ask(LegAnswer{{offered->leg}});
    EXPECT_TRUE(expect_leg<LegAnswered>(box, seized.leg));
    figure("answered after", ms_since(begun), "ms");
    // Cleared by who was called: clear back.
    box.ask(LegRelease{offered->leg, 16});
    const auto released = expect_leg<LegReleased>(box, seized.leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(16U, released->cause);
    EXPECT_TRUE(expect_leg<LegReleased>(box, offered->leg));
  }
}

TEST(R2Calls, RefusesWithTheCauseThatTheCallerIsTold) {
  R2Bed box;
  const std::vector<uint32_t> causes{17, 1, 42};
  const auto talks = call(box, kFar, kNear, static_cast<uint32_t>(causes.size()));
  ASSERT_EQ(causes.size(), talks.size());
  for (std::size_t i = 0; i < causes.size(); ++i) box.ask(LegRelease{talks[i].far_leg, causes[i]});
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const auto released = expect_leg<LegReleased>(box, talks[i].leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(causes[i], released->cause) << log_of(box);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talks[i].far_leg));
  }
}

TEST(R2Calls, BlocksATimeslotForTheFarEnd) {
  R2Bed box;
  const auto at_seven = [](bool there) {
    return [there](const SpanBlocked& at) { return at.span == kFar && at.timeslot == 7 && at.there == there; };
  };
  box.ask(SpanBlock{kNear, 7, true});
  EXPECT_TRUE(expect_event<SpanBlocked>(box, at_seven(true)));
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = kFar, .timeslot = 7, .calledNumber = "95001"}).code);
  box.ask(SpanBlock{kNear, 7, false});
  EXPECT_TRUE(expect_event<SpanBlocked>(box, at_seven(false)));
}

TEST(R2Alarm, ClearsItsCallsAndTakesThemAgainWithTheLine) {
  R2Bed box;
  const auto talks = talk(box, kFar, kNear, 4);
  ASSERT_EQ(4U, talks.size());
  bed().cut(box);
  for (const auto& talk : talks) {
    const auto released = expect_leg<LegReleased>(box, talk.far_leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(38U, released->cause);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
  }
  bed().join(box);
  expect_free(box);
  const auto again = talk(box, kFar, kNear, 4);
  EXPECT_EQ(4U, again.size());
}

}  // namespace
}  // namespace cordboard::engine
