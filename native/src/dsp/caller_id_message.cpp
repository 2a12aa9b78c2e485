// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of caller identification to and from octets and digits. See the header for what is made of hostile ones.
#include "dsp/caller_id_message.hpp"

namespace cordboard::dsp {
namespace {

// Messages: GR-30 and EN 300 659-3 5.2.
constexpr uint8_t kSdmfCall = 0x04;
constexpr uint8_t kSdmfWaiting = 0x06;
constexpr uint8_t kMdmfCall = 0x80;
constexpr uint8_t kMdmfWaiting = 0x82;

// Parameters: GR-31 and EN 300 659-3 5.3.
constexpr uint8_t kDateTime = 0x01;
constexpr uint8_t kNumber = 0x02;
constexpr uint8_t kThirdNumber = 0x03;
constexpr uint8_t kNoNumber = 0x04;
constexpr uint8_t kName = 0x07;
constexpr uint8_t kNoName = 0x08;
constexpr uint8_t kVisualIndicator = 0x0B;
constexpr uint8_t kCallType = 0x11;
constexpr uint8_t kMessageCount = 0x13;
constexpr uint8_t kRedirectingNumber = 0x1A;

constexpr uint8_t kLampOn = 0xFF;
// SDMF (GR-30): the octet for the lamp, three times.
constexpr uint8_t kSdmfLampOn = 0x42;
constexpr uint8_t kSdmfLampOff = 0x6F;

constexpr std::size_t kDateTimeSize = 8;
constexpr std::size_t kMinBareDigits = 3;

using Octets = std::span<const uint8_t>;

bool is_digit(uint8_t octet) { return octet >= '0' && octet <= '9'; }

std::string_view text(Octets octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }

/// Digits and a leading plus. Nothing at all if there are more than fit: half a number is another's number.
BoundedText<32> clean_number(std::string_view sent) {
  BoundedText<32> number;
  for (const char octet : sent) {
    if (!is_digit(static_cast<uint8_t>(octet)) && !(octet == '+' && number.empty())) continue;
    if (number.size == number.kCapacity) return {};
    number.push(octet);
  }
  return std::string_view(number) == "+" ? BoundedText<32>{} : number;
}

BoundedText<8> clean_date_time(Octets sent) {
  if (sent.size() != kDateTimeSize) return {};
  for (const uint8_t octet : sent) {
    if (!is_digit(octet)) return {};
  }
  const auto two = [&](std::size_t at) { return (sent[at] - '0') * 10 + (sent[at + 1] - '0'); };
  const bool possible = two(0) >= 1 && two(0) <= 12 && two(2) >= 1 && two(2) <= 31 && two(4) <= 23 && two(6) <= 59;
  return possible ? BoundedText<8>(text(sent)) : BoundedText<8>();
}

struct Character {
  uint32_t code;
  std::size_t octets;  // 0: not UTF-8
};

/// The first character (RFC 3629: no overlong forms, no surrogates, nothing above 10FFFF).
Character first_character(Octets octets) {
  const uint8_t lead = octets[0];
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (size == 0 || octets.size() < size) return {0, 0};
  uint32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((octets[i] & 0xC0) != 0x80) return {0, 0};
    code = (code << 6) | (octets[i] & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {0, 0};
  return {code, size};
}

/// Controls, and what turns the direction of text or breaks lines: a name must not change what stands beside it.
bool is_unprintable(uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0xFEFF ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x2069);
}

void take_name(Octets sent, CallerIdMessage& out) {
  while (!sent.empty() && (sent.back() == ' ' || sent.back() == 0)) sent = sent.first(sent.size() - 1);
  while (!sent.empty() && sent.front() == ' ') sent = sent.subspan(1);
  BoundedText<80> clean;
  bool full = false;
  for (Octets rest = sent; !rest.empty();) {
    const Character character = first_character(rest);
    if (character.octets == 0) {
      out.name_coding = NameCoding::kRawOctets;
      out.name = text(sent);
      out.name_presentation = Presentation::kAllowed;
      return;
    }
    full = full || clean.size + character.octets > clean.kCapacity;  // nothing after a gap
    if (!full && !is_unprintable(character.code)) {
      for (const uint8_t octet : rest.first(character.octets)) clean.push(static_cast<char>(octet));
    }
    rest = rest.subspan(character.octets);
  }
  out.name_coding = NameCoding::kUtf8;
  out.name = clean;
  out.name_presentation = clean.empty() ? Presentation::kUnavailable : Presentation::kAllowed;
}

Presentation reason_of(uint8_t letter) { return letter == 'P' ? Presentation::kPrivate : Presentation::kUnavailable; }

/// Withheld is withheld, whatever else the message says.
void settle(CallerIdMessage& out, Presentation no_number, Presentation no_name) {
  if (no_number == Presentation::kPrivate) out.number = {};
  out.presentation = !out.number.empty()                    ? Presentation::kAllowed
                     : no_number == Presentation::kNotGiven ? Presentation::kUnavailable
                                                            : no_number;
  if (no_name == Presentation::kPrivate) out.name = {}, out.name_coding = NameCoding::kUtf8;
  if (out.name.empty() && no_name != Presentation::kNotGiven) out.name_presentation = no_name;
}

bool parse_sdmf_call(Octets body, CallerIdMessage& out) {
  if (body.size() < kDateTimeSize) return false;
  out.date_time = clean_date_time(body.first(kDateTimeSize));
  const Octets number = body.subspan(kDateTimeSize);
  const bool is_letter = number.size() == 1 && !is_digit(number[0]);
  if (!is_letter) out.number = clean_number(text(number));
  settle(out, is_letter ? reason_of(number[0]) : Presentation::kNotGiven, Presentation::kNotGiven);
  return true;
}

bool parse_sdmf_waiting(Octets body, CallerIdMessage& out) {
  if (body.empty() || (body[0] != kSdmfLampOn && body[0] != kSdmfLampOff)) return false;
  for (const uint8_t octet : body) {
    if (octet != body[0]) return false;
  }
  out.lamp = body[0] == kSdmfLampOn;
  return true;
}

bool parse_mdmf(Octets body, CallerIdMessage& out) {
  Presentation no_number{}, no_name{};
  if (body.empty()) return false;
  while (!body.empty()) {
    if (body.size() < 2 || body.size() - 2 < body[1]) return false;
    const uint8_t type = body[0];
    const Octets value = body.subspan(2, body[1]);
    body = body.subspan(2 + value.size());
    if (value.empty()) continue;
    switch (type) {
      case kDateTime:
        out.date_time = clean_date_time(value);
        break;
      case kNumber:
        out.number = clean_number(text(value));
        break;
      case kThirdNumber:
        out.third_number = clean_number(text(value));
        break;
      case kRedirectingNumber:
        out.redirecting_number = clean_number(text(value));
        break;
      case kNoNumber:
        no_number = reason_of(value[0]);
        break;
      case kName:
        take_name(value, out);
        break;
      case kNoName:
        no_name = reason_of(value[0]);
        break;
      case kVisualIndicator:
        out.lamp = value[0] != 0;
        break;
      case kCallType:
        out.call_type = value[0];
        break;
      case kMessageCount:
        out.messages = value[0];
        break;
      default:
        break;  // parameters may be added to the standard, and have to be passed over
    }
  }
  if (out.service == CallerIdService::kCall) settle(out, no_number, no_name);
  // The calling line under another name: without it the withheld number would be given away.
  if (no_number == Presentation::kPrivate) out.third_number = {};
  return true;
}

class Builder {
 public:
  explicit Builder(uint8_t type) : octets_{type, 0} {}

