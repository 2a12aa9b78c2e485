// Tones, noise, echo, digits and delay. An E1 that is joined to another one or looped carries octets unchanged, so its limits are those of
// A-law alone; an analog pair has two converters and two hybrids.
import { DIAGNOSTIC_UNVERIFIED, type DiagnosticMeasure } from '../../contract/index.js';
import type { EngineCommands } from '../../engine/index.js';
import { measure, same, skipped, type Case, type CaseContext, type Found, type Limit } from '../case.js';
import { waysOf, type Line, type Way } from '../line.js';

type Tone = EngineCommands['probe.tones']['reply']['tones'][number];

const LEVEL = -10;
const REFERENCE_HZ = 1020;
/** Nothing came at all. */
const NOTHING_DBM0 = -50;

async function tones(context: CaseContext, way: Way, wanted: { hz: number; dbm0?: number }[]): Promise<Tone[]> {
  const params = { ...{ send: way.send, receive: way.receive }, tones: wanted, stepMs: 450, settleMs: 250 };
  return (await context.engine.command('probe.tones', params)).tones;
}

const offBy = (by: number, standard: string): Limit => ({ low: -by, high: by, standard });

const isHeard = (tone: Tone | undefined): tone is Tone => tone !== undefined && tone.totalDbm0 >= NOTHING_DBM0;

/** One way after the other; the first in which `judge` finds that nothing came (undefined) is the last. */
async function eachWay(
  { progress }: Pick<CaseContext, 'progress'>,
  line: Line,
  judge: (way: Way) => Promise<DiagnosticMeasure[] | undefined>,
): Promise<Found> {
  const ways = waysOf(line);
  if (ways.length === 0) return skipped('noFarEnd');
  const measures: DiagnosticMeasure[] = [];
  for (const [turn, way] of ways.entries()) {
    const found = await judge(way);
    if (found === undefined) return { measures, reason: 'nothingHeard' };
    measures.push(...found);
    progress((turn + 1) / ways.length);
  }
  return { measures };
}

export const levelCase: Case = {
  id: 'level',
  needs: 'line',
  async run(context, line) {
    return eachWay(context, line, async (way) => {
      const [tone] = await tones(context, way, [{ hz: REFERENCE_HZ, dbm0: LEVEL }]);
      if (!isHeard(tone)) return undefined;
      const off = tone.levelDbm0 - LEVEL + line.lossDb;
      const limit = line.kind === 'span' ? offBy(0.1, 'G.711') : offBy(1, unverified('Q.552'));
      const offHz = offBy(line.kind === 'span' ? 0.1 : 1, 'G.712');
      return [
        measure('levelDbm0', tone.levelDbm0, 'dBm0', undefined, way.at),
        measure('levelOffDb', off, 'dB', limit, way.at),
        measure('frequencyOffHz', tone.foundHz - REFERENCE_HZ, 'Hz', offHz, way.at),
      ];
    });
  },
};

/** Limits of analog pairs are from memory: the standard’s text was not to be had. */
const unverified = (standard: string): string => `${standard}${DIAGNOSTIC_UNVERIFIED}`;

const SWEEP_HZ = [300, 404, 520, 606, 804, 1004, 1204, 1604, 2004, 2404, 2804, 3004, 3400];

/** Loss against the reference, of two 2-wire half channels one after the other: twice what one may have (Q.552 3.1.1.5). */
function responseLimit(hz: number, line: Line): Limit {
  if (line.kind === 'span') return offBy(0.1, 'G.711');
  const high = hz < 400 ? 2 : hz < 600 ? 1.5 : hz <= 2400 ? 0.7 : hz <= 3000 ? 1.1 : 3;
  return { low: -0.6, high, standard: unverified('Q.552 ×2') };
}

export const responseCase: Case = {
  id: 'frequency-response',
  needs: 'line',
  async run(context, line) {
    return eachWay(context, line, async (way) => {
      const wanted = [REFERENCE_HZ, ...SWEEP_HZ].map((hz) => ({ hz, dbm0: LEVEL }));
      const [reference, ...heard] = await tones(context, way, wanted);
      if (!isHeard(reference)) return undefined;
      return heard.map(({ hz, levelDbm0 }) =>
        measure('responseDb', reference.levelDbm0 - levelDbm0, 'dB', responseLimit(hz, line), `${way.at} ${hz} Hz`),
      );
    });
  },
};

