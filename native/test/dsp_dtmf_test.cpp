// SPDX-License-Identifier: GPL-2.0-or-later
// The DTMF receiver against what Q.24 asks for, one condition at a time and the harder ones together.
#include <gtest/gtest.h>

#include "dsp/dtmf.hpp"
#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

const std::string kAll(kKeypad);

TEST(DspDtmf, HearsAllDigitsOfFortyMillisecondsWhereverTheyBegin) {
  for (DigitSignal signal; signal.lead < 160; ++signal.lead) {
    signal.phase = signal.lead * 0.37;
    ASSERT_EQ(kAll, detected(kAll, signal)) << "lead " << signal.lead;
  }
}

TEST(DspDtmf, HearsTheSameWithEveryKernelSet) {
  const auto samples = sound(kAll, {.snr_db = 15, .lead = 77});
  EXPECT_EQ(kAll, detected(samples, false, portable_kernels()));
  EXPECT_EQ(detected(samples, true, portable_kernels()), detected(samples, true, kernels()));
}

TEST(DspDtmf, ReportsBeginAndEndInTurn) {
  EXPECT_EQ("1.1.2.", detected(sound("112", {.on_ms = 70, .off_ms = 60}), true));
}

TEST(DspDtmf, ReportsADigitSoonAfterItBeginsAndEnds) {
  for (int lead = 0; lead < 160; lead += 7) {
    const auto blocks = received(sound("7", {.on_ms = 200, .lead = 800 + lead}));
    DtmfState state{};
    DtmfState* const states[4] = {&state, nullptr, nullptr, nullptr};
    double begin_ms = -1, end_ms = -1;
    for (std::size_t i = 0; i < blocks.size(); i += kBlock) {
      const int16_t* const block[4] = {&blocks[i], nullptr, nullptr, nullptr};
      DtmfEvent events[kMaxDtmfEvents];
      const int count = dtmf_process4(states, block, events);
      for (int e = 0; e < count; ++e) {
        EXPECT_EQ('7', events[e].digit);
        (events[e].begin ? begin_ms : end_ms) = static_cast<double>(i + kBlock) / 8;
      }
    }
    // 30 ms of tone, up to 10 ms to the next half and up to 10 ms to the end of the block.
    const double start_ms = (800 + lead) / 8.0;
    EXPECT_GE(begin_ms, start_ms + 24);
    EXPECT_LE(begin_ms, start_ms + 52);
    EXPECT_GE(end_ms, start_ms + 220);
    EXPECT_LE(end_ms, start_ms + 262);
  }
}

TEST(DspDtmf, HearsLevelsFromMinusThirtySixToZero) {
  for (const double dbm0 : {-36.0, -33.0, -29.0, -24.0, -15.0, -6.0, -3.0, 0.0}) {
    EXPECT_EQ(kAll, detected(kAll, {.row_dbm0 = dbm0, .column_dbm0 = dbm0, .lead = 41})) << dbm0;
  }
}

TEST(DspDtmf, IgnoresWhatIsTooFaint) {
  for (const double dbm0 : {-39.0, -45.0, -60.0}) {
    EXPECT_EQ("", detected(kAll, {.row_dbm0 = dbm0, .column_dbm0 = dbm0, .on_ms = 100})) << dbm0;
  }
}

TEST(DspDtmf, TakesTwistFromMinusEightToPlusFourAndRefusesMuchMore) {
  for (const double twist : {-8.0, -6.0, -4.0, -2.0, 2.0, 4.0}) {
    for (const double row : {-6.0, -15.0, -25.0}) {
      EXPECT_EQ(kAll, detected(kAll, {.row_dbm0 = row, .column_dbm0 = row + twist, .lead = 13})) << twist;
    }
  }
  for (const double twist : {-14.0, -11.0, 8.0, 11.0}) {
    EXPECT_EQ("", detected(kAll, {.row_dbm0 = -15, .column_dbm0 = -15 + twist, .on_ms = 100})) << twist;
  }
}

TEST(DspDtmf, TakesFrequenciesWithinOneAndAHalfPerCent) {
  for (const double offset : {-0.018, -0.015, -0.01, 0.01, 0.015, 0.018}) {
    for (const double twist : {-8.0, 0.0, 4.0}) {
      const DigitSignal level{.row_dbm0 = -12, .column_dbm0 = -12 + twist, .lead = 29};
      DigitSignal row = level, column = level, both = level, apart = level;
      row.row_offset = column.column_offset = both.row_offset = both.column_offset = apart.row_offset = offset;
      apart.column_offset = -offset;
      for (const DigitSignal& signal : {row, column, both, apart}) {
        EXPECT_EQ(kAll, detected(kAll, signal)) << offset << " twist " << twist;
      }
    }
  }
}

