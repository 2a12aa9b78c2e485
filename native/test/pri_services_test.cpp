// SPDX-License-Identifier: GPL-2.0-or-later
// What a call has besides its two ends: digits one by one, names, numbers that send it on, what it costs, blocked
// timeslots, timers.
#include <gtest/gtest.h>

#include "pri_pair.hpp"

namespace cordboard::signalling {
namespace {

PriOptions speaking(PriNode node, PriProtocol protocol) {
  PriOptions options = options_of(node);
  options.protocol = protocol;
  return options;
}

class PriOverlap : public ::testing::TestWithParam<bool> {
 protected:
  static PriOptions options(PriNode node) {
    PriOptions options = options_of(node);
    options.overlap = true;
    options.t302_ms = 300;
    return options;
  }
  Side& caller() { return GetParam() ? pair.user : pair.network; }
  Side& callee() { return GetParam() ? pair.network : pair.user; }
  Pair pair{options(PriNode::kUser), options(PriNode::kNetwork)};
};
INSTANTIATE_TEST_SUITE_P(BothDirections, PriOverlap, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "UserCalls" : "NetworkCalls"; });

TEST_P(PriOverlap, SendsDigitsOneByOneAndTellsTheLast) {
  pair.establish();
  PriSeize request{"02", "678", "", 0};
  request.complete = false;
  const auto seized = caller().span->seize(request);
  ASSERT_TRUE(seized);
  ASSERT_TRUE(caller().span->dial(seized->call, "1", false)) << "waits until the peer asks for it";
  pair.pump();
  const PriCall there = callee().offered().call;
  EXPECT_FALSE(callee().offered().complete);
  EXPECT_EQ(callee().offered().called, "02");
  EXPECT_EQ(callee().digits[there], "1");
  ASSERT_TRUE(caller().span->dial(seized->call, "61", false));
  pair.pump();
  EXPECT_EQ(callee().digits[there], "161");
  EXPECT_EQ(caller().told[seized->call], "");
  ASSERT_TRUE(caller().span->dial(seized->call, "34", true));
  pair.pump();
  EXPECT_EQ(callee().digits[there], "16134#") << "Sending complete goes with the last digit";
  EXPECT_EQ(caller().told[seized->call], "proceeding");
  EXPECT_EQ(caller().span->dial(seized->call, "5", false).error().code, ErrorCode::kWrongState);
  ASSERT_TRUE(callee().span->answer(there));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding answered");
}

TEST_P(PriOverlap, TakesANumberForWholeWhenT302IsOver) {
  pair.establish();
  PriSeize request{"", "678", "", 0};
  request.complete = false;
  const auto seized = caller().span->seize(request);
  ASSERT_TRUE(seized);
  pair.pump();
  ASSERT_TRUE(caller().span->dial(seized->call, "4001", false));
  pair.pump();
  const PriCall there = callee().offered().call;
  EXPECT_EQ(callee().digits[there], "4001");
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(pair.wait(2000, [&] { return callee().digits[there] == "4001#"; }));
  EXPECT_GE(test_now_ms() - begun, 250);
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding");
}

TEST_P(PriOverlap, ProceedsAtOnceWhenWhoeverIsCalledKnowsTheNumberIsWhole) {
  pair.establish();
  PriSeize request{"400", "678", "", 0};
  request.complete = false;
  const auto seized = caller().span->seize(request);
  pair.pump();
  const PriCall there = callee().offered().call;
  ASSERT_TRUE(callee().span->proceed(there));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding");
  pair.pass(500);
  EXPECT_EQ(callee().digits[there], "") << "T302 has stopped";
}

TEST_P(PriOverlap, TakesAWholeNumberAsItIs) {
  pair.establish();
  const auto seized = caller().span->seize({"4001", "678", "", 0});
  pair.pump();
  EXPECT_TRUE(callee().offered().complete);
  EXPECT_EQ(caller().span->dial(seized->call, "5", false).error().code, ErrorCode::kWrongState);
}

TEST(PriServices, NamesAndNumbersThatSendACallOnByEuroIsdn) {
  Pair pair;
  pair.establish();
  PriSeize request{"4001", "02161234567", "Ada Lovelace", 0};
  request.redirecting = "95001";
  request.redirecting_reason = 2;
  ASSERT_TRUE(pair.network.span->seize(request));
  pair.pump();
  EXPECT_EQ(pair.user.offered().calling, "02161234567");
  EXPECT_EQ(pair.user.offered().name, "Ada Lovelace");
  EXPECT_EQ(pair.user.offered().redirecting, "95001");
  EXPECT_EQ(pair.user.offered().reason, 2);
  ASSERT_TRUE(pair.user.span->seize(request));
  pair.pump();
  EXPECT_EQ(pair.network.offered().redirecting, "95001");
  EXPECT_EQ(pair.network.offered().name, "") << "Display goes towards the user alone";
}

class PriQsig : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(BothDirections, PriQsig, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "UserCalls" : "NetworkCalls"; });

