// SPDX-License-Identifier: GPL-2.0-or-later
// The answer classifier on a corpus of answered calls, with its confusion matrix, and on single conditions.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>

#include "dsp/answer_classifier.hpp"
#include "dsp_answer_corpus.hpp"

namespace cordboard::dsp {
namespace {

struct Verdict {
  AnswerKind kind = AnswerKind::unknown;
  AnswerCause cause = AnswerCause::none;
  double at_ms = -1;
  float confidence = 0;
  std::vector<double> beeps_ms;
  std::vector<AnswerEvent> events;

  std::string figures() const {
    std::string text;
    for (const AnswerEvent& event : events) {
      text += std::string(event.type == AnswerEvent::Type::beep ? " beep" : name_of(event.kind)) + " at " +
              std::to_string(event.at_ms) + " (" + name_of(event.cause);
      for (int i = 0; i < event.reason_count; ++i) {
        text += std::string(", ") + name_of(event.reasons[i].figure) + " " + std::to_string(event.reasons[i].value);
      }
      text += ") ";
    }
    return text;
  }
};

Verdict judged(const std::vector<int16_t>& samples, const AnswerSettings& settings = {}) {
  AnswerClassifier classifier(settings);
  Verdict verdict;
  for (std::size_t i = 0; i + kBlock <= samples.size(); i += kBlock) {
    AnswerEvent events[kMaxAnswerEvents];
    const int count = classifier.process(&samples[i], events);
    EXPECT_LE(count, static_cast<int>(kMaxAnswerEvents));
    for (int e = 0; e < count; ++e) {
      EXPECT_EQ(i / 8 + 20, events[e].at_ms);
      EXPECT_LE(events[e].reason_count, kMaxAnswerReasons);
      verdict.events.push_back(events[e]);
      if (events[e].type == AnswerEvent::Type::beep) {
        verdict.beeps_ms.push_back(events[e].at_ms);
      } else {
        verdict.kind = events[e].kind;
        verdict.cause = events[e].cause;
        verdict.at_ms = events[e].at_ms;
        verdict.confidence = events[e].confidence;
      }
    }
  }
  return verdict;
}

constexpr std::size_t kKinds = 6;

/// Calls of one kind: what they were taken for, and when.
struct Row {
  std::string name;
  std::array<int, kKinds> taken{};
  std::vector<double> at_ms, after_words_ms;
  int beeps = 0, beeps_heard = 0, beeps_false = 0, total = 0;

  void judge(const std::vector<AnsweredCall>& calls, bool expect = true) {
    for (const AnsweredCall& call : calls) {
      const Verdict verdict = judged(call.samples);
      ++taken[static_cast<std::size_t>(verdict.kind)];
      ++total;
      at_ms.push_back(verdict.at_ms);
      if (call.words_end_ms > 0) after_words_ms.push_back(verdict.at_ms - call.words_end_ms);
      bool heard = false;
      for (const double at : verdict.beeps_ms) {
        const bool right = call.beep_end_ms > 0 && std::fabs(at - call.beep_end_ms) <= 80;
        heard |= right;
        beeps_false += right ? 0 : 1;
      }
      beeps += call.beep_end_ms > 0 ? 1 : 0;
      beeps_heard += heard ? 1 : 0;
      const bool wrong = verdict.kind != call.expected || (call.beep_end_ms > 0 && !heard);
      // CORDBOARD_ANSWERS=1 shows what went wrong.
      if (expect && wrong && std::getenv("CORDBOARD_ANSWERS") != nullptr) {
        std::printf("  %s: %s (words end %.0f, beep ends %.0f)\n", call.name.c_str(), verdict.figures().c_str(),
                    call.words_end_ms, call.beep_end_ms);
      }
    }
  }

  double share(AnswerKind kind) const { return 100.0 * taken[static_cast<std::size_t>(kind)] / std::max(1, total); }

