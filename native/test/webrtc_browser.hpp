// SPDX-License-Identifier: GPL-2.0-or-later
// The other end of a WebRTC session, as far as tests need one: a full and controlling ICE agent, and the active end of DTLS.
#pragma once

#include <gnutls/crypto.h>
#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "udp_peer.hpp"
#include "webrtc/dtls.hpp"
#include "webrtc/ice.hpp"
#include "webrtc/stun.hpp"

namespace cordboard::webrtc {

using rtp::Address;
using Octets = std::vector<uint8_t>;

/// A certificate that is its own, with its key, both in PEM.
struct Papers {
  std::string certificate;
  std::string key;
};

inline Papers make_papers() {
  gnutls_x509_privkey_t key{};
  gnutls_x509_crt_t certificate{};
  gnutls_x509_privkey_init(&key);
  gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
  gnutls_x509_crt_init(&certificate);
  gnutls_x509_crt_set_version(certificate, 3);
  const std::array<uint8_t, 4> serial{1, 2, 3, 4};
  gnutls_x509_crt_set_serial(certificate, serial.data(), serial.size());
  gnutls_x509_crt_set_activation_time(certificate, time(nullptr) - 3600);
  gnutls_x509_crt_set_expiration_time(certificate, time(nullptr) + 86400);
  gnutls_x509_crt_set_dn(certificate, "CN=test", nullptr);
  gnutls_x509_crt_set_key(certificate, key);
  gnutls_x509_crt_sign2(certificate, certificate, key, GNUTLS_DIG_SHA256, 0);
  Papers papers;
  gnutls_datum_t text{};
  gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text);
  papers.certificate.assign(reinterpret_cast<char*>(text.data), text.size);
  gnutls_free(text.data);
  gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, nullptr, 0, &text);
  papers.key.assign(reinterpret_cast<char*>(text.data), text.size);
  gnutls_free(text.data);
  gnutls_x509_crt_deinit(certificate);
  gnutls_x509_privkey_deinit(key);
  return papers;
}

/// What a browser says of one: SHA-256.
inline Fingerprint fingerprint_of(const Papers& papers) {
  return (*DtlsIdentity::make(papers.certificate, papers.key))->fingerprint();
}

inline const Papers& box_papers() {
  static const Papers papers = make_papers();
  return papers;
}

