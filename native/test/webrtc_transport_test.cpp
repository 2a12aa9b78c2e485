// SPDX-License-Identifier: GPL-2.0-or-later
// STUN, ICE-lite and DTLS each by itself: messages of RFC 5769, who may be heard, which handshakes are refused, loss.
#include <gtest/gtest.h>

#include <iostream>

#include "fuzz_inputs.hpp"
#include "rtp/endpoint.hpp"
#include "rtp/stream.hpp"
#include "webrtc_browser.hpp"

namespace cordboard::webrtc {
namespace {

const IceNames kNames{"boxufrag", "the-password-of-the-box", "rfrg"};

Address at(uint16_t port) { return *Address::parse("192.0.2.7", port); }

// ---------------------------------------------------------------------------------------------------------------- STUN

TEST(Stun, ReadsTheSampleRequestOfRfc5769) {
  // RFC 5769 2.1, with the password of its text.
  const Octets request{0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
                       0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
                       0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
                       0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
                       0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
                       0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
                       0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};
  StunView view;
  ASSERT_EQ(StunFault::kNone, parse_stun(request, view));
  EXPECT_EQ("evtj:h6vY", view.username);
  EXPECT_EQ(0x6e0001ffU, *view.priority);
  EXPECT_TRUE(view.says_controlled);
  EXPECT_EQ(0x932ff9b151263b36U, view.tie_breaker);
  EXPECT_TRUE(signed_with(view, "VOkJxbRl1RmTxUk/WvJxBt"));
  EXPECT_FALSE(signed_with(view, "VOkJxbRl1RmTxUk/WvJxBu"));
}

TEST(Stun, WritesWhatItReads) {
  std::array<uint8_t, StunWriter::kMostWritten> out{};
  const std::array<uint8_t, kStunTransaction> id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  StunWriter writer(out, StunType::kBindingSuccess, id);
  writer.mapped(*Address::parse("192.0.2.1", 32853));
  const auto octets = writer.finish("secret");
  StunView view;
  ASSERT_EQ(StunFault::kNone, parse_stun({out.data(), octets}, view));
  EXPECT_TRUE(signed_with(view, "secret"));
  // RFC 5769 2.2 has this address.
  const Octets mapped{0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43};
  EXPECT_TRUE(std::equal(mapped.begin(), mapped.end(), out.begin() + kStunHeader));
}

TEST(Stun, RefusesWhatIsNotWhole) {
  const auto good = make_check(kNames, 1);
  StunView view;
  ASSERT_EQ(StunFault::kNone, parse_stun(good, view));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_NE(StunFault::kNone, parse_stun(std::span(good).first(length), view)) << length;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    auto bad = good;
    bad[at] ^= 0x10;
    EXPECT_NE(StunFault::kNone, parse_stun(bad, view)) << "octet " << at << " is changed";
  }
}

// ----------------------------------------------------------------------------------------------------------------- ICE

struct Lite {
  Lite() { ice.set(kNames); }
  IceLite::Answer check(const Address& from, int64_t now_ns = 1, const Check& what = {},
                        const IceNames& names = kNames) {
    const auto octets = make_check(names, 1, what);
    StunView view;
    EXPECT_EQ(StunFault::kNone, parse_stun(octets, view));
    const auto answer = ice.take(view, from, now_ns, out);
    if (answer.octets > 0) {
      EXPECT_EQ(StunFault::kNone, parse_stun({out.data(), answer.octets}, said));
    }
    return answer;
  }
  IceLite ice;
  std::array<uint8_t, StunWriter::kMostWritten> out{};
  StunView said;
};

TEST(IceLite, ChoosesWhatThePeerChooses) {
  Lite lite;
  EXPECT_EQ(IceOutcome::kValid, lite.check(at(1000), 1, {.use_candidate = false}).outcome);
  EXPECT_FALSE(lite.ice.selected().known());
  EXPECT_TRUE(lite.check(at(1000)).moved);
  EXPECT_EQ(at(1000), lite.ice.selected());
  EXPECT_EQ(StunType::kBindingSuccess, lite.said.type);
  EXPECT_TRUE(signed_with(lite.said, kNames.local_pwd));
  // The lower priority waits until the higher is silent; what is authentic moves it at once.
  EXPECT_FALSE(lite.check(at(2000), 2, {.priority = 50}).moved);
  EXPECT_TRUE(lite.ice.heard(at(2000)));
  EXPECT_FALSE(lite.ice.heard(at(3000)));
  EXPECT_EQ(at(2000), lite.ice.selected());
}

TEST(IceLite, AnswersNobodyElse) {
  Lite lite;
  auto other = kNames;
  other.local_pwd = "another-password-of-a-box";
  EXPECT_EQ(IceOutcome::kForeign, lite.check(at(1000), 1, {}, other).outcome);
  other = kNames;
  other.remote_ufrag = "else";
  EXPECT_EQ(IceOutcome::kForeign, lite.check(at(1000), 1, {}, other).outcome);
  EXPECT_FALSE(lite.ice.passed(at(1000)));
}

TEST(IceLite, NeverControls) {
  Lite lite;
  EXPECT_EQ(IceOutcome::kAnswered, lite.check(at(1000), 1, {.controlled = true}).outcome);
  EXPECT_EQ(StunType::kBindingError, lite.said.type);
  const Octets conflict{0x00, 0x00, 0x04, 87};
  EXPECT_TRUE(std::equal(conflict.begin(), conflict.end(), lite.out.begin() + kStunHeader + 4));
  EXPECT_EQ(IceOutcome::kAnswered, lite.check(at(1000), 1, {.unknown = 0x0033}).outcome);
  EXPECT_FALSE(lite.ice.passed(at(1000)));
}

TEST(IceLite, RestartMovesWithTheFirstCheckOfTheNewNames) {
  Lite lite;
  lite.check(at(1000), 1, {.priority = 500});
  const IceNames fresh{"newufrag", "another-password-of-the-box", "r2nd"};
  lite.ice.set(fresh);
  EXPECT_EQ(at(1000), lite.ice.selected());
  EXPECT_EQ(IceOutcome::kForeign, lite.check(at(1000)).outcome);
  EXPECT_TRUE(lite.check(at(2000), 2, {.priority = 1}, fresh).moved);
}

TEST(IceLite, KeepsFewAddresses) {
  Lite lite;
  lite.check(at(1000), 1);
  int dropped = 0;
  for (uint16_t port = 2000; port < 2100; ++port)
    dropped += lite.check(at(port), port, {.priority = 1}).dropped ? 1 : 0;
  EXPECT_EQ(100 - static_cast<int>(IceLite::kMostAddresses - 1), dropped);
  EXPECT_TRUE(lite.ice.passed(at(1000)));
}

// ---------------------------------------------------------------------------------------------------------------- DTLS

/// Both ends in one thread, with a network that loses.
struct Handshake {
  explicit Handshake(int loss_percent = 0, const char* priority = DtlsClient::kBrowser, bool srtp = true,
                     uint32_t seed = 1)
      : papers(make_papers()), random(seed) {
    const auto lost = [this, loss_percent] { return static_cast<int>(random() % 100) < loss_percent; };
    auto made = DtlsServer::make(*DtlsIdentity::make(box_papers().certificate, box_papers().key),
                                 expected ? *expected : fingerprint_of(papers), [this, lost](auto octets) {
                                   if (!lost()) client->take(octets);
                                 });
    server = std::move(*made);
    client = std::make_unique<DtlsClient>(
        papers,
        [this, lost](auto octets) {
          if (!lost()) to_server.emplace_back(octets.begin(), octets.end());
        },
        priority, srtp);
  }
  void expect(const Fingerprint& fingerprint) {
    auto made = DtlsServer::make(*DtlsIdentity::make(box_papers().certificate, box_papers().key), fingerprint,
                                 [this](auto octets) { client->take(octets); });
    server = std::move(*made);
  }
  /// Until both are done, or one has failed.
  void run(std::chrono::seconds patience = std::chrono::seconds(20)) {
    const auto until = std::chrono::steady_clock::now() + patience;
    int client_state = 1;
    while (std::chrono::steady_clock::now() < until) {
      if (client_state >= 0) client_state = client->step();
      while (!to_server.empty()) {
        const auto octets = std::move(to_server.front());
        to_server.pop_front();
        server->take(octets);
      }
      server->tick();
      if (server->state() == DtlsServer::State::kFailed) return;
      if (client_state < 0) return;
      if (client->up() && server->state() == DtlsServer::State::kUp) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // their clocks are the system's
    }
  }
  Papers papers;
  std::mt19937 random;
  std::optional<Fingerprint> expected;
  std::deque<Octets> to_server;
  std::unique_ptr<DtlsServer> server;
  std::unique_ptr<DtlsClient> client;
};

TEST(Dtls, AgreesOnKeys) {
  Handshake shake;
  shake.run();
  ASSERT_EQ(DtlsServer::State::kUp, shake.server->state()) << shake.server->why();
  auto ours = shake.server->srtp();
  ASSERT_TRUE(ours);
  auto theirs = shake.client->srtp();
  Octets packet(172 + rtp::kSrtpSlack);
  rtp::write_header({.payload_type = 8, .sequence = 1, .timestamp = 2, .ssrc = 3}, packet.data());
  const auto locked = (*ours)->protect(packet, 172);
  ASSERT_GT(locked, 172U);
  EXPECT_EQ(172U, theirs->unprotect(packet, locked));
  const auto back = theirs->protect(packet, 172);
  EXPECT_EQ(172U, (*ours)->unprotect(packet, back));
}

TEST(Dtls, RefusesAnotherCertificate) {
  Handshake shake;
  shake.expect(fingerprint_of(make_papers()));
  shake.run();
  EXPECT_EQ(DtlsServer::State::kFailed, shake.server->state());
  EXPECT_FALSE(shake.client->up());
}

TEST(Dtls, RefusesToSendInTheOpen) {
  Handshake shake(0, "NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:+NULL:%ALLOW_SMALL_RECORDS");
  ASSERT_TRUE(shake.client->good()) << "the library does not know the cipher that is to be refused";
  shake.run();
  EXPECT_EQ(DtlsServer::State::kFailed, shake.server->state());
  EXPECT_FALSE(shake.client->up());
}

TEST(Dtls, RefusesWhoWantsNoSrtp) {
  Handshake shake(0, DtlsClient::kBrowser, false);
  shake.run();
  EXPECT_EQ(DtlsServer::State::kFailed, shake.server->state());
}

TEST(Dtls, RefusesOldVersions) {
  Handshake shake(0, "NORMAL:-VERS-ALL:+VERS-DTLS1.0");
  shake.run();
  EXPECT_NE(DtlsServer::State::kUp, shake.server->state());
}

TEST(Dtls, ConnectsWithALossOf30Percent) {
  int up = 0;
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    Handshake shake(30, DtlsClient::kBrowser, true, seed);
    shake.run();
    up += shake.server->state() == DtlsServer::State::kUp && shake.client->up() ? 1 : 0;
  }
  std::cout << up << " of 10 handshakes with 30 % loss each way\n";
  EXPECT_EQ(10, up);
}

