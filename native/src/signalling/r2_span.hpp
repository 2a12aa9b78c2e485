// SPDX-License-Identifier: GPL-2.0-or-later
// MFC/R2 on one E1: 30 timeslots (1-15 and 17-31) with line signals in their A and B bits (Q.421) and compelled register
// signals in two frequencies (Q.440 … Q.458), in the variant of a country.
//
//   card ──── receive_bits ───┐                                        ┌──> R2Listener ──> engine
//   detector ── receive_tone ─┼─> libopenr2, one channel a timeslot ───┤
//                             └<── R2Line: bits, tone, listen <────────┴─── seize, accept, answer, release <── engine
//
// No I/O, no clock and no threads here: bits, tones and time are passed in. Every method of a span runs on one thread at a
// time; spans know nothing of each other.
//
// Callbacks come only out of receive_bits(), receive_tone() and run_timers(). A command never calls back: what it caused
// is told by the next run_timers(), and next_deadline() says "now" until then. A callback may give any command, but must
// not destroy the span nor call those three.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cordboard::signalling {

/// A call of one span, from seizure or offer to on_released. Never 0, never used again while the span lives.
using R2Call = uint32_t;

enum class R2ReleasedBy : uint8_t { kRemote, kLocal, kFault };
enum class R2LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };
/// Who calls (Q.441 table 7): signals of group II, whose numbers differ from country to country.
enum class R2Category : uint8_t {
  kOrdinary,
  kPriority,
  kInternational,
  kInternationalPriority,
  kCollect,
  kTest,
  kUnknown
};

struct R2Options {
  std::string variant = "CN";  // as libopenr2 names it: AR BR CN CO CZ EC ID ITU MX PH VE
  /// Lines `name=value` in place of the variant's own tones and times, as in libopenr2's protocol files; times after tones.
  std::string definitions;
  uint8_t called_digits = 20;   // asked for, 1-32; an end of the number is heard before, or waited for
  uint8_t calling_digits = 32;  // asked for, 0-32; 0: nobody asks who calls
  bool calling_first = true;  // the calling number is asked for after the first digit of the called one, not at the end
  bool category = true;       // … and the category before it
  bool accept_at_once = false;    // accepted in group A, where the variant can: no B signal, so no reason of a refusal
  bool charge = true;             // which of the two B signals accepts
  bool forced_release = false;    // an answered call is cleared backwards by forced release, not by clear back
  bool double_answer = false;     // answer, clear back, answer: an exchange that let a collect call through clears it
  uint32_t metering_ms = 0;       // a clear back or forced release shorter than this is a metering pulse; 0: none come
  uint32_t digit_ms = 5000;       // without an answer to a signal for so long: the called number has ended, or a fault
  uint8_t subscriber_signal = 0;  // sent in group II, where it is not the category once more (China: KD); 0: it is
  uint8_t vacant_signal = 0;      // group A or C: the number does not exist (China: A-5); 0: no such signal
  uint8_t congestion_signal = 0;  // … there is no way to it, where the library does not know it
  bool from_top = false;          // calls out take the highest idle timeslot, not the lowest: the ends should differ
};

/// A call to set up.
struct R2Seize {
  std::string called;   // digits, 1-32
  std::string calling;  // digits, 0-32; empty: none is sent
  R2Category category = R2Category::kOrdinary;
  uint8_t timeslot = 0;  // 0: any idle
};

struct R2Seized {
  R2Call call{};
  uint8_t timeslot{};
};

/// A call that has come in with all that could be learnt of it.
struct R2Offer {
  std::string called;
  std::string calling;  // empty: not sent, or withheld
  R2Category category = R2Category::kUnknown;
  uint8_t category_signal{};    // as sent, 1-15 (China: KA); 0: not sent
  uint8_t subscriber_signal{};  // in group II (China: KD); 0: not sent
};

class R2Listener {
 public:
  virtual ~R2Listener() = default;

  /// To be accepted, answered or released; the far end waits for it for some seconds only (Q.476: 15).
  virtual void on_incoming(R2Call call, uint8_t timeslot, const R2Offer& offer) = 0;
  /// The register signals of a call in are over: tones and speech are heard at the far end now.
  virtual void on_accepted(R2Call call, uint8_t timeslot) = 0;
  /// answer() has been carried out.
  virtual void on_answer_sent(R2Call call, uint8_t timeslot) = 0;

  /// The far end takes the call. It may name another timeslot than was asked for, after a dual seizure.
  virtual void on_proceeding(R2Call call, uint8_t timeslot) = 0;
  /// The called party is free: what is heard now comes from there.
  virtual void on_alerting(R2Call call, uint8_t timeslot) = 0;
  virtual void on_answered(R2Call call, uint8_t timeslot) = 0;
  virtual void on_metering(R2Call call, uint8_t timeslot) = 0;

