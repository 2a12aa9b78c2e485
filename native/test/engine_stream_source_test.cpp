// SPDX-License-Identifier: GPL-2.0-or-later
// Whose packets a stream takes: peers behind a NAT, strangers, many streams on few sockets, IPv6; and the way out.
#include <dirent.h>

#include <set>

#include "stream_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSecond = 8000;

/// Every address of 127.0.0.0/8 is this machine.
constexpr const char* kNat = "127.0.0.9";
constexpr const char* kStranger = "127.0.0.66";

/// A stream whose peer says that it is at `said`, and whose signalling comes from `host`.
StreamOpened open_behind_nat(StreamBox& box, const Address& said, const std::string& host, bool latch = true) {
  StreamOpen command;
  command.incoming = true;
  command.remoteAddress = said.host_text();
  command.remotePort = said.port;
  command.latchAddress = host;
  const auto stream = box.ask<StreamOpened>(command);
  auto update = agreed(stream.leg, said);
  update.latch = latch;
  box.update(update);
  return stream;
}

const Address kSaid = *Address::parse("10.20.30.40", 4000);

TEST(EngineStreamSource, FindsAPeerBehindANat) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  Phone phone({.host = kNat});
  const auto stream = open_behind_nat(box, kSaid, kNat);
  const auto to = *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
  const auto words = noise(3 * kSecond);
  phone.say(words);
  phone.call(to);
  const auto latched = box.wait_leg<StreamLatched>(stream.leg);
  ASSERT_TRUE(latched);
  EXPECT_EQ(kNat, latched->address);
  EXPECT_EQ(phone.port(), latched->port);
  ASSERT_TRUE(phone.wait_packets(25)) << "and is answered where he is";
  const auto shown = box.snapshot().streams[0];
  EXPECT_TRUE(shown.latched);
  EXPECT_EQ(kNat, shown.remoteAddress);
  EXPECT_EQ(phone.port(), shown.remotePort);

  // A refresh that says the same again leaves him where he was found.
  auto update = agreed(stream.leg, kSaid);
  update.latch = true;
  box.update(update);
  ASSERT_TRUE(phone.wait_packets(50));
  EXPECT_FALSE(box.wait<StreamLatched>([](const auto&) { return true; }, 100ms));
  EXPECT_TRUE(box.snapshot().streams[0].latched);

  // His RTCP comes from a port that the NAT has chosen, and is his because it names what is heard of him.
  rtp::UdpPeer mapped(kNat);
  Octets octets(100);
  rtp::ControlWriter writer(octets);
  const rtp::ReportBlock view{.ssrc = phone.packets().front().header.ssrc, .lost = 3};
  writer.report(0x1234, nullptr, {&view, 1});
  writer.cname(0x1234, "telephone");
  octets.resize(writer.size());
  ASSERT_TRUE(mapped.send(to.with_port(static_cast<uint16_t>(stream.rtcpPort)), octets));
  EXPECT_EQ(3, box.wait_statistics(stream.leg, [](const auto& now) { return now.remote.has_value(); }).remote->lost);
  EXPECT_TRUE(mapped.receive(8s)) << "reports go there from now on";
}

TEST(EngineStreamSource, LatchesOnNobodyElse) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  Phone listener({.ssrc = 3});
  const auto stream = open_behind_nat(box, kSaid, kNat);
  const auto partner = box.open(listener.local());
  box.update(agreed(partner.leg, listener.local()));
  const auto here = [](const StreamOpened& opened) { return *Address::parse("127.0.0.1", static_cast<uint16_t>(opened.rtpPort)); };
  listener.call(here(partner));
  box.ask(BusConnect{stream.port, partner.port});
  // A stranger speaks well-formed RTP to the port for as long as he likes.
  Phone stranger({.host = kStranger});
  const auto words = noise(2 * kSecond);
  stranger.say(words);
  stranger.call(here(stream));
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSource > 50; });
  EXPECT_EQ(0, figures.packetsReceived);
  ASSERT_TRUE(listener.wait_packets(20));
  EXPECT_EQ(0U, longest_run(listener.octets(8), words)) << "nothing is heard of him";
  EXPECT_TRUE(stranger.packets().empty()) << "and nothing is sent to him";
  EXPECT_TRUE(stranger.control().empty());
  EXPECT_FALSE(box.snapshot().streams[0].latched);
  // The peer is found all the same.
  Phone phone({.host = kNat});
  phone.call(here(stream));
  ASSERT_TRUE(box.wait_leg<StreamLatched>(stream.leg));
  ASSERT_TRUE(phone.wait_packets(10));
  EXPECT_TRUE(stranger.packets().empty());
  // Once found he cannot be taken over, not even from his own host.
  Phone thief({.host = kNat, .ssrc = 0x1234});
  thief.call(here(stream));
  const auto before = box.statistics(stream.leg).refusedSource;
  box.wait_statistics(stream.leg, [&](const auto& now) { return now.refusedSource > before + 60; });
  EXPECT_TRUE(thief.packets().empty());
  EXPECT_FALSE(box.wait<StreamLatched>([](const auto&) { return true; }, 100ms));
}

