// SPDX-License-Identifier: GPL-2.0-or-later
// PRI against an exchange that has none of our code: libpri on the driver, network side (hil-tests/peer).
#include <chrono>

#include "conformance/heard.hpp"
#include "driver_bed.hpp"
#include "program.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kCalls = 30;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

/// The near E1 ours, the far one the exchange's, the data link up.
class PeerBox {
 public:
  explicit PeerBox(std::vector<std::string> more = {}) {
    std::vector<std::string> words{setting("PEER"), "32"};
    words.insert(words.end(), more.begin(), more.end());
    box = std::make_unique<Box>(near_span());
    exchange = std::make_unique<Program>(std::move(words));
    EXPECT_TRUE(expect_event<SpanDchannel>(*box, [](const SpanDchannel& event) { return event.up; }));
    // Both ends establish the link when they start, one after the other: what is sent before the second time is lost.
    let_pass(*box, 1500);
  }
  bool told(const std::string& line) {
    const bool found = exchange->line(line, bed().patience()).has_value();
    if (!found) ADD_FAILURE() << "the exchange does not say: " << line << "; it says:\n" << exchange->everything();
    return found;
  }
  std::unique_ptr<Box> box;
  std::unique_ptr<Program> exchange;
};

/// Everybody says something and hears it again, recorded in one file with what was said.
void expect_sent_back(Box& box, const std::vector<Talk>& talks) {
  const auto ms = bed().speech_ms() / 2;
  let_pass(box, 1500);  // the far end has opened its timeslots by now
  std::vector<uint32_t> recordings;
  for (const auto& talk : talks) {
    const auto name = std::to_string(talk.timeslot) + ".wav";
    write_alaw(box.file("said" + name), random_octets(ms, talk.timeslot));
    recordings.push_back(box.ask<RecordingStarted>(RecordingStart{talk.port, box.file("talk" + name)}).recording);
  }
  for (const auto& talk : talks) {
    box.submit(PlayStart{talk.port, {box.file("said" + std::to_string(talk.timeslot) + ".wav")}});
  }
  for (std::size_t i = 0; i < talks.size(); ++i) {
    EXPECT_TRUE(expect_event<PlayEnded>(box, [](const PlayEnded&) { return true; }));
  }
  let_pass(box, 1500);
  for (const auto recording : recordings) box.ask<RecordingResult>(RecordingStop{recording});
  Heard heard;
  for (const auto& talk : talks) {
    const auto file = box.file("talk" + std::to_string(talk.timeslot) + ".wav");
    heard += compare(channel(file, 0), random_octets(ms, talk.timeslot));
  }
  expect_heard(heard);
}

TEST(PriPeer, TakesThirtyCallsOfOursAndSendsBackWhatItHears) {
  PeerBox peer;
  auto& box = *peer.box;
  const auto begun = Clock::now();
  std::vector<Talk> talks;
  std::vector<uint64_t> asked;
  for (uint32_t call = 0; call < kCalls; ++call) {
    asked.push_back(box.submit(
        LegSeize{.span = kNear, .calledNumber = std::to_string(95010 + call), .callingNumber = "02188886666"}));
  }
  for (const auto id : asked) {
    const auto reply = box.reply(id);
    const auto* seized = std::get_if<LegSeized>(&reply);
    ASSERT_NE(nullptr, seized);
    talks.push_back({seized->timeslot, seized->leg, seized->port, 0, 0, ""});
  }
  for (const auto& talk : talks) ASSERT_TRUE(expect_leg<LegAnswered>(box, talk.leg)) << talk.timeslot;
  figure("thirty calls answered after", ms_since(begun), "ms");
  expect_sent_back(box, talks);
  for (const auto& talk : talks) {
    box.ask(LegRelease{talk.leg, 31});
    EXPECT_TRUE(peer.told("hangup " + std::to_string(talk.timeslot) + " 31"));
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
  }
}

TEST(PriPeer, CallsUsOnThirtyTimeslotsAndIsAnswered) {
  PeerBox peer({"--call", "95001"});
  auto& box = *peer.box;
  std::vector<Talk> talks;
  for (uint32_t call = 0; call < kCalls; ++call) {
    const auto offered = expect_event<LegOffered>(box, [](const LegOffered&) { return true; });
    ASSERT_TRUE(offered) << "only " << call << " calls came; the far end says:\n" << peer.exchange->everything();
    EXPECT_EQ("95001", offered->calledNumber);
    EXPECT_EQ("02180000000", offered->callingNumber);
    talks.push_back({offered->timeslot, offered->leg, offered->port, 0, 0, ""});
    box.ask(LegAnswer{{offered->leg}});
  }
  for (uint32_t call = 0; call < kCalls; ++call) EXPECT_TRUE(peer.told("answered "));
  expect_sent_back(box, talks);
  for (const auto& talk : talks) {
    box.ask(LegRelease{talk.leg, 17});
    EXPECT_TRUE(peer.told("hangup " + std::to_string(talk.timeslot) + " 17"));
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
  }
}

