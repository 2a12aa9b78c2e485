// SPDX-License-Identifier: GPL-2.0-or-later
#include "conformance/bed.hpp"

#include <algorithm>
#include <thread>

namespace cordboard::engine {

std::string log_of(Box& box) {
  std::string text;
  while (const auto line = box.wait<EngineLog>([](const EngineLog&) { return true; }, std::chrono::milliseconds(0))) {
    text += "\n  " + std::to_string(line->span) + "/" + std::to_string(line->timeslot) + " " + line->text;
  }
  for (const auto& counter : box.snapshot().counters) {
    const bool told = counter.name.starts_with("board_") || counter.name.starts_with("ss7_");
    if (told && counter.value != 0) {
      text += "\n  " + counter.name + " " + std::to_string(static_cast<uint64_t>(counter.value));
    }
  }
  return text;
}

void let_pass(Box& box, uint32_t ms) {
  const double until = box.snapshot().tick.ticks + ms / 20.0;
  while (box.snapshot().tick.ticks < until) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

double counter(const Snapshot& snapshot, std::string_view name) {
  for (const auto& counter : snapshot.counters) {
    if (counter.name == name) return counter.value;
  }
  return 0;
}

std::vector<Talk> call(Box& box, uint32_t from, uint32_t to, uint32_t calls) {
  std::vector<Talk> talks;
  std::vector<uint64_t> asked;
  for (uint32_t call = 0; call < calls; ++call) {
    asked.push_back(
        box.submit(LegSeize{.span = from, .calledNumber = std::to_string(95010 + call), .callingNumber = "6666"}));
  }
  for (uint32_t call = 0; call < calls; ++call) {
    auto reply = box.reply(asked[call]);
    const auto* seized = std::get_if<LegSeized>(&reply);
    if (seized == nullptr) {
      ADD_FAILURE() << std::get<Error>(reply).text;
      continue;
    }
    talks.push_back({seized->timeslot, seized->leg, seized->port, 0, 0, std::to_string(95010 + call)});
  }
  for (auto& talk : talks) {
    const auto offered = expect_event<LegOffered>(
        box, [&](const LegOffered& event) { return event.span == to && event.timeslot == talk.timeslot; });
    if (!offered) {
      ADD_FAILURE() << "no call comes in on timeslot " << talk.timeslot << log_of(box);
      return {};
    }
    EXPECT_EQ(talk.called, offered->calledNumber);
    talk.far_leg = offered->leg;
    talk.far_port = offered->port;
  }
  return talks;
}

std::vector<Talk> talk(Box& box, uint32_t from, uint32_t to, uint32_t calls) {
  auto talks = call(box, from, to, calls);
  for (const auto& talk : talks) box.submit(LegAnswer{{talk.far_leg}});
  for (const auto& talk : talks) {
    if (expect_leg<LegAnswered>(box, talk.leg)) continue;
    ADD_FAILURE() << "no answer on timeslot " << talk.timeslot << log_of(box);
    return {};
  }
  return talks;
}

void hang_up(Box& box, const std::vector<Talk>& talks, uint32_t cause) {
  for (const auto& talk : talks) box.submit(LegRelease{talk.leg, cause});
  for (const auto& talk : talks) {
    const auto released = expect_leg<LegReleased>(box, talk.far_leg);
    ASSERT_TRUE(released) << "timeslot " << talk.timeslot;
    EXPECT_EQ(cause, released->cause);
    EXPECT_EQ(ReleasedBy::kRemote, released->by);
    EXPECT_TRUE(expect_leg<LegReleased>(box, talk.leg));
  }
}

double percentile(std::vector<double> numbers, double p) {
  if (numbers.empty()) return 0;
  std::sort(numbers.begin(), numbers.end());
  return numbers[std::min(numbers.size() - 1, static_cast<std::size_t>(static_cast<double>(numbers.size()) * p / 100))];
}

}  // namespace cordboard::engine
