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

template <class Party>
bool is_restricted(const Party& party) {
  return party.valid != 0 && (party.presentation & PRI_PRES_RESTRICTION) == PRI_PRES_RESTRICTED;
}

}  // namespace

void PriSpan::Core::on_event(std::size_t link, const pri_event& event) {
  // SERVICE for a whole interface: libpri takes it for the state of the link.
  if (maintenance_ && event.e != PRI_EVENT_SERVICE) return;
  switch (event.e) {
    case PRI_EVENT_DCHAN_UP:
      link_changed(*links_[link], true);
      break;
    case PRI_EVENT_DCHAN_DOWN:
      // One that a timer brings may be older than the link: SABME was seen before it, see write_frame().
      if (!in_timers_) link_changed(*links_[link], false);
      break;
    case PRI_EVENT_RING:
      on_ring(link, event.ring);
      break;
    case PRI_EVENT_INFO_RECEIVED:
      on_digits(event.ring.call, event.ring.callednum, event.ring.complete != 0);
      break;
    case PRI_EVENT_KEYPAD_DIGIT:
      on_digits(event.digit.call, event.digit.digits, false);
      break;
    case PRI_EVENT_SETUP_ACK:
      on_setup_acknowledge(event.setup_ack);
      break;
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
    case PRI_EVENT_SERVICE:
      on_service(event.service.channel, event.service.changestatus);
      break;
    case PRI_EVENT_CONFIG_ERR:
      log(PriLogLevel::kError, event.err.err);
      break;
    default:
      break;  // notifications and supplementary services
  }
}

// ----------------------------------------------------------------------------------------------------- calls coming in

void PriSpan::Core::on_ring(std::size_t link, const pri_event_ring& ring) {
  PriAttempt& attempt = attempts_.emplace_back();
  attempt.handle = ring.call;
  attempt.link = link;
  attempt.reference = static_cast<uint16_t>(ring.cref & 0x7fff);
  attempt.interface_bits = ring.channel == -1 ? 0 : ring.channel & 0x1ff00;
  int cause = 0;
  if (is_telephony(ring.ctype)) {
    attempt.channel = choose_channel(ring.channel, ring.flexible != 0, cause);
  } else {
    cause = PRI_CAUSE_INCOMPATIBLE_DESTINATION;
  }
  if (attempt.channel == 0) {
    ++counts_[kCallsTurnedAway];
    clear(attempt, static_cast<uint8_t>(cause));
    return;
  }
  channels_.set(attempt.channel, PriChannelUse::kTaken, &attempt);
  ++counts_[kCallsIn];
  const bool complete = !options_.overlap || ring.complete != 0;
  PriCallEntry& call = new_call(false, complete ? S::kOffered : S::kCollecting);
  const PriCall id = call.id;
  call.attempt = &attempt;
  attempt.call = id;
  PriOffer offer{.called = ring.callednum,
                 .calling = shown(ring.calling.number),
                 .calling_name = shown(ring.calling.name),
                 .redirecting = ring.redirectingnum,
                 .redirecting_reason = static_cast<uint8_t>(ring.redirectingreason & 0x0f),
                 .complete = complete,
                 .restricted = is_restricted(ring.calling.number)};
  call.party = {offer.calling, {}, offer.restricted};
  call.own_number = offer.called;
  if (facility_.calling_name) offer.calling_name = *facility_.calling_name;
  if (facility_.diversion && offer.redirecting.empty()) {
    offer.redirecting = facility_.diversion->number;
    offer.redirecting_reason = facility_.diversion->reason;
  }
  if (offer.redirecting.empty()) offer.redirecting_reason = 0;
  call.party.name = offer.calling_name;
  later([id, channel = attempt.channel, offer = std::move(offer)](PriListener& listener) {
    listener.on_incoming(id, channel, offer);
  });
  if (complete) {
    pri_proceeding(controller(attempt), attempt.handle, encoded(attempt), 0);
  } else {
    pri_setup_ack(controller(attempt), attempt.handle, encoded(attempt), 0, 0);
    call.due_ms = now_ms_ + options_.t302_ms;
  }
}

void PriSpan::Core::on_digits(q931_call* handle, std::string_view digits, bool complete) {
  const PriAttempt* attempt = attempt_of(handle);
  PriCallEntry* call = attempt == nullptr ? nullptr : call_of(attempt->call);
  if (call == nullptr || call->machine.state() != S::kCollecting) return;
  call->due_ms = now_ms_ + options_.t302_ms;
  if (!digits.empty()) {
    later([id = call->id, text = std::string(digits)](PriListener& listener) { listener.on_digits(id, text); });
  }
  if (complete) number_whole(*call, *attempt);
}

