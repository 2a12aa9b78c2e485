// SPDX-License-Identifier: GPL-2.0-or-later
// Two exchanges by ISUP: links, calls, circuits.
#include "ss7_pair.hpp"

namespace cordboard::signalling {
namespace {

class Ss7 : public testing::TestWithParam<bool> {
 protected:
  static Ss7Options options(std::size_t links = 2) { return GetParam() ? china(links) : itu(links); }
};
INSTANTIATE_TEST_SUITE_P(Codes, Ss7, testing::Values(false, true),
                         [](const auto& with) { return with.param ? "China" : "Itu"; });

TEST_P(Ss7, AlignsItsLinksResetsItsCircuitsAndIsUp) {
  Ss7Pair pair(options());
  pair.bring_up();
  std::printf("in service after %lld ms, up after %lld ms\n", static_cast<long long>(pair.a.in_service_at - 1000),
              static_cast<long long>(pair.a.up_at - 1000));
  for (auto* end : {&pair.a, &pair.b}) {
    for (const auto& link : end->set->links()) {
      EXPECT_EQ(Ss7LinkState::kInService, link.state);
      EXPECT_TRUE(link.tested);
    }
    EXPECT_EQ(29U, end->set->idle_circuits()) << end->set->dump();
  }
}

TEST_P(Ss7, CarriesACallEachWayAndItsCauses) {
  Ss7Pair pair(options());
  pair.bring_up();
  for (auto [from, to] : {std::pair{&pair.a, &pair.b}, {&pair.b, &pair.a}}) {
    const auto begun = pair.now_ms;
    const auto out = from->call("95001");
    ASSERT_TRUE(pair.run_until([&] { return !to->offers.empty(); }));
    const auto in = to->offers.back();
    EXPECT_EQ("95001", in.called);
    EXPECT_EQ("13800138000", in.calling);
    EXPECT_EQ(Ss7Category::kOrdinary, in.category);
    EXPECT_EQ(from->circuits[out], in.circuit);
    EXPECT_TRUE(to->set->alert(in.call, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return from->told[out] == "proceeding alerting "; })) << from->told[out];
    EXPECT_TRUE(to->set->answer(in.call, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return from->told[out] == "proceeding alerting answered "; }));
    std::printf("IAM to ANM %lld ms\n", static_cast<long long>(pair.now_ms - begun));
    EXPECT_TRUE(from->set->release(out, 16, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return from->released.contains(out) && to->released.contains(in.call); }));
    EXPECT_EQ(16, to->released[in.call].cause);
    EXPECT_EQ(Ss7ReleasedBy::kRemote, to->released[in.call].by);
    EXPECT_EQ(Ss7ReleasedBy::kLocal, from->released[out].by);
    for (const uint8_t cause : {1, 17, 21, 34, 127}) {
      const auto refused = from->call("95002");
      to->offers.clear();
      ASSERT_TRUE(pair.run_until([&] { return !to->offers.empty(); }));
      EXPECT_TRUE(to->set->release(to->offers.back().call, cause, pair.now_ms));
      ASSERT_TRUE(pair.run_until([&] { return from->released.contains(refused); }));
      EXPECT_EQ(cause, from->released[refused].cause);
      EXPECT_EQ(Ss7ReleasedBy::kRemote, from->released[refused].by);
    }
    to->offers.clear();
  }
  pair.run_for(100);
  EXPECT_EQ(29U, pair.a.set->idle_circuits()) << pair.a.set->dump();
  EXPECT_EQ(29U, pair.b.set->idle_circuits()) << pair.b.set->dump();
}

/// A call from `from` that is answered.
std::pair<Ss7Call, Ss7Call> answered(Ss7Pair& pair, Ss7End& from, std::optional<Ss7Circuit> circuit = {}) {
  const auto before = from.far->offers.size();
  const auto out = from.call("95001", circuit);
  EXPECT_TRUE(pair.run_until([&] { return from.far->offers.size() > before; }));
  if (from.far->offers.size() <= before) return {};
  const auto in = from.far->offers.back().call;
  EXPECT_TRUE(from.far->set->answer(in, pair.now_ms));
  EXPECT_TRUE(pair.run_until([&] { return from.told[out].ends_with("answered "); }));
  return {out, in};
}

