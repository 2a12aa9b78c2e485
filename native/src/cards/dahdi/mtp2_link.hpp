// SPDX-License-Identifier: GPL-2.0-or-later
// A signalling link of No. 7 on the channel of a span that the driver is configured for it on (mtp2=): it works out and checks
// the FCS, repeats the last unit without information by itself and passes on only what differs from the one before. To the card
// it is the span's channel of frames.
//
// A unit that carries information is repeated by the driver, too, until another comes: level 2 sends a FISU behind it. Units
// with a wrong FCS are told one by one. That none come at all is not, as the driver keeps back what is like the one before: a
// link on which nothing comes any more is given up when what was sent is not acknowledged (T7 of Q.703), by the E1's alarm, or
// by the link test (Q.707).
#pragma once

#include "cards/card.hpp"

namespace cordboard::cards {

class Mtp2Link : public SignalUnitPort {
 public:
  explicit Mtp2Link(HdlcPort& frames) : frames_(frames) {
    frames_.on_frame = [this](std::span<const uint8_t> unit) {
      if (on_unit) on_unit(unit);
    };
    frames_.on_bad_frame = [this] {
      if (on_errors) on_errors(1);
    };
    frames_.on_room = [this] {
      if (on_room) on_room();
    };
  }
  ~Mtp2Link() override {
    frames_.on_frame = nullptr;
    frames_.on_bad_frame = nullptr;
    frames_.on_room = nullptr;
  }
  Mtp2Link(const Mtp2Link&) = delete;
  Mtp2Link& operator=(const Mtp2Link&) = delete;

  void send_unit(std::span<const uint8_t> unit) override { frames_.send_frame(unit); }
  /// The driver keeps 31 units; level 2 may have 127 under way. What it does not take would be lost: level 2 keeps it instead.
  bool has_room() const override { return frames_.has_room(); }

 private:
  HdlcPort& frames_;
};

}  // namespace cordboard::cards
