// SPDX-License-Identifier: GPL-2.0-or-later
// The signalling thread and all it owns: legs, spans, analog ports, connections, playbacks, recordings. Nothing here is
// touched by another thread but the queues at the bottom.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/wake.hpp"
#include "cards/dahdi/dahdi_card.hpp"
#include "cards/dahdi/mtp2_link.hpp"
#include "cards/virtual/virtual_card.hpp"
#include "dsp/error_performance.hpp"
#include "dsp/line_measure.hpp"
#include "engine/analog_unit.hpp"
#include "engine/leg.hpp"
#include "engine/media_thread.hpp"
#include "engine/outbox.hpp"
#include "engine/probes.hpp"
#include "engine/span_unit.hpp"
#include "engine/ss7_unit.hpp"
#include "engine/watchers.hpp"
#include "media/clip_store.hpp"
#include "media/fax.hpp"
#include "media/media_core.hpp"
#include "media/recording_writer.hpp"
#include "rtp/socket_pool.hpp"
#include "rtp/stream_io.hpp"
#include "webrtc/peer_door.hpp"

namespace cordboard::engine {

class PriGroup;

/// What a row of the bus is, and what hangs on it now.
struct PortState {
  uint32_t span{};  // 0: not a timeslot
  uint32_t timeslot{};
  uint32_t analog{};  // 0: not an analog port
  bool announcer{};
  bool stream{};   // a row for RTP
  uint32_t leg{};  // 0: idle
  bus::Port source = bus::kNoPort;
  uint32_t conference{};
  bool announced{};  // came to its conference with a tone, so it goes with one
  bool detector{};
  std::map<WatchKind, EngineWatcher*> watchers;  // freed when the media thread gives them back (take_report)
  bool release_on_busy{};                        // of the tone watcher
  bool tones_wanted{};                           // … by the host
  bool line_tones{};                             // … by the line itself, which calls somebody
  bool conditioned{};
  uint32_t echo_taps{};  // of every call, as configured
  uint32_t fax{};        // 0: none
  uint32_t probe{};      // 0: none
  std::set<uint32_t> plays;
  std::set<uint32_t> recordings;
};

/// The address of a peer's media. Not known() for port 0 and for 0.0.0.0 and ::, which hold a call (RFC 2543 B.5).
Result<rtp::Address> peer_address(const std::string& host, uint32_t port, const rtp::Address& local);

class Core {
 public:
  static Result<std::unique_ptr<Core>> create(const EngineConfig& config, Deliver deliver);
  ~Core();

  void submit(uint64_t id, AnyCommand command);
  void close(std::function<void()> closed);

  // For span_unit and analog_unit, on the signalling thread.
  uint32_t new_leg(LegKind kind, bus::Port port, uint32_t span, uint32_t timeslot, uint32_t analog);
  Leg* leg(uint32_t id);
  /// Takes everything off the leg's port, tells leg.released and forgets the leg.
  void end_leg(uint32_t id, uint32_t cause, ReleasedBy by);
  /// The peer has moved the leg to another timeslot.
  void move_leg(Leg& leg, bus::Port port, uint32_t timeslot);
  void event(AnyEvent event) { outbox_.event(std::move(event)); }
  void log(std::string_view level, std::string text, uint32_t span = 0, uint32_t timeslot = 0, uint32_t leg = 0);
  /// A tone of the country for a port that may carry no leg; told to nobody. An unknown name is silence.
  void house_tone(bus::Port port, const std::string& tone);
  void stop_house_tone(bus::Port port);
  void watch_digits(bus::Port port, bool on);
  /// A digit that a telephone dialled by pulses.
  void pulse_digit(bus::Port port, char digit) { tell_digit(port, digit, DigitSource::kTone); }
  /// Ends the leg when busy or congestion tone is heard.
  void release_on_busy(bus::Port port);
  /// The analog port hears of the tones by tone().
  void listen_for_tones(bus::Port port, bool on);
  /// Listens for caller identification on a port that may carry no leg; the analog unit is told.
  void watch_caller_id(bus::Port port, const dsp::CallerIdReceiverSettings& settings);
  void unwatch(bus::Port port, WatchKind kind);
  /// Told to nobody, like a house tone; given up when something else plays.
  void house_clip(bus::Port port, std::vector<uint8_t> octets);
  /// Sounds a register signal of R2, 1-15, in place of all else that the line would hear; 0: none.
  void send_register_signal(bus::Port port, bool forward, uint8_t signal);
  /// Listens for register signals; the span's unit is told.
  void watch_register_signals(bus::Port port, bool forward);
  void unwatch_register_signals(bus::Port port);
  /// What comes in on a port goes back out.
  void loop_port(bus::Port port, bool on);
  /// Sounds the check tone of Q.724 in place of all else and listens for it; the span's unit is told.
  void check_port_tone(bus::Port port, bool on);
  /// A timeslot that carries a signalling link; null: the card has none.
  cards::SignalUnitPort* signal_units(uint32_t span, uint32_t timeslot);
  /// leg.answer of this leg has been carried out.
  void answer_sent(Leg& leg);
  /// Neither a playback nor a connection is heard there.
  bool hears_nothing(bus::Port port) const { return ports_[port].plays.empty() && ports_[port].source == bus::kNoPort; }
  Millis now() const { return now_; }

