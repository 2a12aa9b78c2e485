// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "media/wav_file.hpp"

namespace cordboard::media {

namespace {

constexpr std::size_t kVectors = 1024;  // of one pwritev: IOV_MAX
constexpr std::size_t kHashedFrom = offsetof(ChunkHeader, key);

uint64_t hash_of(const Chunk& chunk) {
  const auto* from = reinterpret_cast<const uint8_t*>(&chunk) + kHashedFrom;
  return XXH3_64bits(from, kChunkHeaderBytes - kHashedFrom + chunk.header.payload_bytes);
}

bool whole(const Chunk& chunk) {
  return chunk.header.magic == kChunkMagic && chunk.header.payload_bytes <= chunk.payload.size() &&
         chunk.header.blocks <= kChunkBlocks && chunk.header.hash == hash_of(chunk);
}

std::optional<uint32_t> number_of(const std::filesystem::path& path) {
  unsigned number = 0;
  char end = 0;
  const auto name = path.filename().string();
  if (std::sscanf(name.c_str(), "segment-%8u.re%c", &number, &end) != 2 || end != 'c') return std::nullopt;
  return number;
}

std::map<uint32_t, std::filesystem::path> segments_in(const std::string& folder) {
  std::map<uint32_t, std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (const auto number = number_of(entry.path())) found[*number] = entry.path();
  }
  return found;
}

/// Reads a segment chunk by chunk; what is torn is left out.
template <class Visit>
void scan(int fd, Visit&& visit) {
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  constexpr std::size_t kAtOnce = 128;
  const auto chunks = std::make_unique<Chunk[]>(kAtOnce);
  for (uint64_t at = 0;;) {
    const ssize_t size = pread(fd, chunks.get(), kAtOnce * kChunkBytes, static_cast<off_t>(at));
    if (size < 0 && errno == EINTR) continue;
    const std::size_t count = size <= 0 ? 0 : static_cast<std::size_t>(size) / kChunkBytes;
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (whole(chunks[i])) visit(chunks[i], static_cast<uint32_t>(at / kChunkBytes + i));
    }
    at += count * kChunkBytes;
  }
}

/// The entries of a kOpen chunk.
template <class Visit>
void for_each_open(const Chunk& chunk, Visit&& visit) {
  const uint8_t* at = chunk.payload.data();
  const uint8_t* const end = at + chunk.header.payload_bytes;
  while (true) {
    uint64_t key = 0;
    uint16_t length = 0;
    if (end - at < static_cast<std::ptrdiff_t>(sizeof key + sizeof length)) return;
    std::memcpy(&key, at, sizeof key);
    std::memcpy(&length, at + sizeof key, sizeof length);
    at += sizeof key + sizeof length;
    if (end - at < length) return;
    visit(key, std::string(reinterpret_cast<const char*>(at), length));
    at += length;
  }
}

}  // namespace

Segment::~Segment() {
  if (fd >= 0) close(fd);
}

Result<std::shared_ptr<Segment>> Segment::make(const std::string& folder, uint32_t number, uint64_t capacity) {
  auto segment = std::make_shared<Segment>();
  char name[32];
  std::snprintf(name, sizeof name, "/segment-%08u.rec", number);
  segment->number = number;
  segment->path = folder + name;
  segment->capacity = capacity / kChunkBytes * kChunkBytes;
  segment->fd = ::open(segment->path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (segment->fd < 0) {
    return fail(ErrorCode::kIo, "cannot make " + segment->path + ": " + std::strerror(errno));
  }
  if (fallocate(segment->fd, 0, 0, static_cast<off_t>(segment->capacity)) != 0 && errno != EOPNOTSUPP) {
    const int error = errno;
    unlink(segment->path.c_str());
    return fail(ErrorCode::kIo, "cannot reserve " + std::to_string(capacity / 1024 / 1024) + " MiB for " +
                                    segment->path + ": " + std::strerror(error));
  }
  return segment;
}

int Segment::append(std::span<Chunk* const> chunks) {
  while (!chunks.empty()) {
    iovec vectors[kVectors];
    const auto count = std::min(chunks.size(), kVectors);
    for (std::size_t i = 0; i < count; ++i) vectors[i] = {chunks[i], kChunkBytes};
    const ssize_t done = pwritev(fd, vectors, static_cast<int>(count), static_cast<off_t>(used));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno;
    unsynced = true;
    // A short write means that the next one will say why; the half chunk is written over.
    const auto whole_chunks = static_cast<std::size_t>(done) / kChunkBytes;
    used += whole_chunks * kChunkBytes;
    if (whole_chunks == 0) return ENOSPC;
    chunks = chunks.subspan(whole_chunks);
  }
  return 0;
}

int Segment::sync() {
  if (!unsynced) return 0;
  if (fdatasync(fd) != 0) return errno;
  unsynced = false;
  return 0;
}

void finish_header(Chunk& chunk, ChunkKind kind, uint64_t key, uint64_t first_block, uint32_t blocks,
                   uint32_t payload_bytes) {
  chunk.header = {kChunkMagic, 0, key, first_block, blocks, kind, payload_bytes};
  chunk.reserved.fill(0);
  chunk.header.hash = hash_of(chunk);
}

uint32_t next_segment_number(const std::string& folder) {
  const auto found = segments_in(folder);
  return found.empty() ? 1 : found.rbegin()->first + 1;
}

void OpenTable::add(uint64_t key, const std::string& path) {
  const auto length = static_cast<uint16_t>(std::min(path.size(), kLongestPath));
  const auto size = sizeof key + sizeof length + length;
  if (chunks_.empty() || bytes_ + size > chunks_.back()->payload.size()) {
    if (!chunks_.empty()) finish_header(*chunks_.back(), ChunkKind::kOpen, 0, 0, 0, bytes_);
    chunks_.push_back(std::make_unique<Chunk>());
    bytes_ = 0;
  }
  uint8_t* to = chunks_.back()->payload.data() + bytes_;
  std::memcpy(to, &key, sizeof key);
  std::memcpy(to + sizeof key, &length, sizeof length);
  std::memcpy(to + sizeof key + sizeof length, path.data(), length);
  bytes_ += static_cast<uint32_t>(size);
}

std::vector<Chunk*> OpenTable::chunks() {
  if (!chunks_.empty()) finish_header(*chunks_.back(), ChunkKind::kOpen, 0, 0, 0, bytes_);
  std::vector<Chunk*> all;
  for (const auto& chunk : chunks_) all.push_back(chunk.get());
  return all;
}

FileSystems::~FileSystems() {
  for (const auto& [device, fd] : one_of_each_) close(fd);
}

void FileSystems::add(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return;
  const auto known = [&](const auto& entry) { return entry.first == status.st_dev; };
  if (std::any_of(one_of_each_.begin(), one_of_each_.end(), known)) return;
  if (const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0); copy >= 0) one_of_each_.emplace_back(status.st_dev, copy);
}

