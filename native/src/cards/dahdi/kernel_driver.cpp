// SPDX-License-Identifier: GPL-2.0-or-later
// The driver's devices and ioctls (dahdi/user.h of dahdi-linux). Channels are opened by number through the common device,
// because only the first 250 have a device of their own.
#include <dahdi/user.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "cards/dahdi/driver.hpp"
#include "dsp/g711.hpp"

namespace cordboard::cards {

namespace {

constexpr const char* kControlDevice = "/dev/dahdi/ctl";
constexpr const char* kChannelDevice = "/dev/dahdi/channel";
constexpr const char* kTimerDevice = "/dev/dahdi/timer";
// The driver answers with the kernel's ELAST, the end of its error numbers, when an event waits; libc has no name for it.
constexpr int kEventWaits = 500;
constexpr int kLongestRingMs = 60000;
constexpr Millis kLongestOnHookMs = 10000;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Error refused(const std::string& what) {
  return fail(errno == EBUSY ? ErrorCode::kBusy : ErrorCode::kIo, what + ": " + std::strerror(errno));
}

template <std::size_t size>
std::string text(const char (&field)[size]) {
  return {field, strnlen(field, size)};
}

Alarms alarms_of(int bits) {
  Alarms alarms;
  alarms.los = (bits & (DAHDI_ALARM_LOS | DAHDI_ALARM_NOTOPEN)) != 0;
  // While it recovers (some seconds without an error are asked for) the driver keeps the alarm, and so do we.
  alarms.red =
      !alarms.los && (bits & (DAHDI_ALARM_RED | DAHDI_ALARM_LFA | DAHDI_ALARM_LMFA | DAHDI_ALARM_RECOVER)) != 0;
  alarms.ais = (bits & DAHDI_ALARM_BLUE) != 0;
  alarms.yellow = (bits & DAHDI_ALARM_YELLOW) != 0;
  return alarms;
}

DriverSpanState state_of(const dahdi_spaninfo& info) {
  const auto count = [](int64_t value) { return static_cast<uint32_t>(std::max<int64_t>(value, 0)); };
  DriverSpanState state;
  state.alarms = alarms_of(info.alarms);
  state.coding_violations = count(info.bpvcount);
  state.crc4_errors = count(info.crc4count);
  state.e_bits = count(info.ebitcount);
  state.framing_errors = count(info.fascount);
  state.errored_seconds = info.errsec;
  state.missed_interrupts = count(info.irqmisses);
  state.clock_span = count(info.syncsrc);
  return state;
}

/// A port that the driver signals as FXO has a telephone on it, and the other way round.
DriverSignalling signalling_of(int bits) {
  if (bits == DAHDI_SIG_NONE) return DriverSignalling::kNone;
  if ((bits & DAHDI_SIG_HDLCFCS) == DAHDI_SIG_HDLCFCS || (bits & DAHDI_SIG_HARDHDLC) == DAHDI_SIG_HARDHDLC) {
    return DriverSignalling::kHdlc;
  }
  if (bits == DAHDI_SIG_CLEAR) return DriverSignalling::kClear;
  if (bits == DAHDI_SIG_CAS) return DriverSignalling::kCas;
  if ((bits & __DAHDI_SIG_FXO) != 0) return DriverSignalling::kStation;
  if ((bits & __DAHDI_SIG_FXS) != 0) return DriverSignalling::kLine;
  return DriverSignalling::kOther;
}

class KernelDriver : public Driver {
 public:
  KernelDriver(int control, int timer) : control_(control), timer_(timer) {}

  std::string version() override {
    dahdi_versioninfo info{};
    return ioctl(control_.get(), DAHDI_GETVERSION, &info) == 0 ? text(info.version) : std::string();
  }

