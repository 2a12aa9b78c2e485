// SPDX-License-Identifier: GPL-2.0-or-later
// Two R2 spans on a line that carries bits and tones as a real one does, each a while later, in time that is the test's own.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <queue>
#include <set>

#include "signalling/r2_span.hpp"

namespace cordboard::signalling {

/// What the protocol of China is (R2Options of firmware-config/r2/CN.json).
inline R2Options china() {
  R2Options options;
  options.variant = "CN";
  options.definitions =
      "mf_ga_tones.request_category=X\n"
      "mf_ga_tones.request_category_and_change_to_gc=6\n"
      "mf_gc_tones.request_next_ani_digit=1\n"
      "mf_gc_tones.request_change_to_g2=3\n"
      "mf_gc_tones.request_next_dnis_digit_and_change_to_ga=1\n"
      "mf_ga_tones.request_all_dnis_again=2\n"
      "mf_ga_tones.request_dnis_minus_1=X\n"
      "mf_ga_tones.request_dnis_minus_2=X\n"
      "mf_ga_tones.request_dnis_minus_3=X\n"
      "mf_gb_tones.line_out_of_order=X\n"
      "mf_g1_tones.caller_ani_is_restricted=X\n";
  options.subscriber_signal = 3;
  options.vacant_signal = 5;
  options.congestion_signal = 4;
  options.called_digits = 5;
  return options;
}

class R2Pair;

class R2End : public R2Listener, public R2Line {
 public:
  struct Offer : R2Offer {
    R2Call call{};
    uint8_t timeslot{};
    int64_t at_ms{};
  };
  struct Released {
    uint8_t cause{};
    R2ReleasedBy by{};
  };

  R2End(R2Pair& pair, const R2Options& options) : pair_(pair) {
    EXPECT_TRUE(R2Span::check(options));
    span = std::make_unique<R2Span>(options, *this, *this);
  }

  void on_incoming(R2Call call, uint8_t timeslot, const R2Offer& offer) override;
  void on_accepted(R2Call call, uint8_t) override { told[call] += "accepted "; }
  void on_answer_sent(R2Call call, uint8_t) override { told[call] += "answer-sent "; }
  void on_proceeding(R2Call call, uint8_t timeslot) override {
    told[call] += "proceeding ";
    timeslots[call] = timeslot;
  }
  void on_alerting(R2Call call, uint8_t) override { told[call] += "alerting "; }
  void on_answered(R2Call call, uint8_t) override { told[call] += "answered "; }
  void on_metering(R2Call call, uint8_t) override { ++pulses[call]; }
  void on_released(R2Call call, uint8_t cause, R2ReleasedBy by) override {
    EXPECT_FALSE(released.contains(call)) << "released twice";
    EXPECT_TRUE(known.contains(call)) << "released without having been told of";
    released[call] = {cause, by};
  }
  void on_blocked(uint8_t timeslot, bool here, bool there) override { blocked[timeslot] = {here, there}; }
  void on_up(bool is) override {
    EXPECT_NE(up, is);
    up = is;
  }
  void on_log(R2LogLevel, uint8_t, std::string_view text) override {
    EXPECT_EQ(text.find('\n'), std::string_view::npos);
    log.emplace_back(text);
  }

  void set_bits(uint8_t timeslot, uint8_t abcd) override;
  void send_tone(uint8_t timeslot, bool forward, uint8_t signal) override;
  void listen(uint8_t timeslot, bool forward) override;
  void stop_listening(uint8_t timeslot) override { ears.erase(timeslot); }

