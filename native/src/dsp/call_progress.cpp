// SPDX-License-Identifier: GPL-2.0-or-later
// From blocks to ons and offs. A block that a tone fills only in part is impure (its spectrum is wide), so it is kept
// pending: the blocks on either side tell what it was, and its energy how much of it belongs to the tone. That brings
// edges to a few milliseconds although blocks last 20.
#include "dsp/call_progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dsp/call_progress_internal.hpp"

namespace cordboard::dsp {
namespace {

/// Of a block's energy: what has to lie in a tone's bands. 15 dB of noise leave 97 %, a tone 25 Hz off 96 % of it.
constexpr float kMinShare = 0.80F;
/// Of the tone's energy: what is silence after it, although it is loud enough to be a tone (9 dB: noise on the line).
constexpr float kQuietShare = 0.12F;
/// The least and the most that one band of several may hold of the tone (11 dB of twist).
constexpr float kMinOfUnion = 0.04F, kMaxOfUnion = 0.93F;
/// Frequencies nearer than this beat too slowly to be told apart in 20 ms.
constexpr double kOneBandHz = 60;
/// Classes whose middles lie nearer than this may both fit one tone.
constexpr double kAlikeHz = 40;
/// How long the level of a tone is remembered.
constexpr uint32_t kReferenceSamples = 6 * kSampleRateHz;
constexpr uint32_t kMaxSamples = 3600 * kSampleRateHz;
constexpr double kSitHz[kSitParts] = {950, 1400, 1800};
constexpr std::size_t kMaxElements = 32;
constexpr uint32_t kMinCycleMs = 1200;
constexpr uint32_t kMinEarlyOnMs = 700, kMinEarlyOffMs = 1500;
constexpr uint32_t kMinPartMs = 40;

constexpr uint32_t kBlockSamples = kBlock;

/// A part of a block, by energy.
uint32_t part_of_block(float energy, float whole) {
  if (!(energy > 0)) return 0;
  if (!(energy < whole)) return kBlockSamples;
  return static_cast<uint32_t>(energy / whole * static_cast<float>(kBlockSamples));
}

int lowest_class(uint16_t classes) { return __builtin_ctz(classes | (1U << (CallProgressState::kClasses - 1))); }

}  // namespace

CallProgress::CallProgress(std::span<const CallProgressTone> tones, const CallProgressSettings& settings)
    : settings_(settings),
      // 2 dB to spare for noise and for a tone that begins or ends.
      min_energy_(static_cast<float>(block_energy_of(settings.min_level_dbm0 - 2))),
      shortest_endless_(kMaxSamples) {
  for (const double hz : kSitHz) add_class({hz}, settings_.sit_tolerance_hz);
  for (const CallProgressTone& tone : tones.first(std::min<std::size_t>(tones.size(), 31))) {
    // The special information tone is found without a description.
    const bool taken = tone.name == "sit" || add_pattern(static_cast<uint8_t>(names_.size()), tone);
    if (!taken) ignored_.push_back(tone.name);
    names_.push_back(tone.name);
  }
  names_.push_back("sit");
  settle_endless();
}

uint32_t CallProgress::samples_of(double ms) const {
  return static_cast<uint32_t>(std::clamp(ms, 0.0, 3600e3) * static_cast<double>(kSamplesPerMs));
}

CallProgress::Element CallProgress::element(int kind, double ms) const {
  const double slack = std::max(settings_.cadence_tolerance * ms, static_cast<double>(settings_.cadence_tolerance_ms));
  return {static_cast<int8_t>(kind), samples_of(ms), samples_of(ms - slack), samples_of(ms + slack)};
}

int CallProgress::add_class(std::vector<double> frequencies_hz, double tolerance_hz) {
  std::sort(frequencies_hz.begin(), frequencies_hz.end());
  Class added{{}, {}, -1};
  for (std::size_t i = 0; i < frequencies_hz.size();) {
    std::size_t last = i;
    while (last + 1 < frequencies_hz.size() && frequencies_hz[last + 1] - frequencies_hz[last] < kOneBandHz) ++last;
    const int band = bank_.add_band(frequencies_hz[i] - tolerance_hz, frequencies_hz[last] + tolerance_hz);
    if (band < 0 || static_cast<std::size_t>(band) >= State::kBands) return -1;
    added.bands.push_back(band);
    added.middles_hz.push_back((frequencies_hz[i] + frequencies_hz[last]) / 2);
    i = last + 1;
  }
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (classes_[i].bands == added.bands) return static_cast<int>(i);
  }
  if (added.bands.empty() || classes_.size() + 1 >= State::kClasses) return -1;  // the last stands for unknown tones
  if (added.bands.size() > 1 && (added.joined = bank_.add_union(added.bands)) < 0) return -1;
  classes_.push_back(std::move(added));
  return static_cast<int>(classes_.size() - 1);
}

