// SPDX-License-Identifier: GPL-2.0-or-later
// Messages between the links and the library: what is hostile or none of its business goes no further.
#include <algorithm>

#include "signalling/ss7_core.hpp"

namespace cordboard::signalling {
namespace {

// Service indicators (Q.704 14.2.1) and headings of level 3 (Q.704 table 1).
constexpr uint8_t kManagement = 0, kTest = 1, kIsup = 5;
enum : uint8_t {
  kCoo = 0x11,
  kCoa = 0x21,
  kCbd = 0x51,
  kCba = 0x61,
  kEco = 0x12,
  kEca = 0x22,
  kTfp = 0x14,
  kTfr = 0x34,
  kTfa = 0x54,
  kTra = 0x17
};
constexpr uint8_t kInhibiting = 6;  // group of LIN, LUN, LIA, LUA, LID, LFU, LLT, LRT
constexpr uint8_t kTestMessage = 0x11, kTestAnswer = 0x21;
constexpr std::string_view kTestPattern = "2564286288";  // of the library's own test messages
constexpr uint8_t kBackwardCharge = 0x02, kBackwardOrdinary = 0x10, kBackwardFree = 0x04;
constexpr std::size_t kFixedAt = 3;

}  // namespace

std::span<const uint8_t> Ss7Core::unit(int) { return unit_; }

std::vector<uint8_t> Ss7Core::receive(std::span<const uint8_t> message) {
  memory_.watch(call_bytes_);
  const uint8_t service = message[0];
  const auto information = message.subspan(1);
  const auto label = codes_.read(information);
  if (service >> 6 != options_.network || !label || label->destination != options_.own) {
    ++counts_[kMessagesRefused];
    return {};
  }
  const auto rest = information.subspan(codes_.label_octets());
  const uint8_t user = service & 0xf;
  const auto adjacent = options_.adjacent == 0 ? options_.destination : options_.adjacent;
  std::vector<uint8_t> told;
  if (user == kIsup && label->origin == options_.destination) {
    told = receive_isup(rest);
  } else if (user == kManagement && label->origin == adjacent) {
    told = receive_management(*label, rest);
  } else if (user == kTest && label->origin == adjacent && label->selection == links_[receiving_].code) {
    told = receive_test(rest);
  } else {
    ++counts_[kMessagesRefused];
  }
  if (told.empty()) return {};
  std::vector<uint8_t> whole{service};
  put_narrow_label(whole, codes_.inner(label->destination), codes_.inner(label->origin), label->selection);
  whole.insert(whole.end(), told.begin(), told.end());
  return whole;
}

/// The library makes a call of its own for whatever speaks of a circuit without one, and may say nothing of it. It finds calls by
/// their circuit, the oldest first: another one beside it would never hear of what comes for it.
void Ss7Core::has_read(uint16_t number) {
  auto* made = static_cast<isup_call*>(memory_.watched());
  if (made == nullptr) return;
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) {
    isup_free_call(ss7_, made);
  } else if (circuit->handle == nullptr) {
    circuit->handle = made;
    circuit->adopted = true;
  }
}

std::vector<uint8_t> Ss7Core::receive_management(const Ss7Codes::Label& label, std::span<const uint8_t> message) {
  const auto refuse = [&]() -> std::vector<uint8_t> {
    ++counts_[kMessagesRefused];
    return {};
  };
  if (message.empty()) return refuse();
  const uint8_t heading = message[0];
  if (heading == kTra) return {heading};
  if (heading == kTfp || heading == kTfr || heading == kTfa) {
    const std::size_t octets = codes_.wide() ? 3 : 2;
    if (message.size() < 1 + octets) return refuse();
    uint32_t named = message[1] | message[2] << 8;
    if (codes_.wide()) named |= static_cast<uint32_t>(message[3]) << 16;
    if (!codes_.wide()) named &= 0x3fff;
    // Of other destinations the box knows nothing, and the library would make a note of each.
    if (named != options_.destination) {
      ++counts_[kMessagesIgnored];
      return {};
    }
    log(Ss7LogLevel::kWarn,
        heading == kTfa ? "the destination can be reached again" : "the destination cannot be reached well");
    return {heading, static_cast<uint8_t>(destination_), static_cast<uint8_t>(destination_ >> 8)};
  }
  const auto link =
      std::find_if(links_.begin(), links_.end(), [&](const Link& at) { return at.code == label.selection; });
  if (link == links_.end()) return refuse();
  switch (heading) {
    case kCoo:
    case kCoa:
      if (message.size() < 2 || !link->view.order_unacknowledged(message[1], heading == kCoa)) return refuse();
      ++counts_[kChangeovers];
      return {heading, message[1]};
    case kCbd:
    case kCba:
      if (message.size() < 2) return refuse();
      return {heading, message[1]};
    case kEco:
    case kEca:
      return {heading};
    default:
      if ((heading & 0xf) == kInhibiting && heading >> 4 >= 1 && heading >> 4 <= 8) return {heading, 0};
      ++counts_[kMessagesIgnored];
      return {};
  }
}

