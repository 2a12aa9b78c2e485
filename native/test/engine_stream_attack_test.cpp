// SPDX-License-Identifier: GPL-2.0-or-later
// A third party that knows the ports sends to them in every phase of a call whose peer is behind a NAT. Nothing of it is
// ever played, told or taken for the peer's, and nothing is ever sent to it.
#include "stream_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

// Every address of 127.0.0.0/8 is this machine.
constexpr const char* kNat = "127.0.0.9";
constexpr const char* kStranger = "127.0.0.66";
constexpr uint8_t kEventType = 101;
constexpr uint32_t kPeerSsrc = 0x5EED;

const Address kSaid = *Address::parse("10.20.30.40", 4000);

double counter(StreamBox& box, std::string_view name) {
  for (const auto& counter : box.snapshot().counters) {
    if (counter.name == name) return counter.value;
  }
  return -1;
}

/// Sends what a telephone sends, as if it were the peer: speech, keys, reports, a farewell.
class Attacker {
 public:
  explicit Attacker(const std::string& host, bool reports = true) : rtp_(host), rtcp_(host), reports_(reports) {}

  const Octets& words() const { return words_; }
  /// How many datagrams it has sent.
  int attack(const StreamOpened& stream) {
    const auto to = *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
    int sent = 0;
    for (int block = 0; block < 20; ++block, ++sequence_, timestamp_ += 160) {
      const auto speech = std::span(words_).subspan(static_cast<std::size_t>(block) * 160, 160);
      sent += rtp_.send(to, rtp::make_packet({8, false, sequence_, timestamp_, kPeerSsrc}, speech)) ? 1 : 0;
    }
    // Key 9, its end at once and said three times (RFC 4733 2.5.1.4).
    constexpr std::array<uint8_t, 4> kKey{9, 0x8A, 0x01, 0x90};
    for (int i = 0; i < 3; ++i) {
      sent += rtp_.send(to, rtp::make_packet({kEventType, i == 0, sequence_++, timestamp_, kPeerSsrc}, kKey)) ? 1 : 0;
    }
    if (!reports_) return sent;
    for (const bool bye : {false, true}) {
      Octets octets(200);
      rtp::ControlWriter writer(octets);
      const rtp::SenderInfo about{.packets = 1'000'000};
      writer.report(kPeerSsrc, &about, {});
      writer.cname(kPeerSsrc, "telephone");
      if (bye) writer.bye(kPeerSsrc);
      octets.resize(writer.size());
      sent += rtcp_.send(to.with_port(static_cast<uint16_t>(stream.rtcpPort)), octets) ? 1 : 0;
      sent += rtp_.send(to, octets) ? 1 : 0;
    }
    return sent;
  }
  bool was_answered() { return rtp_.receive(0ms).has_value() || rtcp_.receive(0ms).has_value(); }

 private:
  const Octets words_ = noise(20 * 160, 66);
  rtp::UdpPeer rtp_;
  rtp::UdpPeer rtcp_;
  const bool reports_;
  uint16_t sequence_ = 1;
  uint32_t timestamp_ = 1;
};

class EngineStreamAttack : public testing::Test {
 protected:
  EngineStreamAttack() : listener_({.ssrc = 3}) {
    partner_ = box_.open(listener_.local());
    box_.update(agreed(partner_.leg, listener_.local()));
    listener_.call(here(partner_));
    StreamOpen command;  // an outgoing call: nothing is known of the peer
    stream_ = box_.ask<StreamOpened>(command);
    box_.ask(BusConnect{stream_.port, partner_.port});
    box_.ask(DetectorSet{.port = stream_.port, .dtmf = true});
  }

  static Address here(const StreamOpened& stream) {
    return *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
  }

  StreamUpdate answer(const Address& said) {
    auto update = agreed(stream_.leg, said);
    update.telephoneEvent = {kEventType, kEventType, 8000};
    return update;
  }

  /// All of them send; then it is seen that every datagram was refused, and that nobody heard or was told of it.
  void survive(const char* phase, std::initializer_list<Attacker*> attackers) {
    SCOPED_TRACE(phase);
    const auto before = counter(box_, "rtp_refused_source");
    const auto received = counter(box_, "rtp_packets_received");
    int sent = 0;
    for (auto* attacker : attackers) sent += attacker->attack(stream_);
    const auto until = std::chrono::steady_clock::now() + Box::kPatience;
    while (counter(box_, "rtp_refused_source") < before + sent && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(5ms);
    }
    // And a last packet of a telephone that has been replaced, perhaps.
    EXPECT_GE(counter(box_, "rtp_refused_source"), before + sent);
    EXPECT_GE(counter(box_, "rtp_packets_received"), received);
    // What was in no time to be heard yet would be heard within this.
    ASSERT_TRUE(listener_.wait_packets(25));
    const auto heard = listener_.octets(8);
    for (auto* attacker : attackers) {
      EXPECT_EQ(0U, longest_run(heard, attacker->words()));
      EXPECT_FALSE(attacker->was_answered());
    }
    EXPECT_FALSE(box_.wait<LegDigit>([](const auto&) { return true; }, 0ms));
  }

