// A whole box as a process of its own, for programs that put load on it; whoever runs one needs no test runner.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import { chosenPorts } from '../../daemon/src/sip/stack/listeners.js';

const PROGRAM = join(process.cwd(), 'daemon/bin/cordboard.mjs');
const START_LIMIT_MS = 60_000;
const AT_ONCE = 8;

export class LoadBox {
  readonly home: string;
  readonly server: { host: string; port: number };
  readonly api: LocalApi;
  readonly #child: ChildProcess;

  private constructor(home: string, server: { host: string; port: number }, child: ChildProcess) {
    this.home = home;
    this.server = server;
    this.#child = child;
    this.api = new LocalApi(home);
  }

  static async start(over: Record<string, string> = {}): Promise<LoadBox> {
    const home = mkdtempSync(join(tmpdir(), 'cordboard-load-'));
    const { port } = await chosenPorts({ host: '127.0.0.1', port: 0, tlsPort: undefined });
    // Apart from the usual ones, which other boxes on this machine have.
    const rtp = 10_000 + (process.pid % 9) * 1000;
    const env = {
      CORDBOARD_RTP_PORTS: `${rtp}-${rtp + 999}`,
      PATH: process.env['PATH'] ?? '',
      ...{ CORDBOARD_HOME: home, CORDBOARD_HTTP_PORT: '0', CORDBOARD_SIP_PORT: String(port), CORDBOARD_SIPS_PORT: '0' },
      ...{ CORDBOARD_LANGUAGE: 'en', CORDBOARD_LOG_LEVEL: 'warn', ...over },
    };
    const child = spawn(process.execPath, [PROGRAM, 'start'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (said = `${said}${text.toString()}`.slice(-4000)));
    const begun = performance.now();
    for (;;) {
      if (existsSync(join(home, 'address'))) {
        const box = new LoadBox(home, { host: '127.0.0.1', port }, child);
        if (await box.#answers()) return box;
      }
      if (child.exitCode !== null || performance.now() - begun > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(`the box does not answer: ${said}`);
      }
      await sleep(50);
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Makes accounts; their secrets, by number. */
  async addStations(numbers: readonly number[], over: Record<string, unknown> = {}): Promise<Map<number, string>> {
    const secrets = new Map<number, string>();
    const waiting = [...numbers];
    const one = async (): Promise<void> => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        const made = await this.api.request<{ secret: string }>('POST', '/stations/sip', { number, ...over });
        secrets.set(number, made.secret);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return secrets;
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(limit);
    rmSync(this.home, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return this.api.request('GET', '/health').then(
      () => true,
      () => false,
    );
  }
}

/** The p-th percentile (0 to 100). */
export function percentile(numbers: readonly number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN;
}
