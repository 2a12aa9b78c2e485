// SPDX-License-Identifier: GPL-2.0-or-later
// UDPTL: what stands on the line, what is made good, and what is no UDPTL at all.
#include "media/udptl.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "t38_lines.hpp"

namespace cordboard::media {
namespace {

using Octets = std::vector<uint8_t>;
using Given = std::vector<std::pair<uint16_t, Octets>>;

Octets pack(UdptlSender& sender, const Octets& ifp) {
  const auto datagram = sender.pack(ifp);
  return {datagram.begin(), datagram.end()};
}

void drain(UdptlReceiver& receiver, Given& given) {
  while (const auto ifp = receiver.next())
    given.emplace_back(ifp->sequence, Octets(ifp->octets.begin(), ifp->octets.end()));
}

/// A packet of image data of V.17 at 14,400 bit/s (version 0): one field.
Octets image(uint8_t number, std::size_t octets) {
  Octets ifp{0xD0, 0x01, 0x90, static_cast<uint8_t>((octets - 1) >> 8), static_cast<uint8_t>(octets - 1)};
  for (std::size_t i = 0; i < octets; ++i) ifp.push_back(static_cast<uint8_t>(number * 31 + i));
  return ifp;
}

UdptlSender::Settings correcting(UdptlCorrection correction) {
  UdptlSender::Settings settings;
  settings.correction = correction;
  return settings;
}

TEST(Udptl, WritesWhatTheStandardSays) {
  UdptlSender plain(correcting(UdptlCorrection::kNone));
  EXPECT_EQ(pack(plain, {0x06}), (Octets{0, 0, 1, 0x06, 0x00, 0x00}));

  UdptlSender redundant({.correction = UdptlCorrection::kRedundancy, .depth = 2});
  EXPECT_EQ(pack(redundant, {0x0A}), (Octets{0, 0, 1, 0x0A, 0x00, 0x00}));
  EXPECT_EQ(pack(redundant, {0x0B, 1}), (Octets{0, 1, 2, 0x0B, 1, 0x00, 0x01, 1, 0x0A}));
  EXPECT_EQ(pack(redundant, {0x0C}), (Octets{0, 2, 1, 0x0C, 0x00, 0x02, 2, 0x0B, 1, 1, 0x0A}));
  EXPECT_EQ(pack(redundant, {0x0D}), (Octets{0, 3, 1, 0x0D, 0x00, 0x02, 1, 0x0C, 2, 0x0B, 1}));

  UdptlSender fec({.correction = UdptlCorrection::kFec, .span = 2, .entries = 2});
  EXPECT_EQ(pack(fec, {0x10}), (Octets{0, 0, 1, 0x10, 0x80, 1, 0, 0}));
  EXPECT_EQ(pack(fec, {0x21}), (Octets{0, 1, 1, 0x21, 0x80, 1, 0, 0}));
  // Two are there: each XOR has one.
  EXPECT_EQ(pack(fec, {0x42, 7}), (Octets{0, 2, 2, 0x42, 7, 0x80, 1, 1, 2, 1, 0x10, 1, 0x21}));
  pack(fec, {0x84});
  // 2 and 0; 3 and 1.
  EXPECT_EQ(pack(fec, {0x01}), (Octets{0, 4, 1, 0x01, 0x80, 1, 2, 2, 2, 0x52, 7, 1, 0xA5}));

  // From 128 octets the length takes two.
  Octets longer(200, 0x55);
  UdptlSender other(correcting(UdptlCorrection::kNone));
  const auto datagram = pack(other, longer);
  EXPECT_EQ(datagram.size(), 2 + 2 + 200 + 2U);
  EXPECT_EQ(datagram[2], 0x80);
  EXPECT_EQ(datagram[3], 200);
  EXPECT_TRUE(pack(other, {}).empty());
  EXPECT_TRUE(pack(other, Octets(1390)).empty());
  EXPECT_EQ(pack(other, {1})[1], 1) << "what was refused took no number";
}

TEST(Udptl, NumbersGoRound) {
  UdptlSender sender(correcting(UdptlCorrection::kRedundancy));
  UdptlReceiver receiver;
  Given given;
  for (uint32_t i = 0; i < 70000; ++i) {
    const auto datagram = pack(sender, {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)});
    if (i % 5 == 3) continue;
    receiver.take(datagram);
    drain(receiver, given);
  }
  ASSERT_EQ(given.size(), 70000U);
  for (uint32_t i = 0; i < given.size(); ++i) ASSERT_EQ(given[i].second[1], static_cast<uint8_t>(i >> 8)) << i;
  EXPECT_EQ(receiver.lost(), 0U);
  EXPECT_EQ(receiver.recovered(), 14000U);
}

TEST(Udptl, ReadsWhatTheStandardSays) {
  const Octets redundant{0x12, 0x34, 2, 0xAA, 0xBB, 0x00, 2, 1, 0xCC, 0};
  const auto packet = parse_udptl(redundant);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->sequence, 0x1234);
  EXPECT_TRUE(std::ranges::equal(packet->primary, Octets{0xAA, 0xBB}));
  EXPECT_FALSE(packet->fec);
  ASSERT_EQ(packet->parts, 2U);
  EXPECT_TRUE(std::ranges::equal(packet->part[0], Octets{0xCC}));
  EXPECT_TRUE(packet->part[1].empty());
  // A span in two octets is as good.
  const auto fec = parse_udptl(Octets{0, 9, 1, 0xAA, 0x80, 2, 0, 3, 1, 1, 0xCC});
  ASSERT_TRUE(fec);
  EXPECT_TRUE(fec->fec);
  EXPECT_EQ(fec->span, 3U);
  EXPECT_EQ(fec->parts, 1U);
}