TEST(DspDtmf, RefusesFrequenciesThreeAndAHalfPerCentOff) {
  for (const double size : {0.035, 0.04, 0.045, 0.05, 0.06}) {
    for (const double offset : {-size, size}) {
      for (const double twist : {-8.0, 0.0, 4.0}) {
        DigitSignal row{.row_dbm0 = -12, .column_dbm0 = -12 + twist, .on_ms = 100, .lead = 29};
        DigitSignal column = row;
        row.row_offset = column.column_offset = offset;
        EXPECT_EQ("", detected(kAll, row)) << offset << " twist " << twist;
        EXPECT_EQ("", detected(kAll, column)) << offset << " twist " << twist;
      }
    }
  }
}

TEST(DspDtmf, RefusesAColumnSoFarOffThatItsPhaseAdvanceLooksRight) {
  // 60 Hz above 1633 Hz turns the phase of a half as 40 Hz below does, which would be 2.4 %.
  for (double offset = 0.034; offset < 0.045; offset += 0.0005) {
    for (double twist = -7; twist < 5; twist += 1) {
      const DigitSignal signal{.row_dbm0 = -12, .column_dbm0 = -12 + twist, .column_offset = offset, .on_ms = 100};
      ASSERT_EQ("", detected("ABCD", signal)) << offset << " twist " << twist;
    }
  }
}

TEST(DspDtmf, HearsEveryDigitAtEveryCornerOfTheLimits) {
  // Frequencies, twist, level and length at their limits together, of all 16 digits, wherever the block begins.
  int corner = 0;
  for (const double row : {-0.015, 0.015}) {
    for (const double column : {-0.015, 0.015}) {
      for (const double twist : {-8.0, 4.0}) {
        for (const double stronger_dbm0 : {-3.0, -25.0}) {
          ++corner;
          const double row_dbm0 = twist < 0 ? stronger_dbm0 : stronger_dbm0 - twist;
          ASSERT_EQ(kAll, detected(kAll, {.row_dbm0 = row_dbm0,
                                          .column_dbm0 = row_dbm0 + twist,
                                          .row_offset = row,
                                          .column_offset = column,
                                          .lead = corner * 47 % 160,
                                          .phase = corner * 0.61}))
              << row << " " << column << " twist " << twist << " at " << stronger_dbm0;
        }
      }
    }
  }
}

TEST(DspDtmf, RefusesDigitsTooShortAtEveryLevelAndTwist) {
  // Q.24: less than 24 ms (AT&T 23 ms) is not a digit.
  for (int lead = 0; lead < 160; lead += 3) {
    for (const double row_dbm0 : {-3.0, -12.0, -25.0}) {
      for (const double twist : {-8.0, 0.0, 4.0}) {
        ASSERT_EQ("",
                  detected(kAll, {.row_dbm0 = row_dbm0, .column_dbm0 = row_dbm0 + twist, .on_ms = 23, .lead = lead}))
            << "lead " << lead << " level " << row_dbm0 << " twist " << twist;
      }
    }
  }
}

TEST(DspDtmf, RefusesBothFrequenciesOffTogether) {
  for (const double offset : {-0.05, -0.035, 0.035, 0.05}) {
    for (const double other : {-0.035, 0.0, 0.035}) {
      EXPECT_EQ("", detected(kAll, {.row_offset = offset, .column_offset = other, .on_ms = 100, .lead = 61}));
      EXPECT_EQ("", detected(kAll, {.row_offset = other, .column_offset = offset, .on_ms = 100, .lead = 61}));
    }
  }
}

TEST(DspDtmf, BridgesAnInterruptionInEveryDigit) {
  for (int at = 320; at < 640; at += 13) {
    for (const char digit : kAll) {
      auto samples = sound({&digit, 1}, {.on_ms = 120});
      for (int i = 0; i < 80; ++i) samples[static_cast<std::size_t>(at + i)] = 0;
      ASSERT_EQ(std::string{digit} + ".", detected(samples, true)) << "interrupted at sample " << at;
    }
  }
}

TEST(DspDtmf, HearsThroughNoiseFifteenDecibelsBelow) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const int lead = static_cast<int>(seed * 53 % 160);
    ASSERT_EQ(kAll, detected(kAll, {.snr_db = 15, .lead = lead, .seed = seed})) << seed;
  }
}

TEST(DspDtmf, HearsThroughNoiseWithTwistAndFrequencyOffTogether) {
  std::size_t heard = 0, sent = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const bool odd = seed % 2 == 1;
    const int lead = static_cast<int>(seed * 53 % 160);
    heard += detected(kAll, {.column_dbm0 = odd ? -18.0 : -6.0,
                             .row_offset = 0.015,
                             .column_offset = -0.015,
                             .snr_db = 15,
                             .lead = lead,
                             .seed = seed})
                 .size();
    sent += kAll.size();
  }
  EXPECT_GE(heard + 5, sent);  // better than 99.5 %
  EXPECT_LE(heard, sent);
}

