// SPDX-License-Identifier: GPL-2.0-or-later
// How late packets come, compared with each other: a histogram of their transit times over the last seconds, from which
// the jitter buffer takes how long it has to wait.
//
//   weight
//     │   █
//     │  ▄█▄
//     │ ▂███▄▂▁ ▁        ▁
//     └─┴──────┴───────────── transit time, 5 ms a step
//      low    high
//
// Every 256 packets what was known counts half. So a spike is forgotten after some ten seconds of packets of 20 ms, and
// clock drift moves the whole along. In the first second a packet much faster than all before it shows that those had been
// held up somewhere (an address being resolved, a window being opened), and they are forgotten at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cordboard::rtp {

class DelayEstimator {
 public:
  static constexpr int32_t kStep = 40;      // 5 ms at 8 kHz
  static constexpr int32_t kSteps = 128;    // 640 ms
  static constexpr uint32_t kMemory = 256;  // packets

  /// A packet's transit time in samples at 8 kHz, from any zero. What lies beyond the histogram counts as its end.
  void add(int64_t transit);

  bool empty() const { return total_ == 0; }
  /// What 2 % of the packets undercut, and what 97 % keep. 0 when empty.
  int64_t low() const { return low_; }
  int64_t high() const { return high_; }

  void reset() { *this = {}; }

 private:
  void shift_up(int32_t steps);
  void forget_half();
  void measure();

  std::array<uint16_t, kSteps> weights_{};
  uint32_t total_ = 0;
  uint32_t since_measured_ = 0;
  int64_t base_ = 0;  // transit time at which the histogram begins
  int64_t low_ = 0;
  int64_t high_ = 0;
};

}  // namespace cordboard::rtp
