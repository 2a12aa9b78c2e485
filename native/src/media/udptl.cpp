// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/udptl.hpp"

#include <algorithm>

namespace cordboard::media {

namespace {

/// Octets that are read in order; past the end everything fails.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> octets) : left_(octets) {}

  std::size_t left() const { return left_.size(); }
  std::optional<uint8_t> octet() {
    if (left_.empty()) return std::nullopt;
    const uint8_t value = left_.front();
    left_ = left_.subspan(1);
    return value;
  }
  std::optional<uint32_t> two_octets() {
    const auto high = octet();
    const auto low = octet();
    if (!high || !low) return std::nullopt;
    return static_cast<uint32_t>(*high << 8 | *low);
  }
  /// Length determinant (X.691 10.9.3.6-8).
  std::optional<std::size_t> length() {
    const auto first = octet();
    if (!first) return std::nullopt;
    if (*first < 0x80) return *first;
    if (*first >= 0xC0) return std::nullopt;  // fragments
    const auto second = octet();
    if (!second) return std::nullopt;
    return static_cast<std::size_t>((*first & 0x3F) << 8 | *second);
  }
  std::optional<std::span<const uint8_t>> octets(std::size_t count) {
    if (count > left_.size()) return std::nullopt;
    const auto found = left_.first(count);
    left_ = left_.subspan(count);
    return found;
  }
  /// An open type or an octet string.
  std::optional<std::span<const uint8_t>> field() {
    const auto count = length();
    return count ? octets(*count) : std::nullopt;
  }

 private:
  std::span<const uint8_t> left_;
};

std::size_t length_octets(std::size_t count) { return count < 0x80 ? 1 : 2; }

void put_field(std::vector<uint8_t>& to, std::span<const uint8_t> field) {
  if (field.size() >= 0x80) to.push_back(static_cast<uint8_t>(0x80 | field.size() >> 8));
  to.push_back(static_cast<uint8_t>(field.size()));
  to.insert(to.end(), field.begin(), field.end());
}

void add(std::vector<uint8_t>& sum, std::span<const uint8_t> octets) {
  if (sum.size() < octets.size()) sum.resize(octets.size());
  for (std::size_t i = 0; i < octets.size(); ++i) sum[i] ^= octets[i];
}

int distance(uint16_t to, uint16_t from) { return static_cast<int16_t>(to - from); }

}  // namespace

std::optional<UdptlPacket> parse_udptl(std::span<const uint8_t> datagram) {
  Reader reader(datagram);
  UdptlPacket packet;
  const auto sequence = reader.two_octets();
  const auto primary = reader.field();
  const auto kind = reader.octet();  // one bit, and seven to fill the octet
  if (!sequence || !primary || !kind) return std::nullopt;
  packet.sequence = static_cast<uint16_t>(*sequence);
  packet.primary = *primary;
  packet.fec = (*kind & 0x80) != 0;
  if (packet.fec) {
    // INTEGER without bounds: its length in octets, and the number (X.691 12.2.6).
    const auto octets = reader.octet();
    if (octets != 1 && octets != 2) return std::nullopt;
    const auto span = *octets == 1 ? std::optional<uint32_t>(reader.octet()) : reader.two_octets();
    if (!span) return std::nullopt;
    packet.span = *span;
  }
  const auto parts = reader.length();
  if (!parts) return std::nullopt;
  for (std::size_t i = 0; i < *parts; ++i) {
    const auto part = reader.field();
    if (!part) return std::nullopt;
    if (i < kMaxUdptlParts) packet.part[packet.parts++] = *part;
  }
  // XORs that are not all there belong to other packets than they would seem to.
  if (packet.fec && *parts > kMaxUdptlParts) packet.parts = 0;
  return packet;
}

