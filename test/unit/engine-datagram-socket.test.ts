// The addon's socket for signalling: datagrams in bursts, its errors, its end, and what it tells apart without anybody reading it.
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DATAGRAM_BATCH, DatagramSocket, type SipRules } from '../../daemon/src/engine/index.js';
import { glance } from '../../daemon/src/sip/message/index.js';
import { Mutator } from '../support/sip-torture-mutations.js';
import { tortureMessages } from '../support/sip-torture.js';

const LOOPBACK = '127.0.0.1';
const RULES: SipRules = { refusalTag: 'refused', exempt: ['110'] };
const ROUNDS = Number(process.env['SIP_FUZZ_ROUNDS'] ?? 20_000) / 4;
const SEED = Number(process.env['SIP_FUZZ_SEED'] ?? 3261);

interface Came {
  text: string;
  port: number;
  begins: boolean;
}

function open(over: { host?: string; port?: number; sip?: SipRules } = {}) {
  const came: Came[] = [];
  const state = { dropped: 0 };
  let waiting: (() => void) | undefined;
  const happened = (): void => waiting?.();
  const socket = new DatagramSocket({
    ...{ host: LOOPBACK, port: 0, receiveBytes: 4_194_304, sendBytes: 1_048_576, ...over },
    received: (bytes, _host, port, begins) => {
      came.push({ text: bytes.toString('latin1'), port, begins });
      happened();
    },
    dropped: (count) => {
      state.dropped += count;
      happened();
    },
    troubled: (error) => expect(error).toBeUndefined(),
  });
  onTestFinished(() => socket.close());
  const until = async (count: number): Promise<void> => {
    while (came.length + state.dropped < count) await new Promise<void>((resolve) => (waiting = resolve));
  };
  return { socket, came, state, until };
}

const sent = (from: DatagramSocket, text: string, port: number, host = LOOPBACK): Promise<string | undefined> =>
  new Promise((resolve) => from.send(Buffer.from(text, 'latin1'), host, port, (error) => resolve(error?.code)));

const request = (method: string, to: string, user = '1'): string =>
  `${method} sip:${user}@a SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:2@a>;tag=f\r\n` +
  `To: ${to}\r\nCall-ID: 1\r\nCSeq: 1 ${method}\r\n\r\n`;

