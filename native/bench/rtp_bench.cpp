// SPDX-License-Identifier: GPL-2.0-or-later
// What an RTP stream costs per 20 ms, beside the goals: the media thread's part (from packets to a row and from a row to
// packets) and the I/O thread's without its sockets. As in a full engine, thousands of streams take turns, so each finds
// its memory out of the caches; and with few of them, to tell arithmetic from memory.
//
//   rtp_bench [--json]
#include <malloc.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench.hpp"
#include "rtp/packet.hpp"
#include "rtp/srtp.hpp"
#include "rtp/stream.hpp"
#include "rtp_traces.hpp"

namespace {

using namespace cordboard;
using namespace cordboard::rtp;
using namespace cordboard::rtp::traces;

/// Streams, what they receive in a second again and again, and what they are to send.
class Crowd {
 public:
  Crowd(Encoding encoding, std::size_t count) {
    const auto params = params_of(encoding);
    for (std::size_t i = 0; i < count; ++i) streams_.push_back(stream_of(params, static_cast<uint32_t>(i + 1)));
    const auto alaw = alaw_of(speech_like(4, 3));
    SenderOptions options{
        .payload_type = params.send.payload_type, .encoding = encoding, .sequence = 0, .timestamp = 0};
    for (auto& datagram : sent_by(options, alaw)) packets_.push_back(std::move(datagram.octets));
    rows_.assign(alaw.begin(), alaw.end());
    clock_ = params.send.clock_hz / 50;
  }

  std::size_t size() const { return streams_.size(); }

  /// The I/O thread hands a packet to each stream.
  void deliver() {
    auto& packet = packets_[tick_ % packets_.size()];
    write16(&packet[2], static_cast<uint16_t>(tick_));
    write32(&packet[4], static_cast<uint32_t>(tick_ * clock_));
    for (const auto& stream : streams_) stream->deliver(packet, static_cast<int64_t>(tick_) * kTickNs);
  }
  /// As the tick does: each stream's memory is asked for some streams ahead of its turn.
  void receive() {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      ask_for(i);
      uint8_t row[kBlock];
      streams_[i]->receive(row, static_cast<int64_t>(tick_) * kTickNs);
      bench::keep(row);
    }
  }
  void send() {
    const uint8_t* const row = &rows_[tick_ % (rows_.size() / kBlock) * kBlock];
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      ask_for(i);
      streams_[i]->send(row);
    }
  }
  void fetch() {
    uint8_t out[Stream::kMaxPacket];
    for (const auto& stream : streams_) {
      while (stream->next_packet(out, static_cast<int64_t>(tick_) * kTickNs) > 0) bench::keep(out);
    }
  }
  void next() { ++tick_; }

 private:
  void ask_for(std::size_t turn) const {
    if (turn + 4 < streams_.size()) streams_[turn + 4]->prefetch();
    if (turn + 2 < streams_.size()) streams_[turn + 2]->prefetch_packets();
  }

  std::vector<std::unique_ptr<Stream>> streams_;
  std::vector<std::vector<uint8_t>> packets_;
  std::vector<uint8_t> rows_;
  uint64_t tick_ = 0;
  uint32_t clock_ = 160;
};

/// CPU time of the parts of a round, each its fastest tenth.
void bench_encoding(Encoding encoding, std::size_t count, double goal, bench::Report& report) {
  Crowd crowd(encoding, count);
  std::vector<double> parts[4];
  const auto begin = bench::thread_cpu_ns();
  for (int round = 0; round < 20 || (bench::thread_cpu_ns() - begin < 1.5e9 && round < 20'000); ++round) {
    const auto measured = [&](int part, auto&& work) {
      const double start = bench::thread_cpu_ns();
      work();
      parts[part].push_back((bench::thread_cpu_ns() - start) / static_cast<double>(count));
    };
    measured(0, [&] { crowd.deliver(); });
    measured(1, [&] { crowd.receive(); });
    measured(2, [&] { crowd.send(); });
    measured(3, [&] { crowd.fetch(); });
    crowd.next();
  }
  double ns[4];
  for (int part = 0; part < 4; ++part) {
    std::sort(parts[part].begin(), parts[part].end());
    ns[part] = parts[part][parts[part].size() / 10];
  }
  const std::string name = std::string(name_of(encoding)) + (count == 64 ? ".cached" : "");
  report.add(name + ".receive_and_send", ns[1] + ns[2], goal);
  report.add(name + ".receive", ns[1]);
  report.add(name + ".send", ns[2]);
  report.add(name + ".io_in", ns[0]);
  report.add(name + ".io_out", ns[3]);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv, "per stream and 20 ms");
  bench_encoding(Encoding::kPcma, 2000, 500, report);
  bench_encoding(Encoding::kPcmu, 2000, 0, report);
  bench_encoding(Encoding::kG722, 200, 0, report);
  bench_encoding(Encoding::kOpus, 100, 0, report);
  bench_encoding(Encoding::kPcma, 64, 0, report);

  for (const auto suite : {SrtpSuite::kAesCm128HmacSha1_80, SrtpSuite::kAeadAes128Gcm}) {
    if (!srtp_works(suite)) continue;
    const std::vector<uint8_t> key(srtp_key_octets(suite), 7);
    auto sender = SrtpSession::make(suite, key, key), receiver = SrtpSession::make(suite, key, key);
    std::vector<uint8_t> packet(172 + kSrtpSlack);
    uint16_t number = 0;
    std::size_t length = 0;
    const auto protect = [&] {
      write_header({.payload_type = 8, .sequence = number++, .ssrc = 1}, packet.data());
      length = (*sender)->protect(packet, 172);
    };
    const double one = bench::fastest_ns(1, protect);
    const double both = bench::fastest_ns(1, [&] {
      protect();
      (*receiver)->unprotect(packet, length);
    });
    const std::string name(name_of(suite));
    report.add(name + ".protect", one);
    report.add(name + ".unprotect", both - one);
  }

  const auto before = mallinfo2().uordblks;
  {
    const Crowd crowd(Encoding::kPcma, 0);
    std::vector<std::unique_ptr<Stream>> streams;
    const auto empty = mallinfo2().uordblks;
    for (uint32_t i = 1; i <= 500; ++i) streams.push_back(stream_of(params_of(), i));
    report.add("memory of a PCMA stream (octets)", static_cast<double>(mallinfo2().uordblks - empty) / 500, 12'000);
  }
  bench::keep(&before);
  report.print();
}
