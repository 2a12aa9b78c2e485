// The daemon as a process of its own, driven over HTTP: for what only a process can suffer.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import { ANY_SIP_PORTS } from './sip-ports.js';
import { lookAgain } from './turns.js';

const PROGRAM = fileURLToPath(new URL('../../daemon/bin/cordboard.mjs', import.meta.url));
const START_LIMIT_MS = 90_000;

export class DaemonProcess {
  readonly home: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(home: string, env: Record<string, string> = {}) {
    this.home = home;
    this.#env = env;
    onTestFinished(() => void this.#child?.kill('SIGKILL'));
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves with the ms until it answered; rejects with its output when it ends instead. */
  async start(): Promise<number> {
    rmSync(join(this.home, 'address'), { force: true });
    const begun = performance.now();
    const env = {
      PATH: process.env['PATH'] ?? '',
      CORDBOARD_HOME: this.home,
      CORDBOARD_HTTP_PORT: '0',
      ...ANY_SIP_PORTS,
      ...this.#env,
    };
    const child = spawn(process.execPath, [PROGRAM, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#output = '';
    child.stdout.on('data', (text: Buffer) => (this.#output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (this.#output += text.toString()));
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() - begun > START_LIMIT_MS)
        throw new Error(`the daemon does not answer:\n${this.#output}`);
      await sleep(20);
    }
    return performance.now() - begun;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('it was not started');
    return pid;
  }

  get api(): LocalApi {
    return new LocalApi(this.home);
  }

  /** Sends a signal; resolves with the exit code, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const child = this.#child;
    if (child === undefined) throw new Error('it was not started');
    const ended = new Promise<number | NodeJS.Signals>((resolve) =>
      child.once('exit', (code, by) => resolve(code ?? by ?? 0)),
    );
    child.kill(signal);
    return ended;
  }

  async #answers(): Promise<boolean> {
    if (!existsSync(join(this.home, 'address'))) return false;
    return this.api.request('GET', '/health').then(
      () => true,
      () => false,
    );
  }
}

/** Asks until the answer fits. */
export async function eventually<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, limitMs = 45_000): Promise<T> {
  const began = performance.now();
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > began + limitMs) throw new Error(`still after ${limitMs} ms: ${JSON.stringify(answer)}`);
    await lookAgain(began, { leastMs: 20, mostMs: 100 });
  }
}
