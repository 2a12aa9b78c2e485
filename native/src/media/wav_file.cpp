// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/wav_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "dsp/g711.hpp"
#include "media/chunk.hpp"

namespace cordboard::media {

namespace {

constexpr uint64_t kMaxData = 0xFFFFFFFFULL - 64;
constexpr uint64_t kSilenceBlocks = 512;  // written at once

Error cannot(const char* what, const std::string& path) {
  return fail(ErrorCode::kIo, std::string("cannot ") + what + " the recording " + path + ": " + std::strerror(errno));
}

}  // namespace

std::array<uint8_t, kWavHeaderBytes> wav_header(uint64_t data_bytes) {
  std::array<uint8_t, kWavHeaderBytes> header{};
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

int write_all(int fd, const void* bytes, std::size_t size, uint64_t at) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  while (size > 0) {
    const ssize_t done = pwrite(fd, from, size, static_cast<off_t>(at));
    if (done < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    from += done;
    size -= static_cast<std::size_t>(done);
    at += static_cast<uint64_t>(done);
  }
  return 0;
}

WavFile::~WavFile() {
  if (fd_ >= 0) close(fd_);
}

WavFile::WavFile(WavFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)), blocks_(other.blocks_) {}

Result<WavFile> WavFile::make(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return cannot("make", path);
  WavFile file(fd, 0);
  if (const int error = file.finish(); error != 0) {
    unlink(path.c_str());
    errno = error;
    return cannot("write", path);
  }
  return file;
}

Result<WavFile> WavFile::open(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return cannot("open", path);
  struct stat status {};
  if (fstat(fd, &status) != 0) {
    close(fd);
    return cannot("read", path);
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  return WavFile(fd, size <= kWavHeaderBytes ? 0 : (size - kWavHeaderBytes) / kStereoBlock);
}

int WavFile::put(uint64_t first_block, const uint8_t* bytes, uint32_t blocks) {
  if (const int error = extend(first_block); error != 0) return error;
  const int error = write_all(fd_, bytes, static_cast<std::size_t>(blocks) * kStereoBlock,
                              kWavHeaderBytes + first_block * kStereoBlock);
  if (error == 0) blocks_ = std::max(blocks_, first_block + blocks);
  return error;
}

int WavFile::extend(uint64_t blocks) {
  if (blocks_ >= blocks) return 0;
  const std::vector<uint8_t> silence(std::min(blocks - blocks_, kSilenceBlocks) * kStereoBlock, dsp::kAlawSilence);
  while (blocks_ < blocks) {
    const auto count = std::min(blocks - blocks_, kSilenceBlocks);
    const int error = write_all(fd_, silence.data(), count * kStereoBlock, kWavHeaderBytes + blocks_ * kStereoBlock);
    if (error != 0) return error;
    blocks_ += count;
  }
  return 0;
}

int WavFile::finish() {
  const auto header = wav_header(blocks_ * kStereoBlock);
  return write_all(fd_, header.data(), header.size(), 0);
}

int WavFile::sync() const { return fdatasync(fd_) == 0 ? 0 : errno; }

}  // namespace cordboard::media
