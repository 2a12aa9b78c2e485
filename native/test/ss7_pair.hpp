// SPDX-License-Identifier: GPL-2.0-or-later
// Two exchanges joined by signalling links that carry 64 kbit/s each way, in time that is the test's own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "signalling/ss7_link_set.hpp"

namespace cordboard::signalling {

inline std::vector<Ss7Circuit> circuits_between(Ss7Circuit first, Ss7Circuit last, std::set<Ss7Circuit> without = {}) {
  std::vector<Ss7Circuit> all;
  for (Ss7Circuit at = first; at <= last; ++at) {
    if (!without.contains(at)) all.push_back(at);
  }
  return all;
}

/// One E1 whose timeslot 16 and 1 are links.
inline Ss7Options itu(std::size_t links = 2) {
  Ss7Options options;
  options.own = 1001;
  options.destination = 2002;
  for (std::size_t i = 0; i < links; ++i) options.links.push_back(static_cast<uint8_t>(i));
  options.circuits = circuits_between(1, 31, links > 1 ? std::set<Ss7Circuit>{1, 16} : std::set<Ss7Circuit>{16});
  return options;
}

inline Ss7Options china(std::size_t links = 2) {
  auto options = itu(links);
  options.china = true;
  options.own = 0x170203;  // 23-2-3
  options.destination = 0x170a01;
  return options;
}

class Ss7Pair;

class Ss7End : public Ss7Listener, public Ss7Line {
 public:
  struct Offer : Ss7Offer {
    Ss7Call call{};
    Ss7Circuit circuit{};
  };
  struct Released {
    uint8_t cause{};
    Ss7ReleasedBy by{};
  };
  Ss7End(Ss7Pair& pair, const Ss7Options& with) : options(with), pair_(pair) {
    const auto good = Ss7LinkSet::check(options);
    EXPECT_TRUE(good) << (good ? "" : good.error().text);
    set = std::make_unique<Ss7LinkSet>(options, *this, *this);
  }

  void on_incoming(Ss7Call call, Ss7Circuit circuit, const Ss7Offer& offer) override {
    Offer made;
    static_cast<Ss7Offer&>(made) = offer;
    made.call = call;
    made.circuit = circuit;
    offers.push_back(made);
    known.insert(call);
    if (when_offered) when_offered(made);
  }
  void on_digits(Ss7Call call, std::string_view digits) override { told[call] += std::string(digits) + " "; }
  void on_moved(Ss7Call call, Ss7Circuit circuit) override {
    told[call] += "moved ";
    circuits[call] = circuit;
  }
  void on_proceeding(Ss7Call call) override { told[call] += "proceeding "; }
  void on_alerting(Ss7Call call) override { told[call] += "alerting "; }
  void on_progress(Ss7Call call) override { told[call] += "progress "; }
  void on_answered(Ss7Call call) override {
    told[call] += "answered ";
    if (when_answered) when_answered(call);
  }
  void on_connected(Ss7Call call, const Ss7Connected& party) override {
    told[call] += "connected:" + (party.restricted ? std::string("restricted") : party.number) + " ";
  }
  void on_metering(Ss7Call call) override { ++pulses[call]; }
  void on_suspended(Ss7Call call, bool suspended) override { told[call] += suspended ? "suspended " : "resumed "; }
  void on_released(Ss7Call call, uint8_t cause, Ss7ReleasedBy by) override {
    EXPECT_FALSE(released.contains(call)) << "released twice";
    EXPECT_TRUE(known.contains(call)) << "released without having been told of";
    released[call] = {cause, by};
  }
  void on_blocked(Ss7Circuit circuit, Ss7Blocked ends) override { blocked[circuit] = ends; }
  void on_reset(Ss7Circuit circuit) override { reset.insert(circuit); }
  void on_checked(Ss7Circuit circuit, bool passed) override { checked[circuit] = passed; }
  void on_link(std::size_t link, Ss7LinkState state) override;
  void on_up(bool is) override;
  void on_log(Ss7LogLevel, std::string_view text) override {
    EXPECT_EQ(text.find('\n'), std::string_view::npos);
    log.emplace_back(text);
  }

