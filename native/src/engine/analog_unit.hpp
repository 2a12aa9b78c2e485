// SPDX-License-Identifier: GPL-2.0-or-later
// One analog port: the card's wire on one side, a station's or a line's state machine in the middle, a leg in the core.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "cards/card.hpp"
#include "dsp/caller_id.hpp"
#include "engine/api_commands.hpp"
#include "engine/api_config.hpp"
#include "engine/leg.hpp"
#include "signalling/analog.hpp"
#include "signalling/line_call.hpp"

namespace cordboard::engine {

class Core;

class AnalogUnit {
 public:
  AnalogUnit(Core& core, const AnalogConfig& config, bus::Port port) : core_(core), config_(config), port_(port) {}
  virtual ~AnalogUnit() = default;

  const AnalogConfig& config() const { return config_; }
  bus::Port port() const { return port_; }
  uint32_t leg() const { return leg_; }

  /// Rings the telephone, or lifts the receiver of the line.
  virtual Result<> seize(uint32_t leg, const LegSeize& command) = 0;
  virtual Result<> answer(Leg& leg) = 0;
  virtual void release(Leg& leg) = 0;
  virtual Result<> flash() = 0;
  /// seize() has begun a call that is not answered yet; leg_made() follows when the core has its leg.
  virtual bool calls_out() const { return false; }
  virtual void leg_made() {}
  virtual Result<> set_lamp(bool on);
  /// What the two wires do, for the snapshot.
  struct Wires {
    AnalogState state{};
    bool battery = true;
    bool reversed{};
    bool lamp{};
  };
  virtual Wires wires() const = 0;
  virtual bool off_hook() const = 0;
  virtual bool ringing() const = 0;
  /// A tone of the country begins or ends, on a port that listens for them.
  virtual void tone(std::string_view /*name*/, bool /*begin*/) {}
  /// Busy tone was heard on a port that releases on it.
  virtual void tone_ended() {}
  /// What caller identification said, once for each watch_caller_id().
  virtual void caller_id(const dsp::CallerIdResult&) {}
  virtual Millis next_deadline() const = 0;
  virtual void run_timers(Millis now) = 0;
  virtual std::string_view dump(std::span<char> out) const = 0;

 protected:
  uint32_t offer(bool complete, const dsp::CallerIdMessage* caller = nullptr);
  void end(uint32_t cause, ReleasedBy by);

  Core& core_;
  const AnalogConfig config_;
  const bus::Port port_;
  uint32_t leg_{};
};

/// A telephone on an FXS port.
class StationUnit : public AnalogUnit, private signalling::StationListener {
 public:
  StationUnit(Core& core, const AnalogConfig& config, bus::Port port, cards::StationPort& wire,
              const signalling::AnalogTimes& times);
  ~StationUnit() override;

  Result<> seize(uint32_t leg, const LegSeize& command) override;
  Result<> answer(Leg& leg) override;
  void release(Leg& leg) override;
  Result<> flash() override;
  bool off_hook() const override { return station_.off_hook(); }
  bool ringing() const override { return station_.state() == signalling::StationState::kRinging; }
  Millis next_deadline() const override { return std::min({station_.next_deadline(), tell_at_, lamp_at_}); }
  void run_timers(Millis now) override;
  std::string_view dump(std::span<char> out) const override { return station_.dump(out); }

  Result<> set_lamp(bool on) override;
  Wires wires() const override;

  /// A digit was heard: dial tone stops at the first.
  void digit();

 private:
  void set_ring(bool on) override;
  void set_battery(bool on) override { wire_.set_battery(on); }
  void set_polarity(bool reversed) override;
  void on_pulse_digit(char digit) override;
  void on_seized() override;
  void on_answered() override;
  void on_flash() override;
  void on_hung_up() override;
  void on_parked(bool parked) override;
  void tell_lamp(Millis now);
  void lamp_interrupted();

  cards::StationPort& wire_;
  signalling::FxsStation station_;
  std::vector<uint8_t> caller_id_;  // to be told before or after the first ring
  Millis tell_at_ = kNever;
  bool lamp_{};
  Millis lamp_at_ = kNever;  // to be told by FSK, when it is on the hook
  Millis lamp_told_ = 0;     // until when that takes
  bool reversed_{};          // by the state machine, or to announce who calls
};

/// An exchange line on an FXO port; the simulator's telephones are such lines too.
class LineUnit : public AnalogUnit, private signalling::LineListener, private signalling::LineCallListener {
 public:
  LineUnit(Core& core, const AnalogConfig& config, bus::Port port, cards::LinePort& wire,
           const signalling::AnalogTimes& times);
  ~LineUnit() override;

  Result<> seize(uint32_t leg, const LegSeize& command) override;
  Result<> answer(Leg& leg) override;
  void release(Leg& leg) override;
  Result<> flash() override;
  bool off_hook() const override { return line_.off_hook(); }
  bool ringing() const override { return line_.state() == signalling::LineState::kRinging; }
  void tone_ended() override;
  void caller_id(const dsp::CallerIdResult& result) override;
  bool calls_out() const override { return call_.state() != signalling::LineCallState::kIdle; }
  void leg_made() override;
  void tone(std::string_view name, bool begin) override;
  Wires wires() const override;
  Millis next_deadline() const override { return std::min({line_.next_deadline(), call_.next_deadline(), offer_at_}); }
  void run_timers(Millis now) override;
  std::string_view dump(std::span<char> out) const override { return line_.dump(out); }

 private:
  void set_hook(bool off_hook) override { wire_.set_hook(off_hook); }
  void on_offered() override;
  void on_gone() override;
  void ring(bool on, Millis now);
  void battery(bool on, Millis now);
  void polarity(bool reversed, Millis now);
  void listen_for_caller();
  void offer_now();
  void put_down();

  void play_digit(char digit) override;
  void pulse(bool make) override { wire_.set_hook(make); }
  void on_awaiting() override;
  void on_dialled() override;
  void on_ringing() override;
  void on_answer() override;
  void on_refused(uint8_t cause) override;

  cards::LinePort& wire_;
  signalling::FxoLine line_;
  signalling::LineCall call_;
  bool battery_ = true;
  bool reversed_{};
  bool lamp_{};
  bool early_{};              // who calls is listened for before the first ring
  Millis offer_at_ = kNever;  // the call waits for caller identification until then
  uint32_t rings_{};
  dsp::CallerIdResult heard_;
};

}  // namespace cordboard::engine
