// SPDX-License-Identifier: GPL-2.0-or-later
#include "media/media_core.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dsp/kernels.hpp"

namespace cordboard::media {

namespace {

// A minute of the busiest port traffic fits; room for a tick's reports is kept before anything that reports is done.
constexpr std::size_t kRing = 65536;
constexpr std::size_t kMostReportsOfOneAct = 64;

/// Takes one out of a list by its `next`.
template <class T>
bool unlink(T** link, const T* wanted) {
  while (*link != nullptr && *link != wanted) link = &(*link)->next;
  if (*link == nullptr) return false;
  T* found = *link;
  *link = found->next;
  found->next = nullptr;
  return true;
}

}  // namespace

MediaCore::MediaCore(uint32_t ports, const std::vector<bus::Port>& source_only, std::vector<cards::Card*> cards,
                     uint32_t shards)
    : bus_(ports),
      cards_(std::move(cards)),
      operations_(kRing),
      // Whole words of the port sets, so that no two shards write to the same.
      ports_of_shard_(((ports + shards - 1) / shards + 63) / 64 * 64),
      shards_(shards),
      source_only_(ports, 0),
      playing_ports_(ports),
      playing_(ports, nullptr),
      signal_ports_(ports),
      signals_(ports),
      probe_ports_(ports),
      probes_(ports, nullptr),
      digit_ports_(ports),
      digit_states_(ports),
      watched_ports_(ports),
      watchers_(ports, nullptr),
      conditioned_ports_(ports),
      conditioners_(ports, nullptr),
      fax_ports_(ports),
      faxes_(ports, nullptr),
      recorded_ports_(ports),
      recordings_(ports, nullptr),
      stream_ports_(ports),
      streams_(ports, nullptr),
      speakers_(bus::Bus::kConferences, bus::kNoPort),
      missing_(ports) {
  ports_of_shard_ = std::max(ports_of_shard_, 64U);
  for (const auto port : source_only) source_only_[port] = 1;
  for (uint32_t i = 0; i < shards; ++i) {
    auto& shard = shards_[i];
    shard.first = std::min(ports, i * ports_of_shard_);
    shard.last = std::min(ports, (i + 1) * ports_of_shard_);
    shard.reports = std::make_unique<SpscRing<Report>>(kRing);
    shard.ended.reserve(ports_of_shard_);
  }
}

MediaCore::~MediaCore() = default;

bool MediaCore::take(Report& report) {
  for (std::size_t tried = 0; tried < shards_.size(); ++tried) {
    if (shards_[next_taken_].reports->pop(report)) return true;
    next_taken_ = (next_taken_ + 1) % shards();
  }
  return false;
}

bool MediaCore::room_for_reports() {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const Shard& shard) { return shard.reports->room() > kMostReportsOfOneAct; });
}

void MediaCore::tick(int64_t due_ns) {
  begin(due_ns);
  for (const auto phase : kPhases) {
    for (uint32_t shard = 0; shard < shards(); ++shard) run(phase, shard);
  }
  end();
}

void MediaCore::begin(int64_t due_ns) {
  due_ns_ = due_ns;
  Operation operation;
  // An operation that could not report its outcome waits in its ring until the signalling thread has caught up.
  while (room_for_reports() && operations_.pop(operation)) apply(operation);
  const cards::SpeechRows rows{bus_.received(0), bus_.sent(0), missing_.data()};
  for (auto* card : cards_) card->exchange(rows);
  bus_.begin_tick();
}

void MediaCore::run(Phase phase, uint32_t number) {
  auto& shard = shards_[number];
  switch (phase) {
    case Phase::kListen:
      listen(shard);
      break;
    case Phase::kRoute:
      route(number);
      break;
    case Phase::kRecord:
      record(shard);
      break;
  }
}

void MediaCore::listen(Shard& shard) {
  hear_streams(shard);
  condition(shard);  // before the players: it wants the rows that were sent in the tick before
  for (const auto port : shard.ended) {
    if (playing_[port] == nullptr) hand_back(port);
  }
  shard.ended.clear();
  playing_ports_.for_each(shard.first, shard.last, [&](bus::Port port) { play(shard, port); });
  fax_ports_.for_each(shard.first, shard.last,
                      [&](bus::Port port) { faxes_[port]->exchange(bus_.received(port), bus_.sent(port)); });
  sound(shard);
  probe(shard);
  detect_digits(shard);
  watch(shard);
}

