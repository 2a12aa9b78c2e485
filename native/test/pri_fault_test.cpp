// SPDX-License-Identifier: GPL-2.0-or-later
// Glare, restart, and the loss of the data link and of layer 1.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pri_pair.hpp"

namespace cordboard::signalling {
namespace {

class PriFault : public ::testing::Test {
 protected:
  void SetUp() override { pair.establish(); }
  /// Puts octets in place of others in the last frame under way to a side.
  static void patch(std::deque<Frame>& queue, const Frame& from, const Frame& to) {
    ASSERT_FALSE(queue.empty());
    Frame& frame = queue.back();
    const auto at = std::search(frame.begin(), frame.end(), from.begin(), from.end());
    ASSERT_NE(at, frame.end());
    std::copy(to.begin(), to.end(), at);
  }
  Pair pair;
};

TEST_F(PriFault, GlareTheNetworksCallGetsTheChannelAndTheUsersAnother) {
  auto from_user = pair.user.span->seize({"100", "", "", 7});
  auto from_network = pair.network.span->seize({"200", "", "", 7});
  ASSERT_TRUE(from_user);
  ASSERT_TRUE(from_network);
  pair.pump();
  const Offer at_user = pair.user.offered();
  const Offer at_network = pair.network.offered();
  EXPECT_EQ(at_user.timeslot, 7);
  EXPECT_EQ(at_user.called, "200");
  EXPECT_NE(at_network.timeslot, 7);
  EXPECT_EQ(at_network.called, "100");
  EXPECT_EQ(pair.user.timeslots[from_user->call], at_network.timeslot) << "moved by the first response";
  EXPECT_EQ(pair.network.timeslots[from_network->call], 7);
  EXPECT_EQ(pair.user.count("glare"), 1u);
  EXPECT_EQ(pair.network.count("glare"), 1u);

  ASSERT_TRUE(pair.user.span->answer(at_user.call));
  ASSERT_TRUE(pair.network.span->answer(at_network.call));
  pair.pump();
  EXPECT_EQ(pair.user.told[from_user->call], "proceeding answered");
  EXPECT_EQ(pair.network.told[from_network->call], "proceeding answered");
  EXPECT_EQ(pair.user.span->idle_timeslots(), 28u);
  EXPECT_EQ(pair.network.span->idle_timeslots(), 28u);

  ASSERT_TRUE(pair.user.span->release(from_user->call, 16));
  ASSERT_TRUE(pair.user.span->release(at_user.call, 16));
  pair.pump();
  pair.expect_all_idle();
  pair.connect(pair.user, pair.network, 7);
}

TEST_F(PriFault, GlareTheUsersCallDemandsTheChannelIsClearedAndTriedAgain) {
  auto from_user = pair.user.span->seize({"100", "", "", 7});
  patch(pair.to_network, {0x18, 0x03, 0xa1}, {0x18, 0x03, 0xa9});  // exclusive, as another user may send it
  auto from_network = pair.network.span->seize({"200", "", "", 7});
  pair.pump();
  EXPECT_EQ(pair.user.offered().timeslot, 7);
  ASSERT_EQ(pair.network.offers.size(), 1u);
  EXPECT_EQ(pair.user.count("retries"), 1u);
  EXPECT_TRUE(pair.user.is_alive(from_user->call)) << "the same id";
  EXPECT_EQ(pair.user.told[from_user->call], "proceeding");
  EXPECT_EQ(pair.user.timeslots[from_user->call], 31);
  EXPECT_EQ(pair.network.offered().timeslot, 31);
  ASSERT_TRUE(pair.network.span->answer(pair.network.offered().call));
  ASSERT_TRUE(pair.user.span->answer(pair.user.offered().call));
  pair.pump();
  EXPECT_EQ(pair.user.told[from_user->call], "proceeding answered");
  EXPECT_EQ(pair.network.told[from_network->call], "proceeding answered");
}

TEST_F(PriFault, GlareOnEveryChannelAtOnce) {
  std::vector<PriCall> from_user, from_network;
  for (uint8_t n = 1; n <= 31; ++n) {
    if (n == 16) continue;
    from_user.push_back(pair.user.span->seize({"1", "", "", n})->call);
    from_network.push_back(pair.network.span->seize({"2", "", "", n})->call);
  }
  pair.pump();
  // The network's win; for the user's there is no channel.
  EXPECT_EQ(pair.user.offers.size(), 30u);
  EXPECT_TRUE(pair.network.offers.empty());
  std::set<int> timeslots;
  for (const PriCall call : from_network) {
    EXPECT_EQ(pair.network.told[call], "proceeding");
    timeslots.insert(pair.network.timeslots[call]);
  }
  EXPECT_EQ(timeslots.size(), 30u);
  for (const PriCall call : from_user) EXPECT_EQ(pair.user.released.at(call), (Released{34, PriReleasedBy::kRemote}));
  for (const Offer& offer : pair.user.offers) ASSERT_TRUE(pair.user.span->release(offer.call, 17));
  pair.pump();
  pair.expect_all_idle();
}

TEST_F(PriFault, GlareInTheMiddleWhereBothHuntsMeet) {
  // Both seize without asking for a timeslot until nothing is left: all 30 get a call, whoever began it.
  for (int n = 0; n < 16; ++n) {
    ASSERT_TRUE(pair.user.span->seize({"1", "", "", 0}));
    ASSERT_TRUE(pair.network.span->seize({"2", "", "", 0}));
  }
  pair.pump();
  std::multiset<int> user_side, network_side;
  for (const auto& [call, timeslot] : pair.user.timeslots)
    if (pair.user.is_alive(call)) user_side.insert(timeslot);
  for (const auto& [call, timeslot] : pair.network.timeslots)
    if (pair.network.is_alive(call)) network_side.insert(timeslot);
  EXPECT_EQ(user_side.size(), 30u);
  EXPECT_EQ(user_side, network_side);
  EXPECT_EQ(std::set<int>(user_side.begin(), user_side.end()).size(), 30u);
  EXPECT_EQ(pair.user.span->idle_timeslots(), 0u);
  EXPECT_EQ(pair.network.span->idle_timeslots(), 0u);
  EXPECT_EQ(pair.user.released.size(), 2u) << "the two for which there was no channel";
}

/// Makes the first `times` SETUPs of the user demand `channel`, which the network has to refuse.
void demand(Pair& pair, uint8_t channel, int times) {
  pair.alter_to_network = [channel, times](Frame& frame) mutable {
    const Frame preferred{0x18, 0x03, 0xa1, 0x83};
    const auto at = std::search(frame.begin(), frame.end(), preferred.begin(), preferred.end());
    if (at == frame.end() || times-- <= 0) return;
    at[2] = 0xa9;
    at[4] = static_cast<uint8_t>(0x80 | channel);
  };
}

TEST_F(PriFault, ARefusedChannelIsTriedAgainOnAnotherThreeTimes) {
  pair.connect(pair.network, pair.user, 1);
  for (const auto& [cause, channel] : {std::pair{44, 1}, std::pair{82, 16}}) {
    for (int times = 1; times <= 4; ++times) {
      const uint64_t before = pair.user.count("retries");
      demand(pair, static_cast<uint8_t>(channel), times);
      auto seized = pair.user.span->seize({"1", "", "", 20});
      pair.pump();
      EXPECT_EQ(pair.user.count("retries") - before, static_cast<uint64_t>(std::min(times, 3)));
      if (times <= 3) {
        EXPECT_EQ(pair.user.told[seized->call], "proceeding");
        EXPECT_EQ(pair.user.timeslots[seized->call], pair.network.offered().timeslot);
        EXPECT_EQ(pair.user.timeslots[seized->call], 32 - times) << "the highest not tried yet";
        ASSERT_TRUE(pair.user.span->release(seized->call, 16));
        pair.pump();
      } else {
        EXPECT_EQ(pair.user.told[seized->call], "");
        EXPECT_EQ(pair.user.released.at(seized->call), (Released{static_cast<uint8_t>(cause), PriReleasedBy::kRemote}));
      }
      EXPECT_EQ(pair.user.span->idle_timeslots(), 29u);
      EXPECT_EQ(pair.network.span->idle_timeslots(), 29u);
      EXPECT_EQ(pair.user.references(), 1u);
    }
  }
}

TEST_F(PriFault, CongestionIsTriedAgainOnlyWhileThereIsAnotherChannel) {
  // A refusal of channel 16 with cause 82 is made one with cause 34.
  demand(pair, 16, 100);
  pair.alter_to_user = [](Frame& frame) {
    if (frame.size() > 4 && frame.back() == (0x80 | 82)) frame.back() = 0x80 | 34;
  };
  auto seized = pair.user.span->seize({"1", "", "", 0});
  pair.pump();
  EXPECT_EQ(pair.user.count("retries"), 3u);
  EXPECT_EQ(pair.user.released.at(seized->call), (Released{34, PriReleasedBy::kRemote}));
  pair.expect_all_idle();

  pair.alter_to_network = nullptr;
  for (int n = 0; n < 29; ++n) pair.connect(pair.user, pair.network);
  demand(pair, 16, 1);
  seized = pair.user.span->seize({"1", "", "", 0});
  pair.pump();
  EXPECT_EQ(pair.user.count("retries"), 3u) << "no other channel";
  EXPECT_EQ(pair.user.released.at(seized->call), (Released{34, PriReleasedBy::kRemote}));
}

TEST_F(PriFault, ACallBeingTriedAgainCanBeReleased) {
  demand(pair, 16, 3);
  auto seized = pair.user.span->seize({"1", "", "", 0});
  while (pair.user.count("retries") == 0) {
    ASSERT_FALSE(pair.to_network.empty() && pair.to_user.empty());
    pair.step();
  }
  ASSERT_TRUE(pair.user.span->release(seized->call, 16));
  pair.pump();
  EXPECT_EQ(pair.user.released.at(seized->call), (Released{16, PriReleasedBy::kLocal}));
  pair.expect_all_idle();
}

TEST_F(PriFault, AResponseThatNamesATakenChannelIsNotAccepted) {
  pair.connect(pair.user, pair.network, 5);
  // The network says CALL PROCEEDING on 5 to a call on 9.
  pair.alter_to_user = [done = false](Frame& frame) mutable {
    const Frame nine{0x18, 0x03, 0xa9, 0x83, 0x89};
    const auto at = std::search(frame.begin(), frame.end(), nine.begin(), nine.end());
    if (at == frame.end() || done) return;
    at[4] = 0x85;
    done = true;
  };
  auto seized = pair.user.span->seize({"1", "", "", 9});
  pair.pump();
  EXPECT_EQ(pair.network.released.at(2), (Released{6, PriReleasedBy::kRemote}));
  EXPECT_EQ(pair.user.count("retries"), 1u);
  EXPECT_EQ(pair.user.told[seized->call], "proceeding");
  EXPECT_EQ(pair.user.timeslots[seized->call], 31);
}

TEST_F(PriFault, RestartOfAnIdleChannel) {
  for (Side* side : {&pair.user, &pair.network}) {
    Side& other = side == &pair.user ? pair.network : pair.user;
    ASSERT_TRUE(side->span->restart(3));
    EXPECT_EQ(side->span->restart(3).error().code, ErrorCode::kBusy);
    EXPECT_EQ(side->span->seize({"1", "", "", 3}).error().code, ErrorCode::kBusy);
    pair.pump();
    EXPECT_EQ(side->restarted.back(), 3);
    EXPECT_EQ(other.restarted.back(), 3);
    pair.expect_all_idle();
    pair.connect(*side, other, 3);
    ASSERT_TRUE(side->span->restart(3));
    pair.pump();
  }
  EXPECT_EQ(pair.user.span->restart(16).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(pair.user.span->restart(32).error().code, ErrorCode::kInvalid);
}

TEST_F(PriFault, RestartEndsTheCallOnTheChannel) {
  const auto [here, there] = pair.connect(pair.user, pair.network, 12);
  const auto [other_here, other_there] = pair.connect(pair.user, pair.network, 13);
  ASSERT_TRUE(pair.user.span->restart(12));
  pair.pump();
  EXPECT_EQ(pair.user.released.at(here), (Released{41, PriReleasedBy::kFault}));
  EXPECT_EQ(pair.network.released.at(there), (Released{41, PriReleasedBy::kRemote}));
  EXPECT_EQ(pair.user.restarted, (std::vector<PriChannel>{12}));
  EXPECT_EQ(pair.network.restarted, (std::vector<PriChannel>{12}));
  EXPECT_TRUE(pair.user.is_alive(other_here));
  EXPECT_TRUE(pair.network.is_alive(other_there));
  EXPECT_EQ(pair.user.references(), 1u);
  EXPECT_EQ(pair.network.references(), 1u);
  pair.connect(pair.network, pair.user, 12);
}

TEST_F(PriFault, RestartOfTheInterface) {
  for (Side* side : {&pair.user, &pair.network}) {
    Side& other = side == &pair.user ? pair.network : pair.user;
    for (int n = 0; n < 5; ++n) pair.connect(*side, other);
    ASSERT_TRUE(side->span->seize({"1", "", "", 0}));
    const std::size_t before = side->released.size();
    const std::size_t there = other.released.size();
    ASSERT_TRUE(side->span->restart(0));
    EXPECT_EQ(side->span->restart(0).error().code, ErrorCode::kBusy);
    EXPECT_EQ(side->span->restart(4).error().code, ErrorCode::kBusy);
    EXPECT_EQ(side->span->idle_timeslots(), 0u);
    pair.pump();
    EXPECT_EQ(side->restarted.back(), 0);
    EXPECT_EQ(other.restarted.back(), 0);
    EXPECT_EQ(side->restarted.size(), other.restarted.size());
    EXPECT_EQ(side->released.size(), before + 6);
    EXPECT_GE(other.released.size(), there + 5);
    pair.expect_all_idle();
  }
  pair.connect(pair.user, pair.network);
}

TEST_F(PriFault, RestartsWaitForOneAnother) {
  for (uint8_t n = 1; n <= 5; ++n) ASSERT_TRUE(pair.user.span->restart(n));
  ASSERT_TRUE(pair.network.span->restart(3));
  ASSERT_TRUE(pair.user.span->restart(0));
  EXPECT_EQ(pair.to_network.size(), 1u) << "one at a time, Q.931 5.5.1";
  pair.pump();
  EXPECT_EQ(pair.user.restarted.size(), 7u);
  EXPECT_EQ(pair.network.restarted.size(), 7u);
  pair.expect_all_idle();
}

TEST_F(PriFault, RestartOfSeveralChannelsByThePeer) {
  const auto [here, there] = pair.connect(pair.network, pair.user, 1);
  const auto [kept_here, kept_there] = pair.connect(pair.network, pair.user, 2);
  const auto [last_here, last_there] = pair.connect(pair.network, pair.user, 3);
  ASSERT_TRUE(pair.network.span->restart(1));
  // Channels 1, 3 and 4 in one message.
  Frame& frame = pair.to_user.back();
  const Frame one{0x18, 0x03, 0xa9, 0x83, 0x81};
  const auto at = std::search(frame.begin(), frame.end(), one.begin(), one.end());
  ASSERT_NE(at, frame.end());
  at[1] = 0x05;
  at[4] = 0x01;
  frame.insert(at + 5, {0x03, 0x84});
  pair.pump();
  EXPECT_EQ(pair.user.restarted, (std::vector<PriChannel>{1, 3, 4}));
  EXPECT_EQ(pair.user.released.at(there), (Released{41, PriReleasedBy::kRemote}));
  EXPECT_EQ(pair.user.released.at(last_there), (Released{41, PriReleasedBy::kRemote}));
  EXPECT_TRUE(pair.user.is_alive(kept_there));
}

TEST_F(PriFault, RestartIsSentAgainWhenTheLinkWasLost) {
  pair.cut = true;
  ASSERT_TRUE(pair.user.span->restart(9));
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.dchannel; }));
  EXPECT_EQ(pair.user.span->restart(8).error().code, ErrorCode::kUnavailable);
  pair.cut = false;
  ASSERT_TRUE(pair.wait(3000, [&] { return pair.user.restarted.size() == 1; }));
  pair.pump();
  pair.expect_all_idle();
}

