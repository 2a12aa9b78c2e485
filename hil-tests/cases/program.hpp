// SPDX-License-Identifier: GPL-2.0-or-later
// Other programs that a case works against, and what they say.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cordboard::engine {

/// A setting of the job (hil-tests/run.mjs).
inline std::string setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) ADD_FAILURE() << name << " is not set";
  return value == nullptr ? std::string() : std::string(value);
}

/// A program for as long as this lives. What it prints is kept until it is asked for.
class Program {
 public:
  explicit Program(std::vector<std::string> words, const std::string& folder = "") {
    int ends[2];
    EXPECT_EQ(0, pipe2(ends, O_CLOEXEC));
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    // No fork: the pages of a box, copied as they are written, would delay its tick.
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    EXPECT_EQ(0, posix_spawn(&process_, arguments[0], &actions, nullptr, arguments.data(), environ)) << words[0];
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    said_ = ends[0];
  }
  ~Program() {
    end();
    close(said_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Its exit code.
  int wait() {
    int status = 0;
    if (process_ > 0) waitpid(std::exchange(process_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void end() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    wait();
  }

  /// The next line with `part` in it, leaving out those before it; nothing when none comes in time.
  std::optional<std::string> line(const std::string& part, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (true) {
      for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
        auto found = text_.substr(0, end);
        text_.erase(0, end + 1);
        told_ += found + '\n';
        if (found.find(part) != std::string::npos) return found;
      }
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
      pollfd entry{said_, POLLIN, 0};
      if (left <= 0 || poll(&entry, 1, static_cast<int>(left)) <= 0) return std::nullopt;
      char piece[4096];
      const auto length = read(said_, piece, sizeof piece);
      if (length <= 0) return std::nullopt;
      text_.append(piece, static_cast<std::size_t>(length));
    }
  }
  /// All that it has said, for people.
  std::string everything() {
    line("\n", std::chrono::milliseconds(100));
    return told_ + text_;
  }

 private:
  pid_t process_{};
  int said_ = -1;
  std::string text_;
  std::string told_;
};

}  // namespace cordboard::engine
