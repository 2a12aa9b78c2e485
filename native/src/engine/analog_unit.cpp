// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/analog_unit.hpp"

#include <ctime>
#include <utility>

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kNormalClearing = 16;     // Q.850
constexpr Millis kAfterFirstRingMs = 600;    // GR-30 and YD/T 1277: 500 to 1500 ms
constexpr Millis kWaitForCallerIdMs = 6000;  // a ring, a pause with the message in it, and the next ring

/// What a telephone is told of a caller; empty when nothing is to be told.
std::vector<uint8_t> caller_id_clip(CallerIdMode mode, const LegSeize& command) {
  if (mode == CallerIdMode::kNone) return {};
  dsp::CallerIdMessage message;
  message.presentation = command.callingNumber.empty() ? dsp::Presentation::kUnavailable : dsp::Presentation::kAllowed;
  message.number = std::string_view(command.callingNumber);
  if (!command.callingName.empty()) {
    message.name_presentation = dsp::Presentation::kAllowed;
    message.name = std::string_view(command.callingName);
  }
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[16];
  std::strftime(stamp, sizeof stamp, "%m%d%H%M", &local);
  message.date_time = std::string_view(stamp);
  if (mode == CallerIdMode::kDtmf) return dsp::render_caller_id_digits(message, {});
  dsp::CallerIdSignal signal;
  signal.kind = mode == CallerIdMode::kV23 ? dsp::FskKind::kV23 : dsp::FskKind::kBell202;
  return dsp::render_caller_id(message, signal);
}

}  // namespace

uint32_t AnalogUnit::offer(bool complete, const dsp::CallerIdMessage* caller) {
  const auto kind = config_.kind == AnalogKind::kFxs ? LegKind::kStation : LegKind::kLine;
  leg_ = core_.new_leg(kind, port_, 0, 0, config_.analog);
  auto& leg = *core_.leg(leg_);
  leg.incoming = true;
  leg.state.step(LegEvent::kOffer, core_.now());
  LegOffered offered;
  offered.leg = leg_;
  offered.kind = kind;
  offered.port = port_;
  offered.analog = config_.analog;
  offered.complete = complete;
  if (caller != nullptr) {
    offered.callingNumber = std::string(std::string_view(caller->number));
    // Octets of another alphabet are not text here; nothing invalid leaves the engine.
    if (caller->name_coding == dsp::NameCoding::kUtf8) {
      offered.callingName = std::string(std::string_view(caller->name));
    }
    leg.calling = offered.callingNumber;
  }
  core_.event(std::move(offered));
  return leg_;
}

void AnalogUnit::end(uint32_t cause, ReleasedBy by) {
  if (const auto leg = std::exchange(leg_, 0)) core_.end_leg(leg, cause, by);
}

// ---------------------------------------------------------------------------------------------------------- station

StationUnit::StationUnit(Core& core, const AnalogConfig& config, bus::Port port, cards::StationPort& wire,
                         const signalling::AnalogTimes& times)
    : AnalogUnit(core, config, port), wire_(wire), station_(times, *this) {
  wire_.on_hook = [this](bool off_hook, Millis at) { station_.hook(off_hook, at); };
  wire_.on_pulse_digit = [this](char digit, Millis) {
    this->digit();
    core_.pulse_digit(port_, digit);
  };
}

StationUnit::~StationUnit() {
  wire_.on_hook = nullptr;
  wire_.on_pulse_digit = nullptr;
}

Result<> StationUnit::seize(uint32_t leg, const LegSeize& command) {
  if (!station_.ring(core_.now())) {
    return fail(ErrorCode::kBusy, config_.name + (station_.off_hook() ? " is off the hook" : " is ringing already"));
  }
  leg_ = leg;
  caller_id_ = caller_id_clip(config_.callerId, command);
  tell_at_ = kNever;
  return Empty{};
}

void StationUnit::set_ring(bool on) {
  wire_.set_ring(on);
  // Between the first ring and the second; a telephone must not be told twice.
  if (!on && !caller_id_.empty() && leg_ != 0) tell_at_ = core_.now() + kAfterFirstRingMs;
}

void StationUnit::run_timers(Millis now) {
  station_.run_timers(now);
  if (tell_at_ > now) return;
  tell_at_ = kNever;
  if (ringing() && leg_ != 0) core_.house_clip(port_, std::exchange(caller_id_, {}));
  caller_id_.clear();
}

