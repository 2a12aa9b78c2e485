// SPDX-License-Identifier: GPL-2.0-or-later
// Single-producer single-consumer ring, wait-free on both sides: the only way between the media thread and the others.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace cordboard {

template <class T>
class SpscRing {
  static_assert(std::is_trivially_copyable_v<T>, "entries are copied without running code");

 public:
  /// Holds at least `capacity` entries (rounded up to a power of two).
  explicit SpscRing(std::size_t capacity) {
    std::size_t size = 1;
    while (size < capacity) size *= 2;
    mask_ = size - 1;
    slots_ = std::make_unique<T[]>(size);
  }

  /// Producer. False when full.
  bool push(const T& value) {
    const auto head = head_.load(std::memory_order_relaxed);
    if (head - tail_seen_ > mask_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ > mask_) return false;
    }
    slots_[head & mask_] = value;
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  /// Producer. Entries that can be pushed for certain.
  std::size_t room() {
    tail_seen_ = tail_.load(std::memory_order_acquire);
    return mask_ + 1 - (head_.load(std::memory_order_relaxed) - tail_seen_);
  }

  /// Consumer. False when empty.
  bool pop(T& value) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    value = slots_[tail & mask_];
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Either side, a moment ago.
  std::size_t size() const { return head_.load(std::memory_order_acquire) - tail_.load(std::memory_order_acquire); }
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

 private:
  std::size_t mask_{};
  std::unique_ptr<T[]> slots_;
  alignas(64) std::atomic<std::size_t> head_{0};
  std::size_t tail_seen_{0};
  alignas(64) std::atomic<std::size_t> tail_{0};
};

}  // namespace cordboard
