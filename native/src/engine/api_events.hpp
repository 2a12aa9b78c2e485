// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: what happened, told by the engine without being asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_pri.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

/// A call has come in: a SETUP, a telephone lifted (complete = false: digits follow as leg.digit), or ringing on a line.
struct LegOffered {
  uint32_t leg{};
  LegKind kind{};
  uint32_t port{};
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t analog{};
  std::string calledNumber;
  std::string callingNumber;
  std::string callingName;
  bool complete = true;
  CallingCategory category{};
  uint32_t categorySignal{};
  std::string redirectingNumber;
  DivertReason redirectingReason{};
  bool restricted{};
  std::string originalCalledNumber;
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegOffered::leg, "the new leg"),
                      field("kind", &LegOffered::kind, "what carries it"),
                      field("port", &LegOffered::port, "bus port"),
                      field("span", &LegOffered::span, "0 for analog"),
                      field("timeslot", &LegOffered::timeslot, "0 for analog"),
                      field("analog", &LegOffered::analog, "0 for a timeslot"),
                      field("calledNumber", &LegOffered::calledNumber, "digits"),
                      field("callingNumber", &LegOffered::callingNumber, "digits; empty when withheld"),
                      field("callingName", &LegOffered::callingName, "as sent by the peer: hostile text"),
                      field("complete", &LegOffered::complete, "false: more digits may follow"),
                      field("category", &LegOffered::category, "who calls; unknown where the signalling does not tell"),
                      field("categorySignal", &LegOffered::categorySignal,
                            "R2: the signal that told it, 1-15 (China: KA); 0: none"),
                      field("redirectingNumber", &LegOffered::redirectingNumber,
                            "the number that sends the call on, hostile text; empty: none, or withheld"),
                      field("redirectingReason", &LegOffered::redirectingReason, "why it does"),
                      field("restricted", &LegOffered::restricted, "the caller does not want his number to be shown"),
                      field("originalCalledNumber", &LegOffered::originalCalledNumber,
                            "ISUP: the number that was called first, hostile text; empty: not told")};
  }
};
struct LegProgressed {
  uint32_t leg{};
  LegProgress progress{};
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegProgressed::leg, "the leg"),
                      field("progress", &LegProgressed::progress, "how far the call out has come"),
                      field("port", &LegProgressed::port, "bus port; the peer may have chosen another timeslot")};
  }
};
struct LegAnswered {
  uint32_t leg{};
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegAnswered::leg, "the leg"), field("port", &LegAnswered::port, "bus port")};
  }
};
struct LegDigit {
  uint32_t leg{};
  std::string digit;
  DigitSource source{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegDigit::leg, "the leg"), field("digit", &LegDigit::digit, "0-9 * # A-D"),
                      field("source", &LegDigit::source, "how it came")};
  }
};
struct LegFlashed {
  uint32_t leg{};
  static constexpr auto fields() { return std::tuple{field("leg", &LegFlashed::leg, "the leg")}; }
};
/// The last event of a leg. Its port is free, and nothing of it plays, records or is connected any more; only the
/// recording.ended of a recording that it left running may follow.
struct LegReleased {
  uint32_t leg{};
  uint32_t cause{};
  ReleasedBy by{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegReleased::leg, "the leg"), field("cause", &LegReleased::cause, "Q.850 cause"),
                      field("by", &LegReleased::by, "who ended it")};
  }
};
/// The telephone is off the hook after its call: it hears busy tone and cannot be rung until it is put back.
struct StationHook {
  uint32_t analog{};
  bool offHook{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &StationHook::analog, "fxs port"),
                      field("offHook", &StationHook::offHook, "loop closed")};
  }
};
struct PlayEnded {
  uint32_t play{};
  uint32_t port{};
  PlayEnd reason{};
  uint32_t playedMs{};
  static constexpr auto fields() {
    return std::tuple{field("play", &PlayEnded::play, "the playback"), field("port", &PlayEnded::port, "bus port"),
                      field("reason", &PlayEnded::reason, "why"),
                      field("playedMs", &PlayEnded::playedMs, "heard, ms")};
  }
};
/// A recording has ended by itself: its leg was released, or the disk failed.
struct RecordingEnded {
  uint32_t recording{};
  uint32_t port{};
  RecordingEnd reason{};
  std::string detail;
  double durationMs{};
  double bytes{};
  double lostMs{};
  static constexpr auto fields() {
    return std::tuple{field("recording", &RecordingEnded::recording, "the recording"),
                      field("port", &RecordingEnded::port, "bus port"),
                      field("reason", &RecordingEnded::reason, "why"),
                      field("detail", &RecordingEnded::detail, "of a failure, else empty"),
                      field("durationMs", &RecordingEnded::durationMs, "length, ms"),
                      field("bytes", &RecordingEnded::bytes, "size of the file"),
                      field("lostMs", &RecordingEnded::lostMs, "silence put in where the disk was too slow, ms")};
  }
};
/// Told at the start: a recording that the last run could not end was cut from what had reached the disk.
struct RecordingRecovered {
  std::string path;
  double durationMs{};
  std::string failure;
  static constexpr auto fields() {
    return std::tuple{field("path", &RecordingRecovered::path, "the WAV"),
                      field("durationMs", &RecordingRecovered::durationMs, "length, ms"),
                      field("failure", &RecordingRecovered::failure, "why it could not be written; else empty")};
  }
};
/// The disk of the recordings has changed its state. full: recording stops until there is room again, calls go on.
/// slow: it stood still for so long that parts of recordings are lost. failed: it refuses to be written.
struct RecordingDisk {
  DiskState state{};
  std::string detail;
  double freeBytes{};
  static constexpr auto fields() {
    return std::tuple{field("state", &RecordingDisk::state, "how it does now"),
                      field("detail", &RecordingDisk::detail, "what is wrong; empty when good"),
                      field("freeBytes", &RecordingDisk::freeBytes, "free for the service")};
  }
};
/// Somebody else speaks in a conference, told when it has lasted a fifth of a second; or nobody, told when it has been
/// quiet for 1.5 s or when the speaker has gone.
struct ConferenceSpeaker {
  uint32_t conference{};
  std::optional<uint32_t> port;
  static constexpr auto fields() {
    return std::tuple{field("conference", &ConferenceSpeaker::conference, "the conference"),
                      optional_field("port", &ConferenceSpeaker::port, "the loudest seat; left out when it is quiet")};
  }
};
struct SpanAlarmed {
  uint32_t span{};
  std::vector<AlarmKind> alarms;
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanAlarmed::span, "the E1"),
                      field("alarms", &SpanAlarmed::alarms, "every alarm now; empty: all clear")};
  }
};
struct SpanDchannel {
  uint32_t span{};
  bool up{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanDchannel::span, "the E1"),
                      field("up", &SpanDchannel::up, "data link established")};
  }
};
struct SpanRestarted {
  uint32_t span{};
  uint32_t timeslot{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanRestarted::span, "the E1"),
                      field("timeslot", &SpanRestarted::timeslot, "B-channel that is idle now (Q.931 5.5); 0: all")};
  }
};
/// Which ends refuse calls on a timeslot. Of ISDN the far end tells by the national protocol alone.
struct SpanBlocked {
  uint32_t span{};
  uint32_t timeslot{};
  bool here{};
  bool there{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanBlocked::span, "the E1"), field("timeslot", &SpanBlocked::timeslot, "of it"),
                      field("here", &SpanBlocked::here, "this end refuses calls (span.block)"),
                      field("there", &SpanBlocked::there, "the far end does")};
  }
};
/// What an answered call out costs: a metering pulse (R2), or advice of charge (ISDN).
struct LegMetered {
  uint32_t leg{};
  uint32_t units = 1;
  std::string currency;
  double amount{};
  bool total{};
  bool final{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegMetered::leg, "the leg"),
                      field("units", &LegMetered::units, "of charge; 0 where money is told, or where it is free"),
                      field("currency", &LegMetered::currency, "as the exchange names it, hostile text; empty: units"),
                      field("amount", &LegMetered::amount, "of the currency"),
                      field("total", &LegMetered::total, "since the answer; false: since the last time, a pulse"),
                      field("final", &LegMetered::final, "what the whole call has cost")};
  }
};
struct EngineLog {
  std::string level;
  std::string text;
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t leg{};
  static constexpr auto fields() {
    return std::tuple{field("level", &EngineLog::level, "debug, info, warn, error"),
                      field("text", &EngineLog::text, "one line"), field("span", &EngineLog::span, "0: none"),
                      field("timeslot", &EngineLog::timeslot, "0: none"), field("leg", &EngineLog::leg, "0: none")};
  }
};

}  // namespace cordboard::engine
