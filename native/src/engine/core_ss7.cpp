// SPDX-License-Identifier: GPL-2.0-or-later
// What signalling system No. 7 wants of the engine: links of the cards, loops and check tones on circuits.
#include <array>

#include "dsp/tone_clip.hpp"
#include "engine/core.hpp"

namespace cordboard::engine {

namespace {

// Q.724 7.3: 2000 Hz at -12 dBm0; it is heard when it lasts 30 to 60 ms.
constexpr double kCheckHz = 2000, kCheckDbm0 = -12;
constexpr uint32_t kHeardMs = 60;

}  // namespace

Result<> Core::build_link_sets() {
  for (const auto& config : config_.linkSets) {
    auto made = Ss7Exchange::make(*this, config, config_);
    if (!made) return made.error();
    if (!link_sets_.emplace(config.linkSet, std::move(*made)).second) {
      return fail(ErrorCode::kInvalid, "link set " + std::to_string(config.linkSet) + " is there twice");
    }
  }
  return Empty{};
}

cards::SignalUnitPort* Core::signal_units(uint32_t span, uint32_t timeslot) {
  if (auto* port = card_.signal_units(span, timeslot)) return port;
  auto* frames = boards_ ? boards_->hdlc(span) : nullptr;
  if (frames == nullptr) return nullptr;
  // Which timeslot it is, the driver's configuration says; there is one on a span.
  auto& link = board_links_[span];
  if (!link) link = std::make_unique<cards::Mtp2Link>(*frames);
  return link.get();
}

void Core::loop_port(bus::Port port, bool on) { set_source(port, on ? port : bus::kNoPort); }

void Core::check_port_tone(bus::Port port, bool on) {
  if (!check_tone_) {
    const std::array tones{dsp::CallProgressTone{"check", {{{kCheckHz}, kCheckDbm0, 0, 0}}}};
    dsp::CallProgressSettings settings;
    settings.continuous_ms = kHeardMs;
    check_tone_.emplace(tones, settings);
    check_tone_sent_ = dsp::render_tone(std::array{dsp::TonePart{{kCheckHz}, kCheckDbm0, 0, 0}}, true, nullptr);
  }
  unwatch(port, WatchKind::kCheckTone);
  if (on) watch(port, new ToneWatcher(WatchKind::kCheckTone, *check_tone_));
  post({.kind = media::OperationKind::kSignal, .port = port, .signal = on ? &check_tone_sent_ : nullptr});
}

Result<> Core::handle(const SpanCheck& command) {
  const auto found = spans_.find(command.span);
  if (found == spans_.end()) return fail(ErrorCode::kNotFound, "there is no span " + std::to_string(command.span));
  if (!found->second->carries_calls(command.timeslot)) {
    return fail(ErrorCode::kInvalid, "timeslot " + std::to_string(command.timeslot) + " carries signalling, not calls");
  }
  return found->second->check(command.timeslot);
}

Result<> Core::handle(const VirtualLinkSpoil& command) {
  if (card_.spoil_link(command.span, command.timeslot, command.cut, command.damageEvery)) return Empty{};
  return fail(ErrorCode::kNotFound, "no signalling link is on timeslot " + std::to_string(command.timeslot) +
                                        " of the virtual E1 " + std::to_string(command.span));
}

}  // namespace cordboard::engine
