// SPDX-License-Identifier: GPL-2.0-or-later
// Whole calls by MFC/R2 through the engine: bits of the virtual card, register signals as sound on the bus, on both ends of
// a virtual E1.
#include <algorithm>
#include <chrono>

#include "engine_box.hpp"
#include "line_faults.hpp"
#include "r2_engine.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

/// Span 1 is the box's, 101 the exchange's.
EngineConfig r2_config() { return china_spans(test_config(1, 0)); }

class R2Box : public Box {
 public:
  explicit R2Box(const EngineConfig& config = r2_config()) : Box(config) {
    wait_dchannel(1);
    wait_dchannel(101);
    // Every timeslot, not the first alone.
    const auto free = [&] {
      const auto now = snapshot();
      return std::all_of(now.spans.begin(), now.spans.end(), [](const SnapshotSpan& span) {
        return std::none_of(span.timeslots.begin(), span.timeslots.end(),
                            [](const SnapshotTimeslot& at) { return at.blockedThere; });
      });
    };
    for (int i = 0; i < 200 && !free(); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(free());
  }

  struct Call {
    LegSeized out;
    LegOffered in;
  };
  /// From the exchange to the box, until it is offered.
  Call offered(const std::string& called = "95001", uint32_t timeslot = 0) {
    Call call;
    call.out = ask<LegSeized>(
        LegSeize{.span = 101, .timeslot = timeslot, .calledNumber = called, .callingNumber = "13800138000"});
    const auto in = wait<LegOffered>([](const LegOffered&) { return true; }, 30s);
    EXPECT_TRUE(in);
    if (in) call.in = *in;
    return call;
  }
  Call answered() {
    auto call = offered();
    ask(LegAnswer{{call.in.leg}});
    EXPECT_TRUE(wait_leg<LegAnswered>(call.out.leg));
    return call;
  }
};

TEST(EngineR2, TakesACallWithItsNumbersAndCategoryAsTonesOnTheBus) {
  R2Box box;
  const auto begun = Clock::now();
  const auto call = box.offered();
  const auto setup = ms_since(begun);
  EXPECT_EQ("95001", call.in.calledNumber);
  EXPECT_EQ("13800138000", call.in.callingNumber);
  EXPECT_EQ(CallingCategory::kOrdinary, call.in.category);
  EXPECT_EQ(1U, call.in.categorySignal);
  EXPECT_EQ(call.out.timeslot, call.in.timeslot);
  box.ask(LegAlert{{call.in.leg}});
  EXPECT_TRUE(box.wait<LegProgressed>(
      [&](const LegProgressed& at) { return at.leg == call.out.leg && at.progress == LegProgress::kAlerting; }));
  const auto alerting = ms_since(begun);
  box.ask(LegAnswer{{call.in.leg}});
  EXPECT_TRUE(box.wait_leg<LegAnswered>(call.out.leg));
  std::printf("offered %.0f ms after the seizure (19 forward signals), alerting after %.0f ms\n", setup, alerting);

  // Nothing of the signalling is left on the speech path.
  std::vector<uint8_t> said(8000);
  for (std::size_t i = 0; i < said.size(); ++i) said[i] = static_cast<uint8_t>(i * 7 + i / 160);
  write_alaw(box.file("said.wav"), said);
  const auto heard = box.ask<RecordingStarted>(RecordingStart{call.in.port, box.file("heard.wav")}).recording;
  box.ask<PlayStarted>(PlayStart{call.out.port, {box.file("said.wav")}});
  EXPECT_TRUE(box.wait<PlayEnded>());
  std::this_thread::sleep_for(100ms);
  box.ask<RecordingResult>(RecordingStop{heard});
  const auto left = channel(box.file("heard.wav"), 0);
  EXPECT_TRUE(find_run(left, said)) << left.size();

  box.ask(LegRelease{call.out.leg, 16});
  const auto released = box.wait_leg<LegReleased>(call.in.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(16U, released->cause);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.out.leg));
}

