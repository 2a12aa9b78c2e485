// SPDX-License-Identifier: GPL-2.0-or-later
// A signalling link of No. 7 on the channel of a span that the driver is configured for it on (mtp2=): it works out and checks
// the FCS, repeats the last unit without information by itself and passes on only what differs from the one before. To the card
// it is the span's channel of frames. Units with a wrong FCS are counted by the card and not told, so a link is given up by what
// the units themselves say, by alarms and by the link test.
#pragma once

#include "cards/card.hpp"

namespace cordboard::cards {

class Mtp2Link : public SignalUnitPort {
 public:
  explicit Mtp2Link(HdlcPort& frames) : frames_(frames) {
    frames_.on_frame = [this](std::span<const uint8_t> unit) {
      if (on_unit) on_unit(unit);
    };
  }
  ~Mtp2Link() override { frames_.on_frame = nullptr; }
  Mtp2Link(const Mtp2Link&) = delete;
  Mtp2Link& operator=(const Mtp2Link&) = delete;

  void send_unit(std::span<const uint8_t> unit) override { frames_.send_frame(unit); }
  /// The driver has a buffer for more units than level 2 may have under way without an acknowledgement.
  bool has_room() const override { return true; }

 private:
  HdlcPort& frames_;
};

}  // namespace cordboard::cards
