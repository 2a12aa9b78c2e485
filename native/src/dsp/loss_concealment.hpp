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

class LossConcealment {
 public:
  /// Lengths are multiples of this, 10 ms: frames of 10, 20, 30 ms and longer, in any mixture.
  static constexpr std::size_t kUnit = 80;

  LossConcealment() { reset(); }

  /// A frame that has come. The first after a loss is changed in place at its beginning. A last part of less than
  /// kUnit is left alone and not remembered.
  void good(int16_t* samples, std::size_t n = kBlock);

  /// Fills in a frame that has not. A last part of less than kUnit becomes 0.
  void lost(int16_t* samples, std::size_t n = kBlock);

  /// Of the loss that is being concealed, 1/8000 s; 0 if none is.
  uint32_t pitch_samples() const { return lost_units_ > 0 ? pitch_ : 0; }

  void reset();

 private:
  static constexpr std::size_t kMinPitch = 40, kMaxPitch = 120;
  static constexpr std::size_t kMaxQuarter = kMaxPitch / 4;
  static constexpr std::size_t kHistory = 3 * kMaxPitch + kMaxQuarter;

  void remember(const int16_t* unit);
  void begin_loss();
  void speak_on(float* out, std::size_t n);
  void lost_unit(int16_t* out);

  int16_t history_[kHistory];  // what was last put out
  int16_t speech_[kHistory];   // the same when the loss began
  uint32_t pitch_;
  uint32_t periods_;     // that are repeated, the last of speech_
  uint32_t at_;          // sample of them that comes next
  uint32_t lost_units_;  // in a row, stops counting at silence; 0: none
};

}  // namespace cordboard::dsp
