// SPDX-License-Identifier: GPL-2.0-or-later
// Line and register signals of R2 between two spans, in simulated time; the sound itself is engine_r2_test's.
#include <cstdlib>
#include <random>

#include "r2_pair.hpp"

namespace cordboard::signalling {
namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += (all.empty() ? "" : " ") + part;
  return all;
}

/// Both ends idle and free for calls.
void settle(R2Pair& pair) {
  pair.run_for(200);
  ASSERT_TRUE(pair.a.up);
  ASSERT_TRUE(pair.b.up);
}

template <class Act>
void each_timeslot(Act act) {
  for (uint8_t timeslot = 1; timeslot <= 31; ++timeslot) {
    if (timeslot == 16) continue;
    act(timeslot);
  }
}

R2Call call_out(R2Pair& pair, const R2Seize& request) {
  const auto seized = pair.a.span->seize(request, pair.now_ms);
  EXPECT_TRUE(seized) << (seized ? "" : seized.error().text);
  if (seized) pair.a.known.insert(seized->call);
  return seized ? seized->call : 0;
}

TEST(R2Span, CarriesNumbersAndCategoryOfChinaInTheOrderOfChineseExchanges) {
  R2Pair pair;
  settle(pair);
  const auto begun = pair.now_ms;
  const auto call = call_out(pair, {.called = "95001", .calling = "13800138000"});
  ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }));
  const auto offer = pair.b.offers.front();
  EXPECT_EQ("95001", offer.called);
  EXPECT_EQ("13800138000", offer.calling);
  EXPECT_EQ(R2Category::kOrdinary, offer.category);
  EXPECT_EQ(1, offer.category_signal);    // KA
  EXPECT_EQ(3, offer.subscriber_signal);  // KD
  // A digit, KA, the calling number, its end, the rest, KD.
  EXPECT_EQ("F9 F1 F1 F3 F8 F10 F10 F1 F3 F8 F10 F10 F10 F15 F5 F10 F10 F1 F3", joined(pair.a.sent));
  EXPECT_EQ("B6 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B1 B3", joined(pair.b.sent));
  EXPECT_TRUE(pair.b.span->accept(offer.call, pair.now_ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.b.told[offer.call] == "accepted "; }));
  EXPECT_EQ("proceeding alerting ", pair.a.told[call]);
  std::printf("offered after %lld ms of a line that recognises a signal in %lld ms\n",
              static_cast<long long>(offer.at_ms - begun), static_cast<long long>(R2Pair::kTonesMs));
  EXPECT_TRUE(pair.a.ears.empty());
  EXPECT_TRUE(pair.b.ears.empty());
  EXPECT_TRUE(pair.b.span->answer(offer.call, pair.now_ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.a.told[call] == "proceeding alerting answered "; }));
  // The called party hangs up.
  EXPECT_TRUE(pair.b.span->release(offer.call, 16, pair.now_ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(call) && pair.b.released.contains(offer.call); }));
  EXPECT_EQ(16, pair.a.released[call].cause);
  EXPECT_EQ(R2ReleasedBy::kRemote, pair.a.released[call].by);
  EXPECT_EQ(R2ReleasedBy::kLocal, pair.b.released[offer.call].by);
  // And the timeslot takes another call.
  call_out(pair, {.called = "95002", .timeslot = offer.timeslot});
  ASSERT_TRUE(pair.run_until([&] { return pair.b.offers.size() == 2; }));
  EXPECT_EQ("95002", pair.b.offers[1].called);
  EXPECT_EQ("", pair.b.offers[1].calling);
}

/// A call that has been answered, out of a into b.
std::pair<R2Call, R2Call> answered_call(R2Pair& pair, const R2Seize& request = {.called = "95001"}) {
  const auto offers = pair.b.offers.size();
  const auto out = call_out(pair, request);
  EXPECT_TRUE(pair.run_until([&] { return pair.b.offers.size() > offers; }));
  const auto in = pair.b.offers.back().call;
  EXPECT_TRUE(pair.b.span->answer(in, pair.now_ms));
  EXPECT_TRUE(pair.run_until([&] { return pair.a.told[out].ends_with("answered "); }));
  EXPECT_EQ("accepted answer-sent ", pair.b.told[in]);
  return {out, in};
}

