// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/demultiplexer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace cordboard::rtp {

namespace {

/// Both halves of the product: every bit of the input reaches every bit of the result.
uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

Demultiplexer::Demultiplexer(uint32_t entries, uint64_t seed)
    : most_(std::max(entries, 1U)), mask_(std::bit_ceil(2 * most_) - 1), seed_(seed) {
  places_ = std::make_unique<Place[]>(mask_ + 1);
}

uint32_t Demultiplexer::hash(const Key& key) const {
  // Odd constants with as many ones as zeros (the fractions of the square roots of 2 and 3).
  constexpr uint64_t kFirst = 0x6A09E667F3BCC909;
  constexpr uint64_t kSecond = 0xBB67AE8584CAA73B;
  uint64_t host[2];
  std::memcpy(host, key.from.host.data(), sizeof host);
  const uint64_t rest = static_cast<uint64_t>(key.from.port) << 32 | static_cast<uint64_t>(key.pair) << 8 |
                        static_cast<uint64_t>(key.kind);
  const uint64_t mixed = mix(host[0] ^ seed_ ^ kFirst, host[1] ^ seed_ ^ kSecond);
  return static_cast<uint32_t>(mix(mixed ^ rest ^ kSecond, seed_ ^ kFirst));
}

bool Demultiplexer::insert(const Key& key, uint32_t value) {
  if (size_ == most_) return false;
  uint32_t at = hash(key) & mask_;
  for (; places_[at].taken; at = (at + 1) & mask_) {
    if (places_[at].key == key) return false;
  }
  places_[at] = {key, true, value};
  ++size_;
  return true;
}

bool Demultiplexer::erase(const Key& key) {
  uint32_t hole = hash(key) & mask_;
  while (places_[hole].taken && places_[hole].key != key) hole = (hole + 1) & mask_;
  if (!places_[hole].taken) return false;
  // What stands behind moves up when the hole is on the way to it, so that no search ends too early.
  for (uint32_t at = (hole + 1) & mask_; places_[at].taken; at = (at + 1) & mask_) {
    const uint32_t home = hash(places_[at].key) & mask_;
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    places_[hole] = places_[at];
    hole = at;
  }
  places_[hole] = {};
  --size_;
  return true;
}

}  // namespace cordboard::rtp
