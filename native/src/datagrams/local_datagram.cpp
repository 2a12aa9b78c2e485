// SPDX-License-Identifier: GPL-2.0-or-later
#include "datagrams/local_datagram.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/socket.hpp"

namespace cordboard::datagrams {

int send_local_datagram(std::string_view path, std::string_view text) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool named = path.size() > 1 && (path.front() == '/' || path.front() == '@');
  if (!named || path.size() >= sizeof to.sun_path || path.find('\0') != std::string_view::npos) return EINVAL;
  std::memcpy(to.sun_path, path.data(), path.size());
  const bool abstract = path.front() == '@';
  if (abstract) to.sun_path[0] = '\0';
  // A name in the file system ends in a zero; one of the abstract kind is as long as it is said to be.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.number() < 0) return errno;
  const auto sent =
      ::sendto(socket.number(), text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), length);
  return sent < 0 ? errno : 0;
}

}  // namespace cordboard::datagrams
