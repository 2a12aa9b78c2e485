// SPDX-License-Identifier: GPL-2.0-or-later
// The modem's two filters, its bit clock and its transmitter.
//
// A filter of seven real samples about its middle has an even part (cosines) and an odd part (sines). Asked to be one
// at its own frequency and zero at the other tone's, the shortest such coefficients are a sum of the cosines (or sines)
// of those two frequencies, so the noise gets through as little as it can. The even part is also zero at 0 Hz, which
// keeps out offset and hum. For a tone A cos(w m + p) that fills it, a filter gives A cos p and -A sin p.
#include "dsp/fsk.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr double kMarkHz[] = {1200, 1300};
constexpr double kSpaceHz[] = {2200, 2100};
constexpr double kMiddleMarkHz = 1250;
constexpr double kMiddleSpaceHz = 2150;

constexpr float kBit = static_cast<float>(kSampleRateHz) / kFskBitRate;
constexpr int kHalfLength = 3;

/// How far from the expected place an edge may be to be believed, in bits, and how much of the difference is taken: a
/// quarter follows 1 % of clock error within a character, and noise on one edge moves the clock little.
constexpr float kEdgeWindow = 0.4F;
constexpr float kEdgeShare = 0.25F;

constexpr float kLevelShare = 0.125F;
/// Of the tones' amplitudes: 12 dB, so that a wrong guess at the start can be undone.
constexpr float kMaxRatio = 4;
/// A message has dips between its tones; and min_level is to be heard, not to be the border.
constexpr double kLevelMarginDb = 3;
constexpr uint8_t kSilentBlocksToEnd = 2;

constexpr double cosine(double angle) { return table_sine(angle + kPi / 2); }

/// Solves the system of n equations by elimination; it is symmetric and well conditioned, so needs no pivoting.
void solve(double (&a)[3][4], int n) {
  for (int i = 0; i < n; ++i) {
    for (int row = 0; row < n; ++row) {
      if (row == i) continue;
      const double factor = a[row][i] / a[i][i];
      for (int column = i; column < 4; ++column) a[row][column] -= factor * a[i][column];
    }
  }
  for (int i = 0; i < n; ++i) a[i][3] /= a[i][i];
}

void design(double own_hz, double other_hz, float (&even)[4], float (&odd)[4]) {
  const double own = 2 * kPi * own_hz / kSampleRateHz, other = 2 * kPi * other_hz / kSampleRateHz;
  double even_sums[3][4] = {}, odd_sums[3][4] = {};
  even_sums[0][3] = odd_sums[0][3] = 1;
  for (int k = -kHalfLength; k <= kHalfLength; ++k) {
    const double cosines[] = {cosine(own * k), cosine(other * k), 1};
    const double sines[] = {table_sine(own * k), table_sine(other * k)};
    for (int i = 0; i < 3; ++i) {
      for (int j = 0; j < 3; ++j) even_sums[i][j] += cosines[i] * cosines[j];
    }
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) odd_sums[i][j] += sines[i] * sines[j];
    }
  }
  solve(even_sums, 3);
  solve(odd_sums, 2);
  for (int k = 0; k <= kHalfLength; ++k) {
    even[k] =
        static_cast<float>(even_sums[0][3] * cosine(own * k) + even_sums[1][3] * cosine(other * k) + even_sums[2][3]);
    odd[k] = static_cast<float>(odd_sums[0][3] * table_sine(own * k) + odd_sums[1][3] * table_sine(other * k));
  }
}

float power_of(double dbm0) {
  const double amplitude = 32768 * std::pow(10.0, (dbm0 - kFullScaleSineDbm0) / 20);
  return static_cast<float>(amplitude * amplitude);
}

float bounded(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

}  // namespace

/// One block on its way through. Sample i of the filters' output belongs to input sample i - 3 of the block.
struct FskReceiver::Block {
  float in[kHistory + kBlock];
  float mark_even[kBlock], mark_odd[kBlock];
  float mark[kBlock], space[kBlock];  // power
  float balance[1 + kBlock];          // the first is the last of the block before
  uint8_t edges[kBlock];              // 1: balance i + 1 differs in sign from balance i
  float total;                        // power of both tones, summed
};

FskReceiver::FskReceiver(const FskReceiverSettings& settings)
    : min_power_(power_of(settings.min_level_dbm0 - kLevelMarginDb)),
      both_kinds_(settings.v23 == settings.bell202),
      kind_(settings.v23 && !settings.bell202 ? FskKind::kV23 : FskKind::kBell202) {
  const auto kind = static_cast<std::size_t>(kind_);
  const double mark_hz = both_kinds_ ? kMiddleMarkHz : kMarkHz[kind];
  const double space_hz = both_kinds_ ? kMiddleSpaceHz : kSpaceHz[kind];
  design(mark_hz, space_hz, mark_.even, mark_.odd);
  design(space_hz, mark_hz, space_.even, space_.odd);
}

