// SPDX-License-Identifier: GPL-2.0-or-later
// A loaded switch as it runs: every timeslot decoded and watched for digits, connected in pairs and recorded in stereo
// to disk, in real time. What every port says is known block by block, so the work is checked: recordings bit by bit,
// digits one by one.
//
//   switch_bench [--scenario switch4096] [--seconds 10] [--threads 1] [--folder /tmp] [--json]
//
// Without a scenario: 256, 512, … 4096 timeslots one after the other, three seconds each. Recordings last a minute at
// most and are begun anew, as calls are; those that are not in the sample are removed when they are whole.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "bench.hpp"
#include "engine/media_thread.hpp"
#include "media/media_core.hpp"
#include "media/recording_writer.hpp"
#include "media/wav_file.hpp"
#include "media_card.hpp"

namespace {

using namespace cordboard;
namespace fs = std::filesystem;

struct Outcome {
  uint32_t timeslots{};
  engine::TickStatistics tick;
  uint64_t recorded_bytes{};
  uint64_t lost_blocks{};
  uint32_t checked{};  // recordings
  uint32_t wrong{};    // of those
  uint64_t digits_expected{};
  uint64_t digits_wrong{};  // missing, false or too many
  std::string failure;

  double ns_per_timeslot() const { return tick.p50Us * 1000 / timeslots; }
};

class Run {
 public:
  Run(uint32_t timeslots, uint32_t threads, const std::string& folder) : timeslots_(timeslots), card_(timeslots) {
    folder_ = fs::path(folder) / ("cordboard-switch-" + std::to_string(getpid()));
    fs::create_directories(folder_ / "journal");
    core_ = std::make_unique<media::MediaCore>(timeslots, std::vector<bus::Port>{}, std::vector<cards::Card*>{&card_},
                                               threads);
    media::RecorderSettings settings;
    settings.folder = folder_ / "journal";
    settings.feeds = core_->shards();
    settings.realtime = true;
    writer_ = std::make_unique<media::RecordingWriter>(
        settings, [this](media::Recording* recording) { failed(recording->failure); },
        [this](const media::StoreReport& report) { failed(report.detail); });
    for (uint32_t shard = 0; shard < core_->shards(); ++shard) core_->set_feed(shard, writer_->feed(shard));
    digits_.resize(timeslots);
    recording_.resize(timeslots, nullptr);
  }
  ~Run() { fs::remove_all(folder_); }

  Outcome measure(int seconds) {
    for (uint32_t port = 0; port < timeslots_; ++port) {
      post({.kind = media::OperationKind::kSource, .port = port, .value = port ^ 1});
      post({.kind = media::OperationKind::kDigitsOn, .port = port});
      record(port);
    }
    while (opened_.load() < timeslots_) usleep(1000);
    Outcome outcome;
    Wake wake;
    {
      engine::MediaThread thread(*core_, wake, true);
      const uint64_t last = static_cast<uint64_t>(seconds) * 50;
      uint64_t seen = 0;
      while (core_->ticks() < last) {
        wake.wait(100);
        post_waiting();
        take_reports();
        // Everybody's call ends once a minute, 1/3000 of them in every tick.
        for (const auto now = core_->ticks(); seen < now; ++seen) {
          for (uint32_t port = 0; port < timeslots_; ++port) {
            if ((seen + port) % kCallTicks == 0 && seen > 0) hang_up(port);
          }
        }
      }
      outcome.tick = thread.statistics();
      if (!thread.realtime_refusal().empty()) std::fprintf(stderr, "%s\n", thread.realtime_refusal().c_str());
    }
    const auto ticks = static_cast<uint32_t>(core_->ticks());
    core_->drain([this](const media::Report& report) { take(report); });
    writer_->stop();
    outcome.timeslots = timeslots_;
    outcome.recorded_bytes = writer_->written_bytes();
    const std::lock_guard lock(mutex_);
    outcome.checked = checked_;
    outcome.wrong = wrong_;
    outcome.lost_blocks = lost_blocks_;
    outcome.failure = failure_;
    for (uint32_t port = 0; port < timeslots_; ++port) {
      const auto expected = card_.digits_of(port, ticks);
      outcome.digits_expected += expected.size();
      auto found = digits_[port];
      card_.leave_out_cut_off(port, ticks, found);
      for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
        if (i >= expected.size() || i >= found.size() || expected[i] != found[i]) ++outcome.digits_wrong;
      }
    }
    return outcome;
  }

