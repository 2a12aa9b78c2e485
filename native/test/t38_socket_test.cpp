// SPDX-License-Identifier: GPL-2.0-or-later
// Whom the socket of a T.38 end hears and answers.
#include "media/t38_socket.hpp"

#include "udp_peer.hpp"

namespace cordboard::media {
namespace {

using rtp::Address;
using rtp::UdpPeer;

struct Ours {
  Address local;
  std::unique_ptr<T38Socket> socket;

  explicit Ours(const T38Socket::Peer& peer) {
    Descriptor made(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    SocketAddress address;
    socklen_t size = Address::parse("127.0.0.1", 0)->to(address, AF_INET);
    EXPECT_EQ(0, bind(made.number(), &address.any, size));
    EXPECT_EQ(0, getsockname(made.number(), &address.any, &size));
    local = *Address::from(address);
    socket = std::make_unique<T38Socket>(std::move(made), AF_INET, peer);
  }
  /// The first octet of what is next; -1: nothing.
  int next() {
    std::array<uint8_t, 100> datagram;
    return socket->receive(datagram) == 0 ? -1 : datagram[0];
  }
  void say(uint8_t octet) { socket->send(std::array<uint8_t, 1>{octet}); }
};

void say(UdpPeer& from, const Ours& to, uint8_t octet) {
  EXPECT_TRUE(from.send(to.local, std::array<uint8_t, 1>{octet}));
}

constexpr std::chrono::milliseconds kPatience{10000};
constexpr std::chrono::milliseconds kAtOnce{0};  // the loopback delivers before sendto() returns

TEST(T38Socket, HearsAndAnswersItsPeerAlone) {
  UdpPeer peer;
  UdpPeer stranger;
  Ours ours({.remote = peer.local(), .latch_host = {}});
  say(stranger, ours, 1);
  say(peer, ours, 2);
  say(stranger, ours, 3);
  EXPECT_EQ(2, ours.next());
  ours.socket->heard();
  EXPECT_EQ(-1, ours.next());
  EXPECT_EQ(2U, ours.socket->foreign());
  ours.say(9);
  const auto came = peer.receive(kPatience);
  ASSERT_TRUE(came);
  EXPECT_EQ(9, came->octets.at(0));
  EXPECT_FALSE(stranger.receive(kAtOnce));
}

TEST(T38Socket, TakesAnotherPortOfTheHostOfTheSignallingOnce) {
  UdpPeer behind_nat;
  UdpPeer elsewhere("127.0.0.2");
  UdpPeer later;
  Ours ours({.remote = *Address::parse("192.0.2.1", 4000), .latch_host = *Address::parse("127.0.0.1", 0)});
  say(elsewhere, ours, 1);
  say(behind_nat, ours, 2);
  EXPECT_EQ(2, ours.next());
  ours.socket->heard();
  say(later, ours, 3);
  say(behind_nat, ours, 4);
  EXPECT_EQ(4, ours.next());
  EXPECT_EQ(-1, ours.next());
  EXPECT_EQ(2U, ours.socket->foreign());
  ours.say(9);
  EXPECT_TRUE(behind_nat.receive(kPatience));
  EXPECT_FALSE(later.receive(kAtOnce));
}

TEST(T38Socket, IsNotMovedByWhatIsNoUdptl) {
  UdpPeer peer;
  UdpPeer other;
  Ours ours({.remote = peer.local(), .latch_host = *Address::parse("127.0.0.1", 0)});
  say(other, ours, 1);
  EXPECT_EQ(1, ours.next());  // not heard(): it was none
  ours.say(8);
  EXPECT_TRUE(peer.receive(kPatience));
  EXPECT_FALSE(other.receive(kAtOnce));
  say(peer, ours, 2);
  EXPECT_EQ(2, ours.next());
  ours.socket->heard();
  say(other, ours, 3);
  EXPECT_EQ(-1, ours.next());
}

TEST(T38Socket, FindsItsPeerInAFloodFromElsewhere) {
  UdpPeer peer;
  UdpPeer stranger;
  Ours ours({.remote = peer.local(), .latch_host = {}});
  // As many as the buffers of any system hold.
  for (int i = 0; i < 200; ++i) say(stranger, ours, 1);
  say(peer, ours, 2);
  EXPECT_EQ(2, ours.next());
  EXPECT_EQ(200U, ours.socket->foreign());
}

}  // namespace
}  // namespace cordboard::media
