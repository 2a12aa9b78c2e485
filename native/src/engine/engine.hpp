// SPDX-License-Identifier: GPL-2.0-or-later
// The engine: cards, signalling and the switch behind one typed boundary.
//
//   host ── submit(command) ──> signalling thread ── operations ring ──> media thread (20 ms tick) ── cards
//   host <── deliver(batch) ──  signalling thread <── reports ring ────  media thread
//                               signalling thread <── done ── loader thread, recording writer
//
// Everything but speech belongs to the signalling thread (class Core). Commands are carried out in the order in which they
// were submitted; replies and events reach the host in the order in which they arose, in batches (engine/outbox.hpp).
// Closing: commands are refused, legs released with their causes told, recordings finished, then the threads end from the
// media thread outwards, and the last batch is delivered.
#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "engine/api.hpp"

namespace cordboard::engine {

/// A reply (re is the command's id) or an event (re is 0).
struct OutMessage {
  uint64_t re{};
  std::variant<AnyReply, AnyEvent> body;
};

using Batch = std::vector<OutMessage>;
/// Called on the signalling thread; must not block and must not call back into the engine.
using Deliver = std::function<void(Batch)>;

class Core;

class Engine {
 public:
  /// Starts the threads. Errors: kInvalid names what is wrong in the configuration; kIo the system's refusal.
  static Result<std::unique_ptr<Engine>> create(const EngineConfig& config, Deliver deliver);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Any thread. The reply comes with `re` = id (not 0).
  void submit(uint64_t id, AnyCommand command);

  /// Any thread, idempotent. `closed` runs on the signalling thread as its last act, after the last batch.
  void close(std::function<void()> closed);

 private:
  explicit Engine(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace cordboard::engine
