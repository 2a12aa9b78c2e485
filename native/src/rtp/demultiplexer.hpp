// SPDX-License-Identifier: GPL-2.0-or-later
// Whose packet is this? From the socket on which it came and the address it came from to the stream that expects it
// there. A socket carries many streams, so the sender's address is what tells them apart; an address that nobody expects
// belongs to nobody.
//
// One thread: each I/O thread has a table of its own, and changes reach it as commands. The places are as many as there
// may be streams, twice over, so that nothing is ever allocated and a search ends after a few.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "rtp/address.hpp"

namespace cordboard::rtp {

/// The sockets of a pair (RFC 3550 11).
enum class SocketKind : uint8_t { kRtp, kRtcp };

class Demultiplexer {
 public:
  struct Key {
    Address from;
    uint16_t pair{};
    SocketKind kind{};
    bool operator==(const Key&) const = default;
  };

  /// Room for `entries`. `seed` is kept secret, so that nobody can choose addresses that all fall on one place.
  Demultiplexer(uint32_t entries, uint64_t seed);

  /// False when the key is there already, or when there is no room; nothing changes then.
  bool insert(const Key& key, uint32_t value);
  /// False when it was not there.
  bool erase(const Key& key);
  /// Asks for the memory that find() will look at, some packets ahead.
  void prefetch(const Key& key) const { __builtin_prefetch(&places_[hash(key) & mask_]); }
  std::optional<uint32_t> find(const Key& key) const {
    for (uint32_t at = hash(key) & mask_;; at = (at + 1) & mask_) {
      const Place& place = places_[at];
      if (!place.taken) return std::nullopt;
      if (place.key == key) return place.value;
    }
  }

  uint32_t size() const { return size_; }

 private:
  struct Place {
    Key key;
    bool taken{};
    uint32_t value{};
  };

  uint32_t hash(const Key& key) const;

  uint32_t most_;
  uint32_t mask_;
  uint32_t size_{};
  uint64_t seed_;
  std::unique_ptr<Place[]> places_;
};

}  // namespace cordboard::rtp
