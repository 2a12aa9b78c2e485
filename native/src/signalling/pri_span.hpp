// SPDX-License-Identifier: GPL-2.0-or-later
// Q.931 call control of one E1: 30 B-channels (timeslots 1-15 and 17-31), D-channel in timeslot 16, EuroISDN
// (ETS 300 102), user or network side.
//
//   card ── receive_frame ──> PriFrame check ──> libpri (Q.921, Q.931) ──> PriSpan ──> PriListener ──> engine
//   card <── sink <────────────────────────────── libpri <── PriSpan <── seize, alert, answer, release <── engine
//
// No I/O and no threads here: frames and time are passed in, and every method of every span of a process runs on one
// thread, for libpri has variables of the process without a lock. libpri alone reads a clock: its timers are kept in
// gettimeofday(), so a step of the wall clock makes those that run expire early or late, once.
//
// Callbacks come only out of receive_frame() and run_timers(). A command never calls back: what it caused is told by
// the next run_timers(), and next_deadline() says "now" until then. A callback may give any command, but must not
// destroy the span nor call receive_frame() or run_timers().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordboard::signalling {

/// A call of one span, from seizure or offer to on_released. Never 0, never used again while the span lives.
using PriCall = uint32_t;

enum class PriNode : uint8_t { kUser, kNetwork };
enum class PriReleasedBy : uint8_t { kRemote, kLocal, kFault };
enum class PriLogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct PriOptions {
  PriNode node = PriNode::kUser;
  uint32_t t200_ms = 1000;   // Q.921 5.9.1: wait for an acknowledgement; N200 + 1 = 4 of them lose the data link
  uint32_t t203_ms = 10000;  // Q.921 5.9.8: longest silence of the data link before it is polled
  uint32_t t309_ms = 90000;  // Q.931 9.1: answered calls outlive a lost data link this long
  bool overlap = false;      // true: digits may follow a SETUP without Sending complete (Q.931 5.1.3, 5.2.4)
};

/// A call to set up.
struct PriSeize {
  std::string called;        // digits 0-9 * #, 1-31
  std::string calling;       // digits, 0-31; empty: no calling number is sent
  std::string calling_name;  // UTF-8, at most 50 octets are sent, by the network side only: Display goes no other way
  uint8_t timeslot = 0;      // preferred one; 0: any idle, user side from the highest, network side from the lowest
};

struct PriSeized {
  PriCall call{};
  uint8_t timeslot{};  // as asked of the peer, which may still move the call to another
};

/// What a span tells. `timeslot` is 1-15 or 17-31. Text that came from the peer is hostile: any octet but NUL.
class PriListener {
 public:
  virtual ~PriListener() = default;

  /// SETUP came. CALL PROCEEDING (or, with complete == false, SETUP ACKNOWLEDGE) has gone back already, so the
  /// peer's T303 and T310 are content; alert, answer or release is the listener's. An empty calling: withheld.
  virtual void on_incoming(PriCall call, uint8_t timeslot, std::string_view called, std::string_view calling,
                           std::string_view calling_name, bool complete) = 0;
  /// More digits of the called number (Q.931 5.2.4); the peer's Sending complete is told as a final '#'. Call
  /// proceed() when the number is whole.
  virtual void on_digits(PriCall call, std::string_view digits) = 0;

  // How far a call out has come. The first of them may name another timeslot than was asked for (Q.931 5.1.2), and
  // after a glare the later ones may too: the call is on the timeslot last named.
  virtual void on_proceeding(PriCall call, uint8_t timeslot) = 0;
  virtual void on_alerting(PriCall call, uint8_t timeslot) = 0;
  /// Tones or announcements are to be heard on the B-channel (progress indicator 1 or 8, Q.931 5.4).
  virtual void on_progress(PriCall call, uint8_t timeslot) = 0;
  /// The call out was answered. (A call in is answered by answer(), with no event of its own.)
  virtual void on_answered(PriCall call, uint8_t timeslot) = 0;

  /// The end of a call, exactly once for each: the id is dead and the B-channel idle. `cause` is of Q.850, 1-127.
  virtual void on_released(PriCall call, uint8_t cause, PriReleasedBy by) = 0;

