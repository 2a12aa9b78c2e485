// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/dtls.hpp"

#include <gnutls/dtls.h>
#include <gnutls/x509.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "rtp/packet.hpp"

namespace cordboard::webrtc {

namespace {

// DTLS 1.2 alone, with ephemeral keys on curves that browsers have: no plain RSA, no finite fields. NULL is in none of the sets.
constexpr const char* kPriority =
    "SECURE128:-VERS-ALL:+VERS-DTLS1.2:-RSA:-DHE-RSA:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:%SERVER_PRECEDENCE";
constexpr unsigned int kMtu = 1200;
// With a loss of 30 % each way, 400 ms fail one time in three and 50 ms do not.
constexpr unsigned int kRepeatMs = 50;
constexpr unsigned int kGiveUpMs = 30'000;
constexpr std::size_t kKeyOctets = 16;
constexpr std::size_t kSaltOctets = 14;

constexpr std::array<std::size_t, 3> kDigestOctets{32, 48, 64};
constexpr std::array<gnutls_digest_algorithm_t, 3> kDigests{GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA384, GNUTLS_DIG_SHA512};

gnutls_datum_t datum(const std::string& text) {
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())), static_cast<unsigned int>(text.size())};
}

/// False: not to be had.
bool digest_of(const gnutls_datum_t& certificate, Fingerprint& fingerprint) {
  std::size_t size = fingerprint.digest.size();
  const auto algorithm = kDigests[static_cast<std::size_t>(fingerprint.hash)];
  return gnutls_fingerprint(algorithm, &certificate, fingerprint.digest.data(), &size) == 0 &&
         size == fingerprint.octets();
}

Error cannot(const char* what, int error) {
  return fail(ErrorCode::kUnavailable, std::string(what) + " failed: " + gnutls_strerror(error));
}

}  // namespace

std::size_t Fingerprint::octets() const { return kDigestOctets[static_cast<std::size_t>(hash)]; }

// ------------------------------------------------------------------------------------------------------------ identity

Result<std::shared_ptr<const DtlsIdentity>> DtlsIdentity::make(const std::string& certificate, const std::string& key) {
  std::shared_ptr<DtlsIdentity> made(new DtlsIdentity());
  if (const int error = gnutls_certificate_allocate_credentials(&made->credentials_); error != 0) {
    return cannot("gnutls_certificate_allocate_credentials", error);
  }
  if (const int error = gnutls_priority_init(&made->priority_, kPriority, nullptr); error != 0) {
    return cannot("gnutls_priority_init", error);
  }
  const auto certificate_text = datum(certificate);
  const auto key_text = datum(key);
  const int read =
      gnutls_certificate_set_x509_key_mem(made->credentials_, &certificate_text, &key_text, GNUTLS_X509_FMT_PEM);
  if (read < 0) {
    return fail(ErrorCode::kInvalid, std::string("the certificate for DTLS cannot be used: ") + gnutls_strerror(read));
  }
  gnutls_datum_t octets{};
  const bool good =
      gnutls_certificate_get_crt_raw(made->credentials_, 0, 0, &octets) == 0 && digest_of(octets, made->fingerprint_);
  if (!good) return fail(ErrorCode::kInvalid, "the certificate for DTLS has no fingerprint");
  gnutls_certificate_set_verify_function(made->credentials_, &DtlsServer::verify);
  return std::shared_ptr<const DtlsIdentity>(std::move(made));
}

DtlsIdentity::~DtlsIdentity() {
  if (priority_ != nullptr) gnutls_priority_deinit(priority_);
  if (credentials_ != nullptr) gnutls_certificate_free_credentials(credentials_);
}

// ------------------------------------------------------------------------------------------------------------- session

Result<std::unique_ptr<DtlsServer>> DtlsServer::make(std::shared_ptr<const DtlsIdentity> identity,
                                                     const Fingerprint& peer, Send send) {
  std::unique_ptr<DtlsServer> made(new DtlsServer());
  made->identity_ = std::move(identity);
  made->peer_ = peer;
  made->send_ = std::move(send);
  auto& session = made->session_;
  if (const int error = gnutls_init(&session, GNUTLS_SERVER | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
      error != 0) {
    return cannot("gnutls_init", error);
  }
  int error = gnutls_priority_set(session, made->identity_->priority_);
  if (error == 0) error = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, made->identity_->credentials_);
  if (error == 0) error = gnutls_srtp_set_profile(session, GNUTLS_SRTP_AES128_CM_HMAC_SHA1_80);
  if (error != 0) return cannot("a session of DTLS", error);
  gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
  gnutls_session_set_ptr(session, made.get());
  gnutls_dtls_set_mtu(session, kMtu);
  gnutls_dtls_set_timeouts(session, kRepeatMs, kGiveUpMs);
  gnutls_transport_set_ptr(session, made.get());
  gnutls_transport_set_push_function(session, &DtlsServer::push);
  gnutls_transport_set_pull_function(session, &DtlsServer::pull);
  gnutls_transport_set_pull_timeout_function(session, &DtlsServer::pull_wait);
  return made;
}

DtlsServer::~DtlsServer() {
  if (session_ != nullptr) gnutls_deinit(session_);
}

ssize_t DtlsServer::push(gnutls_transport_ptr_t self, const void* octets, size_t size) {
  auto& server = *static_cast<DtlsServer*>(self);
  server.sent_ = true;
  server.send_({static_cast<const uint8_t*>(octets), size});
  return static_cast<ssize_t>(size);
}

