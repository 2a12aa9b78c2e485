// SPDX-License-Identifier: GPL-2.0-or-later
// A driver made of memory: two E1 looped to each other, with as many buffers as were asked for, whose time passes when the test
// says so. What the real driver does was looked up in its source; that it does so is tested in hil-tests/.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>

#include "cards/dahdi/driver.hpp"

namespace cordboard::cards {

/// What the test holds, since the card owns its driver.
struct FakeLine {
  struct Channel {
    uint32_t number{};
    uint32_t span{};
    uint32_t position{};
    DriverSignalling signalling{};
    DriverBuffers buffers;
    bool open{};
    bool underrun{};
    std::deque<std::vector<uint8_t>> received;
    std::deque<std::vector<uint8_t>> to_send;
    std::deque<DriverNotice> events;
    std::vector<DriverHook> hooks;
    uint8_t bits{};
    std::vector<bool> polarity;                    // as asked for, in order
    std::vector<std::pair<LampKind, bool>> lamps;  // …
    Millis passes_on_hook{};
    bool no_lamp{};  // its board refuses one
    uint32_t echo_taps{};
    std::pair<double, double> gains;
  };
  std::map<uint32_t, Channel> channels;
  std::map<uint32_t, DriverSpanState> spans;
  bool loaded;
  uint32_t refused_calls{};  // on channels of a span that is gone: each makes the caller wait
  int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

  explicit FakeLine(bool is_loaded) : loaded(is_loaded) {
    for (uint32_t span = 1; span <= 2; ++span) add_span(span);
  }
  ~FakeLine() { ::close(wake); }

  void add_span(uint32_t span) {
    spans[span] = {};
    for (uint32_t position = 1; position <= 31; ++position) {
      auto& channel = channels[(span - 1) * 31 + position];
      channel = {};
      channel.number = (span - 1) * 31 + position;
      channel.span = span;
      channel.position = position;
      channel.signalling = position == 16 ? DriverSignalling::kHdlc : DriverSignalling::kClear;
    }
  }
  void remove_span(uint32_t span) { spans.erase(span); }
  bool gone(const Channel& channel) const { return !spans.contains(channel.span); }
  void tell(uint32_t span, uint32_t position, DriverNotice what) {
    channels[(span - 1) * 31 + position].events.push_back(what);
  }

  /// 20 ms of the line: a block each way on every channel, and all frames.
  void pass() {
    for (auto& [number, channel] : channels) {
      auto& far = channels[number <= 31 ? number + 31 : number - 31];
      if (gone(channel)) continue;
      if (channel.signalling == DriverSignalling::kHdlc) {
        for (auto& frame : channel.to_send) far.received.push_back(std::move(frame));
        channel.to_send.clear();
        continue;
      }
      std::vector<uint8_t> block(kRowBytes, 0xD5);
      if (!channel.to_send.empty()) {
        block = std::move(channel.to_send.front());
        channel.to_send.pop_front();
        channel.underrun = false;
      } else if (channel.open && !std::exchange(channel.underrun, true)) {
        channel.events.push_back({DriverEvent::kUnderrun});
      }
      if (!far.open || gone(far)) continue;
      if (far.received.size() >= far.buffers.count) {
        far.events.push_back({DriverEvent::kOverrun});
      } else {
        far.received.push_back(std::move(block));
      }
    }
  }
};

class FakeDriver : public Driver {
 public:
  explicit FakeDriver(FakeLine& line) : line_(line) {}

