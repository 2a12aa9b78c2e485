// SPDX-License-Identifier: GPL-2.0-or-later
// The two ends of an analog line, driven by a clock made of numbers.
#include "signalling/analog.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordboard::signalling {
namespace {

/// Writes down what a station does, one word each.
class StationLog : public StationListener {
 public:
  std::string log;
  void set_ring(bool on) override { log += on ? "ring " : "quiet "; }
  void set_battery(bool on) override { log += on ? "battery " : "gap "; }
  void set_polarity(bool reversed) override { log += reversed ? "reversed " : "normal "; }
  void on_pulse_digit(char digit) override { log += std::string("pulsed-") + digit + " "; }
  void on_seized() override { log += "seized "; }
  void on_answered() override { log += "answered "; }
  void on_flash() override { log += "flash "; }
  void on_hung_up() override { log += "hung-up "; }
  void on_parked(bool parked) override { log += parked ? "parked " : "replaced "; }
  std::string take() { return std::exchange(log, {}); }
};

class Station : public ::testing::Test {
 protected:
  StationLog listener;
  FxsStation station{AnalogTimes{{1000, 4000}, 80, 500}, listener};
};

TEST_F(Station, RingsInTheCadenceOfTheCountry) {
  EXPECT_TRUE(station.ring(0));
  EXPECT_EQ("ring ", listener.take());
  EXPECT_EQ(1000, station.next_deadline());
  station.run_timers(1000);
  EXPECT_EQ("quiet ", listener.take());
  EXPECT_EQ(5000, station.next_deadline());
  station.run_timers(5000);
  EXPECT_EQ("ring ", listener.take());
  EXPECT_FALSE(station.ring(5100)) << "it rings already";
}

TEST_F(Station, StopsRingingWhenLifted) {
  station.ring(0);
  station.hook(true, 1500);
  EXPECT_EQ("ring quiet answered ", listener.take());
  EXPECT_EQ(kNever, station.next_deadline());
  EXPECT_EQ(StationState::kTalking, station.state());
}

TEST_F(Station, OffersDiallingWhenLiftedIdle) {
  station.hook(true, 0);
  EXPECT_EQ("seized ", listener.take());
  EXPECT_EQ(StationState::kDialling, station.state());
  EXPECT_FALSE(station.ring(10));
  EXPECT_TRUE(station.answer(20));
  EXPECT_FALSE(station.answer(30));
}

TEST_F(Station, TakesABreakForBounceFlashOrTheEndByItsLength) {
  station.hook(true, 0);
  station.answer(0);
  listener.take();
  station.hook(false, 1000);
  station.hook(true, 1079);
  EXPECT_EQ("", listener.take()) << "79 ms is contact bounce";
  station.hook(false, 2000);
  station.hook(true, 2080);
  EXPECT_EQ("flash ", listener.take());
  station.hook(false, 3000);
  EXPECT_EQ(3500, station.next_deadline());
  station.run_timers(3499);
  station.hook(true, 3499);
  EXPECT_EQ("flash ", listener.take());
  station.hook(false, 4000);
  station.run_timers(4500);
  EXPECT_EQ("hung-up ", listener.take());
  EXPECT_EQ(StationState::kIdle, station.state());
}

TEST_F(Station, GivesAGapAndParksATelephoneLeftOff) {
  station.hook(true, 0);
  station.answer(0);
  listener.take();
  EXPECT_TRUE(station.release(1000));
  EXPECT_EQ("gap ", listener.take());
  EXPECT_FALSE(station.release(1001));
  station.run_timers(1000 + 500);
  EXPECT_EQ("battery parked ", listener.take());
  EXPECT_FALSE(station.can_ring());
  station.hook(false, 9000);
  EXPECT_EQ("replaced ", listener.take());
  EXPECT_TRUE(station.can_ring());
}

TEST_F(Station, RestoresTheBatteryOfATelephonePutBackDuringTheGap) {
  station.hook(true, 0);
  listener.take();
  station.release(100);
  station.hook(false, 200);
  EXPECT_EQ("gap battery ", listener.take());
  EXPECT_EQ(kNever, station.next_deadline());
  EXPECT_TRUE(station.can_ring());
}

TEST_F(Station, StopsRingingWhenReleasedUnanswered) {
  station.ring(0);
  EXPECT_TRUE(station.release(700));
  EXPECT_EQ("ring quiet ", listener.take());
  EXPECT_EQ(StationState::kIdle, station.state());
  EXPECT_FALSE(station.release(800));
}

TEST_F(Station, IsReleasedWhileItsFlashIsNotYetDecided) {
  station.hook(true, 0);
  station.answer(0);
  station.hook(false, 100);
  EXPECT_TRUE(station.release(200));
  EXPECT_EQ(StationState::kIdle, station.state());
  EXPECT_EQ(kNever, station.next_deadline());
  EXPECT_TRUE(station.can_ring());
}

class LineLog : public LineListener {
 public:
  std::string log;
  void set_hook(bool off_hook) override { log += off_hook ? "off " : "on "; }
  void on_offered() override { log += "offered "; }
  void on_gone() override { log += "gone "; }
  std::string take() { return std::exchange(log, {}); }
};

class Line : public ::testing::Test {
 protected:
  LineLog listener;
  FxoLine line{AnalogTimes{{1000, 4000}, 80, 500}, listener};
};

TEST_F(Line, OffersACallOnceAndKnowsThePauseOfTheCadence) {
  line.ring(true, 0);
  EXPECT_EQ("offered ", listener.take());
  line.ring(false, 1000);
  line.run_timers(5000);
  line.ring(true, 5000);
  EXPECT_EQ("", listener.take()) << "the pause belongs to the ringing";
  line.ring(false, 6000);
  EXPECT_EQ(11000, line.next_deadline());
  line.run_timers(11000);
  EXPECT_EQ("gone ", listener.take());
  EXPECT_EQ(LineState::kIdle, line.state());
}

TEST_F(Line, AnswersFlashesAndHangsUp) {
  EXPECT_FALSE(line.answer(0)) << "it does not ring";
  line.ring(true, 0);
  EXPECT_TRUE(line.answer(500));
  EXPECT_EQ("offered off ", listener.take());
  EXPECT_TRUE(line.flash(1000));
  EXPECT_FALSE(line.flash(1001));
  EXPECT_EQ(1290, line.next_deadline());
  line.run_timers(1290);
  EXPECT_EQ("on off ", listener.take());
  EXPECT_TRUE(line.release(2000));
  EXPECT_EQ("on ", listener.take());
  EXPECT_FALSE(line.release(2001));
}

TEST_F(Line, HangsUpWhenTheExchangeTakesTheBatteryAway) {
  EXPECT_TRUE(line.seize(0));
  EXPECT_FALSE(line.seize(1));
  line.battery(false, 100);
  EXPECT_EQ("off on gone ", listener.take());
  line.battery(true, 600);
  EXPECT_EQ(LineState::kIdle, line.state());
}

TEST_F(Line, IgnoresAGapInTheBatteryWhenIdle) {
  line.battery(false, 0);
  line.battery(true, 500);
  EXPECT_EQ("", listener.take());
}

}  // namespace
}  // namespace cordboard::signalling
