// SPDX-License-Identifier: GPL-2.0-or-later
// A stream towards the network: what becomes of packets, RTCP both ways, hostile packets, and three threads at once.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "rtp/rtcp.hpp"
#include "rtp/telephone_event.hpp"
#include "rtp_hostile.hpp"
#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using namespace traces;

Octets packet_of(uint8_t payload_type, uint16_t sequence, uint32_t timestamp, const Octets& payload,
                 uint32_t ssrc = 5) {
  Octets octets(kRtpHeader + payload.size());
  write_packet(
      {.payload_type = payload_type, .sequence = sequence, .timestamp = timestamp, .ssrc = ssrc, .payload = payload},
      octets);
  return octets;
}

void tick(Stream& stream, int64_t now_ns) {
  uint8_t row[kBlock];
  stream.receive(row, now_ns);
  stream.send(row);
}

TEST(RtpStreamNetwork, SaysWhatBecomesOfEachPacketAndCountsIt) {
  const auto stream = stream_of(params_of());
  const Octets payload(kBlock, 0x33);
  int64_t now = 1000 * kMs;
  EXPECT_TRUE(stream->accepts(8));
  EXPECT_TRUE(stream->accepts(101));
  EXPECT_FALSE(stream->accepts(0));
  EXPECT_FALSE(stream->accepts(kNoPayloadType));
  EXPECT_EQ(stream->deliver(packet_of(8, 1, 160, payload), now), Delivery::kTaken);
  EXPECT_TRUE(stream->hears(5));
  EXPECT_EQ(stream->deliver(packet_of(0, 2, 320, payload), now), Delivery::kPayloadType);
  EXPECT_EQ(stream->deliver(packet_of(8, 1, 160, payload), now), Delivery::kDuplicate);
  EXPECT_EQ(stream->deliver(packet_of(8, 9, 160, payload, 6), now), Delivery::kProbation);
  EXPECT_EQ(stream->deliver(Octets{0x80, 8, 0}, now), Delivery::kMalformed);
  EXPECT_EQ(stream->deliver(packet_of(8, 2, 320, Octets(1025, 1)), now), Delivery::kMalformed) << "longer than any";
  EXPECT_EQ(stream->deliver(packet_of(8, 4, 640, payload), now), Delivery::kTaken);
  EXPECT_EQ(stream->deliver(packet_of(8, 3, 480, payload), now), Delivery::kTaken);
  EXPECT_EQ(stream->deliver(packet_of(8, 7, 1120, payload), now), Delivery::kTaken);
  tick(*stream, now);
  auto told = stream->statistics();
  EXPECT_EQ(told.packets_received, 4U);
  EXPECT_EQ(told.octets_received, 4U * kBlock);
  EXPECT_EQ(told.wrong_payload_type, 1U);
  EXPECT_EQ(told.duplicated, 1U);
  EXPECT_EQ(told.malformed, 2U);
  EXPECT_EQ(told.reordered, 1U);
  EXPECT_EQ(told.lost, 3U);
  // Empty, and too long for a codec: they have a number, so they are not lost, and that is all.
  EXPECT_EQ(stream->deliver(packet_of(8, 8, 1280, {}), now), Delivery::kTaken);
  EXPECT_EQ(stream->deliver(packet_of(8, 9, 1280, Octets(1000, 1)), now), Delivery::kTaken);
  tick(*stream, now += kTickNs);
  EXPECT_EQ(stream->statistics().malformed, 4U);
  EXPECT_EQ(stream->statistics().lost, 3U);
  // The payload types of a description are those of the next packet.
  auto params = params_of(Encoding::kPcmu);
  ASSERT_TRUE(stream->update(params));
  EXPECT_FALSE(stream->accepts(8));
  EXPECT_EQ(stream->deliver(packet_of(0, 10, 1440, payload), now), Delivery::kTaken);
}

