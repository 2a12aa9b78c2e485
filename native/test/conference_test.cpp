// SPDX-License-Identifier: GPL-2.0-or-later
// Conferences through the engine's boundary: a hundred callers in one room and in fifty, limits, roles and the speaker.
#include <algorithm>
#include <tuple>

#include "conference_box.hpp"

namespace cordboard::engine {
namespace {

TEST(Conference, SeatsAHundredCallersAndNoMore) {
  Box box(test_config(4, 0));
  wait_spans(box, 4);
  auto callers = call_in(box, 101);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
  const auto last = callers.back();
  callers.pop_back();
  std::vector<ConferenceJoin> joins;
  for (const auto& caller : callers) joins.push_back({room, caller.seat});
  ask_all(box, joins);
  const auto full = box.refused(ConferenceJoin{room, last.seat, SeatRole::kListen});
  EXPECT_EQ(ErrorCode::kBusy, full.code);
  EXPECT_EQ("conference 1 is full: all its 100 seats are taken", full.text);
  EXPECT_EQ(101U, box.snapshot().conferences.at(0).seats.size()) << "a hundred and the announcer";

  detect(box, callers);
  send_digits(box, callers[0], "5", 500);
  const auto speaker = box.wait<ConferenceSpeaker>();
  ASSERT_TRUE(speaker);
  EXPECT_EQ(callers[0].seat, speaker->port);
  send_digits(box, callers[99], "9");
  for (std::size_t i = 0; i < callers.size(); ++i) {
    // Nobody hears himself: for the two who spoke the other's digit is the first.
    EXPECT_EQ(i == 0 ? "9" : i == 99 ? "5" : "59", next_digits(box, callers[i], i == 0 || i == 99 ? 1 : 2)) << i;
  }
  // He who hangs up makes room.
  box.ask(LegRelease{callers[50].leg});
  ASSERT_TRUE(box.wait_leg<LegReleased>(callers[50].seat_leg));
  box.ask(ConferenceJoin{room, last.seat, SeatRole::kListen});
}

TEST(Conference, KeepsFiftyRoomsApart) {
  constexpr uint32_t kRooms = 50;
  Box box(test_config(4, 0));
  wait_spans(box, 4);
  const auto callers = call_in(box, 2 * kRooms);
  detect(box, callers);
  std::vector<ConferenceJoin> joins;
  for (uint32_t i = 0; i < kRooms; ++i) {
    const auto room = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
    joins.push_back({room, callers[i].seat});
    joins.push_back({room, callers[kRooms + i].seat});
  }
  ask_all(box, joins);
  std::vector<DigitsSend> numbers;
  for (uint32_t i = 0; i < kRooms; ++i) {
    numbers.push_back({.port = callers[i].port, .digits = std::to_string(100 + i) + "#"});
  }
  ask_all(box, numbers);  // all of them at once
  for (uint32_t i = 0; i < kRooms; ++i) {
    EXPECT_EQ(std::to_string(100 + i) + "#", next_digits(box, callers[kRooms + i], 4));
  }
  // One more digit from the other side: what comes first to those who spoke before is this, and nothing of other rooms.
  numbers.clear();
  for (uint32_t i = 0; i < kRooms; ++i) {
    numbers.push_back({.port = callers[kRooms + i].port, .digits = std::to_string(i % 10)});
  }
  ask_all(box, numbers);
  for (uint32_t i = 0; i < kRooms; ++i) EXPECT_EQ(std::to_string(i % 10), next_digits(box, callers[i], 1));
  EXPECT_FALSE(box.wait<LegDigit>([](const LegDigit&) { return true; }, std::chrono::milliseconds(0)))
      << "somebody heard another room";
}

TEST(Conference, ChangesRolesWhileItGoesOn) {
  Box box(test_config(1, 3));
  const auto phones = lift_all(box, 3);
  const auto& [caller, agent, supervisor] = std::tie(phones[0], phones[1], phones[2]);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
  box.ask(ConferenceJoin{room, caller.seat});
  box.ask(ConferenceJoin{room, agent.seat});
  detect(box, phones);
  box.ask(ConferenceJoin{room, supervisor.seat, SeatRole::kListen});
  send_digits(box, supervisor, "1");
  box.ask(ConferenceJoin{room, supervisor.seat, SeatRole::kWhisper, agent.seat});
  send_digits(box, supervisor, "2");
  box.ask(ConferenceJoin{room, supervisor.seat, SeatRole::kWhisper, caller.seat});
  send_digits(box, supervisor, "3");
  box.ask(ConferenceJoin{room, supervisor.seat, SeatRole::kTalk});
  send_digits(box, supervisor, "4");
  send_digits(box, caller, "5");
  EXPECT_EQ("34", next_digits(box, caller, 2));
  EXPECT_EQ("245", next_digits(box, agent, 3));
  EXPECT_EQ("5", next_digits(box, supervisor, 1));
  EXPECT_EQ(ErrorCode::kNotFound,
            box.refused(ConferenceJoin{room, supervisor.seat, SeatRole::kWhisper, supervisor.seat}).code);
}

TEST(Conference, ForgetsAWhisperWhenItsListenerGoes) {
  Box box(test_config(1, 3));
  const auto phones = lift_all(box, 3);
  const auto& [caller, agent, supervisor] = std::tie(phones[0], phones[1], phones[2]);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
  box.ask(ConferenceJoin{room, caller.seat});
  box.ask(ConferenceJoin{room, agent.seat});
  box.ask(ConferenceJoin{room, supervisor.seat, SeatRole::kWhisper, agent.seat});
  detect(box, phones);
  box.ask(ConferenceLeave{agent.seat});
  send_digits(box, supervisor, "1");
  box.ask(ConferenceJoin{room, agent.seat});
  send_digits(box, supervisor, "2");
  send_digits(box, agent, "3");
  EXPECT_EQ("3", next_digits(box, caller, 1));
  EXPECT_EQ("3", next_digits(box, supervisor, 1));
  const auto seats = box.snapshot().conferences.at(0).seats;
  const auto seat =
      std::find_if(seats.begin(), seats.end(), [&](const auto& at) { return at.port == supervisor.seat; });
  ASSERT_NE(seats.end(), seat);
  EXPECT_EQ(SeatRole::kListen, seat->role);
}

TEST(Conference, TellsWhoSpeaks) {
  Box box(test_config(1, 2));
  const auto phones = lift_all(box, 2);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
  for (const auto& phone : phones) box.ask(ConferenceJoin{room, phone.seat});
  const auto expect_speaker = [&](std::optional<uint32_t> port) {
    const auto speaker = box.wait<ConferenceSpeaker>();
    ASSERT_TRUE(speaker);
    EXPECT_EQ(room, speaker->conference);
    EXPECT_EQ(port, speaker->port);
  };
  box.ask<PlayStarted>(ToneStart{phones[0].port, "dial"});
  expect_speaker(phones[0].seat);
  box.ask(ConferenceLeave{phones[0].seat});
  expect_speaker(std::nullopt);
  const auto speaking = box.ask<PlayStarted>(ToneStart{phones[1].port, "dial"});
  expect_speaker(phones[1].seat);
  box.ask(PlayStop{speaking.play});
  expect_speaker(std::nullopt);
}

TEST(Conference, KeepsToItsNumberOfSeats) {
  Box box(test_config(1, 4));
  const auto phones = lift_all(box, 4);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{.maxSeats = 2}).conference;
  const auto other = box.ask<ConferenceCreated>(ConferenceCreate{}).conference;
  box.ask(ConferenceJoin{room, phones[0].seat});
  box.ask(ConferenceJoin{room, phones[1].seat});
  box.ask(ConferenceJoin{room, phones[1].seat, SeatRole::kListen});  // a change of role takes no other seat
  box.ask(ConferenceJoin{other, phones[2].seat});
  EXPECT_EQ("conference 1 is full: all its 2 seats are taken", box.refused(ConferenceJoin{room, phones[2].seat}).text);
  EXPECT_EQ(2U, box.snapshot().conferences.at(1).seats.size()) << "he who was refused keeps the seat that he had";
  EXPECT_EQ(ErrorCode::kBusy, box.refused(ConferenceJoin{room, phones[3].seat, SeatRole::kListen}).code)
      << "a supervisor needs a seat too";
  box.ask(ConferenceJoin{other, phones[0].seat});  // moves
  box.ask(ConferenceJoin{room, phones[3].seat});
}

}  // namespace
}  // namespace cordboard::engine
