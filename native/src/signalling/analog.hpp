// SPDX-License-Identifier: GPL-2.0-or-later
// The two ends of an analog line as state machines. No I/O and no clock: hook, ring and battery changes and the time are
// passed in; what is to be done on the wire and what call control is to be told come out through the listener.
//
//   FxsStation (a telephone hangs on it):   idle → ringing → talking      lifted when idle: dialling → talking
//                                           talking → parked (released by us, receiver still off) → idle
//   FxoLine (an exchange hangs on it):      idle → ringing → talking      lifted by us: talking
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "base/describe.hpp"
#include "base/state_table.hpp"

namespace cordboard::signalling {

/// Times of a country's lines, ms.
struct AnalogTimes {
  std::vector<uint32_t> ring_cadence_ms{1000, 4000};  // ring, pause, ring, pause, …
  uint32_t flash_min_ms = 80;                         // a shorter break of the loop is contact bounce
  uint32_t flash_max_ms = 500;                        // a longer one is on-hook
  // Of a telephone.
  uint32_t pulse_min_ms = 20;        // a break from here to flash_min_ms is a pulse of a digit
  uint32_t between_digits_ms = 250;  // no pulse for so long, and the digit is whole
  uint32_t disconnect_gap_ms = 500;  // without battery when its call has ended; 0: none
  bool reverse_on_answer = false;    // the polarity of the loop is reversed as long as its call out is answered
  // Of a line.
  uint32_t ring_min_ms = 0;  // a shorter ring is none: bells tinkle when a neighbour dials
};

// ---------------------------------------------------------------------------------------------------------- station

enum class StationState : uint8_t { kIdle, kRinging, kDialling, kTalking, kParked };
enum class StationEvent : uint8_t { kRing, kStopRing, kLift, kAnswer, kReplace, kRelease };

inline constexpr Transition<StationState, StationEvent> kStationTable[] = {
    {StationState::kIdle, StationEvent::kRing, StationState::kRinging},
    {StationState::kIdle, StationEvent::kLift, StationState::kDialling},
    {StationState::kRinging, StationEvent::kStopRing, StationState::kIdle},
    {StationState::kRinging, StationEvent::kLift, StationState::kTalking},
    {StationState::kDialling, StationEvent::kAnswer, StationState::kTalking},
    {StationState::kDialling, StationEvent::kReplace, StationState::kIdle},
    {StationState::kDialling, StationEvent::kRelease, StationState::kParked},
    {StationState::kTalking, StationEvent::kReplace, StationState::kIdle},
    {StationState::kTalking, StationEvent::kRelease, StationState::kParked},
    {StationState::kParked, StationEvent::kReplace, StationState::kIdle},
};
static_assert(is_unambiguous(kStationTable));

class StationListener {
 public:
  virtual ~StationListener() = default;
  // To the wire.
  virtual void set_ring(bool on) = 0;
  virtual void set_battery(bool on) = 0;
  virtual void set_polarity(bool reversed) = 0;
  // To call control.
  virtual void on_pulse_digit(char digit) = 0;
  virtual void on_seized() = 0;    // lifted when idle: give dial tone, take digits
  virtual void on_answered() = 0;  // lifted while ringing
  virtual void on_flash() = 0;
  virtual void on_hung_up() = 0;            // the call of this station is over
  virtual void on_parked(bool parked) = 0;  // receiver left off after a release (busy tone), or put back
};

class FxsStation {
 public:
  FxsStation(AnalogTimes times, StationListener& listener);

  /// The loop as the card sees it.
  void hook(bool off_hook, Millis now);
  /// Starts ringing, `after` a while in which the telephone is told who calls. False when the receiver is off or it rings
  /// already.
  bool ring(Millis now, Millis after = 0);
  /// The box ends the call in any state. A telephone off hook gets a gap in its battery (so that a machine hears of the
  /// end), then on_parked(true). False when idle or parked.
  bool release(Millis now);
  /// The box takes a call that the telephone began: it is no longer dialling. False when it was not.
  bool answer(Millis now);

  Millis next_deadline() const;
  void run_timers(Millis now);

