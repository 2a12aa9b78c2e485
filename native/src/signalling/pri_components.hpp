// SPDX-License-Identifier: GPL-2.0-or-later
// What is sent of call transfer: contents of Facility elements (Q.932 8.2.3), from their profile octet on. Each carries one
// component. pri_facility reads the same.
#pragma once

#include <cstdint>
#include <span>

#include "signalling/pri_ber.hpp"
#include "signalling/pri_span.hpp"

namespace cordboard::signalling::components {

using ber::Bytes;

// General errors (EN 300 196-1 annex D).
constexpr uint32_t kNotSubscribed = 0;
constexpr uint32_t kNotAvailable = 3;
constexpr uint32_t kInvalidCallState = 7;

/// EctLinkIdRequest and its result (EN 300 369-1 annex A).
Bytes link_request(uint16_t invoke);
Bytes link_result(uint16_t invoke, uint32_t link);
/// ExplicitEctExecute.
Bytes execute(uint16_t invoke, uint32_t link);
/// Of two B-channel transfer (GR-2865): `reference` as the other call's messages from here carry it, with its flag in bit 16.
Bytes two_channels(uint16_t invoke, uint32_t reference);
/// callTransferComplete (ECMA-178 annex E), answered.
Bytes transfer_complete(uint16_t invoke, bool secondary, const PriParty& other);
/// pathReplacePropose (ECMA-176 annex E). `rerouting`: a PartyNumber.
Bytes proposal(uint16_t invoke, uint32_t identity, std::span<const uint8_t> rerouting);
/// A PartyNumber of an unknown plan; without digits "0" stands for it, as one there must be.
Bytes party_number(const std::string& digits);
/// An empty result, and an error, for whatever was asked.
Bytes result(uint16_t invoke, PriProtocol protocol);
Bytes error(uint16_t invoke, uint32_t code, PriProtocol protocol);

}  // namespace cordboard::signalling::components
