// SPDX-License-Identifier: GPL-2.0-or-later
// 2100 Hz turns 42 times in a block, so that its phase in each block is the same, or advances by the little it is off;
// half a turn more than that is a reversal. Flags are found by really receiving bits: windows of a bit's length at both
// frequencies, whole numbers so that sliding sums never drift.
#include "dsp/fax_tones.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr float kMinShare = 0.80F;
/// Of a tone's energy: what is silence after it.
constexpr float kQuietShare = 0.12F;
/// 0.5 s ± 15 %, and half a block for an edge that is not seen exactly.
constexpr uint32_t kCallingShortest = 415 * 8, kCallingLongest = 585 * 8;
constexpr uint32_t kCallingSilence = 100 * 8;
/// Blocks from one reversal to the next: 450 ± 25 ms, each seen up to a block late.
constexpr uint32_t kReversalNearest = 20, kReversalFarthest = 25;
constexpr uint32_t kReversalsNeeded = 2;
/// Depth of the modulation of ANSam is 0.2 ± 0.01 (V.8), of which a block's mean shows 0.17.
constexpr float kMinDepth = 0.09F;
/// A block of flags has some of its energy at exactly 1650 and 1850 Hz, speech seldom has.
constexpr float kFlagsShare = 0.3F;
constexpr uint8_t kFlagsHold = 5;
/// Thirds of a sample: 8000 / 300 = 80 / 3 samples a bit.
constexpr int32_t kBitThirds = 80;
constexpr uint8_t kFlag = 0x7E;

int16_t rounded_level(float energy) {
  return static_cast<int16_t>(std::lround(level_of_block_energy(static_cast<double>(energy))));
}

uint16_t ms_of(uint32_t samples) { return static_cast<uint16_t>(std::min<uint32_t>(samples / 8, 65535)); }

}  // namespace

struct FaxTones::Events {
  FaxToneEvent* out;
  int count = 0;
  void add(const FaxToneEvent& event) {
    if (count < static_cast<int>(kMaxFaxToneEvents)) out[count++] = event;
  }
};

FaxTones::FaxTones(const FaxToneSettings& settings)
    : settings_(settings),
      calling_(bank_.add_band(1100 - 38, 1100 + 38)),
      answer_(bank_.add_band(2100 - 17, 2100 + 17)),
      mark_(bank_.add_band(1650, 1650)),
      space_(bank_.add_band(1850, 1850)),
      min_energy_(static_cast<float>(block_energy_of(settings.min_level_dbm0 - 2))) {
  for (int k = 0; k < 20; ++k) {
    swing_[k][0] = static_cast<float>(std::cos(2 * kPi * 0.3 * k));
    swing_[k][1] = static_cast<float>(std::sin(2 * kPi * 0.3 * k));
  }
  for (std::size_t n = 0; n < kBlock; ++n) {
    const double turn = 2 * kPi * static_cast<double>(n) / kSampleRateHz;
    wave_[n][0] = static_cast<int16_t>(std::lround(16384 * std::cos(1650 * turn)));
    wave_[n][1] = static_cast<int16_t>(std::lround(16384 * std::sin(1650 * turn)));
    wave_[n][2] = static_cast<int16_t>(std::lround(16384 * std::cos(1850 * turn)));
    wave_[n][3] = static_cast<int16_t>(std::lround(16384 * std::sin(1850 * turn)));
  }
}

int FaxTones::process(State& state, const int16_t* block, FaxToneEvent* out) const {
  ToneMeasure measured;
  Events events{out};
  float calling = 0, answer = 0, flags = 0;
  if (bank_.measure(block, measured, min_energy_)) {
    const auto tone = [&](int band) {
      const float energy = bank_.band_energy(band, measured);
      return energy >= kMinShare * measured.energy ? energy : 0;
    };
    calling = tone(calling_);
    answer = tone(answer_);
    flags = (bank_.band_energy(mark_, measured) + bank_.band_energy(space_, measured)) / measured.energy;
  }
  look_for_calling(state.calling, measured.energy, calling, events);
  look_for_answer(state.answer, measured, answer, events);
  look_for_flags(state.flags, block, measured.energy, flags, events);
  return events.count;
}

