// SPDX-License-Identifier: GPL-2.0-or-later
// The timeslot switch. Two slabs of A-law rows, one row a port: `received` is what the port says, `sent` what it is to
// hear. Once a tick, on the media thread:
//
//   card → received ─┬─ copy ────────────────> sent → card      two parties: a byte copy
//                    └─ linear (once) ─ mix ─> sent             conference: everybody but oneself
//
// Rows are contiguous, so a shard of the bus is a range of ports; several threads may share a tick when each keeps to its
// shard and they wait for each other between reading and routing (media/media_core). Other threads change the bus by
// operations handed over between ticks.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/g711.hpp"

namespace cordboard::bus {

using Port = uint32_t;
constexpr Port kNoPort = UINT32_MAX;
constexpr uint32_t kBlock = dsp::kBlock;

enum class Role : uint8_t { kTalk, kListen, kWhisper };

/// A seat of a conference. Gain is Q12: 4096 leaves the level as it is.
struct Seat {
  Port port{};
  Role role{};
  Port whisper_to = kNoPort;  // another seat of the same conference
  int32_t gain = 4096;
  bool source_only{};  // an announcer: heard, hears nothing
};

/// Who sits in a conference and how. Immutable once handed to the bus: a change is a new plan. A port has one seat at
/// most, and sits in one conference at most.
struct ConferencePlan {
  std::vector<Seat> seats;
};

class Bus {
 public:
  explicit Bus(uint32_t ports);

  uint32_t ports() const { return ports_; }
  uint8_t* received(Port port) { return received_.get() + static_cast<std::size_t>(port) * kBlock; }
  uint8_t* sent(Port port) { return sent_.get() + static_cast<std::size_t>(port) * kBlock; }

  /// What the port says as 16-bit linear samples of this tick; decoded on the first call, shared after.
  const int16_t* linear(Port port);
  /// The same for a reader that may be the only one: decoded into `scratch` (kBlock samples) unless others share it,
  /// which spares the caches a row that nobody would read again.
  const int16_t* linear(Port port, int16_t* scratch);
  /// Replaces what the port says in this tick, before anybody has heard it. Gives linear() until begin_tick().
  void replace(Port port, const int16_t* samples);

  /// `listener` hears `source` from the next route() on; kNoPort: silence. Takes it out of no conference: do that first.
  void set_source(Port listener, Port source);
  /// Replaces a conference's plan; null when it closes. Gives back the plan that was in force, for the caller to free.
  /// Slot numbers below kConferences.
  const ConferencePlan* set_conference(uint32_t slot, const ConferencePlan* plan);

  /// A port that something else writes (a player): route() leaves its sent row alone.
  void set_overridden(Port port, bool overridden) { overridden_[port] = overridden; }

  /// Keeps the slabs from being swapped out. 0 or an errno.
  int lock_memory();

  void begin_tick() { ++tick_; }
  /// Fills every sent row that is not overridden.
  void route() {
    route_ports(0, ports_);
    route_conferences(0, 1);
  }
  /// The part of route() that a shard does: its ports but those in conferences, and every shards-th conference.
  void route_ports(Port first, Port last);
  void route_conferences(uint32_t shard, uint32_t shards);

  /// Who speaks in a conference: the loudest seat over the last fifth of a second, kNoPort when it is quiet or when the
  /// speaker has just gone or been muted.
  Port speaker(uint32_t slot) const { return speakers_[slot].port; }
  uint32_t conference_top() const { return conference_top_; }

  static constexpr uint32_t kConferences = 1024;

 private:
  struct Speaker {
    Port port = kNoPort;
    Port candidate = kNoPort;
    uint32_t blocks{};  // for so long the candidate has been louder
  };
  void mix(const ConferencePlan& plan, Speaker& speaker);
  bool gather(const ConferencePlan& plan, Speaker& speaker, int32_t* sum);
  const int32_t* add_whispers(const ConferencePlan& plan, Port port, const int32_t* sum, int32_t* with_whispers);
  static void follow(Speaker& speaker, Port loudest, float power, float current_power);

  uint32_t ports_;
  struct Free {
    void operator()(void* memory) const;
  };
  template <class T>
  using Slab = std::unique_ptr<T[], Free>;
  Slab<uint8_t> received_;
  Slab<uint8_t> sent_;
  Slab<int16_t> linear_;
  std::vector<uint64_t> decoded_at_;
  std::vector<Port> source_;
  std::vector<uint8_t> overridden_;
  std::vector<uint8_t> seated_;  // its sent row is the conference's business
  std::vector<uint8_t> silent_;  // the sent row holds silence already
  // Of seats, by port; a conference is mixed by one thread and touches its own only.
  std::vector<float> loudness_;         // power per sample, smoothed
  std::vector<uint8_t> adds_;           // is part of the sum in this tick
  std::vector<uint32_t> whispered_to_;  // 1 + number of the last seat that whispers to it in this tick; 0: nobody
  std::vector<uint32_t> whispers_too_;  // by the whisperer: the one before, in the same way
  std::vector<const ConferencePlan*> conferences_;
  std::vector<Speaker> speakers_;
  uint32_t conference_top_{};
  uint64_t tick_{1};
};

}  // namespace cordboard::bus