TEST(RtpStreamNetwork, RefusesWhatTheMediaThreadDoesNotTakeAndRecovers) {
  const auto stream = stream_of(params_of());
  const Octets payload(kBlock, 0x33);
  uint16_t n = 0;
  int64_t now = 1000 * kMs;
  tick(*stream, now);
  uint32_t taken = 0;
  for (; n < 1000; ++n) taken += stream->deliver(packet_of(8, n, n * 160U, payload), now) == Delivery::kTaken;
  EXPECT_GE(taken, 15U) << "the longest delay has room";
  EXPECT_LE(taken, 20U);
  EXPECT_EQ(stream->statistics().overflowed, 1000 - taken);
  EXPECT_EQ(stream->statistics().lost, 0U) << "the network has lost nothing";
  uint64_t overflowed = stream->statistics().overflowed;
  for (; n < 1600; ++n) {
    tick(*stream, now += kTickNs);
    stream->deliver(packet_of(8, n, n * 160U, payload), now);
  }
  EXPECT_LE(stream->statistics().overflowed - overflowed, 3U);
  EXPECT_LT(stream->statistics().delay_ms, 60);
}

TEST(RtpStreamNetwork, NeverWaitsLongerThanItMay) {
  // A sender that is in a hurry: half as fast again as time.
  const auto stream = stream_of(params_of());
  const auto speech = alaw_of(speech_like(6, 6));
  int64_t now = 1000 * kMs;
  std::size_t n = 0;
  for (int i = 0; i < 200; ++i) {
    for (const std::size_t until = n + (i % 2 == 0 ? 2 : 1); n < until; ++n) {
      const Octets payload(&speech[n * kBlock], &speech[n * kBlock] + kBlock);
      stream->deliver(packet_of(8, static_cast<uint16_t>(n), static_cast<uint32_t>(n * kBlock), payload), now);
    }
    uint8_t row[kBlock];
    stream->receive(row, now);
    now += kTickNs;
    ASSERT_LE(stream->statistics().delay_ms, 325) << i;
  }
  EXPECT_GT(stream->statistics().late, 0U);
}

// ----------------------------------------------------------------------------------------------------------------- RTCP

/// Two streams, and a way between them that takes `delay_ms`.
struct Pair {
  std::unique_ptr<Stream> a = stream_of(params_of(), 1), b = stream_of(params_of(), 2);
  int64_t now_ns = 1000 * kMs;
  uint64_t wall_offset = 0;
  std::vector<Datagram> to_a, to_b;
  double delay_ms = 40;
  int lose_every = 0;
  int sent = 0;
  std::vector<int64_t> reports_of_a;
  std::vector<Octets> control_of_a;

