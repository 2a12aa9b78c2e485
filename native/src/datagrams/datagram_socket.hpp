// SPDX-License-Identifier: GPL-2.0-or-later
// A UDP socket that reads and writes many datagrams with one system call, for signalling: what comes in a burst costs one
// wake-up, and of what is sent in a burst only the first wakes the peer. One thread; never blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/socket.hpp"

namespace cordboard::datagrams {

/// An address with its family: "192.0.2.1", "2001:db8::1", "fe80::1%eth0".
struct Peer {
  SocketAddress address{};
  socklen_t length{};  // 0: none

  /// From digits alone, with the zone that a link-local address needs: a name is none, and nobody is asked.
  static Peer parse(std::string_view host, uint16_t port);
  std::string host() const;
  uint16_t port() const;
};

struct Outgoing {
  std::span<const std::byte> bytes;
  Peer to;
};

class DatagramSocket {
 public:
  /// datagrams of one system call
  static constexpr std::size_t kBatch = 64;
  /// bytes; UDP has none that is longer
  static constexpr std::size_t kSlotBytes = 65536;

  /// `host` is an address of the machine, 0.0.0.0 or ::, which takes IPv6 alone; port 0 is any that is free. Buffers in bytes.
  /// Returns 0, or the errno of what failed; then it stays closed.
  int open(std::string_view host, uint16_t port, uint32_t receive_bytes, uint32_t send_bytes);
  void close() { descriptor_ = Descriptor(); }

  int descriptor() const { return descriptor_.number(); }
  /// The one it has, also where any was asked for; 0 while it is closed.
  uint16_t port() const;

  /// Reads what has come, each datagram into a slot of `slots`, which has room for kBatch of kSlotBytes. Returns how many,
  /// or the negative errno.
  int receive(std::byte* slots);
  /// Of the last `receive`.
  std::size_t length(std::size_t slot) const { return lengths_[slot]; }
  const Peer& from(std::size_t slot) const { return from_[slot]; }

  /// Sends in order, kBatch at most. errors[i] is 0, or the errno for datagram i alone. Returns how many are done with; the
  /// rest is for when the socket can be written to again.
  std::size_t send(std::span<const Outgoing> outgoing, std::span<int32_t> errors);

 private:
  Descriptor descriptor_;
  std::array<std::size_t, kBatch> lengths_{};
  std::array<Peer, kBatch> from_{};
};

}  // namespace cordboard::datagrams
