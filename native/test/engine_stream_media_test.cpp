// SPDX-License-Identifier: GPL-2.0-or-later
// What streams carry: codecs, SRTP, digits as events, recordings, RTCP.
#include <cmath>
#include <random>

#include "base/hex.hpp"
#include "dsp/kernels.hpp"
#include "dsp/tone_clip.hpp"
#include "dsp_speech.hpp"
#include "rtp/telephone_event.hpp"
#include "stream_box.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSecond = 8000;
constexpr uint8_t kEventType = 101;

std::vector<int16_t> samples_of(const Octets& octets) {
  std::vector<int16_t> samples(octets.size());
  dsp::alaw_decode(octets.data(), samples.data(), octets.size());
  return samples;
}

Octets speech() {
  const auto spoken = dsp::spoken({}, "All our agents are busy at the moment. Please hold the line, your call is important.");
  Octets octets(spoken.size());
  dsp::alaw_encode(spoken.data(), octets.data(), octets.size());
  return octets;
}

/// How alike a stretch of what was said is to what was heard, at the best of all delays up to two seconds: 1 the same, 0
/// nothing in common.
double likeness(const std::vector<int16_t>& said, std::size_t begin, std::size_t length,
                const std::vector<int16_t>& heard) {
  double best = 0;
  const auto said_power = static_cast<double>(dsp::kernels().power(said.data() + begin, length));
  for (std::size_t at = begin; at + length <= heard.size() && at < begin + 2 * kSecond; ++at) {
    int64_t common = 0;
    for (std::size_t i = 0; i < length; ++i) common += int32_t{said[begin + i]} * heard[at + i];
    const auto power = static_cast<double>(dsp::kernels().power(heard.data() + at, length));
    best = std::max(best, static_cast<double>(common) / std::sqrt((power + 1) * said_power));
  }
  return best;
}

/// Two streams of one engine that speak to each other over the loopback.
struct Pair {
  StreamOpened a;
  StreamOpened b;
};
template <class Change>
Pair connect_to_each_other(StreamBox& box, Change change) {
  Pair pair{box.open(), box.open()};
  auto for_a = agreed(pair.a.leg, box.at(pair.b));
  auto for_b = agreed(pair.b.leg, box.at(pair.a));
  change(for_a, for_b);
  box.update(for_a);
  box.update(for_b);
  return pair;
}

class EngineStreamCodec : public ::testing::TestWithParam<std::tuple<StreamCodecChosen, double>> {};

TEST_P(EngineStreamCodec, CarriesSpeech) {
  const auto& [codec, wanted] = GetParam();
  StreamBox box;
  const auto pair = connect_to_each_other(box, [&](auto& a, auto& b) {
    for (auto* update : {&a, &b}) {
      update->codec = codec;
      update->receive = {{codec.name, codec.payloadType}};
    }
  });
  const auto said = speech();
  write_alaw(box.file("speech.wav"), said);
  const auto recording = box.ask<RecordingStarted>(RecordingStart{pair.b.port, box.file("heard.wav")}).recording;
  box.ask<PlayStarted>(PlayStart{pair.a.port, {box.file("speech.wav")}});
  ASSERT_TRUE(box.wait<PlayEnded>([](const auto&) { return true; }, 20s));
  box.wait_statistics(pair.b.leg, [&, before = box.statistics(pair.b.leg).packetsReceived](const auto& now) {
    return now.packetsReceived > before + 10;
  });
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto heard = samples_of(channel(box.file("heard.wav"), 0));
  const auto spoken = samples_of(said);
  // Stretches of 0.3 s, so that a block put in or left out by a jitter buffer spoils one.
  constexpr std::size_t kStretch = 3 * kSecond / 10;
  std::vector<double> alike;
  for (std::size_t begin = kSecond / 2; begin + kStretch < spoken.size() && alike.size() < 6; begin += kSecond / 2) {
    if (dsp::kernels().power(spoken.data() + begin, kStretch) < kStretch * 300 * 300) continue;
    alike.push_back(likeness(spoken, begin, kStretch, heard));
  }
  ASSERT_GE(alike.size(), 4U);
  std::sort(alike.begin(), alike.end());
  EXPECT_GE(alike[1], wanted) << name_of(codec.name);
}

