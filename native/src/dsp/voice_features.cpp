// SPDX-License-Identifier: GPL-2.0-or-later
// The transform takes 256 real samples as 128 complex ones, of which every fourth belongs to one lane of a vector: the
// four transforms of 32 points run side by side without a lane meeting another, and a last step of radix 4 joins them.
#include "dsp/voice_features.hpp"

#include <array>
#include <bit>
#include <cmath>

#include "dsp/kernels.hpp"
#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr std::size_t kWindow = 256;
constexpr std::size_t kComplex = kWindow / 2;
constexpr std::size_t kPoints = kComplex / 4;  // of the transform in each lane
constexpr float kBinHz = static_cast<float>(kSampleRateHz) / kWindow;

// Within the telephone's band; a line is looked for where its neighbours are in the band too.
constexpr std::size_t kFirstBin = 4, kLastBin = 115;
constexpr std::size_t kLineReach = 2;  // the main lobe of the Hann window

using Four __attribute__((vector_size(16), may_alias)) = float;
using FourInts __attribute__((vector_size(16))) = int32_t;

constexpr float cosine_of(double turns) { return static_cast<float>(table_sine(2 * kPi * (turns + 0.25))); }
constexpr float sine_of(double turns) { return static_cast<float>(table_sine(2 * kPi * turns)); }

struct alignas(16) Tables {
  float window[kWindow];
  float cosine32[kPoints / 2], sine32[kPoints / 2];      // e^(-2 pi j k / 32)
  float join_cosine[kPoints][4], join_sine[kPoints][4];  // e^(-2 pi j k lane / 128)
  float split_cosine[kComplex], split_sine[kComplex];    // e^(-2 pi j k / 256)
  uint8_t reversed[kPoints];
};

constexpr Tables kTables = [] {
  Tables t{};
  for (std::size_t i = 0; i < kWindow; ++i) {
    t.window[i] = 0.5F - 0.5F * cosine_of((static_cast<double>(i) + 0.5) / kWindow);
  }
  for (std::size_t k = 0; k < kPoints / 2; ++k) {
    t.cosine32[k] = cosine_of(static_cast<double>(k) / kPoints);
    t.sine32[k] = -sine_of(static_cast<double>(k) / kPoints);
  }
  for (std::size_t k = 0; k < kPoints; ++k) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      t.join_cosine[k][lane] = cosine_of(static_cast<double>(k * lane) / kComplex);
      t.join_sine[k][lane] = -sine_of(static_cast<double>(k * lane) / kComplex);
    }
    for (std::size_t bit = 0; bit < 5; ++bit) t.reversed[k] |= static_cast<uint8_t>(((k >> bit) & 1) << (4 - bit));
  }
  for (std::size_t k = 0; k < kComplex; ++k) {
    t.split_cosine[k] = cosine_of(static_cast<double>(k) / kWindow);
    t.split_sine[k] = -sine_of(static_cast<double>(k) / kWindow);
  }
  return t;
}();

void transpose(Four v[4]) {
  const Four a = __builtin_shuffle(v[0], v[1], FourInts{0, 4, 1, 5});
  const Four b = __builtin_shuffle(v[2], v[3], FourInts{0, 4, 1, 5});
  const Four c = __builtin_shuffle(v[0], v[1], FourInts{2, 6, 3, 7});
  const Four d = __builtin_shuffle(v[2], v[3], FourInts{2, 6, 3, 7});
  v[0] = __builtin_shuffle(a, b, FourInts{0, 1, 4, 5});
  v[1] = __builtin_shuffle(a, b, FourInts{2, 3, 6, 7});
  v[2] = __builtin_shuffle(c, d, FourInts{0, 1, 4, 5});
  v[3] = __builtin_shuffle(c, d, FourInts{2, 3, 6, 7});
}

/// Four transforms of 32 points, in place, input in bit-reversed order, one per lane.
void transform_lanes(Four* re, Four* im) {
  for (std::size_t size = 1; size < kPoints; size *= 2) {
    const std::size_t stride = kPoints / 2 / size;
    for (std::size_t k = 0; k < size; ++k) {
      const float c = kTables.cosine32[k * stride], s = kTables.sine32[k * stride];
      for (std::size_t a = k; a < kPoints; a += 2 * size) {
        const std::size_t b = a + size;
        const Four tr = re[b] * c - im[b] * s;
        const Four ti = re[b] * s + im[b] * c;
        re[b] = re[a] - tr, im[b] = im[a] - ti;
        re[a] += tr, im[a] += ti;
      }
    }
  }
}

