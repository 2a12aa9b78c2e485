// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the message among the characters, and renders both. Noise and ringing give characters too: a message begins
// only after a seizure (rows of 0x55, which is what alternating bits read as) and a mark no character has inside.
#include "dsp/caller_id.hpp"

#include "dsp/tone_clip.hpp"

namespace cordboard::dsp {
namespace {

// A seizure is 300 bits (BT SIN 227: 96 at least), of which an exchange or a ring detector may swallow the beginning.
constexpr uint8_t kSeizureOctet = 0x55;
constexpr uint8_t kMinSeizureOctets = 4;
/// From its latest octet to the message: the longest mark is 205 bits, 171 ms.
constexpr uint64_t kSeizureHolds = kSampleRateHz / 2;

/// From the last of a carrier to the event that says so.
constexpr uint64_t kLossNoticed = 3 * kBlock;

// Between characters 10 bits of mark are allowed (EN 300 659-1 5.3), before a message there are 55 at least.
constexpr uint16_t kMinMarkBits = 25;

constexpr std::size_t kSeizureBits = 300;
constexpr std::size_t kOnHookMarkBits = 180;
constexpr std::size_t kOffHookMarkBits = 80;
constexpr std::size_t kTrailingMarkBits = 10;
constexpr uint32_t kAlertMs = 100;
constexpr uint32_t kAlertPauseMs = 100;  // 45-500 ms
constexpr std::size_t kSamplesPerMs = kSampleRateHz / 1000;

constexpr std::size_t kMinDigitsWithoutEnd = 4;  // the start code and three

std::vector<uint8_t> silence(uint32_t ms) { return std::vector<uint8_t>(ms * kSamplesPerMs, kAlawSilence); }

void append(std::vector<uint8_t>& clip, const std::vector<uint8_t>& more) {
  clip.insert(clip.end(), more.begin(), more.end());
}

}  // namespace

CallerIdReceiver::CallerIdReceiver(const CallerIdReceiverSettings& settings)
    : settings_(settings),
      fsk_({.bell202 = settings.bell202, .v23 = settings.v23, .min_level_dbm0 = settings.min_level_dbm0}) {}

const CallerIdResult* CallerIdReceiver::process(const int16_t* block, std::span<const DtmfEvent> digits) {
  if (finished_) return nullptr;
  samples_ += kBlock;
  if (settings_.alert_tone && alert_.process(block)) result_.alerted = true;
  if (settings_.bell202 || settings_.v23) {
    FskEvent events[kMaxFskEvents];
    const int count = fsk_.process(block, events);
    for (int i = 0; i < count && !finished_; ++i) take_character(events[i]);
  }
  if (settings_.digits) {
    for (const DtmfEvent& event : digits) {
      if (event.begin && !finished_) take_digit(event.digit);
    }
    if (!finished_ && digits_size_ != 0 && samples_ - digit_at_ > uint64_t{settings_.digit_gap_ms} * kSamplesPerMs) {
      end_digits(true);
    }
  }
  if (settings_.timeout_ms != 0 && samples_ >= uint64_t{settings_.timeout_ms} * kSamplesPerMs) finished_ = true;
  return finished_ ? &result_ : nullptr;
}

const CallerIdResult& CallerIdReceiver::finish() {
  if (!finished_ && in_message_) fail(CallerIdFailure::kInterrupted);
  finished_ = true;
  return result_;
}

void CallerIdReceiver::fail(CallerIdFailure failure) {
  in_message_ = false;
  failed_at_ = samples_;
  result_.failure = failure;
}

void CallerIdReceiver::take_character(const FskEvent& event) {
  if (event.carrier_lost) {
    // Without a carrier all bits read as spaces, so that the framing went before the loss was certain.
    const bool just_broken = result_.failure == CallerIdFailure::kFraming && samples_ - failed_at_ <= kLossNoticed;
    if (in_message_ || just_broken) fail(CallerIdFailure::kCarrierLost);
    seizure_octets_ = 0;
    seized_at_ = 0;
    return;
  }
  if (in_message_ && event.mark_bits >= kMinMarkBits) fail(CallerIdFailure::kInterrupted);
  if (in_message_ && !event.framed) fail(CallerIdFailure::kFraming);
  if (!in_message_) {
    const bool seized = seized_at_ != 0 && samples_ - seized_at_ <= kSeizureHolds;
    if (event.mark_bits >= kMinMarkBits && event.framed && (seized || !settings_.seizure_required)) {
      begin_message(event.octet);
    } else if (event.framed && event.octet == kSeizureOctet) {
      if (seizure_octets_ < kMinSeizureOctets) ++seizure_octets_;
      if (seizure_octets_ == kMinSeizureOctets) seized_at_ = samples_;
    } else {
      seizure_octets_ = 0;
    }
    return;
  }
  octets_[size_++] = event.octet;
  if (size_ < 3 || size_ < std::size_t{3} + octets_[1]) return;
  const CallerIdFailure failure = parse_caller_id({octets_.data(), size_}, result_.message);
  fail(failure);
  if (failure != CallerIdFailure::kNone) return;
  result_.source = fsk_.kind() == FskKind::kV23 ? CallerIdSource::kV23 : CallerIdSource::kBell202;
  finished_ = true;
}

void CallerIdReceiver::begin_message(uint8_t type) {
  seizure_octets_ = 0;
  seized_at_ = 0;
  if (!is_caller_id_type(type)) {
    fail(CallerIdFailure::kUnknownType);
    return;
  }
  in_message_ = true;
  octets_[0] = type;
  size_ = 1;
}

void CallerIdReceiver::take_digit(char digit) {
  if (digits_size_ == digits_.size()) {
    digits_size_ = 0;
    if (!in_message_) result_.failure = CallerIdFailure::kBadDigits;
  }
  digits_[digits_size_++] = digit;
  digit_at_ = samples_;
  if (digit == '#' || digit == 'C') end_digits(false);
}

void CallerIdReceiver::end_digits(bool end_code_missing) {
  const std::size_t size = digits_size_;
  digits_size_ = 0;
  CallerIdFailure failure = CallerIdFailure::kBadDigits;
  if (!end_code_missing) {
    failure = parse_caller_id_digits({digits_.data(), size}, result_.message);
  } else if (size >= kMinDigitsWithoutEnd && size < digits_.size() && digits_[0] >= 'A' && digits_[0] <= 'D') {
    digits_[size] = 'C';
    failure = parse_caller_id_digits({digits_.data(), size + 1}, result_.message);
  }
  if (failure != CallerIdFailure::kNone) {
    if (!in_message_) result_.failure = failure;
    return;
  }
  result_.failure = failure;
  result_.source = CallerIdSource::kDigits;
  finished_ = true;
}

std::vector<uint8_t> render_alert_tone(uint32_t on_ms, double level_dbm0) {
  const TonePart part{.frequencies_hz = {2130, 2750}, .level_dbm0 = level_dbm0, .on_ms = on_ms};
  return render_tone({&part, 1}, false);
}

std::vector<uint8_t> render_caller_id(const CallerIdMessage& message, const CallerIdSignal& signal) {
  const std::vector<uint8_t> octets = build_caller_id(message, signal.format);
  if (octets.empty()) return {};
  std::vector<uint8_t> clip = silence(signal.lead_ms);
  if (signal.alerting == CallerIdAlerting::kDtAs && !signal.off_hook) {
    append(clip, render_alert_tone(kAlertMs, signal.alert_level_dbm0));
    append(clip, silence(kAlertPauseMs));
  }
  FskTransmitter transmitter(signal.kind, signal.level_dbm0);
  if (!signal.off_hook) transmitter.seize(kSeizureBits);
  transmitter.mark(signal.off_hook ? kOffHookMarkBits : kOnHookMarkBits);
  for (const uint8_t octet : octets) transmitter.octet(octet);
  transmitter.mark(kTrailingMarkBits);
  append(clip, transmitter.take());
  return clip;
}

std::vector<uint8_t> render_caller_id_digits(const CallerIdMessage& message, const CallerIdDigitsSignal& signal) {
  const std::string digits = build_caller_id_digits(message, signal.form);
  if (digits.empty()) return {};
  std::vector<uint8_t> clip = silence(signal.lead_ms);
  append(clip, render_digits(digits, signal.on_ms, signal.off_ms, signal.level_dbm0));
  return clip;
}

}  // namespace cordboard::dsp
