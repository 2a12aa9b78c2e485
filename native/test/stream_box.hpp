// SPDX-License-Identifier: GPL-2.0-or-later
// An engine with RTP streams, and telephones that speak to them over the loopback.
#pragma once

#include <atomic>

#include "engine_box.hpp"
#include "own_ports.hpp"
#include "udp_peer.hpp"

namespace cordboard::engine {

using rtp::Address;
using rtp::Octets;
using rtp::Phone;

inline EngineConfig stream_config(uint32_t count = 8, const std::string& address = "127.0.0.1") {
  static std::atomic<uint32_t> next{0};
  auto config = test_config(0, 0);
  config.streams.count = count;
  config.streams.address = address;
  config.streams.portFirst = own_ports() + (next++ % 6) * 100;
  config.streams.portLast = config.streams.portFirst + 99;
  return config;
}

/// G.711 of the A-law kind both ways, until a test wants it otherwise.
inline StreamUpdate agreed(uint32_t leg, const Address& remote) {
  StreamUpdate update;
  update.leg = leg;
  update.remoteAddress = remote.host_text();
  update.remotePort = remote.port;
  update.codec = {StreamCodec::kPcma, 8, 20};
  update.receive = {{StreamCodec::kPcma, 8}};
  return update;
}

/// Octets of A-law that are nowhere twice: whatever part of them arrives says where it belongs.
inline Octets noise(std::size_t octets, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<double> level(0, 3000);
  std::vector<int16_t> samples(octets);
  for (auto& sample : samples) sample = static_cast<int16_t>(level(random));
  Octets encoded(octets);
  dsp::alaw_encode(samples.data(), encoded.data(), octets);
  return encoded;
}

/// So many octets in one piece are no accident. To ask for more would be to ask that a busy machine wakes every thread in time.
constexpr std::size_t kUnbroken = 640;

/// The longest stretch of `wanted` that stands in `heard` in one piece, in octets; looked for in blocks of 20 ms.
inline std::size_t longest_run(const Octets& heard, const Octets& wanted) {
  constexpr std::size_t kBlock = 160;
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin + kBlock <= wanted.size(); begin += kBlock) {
    const auto block = wanted.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto at = std::search(heard.begin(), heard.end(), block, block + kBlock);
    if (at == heard.end()) continue;
    const auto [end, unused] = std::mismatch(at, heard.end(), block, wanted.end());
    longest = std::max(longest, static_cast<std::size_t>(end - at));
  }
  return longest;
}

class StreamBox : public Box {
 public:
  explicit StreamBox(EngineConfig config = stream_config()) : Box(config), address_(config.streams.address) {}

  StreamOpened open(const Address& remote = {}, bool incoming = true) {
    StreamOpen command;
    command.incoming = incoming;
    if (remote.known()) command.remoteAddress = remote.host_text(), command.remotePort = remote.port;
    return ask<StreamOpened>(command);
  }
  Address at(const StreamOpened& stream) const { return *Address::parse(address_, static_cast<uint16_t>(stream.rtpPort)); }
  StreamUpdated update(const StreamUpdate& command) { return ask<StreamUpdated>(command); }
  StreamStatistics statistics(uint32_t leg) { return ask<StreamStatistics>(StreamStatisticsGet{leg}); }

  /// A stream that is agreed upon with a telephone, which calls it.
  StreamOpened connect(Phone& phone) {
    const auto stream = open(phone.local());
    update(agreed(stream.leg, phone.local()));
    phone.call(at(stream));
    return stream;
  }
  /// The statistics, once they are so.
  template <class Good>
  StreamStatistics wait_statistics(uint32_t leg, Good good) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    auto now = statistics(leg);
    while (!good(now) && std::chrono::steady_clock::now() < until) {
      // The threads that are waited for need the processor more.
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      now = statistics(leg);
    }
    EXPECT_TRUE(good(now)) << "received " << now.packetsReceived << ", from elsewhere " << now.refusedSource;
    return now;
  }

 private:
  std::string address_;
};

}  // namespace cordboard::engine
