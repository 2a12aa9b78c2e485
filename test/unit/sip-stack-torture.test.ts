// The 49 messages of RFC 4475 at the running stack, over UDP and TCP: what is answered, and that it goes on answering others.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMessage } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { token } from '../support/sip-raw-phone.js';
import { RunningStack, trunk } from '../support/sip-running-stack.js';
import { tortureMessages, type TortureAnswer, type TortureMessage } from '../support/sip-torture.js';

/** Their Vias want answers at port 5060 of whoever sends: an address of loopback that nobody else uses. */
const SENDER = `127.${100 + (process.pid & 63)}.${(process.pid >> 6) & 255}.7`;
const UNALLOCATED = 1;

/** What was answered: it need not be readable where it copies what was not. */
interface Heard {
  status: number;
  text: string;
}

let stack: RunningStack;

/** A stack for each transport: by the other one its messages would be copies. */
function ownStack(): void {
  // It stands still: no refusal that nobody acknowledged comes again in the middle of the next test.
  const clock = new FakeClock();
  beforeAll(async () => {
    // The sender is a trunk, for nobody else's INVITE is looked at so closely.
    stack = await RunningStack.start({ trunks: [trunk('carrier', { sources: [`${SENDER}/32`] })] }, { clock });
    stack.refuseCalls(UNALLOCATED);
  });
  afterAll(async () => {
    const stopped = stack.stop();
    await clock.advance(5000);
    await stopped;
  });
}

describe('the torture messages of RFC 4475 over UDP', () => {
  ownStack();
  it.each(tortureMessages.map((one) => [one.section, one.name, one] as const))('%s %s', async (_, __, torture) => {
    const heard = await overUdp(torture);
    expectAnswer(torture, torture.answer.udp, heard);
    expect(stack.faults).toEqual([]);
  });
});

describe('the torture messages of RFC 4475 over TCP', () => {
  ownStack();
  it.each(tortureMessages.map((one) => [one.section, one.name, one] as const))('%s %s', async (_, __, torture) => {
    const heard = await overTcp(torture);
    expectAnswer(torture, torture.answer.tcp ?? torture.answer.udp, heard);
    expect(stack.faults).toEqual([]);
  });
});

function expectAnswer(torture: TortureMessage, expected: TortureAnswer, heard: readonly Heard[]): void {
  const finals = heard.map(({ status }) => status).filter((status) => status >= 200);
  if (expected === 'none') {
    expect(heard.map(({ status }) => status)).toEqual([]);
    return;
  }
  const [first] = finals;
  if (expected === 'normal') {
    expect(first).toBeDefined();
    expect(first === 400 || (first ?? 0) >= 500).toBe(false);
  } else {
    expect(first).toBe(expected);
  }
  const answer = heard.find(({ status }) => status === first);
  const named = { 415: 'Accept', 420: 'Unsupported', 501: 'Allow', 401: 'WWW-Authenticate' }[first ?? 0];
  if (named !== undefined) expect(answer?.text).toContain(`\r\n${named}: `);
}

/** What came back until an OPTIONS that was sent behind it was answered: all that was answered at once. */
async function overUdp({ bytes, answer }: TortureMessage): Promise<Heard[]> {
  const heard: Heard[] = [];
  const ports = [...new Set([5060, ...viaPorts(bytes)])];
  let final: (() => void) | undefined;
  const sockets = await Promise.all(ports.map((port) => listenAt(port, take)));
  function take(message: Heard): void {
    heard.push(message);
    if (message.status >= 200) final?.();
  }
  try {
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no socket');
    const came = new Promise<void>((resolve) => (final = resolve));
    socket.send(bytes, stack.ports.port, stack.host);
    if (answer.udp !== 'none') await came;
    await alive();
    return heard;
  } finally {
    for (const socket of sockets) socket.close();
  }
}

function viaPorts(bytes: Buffer): number[] {
  const message = parseMessage(bytes);
  const vias = message.kind === 'failure' ? message.request?.vias : message.vias;
  const port = vias?.[0]?.port;
  return port === undefined ? [] : [port];
}

async function listenAt(port: number, take: (message: Heard) => void): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    if (text.startsWith('SIP/2.0 ')) take({ status: Number(text.slice(8, 11)), text });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, SENDER, resolve);
  });
  return socket;
}

/** An OPTIONS from elsewhere is answered. */
async function alive(): Promise<void> {
  const socket = createSocket('udp4');
  try {
    const answered = new Promise<Buffer>((resolve) => socket.once('message', resolve));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    socket.send(probe(`SIP/2.0/UDP 127.0.0.1:${socket.address().port};rport`), stack.ports.port, stack.host);
    expect(parseMessage(await answered)).toMatchObject({ kind: 'response', status: 200 });
  } finally {
    socket.close();
  }
}

function probe(via: string): string {
  const headers = [
    `Via: ${via};branch=${token('z9hG4bK')}`,
    `From: <sip:probe@example.com>;tag=${token()}`,
    'To: <sip:example.com>',
    `Call-ID: ${token('probe')}`,
    'CSeq: 1 OPTIONS',
    'Max-Forwards: 70',
    'Content-Length: 0',
  ];
  return `OPTIONS sip:example.com SIP/2.0\r\n${headers.join('\r\n')}\r\n\r\n`;
}

/** The same over a connection: an OPTIONS behind it is answered there, or the connection was closed, or waits for the rest. */
async function overTcp(torture: TortureMessage): Promise<Heard[]> {
  const expected = torture.answer.tcp ?? torture.answer.udp;
  const socket = await new Promise<Socket>((resolve, reject) => {
    const made = connect({ host: stack.host, port: stack.ports.port, localAddress: SENDER });
    made.once('error', reject);
    made.once('connect', () => resolve(made));
  });
  let text = '';
  let looked: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    looked?.();
  });
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      looked = () => (holds() ? resolve() : undefined);
      looked();
    });
  try {
    socket.write(torture.bytes);
    const final = (): boolean => /^SIP\/2\.0 [2-6]\d\d /m.test(text);
    if (expected !== 'none') await Promise.race([until(final), closed]);
    // In the middle of a message it would be taken for the rest of it.
    if (torture.name !== 'clerr') {
      socket.write(probe('SIP/2.0/TCP probe.invalid'));
      await Promise.race([until(() => text.includes('probe.invalid')), closed]);
    }
    await alive();
    return responsesOf(text).filter((one) => !one.text.includes('probe.invalid'));
  } finally {
    socket.destroy();
  }
}

function responsesOf(text: string): Heard[] {
  return text
    .split(/(?=^SIP\/2\.0 \d{3} )/m)
    .filter((part) => part !== '')
    .map((part) => ({ status: Number(part.slice(8, 11)), text: part }));
}
