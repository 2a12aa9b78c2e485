// SPDX-License-Identifier: GPL-2.0-or-later
// RTP legs as they are in a call centre: connected in pairs, watched for digits, each call recorded in stereo to disk, in
// real time and over real sockets. The telephones are another process (tools/rtp_load), whose CPU time is its own.
//
//   rtp_load ── packets ──> engine: I/O thread, tick, I/O thread ── packets ──> rtp_load: loss, order, who is heard, delay
//
//   stream_bench [--streams 2000] [--seconds 10] [--threads 1] [--codec PCMA|PCMU] [--no-record] [--no-digits]
//                [--folder /tmp] [--load path/to/rtp_load] [--json]; other options are left out
//
// Without --streams: 250, 500, 1000, 2000 one after the other, five seconds each. CPU time is that of the whole process,
// with the system's on its behalf. What the system alone takes for a packet out and a packet in, in batches of 64 over the
// loopback, stands beside it: it differs by a factor of three from machine to machine, and no engine can be below it.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

#include "bench.hpp"
#include "engine/engine.hpp"
#include "rtp/address.hpp"
#include "rtp/socket_pool.hpp"

namespace {

using namespace cordboard;
using namespace cordboard::engine;
namespace fs = std::filesystem;

struct Options {
  uint32_t streams{};
  double seconds{};
  int threads = 1;
  bool record = true;
  bool digits = true;
  bool json = false;
  StreamCodec codec = StreamCodec::kPcma;
  std::string folder = fs::temp_directory_path();
  std::string load;
};

struct Outcome {
  uint32_t streams{};
  double ns_per_leg{};      // CPU of a leg in 20 ms
  double system_ns{};       // of it in the system
  std::map<std::string, double> ns_of_thread;  // of it
  double bytes_per_call{};  // resident, of two legs
  TickStatistics tick;
  std::map<std::string, double> counters;  // over the measured time
  std::string load;  // what rtp_load has to say
  bool load_good{};
};

/// Commands to an engine, and the wait for their replies.
class Host {
 public:
  explicit Host(const EngineConfig& config) {
    auto made = Engine::create(config, [this](Batch batch) {
      const std::lock_guard lock(mutex_);
      for (auto& message : batch) {
        if (message.re != 0) replies_[message.re] = std::get<AnyReply>(std::move(message.body));
      }
      changed_.notify_all();
    });
    if (!made) {
      std::fprintf(stderr, "stream_bench: %s\n", made.error().text.c_str());
      std::exit(2);
    }
    engine_ = std::move(*made);
  }
  ~Host() {
    bool closed = false;
    engine_->close([&] {
      const std::lock_guard lock(mutex_);
      closed = true;
      changed_.notify_all();
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed; });
  }
  template <class Command>
  uint64_t submit(Command command) {
    engine_->submit(++last_, std::move(command));
    return last_;
  }
  template <class Reply = Empty>
  Reply reply(uint64_t id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return replies_.contains(id); });
    auto reply = std::move(replies_[id]);
    replies_.erase(id);
    if (const auto* error = std::get_if<Error>(&reply)) {
      std::fprintf(stderr, "stream_bench: %s\n", error->text.c_str());
      std::exit(2);
    }
    if constexpr (std::is_same_v<Reply, AnyReply>) {
      return reply;
    } else {
      return std::get<Reply>(std::move(reply));
    }
  }
  /// Whatever they say, as long as it is good.
  void done(std::vector<uint64_t>& asked) {
    for (const auto id : asked) reply<AnyReply>(id);
    asked.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, AnyReply> replies_;
  uint64_t last_{};
  std::unique_ptr<Engine> engine_;
};

struct CpuSeconds {
  double all{};
  double system{};
};
CpuSeconds cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime), seconds(usage.ru_stime)};
}

