// SPDX-License-Identifier: GPL-2.0-or-later
// An E1 with MFC/R2: line signals by the card's signalling bits, register signals as sound on the bus, its calls from
// R2Span.
#pragma once

#include "engine/span_unit.hpp"
#include "signalling/r2_span.hpp"

namespace cordboard::engine {

class R2Unit : public SpanUnit, private signalling::R2Listener, private signalling::R2Line {
 public:
  /// kInvalid: the configuration asks for what R2 cannot do.
  static Result<> check(const SpanConfig& config);
  /// A configuration that has passed check().
  R2Unit(Core& core, const SpanConfig& config, bus::Port first_port, cards::CasPort& cas, cards::AlarmPort& alarm);
  ~R2Unit() override;

  bool carries_calls(uint32_t timeslot) const override;
  Result<SpanSeized> seize(uint32_t leg, const LegSeize& command) override;
  Result<> alert(const Leg& leg) override;
  Result<> answer(const Leg& leg) override;
  bool answers_later() const override { return true; }
  Result<> release(const Leg& leg, uint32_t cause) override;
  void cleared(const Leg& leg, uint32_t cause) override;
  Result<> restart(uint32_t timeslot) override;
  Result<> block(uint32_t timeslot, bool blocked) override;
  SpanBlockedEnds blocked(uint32_t timeslot) const override;
  Result<> meter(const Leg& leg) override;
  void register_signal(uint32_t timeslot, uint8_t signal, bool begin) override;
  bool signalling_up() const override { return r2_.up(); }
  std::optional<Millis> next_deadline(Millis now) override { return r2_.next_deadline(now); }
  void run_timers(Millis now) override { r2_.run_timers(now); }
  std::vector<SpanCounter> counters() const override;
  std::string dump() const override { return r2_.dump(); }

 private:
  void layer1(bool up) override;

  void on_incoming(signalling::R2Call call, uint8_t timeslot, const signalling::R2Offer& offer) override;
  void on_accepted(signalling::R2Call call, uint8_t timeslot) override;
  void on_answer_sent(signalling::R2Call call, uint8_t timeslot) override;
  void on_proceeding(signalling::R2Call call, uint8_t timeslot) override;
  void on_alerting(signalling::R2Call call, uint8_t timeslot) override;
  void on_answered(signalling::R2Call call, uint8_t timeslot) override { answered(call, timeslot); }
  void on_metering(signalling::R2Call call, uint8_t timeslot) override;
  void on_released(signalling::R2Call call, uint8_t cause, signalling::R2ReleasedBy by) override;
  void on_blocked(uint8_t timeslot, bool here, bool there) override;
  void on_up(bool up) override;
  void on_log(signalling::R2LogLevel level, uint8_t timeslot, std::string_view text) override;

  void set_bits(uint8_t timeslot, uint8_t abcd) override { cas_.set_bits(timeslot, abcd); }
  void send_tone(uint8_t timeslot, bool forward, uint8_t signal) override;
  void listen(uint8_t timeslot, bool forward) override;
  void stop_listening(uint8_t timeslot) override;

  cards::CasPort& cas_;
  signalling::R2Span r2_;
};

}  // namespace cordboard::engine
