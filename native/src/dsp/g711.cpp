// SPDX-License-Identifier: GPL-2.0-or-later
// G.711 over runs of samples. A-law, which the bus speaks, goes to the kernels; mu-law, which only the edges speak,
// goes through tables: 256 samples to decode, 16 KiB of octets to encode (the two lowest of the 16 bits never matter).
#include "dsp/g711.hpp"

#include <array>

#include "dsp/kernels.hpp"

namespace cordboard::dsp {
namespace {

constexpr auto kUlawLinear = [] {
  std::array<int16_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = ulaw_to_linear(static_cast<uint8_t>(i));
  return table;
}();

constexpr auto kLinearUlaw = [] {
  std::array<uint8_t, 16384> table{};
  for (int i = -8192; i < 8192; ++i) {
    table[static_cast<std::size_t>(i + 8192)] = linear_to_ulaw(static_cast<int16_t>(i * 4));
  }
  return table;
}();

}  // namespace

void alaw_decode(const uint8_t* in, int16_t* out, std::size_t n) { kernels().alaw_decode(in, out, n); }

void alaw_encode(const int16_t* in, uint8_t* out, std::size_t n) { kernels().alaw_encode(in, out, n); }

void ulaw_decode(const uint8_t* in, int16_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = kUlawLinear[in[i]];
}

void ulaw_encode(const int16_t* in, uint8_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = kLinearUlaw[static_cast<std::size_t>((in[i] >> 2) + 8192)];
}

}  // namespace cordboard::dsp
