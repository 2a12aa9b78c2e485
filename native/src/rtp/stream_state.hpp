// SPDX-License-Identifier: GPL-2.0-or-later
// What a stream is made of, by the thread that touches it. For stream*.cpp alone.
//
// Thousands of streams take their turn in a tick, and none of them is in the cache when it does: so what a turn touches
// lies together, in the order in which it is touched, and is asked for ahead of time.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "rtp/codec.hpp"
#include "rtp/packet_ring.hpp"
#include "rtp/playout.hpp"
#include "rtp/reception.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/small_ring.hpp"
#include "rtp/stream.hpp"
#include "rtp/telephone_event.hpp"

namespace cordboard::rtp {

constexpr bool receives(Direction direction) {
  return direction == Direction::kSendReceive || direction == Direction::kReceiveOnly;
}
constexpr bool sends(Direction direction) {
  return direction == Direction::kSendReceive || direction == Direction::kSendOnly;
}

/// A payload type in a word, so that eight of them are half a cache line, and each can be changed in one piece.
struct alignas(4) WireFormat {
  uint8_t payload_type = kNoPayloadType;
  Encoding encoding = Encoding::kPcma;
  uint8_t clock_khz = 8;
  uint8_t unused = 0;

  WireFormat() = default;
  WireFormat(const PayloadFormat& from)
      : payload_type(from.payload_type),
        encoding(from.encoding),
        clock_khz(static_cast<uint8_t>(from.clock_hz / 1000)) {}
  uint32_t clock_hz() const { return clock_khz * 1000U; }
  bool used() const { return payload_type != kNoPayloadType; }
  bool operator==(const WireFormat&) const = default;
};
static_assert(std::atomic<WireFormat>::is_always_lock_free);
using WireFormats = std::array<WireFormat, 8>;

/// A counter that one thread writes and all may read.
class Tally {
 public:
  void add(uint64_t n = 1) { set(value() + n); }
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// What a description says, as the media thread works with it.
struct MediaPlan {
  Direction direction{};
  WireFormat send;
  WireFormat send_events;
  uint16_t packet_samples{};
  uint32_t timeout_ticks{};
  WireFormats receive;
};

/// What an update brings to the media thread, made by the signalling thread and freed by it. Coders that were at work
/// before stay: the media thread changes them over.
struct StreamSetup {
  MediaPlan plan;
  uint32_t opus_bit_rate{};
  JitterBuffer::Settings delays;
  std::array<std::unique_ptr<Decoder>, 4> decoders;  // by encoding
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<uint8_t[]> gathered;  // of a packet that is not a row or half of it, packet_samples
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
  uint8_t flags;
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
  std::array<std::atomic<WireFormat>, 8> accepted;  // written by the signalling thread
  std::atomic<Direction> direction{};               // likewise
  bool restart_untold = false;                      // the packet that should have told the media thread did not fit
  uint16_t sequence{};
  uint32_t packets{};
  uint32_t octets{};
  uint32_t last_timestamp{};
  int64_t last_sent_ns{};
  uint32_t send_clock_hz = 8000;
  Reception reception;
  // RTCP.
  bool told{};  // has sent any
  uint32_t random{};
  uint32_t packets_at_report{};
  int64_t control_due_ns{};  // 0: its time begins with the first call
  struct SentReport {
    uint32_t middle{};  // of its NTP time
    int64_t at_ns{};
  };
  std::array<SentReport, 2> sent_reports{};
  std::size_t next_sent_report{};
  uint32_t heard_sr_middle{};  // of the peer's latest SR; 0: none
  int64_t heard_sr_ns{};
};

/// Of the media thread.
struct alignas(64) MediaSide {
  MediaSide(const JitterBuffer::Settings& delays, PayloadKeeper& keeper, uint32_t seed)
      : playout(delays, keeper, seed) {}

  std::atomic<StreamSetup*> offered{nullptr};  // by the signalling thread
  StreamSetup* setup{};                        // until the end
  MediaPlan plan;
  Decoders decoders{};
  uint32_t ticks{};
  uint32_t quiet_ticks{};
  bool timeout_told{};
  bool heard_audio{};
  bool noted{};
  bool talking{};         // sent audio in the tick before
  bool events_pending{};  // a kEventsSent is owed
  uint32_t gathered{};    // samples of the packet being gathered
  uint32_t gathered_timestamp{};
  uint32_t audio_timestamp{};
  uint32_t event_timestamp{};
  uint32_t event_gap_ticks{};
  uint32_t event_generation{};         // of the command that is being sent
  std::atomic<uint32_t> cancelled{0};  // commands of earlier generations; by the signalling thread
  EventReceiver events_heard;
  EventSender event_sender;
  Playout playout;
};

struct StreamCounts {
  // I/O thread.
  Tally packets_received, octets_received, lost, duplicated, reordered, malformed, wrong_payload_type, overflowed;
  Tally source_changes, packets_sent, octets_sent;
  std::atomic<float> jitter_ms{0};
  std::atomic<bool> reported{false}, said_bye{false};
  std::atomic<float> remote_lost_share{0}, remote_jitter_ms{0}, round_trip_ms{-1}, remote_rating{-1};
  std::atomic<int32_t> remote_lost{0};
  // Media thread.
  Tally late, restarts, samples_received, samples_missing, gaps, undecodable, unsent;
  std::atomic<float> delay_ms{0}, target_delay_ms{0};
  std::atomic<Encoding> heard_encoding{Encoding::kPcma};
};

struct Stream::State final : Stream, PayloadKeeper {
  State(const StreamParams& params, StreamIdentity who);
  ~State() override;

  // Media thread first, as it is in the greatest hurry.
  MediaSide media;
  PacketRing<InboundMeta> inbound;
  PacketRing<OutboundMeta> outbound;
  SmallRing<StreamNote, 16> notes;
  SmallRing<EventCommand, 32> commands;

  NetworkSide network;

  StreamCounts counts;
  StreamIdentity identity;  // unchanged
  std::atomic<uint32_t> heard_ssrc{0};
  std::atomic<bool> hears_any{false};
  std::atomic<bool> sends_events{};
  std::atomic<uint8_t> ptime_ms{20};
  std::atomic<Encoding> send_encoding{};
  std::atomic<StreamSetup*> retired{nullptr};  // by the media thread

  // Signalling thread.
  void publish(const MediaPlan& plan);

  // I/O thread.
  std::size_t write_report(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp, bool bye);

  // Media thread.
  void release(const uint8_t* payload) override { inbound.release(payload); }
  void adopt();
  void drain(int64_t now);
  bool take_packet(const InboundMeta& meta, std::span<const uint8_t> payload, int64_t now);
  void take_event(const InboundMeta& meta, std::span<const uint8_t> payload, const WireFormat& format, int64_t now);
  void note(const EventReceiver::Changes& changes);
  void note(const StreamNote& what);
  void watch_time(bool heard);
  void tell_figures(int64_t now);
  void start_event();
  void send_event_packet();
  void send_audio(const uint8_t* row);
  void send_packet(const uint8_t* samples, uint32_t timestamp);
};

inline Stream::State& Stream::state() { return static_cast<State&>(*this); }
inline const Stream::State& Stream::state() const { return static_cast<const State&>(*this); }

}  // namespace cordboard::rtp
