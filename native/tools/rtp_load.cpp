// SPDX-License-Identifier: GPL-2.0-or-later
// Telephones by the thousand: sends G.711 (A-law) to given RTP ports on the clock of 20 ms, listens to what comes back,
// and judges it.
//
//   rtp_load [--seconds 10] [--bind 127.0.0.1] [--port 40000] [--hear partner|own|any] [--speech file.wav]
//            [--check 100] [--json] [address:port …]
//
// Without addresses they are read from standard input to its end, an object a stream, in lines or in an array:
//
//   {"address": "127.0.0.1", "port": 20000, "localPort": 40000, "localAddress": "127.1.0.1"}
//
// `address` may be left out: then it is --bind. `localPort` may be left out: then stream n has --port + 2n. Streams to different
// ports may share one, and so may streams from different addresses of this machine, of which the loopback has 16 million: then
// one socket is thousands of telephones. Streams 0 and 1 are partners, 2 and 3, …: with --hear partner each should hear the
// other, with --hear own itself, with --hear any nobody looks at who is heard.
//
// It runs at a real-time priority if it may, just below an engine's, since what is late here is nobody else's fault.
//
// --json prints one object. Packets: sent, received, lostByUs = missingNumbers (of the sequence numbers that came back) -
// ownDrops (that came and found the load's sockets full) + replacedBlocks (that were said and came back as something else,
// octet by octet; 0 with --hear any), outOfOrder, duplicated, foreign (another SSRC or type), strangers (from nobody's
// address), sendErrors; exactBlocks (as they were said), shifts (how
// often a jitter buffer adapted), strangerBlocks (that were somebody else's), unheardAtStart (blocks said before the first
// that was heard); maxGapMs (between two packets of a stream), worstJitterMs; ownLatenessMaxMs is the load's own part in them.
// --check: so many are judged by their last second, through any codec: judged, wrong, worstCorrelation, delayP50Ms, delayP99Ms,
// delayMaxMs (from mouth to ear, packets included).
//
// Exit code 0: every stream was answered, every judged one heard whom it should and nobody a stranger.
#include <linux/sock_diag.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "dsp/g711.hpp"
#include "rtp/demultiplexer.hpp"
#include "rtp/packet.hpp"
#include "rtp/socket_pool.hpp"
#include "rtp_load_options.hpp"
#include "rtp_load_sound.hpp"

namespace {

using namespace cordboard;
using load::Hear;
using load::Listener;
using load::Match;
using load::Options;
using load::Sound;
using rtp::Address;

constexpr std::size_t kBlock = dsp::kBlock;
constexpr std::size_t kLoop = Sound::kLoop;
constexpr std::size_t kKept = 50 * kBlock;  // of what was heard
constexpr int64_t kTickNs = 20'000'000;
constexpr int kSlices = 20;  // of a tick: streams speak one after the other, as those of a building do
constexpr uint32_t kBatch = 64;
constexpr int kPriority = 45;
constexpr uint8_t kPcma = 8;
// A stranger's voice has nothing in common; a jitter buffer that puts a block in or leaves one out costs half at worst.
constexpr double kSurely = 0.4;

struct Stream {
  Address remote;
  uint16_t local_port{};
  std::optional<Address> local;  // one of several addresses on the port; IPv4
  SocketAddress to{};
  socklen_t to_length{};
  uint32_t ssrc{};
  uint16_t sequence{};
  std::size_t begin{};  // in the sound
  uint64_t sent{};
  // Heard.
  uint64_t received{};
  uint64_t reordered{};
  uint64_t duplicated{};
  uint64_t foreign{};  // other types, sizes or SSRCs than the first
  bool any{};
  uint32_t heard_ssrc{};
  int64_t first{};  // extended sequence numbers
  int64_t highest{};
  uint64_t seen{};  // of the 64 packets up to the highest
  double transit_ms{};
  double jitter_ms{};
  int64_t last_arrival_ns{};
  int64_t longest_gap_ns{};
  Listener listener;
  const Stream* speaker{};  // whom it should hear; null: anybody
  uint64_t kept{};          // octets in all, the last of them in ring
  std::array<uint8_t, kKept> ring{};
};

class Load {
 public:
  Load(const Options& options, std::vector<std::unique_ptr<Stream>> streams)
      : options_(options),
        streams_(std::move(streams)),
        table_(static_cast<uint32_t>(streams_.size()), 1),
        sound_(options.speech) {}

