// SPDX-License-Identifier: GPL-2.0-or-later
// Voice activity on a channel: whether somebody speaks (or something sounds), block by block.
//
//   block ── power ──> level ─┬─> stays within 5 dB for 0.5 s, and no tone ──> noise ──> floor
//                             │                                                            │ + margin
//                             └──────────────> louder than that? ──> onset, hangover <─────┘ ──> began … ended
//
// The level of a channel is all it looks at; that is enough to cut silence, to gate a gain and to show who talks, and
// costs next to nothing. What it works on:
//   speech               active level −40 … 0 dBm0
//   noise                from 10 dB below the speech, any level; a new level is learnt in half a second without speech,
//                        in 2 s if it rumbles or hums (which music does as well)
//   onset                taken in the block in which it comes if it is 4 dB clear of the threshold, else in the next
//   tones, music         are activity, for as long as they last; a steady tone of up to two frequencies is told from speech after 0.2 s
//
// Noise that begins or jumps up is activity until it has been learnt. A listener who must not lose the first syllable
// keeps the block before `began`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

struct VoiceActivitySettings {
  float min_level_dbm0 = -50;  // nothing below is activity, however quiet the line
  float margin_db = 6;         // above the noise floor
  uint32_t hangover_ms = 240;  // from the last loud block to the end; bridges the gaps between syllables (P.56: 200)
};

/// One block of a channel.
struct Activity {
  bool speaking;     // active, hangover included
  bool began;        // … since this block
  bool ended;        // the block before was the last
  bool loud;         // this block itself is above the threshold
  bool tonal;        // steady and predictable: a tone rather than speech; only while speaking
  float level_dbm0;  // of this block
  float floor_dbm0;  // of the noise
};

class VoiceActivity {
 public:
  explicit VoiceActivity(const VoiceActivitySettings& settings = {});

  /// Looks at kBlock samples.
  Activity process(const int16_t* block, const Kernels& set = kernels());

  void reset();

 private:
  void follow_floor(float level);

  VoiceActivitySettings settings_;
  uint32_t hangover_blocks_;
  float floor_;
  float steady_min_, steady_max_, steady_sum_;  // of the levels since they left a range of 5 dB
  uint32_t steady_blocks_;
  uint32_t remaining_;  // blocks of hangover left; 0: not speaking
  bool was_loud_;
  bool tonal_, predictable_;
};

}  // namespace cordboard::dsp
