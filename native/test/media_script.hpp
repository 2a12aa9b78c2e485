// SPDX-License-Identifier: GPL-2.0-or-later
// Everything that can be asked of a MediaCore, in a random order that a seed repeats: connections, conferences with all
// roles, players, detectors, conditioners, streams, recordings. What it asks depends on nothing but the seed and on how often
// act() was called, so that two cores can be given the same.
//
//   act() ──operations──> core ──reports──> take() ── counts, frees
//   carry() ── packets of the streams, each back to itself
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "dsp/mf_r2.hpp"
#include "media/media_core.hpp"
#include "media_listeners.hpp"
#include "media_streams.hpp"

namespace cordboard::media {

class MediaScript {
 public:
  struct Settings {
    bus::Port first = 0;                // telephones that may be used
    bus::Port last = 0;                 // … up to here, exclusive; conditioned are only odd ones
    std::vector<bus::Port> announcers;  // one a room
    uint32_t seats = 12;                // of a room, at most
    uint32_t watchers = 60;             // at once
    bool faxes = false;                 // fax ends come and go, without workers: they send silence
    uint32_t streams = 0;               // at once, on odd ports
    uint64_t seed = 1;
  };
  enum Kind { kPlaybacks, kPlans, kWatchers, kConditioners, kRecordings, kStreams, kProbes, kKinds };
  struct Count {
    uint64_t made{};
    uint64_t freed{};
  };

  MediaScript(MediaCore& core, Settings settings)
      : core_(core),
        settings_(std::move(settings)),
        random_(settings_.seed),
        seated_(settings_.last, false),
        digits_(settings_.last, false),
        conditioned_(settings_.last, false),
        loop_(settings_.last + settings_.announcers.size(), 0),
        rooms_(settings_.announcers.size()) {
    for (std::size_t i = 0; i < 24; ++i) {
      auto clip = std::make_shared<Clip>();
      // Lengths that fit no block; one is shorter than any.
      clip->alaw.resize(i == 0 ? 7 : 1 + pick(6000));
      for (auto& octet : clip->alaw) octet = static_cast<uint8_t>(pick(256));
      clips_.push_back(std::move(clip));
    }
  }
  virtual ~MediaScript() = default;
  MediaScript(const MediaScript&) = delete;
  MediaScript& operator=(const MediaScript&) = delete;

  /// A handful of operations.
  void act() {
    post_waiting();
    for (auto left = 1 + pick(6); left > 0; --left) act_once();
    if (settings_.faxes && pick(20) == 0) toggle_fax();
    if (settings_.streams > 0 && pick(4) == 0) toggle_stream();
  }

  /// What the streams have sent since the last tick.
  void carry(int64_t now_ns) {
    for (const auto& [port, stream] : streams_) {
      stream->carry(pick_, now_ns);
      if (pick(20) == 0) stream->change(pick_);
    }
  }

  void take_all() {
    Report report;
    while (core_.take(report)) take(report);
  }
  void take(const Report& report) {
    told(report);
    switch (report.kind) {
      case ReportKind::kPlayFinished:
      case ReportKind::kPlayStopped:
        delete report.playback;
        ++counts[kPlaybacks].freed;
        break;
      case ReportKind::kPlanFreed:
        delete report.plan;
        ++counts[kPlans].freed;
        break;
      case ReportKind::kWatcherFreed:
        delete report.watcher;
        ++counts[kWatchers].freed;
        break;
      case ReportKind::kConditionerFreed:
        delete report.conditioner;
        ++counts[kConditioners].freed;
        break;
      case ReportKind::kFaxDetached:
        delete report.fax;
        break;
      case ReportKind::kRecordingDetached:
        detached(report.recording);
        break;
      case ReportKind::kStreamDetached:
        // Who drives the core may have streams of its own.
        if (const auto left = leaving_.extract(report.stream); !left.empty()) {
          packets_carried += left.mapped()->packets;
          for (std::size_t type = 0; type < carried_of_type.size(); ++type) {
            carried_of_type[type] += left.mapped()->packets_of_type[type];
          }
          ++counts[kStreams].freed;
        }
        break;
      case ReportKind::kProbeDetached:
        delete report.probe;
        ++counts[kProbes].freed;
        break;
      case ReportKind::kProbeNoted:
      case ReportKind::kDigit:
      case ReportKind::kSpeaker:
      case ReportKind::kWatcherNoted:
      case ReportKind::kStreamNoted:
        break;
    }
  }

