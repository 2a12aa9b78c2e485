// SPDX-License-Identifier: GPL-2.0-or-later
// Datagrams that mean harm, at UDPTL and at whole ends of T.38 with T.30 behind them. Both ends of a call hear them, at
// every stage of it; only what was spoiled or made up is counted.
//
//   CORDBOARD_FUZZ_T38   how many for each test, 10,000 by default; `npm run fuzz -- t38` sets it
//   CORDBOARD_FUZZ_SEED  added to the usual seeds
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "rtp_hostile.hpp"
#include "t38_lines.hpp"

namespace cordboard::media {
namespace {

using rtp::Exactly;
using rtp::Mischief;
using rtp::Octets;

int inputs() {
  const char* set = std::getenv("CORDBOARD_FUZZ_T38");
  return set == nullptr ? 10'000 : std::max(1, std::atoi(set));
}

void put(Octets& to, const Octets& field) {
  if (field.size() > 127) to.push_back(static_cast<uint8_t>(0x80 | field.size() / 256));
  to.push_back(static_cast<uint8_t>(field.size()));
  to.insert(to.end(), field.begin(), field.end());
}

/// A good datagram with whatever stands in it.
Octets udptl(uint16_t sequence, const Octets& primary, const std::vector<Octets>& parts, int fec_span = -1) {
  Octets datagram{static_cast<uint8_t>(sequence >> 8), static_cast<uint8_t>(sequence)};
  put(datagram, primary);
  datagram.push_back(fec_span < 0 ? 0x00 : 0x80);
  if (fec_span >= 0) datagram.insert(datagram.end(), {1, static_cast<uint8_t>(fec_span)});
  datagram.push_back(static_cast<uint8_t>(parts.size()));
  for (const auto& part : parts) put(datagram, part);
  return datagram;
}

uint8_t reversed(uint8_t octet) {
  uint8_t back = 0;
  for (int bit = 0; bit < 8; ++bit) back = static_cast<uint8_t>(back | (octet >> bit & 1) << (7 - bit));
  return back;
}

/// An IFP by the rules of T.38 that no fax would send: any kind of data, any fields, frames of T.30 of any length.
Octets made_up(Mischief& mischief, uint32_t version) {
  if (mischief.pick(8) == 0) return {static_cast<uint8_t>(mischief.pick(16) << 1)};  // an indicator
  const bool control = mischief.pick(2) == 0;
  const uint32_t fields = mischief.pick(16) == 0 ? mischief.pick(256) : 1 + mischief.pick(4);
  Octets ifp{static_cast<uint8_t>(0xC0 | (control ? 0 : mischief.pick(9) << 1)), static_cast<uint8_t>(fields)};
  for (uint32_t i = 0; i < fields && ifp.size() < 1200; ++i) {
    Octets data = mischief.noise(mischief.pick(8) == 0 ? 300 : 40);
    if (control && mischief.pick(2) == 0) {
      constexpr uint8_t kFrames[] = {0x80, 0x40, 0x20, 0x82, 0x42, 0x41, 0x81, 0x22, 0x84, 0x44, 0x21,
                                     0xBC, 0xFC, 0xBE, 0x7C, 0x8C, 0x4C, 0x5F, 0x1A, 0x9A, 0x6F, 0xAE};
      data.insert(data.begin(), {0xFF, static_cast<uint8_t>(mischief.pick(2) == 0 ? 0x03 : 0x13),
                                 static_cast<uint8_t>(kFrames[mischief.pick(std::size(kFrames))] | mischief.pick(2))});
      for (auto& octet : data) octet = reversed(octet);  // as they go over the line
    }
    const bool has_data = !data.empty() && mischief.pick(4) != 0;
    const uint32_t type = mischief.pick(8);
    if (version == 0) {
      ifp.push_back(static_cast<uint8_t>((has_data ? 0x80 : 0) | type << 4));
    } else {
      // Four bits more for a kind that came later; else three behind the mark.
      ifp.push_back(static_cast<uint8_t>((has_data ? 0x80 : 0) | type << 3));
    }
    if (!has_data) continue;
    const std::size_t said = data.size() - 1;
    ifp.insert(ifp.end(), {static_cast<uint8_t>(said >> 8), static_cast<uint8_t>(said)});
    ifp.insert(ifp.end(), data.begin(), data.end());
  }
  return ifp;
}

/// In place of a good datagram: it, spoiled, or good UDPTL with a spoiled or made-up IFP in it.
Octets harm(Mischief& mischief, const Octets& good, const Octets& other, uint32_t version) {
  const auto packet = parse_udptl(good);
  if (!packet) {
    ADD_FAILURE() << "what was sent is no UDPTL";
    return {0};
  }
  const Octets ifp(packet->primary.begin(), packet->primary.end());
  const auto sequence = packet->sequence;
  Octets bad;
  switch (mischief.pick(8)) {
    case 0:
      bad = mischief.noise(200);
      break;
    case 1:
    case 2:
      bad = mischief.spoiled(good, other);
      break;
    case 3:
    case 4:
      bad = udptl(sequence, mischief.spoiled(ifp, other), {});
      break;
    case 5: {
      // Earlier ones that never were.
      std::vector<Octets> parts;
      for (uint32_t i = mischief.pick(6); i > 0; --i) parts.push_back(made_up(mischief, version));
      bad = udptl(static_cast<uint16_t>(sequence + mischief.pick(12)), ifp, parts);
      break;
    }
    case 6: {
      std::vector<Octets> sums;
      for (uint32_t i = mischief.pick(40); i > 0; --i) sums.push_back(mischief.noise(60));
      bad = udptl(static_cast<uint16_t>(sequence + mischief.pick(6)), ifp, sums, static_cast<int>(mischief.pick(256)));
      break;
    }
    default:
      bad = udptl(sequence, made_up(mischief, version), {});
      break;
  }
  if (bad.empty()) bad = {0};
  if (bad.size() > kMaxUdptl + 1) bad.resize(kMaxUdptl + 1);
  return bad;
}

struct SpoilingWire : NetworkWire {
  Mischief& mischief;
  const uint32_t one_in;
  const uint32_t version;
  int spoiled = 0;
  Octets other = Octets(6);

