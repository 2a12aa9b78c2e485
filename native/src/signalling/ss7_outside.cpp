// SPDX-License-Identifier: GPL-2.0-or-later
// The outside of a link set: which options go together, and the way in.
#include "signalling/ss7_core.hpp"
#include "signalling/ss7_link_set.hpp"

namespace cordboard::signalling {
namespace {

constexpr uint32_t kMostWide = 0xffffff, kMostNarrow = 0x3fff;

}  // namespace

Result<> Ss7LinkSet::check(const Ss7Options& options) {
  const auto most = options.china ? kMostWide : kMostNarrow;
  const auto bad = [&](uint32_t code) { return code == 0 || code > most; };
  if (bad(options.own) || bad(options.destination) || (options.adjacent != 0 && bad(options.adjacent))) {
    return fail(ErrorCode::kInvalid, "a point code is 1-" + std::to_string(most));
  }
  if (options.own == options.destination || options.own == options.adjacent) {
    return fail(ErrorCode::kInvalid, "the other exchange has another point code than this one");
  }
  if (options.network > 3) return fail(ErrorCode::kInvalid, "a network indicator is 0-3");
  if (options.links.empty() || options.links.size() > kMostSs7Links) {
    return fail(ErrorCode::kInvalid, "a link set has one or two signalling links");
  }
  for (std::size_t i = 0; i < options.links.size(); ++i) {
    if (options.links[i] > 15) return fail(ErrorCode::kInvalid, "a signalling link code is 0-15");
    if (i > 0 && options.links[i] == options.links[0]) {
      return fail(ErrorCode::kInvalid, "two links have the signalling link code " + std::to_string(options.links[i]));
    }
  }
  if (options.circuits.empty() || options.circuits.size() > kMostSs7Circuits) {
    return fail(ErrorCode::kInvalid, "a link set has 1-" + std::to_string(kMostSs7Circuits) + " circuits");
  }
  for (std::size_t i = 0; i < options.circuits.size(); ++i) {
    if (options.circuits[i] > 4095) return fail(ErrorCode::kInvalid, "a circuit identification code is 0-4095");
    if (i > 0 && options.circuits[i] <= options.circuits[i - 1]) {
      return fail(ErrorCode::kInvalid, "circuit " + std::to_string(options.circuits[i]) + " is there twice");
    }
  }
  if (options.called_nature > 4 || options.calling_nature > 4 || options.called_nature == 0 ||
      options.calling_nature == 0) {
    return fail(ErrorCode::kInvalid, "a nature of address is 1-4");
  }
  return Empty{};
}

Ss7LinkSet::Ss7LinkSet(const Ss7Options& options, Ss7Listener& listener, Ss7Line& line)
    : core_(std::make_unique<Ss7Core>(options, listener, line)) {}
Ss7LinkSet::~Ss7LinkSet() = default;

void Ss7LinkSet::receive_unit(std::size_t link, std::span<const uint8_t> unit, int64_t now_ms) {
  core_->receive_unit(link, unit, now_ms);
}
void Ss7LinkSet::unit_errors(std::size_t link, uint32_t count, int64_t now_ms) {
  core_->unit_errors(link, count, now_ms);
}
void Ss7LinkSet::link_ready(std::size_t link, int64_t now_ms) { core_->link_ready(link, now_ms); }
void Ss7LinkSet::set_link_failed(std::size_t link, bool failed, int64_t now_ms) {
  core_->set_link_failed(link, failed, now_ms);
}
void Ss7LinkSet::set_circuits_failed(std::span<const Ss7Circuit> circuits, bool failed, int64_t now_ms) {
  core_->set_circuits_failed(circuits, failed, now_ms);
}
void Ss7LinkSet::check_tone_heard(Ss7Circuit circuit, int64_t now_ms) { core_->check_tone_heard(circuit, now_ms); }
std::optional<int64_t> Ss7LinkSet::next_deadline(int64_t now_ms) { return core_->next_deadline(now_ms); }
void Ss7LinkSet::run_timers(int64_t now_ms) { core_->run_timers(now_ms); }
Result<Ss7Seized> Ss7LinkSet::seize(const Ss7Seize& request, int64_t now_ms) { return core_->seize(request, now_ms); }
Result<> Ss7LinkSet::alert(Ss7Call call, int64_t now_ms) { return core_->alert(call, now_ms); }
Result<> Ss7LinkSet::progress(Ss7Call call, int64_t now_ms) { return core_->progress(call, now_ms); }
Result<> Ss7LinkSet::connected(Ss7Call call, const Ss7Connected& party, int64_t now_ms) {
  return core_->connected(call, party, now_ms);
}
Result<> Ss7LinkSet::answer(Ss7Call call, int64_t now_ms) { return core_->answer(call, now_ms); }
Result<> Ss7LinkSet::release(Ss7Call call, uint8_t cause, int64_t now_ms) {
  return core_->release(call, cause, now_ms);
}
Result<> Ss7LinkSet::suspend(Ss7Call call, bool on, int64_t now_ms) { return core_->suspend(call, on, now_ms); }
Result<> Ss7LinkSet::meter(Ss7Call call, int64_t now_ms) { return core_->meter(call, now_ms); }
Result<> Ss7LinkSet::block(std::span<const Ss7Circuit> circuits, bool on, int64_t now_ms) {
  return core_->block(circuits, on, now_ms);
}
Result<> Ss7LinkSet::reset(std::span<const Ss7Circuit> circuits, int64_t now_ms) {
  return core_->reset(circuits, now_ms);
}
Result<> Ss7LinkSet::test(Ss7Circuit circuit, int64_t now_ms) { return core_->test(circuit, now_ms); }
bool Ss7LinkSet::up() const { return core_->up(); }
Ss7Blocked Ss7LinkSet::blocked(Ss7Circuit circuit) const { return core_->blocked(circuit); }
std::size_t Ss7LinkSet::idle_circuits() const { return core_->idle_circuits(); }
std::vector<Ss7LinkStatus> Ss7LinkSet::links() const { return core_->links(); }
std::vector<Ss7Counter> Ss7LinkSet::counters() const { return core_->counters(); }
std::string Ss7LinkSet::dump() const { return core_->dump(); }

}  // namespace cordboard::signalling
