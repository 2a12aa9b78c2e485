// SPDX-License-Identifier: GPL-2.0-or-later
// Legs: made, answered, moved, ended; and the commands about them.
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

Error no_leg(uint32_t id) { return fail(ErrorCode::kNotFound, "there is no leg " + std::to_string(id)); }

}  // namespace

std::string Core::port_name(bus::Port port) const {
  const auto& state = ports_[port];
  if (state.span != 0) return spans_.at(state.span)->config().name + "/" + std::to_string(state.timeslot);
  if (state.analog != 0) return analogs_.at(state.analog)->config().name;
  if (state.stream) return "stream " + std::to_string(port);
  return "announcer " + std::to_string(port);
}

uint32_t Core::new_leg(LegKind kind, bus::Port port, uint32_t span, uint32_t timeslot, uint32_t analog) {
  const auto id = next_leg_++;
  auto& leg = legs_[id];
  leg.id = id;
  leg.kind = kind;
  leg.port = port;
  leg.span = span;
  leg.timeslot = timeslot;
  leg.analog = analog;
  leg.since = now_;
  // A telephone that was hearing busy tone and is used again: what hung on the port is not of this leg.
  clear_port(port);
  ports_[port].leg = id;
  if (ports_[port].echo_taps != 0) condition(port, ports_[port].echo_taps, 0, false);
  return id;
}

Leg* Core::leg(uint32_t id) {
  const auto found = legs_.find(id);
  return found == legs_.end() ? nullptr : &found->second;
}

void Core::move_leg(Leg& leg, bus::Port port, uint32_t timeslot) {
  if (leg.port == port) return;
  log("info", "the peer moved the call to timeslot " + std::to_string(timeslot), leg.span, leg.timeslot, leg.id);
  if (ports_[leg.port].leg == leg.id) {
    clear_port(leg.port);
    ports_[leg.port].leg = 0;
  }
  clear_port(port);
  leg.port = port;
  leg.timeslot = timeslot;
  ports_[port].leg = leg.id;
}

void Core::end_leg(uint32_t id, uint32_t cause, ReleasedBy by) {
  auto* ended = leg(id);
  if (ended == nullptr) return;
  ended->state.step(LegEvent::kReleased, now_);
  if (ports_[ended->port].leg == id) {
    clear_port(ended->port);
    ports_[ended->port].leg = 0;
  }
  if (const auto answering = answering_.find(id); answering != answering_.end()) {
    refused_commands_.add();
    outbox_.reply(answering->second,
                  fail(ErrorCode::kNotFound, "leg " + std::to_string(id) + " ended before it was answered"));
    answering_.erase(answering);
  }
  legs_.erase(id);
  end_stream(id);
  event(LegReleased{id, cause, by});
}

Result<LegSeized> Core::handle(const LegSeize& command) {
  if (command.span.has_value() == command.analog.has_value()) {
    return fail(ErrorCode::kInvalid, "leg.seize takes either a span or an analog port");
  }
  if (command.analog) {
    const auto found = analogs_.find(*command.analog);
    if (found == analogs_.end()) {
      return fail(ErrorCode::kNotFound, "there is no analog port " + std::to_string(*command.analog));
    }
    auto& unit = *found->second;
    if (unit.leg() != 0) return fail(ErrorCode::kBusy, unit.config().name + " is in use");
    const bool line = unit.config().kind == AnalogKind::kFxo;
    const auto id = next_leg_;
    if (auto seized = unit.seize(id, command); !seized) return seized.error();
    new_leg(line ? LegKind::kLine : LegKind::kStation, unit.port(), 0, 0, *command.analog);
    auto& made = legs_[id];
    made.called = command.calledNumber;
    made.calling = command.callingNumber;
    made.state.step(LegEvent::kSeize, now_);
    if (line && unit.calls_out()) {
      unit.leg_made();
    } else if (line) {
      made.state.step(LegEvent::kAnswer, now_);
      if (unit.config().releaseOnBusy) release_on_busy(made.port);
      event(LegAnswered{id, made.port});
    } else {
      made.state.step(LegEvent::kAlert, now_);
      event(LegProgressed{id, LegProgress::kAlerting, made.port});
    }
    return LegSeized{id, made.port, 0};
  }
  const auto found = spans_.find(*command.span);
  if (found == spans_.end()) return fail(ErrorCode::kNotFound, "there is no span " + std::to_string(*command.span));
  auto& unit = *found->second;
  if (command.timeslot != 0 && !unit.carries_calls(command.timeslot)) {
    return fail(ErrorCode::kInvalid, "timeslot " + std::to_string(command.timeslot) + " of " + unit.config().name +
                                         " carries signalling, not calls");
  }
  const auto id = next_leg_;
  const auto seized = unit.seize(id, command);
  if (!seized) return seized.error();
  const auto port = unit.port_of(seized->timeslot);
  new_leg(LegKind::kTimeslot, port, *command.span, seized->timeslot, 0);
  auto& made = legs_[id];
  made.span_call = seized->call;
  made.called = command.calledNumber;
  made.calling = command.callingNumber;
  made.state.step(LegEvent::kSeize, now_);
  return LegSeized{id, port, seized->timeslot};
}

