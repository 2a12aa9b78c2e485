// SPDX-License-Identifier: GPL-2.0-or-later
// The card of the DAHDI driver on a driver made of memory: speech without slips, stalls, clocks that differ, events, alarms and
// boards that come and go.
#include "cards/dahdi/dahdi_card.hpp"

#include <gtest/gtest.h>

#include "fake_driver.hpp"

namespace cordboard::cards {
namespace {

constexpr uint32_t kRows = 62;

/// Two spans of ours on two of the driver's, and a bus that counts what it says.
struct Box {
  FakeLine line;
  DahdiCard card{[this]() -> Result<std::unique_ptr<Driver>> {
                   if (!line.loaded) return fail(ErrorCode::kUnavailable, "the driver is not loaded");
                   return std::unique_ptr<Driver>(std::make_unique<FakeDriver>(line));
                 },
                 ChannelBuffers{8, 3}};
  std::vector<uint8_t> received = std::vector<uint8_t>(kRows * kRowBytes);
  std::vector<uint8_t> sent = std::vector<uint8_t>(kRows * kRowBytes);
  uint8_t said{};
  Millis now = 1000;

  explicit Box(bool loaded = true) : line(loaded) {
    card.add_span(1, 1, 0);
    card.add_span(2, 2, 31);
  }
  /// One tick in which every row says the next number; the line moves on before it.
  void tick(bool pass = true) {
    if (pass) line.pass();
    ++said;
    for (uint32_t row = 0; row < kRows; ++row) sent[row * kRowBytes] = static_cast<uint8_t>(said + row);
    card.exchange({received.data(), sent.data()});
    now += 20;
  }
  /// What row `row` hears: the number that the other end said, counted from that end's row.
  int heard(uint32_t row) const {
    const uint32_t far = row < 31 ? row + 31 : row - 31;
    return static_cast<uint8_t>(received[row * kRowBytes] - far);
  }
  /// How many ticks ago what row `row` hears was said.
  int delay(uint32_t row) const { return static_cast<uint8_t>(said - heard(row)); }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) tick();
  }
};

TEST(DahdiCard, CarriesEveryBlockOnEveryTimeslotWithTheSameDelay) {
  Box box;
  box.ticks(20);
  const int delay = box.delay(0);
  EXPECT_LE(delay, 5);
  for (int i = 0; i < 1000; ++i) {
    box.tick();
    for (uint32_t row = 0; row < kRows; ++row) {
      if (row % 31 == 15) continue;  // timeslot 16 carries frames
      ASSERT_EQ(delay, box.delay(row)) << "row " << row << " tick " << i;
    }
  }
  EXPECT_EQ(0U, box.card.counts().speech.slips.value());
  EXPECT_EQ(0U, box.card.counts().speech.restarts.value());
}

TEST(DahdiCard, LosesNothingInAStallThatIsShorterThanWhatIsKeptAhead) {
  Box box;
  box.ticks(20);
  const int delay = box.delay(0);
  for (int i = 0; i < 3; ++i) box.line.pass();
  for (int i = 0; i < 3; ++i) box.tick(false);
  box.ticks(10);
  EXPECT_EQ(delay, box.delay(0));
  EXPECT_EQ(0U, box.card.counts().speech.restarts.value());
  EXPECT_EQ(0U, box.card.counts().speech.slips.value());
}

TEST(DahdiCard, BeginsAnewAfterALongStallAndKeepsItsDelay) {
  Box box;
  box.ticks(20);
  const int delay = box.delay(0);
  for (int i = 0; i < 40; ++i) box.line.pass();
  for (int i = 0; i < 40; ++i) box.tick(false);
  box.ticks(20);
  EXPECT_LE(box.delay(0), delay + 1);
  EXPECT_GE(box.card.counts().speech.restarts.value(), 60U);
  EXPECT_EQ(0U, box.card.counts().speech.slips.value()) << "ticks that make up for the stall slip nothing";
}

