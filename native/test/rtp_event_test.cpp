// SPDX-License-Identifier: GPL-2.0-or-later
// Telephone events (RFC 4733): what is told of them whatever the network does, and what is sent.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rtp/packet.hpp"
#include "rtp/telephone_event.hpp"
#include "rtp_hostile.hpp"

namespace cordboard::rtp {
namespace {

/// What a receiver tells, as text: "5" began, "." ended.
class Listener {
 public:
  std::string told;
  std::vector<uint32_t> durations_ms;

  void packet(uint32_t timestamp, const EventPayload& payload, uint32_t clock_hz = 8000) {
    uint8_t octets[kEventOctets];
    payload.write(octets);
    note(receiver.packet(timestamp, octets, clock_hz));
  }
  void ticks(int n) {
    for (; n > 0; --n) note(receiver.tick());
  }
  void note(const EventReceiver::Changes& changes) {
    ASSERT_LE(changes.count, changes.list.size());
    for (std::size_t i = 0; i < changes.count; ++i) {
      const auto& change = changes.list[i];
      told += change.began ? digit_of_event(change.event) : '.';
      if (!change.began) durations_ms.push_back(change.duration_ms);
    }
  }

  EventReceiver receiver;
};

TEST(RtpEvent, ReadsAndWritesItsFourOctets) {
  uint8_t octets[kEventOctets];
  EventPayload{.event = 11, .end = true, .volume = 10, .duration = 0x1234}.write(octets);
  EXPECT_EQ(Octets(octets, octets + 4), Octets({11, 0x8A, 0x12, 0x34}));
  EventPayload payload;
  ASSERT_TRUE(EventPayload::read(Octets{9, 0x7F, 0xFF, 0xFE, 1, 2}, payload));
  EXPECT_EQ(payload.event, 9);
  EXPECT_FALSE(payload.end) << "the reserved bit is not the end";
  EXPECT_EQ(payload.volume, 63);
  EXPECT_EQ(payload.duration, 0xFFFE);
  EXPECT_FALSE(EventPayload::read(Octets{9, 0x7F, 0xFF}, payload));
  EXPECT_FALSE(EventPayload::read(Octets{}, payload));
}

TEST(RtpEvent, KnowsItsDigits) {
  std::string digits;
  for (uint8_t event = 0; event <= kMaxDigitEvent; ++event) {
    digits += digit_of_event(event);
    EXPECT_EQ(event_of_digit(digit_of_event(event)), event);
  }
  EXPECT_EQ(digits, "0123456789*#ABCD");
  EXPECT_EQ(event_of_digit('c'), 14);
  EXPECT_EQ(event_of_digit('E'), 0xFF);
  EXPECT_EQ(event_of_digit('\0'), 0xFF);
  EXPECT_EQ(digit_of_event(16), '\0');
  EXPECT_EQ(digit_of_event(255), '\0');
}

TEST(RtpEvent, TellsEachEventOnce) {
  Listener listener;
  for (int i = 1; i <= 5; ++i) {
    const EventPayload payload{.event = 5, .duration = static_cast<uint16_t>(160 * i)};
    listener.packet(1000, payload);
    listener.packet(1000, payload);  // doubled by the network
    listener.ticks(1);
  }
  for (int i = 0; i < 3; ++i) listener.packet(1000, {.event = 5, .end = true, .duration = 960});
  listener.ticks(50);
  // The same digit again is told apart by its timestamp alone.
  listener.packet(3000, {.event = 5, .end = true, .duration = 800});
  listener.packet(3000, {.event = 5, .end = true, .duration = 800});
  EXPECT_EQ(listener.told, "5.5.");
  EXPECT_EQ(listener.durations_ms, (std::vector<uint32_t>{120, 100}));
}

TEST(RtpEvent, EndsWhatNobodyHasEnded) {
  Listener listener;
  listener.packet(1000, {.event = 1, .duration = 160});
  listener.packet(1000, {.event = 1, .duration = 480});
  listener.packet(1000, {.event = 1, .duration = 320});  // overtaken
  listener.ticks(9);
  EXPECT_EQ(listener.told, "1");
  listener.ticks(1);
  EXPECT_EQ(listener.told, "1.") << "200 ms without an update";
  // It was not over, the network only stood still: it is not told again.
  listener.packet(1000, {.event = 1, .duration = 3200});
  EXPECT_EQ(listener.told, "1.");
  // The next digit ends it as well.
  listener.packet(9000, {.event = 2, .duration = 160});
  listener.packet(12000, {.event = 3, .end = true, .duration = 400});
  EXPECT_EQ(listener.told, "1.2.3.");
  EXPECT_EQ(listener.durations_ms, (std::vector<uint32_t>{60, 20, 50}));
  listener.packet(20000, {.event = 4, .duration = 160});
  listener.note(listener.receiver.restart());
  EXPECT_EQ(listener.told, "1.2.3.4.") << "another source";
  // Whose timestamps have nothing to do with the old ones.
  listener.packet(100, {.event = 6, .end = true, .duration = 800});
  EXPECT_EQ(listener.told, "1.2.3.4.6.");
}

TEST(RtpEvent, FollowsAnEventLongerThanItsCounter) {
  Listener listener;
  uint32_t segment = 0xFFFF'0000;
  // 20 s at 8 kHz: 160,000 units, segments of 65,535 (RFC 4733 2.5.1.3).
  for (uint32_t units = 160; units <= 160'000; units += 160) {
    uint32_t duration = units - (segment - 0xFFFF'0000);
    if (duration > 0xFFFF) {
      segment += 0xFFFF;
      duration -= 0xFFFF;
    }
    listener.packet(segment, {.event = 0, .end = units == 160'000, .duration = static_cast<uint16_t>(duration)});
    listener.ticks(1);
  }
  EXPECT_EQ(listener.told, "0.");
  EXPECT_EQ(listener.durations_ms, std::vector<uint32_t>{20'000});
}

TEST(RtpEvent, ForgivesASenderThatSetsItsTimestampsBack) {
  Listener listener;
  listener.packet(5'000'000, {.event = 1, .end = true, .duration = 800});
  listener.packet(4'990'000, {.event = 2, .end = true, .duration = 800});
  EXPECT_EQ(listener.told, "1.") << "a second and a quarter back is out of order";
  listener.packet(1'000'000, {.event = 3, .end = true, .duration = 800});
  EXPECT_EQ(listener.told, "1.3.") << "minutes back is a new beginning";
}

struct Chance {
  double loss, twice, late;
};
class RtpEventNetwork : public ::testing::TestWithParam<Chance> {};

TEST_P(RtpEventNetwork, TellsEveryDigitOnceInOrder) {
  const auto chance = GetParam();
  std::mt19937 random(17);
  const auto happens = [&](double share) { return random() < share * 4294967296.0; };
  std::string dialled, heard;
  for (int call = 0; call < 400; ++call) {
    Listener listener;
    EventSender sender;
    uint32_t timestamp = random();
    std::vector<std::pair<uint32_t, EventPayload>> held;
    for (int n = 0; n < 12; ++n) {
      const auto event = static_cast<uint8_t>(random() % 16);
      dialled += digit_of_event(event);
      sender.start(event, 10, 2 + random() % 8);
      for (int tick = 0; !sender.idle() || tick < 12; ++tick) {
        EventSender::Packet packet;
        const bool sent = sender.tick(timestamp, 160, packet);
        timestamp += 160;
        for (const auto& [at, payload] : std::exchange(held, {})) listener.packet(at, payload);
        if (sent && !happens(chance.loss)) {
          if (happens(chance.late)) {
            held.emplace_back(packet.timestamp, packet.payload);
          } else {
            listener.packet(packet.timestamp, packet.payload);
            if (happens(chance.twice)) listener.packet(packet.timestamp, packet.payload);
          }
        }
        listener.ticks(1);
      }
    }
    listener.ticks(20);
    for (const char c : listener.told) {
      if (c != '.') heard += c;
    }
    // Begin and end take turns.
    for (std::size_t i = 0; i < listener.told.size(); ++i) ASSERT_EQ(listener.told[i] == '.', i % 2 == 1);
    ASSERT_EQ(listener.told.size() % 2, 0U);
  }
  EXPECT_EQ(heard, dialled);
}

// A digit of 40 ms is four packets: with a fifth of all lost, one of 600 is lost as a whole.
INSTANTIATE_TEST_SUITE_P(Chances, RtpEventNetwork,
                         ::testing::Values(Chance{0, 0, 0}, Chance{0, 0.5, 0}, Chance{0, 0, 0.3},
                                           Chance{0.03, 0.2, 0.2}));

TEST(RtpEvent, SendsUpdatesAndThreeEnds) {
  EventSender sender;
  EXPECT_TRUE(sender.idle());
  sender.start(7, 8, 5);
  EXPECT_TRUE(sender.sounding());
  uint32_t timestamp = 0xFFFF'FF00;
  for (int tick = 0; tick < 7; ++tick, timestamp += 160) {
    SCOPED_TRACE(tick);
    EXPECT_EQ(sender.sounding(), tick < 5);
    EventSender::Packet packet;
    ASSERT_TRUE(sender.tick(timestamp, 160, packet));
    EXPECT_EQ(packet.marker, tick == 0);
    EXPECT_EQ(packet.timestamp, 0xFFFF'FF00);
    EXPECT_EQ(packet.payload.event, 7);
    EXPECT_EQ(packet.payload.volume, 8);
    EXPECT_EQ(packet.payload.duration, std::min(tick + 1, 5) * 160);
    EXPECT_EQ(packet.payload.end, tick >= 4);
  }
  EXPECT_TRUE(sender.idle());
  EventSender::Packet packet;
  EXPECT_FALSE(sender.tick(timestamp, 160, packet));
}

TEST(RtpEvent, CutsOneShortProperly) {
  EventSender sender;
  sender.start(1, 10, 100);
  EventSender::Packet packet;
  for (uint32_t tick = 0; tick < 4; ++tick) ASSERT_TRUE(sender.tick(tick * 160, 160, packet));
  sender.cut();
  for (uint32_t tick = 4; tick < 7; ++tick) {
    ASSERT_TRUE(sender.tick(tick * 160, 160, packet));
    EXPECT_TRUE(packet.payload.end);
    EXPECT_EQ(packet.payload.duration, 800);
  }
  EXPECT_TRUE(sender.idle());
}

TEST(RtpEvent, SendsLongEventsInSegmentsThatItsReceiverJoins) {
  // 3 s at 48 kHz are 144,000 units.
  EventSender sender;
  Listener listener;
  sender.start(3, 10, 150);
  uint32_t timestamp = 77;
  for (int tick = 0; !sender.idle(); ++tick, timestamp += 960) {
    EventSender::Packet packet;
    ASSERT_TRUE(sender.tick(timestamp, 960, packet));
    listener.packet(packet.timestamp, packet.payload, 48'000);
    listener.ticks(1);
  }
  EXPECT_EQ(listener.told, "3.");
  EXPECT_EQ(listener.durations_ms, std::vector<uint32_t>{3000});
}

TEST(RtpEvent, KeepsItsOrderUnderHostilePackets) {
  Mischief mischief(51);
  Listener listener;
  std::size_t checked = 0;
  for (int i = 0; i < packets_to_try(); ++i) {
    const auto octets = mischief.noise(8);
    const uint32_t timestamp = mischief.pick(4) == 0 ? mischief.pick(UINT32_MAX) : mischief.pick(5) * 65'535;
    const uint32_t clocks[] = {0, 1, 8000, 48'000, UINT32_MAX};
    listener.note(listener.receiver.packet(timestamp, Exactly(octets), clocks[mischief.pick(5)]));
    if (mischief.pick(16) == 0) listener.ticks(1);
    if (mischief.pick(1000) == 0) listener.note(listener.receiver.restart());
    // What is no digit is told as '\0'.
    for (; checked < listener.told.size(); ++checked) ASSERT_EQ(listener.told[checked] == '.', checked % 2 == 1);
  }
  EXPECT_GT(checked, 1000U);
}

}  // namespace
}  // namespace cordboard::rtp
