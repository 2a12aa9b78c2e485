// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel sets share among themselves. A set's own file must not instantiate anything another file may
// instantiate as well: the linker keeps one copy, and that could be the one this processor cannot run. Hence no
// standard containers or algorithms here or there, and everything in an unnamed namespace.
#pragma once

#include "dsp/kernels.hpp"

namespace cordboard::dsp {

extern const Kernels kPortableKernels;
extern const Kernels kAvx2Kernels;

/// Cosines and sines of the eight DTMF frequencies for the 40 pairs of samples that lie alike on either side of the
/// middle of a half: row n is for samples n and 79 - n.
struct DtmfTable {
  alignas(32) float cosine[40][8];
  alignas(32) float sine[40][8];
};
extern const DtmfTable kDtmfTable;

/// Rows and columns of the telephone keypad, Hz (ITU-T Q.23).
inline constexpr double kDtmfHz[8] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};

inline constexpr double kPi = 3.14159265358979323846;

/// Sine for tables made at compile time; any angle of a few thousand radians, error below 1e-12.
constexpr double table_sine(double angle) {
  const double turns = angle / (2 * kPi);
  const auto whole = static_cast<long long>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const double x = angle - static_cast<double>(whole) * 2 * kPi;
  double term = x, sum = x;
  for (int k = 1; k < 16; ++k) {
    term *= -x * x / ((2 * k) * (2 * k + 1));
    sum += term;
  }
  return sum;
}

}  // namespace cordboard::dsp
