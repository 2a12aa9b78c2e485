// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/r2_host.hpp"

#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace cordboard::signalling {
namespace {

thread_local R2Host* host = nullptr;

// Numbers of DAHDI's requests (dahdi/user.h), the lowest octet of what is passed.
enum : unsigned {
  kGetParams = 0x05,
  kGetEvent = 0x08,
  kIoMux = 0x09,
  kBufferInfo = 0x1b,
  kChannelNumber = 0x22,
  kBits = 0x2b,
};
constexpr unsigned long kReads = 0x80000000UL;
constexpr int kMuxRead = 1;
constexpr int kSignallingCas = 1 << 15;
constexpr std::size_t kParamsBytes = 136, kSignallingAt = 12;
constexpr std::size_t kBufferInfoBytes = 24;

}  // namespace

R2Entry::R2Entry(R2Host& entered) : before_(host) { host = &entered; }
R2Entry::~R2Entry() { host = before_; }

}  // namespace cordboard::signalling

using namespace cordboard::signalling;

extern "C" {

#pragma GCC visibility push(hidden)

FILE* cordboard_r2_stdout = nullptr;  // the library's own loggers, in place of which ours are set
FILE* cordboard_r2_stderr = nullptr;

int cordboard_r2_ioctl(int line, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (host == nullptr) {
    errno = EBADF;
    return -1;
  }
  auto* value = static_cast<int*>(argument);
  switch (request & 0xff) {
    case kGetParams:
      std::memset(argument, 0, kParamsBytes);
      std::memcpy(static_cast<char*>(argument) + kSignallingAt, &kSignallingCas, sizeof kSignallingCas);
      return 0;
    case kBufferInfo:
      if ((request & kReads) != 0) std::memset(argument, 0, kBufferInfoBytes);
      return 0;
    case kChannelNumber:
      *value = line;
      return 0;
    case kBits:
      if ((request & kReads) != 0) {
        *value = host->bits(line);
      } else {
        host->set_bits(line, static_cast<uint8_t>(*value));
      }
      return 0;
    case kIoMux: {
      const int asked = *value;
      *value = 0;
      if ((asked & kMuxRead) != 0 && host->tone_changed(line)) *value = kMuxRead;
      return 0;
    }
    case kGetEvent:
      *value = 0;
      return 0;
    default:  // law, gains, echo cancelling, flushing: nothing of the kind is here
      return 0;
  }
}

/// A block, of which nothing is asked but to come: the tone detector is elsewhere.
ssize_t cordboard_r2_read(int line, void* block, size_t bytes) {
  if (host == nullptr) {
    errno = EBADF;
    return -1;
  }
  host->take_tone_changed(line);
  std::memset(block, 0xD5, bytes);
  return static_cast<ssize_t>(bytes);
}

ssize_t cordboard_r2_write(int, const void*, size_t bytes) { return static_cast<ssize_t>(bytes); }

int cordboard_r2_open(const char*, int, ...) {
  errno = ENODEV;
  return -1;
}

int cordboard_r2_close(int) { return 0; }

FILE* cordboard_r2_fopen(const char*, const char*) {
  if (host == nullptr) return nullptr;
  const char* text = host->definitions();
  return fmemopen(const_cast<char*>(text), std::strlen(text), "r");
}

int cordboard_r2_mkdir(const char*, mode_t) {
  errno = EACCES;
  return -1;
}

int cordboard_r2_xstat(int, const char*, struct stat*) {
  errno = ENOENT;
  return -1;
}

int cordboard_r2_gettimeofday(timeval* time, void*) {
  const int64_t now = host == nullptr ? 0 : host->now_ms();
  time->tv_sec = now / 1000;
  time->tv_usec = now % 1000 * 1000;
  return 0;
}

#pragma GCC visibility pop
}
