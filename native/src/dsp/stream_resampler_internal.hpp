// SPDX-License-Identifier: GPL-2.0-or-later
// The inner loop of the resampler, once for every processor and once for AVX2. It is integer arithmetic without overflow,
// so both give the same. As in kernels_internal.hpp, nothing here may be instantiated by two files.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordboard::dsp {

/// What the loop needs of a filter; see PolyphaseFilter.
struct PolyphaseView {
  const int16_t* rows;
  const uint32_t* row;
  const uint16_t* first;
  std::size_t taps;  // a multiple of 16
  std::size_t outputs;
  int shift;
};

/// Ten milliseconds of output from the input at `x`.
using Polyphase = void(const PolyphaseView& filter, const int16_t* x, int16_t* out);
Polyphase polyphase_10ms_portable;
Polyphase polyphase_10ms_avx2;

}  // namespace cordboard::dsp
