// Analog lines with the sound that is on them: who calls is told, tones are recognised, and answers. The line is ours; the
// telephone port at the other end of its cable plays the exchange.
import { percentile } from '../report.mjs';
import { withEngine } from './engine-alone.mjs';

const TRIES = 10;
const NUMBER = '02161234567';

export async function analog(report) {
  for (const mode of ['bell202', 'v23', 'dtmf']) await callerId(report, mode, false);
  await callerId(report, 'bell202', true);
  await busy(report);
  await dialled(report);
}

/** `TRIES` lines at once, each on a cable of its own. */
function lines(line = {}, station = {}, over = {}) {
  const numbers = Array.from({ length: TRIES }, (_, i) => i + 1);
  return {
    analogs: numbers.flatMap((n) => [
      { analog: n, name: `exchange ${n}`, kind: 'fxs', station, ...over.station },
      { analog: 10_000 + n, name: `line ${n}`, kind: 'fxo', line, ...over.line },
    ]),
    cables: numbers.map((n) => ({ kind: 'analog', a: n, b: 10_000 + n })),
  };
}

async function callerId(report, mode, beforeRing) {
  const settings = lines(
    beforeRing ? { callerIdStart: 'polarity' } : {},
    { callerIdBeforeRing: beforeRing },
    { station: { callerId: mode }, line: { callerId: 'auto' } },
  );
  await withEngine(settings, async (engine) => {
    const begun = performance.now();
    const offers = Array.from({ length: TRIES }, (_, i) =>
      engine
        .until('leg.offered', ({ analog: at }) => at === 10_001 + i)
        .then((offered) => ({ offered, ms: performance.now() - begun })),
    );
    for (let n = 1; n <= TRIES; n += 1)
      await engine.command('leg.seize', { analog: n, callingNumber: NUMBER.slice(0, -1) + String(n % 10) });
    const all = await Promise.all(offers);
    const right = all.filter(({ offered }, i) => offered.callingNumber === NUMBER.slice(0, -1) + String((i + 1) % 10));
    const name = `callerId${mode[0].toUpperCase()}${mode.slice(1)}${beforeRing ? 'BeforeRing' : ''}`;
    report.add(`${name}Right`, right.length, 'calls', TRIES);
    const times = all.map(({ ms }) => ms);
    report.add(`${name}P50`, percentile(times, 50), 'ms', 5000, 'most');
  });
}

/** The other party has gone, as busy tone says alone. */
async function busy(report) {
  await withEngine(lines({}, {}, { line: { releaseOnBusy: true } }), async (engine) => {
    const times = [];
    for (let n = 1; n <= TRIES; n += 1) {
      const offered = engine.until('leg.offered', ({ analog: at }) => at === n);
      const { leg } = await engine.command('leg.seize', { analog: 10_000 + n });
      const exchange = await offered;
      await engine.command('leg.answer', { leg: exchange.leg });
      const released = engine.until('leg.released', (event) => event.leg === leg);
      const begun = performance.now();
      await engine.command('tone.start', { port: exchange.port, tone: 'busy' });
      await released;
      times.push(performance.now() - begun);
    }
    report.add('busyReleases', times.length, 'calls', TRIES);
    report.add('busyReleaseP50', percentile(times, 50), 'ms');
    report.add('busyReleaseMost', Math.max(...times), 'ms', 3000, 'most');
  });
}

/** Dial tone is waited for, eleven digits are dialled, the answer is told by the polarity. */
async function dialled(report) {
  const settings = lines({ checkDialTone: true, answer: 'polarity' }, { reverseOnAnswer: true });
  await withEngine(settings, async (engine) => {
    const { command, until, on } = engine;
    const heard = new Map();
    const off = on('leg.digit', ({ leg, digit }) => heard.set(leg, (heard.get(leg) ?? '') + digit));
    const answers = [];
    const dials = [];
    let right = 0;
    for (let n = 1; n <= TRIES; n += 1) {
      const begun = performance.now();
      const offered = until('leg.offered', ({ analog: at }) => at === n);
      const { leg } = await command('leg.seize', { analog: 10_000 + n, calledNumber: NUMBER });
      const progressed = until('leg.progressed', (event) => event.leg === leg);
      const exchange = await offered;
      await progressed;
      dials.push(performance.now() - begun);
      if (heard.get(exchange.leg) !== NUMBER) await until('leg.digit', () => heard.get(exchange.leg) === NUMBER);
      right += 1;
      const answered = until('leg.answered', (event) => event.leg === leg);
      const from = performance.now();
      await command('leg.answer', { leg: exchange.leg });
      await answered;
      answers.push(performance.now() - from);
      await command('leg.release', { leg });
    }
    off();
    report.add('lineNumbersDialled', right, 'calls', TRIES);
    report.add('lineDialledP50', percentile(dials, 50), 'ms');
    report.add('lineAnswerKnownP50', percentile(answers, 50), 'ms', 100, 'most');
  });
}
