// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: fax ends (ITU-T T.30) on ports.
#pragma once

#include <optional>
#include <string>

#include "engine/api_t38.hpp"
#include "engine/api_types.hpp"

namespace cordboard::engine {

/// Makes a port a fax machine, in place of what it is connected to, until it is stopped or the leg is released.
struct FaxStart {
  uint32_t port{};
  bool calling{};
  std::string sendFile;
  uint32_t firstPage = 1;
  uint32_t lastPage{};
  std::string receiveFile;
  std::string localIdentity;
  std::string header;
  bool ecm = true;
  bool v17 = true;
  bool v29 = true;
  uint32_t maxPages = 500;
  std::optional<FaxT38> t38;
  static constexpr auto fields() {
    return std::tuple{
        field("port", &FaxStart::port, "who talks to the other fax machine", kPort),
        field("calling", &FaxStart::calling, "sends CNG and begins; otherwise answers with CED"),
        optional_field("sendFile", &FaxStart::sendFile, "TIFF to send; empty: nothing", range(0, 4096)),
        optional_field("firstPage", &FaxStart::firstPage, "of sendFile, from 1", range(1, 10000)),
        optional_field("lastPage", &FaxStart::lastPage, "of sendFile; 0: the last there is", range(0, 10000)),
        optional_field("receiveFile", &FaxStart::receiveFile, "TIFF to be made, must not exist; empty: takes nothing",
                       range(0, 4096)),
        optional_field("localIdentity", &FaxStart::localIdentity, "number told to the other end, up to 20 characters",
                       range(0, 20)),
        optional_field("header", &FaxStart::header, "on top of every page sent, up to 50 characters", range(0, 50)),
        optional_field("ecm", &FaxStart::ecm, "error correction mode (T.30 annex A)"),
        optional_field("v17", &FaxStart::v17, "up to 14,400 bit/s; needs v29"),
        optional_field("v29", &FaxStart::v29, "up to 9,600 bit/s; V.27ter, 4,800 bit/s, is always there"),
        optional_field("maxPages", &FaxStart::maxPages, "received at most", range(1, 10000)),
        optional_field("t38", &FaxStart::t38,
                       "in packets, on the port that t38.open gave for the leg of this port; else as sound")};
  }
};
struct FaxStarted {
  uint32_t fax{};
  static constexpr auto fields() { return std::tuple{field("fax", &FaxStarted::fax, "the fax end")}; }
};
struct FaxStop {
  uint32_t fax{};
  static constexpr auto fields() { return std::tuple{field("fax", &FaxStop::fax, "the fax end", kId)}; }
};

/// A page has gone over and was confirmed.
struct FaxPageDone {
  uint32_t fax{};
  uint32_t port{};
  uint32_t number{};
  bool received{};
  uint32_t rows{};
  uint32_t columns{};
  uint32_t xDpi{};
  uint32_t yDpi{};
  uint32_t badRows{};
  uint32_t bitRate{};
  bool ecm{};
  static constexpr auto fields() {
    return std::tuple{field("fax", &FaxPageDone::fax, "the fax end"),
                      field("port", &FaxPageDone::port, "bus port"),
                      field("number", &FaxPageDone::number, "from 1"),
                      field("received", &FaxPageDone::received, "otherwise sent"),
                      field("rows", &FaxPageDone::rows, "height, dots"),
                      field("columns", &FaxPageDone::columns, "width, dots"),
                      field("xDpi", &FaxPageDone::xDpi, "across, dots per inch"),
                      field("yDpi", &FaxPageDone::yDpi, "down, dots per inch"),
                      field("badRows", &FaxPageDone::badRows, "replaced by the row before, without error correction"),
                      field("bitRate", &FaxPageDone::bitRate, "bit/s"),
                      field("ecm", &FaxPageDone::ecm, "with error correction")};
  }
};
/// The last word on a fax end, once for each fax.start. The files are closed.
struct FaxEnded {
  uint32_t fax{};
  uint32_t port{};
  bool ok{};
  int32_t code{};
  std::string text;
  uint32_t pagesSent{};
  uint32_t pagesReceived{};
  std::string remoteIdentity;
  uint32_t bitRate{};
  bool ecm{};
  std::optional<FaxT38Counts> t38;
  static constexpr auto fields() {
    return std::tuple{field("fax", &FaxEnded::fax, "the fax end"),
                      field("port", &FaxEnded::port, "bus port"),
                      field("ok", &FaxEnded::ok, "T.30 came to its regular end"),
                      field("code", &FaxEnded::code, "0 good, -1 ended here, else the modem's reason"),
                      field("text", &FaxEnded::text, "what was wrong"),
                      field("pagesSent", &FaxEnded::pagesSent, "confirmed by the other end"),
                      field("pagesReceived", &FaxEnded::pagesReceived, "whole pages in the file"),
                      field("remoteIdentity", &FaxEnded::remoteIdentity, "as sent by the peer: hostile text"),
                      field("bitRate", &FaxEnded::bitRate, "of the latest page, bit/s"),
                      field("ecm", &FaxEnded::ecm, "with error correction"),
                      optional_field("t38", &FaxEnded::t38, "of a fax over T.38: its datagrams")};
  }
};

}  // namespace cordboard::engine
