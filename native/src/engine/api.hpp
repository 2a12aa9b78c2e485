// SPDX-License-Identifier: GPL-2.0-or-later
// The typed boundary: every setting, command, reply and event that crosses between the engine and its host, described
// once. Decoding, validation and engine.d.ts come from these tables (tools/generate_dts.cpp); binding/ and the daemon
// hold no second list.
//
// Addresses: a `port` is a row of the bus, given out in the order of the configuration (31 rows per span, timeslot n at
// firstPort + n - 1; then one per analog port; then the pool of announcers; then one per RTP stream). A `leg` is one port
// under call control, from seizure to release; its number is never used again while the engine lives. Protocols stay
// below: PRI and analog lines give the same few leg events.
#pragma once

#include <tuple>
#include <variant>

#include "base/result.hpp"
#include "engine/api_analog.hpp"
#include "engine/api_boards.hpp"
#include "engine/api_commands.hpp"
#include "engine/api_config.hpp"
#include "engine/api_detect.hpp"
#include "engine/api_events.hpp"
#include "engine/api_fax.hpp"
#include "engine/api_parties.hpp"
#include "engine/api_pri.hpp"
#include "engine/api_probe.hpp"
#include "engine/api_snapshot.hpp"
#include "engine/api_ss7.hpp"
#include "engine/api_stream.hpp"

