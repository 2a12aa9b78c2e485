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
constexpr int kExplicit = 1 << 16;    // libpri: the interface identifier is given
constexpr std::size_t kMaxName = 50;  // what libpri keeps of a name

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  to[from.copy(to, N - 1)] = '\0';
}

}  // namespace

std::string whole_characters(std::string text) {
  if (text.size() > kMaxName) {
    std::size_t end = kMaxName;
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  return text;
}

std::string displayed(const std::string& name) {
  const bool bare = name.empty() || (name[0] & 0x80) == 0;
  return whole_characters(bare ? name : static_cast<char>(0xb1) + name);
}

PriCallEntry::PriCallEntry(PriCall id_of, bool out, PriCallState initial)
    : id(id_of), outgoing(out), machine(kCallTable, initial) {}

// ------------------------------------------------------------------------------------------------------------ attempts

PriCallEntry& PriSpan::Core::new_call(bool outgoing, PriCallState initial) {
  while (++last_call_ == 0 || calls_.contains(last_call_)) {
  }
  return calls_.try_emplace(last_call_, last_call_, outgoing, initial).first->second;
}

bool PriSpan::Core::start_attempt(PriCallEntry& call, PriChannel channel) {
  const std::size_t link = in_use_;
  ::pri* pri = links_[link]->controller;
  q931_call* handle = pri_new_call(pri);
  pri_sr* setup = handle == nullptr ? nullptr : pri_sr_new();
  if (setup == nullptr) {
    if (handle != nullptr) pri_destroycall(pri, handle);
    return false;
  }
  PriSeize request = call.request;
  // Digits that the peer has not asked for yet go with the SETUP when it is sent anew.
  pri_sr_set_channel(setup, shared_ ? encoded(channel) : channel, 0, 0);
  pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
  pri_sr_set_called(setup, request.called.data(), kNumberingPlan, request.complete && call.waiting.empty() ? 1 : 0);
  pri_party_id caller{};
  const bool named = (options_.node == PriNode::kNetwork || options_.protocol == PriProtocol::kQsig) &&
                     !request.calling_name.empty() && !request.restricted;
  if (!request.calling.empty() || named) {
    // libpri takes the name only with a number.
    caller.number.valid = 1;
    caller.number.plan = kNumberingPlan;
    caller.number.presentation = request.calling.empty() ? PRES_NUMBER_NOT_AVAILABLE
                                 : request.restricted    ? PRES_PROHIB_USER_NUMBER_NOT_SCREENED
                                                         : PRES_ALLOWED_USER_NUMBER_NOT_SCREENED;
    copy_text(caller.number.str, request.calling);
    caller.name.valid = named ? 1 : 0;
    caller.name.char_set = PRI_CHAR_SET_ISO8859_1;
    copy_text(caller.name.str, options_.protocol == PriProtocol::kQsig ? whole_characters(request.calling_name)
                                                                       : displayed(request.calling_name));
    pri_sr_set_caller_party(setup, &caller);
  }
  if (!request.redirecting.empty()) {
    pri_party_redirecting redirecting{};
    redirecting.from.number.valid = 1;
    redirecting.from.number.plan = kNumberingPlan;
    redirecting.from.number.presentation = PRES_ALLOWED_USER_NUMBER_NOT_SCREENED;
    copy_text(redirecting.from.number.str, request.redirecting);
    redirecting.reason = request.redirecting_reason;
    redirecting.orig_reason = request.redirecting_reason;
    // QSIG tells it in Facility, the others in Redirecting number: libpri chooses by the count.
    redirecting.count = options_.protocol == PriProtocol::kQsig ? 1 : 0;
    pri_sr_set_redirecting_parties(setup, &redirecting);
  }
  const int failed = pri_setup(pri, handle, setup);
  pri_sr_free(setup);
  int low_bits = 0;
  const int high_bits = pri_get_crv(pri, handle, &low_bits);
  if (failed != 0) {
    pri_destroycall(pri, handle);
    return false;
  }
  PriAttempt& attempt = attempts_.emplace_back();
  attempt.handle = handle;
  attempt.reference = static_cast<uint16_t>(high_bits << 3 | low_bits);
  attempt.ours = true;
  attempt.call = call.id;
  attempt.link = link;
  attempt.channel = channel;
  channels_.set(channel, PriChannelUse::kAsked, &attempt);
  call.attempt = &attempt;
  call.more_asked = false;
  call.due_ms = 0;
  call.tried.push_back(channel);
  return true;
}

/// Tries the call again on a channel that it has not tried. Its attempt is nobody's then, and the caller clears it.
bool PriSpan::Core::retry(PriCallEntry& call) {
  if (!call.outgoing || call.machine.state() != S::kSeizing || call.retries >= kMaxRetries || !dchannel_up_)
    return false;
  const PriChannel channel =
      channels_.hunt_in(interface_of(call.request.channel), options_.node == PriNode::kUser, call.tried);
  PriAttempt* before = call.attempt;
  if (channel == 0 || !start_attempt(call, channel)) return false;
  before->call = 0;
  step(call, E::kRetry);
  ++call.retries;
  ++counts_[kRetries];
  return true;
}

// ------------------------------------------------------------------------------------------------------------ channels

PriChannel PriSpan::Core::decoded(int named) const {
  const auto timeslot = static_cast<uint32_t>(named == -1 || (named & 0xff) == 0xff ? 0 : named & 0xff);
  if (timeslot == 0) return 0;
  std::size_t interface = 0;
  if (shared_ && (named & kExplicit) != 0) {
    const int id = named >> 8 & 0x7f;
    const auto found = std::find_if(options_.interfaces.begin(), options_.interfaces.end(),
                                    [id](const PriInterface& at) { return at.id == id; });
    if (found == options_.interfaces.end()) return kNoChannel;
    interface = static_cast<std::size_t>(found - options_.interfaces.begin());
  } else if (shared_) {
    interface = links_[in_use_]->interface;  // implicit: the one with the D-channel (Q.931 4.5.13 note 1)
  }
  const auto channel = interface * kPriTimeslots + timeslot;
  return timeslot < kPriTimeslots && is_bearer(static_cast<uint32_t>(channel)) ? static_cast<PriChannel>(channel)
                                                                               : kNoChannel;
}

int PriSpan::Core::encoded(PriChannel channel) const {
  return kExplicit | options_.interfaces[interface_of(channel)].id << 8 | static_cast<int>(timeslot_of(channel));
}

/// A channel for a call of the peer's, or 0 and the cause to refuse it with.
PriChannel PriSpan::Core::choose_channel(int named, bool flexible, int& cause) {
  const bool user = options_.node == PriNode::kUser;
  const auto another = [&] {
    const PriChannel channel = channels_.hunt(user);
    if (channel == 0) cause = PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION;
    return channel;
  };
  const PriChannel channel = decoded(named);
  if (channel == 0) {
    if (named != -1 && (named & 0xff) == 0) {  // a call that waits for a channel to become free (5.2.3.1)
      cause = PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION;
      return 0;
    }
    if (flexible) return another();
    cause = PRI_CAUSE_REQUESTED_CHAN_UNAVAIL;  // named by a slot map, which libpri does not pass on
    return 0;
  }
  if (channel == kNoChannel) {
    if (flexible) return another();
    cause = PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
    return 0;
  }
  if (channels_.takes_calls(channel)) return channel;
  if (channels_.use(channel) == PriChannelUse::kAsked) {
    ++counts_[kGlare];
    if (user) {
      give_up_channel(*channels_.owner(channel));
      return channel;
    }
  }
  if (flexible) return another();
  cause = PRI_CAUSE_REQUESTED_CHAN_UNAVAIL;
  return 0;
}

/// The attempt gets the channel that the first response names. False: it cannot.
bool PriSpan::Core::confirm_channel(PriAttempt& attempt, int named) {
  if (attempt.channel != 0 && channels_.use(attempt.channel) == PriChannelUse::kTaken) return true;
  const PriChannel answered = decoded(named);
  const PriChannel channel = answered != 0 ? answered : attempt.channel;
  if (channel == 0 || channel == kNoChannel) return false;
  if (channel != attempt.channel) {
    if (channels_.use(channel) == PriChannelUse::kAsked) {
      ++counts_[kGlare];
      give_up_channel(*channels_.owner(channel));
    } else if (channels_.use(channel) != PriChannelUse::kIdle) {
      return false;
    }
    give_up_channel(attempt);
    attempt.channel = channel;
  }
  channels_.set(channel, PriChannelUse::kTaken, &attempt);
  return true;
}

void PriSpan::Core::give_up_channel(PriAttempt& attempt) {
  if (attempt.channel != 0) channels_.set(attempt.channel, PriChannelUse::kIdle);
  attempt.channel = 0;
}

// ------------------------------------------------------------------------------------------------------------ clearing

void PriSpan::Core::clear(PriAttempt& attempt, uint8_t cause) {
  pri_hangup(controller(attempt), attempt.handle, cause);
  if (attempt.clear_by_ms == 0) attempt.clear_by_ms = now_ms_ + kClearingMs;
}

/// Ends an attempt without a message.
void PriSpan::Core::destroy(PriAttempt& attempt) {
  if (is_alive(attempt)) pri_destroycall(controller(attempt), attempt.handle);
}

bool PriSpan::Core::is_alive(const PriAttempt& attempt) {
  int low_bits = 0;
  probing_ = true;
  const int high_bits = pri_get_crv(links_.front()->controller, attempt.handle, &low_bits);
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
  call.due_ms = 0;
  settle_transfers(call.id, by == PriReleasedBy::kRemote);
  step(call, E::kPeerClears);
}

void PriSpan::Core::report_released(PriCall id, uint8_t cause, PriReleasedBy by) {
  later([=](PriListener& listener) { listener.on_released(id, cause, by); });
}

// ------------------------------------------------------------------------------------------------------------- restart

/// Ends what is on a channel, or with 0 on all of them, without a message to the peer, who does the same.
void PriSpan::Core::release_channel(PriChannel channel, PriReleasedBy by) {
  for (auto& attempt : attempts_) {
    if (channel != 0 && attempt.channel != channel) continue;
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
  const PriChannel channel = restart.channel != 0 ? restart.channel : 1;
  pri_reset(links_[in_use_]->controller, shared_ ? encoded(channel) : channel);
}

/// The channels of the restart that was sent are idle again, acknowledged or not.
void PriSpan::Core::finish_restart(bool acknowledged) {
  const PriChannel channel = restarts_.front().channel;
  restarts_.pop_front();
  const auto waits = [&](PriChannel n) {
    return std::any_of(restarts_.begin(), restarts_.end(),
                       [&](const Restart& r) { return r.channel == 0 || r.channel == n; });
  };
  for (PriChannel n = 1; n < channels_.end(); ++n) {
    if (!is_bearer(n) || (channel != 0 && n != channel) || waits(n)) continue;
    if (channels_.use(n) == PriChannelUse::kRestarting) channels_.set(n, PriChannelUse::kIdle);
  }
  if (acknowledged) {
    ++counts_[kRestarts];
    later([channel](PriListener& listener) { listener.on_restarted(channel); });
  } else {
    log(PriLogLevel::kError, "the peer does not acknowledge the restart of timeslot " + std::to_string(channel));
  }
}

// ------------------------------------------------------------------------------------------------------------- lookups

PriAttempt* PriSpan::Core::attempt_of(q931_call* handle) {
  for (auto& attempt : attempts_)
    if (attempt.handle == handle) return &attempt;
  return nullptr;
}

PriAttempt* PriSpan::Core::attempt_of(uint16_t reference, bool ours) {
  for (auto& attempt : attempts_)
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
