// SPDX-License-Identifier: GPL-2.0-or-later
// Links, time and the library itself.
#include "signalling/ss7_link_set.hpp"

#include <sys/poll.h>
#include <sys/time.h>

#include <algorithm>
#include <mutex>

#include "signalling/ss7_core.hpp"

namespace cordboard::signalling {
namespace {

constexpr uint32_t kErrorsInService = 64;    // Q.703 10.2: T of the signal unit error rate monitor
constexpr int64_t kLeakMs = 192;             // D: 256 units, of six octets when there is nothing to say
constexpr int64_t kRestartGuardMs = 70'000;  // longer than T19 and T21 of Q.704
constexpr int kMostWrites = 128;
constexpr uint32_t kMostLines = 50;  // logged a second
constexpr uint8_t kNetworkOutOfOrder = 38;

struct Timer {
  const char* name;
  int ms;
};
// Q.704 16.8, Q.707 2.2: middle of what is allowed.
constexpr Timer kMtp3Timers[] = {{"t1", 800},     {"t2", 1000},    {"t3", 800},       {"t4", 800},
                                 {"t5", 800},     {"t6", 800},     {"t10", 45000},    {"t12", 1000},
                                 {"t13", 1000},   {"t14", 2500},   {"t19", 68000},    {"t21", 64000},
                                 {"t22", 240000}, {"t23", 240000}, {"q707_t1", 8000}, {"q707_t2", 60000}};
// Q.764 annex A. T33 and T35 are of dialogues that are not used, T12 to T15 and T18 to T21 of those that are held here.
constexpr Timer kIsupTimers[] = {{"t1", 15000},  {"t2", 180000},  {"t5", 300000}, {"t6", 60000},
                                 {"t7", 25000},  {"t8", 12000},   {"t16", 15000}, {"t17", 300000},
                                 {"t22", 15000}, {"t23", 300000}, {"t27", 240000}};

thread_local Ss7Core* inside = nullptr;

void say(::ss7*, char* text) {
  if (inside != nullptr) inside->library_says(false, text);
}
void complain(::ss7*, char* text) {
  if (inside != nullptr) inside->library_says(true, text);
}
void out_of_service(::ss7*, int circuit, unsigned int) {
  if (inside != nullptr) inside->library_says(true, "circuit " + std::to_string(circuit) + " is not let go of");
}
int hang_up(::ss7*, int circuit, unsigned int, int cause, int how) {
  return inside == nullptr ? SS7_CIC_NOT_EXISTS
                           : inside->library_hangs_up(static_cast<Ss7Circuit>(circuit), cause, how);
}
void drop(::ss7*, isup_call* handle, int) {
  if (inside != nullptr) inside->library_drops(handle);
}

void tell_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    ss7_set_message(say);
    ss7_set_error(complain);
    ss7_set_notinservice(out_of_service);
    ss7_set_hangup(hang_up);
    ss7_set_call_null(drop);
  });
}

std::vector<uint32_t> codes_of(const Ss7Options& options) {
  std::vector<uint32_t> codes{options.own, options.destination};
  if (options.adjacent != 0) codes.push_back(options.adjacent);
  return codes;
}

Ss7LinkState state_of(int state) {
  switch (state) {
    case kMtp2NotAligned:
      return Ss7LinkState::kNotAligned;
    case kMtp2Aligned:
      return Ss7LinkState::kAligned;
    case kMtp2Proving:
      return Ss7LinkState::kProving;
    case kMtp2AlignedReady:
      return Ss7LinkState::kAlignedReady;
    case kMtp2InService:
      return Ss7LinkState::kInService;
    case kMtp2Alarm:
      return Ss7LinkState::kFailed;
    default:
      return Ss7LinkState::kOutOfService;
  }
}

}  // namespace

// ------------------------------------------------------------------------------------------------- making and ending it

Ss7Core::Ss7Core(const Ss7Options& options, Ss7Listener& listener, Ss7Line& line)
    : options_(options),
      listener_(listener),
      line_(line),
      codes_(options.china, codes_of(options)),
      destination_(codes_.inner(options.destination)) {
  tell_library();
  make_groups();
  const Ss7Entry entry(*this);
  inside = this;
  ss7_ = ss7_new(SS7_ITU);
  ss7_set_pc(ss7_, codes_.inner(options_.own));
  ss7_set_network_ind(ss7_, options_.network);
  for (const auto& timer : kMtp3Timers) ss7_set_mtp3_timer(ss7_, const_cast<char*>(timer.name), timer.ms);
  for (const auto& timer : kIsupTimers) ss7_set_isup_timer(ss7_, const_cast<char*>(timer.name), timer.ms);
  isup_free_call(ss7_, isup_new_call(ss7_, 0, codes_.inner(options_.destination), 0));
  call_bytes_ = memory_.latest_bytes();
  const auto adjacent = codes_.inner(options_.adjacent == 0 ? options_.destination : options_.adjacent);
  for (const auto code : options_.links) {
    const auto number = static_cast<int>(links_.size());
    auto& link = links_.emplace_back();
    link.code = code;
    ss7_add_link(ss7_, SS7_TRANSPORT_DAHDIMTP2, number, code, adjacent);
    if (!link.view.attach(ss7_, number, code)) std::abort();  // built with another libss7 than this was written for
  }
  told_.clear();  // the library says each timer
  inside = nullptr;
}

