// SPDX-License-Identifier: GPL-2.0-or-later
// Instruments on ports. The object of a probe is the media thread's from kProbeOn to kProbeDetached; its entry here lives as
// long. What measures a piece of the line is one probe or two, and its reply goes out when the media thread has let go of both.
#include <algorithm>
#include <cmath>

#include "dsp/caller_id.hpp"
#include "dsp/dtmf.hpp"
#include "dsp/tone_clip.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

constexpr std::size_t kSamplesOfMs = dsp::kSampleRateHz / 1000;
constexpr std::size_t kDelayMs = 1000;  // as late as something is waited for
constexpr uint32_t kGraceSeconds = 2;   // for a pattern to be found

std::size_t blocks_of(std::size_t samples) { return (samples + bus::kBlock - 1) / bus::kBlock; }

}  // namespace

Result<> Core::check_probe_port(bus::Port port) const {
  if (port >= ports_.size()) return fail(ErrorCode::kNotFound, "there is no port " + std::to_string(port));
  const auto& state = ports_[port];
  if (state.announcer || (state.stream && state.leg == 0)) {
    return fail(ErrorCode::kInvalid, port_name(port) + " has no line to be measured");
  }
  if (state.probe != 0) return fail(ErrorCode::kBusy, port_name(port) + " has a probe already");
  return Empty{};
}

uint32_t Core::begin_probe(bus::Port port, std::unique_ptr<EngineProbe> probe) {
  const auto id = probe->id;
  probe->port = port;
  auto* on = probe.get();
  ports_[port].probe = id;
  probes_[id].probe = std::move(probe);
  post({.kind = media::OperationKind::kProbeOn, .port = port, .probe = on});
  return id;
}

void Core::stop_probe(uint32_t id) {
  auto& entry = probes_.at(id);
  if (std::exchange(entry.leaving, true)) return;
  auto& port = ports_[entry.probe->port];
  if (port.probe == id) port.probe = 0;
  post({.kind = media::OperationKind::kProbeOff, .port = entry.probe->port, .probe = entry.probe.get()});
}

/// A call has come to the port, or is over: what is being measured there is worth nothing.
void Core::lose_probe(bus::Port port) {
  const auto id = ports_[port].probe;
  if (id == 0) return;
  auto& entry = probes_.at(id);
  if (entry.measurement == 0) {
    event(ProbeEnded{id, port});
    stop_probe(id);
    return;
  }
  const auto found = measurements_.find(entry.measurement);
  if (found == measurements_.end()) return;
  found->second.failure = port_name(port) + " has been taken by a call, or its call is over";
  stop_probe(found->second.sender);
  if (found->second.receiver != found->second.sender) stop_probe(found->second.receiver);
}

Result<ProbeStarted> Core::handle(const ProbeBits& command) {
  if (auto good = check_probe_port(command.port); !good) return good.error();
  if (!command.send && !command.receive) return fail(ErrorCode::kInvalid, "a probe sends, receives or both");
  const auto pattern = command.pattern == ProbePattern::kO152 ? dsp::BitPattern::k11 : dsp::BitPattern::k15;
  return ProbeStarted{
      begin_probe(command.port, std::make_unique<BitProbe>(next_probe_++, pattern, command.send, command.receive))};
}

Result<ProbeStarted> Core::handle(const ProbeLoop& command) {
  if (auto good = check_probe_port(command.port); !good) return good.error();
  return ProbeStarted{begin_probe(command.port, std::make_unique<LoopProbe>(next_probe_++))};
}

void Core::handle_later(const ProbeStop& command, uint64_t id) {
  const auto found = probes_.find(command.probe);
  if (found == probes_.end() || found->second.leaving || found->second.measurement != 0) {
    refused_commands_.add();
    outbox_.reply(id, fail(ErrorCode::kNotFound, "there is no probe " + std::to_string(command.probe)));
    return;
  }
  found->second.stop_id = id;
  stop_probe(command.probe);
}

// ---------------------------------------------------------------------------------------------------------------- bits

void Core::count_second(ProbeEntry& entry, const dsp::BitCounts& counts) {
  const auto before = std::exchange(entry.counts, counts);
  if (!entry.began) {
    // Seconds are whole ones with the pattern, so they begin at the first note after it was found.
    entry.began = counts.in_step || ++entry.grace >= kGraceSeconds;
    return;
  }
  entry.performance.second(counts.bits - before.bits, counts.errors - before.errors,
                           counts.in_step && counts.losses == before.losses);
}

BitFigures Core::bit_figures(const ProbeEntry& entry) {
  const auto totals = entry.performance.totals();
  const auto& counts = entry.counts;
  return {counts.in_step,
          static_cast<double>(counts.bits),
          static_cast<double>(counts.errors),
          static_cast<uint32_t>(counts.losses),
          static_cast<uint32_t>(counts.slips),
          static_cast<double>(counts.slip_octets),
          totals.seconds,
          totals.available,
          totals.errored,
          totals.severely_errored,
          totals.unavailable,
          totals.minutes,
          totals.degraded_minutes};
}