void FaxTones::look_for_calling(State::Calling& state, float energy, float tone, Events& events) const {
  const float mean = state.blocks > 0 ? state.energy / static_cast<float>(state.blocks) : 0;
  const bool quiet = energy < min_energy_ || energy < kQuietShare * mean;
  const float before = state.before;
  state.before = state.last;
  state.last = energy;
  if (state.broken) {
    if (tone == 0) state = {.last = state.last, .before = state.before};
    return;
  }
  if (tone > 0 && state.silence == 0) {
    if (state.blocks < 65535) ++state.blocks;
    if (state.blocks == 1) {
      // A burst begins after something quieter; a tone within speech or music does not.
      state.broken = before > 0.5F * energy;
      if (state.before < energy && state.before > kQuietShare * energy) {
        state.samples += static_cast<uint32_t>(state.before / energy * kBlock);  // the block before held some of it
      }
    } else if (state.blocks == 2 && state.energy < 0.8F * energy) {
      state.samples -= kBlock - static_cast<uint32_t>(state.energy / energy * kBlock);  // its first block was not full
    }
    state.energy += energy;
    state.samples = std::min<uint32_t>(state.samples + kBlock, 1U << 30);
  } else if (state.blocks > 0) {
    if (quiet) {
      state.silence += kBlock;
    } else if (state.silence == 0 && energy < mean) {
      state.samples += static_cast<uint32_t>(energy / mean * kBlock);  // its last block was not full
      state.silence = 1;
    } else {
      state = {.last = state.last, .before = state.before, .broken = tone > 0};
      return;
    }
    if (state.silence < kCallingSilence) return;
    if (state.samples >= kCallingShortest && state.samples <= kCallingLongest) {
      events.add({FaxTone::kCalling, true, false, false, ms_of(state.samples), rounded_level(mean)});
    }
    state = {.last = state.last, .before = state.before};
  }
}

void FaxTones::look_for_answer(State::Answer& state, const ToneMeasure& measured, float tone, Events& events) const {
  const uint32_t needed = std::max<uint32_t>(settings_.answer_ms / 20, 5);
  if (tone <= 0) {
    // A reversal within a block spoils that block.
    if (state.blocks == 0) return;
    ++state.blocks;
    if (++state.missed < 2) return;
    if (state.reported) {
      const float mean = state.amplitude / static_cast<float>(state.steady);
      events.add({FaxTone::kAnswer, false, state.reversals >= kReversalsNeeded, false,
                  ms_of((state.blocks - state.missed) * static_cast<uint32_t>(kBlock)), rounded_level(mean * mean)});
    }
    state = {};
    return;
  }
  if (state.blocks < (1U << 24)) ++state.blocks;
  state.missed = 0;
  ++state.steady;
  const float amplitude = std::sqrt(tone);
  state.amplitude += amplitude;
  const float* const swing = swing_[state.blocks % 20];
  if (state.steady <= needed) {
    state.swing[0] += amplitude * swing[0];
    state.swing[1] += amplitude * swing[1];
    state.pure[0] += swing[0];
    state.pure[1] += swing[1];
  }

  // The band's first template is a sine near 2100 Hz, which does for the phase.
  const std::size_t lane = bank_.first_lane(answer_);
  const float length = std::hypot(measured.even[lane], measured.odd[lane]);
  const float phase[2] = {measured.even[lane] / (length + 1e-9F), measured.odd[lane] / (length + 1e-9F)};
  if (state.steady > 1 && state.blocks - state.phase_block <= 2) {
    const uint32_t apart = state.blocks - state.phase_block;
    float step[2] = {phase[0] * state.phase[0] + phase[1] * state.phase[1],
                     phase[1] * state.phase[0] - phase[0] * state.phase[1]};
    for (uint32_t k = 0; k < apart && state.turn_known; ++k) {
      const float turned[2] = {step[0] * state.turn[0] + step[1] * state.turn[1],
                               step[1] * state.turn[0] - step[0] * state.turn[1]};
      step[0] = turned[0], step[1] = turned[1];
    }
    const float raw[2] = {phase[0] * state.phase[0] + phase[1] * state.phase[1],
                          phase[1] * state.phase[0] - phase[0] * state.phase[1]};
    if (!state.turn_known) {
      // Not from the first block, which the tone may fill only in part.
      if (apart == 1 && state.steady > 2) {
        state.turn[0] = raw[0], state.turn[1] = raw[1];
        state.turn_known = true;
      }
    } else if (apart == 1 && step[0] > 0.7F) {
      state.turn[0] += 0.25F * (raw[0] - state.turn[0]);
      state.turn[1] += 0.25F * (raw[1] - state.turn[1]);
    } else if (step[0] < -0.5F) {
      const uint32_t distance = state.blocks - state.reversed;
      const bool first = state.reversed == 0;
      if (first || (distance >= kReversalNearest && distance <= kReversalFarthest)) {
        ++state.reversals;
      }
      state.reversed = state.blocks;
    }
  }
  state.phase[0] = phase[0], state.phase[1] = phase[1];
  state.phase_block = state.blocks;

  if (state.reported || state.blocks < needed) return;
  state.reported = true;
  const float mean = state.amplitude / static_cast<float>(state.steady);
  const float counted = static_cast<float>(std::min(state.steady, needed));
  const float depth =
      2 * std::hypot(state.swing[0] - mean * state.pure[0], state.swing[1] - mean * state.pure[1]) / (mean * counted);
  events.add(
      {FaxTone::kAnswer, true, state.reversals >= kReversalsNeeded, depth >= kMinDepth, 0, rounded_level(mean * mean)});
}