bool CallProgress::add_pattern(uint8_t tone, const CallProgressTone& described) {
  Pattern pattern{tone, {}, 0, 0, false};
  double kind_ms[2 * 16];
  auto& elements = pattern.elements;
  const auto append = [&](int kind, double ms) {
    if (!elements.empty() && elements.back().kind == kind) {
      kind_ms[elements.size() - 1] += ms;
      elements.back() = element(kind, kind_ms[elements.size() - 1]);
    } else if (elements.size() < kMaxElements) {
      kind_ms[elements.size()] = ms;
      elements.push_back(element(kind, ms));
    }
  };
  double on_ms = 0, cycle_ms = 0;
  bool endless = false;
  if (described.parts.size() > 16) return false;
  for (const TonePart& part : described.parts) {
    endless = part.on_ms == 0 && !part.frequencies_hz.empty();
    const int kind = part.frequencies_hz.empty() ? -1 : add_class(part.frequencies_hz, settings_.tolerance_hz);
    if (kind < 0 && !part.frequencies_hz.empty()) return false;
    if (endless) {
      // Nothing comes after it. Of one kind with the burst before, it is one continuous tone.
      if (!elements.empty() && elements.back().kind == kind) elements.pop_back();
      elements.push_back({static_cast<int8_t>(kind), 0, 0, kMaxSamples});
      break;
    }
    if (part.on_ms > 0) append(kind, part.on_ms);
    if (part.off_ms > 0) append(-1, part.off_ms);
    on_ms += kind >= 0 ? part.on_ms : 0;
    cycle_ms += part.on_ms + part.off_ms;
  }
  const std::size_t n = elements.size();
  if (n == 0 || n > kMaxElements || (n == 1 && elements[0].kind < 0)) return false;
  if (!endless) {
    const bool fast = std::any_of(elements.begin(), elements.end(),
                                  [&](const Element& e) { return e.samples < kMinPartMs * kSamplesPerMs; });
    if (!described.repeat || fast || on_ms == 0) return false;
    if (n == 1) {
      elements[0] = {elements[0].kind, 0, 0, kMaxSamples};  // bursts without a pause are continuous
      endless = true;
    }
  }
  if (endless) {
    pattern.endless_after = samples_of(settings_.continuous_ms);
  } else {
    pattern.needed = std::max<std::size_t>(n, 4);
    while (static_cast<double>(pattern.needed) / static_cast<double>(n) * cycle_ms < kMinCycleMs) pattern.needed += n;
    if (pattern.needed > State::kHistory) return false;
    pattern.early =
        on_ms >= kMinEarlyOnMs && elements.back().kind < 0 && elements.back().samples >= kMinEarlyOffMs * kSamplesPerMs;
  }
  patterns_.push_back(std::move(pattern));
  return true;
}

bool CallProgress::alike(int one, int other) const {
  const auto& a = classes_[static_cast<std::size_t>(one)].middles_hz;
  const auto& b = classes_[static_cast<std::size_t>(other)].middles_hz;
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::fabs(a[i] - b[i]) > kAlikeHz) return false;
  }
  return true;
}

/// A continuous tone has to outlast the bursts of the others of its frequency.
void CallProgress::settle_endless() {
  for (Pattern& pattern : patterns_) {
    if (pattern.needed != 0) continue;
    for (const Pattern& other : patterns_) {
      for (const Element& burst : other.elements) {
        if (burst.kind < 0 || burst.samples == 0 || !alike(burst.kind, pattern.elements.back().kind)) continue;
        pattern.endless_after = std::max(pattern.endless_after, burst.longest + samples_of(100));
      }
    }
    shortest_endless_ = std::min(shortest_endless_, pattern.endless_after);
  }
}

int CallProgress::process(State& state, const int16_t* block, CallProgressEvent* out) const {
  Block found;
  Events events{out};
  look(state, block, found);
  state.sit_hold -= std::min(state.sit_hold, kBlockSamples);
  if (found.verdict == Block::kQuiet) {
    go_on_quiet(state, found, events);
  } else if (found.verdict == Block::kTone) {
    go_on_tone(state, found, events);
  } else {
    go_on_loud(state, found, events);
  }
  state.samples = std::min(state.samples, kMaxSamples);
  if (state.kind == State::kOff && state.samples > kReferenceSamples) state.reference = 0;
  watch_growth(state, events);
  return static_cast<int>(events.count);
}

