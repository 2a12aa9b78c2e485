// SPDX-License-Identifier: GPL-2.0-or-later
// ISUP calls (Q.763, Q.764) between two exchanges joined by a set of signalling links (Q.703, Q.704, Q.707), of the ITU or of
// China (YDN 038: point codes of 24 bits). Circuits are named by their code alone; which timeslot each is, is the engine's.
//
//   timeslot ── receive_unit ──> libss7: MTP2 ──> screening (ss7_message) ──> MTP3, ISUP ──> Ss7Listener ──> engine
//   timeslot <── Ss7Line::send_unit <── point codes of the line <── libss7 <── seize, alert, answer, release <── engine
//
// No I/O, no clock and no threads here: units and time are passed in. Every method of a set runs on one thread at a time; sets
// know nothing of each other.
//
// Callbacks of the listener come only out of receive_unit(), unit_errors(), link_ready(), set_link_failed(),
// check_tone_heard() and run_timers(). A command never calls back: what it caused is told by the next run_timers(), and
// next_deadline() says "now" until then. A callback may give any command, but must not destroy the set nor call those six.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/describe.hpp"
#include "base/result.hpp"

namespace cordboard::signalling {

/// A call of one set, from seizure or offer to on_released. Never 0, never used again while the set lives.
using Ss7Call = uint32_t;
using Ss7Circuit = uint16_t;  // identification code, 0-4095

enum class Ss7ReleasedBy : uint8_t { kRemote, kLocal, kFault };
enum class Ss7LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };
/// Of a signalling link (Q.703 figure 2).
enum class Ss7LinkState : uint8_t {
  kFailed,
  kOutOfService,
  kNotAligned,
  kAligned,
  kProving,
  kAlignedReady,
  kInService
};
/// Who calls (Q.763 3.11).
enum class Ss7Category : uint8_t { kUnknown, kOrdinary, kPriority, kData, kTest, kOperator, kPayphone };

constexpr std::size_t kMostSs7Links = 2;
constexpr std::size_t kMostSs7Circuits = 240;

struct Ss7Options {
  bool china = false;                // point codes of 24 bits, else of 14
  uint8_t network = 2;               // indicator: 0 international, 2 national, 3 national of another kind
  uint32_t own = 0;                  // point codes, not 0
  uint32_t destination = 0;          // the exchange at the other end of the circuits
  uint32_t adjacent = 0;             // … of the links; 0: the same
  std::vector<uint8_t> links;        // signalling link codes, 0-15
  std::vector<Ss7Circuit> circuits;  // rising; those without a gap make groups
  uint8_t called_nature = 3;         // of a called number: 1 subscriber, 2 unknown, 3 national, 4 international
  uint8_t calling_nature = 3;
  uint32_t check_every = 0;  // one call out of so many has its circuit checked before (Q.764 2.1.8); 0: none
};

/// A call to set up.
struct Ss7Seize {
  std::string called;              // digits, 1-32
  std::string calling;             // digits, 0-32; empty: none is sent
  bool restricted = false;         // the calling number is not to be shown
  std::string redirecting;         // who has forwarded the call; empty: nobody
  uint8_t redirection_reason = 0;  // Q.763 3.45: 0 unknown, 1 busy, 2 no reply, 3 unconditional
  std::string original;            // who was called first; empty: the one who has forwarded it
  Ss7Category category = Ss7Category::kOrdinary;
  std::vector<Ss7Circuit> circuits;  // any of these; empty: of all
};

struct Ss7Seized {
  Ss7Call call{};
  Ss7Circuit circuit{};
};

/// Who answers (Q.763 3.16).
struct Ss7Connected {
  std::string number;  // empty: not told
  bool restricted{};   // not to be shown: the number is empty
};

struct Ss7Offer {
  std::string called;
  std::string calling;      // empty: not sent
  bool restricted{};        // … not to be shown
  std::string redirecting;  // empty: nobody, or not to be shown; original likewise
  uint8_t redirection_reason = 0;
  std::string original;
  bool asks_connected{};  // who answers is to be told
  Ss7Category category = Ss7Category::kUnknown;
  bool ended{};  // the called number ends with ST: no more digits come
};

