// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: made, moved to another circuit, ended; and the commands about them.
#include <algorithm>

#include "signalling/ss7_core.hpp"

namespace cordboard::signalling {
namespace {

using State = Ss7CallState;
using Event = Ss7CallEvent;
constexpr Transition<State, Event> kTable[] = {
    {State::kSeizing, Event::kPeerAccepts, State::kProceeding},
    {State::kSeizing, Event::kPeerAnswers, State::kAnswered},
    {State::kSeizing, Event::kPeerClears, State::kReleased},
    {State::kSeizing, Event::kRetry, State::kSeizing},
    {State::kSeizing, Event::kRelease, State::kReleasing},
    {State::kSeizing, Event::kGone, State::kReleased},
    {State::kProceeding, Event::kPeerAlerts, State::kRinging},
    {State::kProceeding, Event::kPeerAnswers, State::kAnswered},
    {State::kProceeding, Event::kRelease, State::kReleasing},
    {State::kProceeding, Event::kGone, State::kReleased},
    {State::kRinging, Event::kPeerAnswers, State::kAnswered},
    {State::kRinging, Event::kRelease, State::kReleasing},
    {State::kRinging, Event::kGone, State::kReleased},
    {State::kChecking, Event::kChecked, State::kOffered},
    {State::kChecking, Event::kRelease, State::kReleasing},
    {State::kChecking, Event::kGone, State::kReleased},
    {State::kOffered, Event::kAlert, State::kAccepted},
    {State::kOffered, Event::kAnswer, State::kAnswered},
    {State::kOffered, Event::kRelease, State::kReleasing},
    {State::kOffered, Event::kGone, State::kReleased},
    {State::kAccepted, Event::kAlert, State::kAccepted},
    {State::kAccepted, Event::kAnswer, State::kAnswered},
    {State::kAccepted, Event::kRelease, State::kReleasing},
    {State::kAccepted, Event::kGone, State::kReleased},
    {State::kAnswered, Event::kRelease, State::kReleasing},
    {State::kAnswered, Event::kGone, State::kReleased},
    {State::kReleasing, Event::kRelease, State::kReleasing},
    {State::kReleasing, Event::kGone, State::kReleased},
};
static_assert(is_unambiguous(kTable));

constexpr std::size_t kMostDigits = 32;
constexpr uint32_t kMostMoves = 3;
constexpr uint8_t kNoCircuit = 34, kNetworkOutOfOrder = 38;
constexpr int kCpgAlerting = CPG_EVENT_ALERTING, kCpgInband = CPG_EVENT_INBANDINFO;

bool are_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char digit) { return (digit >= '0' && digit <= '9') || digit == '*' || digit == '#'; });
}

/// '*' and '#' of a telephone as codes 11 and 12; the library takes '#' for the end of a number.
std::string as_address(std::string_view digits) {
  std::string address(digits);
  std::replace(address.begin(), address.end(), '*', 'B');
  std::replace(address.begin(), address.end(), '#', 'C');
  return address;
}

unsigned int category_code(Ss7Category category) {
  switch (category) {
    case Ss7Category::kPriority:
      return 0x0b;
    case Ss7Category::kData:
      return 0x0c;
    case Ss7Category::kTest:
      return 0x0d;
    case Ss7Category::kOperator:
      return 0x09;
    case Ss7Category::kPayphone:
      return 0x0f;
    case Ss7Category::kOrdinary:
    case Ss7Category::kUnknown:
      break;
  }
  return 0x0a;
}

Error no_call(Ss7Call call) { return fail(ErrorCode::kNotFound, "there is no call " + std::to_string(call)); }

}  // namespace

Ss7CallEntry::Ss7CallEntry(Ss7Call id_of, bool out, Ss7Circuit on, Ss7CallState initial)
    : id(id_of), outgoing(out), circuit(on), machine(kTable, initial) {}

Ss7CallEntry& Ss7Core::new_call(bool outgoing, Ss7Circuit circuit, Ss7CallState initial) {
  const auto id = ++last_call_;
  circuits_[circuit].call = id;
  return calls_.emplace(id, Ss7CallEntry(id, outgoing, circuit, initial)).first->second;
}

Ss7CallEntry* Ss7Core::call_of(Ss7Call id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : &found->second;
}

