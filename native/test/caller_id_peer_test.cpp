// SPDX-License-Identifier: GPL-2.0-or-later
// Caller identification against spandsp as an independent peer, both ways: Bell 202 (CLASS), V.23 (CLIP) and digits.
// Needs -lspandsp.
#include <gtest/gtest.h>

#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>

#include "caller_id_signals.hpp"

namespace cordboard::dsp {
namespace {

constexpr int kMessages = 100;

/// What spandsp sends, with silence before and after; then through A-law by identify().
std::vector<double> sent_by_spandsp(int standard, const std::vector<uint8_t>& message, bool alert = false) {
  adsi_tx_state_t* peer = adsi_tx_init(nullptr, standard);
  if (alert) adsi_tx_send_alert_tone(peer);
  EXPECT_EQ(static_cast<int>(message.size()),
            adsi_tx_put_message(peer, message.data(), static_cast<int>(message.size())));
  std::vector<double> samples(1000);
  int16_t block[kBlock];
  for (int blocks = 0; blocks < 500; ++blocks) {
    const int count = adsi_tx(peer, block, kBlock);
    if (count == 0) break;
    samples.insert(samples.end(), block, block + count);
  }
  adsi_tx_free(peer);
  samples.resize(samples.size() + 8000);
  return samples;
}

/// What spandsp makes of a clip: the messages, type first, without checksum.
std::vector<std::vector<uint8_t>> heard_by_spandsp(int standard, const std::vector<uint8_t>& clip) {
  std::vector<std::vector<uint8_t>> heard;
  const put_msg_func_t put = [](void* user, const uint8_t* message, int length) {
    if (length <= 0) return;
    static_cast<std::vector<std::vector<uint8_t>>*>(user)->emplace_back(message, message + length);
  };
  adsi_rx_state_t* peer = adsi_rx_init(nullptr, standard, put, &heard);
  std::vector<int16_t> samples(2000);
  for (const uint8_t octet : clip) samples.push_back(alaw_to_linear(octet));
  samples.resize((samples.size() / kBlock + 60) * kBlock);
  for (std::size_t i = 0; i < samples.size(); i += kBlock) adsi_rx(peer, &samples[i], kBlock);
  adsi_rx_free(peer);
  return heard;
}

struct Way {
  int standard;
  FskKind kind;
};
constexpr Way kWays[] = {{ADSI_STANDARD_CLASS, FskKind::kBell202}, {ADSI_STANDARD_CLIP, FskKind::kV23}};

TEST(CallerIdPeer, HearsWhatSpandspSends) {
  for (const Way& way : kWays) {
    std::mt19937 random(1);
    for (int i = 0; i < kMessages; ++i) {
      const CallerIdMessage message = random_call(random);
      auto octets = build_caller_id(message, i % 2 == 0 ? CallerIdFormat::kMdmf : CallerIdFormat::kSdmf);
      octets.pop_back();  // spandsp adds its own checksum
      const auto result = identify(sent_by_spandsp(way.standard, octets, i % 4 == 0), {.alert_tone = true});
      ASSERT_EQ(CallerIdFailure::kNone, result.failure) << text_of(result.failure) << ", message " << i;
      EXPECT_EQ(way.kind == FskKind::kV23 ? CallerIdSource::kV23 : CallerIdSource::kBell202, result.source);
      EXPECT_EQ(message.number, result.message.number);
      EXPECT_EQ(message.date_time, result.message.date_time);
      if (i % 2 == 0) {
        EXPECT_EQ(message, result.message);
      }
      EXPECT_EQ(i % 4 == 0, result.alerted) << i;
    }
  }
}

TEST(CallerIdPeer, IsHeardBySpandsp) {
  for (const Way& way : kWays) {
    std::mt19937 random(2);
    int heard_rightly = 0;
    for (int i = 0; i < kMessages; ++i) {
      const CallerIdMessage message = random_call(random);
      const auto format = i % 2 == 0 ? CallerIdFormat::kMdmf : CallerIdFormat::kSdmf;
      auto octets = build_caller_id(message, format);
      octets.pop_back();
      const auto heard =
          heard_by_spandsp(way.standard, render_caller_id(message, {.kind = way.kind, .format = format}));
      // What it says first is the message; for the length it counts what its documentation calls the whole message.
      if (!heard.empty() && heard.front().size() >= octets.size() &&
          std::equal(octets.begin(), octets.end(), heard.front().begin())) {
        ++heard_rightly;
      }
    }
    EXPECT_EQ(kMessages, heard_rightly) << adsi_standard_to_str(way.standard);
  }
}

TEST(CallerIdPeer, ExchangesDigitsWithSpandsp) {
  const std::string digits = "A0123456789D998B00C";
  const std::vector<uint8_t> octets(digits.begin(), digits.end());
  const auto result = identify(sent_by_spandsp(ADSI_STANDARD_CLIP_DTMF, octets));
  EXPECT_EQ(CallerIdSource::kDigits, result.source);
  EXPECT_EQ("0123456789", std::string_view(result.message.number));
  EXPECT_EQ("998", std::string_view(result.message.redirecting_number));

  CallerIdMessage message;
  message.presentation = Presentation::kAllowed;
  message.number = std::string_view("0123456789");
  for (const auto form : {CallerIdDigits::kAC, CallerIdDigits::kAHash, CallerIdDigits::kDC}) {
    const auto heard = heard_by_spandsp(ADSI_STANDARD_CLIP_DTMF, render_caller_id_digits(message, {.form = form}));
    ASSERT_EQ(1U, heard.size());
    const std::string built = build_caller_id_digits(message, form);
    EXPECT_EQ(built, std::string(heard[0].begin(), heard[0].end()).substr(0, built.size()));
  }
}

}  // namespace
}  // namespace cordboard::dsp