  std::string version() override { return "fake"; }
  std::vector<DriverSpan> spans() override {
    std::vector<DriverSpan> found;
    for (const auto& [number, state] : line_.spans) {
      auto& span = found.emplace_back();
      span.span = number;
      span.type = "E1";
      span.state = state;
      span.channels = channels_of(number);
    }
    return found;
  }
  std::optional<DriverSpanState> span_state(uint32_t span) override {
    const auto found = line_.spans.find(span);
    if (found == line_.spans.end()) return std::nullopt;
    return found->second;
  }
  std::vector<DriverChannel> channels_of(uint32_t span) override {
    std::vector<DriverChannel> found;
    for (const auto& [number, channel] : line_.channels) {
      if (channel.span == span && !line_.gone(channel))
        found.push_back({number, channel.position, channel.signalling, ""});
    }
    return found;
  }
  std::optional<DriverChannel> channel(uint32_t number) override {
    const auto found = line_.channels.find(number);
    if (found == line_.channels.end() || line_.gone(found->second)) return std::nullopt;
    return DriverChannel{number, found->second.position, found->second.signalling, ""};
  }
  Result<int> open_channel(uint32_t number, DriverBuffers buffers, bool) override {
    auto& channel = line_.channels.at(number);
    if (channel.open) return fail(ErrorCode::kBusy, "in use");
    channel.open = true;
    channel.buffers = buffers;
    return static_cast<int>(number);
  }
  void close_channel(int handle) override { of(handle).open = false; }
  int read(int handle, std::span<uint8_t> into) override {
    if (refused(handle)) return kDriverGone;
    auto& channel = of(handle);
    if (!channel.events.empty()) return kDriverEvent;
    if (channel.received.empty()) return kDriverAgain;
    const auto octets = std::move(channel.received.front());
    channel.received.pop_front();
    const auto length = std::min(octets.size(), into.size());
    std::copy_n(octets.begin(), length, into.begin());
    return static_cast<int>(length);
  }
  int write(int handle, std::span<const uint8_t> octets) override {
    if (refused(handle)) return kDriverGone;
    auto& channel = of(handle);
    if (!channel.events.empty()) return kDriverEvent;
    if (channel.to_send.size() >= channel.buffers.count) return kDriverAgain;
    channel.to_send.emplace_back(octets.begin(), octets.end());
    return static_cast<int>(octets.size());
  }
  DriverNotice take_event(int handle) override {
    if (refused(handle)) return {DriverEvent::kRemoved};
    auto& events = of(handle).events;
    if (events.empty()) return {};
    const auto event = events.front();
    events.pop_front();
    return event;
  }
  bool more(int handle) override { return !of(handle).received.empty(); }
  bool room(int handle) override { return of(handle).to_send.size() < of(handle).buffers.count; }
  void flush(int handle) override {
    of(handle).received.clear();
    of(handle).to_send.clear();
    of(handle).events.clear();
  }
  uint8_t bits(int) override { return 0x9; }
  bool set_bits(int handle, uint8_t abcd) override {
    of(handle).bits = abcd;
    return true;
  }
  bool set_hook(int handle, DriverHook hook) override {
    of(handle).hooks.push_back(hook);
    return true;
  }
  bool off_hook(int) override { return false; }
  bool set_polarity(int handle, bool reversed) override {
    of(handle).polarity.push_back(reversed);
    return true;
  }
  bool set_lamp(int handle, LampKind kind, bool on) override {
    of(handle).lamps.emplace_back(kind, on);
    return !of(handle).no_lamp;
  }
  bool pass_on_hook(int handle, Millis duration) override {
    of(handle).passes_on_hook = duration;
    return true;
  }
  bool set_echo_canceller(int handle, uint32_t taps) override {
    of(handle).echo_taps = taps;
    return true;
  }
  bool set_gain(int handle, double received_db, double sent_db) override {
    of(handle).gains = {received_db, sent_db};
    return true;
  }
  int descriptor(int) const override { return line_.wake; }
  bool wait(int64_t) override { return false; }

 private:
  FakeLine::Channel& of(int handle) { return line_.channels.at(static_cast<uint32_t>(handle)); }
  bool refused(int handle) {
    if (!line_.gone(of(handle))) return false;
    ++line_.refused_calls;
    return true;
  }
  FakeLine& line_;
};

}  // namespace cordboard::cards