describe('a datagram socket', () => {
  it('sends and receives more than one batch at once, in order', async () => {
    const { socket: from } = open();
    const to = open();
    const texts = Array.from({ length: 3 * DATAGRAM_BATCH + 5 }, (_, i) => `${i} ${'x'.repeat(i * 5)}`);
    const codes = Promise.all(texts.map((text) => sent(from, text, to.socket.port)));
    await to.until(texts.length);
    expect(to.came.map(({ text }) => text)).toEqual(texts);
    expect(new Set(to.came.map(({ port }) => port))).toEqual(new Set([from.port]));
    expect(await codes).toEqual(texts.map(() => undefined));
    expect(from.pendingBytes).toBe(0);
  });

  it('keeps the largest datagram whole, and what was received is not written over', async () => {
    const to = open();
    const { socket: from } = open();
    const largest = 'y'.repeat(65_507);
    await sent(from, largest, to.socket.port);
    await to.until(1);
    await sent(from, 'z'.repeat(65_507), to.socket.port);
    await to.until(2);
    expect(to.came[0]?.text).toBe(largest);
  });

  it('has an error of one datagram be nothing to the others', async () => {
    const { socket: from } = open();
    const to = open();
    const { port } = to.socket;
    const codes = await Promise.all([
      sent(from, 'a', port, 'phone.example'),
      sent(from, 'b', 0),
      sent(from, 'c', 65_536),
      sent(from, 'd', port, '::1'),
      sent(from, 'e'.repeat(65_508), port),
      sent(from, 'f', port),
    ]);
    expect(codes).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EAFNOSUPPORT', 'EMSGSIZE', undefined]);
    await to.until(1);
    expect(to.came.map(({ text }) => text)).toEqual(['f']);
  });

  it('says why it cannot listen, and takes nothing once it is closed', async () => {
    const { socket } = open();
    const refusal = (over: { host?: string; port?: number }): unknown => {
      try {
        open(over);
        return undefined;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    };
    const { port } = socket;
    expect(refusal({ port })).toBe('EADDRINUSE');
    expect(refusal({ host: '192.0.2.1' })).toBe('EADDRNOTAVAIL');
    expect(refusal({ host: 'localhost' })).toBe('EINVAL');
    socket.close();
    socket.close();
    expect(await sent(socket, 'late', port)).toBe('ECANCELED');
    expect(refusal({ port })).toBeUndefined();
  });

  it('is closed with a thread that is ended from outside', async () => {
    const worker = new Worker(
      `const { DatagramSocket } = require('@cordboard/native');
       const numbers = () => new Int32Array(${DATAGRAM_BATCH});
       const memory = { slots: Buffer.alloc(${DATAGRAM_BATCH} * 65536), slotOf: numbers(), lengths: numbers(),
         ports: numbers(), begins: numbers(), errors: numbers() };
       const nothing = () => undefined;
       const socket = new DatagramSocket({ host: '${LOOPBACK}', port: 0, receiveBytes: 1, sendBytes: 1 }, memory, nothing, nothing);
       require('node:worker_threads').parentPort.postMessage(socket.port);`,
      { eval: true },
    );
    const port = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(() => open({ port })).toThrow('EADDRINUSE');
    await worker.terminate();
    expect(open({ port }).socket.port).toBe(port);
  });
});

describe('SIP that nobody has read yet', () => {
  it('is told apart where it begins a call, or confirms a refusal', async () => {
    const to = open({ sip: RULES });
    const { socket: from } = open();
    const texts = [
      request('INVITE', '<sip:1@a>'),
      request('INVITE', '<sip:1@a>;tag=x'),
      request('INVITE', '<sip:110@a>', '110'),
      request('ACK', '<sip:1@a>;tag=refused12'),
      request('ACK', '<sip:1@a>;tag=x'),
      'OPTIONS',
    ];
    for (const text of texts) await sent(from, text, to.socket.port);
    await to.until(texts.length);
    expect(to.state.dropped).toBe(1);
    expect(to.came.map(({ begins }) => begins)).toEqual([true, false, false, false, false]);
  });

  it('is what reading it says, whatever was changed in it', async () => {
    const to = open({ sip: RULES });
    const { socket: from } = open();
    const ordinary = [request('INVITE', '<sip:1@a>'), request('ACK', 'B <sip:1@a>;tag=refused12')];
    // Often enough that small changes of these are many.
    const seeds = [
      ...tortureMessages.map(({ bytes }) => bytes),
      ...Array(40)
        .fill(ordinary)
        .flat()
        .map((text) => Buffer.from(String(text))),
    ];
    const mutator = new Mutator(seeds, SEED);
    const verdicts = { begins: 0, dropped: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = mutator.next();
      if (bytes.length > 60_000) continue;
      to.came.length = 0;
      to.state.dropped = 0;
      await sent(from, bytes.toString('latin1'), to.socket.port);
      await to.until(1);
      const seen = glance(bytes);
      const [came] = to.came;
      const right =
        came === undefined
          ? seen === undefined || (seen.method === 'ACK' && seen.toTag?.startsWith(RULES.refusalTag) === true)
          : !came.begins ||
            seen === undefined ||
            (seen.method === 'INVITE' && seen.toTag === undefined && seen.uri.user !== '110');
      if (!right) expect({ octets: bytes.toString('latin1'), came, seen }).toBeUndefined();
      if (came === undefined) verdicts.dropped += 1;
      else if (came.begins) verdicts.begins += 1;
    }
    expect(Math.min(verdicts.begins, verdicts.dropped)).toBeGreaterThan(ROUNDS / 50);
  }, 60_000);
});
