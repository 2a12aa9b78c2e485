// SPDX-License-Identifier: GPL-2.0-or-later
// Loss concealment on recorded speech with frames missing, against silence and against the last frame once more.
#include <gtest/gtest.h>

#include <cstdio>
#include <numbers>

#include "dsp/loss_concealment.hpp"
#include "dsp_voice_signals.hpp"

namespace cordboard::dsp {
namespace {

/// Which frames are missing: each by itself, or in bursts of about three (Gilbert's model).
std::vector<bool> losses(std::size_t frames, double share, bool bursts, uint32_t seed) {
  std::mt19937 random(seed);
  const auto chance = [&] { return random() / 4294967296.0; };
  std::vector<bool> lost(frames);
  bool bad = false;
  for (std::size_t i = 3; i < frames; ++i) {
    bad = !bursts ? chance() < share : bad ? chance() > 1 / 3.0 : chance() < share / (1 - share) / 3;
    lost[i] = bad;
  }
  return lost;
}

std::vector<int16_t> concealed(std::vector<int16_t> samples, const std::vector<bool>& lost, std::size_t frame) {
  LossConcealment concealment;
  for (std::size_t f = 0; f < lost.size(); ++f) {
    int16_t* const at = &samples[f * frame];
    if (lost[f]) {
      std::fill(at, at + frame, int16_t{12345});  // nothing of the lost frame is to be known
      concealment.lost(at, frame);
    } else {
      concealment.good(at, frame);
    }
  }
  return samples;
}

std::vector<int16_t> replaced(std::vector<int16_t> samples, const std::vector<bool>& lost, std::size_t frame,
                              bool repeat) {
  for (std::size_t f = 1; f < lost.size(); ++f) {
    for (std::size_t i = f * frame; lost[f] && i < (f + 1) * frame; ++i) samples[i] = repeat ? samples[i - frame] : 0;
  }
  return samples;
}

/// Log-spectral distance of two stretches of 160 samples, dB: 40 bands of a windowed Fourier transform, with a floor
/// 40 dB below the louder's strongest band, as what lies deeper is not heard.
double spectral_distance(const int16_t* a, const int16_t* b) {
  constexpr int kBands = 40;
  double power[2][kBands], strongest = 1000;
  for (int band = 0; band < kBands; ++band) {
    const double w = std::numbers::pi * (band + 0.5) / kBands;
    double sums[4] = {};
    for (int i = 0; i < 160; ++i) {
      const double window = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (i + 0.5) / 160);
      const double c = window * std::cos(w * i), s = window * std::sin(w * i);
      sums[0] += a[i] * c, sums[1] += a[i] * s, sums[2] += b[i] * c, sums[3] += b[i] * s;
    }
    power[0][band] = sums[0] * sums[0] + sums[1] * sums[1];
    power[1][band] = sums[2] * sums[2] + sums[3] * sums[3];
    strongest = std::max({strongest, power[0][band], power[1][band]});
  }
  double sum = 0;
  for (int band = 0; band < kBands; ++band) {
    const double floor = strongest * 1e-4;
    sum += std::pow(10 * std::log10((power[0][band] + floor) / (power[1][band] + floor)), 2);
  }
  return std::sqrt(sum / kBands);
}

struct Quality {
  double segmental_snr_db;  // mean over lost frames with speech in them, each within −10 … 35 dB
  double distance_db;       // the same of the spectral distance
};

Quality quality(const std::vector<int16_t>& heard, const std::vector<int16_t>& sent, const std::vector<bool>& lost) {
  double snr = 0, distance = 0;
  int count = 0;
  for (std::size_t f = 1; f < lost.size(); ++f) {
    if (!lost[f]) continue;
    double power = 0, error = 1;
    for (std::size_t i = f * kBlock; i < (f + 1) * kBlock; ++i) {
      power += std::pow(sent[i], 2);
      error += std::pow(heard[i] - sent[i], 2);
    }
    if (power < 160 * 3e4) continue;  // −40 dBm0
    snr += std::clamp(10 * std::log10(power / error), -10.0, 35.0);
    distance += spectral_distance(&heard[f * kBlock], &sent[f * kBlock]);
    ++count;
  }
  return {snr / count, distance / count};
}

TEST(DspLossConcealment, IsBetterThanSilenceAndThanRepetition) {
  CORDBOARD_NEED_PROMPTS(speech, 60);
  const auto sent = received(speech);
  const std::size_t frames = sent.size() / kBlock;
  for (const bool bursts : {false, true}) {
    for (const double share : {0.05, 0.1}) {
      const auto lost = losses(frames, share, bursts, 17);
      const Quality silent = quality(replaced(sent, lost, kBlock, false), sent, lost);
      const Quality repeated = quality(replaced(sent, lost, kBlock, true), sent, lost);
      const Quality ours = quality(concealed(sent, lost, kBlock), sent, lost);
      std::printf(
          "%2.0f %% %s: segmental SNR %5.2f dB (silence %5.2f, repetition %5.2f), "
          "spectral distance %5.2f dB (%5.2f, %5.2f)\n",
          100 * share, bursts ? "in bursts" : "at random", ours.segmental_snr_db, silent.segmental_snr_db,
          repeated.segmental_snr_db, ours.distance_db, silent.distance_db, repeated.distance_db);
      EXPECT_GT(ours.segmental_snr_db, silent.segmental_snr_db + (bursts ? 0.2 : 1));
      EXPECT_GT(ours.segmental_snr_db, repeated.segmental_snr_db + 2);
      EXPECT_LT(ours.distance_db, silent.distance_db - (bursts ? 4 : 7.5));
      // Repetition never fades, which is near in spectrum and a nuisance to hear: so little is asked in long losses.
      EXPECT_LT(ours.distance_db, repeated.distance_db + (bursts ? 2.5 : 0));
    }
  }
}

/// A voice of steady pitch: pulses through two resonances.
std::vector<double> vowel(double hz, double seconds) {
  std::vector<double> samples(static_cast<std::size_t>(seconds * 8000));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (int k = 1; k * hz < 3400; ++k) {
      const double f = k * hz;
      const double level = 1 / (1 + std::pow((f - 600) / 150, 2)) + 0.4 / (1 + std::pow((f - 1800) / 200, 2));
      samples[i] += 4000 * level * std::cos(2 * std::numbers::pi * f * static_cast<double>(i) / 8000 + k * k);
    }
  }
  return samples;
}

