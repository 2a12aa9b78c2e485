// SPDX-License-Identifier: GPL-2.0-or-later
// The instruments that a technician puts on ports: what runs in the tick.
#pragma once

#include <cstring>
#include <vector>

#include "base/spsc_ring.hpp"
#include "dsp/bit_pattern.hpp"
#include "dsp/g711.hpp"
#include "media/probe.hpp"

namespace cordboard::engine {

enum class ProbeKind : uint8_t { kBits, kLoop, kPiece };

class EngineProbe : public media::Probe {
 public:
  EngineProbe(ProbeKind kind, uint32_t id, bool sends) : Probe(sends), kind(kind), id(id) {}
  const ProbeKind kind;
  const uint32_t id;
};

class LoopProbe : public EngineProbe {
 public:
  explicit LoopProbe(uint32_t id) : EngineProbe(ProbeKind::kLoop, id, true) {}
  bool exchange(const uint8_t* received, uint8_t* sent) override {
    std::memcpy(sent, received, bus::kBlock);
    return false;
  }
};

class BitProbe : public EngineProbe {
 public:
  BitProbe(uint32_t id, dsp::BitPattern pattern, bool send, bool receive)
      : EngineProbe(ProbeKind::kBits, id, send), receives_(receive), source_(pattern), sink_(pattern) {}
  bool exchange(const uint8_t* received, uint8_t* sent) override {
    if (sends()) source_.fill(sent, bus::kBlock);
    if (!receives_) return false;
    sink_.take(received, bus::kBlock);
    return ++blocks_ % kSecond == 0 && notes_.push(sink_.counts());
  }
  /// Signalling thread: as it was at the end of a second.
  bool take(dsp::BitCounts& counts) { return notes_.pop(counts); }
  /// Signalling thread, once the media thread has let go.
  const dsp::BitCounts& counts() const { return sink_.counts(); }
  bool receives() const { return receives_; }

 private:
  static constexpr uint32_t kSecond = 50;  // blocks
  const bool receives_;
  dsp::BitSource source_;
  dsp::BitSink sink_;
  uint32_t blocks_{};
  SpscRing<dsp::BitCounts> notes_{8};
};

/// Sends a piece, silence after it, and keeps as much of what comes in as it has room for.
class PieceProbe : public EngineProbe {
 public:
  /// `blocks` to be kept; 0: it only sends.
  PieceProbe(uint32_t id, bool sends, std::vector<uint8_t> piece, std::size_t blocks)
      : EngineProbe(ProbeKind::kPiece, id, sends), piece_(std::move(piece)), kept_(blocks * bus::kBlock) {}
  bool exchange(const uint8_t* received, uint8_t* sent) override {
    if (sends()) {
      const std::size_t left = std::min<std::size_t>(piece_.size() - sent_, bus::kBlock);
      std::memcpy(sent, piece_.data() + sent_, left);
      std::memset(sent + left, dsp::kAlawSilence, bus::kBlock - left);
      sent_ += left;
    }
    if (full_) return false;
    if (received_ < kept_.size()) {
      std::memcpy(kept_.data() + received_, received, bus::kBlock);
      received_ += bus::kBlock;
    }
    full_ = received_ == kept_.size();
    return full_ && received_ > 0;
  }
  /// Signalling thread, once the media thread has let go.
  std::vector<uint8_t> kept() && { return std::move(kept_); }

 private:
  const std::vector<uint8_t> piece_;
  std::size_t sent_{};
  std::vector<uint8_t> kept_;
  std::size_t received_{};
  bool full_{};
};

}  // namespace cordboard::engine
