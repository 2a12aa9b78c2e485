// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/srtp.hpp"

#include <arpa/inet.h>
#include <srtp2/srtp.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "rtp/packet.hpp"
#include "rtp/srtp_nettle.hpp"

namespace cordboard::rtp {

namespace {

// RFC 3711 3.3.2 asks for 64 at least; jitter and bursts of a bad network stay within 2.5 s of voice.
constexpr unsigned long kReplayWindow = 128;
constexpr std::size_t kControlHeader = 8;
constexpr std::size_t kSrtcpIndex = 4;

struct Suite {
  std::size_t key_octets;
  void (*rtp)(srtp_crypto_policy_t*);
  void (*rtcp)(srtp_crypto_policy_t*);
};

/// By the suite's number. SRTCP has a tag of 80 bits also where SRTP's is shortened (RFC 4568 6.2.2, RFC 6188 4.2).
constexpr std::array<Suite, 6> kSuites{{
    {30, srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtcp_default},
    {30, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32, srtp_crypto_policy_set_rtcp_default},
    {46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    {28, srtp_crypto_policy_set_aes_gcm_128_16_auth, srtp_crypto_policy_set_aes_gcm_128_16_auth},
    {44, srtp_crypto_policy_set_aes_gcm_256_16_auth, srtp_crypto_policy_set_aes_gcm_256_16_auth},
}};

const Suite& of(SrtpSuite suite) { return kSuites[static_cast<std::size_t>(suite)]; }

/// The library's own state, set up once for the process and never taken down, as other threads may be using it.
bool library_ready() {
  static const bool ready = [] {
    if (srtp_init() != srtp_err_status_ok) return false;
    // Where Nettle will not do, the library goes on with what it has: slower, and no less right.
    use_nettle();
    return true;
  }();
  return ready;
}

srtp_t context_of(SrtpSuite suite, srtp_ssrc_type_t whom, std::span<const uint8_t> key) {
  std::vector<uint8_t> master(key.begin(), key.end());  // the policy wants it writable
  srtp_policy_t policy{};
  of(suite).rtp(&policy.rtp);
  of(suite).rtcp(&policy.rtcp);
  policy.ssrc.type = whom;
  policy.key = master.data();
  policy.window_size = kReplayWindow;
  srtp_t context = nullptr;
  const bool made = srtp_create(&context, &policy) == srtp_err_status_ok;
  explicit_bzero(master.data(), master.size());
  return made ? context : nullptr;
}

}  // namespace

struct SrtpSession::Context {
  srtp_t send = nullptr;
  srtp_t receive = nullptr;
  ~Context() {
    if (send != nullptr) srtp_dealloc(send);
    if (receive != nullptr) srtp_dealloc(receive);
  }
};

SrtpSession::SrtpSession() : context_(std::make_unique<Context>()) {}

SrtpSession::~SrtpSession() {
  explicit_bzero(send_key_.data(), send_key_.size());
  explicit_bzero(receive_key_.data(), receive_key_.size());
}

std::optional<SrtpSuite> srtp_suite(std::string_view name) {
  const auto& names = EnumNames<SrtpSuite>::names;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<SrtpSuite>(found - names.begin());
}

std::size_t srtp_key_octets(SrtpSuite suite) { return of(suite).key_octets; }

bool srtp_works(SrtpSuite suite) {
  const std::vector<uint8_t> key(srtp_key_octets(suite));
  return static_cast<bool>(SrtpSession::make(suite, key, key));
}

Result<std::unique_ptr<SrtpSession>> SrtpSession::make(SrtpSuite suite, std::span<const uint8_t> send_key,
                                                       std::span<const uint8_t> receive_key) {
  const std::string name(name_of(suite));
  for (const auto key : {send_key, receive_key}) {
    if (key.size() != srtp_key_octets(suite)) {
      return fail(ErrorCode::kInvalid, "A key of " + name + " has " + std::to_string(srtp_key_octets(suite)) +
                                           " octets with its salt, and this one has " + std::to_string(key.size()) +
                                           ".");
    }
  }
  if (!library_ready()) return fail(ErrorCode::kUnavailable, "The SRTP library could not be started.");
  std::unique_ptr<SrtpSession> session(new SrtpSession());
  session->suite_ = suite;
  session->send_key_.assign(send_key.begin(), send_key.end());
  session->receive_key_.assign(receive_key.begin(), receive_key.end());
  session->context_->send = context_of(suite, ssrc_any_outbound, send_key);
  session->context_->receive = context_of(suite, ssrc_any_inbound, receive_key);
  if (session->context_->send == nullptr || session->context_->receive == nullptr) {
    return fail(ErrorCode::kUnavailable, "The SRTP library on this machine cannot do " + name + ".");
  }
  return session;
}

bool SrtpSession::same(SrtpSuite suite, std::span<const uint8_t> send_key, std::span<const uint8_t> receive_key) const {
  return suite == suite_ && std::equal(send_key.begin(), send_key.end(), send_key_.begin(), send_key_.end()) &&
         std::equal(receive_key.begin(), receive_key.end(), receive_key_.begin(), receive_key_.end());
}

std::size_t SrtpSession::protect(std::span<uint8_t> buffer, std::size_t octets) {
  if (octets < kRtpHeader || octets > kMaxDatagram || buffer.size() < octets + kSrtpSlack) {
    counts_.unsent.add();
    return 0;
  }
  int length = static_cast<int>(octets);
  const auto status = srtp_protect(context_->send, buffer.data(), &length);
  if (status != srtp_err_status_ok) counts_.unsent.add();
  return status == srtp_err_status_ok ? static_cast<std::size_t>(length) : 0;
}

std::size_t SrtpSession::protect_control(std::span<uint8_t> buffer, std::size_t octets) {
  if (octets < kControlHeader || octets > kMaxDatagram || buffer.size() < octets + kSrtpSlack) {
    counts_.unsent.add();
    return 0;
  }
  int length = static_cast<int>(octets);
  const auto status = srtp_protect_rtcp(context_->send, buffer.data(), &length);
  if (status != srtp_err_status_ok) counts_.unsent.add();
  return status == srtp_err_status_ok ? static_cast<std::size_t>(length) : 0;
}

std::size_t SrtpSession::unprotect(std::span<uint8_t> buffer, std::size_t octets) {
  if (octets < kRtpHeader || octets > std::min(buffer.size(), kMaxDatagram)) {
    counts_.malformed.add();
    return 0;
  }
  int length = static_cast<int>(octets);
  const uint32_t ssrc = read32(buffer.data() + 8);
  const auto status = srtp_unprotect(context_->receive, buffer.data(), &length);
  if (status == srtp_err_status_ok) heard(ssrc);
  return settle(status, length);
}

std::size_t SrtpSession::unprotect_control(std::span<uint8_t> buffer, std::size_t octets) {
  if (octets < kControlHeader + kSrtcpIndex || octets > std::min(buffer.size(), kMaxDatagram)) {
    counts_.malformed.add();
    return 0;
  }
  int length = static_cast<int>(octets);
  const uint32_t ssrc = read32(buffer.data() + 4);
  const auto status = srtp_unprotect_rtcp(context_->receive, buffer.data(), &length);
  if (status == srtp_err_status_ok) heard(ssrc);
  return settle(status, length);
}

std::size_t SrtpSession::settle(int status, int length) {
  switch (status) {
    case srtp_err_status_ok:
      return static_cast<std::size_t>(length);
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail:  // what GCM says of a wrong tag
      counts_.unauthenticated.add();
      return 0;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
      counts_.replayed.add();
      return 0;
    default:
      counts_.malformed.add();
      return 0;
  }
}

/// The library keeps a state for every SSRC that has authenticated, without limit; this is the limit.
void SrtpSession::heard(uint32_t ssrc) {
  const auto end = ssrcs_.begin() + static_cast<std::ptrdiff_t>(ssrc_count_);
  auto found = std::find(ssrcs_.begin(), end, ssrc);
  if (found == end) {
    if (ssrc_count_ == kMaxSsrcs) {
      // It knows SSRCs as they lie in the packet.
      srtp_remove_stream(context_->receive, htonl(ssrcs_.back()));
      found = ssrcs_.end() - 1;
    } else {
      ++ssrc_count_;
    }
    *found = ssrc;
  }
  std::rotate(ssrcs_.begin(), found, found + 1);
}

}  // namespace cordboard::rtp
