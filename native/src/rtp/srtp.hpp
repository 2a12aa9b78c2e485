// SPDX-License-Identifier: GPL-2.0-or-later
// SRTP and SRTCP of one session (RFC 3711) with keys from the signalling (SDES, RFC 4568), over libsrtp2 (its ciphers: srtp_nettle.hpp).
//
//   RTP  ── protect ──> SRTP  = RTP header + encrypted payload + tag (4-16 octets)
//   SRTP ── unprotect ──> RTP, or 0: wrong tag, replayed, too old. Roll-over counter and replay window (128 packets) are
//                             kept per SSRC; an SSRC is believed only after a packet of it has authenticated
//
// What does not authenticate is counted and nothing else: no answer, no log line, no state. Used by one I/O thread; made
// by any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/counters.hpp"
#include "base/result.hpp"

namespace cordboard::rtp {

enum class SrtpSuite : uint8_t {
  kAesCm128HmacSha1_80,  // RFC 4568 6.2.1
  kAesCm128HmacSha1_32,  // RFC 4568 6.2.2
  kAes256CmHmacSha1_80,  // RFC 6188
  kAes256CmHmacSha1_32,  // RFC 6188
  kAeadAes128Gcm,        // RFC 7714, when the library has it
  kAeadAes256Gcm,        // RFC 7714, when the library has it
};

/// From a crypto attribute's name ("AES_CM_128_HMAC_SHA1_80"); nothing for an unknown one.
std::optional<SrtpSuite> srtp_suite(std::string_view name);

/// Octets of master key and master salt, which stand behind one another in a crypto attribute's `inline:`: 30, 46, 28, 44.
std::size_t srtp_key_octets(SrtpSuite suite);

/// Whether the library on this machine can do it.
bool srtp_works(SrtpSuite suite);

/// Room that must be left behind a packet for protect(): tag, SRTCP index and what the library scribbles on.
inline constexpr std::size_t kSrtpSlack = 64;

/// Packets that were refused. Any thread may read.
struct SrtpCounts {
  Count unauthenticated;  // wrong tag: another key, a flipped bit, a forger
  Count replayed;         // seen already, or older than the window
  Count malformed;        // too short, not RTP, more than kMaxSsrcs of them
  Count unsent;           // could not be protected: the key has been used 2^48 (SRTCP 2^31) times
};

class SrtpSession {
 public:
  /// SSRCs that a peer may use in one session before the one heard from least recently is forgotten.
  static constexpr std::size_t kMaxSsrcs = 4;

  /// `send_key` and `receive_key`: master key and salt, srtp_key_octets(suite) each. Errors: kInvalid for another length,
  /// kUnavailable when the library cannot do the suite. Allocates; takes 50-150 us.
  static Result<std::unique_ptr<SrtpSession>> make(SrtpSuite suite, std::span<const uint8_t> send_key,
                                                   std::span<const uint8_t> receive_key);
  ~SrtpSession();
  SrtpSession(const SrtpSession&) = delete;
  SrtpSession& operator=(const SrtpSession&) = delete;

  /// Whether this is what make() would give: then the session has to be kept when a description comes again, because a
  /// new one would begin with roll-over counter 0.
  bool same(SrtpSuite suite, std::span<const uint8_t> send_key, std::span<const uint8_t> receive_key) const;

  /// In place: the packet's `octets` at the beginning of `buffer`, which has kSrtpSlack more. Returns the new length, or 0
  /// when the packet was refused (and must not be sent or used).
  std::size_t protect(std::span<uint8_t> buffer, std::size_t octets);
  std::size_t unprotect(std::span<uint8_t> buffer, std::size_t octets);
  std::size_t protect_control(std::span<uint8_t> buffer, std::size_t octets);
  std::size_t unprotect_control(std::span<uint8_t> buffer, std::size_t octets);

  const SrtpCounts& counts() const { return counts_; }

 private:
  struct Context;
  SrtpSession();

  std::size_t settle(int status, int length);
  void heard(uint32_t ssrc);

  SrtpSuite suite_{};
  std::vector<uint8_t> send_key_;
  std::vector<uint8_t> receive_key_;
  std::unique_ptr<Context> context_;
  std::array<uint32_t, kMaxSsrcs> ssrcs_{};  // the most recent first
  std::size_t ssrc_count_ = 0;
  SrtpCounts counts_;
};

}  // namespace cordboard::rtp

namespace cordboard {
template <>
struct EnumNames<rtp::SrtpSuite> {
  static constexpr std::array<std::string_view, 6> names{"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
                                                         "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
                                                         "AEAD_AES_128_GCM",        "AEAD_AES_256_GCM"};
};
}  // namespace cordboard
