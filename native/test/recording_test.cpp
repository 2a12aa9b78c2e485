// SPDX-License-Identifier: GPL-2.0-or-later
// The recorder without an engine: chunks, segments, cutting, what a crash leaves behind, and disks that refuse.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "dsp/kernels.hpp"
#include "media/recording_writer.hpp"
#include "media/wav_file.hpp"

namespace cordboard::media {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<uint8_t>;

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() {
    folder = fs::temp_directory_path() / ("cordboard-recording-" + std::to_string(getpid()));
    fs::create_directories(folder / "journal");
    settings.folder = folder / "journal";
    settings.reserve_bytes = 0;
    settings.segment_bytes = 1 << 20;
  }
  ~RecordingTest() override { fs::remove_all(folder); }

  std::unique_ptr<RecordingWriter> make_writer() {
    return std::make_unique<RecordingWriter>(
        settings, [this](Recording*) { ++failures; },
        [this](const StoreReport& report) {
          const std::lock_guard lock(mutex);
          reports.push_back(report);
          changed.notify_all();
        });
  }
  std::unique_ptr<Recording> make_recording(uint32_t id = 1) {
    auto recording = std::make_unique<Recording>();
    recording->id = id;
    recording->path = path(id);
    return recording;
  }
  std::string path(uint32_t id = 1) const { return folder / ("r" + std::to_string(id) + ".wav"); }

  /// One block whose octets tell its number and side.
  static void tick(RecordingWriter& writer, Recording& to, uint64_t number) {
    const Bytes left(bus::kBlock, static_cast<uint8_t>(number));
    const Bytes right(bus::kBlock, static_cast<uint8_t>(number / 256 + to.id));
    record_block(to, writer.feed(0), left.data(), right.data());
    dsp::kernels().stream_fence();
  }
  static Bytes stereo(uint64_t number, uint32_t id) {
    Bytes block;
    for (uint32_t i = 0; i < bus::kBlock; ++i) {
      block.push_back(static_cast<uint8_t>(number));
      block.push_back(static_cast<uint8_t>(number / 256 + id));
    }
    return block;
  }
  static Bytes expected(uint64_t blocks, uint32_t id = 1) {
    const auto header = wav_header(blocks * kStereoBlock);
    Bytes bytes(header.begin(), header.end());
    for (uint64_t i = 0; i < blocks; ++i) {
      const auto block = stereo(i, id);
      bytes.insert(bytes.end(), block.begin(), block.end());
    }
    return bytes;
  }
  Bytes file(uint32_t id = 1) const {
    std::ifstream in(path(id), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// Everything that a feed can still be given, as if nothing came back from a disk that stands still.
  static std::vector<Chunk*> take_all(RecordingWriter& writer, const Recording& recording) {
    std::vector<Chunk*> taken;
    const auto all = writer.pool().most_chunks() - (recording.chunk != nullptr ? 1 : 0);
    for (Chunk* chunk = nullptr; taken.size() < all;) {
      if (writer.feed(0).free.pop(chunk)) {
        taken.push_back(chunk);
      } else {
        writer.pool().make_ready();
      }
    }
    return taken;
  }
  std::size_t segments() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(settings.folder), fs::directory_iterator()));
  }
  static Result<> open(RecordingWriter& writer, Recording& recording) {
    std::promise<Result<>> opened;
    writer.open(&recording, [&](Result<> result) { opened.set_value(std::move(result)); });
    return opened.get_future().get();
  }
  static void finish(RecordingWriter& writer, Recording& recording) {
    end_chunk(recording, writer.feed(0));
    std::promise<void> finished;
    writer.finish(&recording, [&](Recording*) { finished.set_value(); });
    finished.get_future().get();
  }
  bool wait_for(StoreState state) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] {
      return std::any_of(reports.begin(), reports.end(), [&](const auto& report) { return report.state == state; });
    });
  }

  fs::path folder;
  RecorderSettings settings;
  std::atomic<int> failures = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<StoreReport> reports;
};

TEST_F(RecordingTest, CutsLeftAndRightWithAHeaderThatCountsThem) {
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  for (uint64_t i = 0; i < 310; ++i) {
    while (writer->feed(0).free.empty()) std::this_thread::yield();  // faster than real time
    tick(*writer, *recording, i);
  }
  finish(*writer, *recording);
  EXPECT_EQ(expected(310), file());
  EXPECT_EQ(6200, recording->duration_ms());
  EXPECT_EQ(0U, recording->lost_blocks);
  writer->stop();
  EXPECT_EQ(0U, segments()) << "nothing is left of the journal when nothing is recorded";
}

