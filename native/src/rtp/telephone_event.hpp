// SPDX-License-Identifier: GPL-2.0-or-later
// Digits and other events as packets of their own (RFC 4733), both ways.
//
//   payload = | event |E|R| volume | duration, timestamp units |, the RTP timestamp is that of the event's begin
//
//   packets ── EventReceiver ──> began, ended: each once, whatever is lost, doubled or out of order
//   what is to be sent ── EventSender, tick by tick ──> updates, the last one three times
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cordboard::rtp {

inline constexpr std::size_t kEventOctets = 4;
inline constexpr uint8_t kMaxDigitEvent = 15;

struct EventPayload {
  uint8_t event{};
  bool end{};
  uint8_t volume{};  // −dBm0, 0-63
  uint16_t duration{};

  /// False for fewer than four octets; what follows them is left alone (RFC 4733 2.3).
  static bool read(std::span<const uint8_t> octets, EventPayload& out);
  void write(uint8_t* out) const;
};

/// 0-9 * # A-D, or 0 for an event that is no digit (RFC 4733 3.2).
char digit_of_event(uint8_t event);
/// 0-15, or 0xFF for a character that is no digit; letters in either case.
uint8_t event_of_digit(char digit);

class EventReceiver {
 public:
  struct Change {
    bool began{};
    uint8_t event{};
    uint32_t duration_ms{};  // of an end
  };
  /// A packet can end the event before and be the first and the last of another.
  struct Changes {
    std::array<Change, 3> list;
    std::size_t count = 0;
    void add(const Change& change) { list[count++] = change; }
  };

  /// A packet of telephone events. `clock_hz` is that of its timestamps.
  Changes packet(uint32_t timestamp, std::span<const uint8_t> payload, uint32_t clock_hz);

  /// 20 ms have gone by. An event that nothing has been heard of for 200 ms is over: its end was lost, all three times
  /// (RFC 4733 2.5.2.2).
  Changes tick();

  /// The source is another: what sounds is over, and timestamps mean nothing any more.
  Changes restart();

  bool active() const { return active_; }
  /// Of the event being heard or heard last: its begin, and its duration so far, in its clock's units.
  uint32_t timestamp() const { return segment_; }
  uint32_t duration() const { return duration_; }

 private:
  Change ended();
  uint32_t milliseconds() const;

  bool any_ = false;
  bool active_ = false;
  uint8_t event_ = 0;
  uint32_t segment_ = 0;   // timestamp of its latest segment (RFC 4733 2.5.1.3)
  uint32_t before_ = 0;    // units in the segments before that
  uint32_t duration_ = 0;  // units of that
  uint32_t clock_hz_ = 8000;
  uint32_t quiet_ticks_ = 0;
};

class EventSender {
 public:
  struct Packet {
    bool marker{};
    uint32_t timestamp{};
    EventPayload payload;
  };

  /// Begins an event of so many ticks (20 ms, at least 2) with the next tick(). Only when idle().
  void start(uint8_t event, uint8_t volume, uint32_t ticks);
  /// Ends it with the next tick, if it has not ended.
  void cut();

  /// A tick, at the end of which the timestamp of audio would be `timestamp` + `units`. True: `out` is to be sent.
  /// Updates go every tick; the last one follows two more times in the ticks after, when audio flows again already.
  bool tick(uint32_t timestamp, uint32_t units, Packet& out);

  bool idle() const { return ticks_left_ == 0 && repeats_ == 0; }
  /// Whether the tick to come is the event's and not the audio's.
  bool sounding() const { return ticks_left_ > 0; }

 private:
  Packet packet_;
  bool first_ = false;
  uint32_t ticks_left_ = 0;
  uint32_t repeats_ = 0;
};

}  // namespace cordboard::rtp
