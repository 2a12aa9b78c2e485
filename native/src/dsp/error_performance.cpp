// SPDX-License-Identifier: GPL-2.0-or-later
#include "dsp/error_performance.hpp"

namespace cordboard::dsp {

namespace {
constexpr uint32_t kMinute = 60;
}

void ErrorPerformance::second(uint64_t bits, uint64_t errors, bool pattern) {
  const Second now{bits, errors, !pattern || errors * 1000 > bits};
  ++totals_.seconds;
  const bool turning = now.severe != unavailable_;
  if (turning) {
    pending_[run_++] = now;
    if (run_ < kTurn) return;
    unavailable_ = now.severe;
  }
  // The run is of the new state when it was long enough, else of the old one.
  for (uint32_t i = 0; i < run_; ++i) {
    if (unavailable_) {
      ++totals_.unavailable;
    } else {
      count(pending_[i]);
    }
  }
  run_ = 0;
  if (turning) return;
  if (unavailable_) {
    ++totals_.unavailable;
  } else {
    count(now);
  }
}

void ErrorPerformance::count(const Second& second) {
  ++totals_.available;
  totals_.bits += second.bits;
  totals_.errors += second.errors;
  if (second.severe) {
    ++totals_.errored;
    ++totals_.severely_errored;
    return;
  }
  if (second.errors > 0) ++totals_.errored;
  minute_bits_ += second.bits;
  minute_errors_ += second.errors;
  if (++minute_seconds_ < kMinute) return;
  ++totals_.minutes;
  if (minute_errors_ * 1'000'000 > minute_bits_) ++totals_.degraded_minutes;
  minute_seconds_ = 0;
  minute_bits_ = minute_errors_ = 0;
}

ErrorTotals ErrorPerformance::totals() const {
  ErrorPerformance now = *this;
  for (uint32_t i = 0; i < run_; ++i) {
    if (unavailable_) {
      ++now.totals_.unavailable;
    } else {
      now.count(pending_[i]);
    }
  }
  return now.totals_;
}

}  // namespace cordboard::dsp