TEST(Dtls, HearsThePeerGo) {
  Handshake shake;
  shake.run();
  shake.client->bye();
  while (!shake.to_server.empty()) {
    shake.server->take(shake.to_server.front());
    shake.to_server.pop_front();
  }
  EXPECT_EQ(DtlsServer::State::kClosed, shake.server->state());
}

// ------------------------------------------------------------------------------------------------------- hostile input

TEST(HostileSignallingWebRtc, StunOfAnybody) {
  std::mt19937 random(7);
  Lite lite;
  const auto good = make_check(kNames, 1, {.unknown = 0x0033});
  int read = 0;
  for (int i = 0; i < fuzz_inputs(); ++i) {
    auto octets = good;
    mutate(random, octets, 1 + random() % 4);
    // In memory of their own size, so that the sanitizer sees every octet too far.
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[octets.size()]);
    std::copy(octets.begin(), octets.end(), exact.get());
    StunView view;
    if (parse_stun({exact.get(), octets.size()}, view) != StunFault::kNone) continue;
    ++read;
    lite.ice.take(view, at(static_cast<uint16_t>(random())), i, lite.out);
  }
  EXPECT_FALSE(lite.ice.selected().known());
  EXPECT_LT(read, fuzz_inputs() / 2);
  // Well-formed and signed, of whatever attributes.
  for (int i = 0; i < fuzz_inputs(); ++i) {
    std::array<uint8_t, 1024> out{};
    const std::array<uint8_t, kStunTransaction> id{};
    StunWriter writer(out, static_cast<StunType>(random() % 8 == 0 ? random() : 1), id);
    const std::string name = kNames.local_ufrag + ":" + kNames.remote_ufrag;
    if (random() % 4 != 0)
      writer.attribute(kStunUsername, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
    constexpr uint16_t kTypes[]{kStunUsername,     kStunIntegrity,  kStunPriority,
                                kStunUseCandidate, kStunControlled, kStunControlling};
    for (auto count = random() % 6; count > 0; --count) {
      std::array<uint8_t, 64> value{};
      const auto type = random() % 3 == 0 ? static_cast<uint16_t>(random()) : kTypes[random() % 6];
      writer.attribute(type, std::span(value).first(random() % 3 == 0 ? random() % 65 : 4 * (random() % 3)));
    }
    const auto octets = writer.finish(kNames.local_pwd);
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[octets]);
    std::copy_n(out.begin(), octets, exact.get());
    StunView view;
    if (parse_stun({exact.get(), octets}, view) != StunFault::kNone) continue;
    read += lite.ice.take(view, at(static_cast<uint16_t>(random())), i, lite.out).outcome == IceOutcome::kValid ? 1 : 0;
  }
  EXPECT_GT(read, 0);
}

