// SPDX-License-Identifier: GPL-2.0-or-later
// Packets from one thread to another, wait-free on both sides: as base/spsc_ring, but each packet takes the room of its
// octets. Slots for the longest would be ten times the memory of what usually comes.
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
  /// `octets` of memory, rounded up to 8. A packet takes its own, those of Meta and 4, rounded up to 8; 8 stay free.
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
    const std::size_t end = at_ + size_of(octets);
    head_.store(end == capacity_ ? 0 : end, std::memory_order_release);
  }

  /// Consumer: the oldest packet, in place until pop(). False when there is none.
  bool front(Meta& meta, std::span<const uint8_t>& octets) {
    std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    uint32_t size = get_size(tail);
    if (size == kSkip) {
      // Left at once, and not with the packet: who reserves has the room sooner.
      tail = 0;
      tail_.store(0, std::memory_order_release);
      size = get_size(0);
    }
    std::memcpy(&meta, bytes() + tail + sizeof(uint32_t), sizeof meta);
    octets = {bytes() + tail + kHead, size};
    return true;
  }

  /// Consumer: lets go of it.
  void pop() {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    const std::size_t end = tail + size_of(get_size(tail));
    tail_.store(end == capacity_ ? 0 : end, std::memory_order_release);
  }

  /// Either side, a moment ago.
  bool empty() const { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kHead = sizeof(uint32_t) + sizeof(Meta);
  static constexpr uint32_t kSkip = UINT32_MAX;
  static constexpr std::size_t rounded(std::size_t octets) { return (octets + 7) / 8 * 8; }

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(memory_.get()); }
  void put_size(std::size_t at, uint32_t size) { std::memcpy(bytes() + at, &size, sizeof size); }
  uint32_t get_size(std::size_t at) {
    uint32_t size;
    std::memcpy(&size, bytes() + at, sizeof size);
    return size;
  }

  std::size_t capacity_;
  std::unique_ptr<uint64_t[]> memory_;
  std::size_t at_ = 0;  // producer
  std::atomic<std::size_t> head_{0};
  std::atomic<std::size_t> tail_{0};
};

}  // namespace cordboard::rtp
