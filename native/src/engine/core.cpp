// SPDX-License-Identifier: GPL-2.0-or-later
// Building, the loop of the signalling thread, and the way out.
#include "engine/core.hpp"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <set>

#include "dsp/tone_clip.hpp"
#include "engine/pri_unit.hpp"
#include "engine/r2_unit.hpp"

namespace cordboard::engine {

namespace {

constexpr uint32_t kTimeslots = 31;
constexpr Millis kClosingLimitMs = 3000;  // what has not been released by then is dropped
constexpr uint32_t kPortsOfThread = 4096;
constexpr int kMostRounds = 64;           // of the signalling between two looks at the commands

}  // namespace

Result<std::unique_ptr<Core>> Core::create(const EngineConfig& config, Deliver deliver) {
  std::unique_ptr<Core> core(new Core(config, std::move(deliver)));
  if (auto built = core->build(); !built) return built.error();
  core->recover();
  core->start();
  return core;
}

Core::Core(const EngineConfig& config, Deliver deliver) : config_(config), outbox_(std::move(deliver)) {
  now_ = monotonic_ms();
}

Core::~Core() {
  if (!thread_.joinable()) return;
  close([] {});
  thread_.join();
}

// ------------------------------------------------------------------------------------------------------ construction

Result<> Core::build() {
  if (auto done = build_spans(); !done) return done;
  if (auto done = build_analogs(); !done) return done;
  for (uint32_t i = 0; i < config_.announcers; ++i) {
    const auto port = static_cast<bus::Port>(ports_.size());
    ports_.emplace_back().announcer = true;
    announcers_.push_back(port);
  }
  free_announcers_.assign(announcers_.rbegin(), announcers_.rend());
  conference_slots_.assign(bus::Bus::kConferences, false);
  if (auto done = build_streams(); !done) return done;
  if (auto done = build_cables(); !done) return done;

  if (auto done = build_link_sets(); !done) return done;
  // State machines look at the cables' state when they are made, so they come after them.
  for (const auto& span : config_.spans) {
    const auto first = static_cast<bus::Port>(
        std::find_if(ports_.begin(), ports_.end(), [&](const PortState& port) { return port.span == span.span; }) -
        ports_.begin());
    auto unit = build_unit(span, first);
    if (!unit) return unit.error();
    spans_[span.span] = std::move(*unit);
  }
  const signalling::AnalogTimes times{config_.country.ringCadenceMs, config_.country.flashMinMs,
                                      config_.country.flashMaxMs};
  for (const auto& analog : config_.analogs) {
    const auto port = static_cast<bus::Port>(
        std::find_if(ports_.begin(), ports_.end(), [&](const PortState& at) { return at.analog == analog.analog; }) -
        ports_.begin());
    if (analog.kind == AnalogKind::kFxs) {
      analogs_[analog.analog] =
          std::make_unique<StationUnit>(*this, analog, port, *station(analog.analog), times);
    } else {
      analogs_[analog.analog] = std::make_unique<LineUnit>(*this, analog, port, *line(analog.analog), times);
    }
  }
  return build_tones();
}

Result<std::unique_ptr<SpanUnit>> Core::build_unit(const SpanConfig& span, bus::Port first) {
  auto& alarm = *this->alarm(span.span);
  switch (span.signalling) {
    case SpanSignalling::kR2: {
      if (auto good = R2Unit::check(span); !good) return good.error();
      return std::unique_ptr<SpanUnit>(std::make_unique<R2Unit>(*this, span, first, *cas(span.span), alarm));
    }
    case SpanSignalling::kSs7: {
      const auto exchange = link_sets_.find(span.ss7.linkSet);
      if (exchange == link_sets_.end()) {
        return fail(ErrorCode::kInvalid, span.name + " names a link set that there is not");
      }
      return std::unique_ptr<SpanUnit>(std::make_unique<Ss7Unit>(*this, span, first, exchange->second, alarm));
    }
    case SpanSignalling::kPri:
      break;
  }
  if (auto good = PriUnit::check(span, config_.spans); !good) return good.error();
  return std::unique_ptr<SpanUnit>(std::make_unique<PriUnit>(*this, span, first, pri_group(span), alarm));
}

Result<> Core::build_tones() {
  for (const auto& tone : config_.country.tones) {
    if (auto added = add_tone(tone); !added) return added;
  }
  std::vector<dsp::CallProgressTone> listened_for;
  for (const auto& tone : config_.country.tones) {
    auto& added = listened_for.emplace_back();
    added.name = tone.name;
    added.repeat = tone.repeat;
    for (const auto& part : tone.parts) {
      added.parts.push_back({part.frequenciesHz, part.levelDbm0, part.onMs, part.offMs});
    }
  }
  call_progress_ = std::make_unique<dsp::CallProgress>(listened_for);
  // Two notes a fourth apart, up or down: away from the frequencies of call progress, soft enough to speak over, and
  // whole periods long, so that they end without a click.
  constexpr double kLevelDbm0 = -18;
  const TonePart low{{660}, kLevelDbm0, 150, 0};
  const TonePart high{{880}, kLevelDbm0, 150, 0};
  for (const auto& tone : {Tone{"conferenceEnter", {low, high}, false}, Tone{"conferenceLeave", {high, low}, false}}) {
    if (tones_.contains(tone.name)) continue;  // the country has its own
    if (auto added = add_tone(tone); !added) return added;
  }
  return Empty{};
}

Result<> Core::add_tone(const Tone& tone) {
  std::vector<dsp::TonePart> parts;
  for (const auto& part : tone.parts) parts.push_back({part.frequenciesHz, part.levelDbm0, part.onMs, part.offMs});
  std::size_t loop_from = dsp::kNoLoop;
  const auto octets = dsp::render_tone(parts, tone.repeat, &loop_from);
  if (octets.empty()) {
    return fail(ErrorCode::kInvalid, "the tone " + tone.name + " of country " + config_.country.code +
                                         " cannot be made: its parts have no length, or a frequency over 4000 Hz");
  }
  auto& made = tones_[tone.name];
  made.loop = loop_from != dsp::kNoLoop;
  const auto once = made.loop ? static_cast<std::ptrdiff_t>(loop_from) : static_cast<std::ptrdiff_t>(octets.size());
  const auto add = [&](auto from, auto to) {
    if (from != to) made.clips.push_back(std::make_shared<const media::Clip>(media::Clip{{from, to}}));
  };
  add(octets.begin(), octets.begin() + once);
  made.loop_item = made.clips.size();
  add(octets.begin() + once, octets.end());
  return Empty{};
}

Result<> Core::build_spans() {
  std::set<uint32_t> devices;
  for (const auto& span : config_.spans) {
    const auto named = "span " + std::to_string(span.span);
    if (hdlc(span.span) != nullptr) return fail(ErrorCode::kInvalid, named + " is there twice");
    const auto first_row = static_cast<uint32_t>(ports_.size());
    if (span.card == CardKind::kVirtual) {
      card_.add_span(span.span, first_row);
    } else {
      if (span.device == 0) return fail(ErrorCode::kInvalid, named + " does not say which span of the driver it is");
      if (!devices.insert(span.device).second) {
        return fail(ErrorCode::kInvalid, named + " is a span of the driver that another one is already");
      }
      if (auto made = need_boards(); !made) return made;
      boards_->add_span(span.span, span.device, first_row, {span.boardEchoTaps, span.receivedDb, span.sentDb});
    }
    for (uint32_t timeslot = 1; timeslot <= kTimeslots; ++timeslot) {
      auto& port = ports_.emplace_back();
      port.span = span.span;
      port.timeslot = timeslot;
    }
  }
  return Empty{};
}

Result<> Core::build_analogs() {
  std::set<uint32_t> channels;
  for (const auto& analog : config_.analogs) {
    const auto named = "analog port " + std::to_string(analog.analog);
    if (station(analog.analog) != nullptr || line(analog.analog) != nullptr) {
      return fail(ErrorCode::kInvalid, named + " is there twice");
    }
    const auto port = static_cast<uint32_t>(ports_.size());
    const bool fxs = analog.kind == AnalogKind::kFxs;
    if (analog.card == CardKind::kVirtual) {
      fxs ? card_.add_station(analog.analog, port) : card_.add_line(analog.analog, port);
    } else {
      if (analog.channel == 0) return fail(ErrorCode::kInvalid, named + " does not say which channel of the driver it is");
      if (!channels.insert(analog.channel).second) {
        return fail(ErrorCode::kInvalid, named + " is a channel of the driver that another one is already");
      }
      if (auto made = need_boards(); !made) return made;
      fxs ? boards_->add_station(analog.analog, analog.channel, port)
          : boards_->add_line(analog.analog, analog.channel, port);
    }
    auto& added = ports_.emplace_back();
    added.analog = analog.analog;
    added.echo_taps = analog.echoTaps;
  }
  return Empty{};
}

Result<> Core::build_cables() {
  for (const auto& cable : config_.cables) {
    const bool joined = cable.kind == CableKind::kE1 ? card_.join_spans(cable.a, cable.b)
                                                     : card_.join_analogs(cable.a, cable.b);
    if (!joined) {
      return fail(ErrorCode::kInvalid,
                  "the cable from " + std::to_string(cable.a) + " to " + std::to_string(cable.b) +
                      " must join two spans, or a station and a line, that have no other cable");
    }
  }
  return Empty{};
}

void Core::recover() {
  if (config_.recordingFolder.empty()) return;
  auto recovered = media::recover_recordings(config_.recordingFolder);
  if (!recovered) {
    // A box without its recordings still answers calls.
    no_recording_ = recovered.error().text;
    event(RecordingDisk{DiskState::kFailed, no_recording_, 0});
    return;
  }
  no_recording_.clear();
  for (const auto& recording : *recovered) {
    event(RecordingRecovered{recording.path, static_cast<double>(recording.blocks) * 20, recording.failure});
  }
}

void Core::start() {
  const auto ports = static_cast<uint32_t>(ports_.size());
  const auto shards = config_.mediaThreads > 0 ? config_.mediaThreads : 1 + ports / (kPortsOfThread + 1);
  std::vector<cards::Card*> cards{&card_};
  if (boards_) cards.push_back(boards_.get());
  media_ = std::make_unique<media::MediaCore>(ports, announcers_, cards, shards);
  clips_ = std::make_unique<media::ClipStore>(static_cast<std::size_t>(config_.clipCacheMb) * 1024 * 1024);
  if (no_recording_.empty()) {
    constexpr uint64_t kMb = 1024 * 1024;
    media::RecorderSettings settings;
    settings.folder = config_.recordingFolder;
    settings.sync_ms = config_.recordingSyncMs;
    settings.segment_bytes = config_.recordingSegmentMb * kMb;
    settings.most_bytes = config_.recordingJournalMb * kMb;
    settings.reserve_bytes = config_.recordingReserveMb * kMb;
    settings.feeds = shards;
    settings.realtime = config_.realtime;
    writer_ = std::make_unique<media::RecordingWriter>(
        settings,
        [this](media::Recording* recording) {
          later([this, id = recording->id] { finish_recording(id, RecordingEnd::kFailed); });
        },
        [this](const media::StoreReport& report) {
          later([this, report] {
            event(RecordingDisk{static_cast<DiskState>(report.state), report.detail,
                                static_cast<double>(report.free_bytes)});
          });
        });
    for (uint32_t shard = 0; shard < shards; ++shard) media_->set_feed(shard, writer_->feed(shard));
  }
  // A core serves a thousand ends, so a thread a core is enough for any box.
  fax_workers_ = std::make_unique<media::FaxWorkers>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
  media_->set_fax_workers(fax_workers_.get());
  start_streams();
  media_thread_ = std::make_unique<MediaThread>(*media_, wake_, config_.realtime, boards_.get());
  if (!media_thread_->realtime_refusal().empty()) {
    log("warn", "the media thread runs without real-time guarantees: " + media_thread_->realtime_refusal());
  }
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "cb-signalling");
}

