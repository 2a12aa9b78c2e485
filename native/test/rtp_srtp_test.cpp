// SPDX-License-Identifier: GPL-2.0-or-later
// SRTP and SRTCP: the keys of RFC 3711 B.3 and RFC 6188 7.2 on a whole packet, roll-over, replay, and forgers.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <string>

#include "rtp/packet.hpp"
#include "rtp/srtp.hpp"
#include "rtp/srtp_nettle.hpp"
#include "rtp_hostile.hpp"

namespace cordboard::rtp {
namespace {

Octets of_hex(std::string_view hex) {
  Octets octets;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    octets.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

constexpr SrtpSuite kSuites[] = {SrtpSuite::kAesCm128HmacSha1_80, SrtpSuite::kAesCm128HmacSha1_32,
                                 SrtpSuite::kAes256CmHmacSha1_80, SrtpSuite::kAes256CmHmacSha1_32,
                                 SrtpSuite::kAeadAes128Gcm,       SrtpSuite::kAeadAes256Gcm};

Octets key_of(SrtpSuite suite, uint8_t seed) {
  Octets key(srtp_key_octets(suite));
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(seed * 31 + i * 7);
  return key;
}

std::unique_ptr<SrtpSession> session_of(SrtpSuite suite, const Octets& send, const Octets& receive) {
  auto made = SrtpSession::make(suite, send, receive);
  EXPECT_TRUE(made) << made.error().text;
  return made ? std::move(*made) : nullptr;
}

using Step = std::size_t (SrtpSession::*)(std::span<uint8_t>, std::size_t);

/// What a session makes of a packet; empty when it refuses.
Octets after(SrtpSession& session, Step step, Octets octets) {
  const auto size = octets.size();
  octets.resize(size + kSrtpSlack);
  octets.resize((session.*step)(octets, size));
  return octets;
}

Octets rtp_packet(uint16_t sequence, uint32_t ssrc = 0xCAFEBABE, std::size_t payload = 160) {
  Octets octets(kRtpHeader + payload, static_cast<uint8_t>(sequence));
  write_header({.payload_type = 8, .sequence = sequence, .timestamp = sequence * 160U, .ssrc = ssrc}, octets.data());
  return octets;
}

Octets control_packet(uint32_t ssrc = 0xCAFEBABE) {
  Octets octets{0x80, 201, 0, 1, 0, 0, 0, 0};
  write32(&octets[4], ssrc);
  return octets;
}

TEST(RtpSrtp, ProtectsAsTheRfcsWork) {
  // Computed from the RFCs' own derived keys by another implementation (OpenSSL's AES, GCM and HMAC).
  struct Vector {
    SrtpSuite suite;
    const char* key;
    const char* srtp;
    const char* srtcp;
  };
  const char* const k3711 = "E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6";
  const char* const k6188 =
      "F0F04914B513F2763A1B1FA130F10E2998F6F6E43E4309D1E622A0E332B9F1B63B04803DE51EE7C96423AB5B78D2";
  const char* const rtcp3711 = "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798";
  const char* const rtcp6188 = "81c8000bcafebabeb4d0e7a917d24b9faab9d3b6127b3ba680000001e04ac0ec2846f71bd31c";
  const Vector vectors[] = {
      {SrtpSuite::kAesCm128HmacSha1_80, k3711,
       "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb", rtcp3711},
      {SrtpSuite::kAesCm128HmacSha1_32, k3711, "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc",
       rtcp3711},
      {SrtpSuite::kAes256CmHmacSha1_80, k6188,
       "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b", rtcp6188},
      {SrtpSuite::kAes256CmHmacSha1_32, k6188, "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a",
       rtcp6188},
      {SrtpSuite::kAeadAes128Gcm, "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7a8a9aaab",
       "800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392",
       "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001"},
      {SrtpSuite::kAeadAes256Gcm,
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fa0a1a2a3a4a5a6a7a8a9aaab",
       "800f1234decafbadcafebabe0af7f21e8a90bdad7a425c9c31ed4bb1d90238917e7390a2793500e1681acaea",
       "81c8000bcafebabe8abfafa780070a90e80f9161cf4aac081ed93aaa53c15b0f3ed1a3b984167b0380000001"},
  };
  const std::string plain_rtp = "800f1234decafbadcafebabe" + std::string(32, 'x');
  const std::string plain_rtcp = "81c8000bcafebabe" + std::string(32, 'x');
  const auto plain = [](std::string hex) {
    for (std::size_t i = 0; i < hex.size(); ++i) {
      if (hex[i] == 'x') hex[i] = i % 2 == 0 ? 'a' : 'b';
    }
    return of_hex(hex);
  };
  uint32_t tried = 0;
  for (const auto& vector : vectors) {
    SCOPED_TRACE(name_of(vector.suite));
    if (!srtp_works(vector.suite)) continue;
    ++tried;
    const auto key = of_hex(vector.key);
    auto sender = session_of(vector.suite, key, key);
    auto receiver = session_of(vector.suite, key, key);
    EXPECT_EQ(after(*sender, &SrtpSession::protect, plain(plain_rtp)), of_hex(vector.srtp));
    EXPECT_EQ(after(*sender, &SrtpSession::protect_control, plain(plain_rtcp)), of_hex(vector.srtcp));
    EXPECT_EQ(after(*receiver, &SrtpSession::unprotect, of_hex(vector.srtp)), plain(plain_rtp));
    EXPECT_EQ(after(*receiver, &SrtpSession::unprotect_control, of_hex(vector.srtcp)), plain(plain_rtcp));
  }
  EXPECT_GE(tried, 4U) << "AES in counter mode is always there";
  if (tried < 6) std::cout << "NOT TESTED: the SRTP library here has no AES-GCM\n";
}

TEST(RtpSrtp, HasTheLibraryWorkByNettle) {
  ASSERT_TRUE(srtp_works(SrtpSuite::kAesCm128HmacSha1_80));
  // It takes none that fails the samples of the RFCs.
  EXPECT_TRUE(use_nettle());
}

TEST(RtpSrtp, KnowsItsSuitesByName) {
  for (const auto suite : kSuites) EXPECT_EQ(srtp_suite(name_of(suite)), suite);
  EXPECT_EQ(srtp_suite("AES_CM_128_HMAC_SHA1_80"), SrtpSuite::kAesCm128HmacSha1_80);
  EXPECT_FALSE(srtp_suite("F8_128_HMAC_SHA1_80"));
  EXPECT_FALSE(srtp_suite(""));
}

TEST(RtpSrtp, RefusesKeysOfAnotherLength) {
  for (const auto suite : kSuites) {
    const auto good = key_of(suite, 1);
    for (const std::size_t length : {std::size_t{0}, good.size() - 1, good.size() + 1}) {
      const auto made = SrtpSession::make(suite, good, Octets(length));
      ASSERT_FALSE(made);
      EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
      EXPECT_NE(made.error().text.find(std::to_string(length)), std::string::npos) << made.error().text;
    }
  }
}

TEST(RtpSrtp, CarriesACallOverTheRollOverOfItsNumbers) {
  for (const auto suite : kSuites) {
    SCOPED_TRACE(name_of(suite));
    if (!srtp_works(suite)) continue;
    const auto there = key_of(suite, 1), back = key_of(suite, 2);
    auto a = session_of(suite, there, back), b = session_of(suite, back, there);
    for (uint32_t n = 65'000; n < 65'000 + 132'000; ++n) {
      const auto packet = rtp_packet(static_cast<uint16_t>(n));
      const auto secret = after(*a, &SrtpSession::protect, packet);
      ASSERT_GT(secret.size(), packet.size());
      ASSERT_LE(secret.size(), packet.size() + kSrtpSlack);
      const bool lost = n % 1000 < 40;  // at times around the roll-over too
      if (!lost) {
        ASSERT_EQ(after(*b, &SrtpSession::unprotect, secret), packet) << n;
      }
      // Far from a roll-over few will do.
      if (n % 65'536 > 1000 && n % 65'536 < 64'000) n += 100;
    }
    ASSERT_EQ(after(*a, &SrtpSession::unprotect, after(*b, &SrtpSession::protect, rtp_packet(1))), rtp_packet(1));
    EXPECT_EQ(b->counts().unauthenticated.value() + b->counts().replayed.value() + b->counts().malformed.value(), 0U);
  }
}

TEST(RtpSrtp, TakesEachPacketOnceInAnyOrder) {
  const auto suite = SrtpSuite::kAesCm128HmacSha1_80;
  const auto key = key_of(suite, 1);
  auto a = session_of(suite, key, key), b = session_of(suite, key, key);
  std::map<uint16_t, Octets> secrets;
  for (uint16_t n = 0; n < 300; ++n) secrets[n] = after(*a, &SrtpSession::protect, rtp_packet(n));
  for (const uint16_t n : {100, 99, 103, 101, 102, 60}) {
    EXPECT_EQ(after(*b, &SrtpSession::unprotect, secrets[n]), rtp_packet(n));
  }
  for (const uint16_t n : {100, 99, 103, 60}) EXPECT_TRUE(after(*b, &SrtpSession::unprotect, secrets[n]).empty());
  EXPECT_EQ(b->counts().replayed.value(), 4U);
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, secrets[299]).empty());
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, secrets[299 - 127]).empty()) << "the last of the window";
  EXPECT_TRUE(after(*b, &SrtpSession::unprotect, secrets[299 - 128]).empty()) << "older than the window";
  EXPECT_EQ(b->counts().replayed.value(), 5U);
  // SRTCP has numbers of its own.
  const auto report = after(*a, &SrtpSession::protect_control, control_packet());
  EXPECT_EQ(after(*b, &SrtpSession::unprotect_control, report), control_packet());
  EXPECT_TRUE(after(*b, &SrtpSession::unprotect_control, report).empty());
  EXPECT_EQ(b->counts().replayed.value(), 6U);
}

