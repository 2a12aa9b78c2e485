// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pri_unit.hpp"

#include <algorithm>

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kDchannelTimeslot = 16;

// Both count their names in the same order.
static_assert(static_cast<int>(signalling::PriProtocol::kNational) == static_cast<int>(PriProtocol::kNational));

signalling::PriOptions pri_options(std::span<const SpanConfig* const> spans) {
  const SpanConfig& config = *spans.front();
  signalling::PriOptions options;
  options.node = config.side == PriSide::kUser ? signalling::PriNode::kUser : signalling::PriNode::kNetwork;
  options.protocol = static_cast<signalling::PriProtocol>(config.pri.protocol);
  options.t203_ms = config.t203Ms;
  options.t302_ms = config.pri.t302Ms;
  options.t303_ms = config.pri.t303Ms;
  options.t305_ms = config.pri.t305Ms;
  options.t308_ms = config.pri.t308Ms;
  options.t309_ms = config.t309Ms;
  options.t310_ms = config.pri.t310Ms;
  options.t313_ms = config.pri.t313Ms;
  options.overlap = config.pri.overlap;
  options.joins = config.pri.joins;
  options.interfaces.clear();
  for (const auto* span : spans) {
    options.interfaces.push_back(
        {static_cast<uint8_t>(span->pri.interfaceId), span->pri.dchannelOf == 0 || span->pri.backup});
  }
  return options;
}

ReleasedBy released_by(signalling::PriReleasedBy by) {
  switch (by) {
    case signalling::PriReleasedBy::kRemote:
      return ReleasedBy::kRemote;
    case signalling::PriReleasedBy::kLocal:
      return ReleasedBy::kLocal;
    case signalling::PriReleasedBy::kFault:
      break;
  }
  return ReleasedBy::kFault;
}

