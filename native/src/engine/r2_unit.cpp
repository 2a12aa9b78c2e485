// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/r2_unit.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kBitsTimeslot = 16;

signalling::R2Options r2_options(const SpanConfig& config) {
  const auto& r2 = config.r2;
  signalling::R2Options options;
  options.variant = r2.variant;
  options.definitions = r2.definitions;
  options.called_digits = static_cast<uint8_t>(r2.calledDigits);
  options.calling_digits = static_cast<uint8_t>(r2.callingDigits);
  options.calling_first = r2.callingFirst;
  options.category = r2.category;
  options.accept_at_once = r2.acceptAtOnce;
  options.charge = r2.charge;
  options.forced_release = r2.forcedRelease;
  options.double_answer = r2.doubleAnswer;
  options.metering_ms = r2.meteringMs;
  options.digit_ms = r2.digitMs;
  options.subscriber_signal = static_cast<uint8_t>(r2.subscriberSignal);
  options.vacant_signal = static_cast<uint8_t>(r2.vacantSignal);
  options.congestion_signal = static_cast<uint8_t>(r2.congestionSignal);
  options.from_top = config.side == PriSide::kUser;
  return options;
}

CallingCategory category_of(signalling::R2Category category) {
  switch (category) {
    case signalling::R2Category::kOrdinary:
      return CallingCategory::kOrdinary;
    case signalling::R2Category::kPriority:
      return CallingCategory::kPriority;
    case signalling::R2Category::kInternational:
      return CallingCategory::kInternational;
    case signalling::R2Category::kInternationalPriority:
      return CallingCategory::kInternationalPriority;
    case signalling::R2Category::kCollect:
      return CallingCategory::kCollect;
    case signalling::R2Category::kTest:
      return CallingCategory::kTest;
    case signalling::R2Category::kUnknown:
      break;
  }
  return CallingCategory::kUnknown;
}

signalling::R2Category category_of(CallingCategory category) {
  switch (category) {
    case CallingCategory::kPriority:
      return signalling::R2Category::kPriority;
    case CallingCategory::kInternational:
      return signalling::R2Category::kInternational;
    case CallingCategory::kInternationalPriority:
      return signalling::R2Category::kInternationalPriority;
    case CallingCategory::kCollect:
      return signalling::R2Category::kCollect;
    case CallingCategory::kTest:
      return signalling::R2Category::kTest;
    case CallingCategory::kOrdinary:
    case CallingCategory::kUnknown:
      break;
  }
  return signalling::R2Category::kOrdinary;
}

ReleasedBy released_by(signalling::R2ReleasedBy by) {
  switch (by) {
    case signalling::R2ReleasedBy::kRemote:
      return ReleasedBy::kRemote;
    case signalling::R2ReleasedBy::kLocal:
      return ReleasedBy::kLocal;
    case signalling::R2ReleasedBy::kFault:
      break;
  }
  return ReleasedBy::kFault;
}

}  // namespace

Result<> R2Unit::check(const SpanConfig& config) {
  auto good = signalling::R2Span::check(r2_options(config));
  if (!good) return fail(good.error().code, config.name + ": " + good.error().text);
  return good;
}

R2Unit::R2Unit(Core& core, const SpanConfig& config, bus::Port first_port, cards::CasPort& cas, cards::AlarmPort& alarm)
    : SpanUnit(core, config, first_port, alarm), cas_(cas), r2_(r2_options(config), *this, *this) {
  cas_.on_bits = [this](uint32_t timeslot, uint8_t abcd) {
    r2_.receive_bits(static_cast<uint8_t>(timeslot), abcd, core_.now());
  };
  for (uint32_t timeslot = 1; timeslot <= 31; ++timeslot) {
    r2_.receive_bits(static_cast<uint8_t>(timeslot), cas_.bits(timeslot), core_.now());
  }
  begin_alarms();
}

R2Unit::~R2Unit() { cas_.on_bits = nullptr; }

void R2Unit::layer1(bool up) { r2_.set_layer1(up, core_.now()); }

bool R2Unit::carries_calls(uint32_t timeslot) const { return timeslot != kBitsTimeslot; }

Result<SpanSeized> R2Unit::seize(uint32_t leg, const LegSeize& command) {
  const auto seized = r2_.seize({.called = command.calledNumber,
                                 .calling = command.restricted ? std::string() : command.callingNumber,
                                 .category = category_of(command.category),
                                 .timeslot = static_cast<uint8_t>(command.timeslot)},
                                core_.now());
  if (!seized) return seized.error();
  remember(seized->call, leg);
  return SpanSeized{seized->call, seized->timeslot};
}

