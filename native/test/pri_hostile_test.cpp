// SPDX-License-Identifier: GPL-2.0-or-later
// What a hostile, broken or merely busy peer can do: nonsense on the D-channel, and ten thousand calls.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "fuzz_inputs.hpp"
#include "pri_victim.hpp"
#include "signalling/pri_components.hpp"
#include "signalling/pri_facility.hpp"

namespace cordboard::signalling {
namespace {

int frames_to_send() {
  const char* set = std::getenv("CORDBOARD_FUZZ_FRAMES");
  return set == nullptr ? 100000 : std::max(1, std::atoi(set));
}

uint32_t seed_of(uint32_t usual) {
  const char* set = std::getenv("CORDBOARD_FUZZ_SEED");
  return set == nullptr ? usual : usual + static_cast<uint32_t>(std::atoi(set));
}

/// The span that was mistreated still works, with an honest peer and a data link begun anew.
void expect_it_still_works(Victim& victim, PriNode node) {
  EXPECT_LE(victim.side.references(), 62u) << victim.side.span->dump();
  Side& old = victim.side;
  Pair pair;
  Side& honest = node == PriNode::kUser ? pair.network : pair.user;
  (node == PriNode::kUser ? pair.user : pair.network).span.reset();
  std::deque<Frame>& to_honest = node == PriNode::kUser ? pair.to_network : pair.to_user;
  std::deque<Frame>& to_old = node == PriNode::kUser ? pair.to_user : pair.to_network;
  // The old span's frames go to the honest peer from now on; it is restarted as after a repair.
  victim.side.when_offered = nullptr;
  for (PriChannel n = 1; n <= 31; ++n) (void)old.span->block(n, false);
  const auto until = [&](const auto& done) {
    for (int64_t end = test_now_ms() + 8000; test_now_ms() < end;) {
      old.span->run_timers(test_now_ms());
      honest.span->run_timers(test_now_ms());
      for (; !to_honest.empty(); to_honest.pop_front()) honest.span->receive_frame(to_honest.front());
      for (; !to_old.empty(); to_old.pop_front()) old.span->receive_frame(to_old.front());
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  victim.forward = &to_honest;
  old.span->set_layer1(false);
  old.span->set_layer1(true);
  ASSERT_TRUE(until([&] { return old.dchannel && honest.dchannel; })) << old.span->dump();
  ASSERT_TRUE(honest.span->restart(0));
  ASSERT_TRUE(until([&] { return !honest.restarted.empty() && !old.restarted.empty(); })) << old.span->dump();
  ASSERT_TRUE(until([&] { return old.span->idle_timeslots() == 30; })) << old.span->dump();
  const std::size_t before = old.offers.size();
  auto seized = honest.span->seize({"1", "2", "", 0});
  ASSERT_TRUE(seized);
  ASSERT_TRUE(until([&] { return old.offers.size() > before; })) << old.span->dump();
  ASSERT_TRUE(old.span->answer(old.offered().call));
  ASSERT_TRUE(until([&] { return honest.told[seized->call] == "proceeding answered"; }));
  ASSERT_TRUE(honest.span->release(seized->call, 16));
  ASSERT_TRUE(until([&] { return !honest.is_alive(seized->call) && !old.is_alive(old.offered().call); }));
  EXPECT_EQ(old.references(), 0u) << old.span->dump();
}

class PriHostile : public ::testing::TestWithParam<PriNode> {};
INSTANTIATE_TEST_SUITE_P(Sides, PriHostile, ::testing::Values(PriNode::kUser, PriNode::kNetwork),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_P(PriHostile, RandomFrames) {
  Victim victim(GetParam(), seed_of(20250701));
  for (int n = 0; n < frames_to_send() / 2; ++n) {
    Frame frame(victim.pick(8) == 0 ? victim.pick(600) : victim.pick(40));
    for (auto& octet : frame) octet = static_cast<uint8_t>(victim.random());
    // Most of it would be refused by its address, which is no test of what comes behind it.
    if (frame.size() >= 5 && victim.pick(4) != 0) {
      frame[0] = victim.pick(2) == 0 ? 0x00 : 0x02;
      frame[1] = 0x01;
      if (victim.pick(32) != 0) victim.number(frame);  // else it mostly takes the link down
      if (frame.size() >= 9 && victim.pick(2) == 0) {
        frame[4] = 0x08;
        frame[5] = static_cast<uint8_t>(victim.pick(3));
        if (frame[5] == 2) frame[6] &= 0x80;
      }
    }
    victim.send(frame);
  }
  EXPECT_GT(victim.side.count("frames_refused"), 0u);
  EXPECT_GT(victim.side.count("messages_refused"), 0u);
  expect_it_still_works(victim, GetParam());
}

TEST_P(PriHostile, MutatedFrames) {
  const std::vector<Frame> valid = capture_frames();
  ASSERT_GT(valid.size(), 60u);
  Victim victim(GetParam(), seed_of(4711));
  send_mutated(victim, valid, frames_to_send() / 2);
  EXPECT_GT(victim.side.offers.size(), static_cast<std::size_t>(frames_to_send() / 200));
  EXPECT_GT(victim.side.released.size(), static_cast<std::size_t>(frames_to_send() / 400));
  expect_it_still_works(victim, GetParam());
}

class HostileSignallingQ931 : public ::testing::TestWithParam<std::pair<PriNode, PriProtocol>> {};
INSTANTIATE_TEST_SUITE_P(Protocols, HostileSignallingQ931,
                         ::testing::Values(std::pair{PriNode::kUser, PriProtocol::kEuroIsdn},
                                           std::pair{PriNode::kNetwork, PriProtocol::kQsig},
                                           std::pair{PriNode::kUser, PriProtocol::kNational}),
                         [](const auto& info) {
                           return std::string(name_of(info.param.second)) + "_" +
                                  std::string(name_of(info.param.first));
                         });

TEST_P(HostileSignallingQ931, Frames) {
  const auto [node, protocol] = GetParam();
  const int count = fuzz_inputs();
  Victim victim(node, seed_of(2211), protocol);
  victim.establish();
  ASSERT_TRUE(victim.side.dchannel);
  send_mutated(victim, capture_frames(), count);
  std::printf("%d frames: %zu calls offered, %zu released\n", count, victim.side.offers.size(),
              victim.side.released.size());
  EXPECT_GT(victim.side.offers.size(), 0u);
  EXPECT_LE(victim.side.references(), 62u) << victim.side.span->dump();
}

/// Elements of Facility alone, of every shape: what is read of them stays within its bounds.
TEST(HostileSignallingFacility, Elements) {
  std::mt19937 random(seed_of(77));
  const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  const std::vector<Frame> good{
      {0x91, 0xa1, 0x0a, 0x02, 0x01, 0x01, 0x02, 0x01, 0x00, 0x80, 0x02, 'A', 'B'},
      {0x9f, 0xaa, 0x06, 0x80, 0x01, 0x00, 0x82, 0x01, 0x00, 0x8b, 0x01, 0x00, 0xa1, 0x10, 0x02,
       0x01, 0x01, 0x06, 0x04, 0x2b, 0x0c, 0x09, 0x00, 0xa1, 0x05, 0x04, 0x03, 'a',  'b',  'c'},
      {0x91, 0xa1, 0x1b, 0x02, 0x01, 0x01, 0x02, 0x01, 0x0f, 0x30, 0x13, 0x02, 0x01, 0x01, 0x0a,
       0x01, 0x01, 0xa1, 0x0b, 0xa0, 0x09, 0xa1, 0x07, 0x0a, 0x01, 0x00, 0x12, 0x02, '1',  '2'},
      {0x91, 0xa1, 0x12, 0x02, 0x01, 0x01, 0x02, 0x01, 0x22, 0x30, 0x0a,
       0xa1, 0x05, 0x30, 0x03, 0x02, 0x01, 0x07, 0x82, 0x01, 0x00},
      {0x91, 0xa1, 0x1c, 0x02, 0x01, 0x01, 0x02, 0x01, 0x23, 0x30, 0x14, 0x30, 0x12, 0xa1, 0x0d, 0x81,
       0x03, 'E',  'U',  'R',  0xa2, 0x06, 0x81, 0x01, 0x0c, 0x82, 0x01, 0x01, 0x82, 0x01, 0x00},
      // AOC-S: 0.22 CNY a minute.
      {0x91, 0xa1, 0x27, 0x02, 0x01, 0x01, 0x02, 0x01, 0x1f, 0x30, 0x1f, 0x30, 0x1d, 0x0a,
       0x01, 0x00, 0xa1, 0x18, 0x81, 0x03, 'C',  'N',  'Y',  0xa2, 0x06, 0x81, 0x01, 0x16,
       0x82, 0x01, 0x01, 0x83, 0x01, 0x00, 0xa4, 0x06, 0x81, 0x01, 0x01, 0x82, 0x01, 0x04},
      // EctInform.
      {0x91, 0xa1, 0x18, 0x02, 0x01, 0x01, 0x06, 0x06, 0x04, 0x00, 0x82, 0x71, 0x01, 0x05,
       0x30, 0x0b, 0x0a, 0x01, 0x01, 0xa0, 0x06, 0x80, 0x04, '5',  '0',  '0',  '5'},
  };
  std::vector<Frame> seeds = good;
  const std::vector<uint8_t> rerouting = components::party_number("4001");
  for (auto& made :
       {components::link_request(7), components::link_result(7, 300), components::execute(8, 300),
        components::two_channels(9, 0x8005), components::transfer_complete(10, true, {"4007", "Ada", false}),
        components::proposal(11, 4711, rerouting), components::result(12, PriProtocol::kEuroIsdn),
        components::error(13, components::kNotAvailable, PriProtocol::kQsig)}) {
    seeds.push_back(made);
  }
  std::size_t names = 0, diversions = 0, charges = 0, tariffs = 0, transferred = 0, requests = 0, answers = 0;
  const int count = fuzz_inputs();
  for (int n = 0; n < count; ++n) {
    const bool nonsense = pick(8) == 0;
    Frame contents = nonsense ? Frame(pick(250)) : seeds[pick(static_cast<uint32_t>(seeds.size()))];
    if (nonsense)
      for (auto& octet : contents) octet = static_cast<uint8_t>(random());
    mutate(random, contents, pick(4));
    contents.resize(std::min<std::size_t>(contents.size(), 255));
    Frame elements{0x1c, static_cast<uint8_t>(contents.size())};
    elements.insert(elements.end(), contents.begin(), contents.end());
    PriMessage message;
    message.elements = elements;
    for (const auto protocol : {PriProtocol::kEuroIsdn, PriProtocol::kQsig, PriProtocol::kNational}) {
      const PriFacility read = read_facility(message, protocol);
      names += read.calling_name ? 1 : 0;
      diversions += read.diversion ? 1 : 0;
      charges += read.charge ? 1 : 0;
      tariffs += read.tariffs.empty() ? 0 : 1;
      transferred += read.transferred ? 1 : 0;
      requests += read.request != PriFacility::Request::kNone ? 1 : 0;
      answers += read.answer != PriFacility::Answer::kNone ? 1 : 0;
      ASSERT_LE(read.tariffs.size(), kMostTariffs);
      ASSERT_LE(read.rerouting.size(), 40u);
      ASSERT_LE(read.invoke, 0x7fff);
      if (read.transferred && read.transferred->party) {
        ASSERT_LE(read.transferred->party->number.size(), 31u);
        ASSERT_LE(read.transferred->party->name.size(), 50u);
      }
      if (read.calling_name) {
        ASSERT_LE(read.calling_name->size(), 50u);
      }
      if (read.diversion) {
        ASSERT_LE(read.diversion->number.size(), 31u);
      }
      if (read.charge) {
        ASSERT_LE(read.charge->currency.size(), 10u);
      }
    }
  }
  std::printf(
      "%d elements: %zu names, %zu diversions, %zu charges, %zu tariffs, %zu transfers, %zu requests, %zu answers\n",
      count, names, diversions, charges, tariffs, transferred, requests, answers);
  EXPECT_GT(tariffs, 0u);
  EXPECT_GT(transferred, 0u);
  EXPECT_GT(requests, 0u);
  EXPECT_GT(answers, 0u);
  EXPECT_GT(names, 0u);
  EXPECT_GT(diversions, 0u);
  EXPECT_GT(charges, 0u);
}

TEST_P(PriHostile, APeerThatAcknowledgesNothingDoesNotFillTheMemory) {
  Victim victim(GetParam(), 1);
  victim.idle = true;
  const auto overruns = victim.side.count("queue_overruns");
  for (int n = 0; n < 3000; ++n) {
    // A message of no call, answered by RELEASE COMPLETE; N(R) stays at 0.
    Frame frame{0x00, 0x01, 0, 0, 0x08, 0x02, 0x12, 0x34, 0x01};
    victim.number(frame);
    frame[3] = 0;
    victim.send(frame);
  }
  EXPECT_GT(victim.side.count("queue_overruns"), overruns);
  EXPECT_EQ(victim.side.references(), 0u);
}

TEST_P(PriHostile, MessagesOfUnknownCallsLeaveNothingBehind) {
  Victim victim(GetParam(), 1);
  victim.idle = true;
  uint16_t reference = 0;
  for (int type = 0; type < 256; ++type) {
    for (const uint8_t flag : {0x00, 0x80}) {
      for (const Frame& elements : {Frame{}, Frame{0x08, 0x02, 0x80, 0x90}, Frame{0x14, 0x01, 0x0a},
                                    Frame{0x08, 0x02, 0x80, 0x90, 0x14, 0x01, 0x0a}, Frame{0x70, 0xff}}) {
        ++reference;
        Frame frame{0x00,
                    0x01,
                    0,
                    0,
                    0x08,
                    0x02,
                    static_cast<uint8_t>(flag | reference >> 8),
                    static_cast<uint8_t>(reference),
                    static_cast<uint8_t>(type)};
        frame.insert(frame.end(), elements.begin(), elements.end());
        victim.number(frame);
        victim.send(frame);
      }
    }
  }
  EXPECT_EQ(victim.side.references(), 0u) << victim.side.span->dump();
  EXPECT_TRUE(victim.side.offers.empty());
}

TEST(PriLoad, TenThousandCallsLeaveNothingBehind) {
  Pair pair;
  pair.establish();
  std::size_t in_use = 0;
  for (int n = 0; n < 10000; ++n) {
    Side& from = n % 2 == 0 ? pair.user : pair.network;
    Side& to = n % 2 == 0 ? pair.network : pair.user;
    auto seized = from.span->seize({"123456", "654321", "", 0});
    ASSERT_TRUE(seized) << n;
    pair.pump();
    const PriCall there = to.offered().call;
    if (n % 3 != 0) {
      ASSERT_TRUE(to.span->alert(there));
      ASSERT_TRUE(to.span->answer(there));
      pair.pump();
    }
    ASSERT_TRUE((n % 5 == 0 ? to : from).span->release(n % 5 == 0 ? there : seized->call, 16));
    pair.pump();
    ASSERT_FALSE(from.is_alive(seized->call)) << n;
    ASSERT_FALSE(to.is_alive(there)) << n;
    for (Side* side : {&pair.user, &pair.network}) {
      side->offers.clear();
      side->told.clear();
      side->timeslots.clear();
      side->released.clear();
    }
    if (n == 999) in_use = mallinfo2().uordblks;
  }
  // Under a sanitizer this is 0, and the leak check at the end of the process counts instead.
  EXPECT_LE(mallinfo2().uordblks, in_use + 16384);
  pair.expect_all_idle();
}

TEST(PriLoad, CallReferencesGoRound) {
  // More calls than there are references (32,767) of one side, refused at once.
  Pair pair;
  pair.establish();
  pair.network.when_offered = [&](PriCall call) { EXPECT_TRUE(pair.network.span->release(call, 17)); };
  for (int n = 0; n < 33000; ++n) {
    auto seized = pair.user.span->seize({"1", "", "", 0});
    ASSERT_TRUE(seized) << n;
    pair.pump();
    ASSERT_FALSE(pair.user.is_alive(seized->call)) << n;
    for (Side* side : {&pair.user, &pair.network}) {
      side->offers.clear();
      side->told.clear();
      side->timeslots.clear();
      side->released.clear();
    }
  }
  pair.expect_all_idle();
}

}  // namespace
}  // namespace cordboard::signalling
