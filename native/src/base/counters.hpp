// SPDX-License-Identifier: GPL-2.0-or-later
// Counting from any thread, at the cost of one relaxed add. Names and descriptions stand where counts are told
// (engine/core_snapshot.cpp).
#pragma once

#include <atomic>
#include <cstdint>

namespace cordboard {

class Count {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace cordboard
