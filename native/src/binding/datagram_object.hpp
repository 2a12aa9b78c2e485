// SPDX-License-Identifier: GPL-2.0-or-later
// The Node-API face of datagrams::DatagramSocket, on the event loop of the thread that makes it. See daemon/src/engine/datagram-socket.ts for the
// calls, which are its only user.
#pragma once

#include <napi.h>

namespace cordboard::binding {

Napi::Function define_datagram_socket(Napi::Env env);

/// The function sendLocalDatagram(path, text): 0 or the errno. daemon/src/engine/local-datagram.ts is its only user.
Napi::Function define_send_local_datagram(Napi::Env env);

}  // namespace cordboard::binding
