// SPDX-License-Identifier: GPL-2.0-or-later
// Whether what was heard is what was said, octet by octet, where a line may lose blocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "conformance/bed.hpp"

namespace cordboard::engine {

/// Octets of every value in no order, whole rows of them.
std::vector<uint8_t> random_octets(uint32_t ms, uint32_t seed);

struct Heard {
  std::size_t whole{};    // octets that are what was said, in its order
  std::size_t missing{};  // … that were said and not heard
  std::size_t foreign{};  // octets between the first and the last that are neither said nor silence
  std::size_t silent{};   // octets of silence among them
  uint32_t breaks{};      // places where something is missing
  void operator+=(const Heard& other);
};

/// Compares 8 octets at a time, which is what a line carries at once.
Heard compare(std::span<const uint8_t> heard, std::span<const uint8_t> said);

/// Everybody says something of his own at once, both ends of every talk, and is heard at the other end, recorded there.
Heard speak(Box& box, const std::vector<Talk>& talks, uint32_t ms);

/// What the bed allows; tells the figures.
void expect_heard(const Heard& heard);

}  // namespace cordboard::engine
