// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/bus.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "dsp/kernels.hpp"

namespace cordboard::bus {

namespace {

void* slab(std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  void* memory = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void Bus::Free::operator()(void* memory) const { std::free(memory); }

Bus::Bus(uint32_t ports)
    : ports_(ports),
      decoded_at_(ports, 0),
      source_(ports, kNoPort),
      overridden_(ports, 0),
      seated_(ports, 0),
      silent_(ports, 1),
      loudness_(ports, 0),
      adds_(ports, 0),
      whispered_to_(ports, 0),
      whispers_too_(ports, 0),
      conferences_(kConferences, nullptr),
      speakers_(kConferences) {
  const std::size_t bytes = static_cast<std::size_t>(std::max(ports, 1U)) * kBlock;
  received_.reset(static_cast<uint8_t*>(slab(bytes)));
  sent_.reset(static_cast<uint8_t*>(slab(bytes)));
  linear_.reset(static_cast<int16_t*>(slab(bytes * sizeof(int16_t))));
  // Touching every page now keeps page faults out of the tick.
  std::memset(received_.get(), dsp::kAlawSilence, bytes);
  std::memset(sent_.get(), dsp::kAlawSilence, bytes);
  std::memset(linear_.get(), 0, bytes * sizeof(int16_t));
}

int Bus::lock_memory() {
  const std::size_t bytes = static_cast<std::size_t>(std::max(ports_, 1U)) * kBlock;
  if (mlock(received_.get(), bytes) != 0 || mlock(sent_.get(), bytes) != 0 ||
      mlock(linear_.get(), bytes * sizeof(int16_t)) != 0) {
    return errno;
  }
  return 0;
}

const int16_t* Bus::linear(Port port) {
  int16_t* samples = linear_.get() + static_cast<std::size_t>(port) * kBlock;
  if (decoded_at_[port] != tick_) {
    decoded_at_[port] = tick_;
    dsp::kernels().alaw_decode(received(port), samples, kBlock);
  }
  return samples;
}

const int16_t* Bus::linear(Port port, int16_t* scratch) {
  if (decoded_at_[port] == tick_ || seated_[port]) return linear(port);
  dsp::kernels().alaw_decode(received(port), scratch, kBlock);
  return scratch;
}

void Bus::replace(Port port, const int16_t* samples) {
  dsp::kernels().alaw_encode(samples, received(port), kBlock);
  // Others hear what went through A-law, and so does whoever asks here.
  decoded_at_[port] = 0;
}

void Bus::set_source(Port listener, Port source) { source_[listener] = source; }

const ConferencePlan* Bus::set_conference(uint32_t slot, const ConferencePlan* plan) {
  const ConferencePlan* before = conferences_[slot];
  bool speaker_stays = false;
  if (plan != nullptr) {
    for (const auto& seat : plan->seats) {
      whispered_to_[seat.port] = 0;  // not by somebody who whispered to one who was not there
      // Who comes, or is heard again, begins as one who is quiet.
      if (!seated_[seat.port] || seat.role != Role::kTalk) loudness_[seat.port] = 0;
      speaker_stays |= seat.port == speakers_[slot].port && seat.role == Role::kTalk;
    }
  }
  if (!speaker_stays) speakers_[slot].port = kNoPort;
  if (before != nullptr) {
    for (const auto& seat : before->seats) seated_[seat.port] = 0;
  }
  if (plan != nullptr) {
    for (const auto& seat : plan->seats) seated_[seat.port] = seat.source_only ? 0 : 1;
  } else {
    speakers_[slot] = {};
  }
  conferences_[slot] = plan;
  conference_top_ = std::max(conference_top_, slot + 1);
  while (conference_top_ > 0 && conferences_[conference_top_ - 1] == nullptr) --conference_top_;
  return before;
}

void Bus::route_ports(Port first, Port last) {
  for (Port port = first; port < last; ++port) {
    if (overridden_[port] || seated_[port]) {
      silent_[port] = 0;
      continue;
    }
    const Port source = source_[port];
    if (source != kNoPort) {
      std::memcpy(sent(port), received(source), kBlock);
      silent_[port] = 0;
    } else if (!silent_[port]) {
      std::memset(sent(port), dsp::kAlawSilence, kBlock);
      silent_[port] = 1;
    }
  }
}

void Bus::route_conferences(uint32_t shard, uint32_t shards) {
  for (uint32_t slot = shard; slot < conference_top_; slot += shards) {
    if (conferences_[slot] != nullptr) mix(*conferences_[slot], speakers_[slot]);
  }
}

void Bus::follow(Speaker& speaker, Port loudest, float power, float current_power) {
  constexpr float kQuiet = 6400;  // -49 dBm0, mean square
  constexpr float kLouder = 2;    // 3 dB: two who speak at once do not alternate with every word
  constexpr uint32_t kBlocksToTakeOver = 10;
  constexpr uint32_t kBlocksToFallSilent = 75;  // pauses between words are not the end
  Port candidate = power < kQuiet ? kNoPort : loudest;
  if (candidate != speaker.port && candidate != kNoPort && speaker.port != kNoPort && current_power >= kQuiet &&
      power < kLouder * current_power) {
    candidate = speaker.port;
  }
  if (candidate == speaker.port) {
    speaker.blocks = 0;
    return;
  }
  speaker.blocks = candidate == speaker.candidate ? speaker.blocks + 1 : 1;
  speaker.candidate = candidate;
  if (speaker.blocks < (candidate == kNoPort ? kBlocksToFallSilent : kBlocksToTakeOver)) return;
  speaker.port = candidate;
  speaker.blocks = 0;
}

/// Sums what the talking seats say, and notes who whispers to whom. True when somebody whispers.
bool Bus::gather(const ConferencePlan& plan, Speaker& speaker, int32_t* sum) {
  // A-law has no zero: a silent row decodes to 8 and -8. A hundred of them would be an offset of 800, so they are left
  // out; no other row has as small a power.
  constexpr uint64_t kSilence = uint64_t{kBlock} * 8 * 8;
  const auto& kernels = dsp::kernels();
  bool whispers = false;
  Port loudest = kNoPort;
  float power = 0;
  float current_power = 0;
  for (uint32_t number = 0; number < plan.seats.size(); ++number) {
    const auto& seat = plan.seats[number];
    adds_[seat.port] = 0;
    if (seat.role == Role::kListen) continue;
    const int16_t* said = linear(seat.port);
    const uint64_t squares = kernels.power(said, kBlock);
    if (seat.role == Role::kWhisper) {
      if (squares == kSilence || seat.whisper_to >= ports_) continue;
      whispers_too_[seat.port] = std::exchange(whispered_to_[seat.whisper_to], number + 1);
      whispers = true;
      continue;
    }
    if (squares != kSilence) {
      kernels.mix_add(sum, said, seat.gain, kBlock);
      adds_[seat.port] = 1;
    }
    if (seat.source_only) continue;
    float& loudness = loudness_[seat.port];
    loudness += (static_cast<float>(squares) / kBlock - loudness) * 0.125F;
    if (loudness > power) {
      power = loudness;
      loudest = seat.port;
    }
    if (seat.port == speaker.port) current_power = loudness;
  }
  follow(speaker, loudest, power, current_power);
  return whispers;
}

/// `sum` when nobody whispers to the port, else `with_whispers`, filled. Forgets the whispers.
const int32_t* Bus::add_whispers(const ConferencePlan& plan, Port port, const int32_t* sum, int32_t* with_whispers) {
  uint32_t from = std::exchange(whispered_to_[port], 0);
  if (from == 0) return sum;
  std::memcpy(with_whispers, sum, sizeof(int32_t) * kBlock);
  for (; from != 0; from = whispers_too_[plan.seats[from - 1].port]) {
    const auto& seat = plan.seats[from - 1];
    dsp::kernels().mix_add(with_whispers, linear(seat.port), seat.gain, kBlock);
  }
  return with_whispers;
}

void Bus::mix(const ConferencePlan& plan, Speaker& speaker) {
  alignas(64) int32_t sum[kBlock]{};
  alignas(64) int32_t with_whispers[kBlock];
  const bool whispers = gather(plan, speaker, sum);
  const uint8_t* whole = nullptr;  // the sum as all hear it who add nothing to it: encoded once
  for (const auto& seat : plan.seats) {
    const int32_t* heard = whispers ? add_whispers(plan, seat.port, sum, with_whispers) : sum;
    if (seat.source_only || overridden_[seat.port]) continue;
    uint8_t* to = sent(seat.port);
    if (adds_[seat.port] || heard != sum) {
      const int16_t* own = adds_[seat.port] ? linear(seat.port) : nullptr;
      dsp::kernels().mix_minus_encode(heard, own, seat.gain, to, kBlock);
    } else if (whole != nullptr) {
      std::memcpy(to, whole, kBlock);
    } else {
      dsp::kernels().mix_minus_encode(sum, nullptr, seat.gain, to, kBlock);
      whole = to;
    }
  }
}

}  // namespace cordboard::bus
