// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: signalling system No. 7. A link set leads to one other exchange; its circuits are timeslots of one or more E1s.
#pragma once

#include <string>
#include <vector>

#include "engine/api_types.hpp"

namespace cordboard::engine {

/// A timeslot that carries signalling.
struct LinkConfig {
  uint32_t span{};
  uint32_t timeslot = 16;
  uint32_t code{};
  static constexpr auto fields() {
    return std::tuple{field("span", &LinkConfig::span, "the E1", range(1, 512)),
                      field("timeslot", &LinkConfig::timeslot, "of it", range(1, 31)),
                      field("code", &LinkConfig::code, "signalling link code, the same at both ends", range(0, 15))};
  }
};
struct LinkSetConfig {
  uint32_t linkSet{};
  std::string name;
  Ss7Variant variant{};
  uint32_t networkIndicator = 2;
  uint32_t pointCode{};
  uint32_t destination{};
  uint32_t adjacent{};
  std::vector<LinkConfig> links;
  uint32_t calledNature = 3;
  uint32_t callingNature = 3;
  uint32_t checkEvery{};
  static constexpr auto fields() {
    return std::tuple{
        field("linkSet", &LinkSetConfig::linkSet, "number, from 1", range(1, 512)),
        field("name", &LinkSetConfig::name, "shown to people", range(1, 64)),
        optional_field("variant", &LinkSetConfig::variant, "itu: point codes of 14 bits; china: of 24"),
        optional_field("networkIndicator", &LinkSetConfig::networkIndicator, "0 international, 2 national", range(0, 3)),
        field("pointCode", &LinkSetConfig::pointCode, "of this exchange", range(1, 16777215)),
        field("destination", &LinkSetConfig::destination, "of the exchange at the other end of the circuits",
              range(1, 16777215)),
        optional_field("adjacent", &LinkSetConfig::adjacent, "of the one at the other end of the links; 0: the same",
                       range(0, 16777215)),
        field("links", &LinkSetConfig::links, "one or two", range(1, 2)),
        optional_field("calledNature", &LinkSetConfig::calledNature,
                       "of called numbers: 1 subscriber, 2 unknown, 3 national, 4 international", range(1, 4)),
        optional_field("callingNature", &LinkSetConfig::callingNature, "of calling numbers", range(1, 4)),
        optional_field("checkEvery", &LinkSetConfig::checkEvery,
                       "one call out of so many has its circuit's continuity checked; 0: none", range(0, 1000))};
  }
};
/// Of an E1 with signalling ss7.
struct Ss7SpanConfig {
  uint32_t linkSet{};
  uint32_t firstCircuit = 1;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("linkSet", &Ss7SpanConfig::linkSet, "which its calls are signalled by", range(0, 512)),
        optional_field("firstCircuit", &Ss7SpanConfig::firstCircuit, "circuit identification code of timeslot 1",
                       range(0, 4065))};
  }
};

struct SnapshotLink {
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t code{};
  LinkState state{};
  bool carries{};
  bool inhibited{};
  double failures{};
  double errors{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SnapshotLink::span, "the E1"), field("timeslot", &SnapshotLink::timeslot, "of it"),
                      field("code", &SnapshotLink::code, "signalling link code"),
                      field("state", &SnapshotLink::state, "of level 2"),
                      field("carries", &SnapshotLink::carries, "messages of calls go by it"),
                      field("inhibited", &SnapshotLink::inhibited, "by management, here or there"),
                      field("failures", &SnapshotLink::failures, "times it failed in service"),
                      field("errors", &SnapshotLink::errors, "signal units with a wrong FCS")};
  }
};
struct SnapshotLinkSet {
  uint32_t linkSet{};
  std::string name;
  Ss7Variant variant{};
  uint32_t pointCode{};
  uint32_t destination{};
  bool up{};
  uint32_t circuitsIdle{};
  std::vector<SnapshotLink> links;
  std::vector<uint32_t> spans;
  static constexpr auto fields() {
    return std::tuple{field("linkSet", &SnapshotLinkSet::linkSet, "number"),
                      field("name", &SnapshotLinkSet::name, "shown to people"),
                      field("variant", &SnapshotLinkSet::variant, "whose ISUP"),
                      field("pointCode", &SnapshotLinkSet::pointCode, "of this exchange"),
                      field("destination", &SnapshotLinkSet::destination, "of the other"),
                      field("up", &SnapshotLinkSet::up, "the other exchange can be reached (level 3)"),
                      field("circuitsIdle", &SnapshotLinkSet::circuitsIdle,
                            "circuits that would take a call: not seized, blocked, or being reset"),
                      field("links", &SnapshotLinkSet::links, "signalling links"),
                      field("spans", &SnapshotLinkSet::spans, "E1s whose calls it signals")};
  }
};

/// A signalling link has changed.
struct LinkChanged {
  uint32_t linkSet{};
  uint32_t span{};
  uint32_t timeslot{};
  uint32_t code{};
  LinkState state{};
  static constexpr auto fields() {
    return std::tuple{field("linkSet", &LinkChanged::linkSet, "which"), field("span", &LinkChanged::span, "the E1"),
                      field("timeslot", &LinkChanged::timeslot, "of it"),
                      field("code", &LinkChanged::code, "signalling link code"),
                      field("state", &LinkChanged::state, "now")};
  }
};
/// The continuity of a circuit has been checked (Q.724), for a call or by span.check.
struct SpanChecked {
  uint32_t span{};
  uint32_t timeslot{};
  bool passed{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanChecked::span, "the E1"), field("timeslot", &SpanChecked::timeslot, "of it"),
                      field("passed", &SpanChecked::passed, "the check tone came back")};
  }
};

/// Check the continuity of an idle timeslot (CCR and check tone); span.checked follows.
struct SpanCheck {
  uint32_t span{};
  uint32_t timeslot{};
  static constexpr auto fields() {
    return std::tuple{field("span", &SpanCheck::span, "an E1 with signalling ss7", range(1, 512)),
                      field("timeslot", &SpanCheck::timeslot, "that carries calls", range(1, 31))};
  }
};
/// Spoil a signalling link of the virtual card.
struct VirtualLinkSpoil {
  uint32_t span{};
  uint32_t timeslot = 16;
  bool cut{};
  uint32_t damageEvery{};
  static constexpr auto fields() {
    return std::tuple{field("span", &VirtualLinkSpoil::span, "virtual E1", range(1, 512)),
                      field("timeslot", &VirtualLinkSpoil::timeslot, "that carries the link", range(1, 31)),
                      field("cut", &VirtualLinkSpoil::cut, "nothing gets through, either way"),
                      optional_field("damageEvery", &VirtualLinkSpoil::damageEvery,
                                     "one signal unit out of so many comes to this E1 with a wrong FCS; 0: none",
                                     range(0, 100000))};
  }
};

}  // namespace cordboard::engine