bool Ss7Core::step(Ss7CallEntry& call, Ss7CallEvent event) {
  if (call.machine.step(event, now_ms_)) return true;
  ++counts_[kStepsRefused];
  log(Ss7LogLevel::kDebug, "call " + std::to_string(call.id) + " is " + std::string(name_of(call.machine.state())) +
                               ": not " + std::string(name_of(event)));
  return false;
}

Result<Ss7CallEntry*> Ss7Core::may(Ss7Call id, Ss7CallEvent event) {
  auto* call = call_of(id);
  if (call == nullptr) return no_call(id);
  if (!call->machine.can(event) || circuits_[call->circuit].handle == nullptr) {
    return fail(ErrorCode::kWrongState, "the call is " + std::string(name_of(call->machine.state())));
  }
  return call;
}

/// The lowest idle circuit of ours that comes after the latest, then the highest of theirs: so that both ends meet last.
std::optional<Ss7Circuit> Ss7Core::choose(std::span<const Ss7Circuit> among) const {
  std::optional<Ss7Circuit> first;
  std::optional<Ss7Circuit> theirs;
  for (const auto& [number, circuit] : circuits_) {
    if (!idle(circuit)) continue;
    if (!among.empty() && std::find(among.begin(), among.end(), number) == among.end()) continue;
    if (!ours(number)) {
      theirs = number;
      continue;
    }
    if (number > last_circuit_) return number;
    if (!first) first = number;
  }
  return first ? first : theirs;
}

Result<Ss7Seized> Ss7Core::seize(const Ss7Seize& request, int64_t now_ms) {
  now_ms_ = now_ms;
  if (request.called.empty() || request.called.size() > kMostDigits || !are_digits(request.called)) {
    return fail(ErrorCode::kInvalid, "a called number has 1-32 digits");
  }
  if (request.calling.size() > kMostDigits || !are_digits(request.calling) ||
      request.redirecting.size() > kMostDigits || !are_digits(request.redirecting) ||
      request.original.size() > kMostDigits || !are_digits(request.original)) {
    return fail(ErrorCode::kInvalid, "a calling number has at most 32 digits");
  }
  if (!library_up_) return fail(ErrorCode::kUnavailable, "no signalling link leads to the other exchange");
  for (const auto named : request.circuits) {
    if (circuit_of(named) == nullptr) return fail(ErrorCode::kInvalid, "there is no circuit " + std::to_string(named));
  }
  const auto number = choose(request.circuits);
  if (!number) {
    return fail(ErrorCode::kBusy, request.circuits.size() == 1
                                      ? "circuit " + std::to_string(request.circuits.front()) + " is taken or blocked"
                                      : "every circuit is taken or blocked");
  }
  auto& call = new_call(true, *number, State::kSeizing);
  call.request = request;
  ++seized_;
  const Inside inside(*this);
  if (!send_iam(call)) {
    circuits_[*number].call = 0;
    calls_.erase(call.id);
    return fail(ErrorCode::kUnavailable, "no signalling link takes a message for the other exchange");
  }
  ++counts_[kCallsOut];
  return Ss7Seized{call.id, *number};
}

