// SPDX-License-Identifier: GPL-2.0-or-later
// From ons and offs to tones. Nothing is searched for while a tone sounds: it is only watched for the moment at which it
// no longer fits, and what does not fit is then the beginning of the next search.
#include <algorithm>
#include <cmath>

#include "dsp/call_progress.hpp"
#include "dsp/call_progress_internal.hpp"

namespace cordboard::dsp {
namespace {

using State = CallProgressState;
using Segment = CallProgressState::Segment;

/// Parts of the special information tone: 330 ± 70 ms (E.180), with room for 274 and 380 ms and their tolerances; a
/// pause of up to 30 ms between them may look longer by a block.
constexpr uint32_t kSitShortest = 180 * kSamplesPerMs, kSitLongest = 450 * kSamplesPerMs;
constexpr uint32_t kSitPause = 60 * kSamplesPerMs;
constexpr uint32_t kSitHold = 3 * kSampleRateHz;
constexpr int kShortMs[2] = {240, 312}, kLongMs[2] = {348, 430};

uint16_t ms_of(uint32_t samples) { return static_cast<uint16_t>(std::min<uint32_t>(samples / kSamplesPerMs, 65535)); }

int16_t rounded_level(float energy) {
  return static_cast<int16_t>(std::lround(level_of_block_energy(static_cast<double>(energy))));
}

/// Length and level of the latest tone and length of the latest pause, the one going on included.
void fill_in(CallProgressEvent& event, const State& state) {
  for (std::size_t i = state.count; i-- > 0 && (event.on_ms == 0 || event.off_ms == 0);) {
    const Segment& segment = state.history[i];
    if (segment.classes == 0 && event.off_ms == 0) event.off_ms = ms_of(segment.samples);
    if (segment.classes != 0 && event.on_ms == 0) {
      event.on_ms = ms_of(segment.samples);
      event.level_dbm0 = rounded_level(segment.energy);
    }
  }
}

SitKind sit_kind(const uint16_t ms[kSitParts]) {
  unsigned longs = 0;
  for (int i = 0; i < kSitParts; ++i) {
    const bool is_long = ms[i] >= kLongMs[0] && ms[i] <= kLongMs[1];
    if (!is_long && (ms[i] < kShortMs[0] || ms[i] > kShortMs[1])) return SitKind::kGeneral;
    longs = longs << 1 | (is_long ? 1U : 0U);
  }
  switch (longs) {
    case 0b111:
      return SitKind::kNoCircuit;
    case 0b001:
      return SitKind::kIntercept;
    case 0b101:
      return SitKind::kVacantCode;
    case 0b011:
      return SitKind::kReorder;
    default:
      return SitKind::kGeneral;
  }
}

}  // namespace

bool CallProgress::fits(const Element& element, const Segment& segment) const {
  if (!segment.known || segment.samples < element.shortest || segment.samples > element.longest) return false;
  return element.kind < 0 ? segment.classes == 0 : (segment.classes >> element.kind & 1) != 0;
}

const CallProgress::Pattern* CallProgress::pattern_of(const State& state) const {
  for (const Pattern& pattern : patterns_) {
    if (pattern.tone + 1 == state.active) return &pattern;
  }
  return nullptr;
}

/// The tone that sounds, if any, is over, because of the length that is given or of the latest measured.
void CallProgress::end(State& state, uint32_t on_samples, uint32_t off_samples, Events& events) const {
  if (state.active == 0) return;
  CallProgressEvent event{
      static_cast<uint8_t>(state.active - 1), false, SitKind::kGeneral, ms_of(on_samples), ms_of(off_samples), 0};
  fill_in(event, state);
  events.add(event);
  state.active = 0;
}

/// Whether the tone that sounds has gone on as it should.
void CallProgress::follow(State& state, const Segment& closed, Events& events) const {
  const Pattern* const pattern = pattern_of(state);
  if (pattern == nullptr) return;
  const Element& expected = pattern->elements[state.element];
  if (expected.samples != 0 && fits(expected, closed)) {
    state.element = static_cast<uint8_t>((state.element + 1U) % pattern->elements.size());
    return;
  }
  end(state, 0, 0, events);
}

/// What goes on may already be too long for the tone that sounds, or long enough for one that has not been told yet.
void CallProgress::watch_growth(State& state, Events& events) const {
  if (state.kind == State::kOther) return;
  if (const Pattern* const pattern = pattern_of(state)) {
    if (state.samples <= pattern->elements[state.element].longest) return;
    const bool on = state.kind == State::kOn;
    end(state, on ? state.samples : 0, on ? 0 : state.samples, events);
    return;
  }
  if (state.kind == State::kOff) {
    if (state.samples >= settings_.early_off_ms * kSamplesPerMs) find_early(state, events);
  } else if (state.samples >= shortest_endless_ && !state.pending) {
    find_endless(state, events);
  }
}

/// The tone whose whole cycle is the nearest to what was heard last.
void CallProgress::find_cycle(State& state, Events& events) const {
  const Pattern* best = nullptr;
  std::size_t best_last = 0;
  float best_error = 0;
  for (const Pattern& pattern : patterns_) {
    const std::size_t n = pattern.elements.size();
    if (pattern.needed == 0 || pattern.needed > state.count) continue;
    for (std::size_t last = 0; last < n; ++last) {
      float error = 0;
      std::size_t matched = 0;
      for (; matched < pattern.needed; ++matched) {
        const Segment& segment = state.history[state.count - 1 - matched];
        const Element& element = pattern.elements[(last + n * pattern.needed - matched) % n];
        if (!fits(element, segment)) break;
        const float off = static_cast<float>(segment.samples) - static_cast<float>(element.samples);
        error += std::fabs(off) / static_cast<float>(element.longest - element.samples + 1);
      }
      if (matched < pattern.needed) continue;
      error /= static_cast<float>(matched);
      if (best != nullptr && error >= best_error) continue;
      best = &pattern;
      best_last = last;
      best_error = error;
    }
  }
  if (best == nullptr) return;
  state.active = static_cast<uint8_t>(best->tone + 1);
  state.element = static_cast<uint8_t>((best_last + 1) % best->elements.size());
  CallProgressEvent event{best->tone, true, SitKind::kGeneral, 0, 0, 0};
  fill_in(event, state);
  events.add(event);
}

/// A tone with a long pause, of which enough has passed.
void CallProgress::find_early(State& state, Events& events) const {
  for (const Pattern& pattern : patterns_) {
    const std::size_t ahead = pattern.elements.size() - 1;
    if (!pattern.early || state.count < ahead || state.samples > pattern.elements.back().longest) continue;
    const Segment* const first = state.history + state.count - ahead;
    bool fit = true;
    for (std::size_t i = 0; i < ahead && fit; ++i) fit = fits(pattern.elements[i], first[i]);
    // Before the first comes silence, or a long pause: otherwise these are the last bursts of something else.
    const bool alone =
        state.count == ahead ||
        (first[-1].classes == 0 && (!first[-1].known || first[-1].samples >= settings_.early_off_ms * kSamplesPerMs));
    if (!fit || !alone) continue;
    state.active = static_cast<uint8_t>(pattern.tone + 1);
    state.element = static_cast<uint8_t>(ahead);
    CallProgressEvent event{pattern.tone, true, SitKind::kGeneral, 0, ms_of(state.samples), 0};
    fill_in(event, state);
    events.add(event);
    return;
  }
}

/// A continuous tone, with what has to come before it.
void CallProgress::find_endless(State& state, Events& events) const {
  const Pattern* best = nullptr;
  uint16_t classes = 0;
  for (const Pattern& pattern : patterns_) {
    const std::size_t ahead = pattern.elements.size() - 1;
    if (pattern.needed != 0 || state.samples < pattern.endless_after || state.count < ahead) continue;
    if (best != nullptr && best->elements.size() >= pattern.elements.size()) continue;
    if (classes == 0) classes = fitting(state);
    if ((classes >> pattern.elements.back().kind & 1) == 0) continue;
    bool fit = true;
    for (std::size_t i = 0; i < ahead && fit; ++i) {
      fit = fits(pattern.elements[i], state.history[state.count - ahead + i]);
    }
    if (fit) best = &pattern;
  }
  if (best == nullptr) return;
  state.active = static_cast<uint8_t>(best->tone + 1);
  state.element = static_cast<uint8_t>(best->elements.size() - 1);
  const float energy = state.total / static_cast<float>(state.blocks);
  events.add({best->tone, true, SitKind::kGeneral, ms_of(state.samples), 0, rounded_level(energy)});
}

/// Three rising tones, the last of which has just ended.
void CallProgress::find_sit(State& state, Events& events) const {
  uint16_t ms[kSitParts] = {};
  bool known = true;
  std::size_t at = state.count;
  for (int part = kSitParts - 1; part >= 0; --part) {
    if (part < kSitParts - 1 && at > 0 && state.history[at - 1].classes == 0 &&
        state.history[at - 1].samples <= kSitPause) {
      --at;
    }
    if (at == 0) return;
    const Segment& segment = state.history[--at];
    if ((segment.classes >> part & 1) == 0 || segment.samples < kSitShortest || segment.samples > kSitLongest) return;
    ms[part] = ms_of(segment.samples);
    known = known && segment.known;
  }
  const bool again = state.sit_hold > 0;
  state.sit_hold = kSitHold;
  if (again) return;
  const SitKind kind = known ? sit_kind(ms) : SitKind::kGeneral;
  const int16_t level = rounded_level(state.history[state.count - 1].energy);
  events.add({sit(), true, kind, ms[0], ms[kSitParts - 1], level});
}

}  // namespace cordboard::dsp
