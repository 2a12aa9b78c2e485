// SPDX-License-Identifier: GPL-2.0-or-later
// Looks at what a peer says in a handshake before the library does. GnuTLS puts fragments of a message together by its type
// alone: fragments that disagree about its length, or overlap in certain ways, make 3.7.9 read and write beyond its memory.
//
// Records in the open (epoch 0) must be whole, of DTLS 1.x, and hold the messages that a client sends, each with one number
// and one length, and fragments that lie within it. Records under keys authenticate themselves.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace cordboard::webrtc {

class DtlsGuard {
 public:
  /// Whether all of a datagram may be shown to the library. What is not is to be dropped.
  bool admits(std::span<const uint8_t> datagram);

 private:
  struct Message {
    uint8_t type{};
    bool seen{};
    uint16_t number{};
    uint32_t length{};
  };
  bool admits_handshake(std::span<const uint8_t> record);

  // ClientHello, Certificate, CertificateVerify, ClientKeyExchange.
  std::array<Message, 4> messages_{{{1}, {11}, {15}, {16}}};
};

}  // namespace cordboard::webrtc
