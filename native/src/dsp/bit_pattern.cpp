// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/bit_pattern.hpp"

#include <bit>
#include <vector>

namespace cordboard::dsp {

namespace {

constexpr uint32_t kInStepAfter = 96;
constexpr uint32_t kWindow = 256;
constexpr uint32_t kMostErrors = kWindow / 5;
constexpr int64_t kMostSlip = 2000;  // octets; what is further away is another beginning of the pattern

constexpr uint32_t degree(BitPattern pattern) { return pattern == BitPattern::k15 ? 15 : 11; }
constexpr uint32_t mask_of(BitPattern pattern) { return (1U << degree(pattern)) - 1; }
constexpr uint8_t inversion(BitPattern pattern) { return pattern == BitPattern::k15 ? 0xFF : 0; }

/// The eight bits that follow the state: both taps are further back than eight, so they are had at once.
constexpr uint8_t next_octet(BitPattern pattern, uint32_t bits) {
  return static_cast<uint8_t>(pattern == BitPattern::k15 ? (bits >> 6) ^ (bits >> 7) : (bits >> 1) ^ (bits >> 3));
}

constexpr uint32_t next_bit(BitPattern pattern, uint32_t bits) {
  return (pattern == BitPattern::k15 ? (bits >> 13) ^ (bits >> 14) : (bits >> 8) ^ (bits >> 10)) & 1;
}

struct Positions {
  std::vector<uint32_t> of;
  explicit Positions(BitPattern pattern) : of(mask_of(pattern) + 1) {
    uint32_t bits = 1;
    for (uint32_t at = 0; at < mask_of(pattern); ++at) {
      of[bits] = at;
      bits = ((bits << 1) | next_bit(pattern, bits)) & mask_of(pattern);
    }
  }
};

const Positions& positions(BitPattern pattern) {
  static const Positions of15(BitPattern::k15);
  static const Positions of11(BitPattern::k11);
  return pattern == BitPattern::k15 ? of15 : of11;
}

}  // namespace

uint32_t pattern_position(BitPattern pattern, uint32_t bits) { return positions(pattern).of[bits & mask_of(pattern)]; }

BitSource::BitSource(BitPattern pattern) : pattern_(pattern), bits_(mask_of(pattern)) {}

void BitSource::fill(uint8_t* octets, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const uint8_t next = next_octet(pattern_, bits_);
    bits_ = ((bits_ << 8) | next) & mask_of(pattern_);
    octets[i] = next ^ inversion(pattern_);
  }
}

BitSink::BitSink(BitPattern pattern) : pattern_(pattern), mask_(mask_of(pattern)) {
  static_cast<void>(pattern_position(pattern, 1));
}

void BitSink::take(const uint8_t* octets, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto octet = static_cast<uint8_t>(octets[i] ^ inversion(pattern_));
    ++octets_;
    if (counts_.in_step) {
      compare(octet);
    } else {
      search(octet);
    }
  }
}

void BitSink::search(uint8_t octet) {
  const uint8_t wrong = next_octet(pattern_, bits_) ^ octet;
  bits_ = ((bits_ << 8) | octet) & mask_;
  // A line at rest would agree for ever: no pattern has a state of nothing but zeros.
  if (wrong != 0 || bits_ == 0) {
    agreed_ = 0;
    filled_ = 0;
    return;
  }
  filled_ += 8;
  if (filled_ <= degree(pattern_)) return;  // foretold from bits that were not all of the pattern
  agreed_ += 8;
  if (agreed_ >= kInStepAfter) found();
}

void BitSink::found() {
  counts_.in_step = true;
  agreed_ = filled_ = window_bits_ = window_errors_ = 0;
  if (!was_in_step_) {
    was_in_step_ = true;
    return;
  }
  const int64_t period = mask_;
  const auto gone = static_cast<int64_t>((octets_ - lost_at_) * 8 % static_cast<uint64_t>(period));
  int64_t shift = pattern_position(pattern_, bits_) - (pattern_position(pattern_, lost_bits_) + gone);
  shift %= period;
  if (shift > period / 2) shift -= period;
  if (shift < -(period / 2)) shift += period;
  if (shift == 0 || shift % 8 != 0 || shift / 8 > kMostSlip || shift / 8 < -kMostSlip) return;
  ++counts_.slips;
  counts_.slip_octets += shift / 8;
}

void BitSink::compare(uint8_t octet) {
  const uint8_t sent = next_octet(pattern_, bits_);
  bits_ = ((bits_ << 8) | sent) & mask_;
  const auto wrong = static_cast<uint32_t>(std::popcount(static_cast<uint8_t>(sent ^ octet)));
  counts_.bits += 8;
  counts_.errors += wrong;
  window_bits_ += 8;
  window_errors_ += wrong;
  if (window_errors_ > kMostErrors) {
    counts_.in_step = false;
    ++counts_.losses;
    counts_.bits -= window_bits_;
    counts_.errors -= window_errors_;
    lost_at_ = octets_;
    lost_bits_ = bits_;
    agreed_ = filled_ = 0;
  } else if (window_bits_ == kWindow) {
    window_bits_ = window_errors_ = 0;
  }
}

}  // namespace cordboard::dsp