TEST(HostileSignallingWebRtc, DtlsOfAnybody) {
  std::mt19937 random(11);
  const auto identity = *DtlsIdentity::make(box_papers().certificate, box_papers().key);
  const auto papers = make_papers();
  const auto fingerprint = fingerprint_of(papers);
  // The flights of a whole handshake, each of which is spoilt in turn.
  std::vector<Octets> flights;
  {
    Handshake shake;
    std::vector<Octets> recorded;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (shake.server->state() == DtlsServer::State::kHandshake && std::chrono::steady_clock::now() < until) {
      shake.client->step();
      while (!shake.to_server.empty()) {
        recorded.push_back(shake.to_server.front());
        shake.server->take(shake.to_server.front());
        shake.to_server.pop_front();
      }
    }
    ASSERT_EQ(DtlsServer::State::kUp, shake.server->state());
    flights = recorded;
  }
  const int sessions = std::max(1, fuzz_inputs() / 8);
  int up = 0;
  for (int i = 0; i < sessions; ++i) {
    auto made = DtlsServer::make(identity, fingerprint, [](auto) {});
    auto& server = *made;
    for (int piece = 0; piece < 8; ++piece) {
      auto octets = flights[random() % flights.size()];
      if (piece > 0 || random() % 2 == 0) mutate(random, octets, random() % 4);
      const std::unique_ptr<uint8_t[]> exact(new uint8_t[octets.size()]);
      std::copy(octets.begin(), octets.end(), exact.get());
      server->take({exact.get(), octets.size()});
    }
    up += server->state() == DtlsServer::State::kUp ? 1 : 0;
  }
  EXPECT_EQ(0, up);
}

