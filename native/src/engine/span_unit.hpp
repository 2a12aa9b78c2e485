// SPDX-License-Identifier: GPL-2.0-or-later
// One E1: its D-channel and alarms from the card, its calls from PriSpan, its legs in the core.
#pragma once

#include <map>

#include "cards/card.hpp"
#include "engine/api_config.hpp"
#include "engine/leg.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::engine {

class Core;

class SpanUnit : public signalling::PriListener {
 public:
  SpanUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::HdlcPort& hdlc, cards::AlarmPort& alarm);
  ~SpanUnit() override;

  bus::Port port_of(uint32_t timeslot) const { return first_port_ + timeslot - 1; }
  const SpanConfig& config() const { return config_; }
  std::vector<AlarmKind> alarms() const;
  signalling::PriSpan& pri() { return pri_; }
  const signalling::PriSpan& pri() const { return pri_; }
  bus::Port first_port() const { return first_port_; }
  void remember(signalling::PriCall call, uint32_t leg) { legs_[call] = leg; }

  void on_incoming(signalling::PriCall call, uint8_t timeslot, std::string_view called, std::string_view calling,
                   std::string_view calling_name, bool complete) override;
  void on_digits(signalling::PriCall call, std::string_view digits) override;
  void on_proceeding(signalling::PriCall call, uint8_t timeslot) override;
  void on_alerting(signalling::PriCall call, uint8_t timeslot) override;
  void on_progress(signalling::PriCall call, uint8_t timeslot) override;
  void on_answered(signalling::PriCall call, uint8_t timeslot) override;
  void on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) override;
  void on_dchannel(bool up) override;
  void on_restarted(uint8_t timeslot) override;
  void on_log(signalling::PriLogLevel level, std::string_view text) override;

 private:
  Leg* leg_of(signalling::PriCall call);
  void progressed(signalling::PriCall call, uint8_t timeslot, LegProgress progress);

  Core& core_;
  const SpanConfig config_;
  const bus::Port first_port_;
  cards::HdlcPort& hdlc_;
  cards::AlarmPort& alarm_;
  std::map<signalling::PriCall, uint32_t> legs_;
  signalling::PriSpan pri_;
};

/// The alarms of a card as the boundary names them.
std::vector<AlarmKind> alarm_kinds(const cards::Alarms& alarms);

}  // namespace cordboard::engine
