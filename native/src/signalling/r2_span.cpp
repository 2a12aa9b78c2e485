// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/r2_span.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "signalling/r2_core.hpp"

namespace cordboard::signalling {
namespace {

// Lines of the library's a second that are passed on: a hostile far end makes it write some for every change of a bit.
constexpr uint32_t kLinesPerSecond = 20;
constexpr uint8_t kLineBits = 0xC;  // A and B; C and D never change
constexpr uint8_t kIdleBits = 0x8;

bool one_of(std::string_view variant, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), variant) != names.end();
}

}  // namespace

R2Core::R2Core(const R2Options& options, R2Listener& listener, R2Line& line)
    : options_(options), listener_(listener), line_(line) {
  for (uint8_t timeslot = 0; timeslot <= kTimeslots; ++timeslot) {
    channels_[timeslot].core = this;
    channels_[timeslot].timeslot = timeslot;
  }
}

R2Core::~R2Core() {
  const R2Entry entry(*this);
  // The channels belong to the context, but it is not said in which order it frees them and what they hold.
  if (context_ != nullptr) openr2_context_delete(context_);
}

bool R2Core::start() {
  if (started_) return context_ != nullptr;
  started_ = true;
  context_ = make_r2_context(options_);
  if (context_ == nullptr) {
    log(R2LogLevel::kError, 0, "no memory for the signalling of the span");
    return false;
  }
  for (auto& channel : channels_) {
    if (!carries_calls(channel.timeslot)) continue;
    channel.library = make_r2_channel(context_, channel);
    if (channel.library == nullptr) continue;
    if (layer1_up_ && !channel.blocked_here) {
      make_idle(channel);
    } else {
      openr2_chan_set_blocked(channel.library);
    }
  }
  return true;
}

/// Ready for a call; what the far end sends already is looked at.
void R2Core::make_idle(R2Channel& channel) {
  openr2_chan_set_idle(channel.library);
  openr2_chan_handle_cas(channel.library);
}

void R2Core::receive_bits(uint8_t timeslot, uint8_t abcd, int64_t now_ms) {
  if (!carries_calls(timeslot) || telling_) return;
  auto& channel = channels_[timeslot];
  ++counts_[kBitChanges];
  channel.received_bits = abcd & 0xF;
  now_ms_ = now_ms;
  if (channel.library == nullptr || !layer1_up_) return;
  const R2Entry entry(*this);
  openr2_chan_handle_cas(channel.library);
  settle();
  tell();
}

void R2Core::receive_tone(uint8_t timeslot, uint8_t signal, bool begin, int64_t now_ms) {
  if (!carries_calls(timeslot) || signal < 1 || signal > kR2Signals.size() || telling_) return;
  auto& channel = channels_[timeslot];
  now_ms_ = now_ms;
  if (channel.library == nullptr || !layer1_up_ || !channel.listening) return;
  ++counts_[kTones];
  channel.heard = begin ? kR2Signals[signal - 1U] : '\0';
  channel.tone_changed = true;
  const R2Entry entry(*this);
  openr2_chan_process_event(channel.library);
  channel.tone_changed = false;
  if (channel.state() == R2State::kSending || channel.state() == R2State::kReceiving) set_guard(channel);
  settle();
  tell();
}

std::optional<int64_t> R2Core::next_deadline(int64_t now_ms) {
  if (!started_ || !told_.empty()) return now_ms;
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  std::optional<int64_t> next;
  const auto consider = [&](int64_t at) { next = next ? std::min(*next, at) : at; };
  each([&](R2Channel& channel) {
    const int left = openr2_chan_get_time_to_next_event(channel.library);
    if (left >= 0) consider(now_ms + left);
    if (channel.guard_ms != 0) consider(channel.guard_ms);
    if (channel.pulse_until_ms != 0) consider(channel.pulse_until_ms);
  });
  return next;
}

void R2Core::run_timers(int64_t now_ms) {
  if (telling_) return;
  now_ms_ = now_ms;
  const R2Entry entry(*this);
  if (!start()) {
    tell();
    return;
  }
  each([&](R2Channel& channel) {
    if (openr2_chan_get_time_to_next_event(channel.library) == 0) openr2_chan_process_event(channel.library);
    run_guards(channel);
  });
  settle();
  tell();
}

void R2Core::set_layer1(bool up, int64_t now_ms) {
  if (up == layer1_up_) return;
  layer1_up_ = up;
  now_ms_ = now_ms;
  if (context_ == nullptr) return;
  const R2Entry entry(*this);
  each([&](R2Channel& channel) {
    if (!up) {
      if (channel.state() != R2State::kIdle) ended(channel, 38, R2ReleasedBy::kFault);
      openr2_chan_set_blocked(channel.library);
    } else if (!channel.blocked_here) {
      make_idle(channel);
    }
  });
  settle();
}

