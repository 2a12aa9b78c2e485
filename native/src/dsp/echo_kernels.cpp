// SPDX-License-Identifier: GPL-2.0-or-later
// The choice between the echo canceller's kernel sets, and the table they share.
#include "dsp/echo_kernels.hpp"

#include "dsp/echo_kernels_internal.hpp"
#include "dsp/kernels.hpp"
#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {

constexpr EchoToneTable kEchoToneTable = [] {
  EchoToneTable table{};
  constexpr double kHz[2] = {2100, 1100};
  for (int tone = 0; tone < 2; ++tone) {
    for (int n = 0; n < static_cast<int>(kEchoToneHalf); ++n) {
      const double angle = 2 * kPi * kHz[tone] * n / 8000;
      const double values[2] = {table_sine(angle + kPi / 2), table_sine(angle)};
      for (int part = 0; part < 2; ++part) {
        const double scaled = values[part] * kEchoToneScale;
        table.wave[2 * tone + part][n] = static_cast<int16_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
    }
  }
  return table;
}();

const EchoKernels& echo_kernels() {
#ifdef CORDBOARD_HAVE_AVX2
  return &kernels() == &kPortableKernels ? kPortableEchoKernels : kAvx2EchoKernels;
#else
  return kPortableEchoKernels;
#endif
}

const EchoKernels& portable_echo_kernels() { return kPortableEchoKernels; }

}  // namespace cordboard::dsp
