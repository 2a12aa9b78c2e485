// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/packet.hpp"

#include <algorithm>
#include <cstring>

namespace cordboard::rtp {

namespace {

constexpr unsigned kVersion = 2;

/// The same for empty spans, whose data() memcpy must not be given.
uint8_t* append(std::span<const uint8_t> octets, uint8_t* out) { return std::copy(octets.begin(), octets.end(), out); }

}  // namespace

bool is_control(std::span<const uint8_t> octets) {
  return octets.size() >= 2 && octets[0] >> 6 == kVersion && octets[1] >= 192 && octets[1] <= 223;
}

PacketFault parse_packet(std::span<const uint8_t> octets, PacketView& view) {
  if (octets.size() < kRtpHeader) return PacketFault::kTooShort;
  if (octets.size() > kMaxDatagram) return PacketFault::kTooLong;
  const uint8_t* const p = octets.data();
  if (p[0] >> 6 != kVersion) return PacketFault::kVersion;
  if (is_control(octets)) return PacketFault::kControl;
  view = {.payload_type = static_cast<uint8_t>(p[1] & 0x7F),
          .marker = (p[1] & 0x80) != 0,
          .sequence = read16(p + 2),
          .timestamp = read32(p + 4),
          .ssrc = read32(p + 8)};
  std::size_t at = kRtpHeader;
  const std::size_t csrc_octets = 4U * (p[0] & 15);
  if (octets.size() - at < csrc_octets) return PacketFault::kTruncated;
  view.csrcs = octets.subspan(at, csrc_octets);
  at += csrc_octets;
  if ((p[0] & 0x10) != 0) {
    if (octets.size() - at < 4) return PacketFault::kTruncated;
    view.extension_profile = read16(p + at);
    const std::size_t extension_octets = 4U * read16(p + at + 2);
    at += 4;
    if (octets.size() - at < extension_octets) return PacketFault::kTruncated;
    view.extension = octets.subspan(at, extension_octets);
    at += extension_octets;
  }
  std::size_t payload_octets = octets.size() - at;
  if ((p[0] & 0x20) != 0) {
    view.padding = octets.back();
    // It counts itself, so 0 is wrong; and it cannot reach into the header.
    if (view.padding == 0 || view.padding > payload_octets) return PacketFault::kPadding;
    payload_octets -= view.padding;
  }
  view.payload = octets.subspan(at, payload_octets);
  return PacketFault::kNone;
}

std::size_t write_header(const PacketHeader& header, uint8_t* out) {
  out[0] = kVersion << 6;
  out[1] = static_cast<uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7F));
  write16(out + 2, header.sequence);
  write32(out + 4, header.timestamp);
  write32(out + 8, header.ssrc);
  return kRtpHeader;
}

std::size_t write_packet(const PacketView& view, std::span<uint8_t> out) {
  const bool extended = view.extension_profile != 0 || !view.extension.empty();
  if (view.csrcs.size() % 4 != 0 || view.csrcs.size() > 4 * kMaxCsrcs) return 0;
  if (view.extension.size() % 4 != 0 || view.extension.size() > 4U * 65535) return 0;
  const std::size_t octets =
      kRtpHeader + view.csrcs.size() + (extended ? 4 + view.extension.size() : 0) + view.payload.size() + view.padding;
  if (octets > out.size()) return 0;
  write_header({view.payload_type, view.marker, view.sequence, view.timestamp, view.ssrc}, out.data());
  out[0] = static_cast<uint8_t>(out[0] | (view.padding > 0 ? 0x20 : 0) | (extended ? 0x10 : 0) | view.csrcs.size() / 4);
  uint8_t* p = append(view.csrcs, out.data() + kRtpHeader);
  if (extended) {
    write16(p, view.extension_profile);
    write16(p + 2, static_cast<uint16_t>(view.extension.size() / 4));
    p = append(view.extension, p + 4);
  }
  p = append(view.payload, p);
  if (view.padding > 0) {
    std::memset(p, 0, view.padding);
    p[view.padding - 1] = view.padding;
  }
  return octets;
}

}  // namespace cordboard::rtp