/// The least that the system takes for a packet of G.711 out and one in, ns.
double packet_pair_ns() {
  constexpr int kBatch = 64;
  const auto bound = [] {
    const rtp::Address any = *rtp::Address::parse("127.0.0.1", 0);
    Descriptor made(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    SocketAddress address;
    const auto length = any.to(address, AF_INET);
    if (bind(made.number(), &address.any, length) != 0) std::exit(2);
    return made;
  };
  const auto from = bound();
  const auto to = bound();
  SocketAddress address;
  socklen_t size = sizeof address;
  getsockname(to.number(), &address.any, &size);
  static uint8_t octets[kBatch][256];
  iovec parts[kBatch];
  SocketAddress senders[kBatch];
  const auto messages = [&](SocketAddress* peer, std::size_t each, std::size_t length) {
    std::vector<mmsghdr> made(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {octets[i], length};
      made[i].msg_hdr = {.msg_name = peer + i * each, .msg_namelen = sizeof(sockaddr_in), .msg_iov = &parts[i], .msg_iovlen = 1};
    }
    return made;
  };
  return bench::fastest_ns(kBatch, [&] {
    auto out = messages(&address, 0, 172);
    if (sendmmsg(from.number(), out.data(), kBatch, 0) != kBatch) std::exit(2);
    auto in = messages(senders, 1, sizeof octets[0]);
    if (recvmmsg(to.number(), in.data(), kBatch, 0, nullptr) != kBatch) std::exit(2);
  });
}

/// CPU time of each thread that has a name of its own, and of the others together, ns.
std::map<std::string, double> threads_ns() {
  std::map<std::string, double> threads;
  for (const auto& task : fs::directory_iterator("/proc/self/task")) {
    std::string name;
    double ns = 0;
    std::ifstream(task.path() / "comm") >> name;
    std::ifstream(task.path() / "schedstat") >> ns;
    threads[name.starts_with("cb-") ? name.substr(3) : "others"] += ns;
  }
  return threads;
}

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double size = 0;
  double resident = 0;
  in >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// rtp_load with its standard input and output.
class Child {
 public:
  Child(const std::string& path, const std::vector<std::string>& arguments, const std::string& input) {
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0) std::exit(2);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(to[0], 0);
      dup2(from[1], 1);
      for (const int each : {to[0], to[1], from[0], from[1]}) close(each);
      std::vector<char*> words{const_cast<char*>(path.c_str())};
      for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
      words.push_back(nullptr);
      execv(path.c_str(), words.data());
      std::perror(path.c_str());
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    output_ = from[0];
    for (std::size_t done = 0; done < input.size();) {
      const auto count = write(to[1], input.data() + done, input.size() - done);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    close(to[1]);
  }
  /// Its output and whether it was content.
  std::pair<std::string, bool> end() {
    std::string text;
    char part[4096];
    for (ssize_t count = 0; (count = read(output_, part, sizeof part)) > 0;) text.append(part, static_cast<std::size_t>(count));
    close(output_);
    int status = 0;
    waitpid(pid_, &status, 0);
    return {text, WIFEXITED(status) && WEXITSTATUS(status) == 0};
  }

 private:
  pid_t pid_{};
  int output_{};
};

std::map<std::string, double> counters_of(const Snapshot& snapshot) {
  std::map<std::string, double> counters;
  for (const auto& counter : snapshot.counters) counters[counter.name] = counter.value;
  return counters;
}

Outcome measure(const Options& options) {
  using std::chrono::duration;
  constexpr double kWarmUp = 2;
  // Each telephone has an address of its own on the loopback; all of them are one socket of the load's.
  constexpr uint32_t kPhonePort = 40000;
  const auto folder = fs::path(options.folder) / ("cordboard-streams-" + std::to_string(getpid()));
  fs::create_directories(folder);
  EngineConfig config;
  config.country.code = "cn";
  config.country.tones = {{"busy", {{{450}, -10, 350, 350}}}};
  config.streams.count = options.streams;
  config.streams.address = "127.0.0.1";
  config.streams.portFirst = 12000;
  config.streams.portLast = 19999;
  config.streams.threads = static_cast<uint32_t>(options.threads);
  config.announcers = 0;
  config.recordingFolder = folder / "journal";
  Outcome outcome;
  outcome.streams = options.streams;
  {
    Host host(config);
    host.reply<Snapshot>(host.submit(SnapshotGet{}));
    const double resident_before = resident_bytes();
    const auto phone_of = [](uint32_t stream) {
      return "127." + std::to_string(1 + stream / 60000) + "." + std::to_string(stream / 250 % 240) + "." +
             std::to_string(1 + stream % 250);
    };
    std::vector<uint64_t> asked;
    for (uint32_t i = 0; i < options.streams; ++i) {
      asked.push_back(host.submit(StreamOpen{true, phone_of(i), kPhonePort, ""}));
    }
    std::vector<StreamOpened> streams;
    for (const auto id : asked) streams.push_back(host.reply<StreamOpened>(id));
    asked.clear();
    const uint32_t type = options.codec == StreamCodec::kPcmu ? 0 : 8;
    std::ostringstream lines;
    for (uint32_t i = 0; i < options.streams; ++i) {
      StreamUpdate update;
      update.leg = streams[i].leg;
      update.remoteAddress = phone_of(i);
      update.remotePort = kPhonePort;
      update.codec = {options.codec, type, 20};
      update.receive = {{options.codec, type}};
      asked.push_back(host.submit(update));
      if (options.digits) asked.push_back(host.submit(DetectorSet{.port = streams[i].port, .dtmf = true}));
      lines << "{\"address\": \"127.0.0.1\", \"port\": " << streams[i].rtpPort << ", \"localPort\": " << kPhonePort
            << ", \"localAddress\": \"" << phone_of(i) << "\"}\n";
    }
    for (uint32_t i = 0; i + 1 < options.streams; i += 2) {
      asked.push_back(host.submit(BusConnect{streams[i].port, streams[i + 1].port}));
      if (!options.record) continue;
      const auto path = (folder / (std::to_string(i) + ".wav")).string();
      asked.push_back(host.submit(RecordingStart{streams[i].port, path}));
    }
    host.done(asked);

    const auto whole = kWarmUp + options.seconds + 1;
    Child load(options.load, {"--seconds", std::to_string(whole), "--json"}, lines.str());
    std::this_thread::sleep_for(duration<double>(kWarmUp));
    const auto before = counters_of(host.reply<Snapshot>(host.submit(SnapshotGet{})));
    const auto cpu_before = cpu_seconds();
    const auto threads_before = threads_ns();
    const auto begun = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(duration<double>(options.seconds));
    const auto cpu_after = cpu_seconds();
    const double ticks = duration<double>(std::chrono::steady_clock::now() - begun).count() * 50;
    outcome.bytes_per_call = (resident_bytes() - resident_before) / (options.streams / 2.0);
    const auto snapshot = host.reply<Snapshot>(host.submit(SnapshotGet{}));
    outcome.ns_per_leg = (cpu_after.all - cpu_before.all) * 1e9 / ticks / options.streams;
    outcome.system_ns = (cpu_after.system - cpu_before.system) * 1e9 / ticks / options.streams;
    for (const auto& [name, ns] : threads_ns()) {
      const auto found = threads_before.find(name);
      outcome.ns_of_thread[name] = (ns - (found == threads_before.end() ? 0 : found->second)) / ticks / options.streams;
    }
    outcome.tick = snapshot.tick;
    std::tie(outcome.load, outcome.load_good) = load.end();
    for (const auto& [name, value] : counters_of(host.reply<Snapshot>(host.submit(SnapshotGet{})))) {
      outcome.counters[name] = value - before.at(name);
    }
  }
  fs::remove_all(folder);
  return outcome;
}

void print(const Options& options, const Outcome& outcome, double pair_ns) {
  const auto counter = [&](const char* name) {
    const auto found = outcome.counters.find(name);
    return found == outcome.counters.end() ? 0 : found->second;
  };
  // Everything that was lost between the two sockets of this machine and on the way through: nothing of it is a network's.
  const double lost = counter("rtp_system_drops") + counter("rtp_overflowed") + counter("rtp_send_blocked") +
                      counter("rtp_lost");
  auto load = outcome.load;
  while (!load.empty() && load.back() == '\n') load.pop_back();
  if (options.json) {
    std::string threads;
    for (const auto& [name, ns] : outcome.ns_of_thread) {
      threads += (threads.empty() ? "\"" : ", \"") + name + "\": " + std::to_string(std::lround(ns));
    }
    std::printf(
        "{\"streams\": %u, \"seconds\": %.0f, \"ns_per_leg\": %.0f, \"system_ns\": %.0f, \"packet_pair_ns\": %.0f, \"ns_of_thread\": {%s}, \"kb_per_call\": %.1f, \"tick_p50_us\": %.0f, "
        "\"tick_p99_us\": %.0f, \"tick_max_us\": %.0f, \"missed\": %.0f, \"lost\": %.0f, \"late\": %.0f, "
        "\"packets_received\": %.0f, \"packets_sent\": %.0f, \"load\": %s}\n",
        outcome.streams, options.seconds, outcome.ns_per_leg, outcome.system_ns, pair_ns, threads.c_str(), outcome.bytes_per_call / 1000,
        outcome.tick.p50Us, outcome.tick.p99Us, outcome.tick.maxUs, outcome.tick.missed, lost, counter("rtp_late"),
        counter("rtp_packets_received"), counter("rtp_packets_sent"), load.empty() ? "null" : load.c_str());
  } else {
    constexpr double kGoalNs = 2500;
    constexpr double kGoalKb = 40;
    std::printf("%5u legs: %5.0f ns a leg and 20 ms (goal %.0f)  %5.1f kB a call (goal %.0f)  tick p50 %5.0f p99 %5.0f max "
                "%5.0f us, %.0f missed  lost %.0f, late %.0f of %.0f packets\n",
                outcome.streams, outcome.ns_per_leg, kGoalNs, outcome.bytes_per_call / 1000, kGoalKb, outcome.tick.p50Us,
                outcome.tick.p99Us, outcome.tick.maxUs, outcome.tick.missed, lost, counter("rtp_late"),
                counter("rtp_packets_received"));
    std::printf("      of it %.0f in the system, by thread:", outcome.system_ns);
    for (const auto& [name, ns] : outcome.ns_of_thread) std::printf("  %s %.0f", name.c_str(), ns);
    std::printf(" ns\n      telephones: %s%s\n", load.c_str(), outcome.load_good ? "" : " (not content)");
  }
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.load = (fs::read_symlink("/proc/self/exe").parent_path() / "rtp_load").string();
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    options.json |= option == "--json";
    options.record &= option != "--no-record";
    options.digits &= option != "--no-digits";
    if (option == "--streams") options.streams = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
    if (option == "--seconds") options.seconds = std::strtod(value.c_str(), nullptr);
    if (option == "--threads") options.threads = std::clamp(std::atoi(value.c_str()), 1, 16);
    if (option == "--codec" && value == "PCMU") options.codec = StreamCodec::kPcmu;
    if (option == "--folder") options.folder = value;
    if (option == "--load") options.load = value;
  }
  const bool one = options.streams > 0;
  if (options.seconds <= 0) options.seconds = one ? 10 : 5;
  bool good = true;
  const double pair_ns = packet_pair_ns();
  if (!options.json) std::printf("a packet out and a packet in cost the system %.0f ns on this machine\n", pair_ns);
  for (const uint32_t streams : one ? std::vector{options.streams} : std::vector{250U, 500U, 1000U, 2000U}) {
    options.streams = streams;
    const auto outcome = measure(options);
    print(options, outcome, pair_ns);
    good &= outcome.load_good;
  }
  return good ? 0 : 1;
}