TEST_F(RecordingTest, MakesThePlaceKnownBeforeItSaysThatItHasBegun) {
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  EXPECT_EQ(kWavHeaderBytes, file().size()) << "the name is taken";
  // A second look at what is on the disk now, as after a power cut.
  const auto copy = folder / "copy";
  fs::copy(settings.folder, copy);
  fs::remove(path());
  const auto recovered = recover_recordings(copy);
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(fs::exists(path()));
  finish(*writer, *recording);
}

TEST_F(RecordingTest, PutsSilenceWhereNoChunkWasFreeAndKeepsTheTime) {
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  // As if the disk stood still: everything free is taken away for a while.
  auto& feed = writer->feed(0);
  tick(*writer, *recording, 0);
  const auto taken = take_all(*writer, *recording);
  while (recording->chunk != nullptr) tick(*writer, *recording, recording->next_block);
  const auto gap = recording->next_block - 1;  // that one found no chunk
  for (int i = 1; i < 7; ++i) tick(*writer, *recording, recording->next_block);
  // Give them back by the way the writer does: as chunks with nothing in them.
  for (auto* chunk : taken) feed.full.push({chunk, recording.get(), 0, 0});
  while (feed.free.empty()) std::this_thread::yield();
  tick(*writer, *recording, gap + 7);
  finish(*writer, *recording);
  EXPECT_EQ(7U, recording->lost_blocks);
  auto wanted = expected(gap + 8);
  std::fill_n(wanted.begin() + kWavHeaderBytes + static_cast<std::ptrdiff_t>(gap * kStereoBlock), 7 * kStereoBlock,
              dsp::kAlawSilence);
  EXPECT_EQ(wanted, file());
}

TEST_F(RecordingTest, TellsTheHostOfADiskThatStandsStill) {
  settings.sync_ms = 100;
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  auto& feed = writer->feed(0);
  const auto taken = take_all(*writer, *recording);
  for (uint64_t i = 0; i <= kChunkBlocks && recording->lost_blocks == 0; ++i) tick(*writer, *recording, i);
  EXPECT_TRUE(wait_for(StoreState::kSlow));
  EXPECT_TRUE(wait_for(StoreState::kGood)) << "nothing more is lost";
  EXPECT_EQ(0, failures) << "a slow disk ends no recording";
  for (auto* chunk : taken) feed.full.push({chunk, recording.get(), 0, 0});
  finish(*writer, *recording);
}

TEST_F(RecordingTest, LosesNothingWhileTheDiskStandsStillForSecondsAndGivesTheMemoryBack) {
  settings.keep_memory_ms = 100;
  const auto writer = make_writer();
  std::vector<std::unique_ptr<Recording>> recordings;
  constexpr uint32_t kRecordings = 200;
  for (uint32_t id = 1; id <= kRecordings; ++id) {
    recordings.push_back(make_recording(id));
    ASSERT_TRUE(open(*writer, *recordings.back()));
  }
  const auto before = writer->pool().chunks();
  EXPECT_LE(before, 512U) << "a chunk that is being filled and one that is ready, not five seconds of them";
  // The writer's thread stands still, as it does in a write that the disk does not take.
  std::promise<void> writes_again;
  std::promise<void> stands_still;
  auto last = make_recording(kRecordings + 1);
  writer->open(last.get(), [&, again = writes_again.get_future().share()](Result<>) {
    stands_still.set_value();
    again.wait();
  });
  stands_still.get_future().wait();
  uint64_t block = 0;
  for (; block < ChunkPool::kPatienceMs / 20; ++block) {
    for (auto& recording : recordings) {
      while (writer->feed(0).free.empty()) std::this_thread::yield();  // faster than real time
      tick(*writer, *recording, block);
    }
  }
  EXPECT_GT(writer->pool().chunks(), kRecordings * block / kChunkBlocks);
  EXPECT_LE(writer->pool().chunks(), writer->pool().most_chunks());
  writes_again.set_value();
  for (auto& recording : recordings) {
    finish(*writer, *recording);
    EXPECT_EQ(0U, recording->lost_blocks);
    EXPECT_EQ(expected(block, recording->id), file(recording->id));
  }
  finish(*writer, *last);
  EXPECT_EQ(0, failures);
  // The tick hands back what is ready and no longer wanted, and when all of an arena has been there for a while, it goes.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (writer->pool().chunks() > 0 && std::chrono::steady_clock::now() < until) {
    give_back_chunks(writer->feed(0));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(0U, writer->pool().chunks());
}

