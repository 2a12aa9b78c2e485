// SPDX-License-Identifier: GPL-2.0-or-later
// A stream as the signalling thread sees it. The I/O thread's part is in stream_network.cpp, the media thread's in
// stream_media.cpp.
#include "rtp/stream.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "rtp/quality.hpp"
#include "rtp/stream_state.hpp"

namespace cordboard::rtp {

namespace {

// What comes waits where it lies: the longest delay of G.711 in packets of 20 ms, and four more for when the network lets
// go of many at once. What goes out waits for an I/O thread that stands still for 100 ms.
constexpr std::size_t inbound_octets(uint32_t max_delay_ms) {
  return (max_delay_ms / 20 + 4) * PacketRing<InboundMeta>::size_of(160) + 8;
}
constexpr std::size_t kOutbound = 2 * PacketRing<OutboundMeta>::size_of(480) + 24;
constexpr uint32_t kLongestPtimeMs = 60;
constexpr uint32_t kSamplesPerMs = 8;
constexpr uint32_t kTickMs = 20;

Error invalid(std::string text) { return fail(ErrorCode::kInvalid, std::move(text)); }

std::string in_range(const std::string& what, uint32_t value, uint32_t low, uint32_t high) {
  if (value >= low && value <= high) return {};
  return what + " is " + std::to_string(value) + ", which is not " + std::to_string(low) + " to " +
         std::to_string(high) + ".";
}

std::string fault_of(const PayloadFormat& format) {
  const std::string name(name_of(format.encoding));
  if (format.payload_type > 127) return "A payload type of " + name + " is above 127.";
  // 72-76 would look like RTCP on a shared port (RFC 3551 6, RFC 5761 4: 64-95).
  if (format.payload_type >= 64 && format.payload_type <= 95) {
    return "Payload type " + std::to_string(format.payload_type) + " of " + name + " cannot be told from RTCP.";
  }
  const bool opus = format.encoding == Encoding::kOpus;
  const bool any = format.encoding == Encoding::kTelephoneEvent;
  const bool good = any ? format.clock_hz == 8000 || format.clock_hz == 16000 || format.clock_hz == 48000
                        : format.clock_hz == (opus ? 48000U : 8000U);
  return good ? std::string() : "The clock of " + name + " cannot be " + std::to_string(format.clock_hz) + " Hz.";
}

std::string fault_of(const StreamParams& params) {
  if (params.receive.empty() || params.receive.size() > 8) return "A stream receives 1 to 8 payload types.";
  for (std::size_t i = 0; i < params.receive.size(); ++i) {
    if (auto fault = fault_of(params.receive[i]); !fault.empty()) return fault;
    for (std::size_t j = 0; j < i; ++j) {
      if (params.receive[i].payload_type == params.receive[j].payload_type) {
        return "Payload type " + std::to_string(params.receive[i].payload_type) + " stands for two formats.";
      }
    }
  }
  if (!is_audio(params.send.encoding)) return "What is sent has to be audio.";
  if (auto fault = fault_of(params.send); !fault.empty()) return fault;
  if (params.send_events.payload_type != kNoPayloadType) {
    if (params.send_events.encoding != Encoding::kTelephoneEvent) return "Digits go out as telephone-event.";
    if (auto fault = fault_of(params.send_events); !fault.empty()) return fault;
  }
  if (params.ptime_ms % 10 != 0) return "The packet time is no multiple of 10 ms.";
  for (auto fault : {in_range("The packet time", params.ptime_ms, 10, 120),
                     in_range("The shortest delay", params.min_delay_ms, 0, 200),
                     in_range("The longest delay", params.max_delay_ms, 40, JitterBuffer::kLongestDelayMs),
                     in_range("The bit rate of Opus", params.opus_bit_rate, 6'000, 128'000),
                     in_range("The time-out", params.timeout_ms, 0, 86'400'000)}) {
    if (!fault.empty()) return fault;
  }
  return {};
}

/// What is sent in a packet: what is asked for, as far as the encoding can do it.
uint32_t packet_samples(const StreamParams& params) {
  uint32_t ms = std::min(params.ptime_ms, kLongestPtimeMs);
  // Frames of Opus are 10, 20, 40, 60 ms (RFC 6716 2.1.4).
  if (params.send.encoding == Encoding::kOpus) ms = ms >= 60 ? 60 : ms >= 40 ? 40 : ms >= 20 ? 20 : 10;
  return ms * kSamplesPerMs;
}

Result<std::unique_ptr<StreamSetup>> make_setup(const StreamParams& params) {
  if (auto fault = fault_of(params); !fault.empty()) return invalid(std::move(fault));
  auto setup = std::make_unique<StreamSetup>();
  auto& plan = setup->plan;
  for (std::size_t i = 0; i < params.receive.size(); ++i) {
    const auto& format = params.receive[i];
    plan.receive[i] = format;
    if (!is_audio(format.encoding)) continue;
    auto& decoder = setup->decoders[static_cast<std::size_t>(format.encoding)];
    if (!decoder) decoder = Decoder::make(format.encoding);
    if (!decoder) {
      return fail(ErrorCode::kUnavailable, "No decoder of " + std::string(name_of(format.encoding)) + " can be made.");
    }
  }
  plan.send = params.send;
  plan.send_events = params.send_events;
  plan.packet_samples = static_cast<uint16_t>(packet_samples(params));
  plan.direction = params.direction;
  plan.timeout_ticks = (params.timeout_ms + kTickMs - 1) / kTickMs;
  setup->opus_bit_rate = params.opus_bit_rate;
  setup->delays = {params.min_delay_ms, params.max_delay_ms};
  setup->encoder = Encoder::make(params.send.encoding, params.opus_bit_rate);
  if (!setup->encoder) {
    return fail(ErrorCode::kUnavailable,
                "No encoder of " + std::string(name_of(params.send.encoding)) + " can be made.");
  }
  if (dsp::kBlock % plan.packet_samples != 0) setup->gathered.reset(new uint8_t[plan.packet_samples]);
  return setup;
}

}  // namespace

char StreamNote::digit() const { return digit_of_event(event); }

Stream::State::State(const StreamParams& params, StreamIdentity who)
    : media({params.min_delay_ms, params.max_delay_ms}, *this, who.seed),
      inbound(inbound_octets(params.max_delay_ms)),
      outbound(kOutbound),
      identity(std::move(who)) {
  network.sequence = identity.first_sequence;
  network.random = identity.seed != 0 ? identity.seed : 1;
  media.audio_timestamp = media.event_timestamp = identity.first_timestamp;
}

Stream::State::~State() {
  delete media.offered.load();
  delete retired.load();
  delete media.setup;
}

Result<std::unique_ptr<Stream>> Stream::make(const StreamParams& params, const StreamIdentity& identity) {
  if (identity.cname.empty() || identity.cname.size() > 64) return invalid("A CNAME has 1 to 64 octets.");
  auto setup = make_setup(params);
  if (!setup) return setup.error();
  auto state = std::make_unique<State>(params, identity);
  state->publish((*setup)->plan);
  state->media.offered.store(setup->release(), std::memory_order_release);
  return std::unique_ptr<Stream>(std::move(state));
}

Result<> Stream::update(const StreamParams& params) {
  auto setup = make_setup(params);
  if (!setup) return setup.error();
  state().publish((*setup)->plan);
  delete state().retired.exchange(nullptr, std::memory_order_acquire);
  // One that the media thread has not yet taken is replaced.
  delete state().media.offered.exchange(setup->release(), std::memory_order_acq_rel);
  return Empty{};
}

/// For the I/O thread and for those who ask.
void Stream::State::publish(const MediaPlan& plan) {
  for (std::size_t i = 0; i < plan.receive.size(); ++i) {
    network.accepted[i].store(plan.receive[i], std::memory_order_relaxed);
  }
  network.direction.store(plan.direction, std::memory_order_relaxed);
  sends_events.store(plan.send_events.used(), std::memory_order_relaxed);
  ptime_ms.store(static_cast<uint8_t>(plan.packet_samples / kSamplesPerMs), std::memory_order_relaxed);
  send_encoding.store(plan.send.encoding, std::memory_order_relaxed);
}

bool Stream::sends_events() const { return state().sends_events.load(std::memory_order_relaxed); }

bool Stream::send_event(uint8_t event, uint32_t duration_ms, uint32_t gap_ms, uint8_t volume) {
  if (!sends_events()) return false;
  const auto steps = [](uint32_t ms, uint32_t least) {
    return static_cast<uint8_t>(std::clamp<uint32_t>((ms + 9) / 10, least, 255));
  };
  return state().commands.push({.event = event,
                                .volume = std::min<uint8_t>(volume, 63),
                                .duration = std::min<uint8_t>(steps(duration_ms, 4), 250),
                                .gap = steps(gap_ms, 0),
                                .generation = state().media.cancelled.load(std::memory_order_relaxed)});
}

void Stream::cancel_events() { state().media.cancelled.fetch_add(1, std::memory_order_relaxed); }

bool Stream::take(StreamNote& note) { return state().notes.pop(note); }

uint32_t Stream::ssrc() const { return state().identity.ssrc; }

StreamStatistics Stream::statistics() const {
  const auto& counts = state().counts;
  const auto value = [](const auto& atomic) { return atomic.load(std::memory_order_relaxed); };
  StreamStatistics s;
  s.packets_received = counts.packets_received.value();
  s.octets_received = counts.octets_received.value();
  s.lost = counts.lost.value();
  s.late = counts.late.value();
  s.duplicated = counts.duplicated.value();
  s.reordered = counts.reordered.value();
  s.malformed = counts.malformed.value() + counts.undecodable.value();
  s.wrong_payload_type = counts.wrong_payload_type.value();
  s.overflowed = counts.overflowed.value();
  s.restarts = std::max(counts.restarts.value(), counts.source_changes.value());
  s.jitter_ms = value(counts.jitter_ms);
  s.delay_ms = value(counts.delay_ms);
  s.target_delay_ms = value(counts.target_delay_ms);
  s.packets_sent = counts.packets_sent.value();
  s.octets_sent = counts.octets_sent.value();
  s.unsent = counts.unsent.value();
  s.reported = value(counts.reported);
  s.remote_lost_share = value(counts.remote_lost_share);
  s.remote_lost = value(counts.remote_lost);
  s.remote_jitter_ms = value(counts.remote_jitter_ms);
  s.round_trip_ms = value(counts.round_trip_ms);
  s.said_bye = value(counts.said_bye);

  const auto received = static_cast<double>(counts.samples_received.value());
  const auto missing = static_cast<double>(counts.samples_missing.value());
  s.concealed_ms = static_cast<uint64_t>(missing) / kSamplesPerMs;
  const double way_ms = std::max(0.0, s.round_trip_ms / 2);
  const double ptime = value(state().ptime_ms);
  if (received > 0) {
    QualityInput heard{.delay_ms = way_ms + s.delay_ms + ptime, .loss_share = missing / (received + missing)};
    // Packets a gap, over what random loss of as many would have: 1 / (1 - loss).
    const auto gaps = static_cast<double>(counts.gaps.value());
    if (gaps > 0) heard.burst_ratio = missing / (ptime * kSamplesPerMs) / gaps * (1 - heard.loss_share);
    heard.codec = value(counts.heard_encoding);
    s.mos_received = mos_of(heard);
  }
  if (s.reported) {
    // The peer's buffer is not known; twice its jitter and a packet is what one needs.
    const double share = s.packets_sent > 0
                             ? std::max(0.0, static_cast<double>(s.remote_lost)) / static_cast<double>(s.packets_sent)
                             : 0;
    s.mos_sent = mos_of({.delay_ms = way_ms + 2 * ptime + 2 * s.remote_jitter_ms,
                         .loss_share = share,
                         .codec = value(state().send_encoding)});
    if (const double rating = value(counts.remote_rating); rating >= 0) s.mos_sent = mos_of_rating(rating);
  }
  return s;
}

}  // namespace cordboard::rtp
