// SPDX-License-Identifier: GPL-2.0-or-later
// A telephone's port (FXS) and an exchange line (FXO) that are joined, both ours, on virtual cables and on the driver alike.
#include <algorithm>
#include <chrono>

#include "conformance/heard.hpp"
#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

EngineConfig ports(CallerIdMode told = CallerIdMode::kNone) {
  auto config = bed().analogs(1);
  for (auto& analog : config.analogs) {
    if (told == CallerIdMode::kNone) continue;
    analog.callerId = analog.kind == AnalogKind::kFxs ? told : CallerIdMode::kAuto;
  }
  return config;
}

class AnalogBox : public Box {
 public:
  explicit AnalogBox(const EngineConfig& config = ports()) : Box(config) {
    bed().settle(*this, 2500);  // a line takes no ring for two seconds after it was put on the hook
  }

  /// The telephone's port rings the line, which answers.
  Talk answered() {
    Talk talk;
    const auto seized = ask<LegSeized>(LegSeize{.analog = kStations});
    const auto offered = expect_event<LegOffered>(*this, [](const LegOffered& at) { return at.analog == kLines; });
    EXPECT_TRUE(offered) << "the line does not ring";
    if (!offered) return talk;
    EXPECT_EQ(LegKind::kLine, offered->kind);
    ask(LegAnswer{{offered->leg}});
    EXPECT_TRUE(expect_leg<LegAnswered>(*this, seized.leg));
    // The driver looks at the hook again when it has been still for a while.
    bed().settle(*this, 1000);
    return {0, seized.leg, seized.port, offered->leg, offered->port, ""};
  }
};

TEST(AnalogCalls, RingsTellsWhoCallsAndIsAnswered) {
  for (const auto how : {CallerIdMode::kBell202, CallerIdMode::kV23, CallerIdMode::kDtmf}) {
    SCOPED_TRACE(std::string(name_of(how)));
    AnalogBox box(ports(how));
    const auto begun = Clock::now();
    const auto ringing = box.ask<LegSeized>(LegSeize{.analog = kStations, .callingNumber = "02161234567"});
    const auto offered = expect_event<LegOffered>(box, [](const LegOffered& at) { return at.analog == kLines; });
    ASSERT_TRUE(offered);
    figure(std::string("offered with the number by ") + std::string(name_of(how)), ms_since(begun), "ms");
    EXPECT_EQ("02161234567", offered->callingNumber);
    box.ask(LegAnswer{{offered->leg}});
    EXPECT_TRUE(expect_leg<LegAnswered>(box, ringing.leg));
  }
}

TEST(AnalogCalls, KnowsTheAnswerByTheReversalOfThePolarity) {
  auto config = ports();
  for (auto& analog : config.analogs) {
    analog.station.reverseOnAnswer = true;
    analog.station.disconnectMs = 0;  // the end is told by the polarity alone
    analog.line.answer = AnswerBy::kPolarity;
  }
  AnalogBox box(config);
  const auto out = box.ask<LegSeized>(LegSeize{.analog = kLines, .calledNumber = "7"});
  const auto lifted = expect_event<LegOffered>(box, [](const LegOffered& at) { return at.analog == kStations; });
  ASSERT_TRUE(lifted);
  ASSERT_TRUE(expect_leg<LegProgressed>(box, out.leg)) << "it was not dialled";
  const auto begun = Clock::now();
  box.ask(LegAnswer{{lifted->leg}});
  ASSERT_TRUE(expect_leg<LegAnswered>(box, out.leg));
  figure("answer known by the polarity after", ms_since(begun), "ms");
  box.ask(LegRelease{lifted->leg});
  const auto released = expect_leg<LegReleased>(box, out.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(16U, released->cause);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
}

TEST(AnalogCalls, StopsRingingWhenTheCallIsTakenBack) {
  AnalogBox box;
  const auto ringing = box.ask<LegSeized>(LegSeize{.analog = kStations});
  const auto offered = expect_event<LegOffered>(box, [](const LegOffered& at) { return at.analog == kLines; });
  ASSERT_TRUE(offered);
  box.ask(LegRelease{ringing.leg, 16});
  EXPECT_TRUE(expect_leg<LegReleased>(box, ringing.leg));
  const auto gone = expect_leg<LegReleased>(box, offered->leg);
  ASSERT_TRUE(gone);
  EXPECT_EQ(ReleasedBy::kRemote, gone->by);
}

TEST(AnalogCalls, CarriesSpeechBitExactBothWays) {
  AnalogBox box;
  const auto talk = box.answered();
  ASSERT_NE(0U, talk.far_leg);
  expect_heard(speak(box, {talk}, bed().speech_ms()));
}

TEST(AnalogCalls, TellsAFlashFromHangingUp) {
  AnalogBox box;
  const auto talk = box.answered();
  ASSERT_NE(0U, talk.far_leg);
  box.ask(LegFlash{{talk.far_leg}});
  EXPECT_TRUE(expect_leg<LegFlashed>(box, talk.leg));
  EXPECT_EQ(2U, box.snapshot().legs.size());
  const auto begun = Clock::now();
  box.ask(LegRelease{talk.far_leg, 16});
  const auto released = expect_leg<LegReleased>(box, talk.leg);
  ASSERT_TRUE(released);
  figure("hung up, told after", ms_since(begun), "ms");
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
}

TEST(AnalogCalls, HangsUpTheLineWhenTheExchangeTakesTheBatteryAway) {
  AnalogBox box;
  const auto talk = box.answered();
  ASSERT_NE(0U, talk.far_leg);
  const auto begun = Clock::now();
  box.ask(LegRelease{talk.leg, 16});
  const auto released = expect_leg<LegReleased>(box, talk.far_leg);
  ASSERT_TRUE(released);
  figure("gap of the battery told after", ms_since(begun), "ms");
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
}

TEST(AnalogCalls, HangsUpTheLineOnBusyTone) {
  auto config = ports();
  for (auto& analog : config.analogs) analog.releaseOnBusy = analog.kind == AnalogKind::kFxo;
  AnalogBox box(config);
  const auto talk = box.answered();
  ASSERT_NE(0U, talk.far_leg);
  const auto begun = Clock::now();
  box.ask<PlayStarted>(ToneStart{.port = talk.port, .tone = "busy"});
  const auto released = expect_leg<LegReleased>(box, talk.far_leg);
  ASSERT_TRUE(released);
  figure("busy tone ends the call after", ms_since(begun), "ms");
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg)) << "the line is on the hook again";
}

