// SPDX-License-Identifier: GPL-2.0-or-later
// long because: one state machine, whose states are of little use apart
#include "engine/analog_unit.hpp"

#include <utility>

#include "dsp/tone_clip.hpp"
#include "engine/analog_clips.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

// Both count their names in the same order.
static_assert(static_cast<int>(signalling::LineAnswer::kTone) == static_cast<int>(AnswerBy::kTone));
static_assert(static_cast<int>(signalling::LineDialling::kPulse) == static_cast<int>(DiallingBy::kPulse));

constexpr uint32_t kNormalClearing = 16;  // Q.850
constexpr uint8_t kOutOfOrder = 38;
constexpr Millis kAfterReversalMs = 250;  // ETS 300 659-1 6.1.2: 100 to 500 ms before the message
constexpr Millis kBeforeRingMs = 250;     // … 200 ms at least after it
constexpr uint32_t kSamplesPerMs = 8;
constexpr Millis kAfterFirstRingMs = 600;  // GR-30 and YD/T 1277: 500 to 1500 ms
constexpr Millis kLampLaterMs = 1000;
constexpr uint32_t kLampLeadMs = 300;        // ports take a moment to let speech through on the hook
constexpr Millis kWaitForCallerIdMs = 6000;  // a ring, a pause with the message in it, and the next ring

cards::LampKind lamp_kind(MessageLamp kind) {
  return kind == MessageLamp::kPolarity ? cards::LampKind::kPolarity : cards::LampKind::kNeon;
}

signalling::LineCallOptions call_options(const LineConfig& config) {
  signalling::LineCallOptions options;
  options.dialling = static_cast<signalling::LineDialling>(config.dialling);
  options.answer = static_cast<signalling::LineAnswer>(config.answer);
  options.check_dial_tone = config.checkDialTone;
  options.dial_tone_ms = config.dialToneMs;
  options.digit_ms = config.digitMs;
  options.break_ms = config.breakMs;
  options.make_ms = config.makeMs;
  options.between_digits_ms = config.betweenDigitsMs;
  return options;
}

signalling::AnalogTimes station_times(signalling::AnalogTimes times, const StationConfig& config) {
  times.disconnect_gap_ms = config.disconnectMs;
  times.reverse_on_answer = config.reverseOnAnswer;
  return times;
}

signalling::AnalogTimes line_times(signalling::AnalogTimes times, const LineConfig& config) {
  times.ring_min_ms = config.ringMinMs;
  return times;
}

}  // namespace

Result<> AnalogUnit::set_lamp(bool) { return fail(ErrorCode::kInvalid, config_.name + " has no message lamp"); }

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
    : AnalogUnit(core, config, port), wire_(wire), station_(station_times(times, config.station), *this) {
  wire_.on_hook = [this](bool off_hook, Millis at) {
    if (off_hook) lamp_interrupted();
    station_.hook(off_hook, at);
  };
  wire_.on_pulse_digit = [this](char digit, Millis) { on_pulse_digit(digit); };
}

StationUnit::~StationUnit() {
  wire_.on_hook = nullptr;
  wire_.on_pulse_digit = nullptr;
}

Result<> StationUnit::seize(uint32_t leg, const LegSeize& command) {
  auto caller_id = caller_id_clip(config_.callerId, command);
  const bool before = config_.station.callerIdBeforeRing && !caller_id.empty();
  const auto length = static_cast<Millis>(caller_id.size() / kSamplesPerMs);
  if (!station_.ring(core_.now(), before ? kAfterReversalMs + length + kBeforeRingMs : 0)) {
    return fail(ErrorCode::kBusy, config_.name + (station_.off_hook() ? " is off the hook" : " is ringing already"));
  }
  lamp_interrupted();
  leg_ = leg;
  caller_id_ = std::move(caller_id);
  tell_at_ = before ? core_.now() + kAfterReversalMs : kNever;
  if (before) {
    set_polarity(true);
    wire_.pass_on_hook(kAfterReversalMs + length + kBeforeRingMs);
  }
  return Empty{};
}

void StationUnit::set_polarity(bool reversed) {
  if (std::exchange(reversed_, reversed) == reversed) return;
  if (auto* polarity = wire_.polarity()) polarity->set_polarity(reversed);
}

Result<> StationUnit::set_lamp(bool on) {
  const auto kind = config_.station.lamp;
  auto* lamp = wire_.lamp();
  if (kind == MessageLamp::kNone || (kind != MessageLamp::kFsk && lamp == nullptr)) return AnalogUnit::set_lamp(on);
  lamp_ = on;
  if (kind == MessageLamp::kFsk) {
    lamp_at_ = core_.now();
    return Empty{};
  }
  if (lamp->set_lamp(lamp_kind(kind), on)) return Empty{};
  lamp_ = false;
  return fail(ErrorCode::kUnavailable, config_.name + ": its board lights no lamp by " + std::string(name_of(kind)));
}

