// SPDX-License-Identifier: GPL-2.0-or-later
// Tones for those who come to a conference and go, compared octet by octet with what every telephone hears.
#include <algorithm>
#include <random>
#include <tuple>

#include "conference_box.hpp"
#include "dsp/tone_clip.hpp"
#include "dsp_signals.hpp"

namespace cordboard::engine {
namespace {

/// A box whose country has tones of its own for conferences, and a mark to be played when they are over: it stands
/// behind them in the announcer's queue.
class Tones : public testing::Test {
 protected:
  static EngineConfig config(uint32_t announcers = 64) {
    auto config = test_config(1, 6);
    config.country.tones.push_back({"conferenceEnter", {{{500}, -15, 100, 0}, {{700}, -15, 60, 0}}, false});
    config.country.tones.push_back({"conferenceLeave", {{{900}, -15, 100, 0}, {{300}, -15, 60, 0}}, false});
    config.country.tones.push_back({"gong", {{{350}, -15, 600, 0}}, false});
    config.announcers = announcers;
    return config;
  }

  explicit Tones(uint32_t announcers = 64) : box(config(announcers)) {
    std::mt19937 random(5);
    mark_.push_back(0x12);
    while (mark_.size() < 1600) mark_.push_back(static_cast<uint8_t>(random()));
    write_alaw(box.file("mark.wav"), mark_);
  }

  ConferenceCreated create() {
    return box.ask<ConferenceCreated>(ConferenceCreate{.enterTone = "conferenceEnter", .leaveTone = "conferenceLeave"});
  }

  /// Waits until every tone asked for so far has been heard.
  void mark(const ConferenceCreated& room) {
    ASSERT_TRUE(room.announcer);
    const auto play =
        box.ask<PlayStarted>(PlayStart{.port = *room.announcer, .files = {box.file("mark.wav")}, .enqueue = true}).play;
    EXPECT_TRUE(box.wait<PlayEnded>([play](const PlayEnded& event) { return event.play == play; }));
  }

  uint32_t listen(const Phone& phone) {
    return box.ask<RecordingStarted>(RecordingStart{phone.port, path(phone)}).recording;
  }
  /// What the telephone has heard since listen().
  std::vector<uint8_t> heard(const Phone& phone, uint32_t recording) {
    box.ask<RecordingResult>(RecordingStop{recording});
    return channel(path(phone), 0);
  }
  std::string path(const Phone& phone) const { return box.file("heard-" + std::to_string(phone.port) + ".wav"); }

  /// Places at which `wanted` stands whole.
  static std::vector<std::ptrdiff_t> places(const std::vector<uint8_t>& in, const std::vector<uint8_t>& wanted) {
    std::vector<std::ptrdiff_t> found;
    for (auto at = in.begin();; at += static_cast<std::ptrdiff_t>(wanted.size())) {
      at = std::search(at, in.end(), wanted.begin(), wanted.end());
      if (at == in.end()) return found;
      found.push_back(at - in.begin());
    }
  }
  /// Everything heard in order: e a tone for entering, l for leaving, m a mark, ? any other sound, or part of one.
  std::string story(const std::vector<uint8_t>& octets) const {
    // The last block of a mark may still be in the cable when the recording stops.
    const std::vector<uint8_t> mark(mark_.begin(), mark_.begin() + 1280);
    std::string told;
    for (auto at = octets.begin(); at != octets.end();) {
      if (*at == dsp::kAlawSilence) {
        ++at;
        continue;
      }
      // A tone begins at phase zero, which is an octet of silence.
      const auto from = at == octets.begin() ? at : at - 1;
      const auto starts = [&](const std::vector<uint8_t>& sound) {
        const auto left = static_cast<std::size_t>(octets.end() - from);
        return left >= sound.size() && std::equal(sound.begin(), sound.end(), from);
      };
      const auto rest = [&](std::size_t length) {
        return from + static_cast<std::ptrdiff_t>(std::min(length, static_cast<std::size_t>(octets.end() - from)));
      };
      if (starts(enter_)) {
        told += 'e';
        at = rest(enter_.size());
      } else if (starts(leave_)) {
        told += 'l';
        at = rest(leave_.size());
      } else if (std::equal(mark.begin(), mark.end(), at, octets.end() - at > 1280 ? at + 1280 : octets.end())) {
        told += 'm';
        at += static_cast<std::ptrdiff_t>(std::min(mark_.size(), static_cast<std::size_t>(octets.end() - at)));
      } else {
        if (told.empty() || told.back() != '?') told += '?';
        ++at;
      }
    }
    return told;
  }