void Core::probe_noted(media::Probe* noted) {
  auto& probe = static_cast<EngineProbe&>(*noted);
  const auto found = probes_.find(probe.id);
  if (found == probes_.end() || found->second.leaving) return;
  auto& entry = found->second;
  if (probe.kind == ProbeKind::kBits) {
    dsp::BitCounts counts;
    while (static_cast<BitProbe&>(probe).take(counts)) {
      count_second(entry, counts);
      event(ProbeSecond{probe.id, probe.port, bit_figures(entry)});
    }
    return;
  }
  if (entry.measurement == 0) return;
  const auto& measurement = measurements_.at(entry.measurement);
  stop_probe(measurement.sender);
  if (measurement.receiver != measurement.sender) stop_probe(measurement.receiver);
}

void Core::probe_detached(media::Probe* detached) {
  const auto found = probes_.find(static_cast<EngineProbe*>(detached)->id);
  if (found == probes_.end()) return;
  auto entry = std::move(found->second);
  probes_.erase(found);
  auto& port = ports_[entry.probe->port];
  if (port.probe == entry.probe->id) port.probe = 0;
  if (entry.stop_id != 0) {
    if (entry.probe->kind == ProbeKind::kBits) {
      auto& bits = static_cast<BitProbe&>(*entry.probe);
      dsp::BitCounts counts;
      while (bits.take(counts)) count_second(entry, counts);
      entry.counts = bits.counts();  // of the second that was not whole, too
    }
    outbox_.reply(entry.stop_id, bit_figures(entry));
  }
  if (entry.measurement == 0) return;
  const auto at = measurements_.find(entry.measurement);
  if (at == measurements_.end()) return;
  auto& measurement = at->second;
  if (entry.probe->id == measurement.receiver) {
    measurement.heard = std::move(static_cast<PieceProbe&>(*entry.probe)).kept();
  }
  if (--measurement.probes > 0) return;
  auto done = std::move(measurement);
  measurements_.erase(at);
  if (!done.failure.empty()) {
    refused_commands_.add();
    outbox_.reply(done.reply, fail(ErrorCode::kWrongState, done.failure));
    return;
  }
  outbox_.reply(done.reply, done.judge(done.heard));
}

// -------------------------------------------------------------------------------------------------------------- pieces

void Core::measure(uint64_t reply, bus::Port send, bus::Port receive, std::vector<uint8_t> piece, std::size_t samples,
                   std::function<AnyReply(const std::vector<uint8_t>&)> judge) {
  for (const auto port : {send, receive}) {
    if (auto good = check_probe_port(port); !good) {
      refused_commands_.add();
      outbox_.reply(reply, good.error());
      return;
    }
  }
  const auto number = next_measurement_++;
  auto& measurement = measurements_[number];
  measurement.reply = reply;
  measurement.judge = std::move(judge);
  measurement.probes = send == receive ? 1 : 2;
  const auto blocks = blocks_of(samples);
  // The receiver first: should a tick come between the two, it has heard a block of nothing.
  if (send != receive) {
    measurement.receiver =
        begin_probe(receive, std::make_unique<PieceProbe>(next_probe_++, false, std::vector<uint8_t>{}, blocks));
    probes_.at(measurement.receiver).measurement = number;
  }
  measurement.sender = begin_probe(
      send, std::make_unique<PieceProbe>(next_probe_++, true, std::move(piece), send == receive ? blocks : 0));
  probes_.at(measurement.sender).measurement = number;
  if (send == receive) measurement.receiver = measurement.sender;
}

void Core::handle_later(const ProbeTones& command, uint64_t id) {
  if (command.settleMs + 50 > command.stepMs) {
    refused_commands_.add();
    outbox_.reply(id, fail(ErrorCode::kInvalid, "at least 50 ms of each tone must be left to be measured"));
    return;
  }
  std::vector<dsp::TestTone> tones;
  for (const auto& tone : command.tones) tones.push_back({tone.hz, tone.dbm0});
  const std::size_t step = command.stepMs * kSamplesOfMs, settle = command.settleMs * kSamplesOfMs;
  measure(id, command.send, command.receive, dsp::render_steps(tones, step), tones.size() * step,
          [tones, step, settle](const std::vector<uint8_t>& heard) -> AnyReply {
            ProbeTonesReply reply;
            for (std::size_t i = 0; i < tones.size(); ++i) {
              const std::span<const uint8_t> piece(heard.data() + i * step + settle, step - settle);
              const auto reading = dsp::measure_tone(piece, tones[i].hz);
              reply.tones.push_back(
                  {tones[i].hz, reading.hz, reading.level_dbm0, reading.total_dbm0, reading.residual_dbm0, reading.dc});
            }
            return reply;
          });
}