bool Ss7Core::send_iam(Ss7CallEntry& call) {
  auto& circuit = circuits_[call.circuit];
  const auto& request = call.request;
  circuit.handle = isup_new_call(ss7_, call.circuit, destination_, 1);
  circuit.lost = false;
  if (circuit.handle == nullptr) return false;
  isup_set_called(circuit.handle, as_address(request.called).c_str(), options_.called_nature, ss7_);
  if (!request.calling.empty()) {
    isup_set_calling(circuit.handle, as_address(request.calling).c_str(), options_.calling_nature,
                     request.restricted ? SS7_PRESENTATION_RESTRICTED : SS7_PRESENTATION_ALLOWED,
                     SS7_SCREENING_NETWORK_PROVIDED);
  }
  if (!request.redirecting.empty()) {
    isup_set_redirecting_number(circuit.handle, as_address(request.redirecting).c_str(), options_.calling_nature,
                                SS7_PRESENTATION_ALLOWED, SS7_SCREENING_NETWORK_PROVIDED);
    // Call diversion, once or, by another than the one who was called first, twice (Q.763 3.45).
    const bool twice = !request.original.empty() && request.original != request.redirecting;
    isup_set_redirection_info(circuit.handle, 3, twice ? 0 : request.redirection_reason, twice ? 2 : 1,
                              request.redirection_reason);
    isup_set_orig_called_num(circuit.handle,
                             as_address(request.original.empty() ? request.redirecting : request.original).c_str(),
                             options_.calling_nature, SS7_PRESENTATION_ALLOWED, SS7_SCREENING_NETWORK_PROVIDED);
  }
  isup_set_col_req(circuit.handle);
  isup_set_calling_party_category(circuit.handle, category_code(request.category));
  isup_set_tmr(circuit.handle, SS7_TMR_3K1_AUDIO);
  if (options_.check_every != 0 && seized_ % options_.check_every == 0) begin_check(call.circuit, circuit);
  isup_iam(ss7_, circuit.handle);
  if (circuit.lost) {
    circuit.lost = false;
    if (circuit.checking) end_check(call.circuit, circuit, false);
    return false;
  }
  last_circuit_ = call.circuit;
  return true;
}

/// The library forgets the call; the circuit is the far end's, or out of use.
void Ss7Core::give_up_circuit(Ss7CallEntry& call) {
  auto& circuit = circuits_[call.circuit];
  if (circuit.checking) {
    circuit.checking = circuit.testing = false;
    circuit.check_until = 0;
    line_.check(call.circuit, false);
  }
  if (circuit.handle != nullptr) isup_free_call(ss7_, circuit.handle);
  circuit.handle = nullptr;
  circuit.call = 0;
}

void Ss7Core::move(Ss7CallEntry& call) {
  give_up_circuit(call);
  // One that was asked for by name is left like any other.
  const auto circuit =
      call.moves < kMostMoves
          ? choose(call.request.circuits.size() > 1 ? std::span(call.request.circuits) : std::span<const Ss7Circuit>())
          : std::nullopt;
  if (!circuit || !library_up_) {
    end(call.id, kNoCircuit, Ss7ReleasedBy::kFault);
    return;
  }
  ++call.moves;
  ++counts_[kMoves];
  call.circuit = *circuit;
  circuits_[*circuit].call = call.id;
  if (!send_iam(call)) {
    end(call.id, kNetworkOutOfOrder, Ss7ReleasedBy::kFault);
    return;
  }
  later([id = call.id, to = *circuit](Ss7Listener& listener) { listener.on_moved(id, to); });
}

void Ss7Core::end(Ss7Call id, uint8_t cause, Ss7ReleasedBy by) {
  auto* call = call_of(id);
  if (call == nullptr) return;
  auto& circuit = circuits_[call->circuit];
  if (circuit.call == id) circuit.call = 0;
  const bool untold = call->machine.state() == State::kChecking;
  calls_.erase(id);
  if (untold) return;
  later([id, cause, by](Ss7Listener& listener) { listener.on_released(id, cause, by); });
}

/// REL; the call ends when that has been acknowledged.
void Ss7Core::clear(Ss7CallEntry& call, uint8_t cause, Ss7ReleasedBy by) {
  if (call.machine.state() == State::kReleasing || !step(call, Event::kRelease)) return;
  call.cause = cause;
  call.by = by;
  auto& circuit = circuits_[call.circuit];
  if (circuit.checking) {
    circuit.checking = false;
    circuit.check_until = 0;
    line_.check(call.circuit, false);
  }
  set_loop(call.circuit, circuit, false);
  if (circuit.handle != nullptr) isup_rel(ss7_, circuit.handle, cause);
}

void Ss7Core::offer(Ss7CallEntry& call) {
  later([id = call.id, circuit = call.circuit, about = call.offer](Ss7Listener& listener) {
    listener.on_incoming(id, circuit, about);
  });
}

Result<> Ss7Core::accept(Ss7CallEntry& call, bool free) {
  auto& circuit = circuits_[call.circuit];
  const bool first = call.machine.state() == State::kOffered;
  if (first) {
    status_free_ = free;
    isup_acm(ss7_, circuit.handle);
  } else {
    isup_cpg(ss7_, circuit.handle, free ? kCpgAlerting : kCpgInband);
  }
  if (circuit.lost) return fail(ErrorCode::kUnavailable, "no signalling link takes a message for the other exchange");
  step(call, Event::kAlert);
  return Empty{};
}

