// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/dahdi/speech_channel.hpp"

#include <cstring>

namespace cordboard::cards {

void SpeechChannel::silence(uint8_t* row) { std::memset(row, kAlawSilence, kRowBytes); }

bool SpeechChannel::start(Driver& driver, const ChannelBuffers& buffers, uint8_t* received) {
  silence(received);
  driver.flush(handle_);
  for (uint32_t block = 0; block < buffers.ahead; ++block) {
    const int done = driver.write(handle_, {received, kRowBytes});
    if (done == kDriverGone) return false;
    if (done != static_cast<int>(kRowBytes)) break;
  }
  started_ = true;
  waiting_ = true;
  settling_ = true;
  stalled_ = false;
  left_over_ = 0;
  return true;
}

void SpeechChannel::look(Driver& driver, SpeechCounts& counts, const uint8_t* sent) {
  if (!started_ || !driver.more(handle_)) {
    left_over_ = 0;
    return;
  }
  if (++left_over_ < kTooLong) return;
  left_over_ = 0;
  std::array<uint8_t, kRowBytes> dropped;
  if (driver.read(handle_, dropped) != static_cast<int>(kRowBytes)) return;
  driver.write(handle_, {sent, kRowBytes});
  counts.slips.add();
}

}  // namespace cordboard::cards
