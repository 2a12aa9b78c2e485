// SPDX-License-Identifier: GPL-2.0-or-later
// What the library tells of its channels, and what becomes of the calls on them.
#include <algorithm>

#include "signalling/r2_core.hpp"

namespace cordboard::signalling {
namespace {

constexpr uint8_t kMostTries = 4;
constexpr std::size_t kMostHappenings = 256;  // of one entry: two ends that answer each other at once come to an end
// Longest waits for the far end, ms. Register signals: Q.476, T2 of 24 s forwards, and more backwards, so that the caller
// gives up first and is told a cause.
constexpr int64_t kForwardMs = 24000, kBackwardMs = 30000;
constexpr int64_t kRejectMs = 30000;
constexpr int64_t kClearForwardMs = 10000;
constexpr int64_t kClearBackMs = 90000;  // Q.118: an exchange may wait 1 or 2 minutes before it clears forward

}  // namespace

// ------------------------------------------------------------------------------------------------ out of the library

void R2Core::happened(R2Channel& channel, R2Happening what, int detail) {
  if (happened_.size() < kMostHappenings) happened_.push_back({&channel, what, detail});
}

void R2Core::offered(R2Channel& channel, const char* calling, const char* called, int category) {
  constexpr std::size_t kMostDigits = 32;
  auto& offer = offers_[channel.timeslot];
  offer = {};
  offer.called = std::string(called).substr(0, kMostDigits);
  if (calling != nullptr) offer.calling = std::string(calling).substr(0, kMostDigits);
  constexpr R2Category kCategories[] = {
      R2Category::kOrdinary, R2Category::kPriority, R2Category::kInternational, R2Category::kInternationalPriority,
      R2Category::kCollect,  R2Category::kUnknown,  R2Category::kTest};
  if (category >= 0 && static_cast<std::size_t>(category) < std::size(kCategories)) {
    offer.category = kCategories[category];
  }
  happened(channel, R2Happening::kOffered);
}

/// Acts on what the library has said, which may make it say more. The library has been entered by the caller.
void R2Core::settle() {
  if (settling_) return;
  settling_ = true;
  for (std::size_t i = 0; i < happened_.size(); ++i) act(Happened(happened_[i]));
  happened_.clear();
  each([&](R2Channel& channel) {
    switch (channel.state()) {
      case R2State::kSeizing:
      case R2State::kSending:
      case R2State::kReceiving:
      case R2State::kOffered:
      case R2State::kAccepting:
      case R2State::kRejecting:
        break;
      default:  // the library leaves its detector on until the answer, where speech could be taken for signals
        hush(channel);
    }
  });
  note_up();
  settling_ = false;
}

void R2Core::act(const Happened& happened) {
  auto& channel = *happened.channel;
  switch (happened.what) {
    case R2Happening::kSeized:
      come_in(channel);
      break;
    case R2Happening::kAcknowledged:
      if (!channel.machine.step(R2Event::kAcknowledged, now_ms_)) break;
      set_guard(channel);
      tell([this, call = channel.call, at = channel.timeslot] { listener_.on_proceeding(call, at); });
      break;
    case R2Happening::kOffered:
      offer(channel);
      break;
    case R2Happening::kAccepted:
      accepted(channel);
      break;
    case R2Happening::kAnswered:
      answered(channel);
      break;
    case R2Happening::kDisconnected:
      disconnected(channel, happened.detail);
      break;
    case R2Happening::kEnded:
      ended(channel, 16, R2ReleasedBy::kRemote);
      break;
    case R2Happening::kFault:
      fault(channel, happened.detail);
      break;
    case R2Happening::kMetered:
      if (channel.call == 0) break;
      ++counts_[kMeteringPulses];
      tell([this, call = channel.call, at = channel.timeslot] { listener_.on_metering(call, at); });
      break;
    case R2Happening::kBlocked:
    case R2Happening::kFree: {
      const bool blocked = happened.what == R2Happening::kBlocked;
      if (channel.blocked_there == blocked) break;
      channel.blocked_there = blocked;
      note_blocked(channel);
      break;
    }
  }
}

// -------------------------------------------------------------------------------------------------------------- calls in

void R2Core::come_in(R2Channel& channel) {
  ++counts_[kSeizuresIn];
  if (channel.blocked_there) {
    channel.blocked_there = false;
    note_blocked(channel);
  }
  channel.machine.step(R2Event::kSeized, now_ms_);
  channel.call = next_call_++;
  channel.outgoing = channel.known = channel.answer_wanted = false;
  channel.cause = 0;
  channel.category_signal = channel.subscriber_signal = 0;
  set_guard(channel);
}

void R2Core::offer(R2Channel& channel) {
  auto offer = std::move(offers_[channel.timeslot]);
  if (!channel.machine.step(R2Event::kComplete, now_ms_)) return;
  ++counts_[kOffers];
  offer.category_signal = channel.category_signal;
  offer.subscriber_signal = channel.subscriber_signal;
  // Accepted in group A it is on its way to being accepted already.
  if (options_.accept_at_once) channel.machine.step(R2Event::kAccept, now_ms_);
  set_guard(channel);
  channel.known = true;
  tell([this, call = channel.call, at = channel.timeslot, offer = std::move(offer)] {
    listener_.on_incoming(call, at, offer);
  });
}

// ------------------------------------------------------------------------------------------------------------ both ways

void R2Core::accepted(R2Channel& channel) {
  if (!channel.machine.step(R2Event::kAccepted, now_ms_)) return;
  set_guard(channel);
  if (channel.outgoing) {
    tell([this, call = channel.call, at = channel.timeslot] { listener_.on_alerting(call, at); });
    return;
  }
  if (channel.cause != 0) {
    clear(channel);
    return;
  }
  tell([this, call = channel.call, at = channel.timeslot] { listener_.on_accepted(call, at); });
  if (channel.answer_wanted) do_answer(channel);
}

void R2Core::do_answer(R2Channel& channel) {
  if (openr2_chan_answer_call(channel.library) != 0) {
    give_up(channel, 41);
    return;
  }
  channel.machine.step(R2Event::kAnswer, now_ms_);
  set_guard(channel);
  ++counts_[kAnswers];
  tell([this, call = channel.call, at = channel.timeslot] { listener_.on_answer_sent(call, at); });
}

void R2Core::answered(R2Channel& channel) {
  if (!channel.machine.step(R2Event::kAnswer, now_ms_)) return;
  set_guard(channel);
  ++counts_[kAnswers];
  tell([this, call = channel.call, at = channel.timeslot] { listener_.on_answered(call, at); });
}

/// The far end has cleared, or refused. The library waits to be told that we do, too.
void R2Core::disconnected(R2Channel& channel, int refusal) {
  const bool seizing = channel.state() == R2State::kSeizing;
  if (seizing && refusal == OR2_CAUSE_FORCED_RELEASE) {
    // The far end's seizure looks like it (Q.412, Q.421: dual seizure).
    ++counts_[kDualSeizures];
    if (try_elsewhere(channel)) return;
    refusal = OR2_CAUSE_NETWORK_CONGESTION;
  }
  if (channel.cause == 0) {
    channel.cause = r2_cause(refusal);
    channel.by = refusal == OR2_CAUSE_NO_ANSWER ? R2ReleasedBy::kFault : R2ReleasedBy::kRemote;
  }
  clear(channel);
}

void R2Core::fault(R2Channel& channel, int reason) {
  ++counts_[kProtocolFaults];
  if (channel.state() == R2State::kIdle) return;
  const uint8_t heard = r2_signal_of(channel.last_heard);
  uint8_t cause = 111;
  auto by = R2ReleasedBy::kFault;
  switch (reason) {
    case OR2_INVALID_MF_TONE:
      // Some countries refuse with signals that the library takes for requests which must not come here.
      if (channel.outgoing && heard != 0 && heard == options_.vacant_signal) {
        cause = 1;
        by = R2ReleasedBy::kRemote;
      } else if (channel.outgoing && heard != 0 && heard == options_.congestion_signal) {
        cause = 42;
        by = R2ReleasedBy::kRemote;
      }
      break;
    case OR2_BACK_MF_TIMEOUT:
    case OR2_FWD_SAFETY_TIMEOUT:
      cause = 102;
      break;
    case OR2_SEIZE_TIMEOUT:
      cause = 44;  // this circuit is of no use, another may be
      break;
    case OR2_INTERNAL_ERROR:
    case OR2_LIBRARY_BUG:
      cause = 41;
      break;
    default:
      break;
  }
  ended(channel, cause, by);
}

bool R2Core::try_elsewhere(R2Channel& channel) {
  if (channel.request.timeslot != 0 || channel.tries >= kMostTries || channel.cause != 0) return false;
  auto* other = pick(0);
  if (other == nullptr) return false;
  const auto call = std::exchange(channel.call, 0);
  const auto request = channel.request;
  const auto tries = channel.tries;
  clear(channel);
  other->tries = tries;
  if (begin_call(*other, call, request)) return true;
  tell([this, call] { listener_.on_released(call, 34, R2ReleasedBy::kFault); });
  return true;
}

// ---------------------------------------------------------------------------------------------------------------- the end

void R2Core::clear(R2Channel& channel) {
  channel.machine.step(R2Event::kClear, now_ms_);
  set_guard(channel);
  const bool forced = options_.forced_release && !channel.outgoing;
  if (openr2_chan_disconnect_call(channel.library, forced ? OR2_CAUSE_FORCED_RELEASE : OR2_CAUSE_NORMAL_CLEARING) !=
      0) {
    give_up(channel, 41);
  }
}

/// Sets the timeslot idle whatever the far end does.
void R2Core::give_up(R2Channel& channel, uint8_t cause) {
  ended(channel, cause, R2ReleasedBy::kFault);
  make_idle(channel);
}

/// The timeslot is free of its call; the library has set it idle, or is about to be told.
void R2Core::ended(R2Channel& channel, uint8_t cause, R2ReleasedBy by) {
  if (!channel.machine.step(R2Event::kGone, now_ms_)) return;
  channel.guard_ms = channel.pulse_until_ms = 0;
  hush(channel);
  const auto call = std::exchange(channel.call, 0);
  const auto why = channel.cause != 0 ? channel.cause : cause;
  const auto whose = channel.cause != 0 ? channel.by : by;
  channel.cause = 0;
  channel.tries = 0;
  if (channel.block_wanted) {
    channel.block_wanted = false;
    channel.blocked_here = true;
    openr2_chan_set_blocked(channel.library);
    note_blocked(channel);
  }
  // A seizure that never became a call is nobody's.
  if (call != 0 && channel.known) tell([this, call, why, whose] { listener_.on_released(call, why, whose); });
}

void R2Core::set_guard(R2Channel& channel) {
  switch (channel.state()) {
    case R2State::kSeizing:  // the library waits for 8 s
    case R2State::kSending:
    case R2State::kReceiving:
    case R2State::kAccepting:
      channel.guard_ms = now_ms_ + (channel.outgoing ? kForwardMs : kBackwardMs);
      break;
    case R2State::kRejecting:
      channel.guard_ms = now_ms_ + kRejectMs;
      break;
    case R2State::kClearing:
      channel.guard_ms = now_ms_ + (channel.outgoing ? kClearForwardMs : kClearBackMs);
      break;
    default:
      channel.guard_ms = 0;
  }
}

void R2Core::run_guards(R2Channel& channel) {
  if (channel.pulse_until_ms != 0 && now_ms_ >= channel.pulse_until_ms) {
    channel.pulse_until_ms = 0;
    line_.set_bits(channel.timeslot, channel.sent_bits);
  }
  if (channel.guard_ms == 0 || now_ms_ < channel.guard_ms) return;
  ++counts_[kGuards];
  log(R2LogLevel::kWarn, channel.timeslot,
      "the far end says nothing while the timeslot is " + std::string(name_of(channel.state())) + ": set idle");
  give_up(channel, 102);
}

}  // namespace cordboard::signalling