/// Who refuses calls on a circuit.
struct Ss7Blocked {
  bool here{};
  bool there{};
  bool operator==(const Ss7Blocked&) const = default;
};

class Ss7Listener {
 public:
  virtual ~Ss7Listener() = default;

  virtual void on_incoming(Ss7Call call, Ss7Circuit circuit, const Ss7Offer& offer) = 0;
  /// SAM: more of the called number.
  virtual void on_digits(Ss7Call call, std::string_view digits) = 0;

  /// A call out goes by another circuit: the far end has seized, reset or blocked the one it had.
  virtual void on_moved(Ss7Call call, Ss7Circuit circuit) = 0;
  virtual void on_proceeding(Ss7Call call) = 0;
  virtual void on_alerting(Ss7Call call) = 0;
  virtual void on_progress(Ss7Call call) = 0;
  virtual void on_answered(Ss7Call call) = 0;
  /// Who answers; told before on_answered.
  virtual void on_connected(Ss7Call, const Ss7Connected&) {}
  /// China: pulses of an answered call out.
  virtual void on_metering(Ss7Call call) = 0;
  /// The far end has put its telephone down, or taken it up again (SUS, RES).
  virtual void on_suspended(Ss7Call call, bool suspended) = 0;

  /// The end of a call, exactly once for each: the id is dead. `cause` is of Q.850, 1-127.
  virtual void on_released(Ss7Call call, uint8_t cause, Ss7ReleasedBy by) = 0;

  virtual void on_blocked(Ss7Circuit circuit, Ss7Blocked ends) = 0;
  /// A reset begun here has been acknowledged.
  virtual void on_reset(Ss7Circuit circuit) = 0;
  /// The continuity of a circuit has been checked.
  virtual void on_checked(Ss7Circuit circuit, bool passed) = 0;
  virtual void on_link(std::size_t link, Ss7LinkState state) = 0;
  /// Calls can be signalled: the destination can be reached and its circuits have been reset.
  virtual void on_up(bool up) = 0;
  virtual void on_log(Ss7LogLevel level, std::string_view text) = 0;
};

/// What a set does to its timeslots. None of these may call back into the set.
class Ss7Line {
 public:
  virtual ~Ss7Line() = default;
  /// A signal unit without FCS, 3-275 octets, to be sent once; one without information (FISU, LSSU) again until the next.
  virtual void send_unit(std::size_t link, std::span<const uint8_t> unit) = 0;
  /// The timeslot would take another unit; link_ready() follows when it would again.
  virtual bool takes_unit(std::size_t link) const = 0;
  /// What comes in on a circuit goes back out.
  virtual void loop(Ss7Circuit circuit, bool on) = 0;
  /// Sounds the check tone (2000 Hz, Q.724 7.3) and listens for it.
  virtual void check(Ss7Circuit circuit, bool on) = 0;
};

struct Ss7Counter {
  std::string_view name;  // snake_case
  std::string_view doc;
  uint64_t value{};
};

struct Ss7LinkStatus {
  uint8_t code{};
  Ss7LinkState state{};
  bool tested{};     // Q.707: the far end has answered on it
  bool carries{};    // traffic goes by it
  bool inhibited{};  // by management
  uint64_t failures{};
  uint64_t errors{};  // units with a wrong FCS or length
};

class Ss7Core;

class Ss7LinkSet {
 public:
  /// kInvalid: which option breaks its bounds.
  static Result<> check(const Ss7Options& options);
  /// Options that have passed check(); listener and line must outlive the set. Nothing is sent before the first run_timers().
  Ss7LinkSet(const Ss7Options& options, Ss7Listener& listener, Ss7Line& line);
  ~Ss7LinkSet();
  Ss7LinkSet(const Ss7LinkSet&) = delete;
  Ss7LinkSet& operator=(const Ss7LinkSet&) = delete;

