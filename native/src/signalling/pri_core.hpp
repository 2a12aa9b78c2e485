// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of PriSpan: calls of ours over call references of libpri.
//
//   PriCallEntry (id, state, what was asked) ──1:1──> PriAttempt (call reference, timeslot) ──> q931_call of libpri
//
// A call changes to another attempt when it is tried again on another channel. An attempt without a call is one that
// nobody waits for any more, but which the peer has yet to let go; it keeps its timeslot until then. libpri frees a
// q931_call when it likes and does not always say so, so after every entry into it sweep() looks which are gone: that,
// and not an event, is what ends an attempt, and with it the call, exactly once.
//
// What the listener is to hear waits in told_ until libpri is left.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/state_table.hpp"
#include "signalling/pri_channel_table.hpp"
#include "signalling/pri_controller.hpp"
#include "signalling/pri_frame.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

enum class PriCallState : uint8_t {
  kSeizing,     // SETUP sent (Q.931 U1, N6)
  kProceeding,  // the peer sets the call up (U3, N9)
  kDelivered,   // it rings there (U4, N7)
  kCollecting,  // digits come in (U25, N2)
  kOffered,     // CALL PROCEEDING sent (U9, N3)
  kRinging,     // ALERTING sent (U7, N4)
  kAnswered,    // (U8, U10, N10)
  kReleasing,   // (U11, U12, U19)
  kReleased,    // (U0)
};
enum class PriCallEvent : uint8_t {
  kPeerProceeds,
  kPeerProgress,
  kPeerAlerts,
  kPeerAnswers,
  kPeerClears,
  kProceed,
  kAlert,
  kProgress,
  kAnswer,
  kRelease,
  kRetry,
  kGone,
};
using PriCallMachine = StateMachine<PriCallState, PriCallEvent>;

/// The channel of an event without libpri's bits for interface and hold: 0 when none, or any, is named.
inline int named_channel(int channel) {
  const int number = channel & 0xff;
  return channel == -1 || number == 0xff ? 0 : number;
}

/// One call reference.
struct PriAttempt {
  q931_call* handle = nullptr;
  uint16_t reference = 0;        // 1-32767
  bool ours = false;             // this side gave out the reference
  PriCall call = 0;              // 0: nobody's any more
  uint8_t timeslot = 0;          // 0: none, the peer has still to name one
  int interface_bits = 0;        // libpri's encoding of an explicit interface identifier, to be given back
  uint8_t clear_at_link_up = 0;  // cause to clear it with when the data link is back; 0: it is not waiting
  int64_t clear_by_ms = 0;       // given up then; 0: it is not being cleared
};

struct PriCallEntry {
  PriCallEntry(PriCall id_of, bool out, PriCallState initial);

  PriCall id;
  bool outgoing;
  PriCallMachine machine;
  PriAttempt* attempt = nullptr;
  uint8_t cause = 0;  // 0: not being released
  PriReleasedBy by = PriReleasedBy::kFault;
  PriSeize request;  // of an outgoing call
  PriTimeslots tried = 0;
  uint32_t retries = 0;
};

class PriSpan::Core : public PriPort {
 public:
  Core(const PriOptions& options, PriListener& listener, PriFrameSink sink);
  ~Core() override;

