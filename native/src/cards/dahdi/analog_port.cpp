// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/dahdi/analog_port.hpp"

#include <utility>

namespace cordboard::cards {

namespace {

// The driver tells of a flash when it is over, and has measured it; a duration that every country takes for one stands in.
constexpr Millis kFlashMs = 200;
// It tells of a gap in the battery, not of its end; the gap ends a call all the same.
constexpr Millis kBatteryGapMs = 700;
// An exchange gives the normal polarity again well before; a flash is over before, too.
constexpr Millis kPolaritySettlesMs = 3000;
constexpr Millis kSettleLater = 0;  // counted from the next run of the timers

}  // namespace

// ---------------------------------------------------------------------------------------------------------- station

void BoardStation::opened_with(Driver& driver, int handle) {
  driver_ = &driver;
  handle_ = handle;
  hook_ = driver.off_hook(handle);
  if (lit_) driver.set_lamp(handle, *lit_, true);
}

void BoardStation::hooked(bool off, Millis at) {
  if (std::exchange(hook_, off) == off) return;
  if (on_hook) on_hook(off, at);
}

void BoardStation::heard(const DriverNotice& what, Millis now) {
  switch (what.event) {
    case DriverEvent::kOffHook:
      // Told back, the driver stops ringing and feeds the loop.
      driver_->set_hook(handle_, DriverHook::kOff);
      hooked(true, now);
      break;
    case DriverEvent::kOnHook:
      hooked(false, now);
      break;
    case DriverEvent::kFlash:
      hooked(false, now - kFlashMs);
      hooked(true, now);
      break;
    case DriverEvent::kPulseDigit:
      if (on_pulse_digit) on_pulse_digit(static_cast<char>(what.value), now);
      break;
    default:
      break;
  }
}

void BoardStation::lost(Millis now) {
  handle_ = -1;
  hooked(false, now);
}

void BoardStation::set_ring(bool on) {
  // A telephone that was lifted has ended the ring already. Told to end it, the driver would take the port for one that is on
  // the hook, and give no gap in the battery when the call ends.
  if (handle_ >= 0 && !hook_) driver_->set_hook(handle_, on ? DriverHook::kRing : DriverHook::kRingOff);
}

/// Put on the hook by us while the telephone is off it, the driver takes the battery away for half a second.
void BoardStation::set_battery(bool on) {
  if (handle_ >= 0 && !on) driver_->set_hook(handle_, DriverHook::kOn);
}

void BoardStation::pass_on_hook(Millis duration) {
  if (handle_ >= 0 && !hook_) driver_->pass_on_hook(handle_, duration);
}

bool BoardStation::set_polarity(bool reversed) { return handle_ >= 0 && driver_->set_polarity(handle_, reversed); }

bool BoardStation::set_lamp(LampKind kind, bool on) {
  lit_ = on ? std::optional(kind) : std::nullopt;
  return handle_ < 0 || driver_->set_lamp(handle_, kind, on);
}

// ------------------------------------------------------------------------------------------------------------- line

void BoardLine::opened_with(Driver& driver, int handle) {
  driver_ = &driver;
  handle_ = handle;
  driver.set_hook(handle, DriverHook::kOn);
}

void BoardLine::heard(const DriverNotice& what, Millis now) {
  switch (what.event) {
    case DriverEvent::kRingBegun:
      if (!std::exchange(ringing_, true) && on_ring) on_ring(true, now);
      break;
    case DriverEvent::kOffHook:  // the end of a ring
      if (!ringing_ && on_ring) on_ring(true, now);
      ringing_ = false;
      if (on_ring) on_ring(false, now);
      break;
    case DriverEvent::kOnHook:
      battery_back_at_ = now + kBatteryGapMs;
      if (on_battery) on_battery(false, now);
      break;
    case DriverEvent::kPolarity:
      // That it has changed, not to which.
      reversed_ = !reversed_;
      if (on_polarity) on_polarity(reversed_, now);
      break;
    default:
      break;
  }
}

void BoardLine::run_timers(Millis now) {
  if (off_hook_) {
    settles_at_ = kNever;
  } else if (settles_at_ == kSettleLater) {
    settles_at_ = now + kPolaritySettlesMs;
  } else if (now >= settles_at_) {
    // A change that was not seen must not turn all that follow round.
    settles_at_ = kNever;
    if (std::exchange(reversed_, false) && on_polarity) on_polarity(false, now);
  }
  if (now < battery_back_at_) return;
  battery_back_at_ = kNever;
  if (on_battery) on_battery(true, now);
}

void BoardLine::lost(Millis now) {
  handle_ = -1;
  if (std::exchange(ringing_, false) && on_ring) on_ring(false, now);
  battery_back_at_ = now + kBatteryGapMs;
  if (on_battery) on_battery(false, now);
}

void BoardLine::set_hook(bool off_hook) {
  off_hook_ = off_hook;
  if (!off_hook) settles_at_ = kSettleLater;
  if (handle_ >= 0) driver_->set_hook(handle_, off_hook ? DriverHook::kOff : DriverHook::kOn);
}

}  // namespace cordboard::cards
