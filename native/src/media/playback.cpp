// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/playback.hpp"

#include <algorithm>
#include <cstring>

namespace cordboard::media {

void Playback::seek(uint64_t samples) {
  uint64_t length = 0;
  for (const auto& clip : clips) length += clip->alaw.size();
  if (loop && length > 0) samples %= length;
  for (item = 0; item < clips.size() && samples >= clips[item]->alaw.size(); ++item) samples -= clips[item]->alaw.size();
  offset = item < clips.size() ? static_cast<std::size_t>(samples) : 0;
  if (!clips.empty()) playing_item.store(static_cast<uint32_t>(std::min(item, clips.size() - 1)), std::memory_order_relaxed);
}

std::size_t Playback::render(uint8_t* to, std::size_t wanted) {
  std::size_t done = 0;
  while (done < wanted && item < clips.size()) {
    const auto& alaw = clips[item]->alaw;
    const std::size_t part = std::min(wanted - done, alaw.size() - offset);
    std::memcpy(to + done, alaw.data() + offset, part);
    done += part;
    offset += part;
    if (offset == alaw.size()) {
      offset = 0;
      ++item;
      if (item == clips.size() && loop) item = loop_item;
      playing_item.store(static_cast<uint32_t>(std::min(item, clips.size() - 1)), std::memory_order_relaxed);
    }
  }
  played_samples.fetch_add(done, std::memory_order_relaxed);
  return done;
}

}  // namespace cordboard::media