Result<> R2Unit::alert(const Leg& leg) {
  if (leg.state.state() == LegState::kAlerting) return Empty{};
  return r2_.accept(call_of(leg), core_.now());
}

Result<> R2Unit::answer(const Leg& leg) { return r2_.answer(call_of(leg), core_.now()); }

Result<> R2Unit::release(const Leg& leg, uint32_t cause) {
  return r2_.release(call_of(leg), static_cast<uint8_t>(cause), core_.now());
}

/// After the call has been accepted there is no signal for why it ends: the caller hears it, and clears forward.
void R2Unit::cleared(const Leg& leg, uint32_t cause) {
  if (!leg.incoming || r2_.in_registers(call_of(leg))) return;
  const bool busy = cause == 16 || cause == 17 || cause == 18 || cause == 19 || cause == 21 || cause == 31;
  core_.house_tone(leg.port, busy ? "busy" : "congestion");
}

Result<> R2Unit::restart(uint32_t timeslot) {
  if (auto done = r2_.reset(static_cast<uint8_t>(timeslot), core_.now()); !done) return done;
  core_.event(SpanRestarted{config_.span, timeslot});
  return Empty{};
}

Result<> R2Unit::block(uint32_t timeslot, bool blocked) {
  return r2_.block(static_cast<uint8_t>(timeslot), blocked, core_.now());
}

SpanBlockedEnds R2Unit::blocked(uint32_t timeslot) const {
  const auto ends = r2_.timeslot(static_cast<uint8_t>(timeslot));
  return {ends.blocked_here, ends.blocked_there};
}

Result<> R2Unit::meter(const Leg& leg) { return r2_.meter(call_of(leg), core_.now()); }

void R2Unit::register_signal(uint32_t timeslot, uint8_t signal, bool begin) {
  r2_.receive_tone(static_cast<uint8_t>(timeslot), signal, begin, core_.now());
}

std::vector<SpanCounter> R2Unit::counters() const {
  std::vector<SpanCounter> counters;
  for (const auto& counter : r2_.counters()) {
    counters.push_back({"r2_" + std::string(counter.name), counter.doc, counter.value});
  }
  return counters;
}

void R2Unit::on_incoming(signalling::R2Call call, uint8_t timeslot, const signalling::R2Offer& about) {
  offer(call, timeslot,
        {.calledNumber = about.called,
         .callingNumber = about.calling,
         .category = category_of(about.category),
         .categorySignal = about.category_signal});
}

/// The caller hears this end from now on, so ringing is heard from here (Q.35), unless the host lets hear something else.
void R2Unit::on_accepted(signalling::R2Call call, uint8_t) {
  const auto* leg = leg_of(call);
  if (leg != nullptr && core_.hears_nothing(leg->port)) core_.house_tone(leg->port, "ringback");
}

void R2Unit::on_answer_sent(signalling::R2Call call, uint8_t) {
  if (const auto* leg = leg_of(call)) core_.stop_house_tone(leg->port);
  answer_sent(call);
}

void R2Unit::on_proceeding(signalling::R2Call call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kProceeding);
}

void R2Unit::on_alerting(signalling::R2Call call, uint8_t timeslot) {
  progressed(call, timeslot, LegProgress::kAlerting);
}

void R2Unit::on_metering(signalling::R2Call call, uint8_t) {
  if (const auto* leg = leg_of(call)) core_.event(LegMetered{leg->id});
}

void R2Unit::on_released(signalling::R2Call call, uint8_t cause, signalling::R2ReleasedBy by) {
  released(call, cause, released_by(by));
}

void R2Unit::on_blocked(uint8_t timeslot, bool here, bool there) {
  core_.event(SpanBlocked{config_.span, timeslot, here, there});
}

void R2Unit::on_up(bool up) { core_.event(SpanDchannel{config_.span, up}); }

void R2Unit::on_log(signalling::R2LogLevel level, uint8_t timeslot, std::string_view text) {
  core_.log(name_of(level), std::string(text), config_.span, timeslot);
}

void R2Unit::send_tone(uint8_t timeslot, bool forward, uint8_t signal) {
  core_.send_register_signal(port_of(timeslot), forward, signal);
}

void R2Unit::listen(uint8_t timeslot, bool forward) { core_.watch_register_signals(port_of(timeslot), forward); }

void R2Unit::stop_listening(uint8_t timeslot) { core_.unwatch_register_signals(port_of(timeslot)); }

}  // namespace cordboard::engine
