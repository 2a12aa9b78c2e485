// SPDX-License-Identifier: GPL-2.0-or-later
// Answered calls for the test of the answer classifier, made of short and long speech, tones and music:
//
//   espeak-ng, Asterisk's prompts, sines ── level ── lead-in, what follows ── noise ── A-law ──> one call
//
// There is no recording of a real called party in it: the short answers are spoken by machines, one after the other and
// without the hesitation, laughter, breath, music and street of real ones. The figures hold for this corpus only.
// It comes in two halves: limits were set on `tuning`, and `unseen` has other voices, texts, files, seeds.
#pragma once

#include "dsp/answer_classifier.hpp"
#include "dsp_signals.hpp"
#include "dsp_speech.hpp"

namespace cordboard::dsp {

struct AnsweredCall {
  AnswerKind expected;
  std::string name;
  std::vector<int16_t> samples;  // whole blocks
  double words_end_ms = 0;       // of the answer or greeting
  double beep_end_ms = 0;        // 0: no beep
};

/// Makes the calls of one half.
class Corpus {
 public:
  explicit Corpus(bool unseen) : unseen_(unseen), random_(unseen ? 90210 : 4711) {}

  std::vector<AnsweredCall> persons() {
    std::vector<AnsweredCall> calls;
    if (can_speak()) {
      for (const Speaker& speaker : speakers(false)) {
        for (const char* text : unseen_ ? std::vector<const char*>{"Hi", "Speaking", "Hello, who is it?", "Anna here",
                                                                   "Good evening", "Yes, hello"}
                                        : std::vector<const char*>{"Hello", "Hello?", "Yes?", "Hi, this is John",
                                                                   "Good morning", "Hello, hello"}) {
          calls.push_back(person(speaker.voice + " " + text, spoken(speaker, text)));
        }
      }
      for (const Speaker& speaker : speakers(true)) {
        for (const char* text : unseen_
                                    ? std::vector<const char*>{"喂，您好", "喂喂", "谁呀", "您好，哪位", "说吧", "你好"}
                                    : std::vector<const char*>{"喂", "喂，你好", "你好", "哪位", "喂，请讲", "您好"}) {
          calls.push_back(person(speaker.voice + " " + text, spoken(speaker, text)));
        }
      }
    }
    for (const auto& [name, samples] : prompts(350, 1200)) calls.push_back(person(name, samples));
    return calls;
  }

  std::vector<AnsweredCall> machines() {
    std::vector<AnsweredCall> calls;
    if (can_speak()) {
      const std::vector<const char*> english =
          unseen_ ? std::vector<const char*>{
                        "You have reached the Miller family. Nobody is home. Leave your name and number at the beep.",
                        "The subscriber you have called is not available. Please leave a message after the tone."}
                  : std::vector<const char*>{
                        "Hello, this is the voice mail of John Smith. Please leave a message after the tone.",
                        "Hi, we cannot come to the phone right now, but please leave us a message and we call back.",
                        "The person you are calling is not available. At the tone, please record your message."};
      const std::vector<const char*> mandarin =
          unseen_ ? std::vector<const char*>{"您好，您拨打的用户暂时无法接通，请在嘀声后留言。",
                                             "这里是李先生的语音信箱，听到提示音后请留下您的姓名和电话。"}
                  : std::vector<const char*>{"您好，我现在不方便接听电话，请在提示音后留言，我会尽快给您回电话。",
                                             "对不起，您拨打的电话暂时无人接听，请稍后再拨，或者在嘀声后留言。",
                                             "您好，欢迎致电客户服务中心，今天是休息日，请在工作日来电。"};
      for (const Speaker& speaker : speakers(false)) {
        for (const char* text : english) calls.push_back(machine(speaker.voice + " " + text, spoken(speaker, text)));
      }
      for (const Speaker& speaker : speakers(true)) {
        for (const char* text : mandarin) calls.push_back(machine(speaker.voice + " " + text, spoken(speaker, text)));
      }
    }
    for (const auto& [name, samples] : prompts(3500, 15000)) calls.push_back(machine(name, samples));
    return calls;
  }

