// SPDX-License-Identifier: GPL-2.0-or-later
// Calls for the tests of RTP: something like speech, a sender, a network that does to its packets what networks do, and a
// receiver whose ticks pass without a clock. All from seeds, so that a call is the same on every machine.
//
//   speech_like ──> sent_by ──> Network::carry ──> play ──> what is heard, block by block, and how late
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "dsp/g711.hpp"
#include "rtp/codec.hpp"
#include "rtp/packet.hpp"
#include "rtp/stream.hpp"

namespace cordboard::rtp::traces {

inline constexpr int64_t kMs = 1'000'000;
inline constexpr int64_t kTickNs = 20 * kMs;
using dsp::kBlock;

/// Voiced and unvoiced sounds of 60-250 ms at a pitch that glides, with pauses of up to half a second: a third of the
/// time; over a little noise. From 30 s on it says the same again.
inline std::vector<int16_t> speech_like(double seconds, uint32_t seed, double amplitude = 6000) {
  if (seconds > 30) {
    auto samples = speech_like(30, seed, amplitude);
    const auto once = samples.size(), all = static_cast<std::size_t>(seconds * 8000);
    for (std::size_t i = once; i < all; ++i) samples.push_back(samples[i - once]);
    return samples;
  }
  std::mt19937 random(seed);
  const auto uniform = [&](double low, double high) { return low + (high - low) * (random() / 4294967296.0); };
  std::vector<double> samples;
  const auto wanted = static_cast<std::size_t>(seconds * 8000);
  double phase = 0, pitch = 120;
  while (samples.size() < wanted) {
    const double kind = uniform(0, 1);
    const auto length = static_cast<std::size_t>(8 * (kind > 0.75 ? uniform(150, 500) : uniform(60, 250)));
    const double first = uniform(300, 800), second = uniform(1000, 2400), glide = uniform(-0.15, 0.15);
    const double loud = amplitude * uniform(0.4, 1);
    double low = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const double along = static_cast<double>(i) / static_cast<double>(length);
      const double shape = std::sin(std::numbers::pi * along);
      double x = 0;
      if (kind < 0.6) {
        pitch = std::clamp(pitch * (1 + glide / static_cast<double>(length)), 80.0, 240.0);
        phase += 2 * std::numbers::pi * pitch / 8000;
        for (int k = 1; k * pitch < 3300; ++k) {
          const double f = k * pitch;
          x += std::cos(k * phase) *
               (1 / (1 + std::pow((f - first) / 120, 2)) + 0.5 / (1 + std::pow((f - second) / 160, 2)));
        }
        x *= loud * shape * 0.6;
      } else if (kind < 0.75) {
        const double white = uniform(-1, 1);
        x = loud * shape * 0.25 * (white - low);
        low = white;
      }
      samples.push_back(x + 6 * uniform(-1, 1));
    }
  }
  std::vector<int16_t> rounded(wanted);
  for (std::size_t i = 0; i < wanted; ++i) {
    rounded[i] = static_cast<int16_t>(std::clamp(samples[i], -32000.0, 32000.0));
  }
  return rounded;
}

inline std::vector<uint8_t> alaw_of(const std::vector<int16_t>& samples) {
  std::vector<uint8_t> octets(samples.size());
  dsp::alaw_encode(samples.data(), octets.data(), samples.size());
  return octets;
}
inline std::vector<int16_t> linear_of(const std::vector<uint8_t>& octets) {
  std::vector<int16_t> samples(octets.size());
  dsp::alaw_decode(octets.data(), samples.data(), octets.size());
  return samples;
}

/// Something on its way. Times are the receiver's.
struct Datagram {
  std::vector<uint8_t> octets;
  int64_t sent_ns{};
  int64_t arrives_ns{};
};

struct SenderOptions {
  uint32_t ptime_ms = 20;
  uint8_t payload_type = 8;
  Encoding encoding = Encoding::kPcma;
  uint32_t ssrc = 0x11223344;
  uint16_t sequence = 1000;
  uint32_t timestamp = 160'000;
  int64_t start_ns = 1'000 * kMs;
  double drift_ppm = 0;  // its clock is fast by so much
};

