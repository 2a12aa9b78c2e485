// SPDX-License-Identifier: GPL-2.0-or-later
// Conferences on the bus alone, block by block: what each seat hears, octet by octet against a mixer that is slow and
// plain, and who is named as the speaker after how many blocks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include "bus/bus.hpp"

namespace cordboard::bus {
namespace {

constexpr int32_t kUnity = 4096;

void tick(Bus& bus) {
  bus.begin_tick();
  bus.route();
}

void fill(Bus& bus, Port port, uint8_t octet) { std::memset(bus.received(port), octet, kBlock); }

void fill_random(Bus& bus, Port port, std::mt19937& random) {
  for (uint32_t i = 0; i < kBlock; ++i) bus.received(port)[i] = static_cast<uint8_t>(random());
}

/// A multiple of 50 Hz, so that a block holds whole periods.
void fill_sine(Bus& bus, Port port, double hz, double amplitude) {
  for (uint32_t i = 0; i < kBlock; ++i) {
    const double angle = 2 * std::numbers::pi * hz * i / 8000;
    bus.received(port)[i] = dsp::linear_to_alaw(static_cast<int16_t>(amplitude * std::sin(angle)));
  }
}

/// Amplitude of a multiple of 50 Hz in what a port hears.
double amplitude(Bus& bus, Port port, uint32_t hz) {
  static const auto circle = [] {
    std::vector<double> sines(kBlock);
    for (uint32_t i = 0; i < kBlock; ++i) sines[i] = std::sin(2 * std::numbers::pi * i / kBlock);
    return sines;
  }();
  double re = 0;
  double im = 0;
  for (uint32_t i = 0; i < kBlock; ++i) {
    const double sample = dsp::alaw_to_linear(bus.sent(port)[i]);
    const uint32_t at = hz / 50 * i;
    re += sample * circle[(at + kBlock / 4) % kBlock];
    im += sample * circle[at % kBlock];
  }
  return 2 * std::hypot(re, im) / kBlock;
}

bool is_silent(Bus& bus, Port port) {
  return std::all_of(bus.received(port), bus.received(port) + kBlock,
                     [](uint8_t octet) { return octet == 0xD5 || octet == 0x55; });
}

/// What a seat has to hear: everybody who talks and whoever whispers to it, itself left out, saturated at the end.
std::vector<uint8_t> expected(Bus& bus, const ConferencePlan& plan, const Seat& listener) {
  std::vector<uint8_t> octets(kBlock);
  for (uint32_t i = 0; i < kBlock; ++i) {
    int32_t sum = 0;
    for (const auto& seat : plan.seats) {
      const bool heard = seat.role == Role::kTalk || (seat.role == Role::kWhisper && seat.whisper_to == listener.port);
      if (!heard || seat.port == listener.port || is_silent(bus, seat.port)) continue;
      sum += (dsp::alaw_to_linear(bus.received(seat.port)[i]) * seat.gain + 2048) >> 12;
    }
    octets[i] = dsp::linear_to_alaw(static_cast<int16_t>(std::clamp(sum, -32768, 32767)));
  }
  return octets;
}

void expect_all_hear_rightly(Bus& bus, const ConferencePlan& plan) {
  for (const auto& seat : plan.seats) {
    if (seat.source_only) continue;
    const auto right = expected(bus, plan, seat);
    ASSERT_EQ(0, std::memcmp(right.data(), bus.sent(seat.port), kBlock)) << "port " << seat.port;
  }
}

ConferencePlan plan_of(uint32_t seats) {
  ConferencePlan plan;
  for (Port port = 0; port < seats; ++port) plan.seats.push_back({.port = port});
  return plan;
}

TEST(ConferenceMix, GivesEachOfAHundredSeatsAllButItself) {
  Bus bus(100);
  std::mt19937 random(1);
  const auto plan = plan_of(100);
  bus.set_conference(0, &plan);
  for (int round = 0; round < 5; ++round) {
    for (Port port = 0; port < 100; ++port) fill_random(bus, port, random);
    tick(bus);
    expect_all_hear_rightly(bus, plan);
  }
}

TEST(ConferenceMix, KeepsRolesGainsAndWhispersWhateverThePlan) {
  constexpr uint32_t kPorts = 120;
  Bus bus(kPorts);
  std::mt19937 random(2);
  std::vector<Port> ports(kPorts);
  std::iota(ports.begin(), ports.end(), 0);
  ConferencePlan plans[2];  // the one in force is not touched
  for (int round = 0; round < 150; ++round) {
    auto& plan = plans[round % 2];
    plan.seats.clear();
    std::shuffle(ports.begin(), ports.end(), random);
    const auto count = round % 3 == 0 ? 100 : 2 + random() % 20;
    for (uint32_t i = 0; i < count; ++i) {
      Seat seat{.port = ports[i], .role = static_cast<Role>(random() % 3)};
      if (random() % 2 == 0) seat.gain = static_cast<int32_t>(random() % 16384);
      // Few are whispered to, so that several whisper to the same one.
      if (seat.role == Role::kWhisper) seat.whisper_to = ports[(i + 1 + random() % 3) % count];
      if (seat.whisper_to == seat.port) seat = {.port = seat.port};
      plan.seats.push_back(seat);
    }
    plan.seats[0].source_only = true;
    plan.seats[0].role = Role::kTalk;
    plan.seats[0].whisper_to = kNoPort;
    bus.set_conference(7, &plan);
    for (const auto& seat : plan.seats) {
      if (random() % 4 == 0) {
        fill(bus, seat.port, random() % 2 == 0 ? 0xD5 : 0x55);
      } else {
        fill_random(bus, seat.port, random);
      }
    }
    tick(bus);
    ASSERT_NO_FATAL_FAILURE(expect_all_hear_rightly(bus, plan)) << "round " << round;
    tick(bus);
    ASSERT_NO_FATAL_FAILURE(expect_all_hear_rightly(bus, plan)) << "round " << round << ", again";
  }
}

TEST(ConferenceMix, SaturatesWithoutWrappingWhenAHundredShout) {
  Bus bus(101);
  auto plan = plan_of(100);
  plan.seats.push_back({.port = 100, .role = Role::kListen});
  for (auto& seat : plan.seats) seat.gain = 4 * kUnity;
  bus.set_conference(0, &plan);
  for (const uint8_t loudest : {uint8_t{0xAA}, uint8_t{0x2A}}) {
    for (Port port = 0; port < 100; ++port) fill(bus, port, loudest);
    tick(bus);
    for (Port port = 0; port <= 100; ++port) {
      EXPECT_TRUE(std::all_of(bus.sent(port), bus.sent(port) + kBlock, [&](uint8_t octet) { return octet == loudest; }))
          << "port " << port;
    }
  }
}

TEST(ConferenceMix, AddsNoOffsetForSeatsThatAreSilent) {
  Bus bus(100);
  const auto plan = plan_of(100);
  bus.set_conference(0, &plan);
  tick(bus);
  for (Port port = 0; port < 100; ++port) EXPECT_EQ(dsp::kAlawSilence, bus.sent(port)[0]);
  std::mt19937 random(3);
  fill_random(bus, 42, random);
  tick(bus);
  for (Port port = 0; port < 100; ++port) {
    if (port != 42) {
      EXPECT_EQ(0, std::memcmp(bus.sent(port), bus.received(42), kBlock)) << "one voice among the silent is bit-exact";
    }
  }
}

TEST(ConferenceMix, ChangesRolesInMidConference) {
  Bus bus(4);
  fill_sine(bus, 3, 1500, 4000);
  fill_sine(bus, 0, 500, 4000);
  const auto heard_by = [&](Role role, Port whisper_to) {
    ConferencePlan plan = plan_of(4);
    plan.seats[3] = {.port = 3, .role = role, .whisper_to = whisper_to};
    bus.set_conference(0, &plan);
    tick(bus);
    std::string hearing;
    for (Port port = 0; port < 4; ++port) {
      const double heard = amplitude(bus, port, 1500);
      EXPECT_TRUE(heard < 60 || std::abs(heard - 4000) < 120) << heard;
      if (heard > 2000) hearing += std::to_string(port);
    }
    EXPECT_NEAR(amplitude(bus, 3, 500), 4000, 120) << "it hears the others in every role";
    bus.set_conference(0, nullptr);
    return hearing;
  };
  EXPECT_EQ("012", heard_by(Role::kTalk, kNoPort));
  EXPECT_EQ("", heard_by(Role::kListen, kNoPort));
  EXPECT_EQ("1", heard_by(Role::kWhisper, 1));
  EXPECT_EQ("2", heard_by(Role::kWhisper, 2));
  EXPECT_EQ("012", heard_by(Role::kTalk, kNoPort));
}

TEST(ConferenceMix, GivesEverySeatItsOwnGain) {
  Bus bus(5);
  auto plan = plan_of(5);
  const int32_t gains[] = {kUnity / 4, kUnity / 2, kUnity, 2 * kUnity, 0};
  for (Port port = 0; port < 5; ++port) {
    plan.seats[port].gain = gains[port];
    fill_sine(bus, port, 400.0 * (port + 1), 3000);
  }
  bus.set_conference(0, &plan);
  tick(bus);
  for (Port port = 0; port < 5; ++port) {
    for (Port source = 0; source < 5; ++source) {
      const double right = source == port ? 0 : 3000.0 * gains[source] / kUnity;
      EXPECT_NEAR(amplitude(bus, port, 400 * (source + 1)), right, 60 + 0.03 * right) << port << " hears " << source;
    }
  }
}

TEST(ConferenceMix, LeavesTheRowOfASeatThatHearsAPlayer) {
  Bus bus(3);
  ConferencePlan plan{{{.port = 0, .role = Role::kListen}, {.port = 1, .role = Role::kListen}, {.port = 2}}};
  bus.set_conference(0, &plan);
  fill(bus, 2, 0x31);
  bus.set_overridden(0, true);
  fill(bus, 0, 0x77);
  std::memset(bus.sent(0), 0x77, kBlock);
  tick(bus);
  EXPECT_EQ(0x77, bus.sent(0)[0]);
  EXPECT_EQ(0x31, bus.sent(1)[0]) << "and no other listener gets a copy of it";
}

TEST(ConferenceMix, KeepsFiftyRoomsApart) {
  constexpr uint32_t kRooms = 50;
  constexpr uint32_t kSeats = 20;
  constexpr double kAmplitude = 300;
  Bus bus(kRooms * kSeats);
  std::vector<ConferencePlan> plans(kRooms);
  for (Port port = 0; port < kRooms * kSeats; ++port) {
    const uint32_t room = port % kRooms;  // neighbours on the bus sit in different rooms
    plans[room].seats.push_back({.port = port});
    fill_sine(bus, port, 50.0 * (room + 1), kAmplitude);
  }
  for (uint32_t room = 0; room < kRooms; ++room) bus.set_conference(room, &plans[room]);
  tick(bus);
  for (Port port = 0; port < kRooms * kSeats; ++port) {
    for (uint32_t room = 0; room < kRooms; ++room) {
      const double heard = amplitude(bus, port, 50 * (room + 1));
      if (room == port % kRooms) {
        ASSERT_NEAR(heard, kAmplitude * (kSeats - 1), 0.05 * kAmplitude * kSeats) << "port " << port;
      } else {
        ASSERT_LT(heard, kAmplitude / 2) << "port " << port << " hears room " << room;
      }
    }
  }
}

// ------------------------------------------------------------------------------------------------------- who speaks

/// Blocks until `port` is the speaker; `most` and one more when it never is.
uint32_t blocks_until(Bus& bus, Port port, uint32_t most) {
  for (uint32_t blocks = 1; blocks <= most; ++blocks) {
    tick(bus);
    if (bus.speaker(0) == port) return blocks;
  }
  return most + 1;
}

TEST(ConferenceSpeaker, IsTheLouderAfterAFifthOfASecondAndNobodyAfterQuiet) {
  Bus bus(3);
  const auto plan = plan_of(3);
  bus.set_conference(0, &plan);
  EXPECT_EQ(201U, blocks_until(bus, 0, 200)) << "silence has no speaker";
  EXPECT_EQ(kNoPort, bus.speaker(0));

  fill_sine(bus, 0, 500, 3000);
  EXPECT_EQ(10U, blocks_until(bus, 0, 200));
  for (int i = 0; i < 100; ++i) tick(bus);
  EXPECT_EQ(0U, bus.speaker(0));

  fill_sine(bus, 1, 500, 3800);  // 2 dB louder: two who speak at once do not alternate
  EXPECT_EQ(201U, blocks_until(bus, 1, 200));
  fill_sine(bus, 1, 500, 9000);
  const auto taken = blocks_until(bus, 1, 200);
  EXPECT_GE(taken, 10U);
  EXPECT_LE(taken, 15U);

  fill(bus, 0, dsp::kAlawSilence);
  fill(bus, 1, dsp::kAlawSilence);
  const auto quiet = blocks_until(bus, kNoPort, 400);
  EXPECT_GE(quiet, 75U) << "a pause between words is no end";
  EXPECT_LE(quiet, 75U + 75);
}

TEST(ConferenceSpeaker, IsNeverALineThatHumsOrOneThatIsNotHeard) {
  Bus bus(4);
  ConferencePlan plan{{{.port = 0},
                       {.port = 1, .role = Role::kListen},
                       {.port = 2, .role = Role::kWhisper, .whisper_to = 0},
                       {.port = 3, .source_only = true}}};
  bus.set_conference(0, &plan);
  fill_sine(bus, 0, 50, 80);
  for (Port port = 1; port < 4; ++port) fill_sine(bus, port, 500, 9000);
  for (int i = 0; i < 200; ++i) {
    tick(bus);
    ASSERT_EQ(kNoPort, bus.speaker(0)) << "block " << i;
  }
}

TEST(ConferenceSpeaker, IsNobodyAtOnceWhenTheSpeakerGoesOrIsMuted) {
  Bus bus(2);
  const auto both = plan_of(2);
  const ConferencePlan without{{{.port = 1}}};
  const ConferencePlan muted{{{.port = 0, .role = Role::kListen}, {.port = 1}}};
  for (const auto* silenced : {&without, &muted}) {
    fill_sine(bus, 0, 500, 9000);
    bus.set_conference(0, &both);
    ASSERT_EQ(10U, blocks_until(bus, 0, 200));
    bus.set_conference(0, silenced);
    tick(bus);
    EXPECT_EQ(kNoPort, bus.speaker(0));
    // He who comes back and says nothing is not remembered as loud.
    fill(bus, 0, dsp::kAlawSilence);
    bus.set_conference(0, &both);
    EXPECT_EQ(61U, blocks_until(bus, 0, 60));
    bus.set_conference(0, nullptr);
  }
}

TEST(ConferenceSpeaker, StaysWhenOthersComeAndGo) {
  Bus bus(3);
  const auto all = plan_of(3);
  const auto two = plan_of(2);
  fill_sine(bus, 0, 500, 3000);
  bus.set_conference(0, &all);
  ASSERT_EQ(10U, blocks_until(bus, 0, 200));
  for (int i = 0; i < 20; ++i) {
    bus.set_conference(0, i % 2 == 0 ? &two : &all);
    tick(bus);
    ASSERT_EQ(0U, bus.speaker(0));
  }
}

}  // namespace
}  // namespace cordboard::bus
