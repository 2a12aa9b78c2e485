// SPDX-License-Identifier: GPL-2.0-or-later
// The WAV that a recording becomes: RIFF WAVE, tag 6 (A-law), 8 kHz, stereo, with the fact chunk that the 1994 revision
// demands of all but PCM. Blocks may be put in any order and more than once with the same result, so that a cut that a
// crash interrupted is simply done again.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace cordboard::media {

constexpr uint32_t kWavHeaderBytes = 58;

/// The octets before the samples. RIFF sizes have 32 bits: 74 hours.
std::array<uint8_t, kWavHeaderBytes> wav_header(uint64_t data_bytes);

/// pwrite that goes on after a signal and a short write. 0 or an errno.
int write_all(int fd, const void* bytes, std::size_t size, uint64_t at);

class WavFile {
 public:
  WavFile() = default;
  ~WavFile();
  WavFile(WavFile&& other) noexcept;
  WavFile& operator=(WavFile&&) = delete;

  /// Makes a file that must not exist, with the header of an empty recording. Errors: kIo, naming the file.
  static Result<WavFile> make(const std::string& path);
  /// Opens one to go on with, or makes it, folders included. `blocks()` is what it holds already.
  static Result<WavFile> open(const std::string& path);

  uint64_t blocks() const { return blocks_; }
  /// Writes stereo blocks at their place; what lies between the end so far and there becomes silence. 0 or an errno.
  int put(uint64_t first_block, const uint8_t* bytes, uint32_t blocks);
  /// Lengthens with silence. 0 or an errno.
  int extend(uint64_t blocks);
  /// Makes the header true. 0 or an errno.
  int finish();
  /// fdatasync. 0 or an errno.
  int sync() const;
  int fd() const { return fd_; }

 private:
  explicit WavFile(int fd, uint64_t blocks) : fd_(fd), blocks_(blocks) {}

  int fd_ = -1;
  uint64_t blocks_{};
};

}  // namespace cordboard::media