Result<> StationUnit::answer(Leg& leg) {
  if (!station_.answer(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " is not dialling");
  core_.stop_house_tone(port_);
  leg.state.step(LegEvent::kAnswer, core_.now());
  return Empty{};
}

void StationUnit::release(Leg& leg) {
  station_.release(core_.now());
  leg_ = 0;
  core_.end_leg(leg.id, kNormalClearing, ReleasedBy::kLocal);
}

Result<> StationUnit::flash() { return fail(ErrorCode::kWrongState, "only the telephone's own side can flash"); }

void StationUnit::digit() { core_.stop_house_tone(port_); }

void StationUnit::on_seized() {
  offer(false);
  core_.house_tone(port_, "dial");
  core_.watch_digits(port_, true);
}

void StationUnit::on_answered() {
  tell_at_ = kNever;
  caller_id_.clear();
  core_.stop_house_tone(port_);
  auto* leg = core_.leg(leg_);
  if (leg == nullptr) return;
  leg->state.step(LegEvent::kAnswer, core_.now());
  core_.event(LegAnswered{leg_, port_});
}

void StationUnit::on_flash() {
  if (leg_ != 0) core_.event(LegFlashed{leg_});
}

void StationUnit::on_hung_up() { end(kNormalClearing, ReleasedBy::kRemote); }

void StationUnit::on_parked(bool parked) {
  if (parked) {
    core_.house_tone(port_, "busy");
  } else {
    core_.stop_house_tone(port_);
  }
  core_.event(StationHook{config_.analog, parked});
}

// ------------------------------------------------------------------------------------------------------------- line

LineUnit::LineUnit(Core& core, const AnalogConfig& config, bus::Port port, cards::LinePort& wire,
                   const signalling::AnalogTimes& times)
    : AnalogUnit(core, config, port), wire_(wire), line_(times, *this) {
  wire_.on_ring = [this](bool on, Millis at) { ring(on, at); };
  wire_.on_battery = [this](bool on, Millis at) { line_.battery(on, at); };
}

LineUnit::~LineUnit() {
  wire_.on_ring = nullptr;
  wire_.on_battery = nullptr;
}

Result<> LineUnit::seize(uint32_t leg, const LegSeize&) {
  if (!line_.seize(core_.now())) {
    return fail(ErrorCode::kBusy, config_.name + (line_.off_hook() ? " is in use" : " is ringing"));
  }
  leg_ = leg;
  return Empty{};
}

Result<> LineUnit::answer(Leg& leg) {
  if (!line_.answer(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " is not ringing");
  leg.state.step(LegEvent::kAnswer, core_.now());
  if (config_.releaseOnBusy) core_.release_on_busy(port_);
  return Empty{};
}

void LineUnit::release(Leg& leg) {
  line_.release(core_.now());
  leg_ = 0;
  core_.end_leg(leg.id, kNormalClearing, ReleasedBy::kLocal);
}

Result<> LineUnit::flash() {
  if (!line_.flash(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " carries no call");
  return Empty{};
}

void LineUnit::ring(bool on, Millis now) {
  if (on && offer_at_ != kNever && ++rings_ > 1) offer_now();
  line_.ring(on, now);
}

void LineUnit::on_offered() {
  if (config_.callerId == CallerIdMode::kNone) {
    offer(true);
    return;
  }
  dsp::CallerIdReceiverSettings settings;
  settings.bell202 = settings.v23 = config_.callerId != CallerIdMode::kDtmf;
  settings.digits = config_.callerId == CallerIdMode::kDtmf || config_.callerId == CallerIdMode::kAuto;
  settings.timeout_ms = static_cast<uint32_t>(kWaitForCallerIdMs);
  rings_ = 1;
  heard_ = {};
  offer_at_ = core_.now() + kWaitForCallerIdMs;
  core_.watch_caller_id(port_, settings);
}

void LineUnit::caller_id(const dsp::CallerIdResult& result) {
  if (offer_at_ == kNever) return;
  heard_ = result;
  offer_now();
}

void LineUnit::offer_now() {
  offer_at_ = kNever;
  core_.unwatch(port_, WatchKind::kCallerId);
  offer(true, heard_.failure == dsp::CallerIdFailure::kNone ? &heard_.message : nullptr);
}

void LineUnit::run_timers(Millis now) {
  line_.run_timers(now);
  if (offer_at_ <= now) offer_now();
}

void LineUnit::tone_ended() {
  line_.release(core_.now());
  end(kNormalClearing, ReleasedBy::kRemote);
}

void LineUnit::on_gone() {
  if (std::exchange(offer_at_, kNever) != kNever) core_.unwatch(port_, WatchKind::kCallerId);  // given up unheard
  end(kNormalClearing, ReleasedBy::kRemote);
}

}  // namespace cordboard::engine
