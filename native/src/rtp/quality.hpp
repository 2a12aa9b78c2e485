// SPDX-License-Identifier: GPL-2.0-or-later
// What a call sounds like, estimated by the E-model (ITU-T G.107, 06/2015) from what a network does to it:
//
//   R = 93.2 − Idd(delay) − Ie,eff(codec, loss, bursts)  ──> MOS (Annex B)
//
// 93.2 is R with the default values of table 3, and those are kept: no echo, levels and noise as they should be. What is
// left are delay (clause 7.4, Idd), codec and loss (clause 7.5).
#pragma once

#include <cstdint>

#include "rtp/format.hpp"

namespace cordboard::rtp {

struct QualityInput {
  double delay_ms = 0;     // one way, from mouth to ear
  double loss_share = 0;   // 0-1, of the speech that had to be made up: lost, or too late
  double burst_ratio = 1;  // G.107 7.5: mean length of losses over that of random loss; 1: random
  Encoding codec = Encoding::kPcma;
};

/// Equipment impairment and robustness against loss, with concealment.
struct CodecImpairment {
  double ie;
  double bpl;
};

/// G.711: ITU-T G.113 Appendix I (0, 25.1 with concealment). For the others it has no values on this scale; ours are taken
/// from how they compare: G.722 heard on a narrow-band line is G.711, and Opus at 24 kbit/s is a good codec of its kind
/// that repairs single losses.
CodecImpairment impairment_of(Encoding codec);

/// R, 0-93.2. Values outside their ranges are taken as the nearest within.
double transmission_rating(const QualityInput& input);

/// MOS-CQE of a rating (G.107 Annex B): 1-4.5.
double mos_of_rating(double rating);

inline double mos_of(const QualityInput& input) { return mos_of_rating(transmission_rating(input)); }

}  // namespace cordboard::rtp