Ss7Core::~Ss7Core() {
  const Ss7Entry entry(*this);
  inside = nullptr;
  // Not destroyed: it would speak to calls, and leaves most of what it has. Its memory goes with this.
}

Ss7Core::Inside::Inside(Ss7Core& core) : core_(core), entry_(core) {
  ++core_.depth_;
  inside = &core_;
}

Ss7Core::Inside::~Inside() {
  if (core_.depth_ == 1) core_.settle();
  if (--core_.depth_ == 0) inside = nullptr;
}

// ------------------------------------------------------------------------------------------------------- the library

void Ss7Core::settle() {
  // Events first: a link that failed must be changed over from before it is written to, for the library then throws away
  // what it had sent.
  for (int rounds = 0; rounds < 64; ++rounds) {
    bool any = false;
    while (const auto* event = ss7_check_event(ss7_)) {
      const ss7_event copy = *event;
      on_event(copy);
      any = true;
    }
    if (!deferred_.empty()) {
      const auto act = std::move(deferred_.front());
      deferred_.pop_front();
      act();
      any = true;
    }
    for (auto& [number, circuit] : circuits_) {
      if (std::exchange(circuit.adopted, false)) tidy(circuit);
      if (!circuit.lost) continue;
      circuit.lost = false;
      any = true;
      set_loop(number, circuit, false);
      if (const auto* call = call_of(circuit.call)) {
        const bool releasing = call->machine.state() == Ss7CallState::kReleasing;
        end(call->id, releasing ? call->cause : kNetworkOutOfOrder, releasing ? call->by : Ss7ReleasedBy::kFault);
      }
    }
    if (!any) break;
  }
  look_at_links();
  for (std::size_t link = 0; link < links_.size(); ++link) flush(link);
  update_up();
}

void Ss7Core::flush(std::size_t link) {
  if (!started_ || links_[link].failed) return;
  links_[link].view.mend_retransmission();
  const auto number = static_cast<int>(link);
  for (int writes = 0; writes < kMostWrites; ++writes) {
    if ((ss7_pollflags(ss7_, number) & POLLOUT) == 0 || !line_.takes_unit(link)) return;
    ss7_write(ss7_, number);
  }
}

void Ss7Core::write_unit(int link, std::span<const uint8_t> unit) {
  const auto made = codes_.to_line(unit);
  if (made.empty()) return;
  ++counts_[kUnitsOut];
  line_.send_unit(static_cast<std::size_t>(link), made);
}

void Ss7Core::look_at_links() {
  for (std::size_t number = 0; number < links_.size(); ++number) {
    auto& link = links_[number];
    const auto now = state_of(link.view.state());
    if (now == link.state) continue;
    if (link.state == Ss7LinkState::kInService) {
      ++link.failures;
      ++counts_[kLinkFailures];
      link.view.forget();
      log(Ss7LogLevel::kWarn, "signalling link " + std::to_string(link.code) + " has failed");
    }
    if (now == Ss7LinkState::kNotAligned) link.view.forget_received();
    link.state = now;
    link.bucket = 0;
    link.leaks_at = now_ms_ + kLeakMs;
    later([number, now](Ss7Listener& listener) { listener.on_link(number, now); });
  }
}

void Ss7Core::update_up() {
  const bool up = library_up_ &&
                  std::any_of(circuits_.begin(), circuits_.end(), [](const auto& at) { return !at.second.resetting; });
  if (up == told_up_) return;
  told_up_ = up;
  later([up](Ss7Listener& listener) { listener.on_up(up); });
}

void Ss7Core::library_says(bool error, std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string line(text.substr(0, 200));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, ' ');
  if (!line.empty()) log(error ? Ss7LogLevel::kInfo : Ss7LogLevel::kDebug, "libss7: " + line);
}

/// The library wants a call of ours gone.
int Ss7Core::library_hangs_up(Ss7Circuit number, int cause, int how) {
  auto* circuit = circuit_of(number);
  if (circuit == nullptr) return SS7_CIC_NOT_EXISTS;
  if (circuit->call == 0) {
    if (how == SS7_HANGUP_SEND_RSC) circuit->resetting = true;
    return SS7_CIC_IDLE;
  }
  const auto wanted = static_cast<uint8_t>(cause >= 1 && cause <= 127 ? cause : 31);
  if (how == SS7_HANGUP_SEND_RSC) {
    deferred_.push_back([this, number] { reset_circuit(number); });
  } else {
    deferred_.push_back([this, id = circuit->call, wanted] {
      if (auto* call = call_of(id)) clear(*call, wanted, Ss7ReleasedBy::kFault);
    });
  }
  return SS7_CIC_USED;
}

