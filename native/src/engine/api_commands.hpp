// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: what each command takes and gives.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_pri.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

/// Begin a call out of a port. E1: on a timeslot, as its signalling does (ISDN: SETUP). FXS: ring the telephone. FXO: lift the receiver.
struct LegSeize {
  std::optional<uint32_t> span;      // with timeslot 0 any idle one
  uint32_t timeslot{};
  std::optional<uint32_t> analog;
  std::string calledNumber;
  std::string callingNumber;
  std::string callingName;
  CallingCategory category = CallingCategory::kOrdinary;
  std::string redirectingNumber;
  DivertReason redirectingReason = DivertReason::kUnconditional;
  bool complete = true;
  bool restricted{};
  std::string originalCalledNumber;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("span", &LegSeize::span, "E1 to call out of; this or analog", range(1, 512)),
        optional_field("timeslot", &LegSeize::timeslot, "1-31 but 16; 0 or left out: any idle one", range(0, 31)),
        optional_field("analog", &LegSeize::analog, "analog port to ring (fxs) or lift (fxo)", range(1, 65535)),
        optional_field("calledNumber", &LegSeize::calledNumber, "digits", kNumber),
        optional_field("callingNumber", &LegSeize::callingNumber, "digits", kNumber),
        optional_field("callingName", &LegSeize::callingName, "shown on the telephone", kName),
        optional_field("category", &LegSeize::category, "who calls, where the signalling tells (R2)"),
        optional_field("redirectingNumber", &LegSeize::redirectingNumber,
                       "ISDN, ISUP: the number that sends the call on; digits", kNumber),
        optional_field("redirectingReason", &LegSeize::redirectingReason, "… why"),
        optional_field("complete", &LegSeize::complete, "ISDN: false: more digits follow by leg.dial"),
        optional_field("restricted", &LegSeize::restricted, "ISDN, ISUP: the calling number goes, but is not to be shown"),
        optional_field("originalCalledNumber", &LegSeize::originalCalledNumber,
                       "ISUP: the number that was called first, where it is another than redirectingNumber; digits", kNumber)};
  }
};
struct LegSeized {
  uint32_t leg{};
  uint32_t port{};
  uint32_t timeslot{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegSeized::leg, "the new leg"), field("port", &LegSeized::port, "its bus port"),
                      field("timeslot", &LegSeized::timeslot, "timeslot asked of the peer; 0 for analog")};
  }
};

/// Anything that takes a leg and no more.
struct LegOnly {
  uint32_t leg{};
  static constexpr auto fields() { return std::tuple{field("leg", &LegOnly::leg, "the leg", kId)}; }
};
struct LegAlert : LegOnly { static constexpr auto fields() { return LegOnly::fields(); } };
struct LegFlash : LegOnly { static constexpr auto fields() { return LegOnly::fields(); } };
/// Where the signalling can tell who answers (ISDN, ISUP), the caller's end is told.
struct LegAnswer : LegOnly {
  std::string connectedNumber;
  std::string connectedName;
  bool connectedRestricted{};
  static constexpr auto fields() {
    return std::tuple_cat(LegOnly::fields(), std::tuple{
        optional_field("connectedNumber", &LegAnswer::connectedNumber, "who answers; digits", kNumber),
        optional_field("connectedName", &LegAnswer::connectedName, "who answers", kName),
        optional_field("connectedRestricted", &LegAnswer::connectedRestricted, "he does not want to be shown")});
  }
};
/// To the far end of an answered call in: a metering pulse (R2), or one unit more of advice of charge (ISDN, network side).
struct LegMeter : LegOnly { static constexpr auto fields() { return LegOnly::fields(); } };

/// More digits of the called number of a leg that was seized with complete = false. They go when the peer asks for them.
struct LegDial {
  uint32_t leg{};
  std::string digits;
  bool last{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegDial::leg, "the leg", kId),
                      field("digits", &LegDial::digits, "0-9 * #", range(1, 31)),
                      optional_field("last", &LegDial::last, "the number is whole: the peer is told so")};
  }
};

struct LegRelease {
  uint32_t leg{};
  uint32_t cause = 16;
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegRelease::leg, "the leg", kId),
                      optional_field("cause", &LegRelease::cause, "Q.850 cause; 16 normal clearing", range(1, 127))};
  }
};

