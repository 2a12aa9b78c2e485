// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wake.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace cordboard {

Wake::Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Wake::~Wake() { close(fd_); }

void Wake::signal() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is full: the sleeper is awake already.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

bool Wake::wait(int64_t timeout_ms, int other) {
  pollfd entries[]{{fd_, POLLIN, 0}, {other, POLLIN, 0}};  // poll passes over a negative one
  const int timeout = timeout_ms < 0 ? -1 : static_cast<int>(std::min<int64_t>(timeout_ms, 60000));
  return poll(entries, 2, timeout) > 0 && take();
}

bool Wake::take() {
  uint64_t count = 0;
  return read(fd_, &count, sizeof count) == sizeof count;
}

}  // namespace cordboard
