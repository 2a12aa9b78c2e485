// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>

#include "engine/api.hpp"

namespace cordboard::engine {

constexpr uint32_t kLinkTimeslot = 16;

/// The same, with every E1 signalled by No. 7: spans below 100 are the box's, those from 100 on the exchange's, each side a link
/// set with a link on the first two of its E1s. `check_every`: one call of the box's out of so many has its circuit checked.
inline EngineConfig ss7_spans(EngineConfig config, Ss7Variant variant, uint32_t check_every = 0) {
  LinkSetConfig here{.linkSet = 1, .name = "links", .variant = variant, .pointCode = 1001, .destination = 2002};
  here.checkEvery = check_every;
  LinkSetConfig there{.linkSet = 2, .name = "their links", .variant = variant, .pointCode = 2002, .destination = 1001};
  if (variant == Ss7Variant::kChina) {
    here.pointCode = there.destination = 0x170203;
    here.destination = there.pointCode = 0x170a01;
  }
  for (auto& span : config.spans) {
    const bool ours = span.span < 100;
    const auto pair = (span.span - 1) % 100;
    span.signalling = SpanSignalling::kSs7;
    span.ss7.linkSet = ours ? 1 : 2;
    span.ss7.firstCircuit = 32 * pair + 1;
    if (pair < 2) (ours ? here : there).links.push_back({span.span, kLinkTimeslot, pair});
  }
  config.linkSets = {here, there};
  return config;
}

}  // namespace cordboard::engine
