// SPDX-License-Identifier: GPL-2.0-or-later
// Who is at the far end, and transfers: two calls of one D-channel that the far end joins itself.
//
//   EuroISDN   first  ── EctLinkIdRequest ──>    <── its identifier ──
//              second ── ExplicitEctExecute ──>  <── result, in FACILITY or DISCONNECT ──     both are cleared by the network
//   NI-2       first  ── InitiateTransfer (call reference of the second) ──>  <── result ──   likewise
//   QSIG       both   ── callTransferComplete ──>; an end proposes a new path, which is handed from one call to the other, and
//              clears both when it has it
//
// Whatever is asked for is answered at most once; what nobody answers is over by its timer.
#include <algorithm>

#include "signalling/pri_components.hpp"
#include "signalling/pri_core.hpp"

// Of libpri, exported by it but not in its header: the contents of a Facility element that go with the next message of this type,
// and FACILITY itself.
extern "C" {
int pri_call_apdu_queue(q931_call* call, int message_type, const unsigned char* contents, int length, void* response);
int q931_facility(struct pri* controller, q931_call* call);
}

namespace cordboard::signalling {
namespace {

using S = PriCallState;
using E = PriCallEvent;
using Request = PriFacility::Request;
using Answer = PriFacility::Answer;

constexpr int64_t kAnswerMs = 4000;        // for one answer
constexpr int64_t kReplacementMs = 15000;  // for an end that wants to replace a path
constexpr int64_t kListenerMs = 3000;      // for the listener, within the peer's time
constexpr uint16_t kMostInvoke = 0x7fff;
constexpr uint32_t kMostIdentity = 9999;
constexpr std::size_t kMostDigits = 31;

bool is_number(std::string_view digits) {
  return digits.size() <= kMostDigits && std::all_of(digits.begin(), digits.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'D') || c == '*' || c == '#';
         });
}

Error no_such(PriCall call) {
  return fail(ErrorCode::kNotFound, "There is no call " + std::to_string(call) + " on this span.");
}

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from) {
  to[from.copy(to, N - 1)] = '\0';
}

}  // namespace

uint16_t PriSpan::Core::next_invoke() { return last_invoke_ = last_invoke_ >= kMostInvoke ? 1 : last_invoke_ + 1; }

/// With the next message of that type; FACILITY is sent at once.
void PriSpan::Core::send_component(const PriCallEntry& call, const std::vector<uint8_t>& contents,
                                   uint8_t message_type) {
  const PriAttempt& attempt = *call.attempt;
  if (pri_call_apdu_queue(attempt.handle, message_type, contents.data(), static_cast<int>(contents.size()), nullptr) ==
          0 &&
      message_type == kMessageFacility) {
    q931_facility(controller(attempt), attempt.handle);
  }
}

// -------------------------------------------------------------------------------------------------------------- parties

Result<> PriSpan::Core::show_party(PriCall id, const PriParty& party, bool answered) {
  PriCallEntry* call = call_of(id);
  if (call == nullptr) return no_such(id);
  if (!is_number(party.number)) return fail(ErrorCode::kInvalid, "A number has to be 0 to 31 of 0-9 A-D * #.");
  const S state = call->machine.state();
  const bool fits = answered
                        ? state == S::kAnswered
                        : !call->outgoing && (state == S::kCollecting || state == S::kOffered || state == S::kRinging);
  if (!fits) {
    return fail(ErrorCode::kWrongState, "Call " + std::to_string(id) + " cannot tell of another party while it is " +
                                            std::string(name_of(state)) + ".");
  }
  const bool qsig = options_.protocol == PriProtocol::kQsig;
  if (answered && options_.protocol == PriProtocol::kNational) {
    return fail(ErrorCode::kInvalid, "The national protocol has no message for that.");
  }
  pri_party_connected_line line{};
  auto& number = line.id.number;
  auto& name = line.id.name;
  const int presented = party.restricted       ? PRES_PROHIB_USER_NUMBER_NOT_SCREENED
                        : party.number.empty() ? PRES_NUMBER_NOT_AVAILABLE
                                               : PRES_ALLOWED_USER_NUMBER_NOT_SCREENED;
  number.valid = 1;
  number.plan = 0x01;  // type unknown, ISDN numbering plan
  number.presentation = presented;
  copy_text(number.str, party.number);
  // Display goes towards the user alone (Q.931 4.5.16).
  name.valid = !party.restricted && !party.name.empty() && (qsig || options_.node == PriNode::kNetwork) ? 1 : 0;
  name.char_set = PRI_CHAR_SET_ISO8859_1;
  name.presentation = PRI_PRES_ALLOWED;
  copy_text(name.str, qsig ? whole_characters(party.name) : displayed(party.name));
  const PriAttempt& attempt = *call->attempt;
  pri_connected_line_update(controller(attempt), attempt.handle, &line);
  sweep();
  return Empty{};
}

