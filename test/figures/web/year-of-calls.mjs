// A year of a call centre, made up in SQL alone: the same calls each time, the rows that a box writes of them (segments, offers, states of
// agents, notes, surveys, recordings), busy mornings and quiet nights, customers who call again. Many rows a second, so that millions are few minutes.
import sqlite3 from 'sqlite3';

export const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;
export const QUEUES = 20;
export const AGENTS = 200;
export const TRUNKS = 5;
export const DISPOSITIONS = 12;
const CHUNK = 50_000;
const QUARTER_MS = 900_000;
/** of a day in China, seen from midnight UTC: how many of a hundred calls come in each hour */
const HOURS = [4, 8, 10, 10, 7, 5, 7, 9, 9, 8, 6, 4, 3, 2, 2, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1];
const WEEKDAYS = [0.35, 1.2, 1.1, 1, 1, 1, 0.6];

const P = 2_147_483_647;
/** a number that looks drawn, below n, of call i; another `salt`, another number */
const drawn = (salt, n) => {
  const x = `((i * ${1_103_515 + salt * 7919} + ${salt * 104_729 + 12_345}) % ${P})`;
  return `(((${x} * ${x}) % ${P} * 48271 + ${x}) % ${P} % ${n})`;
};

/** The first ten letters of an identity: its time. */
const letters = (at) =>
  Array.from(
    { length: 10 },
    (_, n) => `substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', ((${at} >> ${(9 - n) * 5}) & 31) + 1, 1)`,
  ).join(' || ');

/**
 * Fills an empty box's database, which nobody else has open, with so many calls of the year that ends at `to`. The last `waiting` of them
 * are still to be booked into the figures; the others are.
 */
export async function makeUp(file, to, calls, waiting, note) {
  const db = await new Promise((resolve, reject) => {
    const opened = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)));
  });
  const run = (sql) => new Promise((resolve, reject) => db.exec(sql, (error) => (error ? reject(error) : resolve())));
  const all = (sql) =>
    new Promise((resolve, reject) => db.all(sql, (error, rows) => (error ? reject(error) : resolve(rows))));
  await run(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1500000; PRAGMA temp_store = MEMORY;
    PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA locking_mode = EXCLUSIVE`);
  await people(run, all);
  await quarters(run, to - YEAR_MS, calls);
  await run(`CREATE TEMP TABLE g (i INTEGER PRIMARY KEY, t INTEGER, id TEXT, q TEXT, a TEXT, way TEXT, trunk TEXT, waitMs INTEGER, talkMs INTEGER,
    wrapMs INTEGER, outcome TEXT, endMs INTEGER, customer TEXT)`);
  for (let first = 0; first < calls; first += CHUNK) {
    const last = Math.min(calls, first + CHUNK) - 1;
    const booked = last < calls - waiting;
    await run(`BEGIN; ${[...chunk(first, last, booked), ...(booked ? bookings() : [])].join(';\n')}; COMMIT`);
    if ((last + 1) % 1_000_000 === 0) note(`${last + 1} calls`);
  }
  // What the roll-up leaves in a box of this zone; with nothing booked it begins by itself.
  if (waiting < calls)
    await run(
      `INSERT OR REPLACE INTO meta ("key", "value") VALUES ('reports', '{"version":1,"zone":"Asia/Shanghai","clearing":null}')`,
    );
  await run('PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL');
  await new Promise((resolve, reject) => db.close((error) => (error ? reject(error) : resolve())));
}

async function people(run, all) {
  const copied = async (table, values) =>
    (await all(`SELECT name FROM pragma_table_info('${table}')`))
      .map(({ name }) => values[name] ?? `${table}."${name}"`)
      .join(', ');
  const n = (most) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${most})`;
  await run(`BEGIN;
    ${n(QUEUES)} INSERT INTO queues SELECT ${await copied('queues', { id: `'queue-' || i`, name: `'Queue ' || i` })} FROM queues, n WHERE queues.id = 'sales';
    ${n(AGENTS)} INSERT INTO agents (id, name, language) SELECT 3000 + i, 'Agent ' || (3000 + i), 'en' FROM n;
    ${n(TRUNKS)} INSERT INTO trunks SELECT ${await copied('trunks', { id: `'trunk-' || i`, name: `'Trunk ' || i`, spans: `'[]'` })}
      FROM (SELECT * FROM trunks LIMIT 1) trunks, n;
    ${n(DISPOSITIONS)} INSERT INTO dispositions SELECT 'kind-' || i, '归类 ' || i, 'Kind ' || i, NULL, NULL, 0, i, 1 FROM n;
    COMMIT`);
}

