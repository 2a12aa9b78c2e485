// A call centre at work: a box of its own process with 16 E1 and 400 agents at analog telephones, who answer, talk and wrap up by
// themselves, and an exchange that calls in. Driven over HTTP, watched over the socket, and killed when asked.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { NODE_FLAGS } from '../../../install/lib/node-flags.mjs';

const PROGRAM = new URL('../../../daemon/bin/cordboard.mjs', import.meta.url).pathname;
const START_LIMIT_MS = 60_000;

export const SPANS = 16;
export const AGENTS = 400;
/** The number that leads to the menu of queues. */
export const CALLED = '95002';
/** Every strategy has a queue: key of the menu, name, strategy. */
export const QUEUES = [
  ['1', 'longest-idle', 'longest_idle'],
  ['2', 'round-robin', 'round_robin'],
  ['3', 'fewest-calls', 'fewest_calls'],
  ['4', 'least-talk', 'least_talk'],
  ['5', 'skill-level', 'skill_level'],
  ['6', 'linear', 'linear'],
  ['7', 'random', 'random'],
  ['8', 'weighted', 'weighted'],
];

export class CallCentre {
  home = mkdtempSync(join(tmpdir(), 'cordboard-centre-'));
  #child;
  #said = '';
  #socket;
  #flags;

  /** `flags`: for Node, besides the usual ones */
  constructor(flags = []) {
    this.#flags = flags;
  }

  /** Starts the box, or starts it again on the same folder; resolves with the ms until it answered. */
  async start() {
    rmSync(join(this.home, 'address'), { force: true });
    const begun = performance.now();
    const env = {
      ...{ PATH: process.env.PATH, CORDBOARD_HOME: this.home, CORDBOARD_HTTP_PORT: '0', CORDBOARD_SIP_PORT: '0' },
      ...{ CORDBOARD_SIPS_PORT: '0', CORDBOARD_LANGUAGE: 'en', CORDBOARD_LOG_LEVEL: 'warn' },
      ...{ CORDBOARD_VIRTUAL_SPANS: String(SPANS), CORDBOARD_VIRTUAL_STATIONS: String(AGENTS) },
    };
    const child = spawn(process.execPath, [...NODE_FLAGS, ...this.#flags, PROGRAM, 'start'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (this.#said = `${this.#said}${text}`.slice(-20_000)));
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() - begun > START_LIMIT_MS)
        throw new Error(`the box does not answer: ${this.#said.slice(-2000)}`);
      await sleep(20);
    }
    return performance.now() - begun;
  }

  get said() {
    return this.#said;
  }

  get pid() {
    return this.#child.pid;
  }

