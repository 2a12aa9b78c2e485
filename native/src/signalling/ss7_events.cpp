// SPDX-License-Identifier: GPL-2.0-or-later
// What the library says has happened.
#include "signalling/ss7_core.hpp"

namespace cordboard::signalling {
namespace {

// Q.763 3.21.
constexpr unsigned char kAlerting = 1, kInband = 3;
constexpr uint8_t kFree = 1;

Ss7Category category_of(uint8_t category) {
  switch (category) {
    case 0x0a:
      return Ss7Category::kOrdinary;
    case 0x0b:
      return Ss7Category::kPriority;
    case 0x0c:
      return Ss7Category::kData;
    case 0x0d:
      return Ss7Category::kTest;
    case 0x0f:
      return Ss7Category::kPayphone;
    default:
      return category >= 1 && category <= 9 ? Ss7Category::kOperator : Ss7Category::kUnknown;
  }
}

}  // namespace

void Ss7Core::on_event(const ss7_event& event) {
  switch (event.e) {
    case SS7_EVENT_UP:
      library_up_ = true;
      for (const auto& group : groups_) reset_group(group);
      break;
    case SS7_EVENT_DOWN:
      library_up_ = false;
      asked_.clear();
      log(Ss7LogLevel::kError, "no link leads to the other exchange");
      break;
    case MTP2_LINK_DOWN:
      for (std::size_t link = 0; link < links_.size(); ++link) {
        if (links_[link].state == Ss7LinkState::kInService && links_[link].view.state() != kMtp2InService) {
          links_[link].view.forget();
        }
      }
      break;
    case ISUP_EVENT_IAM:
      on_iam(static_cast<Ss7Circuit>(event.iam.cic), event.iam.call);
      break;
    case ISUP_EVENT_ACM:
      on_backward(event, static_cast<Ss7Circuit>(event.acm.cic), event.acm.call);
      break;
    case ISUP_EVENT_CPG:
      on_backward(event, static_cast<Ss7Circuit>(event.cpg.cic), event.cpg.call);
      break;
    case ISUP_EVENT_ANM:
      on_backward(event, static_cast<Ss7Circuit>(event.anm.cic), event.anm.call);
      break;
    case ISUP_EVENT_CON:
      on_backward(event, static_cast<Ss7Circuit>(event.con.cic), event.con.call);
      break;
    case ISUP_EVENT_SUS:
      on_backward(event, static_cast<Ss7Circuit>(event.sus.cic), event.sus.call);
      break;
    case ISUP_EVENT_RES:
      on_backward(event, static_cast<Ss7Circuit>(event.res.cic), event.res.call);
      break;
    case ISUP_EVENT_REL:
      on_rel(static_cast<Ss7Circuit>(event.rel.cic), event.rel.call, static_cast<uint8_t>(event.rel.cause));
      break;
    case ISUP_EVENT_RLC:
      on_rlc(static_cast<Ss7Circuit>(event.rlc.cic), event.rlc.call);
      break;
    case ISUP_EVENT_RSC:
      on_rsc(static_cast<Ss7Circuit>(event.rsc.cic), event.rsc.call);
      break;
    case ISUP_EVENT_GRS:
      on_grs(event.grs);
      break;
    case ISUP_EVENT_GRA:
      on_gra(event.gra);
      break;
    case ISUP_EVENT_COT:
      on_cot(static_cast<Ss7Circuit>(event.cot.cic), event.cot.call, event.cot.passed != 0);
      break;
    case ISUP_EVENT_CCR:
      if (auto* circuit = circuit_of(event.ccr.cic)) {
        circuit->handle = event.ccr.call;
        set_loop(static_cast<Ss7Circuit>(event.ccr.cic), *circuit, true);
      }
      break;
    default:
      break;
  }
}

void Ss7Core::on_iam(Ss7Circuit number, isup_call* handle) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr || circuit->call != 0) return;
  circuit->handle = handle;
  ++counts_[kCallsIn];
  auto& call = new_call(false, number, latest_.continuity == 0 ? Ss7CallState::kOffered : Ss7CallState::kChecking);
  const bool known = latest_.calling.presentation != 2;
  call.offer = {.called = latest_.called.digits,
                .calling = known ? latest_.calling.digits : std::string(),
                .restricted = latest_.calling.presentation == 1,
                .redirecting = latest_.redirecting.presentation == 0 ? latest_.redirecting.digits : std::string(),
                .redirection_reason = latest_.redirection_reason,
                .original = latest_.original.presentation == 0 ? latest_.original.digits : std::string(),
                .asks_connected = latest_.asks_connected,
                .category = category_of(latest_.category),
                .ended = latest_.called.ended};
  if (latest_.continuity == 1) set_loop(number, *circuit, true);
  if (latest_.continuity == 0) offer(call);
}