/// The packets of a sender that has something to say all the time.
inline std::vector<Datagram> sent_by(const SenderOptions& options, const std::vector<uint8_t>& alaw) {
  std::vector<Datagram> datagrams;
  const auto encoder = Encoder::make(options.encoding, 24'000);
  const std::size_t samples = options.ptime_ms * 8;
  const uint32_t units = options.encoding == Encoding::kOpus ? 6 : 1;
  uint16_t sequence = options.sequence;
  for (std::size_t at = 0; at + samples <= alaw.size(); at += samples) {
    std::vector<uint8_t> payload(2000);
    payload.resize(encoder->encode(&alaw[at], samples, payload.data()));
    PacketView view{.payload_type = options.payload_type,
                    .marker = at == 0,
                    .sequence = sequence++,
                    .timestamp = options.timestamp + static_cast<uint32_t>(at) * units,
                    .ssrc = options.ssrc,
                    .payload = payload};
    Datagram datagram;
    datagram.octets.resize(1500);
    datagram.octets.resize(write_packet(view, datagram.octets));
    // A packet leaves when its last sample has been spoken.
    const double ns = static_cast<double>(at + samples) * 125'000 / (1 + options.drift_ppm * 1e-6);
    datagram.sent_ns = options.start_ns + static_cast<int64_t>(ns);
    datagrams.push_back(std::move(datagram));
  }
  return datagrams;
}

/// What happens between two ends.
struct Network {
  double delay_ms = 30;
  double jitter_ms = 0;      // exponential, on top of the delay: most packets are fast, some are not
  double loss = 0;           // share of packets
  double burst = 1;          // mean length of a loss, packets (Gilbert's model)
  double duplicates = 0;     // share
  double reordered = 0;      // share that is held back by 30 ms more
  double spike_every_s = 0;  // the network stands still now and then; 0: never
  double spike_ms = 200;
  bool keeps_order = true;  // jitter does not let a packet overtake another, as in a queue
  uint32_t seed = 1;

  std::vector<Datagram> carry(std::vector<Datagram> datagrams) const {
    std::mt19937 random(seed);
    const auto chance = [&] { return (random() + 0.5) / 4294967296.0; };
    std::vector<Datagram> arrived;
    bool losing = false;
    int64_t latest = 0, blocked_until = 0, next_spike = INT64_MAX;
    if (!datagrams.empty() && spike_every_s > 0) {
      next_spike = datagrams.front().sent_ns + static_cast<int64_t>(spike_every_s * 1000) * kMs;
    }
    for (auto& datagram : datagrams) {
      losing = losing ? chance() > 1 / burst : chance() < loss / (1 - loss) / burst;
      const double wait = delay_ms - jitter_ms * std::log(chance());
      const bool held = chance() < reordered, twice = chance() < duplicates;
      if (burst <= 1) losing = chance() < loss;
      if (losing) continue;
      int64_t at = datagram.sent_ns + static_cast<int64_t>((jitter_ms > 0 ? wait : delay_ms) * 1e6);
      if (at >= next_spike) {
        blocked_until = next_spike + static_cast<int64_t>(spike_ms) * kMs;
        next_spike += static_cast<int64_t>(spike_every_s * 1000) * kMs;
      }
      at = std::max(at, blocked_until);
      if (keeps_order) at = latest = std::max(at, latest);
      if (held) at += 30 * kMs;
      datagram.arrives_ns = at;
      arrived.push_back(datagram);
      if (twice) {
        arrived.push_back(datagram);
        arrived.back().arrives_ns += 3 * kMs;
      }
    }
    std::stable_sort(arrived.begin(), arrived.end(),
                     [](const Datagram& a, const Datagram& b) { return a.arrives_ns < b.arrives_ns; });
    return arrived;
  }
};

inline StreamParams params_of(Encoding encoding = Encoding::kPcma) {
  StreamParams params;
  const uint8_t types[] = {8, 0, 9, 111};
  const auto i = static_cast<std::size_t>(encoding);
  params.send = {types[i], encoding, encoding == Encoding::kOpus ? 48'000U : 8'000U};
  params.receive = {
      params.send, {101, Encoding::kTelephoneEvent, params.send.clock_hz}, {13, Encoding::kComfortNoise, 8000}};
  params.send_events = {101, Encoding::kTelephoneEvent, params.send.clock_hz};
  return params;
}

inline StreamIdentity identity_of(uint32_t seed = 1) {
  return {.ssrc = 0xA0000000 + seed,
          .first_sequence = static_cast<uint16_t>(65'000 + seed),
          .first_timestamp = 0xFFFFF000,
          .seed = seed,
          .cname = "cname" + std::to_string(seed)};
}

inline std::unique_ptr<Stream> stream_of(const StreamParams& params, uint32_t seed = 1) {
  auto made = Stream::make(params, identity_of(seed));
  return made ? std::move(*made) : nullptr;
}

/// What a stream makes of datagrams, tick by tick; `phase_ns` is where in 20 ms its ticks lie.
struct Played {
  std::vector<uint8_t> heard;
  std::vector<double> delays_ms;  // as the stream tells them, one a tick
  int64_t first_tick_ns{};
};

inline Played play(Stream& stream, const std::vector<Datagram>& arrived, int64_t until_ns, int64_t phase_ns = 7 * kMs,
                   const std::function<void(int64_t)>& at_tick = {}, int64_t from_ns = 1'000 * kMs) {
  Played played;
  played.first_tick_ns = from_ns + phase_ns;
  std::size_t next = 0;
  while (next < arrived.size() && arrived[next].arrives_ns < from_ns) ++next;
  for (int64_t tick = played.first_tick_ns; tick < until_ns; tick += kTickNs) {
    for (; next < arrived.size() && arrived[next].arrives_ns <= tick; ++next) {
      stream.deliver(arrived[next].octets, arrived[next].arrives_ns);
    }
    if (at_tick) at_tick(tick);
    uint8_t row[kBlock];
    stream.receive(row, tick);
    played.heard.insert(played.heard.end(), row, row + kBlock);
    played.delays_ms.push_back(stream.statistics().delay_ms);
  }
  return played;
}

inline double dot(const int16_t* a, const int16_t* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// Of stretches of `n` samples: 10 log of the power of `sent` over that of the difference, -20 … 60 dB.
inline double snr_db(const int16_t* heard, const int16_t* sent, std::size_t n) {
  double error = 1, power = 1;
  for (std::size_t i = 0; i < n; ++i) {
    error += std::pow(heard[i] - sent[i], 2);
    power += std::pow(sent[i], 2);
  }
  return std::clamp(10 * std::log10(power / error), -20.0, 60.0);
}

/// By how many samples `heard` at `at` lies behind `sent`, looked for around `about`; by correlation, over `n` samples.
inline int best_lag(const std::vector<int16_t>& heard, std::size_t at, const std::vector<int16_t>& sent, int about,
                    int around, std::size_t n) {
  double best = -2;
  int lag = about;
  for (int d = about - around; d <= about + around; ++d) {
    const auto from = static_cast<std::ptrdiff_t>(at) - d;
    if (from < 0 || from + static_cast<std::ptrdiff_t>(n) > static_cast<std::ptrdiff_t>(sent.size())) continue;
    const double like = dot(&heard[at], &sent[static_cast<std::size_t>(from)], n) /
                        std::sqrt(1 + dot(&heard[at], &heard[at], n) * dot(&sent[static_cast<std::size_t>(from)],
                                                                           &sent[static_cast<std::size_t>(from)], n));
    if (like > best) best = like, lag = d;
  }
  return lag;
}

/// Correlation of two stretches, −1 … 1.
inline double likeness(const int16_t* a, const int16_t* b, std::size_t n) {
  return dot(a, b, n) / std::sqrt(1 + dot(a, a, n) * dot(b, b, n));
}

/// How a call sounded: block by block against what was sent, wherever in time it was played.
struct Judgement {
  double segmental_snr_db{};  // mean over blocks with speech, each within -20 … 35 dB
  double good_blocks{};       // share of them that are as they were sent, by more than 20 dB
  double likeness{};          // mean correlation of them
  double mean_delay_ms{}, worst_delay_ms{}, least_delay_ms{1e9};  // of those whose place was found
  int silent_gaps{};  // runs of 40 ms and more of silence where there should have been speech
};

/// `heard` began `offset_ms` after the speech, whose sender was fast by `drift_ppm`; each block is looked for up to 800 ms
/// behind. `exact`: the codec leaves the samples as they are, so what is merely alike is a concealment. The first second is
/// left out.
inline Judgement judge(const std::vector<uint8_t>& heard_alaw, const std::vector<uint8_t>& sent_alaw, double offset_ms,
                       double drift_ppm = 0, bool exact = true) {
  constexpr int kMost = 800 * 8, kNear = 240;
  constexpr std::size_t kWindow = 2 * kBlock;
  const auto heard = linear_of(heard_alaw), sent = linear_of(sent_alaw);
  Judgement j;
  int lag = -1, blocks = 0, good = 0, placed = 0, silent_run = 0;
  double snr = 0, delay = 0, alike = 0;
  for (std::size_t at = 8000; at + kWindow <= heard.size(); at += kBlock) {
    const auto offset = static_cast<int>(offset_ms * 8 + drift_ppm * 1e-6 * static_cast<double>(at));
    const auto original_at = [&](int behind) -> const int16_t* {
      const auto from = static_cast<std::ptrdiff_t>(at) + offset - behind;
      const bool there = behind >= 0 && from >= 0 &&
                         from + static_cast<std::ptrdiff_t>(kWindow) <= static_cast<std::ptrdiff_t>(sent.size());
      return there ? &sent[static_cast<std::size_t>(from)] : nullptr;
    };
    const auto like_at = [&](int behind) {
      const int16_t* const original = original_at(behind);
      return original == nullptr ? -1 : likeness(&heard[at], original, kBlock);
    };
    const auto is_there = [&](int behind) {
      const int16_t* const original = original_at(behind);
      if (original == nullptr) return false;
      return exact ? snr_db(&heard[at], original, kBlock) >= 20 : like_at(behind) >= 0.9;
    };
    const double own = dot(&heard[at], &heard[at], kBlock) / kBlock;
    // Where it was before; near there; anywhere.
    if (own > 1e5 && !is_there(lag)) {
      int found = lag < 0 ? -1 : offset + best_lag(heard, at, sent, lag - offset, kNear, kBlock);
      if (!is_there(found)) found = offset + best_lag(heard, at, sent, kMost / 2 - offset, kMost / 2, kWindow);
      if (is_there(found)) lag = found;
    }
    const int16_t* const original = original_at(lag);
    if (original == nullptr) continue;
    const double power = dot(original, original, kBlock) / kBlock;
    silent_run = own < 400 && power > 3e5 ? silent_run + 1 : 0;
    if (silent_run == 2) ++j.silent_gaps;
    if (power < 1e5) continue;
    const double db = snr_db(&heard[at], original, kBlock);
    const double like = like_at(lag);
    ++blocks;
    snr += std::min(db, 35.0);
    alike += like;
    good += db >= 20;
    if (!is_there(lag)) continue;
    ++placed;
    delay += lag / 8.0;
    j.worst_delay_ms = std::max(j.worst_delay_ms, lag / 8.0);
    j.least_delay_ms = std::min(j.least_delay_ms, lag / 8.0);
  }
  if (blocks > 0) {
    j.segmental_snr_db = snr / blocks;
    j.good_blocks = static_cast<double>(good) / blocks;
    j.likeness = alike / blocks;
  }
  j.mean_delay_ms = placed > 0 ? delay / placed : 0;
  return j;
}

}  // namespace cordboard::rtp::traces
