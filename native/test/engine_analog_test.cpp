// SPDX-License-Identifier: GPL-2.0-or-later
// Analog ports through the whole engine, with the sound that is on the wires: the line is ours, and the station at the other
// end of its cable plays the exchange.
#include <cstdio>

#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

constexpr uint32_t kExchange = 1;
constexpr uint32_t kLine = 10001;

EngineConfig line_config(const LineConfig& line, const StationConfig& station = {}) {
  auto config = test_config(0, 1);
  config.country.flashMinMs = 150;  // a machine under load is late with its pulses
  config.analogs[0].station = station;
  config.analogs[1].line = line;
  return config;
}

const SnapshotAnalog& analog(const Snapshot& snapshot, uint32_t number) {
  for (const auto& one : snapshot.analogs)
    if (one.analog == number) return one;
  throw std::runtime_error("no such port");
}

/// A call out on the line as far as the exchange has its digits.
struct Dialled {
  LegSeized line;
  LegOffered exchange;
};
Dialled dial(Box& box, const std::string& number) {
  Dialled ends;
  ends.line = box.ask<LegSeized>(LegSeize{.analog = kLine, .calledNumber = number});
  const auto offered = box.wait<LegOffered>([](const auto& event) { return event.analog == kExchange; });
  if (!offered) throw std::runtime_error("the exchange saw nothing");
  ends.exchange = *offered;
  std::string heard;
  while (heard.size() < number.size()) {
    const auto digit = box.wait_leg<LegDigit>(offered->leg);
    if (!digit) break;
    heard += digit->digit;
  }
  EXPECT_EQ(heard, number);
  EXPECT_TRUE(box.wait_leg<LegProgressed>(ends.line.leg));
  return ends;
}

TEST(EngineLine, WaitsForDialToneDialsAndIsToldOfTheAnswerByThePolarity) {
  LineConfig line;
  line.checkDialTone = true;
  line.answer = AnswerBy::kPolarity;
  StationConfig station;
  station.reverseOnAnswer = true;
  Box box(line_config(line, station));
  const auto begun = Clock::now();
  const auto ends = dial(box, "0123456789*#");
  std::printf("dial tone heard and twelve digits dialled in %.0f ms\n", ms_since(begun));
  EXPECT_EQ(analog(box.snapshot(), kLine).state, AnalogState::kCalling);
  const auto answered = Clock::now();
  box.ask(LegAnswer{ends.exchange.leg});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(ends.line.leg));
  std::printf("answer known %.0f ms after it\n", ms_since(answered));
  const auto snapshot = box.snapshot();
  EXPECT_EQ(analog(snapshot, kLine).state, AnalogState::kTalking);
  EXPECT_TRUE(analog(snapshot, kLine).reversed);
  // The exchange reverses it back: the other party has gone.
  box.ask(LegRelease{ends.exchange.leg});
  const auto released = box.wait_leg<LegReleased>(ends.line.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->cause, 16U);
  EXPECT_EQ(released->by, ReleasedBy::kRemote);
}

TEST(EngineLine, WithoutDialToneNothingIsDialled) {
  LineConfig line;
  line.checkDialTone = true;
  line.dialToneMs = 1500;
  auto config = line_config(line);
  std::erase_if(config.country.tones, [](const Tone& tone) { return tone.name == "dial"; });
  Box box(config);
  const auto seized = box.ask<LegSeized>(LegSeize{.analog = kLine, .calledNumber = "4001"});
  EXPECT_EQ(analog(box.snapshot(), kLine).state, AnalogState::kDialTone);
  const auto released = box.wait_leg<LegReleased>(seized.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->cause, 38U);
  EXPECT_EQ(released->by, ReleasedBy::kFault);
  EXPECT_FALSE(box.wait<LegDigit>([](const auto&) { return true; }, std::chrono::milliseconds(300)));
}