// ------------------------------------------------------------------------------------------------ from other threads

void Core::submit(uint64_t id, AnyCommand command) {
  {
    const std::lock_guard lock(mutex_);
    submitted_.emplace_back(id, std::move(command));
  }
  wake_.signal();
}

void Core::close(std::function<void()> closed) {
  {
    const std::lock_guard lock(mutex_);
    close_asked_ = true;
    if (!closed_) closed_ = std::move(closed);
  }
  wake_.signal();
}

void Core::later(std::function<void()> act) {
  {
    const std::lock_guard lock(mutex_);
    completions_.push_back(std::move(act));
  }
  wake_.signal();
}

// ---------------------------------------------------------------------------------------------------------- the loop

void Core::run() {
  while (true) {
    wake_.wait(sleep_ms(), boards_ ? boards_->descriptor() : -1);
    now_ = monotonic_ms();
    run_commands();
    run_completions();
    take_reports();
    take_stream_reports();
    run_signalling();
    send_due_digits();
    post_backlog();
    if (!closing_) {
      const std::lock_guard lock(mutex_);
      closing_ = close_asked_;
    }
    if (closing_ && closing_since_ == 0) begin_closing();
    if (closing_ && (closed_down() || now_ - closing_since_ > kClosingLimitMs)) break;
    outbox_.flush(now_);
  }
  shut_down();
}

