// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/packet_info.hpp"

#include <cerrno>
#include <cstring>

namespace cordboard::rtp {

bool tell_packet_info(int socket, sa_family_t family) {
  const int on = 1;
  return family == AF_INET ? setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0
                           : setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0;
}

Address PacketInfo::local_of(const msghdr& header) {
  auto& told = const_cast<msghdr&>(header);
  SocketAddress local{};
  for (auto* part = CMSG_FIRSTHDR(&told); part != nullptr; part = CMSG_NXTHDR(&told, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      local.v4.sin_family = AF_INET;
      local.v4.sin_addr = info.ipi_addr;
      return Address::from(local).value_or(Address{});
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(part), sizeof info);
      local.v6.sin6_family = AF_INET6;
      local.v6.sin6_addr = info.ipi6_addr;
      return Address::from(local).value_or(Address{});
    }
  }
  return {};
}

void PacketInfo::leave_from(const Address& local, sa_family_t family) {
  used_ = 0;
  if (local.unspecified()) return;
  const bool v4 = family == AF_INET;
  if (v4 && !local.is_ipv4()) return;
  msghdr header{};
  header.msg_control = octets_.data();
  header.msg_controllen = octets_.size();
  octets_.fill(0);
  auto* const part = CMSG_FIRSTHDR(&header);
  if (v4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local.host.data() + 12, sizeof info.ipi_spec_dst);
    part->cmsg_level = IPPROTO_IP;
    part->cmsg_type = IP_PKTINFO;
    part->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(part), &info, sizeof info);
    used_ = CMSG_SPACE(sizeof info);
  } else {
    // IPv4 too, as it stands in IPv6.
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, local.host.data(), sizeof info.ipi6_addr);
    part->cmsg_level = IPPROTO_IPV6;
    part->cmsg_type = IPV6_PKTINFO;
    part->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(part), &info, sizeof info);
    used_ = CMSG_SPACE(sizeof info);
  }
}

ssize_t send_from(int socket, sa_family_t family, std::span<const uint8_t> octets, const Address& to,
                  const Address& local) {
  SocketAddress address;
  const auto length = to.known() ? to.to(address, family) : 0;
  if (length == 0) {
    errno = EHOSTUNREACH;
    return -1;
  }
  PacketInfo info;
  info.leave_from(local, family);
  iovec part{const_cast<uint8_t*>(octets.data()), octets.size()};
  msghdr header{};
  header.msg_name = &address;
  header.msg_namelen = length;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  info.add_to(header);
  return sendmsg(socket, &header, MSG_DONTWAIT);
}

}  // namespace cordboard::rtp
