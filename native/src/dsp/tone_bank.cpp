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

using Four __attribute__((vector_size(16), may_alias)) = float;
using FourInts __attribute__((vector_size(16))) = int32_t;
using EightShorts __attribute__((vector_size(16))) = int16_t;

constexpr std::size_t kPairs = kBlock / 2;
constexpr std::size_t kLanesPerGroup = 4;
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

/// Each of eight samples, as a float.
inline void to_floats(EightShorts shorts, Four& first, Four& last) {
  const EightShorts zero{};
  const auto low = (FourInts)__builtin_shuffle(zero, shorts, EightShorts{0, 8, 1, 9, 2, 10, 3, 11});
  const auto high = (FourInts)__builtin_shuffle(zero, shorts, EightShorts{4, 12, 5, 13, 6, 14, 7, 15});
  first = __builtin_convertvector(low >> 16, Four);
  last = __builtin_convertvector(high >> 16, Four);
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

bool ToneBank::measure(const int16_t* block, ToneMeasure& out, float min_energy) const {
  alignas(16) float even[kPairs];
  alignas(16) float odd[kPairs];
  Four squares{};
  for (std::size_t n = 0; n < kPairs; n += 8) {
    EightShorts left, mirrored;
    __builtin_memcpy(&left, block + n, sizeof left);
    __builtin_memcpy(&mirrored, block + kBlock - 8 - n, sizeof mirrored);
    const EightShorts right = __builtin_shuffle(mirrored, EightShorts{7, 6, 5, 4, 3, 2, 1, 0});
    Four l[2], r[2];
    to_floats(left, l[0], l[1]);
    to_floats(right, r[0], r[1]);
    for (std::size_t half = 0; half < 2; ++half) {
      const Four e = r[half] + l[half];
      const Four o = r[half] - l[half];
      squares += e * e + o * o;
      __builtin_memcpy(even + n + 4 * half, &e, sizeof e);
      __builtin_memcpy(odd + n + 4 * half, &o, sizeof o);
    }
  }
  out.energy = 0.5F * ((squares[0] + squares[1]) + (squares[2] + squares[3]));
  if (out.energy < min_energy) return false;

  const std::size_t groups = (lanes_ + kLanesPerGroup - 1) / kLanesPerGroup;
  for (std::size_t g = 0; g < groups; ++g) {
    // Two sums each, so that an addition need not wait for the one before.
    Four e0{}, e1{}, o0{}, o1{};
    const float* t = table_.data() + g * kGroupFloats;
    for (std::size_t n = 0; n < kPairs; n += 2, t += 16) {
      Four c0, s0, c1, s1;
      __builtin_memcpy(&c0, t, sizeof c0);
      __builtin_memcpy(&s0, t + 4, sizeof s0);
      __builtin_memcpy(&c1, t + 8, sizeof c1);
      __builtin_memcpy(&s1, t + 12, sizeof s1);
      e0 += c0 * even[n];
      o0 += s0 * odd[n];
      e1 += c1 * even[n + 1];
      o1 += s1 * odd[n + 1];
    }
    e0 += e1;
    o0 += o1;
    __builtin_memcpy(out.even + g * kLanesPerGroup, &e0, sizeof e0);
    __builtin_memcpy(out.odd + g * kLanesPerGroup, &o0, sizeof o0);
  }
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
