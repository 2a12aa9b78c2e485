// SPDX-License-Identifier: GPL-2.0-or-later
// The telephony driver of the kernel as the card uses it, so that the card can be tested where there is no driver. Nothing
// here sleeps but wait(); calls marked "tick" come from the media thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cards/card.hpp"

namespace cordboard::cards {

/// What a channel was configured for in the driver.
enum class DriverSignalling : uint8_t { kNone, kClear, kHdlc, kCas, kStation, kLine, kOther };

struct DriverChannel {
  uint32_t channel{};   // number within the driver
  uint32_t position{};  // within its span, from 1: the timeslot of an E1
  DriverSignalling signalling{};
  std::string name;
};

/// Counters of a span since the driver was loaded, and what else it tells of it.
struct DriverSpanState {
  Alarms alarms;
  uint32_t coding_violations{};  // bipolar
  uint32_t crc4_errors{};
  uint32_t e_bits{};  // CRC4 errors that the far end tells of
  uint32_t framing_errors{};
  uint32_t errored_seconds{};
  uint32_t missed_interrupts{};
  uint32_t clock_span{};  // whose clock its board runs by; 0: its own
};

struct DriverSpan {
  uint32_t span{};
  std::string name;
  std::string description;
  std::string type;  // E1, T1, FXS, … as the driver says
  std::string manufacturer;
  std::string device;
  std::string location;  // of the board: bus and slot
  DriverSpanState state;
  std::vector<DriverChannel> channels;
};

struct DriverBuffers {
  uint32_t count{};
  uint32_t bytes{};
};

enum class DriverEvent : uint8_t {
  kNone,
  kAlarm,
  kAlarmGone,
  kOnHook,
  kOffHook,  // of a station; of a line: a ring has ended
  kFlash,
  kRingBegun,
  kPolarity,
  kPulseDigit,  // value: 0-9 as ASCII
  kBits,        // CAS bits have changed; value: ABCD, A in bit 3
  kBadFrame,    // of a D-channel: aborted, overlong or with a wrong FCS
  kOverrun,     // octets received were lost, as no buffer was free
  kUnderrun,    // silence was sent, as nothing was there to send
  kRemoved,
  kOther,
};

struct DriverNotice {
  DriverEvent event{};
  uint8_t value{};
};

/// What read and write answer instead of a length.
enum DriverRefusal : int {
  kDriverAgain = -1,  // nothing there, or no room
  kDriverEvent = -2,  // an event waits; it comes first
  kDriverGone = -3,   // the board is no longer there; the driver makes each such call wait 5 ms
};

enum class DriverHook : uint8_t { kOn, kOff, kRing, kRingOff, kFlash };

class Driver {
 public:
  virtual ~Driver() = default;

  virtual std::string version() = 0;
  virtual std::vector<DriverSpan> spans() = 0;
  /// Nothing: there is no such span, or no longer.
  virtual std::optional<DriverSpanState> span_state(uint32_t span) = 0;
  virtual std::vector<DriverChannel> channels_of(uint32_t span) = 0;
  virtual std::optional<DriverChannel> channel(uint32_t number) = 0;

  /// A handle for the calls below. Speech is A-law, as it is on the line.
  virtual Result<int> open_channel(uint32_t channel, DriverBuffers buffers, bool speech) = 0;
  virtual void close_channel(int handle) = 0;
  /// tick
  virtual int read(int handle, std::span<uint8_t> into) = 0;
  /// tick
  virtual int write(int handle, std::span<const uint8_t> octets) = 0;
  /// tick: takes the event that waits
  virtual DriverNotice take_event(int handle) = 0;
  /// tick: another block waits to be read. The driver does not tell how many.
  virtual bool more(int handle) = 0;
  /// The driver takes another block or frame.
  virtual bool room(int handle) = 0;
  /// tick: throws away what has been received and not been read, what has not been sent yet, and events.
  virtual void flush(int handle) = 0;
  virtual uint8_t bits(int handle) = 0;
  virtual bool set_bits(int handle, uint8_t abcd) = 0;
  virtual bool set_hook(int handle, DriverHook hook) = 0;
  virtual bool off_hook(int handle) = 0;
  /// Of a telephone's port. False: the board has none, or not in the state that the port is in (ringing, without battery).
  virtual bool set_polarity(int handle, bool reversed) = 0;
  /// Of a telephone's port: by what the lamp is lit, and whether. False: its board has no lamp. One that has but another kind may
  /// say nothing of it.
  virtual bool set_lamp(int handle, LampKind kind, bool on) = 0;
  /// Of a telephone's port: what is written is heard on the hook, too, for so long. False: the board cannot.
  virtual bool pass_on_hook(int handle, Millis duration) = 0;
  /// The canceller of the board or of the driver; 0 taps: off. False: there is none.
  virtual bool set_echo_canceller(int handle, uint32_t taps) = 0;
  /// Multiplies by so many dB in each direction; 0 and 0 leaves every octet as it is.
  virtual bool set_gain(int handle, double received_db, double sent_db) = 0;

  /// For epoll: readable when a frame has come, urgent when an event has.
  virtual int descriptor(int handle) const = 0;
  /// tick: sleeps until 20 ms of the driver's clock have gone by since the last time, or till `until_ns` of the monotonic
  /// clock. False: it was the latter.
  virtual bool wait(int64_t until_ns) = 0;
};

/// The kernel's. Fails when it is not loaded.
Result<std::unique_ptr<Driver>> open_kernel_driver();

}  // namespace cordboard::cards
