// SPDX-License-Identifier: GPL-2.0-or-later
// Recordings: stereo A-law WAV, left what a port says, right what it hears. The media thread fills a ring of blocks,
// the writer thread puts them into the file; the header is right at any moment, so that a file cut off by a crash plays
// up to its last flush.
//
//   tick: received + sent rows ─interleave─> ring (5 s) ─> writer: append, rewrite header, syncfs once a flush
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "bus/bus.hpp"

namespace cordboard::media {

constexpr uint32_t kStereoBlock = 2 * bus::kBlock;
constexpr uint32_t kRecordingRing = 256;  // blocks: a disk may stand still for 5 s before anything is lost

/// One recording in the making. The media thread owns head and the slots before it, the writer tail.
struct Recording {
  /// A block on cache lines of its own: written around the cache, since nobody reads it for a second.
  struct alignas(64) Slot {
    std::array<uint8_t, kStereoBlock> bytes;
  };

  uint32_t id{};
  bus::Port port{};
  std::string path;
  std::vector<Slot> ring{kRecordingRing};
  std::array<uint32_t, kRecordingRing> gaps{};  // blocks of silence before a slot, lost while the ring was full
  std::atomic<uint64_t> head{0};
  std::atomic<uint64_t> tail{0};
  uint32_t gap{};      // media thread only, and so is:
  bool unpublished{};  // the slot at head is written
  // Writer only, read by others after its last word.
  int fd = -1;
  uint64_t data_bytes{};
  uint64_t lost_blocks{};
  bool failed{};
  std::string failure;

  double duration_ms() const { return static_cast<double>(data_bytes) / 16.0; }
};

/// The 58 octets before the samples: RIFF/WAVE, fmt (tag 6, A-law), fact, data.
std::array<uint8_t, 58> recording_header(uint64_t data_bytes);

/// Media thread: one block more. When the ring is full the block is counted and becomes silence later. The writer sees
/// the block after publish_block(), before which Kernels::stream_fence() must have been called.
void record_block(Recording& recording, const uint8_t* left, const uint8_t* right);
void publish_block(Recording& recording);

class RecordingWriter {
 public:
  /// What became of a recording; on the writer's thread.
  using Opened = std::function<void(Result<>)>;
  using Finished = std::function<void(Recording*)>;
  using Failed = std::function<void(Recording*)>;

  /// `failed` is told once of a recording whose file cannot be written any more; it still must be finished.
  RecordingWriter(uint32_t flush_ms, Failed failed);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  /// Makes the file (it must not exist) with the header of an empty recording. Errors: kIo, naming the file.
  void open(Recording* recording, Opened opened);
  /// Writes what is left and closes the file. The media thread must have let go of it. After stop() it is done at once,
  /// on the caller's thread.
  void finish(Recording* recording, Finished finished);
  /// Ends the thread after everything asked before is done. Idempotent.
  void stop();

 private:
  struct Job {
    Recording* recording;
    Opened opened;
    Finished finished;
  };

  void run();
  void open_now(Recording& recording, const Opened& opened);
  void finish_now(Recording& recording);
  void drain(Recording& recording);
  void fail_now(Recording& recording, const std::string& what, int error);
  void sync();

  const uint32_t flush_ms_;
  const Failed failed_;
  std::vector<Recording*> active_;
  std::vector<uint8_t> scratch_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Job> jobs_;
  bool stopping_{};
  std::thread thread_;
};

}  // namespace cordboard::media