TEST(DahdiCard, SlipsByABlockWhenTheBoardIsFasterThanTheTick) {
  Box box;
  box.ticks(20);
  const auto delay = box.delay(0);
  box.line.pass();  // what the tick has fallen behind by stays behind
  box.ticks(31 * 40);
  EXPECT_EQ(60U, box.card.counts().speech.slips.value());
  EXPECT_LE(std::abs(box.delay(0) - delay), 1);
  EXPECT_EQ(0U, box.card.counts().speech.restarts.value());
}

TEST(DahdiCard, IsSilentForABlockWhenTheBoardIsSlowerThanTheTick) {
  Box box;
  box.ticks(20);
  box.tick(false);
  EXPECT_NE(kAlawSilence, box.received[0]) << "a block that is late by less than a tick is bridged by the spare one";
  EXPECT_EQ(0U, box.card.counts().speech.slips.value());
  box.tick(false);
  EXPECT_EQ(kAlawSilence, box.received[0]);
  EXPECT_EQ(60U, box.card.counts().speech.slips.value());
  box.ticks(10);
  EXPECT_NE(kAlawSilence, box.received[0]);
}

TEST(DahdiCard, LosesNothingWhenBlocksComeNowBeforeNowAfterTheTick) {
  Box box;
  box.ticks(20);
  const int delay = box.delay(0);
  for (int i = 0; i < 2000; ++i) {
    // Late by a moment: after the tick, and so two before one of the next.
    const bool late = i % 7 == 3;
    box.tick(!late);
    if (late) box.line.pass();
    ASSERT_EQ(delay, box.delay(0)) << i;
  }
  EXPECT_EQ(0U, box.card.counts().speech.slips.value());
}

TEST(DahdiCard, CarriesFramesWithoutTheirCheckSequence) {
  Box box;
  std::vector<uint8_t> got;
  box.card.hdlc(2)->on_frame = [&](std::span<const uint8_t> frame) { got.assign(frame.begin(), frame.end()); };
  const std::vector<uint8_t> frame{0x02, 0x01, 0x7F};
  box.card.hdlc(1)->send_frame(frame);
  box.line.pass();
  EXPECT_TRUE(box.card.pump(box.now));
  EXPECT_EQ(frame, got);
  EXPECT_FALSE(box.card.pump(box.now));

  box.line.tell(2, 16, {DriverEvent::kBadFrame});
  box.card.hdlc(1)->send_frame(frame);
  box.line.pass();
  got.clear();
  box.card.pump(box.now);
  EXPECT_EQ(frame, got);
  EXPECT_EQ(1U, box.card.counts().bad_frames.value());
}

TEST(DahdiCard, TellsOfAnAlarmAsSoonAsATimeslotHasTheEvent) {
  Box box;
  box.ticks(2);
  box.card.pump(box.now);
  std::vector<Alarms> told;
  box.card.alarm(1)->on_alarms = [&](const Alarms& alarms) { told.push_back(alarms); };
  box.line.spans[1].alarms.red = true;
  box.line.tell(1, 7, {DriverEvent::kAlarm});
  box.tick();
  box.card.pump(box.now);
  ASSERT_EQ(1U, told.size());
  EXPECT_TRUE(told[0].red);
  // Without an event it is seen at the next look.
  box.line.spans[1].alarms.red = false;
  box.card.pump(box.now + 600);
  ASSERT_EQ(2U, told.size());
  EXPECT_FALSE(told[1].down());
}