  // Commands (one file a family: core_legs, core_streams, core_media, core_conference, core_faults, core_snapshot).
  Result<LegSeized> handle(const LegSeize& command);
  Result<> handle(const LegAlert& command);
  void handle_later(const LegAnswer& command, uint64_t id);
  Result<> handle(const LegRelease& command);
  Result<> handle(const LegFlash& command);
  Result<> handle(const LegMeter& command);
  Result<> handle(const LegInform& command);
  Result<> handle(const LegTransfer& command);
  Result<> handle(const LegAllowTransfer& command);
  Result<> handle(const LegTariff& command);
  /// Of an E1; the unit that signals it.
  Result<SpanUnit*> span_of_leg(uint32_t leg);
  Result<> handle(const LegDial& command);
  Result<StreamOpened> handle(const StreamOpen& command);
  Result<StreamUpdated> handle(const StreamUpdate& command);
  Result<StreamStatistics> handle(const StreamStatisticsGet& command);
  Result<StreamsStatistics> handle(const StreamsStatisticsGet& command);
  Result<> handle(const BusConnect& command);
  Result<> handle(const BusListen& command);
  Result<> handle(const BusDisconnect& command);
  Result<ConferenceCreated> handle(const ConferenceCreate& command);
  Result<> handle(const ConferenceJoin& command);
  Result<> handle(const ConferenceLeave& command);
  Result<> handle(const ConferenceClose& command);
  void handle_later(const PlayStart& command, uint64_t id);
  Result<> handle(const PlayStop& command);
  Result<PlayPositionReply> handle(const PlayPosition& command);
  Result<PlayStarted> handle(const ToneStart& command);
  Result<PlayStarted> handle(const DigitsSend& command);
  Result<> handle(const DetectorSet& command);
  Result<> handle(const PortCondition& command);
  Result<PlayStarted> handle(const R2Send& command);
  Result<T38Opened> handle(const T38Open& command);
  Result<> handle(const T38Close& command);
  Result<FaxStarted> handle(const FaxStart& command);
  Result<> handle(const FaxStop& command);
  void handle_later(const RecordingStart& command, uint64_t id);
  void handle_later(const RecordingStop& command, uint64_t id);
  Result<> handle(const SpanRestart& command);
  Result<> handle(const SpanBlock& command);
  Result<> handle(const SpanCheck& command);
  Result<> handle(const VirtualAlarm& command);
  Result<> handle(const VirtualLinkSpoil& command);
  Result<> handle(const VirtualDchannel& command);
  Result<> handle(const VirtualLine& command);
  Result<> handle(const StationLamp& command);
  Result<> handle(const VirtualEcho& command);
  Result<> handle(const VirtualFrame& command);
  Result<Boards> handle(const BoardsGet& command);
  Result<ProbeStarted> handle(const ProbeBits& command);
  Result<ProbeStarted> handle(const ProbeLoop& command);
  void handle_later(const ProbeStop& command, uint64_t id);
  void handle_later(const ProbeTones& command, uint64_t id);
  void handle_later(const ProbeDelay& command, uint64_t id);
  void handle_later(const ProbeDigits& command, uint64_t id);
  void handle_later(const ProbeCallerId& command, uint64_t id);
  Result<ProbeClockReply> handle(const ProbeClock& command);
  Result<> handle(const VirtualDisturbance& command);
  Result<Snapshot> handle(const SnapshotGet& command);
  Result<Dump> handle(const DumpGet& command);

