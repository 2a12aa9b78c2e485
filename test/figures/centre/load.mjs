// 16 E1 (480 timeslots), 400 agents, 10 calls a second for ten minutes: what goes wrong, how fast it is decided who gets which call, when a
// page hears of it, and whether the figures of the live snapshot are those of the stored segments.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../report.mjs';
import { AGENTS, CallCentre, QUEUES, SPANS } from './floor.mjs';

const PER_SECOND = 10;
const SECONDS = Number(process.env.FIGURES_LOAD_S ?? 600);
const TALK = { least: 20_000, most: 36_000 };

export async function load(report) {
  const centre = new CallCentre();
  try {
    await centre.start();
    await centre.furnish({ talkMs: TALK });
    report.note(
      `${SPANS} E1, ${AGENTS} agents, ${PER_SECOND} calls/s for ${SECONDS} s, talks of ${TALK.least / 1000} to ${TALK.most / 1000} s`,
    );
    const delays = [];
    let most = 0;
    const live = new Set();
    await centre.watch((event, data) => {
      if (event === 'call.segment') delays.push(Date.now() - (data.endedAt ?? data.startedAt));
      if (event === 'call.updated') live.add(data.id);
      if (event === 'call.removed') live.delete(data.id);
      most = Math.max(most, live.size);
    });
    const cpu = cpuOf(centre.pid);
    const begun = performance.now();
    let refused = 0;
    const placing = [];
    for (let i = 0; i < SECONDS * PER_SECOND; i += 1) {
      const due = begun + (i * 1000) / PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      placing.push(centre.call(i).catch((error) => (report.note(String(error)), (refused += 1))));
    }
    await Promise.all(placing);
    const seconds = (performance.now() - begun) / 1000;
    const cores = (cpuOf(centre.pid) - cpu) / seconds;
    const decided = await decisions(centre);
    await centre.until(async () => (await centre.api('GET', 'calls?state=live&limit=1')).calls.length === 0, 180_000);
    await centre.until(async () => (await centre.api('GET', 'agents')).every(({ state }) => state === 'ready'), 30_000);
    const rows = await allCalls(centre);
    const served = rows.filter(({ state, cause, agentId }) => state === 'ended' && cause === 16 && agentId !== null);
    report.add('loadPlaced', SECONDS * PER_SECOND - refused, 'calls', SECONDS * PER_SECOND);
    report.add('loadServed', served.length, 'calls', SECONDS * PER_SECOND);
    report.add('loadMostAtOnce', most, 'calls');
    const errors = centre.said.split('\n').filter((line) => /"level":(50|60)|ERROR|FATAL/.test(line));
    for (const line of errors.slice(0, 5)) report.note(line.slice(0, 300));
    report.add('loadErrors', errors.length, 'lines', 0, 'exactly');
    report.note(`${decided.count} decisions, ${(100 * decided.share).toFixed(2)} % of them within 5 ms`);
    report.add('loadDecisionP99', decided.p99Ms, 'ms', 5, 'most');
    // What a decision waits for before it is asked for: an event of a line lies until the thread has come to it.
    report.add('loadThreadLateP99', decided.lateP99Ms, 'ms');
    report.add('loadEventMedian', percentile(delays, 50), 'ms');
    report.add('loadEventP99', percentile(delays, 99), 'ms', 100, 'most');
    report.add('loadCores', cores, 'cores');
    report.add('loadRss', rssOf(centre.pid) / 1e6, 'MB');
    report.add('loadFiguresThatDiffer', await differing(centre, report), 'figures', 0, 'exactly');
  } finally {
    await centre.stop();
  }
}

/** Every stored call, page by page. */
async function allCalls(centre) {
  const rows = [];
  for (let before = ''; ;) {
    const { calls } = await centre.api('GET', `calls?limit=200${before === '' ? '' : `&before=${before}`}`);
    rows.push(...calls);
    if (calls.length < 200) return rows;
    before = calls.at(-1).id;
  }
}

/** prom-client looks at the event loop so often, and counts the time between two looks. */
const LAG_PERIOD_MS = 10;

/** From the histogram of the box: the bucket in which 99 of 100 are. */
async function decisions(centre) {
  const text = await centre.text('metrics');
  const buckets = [...text.matchAll(/cordboard_acd_decision_seconds_bucket\{le="([^"]+)"\} (\d+)/g)];
  const count = Number(buckets.at(-1)?.[2] ?? 0);
  const at = buckets.find(([, , n]) => Number(n) >= 0.99 * count);
  const within = buckets.find(([, le]) => le === '0.005');
  const lateS = Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]);
  return {
    ...{ count, p99Ms: Number(at?.[1]) * 1000, share: Number(within?.[2] ?? 0) / count },
    lateP99Ms: lateS * 1000 - LAG_PERIOD_MS,
  };
}

/** The live figures beside those recomputed from the segments, as the page of a call shows them. */
async function differing(centre, report) {
  const { default: sqlite } = await import('sqlite3');
  const db = new sqlite.Database(`${centre.home}/cordboard.sqlite`, sqlite.OPEN_READONLY);
  const all = (sql) =>
    new Promise((resolve, reject) => db.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))));
  const rows = await all(`SELECT callId, startedAt, endedAt, data FROM segments WHERE kind = 'queued'`);
  db.close();
  const { queues: status } = await centre.snapshot();
  let differ = 0;
  for (const [, id] of QUEUES) {
    const stays = rows.map((row) => ({ ...row, data: JSON.parse(row.data) })).filter(({ data }) => data.queueId === id);
    const answered = stays.filter(({ data }) => data.outcome === 'answered');
    const waits = answered.map(({ data }) => data.waitMs);
    const own = {
      offered: stays.length,
      answered: answered.length,
      answeredInTime: waits.filter((wait) => wait <= 20_000).length,
      abandoned: stays.filter(({ data }) => data.outcome === 'abandoned').length,
      waitTotalMs: waits.reduce((sum, wait) => sum + wait, 0),
    };
    const { today } = status.find((queue) => queue.id === id);
    for (const [name, value] of Object.entries(own)) {
      if (today[name] === value) continue;
      differ += 1;
      report.note(`${id} ${name}: live ${today[name]}, from segments ${value}`);
    }
  }
  return differ;
}

/** s of processor time (proc(5)), of all its threads */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function rssOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}