/** How many calls begin in each quarter of an hour. */
async function quarters(run, from, calls) {
  const weights = [];
  for (let at = from; at < from + YEAR_MS; at += QUARTER_MS) {
    const day = new Date(at).getUTCDay();
    weights.push(HOURS[Math.floor(at / 3_600_000) % 24] * WEEKDAYS[day]);
  }
  const all = weights.reduce((sum, one) => sum + one, 0);
  let sum = 0;
  const rows = weights.map((weight, index) => {
    const first = Math.round((sum / all) * calls);
    sum += weight;
    return [first, Math.round((sum / all) * calls) - first, from + index * QUARTER_MS];
  });
  await run('CREATE TEMP TABLE quarter (first INTEGER PRIMARY KEY, calls INTEGER, at INTEGER)');
  const values = rows.filter(([, calls]) => calls > 0).map((row) => `(${row.join(', ')})`);
  for (let i = 0; i < values.length; i += 400)
    await run(`INSERT INTO quarter VALUES ${values.slice(i, i + 400).join(', ')}`);
}

const QUEUED_MS = 6000;
const answered = `outcome = 'answered'`;
const handled = `outcome IN ('answered', 'out')`;
const talked = `t + ${QUEUED_MS} + waitMs`;
const over = `t + ${QUEUED_MS} + waitMs + talkMs`;
const at = (i) => `substr('${String(i).padStart(2, '0')}', 1)`;
const named = (k) => `substr(id, 1, 24) || ${at(k)}`;