TEST(EngineLine, WaitsForTheSecondDialToneBehindAPrivateExchange) {
  LineConfig line;
  line.checkDialTone = true;
  line.dialToneMs = 3000;
  Box box(line_config(line));
  const auto seized = box.ask<LegSeized>(LegSeize{.analog = kLine, .calledNumber = "0w41p2"});
  const auto offered = box.wait<LegOffered>([](const auto& event) { return event.analog == kExchange; });
  ASSERT_TRUE(offered);
  const auto next = [&] { return box.wait_leg<LegDigit>(offered->leg).value_or(LegDigit{}).digit; };
  EXPECT_EQ(next(), "0");
  EXPECT_FALSE(box.wait<LegDigit>([](const auto&) { return true; }, std::chrono::milliseconds(1000)))
      << "nothing is dialled while there is no second dial tone";
  const auto tone = box.ask<PlayStarted>(ToneStart{offered->port, "dial"});
  EXPECT_EQ(next(), "4");
  box.ask(PlayStop{tone.play});
  EXPECT_EQ(next(), "1");
  const auto paused = Clock::now();
  EXPECT_EQ(next(), "2");
  std::printf("a pause of %.0f ms within the number\n", ms_since(paused));
  EXPECT_GT(ms_since(paused), 1900);
  ASSERT_TRUE(box.wait_leg<LegProgressed>(seized.leg));
  EXPECT_TRUE(box.wait_leg<LegAnswered>(seized.leg));
}

TEST(EngineLine, WithoutTheSecondDialToneTheCallFails) {
  LineConfig line;
  line.dialToneMs = 1000;
  Box box(line_config(line));
  const auto seized = box.ask<LegSeized>(LegSeize{.analog = kLine, .calledNumber = "0w41"});
  const auto released = box.wait_leg<LegReleased>(seized.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->cause, 38U);
  EXPECT_EQ(box.refused(LegSeize{.analog = kLine, .calledNumber = "0x1"}).code, ErrorCode::kInvalid);
}

TEST(EngineLine, DialsByPulses) {
  LineConfig line;
  line.dialling = DiallingBy::kPulse;
  line.betweenDigitsMs = 600;
  Box box(line_config(line));
  const auto begun = Clock::now();
  const auto ends = dial(box, "1905");
  std::printf("four digits of 25 pulses in %.0f ms\n", ms_since(begun));
  EXPECT_TRUE(box.wait_leg<LegAnswered>(ends.line.leg)) << "answered when it is dialled, by default";
  EXPECT_EQ(box.refused(LegSeize{.analog = kLine, .calledNumber = "*1"}).code, ErrorCode::kBusy);
  box.ask(LegRelease{ends.line.leg});
  ASSERT_TRUE(box.wait_leg<LegReleased>(ends.exchange.leg));
  EXPECT_EQ(box.refused(LegSeize{.analog = kLine, .calledNumber = "*1"}).code, ErrorCode::kInvalid);
}

TEST(EngineLine, TheAnswerIsHeardWhenRingingToneStops) {
  LineConfig line;
  line.answer = AnswerBy::kTone;
  Box box(line_config(line));
  const auto ends = dial(box, "4001");
  const auto rings = box.ask<PlayStarted>(ToneStart{ends.exchange.port, "ringback"});
  const auto alerting = box.wait_leg<LegProgressed>(ends.line.leg);
  ASSERT_TRUE(alerting);
  EXPECT_EQ(alerting->progress, LegProgress::kAlerting);
  EXPECT_FALSE(box.wait<LegAnswered>([](const auto&) { return true; }, std::chrono::milliseconds(5500)))
      << "it rings on";
  const auto begun = Clock::now();
  box.ask(PlayStop{rings.play});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(ends.line.leg));
  std::printf("answer known %.0f ms after ringing tone stopped\n", ms_since(begun));
}

class EngineLineTone : public ::testing::TestWithParam<std::pair<const char*, uint32_t>> {};
INSTANTIATE_TEST_SUITE_P(Tones, EngineLineTone, ::testing::Values(std::pair{"busy", 17U}, std::pair{"congestion", 42U}),
                         [](const auto& info) { return std::string(info.param.first); });

