// SPDX-License-Identifier: GPL-2.0-or-later
// What every socket needs: an owner, an address for system calls, and its buffers.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <utility>

namespace cordboard {

/// An open file, closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  bool open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// What a system call takes and gives: a sockaddr_in or a sockaddr_in6.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

/// Bytes of a socket's buffers: as many as asked for where the process may (CAP_NET_ADMIN), else as many as the system allows
/// everybody. Returns what it is now, as the kernel counts it; 0 when it does not say.
uint32_t set_receive_buffer(int socket, uint32_t bytes);
uint32_t set_send_buffer(int socket, uint32_t bytes);

}  // namespace cordboard
