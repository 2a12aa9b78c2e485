// SPDX-License-Identifier: GPL-2.0-or-later
#include "bus/bus.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

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

void Bus::mix(const ConferencePlan& plan, Speaker& speaker) {
  const auto& kernels = dsp::kernels();
  alignas(64) int32_t sum[kBlock]{};
  bool whispers = false;
  Port loudest = kNoPort;
  float power = 0;
  float current_power = 0;
  for (const auto& seat : plan.seats) {
    whispers |= seat.role == Role::kWhisper;
    if (seat.role != Role::kTalk) continue;
    const int16_t* said = linear(seat.port);
    kernels.mix_add(sum, said, seat.gain, kBlock);
    if (seat.source_only) continue;
    float& loudness = loudness_[seat.port];
    loudness += (static_cast<float>(kernels.power(said, kBlock)) / kBlock - loudness) * 0.125F;
    if (loudness > power) {
      power = loudness;
      loudest = seat.port;
    }
    if (seat.port == speaker.port) current_power = loudness;
  }
  follow(speaker, loudest, power, current_power);
  for (const auto& seat : plan.seats) {
    if (seat.source_only || overridden_[seat.port]) continue;
    const int32_t* heard = sum;
    alignas(64) int32_t with_whisper[kBlock];
    if (whispers) {
      for (const auto& other : plan.seats) {
        if (other.role != Role::kWhisper || other.whisper_to != seat.port) continue;
        if (heard == sum) std::memcpy(with_whisper, sum, sizeof sum);
        heard = with_whisper;
        kernels.mix_add(with_whisper, linear(other.port), other.gain, kBlock);
      }
    }
    const int16_t* own = seat.role == Role::kTalk ? linear(seat.port) : nullptr;
    kernels.mix_minus_encode(heard, own, seat.gain, sent(seat.port), kBlock);
  }
}

}  // namespace cordboard::bus
