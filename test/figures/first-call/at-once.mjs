// Calls at once: every timeslot of one E1, then of four, all of them talking to an agent and recorded.
import { performance } from 'node:perf_hooks';
import { leftovers, signIn, waitFor, withBox } from '../box.mjs';
import { percentile } from '../report.mjs';

export async function atOnce(report) {
  await together(report, 'OnOneE1', 1, 30);
  await together(report, 'OnFourE1', 4, 120);
}

async function together(report, name, spans, calls) {
  await withBox({ spans, stations: calls }, async (box) => {
    await signIn(
      box,
      Array.from({ length: calls }, (_, i) => i + 1),
    );
    for (let station = 1; station <= calls; station += 1) await box.exchange.setBehaviour(station, behaviour(500));
    const begun = performance.now();
    const talking = () => box.calls.live().filter(({ phase }) => phase === 'talking').length;
    const placed = await Promise.all(
      Array.from({ length: calls }, (_, i) =>
        box.exchange.place({
          ...{ calledNumber: '95001', callingNumber: `138${String(10_000_000 + i)}`, digits: '1', digitsAfterMs: 500 },
          ...{ span: 1 + (i % spans), play: 'main-menu' },
        }),
      ),
    );
    let most = 0;
    await waitFor(box, 'call.updated', () => (most = Math.max(most, talking())) === calls).catch(() => undefined);
    const setUpMs = performance.now() - begun;
    const { recordings, tick } = await box.engine.command('engine.snapshot', {});
    await Promise.all(placed.map(({ id }) => box.exchange.hangUp(id)));
    await waitFor(box, 'call.removed', () => box.calls.live().length === 0);
    const over = performance.now();
    const rows = await storedCalls(box, calls);
    const storedMs = performance.now() - over;
    report.add(`callsAtOnce${name}`, most, 'calls', calls);
    report.add(`recordedAtOnce${name}`, recordings.length, 'calls', calls);
    report.add(
      `endedInOrder${name}`,
      rows.filter(({ state, cause }) => state === 'ended' && cause === 16).length,
      'calls',
      calls,
    );
    report.add(`leftOver${name}`, await leftovers(box), 'things', 0, 'exactly');
    report.add(`lastRowStoredAfter${name}`, storedMs, 'ms');
    report.add(`allTalkingAfter${name}`, setUpMs, 'ms');
    report.add(
      `setUpP50${name}`,
      percentile(
        rows.map(({ startedAt, answeredAt }) => answeredAt - startedAt),
        50,
      ),
      'ms',
    );
    report.add(`tickP99${name}`, tick.p99Us, 'us');
  });
}

/** The calls' rows, when the writer has stored the end of each. */
async function storedCalls(box, calls) {
  let rows = [];
  for (const end = performance.now() + 30_000; performance.now() < end;) {
    rows = await box.db.calls.list({ limit: 200 });
    if (rows.filter(({ state }) => state === 'ended').length === calls) break;
  }
  return rows;
}

function behaviour(answerAfterMs) {
  return { answer: true, answerAfterMs, play: 'welcome', hangUpAfterMs: null, hangUpOnTone: true };
}
