// SPDX-License-Identifier: GPL-2.0-or-later
// An E1 with ISDN primary rate. Its calls come from the D-channel of its own timeslot 16, or of another E1 (NFAS).
//
//   PriUnit (an E1, its legs) ──n:1──> PriGroup (a D-channel and its back-up, PriSpan)
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/span_unit.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::engine {

class PriUnit;

/// What the E1s of one D-channel have in common.
class PriGroup : private signalling::PriListener {
 public:
  /// `hdlc`: of each E1, in order, the first one being that with the D-channel; null for those that have none.
  PriGroup(Core& core, std::span<const SpanConfig* const> spans, std::span<cards::HdlcPort* const> hdlc);
  ~PriGroup() override;

  /// Where this E1 stands among them.
  std::size_t interface_of(uint32_t span) const;
  void join(std::size_t interface, PriUnit* unit) { units_[interface] = unit; }
  signalling::PriSpan& pri() { return pri_; }
  const signalling::PriSpan& pri() const { return pri_; }
  /// The calls of this leg's E1, wherever the peer has put them.
  void own(signalling::PriCall call, PriUnit& unit) { owners_[call] = &unit; }

 private:
  void on_incoming(signalling::PriCall call, signalling::PriChannel channel,
                   const signalling::PriOffer& offer) override;
  void on_digits(signalling::PriCall call, std::string_view text) override;
  void on_proceeding(signalling::PriCall call, signalling::PriChannel channel) override;
  void on_alerting(signalling::PriCall call, signalling::PriChannel channel) override;
  void on_progress(signalling::PriCall call, signalling::PriChannel channel) override;
  void on_answered(signalling::PriCall call, signalling::PriChannel channel) override;
  void on_tariff(signalling::PriCall call, const std::vector<signalling::PriTariff>& tariffs) override;
  void on_party(signalling::PriCall call, const signalling::PriParty& party,
                signalling::PriPartyReason reason) override;
  void on_transferred(signalling::PriCall first, signalling::PriCall second, bool done) override;
  void on_transfer_asked(signalling::PriCall first, signalling::PriCall second) override;
  void on_charged(signalling::PriCall call, const signalling::PriCharge& charge) override;
  void on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) override;
  void on_dchannel(bool up) override;
  void on_restarted(signalling::PriChannel channel) override;
  void on_blocked(signalling::PriChannel channel, bool here, bool there) override;
  void on_log(signalling::PriLogLevel level, std::string_view text) override;

  /// Null: the unit has gone, or the core has let go of the call.
  PriUnit* owner(signalling::PriCall call) const;
  /// 0: the core has let go of it.
  uint32_t leg_of(signalling::PriCall call) const;

  Core& core_;
  std::vector<uint32_t> spans_;
  std::vector<cards::HdlcPort*> hdlc_;
  std::vector<PriUnit*> units_;
  std::map<signalling::PriCall, PriUnit*> owners_;
  signalling::PriSpan pri_;
};

class PriUnit : public SpanUnit {
 public:
  /// kInvalid: what the E1s ask of each other's D-channels does not fit together.
  static Result<> check(const SpanConfig& config, const std::vector<SpanConfig>& all);
  /// Those whose calls the D-channel of this E1 signals, itself first; empty: it has none of its own.
  static std::vector<const SpanConfig*> group_of(uint32_t span, const std::vector<SpanConfig>& all);

  PriUnit(Core& core, const SpanConfig& config, bus::Port first_port, std::shared_ptr<PriGroup> group,
          cards::AlarmPort& alarm);
  ~PriUnit() override;

  bool carries_calls(uint32_t timeslot) const override;
  Result<SpanSeized> seize(uint32_t leg, const LegSeize& command) override;
  Result<> alert(const Leg& leg) override { return span().alert(call_of(leg)); }
  Result<> answer(const Leg& leg) override { return span().answer(call_of(leg)); }
  Result<> release(const Leg& leg, uint32_t cause) override;
  Result<> dial(const Leg& leg, std::string_view digits, bool last) override;
  Result<> meter(const Leg& leg) override;
  Result<> connected(const Leg& leg, const LegInform& party) override;
  Result<> inform(const Leg& leg, const LegInform& party) override;
  Result<> transfer(const Leg& leg, SpanUnit& unit, const Leg& other) override;
  Result<> allow_transfer(const Leg& leg, bool allowed) override {
    return span().allow_transfer(call_of(leg), allowed);
  }
  Result<> tariff(const Leg& leg, const std::vector<Tariff>& tariffs) override;
  Result<> restart(uint32_t timeslot) override { return span().restart(channel(timeslot)); }
  Result<> block(uint32_t timeslot, bool blocked) override { return span().block(channel(timeslot), blocked); }
  SpanBlockedEnds blocked(uint32_t timeslot) const override;
  std::optional<SnapshotPri> pri() const override;
  bool signalling_up() const override { return group_->pri().dchannel_up(); }
  std::optional<Millis> next_deadline(Millis now) override;
  void run_timers(Millis now) override;
  std::vector<SpanCounter> counters() const override;
  std::string dump() const override;

 private:
  friend class PriGroup;

  void layer1(bool up) override { span().set_layer1(up, interface_); }
  signalling::PriSpan& span() { return group_->pri(); }
  signalling::PriChannel channel(uint32_t timeslot) const;
  bool dchannel_here() const { return config_.pri.dchannelOf == 0 || config_.pri.backup; }

  const std::shared_ptr<PriGroup> group_;
  const std::size_t interface_;
  std::map<uint32_t, uint32_t> units_charged_;  // by call
};

}  // namespace cordboard::engine