  void print() const {
    const auto at = [&](std::vector<double> sorted, double quantile) {
      if (sorted.empty()) return 0.0;
      std::sort(sorted.begin(), sorted.end());
      return sorted[static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1))];
    };
    std::printf("%-10s", name.c_str());
    for (const int count : taken) std::printf(" %8d", count);
    std::printf("  decided at %.0f ms, p95 %.0f", at(at_ms, 0.5), at(at_ms, 0.95));
    if (name == "person") {
      std::printf(", after the last word %.0f, p95 %.0f", at(after_words_ms, 0.5), at(after_words_ms, 0.95));
    }
    if (beeps > 0) std::printf("; beeps %d of %d, false %d", beeps_heard, beeps, beeps_false);
    std::printf("\n");
    // For the figures: how many were taken for each kind, in the order of AnswerKind.
    std::string counts;
    for (const int count : taken) counts += (counts.empty() ? "" : " ") + std::to_string(count);
    testing::Test::RecordProperty(name, counts);
    if (beeps > 0) testing::Test::RecordProperty(name + "_false_beeps", beeps_false);
  }
};

void classify(bool unseen) {
  if (!can_speak()) GTEST_SKIP() << "ANSWER CLASSIFIER NOT TESTED WITH SPEECH: install espeak-ng";
  Corpus corpus(unseen);
  Row person{"person"}, machine{"machine"}, fax{"fax"}, tone{"tone"}, silence{"silence"}, music{"music"};
  person.judge(corpus.persons());
  machine.judge(corpus.machines());
  fax.judge(corpus.faxes());
  tone.judge(corpus.network());
  silence.judge(corpus.silences());
  music.judge(corpus.music(), false);
  std::printf("%-10s %8s %8s %8s %8s %8s %8s\n", unseen ? "unseen" : "tuning", "unknown", "person", "machine", "fax",
              "tone", "silence");
  for (const Row* row : {&person, &machine, &fax, &tone, &silence, &music}) row->print();
  EXPECT_GE(person.share(AnswerKind::person), 95);
  EXPECT_GE(machine.share(AnswerKind::machine), 95);
  EXPECT_EQ(fax.share(AnswerKind::fax), 100);
  EXPECT_EQ(tone.share(AnswerKind::tone), 100);
  EXPECT_EQ(silence.share(AnswerKind::silence), 100);
  EXPECT_LE(music.share(AnswerKind::person), 4);
  EXPECT_GE(machine.beeps_heard * 20, machine.beeps * 19);
  EXPECT_LE(machine.beeps_false, 2);
}

TEST(DspAnswerClassifier, ClassifiesTheCorpusItWasTunedOn) { classify(false); }
TEST(DspAnswerClassifier, ClassifiesACorpusItHasNotSeen) { classify(true); }

// ---- single conditions ----------------------------------------------------------------------------------------------

using Audio = std::vector<double>;

/// Something like a voice: harmonics of a gliding pitch under a gliding formant, in syllables of 200 ms.
Audio voice(double ms, double dbm0 = -15) {
  Audio audio(static_cast<std::size_t>(ms * 8));
  double phase = 0;
  for (std::size_t i = 0; i < audio.size(); ++i) {
    const double turns = 2 * std::numbers::pi * static_cast<double>(i) / 8000;
    const double pitch = 130 + 25 * std::sin(1.7 * turns);
    phase += 2 * std::numbers::pi * pitch / 8000;
    for (int h = 1; h <= 20; ++h) {
      const double from_formant = (pitch * h - 600 - 200 * std::sin(2.3 * turns)) / 300;
      audio[i] += std::cos(phase * h) / (1 + from_formant * from_formant);
    }
    audio[i] *= 0.15 + std::fabs(std::sin(2.5 * turns));
  }
  const double gain = std::pow(10, (dbm0 - level_of(audio)) / 20);
  for (double& x : audio) x *= gain;
  return audio;
}

