// SPDX-License-Identifier: GPL-2.0-or-later
// Whole calls through the engine: libpri on both ends of a virtual E1, telephones on virtual analog cables, real audio.
#include <cstring>
#include <random>
#include <thread>

#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

/// Speech-like octets that occur nowhere else: every value, in no order.
std::vector<uint8_t> random_octets(std::size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> octets(count);
  for (auto& octet : octets) octet = static_cast<uint8_t>(random());
  return octets;
}

struct Call {
  uint32_t exchange_leg{};
  uint32_t exchange_port{};
  uint32_t box_leg{};
  uint32_t box_port{};
};

/// An answered call from the exchange into the box.
Call call_in(Box& box, const std::string& called = "95001", uint32_t timeslot = 0) {
  Call call;
  const auto seized = box.ask<LegSeized>(LegSeize{.span = 101, .timeslot = timeslot, .calledNumber = called,
                                                  .callingNumber = "13800138000"});
  const auto offered = box.wait<LegOffered>();
  EXPECT_TRUE(offered);
  if (!offered) return call;
  EXPECT_EQ(called, offered->calledNumber);
  EXPECT_EQ("13800138000", offered->callingNumber);
  EXPECT_EQ(1U, offered->span);
  EXPECT_EQ(seized.timeslot, offered->timeslot);
  box.ask(LegAnswer{{offered->leg}});
  EXPECT_TRUE(box.wait_leg<LegAnswered>(seized.leg));
  return {seized.leg, seized.port, offered->leg, offered->port};
}

TEST(EngineCall, TakesACallFromTheExchangeAndReleasesItFromEitherSide) {
  Box box;
  box.wait_dchannel(1);
  auto call = call_in(box);
  box.ask(LegRelease{call.box_leg, 17});
  const auto at_exchange = box.wait_leg<LegReleased>(call.exchange_leg);
  ASSERT_TRUE(at_exchange);
  EXPECT_EQ(17U, at_exchange->cause);
  EXPECT_EQ(ReleasedBy::kRemote, at_exchange->by);
  const auto at_box = box.wait_leg<LegReleased>(call.box_leg);
  ASSERT_TRUE(at_box);
  EXPECT_EQ(ReleasedBy::kLocal, at_box->by);

  call = call_in(box);
  box.ask(LegRelease{call.exchange_leg, 16});
  const auto released = box.wait_leg<LegReleased>(call.box_leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(16U, released->cause);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.exchange_leg));
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(EngineCall, CarriesSpeechBitExactToTheAgentAndRecordsBothSides) {
  Box box;
  box.wait_dchannel(1);
  const auto caller = random_octets(8000, 1);
  const auto agent = random_octets(8000, 2);
  write_alaw(box.file("caller.wav"), caller);
  write_alaw(box.file("agent.wav"), agent);

  const auto call = call_in(box);
  const auto recording =
      box.ask<RecordingStarted>(RecordingStart{call.box_port, box.file("call.wav")}).recording;

  const auto station = box.ask<LegSeized>(LegSeize{.analog = 1});
  EXPECT_TRUE(box.wait_leg<LegProgressed>(station.leg));
  const auto ringing = box.wait<LegOffered>();
  ASSERT_TRUE(ringing);
  EXPECT_EQ(LegKind::kLine, ringing->kind);
  box.ask(LegAnswer{{ringing->leg}});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(station.leg));
  const auto heard = box.ask<RecordingStarted>(RecordingStart{ringing->port, box.file("heard.wav")}).recording;
  box.ask(BusConnect{call.box_port, station.port});

  const auto speaking = box.ask<PlayStarted>(PlayStart{call.exchange_port, {box.file("caller.wav")}});
  EXPECT_EQ(1000U, speaking.durationMs);
  box.ask<PlayStarted>(PlayStart{ringing->port, {box.file("agent.wav")}});
  for (int i = 0; i < 2; ++i) {
    const auto ended = box.wait<PlayEnded>();
    ASSERT_TRUE(ended);
    EXPECT_EQ(PlayEnd::kFinished, ended->reason);
    EXPECT_EQ(1000U, ended->playedMs);
  }
  std::this_thread::sleep_for(100ms);  // the last blocks are still on their way through the cables
  const auto result = box.ask<RecordingResult>(RecordingStop{recording});
  box.ask<RecordingResult>(RecordingStop{heard});
  EXPECT_EQ(0, result.lostMs);
  EXPECT_TRUE(find_run(channel(box.file("heard.wav"), 0), caller)) << "the agent's telephone did not get every octet";
  EXPECT_TRUE(find_run(channel(box.file("call.wav"), 0), caller)) << "left is not the caller";
  EXPECT_TRUE(find_run(channel(box.file("call.wav"), 1), agent)) << "right is not the agent";
  const auto bytes = read_file(box.file("call.wav"));
  EXPECT_EQ(static_cast<double>(bytes.size()), result.bytes);
  uint32_t data = 0;
  std::memcpy(&data, bytes.data() + 54, 4);
  EXPECT_EQ(bytes.size() - 58, data);
}

