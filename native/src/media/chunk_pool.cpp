// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/chunk_pool.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace cordboard::media {

namespace {

constexpr std::size_t kArena = 2 * 1024 * 1024;
constexpr std::size_t kChunksOfArena = kArena / kChunkBytes;
constexpr std::size_t kArenas = ChunkFeed::kMostChunks / kChunksOfArena;
// Recordings take a chunk each in 240 ms, evenly spread; so three for four of them last for 180 ms. Of few recordings all
// may want one at once.
constexpr std::size_t ready_for(std::size_t recordings) {
  return recordings == 0 ? 0 : std::min(recordings * 3 / 4 + 4, ChunkFeed::kMostReady);
}
constexpr auto kPace = std::chrono::milliseconds(50);
constexpr auto kPaceAtRest = std::chrono::seconds(1);
constexpr int kPriority = 48;  // below the tick and RTP

}  // namespace

ChunkPool::ChunkPool(std::vector<ChunkFeed*> feeds, bool realtime, std::chrono::milliseconds keep_ms)
    : feeds_(std::move(feeds)), lock_(realtime), keep_ms_(keep_ms), arenas_(kArenas), active_of_feed_(feeds_.size()) {
  constexpr std::size_t kReserved = (kArenas + 1) * kArena;
  reserved_ = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved_ != MAP_FAILED) {
    void* at = reserved_;
    std::size_t room = kReserved;
    first_chunk_ = static_cast<Chunk*>(std::align(kArena, kArenas * kArena, at, room));
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "cb-chunks");
  if (realtime) {
    // Refused without CAP_SYS_NICE, which the media thread reports.
    const sched_param parameters{kPriority};
    pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters);
  }
}

ChunkPool::~ChunkPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wakes_.notify_one();
  }
  thread_.join();
  if (first_chunk_ != nullptr) munmap(reserved_, (kArenas + 1) * kArena);
}

Chunk* ChunkPool::begin(uint32_t feed) {
  const std::lock_guard lock(mutex_);
  ++active_;
  ++active_of_feed_[feed];
  auto* const chunk = take();
  keep();
  wakes_.notify_one();
  return chunk;
}

void ChunkPool::end(uint32_t feed) {
  const std::lock_guard lock(mutex_);
  --active_;
  --active_of_feed_[feed];
}

void ChunkPool::give(std::span<Chunk* const> chunks) {
  if (chunks.empty()) return;
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  for (auto* chunk : chunks) {
    const auto number = static_cast<std::size_t>(chunk - first_chunk_);
    auto& arena = arenas_[number / kChunksOfArena];
    arena.free.push_back(static_cast<uint16_t>(number % kChunksOfArena));
    if (arena.free.size() == kChunksOfArena) arena.empty_since = now;
    first_free_ = std::min(first_free_, number / kChunksOfArena);
  }
}

void ChunkPool::make_ready() {
  const std::lock_guard lock(mutex_);
  keep();
}

std::size_t ChunkPool::chunks() const {
  const std::lock_guard lock(mutex_);
  return there_ * kChunksOfArena;
}

std::size_t ChunkPool::most_chunks() const {
  const std::lock_guard lock(mutex_);
  return most_arenas() * kChunksOfArena;
}

// ---------------------------------------------------------------------------------------------------- under the lock

Chunk* ChunkPool::arena_memory(std::size_t arena) const { return first_chunk_ + arena * kChunksOfArena; }

std::size_t ChunkPool::most_arenas() const {
  return std::min(((active_ + 1) * kMostOfRecording + kChunksOfArena - 1) / kChunksOfArena, kArenas);
}

Chunk* ChunkPool::take() {
  while (first_free_ < kArenas && arenas_[first_free_].free.empty()) ++first_free_;
  if (first_free_ == kArenas && !grow()) return nullptr;
  auto& arena = arenas_[first_free_];
  auto* const chunk = arena_memory(first_free_) + arena.free.back();
  arena.free.pop_back();
  return chunk;
}

bool ChunkPool::grow() {
  if (first_chunk_ == nullptr || there_ >= most_arenas()) return false;
  const auto found = std::find_if(arenas_.begin(), arenas_.end(), [](const Arena& arena) { return !arena.there; });
  const auto number = static_cast<std::size_t>(found - arenas_.begin());
  void* const memory = arena_memory(number);
  if (mprotect(memory, kArena, PROT_READ | PROT_WRITE) != 0) return false;
  madvise(memory, kArena, MADV_HUGEPAGE);  // without huge pages it is slower, not wrong
  std::memset(memory, 0, kArena);          // page faults here, none in the tick
  if (lock_) mlock(memory, kArena);        // refused without CAP_IPC_LOCK, which the media thread reports
  found->there = true;
  ++there_;
  found->free.reserve(kChunksOfArena);
  for (std::size_t i = kChunksOfArena; i > 0; --i) found->free.push_back(static_cast<uint16_t>(i - 1));
  first_free_ = number;
  return true;
}

/// The only one that puts chunks into the feeds: whoever calls it has the lock.
void ChunkPool::keep() {
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    auto& ready = feeds_[i]->free;
    const auto wanted = ready_for(active_of_feed_[i]);
    feeds_[i]->wanted.store(wanted, std::memory_order_relaxed);
    for (auto count = ready.size(); count < wanted; ++count) {
      auto* const chunk = take();
      if (chunk == nullptr) return;
      ready.push(chunk);
    }
  }
}

void ChunkPool::shrink(Clock::time_point now) {
  for (std::size_t i = 0; i < kArenas; ++i) {
    auto& arena = arenas_[i];
    if (!arena.there || arena.free.size() < kChunksOfArena || now - arena.empty_since < keep_ms_) continue;
    void* const memory = arena_memory(i);
    // A mapping in its place: that gives back locked memory, too.
    if (mmap(memory, kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED) {
      continue;
    }
    arena = {};
    --there_;
  }
}

void ChunkPool::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (active_ > 0) {
      wakes_.wait_for(lock, kPace);
    } else if (there_ > 0) {
      wakes_.wait_for(lock, kPaceAtRest);
    } else {
      wakes_.wait(lock);
    }
    keep();
    shrink(Clock::now());
  }
}

}  // namespace cordboard::media