TEST_P(EngineLineTone, EndsACallThatIsNotAnswered) {
  LineConfig line;
  line.answer = AnswerBy::kTone;
  Box box(line_config(line));
  const auto ends = dial(box, "4001");
  const auto begun = Clock::now();
  box.ask<PlayStarted>(ToneStart{ends.exchange.port, GetParam().first});
  const auto released = box.wait_leg<LegReleased>(ends.line.leg);
  ASSERT_TRUE(released);
  std::printf("%s tone known after %.0f ms\n", GetParam().first, ms_since(begun));
  EXPECT_EQ(released->cause, GetParam().second);
  EXPECT_TRUE(box.wait_leg<LegReleased>(ends.exchange.leg)) << "the line is put down";
}

TEST(EngineLine, LosesItsVoltageAndGetsItBack) {
  Box box(line_config({}));
  const auto ends = dial(box, "1");
  ASSERT_TRUE(box.wait_leg<LegAnswered>(ends.line.leg));
  box.ask(VirtualLine{kLine, true});
  const auto lost = box.wait<LineBattery>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->analog, kLine);
  EXPECT_FALSE(lost->on);
  EXPECT_TRUE(box.wait_leg<LegReleased>(ends.line.leg));
  EXPECT_TRUE(box.wait_leg<LegReleased>(ends.exchange.leg)) << "the loop is open for the exchange, too";
  const auto snapshot = box.snapshot();
  EXPECT_EQ(analog(snapshot, kLine).state, AnalogState::kDead);
  EXPECT_FALSE(analog(snapshot, kLine).battery);
  EXPECT_EQ(box.refused(LegSeize{.analog = kLine}).code, ErrorCode::kUnavailable);
  box.ask(VirtualLine{kExchange, false});
  ASSERT_TRUE(box.wait<LineBattery>([](const auto& event) { return event.on; }));
  EXPECT_EQ(analog(box.snapshot(), kLine).state, AnalogState::kIdle);
  dial(box, "2");
}

TEST(EngineLine, AShortRingIsNone) {
  LineConfig line;
  line.ringMinMs = 300;
  auto config = line_config(line);
  config.country.ringCadenceMs = {120, 400};
  Box box(config);
  const auto seized = box.ask<LegSeized>(LegSeize{.analog = kExchange});
  EXPECT_FALSE(box.wait<LegOffered>([](const auto&) { return true; }, std::chrono::milliseconds(1500)));
  box.ask(LegRelease{seized.leg});
  config.country.ringCadenceMs = {600, 400};
  Box longer(config);
  longer.ask<LegSeized>(LegSeize{.analog = kExchange});
  EXPECT_TRUE(longer.wait<LegOffered>());
}

class EngineCallerIdFirst : public ::testing::TestWithParam<CallerIdMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, EngineCallerIdFirst,
                         ::testing::Values(CallerIdMode::kBell202, CallerIdMode::kV23, CallerIdMode::kDtmf),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

TEST_P(EngineCallerIdFirst, IsToldBeforeTheFirstRing) {
  LineConfig line;
  line.callerIdStart = CallerIdStart::kPolarity;
  StationConfig station;
  station.callerIdBeforeRing = true;
  auto config = line_config(line, station);
  config.analogs[0].callerId = GetParam();
  config.analogs[1].callerId = CallerIdMode::kAuto;
  Box box(config);
  const auto begun = Clock::now();
  const auto ringing = box.ask<LegSeized>(LegSeize{.analog = kExchange, .callingNumber = "02161234567"});
  const auto offered = box.wait<LegOffered>();
  ASSERT_TRUE(offered);
  std::printf("%s: offered with its number after %.0f ms\n", std::string(name_of(GetParam())).c_str(), ms_since(begun));
  EXPECT_EQ(offered->callingNumber, "02161234567");
  EXPECT_LT(ms_since(begun), 4500) << "not at the second ring";
  box.ask(LegAnswer{offered->leg});
  EXPECT_TRUE(box.wait_leg<LegAnswered>(ringing.leg));
  EXPECT_FALSE(analog(box.snapshot(), kLine).reversed);
}

StationConfig with_lamp(MessageLamp lamp) {
  StationConfig station;
  station.lamp = lamp;
  return station;
}

