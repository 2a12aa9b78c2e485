// Overload: when new work is turned away, and when it is taken again.
import { describe, expect, it } from 'vitest';
import { Overload, type OverloadMeasures, type OverloadOptions } from '../../daemon/src/sip/guard/index.js';
import { newRequest } from '../../daemon/src/sip/message/index.js';
import { FakeClock } from '../support/clock-fake.js';

const INVITE = newRequest({ method: 'INVITE', uri: 'sip:1001@pbx.example' });
const EMERGENCY = newRequest({ method: 'INVITE', uri: 'sip:110@pbx.example' });

/** Nothing is taken but by its share. */
const NEVER = { perS: 1, burst: 0 };

function station(options: Partial<OverloadOptions> = {}) {
  const clock = new FakeClock();
  const now: OverloadMeasures = { loopDelayMs: 5, busy: 0.2, waitingMs: 0, requests: 0, queued: 10 };
  const overload = new Overload({
    clock,
    measure: () => ({ ...now }),
    exempt: ({ uri }) => uri.user === '110',
    random: () => 0.5,
    ...options,
    limits: { always: NEVER, ...options.limits },
  });
  overload.start();
  return { clock, now, overload };
}

describe('overload', () => {
  it('is a busy event loop twice in a row, not once', async () => {
    const { clock, now, overload } = station();
    expect(overload.shed(INVITE)).toBeUndefined();
    now.loopDelayMs = 400;
    await clock.advance(250);
    expect(overload.shedding).toBe(false);
    now.loopDelayMs = 10;
    await clock.advance(250);
    now.loopDelayMs = 400;
    await clock.advance(250);
    expect(overload.shedding).toBe(false);
    await clock.advance(250);
    expect(overload.shedding).toBe(true);
    expect(overload.shed(INVITE)).toBe(4);
    expect(overload.shedTotal).toBe(1);
  });

  it('ends when all has been low for two seconds, and not before', async () => {
    const { clock, now, overload } = station();
    now.queued = 100_000;
    await clock.advance(500);
    expect(overload.shedding).toBe(true);
    // Between the two thresholds it stays as it is.
    now.queued = 17_000;
    await clock.advance(10_000);
    expect(overload.shedding).toBe(true);
    now.queued = 100;
    await clock.advance(1750);
    expect(overload.shedding).toBe(true);
    now.queued = 17_000;
    await clock.advance(250);
    now.queued = 100;
    await clock.advance(1750);
    expect(overload.shedding).toBe(true);
    await clock.advance(250);
    expect(overload.shedding).toBe(false);
    expect(overload.shed(INVITE)).toBeUndefined();
    // And between the thresholds it does not begin.
    now.queued = 17_000;
    await clock.advance(10_000);
    expect(overload.shedding).toBe(false);
  });

  it('is too many requests a second', async () => {
    const { clock, now, overload } = station({ limits: { requestsPerS: { high: 1000, low: 500 } } });
    now.requests = 250;
    await clock.advance(250);
    now.requests = 500;
    await clock.advance(250);
    expect(overload.shedding).toBe(false);
    now.requests = 751;
    await clock.advance(250);
    now.requests = 1002;
    await clock.advance(250);
    expect(overload.shedding).toBe(true);
    await clock.advance(2000);
    expect(overload.shedding).toBe(false);
  });

  it('always takes a few', async () => {
    const { clock, now, overload } = station({ limits: { always: { perS: 2, burst: 3 } } });
    now.queued = 100_000;
    await clock.advance(60_000);
    const taken = (): number => Array.from({ length: 10 }, () => overload.shed(INVITE)).filter((s) => !s).length;
    expect(taken()).toBe(3);
    expect(taken()).toBe(0);
    await clock.advance(1000);
    expect(taken()).toBe(2);
  });

  it('takes less while it is too much, and more while there is room', async () => {
    const { clock, now, overload } = station();
    const taken = (): number => Array.from({ length: 1000 }, () => overload.shed(INVITE)).filter((s) => !s).length;
    expect(overload.share).toBe(1);
    now.busy = 0.99;
    await clock.advance(500);
    expect(taken()).toBe(500);
    await clock.advance(250);
    expect(overload.share).toBeCloseTo(0.4);
    expect(taken()).toBe(400);
    now.busy = 0.9;
    await clock.advance(1000);
    expect(overload.share).toBeCloseTo(0.4);
    now.busy = 0.5;
    await clock.advance(500);
    expect(overload.share).toBeCloseTo(0.525);
    now.waitingMs = 400;
    await clock.advance(60_000);
    expect(overload.share).toBe(0.02);
    // It ends when everything has been taken again.
    now.waitingMs = 0;
    await clock.advance(3750);
    expect(overload.shedding).toBe(true);
    await clock.advance(250);
    expect(overload.shedding).toBe(false);
    expect(taken()).toBe(1000);
  });

  it('does not count the requests from before it was started', async () => {
    const { clock, now, overload } = station({ limits: { requestsPerS: { high: 1000, low: 500 } } });
    overload.stop();
    now.requests = 1_000_000;
    overload.start();
    await clock.advance(1000);
    expect(overload.shedding).toBe(false);
  });

  it('never turns away emergency calls', async () => {
    const { clock, now, overload } = station();
    now.loopDelayMs = 400;
    await clock.advance(500);
    expect(overload.shed(EMERGENCY)).toBeUndefined();
    expect(overload.shed(INVITE)).toBe(4);
  });

  it('spreads those who come back', async () => {
    for (const [random, expected] of [
      [0, 2],
      [0.999_999, 6],
    ] as const) {
      const { clock, now, overload } = station({ random: () => random });
      now.loopDelayMs = 400;
      await clock.advance(500);
      expect(overload.shed(INVITE)).toBe(expected);
    }
  });

  it('stops measuring when it is stopped, and takes everything', async () => {
    const { clock, now, overload } = station();
    now.loopDelayMs = 400;
    await clock.advance(500);
    overload.stop();
    expect(overload.shed(INVITE)).toBeUndefined();
    expect(clock.timers).toBe(0);
    await clock.advance(1000);
    expect(overload.shedding).toBe(false);
  });
});