  std::vector<AnsweredCall> faxes() {
    std::vector<AnsweredCall> calls;
    for (int i = 0; i < 24; ++i) {
      const double dbm0 = pick(-35, -8);
      std::vector<double> audio;
      if (i % 3 == 0) {
        const double hz = pick(1064, 1136), on_ms = pick(430, 570);
        for (int n = 0; n < 3; ++n) {
          tone(audio, {hz}, dbm0, on_ms);
          tone(audio, {}, 0, 3000);
        }
      } else {
        answer_tone(audio, pick(2086, 2114), dbm0, i % 3 == 2);
      }
      calls.push_back(finish(AnswerKind::fax, i % 3 == 0 ? "CNG" : i % 3 == 1 ? "ANS" : "ANSam", audio, dbm0));
    }
    return calls;
  }

  std::vector<AnsweredCall> network() {
    struct Cadence {
      const char* name;
      std::vector<double> hz;
      double on_ms, off_ms;
    };
    const std::vector<Cadence> cadences{
        {"busy CN", {450}, 350, 350},      {"congestion CN", {450}, 700, 700},   {"ringing CN", {450}, 1000, 4000},
        {"busy US", {480, 620}, 500, 500}, {"reorder US", {480, 620}, 250, 250}, {"ringing US", {440, 480}, 2000, 4000},
        {"busy EU", {425}, 500, 500},      {"busy UK", {400}, 375, 375},         {"congestion EU", {425}, 250, 250},
        {"dial CN", {450}, 10000, 0},      {"dial US", {350, 440}, 10000, 0},    {"unobtainable", {400}, 10000, 0}};
    std::vector<AnsweredCall> calls;
    for (int round = 0; round < 4; ++round) {
      for (const Cadence& cadence : cadences) {
        const double dbm0 = pick(-33, -8) - (cadence.hz.size() > 1 ? 3 : 0), off = pick(0.99, 1.01);
        std::vector<double> audio, hz;
        for (const double f : cadence.hz) hz.push_back(f * off);
        while (audio.size() < 80000) {
          tone(audio, hz, dbm0, cadence.on_ms);
          tone(audio, {}, 0, cadence.off_ms);
        }
        calls.push_back(finish(AnswerKind::tone, cadence.name, audio, dbm0));
      }
      std::vector<double> special;
      const double dbm0 = pick(-33, -10);
      for (int n = 0; n < 3; ++n) {
        for (const double hz : {950, 1400, 1800}) tone(special, {hz + pick(-45, 45)}, dbm0, pick(270, 390));
        tone(special, {}, 0, 1000);
      }
      calls.push_back(finish(AnswerKind::tone, "SIT", special, dbm0));
    }
    return calls;
  }

  std::vector<AnsweredCall> silences() {
    std::vector<AnsweredCall> calls;
    for (int i = 0; i < 12; ++i) {
      calls.push_back(finish(AnswerKind::silence, "silence", std::vector<double>(64000), pick(-60, -40)));
    }
    return calls;
  }

  /// Pieces of music that begin anywhere, of 10 s.
  std::vector<AnsweredCall> music() {
    std::vector<AnsweredCall> calls;
    for (const auto& file : wav_files(kMusicFolder)) {
      const auto samples = read_wav(file);
      if (samples.size() < 160000) continue;
      for (int i = 0; i < 20; ++i) {
        const auto from = static_cast<std::size_t>(pick(0, static_cast<double>(samples.size() - 80000)));
        const std::vector<double> piece(samples.begin() + static_cast<long>(from),
                                        samples.begin() + static_cast<long>(from + 80000));
        calls.push_back(finish(AnswerKind::unknown, file.stem(), piece, -15));
      }
    }
    return calls;
  }

