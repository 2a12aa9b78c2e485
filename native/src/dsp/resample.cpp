// SPDX-License-Identifier: GPL-2.0-or-later
// libsamplerate's band-limited sinc interpolation; medium quality has 121 dB of stop-band for a fifth of the time of
// the best.
#include "dsp/resample.hpp"

#include <samplerate.h>

#include <cmath>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

std::vector<float> resample_to_8k(std::span<const float> samples, int rate_hz) {
  if (rate_hz < kMinRateHz || rate_hz > kMaxRateHz) return {};
  if (rate_hz == kSampleRateHz || samples.empty()) return {samples.begin(), samples.end()};
  const double ratio = static_cast<double>(kSampleRateHz) / rate_hz;
  std::vector<float> out(static_cast<std::size_t>(std::ceil(static_cast<double>(samples.size()) * ratio)));
  SRC_DATA data{};
  data.data_in = samples.data();
  data.input_frames = static_cast<long>(samples.size());
  data.data_out = out.data();
  data.output_frames = static_cast<long>(out.size());
  data.src_ratio = ratio;
  if (src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1) != 0) return {};
  out.resize(static_cast<std::size_t>(data.output_frames_gen));
  return out;
}

std::vector<int16_t> resample_to_8k(std::span<const int16_t> samples, int rate_hz) {
  if (rate_hz == kSampleRateHz) return {samples.begin(), samples.end()};
  const std::vector<float> in(samples.begin(), samples.end());
  const std::vector<float> converted = resample_to_8k(std::span<const float>(in), rate_hz);
  std::vector<int16_t> out(converted.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float sample = std::nearbyint(converted[i]);
    out[i] = static_cast<int16_t>(sample > 32767 ? 32767 : sample < -32768 ? -32768 : sample);
  }
  return out;
}

}  // namespace cordboard::dsp
