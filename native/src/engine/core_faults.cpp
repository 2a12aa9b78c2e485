// SPDX-License-Identifier: GPL-2.0-or-later
// Commands to a span as a whole, and faults raised on the virtual card.
#include "base/hex.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

Error no_span(uint32_t span) { return fail(ErrorCode::kNotFound, "there is no span " + std::to_string(span)); }

}  // namespace

Result<> Core::handle(const SpanRestart& command) {
  const auto found = spans_.find(command.span);
  if (found == spans_.end()) return no_span(command.span);
  return found->second->restart(command.timeslot);
}

Result<> Core::handle(const SpanBlock& command) {
  const auto found = spans_.find(command.span);
  if (found == spans_.end()) return no_span(command.span);
  return found->second->block(command.timeslot, command.blocked);
}

Result<> Core::handle(const VirtualAlarm& command) {
  auto alarms = card_.forced_alarms(command.span);
  switch (command.alarm) {
    case AlarmKind::kLos:
      alarms.los = command.active;
      break;
    case AlarmKind::kRed:
      alarms.red = command.active;
      break;
    case AlarmKind::kYellow:
      alarms.yellow = command.active;
      break;
    case AlarmKind::kAis:
      alarms.ais = command.active;
      break;
  }
  if (!card_.set_alarms(command.span, alarms)) return no_span(command.span);
  return Empty{};
}

Result<> Core::handle(const VirtualLine& command) {
  if (card_.cut_line(command.analog, command.cut)) return Empty{};
  return fail(ErrorCode::kNotFound, "no virtual cable ends at analog port " + std::to_string(command.analog));
}

Result<> Core::handle(const StationLamp& command) {
  const auto found = analogs_.find(command.analog);
  if (found == analogs_.end()) {
    return fail(ErrorCode::kNotFound, "there is no analog port " + std::to_string(command.analog));
  }
  return found->second->set_lamp(command.on);
}

Result<> Core::handle(const VirtualDchannel& command) {
  if (!card_.cut_dchannel(command.span, command.cut)) return no_span(command.span);
  return Empty{};
}

Result<> Core::handle(const VirtualEcho& command) {
  if (!card_.set_echo(command.analog, command.lossDb, command.delayMs)) {
    return fail(ErrorCode::kNotFound, "no cable is in the analog port " + std::to_string(command.analog));
  }
  return Empty{};
}

Result<> Core::handle(const VirtualFrame& command) {
  const auto frame = from_hex(command.hex);
  if (!frame) return fail(ErrorCode::kInvalid, "hex must be pairs of hexadecimal digits");
  if (!card_.inject_frame(command.span, *frame)) return no_span(command.span);
  return Empty{};
}

}  // namespace cordboard::engine
