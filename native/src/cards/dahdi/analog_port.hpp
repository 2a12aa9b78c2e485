// SPDX-License-Identifier: GPL-2.0-or-later
// An analog port of a board: what its events mean for a telephone (FXS) and for an exchange line (FXO).
#pragma once

#include <atomic>
#include <optional>

#include "cards/card.hpp"
#include "cards/dahdi/driver.hpp"
#include "cards/dahdi/speech_channel.hpp"

namespace cordboard::cards {

class AnalogPort {
 public:
  AnalogPort(uint32_t analog, uint32_t driver_channel, uint32_t bus_row)
      : number(analog), channel(driver_channel), row(bus_row) {}
  virtual ~AnalogPort() = default;
  AnalogPort(const AnalogPort&) = delete;
  AnalogPort& operator=(const AnalogPort&) = delete;

  virtual DriverSignalling wanted() const = 0;
  virtual void opened_with(Driver& driver, int handle) = 0;
  virtual void heard(const DriverNotice& what, Millis now) = 0;
  /// The board is gone: as if the wire had been cut.
  virtual void lost(Millis now) = 0;
  virtual void run_timers(Millis) {}

  const uint32_t number;
  const uint32_t channel;
  const uint32_t row;
  SpeechChannel speech;
  uint32_t ticks{};  // media thread
  bool opened{};
  std::atomic<bool> in_use{false};  // set by the signalling thread, cleared by the media thread
  std::atomic<bool> let_go{false};
  Millis look_at{};
};

class BoardStation : public AnalogPort, public StationPort, public PolarityPort, public LampPort {
 public:
  using AnalogPort::AnalogPort;
  DriverSignalling wanted() const override { return DriverSignalling::kStation; }
  void opened_with(Driver& driver, int handle) override;
  void heard(const DriverNotice& what, Millis now) override;
  void lost(Millis now) override;
  void set_ring(bool on) override;
  void set_battery(bool on) override;
  bool off_hook() const override { return hook_; }
  void pass_on_hook(Millis duration) override;
  /// Whether the board of the port can is only known by asking it to.
  PolarityPort* polarity() override { return this; }
  LampPort* lamp() override { return this; }
  bool set_polarity(bool reversed) override;
  bool set_lamp(LampKind kind, bool on) override;

 private:
  void hooked(bool off, Millis at);
  Driver* driver_{};
  int handle_ = -1;
  bool hook_{};
  std::optional<LampKind> lit_;
};

class BoardLine : public AnalogPort, public LinePort {
 public:
  using AnalogPort::AnalogPort;
  DriverSignalling wanted() const override { return DriverSignalling::kLine; }
  void opened_with(Driver& driver, int handle) override;
  void heard(const DriverNotice& what, Millis now) override;
  void lost(Millis now) override;
  void run_timers(Millis now) override;
  void set_hook(bool off_hook) override;

 private:
  Driver* driver_{};
  int handle_ = -1;
  bool ringing_{};
  bool reversed_{};
  bool off_hook_{};
  Millis settles_at_ = kNever;  // on the hook for so long, its polarity is taken for the normal one
  Millis battery_back_at_ = kNever;
};

}  // namespace cordboard::cards
