// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/t38_socket.hpp"

#include <utility>

namespace cordboard::media {

T38Socket::T38Socket(Descriptor socket, sa_family_t family, const Peer& peer)
    : socket_(std::move(socket)), family_(family), peer_(peer) {}

void T38Socket::send(std::span<const uint8_t> datagram) {
  SocketAddress to;
  const socklen_t length = peer_.remote.known() ? peer_.remote.to(to, family_) : 0;
  if (length == 0) return;
  // One that the system does not take is a lost one, which UDPTL makes good.
  sendto(socket_.number(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL, &to.any, length);
}

std::size_t T38Socket::receive(std::span<uint8_t> datagram) {
  for (int i = 0; i < kMostForeign; ++i) {
    SocketAddress address;
    socklen_t length = sizeof address;
    const auto octets =
        recvfrom(socket_.number(), datagram.data(), datagram.size(), MSG_DONTWAIT, &address.any, &length);
    if (octets < 0) return 0;
    const auto from = rtp::Address::from(address);
    const bool known = from && (*from == peer_.remote || (peer_.latch_host && from->same_host(*peer_.latch_host)));
    // An empty datagram is none of UDPTL, and keeps a NAT open at best.
    if (known && octets == 0) continue;
    if (known) {
      latest_ = *from;
      return static_cast<std::size_t>(octets);
    }
    ++foreign_;
  }
  return 0;
}

void T38Socket::heard() {
  peer_.remote = latest_;
  peer_.latch_host.reset();
}

}  // namespace cordboard::media