TEST(DspLossConcealment, KeepsThePitchOfAVoice) {
  for (double hz = 80; hz < 380; hz += 13.7) {
    auto sent = received(vowel(hz, 0.5));
    LossConcealment concealment;
    std::vector<int16_t> heard = sent;
    for (std::size_t f = 0; f < 10; ++f) concealment.good(&heard[f * kBlock]);
    concealment.lost(&heard[10 * kBlock], 80);
    // The pitch found is a whole multiple of the true one.
    const double ratio = concealment.pitch_samples() * hz / 8000;
    EXPECT_NEAR(std::round(ratio), ratio, 0.025) << hz;
    double power = 0, error = 0;
    for (std::size_t i = 10 * kBlock; i < 10 * kBlock + 80; ++i) {
      power += std::pow(sent[i], 2);
      error += std::pow(heard[i] - sent[i], 2);
    }
    // Limited by the pitch being a whole number of samples.
    EXPECT_GT(10 * std::log10(power / error), 3) << hz;
  }
}

TEST(DspLossConcealment, JoinsWithoutAClick) {
  CORDBOARD_NEED_PROMPTS(speech, 40);
  const auto sent = received(speech);
  for (const bool bursts : {false, true}) {
    const auto lost = losses(sent.size() / kBlock, 0.1, bursts, 23);
    const auto heard = concealed(sent, lost, kBlock);
    const auto cut = replaced(sent, lost, kBlock, false);
    // The jump at each join against the largest between neighbours within 5 ms before and after.
    const auto clicks = [&](const std::vector<int16_t>& samples) {
      int count = 0;
      for (std::size_t f = 1; f < lost.size(); ++f) {
        if (lost[f] == lost[f - 1]) continue;
        const std::size_t join = f * kBlock;
        double usual = 200;
        for (std::size_t i = join - 40; i < join + 40; ++i) {
          if (i != join) usual = std::max(usual, std::fabs(double(samples[i]) - samples[i - 1]));
        }
        count += std::fabs(double(samples[join]) - samples[join - 1]) > 1.5 * usual ? 1 : 0;
      }
      return count;
    };
    std::printf("clicks: %d, with silence %d\n", clicks(heard), clicks(cut));
    EXPECT_EQ(0, clicks(heard));
    EXPECT_GT(clicks(cut), 10);
  }
}