  void append(std::string_view value) { octets_.insert(octets_.end(), value.begin(), value.end()); }
  void append(uint8_t octet) { octets_.push_back(octet); }

  void parameter(uint8_t type, std::string_view value) {
    append(type);
    append(static_cast<uint8_t>(value.size()));
    append(value);
  }
  void parameter(uint8_t type, uint8_t value) {
    const char octet = static_cast<char>(value);
    parameter(type, {&octet, 1});
  }

  std::vector<uint8_t> finish() {
    if (octets_.size() - 2 > 255) return {};
    octets_[1] = static_cast<uint8_t>(octets_.size() - 2);
    uint8_t sum = 0;
    for (const uint8_t octet : octets_) sum = static_cast<uint8_t>(sum + octet);
    append(static_cast<uint8_t>(-sum));
    return std::move(octets_);
  }

 private:
  std::vector<uint8_t> octets_;
};

uint8_t letter_of(Presentation presentation) { return presentation == Presentation::kPrivate ? 'P' : 'O'; }

bool has_number(const CallerIdMessage& message) {
  return message.presentation == Presentation::kAllowed && !clean_number(message.number).empty();
}

void append_parameters(Builder& builder, const CallerIdMessage& message) {
  if (message.call_type != 0) builder.parameter(kCallType, message.call_type);  // has to be the first
  if (message.service == CallerIdService::kMessageWaiting) {
    builder.parameter(kVisualIndicator, message.lamp ? kLampOn : 0);
    if (message.messages != 0) builder.parameter(kMessageCount, message.messages);
  }
  if (!message.date_time.empty()) builder.parameter(kDateTime, message.date_time);
  if (has_number(message)) {
    builder.parameter(kNumber, clean_number(message.number));
  } else if (message.presentation != Presentation::kNotGiven) {
    builder.parameter(kNoNumber, letter_of(message.presentation));
  }
  const BoundedText<32> third = clean_number(message.third_number);
  if (!third.empty()) builder.parameter(kThirdNumber, third);
  if (message.name_presentation == Presentation::kAllowed && !message.name.empty()) {
    builder.parameter(kName, message.name);
  } else if (message.name_presentation != Presentation::kNotGiven) {
    builder.parameter(kNoName, letter_of(message.name_presentation));
  }
  const BoundedText<32> redirecting = clean_number(message.redirecting_number);
  if (!redirecting.empty()) builder.parameter(kRedirectingNumber, redirecting);
}

}  // namespace

std::string_view text_of(CallerIdFailure failure) {
  switch (failure) {
    case CallerIdFailure::kNone:
      return "no failure";
    case CallerIdFailure::kNoSignal:
      return "no caller identification was sent";
    case CallerIdFailure::kCarrierLost:
      return "the carrier was lost";
    case CallerIdFailure::kInterrupted:
      return "the message was interrupted";
    case CallerIdFailure::kFraming:
      return "a stop bit was missing";
    case CallerIdFailure::kChecksum:
      return "the checksum was wrong";
    case CallerIdFailure::kLength:
      return "the length was wrong";
    case CallerIdFailure::kUnknownType:
      return "the type of message is not known";
    case CallerIdFailure::kBadBody:
      return "the message was malformed";
    case CallerIdFailure::kBadDigits:
      return "the digits were in no known order";
  }
  return "";
}

bool is_caller_id_type(uint8_t octet) {
  return octet == kSdmfCall || octet == kSdmfWaiting || octet == kMdmfCall || octet == kMdmfWaiting;
}

CallerIdFailure parse_caller_id(std::span<const uint8_t> message, CallerIdMessage& out) {
  if (message.size() < 3 || message.size() != std::size_t{3} + message[1]) return CallerIdFailure::kLength;
  uint8_t sum = 0;
  for (const uint8_t octet : message) sum = static_cast<uint8_t>(sum + octet);
  if (sum != 0) return CallerIdFailure::kChecksum;
  if (!is_caller_id_type(message[0])) return CallerIdFailure::kUnknownType;
  const bool waiting = message[0] == kMdmfWaiting || message[0] == kSdmfWaiting;
  CallerIdMessage parsed;
  parsed.service = waiting ? CallerIdService::kMessageWaiting : CallerIdService::kCall;
  const Octets body = message.subspan(2, message[1]);
  const bool well = message[0] == kSdmfCall      ? parse_sdmf_call(body, parsed)
                    : message[0] == kSdmfWaiting ? parse_sdmf_waiting(body, parsed)
                                                 : parse_mdmf(body, parsed);
  if (!well) return CallerIdFailure::kBadBody;
  out = parsed;
  return CallerIdFailure::kNone;
}

std::vector<uint8_t> build_caller_id(const CallerIdMessage& message, CallerIdFormat format) {
  const bool waiting = message.service == CallerIdService::kMessageWaiting;
  if (format == CallerIdFormat::kMdmf) {
    Builder builder(waiting ? kMdmfWaiting : kMdmfCall);
    append_parameters(builder, message);
    return builder.finish();
  }
  Builder builder(waiting ? kSdmfWaiting : kSdmfCall);
  if (waiting) {
    for (int i = 0; i < 3; ++i) builder.append(message.lamp ? kSdmfLampOn : kSdmfLampOff);
    return builder.finish();
  }
  if (message.date_time.size != kDateTimeSize) return {};
  builder.append(message.date_time);
  if (has_number(message)) {
    builder.append(std::string_view(clean_number(message.number)));
  } else {
    builder.append(letter_of(message.presentation));
  }
  return builder.finish();
}

CallerIdFailure parse_caller_id_digits(std::string_view digits, CallerIdMessage& out) {
  if (digits.size() < 2 || digits.size() > kMaxCallerIdDigits) return CallerIdFailure::kBadDigits;
  const char end = digits.back();
  if (end != '#' && end != 'C') return CallerIdFailure::kBadDigits;
  digits.remove_suffix(1);
  // Fields by their start code; the one without any is the first.
  std::string_view bare, a, b, d;
  bool has_a = false, has_b = false, has_d = false;
  std::string_view* field = &bare;
  std::size_t begin = 0;
  const auto close = [&](std::size_t at) { *field = digits.substr(begin, at - begin); };
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (is_digit(static_cast<uint8_t>(digits[i]))) continue;
    bool& seen = digits[i] == 'A' ? has_a : digits[i] == 'B' ? has_b : has_d;
    if (digits[i] < 'A' || digits[i] > 'D' || digits[i] == 'C' || seen) return CallerIdFailure::kBadDigits;
    close(i);
    seen = true;
    field = digits[i] == 'A' ? &a : digits[i] == 'B' ? &b : &d;
    begin = i + 1;
  }
  close(digits.size());
  const bool starts = has_a || has_b || has_d;
  if (starts ? !bare.empty() : bare.size() < kMinBareDigits) return CallerIdFailure::kBadDigits;

