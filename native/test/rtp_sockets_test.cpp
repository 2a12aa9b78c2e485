// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses, the table of who is where, and the pool of socket pairs.
#include <gtest/gtest.h>
#include <netinet/ip.h>

#include <map>
#include <random>

#include "own_ports.hpp"
#include "rtp/demultiplexer.hpp"
#include "rtp/socket_pool.hpp"
#include "udp_peer.hpp"

namespace cordboard::rtp {
namespace {

Address at(const std::string& host, uint16_t port) { return *Address::parse(host, port); }

// ----------------------------------------------------------------------------------------------------------- addresses

TEST(RtpAddress, ReadsDigitsOfBothFamiliesAndNothingElse) {
  EXPECT_EQ("192.0.2.7:4000", at("192.0.2.7", 4000).text());
  EXPECT_EQ("[2001:db8::7]:4000", at("2001:DB8:0::7", 4000).text());
  for (const auto* text : {"", " 192.0.2.7", "192.0.2", "192.0.2.256", "192.0.2.7 ", "localhost", "fe80::1%eth0",
                           "2001:db8", "0x7f.1", "1.2.3.4.5", "::ffff:1.2.3.256", "2001:db8::1::2", "[2001:db8::1]",
                           "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"}) {
    EXPECT_FALSE(Address::parse(text, 1)) << text;
  }
}

TEST(RtpAddress, TakesIpv4AndItsMappedFormForTheSame) {
  EXPECT_EQ(at("192.0.2.7", 9), at("::ffff:192.0.2.7", 9));
  EXPECT_TRUE(at("::ffff:192.0.2.7", 9).is_ipv4());
  EXPECT_NE(at("192.0.2.7", 9), at("192.0.2.7", 10));
  EXPECT_TRUE(at("192.0.2.7", 9).same_host(at("192.0.2.7", 10)));
}

TEST(RtpAddress, GoesThroughSystemCallsUnchanged) {
  for (const auto* text : {"192.0.2.7", "2001:db8::7"}) {
    const auto address = at(text, 4000);
    SocketAddress raw;
    EXPECT_EQ(sizeof(sockaddr_in6), address.to(raw, AF_INET6));
    EXPECT_EQ(address, Address::from(raw));
    const auto length = address.to(raw, AF_INET);
    if (!address.is_ipv4()) {
      EXPECT_EQ(0U, length) << "IPv6 does not go over an IPv4 socket";
      continue;
    }
    EXPECT_EQ(sizeof(sockaddr_in), length);
    EXPECT_EQ(address, Address::from(raw));
  }
  SocketAddress local{};
  local.any.sa_family = AF_UNIX;
  EXPECT_FALSE(Address::from(local));
}

TEST(RtpAddress, KnowsWhatIsNoPeer) {
  EXPECT_FALSE(at("192.0.2.7", 0).known());
  EXPECT_FALSE(at("0.0.0.0", 4000).known()) << "a call on hold (RFC 2543 B.5)";
  EXPECT_FALSE(at("::", 4000).known());
  EXPECT_FALSE(Address{}.known());
  EXPECT_TRUE(at("192.0.2.7", 1).known());
  EXPECT_TRUE(at("224.0.0.1", 1).multicast());
  EXPECT_TRUE(at("239.255.255.255", 1).multicast());
  EXPECT_TRUE(at("ff02::1", 1).multicast());
  EXPECT_FALSE(at("223.255.255.255", 1).multicast());
  EXPECT_FALSE(at("240.0.0.1", 1).multicast());
}

// ------------------------------------------------------------------------------------------------------- demultiplexer

TEST(RtpDemultiplexer, DoesWhatAMapDoes) {
  // Few different keys in a small table, so that they collide, come and go again and again.
  constexpr uint32_t kRoom = 200;
  Demultiplexer table(kRoom, 4711);
  std::map<std::tuple<Address, uint16_t, SocketKind>, uint32_t> model;
  std::mt19937 random(1);
  for (int step = 0; step < 200'000; ++step) {
    Address from = random() % 2 == 0 ? at("192.0.2.1", 1) : at("2001:db8::1", 1);
    from.host[15] = static_cast<uint8_t>(random() % 8);
    from.port = static_cast<uint16_t>(1 + random() % 8);
    const auto pair = static_cast<uint16_t>(random() % 3);
    const auto kind = static_cast<SocketKind>(random() % 2);
    const Demultiplexer::Key key{from, pair, kind};
    const std::tuple model_key{from, pair, kind};
    const auto found = model.find(model_key);
    if (found == model.end()) {
      ASSERT_FALSE(table.find(key));
    } else {
      ASSERT_EQ(found->second, table.find(key));
    }
    const auto value = static_cast<uint32_t>(step);
    if (random() % 2 == 0) {
      const bool room = found == model.end() && model.size() < kRoom;
      ASSERT_EQ(room, table.insert(key, value));
      if (room) model[model_key] = value;
    } else {
      ASSERT_EQ(found != model.end(), table.erase(key));
      if (found != model.end()) model.erase(found);
    }
    ASSERT_EQ(model.size(), table.size());
  }
  EXPECT_GT(model.size(), 50U);
}

TEST(RtpDemultiplexer, TellsAllPartsOfAKeyApart) {
  Demultiplexer table(16, 1);
  const Demultiplexer::Key key{at("192.0.2.1", 4000), 3, SocketKind::kRtp};
  ASSERT_TRUE(table.insert(key, 77));
  auto other = key;
  other.from.port = 4001;
  EXPECT_FALSE(table.find(other));
  other = key;
  other.from.host[12] ^= 1;
  EXPECT_FALSE(table.find(other));
  other = key;
  other.pair = 4;
  EXPECT_FALSE(table.find(other));
  other = key;
  other.kind = SocketKind::kRtcp;
  EXPECT_FALSE(table.find(other));
  EXPECT_EQ(77U, table.find(key));
}

// ---------------------------------------------------------------------------------------------------------------- pool

/// A range that begins with an even port and that no other test of this machine has.
SocketPool::Settings some_ports(uint16_t count = 40) {
  static uint16_t next = 0;
  SocketPool::Settings settings;
  settings.local = at("127.0.0.1", 0);
  settings.first = static_cast<uint16_t>(own_ports() + next);
  settings.last = static_cast<uint16_t>(settings.first + count - 1);
  next = static_cast<uint16_t>((next + 40) % 360);
  return settings;
}

Claim known(const std::string& host, uint16_t port) { return {.remote = at(host, port)}; }
Claim waiting() { return {.waits = true}; }
Claim waiting_for(const std::string& host) { return {.waits = true, .host = at(host, 0)}; }

SocketPair* taken(SocketPool& pool, uint32_t holder, const Claim& claim) {
  auto pair = pool.take(holder, claim);
  EXPECT_TRUE(pair) << pair.error().text;
  return pair ? *pair : nullptr;
}

TEST(RtpSocketPool, SharesAPairAmongStreamsThatCanBeToldApart) {
  SocketPool pool(some_ports());
  const auto* first = taken(pool, 1, known("192.0.2.1", 4000));
  EXPECT_EQ(first, taken(pool, 2, known("192.0.2.1", 4002)));
  EXPECT_EQ(first, taken(pool, 3, known("192.0.2.2", 4000)));
  EXPECT_EQ(first, taken(pool, 4, waiting())) << "one may wait for whoever comes";
  EXPECT_EQ(first, taken(pool, 5, known("192.0.2.3", 4000)));
  EXPECT_EQ(1U, pool.pairs());
  EXPECT_EQ(0, first->port % 2);
}

TEST(RtpSocketPool, KeepsApartWhatCouldBeMistakenForOneAnother) {
  SocketPool pool(some_ports());
  const auto* first = taken(pool, 1, known("192.0.2.1", 4000));
  const auto* second = taken(pool, 2, known("192.0.2.1", 4000));
  EXPECT_NE(first, second) << "the same remote";
  EXPECT_EQ(first, taken(pool, 3, waiting()));
  EXPECT_EQ(second, taken(pool, 4, waiting())) << "two who wait for anybody";
  EXPECT_NE(first, taken(pool, 5, waiting_for("192.0.2.9"))) << "anybody could be that host";
}

TEST(RtpSocketPool, LetsWaitTogetherWhoWaitsForDifferentHosts) {
  SocketPool pool(some_ports());
  const auto* first = taken(pool, 1, waiting_for("192.0.2.1"));
  EXPECT_EQ(first, taken(pool, 2, waiting_for("192.0.2.2")));
  EXPECT_NE(first, taken(pool, 3, waiting_for("192.0.2.1"))) << "two telephones behind one NAT";
  EXPECT_NE(first, taken(pool, 4, waiting())) << "whoever comes could be theirs";
}

TEST(RtpSocketPool, GivesTheLowestPairAgainWhenItsHolderHasGone) {
  SocketPool pool(some_ports());
  const auto* first = taken(pool, 1, waiting());
  const auto* second = taken(pool, 2, waiting());
  ASSERT_NE(first, second);
  pool.release(1);
  pool.release(1);  // a second time is nothing
  EXPECT_EQ(nullptr, pool.pair_of(1));
  EXPECT_EQ(first, taken(pool, 3, waiting()));
  EXPECT_EQ(2U, pool.pairs());
  EXPECT_EQ(2U, pool.holders());
}

TEST(RtpSocketPool, ChangesAClaimUnlessItIsAnothers) {
  SocketPool pool(some_ports());
  auto* pair = taken(pool, 1, known("192.0.2.1", 4000));
  ASSERT_EQ(pair, taken(pool, 2, waiting()));
  EXPECT_FALSE(pool.change(2, known("192.0.2.1", 4000)));
  EXPECT_NE(pair, taken(pool, 3, waiting())) << "what was refused has changed nothing: 2 waits still";
  EXPECT_TRUE(pool.change(2, known("192.0.2.2", 4000)));
  EXPECT_TRUE(pool.change(2, known("192.0.2.2", 4000))) << "its own remote is no conflict";
  EXPECT_EQ(pair, taken(pool, 4, waiting()));
  EXPECT_TRUE(pool.change(1, known("192.0.2.3", 4000)));
  EXPECT_EQ(pair, taken(pool, 5, known("192.0.2.1", 4000))) << "what was given up is free";
}

TEST(RtpSocketPool, MovesToAnotherPairAndFreesTheOldClaim) {
  SocketPool pool(some_ports());
  auto* first = taken(pool, 1, known("192.0.2.1", 4000));
  ASSERT_EQ(first, taken(pool, 2, waiting()));
  auto moved = pool.move(2, known("192.0.2.1", 4000));
  ASSERT_TRUE(moved);
  EXPECT_NE(first, *moved);
  EXPECT_EQ(*moved, pool.pair_of(2));
  EXPECT_EQ(first, taken(pool, 3, waiting())) << "2 waits on the first no more";
}

TEST(RtpSocketPool, SaysWhenEveryPortIsInUse) {
  auto settings = some_ports();
  ++settings.first;  // odd: of five ports, the last four are two pairs
  settings.last = static_cast<uint16_t>(settings.first + 4);
  SocketPool pool(settings);
  taken(pool, 1, waiting());
  taken(pool, 2, waiting());
  const auto none = pool.take(3, waiting());
  ASSERT_FALSE(none);
  EXPECT_EQ(ErrorCode::kBusy, none.error().code);
  EXPECT_NE(std::string::npos, none.error().text.find(std::to_string(settings.first))) << none.error().text;
  EXPECT_EQ(2U, pool.holders());
  pool.release(1);
  EXPECT_TRUE(pool.take(3, waiting()));
}

TEST(RtpSocketPool, StepsOverPortsOfOtherPrograms) {
  const auto settings = some_ports(6);
  const UdpPeer other("127.0.0.1", static_cast<uint16_t>(settings.first + 1));  // the RTCP port of the first pair
  ASSERT_NE(0, other.port());
  SocketPool pool(settings);
  EXPECT_EQ(settings.first + 2, taken(pool, 1, waiting())->port);
  EXPECT_EQ(settings.first + 4, taken(pool, 2, waiting())->port);
  const auto none = pool.take(3, waiting());
  ASSERT_FALSE(none);
  EXPECT_NE(std::string::npos, none.error().text.find("other programs")) << none.error().text;
}

TEST(RtpSocketPool, GivesPortsBackToTheSystem) {
  const auto settings = some_ports(2);
  uint16_t port = 0;
  {
    SocketPool pool(settings);
    port = taken(pool, 1, waiting())->port;
    EXPECT_EQ(0, UdpPeer("127.0.0.1", port).port()) << "in use";
    EXPECT_EQ(0, UdpPeer("127.0.0.1", static_cast<uint16_t>(port + 1)).port());
  }
  EXPECT_EQ(port, UdpPeer("127.0.0.1", port).port());
  EXPECT_EQ(port + 1, UdpPeer("127.0.0.1", static_cast<uint16_t>(port + 1)).port());
}

TEST(RtpSocketPool, SpreadsStreamsOverThreads) {
  auto settings = some_ports();
  settings.threads = 3;
  SocketPool pool(settings);
  std::map<uint32_t, int> threads;
  for (uint32_t holder = 1; holder <= 9; ++holder) {
    ++threads[taken(pool, holder, known("192.0.2.1", static_cast<uint16_t>(4000 + 2 * holder)))->thread];
  }
  EXPECT_EQ((std::map<uint32_t, int>{{0, 3}, {1, 3}, {2, 3}}), threads);
  EXPECT_EQ(3U, pool.pairs());
  const auto moved = pool.move(1, known("192.0.2.1", 4000));
  ASSERT_TRUE(moved);
  EXPECT_EQ(0U, (*moved)->thread) << "a stream does not change its thread";
}

TEST(RtpSocketPool, PutsNoMoreStreamsOnAPairThanItsBufferHolds) {
  auto settings = some_ports();
  settings.buffer_bytes = 16384;
  SocketPool pool(settings);
  auto* first = taken(pool, 1, known("192.0.2.1", 2));
  const auto most = pool.streams_of_pair();
  ASSERT_GT(most, 1U);
  ASSERT_LT(most, 1000U);
  int given = 0;
  socklen_t size = sizeof given;
  ASSERT_EQ(0, getsockopt(first->rtp.number(), SOL_SOCKET, SO_RCVBUF, &given, &size));
  EXPECT_EQ(pool.buffer_given(), static_cast<uint32_t>(given));
  EXPECT_LE(most * 2 * 1024, static_cast<uint32_t>(given)) << "two packets of each have room";
  for (uint32_t holder = 2; holder <= most; ++holder) {
    ASSERT_EQ(first, taken(pool, holder, known("192.0.2.1", static_cast<uint16_t>(2 * holder))));
  }
  EXPECT_NE(first, taken(pool, most + 1, known("192.0.2.2", 2)));
}

TEST(RtpSocketPool, MarksPacketsWithTheDscp) {
  for (const auto* host : {"127.0.0.1", "::1", "::"}) {
    auto settings = some_ports();
    settings.local = at(host, 0);
    settings.dscp = 46;
    SocketPool pool(settings);
    const auto* pair = taken(pool, 1, waiting());
    for (const auto* socket : {&pair->rtp, &pair->rtcp}) {
      int octet = 0;
      socklen_t size = sizeof octet;
      if (settings.local.is_ipv4() || settings.local.unspecified()) {
        ASSERT_EQ(0, getsockopt(socket->number(), IPPROTO_IP, IP_TOS, &octet, &size));
        EXPECT_EQ(46 << 2, octet) << host;
      }
      if (!settings.local.is_ipv4()) {
        size = sizeof octet;
        ASSERT_EQ(0, getsockopt(socket->number(), IPPROTO_IPV6, IPV6_TCLASS, &octet, &size));
        EXPECT_EQ(46 << 2, octet) << host;
      }
    }
  }
}

TEST(RtpSocketPool, SaysWhatTheSystemRefuses) {
  auto settings = some_ports();
  settings.local = at("203.0.113.77", 0);  // no address of this machine (RFC 5737)
  SocketPool pool(settings);
  const auto none = pool.take(1, waiting());
  ASSERT_FALSE(none);
  EXPECT_EQ(ErrorCode::kIo, none.error().code);
  EXPECT_NE(std::string::npos, none.error().text.find("203.0.113.77")) << none.error().text;
}

}  // namespace
}  // namespace cordboard::rtp
