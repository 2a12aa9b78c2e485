// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary's enumerations, with the names they have outside, and the bounds that many fields share.
#pragma once

#include "base/describe.hpp"

namespace cordboard::engine {
enum class SpanSignalling : uint8_t { kPri, kR2, kSs7 };
/// Whose ISUP, and how long its point codes are.
enum class Ss7Variant : uint8_t { kItu, kChina };
/// Of a signalling link (Q.703 figure 2).
enum class LinkState : uint8_t { kFailed, kOutOfService, kNotAligned, kAligned, kProving, kAlignedReady, kInService };
enum class PriSide : uint8_t { kUser, kNetwork };
enum class CallingCategory : uint8_t {
  kUnknown,
  kOrdinary,
  kPriority,
  kInternational,
  kInternationalPriority,
  kCollect,
  kTest
};
enum class AnalogKind : uint8_t { kFxs, kFxo };
/// What carries a span or an analog port.
enum class CardKind : uint8_t { kVirtual, kDahdi };
/// What a channel of a board is configured for in the driver.
enum class ChannelUse : uint8_t { kNone, kSpeech, kFrames, kCas, kStation, kLine, kOther };
enum class CableKind : uint8_t { kE1, kAnalog };
enum class LegKind : uint8_t { kTimeslot, kStation, kLine, kSip };
enum class LegState : uint8_t { kIdle, kSeizing, kOffered, kAlerting, kAnswered, kReleasing, kReleased };
enum class LegProgress : uint8_t { kProceeding, kAlerting, kInband };
enum class ReleasedBy : uint8_t { kRemote, kLocal, kFault };
enum class DigitSource : uint8_t { kTone, kOverlap, kEvent };
enum class SeatRole : uint8_t { kTalk, kListen, kWhisper };
enum class PlayEnd : uint8_t { kFinished, kStopped, kReplaced, kReleased };
enum class AlarmKind : uint8_t { kLos, kRed, kYellow, kAis };
enum class RecordingEnd : uint8_t { kStopped, kReleased, kFailed };
enum class R2Direction : uint8_t { kForward, kBackward };
enum class FaxToneKind : uint8_t { kCalling, kAnswer, kFlags };
enum class AnswerVerdict : uint8_t { kUnknown, kPerson, kMachine, kFax, kTone, kSilence };
enum class CallerIdMode : uint8_t { kNone, kBell202, kV23, kDtmf, kAuto };
enum class ProbePattern : uint8_t { kO151, kO152 };
enum class DiskState : uint8_t { kGood, kSlow, kFull, kFailed };
enum class StreamCodec : uint8_t { kPcma, kPcmu, kG722, kOpus, kComfortNoise };
enum class StreamDirection : uint8_t { kSendReceive, kSendOnly, kReceiveOnly, kInactive };
enum class T38Correction : uint8_t { kNone, kRedundancy, kFec };
enum class StreamFingerprintHash : uint8_t { kSha256, kSha384, kSha512 };
enum class StreamLoss : uint8_t { kConsent, kHandshake, kClosed };
enum class StreamSrtpSuite : uint8_t {
  kAesCm128HmacSha1_80,
  kAesCm128HmacSha1_32,
  kAes256CmHmacSha1_80,
  kAes256CmHmacSha1_32,
  kAeadAes128Gcm,
  kAeadAes256Gcm
};

}  // namespace cordboard::engine

