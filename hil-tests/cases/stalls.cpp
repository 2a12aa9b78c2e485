// SPDX-License-Identifier: GPL-2.0-or-later
// How long the emulated machine stood still during each case, for whatever its host did meanwhile: a thread that only sleeps sees
// how late it wakes. It knows nothing of the engine, so that no fault of that is excused by it. The report keeps it, and
// hil-tests/run.mjs runs cases once more that have failed while the machine stood still.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace cordboard {
namespace {

using namespace std::chrono_literals;

class Stalls : public testing::EmptyTestEventListener {
 public:
  void OnTestProgramStart(const testing::UnitTest&) override {
    thread_ = std::thread([this] { watch(); });
    sched_param parameters{};
    parameters.sched_priority = 60;  // above the media thread's
    pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters);
  }
  void OnTestProgramEnd(const testing::UnitTest&) override {
    ending_ = true;
    thread_.join();
  }
  void OnTestStart(const testing::TestInfo&) override { longest_ms_ = 0; }
  void OnTestEnd(const testing::TestInfo& test) override {
    const int64_t ms = longest_ms_;
    testing::Test::RecordProperty("machine stood still", std::to_string(ms) + " ms");
    if (test.result()->Failed()) std::printf("    machine stood still for up to: %ld ms\n", static_cast<long>(ms));
  }

 private:
  void watch() {
    constexpr auto kNap = 10ms;
    auto before = std::chrono::steady_clock::now();
    while (!ending_) {
      std::this_thread::sleep_for(kNap);
      const auto now = std::chrono::steady_clock::now();
      const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(now - before - kNap).count();
      if (late > longest_ms_) longest_ms_ = late;
      before = now;
    }
  }

  std::thread thread_;
  std::atomic<bool> ending_{false};
  std::atomic<int64_t> longest_ms_{0};
};

[[maybe_unused]] const bool kListening = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new Stalls);  // GoogleTest frees it
  return true;
}();

}  // namespace
}  // namespace cordboard
