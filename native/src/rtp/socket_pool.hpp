// SPDX-License-Identifier: GPL-2.0-or-later
// UDP sockets for streams, in pairs: RTP on an even port, RTCP on the next (RFC 3550 11). A pair is shared by streams
// that can be told apart by where their packets come from, so that thousands of streams need a handful of sockets and
// packets go in and out in large batches.
//
// A stream is given the lowest pair on which
//   - its remote, when it is known, is no other stream's, and
//   - no other stream waits for a source that could be its own: one whose remote is not known yet, or who may latch on
//     a source behind a NAT. Two who wait for different hosts can be told apart.
//
// Pairs stay open until the pool goes: what is still on its way to a stream that has ended is no reason to answer with
// ICMP. Signalling thread; only the descriptors are used elsewhere.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/counters.hpp"
#include "base/result.hpp"
#include "rtp/address.hpp"

namespace cordboard::rtp {

class Door;

struct SocketPair {
  uint16_t number{};  // from 0, in the order of opening
  uint16_t port{};    // of RTP; of RTCP the next
  uint32_t thread{};  // which I/O thread reads it
  sa_family_t family{};
  Descriptor rtp;
  Descriptor rtcp;  // not open where there is a door
  Door* door{};     // what else than RTP comes here
  Count foreign;  // datagrams that were nobody's; its I/O thread counts
};

/// What a stream holds of its pair.
struct Claim {
  Address remote;               // where its RTP comes from; not known(): not said yet
  bool waits{};                 // for a source other than `remote`
  std::optional<Address> host;  // … that can only be on this host; the port does not matter
};

class SocketPool {
 public:
  struct Settings {
    Address local;                     // host to bind; :: takes IPv4 too
    uint16_t first = 20000;            // ports, inclusive
    uint16_t last = 29999;
    uint8_t dscp = 46;                 // RFC 2474; EF (RFC 3246) is 46
    uint32_t threads = 1;              // that read the sockets
    uint32_t buffer_bytes = 1U << 20;  // asked for each RTP socket, each way
  };
  using Holder = uint32_t;

  explicit SocketPool(const Settings& settings) : settings_(settings), of_thread_(settings.threads, 0) {}

  /// A pair for a holder that has none. kBusy: every port of the range is in use; kIo: what the system refused.
  Result<SocketPair*> take(Holder holder, const Claim& claim);
  /// Another claim on the pair it has. False when another stream has that remote, or waits for what could be it: the
  /// holder keeps the claim it had.
  bool change(Holder holder, const Claim& claim);
  /// Another pair of the same thread for the claim that did not fit; on an error it keeps what it had. As take().
  Result<SocketPair*> move(Holder holder, const Claim& claim);
  void release(Holder holder);
  /// A socket of its own on `port` (0: any) for everything, which take() gives to nobody. kIo: what the system refused.
  Result<SocketPair*> open_door(uint16_t port, uint32_t thread, Door& door);

  /// A socket on a port of the range for one who reads it himself, which no stream is given, until its port is given back.
  /// As take().
  struct Own {
    uint16_t port{};
    sa_family_t family{};
    Descriptor socket;
  };
  Result<Own> open_own();
  /// After the socket has been closed.
  void give_back(uint16_t port) { opened_.erase(port); }

  SocketPair* pair_of(Holder holder) const;
  std::size_t pairs() const { return pairs_.size(); }
  std::size_t holders() const { return holders_.size(); }
  /// So many streams share a pair at most: twice a packet of each fits into its receive buffer. 0: no pair is open yet.
  uint32_t streams_of_pair() const { return streams_of_pair_; }
  /// Receive buffer that the system gave the latest socket, as it counts it (twice what was asked for, socket(7)).
  uint32_t buffer_given() const { return buffer_given_; }

 private:
  struct Entry {
    SocketPair pair;
    std::set<Address> remotes;
    std::multiset<std::optional<Address>> waiting;  // hosts; nothing: any
    uint32_t holders{};
  };
  struct Held {
    Entry* entry{};
    Claim claim;
  };

  static bool fits(const Entry& entry, const Claim& claim);
  static void add(Entry& entry, const Claim& claim);
  static void drop(Entry& entry, const Claim& claim);
  Result<Entry*> find_or_open(const Claim& claim, uint32_t thread, const Entry* but);
  struct Bound {
    uint16_t port{};
    Descriptor first;
    Descriptor second;
  };
  Result<Entry*> open(uint32_t thread);
  Result<Bound> bind_next(bool pair);
  SocketPair& add_pair(uint16_t port, uint32_t thread);
  Result<Descriptor> bind_to(uint16_t port, bool rtp);
  sa_family_t family() const { return settings_.local.is_ipv4() ? AF_INET : AF_INET6; }

  const Settings settings_;
  std::vector<std::unique_ptr<Entry>> pairs_;
  std::vector<uint32_t> of_thread_;  // holders
  std::map<Holder, Held> holders_;
  std::set<uint16_t> opened_;        // even ports, of pairs and of sockets of their own
  uint32_t next_port_{};
  uint32_t streams_of_pair_{};
  uint32_t buffer_given_{};
};

}  // namespace cordboard::rtp
