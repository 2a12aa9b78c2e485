// SPDX-License-Identifier: GPL-2.0-or-later
// The speech of one channel of the driver, a block of 20 ms at a time, in the media thread.
//
// For each block that is taken one is written, so that as many blocks always lie before the line as at the beginning,
// whoever's clock is faster: no count of what waits is to be had from the driver. When a block is missing at a tick,
// neither is done (the row is silence). Blocks are complete about when the tick comes, as both follow the line's clock,
// so one may be there a moment before a tick or a moment after it: a spare block is kept to take in its place. When
// another one is left over besides for seconds on end, the oldest is dropped and one more is written. A missing block and a
// dropped one are slips. After a stall, when the driver has lost octets or had none to send, the channel begins anew.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/counters.hpp"
#include "cards/card.hpp"
#include "cards/dahdi/driver.hpp"

namespace cordboard::cards {

constexpr uint8_t kAlawSilence = 0xD5;

/// Of all channels of a card; told as counters of the engine.
struct SpeechCounts {
  Count slips;     // a block was missing or one too many
  Count restarts;  // after a stall
  Count events;
};

struct ChannelBuffers {
  uint32_t blocks = 8;  // in the driver, each way
  uint32_t ahead = 2;   // kept there to be sent: the longest stall that is not heard, and the delay
};

class SpeechChannel {
 public:
  /// Signalling thread, while the media thread does not use the channel.
  void attach(int handle) {
    handle_ = handle;
    started_ = false;
  }
  int handle() const { return handle_; }
  /// Media thread: the row of the latest exchange() is silence, as no block had come in time.
  bool missed() const { return missed_; }

  /// Media thread, once a tick. False: the board is gone, and the handle must not be used again. `notice` hears of events
  /// other than those of the buffers.
  template <class Hear>
  bool exchange(Driver& driver, const ChannelBuffers& buffers, SpeechCounts& counts, uint8_t* received,
                const uint8_t* sent, Hear notice) {
    missed_ = true;
    if (!started_) return start(driver, buffers, received);
    std::array<uint8_t, kRowBytes> block;
    int done = driver.read(handle_, block);
    for (int events = 0; done == kDriverEvent && events < kMostEvents; ++events) {
      if (!heard(driver, counts, notice)) return false;
      done = driver.read(handle_, block);
    }
    if (done == kDriverGone) return false;
    if (stalled_) {
      counts.restarts.add();
      return start(driver, buffers, received);
    }
    if (!choose(block, done == static_cast<int>(kRowBytes), received)) {
      // Ticks that make up for a stall come before the first block, whatever their number.
      if (!waiting_) counts.slips.add();
      return true;
    }
    missed_ = false;
    int written = driver.write(handle_, {sent, kRowBytes});
    for (int events = 0; written == kDriverEvent && events < kMostEvents; ++events) {
      if (!heard(driver, counts, notice)) return false;
      written = driver.write(handle_, {sent, kRowBytes});
    }
    if (written == kDriverAgain) counts.slips.add();
    return written != kDriverGone;
  }

  /// Media thread, now and then: takes what waits as the spare block; drops one when yet another has waited at each of
  /// the last `kTooLong` looks.
  void look(Driver& driver, SpeechCounts& counts, const uint8_t* sent);

 private:
  static constexpr int kMostEvents = 16;
  static constexpr uint32_t kTooLong = 16;

  bool start(Driver& driver, const ChannelBuffers& buffers, uint8_t* received);
  /// What the row is: the spare block if there is one, else the one that has come, if it has. False: silence.
  bool choose(const std::array<uint8_t, kRowBytes>& block, bool came, uint8_t* received);
  static void silence(uint8_t* row);

  template <class Hear>
  bool heard(Driver& driver, SpeechCounts& counts, Hear& notice) {
    const auto event = driver.take_event(handle_);
    switch (event.event) {
      case DriverEvent::kRemoved:
        return false;
      case DriverEvent::kOverrun:
      case DriverEvent::kUnderrun:
        stalled_ = true;
        return true;
      case DriverEvent::kNone:
        return true;
      default:
        counts.events.add();
        notice(event);
        return true;
    }
  }

  int handle_ = -1;
  bool started_{};
  bool waiting_{};  // for the first block since the start
  bool first_{};    // no tick since the start
  bool stalled_{};
  bool missed_{};
  uint32_t left_over_{};
  bool spare_{};
  std::array<uint8_t, kRowBytes> spare_block_;
};

}  // namespace cordboard::cards
