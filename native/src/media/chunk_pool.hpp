// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of chunks, and the thread (cb-chunks) that keeps so many of them ready for the tick as it may want before that
// thread's next turns, whatever the disk does.
//
//   writer ── give ──> free chunks, by arena ── keep ──> feed.free ──> tick ──> feed.full ──> writer
//
// Memory grows with what is under way: a recording has a chunk that is being filled and one that is ready, and a disk that
// stands still makes more, kPatienceMs' worth at most. What is handed out comes from the first arenas, and of an arena what
// came back last; so those that a bad moment has asked for become empty again, and are given back to the system.
//
// Arenas are 2 MiB, asked for as huge pages: the tick writes to thousands of chunks, and with pages of 4 KiB every one of
// them would miss the TLB. What is handed out has been written to before, so the tick meets no page fault.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "media/chunk.hpp"

namespace cordboard::media {

class ChunkPool {
 public:
  /// A disk may stand still for so long before anything is lost.
  static constexpr uint32_t kPatienceMs = 5000;
  /// Those of one recording under way: what comes within that time, one being filled, and one being waited for.
  static constexpr std::size_t kMostOfRecording = kPatienceMs / (kChunkBlocks * 20) + 2;

  /// The feeds outlive it. `realtime`: keep the arenas from being swapped out, and the thread ahead of ordinary ones. Memory
  /// that has not been needed for `keep_ms` is given back.
  ChunkPool(std::vector<ChunkFeed*> feeds, bool realtime, std::chrono::milliseconds keep_ms);
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Any thread.

  /// A recording more of a feed: makes chunks ready for it and gives its first one; null when there is no memory.
  Chunk* begin(uint32_t feed);
  /// One less.
  void end(uint32_t feed);
  void give(std::span<Chunk* const> chunks);
  /// What its thread does all the time, now.
  void make_ready();

  /// That there are, used or not.
  std::size_t chunks() const;
  /// That there may be of as many recordings as there are now.
  std::size_t most_chunks() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Arena {
    bool there{};
    std::vector<uint16_t> free;  // numbers of chunks, what came back last at the end
    Clock::time_point empty_since{};
  };

  void run();
  void keep();
  void shrink(Clock::time_point now);
  Chunk* take();
  bool grow();
  std::size_t most_arenas() const;
  Chunk* arena_memory(std::size_t arena) const;

  const std::vector<ChunkFeed*> feeds_;
  const bool lock_;
  const std::chrono::milliseconds keep_ms_;
  void* reserved_{};  // addresses, without memory
  Chunk* first_chunk_{};

  mutable std::mutex mutex_;
  std::condition_variable wakes_;
  std::vector<Arena> arenas_;
  std::size_t first_free_{};  // no arena before it has a free chunk
  std::size_t there_{};       // arenas
  std::size_t active_{};      // recordings
  std::vector<std::size_t> active_of_feed_;
  bool stopping_{};

  std::thread thread_;
};

}  // namespace cordboard::media
