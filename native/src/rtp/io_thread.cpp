// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/io_thread.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/clock.hpp"

namespace cordboard::rtp {

namespace {

constexpr std::size_t kRing = 4096;
constexpr int kEvents = 256;
constexpr uint64_t kWakeEvent = UINT64_MAX;
// From so many streams on packets are gathered for a moment before they are read: the delay is a twentieth of a block,
// and the thread wakes a thousand times a second at most.
constexpr uint32_t kFewStreams = 32;
constexpr int64_t kGatherNs = 1'000'000;
constexpr int64_t kLookNs = 1'000'000'000;

constexpr uint64_t event_of(uint32_t pair, SocketKind kind) { return uint64_t{pair} * 2 + static_cast<uint64_t>(kind); }

}  // namespace

IoThread::IoThread(uint32_t streams, uint64_t seed, Wake& reported)
    : reported_(reported),
      commands_(kRing),
      reports_(kRing),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      demultiplexer_(2 * streams, seed),  // RTP and RTCP
      places_(streams) {
  if (!epoll_.open()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kWakeEvent}};
  epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, wake_.descriptor(), &event);
  for (uint32_t place = streams; place > 0; --place) free_places_.push_back(place - 1);
  for (uint32_t i = 0; i < kBatch; ++i) {
    for (auto* batch : {&received_, &sent_}) {
      auto& header = batch->messages[i].msg_hdr;
      header.msg_iov = &batch->parts[i];
      header.msg_iovlen = 1;
      header.msg_name = &batch->addresses[i];
    }
    received_.parts[i] = {received_.octets.get() + i * kBuffer, kMaxDatagram};
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "cb-rtp");
}

IoThread::~IoThread() {
  stop();
  // Changes that nobody has come to fetch.
  IoCommand command;
  while (commands_.pop(command)) delete command.change;
  for (const auto& waiting : backlog_) delete waiting.change;
  IoReport told;
  while (reports_.pop(told)) delete told.change;
  for (const auto& waiting : untold_) delete waiting.change;
}

// -------------------------------------------------------------------------------------------------- from other threads

void IoThread::post(const IoCommand& command) {
  if (!backlog_.empty() || !commands_.push(command)) backlog_.push_back(command);
  wake_.signal();
}

void IoThread::post_backlog() {
  if (backlog_.empty()) return;
  while (!backlog_.empty() && commands_.push(backlog_.front())) backlog_.pop_front();
  wake_.signal();
}

void IoThread::stop() {
  stopping_.store(true, std::memory_order_release);
  wake_.signal();
  if (thread_.joinable()) thread_.join();
}

int IoThread::become_realtime(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  return pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &parameters);
}

// ------------------------------------------------------------------------------------------------------------ the loop

void IoThread::run() {
  while (true) {
    // Before the ring is emptied for the last time, so that what was posted before stop() is done.
    const bool last = stopping_.load(std::memory_order_acquire);
    now_ns_ = monotonic_ns();
    carry_out_commands();
    for (const auto number : ready_) {
      auto& reader = readers_[number / 2];
      if (reader.pair != nullptr) read(reader, static_cast<SocketKind>(number % 2));
    }
    if (nudged_.exchange(false, std::memory_order_acquire)) turn_doors();
    if (ticked_.exchange(false, std::memory_order_acquire)) send_all();
    if (now_ns_ >= look_due_ns_) look_after_all();
    flush_reports();
    if (last) return;
    sleep();
  }
}

void IoThread::sleep() {
  if (crowded_ || attached_.load(std::memory_order_relaxed) > kFewStreams) {
    pollfd entry{wake_.descriptor(), POLLIN, 0};
    const timespec gather{0, kGatherNs};
    ppoll(&entry, 1, &gather, nullptr);
  }
  std::array<epoll_event, kEvents> events;
  const int timeout = untold_.empty() ? -1 : 1;
  const int count = epoll_wait(epoll_.number(), events.data(), kEvents, timeout);
  ready_.clear();
  crowded_ = false;
  for (int i = 0; i < count; ++i) {
    const auto event = events[static_cast<std::size_t>(i)].data.u64;
    if (event == kWakeEvent) {
      wake_.take();
    } else {
      ready_.push_back(static_cast<uint32_t>(event));
    }
  }
}

void IoThread::report(const IoReport& report) {
  if (!untold_.empty() || !reports_.push(report)) untold_.push_back(report);
  told_ = true;
}

void IoThread::flush_reports() {
  while (!untold_.empty() && reports_.push(untold_.front())) untold_.pop_front();
  if (std::exchange(told_, !untold_.empty())) reported_.signal();
}

// ------------------------------------------------------------------------------------------------------------ commands

void IoThread::carry_out_commands() {
  IoCommand command;
  while (commands_.pop(command)) {
    switch (command.kind) {
      case IoCommand::Kind::kRead:
        begin_reading(*command.pair);
        break;
      case IoCommand::Kind::kChange:
        change(*command.endpoint, command.change);
        break;
      case IoCommand::Kind::kDetach:
        detach(*command.endpoint);
        break;
    }
  }
}

void IoThread::begin_reading(SocketPair& pair) {
  if (readers_.size() <= pair.number) readers_.resize(pair.number + 1U);
  readers_[pair.number].pair = &pair;
  if (pair.door != nullptr) pair.door->open(*this, pair.rtp.number(), pair.family);
  for (const auto kind : {SocketKind::kRtp, SocketKind::kRtcp}) {
    if (kind == SocketKind::kRtcp && !pair.rtcp.open()) continue;
    epoll_event event{.events = EPOLLIN, .data = {.u64 = event_of(pair.number, kind)}};
    const int socket = kind == SocketKind::kRtp ? pair.rtp.number() : pair.rtcp.number();
    if (epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, socket, &event) != 0) counts_.receive_errors.add();
  }
}

