// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of Ss7LinkSet: calls of ours over circuits, and circuits over calls of libss7.
//
//   Ss7CallEntry ──1:1──> Ss7CircuitEntry ──0..1──> isup_call of libss7
//
// The library frees a call when it cannot send, and says so by a call back: the circuit has then lost it, and settle(), which
// comes after every entry into the library, ends what depended on it. Setting up, clearing, resetting, links and their
// changeover are the library's. Blocking, continuity, dual seizure and what China adds are done here: the library shares one
// record between a circuit's call and its group's blocking, cannot send CCR and COT, and drops what it does not know.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <vector>

#include "base/state_table.hpp"
#include "signalling/ss7_host.hpp"
#include "signalling/ss7_library.hpp"
#include "signalling/ss7_link_set.hpp"
#include "signalling/ss7_message.hpp"

namespace cordboard::signalling {

enum class Ss7CallState : uint8_t {
  kSeizing,     // IAM sent
  kProceeding,  // ACM came
  kRinging,     // … with the called party free, or CPG said so
  kChecking,    // IAM came, COT has not
  kOffered,
  kAccepted,  // ACM sent
  kAnswered,
  kReleasing,  // REL sent
  kReleased
};
enum class Ss7CallEvent : uint8_t {
  kPeerAccepts,
  kPeerAlerts,
  kPeerAnswers,
  kPeerClears,
  kChecked,
  kAlert,
  kAnswer,
  kRelease,
  kRetry,
  kGone
};
using Ss7CallMachine = StateMachine<Ss7CallState, Ss7CallEvent>;

struct Ss7CallEntry {
  Ss7CallEntry(Ss7Call id_of, bool out, Ss7Circuit on, Ss7CallState initial);
  Ss7Call id;
  bool outgoing;
  Ss7Circuit circuit;
  Ss7CallMachine machine;
  Ss7Seize request;
  Ss7Offer offer;
  uint8_t cause = 0;  // 0: not being released
  Ss7ReleasedBy by = Ss7ReleasedBy::kFault;
  uint32_t moves = 0;
};

struct Ss7CircuitEntry {
  isup_call* handle = nullptr;
  bool adopted = false;  // the library made the handle, for a message that may have come to nothing
  Ss7Call call = 0;
  std::size_t group = 0;
  bool lost = false;       // the library has dropped the handle
  bool resetting = false;  // RSC or GRS sent
  bool asked_reset = false;
  bool blocked_here = false;
  bool failed = false;  // layer 1
  bool blocked_there = false;
  bool failed_there = false;  // the far end says so: blocking for hardware failure
  bool looped = false;
  bool checking = false;    // the check tone sounds
  bool testing = false;     // … not for a call
  int64_t check_until = 0;  // 0: no check is running
  int64_t recheck_at = 0;   // 0: it has not failed
  Ss7Blocked told;
};

class Ss7Core : public Ss7Host {
 public:
  Ss7Core(const Ss7Options& options, Ss7Listener& listener, Ss7Line& line);
  ~Ss7Core();

  // ss7_link_set.cpp: links, time, the library.
  void receive_unit(std::size_t link, std::span<const uint8_t> unit, int64_t now_ms);
  void unit_errors(std::size_t link, uint32_t count, int64_t now_ms);
  void link_ready(std::size_t link, int64_t now_ms);
  void set_link_failed(std::size_t link, bool failed, int64_t now_ms);
  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);
  bool up() const { return told_up_; }
  std::vector<Ss7LinkStatus> links() const;
  std::vector<Ss7Counter> counters() const;
  std::string dump() const;

  // ss7_calls.cpp
  Result<Ss7Seized> seize(const Ss7Seize& request, int64_t now_ms);
  Result<> alert(Ss7Call call, int64_t now_ms);
  Result<> progress(Ss7Call call, int64_t now_ms);
  Result<> answer(Ss7Call call, int64_t now_ms);
  Result<> connected(Ss7Call call, const Ss7Connected& party, int64_t now_ms);
  Result<> release(Ss7Call call, uint8_t cause, int64_t now_ms);
  Result<> suspend(Ss7Call call, bool suspended, int64_t now_ms);
  Result<> meter(Ss7Call call, int64_t now_ms);