/// Client of DTLS. The network is whoever calls.
class DtlsClient {
 public:
  static constexpr const char* kBrowser = "NORMAL:-VERS-ALL:+VERS-DTLS1.2";
  explicit DtlsClient(const Papers& papers, std::function<void(std::span<const uint8_t>)> send,
                      const char* priority = kBrowser, bool srtp = true)
      : send_(std::move(send)) {
    gnutls_certificate_allocate_credentials(&credentials_);
    const auto datum = [](const std::string& text) {
      return gnutls_datum_t{reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())),
                            static_cast<unsigned int>(text.size())};
    };
    const auto certificate = datum(papers.certificate);
    const auto key = datum(papers.key);
    gnutls_certificate_set_x509_key_mem(credentials_, &certificate, &key, GNUTLS_X509_FMT_PEM);
    gnutls_init(&session_, GNUTLS_CLIENT | GNUTLS_DATAGRAM | GNUTLS_NONBLOCK);
    good_ = gnutls_priority_set_direct(session_, priority, nullptr) == 0;
    gnutls_credentials_set(session_, GNUTLS_CRD_CERTIFICATE, credentials_);
    if (srtp) gnutls_srtp_set_profile(session_, GNUTLS_SRTP_AES128_CM_HMAC_SHA1_80);
    gnutls_dtls_set_mtu(session_, 1200);
    gnutls_dtls_set_timeouts(session_, 50, 20'000);
    gnutls_transport_set_ptr(session_, this);
    gnutls_transport_set_push_function(session_, [](gnutls_transport_ptr_t self, const void* octets, size_t size) {
      static_cast<DtlsClient*>(self)->send_({static_cast<const uint8_t*>(octets), size});
      return static_cast<ssize_t>(size);
    });
    gnutls_transport_set_pull_function(session_, [](gnutls_transport_ptr_t self, void* octets, size_t size) -> ssize_t {
      auto& client = *static_cast<DtlsClient*>(self);
      if (client.inbox_.empty()) {
        gnutls_transport_set_errno(client.session_, EAGAIN);
        return -1;
      }
      const auto taken = std::min(size, client.inbox_.front().size());
      std::copy_n(client.inbox_.front().begin(), taken, static_cast<uint8_t*>(octets));
      client.inbox_.pop_front();
      return static_cast<ssize_t>(taken);
    });
    gnutls_transport_set_pull_timeout_function(session_, [](gnutls_transport_ptr_t self, unsigned int) {
      return static_cast<DtlsClient*>(self)->inbox_.empty() ? 0 : 1;
    });
  }
  ~DtlsClient() {
    gnutls_deinit(session_);
    gnutls_certificate_free_credentials(credentials_);
  }
  DtlsClient(const DtlsClient&) = delete;
  DtlsClient& operator=(const DtlsClient&) = delete;

  /// Whether the library knows the priority.
  bool good() const { return good_; }
  void take(std::span<const uint8_t> octets) { inbox_.emplace_back(octets.begin(), octets.end()); }
  /// 0: done, 1: goes on, negative: failed.
  int step() {
    int error = 0;
    do {
      error = up_ ? 0 : gnutls_handshake(session_);
    } while (error != 0 && gnutls_error_is_fatal(error) == 0 && !inbox_.empty());
    if (error == 0) up_ = true;
    std::array<uint8_t, 2048> data;
    // Flights that come twice.
    for (int i = 0; up_ && i < 8; ++i) {
      const auto count = gnutls_record_recv(session_, data.data(), data.size());
      closed_ = closed_ || count == 0;
      if (count == GNUTLS_E_AGAIN && inbox_.empty()) break;
    }
    return error == 0 ? 0 : gnutls_error_is_fatal(error) == 0 ? 1 : error;
  }
  bool up() const { return up_; }
  bool closed() const { return closed_; }
  void bye() { gnutls_bye(session_, GNUTLS_SHUT_WR); }
  std::unique_ptr<rtp::SrtpSession> srtp() const {
    std::array<uint8_t, 60> material{};
    gnutls_datum_t keys[4]{};
    if (gnutls_srtp_get_keys(session_, material.data(), material.size(), &keys[0], &keys[1], &keys[2], &keys[3]) < 0) {
      return nullptr;
    }
    const auto joined = [](const gnutls_datum_t& key, const gnutls_datum_t& salt) {
      Octets both(key.data, key.data + key.size);
      both.insert(both.end(), salt.data, salt.data + salt.size);
      return both;
    };
    return std::move(*rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, joined(keys[0], keys[1]),
                                             joined(keys[2], keys[3])));
  }

 private:
  std::function<void(std::span<const uint8_t>)> send_;
  gnutls_certificate_credentials_t credentials_{};
  gnutls_session_t session_{};
  std::deque<Octets> inbox_;
  bool good_{};
  bool up_{};
  bool closed_{};
};

/// What a check says.
struct Check {
  bool use_candidate = true;
  bool controlled = false;
  uint32_t priority = 100;
  std::optional<uint16_t> unknown;
};

inline Octets make_check(const IceNames& names, uint8_t transaction, const Check& check = {}) {
  std::array<uint8_t, kStunTransaction> id{};
  id.fill(transaction);
  std::array<uint8_t, StunWriter::kMostWritten> out{};
  StunWriter writer(out, StunType::kBindingRequest, id);
  const std::string username = names.local_ufrag + ":" + names.remote_ufrag;
  writer.attribute(kStunUsername, {reinterpret_cast<const uint8_t*>(username.data()), username.size()});
  std::array<uint8_t, 4> priority{};
  rtp::write32(priority.data(), check.priority);
  writer.attribute(kStunPriority, priority);
  const std::array<uint8_t, 8> tie{1, 2, 3, 4, 5, 6, 7, 8};
  writer.attribute(check.controlled ? kStunControlled : kStunControlling, tie);
  if (check.use_candidate) writer.attribute(kStunUseCandidate, {});
  if (check.unknown) writer.attribute(*check.unknown, priority);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(writer.finish(names.local_pwd))};
}

}  // namespace cordboard::webrtc
