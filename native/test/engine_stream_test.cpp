// SPDX-License-Identifier: GPL-2.0-or-later
// RTP streams through the engine's boundary, over real sockets: who is heard, who is not, and what is told of it.
#include <cmath>
#include <set>

#include "stream_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSecond = 8000;

TEST(EngineStream, OpensASocketPairForALegOfItsOwn) {
  StreamBox box(stream_config(2));
  const auto caller = box.open();
  const auto called = box.open({}, false);
  EXPECT_EQ("127.0.0.1", caller.address);
  EXPECT_EQ(0U, caller.rtpPort % 2);
  EXPECT_EQ(caller.rtpPort + 1, caller.rtcpPort);
  EXPECT_NE(caller.rtpPort, called.rtpPort) << "nobody knows yet who will speak to which";
  EXPECT_NE(caller.port, called.port);
  const auto full = box.refused(StreamOpen{});
  EXPECT_EQ(ErrorCode::kBusy, full.code);
  EXPECT_EQ("all 2 RTP streams are in use", full.text);

  auto snapshot = box.snapshot();
  ASSERT_EQ(2U, snapshot.legs.size());
  EXPECT_EQ(LegKind::kSip, snapshot.legs[0].kind);
  EXPECT_EQ(LegState::kOffered, snapshot.legs[0].state);
  EXPECT_EQ(LegState::kSeizing, snapshot.legs[1].state);
  for (const auto leg : {caller.leg, called.leg}) {
    box.ask(LegAlert{{leg}});
    box.ask(LegAnswer{{leg}});
    EXPECT_EQ(ErrorCode::kWrongState, box.refused(LegAnswer{{leg}}).code);
  }
  snapshot = box.snapshot();
  EXPECT_EQ(LegState::kAnswered, snapshot.legs[0].state);
  EXPECT_EQ(LegState::kAnswered, snapshot.legs[1].state);
  ASSERT_EQ(2U, snapshot.streams.size());
  EXPECT_EQ(caller.rtpPort, snapshot.streams[0].rtpPort);
  EXPECT_FALSE(snapshot.streams[0].codec);

  box.ask(LegRelease{caller.leg, 31});
  const auto ended = box.wait<StreamEnded>([&](const auto& event) { return event.leg == caller.leg; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(0, ended->packetsReceived);
  const auto released = box.wait_leg<LegReleased>(caller.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(31U, released->cause);
  EXPECT_EQ(ReleasedBy::kLocal, released->by);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(StreamStatisticsGet{caller.leg}).code);
  EXPECT_EQ(caller.rtpPort, box.open().rtpPort) << "row and ports are free for the next";
}

TEST(EngineStream, CarriesTwoTelephonesToEachOtherOctetByOctet) {
  StreamBox box;
  Phone one({.ssrc = 0x111});
  Phone two({.ssrc = 0x222});
  const auto a = box.connect(one);
  const auto b = box.connect(two);
  EXPECT_EQ(a.rtpPort, b.rtpPort) << "they can be told apart by where they are";
  box.ask(BusConnect{a.port, b.port});
  const auto from_one = noise(4 * kSecond, 1);
  const auto from_two = noise(4 * kSecond, 2);
  one.say(from_one);
  two.say(from_two);
  ASSERT_TRUE(one.wait_packets(230));
  ASSERT_TRUE(two.wait_packets(10));
  // Whatever the machine's load made of the jitter buffers: seconds in one piece, and nothing of one's own.
  EXPECT_GE(longest_run(one.octets(8), from_two), kUnbroken);
  EXPECT_GE(longest_run(two.octets(8), from_one), kUnbroken);
  EXPECT_EQ(0U, longest_run(one.octets(8), from_one));
  const auto figures = box.statistics(a.leg);
  EXPECT_GT(figures.packetsReceived, 200);
  EXPECT_GT(figures.packetsSent, 200);
  EXPECT_EQ(0, figures.refusedSource);
  EXPECT_EQ(0, figures.malformed);
  EXPECT_LT(figures.lost + figures.late, 10);
}

TEST(EngineStream, NumbersItsPacketsAsRfc3550Says) {
  StreamBox box;
  Phone phone;
  box.connect(phone);
  ASSERT_TRUE(phone.wait_packets(100));
  const auto heard = phone.packets();
  EXPECT_TRUE(heard[0].header.marker) << "the first of a talkspurt (RFC 3551 4.1)";
  for (std::size_t i = 1; i < heard.size(); ++i) {
    const auto& before = heard[i - 1].header;
    const auto& packet = heard[i].header;
    ASSERT_EQ(before.ssrc, packet.ssrc);
    ASSERT_EQ(static_cast<uint16_t>(before.sequence + 1), packet.sequence);
    ASSERT_EQ(before.timestamp + 160, packet.timestamp);
    ASSERT_EQ(8, packet.payload_type);
    ASSERT_EQ(160U, heard[i].payload.size());
    ASSERT_FALSE(packet.marker);
  }
}

TEST(EngineStream, HoldsACallAndTakesItUpAgain) {
  StreamBox box;
  Phone phone;
  Phone partner({.ssrc = 2});
  const auto stream = box.connect(phone);
  box.ask(BusConnect{stream.port, box.connect(partner).port});
  ASSERT_TRUE(phone.wait_packets(25));
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 25; });
  auto update = agreed(stream.leg, phone.local());
  update.direction = StreamDirection::kInactive;
  box.update(update);
  // What was on its way has come when nothing comes for the time of ten packets.
  while (phone.wait_packets(1, 200ms)) {
  }
  const auto before = phone.packets().back();
  const auto unheard = noise(kSecond / 4, 1);
  phone.say(unheard);
  EXPECT_FALSE(phone.wait_packets(1, 500ms));
  ASSERT_TRUE(partner.wait_packets(10));
  EXPECT_EQ(0U, longest_run(partner.octets(8), unheard)) << "and nobody hears what he says meanwhile";

  update.direction = StreamDirection::kSendReceive;
  box.update(update);
  const auto words = noise(2 * kSecond, 2);
  phone.say(words);
  ASSERT_TRUE(phone.wait_packets(110));
  ASSERT_TRUE(partner.wait_packets(20));
  EXPECT_GE(longest_run(partner.octets(8), words), kUnbroken);
  const auto heard = phone.packets();
  const auto after = std::find_if(heard.begin(), heard.end(), [&](const auto& packet) {
    return packet.header.sequence == static_cast<uint16_t>(before.header.sequence + 1);
  });
  ASSERT_NE(heard.end(), after) << "the sequence goes on where it stopped";
  EXPECT_EQ(before.header.ssrc, after->header.ssrc);
  EXPECT_TRUE(after->header.marker);
  EXPECT_GT(after->header.timestamp - before.header.timestamp, 160U * 10) << "time has gone on";
}

