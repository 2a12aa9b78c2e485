// SPDX-License-Identifier: GPL-2.0-or-later
// What the other exchange says with tones: dial, ringback, busy, congestion … (ITU-T E.180, per country) and the special
// information tone (E.180 clause 6), told apart by frequency and by cadence.
//
//   block ── tone_bank ──> quiet | tone of these sets of frequencies | anything else
//                             │  edges within a block by its share of the energy
//                             v
//                    on, off, on, off … in samples ──┬─> a whole cycle fits a tone ─────────────> begun
//                                                    ├─> no longer fits the tone that sounds ──> ended
//                                                    └─> three rising tones ──────────────────> sit
//
// What is taken and what is not (all settable):
//   frequency      within 25 Hz taken, from 50 Hz refused (special information tone: 50 Hz taken, from 90 Hz refused);
//                  frequencies of one tone less than 60 Hz apart count as one band
//   level          −35 … 0 dBm0 of each frequency; from −43 dBm0 refused
//   cadence        each on and off within 12 %, or 60 ms if that is more
//   noise          15 dB below the tone; an interruption or a click of up to 20 ms does not matter
//   time to tell   a whole cycle, and at least four ons and offs, and at least 1.2 s: busy of 350/350 ms 1.4 s, congestion
//                  of 700/700 ms 2.8 s after it began. A long pause (ringback) is not waited for: 1 s of it is enough, if
//                  the tone before it lasted 0.7 s. A continuous tone takes 1 s, or longer than the longest burst of
//                  another tone of its frequency.
//
// Tones with the same frequencies and cadence cannot be told apart: the one listed first is reported. Where cadences are
// alike, the one nearest to what was measured is. Tones that are played once and do not end in a continuous part
// (confirmation) are not listened for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dsp/tone_bank.hpp"
#include "dsp/tone_clip.hpp"

namespace cordboard::dsp {

/// A tone of a country, as its clip is made from (TonePart's level does not matter here).
struct CallProgressTone {
  std::string name;
  std::vector<TonePart> parts;
  bool repeat = true;
};

struct CallProgressSettings {
  double tolerance_hz = 25;
  double sit_tolerance_hz = 50;
  double min_level_dbm0 = -35;  // of one frequency
  double cadence_tolerance = 0.12;
  uint32_t cadence_tolerance_ms = 60;
  uint32_t continuous_ms = 1000;
  uint32_t early_off_ms = 1000;  // of a long pause that is enough
};

/// What the lengths of a special information tone say (ANSI T1.401: 380 ms long, 274 ms short; E.180: 330 ms each).
enum class SitKind : uint8_t {
  kGeneral,     // E.180, or not one of these
  kNoCircuit,   // long, long, long
  kIntercept,   // short, short, long
  kVacantCode,  // long, short, long
  kReorder,     // short, long, long
};

struct CallProgressEvent {
  uint8_t tone;  // number in the list given, or CallProgress::sit()
  bool begin;    // otherwise it is over; a special information tone has no end
  SitKind sit;
  uint16_t on_ms;   // the latest measured; for the special information tone its first part and …
  uint16_t off_ms;  // … its last; 0 for a continuous tone
  int16_t level_dbm0;
};

/// Per block at most: one tone ends, one begins, and the special information tone.
inline constexpr std::size_t kMaxCallProgressEvents = 4;

/// What is kept of one channel. All zero is the beginning: `state = {}` resets it.
struct CallProgressState {
  static constexpr std::size_t kClasses = 16;
  static constexpr std::size_t kBands = 24;
  static constexpr std::size_t kHistory = 40;
  enum Kind : uint8_t { kOther, kOff, kOn };
  struct Segment {
    uint32_t samples;
    uint16_t classes;  // which may have sounded, a bit each; 0: silence
    bool known;        // its beginning was heard
    float energy;      // mean of a block
  };
  Segment history[kHistory];  // oldest first, without the one going on
  uint8_t count;
  Kind kind;               // of what is going on
  bool known;              // its beginning was heard
  bool pending;            // the latest block did not go on with it: an edge perhaps, or a click
  uint8_t active;          // number of the tone reported, plus one
  uint8_t element;         // of the active tone: the one going on
  uint16_t classes;        // which the latest block of tone may have been
  uint32_t samples;        // of what is going on, at most an hour
  uint32_t blocks;         // of tone, of what is going on
  uint32_t sit_hold;       // samples during which another special information tone is the same one
  float reference;         // mean energy of a block of the latest tone; 0: none lately
  float first, last;       // energy of the first (0: need not be looked at) and of the latest block of tone
  float pending_energy;    // of that block; of the latest one that was something else
  float before_pending;    // of the one before that
  float latest[kClasses];  // what of the latest block lies in each class
  float total;             // energy of the tone going on, and what of it lies in each class and band
  float class_energy[kClasses];
  float band_energy[kBands];
};

class CallProgress {
 public:
  using State = CallProgressState;