  /// Calls what waits for room in the ring, before the core is drained.
  bool post_waiting() {
    while (!waiting_.empty() && core_.post(waiting_.front())) waiting_.pop_front();
    return waiting_.empty();
  }
  void post(const Operation& operation) {
    if (!waiting_.empty() || !core_.post(operation)) waiting_.push_back(operation);
  }

  /// Asks for what still carries packets to be given back, before the core is drained.
  void end_streams() {
    while (!streams_.empty()) end_stream(streams_.begin());
  }

  std::array<Count, kKinds> counts{};
  uint64_t packets_carried{};
  std::array<uint64_t, 128> carried_of_type{};  // by payload type
  std::size_t rooms_open() const {
    return static_cast<std::size_t>(
        std::count_if(rooms_.begin(), rooms_.end(), [](const auto& room) { return !room.empty(); }));
  }

 protected:
  /// Begins a recording of any port, ends any; posts by itself. Called at random.
  virtual void begin_recording() {}
  virtual void end_recording() {}
  /// The media thread has let go of it.
  virtual void detached(Recording*) {}
  virtual void told(const Report&) {}

  uint64_t pick(uint64_t below) { return random_() % below; }
  bus::Port any_port() { return settings_.first + static_cast<bus::Port>(pick(settings_.last - settings_.first)); }

 private:
  using Room = std::vector<bus::Seat>;  // empty: closed

  void act_once() {
    switch (pick(18)) {
      case 0:
      case 1:
        connect();
        break;
      case 2:
        post({.kind = OperationKind::kSource, .port = any_port(), .value = bus::kNoPort});
        break;
      case 3:
      case 4:
        open_or_change_room();
        break;
      case 5:
        close_room();
        break;
      case 6:
      case 7:
        play(any_port());
        break;
      case 8:
        play(settings_.announcers[pick(settings_.announcers.size())]);
        break;
      case 9:
        // Any that was ever begun: it may be playing, queued, or long over.
        if (!played_.empty()) stop_play(pick(played_.size()));
        break;
      case 10:
        toggle_digits();
        break;
      case 11:
      case 12:
        toggle_watcher();
        break;
      case 13:
        toggle_conditioner();
        break;
      case 14:
        begin_recording();
        break;
      case 15:
        toggle_signal();
        break;
      case 16:
        toggle_probe();
        break;
      default:
        end_recording();
        break;
    }
  }

  /// As often off as on, so that most ports are heard.
  void toggle_signal() {
    const auto* signal = pick(2) == 0 ? nullptr : &signals_[pick(signals_.size())];
    post({.kind = OperationKind::kSignal, .port = any_port(), .signal = signal});
  }

  /// Sends back what it hears and notes it now and then.
  struct ScriptProbe : Probe {
    ScriptProbe() : Probe(true) {}
    bool exchange(const uint8_t* received, uint8_t* sent) override {
      std::copy_n(received, bus::kBlock, sent);
      return ++blocks % 50 == 0;
    }
    uint32_t blocks{};
  };

  void toggle_probe() {
    if (probes_.size() >= 20 || (!probes_.empty() && pick(2) == 0)) {
      auto* probe = probes_[pick(probes_.size())];
      std::erase(probes_, probe);
      post({.kind = OperationKind::kProbeOff, .probe = probe});
      return;
    }
    // One that is put in another's place sends that one back by itself.
    const auto port = any_port();
    if (std::any_of(probes_.begin(), probes_.end(), [port](const Probe* probe) { return probe->port == port; })) return;
    auto* probe = new ScriptProbe();
    ++counts[kProbes].made;
    probe->port = port;
    probes_.push_back(probe);
    post({.kind = OperationKind::kProbeOn, .port = port, .probe = probe});
  }

  void connect() {
    const auto a = any_port();
    const auto b = any_port();
    post({.kind = OperationKind::kSource, .port = a, .value = b});
    if (pick(4) != 0) post({.kind = OperationKind::kSource, .port = b, .value = a});
  }

  // ------------------------------------------------------------------------------------------------------- conferences

