// SPDX-License-Identifier: GPL-2.0-or-later
// A stream with a clock of its own, for tests: packets go in, ticks pass, what it sends and notes is kept.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rtp_traces.hpp"

namespace cordboard::rtp {

using namespace traces;

/// A packet that a stream has sent.
struct Sent {
  PacketView view;
  std::vector<uint8_t> octets;
};

/// Its receive() and send() are called once a tick; times begin at one second.
class StreamBox {
 public:
  explicit StreamBox(const StreamParams& params = params_of()) : stream(stream_of(params)) {}

  /// A tick: what is heard, and what goes out.
  void tick(const uint8_t* said = nullptr) {
    const std::vector<uint8_t> silence(kBlock, dsp::kAlawSilence);
    stream->receive(row, now_ns);
    stream->send(said != nullptr ? said : silence.data());
    take_sent();
    StreamNote note;
    while (stream->take(note)) notes.push_back(note);
    now_ns += kTickNs;
  }
  void ticks(int n) {
    for (; n > 0; --n) tick();
  }

  void take_sent() {
    while (true) {
      Sent packet;
      packet.octets.resize(Stream::kMaxPacket);
      const auto octets = stream->next_packet(packet.octets, now_ns);
      if (octets == 0) return;
      packet.octets.resize(octets);
      EXPECT_EQ(parse_packet(packet.octets, packet.view), PacketFault::kNone);
      sent.push_back(std::move(packet));
    }
  }

  Delivery put(uint16_t sequence, uint32_t timestamp, const std::vector<uint8_t>& payload, uint8_t payload_type = 8,
               uint32_t ssrc = 5, bool marker = false) {
    std::vector<uint8_t> octets(kRtpHeader + payload.size());
    write_packet({.payload_type = payload_type,
                  .marker = marker,
                  .sequence = sequence,
                  .timestamp = timestamp,
                  .ssrc = ssrc,
                  .payload = payload},
                 octets);
    return stream->deliver(octets, now_ns);
  }

  std::string told() const {
    std::string text;
    for (const auto& note : notes) {
      switch (note.kind) {
        case StreamNoteKind::kStarted:
          text += "started ";
          break;
        case StreamNoteKind::kEventBegan:
          text += note.digit() != 0 ? std::string(1, note.digit()) : "e" + std::to_string(note.event);
          break;
        case StreamNoteKind::kEventEnded:
          text += "(" + std::to_string(note.duration_ms) + ") ";
          break;
        case StreamNoteKind::kEventsSent:
          text += "sent ";
          break;
        case StreamNoteKind::kTimeout:
          text += "timeout ";
          break;
      }
    }
    return text;
  }

  std::unique_ptr<Stream> stream;
  int64_t now_ns = 1'000 * kMs;
  uint8_t row[kBlock]{};
  std::vector<Sent> sent;
  std::vector<StreamNote> notes;
};

inline bool is_silence(const uint8_t* row) {
  return std::all_of(row, row + kBlock, [](uint8_t octet) { return octet == dsp::kAlawSilence; });
}

}  // namespace cordboard::rtp
