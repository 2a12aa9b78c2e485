// SPDX-License-Identifier: GPL-2.0-or-later
// One end of ICE-lite (RFC 8445 2.5, 7.3, 8.1.1): answers the checks of a full peer, which controls, and keeps which of its
// addresses have passed one. Sends no checks of its own; the peer's are its consent to be sent to (RFC 7675).
//
//   check from A, signed, right names ──> A may be heard ──── USE-CANDIDATE ──> A may be chosen
//                                                              the best of the chosen is where we send to
//
// Knows no socket and no clock. An address that has not passed a check is never answered, heard or sent to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rtp/address.hpp"
#include "webrtc/stun.hpp"

namespace cordboard::webrtc {

/// Of our user fragments; the peer's have 4-256 characters.
inline constexpr std::size_t kIceUfrag = 8;

struct IceNames {
  std::string local_ufrag;  // kIceUfrag characters
  std::string local_pwd;    // 22-256
  std::string remote_ufrag;
  bool operator==(const IceNames&) const = default;
};

/// The user fragment of ours that a request is for; empty: it is for nobody.
std::string_view asked_ufrag(const StunView& message);

enum class IceOutcome : uint8_t {
  kForeign,   // wrong names, wrong password, no request: nothing is answered
  kAnswered,  // with an error
  kValid,     // and answered
};

class IceLite {
 public:
  /// Addresses that are kept; what is heard from least recently goes first.
  static constexpr std::size_t kMostAddresses = 4;

  /// Other names than before are a restart (RFC 8445 9): who is heard stays so until a check with the new ones has passed.
  void set(const IceNames& names);
  const IceNames& names() const { return names_; }

  struct Answer {
    IceOutcome outcome{};
    std::size_t octets{};                 // of the response
    bool added{};                         // `from` had not passed before
    bool moved{};                         // selected() is another
    std::optional<rtp::Address> dropped;  // may not be heard any more
  };
  /// A request from `from`. The response goes to `out`, which has StunWriter::kMostWritten octets.
  /// `at`: the address of ours that was asked, where there are several; what is sent to `from` leaves from there.
  Answer take(const StunView& request, const rtp::Address& from, int64_t now_ns, std::span<uint8_t> out,
              const rtp::Address& at = {});

  /// Where to send to; not known() while the peer has chosen nothing.
  const rtp::Address& selected() const { return selected_; }
  /// … and from where; unspecified: wherever.
  rtp::Address selected_local() const;
  bool passed(const rtp::Address& from) const;
  /// What has come from there is authentic: the peer sends from there. True: selected() is another.
  bool heard(const rtp::Address& from);
  /// When a check was valid last, or set() was first called; for consent.
  int64_t consent_ns() const { return consent_ns_; }
  void begin(int64_t now_ns) { consent_ns_ = now_ns; }
  /// Nothing is sent to anybody any more, until a check has chosen again.
  void leave() { selected_ = {}; }

 private:
  struct Known {
    rtp::Address address;
    rtp::Address local;
    uint32_t priority{};
    uint32_t generation{};
    int64_t checked_ns{};
    bool nominated{};
  };
  Known& place_of(const rtp::Address& from, Answer& answer);
  bool choose(const Known& candidate, int64_t now_ns);

  IceNames names_;
  uint32_t generation_{};
  std::array<Known, kMostAddresses> known_{};
  rtp::Address selected_;
  int64_t consent_ns_{};
};

}  // namespace cordboard::webrtc
