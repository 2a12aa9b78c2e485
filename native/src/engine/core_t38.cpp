// SPDX-License-Identifier: GPL-2.0-or-later
// Ports of T.38: opened for the leg of a stream, handed to its fax end with fax.start, given back when that has ended or
// when the leg ends without one.
#include <algorithm>

#include "engine/core.hpp"
#include "media/t38_socket.hpp"

namespace cordboard::engine {

namespace {

media::UdptlCorrection correction_of(T38Correction correction) {
  switch (correction) {
    case T38Correction::kNone:
      return media::UdptlCorrection::kNone;
    case T38Correction::kFec:
      return media::UdptlCorrection::kFec;
    case T38Correction::kRedundancy:
      break;
  }
  return media::UdptlCorrection::kRedundancy;
}

}  // namespace

Result<T38Opened> Core::handle(const T38Open& command) {
  const auto stream = streams_.find(command.leg);
  if (stream == streams_.end()) {
    return fail(ErrorCode::kNotFound, "there is no leg " + std::to_string(command.leg) + " with a stream");
  }
  if (t38_ports_.contains(command.leg)) {
    return fail(ErrorCode::kBusy, "leg " + std::to_string(command.leg) + " has a port for T.38 already");
  }
  auto own = pool_->open_own();
  if (!own) return own.error();
  const uint32_t port = own->port;
  t38_ports_.emplace(command.leg, std::move(*own));
  return T38Opened{config_.streams.address, port};
}

Result<> Core::handle(const T38Close& command) {
  if (!t38_ports_.contains(command.leg)) {
    return fail(ErrorCode::kNotFound, "leg " + std::to_string(command.leg) + " has no port for T.38");
  }
  close_t38(command.leg);
  return Empty{};
}

void Core::close_t38(uint32_t leg) {
  const auto found = t38_ports_.find(leg);
  if (found == t38_ports_.end()) return;
  const auto port = found->second.port;
  t38_ports_.erase(found);
  pool_->give_back(port);
}

/// The end for the port of this leg, which is no more the leg's then.
Result<std::unique_ptr<media::T38End>> Core::make_t38(uint32_t leg, const FaxT38& said) {
  const auto found = t38_ports_.find(leg);
  if (found == t38_ports_.end()) {
    return fail(ErrorCode::kWrongState, "t38.open comes before a fax over T.38");
  }
  const auto local = *rtp::Address::parse(config_.streams.address, 0);
  const auto remote = peer_address(said.remoteAddress, said.remotePort, local);
  if (!remote) return remote.error();
  if (!remote->known()) return fail(ErrorCode::kInvalid, said.remoteAddress + " is no address of a fax machine");
  media::T38Socket::Peer peer{.remote = *remote, .latch_host = {}};
  if (!said.latchAddress.empty()) {
    const auto host = peer_address(said.latchAddress, 0, local);
    if (!host) return host.error();
    peer.latch_host = *host;
  }
  media::T38Settings settings;
  settings.version = said.version;
  settings.fill_bit_removal = said.fillBitRemoval;
  settings.transferred_tcf = !said.localTcf;
  settings.udptl.correction = correction_of(said.correction);
  settings.udptl.max_datagram = std::min<std::size_t>(said.maxDatagram, media::kMaxUdptl);
  auto& own = found->second;
  auto socket = std::make_unique<media::T38Socket>(std::move(own.socket), own.family, peer);
  t38_ports_.erase(found);
  return std::make_unique<media::T38End>(settings, std::move(socket));
}

}  // namespace cordboard::engine
