// SPDX-License-Identifier: GPL-2.0-or-later
// What echo cancellation costs per channel and block of 160 samples, in total: filters, adaptation, suppressor, comfort
// noise and tone disabler, while the far end talks all the time; converged, as nearly always, where no other thing is
// said.
//
//   echo_bench [--json]
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>

#include "bench.hpp"
#include "dsp/echo_canceller.hpp"
#include "dsp/g711.hpp"
#include "dsp/kernels.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

constexpr std::size_t kChannels = 32;
constexpr std::size_t kBlocks = 100;

/// Something like speech in level and spectrum, and its echo 10 dB below through A-law.
struct Signals {
  std::vector<int16_t> reference = std::vector<int16_t>(kBlocks * kBlock);
  std::vector<int16_t> line = std::vector<int16_t>(kBlocks * kBlock);

  Signals() {
    uint32_t seed = 1;
    double low = 0;
    const auto alaw = [](double x) { return dsp::alaw_to_linear(dsp::linear_to_alaw(static_cast<int16_t>(x))); };
    for (std::size_t i = 0; i < reference.size(); ++i) {
      seed = seed * 1664525 + 1013904223;
      low = 0.8 * low + (static_cast<double>(seed >> 8) / 8388608.0 - 1.0);
      reference[i] = alaw(low * 2000 * (1 + 0.6 * std::sin(static_cast<double>(i) / 1500)));
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
      double echo = 0;
      for (std::size_t k = 0; k < 40 && k + 12 <= i; ++k) {
        echo += 0.2 * std::exp(-0.1 * static_cast<double>(k)) * std::cos(0.9 * static_cast<double>(k)) *
                reference[i - 12 - k];
      }
      line[i] = alaw(echo);
    }
  }
};

enum class Case { kFarEnd, kSilence, kDoubleTalk };

double cost_ns(const Signals& signals, std::size_t taps, const dsp::Kernels& set, const dsp::EchoKernels& echo_set,
               Case what = Case::kFarEnd) {
  std::vector<std::unique_ptr<dsp::EchoCanceller>> cancellers;
  for (std::size_t c = 0; c < kChannels; ++c) {
    cancellers.push_back(std::make_unique<dsp::EchoCanceller>(dsp::EchoCancellerSettings{.taps = taps}, set, echo_set));
  }
  const std::vector<int16_t> nothing(kBlock, 8);
  const bool silent = what == Case::kSilence;
  std::size_t block = 0;
  return bench::fastest_ns(
      kChannels,
      [&] {
        for (std::size_t c = 0; c < kChannels; ++c) {
          const std::size_t at = (block + c) % kBlocks * kBlock;
          int16_t line[kBlock];
          std::copy_n(silent ? nothing.data() : &signals.line[at], kBlock, line);
          if (what == Case::kDoubleTalk && block > 3 * kBlocks) {
            const int16_t* near = &signals.reference[(block + c + 37) % kBlocks * kBlock];
            for (std::size_t i = 0; i < kBlock; ++i) line[i] = static_cast<int16_t>(line[i] + near[i] / 2);
          }
          cancellers[c]->process(silent ? nothing.data() : &signals.reference[at], line);
          bench::keep(line);
        }
        ++block;
      },
      400);
}

}  // namespace

int main(int argc, char** argv) {
  const Signals signals;
  bench::Report report(argc, argv, "per channel and block of 20 ms");
  const dsp::Kernels& fast = dsp::kernels();
  const dsp::EchoKernels& echo_fast = dsp::echo_kernels();
  report.add("echo_128", cost_ns(signals, 128, fast, echo_fast), 1700);
  report.add("echo_128_far_end_silent", cost_ns(signals, 128, fast, echo_fast, Case::kSilence));
  report.add("echo_128_double_talk", cost_ns(signals, 128, fast, echo_fast, Case::kDoubleTalk));
  report.add("echo_256", cost_ns(signals, 256, fast, echo_fast));
  report.add("echo_512", cost_ns(signals, 512, fast, echo_fast));
  report.add("echo_128_portable", cost_ns(signals, 128, dsp::portable_kernels(), dsp::portable_echo_kernels()));
  report.print();
}
