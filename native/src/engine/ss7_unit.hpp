// SPDX-License-Identifier: GPL-2.0-or-later
// E1s whose calls are signalled by No. 7. The calls of several come over the same links, so the E1s share an exchange.
//
//   Ss7Unit (E1) ─┐                                      ┌──> signalling links: timeslots of these E1s or of others
//   Ss7Unit (E1) ─┴── Ss7Exchange ── Ss7LinkSet (ISUP) ──┤
//                                                        └──> circuits: which timeslot each is, is known here alone
#pragma once

#include <map>
#include <memory>
#include <set>

#include "engine/span_unit.hpp"
#include "signalling/ss7_link_set.hpp"

namespace cordboard::engine {

class Ss7Unit;

class Ss7Exchange : private signalling::Ss7Listener, private signalling::Ss7Line {
 public:
  /// kInvalid: the configuration does not go together.
  static Result<std::shared_ptr<Ss7Exchange>> make(Core& core, const LinkSetConfig& config, const EngineConfig& all);
  ~Ss7Exchange() override;

  void attach(Ss7Unit& unit);
  void detach(Ss7Unit& unit);
  /// Layer 1 of an E1 with links is lost or back.
  void layer1(uint32_t span, bool up);

  signalling::Ss7LinkSet& set() { return *set_; }
  SnapshotLinkSet snapshot() const;
  /// Timeslots of an E1 that carry signalling, of this set or another.
  std::set<uint32_t> links_on(uint32_t span) const;
  /// One E1 alone runs the timers of all.
  bool leads(const Ss7Unit& unit) const;

 private:
  Ss7Exchange(Core& core, const LinkSetConfig& config, const EngineConfig& all)
      : core_(core), config_(config), all_(all) {}
  struct Where {
    Ss7Unit* unit{};
    uint32_t timeslot{};
  };
  Where at(signalling::Ss7Circuit circuit) const;
  Ss7Unit* unit_of(signalling::Ss7Call call) const;

  void on_incoming(signalling::Ss7Call call, signalling::Ss7Circuit circuit,
                   const signalling::Ss7Offer& offer) override;
  void on_digits(signalling::Ss7Call call, std::string_view digits) override;
  void on_moved(signalling::Ss7Call call, signalling::Ss7Circuit circuit) override;
  void on_proceeding(signalling::Ss7Call call) override;
  void on_alerting(signalling::Ss7Call call) override;
  void on_progress(signalling::Ss7Call call) override;
  void on_answered(signalling::Ss7Call call) override;
  void on_connected(signalling::Ss7Call call, const signalling::Ss7Connected& party) override;
  void on_metering(signalling::Ss7Call call) override;
  void on_suspended(signalling::Ss7Call call, bool suspended) override;
  void on_released(signalling::Ss7Call call, uint8_t cause, signalling::Ss7ReleasedBy by) override;
  void on_blocked(signalling::Ss7Circuit circuit, signalling::Ss7Blocked ends) override;
  void on_reset(signalling::Ss7Circuit circuit) override;
  void on_checked(signalling::Ss7Circuit circuit, bool passed) override;
  void on_link(std::size_t link, signalling::Ss7LinkState state) override;
  void on_up(bool up) override;
  void on_log(signalling::Ss7LogLevel level, std::string_view text) override;

  void send_unit(std::size_t link, std::span<const uint8_t> unit) override { ports_[link]->send_unit(unit); }
  bool takes_unit(std::size_t link) const override { return ports_[link]->has_room(); }
  void loop(signalling::Ss7Circuit circuit, bool on) override;
  void check(signalling::Ss7Circuit circuit, bool on) override;

  friend class Ss7Unit;
  Core& core_;
  const LinkSetConfig config_;
  const EngineConfig& all_;
  std::vector<cards::SignalUnitPort*> ports_;  // by link
  std::vector<Ss7Unit*> units_;
  std::map<signalling::Ss7Call, std::pair<Ss7Unit*, uint32_t>> calls_;  // where each is
  std::unique_ptr<signalling::Ss7LinkSet> set_;
};

class Ss7Unit : public SpanUnit {
 public:
  Ss7Unit(Core& core, const SpanConfig& config, bus::Port first_port, std::shared_ptr<Ss7Exchange> exchange,
          cards::AlarmPort& alarm);
  ~Ss7Unit() override;

  bool carries_calls(uint32_t timeslot) const override { return !links_.contains(timeslot); }
  Result<SpanSeized> seize(uint32_t leg, const LegSeize& command) override;
  Result<> alert(const Leg& leg) override;
  Result<> answer(const Leg& leg) override;
  Result<> connected(const Leg& leg, const LegInform& party) override;
  Result<> release(const Leg& leg, uint32_t cause) override;
  Result<> restart(uint32_t timeslot) override;
  Result<> block(uint32_t timeslot, bool blocked) override;
  SpanBlockedEnds blocked(uint32_t timeslot) const override;
  Result<> meter(const Leg& leg) override;
  Result<> check(uint32_t timeslot) override;
  void check_tone(uint32_t timeslot) override;
  bool signalling_up() const override { return exchange_->set().up(); }
  std::optional<Millis> next_deadline(Millis now) override;
  void run_timers(Millis now) override;
  std::vector<SpanCounter> counters() const override;
  std::string dump() const override;

 private:
  friend class Ss7Exchange;
  void layer1(bool up) override;
  signalling::Ss7Circuit circuit_of(uint32_t timeslot) const;
  /// A timeslot, or with 0 all that carry calls.
  std::vector<signalling::Ss7Circuit> circuits_of(uint32_t timeslot) const;

  const std::shared_ptr<Ss7Exchange> exchange_;
  const std::set<uint32_t> links_;  // timeslots that carry signalling
};

}  // namespace cordboard::engine
