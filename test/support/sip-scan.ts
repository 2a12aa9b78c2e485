// A scanner comes while a hundred calls are in progress: SIPVicious as it is, and with another name, against a whole box.
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newResponse, serialise, type SipRequest } from '../../daemon/src/sip/message/index.js';
import type { LoadBox } from './sip-load-box.js';
import { RawPhone, offerOf, token } from './sip-raw-phone.js';
import { addressOf } from './sip-storm.js';
import { REALM } from './sip-running-stack.js';

export interface ScanResult {
  calls: number;
  /** of them, those that were over before we ended them */
  ended: number;
  quiet: Heard;
  /** while they scanned */
  scanned: Heard;
  /** what svmap took for a device, svwar for an extension, svcrack for a password, with either name */
  found: string[];
  /** as REST shows them */
  bans: { address: string; reason: string; until: number }[];
  /** an address that scanned is not listened to */
  refused: boolean;
}

/** The worst of all legs. */
export interface Heard {
  seconds: number;
  /** packets of those that were due, worst leg, 0 to 1 */
  share: number;
  lost: number;
  longestGapMs: number;
}

export const SCANNER = '127.0.0.66';
const DISGUISED = '127.0.0.67';
/** svcrack sends from where it likes */
export const CRACKER = '127.0.0.1';
const NEIGHBOUR = '127.0.0.3';
/** nobody's, so that this machine is none that may do everything */
export const TRUSTED = '192.0.2.1/32';
const FIRST = 5000;
const PACKET_MS = 20;
const PACKET_OCTETS = 160;
const SIPVICIOUS = '/usr/share/sipvicious';
const SCAN_LIMIT_MS = 15_000;

export async function scanDuring(box: LoadBox, calls: number, quietMs: number): Promise<ScanResult> {
  const numbers = Array.from({ length: calls * 2 }, (_, i) => FIRST + i);
  // The tools know MD5 alone.
  const secrets = await box.addStations(numbers, { codecs: ['pcma'], digest: ['md5'] });
  const talks: Talk[] = [];
  const legs: Leg[] = [];
  try {
    for (let i = 0; i < numbers.length; i++)
      legs.push(await Leg.open(box, FIRST + i, secrets.get(FIRST + i) ?? '', addressOf(i)));
    await inLots(legs, (leg) => leg.register());
    for (let i = 0; i < calls; i++) talks.push({ caller: legs[2 * i]!, called: legs[2 * i + 1]! });
    await inLots(talks, ({ caller, called }) => caller.call(called));
    const voices = setInterval(speaker(legs), PACKET_MS / 2);
    try {
      await sleep(1000);
      const quiet = await heardWithin(legs, sleep(quietMs));
      let found: string[] = [];
      const scanned = await heardWithin(
        legs,
        scan(box).then((all) => (found = all)),
      );
      const bans = await box.api.request<ScanResult['bans']>('GET', '/sip/bans');
      const ended = legs.filter((leg) => leg.ended).length;
      const refused = !(await answersTo(box, SCANNER));
      await inLots(talks, ({ caller }) => caller.hangUp());
      return { calls, ended, quiet, scanned, found, bans, refused };
    } finally {
      clearInterval(voices);
    }
  } finally {
    for (const leg of legs) leg.close();
  }
}

interface Talk {
  caller: Leg;
  called: Leg;
}

/** What all of them hear until the work is done. */
async function heardWithin(legs: readonly Leg[], work: Promise<unknown>): Promise<Heard> {
  const begun = performance.now();
  for (const leg of legs) leg.begin(begun);
  await work;
  const end = performance.now();
  const due = (end - begun) / PACKET_MS;
  for (const leg of legs) leg.endGap(end);
  return {
    seconds: (end - begun) / 1000,
    share: Math.min(...legs.map(({ received }) => received / due)),
    lost: Math.max(...legs.map(({ lost }) => lost)),
    longestGapMs: Math.max(...legs.map(({ longestGapMs }) => longestGapMs)),
  };
}

/** Everybody speaks, on the clock. */
function speaker(legs: readonly Leg[]): () => void {
  const begun = performance.now();
  let spoken = 0;
  return () => {
    for (const due = (performance.now() - begun) / PACKET_MS; spoken < due; spoken++)
      for (const leg of legs) leg.speak();
  };
}

async function inLots<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: 10 }, one));
}