TEST(EngineStreamSource, LatchesOnlyWhenItIsAsked) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  Phone phone({.host = kNat});
  const auto stream = open_behind_nat(box, kSaid, kNat, false);
  phone.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort)));
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSource > 20; });
  EXPECT_EQ(0, figures.packetsReceived);
  EXPECT_TRUE(phone.packets().empty());
}

TEST(EngineStreamSource, StopsLookingWhenThePeerIsWhereItSaid) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  Phone phone({.host = kNat});
  const auto stream = open_behind_nat(box, phone.local(), kNat);
  const auto waiting = open_behind_nat(box, *Address::parse("10.1.1.2", 4000), kNat);
  EXPECT_NE(stream.rtpPort, waiting.rtpPort);
  const auto to = *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
  phone.call(to);
  ASSERT_TRUE(phone.wait_packets(10));
  // From now on another of that host may share the port, and cannot take the call.
  uint32_t shared = 0;
  const auto until = std::chrono::steady_clock::now() + Box::kPatience;
  while (shared != stream.rtpPort && std::chrono::steady_clock::now() < until) {
    const auto next = open_behind_nat(box, *Address::parse("10.1.1.3", 4000), kNat, false);
    shared = next.rtpPort;
    box.ask(LegRelease{next.leg});
  }
  EXPECT_EQ(stream.rtpPort, shared);
  Phone thief({.host = kNat, .ssrc = 7});
  thief.call(to);
  box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSource > 20; });
  EXPECT_FALSE(box.wait<StreamLatched>([](const auto&) { return true; }, 50ms));
  EXPECT_TRUE(thief.packets().empty());
}

TEST(EngineStreamSource, TellsTwoTelephonesBehindOneNatApart) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  const auto a = open_behind_nat(box, *Address::parse("10.1.1.1", 4000), kNat);
  const auto b = open_behind_nat(box, *Address::parse("10.1.1.2", 4000), kNat);
  EXPECT_NE(a.rtpPort, b.rtpPort) << "whoever comes from there could be either";
  Phone one({.host = kNat, .ssrc = 1});
  Phone two({.host = kNat, .ssrc = 2});
  two.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(b.rtpPort)));
  one.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(a.rtpPort)));
  const auto first = box.wait_leg<StreamLatched>(a.leg);
  const auto second = box.wait_leg<StreamLatched>(b.leg);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(one.port(), first->port);
  EXPECT_EQ(two.port(), second->port);
  EXPECT_EQ(a.rtpPort, box.open().rtpPort) << "who has been found waits for nobody any more";
}

TEST(EngineStreamSource, NeedsKeysToLatchUnderSrtp) {
  StreamBox box(stream_config(8, "0.0.0.0"));
  const auto suite = StreamSrtpSuite::kAesCm128HmacSha1_80;
  const std::string ours(60, '1');
  const std::string theirs(60, '2');
  const auto stream = open_behind_nat(box, kSaid, kNat);
  auto update = agreed(stream.leg, kSaid);
  update.latch = true;
  update.srtp = {suite, ours, theirs};
  box.update(update);
  const auto to = *Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort));
  Phone forger({.host = kNat, .ssrc = 66});
  forger.call(to);
  box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSrtp > 20; });
  EXPECT_FALSE(box.wait<StreamLatched>([](const auto&) { return true; }, 50ms));
  EXPECT_TRUE(forger.packets().empty());
  auto session = rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, Octets(30, 0x22), Octets(30, 0x11));
  ASSERT_TRUE(session);
  Phone phone({.host = kNat, .ssrc = 5, .srtp = std::move(*session)});
  phone.call(to);
  const auto latched = box.wait_leg<StreamLatched>(stream.leg);
  ASSERT_TRUE(latched);
  EXPECT_EQ(phone.port(), latched->port);
  ASSERT_TRUE(phone.wait_packets(10));
}

