// SPDX-License-Identifier: GPL-2.0-or-later
// Whole calls by ISUP through the engine: signalling links on timeslots of the virtual card, an exchange at the other end of the
// cables.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

/// Spans 1… are the box's, 101… the exchange's, all of one link set; a link on timeslot 16 of each of the first two.
EngineConfig ss7_config(uint32_t spans = 1, Ss7Variant variant = Ss7Variant::kItu, uint32_t check_every = 0) {
  auto config = test_config(spans, 0);
  LinkSetConfig here{.linkSet = 1, .name = "links", .variant = variant, .pointCode = 1001, .destination = 2002};
  here.checkEvery = check_every;
  LinkSetConfig there{.linkSet = 2, .name = "their links", .variant = variant, .pointCode = 2002, .destination = 1001};
  if (variant == Ss7Variant::kChina) {
    here.pointCode = there.destination = 0x170203;
    here.destination = there.pointCode = 0x170a01;
  }
  for (uint32_t span = 1; span <= std::min(spans, 2U); ++span) {
    here.links.push_back({span, 16, span - 1});
    there.links.push_back({100 + span, 16, span - 1});
  }
  config.linkSets = {here, there};
  for (auto& span : config.spans) {
    span.signalling = SpanSignalling::kSs7;
    span.ss7.linkSet = span.span < 100 ? 1 : 2;
    span.ss7.firstCircuit = 32 * ((span.span - 1) % 100) + 1;
  }
  return config;
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

TEST(EngineSs7Circuits, SayWithACauseWhyACallIsRefused) {
  Ss7Box box;
  for (const uint32_t cause : {17U, 1U, 42U}) {
    const auto call = box.offered();
    box.ask(LegRelease{call.in.leg, cause});
    const auto released = box.wait_leg<LegReleased>(call.out.leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(cause, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(box.wait_leg<LegReleased>(call.in.leg));
  }
}

TEST(EngineSs7Circuits, AreBlockedOneByOneAndAWholeE1) {
  Ss7Box box;
  box.ask(SpanBlock{1, 7, true});
  EXPECT_TRUE(
      box.wait<SpanBlocked>([](const SpanBlocked& at) { return at.span == 101 && at.timeslot == 7 && at.there; }));
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = 101, .timeslot = 7, .calledNumber = "95001"}).code);
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(LegSeize{.span = 101, .timeslot = 16, .calledNumber = "95001"}).code);
  box.ask(SpanBlock{1, 0, true});
  for (int i = 0; i < 29; ++i) {
    EXPECT_TRUE(box.wait<SpanBlocked>([](const SpanBlocked& at) { return at.span == 101 && at.there; })) << i;
  }
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = 101, .calledNumber = "95001"}).code);
  box.ask(SpanBlock{1, 0, false});
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(box.wait<SpanBlocked>([](const SpanBlocked& at) { return at.span == 101 && !at.there; })) << i;
  }
  box.ask<LegSeized>(LegSeize{.span = 101, .timeslot = 7, .calledNumber = "95001"});
}

