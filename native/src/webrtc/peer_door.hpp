// SPDX-License-Identifier: GPL-2.0-or-later
// The UDP port of WebRTC: ICE, DTLS and SRTP of all browsers come here, and each is brought together with its endpoint.
//
//   datagram ─┬ 0-3     STUN ──> names ──> IceLite ──> answer; the chosen address is the endpoint's     RFC 7983 7
//             ├ 20-63   DTLS ──> worker ──> keys are the endpoint's
//             └ 128-191 SRTP from another address of the peer: taken when it is authentic, and then that is where it is
//
// DTLS and SRTP count only from addresses that have passed a check of ICE; everything else is counted and dropped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counters.hpp"
#include "rtp/door.hpp"
#include "rtp/endpoint.hpp"
#include "webrtc/dtls_worker.hpp"
#include "webrtc/ice.hpp"

namespace cordboard::webrtc {

/// What a description says of a browser's transport.
struct PeerChange : rtp::DoorChange {
  IceNames names;
  Fingerprint fingerprint;
};

/// Any thread may read.
struct DoorCounts {
  Count checks;        // of ICE, answered as valid
  Count stun_refused;  // that is malformed, signed wrongly, or for nobody
  Count dtls_refused;  // from addresses that have passed no check, or more than a handshake needs
  Count other;         // that begins like nothing that is known, or comes from nobody's address
  Count lost;          // peers that took their consent back
};

class PeerDoor : public rtp::Door {
 public:
  struct Settings {
    int64_t consent_ns = 30'000'000'000;  // without a check (RFC 7675 5.1)
  };
  PeerDoor(std::shared_ptr<const DtlsIdentity> identity, const Settings& settings);

  const DoorCounts& counts() const { return counts_; }
  const DtlsWorker& worker() const { return *worker_; }

  void open(rtp::DoorHost& host, int socket, sa_family_t family) override;
  void changed(rtp::Endpoint& endpoint, rtp::DoorChange& change, int64_t now_ns) override;
  void gone(rtp::Endpoint& endpoint) override;
  bool take(std::span<uint8_t> buffer, std::size_t octets, const rtp::Address& from, const rtp::Address& at,
            int64_t now_ns) override;
  void turn(int64_t now_ns) override;
  void look(int64_t now_ns) override;

 private:
  struct Peer {
    uint32_t number{};  // of its handshake
    rtp::Endpoint* endpoint{};
    IceLite ice;
    Fingerprint fingerprint;
    bool begun{};          // the worker knows it
    bool lost{};           // told
    uint32_t datagrams{};  // of DTLS in this second
  };

  bool take_stun(std::span<const uint8_t> octets, const rtp::Address& from, const rtp::Address& at, int64_t now_ns);
  bool take_dtls(std::span<const uint8_t> octets, const rtp::Address& from, const rtp::Address& at);
  bool take_rtp(std::span<uint8_t> buffer, std::size_t octets, const rtp::Address& from, int64_t now_ns);
  Peer* peer_at(const rtp::Address& from);
  void move(Peer& peer, int64_t now_ns);
  void forget(Peer& peer);
  void settle(const DtlsOutcome& outcome);

  const Settings settings_;
  rtp::DoorHost* host_{};
  int socket_ = -1;
  sa_family_t family_{};
  DoorCounts counts_;
  uint32_t next_number_ = 1;
  std::unordered_map<const rtp::Endpoint*, std::unique_ptr<Peer>> peers_;
  std::unordered_map<uint32_t, Peer*> by_number_;
  std::map<std::string, Peer*, std::less<>> by_ufrag_;
  std::map<rtp::Address, Peer*> by_address_;
  std::vector<uint32_t> unended_;  // numbers that the worker is still to be told to forget
  std::unique_ptr<DtlsWorker> worker_;
};

}  // namespace cordboard::webrtc
