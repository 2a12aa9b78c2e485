// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/engine.hpp"

#include "engine/core.hpp"

namespace cordboard::engine {

Result<std::unique_ptr<Engine>> Engine::create(const EngineConfig& config, Deliver deliver) {
  auto core = Core::create(config, std::move(deliver));
  if (!core) return core.error();
  return std::unique_ptr<Engine>(new Engine(std::move(*core)));
}

Engine::Engine(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Engine::~Engine() = default;

void Engine::submit(uint64_t id, AnyCommand command) { core_->submit(id, std::move(command)); }

void Engine::close(std::function<void()> closed) { core_->close(std::move(closed)); }

}  // namespace cordboard::engine