TEST_F(PriFault, LostFramesAreSentAgain) {
  auto seized = pair.user.span->seize({"1", "", "", 0});
  pair.to_network.clear();
  ASSERT_TRUE(pair.wait(1000, [&] { return pair.user.told[seized->call] == "proceeding"; }));
  EXPECT_TRUE(pair.user.dchannel);
}

TEST_F(PriFault, AnsweredCallsOutliveAShortLossOfTheLink) {
  const auto [here, there] = pair.connect(pair.user, pair.network);
  auto ringing = pair.user.span->seize({"1", "", "", 0});
  pair.pump();
  const PriCall ringing_there = pair.network.offered().call;
  ASSERT_TRUE(pair.network.span->alert(ringing_there));
  pair.pump();
  pair.cut = true;
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.dchannel && !pair.network.dchannel; }));
  EXPECT_EQ(pair.user.span->seize({"1", "", "", 0}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(pair.network.span->seize({"1", "", "", 0}).error().code, ErrorCode::kUnavailable);
  // Q.931 5.8.9: T309 is for answered calls.
  ASSERT_TRUE(
      pair.wait(1000, [&] { return !pair.user.is_alive(ringing->call) && !pair.network.is_alive(ringing_there); }));
  EXPECT_EQ(pair.user.released.at(ringing->call), (Released{27, PriReleasedBy::kFault}));
  EXPECT_EQ(pair.network.released.at(ringing_there), (Released{27, PriReleasedBy::kFault}));
  EXPECT_TRUE(pair.user.is_alive(here));
  pair.cut = false;
  pair.establish();
  pair.pass(1200);  // longer than T309: it was stopped
  EXPECT_TRUE(pair.user.is_alive(here));
  EXPECT_TRUE(pair.network.is_alive(there));
  ASSERT_TRUE(pair.network.span->release(there, 16));
  pair.pump();
  EXPECT_EQ(pair.user.released.at(here), (Released{16, PriReleasedBy::kRemote}));
  pair.expect_all_idle();
  EXPECT_EQ(pair.user.count("link_losses"), 1u);
  EXPECT_EQ(pair.network.count("link_losses"), 1u);
}

TEST_F(PriFault, AnsweredCallsEndWithT309) {
  const auto [here, there] = pair.connect(pair.user, pair.network);
  pair.cut = true;
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.dchannel; }));
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.is_alive(here) && !pair.network.is_alive(there); }));
  EXPECT_EQ(pair.user.released.at(here), (Released{27, PriReleasedBy::kFault}));
  EXPECT_EQ(pair.network.released.at(there), (Released{27, PriReleasedBy::kFault}));
  pair.expect_all_idle();
  pair.cut = false;
  pair.establish();
  pair.connect(pair.network, pair.user);
}