/// A telephone that is rung or in use does not listen, and is told when it is idle again.
void StationUnit::tell_lamp(Millis now) {
  if (!station_.can_ring() || leg_ != 0) {
    lamp_at_ = now + kLampLaterMs;
    return;
  }
  lamp_at_ = kNever;
  auto clip = lamp_clip(config_.callerId, lamp_);
  const auto length = static_cast<Millis>(clip.size() / kSamplesPerMs);
  lamp_told_ = now + length;
  wire_.pass_on_hook(length + kBeforeRingMs);
  core_.house_clip(port_, std::move(clip));
}

void StationUnit::lamp_interrupted() {
  if (core_.now() >= lamp_told_) return;
  lamp_told_ = 0;
  core_.stop_house_tone(port_);
  lamp_at_ = core_.now() + kLampLaterMs;
}

AnalogUnit::Wires StationUnit::wires() const {
  using signalling::StationState;
  Wires wires;
  wires.reversed = reversed_;
  wires.lamp = lamp_;
  switch (station_.state()) {
    case StationState::kRinging:
      wires.state = AnalogState::kRinging;
      break;
    case StationState::kDialling:
      wires.state = AnalogState::kDialling;
      break;
    case StationState::kTalking:
      wires.state = AnalogState::kTalking;
      break;
    case StationState::kParked:
      wires.state = AnalogState::kParked;
      break;
    case StationState::kIdle:
      break;
  }
  return wires;
}

void StationUnit::set_ring(bool on) {
  // What announced the message is over, rung or given up.
  if (!station_.reversed()) set_polarity(false);
  wire_.set_ring(on);
  // Between the first ring and the second; a telephone must not be told twice.
  if (!on && !caller_id_.empty() && leg_ != 0) tell_at_ = core_.now() + kAfterFirstRingMs;
}

