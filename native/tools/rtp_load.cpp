// SPDX-License-Identifier: GPL-2.0-or-later
// Telephones by the thousand: sends G.711 (A-law) to given RTP ports on the clock of 20 ms, listens to what comes back,
// and judges it.
//
//   rtp_load [--seconds 10] [--bind 127.0.0.1] [--port 40000] [--hear partner|own|any] [--speech file.wav]
//            [--check 100] [--json] [address:port …]
//
// Without addresses they are read from standard input to its end, a stream a line:
//
//   {"address": "127.0.0.1", "port": 20000, "localPort": 40000, "localAddress": "127.1.0.1"}
//
// `localPort` may be left out: then stream n has --port + 2n. Streams to different ports may share one, and so may streams
// from different addresses of this machine, of which the loopback has 16 million: then one socket is thousands of
// telephones. Streams 0 and 1 are partners, 2 and 3, …: with --hear partner each should hear the other, with --hear own
// itself.
//
// Every stream speaks from another place of one long sound that is nowhere twice, so a stretch of what comes back says who
// is heard and when it was said: --check so many streams are judged by the last second of it. Delay is from the mouth of one to
// the ear of the other, packets included. Exit code 0: every stream was answered and every judged one heard whom it should.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "dsp/g711.hpp"
#include "dsp_recordings.hpp"
#include "rtp/demultiplexer.hpp"
#include "rtp/packet.hpp"
#include "rtp/socket_pool.hpp"

namespace {

using namespace cordboard;
using rtp::Address;

constexpr std::size_t kBlock = dsp::kBlock;
constexpr std::size_t kLoop = 64 * 8000;    // of the sound: so long nothing is said twice
constexpr std::size_t kKept = 50 * kBlock;  // of what was heard
constexpr int64_t kTickNs = 20'000'000;
constexpr int kSlices = 20;  // of a tick: streams speak one after the other, as those of a building do
constexpr uint32_t kBatch = 64;
constexpr uint8_t kPcma = 8;
// A stranger's voice has nothing in common; a jitter buffer that puts a block in or leaves one out costs half at worst.
constexpr double kSurely = 0.4;

enum class Hear { kPartner, kOwn, kAny };

struct Options {
  double seconds = 10;
  std::string bind = "127.0.0.1";
  uint16_t port = 40000;
  Hear hear = Hear::kPartner;
  std::string speech;
  uint32_t check = 100;
  bool json = false;
};

struct Stream {
  Address remote;
  uint16_t local_port{};
  std::optional<Address> local;  // one of several addresses on the port; IPv4
  rtp::SocketAddress to{};
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
  uint64_t kept{};  // octets in all, the last of them in ring
  std::array<uint8_t, kKept> ring{};
};

/// Noise that comes and goes like syllables.
std::vector<uint8_t> make_sound(const std::string& speech) {
  std::vector<int16_t> samples;
  if (!speech.empty()) {
    const auto file = dsp::wav_samples(speech);
    if (file.rate_hz != 8000 || file.samples.empty()) {
      std::fprintf(stderr, "rtp_load: %s is no WAV of 16 bits, mono, at 8 kHz\n", speech.c_str());
      std::exit(2);
    }
    while (samples.size() < kLoop) samples.insert(samples.end(), file.samples.begin(), file.samples.end());
    samples.resize(kLoop);
  } else {
    std::mt19937 random(1);
    std::normal_distribution<double> level(0, 1);
    double before = 0;
    for (std::size_t i = 0; i < kLoop; ++i) {
      before = 0.7 * before + level(random);
      const double syllable = 0.55 - 0.45 * std::cos(2 * M_PI * 4 * static_cast<double>(i) / 8000);
      samples.push_back(static_cast<int16_t>(std::clamp(before * syllable * 2500, -32000.0, 32000.0)));
    }
  }
  std::vector<uint8_t> octets(kLoop + kBlock);
  dsp::alaw_encode(samples.data(), octets.data(), kLoop);
  std::copy_n(octets.begin(), kBlock, octets.begin() + kLoop);  // so that a block never has to go round
  return octets;
}

/// The value of a key in a line of flat JSON; empty if there is none.
std::string json_value(const std::string& line, const std::string& key) {
  const auto at = line.find("\"" + key + "\"");
  if (at == std::string::npos) return {};
  auto begin = line.find(':', at + key.size() + 2);
  if (begin == std::string::npos) return {};
  begin = line.find_first_not_of(" \t", begin + 1);
  if (begin == std::string::npos) return {};
  if (line[begin] == '"') return line.substr(begin + 1, line.find('"', begin + 1) - begin - 1);
  return line.substr(begin, line.find_first_of(",} \t", begin) - begin);
}

class Load {
 public:
  Load(const Options& options, std::vector<std::unique_ptr<Stream>> streams)
      : options_(options),
        streams_(std::move(streams)),
        table_(static_cast<uint32_t>(streams_.size()), 1),
        sound_(make_sound(options.speech)) {}

