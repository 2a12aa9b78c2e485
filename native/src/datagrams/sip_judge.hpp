// SPDX-License-Identifier: GPL-2.0-or-later
// What must be known of a SIP datagram before anything is spent on it, in a flood: whether it begins a call that may wait its
// turn, or confirms a refusal and is nobody's. Whatever is not plain is `kRead`: whoever reads it decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordboard::datagrams {

enum class SipVerdict : uint8_t {
  kRead,
  kBeginsCall,      // an INVITE outside of any dialog (RFC 3261 12.2.2: no tag in To)
  kConfirmsRefusal  // an ACK to a refusal that nothing was kept of
};

struct SipRules {
  /// What the tags in To of such refusals begin with; nobody else can know it.
  std::string refusal_tag;
  /// Users of a Request-URI who never wait: emergency numbers.
  std::vector<std::string> exempt;
};

/// For any octets. Reads each at most twice.
SipVerdict judge(std::span<const std::byte> datagram, const SipRules& rules);

}  // namespace cordboard::datagrams
