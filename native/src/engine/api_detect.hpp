// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: what is listened for on a port, what is done to its sound, and what was found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_types.hpp"

namespace cordboard::engine {

/// How long an answered call is listened to before it is said who answered.
struct AnswerTuning {
  uint32_t initialSilenceMaxMs = 4000;
  uint32_t greetingMaxMs = 1800;
  uint32_t afterGreetingSilenceMs = 800;
  uint32_t betweenWordsMs = 100;
  uint32_t minWordMs = 100;
  uint32_t maxWords = 6;
  uint32_t totalMs = 8000;
  double silenceDbm0 = -43;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("initialSilenceMaxMs", &AnswerTuning::initialSilenceMaxMs, "no word for so long: silence",
                       range(500, 20000)),
        optional_field("greetingMaxMs", &AnswerTuning::greetingMaxMs, "talk without a pause beyond this: a machine",
                       range(300, 10000)),
        optional_field("afterGreetingSilenceMs", &AnswerTuning::afterGreetingSilenceMs,
                       "words, then silence for so long: a person", range(200, 5000)),
        optional_field("betweenWordsMs", &AnswerTuning::betweenWordsMs, "shorter pauses do not end a word",
                       range(20, 1000)),
        optional_field("minWordMs", &AnswerTuning::minWordMs, "shorter sounds are clicks", range(20, 1000)),
        optional_field("maxWords", &AnswerTuning::maxWords, "from here on a machine", range(2, 50)),
        optional_field("totalMs", &AnswerTuning::totalMs, "undecided until then: unknown", range(1000, 30000)),
        optional_field("silenceDbm0", &AnswerTuning::silenceDbm0, "what is fainter is silence, dBm0", range(-60, -20))};
  }
};

/// Everything that a port is listened to for from now on; what is left out is not listened for any more.
struct DetectorSet {
  uint32_t port{};
  bool dtmf{};
  bool tones{};
  bool faxTones{};
  bool voice{};
  bool level{};
  std::optional<AnswerTuning> answer;
  std::optional<R2Direction> r2;
  static constexpr auto fields() {
    return std::tuple{field("port", &DetectorSet::port, "whose incoming audio is watched", kPort),
                      field("dtmf", &DetectorSet::dtmf, "report DTMF digits"),
                      optional_field("tones", &DetectorSet::tones,
                                     "call-progress tones of the country and the special information tone"),
                      optional_field("faxTones", &DetectorSet::faxTones, "calling tone, answer tone, V.21 flags"),
                      optional_field("voice", &DetectorSet::voice, "report when somebody begins and ends to speak"),
                      optional_field("level", &DetectorSet::level, "report the level once a second"),
                      optional_field("answer", &DetectorSet::answer, "classify who answered, beginning now"),
                      optional_field("r2", &DetectorSet::r2, "interregister signals of System R2 in this direction")};
  }
};

/// What is done to what a port says before anybody hears it. Everything left out is not done any more. A call begins with
/// what its line is configured with.
struct PortCondition {
  uint32_t port{};
  uint32_t echoTaps{};
  uint32_t echoDelayMs{};
  bool automaticGain{};
  static constexpr auto fields() {
    return std::tuple{
        field("port", &PortCondition::port, "whose incoming audio is changed", kPort),
        optional_field("echoTaps", &PortCondition::echoTaps,
                       "length of the echo canceller in samples of 125 us (G.168), 0: none; 64 to 512", range(0, 512)),
        optional_field("echoDelayMs", &PortCondition::echoDelayMs, "delay of the line before the echo, ms",
                       range(0, 500)),
        optional_field("automaticGain", &PortCondition::automaticGain, "bring speech to -20 dBm0")};
  }
};

/// A signal of System R2, sounding until play.stop.
struct R2Send {
  uint32_t port{};
  R2Direction direction{};
  uint32_t signal{};
  static constexpr auto fields() {
    return std::tuple{field("port", &R2Send::port, "who hears it", kPort),
                      field("direction", &R2Send::direction, "which set of frequencies"),
                      field("signal", &R2Send::signal, "1-15 (Q.441 table 5)", range(1, 15))};
  }
};