  std::vector<DriverSpan> spans() override {
    std::vector<DriverSpan> found;
    for (uint32_t number = 1; number <= DAHDI_MAX_SPANS; ++number) {
      dahdi_spaninfo info{};
      if (!ask(number, info)) continue;
      auto& span = found.emplace_back();
      span.span = number;
      span.name = text(info.name);
      span.description = text(info.desc);
      span.type = text(info.spantype);
      span.manufacturer = text(info.manufacturer);
      span.device = text(info.devicetype);
      span.location = text(info.location);
      span.state = state_of(info);
    }
    if (found.empty()) return found;
    each_channel([&found](const dahdi_params& channel) {
      const auto span = std::find_if(found.begin(), found.end(), [&channel](const DriverSpan& candidate) {
        return candidate.span == static_cast<uint32_t>(channel.spanno);
      });
      if (span != found.end()) span->channels.push_back(described(channel));
    });
    return found;
  }

  std::optional<DriverSpanState> span_state(uint32_t span) override {
    dahdi_spaninfo info{};
    if (!ask(span, info)) return std::nullopt;
    return state_of(info);
  }

  std::vector<DriverChannel> channels_of(uint32_t span) override {
    std::vector<DriverChannel> found;
    each_channel([&](const dahdi_params& channel) {
      if (channel.spanno == static_cast<int>(span)) found.push_back(described(channel));
    });
    return found;
  }

  std::optional<DriverChannel> channel(uint32_t number) override {
    dahdi_params params{};
    params.channo = static_cast<int>(number);
    if (ioctl(control_.get(), DAHDI_GET_PARAMS, &params) != 0) return std::nullopt;
    return described(params);
  }

  Result<int> open_channel(uint32_t channel, DriverBuffers buffers, bool speech) override {
    const auto named = [channel] { return "channel " + std::to_string(channel) + " of the driver"; };
    Descriptor opened(::open(kChannelDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (opened.get() < 0) return refused(kChannelDevice);
    int number = static_cast<int>(channel);
    if (ioctl(opened.get(), DAHDI_SPECIFY, &number) != 0) return refused(named());
    dahdi_bufferinfo info{};
    info.txbufpolicy = DAHDI_POLICY_IMMEDIATE;
    info.rxbufpolicy = DAHDI_POLICY_IMMEDIATE;
    info.numbufs = static_cast<int>(buffers.count);
    info.bufsize = static_cast<int>(buffers.bytes);
    if (ioctl(opened.get(), DAHDI_SET_BUFINFO, &info) != 0) return refused(named() + " refuses its buffers");
    if (speech) {
      int law = DAHDI_LAW_ALAW;
      if (ioctl(opened.get(), DAHDI_SETLAW, &law) != 0) return refused(named() + " knows no A-law");
      // Silence when there is nothing to send, and echo cancellers; a channel that carries signalling has it already.
      int on = 1;
      ioctl(opened.get(), DAHDI_AUDIOMODE, &on);
      ioctl(opened.get(), DAHDI_BUFFER_EVENTS, &on);
    }
    return opened.release();
  }

  void close_channel(int handle) override { ::close(handle); }

  int read(int handle, std::span<uint8_t> into) override { return answer(::read(handle, into.data(), into.size())); }

  int write(int handle, std::span<const uint8_t> octets) override {
    return answer(::write(handle, octets.data(), octets.size()));
  }

  DriverNotice take_event(int handle) override;

  bool more(int handle) override {
    pollfd entry{handle, POLLIN, 0};
    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLIN) != 0;
  }

  bool room(int handle) override {
    pollfd entry{handle, POLLOUT, 0};
    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLOUT) != 0;
  }

  void flush(int handle) override {
    int which = DAHDI_FLUSH_ALL;
    ioctl(handle, DAHDI_FLUSH, &which);
  }

  uint8_t bits(int handle) override {
    int bits = 0;
    return ioctl(handle, DAHDI_GETRXBITS, &bits) == 0 ? static_cast<uint8_t>(bits & 0xF) : 0;
  }

