// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/bus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

namespace cordboard::bus {
namespace {

constexpr double kPi = std::numbers::pi;

void fill(Bus& bus, Port port, uint8_t value) { std::memset(bus.received(port), value, kBlock); }

void fill_sine(Bus& bus, Port port, double hz, double amplitude) {
  std::vector<int16_t> samples(kBlock);
  for (uint32_t i = 0; i < kBlock; ++i) {
    samples[i] = static_cast<int16_t>(amplitude * std::sin(2 * kPi * hz * i / 8000));
  }
  dsp::alaw_encode(samples.data(), bus.received(port), kBlock);
}

/// Amplitude of a frequency (a multiple of 50 Hz) in what a port hears.
double amplitude(Bus& bus, Port port, double hz) {
  std::vector<int16_t> samples(kBlock);
  dsp::alaw_decode(bus.sent(port), samples.data(), kBlock);
  double re = 0;
  double im = 0;
  for (uint32_t i = 0; i < kBlock; ++i) {
    re += samples[i] * std::cos(2 * kPi * hz * i / 8000);
    im += samples[i] * std::sin(2 * kPi * hz * i / 8000);
  }
  return 2 * std::hypot(re, im) / kBlock;
}

void tick(Bus& bus) {
  bus.begin_tick();
  bus.route();
}

TEST(Bus, CarriesEveryOctetUnchangedBetweenTwoParties) {
  Bus bus(4);
  bus.set_source(0, 1);
  bus.set_source(1, 0);
  for (uint32_t i = 0; i < kBlock; ++i) {
    bus.received(0)[i] = static_cast<uint8_t>(i);
    bus.received(1)[i] = static_cast<uint8_t>(255 - i);
  }
  tick(bus);
  EXPECT_EQ(0, std::memcmp(bus.sent(1), bus.received(0), kBlock));
  EXPECT_EQ(0, std::memcmp(bus.sent(0), bus.received(1), kBlock));
}

TEST(Bus, GivesSilenceToAPortThatIsConnectedToNothing) {
  Bus bus(3);
  fill(bus, 0, 0x12);
  bus.set_source(1, 0);
  tick(bus);
  EXPECT_EQ(0x12, bus.sent(1)[0]);
  EXPECT_EQ(dsp::kAlawSilence, bus.sent(2)[0]);
  bus.set_source(1, kNoPort);
  tick(bus);
  EXPECT_TRUE(std::all_of(bus.sent(1), bus.sent(1) + kBlock, [](uint8_t octet) { return octet == dsp::kAlawSilence; }));
}

TEST(Bus, LeavesAnOverriddenRowAlone) {
  Bus bus(2);
  fill(bus, 0, 0x12);
  bus.set_source(1, 0);
  bus.set_overridden(1, true);
  std::memset(bus.sent(1), 0x77, kBlock);
  tick(bus);
  EXPECT_EQ(0x77, bus.sent(1)[0]);
  bus.set_overridden(1, false);
  tick(bus);
  EXPECT_EQ(0x12, bus.sent(1)[0]);
}

TEST(Bus, DecodesAPortOnceATick) {
  Bus bus(1);
  fill(bus, 0, 0x2A);
  bus.begin_tick();
  const auto first = bus.linear(0)[0];
  fill(bus, 0, 0xAA);
  EXPECT_EQ(first, bus.linear(0)[0]);
  bus.begin_tick();
  EXPECT_EQ(-first, bus.linear(0)[0]);
}

TEST(Bus, GivesEveryConferenceSeatAllButItsOwnVoice) {
  Bus bus(3);
  ConferencePlan plan{{{.port = 0}, {.port = 1}, {.port = 2}}};
  bus.set_conference(0, &plan);
  fill_sine(bus, 0, 500, 4000);
  fill_sine(bus, 1, 1000, 4000);
  fill_sine(bus, 2, 1500, 4000);
  tick(bus);
  for (Port port = 0; port < 3; ++port) {
    for (Port source = 0; source < 3; ++source) {
      const double heard = amplitude(bus, port, 500.0 * (source + 1));
      if (source == port) {
        EXPECT_LT(heard, 60) << "port " << port << " hears itself";
      } else {
        EXPECT_NEAR(heard, 4000, 120) << "port " << port << " hears " << source;
      }
    }
  }
}

TEST(Bus, HearsAListenerNotAtAll) {
  Bus bus(3);
  ConferencePlan plan{{{.port = 0}, {.port = 1}, {.port = 2, .role = Role::kListen}}};
  bus.set_conference(0, &plan);
  fill_sine(bus, 0, 500, 4000);
  fill_sine(bus, 1, 1000, 4000);
  fill_sine(bus, 2, 1500, 4000);
  tick(bus);
  EXPECT_LT(amplitude(bus, 0, 1500), 60);
  EXPECT_LT(amplitude(bus, 1, 1500), 60);
  EXPECT_NEAR(amplitude(bus, 2, 500), 4000, 120);
  EXPECT_NEAR(amplitude(bus, 2, 1000), 4000, 120);
}

TEST(Bus, LetsOnlyOneHearAWhisper) {
  Bus bus(3);
  ConferencePlan plan{{{.port = 0}, {.port = 1}, {.port = 2, .role = Role::kWhisper, .whisper_to = 1}}};
  bus.set_conference(0, &plan);
  fill_sine(bus, 0, 500, 4000);
  fill_sine(bus, 1, 1000, 4000);
  fill_sine(bus, 2, 1500, 4000);
  tick(bus);
  EXPECT_LT(amplitude(bus, 0, 1500), 60) << "the caller must not hear the supervisor";
  EXPECT_NEAR(amplitude(bus, 1, 1500), 4000, 120);
  EXPECT_NEAR(amplitude(bus, 2, 500), 4000, 120);
  EXPECT_NEAR(amplitude(bus, 2, 1000), 4000, 120);
}

TEST(Bus, AppliesGainAndSaturatesInsteadOfWrapping) {
  Bus bus(3);
  ConferencePlan plan{{{.port = 0, .gain = 2048}, {.port = 1}, {.port = 2}}};
  bus.set_conference(0, &plan);
  fill_sine(bus, 0, 500, 8000);
  fill_sine(bus, 1, 1000, 100);
  tick(bus);
  EXPECT_NEAR(amplitude(bus, 2, 500), 4000, 120);
  fill_sine(bus, 0, 500, 30000);
  fill_sine(bus, 1, 500, 30000);
  plan.seats[0].gain = 4096;
  tick(bus);
  std::vector<int16_t> samples(kBlock);
  dsp::alaw_decode(bus.sent(2), samples.data(), kBlock);
  // The sum of two full sines in phase is a clipped sine of the same sign, never one that has wrapped round.
  for (uint32_t i = 1; i < 8; ++i) EXPECT_GT(samples[i], 0) << i;
}

TEST(Bus, GivesBackTheOldPlanAndFreesTheSeats) {
  Bus bus(2);
  ConferencePlan one{{{.port = 0}, {.port = 1}}};
  ConferencePlan two{{{.port = 0}}};
  EXPECT_EQ(nullptr, bus.set_conference(3, &one));
  EXPECT_EQ(&one, bus.set_conference(3, &two));
  bus.set_source(1, 0);
  fill(bus, 0, 0x31);
  tick(bus);
  EXPECT_EQ(0x31, bus.sent(1)[0]) << "no longer seated, so it hears its source again";
  EXPECT_EQ(&two, bus.set_conference(3, nullptr));
}

TEST(Bus, MixesFiftySeats) {
  Bus bus(50);
  ConferencePlan plan;
  for (Port port = 0; port < 50; ++port) {
    plan.seats.push_back({.port = port});
    fill_sine(bus, port, 500, 200);
  }
  bus.set_conference(0, &plan);
  tick(bus);
  for (Port port = 0; port < 50; ++port) EXPECT_NEAR(amplitude(bus, port, 500), 49 * 200, 400);
}

}  // namespace
}  // namespace cordboard::bus