export const noiseCase: Case = {
  id: 'noise',
  needs: 'line',
  async run(context, line) {
    // G.712 weights (−65 dBm0p); measured flat, a converter and its hybrid have some dB more.
    const most = line.kind === 'span' ? { high: -65, standard: 'G.712' } : { high: -58, standard: unverified('G.712') };
    const least = { low: 33, standard: line.kind === 'span' ? 'G.712' : unverified('G.712') };
    return eachWay(context, line, async (way) => {
      const [silence, tone] = await tones(context, way, [{ hz: 0 }, { hz: REFERENCE_HZ, dbm0: LEVEL }]);
      if (silence === undefined || !isHeard(tone)) return undefined;
      return [
        measure('noiseDbm0', silence.levelDbm0, 'dBm0', most, way.at),
        measure('distortionDb', tone.levelDbm0 - tone.residualDbm0, 'dB', least, way.at),
      ];
    });
  },
};

const ECHO_HZ = [300, 500, 804, 1020, 1604, 2004, 2504, 3000, 3400];

/** Weighted over 300 to 3400 Hz, on a scale of logarithms of frequency (G.122 annex B, trapezoidal rule). */
export function weightedEchoLoss(points: readonly { hz: number; lossDb: number }[]): number {
  let sum = 0;
  for (let i = 1; i < points.length; i += 1) {
    const [before, after] = [points[i - 1], points[i]];
    if (before === undefined || after === undefined) continue;
    const power = (loss: number): number => 10 ** (-loss / 10);
    sum += (power(before.lossDb) + power(after.lossDb)) * (Math.log10(after.hz) - Math.log10(before.hz));
  }
  const first = points[0]?.hz ?? 300;
  const last = points.at(-1)?.hz ?? 3400;
  return -10 * Math.log10(sum / (2 * (Math.log10(last) - Math.log10(first))));
}

export const echoCase: Case = {
  id: 'echo',
  needs: 'line',
  async run(context, line) {
    // A looped line gives back everything; that is what it is for.
    const ends = waysOf(line).filter(({ send, receive }) => send !== receive);
    if (ends.length === 0) return skipped('noFarEnd');
    const measures = [];
    for (const [turn, { at, send }] of ends.entries()) {
      const heard = await tones(
        context,
        { at, send, receive: send },
        ECHO_HZ.map((hz) => ({ hz, dbm0: LEVEL })),
      );
      context.progress((turn + 1) / ends.length);
      const loss = weightedEchoLoss(heard.map(({ hz, levelDbm0 }) => ({ hz, lossDb: LEVEL - levelDbm0 })));
      const limit =
        line.kind === 'span' ? { low: 40, standard: 'G.122' } : { low: 14, standard: unverified('G.122, Q.552') };
      measures.push(measure('echoLossDb', loss, 'dB', limit, at));
    }
    return { measures };
  },
};

const ALL_DIGITS = '0123456789*#ABCD';

export const digitsCase: Case = {
  id: 'digits',
  needs: 'line',
  async run(context, line) {
    return eachWay(context, line, async ({ at, send, receive }) => {
      const { heard } = await context.engine.command('probe.digits', { send, receive, digits: ALL_DIGITS });
      return [same('digitsHeard', heard, ALL_DIGITS, 'Q.23, Q.24', at)];
    });
  },
};

/** From row to row of the bus: a tick on the virtual cable; on boards their buffers, both ends. */
export const delayCase: Case = {
  id: 'delay',
  needs: 'line',
  async run(context, line) {
    return eachWay(context, line, async ({ at, send, receive }) => {
      const { delayMs, similarity } = await context.engine.command('probe.delay', { send, receive });
      if (similarity < 0.5) return undefined;
      return [measure('delayMs', delayMs, 'ms', { high: 150, standard: 'G.114' }, at)];
    });
  },
};
