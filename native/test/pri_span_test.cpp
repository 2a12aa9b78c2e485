// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_span.hpp"

#include <gtest/gtest.h>

#include <set>

#include "pri_pair.hpp"

namespace cordboard::signalling {
namespace {

class PriSpanTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { pair.establish(); }
  /// The test runs in both directions.
  Side& caller() { return GetParam() ? pair.user : pair.network; }
  Side& callee() { return GetParam() ? pair.network : pair.user; }
  Pair pair;
};
INSTANTIATE_TEST_SUITE_P(Directions, PriSpanTest, ::testing::Values(true, false),
                         [](const auto& info) { return info.param ? "UserCalls" : "NetworkCalls"; });

TEST_P(PriSpanTest, CallRingsIsAnsweredAndReleased) {
  auto seized = caller().span->seize({"8675309", "5551234", "", 0});
  ASSERT_TRUE(seized);
  EXPECT_EQ(seized->channel, GetParam() ? 31 : 1);
  pair.pump();
  ASSERT_EQ(callee().offers.size(), 1u);
  const Offer offer = callee().offered();
  EXPECT_EQ(offer.called, "8675309");
  EXPECT_EQ(offer.calling, "5551234");
  EXPECT_EQ(offer.timeslot, seized->channel);
  EXPECT_TRUE(offer.complete);
  EXPECT_EQ(caller().told[seized->call], "proceeding");

  ASSERT_TRUE(callee().span->alert(offer.call));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding alerting");
  ASSERT_TRUE(callee().span->answer(offer.call));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding alerting answered");
  EXPECT_EQ(caller().timeslots[seized->call], seized->channel);
  EXPECT_EQ(caller().span->idle_timeslots(), 29u);

  ASSERT_TRUE(caller().span->release(seized->call, 16));
  pair.pump();
  EXPECT_EQ(caller().released.at(seized->call), (Released{16, PriReleasedBy::kLocal}));
  EXPECT_EQ(callee().released.at(offer.call), (Released{16, PriReleasedBy::kRemote}));
  pair.expect_all_idle();
  EXPECT_EQ(caller().count("calls_out"), 1u);
  EXPECT_EQ(callee().count("calls_in"), 1u);
}

TEST_P(PriSpanTest, AnsweredWithoutAlerting) {
  const auto [here, there] = pair.connect(caller(), callee());
  ASSERT_TRUE(callee().span->release(there, 31));
  pair.pump();
  EXPECT_EQ(caller().released.at(here), (Released{31, PriReleasedBy::kRemote}));
  EXPECT_EQ(callee().released.at(there), (Released{31, PriReleasedBy::kLocal}));
  pair.expect_all_idle();
}

TEST_P(PriSpanTest, TellsOfInbandTones) {
  auto seized = caller().span->seize({"1", "", "", 0});
  pair.pump();
  const PriCall there = callee().offered().call;
  ASSERT_TRUE(callee().span->progress(there));
  pair.pump();
  ASSERT_TRUE(callee().span->alert(there, true));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding progress alerting progress");
}

TEST_P(PriSpanTest, OfferedCallIsRefusedWithItsCause) {
  for (const uint8_t cause : {1, 3, 16, 17, 18, 19, 21, 27, 28, 34, 38, 41, 42, 44, 47, 81, 82, 88, 102, 127}) {
    auto seized = caller().span->seize({"1", "2", "", 0});
    ASSERT_TRUE(seized);
    pair.pump();
    const PriCall there = callee().offered().call;
    ASSERT_TRUE(callee().span->release(there, cause));
    pair.pump();
    ASSERT_TRUE(caller().released.contains(seized->call)) << int{cause};
    EXPECT_EQ(caller().released.at(seized->call), (Released{cause, PriReleasedBy::kRemote}));
    EXPECT_EQ(callee().released.at(there), (Released{cause, PriReleasedBy::kLocal}));
    pair.expect_all_idle();
  }
}

TEST_P(PriSpanTest, RingingCallIsRefusedWithItsCause) {
  for (const uint8_t cause : {1, 17, 19, 21, 34}) {
    auto seized = caller().span->seize({"1", "2", "", 0});
    pair.pump();
    const PriCall there = callee().offered().call;
    ASSERT_TRUE(callee().span->alert(there));
    pair.pump();
    ASSERT_TRUE(callee().span->release(there, cause));
    pair.pump();
    EXPECT_EQ(caller().released.at(seized->call), (Released{cause, PriReleasedBy::kRemote}));
    pair.expect_all_idle();
  }
}

TEST_P(PriSpanTest, CallerGivesUpAtEachState) {
  for (int state = 0; state < 4; ++state) {
    auto seized = caller().span->seize({"1", "2", "", 0});
    const std::size_t before = callee().offers.size();
    if (state > 0) {
      pair.pump();
      const PriCall there = callee().offered().call;
      if (state > 1) {
        EXPECT_TRUE(callee().span->alert(there));
      }
      if (state > 2) {
        EXPECT_TRUE(callee().span->answer(there));
      }
      pair.pump();
    }
    ASSERT_TRUE(caller().span->release(seized->call, 16));
    EXPECT_FALSE(caller().span->release(seized->call, 16)) << "twice";
    pair.pump();
    EXPECT_EQ(caller().released.at(seized->call), (Released{16, PriReleasedBy::kLocal}));
    ASSERT_EQ(callee().offers.size(), before + 1);
    EXPECT_EQ(callee().released.at(callee().offered().call), (Released{16, PriReleasedBy::kRemote}));
    pair.expect_all_idle();
  }
}

TEST_P(PriSpanTest, ReleaseCollision) {
  for (const bool answered : {false, true}) {
    auto seized = caller().span->seize({"1", "2", "", 0});
    pair.pump();
    const PriCall there = callee().offered().call;
    if (answered) {
      EXPECT_TRUE(callee().span->answer(there));
    }
    pair.pump();
    ASSERT_TRUE(caller().span->release(seized->call, 16));
    ASSERT_TRUE(callee().span->release(there, 21));
    pair.pump();
    EXPECT_EQ(caller().released.at(seized->call), (Released{16, PriReleasedBy::kLocal}));
    EXPECT_EQ(callee().released.at(there), (Released{21, PriReleasedBy::kLocal}));
    pair.expect_all_idle();
  }
}

TEST_P(PriSpanTest, CommandsThatDoNotFitAreRefused) {
  EXPECT_EQ(caller().span->answer(77).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(caller().span->release(77, 16).error().code, ErrorCode::kNotFound);
  auto seized = caller().span->seize({"1", "2", "", 0});
  EXPECT_EQ(caller().span->answer(seized->call).error().code, ErrorCode::kWrongState);
  EXPECT_EQ(caller().span->alert(seized->call).error().code, ErrorCode::kWrongState);
  pair.pump();
  const PriCall there = callee().offered().call;
  EXPECT_EQ(callee().span->proceed(there).error().code, ErrorCode::kWrongState);
  EXPECT_EQ(callee().span->release(there, 0).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(callee().span->release(there, 128).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(callee().span->alert(there));
  EXPECT_EQ(callee().span->alert(there).error().code, ErrorCode::kWrongState);
  ASSERT_TRUE(callee().span->answer(there));
  EXPECT_EQ(callee().span->answer(there).error().code, ErrorCode::kWrongState);
  pair.pump();
  EXPECT_GT(callee().count("steps_refused"), 0u);
  ASSERT_TRUE(callee().span->release(there, 16));
  pair.pump();
  EXPECT_EQ(callee().span->release(there, 16).error().code, ErrorCode::kNotFound);
}

TEST_P(PriSpanTest, SeizeChecksWhatItIsAsked) {
  PriSpan& span = *caller().span;
  EXPECT_EQ(span.seize({"", "", "", 0}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(span.seize({"12 34", "", "", 0}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(span.seize({std::string(32, '1'), "", "", 0}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(span.seize({"1", "+49", "", 0}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(span.seize({"1", "", "", 16}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(span.seize({"1", "", "", 32}).error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(span.seize({std::string(31, '9'), std::string(31, '8'), "", 5}));
  EXPECT_EQ(span.seize({"1", "", "", 5}).error().code, ErrorCode::kBusy);
  pair.pump();
  EXPECT_EQ(callee().offered().timeslot, 5);
  EXPECT_EQ(callee().offered().called, std::string(31, '9'));
  EXPECT_EQ(callee().offered().calling, std::string(31, '8'));
}

TEST_P(PriSpanTest, ThirtyCallsAndNoMore) {
  std::set<int> timeslots;
  for (int n = 0; n < 30; ++n) {
    const auto [here, there] = pair.connect(caller(), callee());
    timeslots.insert(caller().timeslots[here]);
    EXPECT_EQ(caller().timeslots[here], callee().timeslots[there]);
  }
  EXPECT_EQ(timeslots.size(), 30u);
  EXPECT_FALSE(timeslots.contains(16));
  EXPECT_EQ(caller().span->seize({"1", "", "", 0}).error().code, ErrorCode::kBusy);
  EXPECT_EQ(callee().span->seize({"1", "", "", 0}).error().code, ErrorCode::kBusy);
  for (const auto& [call, timeslot] : caller().timeslots) ASSERT_TRUE(caller().span->release(call, 16));
  pair.pump();
  EXPECT_EQ(callee().released.size(), 30u);
  pair.expect_all_idle();
}

TEST_P(PriSpanTest, CommandsFromWithinACallback) {
  callee().when_offered = [&](PriCall call) { EXPECT_TRUE(callee().span->release(call, 17)); };
  std::vector<PriCall> calls;
  caller().when_released = [&](PriCall) {
    if (calls.size() < 5) {
      auto seized = caller().span->seize({"1", "", "", 0});
      ASSERT_TRUE(seized);
      calls.push_back(seized->call);
    }
  };
  calls.push_back(caller().span->seize({"1", "", "", 0})->call);
  pair.pump();
  EXPECT_EQ(calls.size(), 5u);
  for (const PriCall call : calls) EXPECT_EQ(caller().released.at(call), (Released{17, PriReleasedBy::kRemote}));
  pair.expect_all_idle();
}

TEST_P(PriSpanTest, DestructionInACallTellsNothing) {
  pair.connect(caller(), callee());
  ASSERT_TRUE(caller().span->seize({"1", "", "", 0}));
  caller().span.reset();
  EXPECT_TRUE(caller().released.empty());
  callee().span.reset();
  EXPECT_TRUE(callee().released.empty());
}

TEST_P(PriSpanTest, ANewSpanTakesTheOldOnesPlace) {
  pair.connect(caller(), callee());
  for (int n = 0; n < 3; ++n) {
    Pair next;
    next.establish();
    Side& from = GetParam() ? next.user : next.network;
    Side& to = GetParam() ? next.network : next.user;
    const auto [here, there] = next.connect(from, to);
    EXPECT_TRUE(from.span->release(here, 16));
    next.pump();
    EXPECT_FALSE(to.is_alive(there));
    next.expect_all_idle();
  }
}

TEST_P(PriSpanTest, DumpSaysWhatIsThere) {
  pair.connect(caller(), callee());
  const std::string text = caller().span->dump();
  EXPECT_NE(text.find("data link up"), std::string::npos) << text;
  EXPECT_NE(text.find("out answered"), std::string::npos) << text;
  EXPECT_NE(text.find("seizing --peer_proceeds--> proceeding"), std::string::npos) << text;
  EXPECT_NE(text.find("frames_in"), std::string::npos) << text;
}

TEST(PriSpan, CallingNameGoesFromTheNetworkOnly) {
  Pair pair;
  pair.establish();
  for (const std::string name : {"Ada Lovelace", "总机", "Ärzte"}) {
    ASSERT_TRUE(pair.network.span->seize({"1", "2", name, 0}));
    pair.pump();
    EXPECT_EQ(pair.user.offered().name, name);
    EXPECT_EQ(pair.user.offered().calling, "2");
  }
  ASSERT_TRUE(pair.network.span->seize({"1", "", "Nobody", 0}));
  pair.pump();
  EXPECT_EQ(pair.user.offered().name, "Nobody");
  EXPECT_EQ(pair.user.offered().calling, "");
  std::string longest;
  for (int n = 0; n < 40; ++n) longest += "机";
  ASSERT_TRUE(pair.network.span->seize({"1", "", longest, 0}));
  pair.pump();
  EXPECT_EQ(pair.user.offered().name, longest.substr(0, 48));
  ASSERT_TRUE(pair.user.span->seize({"1", "2", "Ada", 0}));
  pair.pump();
  EXPECT_EQ(pair.network.offered().name, "");
}

TEST(PriSpan, NothingBeforeTheFirstTimers) {
  int frames = 0;
  Side side(options_of(PriNode::kUser), [&](auto) { ++frames; });
  const uint8_t sabme[] = {0x02, 0x01, 0x7f};
  side.span->receive_frame(sabme);
  EXPECT_EQ(frames, 0);
  EXPECT_EQ(side.span->next_deadline(5), 5);
  EXPECT_EQ(side.span->seize({"1", "", "", 0}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(side.span->restart(1).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(side.span->dchannel_up());
  EXPECT_FALSE(side.span->dump().empty());
}

TEST(PriSpan, ASinkThatCallsBackIsNotHeard) {
  PriSpan* span = nullptr;
  int frames = 0;
  Side side(options_of(PriNode::kUser), [&](auto frame) {
    ++frames;
    span->receive_frame(frame);
    span->run_timers(test_now_ms());
  });
  span = side.span.get();
  span->run_timers(test_now_ms());
  EXPECT_EQ(frames, 1);
  EXPECT_EQ(side.count("frames_in"), 0u);
}

TEST(PriSpan, TwoOfOneSideDoNotJoin) {
  std::deque<Frame> to_a, to_b;
  Side a(options_of(PriNode::kUser), [&](auto frame) { to_b.emplace_back(frame.begin(), frame.end()); });
  Side b(options_of(PriNode::kUser), [&](auto frame) { to_a.emplace_back(frame.begin(), frame.end()); });
  for (int n = 0; n < 50; ++n) {
    a.span->run_timers(test_now_ms());
    b.span->run_timers(test_now_ms());
    for (; !to_a.empty(); to_a.pop_front()) a.span->receive_frame(to_a.front());
    for (; !to_b.empty(); to_b.pop_front()) b.span->receive_frame(to_b.front());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(a.dchannel);
  EXPECT_FALSE(b.dchannel);
  a.span->run_timers(test_now_ms());
  EXPECT_FALSE(a.log.empty()) << "it says why";
}

TEST(PriSpan, OverlapReceiving) {
  PriOptions network = options_of(PriNode::kNetwork);
  network.overlap = true;
  Pair pair(options_of(PriNode::kUser), network);
  pair.establish();
  // What a user sends that dials digit by digit; the SETUP of a span always says Sending complete.
  auto seized = pair.user.span->seize({"12", "", "", 0});
  ASSERT_TRUE(seized);
  ASSERT_EQ(pair.to_network.size(), 1u);
  ASSERT_EQ(pair.to_network.front().back(), 0xa1);
  const Frame header(pair.to_network.front().begin() + 4, pair.to_network.front().begin() + 8);
  pair.to_network.front().pop_back();
  pair.pump();
  const Offer offer = pair.network.offered();
  EXPECT_FALSE(offer.complete);
  EXPECT_EQ(offer.called, "12");
  EXPECT_EQ(pair.user.told[seized->call], "") << "SETUP ACKNOWLEDGE is no progress";
  uint8_t sequence = 2;  // N(S) of the second I-frame
  const auto inform = [&](Frame elements) {
    Frame frame{0x00, 0x01, sequence, 0x02};
    frame.insert(frame.end(), header.begin(), header.end());
    frame.push_back(0x7b);
    frame.insert(frame.end(), elements.begin(), elements.end());
    sequence += 2;
    pair.network.span->receive_frame(frame);
  };
  inform({0x70, 0x02, 0x80, '3'});
  inform({0x70, 0x03, 0x80, '4', '5'});
  inform({0xa1});
  EXPECT_EQ(pair.network.digits[offer.call], "345#") << pair.network.span->dump();
  EXPECT_EQ(pair.network.span->proceed(offer.call).error().code, ErrorCode::kWrongState) << "it has gone already";
  inform({0x70, 0x02, 0x80, '6'});
  EXPECT_EQ(pair.network.digits[offer.call], "345#") << "too late";
}

TEST(PriSpan, OverlapCallIsCompleteWhenThePeerSaysSo) {
  PriOptions network = options_of(PriNode::kNetwork);
  network.overlap = true;
  Pair pair(options_of(PriNode::kUser), network);
  pair.establish();
  ASSERT_TRUE(pair.user.span->seize({"12", "", "", 0}));
  pair.pump();
  EXPECT_TRUE(pair.network.offered().complete);
}

TEST(PriSpan, DataCallsAreTurnedAway) {
  Pair pair;
  pair.establish();
  auto seized = pair.user.span->seize({"12", "", "", 0});
  auto& frame = pair.to_network.front();
  const Frame speech{0x04, 0x03, 0x80, 0x90, 0xa3};
  const auto at = std::search(frame.begin(), frame.end(), speech.begin(), speech.end());
  ASSERT_NE(at, frame.end());
  at[2] = 0x88;  // unrestricted digital information
  pair.pump();
  EXPECT_TRUE(pair.network.offers.empty());
  EXPECT_EQ(pair.user.released.at(seized->call), (Released{88, PriReleasedBy::kRemote}));
  EXPECT_EQ(pair.network.count("calls_turned_away"), 1u);
  pair.expect_all_idle();
}

TEST(PriSpan, RepeatedSetupChangesNothing) {
  Pair pair;
  pair.establish();
  ASSERT_TRUE(pair.user.span->seize({"12", "", "", 9}));
  Frame setup = pair.to_network.front();
  pair.pump();
  const PriCall there = pair.network.offered().call;
  ASSERT_TRUE(pair.network.span->answer(there));
  pair.pump();
  // The same again, with the next sequence numbers of both sides, and another channel.
  const auto in = pair.network.count("frames_in");
  setup[2] = 4;
  setup[3] = 4;
  const Frame channel{0x18, 0x03, 0xa1, 0x83, 0x89};
  const auto at = std::search(setup.begin(), setup.end(), channel.begin(), channel.end());
  ASSERT_NE(at, setup.end());
  at[4] = 0x8a;
  pair.network.span->receive_frame(setup);
  EXPECT_EQ(pair.network.count("frames_in"), in + 1);
  EXPECT_EQ(pair.network.count("messages_refused"), 1u);
  EXPECT_EQ(pair.network.offers.size(), 1u);
  EXPECT_TRUE(pair.network.is_alive(there));
}

}  // namespace
}  // namespace cordboard::signalling