  bool set_bits(int handle, uint8_t abcd) override {
    int bits = abcd & 0xF;
    return ioctl(handle, DAHDI_SETTXBITS, &bits) == 0;
  }

  bool set_hook(int handle, DriverHook hook) override;

  bool off_hook(int handle) override {
    dahdi_params params{};
    return ioctl(handle, DAHDI_GET_PARAMS, &params) == 0 && params.rxisoffhook != 0;
  }

  bool set_polarity(int handle, bool reversed) override {
    int state = reversed ? 1 : 0;
    return ioctl(handle, DAHDI_SETPOLARITY, &state) == 0;
  }

  bool set_lamp(int handle, LampKind kind, bool on) override {
    dahdi_vmwi_info how{};
    how.vmwi_type = kind == LampKind::kPolarity ? DAHDI_VMWI_LREV : DAHDI_VMWI_HVAC;
    if (ioctl(handle, DAHDI_VMWI_CONFIG, &how) != 0) return false;
    int messages = on ? 1 : 0;
    return ioctl(handle, DAHDI_VMWI, &messages) == 0;
  }

  bool pass_on_hook(int handle, Millis duration) override {
    int ms = static_cast<int>(std::clamp<Millis>(duration, 0, kLongestOnHookMs));
    return ioctl(handle, DAHDI_ONHOOKTRANSFER, &ms) == 0;
  }

  bool set_echo_canceller(int handle, uint32_t taps) override {
    int length = static_cast<int>(taps);
    return ioctl(handle, DAHDI_ECHOCANCEL, &length) == 0;
  }

  bool set_gain(int handle, double received_db, double sent_db) override;

  int descriptor(int handle) const override { return handle; }

  bool wait(int64_t until_ns) override;

 private:
  bool ask(uint32_t span, dahdi_spaninfo& info) const {
    info.spanno = static_cast<int>(span);
    return ioctl(control_.get(), DAHDI_SPANSTAT, &info) == 0;
  }

  template <class Take>
  void each_channel(Take take) const {
    for (int number = 1; number < DAHDI_MAX_CHANNELS; ++number) {
      dahdi_params params{};
      params.channo = number;
      if (ioctl(control_.get(), DAHDI_GET_PARAMS, &params) == 0) take(params);
    }
  }

  static DriverChannel described(const dahdi_params& params) {
    return {static_cast<uint32_t>(params.channo), static_cast<uint32_t>(params.chanpos), signalling_of(params.sigtype),
            text(params.name)};
  }

  static int answer(ssize_t done) {
    if (done >= 0) return static_cast<int>(done);
    if (errno == EAGAIN || errno == EINTR) return kDriverAgain;
    if (errno == kEventWaits) return kDriverEvent;
    return kDriverGone;
  }

