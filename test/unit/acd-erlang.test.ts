// The formulas to their digits, and the distributor against them.
import { describe, expect, it } from 'vitest';
import { erlangA, erlangB, erlangC } from '../../daemon/src/acd/index.js';
import { firstComeFirstServed, simulate } from '../support/centre-simulation.js';

/** KPI: 360 calls in 30 min, AHT 240 s, 55 agents. */
const LOAD = { arrivalRate: 360 / 1800, ahtS: 240, agents: 55 };

describe('Erlang C', () => {
  it('has the digits of the definition of figures', () => {
    const { waitProbability, serviceLevel, asaS, occupancy } = erlangC(LOAD, 15);
    expect(waitProbability.toFixed(4)).toBe('0.2387');
    expect((serviceLevel * 100).toFixed(2)).toBe('84.59');
    expect(asaS.toFixed(2)).toBe('8.18');
    expect((occupancy * 100).toFixed(2)).toBe('87.27');
  });

  it('refuses what cannot be done, and holds for hundreds of agents', () => {
    expect(() => erlangC({ ...LOAD, agents: 48 }, 15)).toThrow(RangeError);
    expect(erlangC({ arrivalRate: 1.5, ahtS: 240, agents: 400 }, 20).occupancy).toBeCloseTo(0.9, 10);
    expect(erlangB(10, 0)).toBe(1);
    expect(erlangB(2, 2)).toBeCloseTo(0.4, 12);
  });
});

describe('Erlang A', () => {
  it('becomes Erlang C when nobody gives up', () => {
    const patient = erlangA({ ...LOAD, patienceS: 1e9 }, 15);
    const forEver = erlangC(LOAD, 15);
    expect(patient.waitProbability).toBeCloseTo(forEver.waitProbability, 5);
    expect(patient.asaS).toBeCloseTo(forEver.asaS, 3);
    expect(patient.serviceLevel).toBeCloseTo(forEver.serviceLevel, 4);
    expect(patient.abandoned).toBeLessThan(1e-7);
  });

  it('is the closed form where patience is as long as handling: a Poisson number of calls', () => {
    const [load, agents] = [12, 10];
    const { waitProbability, abandoned } = erlangA({ arrivalRate: load / 60, ahtS: 60, patienceS: 60, agents }, 20);
    // With equal rates the calls in the system are Poisson: P(wait) = P(n >= agents).
    let [p, below] = [Math.exp(-load), 0];
    let answering = 0;
    for (let n = 0; n < 200; n += 1) {
      if (n < agents) below += p;
      answering += p * Math.min(n, agents);
      p = (p * load) / (n + 1);
    }
    expect(waitProbability).toBeCloseTo(1 - below, 10);
    expect(abandoned).toBeCloseTo(1 - answering / load, 10);
  });

  it('needs fewer agents than there are erlangs', () => {
    const { abandoned, serviceLevel, meanWaitS } = erlangA({ ...LOAD, agents: 40, patienceS: 120 }, 20);
    expect(abandoned).toBeGreaterThan(1 - 40 / 48 - 1e-9);
    expect(abandoned).toBeLessThan(0.25);
    expect(serviceLevel).toBeLessThan(0.6);
    // Little's law: who gives up does so at the rate at which patience runs out.
    expect(meanWaitS).toBeCloseTo(abandoned * 120, 6);
  });
});

describe('the distributor, with 10,000 calls in accelerated time', () => {
  const patient = { ...LOAD, agents: 46, patienceS: 90 };

  /** In points (hundredths) and in per cent. */
  function apart(one: { serviceLevel: number; asaS: number }, other: { serviceLevel: number; asaS: number }) {
    return {
      points: 100 * Math.abs(one.serviceLevel - other.serviceLevel),
      percent: 100 * Math.abs(one.asaS / other.asaS - 1),
    };
  }

  it.each([
    ['that wait for ever', { ...LOAD, thresholdS: 15 }],
    ['that give up', { ...patient, thresholdS: 20 }],
  ])(
    'does with each of the callers %s what the model does',
    async (_, load) => {
      const options = { ...load, calls: 10_000, seed: 1 };
      const served = await simulate(options);
      const model = firstComeFirstServed(options);
      expect(served).toMatchObject({ faults: 0, answered: model.answered, abandoned: model.abandoned });
      const { points, percent } = apart(served, model);
      expect(points).toBeLessThan(0.01);
      expect(percent).toBeLessThan(0.01);
    },
    300_000,
  );

  it('and the model meets Erlang C', () => {
    const model = firstComeFirstServed({ ...LOAD, calls: 4_000_000, thresholdS: 15, seed: 2 });
    const { points, percent } = apart(model, erlangC(LOAD, 15));
    expect(points).toBeLessThan(1);
    expect(percent).toBeLessThan(3);
  }, 300_000);

  it('and Erlang A', () => {
    const model = firstComeFirstServed({ ...patient, calls: 1_000_000, thresholdS: 20, seed: 3 });
    const expected = erlangA(patient, 20);
    const { points, percent } = apart(model, expected);
    expect(points).toBeLessThan(1);
    expect(percent).toBeLessThan(3);
    expect(Math.abs(model.abandoned / 1_000_000 - expected.abandoned)).toBeLessThan(0.003);
  }, 300_000);
});