/// Sending complete came, or T302 is over (Q.931 5.2.4).
void PriSpan::Core::number_whole(PriCallEntry& call, const PriAttempt& attempt) {
  call.due_ms = 0;
  step(call, E::kProceed);
  later([id = call.id](PriListener& listener) { listener.on_digits(id, "#"); });
  pri_proceeding(controller(attempt), attempt.handle, encoded(attempt), 0);
}

/// Supplementary services may come in any message of a call that is there.
void PriSpan::Core::on_facility(const PriAttempt& attempt, const PriMessage& message) {
  PriCallEntry* call = call_of(attempt.call);
  if (call == nullptr) return;
  PriFacility facility = read_facility(message, options_.protocol);
  if (call->outgoing && options_.protocol == PriProtocol::kEuroIsdn) {
    if (facility.charge) {
      ++counts_[kCharges];
      later([id = call->id, charge = *facility.charge](PriListener& listener) { listener.on_charged(id, charge); });
    }
    if (!facility.tariffs.empty()) {
      ++counts_[kCharges];
      later([id = call->id, tariffs = facility.tariffs](PriListener& listener) { listener.on_tariff(id, tariffs); });
    }
  }
  on_services(*call, message, facility);
}

// ----------------------------------------------------------------------------------------------------- calls going out

/// The peer wants more digits than have come with SETUP. Its first response names the channel.
void PriSpan::Core::on_setup_acknowledge(const pri_event_setup_ack& acknowledge) {
  PriAttempt* attempt = attempt_of(acknowledge.call);
  PriCallEntry* call = attempt == nullptr ? nullptr : call_of(attempt->call);
  if (call == nullptr || call->machine.state() != S::kSeizing) return;
  confirm_channel(*attempt, acknowledge.channel);
  call->more_asked = true;
  send_digits(*call);
}

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
  call->due_ms = 0;
  if (!step(*call, event)) {
    // libpri lets the side that was called be answered. Only a call that it has moved on is beyond repair.
    if (event != E::kPeerAnswers) return;
    mark_released(*call, PRI_CAUSE_WRONG_CALL_STATE, PriReleasedBy::kFault);
    clear(*attempt, PRI_CAUSE_WRONG_CALL_STATE);
    return;
  }
  if (call->outgoing && event == E::kPeerProceeds && options_.t310_ms != 0) call->due_ms = now_ms_ + options_.t310_ms;
  later([=, id = call->id, channel = attempt->channel](PriListener& listener) {
    if (event == E::kPeerAnswers) return listener.on_answered(id, channel);
    if (event == E::kPeerAlerts) {
      listener.on_alerting(id, channel);
    } else if (before == S::kSeizing) {
      listener.on_proceeding(id, channel);
    }
    if (inband) listener.on_progress(id, channel);
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

void PriSpan::Core::on_peer_restart(int named) {
  // With an indicator for all interfaces, or of the only one, no channel is named.
  const PriChannel channel = (named & 0xff) == 0 || (named & 0xff) == 0xff ? 0 : decoded(named);
  if (channel == kNoChannel) return;
  ++counts_[kRestarts];
  release_channel(channel, PriReleasedBy::kRemote);
  sweep();
  later([channel](PriListener& listener) { listener.on_restarted(channel); });
}

void PriSpan::Core::on_restart_acknowledge(int named) {
  if (restarts_.empty()) return;
  const PriChannel channel = decoded(named);
  if (channel != 0 && restarts_.front().channel != 0 && channel != restarts_.front().channel) return;
  finish_restart(true);
  if (!restarts_.empty()) send_next_restart();
}

// --------------------------------------------------------------------------------------------------------- maintenance

/// The peer takes a channel out of service, or back into it; libpri has acknowledged it.
void PriSpan::Core::on_service(int named, int status) {
  const PriChannel channel = decoded(named);
  const bool blocked = status != 0;
  if (channel == 0 || channel == kNoChannel || channels_.blocked_there(channel) == blocked) return;
  channels_.block_there(channel, blocked);
  later([=, here = channels_.blocked_here(channel)](PriListener& listener) {
    listener.on_blocked(channel, here, blocked);
  });
}

}  // namespace cordboard::signalling
