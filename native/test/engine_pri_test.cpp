// SPDX-License-Identifier: GPL-2.0-or-later
// ISDN primary rate through the whole engine, both ends on the virtual card.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1000 + time.tv_usec / 1000.0; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

const SnapshotSpan& span(const Snapshot& snapshot, uint32_t number) {
  for (const auto& one : snapshot.spans)
    if (one.span == number) return one;
  throw std::runtime_error("no such span");
}

/// Three E1s of one D-channel, and its back-up on the second.
EngineConfig nfas_config() {
  auto config = test_config(3, 0);
  for (auto& one : config.spans) {
    const uint32_t place = one.span % 100;
    one.t203Ms = 1000;
    one.pri.interfaceId = place;
    if (place == 1) continue;
    one.pri.dchannelOf = one.span - place + 1;
    one.pri.backup = place == 2;
  }
  return config;
}

TEST(EnginePri, SixteenE1sSetUp480CallsAtOnce) {
  Box box(test_config(16, 0));
  for (uint32_t n = 1; n <= 16; ++n) box.wait_dchannel(100 + n);
  for (uint32_t n = 1; n <= 16; ++n) box.wait_dchannel(n);
  const double cpu_before = cpu_ms();
  const auto begun = Clock::now();
  // Ours answers each as it is offered, while the exchange goes on calling.
  std::vector<uint32_t> answered_here;
  std::thread answers([&] {
    for (int n = 0; n < 480; ++n) {
      const auto offered = box.wait<LegOffered>();
      if (!offered) return;
      box.submit(LegAnswer{offered->leg});
      answered_here.push_back(offered->leg);
    }
  });
  std::map<uint32_t, Clock::time_point> answered_at;
  std::thread listens([&] {
    for (int n = 0; n < 480; ++n) {
      const auto answered = box.wait<LegAnswered>();
      if (!answered) return;
      answered_at[answered->leg] = Clock::now();
    }
  });
  std::map<uint32_t, Clock::time_point> since;
  std::vector<std::pair<uint64_t, Clock::time_point>> asked;
  for (uint32_t n = 0; n < 480; ++n) {
    const auto at = Clock::now();
    asked.emplace_back(
        box.submit(LegSeize{.span = 101 + n % 16, .calledNumber = "95001", .callingNumber = "13800138000"}), at);
  }
  for (const auto& [id, at] : asked) {
    auto reply = box.reply(id);
    EXPECT_TRUE(std::holds_alternative<LegSeized>(reply));
    if (std::holds_alternative<LegSeized>(reply)) since[std::get<LegSeized>(reply).leg] = at;
  }
  answers.join();
  listens.join();
  ASSERT_EQ(answered_at.size(), 480U);
  std::vector<double> setup;
  for (const auto& [leg, at] : answered_at) {
    setup.push_back(std::chrono::duration<double, std::milli>(at - since.at(leg)).count());
  }
  const double took = ms_since(begun);
  std::printf(
      "480 calls at once answered in %.0f ms: set-up p50 %.0f ms, p99 %.0f ms; %.2f ms of CPU a call, %.0f ms in all\n",
      took, percentile(setup, 0.5), percentile(setup, 0.99), (cpu_ms() - cpu_before) / 480, cpu_ms() - cpu_before);
  EXPECT_EQ(box.snapshot().legs.size(), 960U);
  for (const auto leg : answered_here) box.submit(LegRelease{leg});
  for (int n = 0; n < 960; ++n) ASSERT_TRUE(box.wait<LegReleased>()) << n;
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(EnginePri, AnsweredCallsOutliveTheDchannelAndOthersDoNot) {
  auto config = test_config(1, 0);
  for (auto& one : config.spans) one.t203Ms = 1000;
  Box box(config);
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  std::vector<uint32_t> talking;
  for (int n = 0; n < 20; ++n) {
    const auto out = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "1"});
    const auto offered = box.wait<LegOffered>();
    ASSERT_TRUE(offered);
    box.ask(LegAnswer{offered->leg});
    ASSERT_TRUE(box.wait_leg<LegAnswered>(out.leg));
    talking.push_back(out.leg);
  }
  const auto ringing = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "2"});
  ASSERT_TRUE(box.wait<LegOffered>());
  box.ask(VirtualDchannel{1, true});
  box.wait_dchannel(1, false);
  const auto released = box.wait_leg<LegReleased>(ringing.leg);
  ASSERT_TRUE(released) << "what is not answered is cleared";
  const auto back = Clock::now();
  box.ask(VirtualDchannel{1, false});
  box.wait_dchannel(1);
  const auto again = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "3"});
  ASSERT_TRUE(box.wait<LegOffered>([](const auto& event) { return event.calledNumber == "3"; }));
  std::printf("calls again %.0f ms after the D-channel was back\n", ms_since(back));
  const auto legs = box.snapshot().legs;
  std::size_t kept = 0;
  for (const auto leg : talking) {
    kept += static_cast<std::size_t>(
        std::count_if(legs.begin(), legs.end(), [&](const auto& at) { return at.leg == leg; }));
  }
  std::printf("%zu of %zu answered calls kept\n", kept, talking.size());
  EXPECT_EQ(kept, talking.size());
  for (const auto leg : talking) box.submit(LegRelease{leg});
  for (const auto leg : talking) EXPECT_TRUE(box.wait_leg<LegReleased>(leg));
  EXPECT_TRUE(again.leg != 0);
}

