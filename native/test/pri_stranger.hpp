// SPDX-License-Identifier: GPL-2.0-or-later
// The far end of a span made of libpri alone, with none of this signalling's code in its path: what it decodes and encodes is
// judged by another implementation. It answers whatever calls it, and its application joins calls as an exchange does.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "pri_pair.hpp"

extern "C" {
#include <libpri.h>
}

namespace cordboard::signalling {

class Stranger {
 public:
  struct Told {
    std::string number, name;
    bool restricted = false;
  };

  Stranger(const PriOptions& options, int node, int switch_type)
      : side(options, [this](auto frame) { in.emplace_back(frame.begin(), frame.end()); }) {
    self() = this;
    // The library's user data is not touched: this side's own spans look for their port there.
    pri = pri_new_cb(-1, node, switch_type, read, write, nullptr);
    static auto* kept =
        new std::vector<::pri*>;  // the library cannot destroy a controller: a leak check is to find them held
    kept->push_back(pri);
    pri_facility_enable(pri);
    pri_set_overlapdial(pri, 1);
    pri_aoc_events_enable(pri, 1);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() { self() = nullptr; }

  void pump() {
    for (int round = 0; round < 1000; ++round) {
      const int64_t now = test_now_ms();
      bool moved = false;
      if (const auto due = side.span->next_deadline(now); due && *due <= now) {
        side.span->run_timers(now);
        moved = true;
      }
      timeval clock{};
      gettimeofday(&clock, nullptr);
      const timeval* next = pri_schedule_next(pri);
      if (next != nullptr && !timercmp(next, &clock, >)) {
        if (pri_event* event = pri_schedule_run(pri)) handle(*event);
        moved = true;
      }
      while (!in.empty()) {
        if (pri_event* event = pri_check_event(pri)) handle(*event);
        moved = true;
      }
      for (; !out.empty(); out.pop_front()) {
        side.span->receive_frame(out.front());
        moved = true;
      }
      if (!moved) return;
    }
    ADD_FAILURE() << "it does not come to rest";
  }
  bool wait(int64_t ms, const std::function<bool()>& done) {
    for (const int64_t end = test_now_ms() + ms; test_now_ms() < end;) {
      pump();
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  void establish() {
    ASSERT_TRUE(wait(3000, [&] { return up && side.dchannel; })) << side.span->dump();
  }
  /// A call out to it, answered there.
  PriCall call(const std::string& number) {
    const auto seized = side.span->seize({number, "02161234567", "", 0});
    if (!seized) throw std::runtime_error(seized.error().text);
    pump();
    EXPECT_EQ(side.told[seized->call], "proceeding answered");
    return seized->call;
  }

  ::pri* pri = nullptr;
  std::deque<Frame> in, out;
  Side side;
  bool up = false;
  bool joins = false;                  // what it is asked to transfer it joins
  pri_party_connected_line answers{};  // who answers there
  std::vector<q931_call*> calls;       // answered there, in order
  std::vector<std::pair<q931_call*, q931_call*>> joined;
  std::vector<Told> connected;  // of others at this side, as it was told
  std::vector<std::string> hangups;

 private:
  static Stranger*& self() {
    static Stranger* one = nullptr;
    return one;
  }
  static int read(::pri*, void* buffer, int size) {
    Stranger& here = *self();
    if (here.in.empty()) return 0;
    const Frame frame = std::move(here.in.front());
    here.in.pop_front();
    if (frame.size() + 2 > static_cast<std::size_t>(size)) return 0;
    std::copy(frame.begin(), frame.end(), static_cast<uint8_t*>(buffer));
    return static_cast<int>(frame.size() + 2);
  }
  static int write(::pri*, void* buffer, int size) {
    const auto* octets = static_cast<const uint8_t*>(buffer);
    if (self() != nullptr && size > 2) self()->out.emplace_back(octets, octets + size - 2);
    return size;
  }

  void subcommands(const pri_subcommands* list) {
    if (list == nullptr) return;
    for (int n = 0; n < list->counter_subcmd; ++n) {
      const auto& one = list->subcmd[n];
      if (one.cmd == PRI_SUBCMD_CONNECTED_LINE) {
        const auto& id = one.u.connected_line.id;
        connected.push_back(
            {id.number.str, id.name.str, (id.number.presentation & PRI_PRES_RESTRICTION) == PRI_PRES_RESTRICTED});
      }
      if (one.cmd != PRI_SUBCMD_TRANSFER_CALL) continue;
      pri_transfer_rsp(pri, one.u.transfer.call_1, one.u.transfer.invoke_id, joins ? 1 : 0);
      if (!joins) continue;
      joined.emplace_back(one.u.transfer.call_1, one.u.transfer.call_2);
      pri_hangup(pri, one.u.transfer.call_1, PRI_CAUSE_NORMAL_CLEARING);
      pri_hangup(pri, one.u.transfer.call_2, PRI_CAUSE_NORMAL_CLEARING);
    }
  }

  void handle(pri_event& event) {
    switch (event.e) {
      case PRI_EVENT_DCHAN_UP:
        up = true;
        break;
      case PRI_EVENT_RING:
        pri_proceeding(pri, event.ring.call, event.ring.channel, 0);
        if (answers.id.number.valid != 0) pri_connected_line_update(pri, event.ring.call, &answers);
        pri_answer(pri, event.ring.call, event.ring.channel, 0);
        calls.push_back(event.ring.call);
        break;
      case PRI_EVENT_ANSWER:
        subcommands(event.answer.subcmds);
        calls.push_back(event.answer.call);
        break;
      case PRI_EVENT_FACILITY:
        subcommands(event.facility.subcmds);
        break;
      case PRI_EVENT_HANGUP:
      case PRI_EVENT_HANGUP_REQ:
        hangups.push_back(std::to_string(event.hangup.cause));
        pri_hangup(pri, event.hangup.call, event.hangup.cause);
        break;
      default:
        break;
    }
  }
};

}  // namespace cordboard::signalling
