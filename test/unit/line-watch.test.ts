// The watch over the lines of agents: streams are scripted, time stands still until it is moved.
import { beforeEach, describe, expect, it } from 'vitest';
import type { EngineClient, EngineCommands } from '../../daemon/src/engine/index.js';
import { mosOf, type LineQuality } from '../../daemon/src/contract/index.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { LOOK_MS, LineWatch, type WatchedLeg } from '../../daemon/src/sip/line-watch.js';
import { FakeClock } from '../support/clock-fake.js';

type Statistics = EngineCommands['stream.statistics']['reply'];

const PACKETS = LOOK_MS / 20;
const leg: WatchedLeg = { leg: 7, station: 1001, codec: 'PCMA', ptimeMs: 20, browser: false, sends: true };

let clock: FakeClock;
let legs: WatchedLeg[];
let figures: Partial<Statistics>;
let asked: number[][];
let told: (LineQuality | null)[];
let watch: LineWatch;

beforeEach(() => {
  clock = new FakeClock();
  legs = [leg];
  figures = { packetsReceived: 0, lost: 0, late: 0, jitterMs: 1, bufferMs: 40 };
  asked = [];
  told = [];
  const engine = {
    command: (_: string, { legs: wanted }: { legs: number[] }) => {
      asked.push(wanted);
      return Promise.resolve({ streams: wanted.map((one) => ({ leg: one, ...figures })) });
    },
  };
  watch = new LineWatch({
    ...{ engine: engine as unknown as EngineClient, clock, log: silentLog, legs: () => legs },
    agentAt: (station) => (station === 1001 ? '2001' : null),
    changed: (_, quality) => void told.push(quality),
  });
  watch.start();
});

/** So many looks, between which packets come and are lost. */
async function pass(looks: number, received = PACKETS, lost = 0): Promise<void> {
  for (let i = 0; i < looks; i++) {
    figures = { ...figures, packetsReceived: figures.packetsReceived! + received, lost: figures.lost! + lost };
    await clock.advance(LOOK_MS);
  }
}

describe('a line', () => {
  it('that is good is told once, and then seldom', async () => {
    await pass(5);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ agentId: '2001', station: 1001, word: 'good', silent: false, hears: null });
    expect(told[0]!.says!.lossShare).toBe(0);
    await pass(5);
    expect(told).toHaveLength(2);
  });

  it('that loses is poor within two looks, each of which is told, and good again seconds after', async () => {
    await pass(3);
    await pass(2, 0.8 * PACKETS, 0.2 * PACKETS);
    expect(told.at(-1)).toMatchObject({ word: 'poor' });
    await pass(1, 0.8 * PACKETS, 0.2 * PACKETS);
    expect(told.at(-1)!.says!.lossShare).toBeCloseTo(0.2, 2);
    expect(told).toHaveLength(4);
    await pass(3);
    expect(told.at(-1)).toMatchObject({ word: 'good', says: { lossShare: 0 } });
  });

  it('is judged by what the other end reports, too', async () => {
    figures.remote = { lost: 30, lostShare: 0.2, jitterMs: 5 };
    await pass(2);
    expect(told.at(-1)).toMatchObject({ word: 'poor', hears: { lossShare: 0.2, jitterMs: 5 } });
  });

  it('that nothing comes over is poor, unless it has put us on hold', async () => {
    await pass(3);
    await pass(4, 0);
    expect(told.at(-1)).toMatchObject({ word: 'poor', silent: true, says: null });
    legs = [{ ...leg, sends: false }];
    await pass(1, 0);
    expect(told.at(-1)).toBeNull();
    legs = [leg];
    await pass(2);
    expect(told.at(-1)).toMatchObject({ word: 'good', silent: false });
  });

  it('of a telephone that sends nothing in pauses is taken for dead once, and no more', async () => {
    await pass(2);
    await pass(4, 0);
    expect(told.at(-1)).toMatchObject({ silent: true });
    await pass(3);
    const before = told.length;
    await pass(6, 0);
    expect(told.slice(before).some((one) => one?.silent)).toBe(false);
  });

  it('is over when the agent talks no more, and nobody is asked then', async () => {
    await pass(3);
    legs = [];
    await pass(1);
    expect(told.at(-1)).toBeNull();
    expect(watch.list()).toEqual([]);
    const before = asked.length;
    await pass(3);
    expect(asked).toHaveLength(before);
  });
});

it('the rating is that of the engine', () => {
  // ITU-T G.107 Annex B: R = 93.2 is 4.41; G.113: 5 % of random loss leave G.711 with concealment R = 77.4.
  expect(mosOf({ codec: 'PCMA', delayMs: 0, lossShare: 0 })).toBeCloseTo(4.41, 2);
  expect(mosOf({ codec: 'PCMA', delayMs: 0, lossShare: 0.05 })).toBeCloseTo(3.93, 1);
  expect(mosOf({ codec: 'opus', delayMs: 0, lossShare: 0.2 })).toBeCloseTo(2.24, 1);
  expect(mosOf({ codec: 'PCMA', delayMs: 400, lossShare: 0 })).toBeLessThan(3.7);
});
