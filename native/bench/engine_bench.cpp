// SPDX-License-Identifier: GPL-2.0-or-later
// What the switch costs: connections, conferences and recordings per channel-block, and the tick of a loaded box of 480
// channels (16 E1) as it runs, all of them watched for digits, connected in pairs and recorded in stereo.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "bench.hpp"
#include "bus/bus.hpp"
#include "dsp/kernels.hpp"
#include "engine/media_thread.hpp"
#include "media/media_core.hpp"

namespace {

using namespace cordboard;

constexpr uint32_t kChannels = 480;

/// A card on which everybody speaks: noise at -20 dBm0, another stretch of it every tick.
class TalkingCard : public cards::Card {
 public:
  explicit TalkingCard(uint32_t ports) : ports_(ports), noise_(kStretches * bus::kBlock) {
    std::mt19937 random(1);
    std::normal_distribution<double> level(0, 2300);
    std::vector<int16_t> samples(noise_.size());
    for (auto& sample : samples) sample = static_cast<int16_t>(level(random));
    dsp::alaw_encode(samples.data(), noise_.data(), samples.size());
  }
  void exchange(const cards::SpeechRows& rows) override {
    for (uint32_t port = 0; port < ports_; ++port) {
      const auto stretch = (port * 7 + tick_) % kStretches;
      std::memcpy(rows.received + port * bus::kBlock, noise_.data() + stretch * bus::kBlock, bus::kBlock);
    }
    ++tick_;
  }
  bool pump(Millis) override { return false; }

 private:
  static constexpr uint32_t kStretches = 509;
  uint32_t ports_;
  uint32_t tick_{};
  std::vector<uint8_t> noise_;
};

double connect_ns() {
  bus::Bus bus(kChannels);
  for (uint32_t port = 0; port < kChannels; ++port) bus.set_source(port, port ^ 1);
  return bench::fastest_ns(kChannels, [&] {
    bus.begin_tick();
    bus.route();
  });
}

double conference_ns(uint32_t seats) {
  bus::Bus bus(seats);
  bus::ConferencePlan plan;
  for (uint32_t port = 0; port < seats; ++port) plan.seats.push_back({.port = port});
  bus.set_conference(0, &plan);
  return bench::fastest_ns(seats, [&] {
    bus.begin_tick();
    bus.route();
  });
}

double record_ns() {
  std::vector<std::unique_ptr<media::Recording>> recordings;
  for (uint32_t i = 0; i < kChannels; ++i) recordings.push_back(std::make_unique<media::Recording>());
  std::vector<uint8_t> left(bus::kBlock * kChannels, 0x11);
  std::vector<uint8_t> right(bus::kBlock * kChannels, 0x22);
  return bench::fastest_ns(kChannels, [&] {
    for (uint32_t i = 0; i < kChannels; ++i) {
      auto& recording = *recordings[i];
      media::record_block(recording, left.data() + i * bus::kBlock, right.data() + i * bus::kBlock);
    }
    dsp::kernels().stream_fence();
    for (auto& recording : recordings) {
      media::publish_block(*recording);
      recording->tail.store(recording->head.load());
    }
  });
}

/// A loaded box for `seconds`, with the writer writing to a folder of its own.
engine::TickStatistics loaded_tick(int seconds) {
  const auto folder = std::filesystem::temp_directory_path() / ("cordboard-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  engine::TickStatistics statistics;
  {
    TalkingCard card(kChannels);
    media::MediaCore core(kChannels, {}, {&card});
    media::RecordingWriter writer(1000, [](media::Recording* recording) {
      std::fprintf(stderr, "%s\n", recording->failure.c_str());
    });
    std::vector<std::unique_ptr<media::Recording>> recordings;
    for (uint32_t port = 0; port < kChannels; ++port) {
      auto& recording = *recordings.emplace_back(std::make_unique<media::Recording>());
      recording.id = port + 1;
      recording.port = port;
      recording.path = folder / (std::to_string(port) + ".wav");
      writer.open(&recording, [](Result<> opened) {
        if (!opened) std::fprintf(stderr, "%s\n", opened.error().text.c_str());
      });
      core.post({.kind = media::OperationKind::kSource, .port = port, .value = port ^ 1});
      core.post({.kind = media::OperationKind::kDetectorOn, .port = port, .detector = new dsp::DtmfState{}});
      core.post({.kind = media::OperationKind::kRecordOn, .recording = &recording});
    }
    Wake wake;
    engine::MediaThread thread(core, wake, true);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    while (std::chrono::steady_clock::now() < end) wake.wait(100);
    statistics = thread.statistics();
    thread.stop();
    core.drain([&](const media::Report& report) {
      if (report.kind == media::ReportKind::kDetectorFreed) delete report.detector;
      if (report.kind == media::ReportKind::kRecordingDetached) writer.finish(report.recording, [](media::Recording*) {});
    });
    writer.stop();
  }
  std::filesystem::remove_all(folder);
  return statistics;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per channel-block of 20 ms; the tick in whole");
  report.add("connect two parties, whole bus", connect_ns(), 7);
  report.add("conference of 30, per party", conference_ns(30), 90);
  report.add("conference of 50, per party", conference_ns(50), 150);
  report.add("record, stereo", record_ns(), 15);
  const char* seconds = std::getenv("CORDBOARD_BENCH_SECONDS");
  const auto tick = loaded_tick(seconds != nullptr ? std::atoi(seconds) : 20);
  // The goal for 4096 timeslots is 1.3 ms; 480 are given their share.
  constexpr double kGoalNs = 1.3e6 * kChannels / 4096;
  report.add("tick of 480 channels, p50", tick.p50Us * 1000, kGoalNs);
  report.add("tick of 480 channels, p99", tick.p99Us * 1000, kGoalNs);
  report.add("tick of 480 channels, late p99", tick.latenessP99Us * 1000, 35000);
  report.add("ticks missed", tick.missed);
  report.print();
}
