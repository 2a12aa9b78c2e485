// SPDX-License-Identifier: GPL-2.0-or-later
// Two spans joined by two queues of frames, for tests: the user side and the network side of one E1.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

using Frame = std::vector<uint8_t>;
constexpr uint8_t kFacilityType = 0x62;

inline int64_t test_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Released {
  uint8_t cause;
  PriReleasedBy by;
  bool operator==(const Released&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Released& r) {
  return out << "cause " << int{r.cause} << " by " << name_of(r.by);
}

struct Offer {
  PriCall call;
  PriChannel timeslot;
  std::string called, calling, name;
  bool complete;
  std::string redirecting;
  uint8_t reason;
  bool restricted = false;
};

/// A span and what it told. Any callback for a dead or unknown call is a failure.
class Side : public PriListener {
 public:
  Side(const PriOptions& options, std::function<void(std::span<const uint8_t>)> sink)
      : span(std::make_unique<PriSpan>(options, *this,
                                       [sink = std::move(sink)](auto frame, std::size_t) { sink(frame); })) {}

  void on_incoming(PriCall call, PriChannel timeslot, const PriOffer& offer) override {
    EXPECT_FALSE(told.contains(call)) << "id used twice";
    told[call] = "incoming";
    timeslots[call] = timeslot;
    offers.push_back({call, timeslot, offer.called, offer.calling, offer.calling_name, offer.complete,
                      offer.redirecting, offer.redirecting_reason, offer.restricted});
    if (when_offered) when_offered(call);
  }
  void on_digits(PriCall call, std::string_view digits_now) override {
    EXPECT_TRUE(is_alive(call));
    digits[call] += digits_now;
  }
  void on_proceeding(PriCall call, PriChannel timeslot) override { note(call, "proceeding", timeslot); }
  void on_alerting(PriCall call, PriChannel timeslot) override { note(call, "alerting", timeslot); }
  void on_progress(PriCall call, PriChannel timeslot) override { note(call, "progress", timeslot); }
  void on_answered(PriCall call, PriChannel timeslot) override { note(call, "answered", timeslot); }
  void on_released(PriCall call, uint8_t cause, PriReleasedBy by) override {
    EXPECT_FALSE(released.contains(call)) << "released twice";
    released[call] = {cause, by};
    if (when_released) when_released(call);
  }
  void on_dchannel(bool up) override {
    EXPECT_NE(up, dchannel);
    dchannel = up;
  }
  void on_charged(PriCall call, const PriCharge& charge) override {
    EXPECT_TRUE(is_alive(call));
    charges.push_back(charge);
  }
  void on_tariff(PriCall call, const std::vector<PriTariff>& told_now) override {
    EXPECT_TRUE(is_alive(call));
    tariffs.push_back(told_now);
  }
  void on_party(PriCall call, const PriParty& party, PriPartyReason reason) override {
    EXPECT_TRUE(is_alive(call));
    parties.emplace_back(call, party, reason);
  }
  void on_transferred(PriCall first, PriCall second, bool done) override {
    EXPECT_TRUE(is_alive(first) && is_alive(second));
    transferred.emplace_back(first, second, done);
  }
  void on_transfer_asked(PriCall first, PriCall second) override {
    if (when_transfer_asked) when_transfer_asked(first, second);
  }
  void on_blocked(PriChannel channel, bool here, bool there) override { blocked[channel] = {here, there}; }
  void on_restarted(PriChannel timeslot) override { restarted.push_back(timeslot); }
  void on_log(PriLogLevel level, std::string_view text) override {
    EXPECT_EQ(text.find('\n'), std::string_view::npos);
    if (level >= PriLogLevel::kWarn) log.emplace_back(text);
  }

  bool is_alive(PriCall call) const { return !released.contains(call); }
  uint64_t count(std::string_view name) const {
    for (const auto& counter : span->counters())
      if (counter.name == name) return counter.value;
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }
  /// The call offered last, which must be there.
  const Offer& offered() const {
    if (offers.empty()) throw std::runtime_error("no call was offered");
    return offers.back();
  }
  uint32_t references() const {
    const std::string text = span->dump();
    const auto at = text.find("libpri: ");
    return at == std::string::npos ? 0 : static_cast<uint32_t>(std::stoul(text.substr(at + 8)));
  }

  std::unique_ptr<PriSpan> span;
  std::vector<Offer> offers;
  std::map<PriCall, std::string> told;  // of each call, in order: "proceeding alerting answered"
  std::map<PriCall, PriChannel> timeslots;
  std::map<PriCall, std::string> digits;
  std::map<PriCall, Released> released;
  std::vector<PriChannel> restarted;
  std::vector<PriCharge> charges;
  std::vector<std::vector<PriTariff>> tariffs;
  std::vector<std::tuple<PriCall, PriParty, PriPartyReason>> parties;
  std::vector<std::tuple<PriCall, PriCall, bool>> transferred;
  std::function<void(PriCall, PriCall)> when_transfer_asked;
  std::map<PriChannel, std::pair<bool, bool>> blocked;
  std::vector<std::string> log;
  std::function<void(PriCall)> when_offered, when_released;
  bool dchannel = false;

 private:
  void note(PriCall call, const char* what, PriChannel timeslot) {
    EXPECT_TRUE(is_alive(call)) << what;
    auto& all = told[call];
    all += (all.empty() ? "" : " ") + std::string(what);
    timeslots[call] = timeslot;
  }
};

inline PriOptions options_of(PriNode node) {
  PriOptions options;
  options.node = node;
  options.t200_ms = 50;
  options.t203_ms = 500;
  options.t309_ms = 1000;
  return options;
}

class Pair {
 public:
  explicit Pair(PriOptions user_options = options_of(PriNode::kUser),
                PriOptions network_options = options_of(PriNode::kNetwork))
      : user(user_options, [this](auto frame) { send(to_network, frame); }),
        network(network_options, [this](auto frame) { send(to_user, frame); }) {}

  /// Hands over what is under way, timers included that are due at once, until nothing moves.
  void pump() {
    for (int round = 0; round < 1000; ++round) {
      const int64_t now = test_now_ms();
      bool moved = false;
      for (Side* side : {&user, &network}) {
        if (!side->span) continue;
        const auto deadline = side->span->next_deadline(now);
        if (deadline && *deadline <= now) {
          side->span->run_timers(now);
          moved = true;
        }
      }
      moved |= deliver(to_network, network);
      moved |= deliver(to_user, user);
      if (!moved) return;
    }
    ADD_FAILURE() << "it does not come to rest\n" << user.span->dump() << network.span->dump();
  }
  /// Hands over one frame of each direction.
  void step() {
    for (auto [queue, side] : {std::pair{&to_network, &network}, std::pair{&to_user, &user}}) {
      if (queue->empty()) continue;
      const Frame frame = std::move(queue->front());
      queue->pop_front();
      side->span->receive_frame(frame);
    }
  }
  /// Pumps in real time until `done` or for `ms`.
  bool wait(int64_t ms, const std::function<bool()>& done) {
    const int64_t end = test_now_ms() + ms;
    for (;;) {
      pump();
      if (done()) return true;
      if (test_now_ms() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void pass(int64_t ms) {
    wait(ms, [] { return false; });
  }
  void establish() {
    ASSERT_TRUE(wait(2000, [&] { return user.dchannel && network.dchannel; }))
        << user.span->dump() << network.span->dump();
  }

  /// A call answered by `to`; its ids on both sides.
  std::pair<PriCall, PriCall> connect(Side& from, Side& to, uint8_t timeslot = 0) {
    auto seized = from.span->seize({"12345", "678", "", timeslot});
    if (!seized) throw std::runtime_error(seized.error().text);
    pump();
    const PriCall there = to.offered().call;
    EXPECT_TRUE(to.span->answer(there));
    pump();
    EXPECT_EQ(from.told[seized->call], "proceeding answered");
    return {seized->call, there};
  }
  void expect_all_idle() {
    EXPECT_EQ(user.span->idle_timeslots(), 30u) << user.span->dump();
    EXPECT_EQ(network.span->idle_timeslots(), 30u) << network.span->dump();
    EXPECT_EQ(user.references(), 0u);
    EXPECT_EQ(network.references(), 0u);
  }

  bool cut = false;  // frames of both directions are lost
  bool cut_to_user = false;
  std::function<void(Frame&)> alter_to_network, alter_to_user;
  std::vector<Frame>* capture = nullptr;
  std::deque<Frame> to_network, to_user;
  Side user, network;

 private:
  void send(std::deque<Frame>& queue, std::span<const uint8_t> frame) {
    if (capture != nullptr) capture->emplace_back(frame.begin(), frame.end());
    if (cut || (cut_to_user && &queue == &to_user)) return;
    queue.emplace_back(frame.begin(), frame.end());
    const auto& alter = &queue == &to_user ? alter_to_user : alter_to_network;
    if (alter) alter(queue.back());
  }
  bool deliver(std::deque<Frame>& queue, Side& side) {
    if (queue.empty()) return false;
    while (!queue.empty()) {
      const Frame frame = std::move(queue.front());
      queue.pop_front();
      if (side.span) side.span->receive_frame(frame);
    }
    return true;
  }
};

}  // namespace cordboard::signalling
