// SPDX-License-Identifier: GPL-2.0-or-later
// What signal processing costs per channel and block of 160 samples, for both kernel sets, beside the goals. The
// channels' blocks lie one after the other as on the bus, so that the caches see what they see in the tick.
//
//   dsp_bench [--json]
#include <cmath>
#include <cstdint>
#include <cstring>

#include "bench.hpp"
#include "dsp/dtmf.hpp"
#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

constexpr std::size_t kChannels = 512;
constexpr std::size_t kParties = 30;

struct Slabs {
  std::vector<uint8_t> octets = std::vector<uint8_t>(kChannels * kBlock);
  std::vector<uint8_t> octets_out = std::vector<uint8_t>(kChannels * kBlock * 2 + 64);
  std::vector<int16_t> samples = std::vector<int16_t>(kChannels * kBlock);
  std::vector<int32_t> sum = std::vector<int32_t>(kBlock);

  std::vector<dsp::DtmfState> states = std::vector<dsp::DtmfState>(kChannels);

  static constexpr std::size_t kRecording = 131072;
  std::vector<uint8_t> recordings = std::vector<uint8_t>(kChannels / 2 * kRecording + 64);

  Slabs() { speak(); }

  uint8_t* recording(std::size_t n) {
    const auto start = (reinterpret_cast<uintptr_t>(recordings.data()) + 63) & ~uintptr_t{63};
    return reinterpret_cast<uint8_t*>(start) + n * kRecording;
  }

  // Something like speech in level and spectrum: low-passed noise whose loudness comes and goes.
  void speak() {
    uint32_t seed = 1;
    double low = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      seed = seed * 1664525 + 1013904223;
      low = 0.8 * low + (static_cast<double>(seed >> 8) / 8388608.0 - 1.0);
      const double loudness = 3000 * (1 + std::sin(static_cast<double>(i) / 1500));
      octets[i] = dsp::linear_to_alaw(static_cast<int16_t>(low * loudness / 2));
    }
    dsp::alaw_decode(octets.data(), samples.data(), octets.size());
  }

  // The costly case for detection: every channel sounds the digit 5.
  void sound_digits() {
    const double turn = 2 * 3.14159265358979 / 8000;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const auto t = static_cast<double>(i % kBlock);
      octets[i] = dsp::linear_to_alaw(
          static_cast<int16_t>(6000 * std::sin(770 * turn * t) + 6000 * std::sin(1336 * turn * t + 1)));
    }
  }

  uint8_t* out(std::size_t channel) { return octets_out.data() + channel * kBlock; }
  uint8_t* in(std::size_t channel) { return octets.data() + channel * kBlock; }
  int16_t* linear(std::size_t channel) { return samples.data() + channel * kBlock; }
};

