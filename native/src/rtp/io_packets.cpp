// SPDX-License-Identifier: GPL-2.0-or-later
// What an I/O thread does with packets.
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>

#include "base/clock.hpp"
#include "rtp/io_thread.hpp"

namespace cordboard::rtp {

namespace {

/// The wall clock as RFC 3550 4 wants it: seconds since 1900 and their fraction.
uint64_t ntp_now() {
  constexpr uint64_t kFrom1900To1970 = 2'208'988'800;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t seconds = static_cast<uint64_t>(now.tv_sec) + kFrom1900To1970;
  return seconds << 32 | (static_cast<uint64_t>(now.tv_nsec) << 32) / 1'000'000'000;
}

constexpr std::size_t kAlign = 64;

}  // namespace

// ----------------------------------------------------------------------------------------------------------- receiving

void IoThread::read(Reader& reader, SocketKind kind) {
  const bool rtp = kind == SocketKind::kRtp;
  const int socket = rtp ? reader.pair->rtp.number() : reader.pair->rtcp.number();
  // Speech is 50 packets a second and stream; this is ten times that when the thread looks once a millisecond. What is
  // beyond waits for the next round, so that a flood on one socket costs no other its packets.
  auto left = static_cast<uint32_t>(kBatch + reader.places.size() / 2);
  while (left > 0) {
    const uint32_t most = std::min(left, kBatch);
    for (uint32_t i = 0; i < most; ++i) {
      auto& header = received_.messages[i].msg_hdr;
      header.msg_namelen = sizeof(SocketAddress);
      if (reader.pair->door != nullptr) received_.infos[i].expect(header);
    }
    const int count = recvmmsg(socket, received_.messages.data(), most, MSG_DONTWAIT, nullptr);
    if (count <= 0) {
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno != EAGAIN) counts_.receive_errors.add();
      return;
    }
    counts_.batches_received.add();
    (rtp ? counts_.packets_received : counts_.control_received).add(static_cast<uint64_t>(count));
    take_batch(reader, kind, static_cast<uint32_t>(count));
    if (static_cast<uint32_t>(count) < most) return;
    left -= most;
  }
  crowded_ = true;
}

/// Thousands of streams are in no cache. So a batch is gone through several times, each time asking for what the next
/// will need.
void IoThread::take_batch(Reader& reader, SocketKind kind, uint32_t count) {
  std::array<std::optional<Address>, kBatch> from;
  std::array<std::optional<uint32_t>, kBatch> numbers;
  const auto pair = reader.pair->number;
  for (uint32_t i = 0; i < count; ++i) {
    from[i] = Address::from(received_.addresses[i]);
    if (from[i]) demultiplexer_.prefetch({*from[i], pair, kind});
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (from[i]) numbers[i] = demultiplexer_.find({*from[i], pair, kind});
    if (numbers[i]) __builtin_prefetch(&places_[*numbers[i]]);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (numbers[i]) places_[*numbers[i]].endpoint->prefetch();
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (numbers[i]) places_[*numbers[i]].endpoint->stream().prefetch_delivery();
  }
  for (uint32_t i = 0; i < count; ++i) take(reader, kind, i, from[i], numbers[i]);
}

void IoThread::take(Reader& reader, SocketKind kind, uint32_t which, const std::optional<Address>& from,
                    std::optional<uint32_t> number) {
  const auto& message = received_.messages[which];
  const std::span<uint8_t> buffer{received_.octets.get() + which * kBuffer, kBuffer};
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) {
    counts_.too_long.add();
    return;
  }
  // A packet before it in the batch may have made it somebody's.
  if (from && !number) number = demultiplexer_.find({*from, reader.pair->number, kind});
  if (auto* door = reader.pair->door; door != nullptr && from) {
    const auto octets = buffer.first(message.msg_len);
    if (!number || !begins_like_rtp(octets)) {
      const auto at = PacketInfo::local_of(message.msg_hdr);
      if (!door->take(buffer, message.msg_len, *from, at, now_ns_)) {
        counts_.foreign.add();
        reader.pair->foreign.add();
      }
      return;
    }
  }
  if (from && !number) number = seek(reader, kind, *from, buffer.first(message.msg_len));
  if (!number) {
    counts_.foreign.add();
    if (kind == SocketKind::kRtp) reader.pair->foreign.add();
    return;
  }
  auto& endpoint = *places_[*number].endpoint;
  const auto outcome = kind == SocketKind::kRtp ? endpoint.take_packet(buffer, message.msg_len, *from, now_ns_)
                                                : endpoint.take_control(buffer, message.msg_len, *from, now_ns_);
  if (outcome == Endpoint::Outcome::kMoved) settle(*number);
  // Its window may have been shut by this packet.
  if (places_[*number].listed) look(*number);
}

