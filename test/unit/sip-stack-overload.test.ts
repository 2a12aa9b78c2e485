// The stack under overload, with real datagrams: new calls get 503 and Retry-After, what belongs to a call is always taken.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../daemon/src/platform/index.js';
import { Stack, type StackOptions } from '../../daemon/src/sip/stack/stack.js';
import type { StackTrunk } from '../../daemon/src/sip/stack/index.js';
import { stackConfig } from '../support/sip-stack-config.js';
import { FakeClock } from '../support/clock-fake.js';

const HOST = '127.0.0.1';
const TRUNK: StackTrunk = {
  ...{ id: 't', name: 't', mode: 'address', username: '', secret: '', fromUser: '', fromDomain: '', expiresS: 3600 },
  hosts: [{ host: HOST, port: 9, transport: 'udp', priority: 0, weight: 1 }],
  ...{ codecs: ['pcma'], dtmf: 'auto', srtp: 'none', tlsFingerprint: '', sources: ['127.0.0.0/8'] },
  ...{ maxCalls: 0, optionsIntervalS: 0, callerIdHeader: 'from', diversionHeader: 'diversion', enabled: true },
};
const SDP = `v=0\r\no=- 1 1 IN IP4 ${HOST}\r\ns=-\r\nc=IN IP4 ${HOST}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n`;

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A stack whose application answers every call at once, and a peer of it. */
async function begin(overload: StackOptions['overload'], emergency: string[] = []) {
  const clock = new FakeClock();
  const config = stackConfig('cordboard', { trunks: [TRUNK], emergency });
  const stack: Stack = new Stack({
    ...{ config, clock, log: silentLog, overload },
    emit: (event, data) => {
      if (event !== 'call.offered') return;
      const { call } = data as { call: string };
      const handlers = stack.handlers();
      void handlers['call.media']({ call, media: { rtpPort: 20_000, rtcpPort: 20_001 } });
      void handlers['call.answer']({ call });
    },
  });
  const { port } = await stack.start();
  const peer = createSocket('udp4');
  peer.bind(0, HOST);
  await once(peer, 'listening');
  endings.push(async () => {
    peer.close();
    const stopped = stack.stop();
    await clock.advance(1000);
    await stopped;
  });
  return { clock, stack, caller: new Caller(peer, port) };
}

class Caller {
  readonly #own: string;
  called = '95001';

  constructor(
    readonly socket: Socket,
    readonly port: number,
  ) {
    this.#own = `${HOST}:${socket.address().port}`;
    socket.setMaxListeners(0);
  }

  /** Resolves with the final answer. */
  async ask(method: string, call: string, cseq: number, toTag = '', body = ''): Promise<string> {
    const branch = `z9hG4bK${method}${call}${cseq}`;
    const answered = new Promise<string>((resolve) => {
      const came = (bytes: Buffer): void => {
        const text = bytes.toString();
        if (!text.includes(branch) || text.startsWith('SIP/2.0 1')) return;
        this.socket.off('message', came);
        resolve(text);
      };
      this.socket.on('message', came);
    });
    this.send(method, call, cseq, branch, toTag, body);
    return answered;
  }

