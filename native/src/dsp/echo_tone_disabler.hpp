// SPDX-License-Identifier: GPL-2.0-or-later
// Hears modems and fax machines on either direction of a line, for which an echo canceller has to get out of the way
// (ITU-T G.168 clause 7, formerly G.165 clause 4).
//
//   reference ── 2100 and 1100 Hz, every 10 ms ──┐  two reversals of phase 450 ms apart ──> kDataModem
//   near end  ── 2100 and 1100 Hz, every 10 ms ──┴─ one of them for 0.3 s ────────────────> kFax
//                                                   250 ms below -36 dBm0 on both sides ──> kSpeech
//
//   answer tone          2100 ± 21 Hz from -31 dBm0, with the 15 Hz modulation of V.8 (ANSam) or without; not below -36
//   phase reversals      180 ± 25° every 450 ± 25 ms taken (V.25, V.8); 110° refused
//   time                 the second reversal, at most 0.95 s after the tone began (G.168: within 1 s)
//   hold and release     until both directions are below -36 dBm0 for 250 ± 150 ms (here 250 … 270)
//
// A fax machine's 2100 Hz without reversals and its 1100 Hz calling tone leave the canceller on (G.168 clause 7.1: its
// adaptive part helps them) but want the non-linear processor off, which would chop a modem's signals.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dsp/echo_kernels.hpp"
#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace cordboard::dsp {

enum class EchoCall : uint8_t {
  kSpeech,     // nothing heard: cancel, suppress
  kFax,        // answer or calling tone of a fax machine: cancel, do not suppress
  kDataModem,  // answer tone with phase reversals: leave everything alone
};

/// Plain data: `{}` is the state at the beginning of a call.
class EchoToneDisabler {
 public:
  /// Looks at one block of each direction (160 samples).
  EchoCall process(const int16_t* reference, const int16_t* near_end, const Kernels& set = kernels(),
                   const EchoKernels& echo_set = echo_kernels());

  EchoCall call() const { return call_; }

 private:
  struct Phasor {
    float re, im;
  };
  struct Listener {
    Phasor last[2];         // the answer tone 1 and 2 looks ago; zero where it was impure
    Phasor advance;         // from look to look, smoothed: what an offset of its frequency does
    uint16_t answer_looks;  // looks that held the answer tone, with no more than kMaxGap others between them
    uint16_t calling_looks;
    uint8_t answer_gap;
    uint8_t calling_gap;
    uint16_t since_reversal;  // looks; saturated
    uint8_t reversals;        // in step with 450 ms
  };

  void look(Listener& side, const int16_t* samples, float energy, const EchoKernels& set);

  Listener sides_[2]{};
  uint16_t quiet_looks_ = 0;
  EchoCall call_ = EchoCall::kSpeech;
};

}  // namespace cordboard::dsp