TEST(R2Span, RefusalsReachTheCallerAsTheirCause) {
  for (const auto& [variant, refusals] :
       {std::pair{china(), std::map<int, int>{{17, 17}, {1, 1}, {42, 42}, {27, 17}, {34, 42}, {18, 17}}},
        std::pair{R2Options{.variant = "ITU", .called_digits = 5},
                  std::map<int, int>{{17, 17}, {1, 1}, {42, 42}, {27, 27}, {22, 1}}}}) {
    R2Pair pair(variant);
    settle(pair);
    for (const auto& [said, heard] : refusals) {
      const auto offers = pair.b.offers.size();
      const auto out = call_out(pair, {.called = "95001", .calling = "1380"});
      ASSERT_TRUE(pair.run_until([&] { return pair.b.offers.size() > offers; }));
      const auto in = pair.b.offers.back().call;
      EXPECT_TRUE(pair.b.span->release(in, static_cast<uint8_t>(said), pair.now_ms));
      ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(out) && pair.b.released.contains(in); }));
      EXPECT_EQ(heard, pair.a.released[out].cause) << variant.variant << " " << said;
      EXPECT_EQ(R2ReleasedBy::kRemote, pair.a.released[out].by);
      EXPECT_EQ(said, pair.b.released[in].cause);
    }
    EXPECT_EQ(0U, pair.a.count("protocol_faults") + pair.b.count("protocol_faults"));
  }
}

TEST(R2Span, EveryVariantCarriesBothNumbersAndTheCategory) {
  for (const char* variant : {"AR", "BR", "CN", "CO", "CZ", "EC", "ID", "ITU", "MX", "PH", "VE"}) {
    auto options = variant == std::string("CN") ? china() : R2Options{.variant = variant, .called_digits = 5};
    if (variant == std::string("MX")) {
      options.calling_first = false;
      options.definitions = "mf_g1_tones.caller_ani_is_restricted=X\n";  // the signal is that of the end, too
    }
    R2Pair pair(options);
    settle(pair);
    const auto begun = pair.now_ms;
    const auto out = call_out(pair, {.called = "95001", .calling = "1380013800", .category = R2Category::kPriority});
    ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }, 60000)) << variant << pair.a.span->dump();
    const auto& offer = pair.b.offers[0];
    EXPECT_EQ("95001", offer.called) << variant;
    EXPECT_EQ("1380013800", offer.calling) << variant;
    EXPECT_EQ(R2Category::kPriority, offer.category) << variant;
    EXPECT_TRUE(pair.b.span->answer(offer.call, pair.now_ms));
    EXPECT_TRUE(pair.run_until([&] { return pair.a.told[out].ends_with("answered "); })) << variant;
    EXPECT_TRUE(pair.a.span->release(out, 16, pair.now_ms));
    EXPECT_TRUE(pair.run_until([&] { return pair.a.released.contains(out) && pair.b.released.contains(offer.call); }))
        << variant;
    EXPECT_EQ(R2ReleasedBy::kRemote, pair.b.released[offer.call].by);
    std::printf("%-3s offered after %lld ms, %zu forward signals\n", variant,
                static_cast<long long>(offer.at_ms - begun), pair.a.sent.size());
  }
}

TEST(R2Span, AShorterNumberIsCompleteWhenNoDigitComes) {
  R2Pair pair;
  settle(pair);
  const auto out = call_out(pair, {.called = "110", .calling = "13800138000"});
  ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }));
  EXPECT_EQ("110", pair.b.offers[0].called);
  EXPECT_EQ("13800138000", pair.b.offers[0].calling);
  EXPECT_TRUE(pair.b.span->answer(pair.b.offers[0].call, pair.now_ms));
  EXPECT_TRUE(pair.run_until([&] { return pair.a.told[out].ends_with("answered "); }));
}

TEST(R2Span, SignalsOfGroupAThatRefuseInChina) {
  for (const auto& [signal, cause] : {std::pair<uint8_t, int>{5, 1}, {4, 42}}) {
    R2Pair pair;
    settle(pair);
    const auto out = call_out(pair, {.called = "95001", .calling = "1380"});
    ASSERT_TRUE(pair.run_until([&] { return pair.a.sent.size() == 3; }));
    // The far exchange says, instead of asking on.
    pair.deaf = true;
    pair.run_for(300);
    pair.a.span->receive_tone(pair.a.timeslots[out], signal, true, pair.now_ms);
    pair.run_for(100);
    pair.a.span->receive_tone(pair.a.timeslots[out], signal, false, pair.now_ms);
    ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(out); }));
    EXPECT_EQ(cause, pair.a.released[out].cause);
    EXPECT_EQ(R2ReleasedBy::kRemote, pair.a.released[out].by);
  }
}