  /// The last steps, for people.
  std::string_view dump(std::span<char> out) const;
  StationState state() const { return machine_.state(); }
  bool off_hook() const { return off_hook_; }
  bool can_ring() const { return state() == StationState::kIdle && !off_hook_; }

  bool reversed() const { return reversed_; }

 private:
  void stop_ringing();
  void reverse(bool reversed);

  AnalogTimes times_;
  StationListener& listener_;
  StateMachine<StationState, StationEvent> machine_{kStationTable, StationState::kIdle};
  bool off_hook_{};
  std::size_t cadence_{};  // even: ringing, odd: pause
  Millis cadence_at_ = kNever;
  Millis opened_at_{};          // when the loop broke in a call
  Millis hang_up_at_ = kNever;  // the break becomes on-hook
  Millis battery_at_ = kNever;
  uint32_t pulses_{};         // of the digit that is being dialled
  Millis digit_at_ = kNever;  // it is whole
  bool reversed_{};
};

// ------------------------------------------------------------------------------------------------------------- line

enum class LineState : uint8_t { kIdle, kRinging, kTalking };
enum class LineEvent : uint8_t { kRing, kRingEnd, kAnswer, kSeize, kRelease, kDisconnect };

inline constexpr Transition<LineState, LineEvent> kLineTable[] = {
    {LineState::kIdle, LineEvent::kRing, LineState::kRinging},
    {LineState::kIdle, LineEvent::kSeize, LineState::kTalking},
    {LineState::kRinging, LineEvent::kRingEnd, LineState::kIdle},
    {LineState::kRinging, LineEvent::kAnswer, LineState::kTalking},
    {LineState::kRinging, LineEvent::kRelease, LineState::kIdle},
    {LineState::kRinging, LineEvent::kDisconnect, LineState::kIdle},
    {LineState::kTalking, LineEvent::kRelease, LineState::kIdle},
    {LineState::kTalking, LineEvent::kDisconnect, LineState::kIdle},
};
static_assert(is_unambiguous(kLineTable));

class LineListener {
 public:
  virtual ~LineListener() = default;
  virtual void set_hook(bool off_hook) = 0;
  virtual void on_offered() = 0;  // it rings
  virtual void on_gone() = 0;     // ringing has stopped, or the exchange has taken the battery away
};

class FxoLine {
 public:
  FxoLine(AnalogTimes times, LineListener& listener);

  void ring(bool on, Millis now);
  void battery(bool on, Millis now);
  bool answer(Millis now);   // false when it does not ring
  bool seize(Millis now);    // false when it is not idle
  bool release(Millis now);  // false when idle
  bool flash(Millis now);    // false when not in a call

  Millis next_deadline() const;
  void run_timers(Millis now);

  std::string_view dump(std::span<char> out) const;
  LineState state() const { return machine_.state(); }
  bool off_hook() const { return off_hook_; }

 private:
  void set_hook(bool off_hook);
  void rung(Millis now);

  AnalogTimes times_;
  LineListener& listener_;
  StateMachine<LineState, LineEvent> machine_{kLineTable, LineState::kIdle};
  bool off_hook_{};
  Millis ring_at_ = kNever;       // it has rung long enough
  Millis ring_gone_at_ = kNever;  // no ring until then: the caller has given up
  Millis flash_end_at_ = kNever;
};

}  // namespace cordboard::signalling

namespace cordboard {
using signalling::LineEvent, signalling::LineState, signalling::StationEvent, signalling::StationState;
template <>
struct EnumNames<StationState> {
  static constexpr std::array<std::string_view, 5> names{"idle", "ringing", "dialling", "talking", "parked"};
};
template <>
struct EnumNames<StationEvent> {
  static constexpr std::array<std::string_view, 6> names{"ring", "stop_ring", "lift", "answer", "replace", "release"};
};
template <>
struct EnumNames<LineState> {
  static constexpr std::array<std::string_view, 3> names{"idle", "ringing", "talking"};
};
template <>
struct EnumNames<LineEvent> {
  static constexpr std::array<std::string_view, 6> names{"ring",  "ring_end", "answer",
                                                         "seize", "release",  "disconnect"};
};
}  // namespace cordboard
