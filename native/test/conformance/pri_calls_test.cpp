// SPDX-License-Identifier: GPL-2.0-or-later
// PRI between two E1 that are ours, on virtual cables and on the driver alike.
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

/// Both ends, their data link up.
class PriBox : public Box {
 public:
  explicit PriBox(const EngineConfig& config = bed().spans()) : Box(config) {
    for (const auto span : {kNear, kFar}) {
      const auto up = [span](const SpanDchannel& event) { return event.span == span && event.up; };
      EXPECT_TRUE(expect_event<SpanDchannel>(*this, up)) << "span " << span;
    }
    bed().settle(*this, 500);  // channels that have just been opened come into step
  }
};

TEST(PriCalls, CarriesThirtyAtOnceBitExactBothWays) {
  PriBox box;
  const auto begun = Clock::now();
  const auto talks = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, talks.size());
  figure("thirty calls answered after", ms_since(begun), "ms");
  EXPECT_EQ(ErrorCode::kBusy, box.refused(LegSeize{.span = kNear, .calledNumber = "95001"}).code);
  const auto before = box.snapshot();
  const auto heard = speak(box, talks, bed().speech_ms());
  const auto after = box.snapshot();
  figure("slips", counter(after, "board_slips") - counter(before, "board_slips"), "blocks");
  figure("channels begun anew", counter(after, "board_restarts") - counter(before, "board_restarts"), "");
  figure("tick, median", after.tick.p50Us, "us");
  figure("tick, 99th percentile", after.tick.p99Us, "us");
  figure("tick, 99th percentile of lateness", after.tick.latenessP99Us, "us");
  expect_heard(heard);
  hang_up(box, talks);
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(PriCalls, SetsUpAHundredOneAfterTheOtherInBothDirections) {
  PriBox box;
  std::vector<double> setups;
  for (int i = 0; i < 100; ++i) {
    const auto from = i % 2 == 0 ? kNear : kFar;
    const auto to = i % 2 == 0 ? kFar : kNear;
    const auto begun = Clock::now();
    const auto talks = talk(box, from, to, 1);
    ASSERT_EQ(1U, talks.size()) << "call " << i;
    setups.push_back(ms_since(begun));
    hang_up(box, talks);
  }
  figure("from seizure to answer, median", percentile(setups, 50), "ms");
  figure("from seizure to answer, 99th percentile", percentile(setups, 99), "ms");
}

TEST(PriCalls, RefusesWithTheCauseThatTheCallerIsTold) {
  PriBox box;
  for (const uint32_t cause : {1U, 17U, 21U, 27U, 34U, 42U}) {
    const auto talks = call(box, kNear, kFar, 1);
    ASSERT_EQ(1U, talks.size());
    box.ask(LegRelease{talks[0].far_leg, cause});
    const auto released = expect_leg<LegReleased>(box, talks[0].leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(cause, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talks[0].far_leg));
  }
}

TEST(PriMedia, RecordsWhatThePeerSaysAndWhatItHears) {
  PriBox box;
  const auto talks = talk(box, kNear, kFar, 1);
  ASSERT_EQ(1U, talks.size());
  const auto ms = bed().speech_ms();
  write_alaw(box.file("peer.wav"), random_octets(ms, 1));
  write_alaw(box.file("ours.wav"), random_octets(ms, 2));
  const auto recording = box.ask<RecordingStarted>(RecordingStart{talks[0].port, box.file("call.wav")}).recording;
  box.ask<PlayStarted>(PlayStart{talks[0].far_port, {box.file("peer.wav")}});
  box.ask<PlayStarted>(PlayStart{talks[0].port, {box.file("ours.wav")}});
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(expect_event<PlayEnded>(box, [](const PlayEnded&) { return true; }));
  let_pass(box, 200);
  bed().settle(box, 1000);
  const auto result = box.ask<RecordingResult>(RecordingStop{recording});
  EXPECT_EQ(0, result.lostMs);
  EXPECT_GE(result.durationMs, ms);
  expect_heard(compare(channel(box.file("call.wav"), 0), random_octets(ms, 1)));
  EXPECT_TRUE(find_run(channel(box.file("call.wav"), 1), random_octets(ms, 2))) << "right is not what the peer hears";
  hang_up(box, talks);
}