TEST(Udptl, RefusesWhatIsCutShort) {
  for (const auto correction : {UdptlCorrection::kRedundancy, UdptlCorrection::kFec}) {
    UdptlSender sender(correcting(correction));
    Octets datagram;
    for (uint8_t i = 0; i < 12; ++i) datagram = pack(sender, image(i, 40));
    ASSERT_TRUE(parse_udptl(datagram));
    for (std::size_t octets = 0; octets < datagram.size(); ++octets) {
      // On the heap, so that the sanitizer sees a step too far.
      const Octets cut(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(octets));
      EXPECT_FALSE(parse_udptl(cut)) << octets;
    }
  }
  EXPECT_FALSE(parse_udptl(Octets{0, 0, 0xC1, 0x00}));
  EXPECT_FALSE(parse_udptl(Octets{0, 0, 1, 6, 0x80, 0}));
  EXPECT_FALSE(parse_udptl(Octets{0, 0, 1, 6, 0x80, 5, 0, 0, 0, 0, 1, 0}));
}

TEST(Udptl, RedundancyMakesGoodAsManyAsItHas) {
  UdptlSender sender(correcting(UdptlCorrection::kRedundancy));
  UdptlReceiver receiver;
  Given given;
  for (uint8_t i = 0; i < 20; ++i) {
    const auto datagram = pack(sender, image(i, 30));
    const bool lost = (i >= 4 && i < 7) || (i >= 10 && i < 14);
    if (!lost) receiver.take(datagram);
    drain(receiver, given);
  }
  for (uint32_t i = 0; i < UdptlReceiver::kHoldTicks; ++i) receiver.tick();
  drain(receiver, given);
  ASSERT_EQ(given.size(), 19U);  // of the four in a row one is gone
  EXPECT_EQ(receiver.lost(), 1U);
  EXPECT_EQ(receiver.recovered(), 6U);
  for (const auto& [sequence, ifp] : given) EXPECT_EQ(ifp, image(static_cast<uint8_t>(sequence), 30));
}

TEST(Udptl, FecMakesGoodARowOfLosses) {
  UdptlSender sender(correcting(UdptlCorrection::kFec));
  UdptlReceiver receiver;
  Given given;
  for (uint8_t i = 0; i < 40; ++i) {
    const auto datagram = pack(sender, image(i, 30 + i % 7));
    if (i < 12 || i > 14) receiver.take(datagram);
    drain(receiver, given);
  }
  ASSERT_EQ(given.size(), 40U);
  EXPECT_EQ(receiver.recovered(), 3U);
  EXPECT_EQ(receiver.lost(), 0U);
  for (uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(given[i].first, i);
    auto ifp = given[i].second;
    ifp.resize(ifp_length(ifp, 0));
    EXPECT_EQ(ifp, image(static_cast<uint8_t>(i), 30 + i % 7));
  }
}

