// SPDX-License-Identifier: GPL-2.0-or-later
// What a stream is made of, by the thread that touches it. For stream*.cpp alone.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "base/spsc_ring.hpp"
#include "rtp/codec.hpp"
#include "rtp/packet_ring.hpp"
#include "rtp/playout.hpp"
#include "rtp/reception.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/stream.hpp"
#include "rtp/telephone_event.hpp"

namespace cordboard::rtp {

constexpr bool receives(Direction direction) {
  return direction == Direction::kSendReceive || direction == Direction::kReceiveOnly;
}
constexpr bool sends(Direction direction) {
  return direction == Direction::kSendReceive || direction == Direction::kSendOnly;
}

/// Payload types of a session, eight at most.
struct FormatTable {
  std::array<PayloadFormat, 8> formats{};
  std::size_t count{};

  const PayloadFormat* find(uint8_t payload_type) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (formats[i].payload_type == payload_type) return &formats[i];
    }
    return nullptr;
  }
};

/// A counter that one thread writes and all may read.
class Tally {
 public:
  void add(uint64_t n = 1) { set(value() + n); }
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// What an update brings to the media thread, made by the signalling thread and freed by it. Coders that were at work
/// before stay: the media thread changes them over.
struct StreamSetup {
  FormatTable receive;
  PayloadFormat send;
  PayloadFormat send_events;
  uint32_t packet_samples{};
  uint32_t opus_bit_rate{};
  Direction direction{};
  JitterBuffer::Settings delays;
  uint32_t timeout_ticks{};
  std::array<std::unique_ptr<Decoder>, 4> decoders;  // by encoding
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<uint8_t[]> gathered;  // of a packet that is not a row or half of it, packet_samples

  bool sends_events() const { return send_events.payload_type != kNoPayloadType; }
};

/// An event to be sent, in steps of 10 ms. Void when commands of its generation have been cancelled.
struct EventCommand {
  uint8_t event{};
  uint8_t volume{};
  uint8_t duration{};
  uint8_t gap{};
  uint32_t generation{};
};

struct InboundMeta {
  uint32_t timestamp;
  uint16_t sequence;
  uint8_t payload_type;
  uint8_t flags;  // kRestart, kMarker
  static constexpr uint8_t kRestart = 1, kMarker = 2;
};

struct OutboundMeta {
  uint32_t timestamp;
  uint8_t payload_type;
  bool marker;
  bool audio;
  uint8_t clock_khz;
};

/// Of the I/O thread.
struct alignas(64) NetworkSide {
  Reception reception;
  bool restart_untold = false;  // the packet that should have told the media thread did not fit
  // Sending.
  uint16_t sequence{};
  uint32_t packets{};
  uint32_t octets{};
  uint32_t last_timestamp{};
  int64_t last_sent_ns{};
  uint32_t send_clock_hz = 8000;
  uint32_t packets_at_report{};
  bool told{};  // has sent RTCP
  // RTCP.
  uint32_t random{};
  int64_t control_due_ns{};  // 0: its time begins with the first call
  struct SentReport {
    uint32_t middle{};  // of its NTP time
    int64_t at_ns{};
  };
  std::array<SentReport, 4> sent_reports{};
  std::size_t next_sent_report{};
  uint32_t heard_sr_middle{};  // of the peer's latest SR; 0: none
  int64_t heard_sr_ns{};
};

/// Of the media thread.
struct alignas(64) MediaSide {
  MediaSide(const JitterBuffer::Settings& delays, uint32_t seed) : playout(delays, seed) {}

  Decoders decoders{};
  EventReceiver events_heard;
  EventSender event_sender;
  uint32_t event_gap_ticks{};
  uint32_t event_generation{};  // of the command that is being sent
  bool events_pending{};        // a kEventsSent is owed
  uint32_t audio_timestamp{};
  uint32_t event_timestamp{};
  uint32_t gathered{};  // samples of the packet being gathered
  uint32_t gathered_timestamp{};
  bool talking{};  // sent audio in the tick before
  bool heard_audio{};
  uint32_t quiet_ticks{};
  bool timeout_told{};
  bool noted{};
  uint32_t ticks{};
  Playout playout;
};

struct StreamCounts {
  // I/O thread.
  Tally packets_received, octets_received, lost, duplicated, reordered, malformed, wrong_payload_type, overflowed;
  Tally source_changes;
  Tally packets_sent, octets_sent;
  std::atomic<float> jitter_ms{0};
  std::atomic<bool> reported{false}, said_bye{false};
  std::atomic<float> remote_lost_share{0}, remote_jitter_ms{0}, round_trip_ms{-1}, remote_rating{-1};
  std::atomic<int32_t> remote_lost{0};
  // Media thread.
  Tally late, restarts, samples_received, samples_missing, gaps, undecodable, unsent;
  std::atomic<float> delay_ms{0}, target_delay_ms{0};
  std::atomic<uint8_t> heard_encoding{0xFF};
};

struct Stream::State {
  State(const StreamParams& params, StreamIdentity who);
  ~State();

  // Of all threads, by atomics.
  StreamIdentity identity;                          // unchanged
  std::array<std::atomic<uint32_t>, 8> accepted{};  // payload type, clock in kHz, is timed, is valid
  std::atomic<Direction> direction{};
  std::atomic<bool> sends_events{};
  std::atomic<uint32_t> ptime_ms{20};
  std::atomic<Encoding> send_encoding{};
  std::atomic<uint32_t> heard_ssrc{0};
  std::atomic<bool> hears_any{false};
  std::atomic<StreamSetup*> offered{nullptr};  // signalling to media
  std::atomic<StreamSetup*> retired{nullptr};  // media to signalling
  std::atomic<uint32_t> cancelled{0};          // event commands of earlier generations
  StreamCounts counts;

  PacketRing<InboundMeta> inbound;
  PacketRing<OutboundMeta> outbound;
  SpscRing<StreamNote> notes{16};
  SpscRing<EventCommand> commands{64};

  NetworkSide network;
  StreamSetup* setup{};  // media thread, until the end
  MediaSide media;

  // Signalling thread.
  void publish(const StreamSetup& setup);

  // Media thread.
  void adopt();
  void drain(int64_t now);
  void take_packet(const InboundMeta& meta, std::span<const uint8_t> payload, int64_t now);
  void take_event(const InboundMeta& meta, std::span<const uint8_t> payload, const PayloadFormat& format, int64_t now);
  void note(const EventReceiver::Changes& changes);
  void note(const StreamNote& what);
  void watch_time(bool heard);
  void tell_figures(int64_t now);
  void start_event();
  void send_event_packet();
  void send_audio(const uint8_t* row);
  void send_packet(const uint8_t* samples, uint32_t timestamp);
};

}  // namespace cordboard::rtp
