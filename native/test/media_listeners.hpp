// SPDX-License-Identifier: GPL-2.0-or-later
// The engine's own detectors and conditioners, each hung on a port as the tick knows them.
#pragma once

#include <memory>

#include "dsp/alert_tone.hpp"
#include "dsp/answer_classifier.hpp"
#include "dsp/automatic_gain.hpp"
#include "dsp/caller_id.hpp"
#include "dsp/comfort_noise.hpp"
#include "dsp/echo_canceller.hpp"
#include "dsp/fsk.hpp"
#include "dsp/level_meter.hpp"
#include "dsp/loss_concealment.hpp"
#include "dsp/stream_resampler.hpp"
#include "dsp/voice_activity.hpp"
#include "media/watcher.hpp"

namespace cordboard::media {

/// A watcher that runs `listen` on its own detector.
template <class Detector, class Listen>
class DetectorWatcher : public Watcher {
 public:
  DetectorWatcher(Detector detector, Listen listen) : detector_(std::move(detector)), listen_(std::move(listen)) {}
  bool listen(const int16_t* said) override { return listen_(detector_, said); }

 private:
  Detector detector_;
  Listen listen_;
};

template <class Detector, class Listen>
std::unique_ptr<Watcher> watcher_of(Detector detector, Listen listen) {
  return std::make_unique<DetectorWatcher<Detector, Listen>>(std::move(detector), std::move(listen));
}

constexpr uint32_t kWatcherKinds = 8;

inline std::unique_ptr<Watcher> make_watcher(uint32_t kind) {
  switch (kind) {
    case 0:
      return watcher_of(dsp::LevelMeter(), [](dsp::LevelMeter& meter, const int16_t* said) {
        meter.process(said);
        return meter.reading().clipped > 0;
      });
    case 1:
      return watcher_of(dsp::VoiceActivity(),
                        [](dsp::VoiceActivity& detector, const int16_t* said) { return detector.process(said).began; });
    case 2:
      return watcher_of(dsp::AnswerClassifier(), [](dsp::AnswerClassifier& detector, const int16_t* said) {
        dsp::AnswerEvent events[dsp::kMaxAnswerEvents];
        return detector.process(said, events) > 0;
      });
    case 3: {
      dsp::CallerIdReceiverSettings settings;
      settings.alert_tone = true;
      // Its digits come from a receiver of its own, as in a line that rings.
      struct Receiver {
        dsp::CallerIdReceiver caller_id;
        dsp::DtmfState digits;
      };
      return watcher_of(Receiver{dsp::CallerIdReceiver(settings), {}}, [](Receiver& receiver, const int16_t* said) {
        dsp::DtmfState* const states[4]{&receiver.digits, nullptr, nullptr, nullptr};
        const int16_t* const blocks[4]{said, nullptr, nullptr, nullptr};
        dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
        const int found = dsp::dtmf_process4(states, blocks, events);
        return receiver.caller_id.process(said, {events, static_cast<std::size_t>(found)}) != nullptr;
      });
    }
    case 4:
      return watcher_of(dsp::FskReceiver(), [](dsp::FskReceiver& detector, const int16_t* said) {
        dsp::FskEvent events[dsp::kMaxFskEvents];
        return detector.process(said, events) > 0;
      });
    case 5:
      return watcher_of(dsp::AlertToneDetector(),
                        [](dsp::AlertToneDetector& detector, const int16_t* said) { return detector.process(said); });
    case 6:
      return watcher_of(dsp::NoiseAnalysis(), [](dsp::NoiseAnalysis& analysis, const int16_t* said) {
        analysis.process(said);
        return analysis.shape().level_dbm0 > 0;
      });
    default:
      return watcher_of(dsp::StreamResampler(8000, 16000), [](dsp::StreamResampler& resampler, const int16_t* said) {
        int16_t wide[dsp::kMaxResampledBlock];
        return resampler.process(said, bus::kBlock, wide) == 0;
      });
  }
}

class EchoConditioner : public Conditioner {
 public:
  void condition(int16_t* said, const uint8_t* reference) override {
    int16_t sent[bus::kBlock];
    dsp::alaw_decode(reference, sent, bus::kBlock);
    canceller_.process(sent, said);
  }

 private:
  dsp::EchoCanceller canceller_;
};

class GainConditioner : public Conditioner {
 public:
  void condition(int16_t* said, const uint8_t*) override { gain_.process(said, activity_.process(said)); }

 private:
  dsp::VoiceActivity activity_;
  dsp::AutomaticGain gain_;
};

/// Every tenth block is lost; every fourth of those is replaced by noise instead of concealed.
class LossConditioner : public Conditioner {
 public:
  void condition(int16_t* said, const uint8_t*) override {
    analysis_.process(said);
    if (++blocks_ % 10 != 0) {
      concealment_.good(said);
      return;
    }
    concealment_.lost(said);
    if (blocks_ % 40 != 0) return;
    noise_.set(analysis_.shape());
    noise_.process(said);
  }

 private:
  dsp::LossConcealment concealment_;
  dsp::NoiseAnalysis analysis_;
  dsp::ComfortNoise noise_;
  uint32_t blocks_{};
};

constexpr uint32_t kConditionerKinds = 3;

inline std::unique_ptr<Conditioner> make_conditioner(uint32_t kind) {
  if (kind == 0) return std::make_unique<EchoConditioner>();
  if (kind == 1) return std::make_unique<GainConditioner>();
  return std::make_unique<LossConditioner>();
}

}  // namespace cordboard::media
