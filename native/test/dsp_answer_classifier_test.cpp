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
    if (beeps > 0) std::printf("; beeps %d of %d, false %d", beeps_heard, beeps, beeps_false);
    std::printf("\n");
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
  EXPECT_LE(music.share(AnswerKind::person), 2);
}

TEST(DspAnswerClassifier, ClassifiesTheCorpusItWasTunedOn) { classify(false); }
TEST(DspAnswerClassifier, ClassifiesACorpusItHasNotSeen) { classify(true); }

}  // namespace
}  // namespace cordboard::dsp