  Descriptor control_;
  Descriptor timer_;
};

DriverNotice KernelDriver::take_event(int handle) {
  int event = DAHDI_EVENT_NONE;
  if (ioctl(handle, DAHDI_GETEVENT, &event) != 0) return {DriverEvent::kRemoved};
  if ((event & DAHDI_EVENT_PULSEDIGIT) != 0) return {DriverEvent::kPulseDigit, static_cast<uint8_t>(event & 0xFF)};
  switch (event) {
    case DAHDI_EVENT_NONE:
      return {DriverEvent::kNone};
    case DAHDI_EVENT_ALARM:
      return {DriverEvent::kAlarm};
    case DAHDI_EVENT_NOALARM:
      return {DriverEvent::kAlarmGone};
    case DAHDI_EVENT_ONHOOK:
      return {DriverEvent::kOnHook};
    case DAHDI_EVENT_RINGOFFHOOK:
      return {DriverEvent::kOffHook};
    case DAHDI_EVENT_WINKFLASH:
      return {DriverEvent::kFlash};
    case DAHDI_EVENT_RINGBEGIN:
      return {DriverEvent::kRingBegun};
    case DAHDI_EVENT_POLARITY:
      return {DriverEvent::kPolarity};
    case DAHDI_EVENT_BITSCHANGED:
      return {DriverEvent::kBits, bits(handle)};
    case DAHDI_EVENT_ABORT:
    case DAHDI_EVENT_OVERRUN:
    case DAHDI_EVENT_BADFCS:
      return {DriverEvent::kBadFrame};
    case DAHDI_EVENT_READ_OVERRUN:
      return {DriverEvent::kOverrun};
    case DAHDI_EVENT_WRITE_UNDERRUN:
      return {DriverEvent::kUnderrun};
    case DAHDI_EVENT_REMOVED:
      return {DriverEvent::kRemoved};
    default:
      return {DriverEvent::kOther};
  }
}

bool KernelDriver::set_hook(int handle, DriverHook hook) {
  int state = DAHDI_ONHOOK;
  switch (hook) {
    case DriverHook::kOn:
      break;
    case DriverHook::kOff:
      state = DAHDI_OFFHOOK;
      break;
    case DriverHook::kRing: {
      // One ring that ends when it is told to: the cadence is the caller's, not that of the driver's tone zone.
      dahdi_ring_cadence cadence{};
      cadence.ringcadence[0] = kLongestRingMs;
      cadence.ringcadence[1] = 1000;
      ioctl(handle, DAHDI_SETCADENCE, &cadence);
      state = DAHDI_RING;
      break;
    }
    case DriverHook::kRingOff:
      state = DAHDI_RINGOFF;
      break;
    case DriverHook::kFlash:
      state = DAHDI_FLASH;
      break;
  }
  // Done in its own time: the descriptor does not wait.
  return ioctl(handle, DAHDI_HOOK, &state) == 0 || errno == EINPROGRESS;
}

bool KernelDriver::set_gain(int handle, double received_db, double sent_db) {
  dahdi_gains gains{};
  const auto fill_table = [](unsigned char(&table)[256], double db) {
    const double factor = std::pow(10.0, db / 20);
    for (int octet = 0; octet < 256; ++octet) {
      const auto linear = dsp::alaw_to_linear(static_cast<uint8_t>(octet));
      const auto scaled = std::clamp(std::lround(linear * factor), -32768L, 32767L);
      table[octet] = db == 0 ? static_cast<uint8_t>(octet) : dsp::linear_to_alaw(static_cast<int16_t>(scaled));
    }
  };
  fill_table(gains.rxgain, received_db);
  fill_table(gains.txgain, sent_db);
  return ioctl(handle, DAHDI_SETGAINS, &gains) == 0;
}

bool KernelDriver::wait(int64_t until_ns) {
  while (true) {
    const int64_t left = std::max<int64_t>(until_ns - monotonic_ns(), 0);
    const timespec patience{left / 1'000'000'000, left % 1'000'000'000};
    pollfd entry{timer_.get(), POLLPRI, 0};
    const int ready = ppoll(&entry, 1, &patience, nullptr);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    // Expiries are counted in the driver: after a stall each of them is had, one a call.
    int one = 1;
    return ioctl(timer_.get(), DAHDI_TIMERACK, &one) == 0;
  }
}

}  // namespace

Result<std::unique_ptr<Driver>> open_kernel_driver() {
  Descriptor control(::open(kControlDevice, O_RDWR | O_CLOEXEC));
  if (control.get() < 0) {
    return fail(ErrorCode::kUnavailable,
                std::string("the DAHDI driver is not loaded (") + kControlDevice + ": " + std::strerror(errno) + ")");
  }
  Descriptor timer(::open(kTimerDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (timer.get() < 0) return refused(kTimerDevice);
  int samples = static_cast<int>(kRowBytes);
  if (ioctl(timer.get(), DAHDI_TIMERCONFIG, &samples) != 0) return refused(std::string(kTimerDevice) + " has no clock");
  return std::unique_ptr<Driver>(std::make_unique<KernelDriver>(control.release(), timer.release()));
}

}  // namespace cordboard::cards
