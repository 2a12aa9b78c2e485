// A thousand calls through one box, one after the other on each of ten telephones; nothing may leak.
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { leftovers, withBox } from '../box.mjs';
import { callsInLanes, readyAgents } from '../calls.mjs';

const CALLS = Number(process.env.FIGURES_CALLS ?? 1000);
const LANES = 10;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

export async function inARow(report) {
  await withBox({ stations: LANES }, async (box) => {
    await readyAgents(box, LANES);
    let begun = 0;
    let connected = 0;
    const resident = [];
    let openFiles = 0;
    const warm = Math.floor(CALLS / 4);
    box.calls.events.on('call.connected', () => (connected += 1));
    let over = 0;
    await callsInLanes(
      box,
      LANES,
      () => (begun += 1) <= CALLS,
      () => {
        over += 1;
        if (over === warm) openFiles = descriptors();
        if (over >= warm && over % 10 === 0) resident.push(collected());
      },
    );
    const left = await leftovers(box);
    // Medians of the first and the last tenth after warm-up: one reading is noise of the garbage collector.
    const tenth = Math.max(1, Math.floor(resident.length / 10));
    const first = median(resident.slice(0, tenth));
    const last = median(resident.slice(-tenth));
    const rows = await stored(box);
    report.add('callsInARow', connected, 'calls', CALLS);
    report.add('callsStoredAsEnded', rows, 'calls', CALLS);
    report.add('leakedLegsAndConnections', left, 'things', 0, 'exactly');
    report.add('leakedTimeslots', busyTimeslots(box), 'timeslots', 0, 'exactly');
    report.add('leakedFileDescriptors', Math.max(0, descriptors() - openFiles), 'files', 0, 'exactly');
    report.add('rssGrowthAfterWarmUp', (100 * (last - first)) / first, '%', 5, 'most');
    report.add('rss', last / 1e6, 'MB');
  });
}

/** Calls stored as ended in order, once the writer has had the time to store the last ones. */
async function stored(box) {
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    if ((await box.db.calls.count({ state: 'live' })) === 0) break;
  }
  let rows = 0;
  let before;
  for (;;) {
    const page = await box.db.calls.list({ limit: 200, ...(before === undefined ? {} : { before }) });
    if (page.length === 0) return rows;
    rows += page.filter(({ state, cause }) => state === 'ended' && cause === 16).length;
    before = page.at(-1).id;
  }
}

function busyTimeslots(box) {
  return box.trunks.list().flatMap(({ timeslots }) => timeslots.filter(({ busy }) => busy)).length;
}

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

function collected() {
  collect();
  return process.memoryUsage.rss();
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
