// Hostile datagrams by the thousand at the running stack: the messages of RFC 4475 and those of calls in progress, changed at random.
import { connect } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newRequest, newResponse, serialise, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from './clock-fake.js';
import { RawPhone, offerOf, token } from './sip-raw-phone.js';
import { REALM, RunningStack, station, trunk } from './sip-running-stack.js';
import { tortureMessages } from './sip-torture.js';
import { Mutator } from './sip-torture-mutations.js';
import { cpuMs } from './cpu-time.js';

export interface FuzzOptions {
  /** datagrams; whole thousands */
  count: number;
  seed: number;
  /** heard after each thousand */
  progress?: (done: number, optionsMs: number) => void;
}

export interface FuzzResult {
  datagrams: number;
  /** of them, those that came; the kernel may drop some */
  received: number;
  /** octets of streams besides */
  streamMessages: number;
  /** errors that were caught where nobody had expected any, and those that were not */
  faults: string[];
  /** an OPTIONS after each thousand, behind the last of them, ms */
  optionsMs: number[];
  /** the same in ms of this process */
  optionsCpuMs: number[];
  /** after a collection: when a few thousand had been through, and at the end */
  heapBefore: number;
  heapAfter: number;
  /** what was still there when every time-out had passed */
  left: { calls: number; dialogs: number; transactions: number };
  tookMs: number;
}

const THOUSAND = 1000;
/** what the kernel's buffer of a socket holds in any case */
const BATCH = 20;
const WARM_UP = 2 * THOUSAND;
/** longer than any transaction, dialog without an ACK or connection lives */
const ALL_OVER_MS = 900_000;
const STATION = 1001;
const NORMAL_CLEARING = 16;

export async function fuzzStack({ count, seed, progress = () => undefined }: FuzzOptions): Promise<FuzzResult> {
  const clock = new FakeClock();
  const stack = await RunningStack.start(
    { stations: [station(STATION)], trunks: [trunk('carrier', { sources: ['127.0.0.2/32'] })] },
    { clock },
  );
  stack.answerCalls();
  const calls = liveCalls(stack);
  const uncaught = (error: unknown): void => void stack.faults.push(`uncaught: ${String(error)}`);
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const server = { host: stack.host, port: stack.ports.port };
  const probe = await RawPhone.open({ number: STATION, server });
  const peer = await FuzzPeer.open(stack, server, calls);
  const started = performance.now();
  const optionsMs: number[] = [];
  const optionsCpuMs: number[] = [];
  let heapBefore = 0;
  try {
    for (let done = 0; done < count + WARM_UP; done += THOUSAND) {
      if (done === WARM_UP) heapBefore = await quiet(stack, clock, calls);
      const mutator = new Mutator(await peer.seeds(), seed + done);
      for (let i = 0; i < THOUSAND; i += BATCH) {
        for (let j = 0; j < BATCH; j++) peer.send(mutator.next(), mutator.below(4) === 0);
        if (i + BATCH < THOUSAND) await probe.ask('OPTIONS');
      }
      const asked = performance.now();
      const before = cpuMs();
      await probe.ask('OPTIONS');
      const tookMs = performance.now() - asked;
      const usedMs = cpuMs() - before;
      await peer.stream(mutator);
      await clock.advance(THOUSAND);
      if (done < WARM_UP) continue;
      optionsMs.push(tookMs);
      optionsCpuMs.push(usedMs);
      progress(done - WARM_UP + THOUSAND, tookMs);
    }
    const heapAfter = await quiet(stack, clock, calls);
    const { calls: left, dialogs, transactions, counters } = await stack.statistics();
    return {
      datagrams: count,
      received: (counters['messagesIn'] ?? 0) - peer.streamed,
      streamMessages: peer.streamed,
      faults: [...stack.faults],
      ...{ optionsMs, optionsCpuMs, heapBefore, heapAfter },
      left: { calls: left, dialogs, transactions: transactions.client + transactions.server },
      tookMs: performance.now() - started,
    };
  } finally {
    probe.close();
    peer.close();
    const stopped = stack.stop();
    await clock.advance(5000);
    await stopped;
    process.off('uncaughtException', uncaught);
    process.off('unhandledRejection', uncaught);
  }
}

