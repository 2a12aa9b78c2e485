// SPDX-License-Identifier: GPL-2.0-or-later
#include "rtp/rtcp.hpp"

#include <algorithm>
#include <cstring>

#include "rtp/packet.hpp"

namespace cordboard::rtp {

namespace {

enum Type : uint8_t { kSr = 200, kRr = 201, kSdes = 202, kBye = 203, kXr = 207 };
constexpr uint8_t kCname = 1;
constexpr uint8_t kVoipMetricsBlock = 7;
constexpr std::size_t kHeader = 4;
constexpr std::size_t kBlock = 24;
constexpr std::size_t kSenderInfo = 20;
constexpr std::size_t kVoipOctets = 36;  // with the block's own header

constexpr std::size_t to_words(std::size_t octets) { return (octets + 3) / 4 * 4; }

/// RFC 3550 A.2: versions, lengths that add up, padding on the last alone, a report first.
bool is_compound(std::span<const uint8_t> octets) {
  if (octets.size() > kMaxDatagram || octets.size() < 8 || octets.size() % 4 != 0) return false;
  if (octets[1] != kSr && octets[1] != kRr) return false;
  std::size_t at = 0;
  while (at < octets.size()) {
    if (octets.size() - at < kHeader || octets[at] >> 6 != 2) return false;
    const std::size_t length = 4U * (read16(&octets[at + 2]) + 1U);
    if (length > octets.size() - at) return false;
    if ((octets[at] & 0x20) != 0 && at + length < octets.size()) return false;
    at += length;
  }
  return true;
}

SenderInfo read_sender(const uint8_t* p) {
  return {uint64_t{read32(p)} << 32 | read32(p + 4), read32(p + 8), read32(p + 12), read32(p + 16)};
}

ReportBlock read_block(const uint8_t* p) {
  const auto lost = static_cast<int32_t>(read24(p + 5) << 8) >> 8;  // with its sign
  return {read32(p), p[4], lost, read32(p + 8), read32(p + 12), read32(p + 16), read32(p + 20)};
}

void write_block(const ReportBlock& block, uint8_t* p) {
  write32(p, block.ssrc);
  p[4] = block.fraction_lost;
  write24(p + 5, static_cast<uint32_t>(std::clamp(block.lost, -0x800000, 0x7FFFFF)) & 0xFFFFFF);
  write32(p + 8, block.highest);
  write32(p + 12, block.jitter);
  write32(p + 16, block.last_sr);
  write32(p + 20, block.delay);
}

bool read_report(std::span<const uint8_t> body, std::size_t count, bool sender, ControlPacket& out) {
  const std::size_t before = 4 + (sender ? kSenderInfo : 0);
  if (body.size() < before + count * kBlock) return false;
  if (sender && read32(body.data()) == out.ssrc) out.sender = read_sender(body.data() + 4);
  for (std::size_t i = 0; i < count && out.block_count < ControlPacket::kMaxBlocks; ++i) {
    out.blocks[out.block_count++] = read_block(body.data() + before + i * kBlock);
  }
  return true;
}

/// Chunks of an SSRC and items, which end with a 0 and fill whole words (RFC 3550 6.5).
bool read_descriptions(std::span<const uint8_t> body, std::size_t count, ControlPacket& out) {
  std::size_t at = 0;
  for (std::size_t chunk = 0; chunk < count; ++chunk) {
    if (body.size() - at < 8) return false;
    const uint32_t ssrc = read32(body.data() + at);
    std::size_t item = at + 4;
    while (true) {
      if (item >= body.size()) return false;
      const uint8_t type = body[item];
      if (type == 0) break;
      if (body.size() - item < 2 || body.size() - item - 2 < body[item + 1]) return false;
      if (type == kCname && ssrc == out.ssrc) {
        out.cname = {reinterpret_cast<const char*>(body.data() + item + 2), body[item + 1]};
      }
      item += 2U + body[item + 1];
    }
    at = to_words(item + 1);
    if (at > body.size()) return false;
  }
  return true;
}

bool read_bye(std::span<const uint8_t> body, std::size_t count, ControlPacket& out) {
  if (body.size() < 4 * count) return false;
  for (std::size_t i = 0; i < count && out.bye_count < ControlPacket::kMaxByes; ++i) {
    out.byes[out.bye_count++] = read32(body.data() + 4 * i);
  }
  return true;
}

bool read_extended(std::span<const uint8_t> body, ControlPacket& out) {
  if (body.size() < 4) return false;
  std::size_t at = 4;
  while (body.size() - at >= 4) {
    const uint8_t* const p = body.data() + at;
    const std::size_t length = 4U * (read16(p + 2) + 1U);
    if (length > body.size() - at) return false;
    if (p[0] == kVoipMetricsBlock && length == kVoipOctets) {
      out.voip = VoipMetrics{read32(p + 4), p[24]};
    }
    at += length;
  }
  return true;
}

}  // namespace

bool parse_control(std::span<const uint8_t> octets, ControlPacket& out) {
  if (!is_compound(octets)) return false;
  out = {};
  out.ssrc = read32(&octets[4]);
  std::size_t at = 0;
  while (at < octets.size()) {
    const std::size_t length = 4U * (read16(&octets[at + 2]) + 1U);
    const std::size_t count = octets[at] & 31U;
    auto body = octets.subspan(at + kHeader, length - kHeader);
    if ((octets[at] & 0x20) != 0) {
      const uint8_t padding = octets.back();
      if (padding == 0 || padding % 4 != 0 || padding > body.size()) return false;
      body = body.first(body.size() - padding);
    }
    bool good = true;
    switch (octets[at + 1]) {
      case kSr:
        good = read_report(body, count, true, out);
        break;
      case kRr:
        good = read_report(body, count, false, out);
        break;
      case kSdes:
        good = read_descriptions(body, count, out);
        break;
      case kBye:
        good = read_bye(body, count, out);
        break;
      case kXr:
        good = read_extended(body, out);
        break;
      default:
        break;
    }
    if (!good) return false;
    at += length;
  }
  return true;
}

/// Room for a packet of `octets`, which fill whole words, with its header written; null when there is none.
uint8_t* ControlWriter::begin(uint8_t type, std::size_t count, std::size_t octets) {
  failed_ = failed_ || count > 31 || octets > out_.size() - used_;
  if (failed_) return nullptr;
  uint8_t* const p = out_.data() + used_;
  std::memset(p, 0, octets);
  p[0] = static_cast<uint8_t>(0x80 | count);
  p[1] = type;
  write16(p + 2, static_cast<uint16_t>(octets / 4 - 1));
  used_ += octets;
  return p + kHeader;
}

void ControlWriter::report(uint32_t ssrc, const SenderInfo* sender, std::span<const ReportBlock> blocks) {
  const bool sends = sender != nullptr;
  const std::size_t octets = kHeader + 4 + (sends ? kSenderInfo : 0) + kBlock * blocks.size();
  uint8_t* p = begin(sends ? kSr : kRr, blocks.size(), octets);
  if (p == nullptr) return;
  write32(p, ssrc);
  p += 4;
  if (sends) {
    write32(p, static_cast<uint32_t>(sender->ntp >> 32));
    write32(p + 4, static_cast<uint32_t>(sender->ntp));
    write32(p + 8, sender->timestamp);
    write32(p + 12, sender->packets);
    write32(p + 16, sender->octets);
    p += kSenderInfo;
  }
  for (const auto& block : blocks) {
    write_block(block, p);
    p += kBlock;
  }
}

void ControlWriter::cname(uint32_t ssrc, std::string_view name) {
  name = name.substr(0, 255);
  uint8_t* const p = begin(kSdes, 1, to_words(kHeader + 4 + 2 + name.size() + 1));
  if (p == nullptr) return;
  write32(p, ssrc);
  p[4] = kCname;
  p[5] = static_cast<uint8_t>(name.size());
  name.copy(reinterpret_cast<char*>(p + 6), name.size());
}

void ControlWriter::bye(uint32_t ssrc, std::string_view reason) {
  reason = reason.substr(0, 255);
  uint8_t* const p = begin(kBye, 1, kHeader + 4 + (reason.empty() ? 0 : to_words(1 + reason.size())));
  if (p == nullptr) return;
  write32(p, ssrc);
  if (reason.empty()) return;
  p[4] = static_cast<uint8_t>(reason.size());
  reason.copy(reinterpret_cast<char*>(p + 5), reason.size());
}

std::optional<double> round_trip(const ReportBlock& block, uint32_t now_middle) {
  if (block.last_sr == 0) return std::nullopt;
  const auto units = static_cast<int32_t>(now_middle - block.last_sr - block.delay);
  constexpr int32_t kMost = 10 * 65536;
  // A clock that is read in 1/65536 s here and there may be a few units short on a fast network.
  if (units < -65 || units > kMost) return std::nullopt;
  return std::max(units, 0) / 65536.0;
}

}  // namespace cordboard::rtp
