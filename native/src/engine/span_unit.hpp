// SPDX-License-Identifier: GPL-2.0-or-later
// One E1: its alarms from the card, its calls from its signalling, its legs in the core. What signalling an E1 has is
// known here alone: to the core every timeslot that carries calls is alike.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cards/card.hpp"
#include "engine/api_commands.hpp"
#include "engine/api_config.hpp"
#include "engine/api_events.hpp"
#include "engine/api_parties.hpp"
#include "engine/api_snapshot.hpp"
#include "engine/leg.hpp"

namespace cordboard::engine {

class Core;

/// A call out that has begun.
struct SpanSeized {
  uint32_t call{};  // what the signalling knows it by
  uint32_t timeslot{};
};

struct SpanCounter {
  std::string name;  // snake_case, with the signalling in front
  std::string_view doc;
  uint64_t value{};
};

struct SpanBlockedEnds {
  bool here{};
  bool there{};
};

class SpanUnit {
 public:
  SpanUnit(Core& core, const SpanConfig& config, bus::Port first_port, cards::AlarmPort& alarm);
  virtual ~SpanUnit();
  SpanUnit(const SpanUnit&) = delete;
  SpanUnit& operator=(const SpanUnit&) = delete;

  bus::Port port_of(uint32_t timeslot) const { return first_port_ + timeslot - 1; }
  const SpanConfig& config() const { return config_; }
  std::vector<AlarmKind> alarms() const;
  bus::Port first_port() const { return first_port_; }

  /// False for a timeslot (1-31) that is the signalling's own.
  virtual bool carries_calls(uint32_t timeslot) const = 0;
  /// Sets up a call for the leg that is about to be made under this id. Errors as of leg.seize.
  virtual Result<SpanSeized> seize(uint32_t leg, const LegSeize& command) = 0;
  virtual Result<> alert(const Leg& leg) = 0;
  virtual Result<> answer(const Leg& leg) = 0;
  /// The core is told of the end by end_leg, later.
  virtual Result<> release(const Leg& leg, uint32_t cause) = 0;
  /// A timeslot, or with 0 all of them.
  virtual Result<> restart(uint32_t timeslot) = 0;
  /// Refuses calls on a timeslot, or takes them again.
  virtual Result<> block(uint32_t timeslot, bool blocked);
  virtual SpanBlockedEnds blocked(uint32_t) const { return {}; }
  virtual Result<> meter(const Leg& leg);
  /// Who is about to answer; signalling that cannot tell says nothing.
  virtual Result<> connected(const Leg&, const LegInform&) { return Empty{}; }
  /// Somebody else is here now.
  virtual Result<> inform(const Leg& leg, const LegInform& party);
  /// Asks the far end to join the two itself; the host is told by leg.transferred. `unit` is that of the other.
  virtual Result<> transfer(const Leg& leg, SpanUnit& unit, const Leg& other);
  /// Answers leg.transferAsked.
  virtual Result<> allow_transfer(const Leg& leg, bool allowed);
  virtual Result<> tariff(const Leg& leg, const std::vector<Tariff>& tariffs);
  /// More digits of the number of a call out; `last`: it is whole.
  virtual Result<> dial(const Leg& leg, std::string_view digits, bool last);
  /// Null: it is not signalled by ISDN primary rate.
  virtual std::optional<SnapshotPri> pri() const { return std::nullopt; }
  /// Checks the continuity of an idle timeslot; the host is told by span.checked.
  virtual Result<> check(uint32_t timeslot);
  /// The check tone is heard on a timeslot where the unit has asked for it.
  virtual void check_tone(uint32_t /*timeslot*/) {}
  /// answer() takes a while: the core is told by answer_sent(), and the host hears no sooner.
  virtual bool answers_later() const { return false; }
  /// The port of a leg that has been released, but has not ended, carries nothing any more.
  virtual void cleared(const Leg&, uint32_t /*cause*/) {}
  /// Heard by the watcher that the unit has asked for.
  virtual void register_signal(uint32_t /*timeslot*/, uint8_t /*signal*/, bool /*begin*/) {}
  /// Calls can be signalled.
  virtual bool signalling_up() const = 0;

  virtual std::optional<Millis> next_deadline(Millis now) = 0;
  virtual void run_timers(Millis now) = 0;
  virtual std::vector<SpanCounter> counters() const = 0;
  virtual std::string dump() const = 0;

 protected:
  /// Layer 1 is lost or back; it is up at first.
  virtual void layer1(bool up) = 0;
  /// To be called when the signalling can hear of it.
  void begin_alarms();

  /// A call, known to the signalling by `call`, has come in: makes its leg and offers it.
  void offer(uint32_t call, uint32_t timeslot, LegOffered about);
  void remember(uint32_t call, uint32_t leg) { legs_[call] = leg; }
  void forget(uint32_t call) { legs_.erase(call); }
  /// Null: the core has let go of it.
  Leg* leg_of(uint32_t call);
  uint32_t call_of(const Leg& leg) const { return leg.span_call; }
  void digits(uint32_t call, std::string_view digits);
  void progressed(uint32_t call, uint32_t timeslot, LegProgress progress) {
    progressed(*this, call, timeslot, progress);
  }
  void answered(uint32_t call, uint32_t timeslot) { answered(*this, call, timeslot); }
  /// The call is on a timeslot of another E1 (NFAS).
  void progressed(const SpanUnit& at, uint32_t call, uint32_t timeslot, LegProgress progress);
  void answered(const SpanUnit& at, uint32_t call, uint32_t timeslot);
  void answer_sent(uint32_t call);
  void released(uint32_t call, uint32_t cause, ReleasedBy by);

  Core& core_;
  const SpanConfig config_;

 private:
  const bus::Port first_port_;
  cards::AlarmPort& alarm_;
  std::map<uint32_t, uint32_t> legs_;  // by call
};

/// The alarms of a card as the boundary names them.
std::vector<AlarmKind> alarm_kinds(const cards::Alarms& alarms);

}  // namespace cordboard::engine