INSTANTIATE_TEST_SUITE_P(Codecs, EngineStreamCodec,
                         ::testing::Values(std::tuple{StreamCodecChosen{StreamCodec::kPcma, 8, 20}, 0.9999},
                                           std::tuple{StreamCodecChosen{StreamCodec::kPcma, 8, 60}, 0.9999},
                                           std::tuple{StreamCodecChosen{StreamCodec::kPcmu, 0, 20}, 0.999},
                                           std::tuple{StreamCodecChosen{StreamCodec::kPcmu, 0, 30}, 0.999},
                                           std::tuple{StreamCodecChosen{StreamCodec::kG722, 9, 20}, 0.97},
                                           std::tuple{StreamCodecChosen{StreamCodec::kOpus, 111, 20}, 0.8}));

TEST(EngineStreamMedia, ChangesItsCodecInTheMiddleOfACall) {
  StreamBox box;
  const auto set = [&](const Pair& pair, StreamCodec codec, uint32_t type) {
    for (const auto& [leg, remote] : {std::pair{pair.a.leg, box.at(pair.b)}, std::pair{pair.b.leg, box.at(pair.a)}}) {
      auto update = agreed(leg, remote);
      update.codec = {codec, type, 20};
      update.receive = {{StreamCodec::kPcma, 8}, {StreamCodec::kG722, 9}};
      box.update(update);
    }
  };
  const Pair pair{box.open(), box.open()};
  set(pair, StreamCodec::kPcma, 8);
  const auto received = [&] { return box.statistics(pair.b.leg).packetsReceived; };
  box.wait_statistics(pair.b.leg, [](const auto& now) { return now.packetsReceived > 20; });
  set(pair, StreamCodec::kG722, 9);
  box.wait_statistics(pair.b.leg, [before = received()](const auto& now) { return now.packetsReceived > before + 20; });
  const auto figures = box.statistics(pair.b.leg);
  EXPECT_EQ(0, figures.refusedPayloadType);
  EXPECT_EQ(0, figures.restarts) << "neither SSRC nor timestamps begin anew";
  EXPECT_EQ(StreamCodec::kG722, *box.snapshot().streams[0].codec);
}

TEST(EngineStreamMedia, DropsWhatWasNotAgreedUpon) {
  StreamBox box;
  Phone phone({.payload_type = 0});
  const auto stream = box.connect(phone);  // for A-law, and he speaks mu-law
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedPayloadType > 10; });
  EXPECT_EQ(0, figures.packetsReceived);
  const auto counters = box.snapshot().counters;
  const auto counter = std::find_if(counters.begin(), counters.end(),
                                    [](const auto& each) { return each.name == "rtp_refused_payload_type"; });
  ASSERT_NE(counters.end(), counter);
  EXPECT_GE(counter->value, figures.refusedPayloadType);
}

TEST(EngineStreamMedia, RecordsWhatAStreamSaysAndHears) {
  StreamBox box;
  Phone phone;
  const auto stream = box.connect(phone);
  const auto said = noise(2 * kSecond, 3);
  const auto played = noise(2 * kSecond, 4);
  write_alaw(box.file("played.wav"), played);
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 5; });
  const auto recording = box.ask<RecordingStarted>(RecordingStart{stream.port, box.file("r.wav")}).recording;
  phone.say(said);
  box.ask<PlayStarted>(PlayStart{stream.port, {box.file("played.wav")}});
  ASSERT_TRUE(box.wait<PlayEnded>());
  ASSERT_TRUE(phone.wait_packets(20));
  box.ask<RecordingResult>(RecordingStop{recording});
  EXPECT_GE(longest_run(channel(box.file("r.wav"), 0), said), kUnbroken);
  EXPECT_EQ(played.size(), longest_run(channel(box.file("r.wav"), 1), played));
  EXPECT_EQ(played.size(), longest_run(phone.octets(8), played)) << "and the telephone has heard it whole";
}

// ---------------------------------------------------------------------------------------------------------------- SRTP

std::string random_hex(std::size_t octets, uint32_t seed) {
  std::mt19937 random(seed);
  std::string hex;
  for (std::size_t i = 0; i < 2 * octets; ++i) hex += "0123456789abcdef"[random() % 16];
  return hex;
}