int FskReceiver::process(const int16_t* block, FskEvent* out) {
  Block b;
  float energy = 0;
  for (std::size_t i = 0; i < kHistory; ++i) b.in[i] = history_[i];
  for (std::size_t i = 0; i < kBlock; ++i) b.in[kHistory + i] = block[i];
  for (std::size_t i = 0; i < kHistory; ++i) history_[i] = b.in[kBlock + i];
  if (!carrier_) {
    // A tone's power is twice its energy, and no filter makes more of it than 1.3 times: less cannot be a carrier.
    float sums[8] = {};
    for (std::size_t i = 0; i < kBlock; i += 8) {
      for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += b.in[kHistory + i + lane] * b.in[kHistory + i + lane];
    }
    for (const float sum : sums) energy += sum;
    if (energy * 2.6F < min_power_ * kBlock) return 0;
  }
  filter(b);
  const bool had_carrier = carrier_;
  if (!follow_carrier(b.total / kBlock)) {
    if (!had_carrier) return 0;
    out[0] = {.carrier_lost = true};
    return 1;
  }
  // The square root of the ratio of powers puts the border halfway, in dB, between the stronger tone's leavings and
  // the weaker tone: noise in either filter is equally far from it.
  const float ratio = bounded(std::sqrt(mark_level_ / space_level_), 1 / kMaxRatio, kMaxRatio);
  b.balance[0] = last_balance_;
  for (std::size_t i = 0; i < kBlock; ++i) b.balance[1 + i] = b.mark[i] - ratio * b.space[i];
  last_balance_ = b.balance[kBlock];
  uint8_t any = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    b.edges[i] = (b.balance[i] > 0) != (b.balance[i + 1] > 0);
    any |= b.edges[i];
  }
  if (any == 0 && both_kinds_ && b.balance[0] > 0) measure_kind(b);
  return static_cast<int>(read(b, out) - out);
}

void FskReceiver::filter(Block& b) {
  const Filter mark = mark_, space = space_;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float* x = b.in + i + kHalfLength;
    const float sum1 = x[1] + x[-1], sum2 = x[2] + x[-2], sum3 = x[3] + x[-3];
    const float difference1 = x[1] - x[-1], difference2 = x[2] - x[-2], difference3 = x[3] - x[-3];
    const float mark_even = mark.even[0] * x[0] + mark.even[1] * sum1 + mark.even[2] * sum2 + mark.even[3] * sum3;
    const float mark_odd = mark.odd[1] * difference1 + mark.odd[2] * difference2 + mark.odd[3] * difference3;
    const float space_even = space.even[0] * x[0] + space.even[1] * sum1 + space.even[2] * sum2 + space.even[3] * sum3;
    const float space_odd = space.odd[1] * difference1 + space.odd[2] * difference2 + space.odd[3] * difference3;
    b.mark_even[i] = mark_even;
    b.mark_odd[i] = mark_odd;
    b.mark[i] = mark_even * mark_even + mark_odd * mark_odd;
    b.space[i] = space_even * space_even + space_odd * space_odd;
  }
  float sums[8] = {};
  for (std::size_t i = 0; i < kBlock; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += b.mark[i + lane] + b.space[i + lane];
  }
  b.total = 0;
  for (const float sum : sums) b.total += sum;
}

bool FskReceiver::follow_carrier(float power) {
  if (power >= min_power_) {
    if (!carrier_) {
      forget();
      carrier_ = true;
      mark_level_ = space_level_ = power;
    }
    silent_blocks_ = 0;
  } else if (carrier_ && ++silent_blocks_ >= kSilentBlocksToEnd) {
    carrier_ = false;
  }
  return carrier_;
}

void FskReceiver::forget() {
  in_character_ = false;
  mark_since_ = 0;
  last_balance_ = 0;
}

void FskReceiver::measure_kind(const Block& b) {
  float cosine_sum = 0, sine_sum = 0;
  for (std::size_t i = 1; i < kBlock; ++i) {
    cosine_sum += b.mark_even[i] * b.mark_even[i - 1] + b.mark_odd[i] * b.mark_odd[i - 1];
    sine_sum += b.mark_even[i] * b.mark_odd[i - 1] - b.mark_odd[i] * b.mark_even[i - 1];
  }
  constexpr double kTurn = 2 * kPi * kMiddleMarkHz / kSampleRateHz;
  constexpr auto kCosine = static_cast<float>(cosine(kTurn)), kSine = static_cast<float>(table_sine(kTurn));
  kind_ = sine_sum * kCosine > cosine_sum * kSine ? FskKind::kV23 : FskKind::kBell202;
}

