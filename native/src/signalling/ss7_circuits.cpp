// SPDX-License-Identifier: GPL-2.0-or-later
// Circuits: groups, resets, blocking (Q.764 2.8, 2.9.3) and continuity checks (2.1.8).
#include <algorithm>
#include <bit>

#include "signalling/ss7_core.hpp"

namespace cordboard::signalling {
namespace {

// Q.764 annex A. T12 to T15 and T18 to T21: again every 15 s, after 5 min every 5 min.
constexpr int64_t kAskAgainMs = 15'000, kAskSeldomMs = 300'000;
constexpr int64_t kCheckMs = 2'000;          // T24: the check tone comes back
constexpr int64_t kRecheckMs = 5'000;        // T25
constexpr int64_t kRecheckAgainMs = 60'000;  // T26
constexpr uint8_t kMaintenance = 0, kHardware = 1;
constexpr uint8_t kTemporaryFailure = 41, kNetworkOutOfOrder = 38;

}  // namespace

Ss7CircuitEntry* Ss7Core::circuit_of(int circuit) {
  const auto found = circuits_.find(static_cast<Ss7Circuit>(circuit));
  return circuit < 0 || circuit > UINT16_MAX || found == circuits_.end() ? nullptr : &found->second;
}

bool Ss7Core::idle(const Ss7CircuitEntry& circuit) const {
  return library_up_ && circuit.handle == nullptr && circuit.call == 0 && !circuit.resetting && !circuit.blocked_here &&
         !circuit.failed && !circuit.blocked_there && !circuit.failed_there && !circuit.testing &&
         circuit.recheck_at == 0;
}

/// Q.764 2.9.1.4: the exchange with the higher code has the even circuits.
bool Ss7Core::ours(Ss7Circuit circuit) const { return (circuit % 2 == 0) == (options_.own > options_.destination); }

std::size_t Ss7Core::idle_circuits() const {
  return static_cast<std::size_t>(
      std::count_if(circuits_.begin(), circuits_.end(), [&](const auto& at) { return idle(at.second); }));
}

Ss7Blocked Ss7Core::blocked(Ss7Circuit circuit) const {
  const auto found = circuits_.find(circuit);
  if (found == circuits_.end()) return {};
  const auto& at = found->second;
  return {at.blocked_here || at.failed, at.blocked_there || at.failed_there};
}

void Ss7Core::make_groups() {
  for (const auto number : options_.circuits) {
    if (groups_.empty() || groups_.back().first + groups_.back().count != number || groups_.back().count > kMostRange) {
      groups_.push_back({number, 0});
    }
    ++groups_.back().count;
    circuits_[number].group = groups_.size() - 1;
  }
}

void Ss7Core::tell_blocked(Ss7Circuit number, Ss7CircuitEntry& circuit) {
  const auto ends = blocked(number);
  if (ends == circuit.told) return;
  circuit.told = ends;
  later([number, ends](Ss7Listener& listener) { listener.on_blocked(number, ends); });
}

/// The library forgets a call that nothing hangs on any more.
void Ss7Core::tidy(Ss7CircuitEntry& circuit) {
  if (circuit.call == 0 && circuit.handle != nullptr) {
    circuit.handle = isup_free_call_if_clear(ss7_, circuit.handle);
  }
}

// --------------------------------------------------------------------------------------------------------------- resets

void Ss7Core::reset_group(const Group& group) {
  ++counts_[kResets];
  auto& first = circuits_[group.first];
  for (uint8_t n = 0; n < group.count; ++n) circuits_[static_cast<Ss7Circuit>(group.first + n)].resetting = true;
  if (first.handle == nullptr) first.handle = isup_new_call(ss7_, group.first, destination_, 0);
  if (first.handle == nullptr) return;
  if (group.count == 1) {
    isup_rsc(ss7_, first.handle);
  } else {
    isup_grs(ss7_, first.handle, group.first + group.count - 1);
  }
}

void Ss7Core::reset_circuit(Ss7Circuit number) {
  auto& circuit = circuits_[number];
  end(circuit.call, kTemporaryFailure, Ss7ReleasedBy::kFault);
  ++counts_[kResets];
  circuit.resetting = true;
  if (circuit.handle == nullptr) circuit.handle = isup_new_call(ss7_, number, destination_, 0);
  if (circuit.handle != nullptr) isup_rsc(ss7_, circuit.handle);
}

/// The far end has reset it.
void Ss7Core::clear_circuit(Ss7Circuit number, Ss7CircuitEntry& circuit) {
  set_loop(number, circuit, false);
  circuit.blocked_there = false;
  tell_blocked(number, circuit);
  auto* call = call_of(circuit.call);
  if (call != nullptr && call->machine.can(Ss7CallEvent::kRetry)) {
    // Whoever called has not been heard yet: the call goes another way (Q.764 2.9.3.1).
    move(*call);
    return;
  }
  if (call != nullptr) {
    const bool releasing = call->machine.state() == Ss7CallState::kReleasing;
    end(call->id, releasing ? call->cause : kTemporaryFailure, releasing ? call->by : Ss7ReleasedBy::kRemote);
    if (circuit.handle != nullptr && !circuit.resetting) {
      isup_free_call(ss7_, circuit.handle);
      circuit.handle = nullptr;
    }
  }
}

Result<> Ss7Core::reset(std::span<const Ss7Circuit> circuits, int64_t now_ms) {
  now_ms_ = now_ms;
  for (const auto number : circuits) {
    if (circuit_of(number) == nullptr)
      return fail(ErrorCode::kNotFound, "there is no circuit " + std::to_string(number));
  }
  if (!library_up_) return fail(ErrorCode::kUnavailable, "no signalling link leads to the other exchange");
  const Inside inside(*this);
  for (const auto number : circuits) {
    circuits_[number].asked_reset = true;
    if (circuits.size() == 1) reset_circuit(number);
  }
  if (circuits.size() == 1) return Empty{};
  for (const auto& group : groups_) {
    bool named = false;
    for (const auto number : circuits) named = named || (number >= group.first && number < group.first + group.count);
    if (!named) continue;
    // GRS speaks of all of a group.
    for (uint8_t n = 0; n < group.count; ++n) {
      auto& circuit = circuits_[static_cast<Ss7Circuit>(group.first + n)];
      end(circuit.call, kTemporaryFailure, Ss7ReleasedBy::kFault);
      if (circuit.handle != nullptr && n != 0) {
        isup_free_call(ss7_, circuit.handle);
        circuit.handle = nullptr;
      }
    }
    reset_group(group);
  }
  return Empty{};
}

// ------------------------------------------------------------------------------------------------------------- blocking

Result<> Ss7Core::block(std::span<const Ss7Circuit> circuits, bool on, int64_t now_ms) {
  now_ms_ = now_ms;
  for (const auto number : circuits) {
    if (circuit_of(number) == nullptr)
      return fail(ErrorCode::kNotFound, "there is no circuit " + std::to_string(number));
  }
  const Inside inside(*this);
  for (const auto number : circuits) {
    auto& circuit = circuits_[number];
    circuit.blocked_here = on;
    tell_blocked(number, circuit);
  }
  if (library_up_) {
    ask(on ? IsupType::kBlo : IsupType::kUbl, on ? IsupType::kCgb : IsupType::kCgu, circuits, kMaintenance);
  }
  return Empty{};
}

void Ss7Core::set_circuits_failed(std::span<const Ss7Circuit> circuits, bool failed, int64_t now_ms) {
  now_ms_ = now_ms;
  const Inside inside(*this);
  for (const auto number : circuits) {
    auto* circuit = circuit_of(number);
    if (circuit == nullptr || circuit->failed == failed) continue;
    circuit->failed = failed;
    tell_blocked(number, *circuit);
    if (auto* call = call_of(circuit->call); call != nullptr && failed)
      clear(*call, kNetworkOutOfOrder, Ss7ReleasedBy::kFault);
  }
  if (library_up_) ask(IsupType::kCgb, failed ? IsupType::kCgb : IsupType::kCgu, circuits, kHardware);
}

/// After a reset, which has unblocked what was blocked.
void Ss7Core::block_again(const Group& group) {
  for (const auto supervision : {kMaintenance, kHardware}) {
    std::vector<Ss7Circuit> circuits;
    for (uint8_t n = 0; n < group.count; ++n) {
      const auto number = static_cast<Ss7Circuit>(group.first + n);
      const auto& circuit = circuits_[number];
      if (supervision == kMaintenance ? circuit.blocked_here : circuit.failed) circuits.push_back(number);
    }
    if (!circuits.empty()) ask(IsupType::kBlo, IsupType::kCgb, circuits, supervision);
  }
}

/// One message a group, or of a single circuit (`one`, where there is such a message).
void Ss7Core::ask(IsupType one, IsupType many, std::span<const Ss7Circuit> circuits, uint8_t supervision) {
  for (const auto& group : groups_) {
    Asked asked{.type = many, .first = group.first, .supervision = supervision};
    for (const auto number : circuits) {
      if (number < group.first || number >= group.first + group.count) continue;
      asked.circuits |= 1U << (number - group.first);
    }
    if (asked.circuits == 0) continue;
    asked.range = static_cast<uint8_t>(group.count - 1);
    const bool single = std::popcount(asked.circuits) == 1 && supervision == kMaintenance;
    if (single || group.count == 1) {
      asked.first = static_cast<Ss7Circuit>(group.first + std::countr_zero(asked.circuits));
      if (one != many) asked.type = one;
      asked.circuits = 1;
      asked.range = 0;
      // A group message speaks of two circuits at least: a lone one is blocked by its own.
      if (is_group(asked.type)) asked.type = many == IsupType::kCgb ? IsupType::kBlo : IsupType::kUbl;
    }
    // What was asked before and is undone is not asked again.
    std::erase_if(asked_, [&](const Asked& before) {
      return before.first == asked.first && before.range == asked.range && before.supervision == asked.supervision &&
             (before.circuits & ~asked.circuits) == 0;
    });
    asked.since_ms = now_ms_;
    asked_.push_back(asked);
    send_asked(asked_.back());
  }
}

void Ss7Core::send_asked(Asked& asked) {
  asked.again_ms = now_ms_ + (now_ms_ - asked.since_ms < kAskSeldomMs ? kAskAgainMs : kAskSeldomMs);
  if (is_group(asked.type)) {
    send_group(asked.type, asked.first, asked.range, asked.circuits, asked.supervision);
  } else {
    send(asked.type, asked.first);
  }
}

void Ss7Core::acknowledged(const IsupMessage& message) {
  constexpr std::pair<IsupType, IsupType> kAnswers[] = {{IsupType::kBla, IsupType::kBlo},
                                                        {IsupType::kUba, IsupType::kUbl},
                                                        {IsupType::kCgba, IsupType::kCgb},
                                                        {IsupType::kCgua, IsupType::kCgu}};
  for (const auto& [answer, question] : kAnswers) {
    if (message.type != answer) continue;
    const auto gone = std::erase_if(asked_, [&](const Asked& asked) {
      return asked.type == question && asked.first == message.circuit &&
             (!is_group(question) || (asked.range == message.range && asked.supervision == message.supervision));
    });
    if (gone == 0) ++counts_[kMessagesIgnored];
  }
}

// --------------------------------------------------------------------------------------------------------------- checks

void Ss7Core::set_loop(Ss7Circuit number, Ss7CircuitEntry& circuit, bool on) {
  if (circuit.looped == on) return;
  circuit.looped = on;
  line_.loop(number, on);
}

void Ss7Core::begin_check(Ss7Circuit number, Ss7CircuitEntry& circuit) {
  circuit.checking = true;
  circuit.check_until = now_ms_ + kCheckMs;
  line_.check(number, true);
}

Result<> Ss7Core::test(Ss7Circuit number, int64_t now_ms) {
  now_ms_ = now_ms;
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return fail(ErrorCode::kNotFound, "there is no circuit " + std::to_string(number));
  if (!library_up_) return fail(ErrorCode::kUnavailable, "no signalling link leads to the other exchange");
  if (!idle(*circuit)) return fail(ErrorCode::kBusy, "circuit " + std::to_string(number) + " is taken or blocked");
  const Inside inside(*this);
  circuit->testing = true;
  send(IsupType::kCcr, number);
  begin_check(number, *circuit);
  return Empty{};
}

void Ss7Core::check_tone_heard(Ss7Circuit number, int64_t now_ms) {
  now_ms_ = now_ms;
  auto* circuit = circuit_of(number);
  if (circuit == nullptr || !circuit->checking) return;
  {
    const Inside inside(*this);
    end_check(number, *circuit, true);
  }
  tell();
}

void Ss7Core::end_check(Ss7Circuit number, Ss7CircuitEntry& circuit, bool passed) {
  circuit.checking = false;
  circuit.check_until = 0;
  line_.check(number, false);
  later([number, passed](Ss7Listener& listener) { listener.on_checked(number, passed); });
  if (!passed) ++counts_[kChecksFailed];
  if (circuit.testing && passed) {
    // A circuit that was checked for itself is let go of by REL (Q.764 2.1.8).
    circuit.testing = false;
    circuit.recheck_at = 0;
    circuit.handle = isup_new_call(ss7_, number, destination_, 0);
    if (circuit.handle != nullptr) isup_rel(ss7_, circuit.handle, 16);
    return;
  }
  send(IsupType::kCot, number, {static_cast<uint8_t>(passed ? 1 : 0)});
  if (passed) return;
  log(Ss7LogLevel::kWarn,
      "circuit " + std::to_string(number) + " does not carry speech: its check tone did not come back");
  circuit.recheck_at = now_ms_ + (circuit.testing ? kRecheckAgainMs : kRecheckMs);
  circuit.testing = true;
  if (auto* call = call_of(circuit.call)) move(*call);
}

}  // namespace cordboard::signalling
