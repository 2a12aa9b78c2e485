// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: what an engine is made with.
#pragma once

#include <string>
#include <vector>

#include "engine/api_analog.hpp"
#include "engine/api_pri.hpp"
#include "engine/api_ss7.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

/// A stretch of a tone: up to four frequencies sounded together for onMs, then offMs of silence.
struct TonePart {
  std::vector<double> frequenciesHz;
  double levelDbm0 = -10;  // per frequency
  uint32_t onMs{};         // 0: for ever
  uint32_t offMs{};
  static constexpr auto fields() {
    return std::tuple{
        field("frequenciesHz", &TonePart::frequenciesHz, "sounded together, Hz", range(0, 4)),
        optional_field("levelDbm0", &TonePart::levelDbm0, "level of each frequency, dBm0", range(-50, 0)),
        field("onMs", &TonePart::onMs, "sounding time, ms; 0 for ever", range(0, 60000)),
        field("offMs", &TonePart::offMs, "silence after it, ms", range(0, 60000))};
  }
};

/// A call-progress tone: its parts in order, begun anew after the last.
struct Tone {
  std::string name;
  std::vector<TonePart> parts;
  bool repeat = true;
  static constexpr auto fields() {
    return std::tuple{field("name", &Tone::name, "dial, ringback, busy, congestion, sit, …", range(1, 32)),
                      field("parts", &Tone::parts, "in order", range(1, 16)),
                      optional_field("repeat", &Tone::repeat, "begin anew after the last part")};
  }
};

/// What a country's lines do: tones, ringing and flash times. From firmware-config/countries.
struct Country {
  std::string code;
  std::vector<Tone> tones;
  std::vector<uint32_t> ringCadenceMs{1000, 4000};
  uint32_t flashMinMs = 80;
  uint32_t flashMaxMs = 500;
  static constexpr auto fields() {
    return std::tuple{
        field("code", &Country::code, "ISO 3166 code, lower case", range(2, 2)),
        field("tones", &Country::tones, "call-progress tones", range(1, 32)),
        field("ringCadenceMs", &Country::ringCadenceMs, "ring, pause, ring, pause, … in ms", range(2, 8)),
        field("flashMinMs", &Country::flashMinMs, "a shorter break of the loop is noise, ms", range(20, 1000)),
        field("flashMaxMs", &Country::flashMaxMs, "a longer break of the loop is on-hook, ms", range(50, 2000))};
  }
};

/// MFC/R2: the protocol of a country's exchanges. From firmware-config/r2.
struct R2Config {
  std::string variant = "ITU";
  std::string definitions;
  uint32_t calledDigits = 20;
  uint32_t callingDigits = 32;
  bool callingFirst = true;
  bool category = true;
  bool acceptAtOnce{};
  bool charge = true;
  bool forcedRelease{};
  bool doubleAnswer{};
  uint32_t meteringMs{};
  uint32_t digitMs = 5000;
  uint32_t subscriberSignal{};
  uint32_t vacantSignal{};
  uint32_t congestionSignal{};
  static constexpr auto fields() {
    return std::tuple{
        optional_field("variant", &R2Config::variant, "AR, BR, CN, CO, CZ, EC, ID, ITU, MX, PH or VE", range(2, 3)),
        optional_field("definitions", &R2Config::definitions,
                       "lines name=value in place of the variant's own signals and times, times last", range(0, 4096)),
        optional_field("calledDigits", &R2Config::calledDigits, "asked for of the called number", range(1, 32)),
        optional_field("callingDigits", &R2Config::callingDigits, "… of the calling one; 0: none", range(0, 32)),
        optional_field("callingFirst", &R2Config::callingFirst,
                       "the calling number is asked for after the first digit of the called one, not at the end"),
        optional_field("category", &R2Config::category, "the caller's category is asked for"),
        optional_field("acceptAtOnce", &R2Config::acceptAtOnce, "calls are accepted in group A, without a reason when refused"),
        optional_field("charge", &R2Config::charge, "calls in are accepted with charge"),
        optional_field("forcedRelease", &R2Config::forcedRelease, "calls in are cleared by forced release, not clear back"),
        optional_field("doubleAnswer", &R2Config::doubleAnswer, "calls in are answered twice, which ends collect calls"),
        optional_field("meteringMs", &R2Config::meteringMs, "a shorter clear back is a metering pulse; 0: none come",
                       range(0, 5000)),
        optional_field("digitMs", &R2Config::digitMs, "no digit for so long is the end of the called number, ms",
                       range(500, 20000)),
        optional_field("subscriberSignal", &R2Config::subscriberSignal,
                       "sent in group II in place of the category (China: KD); 0: the category", range(0, 15)),
        optional_field("vacantSignal", &R2Config::vacantSignal,
                       "backward signal before group B: no such number (China: A-5); 0: none", range(0, 15)),
        optional_field("congestionSignal", &R2Config::congestionSignal, "… congestion (A-4); 0: none", range(0, 15))};
  }
};

