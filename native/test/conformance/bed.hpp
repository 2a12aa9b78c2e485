// SPDX-License-Identifier: GPL-2.0-or-later
// Where the cases of conformance run: on two E1 and analog ports that are joined to each other, be it by virtual cables or
// within the real driver (hil-tests/). A case is written once and has the same name in both places.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine_box.hpp"

namespace cordboard::engine {

constexpr uint32_t kNear = 1;         // the E1 that is the user's side
constexpr uint32_t kFar = 101;        // … the network's
constexpr uint32_t kStations = 1;     // first number of the stations
constexpr uint32_t kLines = 10001;    // … and of the lines at their other ends
constexpr uint32_t kRowOctets = 160;  // 20 ms of a timeslot

/// A telephone with a dial, none of ours, at the other end of the first station.
class PulsePhone {
 public:
  virtual ~PulsePhone() = default;
  virtual void lift() = 0;
  virtual void dial(const std::string& digits) = 0;
  virtual void hang_up() = 0;
};

class Bed {
 public:
  virtual ~Bed() = default;
  /// So many pairs (1 or 2) of E1 that are joined to each other, as PRI: kNear and kFar, kNear + 1 and kFar + 1.
  virtual EngineConfig spans(uint32_t pairs = 1) const = 0;
  /// So many stations, each with a line at its other end.
  virtual EngineConfig analogs(uint32_t pairs) const = 0;
  /// Takes the far E1 away, so that the near one is in alarm, and brings it back.
  virtual void cut(Box& box) = 0;
  virtual void join(Box& box) = 0;
  /// Of a pair (1 or 2) the timeslot that carries the signalling link, both ways: nothing but ones gets through it, while the rest
  /// of the E1 is as it was; and gives it back.
  virtual void cut_link(Box& box, uint32_t pair, bool cut) = 0;
  /// Length of what is said where speech is compared, ms.
  virtual uint32_t speech_ms() const = 0;
  /// Blocks of 20 ms of a thousand that may be lost: an emulated machine stands still when its host is busy. What is heard
  /// is right in any case.
  virtual uint32_t most_lost() const = 0;
  /// Nothing: there is none.
  virtual std::unique_ptr<PulsePhone> pulse_phone() { return nullptr; }
  /// Lets so much of the line's time go by where a line needs it before it does what is next; a virtual one does not.
  virtual void settle(Box& box, uint32_t ms) const = 0;
  /// How long an event may take.
  virtual std::chrono::milliseconds patience() const = 0;
};

/// The bed of this program.
Bed& bed();

/// A figure of a case: printed, and kept in the report of the tests.
inline void figure(const std::string& name, double value, const char* unit) {
  std::printf("    %s: %.1f %s\n", name.c_str(), value, unit);
  std::fflush(stdout);
  testing::Test::RecordProperty(name, std::to_string(value) + " " + unit);
}

/// Waits for an event of this kind that fits, as long as the bed may need.
template <class Event, class Fits>
std::optional<Event> expect_event(Box& box, Fits fits) {
  return box.wait<Event>(fits, bed().patience());
}
template <class Event>
std::optional<Event> expect_leg(Box& box, uint32_t leg) {
  return expect_event<Event>(box, [leg](const Event& event) { return event.leg == leg; });
}

/// What the engine has logged since it was asked last, for people.
std::string log_of(Box& box);

/// Time of the media, which is that of the line: until so much of it has gone by.
void let_pass(Box& box, uint32_t ms);

double counter(const Snapshot& snapshot, std::string_view name);

/// Two ends of a call.
struct Talk {
  uint32_t timeslot{};
  uint32_t leg{};
  uint32_t port{};
  uint32_t far_leg{};
  uint32_t far_port{};
  std::string called;
};

/// `calls` calls out of span `from`, all begun before the first is answered, offered at span `to` with the numbers 95010….
/// Fewer than asked for when something went wrong, which is a failure.
std::vector<Talk> call(Box& box, uint32_t from, uint32_t to, uint32_t calls);
/// … and answered.
std::vector<Talk> talk(Box& box, uint32_t from, uint32_t to, uint32_t calls);
/// Ends them from the end that began them; the other end is to be told of `cause`.
void hang_up(Box& box, const std::vector<Talk>& talks, uint32_t cause = 16);

/// The p-th percentile (0-100) of numbers.
double percentile(std::vector<double> numbers, double p);

}  // namespace cordboard::engine
