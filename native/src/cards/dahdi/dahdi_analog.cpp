// SPDX-License-Identifier: GPL-2.0-or-later
// The analog ports of the card: opened, used by the tick and given up as spans are.
#include <cstring>

#include "cards/dahdi/dahdi_card.hpp"

namespace cordboard::cards {

namespace {
constexpr uint32_t kTicksALook = 32;  // as often as a timeslot of an E1
}  // namespace

void DahdiCard::add_station(uint32_t analog, uint32_t channel, uint32_t row) {
  add_analog(std::make_unique<BoardStation>(analog, channel, row));
}

void DahdiCard::add_line(uint32_t analog, uint32_t channel, uint32_t row) {
  add_analog(std::make_unique<BoardLine>(analog, channel, row));
}

void DahdiCard::add_analog(std::unique_ptr<AnalogPort> port) {
  analogs_in_order_.push_back(port.get());
  if (driver_) open(*port);
  analogs_[port->number] = std::move(port);
}

StationPort* DahdiCard::station(uint32_t analog) {
  const auto found = analogs_.find(analog);
  return found == analogs_.end() ? nullptr : dynamic_cast<BoardStation*>(found->second.get());
}

LinePort* DahdiCard::line(uint32_t analog) {
  const auto found = analogs_.find(analog);
  return found == analogs_.end() ? nullptr : dynamic_cast<BoardLine*>(found->second.get());
}

void DahdiCard::care_for(int handle, const ChannelCare& care) {
  if (care.echo_taps > 0 && !driver_->set_echo_canceller(handle, care.echo_taps)) counts_.refused.add();
  if (care.received_db == 0 && care.sent_db == 0) return;
  if (!driver_->set_gain(handle, care.received_db, care.sent_db)) counts_.refused.add();
}

void DahdiCard::open(AnalogPort& port) {
  const auto channel = driver_->channel(port.channel);
  if (!channel || channel->signalling != port.wanted()) return;
  const auto opened = driver_->open_channel(port.channel, {buffers_.blocks, kRowBytes}, true);
  if (!opened) return;
  port.speech.attach(*opened);
  port.opened = true;
  port.let_go.store(false, std::memory_order_relaxed);
  port.opened_with(*driver_, *opened);
  port.in_use.store(true, std::memory_order_release);
}

bool DahdiCard::pump(AnalogPort& port, Millis now) {
  if (port.opened && !port.in_use.load(std::memory_order_acquire)) {
    counts_.removals.add();
    driver_->close_channel(port.speech.handle());
    port.speech.attach(-1);
    port.opened = false;
    port.look_at = now + kReopenMs;
    port.lost(now);
    return true;
  }
  port.run_timers(now);
  if (port.opened || now < port.look_at) return false;
  port.look_at = now + kReopenMs;
  open(port);
  return false;
}

void DahdiCard::exchange(AnalogPort& port, const SpeechRows& rows) {
  const auto row = static_cast<std::size_t>(port.row) * kRowBytes;
  const bool there = !port.let_go.load(std::memory_order_relaxed) &&
                     port.speech.exchange(*driver_, buffers_, counts_.speech, rows.received + row, rows.sent + row,
                                          [&](const DriverNotice& what) {
                                            if (!notices_.push({0, port.number, what})) counts_.lost_events.add();
                                          });
  if (there) {
    if (++port.ticks % kTicksALook == 0) port.speech.look(*driver_, counts_.speech, rows.sent + row);
    return;
  }
  std::memset(rows.received + row, kAlawSilence, kRowBytes);
  port.in_use.store(false, std::memory_order_release);
}

}  // namespace cordboard::cards
