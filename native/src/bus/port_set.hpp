// SPDX-License-Identifier: GPL-2.0-or-later
// A set of ports, walked in their order, which is the order of their rows in memory: what the tick does to thousands of
// ports then reads and writes straight ahead.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace cordboard::bus {

class PortSet {
 public:
  explicit PortSet(uint32_t ports) : words_((ports + 63) / 64, 0) {}

  void insert(uint32_t port) { words_[port / 64] |= bit(port); }
  void erase(uint32_t port) { words_[port / 64] &= ~bit(port); }
  bool contains(uint32_t port) const { return (words_[port / 64] & bit(port)) != 0; }

  /// Calls `visit(port)` for every port from `first`, a multiple of 64, to `last`, exclusive, which is one too or the
  /// end. Both at the end is no port at all: a shard of which nothing is left. `visit` may erase the port it is given.
  template <class Visit>
  void for_each(uint32_t first, uint32_t last, Visit&& visit) const {
    if (first == last) return;
    for (uint32_t word = first / 64; word < (last + 63) / 64; ++word) {
      for (uint64_t left = words_[word]; left != 0; left &= left - 1) {
        visit(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
      }
    }
  }

 private:
  static constexpr uint64_t bit(uint32_t port) { return uint64_t{1} << (port % 64); }

  std::vector<uint64_t> words_;
};

}  // namespace cordboard::bus