 private:
  struct PlayEntry {
    media::Playback* playback;
    bus::Port port;
    bool house;                  // told to nobody
    std::optional<PlayEnd> why;  // decided here before the media thread has let go
  };
  struct RecordingEntry {
    std::unique_ptr<media::Recording> recording;
    uint64_t open_id{};  // recording.start waiting for its file
    uint64_t stop_id{};  // recording.stop waiting for the writer
    RecordingEnd why = RecordingEnd::kStopped;
    bool attached{};
    bool leaving{};
  };
  struct FaxEntry {
    std::unique_ptr<media::FaxPort> port;
    bus::Port on{};
    media::FaxFinished finished{.ok = false, .code = -1, .text = "the call was over before the fax began"};
    bool leaving{};
    uint16_t udp_port{};  // of T.38; 0: none
  };
  struct ProbeEntry {
    std::unique_ptr<EngineProbe> probe;
    bool leaving{};
    uint64_t stop_id{};        // probe.stop waiting for the media thread to let go
    uint32_t measurement{};    // 0: none
    dsp::BitCounts counts;     // as of the latest second
    dsp::ErrorPerformance performance;
    bool began{};              // to count seconds
    uint32_t grace{};
  };
  struct Measurement {
    uint64_t reply{};
    uint32_t sender{};
    uint32_t receiver{};  // may be the same
    uint32_t probes{};    // that the media thread still has
    std::string failure;
    std::vector<uint8_t> heard;
    std::function<AnyReply(const std::vector<uint8_t>&)> judge;
  };
  /// The media of a SIP leg. After the leg it lives on until the I/O thread and the media thread have let go.
  struct StreamEntry {
    uint32_t leg{};
    bus::Port port{};
    rtp::SocketPair* pair{};
    uint64_t foreign_before{};     // datagrams from elsewhere to its pair until it came there
    uint64_t foreign_elsewhere{};  // … to the pairs it had before
    rtp::Claim claim;
    rtp::SourceSettings source;  // as in the latest stream.update
    uint32_t generation{};       // of the source
    std::optional<rtp::Address> latch_host;
    bool latched{};
    std::optional<StreamUpdate> update;    // the latest, without its keys
    std::unique_ptr<rtp::Stream> stream;   // with the first stream.update
    std::unique_ptr<rtp::Endpoint> endpoint;
    bool webrtc{};         // behind the door, from its first update on
    bool secured{};
    rtp::Address reached;  // where ICE has found the browser
    const rtp::SrtpSession* srtp{};        // the endpoint's
    // Digits going out as events (RFC 4733): what is still to be handed to the stream, and the silence that plays meanwhile.
    struct Digit {
      Millis at{};
      uint8_t event{};
      uint32_t on_ms{};
      uint32_t off_ms{};
      uint8_t volume{};
    };
    std::deque<Digit> digits;
    uint32_t digits_play{};
    // A key pressed that came both ways is told once.
    char last_digit{};
    DigitSource last_digit_source{};
    Millis last_digit_at{};
    bool held_by_media{};
    bool held_by_io{};
  };
  /// Of streams that have ended, so that counters only grow.
  struct StreamTotals {
    double lost{};
    double late{};
    double duplicated{};
    double overflowed{};
    double refused_payload_type{};
    double refused_srtp{};
    double malformed{};
    double concealed_ms{};
    void add(const StreamStatistics& stream);
  };
  struct Conference {
    uint32_t id{};
    uint32_t slot{};
    std::optional<bus::Port> announcer;
    uint32_t max_seats{};
    std::string enter_tone;
    std::string leave_tone;
    std::vector<bus::Seat> seats;  // the announcer's too
    std::size_t people() const { return seats.size() - (announcer ? 1 : 0); }
  };

  Core(const EngineConfig& config, Deliver deliver);
  Result<> build();
  Result<> build_spans();
  cards::HdlcPort* hdlc(uint32_t span);
  cards::CasPort* cas(uint32_t span);
  cards::AlarmPort* alarm(uint32_t span);
  cards::StationPort* station(uint32_t analog);
  cards::LinePort* line(uint32_t analog);
  Result<> need_boards();
  Result<> build_analogs();
  Result<> build_cables();
  Result<std::unique_ptr<SpanUnit>> build_unit(const SpanConfig& span, bus::Port first);
  std::shared_ptr<PriGroup> pri_group(const SpanConfig& span);
  Result<> build_link_sets();
  Result<> build_streams();
  Result<> build_tones();
  Result<> add_tone(const Tone& tone);
  void recover();
  void start();
  void start_streams();
  void run();
  int64_t sleep_ms();
  void carry_out(uint64_t id, AnyCommand& command);
  void run_commands();
  void run_signalling();
  void take_reports();
  void take_report(const media::Report& report);
  void run_completions();
  void begin_closing();
  bool closed_down() const;
  void shut_down();

