// SPDX-License-Identifier: GPL-2.0-or-later
// The recorder without an engine: rings, gaps, headers, and disks that refuse.
#include "media/recording.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "dsp/kernels.hpp"

namespace cordboard::media {
namespace {

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() {
    folder = std::filesystem::temp_directory_path() / ("cordboard-recording-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    recording.path = folder / "r.wav";
  }
  ~RecordingTest() override { std::filesystem::remove_all(folder); }

  static void tick(Recording& to, uint8_t left, uint8_t right) {
    const std::vector<uint8_t> l(bus::kBlock, left);
    const std::vector<uint8_t> r(bus::kBlock, right);
    record_block(to, l.data(), r.data());
    dsp::kernels().stream_fence();
    publish_block(to);
  }
  std::vector<uint8_t> file() const {
    std::ifstream in(recording.path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<> open(RecordingWriter& writer) {
    std::promise<Result<>> opened;
    writer.open(&recording, [&](Result<> result) { opened.set_value(std::move(result)); });
    return opened.get_future().get();
  }
  void finish(RecordingWriter& writer) {
    std::promise<void> finished;
    writer.finish(&recording, [&](Recording*) { finished.set_value(); });
    finished.get_future().get();
  }

  std::filesystem::path folder;
  Recording recording;
};

TEST_F(RecordingTest, WritesLeftAndRightWithAHeaderThatCountsThem) {
  RecordingWriter writer(1000, [](Recording*) { FAIL(); });
  ASSERT_TRUE(open(writer));
  for (int i = 0; i < 10; ++i) tick(recording, 0x11, 0x22);
  finish(writer);
  const auto bytes = file();
  ASSERT_EQ(58U + 10 * kStereoBlock, bytes.size());
  const auto header = recording_header(10 * kStereoBlock);
  EXPECT_TRUE(std::equal(header.begin(), header.end(), bytes.begin()));
  for (std::size_t i = 58; i < bytes.size(); i += 2) {
    ASSERT_EQ(0x11, bytes[i]);
    ASSERT_EQ(0x22, bytes[i + 1]);
  }
  EXPECT_EQ(200, recording.duration_ms());
}

TEST_F(RecordingTest, PutsSilenceWhereTheRingWasFullAndKeepsTheTime) {
  // Nobody drains before finish: what is over the ring's length is lost, and what follows must stand at its true time.
  for (uint32_t i = 0; i < kRecordingRing + 7; ++i) tick(recording, 0x11, 0x22);
  RecordingWriter writer(1000, [](Recording*) { FAIL(); });
  ASSERT_TRUE(open(writer));
  while (recording.tail.load() != recording.head.load()) std::this_thread::yield();
  tick(recording, 0x33, 0x44);
  finish(writer);
  EXPECT_EQ(7U, recording.lost_blocks);
  const auto bytes = file();
  ASSERT_EQ(58U + (kRecordingRing + 8) * kStereoBlock, bytes.size());
  const auto gap = bytes.begin() + 58 + kRecordingRing * kStereoBlock;
  EXPECT_TRUE(std::all_of(gap, gap + 7 * kStereoBlock, [](uint8_t octet) { return octet == dsp::kAlawSilence; }));
  EXPECT_EQ(0x33, *(gap + 7 * kStereoBlock));
}

TEST_F(RecordingTest, TellsOnceOfADiskThatRefuses) {
  std::atomic<int> told = 0;
  RecordingWriter writer(100, [&](Recording*) { ++told; });
  ASSERT_TRUE(open(writer));
  // As if the disk had filled up: the file's descriptor now leads to a device that refuses every octet.
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_EQ(recording.fd, dup2(full, recording.fd));
  close(full);
  for (int i = 0; i < 10; ++i) tick(recording, 0x11, 0x22);
  finish(writer);
  EXPECT_EQ(1, told);
  EXPECT_TRUE(recording.failed);
  EXPECT_NE(std::string::npos, recording.failure.find("No space left")) << recording.failure;
}

TEST_F(RecordingTest, RefusesToWriteOverAFile) {
  std::ofstream(recording.path) << "precious";
  RecordingWriter writer(1000, [](Recording*) { FAIL(); });
  const auto opened = open(writer);
  ASSERT_FALSE(opened);
  EXPECT_EQ(ErrorCode::kIo, opened.error().code);
  EXPECT_NE(std::string::npos, opened.error().text.find("r.wav"));
  const auto bytes = file();
  EXPECT_EQ("precious", std::string(bytes.begin(), bytes.end()));
}

TEST_F(RecordingTest, FinishesAfterTheWriterHasStopped) {
  RecordingWriter writer(1000, [](Recording*) { FAIL(); });
  ASSERT_TRUE(open(writer));
  tick(recording, 0x11, 0x22);
  writer.stop();
  finish(writer);
  EXPECT_EQ(58U + kStereoBlock, file().size());
  EXPECT_EQ(-1, recording.fd);
}

}  // namespace
}  // namespace cordboard::media
