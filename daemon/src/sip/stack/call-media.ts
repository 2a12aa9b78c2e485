// The session descriptions of one call: what is offered and answered (RFC 3264), and what the engine's stream is told of it.
//
//   stream.open ─> setLocal ─┐
//   INVITE, 200, PRACK, ACK ─┴─ offer, answer, answered ─> changed (RemoteMedia) ─> stream.update
import type { RandomBytes } from '../transaction/index.js';
import type { Exchange, SessionMedia } from '../dialog/index.js';
import {
  answerOffer,
  formatSdp,
  makeOffer,
  parseSdp,
  readAnswer,
  type CodecName,
  type CurrentSession,
  type Negotiated,
  type NegotiatedAudio,
  type SdpFailure,
  type SdpSession,
  type SessionPreferences,
} from '../sdp/index.js';
import type { Codec, DtmfMode, LocalMedia, RemoteMedia, SrtpPolicy } from './protocol.js';

export interface MediaPolicy {
  codecs: readonly Codec[];
  srtp: SrtpPolicy;
  dtmf: DtmfMode;
}

export interface CallMediaOptions {
  policy: MediaPolicy;
  /** ours, that the peer reaches */
  address: string;
  /** by which a browser reaches us; left out: that */
  candidates?: (() => readonly string[]) | undefined;
  /** where the peer's signalling comes from; undefined: not known yet */
  signalling: () => string | undefined;
  /** of the o line */
  sessionId: string;
  /** of our certificate for browsers; left out: they are not taken */
  fingerprint?: string | undefined;
  /** the peer is a browser: it is offered what browsers understand */
  browser?: boolean | undefined;
  randomBytes: RandomBytes;
  /** whether packets may come from elsewhere than the description says: stations may stand behind a NAT, trunks do not */
  mayLatch: boolean;
  changed: (media: RemoteMedia) => void;
  /** the peer does not listen any more, or does again */
  held: (held: boolean) => void;
}

const NAMES: Record<Codec, CodecName> = { pcma: 'PCMA', pcmu: 'PCMU', g722: 'G722', opus: 'opus' };

/** ms; a peer that should send and does not for so long has gone */
const SILENCE_MS = 30_000;

/** A port to try with (RFC 863). */
const DISCARD: LocalMedia = { rtpPort: 9, rtcpPort: 10, webrtcPort: 9 };

interface Described extends CurrentSession {
  negotiated: NegotiatedAudio;
}

export class CallMedia implements SessionMedia {
  readonly #options: CallMediaOptions;
  readonly #local: Promise<LocalMedia>;
  #given: ((local: LocalMedia) => void) | undefined;
  #current: LocalMedia | undefined;
  /** in force, by dialog: an INVITE that forks has several */
  readonly #inForce = new Map<string, Described>();
  /** before the last exchange */
  readonly #before = new Map<string, Described>();
  /** made and not answered; of an INVITE that forks the one for all */
  readonly #offers = new Map<string, SdpSession>();
  #held = false;
  /** the description that was read last: it is looked at when a call comes, and again when it is answered */
  #lastRead: { body: Buffer; description: SdpSession | SdpFailure } | undefined;

  constructor(options: CallMediaOptions) {
    this.#options = options;
    this.#local = new Promise((resolve) => (this.#given = resolve));
  }

  /** Where the engine's stream is. Descriptions wait for it; a later one is told with the next offer. */
  setLocal(local: LocalMedia): void {
    this.#current = local;
    this.#given?.(local);
  }

