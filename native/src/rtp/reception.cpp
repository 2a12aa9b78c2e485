// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/reception.hpp"

#include <algorithm>

namespace cordboard::rtp {

namespace {

// A step of the transit time beyond this is a sender that set its timestamps anew, and not jitter.
constexpr uint32_t kMostJitterSeconds = 2;

/// The time in units of a clock, modulo 2^32.
uint32_t in_units(int64_t ns, uint32_t clock_hz) {
  // By microseconds: nanoseconds times 48000 would overflow after two days.
  return static_cast<uint32_t>(static_cast<uint64_t>(ns / 1000) * clock_hz / 1'000'000);
}

}  // namespace

Reception::Verdict Reception::add(const Packet& packet, int64_t arrival_ns) {
  const auto ahead = static_cast<uint16_t>(packet.sequence - max_sequence_);
  const bool same_source = started_ && packet.ssrc == ssrc_;
  const bool near = same_source && (ahead < kMaxDropout || ahead > (1 << 16) - kMaxMisorder);
  if (started_ && !near) {
    const bool follows = candidate_ && packet.ssrc == candidate_ssrc_ && packet.sequence == candidate_next_;
    candidate_ = true;
    candidate_ssrc_ = packet.ssrc;
    candidate_next_ = static_cast<uint16_t>(packet.sequence + 1);
    static_assert(kMinSequential == 2);
    if (!follows) return Verdict::kProbation;
  }
  if (!near) {
    if (started_) ++restarts_;
    const bool restart = started_;
    begin(packet);
    measure(packet, arrival_ns);
    return restart ? Verdict::kRestart : Verdict::kTaken;
  }
  // Who speaks as we hear it is not to be replaced by a candidate that had one packet long ago.
  if (ahead > 0 && ahead < kMaxDropout) candidate_ = false;
  if (ahead == 0 || ahead >= kMaxDropout) {
    if (mark(static_cast<uint16_t>(max_sequence_ - packet.sequence))) {
      ++duplicated_;
      return Verdict::kDuplicate;
    }
    ++received_;
    ++reordered_;
    measure(packet, arrival_ns);
    return Verdict::kReordered;
  }
  for (uint32_t shift = ahead; shift > 0;) {
    const uint32_t step = std::min(shift, 63U);
    seen_[1] = seen_[1] << step | seen_[0] >> (64 - step);
    seen_[0] <<= step;
    shift -= step;
    if (seen_[0] == 0 && seen_[1] == 0) break;
  }
  seen_[0] |= 1;
  if (packet.sequence < max_sequence_) cycles_ += 1U << 16;
  max_sequence_ = packet.sequence;
  ++received_;
  measure(packet, arrival_ns);
  return Verdict::kTaken;
}

void Reception::begin(const Packet& packet) {
  if (started_) lost_before_ = lost_in_all();
  started_ = true;
  ssrc_ = packet.ssrc;
  base_sequence_ = packet.sequence;
  max_sequence_ = packet.sequence;
  cycles_ = 0;
  received_ = 1;
  expected_prior_ = 0;
  received_prior_ = 0;
  seen_ = {1, 0};
  candidate_ = false;
  timed_ = false;
  jitter_q4_ = 0;
}

/// Notes that the packet `behind` the latest has come; true when it had already.
bool Reception::mark(uint16_t behind) {
  static_assert(kMaxMisorder < 128, "the window holds what is not a restart");
  uint64_t& word = seen_[behind / 64];
  const uint64_t bit = uint64_t{1} << (behind % 64);
  const bool had = (word & bit) != 0;
  word |= bit;
  return had;
}

void Reception::measure(const Packet& packet, int64_t arrival_ns) {
  if (!packet.timed) return;
  const uint32_t transit = in_units(arrival_ns, packet.clock_hz) - packet.timestamp;
  if (timed_ && clock_hz_ == packet.clock_hz) {
    const auto difference = static_cast<int32_t>(transit - transit_);
    const uint32_t d = difference < 0 ? 0U - static_cast<uint32_t>(difference) : static_cast<uint32_t>(difference);
    // J += (|D| - J) / 16, in sixteenths and rounded, as A.8 has it.
    if (d < kMostJitterSeconds * clock_hz_) jitter_q4_ += d - ((jitter_q4_ + 8) >> 4);
  } else if (clock_hz_ != packet.clock_hz) {
    jitter_q4_ = 0;
  }
  timed_ = true;
  clock_hz_ = packet.clock_hz;
  transit_ = transit;
}

uint8_t Reception::take_fraction_lost() {
  const uint32_t expected_now = expected() - expected_prior_;
  const uint32_t received_now = received_ - received_prior_;
  expected_prior_ = expected();
  received_prior_ = received_;
  if (expected_now == 0 || expected_now <= received_now) return 0;
  return static_cast<uint8_t>(std::min<uint64_t>(255, (uint64_t{expected_now - received_now} << 8) / expected_now));
}

}  // namespace cordboard::rtp
