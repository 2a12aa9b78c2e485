// SPDX-License-Identifier: GPL-2.0-or-later
// What the switch costs: connections, conferences and recordings per channel-block. The whole tick is in switch_bench.
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "bench.hpp"
#include "bus/bus.hpp"
#include "dsp/kernels.hpp"
#include "media/recording.hpp"

namespace {

using namespace cordboard;

constexpr uint32_t kChannels = 480;

double connect_ns() {
  bus::Bus bus(kChannels);
  for (uint32_t port = 0; port < kChannels; ++port) bus.set_source(port, port ^ 1);
  return bench::fastest_ns(kChannels, [&] {
    bus.begin_tick();
    bus.route();
  });
}

/// Per seat, with rooms that are alike: `listening` of the seats listen, `whispering` whisper to the first one, and the
/// others talk, each in octets of its own.
double conference_ns(uint32_t rooms, uint32_t seats, uint32_t listening = 0, uint32_t whispering = 0) {
  bus::Bus bus(rooms * seats);
  std::mt19937 random(7);
  std::vector<bus::ConferencePlan> plans(rooms);
  for (uint32_t port = 0; port < rooms * seats; ++port) {
    for (uint32_t i = 0; i < bus::kBlock; ++i) bus.received(port)[i] = static_cast<uint8_t>(random());
    const auto number = seats - 1 - port % seats;
    bus::Seat seat{.port = port};
    if (number < listening) {
      seat.role = bus::Role::kListen;
    } else if (number < listening + whispering) {
      seat.role = bus::Role::kWhisper;
      seat.whisper_to = port / seats * seats;
    }
    plans[port / seats].seats.push_back(seat);
  }
  for (uint32_t room = 0; room < rooms; ++room) bus.set_conference(room, &plans[room]);
  return bench::fastest_ns(static_cast<std::size_t>(rooms) * seats, [&] {
    bus.begin_tick();
    bus.route();
  });
}

double record_ns() {
  media::ChunkFeed feed;
  const auto memory = std::make_unique<media::Chunk[]>(kChannels * 2);
  for (uint32_t i = 0; i < kChannels * 2; ++i) feed.free.push(&memory[i]);
  std::vector<std::unique_ptr<media::Recording>> recordings;
  for (uint32_t i = 0; i < kChannels; ++i) recordings.push_back(std::make_unique<media::Recording>());
  std::vector<uint8_t> left(bus::kBlock * kChannels, 0x11);
  std::vector<uint8_t> right(bus::kBlock * kChannels, 0x22);
  return bench::fastest_ns(kChannels, [&] {
    for (uint32_t i = 0; i < kChannels; ++i) {
      media::record_block(*recordings[i], feed, left.data() + i * bus::kBlock, right.data() + i * bus::kBlock);
    }
    dsp::kernels().stream_fence();
    for (media::FullChunk full; feed.full.pop(full);) feed.free.push(full.chunk);
  });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel-block of 20 ms");
  report.add("connect two parties, whole bus", connect_ns(), 7);
  report.add("conference of 30, per party", conference_ns(1, 30), 90);
  report.add("conference of 50, per party", conference_ns(1, 50), 150);
  report.add("record, stereo", record_ns(), 15);
  report.add("conference of 100, per party", conference_ns(1, 100), 150);
  report.add("50 rooms of 20, per seat", conference_ns(50, 20), 150);
  report.add("conference of 100, 96 listening", conference_ns(1, 100, 96), 150);
  report.add("conference of 100, 50 whispering", conference_ns(1, 100, 0, 50), 150);
  report.print();
}
