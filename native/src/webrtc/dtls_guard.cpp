// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/dtls_guard.hpp"

#include <algorithm>

#include "rtp/packet.hpp"

namespace cordboard::webrtc {

using rtp::read16;
using rtp::read24;

namespace {

// RFC 6347 4.1: type, version, epoch, number, length.
constexpr std::size_t kRecordHeader = 13;
constexpr uint8_t kChangeCipherSpec = 20;
constexpr uint8_t kAlert = 21;
constexpr uint8_t kHandshake = 22;
constexpr uint8_t kData = 23;
constexpr uint8_t kVersion = 0xFE;  // the first octet of 1.0 and 1.2
// RFC 6347 4.2.2: type, length, number, offset and length of the fragment.
constexpr std::size_t kMessageHeader = 12;
// A chain of certificates has a few thousand octets.
constexpr uint32_t kLongestMessage = 16'384;

}  // namespace

bool DtlsGuard::admits(std::span<const uint8_t> datagram) {
  if (datagram.empty()) return false;
  while (!datagram.empty()) {
    if (datagram.size() < kRecordHeader || datagram[1] != kVersion) return false;
    const uint8_t type = datagram[0];
    const bool open = read16(datagram.data() + 3) == 0;
    const std::size_t length = read16(datagram.data() + 11);
    if (type < kChangeCipherSpec || type > kData || length == 0) return false;
    if (datagram.size() - kRecordHeader < length) return false;
    const auto record = datagram.subspan(kRecordHeader, length);
    if (open) {
      const bool good = type == kHandshake ? admits_handshake(record)
                        : type == kAlert   ? length == 2
                                           : type == kChangeCipherSpec && length == 1;
      if (!good) return false;
    }
    datagram = datagram.subspan(kRecordHeader + length);
  }
  return true;
}

bool DtlsGuard::admits_handshake(std::span<const uint8_t> record) {
  while (!record.empty()) {
    if (record.size() < kMessageHeader) return false;
    const uint32_t length = read24(record.data() + 1);
    const uint16_t number = read16(record.data() + 4);
    const uint32_t offset = read24(record.data() + 6);
    const uint32_t fragment = read24(record.data() + 9);
    const auto message =
        std::find_if(messages_.begin(), messages_.end(), [&](const Message& one) { return one.type == record[0]; });
    if (message == messages_.end() || length == 0 || length > kLongestMessage || fragment == 0) return false;
    if (offset > length || fragment > length - offset || record.size() - kMessageHeader < fragment) return false;
    if (!message->seen) {
      message->seen = true;
      message->number = number;
      message->length = length;
    }
    if (message->number != number || message->length != length) return false;
    record = record.subspan(kMessageHeader + fragment);
  }
  return true;
}

}  // namespace cordboard::webrtc
