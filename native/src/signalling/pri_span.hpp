// SPDX-License-Identifier: GPL-2.0-or-later
// Q.931 call control of one D-channel: user or network side, by EuroISDN (ETS 300 102), QSIG (ECMA-143) or the national
// protocol of North America (NI-2). Its E1 has 30 B-channels (timeslots 1-15 and 17-31), the D-channel in timeslot 16.
// Several E1s may share it (non-facility associated signalling, NFAS): those without a D-channel have 31 B-channels, and
// one of them may have a second D-channel, which takes over when the first one fails.
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

/// A B-channel: the timeslot (1-31), and of the n-th E1 of a D-channel (from 0) 32 * n more.
using PriChannel = uint16_t;
constexpr uint32_t kPriTimeslots = 32;
constexpr uint32_t timeslot_of(PriChannel channel) { return channel % kPriTimeslots; }
constexpr std::size_t interface_of(PriChannel channel) { return channel / kPriTimeslots; }

enum class PriNode : uint8_t { kUser, kNetwork };
enum class PriProtocol : uint8_t { kEuroIsdn, kQsig, kNational };
enum class PriReleasedBy : uint8_t { kRemote, kLocal, kFault };
enum class PriLogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

/// One E1 of a D-channel.
struct PriInterface {
  uint8_t id = 0;        // interface identifier (Q.931 4.5.13 octet 3.1); sent when there are several
  bool dchannel = true;  // timeslot 16 carries one: the first such is the one in use, the second one its back-up
};

/// Times are in ms.
struct PriOptions {
  PriNode node = PriNode::kUser;
  PriProtocol protocol = PriProtocol::kEuroIsdn;
  uint32_t t200_ms = 1000;    // Q.921 5.9.1: wait for an acknowledgement; N200 + 1 = 4 of them lose the data link
  uint32_t t203_ms = 10000;   // Q.921 5.9.8: longest silence of the data link before it is polled
  uint32_t t302_ms = 15000;   // Q.931 9.1: no more digits for so long, and the called number is whole
  uint32_t t303_ms = 4000;    // … no response to SETUP; sent again once
  uint32_t t305_ms = 30000;   // … no response to DISCONNECT
  uint32_t t308_ms = 4000;    // … no response to RELEASE; sent again once
  uint32_t t309_ms = 90000;   // … answered calls outlive a lost data link this long
  uint32_t t310_ms = 120000;  // … a call out that proceeds and says nothing more; 0: no limit
  uint32_t t313_ms = 4000;    // … no CONNECT ACKNOWLEDGE, user side
  bool joins = false;         // an exchange: it joins two calls of the peer's when that asks for it
  bool overlap = false;       // true: digits may follow a SETUP without Sending complete (Q.931 5.1.3, 5.2.4)
  std::vector<PriInterface> interfaces{{}};  // at least one with a D-channel, two at most
};

/// A call to set up.
struct PriSeize {
  std::string called;        // digits 0-9 * #, 1-31; 0 of one that is not complete
  std::string calling;       // digits, 0-31; empty: no calling number is sent
  std::string calling_name;  // UTF-8, at most 50 octets are sent: by the network side in Display, by QSIG in Facility
  PriChannel channel = 0;    // preferred one; timeslot 0: any idle one of its interface, user side from the highest,
                             // network side from the lowest
  std::string redirecting;   // digits: the number that was called first; empty: none
  uint8_t redirecting_reason = 0;  // Q.952: 0 unknown, 1 busy, 2 no reply, 15 unconditional
  bool complete = true;            // false: more digits follow by dial()
  bool restricted = false;         // the calling number and name go with presentation restricted
};

/// Somebody at the far end, as it is to be shown; what the peer sent is hostile text.
struct PriParty {
  std::string number;  // digits; empty: not known, or withheld
  std::string name;
  bool restricted = false;  // neither is to be shown; only of what is sent the number may be there all the same
  bool operator==(const PriParty&) const = default;
};
/// Why another party is told of than the one who was called, or who called.
enum class PriPartyReason : uint8_t { kConnected, kTransferred };

/// A call that has come in; its text is hostile: any octet but NUL.
struct PriOffer {
  std::string called;
  std::string calling;  // empty: withheld
  std::string calling_name;
  std::string redirecting;  // empty: nobody sends the call on
  uint8_t redirecting_reason = 0;
  bool complete = true;
  bool restricted = false;  // the caller does not want his number to be shown
};

