// SPDX-License-Identifier: GPL-2.0-or-later
// UDPTL (ITU-T T.38 clause 9.1): how the packets of T.38 (IFP) go over UDP, with what makes good the lost ones.
//
//   sequence number | IFP | what makes good: the IFPs before (redundancy), or XORs of those before (FEC)
//     2 octets        length and octets, as in the packed encoding rules (X.691, aligned)
//
// FEC of packet N with span s and e entries: entry m is the XOR of the IFPs N + m - k·e for k = 1…s, so that e losses in a
// row are made good by one packet.
//
// Nothing here knows a socket, a clock or T.30. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace cordboard::media {

enum class UdptlCorrection : uint8_t { kNone, kRedundancy, kFec };

/// The largest datagram that is taken or made: it fits into an Ethernet frame over IPv6 with a tunnel's header.
inline constexpr std::size_t kMaxUdptl = 1400;
/// Earlier packets or XORs in one datagram; a sender may say more, which is not looked at.
inline constexpr std::size_t kMaxUdptlParts = 32;

/// What stands in a datagram; the spans point into it.
struct UdptlPacket {
  uint16_t sequence{};
  std::span<const uint8_t> primary;
  bool fec{};
  uint32_t span{};  // of FEC
  std::size_t parts{};
  std::array<std::span<const uint8_t>, kMaxUdptlParts> part{};  // redundancy: the latest first; empty: it is not there
};

/// Nothing for what is no UDPTL, is cut short or has more than one fragment (16,384 octets and more). What stands behind
/// the packet does not matter.
std::optional<UdptlPacket> parse_udptl(std::span<const uint8_t> datagram);

/// How many octets the IFP takes (T.38 clause 8, annex A; T.38 version 0 has an encoding of its own), 0 for what is none. One that
/// was made good by FEC is followed by zeros, as it is as long as the longest of those in the XOR.
std::size_t ifp_length(std::span<const uint8_t> octets, uint32_t version);

class UdptlSender {
 public:
  struct Settings {
    UdptlCorrection correction = UdptlCorrection::kRedundancy;
    uint32_t depth = 3;                    // redundancy: earlier IFPs in each datagram
    uint32_t span = 3;                     // FEC: IFPs in an XOR
    uint32_t entries = 3;                  // FEC: XORs in each datagram
    std::size_t max_datagram = kMaxUdptl;  // what the other end takes (T38FaxMaxDatagram)
  };
  explicit UdptlSender(const Settings& settings);

  /// The datagram for the next IFP, good until the next call. What makes good earlier ones is left out as far as it does
  /// not fit; the IFP never is. Empty for an IFP of more than kMaxUdptl - 16 octets, and it takes no number.
  std::span<const uint8_t> pack(std::span<const uint8_t> ifp);

 private:
  static constexpr uint32_t kKept = 64;

  void add_redundancy();
  void add_fec();
  const std::vector<uint8_t>& earlier(uint32_t back) const { return kept_[(sequence_ - back) % kKept]; }

  const Settings settings_;
  uint32_t sequence_{};  // of the next; the number on the line is its lower half
  std::array<std::vector<uint8_t>, kKept> kept_;
  std::vector<uint8_t> datagram_;
  std::vector<uint8_t> sum_;
};

/// Puts what comes back in order, makes good what was lost, and gives every IFP once. A gap holds up what is behind it
/// until it is filled or has been waited for long enough: UDP turns packets round, and FEC comes behind what it makes good.
class UdptlReceiver {
 public:
  /// So many ticks a gap is waited for; 200 ms at 20 ms a tick. T.30's shortest time to wait for an answer is 3 s.
  static constexpr uint32_t kHoldTicks = 10;

  struct Ifp {
    uint16_t sequence;
    std::span<const uint8_t> octets;  // good until the next call
  };

  /// False for what is no UDPTL.
  bool take(std::span<const uint8_t> datagram);
  /// The next in order, or nothing for now.
  std::optional<Ifp> next();
  /// 20 ms have gone by.
  void tick();

  uint64_t lost() const { return lost_; }            // never came and could not be made good
  uint64_t recovered() const { return recovered_; }  // made good

 private:
  static constexpr uint32_t kSlots = 128;  // a power of two: half for what has been given, half for what is ahead
  static constexpr int kAhead = 48;
  static constexpr std::size_t kSums = 32;

  struct Slot {
    bool there{};
    uint16_t sequence{};
    std::vector<uint8_t> ifp;
  };
  struct Sum {
    uint32_t span{};  // 0: nothing here
    uint32_t step{};
    uint16_t end{};  // its packets are end - k·step for k = 1…span
    std::vector<uint8_t> octets;
  };

  bool has(uint16_t sequence) const;
  bool keep(uint16_t sequence, std::span<const uint8_t> ifp);
  void restart(uint16_t sequence);
  void solve();
  bool solve(Sum& sum);

  bool begun_{};
  uint16_t expected_{};
  uint16_t newest_{};  // of those there
  std::optional<uint16_t> strange_;
  uint32_t held_ticks_{};
  std::array<Slot, kSlots> slots_;
  std::array<Sum, kSums> sums_;
  std::size_t next_sum_{};
  std::vector<uint8_t> solved_;
  uint64_t lost_{};
  uint64_t recovered_{};
};

}  // namespace cordboard::media