TEST(EngineStreamSource, HearsIpv6) {
  for (const auto* address : {"::1", "::"}) {
    StreamBox box(stream_config(4, address));
    Phone six({.host = "::1", .ssrc = 1});
    const auto stream = box.open(six.local());
    box.update(agreed(stream.leg, six.local()));
    six.call(*Address::parse("::1", static_cast<uint16_t>(stream.rtpPort)));
    ASSERT_TRUE(six.wait_packets(20)) << address;
    box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 20; });
    if (std::string(address) != "::") continue;
    // A socket for both: IPv4 beside it.
    Phone four({.ssrc = 2});
    const auto other = box.open(four.local());
    EXPECT_EQ(stream.rtpPort, other.rtpPort);
    box.update(agreed(other.leg, four.local()));
    four.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(other.rtpPort)));
    ASSERT_TRUE(four.wait_packets(20));
    box.wait_statistics(other.leg, [](const auto& now) { return now.packetsReceived > 20; });
  }
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

TEST(EngineStreamSource, PutsHundredsOfStreamsOnAFewSockets) {
  constexpr uint32_t kStreams = 500;
  StreamBox box(stream_config(kStreams));
  // A peer with a single socket for each block of streams would do; here one host has a port for every stream.
  std::vector<std::unique_ptr<rtp::UdpPeer>> peers;
  const auto before = open_descriptors();
  std::vector<uint64_t> asked;
  for (uint32_t i = 0; i < kStreams; ++i) {
    peers.push_back(std::make_unique<rtp::UdpPeer>());
    asked.push_back(box.submit(StreamOpen{true, "127.0.0.1", peers.back()->port(), ""}));
  }
  std::vector<StreamOpened> streams;
  std::set<uint32_t> ports;
  for (const auto id : asked) {
    streams.push_back(std::get<StreamOpened>(box.reply(id)));
    ports.insert(streams.back().rtpPort);
  }
  EXPECT_LE(ports.size(), 8U);
  EXPECT_LE(open_descriptors(), before + kStreams + 2 * ports.size());
  asked.clear();
  for (uint32_t i = 0; i < kStreams; ++i) asked.push_back(box.submit(agreed(streams[i].leg, peers[i]->local())));
  for (uint32_t i = 0; i < kStreams; i += 2) asked.push_back(box.submit(BusConnect{streams[i].port, streams[i + 1].port}));
  for (const auto id : asked) box.reply(id);
  // Each sends ten packets of its own words, and hears the words of its neighbour.
  const auto words_of = [](uint32_t i) { return Octets(160, static_cast<uint8_t>(i % 250)); };
  std::set<uint32_t> satisfied;
  const auto listen = [&] {
    for (uint32_t i = 0; i < kStreams; ++i) {
      while (const auto datagram = peers[i]->receive(0ms)) {
        rtp::PacketView view;
        if (rtp::parse_packet(datagram->octets, view) != rtp::PacketFault::kNone) continue;
        const auto words = words_of(i ^ 1);
        if (std::equal(view.payload.begin(), view.payload.end(), words.begin(), words.end())) satisfied.insert(i);
      }
    }
  };
  for (uint16_t round = 0; round < 10; ++round) {
    const auto due = std::chrono::steady_clock::now() + 20ms;
    for (uint32_t i = 0; i < kStreams; ++i) {
      peers[i]->send(box.at(streams[i]), rtp::make_packet({8, false, round, 160U * round, i}, words_of(i)));
    }
    listen();
    std::this_thread::sleep_until(due);
  }
  const auto until = std::chrono::steady_clock::now() + Box::kPatience;
  while (satisfied.size() < kStreams && std::chrono::steady_clock::now() < until) listen();
  EXPECT_EQ(kStreams, satisfied.size()) << "all of them have heard their neighbour";
  const auto received = [&] {
    const auto counters = box.snapshot().counters;
    return std::find_if(counters.begin(), counters.end(),
                        [](const auto& counter) { return counter.name == "rtp_packets_received"; })
        ->value;
  };
  while (received() < 10 * kStreams && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
  asked.clear();
  for (const auto& stream : streams) asked.push_back(box.submit(LegRelease{stream.leg}));
  for (const auto id : asked) box.reply(id);
  for (const auto& stream : streams) {
    const auto ended = box.wait<StreamEnded>([&](const auto& event) { return event.leg == stream.leg; });
    ASSERT_TRUE(ended);
    EXPECT_EQ(10, ended->packetsReceived);
    EXPECT_EQ(0, ended->refusedSource);
  }
  EXPECT_TRUE(box.snapshot().streams.empty());
}

TEST(EngineStreamSource, ComesAndGoesWithoutATrace) {
  StreamBox box(stream_config(4));
  Phone phone;
  const auto resting = open_descriptors();
  std::size_t most = 0;
  for (int call = 0; call < 60; ++call) {
    const auto stream = box.open(phone.local());
    box.update(agreed(stream.leg, phone.local()));
    phone.call(box.at(stream));
    if (call % 10 == 0) box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 1; });
    box.ask(LegRelease{stream.leg});
    EXPECT_TRUE(box.wait<StreamEnded>([&](const auto& event) { return event.leg == stream.leg; }));
    most = std::max(most, open_descriptors());
  }
  EXPECT_EQ(resting, most);
  EXPECT_TRUE(box.snapshot().streams.empty());
  EXPECT_NE(std::string::npos, box.ask<Dump>(DumpGet{}).text.find("streams: 0 of 4"));
}