ssize_t DtlsServer::pull(gnutls_transport_ptr_t self, void* octets, size_t size) {
  auto& server = *static_cast<DtlsServer*>(self);
  if (server.inbox_.empty()) {
    server.read_out_ = true;
    gnutls_transport_set_errno(server.session_, EAGAIN);
    return -1;
  }
  const auto taken = std::min(size, server.inbox_.size());
  std::memcpy(octets, server.inbox_.data(), taken);
  server.inbox_ = {};
  return static_cast<ssize_t>(taken);
}

/// Nobody waits here: what has come is there.
int DtlsServer::pull_wait(gnutls_transport_ptr_t self, unsigned int) {
  auto& server = *static_cast<DtlsServer*>(self);
  server.read_out_ = server.read_out_ || server.inbox_.empty();
  return server.inbox_.empty() ? 0 : 1;
}

/// Who the certificate is from does not count: whose it is says the description, which came over a safe way (RFC 8827 6.5).
int DtlsServer::verify(gnutls_session_t session) {
  const auto& server = *static_cast<const DtlsServer*>(gnutls_session_get_ptr(session));
  unsigned int count = 0;
  const auto* const chain = gnutls_certificate_get_peers(session, &count);
  Fingerprint shown{.hash = server.peer_.hash};
  const bool good = chain != nullptr && count > 0 && digest_of(chain[0], shown) &&
                    gnutls_memcmp(shown.digest.data(), server.peer_.digest.data(), server.peer_.octets()) == 0;
  return good ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

void DtlsServer::failed(const char* why) {
  state_ = State::kFailed;
  why_ = why;
}

DtlsServer::State DtlsServer::take(std::span<const uint8_t> datagram) {
  if (state_ == State::kFailed || state_ == State::kClosed || datagram.size() > rtp::kMaxDatagram) return state_;
  if (!guard_.admits(datagram)) return state_;
  inbox_ = datagram;
  read_out_ = false;
  // A datagram may hold several records, which the library takes one at a time. That it wants to be called again says nothing;
  // it has read all when it asks for another datagram.
  constexpr int kMostRecords = 64;
  for (int i = 0; i < kMostRecords && !read_out_ && proceed(); ++i) continue;
  inbox_ = {};
  return state_;
}

DtlsServer::State DtlsServer::tick() {
  if (state_ == State::kHandshake) proceed();
  return state_;
}

int64_t DtlsServer::due_ms() const {
  // Before the first flight there is nothing to repeat, and the library would say at once.
  if (state_ != State::kHandshake || !sent_) return -1;
  return std::max<int64_t>(1, gnutls_dtls_get_timeout(session_));
}

/// One step. False: it is over, for good or bad.
bool DtlsServer::proceed() {
  if (state_ == State::kUp) {
    // The peer repeats its last flight when ours was lost, and closes. Data is for nobody (there is no data channel).
    std::array<uint8_t, rtp::kMaxDatagram> data;
    const auto count = gnutls_record_recv(session_, data.data(), data.size());
    if (count == 0 || count == GNUTLS_E_FATAL_ALERT_RECEIVED || count == GNUTLS_E_INVALID_SESSION) {
      state_ = State::kClosed;
      return false;
    }
    // A wrong record, a renegotiation, a warning: the keys that are agreed upon stay.
    return true;
  }
  const int error = gnutls_handshake(session_);
  if (error == 0) {
    gnutls_srtp_profile_t profile{};
    if (gnutls_srtp_get_selected_profile(session_, &profile) != 0) {
      gnutls_alert_send(session_, GNUTLS_AL_FATAL, GNUTLS_A_HANDSHAKE_FAILURE);
      failed("the peer knows no profile of SRTP that is known here");
      return false;
    }
    state_ = State::kUp;
    return true;
  }
  if (gnutls_error_is_fatal(error) == 0) return true;
  if (error != GNUTLS_E_TIMEDOUT) gnutls_alert_send_appropriate(session_, error);
  failed(gnutls_strerror(error));
  return false;
}

Result<std::unique_ptr<rtp::SrtpSession>> DtlsServer::srtp() const {
  if (state_ != State::kUp) return fail(ErrorCode::kWrongState, "the handshake is not over");
  std::array<uint8_t, 2 * (kKeyOctets + kSaltOctets)> material{};
  gnutls_datum_t client_key{};
  gnutls_datum_t client_salt{};
  gnutls_datum_t server_key{};
  gnutls_datum_t server_salt{};
  const int error = gnutls_srtp_get_keys(session_, material.data(), material.size(), &client_key, &client_salt,
                                         &server_key, &server_salt);
  if (error < 0) return cannot("gnutls_srtp_get_keys", error);
  using Key = std::array<uint8_t, kKeyOctets + kSaltOctets>;
  const auto joined = [](const gnutls_datum_t& key, const gnutls_datum_t& salt) {
    Key both{};
    std::copy_n(key.data, std::min<std::size_t>(key.size, kKeyOctets), both.begin());
    std::copy_n(salt.data, std::min<std::size_t>(salt.size, kSaltOctets), both.begin() + kKeyOctets);
    return both;
  };
  auto ours = joined(server_key, server_salt);
  auto theirs = joined(client_key, client_salt);
  auto made = rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, ours, theirs);
  explicit_bzero(material.data(), material.size());
  explicit_bzero(ours.data(), ours.size());
  explicit_bzero(theirs.data(), theirs.size());
  return made;
}

void DtlsServer::close() {
  if (state_ != State::kUp) return;
  gnutls_bye(session_, GNUTLS_SHUT_WR);
  state_ = State::kClosed;
}

}  // namespace cordboard::webrtc
