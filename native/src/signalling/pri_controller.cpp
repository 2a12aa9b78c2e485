// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_controller.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cordboard::signalling {
namespace {

constexpr std::size_t kFcs = 2;

PriPort* port_of(::pri* controller) {
  return controller == nullptr ? nullptr : static_cast<PriPort*>(pri_get_userdata(controller));
}

// libpri asks for a frame with its FCS, which it takes off unread. The rest of its buffer gets octets that end every
// search for an extension bit, so that no reader of information elements leaves it.
int read_frame(::pri* controller, void* buffer, int size) {
  PriPort* port = port_of(controller);
  if (port == nullptr || size < 0) return 0;
  const auto frame = port->take_frame();
  const auto room = static_cast<std::size_t>(size);
  if (frame.empty() || frame.size() + kFcs > room) return 0;
  std::memcpy(buffer, frame.data(), frame.size());
  std::memset(static_cast<uint8_t*>(buffer) + frame.size(), 0x80, room - frame.size());
  return static_cast<int>(frame.size() + kFcs);
}

int write_frame(::pri* controller, void* buffer, int size) {
  PriPort* port = port_of(controller);
  if (port != nullptr && size > static_cast<int>(kFcs)) {
    port->write_frame({static_cast<const uint8_t*>(buffer), static_cast<std::size_t>(size) - kFcs});
  }
  return size;
}

void log_message(::pri* controller, char* text) {
  if (PriPort* port = port_of(controller)) port->log(PriLogLevel::kInfo, text);
}

void log_error(::pri* controller, char* text) {
  if (PriPort* port = port_of(controller)) port->log(PriLogLevel::kWarn, text);
}

struct Returned {
  PriControllerKind kind;
  std::vector<::pri*> controllers;
};

int switch_of(PriProtocol protocol) {
  switch (protocol) {
    case PriProtocol::kQsig:
      return PRI_SWITCH_QSIG;
    case PriProtocol::kNational:
      return PRI_SWITCH_NI2;
    case PriProtocol::kEuroIsdn:
      break;
  }
  return PRI_SWITCH_EUROISDN_E1;
}

std::mutex returned_lock;

std::vector<Returned>& returned() {
  static auto* kept = new std::vector<Returned>;  // never destroyed: spans may be, after statics are
  return *kept;
}

/// Takes no notice of anything but the frames it was given to hand over.
class SilentPort : public PriPort {
 public:
  std::span<const uint8_t> take_frame() override { return std::exchange(frame_, {}); }
  void write_frame(std::span<const uint8_t>) override {}
  void log(PriLogLevel, std::string_view) override {}
  void show(std::span<const uint8_t> frame) { frame_ = frame; }

 private:
  std::span<const uint8_t> frame_;
};

uint32_t number_after(std::string_view text, std::string_view label) {
  const auto at = text.find(label);
  uint32_t value = 0;
  if (at != std::string_view::npos) {
    const auto digits = text.substr(at + label.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
  }
  return value;
}

}  // namespace

std::vector<::pri*> lend_controllers(const PriControllerKind& kind, std::span<PriPort* const> ports) {
  const std::lock_guard lock(returned_lock);
  pri_set_message(log_message);
  pri_set_error(log_error);
  auto& kept = returned();
  const auto same = std::find_if(kept.begin(), kept.end(), [&](const Returned& r) { return r.kind == kind; });
  if (same != kept.end()) {
    auto controllers = std::move(same->controllers);
    kept.erase(same);
    for (std::size_t n = 0; n < ports.size(); ++n) pri_set_userdata(controllers[n], ports[n]);
    return controllers;
  }
  std::vector<::pri*> controllers;
  for (PriPort* port : ports) {
    ::pri* controller = pri_new_cb(-1, kind.node == PriNode::kUser ? PRI_CPE : PRI_NETWORK, switch_of(kind.protocol),
                                   read_frame, write_frame, port);
    if (controller == nullptr) return {};
    // Names go in Facility there; EuroISDN has Display and Redirecting number for what is sent.
    if (kind.protocol != PriProtocol::kEuroIsdn) pri_facility_enable(controller);
    pri_set_overlapdial(controller, 1);  // Sending complete goes with numbers that are whole, and with no others
    if (kind.protocol == PriProtocol::kNational) pri_set_service_message_support(controller, 1);
    if (!controllers.empty()) pri_enslave(controllers.front(), controller);
    controllers.push_back(controller);
  }
  return controllers;
}

void return_controllers(const PriControllerKind& kind, const std::vector<::pri*>& controllers) {
  const std::lock_guard lock(returned_lock);
  for (::pri* controller : controllers) {
    SilentPort silent;
    pri_set_userdata(controller, &silent);
    pri_set_timer(controller, PRI_TIMER_T200, 0);  // the next span need not wait for it
    take_link_down(controller, kind.node, [&](auto frame) { silent.show(frame); });
    pri_set_userdata(controller, nullptr);
  }
  returned().push_back({kind, controllers});
}

PriUsage usage_of(::pri* controller) {
  const std::unique_ptr<char, decltype(&std::free)> text(pri_dump_info_str(controller), &std::free);
  if (text == nullptr) return {};
  return {number_after(text.get(), "Total active-calls:"), number_after(text.get(), "Q921 Outstanding: ")};
}

}  // namespace cordboard::signalling
