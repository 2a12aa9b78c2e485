// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/telephone_event.hpp"

#include <algorithm>
#include <string_view>

#include "rtp/packet.hpp"

namespace cordboard::rtp {

namespace {

constexpr std::string_view kDigits = "0123456789*#ABCD";
constexpr uint32_t kSegment = 0xFFFF;
constexpr uint32_t kQuietTicks = 10;
constexpr uint32_t kLastPackets = 3;  // RFC 4733 2.5.1.4
// A timestamp up to this much older belongs to an event that is over; one that is older still, to a sender that has set
// its timestamps anew. Longer than a segment, the longest an event can be late by.
constexpr int64_t kOldSeconds = 10;

}  // namespace

bool EventPayload::read(std::span<const uint8_t> octets, EventPayload& out) {
  if (octets.size() < kEventOctets) return false;
  out = {octets[0], (octets[1] & 0x80) != 0, static_cast<uint8_t>(octets[1] & 0x3F), read16(&octets[2])};
  return true;
}

void EventPayload::write(uint8_t* out) const {
  out[0] = event;
  out[1] = static_cast<uint8_t>((end ? 0x80 : 0) | (volume & 0x3F));
  write16(out + 2, duration);
}

char digit_of_event(uint8_t event) { return event < kDigits.size() ? kDigits[event] : '\0'; }

uint8_t event_of_digit(char digit) {
  if (digit >= 'a' && digit <= 'd') digit = static_cast<char>(digit - 'a' + 'A');
  const auto found = kDigits.find(digit);
  return found == std::string_view::npos ? 0xFF : static_cast<uint8_t>(found);
}

// ------------------------------------------------------------------------------------------------------------ receiving

EventReceiver::Changes EventReceiver::packet(uint32_t timestamp, std::span<const uint8_t> payload, uint32_t clock_hz) {
  Changes changes;
  EventPayload heard;
  if (!EventPayload::read(payload, heard) || clock_hz == 0) return changes;
  const auto age = static_cast<int32_t>(timestamp - segment_);
  if (any_ && age < 0 && age > -kOldSeconds * clock_hz_) return changes;  // out of order
  const bool same = any_ && age == 0 && heard.event == event_;
  // Only an event that goes on has another segment, which begins where the last one could count no further.
  const bool continues = active_ && timestamp == segment_ + kSegment && heard.event == event_;
  if (same && !active_) return changes;  // the end once more
  if (same) {
    duration_ = std::max<uint32_t>(duration_, heard.duration);
  } else if (continues) {
    before_ += kSegment;
    segment_ = timestamp;
    duration_ = heard.duration;
  } else {
    if (active_) changes.add(ended());
    any_ = true;
    active_ = true;
    event_ = heard.event;
    segment_ = timestamp;
    before_ = 0;
    duration_ = heard.duration;
    clock_hz_ = clock_hz;
    changes.add({.began = true, .event = event_});
  }
  quiet_ticks_ = 0;
  if (heard.end) changes.add(ended());
  return changes;
}

EventReceiver::Changes EventReceiver::tick() {
  Changes changes;
  if (active_ && ++quiet_ticks_ >= kQuietTicks) changes.add(ended());
  return changes;
}

EventReceiver::Changes EventReceiver::restart() {
  Changes changes;
  if (active_) changes.add(ended());
  any_ = false;
  return changes;
}

EventReceiver::Change EventReceiver::ended() {
  active_ = false;
  quiet_ticks_ = 0;
  return {.began = false, .event = event_, .duration_ms = milliseconds()};
}

uint32_t EventReceiver::milliseconds() const {
  return static_cast<uint32_t>((uint64_t{before_} + duration_) * 1000 / clock_hz_);
}

// -------------------------------------------------------------------------------------------------------------- sending

void EventSender::start(uint8_t event, uint8_t volume, uint32_t ticks) {
  packet_ = {.payload = {.event = event, .volume = volume}};
  first_ = true;
  ticks_left_ = std::max<uint32_t>(ticks, 2);
  repeats_ = 0;
}

void EventSender::cut() { ticks_left_ = std::min<uint32_t>(ticks_left_, 1); }

bool EventSender::tick(uint32_t timestamp, uint32_t units, Packet& out) {
  if (ticks_left_ == 0) {
    if (repeats_ == 0) return false;
    --repeats_;
    out = packet_;
    return true;
  }
  packet_.marker = first_;
  if (first_) packet_.timestamp = timestamp;
  first_ = false;
  uint32_t duration = timestamp + units - packet_.timestamp;
  if (duration > kSegment) {
    // RFC 4733 2.5.1.3: another segment, which begins where this one ends.
    packet_.timestamp += kSegment;
    duration -= kSegment;
  }
  packet_.payload.duration = static_cast<uint16_t>(duration);
  packet_.payload.end = --ticks_left_ == 0;
  if (packet_.payload.end) repeats_ = kLastPackets - 1;
  out = packet_;
  return true;
}

}  // namespace cordboard::rtp
