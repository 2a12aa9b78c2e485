// SPDX-License-Identifier: GPL-2.0-or-later
// MFC/R2 against Debian's r2test, which speaks to the driver itself: bits, tones and numbers in both directions, as in China.
#include <chrono>
#include <fstream>

#include "conformance/r2_spans.hpp"
#include "driver_bed.hpp"
#include "program.hpp"

namespace cordboard::engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kCalls = 30;

double ms_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

class R2PeerBox {
 public:
  Box box{china_spans(near_span())};
  std::unique_ptr<Program> peer;

  /// r2test on all timeslots of the far E1; `more` are lines of its configuration.
  void start(const std::string& more) {
    std::ofstream(box.file("china.conf")) << signalling::china().definitions;
    // Empty lines end its reading; a range of channels takes what stands before it.
    std::ofstream(box.file("r2test.conf")) << "loglevel=error,warning\n"
                                              "variant=cn\n"
                                              "category=NATIONAL_SUBSCRIBER\n"
                                              "maxani=20\n"  // asked for until a signal ends it, as in China
                                              "maxdnis=5\n"
                                              "getanifirst=yes\n"
                                              "usedahdimf=yes\n"
                                              "mfthreshold=0\n"
                                              "mfbacktimeout=-1\n"  // as the variant has it; left out it is none
                                              "meteringpulsetimeout=-1\n"
                                              "chargecalls=yes\n"
                                              "advancedprotocolfile="
                                           << box.file("china.conf") << "\n"
                                           << more << "channel=32-46\nchannel=48-62\n";
    // By lines: it would keep back what it says.
    peer = std::make_unique<Program>(
        std::vector<std::string>{"/usr/bin/stdbuf", "-oL", "/usr/bin/r2test", "-c", box.file("r2test.conf")},
        box.file(""));
  }
  std::string line(const std::string& part) {
    const auto found = peer->line(part, bed().patience());
    if (!found) ADD_FAILURE() << "r2test does not say: " << part << "; it says:\n" << peer->everything();
    return found.value_or("");
  }
};

TEST(R2Peer, TakesThirtyCallsOfOursWithTheirNumbers) {
  R2PeerBox peer;
  peer.start("caller=no\n");
  auto& box = peer.box;
  expect_free(box);
  const auto begun = Clock::now();
  std::vector<LegSeized> calls;
  for (uint32_t call = 0; call < kCalls; ++call) {
    calls.push_back(box.ask<LegSeized>(
        LegSeize{.span = kNear, .calledNumber = std::to_string(95010 + call), .callingNumber = "13800138000"}));
  }
  for (const auto& call : calls) {
    ASSERT_TRUE(expect_leg<LegAnswered>(box, call.leg))
        << "timeslot " << call.timeslot << log_of(box) << "\nr2test says:\n"
        << peer.peer->everything();
  }
  figure("thirty calls answered after", ms_since(begun), "ms");
  for (uint32_t call = 0; call < kCalls; ++call) {
    const auto ready = peer.line("call ready on chan");
    EXPECT_NE(std::string::npos, ready.find("ANI = 13800138000")) << ready;
    EXPECT_NE(std::string::npos, ready.find("DNIS = 950")) << ready;
  }
  if (testing::Test::HasFailure()) std::printf("%s\n", log_of(box).c_str());
  for (const auto& call : calls) box.submit(LegRelease{call.leg, 16});
  for (const auto& call : calls) EXPECT_TRUE(expect_leg<LegReleased>(box, call.leg));
  EXPECT_TRUE(box.snapshot().legs.empty());
}

TEST(R2Peer, CallsUsOnThirtyTimeslotsAndIsAnswered) {
  R2PeerBox peer;
  auto& box = peer.box;
  const auto begun = Clock::now();
  peer.start("dnid=95001\ncid=13800138000\ncaller=yes\n");
  std::vector<uint32_t> legs;
  for (uint32_t call = 0; call < kCalls; ++call) {
    const auto offered = expect_event<LegOffered>(box, [](const LegOffered&) { return true; });
    ASSERT_TRUE(offered) << "only " << call << " calls came; the far end says:\n" << peer.peer->everything();
    EXPECT_EQ("95001", offered->calledNumber);
    EXPECT_EQ("13800138000", offered->callingNumber);
    EXPECT_EQ(CallingCategory::kOrdinary, offered->category);
    legs.push_back(offered->leg);
    box.submit(LegAnswer{{offered->leg}});
  }
  figure("thirty calls offered after", ms_since(begun), "ms");
  for (uint32_t call = 0; call < kCalls; ++call) peer.line("call has been answered on chan");
  for (const auto leg : legs) box.submit(LegRelease{leg, 16});
  for (const auto leg : legs) EXPECT_TRUE(expect_leg<LegReleased>(box, leg));
}

}  // namespace
}  // namespace cordboard::engine