TEST(EngineStream, OnlySendsOrOnlyReceivesWhenItIsAgreed) {
  StreamBox box;
  Phone phone;
  Phone partner({.ssrc = 2});
  const auto stream = box.open(phone.local());
  box.ask(BusConnect{stream.port, box.connect(partner).port});
  auto update = agreed(stream.leg, phone.local());
  update.direction = StreamDirection::kReceiveOnly;
  box.update(update);
  phone.call(box.at(stream));
  const auto heard = noise(2 * kSecond, 1);
  phone.say(heard);
  ASSERT_TRUE(partner.wait_packets(130));
  EXPECT_GE(longest_run(partner.octets(8), heard), kUnbroken);
  EXPECT_TRUE(phone.packets().empty());
  update.direction = StreamDirection::kSendOnly;
  box.update(update);
  ASSERT_TRUE(phone.wait_packets(5));
  const auto unheard = noise(kSecond / 2, 2);
  const auto sent = noise(2 * kSecond, 3);
  phone.say(unheard);
  partner.say(sent);
  ASSERT_TRUE(phone.wait_packets(130));
  EXPECT_GE(longest_run(phone.octets(8), sent), kUnbroken);
  EXPECT_EQ(0U, longest_run(partner.octets(8), unheard));
}

TEST(EngineStream, FollowsAChangeOfAddressAndLeavesTheOldOneAlone) {
  StreamBox box;
  Phone before({.ssrc = 1});
  Phone after({.ssrc = 2});
  const auto stream = box.connect(before);
  ASSERT_TRUE(before.wait_packets(20));
  box.update(agreed(stream.leg, after.local()));
  const auto words = noise(2 * kSecond);
  after.call(box.at(stream));
  ASSERT_TRUE(after.wait_packets(20));
  while (before.wait_packets(1, 100ms)) {
  }
  const auto refused = box.statistics(stream.leg).refusedSource;
  box.wait_statistics(stream.leg, [&](const auto& now) { return now.refusedSource > refused + 10; });
  EXPECT_FALSE(before.wait_packets(1, 100ms));
  EXPECT_EQ(after.packets().front().header.ssrc, before.packets().front().header.ssrc) << "one stream for the peer";
}

