// SPDX-License-Identifier: GPL-2.0-or-later
// The decision of the DTMF receiver. A window is two halves of 80 samples, each transformed about its own middle. A
// tone A cos(w0 m + p) of frequency f0 appears in the bin of frequency f as
//
//   even = (A/2) cos p (D(f - f0) + D(f + f0))      odd = -(A/2) sin p (D(f - f0) - D(f + f0))
//
// with D the Dirichlet kernel of 80 samples. Row and column leak into each other's bins by D, which at a twist of 8 dB
// would spoil amplitude and phase; so both tones are solved for together (two equations each for the even and the odd
// parts). The phase advance from one half to the next gives the true frequency, and with it D is taken anew.
#include "dsp/dtmf.hpp"

#include <array>
#include <cmath>

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {
namespace {

constexpr char kDigits[] = "123A456B789C*0#D";  // by row, then column

constexpr float ratio_of_db(double db) {
  const double tenth = 1.0232929922807541;  // 10^(0.1/10)
  double ratio = 1;
  for (int tenths = static_cast<int>(db * 10 + (db < 0 ? -0.5 : 0.5)); tenths != 0; tenths += db < 0 ? 1 : -1) {
    ratio = db < 0 ? ratio / tenth : ratio * tenth;
  }
  return static_cast<float>(ratio);
}

// (A/2)² of the weakest tone taken, with 1 dB to spare.
constexpr float kMinPower = ratio_of_db(-37 - kFullScaleSineDbm0) * (16384.0F * 16384.0F);
constexpr float kMaxRowOverColumn = ratio_of_db(9.5);
constexpr float kMaxColumnOverRow = ratio_of_db(6);
// Of the nominal frequency; halfway between what has to be taken and what has to be refused.
constexpr float kMaxOffset = 0.025F;
// Of the window's energy: what both tones must make up.
constexpr float kMinShare = 0.80F;
// Of the larger of the two halves' powers of a tone. A window the tone does not fill is no evidence of 20 ms.
constexpr float kMinBalance = 0.45F;
// Of a tone's power in its own bin: what the other bins of its group may hold beyond the model.
constexpr float kMaxResidual = 0.07F;

// The first look takes no account of leakage nor of a true frequency beside the bin (0.9 dB at 1.5 %): wider bounds.
constexpr float kMinRoughShare = 0.55F;
constexpr float kRoughMargin = 2;

constexpr uint8_t kAbsentWindowsToEnd = 4;
constexpr float kHalf = kDtmfHalf;

/// D(f) for f = 0, 4, 8, … Hz; between them linear interpolation is good to 0.1 %.
constexpr float kKernelStepHz = 4;
constexpr auto kDirichlet = [] {
  std::array<float, 864> table{};
  table[0] = kHalf;
  for (std::size_t i = 1; i < table.size(); ++i) {
    const double angle = kPi * static_cast<double>(i) * static_cast<double>(kKernelStepHz) / 8000;
    table[i] = static_cast<float>(table_sine(angle * 80) / table_sine(angle));
  }
  return table;
}();

constexpr float dirichlet(float hz) {
  const float at = (hz < 0 ? -hz : hz) * (1 / kKernelStepHz);
  const auto index = static_cast<std::size_t>(at);
  const float fraction = at - static_cast<float>(index);
  return kDirichlet[index] + fraction * (kDirichlet[index + 1] - kDirichlet[index]);
}

/// How a tone of frequency `tone` appears in the bin of frequency `bin`.
struct Response {
  float even, odd;
  constexpr Response(float bin, float tone) {
    const float near = dirichlet(bin - tone);
    const float image = dirichlet(bin + tone);
    even = near + image;
    odd = near - image;
  }
};

/// Undoes the leakage: from the bins of row and column to the tones, for even and for odd parts.
///   row tone = rr row bin + rc column bin        column tone = cr row bin + cc column bin
struct Unmix {
  float rr[2], rc[2], cr[2], cc[2];
  constexpr Unmix() : rr{}, rc{}, cr{}, cc{} {}
  constexpr Unmix(float row_bin, float column_bin, float row_hz, float column_hz) : Unmix() {
    const Response a(row_bin, row_hz), b(row_bin, column_hz), c(column_bin, row_hz), d(column_bin, column_hz);
    const float even = 1 / (a.even * d.even - b.even * c.even);
    const float odd = 1 / (a.odd * d.odd - b.odd * c.odd);
    rr[0] = d.even * even, rr[1] = d.odd * odd;
    rc[0] = -b.even * even, rc[1] = -b.odd * odd;
    cr[0] = -c.even * even, cr[1] = -c.odd * odd;
    cc[0] = a.even * even, cc[1] = a.odd * odd;
  }
};

constexpr float nominal_hz(int bin) { return static_cast<float>(kDtmfHz[bin]); }

/// For tones of exactly nominal frequency, by row and column: where every fit starts.
constexpr auto kNominalUnmix = [] {
  std::array<std::array<Unmix, 4>, 4> table{};
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 4; ++c) {
      table[r][c] = Unmix(nominal_hz(r), nominal_hz(4 + c), nominal_hz(r), nominal_hz(4 + c));
    }
  }
  return table;
}();

