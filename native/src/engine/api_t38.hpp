// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: T.38, fax in packets in place of sound. The host has a port of its own opened for the leg of a stream, to
// write it into its offer or answer, and begins the fax when both sides have said what they can do.
//
//   t38.open ──> udpPort ──> SDP out     SDP in ──> fax.start with t38 ──> fax.page … fax.ended (the port is closed)
#pragma once

#include <string>

#include "engine/api_types.hpp"

namespace cordboard::engine {

struct T38Open {
  uint32_t leg{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &T38Open::leg, "leg of a stream; closed with it, or with its fax", kId)};
  }
};
struct T38Opened {
  std::string address;
  uint32_t udpPort{};
  static constexpr auto fields() {
    return std::tuple{field("address", &T38Opened::address, "that the socket is bound to, as configured for streams"),
                      field("udpPort", &T38Opened::udpPort, "UDP port for UDPTL, of the range of the streams")};
  }
};
struct T38Close {
  uint32_t leg{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &T38Close::leg, "its port was opened and no fax has begun on it", kId)};
  }
};

/// What has been agreed upon (T.38 annex D). How fast a page may go is said by v17 and v29.
struct FaxT38 {
  std::string remoteAddress;
  uint32_t remotePort{};
  std::string latchAddress;
  uint32_t version{};
  bool fillBitRemoval{};
  bool localTcf{};
  T38Correction correction = T38Correction::kRedundancy;
  uint32_t maxDatagram = 1400;
  static constexpr auto fields() {
    return std::tuple{
        field("remoteAddress", &FaxT38::remoteAddress, "where UDPTL goes and comes from, as its SDP says: digits",
              kAddress),
        field("remotePort", &FaxT38::remotePort, "its port", range(1, 65535)),
        optional_field(
            "latchAddress", &FaxT38::latchAddress,
            "the other side may be behind a NAT: where its signalling comes from. Another port there is taken "
            "once, when UDPTL comes from it first",
            range(0, 45)),
        optional_field("version", &FaxT38::version, "T38FaxVersion, the lower of the two", range(0, 3)),
        optional_field("fillBitRemoval", &FaxT38::fillBitRemoval, "T38FaxFillBitRemoval of both"),
        optional_field("localTcf", &FaxT38::localTcf, "T38FaxRateManagement is localTCF, else transferredTCF"),
        optional_field("correction", &FaxT38::correction,
                       "what is sent against losses (T38FaxUdpEC); everything is understood"),
        optional_field("maxDatagram", &FaxT38::maxDatagram,
                       "T38FaxMaxDatagram of the other side; what does not fit is left out of the redundancy",
                       range(60, 65535))};
  }
};
struct FaxT38Counts {
  double sent{};
  double received{};
  double lost{};
  double recovered{};
  double malformed{};
  double foreign{};
  static constexpr auto fields() {
    return std::tuple{field("sent", &FaxT38Counts::sent, "datagrams, repeated ones too"),
                      field("received", &FaxT38Counts::received, "datagrams of UDPTL"),
                      field("lost", &FaxT38Counts::lost, "packets of T.38 that never came"),
                      field("recovered", &FaxT38Counts::recovered, "packets of T.38 made good by redundancy or FEC"),
                      field("malformed", &FaxT38Counts::malformed, "datagrams and packets that were no T.38"),
                      field("foreign", &FaxT38Counts::foreign, "datagrams from elsewhere, not looked at")};
  }
};

}  // namespace cordboard::engine
