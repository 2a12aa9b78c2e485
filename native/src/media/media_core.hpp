// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that happens in a media tick, and the two rings by which the signalling thread takes part in it.
//
//                                      ┌─> streams ─> conditioners ─┬─> bus.route ─┬─> recorders ─> streams ─> reports
//   operations ring ─> apply ─> cards ─┤      ─> players ─> detectors  │              │
//                                      └──── a shard of ports each ────┴── a shard ───┴────── a shard ──────────> rings
//
// The ports are divided into shards; a thread may do one or several. Between the phases all wait for each other, because
// routing reads what other shards have conditioned, and recording what others have mixed. The result does not depend on
// the number of shards.
//
// No allocation, lock, log or I/O in here: what must be allocated is made by the signalling thread, handed over as a
// pointer in an operation and given back in a report.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/spsc_ring.hpp"
#include "bus/bus.hpp"
#include "bus/port_set.hpp"
#include "cards/card.hpp"
#include "dsp/dtmf.hpp"
#include "media/fax.hpp"
#include "media/playback.hpp"
#include "media/probe.hpp"
#include "media/recording.hpp"
#include "media/watcher.hpp"
#include "rtp/stream.hpp"
#include "rtp/stream_io.hpp"

namespace cordboard::media {

enum class OperationKind : uint8_t {
  kSource,      // port hears value (kNoPort: nothing)
  kConference,  // plan of conference slot `value`; null closes it
  kPlay,        // playback after what plays on its port
  kStopPlay,    // the playback of id `value` on port
  kDigitsOn,    // DTMF is looked for on port
  kDigitsOff,   // on port
  kWatchOn,     // watcher
  kWatchOff,    // watcher
  kCondition,   // conditioner of port, in place of the one it has; null: none
  kFaxOn,       // fax on port, in place of what it hears
  kFaxOff,      // fax on port
  kRecordOn,    // recording
  kRecordOff,   // recording
  kStreamOn,    // stream on port: says what comes in by RTP, sends what it hears
  kStreamOff,   // stream on port
  kSignal,      // a register signal that the line hears instead of all else; null: none
  kProbeOn,     // probe, in place of the one that its port has
  kProbeOff,    // probe
};

/// Octets sounded over and over: whole blocks of a tick, and without a seam. Outlives the media thread.
using SignalTone = std::vector<uint8_t>;

struct Operation {
  OperationKind kind{};
  bus::Port port{};
  uint32_t value{};
  union {
    void* pointer{};
    Playback* playback;
    const bus::ConferencePlan* plan;
    Watcher* watcher;
    Conditioner* conditioner;
    FaxPort* fax;
    Recording* recording;
    rtp::Stream* stream;
    const SignalTone* signal;
    Probe* probe;
  };
};

enum class ReportKind : uint8_t {
  kPlayFinished,
  kPlayStopped,
  kDigit,    // value: the character
  kSpeaker,  // value: conference slot; port: who speaks now, kNoPort: nobody
  kPlanFreed,
  kWatcherNoted,
  kWatcherFreed,
  kConditionerFreed,
  kFaxDetached,
  kRecordingDetached,
  kStreamNoted,
  kStreamDetached,
  kProbeNoted,
  kProbeDetached,
};

struct Report {
  ReportKind kind{};
  bus::Port port{};
  uint32_t value{};
  union {
    void* pointer{};
    Playback* playback;
    const bus::ConferencePlan* plan;
    Watcher* watcher;
    Conditioner* conditioner;
    FaxPort* fax;
    Recording* recording;
    rtp::Stream* stream;
    Probe* probe;
  };
};

enum class Phase : uint8_t { kListen, kRoute, kRecord };
inline constexpr std::array kPhases{Phase::kListen, Phase::kRoute, Phase::kRecord};

class MediaCore {
 public:
  /// `source_only`: ports that are announcers, heard but not hearing. The cards outlive the core, and so do the feeds,
  /// one for each shard; without feeds nothing can be recorded.
  MediaCore(uint32_t ports, const std::vector<bus::Port>& source_only, std::vector<cards::Card*> cards,
            uint32_t shards = 1);
  ~MediaCore();

  uint32_t shards() const { return static_cast<uint32_t>(shards_.size()); }
  uint32_t shard_of(bus::Port port) const { return port / ports_of_shard_; }
  /// Where a shard's recordings go. Before the first tick.
  void set_feed(uint32_t shard, ChunkFeed& feed) { shards_[shard].feed = &feed; }

  /// Signalling thread. False when the ring is full: post it again after the next tick.
  bool post(const Operation& operation) { return operations_.push(operation); }
  /// Signalling thread.
  bool take(Report& report);

  /// Media thread: one tick of 20 ms, all shards. `due_ns`: when it is due, monotonic; only streams look at it.
  void tick(int64_t due_ns = 0);

