// SPDX-License-Identifier: GPL-2.0-or-later
// Recordings on their way to disk.
//
//   feeds ──> writer thread ──> segment (fdatasync once a second) ──┐
//                │ index                                            │ read back
//                └── a recording has ended, or segments are many ──> cutter thread ──> stereo A-law WAVs, syncfs
//
// The writer never waits for the cutter, and the tick for neither. Segments are removed in their order, when all their
// chunks are cut. When the disk cannot take what comes the recordings end with what they have, and the calls go on; a
// reserve is kept free for the database, and with it room for cutting what is in the segments.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "media/chunk_pool.hpp"
#include "media/recording.hpp"
#include "media/segment.hpp"

namespace cordboard::media {

struct RecorderSettings {
  std::string folder;       // of the segments; made when it is not there
  uint32_t sync_ms = 1000;  // a power cut loses at most this and 0.6 s more
  uint64_t segment_bytes = 64ULL << 20;
  uint64_t most_bytes = 1ULL << 30;  // of all segments: beyond it the oldest is cut while its calls go on
  uint64_t reserve_bytes = 512ULL << 20;
  uint32_t keep_memory_ms = 10'000;  // that a slow disk has needed: one that is slow now and then is so again soon
  uint32_t feeds = 1;                // shards of the tick
  bool realtime = false;             // its memory locked, and what hands it out ahead of ordinary threads
};

/// How the disk does. kSlow: it stood still for longer than the pool lasts. kFull: no more than the reserve is left.
enum class StoreState : uint8_t { kGood, kSlow, kFull, kFailed };

struct StoreReport {
  StoreState state;
  std::string detail;
  uint64_t free_bytes;
};

class RecordingWriter {
 public:
  using Opened = std::function<void(Result<>)>;
  using Finished = std::function<void(Recording*)>;
  using Failed = std::function<void(Recording*)>;
  using Told = std::function<void(const StoreReport&)>;

  /// `failed` is told once, on the writer's thread, of a recording that cannot go on; it still must be finished. `told`
  /// hears of every change of the disk's state. recover_recordings() comes first.
  RecordingWriter(RecorderSettings settings, Failed failed, Told told);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  ChunkFeed& feed(uint32_t shard) { return *feeds_[shard]; }

  /// Makes the WAV (it must not exist, its folder must), empty as yet, and writes down whose it is; `opened` is called
  /// on the writer's thread when that is safe on disk. `recording->feed` is set already. Errors: kIo, naming the file.
  /// From then on the recording has its first chunk.
  void open(Recording* recording, Opened opened);
  /// Cuts the WAV and makes it safe, then `finished` on the cutter's thread. The media thread must have let go of the
  /// recording. After stop() it is done at once, on the caller's thread.
  void finish(Recording* recording, Finished finished);
  /// Ends the threads after everything asked before is done. Idempotent.
  void stop();

  /// Written into segments since the start.
  uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }
  ChunkPool& pool() { return pool_; }

 private:
  struct Open {
    Recording* recording;
    Opened opened;
  };
  struct Finish {
    Recording* recording;
    Finished finished;
  };

  // Writer thread.
  void write_loop();
  void open_all(std::vector<Open>& opens);
  Result<> begin(Recording& recording);
  Result<> write_down(OpenTable& table);
  void drain();
  void take_back(const std::vector<Finish>& finishes);
  int append(std::vector<Chunk*>& chunks, const std::vector<FullChunk>* audio);
  Result<> need_segment(std::size_t chunks);
  void refused(const std::string& why);
  void fail_all(const std::string& why);
  void sync();
  void check_disk();
  void tell(StoreState state, const std::string& detail);
  Result<uint64_t> free_bytes() const;
  Result<> room_for_more(uint64_t free) const;
  void write_closed();
  void remove_cut_segments();
  void spill_oldest();
  uint64_t segment_bytes() const;

  // Cutter thread.
  void cut_loop();
  void cut_finished(std::vector<Finish>& finishes);
  void spill(const std::vector<std::shared_ptr<Segment>>& segments);
  void forget(ChunkPlaces& places);
  Segments segments_by_number() const;

  const RecorderSettings settings_;
  const Failed failed_;
  const Told told_;
  const std::vector<std::unique_ptr<ChunkFeed>> feeds_;
  ChunkPool pool_;
  uint64_t next_key_;
  uint32_t next_number_;
  StoreState state_ = StoreState::kGood;
  uint64_t lost_seen_{};
  bool refused_{};               // a write, and has taken none since
  std::vector<FullChunk> full_;  // scratch
  std::vector<Chunk*> batch_;    // scratch
  std::vector<Chunk*> unused_;   // scratch
  std::atomic<uint64_t> written_bytes_{0};

  std::mutex mutex_;
  std::condition_variable writer_wakes_;
  std::condition_variable cutter_wakes_;
  // All under the lock: what is asked, and the index.
  std::vector<Open> opens_;
  std::vector<Finish> finishes_;  // for the writer, which passes them on after the last chunk
  std::vector<Finish> cuts_;      // for the cutter
  std::vector<std::shared_ptr<Segment>> spill_;
  std::vector<uint64_t> closed_;  // keys to be written down
  std::vector<Recording*> active_;
  std::deque<std::shared_ptr<Segment>> segments_;
  bool stopping_{};
  bool no_more_cuts_{};

  std::thread writer_;
  std::thread cutter_;
};

}  // namespace cordboard::media
