// SPDX-License-Identifier: GPL-2.0-or-later
// How a stream sounds: speech sent over networks with every fault, compared with what was sent, and how late it came.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "dsp/comfort_noise.hpp"
#include "rtp/quality.hpp"
#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using namespace traces;

constexpr int64_t kPhaseNs = 7 * kMs;

struct Case {
  std::string name;
  SenderOptions sender;
  Network network;
  double seconds = 30;
  Encoding encoding = Encoding::kPcma;
};

struct Result {
  Judgement sound;
  StreamStatistics told;
  std::vector<uint8_t> sent;
  Played played;
};

Result call(Case c) {
  Result r;
  r.sent = alaw_of(speech_like(c.seconds, 5));
  const auto params = params_of(c.encoding);
  c.sender.encoding = c.encoding;
  c.sender.payload_type = params.send.payload_type;
  const auto stream = stream_of(params);
  const auto end_ns = c.sender.start_ns + static_cast<int64_t>(c.seconds * 1e9);
  r.played = play(*stream, c.network.carry(sent_by(c.sender, r.sent)), end_ns, kPhaseNs);
  r.told = stream->statistics();
  r.sound = judge(r.played.heard, r.sent, 7, c.sender.drift_ppm, can_be_cut(c.encoding));
  // Of the buffer: what a network without a buffer would have is taken off.
  const double way = c.network.delay_ms + c.sender.ptime_ms;
  r.sound.mean_delay_ms -= way;
  r.sound.worst_delay_ms -= way;
  r.sound.least_delay_ms -= way;
  std::printf("%-28s SNR %5.1f dB, as sent %5.1f %%, likeness %.3f, waited %5.1f (%.1f-%.1f) ms, gaps %d, MOS %.2f\n",
              c.name.c_str(), r.sound.segmental_snr_db, 100 * r.sound.good_blocks, r.sound.likeness,
              r.sound.mean_delay_ms, r.sound.least_delay_ms, r.sound.worst_delay_ms, r.sound.silent_gaps,
              r.told.mos_received);
  return r;
}

/// Where `heard` begins in `sent`, octet by octet; the rest of it must be the same. -1: nowhere.
std::ptrdiff_t exact_from(const std::vector<uint8_t>& heard, const std::vector<uint8_t>& sent, std::size_t skip) {
  const std::vector<uint8_t> tail(heard.begin() + static_cast<std::ptrdiff_t>(skip), heard.end());
  const auto at = std::search(sent.begin(), sent.end(), tail.begin(), tail.begin() + 400);
  if (at == sent.end()) return -1;
  const auto n = std::min(sent.end() - at, static_cast<std::ptrdiff_t>(tail.size()));
  return std::equal(at, at + n, tail.begin()) ? at - sent.begin() : -1;
}

TEST(RtpStreamAudio, IsBitExactAndOneBlockBehindOnAGoodNetwork) {
  for (const double jitter : {0.0, 0.5, 2.0}) {
    for (const uint32_t ptime : {10U, 20U, 30U, 40U, 60U, 120U}) {
      const auto r = call({.name = "jitter " + std::to_string(jitter).substr(0, 3) + ", ptime " + std::to_string(ptime),
                           .sender = {.ptime_ms = ptime},
                           .network = {.jitter_ms = jitter},
                           .seconds = 8});
      EXPECT_GE(exact_from(r.played.heard, r.sent, 8000), 0);
      EXPECT_EQ(r.told.concealed_ms, 0U);
      EXPECT_EQ(r.told.lost + r.told.late, 0U);
      // The block that waits, and the way to the next tick.
      EXPECT_LE(r.sound.worst_delay_ms, 41);
      EXPECT_GE(r.sound.least_delay_ms, 20);
      EXPECT_LE(r.told.delay_ms, 30);
      EXPECT_GT(r.told.mos_received, 4.3);
    }
  }
}

