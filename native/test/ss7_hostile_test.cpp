// SPDX-License-Identifier: GPL-2.0-or-later
// Signal units and messages that nobody would send: random, mutated, cut off, at random times in the life of calls. The stack
// must take all of it, keep its books, and carry a call when it is over.
#include <cstdlib>

#include "fuzz_inputs.hpp"
#include "ss7_pair.hpp"

namespace cordboard::signalling {
namespace {

uint32_t seed_of_day() {
  const char* asked = std::getenv("CORDBOARD_FUZZ_SEED");
  return asked == nullptr ? 1 : static_cast<uint32_t>(std::strtoul(asked, nullptr, 10));
}

class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed) {}
  uint32_t below(uint32_t most) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<uint32_t>(state_ >> 33) % most;
  }
  uint8_t octet() { return static_cast<uint8_t>(below(256)); }

 private:
  uint64_t state_;
};

class HostileSignallingSs7 : public testing::TestWithParam<bool> {
 protected:
  static Ss7Options options() { return GetParam() ? china() : itu(); }
};
INSTANTIATE_TEST_SUITE_P(Codes, HostileSignallingSs7, testing::Values(false, true),
                         [](const auto& with) { return with.param ? "China" : "Itu"; });

/// Calls that come and go, so that what is mutated is all kinds of messages in all states.
void live(Ss7Pair& pair, Random& random) {
  auto& end = random.below(2) == 0 ? pair.a : pair.b;
  switch (random.below(8)) {
    case 0: {
      const auto seized = end.set->seize({.called = "95001", .calling = "13800138000"}, pair.now_ms);
      if (seized) end.known.insert(seized->call);
      break;
    }
    case 1:
      if (!end.offers.empty()) static_cast<void>(end.set->answer(end.offers.back().call, pair.now_ms));
      break;
    case 2:
      if (!end.known.empty()) {
        auto at = end.known.begin();
        std::advance(at, random.below(static_cast<uint32_t>(end.known.size())));
        static_cast<void>(end.set->release(*at, 16, pair.now_ms));
      }
      break;
    case 3:
      static_cast<void>(
          end.set->block(std::array{end.options.circuits[random.below(29)]}, random.below(2) == 0, pair.now_ms));
      break;
    case 4:
      static_cast<void>(end.set->reset(std::array{end.options.circuits[random.below(29)]}, pair.now_ms));
      break;
    case 5:
      static_cast<void>(end.set->test(end.options.circuits[random.below(29)], pair.now_ms));
      break;
    default:
      break;
  }
}

/// Changes a unit from octet `from` on.
void mutate(std::vector<uint8_t>& unit, Random& random, std::size_t from) {
  from = std::min(from, unit.size() - 1);
  switch (random.below(6)) {
    case 0:  // anything at all
      unit.resize(from + 1 + random.below(260));
      for (auto at = from; at < unit.size(); ++at) unit[at] = random.octet();
      break;
    case 1:  // longer
      for (auto more = random.below(60); more > 0; --more) unit.push_back(random.octet());
      break;
    case 2:  // shorter
      unit.resize(from + random.below(static_cast<uint32_t>(unit.size() - from)));
      break;
    default:
      for (auto changes = 1 + random.below(4); changes > 0; --changes) {
        auto& octet = unit[from + random.below(static_cast<uint32_t>(unit.size() - from))];
        octet = random.below(2) == 0 ? random.octet() : static_cast<uint8_t>(octet ^ 1U << random.below(8));
      }
      break;
  }
  unit.resize(std::clamp<std::size_t>(unit.size(), 3, 300));
  if (random.below(30) != 0) unit[2] = static_cast<uint8_t>(std::min<std::size_t>(unit.size() - 3, 63));
}

