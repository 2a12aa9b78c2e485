// What we say and hear in SDP of a browser's transport (RFC 8829 5, RFC 8839, RFC 8842): we are ICE-lite, the browser begins with ICE
// and with DTLS, and everything goes over one port (RFC 8843, 5761).
import { addressTypeOf, attribute, attributeValue } from './attributes.js';
import { fingerprintsOf, iceOf, setupOf } from './ice.js';
import type { NegotiatedWebRtc, SdpAttribute, SdpMedia, SdpSession, WebRtcPreferences } from './types.js';

const UFRAG_CHARS = 8;
const PWD_CHARS = 24;
/** of host candidates, the first the highest (RFC 8445 5.1.2.1) */
const priorityOf = (place: number): number => 2 ** 24 * 126 + 2 ** 8 * (65_535 - place) + 255;

export interface IceNames {
  ufrag: string;
  pwd: string;
}

export function isWebRtc(media: SdpMedia): boolean {
  const protocol = media.protocol.toUpperCase();
  return protocol === 'UDP/TLS/RTP/SAVPF' || protocol === 'UDP/TLS/RTP/SAVP';
}

/** Whether our stream in a description is a browser's. */
export function wasWebRtc(media: SdpMedia | undefined): boolean {
  return media !== undefined && media.port !== 0 && isWebRtc(media);
}

/** What the engine is told of their stream; a sentence: why it cannot be taken. `offered`: it is their offer. */
export function webRtcRemote(
  session: SdpSession,
  media: SdpMedia,
  ours: IceNames,
  offered: boolean,
): NegotiatedWebRtc | string {
  const ice = iceOf(session, media);
  if (ice.ufrag === undefined || ice.pwd === undefined) return 'a stream of a browser has no ICE';
  if (ice.lite) return 'both ends are ICE-lite';
  if (attribute(media, 'rtcp-mux') === undefined) return 'a stream of a browser needs one port for RTP and RTCP';
  const setup = setupOf(session, media) ?? (offered ? 'actpass' : 'active');
  if (setup !== 'active' && !(offered && setup === 'actpass')) return 'the browser has to begin with DTLS';
  const known = fingerprintsOf(session, media).find(({ hash }) => isHash(hash));
  if (known === undefined || !isHash(known.hash)) return 'a stream of a browser has no fingerprint that is good enough';
  return {
    localUfrag: ours.ufrag,
    localPwd: ours.pwd,
    remoteUfrag: ice.ufrag,
    fingerprintHash: known.hash,
    fingerprintHex: known.digest.toString('hex'),
  };
}

function isHash(hash: string): hash is NegotiatedWebRtc['fingerprintHash'] {
  return hash === 'sha-256' || hash === 'sha-384' || hash === 'sha-512';
}

/** Those of our stream in force, or fresh ones: of a new session, and where the other end `restarts` ICE (RFC 8839 4.4.1.1). */
export function iceNames(
  before: SdpMedia | undefined,
  restarts: boolean,
  randomBytes: (size: number) => Buffer,
): IceNames {
  const ufrag = before === undefined ? undefined : attributeValue(before, 'ice-ufrag');
  const pwd = before === undefined ? undefined : attributeValue(before, 'ice-pwd');
  if (ufrag !== undefined && pwd !== undefined && !restarts) return { ufrag, pwd };
  // Base64 has just the characters that ICE allows.
  const text = (chars: number): string => randomBytes(chars).toString('base64').slice(0, chars);
  return { ufrag: text(UFRAG_CHARS), pwd: text(PWD_CHARS) };
}

/** Of the whole description of ours. */
export function webRtcSession(media: readonly SdpMedia[]): SdpAttribute[] {
  const bundled = media.filter(wasWebRtc);
  if (bundled.length === 0) return [];
  const mids = bundled.flatMap((stream) => attributeValue(stream, 'mid') ?? []);
  const group = mids.length === 0 ? [] : [{ name: 'group', value: `BUNDLE ${mids.join(' ')}` }];
  return [{ name: 'ice-lite', value: undefined }, ...group];
}

/** What our m line says of the transport. `mid`: as it was offered. */
export interface WebRtcLine {
  address: string;
  names: IceNames;
  setup: 'actpass' | 'passive';
  mid: string | undefined;
}

/** The m line for the browser, made of one for everybody at our port. */
export function webRtcMedia(
  media: SdpMedia,
  { fingerprint, candidates = [] }: WebRtcPreferences,
  { address, names, setup, mid }: WebRtcLine,
): SdpMedia {
  const attributes: SdpAttribute[] = [
    ...(mid === undefined ? [] : [{ name: 'mid', value: mid }]),
    { name: 'ice-ufrag', value: names.ufrag },
    { name: 'ice-pwd', value: names.pwd },
    { name: 'fingerprint', value: `sha-256 ${fingerprint}` },
    { name: 'setup', value: setup },
    ...[...new Set([...candidates, address])].map((host, i) => ({
      name: 'candidate',
      value: `${i + 1} 1 udp ${priorityOf(i)} ${host} ${media.port} typ host`,
    })),
    { name: 'end-of-candidates', value: undefined },
    { name: 'msid', value: 'cordboard audio' },
  ];
  return {
    ...media,
    connection: { addressType: addressTypeOf(address), address, suffix: '' },
    attributes: [...media.attributes, ...attributes],
  };
}
