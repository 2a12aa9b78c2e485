// SPDX-License-Identifier: GPL-2.0-or-later
// A card made of memory: E1 spans and analog ports joined in pairs by virtual cables, carrying real octets, HDLC frames,
// hook and ring states and alarms. A product driver: the box runs on it when there is no board, and the exchange
// simulator lives at the other end of its cables.
//
//   media thread:       sent row of one end ──(one tick later)──> received row of the other
//   signalling thread:  send_frame / set_ring / set_hook / … ──> queue ──pump()──> callbacks of the other end
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "cards/card.hpp"

namespace cordboard::cards {

class VirtualCard : public Card {
 public:
  VirtualCard();
  ~VirtualCard() override;

  /// Adds a span whose timeslot 1 is bus row `first_row`. Before the media thread starts.
  void add_span(uint32_t span, uint32_t first_row);
  void add_station(uint32_t analog, uint32_t row);
  void add_line(uint32_t analog, uint32_t row);
  /// Joins two spans, or a station and a line. False when one is unknown, taken, or of the wrong kind.
  bool join_spans(uint32_t a, uint32_t b);
  bool join_analogs(uint32_t a, uint32_t b);

  HdlcPort* hdlc(uint32_t span);
  CasPort* cas(uint32_t span);
  AlarmPort* alarm(uint32_t span);
  StationPort* station(uint32_t analog);
  LinePort* line(uint32_t analog);

  /// Faults on demand. `span` sees the alarm; a span that does not receive tells the other end so (yellow), as G.732 asks.
  bool set_alarms(uint32_t span, const Alarms& forced);
  /// Alarms raised by set_alarms alone, without what the far end's state adds.
  Alarms forced_alarms(uint32_t span) const;
  /// What goes to this analog port's line comes back from it as well, as from a badly balanced hybrid: `loss_db` weaker
  /// and `delay_ms` (0-60) later. 100 dB and more: not at all. False when the port has no cable.
  bool set_echo(uint32_t analog, double loss_db, uint32_t delay_ms);
  /// Every HDLC frame and every change of signalling bits of the cable is lost, both ways.
  /// Cuts the two wires of an analog cable, named by either end, or joins them again. False: there is none.
  bool cut_line(uint32_t analog, bool cut);
  bool cut_dchannel(uint32_t span, bool cut);
  /// A frame as if it had come over the cable.
  bool inject_frame(uint32_t span, std::span<const uint8_t> frame);
  /// Signalling bits as if they had come over the cable.
  bool inject_bits(uint32_t span, uint32_t timeslot, uint8_t abcd);

  void exchange(const SpeechRows& rows) override;
  bool pump(Millis now) override;

  /// Frames waiting for one span's reader beyond this are lost, as in a board's FIFO.
  static constexpr std::size_t kFrameQueue = 1024;

 private:
  struct Span;
  struct Station;
  struct Line;
  struct Cable {
    uint32_t row_a;
    uint32_t row_b;
    uint32_t rows;
    std::atomic<bool> silent{false};
    // Of an analog cable: for each end what it hears of itself.
    struct Echo {
      std::atomic<int32_t> gain_q12{0};
      std::atomic<uint32_t> delay{0};  // samples
      std::vector<int16_t> sent;       // media thread: the latest samples of this end, a ring; empty on an E1
      std::size_t at{};
      bool running{};
    } echo_a, echo_b;
  };
  static void add_echo(Cable::Echo& echo, const uint8_t* sent, uint8_t* received);

  void deliver(Span& to, std::span<const uint8_t> frame);
  void deliver_bits(Span& to, uint32_t timeslot, uint8_t abcd);
  void update_alarms(Span& span);
  void update_cable(Span& span);

  std::map<uint32_t, std::unique_ptr<Span>> spans_;
  std::map<uint32_t, std::unique_ptr<Station>> stations_;
  std::map<uint32_t, std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Cable>> cables_;
  // What crosses the cables: delivered from pump(), so that no end is called back from inside its own call.
  std::deque<std::function<void(Millis)>> crossing_;
};

}  // namespace cordboard::cards
