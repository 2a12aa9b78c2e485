// coturn, the TURN server of Debian, as docs/webrtc.md has it set up: whoever shows a password made of the secret may relay.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ending } from './box.js';
import { freePort } from './free-ports.js';

const PATIENCE_MS = 20_000;
const LOOK_MS = 50;
/** of UDP, for what it relays; above those that tests are given and below those of the kernel */
const RELAYED = { least: 31_500, most: 31_599 };

export interface Relay {
  /** as in `sip.turnUrls`: by TCP, as networks that let no UDP out need it */
  url: string;
  /** that it sends what it relays from */
  isRelayed(port: number): boolean;
}

/** Listens at `host`, and relays from there; gone with the test. */
export async function startRelay(host: string, secret: string, ending: Ending): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-relay-'));
  const port = await freePort(host);
  const child = spawn(
    'turnserver',
    [
      ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--use-auth-secret', `--static-auth-secret=${secret}`],
      ...['--realm=cordboard', `--listening-ip=${host}`, `--relay-ip=${host}`, `--listening-port=${port}`],
      ...[`--min-port=${RELAYED.least}`, `--max-port=${RELAYED.most}`],
      ...[`--userdb=${join(folder, 'users')}`, `--pidfile=${join(folder, 'pid')}`, '--log-file=stdout'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  ending.onEnd(async () => {
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });
  for (const began = performance.now(); !(await answers(host, port));) {
    if (child.exitCode !== null || performance.now() - began > PATIENCE_MS)
      throw new Error(`turnserver does not run:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return {
    url: `turn:${host}:${port}?transport=tcp`,
    isRelayed: (from) => from >= RELAYED.least && from <= RELAYED.most,
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
