// SPDX-License-Identifier: GPL-2.0-or-later
// Timing for the bench programs: the CPU time of the best of many short laps, so that other work on the machine adds
// noise to a lap but not to the figure. Results are printed as a table beside their goals, or as one line of JSON.
#pragma once

#include <ctime>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace cordboard::bench {

inline double thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Keeps the compiler from leaving out work whose result nobody reads.
inline void keep(const void* result) { asm volatile("" : : "r"(result) : "memory"); }

/// CPU nanoseconds per item. `round()` does `items` items; it is repeated until a lap lasts a third of a millisecond,
/// and laps for about `budget_ms`. The figure is the fastest lap but for the lowest tenth: on a virtual machine the
/// clock sometimes goes back a little when time stolen by the host is taken off, which would make a plain minimum lie.
template <class Round>
double fastest_ns(std::size_t items, Round&& round, double budget_ms = 150) {
  constexpr double kLapNs = 330e3;
  round();
  std::size_t rounds_per_lap = 1;
  double lap_ns = 0;
  for (;; rounds_per_lap *= 2) {
    const double start = thread_cpu_ns();
    for (std::size_t i = 0; i < rounds_per_lap; ++i) round();
    lap_ns = thread_cpu_ns() - start;
    if (lap_ns >= kLapNs) break;
  }
  std::vector<double> laps(std::max<std::size_t>(10, static_cast<std::size_t>(budget_ms * 1e6 / lap_ns)));
  for (double& lap : laps) {
    const double start = thread_cpu_ns();
    for (std::size_t i = 0; i < rounds_per_lap; ++i) round();
    lap = thread_cpu_ns() - start;
  }
  std::sort(laps.begin(), laps.end());
  return laps[laps.size() / 10] / static_cast<double>(items * rounds_per_lap);
}

/// A line of the report.
struct Row {
  std::string name;
  double ns;
  double goal_ns;  // 0: none
};

class Report {
 public:
  Report(int argc, char** argv, std::string unit) : unit_(std::move(unit)) {
    for (int i = 1; i < argc; ++i) json_ |= std::strcmp(argv[i], "--json") == 0;
  }

  void add(std::string name, double ns, double goal_ns = 0) { rows_.push_back({std::move(name), ns, goal_ns}); }

  void print() const {
    if (json_) {
      std::printf("{");
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        std::printf("%s\"%s\": %.1f", i == 0 ? "" : ", ", rows_[i].name.c_str(), rows_[i].ns);
      }
      std::printf("}\n");
      return;
    }
    std::printf("%-36s %9s %9s   (%s)\n", "", "ns", "goal", unit_.c_str());
    for (const Row& row : rows_) {
      std::printf("%-36s %9.1f", row.name.c_str(), row.ns);
      if (row.goal_ns > 0) std::printf(" %9.0f", row.goal_ns);
      if (row.goal_ns > 0 && row.ns > 1.3 * row.goal_ns) std::printf("   above by more than the noise allowed, 30 %%");
      std::printf("\n");
    }
  }

 private:
  std::string unit_;
  bool json_ = false;
  std::vector<Row> rows_;
};

}  // namespace cordboard::bench