TEST(EnginePri, SeveralE1sShareADchannelAndItsBackUp) {
  Box box(nfas_config());
  for (const uint32_t n : {1U, 2U, 3U, 101U, 102U, 103U}) box.wait_dchannel(n);
  auto snapshot = box.snapshot();
  EXPECT_EQ(span(snapshot, 1).timeslots.size(), 30U);
  EXPECT_EQ(span(snapshot, 2).timeslots.size(), 30U);
  EXPECT_EQ(span(snapshot, 3).timeslots.size(), 31U) << "no D-channel there";
  EXPECT_EQ(span(snapshot, 3).pri->dchannelOf, 1U);
  EXPECT_TRUE(span(snapshot, 2).pri->dchannelHere);
  const auto call = [&](uint32_t from, uint32_t timeslot) {
    const auto out = box.ask<LegSeized>(LegSeize{.span = from, .timeslot = timeslot, .calledNumber = "1"});
    const auto offered = box.wait<LegOffered>();
    if (!offered) throw std::runtime_error("nobody was called");
    EXPECT_EQ(offered->span % 100, from % 100);
    EXPECT_TRUE(timeslot == 0 || offered->timeslot == timeslot);
    box.ask(LegAnswer{offered->leg});
    EXPECT_TRUE(box.wait_leg<LegAnswered>(out.leg));
    return std::pair{out.leg, offered->leg};
  };
  call(1, 0);
  const auto third = call(103, 16);
  const auto second = call(2, 16 - 1);
  // The D-channel of the first E1 goes: the back-up has the calls, and new ones.
  box.ask(VirtualDchannel{1, true});
  for (int n = 0; n < 400; ++n) {
    snapshot = box.snapshot();
    if (!span(snapshot, 1).pri->dchannelHereUp && !span(snapshot, 101).pri->dchannelHereUp) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_FALSE(span(snapshot, 1).pri->dchannelHereUp);
  EXPECT_TRUE(span(snapshot, 1).dchannelUp) << "calls can be signalled all the time";
  call(1, 3);
  call(103, 31);
  box.ask(LegRelease{third.first});
  EXPECT_TRUE(box.wait_leg<LegReleased>(third.second));
  box.ask(LegRelease{second.second});
  EXPECT_TRUE(box.wait_leg<LegReleased>(second.first));
}

TEST(EnginePri, RefusesE1sThatDoNotFitTogether) {
  const auto refused = [](auto&& change) {
    auto config = nfas_config();
    config.recordingFolder = "/nonexistent";
    change(config.spans);
    auto made = Engine::create(config, [](Batch) {});
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().text;
  };
  EXPECT_NE(refused([](auto& spans) { spans[2].pri.dchannelOf = 7; }), "");
  EXPECT_NE(refused([](auto& spans) { spans[2].pri.interfaceId = 1; }), "");
  EXPECT_NE(refused([](auto& spans) { spans[4].pri.backup = true; }), "");
  EXPECT_NE(refused([](auto& spans) { spans[0].pri.protocol = PriProtocol::kQsig; }), "");
  EXPECT_NE(refused([](auto& spans) { spans[2].side = PriSide::kNetwork; }), "");
  EXPECT_NE(refused([](auto& spans) { spans[0].pri.backup = true; }), "");
}

TEST(EnginePri, DigitsOneByOneNamesAndCharges) {
  auto config = test_config(1, 0);
  for (auto& one : config.spans) one.pri.overlap = true;
  Box box(config);
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  LegSeize seize{.span = 101, .calledNumber = "95", .callingNumber = "13800138000", .callingName = "Ada"};
  seize.redirectingNumber = "4008";
  seize.redirectingReason = DivertReason::kBusy;
  seize.complete = false;
  const auto caller = box.ask<LegSeized>(seize);
  const auto offered = box.wait<LegOffered>();
  ASSERT_TRUE(offered);
  EXPECT_FALSE(offered->complete);
  EXPECT_EQ(offered->calledNumber, "95");
  EXPECT_EQ(offered->callingName, "Ada");
  EXPECT_EQ(offered->redirectingNumber, "4008");
  EXPECT_EQ(offered->redirectingReason, DivertReason::kBusy);
  box.ask(LegDial{caller.leg, "00", false});
  box.ask(LegDial{caller.leg, "1", true});
  std::string digits;
  while (digits.size() < 4) {
    const auto digit = box.wait_leg<LegDigit>(offered->leg);
    ASSERT_TRUE(digit);
    EXPECT_EQ(digit->source, DigitSource::kOverlap);
    digits += digit->digit;
  }
  EXPECT_EQ(digits, "001#");
  box.ask(LegAnswer{offered->leg});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(caller.leg));
  box.ask(LegRelease{caller.leg});
  ASSERT_TRUE(box.wait_leg<LegReleased>(caller.leg));
  // What a call out costs is told by the exchange.
  const auto out = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "13900139000"});
  const auto there = box.wait<LegOffered>();
  ASSERT_TRUE(there);
  EXPECT_EQ(box.refused(LegMeter{there->leg}).code, ErrorCode::kWrongState);
  box.ask(LegAnswer{there->leg});
  ASSERT_TRUE(box.wait_leg<LegAnswered>(out.leg));
  for (const uint32_t units : {1U, 2U}) {
    box.ask(LegMeter{there->leg});
    const auto metered = box.wait_leg<LegMetered>(out.leg);
    ASSERT_TRUE(metered);
    EXPECT_EQ(metered->units, units);
    EXPECT_TRUE(metered->total);
  }
}