void PriSpan::Core::on_party(PriCallEntry& call, const PriParty& party, PriPartyReason reason) {
  if (reason == PriPartyReason::kTransferred || !party.number.empty()) call.party.number = party.number;
  if (reason == PriPartyReason::kTransferred || !party.name.empty()) call.party.name = party.name;
  call.party.restricted = party.restricted;
  ++counts_[kParties];
  later([id = call.id, party, reason](PriListener& listener) { listener.on_party(id, party, reason); });
}

/// What a message of a call brings besides what libpri reads of it.
void PriSpan::Core::on_services(PriCallEntry& call, const PriMessage& message, PriFacility& facility) {
  if (message.type == kMessageConnect && call.outgoing) {
    auto connected = read_connected(message);
    if (facility.connected_name) {
      if (!connected) connected.emplace();
      if (!connected->restricted) connected->name = *facility.connected_name;
    }
    if (connected && call.machine.state() != S::kAnswered) on_party(call, *connected, PriPartyReason::kConnected);
  }
  if (facility.transferred && call.machine.state() != S::kReleasing) {
    const auto& transferred = *facility.transferred;
    PriParty party = transferred.party.value_or(PriParty{});
    // The name of EuroISDN comes in Display beside it.
    if (options_.protocol == PriProtocol::kEuroIsdn && !party.restricted) {
      if (const auto displayed_there = read_connected(message)) party.name = displayed_there->name;
    }
    if (transferred.party) on_party(call, party, PriPartyReason::kTransferred);
    if (transferred.complete) propose_path(call, transferred.secondary);
  }
  if (facility.answer != Answer::kNone) on_answer(call, facility);
  if (facility.request != Request::kNone) on_request(call, facility);
}

// ------------------------------------------------------------------------------------------------------- asking for one

Result<> PriSpan::Core::transfer(PriCall first_id, PriCall second_id) {
  PriCallEntry* first = call_of(first_id);
  PriCallEntry* second = call_of(second_id);
  if (first == nullptr || second == nullptr) return no_such(first == nullptr ? first_id : second_id);
  if (first == second) return fail(ErrorCode::kInvalid, "A call is not joined with itself.");
  if (options_.node == PriNode::kNetwork && options_.protocol != PriProtocol::kQsig) {
    return fail(ErrorCode::kInvalid, "Only the user side asks for a transfer.");
  }
  for (const PriCallEntry* call : {first, second}) {
    const bool busy = std::any_of(transfers_.begin(), transfers_.end(),
                                  [&](const Transfer& at) { return at.first == call->id || at.second == call->id; });
    if (busy || call->machine.state() != S::kAnswered) {
      return fail(ErrorCode::kWrongState,
                  "Call " + std::to_string(call->id) + (busy ? " is being transferred." : " is not answered."));
    }
  }
  Transfer& made = transfers_.emplace_back();
  made.first = first_id;
  made.second = second_id;
  made.awaits = first_id;
  made.invoke = next_invoke();
  ++counts_[kTransfersAsked];
  switch (options_.protocol) {
    case PriProtocol::kEuroIsdn:
      made.stage = Transfer::Stage::kLink;
      send_component(*first, components::link_request(made.invoke), kMessageFacility);
      break;
    case PriProtocol::kNational: {
      made.stage = Transfer::Stage::kResult;
      const PriAttempt& other = *second->attempt;
      const uint32_t reference = other.reference | (other.ours ? 0u : 0x8000u);
      send_component(*first, components::two_channels(made.invoke, reference), kMessageFacility);
      break;
    }
    case PriProtocol::kQsig:
      made.stage = Transfer::Stage::kPath;
      made.allowed_ms = kReplacementMs;
      send_component(*first, components::transfer_complete(made.invoke, false, second->party), kMessageFacility);
      send_component(*second, components::transfer_complete(next_invoke(), true, first->party), kMessageFacility);
      break;
  }
  sweep();
  return Empty{};
}

