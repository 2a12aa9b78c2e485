// SPDX-License-Identifier: GPL-2.0-or-later
// What caller identification says, apart from how it is sent: the data-link message of Telcordia GR-30 / GR-31 and
// ETSI EN 300 659-3, and the digit strings of the exchanges that send push-button digits instead.
//
//   CallerIdMessage ── build_caller_id ──> type, length, body, checksum ── parse_caller_id ──> CallerIdMessage
//                   ── build_caller_id_digits ──> "A…C", "D…C", "A…#" ── parse_caller_id_digits ──>
//
// A body is either one field (SDMF: MMDDhhmm and a number) or a row of parameters (MDMF: type, length, octets).
//
// All of it comes from the line, where anybody can send it. Numbers come out as digits with at most a plus before them.
// Names come out as valid UTF-8 without control or direction characters, or marked as raw octets (GB 2312 / GBK in
// China, Latin-1 in Europe) which are for the host to convert and never to print as they are. Parsing allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordboard::dsp {

/// At most N octets, in place.
template <std::size_t N>
struct BoundedText {
  static_assert(N < 256);
  static constexpr std::size_t kCapacity = N;
  std::array<char, N> octets{};
  uint8_t size = 0;

  BoundedText() = default;
  /// The first N octets of it.
  BoundedText(std::string_view text) {
    for (const char octet : text) push(octet);
  }
  void push(char octet) {
    if (size < N) octets[size++] = octet;
  }
  bool empty() const { return size == 0; }
  operator std::string_view() const { return {octets.data(), size}; }
  bool operator==(const BoundedText& other) const { return std::string_view(*this) == std::string_view(other); }
};

enum class CallerIdService : uint8_t { kCall, kMessageWaiting };

/// GR-31 and EN 300 659-3 5.4.4: 'P' is private, all other letters are unavailable.
enum class Presentation : uint8_t { kNotGiven, kAllowed, kPrivate, kUnavailable };

enum class NameCoding : uint8_t { kUtf8, kRawOctets };

enum class CallerIdFormat : uint8_t { kSdmf, kMdmf };

enum class CallerIdFailure : uint8_t {
  kNone,
  kNoSignal,     // nothing that looked like a message
  kCarrierLost,  // in the middle of a message
  kInterrupted,  // more mark between two characters than is allowed
  kFraming,      // a stop bit was a space
  kChecksum,     // the sum of all octets is not 0 modulo 256
  kLength,       // shorter or longer than it says
  kUnknownType,  // of message
  kBadBody,      // a parameter reaches beyond the body, or the body is too short for its type
  kBadDigits,    // push-button digits in no order that is known
};

/// As it goes into the log, in English.
std::string_view text_of(CallerIdFailure failure);

struct CallerIdMessage {
  CallerIdService service = CallerIdService::kCall;
  Presentation presentation = Presentation::kNotGiven;  // of the number; after parsing a call never kNotGiven
  BoundedText<32> number;                               // only if presentation is kAllowed
  BoundedText<32> redirecting_number;
  /// Parameter 03: in Europe the line that was called; in North America the calling line's own dialable number.
  BoundedText<32> third_number;
  BoundedText<8> date_time;                                  // MMDDhhmm as sent, a possible date, or empty
  Presentation name_presentation = Presentation::kNotGiven;  // of the name
  NameCoding name_coding = NameCoding::kUtf8;
  BoundedText<80> name;   // only if name_presentation is kAllowed; EN 300 659-3 allows 50
  uint8_t call_type = 0;  // EN 300 659-3 5.4.7: 1 voice, 2 ring back when free, … 0: not given
  bool lamp = false;      // of a message waiting
  uint8_t messages = 0;   // waiting; 0: not given

  bool operator==(const CallerIdMessage&) const = default;
};

inline constexpr std::size_t kMaxCallerIdOctets = 2 + 255 + 1;
inline constexpr std::size_t kMaxCallerIdDigits = 64;

/// Whether an octet can begin a message that is parsed here.
bool is_caller_id_type(uint8_t octet);

/// A whole message, from its type to its checksum. `out` is set (and only then) if the answer is kNone.
CallerIdFailure parse_caller_id(std::span<const uint8_t> message, CallerIdMessage& out);

/// The message with its checksum. Empty if it does not fit in 255 octets, or SDMF is asked for without a date, which it
/// has to have. SDMF leaves out all but date and number. Numbers are cleaned as on receipt; names go as they are.
std::vector<uint8_t> build_caller_id(const CallerIdMessage& message, CallerIdFormat format);

/// A whole string from start to end code:
///   A number [D redirecting] [B information] C     B00C unavailable, B10C private     (EN 300 659-1 annex B)
///   A number #     D1# private     D2# international     D3# unavailable              (Denmark, the Netherlands …)
///   D number C                                                                        (China, Taiwan, Kuwait)
///   number #     number C                                                             (three digits or more)
/// `out` is set (and only then) if the answer is kNone.
CallerIdFailure parse_caller_id_digits(std::string_view digits, CallerIdMessage& out);

enum class CallerIdDigits : uint8_t { kAC, kAHash, kDC };

/// Empty if the form has no way to say it: kDC knows no reason why there is no number.
std::string build_caller_id_digits(const CallerIdMessage& message, CallerIdDigits form);

}  // namespace cordboard::dsp
