// Transactions, dialogs and sessions of ours at an end of the wire, with media that only remember what was agreed.
import {
  DEFAULT_SESSION_SETTINGS,
  Dialogs,
  IncomingSession,
  OutgoingSession,
  dialogContext,
  type DialogContextOptions,
  type Exchange,
  type InviteSession,
  type OtherRequest,
  type OutgoingCall,
  type SessionMedia,
  type SessionSettings,
} from '../../daemon/src/sip/dialog/index.js';
import {
  newRequest,
  newResponse,
  parseUri,
  serialise,
  type SipRequest,
  type SipUri,
} from '../../daemon/src/sip/message/index.js';
import {
  RandomSource,
  TimerWheel,
  Transactions,
  type ServerTransaction,
  type SipTimes,
} from '../../daemon/src/sip/transaction/index.js';
import type { Target, TransportName } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from './clock-fake.js';
import { Wire, seededBytes, type WirePort } from './sip-wire.js';

/** What one end of a session has agreed to. */
export class TestMedia implements SessionMedia {
  readonly name: string;
  /** description of ours, and of the peer */
  local = '';
  remote = '';
  readonly log: string[] = [];
  /** offers to refuse */
  refuses: (offer: string) => boolean = () => false;
  #before = { local: '', remote: '' };
  #offered = '';
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  offer(): Buffer {
    this.#before = { local: this.local, remote: this.remote };
    this.#offered = `offer ${++this.#count} of ${this.name}`;
    return Buffer.from(this.#offered);
  }

  answer(offer: Buffer, _exchange: Exchange): Buffer | undefined | Promise<Buffer | undefined> {
    const text = offer.toString();
    if (this.refuses(text)) return undefined;
    this.#before = { local: this.local, remote: this.remote };
    this.local = `answer ${++this.#count} of ${this.name}`;
    this.remote = text;
    return Buffer.from(this.local);
  }

  answered(answer: Buffer, exchange: Exchange): void {
    this.log.push(`${exchange.preview ? 'preview' : 'answer'}: ${answer.toString()}`);
    this.local = this.#offered;
    this.remote = answer.toString();
  }

  decline(): Buffer {
    return Buffer.from(`nothing from ${this.name}`);
  }

  restored(): void {
    this.log.push('restored');
    ({ local: this.local, remote: this.remote } = this.#before);
  }
}

/** A session with its media, and everything that its owner has heard. */
export interface Watched<S extends InviteSession = InviteSession> {
  session: S;
  media: TestMedia;
  events: string[];
}

export interface StackOptions {
  settings?: Partial<SessionSettings>;
  times?: Partial<SipTimes>;
  limits?: DialogContextOptions['limits'];
  judge?: DialogContextOptions['judge'];
}

export class TestStack {
  readonly host: string;
  readonly port: WirePort;
  readonly wheel: TimerWheel;
  readonly transactions: Transactions;
  readonly dialogs: Dialogs;
  readonly incoming: Watched<IncomingSession>[] = [];
  settings: SessionSettings;
  /** what is done with a call that comes in; when left out nothing, it is in `incoming` */
  arrived: (call: Watched<IncomingSession>) => void = () => undefined;
  /** where requests for a host go */
  locate: (host: string) => Target[];
  /** takes requests in calls that came in which the session does not know */
  otherRequest: OtherRequest = () => false;
  /** INVITEs that nobody has looked at yet, when there shall be such */
  held: ServerTransaction[] | undefined;
  /** requests outside dialogs that are no INVITE */
  readonly others: SipRequest[] = [];
  readonly #random: RandomSource;
  #calls = 0;

  constructor(wire: Wire, host: string, options: StackOptions = {}) {
    this.host = host;
    this.port = wire.port(host);
    this.wheel = new TimerWheel(wire.clock);
    this.locate = (to) => [{ transport: wire.transport, remote: { host: to, port: 5060 } }];
    this.settings = { ...DEFAULT_SESSION_SETTINGS, sessionExpiresS: 0, ...options.settings };
    const random = new RandomSource(seededBytes(host));
    this.#random = random;
    this.transactions = new Transactions({
      carrier: this.port,
      timers: this.wheel,
      random,
      times: options.times,
      user: {
        request: (transaction) => this.#request(transaction),
        ack: (request, flow) => this.dialogs.ack(request, flow),
      },
    });
    this.port.receiver = this.transactions;
    this.dialogs = new Dialogs(
      dialogContext({
        transactions: this.transactions,
        locate: (uri) => Promise.resolve(this.locate(uri.host)),
        judge: options.judge,
        timers: this.wheel,
        clock: wire.clock,
        random,
        times: options.times,
        limits: options.limits,
      }),
    );
  }

  call(host: string, options: Partial<OutgoingCall> = {}): Watched<OutgoingSession> {
    const media = new TestMedia(`${this.host}/${++this.#calls}`);
    const session = new OutgoingSession({
      dialogs: this.dialogs,
      settings: this.settings,
      media,
      contact: `<sip:${this.host}>`,
      uri: uriOf(`sip:someone@${host}`),
      to: `<sip:someone@${host}>`,
      from: `<sip:us@${this.host}>`,
      callId: this.#random.token(),
      ...options,
    });
    return { session, media, events: watch(session) };
  }

  /** Everything that lives: transactions, dialogs, timers. */
  get living(): number[] {
    const { server, client } = this.transactions.size;
    return [server, client, this.dialogs.size, this.wheel.size];
  }

  #request(transaction: ServerTransaction): undefined {
    const { request } = transaction;
    if (request.toTag !== undefined) this.dialogs.request(transaction);
    else if (request.method === 'INVITE' && this.held !== undefined) this.held.push(transaction);
    else if (request.method === 'INVITE') this.invited(transaction);
    else {
      this.others.push(request);
      transaction.respond(newResponse(request, request.method === 'BYE' ? 481 : 405, undefined, { toTag: 'none' }));
    }
  }

  invited(transaction: ServerTransaction): void {
    const media = new TestMedia(`${this.host}/${++this.#calls}`);
    const session = IncomingSession.receive(transaction, {
      dialogs: this.dialogs,
      settings: this.settings,
      media,
      contact: `<sip:${this.host}>`,
      otherRequest: (request) => this.otherRequest(request),
    });
    if (session === undefined) return;
    const call = { session, media, events: watch(session) };
    this.incoming.push(call);
    this.arrived(call);
  }
}

/** What the owner hears, as text. */
function watch(session: InviteSession): string[] {
  const heard: string[] = [];
  const { events } = session;
  events.on('progress', ({ status, media }) => void heard.push(`progress ${status}${media ? ' media' : ''}`));
  events.on('answered', () => void heard.push('answered'));
  events.on('confirmed', () => void heard.push('confirmed'));
  events.on('modified', ({ by }) => void heard.push(`modified by ${by}`));
  events.on('digit', ({ digit, durationMs }) => void heard.push(`digit ${digit} ${durationMs}`));
  events.on('ended', ({ by, cause, status }) => void heard.push(`ended by ${by} ${cause} ${status ?? '-'}`));
  return heard;
}

export function uriOf(text: string): SipUri {
  const uri = parseUri(text);
  if (uri === undefined) throw new Error(`no URI: ${text}`);
  return uri;
}

export const A = '192.0.2.1';
export const B = '192.0.2.2';

/** Two stacks of ours that talk to one another. */
export function twoStacks(transport: TransportName = 'udp', a: StackOptions = {}, b: StackOptions = {}) {
  const clock = new FakeClock();
  const wire = new Wire(clock, transport);
  const caller = new TestStack(wire, A, a);
  const callee = new TestStack(wire, B, b);
  const advance = (ms: number): Promise<void> => clock.advance(ms);

  /** A call that both have, answered. */
  const established = async (options: Partial<OutgoingCall> = {}) => {
    const out = caller.call(B, options);
    await advance(20);
    const into = callee.incoming.at(-1)!;
    await into.session.answer();
    await advance(40);
    wire.packets.length = 0;
    for (const { events, media } of [out, into]) events.length = media.log.length = 0;
    return { out, into };
  };

  return { clock, wire, caller, callee, advance, established };
}

/** A stack of ours, and a peer whose every message the test writes. */
export function stackAndPeer(options: StackOptions = {}, transport: TransportName = 'udp') {
  const clock = new FakeClock();
  const wire = new Wire(clock, transport);
  const stack = new TestStack(wire, A, options);
  const peer = wire.port(B);
  const advance = (ms: number): Promise<void> => clock.advance(ms);
  /** the last request of that method that reached the peer */
  const got = (method: string): SipRequest => {
    const request = peer.received.findLast((message) => message.kind === 'request' && message.method === method);
    if (request?.kind !== 'request') throw new Error(`no ${method} has come`);
    return request;
  };
  /** The same, after those on their way have arrived. */
  const next = async (method: string): Promise<SipRequest> => {
    await advance(10);
    return got(method);
  };
  const all = (method: string): SipRequest[] =>
    peer.received.filter((message) => message.kind === 'request' && message.method === method) as SipRequest[];
  const statuses = (method: string): number[] =>
    peer.received.flatMap((one) => (one.kind === 'response' && one.cseq.method === method ? [one.status] : []));
  const lastResponse = (method: string) => {
    const found = peer.received.findLast((one) => one.kind === 'response' && one.cseq.method === method);
    if (found?.kind !== 'response') throw new Error(`no answer to ${method} has come`);
    return found;
  };

  /** Answers a request that has come. */
  const answer = async (
    request: SipRequest,
    status: number,
    parts: { tag?: string; sdp?: string; headers?: [string, string][] } = {},
  ): Promise<void> => {
    const response = newResponse(request, status, undefined, { toTag: parts.tag ?? 'peer' });
    if (status > 100 && !(parts.headers ?? []).some(([name]) => name === 'Contact')) {
      response.headers.add('Contact', `<sip:${B}>`);
    }
    for (const [name, value] of parts.headers ?? []) response.headers.add(name, value);
    if (parts.sdp !== undefined) {
      response.headers.add('Content-Type', 'application/sdp');
      response.body = Buffer.from(parts.sdp);
    }
    await peer.send(response, stack.port.target);
    await advance(10);
  };

  let branches = 0;
  /** Sends the stack a request with these headers after the usual ones. */
  const request = async (
    method: string,
    parts: {
      callId?: string;
      from?: string;
      to?: string;
      cseq?: number;
      cseqMethod?: string;
      branch?: string;
      headers?: [string, string][];
      sdp?: string;
      body?: [type: string, text: string];
    } = {},
  ): Promise<void> => {
    const type = parts.sdp === undefined ? parts.body?.[0] : 'application/sdp';
    const message = newRequest({
      method,
      uri: `sip:us@${A}`,
      headers: [
        ['Via', `SIP/2.0/${transport.toUpperCase()} ${B};branch=${parts.branch ?? `z9hG4bKpeer${++branches}`};rport`],
        ['Max-Forwards', '70'],
        ['From', parts.from ?? `<sip:them@${B}>;tag=peer`],
        ['To', parts.to ?? `<sip:us@${A}>`],
        ['Call-ID', parts.callId ?? 'peer-call'],
        ['CSeq', `${parts.cseq ?? 1} ${parts.cseqMethod ?? method}`],
        ...((parts.headers ?? []).some(([name]) => name === 'Contact') ? [] : [['Contact', `<sip:${B}>`] as const]),
        ...(parts.headers ?? []),
        ...(type === undefined ? [] : [['Content-Type', type] as [string, string]]),
      ],
      body: Buffer.from(parts.sdp ?? parts.body?.[1] ?? ''),
    });
    await peer.sendBytes(serialise(message), stack.port.target);
    await advance(10);
  };

  return { clock, wire, stack, peer, advance, got, next, all, statuses, lastResponse, answer, request };
}
