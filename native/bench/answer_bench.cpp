// SPDX-License-Identifier: GPL-2.0-or-later
// What the answer classifier costs per channel and block, for 512 calls beside each other: while they talk, while they
// are silent, and while a tone sounds.
//
//   answer_bench [--json]
#include <cmath>
#include <cstdint>

#include "bench.hpp"
#include "dsp/answer_classifier.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

constexpr std::size_t kChannels = 512;
constexpr std::size_t kLength = 50;  // blocks that come again

double cost(const std::vector<int16_t>& samples) {
  std::vector<dsp::AnswerClassifier> calls(kChannels);
  std::size_t block = 0;
  dsp::AnswerEvent events[dsp::kMaxAnswerEvents];
  return bench::fastest_ns(kChannels, [&] {
    for (std::size_t c = 0; c < kChannels; ++c) {
      const int count = calls[c].process(&samples[(block + c * 7) % kLength * kBlock], events);
      bench::keep(&count);
    }
    // The greeting is over and decided after a while: begin anew, so that words are followed as well.
    if (++block % 100 == 0) {
      for (dsp::AnswerClassifier& call : calls) call = dsp::AnswerClassifier();
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  constexpr double kGoalNs = 1000;
  std::vector<int16_t> voice(kLength * kBlock), silence(kLength * kBlock), tone(kLength * kBlock);
  const double turn = 2 * 3.14159265358979 / 8000;
  for (std::size_t i = 0; i < voice.size(); ++i) {
    const auto t = static_cast<double>(i);
    double sum = 0;
    for (int h = 1; h <= 20; ++h) sum += std::cos(turn * 130 * h * t + h * h) / (1 + std::fabs(h - 5));
    voice[i] = static_cast<int16_t>(3000 * sum * (0.2 + std::fabs(std::sin(turn * 2 * t))));
    tone[i] = static_cast<int16_t>(6000 * std::sin(turn * 1000 * t));
  }
  bench::Report report(argc, argv, "per channel and block of 160 samples");
  report.add("answer classifier, voice", cost(voice), kGoalNs);
  report.add("answer classifier, tone", cost(tone), kGoalNs);
  report.add("answer classifier, silence", cost(silence), kGoalNs);
  report.print();
}
