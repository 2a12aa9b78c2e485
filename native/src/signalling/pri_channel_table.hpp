// SPDX-License-Identifier: GPL-2.0-or-later
// Who has which B-channel of an E1: timeslots 1-15 and 17-31 (G.704 5.2; 16 is the D-channel).
#pragma once

#include <array>
#include <cstdint>

#include "base/describe.hpp"

namespace cordboard::signalling {

enum class PriChannelUse : uint8_t {
  kIdle,
  kAsked,       // named in a SETUP of ours, which the peer has not answered: the peer may still take it (Q.931 5.7)
  kTaken,       // agreed on with the peer
  kRestarting,  // our RESTART is not acknowledged
};

constexpr bool is_bearer(uint32_t timeslot) { return timeslot >= 1 && timeslot <= 31 && timeslot != 16; }

/// A set of timeslots, a bit for each.
using PriTimeslots = uint32_t;
constexpr PriTimeslots bit_of(uint32_t timeslot) { return PriTimeslots{1} << timeslot; }

template <class Owner>
class PriChannelTable {
 public:
  PriChannelUse use(uint32_t timeslot) const { return channels_[timeslot].use; }
  /// Null when idle or restarting.
  Owner* owner(uint32_t timeslot) const { return channels_[timeslot].owner; }

  void set(uint32_t timeslot, PriChannelUse use, Owner* owner = nullptr) { channels_[timeslot] = {use, owner}; }

  /// An idle timeslot that is not among `but`, from the highest or the lowest on; 0: none.
  uint8_t hunt(bool from_highest, PriTimeslots but = 0) const {
    for (uint8_t n = 1; n <= 31; ++n) {
      const auto timeslot = static_cast<uint8_t>(from_highest ? 32 - n : n);
      if (is_bearer(timeslot) && use(timeslot) == PriChannelUse::kIdle && (but & bit_of(timeslot)) == 0)
        return timeslot;
    }
    return 0;
  }

  uint32_t idle() const {
    uint32_t count = 0;
    for (uint32_t timeslot = 1; timeslot <= 31; ++timeslot)
      if (is_bearer(timeslot) && use(timeslot) == PriChannelUse::kIdle) ++count;
    return count;
  }

 private:
  struct Channel {
    PriChannelUse use = PriChannelUse::kIdle;
    Owner* owner = nullptr;
  };
  std::array<Channel, 32> channels_{};
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::PriChannelUse> {
  static constexpr std::array<std::string_view, 4> names{"idle", "asked", "taken", "restarting"};
};
}  // namespace cordboard
