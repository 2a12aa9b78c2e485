// SPDX-License-Identifier: GPL-2.0-or-later
// A thread between sockets and streams. It reads what has come in batches, finds out whose each packet is, and after each
// media tick sends what the streams have to say, in batches again: a system call for 64 packets costs hardly more than for
// one.
//
//   sockets ── recvmmsg ──> demultiplexer ──> endpoint.take_packet ──> stream
//   sockets <── sendmmsg ── a batch a socket <── endpoint.next_packet <── stream      after wake()
//
// What it works on is its own: streams come and go by commands, and what happens is told by reports, through a wait-free
// ring each way. Nobody who is not expected can make it do more than read, look up and count; and of one socket it reads
// no more in a millisecond than its streams could need several times over, so that a flood costs the others no packet.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/counters.hpp"
#include "base/spsc_ring.hpp"
#include "base/wake.hpp"
#include "rtp/demultiplexer.hpp"
#include "rtp/endpoint.hpp"
#include "rtp/packet_info.hpp"
#include "rtp/socket_pool.hpp"

namespace cordboard::rtp {

struct IoCommand {
  enum class Kind : uint8_t {
    kRead,    // pair, from now on
    kChange,  // of endpoint, which comes with the first
    kDetach,  // of endpoint: says BYE and lets go
  } kind{};
  SocketPair* pair{};
  Endpoint* endpoint{};
  EndpointChange* change{};
};

struct IoReport {
  enum class Kind : uint8_t {
    kLatched,   // address is where the peer is (source_filter.hpp)
    kSettled,   // no other source will be taken any more
    kNews,      // news of the door, at address
    kTaken,     // address is another stream's on this pair: nothing can be heard from there
    kChanged,   // change has been taken up and is the signalling thread's again
    kDetached,  // so is endpoint
  } kind{};
  uint32_t generation{};  // of the endpoint's change that was in force
  Endpoint* endpoint{};
  EndpointChange* change{};
  Address address;
  DoorNews news{};
  const char* why = "";  // of news that are bad
};

/// Any thread may read.
struct IoCounts {
  Count packets_received;     // datagrams on RTP sockets
  Count packets_sent;         // … on which the system has not refused them
  Count control_received;     // datagrams on RTCP sockets
  Count control_sent;
  Count foreign;              // from an address that nobody expects
  Count too_long;
  Count overflowed;           // that the system dropped because a receive buffer was full
  Count receive_errors;
  Count send_blocked;         // the send buffer was full: EAGAIN, ENOBUFS
  Count send_unreachable;     // ENETUNREACH, EHOSTUNREACH, ECONNREFUSED
  Count send_refused;         // by a packet filter or for any other reason
  Count batches_received;     // system calls that brought something
  Count batches_sent;
};

class IoThread : private DoorHost {
 public:
  /// `streams` at once at most. `seed` is secret (Demultiplexer). `reported` is signalled when there is a report.
  IoThread(uint32_t streams, uint64_t seed, Wake& reported);
  /// As stop().
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // ------------------------------------------------------------------------------------------------- signalling thread

  void post(const IoCommand& command);
  /// Posts what there was no room for. Once for each look at the reports.
  void post_backlog();
  bool take(IoReport& report) { return reports_.pop(report); }
  /// Carries out what has been posted, and ends. What is attached still stays the signalling thread's; sockets may be
  /// closed after it. Idempotent.
  void stop();
  /// SCHED_FIFO. 0 or an errno.
  int become_realtime(int priority);
  /// For measuring its CPU time.
  pthread_t native_handle() { return thread_.native_handle(); }

  // ------------------------------------------------------------------------------------------------------ media thread

  /// After a tick: there may be packets to be sent. One write to an eventfd, none without streams.
  void wake() {
    if (attached_.load(std::memory_order_relaxed) == 0) return;
    ticked_.store(true, std::memory_order_release);
    wake_.signal();
  }

