// SPDX-License-Identifier: GPL-2.0-or-later
// A technician's instruments on lines whose faults are known: what was done to the line is what is measured.
#include <chrono>

#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

class ProbeBox : public Box {
 public:
  explicit ProbeBox(const EngineConfig& config = test_config(1, 1)) : Box(config) {
    wait_dchannel(1);
    for (const auto& span : snapshot().spans) first_[span.span] = span.firstPort;
    for (const auto& analog : snapshot().analogs) analog_[analog.analog] = analog.port;
  }
  uint32_t port(uint32_t span, uint32_t timeslot) { return first_[span] + timeslot - 1; }
  uint32_t analog(uint32_t number) { return analog_[number]; }
  uint32_t bits(uint32_t at, bool send = true, bool receive = true) {
    return ask<ProbeStarted>(ProbeBits{at, ProbePattern::kO151, send, receive}).probe;
  }
  ProbeSecond second(uint32_t probe, uint32_t after = 1) {
    const auto found =
        wait<ProbeSecond>([&](const ProbeSecond& at) { return at.probe == probe && at.figures.seconds >= after; }, 60s);
    EXPECT_TRUE(found);
    return found.value_or(ProbeSecond{});
  }
  BitFigures stop(uint32_t probe) { return ask<BitFigures>(ProbeStop{probe}); }
  ToneFigures tone(uint32_t send, uint32_t receive, double hz, double dbm0 = -10) {
    const auto reply = ask<ProbeTonesReply>(ProbeTones{send, receive, {{hz, dbm0}}, 400, 200});
    return reply.tones.empty() ? ToneFigures{} : reply.tones.front();
  }

 private:
  std::map<uint32_t, uint32_t> first_;
  std::map<uint32_t, uint32_t> analog_;
};

TEST(EngineProbe, CountsTheBitsThatWereInvertedAndNoOthers) {
  ProbeBox box;
  const auto far = box.bits(box.port(101, 3));
  const auto near = box.bits(box.port(1, 3));
  box.second(near);
  box.ask(VirtualDisturbance{.span = 1, .timeslot = 3, .bitErrors = 41});
  box.second(near, 3);
  const auto figures = box.stop(near);
  EXPECT_EQ(41, figures.errors);
  EXPECT_TRUE(figures.inStep);
  EXPECT_EQ(0U, figures.losses);
  EXPECT_EQ(0U, figures.slips);
  EXPECT_EQ(0U, figures.severelyErroredSeconds);  // 41 in 64,000 is 0.6 in a thousand
  EXPECT_GE(figures.erroredSeconds, 1U);
  EXPECT_LE(figures.erroredSeconds, 2U);
  EXPECT_EQ(0, box.stop(far).errors);  // the other direction
}

TEST(EngineProbe, ManyErrorsMakeASecondSevere) {
  ProbeBox box;
  box.bits(box.port(101, 1), true, false);
  const auto near = box.bits(box.port(1, 1), false, true);
  box.second(near);
  box.ask(VirtualDisturbance{.span = 1, .timeslot = 1, .bitErrors = 390});
  box.second(near, 4);
  const auto figures = box.stop(near);
  EXPECT_EQ(390, figures.errors);
  EXPECT_GE(figures.severelyErroredSeconds, 1U);
  EXPECT_EQ(figures.erroredSeconds, figures.severelyErroredSeconds);
  EXPECT_EQ(0U, figures.unavailableSeconds);
}

TEST(EngineProbe, ACutCableIsUnavailableFromTheTenthSecond) {
  ProbeBox box;
  box.bits(box.port(101, 1), true, false);
  const auto near = box.bits(box.port(1, 1), false, true);
  box.second(near);
  box.ask(VirtualAlarm{101, AlarmKind::kLos, true});
  const auto last = box.second(near, 13);
  EXPECT_FALSE(last.figures.inStep);
  const auto figures = box.stop(near);
  EXPECT_GE(figures.unavailableSeconds, 10U);
  EXPECT_LE(figures.unavailableSeconds, 13U);
  EXPECT_EQ(0, figures.errors);
}

TEST(EngineProbe, ALoopSendsBackEveryBit) {
  ProbeBox box;
  const auto loop = box.ask<ProbeStarted>(ProbeLoop{box.port(1, 5)}).probe;
  const auto far = box.bits(box.port(101, 5));
  box.second(far, 2);
  const auto delay = box.refused(ProbeDelay{box.port(101, 5), box.port(101, 5)});
  EXPECT_EQ(ErrorCode::kBusy, delay.code);
  const auto figures = box.stop(far);
  EXPECT_TRUE(figures.inStep);
  EXPECT_EQ(0, figures.errors);
  // There and back: the probe hears a row before it sends one, so two ticks for two cables.
  const auto found = box.ask<ProbeDelayReply>(ProbeDelay{box.port(101, 5), box.port(101, 5)});
  EXPECT_NEAR(40, found.delayMs, 0.2);
  EXPECT_GT(found.similarity, 0.98);
  box.stop(loop);
  EXPECT_LT(box.ask<ProbeDelayReply>(ProbeDelay{box.port(101, 5), box.port(101, 5)}).similarity, 0.5);
}