std::size_t ifp_length(std::span<const uint8_t> octets, uint32_t version) {
  Reader reader(octets);
  const auto type = reader.octet();
  if (!type) return 0;
  const bool has_data = (*type & 0x80) != 0;
  const bool is_data = (*type & 0x40) != 0;
  if ((*type & 0x20) != 0 && !reader.octet()) return 0;  // one of the later kinds: a bit more than an octet
  if (is_data && has_data) {
    const auto fields = reader.octet();
    if (!fields) return 0;
    for (int i = 0; i < *fields; ++i) {
      const auto field = reader.octet();
      if (!field) return 0;
      if (version > 0 && (*field & 0x40) != 0 && !reader.octet()) return 0;
      if ((*field & 0x80) == 0) continue;
      const auto count = reader.two_octets();
      if (!count || !reader.octets(*count + 1)) return 0;
    }
  } else if (has_data) {
    return 0;  // an indicator has none
  }
  return octets.size() - reader.left();
}

UdptlSender::UdptlSender(const Settings& settings) : settings_(settings) {}

std::span<const uint8_t> UdptlSender::pack(std::span<const uint8_t> ifp) {
  if (ifp.empty() || ifp.size() > kMaxUdptl - 16) return {};
  datagram_.clear();
  datagram_.push_back(static_cast<uint8_t>(sequence_ >> 8));
  datagram_.push_back(static_cast<uint8_t>(sequence_));
  put_field(datagram_, ifp);
  if (settings_.correction == UdptlCorrection::kFec) {
    add_fec();
  } else {
    add_redundancy();
  }
  kept_[sequence_ % kKept].assign(ifp.begin(), ifp.end());
  ++sequence_;
  return datagram_;
}

void UdptlSender::add_redundancy() {
  const uint32_t wanted = settings_.correction == UdptlCorrection::kNone
                              ? 0
                              : std::min({settings_.depth, sequence_, uint32_t{kMaxUdptlParts}});
  std::size_t room = std::min(settings_.max_datagram, kMaxUdptl);
  room -= std::min(room, datagram_.size() + 2);
  uint32_t parts = 0;
  for (; parts < wanted; ++parts) {
    const std::size_t octets = earlier(parts + 1).size();
    if (octets + length_octets(octets) > room) break;
    room -= octets + length_octets(octets);
  }
  datagram_.push_back(0x00);
  datagram_.push_back(static_cast<uint8_t>(parts));
  for (uint32_t back = 1; back <= parts; ++back) put_field(datagram_, earlier(back));
}

void UdptlSender::add_fec() {
  const uint32_t entries = std::min<uint32_t>(settings_.entries, kMaxUdptlParts);
  // At the start the XORs have as many IFPs as there have been.
  const uint32_t most = std::min(sequence_, kKept - 1);
  const uint32_t span = entries == 0 ? 0 : std::min(settings_.span, most / entries);
  std::vector<uint8_t> sums;
  bool whole = span > 0;
  for (uint32_t m = 0; whole && m < entries; ++m) {
    sum_.clear();
    for (uint32_t k = 1; k <= span; ++k) add(sum_, earlier(k * entries - m));
    put_field(sums, sum_);
    whole = datagram_.size() + 4 + sums.size() <= std::min(settings_.max_datagram, kMaxUdptl);
  }
  datagram_.insert(datagram_.end(), {0x80, 0x01, static_cast<uint8_t>(whole ? span : 0)});
  datagram_.push_back(static_cast<uint8_t>(whole ? entries : 0));
  if (whole) datagram_.insert(datagram_.end(), sums.begin(), sums.end());
}

bool UdptlReceiver::has(uint16_t sequence) const {
  const auto& slot = slots_[sequence % kSlots];
  return slot.there && slot.sequence == sequence;
}

