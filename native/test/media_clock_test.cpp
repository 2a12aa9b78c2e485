// SPDX-License-Identifier: GPL-2.0-or-later
// The tick on a card's clock: late ones are waited for, and the machine's clock stands in for one that is gone.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/media_thread.hpp"
#include "media_card.hpp"

namespace cordboard::media {
namespace {

using namespace std::chrono_literals;

/// Ticks when the test said, counted from its beginning; after the last it is gone.
class ToldClock : public cards::ClockPort {
 public:
  explicit ToldClock(std::vector<int64_t> at_ms) : begun_(monotonic_ns()), at_ms_(std::move(at_ms)) {}
  bool wait(int64_t until_ns) override {
    const std::size_t next = told.load();
    const int64_t at = next < at_ms_.size() ? begun_ + at_ms_[next] * 1'000'000 : kNever;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(at, until_ns) - monotonic_ns()));
    if (at > until_ns) return false;
    ++told;
    return true;
  }
  std::atomic<std::size_t> told{0};

 private:
  const int64_t begun_;
  const std::vector<int64_t> at_ms_;
};

TEST(MediaClock, WaitsForAClockThatIsLateAndStandsInForOneThatIsGone) {
  // Four ticks, three that come late all at once, three more, and then no more.
  ToldClock clock({20, 40, 60, 80, 190, 190, 190, 210, 230, 250});
  KnownCard card(1);
  MediaCore core(2, {}, {&card}, 1);
  Wake wake;
  engine::MediaThread thread(core, wake, false, &clock);
  while (clock.told < 10) wake.wait(100);
  const auto paced = core.ticks();
  // One may be on its way yet, and none was made beside those of the clock.
  EXPECT_GE(paced, 9U);
  EXPECT_LE(paced, 11U);
  const auto begun = std::chrono::steady_clock::now();
  while (core.ticks() < paced + 25 && std::chrono::steady_clock::now() < begun + 10s) wake.wait(100);
  EXPECT_GE(core.ticks(), paced + 25) << "the machine's clock does not stand in";
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 300ms) << "it is too fast";
  thread.stop();
}

}  // namespace
}  // namespace cordboard::media
