// SPDX-License-Identifier: GPL-2.0-or-later
// Something being played to a port: clips one after the other without a gap, once or for ever.
#pragma once

#include <atomic>
#include <vector>

#include "bus/bus.hpp"
#include "media/clip.hpp"

namespace cordboard::media {

/// Made by the signalling thread, played by the media thread, given back and freed by the signalling thread.
struct Playback {
  uint32_t id{};
  bus::Port port{};
  std::vector<ClipRef> clips;
  bool loop{};
  std::size_t loop_item{};  // where a loop begins anew
  Playback* next{};         // played after this one
  // Media thread.
  std::size_t item{};
  std::size_t offset{};
  // Written by the media thread, read by anyone.
  std::atomic<uint64_t> played_samples{0};
  std::atomic<uint32_t> playing_item{0};

  uint32_t played_ms() const { return static_cast<uint32_t>(played_samples.load(std::memory_order_relaxed) / 8); }

  /// Before it is played: begins `samples` after the beginning, of a loop of all clips modulo its length.
  void seek(uint64_t samples);

  /// Copies up to `wanted` samples. Fewer than wanted: this was the end.
  std::size_t render(uint8_t* to, std::size_t wanted);
};

}  // namespace cordboard::media
