// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of the ISDN user part (Q.763) as far as calls need them, and routing labels in both lengths. What comes from the
// other exchange is read here, whole or not at all, before the library is told of it in the shortest form there is: the
// library copies what it is given into fields of fixed length.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cordboard::signalling {

/// Q.763 table 4; the last three are of China (YDN 038).
enum class IsupType : uint8_t {
  kIam = 0x01,
  kSam = 0x02,
  kCot = 0x05,
  kAcm = 0x06,
  kCon = 0x07,
  kAnm = 0x09,
  kRel = 0x0c,
  kSus = 0x0d,
  kRes = 0x0e,
  kRlc = 0x10,
  kCcr = 0x11,
  kRsc = 0x12,
  kBlo = 0x13,
  kUbl = 0x14,
  kBla = 0x15,
  kUba = 0x16,
  kGrs = 0x17,
  kCgb = 0x18,
  kCgu = 0x19,
  kCgba = 0x1a,
  kCgua = 0x1b,
  kGra = 0x29,
  kCpg = 0x2c,
  kUcic = 0x2e,
  kClearChina = 0xfc,     // CCL: the calling party has hung up, the called party holds the call
  kMeterChina = 0xfd,     // MPM: metering pulses
  kOperatorChina = 0xfe,  // OPR: an operator rings again, or clears by force
};

constexpr uint8_t kMostRange = 31;  // of a group message: so many circuits and one more

/// Addresses of Q.763 3.9, 3.10, 3.44.
struct IsupNumber {
  std::string digits;      // 0-9, * and # for codes 11 and 12
  uint8_t nature{};        // 1 subscriber, 2 unknown, 3 national, 4 international
  uint8_t presentation{};  // 0 allowed, 1 restricted, 2 not available
  bool ended{};            // ST was sent
};

struct IsupMessage {
  uint16_t circuit{};  // code, 0-4095
  IsupType type{};
  uint8_t continuity{};  // IAM: 1 on this circuit, 2 on one before it
  uint8_t category{};    // IAM: of the calling party (Q.763 3.11)
  IsupNumber called;     // IAM; SAM: what is added
  IsupNumber calling;    // empty digits: none
  IsupNumber redirecting;
  IsupNumber original;           // IAM: who was called first (Q.763 3.39)
  IsupNumber connected;          // ANM, CON: who answers (Q.763 3.16)
  uint8_t redirection_reason{};  // IAM: 1 busy, 2 no reply, 3 unconditional (Q.763 3.45)
  bool asks_connected{};         // IAM: who answers is to be told (Q.763 3.38)
  uint8_t status{};              // ACM, CON: 1 the called party is free
  bool inband{};                 // ACM, CPG: something is heard
  uint8_t event{};               // CPG: 1 alerting, 2 progress, 3 in-band
  uint8_t cause{};               // REL
  bool passed{};                 // COT
  bool network{};                // SUS, RES: by the network
  uint8_t supervision{};         // group blocking: 0 maintenance, 1 hardware failure
  uint8_t range{};               // group: circuits behind the first
  uint32_t circuits{};           // group: bit n is circuit + n
};

/// From the circuit code on. Nothing: no message of these types, or not in form.
std::optional<IsupMessage> parse_isup(std::span<const uint8_t> message);
/// What the library is told of it: parts that it does not need are left out.
std::vector<uint8_t> short_isup(const IsupMessage& about, std::span<const uint8_t> message);
/// True: the message speaks of a group of circuits.
bool is_group(IsupType type);

/// Which code of 14 bits stands for which of 24 while the library has it; as they are where codes have 14 bits.
class Ss7Codes {
 public:
  Ss7Codes(bool wide, std::vector<uint32_t> codes);
  bool wide() const { return wide_; }
  /// 0 when it is not one of ours.
  uint32_t inner(uint32_t code) const;
  uint32_t outer(uint32_t inner) const;

  struct Label {
    uint32_t destination{};  // as on the line
    uint32_t origin{};
    uint8_t selection{};
  };
  std::size_t label_octets() const { return wide_ ? 7 : 4; }
  std::optional<Label> read(std::span<const uint8_t> information) const;
  /// A whole unit of the library's as it goes to the line. Empty: it speaks of a code that nobody knows.
  std::vector<uint8_t> to_line(std::span<const uint8_t> unit) const;

 private:
  const bool wide_;
  std::vector<uint32_t> codes_;  // rising: who has the higher code decides between two seizures
};

/// Four octets.
void put_narrow_label(std::vector<uint8_t>& into, uint32_t destination, uint32_t origin, uint8_t selection);

/// The length that a unit says is the length that it has (Q.703 2.3.3).
bool is_signal_unit(std::span<const uint8_t> unit);

}  // namespace cordboard::signalling