int64_t Core::sleep_ms() {
  // The media thread wakes this one every tick, so the sleep only bounds how late a timer between ticks can be.
  Millis next = std::min(now_ + 20, outbox_.due());
  for (auto& [number, span] : spans_) {
    if (const auto due = span->next_deadline(now_)) next = std::min(next, *due);
  }
  for (auto& [number, analog] : analogs_) next = std::min(next, analog->next_deadline());
  if (const auto due = card_.due()) next = std::min(next, *due);
  return std::clamp<int64_t>(next - monotonic_ms(), 0, 20);
}

void Core::run_commands() {
  std::vector<std::pair<uint64_t, AnyCommand>> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(submitted_);
  }
  for (auto& [id, command] : commands) carry_out(id, command);
}

void Core::carry_out(uint64_t id, AnyCommand& command) {
  commands_.add();
  if (closing_) {
    refused_commands_.add();
    outbox_.reply(id, fail(ErrorCode::kClosed, "the engine is closing"));
    return;
  }
  std::visit(
      [&](const auto& params) {
        if constexpr (requires { handle_later(params, id); }) {
          handle_later(params, id);
        } else {
          // A command's events come after its reply, so that the host knows the leg they speak of.
          const auto mark = outbox_.mark();
          auto result = handle(params);
          if (result) {
            outbox_.reply(id, std::move(*result), mark);
          } else {
            refused_commands_.add();
            outbox_.reply(id, result.error(), mark);
          }
        }
      },
      command);
}