TEST(EngineStreamSource, ClosesWhilePacketsFlow) {
  auto config = stream_config(32);
  config.streams.threads = 2;
  const auto first = static_cast<uint16_t>(config.streams.portFirst);
  auto box = std::make_unique<StreamBox>(config);
  std::vector<std::unique_ptr<Phone>> phones;
  std::vector<StreamOpened> streams;
  for (uint32_t i = 0; i < 32; ++i) {
    phones.push_back(std::make_unique<Phone>(Phone::Settings{.ssrc = i}));
    streams.push_back(box->connect(*phones.back()));
  }
  ASSERT_TRUE(phones.back()->wait_packets(10));
  box->close();
  for (const auto& stream : streams) {
    EXPECT_TRUE(box->wait<StreamEnded>([&](const auto& event) { return event.leg == stream.leg; }, 0ms));
    EXPECT_TRUE(box->wait<LegReleased>([&](const auto& event) { return event.leg == stream.leg; }, 0ms));
  }
  // Every telephone has been told, and the ports are free.
  for (auto& phone : phones) {
    EXPECT_TRUE(phone->wait([](const auto&, const auto& control) {
      rtp::ControlPacket last;
      return !control.empty() && rtp::parse_control(control.back(), last) && last.bye_count > 0;
    }));
  }
  EXPECT_EQ(first, rtp::UdpPeer("127.0.0.1", first).port());
}

TEST(EngineStreamSource, ClosesInTheMiddleOfCommands) {
  for (int round = 0; round < 20; ++round) {
    auto box = std::make_unique<StreamBox>(stream_config(16));
    std::vector<uint64_t> asked;
    const auto stream = box->open();
    for (int i = 0; i < round * 3; ++i) {
      asked.push_back(box->submit(StreamOpen{}));
      auto update = agreed(stream.leg, *Address::parse("127.0.0.1", static_cast<uint16_t>(1000 + i)));
      if (i % 3 == 0) update.srtp = {StreamSrtpSuite::kAesCm128HmacSha1_80, std::string(60, '1'), std::string(60, '2')};
      asked.push_back(box->submit(update));
    }
    box->close();
    for (const auto id : asked) box->reply(id);
  }
}

TEST(EngineStreamSource, GoesOnWhenTheSystemRefusesToSend) {
  StreamBox box(stream_config(4, "0.0.0.0"));
  Phone phone;
  const auto nowhere = box.open();
  // A broadcast address needs a permission that these sockets have not.
  box.update(agreed(nowhere.leg, *Address::parse("255.255.255.255", 4000)));
  const auto stream = box.open(phone.local());
  box.update(agreed(stream.leg, phone.local()));
  phone.call(*Address::parse("127.0.0.1", static_cast<uint16_t>(stream.rtpPort)));
  ASSERT_TRUE(phone.wait_packets(50));
  const auto heard = phone.packets();
  for (std::size_t i = 1; i < heard.size(); ++i) {
    ASSERT_EQ(static_cast<uint16_t>(heard[i - 1].header.sequence + 1), heard[i].header.sequence);
  }
  const auto counters = box.snapshot().counters;
  const auto value = [&](const std::string& name) {
    const auto found =
        std::find_if(counters.begin(), counters.end(), [&](const auto& counter) { return counter.name == name; });
    return found == counters.end() ? -1 : found->value;
  };
  EXPECT_GT(value("rtp_send_refused") + value("rtp_send_unreachable"), 20);
  EXPECT_GT(value("rtp_packets_sent"), 20);
  EXPECT_GT(value("rtp_packets_received"), 20);
  EXPECT_EQ(0, value("rtp_system_drops"));
  EXPECT_EQ(2, value("streams_opened"));
}

}  // namespace
}  // namespace cordboard::engine
