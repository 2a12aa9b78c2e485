// SPDX-License-Identifier: GPL-2.0-or-later
// T.30 over T.38 in place of modems: spandsp's t38_terminal_state_t on a wire for datagrams.
//
//   wire ── UdptlReceiver ── IFP, looked at ──> t38_terminal ──> T.30
//   wire <── UdptlSender <── IFP <── paced by the block ────────┘
//
// The last packet before a pause has none behind it that would make it good, so it is sent again in each of the blocks
// of the pause, as often as T.38 says of it (indicators and ends of data thrice): 20 ms apart, they outlive a burst of losses that
// would take them all at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "media/udptl.hpp"

struct t38_terminal_state_s;
struct t38_core_state_s;
struct t30_state_s;

namespace cordboard::media {

/// What carries datagrams to and from the other end; for the thread of the end.
class T38Wire {
 public:
  virtual ~T38Wire() = default;
  virtual void send(std::span<const uint8_t> datagram) = 0;
  /// Octets of the next that has come, 0 when there is none for now. Larger ones may be cut short. Whether it was good
  /// is said by heard().
  virtual std::size_t receive(std::span<uint8_t> datagram) = 0;
  /// The latest was UDPTL: where it came from is where the other end is.
  virtual void heard() {}
  /// Datagrams from others than the other end.
  virtual uint64_t foreign() const { return 0; }
};

/// What was agreed upon by SDP (T.38 annex D).
struct T38Settings {
  uint32_t version = 0;
  uint32_t max_bit_rate = 14400;
  bool fill_bit_removal = false;
  bool transferred_tcf = true;  // else localTCF
  UdptlSender::Settings udptl;
};

struct T38Counts {
  uint64_t sent;       // datagrams, repeated ones too
  uint64_t received;   // datagrams that were UDPTL
  uint64_t malformed;  // datagrams and IFPs that were none
  uint64_t lost;       // IFPs
  uint64_t recovered;  // IFPs
  uint64_t foreign;    // datagrams from elsewhere
};

class T38End {
 public:
  T38End(const T38Settings& settings, std::unique_ptr<T38Wire> wire);
  ~T38End();
  T38End(const T38End&) = delete;
  T38End& operator=(const T38End&) = delete;

  /// False without memory.
  bool open(bool calling);
  t30_state_s* t30() const;

  /// The beginning of a block: takes what has come. Then take_one() until it is false, then send().
  void receive();
  /// Hands one IFP to T.30; false when there is none for now.
  bool take_one();
  /// The end of a block of `samples` samples: lets T.30 send and its clock run on. After the end of the call only what is to be repeated is sent.
  void send(int samples, bool over);
  /// Sends what is still to be repeated.
  void flush();

  T38Counts counts() const;

 private:
  /// Datagrams a block; more than T.38 has any use for are left to the wire.
  static constexpr int kMostDatagrams = 64;

  struct Free {
    void operator()(t38_terminal_state_s* terminal) const;
  };
  static int on_packet(t38_core_state_s* core, void* self, const uint8_t* ifp, int length, int times);
  void repeat();

  const T38Settings settings_;
  const std::unique_ptr<T38Wire> wire_;
  UdptlSender sender_;
  UdptlReceiver receiver_;
  std::unique_ptr<t38_terminal_state_s, Free> terminal_;
  std::vector<uint8_t> latest_;
  int repeats_{};
  bool sent_{};                                  // in this block
  std::array<uint8_t, kMaxUdptl + 1> datagram_;  // one more, so that one that is cut short is seen to be too long
  T38Counts counts_{};
};

}  // namespace cordboard::media
