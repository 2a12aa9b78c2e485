// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/recording.hpp"

#include "dsp/kernels.hpp"

namespace cordboard::media {

void record_block(Recording& recording, ChunkFeed& feed, const uint8_t* left, const uint8_t* right) {
  if (recording.chunk != nullptr && recording.fill == recording.limit) end_chunk(recording, feed);
  const auto block = recording.next_block++;
  if (recording.chunk == nullptr) {
    if (!feed.free.pop(recording.chunk)) {
      recording.chunk = nullptr;
      recording.lost_blocks.fetch_add(1, std::memory_order_relaxed);
      feed.lost_blocks.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    recording.chunk_first = block;
  }
  uint8_t* to = recording.chunk->payload.data() + static_cast<std::size_t>(recording.fill) * kStereoBlock;
  dsp::kernels().interleave_stream(left, right, to, bus::kBlock);
  ++recording.fill;
}

void end_chunk(Recording& recording, ChunkFeed& feed) {
  if (recording.chunk == nullptr) return;
  feed.full.push({recording.chunk, &recording, recording.chunk_first, recording.fill});
  recording.chunk = nullptr;
  recording.fill = 0;
  recording.limit = kChunkBlocks;
}

void give_back_chunks(ChunkFeed& feed) {
  constexpr int kOfTick = 8;
  const auto wanted = feed.wanted.load(std::memory_order_relaxed);
  Chunk* chunk = nullptr;
  for (int i = 0; i < kOfTick && feed.free.size() > wanted && feed.free.pop(chunk); ++i) {
    feed.full.push({chunk, nullptr, 0, 0});
  }
}

}  // namespace cordboard::media