  Box box;
  std::vector<uint8_t> mark_;
  const std::vector<uint8_t> enter_ =
      dsp::render_tone(std::vector<dsp::TonePart>{{{500}, -15, 100, 0}, {{700}, -15, 60, 0}}, false);
  const std::vector<uint8_t> leave_ =
      dsp::render_tone(std::vector<dsp::TonePart>{{{900}, -15, 100, 0}, {{300}, -15, 60, 0}}, false);
};

class OneAnnouncer : public Tones {
 protected:
  OneAnnouncer() : Tones(1) {}
};

TEST_F(Tones, AreHeardByAllInsideAndByTheNewcomer) {
  const auto phones = lift_all(box, 2);
  const auto room = create();
  const auto first = listen(phones[0]);
  const auto second = listen(phones[1]);
  box.ask(ConferenceJoin{room.conference, phones[0].seat});
  mark(room);
  box.ask(ConferenceJoin{room.conference, phones[1].seat});
  mark(room);
  box.ask(ConferenceLeave{phones[1].seat});
  mark(room);
  EXPECT_EQ("ememlm", story(heard(phones[0], first)));
  EXPECT_EQ("em", story(heard(phones[1], second))) << "he who has left hears no more";
}

TEST_F(Tones, DoNotTellOfASupervisor) {
  const auto phones = lift_all(box, 4);
  const auto& [caller, agent, supervisor, late] = std::tie(phones[0], phones[1], phones[2], phones[3]);
  const auto room = create();
  const auto first = listen(caller);
  box.ask(ConferenceJoin{room.conference, caller.seat});
  box.ask(ConferenceJoin{room.conference, agent.seat});
  mark(room);
  box.ask(ConferenceJoin{room.conference, supervisor.seat, SeatRole::kListen});
  box.ask(ConferenceJoin{room.conference, supervisor.seat, SeatRole::kWhisper, agent.seat});
  box.ask(ConferenceJoin{room.conference, supervisor.seat, SeatRole::kListen});
  box.ask(ConferenceLeave{supervisor.seat});
  mark(room);
  box.ask(ConferenceJoin{room.conference, supervisor.seat, SeatRole::kWhisper, agent.seat});
  box.ask(ConferenceJoin{room.conference, supervisor.seat});  // speaks up: the others hear that without a tone
  box.ask(ConferenceLeave{supervisor.seat});
  mark(room);
  box.ask(ConferenceJoin{room.conference, supervisor.seat, SeatRole::kListen});
  const auto second = listen(supervisor);
  box.ask(ConferenceJoin{room.conference, late.seat});
  mark(room);
  EXPECT_EQ("eemmmem", story(heard(caller, first)));
  EXPECT_NE(std::string::npos, story(heard(supervisor, second)).find("em")) << "he hears who comes";
}

TEST_F(Tones, TellOfOneWhoIsMutedAndGoesAndOfOneWhoHangsUp) {
  const auto phones = lift_all(box, 3);
  const auto room = create();
  for (const auto& phone : phones) box.ask(ConferenceJoin{room.conference, phone.seat});
  mark(room);
  const auto first = listen(phones[0]);
  mark(room);
  box.ask(ConferenceJoin{room.conference, phones[1].seat, SeatRole::kListen});
  box.ask(
      ConferenceJoin{.conference = room.conference, .port = phones[1].seat, .role = SeatRole::kListen, .gainDb = 3});
  mark(room);
  box.ask(ConferenceLeave{phones[1].seat});
  mark(room);
  box.ask(LegRelease{phones[2].leg});
  ASSERT_TRUE(box.wait_leg<LegReleased>(phones[2].seat_leg));
  mark(room);
  const auto told = story(heard(phones[0], first));
  EXPECT_NE(std::string::npos, told.find("mmlmlm")) << told;
  EXPECT_EQ(std::string::npos, told.find('e')) << told;
}

TEST_F(Tones, DoNotCutAnAnnouncementShort) {
  const auto phones = lift_all(box, 2);
  const auto room = create();
  box.ask(ConferenceJoin{room.conference, phones[0].seat});
  mark(room);
  const auto first = listen(phones[0]);
  const auto play =
      box.ask<PlayStarted>(PlayStart{.port = *room.announcer, .files = {box.file("mark.wav")}, .loop = true}).play;
  box.ask(ConferenceJoin{room.conference, phones[1].seat});
  box.ask(ConferenceLeave{phones[1].seat});
  while (box.ask<PlayPositionReply>(PlayPosition{play}).positionMs < 700) {
  }
  box.ask(PlayStop{play});
  mark(room);  // nothing waits before it
  const auto octets = heard(phones[0], first);
  auto thrice = mark_;
  thrice.insert(thrice.end(), mark_.begin(), mark_.end());
  thrice.insert(thrice.end(), mark_.begin(), mark_.end());
  EXPECT_FALSE(places(octets, thrice).empty()) << "the announcement has a gap";
  EXPECT_TRUE(places(octets, enter_).empty());
  EXPECT_TRUE(places(octets, leave_).empty());
}

TEST_F(Tones, AreFewWhenACrowdComesAtOnce) {
  const auto phones = lift_all(box, 6);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{.enterTone = "gong"});
  const auto first = listen(phones[0]);
  std::vector<ConferenceJoin> joins;
  for (const auto& phone : phones) joins.push_back({room.conference, phone.seat});
  ask_all(box, joins);
  mark(room);
  const auto gong = dsp::render_tone(std::vector<dsp::TonePart>{{{350}, -15, 600, 0}}, false);
  EXPECT_EQ(3U, places(heard(phones[0], first), gong).size());
}

TEST_F(Tones, SoundOnceEvenWhenTheyAreMadeToGoOn) {
  const auto phones = lift_all(box, 1);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{.enterTone = "busy"});
  const auto first = listen(phones[0]);
  box.ask(ConferenceJoin{room.conference, phones[0].seat});
  mark(room);  // would wait for ever
  const auto busy = dsp::render_tone(std::vector<dsp::TonePart>{{{450}, -10, 350, 0}}, false);
  EXPECT_EQ(1U, places(heard(phones[0], first), busy).size());
}

