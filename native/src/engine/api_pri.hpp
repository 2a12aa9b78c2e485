// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: ISDN primary rate. What an E1 is set to, and what is shown of it.
#pragma once

#include "engine/api_types.hpp"

namespace cordboard::engine {

enum class PriProtocol : uint8_t { kEuroIsdn, kQsig, kNational };
/// Why a call was sent on (Q.952 9.1.3, ETS 300 207-1).
enum class DivertReason : uint8_t { kUnknown, kBusy, kNoReply, kUnconditional };

/// Times of Q.931 9, in ms.
struct PriConfig {
  PriProtocol protocol{};
  bool overlap{};
  bool joins{};
  uint32_t dchannelOf{};
  uint32_t interfaceId{};
  bool backup{};
  uint32_t t302Ms = 15000;
  uint32_t t303Ms = 4000;
  uint32_t t305Ms = 30000;
  uint32_t t308Ms = 4000;
  uint32_t t310Ms = 120000;
  uint32_t t313Ms = 4000;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("protocol", &PriConfig::protocol,
                       "euroisdn when left out; national: NI-2, with SERVICE messages"),
        optional_field("overlap", &PriConfig::overlap,
                       "digits of calls in may follow their SETUP (Q.931 5.1.3, 5.2.4)"),
        optional_field("joins", &PriConfig::joins,
                       "an exchange: two calls of the far end's are joined when it asks for it (leg.transferAsked)"),
        optional_field(
            "dchannelOf", &PriConfig::dchannelOf,
            "E1 whose D-channel signals the calls of this one (NFAS), whose settings hold here, too; 0: its own",
            range(0, 512)),
        optional_field("interfaceId", &PriConfig::interfaceId,
                       "interface identifier, where a D-channel has several E1s", range(0, 127)),
        optional_field("backup", &PriConfig::backup,
                       "of an E1 with dchannelOf: its timeslot 16 is the back-up D-channel"),
        optional_field("t302Ms", &PriConfig::t302Ms, "no more digits for so long, and the called number is whole",
                       range(1000, 60000)),
        optional_field("t303Ms", &PriConfig::t303Ms, "no response to SETUP, which is sent again once",
                       range(500, 60000)),
        optional_field("t305Ms", &PriConfig::t305Ms, "no response to DISCONNECT", range(500, 60000)),
        optional_field("t308Ms", &PriConfig::t308Ms, "no response to RELEASE, which is sent again once",
                       range(500, 60000)),
        optional_field("t310Ms", &PriConfig::t310Ms, "a call out that proceeds and says no more is given up; 0: never",
                       range(0, 600000)),
        optional_field("t313Ms", &PriConfig::t313Ms, "user side: no acknowledgement of CONNECT", range(500, 60000))};
  }
};

struct SnapshotPri {
  PriProtocol protocol{};
  bool overlap{};
  uint32_t dchannelOf{};
  bool dchannelHere{};
  bool dchannelHereUp{};
  static constexpr auto fields() {
    return std::tuple{
        field("protocol", &SnapshotPri::protocol, "what its calls are signalled by"),
        field("overlap", &SnapshotPri::overlap, "digits of calls in may follow their SETUP"),
        field("dchannelOf", &SnapshotPri::dchannelOf, "E1 whose D-channel signals its calls; 0: its own"),
        field("dchannelHere", &SnapshotPri::dchannelHere, "its timeslot 16 is a D-channel: its own, or the back-up"),
        field("dchannelHereUp", &SnapshotPri::dchannelHereUp, "that one's data link is established")};
  }
};

}  // namespace cordboard::engine

namespace cordboard {
using engine::DivertReason, engine::PriProtocol;
template <>
struct EnumNames<PriProtocol> {
  static constexpr std::array<std::string_view, 3> names{"euroisdn", "qsig", "national"};
};
template <>
struct EnumNames<DivertReason> {
  static constexpr std::array<std::string_view, 4> names{"unknown", "busy", "noReply", "unconditional"};
};
}  // namespace cordboard