  void open_or_change_room() {
    const auto slot = static_cast<uint32_t>(pick(rooms_.size()));
    auto& room = rooms_[slot];
    if (room.empty()) {
      room.push_back({.port = settings_.announcers[slot], .source_only = true});
      // Now and then a full one.
      for (auto left = pick(8) == 0 ? settings_.seats : 1 + pick(6); left > 0; --left) take_seat(room);
    } else if (pick(3) == 0 && room.size() > 2) {
      const auto seat = room.begin() + 1 + static_cast<std::ptrdiff_t>(pick(room.size() - 1));
      seated_[seat->port] = false;
      for (auto& other : room) {
        if (other.role == bus::Role::kWhisper && other.whisper_to == seat->port) other.role = bus::Role::kListen;
      }
      room.erase(seat);
    } else if (pick(2) == 0) {
      take_seat(room);
    } else {
      change_role(room, room[pick(room.size())]);
    }
    post_plan(slot);
  }

  void take_seat(Room& room) {
    const auto port = any_port();
    if (seated_[port] || room.size() > settings_.seats) return;
    seated_[port] = true;
    room.push_back({.port = port});
    if (pick(3) == 0) change_role(room, room.back());
  }

  void change_role(const Room& room, bus::Seat& seat) {
    seat.gain = static_cast<int32_t>(1024 + pick(8192));
    if (seat.source_only) return;
    seat.role = static_cast<bus::Role>(pick(3));
    if (seat.role != bus::Role::kWhisper) return;
    const auto& other = room[pick(room.size())];
    if (other.source_only || other.port == seat.port) {
      seat.role = bus::Role::kListen;
    } else {
      seat.whisper_to = other.port;
    }
  }

  void close_room() {
    const auto slot = static_cast<uint32_t>(pick(rooms_.size()));
    if (rooms_[slot].empty()) return;
    for (const auto& seat : rooms_[slot]) {
      if (!seat.source_only) seated_[seat.port] = false;
    }
    rooms_[slot].clear();
    post({.kind = OperationKind::kConference, .value = slot, .plan = nullptr});
  }

  void post_plan(uint32_t slot) {
    ++counts[kPlans].made;
    post({.kind = OperationKind::kConference, .value = slot, .plan = new bus::ConferencePlan{rooms_[slot]}});
  }

  // ----------------------------------------------------------------------------------------------------------- players

  void play(bus::Port port) {
    if (loop_[port] != 0) {  // nothing behind it would ever be played
      post({.kind = OperationKind::kStopPlay, .port = port, .value = std::exchange(loop_[port], 0)});
      if (pick(2) == 0) return;
    }
    auto* playback = new Playback();
    ++counts[kPlaybacks].made;
    playback->id = ++last_play_;
    playback->port = port;
    for (auto left = 1 + pick(4); left > 0; --left) playback->clips.push_back(clips_[pick(clips_.size())]);
    if (pick(5) == 0) {
      playback->loop = true;
      playback->loop_item = pick(playback->clips.size());
      loop_[port] = playback->id;
    }
    played_.push_back({port, playback->id});
    if (played_.size() > 400) played_.pop_front();
    post({.kind = OperationKind::kPlay, .playback = playback});
  }

  void stop_play(std::size_t which) {
    const auto [port, id] = played_[which];
    if (loop_[port] == id) loop_[port] = 0;
    post({.kind = OperationKind::kStopPlay, .port = port, .value = id});
  }

  // --------------------------------------------------------------------------------------------------------- listening

  void toggle_digits() {
    const auto port = any_port();
    digits_[port] = !digits_[port];
    post({.kind = digits_[port] ? OperationKind::kDigitsOn : OperationKind::kDigitsOff, .port = port});
  }

  void toggle_watcher() {
    if (watchers_.size() >= settings_.watchers || (!watchers_.empty() && pick(3) == 0)) {
      const auto which = watchers_.begin() + static_cast<std::ptrdiff_t>(pick(watchers_.size()));
      post({.kind = OperationKind::kWatchOff, .watcher = *which});
      watchers_.erase(which);
      return;
    }
    auto watcher = make_watcher(static_cast<uint32_t>(pick(kWatcherKinds)));
    ++counts[kWatchers].made;
    watcher->port = any_port();
    watchers_.push_back(watcher.get());
    post({.kind = OperationKind::kWatchOn, .watcher = watcher.release()});
  }

