// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/socket.hpp"

#include <unistd.h>

namespace cordboard {

namespace {

uint32_t set_buffer(int socket, int forced, int ordinary, uint32_t bytes) {
  const int wanted = static_cast<int>(bytes);
  if (setsockopt(socket, SOL_SOCKET, forced, &wanted, sizeof wanted) != 0) {
    // Too much is cut down to the limit by the system; what it has become is asked for below.
    [[maybe_unused]] const int cut = setsockopt(socket, SOL_SOCKET, ordinary, &wanted, sizeof wanted);
  }
  int given = 0;
  socklen_t size = sizeof given;
  if (getsockopt(socket, SOL_SOCKET, ordinary, &given, &size) != 0) return 0;
  return static_cast<uint32_t>(given);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

uint32_t set_receive_buffer(int socket, uint32_t bytes) {
  return set_buffer(socket, SO_RCVBUFFORCE, SO_RCVBUF, bytes);
}

uint32_t set_send_buffer(int socket, uint32_t bytes) {
  return set_buffer(socket, SO_SNDBUFFORCE, SO_SNDBUF, bytes);
}

}  // namespace cordboard
