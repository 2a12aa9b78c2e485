// SPDX-License-Identifier: GPL-2.0-or-later
// Players, recorders and conferences through the engine's boundary, and what happens to them when things end.
#include <sndfile.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "engine_box.hpp"
#include "media/segment.hpp"
#include "media/clip_store.hpp"

namespace cordboard::engine {
namespace {

using namespace std::chrono_literals;

/// A telephone off its hook at a station: two legs on one cable.
struct Line {
  LegSeized phone;
  LegOffered station;
};

Line lift(Box& box, uint32_t station = 1) {
  Line line;
  line.phone = box.ask<LegSeized>(LegSeize{.analog = 10000 + station});
  const auto seized = box.wait<LegOffered>();
  EXPECT_TRUE(seized);
  if (seized) line.station = *seized;
  box.ask(LegAnswer{{line.station.leg}});
  return line;
}

void write_sound(const std::string& path, int format, int rate, int channels, double seconds, double hz = 440) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  ASSERT_NE(nullptr, file) << sf_strerror(nullptr);
  std::vector<float> samples;
  for (int i = 0; i < static_cast<int>(rate * seconds); ++i) {
    for (int c = 0; c < channels; ++c) {
      samples.push_back(0.5F * static_cast<float>(std::sin(2 * M_PI * hz * i / rate)));
    }
  }
  sf_writef_float(file, samples.data(), static_cast<sf_count_t>(samples.size()) / channels);
  sf_close(file);
}

TEST(EngineMedia, PlaysEveryCommonFormatAtItsTrueLength) {
  Box box;
  const auto line = lift(box);
  const struct {
    const char* name;
    int format, rate, channels;
  } formats[] = {{"pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 8000, 1},
                 {"cd.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 2},
                 {"float48.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 48000, 1},
                 {"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 8000, 1},
                 {"u8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 11025, 1},
                 {"pcm24.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 16000, 1},
                 {"speech.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 22050, 1}};
  for (const auto& format : formats) {
    write_sound(box.file(format.name), format.format, format.rate, format.channels, 0.5);
    const auto play = box.ask<PlayStarted>(PlayStart{line.station.port, {box.file(format.name)}});
    EXPECT_NEAR(500, play.durationMs, 12) << format.name;
  }
}

TEST(EngineMedia, PlaysFilesOneAfterTheOtherWithoutAGap) {
  Box box;
  const auto line = lift(box);
  const std::vector<uint8_t> one(1000, 0x11);
  const std::vector<uint8_t> two(777, 0x22);
  write_alaw(box.file("one.wav"), one);
  write_alaw(box.file("two.wav"), two);
  const auto recording = box.ask<RecordingStarted>(RecordingStart{line.phone.port, box.file("r.wav")}).recording;
  box.ask<PlayStarted>(PlayStart{line.station.port, {box.file("one.wav"), box.file("two.wav")}});
  box.ask<PlayStarted>(PlayStart{.port = line.station.port, .files = {box.file("one.wav")}, .enqueue = true});
  EXPECT_EQ(PlayEnd::kFinished, box.wait<PlayEnded>()->reason);
  EXPECT_EQ(PlayEnd::kFinished, box.wait<PlayEnded>()->reason);
  std::this_thread::sleep_for(60ms);
  box.ask<RecordingResult>(RecordingStop{recording});
  std::vector<uint8_t> whole(one);
  whole.insert(whole.end(), two.begin(), two.end());
  whole.insert(whole.end(), one.begin(), one.end());
  EXPECT_TRUE(find_run(channel(box.file("r.wav"), 0), whole));
}

TEST(EngineMedia, BeginsWhereItIsTold) {
  Box box;
  const auto line = lift(box);
  const std::vector<uint8_t> one(800, 0x11);
  const std::vector<uint8_t> two(1600, 0x22);
  write_alaw(box.file("one.wav"), one);
  write_alaw(box.file("two.wav"), two);
  const std::vector<std::string> both{box.file("one.wav"), box.file("two.wav")};
  const auto recording = box.ask<RecordingStarted>(RecordingStart{line.phone.port, box.file("r.wav")}).recording;
  // 100 ms of the first and 50 of the second are left out.
  box.ask<PlayStarted>(PlayStart{.port = line.station.port, .files = both, .startMs = 150});
  EXPECT_EQ(150U, box.wait<PlayEnded>()->playedMs);
  // Of a loop the place in the round; what begins after the end is over at once.
  const auto loop = box.ask<PlayStarted>(PlayStart{.port = line.station.port, .files = both, .loop = true, .startMs = 300 + 50}).play;
  while (box.ask<PlayPositionReply>(PlayPosition{loop}).positionMs < 100) std::this_thread::yield();
  box.ask(PlayStop{loop});
  EXPECT_EQ(PlayEnd::kStopped, box.wait<PlayEnded>()->reason);
  box.ask<PlayStarted>(PlayStart{.port = line.station.port, .files = both, .startMs = 301});
  const auto nothing = box.wait<PlayEnded>();
  EXPECT_EQ(PlayEnd::kFinished, nothing->reason);
  EXPECT_EQ(0U, nothing->playedMs);
  box.ask<RecordingResult>(RecordingStop{recording});
  EXPECT_TRUE(find_run(channel(box.file("r.wav"), 0), std::vector<uint8_t>(1200, 0x22)));
  EXPECT_FALSE(find_run(channel(box.file("r.wav"), 0), one));
  EXPECT_TRUE(find_run(channel(box.file("r.wav"), 0), std::vector<uint8_t>(400, 0x11)));
}

TEST(EngineMedia, LoopsStopsAndTellsThePosition) {
  Box box;
  const auto line = lift(box);
  write_alaw(box.file("short.wav"), std::vector<uint8_t>(800, 0x11));
  const auto play =
      box.ask<PlayStarted>(PlayStart{.port = line.station.port, .files = {box.file("short.wav")}, .loop = true}).play;
  uint32_t position = 0;
  while (position < 350) position = box.ask<PlayPositionReply>(PlayPosition{play}).positionMs;
  box.ask(PlayStop{play});
  const auto ended = box.wait<PlayEnded>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(PlayEnd::kStopped, ended->reason);
  EXPECT_GE(ended->playedMs, 350U);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(PlayStop{play}).code);
}

TEST(EngineMedia, NamesTheFileThatCannotBePlayedAndDisturbsNothing) {
  Box box;
  const auto line = lift(box);
  write_alaw(box.file("good.wav"), std::vector<uint8_t>(8000, 0x11));
  std::ofstream(box.file("corrupt.wav")) << "RIFF this is not audio at all, whatever its name says";
  std::ofstream(box.file("empty.wav")) << "";
  const auto playing = box.ask<PlayStarted>(PlayStart{line.station.port, {box.file("good.wav")}}).play;
  for (const auto* name : {"corrupt.wav", "empty.wav", "missing.wav"}) {
    const auto error = box.refused(PlayStart{line.station.port, {box.file(name)}});
    EXPECT_EQ(ErrorCode::kBadFile, error.code);
    EXPECT_NE(std::string::npos, error.text.find(name)) << error.text;
  }
  const auto ended = box.wait<PlayEnded>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(playing, ended->play);
  EXPECT_EQ(PlayEnd::kFinished, ended->reason);
}

TEST(EngineMedia, EndsEverythingOfALegWithIt) {
  Box box;
  const auto line = lift(box);
  write_alaw(box.file("long.wav"), std::vector<uint8_t>(80000, 0x11));
  const auto play = box.ask<PlayStarted>(PlayStart{line.station.port, {box.file("long.wav")}}).play;
  const auto recording = box.ask<RecordingStarted>(RecordingStart{line.station.port, box.file("r.wav")}).recording;
  box.ask(LegRelease{line.phone.leg});
  const auto played = box.wait<PlayEnded>([&](const PlayEnded& event) { return event.play == play; });
  ASSERT_TRUE(played);
  EXPECT_EQ(PlayEnd::kReleased, played->reason);
  const auto recorded = box.wait<RecordingEnded>();
  ASSERT_TRUE(recorded);
  EXPECT_EQ(recording, recorded->recording);
  EXPECT_EQ(RecordingEnd::kReleased, recorded->reason);
  const auto snapshot = box.snapshot();
  EXPECT_TRUE(snapshot.legs.empty());
  EXPECT_TRUE(snapshot.plays.empty());
  EXPECT_TRUE(snapshot.recordings.empty());
  EXPECT_EQ(ErrorCode::kWrongState, box.refused(PlayStart{line.station.port, {box.file("long.wav")}}).code)
      << "a late command must not haunt an idle port";
}

TEST(EngineMedia, HasAGrowingRecordingOnDiskAtAnyMoment) {
  Box box;
  const auto line = lift(box);
  box.ask<RecordingStarted>(RecordingStart{line.station.port, box.file("r.wav")});
  const auto begun = std::chrono::steady_clock::now();
  double last = 0;
  for (int look = 0; look < 3; ++look) {
    std::this_thread::sleep_for(900ms);
    const auto age = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
    // What a crash at this moment would leave.
    std::filesystem::remove_all(box.file("copy"));
    std::filesystem::copy(box.file("journal"), box.file("copy"));
    const auto recovered = media::recover_recordings(box.file("copy"));
    ASSERT_TRUE(recovered);
    ASSERT_EQ(1U, recovered->size());
    const auto length = static_cast<double>(recovered->front().blocks) * 20;
    EXPECT_GT(length, last);
    EXPECT_LE(length, age + 20);
    last = length;
  }
}

TEST(EngineMedia, TellsWhatACrashHadLeftWhenItStarts) {
  Box before;
  const auto line = lift(before);
  before.ask<RecordingStarted>(RecordingStart{line.station.port, before.file("r.wav")});
  before.ask<PlayStarted>(ToneStart{line.phone.port, "dial"});
  std::this_thread::sleep_for(900ms);
  auto config = test_config();
  config.recordingFolder = before.file("copy");
  std::filesystem::copy(before.file("journal"), config.recordingFolder);
  Box after(config);
  const auto recovered = after.wait<RecordingRecovered>();
  ASSERT_TRUE(recovered);
  EXPECT_EQ(before.file("r.wav"), recovered->path);
  EXPECT_GT(recovered->durationMs, 0);
  EXPECT_EQ("", recovered->failure);
  EXPECT_FALSE(channel(recovered->path, 0).empty());
}

TEST(EngineMedia, RefusesARecordingThatCannotBeMade) {
  Box box;
  const auto line = lift(box);
  const auto error = box.refused(RecordingStart{line.station.port, box.file("no/such/folder/r.wav")});
  EXPECT_EQ(ErrorCode::kIo, error.code);
  EXPECT_NE(std::string::npos, error.text.find("no/such/folder")) << error.text;
  EXPECT_TRUE(box.snapshot().recordings.empty());
}

TEST(EngineMedia, JoinsThreeTelephonesInAConferenceWithAnAnnouncement) {
  Box box(test_config(1, 3));
  const Line lines[] = {lift(box, 1), lift(box, 2), lift(box, 3)};
  const auto conference = box.ask<ConferenceCreated>(ConferenceCreate{});
  ASSERT_TRUE(conference.announcer);
  for (const auto& line : lines) box.ask(ConferenceJoin{conference.conference, line.station.port});
  const auto recording = box.ask<RecordingStarted>(RecordingStart{lines[2].phone.port, box.file("r.wav")}).recording;
  write_alaw(box.file("a.wav"), std::vector<uint8_t>(1600, 0x9A));
  box.ask<PlayStarted>(PlayStart{*conference.announcer, {box.file("a.wav")}});
  box.ask<PlayStarted>(DigitsSend{.port = lines[0].phone.port, .digits = "5", .onMs = 200});
  box.ask(DetectorSet{lines[2].phone.port, true});
  const auto digit = box.wait_leg<LegDigit>(lines[2].phone.leg);
  ASSERT_TRUE(digit);
  EXPECT_EQ("5", digit->digit);
  ASSERT_TRUE(box.wait<PlayEnded>());
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto heard = channel(box.file("r.wav"), 0);
  EXPECT_GT(std::count(heard.begin(), heard.end(), 0x9A), 100) << "the announcement was not heard";
  box.ask(ConferenceClose{conference.conference});
  EXPECT_TRUE(box.snapshot().conferences.empty());
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(ConferenceClose{conference.conference}).code);
}

TEST(EngineMedia, ReadsLargeAndLyingFilesWithoutHarm) {
  const Box box;
  // A header that promises 4 GB over 100 octets.
  auto bytes = std::vector<uint8_t>(144, 0x11);
  write_alaw(box.file("lie.wav"), std::vector<uint8_t>(100, 0x11));
  {
    std::fstream file(box.file("lie.wav"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(40);
    file.write("\xff\xff\xff\xff", 4);
  }
  const auto clip = media::load_clip(box.file("lie.wav"));
  if (clip) {
    EXPECT_LE((*clip)->alaw.size(), 200U);
  }
}

TEST(EngineClose, TellsOfEveryLegAndFinishesEveryRecording) {
  auto box = std::make_unique<Box>();
  const auto line = lift(*box);
  box->ask<RecordingStarted>(RecordingStart{line.station.port, box->file("r.wav")});
  std::this_thread::sleep_for(200ms);
  box->close();
  EXPECT_TRUE(box->wait_leg<LegReleased>(line.phone.leg));
  EXPECT_TRUE(box->wait_leg<LegReleased>(line.station.leg));
  const auto ended = box->wait<RecordingEnded>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(static_cast<double>(read_file(box->file("r.wav")).size()), ended->bytes);
}

TEST(EngineClose, AnswersWhatWasAskedJustBefore) {
  Box box;
  const auto line = lift(box);
  write_alaw(box.file("a.wav"), std::vector<uint8_t>(8000, 0x11));
  std::vector<uint64_t> asked;
  for (int i = 0; i < 50; ++i) asked.push_back(box.submit(PlayStart{line.station.port, {box.file("a.wav")}}));
  asked.push_back(box.submit(RecordingStart{line.station.port, box.file("r.wav")}));
  box.close();
  for (const auto id : asked) box.reply(id);  // an answer each, whatever it says
}

TEST(EngineConfig, NamesWhatIsWrong) {
  const auto refuse = [](EngineConfig config) {
    auto made = Engine::create(config, [](Batch) {});
    EXPECT_FALSE(made);
    return made ? std::string() : made.error().text;
  };
  auto config = test_config();
  config.spans.push_back(config.spans[0]);
  EXPECT_EQ("span 1 is there twice", refuse(config));
  config = test_config();
  config.cables.push_back({CableKind::kE1, 1, 77});
  EXPECT_NE(std::string::npos, refuse(config).find("from 1 to 77"));
  config = test_config();
  config.cables = {{CableKind::kAnalog, 1, 2}};
  EXPECT_NE(std::string::npos, refuse(config).find("a station and a line"));
}

}  // namespace
}  // namespace cordboard::engine
