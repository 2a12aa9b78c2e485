// SPDX-License-Identifier: GPL-2.0-or-later
// The media thread's part of a stream: from packets to a row, from a row to packets.
#include <algorithm>
#include <cstring>

#include "rtp/stream_state.hpp"

namespace cordboard::rtp {

namespace {

constexpr uint32_t kBlock = dsp::kBlock;
constexpr int64_t kNsPerSample = 125'000;
constexpr uint32_t kStepsOfTick = 2;  // of 10 ms
// A tick looks at no more than this: a second and a half of packets of 20 ms.
constexpr int kMostPackets = 64;
// Until the next packet of an event, its audio is not to be heard: updates come every 50 ms at most.
constexpr int64_t kUntilUpdate = 60 * 8;
// A packet of an event may come so much faster than the latest packets of audio.
constexpr int64_t kFastest = 300 * 8;
constexpr uint32_t kTellEvery = 10;
// The media thread's part as far as a packet in its time goes: plan, playout, jitter buffer, a line of its histogram.
constexpr std::size_t kHotOctets = 640;
constexpr auto kNoAudio = static_cast<uint8_t>(Encoding::kTelephoneEvent);

uint32_t units_of(uint32_t samples, const WireFormat& format) { return samples * format.clock_khz / 8; }

}  // namespace

// ------------------------------------------------------------------------------------------------------------ receiving

bool Stream::receive(uint8_t* row, int64_t tick_ns) {
  auto& state = this->state();
  auto& media = state.media;
  const int64_t now = tick_ns / kNsPerSample;
  media.noted = false;
  state.adopt();
  state.drain(now);
  if (++media.ticks % kTellEvery == 0) state.tell_figures(now);
  if (receives(media.plan.direction)) {
    media.playout.read(row, now, media.decoders);
  } else {
    std::memset(row, dsp::kAlawSilence, kBlock);
  }
  return media.noted;
}

/// Takes over what the signalling thread has brought. Decoders and an encoder that are at work stay so: their memory of
/// the sound is what keeps a re-INVITE from being heard.
void Stream::State::adopt() {
  if (media.offered.load(std::memory_order_relaxed) == nullptr) return;
  if (retired.load(std::memory_order_acquire) != nullptr) return;  // nowhere to put the old one
  StreamSetup* const next = media.offered.exchange(nullptr, std::memory_order_acq_rel);
  if (next == nullptr) return;
  StreamSetup* const old = std::exchange(media.setup, next);
  const MediaPlan before = std::exchange(media.plan, next->plan);
  if (old != nullptr) {
    for (std::size_t i = 0; i < old->decoders.size(); ++i) {
      if (old->decoders[i] != nullptr) std::swap(old->decoders[i], next->decoders[i]);
    }
    if (before.send.encoding == media.plan.send.encoding) {
      std::swap(old->encoder, next->encoder);
      next->encoder->set_opus_bit_rate(next->opus_bit_rate);
    }
    if (before.send != media.plan.send || before.packet_samples != media.plan.packet_samples) media.gathered = 0;
    // A half-gathered packet goes on in the new memory.
    if (media.gathered > 0) std::memcpy(next->gathered.get(), old->gathered.get(), media.gathered);
    if (before.send != media.plan.send) media.talking = false;
    // What waited when a hold began is over when it ends.
    if (receives(before.direction) && !receives(media.plan.direction)) media.playout.reset();
  }
  for (std::size_t i = 0; i < media.decoders.size(); ++i) media.decoders[i] = next->decoders[i].get();
  media.playout.buffer().set_delays(next->delays);
  if (!media.plan.send_events.used()) media.event_sender = {};
  media.quiet_ticks = 0;
  media.timeout_told = false;
  retired.store(old, std::memory_order_release);
}

void Stream::State::drain(int64_t now) {
  InboundMeta meta;
  std::span<const uint8_t> payload;
  int taken = 0;
  for (; taken < kMostPackets && inbound.next(meta, payload); ++taken) {
    const bool stays = receives(media.plan.direction) && take_packet(meta, payload, now);
    if (!stays) inbound.release(payload.data());
  }
  if (media.events_heard.active()) note(media.events_heard.tick());
  watch_time(taken > 0);
}

/// True: the payload stays where it is until the jitter buffer releases it.
bool Stream::State::take_packet(const InboundMeta& meta, std::span<const uint8_t> payload, int64_t now) {
  const auto format = std::find_if(media.plan.receive.begin(), media.plan.receive.end(),
                                   [&](const WireFormat& known) { return known.payload_type == meta.payload_type; });
  const bool restart = (meta.flags & InboundMeta::kRestart) != 0;
  if (restart) note(media.events_heard.restart());
  if (format == media.plan.receive.end()) return false;  // given up since
  if (format->encoding == Encoding::kTelephoneEvent) {
    take_event(meta, payload, *format, now);
    return false;
  }
  JitterBuffer::Packet packet{.sequence = meta.sequence,
                              .timestamp = meta.timestamp,
                              .clock_hz = format->clock_hz(),
                              .restart = restart,
                              .marker = (meta.flags & InboundMeta::kMarker) != 0,
                              .tag = static_cast<uint8_t>(format->encoding),
                              .payload = payload};
  if (is_audio(format->encoding)) {
    packet.samples = samples_of(format->encoding, payload);
    if (packet.samples == 0) {
      // Keeps its place among the numbers, so that it does not count as lost as well.
      counts.undecodable.add();
      packet.tag = kNoAudio;
      packet.payload = {};
    } else if (!media.heard_audio) {
      media.heard_audio = true;
      note({.kind = StreamNoteKind::kStarted});
    }
  }
  return media.playout.buffer().insert(packet, now) == JitterBuffer::Inserted::kQueued && !packet.payload.empty();
}

void Stream::State::take_event(const InboundMeta& meta, std::span<const uint8_t> payload, const WireFormat& format,
                               int64_t now) {
  auto& buffer = media.playout.buffer();
  auto& heard = media.events_heard;
  note(heard.packet(meta.timestamp, payload, format.clock_hz()));
  buffer.insert({.sequence = meta.sequence,
                 .timestamp = meta.timestamp,
                 .clock_hz = format.clock_hz(),
                 .samples = 0,
                 .timed = false,
                 .restart = (meta.flags & InboundMeta::kRestart) != 0,
                 .tag = kNoAudio},
                now);
  // The audio of its time says the same once more, or nothing. What an event says of the future is not believed: a wrong
  // timestamp would mute the stream for hours.
  const int64_t latest = buffer.arriving(now) + kFastest;
  const int64_t from = std::min(buffer.position_of(heard.timestamp(), format.clock_hz(), now), latest);
  const bool known = buffer.clock_hz() == format.clock_hz();
  const int64_t length = known ? int64_t{heard.duration()} * 8000 / format.clock_hz() : 0;
  const int64_t until = std::min(from + length, latest);
  const int64_t grace = heard.active() ? kUntilUpdate : 0;
  buffer.expect_pause(until, grace);
  media.playout.mute(from, until, grace);
}

void Stream::State::note(const StreamNote& what) {
  // Sixteen wait at most: who does not take them for seconds has other trouble than a digit.
  media.noted = notes.push(what) || media.noted;
}

void Stream::State::note(const EventReceiver::Changes& changes) {
  for (std::size_t i = 0; i < changes.count; ++i) {
    const auto& change = changes.list[i];
    note({.kind = change.began ? StreamNoteKind::kEventBegan : StreamNoteKind::kEventEnded,
          .event = change.event,
          .duration_ms = change.duration_ms});
  }
}

void Stream::State::watch_time(bool heard) {
  if (heard || !receives(media.plan.direction) || media.plan.timeout_ticks == 0) {
    media.quiet_ticks = 0;
    media.timeout_told = media.timeout_told && !heard;
    return;
  }
  if (media.timeout_told || ++media.quiet_ticks < media.plan.timeout_ticks) return;
  media.timeout_told = true;
  note({.kind = StreamNoteKind::kTimeout});
}

void Stream::State::tell_figures(int64_t now) {
  const auto& buffer = media.playout.buffer();
  counts.late.set(buffer.late());
  counts.restarts.set(buffer.restarts());
  if (media.playout.speaking() != nullptr) {
    counts.heard_encoding.store(media.playout.speaking()->encoding(), std::memory_order_relaxed);
  }
  counts.samples_received.set(buffer.samples_received());
  counts.samples_missing.set(buffer.samples_missing());
  counts.gaps.set(buffer.gaps());
  counts.delay_ms.store(static_cast<float>(buffer.delay(now, media.playout.pending())) / 8, std::memory_order_relaxed);
  counts.target_delay_ms.store(static_cast<float>(buffer.wanted_delay()) / 8, std::memory_order_relaxed);
}

// -------------------------------------------------------------------------------------------------------------- sending

bool Stream::send(const uint8_t* row) {
  auto& state = this->state();
  auto& media = state.media;
  media.noted = false;
  if (media.setup == nullptr) return false;  // before the first receive()
  const auto& plan = media.plan;
  if (sends(plan.direction)) {
    state.start_event();
    // Before the event's tick, as its last one has no audio either.
    const bool sounding = media.event_sender.sounding();
    state.send_event_packet();
    if (sounding) {
      media.gathered = 0;
      media.talking = false;
    } else {
      state.send_audio(row);
    }
  } else {
    media.gathered = 0;
    media.talking = false;
  }
  // Time goes on, whether anything is sent or not (RFC 3550 5.1).
  media.audio_timestamp += units_of(kBlock, plan.send);
  media.event_timestamp += units_of(kBlock, plan.send_events);
  return media.noted;
}

void Stream::State::start_event() {
  if (!media.plan.send_events.used()) return;
  const uint32_t generation = media.cancelled.load(std::memory_order_relaxed);
  if (media.event_sender.sounding()) {
    if (media.event_generation != generation) media.event_sender.cut();
    return;
  }
  if (media.event_gap_ticks > 0) {
    --media.event_gap_ticks;
    return;
  }
  if (!media.event_sender.idle()) return;
  EventCommand command;
  while (commands.pop(command)) {
    if (command.generation != generation) continue;
    const uint32_t ticks = (command.duration + kStepsOfTick - 1U) / kStepsOfTick;
    media.event_sender.start(command.event, command.volume, ticks);
    media.event_gap_ticks = (command.gap + kStepsOfTick - 1U) / kStepsOfTick;
    media.event_generation = generation;
    media.events_pending = true;
    return;
  }
  if (media.events_pending) {
    media.events_pending = false;
    note({.kind = StreamNoteKind::kEventsSent});
  }
}

void Stream::State::send_event_packet() {
  // One clock for both, and the timestamps are the same (RFC 4733 2.2); else each has its own.
  const auto& format = media.plan.send_events;
  const bool shared = format.clock_khz == media.plan.send.clock_khz;
  EventSender::Packet packet;
  if (!media.event_sender.tick(shared ? media.audio_timestamp : media.event_timestamp, units_of(kBlock, format),
                               packet)) {
    return;
  }
  uint8_t* const room = outbound.reserve(kEventOctets);
  if (room == nullptr) {
    counts.unsent.add();
    return;
  }
  packet.payload.write(room);
  outbound.commit({.timestamp = packet.timestamp,
                   .payload_type = format.payload_type,
                   .marker = packet.marker,
                   .audio = false,
                   .clock_khz = format.clock_khz},
                  kEventOctets);
}

void Stream::State::send_audio(const uint8_t* row) {
  const uint32_t size = media.plan.packet_samples;
  const bool whole = kBlock % size == 0;
  for (uint32_t done = 0; done < kBlock;) {
    const uint32_t timestamp = media.audio_timestamp + units_of(done, media.plan.send);
    if (whole) {
      send_packet(row + done, timestamp);
      done += size;
      continue;
    }
    uint8_t* const gathered = media.setup->gathered.get();
    if (media.gathered == 0) media.gathered_timestamp = timestamp;
    const uint32_t part = std::min(kBlock - done, size - media.gathered);
    std::memcpy(gathered + media.gathered, row + done, part);
    media.gathered += part;
    done += part;
    if (media.gathered < size) continue;
    send_packet(gathered, media.gathered_timestamp);
    media.gathered = 0;
  }
}

void Stream::State::send_packet(const uint8_t* samples, uint32_t timestamp) {
  const auto& format = media.plan.send;
  const uint32_t n = media.plan.packet_samples;
  // G.711 needs no encoder, whose memory is not at hand.
  const bool by_octet = can_be_cut(format.encoding);
  uint8_t* const room = outbound.reserve(by_octet ? n : media.setup->encoder->max_octets(n));
  if (room == nullptr) {
    counts.unsent.add();
    return;
  }
  std::size_t octets = n;
  if (format.encoding == Encoding::kPcma) {
    std::memcpy(room, samples, n);
  } else if (by_octet) {
    alaw_to_ulaw(samples, n, room);
  } else {
    octets = media.setup->encoder->encode(samples, n, room);
    if (octets == 0) return;
  }
  outbound.commit({.timestamp = timestamp,
                   .payload_type = format.payload_type,
                   .marker = !media.talking,
                   .audio = true,
                   .clock_khz = format.clock_khz},
                  octets);
  media.talking = true;
}

// ------------------------------------------------------------------------------------------------------ memory in advance

void Stream::prefetch() const {
  const auto* const at = reinterpret_cast<const char*>(&state().media);
  // As far as the entries of the jitter buffer, of which the first are enough, and the rings behind.
  for (std::size_t offset = 0; offset < kHotOctets; offset += 64) __builtin_prefetch(at + offset, 1);
  __builtin_prefetch(&state().inbound);
  __builtin_prefetch(reinterpret_cast<const char*>(&state().inbound) + 63);
}

void Stream::prefetch_packets() const {
  state().inbound.prefetch();
  state().outbound.prefetch_write();
  state().media.playout.prefetch();
}

}  // namespace cordboard::rtp
