// SPDX-License-Identifier: GPL-2.0-or-later
// The result of a tick does not depend on how many shards it is divided into, nor on the threads that run them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <string_view>
#include <thread>

#include "bus/port_set.hpp"
#include "engine/media_thread.hpp"
#include "media/recording_writer.hpp"
#include "media/wav_file.hpp"
#include "media_card.hpp"
#include "media_script.hpp"

namespace cordboard::media {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kPorts = 300;
constexpr uint32_t kRooms = 20;
constexpr uint32_t kPhones = kPorts - kRooms;

std::vector<bus::Port> announcers() {
  std::vector<bus::Port> ports;
  for (bus::Port port = kPhones; port < kPorts; ++port) ports.push_back(port);
  return ports;
}

/// All that can be seen of a run from outside.
struct Outcome {
  std::vector<std::size_t> sent;  // tick by tick, port by port: hashes of the rows
  std::map<bus::Port, std::string> digits;
  std::map<uint32_t, std::string> speakers;                   // by conference: who spoke, one after the other
  std::map<bus::Port, uint32_t> noted;                        // by watchers
  std::map<uint32_t, std::pair<ReportKind, uint64_t>> plays;  // by id: how it ended, samples played
  std::vector<Bytes> recordings;
};

void hash_rows(const uint8_t* sent, std::vector<std::size_t>& to) {
  const std::hash<std::string_view> hash;
  for (uint32_t port = 0; port < kPorts; ++port) {
    to.push_back(hash({reinterpret_cast<const char*>(sent) + port * bus::kBlock, bus::kBlock}));
  }
}

class ComparedScript : public MediaScript {
 public:
  ComparedScript(MediaCore& core, Settings settings) : MediaScript(core, std::move(settings)), media_(core) {}

  Outcome outcome;
  uint64_t lost{};

  void gather(const Recording& recording, uint64_t first_block, const uint8_t* octets, uint32_t count) {
    auto& bytes = outcome.recordings[recording.id];
    if (bytes.size() != first_block * kStereoBlock)
      ADD_FAILURE() << "a chunk of recording " << recording.id << " lacks";
    bytes.insert(bytes.end(), octets, octets + count);
  }

 protected:
  void begin_recording() override {
    if (attached_.size() >= 50) return;
    auto recording = std::make_unique<Recording>();
    recording->id = static_cast<uint32_t>(recordings_.size());
    recording->port = any_port();
    recording->feed = media_.shard_of(recording->port);
    recording->limit = 1 + static_cast<uint32_t>(pick(kChunkBlocks));
    outcome.recordings.emplace_back();
    attached_.push_back(recording.get());
    post({.kind = OperationKind::kRecordOn, .recording = recording.get()});
    recordings_.push_back(std::move(recording));
  }
  void end_recording() override {
    if (attached_.size() < 20) return;
    const auto which = attached_.begin() + static_cast<std::ptrdiff_t>(pick(attached_.size()));
    post({.kind = OperationKind::kRecordOff, .recording = *which});
    attached_.erase(which);
  }
  void detached(Recording* recording) override { lost += recording->lost_blocks; }
  void told(const Report& report) override {
    switch (report.kind) {
      case ReportKind::kDigit:
        outcome.digits[report.port] += static_cast<char>(report.value);
        break;
      case ReportKind::kSpeaker:
        outcome.speakers[report.value] += std::to_string(static_cast<int32_t>(report.port)) + " ";
        break;
      case ReportKind::kWatcherNoted:
        ++outcome.noted[report.port];
        break;
      case ReportKind::kPlayFinished:
      case ReportKind::kPlayStopped:
        outcome.plays[report.playback->id] = {report.kind, report.playback->played_samples};
        break;
      default:
        break;
    }
  }

