// SPDX-License-Identifier: GPL-2.0-or-later
// The thread on which handshakes are made, so that packets of speech never wait for one.
//
//   I/O thread ── begin, datagram, end ──> ring ──> DtlsServer of the peer ── sendto ──> socket
//   I/O thread <── nudge, take(): keys, or why not ── ring <──┘      repeats what was lost by its own clock
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <thread>

#include "base/counters.hpp"
#include "base/spsc_ring.hpp"
#include "base/wake.hpp"
#include "rtp/address.hpp"
#include "rtp/packet.hpp"
#include "webrtc/dtls.hpp"

namespace cordboard::webrtc {

struct DtlsOutcome {
  uint32_t peer{};
  DtlsServer::State state{};  // kUp, kFailed, kClosed
  rtp::SrtpSession* srtp{};   // of kUp; whoever takes the outcome frees it
  const char* why = "";       // of kFailed
};

class DtlsWorker {
 public:
  /// `told` is called on the worker's thread when there is something for take().
  DtlsWorker(std::shared_ptr<const DtlsIdentity> identity, std::function<void()> told);
  ~DtlsWorker();
  DtlsWorker(const DtlsWorker&) = delete;
  DtlsWorker& operator=(const DtlsWorker&) = delete;

  // ------------------------------------------------------------------------------------------------------- I/O thread

  /// Before everything else: where flights leave. The socket outlives the worker.
  void open(int socket, sa_family_t family);
  /// A peer whose certificate must have this fingerprint. False: too much waits, now as with the next two.
  bool begin(uint32_t peer, const Fingerprint& fingerprint);
  /// From the peer, whose address it is, to the one of ours that it asked. Peers that are not known, or have failed, are ignored.
  bool datagram(uint32_t peer, const rtp::Address& from, const rtp::Address& at, std::span<const uint8_t> octets);
  /// The peer is said good-bye and forgotten.
  bool end(uint32_t peer);
  bool take(DtlsOutcome& outcome) { return outcomes_.pop(outcome); }

  const Count& handshakes() const { return handshakes_; }
  const Count& refused() const { return refused_; }

 private:
  struct Job {
    enum class Kind : uint8_t { kBegin, kDatagram, kEnd } kind{};
    uint32_t peer{};
    rtp::Address from;
    rtp::Address at;  // of ours
    Fingerprint fingerprint;
    uint16_t length{};
    std::array<uint8_t, rtp::kMaxDatagram> octets;
  };
  struct Peer {
    rtp::Address to;
    rtp::Address local;
    std::unique_ptr<DtlsServer> server;
    bool told{};
    int64_t due_ns{};  // 0: nothing is due
  };

  bool post(const Job& job);
  void run();
  void work(const Job& job, int64_t now_ns);
  void after(uint32_t number, Peer& peer, int64_t now_ns);
  void tell(const DtlsOutcome& outcome);
  int64_t repeat(int64_t now_ns);
  void send(const Peer& peer, std::span<const uint8_t> octets) const;

  const std::shared_ptr<const DtlsIdentity> identity_;
  const std::function<void()> told_;
  Wake wake_;
  SpscRing<Job> jobs_;
  SpscRing<DtlsOutcome> outcomes_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> socket_{-1};
  std::atomic<sa_family_t> family_{AF_INET};
  Count handshakes_;
  Count refused_;
  Job posted_;  // I/O thread: what is being posted
  // Worker.
  std::map<uint32_t, std::unique_ptr<Peer>> peers_;
  std::deque<DtlsOutcome> untold_;
  std::thread thread_;
};

}  // namespace cordboard::webrtc
