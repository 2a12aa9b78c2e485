// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_charge.hpp"

#include <algorithm>

namespace cordboard::signalling {
namespace {

using ber::context, ber::context_constructed, ber::number_of, ber::Octets, ber::text_of, ber::Value;
using BerReader = ber::Reader;

constexpr std::size_t kMostCurrency = 10;  // ETS 300 182-1 6.2

// --------------------------------------------------------------------------------------------------------------- charge

/// RecordedUnitsList (ETS 300 182-1 annex A): all units together.
bool read_units(Octets list, PriCharge& charge) {
  BerReader reader(list);
  bool any = false;
  for (int n = 0; n < 32; ++n) {
    const auto recorded = reader.next(ber::kSequence);
    if (!recorded) break;
    BerReader inside(recorded->contents);
    const auto units = inside.next(ber::kInteger);
    const auto number = units ? number_of(*units) : std::nullopt;
    if (!number) continue;
    charge.units = *number > UINT32_MAX - charge.units ? UINT32_MAX : charge.units + *number;
    any = true;
  }
  return any;
}

/// Amount: its count [1] with a multiplier [2] of 0.001 to 1000.
std::optional<uint32_t> read_amount(Octets octets) {
  BerReader reader(octets);
  const auto count = reader.next(context(1));
  const auto multiplier = reader.next(context(2));
  const auto counted = count ? number_of(*count) : std::nullopt;
  const auto power = multiplier ? number_of(*multiplier) : std::nullopt;
  if (!counted || !power || *power > 6) return std::nullopt;
  uint64_t thousandths = *counted;
  for (uint32_t n = 0; n < *power; ++n) thousandths *= 10;
  return static_cast<uint32_t>(std::min<uint64_t>(thousandths, UINT32_MAX));
}

/// RecordedCurrency: the currency [1], its amount [2].
bool read_currency(Octets octets, PriCharge& charge) {
  BerReader reader(octets);
  const auto currency = reader.next(context(1));
  const auto amount = reader.next(context_constructed(2));
  const auto thousandths = amount ? read_amount(amount->contents) : std::nullopt;
  if (!currency || !thousandths) return false;
  charge.currency = text_of(currency->contents, kMostCurrency);
  charge.amount = *thousandths;
  return !charge.currency.empty();
}

}  // namespace

/// AOC-D and AOC-E: free of charge, or specific charges. In AOC-E they are one sequence deeper.
std::optional<PriCharge> read_charge(Octets argument, bool units, bool final) {
  PriCharge charge;
  charge.final = final;
  BerReader reader(argument);
  const auto outer = reader.next();
  if (!outer) return std::nullopt;
  const auto is_free = [](const Value& value) { return value.tag == context(1) && value.contents.empty(); };
  Octets specific = outer->contents;
  charge.free = is_free(*outer);
  if (!charge.free && outer->tag != ber::kSequence) return std::nullopt;
  if (final && !charge.free) {
    BerReader inside(specific);
    const auto info = inside.next();
    if (!info) return std::nullopt;
    charge.free = is_free(*info);
    if (!charge.free && info->tag != ber::kSequence) return std::nullopt;
    specific = info->contents;
  }
  if (charge.free) return charge;
  BerReader inside(specific);
  const auto recorded = inside.next(context_constructed(1));
  if (!recorded) return std::nullopt;
  const bool good = units ? read_units(recorded->contents, charge) : read_currency(recorded->contents, charge);
  return good ? std::optional(charge) : std::nullopt;
}

// --------------------------------------------------------------------------------------------------------------- tariffs

namespace {

/// Time: length [1] in units [2] of a hundredth of a second to a day. 0: none.
uint32_t read_time(Octets octets) {
  constexpr uint32_t kScalesMs[] = {10, 100, 1000, 10000, 60000, 3600000, 86400000};
  BerReader reader(octets);
  const auto length = reader.next(context(1));
  const auto scale = reader.next(context(2));
  const auto count = length ? number_of(*length) : std::nullopt;
  const auto unit = scale ? number_of(*scale) : std::nullopt;
  if (!count || !unit || *unit >= std::size(kScalesMs)) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{*count} * kScalesMs[*unit], UINT32_MAX));
}

/// AOCSCurrencyInfo (ETS 300 182-1 annex A): by time [1], once [2] or free [4]. Rates by volume and special codes say
/// nothing about a telephone call.
std::optional<PriTariff> read_tariff(Octets octets) {
  BerReader reader(octets);
  const auto item = reader.next(ber::kEnumerated);
  const auto rate = reader.next();
  const auto charged = item ? number_of(*item) : std::nullopt;
  if (!charged || *charged > 4 || !rate) return std::nullopt;
  PriTariff tariff;
  tariff.item = static_cast<uint8_t>(*charged);
  if (rate->tag == context(4)) {
    tariff.free = true;
    return tariff;
  }
  const bool timed = rate->tag == context_constructed(1);
  if (!timed && rate->tag != context_constructed(2)) return std::nullopt;
  BerReader inside(rate->contents);
  const auto currency = inside.next(context(1));
  const auto amount = inside.next(context_constructed(2));
  const auto thousandths = amount ? read_amount(amount->contents) : std::nullopt;
  if (!currency || !thousandths) return std::nullopt;
  tariff.currency = text_of(currency->contents, kMostCurrency);
  tariff.amount = *thousandths;
  if (timed) {
    inside.next(context(3));  // continuous, or in steps
    const auto time = inside.next(context_constructed(4));
    tariff.per_ms = time ? read_time(time->contents) : 0;
    if (tariff.per_ms == 0) return std::nullopt;
  }
  if (tariff.currency.empty()) return std::nullopt;
  return tariff;
}

}  // namespace

std::vector<PriTariff> read_tariffs(Octets argument) {
  std::vector<PriTariff> tariffs;
  BerReader reader(argument);
  const auto list = reader.next(ber::kSequence);
  if (!list) return tariffs;
  BerReader inside(list->contents);
  for (std::size_t n = 0; n < kMostTariffs; ++n) {
    const auto one = inside.next(ber::kSequence);
    if (!one) break;
    if (auto tariff = read_tariff(one->contents)) tariffs.push_back(std::move(*tariff));
  }
  return tariffs;
}

}  // namespace cordboard::signalling