class EngineStreamSrtp : public ::testing::TestWithParam<StreamSrtpSuite> {};

TEST_P(EngineStreamSrtp, CarriesATelephone) {
  const auto suite = GetParam();
  const auto rtp_suite = static_cast<rtp::SrtpSuite>(suite);
  if (!rtp::srtp_works(rtp_suite)) GTEST_SKIP() << "the library on this machine has no " << name_of(suite);
  const auto ours = random_hex(rtp::srtp_key_octets(rtp_suite), 1);
  const auto theirs = random_hex(rtp::srtp_key_octets(rtp_suite), 2);
  auto session = rtp::SrtpSession::make(rtp_suite, *from_hex(theirs), *from_hex(ours));
  ASSERT_TRUE(session);
  StreamBox box;
  Phone phone({.ssrc = 5, .srtp = std::move(*session)});
  Phone plain({.ssrc = 6});
  const auto stream = box.open(phone.local());
  auto update = agreed(stream.leg, phone.local());
  update.srtp = {suite, ours, theirs};
  box.update(update);
  const auto other = box.connect(plain);
  box.ask(BusConnect{stream.port, other.port});
  phone.call(box.at(stream));
  const auto from_phone = noise(2 * kSecond, 5);
  const auto from_plain = noise(2 * kSecond, 6);
  phone.say(from_phone);
  plain.say(from_plain);
  ASSERT_TRUE(phone.wait_packets(60));
  box.update(update);  // a session refresh with the same keys: the roll-over counter and the replay window go on
  ASSERT_TRUE(phone.wait_packets(60));
  ASSERT_TRUE(plain.wait_packets(1));
  EXPECT_GE(longest_run(plain.octets(8), from_phone), kUnbroken);
  EXPECT_GE(longest_run(phone.octets(8), from_plain), kUnbroken);
  EXPECT_EQ(0U, phone.rejected());
  EXPECT_EQ(0, box.statistics(stream.leg).refusedSrtp);
  EXPECT_TRUE(box.snapshot().streams[0].srtp);

  // RTP that is not encrypted, from where the peer is: not heard.
  rtp::UdpPeer liar("127.0.0.1");
  Phone forger({.ssrc = 7});
  update = agreed(stream.leg, forger.local());
  update.srtp = {suite, ours, theirs};
  box.update(update);
  const auto before = box.statistics(stream.leg).packetsReceived;
  forger.call(box.at(stream));
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSrtp > 20; });
  EXPECT_LE(figures.packetsReceived, before + 5);
  ASSERT_TRUE(forger.wait_packets(5)) << "what is sent there stays encrypted";
  EXPECT_EQ(0U, longest_run(forger.octets(8), Octets(160, dsp::kAlawSilence)));
}

INSTANTIATE_TEST_SUITE_P(Suites, EngineStreamSrtp,
                         ::testing::Values(StreamSrtpSuite::kAesCm128HmacSha1_80, StreamSrtpSuite::kAesCm128HmacSha1_32,
                                           StreamSrtpSuite::kAes256CmHmacSha1_80, StreamSrtpSuite::kAeadAes128Gcm));

TEST(EngineStreamMedia, KeepsItsReplayWindowOverARefresh) {
  StreamBox box;
  const auto suite = StreamSrtpSuite::kAesCm128HmacSha1_80;
  auto session = rtp::SrtpSession::make(rtp::SrtpSuite::kAesCm128HmacSha1_80, Octets(30, 0x22), Octets(30, 0x11));
  ASSERT_TRUE(session);
  rtp::UdpPeer peer;
  const auto stream = box.open(peer.local());
  auto update = agreed(stream.leg, peer.local());
  update.srtp = {suite, std::string(60, '1'), std::string(60, '2')};
  box.update(update);
  std::vector<Octets> packets;
  for (uint16_t i = 0; i < 20; ++i) {
    auto packet = rtp::make_packet({8, false, i, 160U * i, 5}, noise(160, i));
    const auto octets = packet.size();
    packet.resize(octets + rtp::kSrtpSlack);
    packet.resize((*session)->protect(packet, octets));
    ASSERT_TRUE(peer.send(box.at(stream), packet));
    packets.push_back(std::move(packet));
  }
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived == 20; });
  box.update(update);
  // Whoever has recorded them cannot play them again.
  for (const auto& packet : packets) peer.send(box.at(stream), packet);
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.refusedSrtp == 20; });
  EXPECT_EQ(20, figures.packetsReceived);
  EXPECT_EQ(0, figures.duplicated) << "they do not come so far";
}