TEST(DspLossConcealment, FadesFromTenMillisecondsToSilenceAtSixty) {
  auto sent = received(vowel(100, 0.4));
  LossConcealment concealment;
  for (std::size_t f = 0; f < 10; ++f) concealment.good(&sent[f * kBlock]);
  std::vector<int16_t> out(80 * 12, 1);
  for (std::size_t u = 0; u < 12; ++u) concealment.lost(&out[u * 80], 80);
  const auto level = [&](std::size_t from) {
    return level_of({out.begin() + static_cast<int>(from), out.begin() + static_cast<int>(from + 80)});
  };
  const double full = level_of({sent.begin() + 800, sent.begin() + 1600});
  EXPECT_NEAR(full, level(0), 0.5);
  for (const int unit : {1, 2, 3, 4}) {
    EXPECT_NEAR(full + 20 * std::log10(1.1 - 0.2 * unit), level(static_cast<std::size_t>(80 * unit)), 1) << unit;
  }
  for (std::size_t i = 480; i < out.size(); ++i) ASSERT_EQ(0, out[i]) << i;
}

TEST(DspLossConcealment, DoesNotTouchAStreamWithoutLoss) {
  const auto sent = received(noise(-15, 2, 6));
  EXPECT_EQ(sent, concealed(sent, std::vector<bool>(sent.size() / kBlock), kBlock));
  // And after a loss no more than the first 10 ms.
  std::vector<bool> lost(sent.size() / kBlock);
  lost[20] = lost[21] = lost[22] = lost[23] = true;
  const auto heard = concealed(sent, lost, kBlock);
  EXPECT_TRUE(std::equal(heard.begin() + 24 * 160 + 80, heard.end(), sent.begin() + 24 * 160 + 80));
  EXPECT_FALSE(std::equal(heard.begin() + 24 * 160, heard.begin() + 24 * 160 + 80, sent.begin() + 24 * 160));
}

TEST(DspLossConcealment, GivesTheSameHoweverFramesAreCut) {
  const auto sent = received(vowel(123, 1.2));
  std::vector<bool> tens(sent.size() / 80), thirties(sent.size() / 240);
  for (std::size_t f = 5; f < thirties.size(); f += 7) {
    thirties[f] = true;
    tens[3 * f] = tens[3 * f + 1] = tens[3 * f + 2] = true;
  }
  auto by_thirties = concealed(sent, thirties, 240);
  auto by_tens = concealed(sent, tens, 80);
  EXPECT_TRUE(
      std::equal(by_tens.begin(), by_tens.begin() + static_cast<int>(thirties.size() * 240), by_thirties.begin()));
}

TEST(DspLossConcealment, IsSilentBeforeItHasHeardAnything) {
  LossConcealment concealment;
  std::vector<int16_t> out(kBlock, 5);
  concealment.lost(out.data());
  EXPECT_EQ(std::vector<int16_t>(kBlock), out);
  EXPECT_EQ(0U, LossConcealment{}.pitch_samples());
}

TEST(DspLossConcealment, SurvivesEveryInputAndLength) {
  std::mt19937 random(31);
  LossConcealment concealment;
  std::vector<int16_t> samples(4000);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t n = random() % 5 == 0 ? random() % 4000 : random() % 6 * 80;
    const uint32_t kind = random() % 4;
    for (std::size_t i = 0; i < n; ++i) {
      samples[i] = kind == 0   ? static_cast<int16_t>(random())
                   : kind == 1 ? int16_t{-32768}
                   : kind == 2 ? static_cast<int16_t>(i % 2 == 0 ? 32767 : -32768)
                               : int16_t{0};
    }
    random() % 3 == 0 ? concealment.lost(samples.data(), n) : concealment.good(samples.data(), n);
  }
}

}  // namespace
}  // namespace cordboard::dsp