Audio sine(const Audio& hz, double ms, double dbm0 = -15) {
  Audio audio(static_cast<std::size_t>(ms * 8));
  for (std::size_t i = 0; i < audio.size(); ++i) {
    for (const double f : hz) {
      audio[i] += amplitude_of(dbm0) * std::sin(2 * std::numbers::pi * f * static_cast<double>(i) / 8000);
    }
  }
  return audio;
}

Audio pause(double ms) { return sine({}, ms); }

Audio noise(double ms) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, 800);
  Audio audio(static_cast<std::size_t>(ms * 8));
  for (double& x : audio) x = normal(random);
  return audio;
}

/// One after the other.
Verdict verdict_on(const std::vector<Audio>& parts, const AnswerSettings& settings = {}) {
  Audio audio;
  for (const Audio& part : parts) audio.insert(audio.end(), part.begin(), part.end());
  return judged(received(audio), settings);
}

TEST(DspAnswerClassifier, TakesAShortWordAndAPauseForAPerson) {
  for (const double ms : {200, 500, 900, 1300}) {
    const Verdict verdict = verdict_on({pause(300), voice(ms), pause(2000)});
    EXPECT_EQ(AnswerKind::person, verdict.kind) << ms << verdict.figures();
    EXPECT_NEAR(300 + ms + 800, verdict.at_ms, 60);
    EXPECT_GT(verdict.confidence, 0.5F);
  }
}

TEST(DspAnswerClassifier, TakesALongGreetingForAMachineAndKeepsToIt) {
  const Verdict verdict = verdict_on({pause(300), voice(6000), pause(20000)});
  ASSERT_EQ(1U, verdict.events.size()) << verdict.figures();
  EXPECT_EQ(AnswerCause::greeting_too_long, verdict.cause);
  EXPECT_NEAR(300 + 1800, verdict.at_ms, 80);
}

TEST(DspAnswerClassifier, FollowsItsSettings) {
  EXPECT_EQ(AnswerKind::machine, verdict_on({voice(900), pause(2000)}, {.greeting_max_ms = 700}).kind);
  EXPECT_EQ(AnswerKind::person, verdict_on({voice(2500), pause(2000)}, {.greeting_max_ms = 3000}).kind);
  EXPECT_NEAR(500 + 400, verdict_on({voice(500), pause(2000)}, {.after_greeting_silence_ms = 400}).at_ms, 60);
  EXPECT_EQ(2000, verdict_on({pause(9000)}, {.initial_silence_max_ms = 2000}).at_ms);
  EXPECT_EQ(AnswerKind::silence, verdict_on({voice(500, -30), pause(9000)}, {.silence_dbm0 = -20}).kind);
  const std::vector<Audio> three{voice(300), pause(200), voice(300), pause(200), voice(300), pause(900)};
  EXPECT_EQ(AnswerCause::too_many_words, verdict_on(three, {.max_words = 2}).cause);
}

TEST(DspAnswerClassifier, ExplainsItselfWithFigures) {
  const Verdict verdict = verdict_on({pause(500), voice(400), pause(300), voice(400), pause(2000)});
  ASSERT_EQ(1U, verdict.events.size());
  std::map<AnswerFigure, int> figures;
  for (int i = 0; i < verdict.events[0].reason_count; ++i) {
    figures[verdict.events[0].reasons[i].figure] = verdict.events[0].reasons[i].value;
  }
  EXPECT_NEAR(500, figures.at(AnswerFigure::initial_silence_ms), 40);
  EXPECT_EQ(2, figures.at(AnswerFigure::words));
  EXPECT_NEAR(800, figures.at(AnswerFigure::talk_ms), 60);
  EXPECT_NEAR(300, figures.at(AnswerFigure::longest_pause_ms), 60);
  EXPECT_GE(figures.at(AnswerFigure::voiced_percent), 70);
}

