// SPDX-License-Identifier: GPL-2.0-or-later
// An engine with one E1 and a few stations of the virtual card, its exchange and telephones at the other end of the
// cables, and a host that waits for replies and events instead of sleeping.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

#include "engine/engine.hpp"

namespace cordboard::engine {

inline Country test_country() {
  Country country;
  country.code = "cn";
  country.tones = {{"dial", {{{450}, -10, 0, 0}}},
                   {"ringback", {{{450}, -10, 1000, 4000}}},
                   {"busy", {{{450}, -10, 350, 350}}},
                   {"congestion", {{{450}, -10, 700, 700}}}};
  country.ringCadenceMs = {1000, 4000};
  return country;
}

/// Spans 1…n are the box's (user side), 101… the exchange's; analog ports 1… are stations, 10001… telephones.
inline EngineConfig test_config(uint32_t spans = 1, uint32_t stations = 2) {
  EngineConfig config;
  config.country = test_country();
  config.realtime = false;
  for (uint32_t i = 1; i <= spans; ++i) {
    config.spans.push_back({i, "E1-" + std::to_string(i), PriSide::kUser});
    config.spans.push_back({100 + i, "exchange " + std::to_string(i), PriSide::kNetwork});
    config.cables.push_back({CableKind::kE1, i, 100 + i});
  }
  for (uint32_t i = 1; i <= stations; ++i) {
    config.analogs.push_back({i, "station " + std::to_string(i), AnalogKind::kFxs});
    config.analogs.push_back({10000 + i, "telephone " + std::to_string(i), AnalogKind::kFxo});
    config.cables.push_back({CableKind::kAnalog, i, 10000 + i});
  }
  return config;
}

class Box {
 public:
  explicit Box(EngineConfig config = test_config()) {
    folder_ = std::filesystem::temp_directory_path() /
              ("cordboard-engine-" + std::to_string(getpid()) + "-" + std::to_string(next_folder()++));
    std::filesystem::create_directories(folder_);
    if (config.recordingFolder.empty()) config.recordingFolder = file("journal");
    auto made = Engine::create(config, [this](Batch batch) {
      const std::lock_guard lock(mutex_);
      ++batches_;
      for (auto& message : batch) {
        if (message.re != 0) {
          replies_[message.re] = std::get<AnyReply>(std::move(message.body));
        } else {
          events_.push_back(std::get<AnyEvent>(std::move(message.body)));
        }
      }
      changed_.notify_all();
    });
    if (!made) {
      ADD_FAILURE() << made.error().text;
      std::abort();
    }
    engine_ = std::move(*made);
  }
  ~Box() {
    close();
    std::filesystem::remove_all(folder_);
  }

  template <class Command>
  uint64_t submit(Command command) {
    const auto id = ++last_id_;
    engine_->submit(id, std::move(command));
    return id;
  }

  AnyReply reply(uint64_t id) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [&] { return replies_.contains(id); })) {
      ADD_FAILURE() << "no reply to command " << id;
      return fail(ErrorCode::kClosed, "no reply");
    }
    auto reply = std::move(replies_[id]);
    replies_.erase(id);
    return reply;
  }

  /// The reply, which must not be an error.
  template <class Reply = Empty, class Command>
  Reply ask(Command command) {
    auto answer = reply(submit(std::move(command)));
    if (const auto* error = std::get_if<Error>(&answer)) {
      ADD_FAILURE() << name_of(error->code) << ": " << error->text;
      return {};
    }
    return std::get<Reply>(std::move(answer));
  }

  /// The error, which must be one.
  template <class Command>
  Error refused(Command command) {
    auto answer = reply(submit(std::move(command)));
    if (auto* error = std::get_if<Error>(&answer)) return *error;
    ADD_FAILURE() << "the command was not refused";
    return {};
  }

  /// The first event of this kind that fits, taken out of the queue.
  template <class Event, class Fits>
  std::optional<Event> wait(Fits fits, std::chrono::milliseconds patience = kPatience) {
    std::unique_lock lock(mutex_);
    std::optional<Event> found;
    changed_.wait_for(lock, patience, [&] {
      for (auto at = events_.begin(); at != events_.end(); ++at) {
        const auto* event = std::get_if<Event>(&*at);
        if (event == nullptr || !fits(*event)) continue;
        found = *event;
        events_.erase(at);
        return true;
      }
      return false;
    });
    return found;
  }
  template <class Event>
  std::optional<Event> wait() {
    return wait<Event>([](const Event&) { return true; });
  }
  template <class Event>
  std::optional<Event> wait_leg(uint32_t leg) {
    return wait<Event>([leg](const Event& event) { return event.leg == leg; });
  }

  void wait_dchannel(uint32_t span, bool up = true) {
    EXPECT_TRUE(wait<SpanDchannel>([&](const SpanDchannel& event) { return event.span == span && event.up == up; }));
  }

  /// Takes a file name in the box's own folder.
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  void close() {
    if (!engine_) return;
    {
      std::unique_lock lock(mutex_);
      closed_ = false;
    }
    engine_->close([this] {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      changed_.notify_all();
    });
    {
      std::unique_lock lock(mutex_);
      EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return closed_; })) << "the engine does not close";
    }
    engine_.reset();
  }

  Engine& engine() { return *engine_; }
  Snapshot snapshot() { return ask<Snapshot>(SnapshotGet{}); }

#ifndef CORDBOARD_TEST_PATIENCE_MS
#define CORDBOARD_TEST_PATIENCE_MS 10000
#endif
  static constexpr std::chrono::milliseconds kPatience{CORDBOARD_TEST_PATIENCE_MS};

 private:
  static int& next_folder() {
    static int next = 0;
    return next;
  }

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, AnyReply> replies_;
  std::deque<AnyEvent> events_;
  std::atomic<uint64_t> last_id_{0};  // several threads of a test ask
  uint64_t batches_{};
  bool closed_{};
  std::unique_ptr<Engine> engine_;
};

inline std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One channel (0 left, 1 right) of a stereo A-law recording.
inline std::vector<uint8_t> channel(const std::string& path, std::size_t which) {
  const auto bytes = read_file(path);
  std::vector<uint8_t> octets;
  for (std::size_t i = 58 + which; i < bytes.size(); i += 2) octets.push_back(bytes[i]);
  return octets;
}

/// Writes a mono A-law WAV.
inline void write_alaw(const std::string& path, const std::vector<uint8_t>& octets) {
  std::ofstream out(path, std::ios::binary);
  const auto number = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.put(static_cast<char>(value >> (8 * i)));
  };
  out << "RIFF";
  number(static_cast<uint32_t>(36 + octets.size()), 4);
  out << "WAVEfmt ";
  number(16, 4);
  number(6, 2);
  number(1, 2);
  number(8000, 4);
  number(8000, 4);
  number(1, 2);
  number(8, 2);
  out << "data";
  number(static_cast<uint32_t>(octets.size()), 4);
  out.write(reinterpret_cast<const char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
}

/// Where `wanted` stands whole in `in`, if it does.
inline std::optional<std::size_t> find_run(const std::vector<uint8_t>& in, const std::vector<uint8_t>& wanted) {
  const auto at = std::search(in.begin(), in.end(), wanted.begin(), wanted.end());
  if (at == in.end()) return std::nullopt;
  return static_cast<std::size_t>(at - in.begin());
}

}  // namespace cordboard::engine