TEST(RtpStreamAudio, WaitsAsLongAsTheNetworkMakesIt) {
  double last = 0;
  for (const double jitter : {5.0, 10.0, 20.0, 40.0, 60.0}) {
    const auto r = call({.name = "jitter " + std::to_string(jitter).substr(0, 4), .network = {.jitter_ms = jitter}});
    EXPECT_GT(r.sound.good_blocks, 0.9);
    EXPECT_GT(r.sound.likeness, 0.95);
    EXPECT_LE(r.sound.silent_gaps, 2);
    EXPECT_GE(r.sound.mean_delay_ms, last);
    // 97 % of an exponential wait are over after 3.5 times its mean; then there are the tick and the block, and what was
    // late once.
    EXPECT_LT(r.sound.mean_delay_ms, 50 + 4.2 * jitter);
    EXPECT_LE(r.sound.worst_delay_ms, 330) << "300 ms, and the tick";
    last = r.sound.mean_delay_ms;
  }
}

TEST(RtpStreamAudio, LosesLittleWhenPacketsOvertake) {
  const auto r = call({.name = "5 % held back 30 ms", .network = {.reordered = 0.05}});
  EXPECT_GT(r.told.reordered, 50U);
  EXPECT_GT(r.sound.good_blocks, 0.99);
  const auto wild = call({.name = "jitter 20, any order", .network = {.jitter_ms = 20, .keeps_order = false}});
  EXPECT_GT(wild.told.reordered, 200U);
  EXPECT_GT(wild.sound.good_blocks, 0.93);
}

TEST(RtpStreamAudio, ConcealsLoss) {
  struct Bar {
    double loss, snr_db, likeness, mos_low, mos_high;
  };
  for (const auto& bar : {Bar{0.01, 33, 0.99, 4.2, 4.41}, Bar{0.05, 30, 0.95, 3.7, 4.1}, Bar{0.10, 27, 0.91, 3.1, 3.6},
                          Bar{0.20, 22, 0.84, 2.3, 2.9}}) {
    const auto r = call({.name = "loss " + std::to_string(static_cast<int>(100 * bar.loss)) + " %",
                         .network = {.jitter_ms = 1, .loss = bar.loss, .seed = 3}});
    const auto share = static_cast<double>(r.told.lost) / static_cast<double>(r.told.lost + r.told.packets_received);
    EXPECT_NEAR(share, bar.loss, bar.loss / 3);
    EXPECT_NEAR(static_cast<double>(r.told.concealed_ms), static_cast<double>(20 * r.told.lost), 45);
    EXPECT_GT(r.sound.segmental_snr_db, bar.snr_db);
    EXPECT_GT(r.sound.likeness, bar.likeness);
    EXPECT_LE(r.sound.silent_gaps, bar.loss <= 0.05 ? 0 : 2);
    EXPECT_LE(r.sound.worst_delay_ms, 65) << "loss is no reason to wait";
    EXPECT_GT(r.told.mos_received, bar.mos_low);
    EXPECT_LT(r.told.mos_received, bar.mos_high);
  }
}

TEST(RtpStreamAudio, SpeaksOnWhereSilenceWouldBe) {
  // The same losses with nothing in their place: what concealment is worth.
  const auto r = call({.name = "loss 5 %", .network = {.loss = 0.05}});
  const auto silent = call({.name = "no loss", .network = {}});
  auto cut = silent.played.heard;
  std::mt19937 random(1);
  for (std::size_t at = 0; at + kBlock <= cut.size(); at += kBlock) {
    if (random() % 20 == 0) std::fill(&cut[at], &cut[at] + kBlock, dsp::kAlawSilence);
  }
  const auto without = judge(cut, silent.sent, 7);
  std::printf("loss 5 %%, silence instead: likeness %.3f\n", without.likeness);
  EXPECT_GT(r.sound.likeness, without.likeness + 0.01);
}