TEST_F(Tones, MustBeKnown) {
  const auto unknown = box.refused(ConferenceCreate{.leaveTone = "gnog"});
  EXPECT_EQ(ErrorCode::kNotFound, unknown.code);
  EXPECT_NE(std::string::npos, unknown.text.find("no tone gnog")) << unknown.text;
  EXPECT_NE(std::string::npos, unknown.text.find("gong")) << unknown.text;
  EXPECT_TRUE(box.snapshot().conferences.empty());
}

TEST_F(OneAnnouncer, MakesOneRoomWithTonesAndTheNextWithout) {
  const auto phones = lift_all(box, 2);
  const auto room = create();
  ASSERT_TRUE(room.announcer);
  const auto silent = create();
  EXPECT_FALSE(silent.announcer);
  detect(box, phones);
  const auto first = listen(phones[0]);
  for (const auto& phone : phones) box.ask(ConferenceJoin{silent.conference, phone.seat});
  send_digits(box, phones[1], "7");
  EXPECT_EQ("7", next_digits(box, phones[0], 1));
  box.ask(ConferenceLeave{phones[1].seat});
  const auto octets = heard(phones[0], first);
  EXPECT_TRUE(places(octets, enter_).empty());
  EXPECT_TRUE(places(octets, leave_).empty());
  box.ask(ConferenceClose{room.conference});
  const auto next = create();
  EXPECT_EQ(room.announcer, next.announcer) << "given back";
  const auto second = listen(phones[1]);
  box.ask(ConferenceJoin{next.conference, phones[1].seat});
  mark(next);
  EXPECT_EQ("em", story(heard(phones[1], second)));
}

TEST(ConferenceTones, HasARisingToneAndAFallingOne) {
  Box box;
  const auto phone = lift_all(box, 1)[0];
  for (const auto& [name, first, second] :
       {std::tuple{"conferenceEnter", 660, 880}, std::tuple{"conferenceLeave", 880, 660}}) {
    const auto path = box.file(std::string(name) + ".wav");
    const auto recording = box.ask<RecordingStarted>(RecordingStart{phone.port, path}).recording;
    const auto play = box.ask<PlayStarted>(ToneStart{phone.seat, name});
    EXPECT_EQ(300U, play.durationMs);
    ASSERT_TRUE(box.wait<PlayEnded>());
    // Something behind it, so that its last block is in the recording.
    box.ask<PlayStarted>(DigitsSend{.port = phone.seat, .digits = "1"});
    ASSERT_TRUE(box.wait<PlayEnded>());
    box.ask<RecordingResult>(RecordingStop{recording});
    const auto octets = channel(path, 0);
    const auto from = std::find_if(octets.begin(), octets.end(), [](uint8_t at) { return at != dsp::kAlawSilence; });
    ASSERT_GT(octets.end() - from, 2400);
    const auto samples = dsp::decoded({from, from + 2400});
    const std::vector<double> low(samples.begin(), samples.begin() + 1200);
    const std::vector<double> high(samples.begin() + 1200, samples.end());
    EXPECT_NEAR(-18, dsp::level_at(low, first), 0.2) << name;
    EXPECT_NEAR(-18, dsp::level_at(high, second), 0.2) << name;
    EXPECT_LT(dsp::level_at(low, second), -40) << name;
    EXPECT_LT(dsp::level_at(high, first), -40) << name;
  }
}

TEST(ConferenceTones, HasNoToneUnlessAskedFor) {
  Box box(test_config(1, 2));
  const auto phones = lift_all(box, 2);
  const auto room = box.ask<ConferenceCreated>(ConferenceCreate{});
  const auto path = box.file("heard.wav");
  const auto recording = box.ask<RecordingStarted>(RecordingStart{phones[0].port, path}).recording;
  for (const auto& phone : phones) box.ask(ConferenceJoin{room.conference, phone.seat});
  box.ask(ConferenceLeave{phones[1].seat});
  write_alaw(box.file("mark.wav"), std::vector<uint8_t>(1600, 0x9A));
  box.ask<PlayStarted>(PlayStart{.port = *room.announcer, .files = {box.file("mark.wav")}, .enqueue = true});
  ASSERT_TRUE(box.wait<PlayEnded>());
  box.ask<RecordingResult>(RecordingStop{recording});
  const auto octets = channel(path, 0);
  EXPECT_TRUE(std::all_of(octets.begin(), octets.end(),
                          [](uint8_t octet) { return octet == dsp::kAlawSilence || octet == 0x9A; }));
}

}  // namespace
}  // namespace cordboard::engine
