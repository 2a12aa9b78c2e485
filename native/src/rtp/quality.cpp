// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/quality.hpp"

#include <algorithm>
#include <cmath>

namespace cordboard::rtp {

namespace {

constexpr double kDefaultRating = 93.2;

/// Clause 7.4, for sT = 1 and mT = 100 ms, the default delay sensitivity class.
double delay_impairment(double ms) {
  if (ms <= 100) return 0;
  const double x = std::log2(ms / 100);
  const auto root = [](double base) { return std::pow(1 + std::pow(base, 6), 1.0 / 6); };
  return 25 * (root(x) - 3 * root(x / 3) + 2);
}

}  // namespace

CodecImpairment impairment_of(Encoding codec) {
  switch (codec) {
    case Encoding::kOpus:
      return {5, 20};
    case Encoding::kG722:
    case Encoding::kPcma:
    case Encoding::kPcmu:
    case Encoding::kComfortNoise:
    case Encoding::kTelephoneEvent:
      break;
  }
  return {0, 25.1};
}

double transmission_rating(const QualityInput& input) {
  const auto codec = impairment_of(input.codec);
  const double loss_percent = 100 * std::clamp(input.loss_share, 0.0, 1.0);
  const double burst_ratio = std::clamp(input.burst_ratio, 1.0, 100.0);
  const double loss = (95 - codec.ie) * loss_percent / (loss_percent / burst_ratio + codec.bpl);
  const double rating = kDefaultRating - delay_impairment(std::clamp(input.delay_ms, 0.0, 10'000.0)) - codec.ie - loss;
  return std::clamp(rating, 0.0, kDefaultRating);
}

double mos_of_rating(double rating) {
  if (!(rating > 0)) return 1;
  if (rating >= 100) return 4.5;
  // The formula of the annex dips below 1 under R = 6.5.
  return std::max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

}  // namespace cordboard::rtp
