// SPDX-License-Identifier: GPL-2.0-or-later
// The lives of attempts and calls, their channels, and restarts.
//
// Channels (Q.931 5.1.2, 5.2.3, 5.7). A SETUP of ours names a channel, which is asked for until the first response
// names the one that is agreed on.
//  - Both sides ask for the same one: on the user side the network's call gets it, and ours waits for the channel that
//    the response to it names; on the network side the user's call gets another one in our response, or is cleared with
//    cause 44 when it demands this one.
//  - The response names a channel that another call of ours has asked for: it is taken from that call, which waits for
//    its own response.
//  - The response names none when one is needed, or one that is in use: the call is cleared with cause 6.
// A call that is cleared for want of its channel before any response is tried again on another one.
#include <algorithm>
#include <string>

#include "signalling/pri_core.hpp"

namespace cordboard::signalling {
namespace {

using S = PriCallState;
using E = PriCallEvent;

constexpr Transition<S, E> kCallTable[] = {
    {S::kSeizing, E::kPeerProceeds, S::kProceeding},
    {S::kSeizing, E::kPeerProgress, S::kProceeding},
    {S::kSeizing, E::kPeerAlerts, S::kDelivered},
    {S::kSeizing, E::kPeerAnswers, S::kAnswered},
    {S::kSeizing, E::kRetry, S::kSeizing},
    {S::kSeizing, E::kRelease, S::kReleasing},
    {S::kSeizing, E::kPeerClears, S::kReleasing},
    {S::kSeizing, E::kGone, S::kReleased},

    {S::kProceeding, E::kPeerProgress, S::kProceeding},
    {S::kProceeding, E::kPeerAlerts, S::kDelivered},
    {S::kProceeding, E::kPeerAnswers, S::kAnswered},
    {S::kProceeding, E::kRelease, S::kReleasing},
    {S::kProceeding, E::kPeerClears, S::kReleasing},
    {S::kProceeding, E::kGone, S::kReleased},

    {S::kDelivered, E::kPeerProgress, S::kDelivered},
    {S::kDelivered, E::kPeerAnswers, S::kAnswered},
    {S::kDelivered, E::kRelease, S::kReleasing},
    {S::kDelivered, E::kPeerClears, S::kReleasing},
    {S::kDelivered, E::kGone, S::kReleased},

    {S::kCollecting, E::kProceed, S::kOffered},
    {S::kCollecting, E::kAlert, S::kRinging},
    {S::kCollecting, E::kProgress, S::kCollecting},
    {S::kCollecting, E::kAnswer, S::kAnswered},
    {S::kCollecting, E::kRelease, S::kReleasing},
    {S::kCollecting, E::kPeerClears, S::kReleasing},
    {S::kCollecting, E::kGone, S::kReleased},

    {S::kOffered, E::kAlert, S::kRinging},
    {S::kOffered, E::kProgress, S::kOffered},
    {S::kOffered, E::kAnswer, S::kAnswered},
    {S::kOffered, E::kRelease, S::kReleasing},
    {S::kOffered, E::kPeerClears, S::kReleasing},
    {S::kOffered, E::kGone, S::kReleased},

    {S::kRinging, E::kProgress, S::kRinging},
    {S::kRinging, E::kAnswer, S::kAnswered},
    {S::kRinging, E::kRelease, S::kReleasing},
    {S::kRinging, E::kPeerClears, S::kReleasing},
    {S::kRinging, E::kGone, S::kReleased},

    {S::kAnswered, E::kRelease, S::kReleasing},
    {S::kAnswered, E::kPeerClears, S::kReleasing},
    {S::kAnswered, E::kGone, S::kReleased},

    {S::kReleasing, E::kPeerClears, S::kReleasing},
    {S::kReleasing, E::kGone, S::kReleased},
};
static_assert(is_unambiguous(kCallTable));

constexpr uint32_t kMaxRetries = 3;
// T305 and two of T308 (30 + 2 * 4 s, Q.931 9) are the longest that libpri takes to give a call up.
constexpr int64_t kClearingMs = 60000;
constexpr int64_t kT316Ms = 120000;  // Q.931 9.2: RESTART is sent again, once
constexpr uint32_t kRestartsSent = 2;
constexpr int kNumberingPlan = 0x01;  // type unknown, ISDN numbering plan (Q.931 4.5.8)
constexpr std::size_t kMaxName = 50;  // what libpri keeps of a name

/// As Display carries it: a first octet with bit 8 would be taken for a character set, so one is put before it.
std::string displayed(const std::string& name) {
  std::string text = name;
  if (!text.empty() && (text[0] & 0x80) != 0) text.insert(text.begin(), static_cast<char>(0xb1));
  if (text.size() > kMaxName) {
    std::size_t end = kMaxName;
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not within a character of UTF-8
    text.resize(end);
  }
  return text;
}

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  to[from.copy(to, N - 1)] = '\0';
}

}  // namespace