TEST(DspAnswerClassifier, TakesNeitherNoiseNorClicksForWords) {
  Audio clicks = pause(9000);
  for (std::size_t i = 4000; i < clicks.size(); i += 5000) clicks[i] = clicks[i + 1] = 20000;
  EXPECT_EQ(AnswerKind::unknown, verdict_on({noise(9000)}).kind);
  EXPECT_EQ(AnswerCause::noise_only, verdict_on({noise(9000)}).cause);
  EXPECT_EQ(AnswerKind::silence, verdict_on({clicks}).kind);
  EXPECT_EQ(AnswerKind::silence, verdict_on({pause(500), noise(400), pause(5000)}).kind);  // breath
}

TEST(DspAnswerClassifier, ReportsTheEndOfABeepAfterAGreeting) {
  for (const double hz : {400.0, 440.0, 620.0, 1000.0, 1400.0, 1850.0, 2500.0}) {
    for (const double ms : {80.0, 160.0, 250.0, 800.0, 1500.0}) {
      if (hz < 500 && ms < 160) continue;
      const Verdict verdict = verdict_on({voice(4000), pause(503), sine({hz}, ms), pause(2000)});
      ASSERT_EQ(1U, verdict.beeps_ms.size()) << hz << " Hz " << ms << " ms " << verdict.figures();
      EXPECT_NEAR(4503 + ms, verdict.beeps_ms[0], 70);
    }
  }
}

TEST(DspAnswerClassifier, DecidesByABeepAfterAShortGreeting) {
  const Verdict verdict = verdict_on({voice(1000), pause(400), sine({1000}, 300), pause(2000)});
  EXPECT_EQ(AnswerCause::beep_after_words, verdict.cause) << verdict.figures();
  EXPECT_EQ(1U, verdict.beeps_ms.size());
}

TEST(DspAnswerClassifier, TakesNothingElseForABeep) {
  Audio fading = sine({1000}, 600);
  for (std::size_t i = 0; i < fading.size(); ++i) fading[i] *= 1 - static_cast<double>(i) / 4800;
  for (const Audio& other : {sine({770, 1336}, 300), sine({1000}, 30), sine({1000}, 2500), sine({3000}, 400),
                             sine({300}, 400), voice(600), fading}) {
    EXPECT_TRUE(verdict_on({voice(4000), pause(500), other, pause(2000)}).beeps_ms.empty());
  }
}

TEST(DspAnswerClassifier, TakesNoToneThatBarelyStandsOutForABeep) {
  const std::vector<Audio> parts{voice(4000), pause(500), noise(500), sine({1000}, 300, -24), noise(500), pause(900)};
  EXPECT_TRUE(verdict_on(parts).beeps_ms.empty());
}

TEST(DspAnswerClassifier, HearsFaxTonesWithinTheirLimits) {
  for (const double hz : {1062.0, 1100.0, 1138.0}) {
    for (const double ms : {425.0, 500.0, 575.0}) {
      EXPECT_EQ(AnswerKind::fax, verdict_on({pause(207), sine({hz}, ms), pause(3000)}).kind) << hz << " " << ms;
    }
  }
  for (const double hz : {2085.0, 2100.0, 2115.0}) {
    EXPECT_EQ(AnswerCause::fax_answer_tone, verdict_on({pause(207), sine({hz}, 2600), pause(3000)}).cause) << hz;
  }
  for (const Audio& other : {sine({1000}, 500), sine({1200}, 500), sine({1100}, 250), sine({2100}, 300)}) {
    EXPECT_NE(AnswerKind::fax, verdict_on({pause(207), other, pause(5000)}).kind);
  }
}

TEST(DspAnswerClassifier, HearsAFaxThatGreetsFirst) {
  const Verdict verdict = verdict_on({voice(3000), pause(500), sine({2100}, 3000), pause(2000)});
  ASSERT_EQ(2U, verdict.events.size()) << verdict.figures();
  EXPECT_EQ(AnswerKind::machine, verdict.events[0].kind);
  EXPECT_EQ(AnswerKind::fax, verdict.events[1].kind);
}

