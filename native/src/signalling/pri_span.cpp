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
    : options_(options),
      listener_(listener),
      sink_(std::move(sink)),
      shared_(options.interfaces.size() > 1),
      layer1_up_(options.interfaces.size(), true),
      channels_(options_.interfaces) {
  for (std::size_t n = 0; n < options_.interfaces.size(); ++n)
    if (options_.interfaces[n].dchannel) links_.push_back(std::make_unique<Link>(*this, n));
}

PriSpan::Core::~Core() {
  if (!started_) return;
  layer1_up_.assign(layer1_up_.size(), false);  // nothing is sent any more
  for (auto& attempt : attempts_)
    if (is_alive(attempt)) pri_destroycall(controller(attempt), attempt.handle);
  std::vector<::pri*> controllers;
  for (const auto& link : links_) controllers.push_back(link->controller);
  return_controllers(kind(), controllers);
}

bool PriSpan::Core::start() {
  if (started_) return true;
  std::vector<PriPort*> ports;
  for (const auto& link : links_) ports.push_back(link.get());
  const auto controllers = lend_controllers(kind(), ports);
  if (controllers.size() != links_.size()) return false;
  started_ = true;
  for (std::size_t n = 0; n < links_.size(); ++n) {
    ::pri* controller = links_[n]->controller = controllers[n];
    const auto set = [controller](int timer, uint32_t ms) { pri_set_timer(controller, timer, static_cast<int>(ms)); };
    set(PRI_TIMER_T200, options_.t200_ms);
    set(PRI_TIMER_T203, options_.t203_ms);
    set(PRI_TIMER_T303, options_.t303_ms);
    set(PRI_TIMER_T305, options_.t305_ms);
    set(PRI_TIMER_T308, options_.t308_ms);
    set(PRI_TIMER_T309, options_.t309_ms);
    set(PRI_TIMER_T313, options_.t313_ms);
    pri_hangup_fix_enable(controller,
                          1);  // DISCONNECT for every cause once a SETUP has been responded to (Q.931 5.3.2)
  }
  return true;
}

void PriSpan::Core::receive_frame(std::span<const uint8_t> frame, std::size_t interface) {
  const auto at = std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l->interface == interface; });
  if (!started_ || at == links_.end() || !layer1_up_[interface] || telling_ || sending_) return;
  Link& link = **at;
  ++counts_[kFramesIn];
  const PriFrameView view = inspect_frame(frame);
  if (view.fault != PriFrameFault::kNone) {
    ++counts_[kFramesRefused];
    return;
  }
  std::array<uint8_t, kMaxFrame> copy;
  const std::size_t header = frame.size() - view.information.size();
  std::copy_n(frame.begin(), header, copy.begin());
  const auto which = static_cast<std::size_t>(at - links_.begin());
  const std::size_t length = view.numbered ? screen(which, view, std::span(copy).subspan(header)) : 0;
  feed(link, std::span(copy).first(header + length));
  facility_ = {};
  maintenance_ = false;
  if (view.numbered && ++numbered_in_ % kAuditEvery == 0) audit_queue(link);
  if (attach_wanted_) attach();
  tell();
}