  bool open() {
    const auto host = Address::parse(options_.bind, 0);
    if (!host) return complain(options_.bind + " is no address in digits");
    epoll_ = Descriptor(epoll_create1(0));
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      auto& stream = *streams_[i];
      if (stream.local_port == 0) stream.local_port = static_cast<uint16_t>(options_.port + 2 * i);
      stream.ssrc = static_cast<uint32_t>(0x10000 + i);
      stream.sequence = static_cast<uint16_t>(i * 7919);
      stream.begin = i * 7919 * kBlock % kLoop / kBlock * kBlock;
      const auto from = stream.local ? *Address::parse("0.0.0.0", 0) : *host;
      if (!sockets_.contains(stream.local_port) && !open_socket(from, stream.local_port)) return false;
      stream.to_length = stream.remote.to(stream.to, host->is_ipv4() ? AF_INET : AF_INET6);
      if (!table_.insert(key_of(stream.remote, stream.local, stream.local_port), static_cast<uint32_t>(i))) {
        return complain("two streams go from port " + std::to_string(stream.local_port) + " to " +
                        stream.remote.text());
      }
      slices_[i * kSlices / streams_.size()][stream.local_port].push_back(static_cast<uint32_t>(i));
    }
    for (std::size_t i = 0; i < streams_.size() && options_.hear != Hear::kAny; ++i) {
      const auto speaker = options_.hear == Hear::kOwn ? i : i ^ 1;
      if (speaker < streams_.size()) streams_[i]->speaker = streams_[speaker].get();
    }
    return true;
  }

  void run() {
    sched_param parameters{};
    parameters.sched_priority = kPriority;
    [[maybe_unused]] const int refused = sched_setscheduler(0, SCHED_FIFO, &parameters);
    const auto ticks = static_cast<uint64_t>(options_.seconds * 50);
    start_ns_ = monotonic_ns();
    for (uint64_t tick = 0; tick < ticks; ++tick) {
      for (int slice = 0; slice < kSlices; ++slice) {
        const int64_t due = start_ns_ + static_cast<int64_t>(tick) * kTickNs + slice * (kTickNs / kSlices);
        listen_until(due);
        late_ns_ = std::max(late_ns_, monotonic_ns() - due);
        for (const auto& [port, which] : slices_[slice]) speak(port, which, tick);
      }
    }
    // What is still on its way.
    for (int slice = 0; slice < 5 * kSlices; ++slice) listen_until(monotonic_ns() + kTickNs / kSlices);
  }

  int judge();

 private:
  static bool complain(const std::string& why) {
    std::fprintf(stderr, "rtp_load: %s\n", why.c_str());
    return false;
  }

  /// A stream on an address of its own is known by that.
  static rtp::Demultiplexer::Key key_of(const Address& remote, const std::optional<Address>& local, uint16_t port) {
    return {local ? local->with_port(remote.port) : remote, port, rtp::SocketKind::kRtp};
  }

