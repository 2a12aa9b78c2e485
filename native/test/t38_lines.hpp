// SPDX-License-Identifier: GPL-2.0-or-later
// A peer on spandsp alone, with its own way of making UDPTL, and calls between it and a terminal of ours.
#pragma once

#include <functional>

#include "fax_calls.hpp"
#include "t38_network.hpp"

namespace cordboard::media {

/// spandsp's T.38 without anything of ours; UDPTL with redundancy of `depth`, written and read by hand.
struct BareT38Peer {
  t38_terminal_state_t* terminal;
  int code = -1;
  T38Network& out;
  T38Network& in;
  std::size_t depth;
  std::vector<Datagram> earlier;  // the latest first
  uint32_t sequence = 0;
  uint32_t expected = 0;

  BareT38Peer(bool calling, const std::string& send, const std::string& receive, T38Network& out, T38Network& in,
              std::size_t depth = 2)
      : out(out), in(in), depth(depth) {
    terminal = t38_terminal_init(
        nullptr, calling ? 1 : 0,
        [](t38_core_state_t*, void* self, const uint8_t* ifp, int length, int times) {
          static_cast<BareT38Peer*>(self)->transmit(Datagram(ifp, ifp + length), times & 0xFF);
          return 0;
        },
        this);
    t30_state_t* t30 = t38_terminal_get_t30_state(terminal);
    t30_set_ecm_capability(t30, 1);
    t30_set_supported_compressions(
        t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    if (!send.empty()) t30_set_tx_file(t30, send.c_str(), -1, -1);
    if (!receive.empty()) t30_set_rx_file(t30, receive.c_str(), -1);
    t30_set_phase_e_handler(
        t30, [](t30_state_t*, void* self, int code) { static_cast<BareT38Peer*>(self)->code = code; }, this);
  }
  ~BareT38Peer() {
    t30_terminate(t38_terminal_get_t30_state(terminal));
    t38_terminal_free(terminal);
  }
  void transmit(Datagram ifp, int times) {
    Datagram packet{static_cast<uint8_t>(sequence >> 8), static_cast<uint8_t>(sequence)};
    const auto put = [&](const Datagram& field) {
      if (field.size() > 127) packet.push_back(static_cast<uint8_t>(0x80 + field.size() / 256));
      packet.push_back(static_cast<uint8_t>(field.size() % 256));
      packet.insert(packet.end(), field.begin(), field.end());
    };
    put(ifp);
    packet.push_back(0);
    packet.push_back(static_cast<uint8_t>(earlier.size()));
    for (const auto& field : earlier) put(field);
    earlier.insert(earlier.begin(), std::move(ifp));
    if (earlier.size() > depth) earlier.pop_back();
    ++sequence;
    for (int i = 0; i < std::max(times, 1); ++i) out.send(packet);
  }
  void read(const Datagram& packet) {
    std::size_t at = 2;
    const auto field = [&] {
      std::size_t length = packet.at(at++);
      if (length > 127) length = (length - 128) * 256 + packet.at(at++);
      Datagram octets(packet.begin() + static_cast<std::ptrdiff_t>(at),
                      packet.begin() + static_cast<std::ptrdiff_t>(at + length));
      at += length;
      return octets;
    };
    const uint32_t number = packet.at(0) * 256U + packet.at(1);
    std::vector<Datagram> fields{field()};
    const bool fec = packet.at(at++) != 0;
    for (int more = fec ? 0 : packet.at(at++); more > 0; --more) fields.push_back(field());
    for (std::size_t back = std::min<std::size_t>(fields.size() - 1, number) + 1; back-- > 0;) {
      if (number - back < expected) continue;
      t38_core_rx_ifp_packet(t38_terminal_get_t38_core_state(terminal), fields[back].data(),
                             static_cast<int>(fields[back].size()), static_cast<uint16_t>(number - back));
      expected = number - static_cast<uint32_t>(back) + 1;
    }
  }
  void tick() {
    while (const auto packet = in.receive()) read(*packet);
    t38_terminal_send_timeout(terminal, dsp::kBlock);
  }
};

/// Blocks of 20 ms for both until the terminal is done, and five seconds more.
inline void run_t38(FaxTerminal& terminal, const std::function<void()>& other, T38Network& to, T38Network& from,
                    int seconds = 900) {
  int after = 5 * kTicksPerSecond;
  for (int tick = 0; tick < seconds * kTicksPerSecond && after > 0; ++tick) {
    Samples in{};
    Samples out;
    to.tick();
    from.tick();
    terminal.process(in.data(), out.data());
    other();
    if (terminal.over()) --after;
  }
}

}  // namespace cordboard::media