TEST(PriPeer, RefusesAndClearsWithTheCauseThatWeTell) {
  PeerBox peer;
  auto& box = *peer.box;
  for (const uint32_t cause : {1U, 17U, 21U, 27U, 34U, 38U}) {
    for (const auto* number : {"86", "87"}) {
      const auto call = box.ask<LegSeized>(
          LegSeize{.span = kNear, .calledNumber = number + std::string(cause < 10 ? "0" : "") + std::to_string(cause)});
      const auto released = expect_leg<LegReleased>(box, call.leg);
      ASSERT_TRUE(released);
      EXPECT_EQ(cause, released->cause) << number;
      EXPECT_EQ(ReleasedBy::kRemote, released->by);
    }
  }
}

TEST(PriPeer, DialsKeysThatWeHearAndHearsOurs) {
  PeerBox peer;
  auto& box = *peer.box;
  const std::string theirs = "1470258369";
  const auto call = box.ask<LegSeized>(LegSeize{.span = kNear, .calledNumber = "72" + theirs});
  box.ask(DetectorSet{.port = call.port, .dtmf = true});
  ASSERT_TRUE(expect_leg<LegAnswered>(box, call.leg));
  std::string heard;
  while (heard.size() < theirs.size()) {
    const auto digit = expect_leg<LegDigit>(box, call.leg);
    ASSERT_TRUE(digit) << "heard only " << heard;
    heard += digit->digit;
  }
  EXPECT_EQ(theirs, heard);
  const std::string ours = "147*2580#369ABCD";
  box.ask<PlayStarted>(DigitsSend{.port = call.port, .digits = ours, .onMs = 80, .offMs = 80});
  heard.clear();
  while (heard.size() < ours.size()) {
    const auto line = peer.exchange->line("heard ", bed().patience());
    ASSERT_TRUE(line) << "the exchange heard only " << heard;
    heard += line->substr(line->rfind(' ') + 1);
  }
  EXPECT_EQ(ours, heard);
  box.ask(LegRelease{call.leg, 16});
  EXPECT_TRUE(expect_leg<LegReleased>(box, call.leg));
}

TEST(PriPeer, IsMissedWhenItsE1IsTakenOutAndCalledAgainWhenItIsBack) {
  auto peer = std::make_unique<PeerBox>();
  auto& box = *peer->box;
  std::vector<uint32_t> legs;
  for (uint32_t call = 0; call < kCalls; ++call) {
    legs.push_back(box.ask<LegSeized>(LegSeize{.span = kNear, .calledNumber = "95001"}).leg);
  }
  for (const auto leg : legs) ASSERT_TRUE(expect_leg<LegAnswered>(box, leg));
  peer->exchange->end();
  auto begun = Clock::now();
  remove_far_span();
  const auto alarm = expect_event<SpanAlarmed>(box, [](const SpanAlarmed& event) { return !event.alarms.empty(); });
  ASSERT_TRUE(alarm);
  figure("alarm told after", ms_since(begun), "ms");
  EXPECT_EQ(AlarmKind::kRed, alarm->alarms[0]);
  for (const auto leg : legs) {
    const auto released = expect_leg<LegReleased>(box, leg);
    ASSERT_TRUE(released);
    EXPECT_EQ(38U, released->cause) << "network out of order (Q.850)";
  }
  figure("all calls cleared after", ms_since(begun), "ms");
  EXPECT_EQ(ErrorCode::kUnavailable, box.refused(LegSeize{.span = kNear, .calledNumber = "95001"}).code);

  begun = Clock::now();
  make_far_span();
  EXPECT_TRUE(expect_event<SpanAlarmed>(box, [](const SpanAlarmed& event) { return event.alarms.empty(); }));
  figure("alarm over after", ms_since(begun), "ms");
  Program again({setting("PEER"), "32"});
  EXPECT_TRUE(expect_event<SpanDchannel>(box, [](const SpanDchannel& event) { return event.up; }));
  let_pass(box, 1500);
  // What was cleared in the alarm is cleared with the new exchange, too, before its timeslots are used again.
  std::vector<uint32_t> again_legs;
  for (int attempt = 0; attempt < 60 && again_legs.size() < kCalls; ++attempt) {
    auto reply = box.reply(box.submit(LegSeize{.span = kNear, .calledNumber = "95001"}));
    if (const auto* seized = std::get_if<LegSeized>(&reply)) {
      again_legs.push_back(seized->leg);
    } else {
      EXPECT_EQ(ErrorCode::kBusy, std::get<Error>(reply).code);
      let_pass(box, 500);
    }
  }
  figure("all timeslots used again after", ms_since(begun), "ms");
  ASSERT_EQ(kCalls, again_legs.size());
  for (const auto leg : again_legs) EXPECT_TRUE(expect_leg<LegAnswered>(box, leg));
}

}  // namespace
}  // namespace cordboard::engine