  uint64_t count(std::string_view name) const {
    for (const auto& counter : span->counters())
      if (counter.name == name) return counter.value;
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  std::unique_ptr<R2Span> span;
  std::vector<Offer> offers;
  std::map<R2Call, std::string> told;
  std::map<R2Call, uint8_t> timeslots;
  std::map<R2Call, int> pulses;
  std::set<R2Call> known;  // offered, or seized by the test
  std::map<R2Call, Released> released;
  std::map<uint8_t, std::pair<bool, bool>> blocked;
  std::vector<std::string> log;
  std::vector<std::string> sent;  // signals of group I-II and A-C, "ts:signal"
  std::map<uint8_t, bool> ears;   // timeslots listened to, and whether for forward signals
  std::map<uint8_t, uint8_t> tones;
  std::map<uint8_t, bool> tones_forward;
  std::array<uint8_t, 32> bits{};
  std::function<void(const Offer&)> when_offered;
  bool up = false;
  R2End* far = nullptr;

 private:
  R2Pair& pair_;
};

class R2Pair {
 public:
  static constexpr int64_t kBitsMs = 4;    // a multiframe is 2 ms
  static constexpr int64_t kTonesMs = 60;  // until a tone is recognised, or its end
  explicit R2Pair(const R2Options& options = china()) : R2Pair(options, options) {}
  R2Pair(const R2Options& here, R2Options there)
      : a(*this, here), b(*this, [&] {
          there.from_top = !here.from_top;
          return there;
        }()) {
    a.far = &b;
    b.far = &a;
    a.bits.fill(0xD);
    b.bits.fill(0xD);
  }

  void after(int64_t ms, std::function<void()> act) { acts_.emplace(now_ms + ms, std::move(act)); }

  void run_for(int64_t ms) {
    const auto end = now_ms + ms;
    while (true) {
      auto next = end;
      for (auto* end_of : {&a, &b})
        if (const auto due = end_of->span->next_deadline(now_ms)) next = std::min(next, std::max(*due, now_ms));
      if (!acts_.empty()) next = std::min(next, std::max(acts_.begin()->first, now_ms));
      now_ms = next;
      bool moved = false;
      while (!acts_.empty() && acts_.begin()->first <= now_ms) {
        auto act = std::move(acts_.begin()->second);
        acts_.erase(acts_.begin());
        act();
        moved = true;
      }
      for (auto* end_of : {&a, &b}) {
        const auto due = end_of->span->next_deadline(now_ms);
        if (!due || *due > now_ms) continue;
        end_of->span->run_timers(now_ms);
        moved = true;
      }
      if (!moved && now_ms >= end) return;
    }
  }
  template <class Done>
  bool run_until(Done done, int64_t patience_ms = 30000) {
    for (const auto end = now_ms + patience_ms; now_ms < end;) {
      if (done()) return true;
      run_for(10);
    }
    return done();
  }

  int64_t now_ms = 1000;
  bool deaf = false;  // no tone arrives
  R2End a, b;

 private:
  std::multimap<int64_t, std::function<void()>> acts_;
};

inline void R2End::on_incoming(R2Call call, uint8_t timeslot, const R2Offer& offer) {
  Offer made;
  known.insert(call);
  static_cast<R2Offer&>(made) = offer;
  made.call = call;
  made.timeslot = timeslot;
  made.at_ms = pair_.now_ms;
  offers.push_back(made);
  if (when_offered) when_offered(offers.back());
}

inline void R2End::set_bits(uint8_t timeslot, uint8_t abcd) {
  bits[timeslot] = abcd;
  pair_.after(R2Pair::kBitsMs, [this, timeslot, abcd] { far->span->receive_bits(timeslot, abcd, pair_.now_ms); });
}

inline void R2End::send_tone(uint8_t timeslot, bool forward, uint8_t signal) {
  const auto before = std::exchange(tones[timeslot], signal);
  tones_forward[timeslot] = forward;
  if (signal != 0) sent.push_back((forward ? "F" : "B") + std::to_string(signal));
  pair_.after(R2Pair::kTonesMs, [this, timeslot, forward, before, signal] {
    if (pair_.deaf) return;
    const auto ear = far->ears.find(timeslot);
    if (ear == far->ears.end() || ear->second != forward) return;
    if (before != 0) far->span->receive_tone(timeslot, before, false, pair_.now_ms);
    if (signal != 0) far->span->receive_tone(timeslot, signal, true, pair_.now_ms);
  });
}

inline void R2End::listen(uint8_t timeslot, bool forward) {
  ears[timeslot] = forward;
  // What sounds already is heard, too.
  pair_.after(R2Pair::kTonesMs, [this, timeslot, forward] {
    const auto ear = ears.find(timeslot);
    if (pair_.deaf || ear == ears.end() || ear->second != forward) return;
    if (far->tones[timeslot] != 0 && far->tones_forward[timeslot] == forward) {
      span->receive_tone(timeslot, far->tones[timeslot], true, pair_.now_ms);
    }
  });
}

}  // namespace cordboard::signalling
