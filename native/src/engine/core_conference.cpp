// SPDX-License-Identifier: GPL-2.0-or-later
// Conferences: who sits where. The bus gets a new plan for every change and gives the old one back.
//
//   join, leave ─> seats ─┬─> plan ──> bus                                     who hears whom
//                         └─> tone ──> the announcer's row, a seat itself      who has come or gone
#include <algorithm>
#include <cmath>

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

// A crowd that comes at once is told by this many tones, not by a minute of them.
constexpr std::size_t kMostTonesInARow = 3;

bus::Role role_of(SeatRole role) {
  switch (role) {
    case SeatRole::kListen:
      return bus::Role::kListen;
    case SeatRole::kWhisper:
      return bus::Role::kWhisper;
    case SeatRole::kTalk:
      break;
  }
  return bus::Role::kTalk;
}

}  // namespace

Result<ConferenceCreated> Core::handle(const ConferenceCreate& command) {
  for (const auto& tone : {command.enterTone, command.leaveTone}) {
    if (!tone.empty() && !tones_.contains(tone)) return no_tone(tone);
  }
  const auto slot = std::find(conference_slots_.begin(), conference_slots_.end(), false);
  if (slot == conference_slots_.end()) {
    return fail(ErrorCode::kBusy, "all " + std::to_string(conference_slots_.size()) + " conferences are in use");
  }
  *slot = true;
  const auto id = next_conference_++;
  auto& conference = conferences_[id];
  conference.id = id;
  conference.slot = static_cast<uint32_t>(slot - conference_slots_.begin());
  conference.max_seats = command.maxSeats;
  conference.enter_tone = command.enterTone;
  conference.leave_tone = command.leaveTone;
  if (!free_announcers_.empty()) {
    const auto announcer = free_announcers_.back();
    free_announcers_.pop_back();
    conference.announcer = announcer;
    ports_[announcer].conference = id;
    conference.seats.push_back({.port = announcer, .source_only = true});
  }
  publish(conference);
  return ConferenceCreated{id, conference.announcer};
}

Result<> Core::handle(const ConferenceJoin& command) {
  const auto found = conferences_.find(command.conference);
  if (found == conferences_.end()) {
    return fail(ErrorCode::kNotFound, "there is no conference " + std::to_string(command.conference));
  }
  if (auto good = check_port(command.port); !good) return good;
  if (ports_[command.port].announcer) return fail(ErrorCode::kInvalid, "an announcer has its seat already");
  if ((command.role == SeatRole::kWhisper) != command.whisperTo.has_value()) {
    return fail(ErrorCode::kInvalid, "whisperTo goes with the role whisper, and only with it");
  }
  auto& conference = found->second;
  if (command.whisperTo) {
    const bool there = std::any_of(conference.seats.begin(), conference.seats.end(), [&](const bus::Seat& seat) {
      return seat.port == *command.whisperTo && !seat.source_only;
    });
    if (!there || *command.whisperTo == command.port) {
      return fail(ErrorCode::kNotFound,
                  "port " + std::to_string(*command.whisperTo) + " has no other seat in this conference");
    }
  }
  const bool comes = ports_[command.port].conference != command.conference;
  if (comes && conference.people() >= conference.max_seats) {
    return fail(ErrorCode::kBusy, "conference " + std::to_string(command.conference) + " is full: all its " +
                                      std::to_string(conference.max_seats) + " seats are taken");
  }
  if (comes) {
    leave_conference(command.port);
    disconnect(command.port);
    ports_[command.port].conference = command.conference;
    conference.seats.push_back({.port = command.port});
  }
  auto& seat = *std::find_if(conference.seats.begin(), conference.seats.end(),
                             [&](const bus::Seat& at) { return at.port == command.port; });
  seat.role = role_of(command.role);
  seat.whisper_to = command.whisperTo.value_or(bus::kNoPort);
  seat.gain = static_cast<int32_t>(std::lround(4096 * std::pow(10.0, command.gainDb / 20)));
  publish(conference);
  // After the plan, so that the newcomer hears it too. Who comes only to listen must not be noticed.
  if (comes && command.role == SeatRole::kTalk) {
    ports_[command.port].announced = true;
    tell_seats(conference, conference.enter_tone);
  }
  return Empty{};
}

void Core::leave_conference(bus::Port port) {
  if (ports_[port].announcer) return;  // keeps its seat as long as the conference
  const auto id = std::exchange(ports_[port].conference, 0);
  if (id == 0) return;
  const bool announced = std::exchange(ports_[port].announced, false);
  auto& conference = conferences_.at(id);
  std::erase_if(conference.seats, [port](const bus::Seat& seat) { return seat.port == port; });
  for (auto& seat : conference.seats) {
    // He whispers to nobody now, and must not be heard by everybody.
    if (seat.whisper_to == port) seat.role = bus::Role::kListen, seat.whisper_to = bus::kNoPort;
  }
  publish(conference);
  if (announced) tell_seats(conference, conference.leave_tone);
}

void Core::tell_seats(const Conference& conference, const std::string& tone) {
  if (tone.empty() || !conference.announcer || conference.people() == 0 || closing_) return;
  // An announcement of the host's is not cut short, and after it the tone would tell of what is long past.
  const auto& plays = ports_[*conference.announcer].plays;
  const bool announcing = std::any_of(plays.begin(), plays.end(), [&](uint32_t id) { return !plays_.at(id).house; });
  if (announcing || plays.size() >= kMostTonesInARow) return;
  // Once through, even a tone that would go on for ever.
  begin_play(*conference.announcer, tones_.at(tone).clips, {.enqueue = true, .house = true});
}

void Core::speaker_changed(uint32_t slot, bus::Port port) {
  // A conference that has closed meanwhile, or whose slot another has taken, has nothing to say of this port.
  for (const auto& [id, conference] : conferences_) {
    if (conference.slot != slot) continue;
    if (port != bus::kNoPort && ports_[port].conference != id) return;
    event(ConferenceSpeaker{id, port == bus::kNoPort ? std::nullopt : std::optional(port)});
  }
}

void Core::publish(const Conference& conference) {
  post({.kind = media::OperationKind::kConference,
        .value = conference.slot,
        .plan = new bus::ConferencePlan{conference.seats}});
}

Result<> Core::handle(const ConferenceLeave& command) {
  if (command.port >= ports_.size() || ports_[command.port].conference == 0 || ports_[command.port].announcer) {
    return fail(ErrorCode::kWrongState, "port " + std::to_string(command.port) + " sits in no conference");
  }
  leave_conference(command.port);
  return Empty{};
}

Result<> Core::handle(const ConferenceClose& command) {
  const auto found = conferences_.find(command.conference);
  if (found == conferences_.end()) {
    return fail(ErrorCode::kNotFound, "there is no conference " + std::to_string(command.conference));
  }
  auto& conference = found->second;
  for (const auto& seat : conference.seats) {
    ports_[seat.port].conference = 0;
    ports_[seat.port].announced = false;
  }
  if (conference.announcer) {
    stop_plays(*conference.announcer, PlayEnd::kReleased);
    free_announcers_.push_back(*conference.announcer);
  }
  post({.kind = media::OperationKind::kConference, .value = conference.slot, .plan = nullptr});
  conference_slots_[conference.slot] = false;
  conferences_.erase(found);
  return Empty{};
}

}  // namespace cordboard::engine