/// Power in bins 0 … 127 of the windowed samples.
void power_spectrum(const float samples[kWindow], float power[kComplex]) {
  alignas(16) Four re[kPoints], im[kPoints];
  for (std::size_t k = 0; k < kPoints; ++k) {
    Four first, second;  // x0 y0 x1 y1, x2 y2 x3 y3
    __builtin_memcpy(&first, samples + 8 * k, sizeof first);
    __builtin_memcpy(&second, samples + 8 * k + 4, sizeof second);
    re[kTables.reversed[k]] = __builtin_shuffle(first, second, FourInts{0, 2, 4, 6});
    im[kTables.reversed[k]] = __builtin_shuffle(first, second, FourInts{1, 3, 5, 7});
  }
  transform_lanes(re, im);

  alignas(16) float zr[kComplex], zi[kComplex];
  for (std::size_t k = 0; k < kPoints; k += 4) {
    Four r[4], i[4];
    for (std::size_t n = 0; n < 4; ++n) {
      Four c, s;
      __builtin_memcpy(&c, kTables.join_cosine[k + n], sizeof c);
      __builtin_memcpy(&s, kTables.join_sine[k + n], sizeof s);
      r[n] = re[k + n] * c - im[k + n] * s;
      i[n] = re[k + n] * s + im[k + n] * c;
    }
    transpose(r);
    transpose(i);
    const Four er = r[0] + r[2], ei = i[0] + i[2], fr = r[0] - r[2], fi = i[0] - i[2];
    const Four gr = r[1] + r[3], gi = i[1] + i[3], hr = r[1] - r[3], hi = i[1] - i[3];
    const Four out_r[4] = {er + gr, fr + hi, er - gr, fr - hi};
    const Four out_i[4] = {ei + gi, fi - hr, ei - gi, fi + hr};
    for (std::size_t n = 0; n < 4; ++n) {
      __builtin_memcpy(zr + kPoints * n + k, &out_r[n], sizeof(Four));
      __builtin_memcpy(zi + kPoints * n + k, &out_i[n], sizeof(Four));
    }
  }

  power[0] = (zr[0] + zi[0]) * (zr[0] + zi[0]);
  for (std::size_t k = 1; k < kComplex; ++k) {
    const float ar = zr[k] + zr[kComplex - k], ai = zi[k] - zi[kComplex - k];
    const float br = zi[k] + zi[kComplex - k], bi = zr[kComplex - k] - zr[k];
    const float c = kTables.split_cosine[k], s = kTables.split_sine[k];
    const float xr = ar + (br * c - bi * s), xi = ai + (br * s + bi * c);
    power[k] = 0.25F * (xr * xr + xi * xi);
  }
}

/// Frequency of the line whose strongest bin is k. Of the Hann window, the bin beside it holds (1+d)/(2-d) of its
/// amplitude if the line lies d bins towards it.
float line_hz(const float* power, std::size_t k) {
  const bool above = power[k + 1] > power[k - 1];
  const float beside = above ? power[k + 1] : power[k - 1];
  const float ratio = std::sqrt(beside / power[k]);
  const float offset = (2 * ratio - 1) / (ratio + 1);
  return (static_cast<float>(k) + (above ? offset : -offset)) * kBinHz;
}

Four larger(Four a, Four b) { return a > b ? a : b; }

/// Takes the strongest line out of the spectrum.
SpectralLine take_line(float* power, float total) {
  Four most{};
  for (std::size_t k = kFirstBin; k <= kLastBin; k += 4) {
    Four p;
    __builtin_memcpy(&p, power + k, sizeof p);
    most = larger(most, p);
  }
  most = larger(most, __builtin_shuffle(most, FourInts{2, 3, 0, 1}));
  most = larger(most, __builtin_shuffle(most, FourInts{1, 0, 3, 2}));
  std::size_t peak = kFirstBin;
  while (peak < kLastBin && power[peak] != most[0]) ++peak;
  if (power[peak] <= 0) return {};
  SpectralLine line{line_hz(power, peak), 0};
  float sum = 0;
  for (std::size_t k = peak - kLineReach; k <= peak + kLineReach; ++k) {
    if (k >= kFirstBin && k <= kLastBin) sum += power[k];
    power[k] = 0;
  }
  line.share = sum / total;
  return line;
}

// Below this share of the first line the second cannot make the two most of the power: it is not looked for.
constexpr float kMinFirstOfTwo = 0.35F;

void measure_spectrum(const int16_t* last, BlockFeatures& out) {
  alignas(16) float samples[kWindow];
  for (std::size_t i = 0; i < kWindow; ++i) samples[i] = static_cast<float>(last[i]) * kTables.window[i];
  alignas(16) float power[kComplex];
  power_spectrum(samples, power);

  // The bits of a float, as a number, are its logarithm to within 0.09 octaves (0.26 dB).
  static_assert((kLastBin + 1 - kFirstBin) % 4 == 0);
  constexpr float kBins = kLastBin + 1 - kFirstBin;
  constexpr int32_t kOne = 127 << 23;
  Four totals{};
  FourInts logarithms{};  // in 2^-15 octaves
  for (std::size_t k = kFirstBin; k <= kLastBin; k += 4) {
    Four p;
    FourInts bits;
    __builtin_memcpy(&p, power + k, sizeof p);
    p += 1;  // no logarithm of zero; a thousandth of the faintest sound
    __builtin_memcpy(&bits, &p, sizeof p);
    totals += p;
    logarithms += (bits - kOne) >> 8;
  }
  const float total = (totals[0] + totals[1]) + (totals[2] + totals[3]);
  const int32_t sum = (logarithms[0] + logarithms[1]) + (logarithms[2] + logarithms[3]);
  out.flatness_db = static_cast<float>(sum) * (3.0103F / 32768 / kBins) + 0.17F - decibels(total / kBins);
  out.line = take_line(power, total);
  if (out.line.share > kMinFirstOfTwo) out.second = take_line(power, total);
}