TEST(EngineStation, HasAMessageLamp) {
  Box box(line_config({}, with_lamp(MessageLamp::kNeon)));
  box.ask(StationLamp{kExchange, true});
  auto snapshot = box.snapshot();
  EXPECT_TRUE(analog(snapshot, kExchange).lamp);
  for (int n = 0; n < 100 && !analog(snapshot = box.snapshot(), kLine).lamp; ++n) {
  }
  EXPECT_TRUE(analog(snapshot, kLine).lamp) << "seen by the telephone";
  box.ask(StationLamp{kExchange, false});
  EXPECT_FALSE(analog(box.snapshot(), kExchange).lamp);
  EXPECT_EQ(box.refused(StationLamp{kLine, true}).code, ErrorCode::kInvalid);
}

TEST(EngineStation, HasALampThatIsLitByThePolarity) {
  Box box(line_config({}, with_lamp(MessageLamp::kPolarity)));
  const auto seen = [&](bool reversed) {
    for (int n = 0; n < 100 && analog(box.snapshot(), kLine).reversed != reversed; ++n) {
    }
    return analog(box.snapshot(), kLine).reversed;
  };
  box.ask(StationLamp{kExchange, true});
  EXPECT_TRUE(seen(true));
  EXPECT_TRUE(analog(box.snapshot(), kExchange).lamp);
  box.ask(StationLamp{kExchange, false});
  EXPECT_FALSE(seen(false));
}

TEST(EngineStation, HasNoLampUnlessItIsSetToOne) {
  Box box(line_config({}));
  EXPECT_EQ(box.refused(StationLamp{kExchange, true}).code, ErrorCode::kInvalid);
}

/// Why the line at the other end has heard no message in the next 4 s; empty: it has heard one, whole. What is sent meanwhile goes
/// to another telephone.
std::string unheard(Box& box) {
  const auto snapshot = box.snapshot();
  ProbeCallerId probe{.send = analog(snapshot, kExchange + 1).port, .receive = analog(snapshot, kLine).port};
  probe.mode = CallerIdMode::kDtmf;  // long, and nobody's message
  probe.number = "01234567890123456789";
  return box.ask<ProbeCallerIdReply>(probe).failure;
}

TEST(EngineStation, IsToldOfItsLampByFskAndLaterWhenItIsLifted) {
  auto config = test_config(0, 2);
  config.analogs[0].station = with_lamp(MessageLamp::kFsk);
  Box box(config);
  EXPECT_NE("", unheard(box));
  box.ask(StationLamp{kExchange, true});
  EXPECT_EQ("", unheard(box));
  EXPECT_TRUE(analog(box.snapshot(), kExchange).lamp);
  EXPECT_NE("", unheard(box)) << "told twice";
  // Lifted before the message is over: it is told when the telephone is on the hook again.
  box.ask(StationLamp{kExchange, false});
  const auto line = box.ask<LegSeized>(LegSeize{.analog = kLine});
  ASSERT_TRUE(box.wait<LegOffered>());
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  box.ask(LegRelease{line.leg});
  ASSERT_TRUE(box.wait<LegReleased>([](const auto& event) { return event.by == ReleasedBy::kRemote; }));
  EXPECT_EQ("", unheard(box));
}

TEST(EngineStation, WithoutADisconnectGapItIsParkedAtOnce) {
  StationConfig station;
  station.disconnectMs = 0;
  Box box(line_config({}, station));
  const auto lifted = box.ask<LegSeized>(LegSeize{.analog = kLine});
  const auto offered = box.wait<LegOffered>();
  ASSERT_TRUE(offered);
  box.ask(LegAnswer{offered->leg});
  box.ask(LegRelease{offered->leg});
  const auto parked = box.wait<StationHook>();
  ASSERT_TRUE(parked);
  EXPECT_TRUE(parked->offHook);
  EXPECT_EQ(analog(box.snapshot(), kExchange).state, AnalogState::kParked);
  EXPECT_FALSE(box.wait<LineBattery>([](const auto&) { return true; }, std::chrono::milliseconds(100)));
  box.ask(LegRelease{lifted.leg});
  EXPECT_TRUE(box.wait<StationHook>([](const auto& event) { return !event.offHook; }));
}

}  // namespace
}  // namespace cordboard::engine
