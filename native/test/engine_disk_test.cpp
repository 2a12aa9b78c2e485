// SPDX-License-Identifier: GPL-2.0-or-later
// The disk of the recordings through the engine's boundary: it is full, or goes away and comes back, and calls go on.
#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

struct Line {
  LegSeized phone;
  LegOffered station;
};

Line lift(Box& box) {
  Line line;
  line.phone = box.ask<LegSeized>(LegSeize{.analog = 10001});
  const auto seized = box.wait<LegOffered>();
  EXPECT_TRUE(seized);
  if (seized) line.station = *seized;
  box.ask(LegAnswer{{line.station.leg}});
  return line;
}

void expect_speech(Box& box, const Line& line) {
  EXPECT_EQ(2U, box.snapshot().legs.size());
  const auto play = box.ask<PlayStarted>(DigitsSend{.port = line.station.port, .digits = "1"}).play;
  const auto ended = box.wait<PlayEnded>([play](const PlayEnded& event) { return event.play == play; });
  ASSERT_TRUE(ended);
  EXPECT_EQ(PlayEnd::kFinished, ended->reason);
}

TEST(EngineDisk, TellsOfAFullDiskAndLetsTheCallGoOn) {
  auto config = test_config();
  config.recordingReserveMb = UINT32_MAX;  // 4 PB: no disk has that
  config.recordingSyncMs = 100;
  Box box(config);
  const auto disk = box.wait<RecordingDisk>();
  ASSERT_TRUE(disk);
  EXPECT_EQ(DiskState::kFull, disk->state);
  EXPECT_NE(std::string::npos, disk->detail.find("is full")) << disk->detail;
  EXPECT_GT(disk->freeBytes, 0);
  const auto line = lift(box);
  const auto refused = box.refused(RecordingStart{line.station.port, box.file("r.wav")});
  EXPECT_EQ(ErrorCode::kIo, refused.code);
  EXPECT_NE(std::string::npos, refused.text.find("is full")) << refused.text;
  EXPECT_FALSE(std::filesystem::exists(box.file("r.wav")));
  expect_speech(box, line);
}

TEST(EngineDisk, StartsWithoutAFolderForRecordings) {
  const auto blocked = std::filesystem::temp_directory_path() / ("cordboard-blocked-" + std::to_string(getpid()));
  std::ofstream(blocked) << "in the way";
  auto config = test_config();
  config.recordingFolder = (blocked / "journal").string();
  Box box(config);
  const auto disk = box.wait<RecordingDisk>();
  ASSERT_TRUE(disk);
  EXPECT_EQ(DiskState::kFailed, disk->state);
  EXPECT_NE(std::string::npos, disk->detail.find("cordboard-blocked")) << disk->detail;
  const auto line = lift(box);
  const auto refused = box.refused(RecordingStart{line.station.port, box.file("r.wav")});
  EXPECT_EQ(ErrorCode::kIo, refused.code);
  EXPECT_NE(std::string::npos, refused.text.find("cordboard-blocked")) << refused.text;
  expect_speech(box, line);
  box.close();
  std::filesystem::remove(blocked);
}

TEST(EngineDisk, TellsOfADiskThatGoesAwayAndComesBack) {
  auto config = test_config();
  config.recordingSyncMs = 100;
  Box box(config);
  const auto line = lift(box);
  const auto first = box.ask<RecordingStarted>(RecordingStart{line.station.port, box.file("1.wav")}).recording;
  std::filesystem::rename(box.file("journal"), box.file("away"));
  const auto gone = box.wait<RecordingDisk>();
  ASSERT_TRUE(gone);
  EXPECT_EQ(DiskState::kFailed, gone->state);
  EXPECT_NE("", gone->detail);
  const auto ended = box.wait<RecordingEnded>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(first, ended->recording);
  EXPECT_EQ(RecordingEnd::kFailed, ended->reason);
  EXPECT_NE("", ended->detail);
  EXPECT_TRUE(box.snapshot().recordings.empty());
  EXPECT_EQ(ErrorCode::kIo, box.refused(RecordingStart{line.station.port, box.file("2.wav")}).code);
  expect_speech(box, line);

  std::filesystem::rename(box.file("away"), box.file("journal"));
  const auto back = box.wait<RecordingDisk>();
  ASSERT_TRUE(back);
  EXPECT_EQ(DiskState::kGood, back->state);
  EXPECT_EQ("", back->detail);
  const auto third = box.ask<RecordingStarted>(RecordingStart{line.station.port, box.file("3.wav")}).recording;
  expect_speech(box, line);
  const auto result = box.ask<RecordingResult>(RecordingStop{third});
  EXPECT_GT(result.durationMs, 0);
  EXPECT_EQ(static_cast<double>(read_file(box.file("3.wav")).size()), result.bytes);
}

}  // namespace
}  // namespace cordboard::engine
