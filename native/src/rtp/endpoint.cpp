// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/endpoint.hpp"

#include <utility>

#include "rtp/socket_pool.hpp"

namespace cordboard::rtp {

void Endpoint::apply(EndpointChange& change, int64_t now_ns) {
  pair_ = change.pair;
  mux_ = change.mux;
  secure_ = change.secure;
  generation_ = change.generation;
  // What a door has found stays.
  if (pair_ != nullptr && pair_->door != nullptr) return;
  // What is replaced goes back to be freed. Without SRTP from now on, so does the session.
  if (change.srtp != nullptr || !secure_) std::swap(srtp_, change.srtp);
  filter_.set(change.source, now_ns);
  look(now_ns);
}

void Endpoint::redirect(const Address& remote, int64_t now_ns) {
  filter_.set({.remote = remote, .remote_control = remote}, now_ns);
  look(now_ns);
}

std::unique_ptr<SrtpSession> Endpoint::rekey(std::unique_ptr<SrtpSession> srtp) {
  return std::exchange(srtp_, std::move(srtp));
}

/// False: refused, and counted.
bool Endpoint::unlock(std::span<uint8_t> buffer, std::size_t& octets, Unprotect unprotect) {
  if (!secure_) return true;
  if (srtp_ != nullptr) octets = (*srtp_.*unprotect)(buffer, octets);
  if (srtp_ != nullptr && octets > 0) return true;
  counts_.unauthenticated.add();
  return false;
}

Endpoint::Outcome Endpoint::take_packet(std::span<uint8_t> buffer, std::size_t octets, const Address& from,
                                        int64_t now_ns) {
  // Only who seeks is asked about other sources than the one that is known.
  const bool known = !seeking_ || from == filter_.remote();
  if (is_control(buffer.first(octets))) {
    if (known) return take_control(buffer, octets, from, now_ns);
    counts_.foreign.add();
    return Outcome::kDropped;
  }
  if (!unlock(buffer, octets, &SrtpSession::unprotect)) return Outcome::kDropped;
  const auto packet = std::span<const uint8_t>(buffer).first(octets);
  bool moved = false;
  if (seeking_) {
    PacketView view;
    // What the stream would refuse says nothing about a source; from the known one the stream counts it.
    const bool good = parse_packet(packet, view) == PacketFault::kNone && stream_.accepts(view.payload_type);
    const auto verdict = good ? filter_.offer(from, view, now_ns) : SourceVerdict::kRefuse;
    moved = verdict == SourceVerdict::kLatched;
    look(now_ns);
    if (!known && !moved) {
      counts_.foreign.add();
      return Outcome::kDropped;
    }
  }
  const auto delivery = stream_.deliver(packet, now_ns);
  if (moved) return Outcome::kMoved;
  return delivery == Delivery::kTaken ? Outcome::kTaken : Outcome::kDropped;
}

bool Endpoint::considers_control(const Address& from, std::span<const uint8_t> packet) const {
  // The SSRC is in the clear under SRTCP too (RFC 3711 3.4). Another call of the same host may be meant.
  constexpr std::size_t kUpToSsrc = 8;
  return seeking_ && packet.size() >= kUpToSsrc && filter_.considers_control(from) &&
         stream_.hears(read32(packet.data() + 4));
}

Endpoint::Outcome Endpoint::take_control(std::span<uint8_t> buffer, std::size_t octets, const Address& from,
                                         int64_t now_ns) {
  if (!unlock(buffer, octets, &SrtpSession::unprotect_control)) return Outcome::kDropped;
  uint32_t sender = 0;
  if (!stream_.deliver_control(buffer.first(octets), now_ns, &sender)) return Outcome::kDropped;
  if (!filter_.seeks_control() || mux_ || !stream_.hears(sender)) return Outcome::kTaken;
  const auto before = filter_.remote_control();
  filter_.confirm_control(from);
  look(now_ns);
  return before == filter_.remote_control() ? Outcome::kTaken : Outcome::kMoved;
}

std::size_t Endpoint::next_packet(std::span<uint8_t> out, int64_t now_ns) {
  while (const auto octets = stream_.next_packet(out.first(Stream::kMaxPacket), now_ns)) {
    if (!secure_) return octets;
    const auto locked = srtp_ == nullptr ? 0 : srtp_->protect(out, octets);
    if (locked > 0) return locked;
    counts_.unsent.add();
  }
  return 0;
}

std::size_t Endpoint::lock_control(std::span<uint8_t> out, std::size_t octets) {
  if (octets == 0 || !control_source().known()) return 0;
  if (!secure_) return octets;
  return srtp_ == nullptr ? 0 : srtp_->protect_control(out, octets);
}

std::size_t Endpoint::next_control(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp) {
  return lock_control(out, stream_.next_control(out.first(Stream::kMaxPacket), now_ns, ntp));
}

std::size_t Endpoint::bye(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp) {
  return lock_control(out, stream_.bye(out.first(Stream::kMaxPacket), now_ns, ntp));
}

}  // namespace cordboard::rtp