// Reason for redirection, Q.931 4.6.7.
uint8_t reason_octet(DivertReason reason) {
  constexpr uint8_t kOctets[] = {0, 1, 2, 15};
  return kOctets[static_cast<std::size_t>(reason)];
}
DivertReason reason_of(uint8_t octet) {
  for (const auto reason : {DivertReason::kBusy, DivertReason::kNoReply, DivertReason::kUnconditional})
    if (reason_octet(reason) == octet) return reason;
  return DivertReason::kUnknown;
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------- a group

PriGroup::PriGroup(Core& core, std::span<const SpanConfig* const> spans, std::span<cards::HdlcPort* const> hdlc)
    : core_(core),
      hdlc_(hdlc.begin(), hdlc.end()),
      units_(spans.size()),
      pri_(pri_options(spans), *this,
           [this](std::span<const uint8_t> frame, std::size_t interface) { hdlc_[interface]->send_frame(frame); }) {
  for (const auto* span : spans) spans_.push_back(span->span);
  for (std::size_t n = 0; n < hdlc_.size(); ++n) {
    if (hdlc_[n] == nullptr) continue;
    hdlc_[n]->on_frame = [this, n](std::span<const uint8_t> frame) { pri_.receive_frame(frame, n); };
  }
}

PriGroup::~PriGroup() {
  for (auto* hdlc : hdlc_)
    if (hdlc != nullptr) hdlc->on_frame = nullptr;
}

std::size_t PriGroup::interface_of(uint32_t span) const {
  return static_cast<std::size_t>(std::find(spans_.begin(), spans_.end(), span) - spans_.begin());
}

PriUnit* PriGroup::owner(signalling::PriCall call) const {
  const auto found = owners_.find(call);
  return found == owners_.end() ? nullptr : found->second;
}

void PriGroup::on_incoming(signalling::PriCall call, signalling::PriChannel channel,
                           const signalling::PriOffer& offer) {
  auto& unit = *units_[signalling::interface_of(channel)];
  own(call, unit);
  unit.offer(call, signalling::timeslot_of(channel),
             {.calledNumber = offer.called,
              .callingNumber = offer.calling,
              .callingName = offer.calling_name,
              .complete = offer.complete,
              .redirectingNumber = offer.redirecting,
              .redirectingReason = reason_of(offer.redirecting_reason),
              .restricted = offer.restricted});
}

void PriGroup::on_digits(signalling::PriCall call, std::string_view text) {
  if (auto* unit = owner(call)) unit->digits(call, text);
}

void PriGroup::on_proceeding(signalling::PriCall call, signalling::PriChannel channel) {
  auto& at = *units_[signalling::interface_of(channel)];
  if (auto* unit = owner(call)) {
    unit->progressed(at, call, signalling::timeslot_of(channel), LegProgress::kProceeding);
  }
}

void PriGroup::on_alerting(signalling::PriCall call, signalling::PriChannel channel) {
  auto& at = *units_[signalling::interface_of(channel)];
  if (auto* unit = owner(call)) {
    unit->progressed(at, call, signalling::timeslot_of(channel), LegProgress::kAlerting);
  }
}

void PriGroup::on_progress(signalling::PriCall call, signalling::PriChannel channel) {
  auto& at = *units_[signalling::interface_of(channel)];
  if (auto* unit = owner(call)) {
    unit->progressed(at, call, signalling::timeslot_of(channel), LegProgress::kInband);
  }
}

void PriGroup::on_answered(signalling::PriCall call, signalling::PriChannel channel) {
  auto& at = *units_[signalling::interface_of(channel)];
  if (auto* unit = owner(call)) unit->answered(at, call, signalling::timeslot_of(channel));
}

void PriGroup::on_charged(signalling::PriCall call, const signalling::PriCharge& charge) {
  auto* unit = owner(call);
  const auto* leg = unit == nullptr ? nullptr : unit->leg_of(call);
  if (leg == nullptr) return;
  const bool money = !charge.currency.empty();
  core_.event(LegMetered{leg->id, money || charge.free ? 0 : charge.units, charge.currency,
                         static_cast<double>(charge.amount) / 1000, true, charge.final});
}

uint32_t PriGroup::leg_of(signalling::PriCall call) const {
  auto* unit = owner(call);
  const auto* leg = unit == nullptr ? nullptr : unit->leg_of(call);
  return leg == nullptr ? 0 : leg->id;
}

void PriGroup::on_tariff(signalling::PriCall call, const std::vector<signalling::PriTariff>& tariffs) {
  const auto leg = leg_of(call);
  if (leg == 0) return;
  LegTariffs told{leg, {}};
  for (const auto& one : tariffs) {
    told.tariffs.push_back({static_cast<TariffItem>(one.item), one.free, one.currency,
                            static_cast<double>(one.amount) / 1000, one.per_ms});
  }
  core_.event(std::move(told));
}

void PriGroup::on_party(signalling::PriCall call, const signalling::PriParty& party,
                        signalling::PriPartyReason reason) {
  const bool connected = reason == signalling::PriPartyReason::kConnected;
  if (const auto leg = leg_of(call)) {
    core_.event(LegParty{leg, connected ? PartyReason::kConnected : PartyReason::kTransferred, party.number, party.name,
                         party.restricted});
  }
}

void PriGroup::on_transferred(signalling::PriCall first, signalling::PriCall second, bool done) {
  const auto leg = leg_of(first);
  const auto other = leg_of(second);
  if (leg != 0 && other != 0) core_.event(LegTransferred{leg, other, done});
}

void PriGroup::on_transfer_asked(signalling::PriCall first, signalling::PriCall second) {
  const auto leg = leg_of(first);
  const auto other = leg_of(second);
  if (leg != 0 && other != 0) core_.event(LegTransferAsked{leg, other});
}

void PriGroup::on_released(signalling::PriCall call, uint8_t cause, signalling::PriReleasedBy by) {
  auto* unit = owner(call);
  owners_.erase(call);
  if (unit == nullptr) return;
  unit->units_charged_.erase(call);
  unit->released(call, cause, released_by(by));
}

void PriGroup::on_dchannel(bool up) {
  for (const auto span : spans_) core_.event(SpanDchannel{span, up});
}

void PriGroup::on_restarted(signalling::PriChannel channel) {
  core_.event(SpanRestarted{spans_[signalling::interface_of(channel)], signalling::timeslot_of(channel)});
}

void PriGroup::on_blocked(signalling::PriChannel channel, bool here, bool there) {
  core_.event(SpanBlocked{spans_[signalling::interface_of(channel)], signalling::timeslot_of(channel), here, there});
}

void PriGroup::on_log(signalling::PriLogLevel level, std::string_view text) {
  core_.log(name_of(level), std::string(text), spans_.front());
}

// -------------------------------------------------------------------------------------------------------------- an E1

std::vector<const SpanConfig*> PriUnit::group_of(uint32_t span, const std::vector<SpanConfig>& all) {
  std::vector<const SpanConfig*> group;
  const auto is_pri = [](const SpanConfig& at) { return at.signalling == SpanSignalling::kPri; };
  for (const auto& at : all)
    if (at.span == span && is_pri(at) && at.pri.dchannelOf == 0) group.push_back(&at);
  if (group.empty()) return group;
  for (const auto& at : all)
    if (is_pri(at) && at.pri.dchannelOf == span) group.push_back(&at);
  return group;
}

Result<> PriUnit::check(const SpanConfig& config, const std::vector<SpanConfig>& all) {
  const auto refuse = [&](const std::string& why) { return fail(ErrorCode::kInvalid, config.name + ": " + why); };
  if (config.pri.backup && config.pri.dchannelOf == 0) {
    return refuse("a back-up D-channel is that of another E1, which dchannelOf names");
  }
  const auto first = config.pri.dchannelOf == 0 ? config.span : config.pri.dchannelOf;
  const auto group = group_of(first, all);
  if (group.empty()) {
    return refuse("E1 " + std::to_string(first) +
                  ", whose D-channel it shares, is none of ISDN with a D-channel of its own");
  }
  if (group.size() == 1) return Empty{};
  if (group.front()->pri.protocol == PriProtocol::kQsig) return refuse("E1s do not share a D-channel of QSIG");
  std::size_t backups = 0;
  for (const auto* at : group) {
    backups += at->pri.backup ? 1 : 0;
    if (at->side != group.front()->side) return refuse("E1s of one D-channel are on the same side of it");
    for (const auto* other : group) {
      if (other != at && other->pri.interfaceId == at->pri.interfaceId) {
        return refuse("E1s of one D-channel have an interface identifier each");
      }
    }
  }
  return backups > 1 ? Result<>(refuse("a D-channel has one back-up")) : Empty{};
}

PriUnit::PriUnit(Core& core, const SpanConfig& config, bus::Port first_port, std::shared_ptr<PriGroup> group,
                 cards::AlarmPort& alarm)
    : SpanUnit(core, config, first_port, alarm),
      group_(std::move(group)),
      interface_(group_->interface_of(config.span)) {
  group_->join(interface_, this);
  begin_alarms();
}

PriUnit::~PriUnit() { group_->join(interface_, nullptr); }

signalling::PriChannel PriUnit::channel(uint32_t timeslot) const {
  return static_cast<signalling::PriChannel>(interface_ * signalling::kPriTimeslots + timeslot);
}

bool PriUnit::carries_calls(uint32_t timeslot) const { return timeslot != kDchannelTimeslot || !dchannel_here(); }

Result<SpanSeized> PriUnit::seize(uint32_t leg, const LegSeize& command) {
  signalling::PriSeize request;
  request.called = command.calledNumber;
  request.calling = command.callingNumber;
  request.calling_name = command.callingName;
  request.channel = channel(command.timeslot);
  request.redirecting = command.redirectingNumber;
  request.redirecting_reason = reason_octet(command.redirectingReason);
  request.complete = command.complete;
  request.restricted = command.restricted;
  const auto seized = span().seize(request);
  if (!seized) return seized.error();
  remember(seized->call, leg);
  group_->own(seized->call, *this);
  return SpanSeized{seized->call, signalling::timeslot_of(seized->channel)};
}

Result<> PriUnit::release(const Leg& leg, uint32_t cause) {
  return span().release(call_of(leg), static_cast<uint8_t>(cause));
}

Result<> PriUnit::dial(const Leg& leg, std::string_view digits, bool last) {
  return span().dial(call_of(leg), digits, last);
}

Result<> PriUnit::meter(const Leg& leg) {
  auto& units = units_charged_[call_of(leg)];
  if (auto done = span().charge(call_of(leg), units + 1); !done) return done;
  ++units;
  return Empty{};
}

Result<> PriUnit::connected(const Leg& leg, const LegInform& party) {
  return span().connected(call_of(leg), {party.number, party.name, party.restricted});
}

Result<> PriUnit::inform(const Leg& leg, const LegInform& party) {
  return span().inform(call_of(leg), {party.number, party.name, party.restricted});
}

Result<> PriUnit::transfer(const Leg& leg, SpanUnit& unit, const Leg& other) {
  const auto* same = dynamic_cast<PriUnit*>(&unit);
  if (same == nullptr || same->group_ != group_) {
    return fail(ErrorCode::kInvalid, config_.name + " and " + unit.config().name + " are not of one D-channel");
  }
  return span().transfer(call_of(leg), call_of(other));
}

Result<> PriUnit::tariff(const Leg& leg, const std::vector<Tariff>& tariffs) {
  std::vector<signalling::PriTariff> told;
  for (const auto& one : tariffs) {
    told.push_back({static_cast<uint8_t>(one.item), one.free, one.currency,
                    static_cast<uint32_t>(one.amount * 1000 + 0.5), one.perMs});
  }
  return span().tariff(call_of(leg), told);
}

SpanBlockedEnds PriUnit::blocked(uint32_t timeslot) const {
  return {group_->pri().blocked_here(channel(timeslot)), group_->pri().blocked_there(channel(timeslot))};
}

std::optional<SnapshotPri> PriUnit::pri() const {
  const bool here = dchannel_here();
  return SnapshotPri{config_.pri.protocol, config_.pri.overlap, config_.pri.dchannelOf, here,
                     here && group_->pri().dchannel_up(interface_)};
}

// Of a group the first E1 looks after what is of all.

std::optional<Millis> PriUnit::next_deadline(Millis now) {
  return interface_ == 0 ? span().next_deadline(now) : std::nullopt;
}

void PriUnit::run_timers(Millis now) {
  if (interface_ == 0) span().run_timers(now);
}

std::vector<SpanCounter> PriUnit::counters() const {
  std::vector<SpanCounter> counters;
  if (interface_ != 0) return counters;
  for (const auto& counter : group_->pri().counters()) {
    counters.push_back({"pri_" + std::string(counter.name), counter.doc, counter.value});
  }
  return counters;
}

std::string PriUnit::dump() const {
  if (interface_ == 0) return group_->pri().dump();
  return "signalled by the D-channel of E1 " + std::to_string(config_.pri.dchannelOf) + "\n";
}

}  // namespace cordboard::engine
