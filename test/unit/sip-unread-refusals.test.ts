// Requests that are refused without being read: the answer is the one that they get when they are.
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../daemon/src/platform/index.js';
import { glance, parseMessage, serialise } from '../../daemon/src/sip/message/index.js';
import { RandomSource, TimerWheel, Transactions } from '../../daemon/src/sip/transaction/index.js';
import type { Flow, Target } from '../../daemon/src/sip/transport/index.js';
import { stampReceived } from '../../daemon/src/sip/transport/via-hop.js';
import { FakeClock } from '../support/clock-fake.js';
import { Mutator } from '../support/sip-torture-mutations.js';
import { tortureMessages } from '../support/sip-torture.js';

const ROUNDS = Math.ceil(Number(process.env['SIP_FUZZ_ROUNDS'] ?? 20_000) / 2);
const SEED = Number(process.env['SIP_FUZZ_SEED'] ?? 4475);
/** Room for a slow machine. */
const TIMEOUT_MS = 20_000 + ROUNDS * 5;
const FLOW: Flow = {
  transport: 'udp',
  local: { host: '192.0.2.1', port: 5060 },
  remote: { host: '192.0.2.9', port: 41_000 },
  connection: 0,
};

/** What a telephone sends; `over` stands in place of a line of that name. */
function request(method: string, over: Record<string, string | undefined> = {}): Buffer {
  const lines: Record<string, string | undefined> = {
    Via: 'SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK776;rport',
    'Max-Forwards': '70',
    From: '"张 \\"三\\"" <sip:1001@pbx.example>;tag=f1',
    To: '<sip:1002@pbx.example>',
    'Call-ID': 'a84b4c76e66710@192.0.2.9',
    CSeq: `1 ${method}`,
    Contact: '<sip:1001@192.0.2.9:5062>',
    'User-Agent': 'Phone 1.0',
    'Content-Length': '4',
    ...over,
  };
  const head = Object.entries(lines).map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`));
  return Buffer.from(`${method} sip:1002@pbx.example SIP/2.0\r\n${head.join('')}\r\nv=0\n`);
}

/** A layer that turns everything away, and what it sends. */
function layer() {
  const clock = new FakeClock();
  const sent: { text: string; target: Target }[] = [];
  const heard: string[] = [];
  const carrier = {
    reliable: () => false,
    send: () => Promise.resolve(FLOW),
    sendBytes: (bytes: Buffer, target: Target) => {
      sent.push({ text: bytes.toString('latin1'), target });
      return Promise.resolve(FLOW);
    },
  };
  const state = { retryAfterS: 5 as number | undefined };
  const asked = { times: 0 };
  const transactions = new Transactions({
    carrier,
    timers: new TimerWheel(clock, { log: silentLog }),
    random: new RandomSource((size) => Buffer.alloc(size, 7)),
    overload: () => {
      asked.times += 1;
      return state.retryAfterS;
    },
    user: {
      request: ({ request: { method } }) => {
        heard.push(method);
        return undefined;
      },
      ack: () => heard.push('ACK'),
    },
  });
  return { transactions, sent, heard, state, asked };
}

/** The answers to bytes read and not read; undefined: they cannot be refused unread. */
function both(bytes: Buffer, unread = layer(), read = layer()) {
  const seen = glance(bytes);
  const message = parseMessage(bytes);
  unread.sent.length = read.sent.length = 0;
  if (seen === undefined || !unread.transactions.refuseUnread(seen, FLOW, false))
    return { message, answers: undefined };
  if (message.kind === 'request') {
    stampReceived(message, FLOW);
    read.transactions.receiveRequest(message, FLOW);
  }
  return { message, answers: [unread.sent, read.sent] };
}

const ORDINARY: [string, Buffer][] = [
  ['INVITE', request('INVITE')],
  ['REGISTER', request('REGISTER', { Expires: '300' })],
  ['OPTIONS', request('OPTIONS', { 'User-Agent': undefined })],
  ['SUBSCRIBE', request('SUBSCRIBE', { Event: 'dialog' })],
  ['MESSAGE', request('MESSAGE', { 'Content-Type': 'text/plain' })],
  ['without rport', request('INVITE', { Via: 'SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1' })],
  ['from behind a NAT', request('INVITE', { Via: 'SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1' })],
  ['with a name in Via', request('INVITE', { Via: 'SIP/2.0/UDP phone.invalid;branch=z9hG4bK1;rport' })],
  ['by a proxy', request('INVITE', { v: 'SIP/2.0/TCP 10.1.1.1;branch=z9hG4bK2;received=10.1.1.2' })],
  ['in compact form', request('INVITE', { From: undefined, To: undefined, f: 'sip:1@a;tag=x', t: 'B <sip:2@a>' })],
  ['with a time stamp', request('INVITE', { Timestamp: '54' })],
];

describe('a request that is refused unread', () => {
  it.each(ORDINARY)('gets the answer that it gets when it is read: %s', (_, bytes) => {
    const { answers } = both(bytes);
    expect(answers).toBeDefined();
    expect(answers?.[0]).toHaveLength(1);
    expect(answers?.[0]?.[0]?.text).toMatch(/^SIP\/2.0 503 Service Unavailable\r\n[^]*\r\nRetry-After: 5\r\n/);
    expect(answers?.[0]).toEqual(answers?.[1]);
  });

  it.each([
    ['a tag in To', request('INVITE', { To: '<sip:1002@pbx.example>;tag=ours' })],
    ['BYE', request('BYE')],
    ['CANCEL', request('CANCEL')],
    ['ACK', request('ACK')],
    ['a response', serialise(response())],
    ['no magic cookie', request('INVITE', { Via: 'SIP/2.0/UDP 192.0.2.9;branch=1' })],
    ['no Via', request('INVITE', { Via: undefined })],
    ['two of From', request('INVITE', { f: '<sip:1@a>;tag=2' })],
    ['no tag in From', request('INVITE', { From: '<sip:1@a>' })],
    ['CSeq of another method', request('INVITE', { CSeq: '1 BYE' })],
    ['a longer body than came', request('INVITE', { 'Content-Length': '5' })],
    ['a folded line', request('INVITE', { To: '\r\n <sip:1002@pbx.example>' })],
    ['several values in one Via', request('INVITE', { Via: 'SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b' })],
    ['a head of any length', request('INVITE', { Subject: 'a'.repeat(9000) })],
  ])('is none that has %s', (_, bytes) => {
    expect(both(bytes).answers).toBeUndefined();
  });

  it('is none whose transaction is there, or that came another way before', () => {
    const bytes = request('INVITE');
    const { transactions, sent, state } = layer();
    state.retryAfterS = undefined;
    const message = parseMessage(bytes);
    if (message.kind === 'request') transactions.receiveRequest(message, FLOW);
    state.retryAfterS = 5;
    const other = request('INVITE', { Via: 'SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bKother' });
    for (const copy of [bytes, other]) expect(transactions.refuseUnread(glance(copy)!, FLOW, true)).toBe(false);
    expect(transactions.judge(glance(bytes)!)).toBe('now');
    expect(sent).toEqual([]);
  });

  it('is asked about once when it is not refused', () => {
    const { transactions, state, asked, heard } = layer();
    state.retryAfterS = undefined;
    const bytes = request('INVITE');
    expect(transactions.refuseUnread(glance(bytes)!, FLOW, false)).toBe(false);
    const message = parseMessage(bytes);
    if (message.kind === 'request') transactions.receiveRequest(message, FLOW);
    expect([asked.times, heard]).toEqual([1, ['INVITE']]);
  });

  it('has an ACK that nobody needs; other ACKs are read', () => {
    const { transactions, sent } = layer();
    transactions.refuseUnread(glance(request('INVITE'))!, FLOW, false);
    const to = /^To: (.*)\r$/m.exec(sent[0]!.text)?.[1] ?? '';
    expect(transactions.judge(glance(request('ACK', { To: to }))!)).toBe('drop');
    expect(transactions.judge(glance(request('ACK', { To: '<sip:1002@pbx.example>;tag=f00' }))!)).toBe('now');
    expect(transactions.judge(glance(request('ACK'))!)).toBe('now');
  });

  it('whose CANCEL comes is not overtaken by it', () => {
    const { transactions, state } = layer();
    state.retryAfterS = undefined;
    const cancel = glance(request('CANCEL'))!;
    expect(transactions.judge(cancel)).toBe('wait');
    const message = parseMessage(request('INVITE'));
    if (message.kind === 'request') transactions.receiveRequest(message, FLOW);
    expect(transactions.judge(cancel)).toBe('now');
  });

  it(
    'is a whole message in what it was judged by, whatever was changed in it',
    () => {
      const seeds = [...tortureMessages.map(({ bytes }) => bytes), ...ORDINARY.map(([, bytes]) => bytes)];
      const mutator = new Mutator(seeds, SEED);
      const layers = [layer(), layer()] as const;
      let refused = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = mutator.next();
        const { message, answers } = both(bytes, ...layers);
        if (answers === undefined) continue;
        refused += 1;
        // Of what is no whole message, the fault is one that no answer depends on.
        const fits =
          message.kind === 'failure'
            ? UNSEEN.test(message.reason) && message.request !== undefined
            : isDeepStrictEqual(answers[0], answers[1]);
        if (!fits) expect({ octets: bytes.toString('latin1'), message, answers }).toBeUndefined();
      }
      expect(refused).toBeGreaterThan(ROUNDS / 20);
    },
    TIMEOUT_MS,
  );
});

/** Headers that are not looked at. */
const UNSEEN =
  /^(Malformed|Missing|More Than One|Too Many Values of|Bad) (?!Via|From|To\b|Call-ID|CSeq|Request|Content-Length)[A-Z]|^Too Many Header Fields$|^Header Field Too Long$/;

function response() {
  const message = parseMessage(
    Buffer.from(
      request('INVITE')
        .toString()
        .replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'),
    ),
  );
  if (message.kind !== 'response') throw new Error('it is no response');
  return message;
}
