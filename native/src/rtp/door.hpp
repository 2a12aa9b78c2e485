// SPDX-License-Identifier: GPL-2.0-or-later
// What comes to a socket besides RTP and RTCP, and who answers it: a seam, so that the I/O thread needs to know nothing of
// STUN and DTLS. A socket with a door has one port for everything (RFC 7983): the thread keeps what begins like RTP from
// the addresses that endpoints have, and hands all else to the door, which tells endpoints where their peers are and under
// which keys.
//
//   socket ── first octet 128-191, from an endpoint's source() ──> endpoint
//        └─── everything else ──> door ── redirect(), rekey() ──> endpoint ── moved() ──> I/O thread
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rtp/address.hpp"

namespace cordboard::rtp {

class Endpoint;

/// What has become of a peer behind a door.
enum class DoorNews : uint8_t {
  kReached,  // there is a way to it, or another one: address
  kSecured,  // keys are in force: it is heard and sent to from now on
  kLost,     // it has not said for too long that it wants to hear us (RFC 7675)
  kRefused,  // the handshake failed
  kClosed,   // it has ended the session
};

/// The I/O thread as its door sees it.
class DoorHost {
 public:
  /// The endpoint's source() is another. I/O thread.
  virtual void moved(Endpoint& endpoint) = 0;
  /// To be told to who made the endpoint. `why` lasts for ever. I/O thread.
  virtual void tell(Endpoint& endpoint, DoorNews news, const Address& address, const char* why) = 0;
  /// Has turn() called soon. Any thread.
  virtual void nudge() = 0;

 protected:
  ~DoorHost() = default;
};

/// What a change of an endpoint brings for its door, whatever that is.
struct DoorChange {
  virtual ~DoorChange() = default;
};

/// All functions but the destructor belong to the I/O thread of its socket.
class Door {
 public:
  virtual ~Door() = default;
  /// Once, before everything else: where it may send from.
  virtual void open(DoorHost& host, int socket, sa_family_t family) = 0;
  /// A new endpoint, or another description of one. What is replaced may be left in `change`.
  virtual void changed(Endpoint& endpoint, DoorChange& change, int64_t now_ns) = 0;
  /// The endpoint goes; after this it is not touched.
  virtual void gone(Endpoint& endpoint) = 0;
  /// A datagram that is no RTP, or comes from where no endpoint has its source: `octets` at the beginning of `buffer`, which
  /// has kSrtpSlack more. `at`: which of our addresses it came to, as far as that is a question. False: nobody's.
  virtual bool take(std::span<uint8_t> buffer, std::size_t octets, const Address& from, const Address& at,
                    int64_t now_ns) = 0;
  /// After nudge().
  virtual void turn(int64_t now_ns) = 0;
  /// Once a second.
  virtual void look(int64_t now_ns) = 0;
};

/// Whether a datagram begins like RTP or RTCP where other protocols share the port (RFC 7983 7).
constexpr bool begins_like_rtp(std::span<const uint8_t> octets) {
  constexpr uint8_t kFirst = 128;
  constexpr uint8_t kLast = 191;
  return !octets.empty() && octets[0] >= kFirst && octets[0] <= kLast;
}

}  // namespace cordboard::rtp
