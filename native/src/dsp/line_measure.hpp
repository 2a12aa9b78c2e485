// SPDX-License-Identifier: GPL-2.0-or-later
// What is measured of a line from a piece of it that was kept: level and frequency of a test tone, what is there beside the
// tone, how late something comes back. Not for the tick: the tick keeps octets, these look at them afterwards.
//
//   render_steps ──> line ──> octets ──┬── measure_tone      (O.41 flat, O.133)
//                                      └── find_delay
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cordboard::dsp {

/// A sine of test; 0 Hz is silence. Levels of silence are not looked at.
struct TestTone {
  double hz{};
  double dbm0{};
};

/// Tones one after the other, `step` samples each, as A-law octets; the phase goes on where nothing else changes.
std::vector<uint8_t> render_steps(std::span<const TestTone> tones, std::size_t step);

struct ToneReading {
  double level_dbm0{};     // of the tone; of silence: of everything
  double total_dbm0{};     // of everything, without direct current
  double residual_dbm0{};  // of everything but the tone: noise and distortion, unweighted
  double hz{};             // as found near the one that was looked for
  double dc{};             // mean of the samples, 16-bit units
};

/// The tone nearest to `hz` (within 2 Hz for 200 ms, in proportion for longer pieces), by least squares over the piece, so that its
/// length need not be whole periods. 0 Hz: no tone is looked for. At least 80 samples, else all is nothing (-100 dBm0).
ToneReading measure_tone(std::span<const uint8_t> alaw, double hz);

/// A burst that is like itself at one delay alone: 40 ms of noise between 500 and 2500 Hz at -10 dBm0.
std::vector<uint8_t> render_marker();

struct Delay {
  double samples{};     // with a fraction
  double similarity{};  // 0 … 1, correlation with the marker at that delay; below a half nothing was found
};
Delay find_delay(std::span<const uint8_t> alaw);

/// How fast a clock goes, from the times at which it has ticked, one after the other: millionths above what it should (ticks come
/// early) or below. Ticks are told late, never early, so of each tenth the earliest counts. 0 for fewer than 100 ticks.
double clock_offset_ppm(std::span<const int64_t> at_ns, int64_t tick_ns);

}  // namespace cordboard::dsp
