// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "engine/api.hpp"
#include "r2_pair.hpp"

namespace cordboard::engine {

/// The same, with every E1 signalled by the R2 of China.
inline EngineConfig china_spans(EngineConfig config) {
  const auto china = signalling::china();
  for (auto& span : config.spans) {
    span.signalling = SpanSignalling::kR2;
    span.r2.variant = china.variant;
    span.r2.definitions = china.definitions;
    span.r2.calledDigits = china.called_digits;
    span.r2.subscriberSignal = china.subscriber_signal;
    span.r2.vacantSignal = china.vacant_signal;
    span.r2.congestionSignal = china.congestion_signal;
  }
  return config;
}

}  // namespace cordboard::engine