  send(method: string, call: string, cseq: number, branch: string, toTag = '', body = ''): void {
    const lines = [
      `${method} sip:${this.called}@${HOST} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.#own};branch=${branch}`,
      'Max-Forwards: 70',
      `From: <sip:1@${this.#own}>;tag=${call}`,
      `To: <sip:${this.called}@${HOST}>${toTag === '' ? '' : `;tag=${toTag}`}`,
      `Call-ID: ${call}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:1@${this.#own}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
    ];
    this.socket.send(`${lines.join('\r\n')}\r\n\r\n${body}`, this.port, HOST);
  }

  invite(call: string): Promise<string> {
    return this.ask('INVITE', call, 1, '', SDP);
  }
}

const statusOf = (text: string): number => Number(text.slice(8, 11));
const tagOf = (text: string): string => /^To:.*;tag=(\S+)/m.exec(text)?.[1] ?? '';

/** Whatever waits is too much, nothing as well. */
const ALL_IS_TOO_MUCH = { queued: { high: -1, low: -2 }, always: { perS: 1, burst: 0 } };

describe('a stack with too much to do', () => {
  it('turns new calls away with 503 and says when to come again', async () => {
    const { clock, caller } = await begin(ALL_IS_TOO_MUCH);
    expect(statusOf(await caller.invite('first'))).toBe(200);
    await clock.advance(500);
    const answers = [];
    for (let n = 0; n < 10; n += 1) answers.push(await caller.invite(`more-${n}`));
    const shed = answers.filter((answer) => statusOf(answer) === 503);
    // Half of them, at first.
    expect(shed).toHaveLength(5);
    for (const answer of shed) expect(answer).toMatch(/^Retry-After: [2-6]\r$/m);
  });

  it('never turns away what belongs to a call', async () => {
    const { clock, stack, caller } = await begin(ALL_IS_TOO_MUCH);
    const tag = tagOf(await caller.invite('kept'));
    caller.send('ACK', 'kept', 1, 'z9hG4bKack', tag);
    await clock.advance(60_000);
    const refused = [];
    for (let n = 0; n < 20; n += 1) refused.push(statusOf(await caller.invite(`more-${n}`)));
    expect(refused.filter((status) => status === 503)).toHaveLength(20);
    expect(statusOf(await caller.ask('OPTIONS', 'kept', 2, tag))).toBe(200);
    expect(statusOf(await caller.ask('INVITE', 'kept', 3, tag, SDP))).toBe(200);
    caller.send('ACK', 'kept', 3, 'z9hG4bKack3', tag);
    expect(statusOf(await caller.ask('BYE', 'kept', 4, tag))).toBe(200);
    expect((await stack.handlers().statistics({})).calls).toBe(0);
  });

  it('turns calls away unread with what it would have said, and hears nothing of their ACKs', async () => {
    const { clock, stack, caller } = await begin(ALL_IS_TOO_MUCH);
    await clock.advance(60_000);
    const answer = await caller.invite('away');
    expect(statusOf(answer)).toBe(503);
    expect(answer.replaceAll(/\d+/g, '#')).toBe(
      [
        'SIP/#.# # Service Unavailable',
        `Via: SIP/#.#/UDP ${HOST}:#;branch=z#hG#bKINVITEaway#`.replaceAll(/\d+/g, '#'),
        `From: <sip:#@${HOST}:#>;tag=away`.replaceAll(/\d+/g, '#'),
        `To: <sip:#@${HOST}>;tag=${tagOf(answer)}`.replaceAll(/\d+/g, '#'),
        'Call-ID: away',
        'CSeq: # INVITE',
        'Retry-After: #',
        'Content-Length: #',
        '',
        '',
      ].join('\r\n'),
    );
    // The same for each copy of it.
    expect(tagOf(await caller.invite('away'))).toBe(tagOf(answer));
    caller.send('ACK', 'away', 1, 'z9hG4bKINVITEaway1', tagOf(answer));
    await caller.ask('OPTIONS', 'after', 1);
    const { counters, transactions } = await stack.handlers().statistics({});
    expect([counters['shed'], counters['served'], transactions.server]).toEqual([3, 0, 0]);
    expect(counters['messagesIn']).toBe(4);
  });

  it('takes emergency calls first of all', async () => {
    const { clock, caller } = await begin(ALL_IS_TOO_MUCH, ['95001']);
    await clock.advance(60_000);
    expect(statusOf(await caller.invite('help'))).toBe(200);
  });

  it('answers what belongs to a call before the new calls that came before it', async () => {
    const { caller } = await begin({});
    const tag = tagOf(await caller.invite('kept'));
    caller.send('ACK', 'kept', 1, 'z9hG4bKack', tag);
    const order: string[] = [];
    caller.socket.on('message', (bytes) => order.push(/^CSeq: \d+ (\w+)/m.exec(bytes.toString())?.[1] ?? ''));
    const news = Array.from({ length: 30 }, (_, n) => caller.invite(`more-${n}`));
    const bye = caller.ask('BYE', 'kept', 2, tag);
    expect(statusOf(await bye)).toBe(200);
    expect((await Promise.all(news)).map(statusOf)).toEqual(Array(30).fill(200));
    expect(order.indexOf('BYE')).toBeLessThan(20);
  });

  it('answers an emergency call before the new calls that came before it', async () => {
    const { caller } = await begin({}, ['110']);
    const order: string[] = [];
    caller.socket.on('message', (bytes) => order.push(/^Call-ID: (\S+)/m.exec(bytes.toString())?.[1] ?? ''));
    const news = Array.from({ length: 30 }, (_, n) => caller.invite(`more-${n}`));
    caller.called = '110';
    expect(statusOf(await caller.invite('help'))).toBe(200);
    expect((await Promise.all(news)).map(statusOf)).toEqual(Array(30).fill(200));
    expect(order.indexOf('help')).toBeLessThan(order.indexOf('more-20'));
  });
});
