// SPDX-License-Identifier: GPL-2.0-or-later
// An engine on spans of the driver, as the cases use it; and what the cases do to the driver from outside.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "base/clock.hpp"
#include "engine_box.hpp"

namespace cordboard::engine {

using namespace std::chrono_literals;

/// The machine is emulated: whatever takes milliseconds elsewhere may take a second here.
constexpr std::chrono::milliseconds kSlow{60000};

inline std::vector<uint8_t> random_octets(std::size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> octets(count);
  for (auto& octet : octets) octet = static_cast<uint8_t>(random());
  return octets;
}

inline SpanConfig driver_span(uint32_t span, uint32_t device, PriSide side) {
  SpanConfig config{span, "E1-" + std::to_string(span), side};
  config.card = CardKind::kDahdi;
  config.device = device;
  return config;
}

/// Span 1 is the user's side; with `both`, span 2 of the driver is ours too and the network's.
inline EngineConfig hil_config(bool both, BoardsConfig boards = {32, 24}) {
  EngineConfig config;
  config.country = test_country();
  config.realtime = true;
  config.announcers = 2;
  config.boards = boards;  // an emulated machine stands still for tenths of a second now and then
  config.spans.push_back(driver_span(1, 1, PriSide::kUser));
  if (both) config.spans.push_back(driver_span(2, 2, PriSide::kNetwork));
  return config;
}

inline double counter(const Snapshot& snapshot, std::string_view name) {
  for (const auto& counter : snapshot.counters) {
    if (counter.name == name) return counter.value;
  }
  return -1;
}

/// A figure of a case: printed, and kept in the report.
inline void figure(const std::string& name, double value, const char* unit) {
  std::printf("    %s: %.1f %s\n", name.c_str(), value, unit);
  std::fflush(stdout);
  testing::Test::RecordProperty(name, std::to_string(value) + " " + unit);
}

inline std::string setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) ADD_FAILURE() << name << " is not set";
  return value == nullptr ? std::string() : std::string(value);
}

/// Another program for as long as this lives; what it prints goes to the console.
class Program {
 public:
  explicit Program(std::vector<std::string> words) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    process_ = fork();
    if (process_ == 0) {
      execv(arguments[0], arguments.data());
      _exit(127);
    }
  }
  ~Program() { end(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  void end() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }

 private:
  pid_t process_{};
};

inline Program exchange(const std::string& more = "", const std::string& number = "") {
  std::vector<std::string> words{setting("PEER"), "32"};
  if (!more.empty()) words.insert(words.end(), {more, number});
  return Program(std::move(words));
}

inline int64_t now_ms() { return cordboard::monotonic_ms(); }

}  // namespace cordboard::engine