  void toggle_conditioner() {
    const auto port = any_port() | 1;
    if (port >= settings_.last) return;
    // Off, on, or another in place of the one it has.
    if (conditioned_[port] && pick(3) != 0) {
      conditioned_[port] = false;
      post({.kind = OperationKind::kCondition, .port = port, .conditioner = nullptr});
      return;
    }
    conditioned_[port] = true;
    auto conditioner = make_conditioner(static_cast<uint32_t>(pick(kConditionerKinds)));
    ++counts[kConditioners].made;
    conditioner->port = port;
    post({.kind = OperationKind::kCondition, .port = port, .conditioner = conditioner.release()});
  }

  void toggle_fax() {
    const auto port = any_port();
    if (const auto found = faxes_.find(port); found != faxes_.end()) {
      post({.kind = OperationKind::kFaxOff, .port = port, .fax = found->second});
      faxes_.erase(found);
      return;
    }
    auto* fax = new FaxPort({}, {});
    faxes_[port] = fax;
    post({.kind = OperationKind::kFaxOn, .port = port, .fax = fax});
  }

  using Streams = std::map<bus::Port, std::unique_ptr<LoopedStream>>;

  void toggle_stream() {
    const auto port = any_port() | 1;
    if (port >= settings_.last) return;
    const auto found = streams_.find(port);
    if (found != streams_.end()) {
      end_stream(found);
    } else if (streams_.size() >= settings_.streams) {
      end_stream(std::next(streams_.begin(), static_cast<std::ptrdiff_t>(pick(streams_.size()))));
    } else {
      auto& made = streams_[port] = std::make_unique<LoopedStream>(port, pick_);
      ++counts[kStreams].made;
      post({.kind = OperationKind::kStreamOn, .port = port, .stream = made->stream.get()});
    }
  }

  void end_stream(Streams::iterator which) {
    auto* stream = which->second->stream.get();
    post({.kind = OperationKind::kStreamOff, .port = which->first, .stream = stream});
    leaving_[stream] = std::move(which->second);
    streams_.erase(which);
  }

  MediaCore& core_;
  const Settings settings_;
  std::map<bus::Port, FaxPort*> faxes_;
  Streams streams_;
  std::map<const rtp::Stream*, std::unique_ptr<LoopedStream>> leaving_;
  const LoopedStream::Pick pick_ = [this](uint64_t below) { return pick(below); };
  std::mt19937_64 random_;
  const std::array<SignalTone, 3> signals_{dsp::render_mf_r2(dsp::MfR2Direction::kForward, 1),
                                           dsp::render_mf_r2(dsp::MfR2Direction::kForward, 15),
                                           dsp::render_mf_r2(dsp::MfR2Direction::kBackward, 6)};
  std::deque<Operation> waiting_;
  std::vector<ClipRef> clips_;
  std::vector<bool> seated_;
  std::vector<bool> digits_;
  std::vector<bool> conditioned_;
  std::vector<uint32_t> loop_;  // by port: the playback that ends only when it is stopped
  std::vector<Room> rooms_;
  std::vector<Watcher*> watchers_;
  std::vector<Probe*> probes_;
  std::deque<std::pair<bus::Port, uint32_t>> played_;
  uint32_t last_play_{};
};

/// Chunks without a disk: what is full is gathered in memory at once.
class MemoryFeeds {
 public:
  MemoryFeeds(MediaCore& core, std::size_t chunks_of_shard) {
    for (uint32_t shard = 0; shard < core.shards(); ++shard) {
      feeds_.push_back(std::make_unique<ChunkFeed>());
      for (std::size_t i = 0; i < chunks_of_shard; ++i) {
        chunks_.push_back(std::make_unique<Chunk>());
        feeds_.back()->free.push(chunks_.back().get());
      }
      core.set_feed(shard, *feeds_.back());
    }
  }

  /// `gather(recording, first block, stereo octets, how many)` for every chunk that is full.
  template <class Gather>
  void drain(Gather gather) {
    for (auto& feed : feeds_) {
      FullChunk full;
      while (feed->full.pop(full)) {
        if (full.blocks > 0) {
          gather(*full.recording, full.first_block, full.chunk->payload.data(), full.blocks * kStereoBlock);
        }
        feed->free.push(full.chunk);
      }
    }
  }

  ChunkFeed& feed(uint32_t shard) { return *feeds_[shard]; }

 private:
  std::vector<std::unique_ptr<ChunkFeed>> feeds_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace cordboard::media