struct SpanConfig {
  uint32_t span{};
  std::string name;
  PriSide side{};
  CardKind card{};
  uint32_t device{};
  uint32_t boardEchoTaps{};
  double receivedDb{};
  double sentDb{};
  uint32_t t203Ms = 10000;  // Q.921 5.9.8: longest silence of the data link before it is polled
  uint32_t t309Ms = 90000;  // Q.931 9.1: calls outlive a lost data link this long
  SpanSignalling signalling{};
  PriConfig pri;
  R2Config r2;
  Ss7SpanConfig ss7;
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanConfig::span, "number of the E1, from 1", range(1, 512)),
                      field("name", &SpanConfig::name, "shown to people", range(1, 64)),
                      field("side", &SpanConfig::side, "which end of the D-channel is here; of R2: user seizes from the highest timeslot down"),
                      optional_field("card", &SpanConfig::card, "what carries it"),
                      optional_field("device", &SpanConfig::device, "dahdi: number of the span within the driver",
                                     range(0, 128)),
                      optional_field("boardEchoTaps", &SpanConfig::boardEchoTaps,
                                     "dahdi: echo canceller of the board or its driver, samples of 125 us; 0: none",
                                     range(0, 1024)),
                      optional_field("receivedDb", &SpanConfig::receivedDb, "dahdi: gain of what comes in; 0: no octet is changed",
                                     range(-24, 24)),
                      optional_field("sentDb", &SpanConfig::sentDb, "dahdi: gain of what goes out", range(-24, 24)),
                      optional_field("t203Ms", &SpanConfig::t203Ms, "Q.921 T203, ms", range(500, 60000)),
                      optional_field("t309Ms", &SpanConfig::t309Ms, "Q.931 T309, ms", range(1000, 300000)),
                      optional_field("signalling", &SpanConfig::signalling, "pri when left out"),
                      optional_field("pri", &SpanConfig::pri, "of signalling pri"),
                      optional_field("r2", &SpanConfig::r2, "of signalling r2"),
                      optional_field("ss7", &SpanConfig::ss7, "of signalling ss7")};
  }
};

struct AnalogConfig {
  uint32_t analog{};
  std::string name;
  AnalogKind kind{};
  CardKind card{};
  uint32_t channel{};
  CallerIdMode callerId{};
  bool releaseOnBusy{};
  uint32_t echoTaps{};
  LineConfig line;
  StationConfig station;
  static constexpr auto fields() {
    return std::tuple{field("analog", &AnalogConfig::analog, "number of the analog port, from 1", range(1, 65535)),
                      field("name", &AnalogConfig::name, "shown to people", range(1, 64)),
                      field("kind", &AnalogConfig::kind, "fxs: a telephone hangs here; fxo: an exchange does"),
                      optional_field("card", &AnalogConfig::card, "what carries it"),
                      optional_field("channel", &AnalogConfig::channel, "dahdi: number of the channel within the driver",
                                     range(0, 1023)),
                      optional_field("callerId", &AnalogConfig::callerId,
                                     "fxs: how the telephone is told who calls; fxo: how the exchange tells, the call is "
                                     "offered when it has, or when it rings again"),
                      optional_field("releaseOnBusy", &AnalogConfig::releaseOnBusy,
                                     "fxo: busy or congestion tone in a call means that it is over"),
                      optional_field("echoTaps", &AnalogConfig::echoTaps,
                                     "echo canceller of its calls, samples of 125 us; 0: none", range(0, 512)),
                      optional_field("line", &AnalogConfig::line, "of kind fxo"),
                      optional_field("station", &AnalogConfig::station, "of kind fxs")};
  }
};

/// A virtual cable between two ports of the virtual card.
struct CableConfig {
  CableKind kind{};
  uint32_t a{};
  uint32_t b{};
  static constexpr auto fields() {
    return std::tuple{field("kind", &CableConfig::kind, "what it joins"),
                      field("a", &CableConfig::a, "span or analog number", range(1, 65535)),
                      field("b", &CableConfig::b, "span or analog number", range(1, 65535))};
  }
};

/// RTP streams. Thousands of them share a few pairs of UDP ports; more are opened as they are needed.
struct StreamsConfig {
  uint32_t count{};
  std::string address = "0.0.0.0";
  uint32_t portFirst = 20000;
  uint32_t portLast = 29999;
  uint32_t dscp = 46;
  uint32_t threads = 1;
  uint32_t bufferMinMs = 20;
  uint32_t bufferMaxMs = 300;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("count", &StreamsConfig::count, "at once; 0: none", range(0, 16384)),
        optional_field("address", &StreamsConfig::address,
                       "where sockets are bound: 0.0.0.0 every IPv4 address, :: every IPv6 and IPv4 address",
                       range(2, 45)),
        optional_field("portFirst", &StreamsConfig::portFirst, "UDP ports from here", range(1024, 65534)),
        optional_field("portLast", &StreamsConfig::portLast, "… to here", range(1025, 65535)),
        optional_field("dscp", &StreamsConfig::dscp, "of packets sent (RFC 2474); 46 is EF, 0 no mark", range(0, 63)),
        optional_field("threads", &StreamsConfig::threads, "that read and send packets", range(1, 16)),
        optional_field("bufferMinMs", &StreamsConfig::bufferMinMs, "least delay of a jitter buffer, ms", range(20, 200)),
        optional_field("bufferMaxMs", &StreamsConfig::bufferMaxMs, "most delay of a jitter buffer, ms",
                       range(40, 600))};
  }
};

