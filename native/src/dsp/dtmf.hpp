// SPDX-License-Identifier: GPL-2.0-or-later
// Receiver for push-button digits (ITU-T Q.23 and Q.24), four channels at a time.
//
//   block ─┬─ half ── dtmf_half4 ─┬─> two halves = a window of 20 ms, every 10 ms
//          └─ half ── dtmf_half4 ─┘      │ strongest row and column, their share of the power     (cheap, always)
//                                        │ two-tone model: level, twist, frequency, purity        (only if that looks
//                                        v                                                          like a digit)
//                             two windows agree ─> begin          four windows without it ─> end
//
// What is taken and what is not (levels per frequency):
//   level                −36 … 0 dBm0
//   twist                column from 9 dB below to 5 dB above its row (AT&T in Q.24: −8 … +4 dB)
//   frequency            within 1.5 % taken, from 3.5 % refused
//   length               from 38 ms taken wherever it begins, up to 23 ms refused
//   pause                from 30 ms ends a digit; an interruption up to 10 ms does not
//   noise                15 dB below the signal
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

/// What the receiver keeps of one channel from block to block. All zero is idle: `state = {}` resets it.
struct alignas(64) DtmfState {
  DtmfHalf last;      // the transform of the latest half block
  uint8_t digit;      // digit sounding and reported, 1-16; 0: none
  uint8_t candidate;  // digit of the latest window, 1-16; 0: none
  uint8_t absent;     // windows in a row without the sounding digit
};

struct DtmfEvent {
  uint8_t channel;  // 0-3, the entry of the call
  char digit;       // 0-9 * # A-D
  bool begin;       // the digit has been recognised; otherwise it is over
};

/// A channel can end one digit and begin another in one block, and no more.
inline constexpr std::size_t kMaxDtmfEvents = 8;

/// Looks at one block of each of up to four channels: `states[c]` and `blocks[c]` (160 samples) belong together, and
/// both may be null for a channel that is not there. Writes what happened to `out` (kMaxDtmfEvents entries), in the
/// order it happened within a channel, and returns how many.
int dtmf_process4(DtmfState* const states[4], const int16_t* const blocks[4], DtmfEvent* out,
                  const Kernels& set = kernels());

}  // namespace cordboard::dsp
