// SPDX-License-Identifier: GPL-2.0-or-later
// One RTP session of a leg: what comes from the network becomes a row of the bus, and a row of the bus becomes packets.
// Knows neither sockets nor addresses nor keys: packets come here when their source has been accepted and SRTP is off.
//
//   I/O thread ── deliver ──> header, payload type, RFC 3550 statistics ──> ring ─┐
//                                                                                 v   media tick
//   row <── concealment, comfort noise <── decoder <── jitter buffer <── receive ─┤
//   note <────────────────────────────── telephone events (RFC 4733) <────────────┘
//
//   row ── send ──> encoder or telephone event ──> ring ── next_packet ──> header, sequence, SSRC ──> I/O thread
//
// Each function says which thread it belongs to: signalling (one), I/O (one at a time for a stream), media (one at a time).
// None waits for another. The functions of the media thread allocate nothing, lock nothing, log nothing and make no system
// call. Times are monotonic nanoseconds, the same clock for all threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rtp/format.hpp"
#include "rtp/packet.hpp"

namespace cordboard::rtp {

enum class Direction : uint8_t { kSendReceive, kSendOnly, kReceiveOnly, kInactive };  // as seen from here

/// What a description says of a session, as far as it concerns media. May be changed while packets flow.
struct StreamParams {
  /// Payload types that are understood, 1-8 of them with different numbers; others are dropped and counted.
  std::vector<PayloadFormat> receive;
  /// What is sent: an audio format.
  PayloadFormat send;
  /// How digits are sent (RFC 4733); kNoPayloadType when the peer takes none.
  PayloadFormat send_events{.encoding = Encoding::kTelephoneEvent};
  uint32_t ptime_ms = 20;  // of packets sent: 10, 20, … 120, but more than 60 becomes 60, and for Opus 30 and 50 become
                           // 20 and 40. What is received may have any
  Direction direction = Direction::kSendReceive;
  uint32_t min_delay_ms = 20;       // of the jitter buffer
  uint32_t max_delay_ms = 300;      // 40-600, and not more than it was made with
  uint32_t timeout_ms = 30'000;     // without a packet while receiving, until kTimeout; 0: never
  uint32_t opus_bit_rate = 24'000;  // 6000-128000
};

/// Random numbers, which have to be hard to guess (RFC 3550 5.1, 8.1), and the name in SDES.
struct StreamIdentity {
  uint32_t ssrc{};
  uint16_t first_sequence{};
  uint32_t first_timestamp{};
  uint32_t seed = 1;  // of everything else that is random: RTCP's intervals, comfort noise
  std::string cname;  // 1-64 octets, the same for nobody else and telling nothing about anybody (RFC 7022)
};

enum class StreamNoteKind : uint8_t {
  kStarted,     // the first packet of audio has come
  kEventBegan,  // event
  kEventEnded,  // event, duration_ms; follows every kEventBegan, even if the end was lost
  kEventsSent,  // all that was asked for by send_event() has gone out
  kTimeout,     // nothing came for timeout_ms; once, until packets have come again
};

struct StreamNote {
  StreamNoteKind kind{};
  uint8_t event{};  // RFC 4733 3.2 and the IANA registry: 0-15 are digits
  uint32_t duration_ms{};
  /// 0-9 * # A-D, or 0 for an event that is no digit.
  char digit() const;
};

/// What became of a packet.
enum class Delivery : uint8_t {
  kTaken,
  kMalformed,    // see parse_packet
  kPayloadType,  // not negotiated
  kDuplicate,
  kProbation,  // of another SSRC or another sequence, until two of it have come one after the other (RFC 3550 A.1)
  kOverflow,   // the media thread has not emptied the ring
  kInactive,   // the direction is sendonly or inactive
};

struct StreamStatistics {
  // Received.
  uint64_t packets_received{};
  uint64_t octets_received{};  // of payload
  uint64_t lost{};             // that never came (RFC 3550 A.3)
  uint64_t late{};             // that came after their time
  uint64_t duplicated{};
  uint64_t reordered{};
  uint64_t malformed{};
  uint64_t wrong_payload_type{};
  uint64_t overflowed{};
  uint64_t restarts{};  // new SSRC, or timestamps that jumped
  double jitter_ms{};   // RFC 3550 A.8
  double delay_ms{};    // in the jitter buffer, of the latest packets
  double target_delay_ms{};
  uint64_t concealed_ms{};  // spoken in place of what was lost or late
  double mos_received = 0;  // 1-4.5; 0: nothing heard yet
  // Sent.
  uint64_t packets_sent{};
  uint64_t octets_sent{};  // of payload
  uint64_t unsent{};       // that the I/O thread was too late for
  // What the peer's RTCP tells.
  bool reported{};             // it has sent a report on us
  double remote_lost_share{};  // 0-1, over its last interval
  int64_t remote_lost{};
  double remote_jitter_ms{};
  double round_trip_ms = -1;  // negative: unknown
  double mos_sent = 0;
  bool said_bye{};
};

class Stream {
 public:
  /// Errors: kInvalid when params or identity break their bounds, kUnavailable when a codec cannot be made. Allocates.
  static Result<std::unique_ptr<Stream>> make(const StreamParams& params, const StreamIdentity& identity);
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // ------------------------------------------------------------------------------------------------- signalling thread

