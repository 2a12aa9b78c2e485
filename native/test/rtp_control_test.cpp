// SPDX-License-Identifier: GPL-2.0-or-later
// RTCP: octet by octet as RFC 3550 draws it, there and back, and hostile.
#include <gtest/gtest.h>

#include <string>

#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"
#include "rtp_hostile.hpp"

namespace cordboard::rtp {
namespace {

Octets joined(std::initializer_list<Octets> parts) {
  Octets all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const Octets kSr{0x81, 200,  0,    12,   0xCA, 0xFE, 0xBA, 0xBE,                  // SR, a block, SSRC
                 0xE1, 0x02, 0x03, 0x04, 0x80, 0x06, 0x07, 0x08,                  // NTP
                 0x11, 0x22, 0x33, 0x44, 0,    0,    1,    0,    0, 0, 0xA0, 0,   // RTP time, packets, octets
                 0xDE, 0xAD, 0xBE, 0xEF, 64,   0xFF, 0xFF, 0xFE, 0, 1, 0x23, 4,   // on whom, 1/4 lost, −2, highest
                 0,    0,    0,    80,   0x03, 0x04, 0x80, 0x06, 0, 1, 0x80, 0};  // jitter, LSR, DLSR 1.5 s
const Octets kEmptyRr{0x80, 201, 0, 1, 0xCA, 0xFE, 0xBA, 0xBE};
const Octets kSdes{0x81, 202, 0, 3, 0xCA, 0xFE, 0xBA, 0xBE, 1, 5, 'a', '@', 'b', '.', 'c', 0};
const Octets kBye{0x81, 203, 0, 3, 0xCA, 0xFE, 0xBA, 0xBE, 4, 'g', 'o', 'n', 'e', 0, 0, 0};
const Octets kApp{0x80, 204, 0, 2, 0xCA, 0xFE, 0xBA, 0xBE, 'n', 'a', 'm', 'e'};
const Octets kXr{0x80, 207, 0,  10,  0xCA, 0xFE, 0xBA, 0xBE, 7, 0,  0,   8,  0xDE, 0xAD, 0xBE,
                 0xEF, 1,   2,  3,   4,    0,    5,    0,    6, 0,  100, 0,  20,   127,  127,
                 127,  16,  88, 127, 42,   41,   0,    0,    0, 40, 0,   60, 0,    200};
const Octets kAll = joined({kSr, kSdes, kApp, kXr, kBye});

TEST(RtpControl, ReadsEveryKindOfPacket) {
  ControlPacket packet;
  ASSERT_TRUE(parse_control(kAll, packet));
  EXPECT_EQ(packet.ssrc, 0xCAFEBABE);
  ASSERT_TRUE(packet.sender);
  EXPECT_EQ(packet.sender->ntp, 0xE102030480060708);
  EXPECT_EQ(packet.sender->timestamp, 0x11223344U);
  EXPECT_EQ(packet.sender->packets, 256U);
  EXPECT_EQ(packet.sender->octets, 0xA000U);
  ASSERT_EQ(packet.block_count, 1U);
  const auto& block = packet.blocks[0];
  EXPECT_EQ(block.ssrc, 0xDEADBEEF);
  EXPECT_EQ(block.fraction_lost, 64);
  EXPECT_EQ(block.lost, -2);
  EXPECT_EQ(block.highest, 0x12304U);
  EXPECT_EQ(block.jitter, 80U);
  EXPECT_EQ(block.last_sr, 0x03048006U);
  EXPECT_EQ(block.last_sr, ntp_middle(packet.sender->ntp));
  EXPECT_EQ(block.delay, 0x18000U);
  EXPECT_EQ(packet.cname, "a@b.c");
  ASSERT_EQ(packet.bye_count, 1U);
  EXPECT_EQ(packet.byes[0], 0xCAFEBABE);
  ASSERT_TRUE(packet.voip);
  EXPECT_EQ(packet.voip->ssrc, 0xDEADBEEF);
  EXPECT_EQ(packet.voip->r_factor, 88);
}

TEST(RtpControl, WritesWhatTheRfcDraws) {
  const SenderInfo sender{0xE102030480060708, 0x11223344, 256, 0xA000};
  const ReportBlock block{0xDEADBEEF, 64, -2, 0x12304, 80, 0x03048006, 0x18000};
  Octets out(200);
  ControlWriter writer(out);
  writer.report(0xCAFEBABE, &sender, {&block, 1});
  writer.cname(0xCAFEBABE, "a@b.c");
  writer.bye(0xCAFEBABE, "gone");
  out.resize(writer.size());
  EXPECT_EQ(out, joined({kSr, kSdes, kBye}));
  out.assign(200, 0xEE);
  ControlWriter plain(out);
  plain.report(0xCAFEBABE, nullptr, {});
  plain.bye(0xCAFEBABE);
  out.resize(plain.size());
  EXPECT_EQ(out, joined({kEmptyRr, {0x81, 203, 0, 1, 0xCA, 0xFE, 0xBA, 0xBE}}));
}

TEST(RtpControl, CarriesLossAtTheLimitsOf24Bits) {
  for (const auto& [told, heard] : {std::pair{8'388'607, 8'388'607},
                                    {8'388'608, 8'388'607},
                                    {-8'388'608, -8'388'608},
                                    {-9'000'000, -8'388'608},
                                    {-1, -1},
                                    {0, 0}}) {
    Octets out(100);
    ControlWriter writer(out);
    const ReportBlock block{.lost = told};
    writer.report(1, nullptr, {&block, 1});
    ControlPacket packet;
    ASSERT_TRUE(parse_control(std::span(out).first(writer.size()), packet));
    EXPECT_EQ(packet.blocks[0].lost, heard);
  }
}

TEST(RtpControl, WritesNothingHalf) {
  const std::string name(255, 'n');
  for (std::size_t room = 0; room < 300; ++room) {
    Octets out(room);
    ControlWriter writer(out);
    writer.report(1, nullptr, {});
    writer.cname(1, name);
    EXPECT_EQ(writer.size(), room < 8 + 268 ? 0U : 8U + 268) << room;
    if (writer.size() == 0) continue;
    ControlPacket packet;
    ASSERT_TRUE(parse_control(std::span(out).first(writer.size()), packet));
    EXPECT_EQ(packet.cname, name);
  }
  Octets out(10'000);
  ControlWriter writer(out);
  writer.report(1, nullptr, std::vector<ReportBlock>(32));
  EXPECT_EQ(writer.size(), 0U) << "32 blocks cannot be counted";
  ControlWriter full(out);
  full.report(1, nullptr, std::vector<ReportBlock>(31));
  ControlPacket packet;
  ASSERT_TRUE(parse_control(std::span(out).first(full.size()), packet));
  EXPECT_EQ(packet.block_count, ControlPacket::kMaxBlocks);
}

TEST(RtpControl, RefusesWhatIsNotACompound) {
  ControlPacket packet;
  ASSERT_TRUE(parse_control(kEmptyRr, packet));
  // A report has to come first (RFC 3550 6.1).
  for (const auto& first : {kSdes, kBye, kApp, kXr}) EXPECT_FALSE(parse_control(first, packet));
  EXPECT_FALSE(parse_control(joined({kSdes, kSr}), packet));
  // Cut anywhere: only between packets is it whole.
  for (std::size_t size = 0; size < kAll.size(); ++size) {
    const bool whole = size == kSr.size() || size == kSr.size() + kSdes.size() ||
                       size == kSr.size() + kSdes.size() + kApp.size() || size == kAll.size() - kBye.size();
    const Exactly cut(Octets(kAll.begin(), kAll.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(parse_control(cut, packet), whole) << size;
  }
  for (const std::size_t at : {std::size_t{0}, kSr.size()}) {
    Octets version = kAll;
    version[at] ^= 0x40;
    EXPECT_FALSE(parse_control(version, packet)) << "version of the packet at " << at;
    Octets length = kAll;
    ++length[at + 3];
    EXPECT_FALSE(parse_control(length, packet)) << "length of the packet at " << at;
  }
  Octets blocks = kSr;
  blocks[0] = 0x82;  // two blocks said, one there
  EXPECT_FALSE(parse_control(blocks, packet));
  Octets padded = joined({kEmptyRr, {0xA1, 203, 0, 2, 0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 4}});
  EXPECT_TRUE(parse_control(padded, packet));
  EXPECT_EQ(packet.bye_count, 1U);
  for (const uint8_t padding : {0, 3, 12, 255}) {
    padded.back() = padding;
    EXPECT_FALSE(parse_control(padded, packet)) << int{padding};
  }
  // An RR that has a word to spare, before a packet that is padded.
  Octets early = joined({{0x80, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}, {0xA1, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4}});
  ASSERT_TRUE(parse_control(early, packet));
  early[0] |= 0x20;
  EXPECT_FALSE(parse_control(early, packet)) << "padding before the last";
}

TEST(RtpControl, ReadsDescriptionsWithCare) {
  ControlPacket packet;
  Octets compound;  // the name is a part of it
  const auto described = [&](Octets sdes) {
    sdes[3] = static_cast<uint8_t>(sdes.size() / 4 - 1);
    compound = joined({kEmptyRr, sdes});
    return parse_control(compound, packet);
  };
  // Two chunks; the name of the second is the sender's.
  EXPECT_TRUE(
      described({0x82, 202, 0, 0, 0, 0, 0, 1, 1, 1, 'x', 0, 0xCA, 0xFE, 0xBA, 0xBE, 2, 1, 'n', 1, 1, 'y', 0, 0}));
  EXPECT_EQ(packet.cname, "y");
  EXPECT_FALSE(described({0x81, 202, 0, 0, 0, 0, 0, 1, 1, 7, 'x', 'y'})) << "an item beyond the end";
  EXPECT_FALSE(described({0x81, 202, 0, 0, 0, 0, 0, 1, 1, 2, 'x', 'y'})) << "no end of the list";
  EXPECT_FALSE(described({0x81, 202, 0, 0, 0, 0, 0, 1})) << "no list";
  EXPECT_FALSE(described({0x83, 202, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0})) << "a chunk too few";
  EXPECT_TRUE(described({0x80, 202, 0, 0}));
}

TEST(RtpControl, MeasuresTheRoundTrip) {
  // RFC 3550 6.4.1, figure 2: 6.125 s there and back, of which 5.250 s at the receiver.
  const ReportBlock block{.last_sr = 0xB705'2000, .delay = 0x0005'4000};
  const auto seconds = round_trip(block, 0xB710'8000);
  EXPECT_NEAR(seconds.value_or(-1), 6.125, 1e-4);
  EXPECT_FALSE(round_trip({.last_sr = 0}, 100)) << "it has heard no SR";
  EXPECT_FALSE(round_trip({.last_sr = 65'536 * 20, .delay = 0}, 65'536 * 19)) << "a second before it was sent";
  EXPECT_FALSE(round_trip({.last_sr = 1, .delay = 0}, 65'536 * 11)) << "eleven seconds";
  EXPECT_EQ(round_trip({.last_sr = 65'536, .delay = 10}, 65'536).value_or(-1), 0) << "the clocks' steps";
  EXPECT_NEAR(round_trip({.last_sr = 0xFFFF'8000, .delay = 0}, 0x8000).value_or(-1), 1, 1e-4) << "across the wrap";
}

TEST(RtpControl, StaysWithinHostileOctets) {
  Mischief mischief(41);
  uint32_t good = 0;
  for (int i = 0; i < packets_to_try(); ++i) {
    const auto octets = mischief.pick(8) == 0 ? mischief.noise(200) : mischief.spoiled(kAll, mischief.noise(200));
    const Exactly exactly(octets);
    const std::span<const uint8_t> all = exactly;
    ControlPacket packet;
    if (!parse_control(all, packet)) continue;
    ++good;
    ASSERT_LE(packet.block_count, ControlPacket::kMaxBlocks);
    ASSERT_LE(packet.bye_count, ControlPacket::kMaxByes);
    const auto* const name = reinterpret_cast<const uint8_t*>(packet.cname.data());
    ASSERT_TRUE(packet.cname.empty() || (name >= all.data() && name + packet.cname.size() <= all.data() + all.size()));
    for (std::size_t b = 0; b < packet.block_count; ++b) {
      const auto seconds = round_trip(packet.blocks[b], mischief.pick(UINT32_MAX));
      ASSERT_TRUE(!seconds || (*seconds >= 0 && *seconds <= 10));
    }
  }
  EXPECT_GT(good, static_cast<uint32_t>(packets_to_try()) / 50) << "packets that could be read";
}

}  // namespace
}  // namespace cordboard::rtp
