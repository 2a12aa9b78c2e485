// SPDX-License-Identifier: GPL-2.0-or-later
// Audio formats of RTP: against the same codecs at their full width, in parts, with packets missing, and with nonsense.
#include <gtest/gtest.h>
#include <opus/opus.h>
#include <spandsp.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "dsp/stream_resampler.hpp"
#include "rtp/codec.hpp"
#include "rtp_hostile.hpp"
#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using traces::alaw_of;
using traces::best_lag;
using traces::dot;
using traces::kBlock;
using traces::linear_of;
using traces::speech_like;

constexpr Encoding kAll[] = {Encoding::kPcma, Encoding::kPcmu, Encoding::kG722, Encoding::kOpus};

/// How alike what came out is to what went in, wherever it is by up to `most` samples later, and how much louder in dB.
struct Likeness {
  double correlation;
  double gain_db;
  int lag;
};
Likeness likeness(const std::vector<int16_t>& out, const std::vector<int16_t>& in, int most = 160) {
  // Both begin 1000 samples in, and delays of the codecs' filters are no whole numbers at 8 kHz: so others than ours are
  // compared at their own rate.
  const std::size_t n = std::min(std::min(out.size(), in.size()) - 2000, std::size_t{100'000});
  const int lag = best_lag(out, 1000, in, most / 2, most / 2, n);
  const int16_t* const a = &out[1000];
  const int16_t* const b = &in[static_cast<std::size_t>(1000 - lag)];
  const double aa = dot(a, a, n), bb = dot(b, b, n), ab = dot(a, b, n);
  return {ab / std::sqrt(aa * bb), 10 * std::log10(aa / bb), lag};
}

std::vector<int16_t> resampled(const std::vector<int16_t>& in, uint32_t from, uint32_t to) {
  dsp::StreamResampler resampler(from, to);
  std::vector<int16_t> out;
  int16_t block[dsp::kMaxResampledBlock];
  for (std::size_t at = 0; at + from / 50 <= in.size(); at += from / 50) {
    const auto n = resampler.process(&in[at], from / 50, block);
    out.insert(out.end(), block, block + n);
  }
  return out;
}

/// The payloads of a stream of packets of `samples` each.
std::vector<Octets> encoded(Encoding encoding, const std::vector<uint8_t>& alaw, std::size_t samples) {
  const auto encoder = Encoder::make(encoding, 24'000);
  std::vector<Octets> payloads;
  for (std::size_t at = 0; at + samples <= alaw.size(); at += samples) {
    Octets payload(encoder->max_octets(samples));
    payload.resize(encoder->encode(&alaw[at], samples, payload.data()));
    payloads.push_back(payload);
  }
  return payloads;
}

std::vector<uint8_t> decoded(Encoding encoding, const std::vector<Octets>& payloads) {
  const auto decoder = Decoder::make(encoding);
  std::vector<uint8_t> alaw;
  for (const auto& payload : payloads) {
    uint8_t out[kMaxPacketSamples];
    const auto n = decoder->decode(payload, out);
    EXPECT_EQ(n, samples_of(encoding, payload));
    alaw.insert(alaw.end(), out, out + n);
  }
  return alaw;
}

TEST(RtpCodec, BringsSpeechThrough) {
  const auto sent = alaw_of(speech_like(10, 1));
  for (const auto encoding : kAll) {
    for (const std::size_t ms : {10, 20, 40, 60}) {
      SCOPED_TRACE(testing::Message() << name_of(encoding) << " " << ms << " ms");
      const auto heard = decoded(encoding, encoded(encoding, sent, ms * 8));
      ASSERT_EQ(heard.size(), sent.size() / (ms * 8) * (ms * 8));
      if (encoding == Encoding::kPcma) {
        EXPECT_TRUE(std::equal(heard.begin(), heard.end(), sent.begin()));
        continue;
      }
      const auto like = likeness(linear_of(heard), linear_of(sent));
      // Frames of 10 ms cost Opus most.
      EXPECT_GT(like.correlation, encoding == Encoding::kOpus ? (ms == 10 ? 0.94 : 0.97) : 0.998);
      EXPECT_NEAR(like.gain_db, 0, encoding == Encoding::kOpus ? 1.2 : 0.1);
      EXPECT_LE(like.lag, encoding == Encoding::kOpus ? 8 * 10 : encoding == Encoding::kG722 ? 48 : 0);
    }
  }
}

TEST(RtpCodec, MuLawIsTheTableOfG711) {
  const auto decoder = Decoder::make(Encoding::kPcmu);
  const auto encoder = Encoder::make(Encoding::kPcmu, 0);
  for (int i = 0; i < 256; ++i) {
    const auto octet = static_cast<uint8_t>(i);
    uint8_t out = 0;
    ASSERT_EQ(decoder->decode({&octet, 1}, &out), 1U);
    EXPECT_EQ(out, dsp::linear_to_alaw(dsp::ulaw_to_linear(octet)));
    ASSERT_EQ(encoder->encode(&octet, 1, &out), 1U);
    EXPECT_EQ(out, dsp::linear_to_ulaw(dsp::alaw_to_linear(octet)));
  }
}

TEST(RtpCodec, G722MeetsAWideBandPeer) {
  const auto sent = alaw_of(speech_like(10, 2));
  const auto linear = linear_of(sent);
  const std::unique_ptr<g722_encode_state_t, decltype(&g722_encode_free)> wide_encoder(
      g722_encode_init(nullptr, 64'000, 0), g722_encode_free);
  const std::unique_ptr<g722_decode_state_t, decltype(&g722_decode_free)> wide_decoder(
      g722_decode_init(nullptr, 64'000, 0), g722_decode_free);

  // From it: 16 kHz there, 8 kHz here.
  const auto wide = resampled(linear, 8000, 16'000);
  std::vector<Octets> payloads;
  for (std::size_t at = 0; at + 320 <= wide.size(); at += 320) {
    Octets payload(160);
    ASSERT_EQ(g722_encode(wide_encoder.get(), payload.data(), &wide[at], 320), 160);
    payloads.push_back(payload);
  }
  const auto from = likeness(resampled(linear_of(decoded(Encoding::kG722, payloads)), 8000, 16'000), wide, 320);
  // To it.
  std::vector<int16_t> heard_wide;
  for (const auto& payload : encoded(Encoding::kG722, sent, 160)) {
    int16_t out[320];
    ASSERT_EQ(g722_decode(wide_decoder.get(), out, payload.data(), 160), 320);
    heard_wide.insert(heard_wide.end(), out, out + 320);
  }
  const auto to = likeness(heard_wide, wide, 320);
  std::printf("G.722 with a wide-band peer: from it %.4f and %+.2f dB, to it %.4f and %+.2f dB\n", from.correlation,
              from.gain_db, to.correlation, to.gain_db);
  for (const auto& like : {from, to}) {
    EXPECT_GT(like.correlation, 0.997);
    EXPECT_NEAR(like.gain_db, 0, 0.1);
  }
}

TEST(RtpCodec, OpusMeetsAFullBandPeer) {
  const auto sent = alaw_of(speech_like(10, 3));
  const auto linear = linear_of(sent);
  int error = 0;
  const std::unique_ptr<OpusEncoder, decltype(&opus_encoder_destroy)> full_encoder(
      opus_encoder_create(48'000, 1, OPUS_APPLICATION_AUDIO, &error), opus_encoder_destroy);
  ASSERT_EQ(error, OPUS_OK);
  const std::unique_ptr<OpusDecoder, decltype(&opus_decoder_destroy)> full_decoder(
      opus_decoder_create(48'000, 2, &error), opus_decoder_destroy);
  ASSERT_EQ(error, OPUS_OK);
  opus_encoder_ctl(full_encoder.get(), OPUS_SET_BITRATE(32'000));

  const auto full = resampled(linear, 8000, 48'000);
  std::vector<Octets> payloads;
  for (std::size_t at = 0; at + 960 <= full.size(); at += 960) {
    Octets payload(1500);
    const int octets = opus_encode(full_encoder.get(), &full[at], 960, payload.data(), 1500);
    ASSERT_GT(octets, 0);
    payload.resize(static_cast<std::size_t>(octets));
    payloads.push_back(payload);
  }
  const auto from = likeness(resampled(linear_of(decoded(Encoding::kOpus, payloads)), 8000, 48'000), full, 960);
  std::vector<int16_t> heard_full;
  for (const auto& payload : encoded(Encoding::kOpus, sent, 160)) {
    int16_t out[2 * 960];  // stereo, as a browser decodes
    ASSERT_EQ(opus_decode(full_decoder.get(), payload.data(), static_cast<int>(payload.size()), out, 960, 0), 960);
    for (int i = 0; i < 960; ++i) heard_full.push_back(out[2 * i]);
  }
  const auto to = likeness(heard_full, full, 960);
  std::printf("Opus with a full-band peer: from it %.4f and %+.2f dB, to it %.4f and %+.2f dB\n", from.correlation,
              from.gain_db, to.correlation, to.gain_db);
  for (const auto& like : {from, to}) {
    EXPECT_GT(like.correlation, 0.95);
    EXPECT_NEAR(like.gain_db, 0, 0.7);
  }
}

TEST(RtpCodec, PacketsThatCanBeCutMayBeCutAnywhere) {
  const auto sent = alaw_of(speech_like(3, 4));
  for (const auto encoding : kAll) {
    if (!can_be_cut(encoding)) continue;
    SCOPED_TRACE(name_of(encoding));
    const auto payloads = encoded(encoding, sent, 160);
    const auto whole = decoded(encoding, payloads);
    Octets stream;
    for (const auto& payload : payloads) stream.insert(stream.end(), payload.begin(), payload.end());
    Mischief mischief(5);
    std::vector<Octets> parts;
    for (std::size_t at = 0; at < stream.size();) {
      const auto n = std::min<std::size_t>(1 + mischief.pick(300), stream.size() - at);
      parts.emplace_back(stream.begin() + static_cast<std::ptrdiff_t>(at),
                         stream.begin() + static_cast<std::ptrdiff_t>(at + n));
      at += n;
    }
    EXPECT_EQ(decoded(encoding, parts), whole);
  }
}

TEST(RtpCodec, OpusRepairsALostPacketFromTheNext) {
  const auto sent = alaw_of(speech_like(30, 6));
  const auto linear = linear_of(sent);
  const auto payloads = encoded(Encoding::kOpus, sent, 160);
  const auto whole = linear_of(decoded(Encoding::kOpus, payloads));
  double snr[2]{};
  for (const bool repaired : {false, true}) {
    const auto decoder = Decoder::make(Encoding::kOpus);
    std::vector<uint8_t> heard;
    int lost = 0;
    for (std::size_t i = 0; i + 1 < payloads.size(); ++i) {
      uint8_t out[kMaxPacketSamples];
      const bool missing = i % 7 == 5;
      const auto n = !missing   ? decoder->decode(payloads[i], out)
                     : repaired ? decoder->recover(payloads[i + 1], 160, out)
                                : decoder->conceal(160, out);
      ASSERT_EQ(n, 160U);
      if (missing && dot(&whole[i * 160], &whole[i * 160], 160) > 160 * 1e5) {
        // Against what would have been heard without the loss.
        int16_t samples[160];
        dsp::alaw_decode(out, samples, 160);
        snr[repaired ? 1 : 0] += traces::snr_db(samples, &whole[i * 160], 160);
        ++lost;
      }
    }
    snr[repaired ? 1 : 0] /= lost;
  }
  std::printf("Opus, lost packets: concealed %.1f dB, repaired %.1f dB\n", snr[0], snr[1]);
  EXPECT_GT(snr[1], snr[0] + 3);
  EXPECT_EQ(Decoder::make(Encoding::kPcma)->recover(payloads[0], 160, nullptr), 0U);
  EXPECT_EQ(Decoder::make(Encoding::kPcma)->conceal(160, nullptr), 0U);
}

TEST(RtpCodec, EncodesNoPartOfAUnit) {
  const std::vector<uint8_t> alaw(1000, dsp::kAlawSilence);
  uint8_t out[1000];
  EXPECT_EQ(Encoder::make(Encoding::kG722, 0)->encode(alaw.data(), 100, out), 0U);
  EXPECT_EQ(Encoder::make(Encoding::kOpus, 24'000)->encode(alaw.data(), 100, out), 0U);
  for (const auto encoding : kAll) {
    const auto encoder = Encoder::make(encoding, 24'000);
    EXPECT_EQ(encoder->encode(alaw.data(), 0, out), 0U);
    EXPECT_EQ(encoder->encode(alaw.data(), 961, out), 0U);
  }
}

TEST(RtpCodec, KnowsHowLongAPacketIs) {
  for (const auto encoding : {Encoding::kPcma, Encoding::kPcmu, Encoding::kG722}) {
    EXPECT_EQ(samples_of(encoding, {}), 0U);
    EXPECT_EQ(samples_of(encoding, Octets(1)), encoding == Encoding::kG722 ? 0U : 1U);
    EXPECT_EQ(samples_of(encoding, Octets(80)), 80U);
    EXPECT_EQ(samples_of(encoding, Octets(960)), 960U);
    EXPECT_EQ(samples_of(encoding, Octets(961)), 0U);
  }
  // RFC 6716 3.1: the first octet says mode, length of a frame and how many.
  EXPECT_EQ(samples_of(Encoding::kOpus, {}), 0U);
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x00}), 80U) << "SILK, 10 ms";
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x18}), 480U) << "SILK, 60 ms";
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x19, 0}), 960U) << "two of them";
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x1B, 2}), 960U);
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x1B, 3}), 0U) << "180 ms";
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x83, 48}), 960U) << "CELT, 48 of 2.5 ms";
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x83, 49}), 0U);
  EXPECT_EQ(samples_of(Encoding::kOpus, Octets{0x83}), 0U);
  EXPECT_EQ(samples_of(Encoding::kComfortNoise, Octets(5)), 0U);
  EXPECT_EQ(samples_of(Encoding::kTelephoneEvent, Octets(4)), 0U);
}

TEST(RtpCodec, DecodesNonsenseToItsLengthOrToNothing) {
  for (const auto encoding : kAll) {
    SCOPED_TRACE(name_of(encoding));
    Mischief mischief(71);
    const auto good = encoded(encoding, alaw_of(speech_like(1, 5)), 160);
    const auto decoder = Decoder::make(encoding);
    const std::unique_ptr<uint8_t[]> out(new uint8_t[kMaxPacketSamples]);
    uint32_t decoded = 0;
    // Opus takes its time: a twentieth of the packets.
    const int packets = encoding == Encoding::kOpus ? packets_to_try() / 20 : packets_to_try() / 4;
    for (int i = 0; i < packets; ++i) {
      const auto& one = good[mischief.pick(static_cast<uint32_t>(good.size()))];
      const auto octets = mischief.pick(4) == 0 ? mischief.noise(1100) : mischief.spoiled(one, good[i % good.size()]);
      const Exactly exactly(octets);
      const auto samples = samples_of(encoding, exactly);
      const auto n = decoder->decode(exactly, out.get());
      ASSERT_TRUE(n == samples || n == 0);
      decoded += n > 0;
      if (encoding != Encoding::kOpus || mischief.pick(4) != 0) continue;
      ASSERT_LE(decoder->recover(exactly, 160, out.get()), kMaxPacketSamples);
      ASSERT_EQ(decoder->conceal(20 * (1 + mischief.pick(48)), out.get()) % 20, 0U);
    }
    EXPECT_GT(decoded, static_cast<uint32_t>(packets) / 4);
    // And speaks as before afterwards.
    std::vector<uint8_t> heard;
    for (const auto& payload : encoded(encoding, alaw_of(speech_like(3, 7)), 160)) {
      const auto n = decoder->decode(payload, out.get());
      ASSERT_EQ(n, 160U);
      heard.insert(heard.end(), out.get(), out.get() + n);
    }
    heard.erase(heard.begin(), heard.begin() + 4000);
    auto sent = linear_of(alaw_of(speech_like(3, 7)));
    sent.erase(sent.begin(), sent.begin() + 4000);
    EXPECT_GT(likeness(linear_of(heard), sent).correlation, 0.95);
  }
}

}  // namespace
}  // namespace cordboard::rtp