  CallerIdMessage parsed;
  Presentation reason = Presentation::kNotGiven;
  if (has_b) reason = b == "10" ? Presentation::kPrivate : Presentation::kUnavailable;
  if (has_d && !has_a && !has_b && end == '#') {
    if (d.size() != 1 || d[0] < '1' || d[0] > '3') return CallerIdFailure::kBadDigits;
    reason = d == "1" ? Presentation::kPrivate : Presentation::kUnavailable;
  } else if (has_a || has_b) {
    parsed.number = clean_number(a);
    parsed.redirecting_number = clean_number(d);
  } else {
    parsed.number = clean_number(has_d ? d : bare);
  }
  settle(parsed, reason, Presentation::kNotGiven);
  out = parsed;
  return CallerIdFailure::kNone;
}

std::string build_caller_id_digits(const CallerIdMessage& message, CallerIdDigits form) {
  std::string digits;
  if (has_number(message)) {
    const BoundedText<32> cleaned = clean_number(message.number);
    std::string_view number = cleaned;
    if (number.front() == '+') number.remove_prefix(1);
    digits = (form == CallerIdDigits::kDC ? "D" : "A") + std::string(number);
    if (form == CallerIdDigits::kAC) {
      const BoundedText<32> redirecting = clean_number(message.redirecting_number);
      std::string_view redirected = redirecting;
      if (!redirected.empty() && redirected.front() == '+') redirected.remove_prefix(1);
      if (!redirected.empty()) digits += "D" + std::string(redirected);
    }
    return digits + (form == CallerIdDigits::kAHash ? "#" : "C");
  }
  const bool is_private = message.presentation == Presentation::kPrivate;
  if (form == CallerIdDigits::kAC) return is_private ? "B10C" : "B00C";
  if (form == CallerIdDigits::kAHash) return is_private ? "D1#" : "D3#";
  return {};
}

}  // namespace cordboard::dsp
