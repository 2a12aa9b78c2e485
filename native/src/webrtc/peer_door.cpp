// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/peer_door.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "rtp/packet_info.hpp"

namespace cordboard::webrtc {

namespace {

// First octets (RFC 7983 7).
constexpr uint8_t kLastStun = 3;
constexpr uint8_t kFirstDtls = 20;
constexpr uint8_t kLastDtls = 63;
// A handshake with every flight repeated many times stays below it.
constexpr uint32_t kMostDtls = 100;

}  // namespace

PeerDoor::PeerDoor(std::shared_ptr<const DtlsIdentity> identity, const Settings& settings)
    : settings_(settings), worker_(std::make_unique<DtlsWorker>(std::move(identity), [this] {
        if (host_ != nullptr) host_->nudge();
      })) {}

void PeerDoor::open(rtp::DoorHost& host, int socket, sa_family_t family) {
  host_ = &host;
  socket_ = socket;
  family_ = family;
  worker_->open(socket, family);
}

// --------------------------------------------------------------------------------------------------------------- peers

void PeerDoor::changed(rtp::Endpoint& endpoint, rtp::DoorChange& change, int64_t now_ns) {
  const auto& wanted = static_cast<const PeerChange&>(change);
  auto& place = peers_[&endpoint];
  if (place == nullptr) {
    place = std::make_unique<Peer>();
    place->endpoint = &endpoint;
    place->ice.begin(now_ns);
  }
  auto& peer = *place;
  if (peer.ice.names() != wanted.names) {
    by_ufrag_.erase(peer.ice.names().local_ufrag);
    peer.ice.set(wanted.names);
    peer.ice.begin(now_ns);
    peer.lost = false;
    by_ufrag_[wanted.names.local_ufrag] = &peer;
  }
  // Another certificate is another association (RFC 8842 5.1).
  if (peer.number != 0 && peer.fingerprint == wanted.fingerprint) return;
  forget(peer);
  peer.fingerprint = wanted.fingerprint;
  peer.number = next_number_++;
  by_number_[peer.number] = &peer;
}

void PeerDoor::forget(Peer& peer) {
  // What the worker has no room for is said again: it would keep the session for ever.
  if (peer.begun && !worker_->end(peer.number)) unended_.push_back(peer.number);
  peer.begun = false;
  by_number_.erase(peer.number);
}

void PeerDoor::gone(rtp::Endpoint& endpoint) {
  const auto found = peers_.find(&endpoint);
  if (found == peers_.end()) return;
  auto& peer = *found->second;
  forget(peer);
  by_ufrag_.erase(peer.ice.names().local_ufrag);
  std::erase_if(by_address_, [&](const auto& entry) { return entry.second == &peer; });
  peers_.erase(found);
}

PeerDoor::Peer* PeerDoor::peer_at(const rtp::Address& from) {
  const auto found = by_address_.find(from);
  return found == by_address_.end() ? nullptr : found->second;
}

void PeerDoor::move(Peer& peer, int64_t now_ns) {
  peer.endpoint->leave_from(peer.ice.selected_local());
  peer.endpoint->redirect(peer.ice.selected(), now_ns);
  host_->moved(*peer.endpoint);
  host_->tell(*peer.endpoint, rtp::DoorNews::kReached, peer.ice.selected(), "");
}

// ----------------------------------------------------------------------------------------------------------- datagrams

bool PeerDoor::take(std::span<uint8_t> buffer, std::size_t octets, const rtp::Address& from, const rtp::Address& at,
                    int64_t now_ns) {
  if (octets == 0) return false;
  const uint8_t first = buffer[0];
  if (first <= kLastStun) return take_stun(buffer.first(octets), from, at, now_ns);
  if (first >= kFirstDtls && first <= kLastDtls) return take_dtls(buffer.first(octets), from, at);
  if (rtp::begins_like_rtp(buffer.first(octets)) && take_rtp(buffer, octets, from, now_ns)) return true;
  counts_.other.add();
  return false;
}

bool PeerDoor::take_stun(std::span<const uint8_t> octets, const rtp::Address& from, const rtp::Address& at,
                         int64_t now_ns) {
  StunView request;
  const auto fault = parse_stun(octets, request);
  const auto found = fault == StunFault::kNone ? by_ufrag_.find(asked_ufrag(request)) : by_ufrag_.end();
  // An address is one peer's: another's check from there would take its packets away.
  const auto* const holder = peer_at(from);
  if (found == by_ufrag_.end() || (holder != nullptr && holder != found->second)) {
    counts_.stun_refused.add();
    return false;
  }
  auto& peer = *found->second;
  std::array<uint8_t, StunWriter::kMostWritten> response;
  const auto answer = peer.ice.take(request, from, now_ns, response, at);
  if (answer.outcome == IceOutcome::kForeign) {
    counts_.stun_refused.add();
    return false;
  }
  // A response that the system refuses is asked for again.
  if (answer.octets != 0) (void)!rtp::send_from(socket_, family_, {response.data(), answer.octets}, from, at);
  if (answer.outcome != IceOutcome::kValid) return true;
  counts_.checks.add();
  peer.lost = false;
  if (answer.dropped) by_address_.erase(*answer.dropped);
  if (answer.added) by_address_[from] = &peer;
  if (answer.moved) move(peer, now_ns);
  return true;
}

bool PeerDoor::take_dtls(std::span<const uint8_t> octets, const rtp::Address& from, const rtp::Address& at) {
  auto* const peer = peer_at(from);
  if (peer == nullptr || ++peer->datagrams > kMostDtls) {
    counts_.dtls_refused.add();
    return false;
  }
  if (!peer->begun) peer->begun = worker_->begin(peer->number, peer->fingerprint);
  // What the worker has no room for comes again.
  if (!peer->begun || !worker_->datagram(peer->number, from, at, octets)) counts_.dtls_refused.add();
  return true;
}

bool PeerDoor::take_rtp(std::span<uint8_t> buffer, std::size_t octets, const rtp::Address& from, int64_t now_ns) {
  auto* const peer = peer_at(from);
  if (peer == nullptr || !peer->endpoint->keyed()) return false;
  if (peer->endpoint->take_packet(buffer, octets, from, now_ns) != rtp::Endpoint::Outcome::kTaken) return true;
  if (peer->ice.heard(from)) move(*peer, now_ns);
  return true;
}

// ----------------------------------------------------------------------------------------------------------- what comes

void PeerDoor::turn(int64_t) {
  DtlsOutcome outcome;
  while (worker_->take(outcome)) settle(outcome);
}

void PeerDoor::settle(const DtlsOutcome& outcome) {
  std::unique_ptr<rtp::SrtpSession> srtp(outcome.srtp);
  const auto found = by_number_.find(outcome.peer);
  if (found == by_number_.end()) return;
  auto& peer = *found->second;
  using State = DtlsServer::State;
  switch (outcome.state) {
    case State::kUp:
      peer.endpoint->rekey(std::move(srtp));
      return host_->tell(*peer.endpoint, rtp::DoorNews::kSecured, peer.ice.selected(), "");
    case State::kFailed:
      return host_->tell(*peer.endpoint, rtp::DoorNews::kRefused, peer.ice.selected(), outcome.why);
    case State::kClosed:
      return host_->tell(*peer.endpoint, rtp::DoorNews::kClosed, peer.ice.selected(), "the other side has closed it");
    case State::kHandshake:
      return;
  }
}

void PeerDoor::look(int64_t now_ns) {
  std::erase_if(unended_, [this](uint32_t number) { return worker_->end(number); });
  for (auto& [endpoint, peer] : peers_) {
    peer->datagrams = 0;
    if (peer->lost || now_ns - peer->ice.consent_ns() < settings_.consent_ns) continue;
    // RFC 7675 5.1: nothing more is sent there.
    peer->lost = true;
    counts_.lost.add();
    peer->ice.leave();
    peer->endpoint->redirect({}, now_ns);
    host_->moved(*peer->endpoint);
    host_->tell(*peer->endpoint, rtp::DoorNews::kLost, {}, "no consent for too long");
  }
}

}  // namespace cordboard::webrtc
