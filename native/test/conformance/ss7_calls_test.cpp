// SPDX-License-Identifier: GPL-2.0-or-later
// No. 7 between two E1 that are ours, on virtual cables and on the driver alike: two exchanges, each with a link set of its own.
#include <algorithm>
#include <chrono>
#include <deque>

#include "conformance/heard.hpp"
#include "engine_box.hpp"
#include "ss7_engine.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

/// Both exchanges, their links in service and their circuits free.
class Ss7Bed : public Box {
 public:
  explicit Ss7Bed(Ss7Variant variant = Ss7Variant::kChina, uint32_t pairs = 1, uint32_t check_every = 0)
      : Box(ss7_spans(bed().spans(pairs), variant, check_every)) {
    const auto begun = Clock::now();
    for (const auto span : {kNear, kFar}) {
      const auto up = [span](const SpanDchannel& event) { return event.span == span && event.up; };
      EXPECT_TRUE(expect_event<SpanDchannel>(*this, up)) << "span " << span << log_of(*this);
    }
    figure("calls can be made after", ms_since(begun), "ms");
    bed().settle(*this, 500);  // channels that have just been opened come into step
  }
  /// Circuits of both sets have been reset, which both ends do when they see each other (Q.764 2.9.3).
  void expect_idle(uint32_t circuits) {
    const auto until = Clock::now() + bed().patience();
    const auto idle = [this, circuits] {
      const auto sets = snapshot().linkSets;
      return std::all_of(sets.begin(), sets.end(),
                         [circuits](const SnapshotLinkSet& set) { return set.circuitsIdle >= circuits; });
    };
    while (!idle() && Clock::now() < until) let_pass(*this, 40);
    EXPECT_TRUE(idle()) << log_of(*this);
  }
  /// Every link of both sets carries traffic.
  void expect_all_links() {
    const auto until = Clock::now() + bed().patience();
    const auto carry = [this] {
      const auto sets = snapshot().linkSets;
      return std::all_of(sets.begin(), sets.end(), [](const SnapshotLinkSet& set) {
        return std::all_of(set.links.begin(), set.links.end(), [](const SnapshotLink& link) { return link.carries; });
      });
    };
    while (!carry() && Clock::now() < until) let_pass(*this, 40);
    EXPECT_TRUE(carry()) << log_of(*this);
  }
};

void carry_thirty(Ss7Variant variant, uint32_t pairs) {
  Ss7Bed box(variant, pairs);
  box.expect_all_links();
  box.expect_idle(30);
  const auto begun = Clock::now();
  const auto talks = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, talks.size());
  figure("thirty calls answered after", ms_since(begun), "ms");
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = kNear, .calledNumber = "95001"}).code);
  expect_heard(speak(box, talks, std::min(bed().speech_ms(), 3000U)));
  hang_up(box, talks);
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(Ss7Calls, CarryThirtyAtOnceBitExactBothWaysWithCodesOf14Bits) { carry_thirty(Ss7Variant::kItu, 1); }

TEST(Ss7Calls, CarryThirtyAtOnceBitExactBothWaysWithCodesOf24BitsOverTwoLinks) { carry_thirty(Ss7Variant::kChina, 2); }

TEST(Ss7Calls, AreSetUpOneAfterTheOtherInBothDirections) {
  Ss7Bed box;
  std::vector<double> setups;
  for (int i = 0; i < 100; ++i) {
    const auto from = i % 2 == 0 ? kNear : kFar;
    const auto to = i % 2 == 0 ? kFar : kNear;
    const auto begun = Clock::now();
    const auto talks = talk(box, from, to, 1);
    ASSERT_EQ(1U, talks.size()) << "call " << i;
    setups.push_back(ms_since(begun));
    hang_up(box, talks);
  }
  figure("from seizure to answer, median", percentile(setups, 50), "ms");
  figure("from seizure to answer, 99th percentile", percentile(setups, 99), "ms");
  EXPECT_LT(percentile(setups, 50), 250);
}

TEST(Ss7Calls, AreRefusedWithTheCauseThatTheCallerIsTold) {
  Ss7Bed box(Ss7Variant::kItu);
  for (const uint32_t cause : {1U, 17U, 21U, 27U, 34U, 42U}) {
    const auto talks = call(box, kFar, kNear, 1);
    ASSERT_EQ(1U, talks.size());
    box.ask(LegRelease{talks[0].far_leg, cause});
    const auto released = expect_leg<LegReleased>(box, talks[0].leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(cause, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talks[0].far_leg));
  }
}

TEST(Ss7Circuits, AreBlockedOneByOneAndAWholeE1) {
  Ss7Bed box;
  const auto blocked = [](bool there) {
    return [there](const SpanBlocked& at) { return at.span == kFar && at.there == there; };
  };
  box.ask(SpanBlock{kNear, 7, true});
  const auto seventh = expect_event<SpanBlocked>(box, blocked(true));
  ASSERT_TRUE(seventh);
  EXPECT_EQ(7U, seventh->timeslot);
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = kFar, .timeslot = 7, .calledNumber = "95001"}).code);
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(LegSeize{.span = kFar, .timeslot = 16, .calledNumber = "95001"}).code);
  auto begun = Clock::now();
  box.ask(SpanBlock{kNear, 0, true});
  for (int i = 0; i < 29; ++i) EXPECT_TRUE(expect_event<SpanBlocked>(box, blocked(true))) << i;
  figure("a whole E1 blocked after", ms_since(begun), "ms");
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = kFar, .calledNumber = "95001"}).code);
  box.ask(SpanBlock{kNear, 0, false});
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(expect_event<SpanBlocked>(box, blocked(false))) << i;
  const auto talks = talk(box, kFar, kNear, 30);
  EXPECT_EQ(30U, talks.size());
}

