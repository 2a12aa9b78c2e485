// SPDX-License-Identifier: GPL-2.0-or-later
// Tones rendered once, to be played as any other clip: call-progress tones (ITU-T E.180, per country) and digits sent
// in-band (Q.23). Clips are A-law octets at 8 kHz and allocate: made at configuration or by a command, never in the
// tick. Their lengths are whole milliseconds, not always whole blocks of 20 ms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cordboard::dsp {

/// A part of a tone: frequencies sounded together for on_ms (0: for ever), then off_ms of silence. No frequency at
/// all is silence.
struct TonePart {
  std::vector<double> frequencies_hz{};
  double level_dbm0 = -10;  // of each frequency
  uint32_t on_ms = 0;
  uint32_t off_ms = 0;
};

/// Where a clip goes on when it has ended, if it does not.
inline constexpr std::size_t kNoLoop = static_cast<std::size_t>(-1);

/// One round of the cadence. A part without end is the last one looked at and comes out as a loop without a click: 1 s
/// for whole frequencies, up to 10 s for tenths of a hertz; finer ones are rounded to tenths. `loop_from`, if given,
/// is set to the octet at which to go on after the last: the beginning for a repeated cadence, the beginning of the
/// endless part if there is one, else kNoLoop. Empty if there is nothing to play: no part, no length, more than an
/// hour, a frequency outside 0 … 4000 Hz.
std::vector<uint8_t> render_tone(std::span<const TonePart> parts, bool repeat = true,
                                 std::size_t* loop_from = nullptr);

/// Digits 0-9 * # A-D, each for on_ms and followed by off_ms of silence; a comma is a pause of 500 ms. `level_dbm0` is
/// that of each of the two frequencies. Empty if the string is, or holds anything else, or takes more than an hour.
std::vector<uint8_t> render_digits(std::string_view digits, uint32_t on_ms, uint32_t off_ms, double level_dbm0);

}  // namespace cordboard::dsp