  async api(method, path, body) {
    const token = readFileSync(join(this.home, 'local-token'), 'utf8').trim();
    const address = readFileSync(join(this.home, 'address'), 'utf8').trim();
    const response = await fetch(`${address.replace(/\/$/, '')}/api/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A file that the interface gives. */
  async bytes(path) {
    const token = readFileSync(join(this.home, 'local-token'), 'utf8').trim();
    const address = readFileSync(join(this.home, 'address'), 'utf8').trim();
    const response = await fetch(`${address.replace(/\/$/, '')}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async text(path) {
    const address = readFileSync(join(this.home, 'address'), 'utf8').trim();
    return (await fetch(`${address.replace(/\/$/, '')}/${path}`)).text();
  }

  /** Everything that a supervisor's page hears, from the snapshot on. */
  async watch(listener) {
    const token = readFileSync(join(this.home, 'local-token'), 'utf8').trim();
    const address = readFileSync(join(this.home, 'address'), 'utf8').trim();
    const socket = io(address, { auth: { token }, transports: ['websocket'], reconnection: false });
    this.#socket = socket;
    socket.onAny(listener);
    await new Promise((resolve, reject) => {
      socket.once('snapshot', resolve);
      socket.once('connect_error', reject);
    });
  }

  /** What a page knows that has just been opened. */
  snapshot() {
    const come = new Promise((resolve) => this.#socket.once('snapshot', resolve));
    this.#socket.emit('sync');
    return come;
  }

  /** The same over a socket of its own. */
  async snapshotOnce() {
    let first;
    await this.watch((event, data) => {
      if (event === 'snapshot') first ??= data;
    });
    this.#socket.disconnect();
    return first;
  }

  /** Queues, agents in two of them each, the menu, the number; then every agent signs in at his telephone. */
  async furnish({ talkMs }) {
    for (const [i, [, id, strategy]] of QUEUES.entries()) {
      await this.api('POST', 'queues', {
        ...{
          id,
          name: id,
          strategy,
          wrapUpMs: 2000,
          maxWaitMs: 600_000,
          ringTimeoutMs: 20_000,
          serviceLevelMs: 20_000,
        },
        ...(strategy === 'skill_level' ? { routing: { skills: [{ skill: 'english', minLevel: 2 }] } } : {}),
      });
      const members = Array.from({ length: AGENTS }, (_, n) => n + 1)
        .filter((n) => n % QUEUES.length === i || (n + 1) % QUEUES.length === i)
        .map((n) => ({ agentId: String(2000 + n), position: n, weight: 1 + (n % 5) }));
      await this.api('PUT', `queues/${id}/members`, members);
    }
    for (let n = 1; n <= AGENTS; n += 1)
      await this.api('PUT', `agents/${2000 + n}/abilities`, {
        ...{ skills: [{ skill: 'english', level: 2 + (n % 9) }], regions: [], customerLevels: [] },
      });
    const choices = Object.fromEntries(QUEUES.map(([key, id]) => [key, id]));
    const nodes = {
      menu: {
        ...{ type: 'menu', prompts: ['main-menu'], choices, timeoutMs: 5000, retries: 1 },
        ...{ invalidPrompts: ['invalid-choice'], timeout: 'bye', invalid: 'bye' },
      },
      bye: { type: 'hangup', cause: 16 },
      ...Object.fromEntries(QUEUES.map(([, id]) => [id, { type: 'queue', queue: id, overflow: 'bye' }])),
    };
    await this.api('PUT', 'flows/centre', { name: 'Centre', definition: { start: 'menu', nodes } });
    await this.api('POST', 'routes', { calledNumber: CALLED, flowId: 'centre', language: 'en' });
    for (let n = 1; n <= AGENTS; n += 1) {
      await this.api('PUT', `exchange/phones/${n}/behaviour`, {
        ...{ answer: true, answerAfterMs: 500 + ((n * 37) % 1500), play: null, hangUpAfterMs: null },
      });
    }
    this.talkMs = talkMs;
    await this.signIn();
  }

  /** Those who are not, a few at a time, by lifting and dialling. */
  async signIn() {
    const agents = await this.api('GET', 'agents');
    const out = agents.filter(({ state }) => state === 'signedOut').map(({ id }) => Number(id) - 2000);
    const one = async () => {
      for (let station = out.shift(); station !== undefined; station = out.shift()) {
        await this.api('POST', `exchange/phones/${station}/lift`);
        await this.api('POST', `exchange/phones/${station}/dial`, { digits: `*11${2000 + station}#` });
        await this.until(async () => (await this.api('GET', `agents/${2000 + station}`)).state !== 'signedOut');
        await this.api('POST', `exchange/phones/${station}/hangUp`).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: 20 }, one));
  }

  /** A caller who chooses a queue, and talks; where every timeslot is taken the error says so. */
  call(i) {
    const [key] = QUEUES[i % QUEUES.length];
    const { least, most } = this.talkMs;
    const talkMs = least + ((i * 7919) % (most - least));
    return this.api('POST', 'exchange/calls', {
      ...{ calledNumber: CALLED, callingNumber: `138${String(10_000_000 + i)}`, span: 1 + (i % SPANS) },
      ...{ digits: key, digitsAfterMs: 300 + ((i * 31) % 700), talkMs, play: 'main-menu' },
    });
  }

  async until(fits, limitMs = 60_000) {
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(100)) if (await fits()) return;
    throw new Error(`waited ${limitMs} ms for ${fits}`);
  }

  /** kill -9 */
  async kill() {
    this.#socket?.disconnect();
    const over = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await over;
  }

  async stop({ keep = false } = {}) {
    this.#socket?.disconnect();
    if (this.#child?.exitCode === null) {
      const over = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await over;
    }
    if (!keep) rmSync(this.home, { recursive: true, force: true });
  }

  async #answers() {
    if (!existsSync(join(this.home, 'address'))) return false;
    return this.api('GET', 'health').then(
      () => true,
      () => false,
    );
  }
}