  // ss7_circuits.cpp
  Result<> block(std::span<const Ss7Circuit> circuits, bool on, int64_t now_ms);
  Result<> reset(std::span<const Ss7Circuit> circuits, int64_t now_ms);
  Result<> test(Ss7Circuit circuit, int64_t now_ms);
  void set_circuits_failed(std::span<const Ss7Circuit> circuits, bool failed, int64_t now_ms);
  void check_tone_heard(Ss7Circuit circuit, int64_t now_ms);
  Ss7Blocked blocked(Ss7Circuit circuit) const;
  std::size_t idle_circuits() const;

  // Ss7Host
  int64_t now_ms() override { return now_ms_; }
  std::span<const uint8_t> unit(int link) override;
  void write_unit(int link, std::span<const uint8_t> unit) override;
  std::vector<uint8_t> receive(std::span<const uint8_t> message) override;
  void has_read(uint16_t circuit) override;
  void transmit(std::span<uint8_t> message) override;
  Ss7Memory& memory() override { return memory_; }

  // What the library calls back.
  void library_says(bool error, std::string_view text);
  int library_hangs_up(Ss7Circuit circuit, int cause, int how);
  void library_drops(isup_call* handle);

 private:
  enum : std::size_t {
    kUnitsIn,
    kUnitsOut,
    kUnitsRefused,
    kUnitErrors,
    kMessagesRefused,
    kMessagesIgnored,
    kCallsIn,
    kCallsOut,
    kDualSeizures,
    kMoves,
    kResets,
    kChecksFailed,
    kLinkFailures,
    kChangeovers,
    kLosses,
    kStepsRefused,
    kLinesNotLogged,
    kCounters
  };
  struct Link {
    uint8_t code{};
    Ss7LinkView view;
    Ss7LinkState state = Ss7LinkState::kOutOfService;
    bool failed{};
    bool changed_over{};
    uint32_t bucket{};  // Q.703 10.2
    int64_t leaks_at{};
    uint64_t failures{};
    uint64_t errors{};
  };
  /// Circuits without a gap, at most 32, which one message can speak of.
  struct Group {
    Ss7Circuit first{};
    uint8_t count{};
  };
  /// A blocking or unblocking that the far end has not acknowledged.
  struct Asked {
    IsupType type{};
    Ss7Circuit first{};
    uint8_t range{};
    uint32_t circuits{};
    uint8_t supervision{};
    int64_t since_ms{};
    int64_t again_ms{};
  };
  /// The library is in use as long as it lives; what it has caused is settled when the outermost one ends.
  class Inside {
   public:
    explicit Inside(Ss7Core& core);
    ~Inside();

   private:
    Ss7Core& core_;
    Ss7Entry entry_;
  };

  // ss7_link_set.cpp
  void settle();
  void flush(std::size_t link);
  void look_at_links();
  void restart_link(std::size_t link);
  void restart_level3();
  void tell();
  void update_up();
  template <class Act>
  void later(Act&& act) {
    told_.emplace_back(std::forward<Act>(act));
  }
  void log(Ss7LogLevel level, std::string text);

  // ss7_receive.cpp: messages on their way to the library, and from it.
  std::vector<uint8_t> receive_management(const Ss7Codes::Label& label, std::span<const uint8_t> message);
  std::vector<uint8_t> receive_test(std::span<const uint8_t> message);
  std::vector<uint8_t> receive_isup(std::span<const uint8_t> message);
  bool receive_iam(Ss7CircuitEntry& circuit, const IsupMessage& iam);
  void receive_more_digits(Ss7CircuitEntry& circuit, const IsupMessage& sam);
  void receive_china(Ss7CircuitEntry& circuit, const IsupMessage& message);
  void receive_blocking(const IsupMessage& message);
  void send(IsupType type, Ss7Circuit circuit, std::initializer_list<uint8_t> rest = {});
  void send_group(IsupType type, Ss7Circuit first, uint8_t range, uint32_t circuits, uint8_t supervision);

  // ss7_events.cpp: what the library says.
  void on_event(const ss7_event& event);
  void on_iam(Ss7Circuit circuit, isup_call* handle);
  void on_rel(Ss7Circuit circuit, isup_call* handle, uint8_t cause);
  void on_rlc(Ss7Circuit circuit, isup_call* handle);
  void on_rsc(Ss7Circuit circuit, isup_call* handle);
  void on_grs(const ss7_event_cicrange& event);
  void on_gra(const ss7_event_cicrange& event);
  void on_cot(Ss7Circuit circuit, isup_call* handle, bool passed);
  void on_backward(const ss7_event& event, Ss7Circuit circuit, isup_call* handle);

