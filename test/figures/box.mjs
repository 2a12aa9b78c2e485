// Boxes for the figures: in this process, with their own folder and port, driven like the pages drive them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBox } from '../../daemon/dist/main.js';

export const PATIENCE_MS = 60_000;

/** Runs `work` with a box that takes calls, and its queue `sales` without wrap-up; cleans up after it. `env`: more settings. */
export async function withBox({ spans = 1, stations = 8, env = {} }, work) {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-figures-'));
  const box = await startBox({
    home,
    env: {
      CORDBOARD_HTTP_PORT: '0',
      CORDBOARD_SIP_PORT: '0',
      CORDBOARD_SIPS_PORT: '0',
      CORDBOARD_LANGUAGE: 'en',
      CORDBOARD_VIRTUAL_SPANS: String(spans),
      CORDBOARD_VIRTUAL_STATIONS: String(stations),
      ...env,
    },
  });
  try {
    for (const { span } of box.trunks.list())
      await waitFor(box, 'span.updated', () => box.trunks.find(span)?.dchannelUp === true);
    await api(box, 'PATCH', 'queues/sales', { wrapUpMs: 0 });
    return await work(box);
  } finally {
    await box.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** A request as the administrator of this machine. */
export async function api(box, method, path, body) {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const response = await fetch(`${box.url}api/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

/** Resolves when the condition holds; looked at after every live event of this name. */
export function waitFor(box, event, condition, limitMs = PATIENCE_MS) {
  if (condition()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      off();
      reject(new Error(`waited ${limitMs} ms for ${condition}`));
    }, limitMs);
    const off = box.live.on(event, () => {
      if (!condition()) return;
      clearTimeout(timer);
      off();
      resolve();
    });
  });
}

/** Signs agents in by lifting their telephones and dialling the code, a few at a time. */
export async function signIn(box, stations) {
  const waiting = [...stations];
  const one = async () => {
    for (let station = waiting.shift(); station !== undefined; station = waiting.shift()) {
      const agent = String(2000 + station);
      await box.exchange.lift(station);
      await box.exchange.dial(station, `*11${agent}#`);
      await waitFor(box, 'agent.updated', () => box.agents.find(agent)?.state === 'ready');
      if (box.exchange.phones().find((phone) => phone.station === station)?.offHook)
        await box.exchange.hangUpPhone(station).catch(() => undefined);
      await waitFor(box, 'station.updated', () => box.stations.find(station)?.offHook === false);
    }
  };
  await Promise.all(Array.from({ length: 30 }, one));
}

/** What still hangs on the engine: legs, connections, playbacks, recordings. Waits a while for it to become nothing. */
export async function leftovers(box) {
  let left = 0;
  for (const end = performance.now() + 5000; performance.now() < end;) {
    const { legs, connections, plays, recordings } = await box.engine.command('engine.snapshot', {});
    left = legs.length + connections.length + plays.length + recordings.length;
    if (left === 0) break;
  }
  return left;
}
