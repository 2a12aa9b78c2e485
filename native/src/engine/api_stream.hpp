// SPDX-License-Identifier: GPL-2.0-or-later
// The boundary: RTP streams. A stream is the media of a leg whose signalling the host speaks (SIP): the host opens it for
// an address to write into its offer or answer, tells what the other side has said, and does with its port what it does
// with any other.
//
//   stream.open ──> leg, rtpPort ──> SDP out     SDP in ──> stream.update … stream.update     leg.release ──> stream.ended
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/api_types.hpp"

namespace cordboard::engine {

constexpr Range kPayloadType = range(0, 127);

struct StreamOpen {
  bool incoming{};
  std::string remoteAddress;
  uint32_t remotePort{};
  std::string latchAddress;
  static constexpr auto fields() {
    return std::tuple{
        field("incoming", &StreamOpen::incoming, "the other side has called: the leg is offered, otherwise seizing"),
        optional_field("remoteAddress", &StreamOpen::remoteAddress,
                       "where the other side's RTP will come from, when its offer has said so", range(0, 45)),
        optional_field("remotePort", &StreamOpen::remotePort, "its port; 0: not known", range(0, 65535)),
        optional_field("latchAddress", &StreamOpen::latchAddress,
                       "where its signalling comes from, when that is known: stream.update may say so later",
                       range(0, 45))};
  }
};
struct StreamOpened {
  uint32_t leg{};
  uint32_t port{};
  std::string address;
  uint32_t rtpPort{};
  uint32_t rtcpPort{};
  std::optional<uint32_t> webrtcPort;
  static constexpr auto fields() {
    return std::tuple{field("leg", &StreamOpened::leg, "the new leg"), field("port", &StreamOpened::port, "its bus port"),
                      field("address", &StreamOpened::address, "that the sockets are bound to, as configured"),
                      field("rtpPort", &StreamOpened::rtpPort, "UDP port for RTP, even"),
                      field("rtcpPort", &StreamOpened::rtcpPort, "UDP port for RTCP, the next"),
                      optional_field("webrtcPort", &StreamOpened::webrtcPort,
                                     "UDP port for everything, should the other side be a browser")};
  }
};

struct StreamCodecChosen {
  StreamCodec name{};
  uint32_t payloadType{};
  uint32_t ptimeMs = 20;
  static constexpr auto fields() {
    return std::tuple{field("name", &StreamCodecChosen::name, "any but CN"),
                      field("payloadType", &StreamCodecChosen::payloadType, "of packets sent", kPayloadType),
                      optional_field("ptimeMs", &StreamCodecChosen::ptimeMs, "audio in a packet sent, ms, a multiple of 10",
                                     range(10, 120))};
  }
};
struct StreamPayload {
  StreamCodec name{};
  uint32_t payloadType{};
  static constexpr auto fields() {
    return std::tuple{field("name", &StreamPayload::name, "what it stands for"),
                      field("payloadType", &StreamPayload::payloadType, "of packets received", kPayloadType)};
  }
};
struct StreamTelephoneEvent {
  std::optional<uint32_t> send;
  std::optional<uint32_t> receive;
  uint32_t clockHz = 8000;
  static constexpr auto fields() {
    return std::tuple{
        optional_field("send", &StreamTelephoneEvent::send, "payload type of digits sent; left out: sent as tones",
                       kPayloadType),
        optional_field("receive", &StreamTelephoneEvent::receive, "payload type of digits received", kPayloadType),
        optional_field("clockHz", &StreamTelephoneEvent::clockHz, "of the payload types, 8000 or 48000",
                       range(8000, 48000))};
  }
};
struct StreamSrtp {
  StreamSrtpSuite suite{};
  std::string sendKeyHex;
  std::string receiveKeyHex;
  static constexpr auto fields() {
    return std::tuple{field("suite", &StreamSrtp::suite, "of the crypto attribute (RFC 4568)"),
                      field("sendKeyHex", &StreamSrtp::sendKeyHex,
                            "our master key and salt in hexadecimal: 30, 46, 28 or 44 octets as the suite says",
                            range(56, 92)),
                      field("receiveKeyHex", &StreamSrtp::receiveKeyHex, "the other side's", range(56, 92))};
  }
};

/// ICE and DTLS with a browser, which has the active part in both (RFC 8445, RFC 5763).
struct StreamWebRtc {
  std::string localUfrag;
  std::string localPwd;
  std::string remoteUfrag;
  StreamFingerprintHash fingerprintHash{};
  std::string fingerprintHex;
  static constexpr auto fields() {
    return std::tuple{
        field("localUfrag", &StreamWebRtc::localUfrag, "ours, of this stream alone; another than before restarts ICE",
              range(8, 8)),
        field("localPwd", &StreamWebRtc::localPwd, "ours", range(22, 256)),
        field("remoteUfrag", &StreamWebRtc::remoteUfrag, "the browser's", range(4, 256)),
        field("fingerprintHash", &StreamWebRtc::fingerprintHash, "of its certificate (RFC 8122 5)"),
        field("fingerprintHex", &StreamWebRtc::fingerprintHex, "hexadecimal, without colons", range(64, 128))};
  }
};

/// What has been agreed upon, all of it each time: what is left out is not any more. May be said again and again; what
/// stays the same is not disturbed, and SSRC and sequence numbers go on.
struct StreamUpdate {
  uint32_t leg{};
  std::string remoteAddress;
  uint32_t remotePort{};
  std::optional<uint32_t> remoteRtcpPort;
  bool rtcpMux{};
  StreamCodecChosen codec;
  std::vector<StreamPayload> receive;
  std::optional<StreamTelephoneEvent> telephoneEvent;
  StreamDirection direction{};
  std::optional<StreamSrtp> srtp;
  std::optional<StreamWebRtc> webrtc;
  bool latch{};
  std::string latchAddress;
  uint32_t timeoutMs = 30000;
  static constexpr auto fields() {
    return std::tuple{
        field("leg", &StreamUpdate::leg, "the leg", kId),
        field("remoteAddress", &StreamUpdate::remoteAddress, "where RTP goes and comes from, as its SDP says: digits",
              kAddress),
        field("remotePort", &StreamUpdate::remotePort, "its port; 0: nothing is sent and nothing heard", range(0, 65535)),
        optional_field("remoteRtcpPort", &StreamUpdate::remoteRtcpPort, "default the next (RFC 3605)", range(1, 65535)),
        optional_field("rtcpMux", &StreamUpdate::rtcpMux, "RTCP on the port of RTP (RFC 5761)"),
        field("codec", &StreamUpdate::codec, "what is sent"),
        field("receive", &StreamUpdate::receive, "what is understood; anything else is dropped and counted", range(1, 7)),
        optional_field("telephoneEvent", &StreamUpdate::telephoneEvent, "digits as events (RFC 4733)"),
        optional_field("direction", &StreamUpdate::direction, "as seen from here; default sendrecv"),
        optional_field("srtp", &StreamUpdate::srtp, "only SRTP is sent and understood, with these keys"),
        optional_field("webrtc", &StreamUpdate::webrtc,
                       "the other side is a browser: address, keys and RTCP's port are found by ICE and DTLS, whatever is "
                       "said of them here; not to be changed in a stream"),
        optional_field("latch", &StreamUpdate::latch,
                       "the other side may be behind a NAT: another source is taken once, and from latchAddress alone"),
        optional_field("latchAddress", &StreamUpdate::latchAddress,
                       "where its signalling comes from, in digits; left out: as said last, here or in stream.open",
                       range(0, 45)),
        optional_field("timeoutMs", &StreamUpdate::timeoutMs, "stream.timeout after so long without a packet; 0: never",
                       range(0, 3600000))};
  }
};
struct StreamUpdated {
  std::optional<uint32_t> conflict;
  static constexpr auto fields() {
    return std::tuple{optional_field("conflict", &StreamUpdated::conflict,
                                     "another stream has that remote on this port, so the stream has another: a new "
                                     "rtpPort to be told to the other side (the next is for RTCP)")};
  }
};

struct StreamStatisticsGet {
  uint32_t leg{};
  static constexpr auto fields() { return std::tuple{field("leg", &StreamStatisticsGet::leg, "the leg", kId)}; }
};
/// What the other side's RTCP says of what we send.
struct StreamRemoteView {
  double lost{};
  double lostShare{};
  double jitterMs{};
  static constexpr auto fields() {
    return std::tuple{field("lost", &StreamRemoteView::lost, "packets since the start"),
                      field("lostShare", &StreamRemoteView::lostShare, "0-1, over its last interval"),
                      field("jitterMs", &StreamRemoteView::jitterMs, "RFC 3550 A.8, ms")};
  }
};
struct StreamStatistics {
  uint32_t leg{};
  double packetsSent{};
  double octetsSent{};
  double packetsReceived{};
  double octetsReceived{};
  double lost{};
  double late{};
  double duplicated{};
  double reordered{};
  double restarts{};
  double overflowed{};
  double refusedSource{};
  double refusedPayloadType{};
  double refusedSrtp{};
  double malformed{};
  double jitterMs{};
  double bufferMs{};
  double bufferTargetMs{};
  double concealedMs{};
  std::optional<double> roundTripMs;
  std::optional<StreamRemoteView> remote;
  std::optional<double> mosReceived;
  std::optional<double> mosSent;
  static constexpr auto fields() {
    return std::tuple{
        field("leg", &StreamStatistics::leg, "the leg"),
        field("packetsSent", &StreamStatistics::packetsSent, "RTP"),
        field("octetsSent", &StreamStatistics::octetsSent, "of payload"),
        field("packetsReceived", &StreamStatistics::packetsReceived, "RTP that was taken"),
        field("octetsReceived", &StreamStatistics::octetsReceived, "of payload"),
        field("lost", &StreamStatistics::lost, "packets that never came (RFC 3550 A.3)"),
        field("late", &StreamStatistics::late, "packets that came after their time"),
        field("duplicated", &StreamStatistics::duplicated, "packets that came twice"),
        field("reordered", &StreamStatistics::reordered, "packets that were overtaken"),
        field("restarts", &StreamStatistics::restarts, "new SSRC, or timestamps that jumped"),
        field("overflowed", &StreamStatistics::overflowed, "packets that came faster than they could be played"),
        field("refusedSource", &StreamStatistics::refusedSource,
              "packets from elsewhere to its port, which other streams may share"),
        field("refusedPayloadType", &StreamStatistics::refusedPayloadType, "packets of a type that was not agreed upon"),
        field("refusedSrtp", &StreamStatistics::refusedSrtp, "packets that were not SRTP, wrong or replayed"),
        field("malformed", &StreamStatistics::malformed, "packets that are no RTP"),
        field("jitterMs", &StreamStatistics::jitterMs, "RFC 3550 A.8, ms"),
        field("bufferMs", &StreamStatistics::bufferMs, "delay of the jitter buffer, ms"),
        field("bufferTargetMs", &StreamStatistics::bufferTargetMs, "delay that it aims at, ms"),
        field("concealedMs", &StreamStatistics::concealedMs, "spoken in place of what was lost or late, ms"),
        optional_field("roundTripMs", &StreamStatistics::roundTripMs, "by RTCP, ms; left out: not known"),
        optional_field("remote", &StreamStatistics::remote, "the other side's view; left out: it has not said"),
        optional_field("mosReceived", &StreamStatistics::mosReceived,
                       "estimate by the E-model (G.107), 1-4.5; left out: nothing was heard"),
        optional_field("mosSent", &StreamStatistics::mosSent, "the same of what the other side hears")};
  }
};

/// Of many at once: who watches over hundreds asks once.
struct StreamsStatisticsGet {
  std::vector<uint32_t> legs;
  static constexpr auto fields() {
    return std::tuple{field("legs", &StreamsStatisticsGet::legs, "the legs", range(0, 4096))};
  }
};
struct StreamsStatistics {
  std::vector<StreamStatistics> streams;
  static constexpr auto fields() {
    return std::tuple{field("streams", &StreamsStatistics::streams, "of those legs that have one")};
  }
};

/// The stream of a leg is over: the last event before its leg.released.
struct StreamEnded : StreamStatistics {
  static constexpr auto fields() { return StreamStatistics::fields(); }
};
/// Nothing has come for so long as was asked. Once, until packets come again.
struct StreamTimeout {
  uint32_t leg{};
  static constexpr auto fields() { return std::tuple{field("leg", &StreamTimeout::leg, "the leg")}; }
};
/// The other side is not where its SDP said: packets come from here, and go here.
struct StreamLatched {
  uint32_t leg{};
  std::string address;
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &StreamLatched::leg, "the leg"),
                      field("address", &StreamLatched::address, "of its RTP"),
                      field("port", &StreamLatched::port, "of its RTP")};
  }
};

/// A browser is there, or elsewhere than before: it is heard and sent to.
struct StreamConnected {
  uint32_t leg{};
  std::string address;
  uint32_t port{};
  static constexpr auto fields() {
    return std::tuple{field("leg", &StreamConnected::leg, "the leg"),
                      field("address", &StreamConnected::address, "that ICE has chosen"),
                      field("port", &StreamConnected::port, "of it")};
  }
};
/// Nothing is heard from the browser and sent to it any more; without consent until it comes back, else for good.
struct StreamLost {
  uint32_t leg{};
  StreamLoss reason{};
  std::string text;
  static constexpr auto fields() {
    return std::tuple{field("leg", &StreamLost::leg, "the leg"), field("reason", &StreamLost::reason, "why"),
                      field("text", &StreamLost::text, "for the log")};
  }
};

}  // namespace cordboard::engine
