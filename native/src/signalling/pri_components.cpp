// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_components.hpp"

namespace cordboard::signalling::components {
namespace {

using ber::context, ber::context_constructed, ber::integer, ber::value;

constexpr std::size_t kMostName = 50;

Bytes octets(std::initializer_list<uint8_t> list) { return Bytes(list); }

/// For supplementary services: the element is for whoever it comes to.
Bytes plain(const Bytes& component) { return ber::joined({octets({0x91}), component}); }

/// Networking extensions (ECMA-165 11.3.3): from end to end, and who does not know the operation leaves it out.
Bytes from_end_to_end(const Bytes& component) {
  const Bytes extension = octets({0xaa, 0x06, 0x80, 0x01, 0x00, 0x82, 0x01, 0x00});
  const Bytes interpretation = octets({0x8b, 0x01, 0x00});
  return ber::joined({octets({0x9f}), extension, interpretation, component});
}
/// An answer says nothing of how it is to be interpreted.
Bytes back(const Bytes& component, PriProtocol protocol) {
  if (protocol != PriProtocol::kQsig) return plain(component);
  return ber::joined({octets({0x9f}), octets({0xaa, 0x06, 0x80, 0x01, 0x00, 0x82, 0x01, 0x00}), component});
}

Bytes ect_operation(uint8_t number) {
  return value(ber::kObjectIdentifier, {octets({0x04, 0x00, 0x82, 0x71, 0x01, number})});
}

Bytes invoke_of(uint16_t invoke, const Bytes& operation, const Bytes& argument) {
  return value(ber::kInvoke, {integer(ber::kInteger, invoke), operation, argument});
}

}  // namespace

Bytes link_request(uint16_t invoke) { return plain(invoke_of(invoke, ect_operation(4), {})); }

Bytes link_result(uint16_t invoke, uint32_t link) {
  const Bytes said = value(ber::kSequence, {ect_operation(4), integer(ber::kInteger, link)});
  return plain(value(ber::kReturnResult, {integer(ber::kInteger, invoke), said}));
}

Bytes execute(uint16_t invoke, uint32_t link) {
  return plain(invoke_of(invoke, ect_operation(1), integer(ber::kInteger, link)));
}

Bytes two_channels(uint16_t invoke, uint32_t reference) {
  const Bytes operation = value(ber::kObjectIdentifier, {octets({0x2a, 0x86, 0x48, 0xce, 0x15, 0x00, 0x08})});
  return plain(invoke_of(invoke, operation, value(ber::kSequence, {integer(ber::kInteger, reference)})));
}

Bytes party_number(const std::string& digits) { return value(context(0), digits.empty() ? "0" : digits); }

Bytes transfer_complete(uint16_t invoke, bool secondary, const PriParty& other) {
  Bytes presented;
  if (other.restricted) {
    presented = octets({0x81, 0x00});
  } else if (other.number.empty()) {
    presented = octets({0x82, 0x00});
  } else {
    // NumberScreened: provided by the user, not screened.
    presented = value(context_constructed(0), {party_number(other.number), integer(ber::kEnumerated, 0)});
  }
  const bool named = !other.restricted && !other.name.empty();
  const Bytes name = named ? value(context(0), std::string_view(other.name).substr(0, kMostName)) : Bytes{};
  const Bytes argument = value(ber::kSequence, {integer(ber::kEnumerated, secondary ? 1 : 0), presented, name});
  return from_end_to_end(invoke_of(invoke, integer(ber::kInteger, 12), argument));
}

Bytes proposal(uint16_t invoke, uint32_t identity, std::span<const uint8_t> rerouting) {
  const Bytes number = value(ber::kNumericString, std::to_string(identity));
  const Bytes argument = value(ber::kSequence, {number, Bytes(rerouting.begin(), rerouting.end())});
  return from_end_to_end(invoke_of(invoke, integer(ber::kInteger, 4), argument));
}

Bytes result(uint16_t invoke, PriProtocol protocol) {
  return back(value(ber::kReturnResult, {integer(ber::kInteger, invoke)}), protocol);
}

Bytes error(uint16_t invoke, uint32_t code, PriProtocol protocol) {
  return back(value(ber::kReturnError, {integer(ber::kInteger, invoke), integer(ber::kInteger, code)}), protocol);
}

}  // namespace cordboard::signalling::components