/// The UDP port for browsers: ICE, DTLS, SRTP and SRTCP of all of them. Needs streams.
struct WebRtcConfig {
  uint32_t port{};
  std::string certificate;
  std::string key;
  uint32_t consentMs = 30000;
  static constexpr auto fields() {
    return std::tuple{
        field("port", &WebRtcConfig::port, "0: any that is free; stream.open says which", range(0, 65535)),
        field("certificate", &WebRtcConfig::certificate, "X.509 in PEM, whose fingerprint descriptions have", range(1, 16384)),
        field("key", &WebRtcConfig::key, "of it, PKCS #8 in PEM", range(1, 16384)),
        optional_field("consentMs", &WebRtcConfig::consentMs,
                       "stream.lost after so long without a check of the browser (RFC 7675 5.1)", range(2000, 600000))};
  }
};

/// Boards behind the DAHDI driver.
struct BoardsConfig {
  uint32_t buffers = 8;
  uint32_t ahead = 2;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("buffers", &BoardsConfig::buffers, "of 20 ms that a channel has in the driver, each way", range(2, 32)),
        optional_field("ahead", &BoardsConfig::ahead,
                       "so many of them are kept full on the way out: the longest stall that is not heard, and a delay",
                       range(1, 31))};
  }
};

struct EngineConfig {
  Country country;
  std::vector<SpanConfig> spans;
  std::vector<AnalogConfig> analogs;
  std::vector<CableConfig> cables;
  std::vector<LinkSetConfig> linkSets;
  BoardsConfig boards;
  StreamsConfig streams;
  std::optional<WebRtcConfig> webrtc;
  uint32_t announcers = 64;
  std::string recordingFolder;
  uint32_t recordingSyncMs = 1000;
  uint32_t recordingReserveMb = 512;
  uint32_t recordingSegmentMb = 64;
  uint32_t recordingJournalMb = 1024;
  uint32_t mediaThreads{};
  uint32_t clipCacheMb = 256;
  bool realtime = true;
  static constexpr auto fields() {
    return std::tuple{
        field("country", &EngineConfig::country, "tones and cadences"),
        field("spans", &EngineConfig::spans, "E1 spans", range(0, 512)),
        field("analogs", &EngineConfig::analogs, "analog ports", range(0, 4096)),
        field("cables", &EngineConfig::cables, "virtual cables", range(0, 4096)),
        optional_field("linkSets", &EngineConfig::linkSets, "signalling links of E1s with signalling ss7", range(0, 64)),
        optional_field("boards", &EngineConfig::boards, "boards behind the DAHDI driver"),
        optional_field("streams", &EngineConfig::streams, "RTP streams; left out: none"),
        optional_field("webrtc", &EngineConfig::webrtc, "streams of browsers; left out: none"),
        optional_field("announcers", &EngineConfig::announcers, "conferences that can have announcements and tones at once",
                       range(0, 1024)),
        optional_field("recordingFolder", &EngineConfig::recordingFolder,
                       "where recordings are kept until their WAV is cut; empty: nothing can be recorded", range(0, 4096)),
        optional_field("recordingSyncMs", &EngineConfig::recordingSyncMs,
                       "a power cut loses at most this and 0.6 s more of a recording, ms", range(100, 1400)),
        optional_field("recordingReserveMb", &EngineConfig::recordingReserveMb,
                       "recording stops when the disk has no more than this left, MB", range(0, 1048576)),
        optional_field("recordingSegmentMb", &EngineConfig::recordingSegmentMb, "size of one journal file, MB",
                       range(1, 1024)),
        optional_field("recordingJournalMb", &EngineConfig::recordingJournalMb,
                       "beyond this the oldest journal file is cut while its calls go on, MB", range(2, 65536)),
        optional_field("mediaThreads", &EngineConfig::mediaThreads,
                       "threads that share the media tick; 0: one for each 4,096 ports", range(0, 16)),
        optional_field("clipCacheMb", &EngineConfig::clipCacheMb, "decoded audio kept in memory, MB", range(1, 4096)),
        optional_field("realtime", &EngineConfig::realtime, "ask for SCHED_FIFO and locked memory")};
  }
};

}  // namespace cordboard::engine
