// ISDN primary rate and R2 on virtual cables, both ends: many calls at once, a D-channel that goes, a back-up that takes over.
import { readR2 as r2Of } from '../../../daemon/dist/config/index.js';
import { fileURLToPath } from 'node:url';
import { percentile } from '../report.mjs';
import { cpuMs, spans, withEngine } from './engine-alone.mjs';

const R2 = fileURLToPath(new URL('../../../firmware-config/r2', import.meta.url));
const E1S = 16;
const CALLS = 480;

export async function pri(report) {
  await atOnce(report);
  await lostLink(report);
  await takeOver(report);
  await r2AtOnce(report);
}

const up = async ({ command, until }, numbers) => {
  const waits = numbers.map((span) => until('span.dchannel', (event) => event.span === span && event.up));
  const { spans: now } = await command('engine.snapshot');
  await Promise.all(numbers.map((span, i) => (now.find((one) => one.span === span).dchannelUp ? undefined : waits[i])));
  for (const wait of waits) wait.catch(() => undefined);
};

/** Seizes `count` calls from the exchange; ours answers each as it is offered. Set-up times in ms, in no order. */
async function callAtOnce(engine, count, seizeOf) {
  const since = new Map();
  const early = new Map();
  const times = [];
  const offered = [];
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const answered = (leg, at) => {
    if (!since.has(leg)) return void early.set(leg, at);
    times.push(at - since.get(leg));
    if (times.length === count) done();
  };
  const offs = [
    engine.on('leg.offered', ({ leg }) => {
      offered.push(leg);
      void engine.command('leg.answer', { leg });
    }),
    engine.on('leg.answered', ({ leg }) => answered(leg, performance.now())),
  ];
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const begun = performance.now();
      const { leg } = await engine.command('leg.seize', seizeOf(n));
      since.set(leg, begun);
      if (early.has(leg)) answered(leg, early.get(leg));
    }),
  );
  const timer = setTimeout(done, 60_000);
  await all;
  clearTimeout(timer);
  for (const off of offs) off();
  return { times, offered, legs: [...since.keys()] };
}

async function atOnce(report) {
  await withEngine(spans(E1S), async (engine) => {
    await up(engine, [
      ...Array.from({ length: E1S }, (_, i) => i + 1),
      ...Array.from({ length: E1S }, (_, i) => i + 101),
    ]);
    const before = cpuMs();
    const { times } = await callAtOnce(engine, CALLS, (n) => ({
      ...{ span: 101 + (n % E1S), calledNumber: '95001', callingNumber: '13800138000' },
    }));
    const spent = cpuMs() - before;
    const { legs, tick } = await engine.command('engine.snapshot');
    report.note(`${CALLS} calls at once on ${E1S} E1, both ends in one process`);
    report.add('priCallsAtOnce', legs.length / 2, 'calls', CALLS);
    report.add('priSetUpP50', percentile(times, 50), 'ms');
    report.add('priSetUpP99', percentile(times, 99), 'ms', 1000, 'most');
    report.add('priCpuPerCall', spent / CALLS, 'ms');
    report.add('priTickP99', tick.p99Us, 'us');
  });
}

/** Calls whose D-channel goes and comes back within T309. */
async function lostLink(report) {
  await withEngine(spans(1, { t203Ms: 1000 }), async (engine) => {
    await up(engine, [1, 101]);
    const { legs } = await callAtOnce(engine, 30, () => ({ span: 101, calledNumber: '95001' }));
    const down = engine.until('span.dchannel', ({ span, up: is }) => span === 1 && !is);
    await engine.command('virtual.cutDchannel', { span: 1, cut: true });
    await down;
    const begun = performance.now();
    const back = engine.until('span.dchannel', ({ span, up: is }) => span === 1 && is);
    await engine.command('virtual.cutDchannel', { span: 1, cut: false });
    await back;
    report.add('priDchannelBackAfter', performance.now() - begun, 'ms', 5000, 'most');
    const { legs: now } = await engine.command('engine.snapshot');
    report.add('priCallsKept', legs.filter((leg) => now.some((one) => one.leg === leg)).length, 'calls', 30);
  });
}

/** Two E1s of one D-channel, the second with its back-up. */
async function takeOver(report) {
  const settings = spans(2, { t203Ms: 1000 });
  for (const one of settings.spans) {
    const second = one.span % 100 === 2;
    one.pri = { interfaceId: one.span % 100, ...(second ? { dchannelOf: one.span - 1, backup: true } : {}) };
  }
  await withEngine(settings, async (engine) => {
    await up(engine, [1, 2, 101, 102]);
    const both = async () => {
      const { spans: now } = await engine.command('engine.snapshot');
      return now.every(({ pri: shown }) => shown.dchannelHereUp);
    };
    while (!(await both())) await new Promise((resolve) => setImmediate(resolve));
    const { legs } = await callAtOnce(engine, 60, (n) => ({ span: 101 + (n % 2), calledNumber: '95001' }));
    const begun = performance.now();
    await engine.command('virtual.cutDchannel', { span: 1, cut: true });
    // A call out is tried until it is answered over the other D-channel.
    await engine.command('leg.release', { leg: legs[0] });
    await engine.until('leg.released', ({ leg }) => leg === legs[0]);
    report.add('priBackUpTookOverAfter', performance.now() - begun, 'ms', 10_000, 'most');
    const { legs: now } = await engine.command('engine.snapshot');
    report.add('priCallsKeptByBackUp', legs.filter((leg) => now.some((one) => one.leg === leg)).length, 'calls', 59);
  });
}

async function r2AtOnce(report) {
  const r2 = { ...r2Of('cn', R2), calledDigits: 5 };
  await withEngine(spans(1, { signalling: 'r2', r2 }), async (engine) => {
    await up(engine, [1, 101]);
    const { times } = await callAtOnce(engine, 30, (n) => ({
      ...{ span: 101, calledNumber: '95001', callingNumber: `138001380${String(n).padStart(2, '0')}` },
    }));
    const { legs } = await engine.command('engine.snapshot');
    report.add('r2CallsAtOnce', legs.length / 2, 'calls', 30);
    report.add('r2SetUpP50', percentile(times, 50), 'ms');
    report.add('r2SetUpP99', percentile(times, 99), 'ms', 10_000, 'most');
  });
}