/// What comes under keys, spoilt on its way, and what was never under any.
TEST(HostileSignallingWebRtc, SrtpAndRtcpOfAnybody) {
  std::mt19937 random(17);
  Octets key(rtp::srtp_key_octets(rtp::SrtpSuite::kAesCm128HmacSha1_80), 7);
  auto theirs = std::move(*rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, key, key));
  rtp::StreamParams params;
  params.receive = {{8, rtp::Encoding::kPcma, 8000}};
  params.send = {8, rtp::Encoding::kPcma, 8000};
  auto stream = std::move(*rtp::Stream::make(params, {.ssrc = 9, .cname = "box"}));
  rtp::Endpoint endpoint(*stream, 1);
  rtp::EndpointChange change;
  change.mux = change.secure = true;
  change.srtp = std::move(*rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, key, key));
  change.source.remote = change.source.remote_control = at(1000);
  endpoint.apply(change, 1);
  int taken = 0;
  for (int i = 0; i < fuzz_inputs(); ++i) {
    const bool control = random() % 2 == 0;
    Octets packet(control ? 8 + 4 * (random() % 20) : 12 + random() % 200);
    packet.resize(packet.size() + rtp::kSrtpSlack);
    std::size_t length = packet.size() - rtp::kSrtpSlack;
    for (std::size_t octet = 1; octet < length; ++octet) packet[octet] = static_cast<uint8_t>(random());
    packet[0] = static_cast<uint8_t>(0x80 | random() % 64);
    if (control) {
      packet[1] = static_cast<uint8_t>(200 + random() % 8);
      // A handful, as the library keeps a state for each.
      rtp::write32(packet.data() + 4, random() % 8);
      rtp::write16(packet.data() + 2, static_cast<uint16_t>(random() % 3 == 0 ? random() : length / 4 - 1));
      length = theirs->protect_control(packet, length);
    } else {
      rtp::write_header({.payload_type = 8, .sequence = static_cast<uint16_t>(i), .ssrc = 5}, packet.data());
      packet[0] = static_cast<uint8_t>(0x80 | (random() % 4 == 0 ? random() % 64 : 0));
      length = theirs->protect(packet, length);
    }
    packet.resize(length);
    if (random() % 2 == 0) mutate(random, packet, 1 + random() % 3);
    const auto octets = packet.size();
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[octets + rtp::kSrtpSlack]);
    std::copy(packet.begin(), packet.end(), exact.get());
    if (octets == 0) continue;
    const auto outcome = endpoint.take_packet({exact.get(), octets + rtp::kSrtpSlack}, octets, at(1000), i);
    taken += outcome == rtp::Endpoint::Outcome::kTaken ? 1 : 0;
    uint8_t row[160];
    if (i % 4 == 0) stream->receive(row, int64_t{i} * 20'000'000);
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(endpoint.counts().unauthenticated.value(), 0U);
}

