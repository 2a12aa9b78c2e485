// Reports and call records over millions of calls: a year of them is made up, the last of it is booked by the roll-up of a running box, and
// the box is asked through its API as the pages ask. The worst of several times stands beside its goal. FIGURES_CALLS: how many calls (five
// million), FIGURES_FOLDER: where the database lies meanwhile (3.5 kB a call), FIGURES_KEEP=1: it stays there, and is taken again.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startBox } from '../../../daemon/dist/main.js';
import { DAY_MS, YEAR_MS, makeUp } from './year-of-calls.mjs';

const CALLS = Number(process.env.FIGURES_CALLS ?? 5_000_000);
const KEPT = process.env.FIGURES_KEEP === '1';
/** so many calls are still to be booked when the box starts */
const WAITING = Math.min(CALLS / 2, 200_000);
const MOST_MS = 2000;
const TIMES = 3;
const REPORTS = ['queues', 'intervals', 'agents', 'reasons', 'trunks', 'paths', 'satisfaction'];

export async function reports(report) {
  const folder = process.env.FIGURES_FOLDER ?? tmpdir();
  const home = KEPT ? join(folder, `cordboard-reports-${CALLS}`) : mkdtempSync(join(folder, 'cordboard-reports-'));
  try {
    await prepared(home, report);
    const opened = performance.now();
    const box = await start(home);
    try {
      report.add('startS', Number(seconds(opened)), 's', 10, 'most');
      report.add('databaseGb', statSync(box.config.databaseFile).size / 1e9, 'GB');
      await booked(box, report);
      await asked(box, report, Math.floor(Date.now() / DAY_MS) * DAY_MS);
    } finally {
      await box.stop();
    }
  } finally {
    if (!KEPT) rmSync(home, { recursive: true, force: true });
  }
}

async function prepared(home, report) {
  const file = join(home, 'cordboard.sqlite');
  if (existsSync(file)) return;
  mkdirSync(home, { recursive: true });
  await (await start(home)).stop();
  const begun = performance.now();
  try {
    await makeUp(file, Math.floor(Date.now() / DAY_MS) * DAY_MS, CALLS, WAITING, (text) => report.note(text));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  report.note(`${CALLS} calls made up in ${seconds(begun)} s`);
}

const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1);

function start(home) {
  const env = {
    ...{ CORDBOARD_HTTP_PORT: '0', CORDBOARD_SIP_ENABLED: 'false', CORDBOARD_LANGUAGE: 'en' },
    ...{ CORDBOARD_ENGINE_REALTIME: 'false', CORDBOARD_TIME_ZONE: 'Asia/Shanghai' },
  };
  return startBox({ home, env });
}

