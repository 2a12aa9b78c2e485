// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/span_unit.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

std::vector<AlarmKind> alarm_kinds(const cards::Alarms& alarms) {
  std::vector<AlarmKind> kinds;
  if (alarms.los) kinds.push_back(AlarmKind::kLos);
  if (alarms.red) kinds.push_back(AlarmKind::kRed);
  if (alarms.yellow) kinds.push_back(AlarmKind::kYellow);
  if (alarms.ais) kinds.push_back(AlarmKind::kAis);
  return kinds;
}

SpanUnit::SpanUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::AlarmPort& alarm)
    : core_(core), config_(config), first_port_(first_port), alarm_(alarm) {}

SpanUnit::~SpanUnit() { alarm_.on_alarms = nullptr; }

void SpanUnit::begin_alarms() {
  alarm_.on_alarms = [this](const cards::Alarms& alarms) {
    core_.event(SpanAlarmed{config_.span, alarm_kinds(alarms)});
    layer1(!alarms.down());
  };
  if (alarm_.alarms().down()) layer1(false);
}

std::vector<AlarmKind> SpanUnit::alarms() const { return alarm_kinds(alarm_.alarms()); }

Leg* SpanUnit::leg_of(uint32_t call) {
  const auto found = legs_.find(call);
  return found == legs_.end() ? nullptr : core_.leg(found->second);
}

void SpanUnit::offer(uint32_t call, uint32_t timeslot, LegOffered about) {
  const auto id = core_.new_leg(LegKind::kTimeslot, port_of(timeslot), config_.span, timeslot, 0);
  legs_[call] = id;
  auto& leg = *core_.leg(id);
  leg.span_call = call;
  leg.incoming = true;
  leg.called = about.calledNumber;
  leg.calling = about.callingNumber;
  leg.state.step(LegEvent::kOffer, core_.now());
  about.leg = id;
  about.kind = LegKind::kTimeslot;
  about.port = leg.port;
  about.span = config_.span;
  about.timeslot = timeslot;
  core_.event(std::move(about));
}

void SpanUnit::digits(uint32_t call, std::string_view digits) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  for (const char digit : digits) {
    leg->called += digit;
    core_.event(LegDigit{leg->id, std::string(1, digit), DigitSource::kOverlap});
  }
}

void SpanUnit::progressed(const SpanUnit& at, uint32_t call, uint32_t timeslot, LegProgress progress) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  leg->span = at.config_.span;
  core_.move_leg(*leg, at.port_of(timeslot), timeslot);
  if (progress == LegProgress::kAlerting) leg->state.step(LegEvent::kAlert, core_.now());
  core_.event(LegProgressed{leg->id, progress, leg->port});
}

void SpanUnit::answered(const SpanUnit& at, uint32_t call, uint32_t timeslot) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  leg->span = at.config_.span;
  core_.move_leg(*leg, at.port_of(timeslot), timeslot);
  leg->state.step(LegEvent::kAnswer, core_.now());
  core_.event(LegAnswered{leg->id, leg->port});
}

void SpanUnit::answer_sent(uint32_t call) {
  if (auto* leg = leg_of(call)) core_.answer_sent(*leg);
}

Result<> SpanUnit::block(uint32_t, bool) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " blocks no timeslots");
}

Result<> SpanUnit::meter(const Leg&) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " has no metering pulses");
}

Result<> SpanUnit::inform(const Leg&, const LegInform&) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " does not tell of other parties");
}

Result<> SpanUnit::transfer(const Leg&, SpanUnit&, const Leg&) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " has no transfer");
}

Result<> SpanUnit::allow_transfer(const Leg&, bool) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " has no transfer");
}

Result<> SpanUnit::tariff(const Leg&, const std::vector<Tariff>&) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " tells no tariffs");
}

Result<> SpanUnit::dial(const Leg&, std::string_view, bool) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " takes a called number as a whole");
}

Result<> SpanUnit::check(uint32_t) {
  return fail(ErrorCode::kInvalid, "the signalling of " + config_.name + " has no continuity check");
}

void SpanUnit::released(uint32_t call, uint32_t cause, ReleasedBy by) {
  const auto found = legs_.find(call);
  if (found == legs_.end()) return;
  const auto leg = found->second;
  legs_.erase(found);
  core_.end_leg(leg, cause, by);
}

}  // namespace cordboard::engine
