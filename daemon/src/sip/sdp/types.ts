// What a session description (SDP, RFC 8866) is to the rest of the stack: lines taken apart, attributes as text in their order.

/** o= (RFC 8866 5.2); the numbers are text, for they have up to 64 bits and more */
export interface SdpOrigin {
  username: string;
  sessionId: string;
  sessionVersion: string;
  addressType: AddressType;
  address: string;
}

export type AddressType = 'IP4' | 'IP6';

/** c= (RFC 8866 5.7) */
export interface SdpConnection {
  addressType: AddressType;
  /** an address or a name, without TTL and number of addresses */
  address: string;
  /** what followed the address of a multicast group, such as `/127/3`; '' */
  suffix: string;
}

/** b= (RFC 8866 5.8) */
export interface SdpBandwidth {
  type: string;
  /** kbit/s for AS and CT, bit/s for TIAS, RR and RS */
  value: number;
}

/** a= (RFC 8866 5.13): `a=name` or `a=name:value` */
export interface SdpAttribute {
  name: string;
  value: string | undefined;
}

/** m= (RFC 8866 5.14) and the lines below it */
export interface SdpMedia {
  /** audio, video, image, application … */
  kind: string;
  /** 0: the stream is refused or not in use (RFC 3264 5.1) */
  port: number;
  /** of layered streams; 1 for all others */
  portCount: number;
  /** as written: RTP/AVP, RTP/SAVP, RTP/SAVPF, UDP/TLS/RTP/SAVPF, udptl … */
  protocol: string;
  /** of RTP the payload types */
  formats: string[];
  /** undefined: that of the session is meant */
  connection: SdpConnection | undefined;
  bandwidths: SdpBandwidth[];
  attributes: SdpAttribute[];
}

export interface SdpSession {
  readonly kind: 'session';
  origin: SdpOrigin;
  /** s= */
  name: string;
  connection: SdpConnection | undefined;
  bandwidths: SdpBandwidth[];
  /** t= of the first time description: start and stop */
  timing: string;
  attributes: SdpAttribute[];
  media: SdpMedia[];
}

/** Why a description cannot be read, or two ends cannot agree. */
export interface SdpFailure {
  readonly kind: 'failure';
  /** a sentence, ASCII, of our words alone: good for a Warning header */
  readonly reason: string;
}

/** RFC 3264 5.1 */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** Audio that the engine can code. */
export type CodecName = 'PCMA' | 'PCMU' | 'G722' | 'opus';

/** One payload type of an RTP stream: from rtpmap and fmtp, or RFC 3551 clause 6 */
export interface PayloadFormat {
  payloadType: number;
  /** encoding name as written, such as PCMA or telephone-event; not compared by case */
  encoding: string;
  /** Hz; 8000 for G722, whose samples are 16000 (RFC 3551 4.5.2) */
  clockRate: number;
  channels: number;
  /** value of fmtp; undefined: there is none */
  parameters: string | undefined;
}

/** Suites of RFC 4568, 6188 and 7714. */
export type CryptoSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AES_256_CM_HMAC_SHA1_80'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

/** a=crypto with a suite we know and one key (RFC 4568 clause 9) */
export interface CryptoLine {
  /** 1 to 9 digits */
  tag: number;
  suite: CryptoSuite;
  /** master key and salt, as long as the suite has them */
  key: Buffer;
  /** packets; undefined: the suite's */
  lifetime: bigint | undefined;
  mki: { value: bigint; bytes: number } | undefined;
  /** such as WSH=64 or UNENCRYPTED_SRTP */
  sessionParameters: string[];
}

/** none: never; offered: when the other end wants it too (RFC 8643); required: or no call at all */
export type SrtpPolicy = 'none' | 'offered' | 'required';

/** a=T38… (ITU-T T.38 annex D); undefined: not said */
export interface T38Parameters {
  version?: number | undefined;
  /** bit/s */
  maxBitRate?: number | undefined;
  fillBitRemoval?: boolean | undefined;
  transcodingMmr?: boolean | undefined;
  transcodingJbig?: boolean | undefined;
  rateManagement?: 'localTCF' | 'transferredTCF' | undefined;
  /** bytes */
  maxBuffer?: number | undefined;
  /** bytes */
  maxDatagram?: number | undefined;
  errorCorrection?: 't38UDPNoEC' | 't38UDPRedundancy' | 't38UDPFEC' | undefined;
}

