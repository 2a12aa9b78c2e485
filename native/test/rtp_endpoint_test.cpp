// SPDX-License-Identifier: GPL-2.0-or-later
// What an endpoint makes of whatever may come to its sockets: RTP, RTCP, SRTP, what belongs to STUN, DTLS and TURN (RFC 7983),
// and noise, from its peer, from the host where the peer is looked for, and from anywhere else.
#include <gtest/gtest.h>

#include "rtp/endpoint.hpp"
#include "rtp/rtcp.hpp"
#include "rtp_hostile.hpp"
#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using namespace traces;

Address at(const char* host, uint16_t port) { return Address::parse(host, port).value(); }

const Address kSaid = at("192.168.1.20", 4000);
const Address kNat = at("203.0.113.5", 61'000);
const Address kSignalling = at("203.0.113.5", 5060);
const Address kStranger = at("198.51.100.66", 4000);
constexpr uint32_t kSsrc = 0xCAFE;
constexpr auto kSuite = SrtpSuite::kAesCm128HmacSha1_80;

std::unique_ptr<SrtpSession> session(uint8_t send, uint8_t receive) {
  const auto octets = srtp_key_octets(kSuite);
  auto made = SrtpSession::make(kSuite, Octets(octets, send), Octets(octets, receive));
  return made ? std::move(*made) : nullptr;
}

/// RFC 7983: the first octet tells STUN (0-3), ZRTP (16-19), DTLS (20-63) and TURN (64-79) from RTP (128-191).
Octets foreign_protocol(Mischief& mischief) {
  Octets octets = mischief.noise(120);
  octets.resize(std::max<std::size_t>(octets.size(), 20));
  static constexpr uint8_t kFirst[] = {0, 1, 16, 20, 22, 64, 79, 192, 255};
  octets[0] = kFirst[mischief.pick(std::size(kFirst))];
  if (octets[0] <= 1) {
    octets[1] = 1;  // a binding request or its answer, with the magic cookie of RFC 5389 6
    octets[2] = 0;
    octets[3] = static_cast<uint8_t>(octets.size() - 20);
    const uint8_t cookie[] = {0x21, 0x12, 0xA4, 0x42};
    std::copy(std::begin(cookie), std::end(cookie), octets.begin() + 4);
  }
  return octets;
}

class RtpEndpoint : public ::testing::TestWithParam<bool> {
 protected:
  RtpEndpoint() : stream_(stream_of(params_of())), endpoint_(*stream_, 1) {}

  void agree(const Address& remote, bool latch) {
    EndpointChange change;
    change.source = {.remote = remote,
                     .remote_control = remote.with_port(static_cast<uint16_t>(remote.port + 1)),
                     .latch = latch,
                     .latch_host = kSignalling};
    change.secure = secure_;
    if (secure_ && peer_ == nullptr) {
      change.srtp = session(1, 2);
      peer_ = session(2, 1);
    }
    endpoint_.apply(change, now_);
  }

  /// As the I/O thread does; false: nobody's.
  bool take(const Octets& octets, const Address& from, Endpoint::Outcome& outcome) {
    if (from != endpoint_.source() && !endpoint_.considers(from, now_)) return false;
    // In memory of exactly its length and what SRTP is promised: nothing around it may be touched.
    const std::unique_ptr<uint8_t[]> memory(new uint8_t[octets.size() + kSrtpSlack]);
    std::copy(octets.begin(), octets.end(), memory.get());
    outcome = endpoint_.take_packet({memory.get(), octets.size() + kSrtpSlack}, octets.size(), from, now_);
    return true;
  }
  bool take_control(const Octets& octets, const Address& from) {
    if (from != endpoint_.control_source() && !endpoint_.considers_control(from, octets)) return false;
    const std::unique_ptr<uint8_t[]> memory(new uint8_t[octets.size() + kSrtpSlack]);
    std::copy(octets.begin(), octets.end(), memory.get());
    endpoint_.take_control({memory.get(), octets.size() + kSrtpSlack}, octets.size(), from, now_);
    return true;
  }

  Octets speech() {
    Octets packet(kRtpHeader + kBlock, 0x55);
    write_header({.payload_type = 8, .sequence = sequence_, .timestamp = 160U * sequence_, .ssrc = kSsrc},
                 packet.data());
    ++sequence_;
    if (!secure_) return packet;
    packet.resize(packet.size() + kSrtpSlack);
    packet.resize(peer_->protect(packet, kRtpHeader + kBlock));
    return packet;
  }
  Octets report() {
    Octets packet(200);
    ControlWriter writer(packet);
    const SenderInfo about{.ntp = 1, .packets = 3};
    writer.report(kSsrc, &about, {});
    writer.cname(kSsrc, "peer");
    const auto octets = writer.size();
    packet.resize(octets);
    if (!secure_) return packet;
    packet.resize(octets + kSrtpSlack);
    packet.resize(peer_->protect_control(packet, octets));
    return packet;
  }
  void tick() {
    uint8_t row[kBlock];
    stream_->receive(row, now_);
    now_ += kTickNs;
  }

  const bool secure_ = GetParam();
  std::unique_ptr<Stream> stream_;
  Endpoint endpoint_;
  std::unique_ptr<SrtpSession> peer_;
  int64_t now_ = 1'000 * kMs;
  uint16_t sequence_ = 1;
};

TEST_P(RtpEndpoint, SurvivesWhateverComes) {
  Mischief mischief(91);
  agree(kSaid, true);
  Endpoint::Outcome outcome{};
  uint64_t offered = 0;
  for (int i = 0; i < packets_to_try() / 2; ++i) {
    // Now and then another description: the peer is looked for again, or is where it says.
    if (i % 5000 == 4999)
      agree(kSaid.with_port(static_cast<uint16_t>(4000 + 2 * mischief.pick(100))), mischief.pick(4) != 0);
    const Address places[] = {endpoint_.source(), kNat,
                              kNat.with_port(static_cast<uint16_t>(1 + mischief.pick(60'000))), kStranger};
    const auto& from = places[mischief.pick(4)];
    const auto kind = mischief.pick(4);
    auto octets = kind == 0   ? speech()
                  : kind == 1 ? report()
                  : kind == 2 ? foreign_protocol(mischief)
                              : mischief.noise(300);
    const bool spoiled = kind < 2 && mischief.pick(2) == 0;
    if (spoiled) octets = mischief.spoiled(octets, mischief.noise(60));
    if (mischief.pick(3) == 0) {
      const bool taken = take_control(octets, from);
      ASSERT_FALSE(taken && from.same_host(kStranger));
    } else if (take(octets, from, outcome)) {
      ++offered;
      ASSERT_FALSE(from.same_host(kStranger));
      if (kind == 2) {
        ASSERT_EQ(Endpoint::Outcome::kDropped, outcome) << "first octet " << int{octets[0]};
      }
    }
    ASSERT_FALSE(endpoint_.source().same_host(kStranger));
    ASSERT_FALSE(endpoint_.control_source().same_host(kStranger));
    if (i % 4 == 0) tick();
  }
  EXPECT_GT(offered, static_cast<uint64_t>(packets_to_try()) / 12);
  // The peer is found and heard as if nothing had been.
  agree(at("192.168.1.21", 4000), true);
  now_ += 1'000 * kMs;
  bool moved = false;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(take(speech(), kNat, outcome));
    moved |= outcome == Endpoint::Outcome::kMoved;
    tick();
  }
  EXPECT_TRUE(moved);
  EXPECT_EQ(Endpoint::Outcome::kTaken, outcome);
  EXPECT_EQ(kNat, endpoint_.source());
}

TEST_P(RtpEndpoint, TakesNothingOfAnotherProtocol) {
  Mischief mischief(92);
  agree(kNat, false);
  Endpoint::Outcome outcome{};
  ASSERT_TRUE(take(speech(), kNat, outcome));
  EXPECT_EQ(Endpoint::Outcome::kTaken, outcome);
  for (int i = 0; i < packets_to_try() / 2; ++i) {
    ASSERT_TRUE(take(foreign_protocol(mischief), kNat, outcome));
    ASSERT_EQ(Endpoint::Outcome::kDropped, outcome);
  }
  const auto told = stream_->statistics();
  EXPECT_EQ(1U, told.packets_received);
  EXPECT_EQ(static_cast<uint64_t>(packets_to_try() / 2), told.malformed + endpoint_.counts().unauthenticated.value());
}

INSTANTIATE_TEST_SUITE_P(Security, RtpEndpoint, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Srtp" : "Plain"; });

}  // namespace
}  // namespace cordboard::rtp