std::vector<uint8_t> Ss7Core::receive_test(std::span<const uint8_t> message) {
  const bool answer = !message.empty() && message[0] == kTestAnswer;
  const std::size_t length = message.size() < 2 ? 0 : message[1] >> 4;
  if (message.size() < 2 + length || length == 0 || (!answer && message[0] != kTestMessage) ||
      (answer && (length != kTestPattern.size() ||
                  !std::equal(kTestPattern.begin(), kTestPattern.end(), message.begin() + 2,
                              [](char one, uint8_t other) { return static_cast<uint8_t>(one) == other; })))) {
    ++counts_[kMessagesRefused];
    return {};
  }
  return {message.begin(), message.begin() + static_cast<std::ptrdiff_t>(2 + length)};
}

std::vector<uint8_t> Ss7Core::receive_isup(std::span<const uint8_t> message) {
  const auto read = parse_isup(message);
  if (!read) {
    ++counts_[kMessagesRefused];
    return {};
  }
  auto* circuit = circuit_of(read->circuit);
  if (circuit == nullptr) {
    ++counts_[kMessagesRefused];
    if (read->type == IsupType::kIam) send(IsupType::kUcic, read->circuit);
    return {};
  }
  switch (read->type) {
    case IsupType::kIam:
      if (!receive_iam(*circuit, *read)) return {};
      break;
    case IsupType::kSam:
      receive_more_digits(*circuit, *read);
      return {};
    case IsupType::kUcic:
      circuit->blocked_there = true;
      tell_blocked(read->circuit, *circuit);
      log(Ss7LogLevel::kError, "the far end has no circuit " + std::to_string(read->circuit));
      if (auto* call = call_of(circuit->call); call != nullptr && call->machine.can(Ss7CallEvent::kRetry)) move(*call);
      return {};
    case IsupType::kClearChina:
    case IsupType::kMeterChina:
    case IsupType::kOperatorChina:
      receive_china(*circuit, *read);
      return {};
    case IsupType::kBlo:
    case IsupType::kUbl:
    case IsupType::kCgb:
    case IsupType::kCgu:
      receive_blocking(*read);
      return {};
    case IsupType::kBla:
    case IsupType::kUba:
    case IsupType::kCgba:
    case IsupType::kCgua:
      acknowledged(*read);
      return {};
    default:
      break;
  }
  latest_ = *read;
  return short_isup(*read, message);
}

/// False: the library is not to hear of it.
bool Ss7Core::receive_iam(Ss7CircuitEntry& circuit, const IsupMessage& iam) {
  if (auto* call = call_of(circuit.call); call != nullptr) {
    if (call->machine.state() == Ss7CallState::kSeizing) {
      ++counts_[kDualSeizures];
      // Q.764 2.9.1.4: the exchange with the higher code controls the even circuits.
      if (ours(iam.circuit)) return false;
      move(*call);
      return true;
    }
    // Only one end can think that it is idle.
    log(Ss7LogLevel::kWarn, "IAM on circuit " + std::to_string(iam.circuit) + ", which carries a call");
    deferred_.push_back([this, number = iam.circuit] { reset_circuit(number); });
    return false;
  }
  if (circuit.resetting || circuit.testing) {
    ++counts_[kMessagesIgnored];
    return false;
  }
  if (circuit.blocked_here || circuit.failed) {
    send(IsupType::kBlo, iam.circuit);
    return false;
  }
  // Who seizes it does not block it (Q.764 2.8.2.3).
  circuit.blocked_there = false;
  tell_blocked(iam.circuit, circuit);
  return true;
}

void Ss7Core::receive_more_digits(Ss7CircuitEntry& circuit, const IsupMessage& sam) {
  auto* call = call_of(circuit.call);
  constexpr std::size_t kMostDigits = 32;
  if (call == nullptr || call->outgoing || call->offer.called.size() + sam.called.digits.size() > kMostDigits) {
    ++counts_[kMessagesIgnored];
    return;
  }
  call->offer.called += sam.called.digits;
  call->offer.ended = sam.called.ended;
  if (call->machine.state() == Ss7CallState::kChecking) return;
  auto digits = sam.called.digits;
  if (sam.called.ended) digits += '#';
  later([id = call->id, digits](Ss7Listener& listener) { listener.on_digits(id, digits); });
}

