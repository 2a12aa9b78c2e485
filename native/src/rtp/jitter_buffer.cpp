// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/jitter_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace cordboard::rtp {

namespace {

constexpr int32_t kSamplesPerMs = 8;
constexpr uint32_t kUnit = 80;
// A transit time that is off by more than this is another line of timestamps. A network that stood still is not taken for
// one before, because what it lets go afterwards would all seem to be early.
constexpr int64_t kJump = 3000 * kSamplesPerMs;
// Packets in a row that are too late, and for how long, until that is taken for another line as well.
constexpr uint32_t kStalePackets = 4;
constexpr int64_t kStaleFor = 80 * kSamplesPerMs;
constexpr uint32_t kMostDoubt = 1000 * kSamplesPerMs;
constexpr uint32_t kLongestPacket = 960;
constexpr int64_t kStretch = 80;

constexpr uint32_t whole_units(uint32_t samples) { return (samples + kUnit - 1) / kUnit * kUnit; }

}  // namespace

JitterBuffer::JitterBuffer(const Settings& settings, PayloadKeeper& keeper) : keeper_(keeper) { set_delays(settings); }

void JitterBuffer::set_delays(const Settings& settings) {
  max_delay_ = static_cast<int32_t>(std::min(settings.max_delay_ms, kLongestDelayMs)) * kSamplesPerMs;
  min_delay_ =
      std::min(static_cast<int32_t>(std::min(settings.min_delay_ms, kLongestDelayMs)) * kSamplesPerMs, max_delay_);
}

void JitterBuffer::reset() {
  while (count_ > 0) remove_front();
  running_ = placed_ = numbered_ = false;
  noise_ = in_gap_ = false;
  pause_until_ = pause_perhaps_until_ = INT64_MIN;
  pause_surplus_ = 0;
  transit_ = 0;
  end_ = INT64_MIN;
  stale_ = doubtful_ = 0;
  transits_.reset();
}

// ------------------------------------------------------------------------------------------------------------ inserting

JitterBuffer::Inserted JitterBuffer::insert(const Packet& packet, int64_t now) {
  if (packet.restart) {
    placed_ = false;
    transits_.reset();
  }
  const bool follows = numbered_ && !packet.restart && packet.sequence == static_cast<uint16_t>(highest_raw_ + 1);
  const int64_t sequence = extend(packet);
  int64_t at = place(packet, follows, now);
  if (!running_) {
    running_ = true;
    next_ = at - min_delay_;
  }
  std::size_t index = count_;
  while (index > 0 && entries_[index - 1].sequence > sequence) --index;
  if (index > 0 && entries_[index - 1].sequence == sequence) return Inserted::kDuplicate;
  const int64_t behind = next_ - at;
  if (packet.samples > 0) {
    // What no delay that is allowed would have saved is no reason for a longer one.
    if (packet.timed && (transits_.empty() || now - at <= transits_.low() + max_delay_)) transits_.add(now - at);
    if (sequence <= pulled_ || !in_time(packet, index, at, now)) {
      ++late_;
      return Inserted::kLate;
    }
  } else if (sequence <= pulled_) {
    return Inserted::kLate;
  }
  if (index == 0) settle_doubt(packet, behind, sequence);
  if (index == count_ && packet.samples > 0) remove_misplaced(at);
  index = std::min<std::size_t>(index, count_);
  make_room(index);
  store(packet, index, at, sequence, now);
  return Inserted::kQueued;
}

/// The sequence number without its wraps, going on by one over restarts.
int64_t JitterBuffer::extend(const Packet& packet) {
  if (!numbered_ || packet.restart) {
    highest_ = numbered_ ? highest_ + 1 : 0;
    if (!numbered_) pulled_ = -1;
    numbered_ = true;
    highest_raw_ = packet.sequence;
    return highest_;
  }
  const auto ahead = static_cast<int16_t>(packet.sequence - highest_raw_);
  const int64_t sequence = highest_ + ahead;
  if (ahead > 0) {
    highest_ = sequence;
    highest_raw_ = packet.sequence;
  }
  return sequence;
}

int64_t JitterBuffer::position_of(uint32_t timestamp, uint32_t clock_hz, int64_t now) const {
  if (!placed_ || clock_hz != clock_hz_) return now - transit_;
  return base_ + (units_ + static_cast<int32_t>(timestamp - timestamp_)) * 1000 * kSamplesPerMs / clock_hz_;
}

int64_t JitterBuffer::place(const Packet& packet, bool follows, int64_t now) {
  if (!packet.timed) return arriving(now);
  const int64_t at = position_of(packet.timestamp, packet.clock_hz, now);
  if (!placed_ || packet.clock_hz != clock_hz_) return rebase(packet, now);
  const int64_t step = now - at - transit_;
  if (step > kJump || step < -kJump) return rebase(packet, now);
  // A pause longer than the time that has gone by, by more than packets are late: the timestamps have been set forward.
  if (follows && end_ != INT64_MIN && at - end_ > now - end_came_ + max_delay_) return rebase(packet, now);
  units_ += static_cast<int32_t>(packet.timestamp - timestamp_);
  timestamp_ = packet.timestamp;
  return at;
}

