// SPDX-License-Identifier: GPL-2.0-or-later
// What stands between the D-channel and libpri: nothing from the line gets there that is not well formed.
//
//   octets ── inspect_frame (Q.921) ── information ── inspect_message (Q.931 header) ── copy_message ──> libpri
//               refused: dropped                        refused: frame goes on without information
//
// An I-frame that is sound in layer 2 must reach libpri whatever it carries, or the sequence numbers of the link would
// stick at it: a message that is refused is taken out of its frame, and libpri drops the empty frame after counting it.
//
// Why libpri (1.6.0) needs this:
//  - it reads the control field of a frame before it looks at the length;
//  - its readers of number elements search for an octet with the extension bit beyond the element's end;
//  - it copies a party subaddress longer than 32 octets over what lies behind (memory is overwritten);
//  - its readers of Cause, Bearer capability, Progress indicator and others read octets an empty element has not;
//  - a message with the maintenance discriminator is changed by one octet and sent back, whatever it is;
//  - its 20,000 lines of ROSE and ASN.1 decode Facility: what of it is of use here is read by pri_facility instead.
//
// Pure functions, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/describe.hpp"

namespace cordboard::signalling {

constexpr std::size_t kMinFrame = 3;          // address 2, control 1
constexpr std::size_t kMaxInformation = 260;  // N201, Q.921 5.9.3
constexpr std::size_t kMaxFrame = 4 + kMaxInformation;

enum class PriFrameFault : uint8_t {
  kNone,
  kLength,   // shorter or longer than a frame of its kind can be (Q.921 2.9, 5.8.5)
  kAddress,  // extension bits, or a SAPI or TEI other than 0: there is one data link on a primary rate access
  kControl,  // no frame of multiple-frame operation; UI and XID have no use on a point-to-point link
};

struct PriFrameView {
  PriFrameFault fault = PriFrameFault::kNone;
  bool numbered = false;                 // an I-frame
  bool establish = false;                // SABME
  std::span<const uint8_t> information;  // of an I-frame: the layer 3 message
};

/// Layer 2: `frame` is what lies between two flags, without zero bits and FCS, of any length.
PriFrameView inspect_frame(std::span<const uint8_t> frame);

/// Message types of Q.931 table 4-2 that are named here.
enum : uint8_t {
  kMessageSetup = 0x05,
  kMessageConnect = 0x07,
  kMessageDisconnect = 0x45,
  kMessageRestart = 0x46,
  kMessageRelease = 0x4d,
  kMessageRestartAcknowledge = 0x4e,
  kMessageReleaseComplete = 0x5a,
  kMessageFacility = 0x62,
  kMessageRegister = 0x64,
  kMessageStatusEnquiry = 0x75,
  kMessageInformation = 0x7b,
  kMessageStatus = 0x7d,
};
// Of the national protocol (T1.607 annex J), with its own discriminator.
constexpr uint8_t kMaintenanceDiscriminator = 0x43;
constexpr uint8_t kMessageService = 0x07;
constexpr uint8_t kMessageServiceAcknowledge = 0x0f;
constexpr uint8_t kSendingCompleteElement = 0xa1;

struct PriMessage {
  uint8_t reference_length = 0;  // octets: 0 dummy, 1, 2
  uint16_t reference = 0;        // call reference value, 0-32767; 0 is the global one (Q.931 4.3)
  bool to_originator = false;    // call reference flag: the call was begun by the side that receives this
  uint8_t type = 0;
  std::span<const uint8_t> elements;
};

/// Layer 3: the header of a Q.931 message. Nothing when Q.931 5.8.1, 5.8.2 or 5.8.3.1 has the message ignored, or when
/// its type is an escape or of another codeset (bit 8).
std::optional<PriMessage> inspect_message(std::span<const uint8_t> information, uint8_t discriminator = 0x08);

struct PriCopy {
  std::size_t length = 0;  // octets written to `out`
  uint32_t left_out = 0;   // information elements not copied
};

/// Writes the message to `out` (kMaxInformation octets or more) with the information elements that call control
/// uses and that are whole. Left out are: elements that run beyond the message's end (Q.931 4.5.1), or whose contents
/// are too short for their coding (5.8.7.2); Facility, subaddresses, user-user and compatibility
/// information, as if they were not recognized (5.8.7.1); other codesets than 0. Elements that demand comprehension
/// (octet 1 is 0000 xxxx) stay, so that libpri answers for them. A restart of the whole interface loses its Channel
/// identification, which names no channel then (4.5.25).
PriCopy copy_message(const PriMessage& message, std::span<uint8_t> out);

/// The same of a maintenance message: it is its Change status and its Channel identification, in this order. Length 0:
/// one of them is missing, so that the whole interface would be meant.
PriCopy copy_maintenance(const PriMessage& message, std::span<uint8_t> out);

/// Gives the contents of each element of codeset 0 with this identifier that is whole.
void for_each_element(const PriMessage& message, uint8_t id, const std::function<void(std::span<const uint8_t>)>& take);
/// Information elements that are read outside (Q.931 4.5).
enum : uint8_t { kElementDisplay = 0x28, kElementConnectedNumber = 0x4c };

/// A number element (Q.931 4.5.10, Q.951 5): digits, and whether they may be shown.
struct PriNumberElement {
  std::string digits;  // 0-9 * #, at most 31
  bool restricted = false;
};
/// Nothing: it has no end of its octets 3, or what is in it is no number.
std::optional<PriNumberElement> read_number_element(std::span<const uint8_t> contents);

/// Gives the contents of each Facility element that is whole (Q.932 8.2.3).
void for_each_facility(const PriMessage& message, const std::function<void(std::span<const uint8_t>)>& take);

/// The Call state element's value (Q.931 4.5.7) of a STATUS; nothing when there is none.
std::optional<uint8_t> call_state_of(const PriMessage& message);

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::PriFrameFault> {
  static constexpr std::array<std::string_view, 4> names{"none", "length", "address", "control"};
};
}  // namespace cordboard
