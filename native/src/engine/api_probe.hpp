// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: instruments of a technician on ports, and faults of a line to try them on. A probe wants a port without a
// probe; a call that comes to an idle port takes it and ends the probe (probe.ended). On the port of a call it ends with the call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_types.hpp"

namespace cordboard::engine {

constexpr Range kProbeDbm0 = range(-60, 3);

/// Sends a pseudo-random pattern, looks for it in what comes back, or both (O.151, O.152; G.821).
struct ProbeBits {
  uint32_t port{};
  ProbePattern pattern{};
  bool send = true;
  bool receive = true;
  static constexpr auto fields() {
    return std::tuple{field("port", &ProbeBits::port, "bus port", kPort),
                      optional_field("pattern", &ProbeBits::pattern, "o151: 2^15-1 (default), o152: 2^11-1"),
                      optional_field("send", &ProbeBits::send, "default true"),
                      optional_field("receive", &ProbeBits::receive, "look for the pattern, default true")};
  }
};
/// What the port says is sent back to it, octet by octet, 20 ms later.
struct ProbeLoop {
  uint32_t port{};
  static constexpr auto fields() { return std::tuple{field("port", &ProbeLoop::port, "bus port", kPort)}; }
};
struct ProbeStarted {
  uint32_t probe{};
  static constexpr auto fields() { return std::tuple{field("probe", &ProbeStarted::probe, "number of the probe")}; }
};
struct ProbeStop {
  uint32_t probe{};
  static constexpr auto fields() { return std::tuple{field("probe", &ProbeStop::probe, "the probe", kId)}; }
};
/// What a receiver of a pattern has counted.
struct BitFigures {
  bool inStep{};
  double bits{};
  double errors{};
  uint32_t losses{};
  uint32_t slips{};
  double slipOctets{};
  uint32_t seconds{};
  uint32_t availableSeconds{};
  uint32_t erroredSeconds{};
  uint32_t severelyErroredSeconds{};
  uint32_t unavailableSeconds{};
  uint32_t minutes{};
  uint32_t degradedMinutes{};
  static constexpr auto fields() {
    return std::tuple{
        field("inStep", &BitFigures::inStep, "the pattern is recognised now"),
        field("bits", &BitFigures::bits, "compared since the pattern was found"),
        field("errors", &BitFigures::errors, "of them wrong"),
        field("losses", &BitFigures::losses, "times that the pattern was lost"),
        field("slips", &BitFigures::slips, "times that it came back shifted by whole octets"),
        field("slipOctets", &BitFigures::slipOctets, "sum of the shifts; above zero: octets were lost"),
        field("seconds", &BitFigures::seconds, "whole seconds; they begin when the pattern is found, or 2 s after the start"),
        field("availableSeconds", &BitFigures::availableSeconds, "G.821: seconds of available time"),
        field("erroredSeconds", &BitFigures::erroredSeconds, "G.821: of them with an error"),
        field("severelyErroredSeconds", &BitFigures::severelyErroredSeconds, "G.821: of them above 10^-3, or without pattern"),
        field("unavailableSeconds", &BitFigures::unavailableSeconds, "G.821: ten severely errored ones in a row, and until ten good ones"),
        field("minutes", &BitFigures::minutes, "whole minutes of available seconds that are not severely errored"),
        field("degradedMinutes", &BitFigures::degradedMinutes, "of them above 10^-6")};
  }
};
/// Once a second of every receiver.
struct ProbeSecond {
  uint32_t probe{};
  uint32_t port{};
  BitFigures figures;
  static constexpr auto fields() {
    return std::tuple{field("probe", &ProbeSecond::probe, "the probe"), field("port", &ProbeSecond::port, "its bus port"),
                      field("figures", &ProbeSecond::figures, "since the start")};
  }
};
struct ProbeEnded {
  uint32_t probe{};
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("probe", &ProbeEnded::probe, "the probe"),
                      field("port", &ProbeEnded::port, "that a call has taken, or whose call is over")};
  }
};

