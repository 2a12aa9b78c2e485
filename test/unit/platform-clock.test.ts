import { expect, test } from 'vitest';
import { elapsedMs, systemClock, wallSinceMs } from '../../daemon/src/platform/index.js';
import { FakeClock } from '../support/clock-fake.js';

test('a duration does not notice that the wall clock was set', async () => {
  const clock = new FakeClock(1_000_000);
  const start = clock.moment();
  await clock.advance(300);
  clock.setWall(500);
  await clock.advance(700);
  expect(elapsedMs(clock, start)).toBe(1000);
  expect(wallSinceMs(clock, start)).toBe(1_001_000);
});

test('a sleep ends when it is aborted, and leaves no timer behind', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const asleep = clock.sleep(1000, abort.signal);
  asleep.catch(() => undefined);
  abort.abort(new Error('enough'));
  await expect(asleep).rejects.toThrow('enough');
  expect(clock.timers).toBe(0);
});

test('a timer of a month does not fire at once', async () => {
  let fired = false;
  const timer = systemClock.after(40 * 86_400_000, () => (fired = true));
  await systemClock.sleep(20);
  timer.cancel();
  expect(fired).toBe(false);
});

test('no timer fires before it is due, by parts of a millisecond neither', async () => {
  const early: number[] = [];
  const all = Array.from({ length: 400 }, (_, i) => {
    const delayMs = 1 + (i % 40) * 0.73;
    const dueMs = systemClock.monotonicMs() + delayMs;
    return new Promise<void>((resolve) =>
      systemClock.after(delayMs, () => {
        if (systemClock.monotonicMs() < dueMs) early.push(delayMs);
        resolve();
      }),
    );
  });
  await Promise.all(all);
  expect(early).toEqual([]);
});