TEST(EngineStream, SendsNothingToAnAddressThatIsOnHold) {
  StreamBox box;
  Phone phone;
  const auto stream = box.connect(phone);
  ASSERT_TRUE(phone.wait_packets(10));
  auto update = agreed(stream.leg, phone.local());
  update.remoteAddress = "0.0.0.0";
  box.update(update);
  while (phone.wait_packets(1, 100ms)) {
  }
  EXPECT_FALSE(phone.wait_packets(1, 200ms));
  update = agreed(stream.leg, phone.local());
  update.remotePort = 0;
  box.update(update);
  EXPECT_FALSE(phone.wait_packets(1, 200ms));
  // Another on hold is no reason to move.
  Phone other({.ssrc = 2});
  const auto second = box.connect(other);
  ASSERT_EQ(stream.rtpPort, second.rtpPort);
  update.leg = second.leg;
  EXPECT_FALSE(box.update(update).conflict);
}

TEST(EngineStream, GivesAStreamAPairOfItsOwnWhenItsRemoteIsAnothers) {
  StreamBox box;
  Phone phone;
  const auto first = box.connect(phone);
  const auto second = box.open();
  ASSERT_EQ(first.rtpPort, second.rtpPort);
  const auto reply = box.update(agreed(second.leg, phone.local()));
  ASSERT_TRUE(reply.conflict);
  EXPECT_NE(first.rtpPort, *reply.conflict);
  EXPECT_FALSE(box.update(agreed(second.leg, phone.local())).conflict) << "said once";
  EXPECT_EQ(*reply.conflict, box.snapshot().streams[1].rtpPort);
  // Both speak to it now, each from its own port.
  ASSERT_TRUE(phone.wait([&](const auto& heard, const auto&) {
    std::set<uint16_t> from;
    for (const auto& packet : heard) from.insert(packet.from.port);
    return from == std::set{static_cast<uint16_t>(first.rtpPort), static_cast<uint16_t>(*reply.conflict)};
  }));
  const auto before = box.statistics(first.leg);
  phone.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(*reply.conflict)));
  box.wait_statistics(second.leg, [](const auto& now) { return now.packetsReceived > 20; });
  EXPECT_LT(box.statistics(first.leg).packetsReceived, before.packetsReceived + 10);
}

TEST(EngineStream, LeavesNothingOnItsRowForTheNextCall) {
  StreamBox box(stream_config(2));
  Phone phone;
  Phone listener({.ssrc = 2});
  const auto partner = box.connect(listener);
  const auto stream = box.connect(phone);
  const auto words = noise(4 * kSecond);
  phone.say(words);
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 40; });
  box.ask(LegRelease{stream.leg});  // in the middle of a word
  const auto next = box.open();
  ASSERT_EQ(stream.port, next.port);
  const auto before = listener.packets().size();
  box.ask(BusConnect{next.port, partner.port});
  ASSERT_TRUE(listener.wait_packets(50));
  const auto heard = listener.packets();
  for (std::size_t i = before; i < heard.size(); ++i) {
    EXPECT_EQ(Octets(160, dsp::kAlawSilence), heard[i].payload);
  }
}

TEST(EngineStream, TellsOnceThatNothingComes) {
  StreamBox box;
  Phone phone;
  const auto stream = box.open(phone.local());
  auto update = agreed(stream.leg, phone.local());
  update.timeoutMs = 400;
  box.update(update);
  phone.call(box.at(stream));
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 5; });
  phone.mute(true);
  ASSERT_TRUE(box.wait_leg<StreamTimeout>(stream.leg));
  EXPECT_FALSE(box.wait<StreamTimeout>([](const auto&) { return true; }, 900ms)) << "once";
  // A call on hold is silent for a reason.
  phone.mute(false);
  const auto before = box.statistics(stream.leg).packetsReceived;
  box.wait_statistics(stream.leg, [&](const auto& now) { return now.packetsReceived > before + 5; });
  update.direction = StreamDirection::kSendOnly;
  box.update(update);
  phone.mute(true);
  EXPECT_FALSE(box.wait<StreamTimeout>([](const auto&) { return true; }, 900ms));
}

TEST(EngineStream, KeepsOneCallWhileAnotherIsHostile) {
  StreamBox box;
  Phone good({.ssrc = 1});
  Phone other({.ssrc = 2});
  const auto a = box.connect(good);
  const auto b = box.connect(other);
  box.ask(BusConnect{a.port, b.port});
  // Anything at all to both ports, from where the peers are and from elsewhere.
  rtp::UdpPeer stranger;
  std::mt19937 random(9);
  const auto words = noise(3 * kSecond);
  good.say(words);
  for (int i = 0; i < 4000; ++i) {
    Octets garbage(random() % 1900);
    for (auto& octet : garbage) octet = static_cast<uint8_t>(random());
    if (!garbage.empty() && i % 2 == 0) garbage[0] = 0x80;
    const auto to = box.at(a).with_port(static_cast<uint16_t>(a.rtpPort + random() % 2));
    stranger.send(to, garbage);
    if (i % 100 == 0) other.rtcp().send(box.at(a).with_port(static_cast<uint16_t>(a.rtcpPort)), garbage);
  }
  ASSERT_TRUE(other.wait_packets(180));
  EXPECT_GE(longest_run(other.octets(8), words), kUnbroken);
  EXPECT_FALSE(stranger.receive(100ms)) << "nobody answers a stranger";
  EXPECT_GT(box.statistics(a.leg).refusedSource, 500);
  const auto counters = box.snapshot().counters;
  for (const auto* name : {"rtp_refused_source", "rtp_refused_too_long"}) {
    const auto counter =
        std::find_if(counters.begin(), counters.end(), [&](const auto& each) { return each.name == name; });
    ASSERT_NE(counters.end(), counter);
    EXPECT_GT(counter->value, 100) << name;
  }
}