TEST(RtpSrtp, RefusesForgersAndStrangers) {
  for (const auto suite : kSuites) {
    SCOPED_TRACE(name_of(suite));
    if (!srtp_works(suite)) continue;
    const auto key = key_of(suite, 1);
    auto a = session_of(suite, key, key), b = session_of(suite, key, key);
    auto stranger = session_of(suite, key_of(suite, 9), key_of(suite, 9));
    const auto secret = after(*a, &SrtpSession::protect, rtp_packet(5));
    const auto report = after(*a, &SrtpSession::protect_control, control_packet());
    EXPECT_TRUE(after(*stranger, &SrtpSession::unprotect, secret).empty());
    EXPECT_TRUE(after(*stranger, &SrtpSession::unprotect_control, report).empty());
    EXPECT_EQ(stranger->counts().unauthenticated.value(), 2U);
    // Every single bit matters, and so does the length.
    for (std::size_t bit = 0; bit < secret.size() * 8; ++bit) {
      Octets flipped = secret;
      flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ 1U << (bit % 8));
      ASSERT_TRUE(after(*b, &SrtpSession::unprotect, flipped).empty()) << "bit " << bit;
    }
    for (std::size_t bit = 0; bit < report.size() * 8; ++bit) {
      Octets flipped = report;
      flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ 1U << (bit % 8));
      ASSERT_TRUE(after(*b, &SrtpSession::unprotect_control, flipped).empty()) << "bit " << bit;
    }
    for (std::size_t size = 0; size < secret.size(); ++size) {
      ASSERT_TRUE(
          after(*b, &SrtpSession::unprotect, Octets(secret.begin(), secret.begin() + static_cast<int>(size))).empty());
    }
    EXPECT_TRUE(after(*b, &SrtpSession::unprotect, rtp_packet(6)).empty()) << "not protected at all";
    // None of that has done any harm.
    EXPECT_EQ(after(*b, &SrtpSession::unprotect, secret), rtp_packet(5));
    EXPECT_EQ(after(*b, &SrtpSession::unprotect_control, report), control_packet());
  }
}