TEST(DspAnswerClassifier, SurvivesWhatever) {
  std::mt19937 random(5);
  std::vector<int16_t> audio(8000 * 12);
  for (int kind = 0; kind < 5; ++kind) {
    for (std::size_t i = 0; i < audio.size(); ++i) {
      const auto any = static_cast<int16_t>(random());
      const std::size_t half = kind == 2 ? 1 : 20;
      audio[i] = static_cast<int16_t>(i / half % 2 != 0 ? -32768 : 32767);
      if (kind == 0) audio[i] = any;
      if (kind == 1) audio[i] = -32768;
      if (kind == 4) audio[i] = static_cast<int16_t>(any >> (i / 1600 % 16));
    }
    for (const uint32_t extreme : {0U, 1U, UINT32_MAX}) {
      const float silence = extreme == 0 ? std::nanf("") : extreme == 1 ? -1e30F : 1e30F;
      int decisions = 0;
      for (const AnswerEvent& event :
           judged(audio, {silence, extreme, extreme, extreme, extreme, extreme, extreme, extreme}).events) {
        decisions += event.type == AnswerEvent::Type::decided ? 1 : 0;
        EXPECT_TRUE(event.confidence >= 0 && event.confidence <= 1) << event.confidence;
      }
      EXPECT_LE(decisions, 2);
    }
  }
}

TEST(DspVoiceFeatures, MeasuresLevelFrequencyAndPurityOfTones) {
  for (double hz = 200; hz < 3400; hz += 37) {
    const auto samples = received(sine({hz}, 100, -20));
    VoiceFeatures features;
    BlockFeatures last{};
    for (std::size_t i = 0; i < 4 * kBlock; i += kBlock) last = features.measure(&samples[i], -50);
    EXPECT_NEAR(-20, last.level_dbm0, 0.5) << hz;
    EXPECT_NEAR(hz, last.line.hz, 1.5);
    EXPECT_GT(last.line.share, 0.99F) << hz;
    EXPECT_LT(last.flatness_db, -20) << hz;
  }
}

TEST(DspVoiceFeatures, TellsVoiceFromNoise) {
  const auto of_voice = received(voice(1000)), of_noise = received(noise(1000));
  VoiceFeatures a, b;
  int voiced = 0;
  for (std::size_t i = 0; i < 48 * kBlock; i += kBlock) {
    const BlockFeatures hiss = b.measure(&of_noise[i], -45);
    voiced += a.measure(&of_voice[i], -45).periodicity >= 0.55F ? 1 : 0;
    EXPECT_LT(hiss.periodicity, 0.5F);
    if (i > kBlock) {
      EXPECT_NEAR(-2.5, hiss.flatness_db, 1.5);
    }
  }
  EXPECT_GE(voiced, 40);
}

TEST(DspVoiceFeatures, FindsTwoLines) {
  const auto samples = received(sine({480, 620}, 100, -20));
  VoiceFeatures features;
  BlockFeatures last{};
  for (std::size_t i = 0; i < 4 * kBlock; i += kBlock) last = features.measure(&samples[i], -50);
  EXPECT_NEAR(480, std::min(last.line.hz, last.second.hz), 8);
  EXPECT_NEAR(620, std::max(last.line.hz, last.second.hz), 8);
  EXPECT_GT(last.line.share + last.second.share, 0.97F);
}

TEST(DspVoiceFeatures, MeasuresNothingOfWhatIsFaint) {
  const int16_t silence[kBlock] = {};
  const BlockFeatures now = VoiceFeatures().measure(silence, -50);
  EXPECT_TRUE(now.faint);
  EXPECT_EQ(-100, now.level_dbm0);
  EXPECT_EQ(0, now.line.share);
}

}  // namespace
}  // namespace cordboard::dsp
