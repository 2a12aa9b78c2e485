// SPDX-License-Identifier: GPL-2.0-or-later
#include "signalling/ss7_host.hpp"

#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "signalling/ss7_library.hpp"

namespace {

// As libss7 2.0 lays them out; Ss7LinkView::attach() looks whether it does.
struct RoutingLabel {
  unsigned int type;
  unsigned int dpc;
  unsigned int opc;
  unsigned char sls;
};

struct Message {
  unsigned char buf[512];
  unsigned int size;
  Message* next;
};

struct Link {
  int state;
  int std_test_passed;
  int inhibit;
  int changeover;
  unsigned int got_sent;
  Message* changeover_buffer;
  Message* changeback_buffer;
  unsigned char sequence[4];
  int fd;
  int flags;
  int mtp3_timers[32];
  int test_failures;
  int t1, t2, t3, t4, t7;
  int periods[6];
  int code;
  int management_sls;
  int emergency;
  int proving_ms;
  unsigned int adjacent;
  int sending;
  int last_received;
  int last_sent;
  unsigned int retransmissions;
  Message* sent;  // and not acknowledged, the latest first
  Message* queue;
  Message* retransmit_from;
  Message* changeover_sent;
  Message* changeover_queue;
};

Link* link_at(void* link) { return static_cast<Link*>(link); }

constexpr std::size_t kMessageAt = 3 + 1;  // level 2's three octets and the service information octet
constexpr std::size_t kLabel = 4;
constexpr unsigned char kIsup = 5;
constexpr std::size_t kFcs = 2;
constexpr int kNoChangeover = 0, kChangeoverInitiated = 1;
constexpr unsigned int kAskedForChangeover = 1 << 2 | 1 << 3;

}  // namespace

extern "C" {
int mtp3_receive(struct ss7*, void* link, void* message, int length);
int mtp3_transmit(struct ss7*, unsigned char user, RoutingLabel label, int priority, Message* message, void* link);
Message* ss7_msg_new(void);
void* ss7_find_link(struct ss7*, int fd);
void ss7_schedule_del(struct ss7*, int* id);
}

namespace cordboard::signalling {
namespace {

thread_local Ss7Host* host = nullptr;

}  // namespace

Ss7Memory::~Ss7Memory() {
  bury();
  for (void* block : live_) std::free(block);
}

void* Ss7Memory::take(std::size_t bytes) {
  if (live_.size() >= kMostBlocks) return nullptr;
  void* block = std::calloc(1, bytes);
  if (block == nullptr) return nullptr;
  live_.insert(block);
  latest_bytes_ = bytes;
  if (bytes == watched_bytes_) watched_ = block;
  return block;
}

bool Ss7Memory::give(void* block) {
  if (live_.erase(block) == 0) return false;
  if (block == watched_) watched_ = nullptr;
  buried_.push_back(block);
  return true;
}

void Ss7Memory::watch(std::size_t bytes) {
  watched_bytes_ = bytes;
  watched_ = nullptr;
}

void Ss7Memory::bury() {
  for (void* block : buried_) std::free(block);
  buried_.clear();
}

Ss7Entry::Ss7Entry(Ss7Host& entered) : before_(host) { host = &entered; }

Ss7Entry::~Ss7Entry() {
  if (before_ != host) host->memory().bury();
  host = before_;
}

bool Ss7LinkView::attach(::ss7* stack, int link, int code) {
  stack_ = stack;
  link_ = ss7_find_link(stack, link);
  if (link_ == nullptr) return false;
  auto& at = *link_at(link_);
  if (at.fd != link || at.state != kMtp2Idle || at.code != code || at.last_received != -1 || at.periods[3] != 8500 ||
      at.periods[4] != 500) {
    return false;
  }
  at.management_sls = code;  // the library numbers links by their order here
  forget();
  return true;
}

int Ss7LinkView::state() const { return link_at(link_)->state; }
bool Ss7LinkView::tested() const { return link_at(link_)->std_test_passed != 0; }
bool Ss7LinkView::inhibited() const { return link_at(link_)->inhibit != 0; }
bool Ss7LinkView::changed_over() const { return link_at(link_)->changeover != kNoChangeover; }

void Ss7LinkView::forget() {
  auto& at = *link_at(link_);
  // The library takes 0, which its timers are before the first use, for one that runs; 0 is never given out.
  for (int* timer : {&at.t1, &at.t2, &at.t3, &at.t4, &at.t7}) {
    if (*timer > 0) ss7_schedule_del(stack_, timer);
    *timer = -1;
  }
  at.last_received = -1;
}

bool Ss7LinkView::order_unacknowledged(uint8_t sequence, bool answer) {
  auto& at = *link_at(link_);
  if (answer && (at.got_sent & kAskedForChangeover) == 0) return false;
  Message*& list = at.changeover == kChangeoverInitiated ? at.changeover_sent : at.sent;
  Message* ordered = nullptr;
  bool acknowledged = false;
  for (Message* message = list; message != nullptr;) {
    Message* const next = message->next;
    if ((message->buf[1] & 0x7f) == (sequence & 0x7f)) acknowledged = true;
    if (acknowledged) {
      host->memory().give(message);
    } else {
      message->next = ordered;
      ordered = message;
    }
    message = next;
  }
  list = ordered;
  at.retransmit_from = nullptr;
  return true;
}

void Ss7LinkView::mend_retransmission() {
  auto& at = *link_at(link_);
  if (at.retransmit_from == nullptr) return;
  Message* oldest = nullptr;
  for (Message* message = at.sent; message != nullptr; message = message->next) {
    if (message == at.retransmit_from) return;
    oldest = message;
  }
  at.retransmit_from = oldest;
}

void Ss7LinkView::forget_received() { link_at(link_)->last_received = -1; }

bool ss7_send_isup(::ss7* stack, uint32_t own, uint32_t destination, std::span<const uint8_t> message) {
  Message* made = ss7_msg_new();
  if (made == nullptr) return false;
  const RoutingLabel label{SS7_ITU, destination, own, static_cast<unsigned char>(message[0] & 0xf)};
  unsigned char* at = made->buf + kMessageAt;
  at[0] = static_cast<unsigned char>(destination);
  at[1] = static_cast<unsigned char>(((destination >> 8) & 0x3f) | (own << 6 & 0xc0));
  at[2] = static_cast<unsigned char>(own >> 2);
  at[3] = static_cast<unsigned char>(((own >> 10) & 0x0f) | (label.sls << 4));
  std::copy(message.begin(), message.end(), at + kLabel);
  made->size = static_cast<unsigned int>(kMessageAt + kLabel + message.size());
  return mtp3_transmit(stack, kIsup, label, -1, made, nullptr) > -1;
}

}  // namespace cordboard::signalling