TEST_P(Ss7, SendsWhoForwardsTheCallAndWhoIsNotToBeShown) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto seized = pair.a.set->seize({.called = "95*01#",
                                         .calling = "02087654321",
                                         .restricted = true,
                                         .redirecting = "4008001234",
                                         .category = Ss7Category::kPriority},
                                        pair.now_ms);
  ASSERT_TRUE(seized);
  pair.a.known.insert(seized->call);
  ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }));
  const auto& offer = pair.b.offers.back();
  EXPECT_EQ("02087654321", offer.calling);
  EXPECT_TRUE(offer.restricted);
  EXPECT_EQ("4008001234", offer.redirecting);
  EXPECT_EQ(Ss7Category::kPriority, offer.category);
  EXPECT_TRUE(offer.ended);
}

TEST_P(Ss7, SendsWhoWasCalledFirstWhyItWasForwardedAndWhoAnswers) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto call = [&](const std::string& original) {
    const auto before = pair.b.offers.size();
    const auto seized = pair.a.set->seize({.called = "95001",
                                           .calling = "02087654321",
                                           .redirecting = "4008001234",
                                           .redirection_reason = 2,
                                           .original = original},
                                          pair.now_ms);
    EXPECT_TRUE(seized);
    pair.a.known.insert(seized->call);
    EXPECT_TRUE(pair.run_until([&] { return pair.b.offers.size() > before; }));
    return seized->call;
  };
  for (const bool restricted : {false, true}) {
    const auto out = call(restricted ? "" : "1008611");
    const auto& offer = pair.b.offers.back();
    EXPECT_EQ("4008001234", offer.redirecting);
    EXPECT_EQ(2, offer.redirection_reason);
    EXPECT_EQ(restricted ? "4008001234" : "1008611", offer.original);
    EXPECT_FALSE(offer.restricted);
    EXPECT_TRUE(offer.asks_connected);
    EXPECT_TRUE(pair.b.set->connected(offer.call, {"02161230000", restricted}, pair.now_ms));
    EXPECT_TRUE(pair.b.set->answer(offer.call, pair.now_ms));
    EXPECT_FALSE(pair.b.set->connected(offer.call, {"1", false}, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&] { return pair.a.told[out].ends_with("answered "); }));
    const std::string told = restricted ? "connected:restricted answered " : "connected:02161230000 answered ";
    EXPECT_TRUE(pair.a.told[out].ends_with(told)) << pair.a.told[out];
    EXPECT_TRUE(pair.a.set->release(out, 16, pair.now_ms));
    pair.run_for(200);
  }
}

TEST_P(Ss7, ProgressSuspendResumeAndClearingByBothAtOnce) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto out = pair.a.call("95001");
  ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }));
  const auto in = pair.b.offers.back().call;
  EXPECT_TRUE(pair.b.set->progress(in, pair.now_ms));
  pair.run_for(50);
  EXPECT_TRUE(pair.b.set->alert(in, pair.now_ms));
  pair.run_for(50);
  EXPECT_TRUE(pair.b.set->answer(in, pair.now_ms));
  EXPECT_FALSE(pair.b.set->answer(in, pair.now_ms));
  pair.run_for(50);
  EXPECT_TRUE(pair.b.set->suspend(in, true, pair.now_ms));
  pair.run_for(50);
  EXPECT_TRUE(pair.b.set->suspend(in, false, pair.now_ms));
  pair.run_for(50);
  EXPECT_EQ("proceeding progress alerting answered suspended resumed ", pair.a.told[out]);
  EXPECT_TRUE(pair.a.set->release(out, 16, pair.now_ms));
  EXPECT_TRUE(pair.b.set->release(in, 31, pair.now_ms));
  pair.run_for(200);
  EXPECT_EQ(Ss7ReleasedBy::kLocal, pair.a.released[out].by);
  EXPECT_EQ(Ss7ReleasedBy::kLocal, pair.b.released[in].by);
  EXPECT_EQ(29U, pair.a.set->idle_circuits());
  EXPECT_EQ(29U, pair.b.set->idle_circuits());
}

