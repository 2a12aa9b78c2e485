// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/recording.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "dsp/kernels.hpp"

namespace cordboard::media {

namespace {

constexpr uint64_t kMaxData = 0xFFFFFFFFULL - 64;  // RIFF sizes have 32 bits: 74 hours

/// pwrite that goes on after a signal and a short write. 0 or an errno.
int write_all(int fd, const uint8_t* bytes, std::size_t size, uint64_t at) {
  while (size > 0) {
    const ssize_t done = pwrite(fd, bytes, size, static_cast<off_t>(at));
    if (done < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes += done;
    size -= static_cast<std::size_t>(done);
    at += static_cast<uint64_t>(done);
  }
  return 0;
}

}  // namespace

std::array<uint8_t, 58> recording_header(uint64_t data_bytes) {
  std::array<uint8_t, 58> header{};
  std::size_t at = 0;
  const auto text = [&](const char* four) {
    std::memcpy(header.data() + at, four, 4);
    at += 4;
  };
  const auto number = [&](uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) header[at++] = static_cast<uint8_t>(value >> (8 * i));
  };
  const uint64_t data = std::min(data_bytes, kMaxData);
  text("RIFF");
  number(data + header.size() - 8, 4);
  text("WAVE");
  text("fmt ");
  number(18, 4);
  number(6, 2);      // WAVE_FORMAT_ALAW
  number(2, 2);      // channels
  number(8000, 4);   // samples per second
  number(16000, 4);  // bytes per second
  number(2, 2);      // bytes per frame
  number(8, 2);      // bits per sample
  number(0, 2);      // no more format
  text("fact");
  number(4, 4);
  number(data / 2, 4);
  text("data");
  number(data, 4);
  return header;
}

void record_block(Recording& recording, const uint8_t* left, const uint8_t* right) {
  const auto head = recording.head.load(std::memory_order_relaxed);
  if (head - recording.tail.load(std::memory_order_acquire) >= kRecordingRing) {
    ++recording.gap;
    return;
  }
  recording.gaps[head % kRecordingRing] = recording.gap;
  recording.gap = 0;
  dsp::kernels().interleave_stream(left, right, recording.ring[head % kRecordingRing].bytes.data(), bus::kBlock);
  recording.unpublished = true;
}

void publish_block(Recording& recording) {
  if (!recording.unpublished) return;
  recording.unpublished = false;
  recording.head.store(recording.head.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

RecordingWriter::RecordingWriter(uint32_t flush_ms, Failed failed)
    : flush_ms_(flush_ms), failed_(std::move(failed)), thread_([this] { run(); }) {}

RecordingWriter::~RecordingWriter() { stop(); }

void RecordingWriter::open(Recording* recording, Opened opened) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({recording, std::move(opened), nullptr});
  changed_.notify_one();
}

void RecordingWriter::finish(Recording* recording, Finished finished) {
  if (!thread_.joinable()) {
    finish_now(*recording);
    finished(recording);
    return;
  }
  const std::lock_guard lock(mutex_);
  jobs_.push_back({recording, nullptr, std::move(finished)});
  changed_.notify_one();
}

void RecordingWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void RecordingWriter::run() {
  // Twice a flush the data goes to the page cache (a crash of the service loses half a flush), once to the disk.
  const auto pace = std::chrono::milliseconds(std::max(flush_ms_ / 2, 1U));
  auto next = std::chrono::steady_clock::now() + pace;
  bool sync_due = false;
  while (true) {
    std::vector<Job> jobs;
    bool stopping;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, next, [this] { return stopping_ || !jobs_.empty(); });
      jobs.swap(jobs_);
      stopping = stopping_;
    }
    for (auto& job : jobs) {
      if (job.opened) {
        open_now(*job.recording, job.opened);
        continue;
      }
      finish_now(*job.recording);
      job.finished(job.recording);
    }
    if (std::chrono::steady_clock::now() >= next) {
      next += pace;
      if (next < std::chrono::steady_clock::now()) next = std::chrono::steady_clock::now() + pace;
      for (auto* recording : active_) drain(*recording);
      if (sync_due) sync();
      sync_due = !sync_due;
    }
    if (stopping && jobs.empty()) return;
  }
}

void RecordingWriter::open_now(Recording& recording, const Opened& opened) {
  recording.fd = ::open(recording.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (recording.fd < 0) {
    opened(fail(ErrorCode::kIo, "cannot make the recording " + recording.path + ": " + std::strerror(errno)));
    return;
  }
  const auto header = recording_header(0);
  if (const int error = write_all(recording.fd, header.data(), header.size(), 0); error != 0) {
    close(recording.fd);
    recording.fd = -1;
    unlink(recording.path.c_str());
    opened(fail(ErrorCode::kIo, "cannot write the recording " + recording.path + ": " + std::strerror(error)));
    return;
  }
  active_.push_back(&recording);
  opened(Empty{});
}

void RecordingWriter::finish_now(Recording& recording) {
  drain(recording);
  std::erase(active_, &recording);
  if (recording.fd < 0) return;
  if (!recording.failed && fdatasync(recording.fd) != 0) fail_now(recording, "cannot be made safe on disk", errno);
  close(recording.fd);
  recording.fd = -1;
}

void RecordingWriter::drain(Recording& recording) {
  const auto head = recording.head.load(std::memory_order_acquire);
  auto tail = recording.tail.load(std::memory_order_relaxed);
  if (head == tail) return;
  scratch_.clear();
  for (; tail < head; ++tail) {
    const auto& slot = recording.ring[tail % kRecordingRing];
    if (const auto gap = recording.gaps[tail % kRecordingRing]; gap > 0) {
      recording.lost_blocks += gap;
      scratch_.insert(scratch_.end(), static_cast<std::size_t>(gap) * kStereoBlock, dsp::kAlawSilence);
    }
    scratch_.insert(scratch_.end(), slot.bytes.begin(), slot.bytes.end());
  }
  recording.tail.store(tail, std::memory_order_release);
  if (recording.failed || recording.fd < 0) return;
  // Samples first, then the header that counts them: a crash between the two leaves the shorter, true length.
  const auto before = recording_header(0).size() + recording.data_bytes;
  int error = write_all(recording.fd, scratch_.data(), scratch_.size(), before);
  if (error == 0) {
    const auto header = recording_header(recording.data_bytes + scratch_.size());
    error = write_all(recording.fd, header.data(), header.size(), 0);
  }
  if (error != 0) {
    fail_now(recording, "cannot be written", error);
    return;
  }
  recording.data_bytes += scratch_.size();
}

void RecordingWriter::fail_now(Recording& recording, const std::string& what, int error) {
  recording.failed = true;
  recording.failure = "the recording " + recording.path + " " + what + ": " + std::strerror(error);
  failed_(&recording);
}

void RecordingWriter::sync() {
  // One sync of the file system instead of one of each file: a thousand fdatasync calls a second are more than a disk
  // can do (each takes 1-4 ms).
  std::vector<dev_t> done;
  for (auto* recording : active_) {
    struct stat status {};
    if (recording->failed || fstat(recording->fd, &status) != 0) continue;
    if (std::find(done.begin(), done.end(), status.st_dev) != done.end()) continue;
    done.push_back(status.st_dev);
    if (syncfs(recording->fd) != 0) fail_now(*recording, "cannot be made safe on disk", errno);
  }
}

}  // namespace cordboard::media
