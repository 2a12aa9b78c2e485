// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of R2Span: a channel of libopenr2 for each timeslot, and the call on it.
//
// libopenr2 calls back from its own middle, where it must not be called: what it says is noted as a happening and acted on
// when it has been left (settle). What the listener is to hear waits in told_ for the end of the entry.
//
// The library waits for ever for some things that a far end may never do (register signals after a seizure, release
// after a clearing); every state that waits for the far end has a guard here, after which the timeslot is set idle.
#pragma once

#include <openr2.h>

#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "base/state_table.hpp"
#include "signalling/r2_host.hpp"
#include "signalling/r2_span.hpp"

namespace cordboard::signalling {

enum class R2State : uint8_t {
  kIdle,
  kSeizing,    // out: seizure sent
  kSending,    // out: acknowledged, register signals go
  kReceiving,  // in: register signals come
  kOffered,    // in: all of them are there
  kAccepting,  // in: the signal that accepts is being sent
  kAlerting,   // accepted
  kAnswered,
  kRejecting,  // in: the signal that refuses is being sent
  kClearing,   // cleared; the far end has still to let go
};
enum class R2Event : uint8_t {
  kSeize,
  kAcknowledged,
  kSeized,
  kComplete,
  kAccept,
  kAccepted,
  kAnswer,
  kReject,
  kClear,
  kGone,
};

inline constexpr Transition<R2State, R2Event> kR2Table[] = {
    {R2State::kIdle, R2Event::kSeize, R2State::kSeizing},
    {R2State::kIdle, R2Event::kSeized, R2State::kReceiving},
    {R2State::kSeizing, R2Event::kAcknowledged, R2State::kSending},
    {R2State::kSeizing, R2Event::kClear, R2State::kClearing},
    {R2State::kSeizing, R2Event::kGone, R2State::kIdle},
    {R2State::kSending, R2Event::kAccepted, R2State::kAlerting},
    {R2State::kSending, R2Event::kClear, R2State::kClearing},
    {R2State::kSending, R2Event::kGone, R2State::kIdle},
    {R2State::kReceiving, R2Event::kComplete, R2State::kOffered},
    {R2State::kReceiving, R2Event::kClear, R2State::kClearing},
    {R2State::kReceiving, R2Event::kGone, R2State::kIdle},
    {R2State::kOffered, R2Event::kAccept, R2State::kAccepting},
    {R2State::kOffered, R2Event::kReject, R2State::kRejecting},
    {R2State::kOffered, R2Event::kClear, R2State::kClearing},
    {R2State::kOffered, R2Event::kGone, R2State::kIdle},
    {R2State::kAccepting, R2Event::kAccepted, R2State::kAlerting},
    {R2State::kAccepting, R2Event::kClear, R2State::kClearing},
    {R2State::kAccepting, R2Event::kGone, R2State::kIdle},
    {R2State::kAlerting, R2Event::kAnswer, R2State::kAnswered},
    {R2State::kAlerting, R2Event::kClear, R2State::kClearing},
    {R2State::kAlerting, R2Event::kGone, R2State::kIdle},
    {R2State::kAnswered, R2Event::kClear, R2State::kClearing},
    {R2State::kAnswered, R2Event::kGone, R2State::kIdle},
    {R2State::kRejecting, R2Event::kClear, R2State::kClearing},
    {R2State::kRejecting, R2Event::kGone, R2State::kIdle},
    {R2State::kClearing, R2Event::kClear, R2State::kClearing},
    {R2State::kClearing, R2Event::kGone, R2State::kIdle},
};
static_assert(is_unambiguous(kR2Table));
using R2Machine = StateMachine<R2State, R2Event>;

class R2Core;

struct R2Channel {
  R2Core* core{};
  openr2_chan_t* library{};
  uint8_t timeslot{};
  R2Machine machine{kR2Table, R2State::kIdle};
  int64_t guard_ms{};  // the far end is given up then; 0: it is not waited for

  uint8_t received_bits = 0xD;
  uint8_t sent_bits = 0xD;
  bool blocked_here{};
  bool block_wanted{};
  bool blocked_there = true;
  int64_t pulse_until_ms{};  // a metering pulse is being sent

  bool forward{};     // direction of the signals sent
  uint8_t sending{};  // 0: silence
  bool listening{};
  bool tone_changed{};
  char heard{};  // as the library names signals; 0: silence
  char last_heard{};

  // The call, of which there is none when 0; a channel that still clears what was tried again elsewhere has none.
  R2Call call{};
  bool outgoing{};
  bool known{};  // to the listener
  bool answer_wanted{};
  uint8_t cause{};  // of its end; 0: it goes on
  R2ReleasedBy by = R2ReleasedBy::kFault;
  R2Seize request;  // of a call out
  uint8_t tries{};
  uint8_t category_signal{};  // heard
  uint8_t subscriber_signal{};

  R2State state() const { return machine.state(); }
};

enum class R2Happening : uint8_t {
  kSeized,
  kAcknowledged,
  kOffered,
  kAccepted,
  kAnswered,
  kDisconnected,
  kEnded,
  kFault,
  kBlocked,
  kFree,
  kMetered,
};

class R2Core : public R2Host {
 public:
  R2Core(const R2Options& options, R2Listener& listener, R2Line& line);
  ~R2Core();

  // r2_span.cpp: the line, time, layer 1.
  void receive_bits(uint8_t timeslot, uint8_t abcd, int64_t now_ms);
  void receive_tone(uint8_t timeslot, uint8_t signal, bool begin, int64_t now_ms);
  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);
  void set_layer1(bool up, int64_t now_ms);
  bool up() const { return up_; }
  bool in_registers(R2Call call) const;
  R2Timeslot timeslot(uint8_t timeslot) const;
  std::vector<R2Counter> counters() const;
  std::string dump() const;