/// (A/2) cos p and -(A/2) sin p of a tone in one half.
struct Phasor {
  float even, odd;
  constexpr float power() const { return even * even + odd * odd; }
};

/// How far the phase of each nominal frequency advances in a half, as cosine and sine.
constexpr auto kAdvance = [] {
  std::array<Phasor, 8> table{};
  for (std::size_t i = 0; i < 8; ++i) {
    const double angle = 2 * kPi * kDtmfHz[i] / 100;
    table[i] = {static_cast<float>(table_sine(angle + kPi / 2)), static_cast<float>(table_sine(angle))};
  }
  return table;
}();

/// Phase of cosine + j sine, to 1e-5 rad (Abramowitz and Stegun 4.4.49).
inline float phase(float cosine, float sine) {
  const float x = std::fabs(cosine), y = std::fabs(sine);
  const float large = x > y ? x : y, small = x > y ? y : x;
  const float z = large > 0 ? small / large : 0;
  const float z2 = z * z;
  float angle = z * (0.9998660F + z2 * (-0.3302995F + z2 * (0.1801410F + z2 * (-0.0851330F + z2 * 0.0208351F))));
  if (y > x) angle = static_cast<float>(kPi / 2) - angle;
  if (cosine < 0) angle = static_cast<float>(kPi) - angle;
  return sine < 0 ? -angle : angle;
}

struct TwoTones {
  float offset_hz[2];  // from the nominal row and column
  float hz[2];
  Phasor tones[2][2];  // [half][row, column]

  void unmix(const DtmfHalf* const halves[2], int row, int column, const Unmix& by) {
    for (int h = 0; h < 2; ++h) {
      const Phasor r{halves[h]->even[row], halves[h]->odd[row]};
      const Phasor c{halves[h]->even[column], halves[h]->odd[column]};
      tones[h][0] = {by.rr[0] * r.even + by.rc[0] * c.even, by.rr[1] * r.odd + by.rc[1] * c.odd};
      tones[h][1] = {by.cr[0] * r.even + by.cc[0] * c.even, by.cr[1] * r.odd + by.cc[1] * c.odd};
    }
  }

  void measure_frequency(int tone, int bin) {
    // Turned back by the nominal advance of 10 ms, what remains of the phase is the offset. Odd is minus the sine.
    const Phasor a = tones[0][tone], b = tones[1][tone], nominal = kAdvance[static_cast<std::size_t>(bin)];
    const float cosine = a.even * b.even + a.odd * b.odd;
    const float sine = a.odd * b.even - a.even * b.odd;
    const float angle =
        phase(cosine * nominal.even + sine * nominal.odd, sine * nominal.even - cosine * nominal.odd);
    offset_hz[tone] = angle * static_cast<float>(100 / (2 * kPi));
    hz[tone] = nominal_hz(bin) + offset_hz[tone];
  }
};

TwoTones solve(const DtmfHalf* const halves[2], int row, int column) {
  TwoTones fit{};
  fit.unmix(halves, row, column, kNominalUnmix[static_cast<std::size_t>(row)][static_cast<std::size_t>(column - 4)]);
  for (int pass = 0; pass < 2; ++pass) {
    fit.measure_frequency(0, row);
    fit.measure_frequency(1, column);
    fit.unmix(halves, row, column, Unmix(nominal_hz(row), nominal_hz(column), fit.hz[0], fit.hz[1]));
  }
  return fit;
}

/// Power in the other three bins of a tone's group, beyond what the two tones explain, against the tone's own bin. It
/// finds speech, and a tone so far off that its phase advance is ambiguous (50 Hz, which is 3.1 % of 1633 Hz).
float residual(const DtmfHalf* const halves[2], const TwoTones& fit, int own) {
  const int group = own & 4;
  float beyond = 0;
  for (int bin = group; bin < group + 4; ++bin) {
    if (bin == own) continue;
    const Response row(nominal_hz(bin), fit.hz[0]);
    const Response column(nominal_hz(bin), fit.hz[1]);
    for (int h = 0; h < 2; ++h) {
      const Phasor& r = fit.tones[h][0];
      const Phasor& c = fit.tones[h][1];
      const Phasor rest{halves[h]->even[bin] - r.even * row.even - c.even * column.even,
                        halves[h]->odd[bin] - r.odd * row.odd - c.odd * column.odd};
      beyond += rest.power();
    }
  }
  return beyond / (halves[0]->power[own] + halves[1]->power[own]);
}