/** Calls that the daemon knows of. */
function liveCalls(stack: RunningStack): Set<string> {
  const calls = new Set<string>();
  stack.on('call.offered', ({ call }) => calls.add(call));
  stack.on('call.released', ({ call }) => calls.delete(call));
  return calls;
}

/** Ends what is in progress, lets every time-out pass, and collects; bytes of the heap. */
async function quiet(stack: RunningStack, clock: FakeClock, calls: ReadonlySet<string>): Promise<number> {
  for (const call of [...calls]) await stack.handlers['call.release']({ call, cause: NORMAL_CLEARING });
  for (let passed = 0; passed < ALL_OVER_MS; passed += 1000) {
    await clock.advance(1000);
    // What was sent to peers meanwhile is delivered.
    if (passed % 20_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return collected();
}

export function collected(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}

/** Two hosts that send: a telephone's, and a trunk's, whose calls need no credentials. */
class FuzzPeer {
  /** messages by connections so far; what is left of a broken stream is not counted there */
  streamed = 0;
  readonly #stack: RunningStack;
  readonly #phone: RawPhone;
  readonly #trunk: RawPhone;
  readonly #calls: Set<string>;

  private constructor(stack: RunningStack, phone: RawPhone, carrier: RawPhone, calls: Set<string>) {
    this.#stack = stack;
    this.#phone = phone;
    this.#trunk = carrier;
    this.#calls = calls;
  }

  static async open(
    stack: RunningStack,
    server: { host: string; port: number },
    calls: Set<string>,
  ): Promise<FuzzPeer> {
    const phone = await RawPhone.open({ number: STATION, server });
    const carrier = await RawPhone.open({ number: 5551000, host: '127.0.0.2', server });
    return new FuzzPeer(stack, phone, carrier, calls);
  }

  close(): void {
    this.#phone.close();
    this.#trunk.close();
  }

  send(bytes: Buffer, fromTrunk: boolean): void {
    (fromTrunk ? this.#trunk : this.#phone).send(bytes.subarray(0, 65_000));
  }

  /** A connection of a few messages, cut in the middle of the last. */
  async stream(mutator: Mutator): Promise<void> {
    const before = (await this.#stack.statistics()).counters['messagesIn'] ?? 0;
    const { host, ports } = this.#stack;
    const socket = connect({ host, port: ports.port });
    socket.on('error', () => undefined);
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    for (let i = 0; i < 10; i++) socket.write(mutator.next());
    socket.end();
    await closed;
    this.streamed += ((await this.#stack.statistics()).counters['messagesIn'] ?? 0) - before;
  }

  /** Messages to change: those of the RFC, and those of a call, a registration and an offer that are there now. */
  async seeds(): Promise<Buffer[]> {
    const torture = tortureMessages.map(({ bytes }) => bytes);
    return [...torture, ...(await this.#ofRegistration()), ...(await this.#ofCall()), ...(await this.#ofOffer())];
  }

  async #ofRegistration(): Promise<Buffer[]> {
    const phone = this.#phone;
    const registered = await phone.register(120);
    if (registered.status !== 200) throw new Error(`the telephone could not register: ${registered.status}`);
    const more: [string, [string, string][]][] = [
      [
        'REGISTER',
        [
          ['Contact', phone.contact],
          ['Expires', '300'],
          ['Path', '<sip:edge.example.com;lr>'],
        ],
      ],
      [
        'SUBSCRIBE',
        [
          ['Contact', phone.contact],
          ['Event', 'dialog'],
          ['Accept', 'application/dialog-info+xml'],
        ],
      ],
      [
        'SUBSCRIBE',
        [
          ['Contact', phone.contact],
          ['Event', 'message-summary'],
          ['Expires', '60'],
        ],
      ],
      ['MESSAGE', [['Content-Type', 'text/plain']]],
      [
        'INVITE',
        [
          ['Contact', phone.contact],
          ['Content-Type', 'application/sdp'],
          ['Supported', '100rel, timer'],
        ],
      ],
    ];
    return more.map(([method, headers]) => {
      const request = phone.request(method, { headers, uri: `sip:1002@${REALM}`, body: bodyOf(headers) });
      phone.digest.begin(request);
      return serialise(request);
    });
  }

  async #ofCall(): Promise<Buffer[]> {
    const trunkPhone = this.#trunk;
    const contact: [string, string] = ['Contact', trunkPhone.contact];
    const sdp: [string, string] = ['Content-Type', 'application/sdp'];
    const dialog = { callId: token('live'), fromTag: token('f'), to: `<sip:1002@${REALM}>`, uri: `sip:1002@${REALM}` };
    const body = offerOf('127.0.0.2');
    const answered = await trunkPhone.ask('INVITE', { ...dialog, cseq: 1, headers: [contact, sdp], body });
    const { toTag } = answered;
    if (answered.status !== 200 || toTag === undefined) throw new Error(`no call: ${answered.status}`);
    const within = (method: string, headers: [string, string][] = [], cseq = 2): SipRequest =>
      trunkPhone.request(method, { ...dialog, toTag, cseq, headers, body: bodyOf(headers) });
    trunkPhone.send(serialise(within('ACK', [], 1)));
    const requests = [
      within('INVITE', [contact, sdp, ['Session-Expires', '90;refresher=uac'], ['Supported', 'timer, replaces']]),
      within('UPDATE', [contact, sdp]),
      within('REFER', [contact, ['Refer-To', `<sip:1003@${REALM}?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>`]]),
      within('INFO', [['Content-Type', 'application/dtmf-relay']]),
      within('PRACK', [['RAck', '1 1 INVITE']]),
      within('NOTIFY', [
        contact,
        ['Event', 'refer'],
        ['Subscription-State', 'active'],
        ['Content-Type', 'message/sipfrag'],
      ]),
      within('SUBSCRIBE', [contact, ['Event', 'dialog']]),
      within('OPTIONS'),
      within('BYE', [['Reason', 'Q.850;cause=16']]),
      newRequest({
        method: 'INVITE',
        uri: dialog.uri,
        headers: [...within('INVITE', [contact, sdp]).headers.entries()],
      }),
    ];
    return requests.map(serialise);
  }

  /** Answers to an INVITE of ours that is under way. */
  async #ofOffer(): Promise<Buffer[]> {
    const phone = this.#phone;
    const came = new Promise<SipRequest>((resolve) => {
      phone.onRequest = (request) => (request.method === 'INVITE' ? resolve(request) : undefined);
    });
    const { call } = await this.#stack.handlers['call.dial']({
      target: { kind: 'station', station: STATION },
      ...{ callingNumber: '5551000', callingName: 'Fuzz', anonymous: false },
      media: { rtpPort: 20_002, rtcpPort: 20_003 },
    });
    this.#calls.add(call);
    const invite = await came;
    const toTag = token('a');
    return [100, 180, 183, 200, 302, 401, 407, 422, 486, 491, 503].map((status) => {
      const response = newResponse(invite, status, undefined, { toTag });
      if (status >= 180 && status < 400) response.headers.add('Contact', phone.contact);
      if (status === 180) response.headers.add('RSeq', '1');
      if (status === 180) response.headers.add('Require', '100rel');
      if (status === 183 || status === 200) {
        response.headers.add('Content-Type', 'application/sdp');
        response.body = Buffer.from(offerOf('127.0.0.1'));
      }
      return serialise(response);
    });
  }
}

function bodyOf(headers: readonly (readonly [string, string])[]): string | undefined {
  switch (headers.find(([name]) => name === 'Content-Type')?.[1]) {
    case 'application/sdp':
      return offerOf('127.0.0.1', 40_000, ['a=rtcp:40001', 'a=ptime:20', 'a=sendrecv']);
    case 'application/dtmf-relay':
      return 'Signal=5\r\nDuration=160\r\n';
    case 'message/sipfrag':
      return 'SIP/2.0 200 OK\r\n';
    case 'text/plain':
      return 'Hello';
    default:
      return undefined;
  }
}