  // r2_commands.cpp: what the span is told to do.
  Result<R2Seized> seize(const R2Seize& request, int64_t now_ms);
  Result<> accept(R2Call call, int64_t now_ms);
  Result<> answer(R2Call call, int64_t now_ms);
  Result<> release(R2Call call, uint8_t cause, int64_t now_ms);
  Result<> meter(R2Call call, int64_t now_ms);
  Result<> block(uint8_t timeslot, bool on, int64_t now_ms);
  Result<> reset(uint8_t timeslot, int64_t now_ms);

  // What the library is told and asks (r2_library.cpp).
  void set_bits(int line, uint8_t abcd) override;
  uint8_t bits(int line) override { return channels_[static_cast<std::size_t>(line)].received_bits; }
  bool tone_changed(int line) override { return channels_[static_cast<std::size_t>(line)].tone_changed; }
  void take_tone_changed(int line) override { channels_[static_cast<std::size_t>(line)].tone_changed = false; }
  int64_t now_ms() override { return now_ms_; }
  const char* definitions() override { return options_.definitions.c_str(); }
  void happened(R2Channel& channel, R2Happening what, int detail = 0);
  void offered(R2Channel& channel, const char* calling, const char* called, int category);
  void select_tone(R2Channel& channel, char signal);
  int detect_tone(R2Channel& channel);
  void listen(R2Channel& channel, bool forward);
  void begin_sending(R2Channel& channel, bool forward);
  void log(R2LogLevel level, uint8_t timeslot, std::string text);

 private:
  struct Happened {
    R2Channel* channel;
    R2Happening what;
    int detail;
  };

  static constexpr uint8_t kTimeslots = 31;
  static bool carries_calls(uint8_t timeslot) { return timeslot >= 1 && timeslot <= kTimeslots && timeslot != 16; }
  template <class Act>
  void each(Act act) {
    for (auto& channel : channels_)
      if (channel.library != nullptr) act(channel);
  }

  bool start();
  void settle();
  void act(const Happened& happened);
  void hush(R2Channel& channel);
  void tell();
  void tell(std::function<void()> act) { told_.push_back(std::move(act)); }
  void note_up();
  void note_blocked(R2Channel& channel);

  // r2_calls.cpp
  void come_in(R2Channel& channel);
  void offer(R2Channel& channel);
  void accepted(R2Channel& channel);
  void answered(R2Channel& channel);
  void disconnected(R2Channel& channel, int cause);
  void fault(R2Channel& channel, int reason);
  bool try_elsewhere(R2Channel& channel);
  void do_answer(R2Channel& channel);
  void clear(R2Channel& channel);
  void give_up(R2Channel& channel, uint8_t cause);
  void ended(R2Channel& channel, uint8_t cause, R2ReleasedBy by);
  void run_guards(R2Channel& channel);
  void set_guard(R2Channel& channel);
  void make_idle(R2Channel& channel);
  bool free_for_call(const R2Channel& channel) const;
  R2Channel* pick(uint8_t timeslot);
  bool begin_call(R2Channel& channel, R2Call call, const R2Seize& request);
  R2Channel* channel_of(R2Call call);
  const R2Channel* channel_of(R2Call call) const { return const_cast<R2Core*>(this)->channel_of(call); }
  Error no_call(R2Call call) const;
  Error wrong_state(const R2Channel& channel, const char* what) const;

  enum CountOf : std::size_t {
    kSeizuresIn,
    kSeizuresOut,
    kOffers,
    kAnswers,
    kDualSeizures,
    kProtocolFaults,
    kGuards,
    kBitChanges,
    kTones,
    kMeteringPulses,
    kLinesDropped,
    kCounts
  };

  R2Options options_;
  R2Listener& listener_;
  R2Line& line_;
  openr2_context_t* context_{};
  std::array<R2Channel, kTimeslots + 1> channels_;
  std::map<uint8_t, R2Offer> offers_;  // by timeslot, between the library's word and settle()
  std::vector<Happened> happened_;
  std::deque<std::function<void()>> told_;
  bool telling_{};
  bool settling_{};
  bool started_{};
  bool layer1_up_ = true;
  bool up_{};
  int64_t now_ms_{};
  R2Call next_call_ = 1;
  int64_t lines_since_ms_{};
  uint32_t lines_{};
  std::array<uint64_t, kCounts> counts_{};
};

/// As the library names signals 1-15.
inline constexpr std::string_view kR2Signals = "1234567890BCDEF";
inline uint8_t r2_signal_of(char name) {
  const auto at = name == 0 ? std::string_view::npos : kR2Signals.find(name);
  return at == std::string_view::npos ? 0 : static_cast<uint8_t>(at + 1);
}

// r2_library.cpp
openr2_context_t* make_r2_context(const R2Options& options);
openr2_chan_t* make_r2_channel(openr2_context_t* context, R2Channel& channel);
openr2_calling_party_category_t r2_library_category(R2Category category);
/// The library's word for a refusal that comes nearest to a cause of Q.850, and the other way round.
openr2_call_disconnect_cause_t r2_refusal(uint8_t cause);
uint8_t r2_cause(int refusal);

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::R2State> {
  static constexpr std::array<std::string_view, 10> names{"idle",      "seizing",  "sending",  "receiving", "offered",
                                                          "accepting", "alerting", "answered", "rejecting", "clearing"};
};
template <>
struct EnumNames<signalling::R2Event> {
  static constexpr std::array<std::string_view, 10> names{"seize",    "acknowledged", "seized", "complete", "accept",
                                                          "accepted", "answer",       "reject", "clear",    "gone"};
};
}  // namespace cordboard