TEST(RtpSrtp, RemembersFewSourcesHoweverManyThereAre) {
  const auto suite = SrtpSuite::kAesCm128HmacSha1_80;
  const auto key = key_of(suite, 1);
  auto b = session_of(suite, key, key);
  const auto secret_of = [&](uint32_t ssrc) {
    return after(*session_of(suite, key, key), &SrtpSession::protect, rtp_packet(1, ssrc));
  };
  Octets of_source[6];
  for (uint32_t ssrc = 0; ssrc < 6; ++ssrc) of_source[ssrc] = secret_of(ssrc + 1);
  for (uint32_t ssrc = 0; ssrc < SrtpSession::kMaxSsrcs; ++ssrc) {
    EXPECT_FALSE(after(*b, &SrtpSession::unprotect, of_source[ssrc]).empty());
    EXPECT_TRUE(after(*b, &SrtpSession::unprotect, of_source[ssrc]).empty()) << "it knows the packet";
  }
  // The first is heard again; then two more come, and the second and the third are forgotten, with their replay windows.
  auto first = session_of(suite, key, key);
  after(*first, &SrtpSession::protect, rtp_packet(1, 1));
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, after(*first, &SrtpSession::protect, rtp_packet(2, 1))).empty());
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, of_source[4]).empty());
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, of_source[5]).empty());
  EXPECT_TRUE(after(*b, &SrtpSession::unprotect, of_source[0]).empty()) << "still known";
  EXPECT_FALSE(after(*b, &SrtpSession::unprotect, of_source[1]).empty()) << "forgotten";

  // Memory does not grow with sources, be they real or forged.
  const auto spray = [&](uint32_t from) {
    for (uint32_t ssrc = from; ssrc < from + 2000; ++ssrc) {
      after(*b, &SrtpSession::unprotect, secret_of(ssrc));
      after(*b, &SrtpSession::unprotect, rtp_packet(1, ~ssrc));
    }
  };
  spray(1000);
  const auto before = mallinfo2().uordblks;
  spray(4000);
  EXPECT_LT(mallinfo2().uordblks, before + 20'000);
}

