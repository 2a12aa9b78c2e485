// The timing wheel: never early, at most a tick late, in order, and nothing left behind.
import { describe, expect, it } from 'vitest';
import { RandomSource, TimerWheel } from '../../daemon/src/sip/transaction/index.js';
import { FakeClock } from '../support/clock-fake.js';
import { seededBytes } from '../support/sip-wire.js';

function wheelOf(options = {}) {
  const clock = new FakeClock();
  return { clock, wheel: new TimerWheel(clock, options) };
}

describe('the timing wheel', () => {
  it('fires at the tick that the delay reaches, not before', async () => {
    const { clock, wheel } = wheelOf();
    const fired: number[] = [];
    await clock.advance(3);
    for (const delay of [0, 1, 7, 10, 500]) wheel.after(delay, () => fired.push(delay, clock.monotonicMs()));
    await clock.advance(1000);
    expect(fired).toEqual([0, 10, 1, 10, 7, 10, 10, 20, 500, 510]);
  });

  it('holds one timer of the clock for many, and none when it is empty', async () => {
    const { clock, wheel } = wheelOf();
    const timers = Array.from({ length: 1000 }, (_, i) => wheel.after(i * 37, () => undefined));
    expect([wheel.size, clock.timers]).toEqual([1000, 1]);
    for (const timer of timers.slice(1)) timer.cancel();
    expect([wheel.size, clock.timers]).toEqual([1, 1]);
    timers[0]!.cancel();
    timers[0]!.cancel();
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
  });

  it('keeps timers that lie beyond its last slot, round after round', async () => {
    const { clock, wheel } = wheelOf({ slots: 32 });
    const fired: number[] = [];
    for (const delay of [300, 310, 320, 330, 3200, 100_000]) wheel.after(delay, () => fired.push(clock.monotonicMs()));
    await clock.advance(99_999);
    expect(fired).toEqual([300, 310, 320, 330, 3200]);
    await clock.advance(1);
    expect(fired.at(-1)).toBe(100_000);
    expect(clock.timers).toBe(0);
  });

  it('lets a timer that fires set and cancel others, of the same tick too', async () => {
    const { clock, wheel } = wheelOf();
    const fired: string[] = [];
    wheel.after(100, () => {
      fired.push('first');
      second.cancel();
      wheel.after(0, () => fired.push(`at once ${clock.monotonicMs()}`));
      wheel.after(100, () => fired.push(`later ${clock.monotonicMs()}`));
    });
    const second = wheel.after(100, () => fired.push('second'));
    wheel.after(100, () => fired.push('third'));
    await clock.advance(1000);
    expect(fired).toEqual(['first', 'third', 'at once 110', 'later 200']);
    expect([wheel.size, clock.timers]).toEqual([0, 0]);
  });

  it('goes on when what a timer was set for throws', async () => {
    const { clock, wheel } = wheelOf();
    let fired = false;
    wheel.after(10, () => {
      throw new Error('broken');
    });
    wheel.after(10, () => {
      fired = true;
    });
    await clock.advance(10);
    expect(fired).toBe(true);
  });

  it('fires the same timers as the clock itself would, whatever is set and cancelled', async () => {
    const random = new RandomSource(seededBytes('wheel'));
    const { clock, wheel } = wheelOf({ slots: 64 });
    const due = new Map<number, number>();
    const timers = new Map<number, { cancel(): void }>();
    let wrong = 0;
    let fired = 0;
    for (let i = 0; i < 5000; i++) {
      const delay = random.below(random.below(2) === 0 ? 700 : 5000);
      const dueMs = clock.monotonicMs() + delay;
      due.set(i, dueMs);
      timers.set(
        i,
        wheel.after(delay, () => {
          const lateMs = clock.monotonicMs() - dueMs;
          fired += 1;
          // Up to two ticks: one to reach a tick, one when that has just been worked off.
          if (!due.delete(i) || lateMs < 0 || lateMs > 20) wrong += 1;
        }),
      );
      const victim = random.below(i + 1);
      if (random.below(3) === 0 && due.delete(victim)) timers.get(victim)?.cancel();
      if (random.below(20) === 0) await clock.advance(random.below(300));
    }
    expect(wheel.size).toBe(due.size);
    await clock.advance(6000);
    expect(wrong).toBe(0);
    expect(fired).toBeGreaterThan(2000);
    expect([due.size, wheel.size, clock.timers]).toEqual([0, 0, 0]);
  });

  it('forgets all timers at once', async () => {
    const { clock, wheel } = wheelOf();
    let fired = 0;
    for (const delay of [10, 500, 90_000]) wheel.after(delay, () => (fired += 1));
    wheel.clear();
    await clock.advance(100_000);
    expect([fired, wheel.size, clock.timers]).toEqual([0, 0, 0]);
  });

  it('wakes for no tick at which there is nothing to do', async () => {
    const { clock, wheel } = wheelOf({ slots: 32 });
    let wakes = 0;
    const after = clock.after.bind(clock);
    clock.after = (delay, work) =>
      after(delay, () => {
        wakes += 1;
        work();
      });
    for (const delay of [30, 50, 90]) wheel.after(delay, () => undefined);
    wheel.after(60, () => undefined).cancel();
    wheel.after(3000, () => undefined);
    await clock.advance(3000);
    // Three, the last one, and once for each round of 310 ms in which that lay in the last slot.
    expect(wakes).toBe(13);
  });

  it('refuses a number of slots that is no power of two', () => {
    expect(() => wheelOf({ slots: 100 })).toThrow(RangeError);
  });
});

describe('random tokens', () => {
  it('are of the length asked for and do not repeat', () => {
    const random = new RandomSource(seededBytes('tokens'));
    const tokens = new Set(Array.from({ length: 10_000 }, () => random.token()));
    expect(tokens.size).toBe(10_000);
    expect([...tokens].every((token) => /^[0-9a-f]{16}$/.test(token))).toBe(true);
    expect(random.token(600)).toHaveLength(1200);
  });

  it('are spread evenly below their bound', () => {
    const random = new RandomSource(seededBytes('numbers'));
    const counts = [0, 0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) counts[random.below(5)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(1800);
  });
});
