// SPDX-License-Identifier: GPL-2.0-or-later
// Call-progress tones as exchanges send them, and as lines spoil them: level, frequency, cadence, noise, speech.
#include <gtest/gtest.h>

#include <map>

#include "dsp/call_progress.hpp"
#include "dsp_recordings.hpp"
#include "dsp_signals.hpp"

namespace cordboard::dsp {
namespace {

using Tones = std::vector<CallProgressTone>;

CallProgressTone tone(const std::string& name, std::vector<double> hz, std::vector<uint32_t> on_off_ms) {
  CallProgressTone made{name, {}};
  for (std::size_t i = 0; i < on_off_ms.size(); i += 2) {
    made.parts.push_back({.frequencies_hz = hz, .on_ms = on_off_ms[i], .off_ms = on_off_ms[i + 1]});
  }
  return made;
}

const Tones kChina{
    tone("dial", {450}, {0, 0}),
    tone("ringback", {450}, {1000, 4000}),
    tone("busy", {450}, {350, 350}),
    tone("congestion", {450}, {700, 700}),
    tone("unobtainable", {450}, {100, 100, 100, 100, 100, 100, 400, 400}),
    tone("callWaiting", {450}, {400, 4000}),
    tone("recorderWarning", {950}, {400, 10000}),
    tone("howler", {950}, {0, 0}),
};
const Tones kAmerica{
    tone("dial", {350, 440}, {0, 0}),         tone("ringback", {440, 480}, {2000, 4000}),
    tone("busy", {480, 620}, {500, 500}),     tone("congestion", {480, 620}, {250, 250}),
    tone("callWaiting", {440}, {300, 10000}),
};
const Tones kBritain{
    tone("dial", {350, 440}, {0, 0}),    tone("ringback", {400, 450}, {400, 200, 400, 2000}),
    tone("busy", {400}, {375, 375}),     tone("congestion", {400}, {400, 350, 225, 525}),
    tone("unobtainable", {400}, {0, 0}),
};
const Tones kItaly{
    tone("dial", {425}, {200, 200, 600, 1000}),
    tone("ringback", {425}, {1000, 4000}),
    tone("busy", {425}, {500, 500}),
    tone("congestion", {425}, {200, 200}),
};

struct Line {
  double level_dbm0 = -10;
  double offset_hz = 0;
  double stretch = 1;  // of every on; the offs change the other way if squeeze is set
  double snr_db = 200;
  double lead_ms = 500;
  double phase = 0;
  uint32_t seed = 1;
};

using Signal = std::vector<double>;

/// Played for at least this long, in whole parts (an endless part to the end of it).
Signal play(const CallProgressTone& tone, double ms, const Line& line = {}) {
  Signal samples(static_cast<std::size_t>(std::lround(line.lead_ms * 8)), 0.0);
  const std::size_t whole = samples.size() + static_cast<std::size_t>(ms * 8);
  const double amplitude = amplitude_of(line.level_dbm0);
  double power = 0;
  for (std::size_t i = 0; samples.size() < whole; i = (i + 1) % tone.parts.size()) {
    const TonePart& part = tone.parts[i];
    const auto on = static_cast<std::size_t>(part.on_ms > 0 ? part.on_ms * 8 * line.stretch
                                                            : static_cast<double>(whole - samples.size()));
    for (std::size_t n = 0; n < on; ++n) {
      double sum = 0;
      for (const double hz : part.frequencies_hz) {
        const double turn = 2 * std::numbers::pi * (hz + line.offset_hz) / 8000;
        sum += amplitude * std::sin(turn * static_cast<double>(n) + line.phase);
      }
      samples.push_back(sum);
    }
    power = amplitude * amplitude / 2 * static_cast<double>(part.frequencies_hz.size());
    samples.insert(samples.end(), static_cast<std::size_t>(part.off_ms * 8 / line.stretch), 0.0);
  }
  if (line.snr_db < 100) {
    std::mt19937 random(line.seed);
    std::normal_distribution<double> noise(0, std::sqrt(power * std::pow(10.0, -line.snr_db / 10)));
    for (double& sample : samples) sample += noise(random);
  }
  return samples;
}

Signal joined(std::initializer_list<Signal> parts) {
  Signal all;
  for (const Signal& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Signal silence(double ms) { return Signal(static_cast<std::size_t>(ms * 8), 0.0); }

/// Something like speech: a few harmonics of a gliding voice, syllables of 150 ms.
Signal speech(double ms, double level_dbm0 = -15) {
  Signal samples(static_cast<std::size_t>(ms * 8));
  const double amplitude = amplitude_of(level_dbm0);
  double angle = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / 8000;
    angle += 2 * std::numbers::pi * (130 + 30 * std::sin(7 * t)) / 8000;
    const double syllable = 0.55 + 0.45 * std::sin(2 * std::numbers::pi * 3.3 * t);
    for (int h = 1; h < 9; ++h)
      samples[i] += amplitude * syllable * std::sin(h * angle + h * h) / (1 + std::abs(h - 4));
  }
  return samples;
}

struct Heard {
  std::string name;
  bool begin;
  double ms;
  CallProgressEvent event;
};

std::vector<Heard> events_of(const CallProgress& detector, const std::vector<int16_t>& blocks) {
  std::vector<Heard> heard;
  CallProgressState state{};
  for (std::size_t i = 0; i < blocks.size(); i += kBlock) {
    CallProgressEvent events[kMaxCallProgressEvents];
    const int count = detector.process(state, &blocks[i], events);
    for (int e = 0; e < count; ++e) {
      heard.push_back({detector.name(events[e].tone), events[e].begin, static_cast<double>(i + kBlock) / 8, events[e]});
    }
  }
  return heard;
}

/// "+busy -busy", in order.
std::string heard(const CallProgress& detector, const Signal& samples) {
  std::string text;
  for (const Heard& one : events_of(detector, received(samples))) {
    text += (text.empty() ? "" : " ") + std::string(one.begin ? "+" : "-") + one.name;
  }
  return text;
}

const CallProgressTone& named(const Tones& tones, const std::string& name) {
  for (const auto& tone : tones) {
    if (tone.name == name) return tone;
  }
  throw std::out_of_range(name);
}

std::string both(const std::string& name) { return "+" + name + " -" + name; }

constexpr double kTail = 5500;  // longer than any pause, so that every tone is seen to end

void expect_heard(const Tones& tones, const std::string& name, double ms, const Line& line, const std::string& note) {
  const CallProgress detector(tones);
  EXPECT_EQ(both(name), heard(detector, joined({play(named(tones, name), ms, line), silence(kTail)}))) << note;
}

TEST(DspCallProgress, TellsTheTonesOfACountryApart) {
  for (double lead_ms = 500; lead_ms < 520; lead_ms += 3.125) {
    const Line line{.lead_ms = lead_ms, .phase = lead_ms};
    for (const char* name : {"dial", "ringback", "busy", "congestion", "unobtainable", "howler"}) {
      expect_heard(kChina, name, 4000, line, "cn " + std::to_string(lead_ms));
    }
    expect_heard(kChina, "callWaiting", 9000, line, "cn");
    for (const char* name : {"dial", "ringback", "busy", "congestion"}) {
      expect_heard(kAmerica, name, 4000, line, "us " + std::to_string(lead_ms));
    }
    for (const char* name : {"dial", "ringback", "busy", "congestion", "unobtainable"}) {
      expect_heard(kBritain, name, 4000, line, "gb " + std::to_string(lead_ms));
    }
    for (const char* name : {"dial", "ringback", "busy", "congestion"}) {
      expect_heard(kItaly, name, 4000, line, "it " + std::to_string(lead_ms));
    }
  }
}

TEST(DspCallProgress, TakesFrequenciesWithinTwentyFiveHertzAndRefusesFifty) {
  for (const double offset : {-25.0, -17.0, -8.0, 8.0, 17.0, 25.0}) {
    for (const char* name : {"dial", "ringback", "busy", "congestion"}) {
      const Line line{.offset_hz = offset, .snr_db = 15, .lead_ms = 507};
      expect_heard(kChina, name, 4000, line, std::to_string(offset));
      expect_heard(kAmerica, name, 4000, line, "us " + std::to_string(offset));
    }
  }
  const CallProgress china(kChina);
  for (const double offset : {-80.0, -60.0, -50.0, 50.0, 60.0, 80.0}) {
    for (const char* name : {"dial", "busy"}) {
      EXPECT_EQ("", heard(china, play(named(kChina, name), 4000, {.offset_hz = offset}))) << offset;
    }
  }
}

TEST(DspCallProgress, HearsLevelsFromMinusThirtyFiveToZero) {
  for (const double level : {-35.0, -28.0, -20.0, -3.0, 0.0}) {
    for (const Tones& tones : {kChina, kAmerica}) {
      for (const char* name : {"dial", "ringback", "busy", "congestion"}) {
        expect_heard(tones, name, 4000, {.level_dbm0 = level, .lead_ms = 511}, std::to_string(level));
      }
    }
  }
  const CallProgress china(kChina), america(kAmerica);
  for (const double level : {-43.0, -55.0}) {
    EXPECT_EQ("", heard(china, play(named(kChina, "busy"), 4000, {.level_dbm0 = level})));
    EXPECT_EQ("", heard(america, play(named(kAmerica, "dial"), 4000, {.level_dbm0 = level})));
  }
}

TEST(DspCallProgress, TakesCadencesTwelvePerCentOffAndRefusesOthers) {
  for (const double stretch : {0.90, 0.95, 1.05, 1.10}) {
    for (const Tones& tones : {kChina, kAmerica, kBritain}) {
      for (const char* name : {"ringback", "busy", "congestion"}) {
        expect_heard(tones, name, 5000, {.stretch = stretch, .lead_ms = 503}, std::to_string(stretch));
      }
    }
  }
  const CallProgress china(kChina);
  for (const uint32_t ms : {60U, 200U, 270U, 450U, 500U, 560U, 850U}) {
    EXPECT_EQ("", heard(china, joined({play(tone("odd", {450}, {ms, ms}), 6000), silence(900)}))) << ms;
  }
  EXPECT_EQ("", heard(china, play(tone("odd", {450}, {350, 700}), 6000)));
  EXPECT_EQ("", heard(china, play(tone("odd", {450}, {700, 350}), 6000)));
}

TEST(DspCallProgress, HearsThroughNoiseFifteenDecibelsBelow) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const Line line{.level_dbm0 = -15, .snr_db = 15, .lead_ms = 500.0 + 3 * seed, .seed = seed};
    for (const char* name : {"dial", "ringback", "busy", "congestion", "unobtainable"}) {
      expect_heard(kChina, name, 4000, line, "cn " + std::to_string(seed));
    }
    for (const char* name : {"dial", "ringback", "busy", "congestion"}) {
      expect_heard(kAmerica, name, 4000, line, "us " + std::to_string(seed));
      expect_heard(kBritain, name, 4000, line, "gb " + std::to_string(seed));
    }
  }
}

TEST(DspCallProgress, TellsSoonEnoughToReleaseALine) {
  const std::map<std::string, double> most_ms{
      {"busy", 1500}, {"congestion", 2900}, {"ringback", 2050}, {"unobtainable", 1700}, {"dial", 1300}};
  const CallProgress detector(kChina);
  for (const auto& [name, most] : most_ms) {
    double latest_ms = 0;
    for (double lead_ms = 500; lead_ms < 520; lead_ms += 1.25) {
      const auto heard = events_of(detector, received(play(named(kChina, name), 4500, {.lead_ms = lead_ms})));
      ASSERT_FALSE(heard.empty()) << name;
      EXPECT_EQ(name, heard[0].name);
      EXPECT_NEAR(-10, heard[0].event.level_dbm0, 1);
      latest_ms = std::max(latest_ms, heard[0].ms - lead_ms);
    }
    EXPECT_LE(latest_ms, most) << name;
    RecordProperty(name + "_ms", static_cast<int>(std::lround(latest_ms)));
  }
}

TEST(DspCallProgress, SaysWhatItMeasured) {
  const CallProgress detector(kChina);
  for (double lead_ms = 500; lead_ms < 520; lead_ms += 1.25) {
    const Line line{.stretch = 1.06, .lead_ms = lead_ms};
    const auto heard = events_of(detector, received(play(named(kChina, "busy"), 5000, line)));
    ASSERT_GE(heard.size(), 1U);
    EXPECT_NEAR(371, heard[0].event.on_ms, 8) << lead_ms;
    EXPECT_NEAR(330, heard[0].event.off_ms, 12) << lead_ms;
  }
}

TEST(DspCallProgress, JoinsAToneInItsMiddle) {
  const CallProgress detector(kChina);
  for (const double into_ms : {90.0, 200.0, 330.0, 500.0}) {
    Signal busy = play(named(kChina, "busy"), 4500, {.lead_ms = 0});
    busy.erase(busy.begin(), busy.begin() + static_cast<std::ptrdiff_t>(into_ms * 8));
    EXPECT_EQ(both("busy"), heard(detector, joined({busy, silence(1000)}))) << into_ms;
  }
  Signal ringback = play(named(kChina, "ringback"), 9000, {.lead_ms = 0});
  ringback.erase(ringback.begin(), ringback.begin() + 4000);
  EXPECT_EQ(both("ringback"), heard(detector, joined({ringback, silence(kTail)})));
}

TEST(DspCallProgress, IsNotConfusedForLongBySpeech) {
  const CallProgress detector(kChina);
  const Signal busy = play(named(kChina, "busy"), 4500, {.lead_ms = 20});
  EXPECT_EQ(both("busy"), heard(detector, joined({silence(300), speech(3000), busy, silence(900)})));
  EXPECT_EQ("+busy -busy +busy -busy", heard(detector, joined({busy, speech(2000), busy, silence(900)})));
  // The called party answers.
  const Signal ringback = play(named(kChina, "ringback"), 11000, {.lead_ms = 300});
  const auto answered = events_of(detector, received(joined({ringback, speech(2000)})));
  ASSERT_EQ(2U, answered.size());
  EXPECT_FALSE(answered[1].begin);
  EXPECT_LE(answered[1].ms, static_cast<double>(ringback.size()) / 8 + 150);
  // Ringback gives way to busy, dial tone to dialling.
  EXPECT_EQ("+ringback -ringback +busy -busy",
            heard(detector, joined({play(named(kChina, "ringback"), 1200), busy, silence(900)})));
  const Signal dialled = joined({play(named(kChina, "dial"), 2000), sound("0123", {.on_ms = 80}), silence(3000)});
  EXPECT_EQ("+dial -dial", heard(detector, dialled));
}

TEST(DspCallProgress, LivesThroughClicksAndInterruptions) {
  const CallProgress detector(kChina);
  for (const double gap_ms : {2.0, 5.0, 10.0, 20.0}) {
    for (double at_ms = 800; at_ms < 820; at_ms += 2.5) {
      Signal dial = play(named(kChina, "dial"), 4000);
      for (std::size_t i = 0; i < static_cast<std::size_t>(gap_ms * 8); ++i)
        dial[static_cast<std::size_t>(at_ms * 8) + i] = 0;
      EXPECT_EQ(both("dial"), heard(detector, joined({dial, silence(500)}))) << gap_ms << " at " << at_ms;
      if (gap_ms > 10) continue;
      Signal busy = play(named(kChina, "busy"), 4000);
      for (std::size_t i = 0; i < static_cast<std::size_t>(gap_ms * 8); ++i)
        busy[static_cast<std::size_t>(at_ms * 8) - 640 + i] = 0;
      EXPECT_EQ(both("busy"), heard(detector, joined({busy, silence(900)}))) << gap_ms << " at " << at_ms;
    }
  }
  Signal clicks = play(named(kChina, "busy"), 4000);
  for (std::size_t i = 0; i < clicks.size(); i += 1901) clicks[i] = 20000;
  EXPECT_EQ(both("busy"), heard(detector, joined({clicks, silence(900)})));
}

CallProgressTone sit(std::vector<double> hz, std::vector<uint32_t> ms, uint32_t gap_ms) {
  CallProgressTone made{"sit", {}};
  for (std::size_t i = 0; i < 3; ++i) {
    made.parts.push_back({.frequencies_hz = {hz[i]}, .on_ms = ms[i], .off_ms = i < 2 ? gap_ms : 1000});
  }
  return made;
}

TEST(DspCallProgress, HearsTheSpecialInformationToneAndItsKind) {
  struct Case {
    std::vector<double> hz;
    std::vector<uint32_t> ms;
    SitKind kind;
  };
  const std::vector<Case> cases{
      {{950, 1400, 1800}, {330, 330, 330}, SitKind::kGeneral},
      {{900, 1350, 1750}, {300, 330, 360}, SitKind::kGeneral},
      {{1000, 1450, 1850}, {330, 330, 330}, SitKind::kGeneral},
      {{985.2, 1428.5, 1776.7}, {380, 380, 380}, SitKind::kNoCircuit},
      {{913.8, 1370.6, 1776.7}, {274, 274, 380}, SitKind::kIntercept},
      {{985.2, 1370.6, 1776.7}, {380, 274, 380}, SitKind::kVacantCode},
      {{913.8, 1428.5, 1776.7}, {274, 380, 380}, SitKind::kReorder},
  };
  for (const Tones& tones : {kChina, kAmerica}) {
    const CallProgress detector(tones);
    for (const Case& one : cases) {
      for (const uint32_t gap_ms : {0U, 15U, 30U}) {
        for (double lead_ms = 500; lead_ms < 520; lead_ms += 2.5) {
          const Line line{.level_dbm0 = -20, .snr_db = gap_ms == 15 ? 15.0 : 200.0, .lead_ms = lead_ms, .phase = 1};
          // Twice, as exchanges do: it is reported once.
          const auto heard = events_of(detector, received(play(sit(one.hz, one.ms, gap_ms), 2500, line)));
          ASSERT_EQ(1U, heard.size()) << one.hz[0] << " gap " << gap_ms << " lead " << lead_ms;
          EXPECT_EQ(detector.sit(), heard[0].event.tone);
          EXPECT_EQ(one.kind, heard[0].event.sit) << one.hz[0] << " gap " << gap_ms << " lead " << lead_ms;
          EXPECT_NEAR(one.ms[0], heard[0].event.on_ms, 12 + gap_ms / 2);
        }
      }
    }
    // Falling, too short, too far off.
    for (const auto& other : {sit({1800, 1400, 950}, {330, 330, 330}, 0), sit({950, 1400, 1800}, {100, 100, 100}, 0),
                              sit({950, 1400, 1800}, {600, 600, 600}, 0), sit({850, 1300, 1700}, {330, 330, 330}, 0),
                              sit({950, 1400, 1800}, {330, 330, 330}, 200)}) {
      EXPECT_EQ("", heard(detector, play(other, 2500)));
    }
  }
}

TEST(DspCallProgress, HearsNothingInSpeechAndMusic) {
  std::map<std::string, int> false_tones;
  const CallProgress china(kChina), america(kAmerica), britain(kBritain), italy(kItaly);
  double seconds = 0;
  for (const auto* detector : {&china, &america, &britain, &italy}) {
    seconds += hear_recordings(detector == &china ? 2 : 1, detector == &italy ? 77 : 0,
                               [&](const std::vector<int16_t>& blocks, const std::string& path) {
                                 for (const Heard& one : events_of(*detector, blocks)) {
                                   if (!one.begin) continue;
                                   ADD_FAILURE() << one.name << " in " << path << " at " << one.ms << " ms, on "
                                                 << one.event.on_ms << " off " << one.event.off_ms;
                                   ++false_tones[one.name];
                                 }
                               });
  }
  if (seconds == 0)
    GTEST_SKIP() << "SPEECH AND MUSIC NOT TESTED: install asterisk-core-sounds-en-wav, asterisk-moh-opsound-wav";
  std::printf("speech and music heard by four countries: %.2f h together\n", seconds / 3600);
  int wrong = 0;
  for (const auto& [name, times] : false_tones) wrong += times;
  RecordProperty("seconds", static_cast<int>(seconds));
  RecordProperty("false_tones", wrong);
}

TEST(DspCallProgress, LivesThroughAnything) {
  std::mt19937 random(7);
  for (const Tones& tones : {kChina, kAmerica}) {
    const CallProgress detector(tones);
    CallProgressState state{};
    for (int n = 0; n < 20000; ++n) {
      // Bursts of every kind, short and long, to reach every edge of the state.
      int16_t block[kBlock];
      const int kind = static_cast<int>(random() % 6);
      const int amplitude = static_cast<int>(random() % 32768);
      const double hz = std::array<double, 6>{450, 350, 480, 950, 1400, 1800}[random() % 6];
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double tone =
            amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(n * 160 + static_cast<int>(i)) / 8000);
        block[i] = static_cast<int16_t>(kind == 0 ? random() : kind == 1 ? -32768 : kind < 4 ? tone : 0);
      }
      CallProgressEvent events[kMaxCallProgressEvents];
      const int count = detector.process(state, block, events);
      ASSERT_LE(count, static_cast<int>(kMaxCallProgressEvents));
      for (int e = 0; e < count; ++e) ASSERT_LE(events[e].tone, detector.sit());
    }
  }
}