  /// From the next tick and the next packet on; what is in the buffer is still played, so that nothing clicks. SSRC and
  /// sequence go on. Errors as make(), and then nothing has changed. May allocate, and frees what the tick has let go.
  Result<> update(const StreamParams& params);

  /// Whether the peer takes telephone events.
  bool sends_events() const;
  /// A digit or other event to be sent after those before it, `duration_ms` 40-2500 long with `gap_ms` 0-2550 of audio
  /// after it, at −`volume` dBm0 (0-63). False when 32 are waiting or the peer takes none.
  bool send_event(uint8_t event, uint32_t duration_ms = 100, uint32_t gap_ms = 100, uint8_t volume = 10);
  /// Forgets those waiting; the one being sent is ended as it should be.
  void cancel_events();

  /// The oldest note not yet taken. False: none.
  bool take(StreamNote& note);

  /// Any thread; figures of a moment ago, each right in itself.
  StreamStatistics statistics() const;
  uint32_t ssrc() const;

  // ------------------------------------------------------------------------------------------------------- I/O thread

  /// Whether the payload type is negotiated: for deciding on the source before deliver().
  bool accepts(uint8_t payload_type) const;

  /// A datagram of RTP, authenticated and decrypted if it was SRTP.
  Delivery deliver(std::span<const uint8_t> packet, int64_t arrival_ns);

  /// The next packet to be sent, kMaxPacket octets at most, without SRTP; 0 when there is none. Call it after each tick
  /// until then.
  std::size_t next_packet(std::span<uint8_t> out, int64_t now_ns);

  /// A compound RTCP packet from the peer, decrypted. False when it was not one. `sender_ssrc` is set to the first
  /// packet's SSRC; whether that is whom the stream hears says hears().
  bool deliver_control(std::span<const uint8_t> packet, int64_t arrival_ns, uint32_t* sender_ssrc = nullptr);
  bool hears(uint32_t ssrc) const;

  /// When the next report is due (RFC 3550 6.2, 6.3: 5 s on average, randomised, the first after half of it); 0 at first.
  int64_t control_due_ns() const;
  /// Builds the report and sets the next time: SR or RR, and SDES with the CNAME. `ntp` is the wall clock as in
  /// RFC 3550 4. Returns its octets; the first call only sets the time and returns 0.
  std::size_t next_control(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp);
  /// The last one: a report and BYE (RFC 3550 6.6). Returns its octets, 0 when nothing has ever been sent (6.3.7).
  std::size_t bye(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp);

  /// Room that `out` needs for any packet of RTP or RTCP that is built here, without SRTP's.
  static constexpr std::size_t kMaxPacket = kMaxDatagram;

  /// Asks for the memory that deliver() and next_packet() will touch, some streams ahead of their turn; when that has come,
  /// for what deliver() will write and next_packet() will read.
  void prefetch_network() const;
  void prefetch_delivery() const;
  void prefetch_next_packet() const;

  // ----------------------------------------------------------------------------------------------------- media thread

  /// What the peer says in this tick: kBlock A-law octets. `tick_ns` is when the tick was due. True when a note has been
  /// added for take().
  bool receive(uint8_t* row, int64_t tick_ns);

  /// What the peer is to hear: kBlock A-law octets, after receive() in the same tick. True as above.
  bool send(const uint8_t* row);

  /// Asks for the memory that receive() and send() will touch, some streams ahead of their turn: first prefetch(), and when
  /// that has come prefetch_packets(), which follows what it has brought.
  void prefetch() const;
  void prefetch_packets() const;

 private:
  // The only kind of stream there is; one piece of memory with this.
  struct State;
  Stream() = default;
  State& state();
  const State& state() const;
};

}  // namespace cordboard::rtp

namespace cordboard {
template <>
struct EnumNames<rtp::Direction> {
  static constexpr std::array<std::string_view, 4> names{"sendrecv", "sendonly", "recvonly", "inactive"};
};
template <>
struct EnumNames<rtp::Delivery> {
  static constexpr std::array<std::string_view, 7> names{"taken",     "malformed", "payload_type", "duplicate",
                                                         "probation", "overflow",  "inactive"};
};
}  // namespace cordboard
