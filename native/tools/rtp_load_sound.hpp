// SPDX-License-Identifier: GPL-2.0-or-later
// What the telephones of rtp_load say, and octet by octet what becomes of it.
//
// Everybody speaks from another place of one long sound that is nowhere twice. So a packet that is heard says by itself whose
// it is and when it was said: what stands where the one before it ended is as it was said; where something else stands, a
// block was replaced (concealed), unless the line of time has shifted, which a jitter buffer does that adapts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "dsp/g711.hpp"
#include "dsp_recordings.hpp"

namespace cordboard::load {

class Sound {
 public:
  static constexpr std::size_t kBlock = dsp::kBlock;
  static constexpr std::size_t kLoop = 64 * 8000;  // so long nothing is said twice

  /// A WAV again and again, or without one noise that comes and goes like syllables.
  explicit Sound(const std::string& speech) {
    std::vector<int16_t> samples;
    if (!speech.empty()) {
      const auto file = dsp::wav_samples(speech);
      if (file.rate_hz != 8000 || file.samples.empty()) {
        std::fprintf(stderr, "rtp_load: %s is no WAV of 16 bits, mono, at 8 kHz\n", speech.c_str());
        std::exit(2);
      }
      while (samples.size() < kLoop) samples.insert(samples.end(), file.samples.begin(), file.samples.end());
      samples.resize(kLoop);
    } else {
      std::mt19937 random(1);
      std::normal_distribution<double> level(0, 1);
      double before = 0;
      for (std::size_t i = 0; i < kLoop; ++i) {
        before = 0.7 * before + level(random);
        const double syllable = 0.55 - 0.45 * std::cos(2 * M_PI * 4 * static_cast<double>(i) / 8000);
        samples.push_back(static_cast<int16_t>(std::clamp(before * syllable * 2500, -32000.0, 32000.0)));
      }
    }
    octets_.resize(kLoop + kBlock);
    dsp::alaw_encode(samples.data(), octets_.data(), kLoop);
    std::copy_n(octets_.begin(), kBlock, octets_.begin() + kLoop);  // so that a block never has to go round
    for (std::size_t at = 0; at < kLoop; ++at) {
      auto place = place_of(octets_.data() + at);
      while (places_[place] != 0) place = (place + 1) % places_.size();
      places_[place] = static_cast<uint32_t>(at + 1);
    }
  }

  uint8_t octet(std::size_t at) const { return octets_[at % kLoop]; }
  const uint8_t* block(std::size_t at) const { return octets_.data() + at % kLoop; }
  bool is_at(std::size_t at, std::span<const uint8_t> block) const {
    return std::memcmp(octets_.data() + at, block.data(), kBlock) == 0;
  }
  /// Where a block stands.
  std::optional<std::size_t> find(std::span<const uint8_t> block) const {
    for (auto place = place_of(block.data()); places_[place] != 0; place = (place + 1) % places_.size()) {
      if (is_at(places_[place] - 1, block)) return places_[place] - 1;
    }
    return std::nullopt;
  }

 private:
  std::size_t place_of(const uint8_t* octets) const {
    uint64_t words[2];
    std::memcpy(words, octets, sizeof words);
    return ((words[0] ^ words[1] * 31) * 0x9E3779B97F4A7C15ULL >> 44) % places_.size();
  }

  std::vector<uint8_t> octets_;
  std::vector<uint32_t> places_ = std::vector<uint32_t>(std::size_t{1} << 20, 0);  // and 1; 0: nobody's
};

/// One who listens to one who speaks.
struct Listener {
  uint64_t exact{};     // blocks that are as they were said
  uint64_t replaced{};  // blocks in whose place something else stood, or nothing
  uint64_t shifted{};   // how often the line of time has moved
  uint64_t stranger{};  // blocks that somebody else has said
  uint64_t unheard{};   // blocks that were said before the first that was heard

  /// The next packet; `missing` packets before it never came. The speaker has said `said` samples from `begin` on.
  void hear(const Sound& sound, std::span<const uint8_t> block, uint64_t missing, std::size_t begin, uint64_t said) {
    next_ += missing * Sound::kBlock;
    next_ %= Sound::kLoop;
    if (begun_ && sound.is_at(next_, block)) {
      replaced += std::exchange(altered_, 0);
      take(next_);
      return;
    }
    const auto found = sound.find(block);
    if (!found || !is_the_speakers(*found, begin, said)) {
      stranger += found.has_value();
      if (!begun_) return;
      ++altered_;
      next_ = (next_ + Sound::kBlock) % Sound::kLoop;
      return;
    }
    if (!std::exchange(begun_, true)) {
      unheard = behind(*found, begin) / Sound::kBlock;
    } else {
      ++shifted;
      // A splice is of a pitch period; more is a block that nobody has heard.
      const auto ahead = behind(*found, next_);
      if (ahead < Sound::kLoop / 2 && ahead > Sound::kBlock) replaced += ahead / Sound::kBlock;
      altered_ = 0;
    }
    take(*found);
  }

 private:
  static std::size_t behind(std::size_t at, std::size_t from) { return (at + Sound::kLoop - from) % Sound::kLoop; }
  /// Said in the last seconds.
  static bool is_the_speakers(std::size_t at, std::size_t begin, uint64_t said) {
    constexpr std::size_t kLately = 3 * 8000;
    return behind((begin + said) % Sound::kLoop, at) <= std::min<uint64_t>(said, kLately);
  }
  void take(std::size_t at) {
    ++exact;
    next_ = (at + Sound::kBlock) % Sound::kLoop;
  }

  bool begun_{};
  std::size_t next_{};
  uint64_t altered_{};  // since the last that was exact
};

/// How alike what was heard is to the part of what was said that is the most so, and how long before the end of it that began.
struct Match {
  double correlation{};
  double delay_ms{};
};
inline Match correlate(std::span<const uint8_t> heard, std::span<const uint8_t> said) {
  const auto decoded = [](std::span<const uint8_t> octets) {
    std::vector<int16_t> samples(octets.size());
    dsp::alaw_decode(octets.data(), samples.data(), octets.size());
    return samples;
  };
  const auto wanted = decoded(heard);
  const auto among = decoded(said);
  const auto square = [](int16_t sample) { return static_cast<double>(sample) * sample; };
  const std::size_t length = wanted.size();
  const std::size_t back = among.size() - length;
  double power = 1;
  double said_power = 1;
  for (std::size_t i = 0; i < length; ++i) {
    power += square(wanted[i]);
    said_power += square(among[i]);
  }
  Match best;
  for (std::size_t at = 0; at < back; ++at) {
    int64_t common = 0;
    for (std::size_t i = 0; i < length; ++i) common += int64_t{wanted[i]} * among[at + i];
    const double correlation = static_cast<double>(common) / std::sqrt(power * said_power);
    if (correlation > best.correlation) best = {correlation, static_cast<double>(back - at) / 8};
    said_power += square(among[at + length]) - square(among[at]);
  }
  return best;
}

}  // namespace cordboard::load
