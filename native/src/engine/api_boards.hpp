// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: boards behind the DAHDI driver, as the driver tells of them, configured here or not.
#pragma once

#include <string>
#include <vector>

#include "engine/api_types.hpp"

namespace cordboard::engine {

struct BoardsGet { static constexpr auto fields() { return std::tuple<>{}; } };
struct BoardChannel {
  uint32_t channel{};
  uint32_t position{};
  ChannelUse use{};
  static constexpr auto fields() {
    return std::tuple{field("channel", &BoardChannel::channel, "number within the driver"),
                      field("position", &BoardChannel::position, "within its span, from 1: the timeslot of an E1"),
                      field("use", &BoardChannel::use, "what the driver is configured to use it for")};
  }
};
struct BoardSpan {
  uint32_t device{};
  uint32_t span{};
  std::string name;
  std::string description;
  std::string type;
  std::string manufacturer;
  std::string board;
  std::string location;
  std::vector<AlarmKind> alarms;
  uint32_t clockDevice{};
  uint32_t codingViolations{};
  uint32_t crc4Errors{};
  uint32_t eBits{};
  uint32_t framingErrors{};
  uint32_t erroredSeconds{};
  uint32_t missedInterrupts{};
  std::vector<BoardChannel> channels;
  static constexpr auto fields() {
    return std::tuple{
        field("device", &BoardSpan::device, "number of the span within the driver"),
        field("span", &BoardSpan::span, "span of ours that it carries; 0: none"),
        field("name", &BoardSpan::name, "as the driver names it"),
        field("description", &BoardSpan::description, "of the driver"),
        field("type", &BoardSpan::type, "E1, FXS, … as the driver says"),
        field("manufacturer", &BoardSpan::manufacturer, "of the board"),
        field("board", &BoardSpan::board, "its type"),
        field("location", &BoardSpan::location, "bus and slot"),
        field("alarms", &BoardSpan::alarms, "alarms now"),
        field("clockDevice", &BoardSpan::clockDevice, "span whose clock the board runs by; 0: its own"),
        field("codingViolations", &BoardSpan::codingViolations, "bipolar violations since the driver was loaded"),
        field("crc4Errors", &BoardSpan::crc4Errors, "CRC4 errors received"),
        field("eBits", &BoardSpan::eBits, "CRC4 errors that the far end told of"),
        field("framingErrors", &BoardSpan::framingErrors, "errors of the frame alignment signal"),
        field("erroredSeconds", &BoardSpan::erroredSeconds, "seconds with an error"),
        field("missedInterrupts", &BoardSpan::missedInterrupts, "of the board"),
        field("channels", &BoardSpan::channels, "its channels")};
  }
};
struct Boards {
  std::string driver;
  std::vector<BoardSpan> spans;
  static constexpr auto fields() {
    return std::tuple{field("driver", &Boards::driver, "its version"), field("spans", &Boards::spans, "every span there is")};
  }
};

}  // namespace cordboard::engine
