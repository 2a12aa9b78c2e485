// SPDX-License-Identifier: GPL-2.0-or-later
// Audio ready to be copied to a port: A-law octets at 8 kHz, immutable and shared by all who play it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace cordboard::media {

struct Clip {
  std::vector<uint8_t> alaw;
  uint32_t duration_ms() const { return static_cast<uint32_t>(alaw.size() / 8); }
};

using ClipRef = std::shared_ptr<const Clip>;

}  // namespace cordboard::media
