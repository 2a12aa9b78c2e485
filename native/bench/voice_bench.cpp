// SPDX-License-Identifier: GPL-2.0-or-later
// What voice processing costs per channel and block of 160 samples, beside the goals. As on the bus, the channels'
// blocks lie one after the other and each channel has its own state.
//
//   voice_bench [--json]
#include <cmath>
#include <cstdint>
#include <cstring>

#include "bench.hpp"
#include "dsp/automatic_gain.hpp"
#include "dsp/comfort_noise.hpp"
#include "dsp/level_meter.hpp"
#include "dsp/loss_concealment.hpp"
#include "dsp/stream_resampler.hpp"
#include "dsp/voice_activity.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

constexpr std::size_t kChannels = 512;

/// Low-passed noise whose loudness comes and goes, or a tone that never does.
std::vector<int16_t> sound(bool tone, double amplitude) {
  std::vector<int16_t> samples(kChannels * kBlock);
  uint32_t seed = 1;
  double low = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    seed = seed * 1664525 + 1013904223;
    low = 0.8 * low + (static_cast<double>(seed >> 8) / 8388608.0 - 1.0);
    const double loudness = 0.5 * (1 + std::sin(static_cast<double>(i) / 1500));
    const double wave =
        tone ? std::sin(static_cast<double>(i % kBlock) * 2 * 3.14159265358979 / 20) : low * loudness / 2;
    samples[i] = static_cast<int16_t>(amplitude * wave);
  }
  return samples;
}

void bench_resampler(uint32_t from, uint32_t to, bool fastest, double goal, bench::Report& report) {
  std::vector<dsp::StreamResampler> streams(64, dsp::StreamResampler(from, to, fastest));
  std::vector<int16_t> in(dsp::kMaxResampledBlock, 1234), out(dsp::kMaxResampledBlock);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int16_t>(i * 7919);
  report.add((fastest ? "resample_" : "portable.resample_") + std::to_string(from) + "_" + std::to_string(to),
             bench::fastest_ns(streams.size(),
                               [&] {
                                 for (auto& stream : streams) stream.process(in.data(), from / 50, out.data());
                                 bench::keep(out.data());
                               }),
             goal);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel and block of 20 ms");
  auto speech = sound(false, 6000);
  const auto loud = sound(false, 30000);
  auto tone = sound(true, 6000);
  const auto block = [](auto& samples, std::size_t c) { return samples.data() + c * kBlock; };

  report.add("power", bench::fastest_ns(kChannels, [&] {
               uint64_t sum = 0;
               for (std::size_t c = 0; c < kChannels; ++c) sum += dsp::kernels().power(block(speech, c), kBlock);
               bench::keep(&sum);
             }));  // a yardstick: 11 ns on an idle machine

  std::vector<dsp::VoiceActivity> voices(kChannels);
  for (const auto& [name, samples] : {std::pair<const char*, std::vector<int16_t>*>{"voice_activity", &speech},
                                      {"voice_activity_steady_tone", &tone}}) {
    int speaking = 0;
    report.add(name,
               bench::fastest_ns(kChannels,
                                 [&] {
                                   for (std::size_t c = 0; c < kChannels; ++c)
                                     speaking += voices[c].process(block(*samples, c)).speaking;
                                   bench::keep(&speaking);
                                 }),
               60);
  }

  std::vector<dsp::LevelMeter> meters(kChannels);
  report.add("level_meter", bench::fastest_ns(kChannels, [&] {
               for (std::size_t c = 0; c < kChannels; ++c) meters[c].process(block(speech, c));
               bench::keep(meters.data());
             }));

  // The blocks are put back each time, which costs 10 ns more: a gain applied to its own result would run away.
  const auto gain = [&](const char* name, const std::vector<int16_t>& source, float level, double goal) {
    std::vector<dsp::AutomaticGain> gains(kChannels);
    std::vector<int16_t> samples(source.size());
    report.add(name,
               bench::fastest_ns(kChannels,
                                 [&] {
                                   for (std::size_t c = 0; c < kChannels; ++c) {
                                     std::memcpy(block(samples, c), block(source, c), kBlock * sizeof(int16_t));
                                     gains[c].process(
                                         block(samples, c),
                                         {.speaking = true, .loud = true, .level_dbm0 = level, .floor_dbm0 = -70});
                                   }
                                   bench::keep(samples.data());
                                 }),
               goal);
  };
  gain("automatic_gain", speech, -28, 120);
  gain("automatic_gain_limiting", loud, -40, 0);

  std::vector<dsp::LossConcealment> concealments(kChannels);
  std::vector<int16_t> heard = speech;
  report.add("concealment_good", bench::fastest_ns(kChannels, [&] {
               for (std::size_t c = 0; c < kChannels; ++c) concealments[c].good(block(heard, c));
               bench::keep(heard.data());
             }));
  report.add("concealment_lost_and_good", bench::fastest_ns(kChannels, [&] {
               for (std::size_t c = 0; c < kChannels; ++c) {
                 concealments[c].lost(block(heard, c));
                 std::memcpy(block(heard, c), block(speech, c), kBlock * sizeof(int16_t));
                 concealments[c].good(block(heard, c));
               }
               bench::keep(heard.data());
             }));

  for (const bool fastest : {true, false}) {
    for (const uint32_t rate : {16000U, 24000U, 32000U, 44100U, 48000U}) {
      const double goal = !fastest ? 0 : rate == 16000 ? 400 : rate == 48000 ? 1500 : 0;
      bench_resampler(8000, rate, fastest, goal, report);
      bench_resampler(rate, 8000, fastest, goal, report);
    }
  }

  std::vector<dsp::ComfortNoise> generators(kChannels);
  for (const uint8_t order : {0, 10}) {
    for (auto& generator : generators) generator.set({.level_dbm0 = -50, .order = order, .reflection = {-0.5F, 0.2F}});
    report.add("comfort_noise_order_" + std::to_string(order), bench::fastest_ns(kChannels, [&] {
                 for (std::size_t c = 0; c < kChannels; ++c) generators[c].process(block(heard, c));
                 bench::keep(heard.data());
               }));
  }
  std::vector<dsp::NoiseAnalysis> analyses(kChannels);
  report.add("noise_analysis", bench::fastest_ns(kChannels, [&] {
               for (std::size_t c = 0; c < kChannels; ++c) analyses[c].process(block(speech, c));
               bench::keep(analyses.data());
             }));
  report.print();
}