function chunk(first, last, booked) {
  const segment = (k, kind, from, to, data, where = 'true') =>
    `INSERT INTO segments (id, callId, kind, startedAt, endedAt, data) SELECT ${named(k)}, id, '${kind}', ${from}, ${to}, ${data} FROM g WHERE ${where}`;
  const state = (k, name, from, to, where, more = 'NULL, NULL') =>
    `INSERT INTO agentSegments (id, agentId, state, station, startedAt, endedAt, forced, reported, reason, callId) SELECT ${named(k)}, a, '${name}', 1000 + a, ${from}, ${to}, 0, ${booked ? 1 : 0}, ${more} FROM g WHERE ${where}`;
  return [
    'DELETE FROM g',
    `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})
      INSERT INTO g SELECT i, t, ${letters('t')} || printf('%014d', i) || '00', 'queue-' || (1 + ${drawn(1, QUEUES)} * ${drawn(2, QUEUES)} / ${QUEUES}),
        3001 + ${drawn(3, AGENTS)}, CASE WHEN kind < 82 THEN 'in' WHEN kind < 97 THEN 'out' ELSE 'internal' END,
        CASE WHEN kind >= 97 THEN NULL ELSE 'trunk-' || (1 + ${drawn(5, TRUNKS)}) END,
        CASE WHEN kind >= 82 THEN 9000 ELSE ${drawn(6, 240)} * ${drawn(7, 240)} END, 8000 + ${drawn(8, 700)} * ${drawn(9, 700)}, 1000 + ${drawn(10, 45000)},
        CASE WHEN kind >= 97 THEN 'internal' WHEN kind >= 82 THEN CASE WHEN fate < 70 THEN 'out' ELSE 'busy' END
          WHEN fate < 78 THEN 'answered' WHEN fate < 90 THEN 'abandoned' WHEN fate < 94 THEN 'overflow' WHEN fate < 97 THEN 'callback' ELSE 'gone' END, 0,
        CASE WHEN ${drawn(12, 40)} = 0 THEN '' WHEN ${drawn(13, 5)} = 0 THEN '0' || (10 + ${drawn(14, 20)}) || (20000000 + ${drawn(15, 900)} * ${drawn(16, 900)})
          ELSE '1' || (30 + ${drawn(17, 69)}) || substr('0' || (1000000 + ${drawn(18, 90)} * ${drawn(19, 9000)} * 11), -8) END
        FROM (SELECT i, ${drawn(4, 100)} AS kind, ${drawn(11, 100)} AS fate,
          (SELECT at + (n.i - first) * ${QUARTER_MS} / calls FROM quarter WHERE first <= n.i ORDER BY first DESC LIMIT 1) AS t FROM n)`,
    `UPDATE g SET endMs = CASE WHEN ${handled} OR outcome = 'internal' THEN ${over} WHEN outcome IN ('abandoned', 'callback', 'overflow') THEN ${talked} ELSE t + ${QUEUED_MS} END`,
    `INSERT INTO calls (id, direction, state, startedAt, answeredAt, endedAt, callingNumber, callingName, calledNumber, span, timeslot, flowId,
        queueId, agentId, digits, cause, releasedBy, origin, reported, trunk)
      SELECT id, way, CASE WHEN i % 5000 = 7 THEN 'broken' ELSE 'ended' END, t,
        CASE WHEN way = 'in' THEN t + 200 WHEN outcome <> 'busy' THEN ${talked} END, endMs,
        CASE way WHEN 'in' THEN customer WHEN 'out' THEN '95001' ELSE 1000 + a END, '',
        CASE way WHEN 'in' THEN CASE WHEN i % 10 < 6 THEN '95001' WHEN i % 10 < 9 THEN '95002' ELSE '4008' || (i % 100 + 100000) END WHEN 'out' THEN customer ELSE 4000 + a END,
        CASE WHEN way = 'in' AND trunk = 'trunk-1' THEN 1 ELSE 0 END, CASE WHEN way = 'in' AND trunk = 'trunk-1' THEN 1 + i % 30 ELSE 0 END,
        CASE way WHEN 'in' THEN 'main' END, CASE WHEN way = 'in' AND outcome <> 'gone' THEN q END, CASE WHEN ${handled} THEN a END,
        CASE way WHEN 'in' THEN '1' ELSE '' END, CASE outcome WHEN 'busy' THEN 17 ELSE 16 END, CASE WHEN i % 3 = 0 AND ${handled} THEN 'agent' ELSE 'caller' END,
        CASE WHEN customer <> '' AND way <> 'internal' THEN '{"country":"CN","province":{"zh":"北京","en":"Beijing"},"city":{"zh":"北京","en":"Beijing"},"carrier":{"zh":"中国移动","en":"China Mobile"}}' END, ${booked ? '2, trunk' : '0, NULL'} FROM g`,
    segment(
      1,
      'seized',
      't',
      't',
      `CASE trunk WHEN 'trunk-1' THEN '{"span":1,"timeslot":' || (1 + i % 30) || '}' ELSE '{"trunk":"' || trunk || '"}' END`,
      `way = 'in'`,
    ),
    segment(2, 'flow', 't + 200', `t + ${QUEUED_MS}`, `'{"flowId":"main","version":1}'`, `way = 'in'`),
    segment(3, 'prompt', 't + 200', 't + 3000', `'{"node":"welcome","prompts":["welcome"]}'`, `way = 'in'`),
    segment(
      4,
      'menu',
      't + 3000',
      `t + ${QUEUED_MS}`,
      `CASE outcome WHEN 'gone' THEN '{"node":"menu","attempts":1}' ELSE '{"node":"menu","digit":"' || (1 + i % 4) || '","attempts":1}' END`,
      `way = 'in'`,
    ),
    segment(
      5,
      'digit',
      't + 5500',
      't + 5500',
      `'{"digit":"' || (1 + i % 4) || '"}'`,
      `way = 'in' AND outcome <> 'gone'`,
    ),
    segment(
      6,
      'queued',
      `t + ${QUEUED_MS}`,
      talked,
      `'{"queueId":"' || q || '","outcome":"' || outcome || '","waitMs":' || waitMs || '}'`,
      `way = 'in' AND outcome <> 'gone'`,
    ),
    segment(7, 'callback', talked, talked, `'{"queueId":"' || q || '","outcome":"taken"}'`, `outcome = 'callback'`),
    segment(
      8,
      'offer',
      `t + ${QUEUED_MS}`,
      talked,
      `'{"queueId":"' || q || '","agentId":"' || (3001 + (a + 7) % ${AGENTS}) || '","station":1001,"outcome":"noAnswer"}'`,
      `way = 'in' AND outcome <> 'gone' AND i % 12 = 0`,
    ),
    segment(
      9,
      'offer',
      `t + ${QUEUED_MS}`,
      talked,
      `'{"queueId":"' || q || '","agentId":"' || a || '","station":' || (1000 + a) || ',"outcome":"answered"}'`,
      answered,
    ),
    segment(
      10,
      'dial',
      't',
      talked,
      `'{"to":"' || customer || '","attempts":[' || CASE WHEN i % 50 = 0 THEN '{"trunk":"trunk-2","outcome":"failed","cause":34,"ms":90},' ELSE '' END
        || '{"trunk":"' || trunk || '","outcome":"' || CASE outcome WHEN 'out' THEN 'answered","ms":9000' ELSE 'failed","cause":17,"ms":5000' END || '}]}'`,
      `way = 'out'`,
    ),
    segment(
      11,
      'talk',
      talked,
      over,
      `CASE way WHEN 'in' THEN '{"queueId":"' || q || '","agentId":"' || a || '","station":' || (1000 + a) || '}' ELSE '{"agentId":"' || a || '","station":' || (1000 + a) || '}' END`,
      handled,
    ),
    segment(
      12,
      'held',
      `${talked} + 2000`,
      `${talked} + 2000 + talkMs / 8`,
      `'{"by":"agent"}'`,
      `${handled} AND i % 10 = 3`,
    ),
    segment(13, 'transferred', over, over, `'{"by":1001,"to":"1002"}'`, `${handled} AND i % 33 = 5`),
    segment(14, 'recording', talked, over, `'{"recordingId":"' || ${named(70)} || '"}'`, `${handled} AND i % 2 = 0`),
    segment(15, 'released', 'endMs', 'endMs', `'{"cause":16}'`),
    state(1, 'ringing', `${talked} - min(waitMs, 4000)`, talked, handled),
    state(2, 'talking', talked, over, handled),
    state(3, 'wrapUp', over, `${over} + wrapMs`, handled, 'NULL, id'),
    state(4, 'ready', `${over} + wrapMs`, `${over} + wrapMs + 20000 + talkMs / 2`, handled),
    state(5, 'notReady', 't', 't + 600000', 'i % 40 = 11', `1 + i % 4, NULL`),
    `INSERT INTO callNotes (id, callId, agentId, queueId, disposition, note, followUp, at)
      SELECT ${named(60)}, id, a, q, 'kind-' || (1 + ${drawn(20, DISPOSITIONS)}), '', 0, ${over} FROM g WHERE ${handled} AND i % 5 < 3`,
    `INSERT INTO surveyRuns (id, surveyId, callId, agentId, queueId, direction, number, "trigger", language, state, startedAt, endedAt)
      SELECT id, 'after-talk', id, a, q, 'in', customer, 'rule', 'en', CASE WHEN i % 3 = 0 THEN 'unanswered' ELSE 'complete' END, ${over}, ${over} + 9000 FROM g WHERE i % 8 = 0 AND ${answered}`,
    `INSERT INTO surveyAnswers (id, runId, questionId, kind, at, value, least, most)
      SELECT id, id, 'score', 'score', ${over} + 4000, 5 - ${drawn(21, 3)} * ${drawn(22, 3)}, 1, 5 FROM g WHERE i % 8 = 0 AND i % 3 > 0 AND ${answered}`,
    `INSERT INTO recordings (id, callId, path, startedAt, endedAt, durationMs, bytes, lostMs, state)
      SELECT ${named(70)}, id, '2026/01/01/' || id || '.wav', ${talked}, ${over}, talkMs, talkMs * 16, 0, 'complete' FROM g WHERE ${handled} AND i % 2 = 0`,
    // encrypted long ago: the box has nothing to do with them
    `INSERT INTO storedRecordings (id, path, digest, bytes, sealedAt, peaks)
      SELECT ${named(70)}, '2026/01/01/' || id || '.cbr', '', talkMs * 16, ${over} + 60000, NULL FROM g WHERE ${handled} AND i % 2 = 0`,
  ];
}