/// The check tone goes over the cable as sound, and comes back from the other end's loop.
TEST(EngineSs7Circuits, AreCheckedByTheToneThatComesBack) {
  Ss7Box box(ss7_config(1, Ss7Variant::kChina, 1));
  const auto begun = Clock::now();
  const auto call = box.offered(1);
  std::printf("offered %.0f ms after the seizure, circuit checked\n", ms_since(begun));
  EXPECT_TRUE(box.wait<SpanChecked>(
      [&](const SpanChecked& at) { return at.span == 1 && at.timeslot == call.out.timeslot && at.passed; }));
  box.ask(LegAnswer{{call.in.leg}});
  EXPECT_TRUE(box.wait_leg<LegAnswered>(call.out.leg));
  // Nothing of the check is left on the speech path.
  EXPECT_TRUE(box.snapshot().connections.empty());
  box.ask(SpanCheck{101, 9});
  EXPECT_TRUE(
      box.wait<SpanChecked>([](const SpanChecked& at) { return at.span == 101 && at.timeslot == 9 && at.passed; }));
  EXPECT_EQ(ErrorCode::kInvalid, box.refused(SpanCheck{101, 16}).code);
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

TEST(EngineSs7Links, OneOfTwoMayFailWhileCallsComeAndGo) {
  Ss7Box box(ss7_config(2));
  // Both links carry before one is cut.
  for (int i = 0; i < 200; ++i) {
    const auto sets = box.snapshot().linkSets;
    if (std::all_of(sets.begin(), sets.end(), [](const SnapshotLinkSet& set) {
          return std::all_of(set.links.begin(), set.links.end(), [](const SnapshotLink& link) { return link.carries; });
        })) {
      break;
    }
    std::this_thread::sleep_for(20ms);
  }
  int calls = 0;
  int lost = 0;
  double longest = 0;
  std::deque<std::pair<uint32_t, uint32_t>> talking;
  for (int i = 0; i < 120; ++i) {
    if (i == 40) {
      box.ask(VirtualLinkSpoil{.span = 1, .timeslot = 16, .cut = true});
    }
    const auto begun = Clock::now();
    const auto seized =
        box.ask<LegSeized>(LegSeize{.span = i % 2 == 0 ? 101U : 102U, .calledNumber = "95001", .callingNumber = "1"});
    const auto in = box.wait<LegOffered>();
    if (!in) {
      ++lost;
      continue;
    }
    box.submit(LegAnswer{{in->leg}});
    if (!box.wait_leg<LegAnswered>(seized.leg)) ++lost;
    longest = std::max(longest, ms_since(begun));
    ++calls;
    talking.emplace_back(seized.leg, in->leg);
    if (talking.size() < 30) continue;
    const auto [out, there] = talking.front();
    talking.pop_front();
    box.submit(LegRelease{out, 16});
    const auto released = box.wait_leg<LegReleased>(there);
    if (!released || released->by != ReleasedBy::kRemote) ++lost;
    EXPECT_TRUE(box.wait_leg<LegReleased>(out));
  }
  EXPECT_FALSE(box.wait<LegReleased>([](const LegReleased&) { return true; }, 10ms)) << "a call has ended by itself";
  std::printf("%d calls with 30 at once, %d lost when a link failed; longest IAM to ANM %.0f ms\n", calls, lost,
              longest);
  EXPECT_EQ(0, lost);
  const auto shown = box.snapshot();
  ASSERT_EQ(2U, shown.linkSets.size());
  EXPECT_TRUE(shown.linkSets[0].up);
  EXPECT_NE(LinkState::kInService, shown.linkSets[0].links[0].state);
  EXPECT_EQ(LinkState::kInService, shown.linkSets[0].links[1].state);
  EXPECT_EQ(1.0, shown.linkSets[0].links[0].failures);
  box.ask(VirtualLinkSpoil{.span = 1, .timeslot = 16, .cut = false});
  EXPECT_TRUE(
      box.wait<LinkChanged>([](const LinkChanged& at) { return at.span == 1 && at.state == LinkState::kInService; }));
}

TEST(EngineSs7Links, AnAlarmOfTheE1ThatCarriesTheOnlyLinkEndsItsCallsAndTheyComeBack) {
  Ss7Box box;
  const auto call = box.answered();
  box.ask(VirtualAlarm{1, AlarmKind::kLos, true});
  const auto released = box.wait_leg<LegReleased>(call.in.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(38U, released->cause);
  EXPECT_EQ(ReleasedBy::kFault, released->by);
  EXPECT_TRUE(box.wait_leg<LegReleased>(call.out.leg));
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = 1, .calledNumber = "95001"}).code);
  box.ask(VirtualAlarm{1, AlarmKind::kLos, false});
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  EXPECT_NE(0U, box.answered().in.leg);
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
