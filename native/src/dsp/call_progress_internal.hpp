// SPDX-License-Identifier: GPL-2.0-or-later
// What the two halves of the call-progress detector share: call_progress.cpp makes ons and offs of blocks,
// call_progress_cadence.cpp makes tones of ons and offs.
#pragma once

#include <algorithm>

#include "dsp/call_progress.hpp"

namespace cordboard::dsp {

inline constexpr uint32_t kSamplesPerMs = kSampleRateHz / 1000;

/// The three parts of the special information tone are always the first classes.
inline constexpr int kSitParts = 3;
/// Of a segment's classes: a tone, but none that is known.
inline constexpr uint16_t kUnknownTone = 1U << (CallProgressState::kClasses - 1);

struct CallProgress::Block {
  enum { kQuiet, kTone, kLoud } verdict;
  uint16_t classes;
  float class_energy[State::kClasses];
  float best;  // the largest of them
  ToneMeasure measured;
};

/// Where events go: never more than there is room for.
struct CallProgress::Events {
  CallProgressEvent* out;
  std::size_t count = 0;

  void add(const CallProgressEvent& event) {
    if (count < kMaxCallProgressEvents) out[count++] = event;
  }
};

}  // namespace cordboard::dsp
