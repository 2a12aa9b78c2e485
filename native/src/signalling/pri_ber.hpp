// SPDX-License-Identifier: GPL-2.0-or-later
// Values of BER (X.690) as supplementary services have them: read within fixed bounds, and written.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordboard::signalling::ber {

using Octets = std::span<const uint8_t>;
using Bytes = std::vector<uint8_t>;

// Tags with their class and whether they are constructed (8.1.2).
enum : uint8_t {
  kInteger = 0x02,
  kOctetString = 0x04,
  kNull = 0x05,
  kObjectIdentifier = 0x06,
  kEnumerated = 0x0a,
  kNumericString = 0x12,
  kSequence = 0x30,
  kInvoke = 0xa1,
  kReturnResult = 0xa2,
  kReturnError = 0xa3,
  kReject = 0xa4,
};
constexpr uint8_t context(uint8_t number) { return static_cast<uint8_t>(0x80 | number); }
constexpr uint8_t context_constructed(uint8_t number) { return static_cast<uint8_t>(0xa0 | number); }

struct Value {
  uint8_t tag = 0;
  Octets contents;
};

/// Values one after the other. Lengths of the definite form alone, of two octets at most: an element has 255.
class Reader {
 public:
  explicit Reader(Octets octets) : rest_(octets) {}

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
  /// What has not been read.
  Octets rest() const { return rest_; }

 private:
  std::optional<Value> end() {
    rest_ = {};
    return std::nullopt;
  }
  Octets rest_;
};

/// A number that is not negative, or nothing.
inline std::optional<uint32_t> number_of(const Value& value) {
  const Octets octets = value.contents;
  if (octets.empty() || octets.size() > 5 || (octets[0] & 0x80) != 0) return std::nullopt;
  uint64_t number = 0;
  for (const uint8_t octet : octets) number = number << 8 | octet;
  if (number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(number);
}

/// Texts of libpri end at the first NUL, and so do these.
inline std::string text_of(Octets octets, std::size_t most) {
  const auto end = octets.begin() + static_cast<std::ptrdiff_t>(octets.size() < most ? octets.size() : most);
  std::string text(octets.begin(), end);
  return text.substr(0, text.find('\0'));
}

/// One value; the contents have 252 octets at most.
inline Bytes value(uint8_t tag, Octets contents) {
  Bytes written{tag};
  if (contents.size() >= 0x80) written.push_back(0x81);
  written.push_back(static_cast<uint8_t>(contents.size()));
  written.insert(written.end(), contents.begin(), contents.end());
  return written;
}
inline Bytes value(uint8_t tag, std::string_view text) {
  return value(tag, Octets(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}
inline Bytes value(uint8_t tag, std::initializer_list<Bytes> parts) { return value(tag, Octets(joined(parts))); }
/// The shortest form of a number that is not negative (8.3).
inline Bytes integer(uint8_t tag, uint32_t number) {
  Bytes octets;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto octet = static_cast<uint8_t>(number >> shift);
    if (octets.empty() && octet == 0 && shift != 0) continue;
    if (octets.empty() && (octet & 0x80) != 0) octets.push_back(0);
    octets.push_back(octet);
  }
  return value(tag, Octets(octets));
}

}  // namespace cordboard::signalling::ber