void bench_kernels(const dsp::Kernels& kernels, bool fast, Slabs& slabs, bench::Report& report) {
  const std::string set = std::string(kernels.name) + ".";
  const auto goal = [&](double ns) { return fast ? ns : 0; };

  report.add(set + "alaw_decode",
             bench::fastest_ns(kChannels,
                               [&] {
                                 for (std::size_t c = 0; c < kChannels; ++c)
                                   kernels.alaw_decode(slabs.in(c), slabs.linear(c), kBlock);
                                 bench::keep(slabs.samples.data());
                               }),
             goal(22));
  report.add(set + "alaw_encode",
             bench::fastest_ns(kChannels,
                               [&] {
                                 for (std::size_t c = 0; c < kChannels; ++c)
                                   kernels.alaw_encode(slabs.linear(c), slabs.out(c), kBlock);
                                 bench::keep(slabs.octets_out.data());
                               }),
             goal(25));
  report.add(set + "power",
             bench::fastest_ns(kChannels,
                               [&] {
                                 uint64_t sum = 0;
                                 for (std::size_t c = 0; c < kChannels; ++c)
                                   sum += kernels.power(slabs.linear(c), kBlock);
                                 bench::keep(&sum);
                               }),
             goal(11));
  report.add(set + "interleave",
             bench::fastest_ns(kChannels / 2,
                               [&] {
                                 for (std::size_t c = 0; c + 1 < kChannels; c += 2) {
                                   kernels.interleave(slabs.in(c), slabs.in(c + 1),
                                                      slabs.octets_out.data() + c * kBlock, kBlock);
                                 }
                                 bench::keep(slabs.octets_out.data());
                               }),
             goal(15));
  // As in the tick: each recording has a buffer of its own, 128 KiB apart here, which no cache holds.
  report.add(set + "interleave_stream",
             bench::fastest_ns(kChannels / 2,
                               [&, place = std::size_t{0}]() mutable {
                                 for (std::size_t c = 0; c + 1 < kChannels; c += 2) {
                                   kernels.interleave_stream(slabs.in(c), slabs.in(c + 1),
                                                             slabs.recording(c / 2) + place, kBlock);
                                 }
                                 kernels.stream_fence();
                                 place = (place + 2 * kBlock) % (Slabs::kRecording - 2 * kBlock);
                               }),
             goal(15));

  const auto mix = [&](int32_t gain) {
    return bench::fastest_ns(kChannels / kParties * kParties, [&] {
      for (std::size_t first = 0; first + kParties <= kChannels; first += kParties) {
        std::memset(slabs.sum.data(), 0, kBlock * sizeof(int32_t));
        for (std::size_t p = 0; p < kParties; ++p) {
          kernels.mix_add(slabs.sum.data(), slabs.linear(first + p), gain, kBlock);
        }
        bench::keep(slabs.sum.data());
      }
    });
  };
  report.add(set + "mix_add", mix(dsp::kUnityGainQ12));
  report.add(set + "mix_add_gain", mix(5000));

  const auto conference = [&](bool decode, int32_t gain) {
    return bench::fastest_ns(kChannels / kParties * kParties, [&] {
      for (std::size_t first = 0; first + kParties <= kChannels; first += kParties) {
        std::memset(slabs.sum.data(), 0, kBlock * sizeof(int32_t));
        for (std::size_t p = first; p < first + kParties; ++p) {
          if (decode) kernels.alaw_decode(slabs.in(p), slabs.linear(p), kBlock);
          kernels.mix_add(slabs.sum.data(), slabs.linear(p), gain, kBlock);
        }
        for (std::size_t p = first; p < first + kParties; ++p) {
          kernels.mix_minus_encode(slabs.sum.data(), slabs.linear(p), gain, slabs.out(p), kBlock);
        }
      }
      bench::keep(slabs.octets_out.data());
    });
  };
  report.add(set + "mix30_encode", conference(false, dsp::kUnityGainQ12));
  report.add(set + "mix30_decode_encode", conference(true, dsp::kUnityGainQ12), goal(90));
  report.add(set + "mix30_decode_encode_gain", conference(true, 5000));

  const auto detect = [&](bool decode) {
    int digits = 0;
    const double ns = bench::fastest_ns(kChannels, [&] {
      for (std::size_t c = 0; c < kChannels; c += 4) {
        const int16_t* blocks[4];
        dsp::DtmfState* states[4];
        for (std::size_t i = 0; i < 4; ++i) {
          if (decode) kernels.alaw_decode(slabs.in(c + i), slabs.linear(c + i), kBlock);
          blocks[i] = slabs.linear(c + i);
          states[i] = &slabs.states[c + i];
        }
        dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
        digits += dsp::dtmf_process4(states, blocks, events, kernels);
      }
      bench::keep(slabs.states.data());
    });
    bench::keep(&digits);
    return ns;
  };
  report.add(set + "dtmf", detect(false), goal(160));
  report.add(set + "dtmf_decode", detect(true), goal(160));
  slabs.sound_digits();
  report.add(set + "dtmf_decode_all_sounding", detect(true));
  slabs.speak();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel and block of 20 ms");
  Slabs slabs;
  report.add("copy",
             bench::fastest_ns(kChannels,
                               [&] {
                                 for (std::size_t c = 0; c < kChannels; ++c)
                                   std::memcpy(slabs.out(c), slabs.in(c), kBlock);
                                 bench::keep(slabs.octets_out.data());
                               }),
             7);
  bench_kernels(dsp::kernels(), true, slabs, report);
  if (&dsp::kernels() != &dsp::portable_kernels()) bench_kernels(dsp::portable_kernels(), false, slabs, report);
  report.print();
}
