// SPDX-License-Identifier: GPL-2.0-or-later
// Every block is silent, active, or part of a tone; runs of active blocks with enough voice in them are words. Counts
// are in blocks of 20 ms from the answer on. The limits were set on one half of the corpus of the test, and are
// reported there for the other half.
#include "dsp/answer_classifier.hpp"

#include <algorithm>
#include <cmath>

namespace cordboard::dsp {
namespace {

constexpr uint32_t kBlockMs = 20;
constexpr uint32_t kMostBlocks = 24 * 3600 * 1000 / kBlockMs;

// Speech above the noise floor. Voice is believed nearer to the floor than what could be a louder moment of noise.
constexpr float kActiveDb = 6, kVoicedDb = 3;
constexpr float kMinPeriodicity = 0.55F;
// A word: so much voice, in blocks and as a share. Whispering is no word.
constexpr uint32_t kMinVoiced = 4;
constexpr float kMinVoicedShare = 0.2F;
// Active for so long without a voice: the noise has grown.
constexpr uint32_t kNoiseBlocks = 25;

// Of the power, in one line or in two; at 10 dB above white noise a single tone has 0.91.
constexpr float kOneLineShare = 0.80F, kTwoLinesShare = 0.85F, kMinSecondShare = 0.08F;
// Two lines 40 Hz apart (440 + 480 Hz) are one to a window of 32 ms, and it wanders with their beat.
constexpr uint32_t kBeatingBlocks = 30;
constexpr uint32_t kEdgeWobbles = 1;  // where a tone begins and ends in a window its line is not true either
constexpr float kFaintestToneDbm0 = -42;
constexpr uint32_t kLeastToneBlocks = 3;  // fewer come about in speech
constexpr uint32_t kSureToneBlocks = 4;   // no longer taken for voice
// So long, and what just began as a word was its onset. Before the pause after that is long enough to end the word.
constexpr uint32_t kNoVowelBlocks = 7, kOnsetBlocks = 4;
constexpr uint32_t kLongToneBlocks = 10;  // may be interrupted for a block: ANS turns its phase every 450 ms (V.25)
constexpr float kVoiceHz = 500;           // up to here a vowel may be one line, held for 100 ms
constexpr uint32_t kLeastLowBeepBlocks = 6;
constexpr float kEdgeDb = 6;  // a beep stands out from what is around it

// Music: of the blocks of words, standing still; or of the pauses, periodic and not faint, as nothing is between the
// words of those who speak but noise.
constexpr float kMusicShare = 0.45F, kMusicShareWithPauses = 0.25F;
constexpr uint32_t kMusicBlocks = 50;
constexpr float kSoundingShare = 0.25F, kSoundingShareOfPerson = 0.10F;
constexpr uint32_t kLeastPauseBlocks = 10;
// The loudest block of a person's words above the noise: at 10 dB on average it is 14 and more, a beat of music has less.
constexpr float kMinAboveDb = 11;

bool between(float x, float low, float high) { return x >= low && x <= high; }

}  // namespace

AnswerClassifier::AnswerClassifier(const AnswerSettings& settings) : settings_(settings) {
  const auto bound = [](uint32_t& value, uint32_t least, uint32_t most) { value = std::clamp(value, least, most); };
  if (!(settings_.silence_dbm0 >= -60)) settings_.silence_dbm0 = -60;  // NaN as well
  if (settings_.silence_dbm0 > -15) settings_.silence_dbm0 = -15;
  bound(settings_.initial_silence_max_ms, 200, 60000);
  bound(settings_.greeting_max_ms, 200, 60000);
  bound(settings_.after_greeting_silence_ms, 100, 60000);
  bound(settings_.between_words_ms, kBlockMs, 2000);
  bound(settings_.min_word_ms, kBlockMs, 2000);
  bound(settings_.max_words, 1, 1000);
  bound(settings_.total_ms, 500, 120000);
}

bool AnswerClassifier::Tone::steady() const {
  return level_dbm0 - least_dbm0 < 4 && (wobbles <= kEdgeWobbles || blocks >= kBeatingBlocks);
}

bool AnswerClassifier::Tone::is(float other_hz, float other_second_hz, float tolerance) const {
  const auto alike = [&](float a, float b) { return std::fabs(a - b) <= std::fmax(8, tolerance * a); };
  return (second_hz > 0) == (other_second_hz > 0) && alike(hz, other_hz) && alike(second_hz, other_second_hz);
}

int AnswerClassifier::process(const int16_t* block, AnswerEvent* out) {
  if (blocks_ >= kMostBlocks) return 0;
  ++blocks_;
  const BlockFeatures now = features_.measure(block, settings_.silence_dbm0 - 3);
  AnswerEvent* end = out;
  follow_tone(now, end);

  const bool voiced = !now.faint && !in_tone_ && now.periodicity >= kMinPeriodicity;
  const float above = now.level_dbm0 - floor_dbm0_;
  const bool heard = now.level_dbm0 >= settings_.silence_dbm0 && !in_tone_;
  const bool active = heard && (floor_known_ ? above >= (voiced ? kVoicedDb : kActiveDb) : voiced);
  follow_floor(now, voiced, active);
  if (!active && !in_tone_) {
    ++pause_blocks_;
    sounding_blocks_ += voiced && heard ? 1 : 0;
  }
  if (!decided_) {
    follow_words(now, voiced, active);
    judge_words(end);
  }
  line_hz_ = now.line.hz;
  last_dbm0_[2] = last_dbm0_[1];
  last_dbm0_[1] = last_dbm0_[0];
  last_dbm0_[0] = now.level_dbm0;
  return static_cast<int>(end - out);
}

// ---- tones ----------------------------------------------------------------------------------------------------------

void AnswerClassifier::follow_tone(const BlockFeatures& now, AnswerEvent*& out) {
  if (ended_.blocks != 0) {
    const Tone tone = ended_;
    ended_.blocks = 0;
    judge_ended_tone(tone, now.level_dbm0, out);
  }
  float hz = 0, second_hz = 0;
  if (!now.faint && now.level_dbm0 >= kFaintestToneDbm0) {
    if (now.line.share >= kOneLineShare) {
      hz = now.line.hz;
    } else if (now.second.share >= kMinSecondShare && now.line.share + now.second.share >= kTwoLinesShare) {
      hz = std::fmin(now.line.hz, now.second.hz);
      second_hz = std::fmax(now.line.hz, now.second.hz);
    }
  }
  in_tone_ = false;
  const bool same = tone_.is(hz, second_hz, 0.01F);
  const bool beating = second_hz == 0 && between(hz, 400, 520) && between(tone_.hz, 400, 520);
  if (hz > 0 && tone_.blocks != 0 && (same || beating)) {
    tone_.blocks += 1 + hole_;
    if (!same) ++tone_.wobbles;
    if (tone_.blocks == 2) tone_.hz = hz, tone_.second_hz = second_hz;  // the first window was not full of it
    // The block before is neither the first nor the last: it has to be as loud as the others.
    if (tone_.blocks > 2 && hole_ == 0) tone_.least_dbm0 = std::fmin(tone_.least_dbm0, tone_.latest_dbm0);
    tone_.level_dbm0 = std::fmax(tone_.level_dbm0, now.level_dbm0);
    tone_.latest_dbm0 = now.level_dbm0;
    hole_ = 0;
    in_tone_ = tone_.blocks >= kSureToneBlocks && tone_.steady();
    if (in_tone_ && tone_.blocks == (tone_.wobbles <= kEdgeWobbles ? kNoVowelBlocks : kBeatingBlocks)) take_back_word();
    judge_running_tone(out);
    return;
  }
  if (tone_.blocks >= kLongToneBlocks && hole_ == 0) {
    hole_ = 1;
    in_tone_ = true;
    return;
  }
  if (tone_.blocks >= kLeastToneBlocks) {
    // After a hole the sound that follows it is here already.
    if (hole_ != 0) judge_ended_tone(tone_, now.level_dbm0, out);
    if (hole_ == 0) ended_ = tone_;
  }
  hole_ = 0;
  tone_ = {};
  if (hz > 0) tone_ = {hz, second_hz, now.level_dbm0, 100, now.level_dbm0, last_dbm0_[1], 1, 0};
}

void AnswerClassifier::judge_running_tone(AnswerEvent*& out) {
  if (!tone_.steady()) return;
  const bool answer_tone = tone_.second_hz == 0 && between(tone_.hz, 2075, 2125);
  if (answer_tone && kind_ != AnswerKind::fax && tone_.ms() == (words_ == 0 ? 500U : 1000U)) {
    decide(AnswerKind::fax, AnswerCause::fax_answer_tone, 0.95F, &tone_, out);
  } else if (!decided_ && tone_.ms() >= 1600) {
    decide(AnswerKind::tone, AnswerCause::endless_tone, 0.85F, &tone_, out);
  }
}

void AnswerClassifier::judge_ended_tone(const Tone& tone, float after_dbm0, AnswerEvent*& out) {
  if (!tone.steady()) return;
  const bool single = tone.second_hz == 0;
  const bool again = repeats_ != 0 && tone.is(repeated_hz_, repeated_second_hz_, 0.015F) &&
                     now_ms() - repeated_at_ms_ < tone.ms() + 1300 &&
                     std::fabs(static_cast<float>(tone.ms()) - static_cast<float>(repeated_ms_)) <= 60;
  repeats_ = again ? repeats_ + 1 : 1;
  repeated_hz_ = tone.hz, repeated_second_hz_ = tone.second_hz;
  repeated_ms_ = tone.ms(), repeated_at_ms_ = now_ms();

  constexpr float kSpecialHz[3] = {950, 1400, 1800};
  const auto special = [&](uint32_t which) {
    return single && tone.ms() >= 200 && tone.ms() <= 460 && std::fabs(tone.hz - kSpecialHz[which]) <= 52;
  };
  special_ = special(special_) ? special_ + 1 : special(0) ? 1 : 0;
  if (special_ == 3) {
    special_ = 0;
    if (!decided_) decide(AnswerKind::tone, AnswerCause::special_information, 0.95F, &tone, out);
    return;
  }
  if (!decided_) {
    const bool calling = single && between(tone.hz, 1060, 1140) && tone.ms() >= 400 && tone.ms() <= 620;
    if (calling && (words_ == 0 || repeats_ > 1)) {
      decide(AnswerKind::fax, AnswerCause::fax_calling_tone, 0.9F, &tone, out);
      return;
    }
    if (repeats_ >= 3 && tone.ms() >= 100 && tone.ms() <= 1240) {
      decide(AnswerKind::tone, AnswerCause::repeated_tone, 0.9F, &tone, out);
      return;
    }
    if (words_ == 0 && between(tone.hz, 340, 520) && tone.ms() >= 700 && tone.ms() <= 2500) {
      decide(AnswerKind::tone, AnswerCause::ringing_tone, 0.8F, &tone, out);
      return;
    }
  }
  const bool abrupt = tone.level_dbm0 - tone.before_dbm0 >= kEdgeDb && tone.level_dbm0 - after_dbm0 >= kEdgeDb;
  const bool beep = single && abrupt && between(tone.hz, 395, 2530) && tone.ms() <= 1540 &&
                    (tone.hz > kVoiceHz || tone.blocks >= kLeastLowBeepBlocks);
  if (!beep || (words_ == 0 && !in_word_ && !decided_) || kind_ == AnswerKind::fax || kind_ == AnswerKind::tone) return;
  if (!decided_) decide(AnswerKind::machine, AnswerCause::beep_after_words, 0.9F, &tone, out);
  *out = {AnswerEvent::Type::beep, kind_, AnswerCause::none, 0, 0.9F, now_ms(), {}};
  explain(*out++, &tone);
}

/// The word at hand was the beginning of the tone.
void AnswerClassifier::take_back_word() {
  if (!in_word_ || word_.first + tone_.blocks + kOnsetBlocks < blocks_) return;
  in_word_ = false;
  if (word_.counted) --words_;
}

// ---- words ----------------------------------------------------------------------------------------------------------

void AnswerClassifier::follow_floor(const BlockFeatures& now, bool voiced, bool active) {
  unvoiced_run_ = active && !voiced ? unvoiced_run_ + 1 : 0;
  if (voiced || in_tone_) return;
  if (!floor_known_ || unvoiced_run_ >= kNoiseBlocks) {
    floor_dbm0_ = now.level_dbm0;
    floor_known_ = true;
    if (unvoiced_run_ >= kNoiseBlocks) in_word_ = in_word_ && word_.counted;
    unvoiced_run_ = 0;
  } else if (now.level_dbm0 < floor_dbm0_) {
    floor_dbm0_ += 0.5F * (now.level_dbm0 - floor_dbm0_);
  } else if (!active) {
    floor_dbm0_ += 0.1F * (now.level_dbm0 - floor_dbm0_);
  }
  floor_dbm0_ = std::fmax(floor_dbm0_, -70);
}

void AnswerClassifier::follow_words(const BlockFeatures& now, bool voiced, bool active) {
  if (active) {
    if (!in_word_) word_ = {blocks_, blocks_, 0, 0, 0, -100, false};
    in_word_ = true;
    word_.last = blocks_;
    // What may turn out to be a tone is no voice until it has not.
    word_.pending += voiced ? 1 : 0;
    if (tone_.blocks < 2 || tone_.blocks >= kSureToneBlocks) {
      word_.voiced += word_.pending;
      word_.pending = 0;
    }
    const bool still = std::fabs(now.line.hz - line_hz_) < 6 && std::fabs(now.level_dbm0 - last_dbm0_[0]) < 3;
    word_.steady += still ? 1 : 0;
    word_.loudest_dbm0 = std::fmax(word_.loudest_dbm0, now.level_dbm0);
  }
  if (in_tone_) word_.pending = 0;
  if (!in_word_) return;
  const uint32_t length = word_.last - word_.first + 1;
  const bool speech =
      word_.voiced >= kMinVoiced && static_cast<float>(word_.voiced) >= kMinVoicedShare * static_cast<float>(length);
  if (!word_.counted && speech && length * kBlockMs >= settings_.min_word_ms) {
    word_.counted = true;
    if (words_ == 0) first_word_ = word_.first;
    if (words_ != 0) longest_pause_ = std::max(longest_pause_, word_.first - last_word_ - 1);
    ++words_;
  }
  if (word_.counted) last_word_ = word_.last;
  if ((blocks_ - word_.last) * kBlockMs < settings_.between_words_ms) return;
  in_word_ = false;
  if (!word_.counted) return;
  talk_blocks_ += length;
  voiced_blocks_ += word_.voiced;
  steady_blocks_ += word_.steady;
  speech_dbm0_ = std::fmax(speech_dbm0_, word_.loudest_dbm0);
}

void AnswerClassifier::judge_words(AnswerEvent*& out) {
  if (decided_) return;
  const bool talking = in_word_ && word_.counted;
  const uint32_t talk = talk_blocks_ + (talking ? word_.last - word_.first + 1 : 0);
  const uint32_t steady = steady_blocks_ + (talking ? word_.steady : 0);
  const float steady_share = static_cast<float>(steady) / static_cast<float>(std::max(1U, talk));
  const float sounding_share =
      pause_blocks_ < kLeastPauseBlocks ? 0 : static_cast<float>(sounding_blocks_) / static_cast<float>(pause_blocks_);
  const bool sounding = sounding_share >= kSoundingShare;
  const bool music =
      (talk >= kMusicBlocks && steady_share >= kMusicShare) || (sounding && steady_share >= kMusicShareWithPauses);
  const uint32_t pause_ms = (blocks_ - last_word_) * kBlockMs;
  const float above_db = std::fmax(speech_dbm0_, talking ? word_.loudest_dbm0 : -100) - floor_dbm0_;
  const float unclear = above_db < 15 ? 0.15F : 0;

  if (talk * kBlockMs >= settings_.greeting_max_ms) {
    if (music) return decide(AnswerKind::tone, AnswerCause::music, 0.5F, nullptr, out);
    return decide(AnswerKind::machine, AnswerCause::greeting_too_long, 0.85F - unclear, nullptr, out);
  }
  if (words_ > settings_.max_words) {
    if (music) return decide(AnswerKind::tone, AnswerCause::music, 0.4F, nullptr, out);
    return decide(AnswerKind::machine, AnswerCause::too_many_words, 0.6F, nullptr, out);
  }
  // Who pauses amid music has not stopped to listen.
  if (words_ != 0 && pause_ms >= settings_.after_greeting_silence_ms && tone_.blocks < kLeastToneBlocks && !music &&
      sounding_share < kSoundingShareOfPerson && (above_db >= kMinAboveDb || !floor_known_)) {
    // The nearer to the limit, the less sure.
    const float used = static_cast<float>(talk * kBlockMs) / static_cast<float>(settings_.greeting_max_ms);
    return decide(AnswerKind::person, AnswerCause::silence_after_greeting, 0.95F - 0.35F * used * used - unclear,
                  nullptr, out);
  }
  if (words_ == 0 && !in_word_ && !sounding && now_ms() >= settings_.initial_silence_max_ms &&
      tone_.blocks < kLeastToneBlocks && now_ms() - repeated_at_ms_ >= 1000) {
    const bool quiet = !floor_known_ || floor_dbm0_ < settings_.silence_dbm0;
    return decide(quiet ? AnswerKind::silence : AnswerKind::unknown,
                  quiet ? AnswerCause::no_sound : AnswerCause::noise_only, 0.8F, nullptr, out);
  }
  if (now_ms() < settings_.total_ms) return;
  if (music || sounding) return decide(AnswerKind::tone, AnswerCause::music, 0.4F, nullptr, out);
  decide(AnswerKind::unknown, AnswerCause::time_up, 0.2F, nullptr, out);
}

// ---- what is reported -----------------------------------------------------------------------------------------------

void AnswerClassifier::decide(AnswerKind kind, AnswerCause cause, float confidence, const Tone* tone,
                              AnswerEvent*& out) {
  decided_ = true;
  kind_ = kind;
  *out = {AnswerEvent::Type::decided, kind, cause, 0, confidence, now_ms(), {}};
  explain(*out++, tone);
}

void AnswerClassifier::explain(AnswerEvent& event, const Tone* tone) const {
  const auto add = [&](AnswerFigure figure, float value) {
    if (event.reason_count < kMaxAnswerReasons) {
      event.reasons[event.reason_count++] = {figure, static_cast<int32_t>(value < 0 ? value - 0.5F : value + 0.5F)};
    }
  };
  const bool talking = in_word_ && word_.counted && !(event.type == AnswerEvent::Type::beep);
  const uint32_t length = talking ? word_.last - word_.first + 1 : 0;
  const auto talk = static_cast<float>(talk_blocks_ + length);
  add(AnswerFigure::initial_silence_ms, static_cast<float>(words_ != 0 ? (first_word_ - 1) * kBlockMs : now_ms()));
  add(AnswerFigure::words, static_cast<float>(words_));
  if (words_ != 0 && talk > 0) {
    add(AnswerFigure::talk_ms, talk * kBlockMs);
    add(AnswerFigure::longest_pause_ms, static_cast<float>(longest_pause_ * kBlockMs));
    add(AnswerFigure::last_pause_ms, static_cast<float>((blocks_ - last_word_) * kBlockMs));
    add(AnswerFigure::voiced_percent, 100 * static_cast<float>(voiced_blocks_ + (talking ? word_.voiced : 0)) / talk);
    add(AnswerFigure::steady_percent, 100 * static_cast<float>(steady_blocks_ + (talking ? word_.steady : 0)) / talk);
    add(AnswerFigure::speech_dbm0, std::fmax(speech_dbm0_, talking ? word_.loudest_dbm0 : -100));
  }
  add(AnswerFigure::sounding_percent,
      100 * static_cast<float>(sounding_blocks_) / static_cast<float>(std::max(1U, pause_blocks_)));
  if (floor_known_) add(AnswerFigure::noise_dbm0, floor_dbm0_);
  if (tone == nullptr) return;
  add(AnswerFigure::tone_hz, tone->hz);
  if (tone->second_hz > 0) add(AnswerFigure::second_tone_hz, tone->second_hz);
  add(AnswerFigure::tone_ms, static_cast<float>(tone->ms()));
  add(AnswerFigure::tone_dbm0, tone->level_dbm0);
  add(AnswerFigure::tone_count, static_cast<float>(repeats_));
}

const char* name_of(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::unknown:
      return "unknown";
    case AnswerKind::person:
      return "person";
    case AnswerKind::machine:
      return "machine";
    case AnswerKind::fax:
      return "fax";
    case AnswerKind::tone:
      return "tone";
    case AnswerKind::silence:
      return "silence";
  }
  return "unknown";
}