void PriSpan::Core::settle(std::list<Transfer>::iterator transfer, bool done) {
  counts_[kTransfersDone] += done ? 1 : 0;
  later([first = transfer->first, second = transfer->second, done](PriListener& listener) {
    listener.on_transferred(first, second, done);
  });
  transfers_.erase(transfer);
}

/// A call ends. By the peer, when a path was proposed: it is the new path that clears the old one (ECMA-176 6.5).
void PriSpan::Core::settle_transfers(PriCall id, bool by_peer) {
  for (auto at = transfers_.begin(); at != transfers_.end();) {
    const auto next = std::next(at);
    if (at->first == id || at->second == id) settle(at, by_peer && at->proposed);
    at = next;
  }
  asks_.remove_if([id](const Ask& ask) { return ask.first == id || ask.second == id; });
}

void PriSpan::Core::on_answer(PriCallEntry& call, const PriFacility& facility) {
  const auto at = std::find_if(transfers_.begin(), transfers_.end(), [&](const Transfer& transfer) {
    return transfer.awaits == call.id && transfer.invoke == facility.answered_invoke;
  });
  if (at == transfers_.end()) return;
  const bool result = facility.answer == Answer::kResult;
  if (at->stage == Transfer::Stage::kPath) {
    // Nobody answers callTransferComplete but by an error; one about a proposal goes back to who has made it.
    if (result) return;
    PriCallEntry* proposer = at->proposed ? call_of(at->proposer) : nullptr;
    if (proposer != nullptr) {
      send_component(*proposer, components::error(at->proposal, components::kNotAvailable, options_.protocol),
                     kMessageFacility);
    }
    settle(at, false);
    return;
  }
  PriCallEntry* second = call_of(at->second);
  if (result && at->stage == Transfer::Stage::kLink && facility.answered_number && second != nullptr) {
    at->stage = Transfer::Stage::kResult;
    at->awaits = at->second;
    at->invoke = next_invoke();
    at->due_ms = 0;
    send_component(*second, components::execute(at->invoke, *facility.answered_number), kMessageFacility);
    return;
  }
  settle(at, result && at->stage == Transfer::Stage::kResult);
}

// --------------------------------------------------------------------------------------------------------- being asked

void PriSpan::Core::on_request(PriCallEntry& call, const PriFacility& facility) {
  const auto refuse = [&](uint32_t code) {
    send_component(call, components::error(facility.invoke, code, options_.protocol), kMessageFacility);
  };
  if (call.machine.state() == S::kReleasing) return;
  if (facility.request == Request::kReplacePath) return on_proposal(call, facility);
  if (!options_.joins || options_.node != PriNode::kNetwork) return refuse(components::kNotSubscribed);
  if (call.machine.state() != S::kAnswered) return refuse(components::kInvalidCallState);
  if (facility.request == Request::kLinkId) {
    if (call.link_id == 0) call.link_id = last_link_ = last_link_ >= kMostInvoke ? 1 : last_link_ + 1;
    send_component(call, components::link_result(facility.invoke, call.link_id), kMessageFacility);
    return;
  }
  PriCallEntry* other = nullptr;
  if (facility.request == Request::kExecute) {
    for (auto& [id, at] : calls_)
      if (at.link_id != 0 && at.link_id == facility.number) other = &at;
  } else if (const PriAttempt* attempt =
                 attempt_of(static_cast<uint16_t>(facility.number & 0x7fff), (facility.number & 0x8000) != 0)) {
    other = call_of(attempt->call);
  }
  if (other == nullptr || other == &call || other->machine.state() != S::kAnswered) {
    return refuse(components::kNotAvailable);
  }
  ask_listener(call, *other, facility.invoke);
}

