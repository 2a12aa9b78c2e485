// SPDX-License-Identifier: GPL-2.0-or-later
// One end of a signalling link on a timeslot of a virtual cable: units cross it one after the other at 64 kbit/s, and what the
// line would repeat is told again every 20 ms.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "cards/card.hpp"

namespace cordboard::cards {

class VirtualLink : public SignalUnitPort {
 public:
  void send_unit(std::span<const uint8_t> unit) override;
  bool has_room() const override { return queue_.size() < kRoom; }

  /// Delivers to `to` what has crossed by now; null or not `carried`: nothing gets there. True when there was something.
  bool carry(VirtualLink* to, bool carried, Millis now);
  /// When the unit on the line will have crossed.
  std::optional<Millis> due() const;
  /// Nothing gets from here to the other end.
  bool cut{};
  /// One unit out of so many arrives with a wrong FCS; 0: none.
  uint32_t damage_every{};

  static constexpr std::size_t kRoom = 2;
  static constexpr std::size_t kMost = 64;  // units more than this are lost, as in a board's buffers

 private:
  bool arrives();
  std::vector<uint8_t> take();

  std::deque<std::vector<uint8_t>> queue_;
  std::vector<uint8_t> repeated_;
  std::optional<int64_t> line_free_us_;  // nothing: the line was free when the first of the queue came
  Millis repeat_at_{};
  Millis silent_since_{};
  uint32_t units_{};
};

}  // namespace cordboard::cards