TEST(Udptl, PutsInOrderAndGivesOnce) {
  UdptlSender sender(correcting(UdptlCorrection::kNone));
  std::vector<Octets> datagrams;
  for (uint8_t i = 0; i < 60; ++i) datagrams.push_back(pack(sender, {i}));
  std::mt19937 random(5);
  for (std::size_t i = 0; i + 4 <= datagrams.size(); i += 4)
    std::shuffle(datagrams.begin() + static_cast<std::ptrdiff_t>(i),
                 datagrams.begin() + static_cast<std::ptrdiff_t>(i + 4), random);
  UdptlReceiver receiver;
  Given given;
  for (const auto& datagram : datagrams) {
    receiver.take(datagram);
    receiver.take(datagram);
    drain(receiver, given);
  }
  ASSERT_EQ(given.size(), 60U);
  for (uint32_t i = 0; i < 60; ++i) EXPECT_EQ(given[i].first, i);
}

TEST(Udptl, WaitsForAGapButNotForEver) {
  UdptlReceiver receiver;
  Given given;
  const auto take = [&](uint8_t number) { receiver.take(Octets{0, number, 1, number, 0, 0}); };
  take(0);
  take(2);
  drain(receiver, given);
  EXPECT_EQ(given.size(), 1U);
  for (uint32_t i = 0; i < UdptlReceiver::kHoldTicks; ++i) {
    drain(receiver, given);
    EXPECT_EQ(given.size(), 1U);
    receiver.tick();
  }
  drain(receiver, given);
  EXPECT_EQ(given.size(), 2U);
  EXPECT_EQ(receiver.lost(), 1U);
  take(1);  // too late
  drain(receiver, given);
  EXPECT_EQ(given.size(), 2U);
}

TEST(Udptl, AStrayDoesNotLeadItAstrayButANewBeginningDoes) {
  UdptlReceiver receiver;
  Given given;
  const auto take = [&](uint16_t number) {
    receiver.take(Octets{static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number), 1, 6, 0, 0});
    drain(receiver, given);
  };
  take(0);
  take(30000);
  take(1);
  ASSERT_EQ(given.size(), 2U);
  EXPECT_EQ(given.back().first, 1);
  take(40000);
  take(40001);
  take(40002);
  EXPECT_EQ(given.size(), 4U);
  EXPECT_EQ(given.back().first, 40002);
}

TEST(Udptl, KeepsToTheLargestDatagramOfTheOther) {
  for (const auto correction : {UdptlCorrection::kRedundancy, UdptlCorrection::kFec}) {
    UdptlSender::Settings settings = correcting(correction);
    settings.max_datagram = 200;
    UdptlSender sender(settings);
    std::size_t largest = 0;
    for (uint8_t i = 0; i < 30; ++i) {
      const auto datagram = pack(sender, image(i, 60));
      EXPECT_TRUE(parse_udptl(datagram));
      largest = std::max(largest, datagram.size());
    }
    EXPECT_LE(largest, 200U);
    EXPECT_GT(largest, 70U);
  }
}

TEST(Udptl, KnowsHowLongAnIfpIs) {
  EXPECT_EQ(ifp_length(Octets{0x06, 0, 0}, 0), 1U);     // indicator
  EXPECT_EQ(ifp_length(Octets{0x20, 0x40, 0}, 1), 2U);  // one of the later ones
  EXPECT_EQ(ifp_length(Octets{0x20}, 1), 0U);
  EXPECT_EQ(ifp_length(Octets{0x86}, 0), 0U);  // an indicator with data
  Octets padded = image(1, 20);
  const auto length = padded.size();
  padded.resize(length + 9);
  EXPECT_EQ(ifp_length(padded, 0), length);
  padded.resize(length - 1);
  EXPECT_EQ(ifp_length(padded, 0), 0U);
  EXPECT_EQ(ifp_length(Octets{}, 0), 0U);
  EXPECT_EQ(ifp_length(Octets{0xC0, 2, 0x20, 0x30}, 0), 4U);  // fields without octets
}

}  // namespace
}  // namespace cordboard::media