  SpoilingWire(T38Network& out, T38Network& in, Mischief& mischief, uint32_t one_in, uint32_t version)
      : NetworkWire(out, in), mischief(mischief), one_in(one_in), version(version) {}
  void send(std::span<const uint8_t> datagram) override {
    const Octets good(datagram.begin(), datagram.end());
    if (mischief.pick(one_in) == 0) {
      ++spoiled;
      out.send(harm(mischief, good, other, version));
    } else {
      out.send(good);
    }
    other = good;
  }
};

/// What a call sends, for a version of T.38 and a way to make good.
std::vector<Octets> sent_in_a_call(FaxFolder& folder, const T38Settings& t38, bool ecm) {
  struct Recording : NetworkWire {
    std::vector<Octets>& all;
    Recording(T38Network& out, T38Network& in, std::vector<Octets>& all) : NetworkWire(out, in), all(all) {}
    void send(std::span<const uint8_t> datagram) override {
      all.emplace_back(datagram.begin(), datagram.end());
      NetworkWire::send(datagram);
    }
  };
  std::vector<Octets> all;
  T38Network there;
  T38Network back;
  FaxSettings sends;
  sends.calling = true;
  sends.send_file = folder / "out";
  sends.ecm = ecm;
  FaxSettings takes;
  takes.receive_file = folder / "sample";
  FaxTerminal sender(sends, {}, std::make_unique<T38End>(t38, std::make_unique<Recording>(there, back, all)));
  FaxTerminal receiver(takes, {}, std::make_unique<T38End>(t38, std::make_unique<Recording>(back, there, all)));
  EXPECT_TRUE(sender.open());
  EXPECT_TRUE(receiver.open());
  run_t38(
      sender,
      [&] {
        Samples none{};
        Samples silence;
        receiver.process(none.data(), silence.data());
      },
      there, back);
  receiver.close();
  std::filesystem::remove(folder / "sample");
  return all;
}

class HostileT38 : public ::testing::TestWithParam<UdptlCorrection> {
 protected:
  HostileT38() {
    silence_libtiff();
    write_fax(folder / "out", {printed_page(300, 3)});
  }
  T38Settings settings(uint32_t version) const {
    T38Settings t38;
    t38.version = version;
    t38.udptl.correction = GetParam();
    return t38;
  }
  FaxFolder folder{"t38-hostile"};
};
INSTANTIATE_TEST_SUITE_P(Corrections, HostileT38,
                         ::testing::Values(UdptlCorrection::kRedundancy, UdptlCorrection::kFec),
                         [](const auto& info) { return info.param == UdptlCorrection::kFec ? "Fec" : "Redundancy"; });

/// The parsers alone, on octets that have nothing behind them.
TEST_P(HostileT38, ParsersStayWithinTheirOctets) {
  const int count = inputs();
  Mischief mischief(39);
  const std::vector<Octets> good[] = {sent_in_a_call(folder, settings(0), true),
                                      sent_in_a_call(folder, settings(3), false)};
  uint64_t refused = 0, given = 0, broken = 0;
  UdptlReceiver receiver;
  for (int n = 0; n < count; ++n) {
    const uint32_t kind = mischief.pick(2);
    const uint32_t version = kind == 0 ? 0 : 3;
    const auto& from = good[kind];
    ASSERT_GT(from.size(), 100U);
    const auto& datagram = from[mischief.pick(static_cast<uint32_t>(from.size()))];
    const auto& other = from[mischief.pick(static_cast<uint32_t>(from.size()))];
    const Octets bad = harm(mischief, datagram, other, version);
    const Exactly octets(bad);
    const std::span<const uint8_t> whole = octets;
    if (const auto packet = parse_udptl(whole)) {
      const auto within = [&](std::span<const uint8_t> part) {
        return part.empty() ||
               (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
      };
      ASSERT_LE(packet->parts, kMaxUdptlParts);
      ASSERT_TRUE(within(packet->primary));
      for (std::size_t i = 0; i < packet->parts; ++i) ASSERT_TRUE(within(packet->part[i]));
    }
    refused += receiver.take(whole) ? 0 : 1;
    while (const auto ifp = receiver.next()) {
      ++given;
      const Exactly alone(Octets(ifp->octets.begin(), ifp->octets.end()));
      const auto length = ifp_length(alone, version);
      ASSERT_LE(length, ifp->octets.size());
      broken += length == 0 ? 1 : 0;
    }
    if (mischief.pick(4) == 0) receiver.tick();
    if (mischief.pick(500) == 0) receiver = {};
  }
  std::printf("%d datagrams: %llu refused; %llu IFPs given, %llu of them broken\n", count,
              static_cast<unsigned long long>(refused), static_cast<unsigned long long>(given),
              static_cast<unsigned long long>(broken));
  EXPECT_GT(refused, 0U);
  EXPECT_GT(given, 0U);
  EXPECT_GT(broken, 0U);
}

/// Whole calls, both of whose ends hear what is spoiled. Whatever comes, each end says once how it ended, and afterwards a fax
/// goes over.
TEST_P(HostileT38, CallsEndAndTheNextFaxIsWhole) {
  const int count = inputs();
  Mischief mischief(38);
  int at_receiver = 0, at_sender = 0, calls = 0, good = 0, pages = 0;
  uint64_t malformed = 0, received = 0;
  for (; at_receiver + at_sender < count; ++calls) {
    const T38Settings t38 = settings(static_cast<uint32_t>(calls % 4));
    // More mischief in some calls than in others, so that some come as far as the pages.
    const uint32_t one_in = 1U << mischief.pick(6);
    T38Network there;
    T38Network back;
    auto out = std::make_unique<SpoilingWire>(there, back, mischief, one_in, t38.version);
    auto in = std::make_unique<SpoilingWire>(back, there, mischief, one_in, t38.version);
    const auto& from_sender = *out;
    const auto& from_receiver = *in;
    FaxSettings sends;
    sends.calling = true;
    sends.send_file = folder / "out";
    sends.ecm = mischief.pick(3) != 0;
    FaxSettings takes;
    takes.receive_file = folder / ("in" + std::to_string(calls));
    Story sent;
    Story taken;
    FaxTerminal sender(sends, sent.events(), std::make_unique<T38End>(t38, std::move(out)));
    FaxTerminal receiver(takes, taken.events(), std::make_unique<T38End>(t38, std::move(in)));
    ASSERT_TRUE(sender.open());
    ASSERT_TRUE(receiver.open());
    for (int tick = 0; tick < 120 * kTicksPerSecond && !(sender.over() && receiver.over()); ++tick) {
      Samples none{};
      Samples silence;
      there.tick();
      back.tick();
      sender.process(none.data(), silence.data());
      receiver.process(none.data(), silence.data());
    }
    sender.close();
    receiver.close();
    ASSERT_EQ(sent.ends, 1);
    ASSERT_EQ(taken.ends, 1);
    at_receiver += from_sender.spoiled;
    at_sender += from_receiver.spoiled;
    for (const auto* end : {sender.t38(), receiver.t38()}) {
      malformed += end->counts().malformed;
      received += end->counts().received;
    }
    good += taken.end.ok ? 1 : 0;
    pages += static_cast<int>(taken.pages.size());
    std::filesystem::remove(folder / ("in" + std::to_string(calls)));
  }
  std::printf(
      "%d datagrams spoiled for who receives, %d for who sends, in %d calls: %llu taken, %llu refused; %d calls good, "
      "%d pages\n",
      at_receiver, at_sender, calls, static_cast<unsigned long long>(received),
      static_cast<unsigned long long>(malformed), good, pages);
  EXPECT_GT(at_receiver, count / 20);
  EXPECT_GT(at_sender, count / 20);
  EXPECT_GT(malformed, 0U);
  EXPECT_LT(good, calls);  // it did harm
  // … but not to the way itself.
  const std::vector<FaxImage> whole = {printed_page(200, 4)};
  write_fax(folder / "after", whole);
  T38Network there;
  T38Network back;
  FaxSettings sends;
  sends.calling = true;
  sends.send_file = folder / "after";
  FaxSettings takes;
  takes.receive_file = folder / "whole";
  Story sent;
  Story taken;
  FaxTerminal sender(sends, sent.events(), t38_end(there, back, settings(0)));
  FaxTerminal receiver(takes, taken.events(), t38_end(back, there, settings(0)));
  ASSERT_TRUE(sender.open());
  ASSERT_TRUE(receiver.open());
  run_t38(
      sender,
      [&] {
        Samples none{};
        Samples silence;
        receiver.process(none.data(), silence.data());
      },
      there, back);
  receiver.close();
  EXPECT_TRUE(sent.end.ok) << sent.end.text;
  EXPECT_TRUE(taken.end.ok) << taken.end.text;
  EXPECT_EQ(read_fax(folder / "whole"), whole);
}

}  // namespace
}  // namespace cordboard::media
