// SPDX-License-Identifier: GPL-2.0-or-later
// Octets written as pairs of hexadecimal digits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cordboard {

/// Nothing when there is anything but pairs of hexadecimal digits.
inline std::optional<std::vector<uint8_t>> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::vector<uint8_t> octets;
  octets.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    int value = 0;
    for (const char digit : {hex[i], hex[i + 1]}) {
      const char lower = static_cast<char>(digit | 0x20);
      if (digit >= '0' && digit <= '9') {
        value = value * 16 + (digit - '0');
      } else if (lower >= 'a' && lower <= 'f') {
        value = value * 16 + (lower - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    octets.push_back(static_cast<uint8_t>(value));
  }
  return octets;
}

}  // namespace cordboard
