// SPDX-License-Identifier: GPL-2.0-or-later
// The writer thread; the cutter's is in recording_cutter.cpp.
#include "media/recording_writer.hpp"

#include <pthread.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/background.hpp"
#include "media/wav_file.hpp"

namespace cordboard::media {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPace = std::chrono::milliseconds(50);
constexpr std::size_t kBatch = 2048;

uint64_t first_key() {
  uint64_t key = 0;
  if (getrandom(&key, sizeof key, 0) != sizeof key)
    key = static_cast<uint64_t>(Clock::now().time_since_epoch().count());
  return key;
}

std::vector<std::unique_ptr<ChunkFeed>> make_feeds(uint32_t count) {
  std::vector<std::unique_ptr<ChunkFeed>> feeds(count);
  for (auto& feed : feeds) feed = std::make_unique<ChunkFeed>();
  return feeds;
}

std::vector<ChunkFeed*> pointers(const std::vector<std::unique_ptr<ChunkFeed>>& feeds) {
  std::vector<ChunkFeed*> all;
  for (const auto& feed : feeds) all.push_back(feed.get());
  return all;
}

std::string mib(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

RecordingWriter::RecordingWriter(RecorderSettings settings, Failed failed, Told told)
    : settings_(std::move(settings)),
      failed_(std::move(failed)),
      told_(std::move(told)),
      feeds_(make_feeds(settings_.feeds)),
      pool_(pointers(feeds_), settings_.realtime, std::chrono::milliseconds(settings_.keep_memory_ms)),
      next_key_(first_key()),
      next_number_(next_segment_number(settings_.folder)) {
  writer_ = std::thread([this] { write_loop(); });
  cutter_ = std::thread([this] { cut_loop(); });
  pthread_setname_np(writer_.native_handle(), "cb-writer");
  pthread_setname_np(cutter_.native_handle(), "cb-cutter");
}

RecordingWriter::~RecordingWriter() { stop(); }

void RecordingWriter::open(Recording* recording, Opened opened) {
  const std::lock_guard lock(mutex_);
  opens_.push_back({recording, std::move(opened)});
  writer_wakes_.notify_one();
}

void RecordingWriter::finish(Recording* recording, Finished finished) {
  {
    const std::lock_guard lock(mutex_);
    finishes_.push_back({recording, std::move(finished)});
    if (!no_more_cuts_) {
      writer_wakes_.notify_one();
      return;
    }
  }
  drain();
  auto last = std::exchange(finishes_, {});
  take_back(last);
  cut_finished(last);
  remove_cut_segments();
}

void RecordingWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    writer_wakes_.notify_one();
  }
  if (writer_.joinable()) writer_.join();
  {
    const std::lock_guard lock(mutex_);
    no_more_cuts_ = true;
    cutter_wakes_.notify_one();
  }
  if (!cutter_.joinable()) return;
  cutter_.join();
  remove_cut_segments();
}

void RecordingWriter::write_loop() {
  // A second of sound waits in memory; a call's answer does not.
  stand_back(10);
  auto next = Clock::now() + kPace;
  auto next_sync = Clock::now() + std::chrono::milliseconds(settings_.sync_ms);
  while (true) {
    std::vector<Open> opens;
    std::vector<Finish> finishes;
    bool stopping;
    {
      std::unique_lock lock(mutex_);
      writer_wakes_.wait_until(lock, next, [this] { return stopping_ || !opens_.empty() || !finishes_.empty(); });
      opens.swap(opens_);
      finishes.swap(finishes_);
      stopping = stopping_;
    }
    if (!opens.empty()) open_all(opens);
    const auto now = Clock::now();
    const bool paced = now >= next;
    if (paced || !finishes.empty()) drain();
    if (!finishes.empty()) {
      take_back(finishes);
      const std::lock_guard lock(mutex_);
      cuts_.insert(cuts_.end(), std::make_move_iterator(finishes.begin()), std::make_move_iterator(finishes.end()));
      cutter_wakes_.notify_one();
    }
    if (paced) {
      next = std::max(next + kPace, now);
      remove_cut_segments();
      const std::lock_guard lock(mutex_);
      spill_oldest();
    }
    if (now >= next_sync) {
      next_sync = std::max(next_sync + std::chrono::milliseconds(settings_.sync_ms), now);
      write_closed();
      sync();
      check_disk();
    }
    if (stopping && opens.empty() && finishes.empty()) break;
  }
  drain();
  sync();
}

// --------------------------------------------------------------------------------------------------------- beginnings

void RecordingWriter::open_all(std::vector<Open>& opens) {
  std::vector<Result<>> outcomes;
  OpenTable table;
  for (auto& [recording, opened] : opens) {
    outcomes.push_back(begin(*recording));
    if (!outcomes.back()) continue;
    table.add(recording->key, recording->path);
  }
  auto written = write_down(table);
  for (std::size_t i = 0; i < opens.size(); ++i) {
    auto* recording = opens[i].recording;
    if (outcomes[i] && !written) {
      unlink(recording->path.c_str());
      outcomes[i] = written;
    } else if (outcomes[i]) {
      recording->chunk = pool_.begin(recording->feed);
      const std::lock_guard lock(mutex_);
      active_.push_back(recording);
    }
  }
  for (std::size_t i = 0; i < opens.size(); ++i) opens[i].opened(std::move(outcomes[i]));
}