 private:
  static constexpr uint32_t kCallTicks = 3000;
  static constexpr uint32_t kSampleOf = 61;  // every so manieth recording is checked bit by bit

  void failed(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = why;
  }

  void post(const media::Operation& operation) {
    if (!waiting_.empty() || !core_->post(operation)) waiting_.push_back(operation);
  }
  void post_waiting() {
    std::size_t done = 0;
    while (done < waiting_.size() && core_->post(waiting_[done])) ++done;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
  }

  void record(uint32_t port) {
    auto* recording = new media::Recording();
    recording->id = ++last_id_;
    recording->port = port;
    recording->feed = core_->shard_of(port);
    recording->path = folder_ / (std::to_string(recording->id) + ".wav");
    recording_[port] = recording;
    writer_->open(recording, [this, recording](Result<> opened) {
      if (!opened) {
        failed(opened.error().text);
        delete recording;
      } else {
        const std::lock_guard lock(mutex_);
        opened_recordings_.push_back(recording);
      }
      ++opened_;
    });
  }

  void hang_up(uint32_t port) {
    if (recording_[port] == nullptr || attached_.count(recording_[port]) == 0) return;
    post({.kind = media::OperationKind::kRecordOff, .recording = recording_[port]});
    record(port);
  }

  void take_reports() {
    std::vector<media::Recording*> opened;
    {
      const std::lock_guard lock(mutex_);
      opened.swap(opened_recordings_);
    }
    for (auto* recording : opened) {
      attached_.insert(recording);
      post({.kind = media::OperationKind::kRecordOn, .recording = recording});
    }
    media::Report report;
    while (core_->take(report)) take(report);
  }

  void take(const media::Report& report) {
    if (report.kind == media::ReportKind::kDigit) digits_[report.port] += static_cast<char>(report.value);
    if (report.kind != media::ReportKind::kRecordingDetached) return;
    attached_.erase(report.recording);
    writer_->finish(report.recording, [this](media::Recording* recording) {
      finished(*recording);
      delete recording;
    });
  }

  /// On the cutter's thread.
  void finished(const media::Recording& recording) {
    const bool sampled = recording.id % kSampleOf == 1;
    const bool good = !sampled || same(recording);
    fs::remove(recording.path);
    const std::lock_guard lock(mutex_);
    checked_ += sampled;
    wrong_ += !good;
    lost_blocks_ += recording.lost_blocks;
  }

