// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/dahdi/dahdi_card.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace cordboard::cards {

namespace {

constexpr uint32_t kTimeslots = 31;
constexpr std::size_t kFcsOctets = 2;
constexpr uint32_t kFrameBytes = 1024;  // more than Q.921's longest (N201 is 260) by far
constexpr uint32_t kFrameBuffers = 32;
constexpr int kMostFrames = 64;  // a span and pump: others get their turn

}  // namespace

struct DahdiCard::Span : HdlcPort, AlarmPort, CasPort {
  DahdiCard* card{};
  uint32_t number{};
  uint32_t driver_span{};
  uint32_t first_row{};
  ChannelCare care;
  std::array<SpeechChannel, kTimeslots + 1> speech;  // by timeslot
  std::vector<uint32_t> timeslots;                   // that carry speech; fixed while in use
  std::size_t looked_at{};                           // media thread
  int frames = -1;                                   // handle of the D-channel
  bool opened{};
  std::atomic<bool> in_use{false};  // set by the signalling thread, cleared by the media thread
  std::atomic<bool> let_go{false};  // the signalling thread asks for it
  Alarms current;
  Millis look_at{};
  std::array<uint8_t, kFrameBytes> frame;

  uint32_t told_later{};      // bad frames seen while one was sent
  mutable bool wants_room{};  // somebody asked, and there was none

  void send_frame(std::span<const uint8_t> octets) override;
  bool has_room() const override;
  void heard_bad_frame() {
    card->counts_.bad_frames.add();
    if (on_bad_frame) on_bad_frame();
  }
  Alarms alarms() const override { return current; }
  void set_bits(uint32_t timeslot, uint8_t abcd) override {
    if (carries(timeslot)) card->driver_->set_bits(speech[timeslot].handle(), abcd);
  }
  uint8_t bits(uint32_t timeslot) const override {
    return carries(timeslot) ? card->driver_->bits(speech[timeslot].handle()) : 0;
  }
  bool carries(uint32_t timeslot) const {
    return opened && timeslot <= kTimeslots && speech[timeslot].handle() >= 0 && in_use.load(std::memory_order_relaxed);
  }
};

bool DahdiCard::Span::has_room() const {
  // Nothing is kept for an E1 that is gone.
  if (frames < 0 || card->driver_->room(frames)) return true;
  wants_room = true;
  return false;
}

void DahdiCard::Span::send_frame(std::span<const uint8_t> octets) {
  if (frames < 0 || octets.size() + kFcsOctets > kFrameBytes) return;
  // The driver works out the FCS; what stands in its place does not matter.
  std::array<uint8_t, kFrameBytes> whole{};
  std::copy(octets.begin(), octets.end(), whole.begin());
  const std::span<const uint8_t> wanted(whole.data(), octets.size() + kFcsOctets);
  for (int events = 0; events < kMostFrames; ++events) {
    const int done = card->driver_->write(frames, wanted);
    if (done == kDriverEvent) {
      // Alarms are looked at in pump() anyway; nothing else is told of a D-channel but what the counters keep.
      if (card->driver_->take_event(frames).event == DriverEvent::kBadFrame) {
        card->counts_.bad_frames.add();
        ++told_later;
      }
      look_at = 0;
      continue;
    }
    if (done < 0) card->counts_.lost_frames.add();
    return;
  }
}

DahdiCard::DahdiCard(OpenDriver open_driver, ChannelBuffers buffers)
    : open_driver_(std::move(open_driver)), buffers_(buffers), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  ready(0);
}

DahdiCard::~DahdiCard() {
  for (auto& [number, span] : spans_) close(*span);
  for (auto* port : analogs_in_order_) {
    if (port->opened) driver_->close_channel(port->speech.handle());
  }
  ::close(epoll_);
}

void DahdiCard::add_span(uint32_t span, uint32_t driver_span, uint32_t first_row, const ChannelCare& care) {
  auto added = std::make_unique<Span>();
  added->card = this;
  added->number = span;
  added->driver_span = driver_span;
  added->first_row = first_row;
  added->care = care;
  added->current.los = true;
  in_order_.push_back(added.get());
  if (driver_) open(*added);
  spans_[span] = std::move(added);
}

