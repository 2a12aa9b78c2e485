// SPDX-License-Identifier: GPL-2.0-or-later
// To which of our addresses a datagram came, and from which one leaves, on a socket that is bound to all of them: the system would take that of
// the way to the peer, and who asked another one throws the answer away (IP_PKTINFO: ip(7); IPV6_PKTINFO: RFC 3542 6.1, 6.2).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "rtp/address.hpp"

namespace cordboard::rtp {

/// Has the system tell it; false: it refuses.
bool tell_packet_info(int socket, sa_family_t family);

/// Room for what the system tells beside a datagram, or is told.
class PacketInfo {
 public:
  /// Before receiving.
  void expect(msghdr& header) {
    header.msg_control = octets_.data();
    header.msg_controllen = octets_.size();
  }
  /// After it; without port. Not known: the system has not told.
  static Address local_of(const msghdr& header);

  /// Where to leave from; not a host: the system's choice.
  void leave_from(const Address& local, sa_family_t family);
  /// Before sending.
  void add_to(msghdr& header) const {
    header.msg_control = used_ == 0 ? nullptr : const_cast<uint8_t*>(octets_.data());
    header.msg_controllen = used_;
  }

 private:
  // of both kinds, for a socket of both
  static constexpr std::size_t kRoom = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo));
  alignas(cmsghdr) std::array<uint8_t, kRoom> octets_{};
  std::size_t used_{};
};

/// One datagram, without waiting; negative: refused, errno says why.
ssize_t send_from(int socket, sa_family_t family, std::span<const uint8_t> octets, const Address& to,
                  const Address& local);

}  // namespace cordboard::rtp
