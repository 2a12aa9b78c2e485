// SPDX-License-Identifier: GPL-2.0-or-later
// RTP streams of SIP legs: opened, told what has been agreed upon, ended. What happens in them is in core_stream_events.
//
//   stream.open ──> a row, a pair of sockets        stream.update ──> stream (media thread) and endpoint (I/O thread)
//   leg ended ──> both are asked to let go ──> stream_detached, kDetached ──> freed
#include <algorithm>

#include "base/hex.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

// RFC 5761 4: with the marker these look like RTCP, on one port or two.
constexpr uint32_t kLikeRtcpFirst = 64;
constexpr uint32_t kLikeRtcpLast = 95;
constexpr int kIoPriority = 49;  // just below the media tick
// Of a socket, as asked for: what a thousand streams send in 100 ms, should the I/O thread not run for so long.
constexpr uint32_t kSocketBuffer = 4U << 20;

Error invalid(std::string text) { return fail(ErrorCode::kInvalid, std::move(text)); }

Error no_stream(uint32_t leg) {
  return fail(ErrorCode::kNotFound, "there is no leg " + std::to_string(leg) + " with a stream");
}

rtp::Encoding encoding_of(StreamCodec codec) {
  switch (codec) {
    case StreamCodec::kPcmu:
      return rtp::Encoding::kPcmu;
    case StreamCodec::kG722:
      return rtp::Encoding::kG722;
    case StreamCodec::kOpus:
      return rtp::Encoding::kOpus;
    case StreamCodec::kComfortNoise:
      return rtp::Encoding::kComfortNoise;
    case StreamCodec::kPcma:
      break;
  }
  return rtp::Encoding::kPcma;
}

rtp::PayloadFormat format_of(StreamCodec codec, uint32_t payload_type) {
  // G.722 samples at 16 kHz and counts in 8 kHz (RFC 3551 4.5.2).
  return {static_cast<uint8_t>(payload_type), encoding_of(codec), codec == StreamCodec::kOpus ? 48000U : 8000U};
}

rtp::PayloadFormat event_format(uint32_t payload_type, uint32_t clock_hz) {
  return {static_cast<uint8_t>(payload_type), rtp::Encoding::kTelephoneEvent, clock_hz};
}

/// What a stream.update says of the media. The bounds of single values are the table's; here is what they do not say.
Result<rtp::StreamParams> params_of(const StreamUpdate& command, const StreamsConfig& config) {
  std::vector<uint32_t> types{command.codec.payloadType};
  for (const auto& payload : command.receive) types.push_back(payload.payloadType);
  const auto events = command.telephoneEvent.value_or(StreamTelephoneEvent{});
  for (const auto& type : {events.send, events.receive}) {
    if (type) types.push_back(*type);
  }
  for (const auto type : types) {
    if (type >= kLikeRtcpFirst && type <= kLikeRtcpLast) {
      return invalid("payload type " + std::to_string(type) + " cannot be told from RTCP (RFC 5761 4)");
    }
  }
  if (command.codec.name == StreamCodec::kComfortNoise) return invalid("CN is no codec that can be sent");
  if (command.codec.ptimeMs % 10 != 0) return invalid("ptimeMs must be a multiple of 10");
  if (events.clockHz != 8000 && events.clockHz != 48000) {
    return invalid("the clock of telephone events is 8000 or 48000");
  }
  rtp::StreamParams params;
  for (const auto& payload : command.receive) params.receive.push_back(format_of(payload.name, payload.payloadType));
  if (events.receive) params.receive.push_back(event_format(*events.receive, events.clockHz));
  params.send = format_of(command.codec.name, command.codec.payloadType);
  if (events.send) params.send_events = event_format(*events.send, events.clockHz);
  params.ptime_ms = command.codec.ptimeMs;
  params.direction = static_cast<rtp::Direction>(command.direction);
  params.min_delay_ms = config.bufferMinMs;
  params.max_delay_ms = config.bufferMaxMs;
  params.timeout_ms = command.timeoutMs;
  return params;
}