void MediaCore::route(uint32_t number) {
  bus_.route_ports(shards_[number].first, shards_[number].last);
  bus_.route_conferences(number, shards());
  for (uint32_t slot = number; slot < bus_.conference_top(); slot += shards()) {
    const auto speaker = bus_.speaker(slot);
    if (speakers_[slot] == speaker) continue;
    // Into the ring of the thread that runs this, which need not be the port's.
    if (shards_[number].reports->push({.kind = ReportKind::kSpeaker, .port = speaker, .value = slot})) {
      speakers_[slot] = speaker;
    }
  }
}

void MediaCore::record(Shard& shard) {
  // Recordings lie where the heap has put them: each is asked for while the ones before it are written.
  constexpr bus::Port kAhead = 8;
  recorded_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    if (port + kAhead < shard.last) __builtin_prefetch(recordings_[port + kAhead]);
    for (auto* recording = recordings_[port]; recording != nullptr; recording = recording->next) {
      record_block(*recording, *shard.feed, bus_.received(port), bus_.sent(port));
    }
  });
  // What was written around the cache is there before the writer is told of it, a tick later at the earliest.
  dsp::kernels().stream_fence();
  if (shard.feed != nullptr) give_back_chunks(*shard.feed);
  send_streams(shard);
}

void MediaCore::apply(const Operation& operation) {
  const auto port = operation.port;
  switch (operation.kind) {
    case OperationKind::kSource:
      bus_.set_source(port, operation.value);
      break;
    case OperationKind::kConference:
      if (const auto* before = bus_.set_conference(operation.value, operation.plan)) {
        shards_[0].reports->push({.kind = ReportKind::kPlanFreed, .plan = before});
      }
      if (operation.plan == nullptr) speakers_[operation.value] = bus::kNoPort;
      break;
    case OperationKind::kPlay: {
      auto* playback = operation.playback;
      Playback** last = &playing_[playback->port];
      while (*last != nullptr) last = &(*last)->next;
      *last = playback;
      playing_ports_.insert(playback->port);
      if (!source_only_[playback->port]) bus_.set_overridden(playback->port, true);
      break;
    }
    case OperationKind::kStopPlay:
      stop_play(port, operation.value);
      break;
    case OperationKind::kDigitsOn:
      digit_states_[port] = {};
      digit_ports_.insert(port);
      break;
    case OperationKind::kDigitsOff:
      digit_ports_.erase(port);
      break;
    case OperationKind::kWatchOn: {
      auto* watcher = operation.watcher;
      watcher->next = watchers_[watcher->port];
      watchers_[watcher->port] = watcher;
      watched_ports_.insert(watcher->port);
      break;
    }
    case OperationKind::kWatchOff:
      unwatch(operation.watcher);
      break;
    case OperationKind::kCondition:
      set_conditioner(port, operation.conditioner);
      break;
    case OperationKind::kFaxOn:
      fax_off(port);
      faxes_[port] = operation.fax;
      fax_ports_.insert(port);
      bus_.set_overridden(port, true);
      break;
    case OperationKind::kFaxOff:
      if (faxes_[port] == operation.fax) fax_off(port);
      break;
    case OperationKind::kRecordOn: {
      auto* recording = operation.recording;
      recording->next = recordings_[recording->port];
      recordings_[recording->port] = recording;
      recorded_ports_.insert(recording->port);
      break;
    }
    case OperationKind::kRecordOff:
      detach(operation.recording);
      break;
    case OperationKind::kStreamOn:
      stream_off(port);
      streams_[port] = operation.stream;
      stream_ports_.insert(port);
      break;
    case OperationKind::kStreamOff:
      if (streams_[port] == operation.stream) stream_off(port);
      break;
    case OperationKind::kSignal:
      set_signal(port, operation.signal);
      break;
    case OperationKind::kProbeOn: {
      auto* probe = operation.probe;
      probe_off(probe->port);
      probes_[probe->port] = probe;
      probe_ports_.insert(probe->port);
      if (probe->sends()) bus_.set_overridden(probe->port, true);
      break;
    }
    case OperationKind::kProbeOff:
      if (probes_[operation.probe->port] == operation.probe) probe_off(operation.probe->port);
      break;
  }
}