int FileSystems::sync() {
  int error = 0;
  for (const auto& [device, fd] : one_of_each_) {
    if (syncfs(fd) != 0) error = errno;
  }
  return error;
}

Result<uint64_t> cut(const std::string& path, const Segments& segments, const ChunkPlaces& places, uint64_t blocks,
                     FileSystems& to_sync) {
  constexpr std::size_t kAtOnce = 128;  // chunks in a row become one write
  auto file = WavFile::open(path);
  if (!file) return file.error();
  const auto cannot = [&](int code) {
    return fail(ErrorCode::kIo, "the recording " + path + " cannot be written: " + std::strerror(code));
  };
  const auto chunk = std::make_unique<Chunk>();
  std::vector<uint8_t> run;
  uint64_t run_first = 0;
  const auto flush = [&] {
    const int code =
        run.empty() ? 0 : file->put(run_first, run.data(), static_cast<uint32_t>(run.size() / kStereoBlock));
    run.clear();
    return code;
  };
  for (const auto& place : places) {
    const auto offset = static_cast<off_t>(place.chunk) * kChunkBytes;
    const ssize_t size = pread(segments.at(place.segment)->fd, chunk.get(), kChunkBytes, offset);
    if (size != static_cast<ssize_t>(kChunkBytes)) return cannot(size < 0 ? errno : EIO);
    const auto& header = chunk->header;
    if (header.kind != ChunkKind::kAudio || header.blocks > kChunkBlocks) return cannot(EIO);
    const bool follows = run_first + run.size() / kStereoBlock == header.first_block;
    if (!follows || run.size() >= kAtOnce * kChunkBlocks * kStereoBlock) {
      if (const int code = flush()) return cannot(code);
    }
    if (run.empty()) run_first = header.first_block;
    run.insert(run.end(), chunk->payload.begin(), chunk->payload.begin() + header.blocks * kStereoBlock);
  }
  int code = flush();
  if (code == 0) code = file->extend(blocks);
  if (code == 0) code = file->finish();
  if (code != 0) return cannot(code);
  to_sync.add(file->fd());
  return file->blocks();
}

Result<std::vector<RecoveredRecording>> recover_recordings(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kIo, "cannot make the folder " + folder + ": " + error.message());
  struct Found {
    std::string path;
    bool closed{};
    ChunkPlaces places;
  };
  std::map<uint64_t, Found> recordings;
  Segments segments;
  const auto files = segments_in(folder);
  for (const auto& [number, path] : files) {
    auto& segment = segments[number];
    segment = std::make_shared<Segment>();
    segment->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    segment->number = number;
    if (segment->fd < 0) return fail(ErrorCode::kIo, "cannot read " + path.string() + ": " + std::strerror(errno));
    scan(segment->fd, [&](const Chunk& chunk, uint32_t place) {
      const auto& header = chunk.header;
      if (header.kind == ChunkKind::kAudio) {
        recordings[header.key].places.push_back({segment->number, place});
      } else if (header.kind == ChunkKind::kOpen) {
        for_each_open(chunk, [&](uint64_t key, std::string name) { recordings[key].path = std::move(name); });
      } else if (header.kind == ChunkKind::kClosed) {
        for (uint32_t at = 0; at + sizeof(uint64_t) <= header.payload_bytes; at += sizeof(uint64_t)) {
          uint64_t key = 0;
          std::memcpy(&key, chunk.payload.data() + at, sizeof key);
          recordings[key].closed = true;
        }
      }
    });
  }
  std::vector<RecoveredRecording> recovered;
  FileSystems to_sync;
  bool all_good = true;
  for (const auto& [key, found] : recordings) {
    // Every segment names all recordings that live in it: without a path there is nothing of it that was not cut.
    if (found.closed || found.path.empty()) continue;
    const auto blocks = cut(found.path, segments, found.places, 0, to_sync);
    recovered.push_back({found.path, blocks ? *blocks : 0, blocks ? "" : blocks.error().text});
    all_good = all_good && blocks;
  }
  if (const int code = to_sync.sync()) {
    return fail(ErrorCode::kIo, "recordings in " + folder + " cannot be made safe: " + std::strerror(code));
  }
  if (all_good) {
    for (const auto& [number, path] : files) std::filesystem::remove(path, error);
  }
  return recovered;
}

}  // namespace cordboard::media
