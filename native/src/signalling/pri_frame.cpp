// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_frame.hpp"

#include <algorithm>

namespace cordboard::signalling {
namespace {

// Control field of U frames without the P/F bit (Q.921 table 5).
constexpr uint8_t kPollFinal = 0x10;
constexpr uint8_t kSabme = 0x6f;
constexpr uint8_t kDm = 0x0f;
constexpr uint8_t kDisc = 0x43;
constexpr uint8_t kUa = 0x63;
constexpr uint8_t kFrmr = 0x87;
constexpr std::size_t kFrmrLength = 8;  // five octets of information, Q.921 3.6.11

constexpr uint8_t kDiscriminator = 0x08;  // Q.931 4.2

// Information elements of codeset 0 (Q.931 table 4-3).
enum : uint8_t {
  kChangeStatus = 0x01,  // of maintenance messages
  kBearerCapability = 0x04,
  kCause = 0x08,
  kCallState = 0x14,
  kChannelIdentification = 0x18,
  kFacility = 0x1c,
  kProgressIndicator = 0x1e,
  kNotificationIndicator = 0x27,
  kDisplay = 0x28,
  kKeypad = 0x2c,
  kCallingNumber = 0x6c,
  kCalledNumber = 0x70,
  kRedirectingNumber = 0x74,
  kRestartIndicator = 0x79,
  kShift = 0x90,  // 1001 xxxx
  kSendingComplete = 0xa1,
};
constexpr uint8_t kSingleOctet = 0x80;
constexpr uint8_t kExtension = 0x80;  // bit 8: the last octet of a group, Q.931 4.5.1
constexpr uint8_t kNonLocking = 0x08;

PriFrameFault check_unnumbered(std::span<const uint8_t> frame) {
  switch (frame[2] & ~kPollFinal) {
    case kSabme:
    case kDm:
    case kDisc:
    case kUa:
      return frame.size() == kMinFrame ? PriFrameFault::kNone : PriFrameFault::kLength;
    case kFrmr:
      return frame.size() == kFrmrLength ? PriFrameFault::kNone : PriFrameFault::kLength;
    default:
      return PriFrameFault::kControl;
  }
}

PriFrameFault check_supervisory(std::span<const uint8_t> frame) {
  // RR, RNR, REJ; bits 5 to 8 are reserved and 0.
  if ((frame[2] & 0xf0) != 0 || (frame[2] & 0x0c) == 0x0c) return PriFrameFault::kControl;
  return frame.size() == 4 ? PriFrameFault::kNone : PriFrameFault::kLength;
}

/// Has `contents` what the coding of element `id` cannot do without? Q.931 4.5.
bool is_sound(uint8_t id, std::span<const uint8_t> contents) {
  const std::size_t length = contents.size();
  switch (id) {
    case kBearerCapability:  // octets 3 and 4, and 4.1 for a multirate call (4.5.5)
      return length >= 2 && ((contents[1] & 0x7f) != 0x18 || length >= 3);
    case kCause:  // octets 3 and 4, with 3a between them when 3 is extended (Q.850 2.1)
      return length >= 2 && ((contents[0] & kExtension) != 0 || length >= 3);
    case kProgressIndicator:
      return length >= 2;
    case kRedirectingNumber:  // … of octets 3, 3a and 3b (4.6.7)
    case kCallingNumber: {    // the last of octets 3 and 3a has the extension bit (4.5.10)
      const auto head = contents.first(std::min<std::size_t>(length, 3));
      return std::any_of(head.begin(), head.end(), [](uint8_t octet) { return (octet & kExtension) != 0; });
    }
    case kCallState:
    case kChannelIdentification:
    case kNotificationIndicator:
    case kDisplay:
    case kKeypad:
    case kCalledNumber:
    case kRestartIndicator:
      return length >= 1;
    default:
      return (id & 0xf0) == 0;  // to be comprehended: libpri shall refuse it (5.8.7.1)
  }
}

/// An information element; an empty one is the end.
struct Element {
  uint8_t id = 0;
  uint8_t codeset = 0;
  bool whole = false;               // false: it runs beyond the message
  std::span<const uint8_t> octets;  // identifier and length included
  std::span<const uint8_t> contents;
};

class ElementReader {
 public:
  explicit ElementReader(std::span<const uint8_t> elements) : rest_(elements) {}

