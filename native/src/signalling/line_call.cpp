// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/line_call.hpp"

#include <algorithm>
#include <utility>

namespace cordboard::signalling {

namespace {

// Q.850
constexpr uint8_t kUnallocated = 1;
constexpr uint8_t kUserBusy = 17;
constexpr uint8_t kOutOfOrder = 38;
constexpr uint8_t kCongestion = 42;

/// 10 for the nought.
uint32_t pulses_of(char digit) { return digit == '0' ? 10 : static_cast<uint32_t>(digit - '0'); }

}  // namespace

bool LineCall::is_number(std::string_view number, LineDialling dialling) {
  return !number.empty() && std::all_of(number.begin(), number.end(), [dialling](char c) {
    const bool pulsed = (c >= '0' && c <= '9') || c == ',' || c == 'p' || c == 'w';
    return pulsed || (dialling == LineDialling::kTone && (c == '*' || c == '#' || (c >= 'A' && c <= 'D')));
  });
}

void LineCall::begin(std::string number, Millis now) {
  number_ = std::move(number);
  next_ = 0;
  pulses_ = 0;
  broken_ = rung_ = false;
  state_ = options_.check_dial_tone ? LineCallState::kDialTone : LineCallState::kDialling;
  due_ = now + (options_.check_dial_tone ? options_.dial_tone_ms : options_.settle_ms);
}

void LineCall::end() {
  state_ = LineCallState::kIdle;
  due_ = kNever;
}

void LineCall::tone(std::string_view name, bool begin, Millis now) {
  if (state_ == LineCallState::kDialTone && begin && name == "dial") {
    state_ = LineCallState::kDialling;
    due_ = now + options_.settle_ms;
    return;
  }
  if (state_ != LineCallState::kDialled || options_.answer != LineAnswer::kTone) return;
  if (name == "ringback") {
    if (begin && !std::exchange(rung_, true)) listener_.on_ringing();
    // Its end is told when the next ring has not come: what is heard instead shows within a moment.
    due_ = begin ? kNever : now + options_.ringing_gone_ms;
    return;
  }
  if (!begin) return;
  if (name == "busy") refuse(kUserBusy);
  if (name == "congestion") refuse(kCongestion);
  if (name == "unobtainable" || name == "sit") refuse(kUnallocated);
}

void LineCall::polarity(Millis) {
  if (options_.answer != LineAnswer::kPolarity) return;
  if (state_ == LineCallState::kDialled || (state_ == LineCallState::kDialling && next_ == number_.size())) answered();
}

void LineCall::refuse(uint8_t cause) {
  end();
  listener_.on_refused(cause);
}

void LineCall::answered() {
  state_ = LineCallState::kAnswered;
  due_ = kNever;
  listener_.on_answer();
}

void LineCall::dial_next(Millis now) {
  if (pulses_ > 0) {
    // One break and one make each; the make of the last one lasts until the next digit.
    broken_ = !broken_;
    listener_.pulse(!broken_);
    if (broken_) {
      due_ = now + options_.break_ms;
      return;
    }
    if (--pulses_ > 0) {
      due_ = now + options_.make_ms;
      return;
    }
    due_ = now + options_.between_digits_ms;
    return;
  }
  if (next_ == number_.size()) {
    state_ = LineCallState::kDialled;
    due_ = kNever;
    listener_.on_dialled();
    if (options_.answer == LineAnswer::kDialled) answered();
    return;
  }
  const char digit = number_[next_++];
  if (digit == ',' || digit == 'p') {
    due_ = now + (digit == 'p' ? kPauseMs : kCommaMs);
  } else if (digit == 'w') {
    state_ = LineCallState::kDialTone;
    due_ = now + options_.dial_tone_ms;
    listener_.on_awaiting();
  } else if (options_.dialling == LineDialling::kTone) {
    listener_.play_digit(digit);
    due_ = now + 2 * options_.digit_ms;
  } else {
    pulses_ = pulses_of(digit);
    dial_next(now);
  }
}

void LineCall::run_timers(Millis now) {
  if (due_ > now) return;
  due_ = kNever;
  switch (state_) {
    case LineCallState::kDialTone:
      refuse(kOutOfOrder);
      break;
    case LineCallState::kDialling:
      dial_next(now);
      break;
    case LineCallState::kDialled:
      answered();  // ringing tone has gone, and no other tone is there
      break;
    case LineCallState::kIdle:
    case LineCallState::kAnswered:
      break;
  }
}

}  // namespace cordboard::signalling
