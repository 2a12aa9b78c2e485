// SPDX-License-Identifier: GPL-2.0-or-later
// The tones by which a facsimile machine or a modem makes itself known (ITU-T T.30, V.21, V.25, V.8).
//
//   block ── tone_bank ──┬─> 1100 Hz, 0.5 s, then silence ─────────────────────────────> calling tone (CNG)
//                        ├─> 2100 Hz for 1 s ─┬─ phase reversals every 450 ms (V.25) ──> answer tone (CED, ANS, ANSam)
//                        │                    └─ amplitude modulated with 15 Hz (V.8)
//                        └─> 1650 and 1850 Hz ── 300 bit/s ── HDLC flags in a row ─────> flags: certainly a facsimile
//
// What is taken and what is not:
//   CNG      1100 ± 38 Hz, 0.5 s ± 15 % (T.30 4.1): reported 0.1 s after the end of a burst, again for each
//   answer   2100 ± 15 Hz (T.30 4.1, V.25): reported 1 s after it began, over when it ends
//   flags    V.21 channel 2, ± 12 Hz: reported at the fifth flag in a row, 0.14 s after they began
//   level    −43 … 0 dBm0; noise 15 dB below
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/tone_bank.hpp"

namespace cordboard::dsp {

enum class FaxTone : uint8_t { kCalling, kAnswer, kFlags };

struct FaxToneSettings {
  double min_level_dbm0 = -43;
  uint32_t answer_ms = 1000;  // of 2100 Hz before it is an answer tone; less than 1 s may miss reversals
  uint32_t flags = 5;         // in a row
};

struct FaxToneEvent {
  FaxTone tone;
  bool begin;          // otherwise it is over; a calling tone has no end
  bool reversals;      // of the answer tone: its phase is reversed every 450 ms (echo cancellers are to be disabled)
  bool modulated;      // of the answer tone: its amplitude swings with 15 Hz (ANSam, V.8)
  uint16_t length_ms;  // of the burst of calling tone; of the answer tone when it is over
  int16_t level_dbm0;
};

/// Per block at most: a calling tone, an answer tone that ends or begins, flags that begin or end.
inline constexpr std::size_t kMaxFaxToneEvents = 4;

/// What is kept of one channel. All zero is idle: `state = {}` resets it.
struct FaxToneState {
  static constexpr std::size_t kWindow = 27;  // samples: a bit of 26.67
  struct Calling {
    uint32_t samples;  // of tone so far, then …
    uint32_t silence;  // … of silence after it
    float energy;      // of all its blocks
    float last;        // of the block before, and …
    float before;      // … of the one before that
    uint16_t blocks;
    bool broken;  // this tone is part of something else: wait for its end
  } calling;
  struct Answer {
    uint32_t blocks;     // since it began
    uint32_t missed;     // blocks in a row without it
    uint32_t steady;     // blocks with it
    uint32_t reversed;   // block of the latest reversal; 0: none
    uint32_t reversals;  // at the right distance
    bool reported;
    float phase[2];  // of the latest steady block
    uint32_t phase_block;
    float turn[2];  // from block to block
    bool turn_known;
    float amplitude;  // sum over steady blocks, and …
    float swing[2];   // … of amplitude turned back by 15 Hz
    float pure[2];    // … and of the turns alone
  } answer;
  struct Flags {
    int32_t ring[kWindow][4];  // mark and space, in phase and in quadrature
    int32_t sum[4];
    uint8_t at;
    uint8_t hold;  // blocks for which the signal may be missing
    bool mark;     // the latest decision
    bool reported;
    uint8_t bits;   // the latest eight, the first received lowest
    uint8_t since;  // bits since the latest flag
    uint8_t in_a_row;
    int32_t clock;  // in thirds of a sample, to the next bit
    float energy;
  } flags;
};

/// Made at configuration, then only read, by all channels.
class FaxTones {
 public:
  using State = FaxToneState;
  explicit FaxTones(const FaxToneSettings& settings = {});

  /// Looks at one block of 160 samples. Writes what happened to `out` (kMaxFaxToneEvents entries) and returns how many.
  int process(State& state, const int16_t* block, FaxToneEvent* out) const;

 private:
  struct Events;
  void look_for_calling(State::Calling& state, float energy, float tone, Events& events) const;
  void look_for_answer(State::Answer& state, const ToneMeasure& measured, float tone, Events& events) const;
  void look_for_flags(State::Flags& state, const int16_t* block, float energy, float share, Events& events) const;
  bool next_bit(State::Flags& state, bool mark) const;

  FaxToneSettings settings_;
  ToneBank bank_;
  int calling_, answer_, mark_, space_;
  float min_energy_;
  float swing_[20][2];       // cosine and sine of 15 Hz, by block: 20 of them are six periods
  int16_t wave_[kBlock][4];  // 1650 and 1850 Hz: both have whole periods in a block
};

}  // namespace cordboard::dsp