/// A message of a client in fragments of any size, in any order, that overlap, and each in a record of its own.
TEST(HostileSignallingWebRtc, FragmentsOfAnybody) {
  std::mt19937 random(13);
  const auto identity = *DtlsIdentity::make(box_papers().certificate, box_papers().key);
  std::vector<Octets> hello;
  DtlsClient client(make_papers(), [&](auto octets) { hello.emplace_back(octets.begin(), octets.end()); });
  client.step();
  ASSERT_EQ(1U, hello.size());
  constexpr std::size_t kHeaders = 25;
  const Octets body(hello[0].begin() + kHeaders, hello[0].end());
  const auto record = [&](uint8_t type, uint16_t number, uint32_t length, uint32_t offset,
                          std::span<const uint8_t> part) {
    Octets octets(kHeaders);
    octets[0] = 22;
    octets[1] = 0xFE;
    octets[2] = 0xFD;
    rtp::write32(octets.data() + 7, random());
    rtp::write16(octets.data() + 11, static_cast<uint16_t>(12 + part.size()));
    octets[13] = type;
    rtp::write24(octets.data() + 14, length);
    rtp::write16(octets.data() + 17, number);
    rtp::write24(octets.data() + 19, offset);
    rtp::write24(octets.data() + 22, static_cast<uint32_t>(part.size()));
    octets.insert(octets.end(), part.begin(), part.end());
    return octets;
  };
  const int sessions = std::max(1, fuzz_inputs() / 16);
  int answered = 0;
  for (int i = 0; i < sessions; ++i) {
    bool sent = false;
    auto made = DtlsServer::make(identity, {}, [&](auto) { sent = true; });
    auto& server = *made;
    const Octets nonsense(1 + random() % 3000, static_cast<uint8_t>(random()));
    for (int piece = 0; piece < 16; ++piece) {
      const bool first = random() % 2 == 0;
      const auto& whole = first ? body : nonsense;
      const auto offset = random() % whole.size();
      const auto part =
          std::span(whole).subspan(offset, std::min<std::size_t>(1 + random() % 1200, whole.size() - offset));
      const uint8_t type = first ? 1 : std::array<uint8_t, 3>{11, 15, 16}[random() % 3];
      const auto length = static_cast<uint32_t>(random() % 20 == 0 ? random() % 4000 : whole.size());
      const auto octets =
          record(type, first ? 0 : static_cast<uint16_t>(random() % 3), length, static_cast<uint32_t>(offset), part);
      const std::unique_ptr<uint8_t[]> exact(new uint8_t[octets.size()]);
      std::copy(octets.begin(), octets.end(), exact.get());
      server->take({exact.get(), octets.size()});
    }
    answered += sent ? 1 : 0;
    EXPECT_NE(DtlsServer::State::kUp, server->state());
  }
  std::cout << answered << " of " << sessions << " sessions were answered\n";
  EXPECT_GT(answered, 0);
}

}  // namespace
}  // namespace cordboard::webrtc
