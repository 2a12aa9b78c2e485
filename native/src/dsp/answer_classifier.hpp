// SPDX-License-Identifier: GPL-2.0-or-later
// Who answered an outbound call: a person, a machine, a fax, or the network. And when a machine's beep is over, so that
// a message can be left.
//
//   block ── voice_features ─┬─ noise floor, periodicity ──> active, voiced ── words and pauses ─┐
//                            └─ one or two lines standing still ──> tones: beep, CNG, ANS,       ├─> decided
//                                                                   SIT, busy, ringing, endless ─┘   beep
//
// Words decide by their cadence: a person says a little and waits, a machine talks on. But only what is voiced counts
// as a word, so that noise, clicks and tones do not greet; and sound whose lines stand still as those of music do is
// never taken for a person. What cadence cannot tell: a person with a long greeting is taken for a machine, and a
// machine that pauses longer than `after_greeting_silence_ms` near its beginning for a person.
//
// Given to it from the answer on (early media would be judged as if it were the answer). Nothing after the decision
// changes it but the answer tone of a fax, whose machine may greet first.
//
//   what         rule                                                                        source
//   fax          1100 Hz ± 38 Hz for 0.5 s ± 15 %; 2100 Hz ± 15 Hz for 0.5 s (1 s after words)   T.30 4.1, V.25 3
//   tone         950, 1400, 1800 Hz ± 50 Hz, 330 ms each                                     E.180 clause 5 (SIT)
//                the same tone three times, on 0.1-1.2 s; 340-520 Hz for 0.7-2.5 s; any tone for 1.6 s    E.180
//   beep         one line of 400-2500 Hz for 80-1500 ms (160 below 500 Hz) that begins and ends abruptly
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/voice_features.hpp"

namespace cordboard::dsp {

enum class AnswerKind : uint8_t { unknown, person, machine, fax, tone, silence };

/// Why it was decided so.
enum class AnswerCause : uint8_t {
  none,
  silence_after_greeting,  // person
  greeting_too_long,       // machine
  too_many_words,          // machine
  beep_after_words,        // machine
  fax_calling_tone,        // fax: CNG
  fax_answer_tone,         // fax: CED, ANS, ANSam
  special_information,     // tone: SIT
  repeated_tone,           // tone: busy, congestion
  ringing_tone,            // tone
  endless_tone,            // tone: dial tone, out of service
  music,                   // tone: colour ring-back or music on hold; unknown if it paused like a person
  no_sound,                // silence
  noise_only,              // unknown: loud, but no words
  time_up,                 // unknown
};

/// Figures behind a decision, for people to read.
enum class AnswerFigure : uint8_t {
  initial_silence_ms,  // from the answer to the first word
  words,
  talk_ms,  // words without the pauses between them
  longest_pause_ms,
  last_pause_ms,
  voiced_percent,    // of the words
  steady_percent,    // of the words, with the strongest line standing still: speech 10-35, music 30-65
  sounding_percent,  // of the pauses, with something periodic in them: a little behind speech, much in music
  speech_dbm0,
  noise_dbm0,
  tone_hz,
  second_tone_hz,
  tone_ms,
  tone_dbm0,
  tone_count,
};

struct AnswerReason {
  AnswerFigure figure;
  int32_t value;
};

inline constexpr std::size_t kMaxAnswerReasons = 15;

struct AnswerEvent {
  enum class Type : uint8_t { decided, beep };
  Type type;
  AnswerKind kind;    // of the latest decision; unknown before it
  AnswerCause cause;  // none for a beep
  uint8_t reason_count;
  float confidence;  // 0 … 1: an order, not a probability
  uint32_t at_ms;    // since the answer: the end of this block
  AnswerReason reasons[kMaxAnswerReasons];
};

/// A beep may decide.
inline constexpr std::size_t kMaxAnswerEvents = 2;

struct AnswerSettings {
  float silence_dbm0 = -43;                // what is fainter is silence, whatever the noise
  uint32_t initial_silence_max_ms = 4000;  // without a word for so long: silence
  uint32_t greeting_max_ms = 1800;  // of talk without pauses: from here on a machine. People: 喂，你好 0.4-1.2 s
  uint32_t after_greeting_silence_ms = 800;  // after words: a person waits for an answer
  uint32_t between_words_ms = 100;           // shorter pauses do not end a word
  uint32_t min_word_ms = 100;                // shorter sounds are clicks
  uint32_t max_words = 6;                    // from here on a machine
  uint32_t total_ms = 8000;                  // undecided until then: unknown
};

/// Listens to one call. About 600 octets, no pointers; assign a new one to listen to another.
class AnswerClassifier {
 public:
  explicit AnswerClassifier(const AnswerSettings& settings = {});

