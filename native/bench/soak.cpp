// SPDX-License-Identifier: GPL-2.0-or-later
// A switch for as long as one likes: everything that can be asked of the media tick, at random and in real time, while
// what must stay flat is watched.
//
//   engine_soak [--minutes 30 | --seconds 20] [--seed N] [--folder /tmp] [--allow-missed 0]
//
//   KnownCard ─> MediaCore, 512 ports, 2 threads ─> RecordingWriter, small journal ─> WAVs ─> checked, removed
//                     ^ MediaScript
//
// Ports 0-63 are connected in pairs for good and others never conditioned, so their recordings are known to the octet. On
// ports 64-127 are streams of which every block and every digit is looked at (soak_streams.hpp), beside those at random.
// Good: no tick missed, nothing wrong, nothing lost, memory and descriptors flat, everything made was given back.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "engine/media_thread.hpp"
#include "media/recording_writer.hpp"
#include "media/wav_file.hpp"
#include "media_card.hpp"
#include "media_script.hpp"
#include "soak_streams.hpp"

namespace {

using namespace cordboard;
namespace fs = std::filesystem;

constexpr bus::Port kPaired = 64;
constexpr bus::Port kStreamed = kPaired + 64;
constexpr bus::Port kRooms = 50;
constexpr bus::Port kPorts = 512;
constexpr bus::Port kPhones = kPorts - kRooms;
constexpr uint32_t kSeats = 100;
constexpr std::size_t kMostRecordings = 120;  // at once
constexpr uint64_t kTicksOfMinute = 3000;
constexpr uint64_t kGrowthAllowed = 16ULL << 20;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;  // a sanitizer's own grows
#else
constexpr bool kMemoryIsOurs = true;
#endif

/// What the host of a virtual machine has taken from all processors since it began, ms (proc(5), steal): a tick can be
/// late for no other reason.
uint64_t stolen_ms() {
  std::ifstream stat("/proc/stat");
  std::string cpu;
  uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  stat >> cpu >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  return steal * 1000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
}

struct Options {
  uint64_t ticks = 30 * kTicksOfMinute;
  uint64_t seed = std::random_device()();
  double allow_missed = 0;
  std::string folder = fs::temp_directory_path();
};

uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

std::size_t descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
}

/// The random driver, its recordings made by a RecordingWriter and looked at when they are whole.
class Soak : public media::MediaScript {
 public:
  Soak(media::MediaCore& core, media::RecordingWriter& writer, const media::KnownCard& card, fs::path folder,
       Settings settings)
      : MediaScript(core, std::move(settings)), core_(core), writer_(writer), card_(card), folder_(std::move(folder)) {}

  struct Tally {
    uint64_t finished{};
    uint64_t checked{};  // octet by octet
    uint64_t wrong{};
    uint64_t lost_blocks{};
    uint64_t bytes{};
  };
  Tally tally() {
    const std::lock_guard lock(mutex_);
    return tally_;
  }
  std::string failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  void fail(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (failure_.empty()) failure_ = why;
  }
  uint64_t digits{};

  void connect_pairs() {
    for (bus::Port port = 0; port < kPaired; ++port) {
      post({.kind = media::OperationKind::kSource, .port = port, .value = port ^ 1});
      post({.kind = media::OperationKind::kDigitsOn, .port = port});
    }
  }
  /// As many as there may ever be.
  void fill() {
    while (open_ < kMostRecordings) begin_recording();
  }
  /// Recordings that have been opened meanwhile begin.
  void attach_opened() {
    std::vector<media::Recording*> opened;
    {
      const std::lock_guard lock(mutex_);
      opened.swap(opened_);
    }
    for (auto* recording : opened) {
      asked_at_[recording] = {core_.ticks(), UINT64_MAX};
      attached_.push_back(recording);
      post({.kind = media::OperationKind::kRecordOn, .recording = recording});
    }
  }
  /// After the writer has stopped: none is left between the threads.
  void give_back_unbegun() {
    for (auto* recording : std::exchange(opened_, {})) {
      writer_.finish(recording, [this](media::Recording* done) {
        fs::remove(done->path);
        drop(done);
      });
    }
  }
  std::size_t recordings_open() const { return attached_.size(); }