void StationUnit::run_timers(Millis now) {
  station_.run_timers(now);
  if (lamp_at_ <= now) tell_lamp(now);
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

void StationUnit::on_pulse_digit(char digit) {
  this->digit();
  core_.pulse_digit(port_, digit);
}

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
    : AnalogUnit(core, config, port),
      wire_(wire),
      line_(line_times(times, config.line), *this),
      call_(call_options(config.line), *this) {
  wire_.on_ring = [this](bool on, Millis at) { ring(on, at); };
  wire_.on_battery = [this](bool on, Millis at) { battery(on, at); };
  wire_.on_polarity = [this](bool reversed, Millis at) { polarity(reversed, at); };
  wire_.on_lamp = [this](bool on, Millis) { lamp_ = on; };
}

LineUnit::~LineUnit() {
  wire_.on_ring = nullptr;
  wire_.on_battery = nullptr;
  wire_.on_polarity = nullptr;
  wire_.on_lamp = nullptr;
}

Result<> LineUnit::seize(uint32_t leg, const LegSeize& command) {
  if (!battery_) return fail(ErrorCode::kUnavailable, config_.name + " has no line voltage");
  const auto dialling = static_cast<signalling::LineDialling>(config_.line.dialling);
  if (!command.calledNumber.empty() && !signalling::LineCall::is_number(command.calledNumber, dialling)) {
    return fail(ErrorCode::kInvalid, config_.name + " cannot dial " + command.calledNumber);
  }
  if (!line_.seize(core_.now())) {
    return fail(ErrorCode::kBusy, config_.name + (line_.off_hook() ? " is in use" : " is ringing"));
  }
  leg_ = leg;
  if (!command.calledNumber.empty()) call_.begin(command.calledNumber, core_.now());
  return Empty{};
}

void LineUnit::leg_made() { core_.listen_for_tones(port_, call_.listens()); }

Result<> LineUnit::answer(Leg& leg) {
  if (!line_.answer(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " is not ringing");
  leg.state.step(LegEvent::kAnswer, core_.now());
  if (config_.releaseOnBusy) core_.release_on_busy(port_);
  return Empty{};
}

void LineUnit::release(Leg& leg) {
  put_down();
  leg_ = 0;
  core_.end_leg(leg.id, kNormalClearing, ReleasedBy::kLocal);
}

Result<> LineUnit::flash() {
  if (!line_.flash(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " carries no call");
  return Empty{};
}

void LineUnit::put_down() {
  call_.end();
  line_.release(core_.now());
}

void LineUnit::ring(bool on, Millis now) {
  if (on && offer_at_ != kNever && !early_ && ++rings_ > 1) offer_now();
  line_.ring(on, now);
}

void LineUnit::battery(bool on, Millis now) {
  if (std::exchange(battery_, on) != on) core_.event(LineBattery{config_.analog, on});
  if (!on) call_.end();
  line_.battery(on, now);
}

void LineUnit::polarity(bool reversed, Millis now) {
  if (std::exchange(reversed_, reversed) == reversed) return;
  const bool idle = line_.state() == signalling::LineState::kIdle;
  if (reversed && idle && config_.line.callerIdStart == CallerIdStart::kPolarity &&
      config_.callerId != CallerIdMode::kNone) {
    early_ = true;
    listen_for_caller();
    return;
  }
  if (config_.line.answer != AnswerBy::kPolarity) return;
  if (reversed) {
    call_.polarity(now);
  } else if (call_.state() == signalling::LineCallState::kAnswered) {
    put_down();
    end(kNormalClearing, ReleasedBy::kRemote);
  }
}

void LineUnit::tone(std::string_view name, bool begin) { call_.tone(name, begin, core_.now()); }

AnalogUnit::Wires LineUnit::wires() const {
  using signalling::LineCallState;
  using signalling::LineState;
  Wires wires;
  wires.battery = battery_;
  wires.reversed = reversed_;
  wires.lamp = lamp_;
  if (!battery_) {
    wires.state = AnalogState::kDead;
  } else if (line_.state() == LineState::kRinging) {
    wires.state = AnalogState::kRinging;
  } else if (line_.state() == LineState::kTalking) {
    switch (call_.state()) {
      case LineCallState::kDialTone:
        wires.state = AnalogState::kDialTone;
        break;
      case LineCallState::kDialling:
        wires.state = AnalogState::kDialling;
        break;
      case LineCallState::kDialled:
        wires.state = AnalogState::kCalling;
        break;
      case LineCallState::kIdle:
      case LineCallState::kAnswered:
        wires.state = AnalogState::kTalking;
        break;
    }
  }
  return wires;
}

// ------------------------------------------------------------------------------------------------------- a call out

void LineUnit::play_digit(char digit) {
  constexpr double kLevelDbm0 = -9;  // Q.24 annex A: exchanges take −5 to −27 dBm
  core_.listen_for_tones(port_, false);
  core_.house_clip(port_, dsp::render_digits(std::string_view(&digit, 1), config_.line.digitMs, 0, kLevelDbm0));
}

void LineUnit::on_awaiting() { core_.listen_for_tones(port_, true); }

void LineUnit::on_dialled() {
  core_.listen_for_tones(port_, call_.listens());
  core_.event(LegProgressed{leg_, LegProgress::kProceeding, port_});
}

void LineUnit::on_ringing() {
  if (auto* leg = core_.leg(leg_)) leg->state.step(LegEvent::kAlert, core_.now());
  core_.event(LegProgressed{leg_, LegProgress::kAlerting, port_});
}

void LineUnit::on_answer() {
  core_.listen_for_tones(port_, false);
  auto* leg = core_.leg(leg_);
  if (leg == nullptr) return;
  leg->state.step(LegEvent::kAnswer, core_.now());
  if (config_.releaseOnBusy) core_.release_on_busy(port_);
  core_.event(LegAnswered{leg_, port_});
}

void LineUnit::on_refused(uint8_t cause) {
  put_down();
  end(cause, cause == kOutOfOrder ? ReleasedBy::kFault : ReleasedBy::kRemote);
}

// -------------------------------------------------------------------------------------------------------- a call in

void LineUnit::on_offered() {
  if (config_.callerId == CallerIdMode::kNone) {
    offer(true);
    return;
  }
  if (std::exchange(early_, false)) {
    // Who calls has been told, or will not be.
    offer_now();
    return;
  }
  listen_for_caller();
}

void LineUnit::listen_for_caller() {
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
  if (!early_) offer_now();
}

void LineUnit::offer_now() {
  offer_at_ = kNever;
  core_.unwatch(port_, WatchKind::kCallerId);
  offer(true, heard_.failure == dsp::CallerIdFailure::kNone ? &heard_.message : nullptr);
}

void LineUnit::run_timers(Millis now) {
  line_.run_timers(now);
  call_.run_timers(now);
  if (offer_at_ > now) return;
  if (std::exchange(early_, false)) {  // the polarity was reversed, but nobody has called
    offer_at_ = kNever;
    core_.unwatch(port_, WatchKind::kCallerId);
  } else {
    offer_now();
  }
}

void LineUnit::tone_ended() {
  put_down();
  end(kNormalClearing, ReleasedBy::kRemote);
}

void LineUnit::on_gone() {
  call_.end();
  if (std::exchange(offer_at_, kNever) != kNever) core_.unwatch(port_, WatchKind::kCallerId);  // given up unheard
  end(kNormalClearing, ReleasedBy::kRemote);
}

}  // namespace cordboard::engine
