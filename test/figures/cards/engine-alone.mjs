// An engine alone, both ends of its virtual cables in this process: commands, and events in the order in which they come.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '../../../daemon/dist/engine/index.js';
import { loadCountry } from '../../../daemon/dist/config/index.js';
import { fileURLToPath } from 'node:url';

const COUNTRIES = fileURLToPath(new URL('../../../firmware-config/countries', import.meta.url));
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const PATIENCE_MS = 60_000;

/** What the engine is made with, for China; `over` replaces. */
export function config(over = {}) {
  return {
    country: loadCountry('cn', COUNTRIES),
    ...{ spans: [], analogs: [], cables: [], realtime: false, announcers: 0 },
    ...over,
  };
}

/** E1s 1…n of ours, and 101… of the exchange at the other end of their cables. */
export function spans(count, over = {}) {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return {
    spans: numbers.flatMap((span) => [
      { span, name: `E1-${span}`, side: 'user', ...over },
      { span: 100 + span, name: `Exchange ${span}`, side: 'network', ...over },
    ]),
    cables: numbers.map((span) => ({ kind: 'e1', a: span, b: 100 + span })),
  };
}

/** Runs `work` with `{command, on, until}` and closes the engine. */
export async function withEngine(settings, work) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-cards-'));
  const engine = createEngine({ ...config(settings), recordingFolder: join(folder, 'journal') }, silent);
  const on = (name, listener) => engine.events.on(name, listener);
  /** The first such event from now on. */
  const until = (name, fits = () => true) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} did not come`)), PATIENCE_MS);
      const off = on(name, (event) => {
        if (!fits(event)) return;
        off();
        clearTimeout(timer);
        resolve(event);
      });
    });
  try {
    return await work({ command: (name, params = {}) => engine.command(name, params), on, until });
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU of this process, ms. */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
