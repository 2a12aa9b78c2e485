// SPDX-License-Identifier: GPL-2.0-or-later
// Advice of charge of EuroISDN (ETS 300 182-1 annex A): arguments of its operations, in BER.
#pragma once

#include <optional>
#include <vector>

#include "signalling/pri_ber.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

/// AOC-D and AOC-E. Nothing: it is in no form that is known, or says that nothing is known.
std::optional<PriCharge> read_charge(ber::Octets argument, bool units, bool final);
/// AOC-S in money: what is told of a telephone call, 10 items at most.
std::vector<PriTariff> read_tariffs(ber::Octets argument);

}  // namespace cordboard::signalling
