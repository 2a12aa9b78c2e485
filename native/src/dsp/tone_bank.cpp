// SPDX-License-Identifier: GPL-2.0-or-later
// Sample n and sample 159 - n lie alike on either side of the middle, so that even templates see their sum and odd ones
// their difference: half the multiplications. Four lanes fill a vector, which every processor has; their order of
// operations is fixed, so that results are the same everywhere.
#include "dsp/tone_bank.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr std::size_t kPairs = kBlock / 2;
constexpr std::size_t kLanesPerGroup = 8;  // as Kernels::tone_lanes takes them
constexpr std::size_t kGroupFloats = kPairs * 2 * kLanesPerGroup;

/// Distance of the right sample of a pair from the middle of the block, in samples.
constexpr double place(std::size_t pair) { return kBlock / 2 - 0.5 - static_cast<double>(pair); }

/// Over the whole block, of which a template holds one side.
double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t n = 0; n < kPairs; ++n) sum += 2 * a[n] * b[n];
  return sum;
}

/// Makes `next` orthogonal to `others` and of length 1, twice, since once leaves rounding errors where much is taken off.
void make_orthonormal(std::vector<double>& next, const std::vector<std::vector<double>>& others) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const auto& other : others) {
      const double along = product(next, other);
      for (std::size_t n = 0; n < kPairs; ++n) next[n] -= along * other[n];
    }
    const double length = std::sqrt(product(next, next));
    for (double& value : next) value = length > 1e-9 ? value / length : 0;
  }
}

/// Inverse of the Cholesky factor of the templates' products: applied to their correlations it gives those with
/// orthonormal templates of the same span. A little is added to the diagonal, for bands that overlap.
std::vector<float> whitening(const std::vector<std::vector<double>>& templates) {
  const std::size_t n = templates.size();
  std::vector<double> factor(n * n), inverse(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = product(templates[i], templates[j]) + (i == j ? 1e-4 : 0);
      for (std::size_t k = 0; k < j; ++k) sum -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-4)) : sum / factor[j * n + j];
    }
  }
  std::vector<float> rows;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = i == j ? 1 : 0;
      for (std::size_t k = j; k < i; ++k) sum -= factor[i * n + k] * inverse[k * n + j];
      inverse[i * n + j] = sum / factor[i * n + i];
      rows.push_back(static_cast<float>(inverse[i * n + j]));
    }
  }
  return rows;
}

}  // namespace

double block_energy_of(double level_dbm0) {
  return kBlock * (32768.0 * 32768.0 / 2) * std::pow(10.0, (level_dbm0 - kFullScaleSineDbm0) / 10);
}

double level_of_block_energy(double energy) {
  if (!(energy > 1)) return -99;
  return kFullScaleSineDbm0 + 10 * std::log10(energy / (kBlock * (32768.0 * 32768.0 / 2)));
}

bool ToneBank::add_lane(const Template& even, const Template& odd) {
  if (lanes_ == ToneMeasure::kMaxLanes) return false;
  const std::size_t group = lanes_ / kLanesPerGroup;
  if (lanes_ % kLanesPerGroup == 0) table_.resize((group + 1) * kGroupFloats);
  for (std::size_t n = 0; n < kPairs; ++n) {
    float* const at = table_.data() + group * kGroupFloats + n * 2 * kLanesPerGroup + lanes_ % kLanesPerGroup;
    at[0] = static_cast<float>(even[n]);
    at[kLanesPerGroup] = static_cast<float>(odd[n]);
  }
  ++lanes_;
  return true;
}

ToneBank::Template ToneBank::lane(std::size_t number, bool odd) const {
  const std::size_t first = number / kLanesPerGroup * kGroupFloats + number % kLanesPerGroup;
  Template values(kPairs);
  for (std::size_t n = 0; n < kPairs; ++n) {
    values[n] = static_cast<double>(table_[first + (2 * n + (odd ? 1 : 0)) * kLanesPerGroup]);
  }
  return values;
}

