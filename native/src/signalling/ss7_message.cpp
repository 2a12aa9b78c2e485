// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/ss7_message.hpp"

#include <algorithm>

namespace cordboard::signalling {
namespace {

constexpr std::size_t kHeader = 3;  // circuit code and type
constexpr uint8_t kOptionalForward = 0x08, kCallingNumber = 0x0a, kRedirectingNumber = 0x0b,
                  kRedirectionInformation = 0x13, kConnectedNumber = 0x21, kOriginalCalledNumber = 0x28,
                  kOptionalBackward = 0x29;
constexpr std::size_t kMostNumber = 18;  // octets: 32 digits
constexpr std::size_t kMostUnit = 275, kLevel2 = 3;
constexpr uint8_t kMostLength = 63;  // of the indicator: so long or longer
constexpr uint8_t kManagement = 0;

/// Octets of the fixed part, variable parts, whether optional ones follow (Q.763 tables 9 to 46).
struct Form {
  IsupType type;
  uint8_t fixed;
  uint8_t variable;
  bool optional;
};

constexpr Form kForms[] = {
    {IsupType::kIam, 5, 1, true},         {IsupType::kSam, 0, 1, true},         {IsupType::kCot, 1, 0, false},
    {IsupType::kAcm, 2, 0, true},         {IsupType::kCon, 2, 0, true},         {IsupType::kAnm, 0, 0, true},
    {IsupType::kRel, 0, 1, true},         {IsupType::kSus, 1, 0, true},         {IsupType::kRes, 1, 0, true},
    {IsupType::kRlc, 0, 0, true},         {IsupType::kCcr, 0, 0, false},        {IsupType::kRsc, 0, 0, false},
    {IsupType::kBlo, 0, 0, false},        {IsupType::kUbl, 0, 0, false},        {IsupType::kBla, 0, 0, false},
    {IsupType::kUba, 0, 0, false},        {IsupType::kGrs, 0, 1, false},        {IsupType::kCgb, 1, 1, false},
    {IsupType::kCgu, 1, 1, false},        {IsupType::kCgba, 1, 1, false},       {IsupType::kCgua, 1, 1, false},
    {IsupType::kGra, 0, 1, false},        {IsupType::kCpg, 1, 0, true},         {IsupType::kUcic, 0, 0, false},
    {IsupType::kClearChina, 0, 0, false}, {IsupType::kMeterChina, 0, 0, false}, {IsupType::kOperatorChina, 0, 0, false},
};

const Form* form_of(uint8_t type) {
  for (const auto& form : kForms) {
    if (static_cast<uint8_t>(form.type) == type) return &form;
  }
  return nullptr;
}

bool read_digits(std::span<const uint8_t> octets, bool odd, IsupNumber& number) {
  const std::size_t count = octets.size() * 2 - (odd && !octets.empty() ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    const uint8_t code = i % 2 == 0 ? octets[i / 2] & 0xf : octets[i / 2] >> 4;
    if (code == 0xf) {
      number.ended = true;
      return i + 1 == count;
    }
    if (code < 10) {
      number.digits += static_cast<char>('0' + code);
    } else if (code == 0xb || code == 0xc) {
      number.digits += code == 0xb ? '*' : '#';  // codes 11 and 12
    } else {
      return false;
    }
  }
  return true;
}

/// Octets of an address with its two heading ones.
bool read_number(std::span<const uint8_t> octets, IsupNumber& number) {
  if (octets.size() < 2 || octets.size() > kMostNumber) return false;
  number.nature = octets[0] & 0x7f;
  number.presentation = octets[1] >> 2 & 3;
  return read_digits(octets.subspan(2), (octets[0] & 0x80) != 0, number);
}

bool read_variable(IsupMessage& read, std::span<const uint8_t> part) {
  switch (read.type) {
    case IsupType::kIam:
      return read_number(part, read.called) && !(read.called.digits.empty() && !read.called.ended);
    case IsupType::kSam:
      return part.size() >= 2 && part.size() <= kMostNumber &&
             read_digits(part.subspan(1), (part[0] & 0x80) != 0, read.called);
    case IsupType::kRel:
      if (part.size() < 2 || (part[1] & 0x7f) == 0) return false;
      // Octet 1a may stand between location and cause (Q.850 2.1).
      read.cause = (part[0] & 0x80) == 0 && part.size() > 2 ? part[2] & 0x7f : part[1] & 0x7f;
      return read.cause != 0;
    default:
      break;
  }
  if (part.empty() || part[0] < 1 || part[0] > kMostRange) return false;
  read.range = part[0];
  if (read.type == IsupType::kGrs) {
    read.circuits = read.range == kMostRange ? UINT32_MAX : (1U << (read.range + 1)) - 1;
    return true;
  }
  if (part.size() < 1U + read.range / 8U + 1U) return false;
  for (uint32_t n = 0; n <= read.range; ++n) {
    if ((part[1 + n / 8] >> (n % 8) & 1) != 0) read.circuits |= 1U << n;
  }
  return true;
}

void read_fixed(IsupMessage& read, std::span<const uint8_t> fixed) {
  switch (read.type) {
    case IsupType::kIam:
      read.continuity = fixed[0] >> 2 & 3;
      read.category = fixed[3];
      break;
    case IsupType::kCot:
      read.passed = (fixed[0] & 1) != 0;
      break;
    case IsupType::kAcm:
    case IsupType::kCon:
      read.status = fixed[0] >> 2 & 3;
      break;
    case IsupType::kSus:
    case IsupType::kRes:
      read.network = (fixed[0] & 1) != 0;
      break;
    case IsupType::kCpg:
      read.event = fixed[0] & 0x7f;
      read.inband = read.event == 3;
      break;
    default:
      if (!fixed.empty()) read.supervision = fixed[0] & 3;
      break;
  }
}

bool read_options(IsupMessage& read, std::span<const uint8_t> options) {
  while (!options.empty() && options[0] != 0) {
    if (options.size() < 2 || options.size() < 2U + options[1]) return false;
    const auto name = options[0];
    const auto value = options.subspan(2, options[1]);
    options = options.subspan(2 + value.size());
    // A part that makes no sense is left out, and the call goes on without it (Q.764 2.9.5.3).
    IsupNumber number;
    if (name == kCallingNumber && read_number(value, number)) read.calling = number;
    if (name == kRedirectingNumber && read_number(value, number)) read.redirecting = number;
    if (name == kOriginalCalledNumber && read_number(value, number)) read.original = number;
    if (name == kConnectedNumber && read_number(value, number)) read.connected = number;
    if (name == kRedirectionInformation && value.size() >= 2) read.redirection_reason = value[1] >> 4;
    if (name == kOptionalForward && !value.empty()) read.asks_connected = (value[0] & 0x80) != 0;
    if (name == kOptionalBackward && !value.empty() && (value[0] & 1) != 0) read.inband = true;
  }
  return !options.empty();
}

}  // namespace

bool is_group(IsupType type) {
  return type == IsupType::kGrs || type == IsupType::kGra || (type >= IsupType::kCgb && type <= IsupType::kCgua);
}

std::optional<IsupMessage> parse_isup(std::span<const uint8_t> message) {
  if (message.size() < kHeader) return std::nullopt;
  const auto* form = form_of(message[2]);
  if (form == nullptr) return std::nullopt;
  IsupMessage read;
  read.circuit = static_cast<uint16_t>(message[0] | (message[1] & 0x0f) << 8);
  read.type = form->type;
  const std::size_t pointers = kHeader + form->fixed;
  // Older exchanges leave out the pointer to options of a message that has none of its own.
  const bool bare = form->optional && form->variable == 0 && message.size() == pointers;
  if (message.size() < pointers + form->variable + (form->optional && !bare ? 1 : 0)) return std::nullopt;
  read_fixed(read, message.subspan(kHeader, form->fixed));
  for (std::size_t i = 0; i < form->variable; ++i) {
    const std::size_t at = pointers + i + message[pointers + i];
    if (message[pointers + i] == 0 || at >= message.size()) return std::nullopt;
    const std::size_t length = message[at];
    if (at + 1 + length > message.size()) return std::nullopt;
    if (!read_variable(read, message.subspan(at + 1, length))) return std::nullopt;
  }
  if (form->optional && !bare) {
    const std::size_t pointer = pointers + form->variable;
    if (message[pointer] != 0) {
      const std::size_t at = pointer + message[pointer];
      if (at >= message.size() || !read_options(read, message.subspan(at))) return std::nullopt;
    }
  }
  return read;
}

std::vector<uint8_t> short_isup(const IsupMessage& about, std::span<const uint8_t> message) {
  const auto* form = form_of(static_cast<uint8_t>(about.type));
  std::vector<uint8_t> made(message.begin(), message.begin() + kHeader + form->fixed);
  const std::size_t pointers = made.size();
  std::vector<uint8_t> parts;
  for (std::size_t i = 0; i < form->variable; ++i) {
    const std::size_t at = pointers + i + message[pointers + i];
    const std::size_t after = form->variable - i + (form->optional ? 1 : 0);
    made.push_back(static_cast<uint8_t>(after + parts.size()));
    parts.insert(parts.end(), message.begin() + static_cast<std::ptrdiff_t>(at),
                 message.begin() + static_cast<std::ptrdiff_t>(at + 1 + message[at]));
  }
  if (form->optional) made.push_back(0);
  made.insert(made.end(), parts.begin(), parts.end());
  return made;
}

bool is_signal_unit(std::span<const uint8_t> unit) {
  if (unit.size() < kLevel2 || unit.size() > kMostUnit) return false;
  const std::size_t said = unit[2] & 0x3f;
  const std::size_t length = unit.size() - kLevel2;
  return said == kMostLength ? length >= kMostLength : said == length;
}

Ss7Codes::Ss7Codes(bool wide, std::vector<uint32_t> codes) : wide_(wide), codes_(std::move(codes)) {
  std::sort(codes_.begin(), codes_.end());
  codes_.erase(std::unique(codes_.begin(), codes_.end()), codes_.end());
}

uint32_t Ss7Codes::inner(uint32_t code) const {
  const auto found = std::lower_bound(codes_.begin(), codes_.end(), code);
  if (found == codes_.end() || *found != code) return 0;
  return wide_ ? static_cast<uint32_t>(found - codes_.begin()) + 1 : code;
}

uint32_t Ss7Codes::outer(uint32_t inner) const {
  if (!wide_) return inner;
  return inner >= 1 && inner <= codes_.size() ? codes_[inner - 1] : 0;
}

std::optional<Ss7Codes::Label> Ss7Codes::read(std::span<const uint8_t> at) const {
  if (at.size() < label_octets()) return std::nullopt;
  Label label;
  if (wide_) {
    // YDN 038: 24 bits each, the lowest octet first, then four bits of selection and four spare ones.
    label.destination = at[0] | at[1] << 8 | static_cast<uint32_t>(at[2]) << 16;
    label.origin = at[3] | at[4] << 8 | static_cast<uint32_t>(at[5]) << 16;
    label.selection = at[6] & 0xf;
  } else {
    // Q.704 2.2: 14, 14 and 4 bits.
    label.destination = (at[0] | at[1] << 8) & 0x3fff;
    label.origin = (at[1] >> 6 | at[2] << 2 | at[3] << 10) & 0x3fff;
    label.selection = at[3] >> 4;
  }
  return label;
}

void put_narrow_label(std::vector<uint8_t>& into, uint32_t destination, uint32_t origin, uint8_t selection) {
  into.push_back(static_cast<uint8_t>(destination));
  into.push_back(static_cast<uint8_t>((destination >> 8 & 0x3f) | (origin << 6 & 0xc0)));
  into.push_back(static_cast<uint8_t>(origin >> 2));
  into.push_back(static_cast<uint8_t>((origin >> 10 & 0x0f) | selection << 4));
}

std::vector<uint8_t> Ss7Codes::to_line(std::span<const uint8_t> unit) const {
  std::vector<uint8_t> made(unit.begin(), unit.end());
  constexpr std::size_t kLabelAt = kLevel2 + 1, kNarrow = 4;
  if (unit.size() < kLabelAt + kNarrow || !wide_) return made;
  const auto label = Ss7Codes(false, {}).read(unit.subspan(kLabelAt));
  const auto destination = outer(label->destination);
  const auto origin = outer(label->origin);
  if (destination == 0 || origin == 0) return {};
  made.resize(kLabelAt);
  const auto put = [&](uint32_t code) {
    for (int shift = 0; shift < 24; shift += 8) made.push_back(static_cast<uint8_t>(code >> shift));
  };
  put(destination);
  put(origin);
  made.push_back(label->selection);
  auto rest = unit.subspan(kLabelAt + kNarrow);
  // Messages of groups TFM and RSM name another code (Q.704 15.7, 15.10).
  const uint8_t group = rest.empty() ? 0 : rest[0] & 0xf;
  if ((unit[kLevel2] & 0xf) == kManagement && (group == 4 || group == 5) && rest.size() >= 3) {
    const auto named = outer((rest[1] | rest[2] << 8) & 0x3fff);
    if (named == 0) return {};
    made.push_back(rest[0]);
    put(named);
    rest = rest.subspan(3);
  }
  made.insert(made.end(), rest.begin(), rest.end());
  made[2] = static_cast<uint8_t>(std::min<std::size_t>(made.size() - kLevel2, kMostLength));
  return made;
}

}  // namespace cordboard::signalling
