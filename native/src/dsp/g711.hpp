// SPDX-License-Identifier: GPL-2.0-or-later
// ITU-T G.711: A-law and mu-law octets, as they go over a timeslot (A-law with the even bits inverted, clause 3.2), to
// and from 16-bit linear samples. Linear samples are left-justified: A-law's 13 bits and mu-law's 14 bits fill the top
// of the 16, and a sine that just touches 32768 has +3.14 dBm0 (A-law) or +3.17 dBm0 (mu-law).
//
//   octets ── *_decode ──> int16_t samples ── *_encode ──> octets
//
// Encoding follows the ITU-T software tool library (G.191): negative samples are taken as their one's complement, so
// that -1 and 0 are neighbours around the crossing and every A-law octet survives decode and encode.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordboard::dsp {

/// Samples in a block of the bus: 20 ms at 8 kHz.
inline constexpr std::size_t kBlock = 160;
inline constexpr std::size_t kSampleRateHz = 8000;

/// The A-law octet of the smallest positive value, sent where nobody speaks.
inline constexpr uint8_t kAlawSilence = 0xD5;
inline constexpr uint8_t kUlawSilence = 0xFF;

/// Level of a sine that just touches 32768, dBm0 (G.711 table 5 with note; virtual decision value 4096 of A-law).
inline constexpr double kFullScaleSineDbm0 = 3.14;

// One sample. Always in line, so that no copy made for one kind of processor is ever called on another.
[[gnu::always_inline]] constexpr int16_t alaw_to_linear(uint8_t octet) {
  const int code = octet ^ 0x55;
  const int segment = (code >> 4) & 7;
  const int step = ((code & 15) << 4) + 8;  // the middle of the interval
  const int magnitude = segment == 0 ? step : (step + 256) << (segment - 1);
  return static_cast<int16_t>((code & 0x80) != 0 ? magnitude : -magnitude);
}

[[gnu::always_inline]] constexpr uint8_t linear_to_alaw(int16_t sample) {
  const int magnitude = sample < 0 ? ~sample : sample;
  int segment = 0;
  while (segment < 7 && (magnitude >> (segment + 8)) != 0) ++segment;
  const int step = (magnitude >> (segment == 0 ? 4 : segment + 3)) & 15;
  return static_cast<uint8_t>(((segment << 4) | step) ^ (sample < 0 ? 0x55 : 0xD5));
}

[[gnu::always_inline]] constexpr int16_t ulaw_to_linear(uint8_t octet) {
  const int code = ~octet & 0xFF;
  const int magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return static_cast<int16_t>((code & 0x80) != 0 ? -magnitude : magnitude);
}

[[gnu::always_inline]] constexpr uint8_t linear_to_ulaw(int16_t sample) {
  // Bias 33 in 14 bits; 8158 is the last value short of the virtual decision value.
  int magnitude = ((sample < 0 ? ~sample : sample) >> 2) + 33;
  if (magnitude > 8191) magnitude = 8191;
  int segment = 0;
  while ((magnitude >> (segment + 6)) != 0) ++segment;
  const int code = (segment << 4) | ((magnitude >> (segment + 1)) & 15);
  return static_cast<uint8_t>(~code ^ (sample < 0 ? 0x80 : 0));
}

/// Over n samples; `in` and `out` must not overlap. A-law runs the fastest kernel this processor has.
void alaw_decode(const uint8_t* in, int16_t* out, std::size_t n);
void alaw_encode(const int16_t* in, uint8_t* out, std::size_t n);
void ulaw_decode(const uint8_t* in, int16_t* out, std::size_t n);
void ulaw_encode(const int16_t* in, uint8_t* out, std::size_t n);

}  // namespace cordboard::dsp