TEST(DahdiCard, LetsGoOfABoardThatIsPulledOutAndTakesItAgain) {
  Box box;
  box.ticks(20);
  box.card.pump(box.now);
  std::vector<Alarms> told;
  box.card.alarm(1)->on_alarms = [&](const Alarms& alarms) { told.push_back(alarms); };
  box.line.remove_span(1);
  box.tick();
  EXPECT_EQ(1U, box.line.refused_calls) << "each costs the tick 5 ms";
  EXPECT_EQ(kAlawSilence, box.received[0]);
  box.card.pump(box.now);
  ASSERT_EQ(1U, told.size());
  EXPECT_TRUE(told[0].los);
  EXPECT_EQ(1U, box.card.counts().removals.value());
  EXPECT_FALSE(box.line.channels[1].open);
  EXPECT_TRUE(box.line.channels[32].open) << "the other board goes on";
  box.ticks(5);
  EXPECT_EQ(1U, box.line.refused_calls);

  box.line.add_span(1);
  box.now += 1000;
  box.card.pump(box.now);
  ASSERT_EQ(2U, told.size());
  EXPECT_FALSE(told[1].down());
  box.ticks(20);
  EXPECT_LE(box.delay(0), 5);
  EXPECT_LE(box.delay(31), 5);
}

TEST(DahdiCard, SeesABoardGoThatIsQuiet) {
  Box box;
  box.ticks(2);
  box.card.pump(box.now);
  box.line.remove_span(2);
  box.card.pump(box.now + 600);  // looked at from time to time
  box.tick();
  EXPECT_LE(box.line.refused_calls, 1U);
  box.card.pump(box.now + 700);
  EXPECT_TRUE(box.card.alarm(2)->alarms().los);
}

TEST(DahdiCard, CarriesCasBitsOfEveryTimeslot) {
  Box box;
  for (uint32_t channel = 1; channel <= 31; ++channel) box.line.channels[channel].signalling = DriverSignalling::kCas;
  box.line.remove_span(1);
  box.tick();
  box.card.pump(box.now);
  box.line.spans[1] = {};
  box.card.pump(box.now + 1000);
  box.ticks(2);
  auto* cas = box.card.cas(1);
  cas->set_bits(5, 0xD);
  EXPECT_EQ(0xD, box.line.channels[5].bits);
  EXPECT_EQ(0x9, cas->bits(31));
  cas->set_bits(32, 0x9);  // there is none
  std::vector<std::pair<uint32_t, uint8_t>> told;
  cas->on_bits = [&](uint32_t timeslot, uint8_t bits) { told.emplace_back(timeslot, bits); };
  box.line.tell(1, 5, {DriverEvent::kBits, 0x1});
  box.line.tell(1, 5, {DriverEvent::kBits, 0x9});
  box.tick();
  box.card.pump(box.now);
  const std::vector<std::pair<uint32_t, uint8_t>> wanted{{5, 0x1}, {5, 0x9}};
  EXPECT_EQ(wanted, told);
}

TEST(DahdiCard, AsksForEchoCancellersAndGainsOnlyWhereTheyAreWanted) {
  Box box;
  EXPECT_EQ(0U, box.line.channels[1].echo_taps);
  FakeLine other(true);
  DahdiCard card([&]() -> Result<std::unique_ptr<Driver>> {
    return std::unique_ptr<Driver>(std::make_unique<FakeDriver>(other));
  });
  card.add_span(1, 1, 0, {.echo_taps = 128, .received_db = 2, .sent_db = -3});
  EXPECT_EQ(128U, other.channels[31].echo_taps);
  EXPECT_EQ(std::make_pair(2.0, -3.0), other.channels[1].gains);
  EXPECT_EQ(0U, other.channels[16].echo_taps) << "frames are not speech";
  EXPECT_EQ(0U, card.counts().refused.value());
}

/// A telephone on channel 1, an exchange line on channel 32 at its other end.
struct AnalogBox {
  FakeLine line{true};
  DahdiCard card{[this]() -> Result<std::unique_ptr<Driver>> {
    line.channels[1].signalling = DriverSignalling::kStation;
    line.channels[32].signalling = DriverSignalling::kLine;
    return std::unique_ptr<Driver>(std::make_unique<FakeDriver>(line));
  }};
  std::vector<uint8_t> received = std::vector<uint8_t>(2 * kRowBytes);
  std::vector<uint8_t> sent = std::vector<uint8_t>(2 * kRowBytes, 0x11);
  std::vector<std::string> told;
  Millis now = 10000;

