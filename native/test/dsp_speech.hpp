// SPDX-License-Identifier: GPL-2.0-or-later
// Speech for the tests of signal processing: files of Debian's Asterisk packages, and sentences spoken by espeak-ng.
//
//   text ── espeak-ng ── 8 kHz ── folder of temporary files ──> int16_t samples
//
// What has been spoken once is kept, so only the first run pays for it. espeak-ng is deterministic: the same voice and
// text are the same samples on every machine with the same version of it.
#pragma once

#include <samplerate.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp_recordings.hpp"

namespace cordboard::dsp {

/// To 8 kHz by libsamplerate's fast filter: an hour of speech in seconds, where dsp/resample.hpp takes its time.
inline std::vector<int16_t> at_8k(const std::vector<int16_t>& samples, uint32_t rate_hz) {
  std::vector<float> in(samples.size()), out(samples.size() * 8000 / rate_hz + 1);
  src_short_to_float_array(samples.data(), in.data(), static_cast<int>(in.size()));
  SRC_DATA job{};
  job.data_in = in.data();
  job.data_out = out.data();
  job.input_frames = static_cast<long>(in.size());
  job.output_frames = static_cast<long>(out.size());
  job.src_ratio = 8000.0 / rate_hz;
  if (src_simple(&job, SRC_SINC_FASTEST, 1) != 0) return {};
  std::vector<int16_t> result(static_cast<std::size_t>(job.output_frames_gen));
  src_float_to_short_array(out.data(), result.data(), static_cast<int>(result.size()));
  return result;
}

/// Samples of a WAV file at 8 kHz, whatever its rate was; else none.
inline std::vector<int16_t> read_wav(const std::filesystem::path& path) {
  const auto file = wav_samples(path);
  return file.rate_hz == 8000 || file.samples.empty() ? file.samples : at_8k(file.samples, file.rate_hz);
}

/// How espeak-ng is to speak. Mandarin needs `cmn-latn-pinyin`: the voice `cmn` of 1.51 reads pinyin as English.
struct Speaker {
  std::string voice = "en-us";  // of `espeak-ng --voices`, with a variant: en-us+f3
  int words_per_minute = 160;
  int pitch = 50;  // 0-99
};

inline bool can_speak() {
  static const bool can = std::system("espeak-ng --version >/dev/null 2>&1") == 0;
  return can;
}

/// The text spoken, at 8 kHz and at espeak-ng's own level; none if espeak-ng failed.
inline std::vector<int16_t> spoken(const Speaker& speaker, std::string_view text) {
  namespace fs = std::filesystem;
  const std::string spoken_as =
      speaker.voice + " -s " + std::to_string(speaker.words_per_minute) + " -p " + std::to_string(speaker.pitch);
  uint64_t digest = 14695981039346656037U;  // FNV-1a
  for (const char c : spoken_as + "\n" + std::string(text)) {
    digest = (digest ^ static_cast<uint8_t>(c)) * 1099511628211U;
  }
  const fs::path folder = fs::temp_directory_path() / ("cordboard-speech-" + std::to_string(getuid()));
  fs::create_directories(folder);
  const fs::path kept = folder / (std::to_string(digest) + ".s16");
  std::vector<int16_t> samples;
  if (const std::string bytes = bytes_of(kept); !bytes.empty()) {
    samples.resize(bytes.size() / 2);
    std::memcpy(samples.data(), bytes.data(), samples.size() * 2);
    return samples;
  }
  // Others may be at the same sentence: each works on files of its own and puts the result in place in one piece.
  const std::string own = kept.string() + "." + std::to_string(getpid());
  std::ofstream(own + ".txt") << text;
  const std::string command =
      "espeak-ng -b 1 -v " + spoken_as + " -f '" + own + ".txt' -w '" + own + ".wav' 2>/dev/null";
  if (std::system(command.c_str()) == 0) samples = read_wav(own + ".wav");
  if (!samples.empty()) {
    std::ofstream(own, std::ios::binary)
        .write(reinterpret_cast<const char*>(samples.data()), static_cast<std::streamsize>(samples.size() * 2));
    fs::rename(own, kept);
  }
  fs::remove(own + ".txt");
  fs::remove(own + ".wav");
  return samples;
}

/// The values of a flat JSON object of strings: the project's prompt texts, firmware-config/prompts/<language>.json,
/// looked for upwards of the source file and of the working directory. Empty if there is none.
inline std::vector<std::string> prompt_texts(const std::string& language) {
  namespace fs = std::filesystem;
  for (fs::path start : {fs::absolute(__FILE__).parent_path(), fs::current_path()}) {
    for (; start.has_relative_path(); start = start.parent_path()) {
      std::ifstream file(start / "firmware-config" / "prompts" / (language + ".json"));
      if (!file) continue;
      const std::string json(std::istreambuf_iterator<char>(file), {});
      std::vector<std::string> strings;
      for (std::size_t at = json.find('"'); at != std::string::npos;) {
        const std::size_t end = json.find('"', at + 1);
        if (end == std::string::npos) break;
        strings.push_back(json.substr(at + 1, end - at - 1));
        at = json.find('"', end + 1);
      }
      std::vector<std::string> texts;
      for (std::size_t i = 1; i < strings.size(); i += 2) texts.push_back(strings[i]);
      return texts;
    }
  }
  return {};
}

}  // namespace cordboard::dsp
