// SPDX-License-Identifier: GPL-2.0-or-later
// Where a packet comes from or goes to. IPv4 is kept as an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2), so that both are
// compared and looked up alike, whatever family the socket has on which they were met.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/socket.hpp"

namespace cordboard::rtp {

struct Address {
  std::array<uint8_t, 16> host{};  // all zero: none
  uint16_t port{};                 // 0: none

  /// From digits alone ("192.0.2.1", "2001:db8::1"): a name, a zone and anything else is nothing, and nobody is asked.
  static std::optional<Address> parse(std::string_view host, uint16_t port);
  /// Nothing for a family other than AF_INET and AF_INET6.
  static std::optional<Address> from(const SocketAddress& from);

  /// For a socket of `family`; returns the length, or 0 when the address cannot be reached over it (IPv6 over AF_INET).
  socklen_t to(SocketAddress& to, sa_family_t family) const;

  bool known() const { return port != 0 && !unspecified(); }
  bool unspecified() const;  // 0.0.0.0 or ::
  bool is_ipv4() const;
  bool multicast() const;
  bool same_host(const Address& other) const { return host == other.host; }
  Address with_port(uint16_t other) const { return {host, other}; }

  /// "192.0.2.1" or "2001:db8::1", without the port.
  std::string host_text() const;
  /// "192.0.2.1:4000" or "[2001:db8::1]:4000".
  std::string text() const;

  bool operator==(const Address& other) const {
    uint64_t ours[2];
    uint64_t theirs[2];
    std::memcpy(ours, host.data(), sizeof ours);
    std::memcpy(theirs, other.host.data(), sizeof theirs);
    return ours[0] == theirs[0] && ours[1] == theirs[1] && port == other.port;
  }
  auto operator<=>(const Address&) const = default;
};

}  // namespace cordboard::rtp
