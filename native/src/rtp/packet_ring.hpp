// SPDX-License-Identifier: GPL-2.0-or-later
// Packets from one thread to another, wait-free on both sides: as base/spsc_ring, but each packet takes the room of its
// octets. Slots for the longest would be ten times the memory of what usually comes. Who takes packets out may leave them
// where they are for a while, and let go of them in another order: then nothing has to be copied.
//
//   │ size │ Meta │ octets … │ size │ Meta │ octets … │ rest of the memory, when the next does not fit │
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>

namespace cordboard::rtp {

template <class Meta>
class PacketRing {
  static_assert(std::is_trivially_copyable_v<Meta> && alignof(Meta) <= 8);

 public:
  /// `octets` of memory, rounded up to 8. A packet takes its own, those of Meta and 4, rounded up to 8; 8 stay free. What
  /// is up to half of the memory fits whenever it is empty.
  explicit PacketRing(std::size_t octets) : capacity_(rounded(octets)), memory_(new uint64_t[capacity_ / 8]) {}

  static constexpr std::size_t size_of(std::size_t octets) { return rounded(kHead + octets); }
  std::size_t capacity() const { return capacity_; }

  /// Producer: where to write a packet of `octets` at most; null when there is no room. May be asked again and again.
  uint8_t* reserve(std::size_t octets) {
    const std::size_t needed = size_of(octets);
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t tail = tail_.load(std::memory_order_acquire);
    // Head and tail are equal only when it is empty, so what is written ends short of the tail.
    if (head >= tail) {
      if (needed < capacity_ - head || (needed == capacity_ - head && tail > 0)) {
        at_ = head;
      } else if (needed < tail) {
        at_ = 0;
      } else {
        return nullptr;
      }
    } else {
      if (needed >= tail - head) return nullptr;
      at_ = head;
    }
    return bytes() + at_ + kHead;
  }

  /// Producer: hands over what was reserved last, `octets` of it.
  void commit(const Meta& meta, std::size_t octets) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (at_ != head) put_size(head, kSkip);
    put_size(at_, static_cast<uint32_t>(octets));
    std::memcpy(bytes() + at_ + sizeof(uint32_t), &meta, sizeof meta);
    head_.store(after(at_, static_cast<uint32_t>(octets)), std::memory_order_release);
  }

  /// Consumer: the oldest packet that it has not been given yet, in place until it is released. False when there is none.
  bool next(Meta& meta, std::span<const uint8_t>& octets) {
    if (seen_ == head_.load(std::memory_order_acquire)) return false;
    if (get_size(seen_) == kSkip) seen_ = 0;
    const uint32_t size = get_size(seen_);
    std::memcpy(&meta, bytes() + seen_ + sizeof(uint32_t), sizeof meta);
    octets = {bytes() + seen_ + kHead, size};
    seen_ = after(seen_, size);
    return true;
  }

  /// Consumer: lets go of a packet, by the octets that next() gave.
  void release(const uint8_t* octets) {
    const auto at = static_cast<std::size_t>(octets - bytes()) - kHead;
    put_size(at, get_size(at) | kReleased);
    std::size_t tail = tail_.load(std::memory_order_relaxed);
    while (tail != seen_) {
      const uint32_t size = get_size(tail);
      if ((size & kReleased) == 0) break;  // the mark of an empty rest has it set
      tail = size == kSkip ? 0 : after(tail, size & ~kReleased);
    }
    tail_.store(tail, std::memory_order_release);
  }

  /// Consumer: asks for the memory of the next packet ahead of time.
  void prefetch() const {
    const uint8_t* const at = reinterpret_cast<const uint8_t*>(memory_.get()) + seen_;
    for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(at + 64 * line);
  }
  /// Producer: the same for what it will write.
  void prefetch_write() const {
    const uint8_t* const at = reinterpret_cast<const uint8_t*>(memory_.get()) + head_.load(std::memory_order_relaxed);
    for (std::size_t line = 0; line < 3; ++line) __builtin_prefetch(at + 64 * line, 1);
  }

  /// Either side, a moment ago.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kHead = sizeof(uint32_t) + sizeof(Meta);
  static constexpr uint32_t kSkip = UINT32_MAX;  // the rest of the memory is empty
  static constexpr uint32_t kReleased = 1U << 31;
  static constexpr std::size_t rounded(std::size_t octets) { return (octets + 7) / 8 * 8; }

  std::size_t after(std::size_t at, uint32_t size) const {
    const std::size_t end = at + size_of(size);
    return end == capacity_ ? 0 : end;
  }
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(memory_.get()); }
  void put_size(std::size_t at, uint32_t size) { std::memcpy(bytes() + at, &size, sizeof size); }
  uint32_t get_size(std::size_t at) const {
    uint32_t size;
    std::memcpy(&size, reinterpret_cast<const uint8_t*>(memory_.get()) + at, sizeof size);
    return size;
  }

  std::size_t capacity_;
  std::unique_ptr<uint64_t[]> memory_;
  std::size_t at_ = 0;    // producer
  std::size_t seen_ = 0;  // consumer
  std::atomic<std::size_t> head_{0};
  std::atomic<std::size_t> tail_{0};
};

}  // namespace cordboard::rtp
