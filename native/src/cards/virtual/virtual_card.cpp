// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/virtual/virtual_card.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "cards/virtual/virtual_link.hpp"
#include "dsp/g711.hpp"

namespace cordboard::cards {

namespace {
constexpr uint8_t kIdleOctet = 0xD5;  // A-law zero
constexpr uint32_t kTimeslots = 31;
constexpr std::size_t kEchoRing = 1024;  // samples, more than the longest delay and a block
constexpr uint32_t kMostEchoMs = 60;
constexpr uint8_t kBlockedBits = 0xD;  // A = B = 1
}  // namespace

struct VirtualCard::Span : HdlcPort, CasPort, AlarmPort {
  VirtualCard* card{};
  uint32_t first_row{};
  Span* peer{};
  Cable* cable{};
  Alarms forced;
  Alarms current;
  bool dchannel_cut{};
  std::size_t queued{};
  std::map<uint32_t, VirtualLink> links;  // by timeslot

  void send_frame(std::span<const uint8_t> frame) override {
    if (peer && !dchannel_cut && !current.down()) card->deliver(*peer, frame);
  }
  Alarms alarms() const override { return current; }

  // What is sent, and what has come in; an end that was never told what to send blocks its timeslots (Q.412).
  std::array<uint8_t, kTimeslots + 1> sent_bits = blocked_bits();
  std::array<uint8_t, kTimeslots + 1> received_bits = blocked_bits();
  static constexpr std::array<uint8_t, kTimeslots + 1> blocked_bits() {
    std::array<uint8_t, kTimeslots + 1> bits{};
    bits.fill(kBlockedBits);
    return bits;
  }
  void set_bits(uint32_t timeslot, uint8_t abcd) override {
    abcd &= 0xF;
    if (timeslot == 0 || timeslot > kTimeslots || sent_bits[timeslot] == abcd) return;
    sent_bits[timeslot] = abcd;
    if (peer && !dchannel_cut && !current.down()) card->deliver_bits(*peer, timeslot, abcd);
  }
  uint8_t bits(uint32_t timeslot) const override { return timeslot <= kTimeslots ? received_bits[timeslot] : 0; }
  /// Bits are a state, not a message: what was lost while the cable was dead is there when it lives again.
  void send_all_bits() {
    if (!peer || dchannel_cut || current.down()) return;
    for (uint32_t timeslot = 1; timeslot <= kTimeslots; ++timeslot) {
      card->deliver_bits(*peer, timeslot, sent_bits[timeslot]);
    }
  }
};

struct VirtualCard::Station : StationPort, PolarityPort, LampPort {
  VirtualCard* card{};
  uint32_t row{};
  Cable* cable{};
  Line* peer{};
  bool ring{};
  bool battery = true;
  bool cut{};
  bool reversed{};
  bool lit{};
  bool lit_by_polarity{};
  bool hook{};

  void set_ring(bool on) override;
  void set_battery(bool on) override;
  bool set_polarity(bool now) override;
  bool set_lamp(LampKind kind, bool on) override;
  void tell_polarity();
  PolarityPort* polarity() override { return this; }
  LampPort* lamp() override { return this; }
  bool off_hook() const override { return hook; }
};

struct VirtualCard::Line : LinePort {
  VirtualCard* card{};
  uint32_t row{};
  Cable* cable{};
  Station* peer{};
  bool hook{};