TEST(EngineStreamMedia, HearsNothingUnderAnotherKey) {
  StreamBox box;
  const auto suite = StreamSrtpSuite::kAesCm128HmacSha1_80;
  const auto pair = connect_to_each_other(box, [&](auto& a, auto& b) {
    a.srtp = {suite, random_hex(30, 1), random_hex(30, 2)};
    b.srtp = {suite, random_hex(30, 3), random_hex(30, 4)};
  });
  const auto figures = box.wait_statistics(pair.a.leg, [](const auto& now) { return now.refusedSrtp > 20; });
  EXPECT_EQ(0, figures.packetsReceived);
}

// -------------------------------------------------------------------------------------------------------------- digits

StreamUpdate with_events(StreamUpdate update) {
  update.telephoneEvent = {kEventType, kEventType, 8000};
  return update;
}

TEST(EngineStreamMedia, SendsDigitsAsEventsWhereTheyAreAgreedUpon) {
  StreamBox box;
  Phone phone;
  const auto stream = box.open(phone.local());
  box.update(with_events(agreed(stream.leg, phone.local())));
  phone.call(box.at(stream));
  const auto play = box.ask<PlayStarted>(DigitsSend{stream.port, "15,#D"});
  EXPECT_EQ(4 * 200U + 500U, play.durationMs);
  const auto ended = box.wait<PlayEnded>([&](const auto& event) { return event.play == play.play; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(PlayEnd::kFinished, ended->reason);
  ASSERT_TRUE(phone.wait_packets(10));

  struct Event {
    uint32_t timestamp{};
    int packets{};
    int ends{};
    uint16_t duration{};
    bool marker{};
  };
  std::vector<std::pair<uint8_t, Event>> events;
  std::size_t at = 0;
  std::size_t first_at = 0;
  for (const auto& packet : phone.packets()) {
    ++at;
    if (packet.header.payload_type != kEventType) continue;
    rtp::EventPayload payload;
    ASSERT_TRUE(rtp::EventPayload::read(packet.payload, payload));
    if (events.empty()) first_at = at;
    if (events.empty() || events.back().second.timestamp != packet.header.timestamp) {
      events.push_back({payload.event, {.timestamp = packet.header.timestamp, .marker = packet.header.marker}});
    }
    auto& event = events.back().second;
    EXPECT_EQ(events.back().first, payload.event);
    EXPECT_EQ(6, payload.volume) << "two frequencies of -9 dBm0 each";
    EXPECT_GE(payload.duration, event.duration);
    event.duration = payload.duration;
    ++event.packets;
    event.ends += payload.end;
  }
  ASSERT_EQ(4U, events.size());
  EXPECT_GT(first_at, 0U);
  const uint8_t wanted[] = {1, 5, 11, 15};
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(wanted[i], events[i].first);
    EXPECT_EQ(3, events[i].second.ends) << "the end three times (RFC 4733 2.5.1.4)";
    EXPECT_EQ(800, events[i].second.duration) << "100 ms";
    EXPECT_TRUE(events[i].second.marker);
  }
  const auto gap = [&](std::size_t i) { return events[i + 1].second.timestamp - events[i].second.timestamp; };
  EXPECT_NEAR(1600, gap(0), 320);
  EXPECT_NEAR(1600 + 4000, gap(1), 480) << "the comma";
  auto tone = dsp::render_digits("5", 100, 100, -9);
  tone.resize(800);
  EXPECT_EQ(0U, longest_run(phone.octets(8), tone)) << "and not as a tone besides";
}

TEST(EngineStreamMedia, SendsDigitsAsTonesWhereEventsAreNotAgreedUpon) {
  StreamBox box;
  Phone phone;
  const auto stream = box.connect(phone);
  box.ask<PlayStarted>(DigitsSend{stream.port, "15#D"});
  ASSERT_TRUE(box.wait<PlayEnded>());
  ASSERT_TRUE(phone.wait_packets(10));
  const auto tones = dsp::render_digits("15#D", 100, 100, -9);
  EXPECT_GE(longest_run(phone.octets(8), tones), tones.size() - 160);
}

TEST(EngineStreamMedia, StopsSendingDigitsWhenItIsTold) {
  StreamBox box;
  Phone phone;
  const auto stream = box.open(phone.local());
  box.update(with_events(agreed(stream.leg, phone.local())));
  phone.call(box.at(stream));
  const auto play = box.ask<PlayStarted>(DigitsSend{stream.port, std::string(60, '7')}).play;
  const auto events = [&] {
    std::set<uint32_t> seen;
    for (const auto& packet : phone.packets()) {
      if (packet.header.payload_type == kEventType) seen.insert(packet.header.timestamp);
    }
    return seen.size();
  };
  ASSERT_TRUE(phone.wait([](const auto& heard, const auto&) {
    return std::any_of(heard.begin(), heard.end(), [](const auto& packet) { return packet.header.payload_type == kEventType; });
  }));
  box.ask(PlayStop{play});
  ASSERT_TRUE(phone.wait_packets(60));
  EXPECT_LE(events(), 3U);
  EXPECT_NE(kEventType, phone.packets().back().header.payload_type) << "speech again";
}

/// The packets of one key pressed for 100 ms, its end three times.
void press(Phone& phone, uint8_t event) {
  for (int i = 1; i <= 5 + 2; ++i) {
    rtp::EventPayload payload{.event = event, .end = i >= 5, .volume = 10, .duration = static_cast<uint16_t>(160 * std::min(i, 5))};
    uint8_t octets[rtp::kEventOctets];
    payload.write(octets);
    phone.send(kEventType, octets, i == 1, i > 1);
  }
}

TEST(EngineStreamMedia, TellsDigitsThatComeAsEvents) {
  StreamBox box;
  Phone phone;
  Phone other({.ssrc = 9});
  const auto stream = box.open(phone.local());
  box.update(with_events(agreed(stream.leg, phone.local())));
  const auto partner = box.connect(other);
  box.ask(BusConnect{stream.port, partner.port});
  phone.call(box.at(stream));
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 5; });
  press(phone, 3);  // nobody has asked yet
  box.wait_statistics(stream.leg, [before = box.statistics(stream.leg).packetsReceived](const auto& now) {
    return now.packetsReceived > before + 20;
  });
  box.ask(DetectorSet{.port = stream.port, .dtmf = true});
  for (const uint8_t event : {1, 1, 10, 15}) press(phone, event);
  std::string digits;
  for (int i = 0; i < 4; ++i) {
    const auto digit = box.wait_leg<LegDigit>(stream.leg);
    ASSERT_TRUE(digit);
    EXPECT_EQ(DigitSource::kEvent, digit->source);
    digits += digit->digit;
  }
  EXPECT_EQ("11*D", digits);
  EXPECT_FALSE(box.wait<LegDigit>([](const auto&) { return true; }, 200ms));
  press(phone, 16);
  EXPECT_TRUE(box.wait_leg<LegFlashed>(stream.leg)) << "RFC 4733 has the hook flash too";
}

