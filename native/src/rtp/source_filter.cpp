// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/source_filter.hpp"

namespace cordboard::rtp {

namespace {

// Three packets in sequence cannot be guessed by who does not see the session, and take 60 ms.
constexpr uint8_t kEnough = 3;

}  // namespace

bool SourceFilter::Run::add(const Address& source, const PacketView& packet) {
  const bool follows = length > 0 && source == from && packet.ssrc == ssrc && packet.sequence == next;
  length = follows ? static_cast<uint8_t>(length + 1) : uint8_t{1};
  from = source;
  ssrc = packet.ssrc;
  next = static_cast<uint16_t>(packet.sequence + 1);
  return length >= kEnough;
}

void SourceFilter::set(const SourceSettings& settings, int64_t now_ns) {
  const bool moved = settings.remote != settings_.remote;
  const bool asks = settings.latch && (!settings_.latch || moved || settings.latch_host != settings_.latch_host);
  const bool control_moved = settings.remote_control != settings_.remote_control;
  settings_ = settings;
  // A description that says the same again (a session refresh) leaves a peer where it was found.
  if (moved || asks) {
    remote_ = settings.remote;
    latched_ = false;
    control_settled_ = false;
    remote_control_ = settings.remote_control;
    described_ = {};
    other_ = {};
  } else if (control_moved && !latched_) {
    remote_control_ = settings.remote_control;
  }
  if (asks) {
    open_ = true;
    closes_ns_ = now_ns + settings.window_ns;
  } else if (moved || !settings.latch) {
    open_ = false;
  }
}

bool SourceFilter::may_latch(const Address& from) const {
  if (!from.known() || from.multicast()) return false;
  return settings_.latch_host && from.same_host(*settings_.latch_host);
}

bool SourceFilter::considers(const Address& from, int64_t now_ns) const {
  return (remote_.known() && from == remote_) || (window_open(now_ns) && may_latch(from));
}

SourceVerdict SourceFilter::offer(const Address& from, const PacketView& packet, int64_t now_ns) {
  if (remote_.known() && from == remote_) {
    if (open_ && described_.add(from, packet)) open_ = false;
    return SourceVerdict::kAccept;
  }
  if (!window_open(now_ns) || !may_latch(from)) return SourceVerdict::kRefuse;
  if (!other_.add(from, packet)) return SourceVerdict::kWait;
  open_ = false;
  latched_ = true;
  remote_ = from;
  // RTCP through a NAT comes from a port of its own, which is not known yet: the one above is the best guess, and right
  // for a NAT that keeps ports. With one port for both it is known.
  const bool shared = settings_.remote_control == settings_.remote;
  remote_control_ = shared ? from : from.with_port(static_cast<uint16_t>(from.port + 1));
  control_settled_ = shared;
  return SourceVerdict::kLatched;
}

bool SourceFilter::considers_control(const Address& from) const {
  if (remote_control_.known() && from == remote_control_) return true;
  return latched_ && !control_settled_ && from.known() && from.same_host(remote_);
}

void SourceFilter::confirm_control(const Address& from) {
  if (control_settled_ || !considers_control(from)) return;
  remote_control_ = from;
  control_settled_ = true;
}

}  // namespace cordboard::rtp