TEST(DspDtmf, IgnoresNoiseAndSingleTones) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 3000);
  std::vector<double> noise(8000 * 60);
  for (double& sample : noise) sample = normal(random);
  EXPECT_EQ("", detected(noise));
  for (double hz = 300; hz < 3400; hz += 7) {
    std::vector<double> tone(1600);
    for (std::size_t i = 0; i < tone.size(); ++i) {
      tone[i] = 9000 * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 8000);
    }
    ASSERT_EQ("", detected(tone)) << hz;
  }
}

TEST(DspDtmf, IgnoresTwoTonesOfTheSameGroupAndThreeTones) {
  const auto with = [](std::vector<double> hz) {
    std::vector<double> samples(4000);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      for (const double f : hz) samples[i] += 5000 * std::sin(2 * std::numbers::pi * f * static_cast<double>(i) / 8000);
    }
    return detected(samples);
  };
  EXPECT_EQ("", with({697, 852}));
  EXPECT_EQ("", with({1209, 1477}));
  EXPECT_EQ("", with({697, 852, 1336}));
  EXPECT_EQ("", with({770, 1209, 1477}));
  EXPECT_EQ("", with({697, 1209, 2400}));
  EXPECT_EQ("5", with({770, 1336}));
}

TEST(DspDtmf, IgnoresTonesOfTwentyMilliseconds) {
  for (int lead = 0; lead < 160; ++lead) {
    ASSERT_EQ("", detected(kAll, {.on_ms = 20, .lead = lead})) << lead;
    ASSERT_EQ("", detected(kAll, {.on_ms = 12, .lead = lead})) << lead;
  }
}

TEST(DspDtmf, BridgesAnInterruptionOfTenMilliseconds) {
  for (int lead = 0; lead < 160; ++lead) {
    for (const int gap : {8, 40, 80}) {
      auto samples = sound("3", {.on_ms = 120, .lead = lead});
      for (int i = 0; i < gap; ++i) samples[static_cast<std::size_t>(lead + 440 + i)] = 0;
      ASSERT_EQ("3.", detected(samples, true)) << "gap " << gap << " lead " << lead;
    }
  }
}

TEST(DspDtmf, TellsTheSameDigitTwiceByAPauseOfThirtyMilliseconds) {
  for (int lead = 0; lead < 160; ++lead) {
    ASSERT_EQ("88", detected("88", {.off_ms = 30, .lead = lead})) << lead;
  }
}

TEST(DspDtmf, FollowsAChangeOfDigitWithoutAPause) {
  for (int lead = 0; lead < 160; ++lead) {
    ASSERT_EQ("4.*.", detected(sound("4*", {.on_ms = 60, .off_ms = 0, .lead = lead}), true)) << lead;
  }
}

TEST(DspDtmf, KeepsFourChannelsApart) {
  const std::string digits[4] = {"1470A", "2580B", "369#C", "AB*DD"};
  std::vector<int16_t> blocks[4];
  std::size_t length = SIZE_MAX;
  for (int c = 0; c < 4; ++c) {
    blocks[c] = received(sound(digits[c], {.lead = 31 * c}));
    length = std::min(length, blocks[c].size());
  }
  DtmfState state[4]{};
  DtmfState* const states[4] = {&state[0], &state[1], &state[2], &state[3]};
  std::string found[4];
  for (std::size_t i = 0; i < length; i += kBlock) {
    const int16_t* const block[4] = {&blocks[0][i], &blocks[1][i], &blocks[2][i], &blocks[3][i]};
    DtmfEvent events[kMaxDtmfEvents];
    const int count = dtmf_process4(states, block, events);
    for (int e = 0; e < count; ++e) {
      if (events[e].begin) found[events[e].channel] += events[e].digit;
    }
  }
  for (int c = 0; c < 4; ++c) EXPECT_EQ(digits[c], found[c]);
}

TEST(DspDtmf, ForgetsEverythingWhenReset) {
  const auto blocks = received(sound("9", {.on_ms = 400}));
  DtmfState state{};
  DtmfState* const states[4] = {nullptr, &state, nullptr, nullptr};
  int begun = 0;
  for (std::size_t i = 0; i < 10 * kBlock; i += kBlock) {
    if (i == 5 * kBlock) state = {};
    const int16_t* const block[4] = {nullptr, &blocks[i], nullptr, nullptr};
    DtmfEvent events[kMaxDtmfEvents];
    const int count = dtmf_process4(states, block, events);
    for (int e = 0; e < count; ++e) begun += events[e].begin ? 1 : 0;
  }
  EXPECT_EQ(2, begun);
}

}  // namespace
}  // namespace cordboard::dsp
