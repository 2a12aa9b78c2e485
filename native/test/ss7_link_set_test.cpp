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

}  // namespace
}  // namespace cordboard::signalling
