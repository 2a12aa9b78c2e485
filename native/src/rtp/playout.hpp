// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks of 20 ms from the packets of a jitter buffer, without gaps, whatever is missing.
//
//   jitter buffer ─┬─ packet ──> decoder ───────────┐
//                  ├─ missing ─> concealment ───────┼──> octets: │ played, 50 ms │ to be played │ ──> row
//                  └─ pause ───> silence or noise ──┘                 └ what concealment and splicing look back at
//
// Octets are A-law, as the bus has them: while nothing is missing, PCMA is bit-exact. Only what is concealed, what follows
// a concealment, and splices (splice.hpp) by which the delay is changed, go through linear samples.
//
// No allocation after the constructor. One thread.
#pragma once

#include <array>
#include <cstdint>

#include "dsp/comfort_noise.hpp"
#include "dsp/loss_concealment.hpp"
#include "rtp/codec.hpp"
#include "rtp/jitter_buffer.hpp"

namespace cordboard::rtp {

/// By encoding; null where it is not understood. Packets are tagged with the number of their encoding.
using Decoders = std::array<Decoder*, 4>;

class Playout {
 public:
  /// `seed`: of the comfort noise.
  Playout(const JitterBuffer::Settings& settings, PayloadKeeper& keeper, uint32_t seed);

  JitterBuffer& buffer() { return buffer_; }
  const JitterBuffer& buffer() const { return buffer_; }

  /// The next block, kBlock octets. `now`: the tick, in samples at 8 kHz.
  void read(uint8_t* row, int64_t now, const Decoders& decoders);

  /// Forgets what waits, as at the beginning.
  void reset();

  /// Silence from one position to another: what a telephone event says already is not to be heard as well. It
  /// lasts `grace` samples more unless another call says otherwise.
  void mute(int64_t from, int64_t until, int64_t grace);

  /// The decoder of the latest packet; null before there is one.
  const Decoder* speaking() const { return speaking_; }
  /// Asks for the memory of the next block ahead of time.
  void prefetch() const {
    for (uint32_t offset = 0; offset <= 2 * 64; offset += 64) __builtin_prefetch(&octets_[at_ + offset], 1);
  }

  /// Samples pulled from the buffer and not yet played.
  uint32_t pending() const { return end_ - at_ + spilt(); }

 private:
  static constexpr uint32_t kHistory = 400;  // what the concealment looks back at, in whole units
  static constexpr uint32_t kAhead = 2 * dsp::kBlock + dsp::SpokenLoss::kUnit;
  static constexpr uint32_t kOctets = kHistory + kAhead + dsp::kBlock;

  uint32_t ahead() const { return end_ - at_; }
  uint32_t spilt() const;
  void fill(uint32_t wanted, const Decoders& decoders);
  void play_packet(uint32_t wanted, const Decoders& decoders);
  void play_pause(uint32_t samples);
  void play_spill(uint32_t wanted);
  void take_up_noise();
  void conceal(uint32_t samples);
  void speak_on(uint32_t samples);
  void smooth();
  void make_room();
  uint8_t* grow(uint32_t samples);
  bool change_delay(uint8_t* row, int32_t surplus, const Decoders& decoders);

  uint32_t at_ = kHistory;
  uint32_t end_ = kHistory;
  Decoder* spilling_ = nullptr;  // whose spill is to be played first
  Decoder* speaking_ = nullptr;  // of the latest packet
  uint32_t concealed_ = 0;       // samples of a concealment in a row
  uint32_t seam_ = 0;            // where sound begins again that is to be smoothed; 0: nowhere
  int32_t patience_ = 0;         // ticks since a change of the delay has been wanted
  uint32_t rest_ = 0;            // ticks until the next
  int64_t mute_from_ = 0;
  int64_t mute_until_ = INT64_MIN;
  int64_t mute_perhaps_until_ = INT64_MIN;
  bool noise_ = false;
  bool concealing_ = false;  // octets_ end with a concealment
  JitterBuffer buffer_;
  dsp::ComfortNoise generator_;
  std::array<uint8_t, kOctets> octets_;
  dsp::SpokenLoss loss_;
};

}  // namespace cordboard::rtp