using namespace cordboard::signalling;

extern "C" {

#pragma GCC visibility push(hidden)

ssize_t cordboard_ss7_read(int link, void* into, size_t room) {
  if (host == nullptr) return -1;
  const auto unit = host->unit(link);
  if (unit.empty() || unit.size() + kFcs > room) return 0;
  std::memset(into, 0, room);  // what the library reads beyond the end is at least always the same
  std::memcpy(into, unit.data(), unit.size());
  return static_cast<ssize_t>(unit.size() + kFcs);
}

ssize_t cordboard_ss7_write(int link, const void* octets, size_t length) {
  if (host == nullptr || length <= kFcs) {
    errno = EBADF;
    return -1;
  }
  host->write_unit(link, {static_cast<const uint8_t*>(octets), length - kFcs});
  return static_cast<ssize_t>(length);
}

int cordboard_ss7_gettimeofday(timeval* time, void*) {
  const int64_t now = host == nullptr ? 0 : host->now_ms();
  time->tv_sec = now / 1000;
  time->tv_usec = now % 1000 * 1000;
  return 0;
}

void* cordboard_ss7_malloc(size_t bytes) { return host == nullptr ? nullptr : host->memory().take(bytes); }

void* cordboard_ss7_calloc(size_t count, size_t bytes) { return cordboard_ss7_malloc(count * bytes); }

void cordboard_ss7_free(void* block) {
  if (host != nullptr && block != nullptr) host->memory().give(block);
}

int cordboard_ss7_receive(struct ss7* stack, void* link, void* message, int length) {
  if (host == nullptr || length <= 0) return -1;
  auto told = host->receive({static_cast<const uint8_t*>(message), static_cast<std::size_t>(length)});
  if (told.empty()) return 0;
  const auto size = static_cast<int>(told.size());
  told.resize(told.size() + 64);  // zeros, for a look beyond the end
  auto& at = *link_at(link);
  const bool management = (told[0] & 0xf) == 0 && size > static_cast<int>(kLabel);
  const int code = at.code;
  // What is said of a link comes by another one when it matters most; the library refuses it there.
  if (management) at.code = told[kLabel] >> 4;
  const int done = mtp3_receive(stack, link, told.data(), size);
  at.code = code;
  if ((told[0] & 0xf) == kIsup && size > static_cast<int>(1 + kLabel + 1)) {
    host->has_read(static_cast<uint16_t>(told[1 + kLabel] | (told[2 + kLabel] & 0xf) << 8));
  }
  return done;
}

int cordboard_ss7_transmit(struct ss7* stack, unsigned char user, RoutingLabel label, int priority, Message* message,
                           void* link) {
  constexpr std::size_t kBefore = kMessageAt + kLabel;
  if (host != nullptr && message->size > kBefore && message->size <= sizeof message->buf) {
    host->transmit({message->buf + kBefore, message->size - kBefore});
  }
  return mtp3_transmit(stack, user, label, priority, message, link);
}

#pragma GCC visibility pop
}
