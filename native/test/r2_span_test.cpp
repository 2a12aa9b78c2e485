// SPDX-License-Identifier: GPL-2.0-or-later
// Line and register signals of R2 between two spans, in simulated time; the sound itself is engine_r2_test's.
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

R2Call call_out(R2Pair& pair, const R2Seize& request) {
  const auto seized = pair.a.span->seize(request, pair.now_ms);
  EXPECT_TRUE(seized) << (seized ? "" : seized.error().text);
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

}  // namespace
}  // namespace cordboard::signalling
