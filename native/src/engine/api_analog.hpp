// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: analog ports beyond their kind. What a telephone (FXS) and an exchange line (FXO) are set to.
#pragma once

#include "engine/api_types.hpp"

namespace cordboard::engine {

/// How a line is known to have been answered.
enum class AnswerBy : uint8_t { kDialled, kPolarity, kTone };
enum class DiallingBy : uint8_t { kTone, kPulse };
enum class CallerIdStart : uint8_t { kRing, kPolarity };
/// What the two wires of a port do now.
enum class AnalogState : uint8_t { kIdle, kRinging, kDialTone, kDialling, kCalling, kTalking, kParked, kDead };

/// An exchange line. Times in ms.
struct LineConfig {
  AnswerBy answer{};
  DiallingBy dialling{};
  bool checkDialTone{};
  uint32_t dialToneMs = 5000;
  uint32_t digitMs = 100;
  uint32_t breakMs = 60;
  uint32_t makeMs = 40;
  uint32_t betweenDigitsMs = 800;
  uint32_t ringMinMs = 100;
  CallerIdStart callerIdStart{};
  static constexpr auto fields() {
    return std::tuple{
        optional_field(
            "answer", &LineConfig::answer,
            "a call out is answered when it is dialled, when the exchange reverses the polarity (and over when it "
            "reverses it back), or when ringing tone stops"),
        optional_field("dialling", &LineConfig::dialling, "tone when left out"),
        optional_field("checkDialTone", &LineConfig::checkDialTone, "nothing is dialled before dial tone is heard"),
        optional_field("dialToneMs", &LineConfig::dialToneMs, "none for so long: out of order, cause 38",
                       range(1000, 30000)),
        optional_field("digitMs", &LineConfig::digitMs, "of a tone, and of the silence after it", range(40, 500)),
        optional_field("breakMs", &LineConfig::breakMs, "of a pulse: the loop is open", range(20, 100)),
        optional_field("makeMs", &LineConfig::makeMs, "… closed", range(20, 100)),
        optional_field("betweenDigitsMs", &LineConfig::betweenDigitsMs, "between two digits of pulses",
                       range(300, 2000)),
        optional_field("ringMinMs", &LineConfig::ringMinMs, "a shorter ring is none", range(0, 2000)),
        optional_field("callerIdStart", &LineConfig::callerIdStart,
                       "who calls is told after the first ring, or after a reversal of the polarity before it")};
  }
};

/// By what a telephone on the hook learns that a message waits. fsk: by GR-30 and EN 300 659-3, the others by what its two wires carry.
enum class MessageLamp : uint8_t { kNone, kNeon, kPolarity, kFsk };

/// A telephone. Times in ms.
struct StationConfig {
  bool callerIdBeforeRing{};
  uint32_t disconnectMs = 500;
  bool reverseOnAnswer{};
  MessageLamp lamp{};
  static constexpr auto fields() {
    return std::tuple{
        optional_field("callerIdBeforeRing", &StationConfig::callerIdBeforeRing,
                       "it is told who calls before it rings, not after the first ring"),
        optional_field("disconnectMs", &StationConfig::disconnectMs,
                       "its loop is without battery for so long when its call has ended (kewl start); 0: never",
                       range(0, 2000)),
        optional_field("reverseOnAnswer", &StationConfig::reverseOnAnswer,
                       "the polarity of its loop is reversed as long as a call out is answered"),
        optional_field("lamp", &StationConfig::lamp, "what its message lamp is lit by; none: it has none")};
  }
};

/// Lights a telephone's message lamp, or puts it out.
struct StationLamp {
  uint32_t analog{};
  bool on{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &StationLamp::analog, "fxs port", range(1, 65535)),
                      field("on", &StationLamp::on, "lit")};
  }
};

/// A line has lost its voltage, or has it back: it is cut, or the exchange is out of order.
struct LineBattery {
  uint32_t analog{};
  bool on{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &LineBattery::analog, "fxo port"),
                      field("on", &LineBattery::on, "there is voltage")};
  }
};

struct VirtualLine {
  uint32_t analog{};
  bool cut{};
  static constexpr auto fields() {
    return std::tuple{field("analog", &VirtualLine::analog, "virtual analog port, of either end", range(1, 65535)),
                      field("cut", &VirtualLine::cut, "the two wires of its cable")};
  }
};

}  // namespace cordboard::engine

namespace cordboard {
using engine::AnalogState, engine::AnswerBy, engine::CallerIdStart, engine::DiallingBy, engine::MessageLamp;
template <>
struct EnumNames<AnswerBy> {
  static constexpr std::array<std::string_view, 3> names{"dialled", "polarity", "tone"};
};
template <>
struct EnumNames<DiallingBy> {
  static constexpr std::array<std::string_view, 2> names{"tone", "pulse"};
};
template <>
struct EnumNames<CallerIdStart> {
  static constexpr std::array<std::string_view, 2> names{"ring", "polarity"};
};
template <>
struct EnumNames<MessageLamp> {
  static constexpr std::array<std::string_view, 4> names{"none", "neon", "polarity", "fsk"};
};
template <>
struct EnumNames<AnalogState> {
  static constexpr std::array<std::string_view, 8> names{"idle",    "ringing", "dialTone", "dialling",
                                                         "calling", "talking", "parked",   "dead"};
};
}  // namespace cordboard
