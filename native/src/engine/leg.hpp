// SPDX-License-Identifier: GPL-2.0-or-later
// A leg: one port under call control, from seizure to release, whatever carries it.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/state_table.hpp"
#include "bus/bus.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

enum class LegEvent : uint8_t { kSeize, kOffer, kAlert, kAnswer, kRelease, kReleased };

inline constexpr Transition<LegState, LegEvent> kLegTable[] = {
    {LegState::kIdle, LegEvent::kSeize, LegState::kSeizing},
    {LegState::kIdle, LegEvent::kOffer, LegState::kOffered},
    {LegState::kSeizing, LegEvent::kAlert, LegState::kAlerting},
    {LegState::kSeizing, LegEvent::kAnswer, LegState::kAnswered},
    {LegState::kSeizing, LegEvent::kRelease, LegState::kReleasing},
    {LegState::kSeizing, LegEvent::kReleased, LegState::kReleased},
    {LegState::kOffered, LegEvent::kAlert, LegState::kAlerting},
    {LegState::kOffered, LegEvent::kAnswer, LegState::kAnswered},
    {LegState::kOffered, LegEvent::kRelease, LegState::kReleasing},
    {LegState::kOffered, LegEvent::kReleased, LegState::kReleased},
    {LegState::kAlerting, LegEvent::kAlert, LegState::kAlerting},
    {LegState::kAlerting, LegEvent::kAnswer, LegState::kAnswered},
    {LegState::kAlerting, LegEvent::kRelease, LegState::kReleasing},
    {LegState::kAlerting, LegEvent::kReleased, LegState::kReleased},
    {LegState::kAnswered, LegEvent::kRelease, LegState::kReleasing},
    {LegState::kAnswered, LegEvent::kReleased, LegState::kReleased},
    {LegState::kReleasing, LegEvent::kReleased, LegState::kReleased},
};
static_assert(is_unambiguous(kLegTable));

struct Leg {
  uint32_t id{};
  LegKind kind{};
  StateMachine<LegState, LegEvent> state{kLegTable, LegState::kIdle};
  bus::Port port{};
  uint32_t span{};      // 0 for analog and SIP
  uint32_t timeslot{};  // 0 for analog and SIP
  uint32_t analog{};    // 0 for a timeslot and SIP
  uint32_t span_call{};  // what the signalling of the span knows it by
  bool incoming{};      // the line began it
  std::string called;
  std::string calling;
  Millis since{};
};

}  // namespace cordboard::engine

namespace cordboard {
using engine::LegEvent;
template <> struct EnumNames<LegEvent> {
  static constexpr std::array<std::string_view, 6> names{"seize", "offer", "alert", "answer", "release", "released"};
};
}  // namespace cordboard