/// Whether a window with the given strongest row and column is a digit.
bool is_digit(const DtmfHalf* const halves[2], int row, int column) {
  const TwoTones fit = solve(halves, row, column);
  float power[2];
  for (int t = 0; t < 2; ++t) {
    const float first = fit.tones[0][t].power();
    const float second = fit.tones[1][t].power();
    power[t] = 0.5F * (first + second);
    if (power[t] < kMinPower) return false;
    if (first < kMinBalance * second || second < kMinBalance * first) return false;
  }
  if (std::fabs(fit.offset_hz[0]) > kMaxOffset * nominal_hz(row)) return false;
  if (std::fabs(fit.offset_hz[1]) > kMaxOffset * nominal_hz(column)) return false;
  if (power[0] > kMaxRowOverColumn * power[1] || power[1] > kMaxColumnOverRow * power[0]) return false;
  // A²/2 = 2 (A/2)² for each of the 160 samples.
  if ((power[0] + power[1]) * (4 * kHalf) < kMinShare * (halves[0]->energy + halves[1]->energy)) return false;
  return residual(halves, fit, row) <= kMaxResidual && residual(halves, fit, column) <= kMaxResidual;
}

/// The digit of a window, 1-16, or 0.
int window_digit(const DtmfHalf& first, const DtmfHalf& second) {
  // A bin's power is (80 A / 2)², the energy of its tone 80 A²/2, in each half.
  const float wanted = kMinRoughShare * (kHalf / 2) * (first.energy + second.energy);
  if (wanted < kMinRoughShare * kHalf * kHalf * 4 * kMinPower) return 0;
  float power[8];
  for (int i = 0; i < 8; ++i) power[i] = first.power[i] + second.power[i];
  int row = 0, column = 4;
  for (int i = 1; i < 4; ++i) {
    if (power[i] > power[row]) row = i;
    if (power[4 + i] > power[column]) column = 4 + i;
  }
  if (power[row] + power[column] < wanted) return 0;
  if (power[row] > kRoughMargin * kMaxRowOverColumn * power[column]) return 0;
  if (power[column] > kRoughMargin * kMaxColumnOverRow * power[row]) return 0;
  const DtmfHalf* const halves[2] = {&first, &second};
  return is_digit(halves, row, column) ? 1 + row * 4 + (column - 4) : 0;
}

/// Takes the next window of a channel, writes at most two events and returns the place after them.
DtmfEvent* advance(DtmfState& state, int digit, uint8_t channel, DtmfEvent* out) {
  const auto report = [&](int what, bool begin) { *out++ = {channel, kDigits[what - 1], begin}; };
  const bool agreed = digit != 0 && digit == state.candidate;
  state.candidate = static_cast<uint8_t>(digit);
  if (digit != 0 && digit == state.digit) {
    state.absent = 0;
    return out;
  }
  if (state.digit != 0 && (agreed || ++state.absent >= kAbsentWindowsToEnd)) {
    report(state.digit, false);
    state.digit = 0;
  }
  if (state.digit == 0 && agreed) {
    report(digit, true);
    state.digit = static_cast<uint8_t>(digit);
    state.absent = 0;
  }
  return out;
}

constexpr int16_t kNoSamples[kDtmfHalf] = {};

}  // namespace

int dtmf_process4(DtmfState* const states[4], const int16_t* const blocks[4], DtmfEvent* out, const Kernels& set) {
  const int16_t* samples[4];
  DtmfHalf first[4];
  DtmfHalf nobody;
  DtmfHalf* halves[4];
  for (int c = 0; c < 4; ++c) {
    samples[c] = blocks[c] != nullptr ? blocks[c] : kNoSamples;
    halves[c] = &first[c];
  }
  DtmfEvent* end = out;
  set.dtmf_half4(samples, halves);
  for (int c = 0; c < 4; ++c) {
    samples[c] = blocks[c] != nullptr ? blocks[c] + kDtmfHalf : kNoSamples;
    halves[c] = states[c] != nullptr ? &states[c]->last : &nobody;
  }
  uint8_t digits[4] = {};
  for (int c = 0; c < 4; ++c) {
    if (states[c] != nullptr) digits[c] = static_cast<uint8_t>(window_digit(states[c]->last, first[c]));
  }
  set.dtmf_half4(samples, halves);  // in place of the halves of the block before, which are done with
  for (int c = 0; c < 4; ++c) {
    if (states[c] == nullptr) continue;
    end = advance(*states[c], digits[c], static_cast<uint8_t>(c), end);
    end = advance(*states[c], window_digit(first[c], states[c]->last), static_cast<uint8_t>(c), end);
  }
  return static_cast<int>(end - out);
}

}  // namespace cordboard::dsp
