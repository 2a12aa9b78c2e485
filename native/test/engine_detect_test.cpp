// SPDX-License-Identifier: GPL-2.0-or-later
// Detectors, conditioners and fax ends in a whole engine: what one end of a virtual cable sends, the other hears.
#include <cmath>
#include <filesystem>
#include <fstream>

#include "dsp/g711.hpp"
#include "engine_box.hpp"

namespace cordboard::engine {
namespace {

struct Ends {
  LegOffered station;  // the box's side, a telephone has been lifted
  LegSeized phone;     // the far end
};

Ends lift(Box& box, uint32_t number = 1) {
  Ends ends;
  ends.phone = box.ask<LegSeized>(LegSeize{.analog = 10000 + number});
  ends.station = *box.wait<LegOffered>([&](const LegOffered& offered) { return offered.analog == number; });
  box.ask(LegAnswer{ends.station.leg});  // no dial tone
  return ends;
}

double level_dbm0(const std::vector<uint8_t>& octets, std::size_t first, std::size_t last) {
  double power = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double sample = dsp::alaw_to_linear(octets[i]);
    power += sample * sample;
  }
  return 10 * std::log10(power / static_cast<double>(last - first) / (32768.0 * 32768 / 2) + 1e-12) + 3.14;
}

TEST(EngineDetect, HearsTonesOfTheCountryWhenAskedTo) {
  Box box;
  const auto ends = lift(box);
  box.ask(DetectorSet{.port = ends.phone.port, .tones = true});
  const auto play = box.ask<PlayStarted>(ToneStart{ends.station.port, "busy"}).play;
  const auto begun = box.wait<ToneDetected>();
  ASSERT_TRUE(begun);
  EXPECT_EQ("busy", begun->tone);
  EXPECT_TRUE(begun->active);
  EXPECT_EQ(ends.phone.leg, begun->leg);
  EXPECT_NEAR(begun->onMs, 350, 25);
  EXPECT_NEAR(begun->offMs, 350, 25);
  EXPECT_NEAR(begun->levelDbm0, -10, 1.5);
  box.ask(PlayStop{play});
  const auto ended = box.wait<ToneDetected>();
  ASSERT_TRUE(ended);
  EXPECT_FALSE(ended->active);
}

TEST(EngineDetect, ReleasesALineThatGivesBusyToneWithinThreeSeconds) {
  auto config = test_config();
  config.analogs[1].releaseOnBusy = true;  // the far end is the line here, as on an FXO port in front of an exchange
  Box box(config);
  const auto ends = lift(box);
  const auto recording = box.ask<RecordingStarted>(RecordingStart{ends.station.port, box.file("r.wav")}).recording;
  box.ask<PlayStarted>(ToneStart{ends.station.port, "busy"});
  const auto released = box.wait_leg<LegReleased>(ends.phone.leg);
  ASSERT_TRUE(released);
  EXPECT_EQ(ReleasedBy::kRemote, released->by);
  EXPECT_EQ(16U, released->cause);
  // The time by the samples themselves: as long as busy tone stands in what the station's port heard.
  const auto ended =
      box.wait<RecordingEnded>([&](const RecordingEnded& event) { return event.recording == recording; });
  ASSERT_TRUE(ended) << "the station's call ends with the line";
  EXPECT_LT(ended->durationMs, 3000);
}

TEST(EngineDetect, KeepsALineThatDoesNotReleaseOnBusy) {
  Box box;
  const auto ends = lift(box);
  box.ask(DetectorSet{.port = ends.phone.port, .tones = true});
  box.ask<PlayStarted>(ToneStart{ends.station.port, "congestion"});
  const auto begun = box.wait<ToneDetected>();
  ASSERT_TRUE(begun);
  EXPECT_EQ("congestion", begun->tone);
  EXPECT_EQ(2U, box.snapshot().legs.size());
}

class EngineCallerId : public ::testing::TestWithParam<CallerIdMode> {};

TEST_P(EngineCallerId, TellsTheTelephoneWhoCalls) {
  auto config = test_config();
  config.analogs[0].callerId = GetParam();
  config.analogs[1].callerId = CallerIdMode::kAuto;
  Box box(config);
  const auto ringing = box.ask<LegSeized>(LegSeize{
      .analog = 1, .callingNumber = "02161234567", .callingName = GetParam() == CallerIdMode::kDtmf ? "" : "王小明"});
  const auto offered = box.wait<LegOffered>();
  ASSERT_TRUE(offered);
  EXPECT_EQ(10001U, offered->analog);
  EXPECT_EQ("02161234567", offered->callingNumber);
  EXPECT_EQ(GetParam() == CallerIdMode::kDtmf ? "" : "王小明", offered->callingName);
  box.ask(LegAnswer{offered->leg});
  EXPECT_TRUE(box.wait_leg<LegAnswered>(ringing.leg));
}
INSTANTIATE_TEST_SUITE_P(Modes, EngineCallerId,
                         ::testing::Values(CallerIdMode::kBell202, CallerIdMode::kV23, CallerIdMode::kDtmf),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

TEST(EngineDetect, OffersACallWithoutANumberAtTheSecondRing) {
  auto config = test_config();
  config.country.ringCadenceMs = {500, 700};
  config.analogs[1].callerId = CallerIdMode::kAuto;
  Box box(config);
  box.ask<LegSeized>(LegSeize{.analog = 1, .callingNumber = "123"});
  const auto offered = box.wait<LegOffered>();
  ASSERT_TRUE(offered);
  EXPECT_EQ("", offered->callingNumber);
}

TEST(EngineDetect, CancelsTheEchoOfALine) {
  for (const uint32_t taps : {0U, 128U}) {
    auto config = test_config();
    config.analogs[0].echoTaps = taps;
    Box box(config);
    box.ask(VirtualEcho{.analog = 1, .lossDb = 10, .delayMs = 5});
    const auto ends = lift(box);
    const auto recording = box.ask<RecordingStarted>(RecordingStart{ends.station.port, box.file("r.wav")}).recording;
    const std::string prompt = "/usr/share/asterisk/sounds/en_US_f_Allison/vm-instructions.wav";
    if (!std::filesystem::exists(prompt))
      GTEST_SKIP() << "NO SPEECH TO TRY ECHO WITH: install asterisk-core-sounds-en-wav";
    box.ask<PlayStarted>(PlayStart{ends.station.port, {prompt}});
    ASSERT_TRUE(box.wait<PlayEnded>());
    box.ask<RecordingResult>(RecordingStop{recording});
    const auto said = channel(box.file("r.wav"), 0);
    const auto heard = channel(box.file("r.wav"), 1);
    ASSERT_GT(said.size(), 24000U);
    const double reference = level_dbm0(heard, 16000, said.size() - 1600);
    const double echo = level_dbm0(said, 16000, said.size() - 1600);
    if (taps == 0) {
      EXPECT_NEAR(reference - echo, 10, 1);
    } else {
      EXPECT_GT(reference - echo, 15) << "ten of them are the line's own";
    }
  }
}

TEST(EngineDetect, EvensOutWhatIsSaidTooSoftly) {
  Box box;
  const auto ends = lift(box);
  box.ask(PortCondition{.port = ends.station.port, .automaticGain = true});
  box.ask(DetectorSet{.port = ends.station.port, .voice = true, .level = true});
  const auto recording = box.ask<RecordingStarted>(RecordingStart{ends.station.port, box.file("r.wav")}).recording;
  // Speech-like: noise of -33 dBm0 in syllables.
  std::vector<uint8_t> speech;
  uint32_t seed = 1;
  for (int i = 0; i < 48000; ++i) {
    seed = seed * 1664525 + 1013904223;
    const double noise = static_cast<double>(seed >> 8) / 8388608.0 - 1;
    const double loudness = i / 1600 % 3 == 2 ? 20 : 1100;
    speech.push_back(dsp::linear_to_alaw(static_cast<int16_t>(noise * loudness)));
  }
  write_alaw(box.file("s.wav"), speech);
  box.ask<PlayStarted>(PlayStart{ends.phone.port, {box.file("s.wav")}});
  const auto speaking = box.wait<VoiceChanged>();
  ASSERT_TRUE(speaking);
  EXPECT_TRUE(speaking->speaking);
  ASSERT_TRUE(box.wait<LevelMeasured>());
  ASSERT_TRUE(box.wait<PlayEnded>());
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto said = channel(box.file("r.wav"), 0);
  const auto begin = level_dbm0(said, 1600, 4000);
  const auto end = level_dbm0(said, 43200, 46000);
  EXPECT_GT(end, begin + 5);
  EXPECT_LT(end, -15);
}

TEST(EngineDetect, SendsAndHearsR2Signals) {
  Box box;
  const auto ends = lift(box);
  box.ask(DetectorSet{.port = ends.station.port, .r2 = R2Direction::kForward});
  for (const uint32_t signal : {1U, 10U, 15U}) {
    const auto play = box.ask<PlayStarted>(R2Send{ends.phone.port, R2Direction::kForward, signal}).play;
    const auto begun = box.wait<R2Signal>();
    ASSERT_TRUE(begun);
    EXPECT_EQ(signal, begun->signal);
    EXPECT_TRUE(begun->active);
    box.ask(PlayStop{play});
    const auto ended = box.wait<R2Signal>();
    ASSERT_TRUE(ended);
    EXPECT_FALSE(ended->active);
  }
}

TEST(EngineDetect, SaysWhoAnswered) {
  Box box;
  const auto ends = lift(box);
  box.ask(DetectorSet{.port = ends.station.port, .faxTones = true, .answer = AnswerTuning{}});
  // A fax machine answers: 2100 Hz.
  std::vector<uint8_t> tone;
  for (int i = 0; i < 24000; ++i) {
    tone.push_back(dsp::linear_to_alaw(static_cast<int16_t>(8000 * std::sin(2 * 3.14159265358979 * 2100 * i / 8000))));
  }
  write_alaw(box.file("ced.wav"), tone);
  box.ask<PlayStarted>(PlayStart{ends.phone.port, {box.file("ced.wav")}});
  const auto classified = box.wait<AnswerClassified>();
  ASSERT_TRUE(classified);
  EXPECT_EQ(AnswerVerdict::kFax, classified->verdict);
  EXPECT_EQ("fax_answer_tone", classified->cause);
  EXPECT_FALSE(classified->figures.empty());
  const auto heard = box.wait<FaxToneDetected>();
  ASSERT_TRUE(heard);
  EXPECT_EQ(FaxToneKind::kAnswer, heard->tone);
}

TEST(EngineDetect, StopsWhatIsNoLongerAskedForAndEndsWithTheCall) {
  Box box;
  const auto ends = lift(box);
  box.ask(DetectorSet{.port = ends.station.port, .voice = true, .level = true});
  ASSERT_TRUE(box.wait<LevelMeasured>());
  box.ask(DetectorSet{.port = ends.station.port});
  while (box.wait<LevelMeasured>([](const LevelMeasured&) { return true; }, std::chrono::milliseconds(0))) {
  }
  EXPECT_FALSE(box.wait<LevelMeasured>([](const LevelMeasured&) { return true; }, std::chrono::milliseconds(1500)));
  EXPECT_EQ(ErrorCode::kWrongState, box.refused(DetectorSet{.port = 3}).code);
  box.ask(DetectorSet{.port = ends.station.port, .level = true, .answer = AnswerTuning{}});
  box.ask(PortCondition{.port = ends.station.port, .echoTaps = 512, .automaticGain = true});
  box.ask(LegRelease{ends.phone.leg});
  EXPECT_TRUE(box.wait_leg<LegReleased>(ends.station.leg));
}

/// A page of stripes as an uncompressed black-and-white TIFF.
void write_page(const std::string& path, uint32_t rows) {
  constexpr uint32_t kColumns = 1728;
  std::ofstream out(path, std::ios::binary);
  const auto number = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.put(static_cast<char>(value >> (8 * i)));
  };
  const auto entry = [&](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
    number(tag, 2);
    number(type, 2);
    number(count, 4);
    number(value, 4);
  };
  out << "II";
  number(42, 2);
  number(8, 4);
  constexpr uint32_t kEntries = 12;
  const uint32_t resolution = 8 + 2 + kEntries * 12 + 4;
  const uint32_t data = resolution + 16;
  number(kEntries, 2);
  entry(256, 4, 1, kColumns);
  entry(257, 4, 1, rows);
  entry(258, 3, 1, 1);
  entry(259, 3, 1, 1);  // no compression
  entry(262, 3, 1, 0);  // white is 0
  entry(266, 3, 1, 1);
  entry(273, 4, 1, data);
  entry(277, 3, 1, 1);
  entry(278, 4, 1, rows);
  entry(279, 4, 1, kColumns / 8 * rows);
  entry(282, 5, 1, resolution);
  entry(283, 5, 1, resolution + 8);
  number(0, 4);
  number(204, 4);
  number(1, 4);
  number(98, 4);
  number(1, 4);
  for (uint32_t row = 0; row < rows; ++row) {
    for (uint32_t octet = 0; octet < kColumns / 8; ++octet) out.put(row / 4 % 2 == octet / 9 % 2 ? '\xFF' : '\0');
  }
}

TEST(EngineFax, SendsAPageFromOneTelephoneToAnother) {
  Box box;
  const auto ends = lift(box);
  write_page(box.file("page.tif"), 30);
  const auto receiver =
      box.ask<FaxStarted>(
             FaxStart{.port = ends.station.port, .receiveFile = box.file("in.tif"), .localIdentity = "10086"})
          .fax;
  const auto sender =
      box
          .ask<FaxStarted>(FaxStart{
              .port = ends.phone.port, .calling = true, .sendFile = box.file("page.tif"), .localIdentity = "62345678"})
          .fax;
  EXPECT_EQ(ErrorCode::kBusy, box.refused(FaxStart{.port = ends.phone.port}).code);
  const auto patience = std::chrono::milliseconds(60000);
  const auto sent = box.wait<FaxEnded>([&](const FaxEnded& ended) { return ended.fax == sender; }, patience);
  ASSERT_TRUE(sent);
  EXPECT_TRUE(sent->ok) << sent->text;
  EXPECT_EQ(1U, sent->pagesSent);
  EXPECT_EQ("10086", sent->remoteIdentity);
  const auto received = box.wait<FaxEnded>([&](const FaxEnded& ended) { return ended.fax == receiver; }, patience);
  ASSERT_TRUE(received);
  EXPECT_TRUE(received->ok) << received->text;
  EXPECT_EQ(1U, received->pagesReceived);
  EXPECT_EQ("62345678", received->remoteIdentity);
  EXPECT_TRUE(box.wait<FaxPageDone>([&](const FaxPageDone& page) { return page.received && page.rows == 30; }));
  EXPECT_GT(read_file(box.file("in.tif")).size(), 100U);
}

TEST(EngineFax, SaysOnceThatTheCallWasOver) {
  Box box;
  const auto ends = lift(box);
  const auto fax = box.ask<FaxStarted>(FaxStart{.port = ends.station.port, .receiveFile = box.file("in.tif")}).fax;
  box.ask(LegRelease{ends.phone.leg});
  const auto ended = box.wait<FaxEnded>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(fax, ended->fax);
  EXPECT_FALSE(ended->ok);
  EXPECT_NE("", ended->text);
  EXPECT_EQ(ErrorCode::kNotFound, box.refused(FaxStop{fax}).code);
  EXPECT_FALSE(std::filesystem::exists(box.file("in.tif")));
}

TEST(EngineFax, ClosesInTheMiddleOfAPage) {
  Box box;
  const auto ends = lift(box);
  write_page(box.file("page.tif"), 300);
  box.ask<FaxStarted>(FaxStart{.port = ends.station.port, .receiveFile = box.file("in.tif")});
  box.ask<FaxStarted>(FaxStart{.port = ends.phone.port, .calling = true, .sendFile = box.file("page.tif")});
  box.close();
}

}  // namespace
}  // namespace cordboard::engine
