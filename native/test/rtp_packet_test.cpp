// SPDX-License-Identifier: GPL-2.0-or-later
// RTP packets: as RFC 3550 draws them, cut at every octet, and hostile ones. And the ring that carries them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

#include "rtp/packet.hpp"
#include "rtp/packet_ring.hpp"
#include "rtp_hostile.hpp"

namespace cordboard::rtp {
namespace {

/// Everything that a header can have.
const Octets kFull{0xB2, 0xE5, 0x12, 0x34, 0xDE, 0xAD, 0xBE, 0xEF, 0xCA, 0xFE, 0xBA, 0xBE,  // V=2 P X CC=2, M PT=101
                   0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,                          // two CSRCs
                   0xBE, 0xDE, 0x00, 0x01, 0x10, 0xAA, 0x00, 0x00,                          // extension of a word
                   'a',  'b',  'c',  'd',  'e',  0x00, 0x00, 0x03};                         // payload, padding

TEST(RtpPacket, ReadsEveryPartOfAHeader) {
  PacketView view;
  ASSERT_EQ(parse_packet(kFull, view), PacketFault::kNone);
  EXPECT_EQ(view.payload_type, 101);
  EXPECT_TRUE(view.marker);
  EXPECT_EQ(view.sequence, 0x1234);
  EXPECT_EQ(view.timestamp, 0xDEADBEEF);
  EXPECT_EQ(view.ssrc, 0xCAFEBABE);
  EXPECT_EQ(Octets(view.csrcs.begin(), view.csrcs.end()), Octets({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(view.extension_profile, 0xBEDE);
  EXPECT_EQ(Octets(view.extension.begin(), view.extension.end()), Octets({0x10, 0xAA, 0, 0}));
  EXPECT_EQ(std::string(view.payload.begin(), view.payload.end()), "abcde");
  EXPECT_EQ(view.padding, 3);
}

TEST(RtpPacket, WritesWhatItReads) {
  PacketView view;
  ASSERT_EQ(parse_packet(kFull, view), PacketFault::kNone);
  Octets out(kFull.size());
  ASSERT_EQ(write_packet(view, out), kFull.size());
  EXPECT_EQ(out, kFull);
  EXPECT_EQ(write_packet(view, std::span(out).first(kFull.size() - 1)), 0U) << "no room for the last octet";
}

TEST(RtpPacket, RefusesToWriteWhatCannotBeSaid) {
  Octets out(70'000 * 4);
  const Octets octets(65'536 * 4);
  EXPECT_EQ(write_packet({.csrcs = std::span(octets).first(64)}, out), 0U) << "16 CSRCs";
  EXPECT_EQ(write_packet({.csrcs = std::span(octets).first(6)}, out), 0U);
  EXPECT_EQ(write_packet({.extension = std::span(octets).first(5)}, out), 0U);
  EXPECT_EQ(write_packet({.extension = octets}, out), 0U) << "65536 words";
  EXPECT_EQ(write_packet({.csrcs = std::span(octets).first(60), .extension = std::span(octets).first(65'535 * 4)}, out),
            kRtpHeader + 60 + 4 + 65'535 * 4);
}

TEST(RtpPacket, NeedsEveryOctetOfItsHeader) {
  // Without the padding bit, as the last octet would say something else in each.
  Octets whole = kFull;
  whole[0] = static_cast<uint8_t>(whole[0] & ~0x20);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Exactly cut(Octets(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    PacketView view;
    const auto fault = parse_packet(cut, view);
    EXPECT_EQ(fault, size < 12   ? PacketFault::kTooShort
                     : size < 28 ? PacketFault::kTruncated
                                 : PacketFault::kNone)
        << size;
    if (fault == PacketFault::kNone) {
      EXPECT_EQ(view.payload.size(), size - 28);
    }
  }
}

TEST(RtpPacket, DoesNotBelievePaddingBeyondThePayload) {
  Octets octets{0xA0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 'x', 'y', 0};
  PacketView view;
  for (const uint8_t padding : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
    octets.back() = padding;
    ASSERT_EQ(parse_packet(octets, view), PacketFault::kNone);
    EXPECT_EQ(view.payload.size(), 3U - padding);
  }
  for (const uint8_t padding : {uint8_t{0}, uint8_t{4}, uint8_t{15}, uint8_t{255}}) {
    octets.back() = padding;
    EXPECT_EQ(parse_packet(octets, view), PacketFault::kPadding) << int{padding};
  }
  octets.resize(12);
  EXPECT_EQ(parse_packet(octets, view), PacketFault::kPadding) << "padding without any octet for it";
}

TEST(RtpPacket, TellsWhatIsNoRtp) {
  PacketView view;
  for (const uint8_t first : {0x00, 0x01, 0x14, 0x16, 0x3F, 0x40, 0xC0, 0xFF}) {  // STUN, DTLS, versions 0, 1, 3
    Octets octets(40, 0);
    octets[0] = first;
    EXPECT_EQ(parse_packet(octets, view), PacketFault::kVersion) << int{first};
    EXPECT_FALSE(is_control(octets));
  }
  for (int second = 0; second < 256; ++second) {
    Octets octets(40, 0);
    octets[0] = 0x80;
    octets[1] = static_cast<uint8_t>(second);
    const bool control = second >= 192 && second <= 223;
    EXPECT_EQ(is_control(octets), control) << second;
    EXPECT_EQ(parse_packet(octets, view), control ? PacketFault::kControl : PacketFault::kNone) << second;
  }
  EXPECT_FALSE(is_control(Octets{0x80}));
  Octets longest(kMaxDatagram, 0);
  longest[0] = 0x80;
  EXPECT_EQ(parse_packet(longest, view), PacketFault::kNone);
  longest.push_back(0);
  EXPECT_EQ(parse_packet(longest, view), PacketFault::kTooLong);
}

TEST(RtpPacket, StaysWithinHostileOctets) {
  Mischief mischief(31);
  uint32_t good = 0;
  for (int i = 0; i < packets_to_try(); ++i) {
    const auto octets = mischief.pick(4) == 0 ? mischief.noise(80) : mischief.spoiled(kFull, mischief.noise(80));
    const Exactly exactly(octets);
    const std::span<const uint8_t> all = exactly;
    PacketView view;
    if (parse_packet(all, view) != PacketFault::kNone) continue;
    ++good;
    for (const auto part : {view.csrcs, view.extension, view.payload}) {
      ASSERT_TRUE(part.empty() || (part.data() >= all.data() && part.data() + part.size() <= all.data() + all.size()));
    }
    const bool extended = (all[0] & 0x10) != 0;
    ASSERT_EQ(kRtpHeader + view.csrcs.size() + (extended ? 4 : 0) + view.extension.size() + view.payload.size() +
                  view.padding,
              all.size());
    // What was understood can be said again; padding becomes zeros, and an empty extension of profile 0 is none.
    Octets again(all.size());
    const auto written = write_packet(view, again);
    ASSERT_TRUE(written == all.size() || (extended && view.extension_profile == 0 && view.extension.empty()));
    if (written != all.size()) continue;
    for (std::size_t j = 0; j < all.size() - view.padding; ++j) ASSERT_EQ(again[j], all[j]);
  }
  EXPECT_GT(good, static_cast<uint32_t>(packets_to_try()) / 20) << "packets that could be read";
}

// ------------------------------------------------------------------------------------------------------------- the ring

struct Label {
  uint32_t number;
};

TEST(RtpPacketRing, KeepsPacketsOfAnySizeInOrder) {
  PacketRing<Label> ring(1000);
  Mischief mischief(7);
  uint32_t put = 0, got = 0;
  const auto fill_of = [](uint32_t number) { return Octets(number * 37 % 300, static_cast<uint8_t>(number)); };
  for (int step = 0; step < 200'000; ++step) {
    if (mischief.pick(2) == 0) {
      const auto octets = fill_of(put);
      // More may be asked for than is used.
      uint8_t* const room = ring.reserve(octets.size() + mischief.pick(50));
      if (room == nullptr) continue;
      std::copy(octets.begin(), octets.end(), room);
      ring.commit({put++}, octets.size());
    } else {
      Label label{};
      std::span<const uint8_t> octets;
      if (!ring.next(label, octets)) {
        ASSERT_EQ(put, got);
        continue;
      }
      ASSERT_EQ(label.number, got);
      ASSERT_EQ(Octets(octets.begin(), octets.end()), fill_of(got++));
      ring.release(octets.data());
    }
  }
  EXPECT_GT(got, 50'000U);
}

TEST(RtpPacketRing, HoldsWhatIsNotReleasedYetInAnyOrder) {
  PacketRing<Label> ring(1500);
  Mischief mischief(9);
  struct Held {
    uint32_t number;
    std::span<const uint8_t> octets;
  };
  std::vector<Held> held;
  uint32_t put = 0, got = 0, refused = 0;
  for (int step = 0; step < 200'000; ++step) {
    const auto kind = mischief.pick(3);
    if (kind == 0) {
      const std::size_t size = put * 53 % 200;
      uint8_t* const room = ring.reserve(size);
      refused += room == nullptr;
      if (room == nullptr) continue;
      std::fill(room, room + size, static_cast<uint8_t>(put));
      ring.commit({put++}, size);
    } else if (kind == 1) {
      Label label{};
      std::span<const uint8_t> octets;
      if (!ring.next(label, octets)) continue;
      ASSERT_EQ(label.number, got++);
      ASSERT_EQ(octets.size(), label.number * 53 % 200);
      held.push_back({label.number, octets});
    } else if (!held.empty()) {
      // Mostly the oldest, as a jitter buffer does.
      const auto which = mischief.pick(3) == 0 ? mischief.pick(static_cast<uint32_t>(held.size())) : 0;
      const auto [number, octets] = held[which];
      ASSERT_TRUE(
          std::all_of(octets.begin(), octets.end(), [&](uint8_t o) { return o == static_cast<uint8_t>(number); }));
      ring.release(octets.data());
      held.erase(held.begin() + which);
    }
  }
  EXPECT_GT(got, 10'000U);
  EXPECT_GT(refused, 1000U);
}

TEST(RtpPacketRing, TakesHalfOfItsMemoryWheneverItIsEmpty) {
  PacketRing<Label> ring(1000);
  Label label{};
  std::span<const uint8_t> octets;
  for (std::size_t n = 0; n < 3000; ++n) {
    const std::size_t size = n % 3 == 0 ? 1000 / 2 - 16 : n * 7 % 200;
    ASSERT_NE(ring.reserve(size), nullptr) << n;
    ring.commit({0}, size);
    ASSERT_TRUE(ring.next(label, octets));
    ring.release(octets.data());
    ASSERT_TRUE(ring.empty());
  }
}

TEST(RtpPacketRing, RefusesWhatHasNoRoomAndLosesNothing) {
  PacketRing<Label> ring(8 * PacketRing<Label>::size_of(100) + 8);
  uint32_t put = 0;
  while (ring.reserve(100) != nullptr) ring.commit({put++}, 100);
  EXPECT_EQ(put, 8U);
  Label label{};
  std::span<const uint8_t> octets;
  for (uint32_t got = 0; got < put; ++got) {
    ASSERT_TRUE(ring.next(label, octets));
    EXPECT_EQ(label.number, got);
    ring.release(octets.data());
  }
  EXPECT_FALSE(ring.next(label, octets));
  EXPECT_EQ(ring.reserve(5000), nullptr);
}

TEST(RtpPacketRing, CarriesBetweenThreads) {
  PacketRing<Label> ring(2000);
  constexpr uint32_t kPackets = 200'000;
  std::thread producer([&] {
    for (uint32_t i = 0; i < kPackets;) {
      const std::size_t size = i % 251;
      uint8_t* const room = ring.reserve(size);
      if (room == nullptr) {
        std::this_thread::yield();
        continue;
      }
      std::fill(room, room + size, static_cast<uint8_t>(i));
      ring.commit({i++}, size);
    }
  });
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < kPackets;) {
    Label label{};
    std::span<const uint8_t> octets;
    if (!ring.next(label, octets)) {
      std::this_thread::yield();
      continue;
    }
    wrong += label.number != i || octets.size() != i % 251;
    wrong +=
        !std::all_of(octets.begin(), octets.end(), [&](uint8_t octet) { return octet == static_cast<uint8_t>(i); });
    ring.release(octets.data());
    ++i;
  }
  producer.join();
  EXPECT_EQ(wrong, 0U);
}

}  // namespace
}  // namespace cordboard::rtp
