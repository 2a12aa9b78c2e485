// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks of a board that come too late for their tick: who is told, and what it does to a register signal of R2.
#include <gtest/gtest.h>

#include "cards/dahdi/dahdi_card.hpp"
#include "engine/watchers.hpp"
#include "fake_driver.hpp"

namespace cordboard::engine {
namespace {

using dsp::kBlock;

TEST(LateBlocks, AreToldByTheCardRowByRow) {
  cards::FakeLine line(true);
  cards::DahdiCard card([&]() -> Result<std::unique_ptr<cards::Driver>> {
    return std::unique_ptr<cards::Driver>(std::make_unique<cards::FakeDriver>(line));
  });
  card.add_span(1, 1, 0);
  card.pump(1000);
  std::vector<uint8_t> received(31 * cards::kRowBytes), sent(received.size(), 0x55), missing(31);
  const auto tick = [&](bool pass) {
    if (pass) line.pass();
    card.exchange({received.data(), sent.data(), missing.data()});
  };
  for (int i = 0; i < 20; ++i) tick(true);
  EXPECT_EQ(0, missing[0]);
  tick(false);  // the spare block
  EXPECT_EQ(0, missing[0]);
  tick(false);
  EXPECT_EQ(1, missing[0]);
  EXPECT_EQ(1, missing[30]);
  EXPECT_EQ(0, missing[15]) << "timeslot 16 carries frames";
  tick(true);
  EXPECT_EQ(0, missing[0]);
}

class LateSignal : public testing::Test {
 protected:
  /// So many blocks of the signal, which goes on where it was.
  void hear(int blocks) {
    for (int block = 0; block < blocks; ++block) {
      for (auto& sample : samples_) sample = dsp::alaw_to_linear(tone_[at_++ % tone_.size()]);
      watcher_.listen(samples_);
    }
  }
  void miss(int blocks) {
    int16_t silence[kBlock]{};
    for (int block = 0; block < blocks; ++block) watcher_.listen_to_nothing(silence);
  }
  std::string told() {
    std::string text;
    for (dsp::MfR2Event event{}; watcher_.take(event);)
      text += (event.begin ? "+" : "-") + std::to_string(event.signal);
    return text;
  }

 private:
  const dsp::MfR2Receiver receiver_{dsp::MfR2Direction::kBackward};
  const std::vector<uint8_t> tone_ = dsp::render_mf_r2(dsp::MfR2Direction::kBackward, 1);
  R2Watcher watcher_{WatchKind::kRegisterBackward, receiver_};
  std::size_t at_{};
  int16_t samples_[kBlock]{};
};

TEST_F(LateSignal, IsOneSignalWhenBlocksOfItComeLate) {
  hear(5);
  for (int missed = 1; missed <= 10; ++missed) {
    miss(missed);
    hear(3);
  }
  EXPECT_EQ("+1", told());
}

TEST_F(LateSignal, IsOverWhenNothingComesForLonger) {
  hear(5);
  miss(15);
  EXPECT_EQ("+1-1", told());
}

}  // namespace
}  // namespace cordboard::engine
