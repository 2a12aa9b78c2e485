// SPDX-License-Identifier: GPL-2.0-or-later
// What a receiver knows of the packets of one source: RFC 3550 A.1 (extended sequence numbers, probation of a new source,
// restarts), A.3 (loss) and A.8 (interarrival jitter); besides, duplicates and packets out of order.
//
// A session has one source at a time. The first is heard at once; another SSRC, and a jump of more than kMaxDropout
// sequence numbers, only when two packets of it have come one after the other: one stray or forged packet changes nothing.
#pragma once

#include <array>
#include <cstdint>

namespace cordboard::rtp {

class Reception {
 public:
  static constexpr uint16_t kMaxDropout = 3000;  // RFC 3550 A.1
  static constexpr uint16_t kMaxMisorder = 100;  // RFC 3550 A.1
  static constexpr uint32_t kMinSequential = 2;  // RFC 3550 A.1

  enum class Verdict : uint8_t {
    kTaken,
    kRestart,    // taken, and nothing before it belongs to it: another SSRC, or another sequence
    kReordered,  // taken; one that came before it has a higher number
    kDuplicate,
    kProbation,
  };

  struct Packet {
    uint32_t ssrc{};
    uint16_t sequence{};
    uint32_t timestamp{};
    uint32_t clock_hz = 8000;
    bool timed = true;  // the timestamp tells when it was sent; false for telephone events, whose begin it tells
  };

  Verdict add(const Packet& packet, int64_t arrival_ns);

  bool started() const { return started_; }
  uint32_t ssrc() const { return ssrc_; }
  /// Of the current source: the highest sequence number with its cycles in the upper half, and what came.
  uint32_t highest() const { return cycles_ + max_sequence_; }
  uint32_t received() const { return received_; }
  uint32_t expected() const { return highest() - base_sequence_ + 1; }
  /// Negative when duplicates outnumber losses, as RFC 3550 6.4.1 counts: here duplicates are not received twice.
  int64_t lost() const { return static_cast<int64_t>(expected()) - received_; }
  /// In timestamp units, as RTCP tells it, and in milliseconds.
  uint32_t jitter() const { return jitter_q4_ >> 4; }
  double jitter_ms() const { return clock_hz_ > 0 ? jitter_q4_ / 16.0 * 1000 / clock_hz_ : 0; }

  // Of the session, all sources together.
  uint64_t lost_in_all() const { return lost_before_ + static_cast<uint64_t>(lost() > 0 && started_ ? lost() : 0); }
  uint64_t duplicated() const { return duplicated_; }
  uint64_t reordered() const { return reordered_; }
  uint64_t restarts() const { return restarts_; }

  /// The share lost since the call before, in 1/256 (RFC 3550 A.3), for a report block.
  uint8_t take_fraction_lost();

 private:
  void begin(const Packet& packet);
  void measure(const Packet& packet, int64_t arrival_ns);
  bool mark(uint16_t behind);

  bool started_ = false;
  uint32_t ssrc_ = 0;
  uint16_t max_sequence_ = 0;
  uint32_t cycles_ = 0;  // 65536 for each
  uint32_t base_sequence_ = 0;
  uint32_t received_ = 0;
  uint32_t expected_prior_ = 0;
  uint32_t received_prior_ = 0;
  std::array<uint64_t, 2> seen_{};  // bit n: max_sequence_ - n has come
  // Who might be next.
  bool candidate_ = false;
  uint32_t candidate_ssrc_ = 0;
  uint16_t candidate_next_ = 0;
  // A.8.
  bool timed_ = false;
  uint32_t clock_hz_ = 0;
  uint32_t transit_ = 0;
  uint32_t jitter_q4_ = 0;

  uint64_t lost_before_ = 0;
  uint64_t duplicated_ = 0;
  uint64_t reordered_ = 0;
  uint64_t restarts_ = 0;
};

}  // namespace cordboard::rtp
