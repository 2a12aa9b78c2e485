// A box with a trunk that everybody on this machine may call in by, and those who call.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { api, waitFor, withBox } from '../box.mjs';

export const HOST = '127.0.0.1';
/** what the seeded menu answers */
export const MENU = '95001';

/** Runs `work` with a box, the port of its SIP, and the calls that it has now and had at most. */
export async function withSipBox({ maxCalls = 10_000, sources = ['127.0.0.0/8'], env = {} }, work) {
  const port = await freePort();
  const settings = { CORDBOARD_SIP_PORT: String(port), CORDBOARD_SIP_MAX_STREAMS: '4096', ...env };
  await withBox({ spans: 0, stations: 0, env: settings }, async (box) => {
    await api(box, 'POST', 'trunks', {
      ...{ id: 'load', name: 'Load', kind: 'sip', mode: 'address', sources, maxCalls },
      ...{ hosts: [{ host: HOST, port: 9, transport: 'udp', priority: 0, weight: 1 }], optionsIntervalS: 0 },
    });
    const counted = { now: 0, most: 0 };
    box.calls.events.on('call.arrived', () => (counted.most = Math.max(counted.most, (counted.now += 1))));
    box.live.on('call.removed', () => (counted.now -= 1));
    await work(box, port, counted);
  });
}

/** Places calls from another process; resolves with what became of them (caller.mjs). */
export function placeCalls(options) {
  return placing(options).done;
}

/** The same, to be ended early: `stop` gives the calls up. */
export function placing(options) {
  const program = fileURLToPath(new URL('caller.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const done = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (output === '') reject(new Error(`the caller ended with ${code}`));
      else resolve(JSON.parse(output));
    });
  });
  return { done, stop: () => child.kill('SIGTERM') };
}

export async function freePort() {
  const socket = createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, HOST, resolve));
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(resolve));
  return port;
}

/** Resolves when no call is left. */
export function quiet(box, counted) {
  return waitFor(box, 'call.removed', () => counted.now === 0);
}