  uint64_t ntp() const {
    const auto ns = static_cast<uint64_t>(now_ns);
    return ((3'900'000'000 + wall_offset + ns / 1'000'000'000) << 32) + (ns % 1'000'000'000 << 32) / 1'000'000'000;
  }
  void step() {
    for (auto* side : {a.get(), b.get()}) {
      auto& arriving = side == a.get() ? to_a : to_b;
      std::erase_if(arriving, [&](const Datagram& datagram) {
        if (datagram.arrives_ns > now_ns) return false;
        if (is_control(datagram.octets)) {
          EXPECT_TRUE(side->deliver_control(datagram.octets, datagram.arrives_ns));
        } else {
          side->deliver(datagram.octets, datagram.arrives_ns);
        }
        return true;
      });
      tick(*side, now_ns);
    }
    for (auto* side : {a.get(), b.get()}) {
      const auto arrives = now_ns + static_cast<int64_t>(delay_ms * 1e6);
      auto& leaving = side == a.get() ? to_b : to_a;
      Octets out(Stream::kMaxPacket);
      while (const auto octets = side->next_packet(out, now_ns)) {
        if (lose_every > 0 && ++sent % lose_every == 0) continue;
        leaving.push_back({Octets(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(octets)), now_ns, arrives});
      }
      if (now_ns < side->control_due_ns()) continue;
      const auto octets = side->next_control(out, now_ns, ntp());
      if (octets == 0) continue;
      const Octets report(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(octets));
      leaving.push_back({report, now_ns, arrives});
      if (side == a.get()) {
        reports_of_a.push_back(now_ns);
        control_of_a.push_back(report);
      }
    }
    now_ns += kTickNs;
  }
  void run(double seconds) {
    for (const auto end = now_ns + static_cast<int64_t>(seconds * 1e9); now_ns < end;) step();
  }
};

TEST(RtpStreamNetwork, ReportsAsTheRfcWantsIt) {
  Pair pair;
  pair.run(1000);
  // Every 5 s on average, from half to one and a half of it, the first after a quarter to three quarters.
  ASSERT_GT(pair.reports_of_a.size(), 180U);
  EXPECT_LT(pair.reports_of_a.size(), 225U);
  const int64_t first = pair.reports_of_a[0] - 1000 * kMs;
  EXPECT_GE(first, 1250 * kMs);
  EXPECT_LE(first, 3770 * kMs);
  int64_t shortest = INT64_MAX, longest = 0;
  for (std::size_t i = 1; i < pair.reports_of_a.size(); ++i) {
    const auto between = pair.reports_of_a[i] - pair.reports_of_a[i - 1];
    shortest = std::min(shortest, between);
    longest = std::max(longest, between);
  }
  EXPECT_GE(shortest, 2500 * kMs);
  EXPECT_LT(shortest, 3000 * kMs);
  EXPECT_LE(longest, 7520 * kMs);
  EXPECT_GT(longest, 7000 * kMs);

  ControlPacket report;
  ASSERT_TRUE(parse_control(pair.control_of_a.back(), report));
  EXPECT_EQ(report.ssrc, pair.a->ssrc());
  EXPECT_EQ(report.cname, "cname1");
  ASSERT_TRUE(report.sender);
  const auto at = pair.reports_of_a.back();
  const auto ticks = static_cast<uint64_t>((at - 1000 * kMs) / kTickNs) + 1;
  EXPECT_EQ(report.sender->packets, static_cast<uint32_t>(ticks));
  EXPECT_EQ(report.sender->octets, static_cast<uint32_t>(ticks * kBlock));
  // The timestamp belongs to the same moment as the wall clock.
  EXPECT_EQ(report.sender->timestamp, static_cast<uint32_t>(identity_of(1).first_timestamp + (ticks - 1) * kBlock));
  ASSERT_EQ(report.block_count, 1U);
  EXPECT_EQ(report.blocks[0].ssrc, pair.b->ssrc());
  EXPECT_EQ(report.blocks[0].lost, 0);
  EXPECT_EQ(report.blocks[0].fraction_lost, 0);
  EXPECT_NE(report.blocks[0].last_sr, 0U);
  EXPECT_LE(report.blocks[0].delay, 65'536U * 8);
}

TEST(RtpStreamNetwork, MeasuresTheRoundTripWhateverTheWallClockDoes) {
  Pair pair;
  pair.delay_ms = 60;
  EXPECT_LT(pair.a->statistics().round_trip_ms, 0) << "unknown";
  pair.run(30);
  // The way back ends in the tick after it arrives.
  EXPECT_NEAR(pair.a->statistics().round_trip_ms, 120, 41);
  const double before = pair.a->statistics().round_trip_ms;
  pair.wall_offset = 3600;
  pair.run(30);
  EXPECT_NEAR(pair.a->statistics().round_trip_ms, before, 41);
  EXPECT_NEAR(pair.b->statistics().round_trip_ms, 120, 41);
}

TEST(RtpStreamNetwork, KnowsHowItIsHeard) {
  Pair pair;
  pair.lose_every = 9;  // of both ways together, so each in turn
  pair.run(60);
  const auto told = pair.a->statistics();
  ASSERT_TRUE(told.reported);
  EXPECT_NEAR(told.remote_lost_share, 1 / 9.0, 0.03);
  EXPECT_NEAR(static_cast<double>(told.remote_lost), static_cast<double>(told.packets_sent) / 9, 60);
  EXPECT_LT(told.mos_sent, 3.7);
  EXPECT_GT(told.mos_sent, 3.0);
  EXPECT_NEAR(told.mos_sent, pair.b->statistics().mos_received, 0.3) << "what b hears is what a has sent";
  pair.lose_every = 0;
  Pair good;
  good.run(30);
  EXPECT_GT(good.a->statistics().mos_sent, 4.3);
  // The peer's own judgement counts more (RFC 3611).
  const Octets rr{0x80, 201, 0, 1, 0, 0, 0, 9};
  Octets xr(4 + 4 + 36);
  xr[0] = 0x80, xr[1] = 207, xr[3] = 10, xr[8] = 7, xr[11] = 8, xr[32] = 60;
  write32(&xr[12], good.a->ssrc());
  Octets compound = rr;
  compound.insert(compound.end(), xr.begin(), xr.end());
  ASSERT_TRUE(good.a->deliver_control(compound, good.now_ns));
  EXPECT_NEAR(good.a->statistics().mos_sent, 3.1, 0.01);
}

TEST(RtpStreamNetwork, SaysGoodByeAndHearsIt) {
  Pair pair;
  Octets out(Stream::kMaxPacket);
  EXPECT_EQ(pair.a->bye(out, pair.now_ns, pair.ntp()), 0U) << "nobody knows of it yet (RFC 3550 6.3.7)";
  pair.run(10);
  out.resize(pair.a->bye(out, pair.now_ns, pair.ntp()));
  ControlPacket report;
  ASSERT_TRUE(parse_control(out, report));
  ASSERT_EQ(report.bye_count, 1U);
  EXPECT_EQ(report.byes[0], pair.a->ssrc());
  EXPECT_TRUE(report.sender);
  EXPECT_FALSE(pair.b->statistics().said_bye);
  uint32_t sender = 0;
  ASSERT_TRUE(pair.b->deliver_control(out, pair.now_ns, &sender));
  EXPECT_EQ(sender, pair.a->ssrc());
  EXPECT_TRUE(pair.b->statistics().said_bye);
  // Of somebody else it means nothing.
  Pair other;
  other.run(10);
  write32(&out[4], 77);
  write32(&out[out.size() - 4], 77);
  ASSERT_TRUE(other.b->deliver_control(out, other.now_ns));
  EXPECT_FALSE(other.b->statistics().said_bye);
}

TEST(RtpStreamNetwork, SendsReceiverReportsWhenItSendsNothing) {
  Pair pair;
  auto params = params_of();
  params.direction = Direction::kReceiveOnly;
  ASSERT_TRUE(pair.a->update(params));
  pair.run(20);
  ControlPacket report;
  ASSERT_FALSE(pair.control_of_a.empty());
  ASSERT_TRUE(parse_control(pair.control_of_a.back(), report));
  EXPECT_FALSE(report.sender);
  EXPECT_EQ(report.block_count, 1U);
  Octets out(Stream::kMaxPacket);
  EXPECT_GT(pair.a->bye(out, pair.now_ns, pair.ntp()), 0U);
}

TEST(RtpStreamNetwork, BelievesNoReportThatCannotBe) {
  Pair pair;
  pair.run(20);
  const auto before = pair.a->statistics();
  for (const uint32_t last_sr : {0U, 1U, 0xFFFFFFFFU, 0x12345678U}) {
    Octets out(200);
    ControlWriter writer(out);
    const ReportBlock block{.ssrc = pair.a->ssrc(), .last_sr = last_sr, .delay = 5};
    writer.report(pair.b->ssrc(), nullptr, {&block, 1});
    ASSERT_TRUE(pair.a->deliver_control(std::span(out).first(writer.size()), pair.now_ns));
    EXPECT_EQ(pair.a->statistics().round_trip_ms, before.round_trip_ms) << last_sr;
  }
  // A moment after an SR that it did send: a likely time, but of no report of its own.
  ControlPacket own;
  ASSERT_TRUE(parse_control(pair.control_of_a.back(), own));
  for (const uint32_t off : {1U, 3000U, 0xFFFFF000U}) {
    Octets out(200);
    ControlWriter writer(out);
    const ReportBlock block{.ssrc = pair.a->ssrc(), .last_sr = ntp_middle(own.sender->ntp) + off};
    writer.report(pair.b->ssrc(), nullptr, {&block, 1});
    ASSERT_TRUE(pair.a->deliver_control(std::span(out).first(writer.size()), pair.reports_of_a.back() + 500 * kMs));
    EXPECT_EQ(pair.a->statistics().round_trip_ms, before.round_trip_ms) << off;
  }
  Octets out(200);
  ControlWriter writer(out);
  const ReportBlock block{.ssrc = pair.a->ssrc() + 1, .fraction_lost = 255, .lost = 999};
  writer.report(pair.b->ssrc(), nullptr, {&block, 1});
  ASSERT_TRUE(pair.a->deliver_control(std::span(out).first(writer.size()), pair.now_ns));
  EXPECT_EQ(pair.a->statistics().remote_lost, before.remote_lost) << "a report on somebody else";
  // Somebody else's SR is not the one that our reports answer.
  Octets foreign(200);
  ControlWriter of_other(foreign);
  const SenderInfo sender{.ntp = 0x1111'2222'3333'4444};
  of_other.report(77, &sender, {});
  ASSERT_TRUE(pair.a->deliver_control(std::span(foreign).first(of_other.size()), pair.now_ns));
  foreign.resize(Stream::kMaxPacket);
  foreign.resize(pair.a->next_control(foreign, pair.now_ns, pair.ntp()));
  ASSERT_TRUE(parse_control(foreign, own));
  ASSERT_EQ(own.block_count, 1U);
  EXPECT_NE(own.blocks[0].last_sr, 0x2222'3333U);
  EXPECT_FALSE(pair.a->deliver_control(Octets{0x80, 201, 0, 1}, pair.now_ns));
  EXPECT_EQ(pair.a->statistics().malformed, 1U);
}

// -------------------------------------------------------------------------------------------------------------- hostility

TEST(RtpStreamNetwork, SurvivesHostilePacketsAndSpeaksAgain) {
  auto params = params_of();
  params.receive.push_back({0, Encoding::kPcmu, 8000});
  params.receive.push_back({9, Encoding::kG722, 8000});
  params.receive.push_back({111, Encoding::kOpus, 48'000});
  Mischief mischief(81);
  const auto stream = stream_of(params);
  std::vector<Octets> good;
  for (const auto encoding : {Encoding::kPcma, Encoding::kPcmu, Encoding::kG722, Encoding::kOpus}) {
    const SenderOptions options{.payload_type = params_of(encoding).send.payload_type, .encoding = encoding, .ssrc = 5};
    for (auto& datagram : sent_by(options, alaw_of(speech_like(1, 4)))) good.push_back(datagram.octets);
  }
  for (int i = 0; i < 20; ++i) {
    Octets event(4);
    EventPayload{.event = static_cast<uint8_t>(i), .end = i % 3 == 0, .duration = static_cast<uint16_t>(160 * i)}.write(
        event.data());
    good.push_back(packet_of(101, static_cast<uint16_t>(2000 + i), 5000, event));
    good.push_back(
        packet_of(13, static_cast<uint16_t>(2020 + i), 5000, Octets(1 + i % 12, static_cast<uint8_t>(i * 13))));
  }
  int64_t now = 1000 * kMs;
  uint16_t sequence = 0;
  uint64_t taken = 0;
  uint8_t row[kBlock];
  // A packet in ten is Opus, which takes its time.
  const int packets = packets_to_try() / 2;
  for (int i = 0; i < packets; ++i) {
    auto octets = good[mischief.pick(static_cast<uint32_t>(good.size()))];
    write16(&octets[2], mischief.pick(20) == 0 ? static_cast<uint16_t>(mischief.pick(65'536)) : ++sequence);
    if (mischief.pick(3) == 0) write32(&octets[4], mischief.pick(UINT32_MAX));
    if (mischief.pick(2) == 0) octets = mischief.spoiled(octets, good[static_cast<std::size_t>(i) % good.size()]);
    taken += stream->deliver(Exactly(octets), now) == Delivery::kTaken;
    if (mischief.pick(20) == 0) stream->deliver_control(Exactly(mischief.noise(100)), now);
    if (mischief.pick(4) == 0) continue;
    stream->receive(row, now);
    now += kTickNs;
    StreamNote note;
    while (stream->take(note)) ASSERT_LE(note.kind, StreamNoteKind::kTimeout);
  }
  EXPECT_GT(taken, static_cast<uint64_t>(packets) / 4);
  const auto told = stream->statistics();
  EXPECT_LE(told.delay_ms, 4096);
  EXPECT_GE(told.mos_received, 1);
  // The peer sends properly from here on, as another source: within half a second it is heard as it speaks.
  const auto speech = alaw_of(speech_like(3, 8));
  std::vector<uint8_t> heard;
  for (std::size_t n = 0; (n + 1) * kBlock <= speech.size(); ++n) {
    const Octets payload(&speech[n * kBlock], &speech[n * kBlock] + kBlock);
    stream->deliver(packet_of(8, static_cast<uint16_t>(n), static_cast<uint32_t>(n * kBlock), payload, 4711), now);
    stream->receive(row, now);
    now += kTickNs;
    heard.insert(heard.end(), row, row + kBlock);
  }
  const auto sound = judge(heard, speech, 0);
  EXPECT_GT(sound.good_blocks, 0.95);
  EXPECT_LE(sound.worst_delay_ms, 100);
}

TEST(RtpStreamNetwork, WorksWithItsThreadsAllAtOnce) {
  // The I/O thread, the media thread and the signalling thread, each as fast as it can.
  const auto stream = stream_of(params_of());
  std::atomic<bool> over{false};
  std::atomic<uint32_t> begun{0}, ended{0}, sent_digits{0};
  std::atomic<uint64_t> out{0};
  std::atomic<int64_t> now{1000 * kMs};
  std::thread io([&] {
    const Octets payload(kBlock, 0x21);
    Octets buffer(Stream::kMaxPacket);
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
    for (uint32_t round = 0; !over; ++round) {
      const auto time = now.load();
      if (round % 50 < 40) {
        stream->deliver(packet_of(8, sequence++, timestamp, payload), time);
      } else {
        Octets event(4);
        EventPayload{.event = 5, .end = round % 50 == 49, .duration = static_cast<uint16_t>(160 * (round % 50 - 39))}
            .write(event.data());
        stream->deliver(packet_of(101, sequence++, round / 50 * 8000, event), time);
      }
      timestamp += 160;
      while (stream->next_packet(buffer, time) > 0) out.fetch_add(1);
      if (time >= stream->control_due_ns()) {
        const auto octets = stream->next_control(buffer, time, static_cast<uint64_t>(time));
        stream->deliver_control(std::span(buffer).first(octets), time);
      }
      std::this_thread::yield();
    }
  });
  std::thread media([&] {
    uint8_t row[kBlock];
    while (!over) {
      const auto time = now.fetch_add(kTickNs);
      stream->receive(row, time);
      stream->send(row);
      std::this_thread::yield();
    }
  });
  const Encoding encodings[] = {Encoding::kPcma, Encoding::kPcmu, Encoding::kG722};
  for (uint32_t round = 0; round < 3000 || begun < 20 || sent_digits < 20; ++round) {
    ASSERT_LT(round, 3'000'000U);
    auto params = params_of(encodings[round / 100 % 3]);
    if (params.receive[0].payload_type != 8) params.receive.push_back({8, Encoding::kPcma, 8000});
    params.ptime_ms = 10 * (1 + round % 6);
    params.direction = round % 64 == 63 ? Direction::kInactive : Direction::kSendReceive;
    if (round % 8 == 0) {
      ASSERT_TRUE(stream->update(params));
    }
    stream->send_event(static_cast<uint8_t>(round % 16), 40, 0);
    if (round % 512 == 511) stream->cancel_events();
    StreamNote note;
    while (stream->take(note)) {
      begun += note.kind == StreamNoteKind::kEventBegan;
      ended += note.kind == StreamNoteKind::kEventEnded;
      sent_digits += note.kind == StreamNoteKind::kEventsSent;
    }
    const auto told = stream->statistics();
    ASSERT_GE(told.packets_received + told.overflowed, told.late);
    ASSERT_TRUE(stream->accepts(8));
    std::this_thread::yield();
  }
  over = true;
  io.join();
  media.join();
  EXPECT_GT(ended.load(), 0U);
  EXPECT_GT(out.load(), 100U);
}

}  // namespace
}  // namespace cordboard::rtp