  void post(const media::Operation& operation);
  void post_backlog();
  /// From another thread: `act` runs on the signalling thread soon.
  void later(std::function<void()> act);

  Result<> check_port(bus::Port port) const;
  void set_source(bus::Port listener, bus::Port source);
  void disconnect(bus::Port port);
  void leave_conference(bus::Port port);
  void publish(const Conference& conference);
  void tell_seats(const Conference& conference, const std::string& tone);
  Error no_tone(const std::string& name) const;
  struct PlayOptions {
    bool loop{};
    std::size_t loop_item{};
    bool enqueue{};  // behind what plays, not in its place
    bool house{};    // told to nobody
    uint32_t start_ms{};
  };
  uint32_t begin_play(bus::Port port, std::vector<media::ClipRef> clips, const PlayOptions& options);
  void stop_plays(bus::Port port, PlayEnd why);
  void speaker_changed(uint32_t slot, bus::Port port);
  void watch(bus::Port port, EngineWatcher* watcher);
  void unwatch_all(bus::Port port);
  void watcher_noted(media::Watcher& watcher);
  void tone_noted(bus::Port port, const dsp::CallProgressEvent& note);
  void answer_noted(bus::Port port, const dsp::AnswerEvent& note);
  void condition(bus::Port port, uint32_t echo_taps, uint32_t echo_delay_ms, bool automatic_gain);
  StreamEntry* stream_of(bus::Port port);
  rtp::SocketPair& pair_in_use(const StreamEntry& entry) { return entry.webrtc ? *door_pair_ : *entry.pair; }
  void take_door_news(StreamEntry& entry, const rtp::IoReport& report);
  void count_door(Snapshot& snapshot) const;
  Result<> move_stream(StreamEntry& entry, const rtp::Claim& claim, StreamUpdated& reply);
  Result<std::unique_ptr<rtp::SrtpSession>> make_srtp(const StreamEntry& entry, const StreamUpdate& command) const;
  void begin_reading(rtp::SocketPair& pair);
  StreamStatistics statistics_of(const StreamEntry& entry) const;
  void end_stream(uint32_t leg);
  void stream_noted(bus::Port port, rtp::Stream* stream);
  void stream_detached(rtp::Stream* stream);
  void take_stream_reports();
  void take_stream_report(const rtp::IoReport& report);
  void send_digit_events(StreamEntry& entry, uint32_t play, const DigitsSend& command);
  void send_due_digits();
  void forget_digits(bus::Port port, uint32_t play);
  void tell_digit(bus::Port port, char digit, DigitSource source);
  void count_streams(Snapshot& snapshot) const;
  void count_boards(Snapshot& snapshot) const;
  void show_streams(Snapshot& snapshot) const;
  std::string dump_streams() const;
  Result<> check_probe_port(bus::Port port) const;
  uint32_t begin_probe(bus::Port port, std::unique_ptr<EngineProbe> probe);
  void stop_probe(uint32_t id);
  void lose_probe(bus::Port port);
  void probe_noted(media::Probe* probe);
  void probe_detached(media::Probe* probe);
  static void count_second(ProbeEntry& entry, const dsp::BitCounts& counts);
  static BitFigures bit_figures(const ProbeEntry& entry);
  void measure(uint64_t reply, bus::Port send, bus::Port receive, std::vector<uint8_t> piece, std::size_t samples,
               std::function<AnyReply(const std::vector<uint8_t>&)> judge);
  void close_t38(uint32_t leg);
  Result<std::unique_ptr<media::T38End>> make_t38(uint32_t leg, const FaxT38& said);
  void fax_detached(media::FaxPort* fax);
  void fax_finished(uint32_t id);
  void stop_fax(uint32_t id);
  void finish_recording(uint32_t id, RecordingEnd why);
  void recording_finished(uint32_t id);
  void clear_port(bus::Port port);
  std::string port_name(bus::Port port) const;
  Result<> answer(const LegAnswer& command, bool& later);
  Result<> release(Leg& leg, uint32_t cause);

