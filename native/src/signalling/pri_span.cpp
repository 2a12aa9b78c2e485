// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/pri_span.hpp"

#include <algorithm>
#include <cstdio>

#include "signalling/pri_core.hpp"

namespace cordboard::signalling {
namespace {

// Lines of libpri's a second that are passed on: a hostile peer makes it write some for every frame.
constexpr uint32_t kLinesPerSecond = 50;
// Frames that may wait for the peer's acknowledgement. Thirty calls never have a tenth of it; a peer that answers every
// poll but acknowledges nothing would fill the memory with the answers to what it sends.
constexpr uint32_t kMaxUnsent = 512;
constexpr uint32_t kAuditEvery = 64;
constexpr int kMaxTimersAtOnce = 10000;

/// What is left until libpri's deadline, ms, rounded up; its clock is gettimeofday().
int64_t until(const timeval& deadline) {
  timeval now{};
  gettimeofday(&now, nullptr);
  const int64_t us = (int64_t{deadline.tv_sec} - now.tv_sec) * 1000000 + deadline.tv_usec - now.tv_usec;
  return us <= 0 ? 0 : (us + 999) / 1000;
}

// A restart of the interface (Q.931 5.5): libpri can only name channels, so its message is put in place of by this one.
constexpr uint8_t kRestartHeader[] = {0x08, 0x02, 0x00, 0x00, kMessageRestart};
constexpr uint8_t kRestartInterface[] = {0x08, 0x02, 0x00, 0x00, kMessageRestart, 0x79, 0x01, 0x86};

}  // namespace

PriSpan::Core::Core(const PriOptions& options, PriListener& listener, PriFrameSink sink)
    : options_(options), listener_(listener), sink_(std::move(sink)) {}

PriSpan::Core::~Core() {
  if (pri_ == nullptr) return;
  layer1_up_ = false;  // nothing is sent any more
  for (auto& attempt : attempts_)
    if (is_alive(attempt)) pri_destroycall(pri_, attempt.handle);
  return_controller(options_.node, pri_);
}

bool PriSpan::Core::start() {
  if (pri_ != nullptr) return true;
  pri_ = lend_controller(options_.node, *this);
  if (pri_ == nullptr) return false;
  pri_set_timer(pri_, PRI_TIMER_T200, static_cast<int>(options_.t200_ms));
  pri_set_timer(pri_, PRI_TIMER_T203, static_cast<int>(options_.t203_ms));
  pri_set_timer(pri_, PRI_TIMER_T309, static_cast<int>(options_.t309_ms));
  pri_hangup_fix_enable(pri_, 1);  // DISCONNECT for every cause once a SETUP has been responded to (Q.931 5.3.2)
  return true;
}

void PriSpan::Core::receive_frame(std::span<const uint8_t> frame) {
  if (pri_ == nullptr || !layer1_up_ || telling_ || sending_) return;
  ++counts_[kFramesIn];
  const PriFrameView view = inspect_frame(frame);
  if (view.fault != PriFrameFault::kNone) {
    ++counts_[kFramesRefused];
    return;
  }
  std::array<uint8_t, kMaxFrame> copy;
  const std::size_t header = frame.size() - view.information.size();
  std::copy_n(frame.begin(), header, copy.begin());
  const std::size_t length = view.numbered ? screen(view, std::span(copy).subspan(header)) : 0;
  feed(std::span(copy).first(header + length));
  if (view.numbered && ++numbered_in_ % kAuditEvery == 0) audit_queue();
  tell();
}

/// Writes to `information` what libpri may see of a message and returns its length. Messages of unknown call
/// references would make libpri keep a call for each of them, so it gets those that do not begin a call as STATUS
/// ENQUIRY, which it answers as Q.931 5.8.3.2 wants (RELEASE COMPLETE, cause 81) and forgets.
std::size_t PriSpan::Core::screen(const PriFrameView& view, std::span<uint8_t> information) {
  if (view.information.empty()) return 0;
  auto message = inspect_message(view.information);
  bool passes = message.has_value() && message->reference_length > 0;  // on the dummy reference: Facility only
  if (passes && message->reference == 0) {
    passes = (message->type == kMessageRestart && !message->to_originator) ||
             (message->type == kMessageRestartAcknowledge && message->to_originator && !restarts_.empty());
  } else if (passes && (message->type == kMessageRestart || message->type == kMessageRestartAcknowledge ||
                        message->type == kMessageRegister)) {
    passes = false;
  } else if (passes && attempt_of(message->reference, message->to_originator) != nullptr) {
    passes = message->type != kMessageSetup;  // 5.8.3.2 c: a SETUP for a call that is there is ignored
  } else if (passes && message->type == kMessageSetup) {
    passes = !message->to_originator;
  } else if (passes && message->type != kMessageRelease) {
    passes = message->type != kMessageReleaseComplete &&
             !(message->type == kMessageStatus && call_state_of(*message).value_or(0) == 0);
    message->type = kMessageStatusEnquiry;
    message->elements = {};
  }
  if (!passes) {
    ++counts_[kMessagesRefused];
    return 0;
  }
  const PriCopy copy = copy_message(*message, information);
  counts_[kElementsLeftOut] += copy.left_out;
  return copy.length;
}

void PriSpan::Core::feed(std::span<const uint8_t> frame) {
  frame_ = frame;
  if (const pri_event* event = pri_check_event(pri_)) on_event(*event);
  frame_ = {};
  sweep();
}

void PriSpan::Core::audit_queue() {
  if (usage_of(pri_).unsent <= kMaxUnsent) return;
  ++counts_[kQueueOverruns];
  log(PriLogLevel::kError, "the peer acknowledges nothing: data link begun anew");
  take_link_down(pri_, options_.node, [this](auto frame) { frame_ = frame; });
  link_changed(false);
  sweep();
}

std::optional<int64_t> PriSpan::Core::next_deadline(int64_t now_ms) {
  if (pri_ == nullptr || !told_.empty()) return now_ms;
  std::optional<int64_t> next;
  const auto consider = [&](int64_t at) { next = next ? std::min(*next, at) : at; };
  if (const timeval* deadline = pri_schedule_next(pri_)) consider(now_ms + until(*deadline));
  if (!restarts_.empty()) consider(restarts_.front().again_ms);
  for (const auto& attempt : attempts_)
    if (attempt.clear_by_ms != 0) consider(attempt.clear_by_ms);
  return next;
}

void PriSpan::Core::run_timers(int64_t now_ms) {
  if (telling_ || sending_) return;
  now_ms_ = now_ms;
  if (!start()) {
    log(PriLogLevel::kError, "no memory for the data link");
    tell();
    return;
  }
  in_timers_ = true;
  for (int n = 0; n < kMaxTimersAtOnce; ++n) {
    const pri_event* event = pri_schedule_run(pri_);
    if (event == nullptr) break;
    on_event(*event);
    sweep();
  }
  if (!restarts_.empty() && restarts_.front().again_ms <= now_ms_) send_next_restart();
  for (auto& attempt : attempts_) {
    if (attempt.clear_by_ms == 0 || attempt.clear_by_ms > now_ms_) continue;
    ++counts_[kClearingsGivenUp];
    destroy(attempt);
  }
  sweep();
  in_timers_ = false;
  tell();
}

void PriSpan::Core::set_layer1(bool up) {
  if (up == layer1_up_) return;
  layer1_up_ = up;
  if (up || pri_ == nullptr) return;
  for (auto& [id, call] : calls_) {
    mark_released(call, PRI_CAUSE_NETWORK_OUT_OF_ORDER, PriReleasedBy::kFault);
    report_released(id, call.cause, call.by);
    // The peer may have seen nothing of the alarm. It is told when it can be, unless T309 ends the call first.
    call.attempt->call = 0;
    if (call.attempt->clear_by_ms == 0) call.attempt->clear_at_link_up = PRI_CAUSE_NETWORK_OUT_OF_ORDER;
  }
  calls_.clear();
  take_link_down(pri_, options_.node, [this](auto frame) { frame_ = frame; });
  frame_ = {};
  link_changed(false);
  sweep();
}

void PriSpan::Core::link_changed(bool up) {
  if (up == dchannel_up_) return;
  dchannel_up_ = up;
  later([up](PriListener& listener) { listener.on_dchannel(up); });
  if (!up) {
    ++counts_[kLinkLosses];
    return;
  }
  for (auto& attempt : attempts_)
    if (attempt.clear_at_link_up != 0) clear(attempt, std::exchange(attempt.clear_at_link_up, 0));
  if (!restarts_.empty()) send_next_restart();  // the last one may have been lost with the link
}

void PriSpan::Core::tell() {
  if (telling_) return;
  telling_ = true;
  while (!told_.empty()) {
    const auto call = std::move(told_.front());
    told_.pop_front();
    call(listener_);
  }
  telling_ = false;
}

std::span<const uint8_t> PriSpan::Core::take_frame() { return std::exchange(frame_, {}); }

/// Called from within libpri: must not call it.
void PriSpan::Core::write_frame(std::span<const uint8_t> frame) {
  const PriFrameView view = inspect_frame(frame);
  // libpri's own report of a lost link may be overwritten by another event, or come late. Where it sends SABME the link
  // is not established, and it says reliably when it is.
  if (view.establish) link_changed(false);
  if (!layer1_up_) return;
  ++counts_[kFramesOut];
  const bool restart = view.numbered && !restarts_.empty() && restarts_.front().timeslot == 0 &&
                       view.information.size() > std::size(kRestartHeader) &&
                       std::equal(std::begin(kRestartHeader), std::end(kRestartHeader), view.information.begin());
  sending_ = true;
  if (restart) {
    std::array<uint8_t, 4 + std::size(kRestartInterface)> instead;
    std::copy(std::begin(kRestartInterface), std::end(kRestartInterface),
              std::copy_n(frame.begin(), 4, instead.begin()));
    sink_(instead);
  } else {
    sink_(frame);
  }
  sending_ = false;
}

void PriSpan::Core::log(PriLogLevel level, std::string_view text) {
  if (probing_) return;
  if (now_ms_ / 1000 != log_second_) {
    log_second_ = now_ms_ / 1000;
    logged_ = 0;
  }
  if (++logged_ > kLinesPerSecond) {
    ++counts_[kLinesNotLogged];
    return;
  }
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  for (char& octet : line)
    if (static_cast<unsigned char>(octet) < 0x20 || octet == 0x7f) octet = '?';
  if (!line.empty()) later([level, line](PriListener& listener) { listener.on_log(level, line); });
}

std::vector<PriCounter> PriSpan::Core::counters() const {
  constexpr std::array<std::pair<std::string_view, std::string_view>, kCounters> kNames{{
      {"frames_in", "D-channel frames received"},
      {"frames_out", "D-channel frames sent"},
      {"frames_refused", "frames received that no data link of this access can send"},
      {"messages_refused", "messages received that Q.931 has ignored, or that belong to no call"},
      {"elements_left_out", "information elements received that are broken or not used"},
      {"calls_in", "calls offered by the peer and accepted for set-up"},
      {"calls_out", "calls seized here"},
      {"calls_turned_away", "calls offered by the peer and cleared at once: no channel, or no telephony"},
      {"retries", "calls tried again on another channel"},
      {"glare", "channels that both sides seized at once"},
      {"restarts", "restarts done, of either side"},
      {"link_losses", "losses of the data link"},
      {"steps_refused", "messages and commands that did not fit the state of their call"},
      {"clearings_given_up", "calls that the peer never let go of"},
      {"queue_overruns", "data links begun anew because the peer acknowledged nothing"},
      {"lines_not_logged", "log lines left out because there were too many"},
  }};
  std::vector<PriCounter> all;
  for (std::size_t n = 0; n < kCounters; ++n) all.push_back({kNames[n].first, kNames[n].second, counts_[n]});
  return all;
}

std::string PriSpan::Core::dump() const {
  std::string text = "primary rate access, " + std::string(name_of(options_.node)) + " side: layer 1 " +
                     (layer1_up_ ? "up" : "down") + ", data link " + (dchannel_up_ ? "up" : "down") + ", " +
                     std::to_string(channels_.idle()) + " timeslots idle\n";
  if (pri_ != nullptr) {
    const PriUsage usage = usage_of(pri_);
    text += "libpri: " + std::to_string(usage.calls) + " call references, " + std::to_string(usage.unsent) +
            " frames not acknowledged\n";
  }
  for (const auto& restart : restarts_)
    text += "restart of timeslot " + std::to_string(restart.timeslot) + ", sent " + std::to_string(restart.sent) + "\n";
  for (const auto& attempt : attempts_) {
    text += "reference " + std::to_string(attempt.reference) + (attempt.ours ? " ours" : " theirs") + ", timeslot " +
            std::to_string(attempt.timeslot);
    if (attempt.timeslot != 0) text += " " + std::string(name_of(channels_.use(attempt.timeslot)));
    const auto call = calls_.find(attempt.call);
    if (call == calls_.end()) {
      text += ", being cleared\n";
      continue;
    }
    text += ", call " + std::to_string(call->first) + (call->second.outgoing ? " out " : " in ") +
            std::string(name_of(call->second.machine.state())) + "\n";
    std::array<char, PriCallMachine::kHistory * 80> room;
    text += call->second.machine.dump(room);
  }
  for (const auto& counter : counters())
    if (counter.value != 0) text += std::string(counter.name) + " " + std::to_string(counter.value) + "\n";
  return text;
}

PriSpan::PriSpan(const PriOptions& options, PriListener& listener, PriFrameSink sink)
    : core_(std::make_unique<Core>(options, listener, std::move(sink))) {}
PriSpan::~PriSpan() = default;

void PriSpan::receive_frame(std::span<const uint8_t> frame) { core_->receive_frame(frame); }
std::optional<int64_t> PriSpan::next_deadline(int64_t now_ms) { return core_->next_deadline(now_ms); }
void PriSpan::run_timers(int64_t now_ms) { core_->run_timers(now_ms); }
Result<PriSeized> PriSpan::seize(const PriSeize& request) { return core_->seize(request); }
Result<> PriSpan::proceed(PriCall call) { return core_->proceed(call); }
Result<> PriSpan::alert(PriCall call, bool inband) { return core_->alert(call, inband); }
Result<> PriSpan::progress(PriCall call) { return core_->progress(call); }
Result<> PriSpan::answer(PriCall call) { return core_->answer(call); }
Result<> PriSpan::release(PriCall call, uint8_t cause) { return core_->release(call, cause); }
Result<> PriSpan::restart(uint8_t timeslot) { return core_->restart(timeslot); }
void PriSpan::set_layer1(bool up) { core_->set_layer1(up); }
bool PriSpan::dchannel_up() const { return core_->dchannel_up(); }
uint32_t PriSpan::idle_timeslots() const { return core_->idle_timeslots(); }
std::vector<PriCounter> PriSpan::counters() const { return core_->counters(); }
std::string PriSpan::dump() const { return core_->dump(); }

}  // namespace cordboard::signalling
