// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/media_core.hpp"

#include <algorithm>
#include <cstring>

#include "dsp/kernels.hpp"

namespace cordboard::media {

namespace {

// A minute of the busiest port traffic fits; room for a tick's reports is kept before anything that reports is done.
constexpr std::size_t kRing = 65536;
constexpr std::size_t kMostReportsOfOneAct = 64;

template <class T>
void erase_unordered(std::vector<T>& from, const T& value) {
  const auto found = std::find(from.begin(), from.end(), value);
  if (found == from.end()) return;
  *found = from.back();
  from.pop_back();
}

}  // namespace

MediaCore::MediaCore(uint32_t ports, const std::vector<bus::Port>& source_only, std::vector<cards::Card*> cards)
    : bus_(ports),
      cards_(std::move(cards)),
      operations_(kRing),
      reports_(kRing),
      source_only_(ports, 0),
      playing_(ports, nullptr),
      detectors_(ports, nullptr) {
  for (const auto port : source_only) source_only_[port] = 1;
  playing_ports_.reserve(ports);
  ended_ports_.reserve(ports);
  detector_ports_.reserve(ports);
  recordings_.reserve(ports);
}

MediaCore::~MediaCore() = default;

void MediaCore::tick() {
  Operation operation;
  // An operation that could not report its outcome waits in its ring until the signalling thread has caught up.
  while (reports_.room() > kMostReportsOfOneAct && operations_.pop(operation)) apply(operation);

  const cards::SpeechRows rows{bus_.received(0), bus_.sent(0)};
  for (auto* card : cards_) card->exchange(rows);
  bus_.begin_tick();

  for (const auto port : ended_ports_) {
    if (playing_[port] == nullptr) hand_back(port);
  }
  ended_ports_.clear();
  for (std::size_t i = 0; i < playing_ports_.size();) {
    const auto port = playing_ports_[i];
    play(port);
    if (playing_[port] != nullptr) ++i;  // else the last port of the list has taken this place
  }
  detect();
  bus_.route();
  for (auto* recording : recordings_) {
    record_block(*recording, bus_.received(recording->port), bus_.sent(recording->port));
  }
  // One fence for all: what was written around the cache is there before the writer is told of it.
  dsp::kernels().stream_fence();
  for (auto* recording : recordings_) publish_block(*recording);
  ticks_.fetch_add(1, std::memory_order_release);
}

void MediaCore::apply(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::kSource:
      bus_.set_source(operation.port, operation.value);
      break;
    case OperationKind::kConference:
      if (const auto* before = bus_.set_conference(operation.value, operation.plan)) {
        report({.kind = ReportKind::kPlanFreed, .plan = before});
      }
      break;
    case OperationKind::kPlay: {
      auto* playback = operation.playback;
      const auto port = playback->port;
      if (playing_[port] == nullptr) {
        playing_[port] = playback;
        playing_ports_.push_back(port);
        if (!source_only_[port]) bus_.set_overridden(port, true);
      } else {
        auto* last = playing_[port];
        while (last->next != nullptr) last = last->next;
        last->next = playback;
      }
      break;
    }
    case OperationKind::kStopPlay: {
      Playback** link = &playing_[operation.port];
      while (*link != nullptr && (*link)->id != operation.value) link = &(*link)->next;
      auto* stopped = *link;
      if (stopped == nullptr) break;
      *link = stopped->next;
      stopped->next = nullptr;
      report({.kind = ReportKind::kPlayStopped, .port = operation.port, .playback = stopped});
      if (playing_[operation.port] == nullptr) {
        erase_unordered(playing_ports_, operation.port);
        hand_back(operation.port);
      }
      break;
    }
    case OperationKind::kDetectorOn:
      detector_off(operation.port);
      detectors_[operation.port] = operation.detector;
      detector_ports_.push_back(operation.port);
      break;
    case OperationKind::kDetectorOff:
      detector_off(operation.port);
      break;
    case OperationKind::kRecordOn:
      recordings_.push_back(operation.recording);
      break;
    case OperationKind::kRecordOff:
      detach(operation.recording);
      break;
  }
}

void MediaCore::play(bus::Port port) {
  uint8_t* row = source_only_[port] ? bus_.received(port) : bus_.sent(port);
  std::size_t done = 0;
  while (done < bus::kBlock && playing_[port] != nullptr) {
    auto* playback = playing_[port];
    done += playback->render(row + done, bus::kBlock - done);
    if (done == bus::kBlock && playback->item < playback->clips.size()) break;
    if (reports_.room() == 0) break;  // silence until its end can be told
    playing_[port] = playback->next;
    playback->next = nullptr;
    report({.kind = ReportKind::kPlayFinished, .port = port, .playback = playback});
  }
  if (done < bus::kBlock) std::memset(row + done, dsp::kAlawSilence, bus::kBlock - done);
  if (playing_[port] == nullptr) {
    erase_unordered(playing_ports_, port);
    // The row of this tick is written; from the next one on the port hears its partner again, or an announcer is quiet.
    ended_ports_.push_back(port);
  }
}

void MediaCore::stop_plays(bus::Port port) {
  while (playing_[port] != nullptr) {
    auto* playback = playing_[port];
    playing_[port] = playback->next;
    playback->next = nullptr;
    report({.kind = ReportKind::kPlayStopped, .port = port, .playback = playback});
  }
  erase_unordered(playing_ports_, port);
  hand_back(port);
}

void MediaCore::hand_back(bus::Port port) {
  bus_.set_overridden(port, false);
  if (source_only_[port]) std::memset(bus_.received(port), dsp::kAlawSilence, bus::kBlock);
}

void MediaCore::detector_off(bus::Port port) {
  if (detectors_[port] == nullptr) return;
  report({.kind = ReportKind::kDetectorFreed, .port = port, .detector = detectors_[port]});
  detectors_[port] = nullptr;
  erase_unordered(detector_ports_, port);
}

void MediaCore::detach(Recording* recording) {
  erase_unordered(recordings_, recording);
  report({.kind = ReportKind::kRecordingDetached, .port = recording->port, .recording = recording});
}

void MediaCore::detect() {
  for (std::size_t first = 0; first < detector_ports_.size(); first += 4) {
    dsp::DtmfState* states[4]{};
    const int16_t* blocks[4]{};
    const std::size_t count = std::min<std::size_t>(4, detector_ports_.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      states[i] = detectors_[detector_ports_[first + i]];
      blocks[i] = bus_.linear(detector_ports_[first + i]);
    }
    dsp::DtmfEvent events[8];
    const int found = dsp::dtmf_process4(states, blocks, events);
    for (int i = 0; i < found; ++i) {
      if (!events[i].begin) continue;
      report({.kind = ReportKind::kDigit,
              .port = detector_ports_[first + static_cast<std::size_t>(events[i].channel)],
              .value = static_cast<uint32_t>(events[i].digit)});
    }
  }
}

}  // namespace cordboard::media
