// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/ice.hpp"

#include <algorithm>

namespace cordboard::webrtc {

namespace {

constexpr uint16_t kUnknownAttribute = 420;
constexpr uint16_t kRoleConflict = 487;
// A chosen address that has been silent for so long loses to any other that the peer chooses: it has gone from there.
constexpr int64_t kStaleNs = 5'000'000'000;

}  // namespace

std::string_view asked_ufrag(const StunView& message) {
  // RFC 8445 7.2.2: of who is asked, a colon, of who asks.
  const auto colon = message.username.find(':');
  if (message.type != StunType::kBindingRequest || colon != kIceUfrag) return {};
  return message.username.substr(0, colon);
}

void IceLite::set(const IceNames& names) {
  if (names_ == names) return;
  names_ = names;
  ++generation_;
}

IceLite::Answer IceLite::take(const StunView& request, const rtp::Address& from, int64_t now_ns, std::span<uint8_t> out,
                              const rtp::Address& at) {
  Answer answer;
  const bool ours = asked_ufrag(request) == names_.local_ufrag && !names_.local_ufrag.empty() &&
                    request.username.substr(kIceUfrag + 1) == names_.remote_ufrag;
  if (!ours || !signed_with(request, names_.local_pwd)) return answer;
  answer.outcome = IceOutcome::kAnswered;
  if (request.unknown_count > 0) {
    StunWriter writer(out, StunType::kBindingError, request.transaction);
    writer.error(kUnknownAttribute, "Unknown Attribute");
    writer.unknown({request.unknown.data(), request.unknown_count});
    answer.octets = writer.finish(names_.local_pwd);
    return answer;
  }
  if (request.says_controlled) {
    // Who is lite never controls (RFC 8445 6.1.1), whatever the tie-breakers are.
    StunWriter writer(out, StunType::kBindingError, request.transaction);
    writer.error(kRoleConflict, "Role Conflict");
    answer.octets = writer.finish(names_.local_pwd);
    return answer;
  }
  StunWriter writer(out, StunType::kBindingSuccess, request.transaction);
  writer.mapped(from);
  answer.octets = writer.finish(names_.local_pwd);
  answer.outcome = IceOutcome::kValid;
  consent_ns_ = now_ns;
  auto& known = place_of(from, answer);
  known.checked_ns = now_ns;
  if (known.local != at) {
    // It asks another address of ours: the one that it asked before may be gone.
    known.local = at;
    answer.moved = from == selected_;
  }
  known.generation = generation_;
  known.priority = request.priority.value_or(known.priority);
  if (!request.use_candidate) return answer;
  known.nominated = true;
  if (choose(known, now_ns)) {
    selected_ = from;
    answer.moved = true;
  }
  return answer;
}

IceLite::Known& IceLite::place_of(const rtp::Address& from, Answer& answer) {
  Known* oldest = nullptr;
  for (auto& known : known_) {
    if (known.address == from) return known;
    // The one in use is never given up for another.
    if (known.address.known() && known.address == selected_) continue;
    if (oldest == nullptr || known.checked_ns < oldest->checked_ns) oldest = &known;
  }
  if (oldest->address.known()) answer.dropped = oldest->address;
  *oldest = {.address = from};
  answer.added = true;
  return *oldest;
}

bool IceLite::choose(const Known& candidate, int64_t now_ns) {
  if (candidate.address == selected_) return false;
  const auto current =
      std::find_if(known_.begin(), known_.end(), [this](const Known& known) { return known.address == selected_; });
  if (!selected_.known() || current == known_.end()) return true;
  if (current->generation != candidate.generation) return true;
  return candidate.priority > current->priority || now_ns - current->checked_ns > kStaleNs;
}

rtp::Address IceLite::selected_local() const {
  const auto known =
      std::find_if(known_.begin(), known_.end(), [this](const Known& one) { return one.address == selected_; });
  return selected_.known() && known != known_.end() ? known->local : rtp::Address{};
}

bool IceLite::passed(const rtp::Address& from) const {
  return std::any_of(known_.begin(), known_.end(), [&](const Known& known) { return known.address == from; });
}

bool IceLite::heard(const rtp::Address& from) {
  if (from == selected_) return false;
  const auto known = std::find_if(known_.begin(), known_.end(), [&](const Known& one) { return one.address == from; });
  // What was under way when ICE began anew says nothing about where the peer is now.
  if (known == known_.end() || !known->nominated || known->generation != generation_) return false;
  selected_ = from;
  return true;
}

}  // namespace cordboard::webrtc
