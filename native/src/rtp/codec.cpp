// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/codec.hpp"

#include <opus/opus.h>
#include <spandsp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "dsp/g711.hpp"

namespace cordboard::rtp {

namespace {

constexpr int kG722Bits = 64000;
constexpr uint32_t kG722Hz = 16'000;
constexpr std::size_t kUnit = 80;  // samples of 10 ms
// A packet in twenty lost is what the encoder provides for: it puts a coarse copy of each frame into the next one.
constexpr int kProvidedLossPercent = 5;
// Of 0-10: the first that repairs losses; those above cost up to three times as much, and at 8 kHz nobody hears it.
constexpr int kOpusComplexity = 2;
constexpr uint32_t kMaxOpusBitRate = 128'000;
constexpr std::size_t kLongestOpus = 480;

constexpr auto kUlawToAlaw = [] {
  std::array<uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = dsp::linear_to_alaw(dsp::ulaw_to_linear(static_cast<uint8_t>(i)));
  }
  return table;
}();

constexpr auto kAlawToUlaw = [] {
  std::array<uint8_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = dsp::linear_to_ulaw(dsp::alaw_to_linear(static_cast<uint8_t>(i)));
  }
  return table;
}();

void translate(const std::array<uint8_t, 256>& table, const uint8_t* in, std::size_t n, uint8_t* out) {
  for (std::size_t i = 0; i < n; ++i) out[i] = table[in[i]];
}

std::size_t to_alaw(const int16_t* samples, int n, uint8_t* out) {
  if (n <= 0) return 0;
  dsp::alaw_encode(samples, out, static_cast<std::size_t>(n));
  return static_cast<std::size_t>(n);
}

}  // namespace

void ulaw_to_alaw(const uint8_t* in, std::size_t n, uint8_t* out) { translate(kUlawToAlaw, in, n, out); }
void alaw_to_ulaw(const uint8_t* in, std::size_t n, uint8_t* out) { translate(kAlawToUlaw, in, n, out); }

uint32_t samples_of(Encoding encoding, std::span<const uint8_t> payload) {
  if (payload.empty()) return 0;
  std::size_t samples = 0;
  if (can_be_cut(encoding) || (encoding == Encoding::kG722 && payload.size() % kUnit == 0)) {
    samples = payload.size();
  } else if (encoding == Encoding::kOpus) {
    const int found = opus_packet_get_nb_samples(payload.data(), static_cast<opus_int32>(payload.size()),
                                                 static_cast<opus_int32>(dsp::kSampleRateHz));
    samples = found > 0 ? static_cast<std::size_t>(found) : 0;
  }
  return samples <= kMaxPacketSamples ? static_cast<uint32_t>(samples) : 0;
}

// ------------------------------------------------------------------------------------------------------------- decoding

void Decoder::Free::operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
void Decoder::Free::operator()(g722_decode_state_s* decoder) const { g722_decode_free(decoder); }

Decoder::Decoder(Encoding encoding) : encoding_(encoding) {}
Decoder::~Decoder() = default;

std::unique_ptr<Decoder> Decoder::make(Encoding encoding) {
  std::unique_ptr<Decoder> decoder(new Decoder(encoding));
  if (encoding == Encoding::kOpus) {
    int error = OPUS_OK;
    decoder->opus_.reset(opus_decoder_create(static_cast<opus_int32>(dsp::kSampleRateHz), 1, &error));
    if (error != OPUS_OK || !decoder->opus_) return nullptr;
    decoder->spill_ = std::make_unique<Spill>();
  } else if (encoding == Encoding::kG722) {
    decoder->g722_.reset(g722_decode_init(nullptr, kG722Bits, 0));
    if (!decoder->g722_) return nullptr;
    decoder->resampler_ = std::make_unique<dsp::StreamResampler>(kG722Hz, static_cast<uint32_t>(dsp::kSampleRateHz));
    decoder->spill_ = std::make_unique<Spill>();
  }
  return decoder;
}

std::size_t Decoder::decode(std::span<const uint8_t> payload, uint8_t* out) {
  if (samples_of(encoding_, payload) == 0) return 0;
  std::array<int16_t, kMaxPacketSamples> samples;
  switch (encoding_) {
    case Encoding::kPcma:
      std::memcpy(out, payload.data(), payload.size());
      return payload.size();
    case Encoding::kPcmu:
      ulaw_to_alaw(payload.data(), payload.size(), out);
      return payload.size();
    case Encoding::kG722:
      for (std::size_t at = 0; at < payload.size(); at += kUnit) {
        std::array<int16_t, 2 * kUnit> wide;
        g722_decode(g722_.get(), wide.data(), payload.data() + at, kUnit);
        resampler_->process(wide.data(), wide.size(), samples.data() + at);
      }
      return to_alaw(samples.data(), static_cast<int>(payload.size()), out);
    case Encoding::kOpus:
      return to_alaw(samples.data(),
                     opus_decode(opus_.get(), payload.data(), static_cast<opus_int32>(payload.size()), samples.data(),
                                 static_cast<int>(samples.size()), 0),
                     out);
    case Encoding::kComfortNoise:
    case Encoding::kTelephoneEvent:
      break;
  }
  return 0;
}

