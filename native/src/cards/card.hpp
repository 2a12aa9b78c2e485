// SPDX-License-Identifier: GPL-2.0-or-later
// What the engine asks of a card. Small on purpose: what a board can do beyond carrying speech is a port of its own
// (HDLC, hook, line, alarms), which a card either has or has not; there are no "not supported" answers.
//
// Two threads use a card. The media thread calls exchange() once a tick and nothing else. The signalling thread calls
// all the rest, and the card calls back on it, from pump(), never from inside a call made to it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/clock.hpp"

namespace cordboard::cards {

constexpr uint32_t kRowBytes = 160;  // 20 ms of one timeslot

/// The bus as a card sees it: row p starts at p * kRowBytes.
struct SpeechRows {
  uint8_t* received;    // the card writes: what came in from the line
  const uint8_t* sent;  // the card reads: what is to go out
  /// By row, set by the card at each exchange of its own rows: nothing came in time, and the row is silence in its place. Null:
  /// nobody asks.
  uint8_t* missing = nullptr;
};

/// Alarms of an E1 as this end sees them (G.732, G.775); several can stand at once.
struct Alarms {
  bool los{};     // no signal comes in
  bool red{};     // signal, but no frame alignment
  bool ais{};     // the far equipment sends all ones
  bool yellow{};  // the far end says that it does not receive us
  bool operator==(const Alarms&) const = default;
  /// No speech and no signalling gets through in at least one direction.
  bool down() const { return los || red || ais || yellow; }
};

/// The D-channel of a span: whole HDLC frames without FCS.
class HdlcPort {
 public:
  virtual ~HdlcPort() = default;
  virtual void send_frame(std::span<const uint8_t> frame) = 0;
  /// Another frame would be taken; on_room tells when that is so again.
  virtual bool has_room() const { return true; }
  std::function<void(std::span<const uint8_t>)> on_frame;
  std::function<void()> on_room;
  /// A frame was aborted, too long or had a wrong FCS.
  std::function<void()> on_bad_frame;
};

/// Channel-associated signalling of a span (G.704 5.1.3.2, timeslot 16): four bits for each timeslot 1-15 and 17-31, A the
/// highest.
class CasPort {
 public:
  virtual ~CasPort() = default;
  /// Sends these bits until they are set again.
  virtual void set_bits(uint32_t timeslot, uint8_t abcd) = 0;
  /// As the far end sends them now.
  virtual uint8_t bits(uint32_t timeslot) const = 0;
  /// Told of every change, in order.
  std::function<void(uint32_t timeslot, uint8_t abcd)> on_bits;
};

/// A signalling link of No. 7 on a timeslot: signal units (Q.703 2.2) without flags, zero bits and FCS.
class SignalUnitPort {
 public:
  virtual ~SignalUnitPort() = default;
  /// Sent once; one without information (FISU, LSSU) again until the next one comes.
  virtual void send_unit(std::span<const uint8_t> unit) = 0;
  /// Another unit would be sent soon; on_room tells when that is so again.
  virtual bool has_room() const = 0;
  /// Whole units whose FCS is right, in order. Repetitions of one without information may be left out.
  std::function<void(std::span<const uint8_t>)> on_unit;
  /// So many came with a wrong FCS, or 16 octets each went by in which none came (Q.703 10.2).
  std::function<void(uint32_t count)> on_errors;
  std::function<void()> on_room;
};

class AlarmPort {
 public:
  virtual ~AlarmPort() = default;
  virtual Alarms alarms() const = 0;
  std::function<void(const Alarms&)> on_alarms;
};

/// The feeding of a telephone's loop can be reversed, by which exchanges tell of an answer, or of a message to come.
class PolarityPort {
 public:
  virtual ~PolarityPort() = default;
  /// False: the board refuses, or is gone.
  virtual bool set_polarity(bool reversed) = 0;
};

/// By what a telephone on the hook is told over its two wires that a message waits: the feeding reversed, or pulses of a high
/// voltage for a neon lamp.
enum class LampKind : uint8_t { kPolarity, kNeon };

/// A telephone's message lamp can be lit from here.
class LampPort {
 public:
  virtual ~LampPort() = default;
  /// False: the board refuses. What it is set to holds while the board is gone, and when it is back.
  virtual bool set_lamp(LampKind kind, bool on) = 0;
};

/// FXS: a telephone hangs here.
class StationPort {
 public:
  virtual ~StationPort() = default;
  virtual void set_ring(bool on) = 0;     // ringing voltage; the cadence is the caller's
  virtual void set_battery(bool on) = 0;  // feeding of the loop; a gap tells the far end that the call has ended
  virtual bool off_hook() const = 0;
  /// Speech gets through to a telephone on the hook for so long, ms, so that it can be told something by tones. After a ring it
  /// does so by itself.
  virtual void pass_on_hook(Millis /*duration*/) {}
  /// Null: it cannot.
  virtual PolarityPort* polarity() { return nullptr; }
  virtual LampPort* lamp() { return nullptr; }
  std::function<void(bool off_hook, Millis at)> on_hook;
  /// A digit dialled by pulses, when the board counts them itself: 0-9, * or #.
  std::function<void(char digit, Millis at)> on_pulse_digit;
};

/// FXO: an exchange hangs here.
class LinePort {
 public:
  virtual ~LinePort() = default;
  virtual void set_hook(bool off_hook) = 0;
  std::function<void(bool on, Millis at)> on_ring;
  std::function<void(bool on, Millis at)> on_battery;
  /// Told by ports that see it.
  std::function<void(bool reversed, Millis at)> on_polarity;
  std::function<void(bool on, Millis at)> on_lamp;
};

/// A card whose clock the box keeps time by. Without one the tick follows the machine's own clock.
class ClockPort {
 public:
  virtual ~ClockPort() = default;
  /// Media thread: sleeps until 20 ms of the line have gone by since the last time, or until `until_ns` of the monotonic
  /// clock. False: it was the latter, or there is no clock just now.
  virtual bool wait(int64_t until_ns) = 0;
};

/// A card with something that the signalling thread can sleep on.
class WakePort {
 public:
  virtual ~WakePort() = default;
  /// For poll: readable when pump() has something to do.
  virtual int descriptor() const = 0;
};

class Card {
 public:
  virtual ~Card() = default;
  /// Media thread, once a tick, before anything is switched. No lock, no allocation, no system call that can block
  /// longer than the hardware's own pace.
  virtual void exchange(const SpeechRows& rows) = 0;
  /// Signalling thread: delivers what has come in. True when there was something.
  virtual bool pump(Millis now) = 0;
};

}  // namespace cordboard::cards