void IoThread::change(Endpoint& endpoint, EndpointChange* change) {
  // There are as many places as streams, so there is one.
  if (endpoint.place == Endpoint::kNoPlace && !free_places_.empty()) {
    endpoint.place = free_places_.back();
    free_places_.pop_back();
    places_[endpoint.place] = {.endpoint = &endpoint, .control_due_ns = endpoint.control_due_ns()};
    attached_.fetch_add(1, std::memory_order_relaxed);
  }
  endpoint.apply(*change, now_ns_);
  if (endpoint.place != Endpoint::kNoPlace) {
    settle(endpoint.place);
    look(endpoint.place);
    if (change->door != nullptr) endpoint.pair()->door->changed(endpoint, *change->door, now_ns_);
  }
  report({.kind = IoReport::Kind::kChanged, .generation = endpoint.generation(), .endpoint = &endpoint,
          .change = change});
}

void IoThread::detach(Endpoint& endpoint) {
  if (endpoint.place != Endpoint::kNoPlace) {
    send_control(places_[endpoint.place], true);
    if (auto* door = endpoint.pair()->door; door != nullptr) door->gone(endpoint);
    leave(endpoint.place);
    free_places_.push_back(endpoint.place);
    places_[endpoint.place] = {};
    endpoint.place = Endpoint::kNoPlace;
    attached_.fetch_sub(1, std::memory_order_relaxed);
  }
  report({.kind = IoReport::Kind::kDetached, .generation = endpoint.generation(), .endpoint = &endpoint});
}

// --------------------------------------------------------------------------------------------------------------- doors

void IoThread::moved(Endpoint& endpoint) {
  if (endpoint.place != Endpoint::kNoPlace) settle(endpoint.place);
}

void IoThread::tell(Endpoint& endpoint, DoorNews news, const Address& address, const char* why) {
  report({.kind = IoReport::Kind::kNews, .generation = endpoint.generation(), .endpoint = &endpoint, .address = address,
          .news = news, .why = why});
}

void IoThread::nudge() {
  nudged_.store(true, std::memory_order_release);
  wake_.signal();
}

void IoThread::turn_doors() {
  for (auto& reader : readers_) {
    if (reader.pair != nullptr && reader.pair->door != nullptr) reader.pair->door->turn(now_ns_);
  }
}

// -------------------------------------------------------------------------------------------------------------- places

/// Brings everything here in line with where the endpoint's packets come from and go to.
void IoThread::settle(uint32_t number) {
  auto& place = places_[number];
  const auto& endpoint = *place.endpoint;
  if (place.pair != endpoint.pair()) {
    leave(number);
    place.pair = endpoint.pair();
    readers_[place.pair->number].places.push_back(number);
  }
  rekey(number, SocketKind::kRtp, place.source, endpoint.source());
  rekey(number, SocketKind::kRtcp, place.control, endpoint.mux() ? Address{} : endpoint.control_source());
  if (endpoint.local().unspecified()) {
    place.from.reset();
  } else {
    place.from = std::make_unique<PacketInfo>();
    place.from->leave_from(endpoint.local(), place.pair->family);
  }
  place.to_length = endpoint.source().known() ? endpoint.source().to(place.to, place.pair->family) : 0;
}

/// Off its pair.
void IoThread::leave(uint32_t number) {
  auto& place = places_[number];
  if (place.pair == nullptr) return;
  auto& reader = readers_[place.pair->number];
  std::erase(reader.places, number);
  if (std::exchange(place.listed, false)) std::erase(reader.seeking, number);
  rekey(number, SocketKind::kRtp, place.source, {});
  rekey(number, SocketKind::kRtcp, place.control, {});
  place.pair = nullptr;
}

void IoThread::rekey(uint32_t number, SocketKind kind, Address& held, const Address& wanted) {
  if (held == wanted) return;
  const auto pair = places_[number].pair->number;
  if (held.known()) demultiplexer_.erase({held, pair, kind});
  held = {};
  if (!wanted.known()) return;
  if (demultiplexer_.insert({wanted, pair, kind}, number)) {
    held = wanted;
  } else if (kind == SocketKind::kRtp) {
    // Whoever was first keeps it. RTCP that cannot be told apart is not missed.
    auto& endpoint = *places_[number].endpoint;
    report({.kind = IoReport::Kind::kTaken, .generation = endpoint.generation(), .endpoint = &endpoint,
            .address = wanted});
  }
}

/// Whether it still seeks another source.
void IoThread::look(uint32_t number) {
  auto& place = places_[number];
  auto& endpoint = *place.endpoint;
  endpoint.look(now_ns_);
  if (place.listed != endpoint.seeking()) {
    auto& seeking = readers_[place.pair->number].seeking;
    place.listed = endpoint.seeking();
    if (place.listed) {
      seeking.push_back(number);
    } else {
      std::erase(seeking, number);
    }
  }
  const bool open = endpoint.window_open(now_ns_);
  if (std::exchange(place.open, open) && !open) {
    report({.kind = endpoint.latched() ? IoReport::Kind::kLatched : IoReport::Kind::kSettled,
            .generation = endpoint.generation(), .endpoint = &endpoint, .address = endpoint.source()});
  }
}

void IoThread::look_after_all() {
  look_due_ns_ = now_ns_ + kLookNs;
  for (auto& reader : readers_) {
    if (reader.pair == nullptr) continue;
    for (const auto number : std::vector(reader.seeking)) look(number);
    if (reader.pair->door != nullptr) reader.pair->door->look(now_ns_);
    count_overflows(reader);
  }
}

}  // namespace cordboard::rtp
