// SPDX-License-Identifier: GPL-2.0-or-later
// A UDP socket that belongs to one end of T.38. It never blocks: the fax worker that has the end reads and writes it.
//
// Only what comes from where the session description says is heard, or, for a peer behind a NAT, what comes from the host
// that its signalling comes from: the first there to send UDPTL, or the described address when that is first, is the peer
// from then on. Datagrams from elsewhere are counted and never answered.
#pragma once

#include <optional>

#include "base/socket.hpp"
#include "media/t38_end.hpp"
#include "rtp/address.hpp"

namespace cordboard::media {

class T38Socket : public T38Wire {
 public:
  struct Peer {
    rtp::Address remote;                     // where datagrams go to and come from
    std::optional<rtp::Address> latch_host;  // … and where else they may come from; the port does not matter
  };

  /// A bound socket that does not block. The remote must be of its family, or IPv4 where it takes both.
  T38Socket(Descriptor socket, sa_family_t family, const Peer& peer);

  void send(std::span<const uint8_t> datagram) override;
  std::size_t receive(std::span<uint8_t> datagram) override;
  void heard() override;
  uint64_t foreign() const override { return foreign_; }

 private:
  /// From elsewhere, in a row; whatever more there is waits for the next block, so that a flood costs an end a
  /// bounded time.
  static constexpr int kMostForeign = 512;

  const Descriptor socket_;
  const sa_family_t family_;
  Peer peer_;
  rtp::Address latest_;
  uint64_t foreign_{};
};

}  // namespace cordboard::media
