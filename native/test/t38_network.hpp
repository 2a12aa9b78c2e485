// SPDX-License-Identifier: GPL-2.0-or-later
// A network between two ends of T.38 that knows no clock but its blocks of 20 ms: it loses, delays and turns round.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "media/t38_end.hpp"

namespace cordboard::media {

using Datagram = std::vector<uint8_t>;

/// One direction.
struct T38Network {
  struct Faults {
    double loss = 0;         // share
    uint32_t jitter_ms = 0;  // 0 to this, evenly; datagrams pass one another
    uint32_t burst = 1;      // datagrams lost together
  };
  Faults faults;
  std::mt19937 random{1};
  double now_ms = 0;
  uint32_t to_lose = 0;
  uint64_t sent = 0, lost = 0;
  std::multimap<double, Datagram> under_way;

  void send(std::span<const uint8_t> datagram) {
    ++sent;
    if (to_lose == 0 && std::uniform_real_distribution<>(0, 1)(random) < faults.loss / faults.burst)
      to_lose = faults.burst;
    if (to_lose > 0) {
      --to_lose;
      ++lost;
      return;
    }
    const double delay = faults.jitter_ms == 0 ? 0 : std::uniform_real_distribution<>(0, faults.jitter_ms)(random);
    under_way.emplace(now_ms + delay, Datagram(datagram.begin(), datagram.end()));
  }
  std::optional<Datagram> receive() {
    if (under_way.empty() || under_way.begin()->first > now_ms) return std::nullopt;
    Datagram datagram = std::move(under_way.begin()->second);
    under_way.erase(under_way.begin());
    return datagram;
  }
  void tick() { now_ms += 20; }
};

struct NetworkWire : T38Wire {
  T38Network& out;
  T38Network& in;
  NetworkWire(T38Network& out, T38Network& in) : out(out), in(in) {}
  void send(std::span<const uint8_t> datagram) override { out.send(datagram); }
  std::size_t receive(std::span<uint8_t> datagram) override {
    const auto came = in.receive();
    if (!came) return 0;
    const std::size_t octets = std::min(datagram.size(), came->size());
    std::copy_n(came->begin(), octets, datagram.begin());
    return octets;
  }
};

/// A terminal at the other end of two directions.
inline std::unique_ptr<T38End> t38_end(T38Network& out, T38Network& in, const T38Settings& settings = {}) {
  return std::make_unique<T38End>(settings, std::make_unique<NetworkWire>(out, in));
}

}  // namespace cordboard::media