/// A new line of timestamps begins with this packet: as if it had come as fast as the last ones, and behind them.
int64_t JitterBuffer::rebase(const Packet& packet, int64_t now) {
  if (running_) ++restarts_;
  base_ = running_ ? std::max(now - transit_, end_) : now - transit_;
  units_ = 0;
  timestamp_ = packet.timestamp;
  clock_hz_ = packet.clock_hz;
  placed_ = true;
  return base_;
}

/// Whether a packet with audio can still be played, or part of it. Moves the time back for one that comes late, if it may.
bool JitterBuffer::in_time(const Packet& packet, std::size_t index, int64_t& at, int64_t now) {
  const int64_t late_by = next_ - at;
  if (late_by > 0) {
    const bool nothing_since = index == 0 && front_taken_ == 0;
    if (nothing_since && now - at - transits_.low() <= max_delay_) {
      next_ = at;
    } else if (late_by >= static_cast<int64_t>(packet.samples)) {
      if (stale_++ == 0) stale_since_ = now;
      // A talkspurt that begins in the past is one of another line too.
      const bool goes_on = packet.marker || (stale_ >= kStalePackets && now - stale_since_ >= kStaleFor);
      if (!goes_on || index < count_) return false;
      at = rebase(packet, now);
      doubtful_ = 0;
    }
  }
  stale_ = 0;
  if (packet.timed) transit_ = now - at;
  return true;
}

/// What was made up while nothing was there: time in which nobody spoke, or was it lost?
void JitterBuffer::settle_doubt(const Packet& packet, int64_t behind, int64_t sequence) {
  if (doubtful_ == 0) return;
  const int64_t lost = (sequence - pulled_ - 1) * packet.samples + std::max<int64_t>(behind, 0);
  if (lost > 0) lose(static_cast<uint32_t>(std::min<int64_t>(lost, doubtful_)));
  doubtful_ = 0;
}

void JitterBuffer::lose(uint32_t samples) {
  samples_missing_ += samples;
  if (!in_gap_) ++gaps_;
  in_gap_ = true;
}

/// What has a lower number and a later place than the newest has a timestamp that is not to be believed, and would hold up
/// everything behind it.
void JitterBuffer::remove_misplaced(int64_t at) {
  const uint32_t begun = front_taken_ > 0 ? 1 : 0;
  for (uint32_t i = count_; i > begun; --i) {
    const Entry entry = entries_[i - 1];
    if (entry.samples == 0) continue;
    if (entry.at <= at) return;
    ++late_;
    std::copy(entries_.data() + i, entries_.data() + count_, entries_.data() + i - 1);
    --count_;
    if (entry.payload != nullptr) keeper_.release(entry.payload);
    end_ = at;
  }
}

/// Lets go of what is oldest when the queue is full.
void JitterBuffer::make_room(std::size_t& index) {
  if (count_ < kEntries) return;
  ++late_;
  pulled_ = std::max(pulled_, entries_[0].sequence);
  remove_front();
  next_ = std::max(next_, entries_[0].at);
  if (index > 0) --index;
}

void JitterBuffer::store(const Packet& packet, std::size_t index, int64_t at, int64_t sequence, int64_t now) {
  Entry* const entry = entries_.data() + index;
  std::copy_backward(entry, entries_.data() + count_, entries_.data() + count_ + 1);
  *entry = {.at = at,
            .sequence = sequence,
            .payload = packet.payload.empty() ? nullptr : packet.payload.data(),
            .samples = static_cast<uint16_t>(packet.samples),
            .octets = static_cast<uint16_t>(packet.payload.size()),
            .tag = packet.tag};
  ++count_;
  const int64_t end = at + static_cast<int64_t>(packet.samples);
  if (packet.samples > 0 && end > end_) {
    end_ = end;
    end_came_ = now;
  }
}

void JitterBuffer::remove_front() {
  if (entries_[0].payload != nullptr) keeper_.release(entries_[0].payload);
  std::copy(entries_.data() + 1, entries_.data() + count_, entries_.data());
  --count_;
  front_taken_ = 0;
}

// -------------------------------------------------------------------------------------------------------------- pulling