  // ss7_calls.cpp
  Ss7CallEntry& new_call(bool outgoing, Ss7Circuit circuit, Ss7CallState initial);
  Ss7CallEntry* call_of(Ss7Call id);
  Result<Ss7CallEntry*> may(Ss7Call id, Ss7CallEvent event);
  bool step(Ss7CallEntry& call, Ss7CallEvent event);
  std::optional<Ss7Circuit> choose(std::span<const Ss7Circuit> among) const;
  bool send_iam(Ss7CallEntry& call);
  void give_up_circuit(Ss7CallEntry& call);
  void move(Ss7CallEntry& call);
  void end(Ss7Call id, uint8_t cause, Ss7ReleasedBy by);
  void clear(Ss7CallEntry& call, uint8_t cause, Ss7ReleasedBy by);
  void offer(Ss7CallEntry& call);
  Result<> accept(Ss7CallEntry& call, bool free);

  // ss7_circuits.cpp
  Ss7CircuitEntry* circuit_of(int circuit);
  bool idle(const Ss7CircuitEntry& circuit) const;
  bool ours(Ss7Circuit circuit) const;
  void make_groups();
  void reset_group(const Group& group);
  void reset_circuit(Ss7Circuit circuit);
  void clear_circuit(Ss7Circuit number, Ss7CircuitEntry& circuit);
  void tidy(Ss7CircuitEntry& circuit);
  void ask(IsupType one, IsupType many, std::span<const Ss7Circuit> circuits, uint8_t supervision);
  void send_asked(Asked& asked);
  void acknowledged(const IsupMessage& message);
  void tell_blocked(Ss7Circuit number, Ss7CircuitEntry& circuit);
  void begin_check(Ss7Circuit number, Ss7CircuitEntry& circuit);
  void end_check(Ss7Circuit number, Ss7CircuitEntry& circuit, bool passed);
  void set_loop(Ss7Circuit number, Ss7CircuitEntry& circuit, bool on);
  void block_again(const Group& group);

  const Ss7Options options_;
  Ss7Listener& listener_;
  Ss7Line& line_;
  const Ss7Codes codes_;
  const uint32_t destination_;  // as the library has it

  Ss7Memory memory_;
  std::size_t call_bytes_{};  // of what the library allocates for a call
  ::ss7* ss7_ = nullptr;
  int depth_ = 0;
  bool started_ = false;
  bool library_up_ = false;
  std::optional<int64_t> unused_since_;  // a link is in service, and level 3 is not
  bool told_up_ = false;
  bool status_free_ = false;  // of the ACM that goes out next
  int64_t now_ms_ = 0;
  std::span<const uint8_t> unit_;
  std::size_t receiving_ = 0;

  std::vector<Link> links_;
  std::map<Ss7Circuit, Ss7CircuitEntry> circuits_;
  std::vector<Group> groups_;
  std::map<Ss7Call, Ss7CallEntry> calls_;
  Ss7Call last_call_ = 0;
  Ss7Circuit last_circuit_ = 0;
  uint32_t seized_ = 0;
  IsupMessage latest_;  // that the library has been told of
  std::vector<Asked> asked_;
  std::deque<std::function<void()>> deferred_;

  std::deque<std::function<void(Ss7Listener&)>> told_;
  bool telling_ = false;
  int64_t log_second_ = 0;
  uint32_t logged_ = 0;
  std::array<uint64_t, kCounters> counts_{};
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::Ss7CallState> {
  static constexpr std::array<std::string_view, 9> names{"seizing",  "proceeding", "ringing",   "checking", "offered",
                                                         "accepted", "answered",   "releasing", "released"};
};
template <>
struct EnumNames<signalling::Ss7CallEvent> {
  static constexpr std::array<std::string_view, 10> names{"peer_accepts", "peer_alerts", "peer_answers", "peer_clears",
                                                          "checked",      "alert",       "answer",       "release",
                                                          "retry",        "gone"};
};
}  // namespace cordboard