 protected:
  void begin_recording() override {
    if (open_ >= kMostRecordings) return;
    ++open_;
    auto* recording = new media::Recording();
    ++counts[kRecordings].made;
    recording->id = ++last_id_;
    // A third are of the pairs, whose other side is known too.
    recording->port = pick(3) == 0 ? static_cast<bus::Port>(pick(kPaired)) : any_port();
    recording->feed = core_.shard_of(recording->port);
    recording->path = folder_ / (std::to_string(recording->id) + ".wav");
    writer_.open(recording, [this, recording](Result<> opened) {
      if (!opened) fail(opened.error().text);
      const std::lock_guard lock(mutex_);
      if (opened) {
        opened_.push_back(recording);
      } else {
        drop(recording);
      }
    });
  }

  void end_recording() override {
    if (attached_.size() < kMostRecordings / 2) return;
    const auto which = attached_.begin() + static_cast<std::ptrdiff_t>(pick(attached_.size()));
    asked_at_[*which].second = core_.ticks();
    post({.kind = media::OperationKind::kRecordOff, .recording = *which});
    attached_.erase(which);
  }

  void detached(media::Recording* recording) override {
    const auto [on, off] = asked_at_[recording];
    asked_at_.erase(recording);
    std::erase(attached_, recording);
    --open_;
    writer_.finish(recording, [this, on, off, now = core_.ticks()](media::Recording* done) {
      const bool good = check(*done, on, off, now);
      const auto size = fs::exists(done->path) ? fs::file_size(done->path) : 0;
      fs::remove(done->path);
      const std::lock_guard lock(mutex_);
      ++tally_.finished;
      tally_.checked += done->port < kPaired || done->port % 2 == 0;
      tally_.wrong += !good;
      tally_.lost_blocks += done->lost_blocks;
      tally_.bytes += size;
      drop(done);
    });
  }

  void told(const media::Report& report) override { digits += report.kind == media::ReportKind::kDigit; }

 private:
  /// Under the lock while other threads count too.
  void drop(media::Recording* recording) {
    ++counts[kRecordings].freed;
    delete recording;
  }