TEST(RtpSrtp, NeedsRoomAndSaysSo) {
  const auto suite = SrtpSuite::kAesCm128HmacSha1_80;
  const auto key = key_of(suite, 1);
  auto session = session_of(suite, key, key);
  auto packet = rtp_packet(1);
  const auto size = packet.size();
  packet.resize(size + kSrtpSlack - 1);
  EXPECT_EQ(session->protect(packet, size), 0U);
  EXPECT_EQ(session->protect(packet, 11), 0U);
  EXPECT_EQ(session->protect_control(packet, 7), 0U);
  EXPECT_EQ(session->counts().unsent.value(), 3U);
  EXPECT_EQ(session->unprotect(packet, 11), 0U);
  EXPECT_EQ(session->unprotect(packet, packet.size() + 1), 0U);
  EXPECT_EQ(session->unprotect_control(packet, 11), 0U);
  EXPECT_EQ(session->counts().malformed.value(), 3U);
}

TEST(RtpSrtp, IsTheSameOnlyWithTheSameKeys) {
  const auto suite = SrtpSuite::kAesCm128HmacSha1_80;
  const auto one = key_of(suite, 1), two = key_of(suite, 2);
  auto session = session_of(suite, one, two);
  EXPECT_TRUE(session->same(suite, one, two));
  EXPECT_FALSE(session->same(suite, two, one));
  EXPECT_FALSE(session->same(suite, one, one));
  EXPECT_FALSE(session->same(SrtpSuite::kAesCm128HmacSha1_32, one, two));
  EXPECT_FALSE(session->same(suite, std::span(one).first(29), two));
}

TEST(RtpSrtp, SurvivesHostilePackets) {
  for (const auto suite : {SrtpSuite::kAesCm128HmacSha1_80, SrtpSuite::kAeadAes128Gcm}) {
    if (!srtp_works(suite)) continue;
    Mischief mischief(61);
    const auto key = key_of(suite, 1);
    auto a = session_of(suite, key, key), b = session_of(suite, key, key);
    uint16_t number = 0;
    for (int i = 0; i < packets_to_try() / 2; ++i) {
      // b has taken nothing, so it can't know of a roll-over: a begins anew before its numbers do.
      if (number + 1 == UINT16_MAX) {
        a = session_of(suite, key, key);
        number = 0;
      }
      const bool control = mischief.pick(2) == 0;
      const auto plain = control ? control_packet() : rtp_packet(++number, 0xCAFEBABE, mischief.pick(60));
      auto secret = after(*a, control ? &SrtpSession::protect_control : &SrtpSession::protect, plain);
      const auto genuine = secret;
      secret = mischief.spoiled(secret, mischief.noise(60));
      if (secret == genuine) continue;
      // In memory of exactly its length: nothing around it may be touched.
      const std::unique_ptr<uint8_t[]> memory(new uint8_t[secret.size()]);
      std::copy(secret.begin(), secret.end(), memory.get());
      const std::span<uint8_t> buffer(memory.get(), secret.size());
      const auto taken = mischief.pick(8) == 0 ? !control : control;
      ASSERT_EQ(taken ? b->unprotect_control(buffer, secret.size()) : b->unprotect(buffer, secret.size()), 0U);
    }
    const auto& counts = b->counts();
    EXPECT_GT(counts.unauthenticated.value(), static_cast<uint64_t>(packets_to_try()) / 10);
    EXPECT_GT(counts.malformed.value(), 100U);
    ++number;
    EXPECT_EQ(after(*b, &SrtpSession::unprotect, after(*a, &SrtpSession::protect, rtp_packet(number))),
              rtp_packet(number));
  }
}

}  // namespace
}  // namespace cordboard::rtp
