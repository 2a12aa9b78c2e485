// SPDX-License-Identifier: GPL-2.0-or-later
// What libpri reports. It keeps one event only, so all of it that is needed is read before libpri is called again.
#include <cstring>
#include <string>

#include "signalling/pri_core.hpp"

namespace cordboard::signalling {
namespace {

using S = PriCallState;
using E = PriCallEvent;

bool is_telephony(int capability) {
  return capability == PRI_TRANS_CAP_SPEECH || capability == PRI_TRANS_CAP_3_1K_AUDIO ||
         capability == PRI_TRANS_CAP_DIGITAL_W_TONES;
}

bool is_inband(int progress_mask) {
  return (progress_mask & (PRI_PROG_INBAND_AVAILABLE | PRI_PROG_CALL_NOT_E2E_ISDN)) != 0;
}

template <class Party>
std::string shown(const Party& party) {
  const bool allowed = party.valid != 0 && (party.presentation & PRI_PRES_RESTRICTION) == PRI_PRES_ALLOWED;
  return allowed ? std::string(party.str, strnlen(party.str, sizeof(party.str))) : std::string();
}

}  // namespace

void PriSpan::Core::on_event(const pri_event& event) {
  switch (event.e) {
    case PRI_EVENT_DCHAN_UP:
      link_changed(true);
      break;
    case PRI_EVENT_DCHAN_DOWN:
      // One that a timer brings may be older than the link: SABME was seen before it, see write_frame().
      if (!in_timers_) link_changed(false);
      break;
    case PRI_EVENT_RING:
      on_ring(event.ring);
      break;
    case PRI_EVENT_INFO_RECEIVED:
      on_digits(event.ring.call, event.ring.callednum, event.ring.complete != 0);
      break;
    case PRI_EVENT_KEYPAD_DIGIT:
      on_digits(event.digit.call, event.digit.digits, false);
      break;
    case PRI_EVENT_SETUP_ACK: {
      // The peer wants more digits than it will get: all have been sent. Its first response names the channel.
      PriAttempt* attempt = attempt_of(event.setup_ack.call);
      if (attempt != nullptr && attempt->call != 0) confirm_channel(*attempt, event.setup_ack.channel);
      break;
    }
    case PRI_EVENT_PROCEEDING:
      on_response(event.proceeding.call, event.proceeding.channel, E::kPeerProceeds,
                  is_inband(event.proceeding.progressmask));
      break;
    case PRI_EVENT_PROGRESS:
      on_response(event.proceeding.call, event.proceeding.channel, E::kPeerProgress,
                  is_inband(event.proceeding.progressmask));
      break;
    case PRI_EVENT_RINGING:
      on_response(event.ringing.call, event.ringing.channel, E::kPeerAlerts, is_inband(event.ringing.progressmask));
      break;
    case PRI_EVENT_ANSWER:
      on_response(event.answer.call, event.answer.channel, E::kPeerAnswers, false);
      break;
    case PRI_EVENT_HANGUP:
    case PRI_EVENT_HANGUP_REQ:
      on_hangup(event.hangup.call, event.hangup.cause, false);
      break;
    case PRI_EVENT_HANGUP_ACK:
      on_hangup(event.hangup.call, event.hangup.cause, true);
      break;
    case PRI_EVENT_RESTART:
      on_peer_restart(event.restart.channel);
      break;
    case PRI_EVENT_RESTART_ACK:
      on_restart_acknowledge(event.restartack.channel);
      break;
    case PRI_EVENT_CONFIG_ERR:
      log(PriLogLevel::kError, event.err.err);
      break;
    default:
      break;  // notifications and supplementary services
  }
}

// ----------------------------------------------------------------------------------------------------- calls coming in

void PriSpan::Core::on_ring(const pri_event_ring& ring) {
  PriAttempt& attempt = attempts_.emplace_back();
  attempt.handle = ring.call;
  attempt.reference = static_cast<uint16_t>(ring.cref & 0x7fff);
  attempt.interface_bits = ring.channel == -1 ? 0 : ring.channel & 0x1ff00;
  int cause = 0;
  if (is_telephony(ring.ctype)) {
    attempt.timeslot = choose_channel(ring.channel, ring.flexible != 0, cause);
  } else {
    cause = PRI_CAUSE_INCOMPATIBLE_DESTINATION;
  }
  if (attempt.timeslot == 0) {
    ++counts_[kCallsTurnedAway];
    clear(attempt, static_cast<uint8_t>(cause));
    return;
  }
  channels_.set(attempt.timeslot, PriChannelUse::kTaken, &attempt);
  ++counts_[kCallsIn];
  const bool complete = !options_.overlap || ring.complete != 0;
  PriCallEntry& call = new_call(false, complete ? S::kOffered : S::kCollecting);
  const PriCall id = call.id;
  call.attempt = &attempt;
  attempt.call = id;
  later([id, complete, timeslot = attempt.timeslot, called = std::string(ring.callednum),
         calling = shown(ring.calling.number), name = shown(ring.calling.name)](PriListener& listener) {
    listener.on_incoming(id, timeslot, called, calling, name, complete);
  });
  if (complete) {
    pri_proceeding(pri_, attempt.handle, encoded(attempt), 0);
  } else {
    pri_setup_ack(pri_, attempt.handle, encoded(attempt), 0, 0);
  }
}

void PriSpan::Core::on_digits(q931_call* handle, std::string_view digits, bool complete) {
  const PriAttempt* attempt = attempt_of(handle);
  const PriCallEntry* call = attempt == nullptr ? nullptr : call_of(attempt->call);
  if (call == nullptr || call->machine.state() != S::kCollecting) return;
  std::string text(digits);
  if (complete) text += '#';
  if (text.empty()) return;
  later([id = call->id, text](PriListener& listener) { listener.on_digits(id, text); });
}

// ----------------------------------------------------------------------------------------------------- calls going out

/// A message of the peer's that brings a call of ours on.
void PriSpan::Core::on_response(q931_call* handle, int channel, PriCallEvent event, bool inband) {
  PriAttempt* attempt = attempt_of(handle);
  PriCallEntry* call = attempt == nullptr ? nullptr : call_of(attempt->call);
  if (call == nullptr || call->machine.state() == S::kReleasing) return;
  if (call->outgoing && !confirm_channel(*attempt, channel)) {
    const bool again = retry(*call);
    if (!again) mark_released(*call, PRI_CAUSE_CHANNEL_UNACCEPTABLE, PriReleasedBy::kFault);
    clear(*attempt, PRI_CAUSE_CHANNEL_UNACCEPTABLE);
    return;
  }
  const PriCallState before = call->machine.state();
  if (!step(*call, event)) {
    // libpri lets the side that was called be answered. Only a call that it has moved on is beyond repair.
    if (event != E::kPeerAnswers) return;
    mark_released(*call, PRI_CAUSE_WRONG_CALL_STATE, PriReleasedBy::kFault);
    clear(*attempt, PRI_CAUSE_WRONG_CALL_STATE);
    return;
  }
  later([=, id = call->id, timeslot = attempt->timeslot](PriListener& listener) {
    if (event == E::kPeerAnswers) return listener.on_answered(id, timeslot);
    if (event == E::kPeerAlerts) {
      listener.on_alerting(id, timeslot);
    } else if (before == S::kSeizing) {
      listener.on_proceeding(id, timeslot);
    }
    if (inband) listener.on_progress(id, timeslot);
  });
}

// ------------------------------------------------------------------------------------------------------------ clearing

/// The peer, or a timer of libpri's, ends an attempt. `gone`: libpri has freed it already.
void PriSpan::Core::on_hangup(q931_call* handle, int cause, bool gone) {
  PriAttempt* attempt = attempt_of(handle);
  if (attempt == nullptr) return;
  PriCallEntry* call = call_of(attempt->call);
  if (call != nullptr) {
    const bool for_channel = cause == PRI_CAUSE_REQUESTED_CHAN_UNAVAIL ||
                             cause == PRI_CAUSE_NORMAL_CIRCUIT_CONGESTION ||
                             cause == PRI_CAUSE_IDENTIFIED_CHANNEL_NOTEXIST;
    if (in_timers_ || !for_channel || !retry(*call)) {
      mark_released(*call, cause, in_timers_ ? PriReleasedBy::kFault : PriReleasedBy::kRemote);
    }
  }
  if (!gone) clear(*attempt, static_cast<uint8_t>(cause >= 1 && cause <= 127 ? cause : PRI_CAUSE_NORMAL_CLEARING));
}

// ------------------------------------------------------------------------------------------------------------- restart

void PriSpan::Core::on_peer_restart(int channel) {
  const int timeslot = named_channel(channel);
  if (timeslot != 0 && !is_bearer(static_cast<uint32_t>(timeslot))) return;
  ++counts_[kRestarts];
  release_timeslot(static_cast<uint8_t>(timeslot), PriReleasedBy::kRemote);
  sweep();
  later([timeslot](PriListener& listener) { listener.on_restarted(static_cast<uint8_t>(timeslot)); });
}

void PriSpan::Core::on_restart_acknowledge(int channel) {
  if (restarts_.empty()) return;
  const int timeslot = named_channel(channel);
  if (timeslot != 0 && restarts_.front().timeslot != 0 && timeslot != restarts_.front().timeslot) return;
  finish_restart(true);
  if (!restarts_.empty()) send_next_restart();
}

}  // namespace cordboard::signalling
