// SPDX-License-Identifier: GPL-2.0-or-later
// A card on which every port speaks what is known beforehand: noise, another stretch of it every tick, and now and then
// a digit. So whatever comes out of the tick can be compared with what went in, octet by octet.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bus/bus.hpp"
#include "cards/card.hpp"
#include "dsp/tone_clip.hpp"

namespace cordboard::media {

class KnownCard : public cards::Card {
 public:
  static constexpr uint32_t kEvery = 150;  // ticks from one digit of a port to its next
  static constexpr uint32_t kLong = 4;     // ticks that one sounds
  static constexpr uint32_t kStretches = 509;

  /// The first `ports` rows are its own.
  explicit KnownCard(uint32_t ports) : ports_(ports), noise_(kStretches * bus::kBlock) {
    std::mt19937 random(1);
    std::normal_distribution<double> level(0, 2300);
    std::vector<int16_t> samples(noise_.size());
    for (auto& sample : samples) sample = static_cast<int16_t>(level(random));
    dsp::alaw_encode(samples.data(), noise_.data(), samples.size());
    for (std::size_t i = 0; i < digits_.size(); ++i) {
      digits_[i] = dsp::render_digits(std::string(1, kDigits[i]), 20 * kLong, 20, -9);
    }
  }

  const uint8_t* said(uint32_t port, uint64_t tick) const {
    const uint64_t phase = phase_of(port, tick);
    if (phase < kLong) return digits_[digit_at(port, tick)].data() + phase * bus::kBlock;
    return noise_.data() + (port * 7 + tick) % kStretches * bus::kBlock;
  }

  /// Digits that sounded whole before a tick, in their order.
  std::string digits_of(uint32_t port, uint64_t ticks) const {
    std::string all;
    for (uint64_t tick = 0; tick + kLong <= ticks; ++tick) {
      if (phase_of(port, tick) == 0) all += kDigits[digit_at(port, tick)];
    }
    return all;
  }
  /// Takes away from what was heard before a tick the digits that were cut off there or before the first tick: of those
  /// either is right, to hear them and not to.
  void leave_out_cut_off(uint32_t port, uint64_t ticks, std::string& heard) const {
    const auto cut_off = [&](uint64_t tick, uint64_t first, uint64_t last, char found) {
      const auto phase = phase_of(port, tick);
      return phase >= first && phase <= last && found == kDigits[digit_at(port, tick)];
    };
    if (!heard.empty() && cut_off(0, 1, kLong - 1, heard.front())) heard.erase(0, 1);
    if (!heard.empty() && cut_off(ticks - 1, 0, kLong - 2, heard.back())) heard.pop_back();
  }

  void exchange(const cards::SpeechRows& rows) override {
    if (on_sent) on_sent(rows.sent);
    for (uint32_t port = 0; port < ports_; ++port) {
      std::memcpy(rows.received + static_cast<std::size_t>(port) * bus::kBlock, said(port, tick_), bus::kBlock);
    }
    ++tick_;
  }
  bool pump(Millis) override { return false; }

  /// Media thread: the rows sent in the tick before.
  std::function<void(const uint8_t*)> on_sent;

 private:
  static constexpr char kDigits[] = "0123456789*#ABCD";
  static uint64_t phase_of(uint32_t port, uint64_t tick) { return (tick + port * 13) % kEvery; }
  static std::size_t digit_at(uint32_t port, uint64_t tick) { return (port + (tick + port * 13) / kEvery) % 16; }

  uint32_t ports_;
  uint64_t tick_{};
  std::vector<uint8_t> noise_;
  std::array<std::vector<uint8_t>, 16> digits_;
};

}  // namespace cordboard::media
