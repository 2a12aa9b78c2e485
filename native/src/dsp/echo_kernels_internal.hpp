// SPDX-License-Identifier: GPL-2.0-or-later
// What the echo canceller's kernel sets share. The rule of kernels_internal.hpp holds here too: nothing that another
// file may instantiate as well.
#pragma once

#include "dsp/echo_kernels.hpp"

namespace cordboard::dsp {

extern const EchoKernels kPortableEchoKernels;
extern const EchoKernels kAvx2EchoKernels;

/// One period of 10 ms of cosine and sine at 2100 and at 1100 Hz, kEchoToneScale high.
struct EchoToneTable {
  alignas(32) int16_t wave[4][kEchoToneHalf];
};
extern const EchoToneTable kEchoToneTable;

}  // namespace cordboard::dsp