void PriSpan::Core::ask_listener(PriCallEntry& first, PriCallEntry& second, uint16_t invoke) {
  const bool asked = std::any_of(asks_.begin(), asks_.end(), [&](const Ask& ask) {
    return ask.first == first.id || ask.second == first.id || ask.first == second.id || ask.second == second.id;
  });
  if (asked) return;
  asks_.push_back({first.id, second.id, invoke, 0});
  later([one = first.id, other = second.id](PriListener& listener) { listener.on_transfer_asked(one, other); });
}

Result<> PriSpan::Core::allow_transfer(PriCall first_id, bool allowed) {
  const auto at = std::find_if(asks_.begin(), asks_.end(), [&](const Ask& ask) { return ask.first == first_id; });
  PriCallEntry* first = at == asks_.end() ? nullptr : call_of(at->first);
  PriCallEntry* second = at == asks_.end() ? nullptr : call_of(at->second);
  if (first == nullptr || second == nullptr) {
    return fail(ErrorCode::kNotFound, "Nobody waits for call " + std::to_string(first_id) + " to be transferred.");
  }
  const Ask ask = *at;
  asks_.erase(at);
  const bool qsig = options_.protocol == PriProtocol::kQsig;
  if (!allowed) {
    // A proposal came by the other call.
    send_component(qsig ? *second : *first, components::error(ask.invoke, components::kNotAvailable, options_.protocol),
                   kMessageFacility);
    sweep();
    return Empty{};
  }
  ++counts_[kJoins];
  // EN 300 369-1 9.1.2: the result comes with the clearing.
  if (!qsig) send_component(*first, components::result(ask.invoke, options_.protocol), kMessageDisconnect);
  for (const PriCall id : {ask.first, ask.second}) (void)release(id, PRI_CAUSE_NORMAL_CLEARING);
  return Empty{};
}

// ----------------------------------------------------------------------------------------------------- path replacement

/// Both ends of a transfer are ours: a proposal of the secondary end's that comes back by the primary's shows that it is so.
void PriSpan::Core::propose_path(PriCallEntry& call, bool secondary) {
  call.transfer_end = secondary ? PriTransferEnd::kSecondary : PriTransferEnd::kPrimary;
  if (!options_.joins || !secondary || call.identity != 0) return;
  const bool other = std::any_of(calls_.begin(), calls_.end(), [&](const auto& at) {
    return at.second.transfer_end == PriTransferEnd::kPrimary && at.second.machine.state() == S::kAnswered;
  });
  if (!other || call.machine.state() != S::kAnswered) return;
  call.identity = last_identity_ = last_identity_ >= kMostIdentity ? 1 : last_identity_ + 1;
  send_component(call, components::proposal(next_invoke(), call.identity, components::party_number(call.own_number)),
                 kMessageFacility);
}

void PriSpan::Core::on_proposal(PriCallEntry& call, const PriFacility& facility) {
  // Our own, which the far end has handed over?
  for (auto& [id, at] : calls_) {
    if (at.identity == 0 || at.identity != facility.number || &at == &call) continue;
    if (at.machine.state() != S::kAnswered || call.machine.state() != S::kAnswered) break;
    return ask_listener(at, call, facility.invoke);
  }
  const auto transfer = std::find_if(transfers_.begin(), transfers_.end(), [&](const Transfer& at) {
    return at.stage == Transfer::Stage::kPath && (at.first == call.id || at.second == call.id);
  });
  PriCallEntry* other =
      transfer == transfers_.end() ? nullptr : call_of(transfer->first == call.id ? transfer->second : transfer->first);
  if (other == nullptr) {
    send_component(call, components::error(facility.invoke, components::kNotAvailable, options_.protocol),
                   kMessageFacility);
    return;
  }
  transfer->proposed = true;
  transfer->proposer = call.id;
  transfer->proposal = facility.invoke;
  transfer->awaits = other->id;
  transfer->invoke = next_invoke();
  transfer->due_ms = 0;
  send_component(*other, components::proposal(transfer->invoke, facility.number, facility.rerouting), kMessageFacility);
}

