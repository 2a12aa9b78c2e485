// SPDX-License-Identifier: GPL-2.0-or-later
// Comfort noise (RFC 3389): the noise of a pause told in a few octets instead of in packets, and made again from them.
//
//   block of a pause ── autocorrelation ── Levinson ──> level, reflection coefficients ──> payload of 1 + M octets
//   payload ──> level, coefficients ──> all-pole filter of white noise ──> block
//
// The level octet is −dBov, 0-127 (clause 3.1): 0 dBov is the power of a square wave at full scale, +6.15 dBm0 in A-law.
// A coefficient's octet N means k = 258 (N − 127)/32768, N = 0 … 254 (clause 3.2); |k| < 1, so that every payload is a
// stable filter. The RFC leaves the order open; here it is at most kMaxNoiseOrder, and what a payload holds beyond that
// counts as 0, as the RFC allows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

inline constexpr std::size_t kMaxNoiseOrder = 10;
inline constexpr std::size_t kMaxNoisePayload = 1 + kMaxNoiseOrder;

/// Of 0 dBov, the power of samples of ±32768, on the scale of sines.
inline constexpr float kFullScaleDbm0 = static_cast<float>(kFullScaleSineDbm0) + 3.0103F;

struct NoiseShape {
  float level_dbm0 = -60;
  uint8_t order = 0;                      // coefficients that follow; 0: white
  float reflection[kMaxNoiseOrder] = {};  // −1 < k < 1
};

/// Writes a payload (room for kMaxNoisePayload) and returns its octets. Levels outside 0 … −127 dBov and coefficients
/// outside the range are taken as the nearest within.
std::size_t write_noise_payload(const NoiseShape& shape, uint8_t* out);

/// The noise a payload asks for. False, and `shape` unchanged, for an empty one. The level's reserved bit is ignored; a
/// coefficient's reserved value 255 counts as 254.
bool read_noise_payload(const uint8_t* payload, std::size_t n, NoiseShape& shape);

/// Measures the noise of a channel, a block at a time, for its sender: feed it the blocks without speech.
class NoiseAnalysis {
 public:
  /// Looks at kBlock samples. Blocks are averaged with a time constant of 16 blocks, the first ones evenly.
  void process(const int16_t* block);

  /// What it has heard; the level of nothing is −127 dBov.
  NoiseShape shape(std::size_t order = kMaxNoiseOrder) const;
  void reset() { *this = {}; }

 private:
  float mean_square_ = 0;
  float correlation_[kMaxNoiseOrder + 1] = {};  // of windowed blocks
  uint32_t blocks_ = 0;
};

/// Makes the noise. A new shape is taken up with the next block, without a step in the filter's memory.
class ComfortNoise {
 public:
  /// Channels that are heard together should not make the same noise: give each its own seed.
  explicit ComfortNoise(uint32_t seed = 1) : random_(seed != 0 ? seed : 1) {}

  void set(const NoiseShape& shape);
  /// Writes kBlock samples.
  void process(int16_t* block);

 private:
  uint32_t random_;
  uint32_t order_ = 0;
  float scale_ = 0;                       // of the white noise; 0: silence
  float predictor_[kMaxNoiseOrder] = {};  // a1 … aM: y = e − a1 y1 − a2 y2 …
  float memory_[kMaxNoiseOrder] = {};     // … y2, y1, the latest last
};

}  // namespace cordboard::dsp
