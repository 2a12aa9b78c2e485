// SPDX-License-Identifier: GPL-2.0-or-later
// What recordings travel in from the media tick to the disk: a quarter of a second of one recording, and the two rings by
// which a shard of the tick gets empty chunks and hands over full ones. On disk a chunk stands as it stands here.
//
//   ┌ header, 256 octets ┬ 12 stereo blocks of 320 octets ┐
//   └ whose, where, hash ┴ LRLR…, A-law ──────────────────┘ 4 KiB, in memory on 64-octet lines, on disk on whole sectors
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/spsc_ring.hpp"
#include "bus/bus.hpp"

namespace cordboard::media {

struct Recording;

constexpr uint32_t kStereoBlock = 2 * bus::kBlock;
constexpr uint32_t kChunkBlocks = 12;
constexpr uint32_t kChunkBytes = 4096;
constexpr uint32_t kChunkHeaderBytes = 256;

enum class ChunkKind : uint32_t {
  kOpen = 1,    // payload: for each of some recordings its key (8 octets), length of its path (2) and path
  kAudio = 2,   // payload: stereo blocks of the recording `key`
  kClosed = 3,  // payload: keys of recordings whose WAVs are whole and safe, so that nothing of them is cut again
};

struct ChunkHeader {
  std::array<char, 8> magic;  // kChunkMagic
  uint64_t hash;              // XXH3, 64 bits, of what follows to the end of what is used
  uint64_t key;               // of kAudio the recording: no other of this box has it, restarts included
  uint64_t first_block;       // place in the recording, in blocks of 20 ms
  uint32_t blocks;
  ChunkKind kind;
  uint32_t payload_bytes;
};

constexpr std::array<char, 8> kChunkMagic{'C', 'B', 'C', 'H', 'U', 'N', 'K', '2'};

struct alignas(64) Chunk {
  ChunkHeader header;
  std::array<uint8_t, kChunkHeaderBytes - sizeof(ChunkHeader)> reserved;
  std::array<uint8_t, kChunkBytes - kChunkHeaderBytes> payload;
};
static_assert(sizeof(Chunk) == kChunkBytes);
static_assert(offsetof(Chunk, payload) == kChunkHeaderBytes);
static_assert(kChunkBlocks * kStereoBlock <= kChunkBytes - kChunkHeaderBytes);

/// A chunk on its way to the writer. The tick leaves the header to the writer, to touch one cache line less.
struct FullChunk {
  Chunk* chunk;
  Recording* recording;  // null: none, and nothing in it
  uint32_t first_block;
  uint32_t blocks;  // 0: nothing in it after all
};

/// Between one shard of the tick and the writer. `full` holds every chunk that there may be, so a push never fails.
struct ChunkFeed {
  static constexpr std::size_t kMostChunks = 131072;  // 512 MiB, 5 s of 5,900 recordings
  static constexpr std::size_t kMostReady = 16384;

  SpscRing<Chunk*> free{kMostReady};          // pool → tick
  SpscRing<FullChunk> full{kMostChunks};      // tick → writer
  std::atomic<std::size_t> wanted{SIZE_MAX};  // in `free`; what is more goes back
  std::atomic<uint64_t> lost_blocks{0};       // of all recordings, for want of a free chunk; written by the tick
};

}  // namespace cordboard::media
