// Calls of every kind by the ten thousand at a whole box, and what they leave behind (`npm run soak -- sip [--calls N]`).
//
// First some calls for what is made once; then, when all is quiet, what there is is written down, and compared with what there is
// when all calls have ended. In between the same is shown every ten thousand calls, while calls are up.
import { readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChild } from '../../install/lib/children.mjs';
import { api } from '../figures/box.mjs';
import { Report } from '../figures/report.mjs';
import { MENU, withSipBox } from '../figures/sip/sip-box.mjs';
import { heaps } from './heap.mjs';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '100000' } } });
const CALLS = Number(values.calls);
const STEP = Math.min(10_000, Math.max(500, Math.floor(CALLS / 5)));
/** Half a minute of them: tables that follow the number of transactions, which live so long, have their size then. */
const WARM_UP = Math.min(4000, Math.ceil(CALLS / 2));
const PAIRS = 25;
const FIRST = 7000;
/** The carrier's address: the telephones, whose address is another, prove who they are. */
const CARRIER = '127.0.0.2';
/** Timer H, I and J (RFC 3261), the engine's and the recordings' ends: all that outlives a call is over by then. */
const QUIET_MS = 40_000;
/** Of heaps: code that was compiled meanwhile, tables that have grown once. Each call may leave some octets of it. */
const HEAP_GROWTH_MB = 4;
const MB = 1024 * 1024;

const report = new Report(false);
let arrived = 0;
const env = { CORDBOARD_SIP_CALLS_PER_HOUR: '1000000', CORDBOARD_SIP_TRUSTED: '127.0.0.0/8' };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What must be nothing when nobody calls. */
const LEAKS = [
  ...['legs', 'streams', 'connections', 'plays', 'recordings', 'calls', 'stackCalls', 'dialogs', 'transactions'],
  ...['liveRows', 'dialogRows', 'bindingRows', 'openRecordings'],
];
/** All that could grow. */
async function state(box) {
  const [engine, stack, heap] = await Promise.all([
    box.engine.command('engine.snapshot', {}),
    box.sip.statistics(),
    heaps(),
  ]);
  const { legs, streams, connections, plays, recordings } = engine;
  const [liveRows, endedRows, dialogRows, bindingRows, openRecordings] = await Promise.all([
    box.db.calls.count({ state: 'live' }),
    box.db.calls.count({ state: 'ended' }),
    box.db.sipDialogs.list(),
    box.db.sipBindings.list(),
    box.db.recordings.listByState('recording'),
  ]);
  return {
    ...{ rss: process.memoryUsage.rss(), ...heap },
    ...{
      descriptors: readdirSync('/proc/self/fd').length,
      open: openFiles(),
      threads: readdirSync('/proc/self/task').length,
    },
    ...{ legs: legs.length, streams: streams.length, connections: connections.length },
    ...{ plays: plays.length, recordings: recordings.length, calls: box.calls.live().length },
    ...{ stackCalls: stack.calls, dialogs: stack.dialogs },
    transactions: stack.transactions.server + stack.transactions.client,
    ...{ liveRows, endedRows, dialogRows: dialogRows.length, bindingRows: bindingRows.length },
    openRecordings: openRecordings.length,
  };
}

/** What the descriptors are: how many of each kind, or file. */
function openFiles() {
  const found = {};
  for (const fd of readdirSync('/proc/self/fd')) {
    let what = 'gone';
    try {
      what = readlinkSync(`/proc/self/fd/${fd}`).replace(/:\[\d+\]$/, '');
    } catch {
      // that of the look itself
    }
    found[what] = (found[what] ?? 0) + 1;
  }
  return found;
}

const SHOWN = [
  ...['descriptors', 'legs', 'streams', 'calls', 'stackCalls', 'dialogs', 'transactions', 'liveRows', 'dialogRows'],
  ...['endedRows'],
];

function heading() {
  const names = ['calls so far', 'resident MB', 'heap MB', 'stack heap MB', ...SHOWN];
  process.stdout.write(`\n${names.map((name) => name.padStart(widthOf(name))).join('')}\n`);
}

function line(count, now) {
  const mb = (bytes) => (bytes / MB).toFixed(1);
  const cells = [
    ...[
      ['calls so far', count],
      ['resident MB', mb(now.rss)],
      ['heap MB', mb(now.main)],
      ['stack heap MB', mb(now.stack)],
    ],
    ...SHOWN.map((name) => [name, now[name]]),
  ];
  process.stdout.write(`${cells.map(([name, value]) => String(value).padStart(widthOf(name))).join('')}\n`);
}

function widthOf(name) {
  return Math.max(8, name.length + 2);
}

/** Those that are complete: they would fill the disk. */
function dropRecordings(folder) {
  const old = Date.now() - 10_000;
  for (const name of readdirSync(folder, { recursive: true })) {
    const path = join(folder, name);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isFile() && file.mtimeMs < old) rmSync(path, { force: true });
  }
}

await withSipBox({ env, sources: [`${CARRIER}/32`] }, async (box, port) => {
  box.calls.events.on('call.arrived', () => (arrived += 1));
  const accounts = [];
  for (let number = FIRST; number < FIRST + 2 * PAIRS; number += 1) {
    const settings = { digest: ['md5'], codecs: ['pcma'], maxCalls: 10, security: 'any', srtp: 'none' };
    const { secret } = await api(box, 'POST', 'stations/sip', { number, ...settings });
    accounts.push({ number, secret });
  }
  const play = (calls) =>
    runChild('sip-soak-child', [
      JSON.stringify({ server: { host: '127.0.0.1', port }, accounts, calls, carrier: CARRIER, menu: MENU }),
    ]);

  report.heading(`${WARM_UP} calls for what is made once`);
  await play(WARM_UP);
  await sleep(QUIET_MS);
  const before = await state(box);
  heading();
  line(0, before);

  arrived = 0;
  let done = 0;
  let shown = 0;
  const playing = play(CALLS).finally(() => (done = 1));
  const started = performance.now();
  while (!done) {
    await sleep(200);
    if (arrived < shown + STEP) continue;
    shown += STEP;
    line(arrived, await state(box));
    dropRecordings(box.config.recordingsFolder);
  }
  const result = await playing;
  const seconds = (performance.now() - started) / 1000;
  await sleep(QUIET_MS);
  const after = await state(box);
  line(arrived, after);

  report.heading('what is left');
  for (const [kind, count] of Object.entries(result.done)) report.add(kind, count, 'done');
  report.add('failed', result.failed, 'calls', 0, 'exactly');
  for (const failure of result.failures) report.note(failure);
  report.add('turned away, and came again', result.turnedAway, 'calls');
  report.add('rate', CALLS / seconds, 'calls/s');
  for (const name of LEAKS) report.add(name, after[name], '', 0, 'exactly');
  // Connections of the database and of whoever asks are opened when they are needed, and kept for a while.
  report.add('descriptors more', after.descriptors - before.descriptors, '', 9, 'most');
  report.add('threads more', after.threads - before.threads, '', 0, 'most');
  for (const [what, count] of Object.entries(after.open))
    if (count > (before.open[what] ?? 0)) report.note(`${what}: ${count} open, ${before.open[what] ?? 0} before`);
  for (const name of ['main', 'stack'])
    report.add(`heap of ${name} larger`, (after[name] - before[name]) / MB, 'MB', HEAP_GROWTH_MB, 'most');
  report.add('resident memory larger', (after.rss - before.rss) / MB, 'MB');
});
report.end();
process.exit(report.allMet ? 0 : 1);