struct BusConnect {
  uint32_t a{};
  uint32_t b{};
  static constexpr auto fields() {
    return std::tuple{field("a", &BusConnect::a, "hears b", kPort), field("b", &BusConnect::b, "hears a", kPort)};
  }
};
struct BusListen {
  uint32_t listener{};
  uint32_t source{};
  static constexpr auto fields() {
    return std::tuple{field("listener", &BusListen::listener, "port that hears", kPort),
                      field("source", &BusListen::source, "port that is heard", kPort)};
  }
};
struct BusDisconnect {
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("port", &BusDisconnect::port, "hears silence from now on, and so does its partner", kPort)};
  }
};

/// Tones are heard by every seat, the newcomer's too. They tell of those who come in role talk and, when they go, of the
/// same: never of a supervisor who came to listen or whisper, nor of a change of role.
struct ConferenceCreate {
  uint32_t maxSeats = 100;
  std::string enterTone;
  std::string leaveTone;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("maxSeats", &ConferenceCreate::maxSeats, "a join beyond it is refused as busy; default 100",
                       range(2, 1000)),
        optional_field("enterTone", &ConferenceCreate::enterTone,
                       "tone of the country, or conferenceEnter, when somebody comes; empty: none", range(0, 32)),
        optional_field("leaveTone", &ConferenceCreate::leaveTone,
                       "tone of the country, or conferenceLeave, when somebody goes; empty: none", range(0, 32))};
  }
};
struct ConferenceCreated {
  uint32_t conference{};
  std::optional<uint32_t> announcer;
  static constexpr auto fields() {
    return std::tuple{field("conference", &ConferenceCreated::conference, "the new conference"),
                      optional_field("announcer", &ConferenceCreated::announcer,
                                     "port to play to so that every seat hears it; left out when the pool is used up: "
                                     "then there are no enter and leave tones either")};
  }
};
struct ConferenceJoin {
  uint32_t conference{};
  uint32_t port{};
  SeatRole role{};
  std::optional<uint32_t> whisperTo;
  double gainDb{};
  static constexpr auto fields() {
    return std::tuple{field("conference", &ConferenceJoin::conference, "the conference", kId),
                      field("port", &ConferenceJoin::port, "takes a seat, or changes the one it has", kPort),
                      optional_field("role", &ConferenceJoin::role,
                                     "talk: heard by all; listen: heard by none; whisper: heard by one"),
                      optional_field("whisperTo", &ConferenceJoin::whisperTo, "the one port that hears a whisper", kPort),
                      optional_field("gainDb", &ConferenceJoin::gainDb, "gain of what the seat says, dB",
                                     range(-30, 12))};
  }
};
struct ConferenceLeave {
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("port", &ConferenceLeave::port, "leaves the conference it is in", kPort)};
  }
};
struct ConferenceClose {
  uint32_t conference{};
  static constexpr auto fields() {
    return std::tuple{field("conference", &ConferenceClose::conference, "everybody leaves", kId)};
  }
};

/// Play audio files to a port, in place of what it is connected to, until they end or are stopped.
struct PlayStart {
  uint32_t port{};
  std::vector<std::string> files;
  bool loop{};
  bool enqueue{};
  uint32_t startMs{};
  static constexpr auto fields() {
    return std::tuple{field("port", &PlayStart::port, "who hears it", kPort),
                      field("files", &PlayStart::files, "audio files, one after the other without a gap", range(1, 64)),
                      optional_field("loop", &PlayStart::loop, "begin anew after the last"),
                      optional_field("enqueue", &PlayStart::enqueue, "after what plays now; otherwise in its place"),
                      optional_field("startMs", &PlayStart::startMs, "where to begin, over all files; of a loop its place in the round")};
  }
};
struct ToneStart {
  uint32_t port{};
  std::string tone;
  static constexpr auto fields() {
    return std::tuple{field("port", &ToneStart::port, "who hears it", kPort),
                      field("tone", &ToneStart::tone, "name of a tone of the country, conferenceEnter or conferenceLeave", range(1, 32))};
  }
};
struct DigitsSend {
  uint32_t port{};
  std::string digits;
  uint32_t onMs = 100;
  uint32_t offMs = 100;
  double levelDbm0 = -9;
  static constexpr auto fields() {
    return std::tuple{field("port", &DigitsSend::port, "who hears them", kPort),
                      field("digits", &DigitsSend::digits, "0-9 * # A-D, and , for a pause of 500 ms", range(1, 64)),
                      optional_field("onMs", &DigitsSend::onMs, "length of a digit, ms", range(20, 2000)),
                      optional_field("offMs", &DigitsSend::offMs, "silence after a digit, ms", range(20, 2000)),
                      optional_field("levelDbm0", &DigitsSend::levelDbm0, "level of each of the two tones, dBm0",
                                     range(-30, -3))};
  }
};
struct PlayStarted {
  uint32_t play{};
  uint32_t durationMs{};
  static constexpr auto fields() {
    return std::tuple{field("play", &PlayStarted::play, "the playback"),
                      field("durationMs", &PlayStarted::durationMs, "length of one pass, ms")};
  }
};
struct PlayStop {
  uint32_t play{};
  static constexpr auto fields() { return std::tuple{field("play", &PlayStop::play, "the playback", kId)}; }
};
struct PlayPosition {
  uint32_t play{};
  static constexpr auto fields() { return std::tuple{field("play", &PlayPosition::play, "the playback", kId)}; }
};
struct PlayPositionReply {
  uint32_t positionMs{};
  uint32_t item{};
  static constexpr auto fields() {
    return std::tuple{field("positionMs", &PlayPositionReply::positionMs, "played so far, ms, all passes"),
                      field("item", &PlayPositionReply::item, "which file plays now, from 0")};
  }
};