  bool open_socket(const Address& host, uint16_t port) {
    const sa_family_t family = host.is_ipv4() ? AF_INET : AF_INET6;
    Descriptor made(socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    SocketAddress address;
    const auto length = host.with_port(port).to(address, family);
    if (bind(made.number(), &address.any, length) != 0) {
      return complain(host.with_port(port).text() + " cannot be bound: " + std::strerror(errno));
    }
    const int bytes = 32 << 20;
    if (setsockopt(made.number(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
      setsockopt(made.number(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
    if (host.unspecified()) {
      const int on = 1;
      setsockopt(made.number(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
      shared_.insert(made.number());
    }
    epoll_event event{.events = EPOLLIN, .data = {.u64 = uint64_t{port} << 32 | static_cast<uint32_t>(made.number())}};
    epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, made.number(), &event);
    sockets_[port] = std::move(made);
    return true;
  }

  void speak(uint16_t port, const std::vector<uint32_t>& which, uint64_t tick) {
    const int socket = sockets_[port].number();
    for (std::size_t at = 0; at < which.size();) {
      uint32_t count = 0;
      for (; count < kBatch && at < which.size(); ++count, ++at) {
        auto& stream = *streams_[which[at]];
        auto& header = headers_[count];
        rtp::write_header({.payload_type = kPcma,
                           .marker = tick == 0,
                           .sequence = stream.sequence++,
                           .timestamp = static_cast<uint32_t>(tick * kBlock),
                           .ssrc = stream.ssrc},
                          header.data());
        const auto from = (stream.begin + tick * kBlock) % kLoop;
        parts_[count][0] = {header.data(), header.size()};
        parts_[count][1] = {const_cast<uint8_t*>(sound_.block(from)), kBlock};
        messages_[count].msg_hdr = {
            .msg_name = &stream.to, .msg_namelen = stream.to_length, .msg_iov = parts_[count].data(), .msg_iovlen = 2};
        if (stream.local) {
          messages_[count].msg_hdr.msg_control = controls_[count].octets;
          messages_[count].msg_hdr.msg_controllen = sizeof controls_[count].octets;
          auto* control = CMSG_FIRSTHDR(&messages_[count].msg_hdr);
          control->cmsg_level = IPPROTO_IP;
          control->cmsg_type = IP_PKTINFO;
          control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
          in_pktinfo info{};
          std::memcpy(&info.ipi_spec_dst, stream.local->host.data() + 12, sizeof info.ipi_spec_dst);
          std::memcpy(CMSG_DATA(control), &info, sizeof info);
        }
      }
      for (uint32_t done = 0; done < count;) {
        const int sent = sendmmsg(socket, messages_.data() + done, count - done, 0);
        if (sent < 0) ++errors_;
        for (int i = 0; i < sent; ++i) ++streams_[which[at - count + done + static_cast<std::size_t>(i)]]->sent;
        done += static_cast<uint32_t>(std::max(1, sent));
      }
    }
  }

  /// Sleeps until then, and hears what has come: to wake for every packet would cost those who send as much as this.
  void listen_until(int64_t due) {
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) continue;
    std::array<epoll_event, 128> events;
    do {
      const int count = epoll_wait(epoll_.number(), events.data(), events.size(), 0);
      if (count <= 0) return;
      for (int i = 0; i < count; ++i) {
        const auto event = events[static_cast<std::size_t>(i)].data.u64;
        listen(static_cast<uint16_t>(event >> 32), static_cast<int>(event & 0xFFFFFFFF));
      }
    } while (monotonic_ns() < due + kTickNs / kSlices);
  }

  void listen(uint16_t port, int socket) {
    static std::array<std::array<uint8_t, 2048>, kBatch> buffers;
    static std::array<SocketAddress, kBatch> from;
    std::array<iovec, kBatch> parts;
    std::array<mmsghdr, kBatch> messages{};
    static std::array<Control, kBatch> controls;
    const bool shared = shared_.contains(socket);
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {buffers[i].data(), buffers[i].size()};
      messages[i].msg_hdr = {
          .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i], .msg_iovlen = 1};
      if (!shared) continue;
      messages[i].msg_hdr.msg_control = controls[i].octets;
      messages[i].msg_hdr.msg_controllen = sizeof controls[i].octets;
    }
    const int count = recvmmsg(socket, messages.data(), kBatch, 0, nullptr);
    const auto now = monotonic_ns();
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const auto address = Address::from(from[at]);
      const auto which = table_.find(key_of(*address, shared ? local_of(messages[at].msg_hdr) : std::nullopt, port));
      if (!which || streams_[*which]->remote != *address) {
        ++strangers_;
        continue;
      }
      hear(*streams_[*which], {buffers[at].data(), messages[at].msg_len}, now);
    }
  }

  /// The address to which a datagram came.
  static std::optional<Address> local_of(const msghdr& message) {
    const auto* control = CMSG_FIRSTHDR(&message);
    if (control == nullptr || control->cmsg_type != IP_PKTINFO) return std::nullopt;
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(control), sizeof info);
    SocketAddress address{};
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr = info.ipi_addr;
    return Address::from(address);
  }

  void hear(Stream& stream, std::span<const uint8_t> octets, int64_t now) {
    rtp::PacketView packet;
    if (rtp::parse_packet(octets, packet) != rtp::PacketFault::kNone || packet.payload_type != kPcma ||
        packet.payload.size() != kBlock || (stream.any && packet.ssrc != stream.heard_ssrc)) {
      if (!rtp::is_control(octets)) ++stream.foreign;
      return;
    }
    ++stream.received;
    const double transit = static_cast<double>(now) / 1e6 - packet.timestamp / 8.0;
    int ahead = 1;
    if (!stream.any) {
      stream.any = true;
      stream.heard_ssrc = packet.ssrc;
      stream.first = stream.highest = packet.sequence;
      stream.seen = 1;
    } else {
      ahead = static_cast<int16_t>(packet.sequence - static_cast<uint16_t>(stream.highest));
      if (ahead > 0) {
        stream.highest += ahead;
        stream.seen = ahead >= 64 ? 1 : stream.seen << ahead | 1;
      } else if (ahead > -64 && (stream.seen & 1ULL << -ahead) != 0) {
        ++stream.duplicated;
        return;
      } else {
        ++stream.reordered;
        if (ahead > -64) stream.seen |= 1ULL << -ahead;
      }
      stream.longest_gap_ns = std::max(stream.longest_gap_ns, now - stream.last_arrival_ns);
      stream.jitter_ms += (std::abs(transit - stream.transit_ms) - stream.jitter_ms) / 16;  // RFC 3550 A.8
    }
    stream.transit_ms = transit;
    stream.last_arrival_ns = now;
    // What was overtaken has been counted, and its block as one that was replaced.
    if (stream.speaker != nullptr && ahead > 0) {
      stream.listener.hear(sound_, packet.payload, static_cast<uint64_t>(ahead - 1), stream.speaker->begin,
                           stream.speaker->sent * kBlock);
    }
    std::copy(packet.payload.begin(), packet.payload.end(),
              stream.ring.begin() + static_cast<std::ptrdiff_t>(stream.kept % kKept));
    stream.kept += kBlock;
  }

  std::optional<Match> match(const Stream& heard, const Stream& speaker) const;

  const Options options_;
  std::vector<std::unique_ptr<Stream>> streams_;
  rtp::Demultiplexer table_;
  const Sound sound_;
  Descriptor epoll_;
  std::map<uint16_t, Descriptor> sockets_;
  std::array<std::map<uint16_t, std::vector<uint32_t>>, kSlices> slices_;
  std::array<std::array<uint8_t, rtp::kRtpHeader>, kBatch> headers_{};
  std::array<std::array<iovec, 2>, kBatch> parts_{};
  struct alignas(cmsghdr) Control {
    char octets[CMSG_SPACE(sizeof(in_pktinfo))];
  };
  std::array<Control, kBatch> controls_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::set<int> shared_;  // sockets of several addresses
  int64_t start_ns_{};
  int64_t late_ns_{};
  uint64_t errors_{};
  uint64_t strangers_{};
};

/// Where the last half second heard stands in the two seconds said before: in samples, so that a codec or a conference may be between.
std::optional<Match> Load::match(const Stream& heard, const Stream& speaker) const {
  constexpr std::size_t kLength = 25 * kBlock;
  constexpr std::size_t kSecond = 8000;
  constexpr std::size_t kBack = 2 * kSecond;
  std::vector<uint8_t> octets(kLength);
  if (heard.kept < kKept) return std::nullopt;
  for (std::size_t i = 0; i < kLength; ++i) octets[i] = heard.ring[(heard.kept - kLength + i) % kKept];
  // What was said up to now, on the common clock, at the phase of his slice; to a second after what he said when we are late.
  const auto index = static_cast<std::size_t>(speaker.ssrc - 0x10000);
  const int64_t phase = static_cast<int64_t>(index * kSlices / streams_.size()) * (kTickNs / kSlices);
  const auto now = std::min(static_cast<int64_t>((heard.last_arrival_ns - start_ns_ - phase) / 125'000),
                            static_cast<int64_t>(speaker.sent * kBlock + kSecond));
  const auto oldest = now - static_cast<int64_t>(kLength + kBack);
  if (oldest < 0) return std::nullopt;
  std::vector<uint8_t> said_octets(kLength + kBack);
  for (std::size_t i = 0; i < said_octets.size(); ++i) {
    said_octets[i] = sound_.octet(speaker.begin + static_cast<std::size_t>(oldest) + i);
  }
  auto found = load::correlate(octets, said_octets);
  // A block is heard when its last sample has come; its first left the mouth 20 ms before it was sent.
  found.delay_ms += 20;
  return found;
}

int Load::judge() {
  uint64_t sent = 0, received = 0, lost = 0, reordered = 0, duplicated = 0, foreign = 0, silent = 0;
  double jitter = 0, gap_ms = 0;
  Listener heard;
  for (const auto& each : streams_) {
    const auto& stream = *each;
    sent += stream.sent;
    received += stream.received - stream.duplicated;
    reordered += stream.reordered;
    duplicated += stream.duplicated;
    foreign += stream.foreign;
    silent += !stream.any;
    if (stream.any)
      lost += static_cast<uint64_t>(stream.highest - stream.first + 1) - (stream.received - stream.duplicated);
    jitter = std::max(jitter, stream.jitter_ms);
    gap_ms = std::max(gap_ms, static_cast<double>(stream.longest_gap_ns) / 1e6);
    heard.exact += stream.listener.exact;
    heard.replaced += stream.listener.replaced;
    heard.shifted += stream.listener.shifted;
    heard.stranger += stream.listener.stranger;
    heard.unheard += stream.listener.unheard;
  }
  uint64_t dropped = 0;
  for (const auto& [port, socket] : sockets_) {
    uint32_t memory[SK_MEMINFO_VARS]{};
    socklen_t size = sizeof memory;
    if (getsockopt(socket.number(), SOL_SOCKET, SO_MEMINFO, memory, &size) == 0) dropped += memory[SK_MEMINFO_DROPS];
  }
  const uint64_t by_us = lost - std::min(lost, dropped) + heard.replaced;
  uint32_t judged = 0, wrong = 0;
  double worst = 1;
  std::vector<double> delays;
  if (options_.hear != Hear::kAny) {
    const std::size_t step = std::max<std::size_t>(1, streams_.size() / std::max(1U, options_.check));
    for (std::size_t i = 0; i < streams_.size() && judged < options_.check; i += step) {
      const std::size_t other = options_.hear == Hear::kOwn ? i : i ^ 1;
      if (other >= streams_.size()) continue;
      const auto found = match(*streams_[i], *streams_[other]);
      ++judged;
      if (!found || found->correlation < kSurely) {
        ++wrong;
        worst = std::min(worst, found ? found->correlation : 0);
        continue;
      }
      worst = std::min(worst, found->correlation);
      delays.push_back(found->delay_ms);
    }
  }
  std::sort(delays.begin(), delays.end());
  const auto at = [&](double share) {
    return delays.empty() ? 0
                          : delays[std::min(delays.size() - 1,
                                            static_cast<std::size_t>(share * static_cast<double>(delays.size())))];
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  const auto print = [](const char* format, auto... values) { std::printf(format, values...); };
  const auto count = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  print(options_.json
            ? "{\"streams\": %zu, \"sent\": %llu, \"received\": %llu, \"lostByUs\": %llu, \"missingNumbers\": %llu, "
              "\"ownDrops\": %llu, \"replacedBlocks\": %llu, \"outOfOrder\": %llu, \"duplicated\": %llu, \"foreign\": "
              "%llu, \"strangers\": "
              "%llu, \"silent\": %llu, \"sendErrors\": %llu, "
            : "%zu streams: sent %llu, received %llu, lost by us %llu (numbers %llu, of them dropped here %llu, blocks "
              "replaced %llu), out of order "
              "%llu, duplicated %llu, foreign %llu, from strangers %llu, silent streams %llu, send errors %llu\n",
        streams_.size(), count(sent), count(received), count(by_us), count(lost), count(dropped), count(heard.replaced),
        count(reordered), count(duplicated), count(foreign), count(strangers_), count(silent), count(errors_));
  print(options_.json
            ? "\"exactBlocks\": %llu, \"shifts\": %llu, \"strangerBlocks\": %llu, \"unheardAtStart\": %llu, "
              "\"maxGapMs\": %.2f, \"worstJitterMs\": %.2f, \"ownLatenessMaxMs\": %.2f, "
            : "%llu blocks exact, %llu shifts, %llu a stranger's, %llu unheard at the start; longest gap %.2f ms, "
              "worst jitter %.2f ms, own lateness %.2f ms at most\n",
        count(heard.exact), count(heard.shifted), count(heard.stranger), count(heard.unheard), gap_ms, jitter,
        static_cast<double>(late_ns_) / 1e6);
  print(options_.json
            ? "\"judged\": %u, \"wrong\": %u, \"worstCorrelation\": %.4f, \"delayP50Ms\": %.1f, "
              "\"delayP99Ms\": %.1f, \"delayMaxMs\": %.1f, \"cpuSeconds\": %.2f}\n"
            : "%u judged: %u wrong, worst correlation %.4f, delay p50 %.1f p99 %.1f max %.1f ms; %.2f s of CPU\n",
        judged, wrong, worst, at(0.5), at(0.99), at(1), cpu);
  return silent == 0 && wrong == 0 && heard.stranger == 0 ? 0 : 1;
}

std::unique_ptr<Stream> stream_to(const std::string& host, const std::string& port, const std::string& local_port,
                                  const std::string& local_address) {
  const auto remote = Address::parse(host, static_cast<uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
  if (!remote || !remote->known()) return nullptr;
  auto stream = std::make_unique<Stream>();
  stream->remote = *remote;
  stream->local_port = static_cast<uint16_t>(std::strtoul(local_port.c_str(), nullptr, 10));
  if (!local_address.empty()) {
    stream->local = Address::parse(local_address, 0);
    if (!stream->local || !stream->local->is_ipv4() || stream->local_port == 0) return nullptr;
  }
  return stream;
}

}  // namespace

int main(int argc, char** argv) {
  const auto asked = load::read_command_line(argc, argv);
  if (!asked) return 2;
  std::vector<std::unique_ptr<Stream>> streams;
  for (const auto& each : asked->streams) {
    streams.push_back(stream_to(each.address, each.port, each.local_port, each.local_address));
    if (streams.back() != nullptr) continue;
    std::fprintf(stderr,
                 "rtp_load: \"%s\" port \"%s\" is no address and port in digits, or a localAddress without localPort\n",
                 each.address.c_str(), each.port.c_str());
    return 2;
  }
  Load load(asked->options, std::move(streams));
  if (!load.open()) return 2;
  load.run();
  return load.judge();
}