/// What a call has cost so far, or in all (advice of charge, ETS 300 182).
struct PriCharge {
  bool final = false;
  bool free = false;
  uint32_t units = 0;
  std::string currency;  // at most 10 octets; empty: units are charged
  uint32_t amount = 0;   // in thousandths of it
};

/// What something will cost, told at the set-up (AOC-S, ETS 300 182).
struct PriTariff {
  uint8_t item = 0;  // 0 the talk, 1 the attempt, 2 the set-up, 3 user-user information, 4 a supplementary service
  bool free = false;
  std::string currency;  // at most 10 octets
  uint32_t amount = 0;   // in thousandths of it
  uint32_t per_ms = 0;   // for each so long; 0: once
};
constexpr std::size_t kMostTariffs = 10;

struct PriSeized {
  PriCall call{};
  PriChannel channel{};  // as asked of the peer, which may still move the call to another
};

/// What a span tells. Text that came from the peer is hostile: any octet but NUL.
class PriListener {
 public:
  virtual ~PriListener() = default;

  /// SETUP came. CALL PROCEEDING (or, with complete == false, SETUP ACKNOWLEDGE) has gone back already, so the
  /// peer's T303 and T310 are content; alert, answer or release is the listener's.
  virtual void on_incoming(PriCall call, PriChannel channel, const PriOffer& offer) = 0;
  /// More digits of the called number (Q.931 5.2.4). A final '#' says that it is whole, by the peer's Sending complete or
  /// because T302 is over; CALL PROCEEDING has gone back then. Whoever knows it is whole before that calls proceed().
  virtual void on_digits(PriCall call, std::string_view digits) = 0;

  // How far a call out has come. The first of them may name another channel than was asked for (Q.931 5.1.2), and
  // after a glare the later ones may too: the call is on the channel last named.
  virtual void on_proceeding(PriCall call, PriChannel channel) = 0;
  virtual void on_alerting(PriCall call, PriChannel channel) = 0;
  /// Tones or announcements are to be heard on the B-channel (progress indicator 1 or 8, Q.931 5.4).
  virtual void on_progress(PriCall call, PriChannel channel) = 0;
  /// The call out was answered. (A call in is answered by answer(), with no event of its own.)
  virtual void on_answered(PriCall call, PriChannel channel) = 0;
  virtual void on_charged(PriCall, const PriCharge&) {}
  virtual void on_tariff(PriCall, const std::vector<PriTariff>&) {}
  /// Who is at the far end now: the one who answers (told before on_answered), or the one the call was transferred to.
  virtual void on_party(PriCall, const PriParty&, PriPartyReason) {}
  /// What has come of transfer(), once. `done`: the far end has joined the two, and clears them; told before on_released.
  virtual void on_transferred(PriCall /*first*/, PriCall /*second*/, bool /*done*/) {}
  /// The far end wants two of its calls to be joined; allow_transfer(first) is the listener's, within 3 s.
  virtual void on_transfer_asked(PriCall /*first*/, PriCall /*second*/) {}

  /// The end of a call, exactly once for each: the id is dead and the B-channel idle. `cause` is of Q.850, 1-127.
  virtual void on_released(PriCall call, uint8_t cause, PriReleasedBy by) = 0;

  /// A data link is established, or the last one is lost. Answered calls live on for T309 after that.
  virtual void on_dchannel(bool up) = 0;
  /// A restart, begun here or by the peer, is over (Q.931 5.5). Timeslot 0: the whole interface.
  virtual void on_restarted(PriChannel channel) = 0;
  /// An end refuses calls on a channel, or takes them again.
  virtual void on_blocked(PriChannel, bool /*here*/, bool /*there*/) {}
  /// One line of text, without a line end.
  virtual void on_log(PriLogLevel level, std::string_view text) = 0;
};

struct PriCounter {
  std::string_view name;  // snake_case
  std::string_view doc;
  uint64_t value{};
};

