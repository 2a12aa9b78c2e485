// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that happens in a media tick, and the two rings by which the signalling thread takes part in it.
//
//   operations ring ─> apply ─> cards ─> players ─> detectors ─> bus.route ─> recorders ─> reports ─> ring
//
// No allocation, lock, log or I/O in here: what must be allocated is made by the signalling thread, handed over as a
// pointer in an operation and given back in a report.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "base/spsc_ring.hpp"
#include "bus/bus.hpp"
#include "cards/card.hpp"
#include "dsp/dtmf.hpp"
#include "media/playback.hpp"
#include "media/recording.hpp"

namespace cordboard::media {

enum class OperationKind : uint8_t {
  kSource,       // port hears value (kNoPort: nothing)
  kConference,   // plan of conference slot `value`; null closes it
  kPlay,         // playback after what plays on its port
  kStopPlay,     // the playback of id `value` on port
  kDetectorOn,   // dtmf state for port
  kDetectorOff,  // on port
  kRecordOn,     // recording
  kRecordOff,    // recording
};

struct Operation {
  OperationKind kind{};
  bus::Port port{};
  uint32_t value{};
  union {
    void* pointer{};
    Playback* playback;
    const bus::ConferencePlan* plan;
    dsp::DtmfState* detector;
    Recording* recording;
  };
};

enum class ReportKind : uint8_t {
  kPlayFinished,
  kPlayStopped,
  kDigit,            // value: the character
  kPlanFreed,
  kDetectorFreed,
  kRecordingDetached,
};

struct Report {
  ReportKind kind{};
  bus::Port port{};
  uint32_t value{};
  union {
    void* pointer{};
    Playback* playback;
    const bus::ConferencePlan* plan;
    dsp::DtmfState* detector;
    Recording* recording;
  };
};

class MediaCore {
 public:
  /// `source_only`: ports that are announcers, heard but not hearing. The cards outlive the core.
  MediaCore(uint32_t ports, const std::vector<bus::Port>& source_only, std::vector<cards::Card*> cards);
  ~MediaCore();

  /// Signalling thread. False when the ring is full: post it again after the next tick.
  bool post(const Operation& operation) { return operations_.push(operation); }
  /// Signalling thread.
  bool take(Report& report) { return reports_.pop(report); }

  /// Media thread: one tick of 20 ms.
  void tick();

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
      stop_plays(port);
      detector_off(port);
      while (take(report)) free(report);
    }
    while (!recordings_.empty()) {
      detach(recordings_.back());
      while (take(report)) free(report);
    }
    for (uint32_t slot = 0; slot < bus::Bus::kConferences; ++slot) {
      if (const auto* plan = bus_.set_conference(slot, nullptr)) {
        free(Report{.kind = ReportKind::kPlanFreed, .plan = plan});
      }
    }
  }

 private:
  void apply(const Operation& operation);
  void play(bus::Port port);
  void stop_plays(bus::Port port);
  void hand_back(bus::Port port);
  void detector_off(bus::Port port);
  void detach(Recording* recording);
  void detect();
  void report(const Report& report) { reports_.push(report); }

  bus::Bus bus_;
  std::vector<cards::Card*> cards_;
  SpscRing<Operation> operations_;
  SpscRing<Report> reports_;
  std::vector<uint8_t> source_only_;
  std::vector<Playback*> playing_;       // by port, first of a list
  std::vector<bus::Port> playing_ports_;  // dense
  std::vector<bus::Port> ended_ports_;      // played their last samples in the tick before
  std::vector<dsp::DtmfState*> detectors_;  // by port
  std::vector<bus::Port> detector_ports_;   // dense
  std::vector<Recording*> recordings_;      // dense
  std::atomic<uint64_t> ticks_{0};
};

}  // namespace cordboard::media