TEST_F(PriFault, TheAuditEndsACallThatThePeerHasLost) {
  const auto [here, there] = pair.connect(pair.user, pair.network);
  // The network comes up anew and knows of no call.
  pair.cut = true;
  pair.network.span =
      std::make_unique<PriSpan>(options_of(PriNode::kNetwork), pair.network, [this](auto frame, std::size_t) {
        if (!pair.cut) pair.to_user.emplace_back(frame.begin(), frame.end());
      });
  pair.network.dchannel = false;
  pair.network.told.clear();
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.dchannel; }));
  pair.pass(400);  // until the data link is given up, so that T309 runs
  pair.to_user.clear();
  pair.cut = false;
  ASSERT_TRUE(pair.wait(2000, [&] { return pair.user.dchannel && pair.network.dchannel; }));
  pair.pump();
  ASSERT_FALSE(pair.user.is_alive(here)) << pair.user.span->dump();
  EXPECT_EQ(pair.user.released.at(here).by, PriReleasedBy::kRemote);
  pair.expect_all_idle();
  EXPECT_TRUE(pair.network.is_alive(there)) << "its span went without a word";
}

TEST_F(PriFault, ReleaseWhileTheLinkIsDown) {
  const auto [here, there] = pair.connect(pair.user, pair.network);
  pair.cut = true;
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.dchannel; }));
  ASSERT_TRUE(pair.user.span->release(here, 19));
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.user.is_alive(here); }));
  EXPECT_EQ(pair.user.released.at(here), (Released{19, PriReleasedBy::kLocal}));
  ASSERT_TRUE(pair.wait(3000, [&] { return !pair.network.is_alive(there); }));
  pair.expect_all_idle();
}

