// SPDX-License-Identifier: GPL-2.0-or-later
// Where the threads of one media tick wait for each other between its phases, a few times in 20 ms. They arrive within
// microseconds of each other, so waiting spins first; between ticks it sleeps.
#pragma once

#include <atomic>
#include <cstdint>

namespace cordboard {

class PhaseBarrier {
 public:
  explicit PhaseBarrier(uint32_t threads) : threads_(threads) {}

  void arrive_and_wait() {
    const auto generation = generation_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      generation_.store(generation + 1, std::memory_order_release);
      generation_.notify_all();
      return;
    }
    for (int spin = 0; spin < kSpins; ++spin) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    while (generation_.load(std::memory_order_acquire) == generation) generation_.wait(generation);
  }

 private:
  static constexpr int kSpins = 2000;  // some tens of microseconds

  const uint32_t threads_;
  alignas(64) std::atomic<uint32_t> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
};

}  // namespace cordboard