/// The stream that may take a source which is nobody's.
std::optional<uint32_t> IoThread::seek(const Reader& reader, SocketKind kind, const Address& from,
                                       std::span<const uint8_t> packet) const {
  for (const auto number : reader.seeking) {
    const auto& endpoint = *places_[number].endpoint;
    if (kind == SocketKind::kRtp ? endpoint.considers(from, now_ns_) : endpoint.considers_control(from, packet)) {
      return number;
    }
  }
  return std::nullopt;
}

void IoThread::count_overflows(Reader& reader) {
  uint32_t memory[SK_MEMINFO_VARS]{};
  socklen_t size = sizeof memory;
  if (getsockopt(reader.pair->rtp.number(), SOL_SOCKET, SO_MEMINFO, memory, &size) != 0) return;
  counts_.overflowed.add(memory[SK_MEMINFO_DROPS] - reader.dropped_by_system);
  reader.dropped_by_system = memory[SK_MEMINFO_DROPS];
}

// ------------------------------------------------------------------------------------------------------------- sending

void IoThread::send_all() {
  for (auto& reader : readers_) {
    if (reader.places.empty()) continue;
    const int socket = reader.pair->rtp.number();
    const auto& turns = reader.places;
    const auto ahead = [&](std::size_t turn) -> Place* {
      return turn < turns.size() ? &places_[turns[turn]] : nullptr;
    };
    for (std::size_t turn = 0; turn < turns.size(); ++turn) {
      if (const auto* later = ahead(turn + 9)) __builtin_prefetch(later);
      if (const auto* later = ahead(turn + 6)) later->endpoint->prefetch();
      if (const auto* later = ahead(turn + 3)) later->endpoint->stream().prefetch_next_packet();
      auto& place = places_[turns[turn]];
      while (true) {
        if (sent_.count == kBatch) send_batch(socket);
        uint8_t* octets = sent_.octets.get() + sent_.used;
        const auto length = place.endpoint->next_packet({octets, kBuffer}, now_ns_);
        if (length == 0) break;
        if (place.to_length == 0) {
          counts_.send_unreachable.add();
          continue;
        }
        sent_.parts[sent_.count] = {octets, length};
        auto& header = sent_.messages[sent_.count].msg_hdr;
        header.msg_name = &place.to;
        header.msg_namelen = place.to_length;
        header.msg_control = nullptr;
        header.msg_controllen = 0;
        if (place.from != nullptr) place.from->add_to(header);
        ++sent_.count;
        sent_.used += (length + kAlign - 1) / kAlign * kAlign;
      }
      if (now_ns_ >= place.control_due_ns) send_control(place, false);
    }
    send_batch(socket);
  }
}

void IoThread::send_batch(int socket) {
  uint32_t done = 0;
  while (done < sent_.count) {
    const int count = sendmmsg(socket, sent_.messages.data() + done, sent_.count - done, MSG_DONTWAIT);
    if (count > 0) {
      counts_.batches_sent.add();
      counts_.packets_sent.add(static_cast<uint64_t>(count));
      done += static_cast<uint32_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    // The error is the first packet's. Without room the others have none either, and speech that waits is worth nothing.
    const bool full = errno == EAGAIN || errno == ENOBUFS;
    for (const auto last = full ? sent_.count : done + 1; done < last; ++done) count_send_error(errno);
  }
  sent_.count = 0;
  sent_.used = 0;
}

void IoThread::send_control(Place& place, bool bye) {
  std::array<uint8_t, kBuffer> octets;
  auto& endpoint = *place.endpoint;
  const auto length =
      bye ? endpoint.bye(octets, now_ns_, ntp_now()) : endpoint.next_control(octets, now_ns_, ntp_now());
  place.control_due_ns = endpoint.control_due_ns();
  if (length == 0) return;
  const int socket = endpoint.mux() ? place.pair->rtp.number() : place.pair->rtcp.number();
  const std::span<const uint8_t> report{octets.data(), length};
  if (send_from(socket, place.pair->family, report, endpoint.control_source(), endpoint.local()) < 0) {
    count_send_error(errno);
  } else {
    counts_.control_sent.add();
  }
}

void IoThread::count_send_error(int error) {
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
      counts_.send_blocked.add();
      break;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ECONNREFUSED:
      counts_.send_unreachable.add();
      break;
    default:
      counts_.send_refused.add();
      break;
  }
}

}  // namespace cordboard::rtp