void CallProgress::look(const State& state, const int16_t* block, Block& found) const {
  found.classes = 0;
  found.best = 0;
  found.verdict = Block::kQuiet;
  if (!bank_.measure(block, found.measured, min_energy_)) return;
  const float energy = found.measured.energy;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const Class& one = classes_[i];
    found.class_energy[i] = one.joined < 0 ? bank_.band_energy(one.bands[0], found.measured)
                                           : bank_.union_energy(one.joined, found.measured);
    found.best = std::max(found.best, found.class_energy[i]);
    if (found.class_energy[i] >= kMinShare * energy) found.classes |= static_cast<uint16_t>(1U << i);
  }
  if (found.classes != 0) {
    found.verdict = Block::kTone;
  } else if (energy >= kQuietShare * state.reference) {
    found.verdict = Block::kLoud;
  }
}

/// The classes that explain the tone going on: all of it, since at its edges a block is less pure. Several bands only if
/// each takes part and no single band explains it as well.
uint16_t CallProgress::fitting(const State& state) const {
  uint16_t classes = 0;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if (state.class_energy[i] >= kMinShare * state.total) classes |= static_cast<uint16_t>(1U << i);
  }
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    if ((classes >> i & 1) == 0 || classes_[i].joined < 0) continue;
    bool all = true;
    for (const int band : classes_[i].bands) all = all && state.band_energy[band] >= kMinOfUnion * state.total;
    for (std::size_t band = 0; band < std::min<std::size_t>(bank_.bands(), State::kBands); ++band) {
      all = all && state.band_energy[band] <= kMaxOfUnion * state.class_energy[i];
    }
    if (!all) classes &= static_cast<uint16_t>(~(1U << i));
  }
  return classes != 0 ? classes : kUnknownTone;
}

void CallProgress::go_on_quiet(State& state, const Block& block, Events& events) const {
  if (state.kind == State::kOff) {
    state.samples += state.pending ? 2 * kBlockSamples : kBlockSamples;  // it was a click
    state.pending = false;
    return;
  }
  if (state.kind == State::kOther) {
    state.kind = State::kOff;
    state.known = false;
    state.samples = kBlockSamples;
    return;
  }
  if (!state.pending) {
    state.pending = true;
    state.pending_energy = block.measured.energy;
    std::memset(state.latest, 0, sizeof state.latest);
    return;
  }
  end_tone(state, kBlockSamples, events);
}

/// The tone ended in the pending block; `after` samples of silence have followed that.
void CallProgress::end_tone(State& state, uint32_t after, Events& events) const {
  const float mean = state.total / static_cast<float>(state.blocks);
  uint32_t filled = state.pending_energy < kQuietShare * mean ? 0 : part_of_block(state.pending_energy, mean);
  uint32_t rest = kBlockSamples - filled;
  if (filled == 0 && state.blocks > 2 && state.last < 0.8F * mean) {
    // The last block of the tone was not full either.
    const uint32_t missing = std::min(kBlockSamples - part_of_block(state.last, mean), state.samples);
    state.samples -= missing;
    rest += missing;
  }
  state.samples += filled;
  state.reference = mean;
  close(state, events);
  state.kind = State::kOff;
  state.known = true;
  state.pending = false;
  state.samples = rest + after;
}

void CallProgress::go_on_tone(State& state, const Block& block, Events& events) const {
  if (state.kind == State::kOther) {
    // Out of noise well below it a tone begins as clearly as out of silence.
    const float quiet = kQuietShare * block.measured.energy;
    const bool edge_seen = state.pending_energy >= quiet;
    const bool known = std::min(state.pending_energy, state.before_pending) < quiet && state.samples > kBlockSamples;
    const uint32_t filled = edge_seen && known ? part_of_block(state.pending_energy, block.measured.energy) : 0;
    begin_tone(state, block, filled + kBlockSamples);
    state.known = known;
    if (edge_seen) state.first = 0;
  } else if (state.kind == State::kOff) {
    uint32_t filled = 0;
    if (state.pending) {
      filled = part_of_block(state.pending_energy, block.measured.energy);
      state.samples += kBlockSamples - filled;
    }
    const bool edge_seen = state.pending;
    close(state, events);
    begin_tone(state, block, filled + kBlockSamples);
    if (edge_seen) state.first = 0;
  } else if ((state.classes & block.classes) == 0) {
    change_tone(state, block, events);
  } else {
    if (state.first > 0 && state.blocks == 1) {
      // Its first block may have been filled in part only; the silence before it gets the rest.
      const uint32_t filled = part_of_block(state.first, block.measured.energy);
      const uint32_t missing = filled < kBlockSamples * 4 / 5 ? kBlockSamples - filled : 0;
      state.samples -= std::min(missing, state.samples);
      if (state.count > 0 && state.history[state.count - 1].classes == 0) {
        state.history[state.count - 1].samples += missing;
      }
      state.first = 0;
    }
    state.samples += state.pending ? 2 * kBlockSamples : kBlockSamples;
    state.pending = false;
    state.classes = block.classes;
    add_tone(state, block);
  }
}