TEST(DspCallProgress, RefusesDescriptionsItCannotHear) {
  const Tones tones{
      tone("none", {}, {100, 100}),    tone("nothing", {450}, {}),
      tone("fast", {450}, {10, 10}),   tone("high", {4100}, {500, 500}),
      tone("low", {-5}, {500, 500}),   {"once", {{.frequencies_hz = {450}, .on_ms = 200, .off_ms = 200}}, false},
      tone("busy", {450}, {350, 350}), tone("nan", {std::nan("")}, {500, 500}),
  };
  const CallProgress detector(tones);
  EXPECT_EQ((std::vector<std::string>{"none", "nothing", "fast", "high", "low", "once", "nan"}), detector.ignored());
  EXPECT_EQ(both("busy"), heard(detector, joined({play(named(tones, "busy"), 4000), silence(900)})));
  Tones many;
  for (int i = 0; i < 60; ++i)
    many.push_back(tone("t" + std::to_string(i), {200.0 + 57 * i, 300.0 + 57 * i}, {500, 500}));
  const CallProgress full(many);
  EXPECT_FALSE(full.ignored().empty());
  EXPECT_EQ("+t3 -t3", heard(full, joined({play(named(many, "t3"), 4000), silence(900)})));
}

}  // namespace
}  // namespace cordboard::dsp