/// What a stream.update says of a browser's transport. The bounds of single values are the table's.
Result<std::unique_ptr<webrtc::PeerChange>> peer_change(const StreamWebRtc& said) {
  auto change = std::make_unique<webrtc::PeerChange>();
  change->names = {said.localUfrag, said.localPwd, said.remoteUfrag};
  change->fingerprint.hash = static_cast<webrtc::FingerprintHash>(said.fingerprintHash);
  const auto digest = from_hex(said.fingerprintHex);
  if (!digest || digest->size() != change->fingerprint.octets()) {
    return invalid("a fingerprint of " + std::string(name_of(said.fingerprintHash)) + " has " +
                   std::to_string(2 * change->fingerprint.octets()) + " hexadecimal digits");
  }
  std::copy(digest->begin(), digest->end(), change->fingerprint.digest.begin());
  return change;
}

/// What of its pair a stream needs, going by its latest description alone. A call on hold without an address waits for
/// nobody.
rtp::Claim claim_of(const rtp::SourceSettings& source) {
  return {source.remote, source.latch && source.latch_host, source.latch_host};
}

}  // namespace

Result<rtp::Address> peer_address(const std::string& host, uint32_t port, const rtp::Address& local) {
  const auto address = rtp::Address::parse(host, static_cast<uint16_t>(port));
  if (!address) return invalid("\"" + host + "\" is no IPv4 or IPv6 address in digits");
  if (address->multicast()) return invalid(host + " is a multicast address, and media goes to one peer");
  const bool both = !local.is_ipv4() && local.unspecified();
  if (!both && !address->unspecified() && address->is_ipv4() != local.is_ipv4()) {
    return invalid(host + " cannot be reached from " + local.host_text() + ", to which the streams are bound");
  }
  return *address;
}

Result<> Core::build_streams() {
  const auto& config = config_.streams;
  if (config.count == 0) return Empty{};
  const auto local = rtp::Address::parse(config.address, 0);
  if (!local) return invalid("streams: \"" + config.address + "\" is no IPv4 or IPv6 address in digits");
  if (config.portFirst + config.portFirst % 2 + 1 > config.portLast) {
    return invalid("streams: from " + std::to_string(config.portFirst) + " to " + std::to_string(config.portLast) +
                   " there is no even port with the next");
  }
  if (config.bufferMinMs > config.bufferMaxMs) return invalid("streams: bufferMinMs is more than bufferMaxMs");
  rtp::SocketPool::Settings settings;
  settings.local = *local;
  settings.first = static_cast<uint16_t>(config.portFirst);
  settings.last = static_cast<uint16_t>(config.portLast);
  settings.dscp = static_cast<uint8_t>(config.dscp);
  settings.threads = config.threads;
  settings.buffer_bytes = kSocketBuffer;
  pool_.emplace(settings);
  if (config_.webrtc) {
    const auto& wanted = *config_.webrtc;
    auto identity = webrtc::DtlsIdentity::make(wanted.certificate, wanted.key);
    if (!identity) return fail(identity.error().code, "webrtc: " + identity.error().text);
    door_ = std::make_unique<webrtc::PeerDoor>(
        *identity, webrtc::PeerDoor::Settings{.consent_ns = int64_t{wanted.consentMs} * 1'000'000});
    auto pair = pool_->open_door(static_cast<uint16_t>(wanted.port), 0, *door_);
    if (!pair) return fail(pair.error().code, "webrtc: " + pair.error().text);
    door_pair_ = *pair;
  }
  // So that an address that cannot be bound is told now and not by the first call.
  if (auto pair = pool_->take(0, {}); !pair) {
    return fail(pair.error().code, "streams: " + pair.error().text);
  }
  pool_->release(0);
  for (uint32_t i = 0; i < config.count; ++i) {
    free_streams_.insert(static_cast<bus::Port>(ports_.size()));
    ports_.emplace_back().stream = true;
  }
  return Empty{};
}

void Core::start_streams() {
  if (!pool_) return;
  stream_io_ = std::make_unique<rtp::StreamIo>(config_.streams.threads, config_.streams.count, wake_);
  media_->set_stream_io(stream_io_.get());
  if (door_pair_ != nullptr) begin_reading(*door_pair_);
  if (config_.realtime) {
    if (const auto refusal = stream_io_->become_realtime(kIoPriority); !refusal.empty()) {
      log("warn", "RTP is sent and received without SCHED_FIFO (" + refusal + "; the service needs CAP_SYS_NICE)");
    }
  }
  constexpr uint32_t kTwice = 2;  // the system counts its own notes too, socket(7)
  if (pool_->buffer_given() < kTwice * kSocketBuffer) {
    log("info", "the system gives RTP sockets buffers of " + std::to_string(pool_->buffer_given()) + " octets, so " +
                    std::to_string(pool_->streams_of_pair()) +
                    " streams share one; with a larger net.core.rmem_max it would be more");
  }
}

