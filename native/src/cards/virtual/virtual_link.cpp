// SPDX-License-Identifier: GPL-2.0-or-later
#include "cards/virtual/virtual_link.hpp"

namespace cordboard::cards {

namespace {
constexpr int64_t kOctetUs = 125;
constexpr std::size_t kFcsAndFlag = 3;
constexpr Millis kRepeatMs = 20;
constexpr Millis kSilenceMs = 2;  // 16 octets
constexpr std::size_t kLengthAt = 2;
constexpr uint8_t kMostStatus = 2;  // length indicator of units without information
}  // namespace

void VirtualLink::send_unit(std::span<const uint8_t> unit) {
  if (unit.size() <= kLengthAt || queue_.size() >= kMost) return;
  queue_.emplace_back(unit.begin(), unit.end());
}

bool VirtualLink::arrives() { return damage_every == 0 || ++units_ % damage_every != 0; }

/// Off the queue and onto the line.
std::vector<uint8_t> VirtualLink::take() {
  auto unit = std::move(queue_.front());
  queue_.pop_front();
  repeated_.clear();
  if ((unit[kLengthAt] & 0x3f) <= kMostStatus) repeated_ = unit;
  return unit;
}

bool VirtualLink::carry(VirtualLink* to, bool carried, Millis now) {
  if (cut || !carried) {
    const bool waited = !queue_.empty();
    while (!queue_.empty()) take();
    line_free_us_.reset();
    // With no signal at all the far end's framer tells of it, and there are no octets to count errors by.
    if (!carried || to == nullptr || silent_since_ == 0) silent_since_ = now;
    const auto silences = static_cast<uint32_t>((now - silent_since_) / kSilenceMs);
    silent_since_ += static_cast<Millis>(silences) * kSilenceMs;
    if (silences > 0 && to != nullptr && to->on_errors) to->on_errors(silences);
    if (waited && on_room) on_room();
    return waited;
  }
  silent_since_ = 0;
  bool any = false;
  while (!queue_.empty()) {
    const auto begun = line_free_us_.value_or(now * 1000);
    const auto done = begun + static_cast<int64_t>(queue_.front().size() + kFcsAndFlag) * kOctetUs;
    if (done > now * 1000) {
      line_free_us_ = begun;
      break;
    }
    line_free_us_ = done;
    const auto unit = take();
    repeat_at_ = now + kRepeatMs;
    any = true;
    if (to == nullptr) continue;
    if (!arrives()) {
      if (to->on_errors) to->on_errors(1);
    } else if (to->on_unit) {
      to->on_unit(unit);
    }
  }
  if (queue_.empty()) {
    line_free_us_.reset();
    if (!repeated_.empty() && now >= repeat_at_) {
      repeat_at_ = now + kRepeatMs;
      const auto unit = repeated_;
      if (to != nullptr && to->on_unit) to->on_unit(unit);
    }
  }
  if (any && on_room) on_room();
  return any;
}

std::optional<Millis> VirtualLink::due() const {
  if (queue_.empty() || !line_free_us_) return std::nullopt;
  const auto done = *line_free_us_ + static_cast<int64_t>(queue_.front().size() + kFcsAndFlag) * kOctetUs;
  return (done + 999) / 1000;
}

}  // namespace cordboard::cards
