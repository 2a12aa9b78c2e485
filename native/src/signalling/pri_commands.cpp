// SPDX-License-Identifier: GPL-2.0-or-later
// What PriSpan is told to do. No command calls back: see PriSpan.
#include <algorithm>

#include "signalling/pri_core.hpp"

namespace cordboard::signalling {
namespace {

constexpr std::size_t kMaxDigits = 31;  // what libpri keeps of a number

bool is_number(std::string_view digits) {
  return digits.size() <= kMaxDigits && std::all_of(digits.begin(), digits.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'D') || c == '*' || c == '#';
         });
}

Error no_such(PriCall call) {
  return fail(ErrorCode::kNotFound, "There is no call " + std::to_string(call) + " on this span.");
}

}  // namespace

Result<PriSeized> PriSpan::Core::seize(const PriSeize& request) {
  if (request.called.empty() || !is_number(request.called)) {
    return fail(ErrorCode::kInvalid, "The called number has to be 1 to 31 of 0-9 A-D * #.");
  }
  if (!is_number(request.calling)) {
    return fail(ErrorCode::kInvalid, "The calling number has to be 0 to 31 of 0-9 A-D * #.");
  }
  if (request.timeslot != 0 && !is_bearer(request.timeslot)) {
    return fail(ErrorCode::kInvalid, "Timeslot " + std::to_string(request.timeslot) + " is no B-channel.");
  }
  if (!layer1_up_) return fail(ErrorCode::kUnavailable, "The span is in alarm.");
  if (!dchannel_up_) return fail(ErrorCode::kUnavailable, "The D-channel is down.");
  const uint8_t timeslot = request.timeslot != 0 ? request.timeslot : channels_.hunt(options_.node == PriNode::kUser);
  if (timeslot == 0) return fail(ErrorCode::kBusy, "Every timeslot of the span is taken.");
  if (channels_.use(timeslot) != PriChannelUse::kIdle) {
    return fail(ErrorCode::kBusy, "Timeslot " + std::to_string(timeslot) + " is taken.");
  }
  PriCallEntry& call = new_call(true, PriCallState::kSeizing);
  const PriCall id = call.id;
  call.request = request;
  if (!start_attempt(call, timeslot)) {
    calls_.erase(id);
    return fail(ErrorCode::kIo, "The call could not be sent.");
  }
  ++counts_[kCallsOut];
  sweep();
  return PriSeized{id, timeslot};
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
  const PriAttempt& attempt = *(*call)->attempt;
  pri_proceeding(pri_, attempt.handle, encoded(attempt), 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::alert(PriCall id, bool inband) {
  const auto call = may(id, PriCallEvent::kAlert);
  if (!call) return call.error();
  const PriAttempt& attempt = *(*call)->attempt;
  pri_acknowledge(pri_, attempt.handle, encoded(attempt), inband ? 1 : 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::progress(PriCall id) {
  const auto call = may(id, PriCallEvent::kProgress);
  if (!call) return call.error();
  const PriAttempt& attempt = *(*call)->attempt;
  pri_progress(pri_, attempt.handle, encoded(attempt), 1);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::answer(PriCall id) {
  const auto call = may(id, PriCallEvent::kAnswer);
  if (!call) return call.error();
  const PriAttempt& attempt = *(*call)->attempt;
  pri_answer(pri_, attempt.handle, encoded(attempt), 0);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::release(PriCall id, uint8_t cause) {
  if (cause < 1 || cause > 127) return fail(ErrorCode::kInvalid, "A cause is 1 to 127.");
  const auto call = may(id, PriCallEvent::kRelease);
  if (!call) return call.error();
  (*call)->cause = cause;
  (*call)->by = PriReleasedBy::kLocal;
  clear(*(*call)->attempt, cause);
  sweep();
  return Empty{};
}

Result<> PriSpan::Core::restart(uint8_t timeslot) {
  if (timeslot != 0 && !is_bearer(timeslot)) {
    return fail(ErrorCode::kInvalid, "Timeslot " + std::to_string(timeslot) + " is no B-channel.");
  }
  if (!layer1_up_ || !dchannel_up_) return fail(ErrorCode::kUnavailable, "The D-channel is down.");
  const bool running = std::any_of(restarts_.begin(), restarts_.end(),
                                   [&](const Restart& r) { return r.timeslot == 0 || r.timeslot == timeslot; });
  if (running) return fail(ErrorCode::kBusy, "A restart is running already.");
  release_timeslot(timeslot, PriReleasedBy::kFault);
  sweep();
  for (uint8_t n = 1; n <= 31; ++n)
    if (is_bearer(n) && (timeslot == 0 || n == timeslot)) channels_.set(n, PriChannelUse::kRestarting);
  restarts_.push_back({timeslot, 0, 0});
  if (restarts_.size() == 1) send_next_restart();
  return Empty{};
}

}  // namespace cordboard::signalling
