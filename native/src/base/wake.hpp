// SPDX-License-Identifier: GPL-2.0-or-later
// Wakes a sleeping thread from another; many wakes before it looks count as one. Safe to signal from the media tick:
// one write to an eventfd, which never blocks at these counts.
#pragma once

#include <cstdint>

namespace cordboard {

class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void signal();
  /// Sleeps until signalled, or `other` (a descriptor; negative: none) is readable, or `timeout_ms` has gone by (negative: for
  /// ever). True when signalled.
  bool wait(int64_t timeout_ms, int other = -1);

  /// For those who sleep on other things too: readable when signalled, until take() has been called.
  int descriptor() const { return fd_; }
  /// What wait() does without sleeping.
  bool take();

 private:
  int fd_;
};

}  // namespace cordboard
