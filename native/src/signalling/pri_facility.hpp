// SPDX-License-Identifier: GPL-2.0-or-later
// What of the supplementary services of a call is read: names and diverting numbers of QSIG, diverting numbers and advice
// of charge of EuroISDN, transfers of both and of the national protocol. They come as ROSE components in Facility elements
// (Q.932 8.2.3, ECMA-165), in BER (X.690).
//
// libpri's decoder never sees what the line sends (pri_frame.hpp): this one reads the few operations below and leaves out
// everything else. Pure functions without allocation beyond the texts that they give; nothing is read twice, and nothing
// is nested deeper than the operations are.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "signalling/pri_frame.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling {

struct PriFacility {
  /// Calling name (ECMA-164 6.3.1): octets of any character set. An empty one is withheld or not available.
  std::optional<std::string> calling_name;
  struct Diversion {
    std::string number;  // digits; empty: withheld
    uint8_t reason = 0;  // as of Redirecting number: 0, 1, 2, 15
  };
  std::optional<Diversion> diversion;
  std::optional<PriCharge> charge;
  std::vector<PriTariff> tariffs;
  /// Connected name (ECMA-164 6.3.2).
  std::optional<std::string> connected_name;
  /// EctInform (EN 300 369-1 annex A), callTransferComplete, -Active and -Update (ECMA-178 annex E).
  struct Transferred {
    std::optional<PriParty> party;  // nothing: it is not told who
    bool complete = false;          // callTransferComplete …
    bool secondary = false;         // … for the secondary end
  };
  std::optional<Transferred> transferred;
  /// What the peer asks for and wants an answer to.
  enum class Request : uint8_t { kNone, kLinkId, kExecute, kTwoChannels, kReplacePath };
  Request request = Request::kNone;
  uint16_t invoke = 0;
  uint32_t number = 0;             // link identifier, call reference, or call identity
  std::vector<uint8_t> rerouting;  // PartyNumber of path replacement, whole, at most 40 octets
  /// An answer to something asked here.
  enum class Answer : uint8_t { kNone, kResult, kError, kReject };
  Answer answer = Answer::kNone;
  uint16_t answered_invoke = 0;
  std::optional<uint32_t> answered_number;
};

/// Reads the Facility elements of a message. What is broken is as if it were not there; of several requests or answers in
/// one message the last counts.
PriFacility read_facility(const PriMessage& message, PriProtocol protocol);

/// Who answers, by the Connected number and Display of a CONNECT (Q.951 5); nothing when neither is there.
std::optional<PriParty> read_connected(const PriMessage& message);

}  // namespace cordboard::signalling