PriCallEntry::PriCallEntry(PriCall id_of, bool out, PriCallState initial)
    : id(id_of), outgoing(out), machine(kCallTable, initial) {}

// ------------------------------------------------------------------------------------------------------------ attempts

PriCallEntry& PriSpan::Core::new_call(bool outgoing, PriCallState initial) {
  while (++last_call_ == 0 || calls_.contains(last_call_)) {
  }
  return calls_.try_emplace(last_call_, last_call_, outgoing, initial).first->second;
}

bool PriSpan::Core::start_attempt(PriCallEntry& call, uint8_t timeslot) {
  q931_call* handle = pri_new_call(pri_);
  pri_sr* setup = handle == nullptr ? nullptr : pri_sr_new();
  if (setup == nullptr) {
    if (handle != nullptr) pri_destroycall(pri_, handle);
    return false;
  }
  PriSeize request = call.request;
  pri_sr_set_channel(setup, timeslot, 0, 0);
  pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
  pri_sr_set_called(setup, request.called.data(), kNumberingPlan, 1);
  pri_party_id caller{};
  const bool named = options_.node == PriNode::kNetwork && !request.calling_name.empty();
  if (!request.calling.empty() || named) {
    // libpri takes the name only with a number.
    caller.number.valid = 1;
    caller.number.plan = kNumberingPlan;
    caller.number.presentation =
        request.calling.empty() ? PRES_NUMBER_NOT_AVAILABLE : PRES_ALLOWED_USER_NUMBER_NOT_SCREENED;
    copy_text(caller.number.str, request.calling);
    caller.name.valid = named ? 1 : 0;
    caller.name.char_set = PRI_CHAR_SET_ISO8859_1;
    copy_text(caller.name.str, displayed(request.calling_name));
    pri_sr_set_caller_party(setup, &caller);
  }
  const int failed = pri_setup(pri_, handle, setup);
  pri_sr_free(setup);
  int low_bits = 0;
  const int high_bits = pri_get_crv(pri_, handle, &low_bits);
  if (failed != 0) {
    pri_destroycall(pri_, handle);
    return false;
  }
  PriAttempt& attempt = attempts_.emplace_back();
  attempt.handle = handle;
  attempt.reference = static_cast<uint16_t>(high_bits << 3 | low_bits);
  attempt.ours = true;
  attempt.call = call.id;
  attempt.timeslot = timeslot;
  channels_.set(timeslot, PriChannelUse::kAsked, &attempt);
  call.attempt = &attempt;
  call.tried |= bit_of(timeslot);
  return true;
}

/// Tries the call again on a channel that it has not tried. Its attempt is nobody's then, and the caller clears it.
bool PriSpan::Core::retry(PriCallEntry& call) {
  if (!call.outgoing || call.machine.state() != S::kSeizing || call.retries >= kMaxRetries || !dchannel_up_)
    return false;
  const uint8_t timeslot = channels_.hunt(options_.node == PriNode::kUser, call.tried);
  PriAttempt* before = call.attempt;
  if (timeslot == 0 || !start_attempt(call, timeslot)) return false;
  before->call = 0;
  step(call, E::kRetry);
  ++call.retries;
  ++counts_[kRetries];
  return true;
}

