// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of chunks, in arenas of 2 MiB asked for as huge pages: the tick writes to thousands of chunks, and with
// pages of 4 KiB every one of them would miss the TLB. Writer thread only.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "media/chunk.hpp"

namespace cordboard::media {

class ChunkPool {
 public:
  /// `lock`: keep the arenas from being swapped out.
  explicit ChunkPool(bool lock) : lock_(lock) {}
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  /// Puts chunks into the feed until at least `wanted` belong to it (kMostChunks at most). False when there is no memory.
  bool grow(ChunkFeed& feed, std::size_t& of_feed, std::size_t wanted);

 private:
  bool lock_;
  std::vector<void*> arenas_;
};

}  // namespace cordboard::media
