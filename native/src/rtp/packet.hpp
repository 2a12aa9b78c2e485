// SPDX-License-Identifier: GPL-2.0-or-later
// RTP packets (RFC 3550 5.1, 5.3.1): read from octets that anybody may have sent, and written.
//
//   0                   1                   2                   3
//   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//   |                           timestamp                           |
//   |                             SSRC                              |
//   |                       CSRC, CC of them                        |
//   | X: profile                    | length in words               |  extension …
//   | payload …                                     P: … | n of pad |
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/describe.hpp"

namespace cordboard::rtp {

inline constexpr std::size_t kRtpHeader = 12;
inline constexpr std::size_t kMaxCsrcs = 15;

/// The longest datagram that is looked at: an Ethernet frame's. Longer ones are refused before they are parsed.
inline constexpr std::size_t kMaxDatagram = 1500;

/// A packet as it lies in the octets it was read from.
struct PacketView {
  uint8_t payload_type{};
  bool marker{};
  uint16_t sequence{};
  uint32_t timestamp{};
  uint32_t ssrc{};
  std::span<const uint8_t> csrcs;      // 4 octets each, in network order
  uint16_t extension_profile{};        // of an extension, if there is one
  std::span<const uint8_t> extension;  // its words
  std::span<const uint8_t> payload;    // without padding; may be empty
  uint8_t padding{};                   // octets of it, 0: none
};

enum class PacketFault : uint8_t {
  kNone,
  kTooShort,   // fewer than 12 octets
  kTooLong,    // more than kMaxDatagram
  kVersion,    // not 2: STUN, DTLS, nonsense
  kControl,    // RTCP (RFC 5761 4)
  kTruncated,  // CSRCs or extension reach beyond the end
  kPadding,    // 0, or more than there is
};

/// Reads a packet; `view` is complete when kNone comes back and undefined otherwise. Reads nothing outside `octets`.
PacketFault parse_packet(std::span<const uint8_t> octets, PacketView& view);

/// Whether a datagram on a port that carries both is RTCP: its second octet is 192-223 (RFC 5761 4). False for fewer than
/// two octets and for versions other than 2.
bool is_control(std::span<const uint8_t> octets);

struct PacketHeader {
  uint8_t payload_type{};  // 0-127
  bool marker{};
  uint16_t sequence{};
  uint32_t timestamp{};
  uint32_t ssrc{};
};

/// Writes the 12 octets of a header without CSRCs, extension and padding; returns kRtpHeader.
std::size_t write_header(const PacketHeader& header, uint8_t* out);

/// Writes a whole packet as `view` describes it, with padding to its last octet, and returns its octets; 0 when it does
/// not fit `out` or cannot be said (more than 15 CSRCs, parts of words, an extension over 65535 words).
std::size_t write_packet(const PacketView& view, std::span<uint8_t> out);

// In network order. For everything in this folder that reads or writes octets.
constexpr uint16_t read16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
constexpr uint32_t read24(const uint8_t* p) { return uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2]; }
constexpr uint32_t read32(const uint8_t* p) { return uint32_t{read16(p)} << 16 | read16(p + 2); }
constexpr void write16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}
constexpr void write24(uint8_t* p, uint32_t value) {
  p[0] = static_cast<uint8_t>(value >> 16);
  write16(p + 1, static_cast<uint16_t>(value));
}
constexpr void write32(uint8_t* p, uint32_t value) {
  write16(p, static_cast<uint16_t>(value >> 16));
  write16(p + 2, static_cast<uint16_t>(value));
}

}  // namespace cordboard::rtp

namespace cordboard {
template <>
struct EnumNames<rtp::PacketFault> {
  static constexpr std::array<std::string_view, 7> names{"none",    "too_short", "too_long", "version",
                                                         "control", "truncated", "padding"};
};
}  // namespace cordboard