TEST(RtpStreamAudio, BridgesBurstsAndForgivesTwins) {
  const auto bursts = call({.name = "5 % in bursts of 3", .network = {.loss = 0.05, .burst = 3}});
  EXPECT_GT(bursts.sound.segmental_snr_db, 30);
  EXPECT_GT(bursts.sound.likeness, 0.93);
  const auto random = call({.name = "5 %", .network = {.loss = 0.05}});
  // As much loss one by one would be better.
  const double share = static_cast<double>(bursts.told.concealed_ms) / 30'000;
  EXPECT_LT(bursts.told.mos_received, mos_of({.loss_share = share}) - 0.03);
  EXPECT_NEAR(random.told.mos_received, mos_of({.loss_share = static_cast<double>(random.told.concealed_ms) / 30'000}),
              0.03);
  const auto twins = call({.name = "every second one twice", .network = {.duplicates = 0.5}});
  EXPECT_GE(exact_from(twins.played.heard, twins.sent, 8000), 0);
  EXPECT_GT(twins.told.duplicated, 500U);
}

TEST(RtpStreamAudio, AbsorbsDrift) {
  // 64 ms at 200 ppm, and at 1000 ppm in two minutes as much as in ten at 200: six blocks.
  for (const double ppm : {200.0, -200.0, 1000.0, -1000.0}) {
    const auto r = call({.name = "drift " + std::to_string(static_cast<int>(ppm)) + " ppm",
                         .sender = {.drift_ppm = ppm},
                         .network = {.jitter_ms = 1},
                         .seconds = std::abs(ppm) > 200 ? 120.0 : 320.0});
    EXPECT_GT(r.sound.good_blocks, 0.995);
    EXPECT_GT(r.sound.likeness, 0.995);
    EXPECT_EQ(r.told.late + r.told.lost, 0U);
    EXPECT_EQ(r.sound.silent_gaps, 0);
    EXPECT_LE(r.told.delay_ms, 65);
    // A slow sender is made up for before its packets are late.
    EXPECT_LE(r.told.concealed_ms, std::abs(ppm) > 200 ? 120U : 0U) << ppm;
  }
}

TEST(RtpStreamAudio, RidesOutANetworkThatStandsStill) {
  for (const double ms : {100.0, 200.0, 280.0}) {
    const auto r = call({.name = "stands still " + std::to_string(static_cast<int>(ms)) + " ms",
                         .network = {.spike_every_s = 8, .spike_ms = ms}});
    EXPECT_LE(r.told.late, 3U) << "nothing is thrown away";
    EXPECT_GT(r.sound.good_blocks, 0.9);
    EXPECT_GT(r.sound.worst_delay_ms, ms - 40);
    EXPECT_LE(r.sound.worst_delay_ms, 330);
    EXPECT_LT(r.sound.mean_delay_ms, 100) << "the wait goes back afterwards";
    // Concealment lasts 60 ms; so many times it stood still, less when nobody spoke.
    EXPECT_LE(r.sound.silent_gaps, 4);
  }
  const auto long_one =
      call({.name = "stands still 2 s", .network = {.spike_every_s = 10, .spike_ms = 2000}, .seconds = 28});
  EXPECT_GT(long_one.told.late + long_one.told.overflowed, 150U) << "what is two seconds old is not played";
  EXPECT_LE(long_one.sound.worst_delay_ms, 330);
  EXPECT_GT(long_one.sound.good_blocks, 0.7);
  EXPECT_LT(long_one.sound.mean_delay_ms, 60) << "to wait longer would have saved nothing";
}

TEST(RtpStreamAudio, FollowsAChangeOfThePacketTime) {
  const auto sent = alaw_of(speech_like(24, 9));
  std::vector<Datagram> datagrams;
  uint16_t sequence = 65'500;
  std::size_t at = 0;
  for (const uint32_t ptime : {20U, 60U, 10U, 30U, 120U, 20U}) {
    const std::vector<uint8_t> part(sent.begin() + static_cast<std::ptrdiff_t>(at),
                                    sent.begin() + static_cast<std::ptrdiff_t>(at + 32'000));
    SenderOptions options{.ptime_ms = ptime,
                          .sequence = sequence,
                          .timestamp = static_cast<uint32_t>(0xFFFFC000 + at),
                          .start_ns = 1000 * kMs + static_cast<int64_t>(at) * 125'000};
    const auto packets = sent_by(options, part);
    datagrams.insert(datagrams.end(), packets.begin(), packets.end());
    sequence = static_cast<uint16_t>(sequence + packets.size());
    at += packets.size() * ptime * 8;
  }
  const auto stream = stream_of(params_of());
  const auto played = play(*stream, Network{.jitter_ms = 2}.carry(datagrams), 25'000 * kMs);
  const auto sound = judge(played.heard, sent, 7);
  std::printf("packet times 20 60 10 30 120 20: as sent %.1f %%, waited up to %.1f ms\n", 100 * sound.good_blocks,
              sound.worst_delay_ms);
  EXPECT_GT(sound.good_blocks, 0.95);
  EXPECT_LE(sound.silent_gaps, 2);
  EXPECT_EQ(stream->statistics().late, 0U);
  EXPECT_LT(sound.worst_delay_ms, 30 + 120 + 80);
}

TEST(RtpStreamAudio, GoesOnAfterARestart) {
  struct Change {
    const char* name;
    uint32_t ssrc;
    uint16_t sequence;
    int64_t timestamp;  // added
    uint64_t least_good;
  };
  for (const auto& change : {Change{"another SSRC", 0x99, 40'000, 123'456'789, 98},
                             Change{"timestamps ahead", 0x11223344, 1500, 5'000'000, 98},
                             Change{"timestamps back", 0x11223344, 1500, -5'000'000, 98},
                             Change{"timestamps a little back", 0x11223344, 1500, -8'000, 97},
                             Change{"timestamps a little ahead", 0x11223344, 1500, 8'000, 97},
                             Change{"numbers ahead", 0x11223344, 30'000, 0, 98}}) {
    const auto sent = alaw_of(speech_like(20, 11));
    const std::vector<uint8_t> first(sent.begin(), sent.begin() + 80'000), second(sent.begin() + 80'000, sent.end());
    auto datagrams = sent_by({.sequence = 1000, .timestamp = 160'000}, first);
    const auto later = sent_by({.ssrc = change.ssrc,
                                .sequence = change.sequence,
                                .timestamp = static_cast<uint32_t>(240'000 + change.timestamp),
                                .start_ns = 11'000 * kMs},
                               second);
    datagrams.insert(datagrams.end(), later.begin(), later.end());
    const auto stream = stream_of(params_of());
    const auto played = play(*stream, Network{.jitter_ms = 1}.carry(datagrams), 21'000 * kMs);
    const auto sound = judge(played.heard, sent, 7);
    std::printf("%-26s as sent %.1f %%, waited up to %.1f ms\n", change.name, 100 * sound.good_blocks,
                sound.worst_delay_ms);
    EXPECT_GT(100 * sound.good_blocks, static_cast<double>(change.least_good)) << change.name;
    EXPECT_LE(sound.silent_gaps, 1) << change.name;
    EXPECT_LE(sound.worst_delay_ms, 30 + 20 + 85) << change.name;
    EXPECT_EQ(stream->statistics().restarts, 1U) << change.name;
  }
}

TEST(RtpStreamAudio, TakesPausesForPauses) {
  // A sender that is silent without telling (DTX), one that sends comfort noise, and one whose clock stands meanwhile.
  for (const int kind : {0, 1, 2}) {
    const auto sent = alaw_of(speech_like(20, 13));
    auto all = sent_by({}, sent);
    std::vector<Datagram> datagrams;
    uint32_t stood = 0;
    uint16_t sequence = 1000;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::size_t in_cycle = i % 100;
      auto datagram = all[i];
      PacketView view;
      ASSERT_EQ(parse_packet(datagram.octets, view), PacketFault::kNone);
      const bool pause = in_cycle >= 70;
      if (pause && kind == 2) stood += 160;
      if (pause && !(kind == 1 && in_cycle == 70)) continue;
      const uint8_t noise[] = {50};
      if (pause) {
        view.payload_type = 13;
        view.payload = noise;
      }
      view.sequence = sequence++;
      view.timestamp -= stood;
      view.marker = in_cycle == 0;
      std::vector<uint8_t> octets(1500);
      octets.resize(write_packet(view, octets));
      datagram.octets = octets;
      datagrams.push_back(datagram);
    }
    const auto stream = stream_of(params_of());
    const auto played = play(*stream, Network{.jitter_ms = 1}.carry(datagrams), 21'000 * kMs);
    // What is to be heard: the speech, and in the pauses silence or noise.
    auto expected = sent;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 100 >= 70) std::fill(&expected[i * kBlock], &expected[i * kBlock] + kBlock, dsp::kAlawSilence);
    }
    const auto sound = judge(played.heard, expected, 7);
    const auto told = stream->statistics();
    std::printf("pauses of kind %d: as sent %.1f %%, concealed %d ms, MOS %.2f\n", kind, 100 * sound.good_blocks,
                static_cast<int>(told.concealed_ms), told.mos_received);
    EXPECT_GT(sound.good_blocks, 0.99) << kind;
    EXPECT_EQ(told.lost, 0U);
    if (kind != 2) {
      EXPECT_EQ(told.concealed_ms, 0U) << kind;
    }
    EXPECT_LE(sound.worst_delay_ms, 30 + 20 + 65);
    // The middle of a pause, well after its beginning.
    double power = 0;
    int blocks = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 100 < 80 || i % 100 > 95) continue;
      const std::vector<uint8_t> block(&played.heard[i * kBlock], &played.heard[i * kBlock] + kBlock);
      const auto linear = linear_of(block);
      power += dot(linear.data(), linear.data(), kBlock) / kBlock;
      ++blocks;
    }
    const double dbm0 = 3.14 + 10 * std::log10(power / blocks / 536870912.0);
    if (kind == 1) {
      EXPECT_NEAR(dbm0, -50 + dsp::kFullScaleDbm0, 1.5) << "the noise that was asked for";
    } else {
      EXPECT_LT(dbm0, -65) << "silence";
    }
  }
}

TEST(RtpStreamAudio, BringsEveryCodecThroughLoss) {
  for (const auto encoding : {Encoding::kPcmu, Encoding::kG722, Encoding::kOpus}) {
    const std::string name(name_of(encoding));
    const auto good = call({.name = name, .network = {.jitter_ms = 1}, .seconds = 20, .encoding = encoding});
    const auto bad = call(
        {.name = name + ", 5 % lost", .network = {.jitter_ms = 1, .loss = 0.05}, .seconds = 20, .encoding = encoding});
    const bool opus = encoding == Encoding::kOpus;
    EXPECT_GT(good.sound.likeness, opus ? 0.9 : 0.995);
    EXPECT_GT(bad.sound.likeness, good.sound.likeness - (opus ? 0.02 : 0.045));
    EXPECT_LE(bad.sound.silent_gaps, opus ? 1 : 0);
    EXPECT_EQ(good.told.concealed_ms, 0U);
    EXPECT_NEAR(static_cast<double>(bad.told.concealed_ms), static_cast<double>(20 * bad.told.lost), 45);
    const auto worse = call(
        {.name = name + ", 20 % lost", .network = {.jitter_ms = 1, .loss = 0.20}, .seconds = 20, .encoding = encoding});
    EXPECT_GT(worse.sound.likeness, good.sound.likeness - (opus ? 0.09 : 0.22));
    EXPECT_LE(worse.sound.silent_gaps, 3);
  }
}

TEST(RtpStreamAudio, ComesBackFromSixtyMillisecondsOfJitter) {
  // Every packet between at once and 60 ms late for a third of a minute, then a good network again.
  const auto sent = alaw_of(speech_like(80, 17));
  auto datagrams = sent_by({}, sent);
  std::mt19937 random(9);
  for (auto& datagram : datagrams) {
    const bool shaken = datagram.sent_ns > 21'000 * kMs && datagram.sent_ns < 41'000 * kMs;
    datagram.arrives_ns = datagram.sent_ns + 30 * kMs + (shaken ? static_cast<int64_t>(random() % 60'000) * 1000 : 0);
  }
  std::stable_sort(datagrams.begin(), datagrams.end(),
                   [](const Datagram& a, const Datagram& b) { return a.arrives_ns < b.arrives_ns; });
  const auto stream = stream_of(params_of());
  double jitter_ms = 0;
  const auto played = play(*stream, datagrams, 80'900 * kMs, kPhaseNs, [&](int64_t now) {
    if (now < 40'000 * kMs) jitter_ms = stream->statistics().jitter_ms;
  });
  const auto mean = [&](int from_s, int to_s) {
    double sum = 0;
    for (int i = from_s * 50; i < to_s * 50; ++i) sum += played.delays_ms[static_cast<std::size_t>(i)];
    return sum / ((to_s - from_s) * 50);
  };
  const auto sound = judge(played.heard, sent, 7);
  const auto told = stream->statistics();
  std::printf("60 ms of jitter: waited %.1f, %.1f, %.1f ms; jitter %.1f ms, late %d, as sent %.1f %%, MOS %.2f\n",
              mean(5, 19), mean(25, 39), mean(70, 79), jitter_ms, static_cast<int>(told.late), 100 * sound.good_blocks,
              told.mos_received);
  EXPECT_LE(mean(5, 19), 30);
  EXPECT_GE(mean(25, 39), 55) << "as long as the slowest need";
  EXPECT_LE(mean(25, 39), 100);
  EXPECT_LE(mean(70, 79), 45) << "and no longer: what was is forgotten after twenty seconds";
  EXPECT_NEAR(20, jitter_ms, 6) << "the mean difference of two of them (RFC 3550 A.8)";
  EXPECT_LE(told.late, 20U);
  EXPECT_GT(sound.good_blocks, 0.95);
  EXPECT_LE(sound.silent_gaps, 1);
}

TEST(RtpStreamAudio, ChangesTheCodecInTheMiddleOfAWord) {
  // As after a re-INVITE: both are understood, the peer changes when it likes; Opus has another clock.
  const auto sent = alaw_of(speech_like(20, 15));
  auto params = params_of();
  params.receive.push_back({111, Encoding::kOpus, 48'000});
  params.receive.push_back({0, Encoding::kPcmu, 8000});
  std::vector<Datagram> datagrams;
  uint16_t sequence = 1000;
  std::size_t at = 0;
  for (const auto encoding : {Encoding::kPcma, Encoding::kPcmu, Encoding::kOpus, Encoding::kPcma}) {
    const std::vector<uint8_t> part(sent.begin() + static_cast<std::ptrdiff_t>(at),
                                    sent.begin() + static_cast<std::ptrdiff_t>(at + 40'000));
    const auto packets = sent_by({.payload_type = params_of(encoding).send.payload_type,
                                  .encoding = encoding,
                                  .sequence = sequence,
                                  .timestamp = static_cast<uint32_t>(at * (encoding == Encoding::kOpus ? 6 : 1)),
                                  .start_ns = 1000 * kMs + static_cast<int64_t>(at) * 125'000},
                                 part);
    datagrams.insert(datagrams.end(), packets.begin(), packets.end());
    sequence = static_cast<uint16_t>(sequence + packets.size());
    at += 40'000;
  }
  const auto stream = stream_of(params);
  const auto played = play(*stream, Network{.jitter_ms = 1}.carry(datagrams), 20'900 * kMs);
  const auto sound = judge(played.heard, sent, 7, 0, false);
  std::printf("PCMA, PCMU, opus, PCMA: likeness %.3f\n", sound.likeness);
  EXPECT_GT(sound.likeness, 0.96);
  EXPECT_LE(sound.silent_gaps, 1);
  EXPECT_LE(sound.worst_delay_ms, 30 + 20 + 65);
  EXPECT_EQ(stream->statistics().late + stream->statistics().concealed_ms, 0U);
}

}  // namespace
}  // namespace cordboard::rtp
