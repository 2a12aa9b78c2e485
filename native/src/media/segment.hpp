// SPDX-License-Identifier: GPL-2.0-or-later
// The append-only file that all recordings of a moment share: chunks one after the other, each saying whose it is and
// where in its recording it belongs. One fdatasync makes all of them safe, where one for each recording would be more
// than a disk can do (1-4 ms each).
//
//   segment-00000001.rec:  │open r1│r1 0-12│open r2│r2 0-7│r1 13-37│…│closed r1│…
//
// The index (which chunk of which recording is where) is in memory and is made anew from the chunks' headers after a
// crash. A chunk whose hash is wrong was not whole on the disk yet, and is passed over.
#pragma once

#include <sys/types.h>

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "media/chunk.hpp"

namespace cordboard::media {

/// Owned by the writer thread; `live` is under the writer's lock.
struct Segment {
  Segment() = default;
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  uint32_t number{};
  std::string path;
  int fd = -1;
  uint64_t used{};
  uint64_t capacity{};
  bool sealed{};
  bool unsynced{};
  std::size_t live{};  // chunks in it that are not cut into their WAV yet

  /// Makes the file with its space reserved, so that no write runs out of it. Errors: kIo, naming file and reason.
  static Result<std::shared_ptr<Segment>> make(const std::string& folder, uint32_t number, uint64_t capacity);
  bool fits(std::size_t chunks) const { return used + chunks * kChunkBytes <= capacity; }
  /// Appends whole chunks, headers finished by finish_header(). 0 or an errno.
  int append(std::span<Chunk* const> chunks);
  int sync();
};

/// Fills the header in and hashes it with its payload.
void finish_header(Chunk& chunk, ChunkKind kind, uint64_t key, uint64_t first_block, uint32_t blocks,
                   uint32_t payload_bytes);

/// Chunks of kind kOpen that name recordings.
class OpenTable {
 public:
  void add(uint64_t key, const std::string& path);
  /// Ends the last chunk. Gives all of them.
  std::vector<Chunk*> chunks();

 private:
  std::vector<std::unique_ptr<Chunk>> chunks_;
  uint32_t bytes_{};  // of the last
};
constexpr std::size_t kLongestPath = kChunkBytes - kChunkHeaderBytes - sizeof(uint64_t) - sizeof(uint16_t);

/// Where a chunk of a recording stands on disk.
struct ChunkPlace {
  uint32_t segment;  // its number
  uint32_t chunk;    // from its beginning
};
/// In the order of writing. A list in pieces: there are hundreds of each of thousands of recordings.
using ChunkPlaces = std::deque<ChunkPlace>;
/// By number.
using Segments = std::map<uint32_t, std::shared_ptr<Segment>>;

/// Puts chunks into the WAV where they belong and makes its header true, with at least `blocks` blocks in it. Gives the
/// length in blocks. Errors: kIo, naming the file.
Result<uint64_t> cut(const std::string& path, const Segments& segments, const ChunkPlaces& places, uint64_t blocks,
                     class FileSystems& to_sync);

/// The file systems that files are on, to make all files safe with one call each.
class FileSystems {
 public:
  FileSystems() = default;
  ~FileSystems();
  FileSystems(const FileSystems&) = delete;
  FileSystems& operator=(const FileSystems&) = delete;
  void add(int fd);
  /// syncfs. 0 or an errno.
  int sync();

 private:
  std::vector<std::pair<dev_t, int>> one_of_each_;
};

struct RecoveredRecording {
  std::string path;
  uint64_t blocks;
  std::string failure;  // empty: the WAV is whole up to the last chunk that reached the disk
};

/// Cuts whatever a crash left in a folder's segments into WAVs, makes these safe, and removes the segments. A WAV that
/// cannot be written keeps its segments. Errors: kIo when the folder cannot be made or read.
Result<std::vector<RecoveredRecording>> recover_recordings(const std::string& folder);

/// The next number that no segment in the folder has.
uint32_t next_segment_number(const std::string& folder);

}  // namespace cordboard::media
