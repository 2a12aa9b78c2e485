// SPDX-License-Identifier: GPL-2.0-or-later
// The choice between the kernel sets, and the table they share.
#include "dsp/kernels.hpp"

#include "dsp/kernels_internal.hpp"

namespace cordboard::dsp {

constexpr DtmfTable kDtmfTable = [] {
  DtmfTable table{};
  for (int n = 0; n < 40; ++n) {
    for (int f = 0; f < 8; ++f) {
      const double angle = 2 * kPi * kDtmfHz[f] / 8000 * (39.5 - n);
      table.cosine[n][f] = static_cast<float>(table_sine(angle + kPi / 2));
      table.sine[n][f] = static_cast<float>(table_sine(angle));
    }
  }
  return table;
}();

const Kernels& kernels() {
#ifdef CORDBOARD_HAVE_AVX2
  static const Kernels& chosen = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                                         __builtin_cpu_supports("f16c")
                                     ? kAvx2Kernels
                                     : kPortableKernels;
  return chosen;
#else
  return kPortableKernels;
#endif
}

const Kernels& portable_kernels() { return kPortableKernels; }

}  // namespace cordboard::dsp
