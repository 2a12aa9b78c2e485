// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what goes to the host and hands it over in one batch per media tick at most.
#pragma once

#include <utility>

#include "base/counters.hpp"
#include "engine/engine.hpp"

namespace cordboard::engine {

class Outbox {
 public:
  explicit Outbox(Deliver deliver) : deliver_(std::move(deliver)) {}

  /// Where the next message will stand; a reply put there comes before what was told since.
  std::size_t mark() const { return batch_.size(); }
  void reply(uint64_t id, AnyReply reply) { batch_.push_back({id, std::move(reply)}); }
  void reply(uint64_t id, AnyReply reply, std::size_t mark) {
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

  /// The first batch of a tick goes at once, so that a quiet box answers in microseconds; what comes after it in the
  /// same tick waits for the next.
  void flush(uint64_t tick) {
    if (batch_.empty() || (flushed_before_ && tick == flushed_tick_)) return;
    flushed_before_ = true;
    flushed_tick_ = tick;
    flush_now();
  }
  void flush_now() {
    if (batch_.empty()) return;
    batches_.add();
    messages_.add(batch_.size());
    deliver_(std::exchange(batch_, {}));
  }

  uint64_t dropped() const { return dropped_.value(); }
  uint64_t batches() const { return batches_.value(); }
  uint64_t messages() const { return messages_.value(); }

 private:
  static constexpr std::size_t kTelemetryLimit = 10000;
  Deliver deliver_;
  Batch batch_;
  bool flushed_before_{};
  uint64_t flushed_tick_{};
  Count dropped_;
  Count batches_;
  Count messages_;
};

}  // namespace cordboard::engine
