// SPDX-License-Identifier: GPL-2.0-or-later
// Fax calls for the tests: two ends joined by a line, or one end and a peer that is none of ours, through A-law and as
// fast as the workers answer. Nothing here knows a clock.
#pragma once

#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>
// spandsp first: its header decides what it exposes.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <future>
#include <numbers>
#include <typeinfo>

#include "dsp/kernels.hpp"
#include "fax_pages.hpp"
#include "media/fax.hpp"

namespace cordboard::media {

using Samples = std::array<int16_t, dsp::kBlock>;
using Row = std::array<uint8_t, dsp::kBlock>;

inline constexpr int kTicksPerSecond = 50;

inline Row silent_row() {
  Row row;
  row.fill(dsp::kAlawSilence);
  return row;
}

/// What a line does to samples.
inline void through_alaw(Samples& samples) {
  for (int16_t& sample : samples) sample = dsp::alaw_to_linear(dsp::linear_to_alaw(sample));
}

/// What was told of an end. Written by its worker; read after `over`.
struct Story {
  std::vector<FaxPage> pages;
  std::atomic<std::size_t> page_count{0};
  FaxFinished end{};
  int ends = 0;
  std::atomic<bool> over{false};

  FaxEvents events() {
    return {[this](const FaxPage& page) {
              pages.push_back(page);
              page_count.store(pages.size());
            },
            [this](const FaxFinished& finished) {
              end = finished;
              ++ends;
              over.store(true);
            }};
  }
};

/// Two ports joined by a line.
struct Call {
  Story sender_story, receiver_story;
  FaxPort sender, receiver;
  Row to_sender = silent_row();
  Row to_receiver = silent_row();

  Call(FaxSettings a, FaxSettings b)
      : sender(std::move(a), sender_story.events()), receiver(std::move(b), receiver_story.events()) {}

  bool over() const { return sender_story.over.load() && receiver_story.over.load(); }
  void tick() {
    Row from_sender;
    Row from_receiver;
    sender.exchange(to_sender.data(), from_sender.data());
    receiver.exchange(to_receiver.data(), from_receiver.data());
    to_receiver = from_sender;
    to_sender = from_receiver;
  }
  bool answered() const { return sender.answered() && receiver.answered(); }
};

class FaxTest : public ::testing::Test {
 protected:
  FaxTest() { silence_libtiff(); }

  FaxSettings sending(const std::string& name) {
    FaxSettings settings;
    settings.calling = true;
    settings.send_file = folder / name;
    settings.local_identity = "+86 21 5555 0001";
    return settings;
  }
  FaxSettings receiving(const std::string& name) {
    FaxSettings settings;
    settings.receive_file = folder / name;
    settings.local_identity = "+86 10 5555 0002";
    return settings;
  }

  void start(Call& call) {
    workers.start(&call.sender);
    workers.start(&call.receiver);
  }
  void stop(FaxPort& port) {
    std::promise<FaxPort*> stopped;
    workers.stop(&port, [&](FaxPort* back) { stopped.set_value(back); });
    EXPECT_EQ(stopped.get_future().get(), &port);
  }
  /// Ticks for all calls until `done`, each as soon as the workers have answered the one before.
  template <class Done>
  void run(std::vector<std::unique_ptr<Call>>& calls, Done done, int seconds = 400) {
    for (int tick = 0; tick < seconds * kTicksPerSecond && !done(); ++tick) {
      for (auto& call : calls) call->tick();
      workers.wake();
      for (auto& call : calls) {
        while (!call->answered()) std::this_thread::yield();
      }
    }
  }
  void run(std::vector<std::unique_ptr<Call>>& calls) {
    run(calls, [&] { return std::all_of(calls.begin(), calls.end(), [](const auto& call) { return call->over(); }); });
  }

  FaxFolder folder{"fax"};
  FaxWorkers workers{2};
};

// ---- An independent peer: spandsp without anything of ours ----

struct BarePeer {
  fax_state_t* fax;
  int code = -1;

  BarePeer(bool calling, const std::string& send, const std::string& receive)
      : fax(fax_init(nullptr, calling ? 1 : 0)) {
    fax_set_transmit_on_idle(fax, 1);
    t30_state_t* t30 = fax_get_t30_state(fax);
    t30_set_ecm_capability(t30, 1);
    t30_set_supported_compressions(
        t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    if (!send.empty()) t30_set_tx_file(t30, send.c_str(), -1, -1);
    if (!receive.empty()) t30_set_rx_file(t30, receive.c_str(), -1);
    t30_set_phase_e_handler(
        t30, [](t30_state_t*, void* self, int code) { static_cast<BarePeer*>(self)->code = code; }, this);
  }
  ~BarePeer() {
    t30_terminate(fax_get_t30_state(fax));
    fax_free(fax);
  }
  void process(int16_t* received, int16_t* to_send) {
    fax_rx(fax, received, dsp::kBlock);
    const int sent = fax_tx(fax, to_send, dsp::kBlock);
    std::fill(to_send + sent, to_send + dsp::kBlock, int16_t{0});
  }
};

/// Joins a terminal and a peer until the terminal is done, and five seconds more.
template <class Peer>
int join(FaxTerminal& terminal, Peer& peer, int seconds = 400) {
  Samples to_terminal{};
  Samples to_peer{};
  int after = 5 * kTicksPerSecond;
  int tick = 0;
  for (; tick < seconds * kTicksPerSecond && after > 0; ++tick) {
    Samples from_terminal;
    Samples from_peer;
    terminal.process(to_terminal.data(), from_terminal.data());
    peer.process(to_peer.data(), from_peer.data());
    to_peer = from_terminal;
    to_terminal = from_peer;
    through_alaw(to_peer);
    through_alaw(to_terminal);
    if (terminal.over()) --after;
  }
  return tick;
}

}  // namespace cordboard::media