namespace cordboard::engine {

template <FixedString Name, class P, class R>
struct CommandEntry {
  static constexpr std::string_view name = Name.view();
  using Params = P;
  using Reply = R;
};

/// Every command, by name, with what it takes and what it gives.
using CommandTable = std::tuple<
    CommandEntry<"leg.seize", LegSeize, LegSeized>, CommandEntry<"leg.alert", LegAlert, Empty>,
    CommandEntry<"leg.answer", LegAnswer, Empty>, CommandEntry<"leg.release", LegRelease, Empty>,
    CommandEntry<"leg.flash", LegFlash, Empty>, CommandEntry<"leg.meter", LegMeter, Empty>, CommandEntry<"leg.dial", LegDial, Empty>,
    CommandEntry<"leg.inform", LegInform, Empty>, CommandEntry<"leg.transfer", LegTransfer, Empty>,
    CommandEntry<"leg.allowTransfer", LegAllowTransfer, Empty>, CommandEntry<"leg.tariff", LegTariff, Empty>, CommandEntry<"stream.open", StreamOpen, StreamOpened>,
    CommandEntry<"stream.update", StreamUpdate, StreamUpdated>,
    CommandEntry<"stream.statistics", StreamStatisticsGet, StreamStatistics>,
    CommandEntry<"streams.statistics", StreamsStatisticsGet, StreamsStatistics>, CommandEntry<"bus.connect", BusConnect, Empty>,
    CommandEntry<"bus.listen", BusListen, Empty>, CommandEntry<"bus.disconnect", BusDisconnect, Empty>,
    CommandEntry<"conference.create", ConferenceCreate, ConferenceCreated>,
    CommandEntry<"conference.join", ConferenceJoin, Empty>, CommandEntry<"conference.leave", ConferenceLeave, Empty>,
    CommandEntry<"conference.close", ConferenceClose, Empty>, CommandEntry<"play.start", PlayStart, PlayStarted>,
    CommandEntry<"play.stop", PlayStop, Empty>, CommandEntry<"play.position", PlayPosition, PlayPositionReply>,
    CommandEntry<"tone.start", ToneStart, PlayStarted>, CommandEntry<"digits.send", DigitsSend, PlayStarted>,
    CommandEntry<"detector.set", DetectorSet, Empty>, CommandEntry<"port.condition", PortCondition, Empty>,
    CommandEntry<"r2.send", R2Send, PlayStarted>, CommandEntry<"t38.open", T38Open, T38Opened>,
    CommandEntry<"t38.close", T38Close, Empty>, CommandEntry<"fax.start", FaxStart, FaxStarted>,
    CommandEntry<"fax.stop", FaxStop, Empty>, CommandEntry<"recording.start", RecordingStart, RecordingStarted>,
    CommandEntry<"recording.stop", RecordingStop, RecordingResult>, CommandEntry<"span.restart", SpanRestart, Empty>,
    CommandEntry<"span.block", SpanBlock, Empty>, CommandEntry<"span.check", SpanCheck, Empty>,
    CommandEntry<"virtual.spoilLink", VirtualLinkSpoil, Empty>,
    CommandEntry<"virtual.setAlarm", VirtualAlarm, Empty>, CommandEntry<"virtual.cutDchannel", VirtualDchannel, Empty>,
    CommandEntry<"virtual.cutLine", VirtualLine, Empty>, CommandEntry<"station.lamp", StationLamp, Empty>,
    CommandEntry<"virtual.setEcho", VirtualEcho, Empty>, CommandEntry<"virtual.injectFrame", VirtualFrame, Empty>, CommandEntry<"boards.get", BoardsGet, Boards>,
    CommandEntry<"virtual.disturb", VirtualDisturbance, Empty>, CommandEntry<"probe.bits", ProbeBits, ProbeStarted>,
    CommandEntry<"probe.loop", ProbeLoop, ProbeStarted>, CommandEntry<"probe.stop", ProbeStop, BitFigures>,
    CommandEntry<"probe.tones", ProbeTones, ProbeTonesReply>, CommandEntry<"probe.delay", ProbeDelay, ProbeDelayReply>,
    CommandEntry<"probe.digits", ProbeDigits, ProbeDigitsReply>, CommandEntry<"probe.callerId", ProbeCallerId, ProbeCallerIdReply>, CommandEntry<"probe.clock", ProbeClock, ProbeClockReply>,
    CommandEntry<"engine.snapshot", SnapshotGet, Snapshot>,
    CommandEntry<"engine.dump", DumpGet, Dump>>;

template <FixedString Name, class P>
struct EventEntry {
  static constexpr std::string_view name = Name.view();
  using Payload = P;
};

/// Every event, by name. engine.log is telemetry and may be dropped under pressure (counted); the rest never is.
using EventTable =
    std::tuple<EventEntry<"leg.offered", LegOffered>, EventEntry<"leg.progressed", LegProgressed>,
               EventEntry<"leg.answered", LegAnswered>, EventEntry<"leg.digit", LegDigit>,
               EventEntry<"leg.flashed", LegFlashed>, EventEntry<"leg.released", LegReleased>,
               EventEntry<"stream.ended", StreamEnded>, EventEntry<"stream.timeout", StreamTimeout>,
               EventEntry<"stream.latched", StreamLatched>, EventEntry<"stream.connected", StreamConnected>, EventEntry<"stream.lost", StreamLost>, EventEntry<"station.hook", StationHook>, EventEntry<"line.battery", LineBattery>, EventEntry<"play.ended", PlayEnded>,
               EventEntry<"recording.ended", RecordingEnded>, EventEntry<"recording.recovered", RecordingRecovered>,
               EventEntry<"recording.disk", RecordingDisk>, EventEntry<"conference.speaker", ConferenceSpeaker>,
               EventEntry<"tone.detected", ToneDetected>, EventEntry<"fax.tone", FaxToneDetected>,
               EventEntry<"voice.changed", VoiceChanged>, EventEntry<"answer.classified", AnswerClassified>,
               EventEntry<"answer.beep", AnswerBeep>, EventEntry<"r2.signal", R2Signal>,
               EventEntry<"level.measured", LevelMeasured>, EventEntry<"fax.page", FaxPageDone>,
               EventEntry<"fax.ended", FaxEnded>,
               EventEntry<"span.alarmed", SpanAlarmed>, EventEntry<"span.dchannel", SpanDchannel>, EventEntry<"span.restarted", SpanRestarted>,
               EventEntry<"span.blocked", SpanBlocked>, EventEntry<"leg.metered", LegMetered>,
               EventEntry<"leg.party", LegParty>, EventEntry<"leg.transferred", LegTransferred>,
               EventEntry<"leg.transferAsked", LegTransferAsked>, EventEntry<"leg.tariffs", LegTariffs>,
               EventEntry<"probe.second", ProbeSecond>, EventEntry<"probe.ended", ProbeEnded>,
               EventEntry<"span.checked", SpanChecked>, EventEntry<"link.changed", LinkChanged>,
               EventEntry<"engine.log", EngineLog>>;

// Variants over the tables, for the queues between the threads.
template <class Table> struct Variants;
template <class... Entries> struct Variants<std::tuple<Entries...>> {
  template <template <class> class Of> using Map = std::variant<typename Of<Entries>::type...>;
};
template <class Entry> struct ParamsOf { using type = typename Entry::Params; };
template <class Entry> struct PayloadOf { using type = typename Entry::Payload; };

using AnyCommand = Variants<CommandTable>::Map<ParamsOf>;
using AnyEvent = Variants<EventTable>::Map<PayloadOf>;
using AnyReply = std::variant<Error, Empty, LegSeized, ConferenceCreated, PlayStarted, PlayPositionReply, RecordingStarted,
                              RecordingResult, FaxStarted, T38Opened, StreamOpened, StreamUpdated, StreamStatistics, StreamsStatistics, Boards, ProbeStarted, BitFigures, ProbeTonesReply, ProbeDelayReply, ProbeDigitsReply, ProbeCallerIdReply,
                              ProbeClockReply, Snapshot, Dump>;

}  // namespace cordboard::engine