TEST(EngineR2, CarriesThirtyCallsAtOnce) {
  R2Box box;
  const auto begun = Clock::now();
  std::map<uint32_t, std::string> called;  // by timeslot
  std::vector<LegSeized> out;
  for (int i = 0; i < 30; ++i) {
    const auto number = std::to_string(95000 + i);
    out.push_back(box.ask<LegSeized>(LegSeize{.span = 101, .calledNumber = number, .callingNumber = "13800138000"}));
    called[out.back().timeslot] = number;
  }
  EXPECT_EQ(30U, called.size());
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = 101, .calledNumber = "95001"}).code);
  std::vector<double> setups;
  std::vector<uint32_t> in;
  for (int i = 0; i < 30; ++i) {
    const auto offer = box.wait<LegOffered>([](const LegOffered&) { return true; }, 60s);
    ASSERT_TRUE(offer) << i;
    setups.push_back(ms_since(begun));
    EXPECT_EQ(called[offer->timeslot], offer->calledNumber);
    EXPECT_EQ("13800138000", offer->callingNumber);
    in.push_back(offer->leg);
    box.submit(LegAnswer{{offer->leg}});
  }
  for (const auto& leg : out) EXPECT_TRUE(box.wait_leg<LegAnswered>(leg.leg));
  std::printf("30 calls at once: offered after %.0f-%.0f ms, all answered after %.0f ms\n", setups.front(),
              setups.back(), ms_since(begun));
  for (const auto leg : in) box.ask(LegRelease{leg, 16});
  for (const auto& leg : out) EXPECT_TRUE(box.wait_leg<LegReleased>(leg.leg));
  for (const auto leg : in) EXPECT_TRUE(box.wait_leg<LegReleased>(leg));
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(EngineR2, RefusesWithTheCauseThatTheCallerHears) {
  R2Box box;
  for (const uint32_t cause : {17U, 1U, 42U}) {
    const auto call = box.offered();
    box.ask(LegRelease{call.in.leg, cause});
    const auto released = box.wait_leg<LegReleased>(call.out.leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(cause, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    const auto here = box.wait_leg<LegReleased>(call.in.leg);
    ASSERT_TRUE(here);
    EXPECT_EQ(ReleasedBy::kLocal, here->by);
  }
}

TEST(EngineR2, TellsMeteringPulsesAndClearsBackAndLetsHearWhyAfterAlerting) {
  auto config = r2_config();
  for (auto& span : config.spans) span.r2.meteringMs = 400;
  R2Box box(config);
  const auto call = box.answered();
  for (int i = 0; i < 2; ++i) {
    box.ask(LegMeter{{call.in.leg}});
    EXPECT_TRUE(box.wait_leg<LegMetered>(call.out.leg));
  }
  EXPECT_EQ(ErrorCode::kWrongState, box.refused(LegMeter{{call.out.leg}}).code);
  box.ask(LegRelease{call.in.leg, 16});
  const auto released = box.wait_leg<LegReleased>(call.out.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(16U, released->cause);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.in.leg));

  // Once it rings no signal says why it ends: the caller hears busy tone, and clears.
  const auto rung = box.offered("95002");
  box.ask(DetectorSet{.port = rung.out.port, .tones = true});
  box.ask(LegAlert{{rung.in.leg}});
  const auto hears = [&](const std::string& tone) {
    return box.wait<ToneDetected>(
        [&](const ToneDetected& at) { return at.port == rung.out.port && at.active && at.tone == tone; });
  };
  EXPECT_TRUE(hears("ringback"));
  box.ask(LegRelease{rung.in.leg, 17});
  EXPECT_TRUE(hears("busy"));
  box.ask(LegRelease{rung.out.leg, 16});
  const auto here = box.wait_leg<LegReleased>(rung.in.leg);
  ASSERT_TRUE(here);
  EXPECT_EQ(17U, here->cause);
  EXPECT_EQ(ReleasedBy::kLocal, here->by);
  EXPECT_TRUE(box.wait_leg<LegReleased>(rung.out.leg));
}

TEST(EngineR2, ShowsAndKeepsToBlockedTimeslots) {
  R2Box box;
  box.ask(SpanBlock{1, 7, true});
  EXPECT_TRUE(
      box.wait<SpanBlocked>([](const SpanBlocked& at) { return at.span == 101 && at.timeslot == 7 && at.there; }));
  const auto shown = box.snapshot();
  const auto& here = shown.spans[0].timeslots[6];
  EXPECT_EQ(7U, here.timeslot);
  EXPECT_TRUE(here.blockedHere);
  EXPECT_FALSE(here.blockedThere);
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = 101, .timeslot = 7, .calledNumber = "95001"}).code);
  box.ask(SpanBlock{1, 7, false});
  EXPECT_TRUE(
      box.wait<SpanBlocked>([](const SpanBlocked& at) { return at.span == 101 && at.timeslot == 7 && !at.there; }));
  box.ask<LegSeized>(LegSeize{.span = 101, .timeslot = 7, .calledNumber = "95001"});
}

TEST(EngineR2, AnAlarmClearsItsCallsAndTheyComeBackWithTheLine) {
  R2Box box;
  expect_alarm_clears(box);
}

}  // namespace
}  // namespace cordboard::engine
