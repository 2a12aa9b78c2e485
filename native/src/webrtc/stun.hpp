// SPDX-License-Identifier: GPL-2.0-or-later
// STUN messages as ICE uses them (RFC 8489, RFC 8445 16): read from octets that anybody may have sent, and written.
//
//   | 00 type (14) | length (16) | 2112A442 | transaction (96) |  then attributes: | type | length | value, padded to 4 |
//
// ICE signs with MESSAGE-INTEGRITY (HMAC-SHA1 under the password of who is asked) and ends with FINGERPRINT (CRC-32).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/describe.hpp"
#include "rtp/address.hpp"

namespace cordboard::webrtc {

inline constexpr std::size_t kStunHeader = 20;
inline constexpr std::size_t kStunTransaction = 12;
/// Attributes of a message that are looked at; ICE has a handful.
inline constexpr std::size_t kMostStunAttributes = 24;

enum class StunType : uint16_t {
  kBindingRequest = 0x0001,
  kBindingIndication = 0x0011,
  kBindingSuccess = 0x0101,
  kBindingError = 0x0111,
};

/// A message as it lies in the octets it was read from.
struct StunView {
  StunType type{};
  std::span<const uint8_t> octets;       // all of it
  std::span<const uint8_t> transaction;  // kStunTransaction
  std::string_view username;             // empty: none
  std::size_t integrity{};               // where MESSAGE-INTEGRITY begins; 0: there is none
  std::optional<uint32_t> priority;      // PRIORITY
  bool use_candidate{};
  bool says_controlling{};  // ICE-CONTROLLING, ICE-CONTROLLED
  bool says_controlled{};
  uint64_t tie_breaker{};
  std::array<uint16_t, 4>
      unknown{};  // attributes that have to be understood and are not (below 0x8000), the first of them
  std::size_t unknown_count{};
};

enum class StunFault : uint8_t {
  kNone,
  kTooShort,
  kLength,  // is not that of the datagram, or no multiple of four
  kCookie,
  kType,         // of another method, or none of the four
  kAttribute,    // reaches beyond the end, or has the wrong size
  kTooMany,      // attributes
  kFingerprint,  // there is none, it is wrong, or not the last
};

/// Reads a message; `view` is complete when kNone comes back and undefined otherwise. Reads nothing outside `octets`. What
/// stands behind MESSAGE-INTEGRITY is not believed (RFC 8489 14.5).
StunFault parse_stun(std::span<const uint8_t> octets, StunView& view);

/// Whether MESSAGE-INTEGRITY is there and was made with this password (RFC 8489 9.1). Compares in constant time.
bool signed_with(const StunView& message, std::string_view password);

/// Writes one message into the room it is given, which must have kMostWritten octets.
class StunWriter {
 public:
  static constexpr std::size_t kMostWritten = 256;

  StunWriter(std::span<uint8_t> out, StunType type, std::span<const uint8_t> transaction);
  /// XOR-MAPPED-ADDRESS (RFC 8489 14.2).
  void mapped(const rtp::Address& address);
  /// ERROR-CODE (14.8).
  void error(uint16_t code, std::string_view reason);
  /// UNKNOWN-ATTRIBUTES (14.9), four at most.
  void unknown(std::span<const uint16_t> attributes);
  /// Any other attribute, up to 64 octets.
  void attribute(uint16_t type, std::span<const uint8_t> value);
  /// MESSAGE-INTEGRITY and FINGERPRINT; returns the octets of the whole.
  std::size_t finish(std::string_view password);

 private:
  uint8_t* add(uint16_t type, std::size_t octets);
  void set_length(std::size_t octets);

  std::span<uint8_t> out_;
  std::size_t used_ = kStunHeader;
};

// Attributes (RFC 8489 18.3, RFC 8445 16.1).
inline constexpr uint16_t kStunUsername = 0x0006;
inline constexpr uint16_t kStunIntegrity = 0x0008;
inline constexpr uint16_t kStunErrorCode = 0x0009;
inline constexpr uint16_t kStunUnknown = 0x000A;
inline constexpr uint16_t kStunMapped = 0x0020;
inline constexpr uint16_t kStunPriority = 0x0024;
inline constexpr uint16_t kStunUseCandidate = 0x0025;
inline constexpr uint16_t kStunFingerprint = 0x8028;
inline constexpr uint16_t kStunControlled = 0x8029;
inline constexpr uint16_t kStunControlling = 0x802A;

}  // namespace cordboard::webrtc

namespace cordboard {
template <>
struct EnumNames<webrtc::StunFault> {
  static constexpr std::array<std::string_view, 8> names{"none", "too_short", "length",   "cookie",
                                                         "type", "attribute", "too_many", "fingerprint"};
};
}  // namespace cordboard