int ToneBank::add_band(double low_hz, double high_hz) {
  if (!(low_hz > 0) || !(high_hz >= low_hz) || !(high_hz < kSampleRateHz / 2.0) || high_hz - low_hz > 200) return -1;
  for (std::size_t i = 0; i < bands_.size(); ++i) {
    if (bands_[i].low_hz == low_hz && bands_[i].high_hz == high_hz) return static_cast<int>(i);
  }
  const double width = high_hz - low_hz;
  const std::size_t count = width < 2 ? 1 : 2 + static_cast<std::size_t>(std::max(0.0, width - 26) / 40);
  if (lanes_ + count > ToneMeasure::kMaxLanes) return -1;
  // Sines at the zeros of a Chebyshev polynomial, between which the others are interpolated best.
  std::vector<Template> even, odd;
  for (std::size_t k = 0; k < count; ++k) {
    const double node = std::cos((2 * static_cast<double>(k) + 1) * kPi / (2 * static_cast<double>(count)));
    const double turn = kPi * (low_hz + high_hz + node * width) / kSampleRateHz;
    Template c(kPairs), s(kPairs);
    for (std::size_t n = 0; n < kPairs; ++n) {
      c[n] = std::cos(turn * place(n));
      s[n] = std::sin(turn * place(n));
    }
    make_orthonormal(c, even);
    make_orthonormal(s, odd);
    even.push_back(std::move(c));
    odd.push_back(std::move(s));
  }
  bands_.push_back({low_hz, high_hz, lanes_, count});
  for (std::size_t k = 0; k < count; ++k) add_lane(even[k], odd[k]);
  return static_cast<int>(bands_.size() - 1);
}

int ToneBank::add_windowed(double hz) {
  if (!(hz > 0) || !(hz < kSampleRateHz / 2.0)) return -1;
  Template even(kPairs), odd(kPairs);
  for (std::size_t n = 0; n < kPairs; ++n) {
    const double hann = (1 + std::cos(2 * kPi * place(n) / kBlock)) * (2.0 / kBlock);
    even[n] = hann * std::cos(2 * kPi * hz * place(n) / kSampleRateHz);
    odd[n] = hann * std::sin(2 * kPi * hz * place(n) / kSampleRateHz);
  }
  if (!add_lane(even, odd)) return -1;
  bands_.push_back({hz, hz, lanes_ - 1, 1});
  return static_cast<int>(bands_.size() - 1);
}

int ToneBank::add_union(std::span<const int> bands) {
  if (bands.empty() || bands.size() > 4) return -1;
  Union added;
  for (const int band : bands) {
    if (band < 0 || static_cast<std::size_t>(band) >= bands_.size()) return -1;
    const Band& one = bands_[static_cast<std::size_t>(band)];
    for (std::size_t k = 0; k < one.lanes; ++k) added.lanes.push_back(one.first + k);
  }
  if (added.lanes.size() > kMaxUnionLanes) return -1;
  std::vector<Template> even, odd;
  for (const std::size_t number : added.lanes) {
    even.push_back(lane(number, false));
    odd.push_back(lane(number, true));
  }
  added.even = whitening(even);
  added.odd = whitening(odd);
  unions_.push_back(std::move(added));
  return static_cast<int>(unions_.size() - 1);
}

bool ToneBank::measure(const int16_t* block, ToneMeasure& out, float min_energy, const Kernels& set) const {
  alignas(32) float even[kPairs];
  alignas(32) float odd[kPairs];
  out.energy = set.tone_fold(block, even, odd);
  if (out.energy < min_energy) return false;
  set.tone_lanes(even, odd, table_.data(), (lanes_ + kLanesPerGroup - 1) / kLanesPerGroup, out.even, out.odd);
  return true;
}

float ToneBank::band_energy(int band, const ToneMeasure& measured) const {
  const Band& one = bands_[static_cast<std::size_t>(band)];
  float sum = 0;
  for (std::size_t i = one.first; i < one.first + one.lanes; ++i) {
    sum += measured.even[i] * measured.even[i] + measured.odd[i] * measured.odd[i];
  }
  return sum;
}

float ToneBank::union_energy(int number, const ToneMeasure& measured) const {
  const Union& one = unions_[static_cast<std::size_t>(number)];
  const float* even = one.even.data();
  const float* odd = one.odd.data();
  float sum = 0;
  for (std::size_t i = 0; i < one.lanes.size(); ++i) {
    float e = 0, o = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      e += *even++ * measured.even[one.lanes[j]];
      o += *odd++ * measured.odd[one.lanes[j]];
    }
    sum += e * e + o * o;
  }
  return sum;
}

}  // namespace cordboard::dsp