  AnalogBox() {
    card.add_station(1, 1, 0);
    card.add_line(2, 32, 1);
    const auto tell = [this](const std::string& what, bool on, Millis at) {
      told.push_back(what + (on ? " on" : " off") + (at == now ? "" : " " + std::to_string(at - now)));
    };
    card.station(1)->on_hook = [tell](bool off, Millis at) { tell("hook", !off, at); };
    card.station(1)->on_pulse_digit = [this](char digit, Millis) { told.push_back(std::string("digit ") + digit); };
    card.line(2)->on_ring = [tell](bool on, Millis at) { tell("ring", on, at); };
    card.line(2)->on_battery = [tell](bool on, Millis at) { tell("battery", on, at); };
    tick();
  }
  void tick() {
    line.pass();
    card.exchange({received.data(), sent.data()});
    now += 20;
    card.pump(now);
  }
  void tell(uint32_t channel, DriverNotice what) {
    line.channels[channel].events.push_back(what);
    tick();
  }
};

using Told = std::vector<std::string>;

TEST(DahdiCard, TellsOfATelephonesHookFlashAndPulses) {
  AnalogBox box;
  EXPECT_EQ(nullptr, box.card.line(1));
  EXPECT_EQ(nullptr, box.card.station(2));
  box.tell(1, {DriverEvent::kOffHook});
  EXPECT_TRUE(box.card.station(1)->off_hook());
  EXPECT_EQ(std::vector<DriverHook>{DriverHook::kOff}, box.line.channels[1].hooks);
  box.tell(1, {DriverEvent::kPulseDigit, '7'});
  box.tell(1, {DriverEvent::kFlash});
  box.tell(1, {DriverEvent::kOnHook});
  EXPECT_EQ((Told{"hook off", "digit 7", "hook on -200", "hook off", "hook on"}), box.told);
  box.line.channels[1].hooks.clear();
  box.card.station(1)->set_ring(true);
  box.card.station(1)->set_ring(false);
  box.card.station(1)->set_battery(false);
  EXPECT_EQ((std::vector{DriverHook::kRing, DriverHook::kRingOff, DriverHook::kOn}), box.line.channels[1].hooks);
}

TEST(DahdiCard, KeepsATelephoneOffTheHookThatWasLiftedWhileItRang) {
  AnalogBox box;
  box.card.station(1)->on_hook = [&](bool off, Millis) {
    if (off) box.card.station(1)->set_ring(false);
  };
  box.card.station(1)->set_ring(true);
  box.tell(1, {DriverEvent::kOffHook});
  EXPECT_EQ((std::vector{DriverHook::kRing, DriverHook::kOff}), box.line.channels[1].hooks);
}

TEST(DahdiCard, TellsOfALinesRingsAndGapsOfItsBattery) {
  AnalogBox box;
  box.tell(32, {DriverEvent::kRingBegun});
  box.tell(32, {DriverEvent::kOffHook});
  box.card.line(2)->set_hook(true);
  EXPECT_EQ(DriverHook::kOff, box.line.channels[32].hooks.back());
  box.tell(32, {DriverEvent::kOnHook});
  for (int i = 0; i < 40; ++i) box.tick();
  EXPECT_EQ((Told{"ring on", "ring off", "battery off", "battery on"}), box.told);
  EXPECT_EQ(0x11, box.received[0]) << "what the line says is heard by the telephone";
}

TEST(DahdiCard, ReversesThePolarityOfATelephonesLoop) {
  AnalogBox box;
  auto* polarity = box.card.station(1)->polarity();
  ASSERT_NE(nullptr, polarity);
  EXPECT_TRUE(polarity->set_polarity(true));
  EXPECT_TRUE(polarity->set_polarity(false));
  EXPECT_EQ((std::vector<bool>{true, false}), box.line.channels[1].polarity);
}

