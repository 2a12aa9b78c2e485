// SPDX-License-Identifier: GPL-2.0-or-later
// What PriSpan is told to do. No command calls back: see PriSpan.
#include <algorithm>
#include <utility>

#include "signalling/pri_core.hpp"

namespace cordboard::signalling {
namespace {

constexpr std::size_t kMaxDigits = 31;  // what libpri keeps of a number

bool is_number(std::string_view digits) {
  return digits.size() <= kMaxDigits && std::all_of(digits.begin(), digits.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'D') || c == '*' || c == '#';
         });
}

// Q.931 9.1: how long a peer that has asked for digits may be silent.
constexpr int64_t kT304Ms = 30000;

Error no_bearer(PriChannel channel) {
  return fail(ErrorCode::kInvalid, "Timeslot " + std::to_string(timeslot_of(channel)) + " is no B-channel.");
}

Error no_such(PriCall call) {
  return fail(ErrorCode::kNotFound, "There is no call " + std::to_string(call) + " on this span.");
}

}  // namespace

Result<PriSeized> PriSpan::Core::seize(const PriSeize& request) {
  if ((request.called.empty() && request.complete) || !is_number(request.called)) {
    return fail(ErrorCode::kInvalid, "The called number has to be 1 to 31 of 0-9 A-D * #.");
  }
  if (!is_number(request.calling) || !is_number(request.redirecting)) {
    return fail(ErrorCode::kInvalid, "The calling number has to be 0 to 31 of 0-9 A-D * #.");
  }
  const std::size_t interface = interface_of(request.channel);
  const bool any = timeslot_of(request.channel) == 0;
  if (any ? interface >= layer1_up_.size() : !is_bearer(request.channel)) return no_bearer(request.channel);
  if (!layer1_up_[interface]) {
    return fail(ErrorCode::kUnavailable, "The span is in alarm.");
  }
  if (!dchannel_up_) return fail(ErrorCode::kUnavailable, "The D-channel is down.");
  const PriChannel channel = any ? channels_.hunt_in(interface, options_.node == PriNode::kUser) : request.channel;
  if (channel == 0) return fail(ErrorCode::kBusy, "Every timeslot of the span is taken.");
  if (channels_.use(channel) != PriChannelUse::kIdle) {
    return fail(ErrorCode::kBusy, "Timeslot " + std::to_string(timeslot_of(channel)) + " is taken.");
  }
  if (!channels_.is_free(channel)) {
    return fail(ErrorCode::kBusy, "Timeslot " + std::to_string(timeslot_of(channel)) + " is blocked.");
  }
  PriCallEntry& call = new_call(true, PriCallState::kSeizing);
  const PriCall id = call.id;
  call.request = request;
  call.party.number = request.called;
  call.own_number = request.calling;
  if (!start_attempt(call, channel)) {
    calls_.erase(id);
    return fail(ErrorCode::kIo, "The call could not be sent.");
  }
  ++counts_[kCallsOut];
  sweep();
  return PriSeized{id, channel};
}

Result<> PriSpan::Core::dial(PriCall id, std::string_view digits, bool last) {
  PriCallEntry* call = call_of(id);
  if (call == nullptr) return no_such(id);
  if (digits.empty() || !is_number(digits) ||
      call->request.called.size() + call->waiting.size() + digits.size() > kMaxDigits) {
    return fail(ErrorCode::kInvalid, "A called number has 1 to 31 of 0-9 A-D * # in all.");
  }
  if (!call->outgoing || call->request.complete || call->machine.state() != PriCallState::kSeizing) {
    return fail(ErrorCode::kWrongState, "The number of call " + std::to_string(id) + " is whole already.");
  }
  call->waiting += digits;
  call->request.complete = last;
  if (call->more_asked) send_digits(*call);
  sweep();
  return Empty{};
}

/// One INFORMATION a digit, as libpri has it.
void PriSpan::Core::send_digits(PriCallEntry& call) {
  PriAttempt& attempt = *call.attempt;
  const std::string digits = std::exchange(call.waiting, {});
  attempt.information += static_cast<uint32_t>(digits.size());
  attempt.whole = call.request.complete;
  call.request.called += digits;
  for (const char digit : digits) pri_information(controller(attempt), attempt.handle, digit);
  call.due_ms = now_ms_ + kT304Ms;
}

/// The call, if the table of states lets `event` happen to it; the refusal is counted by the machine.
Result<PriCallEntry*> PriSpan::Core::may(PriCall id, PriCallEvent event) {
  PriCallEntry* call = call_of(id);
  if (call == nullptr) return no_such(id);
  if (!step(*call, event)) {
    return fail(ErrorCode::kWrongState, "Call " + std::to_string(id) + " cannot do that while it is " +
                                            std::string(name_of(call->machine.state())) + ".");
  }
  return call;
}

