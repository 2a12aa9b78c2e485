// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/media_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <vector>

#include "base/clock.hpp"

namespace cordboard::engine {

namespace {

constexpr int kPriority = 50;  // above the kernel's own threads for discs and network would be 51 and more

void sleep_until(int64_t at_ns) {
  const timespec at{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
  }
}

uint32_t clamp_ns(int64_t ns) { return static_cast<uint32_t>(std::clamp<int64_t>(ns, 0, UINT32_MAX)); }

}  // namespace

MediaThread::MediaThread(media::MediaCore& core, Wake& after_tick, bool realtime)
    : core_(core), after_tick_(after_tick), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "cb-media");
  if (realtime) become_realtime();
}

MediaThread::~MediaThread() { stop(); }

void MediaThread::become_realtime() {
  sched_param parameters{};
  parameters.sched_priority = kPriority;
  if (const int error = pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters); error != 0) {
    refusal_ = std::string("no SCHED_FIFO (") + std::strerror(error) + "; the service needs CAP_SYS_NICE)";
  } else {
    realtime_ = true;
  }
  // The bus alone, not mlockall: V8 gives back pages of its heap, which is refused on locked memory and ends the process.
  if (const int error = core_.lock_memory(); error != 0) {
    refusal_ += std::string(refusal_.empty() ? "" : "; ") + "memory not locked (" + std::strerror(error) +
                "; the service needs CAP_IPC_LOCK)";
  }
}

void MediaThread::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
}

void MediaThread::run() {
  int64_t due = monotonic_ns();
  while (!stopping_.load(std::memory_order_relaxed)) {
    sleep_until(due);
    const int64_t begun = monotonic_ns();
    core_.tick();
    const int64_t done = monotonic_ns();
    const uint64_t tick = ticks_.load(std::memory_order_relaxed);
    work_ns_[tick % kHistory].store(clamp_ns(done - begun), std::memory_order_relaxed);
    late_ns_[tick % kHistory].store(clamp_ns(begun - due), std::memory_order_relaxed);
    if (begun - due > kTickNs) missed_.fetch_add(1, std::memory_order_relaxed);
    ticks_.store(tick + 1, std::memory_order_release);
    after_tick_.signal();
    due += kTickNs;
    if (done - due > kMostBehindNs) due = done;
  }
}

TickStatistics MediaThread::statistics() const {
  TickStatistics statistics;
  const uint64_t ticks = ticks_.load(std::memory_order_acquire);
  statistics.ticks = static_cast<double>(ticks);
  statistics.missed = static_cast<double>(missed_.load(std::memory_order_relaxed));
  statistics.realtime = realtime_;
  const std::size_t count = std::min<uint64_t>(ticks, kHistory);
  if (count == 0) return statistics;
  const auto percentiles = [count](const auto& from, double& p50, double& p99, double& max) {
    std::vector<uint32_t> sorted;
    sorted.reserve(count);
    for (std::size_t i = 0; i < count; ++i) sorted.push_back(from[i].load(std::memory_order_relaxed));
    std::sort(sorted.begin(), sorted.end());
    p50 = sorted[count / 2] / 1000.0;
    p99 = sorted[std::min(count - 1, count * 99 / 100)] / 1000.0;
    max = sorted.back() / 1000.0;
  };
  percentiles(work_ns_, statistics.p50Us, statistics.p99Us, statistics.maxUs);
  percentiles(late_ns_, statistics.latenessP50Us, statistics.latenessP99Us, statistics.latenessMaxUs);
  return statistics;
}

}  // namespace cordboard::engine
