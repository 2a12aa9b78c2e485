// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_facility.hpp"

#include <algorithm>

namespace cordboard::signalling {
namespace {

using Octets = std::span<const uint8_t>;

// Octet 3 of Facility: protocol profile (Q.932 table 8-17, ECMA-165 table 13).
constexpr uint8_t kProfileRose = 0x91;
constexpr uint8_t kProfileNetworking = 0x9f;

// Tags of BER with their class and whether they are constructed (X.690 8.1.2).
enum : uint8_t {
  kInteger = 0x02,
  kOctetString = 0x04,
  kNull = 0x05,
  kObjectIdentifier = 0x06,
  kEnumerated = 0x0a,
  kNumericString = 0x12,
  kSequence = 0x30,
  kInvoke = 0xa1,
};
constexpr uint8_t context(uint8_t number) { return static_cast<uint8_t>(0x80 | number); }
constexpr uint8_t context_constructed(uint8_t number) { return static_cast<uint8_t>(0xa0 | number); }

constexpr std::size_t kMostName = 50;  // ECMA-164 6.2.1
constexpr std::size_t kMostDigits = 31;
constexpr std::size_t kMostCurrency = 10;  // ETS 300 182-1 6.2
constexpr int kMostComponents = 8;

struct Value {
  uint8_t tag = 0;
  Octets contents;
};

/// Values one after the other. Lengths of the definite form alone, of two octets at most: an element has 255.
class BerReader {
 public:
  explicit BerReader(Octets octets) : rest_(octets) {}

  std::optional<Value> next() {
    if (rest_.size() < 2 || (rest_[0] & 0x1f) == 0x1f) return end();
    const uint8_t tag = rest_[0];
    std::size_t header = 2;
    std::size_t length = rest_[1];
    if (length == 0x81 && rest_.size() > 2) {
      length = rest_[2];
      header = 3;
    } else if (length >= 0x80) {
      return end();
    }
    if (rest_.size() - header < length) return end();
    const Value value{tag, rest_.subspan(header, length)};
    rest_ = rest_.subspan(header + length);
    return value;
  }
  /// The next value when it has this tag.
  std::optional<Value> next(uint8_t tag) {
    const auto before = rest_;
    auto value = next();
    if (value && value->tag == tag) return value;
    rest_ = before;
    return std::nullopt;
  }

