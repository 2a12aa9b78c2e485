// The formulas to their digits, and the distributor against them.
import { describe, expect, it } from 'vitest';
import { erlangA, erlangB, erlangC } from '../../daemon/src/acd/index.js';
import { simulate } from '../support/centre-simulation.js';

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
  it('serves as Erlang C says', async () => {
    const expected = erlangC(LOAD, 15);
    const { serviceLevel, asaS, answered, faults } = await simulate({ ...LOAD, calls: 10_000, thresholdS: 15, seed: 1 });
    expect({ answered, faults }).toEqual({ answered: 10_000, faults: 0 });
    console.log('C', serviceLevel, expected.serviceLevel, asaS, expected.asaS);
  }, 300_000);

  it('serves as Erlang A says', async () => {
    const patient = { ...LOAD, agents: 46, patienceS: 90 };
    const expected = erlangA(patient, 20);
    const { serviceLevel, asaS, abandoned, faults } = await simulate({ ...patient, calls: 10_000, thresholdS: 20, seed: 1 });
    expect(faults).toBe(0);
    console.log('A', serviceLevel, expected.serviceLevel, asaS, expected.asaS, abandoned / 10_000, expected.abandoned);
  }, 300_000);
});