/// Everything off a port, at the end.
void MediaCore::clear(bus::Port port) {
  while (playing_[port] != nullptr) stop_play(port, playing_[port]->id);
  while (watchers_[port] != nullptr) unwatch(watchers_[port]);
  while (recordings_[port] != nullptr) detach(recordings_[port]);
  set_conditioner(port, nullptr);
  fax_off(port);
  set_signal(port, nullptr);
  probe_off(port);
  stream_off(port);
}

// ------------------------------------------------------------------------------------------------------------ streams

/// A stream's memory is asked for some streams ahead of its turn: thousands of them are in no cache.
void MediaCore::prefetch_streams(const Shard& shard, bus::Port port) const {
  const auto ahead = [&](bus::Port turns) { return port + turns < shard.last ? streams_[port + turns] : nullptr; };
  if (const auto* stream = ahead(4)) stream->prefetch();
  if (const auto* stream = ahead(2)) stream->prefetch_packets();
}

void MediaCore::hear_streams(Shard& shard) {
  stream_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    prefetch_streams(shard, port);
    if (!streams_[port]->receive(bus_.received(port), due_ns_)) return;
    report({.kind = ReportKind::kStreamNoted, .port = port, .stream = streams_[port]});
  });
}

void MediaCore::send_streams(Shard& shard) {
  stream_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    prefetch_streams(shard, port);
    if (!streams_[port]->send(bus_.sent(port))) return;
    report({.kind = ReportKind::kStreamNoted, .port = port, .stream = streams_[port]});
  });
}

void MediaCore::stream_off(bus::Port port) {
  auto* stream = std::exchange(streams_[port], nullptr);
  if (stream == nullptr) return;
  stream_ports_.erase(port);
  // Nothing else writes this row: what was said last is not said for ever.
  std::memset(bus_.received(port), dsp::kAlawSilence, bus::kBlock);
  report({.kind = ReportKind::kStreamDetached, .port = port, .stream = stream});
}

// ------------------------------------------------------------------------------------------------------------ playing

void MediaCore::play(Shard& shard, bus::Port port) {
  uint8_t* row = source_only_[port] ? bus_.received(port) : bus_.sent(port);
  std::size_t done = 0;
  while (done < bus::kBlock && playing_[port] != nullptr) {
    auto* playback = playing_[port];
    done += playback->render(row + done, bus::kBlock - done);
    if (done == bus::kBlock && playback->item < playback->clips.size()) break;
    if (shard.reports->room() == 0) break;  // silence until its end can be told
    playing_[port] = playback->next;
    playback->next = nullptr;
    report({.kind = ReportKind::kPlayFinished, .port = port, .playback = playback});
  }
  if (done < bus::kBlock) std::memset(row + done, dsp::kAlawSilence, bus::kBlock - done);
  if (playing_[port] == nullptr) {
    playing_ports_.erase(port);
    // The row of this tick is written; from the next one on the port hears its partner again, or an announcer is quiet.
    shard.ended.push_back(port);
  }
}

void MediaCore::stop_play(bus::Port port, uint32_t id) {
  auto* playback = playing_[port];
  while (playback != nullptr && playback->id != id) playback = playback->next;
  if (playback == nullptr) return;
  unlink(&playing_[port], playback);
  report({.kind = ReportKind::kPlayStopped, .port = port, .playback = playback});
  if (playing_[port] != nullptr) return;
  playing_ports_.erase(port);
  hand_back(port);
}

void MediaCore::fax_off(bus::Port port) {
  auto* fax = std::exchange(faxes_[port], nullptr);
  if (fax == nullptr) return;
  fax_ports_.erase(port);
  if (playing_[port] == nullptr) hand_back(port);
  report({.kind = ReportKind::kFaxDetached, .port = port, .fax = fax});
}

void MediaCore::set_signal(bus::Port port, const SignalTone* signal) {
  signals_[port] = {signal, 0};
  if (signal != nullptr) {
    signal_ports_.insert(port);
    bus_.set_overridden(port, true);
    return;
  }
  signal_ports_.erase(port);
  if (playing_[port] == nullptr) hand_back(port);
}

/// After the players: what they play goes on, unheard.
void MediaCore::sound(Shard& shard) {
  signal_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    auto& signal = signals_[port];
    // A board that had no block for the tick has taken none: what it did not take is sent now, and the tone has no break.
    if (missing_[port] != 0 && signal.at != 0) return;
    std::memcpy(bus_.sent(port), signal.tone->data() + signal.at, bus::kBlock);
    signal.at = (signal.at + bus::kBlock) % signal.tone->size();
  });
}

