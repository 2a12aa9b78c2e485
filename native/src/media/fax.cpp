// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/fax.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dsp/kernels.hpp"

namespace cordboard::media {

FaxPort::FaxPort(FaxSettings settings, FaxEvents events, std::unique_ptr<T38End> t38)
    : terminal_(std::move(settings), std::move(events), std::move(t38)) {
  Block silence{};
  silence.octets.fill(dsp::kAlawSilence);
  for (uint32_t i = 0; i < kFaxHeadStart; ++i) to_send_.push(silence);
}

void FaxPort::exchange(const uint8_t* received, uint8_t* to_send) {
  Block block;
  std::memcpy(block.octets.data(), received, dsp::kBlock);
  block.lost_before = lost_;
  if (received_.push(block)) {
    lost_ = 0;
  } else {
    ++lost_;
    overruns_.add();
  }
  if (to_send_.pop(block)) {
    std::memcpy(to_send, block.octets.data(), dsp::kBlock);
  } else {
    std::memset(to_send, dsp::kAlawSilence, dsp::kBlock);
    underruns_.add();
  }
}

std::optional<T38Counts> FaxPort::t38_counts() const {
  if (terminal_.t38() == nullptr) return std::nullopt;
  return terminal_.t38()->counts();
}

bool FaxPort::serve() {
  Block block;
  // A tick takes one row for each it gives, so there is room unless rows were lost on the way in.
  if (to_send_.room() == 0 || !received_.pop(block)) return false;
  if (block.lost_before > 0) terminal_.miss(block.lost_before);
  int16_t received[dsp::kBlock];
  int16_t to_send[dsp::kBlock];
  const auto& kernels = dsp::kernels();
  kernels.alaw_decode(block.octets.data(), received, dsp::kBlock);
  terminal_.process(received, to_send);
  kernels.alaw_encode(to_send, block.octets.data(), dsp::kBlock);
  to_send_.push(block);
  return true;
}

FaxWorkers::FaxWorkers(std::size_t threads) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) workers_.push_back(std::make_unique<Worker>());
  for (auto& worker : workers_) worker->thread = std::thread([this, &worker = *worker] { run(worker); });
}

FaxWorkers::~FaxWorkers() { close(); }

void FaxWorkers::start(FaxPort* port) {
  {
    const std::lock_guard lock(mutex_);
    const auto least = std::min_element(workers_.begin(), workers_.end(),
                                        [](const auto& a, const auto& b) { return a->ends < b->ends; });
    port->worker_ = static_cast<std::size_t>(least - workers_.begin());
    ++(*least)->ends;
    (*least)->jobs.push_back({port, true, nullptr});
    ends_.fetch_add(1, std::memory_order_relaxed);
  }
  signal();
}

void FaxWorkers::stop(FaxPort* port, Stopped stopped) {
  bool closing;
  {
    const std::lock_guard lock(mutex_);
    auto& worker = *workers_[port->worker_];
    --worker.ends;
    ends_.fetch_sub(1, std::memory_order_relaxed);
    closing = closing_;
    if (!closing) worker.jobs.push_back({port, false, std::move(stopped)});
  }
  if (!closing) {
    signal();
    return;
  }
  close();  // its worker may be about to drop this call just now
  port->terminal_.close();
  stopped(port);
}

void FaxWorkers::wake() {
  if (ends_.load(std::memory_order_relaxed) > 0) signal();
}

void FaxWorkers::signal() {
  signal_.fetch_add(1, std::memory_order_release);
  signal_.notify_all();
}

void FaxWorkers::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  signal();
  for (auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

void FaxWorkers::run(Worker& worker) {
  pthread_setname_np(pthread_self(), "cb-fax");
  while (true) {
    const uint32_t seen = signal_.load(std::memory_order_acquire);
    bool worked = false;
    if (take_job(worker, worked)) return;
    // A block each in turn, so that ends that are behind share what there is.
    for (auto* port : worker.ports) worked |= port->serve();
    if (!worked) signal_.wait(seen, std::memory_order_acquire);
  }
}

/// Does one job, so that ends opened in a crowd do not keep the running ones waiting. True when the thread is to end.
bool FaxWorkers::take_job(Worker& worker, bool& worked) {
  Job job{};
  {
    const std::lock_guard lock(mutex_);
    if (!worker.jobs.empty()) {
      job = std::move(worker.jobs.front());
      worker.jobs.pop_front();
    } else if (!closing_) {
      return false;
    }
  }
  if (job.port == nullptr) {
    for (auto* port : worker.ports) port->terminal_.close();
    worker.ports.clear();
    return true;
  }
  worked = true;
  if (job.start) {
    job.port->terminal_.open();
    worker.ports.push_back(job.port);
    return false;
  }
  while (job.port->serve()) {
  }
  std::erase(worker.ports, job.port);
  job.port->terminal_.close();
  job.stopped(job.port);
  return false;
}

}  // namespace cordboard::media
