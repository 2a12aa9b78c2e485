// SPDX-License-Identifier: GPL-2.0-or-later
// What listens to a port on the media thread (tones, answering machines, caller identification, speech, …) or changes
// what comes from it (echo canceller, gain). Made and freed by the signalling thread, run by the media thread.
#pragma once

#include "bus/bus.hpp"

namespace cordboard::media {

class Watcher {
 public:
  Watcher() = default;
  virtual ~Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// One block of what the port says, kBlock linear samples. True: something was noted, for the signalling thread to
  /// fetch from the watcher by a way of its own that needs no lock. No allocation, lock, log or I/O.
  virtual bool listen(const int16_t* said) = 0;
  /// In place of it, when no block came in time from a board and the port is silent for it (`silence`).
  virtual bool listen_to_nothing(const int16_t* silence) { return listen(silence); }

  bus::Port port{};
  Watcher* next{};  // of the same port; media thread
};

class Conditioner {
 public:
  Conditioner() = default;
  virtual ~Conditioner() = default;
  Conditioner(const Conditioner&) = delete;
  Conditioner& operator=(const Conditioner&) = delete;

  /// Changes a block in place before anybody hears it. `reference` is what was sent to the port the tick before, the
  /// most recent that can have come back. Same rules.
  virtual void condition(int16_t* said, const uint8_t* reference) = 0;

  bus::Port port{};
};

}  // namespace cordboard::media