void Core::run_completions() {
  std::vector<std::function<void()>> acts;
  {
    const std::lock_guard lock(mutex_);
    acts.swap(completions_);
  }
  for (auto& act : acts) act();
}

void Core::run_signalling() {
  for (int round = 0; round < kMostRounds; ++round) {
    bool moved = card_.pump(now_);
    if (boards_ && boards_->pump(now_)) moved = true;
    for (auto& [number, span] : spans_) {
      const auto due = span->next_deadline(now_);
      if (!due || *due > now_) continue;
      span->run_timers(now_);
      moved = true;
    }
    for (auto& [number, analog] : analogs_) {
      if (analog->next_deadline() > now_) continue;
      analog->run_timers(now_);
      moved = true;
    }
    if (!moved) return;
  }
  wake_.signal();  // more waits; commands get their turn first
}

void Core::post(const media::Operation& operation) {
  if (!backlog_.empty() || !media_->post(operation)) backlog_.push_back(operation);
}

void Core::post_backlog() {
  while (!backlog_.empty() && media_->post(backlog_.front())) backlog_.pop_front();
}

void Core::log(std::string_view level, std::string text, uint32_t span, uint32_t timeslot, uint32_t leg) {
  outbox_.telemetry(EngineLog{std::string(level), std::move(text), span, timeslot, leg});
}

// --------------------------------------------------------------------------------------------------------- the way out

void Core::begin_closing() {
  closing_since_ = now_;
  std::vector<uint32_t> ids;
  for (const auto& [id, leg] : legs_) ids.push_back(id);
  for (const auto id : ids) {
    // 41 temporary failure: the peer may try elsewhere.
    if (auto* found = leg(id)) static_cast<void>(release(*found, 41));
  }
  std::vector<uint32_t> recordings;
  for (const auto& [id, entry] : recordings_) recordings.push_back(id);
  for (const auto id : recordings) finish_recording(id, RecordingEnd::kReleased);
  for (bus::Port port = 0; port < ports_.size(); ++port) lose_probe(port);
  run_signalling();
}

bool Core::closed_down() const {
  return legs_.empty() && recordings_.empty() && faxes_.empty() && leaving_streams_.empty() && backlog_.empty();
}

void Core::shut_down() {
  // What has not been released in time ends here: the host is told of every leg.
  std::vector<uint32_t> ids;
  for (const auto& [id, leg] : legs_) ids.push_back(id);
  for (const auto id : ids) end_leg(id, 41, ReleasedBy::kFault);
  clips_->stop();
  media_thread_->stop();
  while (!backlog_.empty()) {
    take_reports();
    media_->tick();
    post_backlog();
  }
  media_->drain([this](const media::Report& report) { take_report(report); });
  take_reports();
  // The tick has let go of all streams; now the sockets, which say BYE before they are closed.
  if (stream_io_) stream_io_->stop();
  take_stream_reports();
  if (writer_) writer_->stop();
  fax_workers_->close();
  run_completions();
  run_completions();
  run_completions();  // a recording whose file was still being made is finished by the first
  run_commands();
  outbox_.flush_now();
  std::function<void()> closed;
  {
    const std::lock_guard lock(mutex_);
    closed = std::move(closed_);
  }
  if (closed) closed();
}

}  // namespace cordboard::engine
