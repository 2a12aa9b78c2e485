// SPDX-License-Identifier: GPL-2.0-or-later
// The state of everything, as plain data for the host and as text for people.
#include <array>
#include <cstdio>

#include "dsp/kernels.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

SeatRole role_of(bus::Role role) {
  switch (role) {
    case bus::Role::kListen:
      return SeatRole::kListen;
    case bus::Role::kWhisper:
      return SeatRole::kWhisper;
    case bus::Role::kTalk:
      break;
  }
  return SeatRole::kTalk;
}

}  // namespace

Result<Snapshot> Core::handle(const SnapshotGet&) {
  Snapshot snapshot;
  for (const auto& [number, unit] : spans_) {
    auto& span = snapshot.spans.emplace_back();
    span.span = number;
    span.name = unit->config().name;
    span.side = unit->config().side;
    span.signalling = unit->config().signalling;
    span.alarms = unit->alarms();
    span.dchannelUp = unit->signalling_up();
    span.firstPort = unit->first_port();
    span.pri = unit->pri();
    for (uint32_t timeslot = 1; timeslot <= 31; ++timeslot) {
      if (!unit->carries_calls(timeslot)) continue;
      const auto port = unit->port_of(timeslot);
      const auto blocked = unit->blocked(timeslot);
      span.timeslots.push_back({timeslot, port, ports_[port].leg, blocked.here, blocked.there});
    }
  }
  for (const auto& [number, unit] : analogs_) {
    const auto wires = unit->wires();
    snapshot.analogs.push_back({number, unit->config().name, unit->config().kind, unit->port(), unit->off_hook(),
                                unit->ringing(), unit->leg(), wires.state, wires.battery, wires.reversed, wires.lamp});
  }
  for (const auto& [id, leg] : legs_) {
    snapshot.legs.push_back({id, leg.kind, leg.state.state(), leg.port, leg.span, leg.timeslot, leg.analog, leg.called,
                             leg.calling, static_cast<double>(now_ - leg.since)});
  }
  show_streams(snapshot);
  for (bus::Port port = 0; port < ports_.size(); ++port) {
    if (ports_[port].source != bus::kNoPort) snapshot.connections.push_back({port, ports_[port].source});
  }
  for (const auto& [id, conference] : conferences_) {
    auto& shown = snapshot.conferences.emplace_back();
    shown.conference = id;
    for (const auto& seat : conference.seats) shown.seats.push_back({seat.port, role_of(seat.role)});
  }
  for (const auto& [id, entry] : plays_) {
    if (!entry.house && !entry.why) snapshot.plays.push_back({id, entry.port});
  }
  for (const auto& [id, entry] : recordings_) {
    snapshot.recordings.push_back({id, entry.recording->port, entry.recording->path});
  }
  snapshot.tick = media_thread_->statistics();
  const auto count = [&](const char* name, const char* doc, uint64_t value) {
    snapshot.counters.push_back({name, doc, static_cast<double>(value)});
  };
  count("commands", "Commands carried out or refused", commands_.value());
  count("commands_refused", "Commands that were answered with an error", refused_commands_.value());
  count("digits", "DTMF digits detected", digits_.value());
  count("batches", "Batches delivered to the host: replies at once, events 2 ms apart at least", outbox_.batches());
  count("messages", "Replies and events delivered to the host", outbox_.messages());
  count("telemetry_dropped", "Log lines dropped because the host did not keep up", outbox_.dropped());
  std::map<std::string, std::pair<std::string, uint64_t>> spans;
  for (const auto& [number, unit] : spans_) {
    for (const auto& counter : unit->counters()) {
      auto& sum = spans[counter.name];
      sum.first = std::string(counter.doc) + ", all spans";
      sum.second += counter.value;
    }
  }
  for (const auto& [name, sum] : spans) count(name.c_str(), sum.first.c_str(), sum.second);
  count_boards(snapshot);
  count_streams(snapshot);
  return snapshot;
}

Result<Dump> Core::handle(const DumpGet&) {
  std::string text;
  std::array<char, 512> line;
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(line.data(), line.size(), format, values...);
    text += line.data();
    text += '\n';
  };
  const auto tick = media_thread_->statistics();
  print("tick: %.0f done, %.0f missed; work p50 %.1f p99 %.1f max %.1f us; late p99 %.1f max %.1f us%s", tick.ticks,
        tick.missed, tick.p50Us, tick.p99Us, tick.maxUs, tick.latenessP99Us, tick.latenessMaxUs,
        tick.realtime ? "; SCHED_FIFO" : "");
  print("kernels: %s; ports: %zu; legs: %zu; playbacks: %zu; recordings: %zu; conferences: %zu",
        dsp::kernels().name, ports_.size(), legs_.size(), plays_.size(), recordings_.size(), conferences_.size());
  std::array<char, 2048> history;
  for (const auto& [id, leg] : legs_) {
    print("leg %u: %s on %s, %s > %s, port %u hears %d, age %lld ms", id, std::string(name_of(leg.state.state())).c_str(),
          port_name(leg.port).c_str(), leg.calling.c_str(), leg.called.c_str(), leg.port,
          ports_[leg.port].source == bus::kNoPort ? -1 : static_cast<int>(ports_[leg.port].source),
          static_cast<long long>(now_ - leg.since));
    text += leg.state.dump(history);
  }
  text += dump_streams();
  for (const auto& [number, unit] : spans_) {
    print("span %u %s:", number, unit->config().name.c_str());
    text += unit->dump();
    if (!text.ends_with('\n')) text += '\n';
  }
  for (const auto& [number, unit] : analogs_) {
    if (unit->leg() == 0 && !unit->off_hook() && !unit->ringing()) continue;
    print("analog %u %s: %s%s, leg %u", number, unit->config().name.c_str(), unit->off_hook() ? "off hook" : "on hook",
          unit->ringing() ? ", ringing" : "", unit->leg());
    text += unit->dump(history);
  }
  return Dump{std::move(text)};
}

}  // namespace cordboard::engine