TEST(EngineStream, RefusesWhatCannotBe) {
  StreamBox box(stream_config(2));
  const auto stream = box.open();
  const auto refuse = [&](auto change) {
    auto update = agreed(stream.leg, *Address::parse("127.0.0.1", 4000));
    change(update);
    const auto error = box.refused(update);
    EXPECT_EQ(ErrorCode::kInvalid, error.code) << error.text;
    return error.text;
  };
  EXPECT_EQ("\"phone.example\" is no IPv4 or IPv6 address in digits",
            refuse([](auto& update) { update.remoteAddress = "phone.example"; }));
  EXPECT_EQ("224.0.0.5 is a multicast address, and media goes to one peer",
            refuse([](auto& update) { update.remoteAddress = "224.0.0.5"; }));
  EXPECT_EQ("2001:db8::1 cannot be reached from 127.0.0.1, to which the streams are bound",
            refuse([](auto& update) { update.remoteAddress = "2001:db8::1"; }));
  EXPECT_EQ("payload type 72 cannot be told from RTCP (RFC 5761 4)",
            refuse([](auto& update) { update.receive[0].payloadType = 72; }));
  EXPECT_EQ("payload type 95 cannot be told from RTCP (RFC 5761 4)",
            refuse([](auto& update) { update.telephoneEvent = {95, {}, 8000}; }));
  EXPECT_EQ("CN is no codec that can be sent",
            refuse([](auto& update) { update.codec = {StreamCodec::kComfortNoise, 13, 20}; }));
  EXPECT_EQ("ptimeMs must be a multiple of 10", refuse([](auto& update) { update.codec.ptimeMs = 25; }));
  EXPECT_EQ("SRTP keys must be pairs of hexadecimal digits", refuse([](auto& update) {
              update.srtp = {StreamSrtpSuite::kAesCm128HmacSha1_80, std::string(60, 'g'), std::string(60, '0')};
            }));
  EXPECT_EQ("latch needs a latchAddress: nobody else's packets would be known",
            refuse([](auto& update) { update.latch = true; }));
  refuse([](auto& update) { update.latchAddress = "phone.example"; });
  refuse([](auto& update) {
    update.srtp = {StreamSrtpSuite::kAesCm128HmacSha1_80, std::string(58, '0'), std::string(60, '0')};
  });
  refuse([](auto& update) { update.receive = {{StreamCodec::kPcma, 8}, {StreamCodec::kPcmu, 8}}; });
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(agreed(4711, *Address::parse("127.0.0.1", 4000))).code);
  // None of it has left anything behind.
  EXPECT_TRUE(box.snapshot().streams[0].remoteAddress.empty());
  Phone phone;
  box.update(agreed(stream.leg, phone.local()));
  phone.call(box.at(stream));
  EXPECT_TRUE(phone.wait_packets(5));
}

TEST(EngineStream, NamesWhatIsWrongInItsConfiguration) {
  const auto refuse = [](auto change) {
    auto config = stream_config();
    change(config.streams);
    auto made = Engine::create(config, [](Batch) {});
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().text;
  };
  EXPECT_EQ("streams: \"eth0\" is no IPv4 or IPv6 address in digits", refuse([](auto& streams) { streams.address = "eth0"; }));
  EXPECT_EQ("streams: from 20001 to 20002 there is no even port with the next",
            refuse([](auto& streams) { streams.portFirst = 20001, streams.portLast = 20002; }));
  EXPECT_NE(std::string::npos, refuse([](auto& streams) { streams.address = "203.0.113.77"; }).find("cannot be bound"));
  EXPECT_EQ("streams: bufferMinMs is more than bufferMaxMs",
            refuse([](auto& streams) { streams.bufferMinMs = 200, streams.bufferMaxMs = 100; }));
  Box without;
  EXPECT_EQ(ErrorCode::kUnavailable, without.refused(StreamOpen{}).code);
}

}  // namespace
}  // namespace cordboard::engine
