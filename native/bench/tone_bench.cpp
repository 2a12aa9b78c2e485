// SPDX-License-Identifier: GPL-2.0-or-later
// What the detectors of steady tones cost per channel and block of 160 samples, for channels that speak, that are silent
// and that sound what is looked for.
//
//   tone_bench [--json]
#include <cmath>
#include <cstdint>

#include "bench.hpp"
#include "dsp/call_progress.hpp"
#include "dsp/fax_tones.hpp"
#include "dsp/mf_r2.hpp"

namespace {

using namespace cordboard;
using dsp::kBlock;

constexpr std::size_t kChannels = 256;
using Samples = std::vector<int16_t>;

Samples sines(std::vector<double> hz, double amplitude = 6000) {
  Samples samples(kChannels * kBlock);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    double sum = 0;
    for (const double f : hz) sum += amplitude * std::sin(2 * 3.14159265358979 * f * static_cast<double>(i) / 8000);
    samples[i] = dsp::alaw_to_linear(dsp::linear_to_alaw(static_cast<int16_t>(sum)));
  }
  return samples;
}

// Something like speech in level and spectrum: low-passed noise whose loudness comes and goes.
Samples speech() {
  Samples samples(kChannels * kBlock);
  uint32_t seed = 1;
  double low = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    seed = seed * 1664525 + 1013904223;
    low = 0.8 * low + (static_cast<double>(seed >> 8) / 8388608.0 - 1.0);
    const double loudness = 3000 * (1.2 + std::sin(static_cast<double>(i) / 1500));
    samples[i] = dsp::alaw_to_linear(dsp::linear_to_alaw(static_cast<int16_t>(low * loudness / 2)));
  }
  return samples;
}

template <class Detector, class State, class Event, std::size_t kEvents>
double cost(const Detector& detector, const Samples& samples) {
  std::vector<State> states(kChannels);
  int events = 0;
  const double ns = bench::fastest_ns(kChannels, [&] {
    Event out[kEvents];
    for (std::size_t c = 0; c < kChannels; ++c) {
      events += detector.process(states[c], samples.data() + c * kBlock, out);
    }
    bench::keep(states.data());
  });
  bench::keep(&events);
  return ns;
}

void bench_call_progress(const Samples& voice, bench::Report& report) {
  const auto tone = [](const char* name, std::vector<double> hz, uint32_t on_ms, uint32_t off_ms) {
    return dsp::CallProgressTone{name, {{.frequencies_hz = std::move(hz), .on_ms = on_ms, .off_ms = off_ms}}};
  };
  const std::vector<dsp::CallProgressTone> china{tone("dial", {450}, 0, 0), tone("ringback", {450}, 1000, 4000),
                                                 tone("busy", {450}, 350, 350), tone("congestion", {450}, 700, 700),
                                                 tone("howler", {950}, 0, 0)};
  const std::vector<dsp::CallProgressTone> america{
      tone("dial", {350, 440}, 0, 0), tone("ringback", {440, 480}, 2000, 4000), tone("busy", {480, 620}, 500, 500),
      tone("congestion", {480, 620}, 250, 250), tone("callWaiting", {440}, 300, 10000)};
  const auto add = [&](const std::string& name, const dsp::CallProgress& detector, const Samples& samples,
                       double goal) {
    report.add(name,
               cost<dsp::CallProgress, dsp::CallProgressState, dsp::CallProgressEvent, dsp::kMaxCallProgressEvents>(
                   detector, samples),
               goal);
  };
  const dsp::CallProgress cn(china), us(america);
  add("call_progress.cn.speech", cn, voice, 300);
  add("call_progress.cn.dial", cn, sines({450}), 300);
  add("call_progress.cn.silence", cn, Samples(kChannels * kBlock, 8), 0);
  add("call_progress.us.speech", us, voice, 300);
  add("call_progress.us.dial", us, sines({350, 440}), 300);
}

void bench_fax_tones(const Samples& voice, bench::Report& report) {
  const dsp::FaxTones detector;
  const auto add = [&](const std::string& name, const Samples& samples) {
    report.add(name,
               cost<dsp::FaxTones, dsp::FaxToneState, dsp::FaxToneEvent, dsp::kMaxFaxToneEvents>(detector, samples));
  };
  add("fax_tones.speech", voice);
  add("fax_tones.silence", Samples(kChannels * kBlock, 8));
  add("fax_tones.answer", sines({2100}));
  add("fax_tones.flags", sines({1650}));
}

void bench_mf_r2(const Samples& voice, bench::Report& report) {
  const dsp::MfR2Receiver receiver(dsp::MfR2Direction::kForward);
  const auto add = [&](const std::string& name, const Samples& samples) {
    report.add(name, cost<dsp::MfR2Receiver, dsp::MfR2State, dsp::MfR2Event, dsp::kMaxMfR2Events>(receiver, samples));
  };
  add("mf_r2.speech", voice);
  add("mf_r2.signal", sines({1380, 1500}));
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel and block of 20 ms");
  const Samples voice = speech();
  bench_call_progress(voice, report);
  bench_fax_tones(voice, report);
  bench_mf_r2(voice, report);
  report.print();
}
