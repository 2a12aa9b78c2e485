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
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/state_table.hpp"
#include "signalling/pri_channel_table.hpp"
#include "signalling/pri_controller.hpp"
#include "signalling/pri_facility.hpp"
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

constexpr PriChannel kNoChannel = 0xffff;

/// No more than libpri keeps of a name, and nothing within a character of UTF-8.
std::string whole_characters(std::string text);
/// As Display carries it: a first octet with bit 8 would be taken for a character set, so one is put before it.
std::string displayed(const std::string& name);

/// One call reference.
struct PriAttempt {
  q931_call* handle = nullptr;
  uint16_t reference = 0;        // 1-32767
  bool ours = false;             // this side gave out the reference
  PriCall call = 0;              // 0: nobody's any more
  std::size_t link = 0;          // the D-channel that its messages went over last
  PriChannel channel = 0;        // 0: none, the peer has still to name one
  int interface_bits = 0;        // libpri's encoding of an explicit interface identifier, to be given back
  uint8_t clear_at_link_up = 0;  // cause to clear it with when the data link is back; 0: it is not waiting
  int64_t clear_by_ms = 0;       // given up then; 0: it is not being cleared
  // Sending complete goes with the last of the INFORMATION messages, which libpri has no way to say: see write_frame().
  bool whole = false;           // the last digit has been handed over
  uint32_t information = 0;     // messages of it that have not been seen on their way
  int information_number = -1;  // N(S) of the one seen last
};

enum class PriTransferEnd : uint8_t { kNone, kPrimary, kSecondary };

struct PriCallEntry {
  PriCallEntry(PriCall id_of, bool out, PriCallState initial);

  PriCall id;
  bool outgoing;
  PriCallMachine machine;
  PriAttempt* attempt = nullptr;
  uint8_t cause = 0;  // 0: not being released
  PriReleasedBy by = PriReleasedBy::kFault;
  PriSeize request;         // of an outgoing call; its called number grows
  std::string waiting;      // digits that the peer has not asked for yet
  bool more_asked = false;  // SETUP ACKNOWLEDGE came
  std::vector<PriChannel> tried;
  uint32_t retries = 0;
  int64_t due_ms = 0;  // T302 of a call in; T304 and T310 of a call out; 0: none runs
  // Of transfers:
  PriParty party;          // who is at the far end, as far as it is known
  std::string own_number;  // of this end: who was called, or who calls
  uint16_t link_id = 0;    // given to the peer; 0: none
  uint32_t identity = 0;   // of a path that was proposed on it; 0: none
  PriTransferEnd transfer_end = PriTransferEnd::kNone;
};

class PriSpan::Core {
 public:
  Core(const PriOptions& options, PriListener& listener, PriFrameSink sink);
  ~Core();

