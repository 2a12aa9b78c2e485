// SPDX-License-Identifier: GPL-2.0-or-later
// Caller identification on an analogue line, both ends of it.
//
//   line that rings ── blocks ─┬─ FskReceiver ── characters ──> message ─┐
//                              ├─ dtmf.hpp ── digits ──> digit string ───┼─> CallerIdResult, once
//                              └─ AlertToneDetector ─────────────────────┘
//
//   CallerIdMessage ── render_caller_id ──> A-law clip ── played to the station that rings
//
// When it is sent, and from when on a receiver has to be fed:
//   between rings    500-1500 ms after the end of the first ring, over 200 ms before the second (GR-30; China, YD/T
//                    1277): from the first ring on, ringing itself does no harm
//   before ringing   after a reversal of polarity and DT-AS (BT SIN 227, EN 300 659-1 5.2), or after a short ring
//                    (RP-AS): from the reversal or the short ring on
//   in a call        after CAS and the station's answer, digit D, within 160 ms (EN 300 659-2): no seizure
// Digits come between rings or before them, with or without a reversal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dsp/alert_tone.hpp"
#include "dsp/caller_id_message.hpp"
#include "dsp/dtmf.hpp"
#include "dsp/fsk.hpp"

namespace cordboard::dsp {

struct CallerIdReceiverSettings {
  bool bell202 = true;  // either kind enabled lets both through, unless only one is
  bool v23 = true;
  bool digits = true;
  bool alert_tone = false;
  /// The seizure before the message; only a line on hook has it. Without it a mark is all that goes before.
  bool seizure_required = true;
  double min_level_dbm0 = -40;
  uint32_t digit_gap_ms = 500;  // more than that between digits: the string is over, its end code was not sent
  uint32_t timeout_ms = 10000;  // from the first block on; 0: never
};

enum class CallerIdSource : uint8_t { kNone, kBell202, kV23, kDigits };

struct CallerIdResult {
  CallerIdSource source = CallerIdSource::kNone;
  CallerIdFailure failure = CallerIdFailure::kNoSignal;  // kNone: `message` is what was sent; else the latest reason
  bool alerted = false;                                  // DT-AS or CAS was heard
  CallerIdMessage message;
};

class CallerIdReceiver {
 public:
  explicit CallerIdReceiver(const CallerIdReceiverSettings& settings = {});

  /// Listens to 160 samples and to what the DTMF receiver found in the same block on this channel. Gives the result in
  /// the block in which it is complete, or in which time is up; after that, and else, null. A message that failed is
  /// no result yet: another may follow until time is up.
  const CallerIdResult* process(const int16_t* block, std::span<const DtmfEvent> digits = {});

  /// What there is by now: for the one who answers before time is up. Nothing is listened to after it.
  const CallerIdResult& finish();

  bool finished() const { return finished_; }
  /// DT-AS or CAS ended: in a call, the moment to mute and to send digit D (within 100 ms).
  bool alerted() const { return result_.alerted; }

 private:
  void take_character(const FskEvent& event);
  void begin_message(uint8_t type);
  void fail(CallerIdFailure failure);
  void take_digit(char digit);
  void end_digits(bool end_code_missing);

  CallerIdReceiverSettings settings_;
  FskReceiver fsk_;
  AlertToneDetector alert_;
  CallerIdResult result_;
  bool finished_ = false;
  uint64_t samples_ = 0;  // heard so far

  uint8_t seizure_octets_ = 0;  // in a row
  uint64_t seized_at_ = 0;      // sample; 0: no seizure
  bool in_message_ = false;
  uint64_t failed_at_ = 0;  // sample
  std::size_t size_ = 0;
  std::array<uint8_t, kMaxCallerIdOctets> octets_{};

  std::size_t digits_size_ = 0;
  uint64_t digit_at_ = 0;
  std::array<char, kMaxCallerIdDigits> digits_{};
};

enum class CallerIdAlerting : uint8_t { kNone, kDtAs };

/// How a station is told. The levels are those at the exchange end of the line (GR-30: −13.5 dBm).
struct CallerIdSignal {
  FskKind kind = FskKind::kBell202;
  CallerIdAlerting alerting = CallerIdAlerting::kNone;
  CallerIdFormat format = CallerIdFormat::kMdmf;
  bool off_hook = false;  // no seizure and a short mark, to follow the station's digit D; no alerting before it
  uint32_t lead_ms = 0;   // silence before all
  double level_dbm0 = -13.5;
  double alert_level_dbm0 = -15;  // of either tone
};

/// [lead] [DT-AS, 100 ms of silence] [300 bits of seizure] 180 (off hook 80) bits of mark, message, 10 bits of mark.
/// Empty if the message cannot be built (build_caller_id). Allocates.
std::vector<uint8_t> render_caller_id(const CallerIdMessage& message, const CallerIdSignal& signal);

/// The alerting signal alone: 100 ms for DT-AS, 80 ms for CAS.
std::vector<uint8_t> render_alert_tone(uint32_t on_ms, double level_dbm0 = -15);

struct CallerIdDigitsSignal {
  CallerIdDigits form = CallerIdDigits::kDC;
  uint32_t lead_ms = 0;
  uint32_t on_ms = 70;  // EN 300 659-1 annex B: 70 ± 5 ms of either
  uint32_t off_ms = 70;
  double level_dbm0 = -10;  // of either tone
};

/// Empty if the form has no way to say it (build_caller_id_digits). Allocates.
std::vector<uint8_t> render_caller_id_digits(const CallerIdMessage& message, const CallerIdDigitsSignal& signal);

}  // namespace cordboard::dsp
