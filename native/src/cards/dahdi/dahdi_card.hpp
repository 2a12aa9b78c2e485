// SPDX-License-Identifier: GPL-2.0-or-later
// Boards behind the DAHDI driver: all of them together, since the driver numbers their spans and channels in one row.
//
//   media thread:       exchange(): a read and a write a channel; events ──ring──> signalling thread
//   signalling thread:  pump(): frames of D-channels, events, alarms, boards that come and go
//
// A span is opened by the signalling thread and then belongs to the media thread until that finds its board gone, or is
// asked to let go; only then are its channels closed. So no lock is needed, and a board that is pulled out costs the tick one
// refused call.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/spsc_ring.hpp"
#include "cards/card.hpp"
#include "cards/dahdi/analog_port.hpp"
#include "cards/dahdi/driver.hpp"
#include "cards/dahdi/speech_channel.hpp"

namespace cordboard::cards {

/// What the driver is to do to the speech of a channel. As it stands: nothing, every octet is left as it is.
struct ChannelCare {
  uint32_t echo_taps{};  // of the board's canceller, or the driver's
  double received_db{};
  double sent_db{};
};

struct DahdiCounts {
  SpeechCounts speech;
  Count bad_frames;
  Count lost_frames;  // the D-channel took no more
  Count lost_events;
  Count removals;  // a span or analog port that was there is gone
  Count refused;   // an echo canceller or a gain that the driver does not have
};

class DahdiCard : public Card, public ClockPort, public WakePort {
 public:
  using OpenDriver = std::function<Result<std::unique_ptr<Driver>>()>;

  /// Where the driver is not loaded it is asked for again, once a second.
  explicit DahdiCard(OpenDriver open_driver, ChannelBuffers buffers = {});
  ~DahdiCard() override;

  /// An E1 of the driver as span `span` of ours, timeslot 1 on bus row `first_row`. Before the media thread starts; it may be
  /// missing then and come later.
  void add_span(uint32_t span, uint32_t driver_span, uint32_t first_row, const ChannelCare& care = {});
  /// A port that the driver has configured for a telephone, or for an exchange line.
  void add_station(uint32_t analog, uint32_t channel, uint32_t row);
  void add_line(uint32_t analog, uint32_t channel, uint32_t row);

  HdlcPort* hdlc(uint32_t span);
  AlarmPort* alarm(uint32_t span);
  CasPort* cas(uint32_t span);
  StationPort* station(uint32_t analog);
  LinePort* line(uint32_t analog);
  /// What boards there are, whether they are used here or not; the error says why nothing is known.
  Result<std::vector<DriverSpan>> boards();
  std::string version() { return driver_ ? driver_->version() : std::string(); }
  const DahdiCounts& counts() const { return counts_; }
  /// What the driver tells of a span of ours; nothing while it is gone.
  std::optional<DriverSpanState> state(uint32_t span);

  void exchange(const SpeechRows& rows) override;
  bool pump(Millis now) override;
  bool wait(int64_t until_ns) override;
  int descriptor() const override { return epoll_; }

 private:
  struct Span;
  /// From the tick.
  struct Notice {
    uint32_t span{};      // 0: an analog port
    uint32_t position{};  // timeslot, or number of the analog port
    DriverNotice what;
  };

  bool ready(Millis now);
  void open(Span& span);
  void close(Span& span);
  void care_for(int handle, const ChannelCare& care);
  void add_analog(std::unique_ptr<AnalogPort> port);
  void open(AnalogPort& port);
  bool pump(AnalogPort& port, Millis now);
  void exchange(Span& span, const SpeechRows& rows);
  void exchange(AnalogPort& port, const SpeechRows& rows);
  bool read_frames(Span& span);
  bool tell(Span& span);
  bool take_notices(Millis now);
  void look_at(Span& span);
  void set_alarms(Span& span, const Alarms& alarms);

  static constexpr Millis kLookMs = 500;     // at alarms, which events tell at once as well
  static constexpr Millis kReopenMs = 1000;  // a span that is gone
  static constexpr std::size_t kNotices = 1024;

  OpenDriver open_driver_;
  std::unique_ptr<Driver> driver_;
  std::atomic<Driver*> clock_{nullptr};  // for the media thread, once there is one
  std::string refusal_;                  // why there is no driver
  Millis ask_at_{};
  const ChannelBuffers buffers_;
  std::map<uint32_t, std::unique_ptr<Span>> spans_;
  std::vector<Span*> in_order_;  // for the tick
  std::map<uint32_t, std::unique_ptr<AnalogPort>> analogs_;
  std::vector<AnalogPort*> analogs_in_order_;
  SpscRing<Notice> notices_{kNotices};
  DahdiCounts counts_;
  int epoll_ = -1;
};

}  // namespace cordboard::cards