TEST_P(PriQsig, NamesAndNumbersThatSendACallOn) {
  Pair pair(speaking(PriNode::kUser, PriProtocol::kQsig), speaking(PriNode::kNetwork, PriProtocol::kQsig));
  pair.establish();
  Side& caller = GetParam() ? pair.user : pair.network;
  Side& callee = GetParam() ? pair.network : pair.user;
  for (const std::string name : {"Ada Lovelace", "王小明"}) {
    PriSeize request{"4001", "2002", name, 0};
    request.redirecting = "2003";
    request.redirecting_reason = 15;
    const auto seized = caller.span->seize(request);
    ASSERT_TRUE(seized);
    pair.pump();
    EXPECT_EQ(callee.offered().name, name);
    EXPECT_EQ(callee.offered().calling, "2002");
    EXPECT_EQ(callee.offered().redirecting, "2003");
    EXPECT_EQ(callee.offered().reason, 15);
    ASSERT_TRUE(callee.span->answer(callee.offered().call));
    pair.pump();
    EXPECT_EQ(caller.told[seized->call], "proceeding answered");
    ASSERT_TRUE(caller.span->release(seized->call, 16));
    pair.pump();
  }
  pair.expect_all_idle();
}

TEST(PriServices, ToldWhatACallCosts) {
  Pair pair;
  pair.establish();
  const auto [here, there] = pair.connect(pair.user, pair.network);
  for (const uint32_t units : {1u, 2u, 70000u}) {
    ASSERT_TRUE(pair.network.span->charge(there, units));
    pair.pump();
    ASSERT_FALSE(pair.user.charges.empty());
    EXPECT_EQ(pair.user.charges.back().units, units);
    EXPECT_FALSE(pair.user.charges.back().final);
  }
  EXPECT_EQ(pair.user.charges.size(), 3u);
  EXPECT_EQ(pair.user.span->charge(here, 1).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(pair.user.is_alive(here));
}

TEST(PriServices, ABlockedTimeslotTakesNoCallOfEitherSide) {
  Pair pair;
  pair.establish();
  ASSERT_TRUE(pair.user.span->block(31, true));
  pair.pump();
  EXPECT_EQ(pair.user.blocked[31], (std::pair{true, false}));
  EXPECT_EQ(pair.user.span->idle_timeslots(), 29u);
  EXPECT_EQ(pair.user.span->seize({"1", "", "", 31}).error().code, ErrorCode::kBusy);
  EXPECT_EQ(pair.user.span->seize({"1", "", "", 0})->channel, 30);
  // The exchange cannot be told by EuroISDN: its call is moved.
  const auto moved = pair.network.span->seize({"4001", "", "", 31});
  ASSERT_TRUE(moved);
  pair.pump();
  EXPECT_EQ(pair.user.offered().timeslot, 29);
  EXPECT_EQ(pair.network.timeslots[moved->call], 29);
  ASSERT_TRUE(pair.user.span->block(31, false));
  EXPECT_EQ(pair.user.span->seize({"1", "", "", 31})->channel, 31);
  EXPECT_EQ(pair.user.span->block(16, true).error().code, ErrorCode::kInvalid);
}

TEST(PriServices, ACallThatIsThereOutlivesTheBlockingOfItsTimeslot) {
  Pair pair;
  pair.establish();
  const auto [here, there] = pair.connect(pair.user, pair.network, 5);
  ASSERT_TRUE(pair.user.span->block(5, true));
  pair.pump();
  EXPECT_TRUE(pair.user.is_alive(here));
  ASSERT_TRUE(pair.user.span->release(here, 16));
  pair.pump();
  EXPECT_EQ(pair.user.span->idle_timeslots(), 29u);
}

TEST(PriServices, TheNationalProtocolTellsThePeerOfBlockedTimeslots) {
  Pair pair(speaking(PriNode::kUser, PriProtocol::kNational), speaking(PriNode::kNetwork, PriProtocol::kNational));
  pair.establish();
  ASSERT_TRUE(pair.user.span->block(7, true));
  pair.pump();
  EXPECT_EQ(pair.network.blocked[7], (std::pair{false, true}));
  EXPECT_EQ(pair.network.span->seize({"1", "", "", 7}).error().code, ErrorCode::kBusy);
  ASSERT_TRUE(pair.network.span->block(7, true));
  pair.pump();
  EXPECT_EQ(pair.user.blocked[7], (std::pair{true, true}));
  ASSERT_TRUE(pair.user.span->block(7, false));
  pair.pump();
  EXPECT_EQ(pair.network.blocked[7], (std::pair{true, false}));
  pair.connect(pair.user, pair.network, 8);
}

TEST(PriServices, ACallThatProceedsForEverIsGivenUp) {
  PriOptions user = options_of(PriNode::kUser);
  user.t310_ms = 200;
  Pair pair(user);
  pair.establish();
  const auto silent = pair.user.span->seize({"1", "", "", 0});
  const auto rings = pair.user.span->seize({"2", "", "", 0});
  pair.pump();
  ASSERT_TRUE(pair.network.span->alert(pair.network.offered().call));
  ASSERT_TRUE(pair.wait(2000, [&] { return !pair.user.is_alive(silent->call); }));
  EXPECT_EQ(pair.user.released.at(silent->call), (Released{102, PriReleasedBy::kFault}));
  pair.pass(300);
  EXPECT_TRUE(pair.user.is_alive(rings->call));
}

TEST(PriServices, TimersAreThoseOfTheOptions) {
  PriOptions user = options_of(PriNode::kUser);
  user.t303_ms = 100;
  user.t308_ms = 100;
  Pair pair(user);
  pair.establish();
  pair.alter_to_network = [](Frame& frame) {
    if ((frame[2] & 1) == 0) frame.resize(4);  // messages are lost, the link is not
  };
  const auto seized = pair.user.span->seize({"1", "", "", 0});
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.is_alive(seized->call); }));
  EXPECT_GE(test_now_ms() - begun, 180);
  EXPECT_LT(test_now_ms() - begun, 2000) << "two of T303, not of 4 s";
  EXPECT_EQ(pair.user.released.at(seized->call).cause, 18);
}