/// Edges and bits of a block in the order of time.
FskEvent* FskReceiver::read(const Block& b, FskEvent* out) {
  constexpr float kEnd = kBlock - 1;  // later bits want the sample after as well
  // Eight samples a word, one octet each.
  const auto load = [&](std::size_t at) {
    static_assert(std::endian::native == std::endian::little && kBlock % 8 == 0);
    uint64_t octets;
    std::memcpy(&octets, b.edges + at, sizeof octets);
    return octets;
  };
  std::size_t word_at = 0;
  uint64_t edges = load(0);
  for (;;) {
    while (edges == 0 && word_at + 8 < kBlock) edges = load(word_at += 8);
    float edge_at = kBlock + kBit;
    bool to_mark = false;
    if (edges != 0) {
      const std::size_t i = word_at + static_cast<std::size_t>(std::countr_zero(edges)) / 8;
      const float before = b.balance[i], after = b.balance[i + 1];
      to_mark = after > 0;
      edge_at = static_cast<float>(i) - 1 + before / (before - after);
    }
    const float bit_at = start_ + kBit * (static_cast<float>(bit_) + 0.5F);
    if (in_character_ && bit_at <= edge_at && bit_at < kEnd) {
      if (take_bit(b, *out)) ++out;
    } else if (edges != 0) {
      take_edge(edge_at, to_mark);
      edges &= edges - 1;
    } else {
      break;
    }
  }
  start_ -= kBlock;
  mark_since_ = bounded(mark_since_ - kBlock, -1e6F, kBlock);
  return out;
}

/// Reads the next bit of a character; whether that ended it.
bool FskReceiver::take_bit(const Block& b, FskEvent& out) {
  const float at = bounded(start_ + kBit * (static_cast<float>(bit_) + 0.5F), -1, kBlock - 1.01F);
  const auto whole = static_cast<std::size_t>(at + 1);
  const float fraction = at + 1 - static_cast<float>(whole);
  const bool is_mark = b.balance[whole] + fraction * (b.balance[whole + 1] - b.balance[whole]) > 0;
  edge_taken_ = false;
  // The power where the nearest sample is: what is known of the sample before the block is its sign alone.
  const std::size_t nearest = whole == 0 ? 0 : whole - 1;
  float& level = is_mark ? mark_level_ : space_level_;
  level += kLevelShare * ((is_mark ? b.mark[nearest] : b.space[nearest]) - level);
  if (bit_ == 0 && is_mark) {  // no start bit
    in_character_ = false;
    return false;
  }
  if (bit_ >= 1 && bit_ <= 8) octet_ = static_cast<uint8_t>((octet_ >> 1) | (is_mark ? 0x80 : 0));
  if (bit_++ < 9) return false;
  in_character_ = false;
  mark_since_ = start_ + 10 * kBit;
  out = {.carrier_lost = false, .framed = is_mark, .octet = octet_, .mark_bits = mark_bits_};
  return true;
}

void FskReceiver::take_edge(float at, bool to_mark) {
  if (in_character_) {
    const float bits = (at - start_) * (1 / kBit);
    const float off = bits - std::floor(bits + 0.5F);
    if (edge_taken_ || std::fabs(off) > kEdgeWindow) return;
    start_ += kEdgeShare * off * kBit;
    edge_taken_ = true;
  } else if (to_mark) {
    // Out of a space that was no character; the rise at the end of a stop bit comes before mark_since_.
    if (at > mark_since_) mark_since_ = at;
  } else {
    in_character_ = true;
    edge_taken_ = true;
    bit_ = 0;
    start_ = at;
    mark_bits_ = static_cast<uint16_t>(bounded((at - mark_since_) * (1 / kBit) + 0.5F, 0, 65535));
  }
}

FskTransmitter::FskTransmitter(FskKind kind, double level_dbm0)
    : hz_{kSpaceHz[static_cast<std::size_t>(kind)], kMarkHz[static_cast<std::size_t>(kind)]},
      amplitude_(32768 * std::pow(10.0, (level_dbm0 - kFullScaleSineDbm0) / 20)) {}

void FskTransmitter::seize(std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i) bit(i % 2 == 1);
}

void FskTransmitter::mark(std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i) bit(true);
}

void FskTransmitter::octet(uint8_t octet) {
  bit(false);
  for (int i = 0; i < 8; ++i) bit(((octet >> i) & 1) != 0);
  bit(true);
}

void FskTransmitter::bit(bool mark) {
  constexpr uint32_t kThirds = 3 * kSampleRateHz / kFskBitRate;
  const double turns_per_third = hz_[mark ? 1 : 0] / (3 * kSampleRateHz);
  for (uint32_t at = (3 - thirds_ % 3) % 3; at < kThirds; at += 3) {
    const double turns = turns_ + turns_per_third * at;
    const double sample = std::round(amplitude_ * std::sin(2 * kPi * turns));
    clip_.push_back(linear_to_alaw(static_cast<int16_t>(sample < -32768 ? -32768 : sample > 32767 ? 32767 : sample)));
  }
  turns_ += turns_per_third * kThirds;
  turns_ -= std::floor(turns_);
  thirds_ = (thirds_ + kThirds) % 3;
}

std::vector<uint8_t> FskTransmitter::take() { return std::move(clip_); }

}  // namespace cordboard::dsp