  /// The end of a call, exactly once for each: the id is dead. `cause` is of Q.850, 1-127.
  virtual void on_released(R2Call call, uint8_t cause, R2ReleasedBy by) = 0;

  /// Which ends refuse calls on a timeslot.
  virtual void on_blocked(uint8_t timeslot, bool here, bool there) = 0;
  /// Calls can be signalled: layer 1 is up and at least one timeslot is not blocked by the far end.
  virtual void on_up(bool up) = 0;
  virtual void on_log(R2LogLevel level, uint8_t timeslot, std::string_view text) = 0;
};

/// What a span does to its line. None of these may call back into the span.
class R2Line {
 public:
  virtual ~R2Line() = default;
  virtual void set_bits(uint8_t timeslot, uint8_t abcd) = 0;
  /// Sounds a register signal, 1-15, until told otherwise; 0: silence.
  virtual void send_tone(uint8_t timeslot, bool forward, uint8_t signal) = 0;
  /// Listens for signals of one direction. What sounds already is to be told as having begun.
  virtual void listen(uint8_t timeslot, bool forward) = 0;
  virtual void stop_listening(uint8_t timeslot) = 0;
};

struct R2Counter {
  std::string_view name;  // snake_case
  std::string_view doc;
  uint64_t value{};
};

struct R2Timeslot {
  bool blocked_here{};
  bool blocked_there{};
};

class R2Core;

class R2Span {
 public:
  /// kInvalid: there is no such variant, or it cannot do what is asked for.
  static Result<> check(const R2Options& options);
  /// Options that have passed check(); listener and line must outlive the span. Nothing is sent before the first
  /// run_timers(), which sets every timeslot idle.
  R2Span(const R2Options& options, R2Listener& listener, R2Line& line);
  ~R2Span();
  R2Span(const R2Span&) = delete;
  R2Span& operator=(const R2Span&) = delete;

  /// The far end's bits now, A the highest of four. Any change at any rate may be passed.
  void receive_bits(uint8_t timeslot, uint8_t abcd, int64_t now_ms);
  /// A register signal, 1-15, of the direction listened for has begun or ended.
  void receive_tone(uint8_t timeslot, uint8_t signal, bool begin, int64_t now_ms);

  /// When run_timers() is wanted next, on the clock of `now_ms` (any monotonic one); <= now_ms: at once.
  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);

  /// Seizes a timeslot. Errors: kInvalid a field breaks its bounds; kUnavailable the span is down; kBusy the timeslot, or
  /// every one, is taken or blocked. A dual seizure is tried again on another timeslot under the same id, three times.
  Result<R2Seized> seize(const R2Seize& request, int64_t now_ms);
  // Call control. Errors: kNotFound no such call (any more); kWrongState the call cannot do that now.
  /// The called party is free. on_accepted follows.
  Result<> accept(R2Call call, int64_t now_ms);
  /// on_answer_sent follows; a call that is not accepted is accepted first.
  Result<> answer(R2Call call, int64_t now_ms);
  /// Clears the call in any state, with the signal that comes nearest to `cause` (Q.850, 1-127) where one can be sent.
  /// on_released follows when the far end has let go of the timeslot.
  Result<> release(R2Call call, uint8_t cause, int64_t now_ms);
  /// A metering pulse to the far end of an answered call in.
  Result<> meter(R2Call call, int64_t now_ms);
  /// Refuses calls on a timeslot, or takes them again; one that carries a call is blocked when that has ended.
  Result<> block(uint8_t timeslot, bool on, int64_t now_ms);
  /// Clears what is on a timeslot, 0 all of them, and sets it idle. Calls there end with cause 41 by fault.
  Result<> reset(uint8_t timeslot, int64_t now_ms);

  /// Lost or back; up at first. While it is down calls end with cause 38 by fault and seize() says kUnavailable.
  void set_layer1(bool up, int64_t now_ms);

  bool up() const;
  /// Register signals are being exchanged, or are about to be.
  bool in_registers(R2Call call) const;
  R2Timeslot timeslot(uint8_t timeslot) const;
  std::vector<R2Counter> counters() const;
  std::string dump() const;

 private:
  std::unique_ptr<R2Core> core_;
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::R2ReleasedBy> {
  static constexpr std::array<std::string_view, 3> names{"remote", "local", "fault"};
};
template <>
struct EnumNames<signalling::R2LogLevel> {
  static constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
};
}  // namespace cordboard
