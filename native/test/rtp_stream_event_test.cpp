// SPDX-License-Identifier: GPL-2.0-or-later
// Digits and other events over a stream, both ways: in place of audio, muted in it, each told once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "rtp/telephone_event.hpp"
#include "rtp_stream_box.hpp"

namespace cordboard::rtp {
namespace {

TEST(RtpStreamEvent, SendsDigitsInPlaceOfAudio) {
  StreamBox box;
  ASSERT_TRUE(box.stream->sends_events());
  box.ticks(3);
  ASSERT_TRUE(box.stream->send_event(event_of_digit('7'), 100, 60, 8));
  ASSERT_TRUE(box.stream->send_event(event_of_digit('#'), 45, 0, 70));
  box.ticks(20);
  const uint32_t first = identity_of().first_timestamp;
  std::string order;
  uint16_t sequence = identity_of().first_sequence;
  for (const auto& packet : box.sent) {
    ASSERT_EQ(packet.view.sequence, sequence++);
    if (packet.view.payload_type == 8) {
      order += packet.view.marker ? 'A' : 'a';
      continue;
    }
    ASSERT_EQ(packet.view.payload_type, 101);
    EventPayload event;
    ASSERT_TRUE(EventPayload::read(packet.view.payload, event));
    order += digit_of_event(event.event);
    if (packet.view.marker) order += '!';
    if (event.end) order += '.';
    const bool seven = event.event == 7;
    EXPECT_EQ(packet.view.timestamp, first + (seven ? 3 : 11) * kBlock);
    EXPECT_EQ(event.volume, seven ? 8 : 63);
    if (event.end) {
      EXPECT_EQ(event.duration, seven ? 800 : 480) << "whole ticks";
    }
  }
  // The end goes out three times, the last two beside audio again; a gap of 60 ms; then the next.
  EXPECT_EQ(order, "Aaa7!7777.7.A7.aa#!##.#.A#.aaaaaaaa");
  EXPECT_EQ(box.told(), "sent ");
}

TEST(RtpStreamEvent, SendsNoAudioTwiceOrInAWrongPlaceAroundDigits) {
  const auto speech = alaw_of(speech_like(4, 4));
  for (const uint32_t ptime : {10U, 20U, 40U, 60U}) {
    auto params = params_of();
    params.ptime_ms = ptime;
    StreamBox box(params);
    for (std::size_t tick = 0; (tick + 1) * kBlock <= speech.size(); ++tick) {
      if (tick % 17 == 5) box.stream->send_event(3, 80, 20);
      box.tick(&speech[tick * kBlock]);
    }
    std::size_t audio = 0;
    for (const auto& packet : box.sent) {
      if (packet.view.payload_type != 8) continue;
      const std::size_t at = packet.view.timestamp - identity_of().first_timestamp;
      ASSERT_TRUE(std::equal(packet.view.payload.begin(), packet.view.payload.end(), &speech[at])) << ptime;
      ++audio;
    }
    EXPECT_GT(audio, 100 * 20 / ptime);
  }
}

TEST(RtpStreamEvent, SendsNoDigitsToWhoTakesNoneAndForgetsThem) {
  auto params = params_of();
  params.send_events.payload_type = kNoPayloadType;
  StreamBox none(params);
  EXPECT_FALSE(none.stream->sends_events());
  EXPECT_FALSE(none.stream->send_event(1));

  StreamBox box;
  uint32_t waiting = 0;
  while (box.stream->send_event(1, 2500, 0)) ++waiting;
  EXPECT_EQ(waiting, 32U);
  box.ticks(10);
  box.stream->cancel_events();
  box.ticks(10);
  EXPECT_EQ(box.told(), "sent ");
  uint32_t ends = 0, longest = 0;
  for (const auto& packet : box.sent) {
    EventPayload event;
    if (packet.view.payload_type != 101 || !EventPayload::read(packet.view.payload, event)) continue;
    ends += event.end;
    longest = std::max<uint32_t>(longest, event.duration);
  }
  EXPECT_EQ(ends, 3U) << "the one that was being sent ends as it should";
  EXPECT_LE(longest, 12U * kBlock);
  EXPECT_TRUE(box.stream->send_event(2));
  box.ticks(20);
  EXPECT_EQ(box.told(), "sent sent ");
}

TEST(RtpStreamEvent, HearsDigitsAndMutesTheirSound) {
  // A phone that leaves the tone in its audio as well: nobody is to hear the digit twice, also when it tells only every
  // 60 ms that the event goes on.
  for (const auto& [audio_too, every] : {std::pair{true, 1}, {true, 3}, {false, 1}}) {
    std::vector<int16_t> chord(60 * kBlock);
    for (std::size_t i = 0; i < chord.size(); ++i) {
      chord[i] = static_cast<int16_t>(5000 * std::sin(0.21 * static_cast<double>(i)) +
                                      4000 * std::cos(0.5 * static_cast<double>(i)));
    }
    const auto speech = alaw_of(chord);
    StreamBox box;
    EventSender sender;
    uint16_t sequence = 100;
    uint32_t timestamp = 16'000;
    std::string heard;
    for (std::size_t tick = 0; tick < 60; ++tick, timestamp += kBlock) {
      if (tick == 20) sender.start(event_of_digit('5'), 10, 5);
      if (tick == 40) sender.start(16, 10, 3);
      EventSender::Packet packet;
      const bool sounding = sender.sounding();
      const bool told = sender.tick(timestamp, kBlock, packet);
      if (told && (packet.payload.end || packet.payload.duration / kBlock % every == 1 % every)) {
        std::vector<uint8_t> payload(kEventOctets);
        packet.payload.write(payload.data());
        ASSERT_EQ(box.put(sequence++, packet.timestamp, payload, 101), Delivery::kTaken);
      }
      if (!sounding || audio_too) {
        const std::vector<uint8_t> block(&speech[tick * kBlock], &speech[tick * kBlock] + kBlock);
        ASSERT_EQ(box.put(sequence++, timestamp, block), Delivery::kTaken);
      }
      box.tick();
      const bool as_sent = tick > 0 && std::equal(box.row, box.row + kBlock, &speech[(tick - 1) * kBlock]);
      heard += is_silence(box.row) ? '.' : as_sent ? '#' : '?';
    }
    // One block behind; exactly the time of the events is silent, and nothing else is touched.
    EXPECT_EQ(heard, ".####################.....###############...################");
    EXPECT_EQ(box.told(), "started 5(100) e16(60) ");
    EXPECT_EQ(box.stream->statistics().concealed_ms, 0U) << "nothing was lost";
    EXPECT_EQ(box.stream->statistics().lost, 0U);
  }
}

TEST(RtpStreamEvent, AnEventFromTheFutureMutesNothing) {
  const std::vector<uint8_t> loud(kBlock, 0x2A);
  StreamBox box;
  uint32_t silent = 0;
  for (uint16_t n = 0; n < 200; ++n) {
    if (n == 50) {
      std::vector<uint8_t> payload(kEventOctets);
      EventPayload{.event = 1, .end = true, .duration = 0xFFFF}.write(payload.data());
      box.put(static_cast<uint16_t>(n + 1000), n * 160U + 0x4000'0000, payload, 101);
    }
    box.put(n, n * 160U, loud);
    box.tick();
    if (n > 1) silent += is_silence(box.row);
  }
  EXPECT_LE(silent, 20U) << "300 ms, as packets may come in any order";
}

TEST(RtpStreamEvent, EndsADigitWhoseEndIsLost) {
  StreamBox box;
  for (uint16_t n = 0; n < 5; ++n) {
    EventPayload event{.event = 3, .volume = 10, .duration = static_cast<uint16_t>(160 * (n + 1))};
    std::vector<uint8_t> payload(kEventOctets);
    event.write(payload.data());
    box.put(n, 8000, payload, 101);
    box.tick();
  }
  box.ticks(8);
  EXPECT_EQ(box.told(), "3");
  box.ticks(2);
  EXPECT_EQ(box.told(), "3(100) ");
}

}  // namespace
}  // namespace cordboard::rtp