struct ProbeTone {
  double hz{};
  double dbm0 = -10;
  static constexpr auto fields() {
    return std::tuple{field("hz", &ProbeTone::hz, "0: silence", range(0, 3999)),
                      optional_field("dbm0", &ProbeTone::dbm0, "default -10", kProbeDbm0)};
  }
};
/// Sends tones one after the other at one port and measures each at another, or at the same: level, frequency response,
/// noise, distortion, echo return loss.
struct ProbeTones {
  uint32_t send{};
  uint32_t receive{};
  std::vector<ProbeTone> tones;
  uint32_t stepMs = 500;
  uint32_t settleMs = 250;
  static constexpr auto fields() {
    return std::tuple{
        field("send", &ProbeTones::send, "bus port that hears the tones", kPort),
        field("receive", &ProbeTones::receive, "bus port that is measured; may be the same", kPort),
        field("tones", &ProbeTones::tones, "one after the other", range(1, 64)),
        optional_field("stepMs", &ProbeTones::stepMs, "of each, ms; default 500", range(100, 5000)),
        optional_field("settleMs", &ProbeTones::settleMs,
                       "of each, not measured: longer than the line's delay, ms; default 250", range(20, 4900))};
  }
};
struct ToneFigures {
  double hz{};
  double foundHz{};
  double levelDbm0{};
  double totalDbm0{};
  double residualDbm0{};
  double dc{};
  static constexpr auto fields() {
    return std::tuple{field("hz", &ToneFigures::hz, "as asked for"),
                      field("foundHz", &ToneFigures::foundHz, "as measured; 0: silence was asked for"),
                      field("levelDbm0", &ToneFigures::levelDbm0, "of the tone; of silence: of everything"),
                      field("totalDbm0", &ToneFigures::totalDbm0, "of everything"),
                      field("residualDbm0", &ToneFigures::residualDbm0, "of all but the tone, unweighted"),
                      field("dc", &ToneFigures::dc, "direct current, 16-bit units")};
  }
};
struct ProbeTonesReply {
  std::vector<ToneFigures> tones;
  static constexpr auto fields() {
    return std::tuple{field("tones", &ProbeTonesReply::tones, "in the order in which they were sent")};
  }
};
/// How late what is sent at one port comes in at another.
struct ProbeDelay {
  uint32_t send{};
  uint32_t receive{};
  static constexpr auto fields() {
    return std::tuple{field("send", &ProbeDelay::send, "bus port that hears a burst", kPort),
                      field("receive", &ProbeDelay::receive, "bus port where it is looked for, for a second", kPort)};
  }
};
struct ProbeDelayReply {
  double delayMs{};
  double similarity{};
  static constexpr auto fields() {
    return std::tuple{field("delayMs", &ProbeDelayReply::delayMs, "ms, from row to row of the bus"),
                      field("similarity", &ProbeDelayReply::similarity, "0-1; below 0.5 nothing was found")};
  }
};
/// Sends digits as tones at one port and reads them at another.
struct ProbeDigits {
  uint32_t send{};
  uint32_t receive{};
  std::string digits;
  uint32_t onMs = 70;
  uint32_t offMs = 70;
  double levelDbm0 = -9;
  static constexpr auto fields() {
    return std::tuple{field("send", &ProbeDigits::send, "bus port that hears them", kPort),
                      field("receive", &ProbeDigits::receive, "bus port where they are looked for", kPort),
                      field("digits", &ProbeDigits::digits, "0-9 * # A-D", range(1, 64)),
                      optional_field("onMs", &ProbeDigits::onMs, "length of a digit, ms; default 70", range(20, 1000)),
                      optional_field("offMs", &ProbeDigits::offMs, "pause, ms; default 70", range(20, 1000)),
                      optional_field("levelDbm0", &ProbeDigits::levelDbm0, "of each frequency; default -9", range(-40, 0))};
  }
};
struct ProbeDigitsReply {
  std::string heard;
  static constexpr auto fields() { return std::tuple{field("heard", &ProbeDigitsReply::heard, "the digits that came")}; }
};

/// Tells at one port who calls, as an exchange does, and reads it at another; beside the ringing, which the line does by itself.
struct ProbeCallerId {
  uint32_t send{};
  uint32_t receive{};
  CallerIdMode mode{};
  std::string number;
  static constexpr auto fields() {
    return std::tuple{field("send", &ProbeCallerId::send, "bus port that hears it", kPort),
                      field("receive", &ProbeCallerId::receive, "bus port where it is looked for", kPort),
                      field("mode", &ProbeCallerId::mode, "bell202, v23 or dtmf"),
                      field("number", &ProbeCallerId::number, "digits", range(1, 20))};
  }
};
struct ProbeCallerIdReply {
  std::string number;
  std::string failure;
  static constexpr auto fields() {
    return std::tuple{field("number", &ProbeCallerIdReply::number, "as it was read; empty: it was not"),
                      field("failure", &ProbeCallerIdReply::failure, "why not")};
  }
};

/// How fast the clock goes that the tick follows, against that of the machine.
struct ProbeClock {
  uint32_t ms = 10000;
  static constexpr auto fields() {
    return std::tuple{optional_field("ms", &ProbeClock::ms, "looked at: the time just gone, ms; default 10 s", range(2000, 60000))};
  }
};
struct ProbeClockReply {
  double ppm{};
  double ms{};
  bool board{};
  static constexpr auto fields() {
    return std::tuple{field("ppm", &ProbeClockReply::ppm, "millionths that it is faster"),
                      field("ms", &ProbeClockReply::ms, "time looked at: less just after the start"),
                      field("board", &ProbeClockReply::board, "the tick follows a board; false: the machine itself")};
  }
};

/// What a virtual E1 does to what it receives.
struct VirtualDisturbance {
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t bitErrors{};
  double gainDb{};
  static constexpr auto fields() {
    return std::tuple{
        field("span", &VirtualDisturbance::span, "virtual E1 that receives", range(1, 512)),
        optional_field("timeslot", &VirtualDisturbance::timeslot, "default 0: each of the 31", range(0, 31)),
        optional_field("bitErrors", &VirtualDisturbance::bitErrors, "bits to be inverted once, eight a tick", range(0, 1000000)),
        optional_field("gainDb", &VirtualDisturbance::gainDb, "from now on, dB; default 0: octets are left alone", range(-40, 12))};
  }
};

}  // namespace cordboard::engine
