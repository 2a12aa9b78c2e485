// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/stream_io.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace cordboard::rtp {

namespace {

/// Filled with what nobody can guess.
template <class T>
T random_value() {
  T value;
  std::size_t done = 0;
  while (done < sizeof value) {
    const auto count = getrandom(reinterpret_cast<uint8_t*>(&value) + done, sizeof value - done, 0);
    if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return value;
}

}  // namespace

StreamIo::StreamIo(uint32_t threads, uint32_t streams, Wake& reported) {
  for (uint32_t i = 0; i < threads; ++i) {
    threads_.push_back(std::make_unique<IoThread>(streams, random_value<uint64_t>(), reported));
  }
}

bool StreamIo::take(IoReport& report) {
  for (auto& thread : threads_) {
    if (thread->take(report)) return true;
  }
  return false;
}

void StreamIo::post_backlog() {
  for (auto& thread : threads_) thread->post_backlog();
}

std::string StreamIo::become_realtime(int priority) {
  for (auto& thread : threads_) {
    if (const int error = thread->become_realtime(priority); error != 0) return std::strerror(error);
  }
  return {};
}

void StreamIo::stop() {
  for (auto& thread : threads_) thread->stop();
}

uint64_t StreamIo::sum(Count IoCounts::*count) const {
  uint64_t total = 0;
  for (const auto& thread : threads_) total += (thread->counts().*count).value();
  return total;
}

StreamIdentity random_identity() {
  StreamIdentity identity;
  identity.ssrc = random_value<uint32_t>();
  identity.first_sequence = random_value<uint16_t>();
  identity.first_timestamp = random_value<uint32_t>();
  identity.seed = random_value<uint32_t>();
  // A short-term persistent name: 96 random bits, as RFC 7022 4.2 asks for; here in hexadecimal.
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const auto octet : random_value<std::array<uint8_t, 12>>()) {
    identity.cname += kDigits[octet >> 4];
    identity.cname += kDigits[octet & 15];
  }
  return identity;
}

}  // namespace cordboard::rtp
