// SPDX-License-Identifier: GPL-2.0-or-later
// A state machine that is a table: what is not in the table does not happen.
//
//   event ──> table {from, event, to} ──found──> state, history
//                                     ──not────> refused: counted, state kept
//
//   enum class Door { kOpen, kShut };  enum class Push { kOpen, kShut };
//   constexpr Transition<Door, Push> kDoorTable[] = {{Door::kShut, Push::kOpen, Door::kOpen},
//                                                    {Door::kOpen, Push::kShut, Door::kShut}};
//   static_assert(is_unambiguous(kDoorTable));
//   StateMachine<Door, Push> door(kDoorTable, Door::kShut);
//
// No allocation, no clock: time is passed in. One thread.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/describe.hpp"

namespace cordboard {

/// One row: in `from`, `event` leads to `to` (which may be the same state).
template <class State, class Event>
struct Transition {
  State from;
  Event event;
  State to;
};

/// No two rows for the same state and event: the second would never be reached.
template <class State, class Event, std::size_t N>
constexpr bool is_unambiguous(const Transition<State, Event> (&table)[N]) {
  for (std::size_t a = 0; a < N; ++a)
    for (std::size_t b = a + 1; b < N; ++b)
      if (table[a].from == table[b].from && table[a].event == table[b].event) return false;
  return true;
}

/// A step taken, and when.
template <class State, class Event>
struct StepTaken {
  State from{};
  Event event{};
  State to{};
  int64_t at_ms = 0;
};

/// A machine over a table that outlives it (a constexpr array as a rule).
template <class State, class Event>
class StateMachine {
 public:
  using Row = Transition<State, Event>;
  using Taken = StepTaken<State, Event>;
  static constexpr std::size_t kHistory = 16;

  constexpr StateMachine(std::span<const Row> table, State initial) : table_(table), state_(initial) {}

  constexpr State state() const { return state_; }
  constexpr bool can(Event event) const { return find(event) != nullptr; }

  /// Moves and remembers it; or refuses, counts it and stays: false.
  constexpr bool step(Event event, int64_t at_ms) {
    const Row* row = find(event);
    if (row == nullptr) {
      ++refused_;
      return false;
    }
    history_[steps_ % kHistory] = {state_, event, row->to, at_ms};
    ++steps_;
    state_ = row->to;
    return true;
  }

  constexpr uint32_t refused() const { return refused_; }
  constexpr uint64_t steps() const { return steps_; }

  /// Steps still remembered, 0-16, and the n-th of them, the oldest first.
  constexpr std::size_t history_size() const { return steps_ < kHistory ? static_cast<std::size_t>(steps_) : kHistory; }
  constexpr const Taken& history(std::size_t n) const { return history_[(steps_ - history_size() + n) % kHistory]; }

  /// Writes the history as lines `at_ms from --event--> to` into `out`, as many whole lines as fit, for people.
  std::string_view dump(std::span<char> out) const requires NamedEnum<State> && NamedEnum<Event> {
    std::size_t used = 0;
    for (std::size_t n = 0; n < history_size(); ++n) {
      const Taken& taken = history(n);
      std::array<char, 24> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), taken.at_ms).ptr;
      const std::array<std::string_view, 8> parts{{{digits.data(), static_cast<std::size_t>(end - digits.data())},
                                                   " ",
                                                   name_of(taken.from),
                                                   " --",
                                                   name_of(taken.event),
                                                   "--> ",
                                                   name_of(taken.to),
                                                   "\n"}};
      std::size_t length = 0;
      for (const auto part : parts) length += part.size();
      if (length > out.size() - used) break;
      for (const auto part : parts) used += part.copy(out.data() + used, part.size());
    }
    return {out.data(), used};
  }

 private:
  constexpr const Row* find(Event event) const {
    for (const Row& row : table_)
      if (row.from == state_ && row.event == event) return &row;
    return nullptr;
  }

  std::span<const Row> table_;
  State state_;
  uint32_t refused_ = 0;
  uint64_t steps_ = 0;
  std::array<Taken, kHistory> history_{};
};

}  // namespace cordboard
