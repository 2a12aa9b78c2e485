// SPDX-License-Identifier: GPL-2.0-or-later
// One datagram to a socket of the unix domain, as sd_notify(3) wants it: Node.js has none.
#pragma once

#include <string_view>

namespace cordboard::datagrams {

/// Sends `text` (bytes as they are) to the socket at `path`, which is absolute, or begins with '@' for one in the abstract name space
/// (unix(7)); 107 characters at most. Never blocks. Returns 0 or the errno; EINVAL when the path is none of these.
int send_local_datagram(std::string_view path, std::string_view text);

}  // namespace cordboard::datagrams