/// Takes the name of the WAV.
Result<> RecordingWriter::begin(Recording& recording) {
  if (recording.path.size() > kLongestPath) return fail(ErrorCode::kInvalid, "the path of a recording is too long");
  const auto free = free_bytes();
  if (!free) return free.error();
  if (auto room = room_for_more(*free); !room) return room;
  if (auto made = WavFile::make(recording.path); !made) return made.error();
  recording.key = next_key_++;
  // Evenly spread whatever the rhythm in which recordings begin: multiples of the golden section.
  recording.limit = 1 + (recording.id * 2654435769U >> 16) * kChunkBlocks / 65536;
  return Empty{};
}

/// Makes it safe on disk whose the keys are.
Result<> RecordingWriter::write_down(OpenTable& table) {
  auto chunks = table.chunks();
  if (chunks.empty()) return Empty{};
  if (auto there = need_segment(chunks.size()); !there) return there;
  int code = append(chunks, nullptr);
  if (code == 0) code = segments_.back()->sync();
  if (code == 0) return Empty{};
  return fail(ErrorCode::kIo, "recordings cannot be written to " + settings_.folder + ": " + std::strerror(code));
}

// ------------------------------------------------------------------------------------------------------------- chunks

void RecordingWriter::drain() {
  const auto most = std::clamp<std::size_t>(settings_.segment_bytes / kChunkBytes, 1, kBatch);
  for (auto& feed : feeds_) {
    while (true) {
      full_.clear();
      batch_.clear();
      unused_.clear();
      FullChunk full;
      while (full_.size() < most && feed->full.pop(full)) {
        if (full.blocks > 0 && !full.recording->failed) {
          full_.push_back(full);
          batch_.push_back(full.chunk);
          finish_header(*full.chunk, ChunkKind::kAudio, full.recording->key, full.first_block, full.blocks,
                        full.blocks * kStereoBlock);
        } else {
          unused_.push_back(full.chunk);
        }
      }
      pool_.give(unused_);
      if (full_.empty()) break;
      Result<> good = need_segment(batch_.size());
      if (good) {
        if (const int code = append(batch_, &full_); code != 0) {
          good = fail(ErrorCode::kIo, std::string("the disk refuses to write: ") + std::strerror(code));
        }
      }
      if (!good) {
        refused(good.error().text);
      }
      pool_.give(batch_);
    }
  }
}

/// Of recordings that have ended before the tick had anything to do with them.
void RecordingWriter::take_back(const std::vector<Finish>& finishes) {
  std::vector<Chunk*> chunks;
  for (const auto& finish : finishes) {
    if (auto* const chunk = std::exchange(finish.recording->chunk, nullptr)) chunks.push_back(chunk);
  }
  pool_.give(chunks);
}

Result<> RecordingWriter::need_segment(std::size_t chunks) {
  if (!segments_.empty() && !segments_.back()->sealed && segments_.back()->fits(chunks)) return Empty{};
  OpenTable table;
  {
    const std::lock_guard lock(mutex_);
    for (const auto* recording : active_) table.add(recording->key, recording->path);
  }
  auto names = table.chunks();
  if (!segments_.empty()) {
    // What was written to the one that is full must be as safe as the rest.
    const int code = segments_.back()->sync();
    const std::lock_guard lock(mutex_);
    segments_.back()->sealed = true;
    if (code != 0) return fail(ErrorCode::kIo, std::string("the disk refuses to be written: ") + std::strerror(code));
  }
  const auto capacity = std::max<uint64_t>(settings_.segment_bytes, (names.size() + chunks) * kChunkBytes);
  auto made = Segment::make(settings_.folder, next_number_, capacity);
  if (!made) return made.error();
  ++next_number_;
  {
    const std::lock_guard lock(mutex_);
    segments_.push_back(*made);
    spill_oldest();
  }
  if (const int code = append(names, nullptr); code != 0) {
    return fail(ErrorCode::kIo, std::string("the disk refuses to write: ") + std::strerror(code));
  }
  return Empty{};
}

/// Half of what may be kept, in one go: every recording gets seconds of sound at once then, and not so many small writes.
/// Under the lock.
void RecordingWriter::spill_oldest() {
  if (!spill_.empty() || segment_bytes() <= settings_.most_bytes) return;
  uint64_t bytes = 0;
  for (const auto& segment : segments_) {
    if (!segment->sealed || bytes > settings_.most_bytes / 2) break;
    bytes += segment->capacity;
    if (segment->live > 0) spill_.push_back(segment);
  }
  if (!spill_.empty()) cutter_wakes_.notify_one();
}

