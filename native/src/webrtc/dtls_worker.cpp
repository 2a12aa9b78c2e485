// SPDX-License-Identifier: GPL-2.0-or-later
#include "webrtc/dtls_worker.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/background.hpp"
#include "base/clock.hpp"
#include "rtp/packet_info.hpp"

namespace cordboard::webrtc {

namespace {

// A handshake of one browser is four datagrams; fifty that begin at once have room.
constexpr std::size_t kJobs = 256;
constexpr std::size_t kOutcomes = 256;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kIdleMs = 1'000;

}  // namespace

DtlsWorker::DtlsWorker(std::shared_ptr<const DtlsIdentity> identity, std::function<void()> told)
    : identity_(std::move(identity)), told_(std::move(told)), jobs_(kJobs), outcomes_(kOutcomes) {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "cb-dtls");
}

DtlsWorker::~DtlsWorker() {
  stopping_.store(true, std::memory_order_release);
  wake_.signal();
  thread_.join();
  DtlsOutcome outcome;
  while (outcomes_.pop(outcome)) delete outcome.srtp;
  for (const auto& waiting : untold_) delete waiting.srtp;
}

// ---------------------------------------------------------------------------------------------------------- I/O thread

void DtlsWorker::open(int socket, sa_family_t family) {
  family_.store(family, std::memory_order_relaxed);
  socket_.store(socket, std::memory_order_release);
}

bool DtlsWorker::post(const Job& job) {
  if (!jobs_.push(job)) return false;
  wake_.signal();
  return true;
}

bool DtlsWorker::begin(uint32_t peer, const Fingerprint& fingerprint) {
  posted_.kind = Job::Kind::kBegin;
  posted_.peer = peer;
  posted_.fingerprint = fingerprint;
  return post(posted_);
}

bool DtlsWorker::datagram(uint32_t peer, const rtp::Address& from, const rtp::Address& at,
                          std::span<const uint8_t> octets) {
  if (octets.size() > posted_.octets.size()) return false;
  posted_.kind = Job::Kind::kDatagram;
  posted_.peer = peer;
  posted_.from = from;
  posted_.at = at;
  posted_.length = static_cast<uint16_t>(octets.size());
  std::copy(octets.begin(), octets.end(), posted_.octets.begin());
  return post(posted_);
}

bool DtlsWorker::end(uint32_t peer) {
  posted_.kind = Job::Kind::kEnd;
  posted_.peer = peer;
  return post(posted_);
}

// -------------------------------------------------------------------------------------------------------------- worker

void DtlsWorker::run() {
  stand_back(1);
  auto job = std::make_unique<Job>();
  int64_t sleep_ms = kIdleMs;
  while (!stopping_.load(std::memory_order_acquire)) {
    wake_.wait(sleep_ms);
    while (jobs_.pop(*job)) work(*job, monotonic_ns());
    sleep_ms = repeat(monotonic_ns());
    const bool waited = !untold_.empty();
    while (!untold_.empty() && outcomes_.push(untold_.front())) untold_.pop_front();
    if (waited) told_();
  }
  for (auto& [number, peer] : peers_) peer->server->close();
}

void DtlsWorker::work(const Job& job, int64_t now_ns) {
  const auto found = peers_.find(job.peer);
  switch (job.kind) {
    case Job::Kind::kBegin: {
      auto peer = std::make_unique<Peer>();
      auto& made = *peer;
      auto server = DtlsServer::make(identity_, job.fingerprint,
                                     [this, &made](std::span<const uint8_t> octets) { send(made, octets); });
      if (!server)
        return tell({.peer = job.peer, .state = DtlsServer::State::kFailed, .why = "no session can be made"});
      made.server = std::move(*server);
      peers_[job.peer] = std::move(peer);
      return;
    }
    case Job::Kind::kDatagram:
      if (found == peers_.end()) return;
      // The way to the peer is the one that it was last heard on.
      found->second->to = job.from;
      found->second->local = job.at;
      found->second->server->take({job.octets.data(), job.length});
      return after(job.peer, *found->second, now_ns);
    case Job::Kind::kEnd:
      if (found == peers_.end()) return;
      found->second->server->close();
      peers_.erase(found);
      return;
  }
}

void DtlsWorker::after(uint32_t number, Peer& peer, int64_t now_ns) {
  using State = DtlsServer::State;
  const auto state = peer.server->state();
  const auto due = peer.server->due_ms();
  peer.due_ns = due < 0 ? 0 : now_ns + due * kNsPerMs;
  if (state == State::kHandshake || (state == State::kUp && peer.told)) return;
  if (state == State::kUp) {
    peer.told = true;
    handshakes_.add();
    auto srtp = peer.server->srtp();
    if (srtp) return tell({.peer = number, .state = state, .srtp = srtp->release()});
    refused_.add();
    tell({.peer = number, .state = State::kFailed, .why = "the keys for SRTP cannot be used"});
  } else {
    if (state == State::kFailed) refused_.add();
    tell({.peer = number, .state = state, .why = peer.server->why()});
  }
  peers_.erase(number);
}

void DtlsWorker::tell(const DtlsOutcome& outcome) {
  if (!untold_.empty() || !outcomes_.push(outcome)) {
    untold_.push_back(outcome);
    return;
  }
  told_();
}

/// Flights whose time has come; returns ms until the next.
int64_t DtlsWorker::repeat(int64_t now_ns) {
  int64_t next_ns = now_ns + kIdleMs * kNsPerMs;
  for (auto entry = peers_.begin(); entry != peers_.end();) {
    const auto number = entry->first;
    auto& peer = *entry->second;
    ++entry;  // after() may erase it
    if (peer.due_ns == 0) continue;
    if (peer.due_ns <= now_ns) {
      peer.server->tick();
      after(number, peer, now_ns);
      if (const auto still = peers_.find(number); still == peers_.end() || still->second->due_ns == 0) continue;
    }
    next_ns = std::min(next_ns, peer.due_ns);
  }
  if (!untold_.empty()) return 1;
  return std::max<int64_t>(1, (next_ns - now_ns) / kNsPerMs);
}

void DtlsWorker::send(const Peer& peer, std::span<const uint8_t> octets) const {
  const int socket = socket_.load(std::memory_order_acquire);
  // What the system refuses is repeated like what the network loses.
  (void)!rtp::send_from(socket, family_.load(std::memory_order_relaxed), octets, peer.to, peer.local);
}

}  // namespace cordboard::webrtc
