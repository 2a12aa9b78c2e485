// SPDX-License-Identifier: GPL-2.0-or-later
// Caller identification from the line to the result, one fault of the line at a time and the harder ones together, with
// an independent modulator (caller_id_signals.hpp). CORDBOARD_CALLER_ID_MESSAGES sets how many messages each condition
// gets.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "caller_id_signals.hpp"
#include "dsp/caller_id.hpp"
#include "dsp_recordings.hpp"

namespace cordboard::dsp {
namespace {

constexpr FskKind kKinds[] = {FskKind::kBell202, FskKind::kV23};

CallerIdSource source_of(FskKind kind) {
  return kind == FskKind::kV23 ? CallerIdSource::kV23 : CallerIdSource::kBell202;
}

CallerIdMessage ada() {
  CallerIdMessage message;
  message.presentation = message.name_presentation = Presentation::kAllowed;
  message.number = std::string_view("02087654321");
  message.name = std::string_view("Ada Lovelace");
  message.date_time = std::string_view("11221405");
  return message;
}

std::vector<uint8_t> ada_octets() { return build_caller_id(ada(), CallerIdFormat::kMdmf); }

/// Messages out of `count` that did not arrive as they were sent, or as the wrong kind of signal.
int lost(FskLine line, int count, const CallerIdReceiverSettings& settings = {.digits = false}) {
  if (const char* set = std::getenv("CORDBOARD_CALLER_ID_MESSAGES")) count = std::atoi(set);
  std::mt19937 random(77);
  int lost = 0;
  for (int i = 0; i < count; ++i) {
    const CallerIdMessage message = random_call(random);
    line.seed = static_cast<uint32_t>(i + 1);
    line.lead = 800 + i * 37 % 160;
    const auto result = identify(modulated(build_caller_id(message, CallerIdFormat::kMdmf), line), settings);
    const bool arrived = result.failure == CallerIdFailure::kNone && result.message == message;
    lost += arrived && result.source == source_of(line.kind) ? 0 : 1;
  }
  return lost;
}

TEST(DspCallerId, ReceivesThroughNoise) {
  for (const FskKind kind : kKinds) {
    for (const double snr_db : {30.0, 20.0, 15.0, 12.0}) {
      EXPECT_EQ(0, lost({.kind = kind, .snr_db = snr_db}, 30)) << snr_db << " dB, kind " << static_cast<int>(kind);
    }
  }
}

TEST(DspCallerId, ReceivesEveryLevel) {
  for (const FskKind kind : kKinds) {
    for (const double dbm0 : {0.0, -10.0, -20.0, -30.0, -38.0, -40.0}) {
      EXPECT_EQ(0, lost({.kind = kind, .level_dbm0 = dbm0}, 10)) << dbm0;
    }
  }
}

TEST(DspCallerId, IgnoresWhatIsTooFaint) {
  const auto result = identify(modulated(ada_octets(), {.level_dbm0 = -46}));
  EXPECT_EQ(CallerIdFailure::kNoSignal, result.failure);
}

TEST(DspCallerId, ReceivesTonesOfDifferentLevel) {
  for (const FskKind kind : kKinds) {
    for (const double twist_db : {-6.0, -3.0, 3.0, 6.0}) {
      EXPECT_EQ(0, lost({.kind = kind, .twist_db = twist_db, .snr_db = 20}, 10)) << twist_db;
    }
    // A weak mark next to a strong space needs the weighting most.
    EXPECT_EQ(0, lost({.kind = kind, .twist_db = -10, .snr_db = 20}, 60));
    EXPECT_EQ(0, lost({.kind = kind, .twist_db = 10, .snr_db = 20}, 60));
  }
}

TEST(DspCallerId, ReceivesFastAndSlowSenders) {
  for (const FskKind kind : kKinds) {
    for (const double error : {-0.03, -0.01, 0.01, 0.03}) {
      EXPECT_EQ(0, lost({.kind = kind, .clock_error = error, .snr_db = 20}, 10)) << error;
    }
  }
}

TEST(DspCallerId, ReceivesTheWorstOfALineTogether) {
  for (const FskKind kind : kKinds) {
    for (const double sign : {-1.0, 1.0}) {
      const FskLine line{
          .kind = kind, .level_dbm0 = -32, .twist_db = 6 * sign, .clock_error = -0.01 * sign, .snr_db = 15};
      EXPECT_EQ(0, lost(line, 20)) << sign;
    }
    EXPECT_EQ(0, lost({.kind = kind, .level_dbm0 = -20, .hum_dbm0 = -25}, 10));
  }
}

TEST(DspCallerId, ReceivesOneKindAloneWithItsOwnFilters) {
  const CallerIdReceiverSettings bell{.v23 = false, .digits = false}, v23{.bell202 = false, .digits = false};
  EXPECT_EQ(0, lost({.kind = FskKind::kBell202, .snr_db = 12}, 20, bell));
  EXPECT_EQ(0, lost({.kind = FskKind::kV23, .snr_db = 12}, 20, v23));
  EXPECT_EQ(CallerIdFailure::kNoSignal,
            identify(modulated(ada_octets(), {}), {.bell202 = false, .v23 = false}).failure);
}

TEST(DspCallerId, WantsOnlyTheShortestSeizureAndMark) {
  EXPECT_EQ(0, lost({.seizure_bits = 96, .mark_bits = 55, .snr_db = 20}, 10));
  EXPECT_EQ(0, lost({.kind = FskKind::kV23, .seizure_bits = 96, .mark_bits = 80, .snr_db = 20}, 10));
  EXPECT_EQ(0, lost({.seizure_bits = 60, .lead = 0}, 10));  // the beginning was swallowed
}

TEST(DspCallerId, TakesAMessageWithoutSeizureOnlyInACall) {
  const auto samples = modulated(ada_octets(), {.seizure_bits = 0, .mark_bits = 80, .snr_db = 20});
  EXPECT_EQ(CallerIdFailure::kNoSignal, identify(samples).failure);
  EXPECT_EQ(ada(), identify(samples, {.seizure_required = false}).message);
}

TEST(DspCallerId, TakesMarkBetweenCharactersUpToTenBits) {
  for (const int gap : {1, 3, 10}) EXPECT_EQ(0, lost({.gap_bits = gap, .snr_db = 20}, 3)) << gap;
  EXPECT_EQ(CallerIdFailure::kInterrupted, identify(modulated(ada_octets(), {.gap_bits = 60})).failure);
}

TEST(DspCallerId, SaysWhyAMessageFailed) {
  auto broken = ada_octets();
  broken[5] ^= 4;
  EXPECT_EQ(CallerIdFailure::kChecksum, identify(modulated(broken, {})).failure);
  EXPECT_EQ(CallerIdFailure::kUnknownType, identify(modulated({0x99, 0x01, 0x00, 0x66}, {})).failure);
  EXPECT_EQ(CallerIdFailure::kBadBody, identify(modulated({0x80, 0x02, 0x02, 0x09, 0x73}, {})).failure);
  EXPECT_EQ(CallerIdFailure::kNoSignal, identify(std::vector<double>(80000)).failure);
  auto cut = modulated(ada_octets(), {});
  std::fill(cut.end() - 1500, cut.end(), 0.0);
  EXPECT_EQ(CallerIdFailure::kCarrierLost, identify(cut).failure);
}

TEST(DspCallerId, NeverMakesUpACallerWhenBitsAreBroken) {
  // A space where a mark was, anywhere in the message: refused, or (in the mark at either end) the same message.
  const auto whole = received(modulated(ada_octets(), {}));
  const auto first = static_cast<std::size_t>(800 + 400 * 20 / 3);
  for (std::size_t at = first; at + 1300 < whole.size(); at += 97) {
    auto broken = whole;
    for (std::size_t i = at; i < at + 14; ++i) {
      broken[i] = static_cast<int16_t>(amplitude_of(-10) *
                                       std::sin(2 * std::numbers::pi * 2200 / 8000 * static_cast<double>(i)));
    }
    const auto result = identify(broken);
    if (result.failure == CallerIdFailure::kNone) {
      ASSERT_EQ(ada(), result.message) << at;
    }
  }
}

TEST(DspCallerId, GoesOnAfterAFailedMessage) {
  auto broken = ada_octets();
  broken[5] ^= 4;
  auto samples = modulated(broken, {});
  const auto again = modulated(ada_octets(), {.kind = FskKind::kV23});
  samples.insert(samples.end(), again.begin(), again.end());
  const auto result = identify(samples);
  EXPECT_EQ(CallerIdFailure::kNone, result.failure);
  EXPECT_EQ(CallerIdSource::kV23, result.source);
  EXPECT_EQ(ada(), result.message);
}

TEST(DspCallerId, GivesOneResultAndInTime) {
  CallerIdReceiver receiver({.timeout_ms = 400});
  const std::vector<int16_t> silence(kBlock);
  for (int block = 1; block < 20; ++block) ASSERT_EQ(nullptr, receiver.process(silence.data())) << block;
  ASSERT_NE(nullptr, receiver.process(silence.data()));
  EXPECT_TRUE(receiver.finished());
  EXPECT_EQ(nullptr, receiver.process(silence.data()));
  EXPECT_EQ(CallerIdFailure::kNoSignal, receiver.finish().failure);
}

TEST(DspCallerId, ReceivesWhatItRenders) {
  for (const FskKind kind : kKinds) {
    for (const auto format : {CallerIdFormat::kSdmf, CallerIdFormat::kMdmf}) {
      for (const auto alerting : {CallerIdAlerting::kNone, CallerIdAlerting::kDtAs}) {
        const auto clip =
            render_caller_id(ada(), {.kind = kind, .alerting = alerting, .format = format, .lead_ms = 50});
        const auto result = identify(decoded(clip), {.alert_tone = true});
        EXPECT_EQ(CallerIdFailure::kNone, result.failure);
        EXPECT_EQ(source_of(kind), result.source);
        EXPECT_EQ(alerting == CallerIdAlerting::kDtAs, result.alerted);
        EXPECT_EQ("02087654321", std::string_view(result.message.number));
        EXPECT_EQ("11221405", std::string_view(result.message.date_time));
        EXPECT_EQ(format == CallerIdFormat::kMdmf ? "Ada Lovelace" : "", std::string_view(result.message.name));
      }
    }
    const auto off_hook = render_caller_id(ada(), {.kind = kind, .off_hook = true});
    EXPECT_EQ(ada(), identify(decoded(off_hook), {.seizure_required = false}).message);
  }
}

TEST(DspCallerId, RendersLengthsAndLevelAsAsked) {
  CallerIdMessage waiting;
  waiting.service = CallerIdService::kMessageWaiting;
  const auto octets = build_caller_id(waiting, CallerIdFormat::kSdmf);
  const auto clip = render_caller_id(waiting, {.format = CallerIdFormat::kSdmf, .lead_ms = 10});
  const std::size_t bits = 300 + 180 + octets.size() * 10 + 10;
  EXPECT_EQ(80 + (bits * 20 + 2) / 3, clip.size());
  const auto samples = decoded(clip);
  EXPECT_NEAR(-13.5, level_of({samples.begin() + 80, samples.end()}), 0.1);
  const std::vector<double> mark(samples.begin() + 80 + 2000, samples.begin() + 80 + 3200);
  EXPECT_NEAR(-13.5, level_at(mark, 1200), 0.1);
  EXPECT_LT(level_at(mark, 2200), -50);
}

TEST(DspCallerId, RefusesToRenderWhatCannotBeSaid) {
  CallerIdMessage undated = ada();
  undated.date_time = {};
  EXPECT_TRUE(render_caller_id(undated, {.format = CallerIdFormat::kSdmf}).empty());
  EXPECT_TRUE(render_caller_id_digits({}, {.form = CallerIdDigits::kDC}).empty());
}

TEST(DspCallerId, ReceivesDigitsOfEveryForm) {
  for (const auto form : {CallerIdDigits::kAC, CallerIdDigits::kAHash, CallerIdDigits::kDC}) {
    const auto clip = render_caller_id_digits(ada(), {.form = form, .lead_ms = 33});
    const auto result = identify(decoded(clip));
    EXPECT_EQ(CallerIdSource::kDigits, result.source);
    EXPECT_EQ(CallerIdFailure::kNone, result.failure);
    EXPECT_EQ("02087654321", std::string_view(result.message.number));
    EXPECT_EQ(Presentation::kAllowed, result.message.presentation);
  }
}

TEST(DspCallerId, EndsDigitsWithoutEndCodeByTheGap) {
  auto number = sound("D13800138000", {.off_ms = 50});
  number.resize(number.size() + 4800);
  EXPECT_EQ("13800138000", std::string_view(identify(number).message.number));
  auto slow = sound("D138", {.off_ms = 50});
  EXPECT_EQ(CallerIdFailure::kNoSignal, identify(slow).failure);  // the line ends before the gap
  slow.resize(slow.size() + 4800);
  EXPECT_EQ("138", std::string_view(identify(slow).message.number));
  EXPECT_EQ(CallerIdFailure::kBadDigits, identify(sound("1380#D*C", {.off_ms = 700})).failure);
}

// The alerting tone.

struct AlertSignal {
  double low_dbm0 = -20, high_dbm0 = -20;
  double low_offset = 0, high_offset = 0;
  double on_ms = 100;
  double snr_db = 200;
  int lead = 400;
  uint32_t seed = 1;
};

int alerts(const std::vector<double>& samples) {
  AlertToneDetector detector;
  const auto blocks = received(samples);
  int count = 0;
  for (std::size_t i = 0; i < blocks.size(); i += kBlock) count += detector.process(&blocks[i]) ? 1 : 0;
  return count;
}

int alerts(const AlertSignal& signal) {
  std::vector<double> samples(static_cast<std::size_t>(signal.lead), 0.0);
  const double low = 2 * std::numbers::pi * 2130 * (1 + signal.low_offset) / 8000;
  const double high = 2 * std::numbers::pi * 2750 * (1 + signal.high_offset) / 8000;
  const double a = amplitude_of(signal.low_dbm0), b = amplitude_of(signal.high_dbm0);
  for (int i = 0; i < std::lround(signal.on_ms * 8); ++i) {
    samples.push_back(a * std::sin(low * i) + b * std::sin(high * i + signal.seed));
  }
  samples.resize(samples.size() + 400);
  if (signal.snr_db < 100) {
    add_noise(samples, std::sqrt((a * a + b * b) / 2 * std::pow(10.0, -signal.snr_db / 10)), signal.seed);
  }
  return alerts(samples);
}

TEST(DspAlertTone, IsHeardWhereverItBegins) {
  for (int lead = 320; lead < 480; ++lead) {
    ASSERT_EQ(1, alerts(AlertSignal{.on_ms = 100, .lead = lead})) << lead;
    ASSERT_EQ(1, alerts(AlertSignal{.on_ms = 88, .lead = lead})) << lead;
    ASSERT_EQ(1, alerts(AlertSignal{.on_ms = 110, .lead = lead})) << lead;
    ASSERT_EQ(1, alerts(AlertSignal{.on_ms = 75, .lead = lead})) << lead;
  }
}

TEST(DspAlertTone, IsHeardFaintTwistedOffAndInNoise) {
  for (const double dbm0 : {-3.5, -20.0, -32.0, -39.0}) {
    EXPECT_EQ(1, alerts(AlertSignal{.low_dbm0 = dbm0, .high_dbm0 = dbm0})) << dbm0;
  }
  EXPECT_EQ(1, alerts(AlertSignal{.low_dbm0 = -27}));
  EXPECT_EQ(1, alerts(AlertSignal{.high_dbm0 = -27}));
  for (const double offset : {-0.015, -0.011, -0.005, 0.005, 0.011, 0.015}) {
    EXPECT_EQ(1, alerts(AlertSignal{.low_offset = offset, .high_offset = offset})) << offset;
    EXPECT_EQ(1, alerts(AlertSignal{.low_offset = offset, .high_offset = -offset})) << offset;
  }
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    const int lead = 320 + static_cast<int>(seed * 53 % 160);
    ASSERT_EQ(1,
              alerts(AlertSignal{
                  .low_offset = 0.005, .high_offset = -0.005, .on_ms = 80, .snr_db = 15, .lead = lead, .seed = seed}))
        << seed;
  }
}

TEST(DspAlertTone, IsNotHeardInWhatIsNone) {
  for (int lead = 320; lead < 480; lead += 7) {
    EXPECT_EQ(0, alerts(AlertSignal{.on_ms = 60, .lead = lead}));
    EXPECT_EQ(0, alerts(AlertSignal{.on_ms = 140, .lead = lead}));
    EXPECT_EQ(0, alerts(AlertSignal{.high_dbm0 = -60, .lead = lead}));
    EXPECT_EQ(0, alerts(AlertSignal{.low_dbm0 = -60, .lead = lead}));
  }
  for (const double offset : {-0.035, -0.03, -0.025, 0.025, 0.03, 0.035}) {
    EXPECT_EQ(0, alerts(AlertSignal{.low_offset = offset})) << offset;
    EXPECT_EQ(0, alerts(AlertSignal{.high_offset = offset})) << offset;
  }
  EXPECT_EQ(0, alerts(AlertSignal{.low_dbm0 = -45, .high_dbm0 = -45}));
  EXPECT_EQ(0, alerts(AlertSignal{.low_dbm0 = -32}));
  std::vector<double> noise(8000 * 20);
  add_noise(noise, 3000, 5);
  EXPECT_EQ(0, alerts(noise));
  EXPECT_EQ(0, alerts(modulated(ada_octets(), {})));
}

// What is no caller identification.

void expect_nothing_in(const std::string& folder) {
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "NOT TESTED: " << folder << " is missing";
  std::size_t samples = 0;
  for (const auto& path : wav_files(folder)) {
    auto audio = wav_samples(path).samples;
    audio.resize((audio.size() + kBlock - 1) / kBlock * kBlock);
    samples += audio.size();
    // The easiest to deceive: no seizure asked for, no time limit.
    CallerIdReceiver receiver({.alert_tone = true, .seizure_required = false, .timeout_ms = 0});
    for (std::size_t i = 0; i < audio.size(); i += kBlock) {
      for (std::size_t k = i; k < i + kBlock; ++k) audio[k] = alaw_to_linear(linear_to_alaw(audio[k]));
      ASSERT_EQ(nullptr, receiver.process(&audio[i])) << path << " at " << i / 8 << " ms";
    }
    EXPECT_FALSE(receiver.alerted()) << path;
  }
  EXPECT_GT(samples, 0U);
  testing::Test::RecordProperty("seconds", static_cast<int>(samples / 8000));
}

TEST(DspCallerId, HearsNothingInPrompts) { expect_nothing_in(kPromptFolder); }
TEST(DspCallerId, HearsNothingInMusic) { expect_nothing_in(kMusicFolder); }

TEST(DspCallerId, SurvivesHostileSamples) {
  std::mt19937 random(9);
  CallerIdReceiver receiver({.alert_tone = true, .seizure_required = false, .timeout_ms = 0});
  int16_t block[kBlock];
  for (int i = 0; i < 20000; ++i) {
    const uint32_t kind = random() % 6;
    const int period = 1 + static_cast<int>(random() % 9);
    for (std::size_t k = 0; k < kBlock; ++k) {
      const bool high = static_cast<int>(k) / period % 2 == 0;
      block[k] = static_cast<int16_t>(kind == 0   ? random()
                                      : kind == 1 ? -32768
                                      : kind == 2 ? (high ? 32767 : -32768)
                                      : kind == 3 ? random() % 512
                                      : kind == 4 ? (high ? 300 : -300)
                                                  : 0);
    }
    const DtmfEvent digits[2] = {{0, static_cast<char>(random()), random() % 2 == 0},
                                 {0, "0123AD"[random() % 6], true}};
    const auto* result = receiver.process(block, {digits, random() % 3});
    if (result != nullptr) {
      for (const char octet : std::string_view(result->message.number)) ASSERT_TRUE(octet >= '0' && octet <= '9');
      receiver = CallerIdReceiver({.alert_tone = true, .seizure_required = false, .timeout_ms = 0});
    }
  }
}

}  // namespace
}  // namespace cordboard::dsp
