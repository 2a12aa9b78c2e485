// SPDX-License-Identifier: GPL-2.0-or-later
// Pseudo-random test patterns of ITU-T O.150 on a 64 kbit/s timeslot: sent, found again in what comes back, and compared
// with it bit by bit. An octet goes out with its most significant bit first (G.704).
//
//   BitSource ──> timeslot ──> … ──> timeslot ──> BitSink ──> bits, errors, losses of the pattern, slips
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordboard::dsp {

enum class BitPattern : uint8_t {
  k15,  // 2^15-1, x^15 + x^14 + 1, inverted (O.150 5.3, O.151): 2^15 - 1 bits are 512 ms, so it tells slips of 20 ms blocks
  k11,  // 2^11-1, x^11 + x^9 + 1 (O.150 5.2, O.152)
};

class BitSource {
 public:
  explicit BitSource(BitPattern pattern);
  void fill(uint8_t* octets, std::size_t count);

 private:
  const BitPattern pattern_;
  uint32_t bits_;  // the latest ones sent, the newest lowest
};

/// What a sink has counted since it was made. Bits are counted, and errors found, while the pattern is recognised.
struct BitCounts {
  uint64_t bits{};
  uint64_t errors{};
  uint64_t losses{};      // times that the pattern was lost after it had been found
  uint64_t slips{};       // times that it came back shifted by whole octets: some were lost or came twice
  int64_t slip_octets{};  // sum of those shifts; above zero: octets were lost
  bool in_step{};         // the pattern is recognised now
};

/// Finds the pattern by itself, so that it does not matter where the sender is. In step after 96 bits without an error, which
/// two random streams agree in once in 10^24 bits; out of step when more than a fifth of 256 bits is wrong (O.151: more than
/// 0.2 at random errors), and those 256 bits then count as lost, not as errors.
class BitSink {
 public:
  explicit BitSink(BitPattern pattern);
  void take(const uint8_t* octets, std::size_t count);
  const BitCounts& counts() const { return counts_; }

 private:
  void search(uint8_t octet);
  void compare(uint8_t octet);
  void found();

  const BitPattern pattern_;
  const uint32_t mask_;
  uint32_t bits_{};    // in step: what the sender has sent; before: what came in
  uint32_t agreed_{};  // bits in a row that were as foretold
  uint32_t filled_{};  // bits that came in since the search began
  uint32_t window_bits_{};
  uint32_t window_errors_{};
  bool was_in_step_{};
  uint64_t octets_{};     // taken in all
  uint64_t lost_at_{};    // octets_ when the pattern was lost …
  uint32_t lost_bits_{};  // … and the state that the sender would have had there
  BitCounts counts_;
};

/// Number of the state `bits` within the pattern's period, 0 … 2^n - 2. Slow at its first call: not for the tick; the sinks'
/// constructor has called it.
uint32_t pattern_position(BitPattern pattern, uint32_t bits);

}  // namespace cordboard::dsp
