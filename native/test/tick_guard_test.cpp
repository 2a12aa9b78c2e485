// SPDX-License-Identifier: GPL-2.0-or-later
// The media tick allocates nothing, takes no lock, and makes no system call: shown by running all of it under a guard
// that ends the process at the first of them (tick_guard.hpp), and by showing that the guard does.
#include "tick_guard.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>

#include "cards/virtual/virtual_card.hpp"
#include "media_card.hpp"
#include "media_script.hpp"

namespace cordboard::media {
namespace {

constexpr uint32_t kPhones = 250;
constexpr uint32_t kRooms = 12;

/// One tick under guard, its shards one after the other.
void guarded_tick(MediaCore& core) {
  constexpr int64_t kTickNs = 20'000'000;
  const int64_t due_ns = static_cast<int64_t>(core.ticks() + 1) * kTickNs;
  const InTick guard;
  core.begin(due_ns);
  for (const auto phase : kPhases) {
    for (uint32_t shard = 0; shard < core.shards(); ++shard) core.run(phase, shard);
  }
  core.end();
}

class GuardedScript : public MediaScript {
 public:
  GuardedScript(MediaCore& core, Settings settings) : MediaScript(core, std::move(settings)), media_(core) {}

  std::vector<Recording*> attached;
  uint64_t lost{};
  uint64_t gathered{};
  std::array<uint64_t, 15> reports{};

 protected:
  void begin_recording() override {
    if (attached.size() >= 60) return;
    auto* recording = new Recording();
    ++counts[kRecordings].made;
    recording->port = any_port();
    recording->feed = media_.shard_of(recording->port);
    recording->limit = 1 + static_cast<uint32_t>(pick(kChunkBlocks));
    attached.push_back(recording);
    post({.kind = OperationKind::kRecordOn, .recording = recording});
  }
  void end_recording() override {
    if (attached.size() < 30 || pick(2) == 0) return;
    const auto which = attached.begin() + static_cast<std::ptrdiff_t>(pick(attached.size()));
    post({.kind = OperationKind::kRecordOff, .recording = *which});
    attached.erase(which);
  }
  void detached(Recording* recording) override {
    lost += recording->lost_blocks;
    ++counts[kRecordings].freed;
    ended_.emplace_back(recording);  // its last chunk still names it
  }
  void told(const Report& report) override { ++reports[static_cast<std::size_t>(report.kind)]; }

