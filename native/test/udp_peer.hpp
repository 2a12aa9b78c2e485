// SPDX-License-Identifier: GPL-2.0-or-later
// The other side of a stream: a socket to send and receive whatever a test likes, and a telephone that speaks and listens
// at its own pace on a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "dsp/g711.hpp"
#include "rtp/address.hpp"
#include "rtp/packet.hpp"
#include "rtp/rtcp.hpp"
#include "rtp/srtp.hpp"

namespace cordboard::rtp {

using Octets = std::vector<uint8_t>;

class UdpPeer {
 public:
  /// Any port unless one is asked for.
  explicit UdpPeer(const std::string& host = "127.0.0.1", uint16_t port = 0) {
    const auto wanted = Address::parse(host, port);
    socket_ = socket(wanted->is_ipv4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    SocketAddress address;
    const auto length = wanted->to(address, wanted->is_ipv4() ? AF_INET : AF_INET6);
    if (bind(socket_, &address.any, length) != 0) return;
    socklen_t size = sizeof address;
    getsockname(socket_, &address.any, &size);
    local_ = *Address::from(address);
    family_ = address.any.sa_family;
  }
  ~UdpPeer() { close(socket_); }
  UdpPeer(const UdpPeer&) = delete;
  UdpPeer& operator=(const UdpPeer&) = delete;

  /// port is 0 when the socket could not be bound.
  const Address& local() const { return local_; }
  uint16_t port() const { return local_.port; }
  int descriptor() const { return socket_; }

  bool send(const Address& to, std::span<const uint8_t> octets) {
    SocketAddress address;
    const auto length = to.to(address, family_);
    return sendto(socket_, octets.data(), octets.size(), 0, &address.any, length) ==
           static_cast<ssize_t>(octets.size());
  }

  struct Datagram {
    Octets octets;
    Address from;
  };
  /// The next datagram, waited for.
  std::optional<Datagram> receive(std::chrono::milliseconds patience) {
    pollfd entry{socket_, POLLIN, 0};
    if (poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    Datagram datagram;
    datagram.octets.resize(2048);
    SocketAddress address;
    socklen_t size = sizeof address;
    const auto length = recvfrom(socket_, datagram.octets.data(), datagram.octets.size(), 0, &address.any, &size);
    if (length < 0) return std::nullopt;
    datagram.octets.resize(static_cast<std::size_t>(length));
    datagram.from = *Address::from(address);
    return datagram;
  }

 private:
  int socket_{};
  sa_family_t family_{};
  Address local_;
};

/// A packet as any sender would write it.
inline Octets make_packet(const PacketHeader& header, std::span<const uint8_t> payload) {
  Octets packet(kRtpHeader);
  write_header(header, packet.data());
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

/// A telephone with G.711: sends a block of 20 ms on its clock from call() on, what was given it to say or else silence.
class Phone {
 public:
  struct Settings {
    std::string host = "127.0.0.1";
    uint8_t payload_type = 8;
    uint32_t ssrc = 0x1234;
    std::shared_ptr<SrtpSession> srtp;  // used by its thread alone
    bool mux = false;                   // RTCP on the port of RTP
  };
  explicit Phone(const Settings& settings) : settings_(settings) {
    // RTP on an even port with the next for RTCP.
    while (rtcp_ == nullptr) {
      rtp_ = std::make_unique<UdpPeer>(settings.host);
      if (rtp_->port() % 2 != 0) continue;
      auto next = std::make_unique<UdpPeer>(settings.host, static_cast<uint16_t>(rtp_->port() + 1));
      if (next->port() != 0) rtcp_ = std::move(next);
    }
    sequence_ = static_cast<uint16_t>(random_());
    timestamp_ = static_cast<uint32_t>(random_());
  }
  Phone() : Phone(Settings{}) {}
  ~Phone() { hang_up(); }

  const Address& local() const { return rtp_->local(); }
  std::string host() const { return rtp_->local().host_text(); }
  uint16_t port() const { return rtp_->port(); }

  /// Speaks to this address, and to another when called again.
  void call(const Address& to) {
    const std::lock_guard lock(mutex_);
    to_ = to;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  void hang_up() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
  }
  /// After what is still to be said.
  void say(std::span<const uint8_t> octets) {
    const std::lock_guard lock(mutex_);
    saying_.insert(saying_.end(), octets.begin(), octets.end());
  }
  /// Sends nothing, but listens.
  void mute(bool muted) {
    const std::lock_guard lock(mutex_);
    muted_ = muted;
  }
  /// A packet of its own making in the place of speech: `payload_type` and payload, the timestamp as it stands or kept.
  void send(uint8_t payload_type, std::span<const uint8_t> payload, bool marker = false, bool keep_timestamp = false) {
    const std::lock_guard lock(mutex_);
    extra_.push_back({payload_type, marker, keep_timestamp, {payload.begin(), payload.end()}});
  }

  struct Heard {
    PacketView header;  // without its spans
    Octets payload;
    Address from;
  };
  /// All packets so far, in the order of their coming.
  std::vector<Heard> packets() {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  std::vector<Octets> control() {
    const std::lock_guard lock(mutex_);
    return control_;
  }
  std::size_t rejected() {
    const std::lock_guard lock(mutex_);
    return rejected_;
  }
  /// Payloads of `payload_type`, one behind the other in the order of their sequence numbers.
  Octets octets(uint8_t payload_type) {
    const auto all = packets();
    std::map<int64_t, Octets> ordered;
    int64_t last = all.empty() ? 0 : all.front().header.sequence;
    for (const auto& packet : all) {
      last += static_cast<int16_t>(packet.header.sequence - static_cast<uint16_t>(last));
      if (packet.header.payload_type == payload_type) ordered[last] = packet.payload;
    }
    Octets octets;
    for (const auto& [sequence, payload] : ordered) octets.insert(octets.end(), payload.begin(), payload.end());
    return octets;
  }
  template <class Good>
  bool wait(Good good, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return good(heard_, control_); });
  }
  bool wait_packets(std::size_t more, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    std::size_t wanted = 0;
    {
      const std::lock_guard lock(mutex_);
      wanted = heard_.size() + more;
    }
    return wait([&](const auto& heard, const auto&) { return heard.size() >= wanted; }, patience);
  }
  UdpPeer& rtcp() { return *rtcp_; }

 private:
  struct Extra {
    uint8_t payload_type;
    bool marker;
    bool keep_timestamp;
    Octets payload;
  };

  void run() {
    int64_t due = monotonic_ns();
    while (true) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        speak();
      }
      due += 20'000'000;
      listen_until(due);
    }
  }