// ------------------------------------------------------------------------------------------- what the library asks for

void R2Core::set_bits(int line, uint8_t abcd) {
  auto& channel = channels_[static_cast<std::size_t>(line)];
  channel.pulse_until_ms = 0;
  channel.sent_bits = abcd & 0xF;
  line_.set_bits(channel.timeslot, channel.sent_bits);
}

void R2Core::listen(R2Channel& channel, bool forward) {
  channel.heard = channel.last_heard = '\0';
  channel.tone_changed = false;
  channel.listening = true;
  line_.listen(channel.timeslot, forward);
}

void R2Core::begin_sending(R2Channel& channel, bool forward) {
  channel.forward = forward;
  // Forward signals begin with the far end's acknowledgement, of which the library does not tell otherwise.
  if (forward) happened(channel, R2Happening::kAcknowledged);
}

/// The library sends the category in group II too, where some countries expect who the subscriber is.
void R2Core::select_tone(R2Channel& channel, char name) {
  uint8_t signal = r2_signal_of(name);
  if (signal != 0 && channel.forward && options_.subscriber_signal != 0 &&
      std::strcmp(openr2_chan_get_mf_group_string(channel.library), "Forward Group II") == 0) {
    signal = options_.subscriber_signal;
  }
  if (signal == channel.sending) return;
  channel.sending = signal;
  line_.send_tone(channel.timeslot, channel.forward, signal);
}

int R2Core::detect_tone(R2Channel& channel) {
  if (channel.heard == '\0') return 0;
  channel.last_heard = channel.heard;
  const char* asked = openr2_chan_get_mf_state_string(channel.library);
  if (std::strcmp(asked, "Category Request Transmitted") == 0) channel.category_signal = r2_signal_of(channel.heard);
  if (std::strcmp(asked, "Change To Group II Request Transmitted") == 0) {
    channel.subscriber_signal = r2_signal_of(channel.heard);
  }
  return channel.heard;
}

void R2Core::log(R2LogLevel level, uint8_t timeslot, std::string text) {
  if (now_ms_ - lines_since_ms_ >= 1000) {
    lines_since_ms_ = now_ms_;
    lines_ = 0;
  }
  if (++lines_ > kLinesPerSecond) {
    ++counts_[kLinesDropped];
    return;
  }
  tell([this, level, timeslot, text = std::move(text)] { listener_.on_log(level, timeslot, text); });
}

/// Neither heard nor heard of any more.
void R2Core::hush(R2Channel& channel) {
  if (channel.sending != 0) {
    channel.sending = 0;
    line_.send_tone(channel.timeslot, channel.forward, 0);
  }
  if (!channel.listening) return;
  channel.listening = false;
  line_.stop_listening(channel.timeslot);
}

// ------------------------------------------------------------------------------------------------------ out of the span

void R2Core::tell() {
  if (telling_) return;
  telling_ = true;
  while (!told_.empty()) {
    const auto act = std::move(told_.front());
    told_.pop_front();
    act();
  }
  telling_ = false;
}

void R2Core::note_up() {
  bool up = false;
  each([&](R2Channel& channel) { up = up || !channel.blocked_there; });
  up = up && layer1_up_;
  if (up == up_) return;
  up_ = up;
  tell([this, up] { listener_.on_up(up); });
}

void R2Core::note_blocked(R2Channel& channel) {
  tell([this, timeslot = channel.timeslot, here = channel.blocked_here, there = channel.blocked_there] {
    listener_.on_blocked(timeslot, here, there);
  });
}

bool R2Core::in_registers(R2Call call) const {
  const auto* channel = channel_of(call);
  if (channel == nullptr) return false;
  switch (channel->state()) {
    case R2State::kSeizing:
    case R2State::kSending:
    case R2State::kReceiving:
    case R2State::kOffered:
    case R2State::kAccepting:
    case R2State::kRejecting:
      return true;
    default:
      return false;
  }
}

R2Timeslot R2Core::timeslot(uint8_t timeslot) const {
  if (!carries_calls(timeslot)) return {};
  const auto& channel = channels_[timeslot];
  return {channel.blocked_here || channel.block_wanted, channel.blocked_there};
}

std::vector<R2Counter> R2Core::counters() const {
  return {{"seizures_in", "Seizures by the far end", counts_[kSeizuresIn]},
          {"seizures_out", "Seizures of timeslots for calls out", counts_[kSeizuresOut]},
          {"offers", "Calls in whose register signals were complete", counts_[kOffers]},
          {"answers", "Calls answered, in and out", counts_[kAnswers]},
          {"dual_seizures", "Timeslots seized by both ends at once", counts_[kDualSeizures]},
          {"protocol_faults", "Line or register signals that must not come where they came", counts_[kProtocolFaults]},
          {"guards", "Timeslots given up because the far end said nothing", counts_[kGuards]},
          {"bit_changes", "Changes of the far end's signalling bits", counts_[kBitChanges]},
          {"tones", "Register signals begun or ended", counts_[kTones]},
          {"metering_pulses", "Metering pulses received", counts_[kMeteringPulses]},
          {"log_lines_dropped", "Lines of the signalling that were too many for the log", counts_[kLinesDropped]}};
}

