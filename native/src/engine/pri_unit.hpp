// SPDX-License-Identifier: GPL-2.0-or-later
// An E1 with ISDN primary rate: the D-channel of timeslot 16 from the card, its calls from PriSpan.
#pragma once

#include "engine/span_unit.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::engine {

class PriUnit : public SpanUnit, private signalling::PriListener {
 public:
  PriUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::HdlcPort& hdlc, cards::AlarmPort& alarm);
  ~PriUnit() override;

  bool carries_calls(uint32_t timeslot) const override;
  Result<SpanSeized> seize(uint32_t leg, const LegSeize& command) override;
  Result<> alert(const Leg& leg) override { return pri_.alert(call_of(leg)); }
  Result<> answer(const Leg& leg) override { return pri_.answer(call_of(leg)); }
  Result<> release(const Leg& leg, uint32_t cause) override;
  Result<> restart(uint32_t timeslot) override { return pri_.restart(static_cast<uint8_t>(timeslot)); }
  bool signalling_up() const override { return pri_.dchannel_up(); }
  std::optional<Millis> next_deadline(Millis now) override { return pri_.next_deadline(now); }
  void run_timers(Millis now) override { pri_.run_timers(now); }
  std::vector<SpanCounter> counters() const override;
  std::string dump() const override { return pri_.dump(); }

 private:
  void layer1(bool up) override { pri_.set_layer1(up); }

  void on_incoming(signalling::PriCall call, uint8_t timeslot, std::string_view called, std::string_view calling,
                   std::string_view calling_name, bool complete) override;
  void on_digits(signalling::PriCall call, std::string_view text) override { digits(call, text); }
  void on_proceeding(signalling::PriCall call, uint8_t timeslot) override;
  void on_alerting(signalling::PriCall call, uint8_t timeslot) override;
  void on_progress(signalling::PriCall call, uint8_t timeslot) override;
  void on_answered(signalling::PriCall call, uint8_t timeslot) override { answered(call, timeslot); }
  void on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) override;
  void on_dchannel(bool up) override;
  void on_restarted(uint8_t timeslot) override;
  void on_log(signalling::PriLogLevel level, std::string_view text) override;

  cards::HdlcPort& hdlc_;
  signalling::PriSpan pri_;
};

}  // namespace cordboard::engine
