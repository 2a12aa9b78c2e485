// SPDX-License-Identifier: GPL-2.0-or-later
// The bed on the real driver: two E1 that are looped to each other within it, and the same channels as analog ports.
#include "driver_bed.hpp"

#include <dahdi/user.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "program.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kFirstFarChannel = 32;  // of the driver

SpanConfig driver_span(uint32_t span, uint32_t device, PriSide side) {
  SpanConfig config{span, "E1-" + std::to_string(span), side};
  config.card = CardKind::kDahdi;
  config.device = device;
  return config;
}

EngineConfig on_the_driver() {
  EngineConfig config;
  config.country = test_country();
  config.realtime = true;
  config.announcers = 2;
  config.boards = {16, 4};  // blocks of 20 ms: so long may the machine stand still, and no octet is lost
  return config;
}

void driver_ioctl(int descriptor, unsigned long request, void* argument, const char* what) {
  EXPECT_EQ(0, ioctl(descriptor, request, argument)) << what << ": " << std::strerror(errno);
}

void far_span(unsigned long request) {
  const int control = open("/dev/dahdi/ctl", O_RDWR | O_CLOEXEC);
  dahdi_dynamic_span span{};
  std::snprintf(span.driver, sizeof span.driver, "loc");
  std::snprintf(span.addr, sizeof span.addr, "1:1");
  span.numchans = 31;
  driver_ioctl(control, request, &span, "far span");
  close(control);
}

/// The driver's own way of dialling, on the channel at the other end of station 1.
class DriverPhone : public PulsePhone {
 public:
  DriverPhone() : channel_(open("/dev/dahdi/channel", O_RDWR | O_CLOEXEC)) {
    int number = kFirstFarChannel;
    driver_ioctl(channel_, DAHDI_SPECIFY, &number, "channel");
  }
  ~DriverPhone() override { close(channel_); }
  void lift() override { hook(DAHDI_OFFHOOK); }
  void hang_up() override { hook(DAHDI_ONHOOK); }
  void dial(const std::string& digits) override {
    dahdi_dialoperation operation{};
    operation.op = DAHDI_DIAL_OP_REPLACE;
    std::snprintf(operation.dialstr, sizeof operation.dialstr, "P%s", digits.c_str());
    driver_ioctl(channel_, DAHDI_DIAL, &operation, "dial");
  }

 private:
  void hook(int state) { driver_ioctl(channel_, DAHDI_HOOK, &state, "hook"); }
  int channel_;
};

class DriverBed : public Bed {
 public:
  EngineConfig spans(uint32_t pairs) const override {
    auto config = on_the_driver();
    for (uint32_t pair = 0; pair < pairs; ++pair) {
      config.spans.push_back(driver_span(kNear + pair, 1 + 2 * pair, PriSide::kUser));
      config.spans.push_back(driver_span(kFar + pair, 2 + 2 * pair, PriSide::kNetwork));
    }
    return config;
  }
  EngineConfig analogs(uint32_t pairs) const override {
    auto config = on_the_driver();
    for (uint32_t pair = 0; pair < pairs; ++pair) {
      AnalogConfig station{kStations + pair, "station " + std::to_string(pair + 1), AnalogKind::kFxs, CardKind::kDahdi};
      station.channel = 1 + pair;
      AnalogConfig line{kLines + pair, "line " + std::to_string(pair + 1), AnalogKind::kFxo, CardKind::kDahdi};
      line.channel = kFirstFarChannel + pair;
      config.analogs.push_back(station);
      config.analogs.push_back(line);
    }
    return config;
  }
  void cut(Box&) override { choose("cut", 1); }
  void join(Box&) override { choose("cut", 0); }
  void cut_link(Box&, uint32_t pair, bool cut) override { choose("cut_link", cut ? pair : 0); }
  void settle(Box& box, uint32_t ms) const override { let_pass(box, ms); }
  uint32_t speech_ms() const override { return 6000; }
  uint32_t most_lost() const override { return 20; }
  std::chrono::milliseconds patience() const override { return std::chrono::seconds(60); }
  std::unique_ptr<PulsePhone> pulse_phone() override { return std::make_unique<DriverPhone>(); }

 private:
  /// A choice of the driver's loop that hil-tests/rig adds: of which pair, 0 of none.
  static void choose(const std::string& what, uint32_t pair) {
    std::ofstream choice("/sys/module/dahdi_dynamic_loc/parameters/" + what);
    choice << pair << std::flush;
    EXPECT_TRUE(choice.good());
  }
};

}  // namespace

Bed& bed() {
  static DriverBed bed;
  return bed;
}

void remove_far_span() { far_span(DAHDI_DYNAMIC_DESTROY); }

void make_far_span() {
  far_span(DAHDI_DYNAMIC_CREATE);
  Program configure({setting("TOOLS") + "/dahdi_cfg", "-c", setting("FAR_CONF")});
  EXPECT_EQ(0, configure.wait());
}

EngineConfig near_span() {
  auto config = on_the_driver();
  config.spans.push_back(driver_span(kNear, 1, PriSide::kUser));
  return config;
}

}  // namespace cordboard::engine
