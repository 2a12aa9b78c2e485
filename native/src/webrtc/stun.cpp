// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/stun.hpp"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <cstring>

#include "rtp/packet.hpp"

namespace cordboard::webrtc {

using rtp::read16;
using rtp::read32;
using rtp::write16;
using rtp::write32;

namespace {

constexpr uint32_t kCookie = 0x2112A442;
constexpr uint32_t kFingerprintMask = 0x5354554E;
constexpr std::size_t kAttributeHeader = 4;
constexpr std::size_t kIntegrityOctets = 20;
constexpr std::size_t kFingerprintOctets = 4;
constexpr uint16_t kOptional = 0x8000;
constexpr uint8_t kFamilyIpv4 = 1;
constexpr uint8_t kFamilyIpv6 = 2;
constexpr std::size_t kMostReason = 64;
// Names of other parts of STUN that ICE has no use for, but that nobody has to refuse (RFC 8489 18.3).
constexpr std::array<uint16_t, 3> kUnderstood{kStunErrorCode, kStunUnknown, kStunMapped};

constexpr std::size_t padded(std::size_t octets) { return (octets + 3) / 4 * 4; }

/// ITU-T V.42, as everywhere.
constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xEDB88320 : value >> 1;
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = crc_table();

uint32_t crc32(std::span<const uint8_t> octets) {
  uint32_t crc = UINT32_MAX;
  for (const auto octet : octets) crc = crc >> 8 ^ kCrcTable[(crc ^ octet) & 0xFF];
  return ~crc;
}

/// HMAC-SHA1 of `octets`, whose header says that MESSAGE-INTEGRITY is the last attribute. False: the library cannot.
bool sign(std::span<const uint8_t> octets, std::string_view password, std::span<uint8_t, kIntegrityOctets> out) {
  return gnutls_hmac_fast(GNUTLS_MAC_SHA1, password.data(), password.size(), octets.data(), octets.size(),
                          out.data()) == 0;
}

bool read_attribute(uint16_t type, std::span<const uint8_t> value, StunView& view) {
  switch (type) {
    case kStunUsername:
      view.username = {reinterpret_cast<const char*>(value.data()), value.size()};
      return true;
    case kStunPriority:
      if (value.size() != 4) return false;
      view.priority = read32(value.data());
      return true;
    case kStunUseCandidate:
      view.use_candidate = true;
      return value.empty();
    case kStunControlling:
    case kStunControlled:
      if (value.size() != 8) return false;
      (type == kStunControlling ? view.says_controlling : view.says_controlled) = true;
      view.tie_breaker = uint64_t{read32(value.data())} << 32 | read32(value.data() + 4);
      return true;
    default:
      if (type >= kOptional || std::find(kUnderstood.begin(), kUnderstood.end(), type) != kUnderstood.end())
        return true;
      if (view.unknown_count < view.unknown.size()) view.unknown[view.unknown_count++] = type;
      return true;
  }
}

}  // namespace

StunFault parse_stun(std::span<const uint8_t> octets, StunView& view) {
  if (octets.size() < kStunHeader + kAttributeHeader + kFingerprintOctets) return StunFault::kTooShort;
  const std::size_t length = read16(octets.data() + 2);
  if (length % 4 != 0 || kStunHeader + length != octets.size()) return StunFault::kLength;
  if (read32(octets.data() + 4) != kCookie) return StunFault::kCookie;
  const auto type = static_cast<StunType>(read16(octets.data()));
  switch (type) {
    case StunType::kBindingRequest:
    case StunType::kBindingIndication:
    case StunType::kBindingSuccess:
    case StunType::kBindingError:
      break;
    default:
      return StunFault::kType;
  }
  view = {.type = type, .octets = octets, .transaction = octets.subspan(8, kStunTransaction)};
  std::size_t at = kStunHeader;
  for (std::size_t count = 0; at < octets.size(); ++count) {
    if (count == kMostStunAttributes) return StunFault::kTooMany;
    if (octets.size() - at < kAttributeHeader) return StunFault::kAttribute;
    const uint16_t name = read16(octets.data() + at);
    const std::size_t size = read16(octets.data() + at + 2);
    if (octets.size() - at - kAttributeHeader < padded(size)) return StunFault::kAttribute;
    const auto value = octets.subspan(at + kAttributeHeader, size);
    const std::size_t next = at + kAttributeHeader + padded(size);
    if (name == kStunFingerprint) {
      const bool last = next == octets.size() && size == kFingerprintOctets;
      const bool good = last && read32(value.data()) == (crc32(octets.first(at)) ^ kFingerprintMask);
      return good ? StunFault::kNone : StunFault::kFingerprint;
    }
    if (view.integrity == 0) {
      if (name == kStunIntegrity) {
        if (size != kIntegrityOctets) return StunFault::kAttribute;
        view.integrity = at;
      } else if (!read_attribute(name, value, view)) {
        return StunFault::kAttribute;
      }
    }
    at = next;
  }
  return StunFault::kFingerprint;
}

bool signed_with(const StunView& message, std::string_view password) {
  if (message.integrity == 0 || message.integrity > rtp::kMaxDatagram) return false;
  // The header is signed as it was before FINGERPRINT came behind.
  std::array<uint8_t, rtp::kMaxDatagram> copy;
  const auto before = message.octets.first(message.integrity);
  std::copy(before.begin(), before.end(), copy.begin());
  write16(copy.data() + 2,
          static_cast<uint16_t>(message.integrity + kAttributeHeader + kIntegrityOctets - kStunHeader));
  std::array<uint8_t, kIntegrityOctets> wanted;
  if (!sign({copy.data(), message.integrity}, password, wanted)) return false;
  const auto* const said = message.octets.data() + message.integrity + kAttributeHeader;
  return gnutls_memcmp(wanted.data(), said, wanted.size()) == 0;
}

// ------------------------------------------------------------------------------------------------------------- writing

StunWriter::StunWriter(std::span<uint8_t> out, StunType type, std::span<const uint8_t> transaction) : out_(out) {
  write16(out_.data(), static_cast<uint16_t>(type));
  write32(out_.data() + 4, kCookie);
  std::copy(transaction.begin(), transaction.end(), out_.begin() + 8);
}

uint8_t* StunWriter::add(uint16_t type, std::size_t octets) {
  uint8_t* const at = out_.data() + used_;
  write16(at, type);
  write16(at + 2, static_cast<uint16_t>(octets));
  std::memset(at + kAttributeHeader, 0, padded(octets));
  used_ += kAttributeHeader + padded(octets);
  return at + kAttributeHeader;
}

void StunWriter::set_length(std::size_t octets) {
  write16(out_.data() + 2, static_cast<uint16_t>(octets - kStunHeader));
}

void StunWriter::mapped(const rtp::Address& address) {
  const bool ipv4 = address.is_ipv4();
  const std::size_t size = ipv4 ? 4 : 16;
  uint8_t* const value = add(kStunMapped, 4 + size);
  value[1] = ipv4 ? kFamilyIpv4 : kFamilyIpv6;
  write16(value + 2, static_cast<uint16_t>(address.port ^ kCookie >> 16));
  // Cookie and transaction lie behind one another in the header, as the mask of an address does.
  const auto* const host = address.host.data() + (address.host.size() - size);
  for (std::size_t i = 0; i < size; ++i) value[4 + i] = host[i] ^ out_[4 + i];
}

void StunWriter::error(uint16_t code, std::string_view reason) {
  const auto text = reason.substr(0, kMostReason);
  uint8_t* const value = add(kStunErrorCode, 4 + text.size());
  value[2] = static_cast<uint8_t>(code / 100);
  value[3] = static_cast<uint8_t>(code % 100);
  std::copy(text.begin(), text.end(), value + 4);
}

void StunWriter::unknown(std::span<const uint16_t> attributes) {
  uint8_t* value = add(kStunUnknown, 2 * attributes.size());
  for (const auto attribute : attributes) {
    write16(value, attribute);
    value += 2;
  }
}

void StunWriter::attribute(uint16_t type, std::span<const uint8_t> value) {
  std::copy(value.begin(), value.end(), add(type, value.size()));
}

std::size_t StunWriter::finish(std::string_view password) {
  const std::size_t before = used_;
  uint8_t* const integrity = add(kStunIntegrity, kIntegrityOctets);
  set_length(used_);
  std::array<uint8_t, kIntegrityOctets> made{};
  if (!sign({out_.data(), before}, password, made)) return 0;
  std::copy(made.begin(), made.end(), integrity);
  const std::size_t signed_octets = used_;
  uint8_t* const fingerprint = add(kStunFingerprint, kFingerprintOctets);
  set_length(used_);
  write32(fingerprint, crc32(out_.first(signed_octets)) ^ kFingerprintMask);
  return used_;
}

}  // namespace cordboard::webrtc
