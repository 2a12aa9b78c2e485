// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: who is at the far end of a leg, transfers that the far end does, and what a call will cost.
#pragma once

#include <string>
#include <vector>

#include "engine/api_commands.hpp"

namespace cordboard::engine {

/// Why somebody else is at the far end than the one who was called, or who called.
enum class PartyReason : uint8_t { kConnected, kTransferred };
/// What is charged for (ETS 300 182-1).
enum class TariffItem : uint8_t { kTalk, kAttempt, kSetUp, kUserInformation, kService };

/// Tells the far end of an answered leg that somebody else is here now. ISDN but the national protocol; others: invalid.
struct LegInform {
  uint32_t leg{};
  std::string number;
  std::string name;
  bool restricted{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegInform::leg, "the leg", kId),
                      optional_field("number", &LegInform::number, "digits; empty: not known", kNumber),
                      optional_field("name", &LegInform::name, "where the signalling carries it", kName),
                      optional_field("restricted", &LegInform::restricted, "neither is to be shown")};
  }
};

/// Asks the far end to join two answered legs of one D-channel itself; leg.transferred tells what has come of it. Refused where the
/// signalling cannot ask (invalid), or one of them is not answered (wrong_state).
struct LegTransfer {
  uint32_t leg{};
  uint32_t other{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegTransfer::leg, "the leg", kId),
                      field("other", &LegTransfer::other, "the one that its far end is to talk with", kId)};
  }
};

/// The answer to leg.transferAsked. Allowed: both legs are released.
struct LegAllowTransfer {
  uint32_t leg{};
  bool allowed{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegAllowTransfer::leg, "the leg", kId),
                      field("allowed", &LegAllowTransfer::allowed, "the two are joined")};
  }
};

/// AOC-S: what something costs.
struct Tariff {
  TariffItem item{};
  bool free{};
  std::string currency;
  double amount{};
  uint32_t perMs{};
  static constexpr auto fields() {
    return std::tuple{
        field("item", &Tariff::item, "what is charged for"), optional_field("free", &Tariff::free, "it costs nothing"),
        optional_field("currency", &Tariff::currency, "as the exchange names it, hostile text", range(0, 10)),
        optional_field("amount", &Tariff::amount, "of the currency", range(0, 4000000)),
        optional_field("perMs", &Tariff::perMs, "for each so long; 0: once", range(0, 4294967295))};
  }
};

/// Tells the far end of a call in what it will cost. ISDN, network side, EuroISDN.
struct LegTariff {
  uint32_t leg{};
  std::vector<Tariff> tariffs;
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegTariff::leg, "the leg", kId),
                      field("tariffs", &LegTariff::tariffs, "what is charged for", range(0, 10))};
  }
};

struct LegParty {
  uint32_t leg{};
  PartyReason reason{};
  std::string number;
  std::string name;
  bool restricted{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegParty::leg, "the leg"),
                      field("reason", &LegParty::reason, "connected: told with the answer, just before it"),
                      field("number", &LegParty::number, "who is there now, hostile text; empty: not told"),
                      field("name", &LegParty::name, "hostile text; empty: not told"),
                      field("restricted", &LegParty::restricted, "he does not want to be shown")};
  }
};

struct LegTransferred {
  uint32_t leg{};
  uint32_t other{};
  bool done{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegTransferred::leg, "the leg"),
                      field("other", &LegTransferred::other, "the other"),
                      field("done", &LegTransferred::done,
                            "the far end has joined them and clears both; false: nothing has happened to them")};
  }
};

struct LegTransferAsked {
  uint32_t leg{};
  uint32_t other{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegTransferAsked::leg, "the leg: leg.allowTransfer answers within 3 s"),
                      field("other", &LegTransferAsked::other, "the one it is to be joined with")};
  }
};

struct LegTariffs {
  uint32_t leg{};
  std::vector<Tariff> tariffs;
  static constexpr auto fields() {
    return std::tuple{field("leg", &LegTariffs::leg, "the leg"),
                      field("tariffs", &LegTariffs::tariffs, "what is charged for, as told at the set-up (AOC-S)")};
  }
};

}  // namespace cordboard::engine

namespace cordboard {
using engine::PartyReason, engine::TariffItem;
template <>
struct EnumNames<PartyReason> {
  static constexpr std::array<std::string_view, 2> names{"connected", "transferred"};
};
template <>
struct EnumNames<TariffItem> {
  static constexpr std::array<std::string_view, 5> names{"talk", "attempt", "setUp", "userInformation", "service"};
};
}  // namespace cordboard