  void send_unit(std::size_t link, std::span<const uint8_t> unit) override;
  bool takes_unit(std::size_t link) const override;
  void loop(Ss7Circuit circuit, bool on) override;
  void check(Ss7Circuit circuit, bool on) override;

  Ss7Call call(const std::string& called, std::optional<Ss7Circuit> circuit = {});
  uint64_t count(std::string_view name) const {
    for (const auto& counter : set->counters())
      if (counter.name == name) return counter.value;
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  const Ss7Options options;
  std::unique_ptr<Ss7LinkSet> set;
  std::vector<Offer> offers;
  std::map<Ss7Call, std::string> told;
  std::map<Ss7Call, Ss7Circuit> circuits;
  std::map<Ss7Call, int> pulses;
  std::set<Ss7Call> known;  // offered, or seized by the test
  std::map<Ss7Call, Released> released;
  std::map<Ss7Circuit, Ss7Blocked> blocked;
  std::set<Ss7Circuit> reset;
  std::map<Ss7Circuit, bool> checked;
  std::set<Ss7Circuit> loops;
  std::set<Ss7Circuit> tones;
  std::vector<std::string> log;
  std::vector<Ss7LinkState> links;
  std::function<void(const Offer&)> when_offered;
  std::function<void(Ss7Call)> when_answered;
  bool up = false;
  int64_t up_at = -1;
  int64_t in_service_at = -1;
  Ss7End* far = nullptr;

 private:
  Ss7Pair& pair_;
};

/// One direction of a link.
struct Ss7Wire {
  std::deque<std::vector<uint8_t>> queue;
  int64_t free_at_us = 0;
  std::vector<uint8_t> repeated;
  int64_t repeat_at_ms = 0;
};

class Ss7Pair {
 public:
  struct Sent {
    int64_t at_ms{};
    std::vector<uint8_t> unit;
  };
  explicit Ss7Pair(const Ss7Options& here = itu()) : a(*this, here), b(*this, turned(here)) {
    a.far = &b;
    b.far = &a;
    a.links.resize(here.links.size());
    b.links.resize(here.links.size());
    wires_.resize(2 * here.links.size());
    cut.resize(here.links.size());
  }
  static Ss7Options turned(Ss7Options options) {
    std::swap(options.own, options.destination);
    return options;
  }

  void run_for(int64_t ms) {
    for (const auto end = now_ms + ms; now_ms < end;) {
      ++now_ms;
      step();
    }
  }
  bool run_until(const std::function<bool()>& done, int64_t most_ms = 30'000) {
    for (const auto end = now_ms + most_ms; now_ms < end;) {
      if (done()) return true;
      ++now_ms;
      step();
    }
    return done();
  }
  void bring_up() {
    ASSERT_TRUE(run_until([&] { return a.up && b.up; }));
    run_for(100);
  }

  Ss7Wire& wire(const Ss7End& from, std::size_t link) { return wires_[2 * link + (&from == &b ? 1 : 0)]; }

  int64_t now_ms = 1000;
  Ss7End a;
  Ss7End b;
  std::vector<bool> cut;      // by link, both ways
  uint32_t damage_every = 0;  // one unit out of so many arrives with a wrong FCS
  std::set<Ss7Circuit> mute;  // whose speech does not get through
  std::vector<Sent> sent;     // that carry information
  std::function<bool(const Ss7End& from, std::size_t link, std::vector<uint8_t>& unit)> on_wire;  // false: lost

