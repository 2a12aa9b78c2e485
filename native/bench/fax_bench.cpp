// SPDX-License-Identifier: GPL-2.0-or-later
// What fax costs. Without arguments: CPU of a fax end per block of 20 ms while a page goes over, by modem. With
// --ends N: N ends in N/2 calls at once through ports and workers, every received page compared pixel by pixel;
// as fast as the workers go, or paced at 20 ms with --realtime. --json prints one line for machines.
//
//   fax_bench [--ends 300] [--realtime] [--threads 2] [--rows 1100] [--json]
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
#include "bench.hpp"
#include "dsp/kernels.hpp"
#include "media/fax.hpp"

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

  explicit End(const FaxSettings& settings) {
    received.fill(dsp::kAlawSilence);
    port = std::make_unique<FaxPort>(settings, FaxEvents{nullptr, [this](const FaxFinished& end) {
                                                           ok = end.ok;
                                                           text = end.text;
                                                           over.store(true);
                                                         }});
  }
};

struct Crowd {
  std::size_t ends, identical_pages, failed;
  uint64_t underruns, overruns;
  double seconds, line_seconds, cpu_seconds, late_ms;
};

/// `ends` / 2 calls at once, each with a page of its own.
Crowd crowd(const FaxFolder& folder, std::size_t count, std::size_t threads, uint32_t rows, bool realtime) {
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
    ends.push_back(std::make_unique<End>(a));
    ends.push_back(std::make_unique<End>(b));
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
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return i + 1 < argc ? static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10)) : 0U; };
    if (word == "--ends") ends = number();
    if (word == "--threads") threads = number();
    if (word == "--rows") rows = number();
    json |= word == "--json";
    realtime |= word == "--realtime";
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
  const Crowd all = ends >= 2 ? crowd(folder, ends, threads, rows, realtime) : Crowd{};
  if (json) {
    std::printf("{\"faxEndNsV17\":%.0f, \"faxEndNsV29\":%.0f, \"faxEndNsV27ter\":%.0f, \"faxEndsPerCoreV17\":%.0f", v17,
                v29, v27, per_core);
    if (all.ends > 0) {
      std::printf(
          ", \"ends\":%zu, \"identicalPages\":%zu, \"failedEnds\":%zu, \"seconds\":%.1f, \"lineSeconds\":%.1f, "
          "\"cpuSeconds\":%.2f, \"realtime\":%s, \"underruns\":%llu, \"overruns\":%llu, \"latestTickMs\":%.1f",
          all.ends, all.identical_pages, all.failed, all.seconds, all.line_seconds, all.cpu_seconds,
          realtime ? "true" : "false", static_cast<unsigned long long>(all.underruns),
          static_cast<unsigned long long>(all.overruns), all.late_ms);
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
    }
  }
  return all.ends > 0 && (all.identical_pages != all.ends / 2 || all.failed > 0) ? 1 : 0;
}