TEST_P(HostileSignallingSs7, TakesUnitsThatNobodyWouldSend) {
  Ss7Pair pair(options());
  pair.bring_up();
  Random random(seed_of_day());
  uint32_t sent = 0;
  const auto most = static_cast<uint32_t>(fuzz_inputs());
  // Of level 2, of level 3, of the ISUP message, of what is behind its type.
  const std::size_t label = GetParam() ? 7 : 4;
  const std::array<std::size_t, 8> parts{0, 3, 4, 4 + label, 4 + label, 6 + label, 6 + label, 7 + label};
  pair.on_wire = [&](const Ss7End&, std::size_t, std::vector<uint8_t>& unit) {
    if (sent >= most || unit.size() <= 6 || random.below(3) == 0) return true;
    ++sent;
    // Seldom the numbers that level 2 waits for, or hardly a message would get past it.
    const auto from = parts[random.below(40) == 0 ? 0 : 1 + random.below(7)];
    mutate(unit, random, from);
    return true;
  };
  while (sent < most) {
    pair.run_for(1);
    for (int i = 0; i < 4; ++i) live(pair, random);
    if (pair.a.offers.size() > 500) pair.a.offers.clear();
    if (pair.b.offers.size() > 500) pair.b.offers.clear();
    // Straight at it, too, with whatever sequence number comes.
    if (random.below(200) == 0) {
      std::vector<uint8_t> unit(3 + random.below(60));
      for (auto& octet : unit) octet = random.octet();
      unit[2] = static_cast<uint8_t>(unit.size() - 3);
      pair.a.set->receive_unit(random.below(2), unit, pair.now_ms);
      ++sent;
    }
    pair.a.log.clear();
    pair.b.log.clear();
    pair.sent.clear();
  }
  pair.on_wire = nullptr;
  std::printf("%u units; refused %llu units and %llu messages, ignored %llu messages; links failed %llu times\n", sent,
              static_cast<unsigned long long>(pair.a.count("units_refused") + pair.b.count("units_refused")),
              static_cast<unsigned long long>(pair.a.count("messages_refused") + pair.b.count("messages_refused")),
              static_cast<unsigned long long>(pair.a.count("messages_ignored") + pair.b.count("messages_ignored")),
              static_cast<unsigned long long>(pair.a.count("link_failures") + pair.b.count("link_failures")));
  EXPECT_GT(pair.a.count("messages_refused"), sent / 1000);

  // Nothing has stuck: when links, circuits and blockings are put in order, calls go.
  for (auto* end : {&pair.a, &pair.b}) {
    for (std::size_t link = 0; link < 2; ++link) {
      end->set->set_link_failed(link, true, pair.now_ms);
    }
  }
  pair.run_for(500);
  for (auto* end : {&pair.a, &pair.b}) {
    for (std::size_t link = 0; link < 2; ++link) end->set->set_link_failed(link, false, pair.now_ms);
  }
  ASSERT_TRUE(pair.run_until([&] { return pair.a.up && pair.b.up; }, 200'000))
      << pair.a.set->dump() << pair.b.set->dump();
  pair.run_for(5'000);
  for (auto* end : {&pair.a, &pair.b}) {
    EXPECT_TRUE(end->set->block(end->options.circuits, false, pair.now_ms));
    EXPECT_TRUE(end->set->reset(end->options.circuits, pair.now_ms));
    pair.run_for(5'000);
  }
  ASSERT_TRUE(
      pair.run_until([&] { return pair.a.set->idle_circuits() == 29 && pair.b.set->idle_circuits() == 29; }, 400'000))
      << pair.a.set->dump() << pair.b.set->dump();
  pair.b.offers.clear();
  const auto out = pair.a.call("95001");
  ASSERT_TRUE(pair.run_until([&] { return !pair.b.offers.empty(); }));
  EXPECT_TRUE(pair.b.set->answer(pair.b.offers.back().call, pair.now_ms));
  ASSERT_TRUE(pair.run_until([&] { return pair.a.told[out].ends_with("answered "); }));
}

}  // namespace
}  // namespace cordboard::signalling