void Core::handle_later(const ProbeDelay& command, uint64_t id) {
  auto marker = dsp::render_marker();
  const auto samples = marker.size() + kDelayMs * kSamplesOfMs;
  measure(id, command.send, command.receive, std::move(marker), samples,
          [](const std::vector<uint8_t>& heard) -> AnyReply {
            const auto delay = dsp::find_delay(heard);
            return ProbeDelayReply{delay.samples / static_cast<double>(kSamplesOfMs), delay.similarity};
          });
}

void Core::handle_later(const ProbeDigits& command, uint64_t id) {
  auto piece = dsp::render_digits(command.digits, command.onMs, command.offMs, command.levelDbm0);
  if (piece.empty()) {
    refused_commands_.add();
    outbox_.reply(id, fail(ErrorCode::kInvalid, "digits are 0-9 * # A-D"));
    return;
  }
  const auto samples = piece.size() + kDelayMs * kSamplesOfMs / 2;
  measure(id, command.send, command.receive, std::move(piece), samples,
          [](const std::vector<uint8_t>& heard) -> AnyReply {
            ProbeDigitsReply reply;
            dsp::DtmfState state{};
            dsp::DtmfState* const states[4] = {&state, nullptr, nullptr, nullptr};
            for (std::size_t at = 0; at + bus::kBlock <= heard.size(); at += bus::kBlock) {
              alignas(64) int16_t block[bus::kBlock];
              dsp::alaw_decode(heard.data() + at, block, bus::kBlock);
              const int16_t* const blocks[4] = {block, nullptr, nullptr, nullptr};
              dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
              const int count = dsp::dtmf_process4(states, blocks, events);
              for (int i = 0; i < count; ++i) {
                if (events[i].begin) reply.heard += events[i].digit;
              }
            }
            return reply;
          });
}

void Core::handle_later(const ProbeCallerId& command, uint64_t id) {
  constexpr uint32_t kLeadMs = 100;
  dsp::CallerIdMessage message;
  message.presentation = dsp::Presentation::kAllowed;
  message.number = std::string_view(command.number);
  std::vector<uint8_t> piece;
  if (command.mode == CallerIdMode::kDtmf) {
    piece = dsp::render_caller_id_digits(message, {.lead_ms = kLeadMs});
  } else if (command.mode == CallerIdMode::kBell202 || command.mode == CallerIdMode::kV23) {
    const auto kind = command.mode == CallerIdMode::kV23 ? dsp::FskKind::kV23 : dsp::FskKind::kBell202;
    piece = dsp::render_caller_id(message, {.kind = kind, .lead_ms = kLeadMs});
  }
  if (piece.empty()) {
    refused_commands_.add();
    outbox_.reply(id, fail(ErrorCode::kInvalid, "a number of digits is told by bell202, v23 or dtmf"));
    return;
  }
  const auto samples = piece.size() + kDelayMs * kSamplesOfMs;
  measure(id, command.send, command.receive, std::move(piece), samples,
          [](const std::vector<uint8_t>& heard) -> AnyReply {
            dsp::CallerIdReceiver receiver;
            dsp::DtmfState state{};
            dsp::DtmfState* const states[4] = {&state, nullptr, nullptr, nullptr};
            for (std::size_t at = 0; at + bus::kBlock <= heard.size() && !receiver.finished(); at += bus::kBlock) {
              alignas(64) int16_t block[bus::kBlock];
              dsp::alaw_decode(heard.data() + at, block, bus::kBlock);
              const int16_t* const blocks[4] = {block, nullptr, nullptr, nullptr};
              dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
              const int count = dsp::dtmf_process4(states, blocks, events);
              receiver.process(block, {events, static_cast<std::size_t>(count)});
            }
            const auto& result = receiver.finish();
            if (result.failure != dsp::CallerIdFailure::kNone)
              return ProbeCallerIdReply{"", std::string(text_of(result.failure))};
            return ProbeCallerIdReply{std::string(std::string_view(result.message.number)), ""};
          });
}

// --------------------------------------------------------------------------------------------------------------- clock

Result<ProbeClockReply> Core::handle(const ProbeClock& command) {
  const auto at = media_thread_->tick_times(command.ms / 20);
  constexpr std::size_t kFewest = 100;
  if (at.size() < kFewest) return fail(ErrorCode::kWrongState, "the tick has not run for two seconds yet");
  return ProbeClockReply{dsp::clock_offset_ppm(at, MediaThread::kTickNs),
                         static_cast<double>(at.back() - at.front()) / 1e6, media_thread_->paced()};
}

Result<> Core::handle(const VirtualDisturbance& command) {
  if (card_.set_line(command.span, command.timeslot, command.bitErrors, command.gainDb)) return Empty{};
  return fail(ErrorCode::kNotFound, "no cable is in span " + std::to_string(command.span));
}

}  // namespace cordboard::engine
