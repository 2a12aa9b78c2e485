// SPDX-License-Identifier: GPL-2.0-or-later
// A technician's instrument on a port: it sees what the port says and may put something of its own in place of what the port
// hears. Made and freed by the signalling thread, run by the media thread.
#pragma once

#include "bus/bus.hpp"

namespace cordboard::media {

class Probe {
 public:
  explicit Probe(bool sends) : sends_(sends) {}
  virtual ~Probe() = default;
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// One block: the octets just received, and the row to be sent, which is the probe's alone when it sends and not to be
  /// touched otherwise. True: something was noted, for the signalling thread to fetch without a lock. No allocation, lock, log
  /// or I/O.
  virtual bool exchange(const uint8_t* received, uint8_t* sent) = 0;
  bool sends() const { return sends_; }

  bus::Port port{};

 private:
  const bool sends_;
};

}  // namespace cordboard::media
