// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/span_unit.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

signalling::PriOptions pri_options(const SpanConfig& config) {
  signalling::PriOptions options;
  options.node = config.side == PriSide::kUser ? signalling::PriNode::kUser : signalling::PriNode::kNetwork;
  options.t203_ms = config.t203Ms;
  options.t309_ms = config.t309Ms;
  return options;
}

ReleasedBy released_by(signalling::PriReleasedBy by) {
  switch (by) {
    case signalling::PriReleasedBy::kRemote:
      return ReleasedBy::kRemote;
    case signalling::PriReleasedBy::kLocal:
      return ReleasedBy::kLocal;
    case signalling::PriReleasedBy::kFault:
      break;
  }
  return ReleasedBy::kFault;
}

}  // namespace

std::vector<AlarmKind> alarm_kinds(const cards::Alarms& alarms) {
  std::vector<AlarmKind> kinds;
  if (alarms.los) kinds.push_back(AlarmKind::kLos);
  if (alarms.red) kinds.push_back(AlarmKind::kRed);
  if (alarms.yellow) kinds.push_back(AlarmKind::kYellow);
  if (alarms.ais) kinds.push_back(AlarmKind::kAis);
  return kinds;
}

SpanUnit::SpanUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::HdlcPort& hdlc,
                   cards::AlarmPort& alarm)
    : core_(core),
      config_(config),
      first_port_(first_port),
      hdlc_(hdlc),
      alarm_(alarm),
      pri_(pri_options(config), *this, [this](std::span<const uint8_t> frame) { hdlc_.send_frame(frame); }) {
  hdlc_.on_frame = [this](std::span<const uint8_t> frame) { pri_.receive_frame(frame); };
  alarm_.on_alarms = [this](const cards::Alarms& alarms) {
    core_.event(SpanAlarmed{config_.span, alarm_kinds(alarms)});
    pri_.set_layer1(!alarms.down());
  };
  if (alarm_.alarms().down()) pri_.set_layer1(false);
}

SpanUnit::~SpanUnit() {
  hdlc_.on_frame = nullptr;
  alarm_.on_alarms = nullptr;
}

std::vector<AlarmKind> SpanUnit::alarms() const { return alarm_kinds(alarm_.alarms()); }

Leg* SpanUnit::leg_of(signalling::PriCall call) {
  const auto found = legs_.find(call);
  return found == legs_.end() ? nullptr : core_.leg(found->second);
}

void SpanUnit::on_incoming(signalling::PriCall call, uint8_t timeslot, std::string_view called,
                           std::string_view calling, std::string_view calling_name, bool complete) {
  const auto id = core_.new_leg(LegKind::kIsdn, port_of(timeslot), config_.span, timeslot, 0);
  legs_[call] = id;
  auto& leg = *core_.leg(id);
  leg.pri_call = call;
  leg.incoming = true;
  leg.called = called;
  leg.calling = calling;
  leg.state.step(LegEvent::kOffer, core_.now());
  core_.event(LegOffered{.leg = id,
                         .kind = LegKind::kIsdn,
                         .port = leg.port,
                         .span = config_.span,
                         .timeslot = timeslot,
                         .analog = 0,
                         .calledNumber = leg.called,
                         .callingNumber = leg.calling,
                         .callingName = std::string(calling_name),
                         .complete = complete});
}

void SpanUnit::on_digits(signalling::PriCall call, std::string_view digits) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  for (const char digit : digits) {
    leg->called += digit;
    core_.event(LegDigit{leg->id, std::string(1, digit), DigitSource::kOverlap});
  }
}

void SpanUnit::progressed(signalling::PriCall call, uint8_t timeslot, LegProgress progress) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  core_.move_leg(*leg, port_of(timeslot), timeslot);
  if (progress == LegProgress::kAlerting) leg->state.step(LegEvent::kAlert, core_.now());
  core_.event(LegProgressed{leg->id, progress, leg->port});
}

void SpanUnit::on_proceeding(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kProceeding);
}
void SpanUnit::on_alerting(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kAlerting);
}
void SpanUnit::on_progress(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kInband);
}

void SpanUnit::on_answered(signalling::PriCall call, uint8_t timeslot) {
  auto* leg = leg_of(call);
  if (leg == nullptr) return;
  core_.move_leg(*leg, port_of(timeslot), timeslot);
  leg->state.step(LegEvent::kAnswer, core_.now());
  core_.event(LegAnswered{leg->id, leg->port});
}

void SpanUnit::on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) {
  const auto found = legs_.find(call);
  if (found == legs_.end()) return;
  const auto leg = found->second;
  legs_.erase(found);
  core_.end_leg(leg, cause, released_by(by));
}

void SpanUnit::on_dchannel(bool up) { core_.event(SpanDchannel{config_.span, up}); }

void SpanUnit::on_restarted(uint8_t timeslot) { core_.event(SpanRestarted{config_.span, timeslot}); }

void SpanUnit::on_log(signalling::PriLogLevel level, std::string_view text) {
  core_.log(name_of(level), std::string(text), config_.span);
}

}  // namespace cordboard::engine