  /// The same in pieces, for several threads: begin() by one, then each phase for every shard, all threads having ended a
  /// phase before one begins the next, then end() by one.
  void begin(int64_t due_ns = 0);
  void run(Phase phase, uint32_t shard);
  void end() { ticks_.fetch_add(1, std::memory_order_release); }

  /// Who serves the fax ends. Before the first tick.
  void set_fax_workers(FaxWorkers* workers) { fax_workers_ = workers; }
  /// Who sends what the streams have to say. Before the first tick.
  void set_stream_io(rtp::StreamIo* io) { stream_io_ = io; }
  /// Media thread, after a tick and outside of it: the turn of those who work on what it has done.
  void wake_workers() {
    if (stream_io_ != nullptr) stream_io_->wake();
    if (fax_workers_ != nullptr) fax_workers_->wake();
  }

  /// Keeps the rows of the bus in memory. 0 or an errno.
  int lock_memory() { return bus_.lock_memory(); }

  uint64_t ticks() const { return ticks_.load(std::memory_order_relaxed); }
  /// Hands every object still held to `free`, after the media thread has ended.
  template <class Free>
  void drain(Free free) {
    Report report;
    Operation operation;
    while (operations_.pop(operation)) apply(operation);
    for (bus::Port port = 0; port < bus_.ports(); ++port) {
      clear(port);
      while (take(report)) free(report);
    }
    for (uint32_t slot = 0; slot < bus::Bus::kConferences; ++slot) {
      if (const auto* plan = bus_.set_conference(slot, nullptr)) {
        free(Report{.kind = ReportKind::kPlanFreed, .plan = plan});
      }
    }
  }

 private:
  struct alignas(64) Shard {
    bus::Port first{};
    bus::Port last{};
    ChunkFeed* feed{};
    std::unique_ptr<SpscRing<Report>> reports;
    std::vector<bus::Port> ended;  // played their last samples in the tick before
  };

  void apply(const Operation& operation);
  void clear(bus::Port port);
  void listen(Shard& shard);
  void route(uint32_t number);
  void record(Shard& shard);
  void prefetch_streams(const Shard& shard, bus::Port port) const;
  void hear_streams(Shard& shard);
  void send_streams(Shard& shard);
  void stream_off(bus::Port port);
  void condition(Shard& shard);
  void play(Shard& shard, bus::Port port);
  void stop_play(bus::Port port, uint32_t id);
  void hand_back(bus::Port port);
  void detect_digits(Shard& shard);
  void watch(Shard& shard);
  void detach(Recording* recording);
  void unwatch(Watcher* watcher);
  void fax_off(bus::Port port);
  void set_signal(bus::Port port, const SignalTone* signal);
  void sound(Shard& shard);
  void probe_off(bus::Port port);
  void probe(Shard& shard);
  void set_conditioner(bus::Port port, Conditioner* conditioner);
  Shard& shard(bus::Port port) { return shards_[shard_of(port)]; }
  /// Into the ring of the port's shard, so that a port's reports keep their order whoever makes them.
  void report(const Report& report) { shard(report.port).reports->push(report); }
  bool room_for_reports();

  bus::Bus bus_;
  std::vector<cards::Card*> cards_;
  SpscRing<Operation> operations_;
  uint32_t ports_of_shard_;
  std::vector<Shard> shards_;
  uint32_t next_taken_{};
  std::vector<uint8_t> source_only_;
  bus::PortSet playing_ports_;
  std::vector<Playback*> playing_;  // by port, first of a list
  struct Signal {
    const SignalTone* tone{};
    std::size_t at{};
  };
  bus::PortSet signal_ports_;
  std::vector<Signal> signals_;  // by port
  bus::PortSet probe_ports_;
  std::vector<Probe*> probes_;  // by port
  bus::PortSet digit_ports_;
  std::vector<dsp::DtmfState> digit_states_;  // by port
  bus::PortSet watched_ports_;
  std::vector<Watcher*> watchers_;  // by port, first of a list
  bus::PortSet conditioned_ports_;
  std::vector<Conditioner*> conditioners_;  // by port
  bus::PortSet fax_ports_;
  std::vector<FaxPort*> faxes_;  // by port
  FaxWorkers* fax_workers_{};
  bus::PortSet recorded_ports_;
  std::vector<Recording*> recordings_;  // by port, first of a list
  bus::PortSet stream_ports_;
  std::vector<rtp::Stream*> streams_;  // by port
  rtp::StreamIo* stream_io_{};
  int64_t due_ns_{};                 // of this tick
  std::vector<bus::Port> speakers_;  // by conference slot, as told
  std::atomic<uint64_t> ticks_{0};
  std::vector<uint8_t> missing_;  // by port: no block came in time
};

}  // namespace cordboard::media