// --------------------------------------------------------------------------------------------------------------- timers

std::optional<int64_t> PriSpan::Core::next_transfer_deadline(int64_t now_ms) const {
  std::optional<int64_t> next;
  // A timer begins with the next run: the clock of a command may be old.
  const auto consider = [&](int64_t at) { next = std::min(next.value_or(INT64_MAX), at == 0 ? now_ms : at); };
  for (const auto& transfer : transfers_) consider(transfer.due_ms);
  for (const auto& ask : asks_) consider(ask.due_ms);
  return next;
}

void PriSpan::Core::run_transfer_timers() {
  for (auto at = transfers_.begin(); at != transfers_.end();) {
    const auto next = std::next(at);
    if (at->due_ms == 0) at->due_ms = now_ms_ + at->allowed_ms;
    if (at->due_ms <= now_ms_) settle(at, false);
    at = next;
  }
  std::vector<PriCall> late;
  for (auto& ask : asks_) {
    if (ask.due_ms == 0) ask.due_ms = now_ms_ + kListenerMs;
    if (ask.due_ms <= now_ms_) late.push_back(ask.first);
  }
  for (const PriCall first : late) (void)allow_transfer(first, false);
}

// -------------------------------------------------------------------------------------------------------------- tariffs

Result<> PriSpan::Core::tariff(PriCall id, const std::vector<PriTariff>& tariffs) {
  const PriCallEntry* call = call_of(id);
  if (call == nullptr) return no_such(id);
  if (options_.node != PriNode::kNetwork || options_.protocol != PriProtocol::kEuroIsdn ||
      tariffs.size() > kMostTariffs) {
    return fail(ErrorCode::kInvalid,
                "Only the network side of EuroISDN tells what a call will cost, in 10 items at most.");
  }
  if (call->machine.state() == S::kReleasing) {
    return fail(ErrorCode::kWrongState, "Call " + std::to_string(id) + " is being released.");
  }
  pri_subcmd_aoc_s told{};
  for (const auto& tariff : tariffs) {
    auto& item = told.item[told.num_items++];
    constexpr PRI_AOC_CHARGED_ITEM kItems[] = {
        PRI_AOC_CHARGED_ITEM_BASIC_COMMUNICATION, PRI_AOC_CHARGED_ITEM_CALL_ATTEMPT, PRI_AOC_CHARGED_ITEM_CALL_SETUP,
        PRI_AOC_CHARGED_ITEM_USER_USER_INFO, PRI_AOC_CHARGED_ITEM_SUPPLEMENTARY_SERVICE};
    item.chargeable = kItems[std::min<std::size_t>(tariff.item, std::size(kItems) - 1)];
    const pri_aoc_amount amount{static_cast<long>(tariff.amount), PRI_AOC_MULTIPLIER_THOUSANDTH};
    if (tariff.free) {
      item.rate_type = PRI_AOC_RATE_TYPE_FREE;
    } else if (tariff.per_ms == 0) {
      item.rate_type = PRI_AOC_RATE_TYPE_FLAT;
      item.rate.flat.amount = amount;
      copy_text(item.rate.flat.currency, tariff.currency);
    } else {
      item.rate_type = PRI_AOC_RATE_TYPE_DURATION;
      item.rate.duration.amount = amount;
      item.rate.duration.time = {static_cast<long>(tariff.per_ms / 10), PRI_AOC_TIME_SCALE_HUNDREDTH_SECOND};
      copy_text(item.rate.duration.currency, tariff.currency);
    }
  }
  const PriAttempt& attempt = *call->attempt;
  pri_aoc_s_send(controller(attempt), attempt.handle, &told);
  sweep();
  return Empty{};
}

}  // namespace cordboard::signalling
