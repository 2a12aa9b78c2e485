// SPDX-License-Identifier: GPL-2.0-or-later
// From whom a stream takes packets: a peer behind a NAT is found, and nobody else.
#include <gtest/gtest.h>

#include <random>

#include "rtp/source_filter.hpp"

namespace cordboard::rtp {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
using Verdict = SourceVerdict;

Address at(const char* host, uint16_t port) { return Address::parse(host, port).value(); }

const Address kPrivate = at("192.168.1.20", 4000);    // what a phone says of itself
const Address kPublic = at("203.0.113.5", 61'000);    // as its NAT shows it
const Address kSignalling = at("203.0.113.5", 5060);  // where its SIP came from
const Address kAttacker = at("198.51.100.66", 4000);
const Address kServer = at("192.0.2.9", 20'000);  // a peer that is where it says

PacketView packet(uint16_t sequence, uint32_t ssrc = 1) { return {.sequence = sequence, .ssrc = ssrc}; }

SourceSettings settings(const Address& remote, bool latch, std::optional<Address> host = {}) {
  return {.remote = remote,
          .remote_control = remote.with_port(static_cast<uint16_t>(remote.port + 1)),
          .latch = latch,
          .latch_host = host};
}

/// The verdict on the last of `n` packets in sequence.
Verdict run(SourceFilter& filter, const Address& from, uint16_t first, int n, int64_t now = kSecond,
            uint32_t ssrc = 1) {
  Verdict verdict{};
  for (int i = 0; i < n; ++i) verdict = filter.offer(from, packet(static_cast<uint16_t>(first + i), ssrc), now);
  return verdict;
}

TEST(RtpSourceFilter, TakesNothingWhileNobodyIsKnown) {
  SourceFilter filter;
  EXPECT_EQ(run(filter, kPublic, 1, 10), Verdict::kRefuse);
  EXPECT_FALSE(filter.remote().known());
  filter.set(settings({}, true), 0);
  EXPECT_EQ(run(filter, kPublic, 1, 10), Verdict::kRefuse) << "whose signalling comes from nowhere";
  EXPECT_FALSE(filter.considers(kPublic, kSecond));
  EXPECT_FALSE(filter.considers({}, kSecond));
}

TEST(RtpSourceFilter, TakesOnlyTheDescribedAddressWithoutLatching) {
  for (const auto& remote : {kServer, kPrivate}) {
    SourceFilter filter;
    filter.set(settings(remote, false, kSignalling), 0);
    EXPECT_EQ(run(filter, remote, 1, 1), Verdict::kAccept);
    EXPECT_EQ(run(filter, kPublic, 1, 20), Verdict::kRefuse);
    EXPECT_EQ(run(filter, remote.with_port(4002), 1, 20), Verdict::kRefuse) << "another port of the same host";
    EXPECT_EQ(filter.remote(), remote);
    EXPECT_FALSE(filter.latched());
  }
}

TEST(RtpSourceFilter, FindsThePeerBehindItsNat) {
  SourceFilter filter;
  filter.set(settings(kPrivate, true, kSignalling), 0);
  EXPECT_TRUE(filter.considers(kPublic, kSecond));
  EXPECT_FALSE(filter.considers(kAttacker, kSecond));
  EXPECT_EQ(run(filter, kPublic, 65'534, 1), Verdict::kWait);
  EXPECT_EQ(run(filter, kPublic, 65'535, 1), Verdict::kWait);
  EXPECT_EQ(filter.remote(), kPrivate);
  EXPECT_EQ(run(filter, kPublic, 0, 1), Verdict::kLatched) << "three in sequence, over the wrap";
  EXPECT_EQ(filter.remote(), kPublic);
  EXPECT_TRUE(filter.latched());
  EXPECT_EQ(run(filter, kPublic, 1, 1), Verdict::kAccept);
  EXPECT_EQ(run(filter, kPrivate, 1, 10), Verdict::kRefuse) << "one source, and no other after it";
  EXPECT_EQ(run(filter, kPublic.with_port(61'002), 1, 10), Verdict::kRefuse);
}

TEST(RtpSourceFilter, WantsThreePacketsInSequenceOfOneSource) {
  SourceFilter filter;
  filter.set(settings(kPrivate, true, kSignalling), 0);
  for (uint16_t n = 0; n < 300; n = static_cast<uint16_t>(n + 3)) {
    EXPECT_EQ(run(filter, kPublic, n, 2), Verdict::kWait) << "a hole after two";
    EXPECT_EQ(run(filter, kPublic, 1, 1), Verdict::kWait);
  }
  EXPECT_EQ(run(filter, kPublic, 10, 2), Verdict::kWait);
  EXPECT_EQ(run(filter, kPublic, 12, 1, kSecond, 2), Verdict::kWait) << "another SSRC";
  EXPECT_EQ(run(filter, kPublic, 11, 2, kSecond, 2), Verdict::kWait) << "back by one";
  EXPECT_EQ(run(filter, kPublic, 20, 2), Verdict::kWait);
  EXPECT_EQ(run(filter, kPublic.with_port(7), 22, 2), Verdict::kWait) << "another port";
  EXPECT_FALSE(filter.latched());
  EXPECT_EQ(run(filter, kPublic.with_port(7), 24, 1), Verdict::kLatched);
}

TEST(RtpSourceFilter, OnlyTheHostOfTheSignallingMay) {
  for (const auto& remote : {kServer, kPrivate}) {
    SourceFilter shut;
    shut.set(settings(remote, true), 0);
    EXPECT_EQ(run(shut, kPublic, 1, 10), Verdict::kRefuse) << "nobody while the host is not known";
    EXPECT_EQ(shut.remote(), remote);
    // The answer has come, and with it the host.
    shut.set(settings(remote, true, kSignalling), kSecond);
    EXPECT_EQ(run(shut, kAttacker, 1, 10), Verdict::kRefuse);
    EXPECT_EQ(run(shut, kPublic, 1, 3), Verdict::kLatched);
  }
  // A public address behind which something else answers, from the host of the signalling: that may be.
  SourceFilter known;
  known.set(settings(kServer, true, kSignalling), 0);
  EXPECT_EQ(run(known, kAttacker, 1, 10), Verdict::kRefuse);
  EXPECT_EQ(run(known, kPublic, 1, 3), Verdict::kLatched);
  // Before the answer has come, from the host of the signalling alone.
  SourceFilter early;
  early.set(settings({}, true, kSignalling), 0);
  EXPECT_EQ(run(early, kAttacker, 1, 10), Verdict::kRefuse);
  EXPECT_EQ(run(early, kPublic, 1, 3), Verdict::kLatched);
}

TEST(RtpSourceFilter, NobodyIsAMulticastGroup) {
  for (const auto& nowhere : {at("224.0.0.1", 4000), at("203.0.113.5", 0), at("0.0.0.0", 5)}) {
    SourceFilter filter;
    filter.set(settings(kPrivate, true, nowhere.with_port(5060)), 0);
    EXPECT_EQ(run(filter, nowhere, 1, 10), Verdict::kRefuse) << nowhere.text();
  }
}

TEST(RtpSourceFilter, APeerThatIsWhereItSaysShutsTheWindow) {
  SourceFilter filter;
  filter.set(settings(kPrivate, true, kSignalling), 0);
  EXPECT_EQ(run(filter, kPrivate, 1, 2), Verdict::kAccept);
  EXPECT_TRUE(filter.window_open(kSecond));
  EXPECT_EQ(run(filter, kPrivate, 3, 1), Verdict::kAccept);
  EXPECT_FALSE(filter.window_open(kSecond));
  EXPECT_EQ(run(filter, kPublic, 1, 100), Verdict::kRefuse);
}

TEST(RtpSourceFilter, ASprayerMovesNothing) {
  // Somebody who knows the port and sends without end from a thousand addresses, while the peer comes too.
  std::mt19937 random(3);
  SourceFilter filter;
  filter.set(settings(kPrivate, true, kSignalling), 0);
  for (uint16_t n = 0; n < 30'000; ++n) {
    // From anywhere, and from ports of the very host.
    Address somewhere = random() % 2 == 0 ? kAttacker : kPublic;
    if (somewhere == kAttacker) somewhere.host[15] = static_cast<uint8_t>(random());
    somewhere.port = static_cast<uint16_t>(1 + random() % 60'000);
    ASSERT_NE(run(filter, somewhere, n, 1), Verdict::kAccept);
    ASSERT_EQ(filter.remote(), kPrivate);
  }
  // From elsewhere it is not even considered.
  SourceFilter strict;
  strict.set(settings(kPrivate, true, kSignalling), 0);
  for (uint16_t n = 0; n < 1000; ++n) {
    ASSERT_EQ(run(strict, kAttacker, n, 1), Verdict::kRefuse);
    if (n % 300 == 299) {
      ASSERT_EQ(run(strict, kPublic, n, 1), Verdict::kWait);
    }
  }
  EXPECT_EQ(run(strict, kPublic, 5000, 3), Verdict::kLatched) << "the sprayer has not used up its chance";
}

TEST(RtpSourceFilter, TheWindowShutsByItself) {
  SourceFilter filter;
  auto wanted = settings(kPrivate, true, kSignalling);
  wanted.window_ns = 10 * kSecond;
  filter.set(wanted, 5 * kSecond);
  EXPECT_TRUE(filter.considers(kPublic, 15 * kSecond - 1));
  EXPECT_EQ(run(filter, kPublic, 1, 2, 15 * kSecond - 1), Verdict::kWait);
  EXPECT_FALSE(filter.considers(kPublic, 15 * kSecond));
  EXPECT_EQ(run(filter, kPublic, 3, 1, 15 * kSecond), Verdict::kRefuse);
  filter.set(wanted, 16 * kSecond);
  EXPECT_FALSE(filter.window_open(16 * kSecond)) << "the same once more opens nothing";
  // Or by a description that asks for it no more.
  SourceFilter asked;
  asked.set(wanted, 0);
  EXPECT_EQ(run(asked, kPublic, 1, 2), Verdict::kWait);
  wanted.latch = false;
  asked.set(wanted, 0);
  EXPECT_FALSE(asked.considers(kPublic, kSecond));
  EXPECT_EQ(run(asked, kPublic, 3, 1), Verdict::kRefuse);
}

TEST(RtpSourceFilter, ADescriptionThatSaysTheSameLeavesThePeerWhereItIs) {
  SourceFilter filter;
  const auto wanted = settings(kPrivate, true, kSignalling);
  filter.set(wanted, 0);
  run(filter, kPublic, 1, 3);
  filter.set(wanted, kSecond);
  EXPECT_EQ(filter.remote(), kPublic);
  EXPECT_TRUE(filter.latched());
  EXPECT_FALSE(filter.window_open(kSecond));
  EXPECT_EQ(run(filter, kAttacker, 1, 5), Verdict::kRefuse);
  // Hold, which asks for nothing new, either.
  filter.set(settings(kPrivate, false, kSignalling), kSecond);
  EXPECT_EQ(filter.remote(), kPublic);
  // Asked for again: the peer may be found anew.
  filter.set(wanted, 2 * kSecond);
  EXPECT_EQ(filter.remote(), kPrivate);
  EXPECT_EQ(run(filter, kPublic.with_port(61'010), 1, 3, 2 * kSecond), Verdict::kLatched);
}

TEST(RtpSourceFilter, AnotherAddressIsTakenUpAtOnce) {
  SourceFilter filter;
  filter.set(settings(kPrivate, true, kSignalling), 0);
  run(filter, kPublic, 1, 3);
  filter.set(settings(kServer, false), kSecond);
  EXPECT_EQ(filter.remote(), kServer);
  EXPECT_FALSE(filter.latched());
  EXPECT_EQ(run(filter, kServer, 1, 1), Verdict::kAccept);
  EXPECT_EQ(run(filter, kPublic, 4, 3), Verdict::kRefuse);
}

TEST(RtpSourceFilter, ControlComesFromWhereItIsSaidOrFromTheLatchedHost) {
  SourceFilter filter;
  filter.set(settings(kServer, false), 0);
  EXPECT_TRUE(filter.considers_control(kServer.with_port(20'001)));
  EXPECT_FALSE(filter.considers_control(kServer));
  EXPECT_FALSE(filter.considers_control(kAttacker));
  filter.confirm_control(kAttacker);
  EXPECT_EQ(filter.remote_control(), kServer.with_port(20'001));

  SourceFilter nat;
  nat.set(settings(kPrivate, true, kSignalling), 0);
  EXPECT_FALSE(nat.considers_control(kPublic.with_port(777))) << "nobody has latched";
  run(nat, kPublic, 1, 3);
  EXPECT_EQ(nat.remote_control(), kPublic.with_port(61'001)) << "the best guess";
  EXPECT_TRUE(nat.seeks_control());
  EXPECT_TRUE(nat.considers_control(kPublic.with_port(777)));
  EXPECT_FALSE(nat.considers_control(kAttacker));
  nat.confirm_control(kPublic.with_port(777));
  EXPECT_EQ(nat.remote_control(), kPublic.with_port(777));
  EXPECT_FALSE(nat.seeks_control());
  EXPECT_FALSE(nat.considers_control(kPublic.with_port(778))) << "settled";
  nat.confirm_control(kPublic.with_port(778));
  EXPECT_EQ(nat.remote_control(), kPublic.with_port(777));

  // One port for both: there is nothing to be found out.
  SourceFilter shared;
  auto wanted = settings(kPrivate, true, kSignalling);
  wanted.remote_control = wanted.remote;
  shared.set(wanted, 0);
  run(shared, kPublic, 1, 3);
  EXPECT_EQ(shared.remote_control(), kPublic);
  EXPECT_FALSE(shared.considers_control(kPublic.with_port(777)));
}

TEST(RtpSourceFilter, TwoFamiliesAreAlike) {
  SourceFilter filter;
  const auto outside = at("2001:db8::5", 4000);
  filter.set(settings(at("fd00::20", 4000), true, outside.with_port(5060)), 0);
  EXPECT_EQ(run(filter, at("2001:db8::6", 4000), 1, 3), Verdict::kRefuse);
  EXPECT_EQ(run(filter, outside, 1, 3), Verdict::kLatched);
  EXPECT_EQ(filter.remote(), outside);
}

}  // namespace
}  // namespace cordboard::rtp