TEST(R2Span, EitherEndClearsAndForcedReleaseIsTold) {
  for (const bool forced : {false, true}) {
    auto options = china();
    options.forced_release = forced;
    R2Pair pair(options);
    settle(pair);
    auto [out, in] = answered_call(pair);
    EXPECT_TRUE(pair.b.span->release(in, 16, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(out) && pair.b.released.contains(in); }));
    EXPECT_EQ(forced ? 31 : 16, pair.a.released[out].cause);
    std::tie(out, in) = answered_call(pair);
    EXPECT_TRUE(pair.a.span->release(out, 16, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(out) && pair.b.released.contains(in); }));
    EXPECT_EQ(R2ReleasedBy::kRemote, pair.b.released[in].by);
    EXPECT_EQ(R2ReleasedBy::kLocal, pair.a.released[out].by);
  }
}

TEST(R2Span, MeteringPulsesAreCountedAndALongerOneIsTheEnd) {
  auto options = china();
  options.metering_ms = 400;
  R2Pair pair(options);
  settle(pair);
  const auto [out, in] = answered_call(pair);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pair.b.span->meter(in, pair.now_ms));
    EXPECT_EQ(ErrorCode::kBusy, pair.b.span->meter(in, pair.now_ms).error().code);
    pair.run_for(1000);
  }
  EXPECT_EQ(3, pair.a.pulses[out]);
  EXPECT_TRUE(pair.a.released.empty());
  const auto cleared = pair.now_ms;
  EXPECT_TRUE(pair.b.span->release(in, 16, pair.now_ms));
  const auto call = out;
  ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(call); }));
  EXPECT_GE(pair.now_ms - cleared, 400);
}

TEST(R2Span, DoubleAnswerEndsWhatTakesNoPulsesAndNothingElse) {
  for (const uint32_t metering_ms : {0U, 1000U}) {
    auto called = china();
    called.double_answer = true;
    auto calling = china();
    calling.metering_ms = metering_ms;
    R2Pair pair(calling, called);
    settle(pair);
    const auto [out, in] = answered_call(pair);
    pair.run_for(3000);
    EXPECT_EQ(metering_ms == 0, pair.a.released.contains(out));
    EXPECT_EQ(metering_ms == 0, pair.b.released.contains(in));
  }
}