 private:
  MediaCore& media_;
  std::vector<std::unique_ptr<Recording>> ended_;
};

TEST(TickGuard, FindsNoAllocationLockOrSystemCallInAnythingATickDoes) {
  if (!watch_system_calls()) std::cout << "this kernel cannot watch system calls: only the functions are watched\n";
  // Two spans on a cable and an analog pair at the end of the rows, as an engine on the virtual card has them.
  constexpr bus::Port kCabled = kPhones + kRooms;
  std::vector<bus::Port> announcers;
  for (bus::Port port = kPhones; port < kCabled; ++port) announcers.push_back(port);
  KnownCard known(kPhones);
  cards::VirtualCard cabled;
  cabled.add_span(1, kCabled);
  cabled.add_span(2, kCabled + 31);
  ASSERT_TRUE(cabled.join_spans(1, 2));
  cabled.add_station(1, kCabled + 62);
  cabled.add_line(1, kCabled + 63);
  ASSERT_TRUE(cabled.join_analogs(1, 1));
  MediaCore core(kCabled + 64, announcers, {&known, &cabled}, 4);
  MemoryFeeds feeds(core, 40);
  GuardedScript script(core, {.last = kPhones, .announcers = announcers, .seats = 40, .faxes = true, .streams = 40, .seed = 3});
  for (uint32_t i = 0; i < 64; ++i) {
    script.post({.kind = OperationKind::kSource, .port = kCabled + i, .value = i});
  }
  for (int tick = 0; tick < 4000; ++tick) {
    script.act();
    if (tick == 1000) cabled.set_alarms(1, {.los = true});
    if (tick == 1100) cabled.set_alarms(1, {});
    guarded_tick(core);
    script.carry(static_cast<int64_t>(tick + 1) * 20'000'000);
    // Nobody takes reports for a while, and nobody gives chunks back: rings fill, recordings starve.
    if (tick % 400 < 100) continue;
    script.take_all();
    feeds.drain([&](Recording&, uint64_t, const uint8_t*, uint32_t octets) { script.gathered += octets; });
  }
  // All of it did happen.
  for (const auto kind : {ReportKind::kPlayFinished, ReportKind::kPlayStopped, ReportKind::kDigit, ReportKind::kSpeaker,
                          ReportKind::kPlanFreed, ReportKind::kWatcherNoted, ReportKind::kWatcherFreed,
                          ReportKind::kConditionerFreed, ReportKind::kFaxDetached, ReportKind::kRecordingDetached,
                          ReportKind::kStreamNoted, ReportKind::kStreamDetached,
                          ReportKind::kProbeNoted, ReportKind::kProbeDetached}) {
    EXPECT_GT(script.reports[static_cast<std::size_t>(kind)], 20U) << "reports of kind " << static_cast<int>(kind);
  }
  EXPECT_GT(script.lost, 100U) << "blocks for which no chunk was free";
  EXPECT_GT(script.gathered, 50'000U * kStereoBlock);
  EXPECT_EQ(4000U, core.ticks());
  EXPECT_GT(script.packets_carried, 20'000U);
  script.end_streams();
  script.post_waiting();
  core.drain([&](const Report& report) { script.take(report); });
  for (const auto type : {8, 0, 9, 111, 101}) {
    EXPECT_GT(script.carried_of_type[static_cast<std::size_t>(type)], 500U) << "packets of payload type " << type;
  }
  feeds.drain([](Recording&, uint64_t, const uint8_t*, uint32_t) {});
  for (const auto& [made, freed] : script.counts) {
    EXPECT_GT(made, 0U);
    EXPECT_EQ(made, freed);
  }
}

TEST(TickGuard, FindsNothingWhenReportsHaveNoRoom) {
  KnownCard known(128);
  MediaCore core(128, {}, {&known}, 2);
  watch_system_calls();
  // Every tick 128 watchers note something, until the rings of 65536 are full.
  class Noting : public Watcher {
   public:
    bool listen(const int16_t*) override { return true; }
  };
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (bus::Port port = 0; port < 128; ++port) {
    watchers.push_back(std::make_unique<Noting>());
    watchers.back()->port = port;
    ASSERT_TRUE(core.post({.kind = OperationKind::kWatchOn, .watcher = watchers.back().get()}));
  }
  for (int tick = 0; tick < 1100; ++tick) {
    if (tick == 1090) {
      for (const auto& watcher : watchers) core.post({.kind = OperationKind::kWatchOff, .watcher = watcher.get()});
    }
    guarded_tick(core);
  }
  Report report;
  uint32_t freed = 0;
  const auto count = [&] {
    while (core.take(report)) freed += report.kind == ReportKind::kWatcherFreed;
  };
  count();
  EXPECT_EQ(0U, freed) << "what could not be told has to wait";
  for (int tick = 0; tick < 10; ++tick) {
    guarded_tick(core);
    count();
  }
  EXPECT_EQ(128U, freed);
}

// -------------------------------------------------------------------------------------------- that the guard does guard

struct Offence {
  const char* name;
  const char* message;
  std::function<void()> act;
  bool by_kernel = false;  // seen only where system calls are watched
};

std::mutex some_mutex;
std::condition_variable some_condition;
std::atomic<uint32_t> some_atomic{0};
void* volatile kept = nullptr;  // so that no allocation is optimised away
volatile bool seen = false;     // nor a result

const Offence kOffences[] = {
    {"Malloc", "malloc", [] { kept = std::malloc(10); }},
    {"New", "malloc", [] { kept = new std::string(); }},
    {"Calloc", "calloc", [] { kept = std::calloc(10, 10); }},
    {"Realloc", "realloc", [] { kept = std::realloc(kept, 30); }},
    {"AlignedAlloc", "aligned_alloc", [] { kept = std::aligned_alloc(64, 64); }},
    {"AlignedNew", "(aligned_alloc|memalign)", [] { kept = new Chunk(); }},
    {"Free", "free", [] { std::free(kept); }},
    {"Lock", "pthread_mutex_lock", [] { some_mutex.lock(); }},
    {"TryLock", "pthread_mutex_trylock", [] { seen = some_mutex.try_lock(); }},
    {"Notify", "pthread_cond", [] { some_condition.notify_all(); }},
    {"AtomicWait", "(syscall|sched_yield)", [] { some_atomic.wait(0); }},
    {"Write", "write", [] { seen = write(STDOUT_FILENO, "x", 1) == 1; }},
    {"Print", "(printf|puts|putchar|fwrite)", [] { std::printf("%d %s\n", 4711, "x"); }},
    {"Stream", "(fwrite|putc|fflush|write|malloc)", [] { std::cerr << "x" << std::flush; }},
    {"Open", "open", [] { seen = open("/dev/null", O_RDONLY) > 0; }},
    {"Sleep", "nanosleep",
     [] {
       const timespec time{0, 1};
       nanosleep(&time, nullptr);
     }},
    {"Throw", "malloc",
     [] {
       try {
         throw 1;
       } catch (int) {
       }
     }},
    // By no function that is listed above.
    {"AnySystemCall", "system call [0-9]+", [] { seen = access("/", R_OK) == 0; }, true},
};

class Offender : public Watcher {
 public:
  explicit Offender(const Offence& offence) : offence_(offence) {}
  bool listen(const int16_t*) override {
    if (offends) offence_.act();
    return false;
  }
  bool offends = false;

 private:
  const Offence& offence_;
};

class TickGuardDeathTest : public ::testing::TestWithParam<Offence> {};

TEST_P(TickGuardDeathTest, EndsTheProcess) {
  const auto& offence = GetParam();
  MediaCore core(64, {}, {}, 1);
  Offender offender(offence);
  ASSERT_TRUE(core.post({.kind = OperationKind::kWatchOn, .watcher = &offender}));
  if (!watch_system_calls() && offence.by_kernel) GTEST_SKIP() << "this kernel cannot watch system calls";
  guarded_tick(core);  // without the offence nothing is found
  EXPECT_DEATH(
      {
        watch_system_calls();  // forgotten by a fork
        offender.offends = true;
        guarded_tick(core);
      },
      std::string("tick guard: ") + offence.message);
}

INSTANTIATE_TEST_SUITE_P(Offences, TickGuardDeathTest, ::testing::ValuesIn(kOffences),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace cordboard::media
