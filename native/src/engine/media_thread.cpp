// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/media_thread.hpp"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
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

/// Everything the tick runs in, so that it never waits for a page: the bus, and the code and data of whatever file this
/// function was loaded from. Not mlockall: V8 gives back pages of its heap, which is refused on locked memory and ends
/// the process. 0 or an errno.
int lock_for_tick(media::MediaCore& core) {
  int error = core.lock_memory();
  const auto here = reinterpret_cast<uintptr_t>(&lock_for_tick);
  std::ifstream maps("/proc/self/maps");
  struct Mapping {
    uintptr_t first, last;
    std::string file;
  };
  std::vector<Mapping> mappings;
  std::string own;
  for (std::string line; std::getline(maps, line);) {
    Mapping mapping{};
    std::istringstream fields(line);
    char dash = 0;
    std::string rights, offset, device, inode;
    if (!(fields >> std::hex >> mapping.first >> dash >> mapping.last >> rights >> offset >> device >> inode)) continue;
    fields >> mapping.file;
    if (rights[0] != 'r' || mapping.file.empty() || mapping.file[0] != '/') continue;
    if (here >= mapping.first && here < mapping.last) own = mapping.file;
    mappings.push_back(mapping);
  }
  for (const auto& mapping : mappings) {
    if (mapping.file != own) continue;
    if (mlock(reinterpret_cast<const void*>(mapping.first), mapping.last - mapping.first) != 0) error = errno;
  }
  return error;
}

}  // namespace

MediaThread::MediaThread(media::MediaCore& core, Wake& after_tick, bool realtime, cards::ClockPort* clock)
    : core_(core), after_tick_(after_tick), clock_(clock), barrier_(core.shards()) {
  for (uint32_t shard = 1; shard < core.shards(); ++shard) {
    helpers_.emplace_back([this, shard] { help(shard); });
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "cb-media");
  for (auto& helper : helpers_) pthread_setname_np(helper.native_handle(), "cb-media-shard");
  if (realtime) become_realtime();
}

MediaThread::~MediaThread() { stop(); }

void MediaThread::become_realtime() {
  sched_param parameters{};
  parameters.sched_priority = kPriority;
  int error = pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters);
  for (auto& helper : helpers_) {
    if (error == 0) error = pthread_setschedparam(helper.native_handle(), SCHED_FIFO, &parameters);
  }
  if (error != 0) {
    refusal_ = std::string("no SCHED_FIFO (") + std::strerror(error) + "; the service needs CAP_SYS_NICE)";
  } else {
    realtime_ = true;
  }
  if (const int refused = lock_for_tick(core_); refused != 0) {
    refusal_ += std::string(refusal_.empty() ? "" : "; ") + "memory not locked (" + std::strerror(refused) +
                "; the service needs CAP_IPC_LOCK)";
  }
}

void MediaThread::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
  for (auto& helper : helpers_) {
    if (helper.joinable()) helper.join();
  }
}

void MediaThread::run() {
  int64_t due = monotonic_ns();
  bool standing_in = false;  // the machine's clock for the card's
  while (!stopping_.load(std::memory_order_relaxed)) {
    const bool paced = clock_ != nullptr && clock_->wait(standing_in ? due : due + kClockPatienceNs);
    standing_in = !paced;
    if (!paced) sleep_until(due);
    const int64_t begun = monotonic_ns();
    // The two clocks differ by some millionths: what is due follows the card's, early ticks at once, late ones slowly, since
    // most that are late are so by chance.
    if (paced) due = std::min(begun, due + (begun - due) / 64);
    tick(due);
    const int64_t done = monotonic_ns();
    const uint64_t tick = ticks_.load(std::memory_order_relaxed);
    work_ns_[tick % kHistory].store(clamp_ns(done - begun), std::memory_order_relaxed);
    begun_ns_[tick % kHistory].store(begun, std::memory_order_relaxed);
    if (paced_.exchange(paced, std::memory_order_relaxed) != paced) steady_from_.store(tick, std::memory_order_relaxed);
    late_ns_[tick % kHistory].store(clamp_ns(begun - due), std::memory_order_relaxed);
    if (begun - due > kTickNs) missed_.fetch_add(1, std::memory_order_relaxed);
    ticks_.store(tick + 1, std::memory_order_release);
    core_.wake_workers();
    after_tick_.signal();
    due += kTickNs;
    if (done - due > kMostBehindNs) {
      due = done;
      steady_from_.store(tick + 1, std::memory_order_relaxed);
    }
  }
  if (helpers_.empty()) return;
  ended_ = true;
  barrier_.arrive_and_wait();
}

void MediaThread::tick(int64_t due_ns) {
  if (helpers_.empty()) {
    core_.tick(due_ns);
    return;
  }
  core_.begin(due_ns);
  barrier_.arrive_and_wait();
  for (const auto phase : media::kPhases) {
    core_.run(phase, 0);
    barrier_.arrive_and_wait();
  }
  core_.end();
}

void MediaThread::help(uint32_t shard) {
  while (true) {
    barrier_.arrive_and_wait();
    if (ended_) return;
    for (const auto phase : media::kPhases) {
      core_.run(phase, shard);
      barrier_.arrive_and_wait();
    }
  }
}

std::vector<int64_t> MediaThread::tick_times(std::size_t most) const {
  // The oldest entry may be overwritten while this runs.
  constexpr std::size_t kSafe = kHistory - 10;
  const uint64_t ticks = ticks_.load(std::memory_order_acquire);
  const uint64_t steady = ticks - std::min(ticks, steady_from_.load(std::memory_order_relaxed));
  const auto count = static_cast<std::size_t>(std::min<uint64_t>({most, kSafe, steady}));
  std::vector<int64_t> times;
  times.reserve(count);
  for (uint64_t tick = ticks - count; tick < ticks; ++tick) {
    times.push_back(begun_ns_[tick % kHistory].load(std::memory_order_relaxed));
  }
  return times;
}

TickStatistics MediaThread::statistics() const {
  TickStatistics statistics;
  const uint64_t ticks = ticks_.load(std::memory_order_acquire);
  statistics.ticks = static_cast<double>(ticks);
  statistics.missed = static_cast<double>(missed_.load(std::memory_order_relaxed));
  statistics.realtime = realtime_;
  statistics.threads = static_cast<uint32_t>(helpers_.size() + 1);
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
