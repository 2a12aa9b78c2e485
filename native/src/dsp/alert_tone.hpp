// SPDX-License-Identifier: GPL-2.0-or-later
// The alerting signal before caller identification: 2130 Hz and 2750 Hz together, for 100 ms before ringing (DT-AS,
// ETSI EN 300 659-1 5.2.1: 88-110 ms) or 80 ms in a call (CAS, GR-30 and EN 300 659-2: 75-85 ms).
//
//   block ── four windows of 5 ms ── both tones: level, twist, share of the energy ──> a run of them
//                                    run over ── length, mean frequency ──> alerted
//
// What is taken: tones from −40 dBm0 each, twist 7 dB, frequency ±1.5 % (sent with ±0.5 % or ±1.1 %), 70-125 ms, noise
// 12 dB below. Speech over the tone is not heard through, nor is speech taken for the tone: the tones have to be more
// than half of the energy in every window, and their mean frequencies right.
#pragma once

#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

struct AlertToneSettings {
  double min_level_dbm0 = -40;         // of either tone
  double max_twist_db = 8;             // of either against the other
  double max_frequency_error = 0.020;  // of nominal, at most 0.03
  double min_share = 0.60;             // of a window's energy
  uint32_t min_ms = 70;
  uint32_t max_ms = 125;
};

class AlertToneDetector {
 public:
  explicit AlertToneDetector(const AlertToneSettings& settings = {});

  /// Whether a tone of the right length ended in this block (or up to 5 ms before it).
  bool process(const int16_t* block);

 private:
  static constexpr std::size_t kWindow = 40;
  struct Phasor {
    float cosine, sine;
    float power() const { return cosine * cosine + sine * sine; }
  };
  struct Window {
    Phasor tone[2];
    float energy;
  };

  static Window transform(const int16_t* samples);
  bool take(const Window& window);
  bool is_both_tones(const Window& window) const;
  bool ends_well(float energy_after) const;

  float min_power_, max_ratio_, min_share_;
  float min_cosine_[2];  // of the advance beyond the nominal, in a window
  float min_windows_, max_windows_;

  Window last_{};
  uint32_t run_ = 0;         // windows with both tones
  float energy_before_ = 0;  // of the window before the run
  float energy_ = 0;         // of the run
  float edge_energy_ = 0;    // of its first and last window
  Phasor advance_[2]{};      // summed over the run
};

}  // namespace cordboard::dsp