  std::optional<Element> next() {
    while (!rest_.empty()) {
      const uint8_t id = rest_[0];
      if ((id & 0xf0) == kShift) {
        // To codeset 0 no locking shift leads (4.5.3).
        if ((id & kNonLocking) != 0) {
          codeset_ = id & 0x07;
        } else if ((id & 0x07) != 0) {
          codeset_ = locked_ = id & 0x07;
        }
        rest_ = rest_.subspan(1);
        continue;
      }
      Element element;
      element.id = id;
      element.codeset = codeset_;
      codeset_ = locked_;
      const std::size_t length = (id & kSingleOctet) != 0 ? 1 : rest_.size() < 2 ? SIZE_MAX : std::size_t{2} + rest_[1];
      element.whole = length <= rest_.size();
      element.octets = rest_.first(std::min(length, rest_.size()));
      if (element.whole && length > 1) element.contents = element.octets.subspan(2);
      rest_ = rest_.subspan(element.octets.size());
      return element;
    }
    return std::nullopt;
  }

 private:
  std::span<const uint8_t> rest_;
  uint8_t locked_ = 0;   // of the elements to come
  uint8_t codeset_ = 0;  // of the next one
};

bool restarts_interface(const PriMessage& message) {
  if (message.type != kMessageRestart) return false;
  ElementReader reader(message.elements);
  while (const auto element = reader.next())
    if (element->codeset == 0 && element->id == kRestartIndicator && !element->contents.empty())
      return (element->contents[0] & 0x07) >= 6;  // 110 single interface, 111 all interfaces
  return false;
}

}  // namespace

PriFrameView inspect_frame(std::span<const uint8_t> frame) {
  PriFrameView view;
  if (frame.size() < kMinFrame || frame.size() > kMaxFrame) {
    view.fault = PriFrameFault::kLength;
  } else if ((frame[0] & 0xfd) != 0x00 || frame[1] != 0x01) {
    // EA 0, C/R either, SAPI 0 call control; EA 1, TEI 0 (Q.921 3.3.4).
    view.fault = PriFrameFault::kAddress;
  } else if ((frame[2] & 0x03) == 0x03) {
    view.fault = check_unnumbered(frame);
    view.establish = (frame[2] & ~kPollFinal) == kSabme;
  } else if ((frame[2] & 0x03) == 0x01) {
    view.fault = check_supervisory(frame);
  } else if (frame.size() < 4) {
    view.fault = PriFrameFault::kLength;
  } else {
    view.numbered = true;
    view.information = frame.subspan(4);
  }
  return view;
}

std::optional<PriMessage> inspect_message(std::span<const uint8_t> information, uint8_t discriminator) {
  if (information.size() < 3 || information[0] != discriminator) return std::nullopt;
  PriMessage message;
  message.reference_length = information[1];
  // Bits 5 to 8 are 0 and two octets are the most there is on a primary rate access (5.8.3.1, 4.3).
  if (message.reference_length > 2 || information.size() < std::size_t{3} + message.reference_length) {
    return std::nullopt;
  }
  if (message.reference_length > 0) {
    message.to_originator = (information[2] & 0x80) != 0;
    message.reference = information[2] & 0x7f;
    if (message.reference_length == 2) {
      message.reference = static_cast<uint16_t>(message.reference << 8 | information[3]);
    }
  }
  const std::size_t type_at = std::size_t{2} + message.reference_length;
  message.type = information[type_at];
  if (message.type == 0 || (message.type & 0x80) != 0) return std::nullopt;
  message.elements = information.subspan(type_at + 1);
  return message;
}

namespace {

std::size_t copy_header(const PriMessage& message, uint8_t discriminator, std::span<uint8_t> out) {
  std::size_t length = 0;
  const auto put = [&](uint8_t octet) { out[length++] = octet; };
  put(discriminator);
  put(message.reference_length);
  const auto flag = static_cast<uint8_t>(message.to_originator ? 0x80 : 0x00);
  if (message.reference_length == 2) {
    put(static_cast<uint8_t>(flag | message.reference >> 8));
    put(static_cast<uint8_t>(message.reference));
  } else if (message.reference_length == 1) {
    put(static_cast<uint8_t>(flag | message.reference));
  }
  put(message.type);
  return length;
}

void append(PriCopy& copy, std::span<uint8_t> out, const Element& element) {
  std::copy(element.octets.begin(), element.octets.end(), out.begin() + static_cast<std::ptrdiff_t>(copy.length));
  copy.length += element.octets.size();
}

}  // namespace

PriCopy copy_message(const PriMessage& message, std::span<uint8_t> out) {
  PriCopy copy;
  copy.length = copy_header(message, kDiscriminator, out);
  const bool whole_interface = restarts_interface(message);
  ElementReader reader(message.elements);
  while (const auto element = reader.next()) {
    const bool single = (element->id & kSingleOctet) != 0;
    const bool wanted = element->codeset == 0 && element->whole &&
                        !(whole_interface && element->id == kChannelIdentification) &&
                        (single ? element->id == kSendingComplete : is_sound(element->id, element->contents));
    if (!wanted) {
      ++copy.left_out;
      continue;
    }
    append(copy, out, *element);
  }
  return copy;
}

PriCopy copy_maintenance(const PriMessage& message, std::span<uint8_t> out) {
  std::optional<Element> status;
  std::optional<Element> channel;
  PriCopy copy;
  ElementReader reader(message.elements);
  while (const auto element = reader.next()) {
    const bool sound = element->codeset == 0 && element->whole;
    if (sound && element->id == kChangeStatus && !element->contents.empty()) {
      status = element;
    } else if (sound && element->id == kChannelIdentification && is_sound(element->id, element->contents)) {
      channel = element;
    } else {
      ++copy.left_out;
    }
  }
  if (!status || !channel) return copy;
  copy.length = copy_header(message, kMaintenanceDiscriminator, out);
  append(copy, out, *status);
  append(copy, out, *channel);
  return copy;
}

void for_each_element(const PriMessage& message, uint8_t id,
                      const std::function<void(std::span<const uint8_t>)>& take) {
  ElementReader reader(message.elements);
  while (const auto element = reader.next())
    if (element->codeset == 0 && element->id == id && element->whole) take(element->contents);
}

void for_each_facility(const PriMessage& message, const std::function<void(std::span<const uint8_t>)>& take) {
  for_each_element(message, kFacility, take);
}

std::optional<PriNumberElement> read_number_element(std::span<const uint8_t> contents) {
  constexpr std::size_t kMostDigits = 31;
  std::size_t at = 0;
  PriNumberElement number;
  // Octet 3, and 3a with the presentation when it is extended.
  while (at < contents.size() && at < 3 && (contents[at] & kExtension) == 0) ++at;
  if (at >= contents.size() || (contents[at] & kExtension) == 0) return std::nullopt;
  // 01: restricted; 10: not available, which withholds nothing.
  if (at >= 1) number.restricted = (contents[1] & 0x60) == 0x20;
  for (const uint8_t octet : contents.subspan(at + 1)) {
    if (number.digits.size() == kMostDigits) break;
    if ((octet >= '0' && octet <= '9') || octet == '*' || octet == '#') number.digits += static_cast<char>(octet);
  }
  return number;
}

std::optional<uint8_t> call_state_of(const PriMessage& message) {
  ElementReader reader(message.elements);
  while (const auto element = reader.next())
    if (element->codeset == 0 && element->id == kCallState && !element->contents.empty())
      return element->contents[0] & 0x3f;
  return std::nullopt;
}

}  // namespace cordboard::signalling