/// Takes, of an interface with a D-channel, one HDLC frame without flags, zero bits and FCS, 3-264 octets (N201 = 260 of information, Q.921
/// 5.9.3), valid during the call only. Must not call back into the span.
using PriFrameSink = std::function<void(std::span<const uint8_t> frame, std::size_t interface)>;

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
  void receive_frame(std::span<const uint8_t> frame, std::size_t interface = 0);

  /// When run_timers() is wanted next, on the clock of `now_ms` (any monotonic one); <= now_ms: at once.
  std::optional<int64_t> next_deadline(int64_t now_ms);
  /// Runs the timers that are due and tells what the commands since the last time have caused.
  void run_timers(int64_t now_ms);

  /// Sends SETUP. Errors: kInvalid a field breaks its bounds; kUnavailable the D-channel or the span is down;
  /// kBusy the timeslot, or every one, is taken. A glare, and a refusal of the channel with cause 44, 34 (while
  /// another channel is idle) or 82, is tried again on another channel under the same id, at most 3 times. A peer that
  /// says nothing at all is given up after two of T303 (8 s, cause 18 by fault), one that proceeds and then says
  /// nothing after T310 (cause 102); how long to let it ring is the caller's to decide.
  Result<PriSeized> seize(const PriSeize& request);

  /// More digits for a call seized with complete == false; they wait until the peer asks for them. `last`: Sending complete
  /// goes with them. Errors: kInvalid no digits, or more than 31 in all; kNotFound; kWrongState the number is whole already.
  Result<> dial(PriCall call, std::string_view digits, bool last);

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

  /// RESTART of a channel, or with timeslot 0 of a whole interface (Q.931 5.5): calls there end with cause 41, by fault here
  /// and by remote there. Errors: kInvalid no B-channel; kUnavailable D-channel down; kBusy a restart of it is running.
  Result<> restart(PriChannel channel);

  /// Refuses calls on a channel, or takes them again; a call that is there goes on. The national protocol tells the peer
  /// (SERVICE); the others have no message for it, so that a call of the peer's for this channel is moved to another or
  /// refused with cause 44. Errors: kInvalid no B-channel.
  Result<> block(PriChannel channel, bool blocked);
  bool blocked_here(PriChannel channel) const;
  bool blocked_there(PriChannel channel) const;

  /// Who answers, sent with the CONNECT (Q.951 5, EN 300 097; by QSIG ECMA-164); before answer(). kWrongState: it is answered.
  Result<> connected(PriCall call, const PriParty& party);
  /// Tells the far end of an answered call that somebody else is here now: EctInform (EN 300 369-1 9.2), by QSIG
  /// callTransferComplete (ECMA-178 6.5). kInvalid: the national protocol has no message for it.
  Result<> inform(PriCall call, const PriParty& party);
  /// Asks the far end to join two answered calls itself and to clear both: by EuroISDN explicit call transfer with explicit
  /// linkage (EN 300 369-1 9.1), by the national protocol two B-channel transfer (GR-2865), both of the user side alone; by QSIG
  /// transfer by join (ECMA-178 6.5), whose path an end may then replace (ECMA-176), which is relayed here. on_transferred
  /// follows; until it is done nothing has happened to the calls. Errors: kNotFound; kInvalid the network side, or the same call
  /// twice; kWrongState one is not answered, or is being transferred.
  Result<> transfer(PriCall first, PriCall second);
  /// The answer to on_transfer_asked. Allowed: both calls are cleared, with cause 16; joining is the listener's. kNotFound: it was
  /// not asked for, or is too late.
  Result<> allow_transfer(PriCall first, bool allowed);
  /// Network side, EuroISDN: tells the caller what the call will cost (AOC-S), before or after the answer. kInvalid: others.
  Result<> tariff(PriCall call, const std::vector<PriTariff>& tariffs);

  /// Network side, EuroISDN: tells the caller what the call has cost so far. kWrongState: not answered; kInvalid: others.
  Result<> charge(PriCall call, uint32_t units);

  /// Layer 1 of an interface lost or back, up at first. While it is down no frame is taken or sent there, every call on it
  /// is cleared with cause 38 by fault and seize() takes none of its channels. A peer that saw nothing of it still has
  /// the calls: their channels stay taken until it has been told (DISCONNECT, cause 38), or T309 is over.
  void set_layer1(bool up, std::size_t interface = 0);

  bool dchannel_up() const;
  /// Of one interface.
  bool dchannel_up(std::size_t interface) const;
  /// B-channels that seize() can take.
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
struct EnumNames<signalling::PriProtocol> {
  static constexpr std::array<std::string_view, 3> names{"euroisdn", "qsig", "national"};
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
