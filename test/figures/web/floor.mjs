// The supervisor's floor with 400 agents and ten events a second: what the page costs, and when an event is seen.
import { until } from './until.mjs';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { AGENTS, CallCentre } from '../centre/floor.mjs';
import { cpuOf } from '../centre/load.mjs';
import { percentile } from '../report.mjs';

const SECONDS = Number(process.env.FIGURES_FLOOR_S ?? 60);
const EVENTS_PER_S = 10;
/** Each call is worth some events of its agent, its queue, its line and itself. */
const CALL_EVERY = 10;
const PARTS = ['Task', 'Script', 'RecalcStyle', 'Layout'];
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];

export async function floor(report) {
  const centre = new CallCentre();
  const profile = mkdtempSync(join(tmpdir(), 'cordboard-chromium-'));
  let context;
  try {
    await centre.start();
    await centre.furnish({ talkMs: { least: 20_000, most: 40_000 } });
    context = await chromium.launchPersistentContext(profile, {
      ...{ executablePath: CHROMIUM, args: FLAGS, viewport: { width: 1920, height: 1080 } },
    });
    const page = context.pages()[0] ?? (await context.newPage());
    const address = readFileSync(join(centre.home, 'address'), 'utf8').trim().replace(/\/$/, '');
    const token = await signIn(centre, address);
    await page.addInitScript(`localStorage.setItem('cordboard.token', ${JSON.stringify(token)})`);
    await page.goto(`${address}/floor`);
    await page.locator('[data-agent]').first().waitFor();
    await until(page, `document.querySelector('[data-count="ready"] b')?.textContent === '${AGENTS}'`);
    report.note(`${await page.locator('[data-agent]').count()} of ${AGENTS} seats are in sight`);
    // The frames in which seats were drawn anew, by the clock that this process has, too.
    await page.evaluate(`
      window.seen = [];
      new MutationObserver((changes) => {
        const ids = new Set();
        for (const { target } of changes) {
          const seat = target.nodeType === 1 && target.matches('[data-agent]') ? target : null;
          if (seat) ids.add(seat.dataset.agent + ' ' + seat.dataset.state);
        }
        if (ids.size) requestAnimationFrame(() => setTimeout(() => window.seen.push([Date.now(), [...ids]])));
      }).observe(document.querySelector('[data-test="seats"]'), { subtree: true, attributes: true, attributeFilter: ['data-state'] });
    `);
    let events = 0;
    await centre.watch((event) => {
      if (event !== 'snapshot') events += 1;
    });
    const cdp = await context.newCDPSession(page);
    await cdp.send('Performance.enable');
    /** seconds since the page began */
    const spent = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return PARTS.map((part) => metrics.find(({ name }) => name === `${part}Duration`).value);
    };
    const renderers = rendererPids(profile);
    const inSight = await page.locator('[data-agent]').evaluateAll((seats) => seats.map((seat) => seat.dataset.agent));
    const cpu = (pids) => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
    const [before, busy] = [await spent(), cpu(renderers)];
    const begun = performance.now();
    events = 0;
    const set = new Map();
    const working = [];
    for (let i = 0; i < SECONDS * EVENTS_PER_S; i += 1) {
      const due = begun + (i * 1000) / EVENTS_PER_S;
      if (due > performance.now()) await sleep(due - performance.now());
      if (i % CALL_EVERY === 0) working.push(centre.call(i).catch(() => undefined));
      // One in sight in turn with one anywhere: what is not seen is to cost nothing.
      const id = i % 2 === 0 ? inSight[(i / 2) % inSight.length] : String(2001 + ((i * 7) % AGENTS));
      const state = Math.floor(i / 2 / inSight.length) % 2 === 0 ? 'notReady' : 'ready';
      const asked = Date.now();
      working.push(
        centre
          .api('POST', `agents/${id}/state`, { state })
          .then(() => i % 2 === 0 && set.set(`${id} ${state} ${asked}`, { id, state, asked }))
          .catch(() => undefined),
      );
    }
    const seconds = (performance.now() - begun) / 1000;
    const [after, busyAfter] = [await spent(), cpu(renderers)];
    const percents = after.map((value, i) => (100 * (value - before[i])) / seconds);
    await Promise.all(working);
    const seen = await page.evaluate('window.seen');
    const delays = [...set.values()].flatMap(({ id, state, asked }) => {
      const found = seen.find(([at, ids]) => at >= asked && ids.includes(`${id} ${state}`));
      return found && found[0] - asked < 5000 ? [found[0] - asked] : [];
    });
    report.note(
      `${(events / seconds).toFixed(1)} events/s came over the socket, ${delays.length} of them looked for in the page`,
    );
    report.note(`main thread: ${PARTS.map((part, i) => `${part} ${percents[i].toFixed(1)} %`).join(', ')}`);
    report.add('floorCpuPercent', (100 * (busyAfter - busy)) / seconds, '%', 30, 'most');
    report.add('floorMainThreadPercent', percents[0], '%');
    report.add('floorEventToPaintMs', percentile(delays, 95), 'ms');
  } finally {
    await context?.close();
    rmSync(profile, { recursive: true, force: true });
    await centre.stop();
  }
}

/** The token of a supervisor. */
async function signIn(centre, address) {
  const code = readFileSync(join(centre.home, 'setup-code'), 'utf8').trim();
  const post = async (path, body) =>
    (
      await fetch(`${address}/api/v1/${path}`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      })
    ).json();
  const password = 'cord and jack 31';
  await post('setup', { code, username: 'admin', password, language: 'en' });
  await centre.api('POST', 'users', { username: 'boss', password, role: 'supervisor', language: 'en' });
  return (await post('session', { username: 'boss', password })).token;
}

/** Processes that draw pages, of the browser with this profile. */
function rendererPids(profile) {
  const all = new Map();
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      all.set(pid, { command, parent });
    } catch {
      // it has gone meanwhile
    }
  }
  const ours = ({ command, parent }) =>
    command.includes(profile) || (all.has(parent) && parent > 1 && ours(all.get(parent)));
  return [...all].filter(([, one]) => one.command.includes('--type=renderer') && ours(one)).map(([pid]) => pid);
}
