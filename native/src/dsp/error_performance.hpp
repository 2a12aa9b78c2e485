// SPDX-License-Identifier: GPL-2.0-or-later
// Error performance of a 64 kbit/s connection second by second, as ITU-T G.821 has it: errored and severely errored seconds,
// degraded minutes (annex of the edition of 1988, still in every acceptance sheet) and unavailable time.
#pragma once

#include <cstdint>

namespace cordboard::dsp {

struct ErrorTotals {
  uint32_t seconds{};           // looked at
  uint32_t available{};         // those that do not belong to unavailable time
  uint32_t errored{};           // of the available: with an error at least
  uint32_t severely_errored{};  // of the available: an error ratio above 10^-3, or no pattern
  uint32_t unavailable{};
  uint32_t degraded_minutes{};  // of 60 available seconds that are not severely errored: an error ratio above 10^-6
  uint32_t minutes{};           // such minutes in all
  uint64_t bits{};              // of available time
  uint64_t errors{};
};

/// Unavailable time begins with the first of ten severely errored seconds in a row, which belong to it, and ends with the
/// first of ten that are not, which do not (G.821 annex A).
class ErrorPerformance {
 public:
  /// One second: bits compared and errors among them; `pattern`: there was a pattern to compare with all the time.
  void second(uint64_t bits, uint64_t errors, bool pattern);
  /// With what has been seen so far; seconds that may still become unavailable count as what they are now.
  ErrorTotals totals() const;

 private:
  struct Second {
    uint64_t bits, errors;
    bool severe;
  };
  static constexpr uint32_t kTurn = 10;
  void count(const Second& second);

  ErrorTotals totals_;
  Second pending_[kTurn]{};  // a run that may turn the state
  uint32_t run_{};
  bool unavailable_{};
  uint32_t minute_seconds_{};
  uint64_t minute_bits_{};
  uint64_t minute_errors_{};
};

}  // namespace cordboard::dsp