  bool same(const media::Recording& recording) const {
    std::ifstream in(recording.path, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    if (recording.failed || bytes.size() != media::kWavHeaderBytes + recording.next_block * media::kStereoBlock ||
        recording.next_block == 0) {
      return false;
    }
    const auto matches = [&](uint32_t begin) {
      for (uint64_t block = 0; block < recording.next_block; ++block) {
        const auto tick = begin + static_cast<uint32_t>(block);
        const uint8_t* left = card_.said(recording.port, tick);
        const uint8_t* right = card_.said(recording.port ^ 1, tick);
        const uint8_t* at = bytes.data() + media::kWavHeaderBytes + block * media::kStereoBlock;
        for (uint32_t i = 0; i < bus::kBlock; ++i) {
          if (at[2 * i] != left[i] || at[2 * i + 1] != right[i]) return false;
        }
      }
      return true;
    };
    for (uint32_t begin = 0; begin + recording.next_block <= core_->ticks(); ++begin) {
      if (matches(begin)) return true;
    }
    return false;
  }

  const uint32_t timeslots_;
  fs::path folder_;
  media::KnownCard card_;
  std::unique_ptr<media::MediaCore> core_;
  std::unique_ptr<media::RecordingWriter> writer_;
  std::vector<media::Operation> waiting_;
  std::vector<std::string> digits_;
  std::vector<media::Recording*> recording_;
  std::set<media::Recording*> attached_;
  uint32_t last_id_{};
  std::atomic<uint32_t> opened_{0};
  std::mutex mutex_;
  std::vector<media::Recording*> opened_recordings_;
  uint32_t checked_{};
  uint32_t wrong_{};
  uint64_t lost_blocks_{};
  std::string failure_;
};

void print(const Outcome& outcome, bool json) {
  const auto& tick = outcome.tick;
  if (json) {
    std::printf(
        "{\"timeslots\": %u, \"tickP50Us\": %.1f, \"tickP99Us\": %.1f, \"tickMaxUs\": %.1f, \"missed\": %.0f, "
        "\"ticks\": %.0f, "
        "\"nsPerTimeslot\": %.1f, \"recordedBytes\": %llu, \"threads\": %u, \"realtime\": %s, \"latenessP99Us\": %.1f, "
        "\"lostBlocks\": %llu, \"recordingsChecked\": %u, \"recordingsWrong\": %u, \"digitsExpected\": %llu, "
        "\"digitsWrong\": %llu}\n",
        outcome.timeslots, tick.p50Us, tick.p99Us, tick.maxUs, tick.missed, tick.ticks, outcome.ns_per_timeslot(),
        static_cast<unsigned long long>(outcome.recorded_bytes), tick.threads, tick.realtime ? "true" : "false",
        tick.latenessP99Us, static_cast<unsigned long long>(outcome.lost_blocks), outcome.checked, outcome.wrong,
        static_cast<unsigned long long>(outcome.digits_expected),
        static_cast<unsigned long long>(outcome.digits_wrong));
    return;
  }
  // The goal for 4096 timeslots is 1.3 ms; others are given their share.
  const double goal_us = 1300.0 * outcome.timeslots / 4096;
  std::printf(
      "%5u timeslots  tick p50 %7.1f us (goal %6.1f)  p99 %7.1f  max %7.1f  missed %.0f of %.0f  late p99 %.0f us  "
      "%6.1f ns a timeslot  %llu MB recorded, %llu blocks lost  recordings %u checked, %u wrong  digits %llu, %llu "
      "wrong%s%s\n",
      outcome.timeslots, tick.p50Us, goal_us, tick.p99Us, tick.maxUs, tick.missed, tick.ticks, tick.latenessP99Us,
      outcome.ns_per_timeslot(), static_cast<unsigned long long>(outcome.recorded_bytes / 1000000),
      static_cast<unsigned long long>(outcome.lost_blocks), outcome.checked, outcome.wrong,
      static_cast<unsigned long long>(outcome.digits_expected), static_cast<unsigned long long>(outcome.digits_wrong),
      outcome.failure.empty() ? "" : "  ", outcome.failure.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::string scenario;
  std::string folder = fs::temp_directory_path();
  int seconds = 0;
  uint32_t threads = 1;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    json |= option == "--json";
    if (option == "--scenario") scenario = value;
    if (option == "--folder") folder = value;
    if (option == "--seconds") seconds = std::atoi(value);
    if (option == "--threads") threads = static_cast<uint32_t>(std::clamp(std::atoi(value), 1, 16));
  }
  std::vector<uint32_t> sizes{256, 512, 1024, 2048, 4096};
  if (!scenario.empty()) {
    unsigned size = 0;
    char end = 0;
    if (std::sscanf(scenario.c_str(), "switch%u%c", &size, &end) != 1 || size < 2 || size > 65536 || size % 2 != 0) {
      std::fprintf(stderr, "the scenario %s is none of switch2 … switch65536, by twos\n", scenario.c_str());
      return 2;
    }
    sizes = {size};
  }
  bool good = true;
  for (const auto size : sizes) {
    Run run(size, threads, folder);
    const auto outcome = run.measure(seconds > 0 ? seconds : scenario.empty() ? 3 : 10);
    print(outcome, json);
    std::fflush(stdout);
    if (!outcome.failure.empty()) std::fprintf(stderr, "%s\n", outcome.failure.c_str());
    good = good && outcome.failure.empty() && outcome.wrong == 0 && outcome.digits_wrong == 0;
  }
  return good ? 0 : 1;
}