std::string R2Core::dump() const {
  std::string text = "R2 " + options_.variant + ", " + (up_ ? "up" : "down") + "\n";
  for (const auto& channel : channels_) {
    if (channel.library == nullptr) continue;
    if (channel.state() == R2State::kIdle && !channel.blocked_here && !channel.blocked_there) continue;
    char line[320];
    std::snprintf(line, sizeof line, "  %u: %s%s%s, bits %X > %X, call %u, tone %u, library: %s, %s, %s\n",
                  channel.timeslot, std::string(name_of(channel.state())).c_str(),
                  channel.blocked_here ? ", blocked here" : "", channel.blocked_there ? ", blocked there" : "",
                  channel.received_bits, channel.sent_bits, channel.call, channel.sending,
                  openr2_chan_get_r2_state_string(channel.library), openr2_chan_get_mf_group_string(channel.library),
                  openr2_chan_get_mf_state_string(channel.library));
    text += line;
    std::array<char, 1024> history;
    text += channel.machine.dump(history);
  }
  return text;
}

bool R2Core::free_for_call(const R2Channel& channel) const {
  return channel.library != nullptr && channel.state() == R2State::kIdle && !channel.blocked_here &&
         !channel.blocked_there && (channel.received_bits & kLineBits) == kIdleBits;
}

// ---------------------------------------------------------------------------------------------------------- the outside

Result<> R2Span::check(const R2Options& options) {
  if (!one_of(options.variant, {"AR", "BR", "CN", "CO", "CZ", "EC", "ID", "ITU", "MX", "PH", "VE"})) {
    return fail(ErrorCode::kInvalid, "there is no R2 variant " + options.variant);
  }
  if (options.called_digits < 1 || options.called_digits > 32 || options.calling_digits > 32) {
    return fail(ErrorCode::kInvalid, "R2 asks for 1-32 digits of the called number and 0-32 of the calling one");
  }
  if (options.accept_at_once && one_of(options.variant, {"BR", "CN", "MX"})) {
    return fail(ErrorCode::kInvalid, "R2 variant " + options.variant + " has no signal that accepts a call at once");
  }
  if (options.subscriber_signal > 15 || options.vacant_signal > 15 || options.congestion_signal > 15) {
    return fail(ErrorCode::kInvalid, "register signals of R2 are 1-15");
  }
  return Empty{};
}

R2Span::R2Span(const R2Options& options, R2Listener& listener, R2Line& line)
    : core_(std::make_unique<R2Core>(options, listener, line)) {}
R2Span::~R2Span() = default;

void R2Span::receive_bits(uint8_t timeslot, uint8_t abcd, int64_t now_ms) {
  core_->receive_bits(timeslot, abcd, now_ms);
}
void R2Span::receive_tone(uint8_t timeslot, uint8_t signal, bool begin, int64_t now_ms) {
  core_->receive_tone(timeslot, signal, begin, now_ms);
}
std::optional<int64_t> R2Span::next_deadline(int64_t now_ms) { return core_->next_deadline(now_ms); }
void R2Span::run_timers(int64_t now_ms) { core_->run_timers(now_ms); }
Result<R2Seized> R2Span::seize(const R2Seize& request, int64_t now_ms) { return core_->seize(request, now_ms); }
Result<> R2Span::accept(R2Call call, int64_t now_ms) { return core_->accept(call, now_ms); }
Result<> R2Span::answer(R2Call call, int64_t now_ms) { return core_->answer(call, now_ms); }
Result<> R2Span::release(R2Call call, uint8_t cause, int64_t now_ms) { return core_->release(call, cause, now_ms); }
Result<> R2Span::meter(R2Call call, int64_t now_ms) { return core_->meter(call, now_ms); }
Result<> R2Span::block(uint8_t timeslot, bool on, int64_t now_ms) { return core_->block(timeslot, on, now_ms); }
Result<> R2Span::reset(uint8_t timeslot, int64_t now_ms) { return core_->reset(timeslot, now_ms); }
void R2Span::set_layer1(bool up, int64_t now_ms) { core_->set_layer1(up, now_ms); }
bool R2Span::up() const { return core_->up(); }
bool R2Span::in_registers(R2Call call) const { return core_->in_registers(call); }
R2Timeslot R2Span::timeslot(uint8_t timeslot) const { return core_->timeslot(timeslot); }
std::vector<R2Counter> R2Span::counters() const { return core_->counters(); }
std::string R2Span::dump() const { return core_->dump(); }

}  // namespace cordboard::signalling
