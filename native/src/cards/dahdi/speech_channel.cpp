// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/dahdi/speech_channel.hpp"

#include <cstring>
#include <utility>

namespace cordboard::cards {

void SpeechChannel::silence(uint8_t* row) { std::memset(row, kAlawSilence, kRowBytes); }

bool SpeechChannel::start(Driver& driver, const ChannelBuffers& buffers, uint8_t* received) {
  silence(received);
  driver.flush(handle_);
  // One more for the tick that passes before the first block has come.
  for (uint32_t block = 0; block < buffers.ahead + 1; ++block) {
    const int done = driver.write(handle_, {received, kRowBytes});
    if (done == kDriverGone) return false;
    if (done != static_cast<int>(kRowBytes)) break;
  }
  started_ = true;
  waiting_ = true;
  first_ = true;
  spare_ = false;
  stalled_ = false;
  left_over_ = 0;
  return true;
}

bool SpeechChannel::choose(const std::array<uint8_t, kRowBytes>& block, bool came, uint8_t* received) {
  const bool first = std::exchange(first_, false);
  if (came && first) {
    // There already at the first tick: it may be a moment later than the next ones will have to be.
    spare_block_ = block;
    spare_ = true;
    silence(received);
    return false;
  }
  if (!came && !spare_) {
    silence(received);
    return false;
  }
  waiting_ = false;
  std::memcpy(received, (spare_ ? spare_block_ : block).data(), kRowBytes);
  if (spare_ && came) {
    spare_block_ = block;
  } else {
    spare_ = false;
  }
  return true;
}

void SpeechChannel::look(Driver& driver, SpeechCounts& counts, const uint8_t* sent) {
  if (!started_ || !driver.more(handle_)) {
    left_over_ = 0;
    return;
  }
  if (!spare_) {
    spare_ = driver.read(handle_, spare_block_) == static_cast<int>(kRowBytes);
    return;
  }
  if (++left_over_ < kTooLong) return;
  left_over_ = 0;
  if (driver.read(handle_, spare_block_) != static_cast<int>(kRowBytes)) return;
  driver.write(handle_, {sent, kRowBytes});
  counts.slips.add();
}

}  // namespace cordboard::cards
