// No. 7 on virtual cables, both exchanges in this process: how soon links carry, how long calls take, and what a link that
// fails under load costs.
import { percentile } from '../report.mjs';
import { spans, withEngine } from './engine-alone.mjs';

const CALLS = 300;
const AT_ONCE = 30;

export async function ss7(report) {
  for (const [variant, own, other] of [
    ['itu', 1001, 2002],
    ['china', 0x170203, 0x170a01],
  ]) {
    await one(report, variant, own, other);
  }
}

/** Two E1s of one link set with a link on timeslot 16 of each, and their exchange. */
function settings(variant, own, other) {
  const made = spans(2, { signalling: 'ss7' });
  for (const span of made.spans)
    span.ss7 = { linkSet: span.span < 100 ? 1 : 2, firstCircuit: span.span % 100 === 1 ? 1 : 33 };
  const links = (from) => [1, 2].map((span) => ({ span: from + span, timeslot: 16, code: span - 1 }));
  made.linkSets = [
    { linkSet: 1, name: 'ours', variant, pointCode: own, destination: other, links: links(0) },
    { linkSet: 2, name: 'theirs', variant, pointCode: other, destination: own, links: links(100) },
  ];
  return made;
}

async function one(report, variant, own, other) {
  const named = variant === 'itu' ? 'Itu' : 'China';
  const begun = performance.now();
  await withEngine(settings(variant, own, other), async (engine) => {
    const aligned = engine.until('link.changed', ({ state }) => state === 'inService');
    const up = [1, 101].map((span) => engine.until('span.dchannel', (at) => at.span === span && at.up));
    await aligned;
    report.add(`ss7${named}LinkInServiceAfter`, performance.now() - begun, 'ms', 2000, 'most');
    await Promise.all(up);
    report.add(`ss7${named}UpAfter`, performance.now() - begun, 'ms', 5000, 'most');
    const carry = async () =>
      (await engine.command('engine.snapshot')).linkSets.every((set) => set.links.every(({ carries }) => carries));
    while (!(await carry())) await new Promise((resolve) => setImmediate(resolve));

    const state = calls(engine);
    await state.run(CALLS);
    report.add(`ss7${named}IamToAnmP50`, percentile(state.times, 50), 'ms', 100, 'most');
    report.add(`ss7${named}IamToAnmP99`, percentile(state.times, 99), 'ms', 500, 'most');

    // One of two links is cut with 30 calls standing, others coming and going.
    state.times.length = 0;
    const failed = engine.until('link.changed', ({ span, state: now }) => span === 1 && now !== 'inService');
    const running = state.run(CALLS);
    const cutAt = performance.now();
    await engine.command('virtual.spoilLink', { span: 1, timeslot: 16, cut: true });
    await failed;
    report.add(`ss7${named}LinkFailureFoundAfter`, performance.now() - cutAt, 'ms', 500, 'most');
    await running;
    report.add(`ss7${named}CallsLostAtLinkFailure`, state.lost(), 'calls', 0, 'exactly');
    // Who was called just then waited for the failure to be found, for COO and COA, and for the units that were sent again.
    report.add(`ss7${named}ChangeoverLongestIamToAnm`, Math.max(...state.times), 'ms', 1500, 'most');
    const { linkSets } = await engine.command('engine.snapshot');
    report.note(
      `${2 * CALLS} calls, ${AT_ONCE} at once; links now ${linkSets[0].links.map(({ state: at }) => at).join(', ')}`,
    );
  });
}

/** Calls from the exchange that are answered at once, so many standing, the oldest cleared for each that comes. */
function calls(engine) {
  const times = [];
  const standing = [];
  const cleared = new Set();
  let lost = 0;
  engine.on('leg.offered', ({ leg }) => void engine.command('leg.answer', { leg }));
  engine.on('leg.released', ({ leg, by }) => {
    if (by === 'fault' || (standing.includes(leg) && !cleared.has(leg))) lost += 1;
  });
  return {
    times,
    lost: () => lost,
    async run(count) {
      for (let n = 0; n < count; n += 1) {
        const seizedAt = performance.now();
        let mine = 0;
        const early = new Set();
        const answered = new Promise((resolve) => {
          const off = engine.on('leg.answered', ({ leg }) => {
            early.add(leg);
            if (leg !== mine) return;
            off();
            resolve();
          });
        });
        const { leg } = await engine.command('leg.seize', {
          span: 101 + (n % 2),
          calledNumber: '95001',
          callingNumber: '1',
        });
        mine = leg;
        if (!early.has(leg)) await answered;
        times.push(performance.now() - seizedAt);
        standing.push(leg);
        if (standing.length <= AT_ONCE) continue;
        const oldest = standing.shift();
        cleared.add(oldest);
        await engine.command('leg.release', { leg: oldest, cause: 16 });
      }
    },
  };
}
