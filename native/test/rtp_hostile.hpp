// SPDX-License-Identifier: GPL-2.0-or-later
// Octets that mean harm: how many to try, and how to make them from good ones.
//
//   CORDBOARD_FUZZ_PACKETS  how many, 200,000 by default
//   CORDBOARD_FUZZ_SEED     added to the usual seeds
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>
#include <vector>

namespace cordboard::rtp {

using Octets = std::vector<uint8_t>;

inline int packets_to_try() {
  const char* set = std::getenv("CORDBOARD_FUZZ_PACKETS");
  return set == nullptr ? 200'000 : std::max(1, std::atoi(set));
}

class Mischief {
 public:
  explicit Mischief(uint32_t usual_seed) : random_(usual_seed + offset()) {}

  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  Octets noise(std::size_t most) {
    Octets octets(pick(static_cast<uint32_t>(most + 1)));
    for (auto& octet : octets) octet = static_cast<uint8_t>(random_());
    return octets;
  }

  /// Bits flipped, cut short, made longer, numbers set to their limits, parts of another in place of its own.
  Octets spoiled(Octets octets, const Octets& other) {
    for (uint32_t i = 1 + pick(3); i > 0; --i) {
      const auto at = octets.empty() ? 0 : pick(static_cast<uint32_t>(octets.size()));
      switch (pick(6)) {
        case 0:
          if (!octets.empty()) octets[at] = static_cast<uint8_t>(octets[at] ^ 1U << pick(8));
          break;
        case 1:
          octets.resize(at);
          break;
        case 2:
          octets.resize(octets.size() + pick(40), static_cast<uint8_t>(random_()));
          break;
        case 3:
          if (!octets.empty()) octets[at] = pick(2) == 0 ? 0 : 0xFF;
          break;
        case 4:
          for (std::size_t j = at; j < std::min(other.size(), octets.size()) && pick(8) != 0; ++j) octets[j] = other[j];
          break;
        default:
          // Headers say most.
          if (octets.size() > 4) octets[pick(4)] = static_cast<uint8_t>(random_());
          break;
      }
    }
    return octets;
  }

 private:
  static uint32_t offset() {
    const char* set = std::getenv("CORDBOARD_FUZZ_SEED");
    return set == nullptr ? 0 : static_cast<uint32_t>(std::atoi(set));
  }
  std::mt19937 random_;
};

/// Octets with nothing behind them, so that a sanitizer sees who reads on.
class Exactly {
 public:
  explicit Exactly(const Octets& octets) : memory_(new uint8_t[octets.size()]), size_(octets.size()) {
    std::copy(octets.begin(), octets.end(), memory_.get());
  }
  operator std::span<const uint8_t>() const { return {memory_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t[]> memory_;
  std::size_t size_;
};

}  // namespace cordboard::rtp
