// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of caller identification: what the standards give as examples, what exchanges send, and what an enemy may.
// CORDBOARD_FUZZ_FRAMES sets how many hostile messages are tried.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "caller_id_signals.hpp"
#include "dsp/caller_id_message.hpp"

namespace cordboard::dsp {
namespace {

using Octets = std::vector<uint8_t>;

Octets with_checksum(Octets octets) {
  uint8_t sum = 0;
  for (const uint8_t octet : octets) sum = static_cast<uint8_t>(sum + octet);
  octets.push_back(static_cast<uint8_t>(-sum));
  return octets;
}

Octets mdmf(std::vector<std::pair<uint8_t, std::string>> parameters, uint8_t type = 0x80) {
  Octets octets{type, 0};
  for (const auto& [id, value] : parameters) {
    octets.push_back(id);
    octets.push_back(static_cast<uint8_t>(value.size()));
    octets.insert(octets.end(), value.begin(), value.end());
  }
  octets[1] = static_cast<uint8_t>(octets.size() - 2);
  return with_checksum(octets);
}

CallerIdMessage parsed(const Octets& octets) {
  CallerIdMessage message;
  EXPECT_EQ(CallerIdFailure::kNone, parse_caller_id(octets, message));
  return message;
}

CallerIdFailure refusal(const Octets& octets) {
  CallerIdMessage message, untouched;
  const CallerIdFailure failure = parse_caller_id(octets, message);
  EXPECT_EQ(untouched, message);
  return failure;
}

CallerIdMessage named(const std::string& name) { return parsed(mdmf({{2, "5551212"}, {7, name}})); }

TEST(DspCallerIdMessage, ReadsSingleFormat) {
  // 30 September, 12:24, from 609 555 1212: checksum 51.
  const Octets example{0x04, 0x12, 0x30, 0x39, 0x33, 0x30, 0x31, 0x32, 0x32, 0x34, 0x36,
                       0x30, 0x39, 0x35, 0x35, 0x35, 0x31, 0x32, 0x31, 0x32, 0x51};
  const CallerIdMessage message = parsed(example);
  EXPECT_EQ("6095551212", std::string_view(message.number));
  EXPECT_EQ("09301224", std::string_view(message.date_time));
  EXPECT_EQ(Presentation::kAllowed, message.presentation);
  EXPECT_EQ(example, build_caller_id(message, CallerIdFormat::kSdmf));
  const auto absent = [](char letter) {
    Octets octets{0x04, 9};
    for (const char octet : std::string("09301224") + letter) octets.push_back(static_cast<uint8_t>(octet));
    return parsed(with_checksum(octets)).presentation;
  };
  EXPECT_EQ(Presentation::kPrivate, absent('P'));
  EXPECT_EQ(Presentation::kUnavailable, absent('O'));
}

TEST(DspCallerIdMessage, ReadsMultipleFormat) {
  const CallerIdMessage message = parsed(mdmf({{0x11, "\x01"},
                                               {1, "12312359"},
                                               {2, "+44 20 8765-4321"},
                                               {3, "100"},
                                               {7, "ADA LOVELACE  "},
                                               {0x1A, "(020) 555"},
                                               {0x77, "new"},
                                               {0x0D, ""}}));
  EXPECT_EQ(1, message.call_type);
  EXPECT_EQ("12312359", std::string_view(message.date_time));
  EXPECT_EQ("+442087654321", std::string_view(message.number));
  EXPECT_EQ("100", std::string_view(message.third_number));
  EXPECT_EQ("020555", std::string_view(message.redirecting_number));
  EXPECT_EQ("ADA LOVELACE", std::string_view(message.name));
  EXPECT_EQ(NameCoding::kUtf8, message.name_coding);
}

TEST(DspCallerIdMessage, ReadsMessagesWaiting) {
  EXPECT_TRUE(parsed(mdmf({{0x0B, "\xFF"}, {0x13, "\x05"}}, 0x82)).lamp);
  EXPECT_EQ(5, parsed(mdmf({{0x0B, "\xFF"}, {0x13, "\x05"}}, 0x82)).messages);
  EXPECT_FALSE(parsed(mdmf({{0x0B, std::string(1, '\0')}}, 0x82)).lamp);
  const CallerIdMessage on = parsed(with_checksum({0x06, 3, 0x42, 0x42, 0x42}));
  EXPECT_TRUE(on.lamp);
  EXPECT_EQ(CallerIdService::kMessageWaiting, on.service);
  EXPECT_FALSE(parsed(with_checksum({0x06, 3, 0x6F, 0x6F, 0x6F})).lamp);
  EXPECT_EQ(CallerIdFailure::kBadBody, refusal(with_checksum({0x06, 3, 0x42, 0x6F, 0x42})));
}

TEST(DspCallerIdMessage, ReadsBackWhatItBuilds) {
  std::mt19937 random(4);
  for (int i = 0; i < 2000; ++i) {
    CallerIdMessage message = random_call(random);
    if (i % 3 == 0) message.redirecting_number = std::string_view("0123456789");
    if (i % 5 == 0) message.call_type = static_cast<uint8_t>(1 + random() % 255);
    ASSERT_EQ(message, parsed(build_caller_id(message, CallerIdFormat::kMdmf)));
    CallerIdMessage waiting;
    waiting.service = CallerIdService::kMessageWaiting;
    waiting.lamp = i % 2 == 0;
    ASSERT_EQ(waiting, parsed(build_caller_id(waiting, CallerIdFormat::kSdmf)));
    waiting.messages = static_cast<uint8_t>(random());
    ASSERT_EQ(waiting, parsed(build_caller_id(waiting, CallerIdFormat::kMdmf)));
  }
}

TEST(DspCallerIdMessage, KeepsWithheldNumbersWithheld) {
  const CallerIdMessage message = parsed(mdmf({{2, "5551212"}, {3, "5551212"}, {4, "P"}, {7, "Ada"}, {8, "P"}}));
  EXPECT_EQ(Presentation::kPrivate, message.presentation);
  EXPECT_TRUE(message.number.empty());
  EXPECT_TRUE(message.third_number.empty());
  EXPECT_EQ(Presentation::kPrivate, message.name_presentation);
  EXPECT_TRUE(message.name.empty());
  EXPECT_EQ(Presentation::kUnavailable, parsed(mdmf({{4, "O"}})).presentation);
  EXPECT_EQ(Presentation::kUnavailable, parsed(mdmf({{1, "01010000"}})).presentation);
  CallerIdMessage withheld;
  withheld.presentation = Presentation::kPrivate;
  withheld.number = std::string_view("5551212");
  for (const auto format : {CallerIdFormat::kMdmf, CallerIdFormat::kSdmf}) {
    withheld.date_time = std::string_view("01010000");
    const Octets octets = build_caller_id(withheld, format);
    const std::string text(octets.begin(), octets.end());
    EXPECT_EQ(std::string::npos, text.find("555"));
  }
  EXPECT_EQ("B10C", build_caller_id_digits(withheld, CallerIdDigits::kAC));
}

TEST(DspCallerIdMessage, TakesNoNumberButDigitsAndNoneTooLong) {
  EXPECT_EQ("12", std::string_view(parsed(mdmf({{2, "1<b>\x80\n+2"}})).number));
  EXPECT_EQ(Presentation::kUnavailable, parsed(mdmf({{2, "+"}})).presentation);
  EXPECT_EQ(32, parsed(mdmf({{2, std::string(32, '1')}})).number.size);
  EXPECT_TRUE(parsed(mdmf({{2, std::string(33, '1')}})).number.empty());
  for (const char* date :
       {"13010000", "00010000", "01320000", "01012400", "01010060", "0101000", "010100000", "0101000x"}) {
    EXPECT_TRUE(parsed(mdmf({{1, date}})).date_time.empty()) << date;
  }
}

TEST(DspCallerIdMessage, TakesNamesAsUtf8OrAsRawOctets) {
  EXPECT_EQ("Zo\xC3\xAB \xE6\x9D\x8E \xF0\x9F\x98\x80",
            std::string_view(named("Zo\xC3\xAB \xE6\x9D\x8E \xF0\x9F\x98\x80").name));
  const CallerIdMessage gbk = named("\xC0\xEE\xC3\xF7");
  EXPECT_EQ(NameCoding::kRawOctets, gbk.name_coding);
  EXPECT_EQ("\xC0\xEE\xC3\xF7", std::string_view(gbk.name));
  for (const char* bad :
       {"\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80", "a\xE6\x9D", "\x80"}) {
    EXPECT_EQ(NameCoding::kRawOctets, named(bad).name_coding) << bad;
  }
  EXPECT_EQ("ab", std::string_view(named("\x1b"
                                         "a\xE2\x80\xAE\xC2\x85"
                                         "b\x7F\n")
                                       .name));
  EXPECT_EQ(Presentation::kUnavailable, named(" \n ").name_presentation);
  // Cut between characters, not within one.
  std::string names;
  for (int i = 0; i < 30; ++i) names += "\xE6\x9D\x8E";
  EXPECT_EQ(names.substr(0, 78), std::string_view(named(names).name));
}

TEST(DspCallerIdMessage, RefusesWhatIsMalformed) {
  EXPECT_EQ(CallerIdFailure::kLength, refusal({}));
  EXPECT_EQ(CallerIdFailure::kLength, refusal({0x80, 0}));
  EXPECT_EQ(CallerIdFailure::kLength, refusal(with_checksum({0x80, 3, 4, 1})));
  EXPECT_EQ(CallerIdFailure::kLength, refusal(with_checksum({0x80, 3, 4, 1, 'O', 0})));
  EXPECT_EQ(CallerIdFailure::kChecksum, refusal({0x80, 3, 4, 1, 'O', 0}));
  EXPECT_EQ(CallerIdFailure::kUnknownType, refusal(with_checksum({0x81, 3, 4, 1, 'O'})));
  EXPECT_EQ(CallerIdFailure::kBadBody, refusal(with_checksum({0x80, 0})));
  EXPECT_EQ(CallerIdFailure::kBadBody, refusal(with_checksum({0x80, 3, 4, 2, 'O'})));
  EXPECT_EQ(CallerIdFailure::kBadBody, refusal(with_checksum({0x80, 4, 4, 1, 'O', 7})));
  EXPECT_EQ(CallerIdFailure::kBadBody, refusal(with_checksum({0x04, 3, '0', '1', '0'})));
  CallerIdMessage huge = random_call(*std::make_unique<std::mt19937>(1));
  EXPECT_LE(build_caller_id(huge, CallerIdFormat::kMdmf).size(), kMaxCallerIdOctets);
}

void expect_clean(const CallerIdMessage& message) {
  for (const auto& number : {message.number, message.third_number, message.redirecting_number}) {
    const std::string_view text = number;
    for (std::size_t i = 0; i < text.size(); ++i) {
      ASSERT_TRUE((text[i] >= '0' && text[i] <= '9') || (text[i] == '+' && i == 0 && text.size() > 1));
    }
  }
  ASSERT_EQ(message.service == CallerIdService::kCall && message.presentation == Presentation::kAllowed,
            message.service == CallerIdService::kCall && !message.number.empty());
  ASSERT_TRUE(message.date_time.size == 0 || message.date_time.size == 8);
  // A clean name cleans to itself.
  if (message.name_coding == NameCoding::kUtf8 && !message.name.empty()) {
    const CallerIdMessage again = named(std::string(std::string_view(message.name)));
    ASSERT_EQ(NameCoding::kUtf8, again.name_coding);
    for (const char octet : std::string_view(message.name)) ASSERT_TRUE(static_cast<uint8_t>(octet) >= 0x20);
  }
}

TEST(DspCallerIdMessage, SurvivesHostileMessages) {
  const char* set = std::getenv("CORDBOARD_FUZZ_FRAMES");
  const int count = set == nullptr ? 100000 : std::max(1, std::atoi(set));
  std::mt19937 random(11);
  constexpr uint8_t kTypes[] = {0x04, 0x06, 0x80, 0x82};
  constexpr uint8_t kParameters[] = {1, 2, 3, 4, 7, 8, 0x0B, 0x11, 0x13, 0x1A, 0xE0};
  int taken = 0;
  for (int i = 0; i < count; ++i) {
    Octets octets{kTypes[random() % 4], 0};
    const std::size_t size = random() % (i % 8 == 0 ? 256 : 40);
    while (octets.size() - 2 < size) {
      const auto value = static_cast<uint8_t>(random() % 20);
      octets.push_back(i % 4 == 0 ? static_cast<uint8_t>(random()) : kParameters[random() % std::size(kParameters)]);
      octets.push_back(value);
      for (int k = 0; k < value; ++k) {
        octets.push_back(static_cast<uint8_t>(random() % 3 == 0 ? random() : '0' + random() % 10));
      }
    }
    if (random() % 2 == 0 || octets.size() > 257) octets.resize(2 + size);
    octets[1] = static_cast<uint8_t>(octets.size() - 2);
    octets = with_checksum(octets);
    if (random() % 16 == 0) octets[random() % octets.size()] ^= static_cast<uint8_t>(random());
    // In a buffer of its own size, so that a sanitizer sees one octet too many.
    const Octets exact(octets.begin(), octets.end());
    CallerIdMessage message;
    if (parse_caller_id(exact, message) == CallerIdFailure::kNone) {
      ++taken;
      ASSERT_NO_FATAL_FAILURE(expect_clean(message));
    }
    std::string digits;
    for (std::size_t n = random() % 70; n > 0; --n) digits += "0123456789ABCD*#x"[random() % (i % 2 == 0 ? 17 : 12)];
    if (i % 2 == 0) digits += "#C"[random() % 2];
    if (parse_caller_id_digits(digits, message) == CallerIdFailure::kNone) {
      ASSERT_NO_FATAL_FAILURE(expect_clean(message));
    }
  }
  EXPECT_GT(taken, count / 10);
}

struct DigitCase {
  const char* digits;
  const char* number;
  const char* redirecting;
  Presentation presentation;
};

TEST(DspCallerIdMessage, ReadsDigitStrings) {
  constexpr auto kAllowed = Presentation::kAllowed, kPrivate = Presentation::kPrivate,
                 kNone = Presentation::kUnavailable;
  const DigitCase cases[] = {
      {"A0123456789C", "0123456789", "", kAllowed},
      {"A0123D998C", "0123", "998", kAllowed},
      {"A0123D998B00C", "0123", "998", kAllowed},
      {"B00C", "", "", kNone},
      {"B10C", "", "", kPrivate},
      {"A0123B10C", "", "", kPrivate},
      {"AC", "", "", kNone},
      {"D998B10C", "", "998", kPrivate},
      {"A0123#", "0123", "", kAllowed},
      {"D1#", "", "", kPrivate},
      {"D2#", "", "", kNone},
      {"D3#", "", "", kNone},
      {"D13800138000C", "13800138000", "", kAllowed},
      {"DC", "", "", kNone},
      {"12345678#", "12345678", "", kAllowed},
      {"12345678C", "12345678", "", kAllowed},
  };
  for (const DigitCase& expected : cases) {
    CallerIdMessage message;
    ASSERT_EQ(CallerIdFailure::kNone, parse_caller_id_digits(expected.digits, message)) << expected.digits;
    EXPECT_EQ(expected.number, std::string_view(message.number)) << expected.digits;
    EXPECT_EQ(expected.redirecting, std::string_view(message.redirecting_number)) << expected.digits;
    EXPECT_EQ(expected.presentation, message.presentation) << expected.digits;
  }
  for (const char* bad :
       {"", "#", "C", "12#", "12C", "A123", "D4#", "D12#", "D#", "A1A2C", "A1*2C", "A1CC", "1A2C", "A1##"}) {
    CallerIdMessage message;
    EXPECT_EQ(CallerIdFailure::kBadDigits, parse_caller_id_digits(bad, message)) << bad;
  }
}

TEST(DspCallerIdMessage, ReadsBackTheDigitsItBuilds) {
  std::mt19937 random(6);
  for (int i = 0; i < 1000; ++i) {
    CallerIdMessage sent = random_call(random);
    sent.name = {}, sent.name_presentation = Presentation::kNotGiven, sent.date_time = {};
    for (const auto form : {CallerIdDigits::kAC, CallerIdDigits::kAHash, CallerIdDigits::kDC}) {
      const std::string digits = build_caller_id_digits(sent, form);
      if (digits.empty()) continue;
      CallerIdMessage message;
      ASSERT_EQ(CallerIdFailure::kNone, parse_caller_id_digits(digits, message)) << digits;
      ASSERT_EQ(sent, message) << digits;
    }
  }
}

}  // namespace
}  // namespace cordboard::dsp