HdlcPort* DahdiCard::hdlc(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

CasPort* DahdiCard::cas(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

AlarmPort* DahdiCard::alarm(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

std::optional<DriverSpanState> DahdiCard::state(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() || !driver_ ? std::nullopt : driver_->span_state(found->second->driver_span);
}

Result<std::vector<DriverSpan>> DahdiCard::boards() {
  if (!driver_) return fail(ErrorCode::kUnavailable, refusal_);
  return driver_->spans();
}

// ------------------------------------------------------------------------------------------------- coming and going

bool DahdiCard::ready(Millis now) {
  if (driver_) return true;
  if (now < ask_at_) return false;
  ask_at_ = now + kReopenMs;
  auto opened = open_driver_();
  if (!opened) {
    refusal_ = opened.error().text;
    return false;
  }
  driver_ = std::move(*opened);
  clock_.store(driver_.get(), std::memory_order_release);
  return true;
}

/// All channels or none: a span that is only half configured is looked at again later.
void DahdiCard::open(Span& span) {
  const auto state = driver_->span_state(span.driver_span);
  if (!state) return;
  std::vector<uint32_t> timeslots;
  bool whole = true;
  for (const auto& channel : driver_->channels_of(span.driver_span)) {
    const bool frames = channel.signalling == DriverSignalling::kHdlc;
    const bool speech = channel.signalling == DriverSignalling::kClear || channel.signalling == DriverSignalling::kCas;
    if (channel.position < 1 || channel.position > kTimeslots || (!frames && !speech)) continue;
    auto opened = driver_->open_channel(
        channel.channel, frames ? DriverBuffers{kFrameBuffers, kFrameBytes} : DriverBuffers{buffers_.blocks, kRowBytes},
        speech);
    if (!opened) {
      whole = false;
      break;
    }
    if (frames) {
      if (span.frames >= 0) driver_->close_channel(span.frames);  // the last one counts, as in the driver's own tools
      span.frames = *opened;
    } else {
      span.speech[channel.position].attach(*opened);
      care_for(*opened, span.care);
      timeslots.push_back(channel.position);
    }
  }
  span.timeslots = std::move(timeslots);
  if (!whole || (span.timeslots.empty() && span.frames < 0)) {
    close(span);
    return;
  }
  span.opened = true;
  span.let_go.store(false, std::memory_order_relaxed);
  span.looked_at = 0;
  if (span.frames >= 0) {
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLPRI;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, driver_->descriptor(span.frames), &wanted);
  }
  set_alarms(span, state->alarms);
  span.in_use.store(true, std::memory_order_release);
}

/// Only when the media thread does not use the span.
void DahdiCard::close(Span& span) {
  if (span.frames >= 0) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, driver_->descriptor(span.frames), nullptr);
    driver_->close_channel(std::exchange(span.frames, -1));
  }
  for (const auto timeslot : span.timeslots) {
    driver_->close_channel(span.speech[timeslot].handle());
    span.speech[timeslot].attach(-1);
  }
  span.timeslots.clear();
  span.opened = false;
}

void DahdiCard::set_alarms(Span& span, const Alarms& alarms) {
  if (alarms == span.current) return;
  span.current = alarms;
  if (span.on_alarms) span.on_alarms(alarms);
}

void DahdiCard::look_at(Span& span) {
  if (const auto state = driver_->span_state(span.driver_span)) {
    set_alarms(span, state->alarms);
    return;
  }
  span.let_go.store(true, std::memory_order_relaxed);
}

// ------------------------------------------------------------------------------------------------------ media thread

bool DahdiCard::wait(int64_t until_ns) {
  auto* clock = clock_.load(std::memory_order_acquire);
  return clock != nullptr && clock->wait(until_ns);
}

void DahdiCard::exchange(const SpeechRows& rows) {
  for (auto* span : in_order_) {
    if (span->in_use.load(std::memory_order_acquire)) exchange(*span, rows);
  }
  for (auto* port : analogs_in_order_) {
    if (port->in_use.load(std::memory_order_acquire)) exchange(*port, rows);
  }
}