 private:
  void step() {
    for (std::size_t link = 0; link < cut.size(); ++link) {
      for (auto* from : {&a, &b}) carry(*from, link);
    }
    for (auto* end : {&a, &b}) {
      const auto far_loops = end->far->loops;
      for (const auto circuit : std::set<Ss7Circuit>(end->tones)) {
        if (far_loops.contains(circuit) && !mute.contains(circuit)) end->set->check_tone_heard(circuit, now_ms);
      }
      for (int i = 0; i < 8; ++i) {
        const auto due = end->set->next_deadline(now_ms);
        if (!due || *due > now_ms) break;
        end->set->run_timers(now_ms);
      }
    }
  }
  void carry(Ss7End& from, std::size_t link) {
    auto& on = wire(from, link);
    auto& to = *from.far;
    if (cut[link]) {
      for (const auto& unit : on.queue) {
        on.repeated.clear();
        if ((unit[2] & 0x3f) <= 2) on.repeated = unit;
      }
      on.queue.clear();
      on.free_at_us = now_ms * 1000;
      if (now_ms % 2 == 0) to.set->unit_errors(link, 1, now_ms);
      from.set->link_ready(link, now_ms);
      return;
    }
    bool room = false;
    while (!on.queue.empty()) {
      // Two octets of FCS and a flag go with each.
      const auto done = on.free_at_us + static_cast<int64_t>(on.queue.front().size() + 3) * 125;
      if (done > now_ms * 1000) break;
      on.free_at_us = done;
      auto unit = std::move(on.queue.front());
      on.queue.pop_front();
      room = true;
      on.repeated.clear();
      if ((unit[2] & 0x3f) <= 2) on.repeated = unit;
      on.repeat_at_ms = now_ms + 20;
      deliver(from, link, std::move(unit));
    }
    if (room) from.set->link_ready(link, now_ms);
    if (on.queue.empty() && !on.repeated.empty() && on.repeat_at_ms <= now_ms) {
      on.repeat_at_ms = now_ms + 20;
      deliver(from, link, on.repeated);
    }
  }
  void deliver(Ss7End& from, std::size_t link, std::vector<uint8_t> unit) {
    if (damage_every != 0 && ++units_ % damage_every == 0) {
      from.far->set->unit_errors(link, 1, now_ms);
      return;
    }
    if (on_wire && !on_wire(from, link, unit)) return;
    if ((unit[2] & 0x3f) > 2) sent.push_back({now_ms, unit});
    from.far->set->receive_unit(link, unit, now_ms);
  }
  std::vector<Ss7Wire> wires_;
  uint32_t units_ = 0;
};

inline void Ss7End::on_link(std::size_t link, Ss7LinkState state) {
  links[link] = state;
  if (state == Ss7LinkState::kInService && in_service_at < 0) in_service_at = pair_.now_ms;
}
inline void Ss7End::on_up(bool is) {
  EXPECT_NE(up, is);
  up = is;
  if (is) up_at = pair_.now_ms;
}
inline void Ss7End::send_unit(std::size_t link, std::span<const uint8_t> unit) {
  auto& on = pair_.wire(*this, link);
  if (on.queue.empty()) on.free_at_us = std::max(on.free_at_us, pair_.now_ms * 1000);
  on.queue.emplace_back(unit.begin(), unit.end());
}
inline bool Ss7End::takes_unit(std::size_t link) const {
  return const_cast<Ss7Pair&>(pair_).wire(*this, link).queue.size() < 2;
}
inline void Ss7End::loop(Ss7Circuit circuit, bool on) {
  EXPECT_NE(on, loops.contains(circuit));
  on ? void(loops.insert(circuit)) : void(loops.erase(circuit));
}
inline void Ss7End::check(Ss7Circuit circuit, bool on) {
  EXPECT_NE(on, tones.contains(circuit));
  on ? void(tones.insert(circuit)) : void(tones.erase(circuit));
}
inline Ss7Call Ss7End::call(const std::string& called, std::optional<Ss7Circuit> circuit) {
  const auto seized = set->seize({.called = called,
                                  .calling = "13800138000",
                                  .circuits = circuit ? std::vector{*circuit} : std::vector<Ss7Circuit>()},
                                 pair_.now_ms);
  EXPECT_TRUE(seized) << (seized ? "" : seized.error().text);
  if (!seized) return 0;
  known.insert(seized->call);
  circuits[seized->call] = seized->circuit;
  return seized->call;
}

}  // namespace cordboard::signalling
