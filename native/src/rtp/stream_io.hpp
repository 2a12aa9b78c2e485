// SPDX-License-Identifier: GPL-2.0-or-later
// All I/O threads of an engine, and the secrets that they and their streams need.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rtp/io_thread.hpp"

namespace cordboard::rtp {

class StreamIo {
 public:
  /// `threads` of them, for `streams` in all. `reported` is signalled when one of them has a report.
  StreamIo(uint32_t threads, uint32_t streams, Wake& reported);
  StreamIo(const StreamIo&) = delete;
  StreamIo& operator=(const StreamIo&) = delete;

  uint32_t threads() const { return static_cast<uint32_t>(threads_.size()); }
  IoThread& thread(uint32_t number) { return *threads_[number]; }
  const IoThread& thread(uint32_t number) const { return *threads_[number]; }

  /// Signalling thread.
  bool take(IoReport& report);
  void post_backlog();
  /// SCHED_FIFO; why not, or empty.
  std::string become_realtime(int priority);
  /// As IoThread::stop().
  void stop();

  /// Media thread, after a tick.
  void wake() {
    for (auto& thread : threads_) thread->wake();
  }

  /// Of all threads.
  uint64_t sum(Count IoCounts::*count) const;

 private:
  std::vector<std::unique_ptr<IoThread>> threads_;
};

/// For a new stream (RFC 3550 5.1, 8.1; RFC 7022 4.2). From the system's generator; throws std::system_error when it has
/// none.
StreamIdentity random_identity();

}  // namespace cordboard::rtp