TEST_P(Ss7, ADualSeizureIsTheControllingExchangesAndTheOtherCallGoesElsewhere) {
  Ss7Pair pair(options());
  pair.bring_up();
  // b has the higher code: circuit 2 is its.
  const auto from_a = pair.a.call("95001", 2);
  const auto from_b = pair.b.call("95002", 2);
  ASSERT_TRUE(pair.run_until([&] { return !pair.a.offers.empty() && !pair.b.offers.empty(); }));
  pair.run_for(100);
  EXPECT_EQ(2, pair.a.offers.back().circuit);
  EXPECT_EQ("95002", pair.a.offers.back().called);
  EXPECT_NE(2, pair.b.offers.back().circuit);
  EXPECT_EQ("95001", pair.b.offers.back().called);
  EXPECT_EQ("moved ", pair.a.told[from_a]);
  EXPECT_EQ(pair.a.circuits[from_a], pair.b.offers.back().circuit);
  EXPECT_TRUE(pair.a.released.empty());
  EXPECT_TRUE(pair.b.released.empty());
  for (auto* end : {&pair.a, &pair.b}) {
    EXPECT_EQ(1U, end->count("dual_seizures"));
    EXPECT_TRUE(end->set->answer(end->offers.back().call, pair.now_ms));
  }
  pair.run_for(100);
  EXPECT_TRUE(pair.a.told[from_a].ends_with("answered "));
  EXPECT_TRUE(pair.b.told[from_b].ends_with("answered "));
}

TEST_P(Ss7, BlocksOneCircuitAndGroups) {
  Ss7Pair pair(options(1));
  pair.bring_up();
  const auto [out, in] = answered(pair, pair.a, 7);
  EXPECT_TRUE(pair.a.set->block(std::array<Ss7Circuit, 1>{7}, true, pair.now_ms));
  pair.run_for(100);
  EXPECT_EQ((Ss7Blocked{true, false}), pair.a.blocked[7]);
  EXPECT_EQ((Ss7Blocked{false, true}), pair.b.blocked[7]);
  EXPECT_TRUE(pair.a.released.empty()) << "a call that is there goes on";
  EXPECT_TRUE(pair.a.set->release(out, 16, pair.now_ms));
  pair.run_for(100);
  for (auto* end : {&pair.a, &pair.b}) {
    const auto refused = end->set->seize({.called = "95001", .circuits = {7}}, pair.now_ms);
    ASSERT_FALSE(refused);
    EXPECT_EQ(ErrorCode::kBusy, refused.error().code);
  }
  pair.sent.clear();
  EXPECT_TRUE(pair.b.set->block(pair.b.options.circuits, true, pair.now_ms));
  pair.run_for(100);
  EXPECT_EQ(0U, pair.a.set->idle_circuits());
  EXPECT_EQ(4U, pair.sent.size()) << "CGB and CGBA for 1-15 and 17-31";
  EXPECT_EQ(
      30, std::count_if(pair.a.blocked.begin(), pair.a.blocked.end(), [](const auto& at) { return at.second.there; }));
  // A reset does not undo what is blocked: GRA says so, and CGB again.
  EXPECT_TRUE(pair.a.set->reset(pair.a.options.circuits, pair.now_ms));
  pair.run_for(200);
  EXPECT_EQ(30U, pair.a.reset.size());
  EXPECT_EQ(0U, pair.a.set->idle_circuits());
  EXPECT_TRUE(pair.b.set->block(pair.b.options.circuits, false, pair.now_ms));
  EXPECT_TRUE(pair.a.set->block(std::array<Ss7Circuit, 1>{7}, false, pair.now_ms));
  pair.run_for(100);
  EXPECT_EQ(30U, pair.a.set->idle_circuits()) << pair.a.set->dump();
  EXPECT_EQ(30U, pair.b.set->idle_circuits());
  EXPECT_EQ(ErrorCode::kNotFound, pair.a.set->block(std::array<Ss7Circuit, 1>{16}, true, pair.now_ms).error().code);
}