  EngineConfig config_;
  Outbox outbox_;
  Millis now_{};
  bool closing_{};
  Millis closing_since_{};
  std::function<void()> closed_;

  cards::VirtualCard card_;
  std::unique_ptr<cards::DahdiCard> boards_;  // when something is configured there, or somebody has asked
  std::vector<PortState> ports_;
  std::map<uint32_t, std::weak_ptr<PriGroup>> pri_groups_;  // by E1 with the D-channel; its units keep it
  std::map<uint32_t, std::unique_ptr<cards::Mtp2Link>> board_links_;  // by span
  std::map<uint32_t, std::shared_ptr<Ss7Exchange>> link_sets_;
  std::map<uint32_t, std::unique_ptr<SpanUnit>> spans_;
  std::map<uint32_t, std::unique_ptr<AnalogUnit>> analogs_;
  std::vector<bus::Port> announcers_;
  std::vector<bus::Port> free_announcers_;

  std::map<uint32_t, Leg> legs_;
  uint32_t next_leg_{1};
  std::map<uint32_t, Conference> conferences_;
  std::vector<bool> conference_slots_;
  uint32_t next_conference_{1};
  std::map<uint32_t, PlayEntry> plays_;
  uint32_t next_play_{1};
  std::map<uint32_t, RecordingEntry> recordings_;
  uint32_t next_recording_{1};
  struct ToneClips {
    std::vector<media::ClipRef> clips;  // what is played once, then what is played for ever
    bool loop{};
    std::size_t loop_item{};
  };
  std::map<std::string, ToneClips> tones_;
  std::map<bus::Port, uint32_t> house_tones_;
  std::unique_ptr<dsp::CallProgress> call_progress_;
  dsp::FaxTones fax_tones_;
  dsp::MfR2Receiver r2_forward_{dsp::MfR2Direction::kForward};
  dsp::MfR2Receiver r2_backward_{dsp::MfR2Direction::kBackward};
  std::map<std::pair<bool, uint8_t>, media::SignalTone> register_signals_;  // by direction and number; made when needed
  std::optional<dsp::CallProgress> check_tone_;  // what hears it, and …
  media::SignalTone check_tone_sent_;            // … what is sent; made when needed
  std::map<uint32_t, uint64_t> answering_;  // legs whose leg.answer is still to be replied to, and its number
  std::optional<rtp::SocketPool> pool_;
  rtp::SocketPair* door_pair_{};
  uint32_t pairs_read_{};  // by an I/O thread
  std::set<bus::Port> free_streams_;
  std::map<uint32_t, std::unique_ptr<StreamEntry>> streams_;          // by leg
  std::map<uint32_t, std::unique_ptr<StreamEntry>> leaving_streams_;  // by the leg that was
  std::unordered_map<const rtp::Stream*, uint32_t> stream_legs_;
  std::set<uint32_t> sending_digits_;  // legs
  StreamTotals ended_streams_;
  Count streams_opened_;
  Count stream_timeouts_;
  Count streams_latched_;
  std::map<uint32_t, rtp::SocketPool::Own> t38_ports_;  // by leg; no fax has begun on them yet
  std::map<uint32_t, FaxEntry> faxes_;
  uint32_t next_fax_{1};
  std::map<uint32_t, ProbeEntry> probes_;
  uint32_t next_probe_{1};
  std::map<uint32_t, Measurement> measurements_;
  uint32_t next_measurement_{1};

  Count commands_;
  Count refused_commands_;
  Count digits_;

  // Between the threads.
  Wake wake_;
  std::mutex mutex_;
  std::vector<std::pair<uint64_t, AnyCommand>> submitted_;
  std::vector<std::function<void()>> completions_;
  bool close_asked_{};
  bool refuse_{};
  std::deque<media::Operation> backlog_;

  std::unique_ptr<media::MediaCore> media_;
  std::unique_ptr<media::ClipStore> clips_;
  std::string no_recording_ = "the engine has no recordingFolder";  // why there is no writer; else empty
  std::unique_ptr<media::RecordingWriter> writer_;
  std::unique_ptr<media::FaxWorkers> fax_workers_;
  std::unique_ptr<rtp::StreamIo> stream_io_;
  std::unique_ptr<webrtc::PeerDoor> door_;  // goes before what it nudges, and its socket after it
  std::unique_ptr<MediaThread> media_thread_;
  std::thread thread_;
};

}  // namespace cordboard::engine
