// SPDX-License-Identifier: GPL-2.0-or-later
// Who has which B-channel of the E1s of one D-channel: timeslots 1-15 and 17-31 (G.704 5.2), and 16 where no D-channel is.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/describe.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

enum class PriChannelUse : uint8_t {
  kIdle,
  kAsked,       // named in a SETUP of ours, which the peer has not answered: the peer may still take it (Q.931 5.7)
  kTaken,       // agreed on with the peer
  kRestarting,  // our RESTART is not acknowledged
};

constexpr uint32_t kDchannelTimeslot = 16;

template <class Owner>
class PriChannelTable {
 public:
  explicit PriChannelTable(std::span<const PriInterface> interfaces) : channels_(interfaces.size() * kPriTimeslots) {
    for (std::size_t n = 0; n < interfaces.size(); ++n)
      for (uint32_t timeslot = 1; timeslot < kPriTimeslots; ++timeslot)
        channels_[n * kPriTimeslots + timeslot].bearer = timeslot != kDchannelTimeslot || !interfaces[n].dchannel;
  }

  /// One past the highest channel.
  PriChannel end() const { return static_cast<PriChannel>(channels_.size()); }
  bool is_bearer(uint32_t channel) const { return channel < channels_.size() && channels_[channel].bearer; }

  PriChannelUse use(uint32_t channel) const { return channels_[channel].use; }
  /// Null when idle or restarting.
  Owner* owner(uint32_t channel) const { return channels_[channel].owner; }
  void set(uint32_t channel, PriChannelUse use, Owner* owner = nullptr) {
    channels_[channel].use = use;
    channels_[channel].owner = owner;
  }

  // Which ends refuse calls, and whether there is speech at all: a channel without is neither hunted nor offered.
  bool blocked_here(uint32_t channel) const { return channels_[channel].blocked_here; }
  bool blocked_there(uint32_t channel) const { return channels_[channel].blocked_there; }
  void block_here(uint32_t channel, bool blocked) { channels_[channel].blocked_here = blocked; }
  void block_there(uint32_t channel, bool blocked) { channels_[channel].blocked_there = blocked; }
  void set_layer1(std::size_t interface, bool up) {
    for (uint32_t timeslot = 0; timeslot < kPriTimeslots; ++timeslot)
      channels_[interface * kPriTimeslots + timeslot].dark = !up;
  }

  /// Calls out may be put on it.
  bool is_free(uint32_t channel) const {
    const Channel& at = channels_[channel];
    return at.bearer && at.use == PriChannelUse::kIdle && !at.blocked_here && !at.blocked_there && !at.dark;
  }
  /// The peer may put calls on it: that it refuses calls itself is its own matter.
  bool takes_calls(uint32_t channel) const {
    const Channel& at = channels_[channel];
    return at.bearer && at.use == PriChannelUse::kIdle && !at.blocked_here && !at.dark;
  }

  /// A free channel of an interface that is not among `but`, from the highest or the lowest on; 0: none.
  PriChannel hunt_in(std::size_t interface, bool from_highest, std::span<const PriChannel> but = {}) const {
    for (uint32_t n = 1; n < kPriTimeslots; ++n) {
      const auto channel = static_cast<PriChannel>(interface * kPriTimeslots + (from_highest ? kPriTimeslots - n : n));
      if (is_free(channel) && std::find(but.begin(), but.end(), channel) == but.end()) return channel;
    }
    return 0;
  }
  /// … of any interface.
  PriChannel hunt(bool from_highest) const {
    const std::size_t interfaces = channels_.size() / kPriTimeslots;
    for (std::size_t n = 0; n < interfaces; ++n)
      if (const PriChannel channel = hunt_in(from_highest ? interfaces - 1 - n : n, from_highest)) return channel;
    return 0;
  }

  uint32_t idle() const {
    uint32_t count = 0;
    for (uint32_t channel = 1; channel < end(); ++channel)
      if (is_free(channel)) ++count;
    return count;
  }

 private:
  struct Channel {
    PriChannelUse use = PriChannelUse::kIdle;
    Owner* owner = nullptr;
    bool bearer = false;
    bool blocked_here = false;
    bool blocked_there = false;
    bool dark = false;
  };
  std::vector<Channel> channels_;
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::PriChannelUse> {
  static constexpr std::array<std::string_view, 4> names{"idle", "asked", "taken", "restarting"};
};
}  // namespace cordboard
