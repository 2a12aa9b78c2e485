// SPDX-License-Identifier: GPL-2.0-or-later
// Who is at the far end, and transfers that the far end does: between two spans of ours, and against a far end made of libpri alone.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>

#include "pri_stranger.hpp"

namespace cordboard::signalling {
namespace {

PriOptions speaking(PriNode node, PriProtocol protocol, bool joins = false) {
  PriOptions options = options_of(node);
  options.protocol = protocol;
  options.joins = joins;
  return options;
}

using Outcome = std::tuple<PriCall, PriCall, bool>;

// --------------------------------------------------------------------------------------------------- two spans of ours

class PriTransfer : public ::testing::TestWithParam<PriProtocol> {
 protected:
  Pair pair{speaking(PriNode::kUser, GetParam()), speaking(PriNode::kNetwork, GetParam(), true)};
};
INSTANTIATE_TEST_SUITE_P(Protocols, PriTransfer,
                         ::testing::Values(PriProtocol::kEuroIsdn, PriProtocol::kQsig, PriProtocol::kNational),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(PriTransfer, TheExchangeJoinsTwoCallsAndBothTimeslotsAreFree) {
  pair.establish();
  // One that has come in, one that goes out: as when a caller is put through to somebody outside.
  const auto [caller_there, caller] = pair.connect(pair.network, pair.user);
  const auto [callee, callee_there] = pair.connect(pair.user, pair.network);
  pair.network.when_transfer_asked = [&](PriCall first, PriCall second) {
    EXPECT_EQ((std::set{first, second}), (std::set{caller_there, callee_there}));
    EXPECT_TRUE(pair.network.span->allow_transfer(first, true));
  };
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  ASSERT_TRUE(pair.wait(3000, [&] { return pair.user.released.size() == 2 && pair.network.released.size() == 2; }))
      << pair.user.span->dump() << pair.network.span->dump();
  std::printf("%s: joined and both timeslots free after %lld ms\n", std::string(name_of(GetParam())).c_str(),
              static_cast<long long>(test_now_ms() - begun));
  EXPECT_EQ(pair.user.transferred, (std::vector<Outcome>{{caller, callee, true}}));
  for (const auto& [call, released] : pair.user.released) EXPECT_EQ(released, (Released{16, PriReleasedBy::kRemote}));
  EXPECT_EQ(pair.network.count("joins"), 1u);
  EXPECT_EQ(pair.user.count("transfers_done"), 1u);
  pair.expect_all_idle();
}

TEST_P(PriTransfer, ARefusalChangesNothing) {
  pair.establish();
  const auto [caller_there, caller] = pair.connect(pair.network, pair.user);
  const auto [callee, callee_there] = pair.connect(pair.user, pair.network);
  pair.network.when_transfer_asked = [&](PriCall first, PriCall) {
    EXPECT_TRUE(pair.network.span->allow_transfer(first, false));
  };
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  ASSERT_TRUE(pair.wait(1000, [&] { return !pair.user.transferred.empty(); })) << pair.user.span->dump();
  EXPECT_EQ(pair.user.transferred, (std::vector<Outcome>{{caller, callee, false}}));
  pair.pass(50);
  EXPECT_TRUE(pair.user.released.empty());
  EXPECT_TRUE(pair.network.released.empty());
  // It may be asked for again, and the calls end as ever.
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  ASSERT_TRUE(pair.user.span->release(caller, 16));
  pair.pump();
  EXPECT_EQ(pair.user.transferred.size(), 2u);
  EXPECT_TRUE(pair.user.is_alive(callee));
}

TEST_P(PriTransfer, AListenerThatSaysNothingIsARefusal) {
  pair.establish();
  const auto [caller_there, caller] = pair.connect(pair.network, pair.user);
  const auto [callee, callee_there] = pair.connect(pair.user, pair.network);
  PriCall asked = 0;
  pair.network.when_transfer_asked = [&](PriCall first, PriCall) { asked = first; };
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  ASSERT_TRUE(pair.wait(6000, [&] { return !pair.user.transferred.empty(); }));
  EXPECT_GE(test_now_ms() - begun, 2900);
  EXPECT_LT(test_now_ms() - begun, 3900) << "before the timer of the one who asks";
  EXPECT_FALSE(std::get<2>(pair.user.transferred[0]));
  EXPECT_EQ(pair.network.span->allow_transfer(asked, true).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(pair.user.released.empty());
}

TEST_P(PriTransfer, SilenceIsARefusal) {
  if (GetParam() == PriProtocol::kQsig) GTEST_SKIP() << "an end has 15 s to replace a path";
  pair.establish();
  const auto [caller_there, caller] = pair.connect(pair.network, pair.user);
  const auto [callee, callee_there] = pair.connect(pair.user, pair.network);
  pair.alter_to_network = [](Frame& frame) {
    if ((frame[2] & 1) == 0 && frame.size() > 8 && frame[8] == kFacilityType) frame.resize(4);
  };
  const int64_t begun = test_now_ms();
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  ASSERT_TRUE(pair.wait(8000, [&] { return !pair.user.transferred.empty(); }));
  EXPECT_GE(test_now_ms() - begun, 3900);
  EXPECT_EQ(pair.user.transferred, (std::vector<Outcome>{{caller, callee, false}}));
  EXPECT_TRUE(pair.user.released.empty());
}

TEST_P(PriTransfer, WhatCannotBeTransferredIsRefusedAtOnce) {
  pair.establish();
  const auto [first, first_there] = pair.connect(pair.user, pair.network);
  const auto ringing = pair.user.span->seize({"1", "", "", 0});
  pair.pump();
  EXPECT_EQ(pair.user.span->transfer(first, first).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(pair.user.span->transfer(first, 999).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(pair.user.span->transfer(first, ringing->call).error().code, ErrorCode::kWrongState);
  EXPECT_EQ(pair.user.span->allow_transfer(first, true).error().code, ErrorCode::kNotFound);
  if (GetParam() != PriProtocol::kQsig) {
    const PriCall other = pair.network.offered().call;
    EXPECT_EQ(pair.network.span->transfer(first_there, other).error().code, ErrorCode::kInvalid);
  }
}

TEST(PriTransferGranted, OnlyByAnExchangeThatIsSetUpSo) {
  Pair pair;
  pair.establish();
  const auto [caller_there, caller] = pair.connect(pair.network, pair.user);
  const auto [callee, callee_there] = pair.connect(pair.user, pair.network);
  pair.network.when_transfer_asked = [](PriCall, PriCall) { ADD_FAILURE() << "nobody is to be asked"; };
  ASSERT_TRUE(pair.user.span->transfer(caller, callee));
  pair.pump();
  EXPECT_EQ(pair.user.transferred, (std::vector<Outcome>{{caller, callee, false}}));
  EXPECT_TRUE(pair.user.released.empty());
}

// -------------------------------------------------------------------------------------------------------------- parties

class PriParties : public ::testing::TestWithParam<std::pair<PriProtocol, bool>> {
 protected:
  PriProtocol protocol() const { return GetParam().first; }
  Side& caller() { return GetParam().second ? pair.user : pair.network; }
  Side& callee() { return GetParam().second ? pair.network : pair.user; }
  /// Display goes towards the user alone.
  bool named() const { return protocol() == PriProtocol::kQsig || GetParam().second; }
  Pair pair{speaking(PriNode::kUser, GetParam().first), speaking(PriNode::kNetwork, GetParam().first)};
};
INSTANTIATE_TEST_SUITE_P(
    BothDirections, PriParties,
    ::testing::Values(std::pair{PriProtocol::kEuroIsdn, true}, std::pair{PriProtocol::kEuroIsdn, false},
                      std::pair{PriProtocol::kQsig, true}, std::pair{PriProtocol::kQsig, false},
                      std::pair{PriProtocol::kNational, true}, std::pair{PriProtocol::kNational, false}),
    [](const auto& info) {
      return std::string(name_of(info.param.first)) + (info.param.second ? "_UserCalls" : "_NetworkCalls");
    });

TEST_P(PriParties, WhoAnswersIsTold) {
  pair.establish();
  const auto seized = caller().span->seize({"4001", "2002", "", 0});
  ASSERT_TRUE(seized);
  pair.pump();
  const PriCall there = callee().offered().call;
  ASSERT_TRUE(callee().span->connected(there, {"4007", "Ada Lovelace", false}));
  ASSERT_TRUE(callee().span->answer(there));
  pair.pump();
  EXPECT_EQ(caller().told[seized->call], "proceeding answered");
  ASSERT_EQ(caller().parties.size(), 1u);
  const auto& [call, party, reason] = caller().parties[0];
  EXPECT_EQ(call, seized->call);
  EXPECT_EQ(party, (PriParty{"4007", named() ? "Ada Lovelace" : "", false}));
  EXPECT_EQ(reason, PriPartyReason::kConnected);
  EXPECT_EQ(callee().span->connected(there, {"1", "", false}).error().code, ErrorCode::kWrongState);
}

TEST_P(PriParties, WhoAnswersAndDoesNotWantToBeShownIsNot) {
  pair.establish();
  const auto seized = caller().span->seize({"4001", "2002", "", 0});
  ASSERT_TRUE(seized);
  pair.pump();
  const PriCall there = callee().offered().call;
  ASSERT_TRUE(callee().span->connected(there, {"4007", "Ada Lovelace", true}));
  ASSERT_TRUE(callee().span->answer(there));
  pair.pump();
  ASSERT_EQ(caller().parties.size(), 1u);
  EXPECT_EQ(std::get<1>(caller().parties[0]), (PriParty{"", "", true}));
}

TEST_P(PriParties, ATransferBehindTheFarEndIsTold) {
  pair.establish();
  const auto [call, there] = pair.connect(caller(), callee());
  const auto informed = callee().span->inform(there, {"5005", "Grace Hopper", false});
  if (protocol() == PriProtocol::kNational) {
    EXPECT_EQ(informed.error().code, ErrorCode::kInvalid);
    return;
  }
  ASSERT_TRUE(informed) << informed.error().text;
  pair.pump();
  ASSERT_EQ(caller().parties.size(), 1u);
  const bool name = protocol() == PriProtocol::kQsig;
  EXPECT_EQ(std::get<1>(caller().parties[0]).number, "5005");
  if (name) {
    EXPECT_EQ(std::get<1>(caller().parties[0]).name, "Grace Hopper");
  }
  EXPECT_EQ(std::get<2>(caller().parties[0]), PriPartyReason::kTransferred);
  EXPECT_TRUE(caller().is_alive(call));
}

TEST_P(PriParties, ACallerWhoDoesNotWantToBeShownIsNot) {
  pair.establish();
  PriSeize request{"4001", "2002", "Ada", 0};
  request.restricted = true;
  ASSERT_TRUE(caller().span->seize(request));
  pair.pump();
  EXPECT_TRUE(callee().offered().restricted);
  EXPECT_EQ(callee().offered().calling, "");
  EXPECT_EQ(callee().offered().name, "");
  request.restricted = false;
  ASSERT_TRUE(caller().span->seize(request));
  pair.pump();
  EXPECT_FALSE(callee().offered().restricted);
  EXPECT_EQ(callee().offered().calling, "2002");
}

TEST(PriTariffs, WhatACallWillCostIsToldBeforeAndAfterTheAnswer) {
  Pair pair;
  pair.establish();
  const auto seized = pair.user.span->seize({"4001", "", "", 0});
  ASSERT_TRUE(seized);
  pair.pump();
  const PriCall there = pair.network.offered().call;
  ASSERT_TRUE(pair.network.span->answer(there));
  pair.pump();
  const std::vector<PriTariff> tariffs{{0, false, "CNY", 220, 60000}, {2, false, "CNY", 1000, 0}, {4, true, "", 0, 0}};
  ASSERT_TRUE(pair.network.span->tariff(there, tariffs));
  pair.pump();
  ASSERT_EQ(pair.user.tariffs.size(), 1u);
  ASSERT_EQ(pair.user.tariffs[0].size(), 3u);
  EXPECT_EQ(pair.user.tariffs[0][0].amount, 220u);
  EXPECT_EQ(pair.user.tariffs[0][0].per_ms, 60000u);
  EXPECT_EQ(pair.user.tariffs[0][0].currency, "CNY");
  EXPECT_EQ(pair.user.tariffs[0][1].item, 2);
  EXPECT_EQ(pair.user.tariffs[0][1].per_ms, 0u);
  EXPECT_TRUE(pair.user.tariffs[0][2].free);
  EXPECT_EQ(pair.user.span->tariff(seized->call, tariffs).error().code, ErrorCode::kInvalid);
}

// ------------------------------------------------------------------------------------------------------- libpri alone

TEST(PriStranger, AnExchangeOfLibpriJoinsTwoCalls) {
  Stranger far(options_of(PriNode::kUser), PRI_NETWORK, PRI_SWITCH_EUROISDN_E1);
  pri_transfer_enable(far.pri, 1);
  far.joins = true;
  far.establish();
  const PriCall first = far.call("4001");
  const PriCall second = far.call("4002");
  ASSERT_TRUE(far.side.span->transfer(first, second));
  ASSERT_TRUE(far.wait(3000, [&] { return far.side.released.size() == 2; })) << far.side.span->dump();
  EXPECT_EQ(far.side.transferred, (std::vector<Outcome>{{first, second, true}}));
  ASSERT_EQ(far.joined.size(), 1u);
  EXPECT_EQ((std::set{far.joined[0].first, far.joined[0].second}), (std::set{far.calls[0], far.calls[1]}));
  EXPECT_EQ(far.side.span->idle_timeslots(), 30u);
}

TEST(PriStranger, AnExchangeOfLibpriThatTransfersNothingLeavesTheCalls) {
  for (const bool enabled : {false, true}) {
    Stranger far(options_of(PriNode::kUser), PRI_NETWORK, PRI_SWITCH_EUROISDN_E1);
    if (enabled) pri_transfer_enable(far.pri, 1);
    far.establish();
    const PriCall first = far.call("4001");
    const PriCall second = far.call("4002");
    ASSERT_TRUE(far.side.span->transfer(first, second));
    ASSERT_TRUE(far.wait(1000, [&] { return !far.side.transferred.empty(); })) << far.side.span->dump();
    EXPECT_EQ(far.side.transferred, (std::vector<Outcome>{{first, second, false}}));
    EXPECT_TRUE(far.side.released.empty());
    EXPECT_TRUE(far.hangups.empty());
  }
}

/// libpri has two calls at our exchange and asks for them to be joined: both timeslots are free then.
void joined_when_it_asks(PriProtocol protocol, int switch_type) {
  Stranger far(speaking(PriNode::kNetwork, protocol, true), PRI_CPE, switch_type);
  far.side.when_transfer_asked = [&](PriCall first, PriCall) {
    EXPECT_TRUE(far.side.span->allow_transfer(first, true));
  };
  far.establish();
  far.call("4001");
  far.call("4002");
  ASSERT_EQ(pri_channel_bridge(far.calls[0], far.calls[1]), 0);
  const auto over = [&] { return far.side.released.size() == 2 && far.hangups.size() == 2; };
  ASSERT_TRUE(far.wait(3000, over)) << far.side.span->dump();
  EXPECT_EQ(far.side.count("joins"), 1u);
}

TEST(PriStranger, AUserOfLibpriIsJoinedWhenItAsks) {
  joined_when_it_asks(PriProtocol::kEuroIsdn, PRI_SWITCH_EUROISDN_E1);
}

TEST(PriStranger, ANationalUserOfLibpriIsJoinedWhenItAsks) {
  joined_when_it_asks(PriProtocol::kNational, PRI_SWITCH_NI2);
}

TEST(PriStranger, AQsigExchangeOfLibpriHandsThePathOver) { joined_when_it_asks(PriProtocol::kQsig, PRI_SWITCH_QSIG); }

TEST(PriStranger, AQsigExchangeOfLibpriIsToldOfBothParties) {
  Stranger far(speaking(PriNode::kUser, PriProtocol::kQsig), PRI_NETWORK, PRI_SWITCH_QSIG);
  far.answers.id.number.valid = 1;
  far.answers.id.number.plan = 1;
  far.answers.id.name.valid = 1;
  far.answers.id.name.presentation = PRI_PRES_ALLOWED;
  far.establish();
  std::strcpy(far.answers.id.number.str, "7001");
  std::strcpy(far.answers.id.name.str, "Ada");
  const PriCall first = far.call("4001");
  std::strcpy(far.answers.id.number.str, "7002");
  std::strcpy(far.answers.id.name.str, "Grace");
  const PriCall second = far.call("4002");
  ASSERT_EQ(far.side.parties.size(), 2u);
  EXPECT_EQ(std::get<1>(far.side.parties[0]), (PriParty{"7001", "Ada", false}));
  EXPECT_EQ(std::get<1>(far.side.parties[1]), (PriParty{"7002", "Grace", false}));
  ASSERT_TRUE(far.side.span->transfer(first, second));
  ASSERT_TRUE(far.wait(1000, [&] { return far.connected.size() >= 2; }));
  EXPECT_EQ(far.connected[0].number, "7002");
  EXPECT_EQ(far.connected[0].name, "Grace");
  EXPECT_EQ(far.connected[1].number, "7001");
  EXPECT_TRUE(far.side.released.empty()) << "nobody replaces the path: the calls stay here";
}

TEST(PriStranger, NumbersNamesAndTariffsOfAnExchangeOfLibpri) {
  Stranger far(options_of(PriNode::kUser), PRI_NETWORK, PRI_SWITCH_EUROISDN_E1);
  far.answers.id.number.valid = 1;
  far.answers.id.number.plan = 1;
  std::strcpy(far.answers.id.number.str, "02169990000");
  far.answers.id.name.valid = 1;
  far.answers.id.name.presentation = PRI_PRES_ALLOWED;
  std::strcpy(far.answers.id.name.str, "Ada Lovelace");
  far.establish();
  far.call("4001");
  ASSERT_EQ(far.side.parties.size(), 1u);
  EXPECT_EQ(std::get<1>(far.side.parties[0]), (PriParty{"02169990000", "Ada Lovelace", false}));
  pri_party_connected_line other = far.answers;
  std::strcpy(other.id.number.str, "13800138000");
  pri_connected_line_update(far.pri, far.calls[0], &other);
  far.pump();
  ASSERT_EQ(far.side.parties.size(), 2u);
  EXPECT_EQ(std::get<1>(far.side.parties[1]).number, "13800138000");
  EXPECT_EQ(std::get<2>(far.side.parties[1]), PriPartyReason::kTransferred);
  pri_subcmd_aoc_s told{};
  told.num_items = 1;
  told.item[0].chargeable = PRI_AOC_CHARGED_ITEM_BASIC_COMMUNICATION;
  told.item[0].rate_type = PRI_AOC_RATE_TYPE_DURATION;
  told.item[0].rate.duration.amount = {22, PRI_AOC_MULTIPLIER_HUNDREDTH};
  told.item[0].rate.duration.time = {1, PRI_AOC_TIME_SCALE_MINUTE};
  told.item[0].rate.duration.granularity = {6, PRI_AOC_TIME_SCALE_SECOND};
  std::strcpy(told.item[0].rate.duration.currency, "CNY");
  pri_aoc_s_send(far.pri, far.calls[0], &told);
  far.pump();
  ASSERT_EQ(far.side.tariffs.size(), 1u);
  EXPECT_EQ(far.side.tariffs[0][0].amount, 220u);
  EXPECT_EQ(far.side.tariffs[0][0].per_ms, 60000u);
}

}  // namespace
}  // namespace cordboard::signalling
