// SPDX-License-Identifier: GPL-2.0-or-later
// What fax costs. Without arguments: CPU of a fax end per block of 20 ms while a page goes over, by modem. With
// --ends N: N ends in N/2 calls at once through ports and workers, every received page compared pixel by pixel;
// as fast as the workers go, or paced at 20 ms with --realtime. --json prints one line for machines.
//
// With --t38 the ends speak T.38 over sockets on the loopback in place of modems. --impaired N: N faxes over T.38 and
// networks that lose 1 and 5 % of the datagrams and delay them by up to 60 ms.
//
//   fax_bench [--ends 300] [--t38] [--realtime] [--threads 2] [--rows 1100] [--impaired 400] [--json]
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../test/fax_pages.hpp"
#include "../test/t38_network.hpp"
#include "bench.hpp"
#include "dsp/kernels.hpp"
#include "media/fax.hpp"
#include "media/t38_socket.hpp"

namespace {

using namespace cordboard;
using namespace cordboard::media;
using Clock = std::chrono::steady_clock;
using Row = std::array<uint8_t, dsp::kBlock>;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double process_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Two terminals back to back on this thread: the cost of an end, A-law both ways included, in the middle of a page.
/// The mean of both ends: one trains and decodes, the other encodes and modulates, and a box has as many of each.
double end_ns(const FaxFolder& folder, uint8_t modems) {
  write_fax(folder / "out", {printed_page(6000, 1)});
  FaxSettings a;
  a.calling = true;
  a.send_file = folder / "out";
  a.modems = modems;
  FaxSettings b;
  b.receive_file = folder / ("in" + std::to_string(modems));
  FaxTerminal sender(a, {});
  FaxTerminal receiver(b, {});
  if (!sender.open() || !receiver.open()) return 0;
  const auto& kernels = dsp::kernels();
  Row to_sender;
  Row to_receiver;
  to_sender.fill(dsp::kAlawSilence);
  to_receiver.fill(dsp::kAlawSilence);
  int16_t in[dsp::kBlock];
  int16_t out[dsp::kBlock];
  const auto tick = [&] {
    kernels.alaw_decode(to_sender.data(), in, dsp::kBlock);
    sender.process(in, out);
    Row from_sender;
    kernels.alaw_encode(out, from_sender.data(), dsp::kBlock);
    kernels.alaw_decode(to_receiver.data(), in, dsp::kBlock);
    receiver.process(in, out);
    kernels.alaw_encode(out, to_sender.data(), dsp::kBlock);
    to_receiver = from_sender;
  };
  for (int i = 0; i < 15 * 50; ++i) tick();  // CED, DIS, DCS, training: 12 s
  // Seconds of the page; the best but for the lowest tenth, as in bench.hpp.
  std::vector<double> laps;
  for (int lap = 0; lap < 60 && !sender.over(); ++lap) {
    const double start = bench::thread_cpu_ns();
    for (int i = 0; i < 25; ++i) tick();
    laps.push_back((bench::thread_cpu_ns() - start) / 50);
  }
  std::sort(laps.begin(), laps.end());
  return laps[laps.size() / 10];
}

struct End {
  std::atomic<bool> over{false};
  bool ok = false;
  std::string text;
  std::unique_ptr<FaxPort> port;
  Row received;

