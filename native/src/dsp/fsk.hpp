// SPDX-License-Identifier: GPL-2.0-or-later
// Frequency-shift keying at 1200 bit/s, as caller identification uses it: Bell 202 (mark 1200 Hz, space 2200 Hz;
// Telcordia GR-30) and the forward channel of ITU-T V.23 mode 2 (mark 1300 Hz, space 2100 Hz; ETSI EN 300 659-1,
// BT SIN 227). Characters are 8N1, the lowest bit first (start = space, stop = mark).
//
//   block ── floats ─┬─ mark filter, I and Q ── power ─┐                    ┌─ edges ──> bit clock ─┐
//                    └─ space filter, I and Q ─ power ─┴─ weighted balance ─┴─ value at bit middles ┴─> characters
//                                                          ^  level of either tone │
//                                                          └───────────────────────┘
//
// Each filter is as long as a bit and lets the other tone through not at all, so that a tone may be 10 dB weaker than
// the other. Bell 202 and V.23 are 100 Hz apart: with both enabled one pair of filters between them serves either, and
// the frequency of the mark tells which it was.
//
// What is taken:
//   level                from −40 dBm0 (setting)
//   twist                ±10 dB with noise 20 dB below
//   bit rate, tones      ±1 %
//   noise                12 dB below the signal, in 4 kHz
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dsp/g711.hpp"

namespace cordboard::dsp {

enum class FskKind : uint8_t { kBell202, kV23 };

inline constexpr int kFskBitRate = 1200;

struct FskReceiverSettings {
  bool bell202 = true;
  bool v23 = true;
  double min_level_dbm0 = -40;
};

struct FskEvent {
  bool carrier_lost;  // the other members say nothing then
  bool framed;        // the stop bit was a mark
  uint8_t octet;
  uint16_t mark_bits;  // length of the mark before the start bit, less the stop bit of the character before
};

/// A character takes 66 samples: three can end in a block, and the carrier after them.
inline constexpr std::size_t kMaxFskEvents = 4;

class FskReceiver {
 public:
  explicit FskReceiver(const FskReceiverSettings& settings = {});

  /// Looks at 160 samples, writes what came to `out` (kMaxFskEvents entries) and returns how many. The first and the
  /// last block of a carrier may be partly silent.
  int process(const int16_t* block, FskEvent* out);

  bool carrier() const { return carrier_; }

  /// Kind of the latest carrier, measured in the first block that is all mark (so any mark of 48 bits is enough).
  FskKind kind() const { return kind_; }

 private:
  struct Block;
  static constexpr std::size_t kHistory = 6;

  void filter(Block& b);
  bool follow_carrier(float power);
  void measure_kind(const Block& b);
  FskEvent* read(const Block& b, FskEvent* out);
  bool take_bit(const Block& b, FskEvent& out);
  void take_edge(float at, bool to_mark);
  void forget();

  /// Coefficients by distance from the middle of the filter.
  struct Filter {
    float even[4], odd[4];
  } mark_, space_;
  float min_power_;
  bool both_kinds_;

  float history_[kHistory] = {};
  bool carrier_ = false;
  uint8_t silent_blocks_ = 0;
  FskKind kind_;
  float mark_level_ = 1;  // power of either tone at its own bits
  float space_level_ = 1;
  float last_balance_ = 1;  // of the sample before the block; positive is mark

  // Positions are in samples from the beginning of the block.
  bool in_character_ = false;
  bool edge_taken_ = false;  // since the latest bit: one edge a bit moves the clock, so that noise cannot run it fast
  uint8_t bit_ = 0;          // the next to be read: 0 start, 1-8 data, 9 stop
  uint8_t octet_ = 0;
  float start_ = 0;       // beginning of the start bit
  float mark_since_ = 0;  // end of the latest character, or of a space that was none
  uint16_t mark_bits_ = 0;
};

/// Renders characters and bits without a break of phase. Bits are 6 2/3 samples long and begin between samples where
/// they have to. Allocates.
class FskTransmitter {
 public:
  FskTransmitter(FskKind kind, double level_dbm0);

  void seize(std::size_t bits);  // space, mark, space, mark …
  void mark(std::size_t bits);
  void octet(uint8_t octet);

  /// What was rendered since, A-law.
  std::vector<uint8_t> take();

 private:
  void bit(bool mark);

  double hz_[2];  // by bit
  double amplitude_;
  double turns_ = 0;     // phase where the next bit begins
  uint32_t thirds_ = 0;  // of a sample, from the last sample on to where the next bit begins
  std::vector<uint8_t> clip_;
};

}  // namespace cordboard::dsp
