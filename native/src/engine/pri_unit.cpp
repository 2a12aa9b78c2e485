// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pri_unit.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kDchannelTimeslot = 16;

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

PriUnit::PriUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::HdlcPort& hdlc,
                 cards::AlarmPort& alarm)
    : SpanUnit(core, config, first_port, alarm),
      hdlc_(hdlc),
      pri_(pri_options(config), *this, [this](std::span<const uint8_t> frame) { hdlc_.send_frame(frame); }) {
  hdlc_.on_frame = [this](std::span<const uint8_t> frame) { pri_.receive_frame(frame); };
  begin_alarms();
}

PriUnit::~PriUnit() { hdlc_.on_frame = nullptr; }

bool PriUnit::carries_calls(uint32_t timeslot) const { return timeslot != kDchannelTimeslot; }

Result<SpanSeized> PriUnit::seize(uint32_t leg, const LegSeize& command) {
  const auto seized = pri_.seize(
      {command.calledNumber, command.callingNumber, command.callingName, static_cast<uint8_t>(command.timeslot)});
  if (!seized) return seized.error();
  remember(seized->call, leg);
  return SpanSeized{seized->call, seized->timeslot};
}

Result<> PriUnit::release(const Leg& leg, uint32_t cause) {
  return pri_.release(call_of(leg), static_cast<uint8_t>(cause));
}

std::vector<SpanCounter> PriUnit::counters() const {
  std::vector<SpanCounter> counters;
  for (const auto& counter : pri_.counters()) {
    counters.push_back({"pri_" + std::string(counter.name), counter.doc, counter.value});
  }
  return counters;
}

void PriUnit::on_incoming(signalling::PriCall call, uint8_t timeslot, std::string_view called, std::string_view calling,
                          std::string_view calling_name, bool complete) {
  offer(call, timeslot,
        {.calledNumber = std::string(called),
         .callingNumber = std::string(calling),
         .callingName = std::string(calling_name),
         .complete = complete});
}

void PriUnit::on_proceeding(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kProceeding);
}
void PriUnit::on_alerting(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kAlerting);
}
void PriUnit::on_progress(signalling::PriCall call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kInband);
}

void PriUnit::on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) {
  released(call, cause, released_by(by));
}

void PriUnit::on_dchannel(bool up) { core_.event(SpanDchannel{config_.span, up}); }

void PriUnit::on_restarted(uint8_t timeslot) { core_.event(SpanRestarted{config_.span, timeslot}); }

void PriUnit::on_log(signalling::PriLogLevel level, std::string_view text) {
  core_.log(name_of(level), std::string(text), config_.span);
}

}  // namespace cordboard::engine
