// SPDX-License-Identifier: GPL-2.0-or-later
// Streams of the soak of which everything is known: each is to say what a port of the card says, and hears itself.
//
//   card's port ─> row ─> stream ─> packets: each block is what the port said in that tick
//                           ^─────────┘ digits: those that were sent are told, in their order
#pragma once

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "media/media_core.hpp"
#include "media_card.hpp"
#include "rtp/packet.hpp"
#include "rtp/stream.hpp"

namespace cordboard::media {

class CheckedStreams {
 public:
  using Post = std::function<void(const Operation&)>;

  /// Streams on every second port from `first` up to `last`, exclusive; the port behind each is whose words it says.
  CheckedStreams(const KnownCard& card, bus::Port first, bus::Port last) : card_(card) {
    for (bus::Port port = first; port + 1 < last; port += 2) {
      rtp::StreamParams params;
      params.send = {8, rtp::Encoding::kPcma, 8000};
      params.send_events = {kEventType, rtp::Encoding::kTelephoneEvent, 8000};
      params.receive = {params.send, params.send_events};
      const rtp::StreamIdentity identity{
          .ssrc = 1000 + port, .first_sequence = 65'000, .first_timestamp = 0xFFFFF000, .seed = port, .cname = "soak"};
      auto made = rtp::Stream::make(params, identity);
      if (!made) continue;
      auto& looped = streams_.emplace_back();
      looped.port = port;
      looped.stream = std::move(*made);
    }
  }

  void begin(const Post& post) const {
    for (const auto& looped : streams_) {
      post({.kind = OperationKind::kSource, .port = looped.port, .value = looped.port + 1});
      post({.kind = OperationKind::kStreamOn, .port = looped.port, .stream = looped.stream.get()});
    }
  }
  void end(const Post& post) const {
    for (const auto& looped : streams_) {
      post({.kind = OperationKind::kStreamOff, .port = looped.port, .stream = looped.stream.get()});
    }
  }

  /// After a tick, of which there have been `ticks`.
  void carry(uint64_t ticks, int64_t now_ns) {
    ++turns_;
    for (auto& looped : streams_) {
      if ((turns_ + looped.port) % kDigitEvery == 0) press(looped);
      std::array<uint8_t, rtp::Stream::kMaxPacket> octets;
      while (const auto length = looped.stream->next_packet(octets, now_ns)) {
        const std::span<const uint8_t> packet{octets.data(), length};
        look(looped, packet, ticks);
        looped.stream->deliver(packet, now_ns);
      }
      rtp::StreamNote note;
      while (looped.stream->take(note)) hear(looped, note);
    }
  }

  uint64_t blocks() const { return blocks_; }
  uint64_t digits() const { return digits_; }
  /// Digits that were sent and are not told.
  std::size_t missing() const {
    std::size_t count = 0;
    // The last may be on its way yet.
    for (const auto& looped : streams_) count += looped.pressed.size() > kOnTheirWay ? looped.pressed.size() : 0;
    return count;
  }
  const std::string& failure() const { return failure_; }

 private:
  static constexpr uint8_t kEventType = 101;
  static constexpr uint64_t kDigitEvery = 10;  // ticks
  static constexpr std::size_t kOnTheirWay = 4;

  struct Looped {
    bus::Port port{};
    std::unique_ptr<rtp::Stream> stream;
    bool begun{};
    uint32_t first_timestamp{};
    uint64_t first_tick{};
    uint8_t next_digit{};
    std::deque<uint8_t> pressed;
  };

  void press(Looped& looped) {
    const auto digit = looped.next_digit;
    if (!looped.stream->send_event(digit, 60, 60)) return;
    looped.pressed.push_back(digit);
    looped.next_digit = static_cast<uint8_t>((digit + 1) % 16);
  }

  void hear(Looped& looped, const rtp::StreamNote& note) {
    if (note.kind != rtp::StreamNoteKind::kEventBegan) return;
    ++digits_;
    if (looped.pressed.empty() || looped.pressed.front() != note.event) {
      fail(looped, "told event " + std::to_string(note.event));
    } else {
      looped.pressed.pop_front();
    }
  }

  void look(Looped& looped, std::span<const uint8_t> octets, uint64_t ticks) {
    rtp::PacketView packet;
    if (rtp::parse_packet(octets, packet) != rtp::PacketFault::kNone) return fail(looped, "sent what is no packet");
    if (packet.payload_type == kEventType) return;
    if (packet.payload.size() != bus::kBlock) return fail(looped, "sent a block of another size");
    const auto said = [&](uint64_t tick) {
      return std::memcmp(packet.payload.data(), card_.said(looped.port + 1, tick), bus::kBlock) == 0;
    };
    if (!looped.begun) {
      // What its port hears comes by and by; then the line of time is known.
      for (uint64_t tick = ticks > kLately ? ticks - kLately : 0; tick <= ticks; ++tick) {
        if (!said(tick)) continue;
        looped.begun = true;
        looped.first_timestamp = packet.timestamp;
        looped.first_tick = tick;
      }
      return;
    }
    const auto tick = looped.first_tick + (packet.timestamp - looped.first_timestamp) / bus::kBlock;
    ++blocks_;
    if (!said(tick)) fail(looped, "did not say what was said in tick " + std::to_string(tick));
  }

  void fail(const Looped& looped, const std::string& why) {
    if (failure_.empty()) failure_ = "the stream of port " + std::to_string(looped.port) + " " + why;
  }

  static constexpr uint64_t kLately = 200;  // ticks
  const KnownCard& card_;
  std::vector<Looped> streams_;
  uint64_t turns_{};
  uint64_t blocks_{};
  uint64_t digits_{};
  std::string failure_;
};

}  // namespace cordboard::media
