// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/socket_pool.hpp"

#include <netinet/ip.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "rtp/packet_info.hpp"

namespace cordboard::rtp {

namespace {

// What the kernel charges a receive buffer with for one packet of speech: its data and its own notes.
constexpr uint32_t kBufferOfPacket = 1024;
constexpr uint32_t kPacketsOfStream = 2;
constexpr uint32_t kMostStreamsOfPair = 1024;
// A range that others have filled is given up after so many ports; the next try goes on from there.
constexpr int kMostTries = 256;

Error refused(const char* what, uint16_t port) {
  return fail(ErrorCode::kIo, std::string(what) + " for RTP on port " + std::to_string(port) + " failed: " +
                                  std::strerror(errno));
}

bool set_option(int socket, int level, int name, int value) {
  return setsockopt(socket, level, name, &value, sizeof value) == 0;
}

}  // namespace

// -------------------------------------------------------------------------------------------------------------- claims

bool SocketPool::fits(const Entry& entry, const Claim& claim) {
  if (claim.remote.known() && entry.remotes.contains(claim.remote)) return false;
  if (!claim.waits) return true;
  if (!claim.host) return entry.waiting.empty();
  return !entry.waiting.contains(std::nullopt) && !entry.waiting.contains(claim.host);
}

void SocketPool::add(Entry& entry, const Claim& claim) {
  if (claim.remote.known()) entry.remotes.insert(claim.remote);
  if (claim.waits) entry.waiting.insert(claim.host);
}

void SocketPool::drop(Entry& entry, const Claim& claim) {
  if (claim.remote.known()) entry.remotes.erase(claim.remote);
  if (claim.waits) entry.waiting.erase(entry.waiting.find(claim.host));
}

Result<SocketPair*> SocketPool::take(Holder holder, const Claim& claim) {
  const auto least = std::min_element(of_thread_.begin(), of_thread_.end());
  const auto found = find_or_open(claim, static_cast<uint32_t>(least - of_thread_.begin()), nullptr);
  if (!found) return found.error();
  Entry& entry = **found;
  add(entry, claim);
  ++entry.holders;
  ++of_thread_[entry.pair.thread];
  holders_[holder] = {&entry, claim};
  return &entry.pair;
}

bool SocketPool::change(Holder holder, const Claim& claim) {
  auto& held = holders_.at(holder);
  drop(*held.entry, held.claim);
  const bool good = fits(*held.entry, claim);
  if (good) held.claim = claim;
  add(*held.entry, held.claim);
  return good;
}

Result<SocketPair*> SocketPool::move(Holder holder, const Claim& claim) {
  auto& held = holders_.at(holder);
  const auto found = find_or_open(claim, held.entry->pair.thread, held.entry);
  if (!found) return found.error();
  drop(*held.entry, held.claim);
  --held.entry->holders;
  held = {*found, claim};
  add(*held.entry, claim);
  ++held.entry->holders;
  return &held.entry->pair;
}

void SocketPool::release(Holder holder) {
  const auto found = holders_.find(holder);
  if (found == holders_.end()) return;
  auto& [entry, claim] = found->second;
  drop(*entry, claim);
  --entry->holders;
  --of_thread_[entry->pair.thread];
  holders_.erase(found);
}

SocketPair* SocketPool::pair_of(Holder holder) const {
  const auto found = holders_.find(holder);
  return found == holders_.end() ? nullptr : &found->second.entry->pair;
}

Result<SocketPool::Entry*> SocketPool::find_or_open(const Claim& claim, uint32_t thread, const Entry* but) {
  for (const auto& entry : pairs_) {
    if (entry->pair.door != nullptr) continue;
    if (entry.get() == but || entry->pair.thread != thread || entry->holders >= streams_of_pair_) continue;
    if (fits(*entry, claim)) return entry.get();
  }
  return open(thread);
}

// ------------------------------------------------------------------------------------------------------------- sockets

Result<SocketPool::Entry*> SocketPool::open(uint32_t thread) {
  auto bound = bind_next(true);
  if (!bound) return bound.error();
  auto& pair = add_pair(bound->port, thread);
  pair.rtp = std::move(bound->first);
  pair.rtcp = std::move(bound->second);
  return pairs_.back().get();
}

Result<SocketPool::Own> SocketPool::open_own() {
  auto bound = bind_next(false);
  if (!bound) return bound.error();
  return Own{bound->port, family(), std::move(bound->first)};
}

/// The next even port of the range that nobody has, and with a pair the one behind it.
Result<SocketPool::Bound> SocketPool::bind_next(bool pair) {
  const uint32_t first = (settings_.first + 1U) / 2;  // halves: pair p has the ports 2p and 2p + 1
  const uint32_t count = (settings_.last + 1U) / 2 - std::min((settings_.last + 1U) / 2, first);
  const auto range = std::to_string(settings_.first) + " to " + std::to_string(settings_.last);
  if (opened_.size() >= count) {
    return fail(ErrorCode::kBusy, "every pair of RTP ports from " + range + " is in use");
  }
  for (int tries = 0; tries < kMostTries && static_cast<uint32_t>(tries) < count; ++tries) {
    const auto port = static_cast<uint16_t>(2 * (first + next_port_));
    next_port_ = (next_port_ + 1) % count;
    if (opened_.contains(port)) continue;
    Bound bound{.port = port};
    auto first = bind_to(port, pair);
    if (!first) return first.error();
    if (!first->open()) continue;
    bound.first = std::move(*first);
    if (pair) {
      auto second = bind_to(static_cast<uint16_t>(port + 1), false);
      if (!second) return second.error();
      if (!second->open()) continue;
      bound.second = std::move(*second);
    }
    opened_.insert(port);
    return bound;
  }
  return fail(ErrorCode::kBusy, "other programs use the RTP ports from " + range);
}

SocketPair& SocketPool::add_pair(uint16_t port, uint32_t thread) {
  auto& pair = pairs_.emplace_back(std::make_unique<Entry>())->pair;
  pair.number = static_cast<uint16_t>(pairs_.size() - 1);
  pair.port = port;
  pair.thread = thread;
  pair.family = family();
  return pair;
}

Result<SocketPair*> SocketPool::open_door(uint16_t port, uint32_t thread, Door& door) {
  auto bound = bind_to(port, true);
  if (!bound) return bound.error();
  if (!bound->open()) return fail(ErrorCode::kBusy, "another program uses UDP port " + std::to_string(port));
  SocketAddress address;
  socklen_t size = sizeof address;
  const bool named = getsockname(bound->number(), &address.any, &size) == 0;
  const auto local = named ? Address::from(address) : std::nullopt;
  if (!local) return refused("getsockname", port);
  // Who is bound to one address has no choice.
  const bool all = settings_.local.unspecified();
  if (all && !tell_packet_info(bound->number(), settings_.local.is_ipv4() ? AF_INET : AF_INET6)) {
    return refused("IP_PKTINFO", port);
  }
  auto& pair = add_pair(local->port, thread);
  pair.rtp = std::move(*bound);
  pair.door = &door;
  return &pair;
}

/// A descriptor that is not open when the port is in use.
Result<Descriptor> SocketPool::bind_to(uint16_t port, bool rtp) {
  const sa_family_t family = this->family();
  Descriptor made(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made.open()) return refused("a socket", port);
  // :: takes IPv4 as well; any other IPv6 address does not, whatever the system's default is.
  if (family == AF_INET6 && !set_option(made.number(), IPPROTO_IPV6, IPV6_V6ONLY, !settings_.local.unspecified())) {
    return refused("IPV6_V6ONLY", port);
  }
  // A packet of sound is never cut in two on its way; then the system need not make an identity for each (RFC 6864 clause 4.1).
  // Where it can't, each packet has an identity as before.
  if (family == AF_INET) set_option(made.number(), IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  if (settings_.dscp != 0) {
    const int octet = settings_.dscp << 2;
    const bool marked = family == AF_INET ? set_option(made.number(), IPPROTO_IP, IP_TOS, octet)
                                          : set_option(made.number(), IPPROTO_IPV6, IPV6_TCLASS, octet);
    if (!marked) return refused("the DSCP", port);
    // What goes to IPv4 from a socket of both is marked by the option of IPv4.
    if (family == AF_INET6 && settings_.local.unspecified()) set_option(made.number(), IPPROTO_IP, IP_TOS, octet);
  }
  if (rtp) {
    set_send_buffer(made.number(), settings_.buffer_bytes);
    buffer_given_ = set_receive_buffer(made.number(), settings_.buffer_bytes);
    streams_of_pair_ = std::clamp(buffer_given_ / (kBufferOfPacket * kPacketsOfStream), 1U, kMostStreamsOfPair);
  }
  SocketAddress address;
  const socklen_t length = settings_.local.with_port(port).to(address, family);
  if (bind(made.number(), &address.any, length) == 0) return made;
  if (errno == EADDRINUSE) return Descriptor();
  return fail(ErrorCode::kIo, settings_.local.with_port(port).text() + " cannot be bound for RTP: " +
                                  std::strerror(errno));
}

}  // namespace cordboard::rtp
