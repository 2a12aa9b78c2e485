// SPDX-License-Identifier: GPL-2.0-or-later
// Between the bus's 8 kHz and the rate of a codec or a card, block after block in the media tick: G.722 and sound cards
// (16 kHz), Opus (8, 16, 24, 48 kHz), cards (32, 44.1 kHz).
//
//   block of 10 or 20 ms ── behind the tail of the last ──> one FIR of 32 taps per 8 kHz sample, one phase of it per
//   output sample ──> rounded, saturated ──> as many ms at the other rate
//
//   pass band            to 3.4 kHz within ±0.1 dB, −6 dB at 4 kHz
//   stop band            from 4.6 kHz, 65 dB and more: images on the way up, aliases on the way down
//   group delay          2 ms exactly (16 samples at 8 kHz), each way and at every rate
//
// There is also resample.hpp: libsamplerate for whole files of any rate, at 20 times the cost, allocating, and with a
// delay that varies. It is what a prompt deserves that is converted once; this is what a tick can afford. All arithmetic
// is in integers, so it comes out alike on every machine, and as every 10 ms hold whole periods of each ratio, it is
// alike however the stream is cut.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

/// The most samples `process` writes: 20 ms at 48 kHz.
inline constexpr std::size_t kMaxResampledBlock = 960;

/// A rate's filter, the same for all streams of that rate.
struct PolyphaseFilter;

class StreamResampler {
 public:
  /// Allocates the filter at the first use of a pair of rates. One of them has to be 8000, the other 8000, 16000, 24000,
  /// 32000, 44100 or 48000; else `works()` is false and `process` writes nothing.
  /// Unless `fastest`, it runs the code for every processor, which gives the same results.
  StreamResampler(uint32_t from_hz, uint32_t to_hz, bool fastest = true);

  bool works() const { return filter_ != nullptr; }

  /// Takes `n` samples, 10 or 20 ms of them, and writes as many milliseconds to `out` (room for kMaxResampledBlock, not
  /// overlapping `in`). Returns how many samples, 0 for another n.
  std::size_t process(const int16_t* in, std::size_t n, int16_t* out);

  /// Forgets the stream, as if everything before had been silence.
  void reset();

 private:
  static constexpr std::size_t kMaxTaps = 192;

  const PolyphaseFilter* filter_;
  bool fastest_;
  int16_t tail_[kMaxTaps];  // the latest input
};

}  // namespace cordboard::dsp
