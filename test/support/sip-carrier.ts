// A carrier that a test plays by hand, over real sockets, and the stack at the other end with a clock that the test moves.
import { newRequest, newResponse, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { DigestClient, DigestServer, digestResponse, type DigestAccount } from '../../daemon/src/sip/auth/index.js';
import { digestHash } from '../../daemon/src/sip/auth/algorithm.js';
import { silentLog, systemClock } from '../../daemon/src/platform/index.js';
import { Stack, type StackOptions } from '../../daemon/src/sip/stack/stack.js';
import type { StackConfig, StackEvents, StackTrunk, StackTrunkHost } from '../../daemon/src/sip/stack/index.js';
import type { Flow, Target, TransportName } from '../../daemon/src/sip/transport/index.js';
import { stackConfig } from './sip-stack-config.js';
import { FakeClock } from './clock-fake.js';
import { closing, listener, transportDesk, type Desk } from './sip-peer.js';
import { turn, until } from './turns.js';

export interface Heard {
  request: SipRequest;
  flow: Flow;
}

export interface Answer {
  status: number;
  reason?: string;
  headers?: readonly (readonly [string, string])[];
  sdp?: string;
  tag?: string;
}

export const SDP = (port: number, host = '127.0.0.1', mode = 'sendrecv'): string =>
  [
    ...['v=0', `o=- 1 1 IN IP4 ${host}`, 's=-', `c=IN IP4 ${host}`, 't=0 0', `m=audio ${port} RTP/AVP 8 101`],
    ...['a=rtpmap:8 PCMA/8000', 'a=rtpmap:101 telephone-event/8000', `a=${mode}`, ''],
  ].join('\r\n');

/** of the fake clock; nothing that is sent waits longer than that to arrive */
const STEP_MS = 500;

let count = 0;

export class Carrier {
  /** what is answered without being asked for; undefined: the test answers */
  script: (heard: Heard) => Answer | undefined = ({ request }) =>
    request.method === 'OPTIONS' ? { status: 200 } : undefined;
  /** hears nothing */
  deaf = false;
  /** each request once, however often it was sent */
  readonly heard: Heard[] = [];
  readonly #desk: Desk;
  readonly #transport: TransportName;
  readonly #branches = new Set<string>();
  readonly #taken = new Set<Heard>();
  /** answers to what was sent */
  readonly #sent = new Map<string, SipResponse[]>();

  private constructor(desk: Desk, transport: TransportName) {
    this.#desk = desk;
    this.#transport = transport;
    desk.transports.events.on('request', (heard) => this.#receive(heard));
    desk.transports.events.on('response', ({ response }) => {
      const branch = response.vias[0]?.params.get('branch');
      this.#sent.get(`${response.cseq.method} ${branch}`)?.push(response);
    });
  }

  static async open(
    transport: 'udp' | 'tcp' | 'tls' = 'udp',
    { host = '127.0.0.1', port = 0, ...tls }: { host?: string; port?: number; key?: string; cert?: string } = {},
  ): Promise<Carrier> {
    const secure = transport === 'tls' ? { tls: { key: tls.key ?? '', cert: tls.cert ?? '' } } : {};
    return new Carrier(await transportDesk([listener(transport, { host, port, ...secure })]), transport);
  }

  get port(): number {
    return this.#desk.at(this.#transport).port;
  }

  get hostName(): string {
    return this.#desk.at(this.#transport).host;
  }

  /** As a host of a trunk. */
  host(over: Partial<StackTrunkHost> = {}): StackTrunkHost {
    const transport = this.#transport as StackTrunkHost['transport'];
    return { host: this.hostName, port: this.port, transport, priority: 10, weight: 10, ...over };
  }

  /** Every request of that method, once each. */
  all(method: string): SipRequest[] {
    return this.heard.filter(({ request }) => request.method === method).map(({ request }) => request);
  }

  /** The next one of that method that nobody has taken yet. */
  async next(method: string): Promise<SipRequest> {
    const find = (): Heard | undefined =>
      this.heard.find((one) => one.request.method === method && !this.#taken.has(one));
    await until(() => find() !== undefined, `a ${method} comes to port ${this.port}`);
    const found = find()!;
    this.#taken.add(found);
    return found.request;
  }

  async answer(request: SipRequest, status: number, over: Omit<Answer, 'status'> = {}): Promise<void> {
    const { flow } = this.heard.find((one) => one.request === request)!;
    await this.#answer({ request, flow }, { status, ...over });
  }

  /** A request of the carrier's; resolves with its answers as they come. */
  async send(
    method: string,
    to: { port: number },
    over: {
      uri?: string;
      from?: string;
      to?: string;
      callId?: string;
      cseq?: number;
      branch?: string;
      headers?: readonly (readonly [string, string])[];
      sdp?: string;
    } = {},
  ): Promise<{ request: SipRequest; final: () => Promise<SipResponse>; got: SipResponse[] }> {
    count += 1;
    const branch = over.branch ?? `z9hG4bKcarrier${count}`;
    const uri = over.uri ?? `sip:2001@127.0.0.1:${to.port}`;
    const request = newRequest({
      method,
      uri,
      headers: [
        ['Via', `SIP/2.0/${this.#transport.toUpperCase()} 0.0.0.0;branch=${branch}`],
        ['Max-Forwards', '70'],
        ['From', over.from ?? `<sip:13800138000@${this.hostName}>;tag=carrier`],
        ['To', over.to ?? `<${uri}>`],
        ['Call-ID', over.callId ?? `carrier-${count}`],
        ['CSeq', `${over.cseq ?? 1} ${method}`],
        ...(over.headers?.some(([name]) => name === 'Contact') === true ? [] : [this.#contact]),
        ...(over.headers ?? []),
        ...(over.sdp === undefined ? [] : ([['Content-Type', 'application/sdp']] as const)),
      ],
      ...(over.sdp === undefined ? {} : { body: Buffer.from(over.sdp) }),
    });
    const got: SipResponse[] = [];
    this.#sent.set(`${method} ${branch}`, got);
    const target: Target = { transport: this.#transport, remote: { host: '127.0.0.1', port: to.port } };
    await this.#desk.transports.send(request, target);
    const final = async (): Promise<SipResponse> => {
      await until(() => got.some(({ status }) => status >= 200), `the ${method} is answered`);
      return got.find(({ status }) => status >= 200)!;
    };
    return { request, final, got };
  }

  get #contact(): readonly ['Contact', string] {
    return ['Contact', `<sip:${this.hostName}:${this.port};transport=${this.#transport}>`];
  }

  /** Closes every connection, and listens no more. */
  close(): Promise<void> {
    return this.#desk.transports.stop();
  }

  #receive(heard: Heard): void {
    if (this.deaf) return;
    const { request } = heard;
    const key = `${request.method} ${request.vias[0]?.params.get('branch')}`;
    if (this.#branches.has(key)) return;
    this.#branches.add(key);
    this.heard.push(heard);
    const answer = request.method === 'ACK' ? undefined : this.script(heard);
    if (answer === undefined) return;
    this.#taken.add(heard);
    void this.#answer(heard, answer);
  }

  async #answer({ request, flow }: Heard, { status, reason, headers = [], sdp, tag }: Answer): Promise<void> {
    const response = newResponse(request, status, reason, { toTag: tag ?? `carrier-${this.port}` });
    if (request.method === 'INVITE') response.headers.add(...this.#contact);
    for (const [name, value] of headers) response.headers.set(name, value);
    if (sdp !== undefined) {
      response.headers.add('Content-Type', 'application/sdp');
      response.body = Buffer.from(sdp);
    }
    const { transport, remote, connection, local } = flow;
    await this.#desk.transports.send(response, { transport, remote, connection, local });
  }
}

/** A request of a station's that meets the challenge it gets. */
export async function sendAs(
  phone: Carrier,
  desk: { port: number },
  method: string,
  { user, secret, ...parts }: { user: string; secret: string } & NonNullable<Parameters<Carrier['send']>[2]>,
): ReturnType<Carrier['send']> {
  const digest = new DigestClient({ username: user, password: secret });
  const callId = parts.callId ?? `${user}-${(count += 1)}`;
  const from = parts.from ?? `<sip:${user}@cordboard>;tag=${user}`;
  const first = await phone.send(method, desk, { ...parts, from, callId });
  const challenge = await first.final();
  const probe = newRequest({ method, uri: first.request.uriText, headers: [] });
  digest.begin(probe).challenged(challenge, probe);
  const headers = [...(parts.headers ?? []), ['Authorization', probe.headers.get('Authorization') ?? ''] as const];
  return phone.send(method, desk, { ...parts, from, callId, cseq: 2, headers });
}

/** Challenges what has no credentials and lets in what has the right ones. */
export function digestGate(
  username: string,
  password: string,
  algorithm: 'MD5' | 'SHA-256',
): { ask: (heard: Heard) => Answer | undefined; staleNow: () => void } {
  const clock = new FakeClock();
  const realm = 'carrier.example';
  const hash = (name: 'MD5' | 'SHA-256'): string => digestHash(name, `${username}:${realm}:${password}`);
  const account: DigestAccount = {
    hashes: { MD5: hash('MD5'), 'SHA-256': hash('SHA-256') },
    policy: { algorithms: [algorithm], withoutQop: false },
  };
  const server = new DigestServer({
    ...{ realm, clock, nonceLifeMs: 60_000 },
    account: (name) => (name === username ? account : undefined),
    policies: () => [{ policy: account.policy, share: 1 }],
  });
  const ask = ({ request, flow }: Heard): Answer | undefined => {
    const verdict = server.check(request, flow.remote.host);
    if (verdict.kind === 'accepted') return undefined;
    const response = digestResponse(request, verdict, 'gate');
    const headers = response.headers.lines('WWW-Authenticate').map((value) => ['WWW-Authenticate', value] as const);
    return { status: response.status, headers };
  };
  return { ask, staleNow: () => void clock.advance(120_000) };
}

export function stackTrunk(over: Partial<StackTrunk> = {}): StackTrunk {
  return {
    ...{ id: 'carrier', name: 'Carrier', mode: 'address', hosts: [], username: '', secret: '', fromUser: '' },
    ...{ fromDomain: '', expiresS: 600, codecs: ['pcma', 'pcmu'], dtmf: 'auto', srtp: 'none', tlsFingerprint: '' },
    ...{
      sources: [],
      maxCalls: 30,
      optionsIntervalS: 0,
      callerIdHeader: 'from',
      diversionHeader: 'diversion',
      enabled: true,
    },
    ...over,
  };
}

type Event = { [E in keyof StackEvents]: { event: E; data: StackEvents[E] } }[keyof StackEvents];

/** A whole stack on a free port of loopback. Its time stands still until the test moves it. */
export async function stackDesk(
  over: Partial<StackConfig> = {},
  { realTime = false, overload }: { realTime?: boolean; overload?: StackOptions['overload'] } = {},
) {
  const clock = new FakeClock();
  const events: Event[] = [];
  const config = stackConfig('cordboard', { emergency: ['110'], callsPerHour: 120, ...over });
  const stack = new Stack({
    config,
    emit: (event, data) => void events.push({ event, data } as Event),
    clock: realTime ? systemClock : clock,
    log: silentLog,
    overload,
  });
  const { port } = await stack.start();
  let stopped: Promise<void> | undefined;
  /** Calls end, registrations too. */
  const stop = (): Promise<void> => {
    stopped ??= stack.stop();
    return realTime ? stopped : moved(stopped);
  };
  const moved = async (work: Promise<void>): Promise<void> => {
    let done = false;
    void work.finally(() => (done = true));
    while (!done) await clock.advance(50);
  };
  closing(stack, stop);
  const of = <E extends keyof StackEvents>(event: E): StackEvents[E][] =>
    events.filter((one) => one.event === event).map(({ data }) => data as StackEvents[E]);
  const seen = async <E extends keyof StackEvents>(
    event: E,
    is: (data: StackEvents[E]) => boolean = () => true,
  ): Promise<StackEvents[E]> => {
    await until(() => of(event).some(is), `${event} is told: ${JSON.stringify(of(event))}`);
    return of(event).find(is)!;
  };
  /** states of a trunk, one after the other */
  const states = (trunk = 'carrier'): string[] =>
    of('trunk.changed')
      .filter((one) => one.trunk === trunk)
      .map(({ state, detail }) => (detail === '' ? state : `${state}: ${detail}`));
  const state = async (wanted: string, trunk = 'carrier'): Promise<void> => {
    await until(() => states(trunk).at(-1) === wanted, `the trunk is ${wanted}, and not ${states(trunk).join(', ')}`);
  };
  /** Moves the time in steps, so that what is sent over real sockets within gets its answer within. */
  const advance = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await clock.advance(Math.min(left, STEP_MS));
      await turn(4);
    }
  };
  /** Moves the time until something holds. */
  const advanceUntil = async (holds: () => boolean, mostMs: number): Promise<number> => {
    for (let ms = 0; ms < mostMs; ms += STEP_MS) {
      if (holds()) return ms;
      await advance(STEP_MS);
    }
    if (!holds()) throw new Error(`did not happen within ${mostMs} ms`);
    return mostMs;
  };
  const handlers = stack.handlers();
  const dial = (number: string, more: Partial<Parameters<(typeof handlers)['call.dial']>[0]> = {}): string => {
    const reply = handlers['call.dial']({
      target: { kind: 'trunk', trunk: 'carrier', number },
      ...{ callingNumber: '01066668888', callingName: 'Desk', anonymous: false },
      media: { rtpPort: 40_000, rtcpPort: 40_001 },
      ...more,
    });
    return (reply as { call: string }).call;
  };
  /** cause of the call's end */
  const cause = async (call: string): Promise<number> =>
    (await seen('call.released', (one) => one.call === call)).cause;
  return {
    stack,
    clock,
    port,
    events,
    of,
    seen,
    states,
    state,
    handlers,
    dial,
    cause,
    stop,
    advance,
    advanceUntil,
  };
}

export type StackDesk = Awaited<ReturnType<typeof stackDesk>>;