  bool open() {
    const auto host = Address::parse(options_.bind, 0);
    if (!host) return complain(options_.bind + " is no address in digits");
    epoll_ = rtp::Descriptor(epoll_create1(0));
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
    return true;
  }

  void run() {
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
    listen_until(monotonic_ns() + 100'000'000);
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
    rtp::Descriptor made(socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    rtp::SocketAddress address;
    const auto length = host.with_port(port).to(address, family);
    if (bind(made.number(), &address.any, length) != 0) {
      return complain(host.with_port(port).text() + " cannot be bound: " + std::strerror(errno));
    }
    const int bytes = 4 << 20;
    setsockopt(made.number(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
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
        parts_[count][1] = {const_cast<uint8_t*>(sound_.data()) + from, kBlock};
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

  void listen_until(int64_t due) {
    std::array<epoll_event, 128> events;
    while (true) {
      const auto left = due - monotonic_ns();
      const timespec patience{0, std::max<int64_t>(0, std::min<int64_t>(left, 999'999'999))};
      const int count = epoll_pwait2(epoll_.number(), events.data(), events.size(), &patience, nullptr);
      for (int i = 0; i < count; ++i) {
        const auto event = events[static_cast<std::size_t>(i)].data.u64;
        listen(static_cast<uint16_t>(event >> 32), static_cast<int>(event & 0xFFFFFFFF));
      }
      if (left <= 0) return;
    }
  }

  void listen(uint16_t port, int socket) {
    static std::array<std::array<uint8_t, 2048>, kBatch> buffers;
    static std::array<rtp::SocketAddress, kBatch> from;
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
    rtp::SocketAddress address{};
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
    if (!stream.any) {
      stream.any = true;
      stream.heard_ssrc = packet.ssrc;
      stream.first = stream.highest = packet.sequence;
      stream.seen = 1;
    } else {
      const auto ahead = static_cast<int16_t>(packet.sequence - static_cast<uint16_t>(stream.highest));
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
      stream.jitter_ms += (std::abs(transit - stream.transit_ms) - stream.jitter_ms) / 16;  // RFC 3550 A.8
    }
    stream.transit_ms = transit;
    stream.last_arrival_ns = now;
    std::copy(packet.payload.begin(), packet.payload.end(),
              stream.ring.begin() + static_cast<std::ptrdiff_t>(stream.kept % kKept));
    stream.kept += kBlock;
  }

  struct Match {
    double correlation{};
    double delay_ms{};
  };
  std::optional<Match> match(const Stream& heard, const Stream& speaker) const;

  const Options options_;
  std::vector<std::unique_ptr<Stream>> streams_;
  rtp::Demultiplexer table_;
  const std::vector<uint8_t> sound_;
  rtp::Descriptor epoll_;
  std::map<uint16_t, rtp::Descriptor> sockets_;
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

/// Where the last half second that was heard stands in what was said, of the two seconds before: in samples, so that a codec
/// or a conference in between is no hindrance.
std::optional<Load::Match> Load::match(const Stream& heard, const Stream& speaker) const {
  constexpr std::size_t kLength = 25 * kBlock;
  constexpr std::size_t kBack = 2 * 8000;
  if (heard.kept < kKept) return std::nullopt;
  std::vector<uint8_t> octets(kLength);
  for (std::size_t i = 0; i < kLength; ++i) octets[i] = heard.ring[(heard.kept - kLength + i) % kKept];
  std::vector<int16_t> wanted(kLength);
  dsp::alaw_decode(octets.data(), wanted.data(), kLength);
  // What the speaker said up to now: his samples are on the common clock, at the phase of his slice.
  const auto index = static_cast<std::size_t>(speaker.ssrc - 0x10000);
  const int64_t phase = static_cast<int64_t>(index * kSlices / streams_.size()) * (kTickNs / kSlices);
  const auto now = static_cast<int64_t>((heard.last_arrival_ns - start_ns_ - phase) / 125'000);
  const int64_t oldest = now - static_cast<int64_t>(kLength + kBack);
  if (oldest < 0) return std::nullopt;
  std::vector<uint8_t> said_octets(kLength + kBack);
  for (std::size_t i = 0; i < said_octets.size(); ++i) {
    said_octets[i] = sound_[(speaker.begin + static_cast<std::size_t>(oldest) + i) % kLoop];
  }
  std::vector<int16_t> said(said_octets.size());
  dsp::alaw_decode(said_octets.data(), said.data(), said.size());
  double power = 1;
  for (const auto sample : wanted) power += static_cast<double>(sample) * sample;
  double said_power = 1;
  for (std::size_t i = 0; i < kLength; ++i) said_power += static_cast<double>(said[i]) * said[i];
  Match best;
  for (std::size_t at = 0; at < kBack; ++at) {
    int64_t common = 0;
    for (std::size_t i = 0; i < kLength; ++i) common += int64_t{wanted[i]} * said[at + i];
    const double correlation = static_cast<double>(common) / std::sqrt(power * said_power);
    if (correlation > best.correlation) {
      best.correlation = correlation;
      // A block is heard when its last sample has come; it was said when its first left the mouth, 20 ms before it was sent.
      best.delay_ms = static_cast<double>(kBack - at) / 8 + 20;
    }
    said_power +=
        static_cast<double>(said[at + kLength]) * said[at + kLength] - static_cast<double>(said[at]) * said[at];
  }
  return best;
}

int Load::judge() {
  uint64_t sent = 0, received = 0, lost = 0, reordered = 0, duplicated = 0, foreign = 0, silent = 0;
  double jitter = 0;
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
  }
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
  print(
      options_.json
          ? "{\"streams\": %zu, \"sent\": %llu, \"received\": %llu, \"lost\": %llu, \"reordered\": %llu, "
            "\"duplicated\": "
            "%llu, \"foreign\": %llu, \"strangers\": %llu, \"silent\": %llu, \"send_errors\": %llu, \"judged\": %u, "
            "\"wrong\": %u, \"worst_correlation\": %.4f, \"delay_p50_ms\": %.1f, \"delay_p99_ms\": %.1f, "
            "\"delay_max_ms\": %.1f, \"worst_jitter_ms\": %.2f, \"own_lateness_max_ms\": %.2f, \"cpu_seconds\": %.2f}\n"
          : "%zu streams: sent %llu, received %llu, lost %llu, reordered %llu, duplicated %llu, foreign %llu, from "
            "strangers %llu, silent streams %llu, send errors %llu\n%u judged: %u wrong, worst correlation %.4f, delay "
            "p50 %.1f p99 %.1f max %.1f ms; worst jitter %.2f ms, own lateness %.2f ms at most, %.2f s of CPU\n",
      streams_.size(), static_cast<unsigned long long>(sent), static_cast<unsigned long long>(received),
      static_cast<unsigned long long>(lost), static_cast<unsigned long long>(reordered),
      static_cast<unsigned long long>(duplicated), static_cast<unsigned long long>(foreign),
      static_cast<unsigned long long>(strangers_), static_cast<unsigned long long>(silent),
      static_cast<unsigned long long>(errors_), judged, wrong, worst, at(0.5), at(0.99), at(1), jitter,
      static_cast<double>(late_ns_) / 1e6, cpu);
  return silent == 0 && wrong == 0 ? 0 : 1;
}

int usage() {
  std::fprintf(stderr,
               "usage: rtp_load [--seconds 10] [--bind 127.0.0.1] [--port 40000] [--hear partner|own|any] [--speech "
               "file.wav] [--check 100] [--json] [address:port ...]\n");
  return 2;
}

std::unique_ptr<Stream> stream_to(const std::string& host, const std::string& port, const std::string& local_port = "",
                                  const std::string& local_address = "") {
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
  Options options;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--json") {
      options.json = true;
      continue;
    }
    if (option.starts_with("--") && value.empty()) return usage();
    if (option == "--seconds") {
      options.seconds = std::strtod(value.c_str(), nullptr);
    } else if (option == "--bind") {
      options.bind = value;
    } else if (option == "--port") {
      options.port = static_cast<uint16_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else if (option == "--hear" && (value == "partner" || value == "own" || value == "any")) {
      options.hear = value == "partner" ? Hear::kPartner : value == "own" ? Hear::kOwn : Hear::kAny;
    } else if (option == "--speech") {
      options.speech = value;
    } else if (option == "--check") {
      options.check = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    } else if (option.starts_with("--")) {
      return usage();
    } else {
      const auto colon = option.rfind(':');
      auto host = option.substr(0, colon);
      if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
      streams.push_back(stream_to(host, colon == std::string::npos ? "" : option.substr(colon + 1)));
      if (streams.back() == nullptr) return usage();
      continue;
    }
    ++i;
  }
  if (streams.empty()) {
    for (std::string line; std::getline(std::cin, line);) {
      if (line.find('{') == std::string::npos) continue;
      streams.push_back(stream_to(json_value(line, "address"), json_value(line, "port"), json_value(line, "localPort"),
                                  json_value(line, "localAddress")));
      if (streams.back() == nullptr) {
        std::fprintf(stderr, "rtp_load: this line names no address and port, or a localAddress without localPort: %s\n",
                     line.c_str());
        return 2;
      }
    }
  }
  if (streams.empty() || options.seconds <= 0) return usage();
  Load load(options, std::move(streams));
  if (!load.open()) return 2;
  load.run();
  return load.judge();
}