TEST_F(PriFault, AlarmClearsEveryCall) {
  const auto [here, there] = pair.connect(pair.user, pair.network);
  auto seizing = pair.user.span->seize({"1", "", "", 0});
  pair.pump();
  const PriCall offered = pair.network.offered().call;
  pair.user.span->set_layer1(false);
  EXPECT_TRUE(pair.user.released.empty()) << "a command never calls back";
  EXPECT_FALSE(pair.user.span->dchannel_up());
  EXPECT_EQ(pair.user.span->seize({"1", "", "", 0}).error().code, ErrorCode::kUnavailable);
  pair.pump();
  EXPECT_EQ(pair.user.released.at(here), (Released{38, PriReleasedBy::kFault}));
  EXPECT_EQ(pair.user.released.at(seizing->call), (Released{38, PriReleasedBy::kFault}));
  EXPECT_FALSE(pair.user.dchannel);
  EXPECT_TRUE(pair.network.is_alive(there)) << "it has seen nothing of the alarm";

  // Both sides see it, for long.
  pair.network.span->set_layer1(false);
  pair.pump();
  EXPECT_EQ(pair.network.released.at(there), (Released{38, PriReleasedBy::kFault}));
  EXPECT_EQ(pair.network.released.at(offered), (Released{38, PriReleasedBy::kFault}));
  pair.pass(300);
  EXPECT_TRUE(pair.to_network.empty());
  EXPECT_TRUE(pair.to_user.empty());
  pair.user.span->set_layer1(true);
  pair.network.span->set_layer1(true);
  pair.establish();
  pair.pump();
  pair.expect_all_idle();
  pair.connect(pair.user, pair.network);
}

TEST_F(PriFault, AlarmOfOneSideOnlyIsToldToThePeerAfterwards) {
  const auto [here, there] = pair.connect(pair.network, pair.user);
  pair.user.span->set_layer1(false);
  pair.user.span->set_layer1(false);
  pair.pump();
  EXPECT_EQ(pair.user.released.at(there), (Released{38, PriReleasedBy::kFault}));
  pair.user.span->set_layer1(true);
  ASSERT_TRUE(pair.wait(2000, [&] { return !pair.network.is_alive(here); })) << pair.network.span->dump();
  EXPECT_EQ(pair.network.released.at(here), (Released{38, PriReleasedBy::kRemote}));
  pair.pump();
  pair.expect_all_idle();
  pair.connect(pair.network, pair.user);
}

TEST_F(PriFault, AlarmBeforeTheStart) {
  Pair p;
  p.user.span->set_layer1(false);
  p.pass(200);
  EXPECT_FALSE(p.network.dchannel);
  p.user.span->set_layer1(true);
  p.establish();
  p.connect(p.user, p.network);
}

}  // namespace
}  // namespace cordboard::signalling
