// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/delay_estimator.hpp"

#include <algorithm>

namespace cordboard::rtp {

namespace {

// Room kept below the lowest, for packets that come faster yet.
constexpr int32_t kRoomBelow = 8;
// How often low and high are worked out: a third of a second of packets of 20 ms, each of the first ones.
constexpr uint32_t kMeasureEvery = 16;
constexpr uint32_t kFirst = 64;
constexpr int64_t kMuchFaster = 4 * DelayEstimator::kStep;

}  // namespace

void DelayEstimator::add(int64_t transit) {
  if (total_ > 0 && total_ < kFirst && transit < low_ - kMuchFaster) reset();
  if (total_ == 0) base_ = transit - kRoomBelow * kStep;
  int64_t step = (transit - base_) / kStep;
  if (transit < base_) {
    const int64_t missing = (base_ - transit + kStep - 1) / kStep + kRoomBelow;
    shift_up(static_cast<int32_t>(std::min<int64_t>(missing, kSteps)));
    base_ = missing > kSteps ? transit - kRoomBelow * kStep : base_ - missing * kStep;
    step = (transit - base_) / kStep;
  }
  ++weights_[static_cast<std::size_t>(std::min<int64_t>(step, kSteps - 1))];
  ++total_;
  if (total_ >= 2 * kMemory) forget_half();
  if (++since_measured_ >= kMeasureEvery || total_ <= kMeasureEvery) measure();
}

/// Makes room below. What is pushed out above counts as the end.
void DelayEstimator::shift_up(int32_t steps) {
  for (int32_t i = 0; i < steps; ++i) {
    const auto pushed_out = weights_.back();
    std::copy_backward(weights_.begin(), weights_.end() - 1, weights_.end());
    weights_.front() = 0;
    weights_.back() = static_cast<uint16_t>(weights_.back() + pushed_out);
  }
}

void DelayEstimator::forget_half() {
  total_ = 0;
  std::size_t lowest = weights_.size();
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    weights_[i] /= 2;
    total_ += weights_[i];
    if (weights_[i] > 0) lowest = std::min(lowest, i);
  }
  // The empty room below drifts away from a sender whose clock is slow, or whose way has become longer.
  if (lowest < weights_.size() && lowest > 2 * kRoomBelow) {
    const auto by = static_cast<std::ptrdiff_t>(lowest - kRoomBelow);
    std::copy(weights_.begin() + by, weights_.end(), weights_.begin());
    std::fill(weights_.end() - by, weights_.end(), uint16_t{0});
    base_ += by * kStep;
  }
}

void DelayEstimator::measure() {
  since_measured_ = 0;
  const uint32_t below_low = total_ / 50;
  const uint32_t above_high = total_ * 3 / 100;
  uint32_t sum = 0;
  std::size_t i = 0;
  while (i + 1 < weights_.size() && sum + weights_[i] <= below_low) sum += weights_[i++];
  low_ = base_ + static_cast<int64_t>(i) * kStep;
  sum = 0;
  i = weights_.size() - 1;
  while (i > 0 && sum + weights_[i] <= above_high) sum += weights_[i--];
  high_ = base_ + static_cast<int64_t>(i + 1) * kStep - 1;
}

}  // namespace cordboard::rtp
