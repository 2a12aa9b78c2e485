// SPDX-License-Identifier: GPL-2.0-or-later
// As base/spsc_ring, for what is seldom used and has to be small: the entries lie within, and both ends share a cache line.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace cordboard::rtp {

template <class T, uint32_t N>
class SmallRing {
  static_assert(std::is_trivially_copyable_v<T> && N > 0 && (N & (N - 1)) == 0);

 public:
  /// Producer. False when full.
  bool push(const T& value) {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == N) return false;
    entries_[head % N] = value;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// Consumer. False when empty.
  bool pop(T& value) {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    value = entries_[tail % N];
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Either side, a moment ago.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint32_t> head_{0};
  std::atomic<uint32_t> tail_{0};
  std::array<T, N> entries_{};
};

}  // namespace cordboard::rtp
