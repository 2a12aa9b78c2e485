// SPDX-License-Identifier: GPL-2.0-or-later
// Puts the packets of a session back into order and time. What is asked of it is always "the next samples"; it answers
// with a packet, with a pause, or that something is missing.
//
//   insert ──> queue, by sequence number ──> pull
//                │
//                └─ position of a packet: its timestamp on a line of samples at 8 kHz, on which the arrival time is
//                   counted too; transit = arrival − position
//
// The offset, tick − position being played, says how long a sample waits for all others like it. A packet is in time when
// its transit is at most the offset. The offset that is wanted is what 97 % of the packets of the last seconds needed, and
// at least min_delay more than the fastest ones (delay_estimator.hpp). It grows at once when a packet comes late and
// nothing after it has been played: what was missing is played now, and everything from then on is later. Otherwise the
// one who plays (playout.hpp) is told the surplus, and stretches or shortens what it plays.
//
// Arrival is counted in ticks, which is when packets become known here; so 20 ms of jitter within a tick cost nothing.
//
// Timestamps may jump: a sender that has restarted, another one behind the same address, another clock. The packets from
// there on get new positions, behind those that wait. Missing numbers are loss; missing time without a missing number is a
// pause (DTX), and so is the time of a telephone event.
//
// Payloads stay where they are until they have been played: the buffer keeps only who and where. No allocation after the
// constructor. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rtp/delay_estimator.hpp"

namespace cordboard::rtp {

/// Where the payloads lie.
class PayloadKeeper {
 public:
  /// The buffer is through with this one; each that it has queued comes back once.
  virtual void release(const uint8_t* payload) = 0;

 protected:
  ~PayloadKeeper() = default;
};

class JitterBuffer {
 public:
  struct Settings {
    uint32_t min_delay_ms = 20;
    uint32_t max_delay_ms = 300;
  };
  static constexpr uint32_t kLongestDelayMs = 600;
  /// The most packets that wait, those of events among them: 360 ms of 10 ms each.
  static constexpr uint32_t kEntries = 36;

  struct Packet {
    uint16_t sequence{};
    uint32_t timestamp{};
    uint32_t clock_hz = 8000;
    uint32_t samples{};  // at 8 kHz, at most 960; 0 for what has no length: comfort noise, telephone events
    bool timed = true;   // false when the timestamp is not that of the moment: telephone events
    bool restart{};      // nothing before it belongs to it
    bool marker{};
    uint8_t tag{};                       // the caller's own
    std::span<const uint8_t> payload{};  // kMaxDatagram octets at most; stays until released
  };

  enum class Inserted : uint8_t {
    kQueued,  // its payload will be released, if it has any
    kLate,    // its time is over
    kDuplicate,
  };

  JitterBuffer(const Settings& settings, PayloadKeeper& keeper);

  /// Delays of kLongestDelayMs at most.
  void set_delays(const Settings& settings);

  /// Forgets packets and line, as at the beginning; counts go on.
  void reset();

  /// `now`: the tick, in samples at 8 kHz.
  Inserted insert(const Packet& packet, int64_t now);

  enum class Answer : uint8_t {
    kPacket,   // front() is due
    kMark,     // front() has no length
    kPause,    // nobody speaks for `samples`; the time is over, nothing is to be done about it
    kMissing,  // `samples` are to be made up for; a multiple of 80, up to 79 more than were asked for
  };
  struct Pull {
    Answer answer;
    uint32_t samples;
  };
  /// What comes next, for somebody who wants `wanted` samples (1-320). Pauses and what is missing are over with the
  /// answer; a packet stays until take() or pop().
  Pull pull(uint32_t wanted);

  struct Front {
    uint8_t tag;
    uint32_t samples;  // that are still to be played
    uint32_t octets;   // of the whole payload
    uint32_t skip;     // samples before those: taken, or their time is over
  };
  /// The first in the queue, whether it is due or not; there is one.
  Front front() const;
  bool empty() const { return count_ == 0; }

  /// Of a packet that can be cut: the next n octets, at most front().samples; its time goes on with them.
  void take(uint32_t n, uint8_t* out);
  /// The whole payload of the front, until pop().
  std::span<const uint8_t> payload() const { return {entries_[0].payload, entries_[0].octets}; }
  /// Lets go of it: its samples have been taken over.
  void pop();

  /// Whether `samples` from here on are there without anything missing.
  bool has(uint32_t samples) const;
  /// The samples that are missing before the front, 0 when none are.
  uint32_t missing_before_front() const;
  /// They have been made up for.
  void pass_missing(uint32_t samples);