int RecordingWriter::append(std::vector<Chunk*>& chunks, const std::vector<FullChunk>* audio) {
  if (chunks.empty()) return 0;
  const auto& segment = segments_.back();
  auto place = static_cast<uint32_t>(segment->used / kChunkBytes);
  if (const int code = segment->append(chunks); code != 0) return code;
  written_bytes_.fetch_add(chunks.size() * kChunkBytes, std::memory_order_relaxed);
  refused_ = false;
  if (audio == nullptr) return 0;
  const std::lock_guard lock(mutex_);
  for (const auto& full : *audio) {
    full.recording->places.push_back({segment->number, place++});
  }
  segment->live += audio->size();
  return 0;
}

void RecordingWriter::write_closed() {
  std::vector<uint64_t> keys;
  {
    const std::lock_guard lock(mutex_);
    keys.swap(closed_);
  }
  if (keys.empty() || segments_.empty() || segments_.back()->sealed) return;
  constexpr std::size_t kKeysOfChunk = (kChunkBytes - kChunkHeaderBytes) / sizeof(uint64_t);
  for (std::size_t first = 0; first < keys.size(); first += kKeysOfChunk) {
    const auto chunk = std::make_unique<Chunk>();
    const auto bytes = std::min(keys.size() - first, kKeysOfChunk) * sizeof(uint64_t);
    std::memcpy(chunk->payload.data(), keys.data() + first, bytes);
    finish_header(*chunk, ChunkKind::kClosed, 0, 0, 0, static_cast<uint32_t>(bytes));
    std::vector<Chunk*> one{chunk.get()};
    // Not written down it is only cut once more after a crash.
    if (need_segment(1)) append(one, nullptr);
  }
}

// --------------------------------------------------------------------------------------------------------------- disk

void RecordingWriter::sync() {
  if (segments_.empty()) return;
  if (const int code = segments_.back()->sync(); code != 0) {
    const auto why = std::string("the disk cannot make recordings safe: ") + std::strerror(code);
    refused(why);
    const std::lock_guard lock(mutex_);
    segments_.back()->sealed = true;
  }
}

uint64_t RecordingWriter::segment_bytes() const {
  uint64_t bytes = 0;
  for (const auto& segment : segments_) bytes += segment->capacity;
  return bytes;
}

Result<uint64_t> RecordingWriter::free_bytes() const {
  struct statvfs status {};
  if (statvfs(settings_.folder.c_str(), &status) != 0) {
    return fail(ErrorCode::kIo, "cannot look at the disk of " + settings_.folder + ": " + std::strerror(errno));
  }
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

Result<> RecordingWriter::room_for_more(uint64_t free) const {
  // What is in segments is written once more when it is cut.
  uint64_t needed = settings_.reserve_bytes;
  for (const auto& segment : segments_) needed += segment->used;
  if (segments_.empty() || segments_.back()->sealed) needed += settings_.segment_bytes;
  if (free >= needed) return Empty{};
  return fail(ErrorCode::kIo, "the disk of " + settings_.folder + " is full: " + mib(free) + " are free, and " +
                                  mib(needed) + " are kept for the database and for recordings in progress");
}

void RecordingWriter::check_disk() {
  uint64_t lost = 0;
  for (const auto& feed : feeds_) lost += feed->lost_blocks.load(std::memory_order_relaxed);
  const auto free = free_bytes();
  const auto room = free ? room_for_more(*free) : Result<>(free.error());
  if (!room) {
    tell(free ? StoreState::kFull : StoreState::kFailed, room.error().text);
    fail_all(room.error().text);
  } else if (lost > lost_seen_) {
    tell(StoreState::kSlow, "the disk stood still for longer than " + std::to_string(ChunkPool::kPatienceMs / 1000) +
                                " s: parts of recordings are lost and replaced by silence");
  } else if (!refused_) {
    tell(StoreState::kGood, "");
  }
  lost_seen_ = lost;
}

void RecordingWriter::refused(const std::string& why) {
  refused_ = true;
  tell(StoreState::kFailed, why);
  fail_all(why);
}

void RecordingWriter::tell(StoreState state, const std::string& detail) {
  if (std::exchange(state_, state) == state) return;
  const auto free = free_bytes();
  told_({state, detail, free ? *free : 0});
}

void RecordingWriter::fail_all(const std::string& why) {
  std::vector<Recording*> failing;
  {
    const std::lock_guard lock(mutex_);
    for (auto* recording : active_) {
      if (recording->failed) continue;
      recording->failed = true;
      recording->failure = "the recording " + recording->path + " ended early: " + why;
      failing.push_back(recording);
    }
  }
  for (auto* recording : failing) failed_(recording);
}

void RecordingWriter::remove_cut_segments() {
  const std::lock_guard lock(mutex_);
  // At rest nothing is kept: no segment, no reserved space, and so nothing to be told of what is closed.
  if (active_.empty() && !segments_.empty()) {
    segments_.back()->sealed = true;
    closed_.clear();
  }
  while (!segments_.empty() && segments_.front()->sealed && segments_.front()->live == 0) {
    unlink(segments_.front()->path.c_str());
    segments_.pop_front();
  }
}

}  // namespace cordboard::media