 private:
  double pick(double low, double high) { return low + (high - low) * static_cast<double>(random_()) / 4294967296.0; }

  std::vector<Speaker> speakers(bool mandarin) {
    std::vector<std::string> voices{"en-us", "en-gb+f2", "en-us+m3", "en-us+f5"};
    if (mandarin) voices = {"cmn-latn-pinyin", "cmn-latn-pinyin+f3", "cmn-latn-pinyin+m1", "cmn-latn-pinyin+f2"};
    if (unseen_) voices = {"en-gb-scotland+f4", "en-us+m5", "en-gb+klatt2", "en-029+m7"};
    if (mandarin && unseen_) voices = {"cmn-latn-pinyin+f4", "cmn-latn-pinyin+m7", "cmn-latn-pinyin+m4", "yue+f1"};
    std::vector<Speaker> all;
    int turn = unseen_ ? 1 : 0;
    for (const std::string& voice : voices) {
      all.push_back({voice, 130 + 40 * (turn % 3), 25 + 25 * (turn % 3)});
      all.push_back({voice, 150 + 30 * (turn % 3), 80 - 20 * (turn % 3)});
      ++turn;
    }
    return all;
  }

  /// Asterisk's prompts of a length: every other one belongs to the other half.
  std::vector<std::pair<std::string, std::vector<int16_t>>> prompts(double least_ms, double most_ms) {
    std::vector<std::pair<std::string, std::vector<int16_t>>> found;
    bool take = unseen_;
    for (const auto& file : wav_files(kPromptFolder)) {
      const std::string name = file.stem();
      const bool tones = name.find("tone") != std::string::npos || name.find("beep") != std::string::npos;
      if (tones || name.find("monkey") != std::string::npos || file.parent_path().filename() == "silence") continue;
      auto samples = trimmed(read_wav(file));
      const double ms = static_cast<double>(samples.size()) / 8;
      if (ms < least_ms || ms > most_ms) continue;
      take = !take;
      if (take && found.size() < 60) found.emplace_back(name, std::move(samples));
    }
    return found;
  }

  /// Without what is fainter than -50 dBm0 at both ends.
  static std::vector<int16_t> trimmed(const std::vector<int16_t>& samples) {
    std::size_t first = samples.size(), last = 0;
    for (std::size_t i = 0; i + 80 <= samples.size(); i += 80) {
      double power = 0;
      for (std::size_t n = i; n < i + 80; ++n) power += double{1} * samples[n] * samples[n];
      if (power / 80 < 70 * 70) continue;
      first = std::min(first, i);
      last = i + 80;
    }
    return first < last ? std::vector<int16_t>(samples.begin() + static_cast<long>(first),
                                               samples.begin() + static_cast<long>(last))
                        : std::vector<int16_t>();
  }

  /// To a level of the loud parts (those within 15 dB of the average).
  static std::vector<double> levelled(const std::vector<int16_t>& samples, double dbm0) {
    std::vector<double> audio(samples.begin(), samples.end());
    double all = 0, loud = 0;
    std::size_t blocks = 0;
    for (const double x : audio) all += x * x;
    all /= static_cast<double>(std::max<std::size_t>(1, audio.size()));
    for (std::size_t i = 0; i + 160 <= audio.size(); i += 160) {
      double power = 0;
      for (std::size_t n = i; n < i + 160; ++n) power += audio[n] * audio[n] / 160;
      if (power * 31 > all) loud += power, ++blocks;
    }
    const double rms = std::sqrt(loud / static_cast<double>(std::max<std::size_t>(1, blocks)) + 1e-9);
    for (double& x : audio) x *= amplitude_of(dbm0) / std::sqrt(2.0) / rms;
    return audio;
  }