struct ToneDetected {
  uint32_t port{};
  uint32_t leg{};
  std::string tone;
  bool active{};
  uint32_t onMs{};
  uint32_t offMs{};
  double levelDbm0{};
  std::string sit;
  static constexpr auto fields() {
    return std::tuple{field("port", &ToneDetected::port, "bus port"),
                      field("leg", &ToneDetected::leg, "its leg"),
                      field("tone", &ToneDetected::tone, "name of a tone of the country, or sit"),
                      field("active", &ToneDetected::active, "it sounds; otherwise it is over"),
                      field("onMs", &ToneDetected::onMs, "latest burst measured, ms"),
                      field("offMs", &ToneDetected::offMs, "latest pause measured, ms; 0 for a continuous tone"),
                      field("levelDbm0", &ToneDetected::levelDbm0, "level, dBm0"),
                      field("sit", &ToneDetected::sit,
                            "of the special information tone what its lengths say: general, no_circuit, intercept, "
                            "vacant_code, reorder; else empty")};
  }
};
struct FaxToneDetected {
  uint32_t port{};
  uint32_t leg{};
  FaxToneKind tone{};
  bool active{};
  bool reversals{};
  bool modulated{};
  double levelDbm0{};
  static constexpr auto fields() {
    return std::tuple{
        field("port", &FaxToneDetected::port, "bus port"),
        field("leg", &FaxToneDetected::leg, "its leg"),
        field("tone", &FaxToneDetected::tone, "calling: CNG; answer: CED, ANS, ANSam; flags: V.21, certainly a fax"),
        field("active", &FaxToneDetected::active, "it sounds; otherwise it is over"),
        field("reversals", &FaxToneDetected::reversals, "of an answer tone: phase reversed every 450 ms (V.25)"),
        field("modulated", &FaxToneDetected::modulated, "of an answer tone: amplitude modulated (V.8)"),
        field("levelDbm0", &FaxToneDetected::levelDbm0, "level, dBm0")};
  }
};
struct VoiceChanged {
  uint32_t port{};
  uint32_t leg{};
  bool speaking{};
  double levelDbm0{};
  double floorDbm0{};
  static constexpr auto fields() {
    return std::tuple{field("port", &VoiceChanged::port, "bus port"), field("leg", &VoiceChanged::leg, "its leg"),
                      field("speaking", &VoiceChanged::speaking, "somebody speaks, or something sounds"),
                      field("levelDbm0", &VoiceChanged::levelDbm0, "of this block, dBm0"),
                      field("floorDbm0", &VoiceChanged::floorDbm0, "of the noise, dBm0")};
  }
};
struct AnswerFigureValue {
  std::string figure;
  double value{};
  static constexpr auto fields() {
    return std::tuple{field("figure", &AnswerFigureValue::figure, "what was measured"),
                      field("value", &AnswerFigureValue::value, "in the unit that the name ends with")};
  }
};
struct AnswerClassified {
  uint32_t port{};
  uint32_t leg{};
  AnswerVerdict verdict{};
  std::string cause;
  double confidence{};
  uint32_t atMs{};
  std::vector<AnswerFigureValue> figures;
  static constexpr auto fields() {
    return std::tuple{field("port", &AnswerClassified::port, "bus port"),
                      field("leg", &AnswerClassified::leg, "its leg"),
                      field("verdict", &AnswerClassified::verdict, "who answered"),
                      field("cause", &AnswerClassified::cause, "the rule that decided"),
                      field("confidence", &AnswerClassified::confidence, "0 to 1: an order, not a probability"),
                      field("atMs", &AnswerClassified::atMs, "since it has been listened, ms"),
                      field("figures", &AnswerClassified::figures, "what the decision rests on")};
  }
};
/// The beep of an answering machine is over: now it records.
struct AnswerBeep {
  uint32_t port{};
  uint32_t leg{};
  uint32_t atMs{};
  static constexpr auto fields() {
    return std::tuple{field("port", &AnswerBeep::port, "bus port"), field("leg", &AnswerBeep::leg, "its leg"),
                      field("atMs", &AnswerBeep::atMs, "since it has been listened, ms")};
  }
};
struct R2Signal {
  uint32_t port{};
  uint32_t leg{};
  R2Direction direction{};
  uint32_t signal{};
  bool active{};
  static constexpr auto fields() {
    return std::tuple{field("port", &R2Signal::port, "bus port"), field("leg", &R2Signal::leg, "its leg"),
                      field("direction", &R2Signal::direction, "which set of frequencies"),
                      field("signal", &R2Signal::signal, "1-15 (Q.441 table 5)"),
                      field("active", &R2Signal::active, "it sounds; otherwise it is over")};
  }
};
struct LevelMeasured {
  uint32_t port{};
  uint32_t leg{};
  double levelDbm0{};
  double peakDbm0{};
  double dcOffset{};
  double clipped{};
  static constexpr auto fields() {
    return std::tuple{field("port", &LevelMeasured::port, "bus port"),
                      field("leg", &LevelMeasured::leg, "its leg"),
                      field("levelDbm0", &LevelMeasured::levelDbm0, "over 300 ms, dBm0"),
                      field("peakDbm0", &LevelMeasured::peakDbm0, "dBm0"),
                      field("dcOffset", &LevelMeasured::dcOffset, "in steps of 16 bits"),
                      field("clipped", &LevelMeasured::clipped, "samples at the end of the range since the start")};
  }
};

}  // namespace cordboard::engine