  /// Samples by which the offset is longer than wanted; negative: shorter. `pending`: samples pulled and not yet played.
  int32_t surplus(int64_t now, uint32_t pending) const;
  /// The offset less what the fastest packets need, 0 before there are any.
  int32_t delay(int64_t now, uint32_t pending) const;
  int32_t wanted_delay() const;
  /// Lets the pause before the front be shortened, or stretched, by so much.
  void adjust_pause(int32_t surplus) { pause_surplus_ = surplus; }
  /// More waits than the longest delay and a packet: from here to where the delay is as wanted nothing is played. Returns
  /// the samples left out; 0 when there is no need.
  uint32_t skip_excess(int64_t now, uint32_t pending);

  /// Until this position missing packets are a pause, a telephone event; and for `grace` samples more, unless another call
  /// says otherwise.
  void expect_pause(int64_t until, int64_t grace) {
    pause_until_ = until > pause_until_ ? until : pause_until_;
    pause_perhaps_until_ = until + grace;
  }
  /// From now on, until a packet of audio.
  void expect_noise() { noise_ = true; }

  bool running() const { return running_; }
  /// Of the timestamps that positions come from; 0 before there are any.
  uint32_t clock_hz() const { return placed_ ? clock_hz_ : 0; }
  /// Of the next sample that pull() will give.
  int64_t position() const { return next_; }
  /// Of a timestamp of the source that is heard; where the timestamps' clock is another, of what arrives at `now`.
  int64_t position_of(uint32_t timestamp, uint32_t clock_hz, int64_t now) const;

  /// Of what arrives at `now` as fast as the latest packets did.
  int64_t arriving(int64_t now) const { return now - transit_; }

  // Counts.
  uint64_t late() const { return late_; }
  uint64_t restarts() const { return restarts_; }
  uint64_t samples_received() const { return samples_received_; }  // of audio in time
  uint64_t samples_missing() const { return samples_missing_; }    // by packets lost or late
  uint64_t gaps() const { return gaps_; }                          // runs of them

 private:
  struct Entry {
    int64_t at;  // position
    int64_t sequence;
    const uint8_t* payload;
    uint16_t samples;
    uint16_t octets;
    uint8_t tag;
  };

  int64_t place(const Packet& packet, bool follows, int64_t now);
  int64_t rebase(const Packet& packet, int64_t now);
  int64_t extend(const Packet& packet);
  bool in_time(const Packet& packet, std::size_t index, int64_t& at, int64_t now);
  void remove_misplaced(int64_t at);
  void make_room(std::size_t& index);
  void store(const Packet& packet, std::size_t index, int64_t at, int64_t sequence, int64_t now);
  void remove_front();
  void settle_doubt(const Packet& packet, int64_t behind, int64_t sequence);
  void lose(uint32_t samples);
  bool pausing() const { return next_ < pause_until_ || next_ < pause_perhaps_until_; }
  int64_t wanted_offset() const;

  PayloadKeeper& keeper_;

  // The line.
  int64_t next_ = 0;
  int64_t end_ = INT64_MIN;  // of the latest in the queue
  int64_t end_came_ = 0;     // when that was known
  int64_t transit_ = 0;      // of the latest that was in time
  int64_t base_ = 0;
  int64_t units_ = 0;  // timestamps since base_, unwrapped
  uint32_t timestamp_ = 0;
  uint32_t clock_hz_ = 0;
  int32_t min_delay_ = 0;
  int32_t max_delay_ = 0;

  // Sequence numbers, extended so that they go on over restarts.
  int64_t highest_ = 0;
  int64_t pulled_ = 0;  // of the latest of which something has left the queue
  uint16_t highest_raw_ = 0;
  bool numbered_ = false;
  bool running_ = false;
  bool placed_ = false;
  bool noise_ = false;
  bool in_gap_ = false;

  int32_t pause_surplus_ = 0;
  int64_t pause_until_ = INT64_MIN;
  int64_t pause_perhaps_until_ = INT64_MIN;
  uint32_t front_taken_ = 0;  // samples of the front that have been taken, or whose time is over
  uint32_t count_ = 0;
  uint32_t stale_ = 0;     // packets in a row that were too late
  uint32_t doubtful_ = 0;  // samples made up with nothing in the queue: loss, or a pause?
  int64_t stale_since_ = 0;

  uint64_t samples_received_ = 0;
  uint64_t samples_missing_ = 0;
  uint64_t gaps_ = 0;
  uint64_t late_ = 0;
  uint64_t restarts_ = 0;

  DelayEstimator transits_;
  std::array<Entry, kEntries> entries_;  // by sequence
};

}  // namespace cordboard::rtp
