// SPDX-License-Identifier: GPL-2.0-or-later
// Detectors of dsp/ as watchers of the media tick: what they find is noted in a ring of their own, and the signalling
// thread fetches it when the tick has reported the watcher. Made and freed by the signalling thread.
#pragma once

#include <memory>

#include "dsp/answer_classifier.hpp"
#include "dsp/automatic_gain.hpp"
#include "dsp/call_progress.hpp"
#include "dsp/caller_id.hpp"
#include "dsp/echo_canceller.hpp"
#include "dsp/fax_tones.hpp"
#include "dsp/level_meter.hpp"
#include "dsp/mf_r2.hpp"
#include "dsp/voice_activity.hpp"
#include "media/watcher.hpp"

namespace cordboard::engine {

enum class WatchKind : uint8_t {
  kTones,
  kFaxTones,
  kVoice,
  kAnswer,
  kR2Forward,
  kR2Backward,
  kLevel,
  kCallerId,
  // Of the span's own signalling; the last, as unwatch_all() leaves them.
  kRegisterForward,
  kRegisterBackward,
  kCheckTone
};

class EngineWatcher : public media::Watcher {
 public:
  explicit EngineWatcher(WatchKind kind) : kind_(kind) {}
  WatchKind kind() const { return kind_; }

  /// Signalling thread: nobody wants to hear of it any more, while the media thread has not let go of it yet.
  bool dismissed{};

 private:
  const WatchKind kind_;
};

/// Notes of one type. When the signalling thread is so late that the ring is full, later notes are lost.
template <class Note>
class NotingWatcher : public EngineWatcher {
 public:
  using EngineWatcher::EngineWatcher;
  bool take(Note& note) { return notes_.pop(note); }

 protected:
  bool note(const Note& note) { return notes_.push(note); }

 private:
  SpscRing<Note> notes_{32};
};

/// A receiver that is shared by all channels, with the state of this one.
template <class Receiver, class State, class Event, std::size_t Most>
class SharedWatcher : public NotingWatcher<Event> {
 public:
  SharedWatcher(WatchKind kind, const Receiver& receiver) : NotingWatcher<Event>(kind), receiver_(receiver) {}
  bool listen(const int16_t* said) override {
    Event events[Most];
    const int count = receiver_.process(state_, said, events);
    for (int i = 0; i < count; ++i) this->note(events[i]);
    return count > 0;
  }

 private:
  const Receiver& receiver_;
  State state_{};
};

using ToneWatcher =
    SharedWatcher<dsp::CallProgress, dsp::CallProgressState, dsp::CallProgressEvent, dsp::kMaxCallProgressEvents>;
using FaxToneWatcher = SharedWatcher<dsp::FaxTones, dsp::FaxToneState, dsp::FaxToneEvent, dsp::kMaxFaxToneEvents>;

/// A signal sounds until it is answered: where a block is late it goes on behind the silence that the row is filled with, and
/// taken for the end of one and the beginning of another it would be answered twice.
class R2Watcher : public SharedWatcher<dsp::MfR2Receiver, dsp::MfR2State, dsp::MfR2Event, dsp::kMaxMfR2Events> {
 public:
  using SharedWatcher::SharedWatcher;
  bool listen(const int16_t* said) override {
    left_out_ = 0;
    return SharedWatcher::listen(said);
  }
  bool listen_to_nothing(const int16_t* silence) override {
    return ++left_out_ > kMostLeftOut && SharedWatcher::listen(silence);
  }

 private:
  static constexpr uint32_t kMostLeftOut = 10;  // 200 ms: as long as boards may keep what comes in
  uint32_t left_out_{};
};

class VoiceWatcher : public NotingWatcher<dsp::Activity> {
 public:
  VoiceWatcher() : NotingWatcher(WatchKind::kVoice) {}
  bool listen(const int16_t* said) override {
    const auto activity = voice_.process(said);
    return (activity.began || activity.ended) && note(activity);
  }

 private:
  dsp::VoiceActivity voice_;
};

class AnswerWatcher : public NotingWatcher<dsp::AnswerEvent> {
 public:
  explicit AnswerWatcher(const dsp::AnswerSettings& settings)
      : NotingWatcher(WatchKind::kAnswer), classifier_(settings) {}
  bool listen(const int16_t* said) override {
    dsp::AnswerEvent events[dsp::kMaxAnswerEvents];
    const int count = classifier_.process(said, events);
    for (int i = 0; i < count; ++i) note(events[i]);
    return count > 0;
  }

 private:
  dsp::AnswerClassifier classifier_;
};

/// Once a second.
class LevelWatcher : public NotingWatcher<dsp::LevelReading> {
 public:
  LevelWatcher() : NotingWatcher(WatchKind::kLevel) {}
  bool listen(const int16_t* said) override {
    meter_.process(said);
    return ++blocks_ % kEvery == 0 && note(meter_.reading());
  }

 private:
  static constexpr uint32_t kEvery = 50;
  dsp::LevelMeter meter_;
  uint32_t blocks_{};
};

class CallerIdWatcher : public NotingWatcher<dsp::CallerIdResult> {
 public:
  explicit CallerIdWatcher(const dsp::CallerIdReceiverSettings& settings)
      : NotingWatcher(WatchKind::kCallerId), receiver_(settings) {}
  bool listen(const int16_t* said) override {
    if (receiver_.finished()) return false;
    dsp::DtmfState* const states[4] = {&digits_, nullptr, nullptr, nullptr};
    const int16_t* const blocks[4] = {said, nullptr, nullptr, nullptr};
    dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
    const int count = dsp::dtmf_process4(states, blocks, events);
    const auto* result = receiver_.process(said, {events, static_cast<std::size_t>(count)});
    return result != nullptr && note(*result);
  }

 private:
  dsp::CallerIdReceiver receiver_;
  dsp::DtmfState digits_{};
};

/// Echo canceller first, then gain: what the gain does would look to the canceller like a path that changes.
class PortConditioner : public media::Conditioner {
 public:
  PortConditioner(uint32_t echo_taps, uint32_t echo_delay_ms, bool automatic_gain) : automatic_gain_(automatic_gain) {
    if (echo_taps == 0) return;
    dsp::EchoCancellerSettings settings;
    settings.taps = echo_taps;
    settings.bulk_delay_samples = echo_delay_ms * 8;
    echo_ = std::make_unique<dsp::EchoCanceller>(settings);
  }
  void condition(int16_t* said, const uint8_t* reference) override {
    if (echo_) {
      alignas(64) int16_t sent[bus::kBlock];
      dsp::kernels().alaw_decode(reference, sent, bus::kBlock);
      echo_->process(sent, said);
    }
    if (automatic_gain_) gain_.process(said, voice_.process(said));
  }

 private:
  std::unique_ptr<dsp::EchoCanceller> echo_;
  const bool automatic_gain_;
  dsp::VoiceActivity voice_;
  dsp::AutomaticGain gain_;
};

}  // namespace cordboard::engine
