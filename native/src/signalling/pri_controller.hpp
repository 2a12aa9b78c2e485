// SPDX-License-Identifier: GPL-2.0-or-later
// libpri's controllers, lent out: one is the Q.921 link and the Q.931 calls of one D-channel.
//
//   PriPort.take_frame ──> libpri ──> events
//   PriPort.write_frame <── libpri      PriPort.log <── its messages
//
// libpri can make a controller but not destroy one, so they are kept when a span goes and lent again to the next one
// of the same side: a process never holds more of them than it had spans at once.
#pragma once

#include <sys/time.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

extern "C" {
#include <libpri.h>
}

#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

/// What a controller reads from, writes to and speaks to.
class PriPort {
 public:
  virtual ~PriPort() = default;
  /// The frame that is to be received now, once; empty: none.
  virtual std::span<const uint8_t> take_frame() = 0;
  virtual void write_frame(std::span<const uint8_t> frame) = 0;
  /// One line of libpri's, perhaps with a line end.
  virtual void log(PriLogLevel level, std::string_view text) = 0;
};

/// What controllers must have in common to be lent again.
struct PriControllerKind {
  PriNode node = PriNode::kUser;
  PriProtocol protocol = PriProtocol::kEuroIsdn;
  std::size_t dchannels = 1;  // that share their calls
  bool operator==(const PriControllerKind&) const = default;
};

/// One controller for each of the ports, which share their calls, with those gone and the links down, which they begin to
/// establish. New ones write their first frames before this returns. Empty: out of memory. Locked, since libpri keeps
/// process-wide variables here.
std::vector<::pri*> lend_controllers(const PriControllerKind& kind, std::span<PriPort* const> ports);
/// Takes them back. Their calls must have been destroyed.
void return_controllers(const PriControllerKind& kind, const std::vector<::pri*>& controllers);

/// Takes the data link down as the loss of layer 1 does (PH-DEACTIVATE, Q.921 5.4.1), which libpri has no call for:
/// it is shown DISC, and DM for the case that it was waiting for UA. It tries to establish the link again after T200.
/// The port is asked for these frames, so it must return what `show` gives it. Events that libpri makes of them are
/// of no interest.
template <class Show>
void take_link_down(::pri* controller, PriNode node, Show&& show) {
  // C/R of a command is 1 from the network and 0 from the user, that of a response the other way (Q.921 3.3.2).
  const uint8_t command = node == PriNode::kUser ? 0x02 : 0x00;
  const uint8_t disc[] = {command, 0x01, 0x53};
  const uint8_t dm[] = {static_cast<uint8_t>(command ^ 0x02), 0x01, 0x1f};
  show(std::span<const uint8_t>(disc));
  pri_check_event(controller);
  show(std::span<const uint8_t>(dm));
  pri_check_event(controller);
}

/// What libpri tells of a controller.
struct PriUsage {
  uint32_t calls = 0;   // call references it keeps, the global one not counted
  uint32_t unsent = 0;  // frames not acknowledged, or not yet sent
};
PriUsage usage_of(::pri* controller);

}  // namespace cordboard::signalling