TEST_P(Ss7, ABlockingThatIsNotAcknowledgedIsAskedAgain) {
  Ss7Pair pair(options(1));
  pair.bring_up();
  int lost = 0;
  const std::size_t type_at = GetParam() ? 13 : 10;
  pair.on_wire = [&](const Ss7End&, std::size_t, std::vector<uint8_t>& unit) {
    if (unit.size() > type_at && unit[type_at] == 0x15) {
      unit[type_at] = 0x7e;  // a message that nobody knows
      return ++lost > 0;
    }
    return true;
  };
  EXPECT_TRUE(pair.a.set->block(std::array<Ss7Circuit, 1>{7}, true, pair.now_ms));
  pair.run_for(40'000);
  EXPECT_EQ(3, lost);
  pair.on_wire = nullptr;
  pair.run_for(20'000);
  pair.sent.clear();
  pair.run_for(20'000);
  EXPECT_EQ(0, std::count_if(pair.sent.begin(), pair.sent.end(),
                             [&](const auto& at) { return at.unit.size() > type_at && at.unit[type_at] == 0x13; }));
}

TEST_P(Ss7, AResetEndsTheCallAndACallThatIsBeingSetUpGoesElsewhere) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto [out, in] = answered(pair, pair.a, 7);
  EXPECT_TRUE(pair.b.set->reset(std::array<Ss7Circuit, 1>{7}, pair.now_ms));
  ASSERT_TRUE(pair.run_until(
      [&, out = out, in = in] { return pair.a.released.contains(out) && pair.b.released.contains(in); }));
  EXPECT_EQ(41, pair.a.released[out].cause);
  EXPECT_EQ(Ss7ReleasedBy::kRemote, pair.a.released[out].by);
  EXPECT_EQ(Ss7ReleasedBy::kFault, pair.b.released[in].by);
  pair.run_for(50);
  EXPECT_TRUE(pair.b.reset.contains(7));
  const auto moved = pair.a.call("95003", 9);
  EXPECT_TRUE(pair.b.set->reset(std::array<Ss7Circuit, 1>{9}, pair.now_ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.a.told[moved] == "moved "; }));
  pair.run_for(100);
  EXPECT_FALSE(pair.a.released.contains(moved));
  EXPECT_EQ("95003", pair.b.offers.back().called);
  EXPECT_NE(9, pair.b.offers.back().circuit);
}

TEST_P(Ss7, ChecksContinuityBeforeACallIsOffered) {
  auto with = options();
  with.check_every = 1;
  Ss7Pair pair(with);
  pair.bring_up();
  EXPECT_NE(0U, answered(pair, pair.a, 5).second);
  EXPECT_TRUE(pair.a.checked.at(5));
  EXPECT_TRUE(pair.a.tones.empty());
  EXPECT_TRUE(pair.b.loops.empty());
  // One that does not carry speech is left, and checked again until it does.
  pair.mute.insert(9);
  const auto second = pair.a.call("95002", 9);
  ASSERT_TRUE(pair.run_until([&] { return pair.b.offers.size() == 2; })) << pair.a.set->dump();
  EXPECT_FALSE(pair.a.checked.at(9));
  EXPECT_EQ("moved ", pair.a.told[second]);
  EXPECT_NE(9, pair.b.offers.back().circuit);
  pair.mute.clear();
  ASSERT_TRUE(pair.run_until([&] { return pair.a.checked.at(9); }, 120'000));
  pair.run_for(200);
  const auto third = pair.a.call("95003", 9);
  ASSERT_TRUE(pair.run_until([&] { return pair.b.offers.size() == 3; }));
  EXPECT_EQ(9, pair.b.offers.back().circuit);
  EXPECT_FALSE(pair.a.released.contains(third));
}

TEST_P(Ss7, TestsAnIdleCircuitOnDemand) {
  Ss7Pair pair(options());
  pair.bring_up();
  EXPECT_TRUE(pair.a.set->test(11, pair.now_ms));
  EXPECT_EQ(ErrorCode::kBusy, pair.a.set->test(11, pair.now_ms).error().code);
  ASSERT_TRUE(pair.run_until([&] { return pair.a.checked.contains(11); }));
  EXPECT_TRUE(pair.a.checked.at(11));
  pair.run_for(200);
  EXPECT_EQ(29U, pair.a.set->idle_circuits()) << pair.a.set->dump();
  EXPECT_EQ(29U, pair.b.set->idle_circuits()) << pair.b.set->dump();
  EXPECT_TRUE(pair.b.loops.empty());
}

TEST_P(Ss7, DamagedUnitsAreSentAgain) {
  Ss7Pair pair(options());
  pair.bring_up();
  pair.damage_every = 11;
  for (int i = 0; i < 60; ++i) {
    const auto [out, in] = answered(pair, i % 2 == 0 ? pair.a : pair.b);
    auto& end = i % 2 == 0 ? pair.a : pair.b;
    ASSERT_NE(0U, in) << i;
    EXPECT_TRUE(end.set->release(out, 16, pair.now_ms));
    ASSERT_TRUE(pair.run_until([&, out = out, in = in] {
      return end.released.contains(out) && end.far->released.contains(in);
    })) << i;
    EXPECT_EQ(Ss7ReleasedBy::kRemote, end.far->released[in].by);
  }
  EXPECT_GT(pair.a.count("unit_errors"), 10U);
  EXPECT_EQ(0U, pair.a.count("link_failures"));
}

/// Calls come and go on 29 circuits while one of two links is cut and mended.
TEST_P(Ss7, NoCallIsLostWhenOneOfTwoLinksFailsUnderLoad) {
  Ss7Pair pair(options());
  pair.bring_up();
  std::map<Ss7End*, std::set<Ss7Call>> living;  // calls out
  int done = 0;
  for (auto* end : {&pair.a, &pair.b}) {
    end->when_offered = [end, &pair](const Ss7End::Offer& offer) {
      EXPECT_TRUE(end->set->alert(offer.call, pair.now_ms));
      EXPECT_TRUE(end->set->answer(offer.call, pair.now_ms));
    };
  }
  int64_t cut_at = 0;
  uint32_t seed = 7;
  const auto random = [&](uint32_t below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
  };
  for (int i = 0; i < 60'000; ++i) {
    pair.run_for(1);
    if (i % 12'000 == 6'000) {
      pair.cut[random(2)] = true;
      cut_at = pair.now_ms;
    }
    if (i % 12'000 == 9'000) pair.cut[0] = pair.cut[1] = false;
    if (i % 20 == 0 && pair.a.set->idle_circuits() > 2 && i < 58'000) {
      auto& end = random(2) == 0 ? pair.a : pair.b;
      const auto seized = end.set->seize({.called = "95001", .calling = "13800138000"}, pair.now_ms);
      if (seized) {
        end.known.insert(seized->call);
        living[&end].insert(seized->call);
      }
    }
    for (auto* end : {&pair.a, &pair.b}) {
      for (const auto call : std::set<Ss7Call>(living[end])) {
        if (end->told[call].ends_with("answered ") && random(200) == 0) {
          EXPECT_TRUE(end->set->release(call, 16, pair.now_ms));
          living[end].erase(call);
          ++done;
        }
        ASSERT_FALSE(end->released.contains(call) && living[end].contains(call))
            << "lost at " << pair.now_ms - cut_at << " ms after the cut: cause " << int(end->released[call].cause)
            << " " << end->told[call] << "\n"
            << end->set->dump();
      }
    }
  }
  for (auto* end : {&pair.a, &pair.b}) {
    for (const auto call : living[end]) EXPECT_TRUE(end->set->release(call, 16, pair.now_ms));
  }
  pair.run_for(5000);
  int by_fault = 0;
  for (auto* end : {&pair.a, &pair.b}) {
    for (const auto& [call, released] : end->released) by_fault += released.by == Ss7ReleasedBy::kFault ? 1 : 0;
    EXPECT_EQ(29U, end->set->idle_circuits()) << end->set->dump();
    EXPECT_GE(end->count("link_failures"), 5U);
    EXPECT_GE(end->count("changeovers"), 5U);
  }
  std::printf("%d calls, 5 failures of a link, %d calls lost\n", done, by_fault);
  EXPECT_EQ(0, by_fault);
}

TEST_P(Ss7, WithoutALinkCallsEndAndItComesBack) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto [out, in] = answered(pair, pair.a);
  pair.cut = {true, true};
  ASSERT_TRUE(pair.run_until([&] { return !pair.a.up && !pair.b.up; }));
  pair.run_for(5);
  EXPECT_EQ(38, pair.a.released[out].cause);
  EXPECT_EQ(Ss7ReleasedBy::kFault, pair.a.released[out].by);
  EXPECT_EQ(38, pair.b.released[in].cause);
  EXPECT_EQ(ErrorCode::kUnavailable, pair.a.set->seize({.called = "95001"}, pair.now_ms).error().code);
  pair.cut = {false, false};
  ASSERT_TRUE(pair.run_until([&] { return pair.a.up && pair.b.up; }, 200'000)) << pair.a.set->dump();
  // Traffic comes back to the second link by a changeback, which takes its time.
  EXPECT_TRUE(pair.run_until([&] { return pair.a.set->idle_circuits() == 29; }, 2000)) << pair.a.set->dump();
  answered(pair, pair.b);
}

TEST_P(Ss7, AnAlarmOfAnE1ClearsItsCallsAndBlocksItsCircuits) {
  Ss7Pair pair(options());
  pair.bring_up();
  const auto [out, in] = answered(pair, pair.a, 20);
  const auto [other, there] = answered(pair, pair.a, 3);
  const auto lost = circuits_between(17, 31);
  pair.a.set->set_circuits_failed(lost, true, pair.now_ms);
  ASSERT_TRUE(pair.run_until([&, in = in] { return pair.b.released.contains(in); }));
  EXPECT_EQ(38, pair.b.released[in].cause);
  pair.run_for(100);
  EXPECT_EQ(Ss7ReleasedBy::kFault, pair.a.released[out].by);
  EXPECT_FALSE(pair.a.released.contains(other));
  EXPECT_EQ((Ss7Blocked{false, true}), pair.b.blocked[20]);
  pair.a.set->set_circuits_failed(lost, false, pair.now_ms);
  pair.run_for(100);
  EXPECT_EQ((Ss7Blocked{false, false}), pair.b.blocked[20]);
  EXPECT_EQ(28U, pair.b.set->idle_circuits());
}

TEST(Ss7China, MetersAnAnsweredCallAndEndsOneThatItsCallerHasLeft) {
  Ss7Pair pair(china());
  pair.bring_up();
  const auto [out, in] = answered(pair, pair.a, 5);
  EXPECT_TRUE(pair.b.set->meter(in, pair.now_ms));
  EXPECT_TRUE(pair.b.set->meter(in, pair.now_ms));
  EXPECT_EQ(ErrorCode::kWrongState, pair.a.set->meter(out, pair.now_ms).error().code);
  pair.run_for(100);
  EXPECT_EQ(2, pair.a.pulses[out]);
  // CCL in place of the second MPM: what the library could not send or take.
  pair.on_wire = [&](const Ss7End& from, std::size_t, std::vector<uint8_t>& unit) {
    if (&from == &pair.b && unit.size() > 13 && unit[13] == 0xfd) unit[13] = 0xfe;
    return true;
  };
  EXPECT_TRUE(pair.b.set->meter(in, pair.now_ms));
  pair.run_for(100);
  EXPECT_EQ(2, pair.a.pulses[out]);
  EXPECT_EQ(1U, pair.a.count("messages_ignored")) << "OPR makes no difference";
}

TEST(Ss7Check, RefusesWhatDoesNotGoTogether) {
  const auto refused = [](auto&& change) {
    auto options = itu();
    change(options);
    const auto good = Ss7LinkSet::check(options);
    return good ? std::string() : good.error().text;
  };
  EXPECT_EQ("", refused([](Ss7Options&) {}));
  EXPECT_NE("", refused([](Ss7Options& with) { with.own = 0x4000; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.destination = with.own; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.links = {1, 1}; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.links = {0, 1, 2}; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.circuits = {}; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.circuits = {5, 5}; }));
  EXPECT_NE("", refused([](Ss7Options& with) { with.network = 4; }));
}

}  // namespace
}  // namespace cordboard::signalling