// ------------------------------------------------------------------------------------------------------------ channels

/// A channel for a call of the peer's, or 0 and the cause to refuse it with.
uint8_t PriSpan::Core::choose_channel(int channel, bool flexible, int& cause) {
  const bool user = options_.node == PriNode::kUser;
  const auto another = [&] {
    const uint8_t timeslot = channels_.hunt(user);
    if (timeslot == 0) cause = PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION;
    return timeslot;
  };
  const int number = named_channel(channel);
  if (number == 0) {
    if (channel != -1 && (channel & 0xff) == 0) {  // a call that waits for a channel to become free (5.2.3.1)
      cause = PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION;
      return 0;
    }
    if (flexible) return another();
    cause = PRI_CAUSE_REQUESTED_CHAN_UNAVAIL;  // named by a slot map, which libpri does not pass on
    return 0;
  }
  if (!is_bearer(static_cast<uint32_t>(number))) {
    if (flexible) return another();
    cause = PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
    return 0;
  }
  const auto timeslot = static_cast<uint8_t>(number);
  const PriChannelUse use = channels_.use(timeslot);
  if (use == PriChannelUse::kIdle) return timeslot;
  if (use == PriChannelUse::kAsked) {
    ++counts_[kGlare];
    if (user) {
      give_up_channel(*channels_.owner(timeslot));
      return timeslot;
    }
  }
  if (flexible) return another();
  cause = PRI_CAUSE_REQUESTED_CHAN_UNAVAIL;
  return 0;
}

/// The attempt gets the channel that the first response names. False: it cannot.
bool PriSpan::Core::confirm_channel(PriAttempt& attempt, int channel) {
  if (attempt.timeslot != 0 && channels_.use(attempt.timeslot) == PriChannelUse::kTaken) return true;
  const int named = named_channel(channel);
  const auto timeslot = static_cast<uint8_t>(named != 0 ? named : attempt.timeslot);
  if (!is_bearer(timeslot)) return false;
  if (timeslot != attempt.timeslot) {
    if (channels_.use(timeslot) == PriChannelUse::kAsked) {
      ++counts_[kGlare];
      give_up_channel(*channels_.owner(timeslot));
    } else if (channels_.use(timeslot) != PriChannelUse::kIdle) {
      return false;
    }
    give_up_channel(attempt);
    attempt.timeslot = timeslot;
  }
  channels_.set(timeslot, PriChannelUse::kTaken, &attempt);
  return true;
}

void PriSpan::Core::give_up_channel(PriAttempt& attempt) {
  if (attempt.timeslot != 0) channels_.set(attempt.timeslot, PriChannelUse::kIdle);
  attempt.timeslot = 0;
}

// ------------------------------------------------------------------------------------------------------------ clearing

void PriSpan::Core::clear(PriAttempt& attempt, uint8_t cause) {
  pri_hangup(pri_, attempt.handle, cause);
  if (attempt.clear_by_ms == 0) attempt.clear_by_ms = now_ms_ + kClearingMs;
}

/// Ends an attempt without a message.
void PriSpan::Core::destroy(PriAttempt& attempt) {
  if (is_alive(attempt)) pri_destroycall(pri_, attempt.handle);
}

bool PriSpan::Core::is_alive(const PriAttempt& attempt) {
  int low_bits = 0;
  probing_ = true;
  const int high_bits = pri_get_crv(pri_, attempt.handle, &low_bits);
  probing_ = false;
  return high_bits >= 0 && (high_bits << 3 | low_bits) == attempt.reference;
}

void PriSpan::Core::sweep() {
  for (auto attempt = attempts_.begin(); attempt != attempts_.end();) {
    const auto next = std::next(attempt);
    if (!is_alive(*attempt)) end_attempt(attempt);
    attempt = next;
  }
}

