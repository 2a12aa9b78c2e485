// SPDX-License-Identifier: GPL-2.0-or-later
// Hostile input below the level of messages: storms of signalling bits and register tones, and garbage in place of the
// message that tells who calls.
#include <gtest/gtest.h>

#include <cstdio>

#include "dsp/caller_id.hpp"
#include "dsp/g711.hpp"
#include "fuzz_inputs.hpp"
#include "r2_pair.hpp"

namespace cordboard {
namespace {

uint32_t seed_of(uint32_t usual) {
  const char* set = std::getenv("CORDBOARD_FUZZ_SEED");
  return set == nullptr ? usual : usual + static_cast<uint32_t>(std::atoi(set));
}

class HostileSignallingCas : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Variants, HostileSignallingCas, ::testing::Values("CN", "ITU", "BR", "AR"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(HostileSignallingCas, BitStorms) {
  using namespace signalling;
  std::mt19937 random(seed_of(4242));
  const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  R2Options options;
  if (std::string(GetParam()) == "CN") {
    options = china();
  } else {
    options.variant = GetParam();
  }
  options.metering_ms = 300;
  R2Pair pair(options);
  pair.run_for(500);
  R2End& victim = pair.a;
  std::vector<R2Call> calls;
  victim.when_offered = [&](const R2End::Offer& offer) { calls.push_back(offer.call); };
  const int count = fuzz_inputs();
  for (int n = 0; n < count; ++n) {
    // Few timeslots, so that one meets more than one change.
    const auto timeslot = static_cast<uint8_t>(pick(64) == 0 ? pick(256) : 1 + pick(4));
    // What is nearly a call, more often than what is nothing at all.
    constexpr uint8_t kUsual[] = {0x9, 0x1, 0x5, 0xd, 0x9, 0x1};
    const auto bits = static_cast<uint8_t>(pick(3) == 0 ? random() : kUsual[pick(6)]);
    switch (pick(8)) {
      case 0:
        victim.span->receive_tone(timeslot, static_cast<uint8_t>(pick(20)), pick(2) == 0, pair.now_ms);
        break;
      case 1: {
        const auto tone = static_cast<uint8_t>(1 + pick(15));
        victim.span->receive_tone(timeslot, tone, true, pair.now_ms);
        pair.run_for(pick(80));
        victim.span->receive_tone(timeslot, tone, false, pair.now_ms);
        break;
      }
      default:
        victim.span->receive_bits(timeslot, bits, pair.now_ms);
    }
    if (pick(3) != 0) pair.run_for(pick(pick(64) == 0 ? 40000 : 60));
    // Real calls in the midst of it.
    if (pick(256) == 0) {
      if (const auto seized = pair.b.span->seize({.called = "12345", .calling = "678"}, pair.now_ms)) {
        pair.b.known.insert(seized->call);
        if (pick(2) == 0) pair.run_for(4000);
      }
    }
    if (pick(16) == 0) {
      if (const auto seized = victim.span->seize({.called = "12345", .calling = "678"}, pair.now_ms)) {
        victim.known.insert(seized->call);
        calls.push_back(seized->call);
      }
    }
    if (!calls.empty() && pick(4) == 0) {
      const auto call = calls[pick(static_cast<uint32_t>(calls.size()))];
      switch (pick(4)) {
        case 0:
          (void)victim.span->accept(call, pair.now_ms);
          break;
        case 1:
          (void)victim.span->answer(call, pair.now_ms);
          break;
        case 2:
          (void)victim.span->meter(call, pair.now_ms);
          break;
        default:
          (void)victim.span->release(call, static_cast<uint8_t>(1 + pick(127)), pair.now_ms);
      }
    }
    if (calls.size() > 40) calls.erase(calls.begin(), calls.begin() + 20);
    if (pick(512) == 0) (void)victim.span->block(timeslot, pick(2) == 0, pair.now_ms);
    if (victim.log.size() > 1000) victim.log.clear();
  }
  std::printf("%s: %d changes: %zu calls offered, %zu released\n", GetParam(), count, victim.offers.size(),
              victim.released.size());
  EXPECT_GT(victim.offers.size(), 0u);
  // The span that was mistreated still works.
  victim.when_offered = nullptr;
  for (uint8_t n = 1; n <= 31; ++n) {
    if (n == 16) continue;  // signalling bits
    (void)victim.span->block(n, false, pair.now_ms);
    (void)pair.b.span->reset(n, pair.now_ms);
    (void)victim.span->reset(n, pair.now_ms);
    victim.span->receive_bits(n, pair.b.bits[n], pair.now_ms);
  }
  pair.run_for(60000);
  const auto before = pair.b.offers.size();
  const auto seized = victim.span->seize({.called = "54321", .calling = "678"}, pair.now_ms);
  ASSERT_TRUE(seized) << seized.error().text << victim.span->dump();
  victim.known.insert(seized->call);
  EXPECT_TRUE(pair.run_until([&] { return pair.b.offers.size() > before; })) << victim.span->dump();
}

TEST(HostileSignallingCallerId, FskGarbage) {
  std::mt19937 random(seed_of(99));
  const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(random() % below); };
  dsp::CallerIdMessage message;
  message.presentation = dsp::Presentation::kAllowed;
  message.number = std::string_view("02161234567");
  message.name_presentation = dsp::Presentation::kAllowed;
  message.name = std::string_view("Ada Lovelace");
  message.date_time = std::string_view("11231200");
  std::vector<std::vector<int16_t>> clips;
  for (const auto kind : {dsp::FskKind::kBell202, dsp::FskKind::kV23}) {
    dsp::CallerIdSignal signal;
    signal.kind = kind;
    const auto octets = dsp::render_caller_id(message, signal);
    auto& clip = clips.emplace_back();
    for (const uint8_t octet : octets) clip.push_back(dsp::alaw_to_linear(octet));
  }
  std::size_t told = 0, failed = 0;
  const int count = fuzz_inputs();
  for (int n = 0; n < count; ++n) {
    auto samples = clips[pick(2)];
    for (uint32_t changes = 1 + pick(4); changes > 0; --changes) {
      const auto at = pick(static_cast<uint32_t>(samples.size()));
      const auto length = std::min<std::size_t>(samples.size() - at, 1 + pick(400));
      const auto from = samples.begin() + static_cast<std::ptrdiff_t>(at);
      switch (pick(5)) {
        case 0:
          std::fill_n(from, length, int16_t{0});
          break;
        case 1:
          std::generate_n(from, length, [&] { return static_cast<int16_t>(random()); });
          break;
        case 2:
          samples.erase(from, from + static_cast<std::ptrdiff_t>(length));
          break;
        case 3:
          std::reverse(from, from + static_cast<std::ptrdiff_t>(length));
          break;
        default:  // the modem's bits again: a message longer than it says
          samples.insert(from, from, from + static_cast<std::ptrdiff_t>(length));
      }
      if (samples.empty()) break;
    }
    samples.resize((samples.size() + 159) / 160 * 160 + 160);
    dsp::CallerIdReceiverSettings settings;
    settings.seizure_required = pick(2) == 0;
    dsp::CallerIdReceiver receiver(settings);
    const dsp::CallerIdResult* result = nullptr;
    for (std::size_t at = 0; at < samples.size() && result == nullptr; at += 160)
      result = receiver.process(&samples[at]);
    if (result == nullptr) result = &receiver.finish();
    ++(result->failure == dsp::CallerIdFailure::kNone ? told : failed);
    ASSERT_LE(std::string_view(result->message.number).size(), 64u);
    ASSERT_LE(std::string_view(result->message.name).size(), 255u);
  }
  std::printf("%d messages: %zu told, %zu failed\n", count, told, failed);
  EXPECT_GT(failed, 0u);
}

}  // namespace
}  // namespace cordboard
