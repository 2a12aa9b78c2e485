// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/chunk_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace cordboard::media {

namespace {
constexpr std::size_t kArena = 2 * 1024 * 1024;
constexpr std::size_t kChunksOfArena = kArena / kChunkBytes;
}  // namespace

ChunkPool::~ChunkPool() {
  for (void* arena : arenas_) std::free(arena);
}

bool ChunkPool::grow(ChunkFeed& feed, std::size_t& of_feed, std::size_t wanted) {
  wanted = std::min(wanted, ChunkFeed::kMostChunks);
  while (of_feed < wanted) {
    void* arena = std::aligned_alloc(kArena, kArena);
    if (arena == nullptr) return false;
    arenas_.push_back(arena);
    madvise(arena, kArena, MADV_HUGEPAGE);  // without huge pages it is slower, not wrong
    std::memset(arena, 0, kArena);          // page faults here, none in the tick
    if (lock_) mlock(arena, kArena);        // refused without CAP_IPC_LOCK, which the media thread reports
    const auto count = std::min(kChunksOfArena, ChunkFeed::kMostChunks - of_feed);
    for (std::size_t i = 0; i < count; ++i) feed.free.push(static_cast<Chunk*>(arena) + i);
    of_feed += count;
  }
  return true;
}

}  // namespace cordboard::media
