// SPDX-License-Identifier: GPL-2.0-or-later
// Boards behind the DAHDI driver: what there is, and what the engine counts of them.
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

ChannelUse use_of(cards::DriverSignalling signalling) {
  switch (signalling) {
    case cards::DriverSignalling::kClear:
      return ChannelUse::kSpeech;
    case cards::DriverSignalling::kHdlc:
      return ChannelUse::kFrames;
    case cards::DriverSignalling::kCas:
      return ChannelUse::kCas;
    case cards::DriverSignalling::kStation:
      return ChannelUse::kStation;
    case cards::DriverSignalling::kLine:
      return ChannelUse::kLine;
    case cards::DriverSignalling::kOther:
      return ChannelUse::kOther;
    case cards::DriverSignalling::kNone:
      break;
  }
  return ChannelUse::kNone;
}

}  // namespace

Result<Boards> Core::handle(const BoardsGet&) {
  // Nothing is configured on boards yet: they are looked for all the same.
  if (!boards_) boards_ = std::make_unique<cards::DahdiCard>(cards::open_kernel_driver);
  auto found = boards_->boards();
  if (!found) return found.error();
  Boards boards;
  boards.driver = boards_->version();
  for (auto& span : *found) {
    auto& shown = boards.spans.emplace_back();
    shown.device = span.span;
    for (const auto& config : config_.spans) {
      if (config.card == CardKind::kDahdi && config.device == span.span) shown.span = config.span;
    }
    shown.name = std::move(span.name);
    shown.description = std::move(span.description);
    shown.type = std::move(span.type);
    shown.manufacturer = std::move(span.manufacturer);
    shown.board = std::move(span.device);
    shown.location = std::move(span.location);
    shown.alarms = alarm_kinds(span.state.alarms);
    shown.clockDevice = span.state.clock_span;
    shown.codingViolations = span.state.coding_violations;
    shown.crc4Errors = span.state.crc4_errors;
    shown.eBits = span.state.e_bits;
    shown.framingErrors = span.state.framing_errors;
    shown.erroredSeconds = span.state.errored_seconds;
    shown.missedInterrupts = span.state.missed_interrupts;
    for (const auto& channel : span.channels) {
      shown.channels.push_back({channel.channel, channel.position, use_of(channel.signalling)});
    }
  }
  return boards;
}

void Core::count_boards(Snapshot& snapshot) const {
  if (!boards_) return;
  const auto& counts = boards_->counts();
  const auto count = [&snapshot](const char* name, const char* doc, const Count& counted) {
    snapshot.counters.push_back({name, doc, static_cast<double>(counted.value())});
  };
  count("board_slips", "Blocks of 20 ms that a board gave too many or too few, all channels", counts.speech.slips);
  count("board_restarts", "Channels of boards begun anew after the tick stood still for too long", counts.speech.restarts);
  count("board_events", "Events of speech channels", counts.speech.events);
  count("board_events_lost", "Events that the signalling thread took too late", counts.lost_events);
  count("board_frames_bad", "Frames of D-channels that were aborted, too long or had a wrong FCS", counts.bad_frames);
  count("board_frames_lost", "Frames that a D-channel did not take", counts.lost_frames);
  count("board_removals", "Spans and analog ports of boards that were there and went", counts.removals);
  count("board_refused", "Echo cancellers and gains that the driver does not have", counts.refused);
}

cards::HdlcPort* Core::hdlc(uint32_t span) {
  auto* port = card_.hdlc(span);
  return port != nullptr || !boards_ ? port : boards_->hdlc(span);
}

cards::CasPort* Core::cas(uint32_t span) {
  auto* port = card_.cas(span);
  return port != nullptr || !boards_ ? port : boards_->cas(span);
}

cards::AlarmPort* Core::alarm(uint32_t span) {
  auto* port = card_.alarm(span);
  return port != nullptr || !boards_ ? port : boards_->alarm(span);
}

cards::StationPort* Core::station(uint32_t analog) {
  auto* port = card_.station(analog);
  return port != nullptr || !boards_ ? port : boards_->station(analog);
}

cards::LinePort* Core::line(uint32_t analog) {
  auto* port = card_.line(analog);
  return port != nullptr || !boards_ ? port : boards_->line(analog);
}

Result<> Core::need_boards() {
  if (boards_) return Empty{};
  if (config_.boards.ahead >= config_.boards.buffers) {
    return fail(ErrorCode::kInvalid, "boards must keep fewer buffers full than they have");
  }
  boards_ = std::make_unique<cards::DahdiCard>(
      cards::open_kernel_driver, cards::ChannelBuffers{config_.boards.buffers, config_.boards.ahead});
  return Empty{};
}

}  // namespace cordboard::engine
