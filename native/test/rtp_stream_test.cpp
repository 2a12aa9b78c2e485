// SPDX-License-Identifier: GPL-2.0-or-later
// A stream as its users know it: what it refuses, what it sends, hold, changes in the middle, time-out.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "rtp/stream.hpp"
#include "rtp_stream_box.hpp"

namespace cordboard::rtp {
namespace {

TEST(RtpStream, RefusesWhatItCannotDoAndSaysWhy) {
  struct Case {
    void (*spoil)(StreamParams&);
    const char* says;
  };
  const Case cases[] = {
      {[](StreamParams& p) { p.receive.clear(); }, "1 to 8 payload types"},
      {[](StreamParams& p) { p.receive.assign(9, {}); }, "1 to 8 payload types"},
      {[](StreamParams& p) {
         p.receive.push_back({8, Encoding::kPcmu, 8000});
       },
       "Payload type 8 stands for two formats"},
      {[](StreamParams& p) { p.receive[0].payload_type = 128; }, "PCMA is above 127"},
      {[](StreamParams& p) { p.receive[0].payload_type = 72; }, "cannot be told from RTCP"},
      {[](StreamParams& p) { p.send.clock_hz = 16'000; }, "clock of PCMA cannot be 16000"},
      {[](StreamParams& p) {
         p.receive.push_back({111, Encoding::kOpus, 8000});
       },
       "clock of opus cannot be 8000"},
      {[](StreamParams& p) {
         p.send = {13, Encoding::kComfortNoise, 8000};
       },
       "has to be audio"},
      {[](StreamParams& p) {
         p.send_events = {101, Encoding::kPcma, 8000};
       },
       "as telephone-event"},
      {[](StreamParams& p) { p.ptime_ms = 15; }, "no multiple of 10"},
      {[](StreamParams& p) { p.ptime_ms = 130; }, "packet time is 130, which is not 10 to 120"},
      {[](StreamParams& p) { p.min_delay_ms = 201; }, "shortest delay is 201"},
      {[](StreamParams& p) { p.max_delay_ms = 39; }, "longest delay is 39"},
      {[](StreamParams& p) { p.max_delay_ms = 601; }, "longest delay is 601"},
      {[](StreamParams& p) { p.opus_bit_rate = 5000; }, "bit rate of Opus is 5000"},
      {[](StreamParams& p) { p.timeout_ms = 86'400'001; }, "time-out is 86400001"},
  };
  StreamBox box;
  for (const auto& c : cases) {
    auto params = params_of();
    c.spoil(params);
    const auto made = Stream::make(params, identity_of());
    ASSERT_FALSE(made) << c.says;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_NE(made.error().text.find(c.says), std::string::npos) << made.error().text;
    EXPECT_EQ(made.error().text.back(), '.');
    EXPECT_FALSE(box.stream->update(params));
  }
  auto nameless = identity_of();
  nameless.cname.clear();
  EXPECT_FALSE(Stream::make(params_of(), nameless));
  box.tick();
  EXPECT_EQ(box.sent.size(), 1U) << "what was refused has changed nothing";
}

TEST(RtpStream, TakesLessThanTwelveKilobytes) {
  std::vector<std::unique_ptr<Stream>> streams;
  streams.reserve(100);
  const auto before = mallinfo2().uordblks;
  for (uint32_t i = 1; i <= 100; ++i) streams.push_back(stream_of(params_of(), i));
  EXPECT_LE((mallinfo2().uordblks - before) / 100, 12'000U);
}

TEST(RtpStream, SendsWhatItIsToldBitByBit) {
  const auto speech = alaw_of(speech_like(4, 1));
  for (const uint32_t ptime : {10U, 20U, 30U, 40U, 50U, 60U, 70U, 120U}) {
    SCOPED_TRACE(ptime);
    auto params = params_of();
    params.ptime_ms = ptime;
    StreamBox box(params);
    for (std::size_t at = 0; at + kBlock <= speech.size(); at += kBlock) box.tick(&speech[at]);
    const std::size_t samples = std::min(ptime, 60U) * 8;
    ASSERT_EQ(box.sent.size(), speech.size() / samples);
    const auto identity = identity_of();
    std::vector<uint8_t> heard;
    for (std::size_t i = 0; i < box.sent.size(); ++i) {
      const auto& view = box.sent[i].view;
      ASSERT_EQ(view.payload_type, 8);
      ASSERT_EQ(view.ssrc, identity.ssrc);
      ASSERT_EQ(view.marker, i == 0) << i;
      ASSERT_EQ(view.sequence, static_cast<uint16_t>(identity.first_sequence + i));
      ASSERT_EQ(view.timestamp, static_cast<uint32_t>(identity.first_timestamp + i * samples));
      ASSERT_EQ(view.payload.size(), samples);
      heard.insert(heard.end(), view.payload.begin(), view.payload.end());
    }
    EXPECT_TRUE(std::equal(heard.begin(), heard.end(), speech.begin()));
    EXPECT_EQ(box.stream->statistics().packets_sent, box.sent.size());
    EXPECT_EQ(box.stream->statistics().octets_sent, heard.size());
  }
}

TEST(RtpStream, SendsEveryCodecAtItsClock) {
  const auto speech = alaw_of(speech_like(4, 2));
  for (const auto encoding : {Encoding::kPcmu, Encoding::kG722, Encoding::kOpus}) {
    for (const uint32_t ptime : {10U, 20U, 30U, 60U}) {
      SCOPED_TRACE(testing::Message() << name_of(encoding) << " " << ptime << " ms");
      auto params = params_of(encoding);
      params.ptime_ms = ptime;
      StreamBox box(params);
      for (std::size_t at = 0; at + kBlock <= speech.size(); at += kBlock) box.tick(&speech[at]);
      const bool opus = encoding == Encoding::kOpus;
      const uint32_t samples = (opus && ptime == 30 ? 20 : ptime) * 8;
      ASSERT_EQ(box.sent.size(), speech.size() / samples);
      const auto decoder = Decoder::make(encoding);
      std::vector<uint8_t> heard;
      for (std::size_t i = 0; i < box.sent.size(); ++i) {
        ASSERT_EQ(box.sent[i].view.timestamp,
                  identity_of().first_timestamp + static_cast<uint32_t>(i) * samples * (opus ? 6 : 1));
        uint8_t out[kMaxPacketSamples];
        ASSERT_EQ(decoder->decode(box.sent[i].view.payload, out), samples);
        heard.insert(heard.end(), out, out + samples);
      }
      const auto sound = judge(heard, speech, 0, 0, encoding == Encoding::kPcmu);
      EXPECT_GT(sound.likeness, opus ? 0.88 : 0.99);
    }
  }
}

TEST(RtpStream, HasRoomForTheLongestPackets) {
  std::mt19937 random(4);
  for (const auto encoding : {Encoding::kPcma, Encoding::kG722, Encoding::kOpus}) {
    for (const uint32_t ptime : {10U, 20U, 40U, 60U}) {
      auto params = params_of(encoding);
      params.ptime_ms = ptime;
      params.opus_bit_rate = 128'000;
      StreamBox box(params);
      uint8_t row[kBlock];
      for (int tick = 0; tick < 300; ++tick) {
        // Noise, of which nothing can be saved, and digits in between, so that packets lie everywhere in the ring.
        for (auto& octet : row) octet = static_cast<uint8_t>(random());
        if (tick % 7 == 0) box.stream->send_event(1, 40, 0);
        box.tick(row);
      }
      EXPECT_EQ(box.stream->statistics().unsent, 0U) << name_of(encoding) << " " << ptime;
      std::size_t octets = 0;
      for (const auto& packet : box.sent) octets = std::max(octets, packet.view.payload.size());
      if (encoding == Encoding::kOpus) {
        EXPECT_GT(octets, std::min<std::size_t>(ptime * 8, 300)) << ptime;
      } else {
        EXPECT_EQ(octets, ptime * 8);
      }
    }
  }
}

TEST(RtpStream, ChangesWhatItSendsWithoutACut) {
  // Hold and back, another payload type, another packet time, another codec; the same over and over meanwhile.
  const auto speech = alaw_of(speech_like(8, 3));
  auto params = params_of();
  StreamBox box(params);
  std::size_t at = 0;
  const auto say = [&](int ticks) {
    for (; ticks > 0; --ticks, at += kBlock) {
      ASSERT_TRUE(box.stream->update(params));
      box.tick(&speech[at]);
    }
  };
  say(50);
  params.direction = Direction::kReceiveOnly;
  say(10);
  params.direction = Direction::kSendOnly;
  say(20);
  params.send.payload_type = 96;
  say(20);
  params.ptime_ms = 60;
  say(30);
  ASSERT_EQ(box.sent.size(), 50U + 20 + 20 + 10);
  uint16_t sequence = identity_of().first_sequence;
  for (std::size_t i = 0; i < box.sent.size(); ++i) {
    const auto& view = box.sent[i].view;
    // Time goes on while nothing is sent, numbers do not.
    const std::size_t tick = i < 50 ? i : i < 90 ? i + 10 : 100 + 3 * (i - 90);
    ASSERT_EQ(view.sequence, sequence++) << i;
    ASSERT_EQ(view.timestamp, static_cast<uint32_t>(identity_of().first_timestamp + tick * kBlock)) << i;
    ASSERT_EQ(view.marker, i == 0 || i == 50 || i == 70) << i;
    ASSERT_EQ(view.payload_type, i < 70 ? 8 : 96);
    ASSERT_TRUE(std::equal(view.payload.begin(), view.payload.end(), &speech[tick * kBlock])) << i;
  }
}

TEST(RtpStream, TellsOnceThatNothingComes) {
  auto params = params_of();
  params.timeout_ms = 1000;
  StreamBox box(params);
  const std::vector<uint8_t> payload(kBlock, 0x11);
  box.put(1, 0, payload);
  box.ticks(50);
  EXPECT_EQ(box.told(), "started ");
  box.ticks(1);
  EXPECT_EQ(box.told(), "started timeout ");
  box.ticks(500);
  EXPECT_EQ(box.told(), "started timeout ") << "once";
  box.put(2, 88'000, payload);
  box.ticks(51);
  EXPECT_EQ(box.told(), "started timeout timeout ") << "and again after packets have come";

  // On hold nothing has to come; afterwards the time begins anew.
  params.direction = Direction::kSendOnly;
  ASSERT_TRUE(box.stream->update(params));
  box.put(3, 96'000, payload);
  box.ticks(500);
  params.direction = Direction::kSendReceive;
  ASSERT_TRUE(box.stream->update(params));
  box.ticks(49);
  EXPECT_EQ(box.told(), "started timeout timeout ");
  box.ticks(1);
  EXPECT_EQ(box.told(), "started timeout timeout timeout ");

  params.timeout_ms = 0;
  StreamBox never(params);
  never.ticks(3000);
  EXPECT_EQ(never.told(), "");
}

TEST(RtpStream, HearsNothingOnHoldAndGoesOnAtOnceAfterIt) {
  const auto speech = alaw_of(speech_like(6, 5));
  auto params = params_of();
  StreamBox box(params);
  std::vector<uint8_t> heard;
  for (std::size_t n = 0; n < 300; ++n) {
    if (n == 100 || n == 200) {
      params.direction = n == 100 ? Direction::kInactive : Direction::kSendReceive;
      ASSERT_TRUE(box.stream->update(params));
    }
    const std::vector<uint8_t> payload(&speech[n * kBlock], &speech[n * kBlock] + kBlock);
    // The peer does not stop for that.
    EXPECT_EQ(box.put(static_cast<uint16_t>(n), static_cast<uint32_t>(n * kBlock), payload),
              n >= 100 && n < 200 ? Delivery::kInactive : Delivery::kTaken);
    box.tick();
    if (n >= 100 && n < 201) {
      ASSERT_TRUE(is_silence(box.row)) << n;
    } else if (n > 0) {
      ASSERT_TRUE(std::equal(box.row, box.row + kBlock, &speech[(n - 1) * kBlock])) << n;
    }
  }
  const auto told = box.stream->statistics();
  EXPECT_EQ(told.lost + told.late + told.concealed_ms, 0U);
  EXPECT_EQ(box.sent.size(), 200U);
}

TEST(RtpStream, HearsOnWithoutAClickWhileDescriptionsCome) {
  const auto speech = alaw_of(speech_like(6, 7));
  for (const auto encoding : {Encoding::kPcma, Encoding::kG722, Encoding::kOpus}) {
    SCOPED_TRACE(name_of(encoding));
    std::vector<uint8_t> heard[2];
    for (const bool updated : {false, true}) {
      auto params = params_of(encoding);
      StreamBox box(params);
      std::size_t n = 0;
      for (const auto& datagram : sent_by({.payload_type = params.send.payload_type, .encoding = encoding}, speech)) {
        if (updated && n++ % 3 == 0) {
          // Alternately with and without another codec.
          auto next = params;
          if (n % 2 == 0) next.receive.push_back({0, Encoding::kPcmu, 8000});
          ASSERT_TRUE(box.stream->update(next));
        }
        box.stream->deliver(datagram.octets, box.now_ns);
        box.tick();
        heard[updated ? 1 : 0].insert(heard[updated ? 1 : 0].end(), box.row, box.row + kBlock);
      }
    }
    EXPECT_EQ(heard[0], heard[1]);
    EXPECT_FALSE(is_silence(&heard[0][100 * kBlock]) && is_silence(&heard[0][120 * kBlock]));
  }
}

}  // namespace
}  // namespace cordboard::rtp