// Decimated by two: 160 samples at 4 kHz, of which the last 96 are compared with those 10 … 64 before.
constexpr std::size_t kSlow = kBlock;
constexpr std::size_t kCompared = 96;
constexpr std::size_t kMinLag = 10, kMaxLag = kSlow - kCompared;

int32_t product_sum(const int16_t* a, const int16_t* b) {
  int32_t sum = 0;
  for (std::size_t i = 0; i < kCompared; ++i) sum += a[i] * b[i];
  return sum;
}

/// Of the energy of the compared samples, when they begin at `first` instead of one later.
int32_t change(const int16_t* first) { return first[0] * first[0] - first[kCompared] * first[kCompared]; }

void measure_period(const int16_t* last, BlockFeatures& out) {
  int16_t slow[kSlow];
  int32_t peak = 0;
  for (std::size_t i = 0; i < kSlow; ++i) {
    const int32_t sum = (last[2 * i] + last[2 * i + 1]) >> 1;
    peak |= sum ^ (sum >> 31);
    slow[i] = static_cast<int16_t>(sum);
  }
  // Twelve bits leave room for 96 squares in 31.
  const int shift = std::bit_width(static_cast<uint32_t>(peak)) - 12;
  if (shift > 0) {
    for (int16_t& sample : slow) sample = static_cast<int16_t>(sample >> shift);
  }
  const int16_t* now = slow + kMaxLag;
  const auto own = static_cast<float>(product_sum(now, now));
  int32_t before = product_sum(now - kMinLag, now - kMinLag);
  float best = 0;
  std::size_t best_lag = kMinLag;
  const auto compare = [&](std::size_t lag, int32_t energy) {
    const int32_t product = product_sum(now, now - lag);
    if (product <= 0) return;
    const auto p = static_cast<float>(product);
    const float squared = p * p / (own * static_cast<float>(energy) + 1);
    if (squared > best) best = squared, best_lag = lag;
  };
  // Every other lag, then those beside the best: what is periodic has little above 1 kHz that would be missed.
  for (std::size_t lag = kMinLag; lag <= kMaxLag; lag += 2) {
    compare(lag, before);
    for (std::size_t step = lag + 1; step <= lag + 2 && step <= kMaxLag; ++step) before += change(now - step);
  }
  const std::size_t coarse = best_lag;
  for (const std::size_t lag : {coarse - 1, coarse + 1}) {
    if (lag >= kMinLag && lag <= kMaxLag) compare(lag, product_sum(now - lag, now - lag));
  }
  out.periodicity = std::sqrt(best);
  out.pitch_hz = 4000.0F / static_cast<float>(best_lag);
}

}  // namespace

float decibels(float ratio) {
  const auto bits = std::bit_cast<int32_t>(ratio);
  const auto exponent = static_cast<float>((bits >> 23) - 127);
  // ln of the mantissa by the series of (m - 1) / (m + 1), about the middle of 1 … 2.
  const float mantissa = std::bit_cast<float>((bits & 0x7FFFFF) | 0x3F800000);
  const float z = (mantissa - 1.41421356F) / (mantissa + 1.41421356F), z2 = z * z;
  const float ln = 2 * z * (1 + z2 * (1.0F / 3 + z2 * (1.0F / 5)));
  return 3.01029996F * (exponent + 0.5F) + 4.34294482F * ln;
}

BlockFeatures VoiceFeatures::measure(const int16_t* block, float faint_dbm0) {
  BlockFeatures out{};
  const auto energy = static_cast<float>(kernels().power(block, kBlock));
  constexpr float kFullScale = 32768.0F * 32768.0F / 2 * kBlock;
  out.level_dbm0 = energy > 0 ? decibels(energy / kFullScale) + static_cast<float>(kFullScaleSineDbm0) : -100;
  out.faint = out.level_dbm0 < faint_dbm0;
  if (!out.faint) {
    int16_t last[2 * kBlock];
    __builtin_memcpy(last, history_, sizeof history_);
    __builtin_memcpy(last + kBlock, block, sizeof history_);
    measure_period(last, out);
    measure_spectrum(last + 2 * kBlock - kWindow, out);
  }
  __builtin_memcpy(history_, block, sizeof history_);
  return out;
}

}  // namespace cordboard::dsp
