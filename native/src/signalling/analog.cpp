// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/analog.hpp"

#include <algorithm>
#include <utility>

namespace cordboard::signalling {

namespace {

using S = StationState;
using SE = StationEvent;
using L = LineState;
using LE = LineEvent;

}  // namespace

// ---------------------------------------------------------------------------------------------------------- station

FxsStation::FxsStation(AnalogTimes times, StationListener& listener) : times_(std::move(times)), listener_(listener) {}

void FxsStation::hook(bool off_hook, Millis now) {
  if (off_hook == off_hook_) return;
  off_hook_ = off_hook;
  if (off_hook) {
    if (hang_up_at_ != kNever) {
      hang_up_at_ = kNever;
      const Millis broken = now - opened_at_;
      if (broken >= times_.flash_min_ms) {
        pulses_ = 0;
        listener_.on_flash();
      } else if (broken >= times_.pulse_min_ms) {
        ++pulses_;
      }
      if (pulses_ > 0) digit_at_ = now + times_.between_digits_ms;
      return;
    }
    const bool ringing = state() == S::kRinging;
    if (!machine_.step(SE::kLift, now)) return;
    if (ringing) {
      stop_ringing();
      listener_.on_answered();
    } else {
      listener_.on_seized();
    }
    return;
  }
  if (state() == S::kDialling || state() == S::kTalking) {
    opened_at_ = now;
    hang_up_at_ = now + times_.flash_max_ms;
    digit_at_ = kNever;
  } else if (state() == S::kParked) {
    machine_.step(SE::kReplace, now);
    if (battery_at_ != kNever) {
      battery_at_ = kNever;
      listener_.set_battery(true);
    } else {
      listener_.on_parked(false);
    }
  }
}

bool FxsStation::ring(Millis now, Millis after) {
  if (!can_ring() || !machine_.step(SE::kRing, now)) return false;
  if (after > 0) {
    cadence_ = times_.ring_cadence_ms.size() - 1;
    cadence_at_ = now + after;
    return true;
  }
  cadence_ = 0;
  cadence_at_ = now + times_.ring_cadence_ms[0];
  listener_.set_ring(true);
  return true;
}

void FxsStation::stop_ringing() {
  cadence_at_ = kNever;
  listener_.set_ring(false);
}

bool FxsStation::release(Millis now) {
  if (state() == S::kRinging) {
    machine_.step(SE::kStopRing, now);
    stop_ringing();
    return true;
  }
  digit_at_ = kNever;
  pulses_ = 0;
  reverse(false);
  if (hang_up_at_ != kNever) {  // already on the hook; whether a flash or the end no longer matters
    hang_up_at_ = kNever;
    return machine_.step(SE::kReplace, now);
  }
  if (state() != S::kDialling && state() != S::kTalking) return false;
  machine_.step(SE::kRelease, now);
  // At the next run of the timers at the earliest: call control is told of nothing while it gives a command.
  battery_at_ = now + times_.disconnect_gap_ms;
  if (times_.disconnect_gap_ms > 0) listener_.set_battery(false);
  return true;
}

void FxsStation::reverse(bool reversed) {
  if (!times_.reverse_on_answer || std::exchange(reversed_, reversed) == reversed) return;
  listener_.set_polarity(reversed);
}

bool FxsStation::answer(Millis now) {
  if (!machine_.can(SE::kAnswer) || !machine_.step(SE::kAnswer, now)) return false;
  reverse(true);
  return true;
}

std::string_view FxsStation::dump(std::span<char> out) const { return machine_.dump(out); }

Millis FxsStation::next_deadline() const { return std::min({cadence_at_, hang_up_at_, battery_at_, digit_at_}); }

void FxsStation::run_timers(Millis now) {
  if (cadence_at_ <= now) {
    cadence_ = (cadence_ + 1) % times_.ring_cadence_ms.size();
    cadence_at_ += times_.ring_cadence_ms[cadence_];
    listener_.set_ring(cadence_ % 2 == 0);
  }
  if (digit_at_ <= now) {
    digit_at_ = kNever;
    // Ten pulses are a nought; more are none that a dial gives.
    const auto pulses = std::exchange(pulses_, 0);
    if (pulses <= 10) listener_.on_pulse_digit(static_cast<char>('0' + pulses % 10));
  }
  if (hang_up_at_ <= now) {
    hang_up_at_ = kNever;
    pulses_ = 0;
    reverse(false);
    machine_.step(SE::kReplace, now);
    listener_.on_hung_up();
  }
  if (battery_at_ <= now) {
    battery_at_ = kNever;
    if (times_.disconnect_gap_ms > 0) listener_.set_battery(true);
    if (state() == S::kParked) listener_.on_parked(true);
  }
}

// ------------------------------------------------------------------------------------------------------------- line

FxoLine::FxoLine(AnalogTimes times, LineListener& listener) : times_(std::move(times)), listener_(listener) {}

void FxoLine::set_hook(bool off_hook) {
  off_hook_ = off_hook;
  listener_.set_hook(off_hook);
}

void FxoLine::ring(bool on, Millis now) {
  if (on) {
    ring_gone_at_ = kNever;
    if (state() != L::kIdle) return;
    ring_at_ = now + times_.ring_min_ms;
    if (times_.ring_min_ms == 0) rung(now);
    return;
  }
  ring_at_ = kNever;
  if (state() == L::kRinging) {
    // The pause of the cadence is part of ringing; only a longer silence means that the caller has gone.
    const uint32_t pause = *std::max_element(times_.ring_cadence_ms.begin(), times_.ring_cadence_ms.end());
    ring_gone_at_ = now + pause + pause / 4;
  }
}

void FxoLine::rung(Millis now) {
  ring_at_ = kNever;
  if (state() == L::kIdle && machine_.step(LE::kRing, now)) listener_.on_offered();
}

void FxoLine::battery(bool on, Millis now) {
  ring_at_ = kNever;
  if (on || state() == L::kIdle) return;
  machine_.step(LE::kDisconnect, now);
  ring_gone_at_ = flash_end_at_ = kNever;
  set_hook(false);
  listener_.on_gone();
}

bool FxoLine::answer(Millis now) {
  if (state() != L::kRinging || !machine_.step(LE::kAnswer, now)) return false;
  ring_gone_at_ = kNever;
  set_hook(true);
  return true;
}

bool FxoLine::seize(Millis now) {
  if (state() != L::kIdle || ring_at_ != kNever || !machine_.step(LE::kSeize, now)) return false;
  set_hook(true);
  return true;
}

bool FxoLine::release(Millis now) {
  if (state() == L::kIdle || !machine_.step(LE::kRelease, now)) return false;
  ring_gone_at_ = flash_end_at_ = kNever;
  if (off_hook_) set_hook(false);
  return true;
}

bool FxoLine::flash(Millis now) {
  if (state() != L::kTalking || flash_end_at_ != kNever) return false;
  flash_end_at_ = now + (times_.flash_min_ms + times_.flash_max_ms) / 2;
  set_hook(false);
  return true;
}

std::string_view FxoLine::dump(std::span<char> out) const { return machine_.dump(out); }

Millis FxoLine::next_deadline() const { return std::min({ring_at_, ring_gone_at_, flash_end_at_}); }

void FxoLine::run_timers(Millis now) {
  if (ring_at_ <= now) rung(now);
  if (flash_end_at_ <= now) {
    flash_end_at_ = kNever;
    set_hook(true);
  }
  if (ring_gone_at_ <= now) {
    ring_gone_at_ = kNever;
    machine_.step(LE::kRingEnd, now);
    listener_.on_gone();
  }
}

}  // namespace cordboard::signalling
