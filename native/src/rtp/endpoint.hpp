// SPDX-License-Identifier: GPL-2.0-or-later
// Where the packets of one stream come from and go to, and under which keys: what lies between a stream and the sockets.
//
//   socket ─> take_packet ─> SRTP off ─> source filter ─> stream.deliver
//   socket <─ next_packet <─ SRTP on  <────────────────── stream.next_packet
//
// Made by the signalling thread and handed to an I/O thread, whose it is until that gives it back; meanwhile it changes by
// EndpointChange. Knows no socket: the octets and the time are passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/counters.hpp"
#include "rtp/door.hpp"
#include "rtp/source_filter.hpp"
#include "rtp/srtp.hpp"
#include "rtp/stream.hpp"

namespace cordboard::rtp {

struct SocketPair;

/// What a description says of a stream's transport. Made by the signalling thread, taken up by the I/O thread, freed by
/// the signalling thread with whatever it has replaced.
struct EndpointChange {
  SocketPair* pair{};  // of the same I/O thread as before
  SourceSettings source;
  bool mux{};                // RTCP goes out from the port of RTP (RFC 5761)
  bool secure{};             // SRTP, and nothing else
  std::unique_ptr<SrtpSession> srtp;  // null: as before
  std::unique_ptr<DoorChange> door;   // where the pair has a door: then it finds source and keys
  uint32_t generation{};     // told with everything that is reported later
};

/// What was refused. Any thread may read.
struct EndpointCounts {
  Count unauthenticated;  // SRTP that did not authenticate, was replayed, or is none
  Count foreign;          // from a source that could not become the peer's
  Count unsent;           // the key is used up
};

class Endpoint {
 public:
  /// The stream outlives it. `id` is for whoever made it.
  Endpoint(Stream& stream, uint32_t id) : stream_(stream), id_(id) {}

  Stream& stream() { return stream_; }
  uint32_t id() const { return id_; }
  const EndpointCounts& counts() const { return counts_; }

  // ------------------------------------------------------------------------------------------------------- I/O thread

  /// Takes up a change, and leaves in it what it has replaced.
  void apply(EndpointChange& change, int64_t now_ns);

  // Of a pair with a door, by that: where the peer is, and the keys to speak to it with. Returns what it replaces.
  void redirect(const Address& remote, int64_t now_ns);
  /// Which of our addresses what is sent leaves from; unspecified: whichever the system takes.
  void leave_from(const Address& local) { local_ = local; }
  const Address& local() const { return local_; }
  std::unique_ptr<SrtpSession> rekey(std::unique_ptr<SrtpSession> srtp);
  bool keyed() const { return srtp_ != nullptr; }

  enum class Outcome : uint8_t {
    kTaken,    // the stream has it
    kDropped,  // counted, here or by the stream
    kMoved,    // taken, and source() or control_source() is another from now on
  };
  /// A datagram from source(), or from where considers() says so: `octets` at the beginning of `buffer`, which has
  /// kSrtpSlack more and is changed. RTCP on the port of RTP is recognised (RFC 5761 4).
  Outcome take_packet(std::span<uint8_t> buffer, std::size_t octets, const Address& from, int64_t now_ns);
  /// RTCP from control_source(), or from where considers_control() says so.
  Outcome take_control(std::span<uint8_t> buffer, std::size_t octets, const Address& from, int64_t now_ns);

  /// Whether it still looks for a source other than source() and control_source(), as of the last packet or look().
  bool seeking() const { return seeking_; }
  /// Whether a datagram of an address that is nobody's may be this peer's.
  bool considers(const Address& from, int64_t now_ns) const { return seeking_ && filter_.considers(from, now_ns); }
  bool considers_control(const Address& from, std::span<const uint8_t> packet) const;
  /// Sees whether the time in which another source may be taken is over.
  void look(int64_t now_ns) { seeking_ = filter_.window_open(now_ns) || filter_.seeks_control(); }
  bool window_open(int64_t now_ns) const { return filter_.window_open(now_ns); }
  bool latched() const { return filter_.latched(); }

  /// Asks for the memory that the next packet in or out will touch, some packets ahead of its turn.
  void prefetch() const {
    __builtin_prefetch(this, 1);
    stream_.prefetch_network();
  }

  /// The next packet with its SRTP, 0 when there is none. `out` has room for Stream::kMaxPacket and kSrtpSlack.
  std::size_t next_packet(std::span<uint8_t> out, int64_t now_ns);
  int64_t control_due_ns() const { return stream_.control_due_ns(); }
  /// A report with its SRTCP; 0: nowhere to send it to. `ntp` as in RFC 3550 4.
  std::size_t next_control(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp);
  std::size_t bye(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp);

  SocketPair* pair() const { return pair_; }
  bool mux() const { return mux_; }
  uint32_t generation() const { return generation_; }
  /// Where RTP and RTCP come from and go to; not known() while nobody has said.
  const Address& source() const { return filter_.remote(); }
  const Address& control_source() const { return mux_ ? filter_.remote() : filter_.remote_control(); }

  /// Where the I/O thread keeps it.
  static constexpr uint32_t kNoPlace = UINT32_MAX;
  uint32_t place = kNoPlace;

 private:
  using Unprotect = std::size_t (SrtpSession::*)(std::span<uint8_t>, std::size_t);
  bool unlock(std::span<uint8_t> buffer, std::size_t& octets, Unprotect unprotect);
  std::size_t lock_control(std::span<uint8_t> out, std::size_t octets);

  // What every packet needs, in one cache line.
  Stream& stream_;
  std::unique_ptr<SrtpSession> srtp_;
  bool secure_{};
  bool seeking_{};
  bool mux_{};
  Address local_;
  const uint32_t id_;
  uint32_t generation_{};
  SocketPair* pair_{};
  SourceFilter filter_;
  EndpointCounts counts_;
};

}  // namespace cordboard::rtp