void Core::begin_reading(rtp::SocketPair& pair) {
  // Pairs are opened one at a time, in the order of their numbers.
  if (pair.number < pairs_read_) return;
  pairs_read_ = pair.number + 1U;
  stream_io_->thread(pair.thread).post({.kind = rtp::IoCommand::Kind::kRead, .pair = &pair});
}

Result<StreamOpened> Core::handle(const StreamOpen& command) {
  if (!pool_) return fail(ErrorCode::kUnavailable, "the engine was made without RTP streams");
  if (free_streams_.empty()) {
    return fail(ErrorCode::kBusy, "all " + std::to_string(config_.streams.count) + " RTP streams are in use");
  }
  const auto local = *rtp::Address::parse(config_.streams.address, 0);
  auto entry = std::make_unique<StreamEntry>();
  if (!command.remoteAddress.empty()) {
    auto remote = peer_address(command.remoteAddress, command.remotePort, local);
    if (!remote) return remote.error();
    entry->source.remote = *remote;
  }
  if (!command.latchAddress.empty()) {
    auto host = peer_address(command.latchAddress, 0, local);
    if (!host) return host.error();
    entry->latch_host = *host;
    entry->source.latch_host = *host;
  }
  entry->claim = claim_of(entry->source);
  // Where the peer is has to be said yet, or it is to be looked for on that host: so nobody else may do so on this pair.
  entry->claim.waits = !entry->source.remote.known() || entry->latch_host.has_value();
  auto pair = pool_->take(next_leg_, entry->claim);
  if (!pair) return pair.error();
  entry->pair = *pair;
  entry->foreign_before = entry->pair->foreign.value();
  begin_reading(*entry->pair);
  entry->port = *free_streams_.begin();
  free_streams_.erase(free_streams_.begin());

  const auto id = new_leg(LegKind::kSip, entry->port, 0, 0, 0);
  auto& made = legs_.at(id);
  made.incoming = command.incoming;
  made.state.step(command.incoming ? LegEvent::kOffer : LegEvent::kSeize, now_);
  entry->leg = id;
  streams_opened_.add();
  StreamOpened reply{id, entry->port, config_.streams.address, entry->pair->port, entry->pair->port + 1U, {}};
  if (door_pair_ != nullptr) reply.webrtcPort = door_pair_->port;
  streams_[id] = std::move(entry);
  return reply;
}

/// The keys' session if it has to be a new one: with the same keys the old one goes on, or its roll-over counter would
/// begin anew.
Result<std::unique_ptr<rtp::SrtpSession>> Core::make_srtp(const StreamEntry& entry, const StreamUpdate& command) const {
  if (!command.srtp) return std::unique_ptr<rtp::SrtpSession>();
  const auto send_key = from_hex(command.srtp->sendKeyHex);
  const auto receive_key = from_hex(command.srtp->receiveKeyHex);
  if (!send_key || !receive_key) return invalid("SRTP keys must be pairs of hexadecimal digits");
  const auto suite = static_cast<rtp::SrtpSuite>(command.srtp->suite);
  if (entry.srtp != nullptr && entry.srtp->same(suite, *send_key, *receive_key)) {
    return std::unique_ptr<rtp::SrtpSession>();
  }
  return rtp::SrtpSession::make(suite, *send_key, *receive_key);
}

Result<> Core::move_stream(StreamEntry& entry, const rtp::Claim& claim, StreamUpdated& reply) {
  if (!pool_->change(entry.leg, claim)) {
    auto pair = pool_->move(entry.leg, claim);
    if (!pair) return pair.error();
    entry.foreign_elsewhere += entry.pair->foreign.value() - entry.foreign_before;
    entry.pair = *pair;
    entry.foreign_before = entry.pair->foreign.value();
    begin_reading(*entry.pair);
    reply.conflict = entry.pair->port;
  }
  entry.claim = claim;
  return Empty{};
}