  // pri_span.cpp: frames, time, layer 1.
  void receive_frame(std::span<const uint8_t> frame);
  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);
  void set_layer1(bool up);
  bool dchannel_up() const { return dchannel_up_; }
  uint32_t idle_timeslots() const { return channels_.idle(); }
  std::vector<PriCounter> counters() const;
  std::string dump() const;

  // pri_commands.cpp: what the span is told to do.
  Result<PriSeized> seize(const PriSeize& request);
  Result<> proceed(PriCall call);
  Result<> alert(PriCall call, bool inband);
  Result<> progress(PriCall call);
  Result<> answer(PriCall call);
  Result<> release(PriCall call, uint8_t cause);
  Result<> restart(uint8_t timeslot);

  // PriPort
  std::span<const uint8_t> take_frame() override;
  void write_frame(std::span<const uint8_t> frame) override;
  void log(PriLogLevel level, std::string_view text) override;

 private:
  enum : std::size_t {
    kFramesIn,
    kFramesOut,
    kFramesRefused,
    kMessagesRefused,
    kElementsLeftOut,
    kCallsIn,
    kCallsOut,
    kCallsTurnedAway,
    kRetries,
    kGlare,
    kRestarts,
    kLinkLosses,
    kStepsRefused,
    kClearingsGivenUp,
    kQueueOverruns,
    kLinesNotLogged,
    kCounters
  };
  /// A RESTART of ours: asked for, or sent and not acknowledged.
  struct Restart {
    uint8_t timeslot = 0;
    uint32_t sent = 0;
    int64_t again_ms = 0;
  };

  // pri_span.cpp
  bool start();
  void feed(std::span<const uint8_t> frame);
  std::size_t screen(const PriFrameView& view, std::span<uint8_t> information);
  void audit_queue();
  void link_changed(bool up);
  void tell();
  template <class Call>
  void later(Call&& call) {
    told_.emplace_back(std::forward<Call>(call));
  }

  // pri_events.cpp: what libpri says.
  void on_event(const pri_event& event);
  void on_ring(const pri_event_ring& ring);
  void on_response(q931_call* handle, int channel, PriCallEvent event, bool inband);
  void on_digits(q931_call* handle, std::string_view digits, bool complete);
  void on_hangup(q931_call* handle, int cause, bool gone);
  void on_peer_restart(int channel);
  void on_restart_acknowledge(int channel);

  // pri_calls.cpp: the lives of attempts and calls, channels, restarts.
  bool confirm_channel(PriAttempt& attempt, int channel);
  uint8_t choose_channel(int channel, bool flexible, int& cause);
  void give_up_channel(PriAttempt& attempt);
  bool retry(PriCallEntry& call);
  PriCallEntry& new_call(bool outgoing, PriCallState initial);
  bool start_attempt(PriCallEntry& call, uint8_t timeslot);
  void clear(PriAttempt& attempt, uint8_t cause);
  void destroy(PriAttempt& attempt);
  bool is_alive(const PriAttempt& attempt);
  void sweep();
  void end_attempt(std::list<PriAttempt>::iterator attempt);
  void mark_released(PriCallEntry& call, int cause, PriReleasedBy by);
  void report_released(PriCall id, uint8_t cause, PriReleasedBy by);
  void release_timeslot(uint8_t timeslot, PriReleasedBy by);
  void send_next_restart();
  void finish_restart(bool acknowledged);

  PriAttempt* attempt_of(q931_call* handle);
  const PriAttempt* attempt_of(uint16_t reference, bool ours) const;
  PriCallEntry* call_of(PriCall id);
  bool step(PriCallEntry& call, PriCallEvent event);
  Result<PriCallEntry*> may(PriCall id, PriCallEvent event);
  int encoded(const PriAttempt& attempt) const { return attempt.interface_bits | attempt.timeslot; }

  const PriOptions options_;
  PriListener& listener_;
  const PriFrameSink sink_;

  ::pri* pri_ = nullptr;
  bool layer1_up_ = true;
  bool dchannel_up_ = false;
  bool telling_ = false;    // the listener is being called
  bool sending_ = false;    // the sink is, out of the depth of libpri
  bool in_timers_ = false;  // what libpri reports comes of a timer, not of the peer
  bool probing_ = false;    // libpri is asked about calls it may not know: its complaint is not logged
  int64_t now_ms_ = 0;
  std::span<const uint8_t> frame_;

  std::list<PriAttempt> attempts_;
  std::map<PriCall, PriCallEntry> calls_;
  PriCall last_call_ = 0;
  PriChannelTable<PriAttempt> channels_;
  std::deque<Restart> restarts_;  // the first one is the one sent

  std::deque<std::function<void(PriListener&)>> told_;
  int64_t log_second_ = 0;
  uint32_t logged_ = 0;
  uint32_t numbered_in_ = 0;
  std::array<uint64_t, kCounters> counts_{};
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::PriCallState> {
  static constexpr std::array<std::string_view, 9> names{"seizing", "proceeding", "delivered", "collecting", "offered",
                                                         "ringing", "answered",   "releasing", "released"};
};
template <>
struct EnumNames<signalling::PriCallEvent> {
  static constexpr std::array<std::string_view, 12> names{
      "peer_proceeds", "peer_progress", "peer_alerts", "peer_answers", "peer_clears", "proceed",
      "alert",         "progress",      "answer",      "release",      "retry",       "gone"};
};
}  // namespace cordboard