  read(body: Buffer): SdpSession | SdpFailure {
    if (this.#lastRead?.body !== body) this.#lastRead = { body, description: parseSdp(body) };
    return this.#lastRead.description;
  }

  /** Whether an offer can be answered at all: if not, nobody needs to be rung. */
  accepts(body: Buffer): boolean {
    const offer = this.read(body);
    return offer.kind !== 'failure' && answerOffer(offer, this.#described(DISCARD)).kind !== 'failure';
  }

  async offer({ dialogId }: Exchange): Promise<Buffer> {
    const current = this.#inForce.get(dialogId);
    const offer = makeOffer(await this.#preferences(), current);
    this.#offers.set(dialogId, offer);
    return formatSdp(offer);
  }

  async answer(body: Buffer, { dialogId }: Exchange): Promise<Buffer | undefined> {
    const offer = this.read(body);
    this.#lastRead = undefined;
    if (offer.kind === 'failure') return undefined;
    const made = answerOffer(offer, await this.#preferences(), this.#inForce.get(dialogId));
    if (made.kind === 'failure') return undefined;
    this.#apply(dialogId, { local: made.answer, remote: offer }, made.negotiated);
    return formatSdp(made.answer);
  }

  /** Throws when the answer cannot be read, or agrees to nothing that was offered. */
  answered(body: Buffer, { dialogId }: Exchange): void {
    const offer = this.#offers.get(dialogId) ?? this.#offers.get('');
    if (offer === undefined) throw new Error('an answer came to no offer');
    const answer = parseSdp(body);
    if (answer.kind === 'failure') throw new Error(answer.reason);
    const negotiated = readAnswer(offer, answer);
    if (negotiated.kind === 'failure') throw new Error(negotiated.reason);
    this.#offers.delete(dialogId);
    this.#apply(dialogId, { local: offer, remote: answer }, negotiated);
  }

  decline(body: Buffer): Buffer {
    const offer = parseSdp(body);
    const session = makeOffer({ ...this.#described(undefined), address: this.#options.address });
    const media = offer.kind === 'failure' ? [] : offer.media.map((line) => ({ ...line, port: 0, attributes: [] }));
    return formatSdp({ ...session, media });
  }

  restored({ dialogId }: Exchange): void {
    this.#offers.delete(dialogId);
    const before = this.#before.get(dialogId);
    if (before === undefined) return;
    this.#before.delete(dialogId);
    this.#inForce.set(dialogId, before);
    this.#tell(before.negotiated);
  }

  /** Of the branches of a call that was answered, the one that counts. */
  settle(dialogId: string): void {
    const chosen = this.#inForce.get(dialogId);
    for (const other of [...this.#inForce.keys()]) if (other !== dialogId) this.#inForce.delete(other);
    if (chosen !== undefined) this.#tell(chosen.negotiated);
  }

  async #preferences(): Promise<SessionPreferences> {
    return this.#described(this.#current ?? (await this.#local));
  }

  #described(local: LocalMedia | undefined): SessionPreferences {
    const { policy, address, sessionId, randomBytes, fingerprint, browser, candidates } = this.#options;
    return {
      address,
      sessionId,
      randomBytes,
      audio: {
        port: local?.rtpPort ?? 0,
        rtcpPort: local?.rtcpPort ?? 0,
        codecs: policy.codecs.map((codec) => NAMES[codec]),
        order: 'local',
        telephoneEvents: policy.dtmf === 'auto' || policy.dtmf === 'rfc4733',
        srtp: policy.srtp,
        webrtc:
          fingerprint === undefined || local?.webrtcPort === undefined
            ? undefined
            : { port: local.webrtcPort, fingerprint, offer: browser, candidates: candidates?.() },
      },
    };
  }

  #apply(dialogId: string, session: CurrentSession, negotiated: Negotiated): void {
    if (negotiated.kind !== 'audio') return;
    const before = this.#inForce.get(dialogId);
    if (before !== undefined) this.#before.set(dialogId, before);
    this.#inForce.set(dialogId, { ...session, negotiated });
    this.#tell(negotiated);
  }

  #tell(negotiated: NegotiatedAudio): void {
    this.#options.changed(this.#remoteMedia(negotiated));
    if (negotiated.held === this.#held) return;
    this.#held = negotiated.held;
    this.#options.held(negotiated.held);
  }

  #remoteMedia(negotiated: NegotiatedAudio): RemoteMedia {
    const { remoteRtp, remoteRtcp, codec, receive, telephoneEvent, ptimeMs, direction } = negotiated;
    const { srtp, rtcpMux, webrtc } = negotiated;
    const signalling = this.#options.signalling();
    // What the peer says of itself may be behind a NAT; then its packets come from where its signalling does.
    const behindNat =
      webrtc === undefined && this.#options.mayLatch && signalling !== undefined && remoteRtp?.address !== signalling;
    const listens = direction === 'sendrecv' || direction === 'recvonly';
    return {
      remoteAddress: remoteRtp?.address ?? signalling ?? this.#options.address,
      remotePort: remoteRtp?.port ?? 0,
      ...(remoteRtcp === undefined ? {} : { remoteRtcpPort: remoteRtcp.port }),
      rtcpMux,
      codec: { name: codec.name, payloadType: codec.payloadType, ptimeMs },
      receive: receive.map(({ name, payloadType }) => ({ name, payloadType })),
      ...(telephoneEvent === undefined
        ? {}
        : {
            telephoneEvent: {
              send: telephoneEvent.send,
              receive: telephoneEvent.receive,
              clockHz: telephoneEvent.clockRate,
            },
          }),
      direction,
      ...(srtp === undefined
        ? {}
        : {
            srtp: {
              suite: srtp.suite as NonNullable<RemoteMedia['srtp']>['suite'],
              sendKeyHex: srtp.localKey.toString('hex'),
              receiveKeyHex: srtp.remoteKey.toString('hex'),
            },
          }),
      ...(webrtc === undefined ? {} : { webrtc }),
      latch: behindNat,
      ...(behindNat ? { latchAddress: signalling } : {}),
      timeoutMs: listens ? SILENCE_MS : 0,
    };
  }
}