void PriSpan::Core::end_attempt(std::list<PriAttempt>::iterator attempt) {
  give_up_channel(*attempt);
  if (PriCallEntry* call = call_of(attempt->call)) {
    if (call->cause == 0) mark_released(*call, PRI_CAUSE_NORMAL_TEMPORARY_FAILURE, PriReleasedBy::kFault);
    step(*call, E::kGone);
    report_released(call->id, call->cause, call->by);
    calls_.erase(attempt->call);
  }
  attempts_.erase(attempt);
}

/// The first to release a call is the one that is told of.
void PriSpan::Core::mark_released(PriCallEntry& call, int cause, PriReleasedBy by) {
  if (call.cause == 0) {
    // RELEASE and RELEASE COMPLETE may come without a cause; then 31 is assumed (Q.931 5.8.6.1).
    call.cause = static_cast<uint8_t>(cause >= 1 && cause <= 127 ? cause : PRI_CAUSE_NORMAL_UNSPECIFIED);
    call.by = by;
  }
  step(call, E::kPeerClears);
}

void PriSpan::Core::report_released(PriCall id, uint8_t cause, PriReleasedBy by) {
  later([=](PriListener& listener) { listener.on_released(id, cause, by); });
}

// ------------------------------------------------------------------------------------------------------------- restart

/// Ends what is on a timeslot, or with 0 on all of them, without a message to the peer, who does the same.
void PriSpan::Core::release_timeslot(uint8_t timeslot, PriReleasedBy by) {
  for (auto& attempt : attempts_) {
    if (timeslot != 0 && attempt.timeslot != timeslot) continue;
    if (PriCallEntry* call = call_of(attempt.call)) mark_released(*call, PRI_CAUSE_NORMAL_TEMPORARY_FAILURE, by);
    destroy(attempt);
  }
}

void PriSpan::Core::send_next_restart() {
  if (restarts_.front().sent >= kRestartsSent && restarts_.front().again_ms <= now_ms_) finish_restart(false);
  if (restarts_.empty()) return;
  Restart& restart = restarts_.front();
  ++restart.sent;
  restart.again_ms = now_ms_ + kT316Ms;
  // For the interface any channel does: write_frame() puts another message in its place.
  pri_reset(pri_, restart.timeslot != 0 ? restart.timeslot : 1);
}

/// The channels of the restart that was sent are idle again, acknowledged or not.
void PriSpan::Core::finish_restart(bool acknowledged) {
  const uint8_t timeslot = restarts_.front().timeslot;
  restarts_.pop_front();
  const auto waits = [&](uint8_t n) {
    return std::any_of(restarts_.begin(), restarts_.end(),
                       [&](const Restart& r) { return r.timeslot == 0 || r.timeslot == n; });
  };
  for (uint8_t n = 1; n <= 31; ++n) {
    if (!is_bearer(n) || (timeslot != 0 && n != timeslot) || waits(n)) continue;
    if (channels_.use(n) == PriChannelUse::kRestarting) channels_.set(n, PriChannelUse::kIdle);
  }
  if (acknowledged) {
    ++counts_[kRestarts];
    later([timeslot](PriListener& listener) { listener.on_restarted(timeslot); });
  } else {
    log(PriLogLevel::kError, "the peer does not acknowledge the restart of timeslot " + std::to_string(timeslot));
  }
}

// ------------------------------------------------------------------------------------------------------------- lookups

PriAttempt* PriSpan::Core::attempt_of(q931_call* handle) {
  for (auto& attempt : attempts_)
    if (attempt.handle == handle) return &attempt;
  return nullptr;
}

const PriAttempt* PriSpan::Core::attempt_of(uint16_t reference, bool ours) const {
  for (const auto& attempt : attempts_)
    if (attempt.reference == reference && attempt.ours == ours) return &attempt;
  return nullptr;
}

PriCallEntry* PriSpan::Core::call_of(PriCall id) {
  const auto call = calls_.find(id);
  return call == calls_.end() ? nullptr : &call->second;
}

bool PriSpan::Core::step(PriCallEntry& call, PriCallEvent event) {
  if (call.machine.step(event, now_ms_)) return true;
  ++counts_[kStepsRefused];
  return false;
}

}  // namespace cordboard::signalling