Result<StreamUpdated> Core::handle(const StreamUpdate& command) {
  const auto found = streams_.find(command.leg);
  if (found == streams_.end()) return no_stream(command.leg);
  auto& entry = *found->second;
  const auto params = params_of(command, config_.streams);
  if (!params) return params.error();
  const auto local = *rtp::Address::parse(config_.streams.address, 0);
  std::unique_ptr<webrtc::PeerChange> peer;
  if (command.webrtc) {
    if (door_ == nullptr) return fail(ErrorCode::kUnavailable, "the engine was made without streams of browsers");
    auto made = peer_change(*command.webrtc);
    if (!made) return made.error();
    peer = std::move(*made);
  }
  if (entry.endpoint != nullptr && entry.webrtc != (peer != nullptr)) {
    return fail(ErrorCode::kWrongState, "a stream cannot be given another transport");
  }
  const auto remote = peer != nullptr ? Result(rtp::Address{}) : peer_address(command.remoteAddress, command.remotePort, local);
  if (!remote) return remote.error();
  auto latch_host = entry.latch_host;
  if (!command.latchAddress.empty()) {
    auto host = peer_address(command.latchAddress, 0, local);
    if (!host) return host.error();
    latch_host = *host;
  }
  const bool latches = command.latch && peer == nullptr;
  if (latches && !latch_host) return invalid("latch needs a latchAddress: nobody else's packets would be known");
  auto srtp = make_srtp(entry, command);
  if (!srtp) return srtp.error();

  rtp::SourceSettings source;
  source.remote = *remote;
  source.remote_control =
      command.rtcpMux || peer != nullptr
          ? *remote
          : remote->with_port(static_cast<uint16_t>(command.remoteRtcpPort.value_or(remote->port + 1U)));
  source.latch = latches;
  source.latch_host = latch_host;
  // The same tests as in the source filter: where a peer has been found is kept until it is described anew.
  const bool moved = !entry.update || source.remote != entry.source.remote;
  const bool seeks = source.latch && (moved || !entry.source.latch || source.latch_host != entry.source.latch_host);
  auto claim = entry.claim;
  if (moved || seeks) {
    claim = claim_of(source);
  } else if (!source.latch) {
    claim.waits = false;
  }

  if (entry.stream == nullptr) {
    auto made = rtp::Stream::make(*params, rtp::random_identity());
    if (!made) return made.error();
    entry.stream = std::move(*made);
  } else if (auto updated = entry.stream->update(*params); !updated) {
    return updated.error();
  }
  StreamUpdated reply;
  if (auto done = move_stream(entry, claim, reply); !done) return done.error();
  if (moved || seeks) {
    ++entry.generation;
    entry.latched = false;
  }
  entry.latch_host = latch_host;
  entry.source = source;
  entry.update = command;
  if (entry.update->srtp) entry.update->srtp->sendKeyHex = entry.update->srtp->receiveKeyHex = "";
  if (entry.update->webrtc) entry.update->webrtc->localPwd = "";
  entry.webrtc = peer != nullptr;

  if (*srtp != nullptr || !command.srtp) entry.srtp = srtp->get();
  auto change = std::make_unique<rtp::EndpointChange>();
  change->pair = &pair_in_use(entry);
  change->source = source;
  change->mux = command.rtcpMux || entry.webrtc;
  change->secure = command.srtp.has_value() || entry.webrtc;
  change->door = std::move(peer);
  change->srtp = std::move(*srtp);
  change->generation = entry.generation;
  if (entry.endpoint == nullptr) {
    entry.endpoint = std::make_unique<rtp::Endpoint>(*entry.stream, entry.leg);
    stream_legs_[entry.stream.get()] = entry.leg;
    entry.held_by_io = entry.held_by_media = true;
    post({.kind = media::OperationKind::kStreamOn, .port = entry.port, .stream = entry.stream.get()});
  }
  stream_io_->thread(pair_in_use(entry).thread)
      .post({.kind = rtp::IoCommand::Kind::kChange, .endpoint = entry.endpoint.get(), .change = change.release()});
  return reply;
}

void Core::end_stream(uint32_t leg) {
  const auto found = streams_.find(leg);
  if (found == streams_.end()) return;
  auto entry = std::move(found->second);
  streams_.erase(found);
  close_t38(leg);
  event(StreamEnded{statistics_of(*entry)});
  ended_streams_.add(statistics_of(*entry));
  pool_->release(leg);
  free_streams_.insert(entry->port);
  if (entry->endpoint == nullptr) return;
  post({.kind = media::OperationKind::kStreamOff, .port = entry->port, .stream = entry->stream.get()});
  stream_io_->thread(pair_in_use(*entry).thread)
      .post({.kind = rtp::IoCommand::Kind::kDetach, .endpoint = entry->endpoint.get()});
  leaving_streams_[leg] = std::move(entry);
}

}  // namespace cordboard::engine