Result<> PriSpan::Core::proceed(PriCall id) {
  const auto call = may(id, PriCallEvent::kProceed);
  if (!call) return call.error();
  (*call)->due_ms = 0;
  const PriAttempt& attempt = *(*call)->attempt;
  pri_proceeding(controller(attempt), attempt.handle, encoded(attempt), 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::alert(PriCall id, bool inband) {
  const auto call = may(id, PriCallEvent::kAlert);
  if (!call) return call.error();
  (*call)->due_ms = 0;
  const PriAttempt& attempt = *(*call)->attempt;
  pri_acknowledge(controller(attempt), attempt.handle, encoded(attempt), inband ? 1 : 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::progress(PriCall id) {
  const auto call = may(id, PriCallEvent::kProgress);
  if (!call) return call.error();
  const PriAttempt& attempt = *(*call)->attempt;
  pri_progress(controller(attempt), attempt.handle, encoded(attempt), 1);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::answer(PriCall id) {
  const auto call = may(id, PriCallEvent::kAnswer);
  if (!call) return call.error();
  (*call)->due_ms = 0;
  const PriAttempt& attempt = *(*call)->attempt;
  pri_answer(controller(attempt), attempt.handle, encoded(attempt), 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::release(PriCall id, uint8_t cause) {
  if (cause < 1 || cause > 127) return fail(ErrorCode::kInvalid, "A cause is 1 to 127.");
  const auto call = may(id, PriCallEvent::kRelease);
  if (!call) return call.error();
  (*call)->due_ms = 0;
  (*call)->cause = cause;
  (*call)->by = PriReleasedBy::kLocal;
  settle_transfers(id, false);
  clear(*(*call)->attempt, cause);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::restart(PriChannel channel) {
  const bool whole = timeslot_of(channel) == 0;
  const std::size_t interface = interface_of(channel);
  if (whole ? interface >= options_.interfaces.size() : !is_bearer(channel)) return no_bearer(channel);
  if (!dchannel_up_) return fail(ErrorCode::kUnavailable, "The D-channel is down.");
  const auto meant = [&](PriChannel n) {
    return is_bearer(n) && (whole ? interface_of(n) == interface : n == channel);
  };
  const bool running = std::any_of(restarts_.begin(), restarts_.end(), [&](const Restart& r) {
    return r.channel == 0 || r.channel == channel || (shared_ && meant(r.channel));
  });
  if (running) return fail(ErrorCode::kBusy, "A restart is running already.");
  for (PriChannel n = 1; n < channels_.end(); ++n) {
    if (!meant(n)) continue;
    release_channel(n, PriReleasedBy::kFault);
    sweep();
    channels_.set(n, PriChannelUse::kRestarting);
    // An interface of several is restarted channel by channel: its restart would have to name it in a way of its own.
    if (!whole || shared_) restarts_.push_back({n, 0, 0});
  }
  if (whole && !shared_) {
    release_channel(0, PriReleasedBy::kFault);  // calls that have no channel yet
    sweep();
    restarts_.push_back({0, 0, 0});
  }
  if (restarts_.front().sent == 0) send_next_restart();
  return Empty{};
}

Result<> PriSpan::Core::block(PriChannel channel, bool blocked) {
  if (!is_bearer(channel)) return no_bearer(channel);
  if (channels_.blocked_here(channel) == blocked) return Empty{};
  channels_.block_here(channel, blocked);
  later([=, there = channels_.blocked_there(channel)](PriListener& listener) {
    listener.on_blocked(channel, blocked, there);
  });
  if (options_.protocol == PriProtocol::kNational && dchannel_up_) send_service(channel);
  sweep();
  return Empty{};
}

/// SERVICE: in service, or out of service for maintenance (T1.607 annex J).
void PriSpan::Core::send_service(PriChannel channel) {
  constexpr int kInService = 0;
  constexpr int kOutOfService = 2;
  const int interface = shared_ ? options_.interfaces[interface_of(channel)].id : 0;
  pri_maintenance_service(links_[in_use_]->controller, interface, static_cast<int>(timeslot_of(channel)),
                          channels_.blocked_here(channel) ? kOutOfService : kInService);
}

Result<> PriSpan::Core::charge(PriCall id, uint32_t units) {
  PriCallEntry* call = call_of(id);
  if (call == nullptr) return no_such(id);
  if (options_.node != PriNode::kNetwork || options_.protocol != PriProtocol::kEuroIsdn) {
    return fail(ErrorCode::kInvalid, "Only the network side of EuroISDN tells what a call costs.");
  }
  if (call->machine.state() != PriCallState::kAnswered) {
    return fail(ErrorCode::kWrongState, "Call " + std::to_string(id) + " is not answered.");
  }
  pri_subcmd_aoc_d charge{};
  charge.charge = PRI_AOC_DE_CHARGE_UNITS;
  charge.recorded.unit.num_items = 1;
  charge.recorded.unit.item[0] = {static_cast<long>(units), -1};
  const PriAttempt& attempt = *call->attempt;
  pri_aoc_d_send(controller(attempt), attempt.handle, &charge);
  sweep();
  return Empty{};
}

}  // namespace cordboard::signalling