TEST(R2Span, ABlockedTimeslotIsTakenByNobodyAndOneInUseIsBlockedAfterItsCall) {
  R2Pair pair;
  settle(pair);
  EXPECT_TRUE(pair.b.span->block(5, true, pair.now_ms));
  pair.run_for(50);
  EXPECT_EQ((std::pair{false, true}), pair.a.blocked[5]);
  EXPECT_TRUE(pair.a.span->timeslot(5).blocked_there);
  EXPECT_TRUE(pair.b.span->timeslot(5).blocked_here);
  EXPECT_EQ(ErrorCode::kBusy, pair.a.span->seize({.called = "1", .timeslot = 5}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kBusy, pair.b.span->seize({.called = "1", .timeslot = 5}, pair.now_ms).error().code);
  EXPECT_TRUE(pair.b.span->block(5, false, pair.now_ms));
  pair.run_for(50);
  EXPECT_EQ((std::pair{false, false}), pair.a.blocked[5]);
  const auto [out, in] = answered_call(pair, {.called = "95001", .timeslot = 5});
  EXPECT_TRUE(pair.b.span->block(5, true, pair.now_ms));
  pair.run_for(1000);
  EXPECT_TRUE(pair.a.released.empty());
  EXPECT_TRUE(pair.a.span->release(out, 16, pair.now_ms));
  pair.run_for(1000);
  EXPECT_TRUE(pair.a.released.contains(out));
  EXPECT_EQ((std::pair{false, true}), pair.a.blocked[5]);
  // The whole span.
  each_timeslot([&](uint8_t timeslot) { EXPECT_TRUE(pair.b.span->block(timeslot, true, pair.now_ms)); });
  pair.run_for(50);
  EXPECT_FALSE(pair.a.up);
  EXPECT_EQ(ErrorCode::kUnavailable, pair.a.span->seize({.called = "1"}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kInvalid, pair.b.span->block(16, true, pair.now_ms).error().code);
}

TEST(R2Span, BothEndsSeizeATimeslotAtOnceAndBothCallsComeThroughElsewhere) {
  R2Pair pair;
  settle(pair);
  // Only two timeslots are left, and each end begins with the one that the other takes.
  each_timeslot([&](uint8_t timeslot) { EXPECT_TRUE(pair.a.span->block(timeslot, timeslot != 2, pair.now_ms)); });
  pair.run_for(50);
  const auto a_out = pair.a.span->seize({.called = "11111"}, pair.now_ms);
  const auto b_out = pair.b.span->seize({.called = "22222"}, pair.now_ms);
  ASSERT_TRUE(a_out);
  ASSERT_TRUE(b_out);
  pair.a.known.insert(a_out->call);
  pair.b.known.insert(b_out->call);
  EXPECT_EQ(a_out->timeslot, b_out->timeslot);
  EXPECT_TRUE(pair.a.span->block(1, false, pair.now_ms));
  pair.run_for(20000);
  EXPECT_EQ(1U, pair.a.count("dual_seizures"));
  EXPECT_EQ(1U, pair.b.count("dual_seizures"));
  // One timeslot was free besides; whoever had it told there is through, and nothing hangs.
  const auto through = pair.a.offers.size() + pair.b.offers.size();
  const auto ended = pair.a.released.size() + pair.b.released.size();
  EXPECT_EQ(2U, through + ended);
}

TEST(R2Span, AFarEndThatSaysNothingIsGivenUp) {
  R2Pair pair;
  settle(pair);
  // It acknowledges, and no signal of it arrives.
  pair.deaf = true;
  const auto out = call_out(pair, {.called = "95001"});
  ASSERT_TRUE(pair.run_until([&] { return pair.a.released.contains(out); }, 60000));
  EXPECT_EQ(102, pair.a.released[out].cause);
  EXPECT_EQ(R2ReleasedBy::kFault, pair.a.released[out].by);
  EXPECT_TRUE(pair.b.offers.empty());
  pair.deaf = false;
  pair.run_for(40000);
  // Both ends are free again.
  answered_call(pair, {.called = "95001", .timeslot = pair.a.timeslots[out]});
}

TEST(R2Span, AnAlarmEndsItsCallsAndTheBitsAreReadAnewAfterIt) {
  R2Pair pair;
  settle(pair);
  const auto [out, in] = answered_call(pair);
  pair.a.span->set_layer1(false, pair.now_ms);
  pair.b.span->set_layer1(false, pair.now_ms);
  pair.run_for(50);
  EXPECT_EQ(38, pair.a.released[out].cause);
  EXPECT_EQ(38, pair.b.released[in].cause);
  EXPECT_FALSE(pair.a.up);
  EXPECT_EQ(ErrorCode::kUnavailable, pair.a.span->seize({.called = "1"}, pair.now_ms).error().code);
  pair.a.span->set_layer1(true, pair.now_ms);
  pair.b.span->set_layer1(true, pair.now_ms);
  pair.run_for(50);
  EXPECT_TRUE(pair.a.up);
  answered_call(pair);
}

TEST(R2Span, ThirtyCallsAtOnce) {
  R2Pair pair;
  settle(pair);
  const auto begun = pair.now_ms;
  for (int i = 0; i < 30; ++i) call_out(pair, {.called = std::to_string(95000 + i), .calling = "13800138000"});
  EXPECT_EQ(ErrorCode::kBusy, pair.a.span->seize({.called = "1"}, pair.now_ms).error().code);
  pair.b.when_offered = [&](const R2End::Offer& offer) { EXPECT_TRUE(pair.b.span->answer(offer.call, pair.now_ms)); };
  ASSERT_TRUE(pair.run_until([&] { return pair.a.count("answers") == 30; }));
  std::set<std::string> called;
  for (const auto& offer : pair.b.offers) called.insert(offer.called);
  EXPECT_EQ(30U, called.size());
  std::printf("30 calls answered after %lld ms\n", static_cast<long long>(pair.now_ms - begun));
}

TEST(R2Span, SaysWhatItCannotDo) {
  EXPECT_FALSE(R2Span::check({.variant = "XX"}));
  EXPECT_FALSE(R2Span::check({.variant = "CN", .called_digits = 0}));
  EXPECT_FALSE(R2Span::check({.variant = "CN", .accept_at_once = true}));
  R2Pair pair;
  settle(pair);
  EXPECT_EQ(ErrorCode::kInvalid, pair.a.span->seize({.called = "12*"}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kInvalid, pair.a.span->seize({.called = ""}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kInvalid, pair.a.span->seize({.called = "1", .timeslot = 16}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kInvalid,
            pair.a.span->seize({.called = "1", .category = R2Category::kCollect}, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kNotFound, pair.a.span->answer(77, pair.now_ms).error().code);
  const auto out = call_out(pair, {.called = "95001"});
  EXPECT_EQ(ErrorCode::kWrongState, pair.a.span->answer(out, pair.now_ms).error().code);
  EXPECT_EQ(ErrorCode::kWrongState, pair.a.span->meter(out, pair.now_ms).error().code);
}

// ------------------------------------------------------------------------------------------------------------- hostile

/// A far end that sends any bits at any time, and any tones to whoever listens.
TEST(R2Hostile, StormsOfBitsAndTonesLeaveASpanThatWorks) {
  const char* const set = std::getenv("CORDBOARD_FUZZ_FRAMES");
  const char* const from = std::getenv("CORDBOARD_FUZZ_SEED");
  const int inputs = set == nullptr ? 20000 : std::max(1, std::atoi(set));
  for (uint32_t run = 1; run <= 3; ++run) {
    const auto seed = run + (from == nullptr ? 0U : static_cast<uint32_t>(std::atoi(from)));
    std::mt19937 random(seed);
    R2Pair pair;
    settle(pair);
    pair.b.when_offered = [&](const R2End::Offer& offer) {
      switch (random() % 4) {
        case 0:
          static_cast<void>(pair.b.span->answer(offer.call, pair.now_ms));
          break;
        case 1:
          static_cast<void>(pair.b.span->accept(offer.call, pair.now_ms));
          break;
        case 2:
          static_cast<void>(pair.b.span->release(offer.call, static_cast<uint8_t>(1 + random() % 127), pair.now_ms));
          break;
        default:
          break;
      }
    };
    std::vector<R2Call> calls;
    for (int i = 0; i < inputs; ++i) {
      // Eight timeslots are stormed, now and then any; on the others calls go on, disturbed.
      const auto timeslot = static_cast<uint8_t>(random() % 32 == 0 ? random() % 33 : random() % 8);
      if (random() % 3 != 0) {
        pair.b.span->receive_bits(timeslot, static_cast<uint8_t>(random()), pair.now_ms);
      } else {
        pair.b.span->receive_tone(timeslot, static_cast<uint8_t>(random() % 18), random() % 2 == 0, pair.now_ms);
      }
      if (random() % 50 == 0) {
        const auto seized = pair.b.span->seize({.called = "95001", .calling = "1380"}, pair.now_ms);
        if (seized) pair.b.known.insert(seized->call);
      }
      if (random() % 100 == 0) {
        const auto on = static_cast<uint8_t>(8 + random() % 8);
        const auto seized = pair.a.span->seize({.called = "95001", .calling = "1380", .timeslot = on}, pair.now_ms);
        if (seized) calls.push_back(seized->call), pair.a.known.insert(seized->call);
      }
      if (random() % 100 == 0 && !calls.empty()) {
        static_cast<void>(pair.a.span->release(calls[random() % calls.size()], 16, pair.now_ms));
      }
      if (random() % 8 == 0) pair.run_for(static_cast<int64_t>(random() % 100));
    }
    EXPECT_LE(pair.b.log.size(), static_cast<std::size_t>(20 * (pair.now_ms / 1000 + 2)));
    // Then it behaves: all of it becomes idle, and carries a call on every timeslot.
    pair.b.when_offered = nullptr;
    for (auto* end : {&pair.a, &pair.b}) {
      EXPECT_TRUE(end->span->reset(0, pair.now_ms));
    }
    each_timeslot([&](uint8_t timeslot) {
      pair.b.span->receive_bits(timeslot, pair.a.bits[timeslot], pair.now_ms);
      pair.a.span->receive_bits(timeslot, pair.b.bits[timeslot], pair.now_ms);
    });
    pair.run_for(200000);
    each_timeslot([&](uint8_t timeslot) {
      if (HasFatalFailure() || HasNonfatalFailure()) return;
      answered_call(pair, {.called = "95001", .timeslot = timeslot});
      if (HasNonfatalFailure()) std::puts(pair.b.span->dump().c_str());
    });
    std::printf("seed %u: %d inputs, %llu seizures, %llu offers, %llu faults\n", seed, inputs,
                static_cast<unsigned long long>(pair.b.count("seizures_in")),
                static_cast<unsigned long long>(pair.b.count("offers")),
                static_cast<unsigned long long>(pair.b.count("protocol_faults")));
  }
}

}  // namespace
}  // namespace cordboard::signalling