void Ss7Core::library_drops(isup_call* handle) {
  for (auto& [number, circuit] : circuits_) {
    if (circuit.handle != handle) continue;
    circuit.handle = nullptr;
    circuit.lost = true;
    circuit.resetting = false;
    ++counts_[kLosses];
  }
}

// ---------------------------------------------------------------------------------------------------------------- links

void Ss7Core::receive_unit(std::size_t link, std::span<const uint8_t> unit, int64_t now_ms) {
  now_ms_ = now_ms;
  if (link >= links_.size() || !is_signal_unit(unit)) {
    ++counts_[kUnitsRefused];
    return;
  }
  if (!started_ || links_[link].failed) return;
  ++counts_[kUnitsIn];
  {
    const Inside inside(*this);
    unit_ = unit;
    receiving_ = link;
    ss7_read(ss7_, static_cast<int>(link));
  }
  tell();
}

void Ss7Core::unit_errors(std::size_t number, uint32_t count, int64_t now_ms) {
  now_ms_ = now_ms;
  if (number >= links_.size() || count == 0) return;
  auto& link = links_[number];
  link.errors += count;
  counts_[kUnitErrors] += count;
  if (!started_ || link.failed) return;
  if (link.state == Ss7LinkState::kInService || link.state == Ss7LinkState::kAlignedReady) {
    const auto leaked = std::max<int64_t>(0, (now_ms - link.leaks_at) / kLeakMs);
    link.bucket -= static_cast<uint32_t>(std::min<int64_t>(leaked, link.bucket));
    link.leaks_at += leaked * kLeakMs;
    link.bucket += count;
    if (link.bucket < kErrorsInService) return;
  } else if (link.state != Ss7LinkState::kProving) {
    return;
  }
  // Q.703 10.3: one error while a link is proved in an emergency is too many.
  restart_link(number);
  tell();
}

void Ss7Core::restart_link(std::size_t number) {
  const Inside inside(*this);
  links_[number].view.forget();
  ss7_link_alarm(ss7_, static_cast<int>(number));
  while (const auto* event = ss7_check_event(ss7_)) {
    const ss7_event copy = *event;
    on_event(copy);
  }
  ss7_link_noalarm(ss7_, static_cast<int>(number));
}

void Ss7Core::link_ready(std::size_t link, int64_t now_ms) {
  now_ms_ = now_ms;
  if (link >= links_.size()) return;
  { const Inside inside(*this); }
  tell();
}

void Ss7Core::set_link_failed(std::size_t number, bool failed, int64_t now_ms) {
  now_ms_ = now_ms;
  if (number >= links_.size() || links_[number].failed == failed) return;
  links_[number].failed = failed;
  {
    const Inside inside(*this);
    links_[number].view.forget();
    if (failed) {
      ss7_link_alarm(ss7_, static_cast<int>(number));
    } else {
      ss7_link_noalarm(ss7_, static_cast<int>(number));
    }
  }
  tell();
}

// ----------------------------------------------------------------------------------------------------------------- time

std::optional<int64_t> Ss7Core::next_deadline(int64_t now_ms) {
  if (!started_ || !told_.empty()) return now_ms;
  std::optional<int64_t> next;
  const auto wanted = [&](int64_t at) {
    if (at != 0 && (!next || at < *next)) next = at;
  };
  if (const auto* time = ss7_schedule_next(ss7_)) wanted(time->tv_sec * 1000 + (time->tv_usec + 999) / 1000);
  for (const auto& [number, circuit] : circuits_) {
    wanted(circuit.check_until);
    wanted(circuit.recheck_at);
  }
  for (const auto& asked : asked_) wanted(asked.again_ms);
  if (unused_since_) wanted(*unused_since_ + kRestartGuardMs);
  return next;
}

void Ss7Core::run_timers(int64_t now_ms) {
  now_ms_ = now_ms;
  {
    const Inside inside(*this);
    if (!started_) {
      started_ = true;
      ss7_start(ss7_);
    }
    ss7_schedule_run(ss7_);
    for (auto& [number, circuit] : circuits_) {
      if (circuit.check_until != 0 && circuit.check_until <= now_ms) end_check(number, circuit, false);
      if (circuit.recheck_at != 0 && circuit.recheck_at <= now_ms) {
        circuit.recheck_at = now_ms + kLeakMs;
        if (!library_up_ || circuit.checking) continue;
        send(IsupType::kCcr, number);
        begin_check(number, circuit);
        circuit.recheck_at = 0;
      }
    }
    for (auto& asked : asked_) {
      if (asked.again_ms <= now_ms) send_asked(asked);
    }
    restart_level3();
  }
  tell();
}

