// SPDX-License-Identifier: GPL-2.0-or-later
// Those who sit in conferences: telephones on virtual cables and callers from the exchange, and digits to prove who hears
// whom.
#pragma once

#include <string>
#include <vector>

#include "engine_box.hpp"

namespace cordboard::engine {

/// A telephone off its hook: what the station says and hears is what the conference hears and says.
struct Phone {
  uint32_t leg{};   // of the telephone
  uint32_t port{};  // where it speaks and hears
  uint32_t seat{};  // the box's port
  uint32_t seat_leg{};
};

/// Until what was sent before has gone through the cables: two ticks.
inline void let_pass(Box& box) {
  const auto from = box.snapshot().tick.ticks;
  while (box.snapshot().tick.ticks < from + 3) {
  }
}

inline Phone lift(Box& box, uint32_t station) {
  const auto phone = box.ask<LegSeized>(LegSeize{.analog = 10000 + station});
  const auto seized = box.wait<LegOffered>();
  EXPECT_TRUE(seized);
  if (!seized) return {};
  box.ask(LegAnswer{{seized->leg}});
  return {phone.leg, phone.port, seized->port, seized->leg};
}

inline std::vector<Phone> lift_all(Box& box, uint32_t count) {
  std::vector<Phone> phones;
  for (uint32_t i = 1; i <= count; ++i) phones.push_back(lift(box, i));
  let_pass(box);  // dial tone
  return phones;
}

/// Answered calls from the exchange, thirty an E1, made all at once.
inline std::vector<Phone> call_in(Box& box, uint32_t count) {
  std::vector<uint64_t> asked;
  for (uint32_t i = 0; i < count; ++i) {
    asked.push_back(box.submit(
        LegSeize{.span = 101 + i / 30, .calledNumber = "95001", .callingNumber = std::to_string(10000 + i)}));
  }
  std::vector<Phone> callers(count);
  for (uint32_t i = 0; i < count; ++i) {
    const auto answer = box.reply(asked[i]);
    const auto* seized = std::get_if<LegSeized>(&answer);
    EXPECT_NE(nullptr, seized);
    if (seized != nullptr) callers[i].leg = seized->leg, callers[i].port = seized->port;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const auto offered = box.wait<LegOffered>();
    EXPECT_TRUE(offered);
    if (!offered) return callers;
    auto& caller = callers.at(std::stoul(offered->callingNumber) - 10000);
    caller.seat = offered->port;
    caller.seat_leg = offered->leg;
    box.submit(LegAnswer{{offered->leg}});
  }
  for (const auto& caller : callers) EXPECT_TRUE(box.wait_leg<LegAnswered>(caller.leg));
  return callers;
}

inline void wait_spans(Box& box, uint32_t spans) {
  for (uint32_t span = 1; span <= spans; ++span) {
    box.wait_dchannel(span);
    box.wait_dchannel(100 + span);
  }
}

template <class Command>
inline void ask_all(Box& box, const std::vector<Command>& commands) {
  std::vector<uint64_t> asked;
  for (const auto& command : commands) asked.push_back(box.submit(command));
  for (const auto id : asked) {
    const auto answer = box.reply(id);
    const auto* error = std::get_if<Error>(&answer);
    EXPECT_EQ(nullptr, error) << error->text;
  }
}

inline void detect(Box& box, const std::vector<Phone>& phones) {
  std::vector<DetectorSet> commands;
  for (const auto& phone : phones) commands.push_back({phone.port, true});
  ask_all(box, commands);
}

inline std::string next_digits(Box& box, const Phone& phone, std::size_t count) {
  std::string digits;
  while (digits.size() < count) {
    const auto digit = box.wait_leg<LegDigit>(phone.leg);
    if (!digit) return digits + " and no more";
    digits += digit->digit;
  }
  return digits;
}

/// Sends digits from a telephone and waits for their end; the pause after the last is still to pass when they are heard.
inline void send_digits(Box& box, const Phone& phone, const std::string& digits, uint32_t on_ms = 100) {
  const auto play = box.ask<PlayStarted>(DigitsSend{.port = phone.port, .digits = digits, .onMs = on_ms}).play;
  EXPECT_TRUE(box.wait<PlayEnded>([play](const PlayEnded& event) { return event.play == play; }));
}

}  // namespace cordboard::engine