TEST(DahdiCard, LightsATelephonesLampAgainWhenItsBoardIsBack) {
  AnalogBox box;
  auto* lamp = box.card.station(1)->lamp();
  ASSERT_NE(nullptr, lamp);
  EXPECT_TRUE(lamp->set_lamp(LampKind::kNeon, true));
  const std::vector<std::pair<LampKind, bool>> lit{{LampKind::kNeon, true}};
  EXPECT_EQ(lit, box.line.channels[1].lamps);
  box.line.remove_span(1);
  box.tick();
  EXPECT_TRUE(lamp->set_lamp(LampKind::kPolarity, true)) << "what it is to be is kept";
  box.line.channels[1].lamps.clear();
  box.line.spans[1] = {};
  for (int i = 0; i < 60; ++i) box.tick();
  const std::vector<std::pair<LampKind, bool>> again{{LampKind::kPolarity, true}};
  EXPECT_EQ(again, box.line.channels[1].lamps);
  box.line.channels[1].no_lamp = true;
  EXPECT_FALSE(lamp->set_lamp(LampKind::kNeon, true)) << "the board has none";
}

TEST(DahdiCard, LetsSpeechThroughToATelephoneOnTheHookAlone) {
  AnalogBox box;
  box.card.station(1)->pass_on_hook(900);
  EXPECT_EQ(900, box.line.channels[1].passes_on_hook);
  box.tell(1, {DriverEvent::kOffHook});
  box.card.station(1)->pass_on_hook(400);
  EXPECT_EQ(900, box.line.channels[1].passes_on_hook);
}

TEST(DahdiCard, TellsOfALinesReversalsAndTakesWhatStaysForNormal) {
  AnalogBox box;
  std::vector<bool> told;
  box.card.line(2)->on_polarity = [&](bool reversed, Millis) { told.push_back(reversed); };
  box.card.line(2)->set_hook(true);
  box.tell(32, {DriverEvent::kPolarity});
  EXPECT_EQ((std::vector<bool>{true}), told);
  // A flash is no end of the call.
  box.card.line(2)->set_hook(false);
  for (int i = 0; i < 20; ++i) box.tick();
  box.card.line(2)->set_hook(true);
  for (int i = 0; i < 200; ++i) box.tick();
  EXPECT_EQ((std::vector<bool>{true}), told);
  // That it went back after the call was not seen.
  box.card.line(2)->set_hook(false);
  for (int i = 0; i < 200; ++i) box.tick();
  EXPECT_EQ((std::vector<bool>{true, false}), told);
  box.tell(32, {DriverEvent::kPolarity});
  EXPECT_EQ((std::vector<bool>{true, false, true}), told);
}

TEST(DahdiCard, HangsUpATelephoneWhoseBoardIsGone) {
  AnalogBox box;
  box.tell(1, {DriverEvent::kOffHook});
  box.line.remove_span(1);
  box.tick();
  EXPECT_EQ((Told{"hook off", "hook on"}), box.told);
  EXPECT_EQ(kAlawSilence, box.received[0]);
  EXPECT_EQ(1U, box.card.counts().removals.value());
  box.line.spans[1] = {};
  for (int i = 0; i < 60; ++i) box.tick();
  EXPECT_EQ(0x11, box.received[0]);
}

TEST(DahdiCard, WaitsForADriverThatIsLoadedLater) {
  Box box(false);
  EXPECT_TRUE(box.card.alarm(1)->alarms().los);
  EXPECT_FALSE(box.card.wait(0));
  const auto boards = box.card.boards();
  ASSERT_FALSE(boards);
  EXPECT_EQ(ErrorCode::kUnavailable, boards.error().code);
  box.tick();
  box.card.pump(2000);
  EXPECT_TRUE(box.card.alarm(1)->alarms().los);
  box.line.loaded = true;
  box.card.pump(4000);
  EXPECT_FALSE(box.card.alarm(1)->alarms().down());
  EXPECT_EQ(2U, box.card.boards()->size());
}

}  // namespace
}  // namespace cordboard::cards