void DahdiCard::exchange(Span& span, const SpeechRows& rows) {
  const auto row_of = [&](uint32_t timeslot) {
    return static_cast<std::size_t>(span.first_row + timeslot - 1) * kRowBytes;
  };
  bool there = !span.let_go.load(std::memory_order_relaxed);
  for (const auto timeslot : span.timeslots) {
    if (!there) break;
    const auto row = row_of(timeslot);
    if (rows.missing != nullptr) rows.missing[span.first_row + timeslot - 1] = 0;
    there = span.speech[timeslot].exchange(*driver_, buffers_, counts_.speech, rows.received + row, rows.sent + row,
                                           [&](const DriverNotice& what) {
                                             if (!notices_.push({span.number, timeslot, what}))
                                               counts_.lost_events.add();
                                           });
    if (there && rows.missing != nullptr && span.speech[timeslot].missed()) {
      rows.missing[span.first_row + timeslot - 1] = 1;
    }
  }
  if (there) {
    if (span.timeslots.empty()) return;
    // One channel a tick: a look is a system call, and clocks differ slowly.
    span.looked_at = (span.looked_at + 1) % span.timeslots.size();
    const auto timeslot = span.timeslots[span.looked_at];
    span.speech[timeslot].look(*driver_, counts_.speech, rows.sent + row_of(timeslot));
    return;
  }
  for (const auto timeslot : span.timeslots) {
    std::memset(rows.received + row_of(timeslot), kAlawSilence, kRowBytes);
    if (rows.missing != nullptr) rows.missing[span.first_row + timeslot - 1] = 0;
  }
  span.in_use.store(false, std::memory_order_release);
}

// ------------------------------------------------------------------------------------------------- signalling thread

bool DahdiCard::read_frames(Span& span) {
  bool any = false;
  for (int frames = 0; span.frames >= 0 && frames < kMostFrames; ++frames) {
    const int length = driver_->read(span.frames, span.frame);
    if (length == kDriverAgain) return any;
    if (length == kDriverGone) {
      span.let_go.store(true, std::memory_order_relaxed);
      return any;
    }
    if (length == kDriverEvent) {
      const auto notice = driver_->take_event(span.frames);
      if (notice.event == DriverEvent::kBadFrame) span.heard_bad_frame();
      if (notice.event == DriverEvent::kRemoved) span.let_go.store(true, std::memory_order_relaxed);
      span.look_at = 0;
      continue;
    }
    any = true;
    if (static_cast<std::size_t>(length) > kFcsOctets && span.on_frame) {
      span.on_frame({span.frame.data(), static_cast<std::size_t>(length) - kFcsOctets});
    }
  }
  return any;
}

/// Whoever waits for room is told at the latest after a tick, which is a fifth of what the driver keeps of short frames.
bool DahdiCard::tell(Span& span) {
  bool any = false;
  for (auto left = std::exchange(span.told_later, 0U); left > 0; --left) {
    if (span.on_bad_frame) span.on_bad_frame();
    any = true;
  }
  if (span.wants_room && span.has_room()) {
    span.wants_room = false;
    if (span.on_room) span.on_room();
    any = true;
  }
  return any;
}

bool DahdiCard::take_notices(Millis now) {
  bool any = false;
  Notice notice;
  while (notices_.pop(notice)) {
    any = true;
    if (notice.span == 0) {
      if (const auto found = analogs_.find(notice.position); found != analogs_.end() && found->second->opened) {
        found->second->heard(notice.what, now);
      }
      continue;
    }
    const auto found = spans_.find(notice.span);
    if (found == spans_.end()) continue;
    auto& span = *found->second;
    if (notice.what.event != DriverEvent::kBits) {
      span.look_at = 0;
    } else if (span.on_bits) {
      span.on_bits(notice.position, notice.what.value);
    }
  }
  return any;
}

bool DahdiCard::pump(Millis now) {
  if (!ready(now)) return false;
  bool any = take_notices(now);
  for (auto* port : analogs_in_order_) any = pump(*port, now) || any;
  for (auto* span : in_order_) {
    if (span->opened && !span->in_use.load(std::memory_order_acquire)) {
      counts_.removals.add();
      close(*span);
      Alarms gone;
      gone.los = true;
      span->look_at = now + kReopenMs;
      set_alarms(*span, gone);
      any = true;
      continue;
    }
    if (span->opened && !span->let_go.load(std::memory_order_relaxed)) {
      any = read_frames(*span) || any;
      any = tell(*span) || any;
    }
    if (now < span->look_at) continue;
    if (span->opened) {
      span->look_at = now + kLookMs;
      look_at(*span);
    } else {
      span->look_at = now + kReopenMs;
      open(*span);
    }
  }
  return any;
}

}  // namespace cordboard::cards
