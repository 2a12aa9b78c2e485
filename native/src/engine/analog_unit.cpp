// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/analog_unit.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kNormalClearing = 16;  // Q.850

}  // namespace

uint32_t AnalogUnit::offer(bool complete) {
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
}

StationUnit::~StationUnit() { wire_.on_hook = nullptr; }

Result<> StationUnit::seize(uint32_t leg) {
  if (!station_.ring(core_.now())) {
    return fail(ErrorCode::kBusy, config_.name + (station_.off_hook() ? " is off the hook" : " is ringing already"));
  }
  leg_ = leg;
  return Empty{};
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
  wire_.on_ring = [this](bool on, Millis at) { line_.ring(on, at); };
  wire_.on_battery = [this](bool on, Millis at) { line_.battery(on, at); };
}

LineUnit::~LineUnit() {
  wire_.on_ring = nullptr;
  wire_.on_battery = nullptr;
}

Result<> LineUnit::seize(uint32_t leg) {
  if (!line_.seize(core_.now())) {
    return fail(ErrorCode::kBusy, config_.name + (line_.off_hook() ? " is in use" : " is ringing"));
  }
  leg_ = leg;
  return Empty{};
}

Result<> LineUnit::answer(Leg& leg) {
  if (!line_.answer(core_.now())) return fail(ErrorCode::kWrongState, config_.name + " is not ringing");
  leg.state.step(LegEvent::kAnswer, core_.now());
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

void LineUnit::on_offered() { offer(true); }

void LineUnit::on_gone() { end(kNormalClearing, ReleasedBy::kRemote); }

}  // namespace cordboard::engine