const char* name_of(AnswerCause cause) {
  switch (cause) {
    case AnswerCause::none:
      return "none";
    case AnswerCause::silence_after_greeting:
      return "silence_after_greeting";
    case AnswerCause::greeting_too_long:
      return "greeting_too_long";
    case AnswerCause::too_many_words:
      return "too_many_words";
    case AnswerCause::beep_after_words:
      return "beep_after_words";
    case AnswerCause::fax_calling_tone:
      return "fax_calling_tone";
    case AnswerCause::fax_answer_tone:
      return "fax_answer_tone";
    case AnswerCause::special_information:
      return "special_information";
    case AnswerCause::repeated_tone:
      return "repeated_tone";
    case AnswerCause::ringing_tone:
      return "ringing_tone";
    case AnswerCause::endless_tone:
      return "endless_tone";
    case AnswerCause::music:
      return "music";
    case AnswerCause::no_sound:
      return "no_sound";
    case AnswerCause::noise_only:
      return "noise_only";
    case AnswerCause::time_up:
      return "time_up";
  }
  return "none";
}

const char* name_of(AnswerFigure figure) {
  switch (figure) {
    case AnswerFigure::initial_silence_ms:
      return "initial_silence_ms";
    case AnswerFigure::words:
      return "words";
    case AnswerFigure::talk_ms:
      return "talk_ms";
    case AnswerFigure::longest_pause_ms:
      return "longest_pause_ms";
    case AnswerFigure::last_pause_ms:
      return "last_pause_ms";
    case AnswerFigure::voiced_percent:
      return "voiced_percent";
    case AnswerFigure::steady_percent:
      return "steady_percent";
    case AnswerFigure::sounding_percent:
      return "sounding_percent";
    case AnswerFigure::speech_dbm0:
      return "speech_dbm0";
    case AnswerFigure::noise_dbm0:
      return "noise_dbm0";
    case AnswerFigure::tone_hz:
      return "tone_hz";
    case AnswerFigure::second_tone_hz:
      return "second_tone_hz";
    case AnswerFigure::tone_ms:
      return "tone_ms";
    case AnswerFigure::tone_dbm0:
      return "tone_dbm0";
    case AnswerFigure::tone_count:
      return "tone_count";
  }
  return "none";
}

}  // namespace cordboard::dsp