  StreamBox box_{stream_config(8, "0.0.0.0")};
  Phone listener_;
  StreamOpened partner_;
  StreamOpened stream_;
  Attacker stranger_{kStranger};
  Attacker neighbour_{kNat, false};  // on the peer's host, as another telephone behind the same NAT
};

TEST_F(EngineStreamAttack, IsNeverHeardAndNeverAnswered) {
  survive("nothing is known of the peer", {&stranger_, &neighbour_});

  auto update = answer(kSaid);
  update.latch = true;
  update.latchAddress = kNat;
  box_.update(update);
  survive("the peer is looked for", {&stranger_});

  Phone peer({.host = kNat, .ssrc = kPeerSsrc});
  const auto words = noise(8000, 7);
  peer.say(words);
  peer.call(here(stream_));
  const auto latched = box_.wait_leg<StreamLatched>(stream_.leg);
  ASSERT_TRUE(latched);
  EXPECT_EQ(peer.port(), latched->port);
  ASSERT_TRUE(peer.wait_packets(10));
  survive("the peer is found", {&stranger_, &neighbour_});
  ASSERT_TRUE(listener_.wait_packets(60));
  EXPECT_GT(longest_run(listener_.octets(8), words), kUnbroken) << "who was heard all the while";

  update.direction = StreamDirection::kSendOnly;
  box_.update(update);
  survive("the peer is on hold", {&stranger_, &neighbour_});

  auto away = answer(*Address::parse("10.20.30.40", 0));
  box_.update(away);
  survive("the peer holds the call and listens nowhere", {&stranger_, &neighbour_});

  update.direction = StreamDirection::kSendReceive;
  box_.update(update);
  ASSERT_TRUE(box_.wait_leg<StreamLatched>(stream_.leg)) << "found again";
  ASSERT_TRUE(peer.wait_packets(10));
  survive("the call is taken up again", {&stranger_, &neighbour_});

  // The call goes to another telephone, which is where it says. The one before is a third party now.
  peer.hang_up();
  Phone next({.host = "127.0.0.10", .ssrc = 9});
  next.call(here(stream_));
  box_.update(answer(next.local()));
  ASSERT_TRUE(next.wait_packets(10));
  survive("the call is another telephone's", {&stranger_, &neighbour_});
  const auto figures = box_.statistics(stream_.leg);
  EXPECT_EQ(0, figures.refusedSrtp);
  EXPECT_EQ(0, figures.malformed);

  box_.ask(LegRelease{stream_.leg});
  ASSERT_TRUE(box_.wait_leg<StreamEnded>(stream_.leg));
  next.hang_up();
  survive("the call is over", {&stranger_, &neighbour_});
}

TEST_F(EngineStreamAttack, MovesNothingWhileThePeerIsWhereItSays) {
  // A trunk: no other source is ever asked for.
  Phone peer({.host = kNat, .ssrc = kPeerSsrc});
  box_.update(answer(peer.local()));
  survive("the peer is silent", {&stranger_, &neighbour_});
  peer.call(here(stream_));
  ASSERT_TRUE(peer.wait_packets(10));
  survive("the peer speaks", {&stranger_, &neighbour_});
  EXPECT_FALSE(box_.wait<StreamLatched>([](const auto&) { return true; }, 0ms));
}

TEST_F(EngineStreamAttack, OnThePeersHostNeedsTheKeys) {
  auto update = answer(kSaid);
  update.latch = true;
  update.latchAddress = kNat;
  update.srtp = {StreamSrtpSuite::kAesCm128HmacSha1_80, std::string(60, '1'), std::string(60, '2')};
  box_.update(update);
  const auto sent = neighbour_.attack(stream_) + stranger_.attack(stream_);
  box_.wait_statistics(stream_.leg, [&](const auto& now) { return now.refusedSrtp + now.refusedSource > sent - 3; });
  ASSERT_TRUE(listener_.wait_packets(25));
  EXPECT_EQ(0U, longest_run(listener_.octets(8), neighbour_.words()));
  EXPECT_FALSE(neighbour_.was_answered());
  EXPECT_FALSE(stranger_.was_answered());
  EXPECT_FALSE(box_.snapshot().streams[1].latched);
  EXPECT_FALSE(box_.wait<LegDigit>([](const auto&) { return true; }, 0ms));
}

TEST(EngineStreamLatch, FollowsASignallingAddressThatIsKnownLater) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  const auto stream = box.ask<StreamOpened>(StreamOpen{});
  auto update = agreed(stream.leg, kSaid);
  update.latch = true;
  update.latchAddress = kStranger;
  box.update(update);
  const auto to = *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
  Phone phone({.host = kNat});
  phone.call(to);
  box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSource > 10; });
  // Another answered: its signalling comes from elsewhere.
  update.latchAddress = kNat;
  box.update(update);
  ASSERT_TRUE(box.wait_leg<StreamLatched>(stream.leg));
  ASSERT_TRUE(phone.wait_packets(10));
  // Left out it is as said last, and the peer stays where it was found.
  update.latchAddress = "";
  box.update(update);
  ASSERT_TRUE(phone.wait_packets(25));
  EXPECT_TRUE(box.snapshot().streams[0].latched);
}

}  // namespace
}  // namespace cordboard::engine
