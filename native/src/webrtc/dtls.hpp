// SPDX-License-Identifier: GPL-2.0-or-later
// The passive end of a DTLS 1.2 handshake that agrees on keys for SRTP (RFC 5764), over GnuTLS.
//
//   ClientHello ──> take ──> flights out ──> … Finished ──> kUp: srtp()      the peer's certificate is the one whose
//                    ^ tick: what was lost goes out again                    fingerprint came with its description, or kFailed
//
// GnuTLS and not OpenSSL: inside Node every symbol of OpenSSL is Node's own copy. Knows no socket; one thread at a time. A
// handshake takes half a millisecond to a millisecond of CPU, so it has no place where packets of speech wait.
#pragma once

#include <gnutls/gnutls.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "rtp/srtp.hpp"
#include "webrtc/dtls_guard.hpp"

namespace cordboard::webrtc {

enum class FingerprintHash : uint8_t { kSha256, kSha384, kSha512 };

/// Of a certificate, as a description has it (RFC 8122 5).
struct Fingerprint {
  FingerprintHash hash{};
  std::array<uint8_t, 64> digest{};  // the first 32, 48 or 64
  std::size_t octets() const;
  bool operator==(const Fingerprint&) const = default;
};

/// Our certificate with its key; shared by all sessions.
class DtlsIdentity {
 public:
  /// Both in PEM. kInvalid when they cannot be read or do not belong together.
  static Result<std::shared_ptr<const DtlsIdentity>> make(const std::string& certificate, const std::string& key);
  ~DtlsIdentity();
  DtlsIdentity(const DtlsIdentity&) = delete;
  DtlsIdentity& operator=(const DtlsIdentity&) = delete;

  /// SHA-256.
  const Fingerprint& fingerprint() const { return fingerprint_; }

 private:
  friend class DtlsServer;
  DtlsIdentity() = default;
  gnutls_certificate_credentials_t credentials_{};
  gnutls_priority_t priority_{};
  Fingerprint fingerprint_;
};

class DtlsServer {
 public:
  /// Where flights go; what cannot be sent now is lost, as it might be on its way.
  using Send = std::function<void(std::span<const uint8_t>)>;
  enum class State : uint8_t { kHandshake, kUp, kFailed, kClosed };

  /// `peer` is what its certificate must have. kUnavailable when the library cannot. Allocates.
  static Result<std::unique_ptr<DtlsServer>> make(std::shared_ptr<const DtlsIdentity> identity, const Fingerprint& peer,
                                                  Send send);
  ~DtlsServer();
  DtlsServer(const DtlsServer&) = delete;
  DtlsServer& operator=(const DtlsServer&) = delete;

  /// A datagram from the peer.
  State take(std::span<const uint8_t> datagram);
  /// What is due: the latest flight once more, or the end of the handshake's time (30 s).
  State tick();
  /// Until tick(), ms; negative: nothing is due.
  int64_t due_ms() const;

  State state() const { return state_; }
  /// Why it failed; lasts for ever.
  const char* why() const { return why_; }
  /// Once it is up: the session of the keys that were agreed upon.
  Result<std::unique_ptr<rtp::SrtpSession>> srtp() const;
  /// Says good-bye.
  void close();

 private:
  friend class DtlsIdentity;
  DtlsServer() = default;
  static ssize_t push(gnutls_transport_ptr_t self, const void* octets, size_t size);
  static ssize_t pull(gnutls_transport_ptr_t self, void* octets, size_t size);
  static int pull_wait(gnutls_transport_ptr_t self, unsigned int ms);
  static int verify(gnutls_session_t session);
  bool proceed();
  void failed(const char* why);

  std::shared_ptr<const DtlsIdentity> identity_;
  gnutls_session_t session_{};
  Fingerprint peer_;
  Send send_;
  DtlsGuard guard_;
  std::span<const uint8_t> inbox_;
  bool sent_{};
  bool read_out_{};  // the library has asked for more than there is
  State state_ = State::kHandshake;
  const char* why_ = "";
};

}  // namespace cordboard::webrtc
