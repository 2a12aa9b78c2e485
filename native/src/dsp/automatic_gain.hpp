// SPDX-License-Identifier: GPL-2.0-or-later
// Automatic gain: brings speech to one level, slowly, and leaves noise and tones alone.
//
//   block, Activity ──> loud, no tone ──> level of the active speech ──> wanted gain ── 6 dB/s up, 30 dB/s down ──┐
//   block ── × gain, a straight line from the last block's end <────────────────────────────────────────────────┘
//         └─ soft limiter ──> the same block
//
// The gain moves up in blocks of speech only. In pauses it stays, so that noise is not pumped up; it only falls if new
// noise would come out above `max_noise_dbm0`. The limiter bends what lies above −3 dB of full scale so far that the
// largest sample just fits; at 0 dB and below it bends nothing, and at a gain of exactly 0 dB the block is not touched.
// Speech comes out within 1 dB of the target, on the loud side: quiet blocks count in what it measures.
#pragma once

#include <cstdint>

#include "dsp/g711.hpp"
#include "dsp/voice_activity.hpp"

namespace cordboard::dsp {

struct AutomaticGainSettings {
  float target_dbm0 = -20;  // active speech level to reach
  float max_gain_db = 15;   // at most 24
  float max_loss_db = 15;   // at most 60
  float rise_db_per_s = 6;
  float fall_db_per_s = 30;
  float max_noise_dbm0 = -50;  // gain never lifts the noise floor above this
};

class AutomaticGain {
 public:
  explicit AutomaticGain(const AutomaticGainSettings& settings = {});

  /// Changes kBlock samples in place. `activity` is what VoiceActivity said of this same block, before the gain.
  void process(int16_t* block, const Activity& activity);

  /// At the end of the latest block.
  float gain_db() const { return gain_db_; }
  /// Of the active speech before the gain; kNothingDbm0 before the first.
  float speech_dbm0() const;

  void reset();

 private:
  void choose_gain(const Activity& activity);

  AutomaticGainSettings settings_;
  float gain_db_;
  float gain_;              // the same as a factor
  float bend_;              // of the limiter, belongs to gain_
  float speech_power_;      // mean square of loud blocks
  uint32_t speech_blocks_;  // that went into it, counted up to kFullMemory
};

}  // namespace cordboard::dsp
