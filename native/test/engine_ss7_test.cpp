// SPDX-License-Identifier: GPL-2.0-or-later
// Whole calls by ISUP through the engine: signalling links on timeslots of the virtual card, an exchange at the other end of the
// cables.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine_box.hpp"
#include "line_faults.hpp"
#include "ss7_engine.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

EngineConfig ss7_config(uint32_t spans = 1, Ss7Variant variant = Ss7Variant::kItu) {
  return ss7_spans(test_config(spans, 0), variant);
}

class Ss7Box : public Box {
 public:
  explicit Ss7Box(const EngineConfig& config = ss7_config()) : Box(config) {
    const auto begun = Clock::now();
    wait_dchannel(1);
    wait_dchannel(101);
    up_ms = ms_since(begun);
  }
  struct Call {
    LegSeized out;
    LegOffered in;
  };
  Call offered(uint32_t span = 101, const std::string& called = "95001") {
    Call call;
    call.out = ask<LegSeized>(LegSeize{.span = span, .calledNumber = called, .callingNumber = "13800138000"});
    const auto in = wait<LegOffered>();
    EXPECT_TRUE(in);
    if (in) call.in = *in;
    return call;
  }
  Call answered(uint32_t span = 101) {
    auto call = offered(span);
    ask(LegAnswer{{call.in.leg}});
    EXPECT_TRUE(wait_leg<LegAnswered>(call.out.leg));
    return call;
  }
  double up_ms{};
};

class EngineSs7 : public testing::TestWithParam<Ss7Variant> {};
INSTANTIATE_TEST_SUITE_P(Codes, EngineSs7, testing::Values(Ss7Variant::kItu, Ss7Variant::kChina),
                         [](const auto& with) { return with.param == Ss7Variant::kChina ? "China" : "Itu"; });

TEST_P(EngineSs7, TakesACallEachWayWithItsNumbersAndItsSpeechOctetForOctet) {
  Ss7Box box(ss7_config(1, GetParam()));
  std::printf("up %.0f ms after the start\n", box.up_ms);
  for (const uint32_t from : {101U, 1U}) {
    const auto begun = Clock::now();
    const auto call = box.offered(from);
    EXPECT_EQ("95001", call.in.calledNumber);
    EXPECT_EQ("13800138000", call.in.callingNumber);
    EXPECT_EQ(CallingCategory::kOrdinary, call.in.category);
    EXPECT_EQ(call.out.timeslot, call.in.timeslot);
    box.ask(LegAlert{{call.in.leg}});
    EXPECT_TRUE(box.wait<LegProgressed>(
        [&](const LegProgressed& at) { return at.leg == call.out.leg && at.progress == LegProgress::kAlerting; }));
    box.ask(LegAnswer{{call.in.leg}});
    EXPECT_TRUE(box.wait_leg<LegAnswered>(call.out.leg));
    std::printf("IAM to ANM %.0f ms\n", ms_since(begun));

    std::vector<uint8_t> said(8000);
    for (std::size_t i = 0; i < said.size(); ++i) said[i] = static_cast<uint8_t>(i * 7 + i / 160);
    write_alaw(box.file("said.wav"), said);
    const auto heard =
        box.ask<RecordingStarted>(RecordingStart{call.in.port, box.file("heard" + std::to_string(from))}).recording;
    const auto back =
        box.ask<RecordingStarted>(RecordingStart{call.out.port, box.file("back" + std::to_string(from))}).recording;
    box.ask<PlayStarted>(PlayStart{call.out.port, {box.file("said.wav")}});
    box.ask<PlayStarted>(PlayStart{call.in.port, {box.file("said.wav")}});
    EXPECT_TRUE(box.wait<PlayEnded>());
    EXPECT_TRUE(box.wait<PlayEnded>());
    std::this_thread::sleep_for(100ms);
    box.ask<RecordingResult>(RecordingStop{heard});
    box.ask<RecordingResult>(RecordingStop{back});
    EXPECT_TRUE(find_run(channel(box.file("heard" + std::to_string(from)), 0), said));
    EXPECT_TRUE(find_run(channel(box.file("back" + std::to_string(from)), 0), said));

    box.ask(LegRelease{call.out.leg, 16});
    const auto released = box.wait_leg<LegReleased>(call.in.leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(16U, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(box.wait_leg<LegReleased>(call.out.leg));
  }
}

TEST(EngineSs7Circuits, AreResetFromEitherEnd) {
  Ss7Box box;
  const auto call = box.answered();
  box.ask(SpanRestart{1, call.in.timeslot});
  const auto released = box.wait_leg<LegReleased>(call.out.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(41U, released->cause);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.in.leg));
  EXPECT_TRUE(box.wait<SpanRestarted>([&](const SpanRestarted& at) { return at.timeslot == call.in.timeslot; }));
  box.ask(SpanRestart{101, 0});
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(box.wait<SpanRestarted>([](const SpanRestarted& at) { return at.span == 101; })) << i;
  }
}

TEST(EngineSs7Links, AnAlarmOfTheE1ThatCarriesTheOnlyLinkEndsItsCallsAndTheyComeBack) {
  Ss7Box box;
  expect_alarm_clears(box);
}

TEST(EngineSs7Links, ConfigurationsThatDoNotGoTogetherAreRefused) {
  const auto refused = [](auto&& change) {
    auto config = ss7_config();
    change(config);
    auto made = Engine::create(config, [](Batch) {});
    return made ? std::string() : made.error().text;
  };
  EXPECT_NE("", refused([](EngineConfig& with) { with.spans[0].ss7.linkSet = 9; }));
  EXPECT_NE("", refused([](EngineConfig& with) { with.linkSets[0].destination = 1001; }));
  EXPECT_NE("", refused([](EngineConfig& with) { with.linkSets[1].links = with.linkSets[0].links; }));
  EXPECT_NE("", refused([](EngineConfig& with) { with.linkSets[0].links[0].span = 7; }));
}

}  // namespace
}  // namespace cordboard::engine
