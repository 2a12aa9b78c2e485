// SPDX-License-Identifier: GPL-2.0-or-later
// What a block of telephone sound is like: loud, periodic, whistling or hissing. The evidence on which the answer
// classifier decides; it decides nothing itself.
//
//   block ─┬─ level ───────────────────────────── too faint to look at: the rest stays 0
//          ├─ last 40 ms at 4 kHz ─ correlation with itself 2.5-16 ms before ──> periodicity, pitch
//          └─ last 32 ms ─ Hann ─ 256-point transform ─┬─ two strongest lines ──> tone
//                                                      └─ geometric / arithmetic mean ──> flatness
//
// Nothing but additions, multiplications, divisions and square roots, each rounded once, in one order: the figures are
// the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

/// A spectral line. Its frequency is good to 3 Hz if it is alone and steady.
struct SpectralLine {
  float hz;
  float share;  // of the power between 110 and 3600 Hz, 0 … 1, counted within 62.5 Hz of the strongest bin
};

struct BlockFeatures {
  float level_dbm0;   // of the whole block, -100 for digital silence
  bool faint;         // below `faint_dbm0`: nothing of what follows was measured
  float periodicity;  // 0 … 1: correlation with the best of the earlier pitch periods; voiced speech has 0.6 and more
  float pitch_hz;     // of that period, 62 … 400 Hz
  float flatness_db;  // 0 … -50: white noise about -2.5, speech -8 and below, a tone -25 and below
  SpectralLine line;
  SpectralLine second;  // beside the first, its share not counted twice; all 0 if the first has less than 0.35
};

/// Listens to one channel. 328 octets.
class VoiceFeatures {
 public:
  BlockFeatures measure(const int16_t* block, float faint_dbm0);

 private:
  int16_t history_[kBlock] = {};  // the block before
};

/// 10 log10 of a ratio above 0, to 0.005 dB.
float decibels(float ratio);

}  // namespace cordboard::dsp