/// The check tone goes over the line as sound, and comes back from the other end's loop.
TEST(Ss7Circuits, AreCheckedByTheToneThatComesBack) {
  Ss7Bed box(Ss7Variant::kChina, 1, 1);
  const auto begun = Clock::now();
  const auto talks = talk(box, kNear, kFar, 1);
  ASSERT_EQ(1U, talks.size());
  figure("answered after a check", ms_since(begun), "ms");
  EXPECT_TRUE(expect_event<SpanChecked>(
      box, [&](const SpanChecked& at) { return at.span == kNear && at.timeslot == talks[0].timeslot && at.passed; }));
  // Nothing of the check is left on the speech path.
  EXPECT_TRUE(box.snapshot().connections.empty());
  expect_heard(speak(box, talks, 1000));
  box.ask(SpanCheck{kFar, 9});
  EXPECT_TRUE(expect_event<SpanChecked>(
      box, [](const SpanChecked& at) { return at.span == kFar && at.timeslot == 9 && at.passed; }));
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(SpanCheck{kFar, 16}).code);
}

/// A signalling link of the first pair that is cut, for as long as this lives.
struct CutLink {
  Box& box;
  explicit CutLink(Box& of) : box(of) { bed().cut_link(box, 1, true); }
  ~CutLink() { bed().cut_link(box, 1, false); }
};

TEST(Ss7Links, OneOfTwoFailsUnderLoadAndNoCallIsLost) {
  Ss7Bed box(Ss7Variant::kChina, 2);
  box.expect_all_links();
  while (box.wait<LinkChanged>([](const LinkChanged&) { return true; }, std::chrono::milliseconds(0))) {
  }
  constexpr int kBefore = 40, kAfter = 40, kMost = 2000;
  constexpr std::size_t kAtOnce = 24;
  int lost = 0;
  std::vector<double> setups;
  std::deque<std::pair<uint32_t, uint32_t>> talking;
  const auto one_more = [&] {
    const auto begun = Clock::now();
    const auto seized = box.ask<LegSeized>(LegSeize{
        .span = setups.size() % 2 == 0 ? kNear : kFar, .calledNumber = "95001", .callingNumber = "02188886666"});
    const auto in = expect_event<LegOffered>(box, [](const LegOffered&) { return true; });
    if (in) box.submit(LegAnswer{{in->leg}});
    if (!in || !expect_leg<LegAnswered>(box, seized.leg)) ++lost;
    setups.push_back(ms_since(begun));
    if (in) talking.emplace_back(seized.leg, in->leg);
    if (talking.size() < kAtOnce) return;
    const auto [out, there] = talking.front();
    talking.pop_front();
    box.submit(LegRelease{out, 16});
    const auto released = expect_leg<LegReleased>(box, there);
    if (!released || released->by != ReleasedBy::kRemote) ++lost;
    EXPECT_TRUE(expect_leg<LegReleased>(box, out));
  };
  // Either end may be the one that sees it first; the other changes over with it.
  const auto gone = [](const LinkChanged& at) {
    return (at.span == kNear || at.span == kFar) && at.state != LinkState::kInService;
  };
  while (setups.size() < kBefore) one_more();
  {
    const CutLink cut(box);
    const auto begun = Clock::now();
    while (setups.size() < kMost && lost == 0 && !box.wait<LinkChanged>(gone, std::chrono::milliseconds(0))) one_more();
    figure("given up after", ms_since(begun), "ms");
    figure("calls until then", static_cast<double>(setups.size()) - kBefore, "");
    ASSERT_LT(setups.size(), kMost) << "the link that was cut is in service";
    for (int i = 0; i < kAfter; ++i) one_more();
    EXPECT_FALSE(box.wait<LegReleased>([](const LegReleased&) { return true; }, std::chrono::milliseconds(10)))
        << "a call has ended by itself";
    figure("calls", static_cast<double>(setups.size()), "");
    figure("calls lost when a link failed", lost, "");
    figure("from seizure to answer, longest", percentile(setups, 100), "ms");
    EXPECT_EQ(0, lost) << log_of(box);
    for (const auto& set : box.snapshot().linkSets) {
      EXPECT_TRUE(set.up) << set.name;
      EXPECT_FALSE(set.links[0].carries) << set.name;
      EXPECT_TRUE(set.links[1].carries) << set.name;
      EXPECT_EQ(0.0, set.links[1].failures) << set.name;
    }
  }
  const auto begun = Clock::now();
  box.expect_all_links();
  figure("both links carry again after", ms_since(begun), "ms");
}

TEST(Ss7Alarm, ClearsItsCallsAndTakesThemAgainWithTheLine) {
  Ss7Bed box;
  const auto talks = talk(box, kFar, kNear, 4);
  ASSERT_EQ(4U, talks.size());
  bed().cut(box);
  for (const auto& talk : talks) {
    const auto released = expect_leg<LegReleased>(box, talk.far_leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(38U, released->cause);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
  }
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = kNear, .calledNumber = "95001"}).code);
  const auto begun = Clock::now();
  bed().join(box);
  for (const auto span : {kNear, kFar}) {
    EXPECT_TRUE(
        expect_event<SpanDchannel>(box, [span](const SpanDchannel& event) { return event.span == span && event.up; }));
  }
  figure("calls taken again after", ms_since(begun), "ms");
  EXPECT_EQ(4U, talk(box, kFar, kNear, 4).size());
}

}  // namespace
}  // namespace cordboard::engine
