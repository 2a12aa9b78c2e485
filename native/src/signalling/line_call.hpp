// SPDX-License-Identifier: GPL-2.0-or-later
// A call out on an exchange line (FXO): dial tone is waited for, the number dialled by tones or pulses, and the answer found
// out. No I/O and no clock: what is heard, what the wire does and the time are passed in.
//
//   begin ──> awaiting dial tone ⇄ dialling ──> dialled ──> answered
//                    └── none: 38        │            └── busy 17, congestion 42, unobtainable or special tone 1
//                                        └── polarity, where it means the answer: answered
//
// How the answer is known: from the wire (the exchange reverses the line's polarity), from the tones (ringing tone has
// stopped and no other tone has come in its place), or not at all: then the call counts as answered when it is dialled.
//
// Within a number w waits for dial tone once more (the public network's, behind the 0 of a private exchange), p is a pause of
// two seconds and a comma one of half a second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/describe.hpp"

namespace cordboard::signalling {

enum class LineAnswer : uint8_t { kDialled, kPolarity, kTone };
enum class LineDialling : uint8_t { kTone, kPulse };

/// Times in ms.
struct LineCallOptions {
  LineDialling dialling = LineDialling::kTone;
  LineAnswer answer = LineAnswer::kDialled;
  bool check_dial_tone = false;
  uint32_t dial_tone_ms = 5000;  // no dial tone for so long: the line is out of order
  uint32_t settle_ms = 500;      // after the receiver is lifted, and after dial tone is heard, before the first digit
  uint32_t digit_ms = 100;       // of a tone, and of the silence after it (Q.24: 65 ms at least)
  uint32_t break_ms = 60;        // of a pulse (E.180's neighbours: 10 a second, ratio 1.5)
  uint32_t make_ms = 40;
  uint32_t between_digits_ms = 800;  // of pulses: longer than any make
  uint32_t ringing_gone_ms = 1500;   // silence after ringing tone's own end was told, and no other tone: answered
};

enum class LineCallState : uint8_t { kIdle, kDialTone, kDialling, kDialled, kAnswered };

class LineCallListener {
 public:
  virtual ~LineCallListener() = default;
  // To the wire.
  /// Plays this digit as DTMF, for digit_ms.
  virtual void play_digit(char digit) = 0;
  /// Breaks the loop, or makes it again.
  virtual void pulse(bool make) = 0;
  /// Dial tone is awaited in the midst of a number: what is heard is of use again.
  virtual void on_awaiting() = 0;
  // To call control.
  virtual void on_dialled() = 0;
  /// Ringing tone is heard.
  virtual void on_ringing() = 0;
  virtual void on_answer() = 0;
  /// The call comes to nothing; the line is to be put down. Q.850.
  virtual void on_refused(uint8_t cause) = 0;
};

class LineCall {
 public:
  LineCall(const LineCallOptions& options, LineCallListener& listener) : options_(options), listener_(listener) {}

  static bool is_number(std::string_view number, LineDialling dialling);

  /// The receiver has been lifted. `number`: one that is_number(); w, p and commas as above.
  void begin(std::string number, Millis now);
  void tone(std::string_view name, bool begin, Millis now);
  /// The exchange has reversed the line's polarity.
  void polarity(Millis now);
  /// The line has been put down, by whom ever.
  void end();

  LineCallState state() const { return state_; }
  /// Whether what is heard is of use.
  bool listens() const {
    return state_ == LineCallState::kDialTone ||
           (state_ == LineCallState::kDialled && options_.answer == LineAnswer::kTone);
  }
  Millis next_deadline() const { return due_; }
  void run_timers(Millis now);

  static constexpr Millis kCommaMs = 500;
  static constexpr Millis kPauseMs = 2000;

 private:
  void dial_next(Millis now);
  void refuse(uint8_t cause);
  void answered();

  const LineCallOptions options_;
  LineCallListener& listener_;
  LineCallState state_ = LineCallState::kIdle;
  std::string number_;
  std::size_t next_{};  // digit of it to be dialled
  uint32_t pulses_{};   // of this digit, still to come
  bool broken_{};       // within a pulse
  bool rung_{};         // ringing tone has been heard
  Millis due_ = kNever;
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::LineCallState> {
  static constexpr std::array<std::string_view, 5> names{"idle", "dialTone", "dialling", "dialled", "answered"};
};
}  // namespace cordboard