/// Writes to `information` what libpri may see of a message and returns its length. Messages of unknown call
/// references would make libpri keep a call for each of them, so it gets those that do not begin a call as STATUS
/// ENQUIRY, which it answers as Q.931 5.8.3.2 wants (RELEASE COMPLETE, cause 81) and forgets.
std::size_t PriSpan::Core::screen(std::size_t link, const PriFrameView& view, std::span<uint8_t> information) {
  if (view.information.empty()) return 0;
  if (view.information[0] == kMaintenanceDiscriminator) return screen_maintenance(view, information);
  auto message = inspect_message(view.information);
  bool passes = message.has_value() && message->reference_length > 0;  // on the dummy reference: Facility only
  if (passes && message->reference == 0) {
    passes = (message->type == kMessageRestart && !message->to_originator) ||
             (message->type == kMessageRestartAcknowledge && message->to_originator && !restarts_.empty());
  } else if (passes && (message->type == kMessageRestart || message->type == kMessageRestartAcknowledge ||
                        message->type == kMessageRegister)) {
    passes = false;
  } else if (PriAttempt* attempt = passes ? attempt_of(message->reference, message->to_originator) : nullptr) {
    passes = message->type != kMessageSetup;  // 5.8.3.2 c: a SETUP for a call that is there is ignored
    attempt->link = link;                     // libpri answers where it was asked
    on_facility(*attempt, *message);
    if (message->type == kMessageFacility) return 0;  // all that is of use has been read
  } else if (passes && message->type == kMessageSetup) {
    passes = !message->to_originator;
    if (passes) facility_ = read_facility(*message, options_.protocol);
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

/// SERVICE and its acknowledgement, on the global call reference.
std::size_t PriSpan::Core::screen_maintenance(const PriFrameView& view, std::span<uint8_t> information) {
  const auto message = inspect_message(view.information, kMaintenanceDiscriminator);
  const bool passes = options_.protocol == PriProtocol::kNational && message && message->reference == 0 &&
                      message->reference_length > 0 &&
                      (message->type == kMessageService || message->type == kMessageServiceAcknowledge);
  const PriCopy copy = passes ? copy_maintenance(*message, information) : PriCopy{};
  counts_[kElementsLeftOut] += copy.left_out;
  if (copy.length == 0) ++counts_[kMessagesRefused];
  maintenance_ = copy.length != 0;
  return copy.length;
}

void PriSpan::Core::feed(Link& link, std::span<const uint8_t> frame) {
  link.frame = frame;
  const auto which = static_cast<std::size_t>(
      std::find_if(links_.begin(), links_.end(), [&](const auto& l) { return l.get() == &link; }) - links_.begin());
  if (const pri_event* event = pri_check_event(link.controller)) on_event(which, *event);
  link.frame = {};
  sweep();
}

void PriSpan::Core::audit_queue(Link& link) {
  if (usage_of(link.controller).unsent <= kMaxUnsent) return;
  ++counts_[kQueueOverruns];
  log(PriLogLevel::kError, "the peer acknowledges nothing: data link begun anew");
  take_down(link);
}

/// As its loss would.
void PriSpan::Core::take_down(Link& link) {
  take_link_down(link.controller, options_.node, [&](auto frame) { link.frame = frame; });
  link.frame = {};
  link_changed(link, false);
  sweep();
}

std::optional<int64_t> PriSpan::Core::next_deadline(int64_t now_ms) {
  if (!started_ || !told_.empty()) return now_ms;
  std::optional<int64_t> next;
  const auto consider = [&](int64_t at) { next = next ? std::min(*next, at) : at; };
  for (const auto& link : links_)
    if (const timeval* deadline = pri_schedule_next(link->controller)) consider(now_ms + until(*deadline));
  if (!restarts_.empty()) consider(restarts_.front().again_ms);
  if (t309_ms_ != 0) consider(t309_ms_);
  for (const auto& attempt : attempts_)
    if (attempt.clear_by_ms != 0) consider(attempt.clear_by_ms);
  for (const auto& [id, call] : calls_)
    if (call.due_ms != 0) consider(call.due_ms);
  if (const auto deadline = next_transfer_deadline(now_ms)) consider(*deadline);
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
  for (std::size_t link = 0; link < links_.size(); ++link) {
    for (int n = 0; n < kMaxTimersAtOnce; ++n) {
      const pri_event* event = pri_schedule_run(links_[link]->controller);
      if (event == nullptr) break;
      on_event(link, *event);
      sweep();
    }
  }
  if (!restarts_.empty() && restarts_.front().again_ms <= now_ms_) send_next_restart();
  run_due();
  run_transfer_timers();
  for (auto& attempt : attempts_) {
    if (attempt.clear_by_ms == 0 || attempt.clear_by_ms > now_ms_) continue;
    ++counts_[kClearingsGivenUp];
    destroy(attempt);
  }
  sweep();
  if (attach_wanted_) attach();
  in_timers_ = false;
  tell();
}

/// T302, T304 and T310, which libpri has not, and T309 of links that share calls.
void PriSpan::Core::run_due() {
  for (auto& [id, call] : calls_) {
    if (call.due_ms == 0 || call.due_ms > now_ms_) continue;
    call.due_ms = 0;
    if (call.machine.state() == PriCallState::kCollecting) {
      number_whole(call, *call.attempt);
      continue;
    }
    mark_released(call, PRI_CAUSE_RECOVERY_ON_TIMER_EXPIRE, PriReleasedBy::kFault);
    clear(*call.attempt, PRI_CAUSE_RECOVERY_ON_TIMER_EXPIRE);
  }
  if (t309_ms_ == 0 || t309_ms_ > now_ms_) return;
  t309_ms_ = 0;
  for (auto& attempt : attempts_) {
    PriCallEntry* call = call_of(attempt.call);
    if (call != nullptr) mark_released(*call, PRI_CAUSE_DESTINATION_OUT_OF_ORDER, PriReleasedBy::kFault);
    destroy(attempt);
  }
}

void PriSpan::Core::set_layer1(bool up, std::size_t interface) {
  if (interface >= layer1_up_.size() || up == layer1_up_[interface]) return;
  layer1_up_[interface] = up;
  channels_.set_layer1(interface, up);
  if (up || !started_) return;
  for (const auto& link : links_)
    if (link->interface == interface) take_down(*link);
  for (auto entry = calls_.begin(); entry != calls_.end();) {
    auto& call = entry->second;
    PriAttempt& attempt = *call.attempt;
    if (shared_ && (attempt.channel == 0 || interface_of(attempt.channel) != interface)) {
      ++entry;
      continue;
    }
    mark_released(call, PRI_CAUSE_NETWORK_OUT_OF_ORDER, PriReleasedBy::kFault);
    report_released(call.id, call.cause, call.by);
    // The peer may have seen nothing of the alarm. It is told when it can be, unless T309 ends the call first.
    attempt.call = 0;
    if (attempt.clear_by_ms == 0) attempt.clear_at_link_up = PRI_CAUSE_NETWORK_OUT_OF_ORDER;
    entry = calls_.erase(entry);
  }
  if (attach_wanted_) attach();
  if (dchannel_up_) clear_waiting();
  sweep();
}

bool PriSpan::Core::dchannel_up(std::size_t interface) const {
  return std::any_of(links_.begin(), links_.end(), [&](const auto& l) { return l->interface == interface && l->up; });
}

void PriSpan::Core::link_changed(Link& link, bool up) {
  if (up == link.up) return;
  link.up = up;
  if (!up) ++counts_[kLinkLosses];
  const auto in_use = std::find_if(links_.begin(), links_.end(), [](const auto& l) { return l->up; });
  const bool any = in_use != links_.end();
  if (any && links_.size() > 1) {
    const auto now = static_cast<std::size_t>(in_use - links_.begin());
    if (now != in_use_) {
      ++counts_[kTakeOvers];
      log(PriLogLevel::kWarn, "interface " + std::to_string(options_.interfaces[(*in_use)->interface].id) +
                                  " has the D-channel that carries the calls now");
      in_use_ = now;
    }
    attach_wanted_ = true;
  }
  if (links_.size() > 1) t309_ms_ = any ? 0 : now_ms_ + options_.t309_ms;
  if (any == dchannel_up_) return;
  dchannel_up_ = any;
  later([any](PriListener& listener) { listener.on_dchannel(any); });
  if (!any) return;
  clear_waiting();
  if (!restarts_.empty()) send_next_restart();  // the last one may have been lost with the link
}

void PriSpan::Core::clear_waiting() {
  for (auto& attempt : attempts_)
    if (attempt.clear_at_link_up != 0) clear(attempt, std::exchange(attempt.clear_at_link_up, 0));
}

/// Moves calls whose data link is down to the one in use. libpri sends over the link on which a call was last heard of, so
/// it is shown what the peer might send there, in a frame without number, which leaves the link's counting alone: STATUS
/// ENQUIRY, whose answer, STATUS, moves the call at the peer, too; or of a call whose DISCONNECT may have been lost with the
/// link, DISCONNECT, which it answers by RELEASE (Q.931 5.3.5).
void PriSpan::Core::attach() {
  attach_wanted_ = false;
  Link& link = *links_[in_use_];
  if (!link.up) return;
  const auto address = static_cast<uint8_t>(options_.node == PriNode::kUser ? 0x02 : 0x00);
  for (auto& attempt : attempts_) {
    if (links_[attempt.link]->up || !is_alive(attempt)) continue;
    attempt.link = in_use_;
    const auto high = static_cast<uint8_t>((attempt.ours ? 0x80 : 0x00) | attempt.reference >> 8);
    const auto low = static_cast<uint8_t>(attempt.reference);
    const uint8_t enquiry[] = {address, 0x01, 0x03, 0x08, 0x02, high, low, kMessageStatusEnquiry};
    const uint8_t disconnect[] = {address, 0x01, 0x03, 0x08, 0x02, high, low, kMessageDisconnect,
                                  0x08,    0x02, 0x80, 0x90};
    link.frame = attempt.clear_by_ms == 0 ? std::span<const uint8_t>(enquiry) : disconnect;
    if (const pri_event* event = pri_check_event(link.controller)) on_event(in_use_, *event);
    link.frame = {};
  }
  sweep();
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

/// Called from within libpri: must not call it.
void PriSpan::Core::write_frame(Link& link, std::span<const uint8_t> frame) {
  const PriFrameView view = inspect_frame(frame);
  // libpri's own report of a lost link may be overwritten by another event, or come late. Where it sends SABME the link
  // is not established, and it says reliably when it is.
  if (view.establish) link_changed(link, false);
  if (!layer1_up_[link.interface]) return;
  ++counts_[kFramesOut];
  const bool restart = view.numbered && !restarts_.empty() && restarts_.front().channel == 0 &&
                       view.information.size() > std::size(kRestartHeader) &&
                       std::equal(std::begin(kRestartHeader), std::end(kRestartHeader), view.information.begin());
  sending_ = true;
  if (restart) {
    std::array<uint8_t, 4 + std::size(kRestartInterface)> instead;
    std::copy(std::begin(kRestartInterface), std::end(kRestartInterface),
              std::copy_n(frame.begin(), 4, instead.begin()));
    sink_(instead, link.interface);
  } else if (view.numbered && frame.size() < kMaxFrame && completes(frame[2], view)) {
    std::array<uint8_t, kMaxFrame> instead;
    *std::copy(frame.begin(), frame.end(), instead.begin()) = kSendingCompleteElement;
    sink_(std::span(instead).first(frame.size() + 1), link.interface);
  } else {
    sink_(frame, link.interface);
  }
  sending_ = false;
}

/// Is it the INFORMATION with the last digit of a number, sent or sent again?
bool PriSpan::Core::completes(uint8_t number, const PriFrameView& view) {
  const auto message = inspect_message(view.information);
  if (!message || message->type != kMessageInformation || message->reference_length == 0) return false;
  for (auto& attempt : attempts_) {
    // Of a message of ours the flag says whether the peer began the call.
    if (attempt.reference != message->reference || attempt.ours == message->to_originator) continue;
    if (attempt.information_number != number && attempt.information > 0) {
      attempt.information_number = number;
      --attempt.information;
    }
    return attempt.whole && attempt.information == 0 && attempt.information_number == number;
  }
  return false;
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
      {"link_losses", "losses of a data link"},
      {"take_overs", "times that the other D-channel took over"},
      {"charges", "advices of charge received"},
      {"parties", "other parties at the far end told of"},
      {"transfers_asked", "transfers that the far end was asked for"},
      {"transfers_done", "of these, done by it"},
      {"joins", "transfers done for the far end"},
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
  std::string text = "primary rate access, " + std::string(name_of(options_.protocol)) + ", " +
                     std::string(name_of(options_.node)) + " side: " + std::to_string(channels_.idle()) +
                     " timeslots idle\n";
  for (std::size_t n = 0; n < options_.interfaces.size(); ++n)
    text += "interface " + std::to_string(options_.interfaces[n].id) + ": layer 1 " + (layer1_up_[n] ? "up" : "down") +
            (options_.interfaces[n].dchannel ? (dchannel_up(n) ? ", data link up\n" : ", data link down\n") : "\n");
  for (const auto& link : links_) {
    if (!started_) continue;
    const PriUsage usage = usage_of(link->controller);
    text += "libpri: " + std::to_string(usage.calls) + " call references, " + std::to_string(usage.unsent) +
            " frames not acknowledged\n";
  }
  for (const auto& restart : restarts_)
    text += "restart of timeslot " + std::to_string(restart.channel) + ", sent " + std::to_string(restart.sent) + "\n";
  for (const auto& attempt : attempts_) {
    text += "reference " + std::to_string(attempt.reference) + (attempt.ours ? " ours" : " theirs") + ", timeslot " +
            std::to_string(attempt.channel);
    if (attempt.channel != 0) text += " " + std::string(name_of(channels_.use(attempt.channel)));
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

void PriSpan::receive_frame(std::span<const uint8_t> frame, std::size_t interface) {
  core_->receive_frame(frame, interface);
}
std::optional<int64_t> PriSpan::next_deadline(int64_t now_ms) { return core_->next_deadline(now_ms); }
void PriSpan::run_timers(int64_t now_ms) { core_->run_timers(now_ms); }
Result<PriSeized> PriSpan::seize(const PriSeize& request) { return core_->seize(request); }
Result<> PriSpan::dial(PriCall call, std::string_view digits, bool last) { return core_->dial(call, digits, last); }
Result<> PriSpan::proceed(PriCall call) { return core_->proceed(call); }
Result<> PriSpan::alert(PriCall call, bool inband) { return core_->alert(call, inband); }
Result<> PriSpan::progress(PriCall call) { return core_->progress(call); }
Result<> PriSpan::answer(PriCall call) { return core_->answer(call); }
Result<> PriSpan::release(PriCall call, uint8_t cause) { return core_->release(call, cause); }
Result<> PriSpan::restart(PriChannel channel) { return core_->restart(channel); }
Result<> PriSpan::block(PriChannel channel, bool blocked) { return core_->block(channel, blocked); }
bool PriSpan::blocked_here(PriChannel channel) const { return core_->blocked_here(channel); }
bool PriSpan::blocked_there(PriChannel channel) const { return core_->blocked_there(channel); }
Result<> PriSpan::charge(PriCall call, uint32_t units) { return core_->charge(call, units); }
Result<> PriSpan::connected(PriCall call, const PriParty& party) { return core_->show_party(call, party, false); }
Result<> PriSpan::inform(PriCall call, const PriParty& party) { return core_->show_party(call, party, true); }
Result<> PriSpan::transfer(PriCall first, PriCall second) { return core_->transfer(first, second); }
Result<> PriSpan::allow_transfer(PriCall first, bool allowed) { return core_->allow_transfer(first, allowed); }
Result<> PriSpan::tariff(PriCall call, const std::vector<PriTariff>& tariffs) { return core_->tariff(call, tariffs); }
void PriSpan::set_layer1(bool up, std::size_t interface) { core_->set_layer1(up, interface); }
bool PriSpan::dchannel_up() const { return core_->dchannel_up(); }
bool PriSpan::dchannel_up(std::size_t interface) const { return core_->dchannel_up(interface); }
uint32_t PriSpan::idle_timeslots() const { return core_->idle_timeslots(); }
std::vector<PriCounter> PriSpan::counters() const { return core_->counters(); }
std::string PriSpan::dump() const { return core_->dump(); }

}  // namespace cordboard::signalling
