// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/t38_end.hpp"

#include <spandsp.h>

#include <algorithm>
#include <utility>

namespace cordboard::media {

void T38End::Free::operator()(t38_terminal_state_s* terminal) const { t38_terminal_free(terminal); }

T38End::T38End(const T38Settings& settings, std::unique_ptr<T38Wire> wire)
    : settings_(settings), wire_(std::move(wire)), sender_(settings.udptl) {}

T38End::~T38End() = default;

bool T38End::open(bool calling) {
  terminal_.reset(t38_terminal_init(nullptr, calling ? 1 : 0, on_packet, this));
  if (!terminal_) return false;
  t38_core_state_t* const core = t38_terminal_get_t38_core_state(terminal_.get());
  t38_set_t38_version(core, static_cast<int>(settings_.version));
  t38_set_data_rate_management_method(
      core, settings_.transferred_tcf ? T38_DATA_RATE_MANAGEMENT_TRANSFERRED_TCF : T38_DATA_RATE_MANAGEMENT_LOCAL_TCF);
  t38_set_fastest_image_data_rate(core, static_cast<int>(settings_.max_bit_rate));
  t38_terminal_set_fill_bit_removal(terminal_.get(), settings_.fill_bit_removal ? 1 : 0);
  return true;
}

t30_state_s* T38End::t30() const { return t38_terminal_get_t30_state(terminal_.get()); }

void T38End::receive() {
  sent_ = false;
  for (int i = 0; i < kMostDatagrams; ++i) {
    const std::size_t octets = wire_->receive(datagram_);
    if (octets == 0) break;
    if (receiver_.take(std::span(datagram_).first(octets))) {
      ++counts_.received;
      wire_->heard();
    } else {
      ++counts_.malformed;
    }
  }
  receiver_.tick();
}

bool T38End::take_one() {
  while (const auto ifp = receiver_.next()) {
    const std::size_t octets = ifp_length(ifp->octets, settings_.version);
    if (octets == 0) {
      ++counts_.malformed;
      continue;
    }
    t38_core_rx_ifp_packet(t38_terminal_get_t38_core_state(terminal_.get()), ifp->octets.data(),
                           static_cast<int>(octets), ifp->sequence);
    return true;
  }
  return false;
}

void T38End::send(int samples, bool over) {
  if (!over) t38_terminal_send_timeout(terminal_.get(), samples);
  if (!sent_ && repeats_ > 0) repeat();
}

void T38End::flush() {
  while (repeats_ > 0) repeat();
}

void T38End::repeat() {
  --repeats_;
  ++counts_.sent;
  wire_->send(latest_);
}

int T38End::on_packet(t38_core_state_s* /*core*/, void* self, const uint8_t* ifp, int length, int times) {
  auto& end = *static_cast<T38End*>(self);
  const auto datagram = end.sender_.pack({ifp, static_cast<std::size_t>(std::max(length, 0))});
  if (datagram.empty()) return -1;
  end.latest_.assign(datagram.begin(), datagram.end());
  // Of the number the lower octet counts; even what is sent once has nothing else behind it when a pause follows.
  end.repeats_ = std::clamp((times & 0xFF) - 1, 1, 3);
  end.sent_ = true;
  ++end.counts_.sent;
  end.wire_->send(end.latest_);
  return 0;
}

T38Counts T38End::counts() const {
  T38Counts counts = counts_;
  counts.lost = receiver_.lost();
  counts.recovered = receiver_.recovered();
  counts.foreign = wire_->foreign();
  return counts;
}

}  // namespace cordboard::media