/** What this end wants of a stream of audio. */
export interface AudioPreferences {
  /** where we receive RTP */
  port: number;
  /** where we receive RTCP; left out: port + 1 */
  rtcpPort?: number | undefined;
  /** the best first */
  codecs: readonly CodecName[];
  /** whose order decides when we answer; left out: the offerer's, as RFC 3264 6.1 advises */
  order?: 'local' | 'remote' | undefined;
  /** what we would do if the other end did not care; left out: sendrecv */
  direction?: Direction | undefined;
  /** ms of audio in a packet; left out: 20 */
  ptimeMs?: number | undefined;
  /** false: digits stay in the audio */
  telephoneEvents?: boolean | undefined;
  /** RTP and RTCP on one port (RFC 5761), offered and taken; left out: no */
  rtcpMux?: boolean | undefined;
  srtp: SrtpPolicy;
  /** streams of browsers are taken; left out: they are refused */
  webrtc?: WebRtcPreferences | undefined;
  /** the best first; left out: all we know */
  cryptoSuites?: readonly CryptoSuite[] | undefined;
}

/** Our end of a browser's transport. */
export interface WebRtcPreferences {
  /** UDP, of everything */
  port: number;
  /** by which we are reached, the nearest first; left out: that of the description alone */
  candidates?: readonly string[] | undefined;
  /** SHA-256 of our certificate, upper case with colons */
  fingerprint: string;
  /** what we offer is for a browser; left out: for a telephone. A session goes on as it began */
  offer?: boolean | undefined;
}

/** What ICE and DTLS need to find the browser, as the engine takes it. */
export interface NegotiatedWebRtc {
  localUfrag: string;
  localPwd: string;
  remoteUfrag: string;
  fingerprintHash: 'sha-256' | 'sha-384' | 'sha-512';
  fingerprintHex: string;
}

/** What this end wants of a stream of T.38 over UDP. */
export interface FaxPreferences {
  port: number;
  t38: T38Parameters;
}

/** What this end wants of a session. One stream is taken: audio or fax. */
export interface SessionPreferences {
  /** an IP address: where we receive media */
  address: string;
  /** digits; of our end, the same during the session (RFC 8866 5.2) */
  sessionId: string;
  /** left out: no audio */
  audio?: AudioPreferences | undefined;
  /** left out: no T.38 */
  fax?: FaxPreferences | undefined;
  /** for SRTP keys; randomBytes of node:crypto */
  randomBytes: (size: number) => Buffer;
}

/** The descriptions in force: those of the last offer and answer. */
export interface CurrentSession {
  local: SdpSession;
  remote: SdpSession;
}

export interface MediaAddress {
  /** an IP address */
  address: string;
  port: number;
}

/** An audio codec with the payload type that one end gave it. */
export interface NegotiatedCodec {
  name: CodecName;
  payloadType: number;
}

export interface NegotiatedSrtp {
  suite: CryptoSuite;
  /**
   * Master key and salt of what we send. When it is that of before, the stream goes on with its SSRC and its sequence numbers: to
   * begin anew under one key would encrypt two packets alike (RFC 3711 9.1).
   */
  localKey: Buffer;
  /** master key and salt of what we receive */
  remoteKey: Buffer;
}

export interface NegotiatedAudio {
  readonly kind: 'audio';
  /** which m line it is, from 0 */
  index: number;
  /** where RTP goes; undefined: nowhere, the other end holds the old way with c=0.0.0.0 (RFC 2543 B.5) */
  remoteRtp: MediaAddress | undefined;
  /** where RTCP goes; undefined: nowhere */
  remoteRtcp: MediaAddress | undefined;
  /** what we send */
  codec: NegotiatedCodec;
  /** value of fmtp that the other end gave for it */
  codecParameters: string | undefined;
  /** what we may receive */
  receive: readonly NegotiatedCodec[];
  /** payload types of telephone-event (RFC 4733) and its clock in Hz; undefined: none, digits are in the audio */
  telephoneEvent: { send: number; receive: number; clockRate: number } | undefined;
  /** ms of audio in the packets that we send */
  ptimeMs: number;
  /** ours: what we do */
  direction: Direction;
  /** the other end does not listen to us: it holds */
  held: boolean;
  /** undefined: RTP is not encrypted */
  srtp: NegotiatedSrtp | undefined;
  /** undefined: the other end is no browser */
  webrtc?: NegotiatedWebRtc | undefined;
  rtcpMux: boolean;
}

export interface NegotiatedFax {
  readonly kind: 'fax';
  index: number;
  remote: MediaAddress;
  /** what was agreed on; buffer and datagram are the other end's */
  t38: T38Parameters;
}

export type Negotiated = NegotiatedAudio | NegotiatedFax;
