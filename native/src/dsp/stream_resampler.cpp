// SPDX-License-Identifier: GPL-2.0-or-later
// A low-pass of 4 kHz (sinc, Kaiser's window) at the least common multiple of both rates, of which each output sample
// needs only every L-th coefficient: those that meet an input sample. L and M are the factors up and down.
#include "dsp/stream_resampler.hpp"

#include <cstring>
#include <iterator>
#include <vector>

#include "dsp/kernels_internal.hpp"
#include "dsp/stream_resampler_internal.hpp"

namespace cordboard::dsp {

/// Coefficients in 16 bits, scaled so that no sum of products can leave 32 bits whatever the input.
struct PolyphaseFilter {
  uint32_t up, down;    // L, M
  std::size_t taps;     // per output, a multiple of 16
  int shift;            // of the sums; 0: both rates are the same
  std::size_t in_10ms;  // samples of input and output in 10 ms
  std::size_t out_10ms;
  std::vector<int16_t> rows;    // [L][taps] in the order in which the outputs need them
  std::vector<uint16_t> first;  // of each output of 10 ms: the oldest input sample it needs, from the start of the tail
  std::vector<uint32_t> row;    // … and where its coefficients begin
};

namespace {

constexpr double kTapsAt8k = 32;
constexpr double kCutoffHz = 4000;
constexpr double kKaiserBeta = 6.5;  // 68 dB, transition 1.1 kHz wide

constexpr uint32_t common_divisor(uint32_t a, uint32_t b) { return b == 0 ? a : common_divisor(b, a % b); }

/// Modified Bessel function of order 0, by its series.
double bessel_i0(double x) {
  double term = 1, sum = 1;
  for (int k = 1; k < 40; ++k) {
    term *= x / (2 * k) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

/// Newton's square root, of 0 … 1.
double root(double x) {
  double y = 1;
  for (int i = 0; i < 60; ++i) y = 0.5 * (y + x / y);
  return x > 0 ? y : 0;
}

/// The low-pass, `t` in seconds from its middle, with 1 in the middle.
double low_pass(double t) {
  const double half_length = kTapsAt8k / 2 / kSampleRateHz;
  const double at = t / half_length;
  if (at <= -1 || at >= 1) return 0;
  const double angle = 2 * kPi * kCutoffHz * t;
  const double sinc = angle == 0 ? 1 : table_sine(angle) / angle;
  return sinc * bessel_i0(kKaiserBeta * root(1 - at * at)) / bessel_i0(kKaiserBeta);
}

PolyphaseFilter designed(uint32_t from_hz, uint32_t to_hz) {
  const uint32_t divisor = common_divisor(from_hz, to_hz);
  PolyphaseFilter filter{};
  filter.up = to_hz / divisor;
  filter.down = from_hz / divisor;
  filter.in_10ms = from_hz / 100;
  filter.out_10ms = to_hz / 100;
  if (filter.up == filter.down) return filter;
  // 32 samples of 8 kHz, in samples of the input; rounded up with zeros.
  const double length = kTapsAt8k * from_hz / kSampleRateHz;
  filter.taps = (static_cast<std::size_t>(length + 0.999) + 15) / 16 * 16;

  // Output j of a period lies at input position j M/L. Its newest tap is the input sample at or before that; in time,
  // tap k (0: oldest) is (taps − 1 − k) + fraction samples old, and the middle of the filter is 2 ms old.
  std::vector<std::vector<double>> exact(filter.up, std::vector<double>(filter.taps));
  double largest = 0, largest_sum = 0;
  for (uint32_t j = 0; j < filter.up; ++j) {
    const double fraction = static_cast<double>(uint64_t{j} * filter.down % filter.up) / filter.up;
    double sum = 0;
    for (std::size_t k = 0; k < filter.taps; ++k) {
      const double age = static_cast<double>(filter.taps - 1 - k) + fraction;
      sum += exact[j][k] = low_pass(age / from_hz - kTapsAt8k / 2 / kSampleRateHz);
    }
    double magnitudes = 0;
    for (double& coefficient : exact[j]) {
      coefficient /= sum;  // every phase passes a constant unchanged, so that none is heard
      const double magnitude = coefficient < 0 ? -coefficient : coefficient;
      magnitudes += magnitude;
      largest = magnitude > largest ? magnitude : largest;
    }
    largest_sum = magnitudes > largest_sum ? magnitudes : largest_sum;
  }
  // Sums stay below 2^31 with their rounding, and coefficients below 2^15.
  filter.shift = 17;
  while (largest_sum * 32768 * (1 << filter.shift) > 2.14e9 || largest * (1 << filter.shift) > 32767) --filter.shift;
  for (const auto& phase : exact) {
    for (const double coefficient : phase) {
      const double scaled = coefficient * (1 << filter.shift);
      filter.rows.push_back(static_cast<int16_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
    }
  }
  for (uint64_t j = 0; j < filter.out_10ms; ++j) {
    filter.first.push_back(static_cast<uint16_t>(j * filter.down / filter.up));
    filter.row.push_back(static_cast<uint32_t>(j % filter.up * filter.taps));
  }
  return filter;
}

const PolyphaseFilter* filter_for(uint32_t from_hz, uint32_t to_hz) {
  constexpr uint32_t kRates[] = {8000, 16000, 24000, 32000, 44100, 48000};
  static const auto filters = [&] {
    std::vector<PolyphaseFilter> all;
    for (const uint32_t rate : kRates) {
      all.push_back(designed(8000, rate));
      all.push_back(designed(rate, 8000));
    }
    return all;
  }();
  for (std::size_t i = 0; i < std::size(kRates); ++i) {
    if (from_hz == 8000 && to_hz == kRates[i]) return &filters[2 * i];
    if (to_hz == 8000 && from_hz == kRates[i]) return &filters[2 * i + 1];
  }
  return nullptr;
}

Polyphase* polyphase_10ms() {
#ifdef CORDBOARD_HAVE_AVX2
  static Polyphase* const chosen = __builtin_cpu_supports("avx2") ? polyphase_10ms_avx2 : polyphase_10ms_portable;
  return chosen;
#else
  return polyphase_10ms_portable;
#endif
}

}  // namespace

StreamResampler::StreamResampler(uint32_t from_hz, uint32_t to_hz, bool fastest)
    : filter_(filter_for(from_hz, to_hz)), fastest_(fastest) {
  reset();
}

void StreamResampler::reset() { std::memset(tail_, 0, sizeof tail_); }

std::size_t StreamResampler::process(const int16_t* in, std::size_t n, int16_t* out) {
  if (filter_ == nullptr || (n != filter_->in_10ms && n != 2 * filter_->in_10ms)) return 0;
  if (filter_->shift == 0) {
    std::memcpy(out, in, n * sizeof *in);
    return n;
  }
  // The newest tap of the first output is the first new sample: the tail has one sample less than there are taps.
  const std::size_t kept = filter_->taps - 1;
  int16_t line[kMaxTaps + kMaxResampledBlock];
  std::memcpy(line, tail_, kept * sizeof *line);
  std::memcpy(line + kept, in, n * sizeof *line);
  const PolyphaseView view{filter_->rows.data(), filter_->row.data(), filter_->first.data(),
                           filter_->taps,        filter_->out_10ms,   filter_->shift};
  const auto run = fastest_ ? polyphase_10ms() : polyphase_10ms_portable;
  std::size_t made = 0;
  for (std::size_t done = 0; done < n; done += filter_->in_10ms) {
    run(view, line + done, out + made);
    made += filter_->out_10ms;
  }
  std::memcpy(tail_, line + n, kept * sizeof *line);
  return made;
}

}  // namespace cordboard::dsp