  AnsweredCall person(const std::string& name, const std::vector<int16_t>& samples) {
    const double dbm0 = pick(-35, -10), lead_ms = pick(0, 1500);
    std::vector<double> audio(static_cast<std::size_t>(lead_ms * 8));
    const auto words = levelled(trimmed(samples), dbm0);
    audio.insert(audio.end(), words.begin(), words.end());
    const double end_ms = static_cast<double>(audio.size()) / 8;
    audio.resize(audio.size() + 8 * 4000);
    AnsweredCall call = finish(AnswerKind::person, name, audio, dbm0);
    call.words_end_ms = end_ms;
    return call;
  }

  AnsweredCall machine(const std::string& name, const std::vector<int16_t>& samples) {
    const double dbm0 = pick(-35, -10), lead_ms = pick(0, 1000);
    std::vector<double> audio(static_cast<std::size_t>(lead_ms * 8));
    const auto words = levelled(trimmed(samples), dbm0);
    audio.insert(audio.end(), words.begin(), words.end());
    const double end_ms = static_cast<double>(audio.size()) / 8;
    tone(audio, {}, 0, pick(200, 900));
    double beep_end_ms = 0;
    if (random_() % 2 == 0) {
      tone(audio, {pick(420, 2050)}, std::fmin(-8, dbm0 + pick(-3, 5)), pick(100, 1450));
      beep_end_ms = static_cast<double>(audio.size()) / 8;
    }
    audio.resize(audio.size() + 8 * 4000);
    AnsweredCall call = finish(AnswerKind::machine, name, audio, dbm0);
    call.words_end_ms = end_ms;
    call.beep_end_ms = beep_end_ms;
    return call;
  }

  /// Sines at a level each, with random phases; no frequency is a pause.
  void tone(std::vector<double>& audio, const std::vector<double>& hz, double dbm0, double ms) {
    const double phase = pick(0, 6.28);
    for (int i = 0; i < std::lround(ms * 8); ++i) {
      double sum = 0;
      for (const double f : hz) sum += std::sin(2 * std::numbers::pi * f * i / 8000 + phase * f);
      audio.push_back(amplitude_of(dbm0) * sum);
    }
  }

  /// V.25 ANS for 3 s after 0.2 s; as V.8's ANSam with 20 % of 15 Hz on it and its phase turned every 450 ms.
  void answer_tone(std::vector<double>& audio, double hz, double dbm0, bool am) {
    tone(audio, {}, 0, 200);
    for (int i = 0; i < 8 * 3000; ++i) {
      const double turn = am && (i / 3600) % 2 == 1 ? -1 : 1;
      const double envelope = am ? 1 + 0.2 * std::sin(2 * std::numbers::pi * 15 * i / 8000) : 1;
      audio.push_back(amplitude_of(dbm0) * turn * envelope * std::sin(2 * std::numbers::pi * hz * i / 8000));
    }
  }

  /// Noise 10 to 30 dB below the signal, white or with its treble taken off, then A-law.
  AnsweredCall finish(AnswerKind expected, const std::string& name, std::vector<double> audio, double dbm0) {
    const double snr_db = pick(10, 30);
    const bool dull = random_() % 2 == 0;
    const double sigma = amplitude_of(std::fmax(-65, dbm0 - snr_db)) / std::sqrt(2.0);
    double low = 0;
    for (double& x : audio) {
      const double noise = sigma * normal();
      low = 0.85 * low + noise;
      x += dull ? low * 0.527 : noise;
    }
    char condition[60];
    std::snprintf(condition, sizeof condition, " at %.0f dBm0, noise %.0f dB below", dbm0, snr_db);
    return {expected, name + condition, received(audio)};
  }

  /// The sum of the four octets of a random number: near enough to normal, and quick.
  double normal() {
    const uint32_t r = random_();
    return (static_cast<double>((r & 255) + (r >> 8 & 255) + (r >> 16 & 255) + (r >> 24)) - 510) / 147.8;
  }

  bool unseen_;
  std::mt19937 random_;
};

}  // namespace cordboard::dsp
