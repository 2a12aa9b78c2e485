// SPDX-License-Identifier: GPL-2.0-or-later
// Level meter of a channel, for displays and for judging a line.
//
//   block ─┬─ squares ──> mean over 300 ms ──────────────> level_dbm0
//          ├─ largest ──> rises at once, falls 12 dB/s ──> peak_dbm0
//          ├─ sum ──────> mean over 1 s ─────────────────> dc_offset
//          └─ at the end of the range ───────────────────> clipped, since the reset
//
// Levels are on the scale of sines: one that just touches full scale reads +3.14 dBm0 in both level and peak. A direct
// current counts in the level, as it does in the line's power.
#pragma once

#include <cstdint>

#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

struct LevelMeterSettings {
  uint32_t integration_ms = 300;  // time constant of the level; a VU meter's
  float peak_fall_db_per_s = 12;
  uint32_t dc_integration_ms = 1000;
  int32_t clip_at = 32256;  // magnitude of A-law's outermost octets; a sine of +3 dBm0 just reaches it
};

struct LevelReading {
  float level_dbm0;
  float peak_dbm0;
  float dc_offset;   // sample units, −32768 … 32767
  uint64_t clipped;  // samples at or beyond clip_at
  uint64_t samples;  // looked at
};

class LevelMeter {
 public:
  explicit LevelMeter(const LevelMeterSettings& settings = {});

  /// Looks at kBlock samples. Cheap enough for every tick; a reading is only made when asked for.
  void process(const int16_t* block, const Kernels& set = kernels());

  LevelReading reading() const;
  void reset();

 private:
  int32_t clip_at_;
  float level_share_, dc_share_, peak_fall_;  // per block
  float mean_square_ = 0;
  float peak_ = 0;
  float dc_ = 0;
  uint64_t clipped_ = 0;
  uint64_t samples_ = 0;
};

}  // namespace cordboard::dsp