/// One tone has given way to another.
void CallProgress::change_tone(State& state, const Block& block, Events& events) const {
  if (state.blocks <= 1) {
    // What one block says may be the splatter of an edge.
    const uint32_t samples = state.samples + (state.pending ? kBlockSamples : 0);
    const bool known = state.known;
    begin_tone(state, block, samples + kBlockSamples);
    state.known = known;
    return;
  }
  const int before = lowest_class(state.classes), after = lowest_class(block.classes);
  uint32_t samples;
  if (state.pending) {
    const uint32_t old = part_of_block(state.latest[before], state.total / static_cast<float>(state.blocks));
    const uint32_t soon = part_of_block(state.latest[after], block.measured.energy);
    state.samples += old;
    samples = kBlockSamples + std::min(soon, kBlockSamples - old);
  } else {
    const uint32_t late = part_of_block(block.class_energy[before], block.measured.energy);
    const uint32_t soon = std::min(part_of_block(state.latest[after], state.last), state.samples);
    state.samples += late;
    state.samples -= soon;
    samples = kBlockSamples - late + soon;
  }
  close(state, events);
  begin_tone(state, block, samples);
  state.first = 0;
}

void CallProgress::go_on_loud(State& state, const Block& block, Events& events) const {
  if (state.kind == State::kOther) {
    state.before_pending = state.pending_energy;
    state.pending_energy = block.measured.energy;
    state.samples += kBlockSamples;
    return;
  }
  if (state.pending) {
    // A tone that ends in one block and another that begins in the next, or something else.
    const bool edge = block.measured.energy < 0.6F * state.reference || block.best >= 0.5F * block.measured.energy;
    if (state.kind == State::kOff || !edge) {
      forget(state, events);
      return;
    }
    end_tone(state, 0, events);
  }
  state.pending = true;
  state.pending_energy = block.measured.energy;
  std::memcpy(state.latest, block.class_energy, sizeof state.latest);
}

void CallProgress::begin_tone(State& state, const Block& block, uint32_t samples) const {
  state.kind = State::kOn;
  state.known = true;
  state.pending = false;
  state.classes = block.classes;
  state.samples = samples;
  state.blocks = 0;
  state.first = block.measured.energy;
  state.total = 0;
  std::memset(state.class_energy, 0, sizeof state.class_energy);
  std::memset(state.band_energy, 0, sizeof state.band_energy);
  add_tone(state, block);
}

void CallProgress::add_tone(State& state, const Block& block) const {
  ++state.blocks;
  state.last = block.measured.energy;
  state.total += block.measured.energy;
  state.reference = state.total / static_cast<float>(state.blocks);
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    state.class_energy[i] += block.class_energy[i];
    state.latest[i] = block.class_energy[i];
  }
  const std::size_t bands = std::min<std::size_t>(bank_.bands(), State::kBands);
  for (std::size_t i = 0; i < bands; ++i) {
    state.band_energy[i] += bank_.band_energy(static_cast<int>(i), block.measured);
  }
}

/// What was going on is over.
void CallProgress::close(State& state, Events& events) const {
  const bool on = state.kind == State::kOn;
  const float energy = on ? state.total / static_cast<float>(state.blocks) : 0;
  const State::Segment segment{state.samples, on ? fitting(state) : uint16_t{0}, state.known, energy};
  State::Segment* const before = state.count > 0 ? &state.history[state.count - 1] : nullptr;
  if (on && state.blocks <= 1 && before != nullptr && before->classes != 0) {
    before->samples += segment.samples;  // the splatter of an edge
    return;
  }
  if (state.count == State::kHistory) {
    std::memmove(state.history, state.history + 1, sizeof state.history - sizeof *state.history);
    --state.count;
  }
  state.history[state.count++] = segment;
  if (on) find_sit(state, events);
  follow(state, segment, events);
  if (state.active == 0) find_cycle(state, events);
}

/// Something else is heard.
void CallProgress::forget(State& state, Events& events) const {
  if (state.kind == State::kOn) close(state, events);
  end(state, 0, 0, events);
  state.count = 0;
  state.kind = State::kOther;
  state.pending = false;
  state.pending_energy = 0;
  state.before_pending = 0;
  state.samples = 0;
  state.reference = 0;
}

}  // namespace cordboard::dsp
