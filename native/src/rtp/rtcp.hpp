// SPDX-License-Identifier: GPL-2.0-or-later
// RTCP (RFC 3550 6): compound packets read and written. SR, RR, SDES (CNAME) and BYE; of XR (RFC 3611) the VoIP metrics
// are read; APP and unknown types are stepped over.
//
//   compound = SR or RR, then SDES with a CNAME, then others, each  |V=2|P| count |   PT   |  length in words less 1 | …
//
// A datagram is judged as a whole first (RFC 3550 A.2): a wrong length anywhere and nothing of it is believed. Reduced-size
// RTCP (RFC 5506) is not negotiated, and so is refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cordboard::rtp {

/// What one receiver tells about one source (RFC 3550 6.4.1).
struct ReportBlock {
  uint32_t ssrc{};
  uint8_t fraction_lost{};  // of 256, since the report before
  int32_t lost{};           // in all, −8388608 … 8388607
  uint32_t highest{};       // sequence number, with cycles
  uint32_t jitter{};        // timestamp units
  uint32_t last_sr{};       // middle of the NTP time of the last SR heard; 0: none
  uint32_t delay{};         // since then, 1/65536 s
};

struct SenderInfo {
  uint64_t ntp{};
  uint32_t timestamp{};  // RTP's, for the same moment
  uint32_t packets{};
  uint32_t octets{};  // of payload
};

/// What is of use here of the peer's own judgement (RFC 3611 4.7).
struct VoipMetrics {
  uint32_t ssrc{};     // on whom
  uint8_t r_factor{};  // 0-100; 127: unknown
};

/// A compound packet, read. Beyond what the arrays hold is left out; a session of two has one block.
struct ControlPacket {
  static constexpr std::size_t kMaxBlocks = 8;
  static constexpr std::size_t kMaxByes = 4;

  uint32_t ssrc{};  // who sends it
  std::optional<SenderInfo> sender;
  std::array<ReportBlock, kMaxBlocks> blocks{};
  std::size_t block_count{};
  std::string_view cname;  // of `ssrc`, in the octets that were read; empty: none
  std::array<uint32_t, kMaxByes> byes{};
  std::size_t bye_count{};
  std::optional<VoipMetrics> voip;
};

/// False when it is not a compound packet; then `out` is undefined. Reads nothing outside `octets`.
bool parse_control(std::span<const uint8_t> octets, ControlPacket& out);

/// Writes a compound packet piece by piece. What does not fit is left out and makes size() 0.
class ControlWriter {
 public:
  explicit ControlWriter(std::span<uint8_t> out) : out_(out) {}

  /// An SR when there is sender information, else an RR. At most 31 blocks.
  void report(uint32_t ssrc, const SenderInfo* sender, std::span<const ReportBlock> blocks);
  /// SDES with a CNAME of 255 octets at most.
  void cname(uint32_t ssrc, std::string_view name);
  /// RFC 3550 6.6; the reason of 255 octets at most, or empty.
  void bye(uint32_t ssrc, std::string_view reason = {});

  std::size_t size() const { return failed_ ? 0 : used_; }

 private:
  uint8_t* begin(uint8_t type, std::size_t count, std::size_t octets);

  std::span<uint8_t> out_;
  std::size_t used_ = 0;
  bool failed_ = false;
};

/// The middle 32 bits of an NTP time (RFC 3550 4): 1/65536 s.
constexpr uint32_t ntp_middle(uint64_t ntp) { return static_cast<uint32_t>(ntp >> 16); }

/// Round trip in seconds from a report block that came at `now_middle` (RFC 3550 6.4.1); nothing when it tells of no SR, or
/// of one in the future, or of more than 10 s, which no call survives.
std::optional<double> round_trip(const ReportBlock& block, uint32_t now_middle);

}  // namespace cordboard::rtp