TEST(EngineStreamMedia, TellsAKeyOnceThatComesAsToneAndAsEvent) {
  StreamBox box;
  Phone phone;
  const auto stream = box.open(phone.local());
  box.update(with_events(agreed(stream.leg, phone.local())));
  phone.call(box.at(stream));
  box.ask(DetectorSet{.port = stream.port, .dtmf = true});
  box.wait_statistics(stream.leg, [](const auto& now) { return now.packetsReceived > 5; });
  // A gateway lets the tone through until it has recognised it, and then says it again.
  phone.say(dsp::render_digits("8", 80, 20, -9));
  ASSERT_TRUE(phone.wait_packets(5));
  press(phone, 8);
  const auto digit = box.wait_leg<LegDigit>(stream.leg);
  ASSERT_TRUE(digit);
  EXPECT_EQ("8", digit->digit);
  EXPECT_FALSE(box.wait<LegDigit>([](const auto&) { return true; }, 500ms));
  // A tone alone is a digit as on any other port.
  phone.say(dsp::render_digits("8", 100, 100, -9));
  const auto tone = box.wait_leg<LegDigit>(stream.leg);
  ASSERT_TRUE(tone);
  EXPECT_EQ(DigitSource::kTone, tone->source);
}

// ---------------------------------------------------------------------------------------------------------------- RTCP

