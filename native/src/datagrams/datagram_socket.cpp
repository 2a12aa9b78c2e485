// SPDX-License-Identifier: GPL-2.0-or-later
#include "datagrams/datagram_socket.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>

namespace cordboard::datagrams {

Peer Peer::parse(std::string_view text, uint16_t port) {
  const auto zone_at = text.find('%');
  const auto digits = text.substr(0, zone_at);
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (digits.empty() || digits.size() >= host.size()) return {};
  std::copy(digits.begin(), digits.end(), host.begin());

  Peer peer;
  if (zone_at == std::string_view::npos && inet_pton(AF_INET, host.data(), &peer.address.v4.sin_addr) == 1) {
    peer.address.v4.sin_family = AF_INET;
    peer.address.v4.sin_port = htons(port);
    peer.length = sizeof peer.address.v4;
    return peer;
  }
  if (inet_pton(AF_INET6, host.data(), &peer.address.v6.sin6_addr) != 1) return {};
  if (zone_at != std::string_view::npos) {
    const std::string zone(text.substr(zone_at + 1));
    peer.address.v6.sin6_scope_id = if_nametoindex(zone.c_str());
    if (peer.address.v6.sin6_scope_id == 0) return {};
  }
  peer.address.v6.sin6_family = AF_INET6;
  peer.address.v6.sin6_port = htons(port);
  peer.length = sizeof peer.address.v6;
  return peer;
}

std::string Peer::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.any.sa_family == AF_INET) {
    inet_ntop(AF_INET, &address.v4.sin_addr, text.data(), text.size());
    return text.data();
  }
  inet_ntop(AF_INET6, &address.v6.sin6_addr, text.data(), text.size());
  std::string host = text.data();
  std::array<char, IF_NAMESIZE> zone{};
  const bool local = IN6_IS_ADDR_LINKLOCAL(&address.v6.sin6_addr);
  if (local && if_indextoname(address.v6.sin6_scope_id, zone.data()) != nullptr) host.append("%").append(zone.data());
  return host;
}

uint16_t Peer::port() const {
  return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

int DatagramSocket::open(std::string_view host, uint16_t port, uint32_t receive_bytes, uint32_t send_bytes) {
  const auto own = Peer::parse(host, port);
  if (own.length == 0) return EINVAL;
  const auto family = own.address.any.sa_family;
  Descriptor made(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.open()) return errno;
  const int yes = 1;
  // Each family has its own socket, so that nobody comes by two kinds of address.
  if (family == AF_INET6 && setsockopt(made.number(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0) return errno;
  set_receive_buffer(made.number(), receive_bytes);
  set_send_buffer(made.number(), send_bytes);
  if (bind(made.number(), &own.address.any, own.length) != 0) return errno;
  descriptor_ = std::move(made);
  return 0;
}

uint16_t DatagramSocket::port() const {
  Peer own;
  socklen_t length = sizeof own.address;
  if (!descriptor_.open() || getsockname(descriptor_.number(), &own.address.any, &length) != 0) return 0;
  return own.port();
}

int DatagramSocket::receive(std::byte* slots) {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts;
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {slots + i * kSlotBytes, kSlotBytes};
    headers[i].msg_hdr.msg_name = &from_[i].address;
    headers[i].msg_hdr.msg_namelen = sizeof from_[i].address;
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  const int count = recvmmsg(descriptor_.number(), headers.data(), kBatch, 0, nullptr);
  if (count < 0) return -errno;
  for (int i = 0; i < count; ++i) {
    lengths_[i] = headers[i].msg_len;
    from_[i].length = headers[i].msg_hdr.msg_namelen;
  }
  return count;
}

std::size_t DatagramSocket::send(std::span<const Outgoing> outgoing, std::span<int32_t> errors) {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> parts;
  const auto total = std::min({outgoing.size(), errors.size(), kBatch});
  for (std::size_t i = 0; i < total; ++i) {
    const auto& [bytes, to] = outgoing[i];
    // The system calls take no const, and change nothing.
    parts[i] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
    headers[i].msg_hdr.msg_name = const_cast<SocketAddress*>(&to.address);
    headers[i].msg_hdr.msg_namelen = to.length;
    headers[i].msg_hdr.msg_iov = &parts[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t done = 0;
  while (done < total) {
    if (outgoing[done].to.length == 0) {
      errors[done++] = EINVAL;
      continue;
    }
    // As far as the next that has no address.
    auto until = done;
    while (until < total && outgoing[until].to.length != 0) ++until;
    const int sent = sendmmsg(descriptor_.number(), &headers[done], static_cast<unsigned>(until - done), 0);
    if (sent > 0) {
      std::fill_n(errors.begin() + static_cast<std::ptrdiff_t>(done), sent, 0);
      done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      errors[done++] = errno;
    }
  }
  return done;
}

}  // namespace cordboard::datagrams