// --------------------------------------------------------------------------------------------------------------- NFAS

/// Three E1s of one D-channel, the second with its back-up.
class PriNfas : public ::testing::Test {
 protected:
  struct End {
    std::unique_ptr<PriSpan> span;
    std::deque<std::pair<std::size_t, Frame>> in;
  };
  static PriOptions options(PriNode node) {
    PriOptions options = options_of(node);
    options.interfaces = {{0, true}, {1, true}, {2, false}};
    return options;
  }
  PriNfas() : user(options(PriNode::kUser), [](auto) {}), network(options(PriNode::kNetwork), [](auto) {}) {
    user.span = std::make_unique<PriSpan>(options(PriNode::kUser), user, sink(to_network));
    network.span = std::make_unique<PriSpan>(options(PriNode::kNetwork), network, sink(to_user));
  }
  PriFrameSink sink(std::deque<std::pair<std::size_t, Frame>>& queue) {
    return [this, &queue](std::span<const uint8_t> frame, std::size_t interface) {
      ++sent[interface];
      if (!cut[interface]) queue.emplace_back(interface, Frame(frame.begin(), frame.end()));
    };
  }
  void pump() {
    for (int round = 0; round < 2000; ++round) {
      bool moved = false;
      const int64_t now = test_now_ms();
      for (Side* side : {&user, &network}) {
        const auto due = side->span->next_deadline(now);
        if (!due || *due > now) continue;
        side->span->run_timers(now);
        moved = true;
      }
      for (auto [queue, side] : {std::pair{&to_network, &network}, std::pair{&to_user, &user}}) {
        for (; !queue->empty(); queue->pop_front()) {
          side->span->receive_frame(queue->front().second, queue->front().first);
          moved = true;
        }
      }
      if (!moved) return;
    }
    ADD_FAILURE() << "it does not come to rest\n" << user.span->dump() << network.span->dump();
  }
  bool wait(int64_t ms, const std::function<bool()>& done) {
    for (const int64_t end = test_now_ms() + ms; test_now_ms() < end;) {
      pump();
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  bool both_up(std::size_t interface) {
    return user.span->dchannel_up(interface) && network.span->dchannel_up(interface);
  }
  void establish() {
    ASSERT_TRUE(wait(2000, [&] { return both_up(0) && both_up(1); })) << user.span->dump() << network.span->dump();
  }
  std::pair<PriCall, PriCall> connect(Side& from, Side& to, PriChannel channel) {
    const auto seized = from.span->seize({"12345", "678", "", channel});
    if (!seized) throw std::runtime_error(seized.error().text);
    pump();
    const PriCall there = to.offered().call;
    EXPECT_TRUE(to.span->answer(there));
    pump();
    EXPECT_EQ(from.told[seized->call], "proceeding answered");
    EXPECT_EQ(to.timeslots[there], from.timeslots[seized->call]);
    return {seized->call, there};
  }

  std::array<bool, 3> cut{};
  std::array<uint64_t, 3> sent{};
  std::deque<std::pair<std::size_t, Frame>> to_network, to_user;
  Side user, network;
};

TEST_F(PriNfas, CarriesCallsOnAllE1sOverOneDChannel) {
  establish();
  EXPECT_EQ(user.span->idle_timeslots(), 91u) << "30 + 30 + 31: the third has no D-channel";
  const auto before = sent[1];
  connect(user, network, 5);
  connect(network, user, 32 + 6);
  EXPECT_EQ(user.timeslots[user.offered().call], 32 + 6);
  const auto [call, there] = connect(user, network, 64 + 16);
  EXPECT_EQ(network.timeslots[there], 64 + 16) << "timeslot 16 carries speech there";
  EXPECT_EQ(user.span->seize({"1", "", "", 32 + 16}).error().code, ErrorCode::kInvalid);
  EXPECT_LE(sent[1] - before, 4u) << "the back-up polls only";
  ASSERT_TRUE(network.span->release(there, 16));
  pump();
  EXPECT_EQ(user.released.at(call).cause, 16);
  // All of them.
  std::vector<PriCall> calls;
  for (int n = 0; n < 3; ++n)
    while (const auto seized = user.span->seize({"1", "", "", static_cast<PriChannel>(n * 32)}))
      calls.push_back(seized->call);
  EXPECT_EQ(calls.size(), 89u);
  pump();
  EXPECT_EQ(network.offers.size(), 91u);
}

TEST_F(PriNfas, TheBackUpTakesOverAndKeepsTheCalls) {
  establish();
  const auto [first, first_there] = connect(user, network, 5);
  const auto [second, second_there] = connect(network, user, 64 + 7);
  cut[0] = true;
  to_network.clear();
  to_user.clear();
  ASSERT_TRUE(wait(5000, [&] { return !user.span->dchannel_up(0) && !network.span->dchannel_up(0); }))
      << user.span->dump();
  pump();
  EXPECT_TRUE(user.dchannel) << "the calls have a D-channel all the time";
  EXPECT_TRUE(user.span->dchannel_up());
  EXPECT_EQ(user.count("take_overs"), 1u);
  // New calls, and the end of old ones, go over the back-up.
  connect(user, network, 9);
  connect(network, user, 32 + 9);
  ASSERT_TRUE(user.span->release(first, 16));
  ASSERT_TRUE(user.span->release(second_there, 17));
  pump();
  ASSERT_TRUE(network.released.contains(first_there)) << network.span->dump();
  EXPECT_EQ(network.released.at(first_there), (Released{16, PriReleasedBy::kRemote}));
  EXPECT_EQ(network.released.at(second), (Released{17, PriReleasedBy::kRemote}));
  // The first one comes back.
  cut[0] = false;
  ASSERT_TRUE(wait(5000, [&] { return both_up(0); }));
  const auto before = sent[1];
  connect(user, network, 11);
  EXPECT_LE(sent[1] - before, 4u);
}

TEST_F(PriNfas, ACallThatWasBeingClearedWhenTheLinkFailedIsClearedOverTheOther) {
  establish();
  const auto [first, first_there] = connect(user, network, 5);
  const auto [second, second_there] = connect(network, user, 64 + 5);
  cut[0] = true;
  ASSERT_TRUE(user.span->release(first, 16)) << "its DISCONNECT is lost";
  ASSERT_TRUE(network.span->release(second, 17));
  ASSERT_TRUE(
      wait(5000, [&] { return network.released.contains(first_there) && user.released.contains(second_there); }))
      << user.span->dump() << network.span->dump();
  EXPECT_EQ(user.released.at(first), (Released{16, PriReleasedBy::kLocal}));
  EXPECT_EQ(network.released.at(second), (Released{17, PriReleasedBy::kLocal}));
  pump();
  EXPECT_EQ(user.span->idle_timeslots(), 91u);
  EXPECT_EQ(network.span->idle_timeslots(), 91u);
}

TEST_F(PriNfas, T309EndsTheCallsWhenBothDChannelsAreGone) {
  establish();
  const auto [call, there] = connect(user, network, 64 + 3);
  cut[0] = cut[1] = true;
  ASSERT_TRUE(wait(5000, [&] { return !user.dchannel; }));
  EXPECT_TRUE(user.is_alive(call));
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(wait(5000, [&] { return !user.is_alive(call); }));
  EXPECT_GE(test_now_ms() - begun, 800) << "T309 is 1 s";
  EXPECT_EQ(user.released.at(call), (Released{27, PriReleasedBy::kFault}));
  EXPECT_EQ(user.span->idle_timeslots(), 91u);
}

TEST_F(PriNfas, AnAlarmOfOneE1ClearsItsCallsAlone) {
  establish();
  const auto [first, first_there] = connect(user, network, 5);
  const auto [third, third_there] = connect(user, network, 64 + 5);
  user.span->set_layer1(false, 2);
  pump();
  EXPECT_EQ(user.released.at(third), (Released{38, PriReleasedBy::kFault}));
  EXPECT_EQ(network.released.at(third_there), (Released{38, PriReleasedBy::kRemote})) << "told at once";
  EXPECT_TRUE(user.is_alive(first));
  EXPECT_EQ(user.span->seize({"1", "", "", 64}).error().code, ErrorCode::kUnavailable);
  user.span->set_layer1(true, 2);
  connect(user, network, 64 + 5);
  // The E1 with the D-channel: its calls end, the others live on over the back-up.
  const auto [other, other_there] = connect(user, network, 64 + 8);
  user.span->set_layer1(false, 0);
  cut[0] = true;
  ASSERT_TRUE(wait(5000, [&] { return !network.span->dchannel_up(0); }));
  EXPECT_FALSE(user.is_alive(first));
  EXPECT_TRUE(user.is_alive(other));
  ASSERT_TRUE(network.span->release(other_there, 16));
  pump();
  EXPECT_EQ(user.released.at(other), (Released{16, PriReleasedBy::kRemote}));
}

TEST_F(PriNfas, RestartsAnInterfaceChannelByChannel) {
  establish();
  const auto [first, first_there] = connect(user, network, 5);
  const auto [third, third_there] = connect(user, network, 64 + 5);
  ASSERT_TRUE(user.span->restart(64));
  ASSERT_TRUE(wait(5000, [&] { return user.restarted.size() == 31; })) << user.span->dump();
  EXPECT_TRUE(user.is_alive(first));
  EXPECT_EQ(network.released.at(third_there), (Released{41, PriReleasedBy::kRemote}));
  EXPECT_EQ(user.restarted.front(), 65);
  EXPECT_EQ(user.span->idle_timeslots(), 90u);
}

}  // namespace
}  // namespace cordboard::signalling