TEST(EnginePri, TheExchangeJoinsTwoLegsAndTellsWhoIsThere) {
  auto config = test_config(1, 0);
  for (auto& one : config.spans) one.pri.joins = one.side == PriSide::kNetwork;
  Box box(config);
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  std::vector<uint32_t> legs;
  for (const std::string number : {"4001", "4002"}) {
    LegSeize seize{.span = 1, .calledNumber = number, .callingNumber = "2001"};
    seize.restricted = number == "4002";
    const auto out = box.ask<LegSeized>(seize);
    const auto offered = box.wait<LegOffered>();
    ASSERT_TRUE(offered);
    EXPECT_EQ(offered->restricted, number == "4002");
    EXPECT_EQ(offered->callingNumber, number == "4002" ? "" : "2001");
    LegAnswer answer{{offered->leg}};
    answer.connectedNumber = "7" + number;
    answer.connectedName = "Ada";
    box.ask(answer);
    const auto party = box.wait_leg<LegParty>(out.leg);
    ASSERT_TRUE(party);
    EXPECT_EQ(party->number, "7" + number);
    EXPECT_EQ(party->name, "Ada");
    ASSERT_TRUE(box.wait_leg<LegAnswered>(out.leg));
    box.ask(LegTariff{offered->leg, {{TariffItem::kTalk, false, "CNY", 0.22, 60000}}});
    const auto tariffs = box.wait_leg<LegTariffs>(out.leg);
    ASSERT_TRUE(tariffs);
    EXPECT_DOUBLE_EQ(tariffs->tariffs.at(0).amount, 0.22);
    EXPECT_EQ(tariffs->tariffs.at(0).perMs, 60000U);
    box.ask(LegInform{offered->leg, "5005", "", false});
    const auto moved = box.wait_leg<LegParty>(out.leg);
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->reason, PartyReason::kTransferred);
    EXPECT_EQ(moved->number, "5005");
    legs.push_back(out.leg);
  }
  box.ask(LegTransfer{legs[0], legs[1]});
  const auto asked = box.wait<LegTransferAsked>();
  ASSERT_TRUE(asked);
  box.ask(LegAllowTransfer{asked->leg, true});
  const auto done = box.wait_leg<LegTransferred>(legs[0]);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->other, legs[1]);
  EXPECT_TRUE(done->done);
  for (const auto leg : legs) EXPECT_TRUE(box.wait_leg<LegReleased>(leg));
  EXPECT_TRUE(box.snapshot().legs.empty());
  EXPECT_EQ(box.refused(LegTransfer{legs[0], legs[1]}).code, ErrorCode::kNotFound);
}

TEST(EnginePri, BlocksTimeslotsAndRestartsTheWholeE1) {
  Box box(test_config(1, 0));
  box.wait_dchannel(1);
  box.wait_dchannel(101);
  box.ask(SpanBlock{1, 31, true});
  const auto blocked = box.wait<SpanBlocked>();
  ASSERT_TRUE(blocked);
  EXPECT_TRUE(blocked->here);
  const auto out = box.ask<LegSeized>(LegSeize{.span = 1, .calledNumber = "1"});
  EXPECT_EQ(out.timeslot, 30U);
  EXPECT_EQ(box.refused(LegSeize{.span = 1, .timeslot = 31, .calledNumber = "1"}).code, ErrorCode::kBusy);
  EXPECT_EQ(box.refused(SpanBlock{1, 16, true}).code, ErrorCode::kInvalid);
  ASSERT_TRUE(box.wait<LegOffered>());
  box.ask(SpanRestart{1, 0});
  const auto released = box.wait_leg<LegReleased>(out.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->cause, 41U);
  const auto restarted = box.wait<SpanRestarted>([](const auto& event) { return event.span == 1; });
  ASSERT_TRUE(restarted);
  EXPECT_EQ(restarted->timeslot, 0U);
}

}  // namespace
}  // namespace cordboard::engine