Result<> Ss7Core::alert(Ss7Call id, int64_t now_ms) {
  now_ms_ = now_ms;
  auto call = may(id, Event::kAlert);
  if (!call) return call.error();
  const Inside inside(*this);
  return accept(**call, true);
}

Result<> Ss7Core::progress(Ss7Call id, int64_t now_ms) {
  now_ms_ = now_ms;
  auto call = may(id, Event::kAlert);
  if (!call) return call.error();
  const Inside inside(*this);
  if ((*call)->machine.state() == State::kOffered) {
    if (auto done = accept(**call, false); !done) return done;
  }
  return accept(**call, false);
}

Result<> Ss7Core::answer(Ss7Call id, int64_t now_ms) {
  now_ms_ = now_ms;
  auto call = may(id, Event::kAnswer);
  if (!call) return call.error();
  const Inside inside(*this);
  if ((*call)->machine.state() == State::kOffered) {
    if (auto done = accept(**call, true); !done) return done;
  }
  auto& circuit = circuits_[(*call)->circuit];
  isup_anm(ss7_, circuit.handle);
  if (circuit.lost) return fail(ErrorCode::kUnavailable, "no signalling link takes a message for the other exchange");
  step(**call, Event::kAnswer);
  return Empty{};
}

Result<> Ss7Core::connected(Ss7Call id, const Ss7Connected& party, int64_t now_ms) {
  now_ms_ = now_ms;
  if (party.number.size() > kMostDigits || !are_digits(party.number)) {
    return fail(ErrorCode::kInvalid, "a number has at most 32 digits");
  }
  auto call = may(id, Event::kAnswer);
  if (!call) return call.error();
  if (!(*call)->offer.asks_connected) return Empty{};
  auto* handle = circuits_[(*call)->circuit].handle;
  // The library has not seen that it was asked for.
  isup_set_col_req(handle);
  const auto presentation = party.number.empty() ? SS7_PRESENTATION_ADDR_NOT_AVAILABLE
                            : party.restricted   ? SS7_PRESENTATION_RESTRICTED
                                                 : SS7_PRESENTATION_ALLOWED;
  isup_set_connected(handle, as_address(party.number).c_str(), options_.calling_nature, presentation,
                     SS7_SCREENING_NETWORK_PROVIDED);
  return Empty{};
}

Result<> Ss7Core::release(Ss7Call id, uint8_t cause, int64_t now_ms) {
  now_ms_ = now_ms;
  if (cause == 0 || cause > 127) return fail(ErrorCode::kInvalid, "a cause is 1-127");
  auto* call = call_of(id);
  if (call == nullptr) return no_call(id);
  const Inside inside(*this);
  clear(*call, cause, Ss7ReleasedBy::kLocal);
  return Empty{};
}

Result<> Ss7Core::suspend(Ss7Call id, bool suspended, int64_t now_ms) {
  now_ms_ = now_ms;
  auto* call = call_of(id);
  if (call == nullptr) return no_call(id);
  auto& circuit = circuits_[call->circuit];
  if (call->machine.state() != State::kAnswered || call->outgoing || circuit.handle == nullptr) {
    return fail(ErrorCode::kWrongState, "only an answered call in can be suspended");
  }
  const Inside inside(*this);
  suspended ? isup_sus(ss7_, circuit.handle, 1) : isup_res(ss7_, circuit.handle, 1);
  return Empty{};
}

Result<> Ss7Core::meter(Ss7Call id, int64_t now_ms) {
  now_ms_ = now_ms;
  auto* call = call_of(id);
  if (call == nullptr) return no_call(id);
  if (!options_.china) return fail(ErrorCode::kInvalid, "only China's ISUP has metering pulses");
  if (call->machine.state() != State::kAnswered || call->outgoing) {
    return fail(ErrorCode::kWrongState, "only an answered call in is metered");
  }
  const Inside inside(*this);
  send(IsupType::kMeterChina, call->circuit);
  return Empty{};
}

}  // namespace cordboard::signalling
