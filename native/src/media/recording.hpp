// SPDX-License-Identifier: GPL-2.0-or-later
// A recording as the media tick sees it: left what a port says, right what it hears, gathered into chunks.
//
//   received + sent rows ─interleave─> chunk (0.24 s) ─full─> feed ─> RecordingWriter ─> segment ─> stereo A-law WAV
//
// When no chunk is free the disk has stood still for longer than the pool lasts: the blocks are counted, time goes on,
// and what is missing becomes silence when the WAV is cut.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "media/chunk.hpp"
#include "media/segment.hpp"

namespace cordboard::media {

/// Aligned, because what the tick touches is then one cache line of each recording.
struct alignas(64) Recording {
  // Media thread, until it has reported the recording detached.
  Recording* next{};  // of the same port
  Chunk* chunk{};     // the first by RecordingWriter::open()
  uint32_t fill{};
  uint32_t limit = kChunkBlocks;  // of the current chunk; the first is cut short, so that not all are full at once
  uint32_t chunk_first{};
  uint32_t next_block{};  // 2.7 years
  std::atomic<uint64_t> lost_blocks{0};

  uint32_t id{};
  bus::Port port{};
  std::string path;

  // Writer, under its lock while the recording is open.
  uint64_t key{};
  uint32_t feed{};
  ChunkPlaces places;  // written, not yet cut
  bool failed{};
  std::string failure;

  // After `finished`: of the WAV's audio.
  uint64_t data_bytes{};
  double duration_ms() const { return static_cast<double>(data_bytes) / 16.0; }
};

/// Media thread: one block more. Blocks are written around the cache; Kernels::stream_fence() has to be called after the
/// last of a tick, and orders them before the hand-over, which is a tick later at the earliest.
void record_block(Recording& recording, ChunkFeed& feed, const uint8_t* left, const uint8_t* right);

/// Media thread, a tick after the last block: hands over what there is.
void end_chunk(Recording& recording, ChunkFeed& feed);

/// Media thread, once a tick: hands back what is ready and no longer wanted, a few at a time.
void give_back_chunks(ChunkFeed& feed);

}  // namespace cordboard::media