  /// A block from the one who answered. Writes what was found to `out` (kMaxAnswerEvents entries) and returns how many.
  /// May be called for as long as the call lasts; after 24 hours it listens no more.
  int process(const int16_t* block, AnswerEvent* out);

  bool decided() const { return decided_; }
  AnswerKind kind() const { return kind_; }

 private:
  /// One or two lines standing still over several blocks.
  struct Tone {
    float hz, second_hz;  // second 0: one line only
    float level_dbm0;     // the loudest block
    float least_dbm0;     // the faintest but for the first and the last
    float latest_dbm0;
    float before_dbm0;  // of the sound before it
    uint32_t blocks;
    uint32_t wobbles;  // of them with the line elsewhere
    bool is(float other_hz, float other_second_hz, float tolerance) const;
    uint32_t ms() const { return blocks * 20; }
    bool steady() const;
  };
  struct Word {
    uint32_t first, last;  // active blocks, counted from the answer
    uint32_t voiced, pending, steady;
    float loudest_dbm0;
    bool counted;
  };

  void follow_tone(const BlockFeatures& now, AnswerEvent*& out);
  void judge_running_tone(AnswerEvent*& out);
  void judge_ended_tone(const Tone& tone, float after_dbm0, AnswerEvent*& out);
  void take_back_word();
  void follow_floor(const BlockFeatures& now, bool voiced, bool active);
  void follow_words(const BlockFeatures& now, bool voiced, bool active);
  void judge_words(AnswerEvent*& out);
  void decide(AnswerKind kind, AnswerCause cause, float confidence, const Tone* tone, AnswerEvent*& out);
  void explain(AnswerEvent& event, const Tone* tone) const;
  uint32_t now_ms() const { return blocks_ * 20; }

  AnswerSettings settings_;
  VoiceFeatures features_;
  uint32_t blocks_ = 0;  // heard, with the one at hand

  float floor_dbm0_ = 0;
  bool floor_known_ = false;
  uint32_t unvoiced_run_ = 0;  // active blocks in a row without a voice

  Tone tone_{};        // sounding, if it has blocks
  Tone ended_{};       // over, until it is known what follows it
  uint32_t hole_ = 0;  // blocks without the sounding tone
  bool in_tone_ = false;
  float last_dbm0_[3] = {-100, -100, -100};  // of the blocks before
  float line_hz_ = 0;                        // of the block before

  float repeated_hz_ = 0, repeated_second_hz_ = 0;  // the tone before, how long it was, when it ended, how often
  uint32_t repeated_ms_ = 0, repeated_at_ms_ = 0, repeats_ = 0;
  uint32_t special_ = 0;  // tones of SIT heard in a row

  Word word_{};
  bool in_word_ = false;
  uint32_t words_ = 0, talk_blocks_ = 0, voiced_blocks_ = 0, steady_blocks_ = 0;
  uint32_t first_word_ = 0, last_word_ = 0;  // first and last active block of the words
  uint32_t longest_pause_ = 0;
  uint32_t pause_blocks_ = 0, sounding_blocks_ = 0;
  float speech_dbm0_ = -100;

  bool decided_ = false;
  AnswerKind kind_ = AnswerKind::unknown;
};

/// Snake case, for logs and people.
const char* name_of(AnswerKind kind);
const char* name_of(AnswerCause cause);
const char* name_of(AnswerFigure figure);

}  // namespace cordboard::dsp
