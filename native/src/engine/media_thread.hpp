// SPDX-License-Identifier: GPL-2.0-or-later
// The threads with the deadline: one MediaCore tick every 20 ms of the monotonic clock, or of a card's, its shards side by
// side.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/phase_barrier.hpp"
#include "base/wake.hpp"
#include "engine/api_snapshot.hpp"
#include "media/media_core.hpp"

namespace cordboard::engine {

class MediaThread {
 public:
  /// As many threads as the core has shards. `after_tick` is signalled once a tick. While `clock` does not tick, the machine's
  /// clock stands in.
  MediaThread(media::MediaCore& core, Wake& after_tick, bool realtime, cards::ClockPort* clock = nullptr);
  ~MediaThread();
  MediaThread(const MediaThread&) = delete;
  MediaThread& operator=(const MediaThread&) = delete;

  /// Ends after the tick in progress. Idempotent.
  void stop();

  /// Why the threads have no real-time priority or no locked memory; empty when they have both, or were not asked to.
  const std::string& realtime_refusal() const { return refusal_; }
  TickStatistics statistics() const;
  /// When the latest ticks began, `most` and a minute at most; since the clock was last given up or changed.
  std::vector<int64_t> tick_times(std::size_t most) const;
  /// The ticks follow a card's clock now.
  bool paced() const { return paced_.load(std::memory_order_relaxed); }

  static constexpr int64_t kTickNs = 20'000'000;

 private:
  void run();
  void help(uint32_t shard);
  void tick(int64_t due_ns);
  void become_realtime();

  static constexpr std::size_t kHistory = 3000;  // one minute
  // A card's clock that is late by less is waited for: a tick in its place would find no block on any timeslot.
  static constexpr int64_t kClockPatienceNs = 200'000'000;
  // Behind by more than this, the past is given up: catching up would only make the present late too.
  static constexpr int64_t kMostBehindNs = 1'000'000'000;

  media::MediaCore& core_;
  Wake& after_tick_;
  cards::ClockPort* const clock_;
  PhaseBarrier barrier_;
  std::array<std::atomic<uint32_t>, kHistory> work_ns_{};
  std::array<std::atomic<uint32_t>, kHistory> late_ns_{};
  std::array<std::atomic<int64_t>, kHistory> begun_ns_{};
  std::atomic<uint64_t> steady_from_{0};  // the tick from which on no time was given up
  std::atomic<bool> paced_{false};
  std::atomic<uint64_t> ticks_{0};
  std::atomic<uint64_t> missed_{0};
  std::atomic<bool> stopping_{false};
  bool ended_{};  // told to the helpers by the barrier
  bool realtime_{};
  std::string refusal_;
  std::vector<std::thread> helpers_;
  std::thread thread_;
};

}  // namespace cordboard::engine