/** The roll-up of what waits, with ten calls a second written meanwhile: neither the daemon's own thread nor a write may be late. */
async function booked(box, report) {
  const [{ waiting }] = await box.db.long.ask('SELECT COUNT(*) AS "waiting" FROM "calls" WHERE "reported" = 0');
  if (waiting < WAITING)
    return report.note(`all calls are booked but ${waiting}: how fast that goes is measured on a database that is new`);
  const late = monitorEventLoopDelay({ resolution: 1 });
  const waits = [];
  let going = true;
  const begun = performance.now();
  late.enable();
  const writing = (async () => {
    while (going) {
      const asked = performance.now();
      await box.db.write((tx) => tx.meta.set('figures', String(asked)));
      waits.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  await box.reports.rollUp.catchUp();
  going = false;
  late.disable();
  await writing;
  const took = performance.now() - begun;
  report.add('rollUpCallsPerSecond', Math.round((WAITING / took) * 1000), 'calls/s', 1000, 'least');
  report.add('rollUpLoopLate99Ms', late.percentile(99) / 1e6, 'ms', 10, 'most');
  report.add('rollUpLoopLateMaxMs', late.max / 1e6, 'ms');
  report.add('rollUpWriteMaxMs', Math.max(...waits), 'ms', 1000, 'most');
}

async function asked(box, report, to) {
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
  // More rows than a report has are refused: of each agent and day of a year, for instance.
  const fits = (name, span, by) =>
    by === 'none' ||
    name === 'intervals' ||
    (name === 'queues' && !(by === 'hour' && span === 'month')) ||
    (name === 'trunks' && by !== 'quarter') ||
    (name === 'agents' && (by === 'month' || (by === 'day' && span === 'month')));
  const named = Object.entries(ranges).flatMap(([span, [from, until]]) =>
    REPORTS.flatMap((name) =>
      intervals[span]
        .filter((by) => fits(name, span, by))
        .map((by) => [`${span} ${name} by ${by}`, `reports/${name}?from=${from}&to=${until}&by=${by}`]),
    ),
  );
  report.add('reportSlowestMs', await worst(box, report, named), 'ms', MOST_MS, 'most');

  const [from, until] = ranges.month;
  const month = `from=${from}&to=${until}`;
  const year = `from=${to - YEAR_MS}&to=${to}`;
  const deep = (await ask(box, `calls?limit=1&to=${to - 200 * DAY_MS}`)).calls[0].id;
  const { callingNumber: customer } = (
    await ask(box, `calls?limit=20&direction=in&to=${to - 100 * DAY_MS}`)
  ).calls.find(({ callingNumber }) => callingNumber.length > 8);
  const finds = {
    newest: '',
    deep: `before=${deep}`,
    'number of a customer': `number=${customer}`,
    'number that nobody has': 'number=13999999999',
    'number of the company': 'number=95001',
    'number of the company, agent': 'number=95001&agentId=3007',
    'number begins': `number=${customer.slice(0, 3)}&match=begins`,
    'number begins, few': `number=${customer.slice(0, 8)}&match=begins`,
    'number contains': `number=${customer.slice(-4)}&match=contains`,
    'number contains, nobody has it': 'number=987654321&match=contains',
    'queue, month': `queueId=queue-7&${month}`,
    'queue, month, abandoned': `queueId=queue-7&${month}&result=abandonedQueue`,
    agent: 'agentId=3007',
    'agent, queue': 'agentId=3007&queueId=queue-19',
    'trunk, month, long': `trunk=trunk-2&${month}&minMs=290000`,
    'trunk that carried none': 'trunk=nothing',
    disposition: 'disposition=kind-3',
    'disposition, agent, month': `disposition=kind-3&agentId=3007&${month}`,
    'in, month': `direction=in&${month}`,
    'internal, month': `direction=internal&${month}`,
    'refused, of which there are none': 'result=refused',
    'longer than any': 'minMs=9000000',
    'not recorded, long': 'recorded=no&minMs=480000',
    'behind abandoned, month': `behind=abandoned&of=queue-7&${month}`,
    'behind short abandoned, year': `behind=shortAbandoned&of=queue-19&${year}`,
    'behind handled, month': `behind=handled&of=queue-7&${month}`,
    'behind handled of an agent, month': `behind=agentHandled&of=3007&${month}`,
    'behind missed, year': `behind=missed&of=3007&${year}`,
    'behind lost, month': `behind=lost&of=trunk-2&${month}`,
    'behind seized, year': `behind=seized&of=trunk-3&${year}`,
  };
  const pages = Object.entries(finds).map(([name, query]) => [name, `calls?limit=50&${query}`]);
  report.add('callSearchSlowestMs', await worst(box, report, pages), 'ms', MOST_MS, 'most');
  const counts = Object.entries(finds)
    .filter(([name]) => name !== 'deep')
    .map(([name, query]) => [`count: ${name}`, `calls/count?${query}`]);
  report.add('callCountSlowestMs', await worst(box, report, counts), 'ms', MOST_MS, 'most');
  const exported = performance.now();
  await ask(box, `calls/file?format=csv&queueId=queue-7&${month}`);
  report.add('callExportS', Number(seconds(exported)), 's');
}

/** Each several times, all in turn: what was asked last does not always lie in memory. */
async function worst(box, report, paths) {
  const most = new Map();
  const found = new Map();
  for (let turn = 0; turn < TIMES; turn += 1) {
    for (const [name, path] of paths) {
      const begun = performance.now();
      const answer = await ask(box, path).catch((error) => ({ failed: error.message }));
      const took = answer.failed === undefined ? performance.now() - begun : Number.POSITIVE_INFINITY;
      most.set(name, Math.max(most.get(name) ?? 0, took));
      found.set(name, said(answer));
    }
  }
  for (const [name, ms] of most) report.note(`${name.padEnd(40)} ${ms.toFixed(0).padStart(6)} ms  ${found.get(name)}`);
  return Math.round(Math.max(...most.values()));
}

function said({ failed, rows, calls, searchedTo, count, more }) {
  if (failed !== undefined) return failed;
  if (rows !== undefined) return `${rows.length} rows`;
  if (count !== undefined) return `${count}${more ? ' and more' : ''}`;
  return `${calls.length} calls${searchedTo === null ? '' : `, looked back to ${new Date(searchedTo).toISOString().slice(0, 10)}`}`;
}

async function ask(box, path) {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const answer = await fetch(`${box.url}api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return path.includes('/file?') ? text : JSON.parse(text);
}