  void set_hook(bool off_hook) override {
    if (off_hook == hook) return;
    hook = off_hook;
    if (!peer || peer->cut) return;
    card->crossing_.push_back([to = peer, off_hook](Millis now) {
      to->hook = off_hook;
      if (to->on_hook) to->on_hook(off_hook, now);
    });
  }
};

void VirtualCard::Station::set_ring(bool on) {
  if (on == ring) return;
  ring = on;
  if (!peer || cut) return;
  card->crossing_.push_back([to = peer, on](Millis now) {
    if (to->on_ring) to->on_ring(on, now);
  });
}

void VirtualCard::Station::set_battery(bool on) {
  if (on == battery) return;
  battery = on;
  if (!peer || cut) return;
  card->crossing_.push_back([to = peer, on](Millis now) {
    if (to->on_battery) to->on_battery(on, now);
  });
}

void VirtualCard::Station::tell_polarity() {
  if (!peer || cut) return;
  card->crossing_.push_back([to = peer, now = reversed != lit_by_polarity](Millis at) {
    if (to->on_polarity) to->on_polarity(now, at);
  });
}

bool VirtualCard::Station::set_polarity(bool now) {
  if (std::exchange(reversed, now) != now) tell_polarity();
  return true;
}

bool VirtualCard::Station::set_lamp(LampKind kind, bool on) {
  if (kind == LampKind::kPolarity) {
    if (std::exchange(lit_by_polarity, on) != on) tell_polarity();
    return true;
  }
  if (std::exchange(lit, on) == on || !peer || cut) return true;
  card->crossing_.push_back([to = peer, on](Millis now) {
    if (to->on_lamp) to->on_lamp(on, now);
  });
  return true;
}

bool VirtualCard::cut_line(uint32_t analog, bool cut) {
  auto* station = stations_.contains(analog) ? stations_.at(analog).get() : nullptr;
  if (station == nullptr && lines_.contains(analog)) station = lines_.at(analog)->peer;
  if (station == nullptr || station->peer == nullptr) return false;
  if (std::exchange(station->cut, cut) == cut) return true;
  station->cable->silent.store(cut, std::memory_order_relaxed);
  crossing_.push_back([station, there = !cut && station->battery, cut](Millis now) {
    // The loop is open at both ends.
    auto& line = *station->peer;
    if (line.on_battery) line.on_battery(there, now);
    const bool hook = !cut && line.hook;
    if (std::exchange(station->hook, hook) != hook && station->on_hook) station->on_hook(hook, now);
  });
  return true;
}

VirtualCard::VirtualCard() = default;
VirtualCard::~VirtualCard() = default;

void VirtualCard::deliver(Span& to, std::span<const uint8_t> frame) {
  if (to.queued >= kFrameQueue) return;
  ++to.queued;
  crossing_.push_back([&to, bytes = std::vector<uint8_t>(frame.begin(), frame.end())](Millis) {
    --to.queued;
    if (to.on_frame) to.on_frame(bytes);
  });
}

void VirtualCard::deliver_bits(Span& to, uint32_t timeslot, uint8_t abcd) {
  crossing_.push_back([&to, timeslot, abcd](Millis) {
    if (to.received_bits[timeslot] == abcd) return;
    to.received_bits[timeslot] = abcd;
    if (to.on_bits) to.on_bits(timeslot, abcd);
  });
}

void VirtualCard::add_span(uint32_t span, uint32_t first_row) {
  auto entry = std::make_unique<Span>();
  entry->card = this;
  entry->first_row = first_row;
  entry->current.los = true;  // nothing is plugged in yet
  spans_[span] = std::move(entry);
}

void VirtualCard::add_station(uint32_t analog, uint32_t row) {
  auto entry = std::make_unique<Station>();
  entry->card = this;
  entry->row = row;
  stations_[analog] = std::move(entry);
}

void VirtualCard::add_line(uint32_t analog, uint32_t row) {
  auto entry = std::make_unique<Line>();
  entry->card = this;
  entry->row = row;
  lines_[analog] = std::move(entry);
}

bool VirtualCard::join_spans(uint32_t a, uint32_t b) {
  const auto one = spans_.find(a);
  const auto other = spans_.find(b);
  if (one == spans_.end() || other == spans_.end() || one == other || one->second->peer || other->second->peer) {
    return false;
  }
  auto cable = std::make_unique<Cable>();
  cable->row_a = one->second->first_row;
  cable->row_b = other->second->first_row;
  cable->rows = kTimeslots;
  one->second->peer = other->second.get();
  other->second->peer = one->second.get();
  one->second->cable = other->second->cable = cable.get();
  one->second->current = other->second->current = {};
  cables_.push_back(std::move(cable));
  return true;
}

bool VirtualCard::join_analogs(uint32_t a, uint32_t b) {
  if (!stations_.contains(a)) std::swap(a, b);
  const auto station = stations_.find(a);
  const auto line = lines_.find(b);
  if (station == stations_.end() || line == lines_.end() || station->second->peer || line->second->peer) return false;
  auto cable = std::make_unique<Cable>();
  cable->row_a = station->second->row;
  cable->row_b = line->second->row;
  cable->rows = 1;
  cable->echo_a.sent.assign(kEchoRing, 0);
  cable->echo_b.sent.assign(kEchoRing, 0);
  station->second->cable = cable.get();
  line->second->cable = cable.get();
  station->second->peer = line->second.get();
  line->second->peer = station->second.get();
  cables_.push_back(std::move(cable));
  return true;
}

HdlcPort* VirtualCard::hdlc(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

CasPort* VirtualCard::cas(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

AlarmPort* VirtualCard::alarm(uint32_t span) {
  const auto found = spans_.find(span);
  return found == spans_.end() ? nullptr : found->second.get();
}

SignalUnitPort* VirtualCard::signal_units(uint32_t span, uint32_t timeslot) {
  const auto found = spans_.find(span);
  if (found == spans_.end() || timeslot == 0 || timeslot > kTimeslots) return nullptr;
  return &found->second->links[timeslot];
}

bool VirtualCard::spoil_link(uint32_t span, uint32_t timeslot, bool cut, uint32_t damage_every) {
  const auto found = spans_.find(span);
  if (found == spans_.end() || found->second->peer == nullptr) return false;
  const auto here = found->second->links.find(timeslot);
  const auto there = found->second->peer->links.find(timeslot);
  if (here == found->second->links.end() || there == found->second->peer->links.end()) return false;
  here->second.cut = there->second.cut = cut;
  there->second.damage_every = damage_every;
  return true;
}

std::optional<Millis> VirtualCard::due() const {
  std::optional<Millis> first;
  for (const auto& [number, span] : spans_) {
    for (const auto& [timeslot, link] : span->links) {
      const auto due = link.due();
      if (due && (!first || *due < *first)) first = due;
    }
  }
  return first;
}

bool VirtualCard::carry_units(Millis now) {
  bool any = false;
  for (auto& [number, span] : spans_) {
    for (auto& [timeslot, link] : span->links) {
      VirtualLink* to = nullptr;
      if (span->peer != nullptr) {
        const auto there = span->peer->links.find(timeslot);
        if (there != span->peer->links.end()) to = &there->second;
      }
      const bool carried = span->peer != nullptr && !span->current.down() && !span->peer->current.down();
      any = link.carry(to, carried, now) || any;
    }
  }
  return any;
}

StationPort* VirtualCard::station(uint32_t analog) {
  const auto found = stations_.find(analog);
  return found == stations_.end() ? nullptr : found->second.get();
}

LinePort* VirtualCard::line(uint32_t analog) {
  const auto found = lines_.find(analog);
  return found == lines_.end() ? nullptr : found->second.get();
}

void VirtualCard::update_alarms(Span& span) {
  Alarms now = span.forced;
  if (!span.peer) {
    now.los = true;
  } else if (span.peer->forced.los || span.peer->forced.red || span.peer->forced.ais) {
    now.yellow = true;
  }
  if (now == span.current) return;
  span.current = now;
  crossing_.push_back([&span, now](Millis) {
    if (span.on_alarms) span.on_alarms(now);
  });
  if (now.down()) return;
  span.send_all_bits();
  if (span.peer && !span.peer->current.down()) span.peer->send_all_bits();
}

void VirtualCard::update_cable(Span& span) {
  if (!span.cable) return;
  // The media thread sees one flag; which direction is cut does not matter to it, since calls end either way.
  span.cable->silent.store(span.current.down() || span.peer->current.down(), std::memory_order_relaxed);
}

bool VirtualCard::set_alarms(uint32_t span, const Alarms& forced) {
  const auto found = spans_.find(span);
  if (found == spans_.end()) return false;
  found->second->forced = forced;
  update_alarms(*found->second);
  if (found->second->peer) update_alarms(*found->second->peer);
  update_cable(*found->second);
  return true;
}

Alarms VirtualCard::forced_alarms(uint32_t span) const {
  const auto found = spans_.find(span);
  return found == spans_.end() ? Alarms{} : found->second->forced;
}

bool VirtualCard::set_echo(uint32_t analog, double loss_db, uint32_t delay_ms) {
  Cable::Echo* echo = nullptr;
  if (const auto station = stations_.find(analog); station != stations_.end() && station->second->cable) {
    echo = &station->second->cable->echo_a;
  } else if (const auto line = lines_.find(analog); line != lines_.end() && line->second->cable) {
    echo = &line->second->cable->echo_b;
  }
  if (echo == nullptr) return false;
  echo->delay.store(std::min(delay_ms, kMostEchoMs) * 8, std::memory_order_relaxed);
  const double gain = loss_db >= 100 ? 0 : std::pow(10.0, -std::max(loss_db, 0.0) / 20);
  echo->gain_q12.store(static_cast<int32_t>(std::lround(gain * 4096)), std::memory_order_relaxed);
  return true;
}

bool VirtualCard::set_line(uint32_t span, uint32_t timeslot, uint32_t bit_errors, double gain_db) {
  const auto found = spans_.find(span);
  if (found == spans_.end() || !found->second->cable || timeslot > kTimeslots) return false;
  auto& cable = *found->second->cable;
  auto& into = cable.row_a == found->second->first_row ? cable.into_a : cable.into_b;
  const auto gain = gain_db == 0 ? 0 : static_cast<int32_t>(std::lround(std::pow(10.0, gain_db / 20) * 4096));
  for (uint32_t one = 1; one <= kTimeslots; ++one) {
    if (timeslot != 0 && one != timeslot) continue;
    into.gain_q12[one - 1].store(gain, std::memory_order_relaxed);
    into.errors[one - 1].fetch_add(bit_errors, std::memory_order_relaxed);
  }
  into.any.store(true, std::memory_order_release);
  return true;
}

/// On the media thread.
void VirtualCard::impair(Impairment& impairment, uint8_t* received) {
  if (!impairment.any.load(std::memory_order_acquire)) return;
  constexpr uint32_t kErrorsOfTick = 8;
  for (uint32_t row = 0; row < kTimeslots; ++row) {
    auto* octets = received + static_cast<std::size_t>(row) * kRowBytes;
    if (const auto gain = impairment.gain_q12[row].load(std::memory_order_relaxed); gain != 0) {
      for (uint32_t i = 0; i < kRowBytes; ++i) {
        const auto louder =
            std::clamp(int64_t{dsp::alaw_to_linear(octets[i])} * gain / 4096, int64_t{-32768}, int64_t{32767});
        octets[i] = dsp::linear_to_alaw(static_cast<int16_t>(louder));
      }
    }
    const auto errors = std::min(kErrorsOfTick, impairment.errors[row].load(std::memory_order_relaxed));
    if (errors == 0) continue;
    impairment.errors[row].fetch_sub(errors, std::memory_order_relaxed);
    for (uint32_t i = 0; i < errors; ++i)
      octets[i * (kRowBytes / kErrorsOfTick)] ^= static_cast<uint8_t>(1U << (i % 8));
  }
}

/// On the media thread: what an end has sent comes back to it, added to what the other end has.
void VirtualCard::add_echo(Cable::Echo& echo, const uint8_t* sent, uint8_t* received) {
  // Nobody asks for it but tests and demonstrations, and it costs more than all else that is done to a port.
  const auto gain = echo.gain_q12.load(std::memory_order_relaxed);
  if (gain == 0 || echo.sent.empty()) {
    echo.running = false;
    return;
  }
  if (!std::exchange(echo.running, true)) std::fill(echo.sent.begin(), echo.sent.end(), int16_t{0});
  const auto delay = echo.delay.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < kRowBytes; ++i) {
    echo.sent[echo.at] = dsp::alaw_to_linear(sent[i]);
    const int32_t back = echo.sent[(echo.at + kEchoRing - delay) % kEchoRing] * gain / 4096;
    const int32_t sum = dsp::alaw_to_linear(received[i]) + back;
    received[i] = dsp::linear_to_alaw(static_cast<int16_t>(std::clamp(sum, -32768, 32767)));
    echo.at = (echo.at + 1) % kEchoRing;
  }
}

bool VirtualCard::cut_dchannel(uint32_t span, bool cut) {
  const auto found = spans_.find(span);
  if (found == spans_.end()) return false;
  found->second->dchannel_cut = cut;
  if (found->second->peer) found->second->peer->dchannel_cut = cut;
  if (!cut) {
    found->second->send_all_bits();
    if (found->second->peer) found->second->peer->send_all_bits();
  }
  return true;
}

bool VirtualCard::inject_frame(uint32_t span, std::span<const uint8_t> frame) {
  const auto found = spans_.find(span);
  if (found == spans_.end()) return false;
  deliver(*found->second, frame);
  return true;
}

bool VirtualCard::inject_bits(uint32_t span, uint32_t timeslot, uint8_t abcd) {
  const auto found = spans_.find(span);
  if (found == spans_.end() || timeslot == 0 || timeslot > kTimeslots) return false;
  deliver_bits(*found->second, timeslot, abcd & 0xF);
  return true;
}

void VirtualCard::exchange(const SpeechRows& rows) {
  for (const auto& cable : cables_) {
    const std::size_t bytes = static_cast<std::size_t>(cable->rows) * kRowBytes;
    const std::size_t a = static_cast<std::size_t>(cable->row_a) * kRowBytes;
    const std::size_t b = static_cast<std::size_t>(cable->row_b) * kRowBytes;
    if (cable->silent.load(std::memory_order_relaxed)) {
      std::memset(rows.received + a, kIdleOctet, bytes);
      std::memset(rows.received + b, kIdleOctet, bytes);
    } else {
      std::memcpy(rows.received + a, rows.sent + b, bytes);
      std::memcpy(rows.received + b, rows.sent + a, bytes);
      add_echo(cable->echo_a, rows.sent + a, rows.received + a);
      add_echo(cable->echo_b, rows.sent + b, rows.received + b);
      impair(cable->into_a, rows.received + a);
      impair(cable->into_b, rows.received + b);
    }
  }
}

bool VirtualCard::pump(Millis now) {
  // Only what waits at the start: two ends that answer each other at once must not keep the thread here.
  const auto waiting = crossing_.size();
  for (std::size_t i = 0; i < waiting; ++i) {
    const auto act = std::move(crossing_.front());
    crossing_.pop_front();
    act(now);
  }
  return carry_units(now) || waiting > 0;
}

}  // namespace cordboard::cards
