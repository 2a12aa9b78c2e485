// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ss7_unit.hpp"

#include <algorithm>

#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

using signalling::Ss7Category;
using signalling::Ss7Circuit;

constexpr uint32_t kTimeslots = 31;

CallingCategory category_of(Ss7Category category) {
  switch (category) {
    case Ss7Category::kOrdinary:
    case Ss7Category::kData:
    case Ss7Category::kPayphone:
      return CallingCategory::kOrdinary;
    case Ss7Category::kPriority:
      return CallingCategory::kPriority;
    case Ss7Category::kTest:
      return CallingCategory::kTest;
    case Ss7Category::kOperator:
    case Ss7Category::kUnknown:
      break;
  }
  return CallingCategory::kUnknown;
}

Ss7Category category_of(CallingCategory category) {
  switch (category) {
    case CallingCategory::kPriority:
    case CallingCategory::kInternationalPriority:
      return Ss7Category::kPriority;
    case CallingCategory::kTest:
      return Ss7Category::kTest;
    default:
      return Ss7Category::kOrdinary;
  }
}

ReleasedBy released_by(signalling::Ss7ReleasedBy by) {
  switch (by) {
    case signalling::Ss7ReleasedBy::kRemote:
      return ReleasedBy::kRemote;
    case signalling::Ss7ReleasedBy::kLocal:
      return ReleasedBy::kLocal;
    case signalling::Ss7ReleasedBy::kFault:
      break;
  }
  return ReleasedBy::kFault;
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------ exchange

namespace {
// Q.763 3.45: unknown, busy, no reply, unconditional, in the order of the boundary.
static_assert(static_cast<int>(DivertReason::kUnconditional) == 3);
DivertReason reason_of(uint8_t reason) {
  return reason <= 3 ? static_cast<DivertReason>(reason) : DivertReason::kUnknown;
}
}  // namespace

Result<std::shared_ptr<Ss7Exchange>> Ss7Exchange::make(Core& core, const LinkSetConfig& config,
                                                       const EngineConfig& all) {
  signalling::Ss7Options options;
  options.china = config.variant == Ss7Variant::kChina;
  options.network = static_cast<uint8_t>(config.networkIndicator);
  options.own = config.pointCode;
  options.destination = config.destination;
  options.adjacent = config.adjacent;
  options.called_nature = static_cast<uint8_t>(config.calledNature);
  options.calling_nature = static_cast<uint8_t>(config.callingNature);
  options.check_every = config.checkEvery;
  const auto wrong = [&](const std::string& text) { return fail(ErrorCode::kInvalid, config.name + ": " + text); };
  std::shared_ptr<Ss7Exchange> made(new Ss7Exchange(core, config, all));
  for (const auto& link : config.links) {
    auto* port = core.signal_units(link.span, link.timeslot);
    if (port == nullptr) {
      return wrong("there is no E1 " + std::to_string(link.span) + " that can carry a signalling link");
    }
    if (port->on_unit) {
      return wrong("timeslot " + std::to_string(link.timeslot) + " of E1 " + std::to_string(link.span) +
                   " carries two signalling links");
    }
    const auto number = made->ports_.size();
    port->on_unit = [at = made.get(), number](std::span<const uint8_t> unit) {
      at->set_->receive_unit(number, unit, at->core_.now());
    };
    port->on_errors = [at = made.get(), number](uint32_t count) {
      at->set_->unit_errors(number, count, at->core_.now());
    };
    port->on_room = [at = made.get(), number] { at->set_->link_ready(number, at->core_.now()); };
    made->ports_.push_back(port);
    options.links.push_back(static_cast<uint8_t>(link.code));
  }
  for (const auto& span : all.spans) {
    if (span.signalling != SpanSignalling::kSs7 || span.ss7.linkSet != config.linkSet) continue;
    const auto links = made->links_on(span.span);
    for (uint32_t timeslot = 1; timeslot <= kTimeslots; ++timeslot) {
      if (links.contains(timeslot)) continue;
      options.circuits.push_back(static_cast<Ss7Circuit>(span.ss7.firstCircuit + timeslot - 1));
    }
  }
  std::sort(options.circuits.begin(), options.circuits.end());
  if (auto good = signalling::Ss7LinkSet::check(options); !good) return wrong(good.error().text);
  made->set_.reset(new signalling::Ss7LinkSet(options, *made, *made));
  return made;
}

Ss7Exchange::~Ss7Exchange() {
  for (auto* port : ports_) {
    port->on_unit = nullptr;
    port->on_errors = nullptr;
    port->on_room = nullptr;
  }
}

std::set<uint32_t> Ss7Exchange::links_on(uint32_t span) const {
  std::set<uint32_t> timeslots;
  for (const auto& set : all_.linkSets) {
    for (const auto& link : set.links) {
      if (link.span == span) timeslots.insert(link.timeslot);
    }
  }
  return timeslots;
}

void Ss7Exchange::attach(Ss7Unit& unit) { units_.push_back(&unit); }

void Ss7Exchange::detach(Ss7Unit& unit) { std::erase(units_, &unit); }

bool Ss7Exchange::leads(const Ss7Unit& unit) const { return !units_.empty() && units_.front() == &unit; }

void Ss7Exchange::layer1(uint32_t span, bool up) {
  for (std::size_t link = 0; link < config_.links.size(); ++link) {
    if (config_.links[link].span == span) set_->set_link_failed(link, !up, core_.now());
  }
}

Ss7Exchange::Where Ss7Exchange::at(Ss7Circuit circuit) const {
  for (auto* unit : units_) {
    const auto first = unit->config().ss7.firstCircuit;
    if (circuit < first || circuit >= first + kTimeslots) continue;
    return {unit, circuit - first + 1};
  }
  return {};
}

Ss7Unit* Ss7Exchange::unit_of(signalling::Ss7Call call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? nullptr : found->second.first;
}

void Ss7Exchange::on_incoming(signalling::Ss7Call call, Ss7Circuit circuit, const signalling::Ss7Offer& about) {
  const auto where = at(circuit);
  calls_[call] = {where.unit, where.timeslot};
  where.unit->offer(call, where.timeslot,
                    {.calledNumber = about.called,
                     .callingNumber = about.restricted ? std::string() : about.calling,
                     .category = category_of(about.category),
                     .redirectingNumber = about.redirecting,
                     .redirectingReason = reason_of(about.redirection_reason),
                     .restricted = about.restricted,
                     .originalCalledNumber = about.original});
}

void Ss7Exchange::on_digits(signalling::Ss7Call call, std::string_view digits) {
  if (auto* unit = unit_of(call)) unit->digits(call, digits);
}

void Ss7Exchange::on_moved(signalling::Ss7Call call, Ss7Circuit circuit) {
  auto* before = unit_of(call);
  const auto where = at(circuit);
  if (before == nullptr) return;
  if (auto* leg = before->leg_of(call)) {
    if (where.unit != before) {
      where.unit->remember(call, leg->id);
      before->forget(call);
    }
    leg->span = where.unit->config().span;
    core_.move_leg(*leg, where.unit->port_of(where.timeslot), where.timeslot);
  }
  calls_[call] = {where.unit, where.timeslot};
}

void Ss7Exchange::on_proceeding(signalling::Ss7Call call) {
  if (auto* unit = unit_of(call)) unit->progressed(call, calls_[call].second, LegProgress::kProceeding);
}

void Ss7Exchange::on_alerting(signalling::Ss7Call call) {
  if (auto* unit = unit_of(call)) unit->progressed(call, calls_[call].second, LegProgress::kAlerting);
}

void Ss7Exchange::on_progress(signalling::Ss7Call call) {
  if (auto* unit = unit_of(call)) unit->progressed(call, calls_[call].second, LegProgress::kInband);
}

void Ss7Exchange::on_answered(signalling::Ss7Call call) {
  if (auto* unit = unit_of(call)) unit->answered(call, calls_[call].second);
}

void Ss7Exchange::on_connected(signalling::Ss7Call call, const signalling::Ss7Connected& party) {
  auto* unit = unit_of(call);
  const auto* leg = unit == nullptr ? nullptr : unit->leg_of(call);
  if (leg != nullptr) core_.event(LegParty{leg->id, PartyReason::kConnected, party.number, {}, party.restricted});
}

void Ss7Exchange::on_metering(signalling::Ss7Call call) {
  auto* unit = unit_of(call);
  const auto* leg = unit == nullptr ? nullptr : unit->leg_of(call);
  if (leg != nullptr) core_.event(LegMetered{leg->id});
}

/// The called party has put the telephone down and may take it up again: to the host the call goes on until it is cleared.
void Ss7Exchange::on_suspended(signalling::Ss7Call call, bool suspended) {
  auto* unit = unit_of(call);
  const auto* leg = unit == nullptr ? nullptr : unit->leg_of(call);
  if (leg != nullptr)
    core_.log("info", suspended ? "the far end has suspended the call" : "the far end has resumed the call", leg->span,
              leg->timeslot, leg->id);
}

void Ss7Exchange::on_released(signalling::Ss7Call call, uint8_t cause, signalling::Ss7ReleasedBy by) {
  auto* unit = unit_of(call);
  calls_.erase(call);
  if (unit != nullptr) unit->released(call, cause, released_by(by));
}

void Ss7Exchange::on_blocked(Ss7Circuit circuit, signalling::Ss7Blocked ends) {
  const auto where = at(circuit);
  core_.event(SpanBlocked{where.unit->config().span, where.timeslot, ends.here, ends.there});
}

void Ss7Exchange::on_reset(Ss7Circuit circuit) {
  const auto where = at(circuit);
  core_.event(SpanRestarted{where.unit->config().span, where.timeslot});
}

void Ss7Exchange::on_checked(Ss7Circuit circuit, bool passed) {
  const auto where = at(circuit);
  core_.event(SpanChecked{where.unit->config().span, where.timeslot, passed});
}

void Ss7Exchange::on_link(std::size_t link, signalling::Ss7LinkState state) {
  const auto& at = config_.links[link];
  core_.event(LinkChanged{config_.linkSet, at.span, at.timeslot, at.code, static_cast<LinkState>(state)});
}

void Ss7Exchange::on_up(bool up) {
  for (auto* unit : units_) core_.event(SpanDchannel{unit->config().span, up});
}

void Ss7Exchange::on_log(signalling::Ss7LogLevel level, std::string_view text) {
  core_.log(name_of(level), config_.name + ": " + std::string(text), config_.links.front().span);
}

void Ss7Exchange::loop(Ss7Circuit circuit, bool on) {
  const auto where = at(circuit);
  if (where.unit != nullptr) core_.loop_port(where.unit->port_of(where.timeslot), on);
}

void Ss7Exchange::check(Ss7Circuit circuit, bool on) {
  const auto where = at(circuit);
  if (where.unit != nullptr) core_.check_port_tone(where.unit->port_of(where.timeslot), on);
}

SnapshotLinkSet Ss7Exchange::snapshot() const {
  SnapshotLinkSet shown{.linkSet = config_.linkSet,
                        .name = config_.name,
                        .variant = config_.variant,
                        .pointCode = config_.pointCode,
                        .destination = config_.destination,
                        .up = set_->up(),
                        .circuitsIdle = static_cast<uint32_t>(set_->idle_circuits())};
  const auto states = set_->links();
  for (std::size_t link = 0; link < states.size(); ++link) {
    const auto& at = config_.links[link];
    const auto& status = states[link];
    shown.links.push_back({at.span, at.timeslot, at.code, static_cast<LinkState>(status.state), status.carries,
                           status.inhibited, static_cast<double>(status.failures), static_cast<double>(status.errors)});
  }
  for (const auto* unit : units_) shown.spans.push_back(unit->config().span);
  return shown;
}

// ---------------------------------------------------------------------------------------------------------------- unit

Ss7Unit::Ss7Unit(Core& core, const SpanConfig& config, bus::Port first_port, std::shared_ptr<Ss7Exchange> exchange,
                 cards::AlarmPort& alarm)
    : SpanUnit(core, config, first_port, alarm),
      exchange_(std::move(exchange)),
      links_(exchange_->links_on(config.span)) {
  exchange_->attach(*this);
  begin_alarms();
}

Ss7Unit::~Ss7Unit() { exchange_->detach(*this); }

void Ss7Unit::layer1(bool up) {
  exchange_->layer1(config_.span, up);
  exchange_->set().set_circuits_failed(circuits_of(0), !up, core_.now());
}

Ss7Circuit Ss7Unit::circuit_of(uint32_t timeslot) const {
  return static_cast<Ss7Circuit>(config_.ss7.firstCircuit + timeslot - 1);
}

std::vector<Ss7Circuit> Ss7Unit::circuits_of(uint32_t timeslot) const {
  std::vector<Ss7Circuit> circuits;
  for (uint32_t at = 1; at <= kTimeslots; ++at) {
    if ((timeslot == 0 || at == timeslot) && carries_calls(at)) circuits.push_back(circuit_of(at));
  }
  return circuits;
}

Result<SpanSeized> Ss7Unit::seize(uint32_t leg, const LegSeize& command) {
  signalling::Ss7Seize request{.called = command.calledNumber,
                               .calling = command.callingNumber,
                               .restricted = command.restricted,
                               .redirecting = command.redirectingNumber,
                               .redirection_reason = static_cast<uint8_t>(command.redirectingReason),
                               .original = command.originalCalledNumber,
                               .category = category_of(command.category)};
  request.circuits = circuits_of(command.timeslot);
  const auto seized = exchange_->set().seize(request, core_.now());
  if (!seized) return seized.error();
  const auto where = exchange_->at(seized->circuit);
  exchange_->calls_[seized->call] = {this, where.timeslot};
  remember(seized->call, leg);
  return SpanSeized{seized->call, where.timeslot};
}

Result<> Ss7Unit::alert(const Leg& leg) { return exchange_->set().alert(call_of(leg), core_.now()); }
Result<> Ss7Unit::connected(const Leg& leg, const LegInform& party) {
  return exchange_->set().connected(call_of(leg), {party.number, party.restricted}, core_.now());
}
Result<> Ss7Unit::answer(const Leg& leg) { return exchange_->set().answer(call_of(leg), core_.now()); }
Result<> Ss7Unit::release(const Leg& leg, uint32_t cause) {
  return exchange_->set().release(call_of(leg), static_cast<uint8_t>(cause), core_.now());
}

Result<> Ss7Unit::restart(uint32_t timeslot) { return exchange_->set().reset(circuits_of(timeslot), core_.now()); }

Result<> Ss7Unit::block(uint32_t timeslot, bool blocked) {
  return exchange_->set().block(circuits_of(timeslot), blocked, core_.now());
}

SpanBlockedEnds Ss7Unit::blocked(uint32_t timeslot) const {
  const auto ends = exchange_->set().blocked(circuit_of(timeslot));
  return {ends.here, ends.there};
}

Result<> Ss7Unit::meter(const Leg& leg) { return exchange_->set().meter(call_of(leg), core_.now()); }

Result<> Ss7Unit::check(uint32_t timeslot) { return exchange_->set().test(circuit_of(timeslot), core_.now()); }

void Ss7Unit::check_tone(uint32_t timeslot) { exchange_->set().check_tone_heard(circuit_of(timeslot), core_.now()); }

std::optional<Millis> Ss7Unit::next_deadline(Millis now) {
  return exchange_->leads(*this) ? exchange_->set().next_deadline(now) : std::nullopt;
}

void Ss7Unit::run_timers(Millis now) { exchange_->set().run_timers(now); }

std::vector<SpanCounter> Ss7Unit::counters() const {
  std::vector<SpanCounter> counters;
  if (!exchange_->leads(*this)) return counters;
  for (const auto& counter : exchange_->set().counters()) {
    counters.push_back({"ss7_" + std::string(counter.name), counter.doc, counter.value});
  }
  return counters;
}

std::string Ss7Unit::dump() const {
  return exchange_->leads(*this) ? exchange_->set().dump() : "  signalled with others over the same links\n";
}

}  // namespace cordboard::engine
