// SPDX-License-Identifier: GPL-2.0-or-later
// Audio formats of RTP to and from the A-law octets of the bus, 8 kHz.
//
//   PCMA ── as it is ─────────────────────────────────────────┐
//   PCMU ── a table ──────────────────────────────────────────┼──> A-law ──> row of the bus
//   G722 ── spandsp, 16 kHz ── resampler ── linear_to_alaw ───┤
//   opus ── libopus, 8 kHz ── linear_to_alaw ─────────────────┘
//
// The bus is narrow. libopus can leave the upper bands out by itself, which spares it half of the work and the resampler.
// So could spandsp, but by G.722's own sub-band filter, which lets through what lies up to 1 kHz above and mirrors it down:
// G.712 asks for more than that.
//
// Nothing here allocates after make(), so it may be used in the media tick.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dsp/stream_resampler.hpp"
#include "rtp/format.hpp"

struct OpusDecoder;
struct OpusEncoder;
struct g722_decode_state_s;
struct g722_encode_state_s;

namespace cordboard::rtp {

/// The most samples that a packet may hold: 120 ms, the longest an Opus packet can have (RFC 6716 3.2.5).
inline constexpr std::size_t kMaxPacketSamples = 960;

/// Samples at 8 kHz that a payload stands for; 0 when it cannot be one of that encoding, or holds more than 120 ms. G.722
/// comes in multiples of 10 ms, as the resampler works in those.
uint32_t samples_of(Encoding encoding, std::span<const uint8_t> payload);

/// Whether a payload has an octet for each sample, each for itself, and so can be cut anywhere.
constexpr bool can_be_cut(Encoding encoding) { return encoding <= Encoding::kPcmu; }

/// By table, octet for octet; `out` may be `in`.
void ulaw_to_alaw(const uint8_t* in, std::size_t n, uint8_t* out);
void alaw_to_ulaw(const uint8_t* in, std::size_t n, uint8_t* out);

class Decoder {
 public:
  /// What has been decoded and not yet been wanted, of packets that cannot be cut.
  struct Spill {
    uint32_t at = 0;
    uint32_t end = 0;
    uint8_t octets[kMaxPacketSamples];
  };

  /// Null when the library refuses. `encoding` is audio.
  static std::unique_ptr<Decoder> make(Encoding encoding);
  ~Decoder();

  /// Writes the samples of a payload, samples_of() of them, to `out`, which has room for kMaxPacketSamples. Returns how
  /// many; 0 when the payload makes no sense, and then the decoder is as it was.
  std::size_t decode(std::span<const uint8_t> payload, uint8_t* out);

  /// Opus: what a packet carries of the one before it (in-band FEC, RFC 6716 2.1.7), or concealment when it carries
  /// nothing. `samples`: those lost, a multiple of 20. 0 for other encodings.
  std::size_t recover(std::span<const uint8_t> next_payload, std::size_t samples, uint8_t* out);
  /// Opus: speaks on by itself. As above. Others are concealed behind the decoder (dsp/loss_concealment).
  std::size_t conceal(std::size_t samples, uint8_t* out);
  bool conceals() const { return encoding_ == Encoding::kOpus; }

  /// The caller's to use; null where packets can be cut.
  Spill* spill() { return spill_.get(); }

  Encoding encoding() const { return encoding_; }

 private:
  explicit Decoder(Encoding encoding);

  struct Free {
    void operator()(OpusDecoder* decoder) const;
    void operator()(g722_decode_state_s* decoder) const;
  };
  Encoding encoding_;
  std::unique_ptr<Spill> spill_;
  std::unique_ptr<OpusDecoder, Free> opus_;
  std::unique_ptr<g722_decode_state_s, Free> g722_;
  std::unique_ptr<dsp::StreamResampler> resampler_;
};

class Encoder {
 public:
  /// Null when the library refuses. The bit rate is Opus's.
  static std::unique_ptr<Encoder> make(Encoding encoding, uint32_t opus_bit_rate);
  ~Encoder();

  /// Encodes `n` A-law octets of a packet to `out`, which has room for max_octets(n), and returns the payload's octets, 0
  /// on failure. Opus takes 80, 160, 320 or 480 at a time, G.722 a multiple of 80, the others any number; 960 at most.
  std::size_t encode(const uint8_t* alaw, std::size_t n, uint8_t* out);
  std::size_t max_octets(std::size_t n) const;

  void set_opus_bit_rate(uint32_t bit_rate);
  Encoding encoding() const { return encoding_; }

 private:
  explicit Encoder(Encoding encoding);

  struct Free {
    void operator()(OpusEncoder* encoder) const;
    void operator()(g722_encode_state_s* encoder) const;
  };
  Encoding encoding_;
  std::unique_ptr<OpusEncoder, Free> opus_;
  std::unique_ptr<g722_encode_state_s, Free> g722_;
  std::unique_ptr<dsp::StreamResampler> resampler_;
};

}  // namespace cordboard::rtp