void Ss7Core::receive_china(Ss7CircuitEntry& circuit, const IsupMessage& message) {
  auto* call = call_of(circuit.call);
  const bool answered = call != nullptr && call->machine.state() == Ss7CallState::kAnswered;
  if (!options_.china || !answered) {
    ++counts_[kMessagesIgnored];
    return;
  }
  switch (message.type) {
    case IsupType::kClearChina:
      // The calling party has hung up, and the called one would have the say: here nobody holds a call that has been left.
      if (call->outgoing) break;
      deferred_.push_back([this, id = call->id] {
        if (auto* left = call_of(id)) clear(*left, 16, Ss7ReleasedBy::kRemote);
      });
      break;
    case IsupType::kMeterChina:
      if (call->outgoing) later([id = call->id](Ss7Listener& listener) { listener.on_metering(id); });
      break;
    default:
      ++counts_[kMessagesIgnored];  // an operator's: there is none who rings again here
      break;
  }
}

void Ss7Core::receive_blocking(const IsupMessage& message) {
  const bool on = message.type == IsupType::kBlo || message.type == IsupType::kCgb;
  const bool group = is_group(message.type);
  const bool hardware = message.supervision == 1;
  const uint32_t named = group ? message.circuits : 1;
  for (uint32_t n = 0; n <= message.range; ++n) {
    if ((named >> n & 1) == 0) continue;
    const auto number = static_cast<Ss7Circuit>(message.circuit + n);
    auto* circuit = circuit_of(number);
    if (circuit == nullptr) continue;
    (hardware ? circuit->failed_there : circuit->blocked_there) = on;
    tell_blocked(number, *circuit);
    auto* call = call_of(circuit->call);
    if (call == nullptr || !on) continue;
    if (call->machine.state() == Ss7CallState::kSeizing && call->outgoing) {
      move(*call);  // Q.764 2.8.2.2
    } else if (hardware) {
      deferred_.push_back([this, id = call->id] {
        if (auto* left = call_of(id)) clear(*left, 38, Ss7ReleasedBy::kFault);
      });
    }
  }
  if (group) {
    send_group(on ? IsupType::kCgba : IsupType::kCgua, message.circuit, message.range, message.circuits,
               message.supervision);
  } else {
    send(on ? IsupType::kBla : IsupType::kUba, message.circuit);
  }
}

void Ss7Core::send(IsupType type, Ss7Circuit circuit, std::initializer_list<uint8_t> rest) {
  std::vector<uint8_t> message{static_cast<uint8_t>(circuit), static_cast<uint8_t>(circuit >> 8 & 0xf),
                               static_cast<uint8_t>(type)};
  message.insert(message.end(), rest);
  if (!ss7_send_isup(ss7_, codes_.inner(options_.own), destination_, message)) ++counts_[kLosses];
}

void Ss7Core::send_group(IsupType type, Ss7Circuit first, uint8_t range, uint32_t circuits, uint8_t supervision) {
  std::vector<uint8_t> message{static_cast<uint8_t>(first), static_cast<uint8_t>(first >> 8 & 0xf),
                               static_cast<uint8_t>(type), supervision, 1};
  const auto octets = static_cast<uint8_t>(range / 8 + 1);
  message.push_back(static_cast<uint8_t>(1 + octets));
  message.push_back(range);
  for (uint8_t n = 0; n < octets; ++n) message.push_back(static_cast<uint8_t>(circuits >> (8 * n)));
  if (!ss7_send_isup(ss7_, codes_.inner(options_.own), destination_, message)) ++counts_[kLosses];
}

void Ss7Core::transmit(std::span<uint8_t> message) {
  if (message.size() <= kFixedAt) return;
  const auto circuit = static_cast<Ss7Circuit>(message[0] | (message[1] & 0xf) << 8);
  switch (static_cast<IsupType>(message[2])) {
    case IsupType::kIam: {
      const auto* at = circuit_of(circuit);
      if (at != nullptr && at->checking) message[kFixedAt] |= 0x04;  // continuity check on this circuit
      break;
    }
    case IsupType::kAcm:
      // Charge, ordinary subscriber (Q.763 3.5); the library says nothing of either, and asks for end-to-end methods.
      message[kFixedAt] = kBackwardCharge | kBackwardOrdinary | (status_free_ ? kBackwardFree : 0);
      break;
    default:
      break;
  }
}

}  // namespace cordboard::signalling
