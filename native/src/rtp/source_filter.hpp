// SPDX-License-Identifier: GPL-2.0-or-later
// From whom a stream takes packets, and to whom it sends: the address of the session description, or, for a peer behind a
// NAT, one other that has shown to be the peer's ("symmetric RTP"). Whoever sprays packets at all ports is neither heard
// nor answered, and cannot move a stream.
//
//            packet from remote: 3 in sequence
//   ┌────────────────────────────────────────────────────────┐
//   │                                                        v
//   open ── from a host that may: 3 in sequence ──> latched, shut <── set(), latch = false
//   │                                                        ^
//   └── window over ─────────────────────────────────────────┘
//
// Who may while the window is open: the host that the signalling comes from, and nobody when that is not known. "In
// sequence" means three packets one after the other with one SSRC, and for SRTP only those that authenticate. Three packets in sequence from the described
// address shut the window too: then the peer is not behind a NAT. Only set() opens it again.
//
// Used by one I/O thread; reads no clock.
#pragma once

#include <cstdint>
#include <optional>

#include "rtp/address.hpp"
#include "rtp/packet.hpp"

namespace cordboard::rtp {

/// What is known of the peer from the signalling.
struct SourceSettings {
  Address remote;                       // where RTP comes from and goes to; unknown until the answer has come
  Address remote_control;               // the same for RTCP; as `remote` when they share a port (RFC 5761)
  bool latch = false;                   // another source may be taken while the window is open
  std::optional<Address> latch_host;    // … and only from here; the port does not matter. Nothing: from nowhere
  int64_t window_ns = 120'000'000'000;  // from set(); a phone may send nothing until it is answered

  bool operator==(const SourceSettings&) const = default;
};

enum class SourceVerdict : uint8_t {
  kAccept,   // play it
  kLatched,  // play it: from now on this address is remote(), and no other
  kWait,     // may become the source; not to be played
  kRefuse,   // from elsewhere: counted, never played or answered
};

class SourceFilter {
 public:
  /// Takes up what a description says. Settings that name the same remote and ask for nothing new leave a latched address
  /// as it is; `latch` opens the window anew when remote, host or the wish itself have changed. `now_ns` is monotonic.
  void set(const SourceSettings& settings, int64_t now_ns);

  /// Whether a packet from here is worth decrypting: it is the remote, or might become it. Cheap, changes nothing.
  bool considers(const Address& from, int64_t now_ns) const;

  /// A packet with a negotiated payload type; under SRTP one that has authenticated.
  SourceVerdict offer(const Address& from, const PacketView& packet, int64_t now_ns);

  /// Whether RTCP from here is to be looked at: from the described address, or once latched from any port of that host,
  /// until confirm_control() has settled which.
  bool considers_control(const Address& from) const;
  /// RTCP from here has named the SSRC that the stream hears: this is where RTCP goes from now on, if the peer is latched.
  void confirm_control(const Address& from);

  /// Where to send. Not known() while no description has come and nobody has latched.
  const Address& remote() const { return remote_; }
  const Address& remote_control() const { return remote_control_; }
  bool latched() const { return latched_; }
  bool window_open(int64_t now_ns) const { return open_ && now_ns < closes_ns_; }
  /// Whether considers_control() may still say yes to an address that is not remote_control().
  bool seeks_control() const { return latched_ && !control_settled_; }

 private:
  bool may_latch(const Address& from) const;

  SourceSettings settings_;
  Address remote_;
  Address remote_control_;
  bool open_ = false;
  bool latched_ = false;
  bool control_settled_ = false;
  int64_t closes_ns_ = 0;
  // Two candidates: the described address and one other. A sprayer changes the other for every packet, and so starts anew.
  struct Run {
    Address from;
    uint32_t ssrc = 0;
    uint16_t next = 0;
    uint8_t length = 0;  // packets in sequence
    bool add(const Address& from, const PacketView& packet);
  };
  Run described_;
  Run other_;
};

}  // namespace cordboard::rtp
