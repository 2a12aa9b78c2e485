// SPDX-License-Identifier: GPL-2.0-or-later
// How much hostile input the signalling gets, and how it is made. Suites whose names begin with HostileSignalling are run by
// `npm run fuzz -- signalling` with as many inputs as are asked for; whatever has a new parser adds one.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <random>
#include <vector>

namespace cordboard {

/// CORDBOARD_FUZZ_SIGNALLING; few where nobody asks, so that the tests stay quick.
inline int fuzz_inputs(int usual = 4000) {
  const char* set = std::getenv("CORDBOARD_FUZZ_SIGNALLING");
  return set == nullptr ? usual : std::max(1, std::atoi(set));
}

/// Changes, leaves out and puts in octets, so many times.
inline void mutate(std::mt19937& random, std::vector<uint8_t>& octets, uint32_t changes) {
  for (; changes > 0 && !octets.empty(); --changes) {
    const auto at = static_cast<std::ptrdiff_t>(random() % octets.size());
    switch (random() % 5) {
      case 0:
        octets[static_cast<std::size_t>(at)] ^= static_cast<uint8_t>(1u << random() % 8);
        break;
      case 1:
        octets[static_cast<std::size_t>(at)] = static_cast<uint8_t>(random());
        break;
      case 2:
        octets.erase(octets.begin() + at);
        break;
      case 3:
        octets.insert(octets.begin() + at, static_cast<uint8_t>(random()));
        break;
      default:
        octets.resize(static_cast<std::size_t>(at));
    }
  }
}

}  // namespace cordboard