 private:
  MediaCore& media_;
  std::vector<std::unique_ptr<Recording>> recordings_;
  std::vector<Recording*> attached_;
};

struct Plan {
  uint32_t before;  // times the script acts before the first tick
  uint32_t during;  // ticks before each of which it acts once
  uint32_t after;   // ticks more
};

/// Ticks one after the other in this thread, or by a MediaThread.
Outcome run(uint32_t shards, const Plan& plan, bool threads = false) {
  KnownCard card(kPhones);
  MediaCore core(kPorts, announcers(), {&card}, shards);
  EXPECT_EQ(shards, core.shards());
  MemoryFeeds feeds(core, 4000);
  ComparedScript script(core, {.last = kPhones, .announcers = announcers(), .seats = 30, .seed = 11});
  const auto gather = [&](const Recording& recording, uint64_t first, const uint8_t* octets, uint32_t count) {
    script.gather(recording, first, octets, count);
  };
  card.on_sent = [&](const uint8_t* rows) {
    if (core.ticks() < plan.during + plan.after) hash_rows(rows, script.outcome.sent);
  };
  for (uint32_t i = 0; i < plan.before; ++i) script.act();
  for (uint32_t i = 0; i < plan.during; ++i) {
    script.act();
    core.tick();
    script.take_all();
    feeds.drain(gather);
  }
  if (threads) {
    Wake wake;
    engine::MediaThread thread(core, wake, false);
    while (core.ticks() < plan.after + 2) {
      wake.wait(100);
      script.take_all();
    }
    thread.stop();
  } else {
    for (uint32_t i = 0; i < plan.after; ++i) core.tick();
  }
  core.drain([&](const Report& report) { script.take(report); });
  feeds.drain(gather);
  EXPECT_EQ(0U, script.lost);
  return std::move(script.outcome);
}

void expect_same_rows(const Outcome& one, const Outcome& other) {
  ASSERT_EQ(one.sent.size(), other.sent.size());
  const auto differ = std::mismatch(one.sent.begin(), one.sent.end(), other.sent.begin());
  EXPECT_TRUE(differ.first == one.sent.end()) << "from tick " << (differ.first - one.sent.begin()) / kPorts << ", port "
                                              << (differ.first - one.sent.begin()) % kPorts;
}

void expect_same(const Outcome& one, const Outcome& other) {
  expect_same_rows(one, other);
  EXPECT_EQ(one.digits, other.digits);
  EXPECT_EQ(one.speakers, other.speakers);
  EXPECT_EQ(one.noted, other.noted);
  EXPECT_EQ(one.plays, other.plays);
  ASSERT_EQ(one.recordings.size(), other.recordings.size());
  for (std::size_t i = 0; i < one.recordings.size(); ++i) {
    EXPECT_TRUE(one.recordings[i] == other.recordings[i]) << "recording " << i;
  }
}

#if defined(__SANITIZE_THREAD__)
constexpr uint32_t kTicks = 200;  // one thread only, and it is slow
#else
constexpr uint32_t kTicks = 1500;
#endif

TEST(MediaShards, GiveTheSameHoweverManyTheyAre) {
  constexpr Plan kPlan{.before = 100, .during = kTicks, .after = 50};
  const auto one = run(1, kPlan);
  EXPECT_EQ((kPlan.during + kPlan.after - 1) * kPorts, one.sent.size() - kPorts) << "the first rows are silence";
  EXPECT_GT(one.digits.size(), 10U);
  EXPECT_GT(one.speakers.size(), 5U);
  EXPECT_GT(one.noted.size(), 10U);
  EXPECT_GT(one.plays.size(), 100U);
  EXPECT_GT(one.recordings.size(), 30U);
  // Of eight three are empty: 300 ports are five times 64.
  for (const uint32_t shards : {2U, 3U, 5U, 8U}) {
    SCOPED_TRACE(std::to_string(shards) + " shards");
    expect_same(one, run(shards, kPlan));
  }
}

TEST(MediaShards, GiveTheSameWhenEachHasAThread) {
  // Everything is asked for before the first tick, as a thread's pace is its own.
  constexpr Plan kPlan{.before = 400, .during = 0, .after = 60};
  const auto alone = run(1, kPlan);
  EXPECT_EQ(kPlan.after * kPorts, alone.sent.size());
  for (const uint32_t shards : {2U, 5U}) {
    SCOPED_TRACE(std::to_string(shards) + " threads");
    expect_same_rows(alone, run(shards, kPlan, true));
  }
}

TEST(MediaShards, RecordBitByBitWithAThreadEach) {
  constexpr uint32_t kShards = 3;
  constexpr uint32_t kSize = kShards * 64;
  const auto folder = fs::temp_directory_path() / ("cordboard-shards-" + std::to_string(getpid()));
  fs::create_directories(folder / "journal");
  KnownCard card(kSize);
  MediaCore core(kSize, {}, {&card}, kShards);
  RecorderSettings settings;
  settings.folder = folder / "journal";
  settings.feeds = kShards;
  settings.reserve_bytes = 0;
  settings.segment_bytes = 1 << 20;
  RecordingWriter writer(
      settings, [](Recording* recording) { ADD_FAILURE() << recording->failure; }, [](const StoreReport&) {});
  for (uint32_t shard = 0; shard < kShards; ++shard) core.set_feed(shard, writer.feed(shard));
  // Partners are of different shards.
  const auto partner = [](bus::Port port) { return (port + kSize / 2) % kSize; };
  std::vector<std::unique_ptr<Recording>> recordings;
  for (bus::Port port = 0; port < kSize; ++port) {
    ASSERT_TRUE(core.post({.kind = OperationKind::kSource, .port = port, .value = partner(port)}));
    if (port % 3 != 0) continue;
    auto recording = std::make_unique<Recording>();
    recording->id = port + 1;
    recording->port = port;
    recording->feed = core.shard_of(port);
    recording->path = folder / (std::to_string(port) + ".wav");
    std::promise<Result<>> opened;
    writer.open(recording.get(), [&](Result<> result) { opened.set_value(std::move(result)); });
    ASSERT_TRUE(opened.get_future().get());
    ASSERT_TRUE(core.post({.kind = OperationKind::kRecordOn, .recording = recording.get()}));
    recordings.push_back(std::move(recording));
  }
  {
    Wake wake;
    engine::MediaThread thread(core, wake, false);
    std::size_t finished = 0;
    bool ending = false;
    while (finished < recordings.size()) {
      wake.wait(100);
      if (!ending && core.ticks() >= 80) {
        ending = true;
        for (const auto& recording : recordings) {
          ASSERT_TRUE(core.post({.kind = OperationKind::kRecordOff, .recording = recording.get()}));
        }
      }
      Report report;
      while (core.take(report)) {
        if (report.kind != ReportKind::kRecordingDetached) continue;
        writer.finish(report.recording, [](Recording*) {});
        ++finished;
      }
    }
  }
  writer.stop();
  for (const auto& recording : recordings) {
    EXPECT_EQ(0U, recording->lost_blocks);
    EXPECT_GE(recording->next_block, 80U);
    const auto header = wav_header(recording->next_block * kStereoBlock);
    Bytes wanted(header.begin(), header.end());
    for (uint64_t tick = 0; tick < recording->next_block; ++tick) {
      const uint8_t* left = card.said(recording->port, tick);
      const uint8_t* right = card.said(partner(recording->port), tick);
      for (uint32_t i = 0; i < bus::kBlock; ++i) {
        wanted.push_back(left[i]);
        wanted.push_back(right[i]);
      }
    }
    std::ifstream in(recording->path, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_TRUE(wanted == bytes) << "recording of port " << recording->port;
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace cordboard::media

namespace cordboard::bus {
namespace {

std::vector<uint32_t> ports_of(const PortSet& set, uint32_t first, uint32_t last) {
  std::vector<uint32_t> ports;
  set.for_each(first, last, [&](uint32_t port) { ports.push_back(port); });
  return ports;
}

TEST(BusPortSet, HoldsWhatWasPutInUntilItIsTakenOut) {
  PortSet set(130);
  for (const uint32_t port : {129U, 0U, 63U, 64U, 64U}) set.insert(port);
  EXPECT_TRUE(set.contains(0));
  EXPECT_FALSE(set.contains(1));
  EXPECT_TRUE(set.contains(129));
  EXPECT_FALSE(set.contains(128));
  set.erase(64);
  set.erase(65);
  EXPECT_FALSE(set.contains(64)) << "it is in once, however often it is put in";
  EXPECT_EQ((std::vector<uint32_t>{0, 63, 129}), ports_of(set, 0, 130));
}

TEST(BusPortSet, IsWalkedInOrderAndByShards) {
  PortSet set(200);
  for (uint32_t port = 199; port < 200; --port) {
    if (port % 7 == 3) set.insert(port);
  }
  std::vector<uint32_t> all;
  for (uint32_t port = 3; port < 200; port += 7) all.push_back(port);
  EXPECT_EQ(all, ports_of(set, 0, 200));
  std::vector<uint32_t> in_parts;
  for (const auto& [first, last] : {std::pair{0U, 64U}, {64U, 128U}, {128U, 200U}, {200U, 200U}}) {
    for (const auto port : ports_of(set, first, last)) {
      EXPECT_GE(port, first);
      EXPECT_LT(port, last);
      in_parts.push_back(port);
    }
  }
  EXPECT_EQ(all, in_parts);
  EXPECT_TRUE(ports_of(PortSet(200), 0, 200).empty());
  EXPECT_TRUE(ports_of(PortSet(0), 0, 0).empty());
}

TEST(BusPortSet, LetsTheVisitorTakeOutWhatItIsGiven) {
  PortSet set(128);
  for (uint32_t port = 0; port < 128; ++port) set.insert(port);
  uint32_t visited = 0;
  set.for_each(0, 128, [&](uint32_t port) {
    EXPECT_EQ(visited, port);
    ++visited;
    if (port % 2 == 0) set.erase(port);
  });
  EXPECT_EQ(128U, visited);
  EXPECT_EQ(64U, ports_of(set, 0, 128).size());
  EXPECT_FALSE(set.contains(126));
  EXPECT_TRUE(set.contains(127));
}

}  // namespace
}  // namespace cordboard::bus
