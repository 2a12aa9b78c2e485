// SPDX-License-Identifier: GPL-2.0-or-later
// Fax ends beside the media tick. A modem costs a hundred times what the tick can spare for a port and does file I/O,
// so it runs on a worker thread; a port joins the two by a wait-free ring each way.
//
//   tick:   received row ── exchange ──> ring ──┐           ┌── ring ── exchange ──> row to send
//                                               │           │  (2 blocks ahead)
//   worker:                        A-law decode └─> spandsp ┘ A-law encode
//
// What is sent answers what was received 2 ticks (40 ms) before. That is how late a worker may be without anybody
// noticing; T.30 does not mind, its shortest answer time is 75 ms and its timers are seconds. When a worker is later,
// the row is silence and counted as an underrun; the answer then goes out a tick later for the rest of the call, so one
// delay costs one gap, and the head start grows to what the machine needs, 31 ticks (620 ms) at most. Beyond that rows
// received are lost and counted as overruns; the modem is told, so that its clock and T.30's stay right.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/counters.hpp"
#include "base/spsc_ring.hpp"
#include "dsp/g711.hpp"
#include "media/fax_terminal.hpp"

namespace cordboard::media {

/// Blocks of silence before the first answer.
inline constexpr uint32_t kFaxHeadStart = 2;

/// A fax end as the media tick sees it.
class FaxPort {
 public:
  /// The events come on the worker's thread, the last one before the callback of FaxWorkers::stop(). They must not
  /// throw, and hold up every other end of that worker while they run.
  /// With an end of T.38 the rows are only its clock: what is received is not listened to and silence is sent.
  FaxPort(FaxSettings settings, FaxEvents events, std::unique_ptr<T38End> t38 = nullptr);

  /// Media thread, once a tick: hands over the A-law row just received (160 octets) and fills the row to be sent. Copies
  /// two rows; no lock, allocation or system call.
  void exchange(const uint8_t* received, uint8_t* to_send);

  /// Whether the next exchange() has something to send. For those who pace the line by the worker instead of a clock.
  bool answered() const { return !to_send_.empty(); }

  /// Ticks in which silence was sent because the worker was late, and rows received that it never got.
  uint64_t underruns() const { return underruns_.value(); }
  uint64_t overruns() const { return overruns_.value(); }

  /// Nothing without T.38. Before FaxWorkers::start() and after stop() has called back.
  std::optional<T38Counts> t38_counts() const;

 private:
  friend class FaxWorkers;

  struct Block {
    std::array<uint8_t, dsp::kBlock> octets;
    uint32_t lost_before;  // blocks
  };
  static constexpr std::size_t kRing = 32;

  /// Worker: deals with one block if there is one.
  bool serve();

  SpscRing<Block> received_{kRing};
  SpscRing<Block> to_send_{kRing};
  uint32_t lost_{};  // media thread
  Count underruns_;
  Count overruns_;
  FaxTerminal terminal_;    // worker
  std::size_t worker_ = 0;  // FaxWorkers, under its lock
};

/// The threads on which fax ends live. They run at normal priority, below the media thread.
class FaxWorkers {
 public:
  /// On the worker's thread; the port is the caller's again, nothing touches it any more.
  using Stopped = std::function<void(FaxPort*)>;

  /// At least one thread. A core serves a thousand ends (fax_bench), so a thread a core is enough.
  explicit FaxWorkers(std::size_t threads);
  /// As close().
  ~FaxWorkers();
  FaxWorkers(const FaxWorkers&) = delete;
  FaxWorkers& operator=(const FaxWorkers&) = delete;

  /// Any thread but the media thread. The port goes to the worker with the fewest ends and stays there; its files are
  /// opened on that worker. Rows may be exchanged at once. The port must live until stop() calls back.
  void start(FaxPort* port);
  /// Any thread but the media thread, once, after the media thread has let go of the port. What it had handed over is
  /// still dealt with; then the call is dropped if it is not over, the files are closed, and `stopped` is called.
  void stop(FaxPort* port, Stopped stopped);
  /// Media thread, once after the exchanges of a tick: an atomic add, and one futex call when a worker sleeps. Nothing
  /// at all while there are no ends.
  void wake();
  /// Finishes everything asked before, drops calls that were never stopped, ends the threads. Idempotent; after it stop()
  /// works on the caller's thread.
  void close();

 private:
  struct Job {
    FaxPort* port;
    bool start;
    Stopped stopped;
  };
  struct Worker {
    std::deque<Job> jobs;  // under the lock
    std::size_t ends = 0;  // under the lock: started and not stopped
    std::vector<FaxPort*> ports;
    std::thread thread;
  };

  void run(Worker& worker);
  bool take_job(Worker& worker, bool& worked);
  void signal();

  std::mutex mutex_;
  bool closing_{};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<uint32_t> ends_{0};
  alignas(64) std::atomic<uint32_t> signal_{0};
};

}  // namespace cordboard::media