TEST(EngineCall, HearsKeysAsTones) {
  Box box;
  box.wait_dchannel(1);
  const auto call = call_in(box);
  box.ask(DetectorSet{call.box_port, true});
  box.ask<PlayStarted>(DigitsSend{.port = call.exchange_port, .digits = "147*2580#369ABCD", .onMs = 60, .offMs = 60});
  std::string heard;
  while (heard.size() < 16) {
    const auto digit = box.wait_leg<LegDigit>(call.box_leg);
    ASSERT_TRUE(digit) << "heard only " << heard;
    heard += digit->digit;
  }
  EXPECT_EQ("147*2580#369ABCD", heard);
}

TEST(EngineCall, GivesDialToneUntilTheFirstDigitAndTakesTheDialledNumber) {
  Box box;
  const auto phone = box.ask<LegSeized>(LegSeize{.analog = 10001});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(phone.leg));
  const auto seized = box.wait<LegOffered>();
  ASSERT_TRUE(seized);
  EXPECT_EQ(LegKind::kStation, seized->kind);
  EXPECT_FALSE(seized->complete);
  EXPECT_EQ(1U, seized->analog);
  const auto recording = box.ask<RecordingStarted>(RecordingStart{phone.port, box.file("phone.wav")}).recording;
  std::this_thread::sleep_for(300ms);
  box.ask<PlayStarted>(DigitsSend{.port = phone.port, .digits = "*11", .onMs = 80, .offMs = 80});
  std::string dialled;
  while (dialled.size() < 3) {
    const auto digit = box.wait_leg<LegDigit>(seized->leg);
    ASSERT_TRUE(digit);
    dialled += digit->digit;
  }
  EXPECT_EQ("*11", dialled);
  box.ask(LegAnswer{{seized->leg}});
  std::this_thread::sleep_for(200ms);
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto heard = channel(box.file("phone.wav"), 0);
  ASSERT_GT(heard.size(), 4000U);
  const auto loud = [](uint8_t octet) { return octet != 0xD5 && octet != 0x55; };
  EXPECT_GT(std::count_if(heard.begin(), heard.begin() + 1600, loud), 1200) << "no dial tone";
  EXPECT_EQ(0, std::count_if(heard.end() - 1000, heard.end(), loud)) << "dial tone goes on after the first digit";

  box.ask(LegRelease{phone.leg});
  const auto released = box.wait_leg<LegReleased>(seized->leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
}

TEST(EngineCall, TellsAFlashFromHangingUp) {
  Box box;
  const auto station = box.ask<LegSeized>(LegSeize{.analog = 1});
  const auto ringing = box.wait<LegOffered>();
  ASSERT_TRUE(ringing);
  box.ask(LegAnswer{{ringing->leg}});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(station.leg));
  box.ask(LegFlash{{ringing->leg}});
  EXPECT_TRUE(box.wait_leg<LegFlashed>(station.leg));
  box.ask(LegRelease{ringing->leg});
  const auto released = box.wait_leg<LegReleased>(station.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
}

TEST(EngineCall, StopsRingingWhenTheCallIsTakenBack) {
  Box box;
  const auto station = box.ask<LegSeized>(LegSeize{.analog = 1});
  ASSERT_TRUE(box.wait<LegOffered>());
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.analog = 1}).code);
  box.ask(LegRelease{station.leg});
  EXPECT_TRUE(box.wait_leg<LegReleased>(station.leg));
  const auto snapshot = box.snapshot();
  EXPECT_FALSE(snapshot.analogs[0].ringing);
  EXPECT_EQ(0U, snapshot.analogs[0].leg);
}