  void speak() {
    if (muted_) return;
    Octets payload(160, silence());
    PacketHeader header{settings_.payload_type, false, sequence_++, timestamp_, settings_.ssrc};
    if (!extra_.empty()) {
      header.payload_type = extra_.front().payload_type;
      header.marker = extra_.front().marker;
      payload = extra_.front().payload;
      if (extra_.front().keep_timestamp) {
        header.timestamp = kept_;
      } else {
        kept_ = header.timestamp;
      }
      extra_.erase(extra_.begin());
    } else {
      const auto count = std::min<std::size_t>(160, saying_.size());
      std::copy_n(saying_.begin(), count, payload.begin());
      saying_.erase(saying_.begin(), saying_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    timestamp_ += 160;
    auto packet = make_packet(header, payload);
    if (settings_.srtp) {
      const auto octets = packet.size();
      packet.resize(octets + kSrtpSlack);
      packet.resize(settings_.srtp->protect(packet, octets));
    }
    rtp_->send(to_, packet);
  }

  void listen_until(int64_t due) {
    while (true) {
      const auto left = (due - monotonic_ns()) / 1'000'000;
      pollfd entries[2]{{rtp_->descriptor(), POLLIN, 0}, {rtcp_->descriptor(), POLLIN, 0}};
      if (left <= 0 || poll(entries, 2, static_cast<int>(left)) <= 0) {
        const timespec at{due / 1'000'000'000, due % 1'000'000'000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
        return;
      }
      const std::lock_guard lock(mutex_);
      for (auto* socket : {rtp_.get(), rtcp_.get()}) {
        while (auto datagram = socket->receive(std::chrono::milliseconds(0))) take(std::move(*datagram), socket == rtcp_.get());
      }
      changed_.notify_all();
    }
  }

  void take(UdpPeer::Datagram datagram, bool control) {
    auto& octets = datagram.octets;
    control |= is_control(octets);
    if (settings_.srtp) {
      const auto length = octets.size();
      octets.resize(length + kSrtpSlack);
      octets.resize(control ? settings_.srtp->unprotect_control(octets, length)
                            : settings_.srtp->unprotect(octets, length));
    }
    PacketView view;
    if (octets.empty()) {
      ++rejected_;
    } else if (control) {
      control_.push_back(octets);
    } else if (parse_packet(octets, view) == PacketFault::kNone) {
      Heard heard{view, {view.payload.begin(), view.payload.end()}, datagram.from};
      heard.header.payload = heard.header.csrcs = heard.header.extension = {};
      heard_.push_back(std::move(heard));
    } else {
      ++rejected_;
    }
  }

  uint8_t silence() const { return settings_.payload_type == 0 ? dsp::kUlawSilence : dsp::kAlawSilence; }

  const Settings settings_;
  std::mt19937 random_{settings_.ssrc};
  std::unique_ptr<UdpPeer> rtp_;
  std::unique_ptr<UdpPeer> rtcp_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Address to_;
  bool stopping_{};
  bool muted_{};
  Octets saying_;
  std::vector<Extra> extra_;
  uint16_t sequence_{};
  uint32_t timestamp_{};
  uint32_t kept_{};
  std::vector<Heard> heard_;
  std::vector<Octets> control_;
  std::size_t rejected_{};
  std::thread thread_;
};

}  // namespace cordboard::rtp
