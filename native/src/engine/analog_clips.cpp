// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/analog_clips.hpp"

#include <ctime>

#include "dsp/caller_id.hpp"

namespace cordboard::engine {

namespace {
constexpr uint32_t kLampLeadMs = 300;  // ports take a moment to let speech through on the hook
}  // namespace

std::vector<uint8_t> caller_id_clip(CallerIdMode mode, const LegSeize& command) {
  if (mode == CallerIdMode::kNone) return {};
  dsp::CallerIdMessage message;
  message.presentation = command.callingNumber.empty() ? dsp::Presentation::kUnavailable : dsp::Presentation::kAllowed;
  message.number = std::string_view(command.callingNumber);
  if (!command.callingName.empty()) {
    message.name_presentation = dsp::Presentation::kAllowed;
    message.name = std::string_view(command.callingName);
  }
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char stamp[16];
  std::strftime(stamp, sizeof stamp, "%m%d%H%M", &local);
  message.date_time = std::string_view(stamp);
  if (mode == CallerIdMode::kDtmf) return dsp::render_caller_id_digits(message, {});
  dsp::CallerIdSignal signal;
  signal.kind = mode == CallerIdMode::kV23 ? dsp::FskKind::kV23 : dsp::FskKind::kBell202;
  return dsp::render_caller_id(message, signal);
}

std::vector<uint8_t> lamp_clip(CallerIdMode mode, bool on) {
  dsp::CallerIdMessage message;
  message.service = dsp::CallerIdService::kMessageWaiting;
  message.lamp = on;
  dsp::CallerIdSignal signal;
  signal.kind = mode == CallerIdMode::kV23 ? dsp::FskKind::kV23 : dsp::FskKind::kBell202;
  signal.lead_ms = kLampLeadMs;
  return dsp::render_caller_id(message, signal);
}

}  // namespace cordboard::engine
