// SPDX-License-Identifier: GPL-2.0-or-later
// The I/O thread's part of a stream: headers, statistics, RTCP.
#include <algorithm>

#include "rtp/stream_state.hpp"

namespace cordboard::rtp {

namespace {

// 128 ms of G.711, and more than Opus makes of 120 ms at any rate that is spoken at. A ring can hold it.
constexpr std::size_t kLongestPayload = 1024;
constexpr int64_t kNsPerMs = 1'000'000;
// RFC 3550 6.2: 5 s at least, and at these bandwidths that is what it is.
constexpr int64_t kControlIntervalNs = 5'000 * kNsPerMs;

WireFormat find(const std::array<std::atomic<WireFormat>, 8>& accepted, uint8_t payload_type) {
  for (const auto& entry : accepted) {
    const auto format = entry.load(std::memory_order_relaxed);
    if (format.payload_type == payload_type) return format;
  }
  return {};
}

/// A number from 0.5 to 1.5 (RFC 3550 6.3.1). Not divided by e − 3/2: that makes up for timer reconsideration, which
/// changes nothing where there are always two.
double spread(uint32_t& random) {
  random ^= random << 13;
  random ^= random >> 17;
  random ^= random << 5;
  return 0.5 + random / 4294967296.0;
}

void tell(std::atomic<float>& figure, double value) {
  figure.store(static_cast<float>(value), std::memory_order_relaxed);
}

}  // namespace

void Stream::prefetch_network() const {
  constexpr std::size_t kHotOctets = 5 * 64;
  const auto* const at = reinterpret_cast<const char*>(&state().network);
  for (std::size_t offset = 0; offset < kHotOctets; offset += 64) __builtin_prefetch(at + offset, 1);
  __builtin_prefetch(&state().inbound, 1);
  __builtin_prefetch(&state().outbound, 1);
  __builtin_prefetch(&state().counts, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(&state().counts) + 64, 1);
}

void Stream::prefetch_delivery() const { state().inbound.prefetch_write(); }

void Stream::prefetch_next_packet() const { state().outbound.prefetch(); }

bool Stream::accepts(uint8_t payload_type) const {
  return payload_type != kNoPayloadType && find(state().network.accepted, payload_type).used();
}

Delivery Stream::deliver(std::span<const uint8_t> packet, int64_t arrival_ns) {
  auto& state = this->state();
  auto& counts = state.counts;
  PacketView view;
  if (parse_packet(packet, view) != PacketFault::kNone || view.payload.size() > kLongestPayload) {
    counts.malformed.add();
    return Delivery::kMalformed;
  }
  const auto format = find(state.network.accepted, view.payload_type);
  if (!format.used()) {
    counts.wrong_payload_type.add();
    return Delivery::kPayloadType;
  }
  auto& reception = state.network.reception;
  const auto verdict = reception.add({.ssrc = view.ssrc,
                                      .sequence = view.sequence,
                                      .timestamp = view.timestamp,
                                      .clock_hz = format.clock_hz(),
                                      .timed = format.encoding != Encoding::kTelephoneEvent},
                                     arrival_ns);
  counts.duplicated.set(reception.duplicated());
  if (verdict == Reception::Verdict::kProbation) return Delivery::kProbation;
  if (verdict == Reception::Verdict::kDuplicate) return Delivery::kDuplicate;
  counts.packets_received.add();
  counts.octets_received.add(view.payload.size());
  counts.lost.set(reception.lost_in_all());
  counts.reordered.set(reception.reordered());
  tell(counts.jitter_ms, reception.jitter_ms());
  if (verdict == Reception::Verdict::kRestart || !state.hears_any.load(std::memory_order_relaxed)) {
    counts.source_changes.set(reception.restarts());
    state.heard_ssrc.store(reception.ssrc(), std::memory_order_relaxed);
    state.hears_any.store(true, std::memory_order_release);
    state.network.restart_untold = true;
  }
  // Counted all the same: the peer may not yet know that it is on hold, and what it sends meanwhile is not lost.
  if (!receives(state.network.direction.load(std::memory_order_relaxed))) return Delivery::kInactive;
  uint8_t* const room = state.inbound.reserve(view.payload.size());
  if (room == nullptr) {
    counts.overflowed.add();
    return Delivery::kOverflow;
  }
  std::copy(view.payload.begin(), view.payload.end(), room);
  const auto flags =
      (state.network.restart_untold ? InboundMeta::kRestart : 0) | (view.marker ? InboundMeta::kMarker : 0);
  state.network.restart_untold = false;
  state.inbound.commit({view.timestamp, view.sequence, view.payload_type, static_cast<uint8_t>(flags)},
                       view.payload.size());
  return Delivery::kTaken;
}

std::size_t Stream::next_packet(std::span<uint8_t> out, int64_t now_ns) {
  auto& state = this->state();
  auto& network = state.network;
  OutboundMeta meta;
  std::span<const uint8_t> payload;
  if (out.size() < kMaxPacket || !state.outbound.next(meta, payload)) return 0;
  write_header({.payload_type = meta.payload_type,
                .marker = meta.marker,
                .sequence = network.sequence++,
                .timestamp = meta.timestamp,
                .ssrc = state.identity.ssrc},
               out.data());
  std::copy(payload.begin(), payload.end(), out.begin() + kRtpHeader);
  const std::size_t octets = payload.size();
  state.outbound.release(payload.data());
  ++network.packets;
  network.octets += static_cast<uint32_t>(octets);
  if (meta.audio) {
    network.last_timestamp = meta.timestamp;
    network.last_sent_ns = now_ns;
    network.send_clock_hz = meta.clock_khz * 1000U;
  }
  state.counts.packets_sent.add();
  state.counts.octets_sent.add(octets);
  return kRtpHeader + octets;
}

// ---------------------------------------------------------------------------------------------------------------- RTCP

bool Stream::hears(uint32_t ssrc) const {
  return state().hears_any.load(std::memory_order_acquire) &&
         state().heard_ssrc.load(std::memory_order_relaxed) == ssrc;
}

bool Stream::deliver_control(std::span<const uint8_t> packet, int64_t arrival_ns, uint32_t* sender_ssrc) {
  auto& state = this->state();
  auto& network = state.network;
  auto& counts = state.counts;
  ControlPacket control;
  if (!parse_control(packet, control)) {
    counts.malformed.add();
    return false;
  }
  if (sender_ssrc != nullptr) *sender_ssrc = control.ssrc;
  // The address is the peer's. What it says of somebody else, or as somebody else, is of no use.
  if (control.sender && hears(control.ssrc)) {
    network.heard_sr_middle = ntp_middle(control.sender->ntp);
    network.heard_sr_ns = arrival_ns;
  }
  for (std::size_t i = 0; i < control.block_count; ++i) {
    const auto& block = control.blocks[i];
    if (block.ssrc != state.identity.ssrc) continue;
    tell(counts.remote_lost_share, block.fraction_lost / 256.0);
    tell(counts.remote_jitter_ms, block.jitter * 1000.0 / network.send_clock_hz);
    counts.remote_lost.store(block.lost, std::memory_order_relaxed);
    counts.reported.store(true, std::memory_order_relaxed);
    for (const auto& report : network.sent_reports) {
      if (report.at_ns == 0 || report.middle != block.last_sr) continue;
      // By the monotonic clock: the wall clock may have been set since.
      const auto elapsed = static_cast<uint32_t>((arrival_ns - report.at_ns) / 1000 * 65536 / 1'000'000);
      if (const auto seconds = round_trip(block, report.middle + elapsed)) {
        tell(counts.round_trip_ms, *seconds * 1000);
      }
    }
  }
  if (control.voip && control.voip->ssrc == state.identity.ssrc && control.voip->r_factor <= 100) {
    tell(counts.remote_rating, control.voip->r_factor);
  }
  for (std::size_t i = 0; i < control.bye_count; ++i) {
    if (hears(control.byes[i])) counts.said_bye.store(true, std::memory_order_relaxed);
  }
  return true;
}

int64_t Stream::control_due_ns() const { return state().network.control_due_ns; }

std::size_t Stream::next_control(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp) {
  auto& network = state().network;
  const bool first = network.control_due_ns == 0;
  const double share = spread(network.random) * (first ? 0.5 : 1);
  network.control_due_ns = now_ns + static_cast<int64_t>(share * static_cast<double>(kControlIntervalNs));
  return first ? 0 : state().write_report(out, now_ns, ntp, false);
}

std::size_t Stream::bye(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp) {
  const auto& network = state().network;
  // RFC 3550 6.3.7: who has never sent anything does not say good-bye.
  return network.packets > 0 || network.told ? state().write_report(out, now_ns, ntp, true) : 0;
}

std::size_t Stream::State::write_report(std::span<uint8_t> out, int64_t now_ns, uint64_t ntp, bool bye) {
  auto& reception = network.reception;
  ReportBlock block;
  if (reception.started()) {
    block = {.ssrc = reception.ssrc(),
             .fraction_lost = reception.take_fraction_lost(),
             .lost = static_cast<int32_t>(std::clamp<int64_t>(reception.lost(), -0x800000, 0x7FFFFF)),
             .highest = reception.highest(),
             .jitter = reception.jitter()};
    if (network.heard_sr_middle != 0) {
      block.last_sr = network.heard_sr_middle;
      block.delay = static_cast<uint32_t>((now_ns - network.heard_sr_ns) / 1000 * 65536 / 1'000'000);
    }
  }
  // RFC 3550 6.4: an SR from who has sent since the report before.
  const bool sent = network.packets != network.packets_at_report;
  network.packets_at_report = network.packets;
  SenderInfo sender;
  if (sent) {
    const int64_t since_us = std::max<int64_t>(0, now_ns - network.last_sent_ns) / 1000;
    sender = {.ntp = ntp,
              .timestamp = network.last_timestamp + static_cast<uint32_t>(since_us * network.send_clock_hz / 1'000'000),
              .packets = network.packets,
              .octets = network.octets};
    network.sent_reports[network.next_sent_report++ % network.sent_reports.size()] = {ntp_middle(ntp), now_ns};
  }
  ControlWriter writer(out);
  writer.report(identity.ssrc, sent ? &sender : nullptr, {&block, reception.started() ? 1U : 0U});
  writer.cname(identity.ssrc, identity.cname);
  if (bye) writer.bye(identity.ssrc);
  network.told = true;
  return writer.size();
}

}  // namespace cordboard::rtp