/// Takes a bit; whether enough flags have now come in a row. They may share the zero between them.
bool FaxTones::next_bit(State::Flags& state, bool mark) const {
  state.bits = static_cast<uint8_t>(state.bits >> 1 | (mark ? 0x80 : 0));
  if (state.since < 255) ++state.since;
  if (state.bits != kFlag) return false;
  const bool next = state.since == 8 || state.since == 7;
  state.in_a_row = next ? static_cast<uint8_t>(std::min(state.in_a_row + 1, 255)) : uint8_t{1};
  state.since = 0;
  return state.in_a_row >= settings_.flags;
}

void FaxTones::look_for_flags(State::Flags& state, const int16_t* block, float energy, float share,
                              Events& events) const {
  if (share >= kFlagsShare) {
    state.hold = kFlagsHold;
  } else if (state.hold == 0 || --state.hold == 0) {
    if (state.reported) events.add({FaxTone::kFlags, false, false, false, 0, rounded_level(state.energy)});
    if (state.clock != 0) state = {};
    return;
  }
  if (!state.reported) state.energy = energy;
  for (std::size_t n = 0; n < kBlock; ++n) {
    int32_t* const oldest = state.ring[state.at];
    for (int i = 0; i < 4; ++i) {
      const int32_t product = block[n] * wave_[n][i] >> 8;
      state.sum[i] += product - oldest[i];
      oldest[i] = product;
    }
    state.at = state.at + 1U < State::kWindow ? static_cast<uint8_t>(state.at + 1) : uint8_t{0};
    const auto square = [](int32_t x) { return static_cast<int64_t>(x) * x; };
    const bool mark = square(state.sum[0]) + square(state.sum[1]) > square(state.sum[2]) + square(state.sum[3]);
    state.clock -= 3;
    if (mark != state.mark) {
      // A bit's middle is half a bit after it changed: half of the difference is made good.
      state.mark = mark;
      state.clock += (kBitThirds / 2 - state.clock) / 2;
    }
    if (state.clock > 0) continue;
    state.clock += kBitThirds;
    if (next_bit(state, mark) && !state.reported) {
      state.reported = true;
      events.add({FaxTone::kFlags, true, false, false, 0, rounded_level(energy)});
    }
  }
}

}  // namespace cordboard::dsp
