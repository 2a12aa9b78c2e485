// SPDX-License-Identifier: GPL-2.0-or-later
// What of the supplementary services of a call is read: names and diverting numbers of QSIG, diverting numbers and advice
// of charge of EuroISDN. They come as ROSE invokes in Facility elements (Q.932 8.2.3, ECMA-165), in BER (X.690).
//
// libpri's decoder never sees what the line sends (pri_frame.hpp): this one reads the few operations below and leaves out
// everything else. Pure functions without allocation beyond the texts that they give; nothing is read twice, and nothing
// is nested deeper than the operations are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "signalling/pri_frame.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

struct PriFacility {
  /// Calling name (ECMA-164 6.3.1): octets of any character set. An empty one is withheld or not available.
  std::optional<std::string> calling_name;
  struct Diversion {
    std::string number;  // digits; empty: withheld
    uint8_t reason = 0;  // as of Redirecting number: 0, 1, 2, 15
  };
  std::optional<Diversion> diversion;
  std::optional<PriCharge> charge;
};

/// Reads the Facility elements of a message. What is broken is as if it were not there.
PriFacility read_facility(const PriMessage& message, PriProtocol protocol);

}  // namespace cordboard::signalling
