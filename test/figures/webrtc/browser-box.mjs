// A box whose stations are browsers, and what its engine's threads cost.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { bundleChild } from '../../../install/lib/children.mjs';
import { api, withBox } from '../box.mjs';
import { freePort } from '../sip/sip-box.mjs';

/** Runs `work` with a box, the accounts of its browsers, the URL of their WebSocket and the UDP port of their sound. */
export async function withBrowserBox({ stations = 2, codecs = ['pcma'], first = 6001, env = {}, spans = 0 }, work) {
  const webrtcPort = await freePort();
  const settings = {
    ...{ CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: String(webrtcPort), CORDBOARD_SIP_MAX_STREAMS: '256' },
    ...env,
  };
  await withBox({ spans, stations: 0, env: settings }, async (box) => {
    const accounts = [];
    for (let number = first; number < first + stations; number += 1)
      accounts.push({ number, ...(await addBrowser(box, number, codecs)) });
    await work(box, { accounts, url: `ws://127.0.0.1:${box.sip.ports.wsPort}`, webrtcPort });
  });
}

async function addBrowser(box, number, codecs) {
  const { username, secret, domain } = await api(box, 'POST', 'stations/sip', {
    ...{ number, digest: ['md5'], codecs, maxCalls: 2, security: 'any', srtp: 'none' },
  });
  return { username, secret, domain };
}

/** Processor time of each of the engine's threads since its start, ms, by name. */
export function engineThreads() {
  const threads = {};
  for (const id of readdirSync('/proc/self/task')) {
    const name = readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    if (!name.startsWith('cb-')) continue;
    const [ran] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ');
    threads[name] = (threads[name] ?? 0) + Number(ran) / 1e6;
  }
  return threads;
}

/** What each did between two looks. */
export function since(before, now) {
  return Object.fromEntries(Object.entries(now).map(([name, ms]) => [name, ms - (before[name] ?? 0)]));
}

export const total = (threads) => Object.values(threads).reduce((sum, ms) => sum + ms, 0);

/** Packets of all streams, and those that were lost or late. */
export async function packetsOf(box) {
  const { legs } = await box.engine.command('engine.snapshot', {});
  const all = await Promise.all(legs.map(({ leg }) => box.engine.command('stream.statistics', { leg })));
  const sum = (key) => all.reduce((whole, one) => whole + one[key], 0);
  return {
    streams: all.length,
    ...{ sent: sum('packetsSent'), received: sum('packetsReceived'), lost: sum('lost'), late: sum('late') },
  };
}

/** A program of test/support that speaks in lines: `next()` the next one, `say()` one to it. `under`: a command in front of it. */
export async function talkWith(name, args, under = []) {
  const bundle = await bundleChild(name);
  const [command, ...rest] = [...under, process.execPath, bundle.file, ...args.map(String)];
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = child.stdout.setEncoding('utf8');
  const waiting = [];
  const come = [];
  let over = false;
  let text = '';
  lines.on('data', (piece) => {
    const whole = (text + piece).split('\n');
    text = whole.pop();
    for (const line of whole) (waiting.shift()?.resolve ?? ((one) => come.push(one)))(line);
  });
  const closed = new Promise((resolve) => {
    child.once('close', (code) => {
      over = true;
      bundle.remove();
      for (const { reject } of waiting) reject(new Error(`${name} ended with ${code}`));
      resolve(code);
    });
  });
  return {
    next: () =>
      come.length > 0
        ? Promise.resolve(come.shift())
        : over
          ? Promise.reject(new Error(`${name} has ended`))
          : new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    say: (line) => child.stdin.write(`${line}\n`),
    closed,
    stop: async () => {
      if (!over) child.kill('SIGKILL');
      await closed;
    },
  };
}
