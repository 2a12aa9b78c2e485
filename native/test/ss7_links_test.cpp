// SPDX-License-Identifier: GPL-2.0-or-later
// What carries signal units: timeslots of the virtual card at 64 kbit/s, channels of the driver.
#include <gtest/gtest.h>

#include "cards/dahdi/dahdi_card.hpp"
#include "cards/dahdi/mtp2_link.hpp"
#include "cards/virtual/virtual_card.hpp"
#include "fake_driver.hpp"

namespace cordboard::cards {
namespace {

using Unit = std::vector<uint8_t>;
const Unit kFill{0xff, 0xff, 0};

struct VirtualPair {
  VirtualPair() {
    card.add_span(1, 0);
    card.add_span(101, 31);
    card.join_spans(1, 101);
    here = card.signal_units(1, 16);
    there = card.signal_units(101, 16);
    there->on_unit = [this](std::span<const uint8_t> unit) { got.emplace_back(unit.begin(), unit.end()); };
    there->on_errors = [this](uint32_t count) { errors += count; };
    here->on_room = [this] { ++rooms; };
  }
  VirtualCard card;
  SignalUnitPort* here{};
  SignalUnitPort* there{};
  std::vector<Unit> got;
  uint32_t errors{};
  int rooms{};
};

TEST(VirtualLink, CarriesUnitsAtSixtyFourKilobitsPerSecond) {
  VirtualPair pair;
  const Unit message(77, 1);  // with FCS and a flag 80 octets: 10 ms
  EXPECT_TRUE(pair.here->has_room());
  pair.here->send_unit(message);
  pair.here->send_unit(message);
  EXPECT_FALSE(pair.here->has_room());
  pair.card.pump(1000);
  EXPECT_EQ(1010, pair.card.due());
  pair.card.pump(1009);
  EXPECT_TRUE(pair.got.empty());
  pair.card.pump(1010);
  EXPECT_EQ(1U, pair.got.size());
  EXPECT_EQ(1, pair.rooms);
  pair.card.pump(1019);
  EXPECT_EQ(1U, pair.got.size());
  pair.card.pump(1020);
  EXPECT_EQ(2U, pair.got.size());
  EXPECT_FALSE(pair.card.due());
}

TEST(VirtualLink, RepeatsWhatCarriesNoInformation) {
  VirtualPair pair;
  pair.here->send_unit(kFill);
  for (Millis at = 1000; at <= 1060; ++at) pair.card.pump(at);
  EXPECT_EQ((std::vector<Unit>{kFill, kFill, kFill}), pair.got);
  pair.here->send_unit(Unit(30, 9));
  for (Millis at = 1061; at <= 1200; ++at) pair.card.pump(at);
  EXPECT_EQ(Unit(30, 9), pair.got.back()) << "a message is sent once";
}

TEST(VirtualLink, TellsOfWhatWasDamagedAndOfSilence) {
  VirtualPair pair;
  EXPECT_TRUE(pair.card.spoil_link(101, 16, false, 2));
  for (int i = 0; i < 4; ++i) {
    pair.here->send_unit(Unit(5, 7));
    pair.card.pump(1000 + 2 * i);
    pair.card.pump(1001 + 2 * i);
  }
  EXPECT_EQ(2U, pair.got.size());
  EXPECT_EQ(2U, pair.errors);
  EXPECT_TRUE(pair.card.spoil_link(101, 16, true, 0));
  for (Millis at = 1100; at <= 1228; ++at) pair.card.pump(at);
  EXPECT_EQ(2U + 64U, pair.errors) << "128 ms of 16 octets each";
  EXPECT_FALSE(pair.card.spoil_link(101, 5, true, 0)) << "no link is there";
  EXPECT_FALSE(pair.card.spoil_link(7, 16, true, 0));
}

TEST(VirtualLink, LosesWhatNobodyCanHold) {
  VirtualPair pair;
  for (std::size_t i = 0; i < 100; ++i) pair.here->send_unit(Unit(5, 7));
  for (Millis at = 1000; at < 3000; ++at) pair.card.pump(at);
  EXPECT_EQ(64U, pair.got.size());
}

TEST(Mtp2LinkTest, CarriesUnitsOverTheDriversChannelOfFrames) {
  FakeLine line(true);
  DahdiCard card(
      [&]() -> Result<std::unique_ptr<Driver>> { return std::unique_ptr<Driver>(std::make_unique<FakeDriver>(line)); });
  card.add_span(1, 1, 0);
  card.add_span(2, 2, 31);
  card.pump(1000);
  Mtp2Link here(*card.hdlc(1));
  Mtp2Link there(*card.hdlc(2));
  std::vector<Unit> got;
  there.on_unit = [&](std::span<const uint8_t> unit) { got.emplace_back(unit.begin(), unit.end()); };
  here.send_unit(Unit(20, 3));
  here.send_unit(kFill);
  line.pass();
  card.pump(1020);
  EXPECT_EQ((std::vector<Unit>{Unit(20, 3), kFill}), got);
}

TEST(Mtp2LinkTest, SaysWhenTheDriverHasNoRoomAndWhenItHasAgain) {
  FakeLine line(true);
  DahdiCard card(
      [&]() -> Result<std::unique_ptr<Driver>> { return std::unique_ptr<Driver>(std::make_unique<FakeDriver>(line)); });
  card.add_span(1, 1, 0);
  card.add_span(2, 2, 31);
  card.pump(1000);
  Mtp2Link here(*card.hdlc(1));
  int told = 0;
  uint32_t errors = 0;
  here.on_room = [&] { ++told; };
  here.on_errors = [&](uint32_t count) { errors += count; };
  int sent = 0;
  for (; here.has_room() && sent < 1000; ++sent) here.send_unit(Unit(20, 3));
  EXPECT_EQ(32, sent);
  EXPECT_EQ(0U, card.counts().lost_frames.value());
  card.pump(1020);
  EXPECT_EQ(0, told);
  line.pass();
  card.pump(1040);
  card.pump(1060);
  EXPECT_EQ(1, told);
  EXPECT_TRUE(here.has_room());
  EXPECT_EQ(0U, errors);
  line.tell(1, 16, {DriverEvent::kBadFrame});
  line.tell(1, 16, {DriverEvent::kBadFrame});
  card.pump(1080);
  EXPECT_EQ(2U, errors);
}

}  // namespace
}  // namespace cordboard::cards