void MediaCore::probe_off(bus::Port port) {
  auto* probe = std::exchange(probes_[port], nullptr);
  if (probe == nullptr) return;
  probe_ports_.erase(port);
  if (playing_[port] == nullptr) hand_back(port);
  report({.kind = ReportKind::kProbeDetached, .port = port, .probe = probe});
}

/// Last of those who write a row that is sent: an instrument is put on a line to hear and say nothing else.
void MediaCore::probe(Shard& shard) {
  probe_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    auto* probe = probes_[port];
    if (probe->exchange(bus_.received(port), bus_.sent(port))) {
      report({.kind = ReportKind::kProbeNoted, .port = port, .probe = probe});
    }
  });
}

void MediaCore::hand_back(bus::Port port) {
  const bool probed = probes_[port] != nullptr && probes_[port]->sends();
  bus_.set_overridden(port, faxes_[port] != nullptr || signals_[port].tone != nullptr || probed);
  if (source_only_[port]) std::memset(bus_.received(port), dsp::kAlawSilence, bus::kBlock);
}

// ---------------------------------------------------------------------------------------------------------- listening

void MediaCore::condition(Shard& shard) {
  conditioned_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    alignas(64) int16_t said[bus::kBlock];
    dsp::kernels().alaw_decode(bus_.received(port), said, bus::kBlock);
    conditioners_[port]->condition(said, bus_.sent(port));
    bus_.replace(port, said);
  });
}

void MediaCore::detect_digits(Shard& shard) {
  // Four at a time, as the receiver wants them; samples that nobody else needs stay in here, and so in the first cache.
  alignas(64) int16_t scratch[4][bus::kBlock];
  bus::Port ports[4];
  dsp::DtmfState* states[4]{};
  const int16_t* blocks[4]{};
  std::size_t count = 0;
  const auto look = [&] {
    dsp::DtmfEvent events[dsp::kMaxDtmfEvents];
    const int found = dsp::dtmf_process4(states, blocks, events);
    for (int i = 0; i < found; ++i) {
      if (!events[i].begin) continue;
      report({.kind = ReportKind::kDigit,
              .port = ports[events[i].channel],
              .value = static_cast<uint32_t>(events[i].digit)});
    }
    count = 0;
  };
  digit_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    ports[count] = port;
    states[count] = &digit_states_[port];
    blocks[count] = watched_ports_.contains(port) ? bus_.linear(port) : bus_.linear(port, scratch[count]);
    if (++count == 4) look();
  });
  if (count == 0) return;
  for (std::size_t i = count; i < 4; ++i) states[i] = nullptr, blocks[i] = nullptr;
  look();
}

void MediaCore::watch(Shard& shard) {
  watched_ports_.for_each(shard.first, shard.last, [&](bus::Port port) {
    const int16_t* said = bus_.linear(port);
    for (auto* watcher = watchers_[port]; watcher != nullptr; watcher = watcher->next) {
      if (missing_[port] != 0 ? watcher->listen_to_nothing(said) : watcher->listen(said))
        report({.kind = ReportKind::kWatcherNoted, .port = port, .watcher = watcher});
    }
  });
}

void MediaCore::unwatch(Watcher* watcher) {
  const auto port = watcher->port;
  if (!unlink(&watchers_[port], watcher)) return;
  if (watchers_[port] == nullptr) watched_ports_.erase(port);
  report({.kind = ReportKind::kWatcherFreed, .port = port, .watcher = watcher});
}

void MediaCore::set_conditioner(bus::Port port, Conditioner* conditioner) {
  if (auto* before = std::exchange(conditioners_[port], conditioner)) {
    report({.kind = ReportKind::kConditionerFreed, .port = port, .conditioner = before});
  }
  if (conditioner != nullptr) {
    conditioned_ports_.insert(port);
  } else {
    conditioned_ports_.erase(port);
  }
}

void MediaCore::detach(Recording* recording) {
  const auto port = recording->port;
  if (!unlink(&recordings_[port], recording)) return;
  if (recordings_[port] == nullptr) recorded_ports_.erase(port);
  end_chunk(*recording, *shard(port).feed);
  report({.kind = ReportKind::kRecordingDetached, .port = port, .recording = recording});
}

}  // namespace cordboard::media