  /// Cutter's thread. Asked for after `on` whole ticks, to end after `off`, known to have ended before `now`.
  bool check(const media::Recording& recording, uint64_t on, uint64_t off, uint64_t now) {
    std::ifstream in(recording.path, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    const uint64_t blocks = recording.next_block;
    const auto wrong = [&](const std::string& why) {
      fail("recording " + std::to_string(recording.id) + " of port " + std::to_string(recording.port) + ": " + why);
      return false;
    };
    if (recording.failed) return wrong(recording.failure);
    if (bytes.size() != media::kWavHeaderBytes + blocks * media::kStereoBlock) {
      return wrong("has " + std::to_string(bytes.size()) + " octets instead of " + std::to_string(blocks) + " blocks");
    }
    const auto header = media::wav_header(blocks * media::kStereoBlock);
    if (!std::equal(header.begin(), header.end(), bytes.begin())) return wrong("its header is wrong");
    if (on + blocks > now) return wrong("is longer than it was recorded");
    const bool both = recording.port < kPaired;
    if (blocks == 0 || (!both && recording.port % 2 == 1)) return true;  // changed by a conditioner
    // It began in the tick after it was asked for, or later when the ring was long.
    for (uint64_t begin = on; begin + blocks <= now; ++begin) {
      if (off != UINT64_MAX && begin + blocks < off) continue;
      if (matches(recording, bytes, begin, both)) return true;
    }
    return wrong("is not what the port said");
  }

  bool matches(const media::Recording& recording, const std::vector<uint8_t>& bytes, uint64_t begin, bool both) const {
    uint64_t silent = 0;
    for (uint64_t block = 0; block < recording.next_block; ++block) {
      const uint8_t* at = bytes.data() + media::kWavHeaderBytes + block * media::kStereoBlock;
      const uint8_t* left = card_.said(recording.port, begin + block);
      const uint8_t* right = card_.said(recording.port ^ 1, begin + block);
      bool same = true;
      for (uint32_t i = 0; same && i < bus::kBlock; ++i) {
        same = at[2 * i] == left[i] && (!both || at[2 * i + 1] == right[i]);
      }
      if (same) continue;
      // What was lost is silence on both sides, and was counted.
      if (!std::all_of(at, at + media::kStereoBlock, [](uint8_t octet) { return octet == dsp::kAlawSilence; })) {
        return false;
      }
      if (++silent > recording.lost_blocks) return false;
    }
    return true;
  }

  media::MediaCore& core_;
  media::RecordingWriter& writer_;
  const media::KnownCard& card_;
  const fs::path folder_;
  uint32_t last_id_{};
  std::size_t open_{};
  std::vector<media::Recording*> attached_;
  std::map<media::Recording*, std::pair<uint64_t, uint64_t>> asked_at_;
  std::mutex mutex_;
  std::vector<media::Recording*> opened_;
  Tally tally_;
  std::string failure_;
};

double mib(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

bool soak(const Options& options) {
  const auto folder = fs::path(options.folder) / ("cordboard-soak-" + std::to_string(getpid()));
  fs::create_directories(folder / "journal");
  std::vector<bus::Port> announcers;
  for (bus::Port port = kPhones; port < kPorts; ++port) announcers.push_back(port);
  const uint64_t stolen_at_start = stolen_ms();
  const auto descriptors_before = descriptors();
  uint64_t resident_warm = 0;
  uint64_t resident_end = 0;
  std::size_t descriptors_most = 0;
  engine::TickStatistics tick;
  Soak::Tally tally;
  std::array<media::MediaScript::Count, media::MediaScript::kKinds> counts{};
  std::string failure;
  uint64_t spilled = 0;
  uint64_t stream_blocks = 0;
  uint64_t stream_digits = 0;
  {
    media::KnownCard card(kPhones);
    media::MediaCore core(kPorts, announcers, {&card}, 2);
    media::RecorderSettings settings;
    settings.folder = folder / "journal";
    settings.feeds = core.shards();
    // So small that recordings are longer than it holds: the oldest segment is cut while they go on.
    settings.segment_bytes = 2 << 20;
    settings.most_bytes = 8 << 20;
    settings.reserve_bytes = 64 << 20;
    settings.realtime = true;
    Soak* told = nullptr;
    media::RecordingWriter writer(
        settings, [&](media::Recording* recording) { told->fail(recording->failure); },
        [&](const media::StoreReport& report) {
          if (report.state != media::StoreState::kGood) told->fail(report.detail);
        });
    // Without what a disk that is slow at the moment asks for, which has its bound and is given back.
    const auto resident = [&] { return resident_bytes() - writer.pool().chunks() * media::kChunkBytes; };
    for (uint32_t shard = 0; shard < core.shards(); ++shard) core.set_feed(shard, writer.feed(shard));
    media::MediaScript::Settings script;
    script.first = kStreamed;
    script.last = kPhones;
    script.announcers = announcers;
    script.seats = kSeats;
    script.watchers = 120;
    script.streams = 60;
    script.seed = options.seed;
    Soak driver(core, writer, card, folder, std::move(script));
    told = &driver;
    driver.connect_pairs();
    media::CheckedStreams checked(card, kPaired, kStreamed);
    checked.begin([&](const media::Operation& operation) { driver.post(operation); });
    driver.fill();
    {
      Wake wake;
      engine::MediaThread thread(core, wake, true);
      if (!thread.realtime_refusal().empty()) std::printf("soak: %s\n", thread.realtime_refusal().c_str());
      const uint64_t warm = std::min(options.ticks / 4, 2 * kTicksOfMinute);
      uint64_t seen = 0;
      uint64_t stolen_before = stolen_ms();
      while (seen < options.ticks) {
        wake.wait(100);
        driver.attach_opened();
        driver.take_all();
        for (const auto now = std::min(core.ticks(), options.ticks); seen < now;) {
          ++seen;
          driver.act();
          driver.carry(monotonic_ns());
          checked.carry(core.ticks(), monotonic_ns());
          if (seen == warm) resident_warm = resident();
          if (seen % 50 == 0) descriptors_most = std::max(descriptors_most, descriptors());
          if (seen % kTicksOfMinute != 0 && seen != options.ticks) continue;
          tick = thread.statistics();
          tally = driver.tally();
          resident_end = resident();
          std::printf(
              "minute %.1f  missed %.0f of %.0f ticks  tick p50 %.0f p99 %.0f max %.0f us  late p99 %.0f max %.0f us  "
              "stolen by the host %llu ms  resident %.1f MiB  descriptors %zu at most  rooms %zu  recordings %zu open, "
              "%llu done, %llu checked, "
              "%llu wrong, %llu blocks lost  digits %llu\n",
              static_cast<double>(seen) / kTicksOfMinute, tick.missed, tick.ticks, tick.p50Us, tick.p99Us, tick.maxUs,
              tick.latenessP99Us, tick.latenessMaxUs, static_cast<unsigned long long>(stolen_ms() - stolen_before),
              mib(resident_end), descriptors_most, driver.rooms_open(), driver.recordings_open(),
              static_cast<unsigned long long>(tally.finished), static_cast<unsigned long long>(tally.checked),
              static_cast<unsigned long long>(tally.wrong), static_cast<unsigned long long>(tally.lost_blocks),
              static_cast<unsigned long long>(driver.digits));
          std::fflush(stdout);
          stolen_before = stolen_ms();
        }
      }
    }
    tick.ticks = static_cast<double>(core.ticks());
    // Closing, in the engine's order: what waits is asked for, taken back, written, cut.
    driver.end_streams();
    checked.end([&](const media::Operation& operation) { driver.post(operation); });
    while (!driver.post_waiting()) {
      core.tick();
      driver.take_all();
    }
    core.drain([&](const media::Report& report) { driver.take(report); });
    writer.stop();
    driver.give_back_unbegun();
    tally = driver.tally();
    counts = driver.counts;
    failure = driver.failure();
    stream_blocks = checked.blocks();
    stream_digits = checked.digits();
    if (failure.empty()) failure = checked.failure();
    if (failure.empty() && checked.missing() > 0) {
      failure = std::to_string(checked.missing()) + " digits of streams are missing";
    }
    spilled = writer.written_bytes();
  }
  const auto descriptors_after = descriptors();
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) files += entry.is_regular_file();
  fs::remove_all(folder);

  std::vector<std::string> bad;
  if (!failure.empty()) bad.push_back(failure);
  if (tally.wrong > 0) bad.push_back(std::to_string(tally.wrong) + " recordings are wrong");
  if (tally.checked == 0) bad.emplace_back("no recording was checked");
  if (stream_blocks == 0 || stream_digits == 0) bad.emplace_back("no stream was checked");
  if (tally.lost_blocks > 0) bad.push_back(std::to_string(tally.lost_blocks) + " blocks were lost");
  const uint64_t stolen = stolen_ms() - stolen_at_start;
  if (tick.missed > options.allow_missed) {
    bad.push_back(std::to_string(static_cast<uint64_t>(tick.missed)) + " ticks were missed; the host had taken " +
                  std::to_string(stolen) + " ms from the processors");
  }
  if (kMemoryIsOurs && resident_end > resident_warm + kGrowthAllowed) bad.emplace_back("the memory grows");
  if (descriptors_after != descriptors_before) bad.emplace_back("descriptors are left open");
  if (files > 0) bad.push_back(std::to_string(files) + " files are left");
  static constexpr const char* kNames[] = {"playbacks", "plans", "watchers", "conditioners", "recordings", "streams"};
  std::string balance;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    balance += ", " + std::to_string(counts[i].made) + " " + kNames[i];
    if (counts[i].made != counts[i].freed) {
      bad.push_back(std::to_string(counts[i].freed) + " of " + std::to_string(counts[i].made) + " " + kNames[i] +
                    " were given back");
    }
  }
  for (const auto& why : bad) std::printf("soak: %s\n", why.c_str());
  std::printf(
      "soak: %.1f minutes, seed %llu, %.0f of %.0f ticks missed, resident %.1f MiB warm and %.1f at the end, "
      "descriptors "
      "%zu before and %zu after, %llu recordings, %llu checked, %llu wrong, %.0f MiB written, of streams %llu blocks "
      "and "
      "%llu digits checked%s given back, %s\n",
      static_cast<double>(options.ticks) / kTicksOfMinute, static_cast<unsigned long long>(options.seed), tick.missed,
      tick.ticks, mib(resident_warm), mib(resident_end), descriptors_before, descriptors_after,
      static_cast<unsigned long long>(tally.finished), static_cast<unsigned long long>(tally.checked),
      static_cast<unsigned long long>(tally.wrong), mib(spilled), static_cast<unsigned long long>(stream_blocks),
      static_cast<unsigned long long>(stream_digits), balance.c_str(), bad.empty() ? "good" : "bad");
  return bad.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    char* end = nullptr;
    const double number = std::strtod(value, &end);
    const bool is_number = end != value && *end == 0 && number >= 0;
    if (option == "--minutes" && is_number && number > 0) {
      options.ticks = static_cast<uint64_t>(number * kTicksOfMinute);
    } else if (option == "--seconds" && is_number && number > 0) {
      options.ticks = static_cast<uint64_t>(number * 50);
    } else if (option == "--seed" && is_number) {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (option == "--allow-missed" && is_number) {
      options.allow_missed = number;
    } else if (option == "--folder" && *value != 0) {
      options.folder = value;
    } else {
      std::fprintf(stderr,
                   "usage: engine_soak [--minutes 30 | --seconds 20] [--seed N] [--folder /tmp] [--allow-missed 0]\n");
      return 2;
    }
  }
  std::printf("soak: seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  return soak(options) ? 0 : 1;
}
