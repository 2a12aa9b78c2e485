// SPDX-License-Identifier: GPL-2.0-or-later
// Two legs of a call whose peers have agreed on different codecs: from one's packets to a row, from the row to the other's.
//
//   packets ─> stream of one leg ─> row ─> stream of the other ─> packets ─> what its peer hears
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <tuple>

#include "rtp_traces.hpp"

namespace cordboard::rtp {
namespace {

using namespace traces;

class RtpTranscoding : public ::testing::TestWithParam<std::tuple<Encoding, Encoding>> {};

struct Outcome {
  Judgement sound;
  StreamStatistics in;
  StreamStatistics peer;
  std::vector<uint8_t> heard;
  std::vector<uint8_t> sent;
};

Outcome through(Encoding from, Encoding to, const Network& network) {
  constexpr double kSeconds = 12;
  Outcome outcome;
  outcome.sent = alaw_of(speech_like(kSeconds, 21));
  const auto spoken = params_of(from);
  const auto datagrams =
      network.carry(sent_by({.payload_type = spoken.send.payload_type, .encoding = from}, outcome.sent));
  const auto leg = stream_of(spoken, 1);
  const auto other = stream_of(params_of(to), 2);
  const auto peer = stream_of(params_of(to), 3);
  std::size_t next = 0;
  for (int64_t now = 1'007 * kMs; now < static_cast<int64_t>(1e9 + kSeconds * 1e9); now += kTickNs) {
    for (; next < datagrams.size() && datagrams[next].arrives_ns <= now; ++next) {
      leg->deliver(datagrams[next].octets, datagrams[next].arrives_ns);
    }
    uint8_t row[kBlock];
    uint8_t unheard[kBlock];
    leg->receive(row, now);
    other->receive(unheard, now);
    other->send(row);
    uint8_t packet[Stream::kMaxPacket];
    while (const auto octets = other->next_packet(packet, now)) peer->deliver({packet, octets}, now);
    peer->receive(row, now);
    outcome.heard.insert(outcome.heard.end(), row, row + kBlock);
  }
  outcome.in = leg->statistics();
  outcome.peer = peer->statistics();
  outcome.sound = judge(outcome.heard, outcome.sent, 7, 0, can_be_cut(from) && can_be_cut(to));
  return outcome;
}

TEST_P(RtpTranscoding, BringsSpeechFromOnePeerToTheOther) {
  const auto [from, to] = GetParam();
  const auto outcome = through(from, to, Network{.jitter_ms = 1});
  std::printf("%-5s to %-5s: SNR %5.1f dB, likeness %.4f, delay %5.1f ms\n", std::string(name_of(from)).c_str(),
              std::string(name_of(to)).c_str(), outcome.sound.segmental_snr_db, outcome.sound.likeness,
              outcome.sound.mean_delay_ms);
  const int opus = (from == Encoding::kOpus) + (to == Encoding::kOpus);
  EXPECT_GT(outcome.sound.likeness, opus == 0 ? 0.99 : opus == 1 ? 0.88 : 0.82);
  EXPECT_EQ(0, outcome.sound.silent_gaps);
  for (const auto& told : {outcome.in, outcome.peer}) {
    EXPECT_EQ(0U, told.lost + told.late + told.malformed + told.wrong_payload_type);
    EXPECT_EQ(0U, told.concealed_ms);
  }
  // The network's 30 ms and its jitter, two packets of 20 ms, two blocks that wait and what the codecs look ahead.
  EXPECT_LT(outcome.sound.mean_delay_ms, 30 + 2 * 20 + 2 * 30 + 20);
  if (from == Encoding::kPcma && to == Encoding::kPcma) {
    const auto tail = std::vector<uint8_t>(outcome.heard.begin() + 8000, outcome.heard.end());
    EXPECT_NE(std::search(outcome.sent.begin(), outcome.sent.end(), tail.begin(), tail.end()), outcome.sent.end())
        << "bit by bit";
  }
}

TEST_P(RtpTranscoding, ConcealsWhatOneLegLosesFromTheOther) {
  const auto [from, to] = GetParam();
  for (const double loss : {0.05, 0.20}) {
    const auto outcome = through(from, to, Network{.jitter_ms = 1, .loss = loss, .seed = 5});
    std::printf("%-5s to %-5s, %2.0f %% lost: likeness %.3f, MOS %.2f\n", std::string(name_of(from)).c_str(),
                std::string(name_of(to)).c_str(), 100 * loss, outcome.sound.likeness, outcome.in.mos_received);
    const bool opus = from == Encoding::kOpus || to == Encoding::kOpus;
    EXPECT_GT(outcome.sound.likeness, (opus ? 0.82 : 0.94) - (loss > 0.1 ? 0.14 : 0));
    EXPECT_NEAR(static_cast<double>(outcome.in.concealed_ms), static_cast<double>(20 * outcome.in.lost), 45);
    EXPECT_EQ(0U, outcome.peer.lost + outcome.peer.concealed_ms) << "the other leg has lost nothing";
    EXPECT_LE(outcome.sound.silent_gaps, loss > 0.1 ? 2 : 0);
  }
}

std::string pair_name(const testing::TestParamInfo<RtpTranscoding::ParamType>& info) {
  return std::string(name_of(std::get<0>(info.param))) + "To" + std::string(name_of(std::get<1>(info.param)));
}

constexpr Encoding kEncodings[] = {Encoding::kPcma, Encoding::kPcmu, Encoding::kG722, Encoding::kOpus};
INSTANTIATE_TEST_SUITE_P(Codecs, RtpTranscoding,
                         ::testing::Combine(::testing::ValuesIn(kEncodings), ::testing::ValuesIn(kEncodings)),
                         pair_name);

}  // namespace
}  // namespace cordboard::rtp