  /// The data link is established, or lost. Answered calls live on for T309 after a loss.
  virtual void on_dchannel(bool up) = 0;
  /// A restart, begun here or by the peer, is over (Q.931 5.5). 0: the whole interface.
  virtual void on_restarted(uint8_t timeslot) = 0;
  /// One line of text, without a line end.
  virtual void on_log(PriLogLevel level, std::string_view text) = 0;
};

struct PriCounter {
  std::string_view name;  // snake_case
  std::string_view doc;
  uint64_t value{};
};

/// Takes one HDLC frame without flags, zero bits and FCS, 3-264 octets (N201 = 260 of information, Q.921
/// 5.9.3), valid during the call only. Must not call back into the span.
using PriFrameSink = std::function<void(std::span<const uint8_t>)>;

class PriSpan {
 public:
  /// The listener must outlive the span. Nothing is sent before the first run_timers(), which starts the data link.
  PriSpan(const PriOptions& options, PriListener& listener, PriFrameSink sink);
  /// Drops every call without a callback and without a frame.
  ~PriSpan();
  PriSpan(const PriSpan&) = delete;
  PriSpan& operator=(const PriSpan&) = delete;

  /// A frame from the D-channel, without its FCS. Anything may be passed: what is no legal frame is counted and
  /// dropped.
  void receive_frame(std::span<const uint8_t> frame);

  /// When run_timers() is wanted next, on the clock of `now_ms` (any monotonic one); <= now_ms: at once.
  std::optional<int64_t> next_deadline(int64_t now_ms);
  /// Runs the timers that are due and tells what the commands since the last time have caused.
  void run_timers(int64_t now_ms);

  /// Sends SETUP. Errors: kInvalid a field breaks its bounds; kUnavailable the D-channel or the span is down;
  /// kBusy the timeslot, or every one, is taken. A glare, and a refusal of the channel with cause 44, 34 (while
  /// another channel is idle) or 82, is tried again on another channel under the same id, at most 3 times. A peer that
  /// says nothing at all is given up after two of T303 (8 s, cause 18 by fault); one that proceeds and then says
  /// nothing is not: how long to let it ring is the caller's to decide.
  Result<PriSeized> seize(const PriSeize& request);

  // Call control. Errors: kNotFound no such call (any more); kWrongState the call cannot do that now.
  /// The called number is whole: CALL PROCEEDING. Only for a call offered with complete == false.
  Result<> proceed(PriCall call);
  /// ALERTING; with `inband` progress indicator 8: the ringing tone is on the B-channel.
  Result<> alert(PriCall call, bool inband = false);
  /// PROGRESS with indicator 8: tones or announcements are on the B-channel before the answer.
  Result<> progress(PriCall call);
  /// CONNECT, with or without alert() before it.
  Result<> answer(PriCall call);
  /// Clears the call in any state (Q.931 5.3). `cause` 1-127, else kInvalid. on_released follows when the peer has
  /// let go of the channel.
  Result<> release(PriCall call, uint8_t cause);

  /// RESTART of a timeslot, or with 0 of all of them (Q.931 5.5): calls there end with cause 41, by fault here and by
  /// remote there. Errors: kInvalid no B-channel; kUnavailable D-channel down; kBusy a restart of it is running.
  Result<> restart(uint8_t timeslot);

  /// Layer 1 lost or back, up at first. While it is down no frame is taken or sent, every call is cleared with cause
  /// 38 by fault and seize() says kUnavailable. A peer that saw nothing of it still has the calls: their timeslots stay
  /// taken until it has been told (DISCONNECT, cause 38), or T309 is over.
  void set_layer1(bool up);

  bool dchannel_up() const;
  /// B-channels that seize() can take, 0-30.
  uint32_t idle_timeslots() const;
  /// Counted since the span was made.
  std::vector<PriCounter> counters() const;
  /// State of the link, the channels and the calls with their last steps, for people; its form may change.
  std::string dump() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::PriNode> {
  static constexpr std::array<std::string_view, 2> names{"user", "network"};
};
template <>
struct EnumNames<signalling::PriReleasedBy> {
  static constexpr std::array<std::string_view, 3> names{"remote", "local", "fault"};
};
template <>
struct EnumNames<signalling::PriLogLevel> {
  static constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
};
}  // namespace cordboard