namespace cordboard {
using engine::AlarmKind, engine::ProbePattern, engine::AnalogKind, engine::AnswerVerdict, engine::CallerIdMode, engine::CardKind, engine::ChannelUse, engine::FaxToneKind,
    engine::R2Direction, engine::CableKind, engine::DigitSource, engine::DiskState, engine::LegKind, engine::LegProgress,
    engine::LegState, engine::PlayEnd, engine::PriSide, engine::RecordingEnd, engine::ReleasedBy, engine::SeatRole,
    engine::SpanSignalling, engine::Ss7Variant, engine::LinkState, engine::CallingCategory, engine::StreamCodec, engine::StreamDirection, engine::StreamSrtpSuite, engine::StreamFingerprintHash, engine::StreamLoss, engine::T38Correction;
template <> struct EnumNames<SpanSignalling> { static constexpr std::array<std::string_view, 3> names{"pri", "r2", "ss7"}; };
template <> struct EnumNames<Ss7Variant> { static constexpr std::array<std::string_view, 2> names{"itu", "china"}; };
template <> struct EnumNames<LinkState> {
  static constexpr std::array<std::string_view, 7> names{"failed",  "outOfService", "notAligned", "aligned",
                                                         "proving", "alignedReady", "inService"};
};
template <> struct EnumNames<CallingCategory> {
  static constexpr std::array<std::string_view, 7> names{
      "unknown", "ordinary", "priority", "international", "internationalPriority", "collect", "test"};
};
template <> struct EnumNames<PriSide> { static constexpr std::array<std::string_view, 2> names{"user", "network"}; };
template <> struct EnumNames<AnalogKind> { static constexpr std::array<std::string_view, 2> names{"fxs", "fxo"}; };
template <> struct EnumNames<CardKind> { static constexpr std::array<std::string_view, 2> names{"virtual", "dahdi"}; };
template <> struct EnumNames<ChannelUse> {
  static constexpr std::array<std::string_view, 7> names{"none", "speech", "frames", "cas", "station", "line", "other"};
};
template <> struct EnumNames<CableKind> { static constexpr std::array<std::string_view, 2> names{"e1", "analog"}; };
template <> struct EnumNames<LegKind> {
  static constexpr std::array<std::string_view, 4> names{"timeslot", "station", "line", "sip"};
};
template <> struct EnumNames<LegState> {
  static constexpr std::array<std::string_view, 7> names{"idle",     "seizing",   "offered", "alerting",
                                                         "answered", "releasing", "released"};
};
template <> struct EnumNames<LegProgress> {
  static constexpr std::array<std::string_view, 3> names{"proceeding", "alerting", "inband"};
};
template <> struct EnumNames<ReleasedBy> {
  static constexpr std::array<std::string_view, 3> names{"remote", "local", "fault"};
};
template <> struct EnumNames<DigitSource> {
  static constexpr std::array<std::string_view, 3> names{"tone", "overlap", "event"};
};
template <> struct EnumNames<SeatRole> {
  static constexpr std::array<std::string_view, 3> names{"talk", "listen", "whisper"};
};
template <> struct EnumNames<PlayEnd> {
  static constexpr std::array<std::string_view, 4> names{"finished", "stopped", "replaced", "released"};
};
template <> struct EnumNames<AlarmKind> {
  static constexpr std::array<std::string_view, 4> names{"los", "red", "yellow", "ais"};
};
template <> struct EnumNames<R2Direction> {
  static constexpr std::array<std::string_view, 2> names{"forward", "backward"};
};
template <> struct EnumNames<FaxToneKind> {
  static constexpr std::array<std::string_view, 3> names{"calling", "answer", "flags"};
};
template <> struct EnumNames<AnswerVerdict> {
  static constexpr std::array<std::string_view, 6> names{"unknown", "person", "machine", "fax", "tone", "silence"};
};
template <> struct EnumNames<CallerIdMode> {
  static constexpr std::array<std::string_view, 5> names{"none", "bell202", "v23", "dtmf", "auto"};
};
template <> struct EnumNames<ProbePattern> {
  static constexpr std::array<std::string_view, 2> names{"o151", "o152"};
};
template <> struct EnumNames<DiskState> {
  static constexpr std::array<std::string_view, 4> names{"good", "slow", "full", "failed"};
};
template <> struct EnumNames<StreamCodec> {
  static constexpr std::array<std::string_view, 5> names{"PCMA", "PCMU", "G722", "opus", "CN"};
};
template <> struct EnumNames<StreamDirection> {
  static constexpr std::array<std::string_view, 4> names{"sendrecv", "sendonly", "recvonly", "inactive"};
};
template <> struct EnumNames<T38Correction> {
  static constexpr std::array<std::string_view, 3> names{"none", "redundancy", "fec"};
};
template <> struct EnumNames<StreamFingerprintHash> {
  static constexpr std::array<std::string_view, 3> names{"sha-256", "sha-384", "sha-512"};
};
template <> struct EnumNames<StreamLoss> {
  static constexpr std::array<std::string_view, 3> names{"consent", "handshake", "closed"};
};
template <> struct EnumNames<StreamSrtpSuite> {
  static constexpr std::array<std::string_view, 6> names{"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32",
                                                         "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32",
                                                         "AEAD_AES_128_GCM",        "AEAD_AES_256_GCM"};
};
template <> struct EnumNames<RecordingEnd> {
  static constexpr std::array<std::string_view, 3> names{"stopped", "released", "failed"};
};
}  // namespace cordboard

namespace cordboard::engine {

constexpr Range kId = range(1, 4294967295.0);
constexpr Range kPort = range(0, 65535);
constexpr Range kAddress = range(2, 45);  // the text of an IPv4 or IPv6 address
constexpr Range kNumber = range(0, 32);    // digits of a telephone number, Q.931 4.5.8 carries at most what fits an IE
constexpr Range kName = range(0, 64);
constexpr Range kPath = range(1, 4096);

}  // namespace cordboard::engine