  /// At most 31 tones are listened for, and as many as there is room for their frequencies (see `ignored`).
  explicit CallProgress(std::span<const CallProgressTone> tones, const CallProgressSettings& settings = {});

  /// Looks at one block of 160 samples. Writes what happened to `out` (kMaxCallProgressEvents entries), in order, and
  /// returns how many.
  int process(State& state, const int16_t* block, CallProgressEvent* out) const;

  /// The name of a tone of an event.
  const std::string& name(uint8_t tone) const { return names_[tone]; }
  /// The number of the special information tone, which needs no description.
  uint8_t sit() const { return static_cast<uint8_t>(names_.size() - 1); }
  /// Tones that are not listened for: played once, silent, faster than 40 ms or beyond what there is room for.
  const std::vector<std::string>& ignored() const { return ignored_; }
  std::size_t lanes() const { return bank_.lanes(); }

 private:
  /// A set of frequencies sounded together: one band, or a union of several.
  struct Class {
    std::vector<int> bands;
    std::vector<double> middles_hz;
    int joined;  // number of the union; -1: one band
  };
  /// One on or off of a tone.
  struct Element {
    int8_t kind;       // class; -1: silence
    uint32_t samples;  // 0: for ever
    uint32_t shortest, longest;
  };
  struct Pattern {
    uint8_t tone;
    std::vector<Element> elements;
    std::size_t needed;      // elements that have to fit in a row
    uint32_t endless_after;  // samples of the last element, if that is endless
    bool early;              // need not be waited for to the end of its last pause
  };
  struct Block;
  struct Events;

  int add_class(std::vector<double> frequencies_hz, double tolerance_hz);
  bool add_pattern(uint8_t tone, const CallProgressTone& described);
  void settle_endless();
  bool alike(int one, int other) const;
  uint32_t samples_of(double ms) const;
  Element element(int kind, double ms) const;

  void look(const State& state, const int16_t* block, Block& found) const;
  uint16_t fitting(const State& state) const;
  bool fits(const Element& element, const State::Segment& segment) const;

  void go_on_quiet(State& state, const Block& block, Events& events) const;
  void go_on_tone(State& state, const Block& block, Events& events) const;
  void go_on_loud(State& state, const Block& block, Events& events) const;
  void end_tone(State& state, uint32_t after, Events& events) const;
  void change_tone(State& state, const Block& block, Events& events) const;
  void begin_tone(State& state, const Block& block, uint32_t samples) const;
  void add_tone(State& state, const Block& block) const;
  void close(State& state, Events& events) const;
  void forget(State& state, Events& events) const;

  void end(State& state, uint32_t on_samples, uint32_t off_samples, Events& events) const;
  void follow(State& state, const State::Segment& closed, Events& events) const;
  void watch_growth(State& state, Events& events) const;
  void find_cycle(State& state, Events& events) const;
  void find_early(State& state, Events& events) const;
  void find_endless(State& state, Events& events) const;
  void find_sit(State& state, Events& events) const;
  const Pattern* pattern_of(const State& state) const;

  CallProgressSettings settings_;
  float min_energy_;
  uint32_t shortest_endless_;  // samples: before that no continuous tone can be told
  ToneBank bank_;
  std::vector<Class> classes_;
  std::vector<Pattern> patterns_;
  std::vector<std::string> names_;
  std::vector<std::string> ignored_;
};

}  // namespace cordboard::dsp