/** A telephone with its audio. */
class Leg {
  ended = false;
  received = 0;
  lost = 0;
  longestGapMs = 0;
  readonly #phone: RawPhone;
  readonly #rtp: Socket;
  readonly #packet = Buffer.alloc(12 + PACKET_OCTETS, 0xd5);
  #to: { host: string; port: number } | undefined;
  #sequence = 0;
  #heard: number | undefined;
  #lastMs = 0;
  #dialog: { callId: string; fromTag: string; toTag: string; to: string; uri: string } | undefined;

  private constructor(phone: RawPhone, rtp: Socket) {
    this.#phone = phone;
    this.#rtp = rtp;
    this.#packet[0] = 0x80;
    this.#packet[1] = 8;
    this.#packet.writeUInt32BE(phone.number, 8);
    for (let i = 12; i < this.#packet.length; i++) this.#packet[i] = 0x55 ^ ((i * 7 + phone.number) & 0x7f);
    rtp.on('message', (bytes) => this.#hear(bytes));
    phone.onRequest = (request) => this.#asked(request);
  }

  static async open(box: LoadBox, number: number, secret: string, host: string): Promise<Leg> {
    const phone = await RawPhone.open({ number, secret, host, server: box.server });
    const rtp = createSocket('udp4');
    await new Promise<void>((resolve) => rtp.bind(0, host, resolve));
    // Seconds of audio: what this process reads late is not lost.
    rtp.setRecvBufferSize(1 << 20);
    return new Leg(phone, rtp);
  }

  close(): void {
    this.#phone.close();
    this.#rtp.close();
  }

  async register(): Promise<void> {
    for (let tries = 0; tries < 5; tries++) {
      const { status } = await this.#phone.register(3600);
      if (status === 200) return;
      // The stack hears of a new account a moment after it was made.
      await sleep(500);
    }
    throw new Error(`${this.#phone.number} is not registered`);
  }

  async call(other: Leg): Promise<void> {
    const { number } = other.#phone;
    const begin = {
      callId: token('c'),
      fromTag: token('f'),
      to: `<sip:${number}@${REALM}>`,
      uri: `sip:${number}@${REALM}`,
    };
    const answer = await this.#phone.ask('INVITE', {
      ...begin,
      headers: [
        ['Contact', this.#phone.contact],
        ['Content-Type', 'application/sdp'],
      ],
      body: this.#description(),
    });
    if (answer.status !== 200) throw new Error(`${number} was not reached: ${answer.status}`);
    this.#dialog = { ...begin, toTag: answer.toTag ?? '' };
    this.#phone.send(serialise(this.#phone.request('ACK', { ...this.#dialog, cseq: answer.cseq.number })));
    this.#meet(answer.body);
  }

  async hangUp(): Promise<void> {
    if (this.#dialog !== undefined && !this.ended) await this.#phone.ask('BYE', this.#dialog);
  }

  speak(): void {
    if (this.#to === undefined) return;
    this.#sequence += 1;
    this.#packet.writeUInt16BE(this.#sequence & 0xffff, 2);
    this.#packet.writeUInt32BE((this.#sequence * PACKET_OCTETS) >>> 0, 4);
    this.#rtp.send(this.#packet, this.#to.port, this.#to.host);
  }

  begin(nowMs: number): void {
    this.received = this.lost = this.longestGapMs = 0;
    this.#heard = undefined;
    this.#lastMs = nowMs;
  }

  endGap(nowMs: number): void {
    this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.#lastMs);
  }

  #hear(bytes: Buffer): void {
    if (bytes.length < 12) return;
    const nowMs = performance.now();
    const sequence = bytes.readUInt16BE(2);
    if (this.#heard !== undefined) this.lost += Math.max(0, ((sequence - this.#heard) & 0xffff) - 1);
    this.#heard = sequence;
    this.received += 1;
    this.endGap(nowMs);
    this.#lastMs = nowMs;
  }

  #asked(request: SipRequest): void {
    if (request.method === 'ACK') return;
    if (request.method === 'BYE') this.ended = true;
    const response = newResponse(request, 200, undefined, { toTag: `called${this.#phone.number}` });
    if (request.method === 'INVITE') {
      this.#meet(request.body);
      response.headers.add('Contact', this.#phone.contact);
      response.headers.add('Content-Type', 'application/sdp');
      response.body = Buffer.from(this.#description());
    }
    this.#phone.send(serialise(response));
  }

  #description(): string {
    return offerOf(this.#phone.address.host, this.#rtp.address().port);
  }

  #meet(description: Buffer): void {
    const text = description.toString();
    const host = /^c=IN IP4 (\S+)/m.exec(text)?.[1];
    const port = /^m=audio (\d+)/m.exec(text)?.[1];
    if (host !== undefined && port !== undefined) this.#to = { host, port: Number(port) };
  }
}

/** Whether a message without anything odd from that address is answered. */
async function answersTo(box: LoadBox, host: string): Promise<boolean> {
  const phone = await RawPhone.open({ number: 1, host, server: box.server });
  try {
    let answered = false;
    phone.onResponse = () => (answered = true);
    // More than what is let through of an address that may be somebody else's.
    for (let i = 0; i < 30; i++) phone.send(serialise(phone.request('OPTIONS', { branch: token('z9hG4bK') })));
    answered = false;
    const other = await RawPhone.open({ number: 1, host: NEIGHBOUR, server: box.server });
    await other.ask('OPTIONS');
    answered = false;
    for (let i = 0; i < 30; i++) phone.send(serialise(phone.request('OPTIONS', { branch: token('z9hG4bK') })));
    await other.ask('OPTIONS');
    other.close();
    return answered;
  } finally {
    phone.close();
  }
}

/** All three tools, as they are and as if they were a telephone, side by side; what they say they have found. */
async function scan(box: LoadBox): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-scan-'));
  try {
    const disguised = join(home, 'sipvicious');
    cpSync(SIPVICIOUS, disguised, { recursive: true, dereference: true });
    const helper = join(disguised, 'sipvicious/libs/svhelper.py');
    writeFileSync(helper, readFileSync(helper, 'utf8').replaceAll('friendly-scanner', 'Yealink SIP-T46S 66.85'));
    const dictionary = join(home, 'words');
    writeFileSync(dictionary, Array.from({ length: 60 }, (_, i) => `password${i}`).join('\n'));
    const { host, port } = box.server;
    const extensions = `${FIRST - 50}-${FIRST + 50}`;
    const found: string[] = [];
    const run = (folder: string, tool: string, ...args: string[]): Promise<string> =>
      python(join(folder, 'sipvicious', `${tool}.py`), folder, home, ['-p', String(port), ...args, host]);
    const look = async (folder: string, from: string): Promise<void> => {
      // A device answers OPTIONS: that somebody is here may be known, but not to who calls himself a scanner.
      const map = await run(folder, 'svmap', '-b', from, '-P', '5080');
      if (from === SCANNER && map.includes(host)) found.push(`svmap: ${map}`);
      await Promise.all(
        ['REGISTER', 'INVITE', 'OPTIONS'].map(async (method, index) => {
          // From a port of its own: answers to another one, which nobody acknowledged, come again.
          const own = ['-b', from, '-P', String(5081 + index)];
          const war = await run(folder, 'svwar', ...own, '-e', extensions, '-m', method, '--maximumtime', '2');
          for (const line of war.split('\n')) if (/^\|\s*5\d{3}\s/.test(line)) found.push(`svwar ${method}: ${line}`);
        }),
      );
    };
    const crack = async (folder: string): Promise<void> => {
      const said = await run(
        folder,
        'svcrack',
        '-P',
        '5084',
        '-u',
        String(FIRST),
        '-d',
        dictionary,
        '--maximumtime',
        '2',
      );
      for (const line of said.split('\n')) if (/^\|\s*5\d{3}\s/.test(line)) found.push(`svcrack: ${line}`);
    };
    // svcrack is known for what it does before it is known by its name.
    await Promise.all([
      look(disguised, DISGUISED),
      look(SIPVICIOUS, SCANNER),
      crack(disguised).then(() => crack(SIPVICIOUS)),
    ]);
    return found;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function python(file: string, folder: string, home: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', [file, ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    const limit = setTimeout(() => child.kill('SIGINT'), SCAN_LIMIT_MS);
    const hard = setTimeout(() => child.kill('SIGKILL'), SCAN_LIMIT_MS + 3000);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(limit);
      clearTimeout(hard);
      if (process.env['CORDBOARD_BOX'] === 'loud') process.stderr.write(`${file} ${args.join(' ')}\n${output}\n`);
      resolve(output);
    });
  });
}