  const IoCounts& counts() const { return counts_; }

 private:
  static constexpr uint32_t kBatch = 64;
  static constexpr std::size_t kBuffer = kMaxDatagram + kSrtpSlack;

  /// A stream as it stands here; its number is what the demultiplexer knows.
  struct Place {
    Endpoint* endpoint{};
    SocketPair* pair{};
    Address source;   // as they stand in the demultiplexer; not known(): not there
    Address control;
    bool listed{};    // among those of the reader who seek
    bool open{};      // the window was open when last looked at
    int64_t control_due_ns{};
    socklen_t to_length{};  // 0: nowhere to send to
    SocketAddress to{};
    std::unique_ptr<PacketInfo> from;  // none: from wherever the system takes
  };
  /// A pair as it stands here.
  struct Reader {
    SocketPair* pair{};
    std::vector<uint32_t> places;
    std::vector<uint32_t> seeking;  // those who may take another source
    uint32_t dropped_by_system{};   // as last told
  };
  struct Batch {
    std::array<mmsghdr, kBatch> messages{};
    std::array<iovec, kBatch> parts{};
    std::array<SocketAddress, kBatch> addresses{};  // where what was received comes from
    std::array<PacketInfo, kBatch> infos{};         // … and to which of our addresses it came
    std::unique_ptr<uint8_t[]> octets = std::make_unique<uint8_t[]>(kBatch * kBuffer);
    uint32_t count{};
    std::size_t used{};  // octets, one packet behind the other: a batch to be sent fits the first cache
  };

  // What a door asks for.
  void moved(Endpoint& endpoint) override;
  void tell(Endpoint& endpoint, DoorNews news, const Address& address, const char* why) override;
  void nudge() override;

  // io_thread.cpp
  void run();
  void sleep();
  void carry_out_commands();
  void begin_reading(SocketPair& pair);
  void change(Endpoint& endpoint, EndpointChange* change);
  void detach(Endpoint& endpoint);
  void settle(uint32_t number);
  void leave(uint32_t number);
  void rekey(uint32_t number, SocketKind kind, Address& held, const Address& wanted);
  void look(uint32_t number);
  void look_after_all();
  void report(const IoReport& report);
  void flush_reports();
  void turn_doors();

  // io_packets.cpp
  void read(Reader& reader, SocketKind kind);
  void take_batch(Reader& reader, SocketKind kind, uint32_t count);
  void take(Reader& reader, SocketKind kind, uint32_t which, const std::optional<Address>& from,
            std::optional<uint32_t> number);
  std::optional<uint32_t> seek(const Reader& reader, SocketKind kind, const Address& from,
                               std::span<const uint8_t> packet) const;
  void send_all();
  void send_batch(int socket);
  void send_control(Place& place, bool bye);
  void count_send_error(int error);
  void count_overflows(Reader& reader);

  Wake wake_;
  Wake& reported_;
  SpscRing<IoCommand> commands_;
  SpscRing<IoReport> reports_;
  std::deque<IoCommand> backlog_;  // signalling thread
  std::atomic<bool> stopping_{false};
  std::atomic<bool> ticked_{false};
  std::atomic<bool> nudged_{false};
  std::atomic<uint32_t> attached_{0};
  IoCounts counts_;

  // I/O thread.
  Descriptor epoll_;
  Demultiplexer demultiplexer_;
  std::vector<Place> places_;
  std::vector<uint32_t> free_places_;
  std::vector<Reader> readers_;  // by number of the pair
  std::vector<uint32_t> ready_;  // 2 * pair + kind
  std::deque<IoReport> untold_;  // for which the ring has had no room
  bool told_{};
  Batch received_;
  Batch sent_;
  int64_t now_ns_{};
  int64_t look_due_ns_{};
  bool crowded_{};  // much comes: it is worth to wait for more
  std::thread thread_;
};

}  // namespace cordboard::rtp
