// SPDX-License-Identifier: GPL-2.0-or-later
// What hangs on a port: connections, playbacks, detectors, recordings. Each has an entry here and an object with the
// media thread; an entry lives until the media thread has given its object back.
#include "dsp/tone_clip.hpp"
#include "engine/core.hpp"
#include "media/wav_file.hpp"

namespace cordboard::engine {

namespace {

constexpr std::size_t kMostPlaysOfAPort = 32;  // queued behind one another

Error no_such(const char* what, uint32_t id) {
  return fail(ErrorCode::kNotFound, "there is no " + std::string(what) + " " + std::to_string(id));
}

Error idle_port(const std::string& name) { return fail(ErrorCode::kWrongState, name + " carries no call"); }

}  // namespace

Result<> Core::check_port(bus::Port port) const {
  if (port >= ports_.size()) return fail(ErrorCode::kNotFound, "there is no port " + std::to_string(port));
  if (ports_[port].leg == 0 && !ports_[port].announcer) return idle_port(port_name(port));
  return Empty{};
}

void Core::clear_port(bus::Port port) {
  stop_plays(port, PlayEnd::kReleased);
  leave_conference(port);
  disconnect(port);
  if (ports_[port].detector) watch_digits(port, false);
  unwatch_all(port);
  if (ports_[port].conditioned) condition(port, 0, 0, false);
  if (ports_[port].fax != 0) stop_fax(ports_[port].fax);
  lose_probe(port);
  const auto recordings = ports_[port].recordings;
  for (const auto id : recordings) finish_recording(id, RecordingEnd::kReleased);
}

// ------------------------------------------------------------------------------------------------------- connections

void Core::set_source(bus::Port listener, bus::Port source) {
  if (ports_[listener].source == source) return;
  ports_[listener].source = source;
  post({.kind = media::OperationKind::kSource, .port = listener, .value = source});
}

void Core::disconnect(bus::Port port) {
  set_source(port, bus::kNoPort);
  for (bus::Port other = 0; other < ports_.size(); ++other) {
    if (ports_[other].source == port) set_source(other, bus::kNoPort);
  }
}

Result<> Core::handle(const BusConnect& command) {
  for (const auto port : {command.a, command.b}) {
    if (auto good = check_port(port); !good) return good;
  }
  if (command.a == command.b) return fail(ErrorCode::kInvalid, "a port cannot be connected to itself");
  for (const auto& [port, partner] : {std::pair{command.a, command.b}, std::pair{command.b, command.a}}) {
    leave_conference(port);
    // Whoever was connected with it is not left listening to a conversation that is not his.
    const auto before = ports_[port].source;
    if (before != bus::kNoPort && before != partner && ports_[before].source == port) set_source(before, bus::kNoPort);
  }
  set_source(command.a, command.b);
  set_source(command.b, command.a);
  return Empty{};
}

Result<> Core::handle(const BusListen& command) {
  for (const auto port : {command.listener, command.source}) {
    if (auto good = check_port(port); !good) return good;
  }
  if (command.listener == command.source) return fail(ErrorCode::kInvalid, "a port cannot listen to itself");
  leave_conference(command.listener);
  set_source(command.listener, command.source);
  return Empty{};
}

Result<> Core::handle(const BusDisconnect& command) {
  if (auto good = check_port(command.port); !good) return good;
  disconnect(command.port);
  return Empty{};
}

// --------------------------------------------------------------------------------------------------------- playbacks

uint32_t Core::begin_play(bus::Port port, std::vector<media::ClipRef> clips, const PlayOptions& options) {
  const auto id = next_play_++;
  auto* playback = new media::Playback();  // freed when the media thread gives it back (take_report)
  playback->id = id;
  playback->port = port;
  playback->clips = std::move(clips);
  playback->loop = options.loop;
  playback->loop_item = options.loop_item;
  if (options.start_ms > 0) playback->seek(uint64_t{options.start_ms} * 8);
  if (!options.enqueue) stop_plays(port, PlayEnd::kReplaced);
  plays_[id] = {playback, port, options.house, {}};
  ports_[port].plays.insert(id);
  post({.kind = media::OperationKind::kPlay, .playback = playback});
  return id;
}

void Core::stop_plays(bus::Port port, PlayEnd why) {
  const auto plays = std::exchange(ports_[port].plays, {});
  for (const auto id : plays) {
    auto& entry = plays_.at(id);
    entry.why = why;
    forget_digits(port, id);
    post({.kind = media::OperationKind::kStopPlay, .port = port, .value = id});
    if (!entry.house) event(PlayEnded{id, port, why, entry.playback->played_ms()});
  }
  house_tones_.erase(port);
}

void Core::house_tone(bus::Port port, const std::string& tone) {
  const auto found = tones_.find(tone);
  if (found == tones_.end()) return;
  const auto& [clips, loop, loop_item] = found->second;
  house_tones_[port] = begin_play(port, clips, {.loop = loop, .loop_item = loop_item, .house = true});
}

void Core::house_clip(bus::Port port, std::vector<uint8_t> octets) {
  if (octets.empty()) return;
  auto clip = std::make_shared<const media::Clip>(media::Clip{std::move(octets)});
  house_tones_[port] = begin_play(port, {std::move(clip)}, {.house = true});
}

void Core::stop_house_tone(bus::Port port) {
  const auto found = house_tones_.find(port);
  if (found == house_tones_.end()) return;
  const auto id = found->second;
  house_tones_.erase(found);
  if (ports_[port].plays.erase(id) == 0) return;  // a clip that has come to its end
  plays_.at(id).why = PlayEnd::kStopped;
  post({.kind = media::OperationKind::kStopPlay, .port = port, .value = id});
}

void Core::handle_later(const PlayStart& command, uint64_t id) {
  if (auto good = check_port(command.port); !good) {
    outbox_.reply(id, good.error());
    return;
  }
  const auto leg = ports_[command.port].leg;
  clips_->request(command.files, [this, id, leg, command](Result<std::vector<media::ClipRef>> clips) {
    later([this, id, leg, command, clips = std::move(clips)]() mutable {
      if (!clips) {
        outbox_.reply(id, clips.error());
        return;
      }
      if (ports_[command.port].leg != leg) {
        outbox_.reply(id, idle_port(port_name(command.port)));  // hung up while the file was being read
        return;
      }
      if (command.enqueue && ports_[command.port].plays.size() >= kMostPlaysOfAPort) {
        outbox_.reply(id, fail(ErrorCode::kBusy, port_name(command.port) + " has too much queued to play already"));
        return;
      }
      uint32_t duration_ms = 0;
      for (const auto& clip : *clips) duration_ms += clip->duration_ms();
      const auto mark = outbox_.mark();
      const auto play = begin_play(command.port, std::move(*clips), {.loop = command.loop, .enqueue = command.enqueue, .start_ms = command.startMs});
      outbox_.reply(id, PlayStarted{play, duration_ms}, mark);
    });
  });
}

Result<> Core::handle(const PlayStop& command) {
  const auto found = plays_.find(command.play);
  if (found == plays_.end() || found->second.why || found->second.house) return no_such("playback", command.play);
  auto& entry = found->second;
  entry.why = PlayEnd::kStopped;
  ports_[entry.port].plays.erase(command.play);
  forget_digits(entry.port, command.play);
  post({.kind = media::OperationKind::kStopPlay, .port = entry.port, .value = command.play});
  event(PlayEnded{command.play, entry.port, PlayEnd::kStopped, entry.playback->played_ms()});
  return Empty{};
}

Result<PlayPositionReply> Core::handle(const PlayPosition& command) {
  const auto found = plays_.find(command.play);
  if (found == plays_.end() || found->second.why) return no_such("playback", command.play);
  const auto& playback = *found->second.playback;
  return PlayPositionReply{playback.played_ms(), playback.playing_item.load(std::memory_order_relaxed)};
}

Error Core::no_tone(const std::string& name) const {
  std::string known;
  for (const auto& [tone, clips] : tones_) known += (known.empty() ? "" : ", ") + tone;
  return fail(ErrorCode::kNotFound, "country " + config_.country.code + " has no tone " + name + "; it has " + known);
}

Result<PlayStarted> Core::handle(const ToneStart& command) {
  if (auto good = check_port(command.port); !good) return good.error();
  const auto found = tones_.find(command.tone);
  if (found == tones_.end()) return no_tone(command.tone);
  const auto& [clips, loop, loop_item] = found->second;
  uint32_t duration_ms = 0;
  for (const auto& clip : clips) duration_ms += clip->duration_ms();
  return PlayStarted{begin_play(command.port, clips, {.loop = loop, .loop_item = loop_item}), duration_ms};
}

Result<PlayStarted> Core::handle(const DigitsSend& command) {
  if (auto good = check_port(command.port); !good) return good.error();
  auto clip = std::make_shared<media::Clip>();
  clip->alaw = dsp::render_digits(command.digits, command.onMs, command.offMs, command.levelDbm0);
  if (clip->alaw.empty()) {
    return fail(ErrorCode::kInvalid, "digits may be 0-9, *, #, A-D and the comma for a pause, not " + command.digits);
  }
  const auto duration_ms = clip->duration_ms();
  // As events they need nothing to be heard meanwhile.
  const auto* stream = stream_of(command.port);
  const bool events = stream != nullptr && stream->stream != nullptr && stream->stream->sends_events();
  if (events) std::fill(clip->alaw.begin(), clip->alaw.end(), dsp::kAlawSilence);
  const auto play = begin_play(command.port, {std::move(clip)}, {});
  if (events) send_digit_events(*stream_of(command.port), play, command);
  return PlayStarted{play, duration_ms};
}

// --------------------------------------------------------------------------------------------------------- detectors

void Core::watch_digits(bus::Port port, bool on) {
  if (ports_[port].detector == on) return;
  ports_[port].detector = on;
  post({.kind = on ? media::OperationKind::kDigitsOn : media::OperationKind::kDigitsOff, .port = port});
}

// -------------------------------------------------------------------------------------------------------- recordings

void Core::handle_later(const RecordingStart& command, uint64_t id) {
  if (auto good = check_port(command.port); !good) {
    outbox_.reply(id, good.error());
    return;
  }
  if (!writer_) {
    outbox_.reply(id, fail(ErrorCode::kIo, "nothing can be recorded: " + no_recording_));
    return;
  }
  const auto number = next_recording_++;
  auto& entry = recordings_[number];
  entry.recording = std::make_unique<media::Recording>();
  entry.recording->id = number;
  entry.recording->port = command.port;
  entry.recording->path = command.path;
  entry.recording->feed = media_->shard_of(command.port);
  entry.open_id = id;
  ports_[command.port].recordings.insert(number);
  writer_->open(entry.recording.get(), [this, number](Result<> opened) {
    later([this, number, opened = std::move(opened)] {
      auto& made = recordings_.at(number);
      const auto reply_to = std::exchange(made.open_id, 0);
      const auto port = made.recording->port;
      if (!opened) {
        outbox_.reply(reply_to, opened.error());
        ports_[port].recordings.erase(number);
        recordings_.erase(number);
        return;
      }
      outbox_.reply(reply_to, RecordingStarted{number});
      if (made.leaving) {  // hung up while the file was being made
        writer_->finish(made.recording.get(),
                        [this, number](media::Recording*) { later([this, number] { recording_finished(number); }); });
        return;
      }
      made.attached = true;
      post({.kind = media::OperationKind::kRecordOn, .recording = made.recording.get()});
    });
  });
}

void Core::finish_recording(uint32_t id, RecordingEnd why) {
  const auto found = recordings_.find(id);
  if (found == recordings_.end() || found->second.leaving) return;
  auto& entry = found->second;
  entry.leaving = true;
  entry.why = why;
  ports_[entry.recording->port].recordings.erase(id);
  if (entry.attached) post({.kind = media::OperationKind::kRecordOff, .recording = entry.recording.get()});
}

void Core::handle_later(const RecordingStop& command, uint64_t id) {
  const auto found = recordings_.find(command.recording);
  if (found == recordings_.end() || found->second.stop_id != 0) {
    outbox_.reply(id, no_such("recording", command.recording));
    return;
  }
  found->second.stop_id = id;
  finish_recording(command.recording, RecordingEnd::kStopped);
}

void Core::recording_finished(uint32_t id) {
  const auto found = recordings_.find(id);
  if (found == recordings_.end()) return;
  const auto& entry = found->second;
  const auto& recording = *entry.recording;
  const double bytes = static_cast<double>(media::kWavHeaderBytes + recording.data_bytes);
  const double lost_ms = static_cast<double>(recording.lost_blocks.load()) * 20;
  if (entry.stop_id != 0) {
    if (recording.failed) {
      outbox_.reply(entry.stop_id, fail(ErrorCode::kIo, recording.failure));
    } else {
      outbox_.reply(entry.stop_id, RecordingResult{id, recording.duration_ms(), bytes, lost_ms});
    }
  } else {
    event(RecordingEnded{id, recording.port, recording.failed ? RecordingEnd::kFailed : entry.why, recording.failure,
                         recording.duration_ms(), bytes, lost_ms});
  }
  recordings_.erase(found);
}

// ----------------------------------------------------------------------------------------------------------- reports

void Core::take_reports() {
  media::Report report;
  while (media_->take(report)) take_report(report);
}

void Core::take_report(const media::Report& report) {
  switch (report.kind) {
    case media::ReportKind::kPlayFinished:
    case media::ReportKind::kPlayStopped: {
      const std::unique_ptr<media::Playback> playback(report.playback);
      const auto found = plays_.find(playback->id);
      if (found == plays_.end()) break;
      if (!found->second.why) {
        ports_[playback->port].plays.erase(playback->id);
        if (!found->second.house) {
          event(PlayEnded{playback->id, playback->port, PlayEnd::kFinished, playback->played_ms()});
        }
      }
      plays_.erase(found);
      break;
    }
    case media::ReportKind::kDigit: {
      const auto& port = ports_[report.port];
      if (port.leg != 0 && port.detector && port.analog != 0) {
        if (auto* station = dynamic_cast<StationUnit*>(analogs_.at(port.analog).get())) station->digit();
      }
      tell_digit(report.port, static_cast<char>(report.value), DigitSource::kTone);
      break;
    }
    case media::ReportKind::kPlanFreed:
      delete report.plan;
      break;
    case media::ReportKind::kSpeaker:
      speaker_changed(report.value, report.port);
      break;
    case media::ReportKind::kWatcherNoted:
      watcher_noted(*report.watcher);
      break;
    case media::ReportKind::kWatcherFreed:
      delete report.watcher;
      break;
    case media::ReportKind::kFaxDetached:
      fax_detached(report.fax);
      break;
    case media::ReportKind::kStreamNoted:
      stream_noted(report.port, report.stream);
      break;
    case media::ReportKind::kStreamDetached:
      stream_detached(report.stream);
      break;
    case media::ReportKind::kProbeNoted:
      probe_noted(report.probe);
      break;
    case media::ReportKind::kProbeDetached:
      probe_detached(report.probe);
      break;
    case media::ReportKind::kConditionerFreed:
      delete report.conditioner;
      break;
    case media::ReportKind::kRecordingDetached:
      writer_->finish(report.recording, [this, id = report.recording->id](media::Recording*) {
        later([this, id] { recording_finished(id); });
      });
      break;
  }
}

}  // namespace cordboard::engine