struct RecordingStart {
  uint32_t port{};
  std::string path;
  static constexpr auto fields() {
    return std::tuple{field("port", &RecordingStart::port, "left: what it says; right: what it hears", kPort),
                      field("path", &RecordingStart::path, "stereo A-law WAV to be made; must not exist", kPath)};
  }
};
struct RecordingStarted {
  uint32_t recording{};
  static constexpr auto fields() {
    return std::tuple{field("recording", &RecordingStarted::recording, "the recording")};
  }
};
struct RecordingStop {
  uint32_t recording{};
  static constexpr auto fields() {
    return std::tuple{field("recording", &RecordingStop::recording, "the recording", kId)};
  }
};
struct RecordingResult {
  uint32_t recording{};
  double durationMs{};
  double bytes{};
  double lostMs{};
  static constexpr auto fields() {
    return std::tuple{field("recording", &RecordingResult::recording, "the recording"),
                      field("durationMs", &RecordingResult::durationMs, "length, ms"),
                      field("bytes", &RecordingResult::bytes, "size of the file"),
                      field("lostMs", &RecordingResult::lostMs, "silence put in where the disk was too slow, ms")};
  }
};

struct SpanRestart {
  uint32_t span{};
  uint32_t timeslot{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanRestart::span, "the E1", range(1, 512)),
                      optional_field("timeslot", &SpanRestart::timeslot,
                                     "B-channel or circuit to restart (Q.931 5.5, Q.764 2.9.3); 0 or left out: all of them", range(0, 31))};
  }
};
/// Refuse calls on a timeslot, or take them again; a call that is there goes on.
struct SpanBlock {
  uint32_t span{};
  uint32_t timeslot{};
  bool blocked{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanBlock::span, "the E1", range(1, 512)),
                      field("timeslot", &SpanBlock::timeslot, "that carries calls; of ss7 0: all of the E1", range(0, 31)),
                      field("blocked", &SpanBlock::blocked, "true: no new calls")};
  }
};
struct VirtualAlarm {
  uint32_t span{};
  AlarmKind alarm{};
  bool active{};
  static constexpr auto fields() {
    return std::tuple{field("span", &VirtualAlarm::span, "virtual E1 that sees the alarm", range(1, 512)),
                      field("alarm", &VirtualAlarm::alarm, "which"),
                      field("active", &VirtualAlarm::active, "raise or clear")};
  }
};
struct VirtualEcho {
  uint32_t analog{};
  double lossDb{};
  uint32_t delayMs{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &VirtualEcho::analog, "virtual analog port that hears itself", range(1, 65535)),
                      field("lossDb", &VirtualEcho::lossDb, "echo return loss of the hybrid, dB; 100: no echo",
                            range(0, 100)),
                      optional_field("delayMs", &VirtualEcho::delayMs, "until the echo comes, ms", range(0, 60))};
  }
};
struct VirtualDchannel {
  uint32_t span{};
  bool cut{};
  static constexpr auto fields() {
    return std::tuple{field("span", &VirtualDchannel::span, "virtual E1", range(1, 512)),
                      field("cut", &VirtualDchannel::cut, "lose every frame of timeslot 16, both ways")};
  }
};
struct VirtualFrame {
  uint32_t span{};
  std::string hex;
  static constexpr auto fields() {
    return std::tuple{field("span", &VirtualFrame::span, "virtual E1 that receives it", range(1, 512)),
                      field("hex", &VirtualFrame::hex, "an HDLC frame without FCS, in hexadecimal", range(0, 4096))};
  }
};

}  // namespace cordboard::engine
