// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what goes to the host and hands it over in batches: at once when somebody waits for a reply, else so seldom that
// a busy box is not slowed down by crossings.
#pragma once

#include <utility>

#include "base/clock.hpp"
#include "base/counters.hpp"
#include "engine/engine.hpp"

namespace cordboard::engine {

class Outbox {
 public:
  explicit Outbox(Deliver deliver) : deliver_(std::move(deliver)) {}

  /// Where the next message will stand; a reply put there comes before what was told since.
  std::size_t mark() const { return batch_.size(); }
  void reply(uint64_t id, AnyReply reply) { this->reply(id, std::move(reply), mark()); }
  void reply(uint64_t id, AnyReply reply, std::size_t mark) {
    awaited_ = true;
    batch_.insert(batch_.begin() + static_cast<std::ptrdiff_t>(mark), OutMessage{id, std::move(reply)});
  }
  void event(AnyEvent event) { batch_.push_back({0, std::move(event)}); }
  /// Telemetry: dropped and counted when the host does not keep up.
  void telemetry(AnyEvent event) {
    if (batch_.size() >= kTelemetryLimit) {
      dropped_.add();
      return;
    }
    batch_.push_back({0, std::move(event)});
  }

  /// When flush() will deliver what waits; kNever: nothing does.
  Millis due() const {
    if (batch_.empty()) return kNever;
    return awaited_ ? flushed_at_ : flushed_at_ + kSpacingMs;
  }
  /// Replies, and whatever stands before and behind them, at once: the host has as many of them as it has asked for. Events
  /// alone wait until the last batch is a little while ago.
  void flush(Millis now) {
    if (due() > now) return;
    flush_now();
    flushed_at_ = now;
  }
  void flush_now() {
    if (batch_.empty()) return;
    awaited_ = false;
    batches_.add();
    messages_.add(batch_.size());
    deliver_(std::exchange(batch_, {}));
  }

  uint64_t dropped() const { return dropped_.value(); }
  uint64_t batches() const { return batches_.value(); }
  uint64_t messages() const { return messages_.value(); }

 private:
  static constexpr std::size_t kTelemetryLimit = 10000;
  // Each batch wakes the host's loop: by events 500 times a second at most, and ten times as often as a tick would; so they
  // are late by a tenth of a tick at most.
  static constexpr Millis kSpacingMs = 2;
  Deliver deliver_;
  Batch batch_;
  bool awaited_{};
  Millis flushed_at_{};
  Count dropped_;
  Count batches_;
  Count messages_;
};

}  // namespace cordboard::engine
