// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: the whole state of an engine as plain data, and the same as text for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_analog.hpp"
#include "engine/api_pri.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

struct SnapshotGet { static constexpr auto fields() { return std::tuple<>{}; } };
struct DumpGet { static constexpr auto fields() { return std::tuple<>{}; } };
struct Dump {
  std::string text;
  static constexpr auto fields() { return std::tuple{field("text", &Dump::text, "for people; its form may change")}; }
};

struct SnapshotTimeslot {
  uint32_t timeslot{};
  uint32_t port{};
  uint32_t leg{};
  bool blockedHere{};
  bool blockedThere{};
  static constexpr auto fields() {
    return std::tuple{field("timeslot", &SnapshotTimeslot::timeslot, "1-31"),
                      field("port", &SnapshotTimeslot::port, "bus port"),
                      field("leg", &SnapshotTimeslot::leg, "leg on it; 0 when idle"),
                      field("blockedHere", &SnapshotTimeslot::blockedHere, "this end refuses calls"),
                      field("blockedThere", &SnapshotTimeslot::blockedThere, "the far end does")};
  }
};
struct SnapshotSpan {
  uint32_t span{};
  std::string name;
  PriSide side{};
  SpanSignalling signalling{};
  std::vector<AlarmKind> alarms;
  bool dchannelUp{};
  uint32_t firstPort{};
  std::vector<SnapshotTimeslot> timeslots;
  std::optional<SnapshotPri> pri;
  static constexpr auto fields() {
    return std::tuple{field("span", &SnapshotSpan::span, "number"),
                      field("name", &SnapshotSpan::name, "shown to people"),
                      field("side", &SnapshotSpan::side, "end of the D-channel"),
                      field("signalling", &SnapshotSpan::signalling, "what its calls are signalled by"),
                      field("alarms", &SnapshotSpan::alarms, "alarms now"),
                      field("dchannelUp", &SnapshotSpan::dchannelUp,
                            "calls can be signalled: data link established; of R2, not every timeslot blocked there"),
                      field("firstPort", &SnapshotSpan::firstPort, "bus port of timeslot 1"),
                      field("timeslots", &SnapshotSpan::timeslots, "speech timeslots"),
                      optional_field("pri", &SnapshotSpan::pri, "of signalling pri")};
  }
};
struct SnapshotAnalog {
  uint32_t analog{};
  std::string name;
  AnalogKind kind{};
  uint32_t port{};
  bool offHook{};
  bool ringing{};
  uint32_t leg{};
  AnalogState state{};
  bool battery = true;
  bool reversed{};
  bool lamp{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &SnapshotAnalog::analog, "number"),
                      field("name", &SnapshotAnalog::name, "shown to people"),
                      field("kind", &SnapshotAnalog::kind, "fxs or fxo"),
                      field("port", &SnapshotAnalog::port, "bus port"),
                      field("offHook", &SnapshotAnalog::offHook, "loop closed"),
                      field("ringing", &SnapshotAnalog::ringing, "ringing, pauses of the cadence included"),
                      field("leg", &SnapshotAnalog::leg, "leg on it; 0 when idle"),
                      field("state", &SnapshotAnalog::state, "what its two wires do"),
                      field("battery", &SnapshotAnalog::battery, "fxo: the exchange feeds the line"),
                      field("reversed", &SnapshotAnalog::reversed, "polarity of the loop"),
                      field("lamp", &SnapshotAnalog::lamp, "fxs: the message lamp is lit; fxo: the exchange lights it")};
  }
};
struct SnapshotLeg {
  uint32_t leg{};
  LegKind kind{};
  LegState state{};
  uint32_t port{};
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t analog{};
  std::string calledNumber;
  std::string callingNumber;
  double ageMs{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &SnapshotLeg::leg, "number"),
                      field("kind", &SnapshotLeg::kind, "what carries it"),
                      field("state", &SnapshotLeg::state, "where it is in its life"),
                      field("port", &SnapshotLeg::port, "bus port"),
                      field("span", &SnapshotLeg::span, "0 for analog"),
                      field("timeslot", &SnapshotLeg::timeslot, "0 for analog"),
                      field("analog", &SnapshotLeg::analog, "0 for a timeslot"),
                      field("calledNumber", &SnapshotLeg::calledNumber, "digits so far"),
                      field("callingNumber", &SnapshotLeg::callingNumber, "digits"),
                      field("ageMs", &SnapshotLeg::ageMs, "since seizure, ms")};
  }
};
struct SnapshotStream {
  uint32_t leg{};
  uint32_t port{};
  uint32_t rtpPort{};
  std::string remoteAddress;
  uint32_t remotePort{};
  bool latched{};
  bool srtp{};
  std::optional<StreamCodec> codec;
  StreamDirection direction{};
  static constexpr auto fields() {
    return std::tuple{
        field("leg", &SnapshotStream::leg, "whose media it is"), field("port", &SnapshotStream::port, "bus port"),
        field("rtpPort", &SnapshotStream::rtpPort, "UDP port here"),
        field("remoteAddress", &SnapshotStream::remoteAddress, "where RTP comes from and goes to; empty: not known"),
        field("remotePort", &SnapshotStream::remotePort, "its port; 0: not known"),
        field("latched", &SnapshotStream::latched, "found there instead of where its SDP said"),
        field("srtp", &SnapshotStream::srtp, "encrypted"),
        optional_field("codec", &SnapshotStream::codec, "what is sent; left out until stream.update"),
        field("direction", &SnapshotStream::direction, "as seen from here")};
  }
};
struct SnapshotConnection {
  uint32_t listener{};
  uint32_t source{};
  static constexpr auto fields() {
    return std::tuple{field("listener", &SnapshotConnection::listener, "port that hears"),
                      field("source", &SnapshotConnection::source, "port that is heard")};
  }
};
struct SnapshotSeat {
  uint32_t port{};
  SeatRole role{};
  static constexpr auto fields() {
    return std::tuple{field("port", &SnapshotSeat::port, "bus port"), field("role", &SnapshotSeat::role, "its role")};
  }
};
struct SnapshotConference {
  uint32_t conference{};
  std::vector<SnapshotSeat> seats;
  static constexpr auto fields() {
    return std::tuple{field("conference", &SnapshotConference::conference, "number"),
                      field("seats", &SnapshotConference::seats, "who is in it")};
  }
};
struct SnapshotPlay {
  uint32_t play{};
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("play", &SnapshotPlay::play, "number"), field("port", &SnapshotPlay::port, "who hears it")};
  }
};
struct SnapshotRecording {
  uint32_t recording{};
  uint32_t port{};
  std::string path;
  static constexpr auto fields() {
    return std::tuple{field("recording", &SnapshotRecording::recording, "number"),
                      field("port", &SnapshotRecording::port, "whose call"),
                      field("path", &SnapshotRecording::path, "file being written")};
  }
};
/// The media tick since start; the times are of its last 3,000 ticks (one minute).
struct TickStatistics {
  double ticks{};
  double missed{};
  double p50Us{};
  double p99Us{};
  double maxUs{};
  double latenessP50Us{};
  double latenessP99Us{};
  double latenessMaxUs{};
  bool realtime{};
  uint32_t threads{};
  static constexpr auto fields() {
    return std::tuple{
        field("ticks", &TickStatistics::ticks, "20 ms ticks done"),
        field("missed", &TickStatistics::missed, "ticks begun more than 20 ms late"),
        field("p50Us", &TickStatistics::p50Us, "work of a tick, median, us"),
        field("p99Us", &TickStatistics::p99Us, "work of a tick, 99th percentile, us"),
        field("maxUs", &TickStatistics::maxUs, "work of a tick, longest, us"),
        field("latenessP50Us", &TickStatistics::latenessP50Us, "start behind its time, median, us"),
        field("latenessP99Us", &TickStatistics::latenessP99Us, "start behind its time, 99th percentile, us"),
        field("latenessMaxUs", &TickStatistics::latenessMaxUs, "start behind its time, worst, us"),
        field("realtime", &TickStatistics::realtime, "the threads run under SCHED_FIFO"),
        field("threads", &TickStatistics::threads, "that share a tick")};
  }
};
struct Counter {
  std::string name;
  std::string doc;
  double value{};
  static constexpr auto fields() {
    return std::tuple{field("name", &Counter::name, "snake_case"), field("doc", &Counter::doc, "what it counts"),
                      field("value", &Counter::value, "since start")};
  }
};
struct Snapshot {
  std::vector<SnapshotSpan> spans;
  std::vector<SnapshotAnalog> analogs;
  std::vector<SnapshotLeg> legs;
  std::vector<SnapshotStream> streams;
  std::vector<SnapshotConnection> connections;
  std::vector<SnapshotConference> conferences;
  std::vector<SnapshotPlay> plays;
  std::vector<SnapshotRecording> recordings;
  TickStatistics tick;
  std::vector<Counter> counters;
  static constexpr auto fields() {
    return std::tuple{field("spans", &Snapshot::spans, "E1 spans"),
                      field("analogs", &Snapshot::analogs, "analog ports"),
                      field("legs", &Snapshot::legs, "living legs"),
                      field("streams", &Snapshot::streams, "their RTP streams"),
                      field("connections", &Snapshot::connections, "who hears whom"),
                      field("conferences", &Snapshot::conferences, "conferences"),
                      field("plays", &Snapshot::plays, "playbacks"),
                      field("recordings", &Snapshot::recordings, "recordings being made"),
                      field("tick", &Snapshot::tick, "the media tick"),
                      field("counters", &Snapshot::counters, "counted since start")};
  }
};

}  // namespace cordboard::engine
