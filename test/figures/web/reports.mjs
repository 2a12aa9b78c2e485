// Reports and call records over millions of calls: a year of them is made up, booked by the roll-up of a running box, and asked for
// through its API. FIGURES_CALLS: how many (five million), FIGURES_FOLDER: where the database lies meanwhile (about 2.5 kB a call).
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import sqlite3 from 'sqlite3';
import { startBox } from '../../../daemon/dist/main.js';

const CALLS = Number(process.env.FIGURES_CALLS ?? 5_000_000);
const YEAR_MS = 365 * 86_400_000;
const DAY_MS = 86_400_000;
const CHUNK = 100_000;
const QUEUES = 20;
const AGENTS = 200;
const MOST_MS = 2000;

export async function reports(report) {
  const home = mkdtempSync(join(process.env.FIGURES_FOLDER ?? tmpdir(), 'cordboard-reports-'));
  try {
    await (await start(home)).stop();
    const to = Math.floor(Date.now() / DAY_MS) * DAY_MS;
    const made = performance.now();
    await makeUp(join(home, 'cordboard.sqlite'), to - YEAR_MS, report);
    const gigabytes = statSync(join(home, 'cordboard.sqlite')).size / 1e9;
    report.note(`${CALLS} calls made up in ${seconds(made)} s, ${gigabytes.toFixed(1)} GB`);
    const opened = performance.now();
    const box = await start(home);
    try {
      report.note(`the box starts in ${seconds(opened)} s`);
      await measure(box, report, to);
    } finally {
      await box.stop();
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

function start(home) {
  const env = {
    CORDBOARD_HTTP_PORT: '0',
    CORDBOARD_SIP_ENABLED: 'false',
    CORDBOARD_LANGUAGE: 'en',
    CORDBOARD_ENGINE_REALTIME: 'false',
  };
  return startBox({ home, env });
}

async function measure(box, report, to) {
  const late = monitorEventLoopDelay({ resolution: 1 });
  const begun = performance.now();
  late.enable();
  await box.reports.rollUp.catchUp();
  late.disable();
  report.add('rollUpS', Number(seconds(begun)), 's');
  report.add('rollUpCallsPerSecond', Math.round((CALLS / (performance.now() - begun)) * 1000), 'calls/s');
  report.add('rollUpLoopLate99Ms', late.percentile(99) / 1e6, 'ms', 10, 'most');
  report.add('rollUpLoopLateMaxMs', late.max / 1e6, 'ms');

  const ranges = {
    day: [to - 10 * DAY_MS, to - 9 * DAY_MS],
    month: [to - 60 * DAY_MS, to - 30 * DAY_MS],
    year: [to - YEAR_MS, to],
  };
  const intervals = {
    day: ['none', 'quarter', 'hour'],
    month: ['none', 'hour', 'day'],
    year: ['none', 'day', 'month'],
  };
  let slowest = 0;
  for (const [span, [from, until]] of Object.entries(ranges)) {
    for (const name of ['queues', 'intervals', 'agents', 'reasons', 'trunks', 'paths', 'satisfaction']) {
      // A row for each agent and day of a year is more than a report has.
      const asked = intervals[span].filter((by) => by === 'none' || name === 'intervals' || name === 'queues');
      for (const by of asked.filter((by) => !(name === 'queues' && by === 'hour' && span === 'month'))) {
        const ms = await longest(box, `reports/${name}?from=${from}&to=${until}&by=${by}`);
        slowest = Math.max(slowest, ms);
        report.note(`${span.padEnd(6)} ${name.padEnd(13)} by ${by.padEnd(8)} ${ms.toFixed(0).padStart(6)} ms`);
      }
    }
  }
  report.add('reportSlowestMs', Math.round(slowest), 'ms', MOST_MS, 'most');

  const [month, monthEnd] = ranges.month;
  const deep = (await ask(box, `calls?limit=1&to=${to - 200 * DAY_MS}`)).calls[0].id;
  const searches = {
    'newest page': 'calls?limit=50',
    'deep page': `calls?limit=50&before=${deep}`,
    'number of a customer': 'calls?limit=50&number=13800000123',
    'number that does not exist': 'calls?limit=50&number=13999999999',
    'number of the company': 'calls?limit=50&number=95001',
    'number by its beginning': 'calls?limit=50&number=1380000&match=begins',
    'number by a part of it': 'calls?limit=50&number=00123&match=contains',
    'queue and month': `calls?limit=50&queueId=queue-7&from=${month}&to=${monthEnd}`,
    'queue, month and abandoned': `calls?limit=50&queueId=queue-7&from=${month}&to=${monthEnd}&result=abandonedQueue`,
    'agent and month': `calls?limit=50&agentId=3007&from=${month}&to=${monthEnd}`,
    'trunk, month, long ones': `calls?limit=50&trunk=outside&from=${month}&to=${monthEnd}&minMs=290000`,
    'behind a figure of a month': `calls?limit=50&behind=abandoned&of=queue-7&from=${month}&to=${monthEnd}`,
    'behind a figure of an agent': `calls?limit=50&behind=agentHandled&of=3007&from=${month}&to=${month + DAY_MS}`,
    'count of a queue and month': `calls/count?queueId=queue-7&from=${month}&to=${monthEnd}`,
    'count of all': 'calls/count',
  };
  let slowestSearch = 0;
  for (const [name, path] of Object.entries(searches)) {
    const ms = await longest(box, path);
    slowestSearch = Math.max(slowestSearch, ms);
    const found = await ask(box, path);
    report.note(`${name.padEnd(32)} ${ms.toFixed(0).padStart(6)} ms, ${found.calls?.length ?? found.count} found`);
  }
  report.add('callSearchSlowestMs', Math.round(slowestSearch), 'ms', MOST_MS, 'most');
}

/** of three times */
async function longest(box, path) {
  let most = 0;
  for (let i = 0; i < 3; i += 1) {
    const begun = performance.now();
    await ask(box, path);
    most = Math.max(most, performance.now() - begun);
  }
  return most;
}

async function ask(box, path) {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const answer = await fetch(`${box.url}api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** An identity of a time, as the daemon makes them. */
const ulid = (at) => {
  const digits = Array.from(
    { length: 10 },
    (_, i) => `substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((${at} >> ${(9 - i) * 5}) & 31) + 1, 1)`,
  );
  return `(${digits.join(' || ')} || hex(randomblob(8)))`;
};
const chance = (n) => `(abs(random()) % ${n})`;

/** One call after the other over the time: 85 of 100 answered after up to a minute, 10 abandoned, 5 overflowed. */
async function makeUp(file, from, report) {
  const db = await new Promise((resolve, reject) => {
    const opened = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)));
  });
  const run = (sql) => new Promise((resolve, reject) => db.exec(sql, (error) => (error ? reject(error) : resolve())));
  await run(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF',
  );
  await run(`BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${QUEUES}) INSERT INTO queues SELECT ${columns(await queueColumns(db))} FROM queues q, n WHERE q.id = 'sales';
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${AGENTS}) INSERT INTO agents (id, name, language) SELECT 3000 + i, 'Agent ' || (3000 + i), 'en' FROM n;
    COMMIT`);
  await run(
    `CREATE TEMP TABLE g (i INTEGER, t INTEGER, id TEXT, q TEXT, a TEXT, waitMs INTEGER, talkMs INTEGER, wrapMs INTEGER, out INTEGER)`,
  );
  const step = YEAR_MS / CALLS;
  for (let first = 0; first < CALLS; first += CHUNK) {
    const last = Math.min(CALLS, first + CHUNK) - 1;
    await run(`BEGIN; DELETE FROM g;
      WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})
      INSERT INTO g SELECT i, t, ${ulid('t')}, 'queue-' || (1 + ${chance(QUEUES)}), 3001 + ${chance(AGENTS)}, ${chance(60000)},
        20000 + ${chance(280000)}, 1000 + ${chance(30000)}, ${chance(100)}
        FROM (SELECT i, CAST(${from} + i * ${step} AS INTEGER) AS t FROM n);
      INSERT INTO calls (id, direction, state, startedAt, answeredAt, endedAt, callingNumber, callingName, calledNumber, span, timeslot, flowId,
        queueId, agentId, digits, cause, releasedBy)
        SELECT id, 'in', 'ended', t, t, t + 5000 + waitMs + CASE WHEN out < 85 THEN talkMs ELSE 0 END,
        '138' || substr('00000000' || ${chance(500000)}, -8), '', '95001', 1, 1 + ${chance(30)}, 'main', q,
        CASE WHEN out < 85 THEN a END, '1', 16, 'caller' FROM g;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data) SELECT ${ulid('t')}, id, 'seized', t, t, '{"span":1,"timeslot":3}' FROM g;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data)
        SELECT ${ulid('t')}, id, 'flow', t, t + 5000, '{"flowId":"main","version":1}' FROM g;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data)
        SELECT ${ulid('t')}, id, 'menu', t, t + 5000, '{"node":"menu","digit":"' || (1 + ${chance(4)}) || '","attempts":1}' FROM g;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data) SELECT ${ulid('t')}, id, 'queued', t + 5000, t + 5000 + waitMs,
        '{"queueId":"' || q || '","outcome":"' || CASE WHEN out < 85 THEN 'answered' WHEN out < 95 THEN 'abandoned' ELSE 'overflow' END
        || '","waitMs":' || waitMs || '}' FROM g;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data) SELECT ${ulid('t')}, id, 'offer', t + 5000, t + 5000 + waitMs,
        '{"agentId":"' || a || '","queueId":"' || q || '","station":1,"outcome":"answered"}' FROM g WHERE out < 85;
      INSERT INTO segments (id, callId, kind, startedAt, endedAt, data) SELECT ${ulid('t')}, id, 'talk', t + 5000 + waitMs,
        t + 5000 + waitMs + talkMs, '{"agentId":"' || a || '","station":1,"queueId":"' || q || '"}' FROM g WHERE out < 85;
      INSERT INTO agentSegments (id, agentId, state, startedAt, endedAt, forced, callId) SELECT ${ulid('t')}, a, 'wrapUp', t + 5000 + waitMs + talkMs,
        t + 5000 + waitMs + talkMs + wrapMs, 0, id FROM g WHERE out < 85;
      INSERT INTO agentSegments (id, agentId, state, reason, startedAt, endedAt, forced) SELECT ${ulid('t')}, a,
        CASE WHEN i % 2 = 0 THEN 'ready' ELSE 'notReady' END, CASE WHEN i % 2 = 1 THEN '1' END, t, t + 600000, 0 FROM g WHERE i % 5 = 0;
      INSERT INTO surveyRuns (id, surveyId, callId, agentId, queueId, direction, number, "trigger", language, state, startedAt, endedAt)
        SELECT id, 'after-talk', id, a, q, 'in', '13800000001', 'rule', 'en', 'complete', t, t + 9000 FROM g WHERE i % 20 = 0 AND out < 85;
      INSERT INTO surveyAnswers (id, runId, questionId, kind, at, value, least, most)
        SELECT id, id, 'score', 'score', t, 1 + ${chance(5)}, 1, 5 FROM g WHERE i % 20 = 0 AND out < 85;
      INSERT INTO recordings (id, callId, path, startedAt, endedAt, durationMs, bytes, lostMs, state)
        SELECT ${ulid('t')}, id, id || '.wav', t, t + talkMs, talkMs, talkMs * 16, 0, 'complete' FROM g WHERE i % 10 = 0 AND out < 85;
      COMMIT`);
    if ((first / CHUNK) % 10 === 9) report.note(`${last + 1} calls`);
  }
  await run('PRAGMA journal_mode = WAL');
  await new Promise((resolve, reject) => db.close((error) => (error ? reject(error) : resolve())));
}

function queueColumns(db) {
  return new Promise((resolve, reject) =>
    db.all('SELECT name FROM pragma_table_info(?)', 'queues', (error, rows) =>
      error ? reject(error) : resolve(rows.map(({ name }) => name)),
    ),
  );
}

const columns = (names) =>
  names
    .map((name) => (name === 'id' ? `'queue-' || n.i` : name === 'name' ? `'Queue ' || n.i` : `q."${name}"`))
    .join(', ');
