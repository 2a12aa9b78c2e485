// SPDX-License-Identifier: GPL-2.0-or-later
// What caller identification costs per channel and block of 160 samples while a line rings. An idle line costs nothing,
// as nobody listens to it.
//
//   callerid_bench [--json]
#include <cstdint>
#include <vector>

#include "bench.hpp"
#include "dsp/caller_id.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

std::vector<int16_t> line_of(const std::vector<uint8_t>& clip) {
  std::vector<int16_t> samples(clip.size() / kBlock * kBlock);
  dsp::alaw_decode(clip.data(), samples.data(), samples.size());
  return samples;
}

template <class Receiver>
double ns_per_block(const std::vector<int16_t>& samples, const Receiver& fresh) {
  return bench::fastest_ns(samples.size() / kBlock, [&] {
    Receiver receiver = fresh;
    for (std::size_t i = 0; i < samples.size(); i += kBlock) {
      if constexpr (requires { receiver.finished(); }) {
        bench::keep(receiver.process(&samples[i]));
      } else if constexpr (requires { receiver.carrier(); }) {
        dsp::FskEvent events[dsp::kMaxFskEvents];
        receiver.process(&samples[i], events);
        bench::keep(events);
      } else {
        const bool alerted = receiver.process(&samples[i]);
        bench::keep(&alerted);
      }
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel and block of 20 ms");
  dsp::CallerIdMessage message;
  message.presentation = message.name_presentation = dsp::Presentation::kAllowed;
  message.number = std::string_view("02087654321");
  message.name = std::string_view("The quick brown fox jumps over the lazy dog 0123456789");
  message.date_time = std::string_view("11221405");
  const auto signal = line_of(render_caller_id(message, {}));
  std::vector<int16_t> noise(kBlock * 100), quiet(kBlock * 100, 8);
  uint32_t seed = 1;
  for (int16_t& sample : noise) {
    seed = seed * 1664525 + 1013904223;
    sample = static_cast<int16_t>(static_cast<int32_t>(seed) >> 20);
  }
  report.add("fsk.message", ns_per_block(signal, dsp::FskReceiver()), 1000);
  report.add("fsk.noise", ns_per_block(noise, dsp::FskReceiver()), 1000);
  report.add("fsk.quiet", ns_per_block(quiet, dsp::FskReceiver()));
  report.add("alert_tone", ns_per_block(noise, dsp::AlertToneDetector()));
  report.add("caller_id.message", ns_per_block(signal, dsp::CallerIdReceiver()), 1000);
  report.add("caller_id.noise+alert", ns_per_block(noise, dsp::CallerIdReceiver({.alert_tone = true})));
  report.print();
}