TEST(EngineCall, ClearsCallsAtAnAlarmAndTakesNewOnesAfterIt) {
  Box box;
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  const auto call = call_in(box);
  box.ask(VirtualAlarm{1, AlarmKind::kLos, true});
  const auto alarmed = box.wait<SpanAlarmed>([](const SpanAlarmed& event) { return event.span == 1; });
  ASSERT_TRUE(alarmed);
  EXPECT_EQ(std::vector{AlarmKind::kLos}, alarmed->alarms);
  const auto far = box.wait<SpanAlarmed>([](const SpanAlarmed& event) { return event.span == 101; });
  ASSERT_TRUE(far);
  EXPECT_EQ(std::vector{AlarmKind::kYellow}, far->alarms) << "the far end is told";
  const auto released = box.wait_leg<LegReleased>(call.box_leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(ReleasedBy::kFault, released->by);
  EXPECT_EQ(38U, released->cause);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.exchange_leg));
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = 101, .calledNumber = "1"}).code);
  box.wait_dchannel(1, false);
  box.wait_dchannel(101, false);
  box.ask(VirtualAlarm{1, AlarmKind::kLos, false});
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  const auto again = call_in(box);
  EXPECT_NE(0U, again.box_leg);
}

TEST(EngineCall, LetsOneCallWinWhenBothSidesSeizeTheSameTimeslot) {
  Box box;
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  // Both SETUPs are lost once, so that Q.921 sends them again (T200) when each side has long seized the timeslot.
  box.ask(VirtualDchannel{1, true});
  const auto our_leg = box.ask<LegSeized>(LegSeize{.span = 1, .timeslot = 5, .calledNumber = "111"}).leg;
  const auto their_leg = box.ask<LegSeized>(LegSeize{.span = 101, .timeslot = 5, .calledNumber = "222"}).leg;
  box.ask(VirtualDchannel{1, false});
  for (int i = 0; i < 2; ++i) {
    const auto offered = box.wait<LegOffered>();
    ASSERT_TRUE(offered);
    box.ask(LegAnswer{{offered->leg}});
  }
  const auto our_answer = box.wait_leg<LegAnswered>(our_leg);
  const auto their_answer = box.wait_leg<LegAnswered>(their_leg);
  ASSERT_TRUE(our_answer);
  ASSERT_TRUE(their_answer);
  std::vector<uint32_t> box_timeslots;
  for (const auto& leg : box.snapshot().legs) {
    if (leg.span == 1) box_timeslots.push_back(leg.timeslot);
  }
  ASSERT_EQ(2U, box_timeslots.size());
  EXPECT_NE(box_timeslots[0], box_timeslots[1]);
  EXPECT_TRUE(box_timeslots[0] == 5 || box_timeslots[1] == 5);
}

TEST(EngineCall, EndsACallWhenItsChannelIsRestarted) {
  Box box;
  box.wait_dchannel(1);
  const auto call = call_in(box, "95001", 7);
  box.ask(SpanRestart{101, 7});
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.box_leg));
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.exchange_leg));
  EXPECT_TRUE(box.wait<SpanRestarted>([](const SpanRestarted& event) { return event.timeslot == 7; }));
  EXPECT_NE(0U, call_in(box, "95001", 7).box_leg);
}

TEST(EngineCall, KeepsCallsWhileTheDchannelIsAway) {
  auto config = test_config();
  for (auto& span : config.spans) span.t203Ms = 500;
  Box box(config);
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  const auto call = call_in(box);
  box.ask(VirtualDchannel{1, true});
  box.wait_dchannel(1, false);
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = 1, .calledNumber = "1"}).code);
  EXPECT_EQ(2U, box.snapshot().legs.size()) << "an answered call must outlive its D-channel";
  box.ask(VirtualDchannel{1, false});
  box.wait_dchannel(1);
  box.ask(LegRelease{call.exchange_leg});
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.box_leg));
}

TEST(EngineCall, FillsAnE1WithThirtyCalls) {
  Box box;
  box.wait_dchannel(1);
  std::vector<Call> calls;
  for (int i = 0; i < 30; ++i) calls.push_back(call_in(box));
  EXPECT_EQ(60U, box.snapshot().legs.size());
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = 101, .calledNumber = "1"}).code);
  for (const auto& call : calls) box.submit(LegRelease{call.exchange_leg});
  for (const auto& call : calls) EXPECT_TRUE(box.wait_leg<LegReleased>(call.box_leg));
  for (const auto& call : calls) EXPECT_TRUE(box.wait_leg<LegReleased>(call.exchange_leg));
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(EngineCall, SurvivesNoiseOnTheDchannelDuringACall) {
  Box box;
  box.wait_dchannel(1);
  const auto call = call_in(box);
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string hex;
    const auto length = random() % 64;
    for (uint32_t j = 0; j < 2 * length; ++j) hex += "0123456789abcdef"[random() % 16];
    box.submit(VirtualFrame{1, hex});
  }
  box.ask(LegRelease{call.exchange_leg});
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.exchange_leg));
}

}  // namespace
}  // namespace cordboard::engine
