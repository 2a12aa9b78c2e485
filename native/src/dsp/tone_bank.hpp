// SPDX-License-Identifier: GPL-2.0-or-later
// How much of a block lies in given bands, for the detectors of steady tones.
//
//   block of 160 ─ tone_fold ─┬─> energy
//                             └─ tone_lanes ─> correlations with templates ─> energy of a band, of a union of bands
//
// A sine somewhere within a band spans, over 20 ms, little more than two or three templates: so a band is not a comb of
// frequencies but the space they span, its templates made orthonormal. The sum of the squared correlations is then the
// energy of the block's best approximation by tones of the band; compared with the whole energy it says how pure the
// block is, whatever the phase and wherever in the band the tone. Over a band of ±25 Hz at least 95 % of a tone is
// found; 50 Hz from the middle a third; from 60 Hz a tenth.
//
// Bands less than 100 Hz apart see some of each other's tones; a union undoes that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

/// Energy (sum of squares) of a block that is all a sine of this level.
double block_energy_of(double level_dbm0);
/// Level of a sine with this energy in each block; -99 for none.
double level_of_block_energy(double energy);

/// What a bank finds in a block: plain data, made anew for each.
struct ToneMeasure {
  static constexpr std::size_t kMaxLanes = 64;
  float energy;  // sum of x²
  alignas(32) float even[kMaxLanes];
  alignas(32) float odd[kMaxLanes];
};

/// Made at configuration, then only read, by all channels.
class ToneBank {
 public:
  /// All tones of low_hz … high_hz, at most 200 Hz apart. Returns the number of the band, that of an equal one if there
  /// is one, or -1 if it is no band between 0 and 4000 Hz or there is no room left.
  int add_band(double low_hz, double high_hz);

  /// Sums of tones of up to four of the bands. Returns the number of the union, or -1.
  int add_union(std::span<const int> bands);

  /// One frequency under a Hann window instead of a band: its correlations are scaled so that a sine of amplitude A
  /// filling the block has a band energy of A². Returns the number of the band, or -1.
  int add_windowed(double hz);

  /// Whether the energy is at least min_energy; if not, the energy is all that is measured.
  bool measure(const int16_t* block, ToneMeasure& out, float min_energy = 0, const Kernels& set = kernels()) const;

  /// Energy of what of the block lies in a band or in a union.
  float band_energy(int band, const ToneMeasure& measured) const;
  float union_energy(int number, const ToneMeasure& measured) const;

  /// The lane of the first template of a band, which is a sine within the band.
  std::size_t first_lane(int band) const { return bands_[static_cast<std::size_t>(band)].first; }
  std::size_t bands() const { return bands_.size(); }
  std::size_t lanes() const { return lanes_; }

 private:
  static constexpr std::size_t kPairs = kBlock / 2;
  static constexpr std::size_t kMaxUnionLanes = 16;
  struct Band {
    double low_hz, high_hz;
    std::size_t first, lanes;
  };
  // Lower triangles that make the lanes of several bands orthonormal, row after row.
  struct Union {
    std::vector<std::size_t> lanes;
    std::vector<float> even, odd;
  };
  using Template = std::vector<double>;  // kPairs values of one side

  bool add_lane(const Template& even, const Template& odd);
  Template lane(std::size_t number, bool odd) const;

  std::vector<float> table_;  // by eight lanes: for each pair of samples eight even values, then eight odd ones
  std::vector<Band> bands_;
  std::vector<Union> unions_;
  std::size_t lanes_ = 0;
};

}  // namespace cordboard::dsp