bool UdptlReceiver::take(std::span<const uint8_t> datagram) {
  if (datagram.size() > kMaxUdptl) return false;
  const auto packet = parse_udptl(datagram);
  if (!packet) return false;
  const uint16_t sequence = packet->sequence;
  if (!begun_) {
    begun_ = true;
    restart(sequence < kAhead ? 0 : sequence);  // numbers begin at 0 (T.38 9.1.2)
  }
  const int ahead = distance(sequence, expected_);
  if (ahead >= kAhead || ahead < -static_cast<int>(kSlots) / 2) {
    // Whoever begins anew sends more like it; a single one is a stray.
    const bool again = strange_ && distance(sequence, *strange_) > 0 && distance(sequence, *strange_) <= 4;
    strange_ = sequence;
    if (!again) return true;
    restart(sequence);
  }
  strange_.reset();
  keep(sequence, packet->primary);
  if (!packet->fec) {
    for (std::size_t i = 0; i < packet->parts; ++i) {
      const auto earlier = static_cast<uint16_t>(sequence - 1 - i);
      if (distance(earlier, expected_) >= 0 && keep(earlier, packet->part[i])) ++recovered_;
    }
  } else if (packet->span > 0 && packet->span * packet->parts <= kSlots / 2) {
    for (std::size_t m = 0; m < packet->parts; ++m) {
      auto& sum = sums_[next_sum_++ % kSums];
      sum.span = packet->span;
      sum.step = static_cast<uint32_t>(packet->parts);
      sum.end = static_cast<uint16_t>(sequence + m);
      sum.octets.assign(packet->part[m].begin(), packet->part[m].end());
    }
  }
  solve();
  return true;
}

/// True when it is a new one.
bool UdptlReceiver::keep(uint16_t sequence, std::span<const uint8_t> ifp) {
  if (ifp.empty() || has(sequence) || distance(sequence, expected_) < 0) return false;
  auto& slot = slots_[sequence % kSlots];
  slot.there = true;
  slot.sequence = sequence;
  slot.ifp.assign(ifp.begin(), ifp.end());
  if (distance(sequence, newest_) > 0) newest_ = sequence;
  return true;
}

void UdptlReceiver::restart(uint16_t sequence) {
  for (auto& slot : slots_) slot.there = false;
  for (auto& sum : sums_) sum.span = 0;
  expected_ = sequence;
  newest_ = static_cast<uint16_t>(sequence - 1);
  held_ticks_ = 0;
}

/// One that is made good may make good another.
void UdptlReceiver::solve() {
  for (bool again = true; again;) {
    again = false;
    for (auto& sum : sums_) again |= sum.span > 0 && solve(sum);
  }
}

bool UdptlReceiver::solve(Sum& sum) {
  int missing = 0;
  uint16_t which = 0;
  for (uint32_t k = 1; k <= sum.span; ++k) {
    const auto sequence = static_cast<uint16_t>(sum.end - k * sum.step);
    if (has(sequence)) continue;
    ++missing;
    which = sequence;
  }
  if (missing > 1) return false;
  const uint32_t span = sum.span;
  sum.span = 0;
  if (missing == 0 || distance(which, expected_) < 0) return false;
  solved_ = sum.octets;
  for (uint32_t k = 1; k <= span; ++k) {
    const auto sequence = static_cast<uint16_t>(sum.end - k * sum.step);
    if (sequence != which) add(solved_, slots_[sequence % kSlots].ifp);
  }
  const bool made = keep(which, solved_);
  if (made) ++recovered_;
  return made;
}

std::optional<UdptlReceiver::Ifp> UdptlReceiver::next() {
  if (!begun_ || distance(newest_, expected_) < 0) return std::nullopt;
  if (!has(expected_)) {
    if (held_ticks_ < kHoldTicks && distance(newest_, expected_) < kAhead / 2) return std::nullopt;
    for (; !has(expected_); ++expected_) ++lost_;
  }
  held_ticks_ = 0;
  const uint16_t given = expected_++;
  return Ifp{given, slots_[given % kSlots].ifp};
}

void UdptlReceiver::tick() {
  if (begun_ && distance(newest_, expected_) >= 0 && !has(expected_)) ++held_ticks_;
}

}  // namespace cordboard::media