 private:
  std::optional<Value> end() {
    rest_ = {};
    return std::nullopt;
  }
  Octets rest_;
};

/// A number that is not negative, or nothing.
std::optional<uint32_t> number_of(const Value& value) {
  const Octets octets = value.contents;
  if (octets.empty() || octets.size() > 5 || (octets[0] & 0x80) != 0) return std::nullopt;
  uint64_t number = 0;
  for (const uint8_t octet : octets) number = number << 8 | octet;
  if (number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(number);
}

std::string text_of(Octets octets, std::size_t most) {
  std::string text(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(std::min(octets.size(), most)));
  // Texts of libpri end at the first NUL, and so do these.
  return text.substr(0, text.find('\0'));
}

// ---------------------------------------------------------------------------------------------------------------- names

/// Name (ECMA-164 annex C): allowed or restricted, simple or with its character set.
std::optional<std::string> read_name(Octets argument) {
  BerReader reader(argument);
  auto name = reader.next();
  if (name && name->tag == kSequence) {  // with an extension behind it
    BerReader inside(name->contents);
    name = inside.next();
  }
  if (!name) return std::nullopt;
  switch (name->tag) {
    case context(0):
      return text_of(name->contents, kMostName);
    case context_constructed(1): {
      BerReader inside(name->contents);
      const auto data = inside.next(kOctetString);
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
  inside.next(kEnumerated);
  const auto digits = inside.next(kNumericString);
  return digits ? digits_of(digits->contents) : std::string();
}

/// divertingLegInformation2 (ETS 300 207-1, ECMA-174): counter, reason, then the numbers. Reasons there: 0 unknown,
/// 1 unconditional, 2 busy, 3 no reply.
std::optional<PriFacility::Diversion> read_diversion(Octets argument) {
  BerReader reader(argument);
  const auto sequence = reader.next(kSequence);
  if (!sequence) return std::nullopt;
  BerReader inside(sequence->contents);
  if (!inside.next(kInteger)) return std::nullopt;
  const auto reason = inside.next(kEnumerated);
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

// --------------------------------------------------------------------------------------------------------------- charge

/// RecordedUnitsList (ETS 300 182-1 annex A): all units together.
bool read_units(Octets list, PriCharge& charge) {
  BerReader reader(list);
  bool any = false;
  for (int n = 0; n < 32; ++n) {
    const auto recorded = reader.next(kSequence);
    if (!recorded) break;
    BerReader inside(recorded->contents);
    const auto units = inside.next(kInteger);
    const auto number = units ? number_of(*units) : std::nullopt;
    if (!number) continue;
    charge.units = *number > UINT32_MAX - charge.units ? UINT32_MAX : charge.units + *number;
    any = true;
  }
  return any;
}

/// RecordedCurrency: the currency [1], its amount [2] with a multiplier of 0.001 to 1000.
bool read_currency(Octets octets, PriCharge& charge) {
  BerReader reader(octets);
  const auto currency = reader.next(context(1));
  const auto amount = reader.next(context_constructed(2));
  if (!currency || !amount) return false;
  BerReader inside(amount->contents);
  const auto count = inside.next(context(1));
  const auto multiplier = inside.next(context(2));
  const auto counted = count ? number_of(*count) : std::nullopt;
  const auto power = multiplier ? number_of(*multiplier) : std::nullopt;
  if (!counted || !power || *power > 6) return false;
  uint64_t thousandths = *counted;
  for (uint32_t n = 0; n < *power; ++n) thousandths *= 10;
  charge.currency = text_of(currency->contents, kMostCurrency);
  charge.amount = static_cast<uint32_t>(std::min<uint64_t>(thousandths, UINT32_MAX));
  return !charge.currency.empty();
}

/// AOC-D and AOC-E: free of charge, or specific charges. In AOC-E they are one sequence deeper.
std::optional<PriCharge> read_charge(Octets argument, bool units, bool final) {
  PriCharge charge;
  charge.final = final;
  BerReader reader(argument);
  const auto outer = reader.next();
  if (!outer) return std::nullopt;
  const auto is_free = [](const Value& value) { return value.tag == context(1) && value.contents.empty(); };
  Octets specific = outer->contents;
  charge.free = is_free(*outer);
  if (!charge.free && outer->tag != kSequence) return std::nullopt;
  if (final && !charge.free) {
    BerReader inside(specific);
    const auto info = inside.next();
    if (!info) return std::nullopt;
    charge.free = is_free(*info);
    if (!charge.free && info->tag != kSequence) return std::nullopt;
    specific = info->contents;
  }
  if (charge.free) return charge;
  BerReader inside(specific);
  const auto recorded = inside.next(context_constructed(1));
  if (!recorded) return std::nullopt;
  const bool good = units ? read_units(recorded->contents, charge) : read_currency(recorded->contents, charge);
  return good ? std::optional(charge) : std::nullopt;
}

// ------------------------------------------------------------------------------------------------------------ operations

enum class Operation : uint8_t {
  kOther,
  kCallingName,
  kDiversion,
  kDuringCurrency,
  kDuringUnits,
  kEndCurrency,
  kEndUnits,
};

Operation operation_of(const Value& operation, PriProtocol protocol) {
  if (operation.tag == kObjectIdentifier) {
    // 1.3.12.9.0: callingName of ECMA's own arc, of QSIG exchanges before ISO 13868.
    constexpr uint8_t kEcmaCallingName[] = {0x2b, 0x0c, 0x09, 0x00};
    const bool name = std::equal(operation.contents.begin(), operation.contents.end(), std::begin(kEcmaCallingName),
                                 std::end(kEcmaCallingName));
    return name ? Operation::kCallingName : Operation::kOther;
  }
  const auto number = operation.tag == kInteger ? number_of(operation) : std::nullopt;
  if (!number) return Operation::kOther;
  if (protocol == PriProtocol::kEuroIsdn) {
    switch (*number) {
      case 15:
        return Operation::kDiversion;
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
  return *number == 0 ? Operation::kCallingName : *number == 21 ? Operation::kDiversion : Operation::kOther;
}

void read_invoke(Octets invoke, PriProtocol protocol, PriFacility& facility) {
  BerReader reader(invoke);
  if (!reader.next(kInteger)) return;  // invoke identifier
  reader.next(context(0));             // linked identifier
  const auto named = reader.next();
  if (!named) return;
  const auto operation = operation_of(*named, protocol);
  const Octets argument =
      invoke.subspan(static_cast<std::size_t>(named->contents.data() + named->contents.size() - invoke.data()));
  switch (operation) {
    case Operation::kCallingName:
      if (auto name = read_name(argument)) facility.calling_name = std::move(name);
      break;
    case Operation::kDiversion:
      if (auto diversion = read_diversion(argument)) facility.diversion = std::move(diversion);
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
    case Operation::kOther:
      break;
  }
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
      // What stands before the invokes tells who else may read them: facility extension, profile, interpretation.
      if (component->tag == kInvoke) read_invoke(component->contents, protocol, facility);
    }
  });
  return facility;
}

}  // namespace cordboard::signalling
