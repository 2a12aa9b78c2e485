// SPDX-License-Identifier: GPL-2.0-or-later
// Streams for the random driver of a MediaCore: each hears what it says itself, over a network that loses, doubles,
// delays and garbles packets. So every codec gets packets that it can decode, and some that nobody can.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bus/bus.hpp"
#include "rtp/stream.hpp"

namespace cordboard::media {

class LoopedStream {
 public:
  /// `pick(n)`: a random number below n.
  using Pick = std::function<uint64_t(uint64_t)>;

  LoopedStream(bus::Port on, const Pick& pick) : port(on) {
    rtp::StreamIdentity identity;
    identity.ssrc = static_cast<uint32_t>(pick(1ULL << 32));
    identity.first_sequence = static_cast<uint16_t>(pick(65536));
    identity.first_timestamp = static_cast<uint32_t>(pick(1ULL << 32));
    identity.seed = 1 + static_cast<uint32_t>(pick(1000));
    identity.cname = "0123456789abcdef";
    auto made = rtp::Stream::make(params(pick), identity);
    if (made) stream = std::move(*made);
  }

  /// What the signalling thread does now and then: another description, a digit, its notes.
  void change(const Pick& pick) {
    rtp::StreamNote note;
    while (stream->take(note)) ++notes;
    if (pick(3) == 0) stream->send_event(static_cast<uint8_t>(pick(16)), 60 + static_cast<uint32_t>(pick(100)), 60);
    if (pick(12) == 0) stream->cancel_events();
    if (pick(8) == 0) static_cast<void>(stream->update(params(pick)));
  }

  /// What an I/O thread does after a tick.
  void carry(const Pick& pick, int64_t now_ns) {
    std::array<uint8_t, rtp::Stream::kMaxPacket> octets;
    while (const auto length = stream->next_packet(octets, now_ns)) {
      ++packets;
      ++packets_of_type[octets[1] & 0x7F];
      if (pick(20) == 0) continue;
      if (pick(50) == 0) octets[pick(length)] = static_cast<uint8_t>(pick(256));
      if (pick(30) == 0 && held_ == 0) {
        std::memcpy(kept_.data(), octets.data(), length);
        held_ = length;
        continue;
      }
      stream->deliver({octets.data(), length}, now_ns);
      if (pick(30) == 0) stream->deliver({octets.data(), length}, now_ns);
      if (held_ > 0) stream->deliver({kept_.data(), std::exchange(held_, 0)}, now_ns);
    }
    if (now_ns < stream->control_due_ns()) return;
    const auto length = stream->next_control(octets, now_ns, static_cast<uint64_t>(now_ns) << 2);
    stream->deliver_control({octets.data(), length}, now_ns);
  }

  const bus::Port port;
  std::unique_ptr<rtp::Stream> stream;
  uint64_t packets{};
  std::array<uint64_t, 128> packets_of_type{};
  uint64_t notes{};

 private:
  static rtp::StreamParams params(const Pick& pick) {
    static constexpr rtp::PayloadFormat kFormats[] = {{8, rtp::Encoding::kPcma, 8000},
                                                      {0, rtp::Encoding::kPcmu, 8000},
                                                      {9, rtp::Encoding::kG722, 8000},
                                                      {111, rtp::Encoding::kOpus, 48000}};
    rtp::StreamParams params;
    params.receive.assign(std::begin(kFormats), std::end(kFormats));
    params.receive.push_back({13, rtp::Encoding::kComfortNoise, 8000});
    params.receive.push_back({101, rtp::Encoding::kTelephoneEvent, 8000});
    params.send = kFormats[pick(std::size(kFormats))];
    params.send_events = {101, rtp::Encoding::kTelephoneEvent, 8000};
    params.ptime_ms = 10 * (1 + static_cast<uint32_t>(pick(6)));
    if (pick(6) == 0) params.direction = static_cast<rtp::Direction>(pick(4));
    params.timeout_ms = 1000;
    return params;
  }

  std::array<uint8_t, rtp::Stream::kMaxPacket> kept_{};
  std::size_t held_{};
};

}  // namespace cordboard::media