TEST(EngineProbe, AGainIsMeasuredAsWhatItIs) {
  ProbeBox box;
  EXPECT_NEAR(-10, box.tone(box.port(101, 1), box.port(1, 1), 1020).levelDbm0, 0.05);
  for (const double gain : {3.0, -6.5}) {
    box.ask(VirtualDisturbance{.span = 1, .timeslot = 1, .gainDb = gain});
    const auto tone = box.tone(box.port(101, 1), box.port(1, 1), 1020);
    EXPECT_NEAR(-10 + gain, tone.levelDbm0, 0.1);
    EXPECT_NEAR(1020, tone.foundHz, 0.01);
    EXPECT_LT(tone.residualDbm0, tone.levelDbm0 - 30);
  }
  box.ask(VirtualDisturbance{.span = 1, .timeslot = 1});
  const auto sweep = box.ask<ProbeTonesReply>(
      ProbeTones{box.port(101, 1), box.port(1, 1), {{300}, {1020}, {2004}, {3400}, {0}}, 300, 150});
  ASSERT_EQ(5U, sweep.tones.size());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(-10, sweep.tones[i].levelDbm0, 0.05);
  EXPECT_LT(sweep.tones[4].levelDbm0, -60);
}

TEST(EngineProbe, EchoReturnLossIsThatOfTheHybrid) {
  ProbeBox box;
  for (const double loss : {20.0, 12.0}) {
    box.ask(VirtualEcho{10001, loss, 5});
    const auto port = box.analog(10001);
    EXPECT_NEAR(-10 - loss, box.tone(port, port, 1020).levelDbm0, 0.3);
  }
  box.ask(VirtualEcho{10001, 100, 0});
  EXPECT_LT(box.tone(box.analog(10001), box.analog(10001), 1020).totalDbm0, -60);
}

TEST(EngineProbe, SixteenDigitsBothWays) {
  ProbeBox box;
  const std::string all = "0123456789*#ABCD";
  for (const auto& [from, to] : {std::pair{box.port(1, 2), box.port(101, 2)},
                                 {box.port(101, 2), box.port(1, 2)},
                                 {box.analog(1), box.analog(10001)},
                                 {box.analog(10001), box.analog(1)}}) {
    EXPECT_EQ(all, box.ask<ProbeDigitsReply>(ProbeDigits{from, to, all}).heard);
  }
  box.ask(VirtualDisturbance{.span = 1, .timeslot = 2, .gainDb = -40});
  EXPECT_EQ("", box.ask<ProbeDigitsReply>(ProbeDigits{box.port(101, 2), box.port(1, 2), all}).heard);
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(ProbeDigits{box.port(1, 2), box.port(101, 2), "12E"}).code);
}

TEST(EngineProbe, ANumberIsReadAsItWasTold) {
  ProbeBox box;
  for (const auto mode : {CallerIdMode::kBell202, CallerIdMode::kV23, CallerIdMode::kDtmf}) {
    const auto read = box.ask<ProbeCallerIdReply>(ProbeCallerId{box.analog(1), box.analog(10001), mode, "13800138000"});
    EXPECT_EQ("13800138000", read.number) << read.failure;
  }
  box.ask(VirtualDisturbance{.span = 1, .timeslot = 2, .gainDb = -40});
  const auto lost =
      box.ask<ProbeCallerIdReply>(ProbeCallerId{box.port(101, 2), box.port(1, 2), CallerIdMode::kV23, "95001"});
  EXPECT_EQ("", lost.number);
  EXPECT_NE("", lost.failure);
}

TEST(EngineProbe, ACallTakesThePort) {
  ProbeBox box;
  const auto probe = box.bits(box.port(1, 7));
  const auto measuring =
      box.submit(ProbeTones{box.port(101, 7), box.port(101, 7), {{1020}, {1020}, {1020}}, 5000, 100});
  box.ask<LegSeized>(LegSeize{.span = 101, .timeslot = 7, .calledNumber = "95001"});
  const auto ended = box.wait<ProbeEnded>([&](const ProbeEnded& at) { return at.probe == probe; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(box.port(1, 7), ended->port);
  const auto answer = box.reply(measuring);
  ASSERT_TRUE(std::holds_alternative<Error>(answer));
  EXPECT_EQ(ErrorCode::kWrongState, std::get<Error>(answer).code);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(ProbeStop{probe}).code);
}

TEST(EngineProbe, OnACallItEndsWithTheCall) {
  ProbeBox box;
  const auto out = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "95001"});
  const auto in = box.wait<LegOffered>();
  ASSERT_TRUE(in);
  box.ask(LegAnswer{{in->leg}});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(out.leg));
  const auto far = box.bits(in->port);
  const auto near = box.bits(out.port);
  EXPECT_TRUE(box.second(near, 1).figures.inStep);
  box.ask(LegRelease{out.leg, 16});
  EXPECT_TRUE(box.wait<ProbeEnded>([&](const ProbeEnded& at) { return at.probe == near; }));
  EXPECT_TRUE(box.wait<ProbeEnded>([&](const ProbeEnded& at) { return at.probe == far; }));
}

TEST(EngineProbe, TheMachinesOwnClockIsNeitherFastNorSlow) {
  ProbeBox box;
  std::this_thread::sleep_for(3s);  // of ticks; the figure is of time gone by
  const auto clock = box.ask<ProbeClockReply>(ProbeClock{2500});
  EXPECT_FALSE(clock.board);
  EXPECT_NEAR(0, clock.ppm, 200);  // of a thread without real-time priority
  EXPECT_NEAR(2500, clock.ms, 100);
}

TEST(EngineProbe, ClosingAnswersWhatIsBeingMeasured) {
  ProbeBox box;
  const auto measuring = box.submit(ProbeTones{box.port(1, 1), box.port(1, 1), {{1020}, {1020}}, 5000, 100});
  box.bits(box.port(1, 2));
  box.close();
  EXPECT_TRUE(std::holds_alternative<Error>(box.reply(measuring)));
}

}  // namespace
}  // namespace cordboard::engine