  /// A unit from a link, without FCS. Anything may be passed: what is no legal unit is counted and dropped. Units without
  /// information that are the same as the one before may be left out.
  void receive_unit(std::size_t link, std::span<const uint8_t> unit, int64_t now_ms);
  /// Units that came with a wrong FCS, and 16 octets each in which none came (Q.703 10.2).
  void unit_errors(std::size_t link, uint32_t count, int64_t now_ms);
  void link_ready(std::size_t link, int64_t now_ms);
  /// Layer 1 of a link is lost or back; up at first.
  void set_link_failed(std::size_t link, bool failed, int64_t now_ms);
  /// Layer 1 of circuits is lost or back; calls there are cleared with cause 38 by fault.
  void set_circuits_failed(std::span<const Ss7Circuit> circuits, bool failed, int64_t now_ms);
  /// The check tone is heard on a circuit.
  void check_tone_heard(Ss7Circuit circuit, int64_t now_ms);

  std::optional<int64_t> next_deadline(int64_t now_ms);
  void run_timers(int64_t now_ms);

  /// Sends IAM. Errors: kInvalid a field breaks its bounds; kUnavailable the destination cannot be reached; kBusy the circuit,
  /// or every one, is taken or blocked. A circuit that the far end seizes, resets or blocks at the same time is left for
  /// another under the same id, three times.
  Result<Ss7Seized> seize(const Ss7Seize& request, int64_t now_ms);
  // Call control. Errors: kNotFound no such call (any more); kWrongState the call cannot do that now.
  /// ACM, subscriber free; after it CPG, alerting.
  Result<> alert(Ss7Call call, int64_t now_ms);
  /// ACM without that, or CPG: something is heard before the answer.
  Result<> progress(Ss7Call call, int64_t now_ms);
  /// ANM, after an ACM.
  Result<> answer(Ss7Call call, int64_t now_ms);
  /// Who answers; goes with the answer where the caller's exchange has asked for it (Q.731 5). kNotFound, kWrongState.
  Result<> connected(Ss7Call call, const Ss7Connected& party, int64_t now_ms);
  /// REL. on_released follows when the far end has let go of the circuit.
  Result<> release(Ss7Call call, uint8_t cause, int64_t now_ms);
  /// SUS, RES by the network, for an answered call in.
  Result<> suspend(Ss7Call call, bool suspended, int64_t now_ms);
  /// China: MPM, for an answered call in.
  Result<> meter(Ss7Call call, int64_t now_ms);
  /// Refuses calls on circuits, or takes them again; calls that are there go on. One is told of by BLO or UBL, several of a
  /// group by CGB or CGU. Errors: kNotFound no such circuit.
  Result<> block(std::span<const Ss7Circuit> circuits, bool on, int64_t now_ms);
  /// RSC for one, GRS for several of a group; calls there end with cause 41 by fault.
  Result<> reset(std::span<const Ss7Circuit> circuits, int64_t now_ms);
  /// CCR and check tone on an idle circuit; on_checked follows.
  Result<> test(Ss7Circuit circuit, int64_t now_ms);

  bool up() const;
  Ss7Blocked blocked(Ss7Circuit circuit) const;
  std::size_t idle_circuits() const;
  std::vector<Ss7LinkStatus> links() const;
  std::vector<Ss7Counter> counters() const;
  std::string dump() const;

 private:
  std::unique_ptr<Ss7Core> core_;
};

}  // namespace cordboard::signalling

namespace cordboard {
template <>
struct EnumNames<signalling::Ss7ReleasedBy> {
  static constexpr std::array<std::string_view, 3> names{"remote", "local", "fault"};
};
template <>
struct EnumNames<signalling::Ss7LogLevel> {
  static constexpr std::array<std::string_view, 4> names{"debug", "info", "warn", "error"};
};
template <>
struct EnumNames<signalling::Ss7LinkState> {
  static constexpr std::array<std::string_view, 7> names{"failed",  "outOfService", "notAligned", "aligned",
                                                         "proving", "alignedReady", "inService"};
};
}  // namespace cordboard
