// SPDX-License-Identifier: GPL-2.0-or-later
// Detectors and conditioners on ports: which are wanted, and what they have found.
#include "dsp/mf_r2.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

const char* name_of_sit(dsp::SitKind kind) {
  switch (kind) {
    case dsp::SitKind::kNoCircuit:
      return "no_circuit";
    case dsp::SitKind::kIntercept:
      return "intercept";
    case dsp::SitKind::kVacantCode:
      return "vacant_code";
    case dsp::SitKind::kReorder:
      return "reorder";
    case dsp::SitKind::kGeneral:
      break;
  }
  return "general";
}

/// Tones that an exchange gives when the other party has gone, on lines that have no other way to say so.
bool means_release(const std::string& tone) { return tone == "busy" || tone == "congestion" || tone == "unobtainable"; }

dsp::AnswerSettings settings_of(const AnswerTuning& tuning) {
  dsp::AnswerSettings settings;
  settings.silence_dbm0 = static_cast<float>(tuning.silenceDbm0);
  settings.initial_silence_max_ms = tuning.initialSilenceMaxMs;
  settings.greeting_max_ms = tuning.greetingMaxMs;
  settings.after_greeting_silence_ms = tuning.afterGreetingSilenceMs;
  settings.between_words_ms = tuning.betweenWordsMs;
  settings.min_word_ms = tuning.minWordMs;
  settings.max_words = tuning.maxWords;
  settings.total_ms = tuning.totalMs;
  return settings;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------- watchers

void Core::watch(bus::Port port, EngineWatcher* watcher) {
  watcher->port = port;
  ports_[port].watchers[watcher->kind()] = watcher;
  post({.kind = media::OperationKind::kWatchOn, .port = port, .watcher = watcher});
}

void Core::unwatch(bus::Port port, WatchKind kind) {
  auto& watchers = ports_[port].watchers;
  const auto found = watchers.find(kind);
  if (found == watchers.end()) return;
  found->second->dismissed = true;
  post({.kind = media::OperationKind::kWatchOff, .port = port, .watcher = found->second});
  watchers.erase(found);
}

void Core::unwatch_all(bus::Port port) {
  // Register signals go on where no leg is, and when one begins or is released.
  auto& watchers = ports_[port].watchers;
  while (!watchers.empty() && watchers.begin()->first < WatchKind::kRegisterForward) {
    unwatch(port, watchers.begin()->first);
  }
  ports_[port].release_on_busy = false;
  ports_[port].tones_wanted = false;
  ports_[port].line_tones = false;
}

void Core::listen_for_tones(bus::Port port, bool on) {
  auto& state = ports_[port];
  state.line_tones = on;
  if (on && !state.watchers.contains(WatchKind::kTones)) {
    watch(port, new ToneWatcher(WatchKind::kTones, *call_progress_));
  } else if (!on && !state.tones_wanted && !state.release_on_busy) {
    unwatch(port, WatchKind::kTones);
  }
}

void Core::release_on_busy(bus::Port port) {
  ports_[port].release_on_busy = true;
  if (!ports_[port].watchers.contains(WatchKind::kTones)) {
    watch(port, new ToneWatcher(WatchKind::kTones, *call_progress_));
  }
}

void Core::watch_caller_id(bus::Port port, const dsp::CallerIdReceiverSettings& settings) {
  unwatch(port, WatchKind::kCallerId);
  watch(port, new CallerIdWatcher(settings));
}

Result<> Core::handle(const DetectorSet& command) {
  if (auto good = check_port(command.port); !good) return good;
  const auto port = command.port;
  auto& state = ports_[port];
  watch_digits(port, command.dtmf);
  const auto set = [&](WatchKind kind, bool on, auto&& make) {
    if (!on) unwatch(port, kind);
    if (on && !state.watchers.contains(kind)) watch(port, make());
  };
  state.tones_wanted = command.tones;
  set(WatchKind::kTones, command.tones || state.release_on_busy || state.line_tones,
      [&] { return new ToneWatcher(WatchKind::kTones, *call_progress_); });
  set(WatchKind::kFaxTones, command.faxTones, [&] { return new FaxToneWatcher(WatchKind::kFaxTones, fax_tones_); });
  set(WatchKind::kVoice, command.voice, [] { return new VoiceWatcher(); });
  set(WatchKind::kLevel, command.level, [] { return new LevelWatcher(); });
  // One that is asked for again begins anew.
  unwatch(port, WatchKind::kAnswer);
  if (command.answer) watch(port, new AnswerWatcher(settings_of(*command.answer)));
  set(WatchKind::kR2Forward, command.r2 == R2Direction::kForward,
      [&] { return new R2Watcher(WatchKind::kR2Forward, r2_forward_); });
  set(WatchKind::kR2Backward, command.r2 == R2Direction::kBackward,
      [&] { return new R2Watcher(WatchKind::kR2Backward, r2_backward_); });
  return Empty{};
}

void Core::tone_noted(bus::Port port, const dsp::CallProgressEvent& note) {
  const auto leg = ports_[port].leg;
  const bool sit = note.tone == call_progress_->sit();
  const auto& name = call_progress_->name(note.tone);
  if (ports_[port].tones_wanted) {
    event(ToneDetected{port, leg, name, note.begin, note.on_ms, note.off_ms, static_cast<double>(note.level_dbm0),
                       sit ? name_of_sit(note.sit) : ""});
  }
  if (ports_[port].line_tones && ports_[port].analog != 0) analogs_.at(ports_[port].analog)->tone(name, note.begin);
  if (!note.begin || !ports_[port].release_on_busy || !means_release(name)) return;
  log("info",
      "busy tone: the other party has gone (" + name + ", " + std::to_string(note.on_ms) + " ms on, " +
          std::to_string(note.off_ms) + " ms off)",
      0, 0, leg);
  if (ports_[port].analog != 0) analogs_.at(ports_[port].analog)->tone_ended();
}

void Core::answer_noted(bus::Port port, const dsp::AnswerEvent& note) {
  const auto leg = ports_[port].leg;
  if (note.type == dsp::AnswerEvent::Type::beep) {
    event(AnswerBeep{port, leg, note.at_ms});
    return;
  }
  AnswerClassified told{
      port, leg, static_cast<AnswerVerdict>(note.kind), dsp::name_of(note.cause), note.confidence, note.at_ms, {}};
  for (std::size_t i = 0; i < note.reason_count; ++i) {
    told.figures.push_back({dsp::name_of(note.reasons[i].figure), static_cast<double>(note.reasons[i].value)});
  }
  event(std::move(told));
}

void Core::watcher_noted(media::Watcher& noted) {
  auto& watcher = static_cast<EngineWatcher&>(noted);
  if (watcher.dismissed) return;
  const auto port = watcher.port;
  const auto leg = ports_[port].leg;
  const auto each = [&]<class Note>(NotingWatcher<Note>& from, auto&& tell) {
    Note note;
    while (!watcher.dismissed && from.take(note)) tell(note);
  };
  switch (watcher.kind()) {
    case WatchKind::kTones:
      each(static_cast<ToneWatcher&>(watcher), [&](const auto& note) { tone_noted(port, note); });
      break;
    case WatchKind::kFaxTones:
      each(static_cast<FaxToneWatcher&>(watcher), [&](const dsp::FaxToneEvent& note) {
        event(FaxToneDetected{port, leg, static_cast<FaxToneKind>(note.tone), note.begin, note.reversals,
                              note.modulated, static_cast<double>(note.level_dbm0)});
      });
      break;
    case WatchKind::kVoice:
      each(static_cast<VoiceWatcher&>(watcher), [&](const dsp::Activity& note) {
        event(VoiceChanged{port, leg, note.speaking, note.level_dbm0, note.floor_dbm0});
      });
      break;
    case WatchKind::kAnswer:
      each(static_cast<AnswerWatcher&>(watcher), [&](const dsp::AnswerEvent& note) { answer_noted(port, note); });
      break;
    case WatchKind::kR2Forward:
    case WatchKind::kR2Backward:
      each(static_cast<R2Watcher&>(watcher), [&](const dsp::MfR2Event& note) {
        const auto direction = watcher.kind() == WatchKind::kR2Forward ? R2Direction::kForward : R2Direction::kBackward;
        event(R2Signal{port, leg, direction, note.signal, note.begin});
      });
      break;
    case WatchKind::kRegisterForward:
    case WatchKind::kRegisterBackward:
      each(static_cast<R2Watcher&>(watcher), [&](const dsp::MfR2Event& note) {
        spans_.at(ports_[port].span)->register_signal(ports_[port].timeslot, note.signal, note.begin);
      });
      break;
    case WatchKind::kLevel:
      each(static_cast<LevelWatcher&>(watcher), [&](const dsp::LevelReading& note) {
        event(LevelMeasured{port, leg, note.level_dbm0, note.peak_dbm0, note.dc_offset,
                            static_cast<double>(note.clipped)});
      });
      break;
    case WatchKind::kCallerId:
      each(static_cast<CallerIdWatcher&>(watcher), [&](const dsp::CallerIdResult& note) {
        if (ports_[port].analog != 0) analogs_.at(ports_[port].analog)->caller_id(note);
      });
      break;
  }
}

// -------------------------------------------------------------------------------------------------------- conditioners

void Core::condition(bus::Port port, uint32_t echo_taps, uint32_t echo_delay_ms, bool automatic_gain) {
  const bool wanted = echo_taps != 0 || automatic_gain;
  if (!wanted && !ports_[port].conditioned) return;
  ports_[port].conditioned = wanted;
  media::Conditioner* conditioner = wanted ? new PortConditioner(echo_taps, echo_delay_ms, automatic_gain) : nullptr;
  post({.kind = media::OperationKind::kCondition, .port = port, .conditioner = conditioner});
}

Result<> Core::handle(const PortCondition& command) {
  if (auto good = check_port(command.port); !good) return good;
  if (ports_[command.port].announcer) return fail(ErrorCode::kInvalid, "an announcer has no line to be conditioned");
  condition(command.port, command.echoTaps, command.echoDelayMs, command.automaticGain);
  return Empty{};
}

// ------------------------------------------------------------------------------------------------------------------ R2

Result<PlayStarted> Core::handle(const R2Send& command) {
  if (auto good = check_port(command.port); !good) return good.error();
  const auto direction =
      command.direction == R2Direction::kForward ? dsp::MfR2Direction::kForward : dsp::MfR2Direction::kBackward;
  auto clip = std::make_shared<media::Clip>();
  clip->alaw = dsp::render_mf_r2(direction, static_cast<int>(command.signal));
  const auto duration_ms = clip->duration_ms();
  return PlayStarted{begin_play(command.port, {std::move(clip)}, {.loop = true}), duration_ms};
}

void Core::send_register_signal(bus::Port port, bool forward, uint8_t signal) {
  const media::SignalTone* tone = nullptr;
  if (signal != 0) {
    auto& made = register_signals_[{forward, signal}];
    if (made.empty()) {
      made = dsp::render_mf_r2(forward ? dsp::MfR2Direction::kForward : dsp::MfR2Direction::kBackward, signal);
    }
    if (!made.empty()) tone = &made;
  }
  post({.kind = media::OperationKind::kSignal, .port = port, .signal = tone});
}

void Core::watch_register_signals(bus::Port port, bool forward) {
  unwatch_register_signals(port);
  const auto kind = forward ? WatchKind::kRegisterForward : WatchKind::kRegisterBackward;
  watch(port, new R2Watcher(kind, forward ? r2_forward_ : r2_backward_));
}

void Core::unwatch_register_signals(bus::Port port) {
  unwatch(port, WatchKind::kRegisterForward);
  unwatch(port, WatchKind::kRegisterBackward);
}

}  // namespace cordboard::engine