const SLOT = (x) => `(${x}) / ${QUARTER_MS} * ${QUARTER_MS}`;
const SHANGHAI_MS = 8 * 3_600_000;
const DAY = (x) => `(${x} + ${SHANGHAI_MS}) / ${DAY_MS} * ${DAY_MS} - ${SHANGHAI_MS}`;

/** The sums that the roll-up has of a chunk; an agent's state is booked where it begins. */
function bookings() {
  const made = [];
  const add = (table, at, keys, sums, where, most = {}) => {
    const columns = { ...sums, ...most };
    for (const [span, begin] of [
      ['slot', SLOT],
      ['day', DAY],
    ])
      made.push(`INSERT INTO ${table} (span, at, ${Object.keys(keys).join(', ')}, ${Object.keys(columns).join(', ')})
        SELECT '${span}', ${begin(at)}, ${Object.values(keys).join(', ')}, ${Object.values(sums)
          .map((one) => `SUM(${one})`)
          .concat(Object.values(most).map((one) => `MAX(${one})`))
          .join(', ')} FROM g WHERE ${where} GROUP BY 2${Object.keys(keys)
          .map((_, index) => `, ${index + 3}`)
          .join('')}
        ON CONFLICT (span, at, ${Object.keys(keys).join(', ')}) DO UPDATE SET ${Object.keys(sums)
          .map((one) => `${one} = ${table}.${one} + excluded.${one}`)
          .concat(Object.keys(most).map((one) => `${one} = MAX(${table}.${one}, excluded.${one})`))
          .join(', ')}`);
  };
  const entered = `t + ${QUEUED_MS}`;
  const short = `outcome = 'abandoned' AND waitMs < 5000`;
  add(
    'reportQueues',
    entered,
    { queueId: 'q' },
    {
      offered: `NOT (${short})`,
      answered,
      answeredInTime: `${answered} AND waitMs <= 20000`,
      abandoned: `outcome = 'abandoned' AND waitMs >= 5000`,
      abandonedInTime: `outcome = 'abandoned' AND waitMs BETWEEN 5000 AND 20000`,
      shortAbandoned: short,
      callbacks: `outcome = 'callback'`,
      '"left"': `outcome IN ('callback', 'overflow')`,
      waitMs: `(${answered}) * waitMs`,
      abandonWaitMs: `(outcome = 'abandoned' AND waitMs >= 5000) * waitMs`,
    },
    `way = 'in' AND outcome <> 'gone'`,
    { longestWaitMs: 'waitMs' },
  );
  const done = `${over} + wrapMs`;
  const sums = { handled: '1', talkMs: 'talkMs - (i % 10 = 3) * (talkMs / 8)', holdMs: '(i % 10 = 3) * (talkMs / 8)' };
  const handling = { ...sums, wrapUpMs: 'wrapMs', transferred: 'i % 33 = 5' };
  add('reportQueues', done, { queueId: 'q' }, handling, answered);
  const states = {
    ringingMs: 'min(waitMs, 4000)',
    talkingMs: 'talkMs',
    wrappingMs: 'wrapMs',
    readyMs: '20000 + talkMs / 2',
  };
  add('reportAgents', done, { agentId: 'a' }, { ...handling, ...states }, handled);
  add('reportAgents', entered, { agentId: 'a' }, { offered: '1', answered: '1' }, answered);
  add(
    'reportAgents',
    entered,
    { agentId: `3001 + (a + 7) % ${AGENTS}` },
    { offered: '1', missed: '1' },
    `way = 'in' AND outcome <> 'gone' AND i % 12 = 0`,
  );
  add('reportAgents', 't', { agentId: 'a' }, { notReadyMs: '600000' }, 'i % 40 = 11');
  add('reportReasons', 't', { agentId: 'a', reason: '1 + i % 4' }, { times: '1', ms: '600000' }, 'i % 40 = 11');
  const used = { usedMs: 'endMs - t', talkMs: `(${handled}) * talkMs` };
  add('reportTrunks', 't', { trunk: 'trunk' }, { seizedIn: '1', answeredIn: '1', ...used }, `way = 'in'`);
  const outwards = { seizedOut: '1', answeredOut: `outcome = 'out'`, ...used };
  add('reportTrunks', 't', { trunk: 'trunk' }, outwards, `way = 'out'`);
  add('reportTrunks', 't', { trunk: `'trunk-2'` }, { lost: '1' }, `way = 'out' AND i % 50 = 0`);
  const visits = { visits: '1', ms: '5800' };
  const none = `''`;
  add('reportPaths', 't + 200', { flowId: `'main'`, node: none, exit: none }, visits, `way = 'in'`);
  const exit = `CASE outcome WHEN 'gone' THEN 'gone' ELSE CAST(1 + i % 4 AS TEXT) END`;
  add('reportPaths', 't + 3000', { flowId: `'main'`, node: `'menu'`, exit }, visits, `way = 'in'`);
  return made;
}