JitterBuffer::Pull JitterBuffer::pull(uint32_t wanted) {
  while (count_ > 0) {
    const Entry& front = entries_[0];
    if (front.samples == 0) return {Answer::kMark, 0};
    const int64_t ahead = front.at + front_taken_ - next_;
    if (ahead <= 0) {
      if (front_taken_ - ahead < front.samples) {
        front_taken_ -= static_cast<uint32_t>(ahead);
        return {Answer::kPacket, front.samples - front_taken_};
      }
      ++late_;
      pulled_ = std::max(pulled_, front.sequence);
      remove_front();
      continue;
    }
    if (front.sequence > pulled_ + 1 && !pausing()) {
      const uint32_t samples = whole_units(static_cast<uint32_t>(std::min<int64_t>(ahead, wanted)));
      next_ += samples;
      lose(samples);
      return {Answer::kMissing, samples};
    }
    // Stretched by no more than half of what is asked for, so that time goes on whatever happens.
    const int64_t change = std::clamp<int64_t>(pause_surplus_, -kStretch, ahead);
    pause_surplus_ = 0;
    next_ += change;
    if (change == ahead) continue;
    const auto samples = static_cast<uint32_t>(std::min<int64_t>(ahead - change, wanted));
    next_ += samples;
    return {Answer::kPause, samples};
  }
  if (!running_) return {Answer::kPause, wanted};
  if (noise_ || pausing()) {
    next_ += wanted;
    return {Answer::kPause, wanted};
  }
  const uint32_t samples = whole_units(wanted);
  next_ += samples;
  doubtful_ = std::min(doubtful_ + samples, kMostDoubt);
  return {Answer::kMissing, samples};
}

JitterBuffer::Front JitterBuffer::front() const {
  const Entry& front = entries_[0];
  return {front.tag, front.samples - front_taken_, front.octets, front_taken_};
}

void JitterBuffer::take(uint32_t n, uint8_t* out) {
  const Entry& front = entries_[0];
  std::memcpy(out, front.payload + front_taken_, n);
  front_taken_ += n;
  next_ += n;
  pulled_ = front.sequence;
  samples_received_ += n;
  in_gap_ = noise_ = false;
  if (front_taken_ == front.samples) remove_front();
}

void JitterBuffer::pop() {
  const Entry& front = entries_[0];
  if (front.samples > 0) {
    const uint32_t samples = front.samples - front_taken_;
    next_ += samples;
    samples_received_ += samples;
    in_gap_ = noise_ = false;
  }
  pulled_ = std::max(pulled_, front.sequence);
  remove_front();
}

bool JitterBuffer::has(uint32_t samples) const {
  int64_t at = next_;
  uint32_t taken = front_taken_;
  for (uint32_t i = 0; i < count_ && at < next_ + samples; ++i) {
    const Entry& entry = entries_[i];
    if (entry.samples == 0 || entry.at + taken > at) return false;
    at = std::max(at, entry.at + entry.samples);
    taken = 0;
  }
  return at >= next_ + samples;
}

uint32_t JitterBuffer::missing_before_front() const {
  if (count_ == 0 || entries_[0].samples == 0 || entries_[0].sequence <= pulled_ + 1) return 0;
  return static_cast<uint32_t>(std::clamp<int64_t>(entries_[0].at - next_, 0, kLongestPacket));
}

void JitterBuffer::pass_missing(uint32_t samples) {
  next_ += samples;
  lose(samples);
}

// --------------------------------------------------------------------------------------------------------------- timing

int64_t JitterBuffer::wanted_offset() const {
  const int64_t low = transits_.low();
  return std::min(std::max(low + min_delay_, transits_.high()), low + max_delay_);
}

int32_t JitterBuffer::surplus(int64_t now, uint32_t pending) const {
  if (!running_ || transits_.empty()) return 0;
  const int64_t surplus = now - next_ + pending - wanted_offset();
  return static_cast<int32_t>(std::clamp<int64_t>(surplus, INT16_MIN, INT16_MAX));
}

int32_t JitterBuffer::delay(int64_t now, uint32_t pending) const {
  if (!running_ || transits_.empty()) return 0;
  return static_cast<int32_t>(std::clamp<int64_t>(now - next_ + pending - transits_.low(), 0, INT16_MAX));
}

int32_t JitterBuffer::wanted_delay() const { return static_cast<int32_t>(wanted_offset() - transits_.low()); }

uint32_t JitterBuffer::skip_excess(int64_t now, uint32_t pending) {
  if (count_ == 0) return 0;
  const int64_t playing = next_ - pending;
  int64_t end = INT64_MIN;
  uint32_t longest = 0;
  for (uint32_t i = 0; i < count_; ++i) {
    end = std::max(end, entries_[i].at + entries_[i].samples);
    longest = std::max<uint32_t>(longest, entries_[i].samples);
  }
  if (end - playing <= max_delay_ + longest) return 0;
  const int64_t to = std::max({now - wanted_offset(), end - max_delay_, next_});
  const int64_t left_out = to - playing;
  next_ = to;
  while (count_ > 0 && entries_[0].samples > 0 && entries_[0].at + entries_[0].samples <= next_) {
    ++late_;
    pulled_ = std::max(pulled_, entries_[0].sequence);
    remove_front();
  }
  return static_cast<uint32_t>(std::min<int64_t>(left_out, INT32_MAX));
}

}  // namespace cordboard::rtp