TEST(PriMedia, HearsKeysOfThePeerAndIsHeardByIt) {
  PriBox box;
  const auto talks = talk(box, kNear, kFar, 1);
  ASSERT_EQ(1U, talks.size());
  const std::string keys = "147*2580#369ABCD";
  for (const auto& [from, to, leg] : {std::tuple{talks[0].far_port, talks[0].port, talks[0].leg},
                                      std::tuple{talks[0].port, talks[0].far_port, talks[0].far_leg}}) {
    box.ask(DetectorSet{.port = to, .dtmf = true});
    box.ask<PlayStarted>(DigitsSend{.port = from, .digits = keys, .onMs = 80, .offMs = 80});
    std::string heard;
    while (heard.size() < keys.size()) {
      const auto digit = expect_leg<LegDigit>(box, leg);
      ASSERT_TRUE(digit) << "heard only " << heard;
      heard += digit->digit;
    }
    EXPECT_EQ(keys, heard);
  }
  hang_up(box, talks);
}

/// The near end of one call hears the near end of another, while their far ends are connected: so what it was made to hear
/// comes back once it has gone there and back, in the same recording.
TEST(PriMedia, ComesBackAfterOneRoundTrip) {
  PriBox box;
  const auto talks = talk(box, kNear, kFar, 2);
  ASSERT_EQ(2U, talks.size());
  box.ask(BusConnect{talks[0].far_port, talks[1].far_port});
  box.ask(BusListen{.listener = talks[0].port, .source = talks[1].port});
  const auto said = random_octets(2000, 7);
  write_alaw(box.file("said.wav"), said);
  const auto recording = box.ask<RecordingStarted>(RecordingStart{talks[0].port, box.file("loop.wav")}).recording;
  box.ask<PlayStarted>(PlayStart{talks[0].port, {box.file("said.wav")}});
  EXPECT_TRUE(expect_event<PlayEnded>(box, [](const PlayEnded&) { return true; }));
  let_pass(box, 1000);
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto hears = channel(box.file("loop.wav"), 1);
  const auto begun = find_run(hears, said);
  ASSERT_TRUE(begun);
  // A second copy of the tail of it, a round trip behind the first.
  const std::vector<uint8_t> tail(said.end() - kRowOctets, said.end());
  const auto first = *begun + said.size() - kRowOctets;
  const auto again =
      std::search(hears.begin() + static_cast<std::ptrdiff_t>(first) + 1, hears.end(), tail.begin(), tail.end());
  ASSERT_NE(again, hears.end()) << "nothing came back";
  const auto octets = static_cast<double>(again - hears.begin()) - static_cast<double>(first);
  figure("there and back", octets / 8, "ms");
  EXPECT_LE(octets / 8, 700);
  hang_up(box, talks);
}

TEST(PriAlarm, ClearsItsCallsRefusesNewOnesAndComesBackByItself) {
  PriBox box;
  const auto talks = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, talks.size());
  auto begun = Clock::now();
  bed().cut(box);
  const auto alarmed = [](uint32_t span, bool on) {
    return [=](const SpanAlarmed& event) { return event.span == span && event.alarms.empty() != on; };
  };
  const auto alarm = expect_event<SpanAlarmed>(box, alarmed(kNear, true));
  ASSERT_TRUE(alarm);
  figure("alarm told after", ms_since(begun), "ms");
  std::printf("    alarm: %s\n", std::string(name_of(alarm->alarms[0])).c_str());
  for (const auto& talk : talks) {
    const auto released = expect_leg<LegReleased>(box, talk.leg);
    ASSERT_TRUE(released) << "timeslot " << talk.timeslot;
    EXPECT_EQ(38U, released->cause) << "network out of order (Q.850)";
    EXPECT_EQ(ReleasedBy::kFault, released->by);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.far_leg));
  }
  figure("all calls cleared after", ms_since(begun), "ms");
  EXPECT_TRUE(box.snapshot().legs.empty());
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = kNear, .calledNumber = "95001"}).code);

  begun = Clock::now();
  bed().join(box);
  EXPECT_TRUE(expect_event<SpanAlarmed>(box, alarmed(kNear, false)));
  figure("alarm over after", ms_since(begun), "ms");
  for (const auto span : {kNear, kFar}) {
    const auto up = [span](const SpanDchannel& event) { return event.span == span && event.up; };
    EXPECT_TRUE(expect_event<SpanDchannel>(box, up)) << "span " << span;
  }
  figure("calls taken again after", ms_since(begun), "ms");
  bed().settle(box, 500);
  const auto again = talk(box, kNear, kFar, 30);
  ASSERT_EQ(30U, again.size());
  expect_heard(speak(box, again, 1000));
  hang_up(box, again);
}

}  // namespace
}  // namespace cordboard::engine
