// SPDX-License-Identifier: GPL-2.0-or-later
// Faxes over T.38: between two ends of ours, to and from spandsp alone, and over networks that lose and delay.
#include "t38_lines.hpp"

namespace cordboard::media {
namespace {

class T38Test : public FaxTest {
 protected:
  struct Outcome {
    Story sender, receiver;
    T38Counts at_receiver{};
    bool right = false;
  };

  /// One fax between two ends of ours.
  void exchange(Outcome& outcome, const T38Network::Faults& faults, const T38Settings& t38, bool ecm, uint32_t seed) {
    const std::vector<FaxImage> pages = {printed_page(300, seed), printed_page(200, seed + 1)};
    const std::string out = "out" + std::to_string(seed);
    const std::string in = "in" + std::to_string(seed);
    write_fax(folder / out, pages);
    T38Network there;
    T38Network back;
    there.faults = back.faults = faults;
    there.random.seed(seed * 2);
    back.random.seed(seed * 2 + 1);
    FaxSettings sends = sending(out);
    sends.ecm = ecm;
    FaxTerminal sender(sends, outcome.sender.events(), t38_end(there, back, t38));
    FaxTerminal receiver(receiving(in), outcome.receiver.events(), t38_end(back, there, t38));
    ASSERT_TRUE(sender.open());
    ASSERT_TRUE(receiver.open());
    run_t38(
        sender,
        [&] {
          Samples none{};
          Samples silence;
          receiver.process(none.data(), silence.data());
        },
        there, back);
    receiver.close();
    outcome.at_receiver = receiver.t38()->counts();
    outcome.right = std::filesystem::exists(folder / in) && read_fax(folder / in) == pages;
    EXPECT_EQ(there.lost > 0, faults.loss > 0);  // the network did what it was asked to
  }
};

T38Settings with(UdptlCorrection correction) {
  T38Settings settings;
  settings.udptl.correction = correction;
  return settings;
}

TEST_F(T38Test, SendsAndReceivesPixelForPixel) {
  for (const auto correction : {UdptlCorrection::kNone, UdptlCorrection::kRedundancy, UdptlCorrection::kFec}) {
    SCOPED_TRACE(static_cast<int>(correction));
    Outcome outcome;
    exchange(outcome, {}, with(correction), true, 10 + static_cast<uint32_t>(correction) * 2);
    EXPECT_TRUE(outcome.sender.end.ok) << outcome.sender.end.text;
    EXPECT_TRUE(outcome.receiver.end.ok) << outcome.receiver.end.text;
    EXPECT_TRUE(outcome.right);
    EXPECT_TRUE(outcome.sender.end.ecm);
    EXPECT_EQ(outcome.sender.end.bit_rate, 14400U);
    EXPECT_EQ(outcome.receiver.pages.size(), 2U);
    EXPECT_EQ(outcome.receiver.end.remote_identity, "+86 21 5555 0001");
    EXPECT_EQ(outcome.at_receiver.lost, 0U);
    EXPECT_EQ(outcome.at_receiver.malformed, 0U);
  }
}

TEST_F(T38Test, SendsToABareSpandsp) {
  const std::vector<FaxImage> pages = {printed_page(200, 5), printed_page(150, 6)};
  write_fax(folder / "out", pages);
  T38Network there;
  T38Network back;
  Story story;
  FaxTerminal terminal(sending("out"), story.events(), t38_end(there, back));
  ASSERT_TRUE(terminal.open());
  BareT38Peer peer(false, "", folder / "in", back, there);
  run_t38(
      terminal, [&] { peer.tick(); }, there, back);
  EXPECT_TRUE(story.end.ok) << story.end.text;
  EXPECT_EQ(peer.code, T30_ERR_OK);
  EXPECT_EQ(read_fax(folder / "in"), pages);
}

TEST_F(T38Test, ReceivesFromABareSpandsp) {
  const std::vector<FaxImage> pages = {printed_page(200, 7), printed_page(150, 8)};
  write_fax(folder / "out", pages);
  T38Network there;
  T38Network back;
  Story story;
  FaxTerminal terminal(receiving("in"), story.events(), t38_end(there, back));
  ASSERT_TRUE(terminal.open());
  BareT38Peer peer(true, folder / "out", "", back, there);
  run_t38(
      terminal, [&] { peer.tick(); }, there, back);
  EXPECT_TRUE(story.end.ok) << story.end.text;
  EXPECT_EQ(peer.code, T30_ERR_OK);
  EXPECT_EQ(read_fax(folder / "in"), pages);
}

TEST_F(T38Test, LossAndJitterTakeNoPage) {
  const T38Network::Faults lines[] = {{0.01, 0, 1}, {0.05, 0, 1}, {0.01, 60, 1}, {0.05, 60, 1}, {0.05, 60, 3}};
  uint32_t seed = 100;
  for (const auto correction : {UdptlCorrection::kRedundancy, UdptlCorrection::kFec}) {
    for (const auto& faults : lines) {
      for (int time = 0; time < 3; ++time, seed += 2) {
        SCOPED_TRACE(::testing::Message() << "correction " << static_cast<int>(correction) << " loss " << faults.loss
                                          << " jitter " << faults.jitter_ms << " burst " << faults.burst);
        Outcome outcome;
        exchange(outcome, faults, with(correction), true, seed);
        EXPECT_TRUE(outcome.sender.end.ok) << outcome.sender.end.text;
        EXPECT_TRUE(outcome.receiver.end.ok) << outcome.receiver.end.text;
        EXPECT_TRUE(outcome.right);
        if (faults.loss > 0.02) {
          EXPECT_GT(outcome.at_receiver.recovered, 0U);
        }
      }
    }
  }
}

TEST_F(T38Test, EndsWhenNobodyAnswers) {
  write_fax(folder / "out", {printed_page(100, 1)});
  for (const bool calling : {true, false}) {
    T38Network there;
    T38Network back;
    Story story;
    FaxTerminal terminal(calling ? sending("out") : receiving("in"), story.events(), t38_end(there, back));
    ASSERT_TRUE(terminal.open());
    run_t38(
        terminal, [] {}, there, back, 120);
    EXPECT_EQ(story.ends, 1);
    EXPECT_FALSE(story.end.ok);
    EXPECT_FALSE(story.end.text.empty());
  }
}

}  // namespace
}  // namespace cordboard::media