  explicit End(const FaxSettings& settings, std::unique_ptr<T38End> t38) {
    received.fill(dsp::kAlawSilence);
    port = std::make_unique<FaxPort>(settings,
                                     FaxEvents{nullptr,
                                               [this](const FaxFinished& end) {
                                                 ok = end.ok;
                                                 text = end.text;
                                                 over.store(true);
                                               }},
                                     std::move(t38));
  }
};

/// Two ends of T.38 with a socket each.
std::pair<std::unique_ptr<T38End>, std::unique_ptr<T38End>> t38_pair() {
  std::array<Descriptor, 2> sockets;
  std::array<rtp::Address, 2> addresses;
  for (std::size_t i = 0; i < 2; ++i) {
    sockets[i] = Descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    SocketAddress address;
    socklen_t size = rtp::Address::parse("127.0.0.1", 0)->to(address, AF_INET);
    const bool bound = bind(sockets[i].number(), &address.any, size) == 0 &&
                       getsockname(sockets[i].number(), &address.any, &size) == 0;
    if (!bound) {
      std::perror("a socket on the loopback");
      std::exit(1);
    }
    addresses[i] = *rtp::Address::from(address);
  }
  const auto end = [&](std::size_t ours) {
    return std::make_unique<T38End>(
        T38Settings{}, std::make_unique<T38Socket>(std::move(sockets[ours]), AF_INET,
                                                   T38Socket::Peer{.remote = addresses[1 - ours], .latch_host = {}}));
  };
  auto first = end(0);
  return {std::move(first), end(1)};
}

struct Impaired {
  std::size_t pages, right;
  uint64_t sent, lost;
};

/// Faxes of one page each over T.38 with ECM, redundancy and FEC by turns, and networks from good to bad.
Impaired impaired(const FaxFolder& folder, std::size_t count, uint32_t rows) {
  constexpr T38Network::Faults kFaults[] = {{0.01, 0, 1}, {0.01, 60, 1}, {0.05, 0, 1}, {0.05, 60, 1}};
  Impaired result{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto page = printed_page(rows, static_cast<uint32_t>(i));
    const std::string out = folder / ("impaired-out" + std::to_string(i));
    const std::string in = folder / ("impaired-in" + std::to_string(i));
    write_fax(out, {page});
    T38Network there;
    T38Network back;
    there.faults = back.faults = kFaults[i % std::size(kFaults)];
    there.random.seed(static_cast<uint32_t>(2 * i));
    back.random.seed(static_cast<uint32_t>(2 * i + 1));
    T38Settings settings;
    settings.udptl.correction = i / std::size(kFaults) % 2 == 0 ? UdptlCorrection::kRedundancy : UdptlCorrection::kFec;
    FaxSettings a;
    a.calling = true;
    a.send_file = out;
    FaxSettings b;
    b.receive_file = in;
    FaxTerminal sender(a, {}, t38_end(there, back, settings));
    FaxTerminal receiver(b, {}, t38_end(back, there, settings));
    if (!sender.open() || !receiver.open()) std::exit(1);
    int16_t none[dsp::kBlock]{};
    int16_t silence[dsp::kBlock];
    for (int tick = 0; tick < 600 * 50 && !(sender.over() && receiver.over()); ++tick) {
      there.tick();
      back.tick();
      sender.process(none, silence);
      receiver.process(none, silence);
    }
    sender.close();
    receiver.close();
    ++result.pages;
    const auto got = std::filesystem::exists(in) ? read_fax(in) : std::vector<FaxImage>{};
    if (got.size() == 1 && got[0] == page) ++result.right;
    result.sent += there.sent + back.sent;
    result.lost += there.lost + back.lost;
    std::filesystem::remove(out);
    std::filesystem::remove(in);
  }
  return result;
}

struct Crowd {
  std::size_t ends, identical_pages, failed;
  uint64_t underruns, overruns;
  double seconds, line_seconds, cpu_seconds, late_ms;
  double fax_seconds;  // of all calls together, from the start to the end of each
};

/// `ends` / 2 calls at once, each with a page of its own.
Crowd crowd(const FaxFolder& folder, std::size_t count, std::size_t threads, uint32_t rows, bool realtime, bool t38) {
  const std::size_t calls = count / 2;
  std::vector<std::unique_ptr<End>> ends;
  std::vector<FaxImage> pages;
  for (std::size_t i = 0; i < calls; ++i) {
    const std::string name = std::to_string(i);
    pages.push_back(printed_page(rows, static_cast<uint32_t>(i)));
    write_fax(folder / ("crowd-out" + name), {pages.back()});
    FaxSettings a;
    a.calling = true;
    a.send_file = folder / ("crowd-out" + name);
    FaxSettings b;
    b.receive_file = folder / ("crowd-in" + name);
    auto [at_a, at_b] = t38 ? t38_pair() : decltype(t38_pair()){};
    ends.push_back(std::make_unique<End>(a, std::move(at_a)));
    ends.push_back(std::make_unique<End>(b, std::move(at_b)));
  }
  FaxWorkers workers(threads);
  Crowd result{};
  result.ends = ends.size();
  const double cpu = process_cpu_seconds();
  const auto start = Clock::now();
  // In real time a call begins every 40 ms, as they come to a box; otherwise all would open and close files in one tick.
  std::size_t begun = 0;
  auto next = Clock::now();
  long ticks = 0;
  const auto over = [&] {
    return std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end->over.load(); });
  };
  for (; ticks < 600 * 50 && !over(); ++ticks) {
    while (begun < ends.size() && (!realtime || begun <= static_cast<std::size_t>(ticks))) {
      workers.start(ends[begun++]->port.get());
    }
    if (realtime) {
      next += std::chrono::milliseconds(20);
      std::this_thread::sleep_until(next);
      result.late_ms = std::max(result.late_ms, std::chrono::duration<double, std::milli>(Clock::now() - next).count());
    }
    for (std::size_t i = 0; i + 1 < begun; i += 2) {
      if (!ends[i]->over.load() || !ends[i + 1]->over.load()) result.fax_seconds += 0.02;
      Row from_sender;
      Row from_receiver;
      ends[i]->port->exchange(ends[i]->received.data(), from_sender.data());
      ends[i + 1]->port->exchange(ends[i + 1]->received.data(), from_receiver.data());
      ends[i]->received = from_receiver;
      ends[i + 1]->received = from_sender;
    }
    workers.wake();
    if (realtime) continue;
    for (auto& end : ends) {
      while (!end->port->answered()) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }
  result.seconds = seconds_since(start);
  result.line_seconds = static_cast<double>(ticks) / 50;
  result.cpu_seconds = process_cpu_seconds() - cpu;
  workers.close();
  for (std::size_t i = 0; i < calls; ++i) {
    const auto got = read_fax(folder / ("crowd-in" + std::to_string(i)));
    if (got.size() == 1 && got[0] == pages[i]) ++result.identical_pages;
  }
  for (const auto& end : ends) {
    if (!end->ok && ++result.failed <= 3) std::fprintf(stderr, "%s\n", end->text.c_str());
    result.underruns += end->port->underruns();
    result.overruns += end->port->overruns();
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t ends = 0;
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  uint32_t rows = 1100;
  bool json = false;
  bool realtime = false;
  bool t38 = false;
  std::size_t impaired_faxes = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return i + 1 < argc ? static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10)) : 0U; };
    if (word == "--ends") ends = number();
    if (word == "--threads") threads = number();
    if (word == "--rows") rows = number();
    json |= word == "--json";
    if (word == "--impaired") impaired_faxes = number();
    realtime |= word == "--realtime";
    t38 |= word == "--t38";
  }
  silence_libtiff();
  const FaxFolder folder("fax-bench");
  constexpr uint8_t kV27 = fax_set(FaxModem::kV27ter);
  constexpr uint8_t kV29 = fax_set(FaxModem::kV29);
  constexpr uint8_t kV17 = fax_set(FaxModem::kV17, FaxModem::kV29, FaxModem::kV27ter);
  const double v17 = end_ns(folder, kV17);
  const double v29 = end_ns(folder, kV29);
  const double v27 = end_ns(folder, kV27);
  const double per_core = v17 > 0 ? 20e6 / v17 : 0;
  const Crowd all = ends >= 2 ? crowd(folder, ends, threads, rows, realtime, t38) : Crowd{};
  const Impaired bad = impaired(folder, impaired_faxes, rows);
  // Of both ends, for each second that a fax took.
  const double ms_per_fax_second = all.fax_seconds > 0 ? 1000 * all.cpu_seconds / all.fax_seconds : 0;
  if (json) {
    std::printf("{\"faxEndNsV17\":%.0f, \"faxEndNsV29\":%.0f, \"faxEndNsV27ter\":%.0f, \"faxEndsPerCoreV17\":%.0f", v17,
                v29, v27, per_core);
    if (all.ends > 0) {
      std::printf(
          ", \"ends\":%zu, \"identicalPages\":%zu, \"failedEnds\":%zu, \"seconds\":%.1f, \"lineSeconds\":%.1f, "
          "\"cpuSeconds\":%.2f, \"realtime\":%s, \"underruns\":%llu, \"overruns\":%llu, \"latestTickMs\":%.1f, "
          "\"t38\":%s, \"cpuMsPerFaxSecond\":%.3f",
          all.ends, all.identical_pages, all.failed, all.seconds, all.line_seconds, all.cpu_seconds,
          realtime ? "true" : "false", static_cast<unsigned long long>(all.underruns),
          static_cast<unsigned long long>(all.overruns), all.late_ms, t38 ? "true" : "false", ms_per_fax_second);
    }
    if (bad.pages > 0) {
      std::printf(", \"impairedPages\":%zu, \"impairedRight\":%zu, \"impairedLost\":%.4f", bad.pages, bad.right,
                  static_cast<double>(bad.lost) / static_cast<double>(bad.sent));
    }
    std::printf("}\n");
  } else {
    bench::Report report(0, nullptr, "CPU per fax end and block of 20 ms");
    report.add("V.17 14400, ECM, T.6", v17, 20000);
    report.add("V.29 9600, ECM, T.6", v29);
    report.add("V.27ter 4800, ECM, T.6", v27);
    report.print();
    std::printf("%.0f V.17 ends per core\n", per_core);
    if (all.ends > 0) {
      std::printf(
          "%zu ends at once on %zu threads, %s: %zu of %zu pages identical, %zu ends failed, %.1f s for %.1f s of "
          "line,\n"
          "%.2f s of CPU, %llu underruns, %llu overruns, latest tick %.1f ms late\n",
          all.ends, threads, realtime ? "in real time" : "as fast as they go", all.identical_pages, all.ends / 2,
          all.failed, all.seconds, all.line_seconds, all.cpu_seconds, static_cast<unsigned long long>(all.underruns),
          static_cast<unsigned long long>(all.overruns), all.late_ms);
      std::printf("%.3f ms of CPU for both ends and second of a fax\n", ms_per_fax_second);
    }
    if (bad.pages > 0) {
      std::printf("%zu of %zu pages right over networks that lost %.1f %% of the datagrams\n", bad.right, bad.pages,
                  100.0 * static_cast<double>(bad.lost) / static_cast<double>(bad.sent));
    }
  }
  return all.ends > 0 && (all.identical_pages != all.ends / 2 || all.failed > 0) ? 1 : 0;
}
