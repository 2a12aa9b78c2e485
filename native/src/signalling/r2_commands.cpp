// SPDX-License-Identifier: GPL-2.0-or-later
// What a span is told to do.
#include <algorithm>

#include "signalling/r2_core.hpp"

namespace cordboard::signalling {
namespace {

constexpr std::size_t kMostDigits = 32;
constexpr int64_t kPulseMs = 150;  // a metering pulse
constexpr uint8_t kClearBackBits = 0xC;
constexpr uint8_t kLineBits = 0xC;

bool digits_only(std::string_view number) {
  return std::all_of(number.begin(), number.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
}

}  // namespace

R2Channel* R2Core::channel_of(R2Call call) {
  if (call == 0) return nullptr;
  const auto found = std::find_if(channels_.begin(), channels_.end(), [&](const auto& at) { return at.call == call; });
  return found == channels_.end() ? nullptr : &*found;
}

Error R2Core::no_call(R2Call call) const {
  return fail(ErrorCode::kNotFound, "there is no call " + std::to_string(call));
}

Error R2Core::wrong_state(const R2Channel& channel, const char* what) const {
  return fail(ErrorCode::kWrongState, "the call on timeslot " + std::to_string(channel.timeslot) + " is " +
                                          std::string(name_of(channel.state())) + " and cannot be " + what);
}

R2Channel* R2Core::pick(uint8_t timeslot) {
  if (timeslot != 0) return free_for_call(channels_[timeslot]) ? &channels_[timeslot] : nullptr;
  for (uint8_t i = 1; i <= kTimeslots; ++i) {
    auto& channel = channels_[options_.from_top ? kTimeslots + 1U - i : i];
    if (free_for_call(channel)) return &channel;
  }
  return nullptr;
}

bool R2Core::begin_call(R2Channel& channel, R2Call call, const R2Seize& request) {
  if (openr2_chan_make_call(channel.library, request.calling.c_str(), request.called.c_str(),
                            r2_library_category(request.category)) != 0) {
    return false;
  }
  ++counts_[kSeizuresOut];
  channel.machine.step(R2Event::kSeize, now_ms_);
  channel.call = call;
  channel.outgoing = channel.known = true;
  channel.answer_wanted = false;
  channel.cause = 0;
  channel.request = request;
  ++channel.tries;
  set_guard(channel);
  return true;
}

Result<R2Seized> R2Core::seize(const R2Seize& request, int64_t now_ms) {
  if (request.called.empty() || request.called.size() > kMostDigits || !digits_only(request.called)) {
    return fail(ErrorCode::kInvalid, "a called number of R2 has 1-32 digits 0-9");
  }
  if (request.calling.size() > kMostDigits || !digits_only(request.calling)) {
    return fail(ErrorCode::kInvalid, "a calling number of R2 has at most 32 digits 0-9");
  }
  if (request.timeslot != 0 && !carries_calls(request.timeslot)) {
    return fail(ErrorCode::kInvalid, "timeslot " + std::to_string(request.timeslot) + " carries no calls");
  }
  // Of the library's categories the only one that most countries have no signal for; it would send none.
  if (request.category == R2Category::kCollect && options_.variant != "BR" &&
      options_.definitions.find("collect_call=") == std::string::npos) {
    return fail(ErrorCode::kInvalid, "R2 variant " + options_.variant + " has no category for collect calls");
  }
  if (!layer1_up_ || context_ == nullptr) return fail(ErrorCode::kUnavailable, "the span is down");
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  auto* channel = pick(request.timeslot);
  if (channel == nullptr && !up_) return fail(ErrorCode::kUnavailable, "the far end blocks every timeslot");
  const auto taken = [&] {
    return fail(ErrorCode::kBusy, request.timeslot == 0
                                      ? std::string("every timeslot is in use or blocked")
                                      : "timeslot " + std::to_string(request.timeslot) + " is in use or blocked");
  };
  if (channel == nullptr) return taken();
  channel->tries = 0;
  const auto call = next_call_;
  if (!begin_call(*channel, call, request)) return taken();
  ++next_call_;
  settle();
  return R2Seized{call, channel->timeslot};
}

Result<> R2Core::accept(R2Call call, int64_t now_ms) {
  auto* channel = channel_of(call);
  if (channel == nullptr) return no_call(call);
  if (!channel->outgoing && channel->state() == R2State::kAccepting) return Empty{};  // accepted at once
  if (!channel->machine.can(R2Event::kAccept)) return wrong_state(*channel, "accepted");
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  if (openr2_chan_accept_call(channel->library, options_.charge ? OR2_CALL_WITH_CHARGE : OR2_CALL_NO_CHARGE) != 0) {
    return wrong_state(*channel, "accepted");
  }
  channel->machine.step(R2Event::kAccept, now_ms_);
  set_guard(*channel);
  settle();
  return Empty{};
}

Result<> R2Core::answer(R2Call call, int64_t now_ms) {
  auto* channel = channel_of(call);
  if (channel == nullptr) return no_call(call);
  if (channel->outgoing || channel->cause != 0) return wrong_state(*channel, "answered");
  if (channel->state() == R2State::kOffered) {
    if (auto done = accept(call, now_ms); !done) return done;
  }
  now_ms_ = now_ms;
  if (channel->state() == R2State::kAccepting) {
    channel->answer_wanted = true;
    return Empty{};
  }
  if (channel->state() != R2State::kAlerting) return wrong_state(*channel, "answered");
  const R2Entry entry(*this);
  do_answer(*channel);
  settle();
  return Empty{};
}

Result<> R2Core::release(R2Call call, uint8_t cause, int64_t now_ms) {
  auto* channel = channel_of(call);
  if (channel == nullptr) return no_call(call);
  if (channel->cause != 0) return Empty{};  // it is on its way
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  channel->cause = cause;
  channel->by = R2ReleasedBy::kLocal;
  if (channel->state() == R2State::kOffered) {
    channel->machine.step(R2Event::kReject, now_ms_);
    set_guard(*channel);
    // Not every country has a signal for every reason; one that it has not got would leave the far end without an answer.
    for (const auto refusal : {r2_refusal(cause), OR2_CAUSE_OUT_OF_ORDER, OR2_CAUSE_BUSY_NUMBER}) {
      if (openr2_chan_disconnect_call(channel->library, refusal) != 0 || channel->sending != 0) break;
    }
  } else if (channel->state() !=
             R2State::kAccepting) {  // the signal that accepts cannot be taken back: cleared after it
    clear(*channel);
  }
  settle();
  return Empty{};
}

/// A clear back for a moment: the far end takes it for a pulse when the answer is back in time.
Result<> R2Core::meter(R2Call call, int64_t now_ms) {
  auto* channel = channel_of(call);
  if (channel == nullptr) return no_call(call);
  if (channel->outgoing || channel->state() != R2State::kAnswered) return wrong_state(*channel, "metered");
  if (channel->pulse_until_ms != 0) return fail(ErrorCode::kBusy, "a metering pulse is being sent");
  now_ms_ = now_ms;
  channel->pulse_until_ms = now_ms + kPulseMs;
  line_.set_bits(channel->timeslot, static_cast<uint8_t>((channel->sent_bits & ~kLineBits) | kClearBackBits));
  return Empty{};
}

Result<> R2Core::block(uint8_t timeslot, bool on, int64_t now_ms) {
  if (!carries_calls(timeslot)) {
    return fail(ErrorCode::kInvalid, "timeslot " + std::to_string(timeslot) + " carries no calls");
  }
  auto& channel = channels_[timeslot];
  now_ms_ = now_ms;
  if (channel.state() != R2State::kIdle) {
    channel.block_wanted = on;
    return Empty{};
  }
  if (channel.blocked_here == on) return Empty{};
  channel.blocked_here = on;
  const R2Entry entry(*this);
  if (channel.library != nullptr) {
    if (on) {
      openr2_chan_set_blocked(channel.library);
    } else if (layer1_up_) {
      make_idle(channel);
    }
  }
  note_blocked(channel);
  settle();
  return Empty{};
}

Result<> R2Core::reset(uint8_t timeslot, int64_t now_ms) {
  if (timeslot != 0 && !carries_calls(timeslot)) {
    return fail(ErrorCode::kInvalid, "timeslot " + std::to_string(timeslot) + " carries no calls");
  }
  if (!layer1_up_) return fail(ErrorCode::kUnavailable, "the span is down");
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  each([&](R2Channel& channel) {
    if (timeslot != 0 && channel.timeslot != timeslot) return;
    if (channel.blocked_here) return;
    if (channel.state() != R2State::kIdle) {
      give_up(channel, 41);
    } else {
      make_idle(channel);
    }
  });
  settle();
  return Empty{};
}

}  // namespace cordboard::signalling