/// Of a call out.
void Ss7Core::on_backward(const ss7_event& event, Ss7Circuit number, isup_call* handle) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return;
  circuit->handle = handle;
  auto* call = call_of(circuit->call);
  if (call == nullptr) return;
  const auto id = call->id;
  switch (event.e) {
    case ISUP_EVENT_ACM:
      if (!step(*call, Ss7CallEvent::kPeerAccepts)) return;
      later([id](Ss7Listener& listener) { listener.on_proceeding(id); });
      break;
    case ISUP_EVENT_ANM:
    case ISUP_EVENT_CON:
      if (!step(*call, Ss7CallEvent::kPeerAnswers)) return;
      if (const auto& said = latest_.connected; said.presentation == 1 || !said.digits.empty()) {
        const bool restricted = said.presentation == 1;
        later([id, party = Ss7Connected{restricted ? std::string() : said.digits, restricted}](Ss7Listener& listener) {
          listener.on_connected(id, party);
        });
      }
      later([id](Ss7Listener& listener) { listener.on_answered(id); });
      return;
    case ISUP_EVENT_SUS:
    case ISUP_EVENT_RES:
      later(
          [id, suspended = event.e == ISUP_EVENT_SUS](Ss7Listener& listener) { listener.on_suspended(id, suspended); });
      return;
    default:
      break;
  }
  const bool free =
      event.e == ISUP_EVENT_ACM ? event.acm.called_party_status_ind == kFree : event.cpg.event == kAlerting;
  if (free && call->machine.can(Ss7CallEvent::kPeerAlerts) && step(*call, Ss7CallEvent::kPeerAlerts)) {
    later([id](Ss7Listener& listener) { listener.on_alerting(id); });
  }
  if (latest_.inband || (event.e == ISUP_EVENT_CPG && event.cpg.event == kInband)) {
    later([id](Ss7Listener& listener) { listener.on_progress(id); });
  }
}

void Ss7Core::on_rel(Ss7Circuit number, isup_call* handle, uint8_t cause) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return;
  circuit->handle = handle;
  set_loop(number, *circuit, false);
  isup_rlc(ss7_, handle);
  if (circuit->lost) return;  // no link took it; settle() ends the call
  const auto* call = call_of(circuit->call);
  // Both ends clear at once: the call ends when the far end has acknowledged, too.
  if (call != nullptr && call->machine.state() == Ss7CallState::kReleasing) return;
  if (call != nullptr) end(call->id, cause == 0 ? 31 : cause, Ss7ReleasedBy::kRemote);
  tidy(*circuit);
}

void Ss7Core::on_rlc(Ss7Circuit number, isup_call* handle) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return;
  circuit->handle = handle;
  if (circuit->resetting) {
    circuit->resetting = false;
    if (std::exchange(circuit->asked_reset, false)) {
      later([number](Ss7Listener& listener) { listener.on_reset(number); });
    }
  }
  if (const auto* call = call_of(circuit->call)) {
    end(call->id, call->cause == 0 ? 41 : call->cause, call->cause == 0 ? Ss7ReleasedBy::kFault : call->by);
  }
  set_loop(number, *circuit, false);
  tidy(*circuit);
}

void Ss7Core::on_rsc(Ss7Circuit number, isup_call* handle) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return;
  circuit->handle = handle;
  clear_circuit(number, *circuit);
  // Q.764 2.9.3.1: what is blocked here is blocked again, before the acknowledgement.
  if (circuit->blocked_here) send(IsupType::kBlo, number);
  if (circuit->handle == nullptr) {
    send(IsupType::kRlc, number, {0});
    return;
  }
  isup_rlc(ss7_, circuit->handle);
  if (!circuit->lost) tidy(*circuit);
}

void Ss7Core::on_grs(const ss7_event_cicrange& event) {
  std::array<unsigned char, kMostRange + 1> states{};
  for (int number = event.startcic; number <= event.endcic; ++number) {
    auto* circuit = circuit_of(number);
    if (circuit == nullptr) continue;
    clear_circuit(static_cast<Ss7Circuit>(number), *circuit);
    states[static_cast<std::size_t>(number - event.startcic)] = circuit->blocked_here ? 1 : 0;
  }
  auto* first = circuit_of(event.startcic);
  if (first == nullptr) return;
  // Clearing may have taken the record that the library answers from.
  if (first->handle == nullptr) first->handle = isup_new_call(ss7_, event.startcic, destination_, 0);
  isup_gra(ss7_, first->handle, event.endcic, states.data());
  if (!first->lost) tidy(*first);
}

void Ss7Core::on_gra(const ss7_event_cicrange& event) {
  for (int number = event.startcic; number <= event.endcic; ++number) {
    auto* circuit = circuit_of(number);
    if (circuit == nullptr) continue;
    circuit->resetting = false;
    circuit->blocked_there = event.status[number - event.startcic] != 0;
    tell_blocked(static_cast<Ss7Circuit>(number), *circuit);
    if (std::exchange(circuit->asked_reset, false)) {
      later([at = static_cast<Ss7Circuit>(number)](Ss7Listener& listener) { listener.on_reset(at); });
    }
  }
  if (auto* first = circuit_of(event.startcic)) {
    first->handle = event.call;
    tidy(*first);
  }
  for (const auto& group : groups_) {
    if (group.first >= event.startcic && group.first <= event.endcic) block_again(group);
  }
}

void Ss7Core::on_cot(Ss7Circuit number, isup_call* handle, bool passed) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return;
  circuit->handle = handle;
  set_loop(number, *circuit, false);
  auto* call = call_of(circuit->call);
  if (call == nullptr || call->machine.state() != Ss7CallState::kChecking) return;
  if (passed) {
    step(*call, Ss7CallEvent::kChecked);
    offer(*call);
    return;
  }
  // The far end tries another circuit, and checks this one again (CCR) before it is used: nobody has heard of the call.
  ++counts_[kChecksFailed];
  circuit->call = 0;
  calls_.erase(call->id);
}

}  // namespace cordboard::signalling
