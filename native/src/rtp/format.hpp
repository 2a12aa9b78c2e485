// SPDX-License-Identifier: GPL-2.0-or-later
// What the payload types of a session stand for: what an SDP's `m=` and `a=rtpmap` lines say (RFC 3551, RFC 8866 6.6).
#pragma once

#include <cstdint>

#include "base/describe.hpp"

namespace cordboard::rtp {

enum class Encoding : uint8_t {
  kPcma,            // RFC 3551 4.5.14, static payload type 8
  kPcmu,            // RFC 3551 4.5.14, static payload type 0
  kG722,            // RFC 3551 4.5.2, static payload type 9; its RTP clock is 8000 although it samples at 16 kHz
  kOpus,            // RFC 7587; its RTP clock is 48000 always
  kComfortNoise,    // RFC 3389, static payload type 13
  kTelephoneEvent,  // RFC 4733
};

/// Unused payload type.
inline constexpr uint8_t kNoPayloadType = 0xFF;

/// A payload type of a session.
struct PayloadFormat {
  uint8_t payload_type = kNoPayloadType;  // 0-127
  Encoding encoding = Encoding::kPcma;
  uint32_t clock_hz = 8000;  // of the timestamps: 48000 for Opus, 8000 or 48000 for telephone events, else 8000

  bool operator==(const PayloadFormat&) const = default;
};

constexpr bool is_audio(Encoding encoding) { return encoding <= Encoding::kOpus; }

}  // namespace cordboard::rtp

namespace cordboard {
template <>
struct EnumNames<rtp::Encoding> {
  static constexpr std::array<std::string_view, 6> names{"PCMA", "PCMU", "G722", "opus", "CN", "telephone-event"};
};
}  // namespace cordboard