TEST(AnalogCalls, GivesDialToneThatTheLineHearsAndTakesItsDigits) {
  AnalogBox box;
  const auto line = box.ask<LegSeized>(LegSeize{.analog = kLines});
  const auto lifted = expect_event<LegOffered>(box, [](const LegOffered& at) { return at.analog == kStations; });
  ASSERT_TRUE(lifted);
  EXPECT_EQ(LegKind::kStation, lifted->kind);
  EXPECT_FALSE(lifted->complete);
  box.ask(DetectorSet{.port = line.port, .tones = true});
  const auto tone = [&](bool active) {
    return expect_event<ToneDetected>(
        box, [&](const ToneDetected& at) { return at.port == line.port && at.tone == "dial" && at.active == active; });
  };
  EXPECT_TRUE(tone(true)) << "no dial tone";
  const std::string number = "95001#";
  box.ask<PlayStarted>(DigitsSend{.port = line.port, .digits = number, .onMs = 80, .offMs = 80});
  std::string heard;
  while (heard.size() < number.size()) {
    const auto digit = expect_leg<LegDigit>(box, lifted->leg);
    ASSERT_TRUE(digit) << "heard only " << heard;
    heard += digit->digit;
  }
  EXPECT_EQ(number, heard);
  EXPECT_TRUE(tone(false)) << "dial tone goes on after the first digit";
  box.ask(LegAnswer{{lifted->leg}});
  box.ask(LegRelease{line.leg, 16});
  EXPECT_TRUE(expect_leg<LegReleased>(box, lifted->leg));
}

TEST(AnalogCalls, TakesDigitsThatATelephoneDialsByPulses) {
  auto config = ports();
  std::erase_if(config.analogs, [](const AnalogConfig& analog) { return analog.kind == AnalogKind::kFxo; });
  config.cables.clear();
  AnalogBox box(config);
  const auto phone = bed().pulse_phone();
  if (!phone) GTEST_SKIP() << "HARDWARE ONLY: the virtual card has no telephone that dials by pulses";
  phone->lift();
  const auto lifted = expect_event<LegOffered>(box, [](const LegOffered& at) { return at.analog == kStations; });
  ASSERT_TRUE(lifted);
  bed().settle(box, 1000);  // whoever dials waits for the tone
  const std::string number = "1590";
  phone->dial(number);
  std::string heard;
  while (heard.size() < number.size()) {
    const auto digit = expect_leg<LegDigit>(box, lifted->leg);
    ASSERT_TRUE(digit) << "heard only " << heard;
    heard += digit->digit;
  }
  EXPECT_EQ(number, heard);
  phone->hang_up();
  EXPECT_TRUE(expect_leg<LegReleased>(box, lifted->leg));
}

}  // namespace
}  // namespace cordboard::engine
