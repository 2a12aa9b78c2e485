// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of one process of tests: processes run side by side.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace cordboard {

constexpr uint32_t kOwnPorts = 600;

/// The first of 600 UDP ports, an even one, that no other process of these tests has. They lie between those that the daemon's
/// tests use and those that the system gives out (from 32768). What holds them for the life of the process is a name among the
/// abstract ones of unix(7), which goes with it.
inline uint32_t own_ports() {
  constexpr uint32_t kFirst = 20000;
  constexpr uint32_t kRanges = 16;
  static const uint32_t first = [] {
    const auto from = static_cast<uint32_t>(getpid());
    for (uint32_t i = 0; i < kRanges; ++i) {
      const auto range = (from + i) % kRanges;
      const auto name = "cordboard-test-ports-" + std::to_string(range);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
      const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
      const auto holder = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (holder < 0) break;
      if (bind(holder, reinterpret_cast<const sockaddr*>(&address), length) == 0) return kFirst + range * kOwnPorts;
      ::close(holder);
    }
    // All are held: whoever shares a range is given the next free port of it.
    return kFirst + from % kRanges * kOwnPorts;
  }();
  return first;
}

}  // namespace cordboard
