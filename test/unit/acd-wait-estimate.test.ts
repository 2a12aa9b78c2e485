// What a caller is told of his wait, and what he is not told.
import { describe, expect, it } from 'vitest';
import { estimateWait, meanHandlingMs, type EstimateInput } from '../../daemon/src/acd/index.js';

const HANDLING = { count: 100, totalMs: 100 * 180_000, priorMs: null };

function estimate(over: Partial<EstimateInput> = {}) {
  return estimateWait({ ahead: 0, agents: 6, free: 0, competing: [], handling: HANDLING, ...over });
}

describe('the estimate of a wait', () => {
  it('is one handling time shared by all who are at work, for each call before and his own', () => {
    expect(estimate()).toMatchObject({ code: 'known', waitMs: 30_000, confidence: 'high' });
    expect(estimate({ ahead: 3 })).toMatchObject({ waitMs: 120_000 });
    expect(estimate({ ahead: 3, agents: 12 })).toMatchObject({ waitMs: 60_000 });
  });

  it('counts calls of other queues as far as the same agents serve them', () => {
    expect(estimate({ competing: [{ calls: 4, share: 0.5 }] })).toMatchObject({ waitMs: 90_000 });
    expect(estimate({ competing: [{ calls: 4, share: 0 }] })).toMatchObject({ waitMs: 30_000 });
  });

  it('is nothing when somebody is free for him', () => {
    expect(estimate({ free: 1 })).toMatchObject({ code: 'known', waitMs: 0 });
    expect(estimate({ free: 1, ahead: 1 })).toMatchObject({ waitMs: 30_000 });
  });

  it('is unknown when nobody serves, or nothing has been handled: never 0', () => {
    expect(estimate({ agents: 0 })).toEqual({ code: 'unknown', why: 'nobody_serves' });
    const handling = { count: 0, totalMs: 0, priorMs: null };
    expect(estimate({ handling })).toEqual({ code: 'unknown', why: 'no_handling_time' });
  });

  it('says between what times four of five wait', () => {
    const one = estimate({ ahead: 8 });
    expect(one).toMatchObject({ waitMs: 270_000, lowMs: 154_656, highMs: 385_344 });
    // An Erlang distribution of order 9: so many of a sample lie between.
    let [inside, state] = [0, 1];
    const random = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let i = 0; i < 20_000; i += 1) {
      let wait = 0;
      for (let k = 0; k < 9; k += 1) wait -= Math.log(random()) * 30_000;
      if (wait >= 154_656 && wait <= 385_344) inside += 1;
    }
    expect(inside / 20_000).toBeGreaterThan(0.77);
    expect(inside / 20_000).toBeLessThan(0.84);
  });

  it('is less certain with few calls and with few agents', () => {
    expect(estimate({ handling: { count: 9, totalMs: 9000, priorMs: null } })).toMatchObject({ confidence: 'low' });
    expect(estimate({ handling: { count: 10, totalMs: 9000, priorMs: null } })).toMatchObject({ confidence: 'medium' });
    expect(estimate({ agents: 2 })).toMatchObject({ confidence: 'medium' });
  });

  it('leaves the prior behind as calls are handled', () => {
    const mean = (count: number) => meanHandlingMs({ count, totalMs: count * 100, priorMs: 200 });
    expect([mean(0), mean(5), mean(95)]).toEqual([200, 150, 105]);
  });
});