/// The library waits for ever for the end of a restart of which it has lost count, as after a flood of management messages.
void Ss7Core::restart_level3() {
  const auto usable = std::find_if(links_.begin(), links_.end(), [](const Link& link) {
    return link.state == Ss7LinkState::kInService && link.view.tested();
  });
  if (library_up_ || usable == links_.end()) {
    unused_since_.reset();
    return;
  }
  if (!unused_since_) unused_since_ = now_ms_;
  if (now_ms_ - *unused_since_ < kRestartGuardMs) return;
  unused_since_ = now_ms_;
  log(Ss7LogLevel::kWarn, "links are in service and level 3 is not: it is restarted");
  mtp3_init_restart(ss7_, usable->code);
}

void Ss7Core::tell() {
  if (telling_ || depth_ != 0) return;
  telling_ = true;
  // What a callback causes is told the next time.
  for (auto left = told_.size(); left > 0; --left) {
    const auto act = std::move(told_.front());
    told_.pop_front();
    act(listener_);
  }
  telling_ = false;
}

void Ss7Core::log(Ss7LogLevel level, std::string text) {
  const auto second = now_ms_ / 1000;
  if (second != log_second_) {
    log_second_ = second;
    logged_ = 0;
  }
  if (++logged_ > kMostLines) {
    ++counts_[kLinesNotLogged];
    return;
  }
  later([level, text = std::move(text)](Ss7Listener& listener) { listener.on_log(level, text); });
}

// ---------------------------------------------------------------------------------------------------------- looking at it

std::vector<Ss7LinkStatus> Ss7Core::links() const {
  std::vector<Ss7LinkStatus> all;
  for (const auto& link : links_) {
    const bool in_service = link.state == Ss7LinkState::kInService && link.view.tested();
    all.push_back({.code = link.code,
                   .state = link.state,
                   .tested = link.view.tested(),
                   .carries = in_service && !link.view.changed_over() && !link.view.inhibited(),
                   .inhibited = link.view.inhibited(),
                   .failures = link.failures,
                   .errors = link.errors});
  }
  return all;
}

std::vector<Ss7Counter> Ss7Core::counters() const {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, kCounters> kNames{{
      {"units_in", "Signal units taken"},
      {"units_out", "Signal units sent, repetitions not counted"},
      {"units_refused", "Signal units whose length is wrong, dropped"},
      {"unit_errors", "Signal units with a wrong FCS, and 16 octets each in which none came"},
      {"messages_refused", "Messages out of form, or not for this exchange, dropped"},
      {"messages_ignored", "Messages that make no difference here"},
      {"calls_in", "Calls in"},
      {"calls_out", "Calls out"},
      {"dual_seizures", "Circuits seized by both ends at once"},
      {"moves", "Calls out that went on by another circuit"},
      {"resets", "Circuits or groups reset from here"},
      {"checks_failed", "Continuity checks that failed"},
      {"link_failures", "Links that were in service and failed"},
      {"changeovers", "Changeovers of a link's traffic agreed with the other exchange"},
      {"losses", "Messages that no link took"},
      {"steps_refused", "Messages that a call's state does not allow"},
      {"lines_not_logged", "Log lines left out"},
  }};
  std::vector<Ss7Counter> all;
  for (std::size_t i = 0; i < kCounters; ++i) all.push_back({kNames[i].first, kNames[i].second, counts_[i]});
  return all;
}

std::string Ss7Core::dump() const {
  std::string text = std::string(up() ? "up" : "down") + ", point code " + std::to_string(options_.own) + " to " +
                     std::to_string(options_.destination) + ", " + std::to_string(idle_circuits()) + " of " +
                     std::to_string(circuits_.size()) + " circuits idle, " + std::to_string(asked_.size()) +
                     " blockings not acknowledged, " + std::to_string(memory_.blocks()) + " blocks\n";
  for (const auto& link : links()) {
    text += "  link " + std::to_string(link.code) + ": " + std::string(name_of(link.state)) +
            (link.carries ? ", carries traffic" : "") + (link.inhibited ? ", inhibited" : "") + ", " +
            std::to_string(link.failures) + " failures, " + std::to_string(link.errors) + " errors\n";
  }
  std::array<char, 1024> history;
  for (const auto& [id, call] : calls_) {
    text += "  call " + std::to_string(id) + (call.outgoing ? " out" : " in") + " on circuit " +
            std::to_string(call.circuit) + ": " + std::string(name_of(call.machine.state())) + "\n" +
            std::string(call.machine.dump(history));
  }
  return text;
}

}  // namespace cordboard::signalling
