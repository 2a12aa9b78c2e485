// SPDX-License-Identifier: GPL-2.0-or-later
// PRI over two E1 of the driver that are looped to each other: both ends ours, then against an exchange that has none of our
// code, and what happens when the other end is taken away.
#include <dahdi/user.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cstring>

#include "hil_box.hpp"

namespace cordboard::engine {
namespace {

constexpr uint32_t kCalls = 30;
constexpr std::size_t kOctets = 24000;  // 3 s on each timeslot, each way

struct Talk {
  uint32_t timeslot{};
  uint32_t leg{};
  uint32_t port{};
  uint32_t far_leg{};
  uint32_t far_port{};
};

template <class Event>
bool wait_slowly(Box& box, uint32_t leg) {
  return box.wait<Event>([leg](const Event& event) { return event.leg == leg; }, kSlow).has_value();
}

void wait_up(Box& box, uint32_t span) {
  const auto up = [span](const SpanDchannel& event) { return event.span == span && event.up; };
  EXPECT_TRUE(box.wait<SpanDchannel>(up, kSlow)) << "span " << span;
}

/// Thirty calls from the user's side, all set up at once.
std::vector<Talk> call_out(Box& box) {
  std::vector<Talk> talks;
  std::vector<uint64_t> asked;
  for (uint32_t call = 0; call < kCalls; ++call) {
    asked.push_back(box.submit(
        LegSeize{.span = 1, .calledNumber = "9500" + std::to_string(10 + call), .callingNumber = "02188886666"}));
  }
  for (const auto id : asked) {
    auto reply = box.reply(id);
    const auto* seized = std::get_if<LegSeized>(&reply);
    if (seized == nullptr) {
      ADD_FAILURE() << std::get<Error>(reply).text;
      continue;
    }
    talks.push_back({seized->timeslot, seized->leg, seized->port});
  }
  return talks;
}

std::string name_of_file(Box& box, const char* what, uint32_t number) {
  return box.file(std::string(what) + std::to_string(number) + ".wav");
}

/// What is said into `port` is heard whole, octet by octet, in channel `which` of a recording.
struct Heard {
  uint32_t whole{};
  uint32_t of{};
  std::size_t worst_run{};
  void add(const std::vector<uint8_t>& heard, const std::vector<uint8_t>& said) {
    ++of;
    if (find_run(heard, said)) ++whole;
  }
};

TEST(Driver, TellsOfItsSpansAndChannels) {
  auto config = hil_config(true);
  Box box(config);
  const auto boards = box.ask<Boards>(BoardsGet{});
  std::printf("    driver %s\n", boards.driver.c_str());
  ASSERT_EQ(2U, boards.spans.size());
  for (const auto& span : boards.spans) {
    std::printf("    span %u: %s, %s, %s, at %s\n", span.device, span.name.c_str(), span.description.c_str(),
                span.type.c_str(), span.location.c_str());
    EXPECT_EQ(span.device, span.span);
    EXPECT_EQ("E1", span.type);
    EXPECT_TRUE(span.alarms.empty());
    ASSERT_EQ(31U, span.channels.size());
    for (const auto& channel : span.channels) {
      EXPECT_EQ(channel.position == 16 ? ChannelUse::kFrames : ChannelUse::kSpeech, channel.use) << channel.position;
    }
  }
}

TEST(Pri, CarriesThirtyCallsAtOnceBitExactBetweenTwoSpansOfOurs) {
  Box box(hil_config(true));
  wait_up(box, 1);
  wait_up(box, 2);
  const auto begun = now_ms();
  auto talks = call_out(box);
  ASSERT_EQ(kCalls, talks.size());
  for (auto& talk : talks) {
    const auto offered =
        box.wait<LegOffered>([&](const LegOffered& event) { return event.timeslot == talk.timeslot; }, kSlow);
    ASSERT_TRUE(offered) << talk.timeslot;
    EXPECT_EQ(2U, offered->span);
    talk.far_leg = offered->leg;
    talk.far_port = offered->port;
    box.submit(LegAnswer{{offered->leg}});
  }
  for (const auto& talk : talks) ASSERT_TRUE(wait_slowly<LegAnswered>(box, talk.leg));
  figure("thirty calls answered after", static_cast<double>(now_ms() - begun), "ms");

  // Speech of either end is announced to it, so that the other end says it: bus.connect would need a third port.
  std::vector<uint32_t> recordings;
  for (const auto& talk : talks) {
    const auto n = talk.timeslot;
    write_alaw(name_of_file(box, "near", n), random_octets(kOctets, n));
    write_alaw(name_of_file(box, "far", n), random_octets(kOctets, 100 + n));
  }
  const auto before = box.snapshot();
  for (const auto& talk : talks) {
    const auto n = talk.timeslot;
    recordings.push_back(
        box.ask<RecordingStarted>(RecordingStart{talk.port, name_of_file(box, "at-near", n)}).recording);
    recordings.push_back(
        box.ask<RecordingStarted>(RecordingStart{talk.far_port, name_of_file(box, "at-far", n)}).recording);
  }
  for (const auto& talk : talks) {
    box.submit(PlayStart{talk.port, {name_of_file(box, "near", talk.timeslot)}});
    box.submit(PlayStart{talk.far_port, {name_of_file(box, "far", talk.timeslot)}});
  }
  for (uint32_t play = 0; play < 2 * kCalls; ++play) {
    ASSERT_TRUE(box.wait<PlayEnded>([](const PlayEnded&) { return true; }, kSlow));
  }
  std::this_thread::sleep_for(2s);  // what is on its way
  for (const auto recording : recordings) box.ask<RecordingResult>(RecordingStop{recording});
  Heard heard;
  for (const auto& talk : talks) {
    const auto n = talk.timeslot;
    heard.add(channel(name_of_file(box, "at-far", n), 0), random_octets(kOctets, n));
    heard.add(channel(name_of_file(box, "at-near", n), 0), random_octets(kOctets, 100 + n));
  }
  const auto after = box.snapshot();
  figure("directions heard bit-exact", heard.whole, "of 60");
  figure("slips meanwhile", counter(after, "board_slips") - counter(before, "board_slips"), "blocks");
  figure("channels begun anew meanwhile", counter(after, "board_restarts") - counter(before, "board_restarts"), "");
  figure("tick, median", after.tick.p50Us, "us");
  figure("tick, 99th percentile", after.tick.p99Us, "us");
  EXPECT_EQ(2 * kCalls, heard.whole);

  for (const auto& talk : talks) box.submit(LegRelease{talk.leg, 16});
  for (const auto& talk : talks) {
    const auto released =
        box.wait<LegReleased>([&](const LegReleased& event) { return event.leg == talk.far_leg; }, kSlow);
    ASSERT_TRUE(released);
    EXPECT_EQ(16U, released->cause);
  }
}

/// Calls to the exchange, which sends back what it hears; gives how many came back whole.
Heard talk_to_the_exchange(Box& box, std::vector<Talk>& talks, double& delay_ms) {
  for (const auto& talk : talks) {
    EXPECT_TRUE(wait_slowly<LegAnswered>(box, talk.leg));
    write_alaw(name_of_file(box, "said", talk.timeslot), random_octets(kOctets, talk.timeslot));
  }
  std::this_thread::sleep_for(2s);  // the far end has opened its timeslots by now
  std::vector<uint32_t> recordings;
  for (const auto& talk : talks) {
    const auto path = name_of_file(box, "talk", talk.timeslot);
    recordings.push_back(box.ask<RecordingStarted>(RecordingStart{talk.port, path}).recording);
  }
  for (const auto& talk : talks) box.submit(PlayStart{talk.port, {name_of_file(box, "said", talk.timeslot)}});
  for (std::size_t play = 0; play < talks.size(); ++play) {
    EXPECT_TRUE(box.wait<PlayEnded>([](const PlayEnded&) { return true; }, kSlow));
  }
  std::this_thread::sleep_for(2s);
  for (const auto recording : recordings) box.ask<RecordingResult>(RecordingStop{recording});
  Heard heard;
  double samples = 0;
  for (const auto& talk : talks) {
    const auto said = random_octets(kOctets, talk.timeslot);
    const auto path = name_of_file(box, "talk", talk.timeslot);
    heard.add(channel(path, 0), said);
    const auto out = find_run(channel(path, 1), said);
    const auto back = find_run(channel(path, 0), said);
    if (out && back) samples += static_cast<double>(*back - *out);
  }
  delay_ms = heard.whole == 0 ? 0 : samples / heard.whole / 8;
  return heard;
}

TEST(Pri, CallsAnExchangeThatIsLibpriAloneOnThirtyTimeslots) {
  const auto peer = exchange();
  Box box(hil_config(false));
  wait_up(box, 1);
  const auto begun = now_ms();
  auto talks = call_out(box);
  ASSERT_EQ(kCalls, talks.size());
  double delay_ms = 0;
  const auto heard = talk_to_the_exchange(box, talks, delay_ms);
  figure("calls answered", static_cast<double>(talks.size()), "of 30");
  figure("sent back bit-exact", heard.whole, "of 30");
  figure("there and back", delay_ms, "ms");
  figure("case took", static_cast<double>(now_ms() - begun), "ms");
  EXPECT_EQ(kCalls, heard.whole);
  for (const auto& talk : talks) box.submit(LegRelease{talk.leg, 16});
  for (const auto& talk : talks) EXPECT_TRUE(wait_slowly<LegReleased>(box, talk.leg));
}

TEST(Pri, TakesThirtyCallsFromAnExchangeThatIsLibpriAlone) {
  Box box(hil_config(false));
  const auto peer = exchange("--call", "95001");
  uint32_t offered = 0;
  std::vector<uint32_t> legs;
  for (; offered < kCalls; ++offered) {
    const auto call = box.wait<LegOffered>([](const LegOffered&) { return true; }, kSlow);
    if (!call) break;
    EXPECT_EQ("95001", call->calledNumber);
    EXPECT_EQ("02180000000", call->callingNumber);
    legs.push_back(call->leg);
    box.ask(LegAnswer{{call->leg}});
  }
  figure("calls taken", offered, "of 30");
  EXPECT_EQ(kCalls, offered);
  for (const auto leg : legs) box.submit(LegRelease{leg, 17});
  for (const auto leg : legs) EXPECT_TRUE(wait_slowly<LegReleased>(box, leg));
}

/// Span 2 of the driver, which hangs on span 1, taken away and made anew.
void set_peer_span(bool there) {
  const int control = open("/dev/dahdi/ctl", O_RDWR | O_CLOEXEC);
  ASSERT_GE(control, 0);
  dahdi_dynamic_span span{};
  std::snprintf(span.driver, sizeof span.driver, "loc");
  std::snprintf(span.addr, sizeof span.addr, "1:1");
  span.numchans = 31;
  const int done = ioctl(control, there ? DAHDI_DYNAMIC_CREATE : DAHDI_DYNAMIC_DESTROY, &span);
  EXPECT_EQ(0, done) << std::strerror(errno);
  close(control);
  if (!there) return;
  Program configure({setting("TOOLS") + "/dahdi_cfg", "-c", setting("CONF") + "/peer.conf"});
  std::this_thread::sleep_for(3s);
}

TEST(Pri, ClearsCallsWhenTheFarSpanIsGoneAndComesBackByItself) {
  auto peer = std::make_unique<Program>(std::vector<std::string>{setting("PEER"), "32"});
  Box box(hil_config(false));
  wait_up(box, 1);
  auto talks = call_out(box);
  ASSERT_EQ(kCalls, talks.size());
  for (const auto& talk : talks) ASSERT_TRUE(wait_slowly<LegAnswered>(box, talk.leg));

  peer->end();
  auto begun = now_ms();
  set_peer_span(false);
  const auto alarm = box.wait<SpanAlarmed>([](const SpanAlarmed& event) { return !event.alarms.empty(); }, kSlow);
  ASSERT_TRUE(alarm);
  figure("alarm after", static_cast<double>(now_ms() - begun), "ms");
  std::printf("    alarm: %s\n", std::string(cordboard::name_of(alarm->alarms[0])).c_str());
  for (const auto& talk : talks) {
    const auto released = box.wait<LegReleased>([&](const LegReleased& event) { return event.leg == talk.leg; }, kSlow);
    ASSERT_TRUE(released);
    EXPECT_EQ(38U, released->cause);  // network out of order (Q.850)
  }
  figure("all calls cleared after", static_cast<double>(now_ms() - begun), "ms");
  EXPECT_TRUE(box.snapshot().legs.empty());

  begun = now_ms();
  set_peer_span(true);
  EXPECT_TRUE(box.wait<SpanAlarmed>([](const SpanAlarmed& event) { return event.alarms.empty(); }, kSlow));
  figure("alarm over after", static_cast<double>(now_ms() - begun), "ms");
  peer = std::make_unique<Program>(std::vector<std::string>{setting("PEER"), "32"});
  wait_up(box, 1);
  const auto call = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "95001"});
  EXPECT_TRUE(wait_slowly<LegAnswered>(box, call.leg));
  box.ask(LegRelease{call.leg, 16});
  EXPECT_TRUE(wait_slowly<LegReleased>(box, call.leg));
}

}  // namespace
}  // namespace cordboard::engine
