// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/playback.hpp"

#include <algorithm>
#include <cstring>

namespace cordboard::media {

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