  // pri_span.cpp: frames, time, layer 1.
  void receive_frame(std::span<const uint8_t> frame, std::size_t interface);
  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);
  void set_layer1(bool up, std::size_t interface);
  bool dchannel_up() const { return dchannel_up_; }
  bool dchannel_up(std::size_t interface) const;
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
  Result<> dial(PriCall call, std::string_view digits, bool last);
  Result<> restart(PriChannel channel);
  Result<> block(PriChannel channel, bool blocked);
  bool blocked_here(PriChannel channel) const { return is_bearer(channel) && channels_.blocked_here(channel); }
  bool blocked_there(PriChannel channel) const { return is_bearer(channel) && channels_.blocked_there(channel); }
  Result<> charge(PriCall call, uint32_t units);

  // pri_transfer.cpp
  Result<> show_party(PriCall call, const PriParty& party, bool answered);
  Result<> transfer(PriCall first, PriCall second);
  Result<> allow_transfer(PriCall first, bool allowed);
  Result<> tariff(PriCall call, const std::vector<PriTariff>& tariffs);

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
    kTakeOvers,
    kCharges,
    kParties,
    kTransfersAsked,
    kTransfersDone,
    kJoins,
    kStepsRefused,
    kClearingsGivenUp,
    kQueueOverruns,
    kLinesNotLogged,
    kCounters
  };
  /// A RESTART of ours: asked for, or sent and not acknowledged.
  struct Restart {
    PriChannel channel = 0;  // 0: the whole interface, which is the only one
    uint32_t sent = 0;
    int64_t again_ms = 0;
  };
  /// Two calls that the peer was asked to join.
  struct Transfer {
    enum class Stage : uint8_t {
      kLink,    // for the identifier that links them
      kResult,  // for what has come of it
      kPath,    // for an end that replaces the path
    };
    PriCall first = 0;
    PriCall second = 0;
    Stage stage = Stage::kLink;
    PriCall awaits = 0;   // whose answer is awaited …
    uint16_t invoke = 0;  // … to what
    int64_t allowed_ms = 4000;
    int64_t due_ms = 0;     // 0: not begun
    bool proposed = false;  // a path has been, by …
    PriCall proposer = 0;
    uint16_t proposal = 0;  // … as its invoke
  };
  /// Two calls that the peer wants to be joined.
  struct Ask {
    PriCall first = 0;
    PriCall second = 0;
    uint16_t invoke = 0;
    int64_t due_ms = 0;  // 0: not begun
  };
  /// One D-channel.
  struct Link : PriPort {
    Link(Core& core_of, std::size_t interface_of) : core(core_of), interface(interface_of) {}
    std::span<const uint8_t> take_frame() override { return std::exchange(frame, {}); }
    void write_frame(std::span<const uint8_t> to_send) override { core.write_frame(*this, to_send); }
    void log(PriLogLevel level, std::string_view text) override { core.log(level, text); }

    Core& core;
    const std::size_t interface;
    ::pri* controller = nullptr;
    std::span<const uint8_t> frame;
    bool up = false;
  };

  // pri_span.cpp
  bool start();
  void feed(Link& link, std::span<const uint8_t> frame);
  std::size_t screen(std::size_t link, const PriFrameView& view, std::span<uint8_t> information);
  std::size_t screen_maintenance(const PriFrameView& view, std::span<uint8_t> information);
  void audit_queue(Link& link);
  void take_down(Link& link);
  void link_changed(Link& link, bool up);
  void attach();
  void clear_waiting();
  void run_due();
  void write_frame(Link& link, std::span<const uint8_t> frame);
  bool completes(uint8_t number, const PriFrameView& view);
  void log(PriLogLevel level, std::string_view text);
  void tell();
  template <class Call>
  void later(Call&& call) {
    told_.emplace_back(std::forward<Call>(call));
  }

  // pri_events.cpp: what libpri says.
  void on_event(std::size_t link, const pri_event& event);
  void on_ring(std::size_t link, const pri_event_ring& ring);
  void on_setup_acknowledge(const pri_event_setup_ack& acknowledge);
  void on_response(q931_call* handle, int channel, PriCallEvent event, bool inband);
  void on_facility(const PriAttempt& attempt, const PriMessage& message);
  void on_digits(q931_call* handle, std::string_view digits, bool complete);
  void on_hangup(q931_call* handle, int cause, bool gone);
  void number_whole(PriCallEntry& call, const PriAttempt& attempt);
  void on_peer_restart(int channel);
  void on_restart_acknowledge(int channel);
  void on_service(int channel, int status);

  // pri_transfer.cpp
  uint16_t next_invoke();
  void send_component(const PriCallEntry& call, const std::vector<uint8_t>& contents, uint8_t message_type);
  void on_party(PriCallEntry& call, const PriParty& party, PriPartyReason reason);
  void on_services(PriCallEntry& call, const PriMessage& message, PriFacility& facility);
  void settle(std::list<Transfer>::iterator transfer, bool done);
  void settle_transfers(PriCall id, bool by_peer);
  void on_answer(PriCallEntry& call, const PriFacility& facility);
  void on_request(PriCallEntry& call, const PriFacility& facility);
  void ask_listener(PriCallEntry& first, PriCallEntry& second, uint16_t invoke);
  void propose_path(PriCallEntry& call, bool secondary);
  void on_proposal(PriCallEntry& call, const PriFacility& facility);
  std::optional<int64_t> next_transfer_deadline(int64_t now_ms) const;
  void run_transfer_timers();

  // pri_calls.cpp: the lives of attempts and calls, channels, restarts.
  bool confirm_channel(PriAttempt& attempt, int channel);
  PriChannel choose_channel(int channel, bool flexible, int& cause);
  /// The channel that libpri names; 0: none, or any; kNoChannel: one that there is not.
  PriChannel decoded(int channel) const;
  int encoded(PriChannel channel) const;
  void give_up_channel(PriAttempt& attempt);
  bool retry(PriCallEntry& call);
  PriCallEntry& new_call(bool outgoing, PriCallState initial);
  bool start_attempt(PriCallEntry& call, PriChannel channel);
  void clear(PriAttempt& attempt, uint8_t cause);
  void destroy(PriAttempt& attempt);
  bool is_alive(const PriAttempt& attempt);
  void sweep();
  void end_attempt(std::list<PriAttempt>::iterator attempt);
  void mark_released(PriCallEntry& call, int cause, PriReleasedBy by);
  void report_released(PriCall id, uint8_t cause, PriReleasedBy by);
  void release_channel(PriChannel channel, PriReleasedBy by);
  void send_digits(PriCallEntry& call);
  void send_service(PriChannel channel);
  void send_next_restart();
  void finish_restart(bool acknowledged);

  PriAttempt* attempt_of(q931_call* handle);
  PriAttempt* attempt_of(uint16_t reference, bool ours);
  PriCallEntry* call_of(PriCall id);
  bool step(PriCallEntry& call, PriCallEvent event);
  Result<PriCallEntry*> may(PriCall id, PriCallEvent event);
  int encoded(const PriAttempt& attempt) const {
    return shared_ ? encoded(attempt.channel) : attempt.interface_bits | static_cast<int>(attempt.channel);
  }
  ::pri* controller(const PriAttempt& attempt) const { return links_[attempt.link]->controller; }
  bool is_bearer(uint32_t channel) const { return channels_.is_bearer(channel); }
  PriControllerKind kind() const { return {options_.node, options_.protocol, links_.size()}; }

  const PriOptions options_;
  PriListener& listener_;
  const PriFrameSink sink_;

  std::vector<std::unique_ptr<Link>> links_;
  const bool shared_;  // by several E1s
  bool started_ = false;
  std::vector<bool> layer1_up_;
  bool dchannel_up_ = false;
  std::size_t in_use_ = 0;  // the link that calls go out over
  int64_t t309_ms_ = 0;  // end of T309 where libpri leaves it to us, which it does when links share calls; 0: none runs
  bool telling_ = false;    // the listener is being called
  bool sending_ = false;    // the sink is, out of the depth of libpri
  bool in_timers_ = false;  // what libpri reports comes of a timer, not of the peer
  bool probing_ = false;    // libpri is asked about calls it may not know: its complaint is not logged
  int64_t now_ms_ = 0;
  PriFacility facility_;      // of the SETUP that libpri is looking at
  bool maintenance_ = false;  // it is looking at SERVICE or its acknowledgement
  bool attach_wanted_ = false;

  std::list<PriAttempt> attempts_;
  std::map<PriCall, PriCallEntry> calls_;
  PriCall last_call_ = 0;
  PriChannelTable<PriAttempt> channels_;
  std::deque<Restart> restarts_;  // the first one is the one sent

  std::list<Transfer> transfers_;
  std::list<Ask> asks_;
  uint16_t last_invoke_ = 0;
  uint16_t last_link_ = 0;
  uint32_t last_identity_ = 0;

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
