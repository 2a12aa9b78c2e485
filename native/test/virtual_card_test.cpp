// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/virtual/virtual_card.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

namespace cordboard::cards {
namespace {

/// Two spans on one cable at rows 0 and 31, a station and a line at 62 and 63.
class VirtualCardTest : public ::testing::Test {
 protected:
  VirtualCardTest() : received(64 * kRowBytes, 0xD5), sent(64 * kRowBytes, 0xD5) {
    card.add_span(1, 0);
    card.add_span(101, 31);
    card.add_station(1, 62);
    card.add_line(10001, 63);
    EXPECT_TRUE(card.join_spans(1, 101));
    EXPECT_TRUE(card.join_analogs(1, 10001));
  }
  void exchange() { card.exchange({received.data(), sent.data()}); }
  void pump() {
    while (card.pump(now)) {
    }
  }

  VirtualCard card;
  Millis now = 5;
  std::vector<uint8_t> received;
  std::vector<uint8_t> sent;
};

TEST_F(VirtualCardTest, CarriesEveryTimeslotToTheSameTimeslotOfTheOtherEnd) {
  std::iota(sent.begin(), sent.end(), uint8_t{0});
  exchange();
  EXPECT_EQ(0, std::memcmp(received.data(), sent.data() + 31 * kRowBytes, 31 * kRowBytes));
  EXPECT_EQ(0, std::memcmp(received.data() + 31 * kRowBytes, sent.data(), 31 * kRowBytes));
  EXPECT_EQ(0, std::memcmp(received.data() + 62 * kRowBytes, sent.data() + 63 * kRowBytes, kRowBytes));
  EXPECT_EQ(0, std::memcmp(received.data() + 63 * kRowBytes, sent.data() + 62 * kRowBytes, kRowBytes));
}

TEST_F(VirtualCardTest, DeliversFramesWholeInOrderAndNotFromInsideTheCall) {
  std::vector<std::vector<uint8_t>> got;
  card.hdlc(101)->on_frame = [&](std::span<const uint8_t> frame) { got.emplace_back(frame.begin(), frame.end()); };
  card.hdlc(1)->send_frame(std::vector<uint8_t>{1, 2, 3});
  card.hdlc(1)->send_frame(std::vector<uint8_t>{4});
  EXPECT_TRUE(got.empty());
  pump();
  EXPECT_EQ((std::vector<std::vector<uint8_t>>{{1, 2, 3}, {4}}), got);
}

TEST_F(VirtualCardTest, BitsAreAStateThatIsSeenWhenTheCableLivesAgain) {
  std::vector<std::pair<uint32_t, uint8_t>> got;
  card.cas(101)->on_bits = [&](uint32_t timeslot, uint8_t abcd) { got.emplace_back(timeslot, abcd); };
  EXPECT_EQ(0xD, card.cas(101)->bits(7));  // blocked, as long as nobody says otherwise
  card.cas(1)->set_bits(7, 0x9);
  card.cas(1)->set_bits(7, 0x9);
  EXPECT_TRUE(got.empty());
  pump();
  EXPECT_EQ((std::vector<std::pair<uint32_t, uint8_t>>{{7, 0x9}}), got);
  EXPECT_EQ(0x9, card.cas(101)->bits(7));
  got.clear();
  // What changes while nothing gets through is told once it does.
  EXPECT_TRUE(card.set_alarms(101, {.los = true}));
  card.cas(1)->set_bits(7, 0x1);
  card.cas(1)->set_bits(8, 0x9);
  pump();
  EXPECT_TRUE(got.empty());
  EXPECT_TRUE(card.set_alarms(101, {}));
  pump();
  EXPECT_EQ((std::vector<std::pair<uint32_t, uint8_t>>{{7, 0x1}, {8, 0x9}}), got);
  EXPECT_TRUE(card.inject_bits(101, 7, 0x5));
  EXPECT_FALSE(card.inject_bits(101, 32, 0x5));
  pump();
  EXPECT_EQ(0x5, card.cas(101)->bits(7));
}

TEST_F(VirtualCardTest, LosesFramesOfACutDchannelBothWays) {
  int got = 0;
  card.hdlc(1)->on_frame = card.hdlc(101)->on_frame = [&](std::span<const uint8_t>) { ++got; };
  EXPECT_TRUE(card.cut_dchannel(101, true));
  card.hdlc(1)->send_frame(std::vector<uint8_t>{1});
  card.hdlc(101)->send_frame(std::vector<uint8_t>{1});
  pump();
  EXPECT_EQ(0, got);
  EXPECT_TRUE(card.cut_dchannel(1, false));
  card.hdlc(1)->send_frame(std::vector<uint8_t>{1});
  pump();
  EXPECT_EQ(1, got);
}

TEST_F(VirtualCardTest, BoundsTheFramesThatWait) {
  std::size_t got = 0;
  card.hdlc(101)->on_frame = [&](std::span<const uint8_t>) { ++got; };
  for (std::size_t i = 0; i < VirtualCard::kFrameQueue + 100; ++i) card.hdlc(1)->send_frame(std::vector<uint8_t>{1});
  pump();
  EXPECT_EQ(VirtualCard::kFrameQueue, got);
}

TEST_F(VirtualCardTest, TellsTheFarEndOfAnAlarmAndCarriesNothingMeanwhile) {
  Alarms near;
  Alarms far;
  card.alarm(1)->on_alarms = [&](const Alarms& alarms) { near = alarms; };
  card.alarm(101)->on_alarms = [&](const Alarms& alarms) { far = alarms; };
  std::fill(sent.begin(), sent.end(), 0x11);
  EXPECT_TRUE(card.set_alarms(1, {.red = true}));
  pump();
  EXPECT_TRUE(near.red);
  EXPECT_TRUE(far.yellow);
  EXPECT_FALSE(far.red);
  exchange();
  EXPECT_EQ(0xD5, received[0]);
  EXPECT_EQ(0xD5, received[31 * kRowBytes]);
  EXPECT_EQ(0x11, received[62 * kRowBytes]) << "the analog cable is another";
  EXPECT_TRUE(card.set_alarms(1, {}));
  pump();
  EXPECT_FALSE(near.down());
  EXPECT_FALSE(far.down());
  exchange();
  EXPECT_EQ(0x11, received[0]);
}

TEST_F(VirtualCardTest, CarriesHookRingAndBattery) {
  std::string log;
  card.station(1)->on_hook = [&](bool off, Millis at) { log += (off ? "off@" : "on@") + std::to_string(at) + " "; };
  card.line(10001)->on_ring = [&](bool on, Millis) { log += on ? "ring " : "quiet "; };
  card.line(10001)->on_battery = [&](bool on, Millis) { log += on ? "battery " : "gap "; };
  card.station(1)->set_ring(true);
  card.station(1)->set_ring(true);
  pump();
  card.line(10001)->set_hook(true);
  pump();
  EXPECT_TRUE(card.station(1)->off_hook());
  card.station(1)->set_battery(false);
  pump();
  EXPECT_EQ("ring off@5 gap ", log);
}

TEST_F(VirtualCardTest, RefusesCablesThatJoinNothing) {
  EXPECT_FALSE(card.join_spans(1, 101)) << "they have their cable";
  EXPECT_FALSE(card.join_spans(1, 7));
  card.add_station(2, 63);
  EXPECT_FALSE(card.join_analogs(2, 10001)) << "the line is taken";
  card.add_span(2, 0);
  EXPECT_TRUE(card.alarm(2)->alarms().los) << "nothing is plugged in";
  EXPECT_EQ(nullptr, card.hdlc(9));
  EXPECT_FALSE(card.inject_frame(9, {}));
}

}  // namespace
}  // namespace cordboard::cards
