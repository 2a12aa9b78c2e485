// SPDX-License-Identifier: GPL-2.0-or-later
// Who is at the far end of a leg, transfers that the far end does, and what a call will cost.
#include "engine/core.hpp"

namespace cordboard::engine {

Result<SpanUnit*> Core::span_of_leg(uint32_t id) {
  const auto* found = leg(id);
  if (found == nullptr) return fail(ErrorCode::kNotFound, "there is no leg " + std::to_string(id));
  if (found->kind != LegKind::kTimeslot) {
    return fail(ErrorCode::kWrongState, "leg " + std::to_string(id) + " is on no E1");
  }
  return spans_.at(found->span).get();
}

Result<> Core::handle(const LegInform& command) {
  const auto unit = span_of_leg(command.leg);
  if (!unit) return unit.error();
  return (*unit)->inform(*leg(command.leg), command);
}

Result<> Core::handle(const LegTransfer& command) {
  const auto unit = span_of_leg(command.leg);
  if (!unit) return unit.error();
  const auto other = span_of_leg(command.other);
  if (!other) return other.error();
  return (*unit)->transfer(*leg(command.leg), **other, *leg(command.other));
}

Result<> Core::handle(const LegAllowTransfer& command) {
  const auto unit = span_of_leg(command.leg);
  if (!unit) return unit.error();
  return (*unit)->allow_transfer(*leg(command.leg), command.allowed);
}

Result<> Core::handle(const LegTariff& command) {
  const auto unit = span_of_leg(command.leg);
  if (!unit) return unit.error();
  return (*unit)->tariff(*leg(command.leg), command.tariffs);
}

}  // namespace cordboard::engine
