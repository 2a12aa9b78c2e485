// SPDX-License-Identifier: GPL-2.0-or-later
// Counters with a name and a description, for metrics and for people. Counting is one relaxed add.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace cordboard {

struct CounterDescription {
  std::string_view name;
  std::string_view doc;
};

class Count {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

}  // namespace cordboard
