// SPDX-License-Identifier: GPL-2.0-or-later
// The Hann window makes a bin 100 Hz wide to either side: at 110 Hz, the nearest a neighbour 10 Hz off can come, a tone
// is 33 dB down. What a tone that fills the window only in part loses is what makes 7 ms too short and 80 ms enough:
// a gap of 7 ms in its middle takes 8.7 dB, a burst of 7 ms between two windows leaves 9 dB less.
#include "dsp/mf_r2.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dsp/kernels_internal.hpp"
#include "dsp/tone_clip.hpp"

namespace cordboard::dsp {
namespace {

constexpr double kForwardHz[6] = {1380, 1500, 1620, 1740, 1860, 1980};
constexpr double kBackwardHz[6] = {1140, 1020, 900, 780, 660, 540};

/// A signal's number is the number of its lower frequency, 0-4, and the weight of the higher (Q.441 table 5).
constexpr int kWeight[6] = {0, 1, 2, 4, 7, 11};

/// Of the weaker tone: what the other four bins may hold (11 dB less), and …
constexpr float kMaxThird = 0.08F;
/// … of its loudest moment: what each frequency of a signal has to keep (12 dB less), if not for one window. In an
/// interruption of 7 ms each loses 9 dB, and the splatter of the other may cancel more. What loses 20 dB is over at once.
constexpr float kMinKept = 0.063F, kGone = 0.01F;
constexpr uint8_t kWeakWindowsToEnd = 2;
/// More than an unfilled window and quantisation take from the faintest signal and the largest difference.
constexpr double kSpareDb = 3;

struct Pair {
  uint8_t low, high;
};

/// The frequencies of a signal, 1-15.
constexpr Pair pair_of(int signal) {
  for (uint8_t high = 1; high < 6; ++high) {
    for (uint8_t low = 0; low < high; ++low) {
      if (low + kWeight[high] == signal) return {low, high};
    }
  }
  return {0, 0};
}

}  // namespace

MfR2Receiver::MfR2Receiver(MfR2Direction heard, const MfR2Settings& settings) {
  const auto& hz = heard == MfR2Direction::kForward ? kForwardHz : kBackwardHz;
  for (std::size_t i = 0; i < kFrequencies; ++i) {
    bank_.add_windowed(hz[i]);
    advance_[i][0] = static_cast<float>(std::cos(2 * kPi * hz[i] / 100));
    advance_[i][1] = static_cast<float>(std::sin(2 * kPi * hz[i] / 100));
  }
  const double amplitude = 32768 * std::pow(10.0, (settings.min_level_dbm0 - kSpareDb - kFullScaleSineDbm0) / 20);
  min_power_ = static_cast<float>(amplitude * amplitude);
  max_ratio_ = static_cast<float>(std::pow(10.0, (settings.max_difference_db + kSpareDb) / 10));
}

uint8_t MfR2Receiver::signal_of(const float power[kFrequencies]) const {
  std::size_t first = 0, second = 1;
  if (power[1] > power[0]) std::swap(first, second);
  float third = 0;
  for (std::size_t i = 2; i < kFrequencies; ++i) {
    if (power[i] > power[first]) {
      third = std::max(third, power[second]);
      second = first;
      first = i;
    } else if (power[i] > power[second]) {
      third = std::max(third, power[second]);
      second = i;
    } else {
      third = std::max(third, power[i]);
    }
  }
  if (power[second] < min_power_ || power[first] > max_ratio_ * power[second]) return 0;
  if (third > kMaxThird * power[second]) return 0;
  return static_cast<uint8_t>(std::min(first, second) + static_cast<std::size_t>(kWeight[std::max(first, second)]));
}

/// Whether the phase of a frequency has advanced since the window before as it should, within a quarter of a turn: that is
/// 25 Hz, which tells two frequencies from a single one between them.
bool MfR2Receiver::in_tune(const MfR2State& state, const ToneMeasure& measured, std::size_t frequency) const {
  const float before[2] = {state.even[frequency], -state.odd[frequency]};
  const float now[2] = {measured.even[frequency], -measured.odd[frequency]};
  const float cosine = now[0] * before[0] + now[1] * before[1];
  const float sine = now[1] * before[0] - now[0] * before[1];
  return cosine * advance_[frequency][0] + sine * advance_[frequency][1] > 0;
}

int MfR2Receiver::process(MfR2State& state, const int16_t* block, MfR2Event* out) const {
  constexpr std::size_t kHalf = kBlock / 2;
  int16_t samples[kHalf + kBlock];
  std::memcpy(samples, state.tail, sizeof state.tail);
  std::memcpy(samples + kHalf, block, kBlock * sizeof *block);
  std::memcpy(state.tail, block + kHalf, sizeof state.tail);
  int count = 0;
  for (std::size_t half = 0; half < 2; ++half) {
    ToneMeasure measured;
    bank_.measure(samples + half * kHalf, measured);
    float power[kFrequencies];
    for (std::size_t i = 0; i < kFrequencies; ++i) power[i] = bank_.band_energy(static_cast<int>(i), measured);
    const uint8_t signal = signal_of(power);
    const bool agreed = signal != 0 && signal == state.candidate && in_tune(state, measured, pair_of(signal).low) &&
                        in_tune(state, measured, pair_of(signal).high);
    state.candidate = signal;
    std::memcpy(state.even, measured.even, sizeof state.even);
    std::memcpy(state.odd, measured.odd, sizeof state.odd);
    if (state.signal != 0) {
      const Pair pair = pair_of(state.signal);
      const float now[2] = {power[pair.low], power[pair.high]};
      bool kept =
          (!agreed || signal == state.signal) && now[0] + now[1] >= kGone * (state.reference[0] + state.reference[1]);
      bool weak = false;
      for (int t = 0; t < 2; ++t) {
        weak = weak || now[t] < kMinKept * state.reference[t];
        state.reference[t] = std::max(state.reference[t], now[t]);
      }
      state.weak = weak ? static_cast<uint8_t>(state.weak + 1) : uint8_t{0};
      kept = kept && state.weak < kWeakWindowsToEnd;
      if (kept) continue;
      out[count++] = {state.signal, false};
      state.signal = 0;
    }
    // A burst of 7 ms between two windows shows in both, but its latest 10 ms are empty.
    const int16_t* const latest = samples + half * kHalf + kHalf;
    const Kernels& set = kernels();
    if (agreed && 2 * set.power(latest, kHalf) > set.power(latest - kHalf, kHalf)) {
      const Pair pair = pair_of(signal);
      out[count++] = {signal, true};
      state.signal = signal;
      state.weak = 0;
      state.reference[0] = power[pair.low];
      state.reference[1] = power[pair.high];
    }
  }
  return count;
}

std::vector<uint8_t> render_mf_r2(MfR2Direction direction, int signal, uint32_t on_ms, double level_dbm0) {
  if (signal < 1 || signal > kMfR2Signals) return {};
  const Pair pair = pair_of(signal);
  const auto& hz = direction == MfR2Direction::kForward ? kForwardHz : kBackwardHz;
  const TonePart part{.frequencies_hz = {hz[pair.low], hz[pair.high]}, .level_dbm0 = level_dbm0, .on_ms = on_ms};
  return render_tone({&part, 1}, on_ms == 0);
}

}  // namespace cordboard::dsp