TEST_F(RecordingTest, CutsTheOldestSegmentWhileItsRecordingsGoOn) {
  settings.segment_bytes = 16 * kChunkBytes;
  settings.most_bytes = 64 * kChunkBytes;
  settings.sync_ms = 100;
  const auto writer = make_writer();
  const auto one = make_recording(1);
  const auto other = make_recording(2);
  ASSERT_TRUE(open(*writer, *one));
  ASSERT_TRUE(open(*writer, *other));
  constexpr uint64_t kBlocks = 250 * kChunkBlocks;  // 500 chunks: some 30 segments, of which four may stand
  for (uint64_t i = 0; i < kBlocks; ++i) {
    while (writer->feed(0).free.empty()) std::this_thread::yield();  // faster than real time: wait for the disk
    tick(*writer, *one, i);
    tick(*writer, *other, i);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto early = [&] { return fs::file_size(path(1)) > kWavHeaderBytes + 100 * kChunkBlocks * kStereoBlock; };
  while (!early() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(early()) << "the beginning is cut before the end";
  finish(*writer, *one);
  finish(*writer, *other);
  EXPECT_EQ(expected(kBlocks, 1), file(1));
  EXPECT_EQ(expected(kBlocks, 2), file(2));
}

TEST_F(RecordingTest, CutsAfterACrashWhatHadReachedTheDisk) {
  // A process that ends without a word, as by kill -9.
  const auto child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    settings.segment_bytes = 16 * kChunkBytes;  // several segments
    const auto writer = make_writer();
    const auto one = make_recording(1);
    const auto other = make_recording(2);
    const auto closed = make_recording(3);
    if (!open(*writer, *one) || !open(*writer, *other) || !open(*writer, *closed)) _exit(1);
    for (uint64_t i = 0; i < 700; ++i) {
      while (writer->feed(0).free.empty()) std::this_thread::yield();
      tick(*writer, *one, i);
      if (i < 400) tick(*writer, *other, i);
      if (i < 40) tick(*writer, *closed, i);
      if (i == 40) finish(*writer, *closed);
    }
    while (!writer->feed(0).full.empty()) std::this_thread::yield();
    std::this_thread::sleep_for(
        std::chrono::milliseconds(1300));  // a sync has passed, and what is closed is written down
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(0, WEXITSTATUS(status));
  fs::remove(path(3));  // its owner has done with it: it must not come back
  fs::remove(path(2));  // as if the file system had lost the name
  const auto recovered = recover_recordings(settings.folder);
  ASSERT_TRUE(recovered) << recovered.error().text;
  ASSERT_EQ(2U, recovered->size());
  for (const auto& recording : *recovered) EXPECT_EQ("", recording.failure);
  for (const uint32_t id : {1U, 2U}) {
    const auto bytes = file(id);
    const auto blocks = (bytes.size() - kWavHeaderBytes) / kStereoBlock;
    EXPECT_GE(blocks, (id == 1 ? 700U : 400U) - kChunkBlocks) << "no more than the chunk in memory is lost";
    EXPECT_EQ(expected(blocks, id), bytes);
  }
  EXPECT_FALSE(fs::exists(path(3)));
  EXPECT_EQ(0U, segments());
}

TEST_F(RecordingTest, PassesOverATornChunk) {
  const auto child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto writer = make_writer();
    const auto recording = make_recording();
    if (!open(*writer, *recording)) _exit(1);
    for (uint64_t i = 0; i < 8 + 4 * kChunkBlocks; ++i) {  // 8, 12, 12, 12 blocks, and 12 kept
      while (writer->feed(0).free.empty()) std::this_thread::yield();
      tick(*writer, *recording, i);
    }
    while (!writer->feed(0).full.empty()) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(0, WEXITSTATUS(status));
  const auto segment = fs::directory_iterator(settings.folder)->path();
  // Who is recorded, then the audio: its third chunk is half written.
  const int fd = ::open(segment.c_str(), O_WRONLY);
  constexpr auto kHalf = kChunkBytes / 2;
  const Bytes zeros(kHalf, 0);
  ASSERT_EQ(static_cast<ssize_t>(kHalf), pwrite(fd, zeros.data(), kHalf, 3 * kChunkBytes + kHalf));
  // And behind everything stands what was there before the file had this place.
  const Bytes rubbish(3 * kChunkBytes, 0xA5);
  ASSERT_EQ(static_cast<ssize_t>(rubbish.size()), pwrite(fd, rubbish.data(), rubbish.size(), 20 * kChunkBytes));
  close(fd);
  ASSERT_TRUE(recover_recordings(settings.folder));
  auto wanted = expected(8 + 3 * kChunkBlocks);
  std::fill_n(wanted.begin() + kWavHeaderBytes + (8 + kChunkBlocks) * kStereoBlock, kChunkBlocks * kStereoBlock,
              dsp::kAlawSilence);
  const auto bytes = file();
  ASSERT_EQ(wanted.size(), bytes.size());
  const auto differ = std::mismatch(wanted.begin(), wanted.end(), bytes.begin());
  EXPECT_TRUE(differ.first == wanted.end()) << "from block " << (differ.first - wanted.begin() - 58) / kStereoBlock;
}

TEST_F(RecordingTest, RefusesAnythingThatIsNotAJournal) {
  std::ofstream(fs::path(settings.folder) / "segment-00000007.rec") << std::string(100000, 'x');
  std::ofstream(fs::path(settings.folder) / "notes.txt") << "precious";
  const auto recovered = recover_recordings(settings.folder);
  ASSERT_TRUE(recovered);
  EXPECT_TRUE(recovered->empty());
  EXPECT_TRUE(fs::exists(fs::path(settings.folder) / "notes.txt"));
  std::ofstream(folder / "file") << "in the way";
  EXPECT_FALSE(recover_recordings(folder / "file" / "journal"));
}

TEST_F(RecordingTest, StopsRecordingBeforeTheReserveIsTouched) {
  settings.sync_ms = 100;
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  writer->stop();
  finish(*writer, *recording);
  settings.reserve_bytes = uint64_t{1} << 60;  // no disk has that
  const auto full = make_writer();
  const auto refused = make_recording(2);
  const auto opened = open(*full, *refused);
  ASSERT_FALSE(opened);
  EXPECT_EQ(ErrorCode::kIo, opened.error().code);
  EXPECT_NE(std::string::npos, opened.error().text.find("full")) << opened.error().text;
  EXPECT_FALSE(fs::exists(path(2)));
  EXPECT_TRUE(wait_for(StoreState::kFull));
}

TEST_F(RecordingTest, EndsRecordingsOnceWhenTheDiskRefuses) {
  settings.segment_bytes = 8 * kChunkBytes;  // soon full, and the next cannot be made
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  const auto away = folder / "away";
  fs::rename(settings.folder, away);
  for (uint64_t i = 0; i < 10 * kChunkBlocks; ++i) tick(*writer, *recording, i);
  EXPECT_TRUE(wait_for(StoreState::kFailed));
  for (uint64_t i = 0; i < 2 * kChunkBlocks; ++i) tick(*writer, *recording, i);
  finish(*writer, *recording);
  EXPECT_EQ(1, failures);
  EXPECT_TRUE(recording->failed);
  EXPECT_NE(std::string::npos, recording->failure.find("No such file")) << recording->failure;
  fs::rename(away, settings.folder);
}

TEST_F(RecordingTest, RefusesToWriteOverAFile) {
  std::ofstream(path()) << "precious";
  const auto writer = make_writer();
  const auto recording = make_recording();
  const auto opened = open(*writer, *recording);
  ASSERT_FALSE(opened);
  EXPECT_EQ(ErrorCode::kIo, opened.error().code);
  EXPECT_NE(std::string::npos, opened.error().text.find("r1.wav"));
  const auto bytes = file();
  EXPECT_EQ("precious", std::string(bytes.begin(), bytes.end()));
}

TEST_F(RecordingTest, FinishesAfterTheWriterHasStopped) {
  const auto writer = make_writer();
  const auto recording = make_recording();
  ASSERT_TRUE(open(*writer, *recording));
  tick(*writer, *recording, 0);
  writer->stop();
  finish(*writer, *recording);
  EXPECT_EQ(expected(1), file());
  EXPECT_EQ(0U, segments());
}

}  // namespace
}  // namespace cordboard::media
