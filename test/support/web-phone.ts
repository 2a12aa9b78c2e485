// A browser as a telephone, without one: JsSIP for the signalling and libwebrtc (@roamhq/wrtc) for the media. What it says comes from
// samples, what it hears is kept as samples.
import { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import { RATE_HZ } from './audio-match.js';
import type { Ending } from './box.js';

const require = createRequire(import.meta.url);

const FRAME_MS = 10;
const LIMIT_MS = 30_000;

/** What is used of the types of a page. */
type Track = object;
interface Connection {
  readonly localDescription: { sdp: string } | null;
  readonly remoteDescription: { sdp: string } | null;
  /** of ICE and DTLS together */
  readonly connectionState: 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
  addEventListener(event: 'track', listener: (happened: { track: Track }) => void): void;
  addEventListener(event: 'connectionstatechange', listener: () => void): void;
}
interface Frames {
  samples: Int16Array;
  sampleRate: number;
  channelCount: number;
}
interface Source {
  createTrack(): Track;
  onData(data: Frames & { bitsPerSample: number; numberOfFrames: number }): void;
}
interface Sink {
  ondata: ((data: Frames) => void) | null;
  stop(): void;
}
interface Wrtc {
  RTCPeerConnection: unknown;
  RTCSessionDescription: unknown;
  MediaStream: new (tracks: Track[]) => object;
  nonstandard: { RTCAudioSource: new () => Source; RTCAudioSink: new (track: Track) => Sink };
}

/** What JsSIP looks for in a page. */
export function loadWrtc(): Wrtc {
  const wrtc = require('@roamhq/wrtc') as Wrtc;
  const { RTCPeerConnection, RTCSessionDescription, MediaStream } = wrtc;
  Object.assign(globalThis, { window: globalThis, WebSocket, RTCPeerConnection, RTCSessionDescription, MediaStream });
  return wrtc;
}

/** Says samples of 8 kHz on a track, from when it is asked to. */
export class Voice {
  readonly track: Track;
  readonly #source: Source;
  readonly #samples: Float64Array;
  #timer: NodeJS.Timeout | undefined;
  #frame = 0;

  constructor(wrtc: Wrtc, samples: Float64Array) {
    this.#source = new wrtc.nonstandard.RTCAudioSource();
    this.track = this.#source.createTrack();
    this.#samples = samples;
  }

  /** From the beginning, by the clock: a timer that is late makes up for it. */
  start(): void {
    this.stop();
    this.#frame = 0;
    const began = performance.now();
    this.#timer = setInterval(() => {
      while (began + this.#frame * FRAME_MS <= performance.now()) this.#say(this.#frame++);
    }, FRAME_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #say(frame: number): void {
    const numberOfFrames = (RATE_HZ / 1000) * FRAME_MS;
    const from = frame * numberOfFrames;
    const samples = Int16Array.from({ length: numberOfFrames }, (_, i) => this.#samples[from + i] ?? 0);
    this.#source.onData({ samples, sampleRate: RATE_HZ, bitsPerSample: 16, channelCount: 1, numberOfFrames });
  }
}

/** Keeps what a track says, 8 kHz. */
export class Ear {
  readonly #sink: Sink;
  readonly #heard: Float64Array[] = [];

  constructor(wrtc: Wrtc, track: Track) {
    this.#sink = new wrtc.nonstandard.RTCAudioSink(track);
    this.#sink.ondata = ({ samples, sampleRate, channelCount }) => {
      const step = (sampleRate / RATE_HZ) * channelCount;
      this.#heard.push(
        Float64Array.from({ length: Math.floor(samples.length / step) }, (_, i) => {
          let sum = 0;
          for (let k = 0; k < step; k += channelCount) sum += samples[i * step + k]!;
          return (sum * channelCount) / step;
        }),
      );
    };
  }

  get samples(): Float64Array {
    const whole = new Float64Array(this.#heard.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#heard) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  stop(): void {
    this.#sink.stop();
  }
}

/** A description on its way, which may be changed. */
interface Described {
  originator: string;
  sdp: string;
}

/** What is used of JsSIP. */
interface Session {
  connection: Connection;
  isEnded(): boolean;
  answer(options: object): void;
  terminate(): void;
  hold(options: object, done: () => void): boolean;
  unhold(options: object, done: () => void): boolean;
  renegotiate(options?: object, done?: () => void): boolean;
  on(event: 'sdp', listener: (described: Described) => void): void;
  on(event: string, listener: (data: { cause?: string; originator?: string }) => void): void;
}
interface Agent {
  transport: { disconnect(): void };
  start(): void;
  stop(): void;
  call(target: string, options: object): Session;
  on(event: string, listener: (data: { session: Session; cause?: string }) => void): void;
}
interface JsSip {
  UA: new (options: object) => Agent;
  WebSocketInterface: new (url: string) => object;
}

export interface WebPhoneOptions {
  url: string;
  number: number;
  secret: string;
  /** of digest; left out: the number */
  user?: string;
  domain: string;
  says: Float64Array;
  /** what comes to it of the box's descriptions; left out: they as they are */
  heardOf?: (sdp: string) => string;
  /** what the box offers as its address is taken to be this one: the way there leads over it */
  over?: { host: string; port: number };
  /** of RTCPeerConnection */
  ice?: { iceServers?: object[]; iceTransportPolicy?: 'relay' };
  /** changes a description of ours before it is sent */
  describe?: (sdp: string) => string;
}

export class WebPhone {
  readonly #agent: Agent;
  readonly #wrtc: Wrtc;
  readonly #voice: Voice;
  readonly #options: WebPhoneOptions;
  readonly #incoming: Session[] = [];
  readonly #waiting: ((session: Session) => void)[] = [];
  session: Session | undefined;
  ear: Ear | undefined;

  /** its WebSocket has been closed by the box */
  readonly disconnected: Promise<void>;

  private constructor(options: WebPhoneOptions) {
    this.#wrtc = loadWrtc();
    this.#options = options;
    this.#voice = new Voice(this.#wrtc, options.says);
    const { UA, WebSocketInterface } = require('jssip') as JsSip;
    this.#agent = new UA({
      sockets: [new WebSocketInterface(options.url)],
      uri: `sip:${options.number}@${options.domain}`,
      password: options.secret,
      ...(options.user === undefined ? {} : { authorization_user: options.user }),
      session_timers: false,
    });
    this.disconnected = new Promise((resolve) => this.#agent.on('disconnected', () => resolve()));
    this.#agent.on('newRTCSession', ({ session }) => {
      if (session === this.session) return;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#incoming.push(session);
      else waiting(session);
    });
  }

  /** Resolves when it is registered. */
  static async start(options: WebPhoneOptions, ending?: Ending): Promise<WebPhone> {
    const phone = new WebPhone(options);
    ending?.onEnd(() => phone.stop());
    await within('it registers', (done, failed) => {
      phone.#agent.on('registered', () => done(undefined));
      phone.#agent.on('registrationFailed', ({ cause }) => failed(new Error(`not registered: ${cause}`)));
      phone.#agent.start();
    });
    return phone;
  }

  stop(): void {
    this.#voice.stop();
    this.ear?.stop();
    this.#agent.stop();
  }

  /** Without a word, as when the browser is killed; its sound is for whoever stands in between to stop. */
  vanish(): void {
    this.#voice.stop();
    this.#agent.transport.disconnect();
  }

  /** Resolves when the other end has answered. */
  async dial(number: string): Promise<void> {
    await within(`${number} answers`, (done, failed) => {
      const session = this.#agent.call(`sip:${number}@${this.#options.domain}`, {
        mediaStream: new this.#wrtc.MediaStream([this.#voice.track]),
        pcConfig: { iceServers: [], ...this.#options.ice },
        eventHandlers: {
          sdp: (described: Described) => this.#change(described),
          peerconnection: ({ peerconnection }: { peerconnection: Connection }) => this.#listen(peerconnection),
          confirmed: () => done(undefined),
          failed: ({ cause }: { cause: string }) => failed(new Error(`the call failed: ${cause}`)),
        },
      });
      this.session = session;
    });
  }

  /** The next call that comes is answered; resolves when it is. */
  async answer(): Promise<void> {
    const session =
      this.#incoming.shift() ?? (await within<Session>('a call comes', (done) => this.#waiting.push(done)));
    this.session = session;
    await within('the answer is confirmed', (done, failed) => {
      session.on('confirmed', () => done(undefined));
      session.on('failed', ({ cause }) => failed(new Error(`the call failed: ${cause}`)));
      session.on('peerconnection', (data) =>
        this.#listen((data as unknown as { peerconnection: Connection }).peerconnection),
      );
      session.on('sdp', (described: Described) => this.#change(described));
      session.answer({
        mediaStream: new this.#wrtc.MediaStream([this.#voice.track]),
        pcConfig: { iceServers: [], ...this.#options.ice },
      });
    });
  }

  speak(): void {
    this.#voice.start();
  }

  /** Resolves when ICE and DTLS of the call have come to an end. */
  connected(limitMs = LIMIT_MS): Promise<void> {
    return within(
      'ICE and DTLS connect',
      (done, failed) => {
        const { connection } = this.session!;
        const look = (): void => {
          if (connection.connectionState === 'connected') done(undefined);
          if (connection.connectionState === 'failed') failed(new Error('the connection failed'));
        };
        connection.addEventListener('connectionstatechange', look);
        look();
      },
      limitMs,
    );
  }

  /** ICE anew in the call, as after a change of the network; resolves when the box has agreed. */
  restartIce(): Promise<void> {
    return within('ICE restarts', (done, failed) => {
      const began = this.session!.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => done(undefined));
      if (!began) failed(new Error('JsSIP does not renegotiate now'));
    });
  }

  /** Names of ICE that were agreed upon last: ours, theirs. */
  iceNames(): [string, string] {
    const { localDescription, remoteDescription } = this.session!.connection;
    const name = (sdp: string | undefined): string => /a=ice-ufrag:(\S+)/.exec(sdp ?? '')?.[1] ?? '';
    return [name(localDescription?.sdp), name(remoteDescription?.sdp)];
  }

  /** Resolves when the box has agreed. */
  hold(on: boolean): Promise<void> {
    return within(on ? 'it is held' : 'it is retrieved', (done, failed) => {
      const session = this.session!;
      const began = on ? session.hold({}, () => done(undefined)) : session.unhold({}, () => done(undefined));
      if (!began) failed(new Error('JsSIP does not hold now'));
    });
  }

  /** Resolves when the call is over, whoever ended it. */
  ended(limitMs = LIMIT_MS): Promise<void> {
    return within(
      'the call ends',
      (done) => {
        const session = this.session!;
        if (session.isEnded()) done(undefined);
        for (const event of ['ended', 'failed']) session.on(event, () => done(undefined));
      },
      limitMs,
    );
  }

  hangUp(): void {
    if (this.session?.isEnded() === false) this.session.terminate();
  }

  #change(described: Described): void {
    const { over, describe, heardOf } = this.#options;
    if (described.originator === 'local') {
      if (describe !== undefined) described.sdp = describe(described.sdp);
      return;
    }
    if (heardOf !== undefined) described.sdp = heardOf(described.sdp);
    if (over === undefined) return;
    described.sdp = described.sdp.replace(/(a=candidate:\S+ \d+ udp \d+) \S+ \d+/gi, `$1 ${over.host} ${over.port}`);
  }

  #listen(connection: Connection): void {
    connection.addEventListener('track', ({ track }) => {
      this.ear?.stop();
      this.ear = new Ear(this.#wrtc, track);
    });
  }
}

function within<T>(
  what: string,
  begin: (done: (value: T) => void, failed: (error: Error) => void) => void,
  limitMs = LIMIT_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs);
    const over =
      <A>(act: (value: A) => void) =>
      (value: A): void => {
        clearTimeout(timer);
        act(value);
      };
    begin(over(resolve), over(reject));
  });
}