Result<> Core::handle(const LegAlert& command) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  // Of a SIP leg the host says what the signalling has brought, whichever side began it.
  if (!(found->incoming || found->kind == LegKind::kSip) || !found->state.can(LegEvent::kAlert)) {
    return fail(ErrorCode::kWrongState, "leg " + std::to_string(command.leg) + " is " +
                                            std::string(name_of(found->state.state())) + " and cannot alert");
  }
  if (found->kind == LegKind::kTimeslot) {
    if (auto done = spans_.at(found->span)->alert(*found); !done) return done;
  }
  found->state.step(LegEvent::kAlert, now_);
  return Empty{};
}

void Core::handle_later(const LegAnswer& command, uint64_t id) {
  const auto mark = outbox_.mark();
  bool later = false;
  if (auto done = answer(command, later); !done) {
    refused_commands_.add();
    outbox_.reply(id, done.error(), mark);
  } else if (later) {
    answering_[command.leg] = id;
  } else {
    outbox_.reply(id, Empty{}, mark);
  }
}

void Core::answer_sent(Leg& leg) {
  const auto found = answering_.find(leg.id);
  if (found == answering_.end()) return;
  leg.state.step(LegEvent::kAnswer, now_);
  outbox_.reply(found->second, Empty{});
  answering_.erase(found);
}

Result<> Core::answer(const LegAnswer& command, bool& later) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  if (!(found->incoming || found->kind == LegKind::kSip) || !found->state.can(LegEvent::kAnswer) ||
      answering_.contains(command.leg)) {
    return fail(ErrorCode::kWrongState, "leg " + std::to_string(command.leg) + " is " +
                                            std::string(name_of(found->state.state())) + " and cannot be answered");
  }
  if (found->analog != 0) return analogs_.at(found->analog)->answer(*found);
  if (found->kind == LegKind::kTimeslot) {
    auto& unit = *spans_.at(found->span);
    const bool told = !command.connectedNumber.empty() || !command.connectedName.empty() || command.connectedRestricted;
    if (told) {
      const LegInform party{found->id, command.connectedNumber, command.connectedName, command.connectedRestricted};
      if (auto done = unit.connected(*found, party); !done) return done;
    }
    if (auto done = unit.answer(*found); !done) return done;
    later = unit.answers_later();
    if (later) return Empty{};
  }
  found->state.step(LegEvent::kAnswer, now_);
  return Empty{};
}

Result<> Core::release(Leg& leg, uint32_t cause) {
  if (leg.kind == LegKind::kSip) {
    end_leg(leg.id, cause, ReleasedBy::kLocal);
    return Empty{};
  }
  if (leg.kind != LegKind::kTimeslot) {
    analogs_.at(leg.analog)->release(leg);
    return Empty{};
  }
  if (leg.state.state() == LegState::kReleasing) return Empty{};
  if (auto done = spans_.at(leg.span)->release(leg, cause); !done) return done;
  leg.state.step(LegEvent::kRelease, now_);
  // The peer may keep the channel a while, but nobody is to be heard on it any more.
  clear_port(leg.port);
  spans_.at(leg.span)->cleared(leg, cause);
  return Empty{};
}

Result<> Core::handle(const LegRelease& command) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  return release(*found, command.cause);
}

Result<> Core::handle(const LegFlash& command) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  if (found->kind != LegKind::kLine) {
    return fail(ErrorCode::kWrongState,
                "only an analog line can flash, and leg " + std::to_string(command.leg) + " is none");
  }
  return analogs_.at(found->analog)->flash();
}

Result<> Core::handle(const LegDial& command) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  if (found->kind != LegKind::kTimeslot || found->incoming) {
    return fail(ErrorCode::kWrongState, "leg " + std::to_string(command.leg) + " is no call out of an E1");
  }
  if (auto done = spans_.at(found->span)->dial(*found, command.digits, command.last); !done) return done;
  found->called += command.digits;
  return Empty{};
}

Result<> Core::handle(const LegMeter& command) {
  auto* found = leg(command.leg);
  if (found == nullptr) return no_leg(command.leg);
  if (found->kind != LegKind::kTimeslot) {
    return fail(ErrorCode::kWrongState, "leg " + std::to_string(command.leg) + " is on no E1");
  }
  return spans_.at(found->span)->meter(*found);
}

}  // namespace cordboard::engine
