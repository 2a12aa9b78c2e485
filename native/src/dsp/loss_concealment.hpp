// SPDX-License-Identifier: GPL-2.0-or-later
// Packet loss concealment for 8 kHz speech, after ITU-T G.711 Appendix I: what is lost is spoken on from the last pitch
// periods that were heard.
//
//   good ────────────────────────────────────────────────────────────────┬──> out
//      └─> history ── lost: pitch 66-200 Hz ──> last 1, 2, 3 periods, ───┘ overlap: 1/4 period, and 4 ms more for
//                                               again and again            every 10 ms lost, at most 10 ms
//                                               │
//                                               └─ full for 10 ms, then 20 % less every 10 ms, silent from 60 ms
//
// It differs from Appendix I in that it delays nothing (there: 3.75 ms). Where the appendix overlaps the beginning of a
// loss with speech it held back, this adds to the repetition what it lacks at the seam, in the mirror and fading out over
// a quarter of a period. While nothing is lost, blocks pass untouched.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

/// The concealment of one loss, for those who keep what was heard themselves.
class SpokenLoss {
 public:
  /// Lengths are multiples of this, 10 ms.
  static constexpr std::size_t kUnit = 80;
  static constexpr std::size_t kMinPitch = 40, kMaxPitch = 120;
  /// What it looks back at.
  static constexpr std::size_t kHistory = 3 * kMaxPitch + kMaxPitch / 4;

  /// `heard`: the last kHistory samples before the loss.
  void begin(const int16_t* heard);
  /// kUnit more of it.
  void speak(int16_t* out);
  /// The first kUnit after it, changed in place at their beginning; then it is over.
  void lead_over(int16_t* samples);
  void reset() { *this = {}; }

  bool lost() const { return lost_units_ > 0; }
  uint32_t pitch_samples() const { return lost() ? pitch_ : 0; }

 private:
  void repeat(float* out, std::size_t n);

  int16_t heard_[kHistory] = {};
  uint32_t pitch_ = kMaxPitch;
  uint32_t periods_ = 1;     // that are repeated, the last of heard_
  uint32_t at_ = 0;          // sample of them that comes next
  uint32_t lost_units_ = 0;  // in a row, stops counting at silence; 0: none
};

/// The same for a whole stream of frames.
class LossConcealment {
 public:
  /// Frames of 10, 20, 30 ms and longer, in any mixture.
  static constexpr std::size_t kUnit = SpokenLoss::kUnit;

  /// A frame that has come. The first after a loss is changed in place at its beginning. A last part of less than
  /// kUnit is left alone and not remembered.
  void good(int16_t* samples, std::size_t n = kBlock);

  /// Fills in a frame that has not. A last part of less than kUnit becomes 0.
  void lost(int16_t* samples, std::size_t n = kBlock);

  /// Of the loss that is being concealed, 1/8000 s; 0 if none is.
  uint32_t pitch_samples() const { return loss_.pitch_samples(); }

  void reset() { *this = {}; }

 private:
  static constexpr std::size_t kHistory = SpokenLoss::kHistory;

  void remember(const int16_t* unit);

  int16_t history_[kHistory] = {};  // what was last put out
  SpokenLoss loss_;
};

}  // namespace cordboard::dsp