std::size_t Decoder::recover(std::span<const uint8_t> next_payload, std::size_t samples, uint8_t* out) {
  if (!opus_ || samples > kMaxPacketSamples || next_payload.empty()) return 0;
  std::array<int16_t, kMaxPacketSamples> linear;
  return to_alaw(linear.data(),
                 opus_decode(opus_.get(), next_payload.data(), static_cast<opus_int32>(next_payload.size()),
                             linear.data(), static_cast<int>(samples), 1),
                 out);
}

std::size_t Decoder::conceal(std::size_t samples, uint8_t* out) {
  if (!opus_ || samples > kMaxPacketSamples) return 0;
  std::array<int16_t, kMaxPacketSamples> linear;
  return to_alaw(linear.data(), opus_decode(opus_.get(), nullptr, 0, linear.data(), static_cast<int>(samples), 0), out);
}

// ------------------------------------------------------------------------------------------------------------- encoding

void Encoder::Free::operator()(OpusEncoder* encoder) const { opus_encoder_destroy(encoder); }
void Encoder::Free::operator()(g722_encode_state_s* encoder) const { g722_encode_free(encoder); }

Encoder::Encoder(Encoding encoding) : encoding_(encoding) {}
Encoder::~Encoder() = default;

std::unique_ptr<Encoder> Encoder::make(Encoding encoding, uint32_t opus_bit_rate) {
  std::unique_ptr<Encoder> encoder(new Encoder(encoding));
  if (encoding == Encoding::kOpus) {
    int error = OPUS_OK;
    encoder->opus_.reset(
        opus_encoder_create(static_cast<opus_int32>(dsp::kSampleRateHz), 1, OPUS_APPLICATION_VOIP, &error));
    if (error != OPUS_OK || !encoder->opus_) return nullptr;
    auto* const opus = encoder->opus_.get();
    opus_encoder_ctl(opus, OPUS_SET_COMPLEXITY(kOpusComplexity));
    opus_encoder_ctl(opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    opus_encoder_ctl(opus, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(opus, OPUS_SET_PACKET_LOSS_PERC(kProvidedLossPercent));
    opus_encoder_ctl(opus, OPUS_SET_DTX(0));
    encoder->set_opus_bit_rate(opus_bit_rate);
  } else if (encoding == Encoding::kG722) {
    encoder->g722_.reset(g722_encode_init(nullptr, kG722Bits, 0));
    if (!encoder->g722_) return nullptr;
    encoder->resampler_ = std::make_unique<dsp::StreamResampler>(static_cast<uint32_t>(dsp::kSampleRateHz), kG722Hz);
  }
  return encoder;
}

void Encoder::set_opus_bit_rate(uint32_t bit_rate) {
  if (opus_)
    opus_encoder_ctl(opus_.get(), OPUS_SET_BITRATE(static_cast<opus_int32>(std::min(bit_rate, kMaxOpusBitRate))));
}

std::size_t Encoder::max_octets(std::size_t n) const {
  // 128 kbit/s are 2 octets a sample; long packets have to do with 64, as rings are made for G.711.
  return encoding_ == Encoding::kOpus ? std::min(2 * n, kLongestOpus) : n;
}

std::size_t Encoder::encode(const uint8_t* alaw, std::size_t n, uint8_t* out) {
  if (n == 0 || n > kMaxPacketSamples) return 0;
  std::array<int16_t, kMaxPacketSamples> samples;
  switch (encoding_) {
    case Encoding::kPcma:
      std::memcpy(out, alaw, n);
      return n;
    case Encoding::kPcmu:
      alaw_to_ulaw(alaw, n, out);
      return n;
    case Encoding::kG722:
      if (n % kUnit != 0) return 0;
      dsp::alaw_decode(alaw, samples.data(), n);
      for (std::size_t at = 0; at < n; at += kUnit) {
        std::array<int16_t, 2 * kUnit> wide;
        resampler_->process(samples.data() + at, kUnit, wide.data());
        g722_encode(g722_.get(), out + at, wide.data(), static_cast<int>(wide.size()));
      }
      return n;
    case Encoding::kOpus: {
      dsp::alaw_decode(alaw, samples.data(), n);
      const int octets =
          opus_encode(opus_.get(), samples.data(), static_cast<int>(n), out, static_cast<opus_int32>(max_octets(n)));
      return octets > 0 ? static_cast<std::size_t>(octets) : 0;
    }
    case Encoding::kComfortNoise:
    case Encoding::kTelephoneEvent:
      break;
  }
  return 0;
}

}  // namespace cordboard::rtp
