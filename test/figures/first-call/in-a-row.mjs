// A thousand calls through one box, one after the other on each of ten telephones; nothing may leak.
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { leftovers, signIn, waitFor, withBox } from '../box.mjs';

const CALLS = Number(process.env.FIGURES_CALLS ?? 1000);
const LANES = 10;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

export async function inARow(report) {
  await withBox({ stations: LANES }, async (box) => {
    await signIn(
      box,
      Array.from({ length: LANES }, (_, i) => i + 1),
    );
    for (let station = 1; station <= LANES; station += 1) {
      await box.exchange.setBehaviour(station, {
        ...{ answer: true, answerAfterMs: 20, play: null, hangUpAfterMs: null, hangUpOnTone: true },
      });
    }
    let begun = 0;
    let connected = 0;
    const resident = [];
    let openFiles = 0;
    const warm = Math.floor(CALLS / 4);
    box.calls.events.on('call.connected', () => (connected += 1));
    const lane = async () => {
      while (begun < CALLS) {
        begun += 1;
        const number = begun;
        const { id } = await box.exchange.place({
          ...{ calledNumber: '95001', callingNumber: '13800138000', digits: '1', digitsAfterMs: 60, talkMs: 200 },
        });
        await ended(box, id);
        if (number === warm) openFiles = descriptors();
        if (number >= warm && number % 10 === 0) resident.push(collected());
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    await waitFor(box, 'call.removed', () => box.calls.live().length === 0);
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

/** Resolves when the caller's call is over. */
async function ended(box, id) {
  const over = () => box.exchange.find(id)?.state === 'released' || box.exchange.find(id) === undefined;
  await waitFor(box, 'call.removed', over).catch(async (error) => {
    await box.exchange.hangUp(id).catch(() => undefined);
    throw error;
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
