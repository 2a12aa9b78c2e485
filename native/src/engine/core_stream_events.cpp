// SPDX-License-Identifier: GPL-2.0-or-later
// What happens in RTP streams: reports of the media thread and of the I/O threads, digits as events, figures.
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/core.hpp"
#include "rtp/telephone_event.hpp"

namespace cordboard::engine {

namespace {

constexpr uint8_t kFlashEvent = 16;  // RFC 4733 3.2, table 3
constexpr Millis kPauseMs = 500;     // of a comma
// So long after a key was told by one way it may still come by the other: as a tone it is known after 40 ms, and a jitter
// buffer is in between.
constexpr Millis kSamePressMs = 300;

}  // namespace

// ------------------------------------------------------------------------------------------------------------- reports

Core::StreamEntry* Core::stream_of(bus::Port port) {
  if (!ports_[port].stream) return nullptr;
  const auto found = streams_.find(ports_[port].leg);
  return found == streams_.end() ? nullptr : found->second.get();
}

void Core::stream_noted(bus::Port port, rtp::Stream* stream) {
  auto* entry = stream_of(port);
  // Of a call that has ended there is nothing more to tell.
  if (entry == nullptr || entry->stream.get() != stream) return;
  const auto leg = entry->leg;
  rtp::StreamNote note;
  while (stream->take(note)) {
    switch (note.kind) {
      case rtp::StreamNoteKind::kEventBegan:
        if (const char digit = note.digit(); digit != 0) tell_digit(port, digit, DigitSource::kEvent);
        if (note.event == kFlashEvent) event(LegFlashed{leg});
        break;
      case rtp::StreamNoteKind::kTimeout:
        stream_timeouts_.add();
        event(StreamTimeout{leg});
        break;
      case rtp::StreamNoteKind::kStarted:
      case rtp::StreamNoteKind::kEventEnded:
      case rtp::StreamNoteKind::kEventsSent:
        break;
    }
  }
}

void Core::stream_detached(rtp::Stream* stream) {
  const auto found = stream_legs_.find(stream);
  if (found == stream_legs_.end()) return;
  const auto leg = found->second;
  stream_legs_.erase(found);
  const auto left = leaving_streams_.find(leg);
  if (left == leaving_streams_.end()) return;
  left->second->held_by_media = false;
  if (!left->second->held_by_io) leaving_streams_.erase(left);
}

void Core::take_stream_reports() {
  if (stream_io_ == nullptr) return;
  stream_io_->post_backlog();
  rtp::IoReport report;
  while (stream_io_->take(report)) take_stream_report(report);
}

void Core::take_stream_report(const rtp::IoReport& report) {
  if (report.kind == rtp::IoReport::Kind::kChanged) {
    const std::unique_ptr<rtp::EndpointChange> change(report.change);
    return;
  }
  const auto leg = report.endpoint->id();
  if (report.kind == rtp::IoReport::Kind::kDetached) {
    const auto left = leaving_streams_.find(leg);
    if (left == leaving_streams_.end()) return;
    left->second->held_by_io = false;
    if (!left->second->held_by_media) leaving_streams_.erase(left);
    return;
  }
  const auto found = streams_.find(leg);
  // What is told of a description that has been replaced meanwhile says nothing about the new one.
  if (found == streams_.end() || found->second->generation != report.generation) return;
  auto& entry = *found->second;
  if (report.kind == rtp::IoReport::Kind::kNews) return take_door_news(entry, report);
  auto claim = entry.claim;
  claim.waits = false;
  if (report.kind == rtp::IoReport::Kind::kLatched) {
    claim.remote = report.address;
    entry.latched = true;
    streams_latched_.add();
    event(StreamLatched{leg, report.address.host_text(), report.address.port});
  }
  const bool taken = report.kind == rtp::IoReport::Kind::kTaken || !pool_->change(leg, claim);
  if (!taken) {
    entry.claim = claim;
  } else {
    // Both peers say that they are at one address, or one took the other's between two messages.
    log("warn", "RTP from " + report.address.text() + " is another stream's on this port: nothing will be heard", 0, 0,
        leg);
  }
}

void Core::take_door_news(StreamEntry& entry, const rtp::IoReport& report) {
  const auto lost = [&](StreamLoss reason) { event(StreamLost{entry.leg, reason, report.why}); };
  switch (report.news) {
    case rtp::DoorNews::kReached:
    case rtp::DoorNews::kSecured:
      if (report.news == rtp::DoorNews::kSecured) entry.secured = true;
      entry.reached = report.address;
      if (entry.secured && entry.reached.known()) {
        event(StreamConnected{entry.leg, entry.reached.host_text(), entry.reached.port});
      }
      return;
    case rtp::DoorNews::kLost:
      entry.reached = {};
      return lost(StreamLoss::kConsent);
    case rtp::DoorNews::kRefused:
      return lost(StreamLoss::kHandshake);
    case rtp::DoorNews::kClosed:
      return lost(StreamLoss::kClosed);
  }
}

// -------------------------------------------------------------------------------------------------------------- digits

void Core::tell_digit(bus::Port port, char digit, DigitSource source) {
  digits_.add();
  const auto& state = ports_[port];
  if (state.leg == 0 || !state.detector) return;
  if (auto* entry = stream_of(port)) {
    const bool same = digit == entry->last_digit && source != entry->last_digit_source &&
                      now_ - entry->last_digit_at < kSamePressMs;
    entry->last_digit = same ? '\0' : digit;
    entry->last_digit_source = source;
    entry->last_digit_at = now_;
    if (same) return;
  }
  event(LegDigit{state.leg, std::string(1, digit), source});
}

/// The digits of a playback as events, beginning now.
void Core::send_digit_events(StreamEntry& entry, uint32_t play, const DigitsSend& command) {
  // The level of an event is that of the whole tone (RFC 4733 2.3.3), of two frequencies 3 dB more than of each.
  const auto volume = static_cast<uint8_t>(std::clamp(-std::lround(command.levelDbm0 + 3), 0L, 63L));
  Millis at = now_;
  Millis length = 0;
  for (const char digit : command.digits) {
    if (const auto number = rtp::event_of_digit(digit); number <= rtp::kMaxDigitEvent) {
      entry.digits.push_back({at, number, std::max(command.onMs, 40U), command.offMs, volume});
      length += command.onMs + command.offMs;
    } else {
      at += std::exchange(length, 0) + kPauseMs;
    }
  }
  entry.digits_play = play;
  sending_digits_.insert(entry.leg);
  send_due_digits();
}

void Core::send_due_digits() {
  std::erase_if(sending_digits_, [this](uint32_t leg) {
    const auto found = streams_.find(leg);
    if (found == streams_.end()) return true;
    auto& digits = found->second->digits;
    while (!digits.empty() && digits.front().at <= now_) {
      const auto& digit = digits.front();
      // As many wait as can: the others at the next look.
      if (!found->second->stream->send_event(digit.event, digit.on_ms, digit.off_ms, digit.volume)) return false;
      digits.pop_front();
    }
    return digits.empty();
  });
}

void Core::forget_digits(bus::Port port, uint32_t play) {
  auto* entry = stream_of(port);
  if (entry == nullptr || entry->digits_play != play) return;
  entry->digits_play = 0;
  entry->digits.clear();
  entry->stream->cancel_events();
}

// ------------------------------------------------------------------------------------------------------------- figures

StreamStatistics Core::statistics_of(const StreamEntry& entry) const {
  StreamStatistics told;
  told.leg = entry.leg;
  const auto number = [](auto value) { return static_cast<double>(value); };
  told.refusedSource = number(entry.foreign_elsewhere + entry.pair->foreign.value() - entry.foreign_before);
  if (entry.endpoint != nullptr) {
    told.refusedSource += number(entry.endpoint->counts().foreign.value());
    told.refusedSrtp = number(entry.endpoint->counts().unauthenticated.value());
  }
  if (entry.stream == nullptr) return told;
  const auto found = entry.stream->statistics();
  told.packetsSent = number(found.packets_sent);
  told.octetsSent = number(found.octets_sent);
  told.packetsReceived = number(found.packets_received);
  told.octetsReceived = number(found.octets_received);
  told.lost = number(found.lost);
  told.late = number(found.late);
  told.duplicated = number(found.duplicated);
  told.reordered = number(found.reordered);
  told.restarts = number(found.restarts);
  told.overflowed = number(found.overflowed);
  told.refusedPayloadType = number(found.wrong_payload_type);
  told.malformed = number(found.malformed);
  told.jitterMs = found.jitter_ms;
  told.bufferMs = found.delay_ms;
  told.bufferTargetMs = found.target_delay_ms;
  told.concealedMs = number(found.concealed_ms);
  if (found.round_trip_ms >= 0) told.roundTripMs = found.round_trip_ms;
  if (found.reported) {
    told.remote = StreamRemoteView{number(found.remote_lost), found.remote_lost_share, found.remote_jitter_ms};
  }
  if (found.mos_received > 0) told.mosReceived = found.mos_received;
  if (found.mos_sent > 0) told.mosSent = found.mos_sent;
  return told;
}

Result<StreamStatistics> Core::handle(const StreamStatisticsGet& command) {
  const auto found = streams_.find(command.leg);
  if (found == streams_.end()) {
    return fail(ErrorCode::kNotFound, "there is no leg " + std::to_string(command.leg) + " with a stream");
  }
  return statistics_of(*found->second);
}

Result<StreamsStatistics> Core::handle(const StreamsStatisticsGet& command) {
  StreamsStatistics told;
  told.streams.reserve(command.legs.size());
  for (const auto leg : command.legs) {
    const auto found = streams_.find(leg);
    if (found != streams_.end()) told.streams.push_back(statistics_of(*found->second));
  }
  return told;
}

void Core::StreamTotals::add(const StreamStatistics& stream) {
  lost += stream.lost;
  late += stream.late;
  duplicated += stream.duplicated;
  overflowed += stream.overflowed;
  refused_payload_type += stream.refusedPayloadType;
  refused_srtp += stream.refusedSrtp;
  malformed += stream.malformed;
  concealed_ms += stream.concealedMs;
}

void Core::count_streams(Snapshot& snapshot) const {
  if (stream_io_ == nullptr) return;
  auto totals = ended_streams_;
  for (const auto& [leg, entry] : streams_) totals.add(statistics_of(*entry));
  using Io = rtp::IoCounts;
  const auto sum = [&](Count Io::*count) { return static_cast<double>(stream_io_->sum(count)); };
  const Counter counters[] = {
      {"streams_opened", "RTP streams opened", static_cast<double>(streams_opened_.value())},
      {"streams_latched", "RTP streams found behind a NAT", static_cast<double>(streams_latched_.value())},
      {"stream_timeouts", "RTP streams that went silent", static_cast<double>(stream_timeouts_.value())},
      {"rtp_packets_received", "Datagrams received on RTP ports", sum(&Io::packets_received)},
      {"rtp_packets_sent", "RTP packets sent", sum(&Io::packets_sent)},
      {"rtcp_packets_received", "Datagrams received on RTCP ports", sum(&Io::control_received)},
      {"rtcp_packets_sent", "RTCP packets sent", sum(&Io::control_sent)},
      {"rtp_refused_source", "Datagrams from an address that no stream expects", sum(&Io::foreign)},
      {"rtp_refused_too_long", "Datagrams longer than an Ethernet frame's", sum(&Io::too_long)},
      {"rtp_refused_payload_type", "RTP packets of a type that was not agreed upon", totals.refused_payload_type},
      {"rtp_refused_srtp", "Packets that were not SRTP, wrong or replayed", totals.refused_srtp},
      {"rtp_malformed", "Packets that are no RTP", totals.malformed},
      {"rtp_lost", "RTP packets that never came", totals.lost},
      {"rtp_late", "RTP packets that came after their time", totals.late},
      {"rtp_duplicated", "RTP packets that came twice", totals.duplicated},
      {"rtp_overflowed", "RTP packets that came faster than they could be played", totals.overflowed},
      {"rtp_concealed_ms", "Spoken in place of what was lost or late, ms", totals.concealed_ms},
      {"rtp_system_drops", "Datagrams that the system dropped because nobody read them in time", sum(&Io::overflowed)},
      {"rtp_receive_errors", "Errors of the system on reading", sum(&Io::receive_errors)},
      {"rtp_send_blocked", "Packets not sent because the send buffer was full", sum(&Io::send_blocked)},
      {"rtp_send_unreachable", "Packets not sent because the peer cannot be reached", sum(&Io::send_unreachable)},
      {"rtp_send_refused", "Packets that the system refused to send", sum(&Io::send_refused)},
  };
  snapshot.counters.insert(snapshot.counters.end(), std::begin(counters), std::end(counters));
  if (door_ != nullptr) count_door(snapshot);
}

void Core::count_door(Snapshot& snapshot) const {
  const auto& counts = door_->counts();
  const auto number = [](const Count& count) { return static_cast<double>(count.value()); };
  const Counter counters[] = {
      {"webrtc_checks", "Checks of ICE by browsers that were valid", number(counts.checks)},
      {"webrtc_refused_stun", "STUN that is malformed, signed wrongly or for nobody", number(counts.stun_refused)},
      {"webrtc_handshakes", "Handshakes of DTLS that were completed", number(door_->worker().handshakes())},
      {"webrtc_failed_handshakes", "Handshakes of DTLS that failed", number(door_->worker().refused())},
      {"webrtc_refused_dtls", "DTLS from addresses that have passed no check, or more than is needed",
       number(counts.dtls_refused)},
      {"webrtc_refused_other", "Other datagrams from addresses that are nobody's", number(counts.other)},
      {"webrtc_consent_lost", "Browsers that have not said for too long that they want to hear us", number(counts.lost)},
  };
  snapshot.counters.insert(snapshot.counters.end(), std::begin(counters), std::end(counters));
}

void Core::show_streams(Snapshot& snapshot) const {
  for (const auto& [leg, entry] : streams_) {
    auto& shown = snapshot.streams.emplace_back();
    shown.leg = leg;
    shown.port = entry->port;
    shown.rtpPort = entry->pair->port;
    shown.latched = entry->latched;
    if (const auto& remote = entry->webrtc ? entry->reached : entry->claim.remote; remote.known()) {
      shown.remoteAddress = remote.host_text();
      shown.remotePort = remote.port;
    }
    if (!entry->update) continue;
    shown.srtp = entry->update->srtp.has_value() || entry->webrtc;
    shown.codec = entry->update->codec.name;
    shown.direction = entry->update->direction;
  }
}

std::string Core::dump_streams() const {
  if (!pool_) return {};
  std::string text;
  std::array<char, 512> line;
  const auto print = [&](const char* format, auto... values) {
    std::snprintf(line.data(), line.size(), format, values...);
    text += line.data();
    text += '\n';
  };
  print("streams: %zu of %u, %zu leaving; %zu socket pairs on %s, %u streams each, buffers of %u octets; %u I/O threads",
        streams_.size(), config_.streams.count, leaving_streams_.size(), pool_->pairs(),
        config_.streams.address.c_str(), pool_->streams_of_pair(), pool_->buffer_given(), stream_io_->threads());
  for (const auto& [leg, entry] : streams_) {
    const auto figures = statistics_of(*entry);
    const auto codec = entry->update ? std::string(name_of(entry->update->codec.name)) : "nothing agreed";
    print("stream of leg %u: port %u, UDP %u, %s%s%s, %s; sent %.0f, received %.0f, lost %.0f, late %.0f, from elsewhere "
          "%.0f; jitter %.1f ms, buffer %.0f of %.0f ms",
          leg, entry->port, static_cast<unsigned>(entry->pair->port), entry->claim.remote.text().c_str(),
          entry->latched ? " latched" : "", entry->claim.waits ? " waiting" : "", codec.c_str(), figures.packetsSent,
          figures.packetsReceived, figures.lost, figures.late, figures.refusedSource, figures.jitterMs,
          figures.bufferMs, figures.bufferTargetMs);
  }
  return text;
}

}  // namespace cordboard::engine
