// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace cordboard::rtp {

namespace {

constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<Address> Address::parse(std::string_view host, uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (host.empty() || host.size() >= text.size()) return std::nullopt;
  std::copy(host.begin(), host.end(), text.begin());
  Address address;
  address.port = port;
  in_addr v4{};
  if (inet_pton(AF_INET, text.data(), &v4) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), address.host.begin());
    std::memcpy(address.host.data() + kMapped.size(), &v4, sizeof v4);
    return address;
  }
  if (inet_pton(AF_INET6, text.data(), address.host.data()) == 1) return address;
  return std::nullopt;
}

std::optional<Address> Address::from(const SocketAddress& from) {
  Address address;
  if (from.any.sa_family == AF_INET) {
    std::copy(kMapped.begin(), kMapped.end(), address.host.begin());
    std::memcpy(address.host.data() + kMapped.size(), &from.v4.sin_addr, sizeof from.v4.sin_addr);
    address.port = ntohs(from.v4.sin_port);
    return address;
  }
  if (from.any.sa_family == AF_INET6) {
    std::memcpy(address.host.data(), &from.v6.sin6_addr, sizeof from.v6.sin6_addr);
    address.port = ntohs(from.v6.sin6_port);
    return address;
  }
  return std::nullopt;
}

socklen_t Address::to(SocketAddress& to, sa_family_t family) const {
  if (family == AF_INET) {
    if (!is_ipv4()) return 0;
    to.v4 = {};
    to.v4.sin_family = AF_INET;
    to.v4.sin_port = htons(port);
    std::memcpy(&to.v4.sin_addr, host.data() + kMapped.size(), sizeof to.v4.sin_addr);
    return sizeof to.v4;
  }
  if (family != AF_INET6) return 0;
  to.v6 = {};
  to.v6.sin6_family = AF_INET6;
  to.v6.sin6_port = htons(port);
  std::memcpy(&to.v6.sin6_addr, host.data(), sizeof to.v6.sin6_addr);
  return sizeof to.v6;
}

bool Address::unspecified() const {
  const auto from = host.begin() + (is_ipv4() ? kMapped.size() : 0);
  return std::all_of(from, host.end(), [](uint8_t octet) { return octet == 0; });
}

bool Address::is_ipv4() const { return std::equal(kMapped.begin(), kMapped.end(), host.begin()); }

bool Address::multicast() const { return is_ipv4() ? host[12] >> 4 == 0xE : host[0] == 0xFF; }

std::string Address::host_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4()) {
    inet_ntop(AF_INET, host.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, host.data(), text.data(), text.size());
  }
  return text.data();
}

std::string Address::text() const {
  const auto host_part = host_text();
  return (is_ipv4() ? host_part : "[" + host_part + "]") + ":" + std::to_string(port);
}

}  // namespace cordboard::rtp
