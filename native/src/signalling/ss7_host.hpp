// SPDX-License-Identifier: GPL-2.0-or-later
// What libss7 asks of its surroundings. It is written for descriptors and the wall clock; in the copy that is linked here
// (cmake/ss7.cmake) those calls end in ss7_host.cpp, which hands them to whoever has entered the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

struct ss7;

namespace cordboard::signalling {

/// What one stack has allocated. The library forgets its links and routes when it is destroyed, and in a few places reads a
/// call that it has just freed: so what is freed lives until the library is left, and what is left goes with the stack.
class Ss7Memory {
 public:
  Ss7Memory() = default;
  ~Ss7Memory();
  Ss7Memory(const Ss7Memory&) = delete;
  Ss7Memory& operator=(const Ss7Memory&) = delete;

  /// Zeroed. Null when so many blocks are in use that something must have gone wrong.
  void* take(std::size_t bytes);
  /// False: it is not in use; nothing is done.
  bool give(void* block);
  /// From now on: the latest block of this size that was taken, as long as it is in use. Null: none.
  void watch(std::size_t bytes);
  void* watched() const { return watched_; }
  std::size_t latest_bytes() const { return latest_bytes_; }
  void bury();
  std::size_t blocks() const { return live_.size(); }

 private:
  static constexpr std::size_t kMostBlocks = 16384;
  std::unordered_set<void*> live_;
  std::vector<void*> buried_;
  std::size_t latest_bytes_{};
  std::size_t watched_bytes_{};
  void* watched_{};
};

class Ss7Host {
 public:
  virtual int64_t now_ms() = 0;
  /// The unit that ss7_read() was called for, without its FCS.
  virtual std::span<const uint8_t> unit(int link) = 0;
  virtual void write_unit(int link, std::span<const uint8_t> unit) = 0;
  /// A message in sequence, from the service information octet on: what the library is to be told in its place. Empty:
  /// nothing.
  virtual std::vector<uint8_t> receive(std::span<const uint8_t> message) = 0;
  /// The library has read the ISUP message that it was told.
  virtual void has_read(uint16_t circuit) = 0;
  /// An ISUP message on its way out, from the circuit code on; may be changed, not its length.
  virtual void transmit(std::span<uint8_t> message) = 0;
  virtual Ss7Memory& memory() = 0;

 protected:
  ~Ss7Host() = default;
};

/// As long as it lives, the library called on this thread asks this host. They nest.
class Ss7Entry {
 public:
  explicit Ss7Entry(Ss7Host& host);
  ~Ss7Entry();
  Ss7Entry(const Ss7Entry&) = delete;
  Ss7Entry& operator=(const Ss7Entry&) = delete;

 private:
  Ss7Host* const before_;
};

/// States of level 2 (Q.703 figure 2) as the library numbers them.
enum Mtp2State : int {
  kMtp2Idle,
  kMtp2NotAligned,
  kMtp2Aligned,
  kMtp2Proving,
  kMtp2AlignedReady,
  kMtp2InService,
  kMtp2Alarm
};

/// What is to be known of a link, and put right in it. Pointers into the library's own state, valid as long as the stack.
class Ss7LinkView {
 public:
  Ss7LinkView() = default;
  /// False: the library is another one than this was written for.
  bool attach(::ss7* stack, int link, int code);
  int state() const;
  /// The link test (Q.707) has succeeded.
  bool tested() const;
  bool inhibited() const;
  /// Traffic of this link goes elsewhere, or is about to (Q.704 5 and 6).
  bool changed_over() const;
  /// Stops the timers of level 2, which a failure leaves running, and forgets what was last received, without which a second
  /// alignment waits for a change.
  void forget();
  void forget_received();
  /// What the library sends again next may be acknowledged, and freed, before it has: then the oldest that is left comes next.
  void mend_retransmission();
  /// Before traffic goes to another link: throws away what the far end has, `sequence` the last of it, and puts the rest in
  /// the order in which it was sent; the library keeps it the latest first, and would send it so. False: nothing was asked
  /// of the far end that this could be the answer to.
  bool order_unacknowledged(uint8_t sequence, bool answer);

 private:
  ::ss7* stack_{};
  void* link_{};
};

/// Sends an ISUP message that the library cannot; `message` from the circuit code on, at most 260 octets. False: no link.
bool ss7_send_isup(::ss7* stack, uint32_t own, uint32_t destination, std::span<const uint8_t> message);

}  // namespace cordboard::signalling