TEST(EngineStreamMedia, ReportsByRtcpAndSaysGoodbye) {
  StreamBox box;
  Phone phone;
  const auto stream = box.connect(phone);
  rtp::ControlPacket report;
  ASSERT_TRUE(phone.wait([&](const auto&, const auto& control) {
    return !control.empty() && rtp::parse_control(control.back(), report) && report.sender;
  }));
  const auto ssrc = phone.packets().front().header.ssrc;
  EXPECT_EQ(ssrc, report.ssrc);
  EXPECT_GE(report.cname.size(), 16U) << "a name that tells nothing (RFC 7022)";
  EXPECT_EQ(std::string_view::npos, report.cname.find('@'));
  ASSERT_EQ(1U, report.block_count);
  EXPECT_EQ(0x1234U, report.blocks[0].ssrc);
  EXPECT_GT(report.sender->packets, 20U);
  EXPECT_EQ(report.sender->packets * 160, report.sender->octets);

  // The telephone's own view, 50 ms after the report.
  const auto sent_at = monotonic_ns();
  Octets octets(200);
  rtp::ControlWriter writer(octets);
  const rtp::ReportBlock view{.ssrc = ssrc, .fraction_lost = 64, .lost = 7, .highest = 1, .jitter = 80,
                              .last_sr = rtp::ntp_middle(report.sender->ntp), .delay = 0};
  writer.report(0x1234, nullptr, {&view, 1});
  writer.cname(0x1234, "telephone");
  octets.resize(writer.size());
  ASSERT_TRUE(phone.rtcp().send(box.at(stream).with_port(static_cast<uint16_t>(stream.rtcpPort)), octets));
  const auto figures = box.wait_statistics(stream.leg, [](const auto& now) { return now.remote.has_value(); });
  EXPECT_EQ(7, figures.remote->lost);
  EXPECT_DOUBLE_EQ(0.25, figures.remote->lostShare);
  EXPECT_DOUBLE_EQ(10, figures.remote->jitterMs);
  ASSERT_TRUE(figures.roundTripMs);
  EXPECT_GE(*figures.roundTripMs, 0);
  EXPECT_LT(*figures.roundTripMs, 1000 + static_cast<double>(monotonic_ns() - sent_at) / 1e6);
  ASSERT_TRUE(figures.mosReceived);
  EXPECT_GT(*figures.mosReceived, 3.5);
  ASSERT_TRUE(figures.mosSent);
  EXPECT_LT(*figures.mosSent, *figures.mosReceived) << "a quarter of what we send is lost, he says";

  box.ask(LegRelease{stream.leg});
  ASSERT_TRUE(phone.wait([&](const auto&, const auto& control) {
    rtp::ControlPacket last;
    return rtp::parse_control(control.back(), last) && last.bye_count == 1 && last.byes[0] == ssrc;
  }));
  const auto ended = box.wait<StreamEnded>();
  ASSERT_TRUE(ended);
  EXPECT_GT(ended->packetsReceived, 20);
  EXPECT_TRUE(ended->roundTripMs);
}

TEST(EngineStreamMedia, PutsRtcpOnThePortOfRtpWhenItIsAgreedUpon) {
  StreamBox box;
  Phone phone;
  const auto stream = box.open(phone.local());
  auto update = agreed(stream.leg, phone.local());
  update.rtcpMux = true;
  box.update(update);
  phone.call(box.at(stream));
  ASSERT_TRUE(phone.wait([&](const auto&, const auto& control) { return !control.empty(); }));
  EXPECT_FALSE(phone.rtcp().receive(0ms));
}

}  // namespace
}  // namespace cordboard::engine
