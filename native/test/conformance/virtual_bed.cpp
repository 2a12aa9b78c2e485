// SPDX-License-Identifier: GPL-2.0-or-later
// The bed made of virtual cables.
#include "conformance/bed.hpp"
#include "ss7_engine.hpp"

namespace cordboard::engine {

namespace {

class VirtualBed : public Bed {
 public:
  EngineConfig spans(uint32_t pairs) const override { return test_config(pairs, 0); }
  EngineConfig analogs(uint32_t pairs) const override { return test_config(0, pairs); }
  void cut(Box& box) override { box.ask(VirtualAlarm{kNear, AlarmKind::kLos, true}); }
  void join(Box& box) override { box.ask(VirtualAlarm{kNear, AlarmKind::kLos, false}); }
  void cut_link(Box& box, uint32_t pair, bool cut) override {
    for (const auto span : {kNear, kFar}) {
      box.ask(VirtualLinkSpoil{.span = span + pair - 1, .timeslot = kLinkTimeslot, .cut = cut});
    }
  }
  void settle(Box&, uint32_t) const override {}
  uint32_t speech_ms() const override { return 1000; }
  uint32_t most_lost() const override { return 0; }
  std::chrono::milliseconds patience() const override { return 2 * Box::kPatience; }
};

}  // namespace

Bed& bed() {
  static VirtualBed bed;
  return bed;
}

}  // namespace cordboard::engine
