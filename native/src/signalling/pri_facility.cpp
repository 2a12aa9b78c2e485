// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_facility.hpp"

#include <algorithm>

#include "signalling/pri_ber.hpp"
#include "signalling/pri_charge.hpp"

namespace cordboard::signalling {
namespace {

using ber::context, ber::context_constructed, ber::number_of, ber::Octets, ber::text_of, ber::Value;
using BerReader = ber::Reader;

// Octet 3 of Facility: protocol profile (Q.932 table 8-17, ECMA-165 table 13).
constexpr uint8_t kProfileRose = 0x91;
constexpr uint8_t kProfileNetworking = 0x9f;

constexpr std::size_t kMostName = 50;  // ECMA-164 6.2.1
constexpr std::size_t kMostDigits = 31;
constexpr int kMostComponents = 8;

// ---------------------------------------------------------------------------------------------------------------- names

/// Name (ECMA-164 annex C): allowed or restricted, simple or with its character set.
std::optional<std::string> read_name(Octets argument) {
  BerReader reader(argument);
  auto name = reader.next();
  if (name && name->tag == ber::kSequence) {  // with an extension behind it
    BerReader inside(name->contents);
    name = inside.next();
  }
  if (!name) return std::nullopt;
  switch (name->tag) {
    case context(0):
      return text_of(name->contents, kMostName);
    case context_constructed(1): {
      BerReader inside(name->contents);
      const auto data = inside.next(ber::kOctetString);
      return data ? std::optional(text_of(data->contents, kMostName)) : std::nullopt;
    }
    case context(2):
    case context_constructed(3):
    case context(4):
    case context(7):
      return std::string();
    default:
      return std::nullopt;
  }
}

// ------------------------------------------------------------------------------------------------------------ diversion

std::string digits_of(Octets octets) {
  std::string digits;
  for (const uint8_t octet : octets.first(std::min(octets.size(), kMostDigits)))
    if ((octet >= '0' && octet <= '9') || octet == '*' || octet == '#') digits += static_cast<char>(octet);
  return digits;
}

/// PartyNumber (ETS 300 196-1 annex D): unknown [0], public [1] or private [5]; others have no digits here.
std::string read_party_number(Octets octets) {
  BerReader reader(octets);
  const auto party = reader.next();
  if (!party) return {};
  if (party->tag == context(0)) return digits_of(party->contents);
  if (party->tag != context_constructed(1) && party->tag != context_constructed(5)) return {};
  BerReader inside(party->contents);
  inside.next(ber::kEnumerated);
  const auto digits = inside.next(ber::kNumericString);
  return digits ? digits_of(digits->contents) : std::string();
}

/// divertingLegInformation2 (ETS 300 207-1, ECMA-174): counter, reason, then the numbers. Reasons there: 0 unknown,
/// 1 unconditional, 2 busy, 3 no reply.
std::optional<PriFacility::Diversion> read_diversion(Octets argument) {
  BerReader reader(argument);
  const auto sequence = reader.next(ber::kSequence);
  if (!sequence) return std::nullopt;
  BerReader inside(sequence->contents);
  if (!inside.next(ber::kInteger)) return std::nullopt;
  const auto reason = inside.next(ber::kEnumerated);
  if (!reason) return std::nullopt;
  constexpr uint8_t kReasons[] = {0, 15, 1, 2};
  PriFacility::Diversion diversion;
  if (const auto value = number_of(*reason); value && *value < std::size(kReasons)) diversion.reason = kReasons[*value];
  inside.next(context(0));  // QSIG: the original reason
  const auto diverting = inside.next(context_constructed(1));
  if (!diverting) return diversion;
  BerReader presented(diverting->contents);
  if (const auto allowed = presented.next(context_constructed(0))) {
    diversion.number = read_party_number(allowed->contents);
  }
  return diversion;
}

// ------------------------------------------------------------------------------------------------------------- transfer

/// PresentedNumber and PresentedAddress of whichever standard: allowed [0], restricted [1] or [3], not available [2].
std::optional<PriParty> read_presented(const Value& presented) {
  PriParty party;
  switch (presented.tag) {
    case context_constructed(0):
      party.number = read_party_number(presented.contents);
      return party;
    case context(1):
    case context_constructed(3):
      party.restricted = true;
      return party;
    case context(2):
      return party;
    default:
      return std::nullopt;
  }
}

std::optional<PriFacility::Transferred> read_inform(Octets argument) {
  BerReader reader(argument);
  const auto sequence = reader.next(ber::kSequence);
  if (!sequence) return std::nullopt;
  BerReader inside(sequence->contents);
  if (!inside.next(ber::kEnumerated)) return std::nullopt;
  PriFacility::Transferred transferred;
  if (const auto presented = inside.next()) transferred.party = read_presented(*presented);
  return transferred;
}

/// `complete`: an end designation comes first.
std::optional<PriFacility::Transferred> read_call_transfer(Octets argument, bool complete) {
  BerReader reader(argument);
  const auto sequence = reader.next(ber::kSequence);
  if (!sequence) return std::nullopt;
  BerReader inside(sequence->contents);
  PriFacility::Transferred transferred;
  transferred.complete = complete;
  if (complete) {
    const auto end = inside.next(ber::kEnumerated);
    const auto designated = end ? number_of(*end) : std::nullopt;
    if (!designated || *designated > 1) return std::nullopt;
    transferred.secondary = *designated == 1;
  }
  const auto presented = inside.next();
  if (!presented) return std::nullopt;
  transferred.party = read_presented(*presented);
  if (!transferred.party) return std::nullopt;
  constexpr uint8_t kBasicCallElements = 0x40;  // [APPLICATION 0]
  inside.next(kBasicCallElements);
  // Where no name comes it is the status, which is none.
  if (auto name = read_name(inside.rest()); name && !transferred.party->restricted) {
    transferred.party->name = std::move(*name);
  }
  return transferred;
}

/// pathReplacePropose (ECMA-176 annex E): call identity of 1-4 digits, and where to.
bool read_proposal(Octets argument, PriFacility& facility) {
  BerReader reader(argument);
  const auto sequence = reader.next(ber::kSequence);
  if (!sequence) return false;
  BerReader inside(sequence->contents);
  const auto identity = inside.next(ber::kNumericString);
  if (!identity || identity->contents.empty() || identity->contents.size() > 4) return false;
  uint32_t number = 0;
  for (const uint8_t digit : identity->contents) {
    if (digit < '0' || digit > '9') return false;
    number = number * 10 + (digit - '0');
  }
  const auto party = inside.next();
  constexpr std::size_t kMostParty = 38;
  if (!party || party->contents.size() > kMostParty) return false;
  facility.number = number;
  facility.rerouting = ber::value(party->tag, party->contents);
  return true;
}

// ------------------------------------------------------------------------------------------------------------ operations

enum class Operation : uint8_t {
  kOther,
  kCallingName,
  kConnectedName,
  kDiversion,
  kStartCurrency,
  kDuringCurrency,
  kDuringUnits,
  kEndCurrency,
  kEndUnits,
  kLinkId,
  kExecute,
  kInform,
  kTransferActive,
  kTransferComplete,
  kTransferUpdate,
  kReplacePath,
  kTwoChannels,
};

constexpr uint8_t kEctArc[] = {0x04, 0x00, 0x82, 0x71, 0x01};             // 0.4.0.369.1, EN 300 369-1
constexpr uint8_t kEcmaArc[] = {0x2b, 0x0c, 0x09};                        // 1.3.12.9, exchanges before ISO 13868
constexpr uint8_t kNationalArc[] = {0x2a, 0x86, 0x48, 0xce, 0x15, 0x00};  // 1.2.840.10005.0

Operation euroisdn_operation(uint32_t number) {
  switch (number) {
    case 15:
      return Operation::kDiversion;
    case 31:
      return Operation::kStartCurrency;
    case 33:
      return Operation::kDuringCurrency;
    case 34:
      return Operation::kDuringUnits;
    case 35:
      return Operation::kEndCurrency;
    case 36:
      return Operation::kEndUnits;
    default:
      return Operation::kOther;
  }
}

Operation ect_operation(uint32_t number) {
  switch (number) {
    case 1:
      return Operation::kExecute;
    case 4:
      return Operation::kLinkId;
    case 5:
      return Operation::kInform;
    default:
      return Operation::kOther;
  }
}

Operation qsig_operation(uint32_t number) {
  switch (number) {
    case 0:
      return Operation::kCallingName;
    case 2:
      return Operation::kConnectedName;
    case 4:
      return Operation::kReplacePath;
    case 11:
      return Operation::kTransferActive;
    case 12:
      return Operation::kTransferComplete;
    case 13:
      return Operation::kTransferUpdate;
    case 21:
      return Operation::kDiversion;
    default:
      return Operation::kOther;
  }
}

/// The last arc of an object identifier that begins so, 0-127.
template <std::size_t N>
std::optional<uint32_t> arc_behind(Octets identifier, const uint8_t (&arc)[N]) {
  if (identifier.size() != N + 1 || identifier[N] > 0x7f) return std::nullopt;
  if (!std::equal(std::begin(arc), std::end(arc), identifier.begin())) return std::nullopt;
  return identifier[N];
}

Operation operation_of(const Value& operation, PriProtocol protocol) {
  if (operation.tag == ber::kObjectIdentifier) {
    const Octets identifier = operation.contents;
    if (protocol == PriProtocol::kEuroIsdn) {
      const auto ect = arc_behind(identifier, kEctArc);
      return ect ? ect_operation(*ect) : Operation::kOther;
    }
    if (protocol == PriProtocol::kNational && arc_behind(identifier, kNationalArc) == 8u)
      return Operation::kTwoChannels;
    const auto ecma = arc_behind(identifier, kEcmaArc);
    return ecma ? qsig_operation(*ecma) : Operation::kOther;
  }
  const auto number = operation.tag == ber::kInteger ? number_of(operation) : std::nullopt;
  if (!number) return Operation::kOther;
  return protocol == PriProtocol::kEuroIsdn ? euroisdn_operation(*number) : qsig_operation(*number);
}

void ask(PriFacility& facility, PriFacility::Request request, uint16_t invoke, uint32_t number = 0) {
  facility.request = request;
  facility.invoke = invoke;
  facility.number = number;
}

/// An integer, which is the whole argument.
std::optional<uint32_t> read_number(Octets argument) {
  BerReader reader(argument);
  const auto value = reader.next(ber::kInteger);
  return value ? number_of(*value) : std::nullopt;
}

std::optional<uint16_t> invoke_of(const Value& value) {
  const auto number = number_of(value);
  if (!number || *number > 0x7fff) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

void read_request(Operation operation, uint16_t invoke, Octets argument, PriFacility& facility) {
  using Request = PriFacility::Request;
  if (operation == Operation::kLinkId) {
    ask(facility, Request::kLinkId, invoke);
  } else if (operation == Operation::kExecute) {
    if (const auto link = read_number(argument)) ask(facility, Request::kExecute, invoke, *link);
  } else if (operation == Operation::kTwoChannels) {
    BerReader reader(argument);
    const auto sequence = reader.next(ber::kSequence);
    const auto reference = sequence ? read_number(sequence->contents) : std::nullopt;
    if (reference) ask(facility, Request::kTwoChannels, invoke, *reference);
  } else if (read_proposal(argument, facility)) {
    ask(facility, Request::kReplacePath, invoke, facility.number);
  }
}

void read_invoke(Octets invoke, PriProtocol protocol, PriFacility& facility) {
  BerReader reader(invoke);
  const auto identifier = reader.next(ber::kInteger);
  if (!identifier) return;
  reader.next(context(0));  // linked identifier
  const auto named = reader.next();
  if (!named) return;
  const auto operation = operation_of(*named, protocol);
  const Octets argument =
      invoke.subspan(static_cast<std::size_t>(named->contents.data() + named->contents.size() - invoke.data()));
  switch (operation) {
    case Operation::kCallingName:
      if (auto name = read_name(argument)) facility.calling_name = std::move(name);
      break;
    case Operation::kConnectedName:
      if (auto name = read_name(argument)) facility.connected_name = std::move(name);
      break;
    case Operation::kDiversion:
      if (auto diversion = read_diversion(argument)) facility.diversion = std::move(diversion);
      break;
    case Operation::kStartCurrency:
      facility.tariffs = read_tariffs(argument);
      break;
    case Operation::kDuringCurrency:
    case Operation::kDuringUnits:
    case Operation::kEndCurrency:
    case Operation::kEndUnits: {
      const bool units = operation == Operation::kDuringUnits || operation == Operation::kEndUnits;
      const bool final = operation == Operation::kEndCurrency || operation == Operation::kEndUnits;
      if (auto charge = read_charge(argument, units, final)) facility.charge = std::move(charge);
      break;
    }
    case Operation::kInform:
      if (auto transferred = read_inform(argument)) facility.transferred = std::move(transferred);
      break;
    case Operation::kTransferActive:
    case Operation::kTransferComplete:
    case Operation::kTransferUpdate:
      if (auto transferred = read_call_transfer(argument, operation == Operation::kTransferComplete)) {
        facility.transferred = std::move(transferred);
      }
      break;
    case Operation::kLinkId:
    case Operation::kExecute:
    case Operation::kTwoChannels:
    case Operation::kReplacePath:
      if (const auto number = invoke_of(*identifier)) read_request(operation, *number, argument, facility);
      break;
    case Operation::kOther:
      break;
  }
}

/// Return result, return error, reject (X.880): whose it is, and the number in a result.
void read_answer(const Value& component, PriFacility& facility) {
  BerReader reader(component.contents);
  const auto identifier = reader.next(ber::kInteger);
  const auto invoke = identifier ? invoke_of(*identifier) : std::nullopt;
  if (!invoke) return;  // a reject of nothing in particular
  facility.answered_invoke = *invoke;
  facility.answered_number.reset();
  facility.answer = component.tag == ber::kReturnResult  ? PriFacility::Answer::kResult
                    : component.tag == ber::kReturnError ? PriFacility::Answer::kError
                                                         : PriFacility::Answer::kReject;
  if (facility.answer != PriFacility::Answer::kResult) return;
  const auto sequence = reader.next(ber::kSequence);
  if (!sequence) return;
  BerReader inside(sequence->contents);
  inside.next();  // the operation
  if (const auto number = inside.next(ber::kInteger)) facility.answered_number = number_of(*number);
}

}  // namespace

PriFacility read_facility(const PriMessage& message, PriProtocol protocol) {
  PriFacility facility;
  for_each_facility(message, [&](Octets contents) {
    if (contents.empty() || (contents[0] != kProfileRose && contents[0] != kProfileNetworking)) return;
    BerReader reader(contents.subspan(1));
    for (int n = 0; n < kMostComponents; ++n) {
      const auto component = reader.next();
      if (!component) break;
      // What stands before the components tells who else may read them: facility extension, profile, interpretation.
      switch (component->tag) {
        case ber::kInvoke:
          read_invoke(component->contents, protocol, facility);
          break;
        case ber::kReturnResult:
        case ber::kReturnError:
        case ber::kReject:
          read_answer(*component, facility);
          break;
        default:
          break;
      }
    }
  });
  return facility;
}

std::optional<PriParty> read_connected(const PriMessage& message) {
  std::optional<PriParty> party;
  const auto said = [&]() -> PriParty& { return party ? *party : party.emplace(); };
  for_each_element(message, kElementConnectedNumber, [&](Octets contents) {
    const auto number = read_number_element(contents);
    if (!number) return;
    said().restricted = number->restricted;
    if (!number->restricted) said().number = number->digits;
  });
  for_each_element(message, kElementDisplay, [&](Octets contents) {
    // A first octet with bit 8 names a character set.
    if (!contents.empty() && (contents[0] & 0x80) != 0) contents = contents.subspan(1);
    said().name = text_of(contents, kMostName);
  });
  if (party && party->restricted) party->name.clear();
  return party;
}

}  // namespace cordboard::signalling
